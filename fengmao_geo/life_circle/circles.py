"""Life circles of a town: reach, coverage, areas, gaps and service areas in one frozen object."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from tqdm import tqdm

from fengmao_geo.life_circle.capacity import places_reached
from fengmao_geo.life_circle.coverage import FULL_SET, area_table, coverage_table, gap_table
from fengmao_geo.life_circle.places import Places, unattached
from fengmao_geo.life_circle.tiers import Tiers
from fengmao_geo.life_circle.walks import walks_of
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.network.outlines import Outlines
from fengmao_geo.network.pieces import GroundPieces
from fengmao_geo.network.service_area import check_minutes, ground_of
from fengmao_geo.network.stretches import is_truncated
from fengmao_geo.network.travel import TOLERANCE, nearest_distances, nearest_pairs
from fengmao_geo.standards.load import catalogue as load_catalogue
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fengmao_geo.life_circle.walks import Walks
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Catalogue, Walker
    from fengmao_geo.town.town import Town

__all__ = ["LifeCircles", "life_circles"]

_WALKING_OFF_M = 30.0
# However many cores there are, so that memory is the same everywhere.
_TYPES_AT_ONCE = 2


@dataclass(frozen=True, repr=False, eq=False)
class LifeCircles:
    """Who reaches what on foot, as frozen tables; made by `life_circles`.

    Parameters
    ----------
    minutes
        The circles, ascending.
    catalogue, walker
        What was asked for and who walks.
    people_basis
        ``people``, or what stands for them where nobody was counted.
    dwellings
        Dwellings with their people, block and community.
    types
        What the catalogue asks this town for.
    reach
        Dwelling by type: the nearest, minutes, metres, status within the largest circle, and the minutes
        from which one that was not found might be there (``doubt_min``; missing where there is no doubt).
    coverage
        Dwelling by circle by group of people: the full set.
    areas
        Town, block, community by circle by type: people, walked and by straight line.
        ``full_set`` stands for all required types.
    gaps
        Who lacks what, ranked by people.
    service_areas
        Type by circle: the ground from which a facility of the type is reached.
    findings
        Facilities and dwellings that could not be joined to the streets.
    """

    minutes: tuple[float, ...]
    catalogue: Catalogue
    walker: Walker
    people_basis: str
    dwellings: gpd.GeoDataFrame
    types: pd.DataFrame
    reach: pd.DataFrame
    coverage: pd.DataFrame
    areas: pd.DataFrame
    gaps: pd.DataFrame
    service_areas: gpd.GeoDataFrame
    findings: pd.DataFrame

    def __repr__(self) -> str:
        circles = ", ".join(f"{limit:g}" for limit in self.minutes)
        return (
            f"<LifeCircles of {circles} min: {len(self.dwellings):,} dwellings, "
            f"{int(self.types['is_asked'].sum())} facility types asked>"
        )

    def places_reached(
        self, town: Town, network: WalkNetwork, *, limits_min: Mapping[str, float]
    ) -> pd.DataFrame:
        """List every facility of a type that each dwelling walks to within a limit, not only the nearest.

        Parameters
        ----------
        town
            The town.
        network
            Its walk network.
        limits_min
            Facility types, and within how many minutes.

        Returns
        -------
        DataFrame
            ``dwelling_id, facility_type, facility_id, travel_min``, and ``capacity_count``, missing where it
            is not known.
        """
        return places_reached(town, network, self.dwellings, limits_min=limits_min, walker=self.walker)

    def _repr_html_(self) -> str:
        full = self.areas[
            (self.areas["facility_type"] == FULL_SET) & (self.areas["area_kind"] != "community")
        ]
        shown = full[
            ["area_name", "limit_min", "people", "reached_people", "unknown_people", "reached_share"]
        ]
        return str(shown.to_html(index=False, float_format=lambda value: f"{value:,.2f}"))


def life_circles(
    town: Town,
    network: WalkNetwork,
    *,
    minutes: Sequence[float] = (5, 15),
    catalogue: str | Path = "township",
    walker: str | Walker = "standard",
) -> LifeCircles:
    """Find what everybody reaches on foot within a 5- and a 15-minute circle, and who lacks what.

    A circle of ``m`` minutes asks for every type of the catalogue whose tier is within ``m``; a type is
    reached when the walk takes no longer than ``m``. What the data cannot tell is ``unknown``, never
    unreached: a type without a survey, a dwelling off the streets, a walk that leaves the town's ``extent``.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    minutes
        The circles.
    catalogue
        A shipped catalogue or the path of one's own.
    walker
        Who walks: a name from ``walkers.toml``, a path, or a record.

    Returns
    -------
    LifeCircles
        Frozen tables.

    Raises
    ------
    UsageError
        If minutes are missing, repeated or not positive.
    StandardError
        If the user's catalogue or walker is wrong.
    """
    limits = check_minutes(minutes)
    who, asked = load_walker(walker), load_catalogue(catalogue)
    walks = walks_of(town, network, limits=limits, catalogue=asked, walker=who)
    homes, types = walks.homes, walks.types
    coverage, areas = _counts(town, walks, limits, who)
    asked_places = {
        name: walks.places[name] for name in types[types["is_asked"]]["facility_type"] if name in walks.places
    }
    return LifeCircles(
        minutes=limits,
        catalogue=asked,
        walker=who,
        people_basis=walks.people_basis,
        dwellings=homes.table,
        types=types,
        reach=walks.reach,
        coverage=coverage,
        areas=areas,
        gaps=gap_table(areas, types),
        service_areas=_service_areas(town, network, asked_places, limits, who),
        findings=unattached(town, homes.attachments, walks.places),
    )


def _counts(
    town: Town, walks: Walks, limits: tuple[float, ...], walker: Walker
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count by dwelling and by area."""
    homes = walks.homes.table
    tiers = Tiers(walks.reach, walks.types, limits, walker.speed_m_min)
    coverage = coverage_table(tiers, homes)
    return coverage, area_table(tiers, coverage, homes, _areas(town, homes))


def _areas(town: Town, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the areas that each dwelling lies in."""
    frames = [
        pd.DataFrame(
            {
                "area_kind": "town",
                "area_id": "town",
                "area_name": town.name,
                "dwelling_id": homes["dwelling_id"],
            }
        )
    ]
    for kind, layer in (("block", "blocks"), ("community", "communities")):
        if layer in town:
            names = town[layer].set_index("id").get("name", pd.Series(dtype=object))
            here = homes.dropna(subset=f"{kind}_id")
            ids = here[f"{kind}_id"]
            frames.append(
                pd.DataFrame(
                    {
                        "area_kind": kind,
                        "area_id": ids,
                        "area_name": ids.map(names).astype(object).fillna(ids),
                        "dwelling_id": here["dwelling_id"],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class _Houses:
    """All buildings, which service areas take in whole or not at all."""

    outlines: Outlines
    attachments: Attachments | None

    @classmethod
    def of(cls, town: Town, network: WalkNetwork) -> _Houses:
        if "buildings" not in town:
            return cls(Outlines.of(np.zeros(0, dtype=object)), None)
        buildings = town["buildings"].sort_values("id", kind="stable")
        return cls(Outlines.of(buildings.geometry.to_numpy()), attach(network, buildings))


def _service_areas(
    town: Town, network: WalkNetwork, places: dict[str, Places], limits: tuple[float, ...], walker: Walker
) -> gpd.GeoDataFrame:
    """Draw for each type and circle the ground from which one of its facilities is reached."""
    houses = _Houses.of(town, network)
    GroundPieces.of(network, _WALKING_OFF_M)

    def rows_of(name: str) -> list[tuple[str, float, float, bool, shapely.Geometry]]:
        return _areas_of_type(network, houses, name, places[name].attachments, limits, walker)

    joined = [name for name, there in places.items() if there.attachments.is_attached.any()]
    # Joining polygons leaves Python's lock free; each thread holds the ground of a whole type in memory.
    with ThreadPoolExecutor(_TYPES_AT_ONCE) as pool:
        found = list(tqdm(pool.map(rows_of, joined), total=len(joined), delay=2, disable=None, leave=False))
    columns = [*RESULTS["type_service_areas"].names, "geometry"]
    rows = [row for rows in found for row in rows]
    return RESULTS["type_service_areas"].check(gpd.GeoDataFrame(rows, columns=columns, crs=town.crs))


def _areas_of_type(
    network: WalkNetwork,
    houses: _Houses,
    name: str,
    there: Attachments,
    limits: tuple[float, ...],
    walker: Walker,
) -> list[tuple[str, float, float, bool, shapely.Geometry]]:
    limit_m = limits[-1] * walker.speed_m_min
    distance, _ = nearest_distances(network, there, limit_m=limit_m, walker=walker)
    walk_m = np.full(len(houses.outlines.shapes), np.inf)
    if houses.attachments is not None:
        pairs = nearest_pairs(network, houses.attachments, there, limit_m=limit_m, walker=walker)
        walk_m[pairs.origin] = pairs.distance_m
    pieces = GroundPieces.of(network, _WALKING_OFF_M)
    rows = []
    for limit in limits:
        reach_m = limit * walker.speed_m_min
        ground = ground_of(network, there, distance, pieces=pieces, reach_m=reach_m, walker=walker)
        is_reached = walk_m <= reach_m * (1 + TOLERANCE)
        ground = houses.outlines.settle(ground, is_reached)
        is_cut = is_truncated(network, there, distance, reach_m=reach_m, walker=walker)
        rows.append((name, limit, float(shapely.area(ground)), is_cut, ground))
    return rows
