"""The old town: the street along the water, its lanes, and small houses in rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker.names import LANE_NAMES
from shuixiang_maker.rows import Terrace, along
from shuixiang_maker.site import Building, Placer, Site
from shuixiang_maker.skeleton import FOOTBRIDGES
from shuixiang_maker.streets import Street, join_end

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot

STREET_ASIDE_M = 23.0
QUAY_ASIDE_M = 13.2


def waterside_streets(river: LineString, roads: list[Street], water: BaseGeometry) -> list[Street]:
    """Return the old street north of the market river, the quay south of it and the walks further east."""
    by_name = {road.name: road for road in roads}
    west = river.project(river.intersection(by_name["丝绸路"].line))
    middle = river.project(river.intersection(by_name["人民路"].line))
    east = river.project(river.intersection(by_name["科创路"].line))
    plan = [
        ("市河街", "lane", 3.6, STREET_ASIDE_M, west, middle, "北港桥"),
        ("河埠街", "path", 3.0, -QUAY_ASIDE_M, west, middle, "南港桥"),
        ("滨河步道", "path", 3.0, QUAY_ASIDE_M, middle, middle + (east - middle) * 0.48, ""),
        ("滨河步道", "path", 3.0, -QUAY_ASIDE_M, middle + (east - middle) * 0.30, east, ""),
    ]
    wet = water.buffer(3.8)
    others = [
        part for road in roads for part in shapely.get_parts(road.line.difference(wet)) if part.length > 1
    ]
    streets = []
    for name, street_class, width, aside, start, end, bridge in plan:
        line = geo.simplify(geo.longest(geo.piece(river, start, end).offset_curve(aside)), 0.2)
        line = join_end(join_end(line, others, at_start=True, reach_m=35), others, at_start=False, reach_m=35)
        streets.append(Street(line, name, street_class, width, bridge_name=bridge))
    return streets


def footbridges(river: LineString, banks: list[Street], branches: list[LineString]) -> list[Street]:
    """Return the small bridges from the quay to the old street, clear of the branch canals."""
    streets = []
    for share, name, is_steps in FOOTBRIDGES:
        for shift in (0.0, -30.0, 30.0, -60.0):
            deck = _deck(river, banks, share * river.length + shift)
            if not deck.is_empty and all(deck.distance(branch) > 20.0 for branch in branches):
                streets.append(Street(deck, f"{name}弄", "path", 2.6, is_steps=is_steps, bridge_name=name))
                break
    return streets


def _deck(river: LineString, banks: list[Street], at_m: float) -> LineString:
    """Return the line across the river from one bank's street to the other's."""
    line = LineString([geo.place(river, at_m, aside) for aside in (STREET_ASIDE_M + 12, -QUAY_ASIDE_M - 12)])
    hits = [hit for bank in banks for hit in shapely.get_coordinates(bank.line.intersection(line))]
    order = sorted(line.project(Point(hit)) for hit in hits)
    return geo.piece(line, order[0], order[-1]) if len(order) > 1 else LineString()


def build(site: Site, plot: Plot) -> None:
    """Lay lanes through one piece of the old town and fill it with houses."""
    shore = [s for s in site.streets if s.name in {"市河街", "河埠街"} and s.line.intersects(plot.shape)]
    if not shore:
        return
    main = geo.longest(shore[0].line.intersection(plot.shape.buffer(6)))
    inland = 1 if _is_left(main, plot.shape) else -1
    lanes = _cross_lanes(site, plot, main, inland)
    lanes += _back_lanes(site, plot, lanes)
    _houses(site, plot, main, inland, lanes, by_street=shore[0].name == "市河街")


def _is_left(line: LineString, shape: Polygon) -> bool:
    """Return whether most of the plot lies left of the line."""
    left = line.buffer(40, single_sided=True).intersection(shape).area
    right = line.buffer(-40, single_sided=True).intersection(shape).area
    return bool(left > right)


def _cross_lanes(site: Site, plot: Plot, main: LineString, side: int) -> list[LineString]:
    """Lay bent lanes from the waterside street inland; some go through, some end in a yard."""
    rng, lanes = site.rng, []
    at = rng.uniform(20, 34)
    while at < main.length - 18:
        start = np.array(main.interpolate(at).coords[0])
        skew = rng.uniform(-14, 14)
        far = geo.place(main, float(np.clip(at + skew, 0, main.length)), side * 150.0, window_m=15)
        mid = geo.place(
            main,
            float(np.clip(at + skew * rng.uniform(0.1, 0.9), 0, main.length)),
            side * rng.uniform(40, 62),
        )
        ray = geo.longest(LineString([start, mid, far]).intersection(plot.shape))
        through = rng.random() < 0.66
        line = ray if through else geo.piece(ray, 0, ray.length * rng.uniform(0.5, 0.8))
        if line.length > 22 and Point(line.coords[0]).distance(Point(start)) < 3:
            out = site.way_out(Point(line.coords[-1]), plot, 20.0) if through else LineString()
            coords = [*line.coords, out.coords[-1]] if not out.is_empty else list(line.coords)
            full = LineString(np.round([tuple(start), *coords[1:]], 3))
            site.add_lane(full, _lane_name(site), "lane", float(rng.choice([2.2, 2.6, 3.0])))
            lanes.append(full)
        at += rng.uniform(38, 64)
    return lanes


def _back_lanes(site: Site, plot: Plot, cross: list[LineString]) -> list[LineString]:
    """Link neighbouring cross lanes half way inland, here and there."""
    rng, lanes = site.rng, []
    for left, right in itertools.pairwise(cross):
        if rng.random() > 0.72:
            continue
        depth = rng.uniform(44, 66)
        if min(left.length, right.length) < depth:
            continue
        link = LineString(
            np.round(
                [
                    left.interpolate(depth).coords[0],
                    right.interpolate(depth * rng.uniform(0.9, 1.1)).coords[0],
                ],
                3,
            )
        )
        if link.length < 80 and plot.shape.covers(link):
            site.add_lane(link, _lane_name(site), "lane", 2.4)
            lanes.append(link)
    return lanes


def _lane_name(site: Site) -> str:
    used = {street.name for street in site.streets}
    return next((name for name in LANE_NAMES if name not in used), "小弄")


def _houses(
    site: Site, plot: Plot, main: LineString, side: int, lanes: list[LineString], *, by_street: bool
) -> None:
    """Put houses along the water, the street, the lanes and the back street, then in the yards."""
    rng = site.rng
    land = plot.shape.buffer(-0.7).difference(site.lanes_in(plot.shape, 0.35))
    placer = Placer(land)
    shapes: list[tuple[Polygon, bool]] = []
    front = Terrace(2.2, (4.4, 9.6), (10.5, 15.0), break_share=0.05)
    water = Terrace(2.1, (4.8, 10.5), (6.5, 11.2), break_share=0.16, break_m=(3.0, 12.0), wobble_m=0.2)
    shapes += [(shape, True) for shape in along(main, side, front, placer, rng)]
    if by_street:
        shapes += [(shape, True) for shape in along(main, -side, water, placer, rng)]
    edge = LineString(plot.shape.exterior.coords)
    inward = 1 if plot.shape.exterior.is_ccw else -1
    back = Terrace(1.2, (6.5, 13.0), (9.0, 12.0), break_share=0.16)
    for stretch in shapely.get_parts(edge.difference(site.water.buffer(16))):
        shapes += [(shape, False) for shape in along(stretch, inward, back, placer, rng)]
    lane_row = Terrace(1.9, (7.5, 13.5), (8.0, 11.5), break_share=0.26)
    for lane in lanes:
        for flank in (1, -1):
            shapes += [(shape, False) for shape in along(lane, flank, lane_row, placer, rng)]
    for aside in (22.0, 38.0, 54.0, 70.0):
        yard = Terrace(aside, (7.5, 13.0), (8.0, 11.5), gap_m=1.5, break_share=0.36, wobble_m=2.5)
        shapes += [(shape, False) for shape in along(main, side, yard, placer, rng)]
    for shape, is_front in shapes:
        _add_house(site, shape, is_front=is_front)


def _add_house(site: Site, shape: Polygon, *, is_front: bool) -> None:
    rng = site.rng
    use = "mixed" if is_front and rng.random() < 0.42 else "residential"
    if is_front and rng.random() < 0.05:
        use = "commercial"
    floors = int(rng.choice([1, 2, 3], p=[0.34, 0.60, 0.06]))
    year = int(rng.choice([1880, 1905, 1920, 1935, 1955, 1965, 1978, 1985])) + int(rng.integers(0, 9))
    site.buildings.append(Building(shape, use, floors, year, "" if use == "commercial" else "old"))
