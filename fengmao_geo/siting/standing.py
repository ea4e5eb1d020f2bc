"""Who reaches what stands but finds it full: there a new site newly serves somebody too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.siting.room import share_room
from fengmao_geo.tables import GROUP_COLUMNS

if TYPE_CHECKING:
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.demand import Circles
    from fengmao_geo.siting.rules import SiteRules
    from fengmao_geo.town.town import Town

__all__ = ["Crowded", "crowded_homes"]

# Whose share is no more than this has a place.
_LEAST_SHARE = 1e-6


class Crowded(NamedTuple):
    """Homes that reach what stands and for some of whose people it has no place.

    Parameters
    ----------
    homes
        ``dwelling_id, facility_type, left_share`` (of the people that the type is for).
    findings
        Facilities of which nobody knows how many places they have; they were taken to have one for everybody.
    """

    homes: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def crowded_homes(town: Town, network: WalkNetwork, circles: Circles, rules: SiteRules) -> Crowded:
    """Share the places that stand among those who reach them within the tier, and list who is left.

    As many people get a place as can, and of those ways they walk least. Capacities count for the types that
    the rules say, and only where people were counted.

    Parameters
    ----------
    town
        The town; its facilities need ``capacity_count``.
    network
        Its walk network.
    circles
        Its life circles.
    rules
        What the planner says beforehand.

    Returns
    -------
    Crowded
        Who is left without a place; nobody where no capacity counts.
    """
    types = circles.types
    asked = types[types["is_asked"].astype(bool) & types["facility_type"].isin(rules.standing_types)]
    if asked.empty or circles.people_basis != "people":
        return Crowded(_table([]))
    limits = dict(zip(asked["facility_type"], asked["tier_min"].astype(float), strict=True))
    reached = circles.places_reached(town, network, limits_min=limits)
    homes = circles.dwellings.set_index("dwelling_id")
    frames = []
    for name, group in zip(asked["facility_type"], asked["group"], strict=True):
        pairs = reached[reached["facility_type"] == name]
        frames.append(_left(pairs, homes[GROUP_COLUMNS[group]]).assign(facility_type=name))
    unknown = reached[reached["capacity_count"].isna()].drop_duplicates("facility_id")
    findings = [
        Finding("capacity_unknown", "facilities", str(place), "capacity_count", {"type": name})
        for place, name in zip(unknown["facility_id"], unknown["facility_type"], strict=True)
    ]
    return Crowded(_table(frames), tuple(findings))


def _left(pairs: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Share the places of one type, and give the share of each home that has none."""
    home, homes = pd.factorize(pairs["dwelling_id"], sort=True)
    site, sites = pd.factorize(pairs["facility_id"], sort=True)
    room = np.zeros(len(sites))
    room[site] = pairs["capacity_count"].fillna(np.inf)
    there = people.reindex(homes).fillna(0.0).to_numpy(dtype=float)
    minutes = pairs["travel_min"].to_numpy(dtype=float)
    placed = share_room(there, room, home, site, gain=np.ones(len(pairs)), minutes=minutes)
    left = there - np.bincount(home, placed, minlength=len(homes))
    share = np.divide(left, there, out=np.zeros(len(there)), where=there > 0)
    is_left = share > _LEAST_SHARE
    return pd.DataFrame({"dwelling_id": homes[is_left], "left_share": share[is_left]})


def _table(frames: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["dwelling_id", "facility_type", "left_share"]
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in columns}).astype({"left_share": float})
    frames = [frame[columns] for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else empty
