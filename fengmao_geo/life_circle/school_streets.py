"""The street pieces that children walk to school, how many use each and its shade; main roads they cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import joined_by_row
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.crossings import Crossings
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.network.ways import Ways
    from fengmao_geo.standards.routes import RouteStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["crossing_table", "main_roads", "segment_table", "street_findings"]

# Pieces shorter than rounding are not walked.
_NOTHING_M = 1e-6
# A street passes a crossing if it comes as near as rounding.
_TOUCH_M = 0.01
# Classes of streets whose usual width is known; others are as wide as a lane.
_WIDE_CLASSES = ("main", "secondary", "branch")


def main_roads(town: Town, network: WalkNetwork, standard: RouteStandard) -> Numbers:
    """Say which edges are main roads.

    Links that were added to a network are none. Where a main road that nobody may walk along, and that is
    therefore not on the network, crosses an edge at its level, it is unknown what that edge crosses.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    standard
        Which classes of streets are main roads.

    Returns
    -------
    array, shape ``(m,)``
        1 for a main road, 0 for another, NaN where the class is unknown.
    """
    streets = _streets(town)
    at = streets.index.get_indexer(network.edges["street_id"])
    known = streets["street_class"].notna().to_numpy()
    is_main = np.where(known, streets["street_class"].isin(standard.main_classes), np.nan).astype(float)
    found = np.where(
        at >= 0, is_main[at] if len(is_main) else np.nan, np.nan if network.change is None else 0
    )
    closed = streets[(is_main == 1) & streets["is_walkable"].eq(False).to_numpy(dtype=bool)]
    row, hit = network.edge_tree.query(closed.geometry.to_numpy(), predicate="intersects")
    level = closed["level"].fillna(0).to_numpy()
    found[hit[network.edges["level"].to_numpy()[hit] == level[row]]] = np.nan
    return found


def street_findings(town: Town) -> list[Finding]:
    """List what is not known of the streets that children walk.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    list of Finding
        Nothing where all classes and crowns are known.
    """
    found = []
    if unknown := int(_streets(town)["street_class"].isna().sum()):
        found.append(
            Finding("main_roads_unknown", "streets", column="street_class", values={"count": unknown})
        )
    crown_m = _crown_m(town)
    if crown_m is None:
        found.append(Finding("shade_unknown", "trees", column="crown_m"))
    elif count := int(crown_m.isna().sum()):
        values = {"count": count, "crown_m": round(float(crown_m.median()), 1)}
        found.append(Finding("crown_missing", "trees", column="crown_m", values=values))
    return found


def segment_table(
    town: Town,
    network: WalkNetwork,
    ways: Ways,
    *,
    children: Numbers,
    main: Numbers,
    standard: RouteStandard,
) -> gpd.GeoDataFrame:
    """Count the children on each edge that they walk along.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    ways
        The walks.
    children
        Children who go each way, NaN where they were not counted, shape ``(r,)``.
    main
        What `main_roads` gives.
    standard
        Thresholds.

    Returns
    -------
    GeoDataFrame
        The table ``school_segments``.
    """
    used = pd.DataFrame(
        {
            "edge_id": ways.edge_id,
            "way": ways.way,
            "children": children[ways.way],
            "metres": np.abs(ways.to_m - ways.from_m),
        }
    )
    used = used[used["metres"] > _NOTHING_M].assign(walked=lambda rows: rows["children"] * rows["metres"])
    # A way may leave an edge at one end and come back to it at the other: its children count once.
    walked_m = used.groupby("edge_id")["walked"].sum(min_count=1)
    users = used.drop_duplicates(["edge_id", "way"]).groupby("edge_id")["children"]
    people = users.sum(min_count=1).to_numpy(dtype=float)
    edge = walked_m.index.to_numpy(dtype=np.intp)
    total = np.nansum(children)
    streets = _streets(town)
    shaded = _shaded_share(town, network, edge, streets, standard)
    is_main = main[edge].astype(object)
    is_main[:] = [None if np.isnan(value) else bool(value) for value in main[edge]]
    found = gpd.GeoDataFrame(
        {
            "edge_id": edge,
            "street_id": network.edges["street_id"].to_numpy(dtype=object)[edge],
            "name": network.edges["street_id"].map(streets["name"]).to_numpy(dtype=object)[edge],
            "is_main_road": is_main,
            "length_m": network.edge_length_m[edge],
            "dwelling_count": users.size().to_numpy(),
            "children_people": people,
            "children_share": np.minimum(people / total, 1.0) if total > 0 else np.full(len(edge), np.nan),
            "shaded_share": shaded,
            "walked_m": walked_m.to_numpy(dtype=float),
            "unshaded_m": walked_m.to_numpy(dtype=float) * (1 - shaded),
        },
        geometry=network.edge_lines[edge],
        crs=network.crs,
    )
    return RESULTS["school_segments"].check(_ranked(found))


def _ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rank by metres that children walk without shade; by all they walk where shade is unknown."""
    basis = "unshaded" if found["unshaded_m"].notna().any() else "walked"
    by = found[f"{basis}_m"]
    rank = (-by).rank(method="first").where(by.notna())
    return found.assign(rank_basis=basis, rank=rank).sort_values(["rank", "edge_id"], ignore_index=True)


def crossing_table(
    town: Town, network: WalkNetwork, crossings: Crossings, *, children: Numbers, main: Numbers
) -> gpd.GeoDataFrame:
    """Count the children at each place where they cross main roads; who crosses there twice counts once.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    crossings
        What `fewest_crossings` gives.
    children
        Children who go each way, NaN where they were not counted, shape ``(r,)``.
    main
        What `main_roads` gives.

    Returns
    -------
    GeoDataFrame
        The table ``school_crossings``.
    """
    x, y = crossings.xy.T
    rows = pd.DataFrame({"x": x, "y": y, "way": crossings.way, "children": children[crossings.way]})
    users = rows.drop_duplicates(["x", "y", "way"]).groupby(["x", "y"])["children"]
    people = users.sum(min_count=1)
    points = np.asarray(shapely.points(people.index.to_frame().to_numpy(dtype=float)), dtype=object)
    row, edge = network.edge_tree.query(points, predicate="dwithin", distance=_TOUCH_M)
    row, edge = row[main[edge] == 1], edge[main[edge] == 1]
    names = network.edges["street_id"].iloc[edge].map(_streets(town)["name"]).set_axis(row)
    # Where main roads of several names meet, one of them stands for all.
    name = names.dropna().groupby(level=0).min().reindex(range(len(points))).astype(object)
    found = gpd.GeoDataFrame(
        {
            "name": name.where(name.notna(), None).to_numpy(dtype=object),
            "dwelling_count": users.size().to_numpy(),
            "children_people": people.to_numpy(dtype=float),
            "rank": (-people).rank(method="first").to_numpy(),
        },
        geometry=points,
        crs=network.crs,
    )
    return RESULTS["school_crossings"].check(found.sort_values("rank", kind="stable", ignore_index=True))


def _shaded_share(
    town: Town, network: WalkNetwork, edge: Indices, streets: gpd.GeoDataFrame, standard: RouteStandard
) -> Numbers:
    """Work out the share of the ground children walk on, along each edge, that lies under crowns."""
    crown_m = _crown_m(town)
    if crown_m is None:
        return np.full(len(edge), np.nan)
    radius_m = crown_m.fillna(crown_m.median()).to_numpy(dtype=float) / 2
    crowns = shapely.buffer(town["trees"].geometry.to_numpy(), radius_m)
    at = streets.index.get_indexer(network.edges["street_id"].to_numpy()[edge])
    lane_m = space_kinds().figure("lane_width_m")
    width_m = np.where(at >= 0, streets["width_m"].to_numpy()[at], lane_m)
    ground = _walks(network.edge_lines[edge], width_m, standard)
    row, hit = shapely.STRtree(crowns).query(ground, predicate="intersects")
    shaded_m2 = np.zeros(len(edge))
    rows = np.unique(row)
    if len(rows):
        over = joined_by_row(crowns[hit], row)
        shaded_m2[rows] = shapely.area(shapely.intersection(ground[rows], over))
    return np.minimum(shaded_m2 / shapely.area(ground), 1.0)


def _walks(lines: Geometries, width_m: Numbers, standard: RouteStandard) -> Geometries:
    """Draw the strips beside the carriageway; in a lane the street itself."""
    half_m, beside_m = width_m / 2, green_standard().figure("walk_width_m")
    roads = shapely.buffer(lines, half_m, cap_style="flat")
    wide = shapely.buffer(lines, half_m + beside_m, cap_style="flat")
    is_lane = width_m < standard.figure("lane_width_m")
    return np.where(is_lane, roads, shapely.difference(wide, roads))


def _streets(town: Town) -> gpd.GeoDataFrame:
    """Take the streets by their ids, with the columns that are asked for and a width."""
    streets = town["streets"]
    for name in ("name", "street_class", "width_m", "level", "is_walkable"):
        if name not in streets:
            streets[name] = np.nan if name in ("width_m", "level") else None
    kinds = space_kinds()
    usual_m = {name: kinds.figure(f"{name}_width_m") for name in _WIDE_CLASSES}
    assumed_m = streets["street_class"].map(usual_m).astype(float).fillna(kinds.figure("lane_width_m"))
    stated_m = streets["width_m"].astype(float)
    return streets.assign(width_m=stated_m.where(stated_m > 0).fillna(assumed_m)).set_index("id")


def _crown_m(town: Town) -> pd.Series | None:
    """Widths of the crowns; None where there is no layer of trees, or none is known of any tree."""
    if "trees" not in town:
        return None
    crown_m = town["trees"].reindex(columns=["crown_m"])["crown_m"].astype(float)
    return None if len(crown_m) and crown_m.isna().all() else crown_m
