"""Where streets meet: shared vertices, ends on other streets, gaps small enough to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import vertex_positions

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.barriers import Barriers

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["TOUCH_M", "Joins", "Vertices", "crossing_points", "group_vertices", "join_ends"]

#: Points closer than this are one point.
TOUCH_M = 1e-3


@dataclass(frozen=True)
class Vertices:
    """Every vertex of every piece: ``piece, at_m, node, is_end, is_node, is_dead_end``, and the nodes' places."""

    table: pd.DataFrame
    node_xy: Numbers


@dataclass(frozen=True)
class Joins:
    """What joining ends adds: cuts in pieces, nodes, and short edges over the gaps."""

    cuts: pd.DataFrame
    node_xy: Numbers
    edge_nodes: Indices
    lines: Geometries
    edges: pd.DataFrame
    found: list[Finding]


def group_vertices(pieces: gpd.GeoDataFrame, barriers: Barriers) -> Vertices:
    """Find the nodes: vertices that streets share at one level and on one side of a wall, and ends."""
    xy, piece, at_m = vertex_positions(pieces.geometry.to_numpy())
    is_end = np.zeros(len(xy), dtype=bool)
    is_end[np.flatnonzero(np.diff(piece, prepend=-1))] = True
    is_end[np.flatnonzero(np.diff(piece, append=len(pieces)))] = True
    place, place_xy = _places(xy)
    level = pieces["level"].to_numpy()[piece]
    side = _sides(pieces, barriers, piece, xy)
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
    return Vertices(table, place_xy[unique[:, 0]])


def _unique_rows(keys: NDArray[np.integer]) -> tuple[NDArray[np.integer], Indices]:
    if not (keys[:, 1:] != keys[:1, 1:]).any():  # one side and one level: the places are the nodes
        unique, node = np.unique(keys[:, 0], return_inverse=True)
        return np.column_stack([unique, np.repeat(keys[:1, 1:], len(unique), axis=0)]), node
    unique, node = np.unique(keys, axis=0, return_inverse=True)
    return unique, node.ravel()


def _places(xy: Numbers) -> tuple[Indices, Numbers]:
    """Number the points, those within a millimetre alike."""
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    is_new = np.ones(len(xy), dtype=bool)
    is_new[1:] = (np.diff(xy[order], axis=0) != 0).any(axis=1)
    exact = np.empty(len(xy), dtype=np.intp)
    exact[order] = np.cumsum(is_new) - 1
    points = xy[order][is_new]
    near = shapely.STRtree(shapely.points(points)).query(shapely.points(points), predicate="dwithin", distance=TOUCH_M)
    if near.shape[1] == len(points):
        return exact, points
    graph = sparse.csr_array((np.ones(near.shape[1]), (near[0], near[1])), shape=(len(points), len(points)))
    label = csgraph.connected_components(graph, directed=False)[1]
    first = np.unique(label, return_index=True)[1]
    return label[exact].astype(np.intp), points[first]


def _sides(pieces: gpd.GeoDataFrame, barriers: Barriers, piece: Indices, xy: Numbers) -> Indices:
    """On a wall, streets meet only those on their own side of it; elsewhere the side is one for all."""
    side = np.full(len(xy), -1, dtype=np.intp)
    if "compound" in pieces.columns and len(barriers.lines):
        on_wall = np.unique(
            shapely.STRtree(shapely.points(xy)).query(barriers.lines, predicate="dwithin", distance=TOUCH_M)[1]
        )
        side[on_wall] = pieces["compound"].to_numpy()[piece[on_wall]]
    return side


def _landed(place: Indices, side: Indices, level: Indices, is_end: Flags) -> Indices:
    """Bring a raised or sunken street down to the lowest level there where it ends."""
    table = pd.DataFrame({"place": place, "side": side, "level": level, "is_end": is_end})
    table["height"] = table["level"].abs() * 2 + (table["level"] < 0)
    by_place = table.groupby(["place", "side"], sort=False)
    base = table["level"].to_numpy()[by_place["height"].transform("idxmin").to_numpy()]
    ends_here = table.groupby(["place", "side", "level"], sort=False)["is_end"].transform("any").to_numpy()
    return np.where(ends_here, base, level)


def join_ends(
    pieces: gpd.GeoDataFrame, vertices: Vertices, barriers: Barriers, *, connect_gaps_m: float
) -> Joins:
    """Join dead ends to the street they lie on, or to the nearest one within the gap."""
    lines = pieces.geometry.to_numpy()
    dead = vertices.table[vertices.table["is_dead_end"]]
    pairs = _near_pairs(lines, vertices, dead, pieces["level"].to_numpy(), max(connect_gaps_m, TOUCH_M))
    on_it = pairs[pairs["gap_m"] <= TOUCH_M]
    gaps = pairs[~pairs["node"].isin(on_it["node"])]
    gaps = gaps[~barriers.block(gaps[["x", "y"]].to_numpy(), gaps[["to_x", "to_y"]].to_numpy())]
    gaps = gaps.sort_values(["node", "gap_m", "to_x", "to_y", "piece"], kind="stable").drop_duplicates("node")
    low, high = np.sort(gaps[["node", "target"]].to_numpy(), axis=1).T
    gaps = gaps[~pd.DataFrame({"low": low, "high": high}).duplicated().to_numpy() | (gaps["target"] < 0).to_numpy()]
    return _joins(pieces, vertices, on_it, gaps)


def _near_pairs(
    lines: Geometries, vertices: Vertices, dead: pd.DataFrame, level: Indices, reach_m: float
) -> pd.DataFrame:
    """Pair each dead end with the streets within reach that it may meet."""
    node, own = dead["node"].to_numpy(), dead["piece"].to_numpy()
    xy = vertices.node_xy[node]
    points = shapely.points(xy)
    row, piece = shapely.STRtree(lines).query(points, predicate="dwithin", distance=reach_m)
    far_end = _far_end(vertices, lines)
    row, piece = row[piece != own[row]], piece[piece != own[row]]
    at_m = shapely.line_locate_point(lines[piece], points[row])
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[piece], at_m))
    at_start, at_end = at_m <= TOUCH_M, at_m >= shapely.length(lines[piece]) - TOUCH_M
    target = np.where(at_start, far_end[piece, 0], np.where(at_end, far_end[piece, 1], -1))
    low, high = np.abs(level[own[row]]), np.abs(level[piece])
    meets = (level[own[row]] == level[piece]) | (low > high) | (target >= 0)
    pairs = pd.DataFrame(
        {
            "node": node[row],
            "own": own[row],
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
    return pairs[meets & (target != node[row])].reset_index(drop=True)


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
    """Where lines of one level cross: for each crossing both lines' rows and the point.

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
