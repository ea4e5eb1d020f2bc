"""Housing estates: slab rows of the 1980s and 1990s, and towers of the last fifteen years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from shapely import LineString, Polygon, affinity

from shuixiang_maker import compounds, shops
from shuixiang_maker import geometry as geo
from shuixiang_maker.rows import Block, in_run, runs
from shuixiang_maker.site import Building, Green, Placer, Site
from shuixiang_maker.streets import join_end

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot

SLAB_DEPTH_M = 11.6
STOREY_M = 2.9


def slabs(site: Site, plot: Plot, *, closed: int = 0) -> None:
    """Build a walled estate of five- and six-floor slabs facing south."""
    rng = site.rng
    strip = shops.strip_of(site, plot)
    outline = compounds.outline_of(site, plot, less=strip)
    if outline.area < 1500:
        return
    angle = geo.south_facing_angle(outline)
    floors = int(rng.choice([5, 6]))
    pitch = SLAB_DEPTH_M + floors * STOREY_M * rng.uniform(1.12, 1.3)
    roads = compounds.spines(outline, angle, rng, 125.0)
    roads += _row_lanes(outline, angle, pitch, roads)
    ways = compounds.entrances(site, plot, outline, 2 if outline.area < 18000 else 3, roads=roads)
    compounds.add_roads(site, roads, f"{plot.name}内部路")
    outline = compounds.open_gates(site, plot, outline, ways, roads, closed=closed)
    land = outline.buffer(-3.0).difference(site.lanes_in(outline, 1.2))
    placer = Placer(land)
    shapes: list[Polygon] = []
    block = Block((18.0, 24.0, 30.0, 36.0, 45.0, 54.0), SLAB_DEPTH_M, 8.0, shift_m=3.0)
    for run in runs(land, angle, pitch, SLAB_DEPTH_M, 2.0):
        shapes += in_run(run, block, placer, rng)
    year = int(rng.integers(1986, 2000))
    for shape in shapes:
        count = floors if rng.random() < 0.8 else floors - 1
        site.buildings.append(Building(shape, "residential", count, year + int(rng.integers(0, 4)), "slab"))
    _sheds(site, shapes, placer, angle)
    grounds = compounds.open_ground(site, outline, shapes, 11.0)[:3]
    site.greens += [Green(shape, f"{plot.name}绿地", "attached") for shape in grounds]
    shops.build(site, plot, strip)


def _tower_rows(land: BaseGeometry, angle: float, pitch_m: float, rng: np.random.Generator) -> list[Polygon]:
    """Return rows of towers, the fullest of several ways to lay them."""
    block = Block((22.0, 26.0, 30.0, 34.0), 14.5, 13.0, shift_m=3.0)
    best: list[Polygon] = []
    for first in np.arange(1.0, 33.0, 4.0):
        placer = Placer(land)
        for run in runs(land, angle, pitch_m, 14.5, float(first)):
            in_run(run, block, placer, rng)
        best = max(best, placer.shapes, key=len)
    return best


def _inside_loop(roads: list[LineString], loop: LineString) -> list[LineString]:
    """Return the parts of roads inside a loop, ending on it."""
    parts = [geo.longest(road.intersection(Polygon(loop))) for road in roads]
    ends = [join_end(part, [loop], at_start=True, reach_m=8.0) for part in parts if part.length > 20]
    return [join_end(part, [loop], at_start=False, reach_m=8.0) for part in ends]


def _row_lanes(outline: Polygon, angle: float, pitch_m: float, spines: list[LineString]) -> list[LineString]:
    """Return the lanes between every second pair of rows, crossing the spine roads."""
    turned = affinity.rotate(outline.buffer(-7.0), -angle, origin=(0, 0), use_radians=True)
    if turned.is_empty:
        return []
    x0, y0, x1, y1 = turned.bounds
    lanes = []
    y = y0 + SLAB_DEPTH_M + (pitch_m - SLAB_DEPTH_M) * 0.35
    while y < y1 - 6:
        line = geo.longest(LineString([(x0, y), (x1, y)]).intersection(turned))
        ground = affinity.rotate(line, angle, origin=(0, 0), use_radians=True)
        if line.length > 30 and any(ground.intersects(spine) for spine in spines):
            lanes.append(ground)
        y += 2 * pitch_m
    return lanes


def _sheds(site: Site, shapes: list[Polygon], placer: Placer, angle: float) -> None:
    """Add bicycle sheds behind some slabs."""
    for shape in shapes:
        if site.rng.random() > 0.16:
            continue
        north = np.array([-np.sin(angle), np.cos(angle)]) * (SLAB_DEPTH_M / 2 + 5.5)
        shed = geo.rectangle(
            np.asarray(shape.centroid.coords[0]) + north, site.rng.uniform(9, 16), 3.2, angle
        )
        if placer.put(shed, 1.5):
            site.buildings.append(Building(shed, "utility", 1, 1996))


def towers(site: Site, plot: Plot, *, closed: int = 0) -> None:
    """Build a new estate: towers around a garden, a loop road, shops along the street."""
    rng = site.rng
    strip = shops.strip_of(site, plot)
    outline = compounds.outline_of(site, plot, inset_m=4.0, less=strip)
    if outline.area < 2500:
        return
    angle = geo.south_facing_angle(outline)
    loop = compounds.loop_road(outline, 13.0)
    across = compounds.spines(outline, angle, rng, 170.0)
    roads = [loop, *_inside_loop(across, loop)] if not loop.is_empty else across
    ways = compounds.entrances(
        site, plot, outline, 3 if outline.area > 24000 else 2, apart_m=90.0, roads=roads
    )
    compounds.add_roads(site, roads, f"{plot.name}环路")
    outline = compounds.open_gates(site, plot, outline, ways, roads, closed=closed)
    land = outline.buffer(-4.0).difference(site.lanes_in(outline, 2.5))
    floors = int(rng.choice([11, 13, 16, 18]))
    shapes = _tower_rows(land, angle, 14.5 + floors * STOREY_M * 0.58 + 6, rng)
    year = int(rng.integers(2008, 2021))
    for shape in shapes:
        count = int(np.clip(floors + rng.choice([-2, 0, 0, 0]), 11, 18))
        site.buildings.append(Building(shape, "residential", count, year, "tower"))
    grounds = compounds.open_ground(site, outline, shapes, 9.0)[:6]
    site.greens += [Green(shape, f"{plot.name}中心绿地", "attached") for shape in grounds]
    shops.build(site, plot, strip)
