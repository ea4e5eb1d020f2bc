"""What each dwelling reaches of each facility type: the nearest, the time, and what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.network.costs import fastest_m_min
from fengmao_geo.network.travel import TOLERANCE, nearest_pairs
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.life_circle.places import Places
    from fengmao_geo.network.attach import Attachments
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Catalogue, CatalogueEntry, Walker
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]

__all__ = [
    "Homes",
    "are_joined",
    "asked_types",
    "doubt_minutes",
    "reach_table",
    "statuses",
    "surveyed_types",
]


_DTYPES = dict.fromkeys(("travel_min", "distance_m", "straight_m", "doubt_min"), "float64")


@dataclass(frozen=True)
class Homes:
    """The town's dwellings, joined to the streets.

    Parameters
    ----------
    table
        The table ``dwellings``.
    attachments
        The same dwellings, in the same order.
    is_joined
        Whether the walker can use all that each dwelling is joined to; if not, what it does not reach is
        unknown.
    """

    table: gpd.GeoDataFrame
    attachments: Attachments
    is_joined: NDArray[np.bool_]


def asked_types(
    town: Town, catalogue: Catalogue, *, people: float | None, counts: dict[str, int]
) -> pd.DataFrame:
    """Say which types the catalogue asks this town for, and of which the layer holds all there are.

    Parameters
    ----------
    town
        The town.
    catalogue
        The catalogue.
    people
        The town's people; ``None`` if they are unknown, and then only types for towns of any size are asked.
    counts
        Number of facilities by type.

    Returns
    -------
    DataFrame
        The table ``asked_types``, in the order of the catalogue.
    """
    surveyed = surveyed_types(town, [entry.facility_type for entry in catalogue.entries])
    rows = [
        {
            "facility_type": entry.facility_type,
            "tier_min": entry.tier_min,
            "standard_m": np.nan if entry.standard_m is None else entry.standard_m,
            "group": entry.group,
            "is_required": entry.is_required,
            "min_people": entry.min_people,
            "is_asked": entry.min_people <= (people or 0),
            "is_surveyed": entry.facility_type in surveyed,
            "facility_count": counts.get(entry.facility_type, 0),
            "source": entry.source,
            "tag": entry.tag,
        }
        for entry in catalogue.entries
    ]
    return RESULTS["asked_types"].check(pd.DataFrame(rows, columns=list(RESULTS["asked_types"].names)))


def _has_types(town: Town) -> bool:
    """Say whether facilities tell their types; a layer that names none does not tell what is missing."""
    if "facilities" not in town or "facility_type" not in town["facilities"].columns:
        return False
    types = town["facilities"]["facility_type"]
    return types.empty or bool(types.notna().any())


def surveyed_types(town: Town, names: Iterable[str]) -> set[str]:
    """Say of which types the layer holds all there are: those stated, and those of which it holds any.

    Parameters
    ----------
    town
        The town.
    names
        Facility types.

    Returns
    -------
    set of str
        Those that are surveyed; what is only planned says nothing of a survey.
    """
    if not _has_types(town):
        return set()
    stated = town.settings.surveyed_types
    if stated == "all":
        return set(names)
    facilities = town["facilities"]
    if "is_planned" in facilities.columns:
        facilities = facilities[~facilities["is_planned"].eq(True).to_numpy(dtype=bool)]
    return set(names) & (stated | set(facilities["facility_type"].dropna()))


def are_joined(network: WalkNetwork, places: Attachments, walker: Walker) -> NDArray[np.bool_]:
    """Say which places are joined, and to nothing that the walker cannot use.

    A place is joined where the streets are nearest, whoever walks. Where that is on steps, wheels may find
    another street a little farther on, which was not looked for: what they reach from there is unknown.

    Parameters
    ----------
    network
        What is walked on.
    places
        The places, attached.
    walker
        Who walks.

    Returns
    -------
    array of bool, shape ``(p,)``
        False for a place that is unattached, too.
    """
    lost = ~network.usable(walker)[places.edge_id]
    has_lost = np.bincount(places.place[lost], minlength=len(places)) > 0
    return np.asarray(places.is_attached & ~has_lost, dtype=bool)


def reach_table(
    network: WalkNetwork,
    homes: Homes,
    places: dict[str, Places],
    entries: list[CatalogueEntry],
    *,
    limit_min: float,
    walker: Walker,
    surveyed: set[str],
    with_straight: bool = True,
) -> pd.DataFrame:
    """Find each dwelling's nearest facility of each type.

    A type is ``unknown`` for a dwelling that reaches none of it if the dwelling is unattached, the type is
    not surveyed, its own search meets the boundary of the extent, or a facility that could not be joined to
    the streets lies so near that it might be reached. A place joined to steps counts as unattached for those
    who cannot use them, unless it is reached from elsewhere.

    Parameters
    ----------
    network
        What is walked on.
    homes
        The dwellings.
    places
        The facilities of each type.
    entries
        What the catalogue asks for.
    limit_min
        How long anybody walks.
    walker
        Who walks.
    surveyed
        Types of which all facilities are in the data.
    with_straight
        Whether straight lines are measured too, which takes longer than the walks.

    Returns
    -------
    DataFrame
        The table ``reach``. ``doubt_min`` are minutes from which a facility that was not found might yet be
        there, missing where there is no doubt; ``status`` is that within ``limit_min``.
    """
    frames = [
        _reach_of_type(
            network,
            homes,
            places.get(entry.facility_type),
            entry,
            limit_min=limit_min,
            walker=walker,
            is_surveyed=entry.facility_type in surveyed,
            with_straight=with_straight,
        )
        for entry in entries
    ]
    if not frames:
        empty = {name: pd.Series(dtype=_DTYPES.get(name, "object")) for name in RESULTS["reach"].names}
        return RESULTS["reach"].check(pd.DataFrame(empty))
    return RESULTS["reach"].check(pd.concat(frames, ignore_index=True))


def _reach_of_type(
    network: WalkNetwork,
    homes: Homes,
    there: Places | None,
    entry: CatalogueEntry,
    *,
    limit_min: float,
    walker: Walker,
    is_surveyed: bool,
    with_straight: bool,
) -> pd.DataFrame:
    count = len(homes.table)
    distance_m, straight_m = (np.full(count, np.nan) for _ in range(2))
    facility = np.full(count, None, dtype=object)
    if there is not None:
        limit_m = max(limit_min * walker.speed_m_min, entry.standard_m or 0.0)
        pairs = nearest_pairs(network, homes.attachments, there.attachments, limit_m=limit_m, walker=walker)
        distance_m[pairs.origin] = pairs.distance_m
        facility[pairs.origin] = there.attachments.place_ids[pairs.destination]
        if with_straight:
            straight_m = _straight(homes.table.geometry.to_numpy(), there.shapes)
    travel_min = distance_m / walker.speed_m_min
    table = pd.DataFrame(
        {
            "dwelling_id": homes.table["dwelling_id"].to_numpy(),
            "facility_type": entry.facility_type,
            "facility_id": facility,
            "travel_min": travel_min,
            "distance_m": distance_m,
            "straight_m": straight_m,
        }
    )
    doubt_min = doubt_minutes(network, homes, there, is_surveyed=is_surveyed, walker=walker)
    status = statuses(travel_min, doubt_min, limit_min)
    if entry.standard_m is None:
        is_within = pd.array(np.full(count, None), dtype="boolean")
    else:
        by_standard = statuses(travel_min, doubt_min, entry.standard_m / walker.speed_m_min)
        is_within = pd.array(by_standard == "reached", dtype="boolean")
        is_within[by_standard == "unknown"] = pd.NA
    return table.assign(status=status, is_within_standard=is_within.astype(object), doubt_min=doubt_min)


def _straight(shapes: NDArray[np.object_], others: NDArray[np.object_]) -> Numbers:
    """Straight metres from each outline to the nearest of others; missing if there is none."""
    nearest = np.full(len(shapes), np.nan)
    if len(others):
        (row, _), distance = shapely.STRtree(others).query_nearest(
            shapes, return_distance=True, all_matches=False
        )
        nearest[row] = distance
    return nearest


def doubt_minutes(
    network: WalkNetwork, homes: Homes, there: Places | None, *, is_surveyed: bool, walker: Walker
) -> Numbers:
    """Find the minutes from which a facility that was not found might yet be there.

    Parameters
    ----------
    network
        What is walked on.
    homes
        The dwellings.
    there
        The facilities that are known; None if there are none.
    is_surveyed
        Whether they are all there are.
    walker
        Who walks.

    Returns
    -------
    array, shape ``(n,)``
        Minutes, missing if there is no doubt.
    """
    if not is_surveyed:
        return np.zeros(len(homes.table))
    hidden_m = np.full(len(homes.table), np.nan)
    if there is not None:
        is_hidden = ~are_joined(network, there.attachments, walker)
        hidden_m = _straight(homes.table.geometry.to_numpy(), there.shapes[is_hidden])
    boundary_min = homes.table["boundary_min"].to_numpy(dtype=float)
    return np.where(homes.is_joined, np.fmin(boundary_min, hidden_m / fastest_m_min(walker)), 0.0)


def statuses(travel_min: Numbers, doubt_min: Numbers, limit_min: float) -> NDArray[np.object_]:
    """Say reached, unreached or unknown within a limit.

    Parameters
    ----------
    travel_min
        Minutes to the nearest, missing if none is known, shape ``(n,)``.
    doubt_min
        Minutes from which another might be there, missing or infinite if there is no doubt, shape ``(n,)``.
    limit_min
        The limit.

    Returns
    -------
    array of str, shape ``(n,)``
        ``reached``, ``unreached`` or ``unknown``.

    Examples
    --------
    >>> statuses(np.array([4.0, np.nan, np.nan]), np.array([np.inf, 3.0, np.inf]), 5).tolist()
    ['reached', 'unknown', 'unreached']
    """
    limit = limit_min * (1 + TOLERANCE)
    status = np.where(doubt_min <= limit, "unknown", "unreached").astype(object)
    status[travel_min <= limit] = "reached"
    return status
