"""How a network came from another by adding to it, and where positions on the old one lie on the new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.lines import ranges

if TYPE_CHECKING:
    import shapely
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Change", "moved", "steps"]


@dataclass(frozen=True, eq=False)
class Change:
    """How a network came from another by adding to it: links laid, gates opened.

    Parameters
    ----------
    before
        The network that was added to.
    edge_id
        Edge of ``before`` that each edge is a piece of; -1 for what is new, shape ``(m,)``.
    from_m
        Where on that edge the piece begins, shape ``(m,)``.
    leg_part
        Part that each edge counts to where places are joined: that which it counted to before, and for each
        new link one of its own, shape ``(m,)``.
    where
        Near this places are joined anew: the links that take legs, the openings of the gates.
    opens
        Whether it opened gates, so that legs to what was there before may be new.
    """

    before: WalkNetwork
    edge_id: Indices
    from_m: Numbers
    leg_part: Indices
    where: shapely.Geometry
    opens: bool

    def take(self, order: Indices) -> Change:
        """Put the edges in another order."""
        return replace(
            self,
            edge_id=self.edge_id[order],
            from_m=self.from_m[order],
            leg_part=self.leg_part[order],
        )


def steps(before: WalkNetwork, after: WalkNetwork) -> list[WalkNetwork]:
    """List the networks that lead from one to another, the first left out.

    Parameters
    ----------
    before
        A network.
    after
        What links and gates have made of it.

    Returns
    -------
    list of WalkNetwork
        In the order in which they were made; empty if the two are one.

    Raises
    ------
    UsageError
        If ``after`` was not made from ``before`` by adding to it.
    """
    found: list[WalkNetwork] = []
    one = after
    while one is not before:
        found.append(one)
        if one.change is None:
            raise UsageError("not_a_scenario")
        one = one.change.before
    return found[::-1]


def moved(
    network: WalkNetwork, edge: Indices, from_m: Numbers, to_m: Numbers
) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Find stretches of the edges before a change on the edges after it; points stay points.

    Parameters
    ----------
    network
        A network with a change.
    edge
        Edges of the network before, shape ``(k,)``.
    from_m, to_m
        The stretch of each, metres from its start, shape ``(k,)``.

    Returns
    -------
    tuple of arrays
        Row of the stretch, edge of the network after, from and to along that; a stretch that was cut gives
        several.

    Raises
    ------
    UsageError
        If the network did not come from another.
    """
    change = network.change
    if change is None:
        raise UsageError("not_a_scenario")
    order = np.lexsort((change.from_m, change.edge_id))
    source, begin_m = change.edge_id[order], change.from_m[order]
    low, high = (np.searchsorted(source, edge, side=side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(edge)), high - low)
    piece = ranges(low, high)
    length_m = network.edge_length_m[order[piece]]
    start = np.clip(from_m[row] - begin_m[piece], 0.0, length_m)
    end = np.clip(to_m[row] - begin_m[piece], 0.0, length_m)
    # A point lies on the last piece that begins before it; a stretch on all that it covers some of.
    next_m = np.append(begin_m[piece][1:], np.inf)
    next_m[np.flatnonzero(row[1:] != row[:-1])] = np.inf
    is_on = (begin_m[piece] <= from_m[row]) & (from_m[row] < next_m)
    kept = np.where(from_m[row] == to_m[row], is_on, end > start)
    return row[kept], order[piece[kept]], start[kept], end[kept]
