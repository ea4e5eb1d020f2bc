"""Lines as arrays: positions along them, pieces of them, cells of a grid they pass through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = [
    "box_pairs",
    "cut_lines",
    "grid_cuts",
    "insert_points",
    "last_before",
    "pulled_in",
    "ranges",
    "segments",
    "vertex_positions",
]

# Boxes are grown by this, so that rounding loses nothing that is just within reach.
_ROUNDING_M = 1e-6


def vertex_positions(lines: Geometries) -> tuple[Numbers, Indices, Numbers]:
    """Where each vertex lies along its line.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Coordinates ``(v, 2)``, index of each vertex's line ``(v,)``, metres from the line's start ``(v,)``.

    Examples
    --------
    >>> xy, line, at_m = vertex_positions(np.array([shapely.LineString([(0, 0), (3, 4), (3, 6)])]))
    >>> at_m.tolist()
    [0.0, 5.0, 7.0]
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return xy, line, np.zeros(0)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    is_first = np.diff(line, prepend=-1) > 0
    at_m = np.cumsum(np.where(is_first, 0.0, step))
    starts = np.flatnonzero(is_first)
    at_m -= np.repeat(at_m[starts], np.diff(np.append(starts, len(line))))
    return xy, line, at_m


def box_pairs(tree: shapely.STRtree, bounds: Numbers, reach_m: float) -> tuple[Indices, Indices]:
    """Pair boxes with the geometries whose own boxes come within reach of them.

    Measuring such pairs afterwards is several times as fast as asking the index for a distance.

    Parameters
    ----------
    tree
        Index over geometries.
    bounds
        ``minx, miny, maxx, maxy`` of each box, shape ``(n, 4)``.
    reach_m
        How far apart the boxes may be, each way.

    Returns
    -------
    tuple of arrays
        Row of the box, ascending, and row of the geometry.

    Examples
    --------
    >>> tree = shapely.STRtree([shapely.Point(3, 0), shapely.Point(9, 9)])
    >>> [rows.tolist() for rows in box_pairs(tree, np.array([[0.0, 0.0, 1.0, 1.0]]), 2.0)]
    [[0], [0]]
    """
    if not len(bounds):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    # A diagonal has the bounds of its box, and is made faster. Rounding must lose no pair.
    grown = bounds + np.array([-1, -1, 1, 1]) * (reach_m + _ROUNDING_M)
    row, hit = tree.query(shapely.linestrings(grown.reshape(-1, 2, 2)))
    return row, hit


def cut_lines(lines: Geometries, start_m: Numbers, end_m: Numbers) -> Geometries:
    """Take the piece of each line between two positions.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.
    start_m, end_m
        Metres from each line's start, shape ``(n,)``, with ``start_m <= end_m``.

    Returns
    -------
    array of LineString, shape ``(n,)``
        The pieces; one of no length has its point twice.

    Examples
    --------
    >>> cut_lines(np.array([shapely.LineString([(0, 0), (9, 0)])]), np.array([2.0]), np.array([5.0]))[0].wkt
    'LINESTRING (2 0, 5 0)'
    """
    if not len(lines):
        return np.zeros(0, dtype=object)
    xy, line, at_m = vertex_positions(lines)
    is_inner = (at_m > start_m[line]) & (at_m < end_m[line])
    ends = shapely.line_interpolate_point(np.concatenate([lines, lines]), np.concatenate([start_m, end_m]))
    rows = np.arange(len(lines))
    order = np.concatenate([rows, line[is_inner], rows])
    position = np.concatenate([start_m, at_m[is_inner], end_m])
    rank = np.concatenate([np.zeros(len(lines)), np.ones(is_inner.sum()), np.full(len(lines), 2.0)])
    end_xy = shapely.get_coordinates(ends)
    points = np.concatenate([end_xy[: len(lines)], xy[is_inner], end_xy[len(lines) :]])
    sort = np.lexsort((rank, position, order))
    return np.asarray(shapely.linestrings(points[sort], indices=order[sort]))


def pulled_in(lines: Geometries, at_m: Numbers, by_m: float) -> Numbers:
    """Place points on lines, those near an end moved inwards.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.
    at_m
        Metres from each line's start, shape ``(n,)``.
    by_m
        How far from either end the points are kept; half the line where it is shorter than twice that.

    Returns
    -------
    array, shape ``(n, 2)``
        Coordinates.

    Examples
    --------
    >>> pulled_in(np.array([shapely.LineString([(0, 0), (9, 0)])] * 2), np.array([0.0, 4.0]), 1.0).tolist()
    [[1.0, 0.0], [4.0, 0.0]]
    """
    length = shapely.length(lines)
    margin = np.minimum(by_m, length / 2)
    return shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.clip(at_m, margin, length - margin))
    )


def ranges(low: Indices, high: Indices) -> Indices:
    """Run through several ranges one after the other.

    Parameters
    ----------
    low, high
        First number of each range, and the one after its last, shape ``(k,)``.

    Returns
    -------
    array, shape ``(n,)``
        The numbers of the first range, then of the second, and so on.

    Examples
    --------
    >>> ranges(np.array([4, 0]), np.array([6, 3])).tolist()
    [4, 5, 0, 1, 2]
    """
    count = high - low
    offset = np.repeat(low - (np.cumsum(count) - count), count)
    return np.asarray(np.arange(count.sum()) + offset, dtype=np.intp)


def last_before(values: Numbers, low: Indices, end: Indices, wanted: Numbers) -> Indices:
    """Find in ascending stretches of one array the last number that is not beyond what is wanted.

    Parameters
    ----------
    values
        Numbers that ascend within each stretch, shape ``(v,)``.
    low, end
        First number of each stretch, and the one after its last, shape ``(k,)``.
    wanted
        What is looked for in each, shape ``(k,)``.

    Returns
    -------
    array, shape ``(k,)``
        Where it stands; the stretch's first where all of it is beyond.

    Examples
    --------
    >>> steps = np.array([0.0, 3.0, 8.0, 0.0, 5.0])
    >>> last_before(steps, np.array([0, 3, 3]), np.array([3, 5, 5]), np.array([3.5, 9.0, -1.0])).tolist()
    [1, 4, 3]
    """
    high = end - 1
    while (low < high).any():
        middle = (low + high + 1) // 2
        is_before = values[middle] <= wanted
        low, high = np.where(is_before, middle, low), np.where(is_before, high, np.maximum(middle - 1, low))
    return low


def segments(lines: Geometries) -> tuple[Numbers, Numbers, Indices]:
    """Every straight stretch of lines or rings, by its two ends.

    Parameters
    ----------
    lines
        LineStrings or LinearRings, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Starts and ends, each of shape ``(s, 2)``, and the index of each stretch's line ``(s,)``.

    Examples
    --------
    >>> start, end, line = segments(np.array([shapely.LineString([(0, 0), (1, 0), (1, 1)])]))
    >>> end.tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    is_same = line[1:] == line[:-1]
    return xy[:-1][is_same], xy[1:][is_same], line[:-1][is_same]


def grid_cuts(lines: Geometries, spacing_m: float) -> tuple[Indices, Numbers]:
    """Where lines cross the lines of a square grid through the origin.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.
    spacing_m
        Width of a cell.

    Returns
    -------
    tuple of arrays
        Index of the line and metres from its start, one entry per crossing, in no order.

    Examples
    --------
    >>> line, at_m = grid_cuts(np.array([shapely.LineString([(1, 1), (25, 1)])]), 10.0)
    >>> at_m.tolist()
    [9.0, 19.0]
    """
    xy, line, at_m = vertex_positions(lines)
    is_same = line[1:] == line[:-1]
    start, end, of, start_m = xy[:-1][is_same], xy[1:][is_same], line[:-1][is_same], at_m[:-1][is_same]
    found_line, found_m = [np.zeros(0, dtype=np.intp)], [np.zeros(0)]
    for axis in (0, 1):
        low = np.ceil(np.minimum(start[:, axis], end[:, axis]) / spacing_m)
        high = np.floor(np.maximum(start[:, axis], end[:, axis]) / spacing_m)
        count = np.where(start[:, axis] == end[:, axis], 0, np.maximum(high - low + 1, 0)).astype(np.intp)
        row = np.repeat(np.arange(len(start)), count)
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        share = ((low[row] + step) * spacing_m - start[row, axis]) / (end[row, axis] - start[row, axis])
        found_line.append(of[row])
        found_m.append(start_m[row] + share * np.hypot(*(end[row] - start[row]).T))
    return np.concatenate(found_line), np.concatenate(found_m)


def insert_points(lines: Geometries, row: Indices, at_m: Numbers, xy: Numbers) -> Geometries:
    """Draw lines through further points.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.
    row, at_m, xy
        For each point its line, its metres along it, and its coordinates ``(p, 2)``.

    Returns
    -------
    array of LineString, shape ``(n,)``
        The lines, with the points among their vertices.

    Examples
    --------
    >>> line = np.array([shapely.LineString([(0, 0), (9, 0)])])
    >>> insert_points(line, np.array([0]), np.array([4.0]), np.array([[4.0, 0.0]]))[0].wkt
    'LINESTRING (0 0, 4 0, 9 0)'
    """
    old_xy, old_row, old_m = vertex_positions(lines)
    all_row, all_m = np.concatenate([old_row, row]), np.concatenate([old_m, at_m])
    order = np.lexsort((all_m, all_row))
    return np.asarray(shapely.linestrings(np.concatenate([old_xy, xy])[order], indices=all_row[order]))
