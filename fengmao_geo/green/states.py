"""All that vector layers say of the green of one state: now, before, or as a programme would leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.green.access import park_coverage, park_reach
from fengmao_geo.green.change import come_and_gone, green_ground, planned_m2
from fengmao_geo.green.cover import green_cover
from fengmao_geo.green.parts import PART
from fengmao_geo.green.three_thirty import three_thirty
from fengmao_geo.green.trees import tree_lined_share, tree_lined_streets
from fengmao_geo.green.waterfront import waterfront, waterfront_values
from fengmao_geo.standards.uses import uses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fengmao_geo.network.attach import Attachments
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]

__all__ = ["GreenState", "compared", "green_state", "gross_rows", "planned_rows"]

_KEYS = ["area_kind", "area_id", "area_name", "indicator", "rule_set", "by"]
_FIGURES = ("before", "after", "gain", "low", "high")


@dataclass(frozen=True, eq=False)
class GreenState:
    """Values and tables of the green of one state.

    Parameters
    ----------
    table
        The table ``green_values``, of parts only the figures of area.
    park_reach, banks, tree_lined_streets
        The tables of these names.
    """

    table: pd.DataFrame
    park_reach: pd.DataFrame
    banks: gpd.GeoDataFrame
    tree_lined_streets: gpd.GeoDataFrame


def green_state(
    town: Town,
    network: WalkNetwork,
    green: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame,
    *,
    standard: GreenStandard,
    homes: Attachments,
) -> GreenState:
    """Measure the green of one state in every area.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of that state; ``None`` if nothing is known of it.
    areas
        Areas and parts.
    standard
        What is measured.
    homes
        The town's dwellings, joined to the streets.

    Returns
    -------
    GreenState
        Values and tables.
    """
    whole = areas[areas["area_kind"] != PART]
    reach = park_reach(town, network, green, standard=standard, homes=homes)
    banks = waterfront(town, network, green, standard=standard)
    streets = tree_lined_streets(town, green, standard=standard)
    values = [
        green_cover(town, green, areas, standard=standard),
        park_coverage(town, network, green, whole, standard=standard, homes=homes),
        three_thirty(town, green, whole, reach, standard=standard),
        tree_lined_share(town, streets, whole),
        waterfront_values(town, banks, whole),
    ]
    return GreenState(pd.concat(values, ignore_index=True), reach, banks, streets)


def compared(before: pd.DataFrame | None, after: pd.DataFrame, *, basis: str) -> pd.DataFrame:
    """Put two states beside each other: what is exact in the data has no interval.

    Parameters
    ----------
    before, after
        Tables ``green_values``; ``None`` for a state that nothing is known of.
    basis
        How they are known.

    Returns
    -------
    DataFrame
        The columns of the table ``green_gains``.
    """
    if before is None:
        both = after.rename(columns={"value": "after"}).assign(before=np.nan)
    else:
        earlier = before[[*_KEYS, "value"]].rename(columns={"value": "before"})
        both = after.rename(columns={"value": "after"}).merge(earlier, on=_KEYS, how="left", validate="1:1")
    gain = both["after"] - both["before"]
    return both.assign(gain=gain, low=gain, high=gain, basis=basis)


def gross_rows(
    town: Town,
    states: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    net: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    standard: GreenStandard,
) -> pd.DataFrame:
    """Tell what came from what went: ground that became green, and green that was lost.

    Parameters
    ----------
    town
        The town.
    states
        The green before and now.
    net
        Rows of the net change of ``green_m2``, one for each area, which these rows split.
    areas
        The same areas.
    standard
        What counts as green.

    Returns
    -------
    DataFrame
        The columns of the table ``green_gains``: ``green_gross_gain_m2`` and, below zero,
        ``green_gross_loss_m2``.
    """
    before, after = (green_ground(town, green, standard=standard) for green in states)
    come, gone = come_and_gone(before, after, areas.geometry.to_numpy())
    is_unknown = net["gain"].isna().to_numpy()
    rows = []
    for indicator, value in (("green_gross_gain_m2", come), ("green_gross_loss_m2", -gone)):
        known = np.where(is_unknown, np.nan, value)
        figures = dict.fromkeys(("gain", "low", "high"), known)
        rows.append(net.assign(indicator=indicator, before=np.nan, after=np.nan, **figures))
    return pd.concat(rows, ignore_index=True)


def planned_rows(
    town: Town,
    network: WalkNetwork,
    sites: gpd.GeoDataFrame,
    now: GreenState,
    areas: gpd.GeoDataFrame,
    *,
    standard: GreenStandard,
    homes: Attachments,
) -> pd.DataFrame:
    """Measure what a programme would add to the green of now.

    Areas of green count what each site plants; parks count the whole ground of the sites whose use supplies a
    park. What no layer of green tells of now stays unknown.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    sites
        The table ``sites`` in the order of ids.
    now
        The green of now.
    areas
        Areas and parts.
    standard
        What is measured.
    homes
        The town's dwellings, joined to the streets.

    Returns
    -------
    DataFrame
        The columns of the table ``green_gains``, of basis ``planned``.
    """
    whole = areas[areas["area_kind"] != PART]
    green = town.layers.get("green")
    later = None if green is None else pd.concat([green, _parks(sites, standard)], ignore_index=True)
    parks = [
        green_cover(town, later, whole, standard=standard),
        park_coverage(town, network, later, whole, standard=standard, homes=homes),
    ]
    values = pd.concat(parks, ignore_index=True)
    is_of_parks = values["indicator"].str.contains("park")
    rows = compared(now.table, values[is_of_parks], basis="planned")
    return pd.concat([_planted(town, sites, now, areas, standard), rows], ignore_index=True)


def _parks(sites: gpd.GeoDataFrame, standard: GreenStandard) -> gpd.GeoDataFrame:
    """Take the sites that become parks, as a layer of green holds them."""
    known = uses()
    kinds = {name: _first(use.supplies, standard.park_types) for name, use in known.items()}
    park = sites["use"].map(kinds)
    rows = sites[park.notna()]
    return gpd.GeoDataFrame(
        {"id": "site:" + rows["space_id"], "name": rows["name"], "green_type": park[park.notna()]},
        geometry=rows.geometry,
        crs=sites.crs,
    )


def _first(supplied: Sequence[str], wanted: Sequence[str]) -> str | None:
    return next((kind for kind in supplied if kind in wanted), None)


def _planted(
    town: Town, sites: gpd.GeoDataFrame, now: GreenState, areas: gpd.GeoDataFrame, standard: GreenStandard
) -> pd.DataFrame:
    """Write what the sites plant, in square metres and as a share of the built-up part."""
    ground = areas.geometry.to_numpy()
    green = now.table[now.table["indicator"].isin(["green_m2", "green_share"])]
    rows = green.rename(columns={"value": "before"}).assign(basis="planned")
    if "green" not in town:
        return rows.assign(**dict.fromkeys(_FIGURES, np.nan))
    taken = green_ground(town, town["green"], standard=standard)
    built = shapely.intersection(ground, shapely.union_all(town["built_up"].geometry.to_numpy()))
    of_m2 = shapely.area(built)
    gains = {
        "green_m2": planned_m2(town, sites, taken, ground),
        "green_share": planned_m2(town, sites, taken, built) / np.where(of_m2 > 0, of_m2, np.nan),
    }
    place = pd.Series(np.arange(len(areas)), index=pd.MultiIndex.from_frame(areas[["area_kind", "area_id"]]))
    at = place.loc[pd.MultiIndex.from_frame(rows[["area_kind", "area_id"]])].to_numpy()
    gain = np.where(rows["indicator"] == "green_m2", gains["green_m2"][at], gains["green_share"][at])
    # Where the green of now is not known, neither is how much of it a site would plant anew.
    gain = np.where(rows["before"].isna(), np.nan, gain)
    return rows.assign(after=rows["before"] + gain, gain=gain, low=gain, high=gain)
