"""The ordinary ground as a survey draws it: street surface, yards, car parks, planted ground, verges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker.planting import pavement
from shuixiang_maker.site import Green
from shuixiang_maker.tiles import Tiles, areal, common

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot
    from shuixiang_maker.town import Ground

SHEET_M = 400.0
WIDEST_GAP_M = 2.7
GAP_SHARE = 0.3
GAP_M = (0.3, 1.0)
WALL_GAP_M = (0.2, 0.5)
WALL_GAP_SHARE = 0.5
PLANTED_WIDTH_M = 5.0
BANK_M = 7.0
SMALLEST_M2 = 2.0
PARKING_COUNT = 40
GARDEN_SHARE = {"slab": 0.6, "tower": 0.85, "dorm": 0.5}


@dataclass(frozen=True)
class Drawn:
    """What the survey draws on the ground that is no building, water or park."""

    surfaces: list[tuple[str, Polygon]]
    parking: list[Polygon]
    greens: list[Green]


def draw(town: Ground, rest: BaseGeometry, streets: BaseGeometry, rng: np.random.Generator) -> Drawn:
    """Return the drawing of all ordinary ground: `rest` is neither built, planted nor street."""
    gaps = _gaps(town, rng)
    filled = rest.difference(gaps)
    missed = opened(rest.difference(filled), WIDEST_GAP_M)
    filled = filled if missed.is_empty else filled.union(missed)
    places: list[Polygon] = []
    beds: list[Green] = []
    for plot, part in _by_plot(town.plots, filled):
        bank = _bank(plot, part, town.site.water)
        beds += [Green(p, "护岸绿带", "verge") for p in geo.polygons(bank, 12.0)]
        yard = part.difference(bank)
        cars = _parking(yard, rng, plot) if len(places) < PARKING_COUNT else []
        places += cars
        garden = _garden(plot, yard.difference(shapely.union_all(cars)) if cars else yard, town, rng)
        beds += [Green(p, f"{plot.name}宅旁绿地", "attached") for p in geo.polygons(garden, 12.0)]
    verges = filled.difference(shapely.union_all([p.shape for p in town.plots]))
    wide = opened(verges, 4.0)
    beds += [Green(p, "道路绿带", "verge") for p in geo.polygons(wide, 30.0)]
    done = shapely.union_all([b.shape for b in beds] + places)
    yards = geo.polygons(filled.difference(done), SMALLEST_M2)
    surfaces = [("street", p) for p in _sheets(streets)] + [("yard", p) for p in yards]
    return Drawn(surfaces, places, [b for b in beds if b.shape.area > 2])


def opened(shape: BaseGeometry, width_m: float) -> BaseGeometry:
    """Return the parts of a shape that are at least so wide."""
    half = width_m / 2
    return common(shape.buffer(-half, quad_segs=2).buffer(half, quad_segs=2), shape)


def _gaps(town: Ground, rng: np.random.Generator) -> BaseGeometry:
    """Return the strips along some houses and walls that nobody drew."""
    houses = [
        b.shape.buffer(float(rng.uniform(*GAP_M)), join_style="mitre")
        for b in town.site.buildings
        if rng.random() < GAP_SHARE
    ]
    walls = [
        c.shape.exterior.buffer(float(rng.uniform(*WALL_GAP_M)), join_style="mitre")
        for c in town.site.compounds
        if rng.random() < WALL_GAP_SHARE
    ]
    return shapely.union_all([*houses, *walls])


def _by_plot(plots: list[Plot], filled: BaseGeometry) -> list[tuple[Plot, BaseGeometry]]:
    """Return the plots with the ground to be drawn on each."""
    tiles = Tiles(filled)
    near = [(plot, tiles.within(plot.shape)) for plot in plots]
    return [(plot, part) for plot, part in near if not part.is_empty]


def _bank(plot: Plot, part: BaseGeometry, water: BaseGeometry) -> BaseGeometry:
    """Return the planted bank of a plot; the old town and the shops have a paved quay."""
    if plot.kind in {"old", "mixed", "market"} or plot.shape.distance(water) > BANK_M:
        return Polygon()
    near = water.intersection(plot.shape.buffer(40)).buffer(BANK_M, quad_segs=2)
    return common(opened(common(part, near), 1.6).simplify(0.1), part)


def _garden(plot: Plot, part: BaseGeometry, town: Ground, rng: np.random.Generator) -> BaseGeometry:
    """Return the planted ground of an estate or a campus: away from walls, lanes and a share of the yards."""
    if plot.kind not in GARDEN_SHARE.keys() | {"factory", "government", "hospital"}:
        return Polygon()
    houses = [
        b.shape.buffer(1.3, join_style="mitre") for b in town.site.buildings if b.shape.intersects(plot.shape)
    ]
    free = areal(part.difference(shapely.union_all(houses)))
    soft = common(opened(free, PLANTED_WIDTH_M).simplify(0.1), part)
    share = GARDEN_SHARE.get(plot.kind, 0.25)
    kept = [p for p in geo.polygons(soft, 40.0) if rng.random() < share]
    return shapely.union_all(kept)


def _parking(part: BaseGeometry, rng: np.random.Generator, plot: Plot) -> list[Polygon]:
    """Return one car park where a yard has room for a row or two of cars."""
    if plot.kind in {"old", "farm", "kiln", "verge", "park"} or rng.random() > 0.6:
        return []
    room = geo.largest(part)
    if room.area < 300:
        return []
    circle = shapely.maximum_inscribed_circle(room, tolerance=1.0)
    if circle.length < 5.5:
        return []
    angle = geo.south_facing_angle(room)
    spot = np.asarray(circle.coords[0])
    box = geo.rectangle(spot, float(rng.uniform(18, 42)), float(rng.uniform(11, 17)), angle)
    shape = geo.largest(common(box, room.buffer(-0.4)))
    return [shape] if shape.area > 110 else []


def _sheets(surface: BaseGeometry) -> list[Polygon]:
    """Return the street surface cut at the edges of map sheets."""
    x0, y0, x1, y1 = surface.bounds
    result: list[Polygon] = []
    for x in np.arange(np.floor(x0 / SHEET_M) * SHEET_M, x1, SHEET_M):
        for y in np.arange(np.floor(y0 / SHEET_M) * SHEET_M, y1, SHEET_M):
            sheet = shapely.clip_by_rect(surface, x, y, x + SHEET_M, y + SHEET_M)
            result += geo.polygons(shapely.make_valid(sheet), SMALLEST_M2)
    return result


def street_surface(town: Ground, within: BaseGeometry) -> BaseGeometry:
    """Return the surface of all streets at ground level, with pavements, off the water."""
    shapes = [pavement(s) for s in town.streets if s.level == 0]
    return shapely.union_all(shapes).intersection(within)
