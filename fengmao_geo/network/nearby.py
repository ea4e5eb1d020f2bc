"""Bounded searches from many places, each in the part of the network that lies around it.

A search over a whole city leaves the processor's cache at every step, and takes several times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.geo.lines import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Legs", "Nearby", "nearby_distances", "nearest_sources", "with_sources"]

# So many sources are searched from at once, and so many distances held.
_SOURCES = 64
# Into so many lots sources are parted before what each reaches is looked for.
_LOTS = 16
_DISTANCES = 4_000_000
# Sources are walked out from at once that lie in a strip of at least so many nodes, and so many times the
# limit wide: what lies within the limit of it is looked at with its neighbours, too.
_STRIP_NODES = 100_000
_STRIP_LIMITS = 4


class Legs(NamedTuple):
    """One-way arcs from sources to nodes, in the order of both: numbers of sources, of nodes, metres."""

    source: Indices
    node: Indices
    length_m: Numbers


class Nearby(NamedTuple):
    """What lies around some sources: their numbers, the nodes, metres of shape ``(sources, nodes)``."""

    source: Indices
    node: Indices
    distance_m: Numbers


def nearby_distances(graph: sparse.csr_array, source_xy: Numbers, *, limit_m: float) -> Iterator[Nearby]:
    """Walk out from each source, without looking at the whole graph each time.

    Sources are parted into lots, and with each lot goes what it reaches of the graph: a shortest way
    within the limit leads only over nodes within the limit, so nothing is lost and no distance changes. Time
    grows with what is reached, not with the sources times the size of the graph.

    Parameters
    ----------
    graph
        Metres between neighbouring nodes, not less than zero; the sources are its last nodes.
    source_xy
        About where each source lies, shape ``(s, 2)``; any place will do, but slower.
    limit_m
        How far each search goes.

    Yields
    ------
    Nearby
        Some of the sources, and metres from each to all nodes that any of these reaches, infinite beyond
        the limit. The sources are not among the nodes.
    """
    count = graph.shape[0] - len(source_xy)
    waiting = [(np.arange(len(source_xy)), np.arange(graph.shape[0]), graph)] if len(source_xy) else []
    while waiting:
        source, vertex, part = waiting.pop()
        start = np.searchsorted(vertex, count + source)
        is_small = len(source) <= _SOURCES and len(source) * len(vertex) <= _DISTANCES
        if is_small or len(source) == 1:
            distance = csgraph.dijkstra(part, indices=start, limit=limit_m)
            is_node = vertex < count
            yield Nearby(source, vertex[is_node], distance[:, is_node])
            continue
        for chosen in _lots(source_xy[source]):
            reached_m = csgraph.dijkstra(part, indices=start[chosen], limit=limit_m, min_only=True)
            keep = np.flatnonzero(np.isfinite(reached_m))
            waiting.append((np.sort(source[chosen]), vertex[keep], _part(part, keep)))


def _lots(xy: Numbers) -> list[Indices]:
    """Halve places across their longer side, several times over, for each lot costs a search."""
    lots = [np.arange(len(xy))]
    while len(lots) == 1 or (len(lots) < _LOTS and len(lots[0]) > _SOURCES):
        lots = [half for lot in lots for half in _halves(xy, lot)]
    return lots


def _halves(xy: Numbers, lot: Indices) -> list[Indices]:
    axis = np.ptp(xy[lot], axis=0).argmax()
    return np.array_split(lot[np.argsort(xy[lot, axis], kind="stable")], 2)


def _part(graph: sparse.csr_array, keep: Indices) -> sparse.csr_array:
    """Cut some nodes out of a graph, with the arcs between them."""
    number = np.full(graph.shape[0], -1)
    number[keep] = np.arange(len(keep))
    low, high = graph.indptr[keep].astype(np.intp), graph.indptr[keep + 1].astype(np.intp)
    arc = ranges(low, high)
    head = number[graph.indices[arc]]
    is_inside = head >= 0
    before = np.concatenate([[0], np.cumsum(is_inside)])
    first = np.concatenate([[0], np.cumsum(high - low)])
    return sparse.csr_array(
        (graph.data[arc[is_inside]], head[is_inside], before[first]), shape=(len(keep), len(keep))
    )


def with_sources(matrix: sparse.csr_array, legs: Legs, *, count: int) -> sparse.csr_array:
    """Add sources to a graph, as its last nodes.

    Parameters
    ----------
    matrix
        Metres between neighbouring nodes, shape ``(n, n)``.
    legs
        The ways from sources to nodes.
    count
        How many sources there are; some may be without a leg.

    Returns
    -------
    csr_array, shape ``(n + count, n + count)``
        Metres; no arc leads to a source.
    """
    ends = matrix.indptr[-1] + np.searchsorted(legs.source, np.arange(count), side="right")
    size = matrix.shape[0] + count
    return sparse.csr_array(
        (
            np.concatenate([matrix.data, legs.length_m]),
            np.concatenate([matrix.indices, legs.node.astype(matrix.indices.dtype)]),
            np.concatenate([matrix.indptr, ends.astype(matrix.indptr.dtype)]),
        ),
        shape=(size, size),
    )


def nearest_sources(
    matrix: sparse.csr_array, node_x: Numbers, legs: Legs, *, limit_m: float, reach_m: float
) -> tuple[Numbers, Indices]:
    """Walk out from all sources, over one strip of the network at a time.

    A search sees a strip and what lies within reach of it. Where a way leads out of that within the limit all
    the same, it is made again with more: no distance rests on straight lines.

    Parameters
    ----------
    matrix
        Metres between neighbouring nodes, not less than zero, shape ``(n, n)``.
    node_x
        Eastings of the nodes, in rising order, shape ``(n,)``.
    legs
        The ways from sources to nodes.
    limit_m
        How far the search goes.
    reach_m
        How far that is likely to lead in a straight line; what is too little only takes longer.

    Returns
    -------
    tuple of arrays
        Metres from each node to the nearest source, infinite beyond the limit, and that source's number, the
        smallest of equally near ones and -1 beyond the limit, each of shape ``(n,)``.
    """
    distance, nearest = np.full(len(node_x), np.inf), np.full(len(node_x), -1)
    end = 0
    while end < len(node_x):
        start, wide = end, np.searchsorted(node_x, node_x[end] + _STRIP_LIMITS * limit_m)
        end = max(start + _STRIP_NODES, int(wide))
        is_in = (legs.node >= start) & (legs.node < end)
        if not is_in.any():
            continue
        some = Legs(legs.source[is_in], legs.node[is_in], legs.length_m[is_in])
        low, found, source = _searched(matrix, node_x, some, limit_m, reach_m)
        here = slice(low, low + len(found))
        is_nearer = (found < distance[here]) | ((found == distance[here]) & (source < nearest[here]))
        distance[here][is_nearer] = found[is_nearer]
        nearest[here][is_nearer] = source[is_nearer]
    return distance, nearest


def _searched(
    matrix: sparse.csr_array, node_x: Numbers, legs: Legs, limit_m: float, reach_m: float
) -> tuple[int, Numbers, Indices]:
    """Walk out from sources over the nodes around them: the first of these, metres and sources."""
    source, row = np.unique(legs.source, return_inverse=True)
    first_x, last_x = node_x[legs.node.min()], node_x[legs.node.max()]
    while True:
        low = int(np.searchsorted(node_x, first_x - reach_m, side="left"))
        high = int(np.searchsorted(node_x, last_x + reach_m, side="right"))
        count = high - low
        graph = with_sources(
            matrix[low:high, low:high], Legs(row, legs.node - low, legs.length_m), count=len(source)
        )
        start = np.arange(count, count + len(source))
        found, _, by = csgraph.dijkstra(
            graph, indices=start, limit=limit_m, min_only=True, return_predecessors=True
        )
        if not _leads_out(matrix, low, found[:count], limit_m):
            break
        reach_m = max(2 * reach_m, 1.0)
    by = _smallest_sources(graph, found, by)[:count]
    # The search says by a number below zero that a node is not reached.
    return low, found[:count], np.where(by < 0, -1, source[np.maximum(by - count, 0)])


def _leads_out(matrix: sparse.csr_array, low: int, distance: Numbers, limit_m: float) -> bool:
    """Say whether a way goes on, within the limit, from the nodes searched to others."""
    high = low + len(distance)
    first, end = matrix.indptr[[low, high]]
    head = matrix.indices[first:end]
    arc = first + np.flatnonzero((head < low) | (head >= high))
    tail = np.searchsorted(matrix.indptr, arc, side="right") - 1
    return bool((distance[tail - low] + matrix.data[arc] <= limit_m).any())


def _smallest_sources(graph: sparse.csr_array, distance: Numbers, source: NDArray[Any]) -> NDArray[Any]:
    """Hand the smallest of equally near sources on along all shortest ways; a search takes any of them."""
    tail = np.repeat(np.arange(len(distance)), np.diff(graph.indptr))
    # Only where sources meet can one take the place of another.
    meet = np.flatnonzero(source[tail] != source[graph.indices])
    is_tight = distance[tail[meet]] + graph.data[meet] == distance[graph.indices[meet]]
    if not (is_tight & np.isfinite(distance[tail[meet]])).any():
        return source
    tight = np.flatnonzero(
        (distance[tail] + graph.data == distance[graph.indices]) & (distance[tail] < np.inf)
    )
    tail, head, least = tail[tight], graph.indices[tight], source.copy()
    while (is_smaller := least[tail] < least[head]).any():
        np.minimum.at(least, head[is_smaller], least[tail[is_smaller]])
    return least
