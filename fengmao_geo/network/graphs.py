"""Walk networks as networkx graphs, and graphs of osmnx as the parts of a walk network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import shapely
from pyproj import CRS

from fengmao_geo.errors import UsageError
from fengmao_geo.network.walk_network import EDGE_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["graph_of", "parts_of"]


def graph_of(network: WalkNetwork) -> nx.MultiDiGraph[int]:
    """Write a network as a graph that osmnx's functions accept; see `WalkNetwork.to_networkx`.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    networkx.MultiDiGraph
        Its graph.
    """
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=network.crs)
    streets = np.bincount(network.edge_nodes.ravel(), minlength=len(network.node_xy))
    graph.add_nodes_from(
        (node, {"x": x, "y": y, "street_count": count})
        for node, ((x, y), count) in enumerate(zip(network.node_xy.tolist(), streets.tolist(), strict=True))
    )
    rows = network.edges[list(EDGE_COLUMNS)].itertuples(index=False, name=None)
    for (u, v), line, length, row in zip(
        network.edge_nodes.tolist(), network.edge_lines, network.edge_length_m.tolist(), rows, strict=True
    ):
        kept = dict(zip(("osmid", "level", "bridge", "tunnel", "steps"), row, strict=True))
        graph.add_edge(u, v, length=length, geometry=line, **kept)
        if u != v:
            graph.add_edge(v, u, length=length, geometry=line.reverse(), **kept)
    return graph


def parts_of(graph: nx.MultiDiGraph[Any]) -> dict[str, Any]:
    """Take a graph apart into what `assemble` asks for; see `WalkNetwork.from_networkx`.

    Parameters
    ----------
    graph
        A projected graph as osmnx makes it.

    Returns
    -------
    dict
        ``crs, node_xy, edge_nodes, edge_lines, edges``.

    Raises
    ------
    UsageError
        If the graph has no projected CRS.
    """
    crs = CRS.from_user_input(graph.graph["crs"]) if graph.graph.get("crs") is not None else None
    if crs is None or not crs.is_projected:
        raise UsageError("graph_not_projected")
    both_ways = graph if graph.is_directed() else graph.to_directed()
    nodes, edges = ox.graph_to_gdfs(ox.convert.to_undirected(both_ways), fill_edge_geometry=True)
    xy = nodes[["x", "y"]].to_numpy(dtype=float)
    ends = np.stack([nodes.index.get_indexer(edges.index.get_level_values(side)) for side in "uv"], axis=1)
    lines = edges.geometry.to_numpy()
    ends = _as_drawn(ends, xy, lines)
    return {"crs": crs, "node_xy": xy, "edge_nodes": ends, "edge_lines": lines, "edges": _osm_columns(edges)}


def _as_drawn(ends: Indices, xy: Numbers, lines: Geometries) -> Indices:
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    is_turned = np.hypot(*(first - xy[ends[:, 0]]).T) > np.hypot(*(first - xy[ends[:, 1]]).T)
    return np.where(is_turned[:, None], ends[:, ::-1], ends)


def _osm_columns(edges: pd.DataFrame) -> pd.DataFrame:
    def tag(name: str) -> pd.Series:
        column = edges[name] if name in edges.columns else pd.Series(None, index=edges.index, dtype=object)
        return column.map(lambda value: value[0] if isinstance(value, list) else value)

    no = ("no", False, None)
    return pd.DataFrame(
        {
            "street_id": tag("osmid").astype(str).to_numpy(),
            "level": pd.to_numeric(tag("layer" if "layer" in edges.columns else "level"), errors="coerce")
            .fillna(0)
            .astype(int)
            .to_numpy(),
            "is_bridge": (tag("bridge").notna() & ~tag("bridge").isin(no)).to_numpy(),
            "is_tunnel": (tag("tunnel").notna() & ~tag("tunnel").isin(no)).to_numpy(),
            "is_steps": (tag("highway").eq("steps") | tag("steps").eq(True)).to_numpy(dtype=bool),
        }
    )
