"""Gates opened in the outlines of compounds → a new WalkNetwork."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UnknownNameError, UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import pulled_in
from fengmao_geo.network.barriers import PULL_M
from fengmao_geo.network.splice import (
    Ends,
    Lines,
    changed,
    gap_findings,
    landings,
    on_the_ground,
    refuse_other_crs,
    spliced,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]

__all__ = ["open_gates"]


def open_gates(
    network: WalkNetwork,
    gates: gpd.GeoDataFrame | Sequence[str],
    *,
    gate_reach_m: float = 3.0,
    connect_gaps_m: float = 1.0,
) -> WalkNetwork:
    """Open gates in the outlines of compounds: closed ones by their ids, or new ones where points lie.

    The outline is open within ``gate_reach_m`` of the gate: streets that were cut there join, dead ends there
    are joined to the nearest street within ``connect_gaps_m``, and straight legs may pass. What joined a
    place before joins it still, so that nobody's way becomes longer.

    Parameters
    ----------
    network
        The streets as they are; it is not changed.
    gates
        Ids of gates that are closed, or points on the outlines of compounds in the network's CRS, with any of
        ``id`` and ``place_id``.
    gate_reach_m
        How far from its point a gate opens an outline.
    connect_gaps_m
        The widest gap that is closed at a gate.

    Returns
    -------
    WalkNetwork
        The streets with the gates open; ``audit`` lists each gate, those that lie on no outline, and those
        where no street passes.

    Raises
    ------
    UsageError
        If a distance is negative, the CRS differs or geometry is not points.
    UnknownNameError
        If there is no gate of that id.
    """
    for name, value in (("connect_gaps_m", connect_gaps_m), ("gate_reach_m", gate_reach_m)):
        if not value >= 0:
            raise UsageError("negative", name=name, value=value)
    known, chosen = _gate_table(network, gates)
    points = chosen["geometry"].to_numpy()
    openings = shapely.buffer(points, gate_reach_m)
    ground = shapely.union_all(openings)
    barriers = network.barriers.opened(ground)
    drawn, ends = _gate_ends(network, ground)
    landed = landings(drawn, ends, barriers, gap_m=connect_gaps_m)
    return changed(
        network,
        spliced(drawn, landed, ends),
        network.edges.assign(leg_part=network.leg_part, is_new=False),
        where=ground,
        found=[
            *_gate_findings(network, chosen, openings, landed),
            *gap_findings(landed, ends, network.edges),
        ],
        barriers=barriers,
        gates=known,
    )


def _gate_table(
    network: WalkNetwork, gates: gpd.GeoDataFrame | Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give all gates with the chosen ones open, and the chosen ones."""
    known = network.gates
    if not isinstance(gates, gpd.GeoDataFrame):
        ids = [str(name) for name in gates]
        unknown = sorted({*ids} - {*known["id"]})
        if unknown:
            raise UnknownNameError("gate_unknown", ids=", ".join(unknown[:5]))
        is_chosen = known["id"].isin(ids)
        return known.assign(is_open=known["is_open"].astype(bool) | is_chosen), known[is_chosen]
    refuse_other_crs(network, gates)
    shapes = gates.geometry.to_numpy()
    if not np.isin(shapely.get_type_id(shapes), (0,)).all():
        raise UsageError("gates_not_points")
    ids = gates["id"].astype("str") if "id" in gates.columns else [f"gate_{index}" for index in gates.index]
    chosen = pd.DataFrame(
        {
            "id": np.asarray(ids, dtype=object),
            "geometry": shapely.force_2d(shapes),
            "place_id": gates["place_id"].to_numpy(dtype=object) if "place_id" in gates.columns else None,
            "ground": None,
            "is_open": True,
        }
    )
    return pd.concat([known.astype(object), chosen.astype(object)], ignore_index=True), chosen


def _gate_ends(network: WalkNetwork, ground: shapely.Geometry) -> tuple[Lines, Ends]:
    """Take the ends of streets on the ground that lie in the openings."""
    is_ground = on_the_ground(network)
    drawn = Lines(network.edge_lines, network.edge_nodes, is_ground, network.node_xy)
    here = shapely.STRtree(np.asarray(shapely.points(network.node_xy))).query(ground, predicate="intersects")
    is_here = np.zeros(len(network.node_xy), dtype=bool)
    is_here[here] = True
    edge, side = np.nonzero(is_here[network.edge_nodes] & is_ground[:, None])
    node = network.edge_nodes[edge, side]
    degree = np.bincount(network.edge_nodes.ravel(), minlength=len(network.node_xy))
    at_m = np.where(side == 0, 0.0, network.edge_length_m[edge])
    inner_xy = pulled_in(network.edge_lines[edge], at_m, PULL_M)
    return drawn, Ends(edge, node, network.node_xy[node], inner_xy, degree[node] == 1)


def _gate_findings(
    network: WalkNetwork, chosen: pd.DataFrame, openings: Geometries, landed: pd.DataFrame
) -> list[Finding]:
    at = shapely.points(landed[["x", "y"]].to_numpy(dtype=float))
    has_street = np.zeros(len(openings), dtype=bool)
    has_street[shapely.STRtree(openings).query(at, predicate="intersects")[1]] = True
    cut = np.zeros(len(openings), dtype=bool)
    cut[shapely.STRtree(network.barriers.outlines).query(openings, predicate="intersects")[0]] = True
    code = np.where(~cut, "gate_opens_nothing", np.where(has_street, "gate_opened", "gate_without_street"))
    return [
        Finding(str(one), "gates", str(name), None, {}, f"POINT ({point.x:.3f} {point.y:.3f})")
        for one, name, point in zip(code, chosen["id"], chosen["geometry"], strict=True)
    ]
