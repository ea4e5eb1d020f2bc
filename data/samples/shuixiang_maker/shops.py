"""Shophouses along the market streets, and the plots that consist of little else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker.rows import Block, Terrace, along, in_run, runs
from shuixiang_maker.site import Building, Placer, Site
from shuixiang_maker.villages import lead_to_road

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot

SHOP_STREETS = {"北大街": 1.0, "人民路": 1.0, "中山路": 0.8, "东浜路": 0.5}
PAVEMENT_M = 3.5
DEPTH_M = 11.5
REACH_M = 620.0


def strip_of(site: Site, plot: Plot) -> BaseGeometry:
    """Return the strip of a plot along the market streets that belongs to the shophouses."""
    centre = site.warp.point(150, 100)
    strips = []
    for street in site.roads:
        if street.name in SHOP_STREETS and street.line.distance(plot.shape) < 15:
            near = street.line.intersection(centre.buffer(REACH_M))
            strips.append(near.buffer(street.width_m / 2 + PAVEMENT_M + DEPTH_M + 2.0, cap_style="flat"))
    return shapely.union_all(strips).intersection(plot.shape) if strips else Polygon()


def build(site: Site, plot: Plot, strip: BaseGeometry, *, gap_share: float = 0.08) -> None:
    """Build shophouses along the market streets of a plot."""
    if strip.is_empty:
        return
    rng = site.rng
    land = strip.buffer(-0.3).difference(site.lanes_in(plot.shape, 0.8))
    placer = Placer(land)
    shop = Terrace(
        0.0, (9.0, 20.0), (9.5, DEPTH_M), gap_m=0.2, break_share=gap_share, break_m=(2.5, 6.0), wobble_m=0.0
    )
    for street in site.roads:
        if street.name not in SHOP_STREETS:
            continue
        near = geo.longest(street.line.intersection(strip.buffer(street.width_m / 2 + PAVEMENT_M + 1)))
        if near.length < 12:
            continue
        front = street.width_m / 2 + PAVEMENT_M
        terrace = Terrace(front, shop.width_m, shop.depth_m, shop.gap_m, shop.break_share, shop.break_m, 0.3)
        for side in (1, -1):
            for shape in along(near, side, terrace, placer, rng):
                _add_shop(site, shape)


def _add_shop(site: Site, shape: Polygon) -> None:
    rng = site.rng
    use = "mixed" if rng.random() < 0.8 else "commercial"
    floors = int(rng.choice([2, 3, 4, 5], p=[0.35, 0.4, 0.15, 0.1]))
    dwelling = "shop" if use == "mixed" else ""
    site.buildings.append(Building(shape, use, floors, int(rng.integers(1985, 2012)), dwelling))


def quarter(site: Site, plot: Plot) -> None:
    """Build a mixed quarter: shophouses along its streets, a lane and walk-up houses behind."""
    rng = site.rng
    strip = strip_of(site, plot)
    rest = geo.largest(plot.shape.difference(strip.buffer(3.0)) if not strip.is_empty else plot.shape)
    angle = geo.south_facing_angle(rest)
    lanes = _lanes_through(site, plot, rest, angle) if rest.area > 1200 else []
    build(site, plot, strip)
    land = rest.buffer(-2.0).difference(site.lanes_in(rest, 1.2)).difference(site.water.buffer(5))
    placer = Placer(land)
    edge = LineString(plot.shape.exterior.coords).intersection(site.road_surface.buffer(2.5))
    inward = 1 if plot.shape.exterior.is_ccw else -1
    terrace = Terrace(2.5, (8.0, 16.0), (10.0, 12.0), gap_m=0.3, break_share=0.15)
    for stretch in shapely.get_parts(edge):
        if stretch.geom_type == "LineString" and stretch.length > 15:
            for shape in along(stretch, inward, terrace, placer, rng):
                _add_shop(site, shape)
    houses: list[Polygon] = []
    behind = Terrace(2.6, (15.0, 30.0), (10.0, 11.5), gap_m=4.0, break_share=0.12)
    for lane in lanes:
        houses += along(lane, 1, behind, placer, rng) + along(lane, -1, behind, placer, rng)
    for run in runs(land, angle, 17.5, 10.5, 2.0):
        houses += in_run(run, Block((16.0, 24.0, 32.0, 40.0), 10.5, 6.0, shift_m=3.0), placer, rng)
    for shape in houses:
        is_home = rng.random() < 0.88
        use = "residential" if is_home else "commercial"
        floors = int(rng.choice([3, 4, 5]))
        site.buildings.append(
            Building(shape, use, floors, int(rng.integers(1980, 2006)), "slab" if is_home else "")
        )


def _lanes_through(site: Site, plot: Plot, rest: Polygon, angle: float) -> list[LineString]:
    """Lay lanes through the quarter, one every 58 m, led to the road at both ends where possible."""
    lanes = []
    for run in runs(rest, angle, 58.0, 2.0, 26.0):
        lane = lead_to_road(site, plot, LineString(np.round(run.coords, 3)), reach_m=48.0)
        if lane.length > 30:
            site.add_lane(lane, f"{plot.name}里弄", "lane", 3.5)
            lanes.append(lane)
    return lanes
