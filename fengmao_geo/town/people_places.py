"""Where people live: the layer that holds the dwellings, its rows that are dwellings, their floor area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import land_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fengmao_geo.town.town import TownSettings

__all__ = ["DwellingBasis", "dwelling_places", "floor_area", "own_features"]

DwellingBasis = Literal["buildings", "parcels", "addresses"]

_RESIDENTIAL = "residential"
_RESIDENTIAL_USES = ("residential", "mixed")


def dwelling_places(
    layers: Mapping[str, gpd.GeoDataFrame], settings: TownSettings
) -> tuple[DwellingBasis, gpd.GeoDataFrame, list[Finding]]:
    """Choose the layer that holds the dwellings, and its rows that are dwellings.

    Parameters
    ----------
    layers
        Checked layers by name.
    settings
        What ``town.toml`` says.

    Returns
    -------
    str
        Name of the layer.
    GeoDataFrame
        Its dwellings.
    list of Finding
        Why it is this layer and these rows.
    """
    found: list[Finding] = []
    if "buildings" in layers:
        places, found = _residential_buildings(own_features(layers["buildings"]))
        if len(places):
            return "buildings", places, found
    if "parcels" in layers:
        places, more = _residential_parcels(own_features(layers["parcels"]), settings.codes.get("parcels"))
        found += more
        if len(places):
            return (
                "parcels",
                places,
                [*found, Finding("dwellings_of", "parcels", values={"count": len(places)})],
            )
    if "addresses" in layers and len(layers["addresses"]):
        places = layers["addresses"]
        return (
            "addresses",
            places,
            [*found, Finding("dwellings_of", "addresses", values={"count": len(places)})],
        )
    first: DwellingBasis = "buildings" if "buildings" in layers else "parcels"
    empty = gpd.GeoDataFrame({"id": []}, geometry=[], crs=next(iter(layers.values())).crs)
    return first, empty, [*found, Finding("dwellings_none", first)]


def own_features(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out features of a neighbouring town, which are there for the ground that they take.

    Parameters
    ----------
    frame
        Buildings or parcels, with the column ``is_neighbour`` where there are any of another town.

    Returns
    -------
    GeoDataFrame
        The town's own.

    Examples
    --------
    >>> own_features(gpd.GeoDataFrame({"id": ["a", "b"], "is_neighbour": [True, None]}))["id"].tolist()
    ['b']
    """
    return frame[~frame["is_neighbour"].eq(True).to_numpy(dtype=bool)] if "is_neighbour" in frame else frame


def _residential_buildings(buildings: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    if "use" not in buildings or buildings["use"].isna().all():
        return buildings, [Finding("dwellings_all_buildings", "buildings", column="use")] if len(
            buildings
        ) else []
    unknown = int(buildings["use"].isna().sum())
    found = [Finding("use_missing", "buildings", column="use", values={"count": unknown})] if unknown else []
    return buildings[buildings["use"].isin(_RESIDENTIAL_USES)], found


def _residential_parcels(
    parcels: gpd.GeoDataFrame, scheme: str | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    if "land_code" not in parcels:
        return parcels.iloc[:0], []
    if scheme is None:
        return parcels.iloc[:0], [Finding("codes_missing", "parcels", column="land_code")]
    codes = [code for code, of in land_classes(scheme).items() if of.group == _RESIDENTIAL]
    return parcels[parcels["land_code"].isin(codes)], []


def floor_area(places: gpd.GeoDataFrame, basis: DwellingBasis) -> tuple[NDArray[np.float64], list[Finding]]:
    """Measure footprint times floors; unknown floors are the median of those known, one where none is.

    Parameters
    ----------
    places
        Dwellings.
    basis
        The layer they are of: of parcels the ground counts, addresses count one each.

    Returns
    -------
    array of float
        Square metres, or ones.
    list of Finding
        How many floors were not known.
    """
    if basis == "addresses":
        return np.ones(len(places)), []
    footprint_m2 = places.area.to_numpy(dtype=float)
    if basis == "parcels" or not len(places):
        return footprint_m2, []
    floors = places["floor_count"] if "floor_count" in places else pd.Series(np.nan, index=places.index)
    unknown = int(floors.isna().sum())
    usual = 1.0 if unknown == len(floors) else float(np.nanmedian(floors.to_numpy(dtype=float)))
    values = {"count": unknown, "floors": usual}
    found = [Finding("floors_missing", basis, column="floor_count", values=values)] if unknown else []
    return footprint_m2 * floors.fillna(usual).clip(lower=1.0).to_numpy(dtype=float), found
