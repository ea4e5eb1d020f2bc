"""Abandoned mining and works land: what stood there is idle or gone, or the survey says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.spaces.inventory import column_of, land_groups, pairs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

__all__ = ["mine_waste"]

_KIND = "mine_waste"


def mine_waste(
    town: Town, buildings: gpd.GeoDataFrame, firm_of: NDArray[np.intp], *, kinds: SpaceKinds
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """List abandoned mining and works land, one row per parcel.

    Parameters
    ----------
    town
        The town.
    buildings
        Its buildings with ``parcel`` (row, -1 for none), ``is_idle``, ``is_used`` and ``certainty``.
    firm_of
        The row of each firm's parcel; bare land with a firm on it is not abandoned.
    kinds
        The kinds of space.

    Returns
    -------
    GeoDataFrame
        Rows of the inventory, and ``parcel``, the parcel's row.
    list of Finding
        That works land cannot be told, where it cannot.
    """
    parcels = town["parcels"].reset_index(drop=True) if "parcels" in town else None
    groups = None if parcels is None else land_groups(town, parcels)
    found = [] if groups is not None else [Finding("mining_unknown", "parcels", column="land_code")]
    if parcels is None:
        parcels = gpd.GeoDataFrame({"id": []}, geometry=[], crs=town.crs)
    is_mine = np.zeros(len(parcels), dtype=bool) if groups is None else (groups == "mining").to_numpy()
    is_works = is_mine if groups is None else is_mine | (groups == "industrial").to_numpy()
    total, idle, certain, used = _counts(buildings, len(parcels))
    codes = column_of(parcels, "detail_code", is_text=True)
    is_coded = codes.isin(kinds.kinds[_KIND].keywords).to_numpy()
    is_idle = is_mine & (total > 0) & (idle == total)
    is_bare = is_works & (total == 0)
    is_bare &= shapely.area(parcels.geometry.to_numpy()) >= kinds.figure("area_m2", _KIND)
    is_bare &= ~np.isin(np.arange(len(parcels)), firm_of) & ("buildings" in town)
    rule = np.select([is_coded, is_idle, is_bare], _rules(codes), default="")
    rows = np.flatnonzero(rule != "")
    # Whoever works there still speaks against the survey.
    is_certain = (is_coded & (used == 0)) | (is_idle & (certain == total))
    shown = {
        "land_code": column_of(parcels, "land_code", is_text=True)[rows],
        "building_count": total[rows].tolist(),
        "idle_count": idle[rows].tolist(),
    }
    return gpd.GeoDataFrame(
        {
            "kind": _KIND,
            "certainty": np.where(is_certain[rows], "certain", "suspected"),
            "rule": rule[rows],
            "evidence": pairs(shown, count=len(rows)),
            "source_layer": "parcels",
            "source_id": parcels["id"].to_numpy(dtype=object)[rows],
            "source_name": column_of(parcels, "name", is_text=True).to_numpy()[rows],
            "parcel": rows,
        },
        geometry=parcels.geometry.to_numpy()[rows],
        crs=town.crs,
    ), found


def _rules(codes: pd.Series) -> list[NDArray[np.object_]]:
    coded = ("detail_code=" + codes.fillna("").astype(str)).to_numpy(dtype=object)
    fixed = ("idle_count=building_count", "building_count=0")
    return [coded, *(np.full(len(codes), rule, dtype=object) for rule in fixed)]


def _counts(buildings: gpd.GeoDataFrame, count: int) -> tuple[NDArray[np.intp], ...]:
    """Count each parcel's buildings, the idle among them, those that certainly are, and those in use."""
    on = buildings[buildings["parcel"] >= 0]
    flags = (on["parcel"] >= 0, on["is_idle"], on["certainty"] == "certain", on["is_used"])
    return tuple(np.bincount(on["parcel"][flag], minlength=count) for flag in flags)
