"""The ground between two edges: loose ends joined, and the long and narrow faces taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

__all__ = ["BetweenEdges", "between_edges"]

#: Edges are brought to this grid, in metres, so that they meet where they touch.
_GRID_M = 1e-3


class BetweenEdges(NamedTuple):
    """The ground between edges, which edges bound it, and how many loose ends were closed."""

    surfaces: Geometries
    is_used: Flags
    closed_count: int


def between_edges(
    edges: Geometries, *, closing_m: float, max_width_m: float, min_ratio: float
) -> BetweenEdges:
    """Find the ground between pairs of edges.

    Loose ends no farther apart than ``closing_m`` are joined; then those within ``max_width_m``, as the two
    edges of a street end beside one another; two are joined if each is the other's nearest. Of the faces that
    the lines enclose, those are taken whose equivalent rectangle (of the same area and perimeter) is no wider
    than ``max_width_m`` and at least ``min_ratio`` times as long as it is wide.

    Parameters
    ----------
    edges
        LineStrings in metres.
    closing_m
        The widest gap in an edge.
    max_width_m
        The widest street.
    min_ratio
        Length by width of the shortest piece of street.

    Returns
    -------
    BetweenEdges
        ``surfaces``; for each edge whether it bounds one of them; how many pairs of loose ends were joined.

    Examples
    --------
    >>> kerbs = shapely.from_wkt(["LINESTRING (0 0, 90 0)", "LINESTRING (0 8, 90 8)"])
    >>> found = between_edges(kerbs, closing_m=0.1, max_width_m=40, min_ratio=6)
    >>> shapely.area(found.surfaces).tolist(), found.is_used.tolist(), found.closed_count
    ([720.0], [True, True], 2)
    """
    if not len(edges):
        return BetweenEdges(np.array([], dtype=object), np.zeros(0, dtype=bool), 0)
    noded = _noded(edges)
    gaps = _links(noded, closing_m)
    noded = _noded(np.concatenate([noded, gaps]))
    caps = _links(noded, max_width_m)
    faces = np.asarray(
        shapely.get_parts(shapely.polygonize(_noded(np.concatenate([noded, caps])))), dtype=object
    )
    half, area = shapely.length(faces) / 4, shapely.area(faces)
    away = np.sqrt(np.maximum(half**2 - area, 0))
    width_m, length_m = half - away, half + away
    taken = faces[(width_m <= max_width_m) & (length_m >= min_ratio * width_m)]
    rims = shapely.union_all(shapely.buffer(shapely.boundary(taken), 10 * _GRID_M))
    shapely.prepare(rims)
    inside_m = shapely.length(shapely.intersection(edges, rims))
    return BetweenEdges(taken, inside_m > shapely.length(edges) / 2, len(gaps) + len(caps))


def _noded(lines: Geometries) -> Geometries:
    return np.asarray(shapely.get_parts(shapely.union_all(lines, grid_size=_GRID_M)), dtype=object)


def _links(lines: Geometries, reach_m: float) -> Geometries:
    """Join loose ends that are each other's nearest."""
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    xy = shapely.get_coordinates(ends)
    _, node, count = np.unique(np.round(xy / _GRID_M), axis=0, return_index=True, return_counts=True)
    loose = xy[np.sort(node[count == 1])]
    if len(loose) < 2 or reach_m <= 0:
        return np.array([], dtype=object)
    from scipy.spatial import KDTree  # noqa: PLC0415  heavy

    nearest = KDTree(loose).query(loose, k=[2])
    far_m, near = (np.asarray(of).ravel() for of in nearest)
    every = np.arange(len(loose))
    is_pair = (near[near] == every) & (every < near) & (far_m <= reach_m)
    pairs = np.stack([loose[every[is_pair]], loose[near[is_pair]]], axis=1)
    return np.asarray(shapely.linestrings(pairs), dtype=object)
