"""Everything with its own ground: schools, offices, the hospital, factories, the market, parks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from shuixiang_maker import compounds, estates, shops
from shuixiang_maker import geometry as geo
from shuixiang_maker.ground import Plot
from shuixiang_maker.rows import Block, in_run, runs
from shuixiang_maker.site import Building, Green, Placer, Site

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

YEARS = {
    "silk": 1972,
    "grain": 1964,
    "factory": 2003,
    "primary_school": 1998,
    "middle_school": 2001,
    "kindergarten": 2006,
    "government": 1995,
    "hospital": 2004,
    "dorm": 2011,
}


def _walled(site: Site, plot: Plot, gates: int, *, closed: int = 0) -> tuple[Polygon, float, BaseGeometry]:
    """Wall a campus, open its gates and lay its road; return the outline, the row angle and the free land."""
    strip = (
        shops.strip_of(site, plot)
        if plot.kind in {"kindergarten", "primary_school", "hospital"}
        else Polygon()
    )
    outline = compounds.outline_of(site, plot, less=strip)
    angle = geo.south_facing_angle(outline)
    roads = compounds.spines(outline, angle, site.rng, 150.0)
    ways = compounds.entrances(site, plot, outline, gates, apart_m=50.0, roads=roads)
    compounds.add_roads(site, roads, f"{plot.name}内部路")
    outline = compounds.open_gates(site, plot, outline, ways, roads, closed=closed)
    shops.build(site, plot, strip)
    return outline, angle, outline.buffer(-4.0).difference(site.lanes_in(outline, 1.5))


def works(site: Site, plot: Plot) -> None:
    """Build a factory, the idle silk factory or the idle grain store: long sheds and an office."""
    rng = site.rng
    _, angle, land = _walled(site, plot, 2, closed=1 if plot.kind != "factory" else 0)
    placer = Placer(land)
    use = "warehouse" if plot.kind == "grain" else "industrial"
    sizes = {"silk": ((36.0, 52.0, 70.0), 19.0, 31.0), "grain": ((30.0, 42.0), 15.0, 26.0)}
    lengths, depth, pitch = sizes.get(plot.kind, ((30.0, 42.0, 60.0), float(rng.choice([22, 26, 30])), 42.0))
    block = Block(lengths, depth, 8.0, shift_m=5.0)
    status = "in_use" if plot.kind == "factory" else "idle"
    year = YEARS[plot.kind] + int(rng.integers(0, 8))
    number = 0
    for run in runs(land, angle, max(pitch, depth + 9), depth, 2.0):
        for shape in in_run(run, block, placer, rng):
            number += 1
            floors = int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15])) if plot.kind != "grain" else 1
            site.buildings.append(Building(shape, use, floors, year, "", f"{plot.name}{number}号", status))


def kiln(site: Site, plot: Plot) -> None:
    """Leave a disused brickworks: one long kiln, a drying shed and bare ground."""
    angle = geo.south_facing_angle(plot.shape)
    middle = np.asarray(plot.shape.representative_point().coords[0])
    north = np.array([-np.sin(angle), np.cos(angle)])
    for aside, length, depth in ((0.0, 56.0, 17.0), (24.0, 34.0, 9.0), (-24.0, 34.0, 9.0)):
        shape = geo.rectangle(middle + north * aside, length, depth, angle)
        if plot.shape.buffer(-4).covers(shape):
            number = len([b for b in site.buildings if b.name.startswith(plot.name)]) + 1
            site.buildings.append(
                Building(shape, "industrial", 1, 1976, "", f"{plot.name}{number}号", "idle")
            )


def dormitories(site: Site, plot: Plot) -> None:
    """Build workers' dormitories."""
    outline, angle, land = _walled(site, plot, 2)
    placer, rng = Placer(land), site.rng
    for run in runs(land, angle, 30.0, 13.0, 2.0):
        for shape in in_run(run, Block((36.0, 48.0), 13.0, 9.0), placer, rng):
            site.buildings.append(
                Building(shape, "residential", int(rng.choice([5, 6])), YEARS["dorm"], "dorm")
            )
    grounds = compounds.open_ground(site, outline, placer.shapes, 10.0)[:2]
    site.greens += [Green(shape, f"{plot.name}绿地", "attached") for shape in grounds]


def school(site: Site, plot: Plot) -> None:
    """Build a school: teaching blocks on one side, the sports ground on the other."""
    rng = site.rng
    small = plot.kind == "kindergarten"
    outline, angle, land = _walled(site, plot, 1 if small else 2)
    placer = Placer(land)
    lengths, depth, pitch = ((22.0, 30.0), 13.0, 26.0) if small else ((40.0, 52.0, 32.0), 10.5, 27.0)
    limit = 2 if small else 6
    for run in runs(land, angle, pitch, depth, 2.0):
        for shape in in_run(run, Block(lengths, depth, 10.0), placer, rng):
            if len(placer.shapes) > limit:
                break
            floors = 3 if small else int(rng.choice([3, 4, 4]))
            site.buildings.append(Building(shape, "education", floors, YEARS[plot.kind], "", plot.name))
    grounds = compounds.open_ground(site, outline, placer.shapes[: limit + 1], 14.0)[:2]
    site.greens += [Green(shape, f"{plot.name}操场绿地", "attached") for shape in grounds]


def offices(site: Site, plot: Plot) -> None:
    """Build the government compound or the health centre."""
    rng = site.rng
    outline, angle, land = _walled(site, plot, 2)
    placer = Placer(land)
    use = "medical" if plot.kind == "hospital" else "public"
    for run in runs(land, angle, 34.0, 15.0, 3.0):
        for shape in in_run(run, Block((30.0, 42.0, 54.0), 15.0, 12.0), placer, rng):
            if len(placer.shapes) > 6:
                break
            site.buildings.append(
                Building(shape, use, int(rng.choice([3, 4, 5])), YEARS[plot.kind], "", plot.name)
            )
    grounds = compounds.open_ground(site, outline, placer.shapes, 9.0)[:3]
    site.greens += [Green(shape, f"{plot.name}绿地", "attached") for shape in grounds]


def market(site: Site, plot: Plot) -> None:
    """Build the market hall, its square and the shophouses around."""
    strip = shops.strip_of(site, plot)
    rest = geo.largest(plot.shape.difference(strip.buffer(2.0)))
    angle = geo.south_facing_angle(rest)
    centre = rest.representative_point()
    hall = geo.rectangle(np.asarray(centre.coords[0]), 62.0, 34.0, angle)
    if rest.covers(hall.buffer(4)):
        site.buildings.append(Building(hall, "commercial", 2, 2009, "", plot.name))
    south = np.array([np.sin(angle), -np.cos(angle)])
    square = geo.rectangle(np.asarray(centre.coords[0]) + south * 33.0, 58.0, 24.0, angle)
    site.greens.append(Green(geo.largest(square.intersection(rest.buffer(-1.5))), "市河广场", "plaza"))
    _market_lanes(site, plot, hall, angle)
    ground = shapely.union_all([hall, square]).buffer(7.0)
    quarter_land = Plot(geo.largest(rest.difference(ground)), "mixed", "农贸市场")
    if quarter_land.shape.area > 1500:
        shops.quarter(site, quarter_land)
    shops.build(site, plot, strip)


def _market_lanes(site: Site, plot: Plot, hall: Polygon, angle: float) -> None:
    """Lay a lane from each long side of the hall to the road it faces, joined round the hall."""
    middle = np.asarray(hall.centroid.coords[0])
    south = np.array([np.sin(angle), -np.cos(angle)])
    east = np.array([np.cos(angle), np.sin(angle)])
    round_hall = [middle + south * 19.0, middle + south * 19.0 + east * 33.5]
    round_hall += [middle - south * 19.5 + east * 33.5, middle - south * 19.5]
    coords = [tuple(np.round(xy, 3)) for xy in round_hall]
    out = site.way_out(Point(coords[0]), plot, 120.0)
    site.add_lane(out, "农贸市场弄", "lane", 4.0)
    for start in (coords[-1], coords[-2]):
        far = tuple(np.asarray(start) - south * 140.0)
        road = geo.longest(LineString([start, far]).difference(plot.shape.buffer(0.6)))
        beyond = [s.line for s in site.roads if s.level == 0 and s.line.intersects(LineString([start, far]))]
        if road.is_empty or not beyond:
            continue
        hits = shapely.get_coordinates(shapely.union_all(beyond).intersection(LineString([start, far])))
        foot = min(hits, key=lambda xy: float(np.hypot(*(xy - np.asarray(start)))))
        way = LineString([*coords[: coords.index(start) + 1], tuple(np.round(foot, 3))])
        if not way.intersects(site.water):
            site.add_lane(way, "市场北弄", "lane", 4.0)
            return


def park(site: Site, plot: Plot) -> None:
    """Plant a park with a path across and a pavilion; pocket parks get the path only."""
    green_type = {"park": "park", "pocket": "pocket_park", "verge": "verge"}[plot.kind]
    shape = geo.largest(plot.shape.buffer(-1.0).simplify(0.4))
    if plot.kind == "pocket" and shape.area > 6000:
        shape = _corner(site, plot, shape)
    site.greens.append(Green(shape, plot.name, green_type))
    if plot.kind == "verge":
        return
    ways = compounds.entrances(site, plot, shape, 4 if plot.kind == "park" else 2, apart_m=40.0)
    middle = shape.representative_point()
    centre = (round(middle.x, 3), round(middle.y, 3))
    for way in ways:
        bend = (np.asarray(way.coords[0]) + np.asarray(centre)) / 2 + site.rng.uniform(-9, 9, 2)
        bent = LineString([way.coords[-1], way.coords[0], tuple(np.round(bend, 3)), centre])
        straight = LineString([way.coords[-1], way.coords[0], centre])
        path = next((line for line in (bent, straight) if not line.intersects(site.water)), None)
        if path is not None:
            site.add_lane(path, f"{plot.name}园路", "path", 2.5)
    if plot.kind == "park":
        spot = np.asarray(centre) + np.array([16.0, 9.0])
        pavilion = geo.rectangle(spot, 12.0, 8.0, 0.3)
        if shape.covers(pavilion) and not shapely.intersects(pavilion, site.lanes_in(shape, 0.5)):
            site.buildings.append(Building(pavilion, "public", 1, 2012, "", f"{plot.name}服务亭"))


def _corner(site: Site, plot: Plot, shape: Polygon) -> Polygon:
    """Keep a corner of a large plot as the pocket park and build small slabs on the rest."""
    corners = [Point(xy) for xy in shape.simplify(6).exterior.coords[:-1]]
    best = max(corners, key=lambda c: c.buffer(45).intersection(site.road_surface).area)
    pocket = geo.largest(shape.intersection(best.buffer(62)))
    rest = geo.largest(plot.shape.difference(pocket.buffer(5)))
    estate = Plot(rest, "slab", plot.name.replace("口袋公园", "小区"))
    estates.slabs(site, estate)
    plot.shape = geo.largest(plot.shape.difference(rest))
    site.new_plots.append(estate)
    return pocket
