"""Indicators of small spaces: how many, how large, how many of them the programme uses; a value per area."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pandas as pd
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.blocks.case import Case
    from fengmao_geo.tables import Programme

__all__ = [
    "confirmed_space_count",
    "open_space_ha",
    "open_space_share",
    "space_count",
    "suspected_space_count",
    "used_space_ha",
    "used_space_share",
]


def space_count(case: Case) -> pd.Series[float]:
    """How many spaces each area has."""
    return _counts(case, case.spaces)


def open_space_ha(case: Case) -> pd.Series[float]:
    """Area of the leftover and grey spaces in each area, in hectares."""
    return _hectares(case, _open(case))


def open_space_share(case: Case) -> pd.Series[float]:
    """Share of each area's ground that leftover and grey spaces take."""
    parts = case.cut(_open(case))
    area_m2 = pd.Series(shapely.area(parts.geometry.to_numpy()), index=parts["area_id"])
    return case.by_area(area_m2.groupby(level=0).sum()) / case.area_m2


def confirmed_space_count(case: Case) -> pd.Series[float]:
    """How many spaces were confirmed on site."""
    spaces = case.spaces
    return _counts(case, spaces[spaces["decision"] == "confirmed"])


def suspected_space_count(case: Case) -> pd.Series[float]:
    """How many spaces are only suspected and not yet confirmed on site."""
    spaces = case.spaces
    return _counts(case, spaces[(spaces["certainty"] == "suspected") & (spaces["decision"] == "")])


def used_space_share(case: Case) -> pd.Series[float]:
    """Share of the spaces that the programme gives a use, by their number."""
    count = space_count(case)
    return (_counts(case, _used(case)) / count).where(count > 0, NOT_THERE)


def used_space_ha(case: Case) -> pd.Series[float]:
    """Area of the spaces that the programme gives a use, in hectares."""
    return _hectares(case, _used(case))


def _open(case: Case) -> gpd.GeoDataFrame:
    """Take the spaces that are part of open land, of which no two overlap."""
    spaces = case.spaces
    return spaces[spaces["basis"] == "open_land"]


def _used(case: Case) -> gpd.GeoDataFrame:
    spaces, programme = case.spaces, cast("Programme", case.results.programme)
    return spaces[spaces["space_id"].isin(programme.sites["space_id"])]


def _counts(case: Case, spaces: pd.DataFrame) -> pd.Series[float]:
    return case.by_area(case.by_block(spaces).groupby("area_id").size().astype(float))


def _hectares(case: Case, spaces: pd.DataFrame) -> pd.Series[float]:
    rows = case.by_block(spaces.drop(columns="geometry"))
    return case.by_area(rows.groupby("area_id")["area_m2"].sum()).map(hectares)
