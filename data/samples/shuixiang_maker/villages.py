"""Villagers' self-built houses, in the town and in the hamlets around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, affinity

from shuixiang_maker import geometry as geo
from shuixiang_maker.rows import Terrace, along
from shuixiang_maker.site import Building, Placer, Site

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot

ROW_PITCH_M = 27.0


def build(site: Site, plot: Plot, *, dwelling: str = "village") -> None:
    """Lay village lanes from side to side and one winding lane across them, then the houses."""
    rng = site.rng
    angle = geo.south_facing_angle(plot.shape, 24.0) + rng.uniform(-0.05, 0.05)
    inner = plot.shape.buffer(-3.0)
    if inner.is_empty:
        return
    rows = _lanes(site, plot, inner, angle)
    if len(rows) > 1 or dwelling == "village":
        _spine(site, plot, inner, angle)
    land = (
        plot.shape.buffer(-1.2).difference(site.lanes_in(plot.shape, 0.9)).difference(site.water.buffer(3.0))
    )
    placer = Placer(land)
    shapes: list[Polygon] = []
    near = Terrace(
        3.2, (11.0, 15.5), (10.5, 13.0), gap_m=5.0, break_share=0.33, break_m=(5, 18), wobble_m=2.5
    )
    for row in rows:
        for side in (1, -1):
            shapes += along(row, side, near, placer, rng)
    edge = LineString(plot.shape.exterior.coords)
    inward = 1 if plot.shape.exterior.is_ccw else -1
    street = Terrace(
        3.5, (10.0, 14.0), (10.5, 13.0), gap_m=3.2, break_share=0.22, break_m=(4, 16), wobble_m=2.0
    )
    for stretch in shapely.get_parts(edge.intersection(site.road_surface.buffer(2.5))):
        if stretch.geom_type == "LineString" and stretch.length > 14:
            shapes += along(stretch, inward, street, placer, rng)
    for shape in shapes:
        year = int(rng.integers(1984, 2016))
        site.buildings.append(
            Building(shape, "residential", int(rng.choice([2, 3, 4], p=[0.5, 0.42, 0.08])), year, dwelling)
        )
        _shed(site, shape, placer)


def _shed(site: Site, house: Polygon, placer: Placer) -> None:
    """Add a small outbuilding behind some houses."""
    if site.rng.random() > 0.13:
        return
    x, y = np.asarray(house.centroid.coords[0]) + site.rng.uniform(-11, 11, 2)
    shed = geo.rectangle(
        np.array([x, y]), site.rng.uniform(4, 6), site.rng.uniform(3, 4.2), geo.south_facing_angle(house)
    )
    if placer.put(shed, 0.8):
        site.buildings.append(Building(shed, "agricultural", 1, int(site.rng.integers(1980, 2015))))


def _lanes(site: Site, plot: Plot, inner: BaseGeometry, angle: float) -> list[LineString]:
    """Lay the lanes along the rows, wobbling, one every `ROW_PITCH_M`."""
    rng = site.rng
    turned = affinity.rotate(inner, -angle, origin=(0, 0), use_radians=True)
    x0, y0, x1, y1 = turned.bounds
    lanes: list[LineString] = []
    pitch = 2 * ROW_PITCH_M * rng.uniform(0.66, 0.76)
    y = y0 + rng.uniform(0.45, 0.7) * pitch
    while y < y1 - 12:
        xs = np.arange(x0 - 10, x1 + 11, 18.0)
        wave = 2.6 * np.sin(xs / rng.uniform(28, 46) + rng.uniform(0, 6.28)) + 0.02 * (xs - x0) * rng.uniform(
            -1, 1
        )
        line = LineString(np.column_stack([xs, y + wave])).intersection(turned)
        for part in shapely.get_parts(line):
            if part.geom_type == "LineString" and part.length > 26:
                ground = affinity.rotate(part, angle, origin=(0, 0), use_radians=True)
                lanes.append(lead_to_road(site, plot, LineString(np.round(ground.coords, 3))))
        y += pitch * rng.uniform(0.92, 1.1)
    for lane in lanes:
        site.add_lane(lane, f"{plot.name}路", "lane", 3.5)
    return lanes


def lead_to_road(site: Site, plot: Plot, line: LineString, *, reach_m: float = 30.0) -> LineString:
    """Lead both ends of a lane to the road where one is near."""
    coords = list(line.coords)
    head = site.way_out(Point(coords[0]), plot, reach_m)
    tail = site.way_out(Point(coords[-1]), plot, reach_m)
    if not head.is_empty:
        coords = [head.coords[-1], *coords]
    if not tail.is_empty:
        coords = [*coords, tail.coords[-1]]
    return LineString(coords)


def _spine(site: Site, plot: Plot, inner: BaseGeometry, angle: float) -> None:
    """Lay the winding lane across the rows."""
    rng = site.rng
    turned = affinity.rotate(inner, -angle, origin=(0, 0), use_radians=True)
    x0, y0, x1, y1 = turned.bounds
    width = x1 - x0
    shares = (0.5,) if width < 220 else (0.3, 0.72)
    for share in shares:
        x = x0 + width * (share + rng.uniform(-0.07, 0.07))
        ys = np.linspace(y0 - 5, y1 + 5, 7)
        line = LineString(np.column_stack([x + rng.uniform(-5, 5, 7), ys])).intersection(turned)
        part = geo.longest(line)
        if part.length > 20:
            ground = affinity.rotate(part, angle, origin=(0, 0), use_radians=True)
            site.add_lane(
                lead_to_road(site, plot, LineString(np.round(ground.coords, 3))),
                f"{plot.name}弄",
                "lane",
                3.0,
            )
