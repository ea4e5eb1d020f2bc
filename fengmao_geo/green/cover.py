"""Green rate, green cover and parks of areas, for the green of one state: now, before or planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.planar import erase
from fengmao_geo.green.areas import covered_m2, dissolved, first_holding, held, homes_in, layer_shapes
from fengmao_geo.green.rows import value_rows
from fengmao_geo.green.trees import crown_findings, crowns
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["cover_findings", "green_cover", "pocket_parks"]

_INDICATORS = (
    "green_m2",
    "green_share",
    "green_cover_m2",
    "green_cover_share",
    "park_m2",
    "park_per_person_m2",
    "pocket_park_count",
    "pocket_park_m2",
)
_ATTACHED = "attached"
# Ground of unknown type that is no more than this is rounding.
_ROUNDING_M2 = 0.01


@dataclass(frozen=True)
class _State:
    """The green of one state, permanent basic farmland erased from it."""

    shapes: Geometries
    types: pd.Series
    standard: GreenStandard

    def of(self, *types: str) -> Geometries:
        """Take the green of some types."""
        return self.shapes[self.types.isin(types).to_numpy()]

    @property
    def untyped(self) -> Geometries:
        """The green whose type is not known."""
        return self.shapes[self.types.isna().to_numpy()]

    @property
    def is_pocket_park(self) -> Flags:
        """Which pieces are parks of a pocket park's size."""
        area_m2, figure = shapely.area(self.shapes), self.standard.figure
        is_of_size = (area_m2 >= figure("pocket_park_min_m2")) & (area_m2 <= figure("pocket_park_max_m2"))
        return np.asarray(is_of_size & self.types.isin(self.standard.park_types).to_numpy())


def _state(town: Town, green: gpd.GeoDataFrame, standard: GreenStandard) -> _State:
    types = green.reindex(columns=["green_type"])["green_type"].astype(object)
    return _State(erase(green.geometry.to_numpy(), layer_shapes(town, "farmland_protected")), types, standard)


def green_cover(
    town: Town,
    green: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame,
    *,
    standard: str | Path | GreenStandard | None = None,
) -> pd.DataFrame:
    """Measure green rate, green cover, parks and pocket parks of areas, for the green of one state.

    Green rate (green_share) and green cover (green_cover_share) are shares of the area's built-up part; m2
    and people are those of the whole area. The green rate counts plots of green whole, ponds and paths within
    them included (CJJ/T 85-2017); green cover is what plants cover seen from above: those plots less water
    and buildings, with the crowns of today's trees. Overlaps count once, permanent basic farmland nowhere.
    Both are unknown where no attached green is drawn at all, green cover also without the crowns of trees;
    where green of unknown type lies, whatever depends on its type is unknown.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state: ``id, name, green_type, geometry``; None if nothing is known of it.
    areas
        What is measured: ``area_kind, area_id, area_name, geometry``.
    standard
        Types of green and figures: a file of the user's own, or the shipped one.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``green_m2``, ``green_share``, ``green_cover_m2``, ``green_cover_share``,
        ``park_m2``, ``park_per_person_m2``, ``pocket_park_count`` and ``pocket_park_m2`` of each area.

    Raises
    ------
    StandardError
        If the file of the standard is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> areas = town["built_up"].assign(area_kind="town", area_id="town", area_name=town.name)
    >>> green_cover(town, town["green"], areas)["indicator"].tolist()[:3]
    ['green_m2', 'green_share', 'green_cover_m2']
    >>> bool(green_cover(town, None, areas)["value"].isna().all())
    True
    """
    read = green_standard(standard)
    if green is None:
        return value_rows(town, areas, dict.fromkeys(_INDICATORS, np.full(len(areas), np.nan)))
    state, ground = _state(town, green, read), areas.geometry.to_numpy()
    built = shapely.intersection(ground, shapely.union_all(layer_shapes(town, "built_up")))
    plots, plants = state.of(*read.green_types), _plants(town, state)
    is_unknown = _is_doubtful(ground, plots, state.untyped) | (not len(state.of(_ATTACHED)))
    values = _m2_and_share("green", ground, built, dissolved(plots), is_unknown)
    values |= _m2_and_share("green_cover", ground, built, plants, is_unknown)
    return value_rows(town, areas, values | _park_values(town, state, areas))


def _m2_and_share(
    name: str, ground: Geometries, built: Geometries, shapes: Geometries | None, is_unknown: Flags
) -> dict[str, Numbers]:
    """Measure what shapes cover of areas, and which share of their built-up part."""
    if shapes is None:
        unknown = np.full(len(ground), np.nan)
        return {f"{name}_m2": unknown, f"{name}_share": unknown}
    of_m2 = shapely.area(built)
    share = np.minimum(covered_m2(built, shapes) / np.where(of_m2 > 0, of_m2, np.nan), 1.0)
    return {
        f"{name}_m2": np.where(is_unknown, np.nan, covered_m2(ground, shapes)),
        f"{name}_share": np.where(is_unknown, np.nan, share),
    }


def _plants(town: Town, state: _State) -> Geometries | None:
    """Draw what plants cover seen from above; None where no crown is known."""
    over = crowns(town)
    if over is None:
        return None
    planted = erase(state.of(*state.standard.green_types), layer_shapes(town, "water", "buildings"))
    return dissolved(np.concatenate([planted, over]))


def _park_values(town: Town, state: _State, areas: gpd.GeoDataFrame) -> dict[str, Numbers]:
    """Measure parks and pocket parks, and parks by the people who live in the area."""
    ground, parks = areas.geometry.to_numpy(), state.of(*state.standard.park_types)
    pocket = state.shapes[state.is_pocket_park]
    of, _ = held(areas, pocket)
    is_unknown = _is_doubtful(ground, parks, state.untyped)
    area, _, people = homes_in(town, areas)
    count = np.bincount(area, weights=np.nan_to_num(people), minlength=len(areas))
    park_m2 = covered_m2(ground, parks)
    values = {
        "park_m2": park_m2,
        "park_per_person_m2": park_m2 / np.where(count > 0, count, np.nan),
        "pocket_park_count": np.bincount(of, minlength=len(areas)),
        "pocket_park_m2": covered_m2(ground, pocket),
    }
    return {name: np.where(is_unknown, np.nan, value) for name, value in values.items()}


def _is_doubtful(areas: Geometries, known: Geometries, untyped: Geometries) -> Flags:
    """Say in which areas green of unknown type covers more than what is known to count."""
    if not len(untyped):
        return np.zeros(len(areas), dtype=np.bool_)
    return covered_m2(areas, erase(untyped, known)) > _ROUNDING_M2


def pocket_parks(
    town: Town, green: gpd.GeoDataFrame | None, *, standard: str | Path | GreenStandard | None = None
) -> gpd.GeoDataFrame:
    """List the pocket parks: parks of any type that are 400 to 10,000 m2 large.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state: ``id, name, green_type, geometry``; None if nothing is known of it.
    standard
        Types of green and figures: a file of the user's own, or the shipped one.

    Returns
    -------
    GeoDataFrame
        The table ``pocket_parks`` in the order of ids: ``green_id``, ``name``, ``area_m2`` less permanent
        basic farmland, ``block_id`` and ``geometry``.

    Raises
    ------
    StandardError
        If the file of the standard is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> bool(pocket_parks(town, town["green"])["area_m2"].between(400, 10_000).all())
    True
    >>> len(pocket_parks(town, None))
    0
    """
    read = green_standard(standard)
    drawn = gpd.GeoDataFrame({"id": []}, geometry=[], crs=town.crs) if green is None else green
    state = _state(town, drawn, read)
    rows = drawn[state.is_pocket_park]
    shapes = state.shapes[state.is_pocket_park]
    found = gpd.GeoDataFrame(
        {
            "green_id": rows["id"].to_numpy(dtype=object),
            "name": rows.reindex(columns=["name"])["name"].to_numpy(dtype=object),
            "area_m2": shapely.area(shapes),
            "block_id": first_holding(town, "blocks", shapes),
        },
        geometry=shapes,
        crs=town.crs,
    )
    return RESULTS["pocket_parks"].check(found.sort_values("green_id", ignore_index=True))


def cover_findings(town: Town, green: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """List what makes green rate, green cover and parks unknown, or rests on a guess.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state: ``id, name, green_type, geometry``; None if nothing is known of it.

    Returns
    -------
    DataFrame
        The table ``findings``.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> cover_findings(town, None)["code"].tolist()
    ['green_unknown']
    """
    found = crown_findings(town)
    if green is None:
        return findings_table([*found, Finding("green_unknown", "green")])
    types = green.reindex(columns=["green_type"])["green_type"]
    if not (types == _ATTACHED).any():
        found.append(Finding("attached_green_absent", "green", column="green_type"))
    if (is_untyped := types.isna().to_numpy()).any():
        area_m2 = round(float(shapely.area(green.geometry.to_numpy()[is_untyped]).sum()))
        values = {"count": int(is_untyped.sum()), "area_m2": area_m2}
        found.append(Finding("green_type_missing", "green", column="green_type", values=values))
    return findings_table(found)
