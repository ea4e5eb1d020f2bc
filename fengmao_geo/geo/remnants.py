"""Remnants of areas that were cut, given to the parts beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.planar import GRID_M, joined_by_row, polygon_parts, shared_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["given_to_neighbours", "open_shares"]


def given_to_neighbours(
    parts: Geometries,
    of: Indices,
    is_given: Flags,
    *,
    is_taking: Flags | None = None,
    least_share: float = 0.0,
) -> tuple[Geometries, Indices]:
    """Give parts of areas to the part of the same area they share most of their outline with.

    Parameters
    ----------
    parts
        Polygons that do not overlap, shape ``(n,)``.
    of
        The area each is part of, shape ``(n,)``.
    is_given
        Which of them are given away, shape ``(n,)``.
    is_taking
        Which of them may take others; by default all that are not given away.
    least_share
        What shares less of its outline with one other stays on its own.

    Returns
    -------
    tuple of arrays
        Polygons ``(p,)``, which cover the same ground, and the row of a part each has come from ``(p,)``.

    Examples
    --------
    >>> room, closet, hall = shapely.box(0, 0, 9, 9), shapely.box(9, 0, 11, 4), shapely.box(11, 3, 30, 9)
    >>> parts, came = given_to_neighbours(
    ...     np.array([room, closet, hall]), np.zeros(3), np.array([False, True, False])
    ... )
    >>> shapely.area(parts).tolist(), came.tolist()
    ([89.0, 114.0], [0, 2])
    """
    given, taking = np.flatnonzero(is_given), np.flatnonzero(~is_given if is_taking is None else is_taking)
    row, hit, shared_m = _borders(parts, of, given, taking)
    is_enough = shared_m >= least_share * shapely.length(parts[row])
    row, hit, shared_m = row[is_enough], hit[is_enough], shared_m[is_enough]
    order = np.lexsort((hit, -shared_m, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    owner = np.arange(len(parts))
    owner[row[first]] = hit[first]
    order = np.argsort(owner, kind="stable")
    joined = joined_by_row(parts[order], owner[order], grid_m=GRID_M)
    # What touches in a point only falls apart again.
    joined, at = polygon_parts(joined)
    return joined, np.unique(owner)[at]


def open_shares(parts: Geometries, of: Indices, rows: Indices) -> Numbers:
    """Work out the share of the outline of some parts that is mere cut: other parts of the area lie beyond.

    Parameters
    ----------
    parts
        Polygons that do not overlap, shape ``(n,)``.
    of
        The area each is part of, shape ``(n,)``.
    rows
        The parts to look at, shape ``(r,)``.

    Returns
    -------
    array, shape ``(r,)``
        Shares from 0 to 1.

    Examples
    --------
    >>> room, gap, hall = shapely.box(0, 0, 9, 9), shapely.box(9, 0, 12, 6), shapely.box(12, 0, 30, 9)
    >>> open_shares(np.array([room, gap, hall]), np.zeros(3), np.array([1])).round(3).tolist()
    [0.667]
    """
    row, _, shared_m = _borders(parts, of, rows, np.arange(len(parts)))
    cut_m = np.bincount(row, weights=shared_m, minlength=len(parts))[rows]
    return np.asarray(cut_m / shapely.length(parts[rows]))


def _borders(
    parts: Geometries, of: Indices, rows: Indices, others: Indices
) -> tuple[Indices, Indices, Numbers]:
    """Measure how much of their outlines some parts share with others of the same area."""
    # Most others are near none of them.
    others = others[np.unique(shapely.STRtree(parts[others]).query(parts[rows])[1])]
    row, hit, shared_m = shared_lengths(parts[rows], parts[others])
    row, hit = rows[row], others[hit]
    is_other = (of[row] == of[hit]) & (row != hit)
    return row[is_other], hit[is_other], shared_m[is_other]
