"""Ends landed on streets that are there already: streets cut, nodes merged, gaps closed, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import cut_lines, pulled_in
from fengmao_geo.network.barriers import PULL_M, TOUCH_M
from fengmao_geo.network.change import Change
from fengmao_geo.network.terrain import carried
from fengmao_geo.network.walk_network import assemble

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.barriers import Barriers
    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = [
    "Ends",
    "Lines",
    "Spliced",
    "changed",
    "gap_findings",
    "landings",
    "on_the_ground",
    "refuse_other_crs",
    "spliced",
]


class Lines(NamedTuple):
    """Lines between nodes: their drawing, their two nodes, whether an end may land on one; all nodes."""

    lines: Geometries
    nodes: Indices
    takes_ends: Flags
    node_xy: Numbers


class Ends(NamedTuple):
    """Ends of lines: line, node, coordinates, a point just inside, whether nothing else meets there."""

    line: Indices
    node: Indices
    xy: Numbers
    inner_xy: Numbers
    is_dead: Flags


class Spliced(NamedTuple):
    """Lines cut where ends landed: source line and where on it each begins; the rows that closed a gap last.

    ``gap_source`` is the line whose end each of the last rows joins.
    """

    lines: Geometries
    nodes: Indices
    source: Indices
    from_m: Numbers
    node_xy: Numbers
    gap_source: Indices


def landings(drawn: Lines, ends: Ends, barriers: Barriers, *, gap_m: float) -> pd.DataFrame:
    """Find what each end lies on, and for dead ends that lie on nothing the nearest street within the gap.

    Parameters
    ----------
    drawn
        All lines.
    ends
        The ends that are to land.
    barriers
        What no joint may cross; an end on a wall meets what lies on its own side.
    gap_m
        The widest gap that is closed.

    Returns
    -------
    DataFrame
        ``end`` (row of the end), ``node, line, at_m, target`` (the node landed on, -1 inside a line),
        ``gap_m, x, y`` (where it lands).
    """
    open_to = np.flatnonzero(drawn.takes_ends)
    reach_m = max(gap_m, TOUCH_M)
    end, hit = shapely.STRtree(drawn.lines[open_to]).query(
        shapely.points(ends.xy), predicate="dwithin", distance=reach_m
    )
    line = open_to[hit]
    is_other = (drawn.nodes[line] != ends.node[end][:, None]).all(axis=1)
    end, line = end[is_other], line[is_other]
    at_m = shapely.line_locate_point(drawn.lines[line], shapely.points(ends.xy[end]))
    at_start, at_end = at_m <= TOUCH_M, at_m >= shapely.length(drawn.lines[line]) - TOUCH_M
    foot = shapely.get_coordinates(shapely.line_interpolate_point(drawn.lines[line], at_m))
    found = pd.DataFrame(
        {
            "end": end,
            "node": ends.node[end],
            "line": line,
            "at_m": at_m,
            "target": np.where(at_start, drawn.nodes[line, 0], np.where(at_end, drawn.nodes[line, 1], -1)),
            "gap_m": np.hypot(*(foot - ends.xy[end]).T),
            "x": foot[:, 0],
            "y": foot[:, 1],
        }
    )
    inside = pulled_in(drawn.lines[line], at_m, PULL_M)
    found = found[~_are_parted(barriers, ends, end, foot, inside)]
    return _meeting(found, ends.is_dead)


def _meeting(found: pd.DataFrame, is_dead: Flags) -> pd.DataFrame:
    """Keep all that ends lie on; for dead ends that lie on nothing the nearest across a gap."""
    on_it = found[found["gap_m"] <= TOUCH_M]
    is_gap = (found["gap_m"] > TOUCH_M) & is_dead[found["end"]] & ~found["node"].isin(on_it["node"])
    gaps = found[is_gap].sort_values(["node", "gap_m", "x", "y", "line"], kind="stable")
    gaps = gaps.drop_duplicates("node")
    low, high = np.sort(gaps[["node", "target"]].to_numpy(), axis=1).T
    is_twice = pd.DataFrame({"low": low, "high": high}).duplicated().to_numpy() & (low >= 0)
    kept: pd.DataFrame = pd.concat([on_it, gaps[~is_twice]], ignore_index=True)
    return kept


def _are_parted(barriers: Barriers, ends: Ends, end: Indices, foot: Numbers, inside: Numbers) -> Flags:
    """Say which ends have a barrier before their foot, or lie with it on a wall on different sides."""
    xy = ends.xy[end]
    on_wall = barriers.touch(xy) | barriers.touch(foot)
    # Over water, on a jetty or a bridge, what lies on one another meets.
    is_gap = np.hypot(*(foot - xy).T) > TOUCH_M
    is_parted: Flags = is_gap & barriers.block(xy, foot)
    return is_parted | (on_wall & barriers.block(ends.inner_xy[end], inside))


def spliced(drawn: Lines, found: pd.DataFrame, ends: Ends) -> Spliced:
    """Cut lines where ends landed on them, merge nodes that lie at one place, and close the gaps.

    Parameters
    ----------
    drawn
        All lines.
    found
        What `landings` found.
    ends
        The ends it found them for.

    Returns
    -------
    Spliced
        The lines with new numbers of nodes.
    """
    count = len(drawn.node_xy)
    is_inner = (found["target"] < 0).to_numpy()
    target = found["target"].to_numpy().copy()
    target[is_inner] = count + np.arange(is_inner.sum())
    foot = found[["x", "y"]].to_numpy(dtype=float)
    node_xy = np.concatenate([drawn.node_xy, foot[is_inner]])
    is_gap = (found["gap_m"] > TOUCH_M).to_numpy()
    node = found["node"].to_numpy()
    cuts = found[is_inner][["line", "at_m"]].assign(node=target[is_inner]).sort_values(["line", "at_m"])
    is_same = (cuts["line"].diff() == 0).to_numpy() & (cuts["at_m"].diff() <= TOUCH_M).to_numpy()
    cut_node = cuts["node"].to_numpy()
    merged = np.concatenate(
        [
            np.stack([node[~is_gap], target[~is_gap]], axis=1),
            np.stack([cut_node[np.flatnonzero(is_same) - 1], cut_node[is_same]], axis=1),
        ]
    )
    name = _merged(merged, len(node_xy))
    lines, nodes, source, from_m = _cut(drawn, cuts[~is_same])
    own = ends.line[found["end"].to_numpy()[is_gap]]
    start = ends.xy[found["end"].to_numpy()[is_gap]]
    joints = shapely.linestrings(np.stack([start, foot[is_gap]], axis=1))
    return Spliced(
        lines=np.concatenate([lines, np.asarray(joints, dtype=object)]),
        nodes=name[np.concatenate([nodes, np.stack([node[is_gap], target[is_gap]], axis=1)])],
        source=source,
        from_m=from_m,
        node_xy=node_xy,
        gap_source=own,
    )


def _merged(pairs: Indices, count: int) -> Indices:
    """Give each node the smallest number of those it is merged with."""
    graph = sparse.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    label = csgraph.connected_components(graph, directed=False)[1]
    return np.unique(label, return_index=True)[1][label].astype(np.intp)


def _cut(drawn: Lines, cuts: pd.DataFrame) -> tuple[Geometries, Indices, Indices, Numbers]:
    """Cut lines at nodes inside them."""
    rows = np.arange(len(drawn.lines))
    of = np.concatenate([rows, cuts["line"].to_numpy(), rows])
    at_m = np.concatenate([np.zeros(len(rows)), cuts["at_m"].to_numpy(), shapely.length(drawn.lines)])
    node = np.concatenate([drawn.nodes[:, 0], cuts["node"].to_numpy(), drawn.nodes[:, 1]])
    order = np.lexsort((np.arange(len(of)), at_m, of))
    of, at_m, node = of[order], at_m[order], node[order]
    is_piece = of[1:] == of[:-1]
    source, from_m, to_m = of[:-1][is_piece], at_m[:-1][is_piece], at_m[1:][is_piece]
    lines = drawn.lines[source]
    is_cut = np.bincount(source)[source] > 1
    lines[is_cut] = cut_lines(lines[is_cut], from_m[is_cut], to_m[is_cut])
    return lines, np.stack([node[:-1][is_piece], node[1:][is_piece]], axis=1), source, from_m


def changed(
    network: WalkNetwork,
    result: Spliced,
    streets: pd.DataFrame,
    *,
    where: shapely.Geometry,
    found: list[Finding],
    barriers: Barriers | None = None,
    gates: pd.DataFrame | None = None,
) -> WalkNetwork:
    """Put a network together again, with what it came from.

    Parameters
    ----------
    network
        The network that was added to.
    result
        Its lines, spliced.
    streets
        `EDGE_COLUMNS` of each line before it was cut, ``leg_part``, the part it counts to where places are
        joined, and ``is_new``.
    where
        Near this places are joined anew.
    found
        What was found.
    barriers, gates
        As they are now, where gates were opened.

    Returns
    -------
    WalkNetwork
        The network with its `Change`.
    """
    gap_count = len(result.gap_source)
    source = np.concatenate([result.source, result.gap_source])
    edges = streets.iloc[source].reset_index(drop=True)
    is_old = ~edges["is_new"].to_numpy(dtype=bool) & (np.arange(len(edges)) < len(result.source))
    return assemble(
        crs=network.crs,
        node_xy=result.node_xy,
        edge_nodes=result.nodes,
        edge_lines=result.lines,
        edges=edges,
        barriers=network.barriers if barriers is None else barriers,
        gates=network.gates if gates is None else gates,
        extent=network.extent,
        found=(*network.found, *found),
        change=Change(
            before=network,
            edge_id=np.where(is_old, source, -1),
            from_m=np.concatenate([result.from_m, np.zeros(gap_count)]),
            leg_part=edges["leg_part"].to_numpy(dtype=np.intp),
            where=where,
            opens=barriers is not None,
        ),
        terrain=carried(network, result, ~is_old),
    )


def gap_findings(landed: pd.DataFrame, ends: Ends, streets: pd.DataFrame) -> list[Finding]:
    """List the gaps that were closed.

    Parameters
    ----------
    landed
        What `landings` found.
    ends
        The ends it found them for.
    streets
        `EDGE_COLUMNS` of each line.

    Returns
    -------
    list of Finding
        One for each gap.
    """
    gaps = landed[landed["gap_m"] > TOUCH_M]
    street = streets["street_id"].to_numpy()
    return [
        Finding(
            "gap_joined",
            "links",
            str(street[ends.line[end]]),
            None,
            {"other": str(street[line]), "gap_m": round(float(gap), 2)},
            f"POINT ({x:.3f} {y:.3f})",
        )
        for end, line, gap, x, y in gaps[["end", "line", "gap_m", "x", "y"]].itertuples(index=False)
    ]


def on_the_ground(network: WalkNetwork) -> Flags:
    """Say which edges lie on the ground, where new links may meet them.

    Parameters
    ----------
    network
        The streets.

    Returns
    -------
    array of bool, shape ``(m,)``
        False on raised edges and in tunnels.
    """
    edges = network.edges
    return ((edges["level"] == 0) & ~edges["is_tunnel"].astype(bool)).to_numpy(dtype=bool)


def refuse_other_crs(network: WalkNetwork, frame: gpd.GeoDataFrame) -> None:
    """Refuse lines or points in another CRS than the network's.

    Parameters
    ----------
    network
        The streets.
    frame
        What is to be added.

    Raises
    ------
    UsageError
        If the CRS is missing or differs.
    """
    if frame.crs is None:
        raise UsageError("places_crs_missing", ours=network.crs.to_string())
    if frame.crs != network.crs:
        raise UsageError("crs_differs", theirs=frame.crs.to_string(), ours=network.crs.to_string())
