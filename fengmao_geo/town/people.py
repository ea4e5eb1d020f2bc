"""People spread over dwellings: where they live and how many they are, the total conserved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names
from fengmao_geo.tables import GROUP_COLUMNS
from fengmao_geo.town.people_places import DwellingBasis, dwelling_places, floor_area
from fengmao_geo.town.people_raster import people_of_raster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.town.town import Town, TownSettings

    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]
    _Count = tuple[Numbers | None, list[Finding]]

__all__ = [
    "DwellingBasis",
    "PeopleBasis",
    "Spread",
    "dwelling_basis",
    "dwellings",
    "people_basis",
    "spread_people",
]

PeopleBasis = Literal["people", "floor_area", "address_count"]

_COLUMNS = list(GROUP_COLUMNS.values())
# Two counts of a town's people that differ by less than this part are one.
_SAME_SHARE = 1e-3
# Shares of an area nearer to nothing than this are rounding.
_ROUNDING_SHARE = 1e-6


@dataclass(frozen=True, eq=False)
class Spread:
    """Dwellings with their people, and on what basis.

    Parameters
    ----------
    rows
        The dwellings, as `dwellings` gives them.
    dwelling_basis, people_basis
        The layer they are of, and what ``people`` counts.
    findings
        What was found while people were spread.
    """

    rows: gpd.GeoDataFrame
    dwelling_basis: DwellingBasis
    people_basis: PeopleBasis
    findings: tuple[Finding, ...]


class _Members(NamedTuple):
    """Which dwelling lies in which community: rows of both; each dwelling once."""

    place: Indices
    community: Indices


def dwellings(town: Town) -> gpd.GeoDataFrame:
    """Find where people live and how many they are.

    Dwellings are residential and mixed buildings, else residential parcels, else address points. Their people
    are a column of theirs, else those of the communities, else those of the raster ``people``, else the
    town's total, the latter three spread over residential floor area (footprint times floors); without any of
    these they are weighed by that area, which is not people. A group's people are a column of theirs, else
    those of the communities, spread as the people are.

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
    return town.spread.rows.copy()


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
    return town.spread.dwelling_basis


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
    return town.spread.people_basis


def spread_people(
    layers: Mapping[str, gpd.GeoDataFrame], settings: TownSettings, rasters: Mapping[str, RasterFile]
) -> Spread:
    """Spread people over the dwellings of checked layers.

    Parameters
    ----------
    layers
        Checked layers by name.
    settings
        What ``town.toml`` says.
    rasters
        Rasters by name, of which ``people`` is read.

    Returns
    -------
    Spread
        The dwellings, on what basis, and one finding for each fault or remark.
    """
    basis, places, found = dwelling_places(layers, settings)
    area_m2, area_found = floor_area(places, basis)
    communities = layers.get("communities")
    members = _members(places, communities)
    sources = _sources(basis, places, area_m2, layers, members, rasters)
    people, used, more = _first_count(sources)
    found += more if used == f"{basis}.people" else [*area_found, *more]
    kind: PeopleBasis = "people"
    if people is not None:
        found += _not_used(people, used, list(sources), settings.people_total)
    elif settings.people_total is not None and area_m2.sum() > 0:
        people = settings.people_total * area_m2 / area_m2.sum()
    else:
        people, kind = area_m2, "address_count" if basis == "addresses" else "floor_area"
        tried = ", ".join(field_names().names_tried(basis, "people"))
        found.append(Finding("people_absent", basis, column="people", values={"tried": tried}))
    groups, more = _groups(places, communities, members, (people, area_m2))
    rows = gpd.GeoDataFrame(
        {"dwelling_id": places["id"].to_numpy(), "people": people, **groups},
        geometry=places.geometry.to_numpy(),
        crs=places.crs,
    )
    return Spread(rows, basis, kind, (*found, *more))


def _states(frame: pd.DataFrame | None, column: str) -> bool:
    return frame is not None and column in frame and bool(frame[column].notna().any())


def _sources(
    basis: DwellingBasis,
    places: gpd.GeoDataFrame,
    area_m2: Numbers,
    layers: Mapping[str, gpd.GeoDataFrame],
    members: _Members,
    rasters: Mapping[str, RasterFile],
) -> dict[str, Callable[[], _Count]]:
    """Name what counts the people, the best first, each with how it is read."""
    ground = layers["extent" if "extent" in layers else "built_up"].geometry
    communities = layers.get("communities")
    sources: dict[str, Callable[[], _Count]] = {}
    if _states(places, "people"):
        own = places["people"].to_numpy(dtype=float)
        sources[f"{basis}.people"] = lambda: (own, _missing(places, basis))
    if communities is not None and _states(communities, "people"):
        sources["communities.people"] = partial(_of_communities, communities, members, area_m2, ground)
    if "people" in rasters and len(places):
        sources["rasters.people"] = partial(
            people_of_raster, rasters["people"], places, area_m2, ground=ground
        )
    return sources


def _first_count(sources: Mapping[str, Callable[[], _Count]]) -> tuple[Numbers | None, str, list[Finding]]:
    """Take the first source that counts anybody."""
    found: list[Finding] = []
    for name, count in sources.items():
        people, more = count()
        found += more
        if people is not None:
            return people, name, found
    return None, "", found


def _missing(places: gpd.GeoDataFrame, basis: DwellingBasis) -> list[Finding]:
    return [
        Finding("people_missing", basis, column=column, values={"count": int(missing), "of": len(places)})
        for column in _COLUMNS
        if column in places and (missing := places[column].isna().sum())
    ]


def _not_used(people: Numbers, used: str, sources: list[str], total: float | None) -> list[Finding]:
    """Say which other counts of people there are, and whether they differ."""
    layer = "people" if used == "rasters.people" else used.removesuffix(".people")
    sum_people, found = float(np.nansum(people)), []
    if others := sources[sources.index(used) + 1 :]:
        values = {"used": used, "others": ", ".join(others)}
        found.append(Finding("people_sources", layer, column="people", values=values))
    if total is not None and not np.isclose(sum_people, total, rtol=_SAME_SHARE):
        values = {"used": used, "column": f"{sum_people:.0f}", "total": f"{total:.0f}"}
        found.append(Finding("people_total_unused", layer, column="people", values=values))
    return found


def _members(places: gpd.GeoDataFrame, communities: gpd.GeoDataFrame | None) -> _Members:
    """Find the community that a point of each dwelling lies in; of several the first."""
    if communities is None:
        return _Members(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp))
    points = shapely.point_on_surface(places.geometry.to_numpy())
    place, community = communities.sindex.query(points, predicate="intersects")
    first = np.unique(place, return_index=True)[1]
    return _Members(place[first], community[first])


def _of_communities(
    communities: gpd.GeoDataFrame, members: _Members, area_m2: Numbers, ground: gpd.GeoSeries
) -> _Count:
    """Spread each community's people over the residential floor area of the dwellings in it."""
    people, found = _shared_out(communities, "people", members, area_m2)
    if unknown := int(np.isnan(people).sum()):
        values = {"count": unknown, "of": len(people)}
        found.append(Finding("people_outside_communities", "communities", column="people", values=values))
    return people, [*found, *_beyond(communities, ground)]


def _shared_out(
    communities: gpd.GeoDataFrame, column: str, members: _Members, weight: Numbers
) -> tuple[Numbers, list[Finding]]:
    """Share out what a column counts in each community by weight; tell where nobody is there to take it."""
    place, community = members
    of = np.bincount(community, weights=weight[place], minlength=len(communities))
    counted = communities[column].to_numpy(dtype=float)
    people = np.full(len(weight), np.nan)
    people[place] = counted[community] * weight[place] / of[community]
    unplaced = np.flatnonzero((of == 0) & (counted > 0))
    points = shapely.point_on_surface(communities.geometry.to_numpy()[unplaced])
    return people, [
        Finding("people_unplaced", "communities", str(name), column, {"people": f"{count:.0f}"}, point)
        for name, count, point in zip(
            communities["id"].to_numpy(dtype=object)[unplaced],
            counted[unplaced],
            shapely.to_wkt(points, rounding_precision=2),
            strict=True,
        )
    ]


def _beyond(communities: gpd.GeoDataFrame, ground: gpd.GeoSeries) -> list[Finding]:
    """Say which communities reach beyond the ground within which dwellings are known to be complete."""
    counted = communities[(communities["people"] > 0).to_numpy()]
    area_m2 = counted.area.to_numpy()
    outside_m2 = shapely.area(shapely.difference(counted.geometry.to_numpy(), shapely.union_all(ground)))
    is_beyond = outside_m2 > _ROUNDING_SHARE * area_m2
    if not is_beyond.any():
        return []
    values = {
        "count": int(is_beyond.sum()),
        "people": f"{counted['people'].to_numpy()[is_beyond].sum():.0f}",
        "share": f"{outside_m2[is_beyond].sum() / area_m2[is_beyond].sum():.1%}",
    }
    return [Finding("people_beyond", "communities", column="people", values=values)]


def _groups(
    places: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | None,
    members: _Members,
    weights: tuple[Numbers, Numbers],
) -> tuple[dict[str, Numbers], list[Finding]]:
    """Take each group's people from the dwellings' own column, else share out those of the communities."""
    groups, found = {}, []
    for column in _COLUMNS[1:]:
        groups[column] = np.full(len(places), np.nan)
        if _states(places, column):
            groups[column] = places[column].to_numpy(dtype=float)
        elif communities is not None and _states(communities, column):
            weight = _by_people(members, len(communities), *weights)
            groups[column], more = _shared_out(communities, column, members, weight)
            found += more
    return groups, found


def _by_people(members: _Members, count: int, people: Numbers, area_m2: Numbers) -> Numbers:
    """Weigh dwellings by their people, in communities where nobody is counted by floor area."""
    place, community = members
    known = np.nan_to_num(people)
    is_counted = np.bincount(community, weights=known[place], minlength=count) > 0
    weight = known.copy()
    weight[place] = np.where(is_counted[community], known[place], area_m2[place])
    return weight
