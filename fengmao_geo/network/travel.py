"""Minutes to the nearest, origin-destination pairs: bounded searches from the facilities."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.lines import ranges
from fengmao_geo.network.attach import Attachments, as_attachments
from fengmao_geo.network.costs import costs_of, fastest_m_min
from fengmao_geo.network.nearby import Legs, nearby_distances, nearest_sources, with_sources
from fengmao_geo.network.pairs import Pairs, nearest_of, shortest_of
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = [
    "TOLERANCE",
    "Pairs",
    "nearest_distances",
    "nearest_pairs",
    "reached_pairs",
    "source_distances",
    "travel_times",
]

#: A limit is met when it is passed by no more than this share of itself.
TOLERANCE = 1e-9
# So many rows of distances to every node are held at once.
_ROWS_BYTES = 64_000_000
# About so many pairs are sorted at once, which fit into a processor's cache; two bytes can count them.
_SORTED_AT_ONCE = 50_000


def travel_times(
    network: WalkNetwork,
    origins: gpd.GeoDataFrame | Attachments,
    destinations: gpd.GeoDataFrame | Attachments,
    *,
    limit_min: float,
    nearest: int | None = None,
    walker: str | Walker = "standard",
) -> pd.DataFrame:
    """Find walking times between places, exact inside an edge; only pairs within the limit are listed.

    Time is the leg from the origin, the way along the network and the leg to the destination; two places on
    one edge may walk between them directly. ``travel_min <= limit_min`` counts, with a relative tolerance of
    1e-9. A walker who minds slopes or crossings walks from origin to destination: the way back may take
    another time.

    Parameters
    ----------
    network
        What is walked on.
    origins, destinations
        Points or polygons, or `Attachments` made once by `attach`.
    limit_min
        Minutes that a search goes.
    nearest
        How many of the nearest destinations to list for each origin; all of them by default.
    walker
        Who walks: a name from ``walkers.toml``, or a record.

    Returns
    -------
    DataFrame
        ``origin_id, destination_id, travel_min`` (minutes), ``distance_m`` (metres walked; for a
        walker who minds slopes or crossings those that take as long on the flat), in the order of origin,
        time and destination. A pair that is not listed is not within the limit, or one of its places
        is unattached.

    Raises
    ------
    UsageError
        If the limit is not positive, ``nearest`` is below one, places are wrong as `attach` says, or the
        walker minds slopes and no heights are known.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.network.build import walk_network
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 900 0)"], crs=4549)
    >>> street = walk_network(line.to_frame("geometry"))
    >>> places = gpd.GeoSeries.from_wkt(["POINT (0 0)", "POINT (300 0)"], index=["home", "shop"], crs=4549)
    >>> places = places.to_frame("geometry")
    >>> travel_times(street, places[:1], places[1:], limit_min=5)["travel_min"].tolist()
    [5.0]
    >>> travel_times(street, places[:1], places[1:], limit_min=4).empty
    True
    """
    if not limit_min > 0 or not np.isfinite(limit_min):
        raise UsageError("limit_min", value=limit_min)
    if nearest is not None and nearest < 1:
        raise UsageError("nearest", value=nearest)
    who = load_walker(walker)
    from_places, to_places = as_attachments(network, origins), as_attachments(network, destinations)
    limit_m = limit_min * who.speed_m_min
    if nearest == 1:
        pairs = nearest_pairs(network, from_places, to_places, limit_m=limit_m, walker=who)
    else:
        pairs = reached_pairs(network, from_places, to_places, limit_m=limit_m, walker=who)
        pairs = pairs.take(_nearest_first(pairs))
    if nearest is not None and nearest > 1:
        rank = np.arange(len(pairs.origin)) - np.searchsorted(pairs.origin, pairs.origin)
        pairs = pairs.take(rank < nearest)
    return RESULTS["travel_times"].check(
        pd.DataFrame(
            {
                "origin_id": from_places.id_array.take(pairs.origin),
                "destination_id": to_places.id_array.take(pairs.destination),
                "travel_min": pairs.distance_m / who.speed_m_min,
                "distance_m": pairs.distance_m,
            }
        )
    )


def _nearest_first(pairs: Pairs) -> Indices:
    """Order pairs by origin and distance, as they come where these are alike.

    That is done some origins at a time, for a city's at once is slow.
    """
    order = np.argsort(pairs.origin, kind="stable")
    origin = pairs.origin[order]
    starts = np.searchsorted(origin, origin[::_SORTED_AT_ONCE])
    for low, high in pairwise([*starts, len(order)]):
        nearer = np.argsort(pairs.distance_m[order[low:high]], kind="stable")
        # Numbers so small are counted into their order.
        rank = np.cumsum(np.diff(origin[low:high], prepend=-1) > 0).astype(np.uint16)
        order[low:high] = order[low:high][nearer[np.argsort(rank[nearer], kind="stable")]]
    return order


def nearest_pairs(
    network: WalkNetwork, origins: Attachments, destinations: Attachments, *, limit_m: float, walker: Walker
) -> Pairs:
    """Find each origin's nearest destination by walking out from all destinations at once.

    Parameters
    ----------
    network
        What is walked on.
    origins, destinations
        The places, attached.
    limit_m
        How far the search goes.
    walker
        Who walks.

    Returns
    -------
    Pairs
        At most one pair per origin.
    """
    starts = _usable(network, destinations, walker)
    ends = _usable(network, origins, walker)
    distance, source = nearest_distances(network, starts, limit_m=limit_m, walker=walker)
    u, v = network.edge_nodes.take(ends.edge_id, axis=0).T  # many times as fast as indexing
    by_u, by_v = _by_ends(network, ends, walker, distance.take(u), distance.take(v))
    walked = ends.leg_m + np.minimum(by_u, by_v)
    to, to_by_v = source.take(u), source.take(v)
    is_tie = by_u == by_v
    to[is_tie] = np.minimum(to[is_tie], to_by_v[is_tie])
    to = np.where(by_v < by_u, to_by_v, to)
    direct = _direct(network, ends, starts, walker)
    return nearest_of(
        Pairs(ends.place, to, walked), direct, count=len(origins), limit_m=limit_m * (1 + TOLERANCE)
    )


def nearest_distances(
    network: WalkNetwork, places: Attachments, *, limit_m: float, walker: Walker
) -> tuple[Numbers, Indices]:
    """Walk out from all places at once, against the way of those who walk to them.

    Parameters
    ----------
    network
        What is walked on.
    places
        Where the walk starts.
    limit_m
        How far the search goes.
    walker
        Who walks.

    Returns
    -------
    tuple of arrays
        Metres from each node to the nearest place, infinite beyond the limit, and that place's row, the
        smallest of equally near ones and -1 beyond the limit, each of shape ``(n,)``.
    """
    matrix, legs = _legs(network, places, walker)
    limit_m *= 1 + TOLERANCE
    reach_m = limit_m * fastest_m_min(walker) / walker.speed_m_min
    return nearest_sources(matrix, network.node_xy[:, 0], legs, limit_m=limit_m, reach_m=reach_m)


def reached_pairs(
    network: WalkNetwork, origins: Attachments, destinations: Attachments, *, limit_m: float, walker: Walker
) -> Pairs:
    """Find every pair within the limit by a search from each place of the smaller side.

    Parameters
    ----------
    network
        What is walked on.
    origins, destinations
        The places, attached.
    limit_m
        How far the search goes.
    walker
        Who walks.

    Returns
    -------
    Pairs
        Each pair once, with the shortest way.
    """
    if len(origins) < len(destinations) and walker.is_steady:
        pairs = reached_pairs(network, destinations, origins, limit_m=limit_m, walker=walker)
        return Pairs(pairs.destination, pairs.origin, pairs.distance_m)
    starts, ends = _usable(network, destinations, walker), _usable(network, origins, walker)
    at_node, first_row = _rows_at_nodes(network, ends)
    found = [_direct(network, ends, starts, walker)]
    graph, source_xy = _with_sources(network, starts, walker), _about_where(network, starts)
    column = np.full(len(network.node_xy), -1)
    for near in nearby_distances(graph, source_xy, limit_m=limit_m * (1 + TOLERANCE)):
        # The last column is of all that none of the sources reaches.
        distance = np.pad(near.distance_m, ((0, 0), (0, 1)), constant_values=np.inf)
        column[near.node] = np.arange(len(near.node))
        source, at = np.nonzero(np.isfinite(near.distance_m))
        low, high = first_row[near.node[at]], first_row[near.node[at] + 1]
        row, source, at = at_node[ranges(low, high)], np.repeat(source, high - low), np.repeat(at, high - low)
        u, v = column[network.edge_nodes.take(ends.edge_id[row], axis=0).T]
        from_u = distance[source, u]
        # Where both nodes of an edge are reached, its places are met twice.
        once = (at == u) | np.isinf(from_u)
        source, here = source[once], ends.take_rows(row[once])
        along = np.minimum(*_by_ends(network, here, walker, from_u[once], distance[source, v[once]]))
        pairs = Pairs(here.place, near.source[source], along + here.leg_m)
        found.append(pairs.take(pairs.distance_m <= limit_m * (1 + TOLERANCE)))
        column[near.node] = -1
    return shortest_of(*found, count=len(destinations), limit_m=limit_m * (1 + TOLERANCE))


def _about_where(network: WalkNetwork, places: Attachments) -> Numbers:
    """Say near which node each place is; the origin for those that are unattached."""
    xy = np.zeros((len(places), 2))
    xy[places.place] = network.node_xy[network.edge_nodes[places.edge_id, 0]]
    return xy


def source_distances(
    network: WalkNetwork, sources: Attachments, *, limit_m: float, walker: Walker
) -> Iterator[tuple[int, Numbers]]:
    """Walk out from each place in turn, against the way of those who walk to it.

    Parameters
    ----------
    network
        What is walked on.
    sources
        Where the walks start.
    limit_m
        How far each search goes.
    walker
        Who walks.

    Yields
    ------
    tuple of int and array
        The place's row, and metres to it from every node, infinite beyond the limit, shape ``(n,)``.
    """
    graph = _with_sources(network, sources, walker)
    count = len(network.node_xy)
    chunk = max(1, _ROWS_BYTES // (8 * graph.shape[0]))
    for start in range(0, len(sources), chunk):
        rows = np.arange(start, min(start + chunk, len(sources)))
        distance = csgraph.dijkstra(graph, indices=count + rows, limit=limit_m * (1 + TOLERANCE))
        yield from zip(rows.tolist(), distance[:, :count], strict=True)


def _usable(network: WalkNetwork, places: Attachments, walker: Walker) -> Attachments:
    """Leave out attachments to edges that the walker cannot use."""
    keep = network.usable(walker)[places.edge_id]
    return places if keep.all() else places.take_rows(keep)


def _with_sources(network: WalkNetwork, sources: Attachments, walker: Walker) -> sparse.csr_array:
    """Add a node for each place, with one-way arcs of its legs to the ends of its edges."""
    return with_sources(*_legs(network, sources, walker), count=len(sources))


def _legs(network: WalkNetwork, sources: Attachments, walker: Walker) -> tuple[sparse.csr_array, Legs]:
    """Give the arcs between nodes, and those from places to the ends of their edges."""
    costs = costs_of(network, walker)
    sources = _usable(network, sources, walker)
    place = np.concatenate([sources.place, sources.place])
    node = network.edge_nodes[sources.edge_id].T.ravel()
    if costs is None:
        from_u, from_v = sources.from_m, network.edge_length_m[sources.edge_id] - sources.to_m
    else:
        from_u, from_v = costs.from_ends(sources.edge_id, sources.from_m, sources.to_m)
    length = np.concatenate([sources.leg_m + from_u, sources.leg_m + from_v])
    order = np.lexsort((length, node, place))
    place, node, length = place[order], node[order], length[order]
    is_first = np.ones(len(place), dtype=bool)
    is_first[1:] = (place[1:] != place[:-1]) | (node[1:] != node[:-1])
    matrix = network.matrix(walker) if costs is None else costs.matrix
    return matrix, Legs(place[is_first], node[is_first], length[is_first])


def _by_ends(
    network: WalkNetwork, ends: Attachments, walker: Walker, from_u: Numbers, from_v: Numbers
) -> tuple[Numbers, Numbers]:
    """Add to the distances of both nodes of each attachment's edge the way along that edge."""
    costs = costs_of(network, walker)
    if costs is None:
        return from_u + ends.from_m, from_v + network.edge_length_m.take(ends.edge_id) - ends.to_m
    to_u, to_v = costs.to_ends(ends.edge_id, ends.from_m, ends.to_m)
    return from_u + to_u, from_v + to_v


def _direct(network: WalkNetwork, ends: Attachments, starts: Attachments, walker: Walker) -> Pairs:
    """Walk between places on one edge without passing its nodes."""
    order = np.argsort(starts.edge_id, kind="stable")
    edges = starts.edge_id[order]
    # Few of many homes share an edge with a facility: only those are looked up.
    is_shared = np.zeros(max(edges.max(initial=-1), ends.edge_id.max(initial=-1)) + 1, dtype=bool)
    is_shared[edges] = True
    near = np.flatnonzero(is_shared[ends.edge_id])
    low, high = (np.searchsorted(edges, ends.edge_id[near], side=side) for side in ("left", "right"))
    end, start = np.repeat(near, high - low), order[ranges(low, high)]
    costs = costs_of(network, walker)
    if costs is None:
        gap = np.maximum(ends.from_m[end] - starts.to_m[start], starts.from_m[start] - ends.to_m[end])
    else:
        here, there = ((of.from_m[row], of.to_m[row]) for of, row in ((ends, end), (starts, start)))
        gap = costs.between(ends.edge_id[end], here, there)
    return Pairs(
        ends.place[end], starts.place[start], ends.leg_m[end] + np.maximum(gap, 0.0) + starts.leg_m[start]
    )


def _rows_at_nodes(network: WalkNetwork, places: Attachments) -> tuple[Indices, Indices]:
    """List the attachments on the edges of each node."""
    node = network.edge_nodes[places.edge_id]
    is_loop = node[:, 0] == node[:, 1]
    rows = np.concatenate([np.arange(len(node)), np.flatnonzero(~is_loop)])
    nodes = np.concatenate([node[:, 0], node[~is_loop, 1]])
    # Counted into place, which takes half the time of sorting.
    shape = (len(network.node_xy), len(node))
    found = sparse.csr_array((np.ones(len(rows), dtype=bool), (nodes, rows)), shape=shape)
    return found.indices.astype(np.intp), found.indptr.astype(np.intp)
