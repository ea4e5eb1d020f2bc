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
    Flags = NDArray[np.bool_]

__all__ = ["given_to_neighbours"]


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
    # Most takers are near nothing that is given.
    taking = taking[np.unique(shapely.STRtree(parts[taking]).query(parts[given])[1])]
    row, hit, shared_m = shared_lengths(parts[given], parts[taking])
    row, hit = given[row], taking[hit]
    is_near = (of[row] == of[hit]) & (shared_m >= least_share * shapely.length(parts[row]))
    row, hit, shared_m = row[is_near], hit[is_near], shared_m[is_near]
    order = np.lexsort((hit, -shared_m, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    owner = np.arange(len(parts))
    owner[row[first]] = hit[first]
    order = np.argsort(owner, kind="stable")
    joined = joined_by_row(parts[order], owner[order], grid_m=GRID_M)
    # What touches in a point only falls apart again.
    joined, at = polygon_parts(joined)
    return joined, np.unique(owner)[at]
