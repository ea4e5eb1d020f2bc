"""Indicators of old estates: who climbs stairs, who cannot park, what has no sewer, what is green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.fabric import built_by_old_year
from fengmao_geo.blocks.weights import area_mean, area_sum, ratio, where_known
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.green.areas import covered_m2, dissolved, layer_shapes
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.people import dwelling_basis, dwellings

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.blocks.case import Case

__all__ = [
    "estate_green_share",
    "old_estate_share",
    "parking_gap_per_household",
    "unsewered_dwelling_share",
    "walkup_elderly_people",
    "walkup_elderly_share",
]

_HOMES = ("residential", "mixed")


def walkup_elderly_people(case: Case) -> pd.Series[float]:
    """Count the people of 60 and more who live in buildings with stairs to climb and no lift."""
    homes = _elderly_homes(case)
    if homes is None:
        return case.area_m2 * np.nan
    elderly = homes["elderly_people"].to_numpy(dtype=float)
    sums = area_sum(case, homes["area_id"], np.nan_to_num(elderly) * (homes["is_walkup"] == 1))
    is_known = homes["is_walkup"].notna() & ~np.isnan(elderly)
    return where_known(case, sums, homes["area_id"], weights=shapely.area(homes.geometry), is_known=is_known)


def walkup_elderly_share(case: Case) -> pd.Series[float]:
    """Share of the people of 60 and more who live in buildings with stairs to climb and no lift."""
    homes = _elderly_homes(case)
    if homes is None:
        return case.area_m2 * np.nan
    elderly = homes["elderly_people"].to_numpy(dtype=float)
    share = area_mean(case, homes["area_id"], homes["is_walkup"], weights=np.nan_to_num(elderly))
    ground_m2 = shapely.area(homes.geometry)
    return where_known(case, share, homes["area_id"], weights=ground_m2, is_known=~np.isnan(elderly))


def parking_gap_per_household(case: Case) -> pd.Series[float]:
    """Parking spaces that estates lack, per household; spaces to spare in one do not help another.

    An estate whose households or parking spaces are not known makes its area unknown.
    """
    estates = _estates(case)
    needed = _within(estates, _homes(case), "household_count")
    spaces = _within(estates, case.town["parking"], "capacity_count")
    gap = np.maximum(needed * indicator_file().figure("household_car_count") - spaces, 0.0)
    placed = case.placed(estates.assign(gap=gap, households=needed))
    gaps, households, unknown = (
        area_sum(case, placed["area_id"], values)
        for values in (placed["gap"], placed["households"], placed["gap"].isna())
    )
    return ratio(gaps, households).where(unknown == 0)


def unsewered_dwelling_share(case: Case) -> pd.Series[float]:
    """Share of the dwellings that lie farther than ``sewer_m`` from any sewer."""
    homes = dwellings(case.town)
    shapes, sewers = homes.geometry.to_numpy(), layer_shapes(case.town, "sewers")
    joined = shapely.STRtree(sewers).query(
        shapes, predicate="dwithin", distance=indicator_file().figure("sewer_m")
    )[0]
    has_none = np.ones(len(homes))
    has_none[joined] = 0.0
    placed = case.placed(homes.assign(has_none=has_none))
    return area_mean(case, placed["area_id"], placed["has_none"], weights=np.ones(len(placed)))


def estate_green_share(case: Case) -> pd.Series[float]:
    """Share of the estates' ground that is green, overlaps counted once."""
    estates = shapely.union_all(_estates(case).geometry.to_numpy())
    ground = shapely.intersection(case.areas.geometry.to_numpy(), estates)
    green_m2 = covered_m2(ground, dissolved(polygons_of(layer_shapes(case.town, "green"))))
    of = case.area_m2.index
    return ratio(pd.Series(green_m2, index=of), pd.Series(shapely.area(ground), index=of))


def old_estate_share(case: Case) -> pd.Series[float]:
    """Share of the footprint of dwellings in estates that was built by the end of ``old_year``."""
    homes = _homes(case)
    points = shapely.point_on_surface(homes.geometry.to_numpy())
    inside = _estates(case).sindex.query(points, predicate="intersects")[0]
    cut = case.cut(homes.iloc[np.unique(inside)])
    return area_mean(case, cut["area_id"], built_by_old_year(cut), weights=shapely.area(cut.geometry))


def _estates(case: Case) -> gpd.GeoDataFrame:
    compounds = case.town["compounds"]
    is_estate = column_of(compounds, "compound_type", is_text=True) == "estate"
    return compounds[is_estate].reset_index(drop=True)


def _homes(case: Case) -> gpd.GeoDataFrame:
    buildings = case.town["buildings"]
    is_home = column_of(buildings, "use", is_text=True).isin(_HOMES)
    return buildings[is_home].reset_index(drop=True)


def _within(estates: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, column: str) -> NDArray[np.float64]:
    """Add a column up over what lies in each estate; missing where one of its rows is."""
    points = shapely.point_on_surface(rows.geometry.to_numpy())
    row, estate = estates.sindex.query(points, predicate="intersects")
    values = column_of(rows, column).to_numpy()[row]
    return np.bincount(estate, weights=values, minlength=len(estates)).astype(float)


def _elderly_homes(case: Case) -> gpd.GeoDataFrame | None:
    """Place the buildings people live in, with ``is_walkup``, missing where their floors are."""
    if dwelling_basis(case.town) != "buildings":
        return None
    figure = indicator_file().figure
    buildings = case.town["buildings"]
    floors = column_of(buildings, "floor_count").set_axis(buildings["id"])
    homes = dwellings(case.town)
    floors = floors.reindex(homes["dwelling_id"]).set_axis(homes.index)
    is_walkup = floors.between(figure("walkup_least_floors"), figure("walkup_most_floors"))
    return case.placed(homes.assign(is_walkup=is_walkup.astype(float).where(floors.notna())))
