"""Indicators of town and country: farmland in pieces, what could be grown, where the town meets fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.blocks.streets import widened
from fengmao_geo.blocks.weights import area_sum
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.green.areas import layer_shapes
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.standards.uses import uses
from fengmao_geo.units import M2_PER_HECTARE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.blocks.case import Case

__all__ = ["edible_m2", "farmland_edge_m", "farmland_fragment_count", "farmland_fragment_ha"]

#: The use that grows food where it is no farmland; uses that are cropping grow it on farmland.
_GARDEN = "edible_garden"
_FARMLAND = "farmland"
_CROPLAND = "cropland"
# A buffer drawn with so many segments a quarter falls short by less than a thousandth.
_SEGMENTS = 32


def farmland_fragment_count(case: Case) -> pd.Series[float]:
    """Count the plots of farmland that roads cut off or the town encloses."""
    placed = case.placed(_fragments(case))
    return area_sum(case, placed["area_id"], np.ones(len(placed)))


def farmland_fragment_ha(case: Case) -> pd.Series[float]:
    """Measure the farmland within the area that roads cut off or the town encloses."""
    cut = case.cut(_fragments(case))
    return area_sum(case, cut["area_id"], shapely.area(cut.geometry)) / M2_PER_HECTARE


def edible_m2(case: Case) -> pd.Series[float]:
    """Measure the ground on which crops or an edible garden are possible, each space once.

    What is not known to fit counts as if it did not.
    """
    table, spaces = case.results.uses, case.results.spaces
    if table is None or spaces is None:
        return case.area_m2 * np.nan
    edible = [use for use, of in uses().items() if of.is_cropping or use == _GARDEN]
    rows = table[table["use"].isin(edible) & (table["fits"] == "yes")]
    most_m2 = rows.groupby("space_id")["area_m2"].max()
    placed = case.placed(spaces.assign(edible_m2=spaces["space_id"].map(most_m2)))
    return area_sum(case, placed["area_id"], placed["edible_m2"])


def farmland_edge_m(case: Case) -> pd.Series[float]:
    """Measure the edge of the built-up area along which farmland lies, in the area or just off it."""
    built_up = shapely.union_all(layer_shapes(case.town, "built_up"))
    reach_m = space_kinds().figure("facing_m", "enclosed_farmland")
    edges = shapely.get_parts(shapely.boundary(built_up))
    near = _farmland(case)
    near = near[shapely.dwithin(near, shapely.boundary(built_up), reach_m)]
    beside = shapely.union_all(shapely.buffer(near, reach_m, quad_segs=_SEGMENTS))
    along = gpd.GeoDataFrame(geometry=shapely.intersection(edges, beside), crs=case.areas.crs)
    cut = widened(case).cut(along)
    return area_sum(case, cut["area_id"], shapely.length(cut.geometry))


def _fragments(case: Case) -> gpd.GeoDataFrame:
    spaces = case.results.spaces
    if spaces is None:
        return case.areas.iloc[:0]
    return spaces[spaces["family"] == _FARMLAND]


def _farmland(case: Case) -> NDArray[np.object_]:
    """Take the cropland of the parcels and the permanent basic farmland."""
    protected = layer_shapes(case.town, "farmland_protected")
    if "parcels" not in case.town:
        return polygons_of(protected)
    parcels = case.town["parcels"]
    is_crop = column_of(parcels, "land_group", is_text=True) == _CROPLAND
    return polygons_of(np.concatenate([parcels.geometry.to_numpy()[is_crop], protected]))
