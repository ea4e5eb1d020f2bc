"""Idle stock: works, granaries and houses that stand empty, low-yield plots, abandoned works land."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import erase, joined_by_row
from fengmao_geo.spaces.evidence import evidence_findings, idleness
from fengmao_geo.spaces.inventory import Inventory, column_of, held_by, inventory, pairs
from fengmao_geo.spaces.waste import mine_waste
from fengmao_geo.spaces.yields import firm_parcels, low_yield_plots, yield_findings
from fengmao_geo.standards.spaces import space_kinds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Flags = NDArray[np.bool_]
    Indices = NDArray[np.intp]

__all__ = ["idle_stock"]


def idle_stock(town: Town, *, kinds: str | Path | SpaceKinds | None = None) -> Inventory:
    """List the idle stock of a town, one row per thing a person would point at.

    Idle works on one parcel or in one compound are one space: their footprints, and the whole ground where
    every building on it is idle; the houses on such ground belong to it. What is certain and what is only
    suspected are rows of their own. Land of the mining class whose buildings are all idle or gone, works land
    whose buildings are gone, and land that the survey calls abandoned are ``mine_waste``.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space: a file of the user's own, or kinds; by default the shipped ones.

    Returns
    -------
    Inventory
        ``table``: ``kind`` (idle_factory, granary, idle_house, low_yield_plot, mine_waste), ``basis``
        (stock), ``certainty`` (certain, suspected), ``rule``, ``evidence``, ``source_layer``, ``source_id``,
        ``source_name``, ``geometry``; and the ``findings``, such as that no column tells what is idle.

    Raises
    ------
    StandardError
        If the user's file of kinds is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> "granary" in set(idle_stock(sample_town()).table["kind"])
    True
    """
    read = space_kinds(kinds)
    buildings, found = _judged(town, read)
    firm_of = firm_parcels(town)
    waste, more = mine_waste(town, buildings, firm_of, kinds=read)
    buildings = buildings[~buildings["parcel"].isin(waste["parcel"])]
    groups = _grouped(town, buildings, read)
    works = _works(town, groups, _grain_words(town, groups, firm_of, read), read)
    works = works.set_geometry(erase(works.geometry.to_numpy(), waste.geometry.to_numpy()), crs=town.crs)
    whole = works[works["is_whole"] & (works["source_layer"] == "parcels")]
    low = low_yield_plots(town, kinds=read)
    low = low[~low["source_id"].isin([*waste["source_id"], *whole["source_id"]])]
    frames = [works.drop(columns="is_whole"), _houses(groups, read), low, waste.drop(columns="parcel")]
    found += [*more, *_unlisted(groups, read), *yield_findings(town, kinds=read)]
    return inventory(frames, found, town=town, kinds=read)


def _judged(town: Town, kinds: SpaceKinds) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Take the buildings with their idleness and the rows of the parcel and the compound that hold them."""
    if "buildings" not in town:
        empty = gpd.GeoDataFrame({"id": pd.Series(dtype=object)}, geometry=[], crs=town.crs)
        values = {"columns": "buildings", "tried": "buildings"}
        buildings, found = empty, [Finding("idle_unknown", "buildings", values=values)]
    else:
        buildings = town["buildings"].reset_index(drop=True)
        found = evidence_findings(buildings)
    shapes = buildings.geometry.to_numpy()
    held = {
        name: held_by(shapes, town[layer].geometry.to_numpy())
        if layer in town
        else np.full(len(shapes), -1, dtype=np.intp)
        for name, layer in (("parcel", "parcels"), ("compound", "compounds"))
    }
    text = {name: column_of(buildings, name, is_text=True) for name in ("use", "name")}
    judged = idleness(buildings, kinds=kinds).to_dict("series")
    made = buildings[["id", "geometry"]].assign(
        **text, **held, **{str(name): values for name, values in judged.items()}
    )
    return made.assign(is_idle=made["certainty"].notna()), found


def _grouped(town: Town, buildings: gpd.GeoDataFrame, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    """Say of each building which ground it is on, and whether every building there is equally idle.

    The ground is the compound, failing that the parcel, failing that the works that stand close together.
    """
    compound_count = len(town["compounds"]) if "compounds" in town else 0
    parcel_count = len(town["parcels"]) if "parcels" in town else 0
    parcel = np.where(buildings["parcel"] >= 0, compound_count + buildings["parcel"], -1)
    ground = np.where(buildings["compound"] >= 0, buildings["compound"], parcel)
    is_works = (buildings["is_idle"] & buildings["use"].isin(_works_uses(kinds))).to_numpy()
    lone = np.flatnonzero(is_works & (ground < 0))
    shapes = buildings.geometry.to_numpy()[lone]
    ground[lone] = (
        compound_count + parcel_count + _together(shapes, kinds.figure("together_m", "idle_factory"))
    )
    made = buildings.assign(ground=ground, is_works=is_works)
    by = made.groupby("ground")
    is_whole = by["is_idle"].transform("all") & (by["certainty"].transform("nunique") == 1)
    is_drawn = (made["ground"] >= 0) & (made["ground"] < compound_count + parcel_count)
    is_whole &= by["is_works"].transform("any") & is_drawn
    return made.assign(is_whole=is_whole, is_member=made["is_works"] | is_whole)


def _works_uses(kinds: SpaceKinds) -> tuple[str, ...]:
    return (*kinds.kinds["idle_factory"].uses, *kinds.kinds["granary"].uses)


def _together(shapes: NDArray[np.object_], within_m: float) -> Indices:
    """Give each shape the number of its cluster, in which none stands farther from the next than that."""
    of, hit = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within_m)
    links = coo_array((np.ones(len(of), dtype=bool), (of, hit)), shape=(len(shapes), len(shapes)))
    return connected_components(links, directed=False)[1].astype(np.intp)


def _grain_words(town: Town, groups: gpd.GeoDataFrame, firm_of: Indices, kinds: SpaceKinds) -> Flags:
    """Say which buildings have a word for grain in their name or their compound's, parcel's or firm's."""
    names = [groups["name"]]
    if "compounds" in town:
        names.append(_looked_up(town["compounds"], "name", groups["compound"]))
    if "parcels" in town:
        parcels = town["parcels"].reset_index(drop=True)
        names += [_looked_up(parcels, column, groups["parcel"]) for column in ("name", "owner_name")]
    words = "|".join(re.escape(word) for word in kinds.kinds["granary"].keywords)
    has_word = [column.astype("str").str.contains(words, case=False, na=False).to_numpy() for column in names]
    if "firms" in town:
        firms = column_of(town["firms"], "name", is_text=True).astype("str")
        rows = firm_of[firms.str.contains(words, case=False, na=False).to_numpy()]
        has_word.append(groups["parcel"].isin(rows[rows >= 0]).to_numpy())
    return np.asarray(np.logical_or.reduce(has_word), dtype=np.bool_)


def _looked_up(frame: gpd.GeoDataFrame, column: str, rows: pd.Series) -> pd.Series:
    values = column_of(frame, column, is_text=True).reset_index(drop=True)
    return rows.map(values)


def _works(town: Town, groups: gpd.GeoDataFrame, has_word: Flags, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    """Make one row per ground and certainty of the idle works on it."""
    is_grain = has_word & groups["use"].isin(kinds.kinds["granary"].uses) & groups["is_works"]
    area_m2 = shapely.area(groups.geometry.to_numpy())
    members = groups.assign(
        works_m2=area_m2 * groups["is_works"],
        grain_m2=area_m2 * is_grain,
        building_count=groups.groupby("ground")["id"].transform("size"),
    )
    order = {"ground": True, "certainty": True, "by_status": False, "by_electricity": False, "id": True}
    members = members[members["is_member"]].sort_values(list(order), ascending=list(order.values()))
    key = members.groupby(["ground", "certainty"], sort=True)
    share = key["grain_m2"].sum() / key["works_m2"].sum()
    is_granary = (share >= kinds.figure("granary_share", "granary")).to_numpy()
    first = key.first().reset_index()
    row = key.ngroup().to_numpy()
    shapes = members.geometry.to_numpy()
    shapes = joined_by_row(shapes, row) if len(shapes) else shapes
    source, grounds = _sources(town, first)
    whole = np.flatnonzero(first["is_whole"])
    shapes[whole] = shapely.union(shapes[whole], grounds[whole])
    shown = {
        "idle_count": key.size().tolist(),
        "building_count": first["building_count"].tolist(),
        "by_status_count": key["by_status"].sum().tolist(),
        "by_electricity_count": key["by_electricity"].sum().tolist(),
        "by_lease_count": key["by_lease"].sum().tolist(),
        "grain_share": np.where(is_granary, share.round(3), np.nan).tolist(),
    }
    return gpd.GeoDataFrame(
        {
            "kind": np.where(is_granary, "granary", "idle_factory"),
            "certainty": first["certainty"],
            "rule": first["rule"],
            "evidence": pairs(shown, count=len(first)),
            **source,
            "is_whole": first["is_whole"].astype(bool),
        },
        geometry=shapes,
        crs=town.crs,
    )


def _sources(town: Town, first: pd.DataFrame) -> tuple[dict[str, NDArray[np.object_]], NDArray[np.object_]]:
    """Name where each group comes from, and take its ground: a parcel's without the compounds on it."""
    layer = np.full(len(first), "buildings", dtype=object)
    ids, names = (
        first["id"].to_numpy(dtype=object, copy=True),
        first["name"].to_numpy(dtype=object, copy=True),
    )
    grounds = np.full(len(first), None, dtype=object)
    compounds = town["compounds"].geometry.to_numpy() if "compounds" in town else np.zeros(0, dtype=object)
    ground, start = first["ground"].to_numpy(dtype=np.intp), 0
    for name in ("compounds", "parcels"):
        if name not in town:
            continue
        frame = town[name]
        here = np.flatnonzero((ground >= start) & (ground < start + len(frame)))
        rows = ground[here] - start
        layer[here], ids[here] = name, frame["id"].to_numpy(dtype=object)[rows]
        named = column_of(frame, "name", is_text=True).to_numpy()[rows]
        names[here] = np.where(pd.isna(named), names[here], named)
        shapes = frame.geometry.to_numpy()[rows]
        grounds[here] = shapes if name == "compounds" else erase(shapes, compounds)
        start += len(frame)
    return {"source_layer": layer, "source_id": ids, "source_name": names}, grounds


def _is_house(groups: gpd.GeoDataFrame, kinds: SpaceKinds) -> pd.Series:
    uses = kinds.kinds["idle_house"].uses
    return pd.Series(groups["is_idle"] & ~groups["is_member"] & groups["use"].isin(uses))


def _houses(groups: gpd.GeoDataFrame, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    houses = groups[_is_house(groups, kinds)]
    columns = ["certainty", "rule", "evidence", "geometry"]
    return houses[columns].assign(
        kind="idle_house", source_layer="buildings", source_id=houses["id"], source_name=houses["name"]
    )


def _unlisted(groups: gpd.GeoDataFrame, kinds: SpaceKinds) -> list[Finding]:
    """Tell of idle buildings whose use no kind of stock names."""
    left = groups[groups["is_idle"] & ~groups["is_member"] & ~_is_house(groups, kinds)]
    if not len(left):
        return []
    uses = ", ".join(sorted(left["use"].fillna("?").astype(str).unique()))
    return [
        Finding("idle_use_unlisted", "buildings", column="use", values={"count": len(left), "uses": uses})
    ]
