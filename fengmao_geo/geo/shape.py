"""What polygons are like: how wide, how compact, whether a court fits in; pure functions over arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from fengmao_geo.geo.lines import ranges
from fengmao_geo.geo.planar import in_lots, joined_by_row, outline_segments, polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["compactness", "fits_rectangle", "inscribed_circles", "mean_width"]

# The largest circle is looked for until nothing can be better by more than this.
_CIRCLE_M = 0.01
# What is contained may stand out by this on each side: outlines are no better than that.
_TOLERANCE_M = 0.001
# Angles are searched in stretches of twice the first, halved down to twice the last.
_STRETCH_RAD = np.deg2rad(11.25)
_HALVINGS = 7
# Directions nearer to one another than this are one: 32 m turn by less than the tolerance.
_SAME_RAD = 1e-5
# Keys of rows lie farther apart than any two angles.
_ROWS_APART = 100.0
# Smaller regions are rounding: where a rectangle fits exactly, its centre has the tolerance to move in.
_REGION_M2 = _TOLERANCE_M**2
_CORE_SHARE = 0.97
# So many polygons are searched at once, which bounds memory.
_AT_ONCE = 128


def mean_width(polygons: Geometries) -> Numbers:
    """Measure how wide polygons are on average: twice the area by the length of the outline, 2A/P.

    It is the width of a long strip, and half the side of a square. Holes count with their outlines.

    Parameters
    ----------
    polygons
        Polygons, shape ``(n,)``.

    Returns
    -------
    array, shape ``(n,)``
        Metres; 0 where there is no area.

    Examples
    --------
    >>> mean_width(np.array([shapely.box(0, 0, 12, 12), shapely.Polygon()])).tolist()
    [6.0, 0.0]
    """
    outline_m = shapely.length(polygons)
    return np.divide(2 * shapely.area(polygons), outline_m, out=np.zeros(len(polygons)), where=outline_m > 0)


def compactness(polygons: Geometries) -> Numbers:
    """Measure how compact polygons are, 4πA/P²: 1 for a circle, 0.785 for a square, near 0 for a strip.

    Parameters
    ----------
    polygons
        Polygons, shape ``(n,)``.

    Returns
    -------
    array, shape ``(n,)``
        A share from 0 to 1; 0 where there is no area.

    Examples
    --------
    >>> compactness(np.array([shapely.box(0, 0, 12, 12), shapely.Polygon()])).round(3).tolist()
    [0.785, 0.0]
    """
    outline_m = shapely.length(polygons)
    ratio = 4 * np.pi * shapely.area(polygons)
    return np.divide(ratio, outline_m**2, out=np.zeros(len(polygons)), where=outline_m > 0)


def inscribed_circles(
    polygons: Geometries, *, tolerance_m: float | Numbers = 0.01
) -> tuple[Numbers, Numbers]:
    """Find the largest circle inside each polygon.

    The circle lies inside; the largest one is wider by at most the tolerance in radius.

    Parameters
    ----------
    polygons
        Polygons, shape ``(n,)``.
    tolerance_m
        By how much the radius may fall short, one for all or for each.

    Returns
    -------
    tuple of arrays
        Centres ``(n, 2)``, and radii in metres ``(n,)``; no centre (NaN) and radius 0 where there is no area.

    Examples
    --------
    >>> centre, radius_m = inscribed_circles(np.array([shapely.box(0, 0, 8, 8), shapely.Polygon()]))
    >>> centre[0].round(2).tolist(), radius_m.round(2).tolist()
    ([4.0, 4.0], [4.0, 0.0])
    """
    centre, radius_m = np.full((len(polygons), 2), np.nan), np.zeros(len(polygons))
    rows = np.flatnonzero(shapely.area(polygons) > 0)
    polygons, tolerance = polygons[rows], np.broadcast_to(tolerance_m, polygons.shape)[rows]
    spokes = np.empty(len(rows), dtype=object)
    done = in_lots(
        lambda lot, within: shapely.maximum_inscribed_circle(lot, tolerance=within), polygons, tolerance
    )
    for lot, found in done:
        spokes[lot] = found
    centre[rows] = shapely.get_coordinates(shapely.get_point(spokes, 0))
    radius_m[rows] = shapely.length(spokes)
    return centre, radius_m


def fits_rectangle(polygons: Geometries, length_m: float, width_m: float) -> Flags:
    """Say whether a rectangle, at any angle, lies inside each polygon.

    A yes is always right: it is a placement that was found and lies inside but for 1 mm on each side. Angles
    are searched by halving stretches down to a step of 0.18°. A stretch is left only where the rectangle that
    lies in ours at all its angles has no place; in the end, every angle of the step that is left and every
    direction of the outline's edges in it are tried exactly. So a no is wrong only where the room to spare is
    less than ``width_m · sin 0.09°`` in length or ``length_m · sin 0.09°`` in width (for a court of 32 by
    19 m 3 cm and 5 cm), and never for a rectangle along an edge of the outline.

    Parameters
    ----------
    polygons
        Valid polygons, with holes or in parts or empty, shape ``(n,)``.
    length_m, width_m
        Sides of the rectangle.

    Returns
    -------
    array of bool, shape ``(n,)``
        Whether it fits.

    Examples
    --------
    >>> plots = np.array([shapely.box(0, 0, 19, 32), shapely.box(0, 0, 18, 60), shapely.Polygon()])
    >>> fits_rectangle(plots, 32.0, 19.0).tolist()
    [True, False, False]
    """
    size_m = np.array([max(length_m, width_m), min(length_m, width_m)]) - 2 * _TOLERANCE_M
    parts, of = shapely.get_parts(polygons, return_index=True)
    fits = np.zeros(len(polygons), dtype=bool)
    rows = np.flatnonzero(_may_hold(parts, size_m))
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        fits[of[some[_found(_at_home(parts[some]), size_m)]]] = True
    return fits


class _Tries(NamedTuple):
    """Angles to look at: the polygon's row, the angle, and where the rectangle's centre may lie."""

    row: Indices
    angle_rad: Numbers
    region: Geometries


def _may_hold(shapes: Geometries, size_m: Numbers) -> Flags:
    """Leave out what holds no such rectangle by its area, its box or its largest circle."""
    may: Flags = shapely.area(shapes) >= size_m[0] * size_m[1]
    rows = np.flatnonzero(may)
    sides_m, _ = _boxes(shapes[rows])
    may[rows] = _goes_into(size_m, sides_m)
    rows = np.flatnonzero(may)
    may[rows] = 2 * (inscribed_circles(shapes[rows])[1] + 2 * _CIRCLE_M) >= size_m[1]
    return may


def _boxes(shapes: Geometries) -> tuple[Numbers, Numbers]:
    """Measure the smallest turned boxes: long and short side ``(n, 2)``, the long side's angle ``(n,)``."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shapes)).reshape(-1, 5, 2)
    sides = np.diff(corners[:, :3], axis=1)
    sides_m = np.hypot(sides[..., 0], sides[..., 1])
    longer = sides[np.arange(len(sides)), np.argmax(sides_m, axis=1)]
    return -np.sort(-sides_m, axis=1), np.arctan2(longer[:, 1], longer[:, 0])


def _goes_into(size_m: Numbers, box_m: Numbers) -> Flags:
    """Say whether a rectangle goes into larger ones, turned if need be (Carver 1957)."""
    (p, q), (a, b) = size_m, box_m.T + _TOLERANCE_M
    diagonal_2 = p**2 + q**2
    needed = (2 * p * q * a + (p**2 - q**2) * np.sqrt(np.maximum(diagonal_2 - a**2, 0))) / diagonal_2
    goes: Flags = (q <= b) & ((p <= a) | (b >= needed))
    return goes


def _at_home(shapes: Geometries) -> Geometries:
    """Move each polygon to the origin, where coordinates are short and overlays exact."""
    return _moved(shapes, -shapely.get_coordinates(shapely.centroid(shapes)))


def _moved(shapes: Geometries, by: Numbers) -> Geometries:
    moved = shapes.copy()
    xy, row = shapely.get_coordinates(moved, return_index=True)
    return shapely.set_coordinates(moved, xy + by[row])


def _found(shapes: Geometries, size_m: Numbers) -> Flags:
    """Look for the rectangle in polygons that lie at the origin."""
    shapely.prepare(shapes)
    row, angle_rad = _edge_angles(shapes)
    fits = np.zeros(len(shapes), dtype=bool)
    for centre in (inscribed_circles(shapes)[0], _box_centres(shapes), np.zeros((len(shapes), 2))):
        fits[row[_holds(shapes[row], centre[row], angle_rad, size_m)]] = True
    tries = _first_tries(shapes, np.flatnonzero(~fits), size_m)
    stretch_rad = _STRETCH_RAD
    for _ in range(_HALVINGS):
        tries = _narrowed(shapes, tries, size_m, stretch_rad)
        fits[_tried(shapes, tries, size_m)] = True
        tries = _halved(tries, fits, stretch_rad / 2)
        stretch_rad /= 2
    tries = _with_edges(tries, row, angle_rad, stretch_rad)
    fits[_tried(shapes, _narrowed(shapes, tries, size_m, 0.0), size_m)] = True
    return fits


def _first_tries(shapes: Geometries, rows: Indices, size_m: Numbers) -> _Tries:
    """Start from the sides of the smallest box, and from where the rectangle's middle line has room.

    It is as far from the outline as half the short side: a part of such ground that is shorter than the line
    holds none. Buffers are exact to a hundredth of their distance, so a little less is taken.
    """
    core, at = shapely.get_parts(
        shapely.buffer(shapes[rows], -_CORE_SHARE * size_m[1] / 2), return_index=True
    )
    bounds = shapely.bounds(core).reshape(-1, 4)
    is_long = np.hypot(*(bounds[:, 2:] - bounds[:, :2]).T) >= size_m[0] - size_m[1]
    core, row = core[is_long], rows[at[is_long]]
    steps = np.arange(0, np.pi, 2 * _STRETCH_RAD)
    angle_rad = _boxes(shapes[row])[1][:, None] + steps
    return _Tries(np.repeat(row, len(steps)), angle_rad.ravel(), np.repeat(core, len(steps)))


def _edge_angles(shapes: Geometries) -> tuple[Indices, Numbers]:
    """List the directions of each polygon's edges, along and across: its row, angle from 0 to π."""
    start, end, row = outline_segments(shapes)
    angle_rad = np.arctan2(*(end - start).T[::-1])
    turned = np.concatenate([angle_rad, angle_rad + np.pi / 2]) % np.pi
    step = np.round(turned / _SAME_RAD)
    _, first = np.unique(np.stack([np.tile(row, 2), step], axis=1), axis=0, return_index=True)
    return np.tile(row, 2)[first], turned[first]


def _box_centres(shapes: Geometries) -> Numbers:
    return shapely.get_coordinates(shapely.centroid(shapely.minimum_rotated_rectangle(shapes)))


def _corners(angle_rad: Numbers, size_m: Numbers) -> Numbers:
    """Place the four corners around a centre at the origin: ``(n, 4, 2)``, in turn."""
    along = np.stack([np.cos(angle_rad), np.sin(angle_rad)], axis=1) * size_m[0] / 2
    across = np.stack([-np.sin(angle_rad), np.cos(angle_rad)], axis=1) * size_m[1] / 2
    return np.stack([along + across, across - along, -along - across, along - across], axis=1)


def _holds(shapes: Geometries, centre: Numbers, angle_rad: Numbers, size_m: Numbers) -> Flags:
    """Say whether the polygons contain rectangles placed so."""
    held: Flags = shapely.covers(shapes, shapely.polygons(centre[:, None] + _corners(angle_rad, size_m)))
    return held


def _tried(shapes: Geometries, tries: _Tries, size_m: Numbers) -> Indices:
    """Try the rectangle itself at a point of each part of the regions; give the rows where it fits."""
    parts, at = shapely.get_parts(tries.region, return_index=True)
    centre = shapely.get_coordinates(shapely.point_on_surface(parts))
    row = tries.row[at]
    return row[_holds(shapes[row], centre, tries.angle_rad[at], size_m)]


def _inner(size_m: Numbers, turn_rad: float) -> Numbers:
    """Find a rectangle that lies in ours wherever it is turned by no more than so much."""
    (p, q), sin, cos = size_m, np.sin(turn_rad), np.cos(turn_rad)
    short_m = max((q * cos - p * sin) / np.cos(2 * turn_rad), 0.0)
    long_m = (p * cos - q * sin) / np.cos(2 * turn_rad) if short_m else q / sin
    if short_m * cos < long_m * sin:
        # Turned on its way to the last angle it is longest, with its diagonal along our long side.
        long_m = min(long_m, np.sqrt(p**2 - short_m**2))
    return np.array([long_m, short_m])


def _narrowed(shapes: Geometries, tries: _Tries, size_m: Numbers, turn_rad: float) -> _Tries:
    """Keep of each region where the centre may lie at angles that differ by no more than so much.

    The four corners lie in the polygon, and no edge of its outline comes into the rectangle: the centres
    that are forbidden are each edge grown by the rectangle.
    """
    size_m = _inner(size_m, turn_rad)
    corners = _corners(tries.angle_rad, size_m)
    region, rows = tries.region.copy(), np.arange(len(tries.row))
    for corner in range(4):
        region[rows] = shapely.intersection(
            region[rows], _moved(shapes[tries.row[rows]], -corners[rows, corner])
        )
        rows = rows[shapely.area(region[rows]) > _REGION_M2]
    row, grown = _grown_edges(shapes[tries.row[rows]], corners[rows], shapely.bounds(region[rows]))
    if len(hit := np.unique(row)):
        region[rows[hit]] = shapely.difference(region[rows[hit]], joined_by_row(grown, row))
    rows = rows[shapely.area(region[rows]) > _REGION_M2]
    return _Tries(tries.row[rows], tries.angle_rad[rows], _polygonal(region[rows]))


def _polygonal(regions: Geometries) -> Geometries:
    """Leave out the points and lines at which shifted outlines touch."""
    mixed = np.flatnonzero(shapely.get_type_id(regions) == shapely.GeometryType.GEOMETRYCOLLECTION)
    regions[mixed] = [shapely.MultiPolygon(list(polygons_of(regions[[at]]))) for at in mixed]
    return regions


def _grown_edges(shapes: Geometries, corners: Numbers, bounds: Numbers) -> tuple[Indices, Geometries]:
    """Grow the edges of outlines by rectangles, those that come near the bounds: row, ascending, and hull."""
    start, end, row = outline_segments(shapes)
    reach_m = corners.max(axis=1)[row]
    is_near = (np.maximum(start, end) + reach_m >= bounds[row, :2]).all(axis=1)
    is_near &= (np.minimum(start, end) - reach_m <= bounds[row, 2:]).all(axis=1)
    ends = np.stack([start[is_near], end[is_near]], axis=1)
    row = row[is_near]
    points = (ends[:, :, None] + corners[row][:, None]).reshape(-1, 2)
    return row, shapely.convex_hull(shapely.multipoints(points, indices=np.repeat(np.arange(len(row)), 8)))


def _halved(tries: _Tries, fits: Flags, turn_rad: float) -> _Tries:
    """Halve each stretch of angles where nothing is found yet."""
    open_ = np.flatnonzero(~fits[tries.row])
    twice = np.repeat(open_, 2)
    turn = np.tile([-turn_rad, turn_rad], len(open_))
    return _Tries(tries.row[twice], tries.angle_rad[twice] + turn, tries.region[twice])


def _with_edges(tries: _Tries, row: Indices, angle_rad: Numbers, turn_rad: float) -> _Tries:
    """Add to the angles that are left the directions of edges that lie within their stretch."""
    # Angles repeat after half a turn; a row's own lie apart from all others'.
    turned = np.concatenate([angle_rad - np.pi, angle_rad, angle_rad + np.pi])
    key = np.tile(row * _ROWS_APART, 3) + turned
    order = np.argsort(key)
    near = tries.row * _ROWS_APART + tries.angle_rad % np.pi
    reach_rad = turn_rad + _SAME_RAD
    start, end = np.searchsorted(key[order], [near - reach_rad, near + reach_rad])
    at, edge = np.repeat(np.arange(len(near)), end - start), order[ranges(start, end)]
    return _Tries(
        np.concatenate([tries.row, tries.row[at]]),
        np.concatenate([tries.angle_rad, turned[edge]]),
        np.concatenate([tries.region, tries.region[at]]),
    )
