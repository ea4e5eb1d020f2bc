"""Shortest ways between places, piece by piece: which edges are walked, from where to where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from fengmao_geo.geo.lines import cut_lines
from fengmao_geo.network.travel import TOLERANCE, source_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.attachments import Attachments
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Ways", "leg_ends", "shortest_ways", "way_lines"]

# A gate whose distance from the street is that of the leg, but for rounding, is where the leg ends.
_SAME_M = 1e-6


class Ways(NamedTuple):
    """Ways between places, and the pieces of edges that each walks, in the order they are walked.

    Parameters
    ----------
    origin, destination
        Rows of the places, shape ``(r,)``; origins ascend.
    distance_m
        Metres walked, legs and all, shape ``(r,)``.
    start_row, end_row
        Rows of the attachments that are used, shape ``(r,)``.
    way
        Which way each piece is of, ascending, shape ``(s,)``.
    edge_id, from_m, to_m
        The edge, and where on it the piece begins and ends: ``from_m > to_m`` if it is walked against the
        way it is drawn, shape ``(s,)``. The first piece begins at the origin's attachment and the last ends
        at the destination's; both may have no length.
    """

    origin: Indices
    destination: Indices
    distance_m: Numbers
    start_row: Indices
    end_row: Indices
    way: Indices
    edge_id: Indices
    from_m: Numbers
    to_m: Numbers


class _Roots(NamedTuple):
    """Where the ways from one destination first come to a node: node, row of the attachment, its side."""

    node: Indices
    row: Indices
    is_at_end: NDArray[np.bool_]
    length_m: Numbers


class _Starts(NamedTuple):
    """How ways set out: attachment, edge, the node they make for, or the row they walk straight to."""

    place: Indices
    row: Indices
    edge_id: Indices
    node: Indices
    direct_row: Indices
    from_m: Numbers
    to_m: Numbers
    distance_m: Numbers

    def take(self, chosen: NDArray[Any]) -> _Starts:
        """Keep some, by position or by flag."""
        place, row, edge_id, node, direct_row, *metres = (column[chosen] for column in self)
        return _Starts(place, row, edge_id, node, direct_row, *metres)


def shortest_ways(
    network: WalkNetwork,
    origins: Attachments,
    destinations: Attachments,
    wanted: NDArray[np.intp],
    *,
    limit_m: float,
    walker: Walker,
) -> Ways:
    """Find the shortest way of each origin to the one destination that is wanted for it.

    A search goes out from each destination as far as the limit; the way back is read off it by stepping, from
    each node, to the neighbour over which it was reached: of several as near, to that of the smallest number.
    Distances are those of `travel_times`.

    Parameters
    ----------
    network
        What is walked on.
    origins, destinations
        The places, attached.
    wanted
        Row of the destination that each origin walks to, -1 for none, shape ``(p,)``.
    limit_m
        How far anybody walks.
    walker
        Who walks.

    Returns
    -------
    Ways
        One for each origin whose destination is within the limit, in the order of origins.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.network.attach import attach
    >>> from fengmao_geo.network.build import walk_network
    >>> from fengmao_geo.standards.load import walker
    >>> lines = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (9 0, 9 9)"], crs=4549)
    >>> network = walk_network(lines.to_frame("geometry"))
    >>> places = gpd.GeoSeries.from_wkt(["POINT (4 0)", "POINT (9 3)"], index=["home", "school"], crs=4549)
    >>> places = places.to_frame("geometry")
    >>> home, school = attach(network, places[:1]), attach(network, places[1:])
    >>> ways = shortest_ways(network, home, school, np.array([0]), limit_m=90, walker=walker())
    >>> ways.from_m.tolist(), ways.to_m.tolist()
    ([4.0, 0.0], [9.0, 3.0])
    """
    asked = np.unique(wanted[wanted >= 0])
    if not len(asked):
        return _joined([])
    usable = network.usable(walker)
    start_rows = np.flatnonzero(usable[origins.edge_id] & (wanted[origins.place] >= 0))
    is_asked = np.zeros(len(destinations), dtype=bool)
    is_asked[asked] = True
    reach_m = limit_m * (1 + TOLERANCE)
    streets = _Streets(network, walker)
    found = []
    searches = source_distances(network, destinations.take(is_asked), limit_m=limit_m, walker=walker)
    for at, distance in searches:
        end_rows = np.flatnonzero((destinations.place == asked[at]) & usable[destinations.edge_id])
        rows = start_rows[wanted[origins.place[start_rows]] == asked[at]]
        starts = _starts(network, origins, rows, destinations, end_rows, distance)
        roots = _roots(network, destinations, end_rows)
        starts = starts.take(starts.distance_m <= reach_m)
        found.append(_traced(streets, starts, roots, distance, destinations))
    return _joined(found)


class _Streets:
    """The shortest edge between two nodes, and the arcs of the graph that is searched."""

    def __init__(self, network: WalkNetwork, walker: Walker) -> None:
        self.network = network
        low, high = np.sort(network.edge_nodes, axis=1).T
        self._count = len(network.node_xy)
        key = low * self._count + high
        keep = np.flatnonzero(network.usable(walker) & (low != high))
        order = keep[np.lexsort((keep, network.edge_length_m[keep], key[keep]))]
        self._keys, first = np.unique(key[order], return_index=True)
        self._edges = order[first]
        graph = network.matrix(walker)
        self._tail = np.repeat(np.arange(self._count), np.diff(graph.indptr))
        self._head, self._length = graph.indices, graph.data

    def walked(self, one: Indices, other: Indices) -> tuple[Indices, Numbers, Numbers]:
        """Give the edges that are walked between neighbouring nodes, and from where to where."""
        key = np.minimum(one, other) * self._count + np.maximum(one, other)
        edge = self._edges[np.searchsorted(self._keys, key)]
        is_drawn, length = self.network.edge_nodes[edge, 0] == one, self.network.edge_length_m[edge]
        return edge, np.where(is_drawn, 0.0, length), np.where(is_drawn, length, 0.0)

    def before(self, distance: Numbers) -> Indices:
        """Give each node the neighbour that it was reached over; -1 where there is none."""
        tail, head = self._tail, self._head
        is_tight = (distance[tail] + self._length == distance[head]) & np.isfinite(distance[tail])
        before = np.full(self._count, self._count, dtype=np.intp)
        np.minimum.at(before, head[is_tight], tail[is_tight])
        before[before == self._count] = -1
        return before


def _roots(network: WalkNetwork, destinations: Attachments, rows: Indices) -> _Roots:
    """List the nodes next to a destination, each with the shortest way there; of equal ones the first."""
    edge = destinations.edge_id[rows]
    length = np.concatenate(
        [
            destinations.leg_m[rows] + destinations.from_m[rows],
            destinations.leg_m[rows] + (network.edge_length_m[edge] - destinations.to_m[rows]),
        ]
    )
    node, row = network.edge_nodes[edge].T.ravel(), np.concatenate([rows, rows])
    is_at_end = np.arange(len(row)) >= len(rows)
    order = np.lexsort((is_at_end, row, length, node))
    first = order[np.unique(node[order], return_index=True)[1]]
    return _Roots(node[first], row[first], is_at_end[first], length[first])


def _starts(
    network: WalkNetwork,
    origins: Attachments,
    rows: Indices,
    destinations: Attachments,
    end_rows: Indices,
    distance: Numbers,
) -> _Starts:
    """Choose for each origin the shortest way to set out: along its edge straight there, or by either end."""
    edge, leg_m = origins.edge_id[rows], origins.leg_m[rows]
    from_m, to_m, length = origins.from_m[rows], origins.to_m[rows], network.edge_length_m[edge]
    u, v = network.edge_nodes[edge].T
    row, end = (
        index.ravel() for index in np.nonzero(edge[:, None] == destinations.edge_id[end_rows][None, :])
    )
    there = end_rows[end]
    leaves = np.clip(destinations.from_m[there], from_m[row], to_m[row])
    enters = np.clip(leaves, destinations.from_m[there], destinations.to_m[there])
    none = np.full(len(rows), -1, dtype=np.intp)
    found = _Starts(
        place=origins.place[np.concatenate([rows[row], rows, rows])],
        row=np.concatenate([rows[row], rows, rows]),
        edge_id=np.concatenate([edge[row], edge, edge]),
        node=np.concatenate([none[row], u, v]),
        direct_row=np.concatenate([there, none, none]),
        from_m=np.concatenate([leaves, from_m, to_m]),
        to_m=np.concatenate([enters, np.zeros(len(rows)), length]),
        distance_m=np.concatenate(
            [
                leg_m[row] + np.abs(enters - leaves) + destinations.leg_m[there],
                leg_m + (distance[u] + from_m),
                leg_m + (distance[v] + length - to_m),
            ]
        ),
    )
    order = np.lexsort((np.arange(len(found.row)), found.distance_m, found.place))
    best = order[np.unique(found.place[order], return_index=True)[1]]
    return found.take(best)


def _traced(
    streets: _Streets, starts: _Starts, roots: _Roots, distance: Numbers, destinations: Attachments
) -> Ways:
    """Follow each way from node to node until it comes to a root."""
    before = streets.before(distance)
    root_at = np.full(len(distance), -1, dtype=np.intp)
    is_root = distance[roots.node] == roots.length_m
    root_at[roots.node[is_root]] = np.flatnonzero(is_root)
    end_row, node = starts.direct_row.copy(), starts.node.copy()
    here = np.arange(len(node))
    pieces = [(here, starts.edge_id, starts.from_m, starts.to_m)]
    here = here[node >= 0]
    while len(here):
        root = root_at[node[here]]
        last, root = here[root >= 0], root[root >= 0]
        end_row[last] = roots.row[root]
        pieces.append((last, *_last_pieces(streets, roots, root, destinations)))
        here = np.setdiff1d(here, last, assume_unique=True)
        after = before[node[here]]
        pieces.append((here, *streets.walked(node[here], after)))
        node[here] = after
    way, edge, from_m, to_m = (np.concatenate(column) for column in zip(*pieces, strict=True))
    order = np.argsort(way, kind="stable")
    walked = (way[order], edge[order], from_m[order], to_m[order])
    return Ways(starts.place, destinations.place[end_row], starts.distance_m, starts.row, end_row, *walked)


def _last_pieces(
    streets: _Streets, roots: _Roots, root: Indices, destinations: Attachments
) -> tuple[Indices, Numbers, Numbers]:
    row, is_at_end = roots.row[root], roots.is_at_end[root]
    edge = destinations.edge_id[row]
    begins = np.where(is_at_end, streets.network.edge_length_m[edge], 0.0)
    return edge, begins, np.where(is_at_end, destinations.to_m[row], destinations.from_m[row])


def _joined(found: list[Ways]) -> Ways:
    """Put the ways to all destinations in the order of their origins."""
    if not found:
        index, number = np.zeros(0, dtype=np.intp), np.zeros(0)
        return Ways(index, index, number, index, index, index, index, number, number)
    offset = np.cumsum([0, *(len(ways.origin) for ways in found)])[:-1]
    ways = Ways(*(np.concatenate(column) for column in zip(*found, strict=True)))
    way = np.concatenate([one.way + start for one, start in zip(found, offset, strict=True)])
    order = np.argsort(ways.origin, kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    pieces = np.argsort(rank[way], kind="stable")
    return Ways(
        ways.origin[order],
        ways.destination[order],
        ways.distance_m[order],
        ways.start_row[order],
        ways.end_row[order],
        rank[way][pieces],
        ways.edge_id[pieces],
        ways.from_m[pieces],
        ways.to_m[pieces],
    )


def leg_ends(
    network: WalkNetwork, places: Attachments, shapes: Geometries, rows: Indices, at: Numbers
) -> Numbers:
    """Find where the legs of attachments end at their places.

    That is the open gate as far away as the leg is long and nearest to the place, else the nearest point of
    the place.

    Parameters
    ----------
    network
        What the places are joined to.
    places
        The places, attached.
    shapes
        What they are, shape ``(p,)``.
    rows
        Rows of attachments, shape ``(r,)``.
    at
        Where on the streets their legs begin, shape ``(r, 2)``.

    Returns
    -------
    array, shape ``(r, 2)``
        Coordinates.
    """
    points = np.asarray(shapely.points(at), dtype=object)
    of = shapes[places.place[rows]]
    ends = shapely.get_coordinates(shapely.shortest_line(points, of))[1::2]
    gates = network.gates["geometry"].to_numpy()[network.gates["is_open"].to_numpy(dtype=bool)]
    leg_m = places.leg_m[rows]
    row, gate = shapely.STRtree(gates).query(points, predicate="dwithin", distance=leg_m + _SAME_M)
    is_leg = places.origin is not None and places.origin.is_ground[places.place[rows[row]]]
    is_leg = is_leg & (np.abs(shapely.distance(points[row], gates[gate]) - leg_m[row]) <= _SAME_M)
    row, gate = row[is_leg], gate[is_leg]
    order = np.lexsort((gate, shapely.distance(gates[gate], of[row]), row))
    first = order[np.unique(row[order], return_index=True)[1]]
    ends[row[first]] = shapely.get_coordinates(gates[gate[first]])
    return ends


def way_lines(network: WalkNetwork, ways: Ways, start_xy: Numbers, end_xy: Numbers) -> Geometries:
    """Draw ways from place to place, legs and all.

    Parameters
    ----------
    network
        What is walked on.
    ways
        The ways.
    start_xy, end_xy
        Where each begins and ends, shape ``(r, 2)``.

    Returns
    -------
    array of LineString, shape ``(r,)``
        The lines.
    """
    count = len(ways.origin)
    low, high = np.minimum(ways.from_m, ways.to_m), np.maximum(ways.from_m, ways.to_m)
    cut = cut_lines(network.edge_lines[ways.edge_id], low, high)
    drawn = np.where(ways.from_m > ways.to_m, shapely.reverse(cut), cut)
    xy, piece = shapely.get_coordinates(drawn, return_index=True)
    of = np.concatenate([np.arange(count), ways.way[piece], np.arange(count)])
    part = np.repeat([0, 1, 2], [count, len(xy), count])
    order = np.lexsort((np.arange(len(of)), part, of))
    xy, of, part = np.concatenate([start_xy, xy, end_xy])[order], of[order], part[order]
    is_kept = np.ones(len(of), dtype=bool)
    is_kept[1:] = (xy[1:] != xy[:-1]).any(axis=1) | (of[1:] != of[:-1]) | (part[1:] == 2)
    return np.asarray(shapely.linestrings(xy[is_kept], indices=of[is_kept]), dtype=object)
