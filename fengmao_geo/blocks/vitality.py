"""Indicators of vitality: what lines the streets, how varied its trades are, how open its fronts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.blocks.facades import facades_of
from fengmao_geo.blocks.streets import street_m, walkable_streets
from fengmao_geo.blocks.weights import area_mean, area_sum, ratio
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.spaces.surfaces import street_widths
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.spaces import space_kinds

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.blocks.case import Case

__all__ = ["active_frontage_share", "facility_count_per_100_m", "trade_diversity"]

#: Groups of facilities that do not make a street lively.
_QUIET = ("green", "transport", "municipal")
_TRADE = "commerce"
#: Uses of ground floors that open to the street.
_ACTIVE = ("commercial", "mixed", "public")
_STRETCH_M = 100.0


def facility_count_per_100_m(case: Case) -> pd.Series[float]:
    """Facilities per 100 m of street; green, transport and municipal ones left out."""
    facilities = _standing(case)
    placed = case.placed(facilities[~_groups(facilities).isin(_QUIET)])
    count = area_sum(case, placed["area_id"], np.ones(len(placed)))
    return ratio(count, street_m(case, walkable_streets(case)) / _STRETCH_M)


def trade_diversity(case: Case) -> pd.Series[float]:
    """How many equally frequent trades would be as diverse as those there are (Hill number of order 1).

    A town whose facilities hold no trade at all has none only if it says that all are listed.
    """
    facilities = _standing(case)
    trades = facilities[_groups(facilities) == _TRADE]
    if trades.empty and case.town.settings.surveyed_types != "all":
        return case.area_m2 * np.nan
    placed = case.placed(trades)
    counts = placed.groupby(["area_id", "facility_type"]).size().astype(float)
    share = counts / counts.groupby("area_id").transform("sum")
    entropy = -(share * np.log(share)).groupby("area_id").sum()
    return case.by_area(np.exp(entropy), empty=NOT_THERE)


def active_frontage_share(case: Case) -> pd.Series[float]:
    """Share of the façade along streets that belongs to shops, mixed or public buildings in use.

    A façade is along a street if one who looks straight out of it sees a public street, no farther than
    ``front_m`` from the street's edge. Streets within compounds are not public.
    """
    buildings, streets = case.town["buildings"], _public_streets(case)
    shapes = buildings.geometry.to_numpy()
    lines = streets.geometry.to_numpy()
    half_m = street_widths(streets, kinds=space_kinds()) / 2
    reach_m = indicator_file().figure("front_m")
    pieces = facades_of(shapes, near=lines, within_m=reach_m + half_m.max(initial=0.0))
    pieces = pieces.take(pieces.front_streets(lines, half_m, shapes, reach_m=reach_m))
    use = column_of(buildings, "use", is_text=True)
    is_idle = (column_of(buildings, "status", is_text=True) == "idle").to_numpy()
    active = np.where(use.notna(), use.isin(_ACTIVE) & ~is_idle, np.nan).astype(float)
    fronts = buildings.iloc[pieces.building].set_geometry(pieces.points, crs=buildings.crs)
    placed = case.placed(fronts.assign(is_active=active[pieces.building], metres=pieces.length_m))
    return area_mean(case, placed["area_id"], placed["is_active"], weights=placed["metres"])


def _standing(case: Case) -> gpd.GeoDataFrame:
    facilities = case.town["facilities"]
    return facilities[~column_of(facilities, "is_planned", is_text=True).isin([True])]


def _groups(facilities: gpd.GeoDataFrame) -> pd.Series[str]:
    groups = {name: of.display_group for name, of in facility_types().items()}
    return column_of(facilities, "facility_type", is_text=True).map(groups)


def _public_streets(case: Case) -> gpd.GeoDataFrame:
    streets = walkable_streets(case)
    if "compounds" not in case.town:
        return streets
    middles = shapely.line_interpolate_point(streets.geometry.to_numpy(), 0.5, normalized=True)
    within = case.town["compounds"].sindex.query(middles, predicate="intersects")[0]
    return streets.drop(index=streets.index[np.unique(within)]).reset_index(drop=True)
