"""Where streets meet: shared vertices, ends on other streets, gaps small enough to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import box_pairs, pulled_in, segments, vertex_positions
from fengmao_geo.network.barriers import PULL_M, TOUCH_M

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.barriers import Barriers

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Joins", "Vertices", "crossing_points", "group_vertices", "join_ends", "own_ends", "same_places"]


@dataclass(frozen=True)
class Vertices:
    """Every vertex of every piece: ``piece, at_m, node, is_end, is_node, is_dead_end``; the places of nodes.

    ``found`` lists the streets that are parted by a wall where they would meet.
    """

    table: pd.DataFrame
    node_xy: Numbers
    found: list[Finding]


@dataclass(frozen=True)
class Joins:
    """What joining ends adds: cuts in pieces, nodes, and short edges over the gaps."""

    cuts: pd.DataFrame
    node_xy: Numbers
    edge_nodes: Indices
    lines: Geometries
    edges: pd.DataFrame
    found: list[Finding]


def group_vertices(pieces: gpd.GeoDataFrame, barriers: Barriers, compounds: Geometries) -> Vertices:
    """Find the nodes: vertices that streets share at one level and on one side of a wall, and ends.

    Parameters
    ----------
    pieces
        Streets.
    barriers
        What parts streets that would meet.
    compounds
        Outlines of walled compounds.

    Returns
    -------
    Vertices
        Every vertex with its node.
    """
    lines = pieces.geometry.to_numpy()
    xy, piece, at_m = vertex_positions(lines)
    is_end = np.zeros(len(xy), dtype=bool)
    is_end[np.flatnonzero(np.diff(piece, prepend=-1))] = True
    is_end[np.flatnonzero(np.diff(piece, append=len(pieces)))] = True
    place, place_xy = same_places(xy)
    level = pieces["level"].to_numpy()[piece]
    side = np.full(len(xy), -1, dtype=np.intp)
    on_wall = (
        np.flatnonzero(barriers.touch(xy) & (level == 0)) if len(compounds) else np.zeros(0, dtype=np.intp)
    )
    side[on_wall] = _sides(compounds, pulled_in(lines[piece[on_wall]], at_m[on_wall], PULL_M))
    keys = np.stack([place, side, level], axis=1)
    if (level != 0).any():
        keys[:, 2] = _landed(place, side, level, is_end)
    unique, node = _unique_rows(keys)
    count = np.bincount(node)
    table = pd.DataFrame(
        {
            "piece": piece,
            "at_m": at_m,
            "node": node,
            "is_end": is_end,
            "is_node": is_end | (count[node] > 1),
            "is_dead_end": is_end & (count[node] == 1),
        }
    )
    street = pieces["street_id"].to_numpy()[piece[on_wall]]
    parted = pd.DataFrame({"place": place[on_wall], "side": side[on_wall], "street": street})
    return Vertices(table, place_xy[unique[:, 0]], _parted_findings(parted, place_xy))


def _parted_findings(vertices: pd.DataFrame, place_xy: Numbers) -> list[Finding]:
    is_parted = vertices.groupby("place")["side"].transform("nunique") > 1
    parted = vertices[is_parted].drop_duplicates(["place", "street"]).sort_values(["street", "place"])
    return [
        Finding(
            "street_cut_at_wall",
            "streets",
            street,
            None,
            {},
            "POINT ({:.3f} {:.3f})".format(*place_xy[place]),
        )
        for street, place in parted[["street", "place"]].itertuples(index=False)
    ]


def _unique_rows(keys: NDArray[np.integer]) -> tuple[NDArray[np.integer], Indices]:
    if not (keys[:, 1:] != keys[:1, 1:]).any():  # one side and one level: the places are the nodes
        unique, node = np.unique(keys[:, 0], return_inverse=True)
        return np.column_stack([unique, np.repeat(keys[:1, 1:], len(unique), axis=0)]), node
    unique, node = np.unique(keys, axis=0, return_inverse=True)
    return unique, node.ravel()


def same_places(xy: Numbers) -> tuple[Indices, Numbers]:
    """Give each point a number, those within a millimetre alike.

    Parameters
    ----------
    xy
        Coordinates, shape ``(n, 2)``.

    Returns
    -------
    tuple of arrays
        Number of each point ``(n,)``, and coordinates of each number ``(k, 2)``.
    """
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    is_new = np.ones(len(xy), dtype=bool)
    is_new[1:] = (np.diff(xy[order], axis=0) != 0).any(axis=1)
    exact = np.empty(len(xy), dtype=np.intp)
    exact[order] = np.cumsum(is_new) - 1
    points = xy[order][is_new]
    near = cKDTree(points).query_pairs(TOUCH_M, output_type="ndarray").T
    if not near.size:
        return exact, points
    graph = sparse.csr_array((np.ones(near.shape[1]), (near[0], near[1])), shape=(len(points), len(points)))
    label = csgraph.connected_components(graph, directed=False)[1]
    first = np.unique(label, return_index=True)[1]
    return label[exact].astype(np.intp), points[first]


def _sides(compounds: Geometries, xy: Numbers) -> Indices:
    """Give a number to the ground that each point lies on: the compounds around it; -1 outside of all."""
    side = np.full(len(xy), -1, dtype=np.intp)
    row, inside = shapely.STRtree(compounds).query(shapely.points(xy), predicate="within")
    around = pd.Series(inside).groupby(row).agg(lambda rows: tuple(sorted(rows)))  # type: ignore[type-var]  # a tuple for each point
    side[around.index.to_numpy(dtype=np.intp)] = [_number_of(rows, len(compounds)) for rows in around]
    return side


def _number_of(rows: tuple[int, ...], base: int) -> int:
    number = 0
    for row in rows[-3:]:
        number = number * (base + 1) + row + 1
    return number


def _landed(place: Indices, side: Indices, level: Indices, is_end: Flags) -> Indices:
    """Bring a raised or sunken street down to the lowest level there where it ends."""
    table = pd.DataFrame({"place": place, "side": side, "level": level, "is_end": is_end})
    table["height"] = table["level"].abs() * 2 + (table["level"] < 0)
    by_place = table.groupby(["place", "side"], sort=False)
    base = table["level"].to_numpy()[by_place["height"].transform("idxmin").to_numpy()]
    ends_here = table.groupby(["place", "side", "level"], sort=False)["is_end"].transform("any").to_numpy()
    return np.where(ends_here, base, level)


def join_ends(
    pieces: gpd.GeoDataFrame,
    vertices: Vertices,
    barriers: Barriers,
    compounds: Geometries,
    *,
    connect_gaps_m: float,
) -> Joins:
    """Join ends to the streets they lie on, and dead ends to the nearest street within the gap.

    Parameters
    ----------
    pieces
        Streets.
    vertices
        Their vertices.
    barriers
        What no joint may cross.
    compounds
        Outlines of walled compounds.
    connect_gaps_m
        The widest gap that is closed.

    Returns
    -------
    Joins
        What is to be cut and added.
    """
    ends = vertices.table[vertices.table["is_end"]].drop_duplicates("node")
    is_dead = ends["is_dead_end"].to_numpy()
    tree = shapely.STRtree(pieces.geometry.to_numpy())
    on_it = _near_pairs(pieces, vertices, ends, tree, TOUCH_M)
    on_it = on_it[~_is_parted(pieces, on_it, barriers, compounds)]
    dead = ends[is_dead & ~ends["node"].isin(on_it["node"]).to_numpy()]
    gaps = _near_pairs(pieces, vertices, dead, tree, connect_gaps_m)
    gaps = gaps[~_is_parted(pieces, gaps, barriers, compounds)]
    gaps = gaps.sort_values(["node", "gap_m", "to_x", "to_y", "piece"], kind="stable").drop_duplicates("node")
    low, high = np.sort(gaps[["node", "target"]].to_numpy(), axis=1).T
    gaps = gaps[
        ~pd.DataFrame({"low": low, "high": high}).duplicated().to_numpy() | (gaps["target"] < 0).to_numpy()
    ]
    return _joins(pieces, vertices, on_it, gaps)


def _near_pairs(
    pieces: gpd.GeoDataFrame, vertices: Vertices, ends: pd.DataFrame, tree: shapely.STRtree, reach_m: float
) -> pd.DataFrame:
    """Pair each end with the streets within reach that it may meet and does not share a vertex with."""
    lines, level = pieces.geometry.to_numpy(), pieces["level"].to_numpy()
    node, own, own_m = (ends[name].to_numpy() for name in ("node", "piece", "at_m"))
    xy = vertices.node_xy[node]
    row, piece = box_pairs(tree, np.concatenate([xy, xy], axis=1), reach_m)
    is_new = ~_share_vertex(vertices, node[row], piece)
    row, piece = row[is_new], piece[is_new]
    points = np.asarray(shapely.points(xy[row]))
    is_near = shapely.distance(points, lines[piece]) <= reach_m
    row, piece, points = row[is_near], piece[is_near], points[is_near]
    far_end = _far_end(vertices, lines)
    at_m = shapely.line_locate_point(lines[piece], points)
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[piece], at_m))
    at_start, at_end = at_m <= TOUCH_M, at_m >= shapely.length(lines[piece]) - TOUCH_M
    target = np.where(at_start, far_end[piece, 0], np.where(at_end, far_end[piece, 1], -1))
    low, high = np.abs(level[own[row]]), np.abs(level[piece])
    meets = (level[own[row]] == level[piece]) | (low > high) | (target >= 0)
    pairs = pd.DataFrame(
        {
            "node": node[row],
            "own": own[row],
            "own_m": own_m[row],
            "piece": piece,
            "at_m": at_m,
            "target": target,
            "gap_m": np.hypot(*(foot - xy[row]).T),
            "x": xy[row, 0],
            "y": xy[row, 1],
            "to_x": foot[:, 0],
            "to_y": foot[:, 1],
        }
    )
    kept: pd.DataFrame = pairs[meets & (target != node[row])].reset_index(drop=True)
    return kept


def _share_vertex(vertices: Vertices, node: Indices, piece: Indices) -> Flags:
    count = len(vertices.node_xy)
    known = np.sort(vertices.table["piece"].to_numpy() * count + vertices.table["node"].to_numpy())
    asked = piece * count + node
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.asarray(known[at] == asked)


def _is_parted(
    pieces: gpd.GeoDataFrame, pairs: pd.DataFrame, barriers: Barriers, compounds: Geometries
) -> NDArray[np.bool_]:
    """Say which pairs lie on different sides of a wall, or have a barrier between."""
    if not len(barriers):
        return np.zeros(len(pairs), dtype=bool)
    lines = pieces.geometry.to_numpy()
    start = pulled_in(lines[pairs["own"]], pairs["own_m"].to_numpy(), PULL_M)
    foot = pulled_in(lines[pairs["piece"]], pairs["at_m"].to_numpy(), PULL_M)
    from_xy, to_xy = pairs[["x", "y"]].to_numpy(), pairs[["to_x", "to_y"]].to_numpy()
    on_wall = barriers.touch(from_xy) | barriers.touch(to_xy)
    is_parted = barriers.block(from_xy, to_xy)
    if len(compounds):
        is_parted |= on_wall & (_sides(compounds, start) != _sides(compounds, foot))
    is_gap = (pairs["gap_m"] > TOUCH_M).to_numpy()
    return is_parted | (is_gap & on_wall & barriers.block(start, to_xy))


def _far_end(vertices: Vertices, lines: Geometries) -> Indices:
    ends = vertices.table[vertices.table["is_end"]]
    return ends["node"].to_numpy()[: 2 * len(lines)].reshape(-1, 2)


def _joins(pieces: gpd.GeoDataFrame, vertices: Vertices, on_it: pd.DataFrame, gaps: pd.DataFrame) -> Joins:
    is_new = (gaps["target"] < 0).to_numpy()
    target = gaps["target"].to_numpy().copy()
    target[is_new] = len(vertices.node_xy) + np.arange(is_new.sum())
    start, end = gaps[["x", "y"]].to_numpy(), gaps[["to_x", "to_y"]].to_numpy()
    cuts = pd.concat(
        [on_it[["piece", "at_m", "node"]], gaps[is_new][["piece", "at_m"]].assign(node=target[is_new])],
        ignore_index=True,
    )
    street = pieces["street_id"].to_numpy()
    found = [
        Finding(
            "gap_joined",
            "streets",
            str(street[own]),
            None,
            {"other": str(street[other]), "gap_m": round(float(gap), 2)},
            f"POINT ({x:.3f} {y:.3f})",
        )
        for own, other, gap, x, y in gaps[["own", "piece", "gap_m", "x", "y"]].itertuples(index=False)
    ]
    return Joins(
        cuts=cuts,
        node_xy=end[is_new],
        edge_nodes=np.stack([gaps["node"].to_numpy(), target], axis=1).astype(np.intp),
        lines=np.asarray(shapely.linestrings(np.stack([start, end], axis=1))),
        edges=pieces.drop(columns="geometry").iloc[gaps["own"]].assign(is_bridge=False, is_steps=False),
        found=found,
    )


def crossing_points(lines: Geometries, level: Indices) -> tuple[Indices, Numbers]:
    """Find where lines of one level cross: for each crossing both lines' rows and the point.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.
    level
        Their levels, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Row of the line ``(k,)`` and coordinates ``(k, 2)``; each crossing occurs once for either line.
    """
    one, other = shapely.STRtree(lines).query(lines, predicate="crosses")
    keep = (one < other) & (level[one] == level[other])
    one, other = one[keep], other[keep]
    xy, of = shapely.get_coordinates(shapely.intersection(lines[one], lines[other]), return_index=True)
    return np.concatenate([one[of], other[of]]), np.concatenate([xy, xy])


def own_ends(lines: Geometries) -> tuple[Indices, Numbers, Numbers]:
    """Where the end of a line lies on its own middle, away from its vertices.

    Parameters
    ----------
    lines
        LineStrings, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Row of the line ``(k,)``, metres along it ``(k,)``, and the end's coordinates ``(k, 2)``.
    """
    bent = np.flatnonzero(shapely.get_num_points(lines) > 3)
    first, last, of = segments(lines[bent])
    low, high = np.minimum(first, last) - TOUCH_M, np.maximum(first, last) + TOUCH_M
    found_row, found_m, found_xy = [], [], []
    for end in (0, -1):
        xy = shapely.get_coordinates(shapely.get_point(lines[bent], end))[of]
        hit = np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))
        start, step, xy = first[hit], (last - first)[hit], xy[hit]
        length = np.hypot(*step.T)
        along = ((xy - start) * step).sum(axis=1) / np.where(length > 0, length, 1.0)
        away = np.abs((xy - start)[:, 0] * step[:, 1] - (xy - start)[:, 1] * step[:, 0])
        is_on = (along > TOUCH_M) & (length - along > TOUCH_M) & (away <= TOUCH_M * length)
        row = bent[of[hit[is_on]]]
        before = vertex_positions(lines[row])
        found_row.append(row)
        found_m.append(_start_m(before, hit[is_on] - np.searchsorted(of, of[hit[is_on]])) + along[is_on])
        found_xy.append(xy[is_on])
    return np.concatenate(found_row), np.concatenate(found_m), np.concatenate(found_xy)


def _start_m(vertices: tuple[Numbers, Indices, Numbers], which: Indices) -> Numbers:
    """Metres to the vertex of a given number on each line."""
    _, line, at_m = vertices
    start_m: Numbers = at_m[np.searchsorted(line, np.arange(len(which))) + which]
    return start_m
