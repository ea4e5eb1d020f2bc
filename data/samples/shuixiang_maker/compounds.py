"""Walled compounds: the outline, its gates, and the roads from the gates inwards."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, affinity

from shuixiang_maker import geometry as geo
from shuixiang_maker.site import Compound, Site

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot

ROAD_M = 5.0


def outline_of(site: Site, plot: Plot, *, inset_m: float = 2.5, less: BaseGeometry | None = None) -> Polygon:
    """Return the wall of a compound: a little inside its plot, off its paths, without spikes or holes."""
    used = shapely.union_all([site.lanes_in(plot.shape, 1.0), *([less] if less is not None else [])])
    land = plot.shape.difference(used)
    land = land.buffer(-inset_m - 4.0, join_style="mitre").buffer(4.0, join_style="mitre")
    shape = geo.largest(land.simplify(0.8))
    return Polygon(np.round(shape.exterior.coords, 3)) if not shape.is_empty else shape


def with_vertex(ring: Polygon, point: Point) -> Polygon:
    """Return the polygon with the point as a vertex of its outline."""
    coords = list(ring.exterior.coords)
    sides = [LineString(pair).distance(point) for pair in itertools.pairwise(coords)]
    at = int(np.argmin(sides))
    return Polygon([*coords[: at + 1], point.coords[0], *coords[at + 1 :]])


def entrances(
    site: Site,
    plot: Plot,
    outline: Polygon,
    count: int,
    *,
    apart_m: float = 70.0,
    roads: list[LineString] | None = None,
) -> list[LineString]:
    """Return the ways from the outline to the roads outside: short, near inner roads, spread out."""
    ring = outline.exterior
    inner = shapely.union_all(roads or [outline])
    inside = outline.buffer(-0.05)
    options: list[tuple[float, LineString]] = []
    for at in np.arange(site.rng.uniform(0, 9), ring.length, 9.0):
        start = Point(np.round(ring.interpolate(at).coords[0], 3))
        way = site.way_out(start, plot, 40.0)
        if way.is_empty or way.intersection(inside).length > 0.01:
            continue
        options.append((way.length + 0.8 * inner.distance(start) + site.rng.uniform(0, 8), way))
    chosen: list[LineString] = []
    for _, way in sorted(options, key=lambda option: option[0]):
        if all(Point(way.coords[0]).distance(Point(other.coords[0])) > apart_m for other in chosen):
            chosen.append(way)
        if len(chosen) == count:
            break
    return chosen


def spines(
    outline: Polygon, angle: float, rng: np.random.Generator, every_m: float = 120.0
) -> list[LineString]:
    """Return slightly bent roads across the rows of a compound."""
    turned = affinity.rotate(outline.buffer(-5.5), -angle, origin=(0, 0), use_radians=True)
    if turned.is_empty:
        return []
    x0, y0, x1, y1 = turned.bounds
    count = max(1, round((x1 - x0) / every_m))
    result = []
    for number in range(count):
        x = x0 + (x1 - x0) * (number + 0.5 + rng.uniform(-0.12, 0.12)) / count
        line = LineString(
            [(x, y0 - 1), (x + rng.uniform(-4, 4), (y0 + y1) / 2), (x + rng.uniform(-3, 3), y1 + 1)]
        )
        part = geo.longest(line.intersection(turned))
        if part.length > 12:
            result.append(affinity.rotate(part, angle, origin=(0, 0), use_radians=True))
    return result


def loop_road(outline: Polygon, inset_m: float) -> LineString:
    """Return a loop road inside a compound, with round corners."""
    ring = geo.largest(outline.buffer(-inset_m - 9).buffer(9).simplify(0.6))
    return LineString(np.round(ring.exterior.coords, 3)) if ring.area > 900 else LineString()


def open_gates(
    site: Site,
    plot: Plot,
    outline: Polygon,
    ways: list[LineString],
    roads: list[LineString],
    *,
    closed: int = 0,
) -> Polygon:
    """Lead each way through its gate to a road inside; return the outline with a vertex per gate."""
    gates: list[tuple[Point, bool]] = []
    for number, way in enumerate(ways):
        gate = Point(way.coords[0])
        inside = _way_in(gate, outline, roads)
        if inside is None:
            continue
        line = LineString([way.coords[-1], gate.coords[0], *inside])
        site.add_lane(line, plot.name or "内部路", "lane", ROAD_M)
        outline = with_vertex(outline, gate)
        gates.append((gate, number < len(ways) - closed or len(ways) == 1))
    kinds = {
        "slab": "estate",
        "tower": "estate",
        "dorm": "estate",
        "government": "government",
        "hospital": "hospital",
    }
    schools = {"primary_school", "middle_school", "kindergarten"}
    kind = "school" if plot.kind in schools else kinds.get(plot.kind, "factory")
    site.compounds.append(Compound(outline, plot.name, kind, tuple(gates)))
    plot.outline = outline
    return outline


def _way_in(gate: Point, outline: Polygon, roads: list[LineString]) -> list[tuple[float, ...]] | None:
    """Return the coordinates from a gate to the nearest inner road, straight."""
    inner = outline.buffer(0.02)
    ring_free = outline.buffer(-0.3)
    targets = [road.interpolate(road.project(gate)) for road in roads]
    targets += [road.interpolate(share, normalized=True) for road in roads for share in np.linspace(0, 1, 15)]
    for target in sorted(targets, key=gate.distance):
        leg = LineString([gate, target])
        if inner.covers(leg) and leg.length > 0.5 and leg.difference(ring_free).length < 1.5:
            return [tuple(np.round(target.coords[0], 3))]
    return None


def add_roads(site: Site, roads: list[LineString], name: str) -> None:
    """Add the roads inside a compound."""
    for road in roads:
        site.add_lane(road, name, "lane", ROAD_M if road.length > 60 else 4.0)


def open_ground(site: Site, outline: Polygon, shapes: list[Polygon], min_width_m: float) -> list[Polygon]:
    """Return the planted ground between buildings: what is left, wider than the width, with soft corners."""
    used = shapely.union_all([shape.buffer(2.5) for shape in shapes])
    free = outline.buffer(-1.5).difference(used).difference(site.lanes_in(outline, 1.0))
    return geo.polygons(free.buffer(-min_width_m / 2).buffer(min_width_m / 2 - 0.4).simplify(0.4), 120.0)
