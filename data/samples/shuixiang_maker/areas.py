"""The large outlines: built-up area, extent, communities, renewal blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from shapely import LineString, Point, Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker import patches
from shuixiang_maker.skeleton import BLOCKS, COMMUNITIES

FIELD_OUTSIDE_SHARE = 0.05

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot
    from shuixiang_maker.town import Ground


def built_up(town: Ground) -> Polygon:
    """Return the built-up area: the urban plots and what lies between them, without holes or fringes."""
    urban = [plot.shape for plot in town.plots if plot.kind not in patches.RURAL_KINDS]
    hull = shapely.union_all(urban).buffer(80).buffer(-66)
    return geo.largest(geo.rounded(Polygon(geo.largest(hull).exterior).simplify(2.0)))


def fields_outside(town: Ground, hull: BaseGeometry) -> BaseGeometry:
    """Return the fields around the town, which its outlines only graze."""
    rural = [p.shape for p in town.plots if p.kind in {"farm", "protected", "wedge"}]
    outside = [s for s in rural if s.difference(hull).area > FIELD_OUTSIDE_SHARE * s.area]
    return shapely.union_all(outside)


def trimmed(shape: Polygon, fields: BaseGeometry) -> Polygon:
    """Return an outline without the fringe of the fields around, and without spikes."""
    left = shape.difference(fields).buffer(-7.0, quad_segs=3).buffer(7.0, quad_segs=3)
    return geo.largest(geo.rounded(Polygon(geo.largest(left.intersection(shape)).exterior).simplify(0.2)))


def extent(area: Polygon) -> Polygon:
    """Return the area within which streets and facilities are complete: 1 km around."""
    return geo.largest(geo.rounded(area.buffer(1450).buffer(-440).simplify(6.0)))


def _cells(town: Ground, within: Polygon) -> list[Polygon]:
    """Return the cells between rivers, main roads and secondary roads."""
    lines: list[LineString] = [within.exterior, *town.centres.values()]
    lines += [s.line for s in town.site.roads if s.street_class in ("main", "secondary")]
    net = shapely.union_all([line.intersection(within) for line in lines], grid_size=geo.GRID_M)
    return list(shapely.get_parts(shapely.polygonize(shapely.get_parts(net))))


def communities(town: Ground, within: Polygon) -> list[tuple[str, Polygon]]:
    """Return the communities: cells by nearest centre; their borders follow rivers and roads."""
    spots = [town.site.warp.point(x, y) for x, y, _ in COMMUNITIES]
    shares: dict[int, list[Polygon]] = {}
    for cell in _cells(town, within):
        middle = cell.representative_point()
        nearest = min(range(len(spots)), key=lambda i: spots[i].distance(middle))
        shares.setdefault(nearest, []).append(cell)
    joined = {number: geo.rounded(shapely.union_all(cells)) for number, cells in shares.items()}
    return [(COMMUNITIES[number][2], joined[number]) for number in sorted(joined)]


def plot_at(town: Ground, spot: Point) -> Plot:
    """Return the plot nearest to a spot."""
    named = [plot for plot in town.plots if plot.kind != "pocket"]
    return min(named, key=lambda plot: plot.shape.distance(spot))


def blocks(town: Ground) -> list[tuple[int, str, str, Polygon]]:
    """Return the renewal blocks: the plots named for each and the streets and water between them."""
    result: list[tuple[int, str, str, Polygon]] = []
    taken = Polygon()
    for number, (name, renewal_type, spots) in enumerate(BLOCKS, start=1):
        members = [plot_at(town, town.site.warp.point(x, y)) for x, y in spots]
        shapes = [plot.shape if plot.whole.is_empty else plot.whole for plot in members]
        whole = shapely.union_all(shapes).buffer(24).buffer(-19).difference(taken)
        shape = geo.largest(geo.rounded(Polygon(geo.largest(whole).exterior).difference(taken).simplify(0.5)))
        taken = taken.union(shape)
        result.append((number, name, renewal_type, shape))
    return result
