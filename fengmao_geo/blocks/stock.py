"""Indicators of stock: what stands idle and what firms yield, each a value per area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.spaces.yields import yield_per_mu
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from fengmao_geo.blocks.case import Case

__all__ = [
    "grade_cd_land_share",
    "grade_d_land_share",
    "idle_building_share",
    "idle_floor_m2",
    "idle_floor_share",
    "idle_stock_ha",
    "low_power_building_share",
    "low_yield_ha",
    "parcel_revenue_wan_per_mu",
    "parcel_yield_wan_per_mu",
]

_IDLE_KINDS = ("idle_factory", "granary", "idle_house", "mine_waste")
_LOW_YIELD = "low_yield_plot"
# What floats leave of a share that is exactly at a limit.
_ROUNDING = 1e-9


def idle_floor_m2(case: Case) -> pd.Series[float]:
    """Floor area of buildings that evidence shows to be idle."""
    houses = case.houses
    idle = houses[houses["is_idle"]]
    floors = case.by_area(idle.groupby("area_id")["floor_m2"].sum())
    return floors.where(_is_known(case, "has_evidence") & _is_known(case, "has_floors"))


def idle_floor_share(case: Case) -> pd.Series[float]:
    """Floor area of idle buildings by that of all."""
    whole = case.by_area(case.houses.groupby("area_id")["floor_m2"].sum())
    return (idle_floor_m2(case) / whole).where(whole > 0, NOT_THERE)


def idle_building_share(case: Case) -> pd.Series[float]:
    """Idle buildings by all, by their number."""
    share = case.by_area(case.houses.groupby("area_id")["is_idle"].mean(), empty=NOT_THERE)
    return share.where(_is_known(case, "has_evidence"))


def low_power_building_share(case: Case) -> pd.Series[float]:
    """Share of the buildings whose electricity is known that use next to none."""
    houses = case.houses
    metered = houses[houses["has_meter"]].groupby("area_id")["is_low_power"].mean()
    some = case.by_area(houses.groupby("area_id").size().astype(float))
    return case.by_area(metered, empty=np.nan).where(some > 0, NOT_THERE)


def idle_stock_ha(case: Case) -> pd.Series[float]:
    """Ground of idle works, granaries, houses and abandoned works land that is certain, in hectares."""
    spaces = case.spaces
    return _ground_ha(case, spaces[spaces["kind"].isin(_IDLE_KINDS) & _is_certain(spaces)])


def low_yield_ha(case: Case) -> pd.Series[float]:
    """Ground of the plots that may yield little in each area, in hectares."""
    spaces = case.spaces
    return _ground_ha(case, spaces[spaces["kind"] == _LOW_YIELD])


def parcel_yield_wan_per_mu(case: Case) -> pd.Series[float]:
    """Tax of the firms in each area over the area of their parcels in mu, of parcels that tell it."""
    return _per_mu(case, "tax_wan")


def parcel_revenue_wan_per_mu(case: Case) -> pd.Series[float]:
    """Revenue of the firms in each area over the area of their parcels in mu, of parcels that tell it."""
    return _per_mu(case, "revenue_wan")


def grade_cd_land_share(case: Case) -> pd.Series[float]:
    """Share of the land of classed firms that is of class C or D."""
    return _graded_share(case, ("C", "D"))


def grade_d_land_share(case: Case) -> pd.Series[float]:
    """Share of the land of classed firms that is of class D."""
    return _graded_share(case, ("D",))


def _is_known(case: Case, column: str) -> pd.Series[bool]:
    """Say in which areas no more buildings than may be are without evidence, or without floors."""
    known = case.by_area(case.houses.groupby("area_id")[column].mean(), empty=1.0)
    most = indicator_file().figures["unknown_most_share"].value
    return 1.0 - known <= most + _ROUNDING


def _is_certain(spaces: pd.DataFrame) -> pd.Series[bool]:
    """Say what evidence shows, or somebody confirmed on site."""
    return (spaces["certainty"] == "certain") | (spaces["decision"] == "confirmed")


def _ground_ha(case: Case, spaces: pd.DataFrame) -> pd.Series[float]:
    rows = case.by_block(spaces.drop(columns="geometry"))
    return case.by_area(rows.groupby("area_id")["area_m2"].sum()).map(hectares)


def _yields(case: Case) -> pd.DataFrame:
    """Take what the firms of each parcel yield, once per area that the parcel lies in."""
    parcels = case.town["parcels"][["id", "geometry"]].rename(columns={"id": "parcel_id"})
    return pd.DataFrame(case.placed(parcels.merge(yield_per_mu(case.town), on="parcel_id")))


def _per_mu(case: Case, amount: str) -> pd.Series[float]:
    rows = _yields(case)
    known = rows[rows[amount].notna()].groupby("area_id")[[amount, "area_mu"]].sum()
    return _where_firms_are(case, rows, known[amount] / known["area_mu"])


def _graded_share(case: Case, grades: tuple[str, ...]) -> pd.Series[float]:
    rows = _yields(case)
    graded = rows[rows["grade"].notna()]
    of = graded.assign(part=graded["area_mu"].where(graded["grade"].isin(grades), 0.0))
    sums = of.groupby("area_id")[["part", "area_mu"]].sum()
    return _where_firms_are(case, rows, sums["part"] / sums["area_mu"])


def _where_firms_are(case: Case, rows: pd.DataFrame, values: pd.Series[float]) -> pd.Series[float]:
    """Leave a value out where there is no firm it could be of."""
    count = case.by_area(rows.groupby("area_id").size().astype(float))
    return case.by_area(values, empty=np.nan).where(count > 0, NOT_THERE)
