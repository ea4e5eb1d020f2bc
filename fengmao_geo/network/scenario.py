"""A new bridge, a closed street → a new WalkNetwork."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import NetworkError, UnknownNameError, UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.lines import pulled_in
from fengmao_geo.network.barriers import PULL_M
from fengmao_geo.network.join import same_places
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
from fengmao_geo.network.walk_network import assemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fengmao_geo.network.barriers import Barriers
    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["LINK_KINDS", "LinkKind", "with_links", "without_links"]

LinkKind = Literal["footbridge", "street", "path"]

#: What can be laid: a footbridge is raised, crosses water and takes no legs; streets and paths take legs.
LINK_KINDS: tuple[LinkKind, ...] = ("footbridge", "street", "path")


def with_links(
    network: WalkNetwork,
    lines: gpd.GeoDataFrame,
    *,
    kind: LinkKind = "footbridge",
    connect_gaps_m: float = 1.0,
) -> WalkNetwork:
    """Lay new links: footbridges, streets or paths.

    A link is joined to the streets on the ground that its ends lie on, else to the nearest within
    ``connect_gaps_m`` with no barrier between; links that share an end meet there. Nothing else changes: old
    streets keep their nodes and are cut only where a link lands. For places each link is a part of its own,
    so that it adds attachments and replaces none: nobody's way becomes longer.

    Parameters
    ----------
    network
        The streets as they are; it is not changed.
    lines
        Lines in the network's CRS, with any of ``id`` and ``is_steps``; without ids they are named by kind
        and index.
    kind
        ``footbridge``: raised, over water and streets, takes no legs; ``street`` or ``path``: on the ground,
        takes legs.
    connect_gaps_m
        How far an end may lie from the street it is meant to meet; 0 for not at all.

    Returns
    -------
    WalkNetwork
        The streets with the links; ``audit`` lists each link, and each end that met nothing.

    Raises
    ------
    UsageError
        If the kind is unknown, the CRS differs, geometry is not lines, ids repeat or are those of streets, or
        the gap is negative.

    Examples
    --------
    >>> from fengmao_geo.network.build import walk_network
    >>> banks = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 90 0)", "LINESTRING (0 40, 90 40)"], crs=4549)
    >>> network = walk_network(banks.to_frame("geometry"))
    >>> bridge = gpd.GeoSeries.from_wkt(["LINESTRING (50 0, 50 40)"], crs=4549)
    >>> with_links(network, bridge.to_frame("geometry"))
    <WalkNetwork: 6 nodes, 5 edges, 1 connected parts>
    >>> with_links(network, bridge.to_frame("geometry")[:0])
    <WalkNetwork: 4 nodes, 2 edges, 2 connected parts>
    """
    if not connect_gaps_m >= 0:
        raise UsageError("negative", name="connect_gaps_m", value=connect_gaps_m)
    if kind not in LINK_KINDS:
        raise UsageError("link_kind", value=kind, known=", ".join(LINK_KINDS))
    links, found = _links(network, lines, kind)
    drawn, ends = _with_ends(network, links, is_raised=kind == "footbridge")
    landed = landings(drawn, ends, network.barriers, gap_m=connect_gaps_m)
    result = spliced(drawn, landed, ends)
    part = network.leg_part.max(initial=-1) + 1 + np.arange(len(links))
    streets = pd.concat(
        [
            network.edges.assign(leg_part=network.leg_part, is_new=False),
            links.drop(columns="geometry").assign(leg_part=part, is_new=True),
        ],
        ignore_index=True,
    )
    takes_legs = links.geometry.to_numpy() if kind != "footbridge" else np.zeros(0, dtype=object)
    found += _link_findings(links, ends, landed, network.barriers)
    return changed(
        network,
        result,
        streets,
        where=shapely.union_all(takes_legs),
        found=found + gap_findings(landed, ends, streets),
    )


def _links(
    network: WalkNetwork, lines: gpd.GeoDataFrame, kind: LinkKind
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Take single lines with every column that an edge carries, in the order of their ids."""
    refuse_other_crs(network, lines)
    shapes = lines.geometry.to_numpy()
    if not np.isin(shapely.get_type_id(shapes), (-1, 1, 5)).all():
        raise UsageError("links_not_lines")
    bare = [f"{kind}_{index}" for index in lines.index]
    ids = (
        lines["id"].astype("str").to_numpy(dtype=object) if "id" in lines.columns else np.array(bare, object)
    )
    taken = {*network.edges["street_id"][network.edges["street_id"].isin(ids)]}
    again = sorted({*pd.Series(ids)[pd.Series(ids).duplicated()]} | taken)
    if again:
        raise UsageError("link_ids_repeat", ids=", ".join(again[:5]))
    steps = lines["is_steps"].eq(True).to_numpy() if "is_steps" in lines.columns else False
    is_raised = kind == "footbridge"
    table = gpd.GeoDataFrame(
        {
            "street_id": ids,
            "level": int(is_raised),
            "is_bridge": is_raised,
            "is_tunnel": False,
            "is_steps": steps,
        },
        geometry=shapely.force_2d(shapes),
        crs=network.crs,
    )
    length = table.geometry.length.to_numpy()
    is_empty = ~(np.isfinite(length) & (length > 0))
    found = [Finding("link_empty", "links", str(name)) for name in table["street_id"][is_empty]]
    parts = table[~is_empty].explode()
    order = np.lexsort((*shapely.bounds(parts.geometry.to_numpy()).T, parts["street_id"].to_numpy(dtype=str)))
    return parts.iloc[order].reset_index(drop=True), found


def _with_ends(network: WalkNetwork, links: gpd.GeoDataFrame, *, is_raised: bool) -> tuple[Lines, Ends]:
    """Put links beside the streets, with nodes of their own at their ends."""
    shapes = links.geometry.to_numpy()
    sides = [shapely.get_coordinates(shapely.get_point(shapes, end)) for end in (0, -1)]
    xy = np.stack(sides, axis=1).reshape(-1, 2)
    place, place_xy = same_places(xy)
    nodes = len(network.node_xy) + place.reshape(-1, 2)
    lines = np.concatenate([network.edge_lines, shapes])
    at_m = np.stack([np.zeros(len(shapes)), shapely.length(shapes)], axis=1).ravel()
    line = np.repeat(np.arange(len(shapes)), 2)
    return (
        Lines(
            lines,
            np.concatenate([network.edge_nodes, nodes]).astype(np.intp),
            np.concatenate([on_the_ground(network), np.full(len(shapes), not is_raised)]),
            np.concatenate([network.node_xy, place_xy]),
        ),
        Ends(
            len(network.edge_lines) + line,
            nodes.ravel(),
            place_xy[place],
            pulled_in(shapes[line], at_m, PULL_M),
            np.bincount(place)[place] == 1,
        ),
    )


def _link_findings(
    links: gpd.GeoDataFrame, ends: Ends, landed: pd.DataFrame, barriers: Barriers
) -> list[Finding]:
    """List every link, its ends that met nothing, and links on the ground through walls or water."""
    first = ends.line.min(initial=np.iinfo(np.intp).max)
    is_joined = ~ends.is_dead | np.isin(ends.node, landed["node"]) | np.isin(ends.node, landed["target"])
    ids, lines = links["street_id"].to_numpy(), links.geometry.to_numpy()
    joined = np.bincount(ends.line[is_joined] - first, minlength=len(links))
    found = [
        Finding(
            "link_added", "links", str(name), None, {"length_m": round(float(length), 1), "count": int(count)}
        )
        for name, length, count in zip(ids, shapely.length(lines), joined, strict=True)
    ]
    found += [
        Finding("link_end_open", "links", str(ids[line - first]), None, {}, f"POINT ({x:.3f} {y:.3f})")
        for line, (x, y) in zip(ends.line[~is_joined], ends.xy[~is_joined], strict=True)
    ]
    on_ground = np.flatnonzero(links["level"] == 0)
    if len(on_ground):
        crosses = np.union1d(
            barriers.edge_tree.query(lines[on_ground], predicate="crosses")[0],
            barriers.area_tree.query(lines[on_ground], predicate="within")[0],
        ).astype(np.intp)
        found += [Finding("link_crosses_barrier", "links", str(name)) for name in ids[on_ground[crosses]]]
    return found


def without_links(network: WalkNetwork, street_ids: Sequence[str]) -> WalkNetwork:
    """Take streets or links out.

    Places are joined anew to what is left, so a place may even find a better way: no monotonicity is claimed.

    Parameters
    ----------
    network
        The streets as they are; it is not changed.
    street_ids
        Ids of the streets, as ``network.edges`` has them in ``street_id``.

    Returns
    -------
    WalkNetwork
        The streets that are left; ``audit`` lists what was taken out.

    Raises
    ------
    UnknownNameError
        If there is no such street.
    NetworkError
        If no street is left.

    Examples
    --------
    >>> from fengmao_geo.network.build import walk_network
    >>> lines = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (9 0, 9 9)"], crs=4549)
    >>> without_links(walk_network(lines.to_frame("geometry")), ["1"])
    <WalkNetwork: 2 nodes, 1 edges, 1 connected parts>
    """
    street = network.edges["street_id"]
    unknown = sorted({str(name) for name in street_ids} - {*street})
    if unknown:
        raise UnknownNameError("street_unknown", ids=", ".join(unknown[:5]))
    is_out = street.isin([str(name) for name in street_ids]).to_numpy()
    length = pd.Series(network.edge_length_m).groupby(street.to_numpy()).sum()
    found = [
        Finding("street_removed", "streets", name, None, {"length_m": round(float(length[name]), 1)})
        for name in sorted({str(name) for name in street_ids})
    ]
    if is_out.all():
        raise NetworkError("no_streets", findings_table(found))
    return assemble(
        crs=network.crs,
        node_xy=network.node_xy,
        edge_nodes=network.edge_nodes[~is_out],
        edge_lines=network.edge_lines[~is_out],
        edges=network.edges[~is_out],
        barriers=network.barriers,
        gates=network.gates,
        extent=network.extent,
        found=(*network.found, *found),
        terrain=network.terrain,
    )
