"""Centre lines → WalkNetwork, with an audit of what was joined, cut or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import NetworkError, UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.lines import cut_lines, insert_points
from fengmao_geo.network.barriers import TOUCH_M
from fengmao_geo.network.enclose import Surroundings, enclose
from fengmao_geo.network.join import crossing_points, group_vertices, join_ends, own_ends
from fengmao_geo.network.terrain import with_terrain
from fengmao_geo.network.walk_network import EDGE_COLUMNS, WalkNetwork, assemble

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.barriers import Barriers
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]

__all__ = ["walk_network"]

_DEFAULTS: dict[str, bool | int] = {
    "level": 0,
    "is_bridge": False,
    "is_tunnel": False,
    "is_steps": False,
    "is_walkable": True,
}


def walk_network(
    streets: Town | gpd.GeoDataFrame,
    *,
    connect_gaps_m: float = 1.0,
    node_crossings: bool = False,
    gate_reach_m: float = 3.0,
) -> WalkNetwork:
    """Make the network that people walk on from centre lines.

    Streets meet where they share a vertex (within 1 mm) or where an end of one lies on another at the same
    level; a raised street meets the ground only where it ends. Bare crossings do not meet. Water, barriers
    and compound outlines except their gates are carried along: streets through an outline away from its gates
    are cut, streets through water without a bridge are kept as suspected bridges unless the town declares its
    bridges complete. Heights come from the town's raster ``elevation``, waits from its layer ``crossings``:
    points on the lines that people walk when they cross. Everything is listed in ``network.audit``.

    Parameters
    ----------
    streets
        A town, or centre lines in a projected CRS with any of ``id, level, is_bridge, is_tunnel, is_steps,
        is_walkable``.
    connect_gaps_m
        Dead ends no farther than this from another street are joined to it, and listed; 0 for none.
    node_crossings
        Whether streets of one level that cross without a shared vertex meet there.
    gate_reach_m
        How far from a gate's point an outline is open.

    Returns
    -------
    WalkNetwork
        The same whatever the order of the rows.

    Raises
    ------
    UsageError
        If a distance is negative, the lines' CRS is not in metres, or the raster cannot be read.
    NetworkError
        If no street is left to walk on, or a street's length is not a number; all of those are named.

    Examples
    --------
    >>> cross = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (9 0, 9 9)"], crs=4549)
    >>> walk_network(cross.to_frame("geometry"))
    <WalkNetwork: 3 nodes, 2 edges, 1 connected parts>
    """
    for name, value in (("connect_gaps_m", connect_gaps_m), ("gate_reach_m", gate_reach_m)):
        if not value >= 0:
            raise UsageError("negative", name=name, value=value)
    is_bare = isinstance(streets, gpd.GeoDataFrame)
    around = Surroundings.none() if is_bare else Surroundings.of(streets)
    lines = streets if is_bare else streets["streets"]
    if lines.crs is None or not lines.crs.is_projected:
        raise UsageError("lines_not_projected")
    pieces, found = _walkable_pieces(lines)
    pieces, barriers, cut_found = enclose(pieces, around, gate_reach_m=gate_reach_m)
    if node_crossings:
        pieces = _with_crossings(pieces)
    pieces = _with_points(pieces, *own_ends(pieces.geometry.to_numpy()))
    nodes_xy, edge_nodes, edges, join_found = _edges(
        pieces, barriers, around.compounds.geometry.to_numpy(), connect_gaps_m
    )
    network = assemble(
        crs=lines.crs,
        node_xy=nodes_xy,
        edge_nodes=edge_nodes,
        edge_lines=edges.geometry.to_numpy(),
        edges=pd.DataFrame(edges.drop(columns="geometry")),
        barriers=barriers,
        gates=around.gates,
        extent=around.extent,
        found=(*found, *cut_found, *join_found),
    )
    return with_terrain(network, around.elevation, around.crossings)


def _walkable_pieces(lines: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Take single lines with every column that an edge carries, in an order of their own."""
    ids = lines["id"] if "id" in lines.columns else pd.Series(lines.index, index=lines.index)
    columns = {name: _filled(lines, name, default) for name, default in _DEFAULTS.items()}
    drawn = lines.geometry.to_numpy()
    table = gpd.GeoDataFrame(
        columns | {"street_id": ids.astype("str").to_numpy(dtype=object)},
        geometry=shapely.force_2d(drawn) if shapely.has_z(drawn).any() else drawn,
        crs=lines.crs,
    )
    left, found = _left_to_walk(table)
    if left.empty:
        raise NetworkError("no_streets", findings_table(found))
    is_single = (shapely.get_type_id(left.geometry.to_numpy()) == shapely.GeometryType.LINESTRING).all()
    parts = left if is_single else left.explode()
    shapes = parts.geometry.to_numpy()
    # By place first: sorting texts is slow, and few streets share their box and length.
    order = np.lexsort(
        (parts["street_id"].to_numpy(), shapely.length(shapes), *shapely.bounds(shapes).T[::-1])
    )
    return parts.iloc[order].reset_index(drop=True), found


def _left_to_walk(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Leave out what is no street to walk on, each with a finding."""
    length = table.geometry.length.to_numpy()
    is_other = ~np.isin(shapely.get_type_id(table.geometry.to_numpy()), (-1, 1, 5))
    is_empty = (table.geometry.isna() | (length == 0)).to_numpy() & ~is_other
    is_closed = ~table["is_walkable"].to_numpy(dtype=bool) & ~is_empty & ~is_other
    is_endless = ~np.isfinite(length) & ~is_empty & ~is_other & ~is_closed
    reasons = {"street_not_line": is_other, "street_empty": is_empty, "street_not_walkable": is_closed}
    found = [
        Finding(code, "streets", street)
        for code, mask in (reasons | {"street_length": is_endless}).items()
        for street in table["street_id"][mask]
    ]
    if is_endless.any():
        raise NetworkError("network", findings_table(found))
    return table[~is_other & ~is_empty & ~is_closed].drop(columns="is_walkable"), found


def _filled(lines: gpd.GeoDataFrame, name: str, default: bool | int) -> NDArray[Any]:  # noqa: FBT001  a value
    if name not in lines.columns:
        return np.full(len(lines), default)
    values = lines[name].astype(object).where(lines[name].notna(), default)
    filled: NDArray[Any] = values.astype(int if name == "level" else bool).to_numpy()
    return filled


def _with_crossings(pieces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give streets that cross at one level a shared vertex there."""
    lines = pieces.geometry.to_numpy()
    row, xy = crossing_points(lines, pieces["level"].to_numpy())
    return _with_points(pieces, row, shapely.line_locate_point(lines[row], shapely.points(xy)), xy)


def _with_points(
    pieces: gpd.GeoDataFrame, row: Indices, at_m: NDArray[np.float64], xy: NDArray[np.float64]
) -> gpd.GeoDataFrame:
    """Draw some of the pieces through further points."""
    if not len(row):
        return pieces
    lines = insert_points(pieces.geometry.to_numpy(), row, at_m, xy)
    return pieces.set_geometry(gpd.GeoSeries(lines, index=pieces.index, crs=pieces.crs))


def _edges(
    pieces: gpd.GeoDataFrame, barriers: Barriers, compounds: Geometries, connect_gaps_m: float
) -> tuple[NDArray[np.float64], Indices, gpd.GeoDataFrame, list[Finding]]:
    """Split the pieces at their nodes."""
    vertices = group_vertices(pieces, barriers, compounds)
    joins = join_ends(pieces, vertices, barriers, compounds, connect_gaps_m=connect_gaps_m)
    cuts = vertices.table[vertices.table["is_node"]][["piece", "at_m", "node"]]
    cuts = pd.concat([cuts, joins.cuts], ignore_index=True)
    piece, at_m, node = (cuts[name].to_numpy() for name in ("piece", "at_m", "node"))
    order = np.lexsort((node, at_m, piece))
    piece, at_m, node = piece[order], at_m[order], node[order]
    follows = (piece[1:] == piece[:-1]) & ~((at_m[1:] - at_m[:-1] <= TOUCH_M) & (node[1:] == node[:-1]))
    of, ends = piece[:-1][follows], np.stack([node[:-1][follows], node[1:][follows]], axis=1)
    lines = pieces.geometry.to_numpy()
    is_whole = np.bincount(of, minlength=len(lines))[of] == 1
    drawn = lines[of]
    drawn[~is_whole] = cut_lines(
        lines[of[~is_whole]], at_m[:-1][follows][~is_whole], at_m[1:][follows][~is_whole]
    )
    edges = pieces.drop(columns="geometry").iloc[of][list(EDGE_COLUMNS)]
    edges = pd.concat([edges, joins.edges], ignore_index=True)
    table = gpd.GeoDataFrame(edges, geometry=np.concatenate([drawn, joins.lines]), crs=pieces.crs)
    return (
        np.concatenate([vertices.node_xy, joins.node_xy]),
        np.concatenate([ends, joins.edge_nodes]).astype(np.intp),
        table,
        [*vertices.found, *joins.found],
    )
