"""Indicators of fabric: how densely, how high, how finely and how long ago an area is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.blocks.weights import area_mean, area_sum
from fengmao_geo.green.areas import covered_m2
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.units import M2_PER_HECTARE

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.blocks.case import Case

__all__ = [
    "building_count_per_ha",
    "building_cover_share",
    "built_by_old_year",
    "grain_m2",
    "mean_floors",
    "old_building_share",
    "plot_ratio",
]


def building_cover_share(case: Case) -> pd.Series[float]:
    """Share of each area that buildings stand on, overlaps counted once."""
    areas, buildings = case.areas.geometry.to_numpy(), case.town["buildings"].geometry.to_numpy()
    return case.area_m2 * 0 + covered_m2(areas, buildings) / case.area_m2


def plot_ratio(case: Case) -> pd.Series[float]:
    """Floor area over ground: building coverage times the mean floors; nothing where nothing stands."""
    cover = building_cover_share(case)
    return (cover * mean_floors(case)).where(cover > 0, 0.0)


def mean_floors(case: Case) -> pd.Series[float]:
    """Floors of buildings, weighted by the footprint within the area."""
    cut = case.cut(case.town["buildings"])
    return area_mean(case, cut["area_id"], column_of(cut, "floor_count"), weights=shapely.area(cut.geometry))


def grain_m2(case: Case) -> pd.Series[float]:
    """Median footprint of buildings, sheds left out."""
    placed = _houses(case)
    medians = placed.geometry.area.groupby(placed["area_id"]).median()
    return case.by_area(medians, empty=NOT_THERE)


def building_count_per_ha(case: Case) -> pd.Series[float]:
    """Count buildings per hectare, sheds left out."""
    placed = _houses(case)
    count = area_sum(case, placed["area_id"], np.ones(len(placed)))
    return count / (case.area_m2 / M2_PER_HECTARE)


def old_building_share(case: Case) -> pd.Series[float]:
    """Share of the footprint that was built by the end of ``old_year``."""
    cut = case.cut(case.town["buildings"])
    return area_mean(case, cut["area_id"], built_by_old_year(cut), weights=shapely.area(cut.geometry))


def built_by_old_year(buildings: gpd.GeoDataFrame) -> pd.Series[float]:
    """Say which buildings were built by the end of ``old_year``.

    Parameters
    ----------
    buildings
        Buildings.

    Returns
    -------
    Series
        1 or 0; missing where the year is.
    """
    year = column_of(buildings, "built_year")
    return (year <= indicator_file().figure("old_year")).astype(float).where(year.notna())


def _houses(case: Case) -> gpd.GeoDataFrame:
    buildings = case.town["buildings"]
    return case.placed(buildings[buildings.geometry.area >= indicator_file().figure("shed_m2")])
