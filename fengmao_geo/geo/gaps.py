"""Areas cut straight across gaps that join two places: from a corner that juts in to the outline beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from fengmao_geo.geo.planar import polygon_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["cut_at_gaps"]

# An outline has a corner that juts in where it turns by more than this (sine of 17°).
_TURN = 0.3
# Cuts that are looked at from each corner, and of each area.
_PER_CORNER, _PER_AREA = 2, 12
# A cut this near to a vertex ends at it; a shorter one parts what merely touches.
_NEAR_M, _SHORTEST_M = 2.0, 0.5
# Cuts are looked at without their very ends, which lie on the outline.
_END_M = 0.01
# What is cut adds up but for rounding.
_ROUNDING_M2 = 0.001


class _Outlines(NamedTuple):
    """Vertices of one ring for each area, anticlockwise; what follows each, and where rings begin."""

    xy: Numbers
    following: Indices
    of: Indices
    first: Indices
    vertices: Indices


class _Cuts(NamedTuple):
    """Cuts from a vertex to an end on the stretch that begins at another, and the square of their length."""

    corner: Indices
    beyond: Indices
    end: Numbers
    of: Indices
    square_m2: Numbers

    def at(self, rows: Indices | Flags) -> _Cuts:
        return _Cuts(
            self.corner[rows], self.beyond[rows], self.end[rows], self.of[rows], self.square_m2[rows]
        )


def cut_at_gaps(
    areas: Geometries, *, least_m2: float, gap_share: float, gain_ratio: float
) -> tuple[Geometries, Indices]:
    """Cut areas straight across gaps that join two places, until none is left.

    A cut runs from a corner that juts into the area to the nearest outline beyond, so that it never ends in
    the open. It is made when it is short for the sides it parts, and when the convex hulls of the sides
    take much less ground than the hull of the whole: two courts round a building are parted, a field is not.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    least_m2
        The smallest side that is worth a cut, and the smallest hole that cuts may start from.
    gap_share
        The square of a cut is at most this share of the smaller side.
    gain_ratio
        The hulls of the sides are smaller than the hull of the whole by at least so many squares of the cut.

    Returns
    -------
    tuple of arrays
        Polygons ``(p,)`` and the row of the area each is cut from ``(p,)``. Their areas add up.

    Examples
    --------
    >>> court, slab = shapely.box(0, 0, 80, 60), shapely.box(15, 25, 80, 35)
    >>> parts, row = cut_at_gaps(
    ...     np.array([shapely.difference(court, slab)]), least_m2=150.0, gap_share=0.25, gain_ratio=1.0
    ... )
    >>> sorted(round(area) for area in shapely.area(parts))
    [2000, 2150]
    """
    row = np.arange(len(areas))
    done, done_row = [areas[:0]], [row[:0]]
    while len(areas):
        sides, of = _halved(areas, least_m2, gap_share, gain_ratio)
        is_whole = np.bincount(of, minlength=len(areas)) == 0
        done.append(areas[is_whole])
        done_row.append(row[is_whole])
        areas, row = sides, row[of]
    parts, row = np.concatenate(done), np.concatenate(done_row)
    order = np.argsort(row, kind="stable")
    return parts[order], row[order]


def _halved(
    areas: Geometries, least_m2: float, gap_share: float, gain_ratio: float
) -> tuple[Geometries, Indices]:
    """Cut each area once, where its hull gains most by it; leave out those where no cut is worth it."""
    hull_m2, area_m2 = shapely.area(shapely.convex_hull(areas)), shapely.area(areas)
    most_m2 = np.minimum(gap_share * area_m2 / 2, (hull_m2 - area_m2) / gain_ratio)
    tried = np.flatnonzero((most_m2 > _SHORTEST_M**2) & (area_m2 >= 2 * least_m2))
    lines = _outlines(areas[tried], least_m2)
    cuts = _seen(areas[tried], lines, _short_cuts(lines, most_m2[tried], least_m2, gap_share))
    one, other = _sides(lines, cuts)
    freed_m2 = hull_m2[tried[cuts.of]] - sum(shapely.area(shapely.convex_hull(side)) for side in (one, other))
    gain_m2 = freed_m2 - gain_ratio * cuts.square_m2
    best = _leading(np.flatnonzero(gain_m2 > 0), -gain_m2, cuts.of, 1)
    of, freed_m2 = tried[cuts.of[best]], freed_m2[best]
    one, other = (_without_holes(side[best], areas[of], least_m2) for side in (one, other))
    # A cut that starts from a hole goes on along the way on which the outline was led to it.
    cut_m = (shapely.length(one) + shapely.length(other) - shapely.length(areas[of])) / 2
    sides_m2 = shapely.area(np.stack([one, other]))
    is_worth = cut_m**2 <= np.minimum(gap_share * sides_m2.min(axis=0), freed_m2 / gain_ratio)
    # Sides that overlap are of a cut across that way.
    is_worth &= np.abs(sides_m2.sum(axis=0) - area_m2[of]) <= _ROUNDING_M2
    sides, side_of = polygon_parts(np.stack([one[is_worth], other[is_worth]], axis=1).ravel())
    return sides, np.repeat(of[is_worth], 2)[side_of]


def _without_holes(sides: Geometries, areas: Geometries, hole_m2: float) -> Geometries:
    """Take the smaller holes of areas out of their sides; the outline was led round all others."""
    holed = np.flatnonzero(shapely.get_num_interior_rings(areas))
    made = sides.copy()
    made[holed] = shapely.make_valid(sides[holed], method="structure", keep_collapsed=False)
    rings, of = shapely.get_rings(areas[holed], return_index=True)
    is_hole = np.diff(of, prepend=-1) == 0
    holes, of = shapely.polygons(rings[is_hole]), of[is_hole]
    is_small = shapely.area(holes) < hole_m2
    for at, hole in zip(holed[of[is_small]], holes[is_small], strict=True):
        made[at] = shapely.difference(made[at], hole)
    return made


def _leading(rows: Indices, value: Numbers, of: Indices, count: int) -> Indices:
    """Keep the rows with the least values, so many of each group."""
    rows = rows[np.lexsort((rows, value[rows], of[rows]))]
    begins = np.diff(of[rows], prepend=-1) != 0
    rank = np.arange(len(rows)) - np.flatnonzero(begins)[np.cumsum(begins) - 1] if len(rows) else rows
    return rows[rank < count]


def _outlines(areas: Geometries, hole_m2: float) -> _Outlines:
    """Take the outer ring of each area, led round its larger holes."""
    areas = shapely.orient_polygons(areas)
    rings = shapely.get_exterior_ring(areas)
    holed = np.flatnonzero(shapely.area(shapely.polygons(rings)) - shapely.area(areas) >= hole_m2)
    for at in holed:
        rings[at] = _led_round(areas[at], hole_m2)
    xy, of = shapely.get_coordinates(rings, return_index=True)
    is_last = np.diff(of, append=-1) != 0
    xy, of = xy[~is_last], of[~is_last]
    count = np.bincount(of, minlength=len(areas))
    first = np.cumsum(count) - count
    following = np.arange(1, len(of) + 1)
    following[np.diff(of, append=-1) != 0] = first
    return _Outlines(xy, following, of, first, count)


def _led_round(area: shapely.Polygon, hole_m2: float) -> shapely.LinearRing:
    """Lead an outline to the nearest hole, round it and back, and so on from hole to hole."""
    ring = area.exterior
    holes = [hole for hole in area.interiors if shapely.Polygon(hole).area >= hole_m2]
    while holes:
        hole = holes.pop(int(np.argmin(shapely.distance(ring, np.array(holes, dtype=object)))))
        way = shapely.get_coordinates(shapely.shortest_line(ring, hole))
        outer, inner = (_from(line, point) for line, point in zip((ring, hole), way, strict=True))
        ring = shapely.LinearRing(np.concatenate([outer, inner]))
    return ring


def _from(ring: shapely.LinearRing, point: Numbers) -> Numbers:
    """Take the vertices of a ring from a point on it all round to the same point."""
    xy = shapely.get_coordinates(ring)[:-1]
    run_m = np.cumsum(np.hypot(*(np.roll(xy, -1, axis=0) - xy).T))
    after = int(np.searchsorted(run_m, shapely.line_locate_point(ring, shapely.Point(point)), "right")) + 1
    around = np.concatenate([[point], np.roll(xy, -after, axis=0), [point]])
    return np.asarray(around[np.r_[True, np.hypot(*np.diff(around, axis=0).T) > 0]])


def _short_cuts(lines: _Outlines, most_m2: Numbers, least_m2: float, gap_share: float) -> _Cuts:
    """Find cuts from each corner that juts in to the outline beyond that are short for what they part."""
    xy, following = lines.xy, lines.following
    along = xy[following] - xy
    length_m = np.hypot(*along.T)
    unit = along / np.where(length_m > 0, length_m, 1.0)[:, None]
    before = np.empty_like(following)
    before[following] = np.arange(len(following))
    corners = np.flatnonzero(_cross(unit[before], unit) < -_TURN)
    # Most of an outline is beyond the longest cut.
    tree = shapely.STRtree(np.asarray(shapely.linestrings(np.stack([xy, xy[following]], axis=1))))
    reach_m = np.sqrt(most_m2[lines.of[corners]])
    around = shapely.box(*(xy[corners] - reach_m[:, None]).T, *(xy[corners] + reach_m[:, None]).T)
    corner, beyond = tree.query(around)
    corner = corners[corner]
    is_own = lines.of[corner] == lines.of[beyond]
    corner, beyond, of = corner[is_own], beyond[is_own], lines.of[corner[is_own]]
    at_m = ((xy[corner] - xy[beyond]) * unit[beyond]).sum(axis=1)
    at_m = np.where(at_m < _NEAR_M, 0.0, at_m)
    at_m = np.where(at_m > length_m[beyond] - _NEAR_M, length_m[beyond], at_m)
    end = xy[beyond] + at_m[:, None] * unit[beyond]
    square_m2 = ((end - xy[corner]) ** 2).sum(axis=1)
    cuts = _Cuts(corner, beyond, end, of, square_m2).at(
        (square_m2 > _SHORTEST_M**2) & (square_m2 <= most_m2[of])
    )
    smaller_m2 = _smaller_sides(lines, cuts)
    is_short = (smaller_m2 >= least_m2) & (cuts.square_m2 <= gap_share * smaller_m2)
    share = cuts.square_m2 / np.where(is_short, smaller_m2, 1.0)
    rows = np.sort(_leading(np.flatnonzero(is_short), share, cuts.corner, _PER_CORNER))
    return cuts.at(_leading(rows, share, cuts.of, _PER_AREA))


def _cross(one: Numbers, other: Numbers) -> Numbers:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _smaller_sides(lines: _Outlines, cuts: _Cuts) -> Numbers:
    """Work out the area of the smaller side of each cut, from sums along the outlines."""
    xy = lines.xy - lines.xy[lines.first[lines.of]]
    sums = np.concatenate([[0.0], np.cumsum(_cross(xy, xy[lines.following]))])
    all_m2 = (sums[lines.first + lines.vertices] - sums[lines.first])[cuts.of]
    twice_m2 = sums[cuts.beyond] - sums[cuts.corner] + np.where(cuts.beyond < cuts.corner, all_m2, 0.0)
    end = cuts.end - lines.xy[lines.first[cuts.of]]
    twice_m2 += _cross(xy[cuts.beyond], end) + _cross(end, xy[cuts.corner])
    return np.asarray(np.minimum(twice_m2, all_m2 - twice_m2) / 2)


def _seen(areas: Geometries, lines: _Outlines, cuts: _Cuts) -> _Cuts:
    """Keep cuts that run through the area all the way."""
    start = lines.xy[cuts.corner]
    off = (cuts.end - start) * (_END_M / np.sqrt(cuts.square_m2))[:, None]
    ways = shapely.linestrings(np.stack([start + off, cuts.end - off], axis=1))
    shapely.prepare(areas)
    return cuts.at(shapely.contains_properly(areas[cuts.of], ways))


def _sides(lines: _Outlines, cuts: _Cuts) -> tuple[Geometries, Geometries]:
    """Draw both sides of each cut, smaller holes filled in."""
    after = lines.following[cuts.beyond]
    return _drawn(lines, cuts, cuts.corner, cuts.beyond), _drawn(lines, cuts, after, cuts.corner)


def _drawn(lines: _Outlines, cuts: _Cuts, start: Indices, stop: Indices) -> Geometries:
    """Draw what the outline from one vertex to another and the end of the cut enclose."""
    first, count = lines.first[cuts.of], lines.vertices[cuts.of]
    vertices = (stop - start) % count + 1
    row = np.repeat(np.arange(len(start)), vertices)
    step = np.arange(len(row)) - np.repeat(np.cumsum(vertices) - vertices, vertices)
    vertex = first[row] + (start[row] - first[row] + step) % count[row]
    row = np.concatenate([row, np.arange(len(start))])
    order = np.argsort(row, kind="stable")
    xy = np.concatenate([lines.xy[vertex], cuts.end])[order]
    return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=row[order])), dtype=object)
