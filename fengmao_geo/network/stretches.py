"""What is reached of the streets: stretches of edges, and whether the walk left the extent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.network.attach import Attachments
from fengmao_geo.network.barriers import TOUCH_M
from fengmao_geo.network.costs import costs_of
from fengmao_geo.network.travel import nearest_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Stretches", "are_outside", "boundary_distances", "is_truncated", "reached_stretches"]

# A place on a street lies off it by rounding.
_ROUNDING_M = 1e-9


class Stretches(NamedTuple):
    """Stretches of edges that are reached: edge, from and to in metres along it."""

    edge_id: Indices
    from_m: Numbers
    to_m: Numbers

    def take(self, chosen: Flags) -> Stretches:
        """Keep some of the stretches."""
        return Stretches(self.edge_id[chosen], self.from_m[chosen], self.to_m[chosen])


def reached_stretches(
    network: WalkNetwork, places: Attachments, distance_m: Numbers, *, reach_m: float, walker: Walker
) -> Stretches:
    """Cut the edges where the walk ends; stretches of one edge neither touch nor overlap.

    For a walker who minds slopes or crossings it is from there that the places are reached.

    Parameters
    ----------
    network, places
        The streets and where the walk starts.
    distance_m
        Metres from the nearest of the places to each node, infinite where not reached, shape ``(n,)``.
    reach_m
        How far the walk goes.
    walker
        Who walks.

    Returns
    -------
    Stretches
        In the order of edges and of positions along them.
    """
    costs = costs_of(network, walker)
    if costs is not None:
        distance_m = distance_m + costs.wait_m
    is_reached = distance_m <= reach_m
    u, v = network.edge_nodes.T
    edge = np.flatnonzero((is_reached[u] | is_reached[v]) & network.usable(walker))
    length = network.edge_length_m[edge]
    if costs is None:
        ahead = np.clip(reach_m - distance_m[u[edge]], 0.0, length)
        back = np.clip(length - (reach_m - distance_m[v[edge]]), 0.0, length)
    else:
        left = reach_m - distance_m[u[edge]], reach_m - distance_m[v[edge]]
        ahead, back = costs.reaching_ends(edge, *left)
    usable = (places.leg_m <= reach_m + _ROUNDING_M) & network.usable(walker)[places.edge_id]
    own, left_m = places.edge_id[usable], np.maximum(reach_m - places.leg_m[usable], 0.0)
    from_m, to_m = places.from_m[usable], places.to_m[usable]
    if costs is None:
        from_m, to_m = np.maximum(from_m - left_m, 0.0), np.minimum(to_m + left_m, network.edge_length_m[own])
    else:
        from_m, to_m = costs.around(own, from_m, to_m, left_m)
    start = np.concatenate([np.zeros(len(edge)), back, from_m])
    end = np.concatenate([ahead, length, to_m])
    # Where a walk ends just as it comes to a street, it still reaches that point of it.
    arrives = np.ones(len(start), dtype=bool)
    arrives[: len(edge)] = distance_m[u[edge]] == reach_m
    arrives[len(edge) : 2 * len(edge)] = distance_m[v[edge]] == reach_m
    keep = (end > start) | ((end == start) & arrives)
    return _merged(Stretches(np.concatenate([edge, edge, own])[keep], start[keep], end[keep]))


def _merged(stretches: Stretches) -> Stretches:
    """Merge stretches of one edge that overlap or touch."""
    if not len(stretches.edge_id):
        return stretches
    order = np.lexsort((stretches.from_m, stretches.edge_id))
    edge, start, end = stretches.edge_id[order], stretches.from_m[order], stretches.to_m[order]
    # Running maximum of the ends within each edge: edges are kept apart by an offset beyond any length.
    offset = np.cumsum(np.diff(edge, prepend=edge[:1]) > 0) * (end.max() + 1.0)
    furthest = np.maximum.accumulate(end + offset) - offset
    is_new = np.ones(len(edge), dtype=bool)
    is_new[1:] = (edge[1:] != edge[:-1]) | (start[1:] > furthest[:-1])
    first = np.flatnonzero(is_new)
    return Stretches(edge[first], start[first], np.maximum.reduceat(end, first))


def is_truncated(
    network: WalkNetwork, places: Attachments, distance_m: Numbers, *, reach_m: float, walker: Walker
) -> bool:
    """Say whether the walk meets the boundary of the extent, or starts beyond it.

    Parameters
    ----------
    network
        What is walked on.
    places
        Where the walk starts.
    distance_m
        Metres from the nearest of the places to each node, infinite where not reached, shape ``(n,)``.
    reach_m
        How far the walk goes.
    walker
        Who walks.

    Returns
    -------
    bool
        False where no extent is known.
    """
    starts = network.usable(walker)[places.edge_id] & (places.leg_m <= reach_m + _ROUNDING_M)
    if are_outside(network, places.take_rows(starts)).any():
        return True
    boundary = network.boundary
    if boundary.empty:
        return False
    found = reached_stretches(network, places, distance_m, reach_m=reach_m, walker=walker)
    at = pd.DataFrame({"edge_id": found.edge_id, "from_m": found.from_m, "to_m": found.to_m}).merge(boundary)
    is_met = (at["at_m"] >= at["from_m"] - _ROUNDING_M) & (at["at_m"] <= at["to_m"] + _ROUNDING_M)
    return bool(is_met.any())


def are_outside(network: WalkNetwork, places: Attachments) -> Flags:
    """Say which attachments lie beyond the extent, where streets and facilities may be missing.

    Parameters
    ----------
    network
        What is walked on.
    places
        The places, attached.

    Returns
    -------
    array of bool, shape ``(k,)``
        One for each attachment; all false where no extent is known.
    """
    outside = np.zeros(len(places.edge_id), dtype=bool)
    if network.extent is None:
        return outside
    for at_m in (places.from_m, places.to_m):
        at = shapely.line_interpolate_point(network.edge_lines[places.edge_id], at_m)
        outside |= ~np.asarray(shapely.dwithin(network.extent, at, TOUCH_M), dtype=bool)
    return outside


def boundary_distances(
    network: WalkNetwork, homes: Attachments, *, limit_m: float, walker: Walker
) -> Numbers:
    """Find metres from each place to the nearest way out of the extent; missing if none is in the limit.

    From a place that is joined outside the extent it is none at all.

    Parameters
    ----------
    network
        What is walked on.
    homes
        The places, attached.
    limit_m
        How far the search goes.
    walker
        Who walks.

    Returns
    -------
    array, shape ``(p,)``
        Metres.
    """
    walked_m = np.full(len(homes), np.nan)
    is_out = are_outside(network, homes) & network.usable(walker)[homes.edge_id]
    walked_m[homes.place[is_out]] = 0.0
    boundary = network.boundary
    if boundary.empty:
        return walked_m
    edge, at_m = boundary["edge_id"].to_numpy(dtype=np.intp), boundary["at_m"].to_numpy(dtype=float)
    way_out = Attachments(
        np.array(["boundary"], dtype=object),
        np.zeros(len(edge), dtype=np.intp),
        edge,
        at_m,
        at_m,
        np.zeros(len(edge)),
        0.0,
    )
    pairs = nearest_pairs(network, homes, way_out, limit_m=limit_m, walker=walker)
    walked_m[pairs.origin] = np.fmin(walked_m[pairs.origin], pairs.distance_m)
    return walked_m
