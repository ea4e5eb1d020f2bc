"""People spread over dwellings: where they live and how many they are, the total conserved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names, land_classes
from fengmao_geo.tables import GROUP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town, TownSettings

__all__ = ["DwellingBasis", "PeopleBasis", "dwelling_basis", "dwellings", "people_basis", "people_findings"]

DwellingBasis = Literal["buildings", "parcels", "addresses"]
PeopleBasis = Literal["people", "floor_area", "address_count"]

_RESIDENTIAL = "residential"
_RESIDENTIAL_USES = ("residential", "mixed")
_COLUMNS = list(GROUP_COLUMNS.values())


@dataclass(frozen=True)
class _Spread:
    """Dwellings with their people, on what basis, and what was found while spreading them."""

    rows: gpd.GeoDataFrame
    dwelling_basis: DwellingBasis
    people_basis: PeopleBasis
    findings: tuple[Finding, ...]


def dwellings(town: Town) -> gpd.GeoDataFrame:
    """Find where people live and how many they are.

    Dwellings are residential and mixed buildings, else residential parcels, else address points. Their people
    are a column of theirs, else those of the communities, else the town's total, the latter two spread over
    residential floor area (footprint times floors); without any of these they are weighed by that area, which
    is not people.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    GeoDataFrame
        One row per dwelling in the order of ids: ``dwelling_id``; ``people`` and the groups
        ``elderly_people``, ``infant_people``, ``preschool_people``, ``school_age_people``,
        ``newcomer_people``, missing where unknown; ``geometry``. Where :func:`people_basis`
        is ``"floor_area"``, ``people`` holds square metres.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> bool(dwellings(sample_town())["people"].sum() > 0)
    True
    """
    return _spread(town.layers, town.settings).rows


def dwelling_basis(town: Town) -> DwellingBasis:
    """Say which layer the dwellings are from: ``"buildings"``, ``"parcels"`` or ``"addresses"``.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    str
        Name of the layer.
    """
    return _spread(town.layers, town.settings).dwelling_basis


def people_basis(town: Town) -> PeopleBasis:
    """Say what ``people`` counts: ``"people"``, or weights: ``"floor_area"`` (m²), ``"address_count"``.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    str
        Which of these.
    """
    return _spread(town.layers, town.settings).people_basis


def people_findings(layers: Mapping[str, gpd.GeoDataFrame], settings: TownSettings) -> list[Finding]:
    """List what was found while people were spread over the dwellings of checked layers.

    Parameters
    ----------
    layers
        Checked layers by name.
    settings
        What ``town.toml`` says.

    Returns
    -------
    list of Finding
        One for each fault or remark.
    """
    return list(_spread(layers, settings).findings)


def _spread(layers: Mapping[str, gpd.GeoDataFrame], settings: TownSettings) -> _Spread:
    basis, places, found = _places(layers, settings)
    area_m2, area_found = _floor_area(places, basis)
    communities = layers.get("communities")
    if "people" in places and places["people"].notna().any():
        return _of_column(places, basis, found, settings)
    if communities is not None and "people" in communities and communities["people"].notna().any():
        people, more = _of_communities(places, area_m2, communities)
    elif settings.people_total is not None and area_m2.sum() > 0:
        people, more = settings.people_total * area_m2 / area_m2.sum(), []
    else:
        weights: PeopleBasis = "address_count" if basis == "addresses" else "floor_area"
        tried = ", ".join(field_names().names_tried(basis, "people"))
        found += [*area_found, Finding("people_absent", basis, column="people", values={"tried": tried})]
        return _Spread(_rows(places, area_m2), basis, weights, tuple(found))
    return _Spread(_rows(places, people), basis, "people", (*found, *area_found, *more))


def _places(
    layers: Mapping[str, gpd.GeoDataFrame], settings: TownSettings
) -> tuple[DwellingBasis, gpd.GeoDataFrame, list[Finding]]:
    """Choose the layer that holds the dwellings, and its rows that are dwellings."""
    found: list[Finding] = []
    if "buildings" in layers:
        places, found = _residential_buildings(layers["buildings"])
        if len(places):
            return "buildings", places, found
    if "parcels" in layers:
        places, more = _residential_parcels(layers["parcels"], settings.codes.get("parcels"))
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


def _floor_area(places: gpd.GeoDataFrame, basis: DwellingBasis) -> tuple[NDArray[np.float64], list[Finding]]:
    """Measure footprint times floors; unknown floors are the median of those known, one where none is."""
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


def _of_column(
    places: gpd.GeoDataFrame, basis: DwellingBasis, found: list[Finding], settings: TownSettings
) -> _Spread:
    unknown = [
        Finding("people_missing", basis, column=column, values={"count": int(missing), "of": len(places)})
        for column in _COLUMNS
        if column in places and (missing := places[column].isna().sum())
    ]
    total, stated = float(places["people"].sum()), settings.people_total
    if stated is not None and not np.isclose(total, stated, rtol=1e-3):
        values = {"column": round(total), "total": round(stated)}
        unknown.append(Finding("people_total_unused", basis, column="people", values=values))
    return _Spread(_rows(places, places["people"].to_numpy(dtype=float)), basis, "people", (*found, *unknown))


def _of_communities(
    places: gpd.GeoDataFrame, area_m2: NDArray[np.float64], communities: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], list[Finding]]:
    """Spread each community's people over the residential floor area of the dwellings in it."""
    points = shapely.point_on_surface(places.geometry.to_numpy())
    place, community = communities.sindex.query(points, predicate="intersects")
    first = np.unique(place, return_index=True)[1]
    place, community = place[first], community[first]
    of_m2 = np.bincount(community, weights=area_m2[place], minlength=len(communities))
    counted = communities["people"].to_numpy(dtype=float)
    people = np.full(len(places), np.nan)
    people[place] = counted[community] * area_m2[place] / of_m2[community]
    ids = communities["id"].to_numpy(dtype=object)
    unplaced = (of_m2 == 0) & (counted > 0)
    found = [
        Finding("people_unplaced", "communities", str(name), "people", {"people": round(count)})
        for name, count in zip(ids[unplaced], counted[unplaced], strict=True)
    ]
    if unknown := int(np.isnan(people).sum()):
        values = {"count": unknown, "of": len(places)}
        found.append(Finding("people_outside_communities", "communities", column="people", values=values))
    return people, found


def _rows(places: gpd.GeoDataFrame, people: NDArray[np.float64]) -> gpd.GeoDataFrame:
    groups = {
        column: places[column].to_numpy(dtype=float) if column in places else np.full(len(places), np.nan)
        for column in _COLUMNS[1:]
    }
    return gpd.GeoDataFrame(
        {"dwelling_id": places["id"].to_numpy(), "people": people, **groups},
        geometry=places.geometry.to_numpy(),
        crs=places.crs,
    )
