"""What a town leaves open: pocket parks, street corners and the banks of its canals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Point, STRtree
from shapely.ops import nearest_points

from shuixiang_maker import geometry as geo
from shuixiang_maker.ground import Plot
from shuixiang_maker.skeleton import POCKET_PARKS
from shuixiang_maker.streets import SURFACE_CLASSES

if TYPE_CHECKING:
    from shuixiang_maker.site import Site

CORNER_KINDS = {"slab", "tower", "mixed", "village", "dorm", "factory"}
BANK_KINDS = {"slab", "tower", "factory", "dorm", "village", "mixed"}
CORNER_SHARE = 0.2
BANK_SHARE = 0.6
LEAST_PLOT_M2 = 3_000.0


def carve(site: Site, plots: list[Plot]) -> list[Plot]:
    """Return the plots without what stays open; the pocket parks are plots of their own."""
    for plot in plots:
        plot.whole = plot.shape
    parks = _pocket_parks(site, plots)
    _corners(site, plots)
    _banks(site, plots)
    return [*plots, *parks]


def _pocket_parks(site: Site, plots: list[Plot]) -> list[Plot]:
    """Cut the pocket parks from the plots they were drawn in, at the kerb."""
    parks = []
    for x, y, name, radius in POCKET_PARKS:
        spot = site.warp.point(x, y)
        near = [plot for plot in plots if plot.kind in CORNER_KINDS | {"old"}]
        plot = min(near, key=lambda p: p.shape.distance(spot))
        kerb = plot.shape.exterior.intersection(site.road_surface.buffer(2.0))
        middle = nearest_points(kerb, spot)[0] if not kerb.is_empty else spot
        angle = geo.south_facing_angle(plot.shape)
        ground = geo.rectangle(np.asarray(middle.coords[0]), 2.3 * radius, 1.7 * radius, angle)
        piece = geo.largest(plot.shape.intersection(ground))
        if piece.area > 400 and _take(plot, ground):
            parks.append(Plot(piece, "pocket", name))
    return parks


def _take(plot: Plot, ground: shapely.Polygon) -> bool:
    """Take ground from a plot, unless too little is left; return whether it was taken."""
    rest = geo.largest(plot.shape.difference(ground))
    if rest.area < LEAST_PLOT_M2:
        return False
    plot.shape = rest
    return True


def _junctions(site: Site) -> list[Point]:
    """Return where roads meet, from west to east."""
    lines = [s.line for s in site.roads if s.street_class in SURFACE_CLASSES]
    left, right = STRtree(lines).query(lines, predicate="intersects")
    spots = {
        tuple(np.round(xy, 1))
        for one, other in zip(left.tolist(), right.tolist(), strict=True)
        if one < other
        for xy in shapely.get_coordinates(shapely.intersection(lines[one], lines[other]))
    }
    return [Point(xy) for xy in sorted(spots)]


def _corners(site: Site, plots: list[Plot]) -> None:
    """Leave some of the corners open where roads meet."""
    rng = site.rng
    for junction in _junctions(site):
        circle = junction.buffer(rng.uniform(27, 36))
        for plot in plots:
            if plot.kind in CORNER_KINDS and plot.shape.intersects(circle) and rng.random() < CORNER_SHARE:
                _take(plot, circle)


def _banks(site: Site, plots: list[Plot]) -> None:
    """Keep some plots back from the water, so that a strip along the bank stays open."""
    rng = site.rng
    for plot in plots:
        if plot.kind in BANK_KINDS and plot.shape.distance(site.water) < 1.0 and rng.random() < BANK_SHARE:
            _take(plot, site.water.intersection(plot.shape.buffer(60)).buffer(rng.uniform(8, 14)))
