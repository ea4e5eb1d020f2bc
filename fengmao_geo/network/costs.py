"""How long a walk takes uphill, downhill and at crossings: flat metres along edges, either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.lines import last_before, vertex_positions
from fengmao_geo.network.terrain import crossings_of, heights_of
from fengmao_geo.standards.load import slope_response

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.terrain import Crossings
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Costs", "costs_of", "fastest_m_min", "shortest_arcs"]

# A place that lies off a node by rounding lies on it.
_AT_NODE_M = 1e-6


@dataclass(frozen=True, eq=False)
class Costs:
    """What edges cost a walker who minds slopes or crossings: metres on the flat that take as long.

    Along an edge costs are straight lines between its vertices and jump where one waits. Who comes to a node
    with a crossing waits there, also where that is the goal; who starts from it does not.

    Parameters
    ----------
    first
        First of each edge's points, and their number at the end, shape ``(m + 1,)``.
    at_m
        Metres along the edge, shape ``(k,)``.
    ahead_m
        Cost of walking from the edge's start to each point, shape ``(k,)``.
    back_m
        Cost of walking from each point to the edge's start, shape ``(k,)``.
    ahead_step, back_step
        Cost of a metre after each point; without end just before a wait, shape ``(k,)``.
    wait_m
        What is waited at each node, shape ``(n,)``.
    edge_nodes
        First and last node of each edge, shape ``(m, 2)``.
    matrix
        Arcs against the walk, for searches from the destinations, shape ``(n, n)``.
    """

    first: Indices
    at_m: Numbers
    ahead_m: Numbers
    back_m: Numbers
    ahead_step: Numbers
    back_step: Numbers
    wait_m: Numbers
    edge_nodes: Indices
    matrix: sparse.csr_array

    def to_ends(self, edge: Indices, from_m: Numbers, to_m: Numbers) -> tuple[Numbers, Numbers]:
        """Cost of walking from stretches of edges to the first and to the last node of each."""
        u_wait, v_wait = self._waits(edge)
        ahead = self._whole(self.ahead_m, edge) - self._ahead(edge, to_m)
        to_u = self._back(edge, from_m) + np.where(self._is_at_start(from_m), 0.0, u_wait)
        return to_u, ahead + np.where(self._is_at_end(edge, to_m), 0.0, v_wait)

    def from_ends(self, edge: Indices, from_m: Numbers, to_m: Numbers) -> tuple[Numbers, Numbers]:
        """Cost of walking to stretches of edges from the first and from the last node of each."""
        u_wait, v_wait = self._waits(edge)
        back = self._whole(self.back_m, edge) - self._back(edge, to_m)
        from_u = self._ahead(edge, from_m) + np.where(self._is_at_end(edge, from_m), v_wait, 0.0)
        return from_u, back + np.where(self._is_at_start(to_m), u_wait, 0.0)

    def between(self, edge: Indices, start: tuple[Numbers, Numbers], end: tuple[Numbers, Numbers]) -> Numbers:
        """Cost of walking along an edge from one stretch of it to another; nothing where they overlap."""
        from_u, from_v = self.from_ends(edge, *end)
        ahead = from_u - self._ahead(edge, start[1])
        back = from_v - (self._whole(self.back_m, edge) - self._back(edge, start[0]))
        gap = np.where(end[0] > start[1], ahead, np.where(start[0] > end[1], back, 0.0))
        return np.maximum(gap, 0.0)

    def reaching_ends(self, edge: Indices, to_u: Numbers, to_v: Numbers) -> tuple[Numbers, Numbers]:
        """Find how far from their start edges reach their first node, and from where on their last.

        The metres are those left when one has come to the node and waited.
        """
        whole = self._whole(self.ahead_m, edge)
        return (
            self._where(self.back_m, self.back_step, edge, np.maximum(to_u, 0.0)),
            self._where(self.ahead_m, self.ahead_step, edge, whole - np.maximum(to_v, 0.0)),
        )

    def around(
        self, edge: Indices, from_m: Numbers, to_m: Numbers, left_m: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Find from where to where along their edges stretches are in reach."""
        u_wait, v_wait = self._waits(edge)
        before = np.maximum(left_m - np.where(self._is_at_end(edge, from_m), v_wait, 0.0), 0.0)
        behind = np.maximum(left_m - np.where(self._is_at_start(to_m), u_wait, 0.0), 0.0)
        return (
            self._where(self.ahead_m, self.ahead_step, edge, self._ahead(edge, from_m) - before),
            self._where(self.back_m, self.back_step, edge, self._back(edge, to_m) + behind),
        )

    def _waits(self, edge: Indices) -> tuple[Numbers, Numbers]:
        u, v = self.edge_nodes.take(edge, axis=0).T
        return self.wait_m[u], self.wait_m[v]

    def _is_at_start(self, at_m: Numbers) -> Flags:
        return at_m <= _AT_NODE_M

    def _is_at_end(self, edge: Indices, at_m: Numbers) -> Flags:
        return at_m >= self._whole(self.at_m, edge) - _AT_NODE_M

    def _ahead(self, edge: Indices, at_m: Numbers) -> Numbers:
        return self._cost(self.ahead_m, self.ahead_step, edge, at_m)

    def _back(self, edge: Indices, at_m: Numbers) -> Numbers:
        return self._cost(self.back_m, self.back_step, edge, at_m)

    def _cost(self, cost_m: Numbers, step: Numbers, edge: Indices, at_m: Numbers) -> Numbers:
        point = last_before(self.at_m, self.first[edge], self.first[edge + 1], at_m)
        cost: Numbers = cost_m[point] + (at_m - self.at_m[point]) * step[point]
        return cost

    def _where(self, cost_m: Numbers, step: Numbers, edge: Indices, wanted_m: Numbers) -> Numbers:
        point = last_before(cost_m, self.first[edge], self.first[edge + 1], wanted_m)
        at_m = self.at_m[point] + (wanted_m - cost_m[point]) / step[point]
        return np.clip(at_m, 0.0, self._whole(self.at_m, edge))

    def _whole(self, values: Numbers, edge: Indices) -> Numbers:
        return values[self.first[edge + 1] - 1]


def costs_of(network: WalkNetwork, walker: Walker) -> Costs | None:
    """Give what the network's edges cost a walker; they are worked out once.

    A metre at slope ``S`` (rise over run along the walk) takes ``f(0) / f(S)`` flat metres with Tobler's
    ``f(S) = 6 exp(-3.5 |S + 0.05|)``: the walker's own speed on the flat is kept. Where no height is known a
    street counts as flat. Crossings cost what the walker walks meanwhile.

    Parameters
    ----------
    network
        What is walked on.
    walker
        Who walks.

    Returns
    -------
    Costs or None
        ``None`` where a metre costs a metre: for a walker who minds neither slopes nor crossings.

    Raises
    ------
    UsageError
        If the walker minds slopes and the network has no heights.
    """
    if walker.is_steady:
        return None
    if walker not in network.costs_by_walker:
        network.costs_by_walker[walker] = _worked_out(network, walker)
    return network.costs_by_walker[walker]


def fastest_m_min(walker: Walker) -> float:
    """Give the speed that a walker reaches at best: nobody comes faster from anywhere than straight at that.

    Parameters
    ----------
    walker
        Who walks.

    Returns
    -------
    float
        Metres a minute, for Tobler's slopes those down a fall of 5 %.

    Examples
    --------
    >>> from fengmao_geo.standards.load import walker
    >>> fastest_m_min(walker("standard")), round(fastest_m_min(walker("terrain")), 1)
    (60.0, 71.5)
    """
    response = slope_response(walker.slope)
    if response is None:
        return walker.speed_m_min
    return walker.speed_m_min * float(np.exp(response.rate * response.ease_share))


def _worked_out(network: WalkNetwork, walker: Walker) -> Costs:
    crossings = crossings_of(network)
    wait_m = _wait_m(network, walker)[crossings.row]
    is_inside = crossings.node < 0
    points = _points(network, walker, crossings, wait_m)
    ahead_m, back_m = (_summed(points, step) for step in (points.ahead_step, points.back_step))
    first = np.searchsorted(points.edge, np.arange(len(network.edge_lines) + 1))
    node_wait_m = np.zeros(len(network.node_xy))
    # Several crossings at one junction are one wait, the longest.
    np.maximum.at(node_wait_m, crossings.node[~is_inside], wait_m[~is_inside])
    use = network.usable(walker)
    u, v = network.edge_nodes[use].T
    last = first[1:][use] - 1
    matrix = shortest_arcs(
        np.concatenate([v, u]),
        np.concatenate([u, v]),
        np.concatenate([ahead_m[last] + node_wait_m[v], back_m[last] + node_wait_m[u]]),
        len(network.node_xy),
    )
    ahead_step, back_step = (
        np.where(points.is_before_wait, np.inf, step) for step in (points.ahead_step, points.back_step)
    )
    return Costs(
        first, points.at_m, ahead_m, back_m, ahead_step, back_step, node_wait_m, network.edge_nodes, matrix
    )


class _Points(NamedTuple):
    """Points along edges: the cost of a metre after each, what is waited just before it, if more follows."""

    edge: Indices
    at_m: Numbers
    ahead_step: Numbers
    back_step: Numbers
    wait_m: Numbers
    is_before_wait: Flags

    def take(self, order: Indices) -> _Points:
        """Put the points in another order."""
        return _Points(
            self.edge[order],
            self.at_m[order],
            self.ahead_step[order],
            self.back_step[order],
            self.wait_m[order],
            self.is_before_wait[order],
        )


def _points(network: WalkNetwork, walker: Walker, crossings: Crossings, wait_m: Numbers) -> _Points:
    """List the vertices of all edges, and each crossing inside an edge twice: before and after the wait."""
    _, edge, at_m = vertex_positions(network.edge_lines)
    at_m[np.append(edge[1:] != edge[:-1], True)] = network.edge_length_m
    ahead, back = _slope_steps(network, walker, edge, at_m)
    is_inside = crossings.node < 0
    on, on_m = crossings.edge_id[is_inside], crossings.at_m[is_inside]
    start, end = (np.searchsorted(edge, on, side=side) for side in ("left", "right"))
    near = last_before(at_m, start, end - 1, on_m)
    twice, none = np.repeat(np.arange(len(on)), 2), np.zeros(len(edge))
    points = _Points(
        np.append(edge, on[twice]),
        np.append(at_m, on_m[twice]),
        np.append(ahead, ahead[near][twice]),
        np.append(back, back[near][twice]),
        np.append(none, np.kron(wait_m[is_inside], [0.0, 1.0])),
        np.append(none, np.tile([1.0, 0.0], len(on))).astype(bool),
    )
    # Points at one place stay in this order: the vertex, then each crossing before its wait and after.
    return points.take(np.lexsort((points.at_m, points.edge)))


def _slope_steps(
    network: WalkNetwork, walker: Walker, edge: Indices, at_m: Numbers
) -> tuple[Numbers, Numbers]:
    """Cost of a metre after each vertex, ahead and back."""
    flat = np.ones(len(edge))
    response = slope_response(walker.slope)
    if response is None:
        return flat, flat.copy()
    heights = heights_of(network)
    if heights is None:
        raise UsageError("heights_unknown", walker=walker.walker)
    run_m, rise_m = np.diff(at_m), np.diff(heights.z_m)
    is_slope = (edge[1:] == edge[:-1]) & (run_m > 0) & np.isfinite(rise_m)
    slope = np.zeros(len(edge))
    slope[:-1][is_slope] = rise_m[is_slope] / run_m[is_slope]
    ahead, back = (
        # Written so that a metre on the flat costs one to the last digit.
        np.exp(response.rate * (np.abs(way + response.ease_share) - response.ease_share))
        for way in (slope, -slope)
    )
    return ahead, back


def _wait_m(network: WalkNetwork, walker: Walker) -> Numbers:
    """Flat metres that are walked while one waits at each crossing."""
    if network.terrain is None:
        return np.zeros(0)
    delay_s = np.where(network.terrain.is_signal, walker.signal_delay_s, walker.crossing_delay_s)
    return np.asarray(delay_s / 60 * walker.speed_m_min, dtype=float)


def _summed(points: _Points, step: Numbers) -> Numbers:
    """Add costs up along each edge; on the flat they are the metres themselves, to the last digit."""
    is_first = np.diff(points.edge, prepend=-1) > 0
    more = points.wait_m.copy()
    more[1:] += np.where(is_first[1:], 0.0, np.diff(points.at_m) * (step[:-1] - 1))
    total = np.cumsum(more)
    before = (total - more)[is_first]
    count = np.diff(np.append(np.flatnonzero(is_first), len(is_first)))
    cost: Numbers = points.at_m + total - np.repeat(before, count)
    return cost


def shortest_arcs(tail: Indices, head: Indices, cost_m: Numbers, node_count: int) -> sparse.csr_array:
    """Make a matrix of arcs between nodes, the shortest where they are parallel, none from a node to itself.

    Parameters
    ----------
    tail, head
        Where each arc starts and ends, shape ``(a,)``.
    cost_m
        What it costs, shape ``(a,)``.
    node_count
        How many nodes there are.

    Returns
    -------
    csr_array, shape ``(n, n)``
        The arcs.

    Examples
    --------
    >>> shortest_arcs(np.array([0, 0]), np.array([1, 1]), np.array([5.0, 3.0]), 2).toarray().tolist()
    [[0.0, 3.0], [0.0, 0.0]]
    """
    # scipy adds parallel entries up, so they are reduced to the shortest first.
    order = np.lexsort((cost_m, head, tail))
    tail, head, cost_m = tail[order], head[order], cost_m[order]
    is_first = np.ones(len(tail), dtype=bool)
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    keep = is_first & (tail != head)
    return sparse.csr_array((cost_m[keep], (tail[keep], head[keep])), shape=(node_count, node_count))
