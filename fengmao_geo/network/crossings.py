"""Which main roads a way crosses: the fewest, for somebody who walks beside the roads and not on them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.network.ways import Ways

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Crossings", "fewest_crossings"]

# The heading of a street at a point is taken over this distance; nearer than the second is at a node.
_STEP_M, _AT_NODE_M = 0.01, 1e-6
_TURN = 2 * np.pi


class _Arm(NamedTuple):
    """A street that leaves a point: heading in radians; 1 if it is a main road, NaN if that is unknown."""

    angle: float
    main: float


class Crossings(NamedTuple):
    """Main roads crossed: how many by each way, shape ``(r,)``; the way and the place of each crossing."""

    crossed_count: Numbers
    way: Indices
    xy: Numbers


class _Side(NamedTuple):
    """What it took to come to one side of the way: main roads crossed, and the edge and metres of each."""

    crossed: float
    at: tuple[tuple[int, float], ...] = ()

    def crossing(self, more: float, edge: int, at_m: float) -> _Side:
        """Cross more main roads at a place; what is unknown has none."""
        if more == 0:
            return self
        places = 0 if np.isnan(more) else int(more)
        return _Side(self.crossed + more, self.at + ((edge, at_m),) * places)

    def or_from(self, other: _Side, main: float, edge: int, at_m: float) -> _Side:
        """Stay on this side, or come from the other across the street itself where that costs less."""
        across = other.crossing(main, edge, at_m)
        return self if self.crossed <= across.crossed else across


def fewest_crossings(
    network: WalkNetwork, ways: Ways, main: Numbers, start_xy: Numbers, end_xy: Numbers
) -> Crossings:
    """Find the main roads that each way cannot but cross.

    Somebody walks beside the streets of the way, on the left or on the right. Where the way passes a point,
    he crosses those main roads that leave it on his side; changing sides crosses the street he walks along,
    which counts if that is a main road. Legs lead to one side. Of all choices of sides the one that crosses
    the fewest main roads is counted: so a main road that ends at the way, or along which one walks and leaves
    on the side one came from, is not crossed; one that goes on to both sides is, once for each of its centre
    lines. Bridges and tunnels over or under a road meet no node of it, and cross nothing.

    Parameters
    ----------
    network
        What is walked on.
    ways
        The ways.
    main
        1 for an edge that is a main road, 0 for another, NaN where that is unknown, shape ``(m,)``.
    start_xy, end_xy
        Where the legs of each way begin and end, shape ``(r, 2)``.

    Returns
    -------
    Crossings
        ``crossed_count`` of each way: NaN where it walks along, or passes, a street that may be a main road;
        and where each crossing lies: of several choices that cross as few, the one that crosses late.
    """
    points = _Points(network, main)
    count = len(ways.origin)
    bounds = np.searchsorted(ways.way, np.arange(count + 1))
    edge, from_m, to_m = ways.edge_id.tolist(), ways.from_m.tolist(), ways.to_m.tolist()
    found = np.zeros(count)
    of: list[int] = []
    places: list[tuple[int, float]] = []
    for way, (low, high) in enumerate(pairwise(bounds.tolist())):
        pieces = [(edge[at], from_m[at], to_m[at]) for at in range(low, high)]
        found[way], at = _fewest(points, pieces, start_xy[way], end_xy[way])
        if not np.isnan(found[way]):
            of += [way] * len(at)
            places += at
    xy = np.array([points.xy(*place) for place in places]).reshape(-1, 2)
    return Crossings(found, np.array(of, dtype=np.intp), xy)


def _fewest(
    points: _Points, pieces: list[tuple[int, float, float]], start_xy: Numbers, end_xy: Numbers
) -> _Side:
    """Walk along a way and keep the fewest crossings on its left and on its right."""
    first, last = pieces[0], pieces[-1]
    walked = [piece for piece in pieces if abs(piece[2] - piece[1]) > _AT_NODE_M]
    begin, end = (walked[0][:2], walked[-1][::2]) if walked else (first[:2], last[::2])
    arrives, leaves = points.leg(*begin, start_xy), points.leg(*end, end_xy)
    none = _Side(0.0)
    if not walked:
        return none.crossing(min(_sides(arrives, leaves, points.arms(*begin))), *begin)
    ahead = points.heading(*begin, is_forward=walked[0][2] > walked[0][1])
    more = _sides(arrives, ahead.angle, points.arms(*begin, but=ahead.angle))
    left, right = (none.crossing(count, *begin) for count in more)
    for at, piece in enumerate(walked):
        is_main = points.main[piece[0]]
        if is_main:
            here = (is_main, *piece[:2])
            left, right = left.or_from(right, *here), right.or_from(left, *here)
        else:
            left = right = left if left.crossed <= right.crossed else right
        if at + 1 < len(walked):
            more = points.passed(piece, walked[at + 1])
            there = (piece[0], piece[2])
            left, right = left.crossing(more[0], *there), right.crossing(more[1], *there)
    back = points.heading(*end, is_forward=walked[-1][2] < walked[-1][1])
    more = _sides(back.angle, leaves, points.arms(*end, but=back.angle))
    left, right = left.crossing(more[0], *end), right.crossing(more[1], *end)
    return left if left.crossed <= right.crossed else right


def _sides(arrives: float | None, leaves: float | None, arms: list[_Arm]) -> tuple[float, float]:
    """Count the main roads that leave a point on the left and on the right of who passes it.

    Angles are those of the streets by which he comes and goes, both seen from the point; a leg of no length
    has none, and then nothing is crossed.
    """
    doubt = sum(0 * arm.main for arm in arms)
    if arrives is None or leaves is None:
        return doubt, doubt
    to_left = (arrives - leaves) % _TURN
    left = sum(arm.main for arm in arms if (arm.angle - leaves) % _TURN < to_left)
    return left + doubt, sum(arm.main for arm in arms) - left


class _Points:
    """The arms of streets at nodes and within edges, looked up once."""

    def __init__(self, network: WalkNetwork, main: Numbers) -> None:
        self._network, self.main = network, main.tolist()
        self._length = network.edge_length_m.tolist()
        self._nodes = network.edge_nodes.tolist()
        step = np.minimum(_STEP_M, network.edge_length_m)
        ends = (np.zeros(len(step)), network.edge_length_m)
        first, last = (self._angles(at, at + by) for at, by in zip(ends, (step, -step), strict=True))
        self._angle = np.stack([first, last], axis=1).tolist()
        order = np.argsort(network.edge_nodes.ravel(), kind="stable")
        self._ends = order.tolist()
        self._first = np.searchsorted(
            network.edge_nodes.ravel()[order], np.arange(len(network.node_xy) + 1)
        ).tolist()
        self._passed: dict[tuple[int, bool, int, bool], tuple[float, float]] = {}

    def _angles(self, from_m: Numbers, to_m: Numbers) -> Numbers:
        lines = self._network.edge_lines
        by = shapely.get_coordinates(shapely.line_interpolate_point(lines, to_m)) - shapely.get_coordinates(
            shapely.line_interpolate_point(lines, from_m)
        )
        return np.asarray(np.arctan2(by[:, 1], by[:, 0]))

    def heading(self, edge: int, at_m: float, *, is_forward: bool) -> _Arm:
        """Say which way an edge goes from a point of it, forward as it is drawn or back."""
        if (end := self._end(edge, at_m)) is not None:
            return _Arm(self._angle[edge][end], self.main[edge])
        to_m = min(at_m + _STEP_M, self._length[edge]) if is_forward else max(at_m - _STEP_M, 0.0)
        line = self._network.edge_lines[edge]
        one, other = (shapely.line_interpolate_point(line, metres) for metres in (at_m, to_m))
        return _Arm(float(np.arctan2(other.y - one.y, other.x - one.x)), self.main[edge])

    def xy(self, edge: int, at_m: float) -> tuple[float, float]:
        """Give the coordinates of a point of an edge; at an end those of the node."""
        if (end := self._end(edge, at_m)) is not None:
            x, y = self._network.node_xy[self._nodes[edge][end]].tolist()
            return x, y
        point = shapely.line_interpolate_point(self._network.edge_lines[edge], at_m)
        return point.x, point.y

    def _end(self, edge: int, at_m: float) -> int | None:
        if at_m <= _AT_NODE_M:
            return 0
        return 1 if at_m >= self._length[edge] - _AT_NODE_M else None

    def arms(self, edge: int, at_m: float, *, but: float | None = None) -> list[_Arm]:
        """List the streets that leave a point of an edge, but for the one with a given heading."""
        end = self._end(edge, at_m)
        if end is None:
            found = [self.heading(edge, at_m, is_forward=is_forward) for is_forward in (False, True)]
        else:
            node = self._nodes[edge][end]
            ends = self._ends[self._first[node] : self._first[node + 1]]
            found = [_Arm(self._angle[at // 2][at % 2], self.main[at // 2]) for at in ends]
        return [arm for arm in found if arm.angle != but]

    def leg(self, edge: int, at_m: float, xy: Numbers) -> float | None:
        """Say which way a leg goes from a point of an edge; None if it has no length."""
        point = shapely.line_interpolate_point(self._network.edge_lines[edge], at_m)
        by = xy - (point.x, point.y)
        return None if np.hypot(*by) <= _AT_NODE_M else float(np.arctan2(by[1], by[0]))

    def passed(self, piece: tuple[int, float, float], after: tuple[int, float, float]) -> tuple[float, float]:
        """Count the main roads that leave the node between two pieces, on the left and on the right."""
        key = (piece[0], piece[2] > piece[1], after[0], after[2] > after[1])
        if key not in self._passed:
            arrives, leaves = (self._angle[edge][int(at)] for edge, at in (key[:2], (key[2], not key[3])))
            arms = self.arms(after[0], after[1])
            others = [arm for arm in arms if arm.angle not in (arrives, leaves)]
            self._passed[key] = _sides(arrives, leaves, others)
        return self._passed[key]
