"""How far the places of facilities go round: two-step floating catchments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.life_circle.places import facility_places
from fengmao_geo.life_circle.reach import are_joined, surveyed_types
from fengmao_geo.life_circle.walks import homes_of
from fengmao_geo.network.attach import attach
from fengmao_geo.network.service_area import check_minutes
from fengmao_geo.network.travel import reached_pairs
from fengmao_geo.standards.load import catalogue as load_catalogue
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.tables import GROUP_COLUMNS, RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.life_circle.places import Places
    from fengmao_geo.life_circle.reach import Homes
    from fengmao_geo.network.travel import Pairs
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]

__all__ = ["places_reached", "supply_ratio"]


def supply_ratio(
    town: Town,
    network: WalkNetwork,
    *,
    types: Sequence[str] | None = None,
    minutes: float = 15,
    walker: str | Walker = "standard",
    catalogue: str | Path = "township",
) -> pd.DataFrame:
    """Find how many places of each type there are for each person of a dwelling, within a walk.

    Two-step floating catchment: each facility's places are shared by all people of the type's group within
    the walk, ``r_j = S_j / sum of P_k``; a dwelling has the sum of the shares of the facilities that it
    reaches, ``a_i = sum of r_j``. So the people times their ratios add up to the places of all facilities
    that reach anybody (Luo and Wang 2003).

    Parameters
    ----------
    town
        The town; its facilities need ``capacity_count``.
    network
        Its walk network.
    types
        Facility types; by default those of which any capacity is known.
    minutes
        How long people walk.
    walker
        Who walks: a name from ``walkers.toml``, a path, or a record.
    catalogue
        Says for whom each type is; for everyone if it does not name it.

    Returns
    -------
    DataFrame
        ``dwelling_id, facility_type, group, limit_min`` (minutes), ``people`` (of the group),
        ``facility_count`` (reached), ``supply_per_people`` (places for one person), ``status``. It is
        ``unknown``, and the ratio missing, where a facility reached has no known capacity or shares it among
        people that were not counted, where none is reached and the type is not surveyed, and for a dwelling
        off the streets; ``incomplete`` where the walk leaves the town's extent, beyond which nothing is
        known, or facilities of the type are not joined to the streets.

    Raises
    ------
    UsageError
        If minutes are not positive.
    """
    limit_min = check_minutes([minutes])[0]
    who, asked = load_walker(walker), load_catalogue(catalogue)
    limit_m = limit_min * who.speed_m_min
    homes = homes_of(town, network, limit_m=limit_m, walker=who)
    places = facility_places(town, network)
    capacity = _capacities(town)
    group = {entry.facility_type: entry.group for entry in asked.entries}
    chosen = _with_capacity(places, capacity) if types is None else list(dict.fromkeys(types))
    surveyed = surveyed_types(town, chosen)
    frames = []
    for name in chosen:
        served = group.get(name, "everyone")
        people = homes.table[GROUP_COLUMNS[served]].to_numpy(dtype=float)
        rows = _rows_of_type(network, homes, places.get(name), capacity, people, limit_m, who)
        is_unreached = (rows["facility_count"] == 0) & (name not in surveyed)
        rows["status"] = rows["status"].where(~is_unreached, "unknown")
        frames.append(rows.assign(facility_type=name, group=served, limit_min=limit_min))
    if not frames:
        return RESULTS["supply_ratio"].check(
            pd.DataFrame({name: [] for name in RESULTS["supply_ratio"].names})
        )
    found = pd.concat(frames, ignore_index=True)
    ratio = found["supply_per_people"].where(found["status"] != "unknown")
    return RESULTS["supply_ratio"].check(found.assign(supply_per_people=ratio))


def places_reached(
    town: Town,
    network: WalkNetwork,
    homes: gpd.GeoDataFrame,
    *,
    limits_min: Mapping[str, float],
    walker: Walker,
) -> pd.DataFrame:
    """List every facility of a type that each dwelling walks to within a limit, and how many places it has.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    homes
        The table ``dwellings``.
    limits_min
        Facility types, and within how many minutes.
    walker
        Who walks.

    Returns
    -------
    DataFrame
        ``dwelling_id, facility_type, facility_id, travel_min``, and ``capacity_count``, missing where it is
        not known; by type, dwelling and facility.
    """
    joined = attach(network, homes.rename(columns={"dwelling_id": "id"}))
    places, capacity = facility_places(town, network), _capacities(town)
    frames = []
    for name, limit_min in limits_min.items():
        if (there := places.get(name)) is None:
            continue
        limit_m = limit_min * walker.speed_m_min
        pairs = reached_pairs(network, joined, there.attachments, limit_m=limit_m, walker=walker)
        ids = there.attachments.place_ids[pairs.destination]
        frames.append(
            pd.DataFrame(
                {
                    "dwelling_id": joined.place_ids[pairs.origin],
                    "facility_type": name,
                    "facility_id": ids,
                    "travel_min": pairs.distance_m / walker.speed_m_min,
                    "capacity_count": capacity.reindex(ids).to_numpy(dtype=float),
                }
            )
        )
    columns = ["dwelling_id", "facility_type", "facility_id", "travel_min", "capacity_count"]
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return found.sort_values(["facility_type", "dwelling_id", "facility_id"], ignore_index=True)


def _rows_of_type(
    network: WalkNetwork,
    homes: Homes,
    there: Places | None,
    capacity: pd.Series,
    people: Numbers,
    limit_m: float,
    walker: Walker,
) -> pd.DataFrame:
    """Find the ratio of each dwelling, and whether all that it hangs on is known."""
    ratio, count = np.zeros(len(people)), np.zeros(len(people), dtype=np.intp)
    is_doubtful = homes.table["boundary_min"].to_numpy(dtype=float) <= limit_m / walker.speed_m_min
    if there is not None:
        pairs = reached_pairs(network, homes.attachments, there.attachments, limit_m=limit_m, walker=walker)
        ratio, count = _ratios(pairs, there, capacity, people)
        is_doubtful = is_doubtful | (not are_joined(network, there.attachments, walker).all())
    is_unknown = np.isnan(ratio) | ~homes.is_joined
    return pd.DataFrame(
        {
            "dwelling_id": homes.table["dwelling_id"].to_numpy(),
            "people": people,
            "facility_count": count,
            "supply_per_people": ratio,
            "status": np.where(is_unknown, "unknown", np.where(is_doubtful, "incomplete", "complete")),
        }
    )


def _ratios(
    pairs: Pairs, there: Places, capacity: pd.Series, people: Numbers
) -> tuple[Numbers, NDArray[np.intp]]:
    """Share the places of each facility among those in its reach, and add the shares up by dwelling."""
    ids = there.attachments.place_ids
    demand = np.bincount(pairs.destination, weights=people[pairs.origin], minlength=len(ids))
    places = capacity.reindex(ids).to_numpy(dtype=float)
    # Where nobody lives in reach there is nobody to share with.
    share = np.divide(places, demand, out=np.full(len(ids), np.nan), where=demand > 0)
    ratio = np.bincount(pairs.origin, weights=share[pairs.destination], minlength=len(people))
    return ratio.astype(float), np.bincount(pairs.origin, minlength=len(people)).astype(np.intp)


def _capacities(town: Town) -> pd.Series:
    """Places of each facility by its id; missing where they are not known."""
    if "facilities" not in town:
        return pd.Series(dtype=float)
    facilities = town["facilities"]
    if "capacity_count" not in facilities.columns:
        return pd.Series(np.nan, index=facilities["id"].astype(str), dtype=float)
    return pd.Series(facilities["capacity_count"].to_numpy(dtype=float), index=facilities["id"].astype(str))


def _with_capacity(places: dict[str, Places], capacity: pd.Series) -> list[str]:
    return [
        name for name, there in places.items() if capacity.reindex(there.attachments.place_ids).notna().any()
    ]
