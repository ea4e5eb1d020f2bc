"""Indicators of stock: what stands idle and what firms yield, each a value per area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.spaces.yields import yield_per_mu

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.blocks.case import Case

__all__ = ["parcel_yield_wan_per_mu"]


def parcel_yield_wan_per_mu(case: Case) -> pd.Series[float]:
    """Tax of the firms in each area over the area of their parcels in mu."""
    parcels = case.town["parcels"][["id", "geometry"]].rename(columns={"id": "parcel_id"})
    yields = parcels.merge(yield_per_mu(case.town), on="parcel_id")
    placed = case.placed(yields)
    sums = placed.groupby("area_id")[["tax_wan", "area_mu"]].sum(min_count=1)
    return case.by_area(sums["tax_wan"] / sums["area_mu"], empty=NOT_THERE)
