"""Small spaces left open on purpose, each of a kind that planners name; their outlines are the truth."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, STRtree, affinity

from shuixiang_maker import geometry as geo
from shuixiang_maker import streets as st
from shuixiang_maker.tiles import Tiles, areal, common

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.site import Compound
    from shuixiang_maker.streets import Street
    from shuixiang_maker.town import Ground

#: How many spaces of each kind are looked for.
WANTED = {
    "riverside": 26,
    "street_corner": 20,
    "street_side": 24,
    "between_buildings": 32,
}
APART_M = 9.0
MIN_AREA_M2 = 80.0
PAVEMENT_M = {"main": 2.6, "secondary": 2.2, "branch": 1.4}
USED_COMPOUNDS = {"school", "hospital", "government", "factory"}
JOINED_COUNT = 2
NECK_M = 4.0


@dataclass
class Land:
    """What may still be planted: open ground not yet planted, and what it is judged by."""

    rng: np.random.Generator
    free: Tiles
    water: BaseGeometry
    roads: list[Street]
    surface: BaseGeometry
    buildings: list[Polygon]
    compounds: list[Compound]
    planted: list[tuple[str, Polygon]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Index the buildings and the roads."""
        self.tree = STRtree(self.buildings)
        self.road_lines = [s.line for s in self.roads]
        self.wet = Tiles(self.water.buffer(0.4))
        self.pavements = [pavement(s) for s in self.roads]
        self.road_tree = STRtree(self.pavements)

    def take(self, kind: str, shape: Polygon, *, apart_m: float = APART_M) -> None:
        """Plant a space and keep the ground around it from the next ones."""
        self.planted.append((kind, shape))
        self.free.remove(shape.buffer(apart_m, quad_segs=2))

    def part(self, shape: BaseGeometry, width_m: float) -> Polygon:
        """Return the largest free part of a shape that is nowhere thinner than a width, with few vertices."""
        found = self.free.within(shape)
        if found.area < MIN_AREA_M2:
            return Polygon()
        opened = found.buffer(-width_m / 2, join_style="mitre").buffer(width_m / 2, join_style="mitre")
        if opened.is_empty:
            return Polygon()
        return geo.largest(common(geo.largest(common(opened, found)).simplify(0.1), found))

    def walls_near(self, shape: Polygon, within_m: float) -> float:
        """Return the share of an outline that has a building within some metres."""
        ids = self.tree.query(shape, predicate="dwithin", distance=within_m)
        near = shapely.union_all([self.buildings[i].buffer(within_m, quad_segs=2) for i in ids])
        return float(shape.exterior.intersection(near).length / shape.exterior.length)

    def fronts(self, shape: Polygon) -> list[tuple[int, float]]:
        """Return the roads whose pavement a shape touches and the metres of its outline along each."""
        ids = self.road_tree.query(shape, predicate="dwithin", distance=0.6)
        lengths = [
            float(shape.exterior.intersection(self.pavements[i].buffer(0.6)).length)
            for i in sorted(ids.tolist())
        ]
        return list(zip(sorted(ids.tolist()), lengths, strict=True))


def pavement(street: Street) -> Polygon:
    """Return the ground of a street with its pavements."""
    width = street.width_m / 2 + PAVEMENT_M.get(street.street_class, 0.0)
    return street.line.buffer(width, cap_style="flat", quad_segs=2)


def wobbly(corners: geo.Coords, rng: np.random.Generator, by_m: float = 1.2) -> Polygon:
    """Return a polygon with every corner moved a little."""
    moved = np.asarray(corners) + rng.uniform(-by_m, by_m, (len(corners), 2))
    return geo.largest(shapely.make_valid(Polygon(np.round(moved, 2))))


def plant(land: Land, decks: BaseGeometry, piers: list[Polygon], cleared: list[Polygon]) -> None:
    """Plant every kind of open land, the surest places first."""
    under_bridges(land, decks, piers)
    vacant_plots(land, cleared)
    street_corners(land)
    riversides(land)
    street_sides(land)
    between_buildings(land)


def under_bridges(land: Land, decks: BaseGeometry, piers: list[Polygon]) -> None:
    """Plant the ground below the decks, between crossing streets, water and the paved ground at the piers."""
    ground = land.free.within(decks).difference(shapely.union_all(piers))
    inner = ground.buffer(-2.2, join_style="mitre").buffer(2.0, join_style="mitre")
    for shape in geo.polygons(common(inner, ground), 90.0):
        part = land.part(common(shape.simplify(0.2), shape), 4.0)
        if part.area > 90:
            land.take("under_bridge", part, apart_m=3.0)
    land.free.remove(decks)


def vacant_plots(land: Land, cleared: list[Polygon]) -> None:
    """Plant the cleared plots, off their neighbours by a track; here and there the bank beside one too."""
    joined = 0
    for shape in sorted(cleared, key=lambda s: s.distance(land.water)):
        bank = land.water.buffer(float(land.rng.uniform(8, 12)), quad_segs=2)
        part = land.part(shape.buffer(-2.6, join_style="mitre").difference(bank), 7.0)
        if not 600 < part.area < 7_000:
            continue
        strip = land.part(areal(common(bank, shape.buffer(0.5)).difference(part)), 5.0)
        is_joined = joined < JOINED_COUNT and 150 < strip.area < part.area and strip.distance(part) < 0.5
        land.take("vacant_plot", part, apart_m=0.0 if is_joined else 4.0)
        if is_joined and _is_bank(land, strip):
            land.take("riverside", strip.difference(part.buffer(0.01)), apart_m=4.0)
            joined += 1
        land.free.remove(shape.buffer(1.0))
    _open_necks(land)


def _open_necks(land: Land) -> None:
    """Open the track between some cleared plots that lie side by side: one ground, but two places."""
    vacant = [i for i, (kind, _) in enumerate(land.planted) if kind == "vacant_plot"]
    opened: set[int] = set()
    for one, other in itertools.combinations(vacant, 2):
        left, right = land.planted[one][1], land.planted[other][1]
        apart = left.distance(right)
        if len(opened) < 2 * JOINED_COUNT and 3 < apart < 7 and not opened & {one, other}:
            near = left.buffer(apart + 0.5).intersection(right)
            spot = near.representative_point()
            neck = shapely.shortest_line(left, spot).buffer(NECK_M / 2, cap_style="square")
            neck = geo.largest(neck.difference(shapely.union_all([s for _, s in land.planted])))
            shape = geo.largest(left.union(neck))
            if neck.distance(left) < 0.01 and neck.distance(right) < 0.01 and neck.area < 60:
                land.planted[one] = ("vacant_plot", shape)
                opened |= {one, other}


def _is_bank(land: Land, shape: Polygon) -> bool:
    """Return whether a shape touches the water along a good part of its outline."""
    return land.wet.edge(shape) > 0.26 * shape.exterior.length


def riversides(land: Land) -> None:
    """Plant strips along the banks, 5 to 20 m deep and of uneven length."""
    rng = land.rng
    spots = [
        (ring, float(at), float(rng.uniform(28, 85)), float(rng.uniform(7, 20)))
        for ring in _rings(land.water)
        for at in np.arange(rng.uniform(0, 40), ring.length, 46.0)
    ]
    for number in rng.permutation(len(spots)).tolist():
        ring, at, length, depth = spots[number]
        bank = geo.piece(ring, at, min(at + length, ring.length))
        if bank.length < 20:
            continue
        strip = bank.buffer(depth, cap_style="flat", quad_segs=3)
        skew = affinity.rotate(strip.minimum_rotated_rectangle.buffer(2), float(rng.uniform(-5, 5)))
        shape = land.part(common(strip, skew), 4.6)
        is_small = 130 < shape.area < 1_500
        if is_small and _is_bank(land, shape) and shape.area / (shape.length / 2) > 3.6:
            land.take("riverside", shape)
        if sum(kind == "riverside" for kind, _ in land.planted) >= WANTED["riverside"]:
            return


def _rings(water: BaseGeometry) -> list[LineString]:
    """Return the banks of all waters, the longest first."""
    rings = [
        LineString(ring.coords) for p in geo.polygons(water, 1500.0) for ring in (p.exterior, *p.interiors)
    ]
    return sorted((ring for ring in rings if ring.length > 150), key=lambda r: (-r.length, r.bounds))


def _junctions(land: Land) -> list[Point]:
    """Return where surfaced roads of different names meet, from west to east."""
    spots = set()
    tree = STRtree(land.road_lines)
    left, right = tree.query(land.road_lines, predicate="intersects")
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        if one < other and land.roads[one].name != land.roads[other].name:
            meeting = land.road_lines[one].intersection(land.road_lines[other])
            spots |= {tuple(np.round(xy, 1)) for xy in shapely.get_coordinates(meeting)}
    return [Point(xy) for xy in sorted(spots)]


def street_corners(land: Land) -> None:
    """Plant plots at junctions that face both streets."""
    rng = land.rng
    options = []
    for junction in _junctions(land):
        circle = junction.buffer(float(rng.uniform(29, 44)), quad_segs=4)
        for quadrant in geo.polygons(land.free.within(circle), 110.0)[:5]:
            angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
            radii = rng.uniform(26, 42, 9)
            ring = np.column_stack([junction.x + radii * np.cos(angles), junction.y + radii * np.sin(angles)])
            options.append((quadrant, shapely.MultiPoint(ring).convex_hull))
    found = 0
    for number in rng.permutation(len(options)).tolist():
        quadrant, hull = options[number]
        shape = land.part(common(quadrant, hull), 6.0)
        names = (
            {land.roads[i].name for i, length in land.fronts(shape) if length > 7.0}
            if shape.area > 110
            else set()
        )
        if len(names) > 1 and shape.area < 900 and shape.distance(land.water) > 6:
            land.take("street_corner", shape)
            found += 1
        if found == WANTED["street_corner"]:
            return


def street_sides(land: Land) -> None:
    """Plant plots along one street, 8 to 15 m deep, away from junctions and water."""
    rng, options = land.rng, []
    corners = shapely.MultiPoint(_junctions(land))
    for street in sorted(land.roads, key=lambda s: s.line.bounds):
        front = street.width_m / 2 + PAVEMENT_M[street.street_class]
        for at in np.arange(rng.uniform(8, 30), street.line.length - 20, 17.0):
            for side in (1, -1):
                length, depth = float(rng.uniform(15, 44)), float(rng.uniform(9, 15))
                span = (float(at), min(float(at) + length, street.line.length - 2))
                quad = geo.house_on(street.line, span, front_m=front - 1.5, depth_m=depth + 1.5, side=side)
                options.append((street, quad))
    found = 0
    for number in rng.permutation(len(options)).tolist():
        street, quad = options[number]
        if not quad.is_valid or quad.area < 100:
            continue
        shape = land.part(wobbly(np.asarray(quad.exterior.coords)[:-1], rng, 1.0), 6.0)
        if not 95 < shape.area < 620 or shape.distance(corners) < 24 or shape.distance(land.water) < 7:
            continue
        fronts = [(land.roads[i].name, length) for i, length in land.fronts(shape) if length > 2]
        if {name for name, _ in fronts} == {street.name} and sum(m for _, m in fronts) > 0.24 * shape.length:
            land.take("street_side", shape)
            found += 1
        if found == WANTED["street_side"]:
            return


def between_buildings(land: Land) -> None:
    """Plant plots between slabs and houses, off the roads: quadrilaterals and L-shapes."""
    rng, found = land.rng, 0
    roads = shapely.union_all(land.pavements).buffer(7.0)
    shapely.prepare(roads)
    for number in rng.permutation(len(land.buildings)).tolist():
        building = land.buildings[number]
        box = np.asarray(building.minimum_rotated_rectangle.exterior.coords)
        sides = np.hypot(*np.diff(box, axis=0)[:2].T)
        along = np.diff(box, axis=0)[int(np.argmax(sides))] / sides.max()
        aside = np.array([-along[1], along[0]]) * float(rng.choice([-1, 1]))
        middle = np.asarray(building.centroid.coords[0]) + aside * (sides.min() / 2 + rng.uniform(7.5, 10))
        shape = land.part(_yard(middle, along, rng), 6.0)
        if not 90 < shape.area < 620 or roads.intersects(shape) or shape.distance(land.water) < 8:
            continue
        if land.walls_near(shape, 9.0) > 0.5:
            land.take("between_buildings", shape)
            found += 1
        if found == WANTED["between_buildings"]:
            return


def _yard(middle: geo.Coords, along: geo.Coords, rng: np.random.Generator) -> Polygon:
    """Return an uneven yard about a point: a quadrilateral, or an L when the chance is so."""
    length, depth = float(rng.uniform(15, 40)), float(rng.uniform(11, 19))
    across = np.array([-along[1], along[0]])
    corners = [
        middle + along * x * length / 2 + across * y * depth / 2
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    if rng.random() < 0.3:
        inner = [
            middle + along * 0.1 * length + across * depth / 2,
            middle + along * 0.1 * length + across * depth * 1.3,
        ]
        corners = [*corners[:3], inner[0], inner[1], corners[3] + across * depth * 0.8]
    return wobbly(np.asarray(corners), rng)


def roads_of(town: Ground) -> list[Street]:
    """Return the surfaced roads at ground level."""
    return [s for s in town.streets if s.level == 0 and s.street_class in st.SURFACE_CLASSES]
