"""Bounded searches from many places, each in the part of the network that lies around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.geo.lines import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Nearby", "nearby_distances"]

# So many sources are searched from at once, and so many distances held.
_SOURCES = 64
# Into so many lots sources are parted before what each reaches is looked for.
_LOTS = 16
_DISTANCES = 4_000_000


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
