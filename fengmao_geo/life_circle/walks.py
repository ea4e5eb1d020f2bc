"""Walks of a town's people to what its catalogue asks for: all that is searched, before it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.life_circle.places import Places, facility_places
from fengmao_geo.life_circle.reach import Homes, are_joined, asked_types, reach_table
from fengmao_geo.network.attach import attach
from fengmao_geo.network.stretches import boundary_distances
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.people import PeopleBasis, dwellings, people_basis

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Catalogue, CatalogueEntry, Walker
    from fengmao_geo.town.town import Town

__all__ = ["Walks", "furthest_m", "homes_of", "walks_of"]


@dataclass(frozen=True)
class Walks:
    """Who walks where: the homes, the places of each type, what is asked for, and what is reached.

    Parameters
    ----------
    homes
        The dwellings, joined to the streets.
    places
        The facilities of each type, joined.
    types
        The table ``asked_types``.
    entries
        The catalogue's entries that are asked for.
    reach
        The table ``reach``.
    people_basis
        ``people``, or what stands for them.
    """

    homes: Homes
    places: dict[str, Places]
    types: pd.DataFrame
    entries: list[CatalogueEntry]
    reach: pd.DataFrame
    people_basis: PeopleBasis


def walks_of(
    town: Town,
    network: WalkNetwork,
    *,
    limits: tuple[float, ...],
    catalogue: Catalogue,
    walker: Walker,
    with_straight: bool = True,
) -> Walks:
    """Find what every dwelling reaches of all that the catalogue asks for.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    limits
        The circles in minutes, ascending.
    catalogue
        What is asked for.
    walker
        Who walks.
    with_straight
        Whether straight lines are measured too.

    Returns
    -------
    Walks
        The homes, the places and what is reached.
    """
    homes = homes_of(town, network, limit_m=furthest_m(catalogue, limits[-1], walker), walker=walker)
    places = facility_places(town, network)
    basis = people_basis(town)
    total = float(homes.table["people"].sum()) if basis == "people" else None
    counts = {name: len(there.attachments) for name, there in places.items()}
    types = asked_types(town, catalogue, people=total, counts=counts)
    asked = set(types[types["is_asked"]]["facility_type"])
    entries = [entry for entry in catalogue.entries if entry.facility_type in asked]
    surveyed = set(types[types["is_surveyed"]]["facility_type"])
    reach = reach_table(
        network,
        homes,
        places,
        entries,
        limit_min=limits[-1],
        walker=walker,
        surveyed=surveyed,
        with_straight=with_straight,
    )
    return Walks(homes, places, types, entries, reach, basis)


def furthest_m(catalogue: Catalogue, limit_min: float, walker: Walker) -> float:
    """Find how far anything is asked for: the largest circle's metres or a standard's beyond it.

    Parameters
    ----------
    catalogue
        What is asked for.
    limit_min
        The largest circle.
    walker
        Who walks.

    Returns
    -------
    float
        Metres.
    """
    standards = [entry.standard_m or 0.0 for entry in catalogue.entries]
    return max([limit_min * walker.speed_m_min, *standards])


def homes_of(town: Town, network: WalkNetwork, *, limit_m: float, walker: Walker) -> Homes:
    """Join the town's dwellings to the streets.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    limit_m
        How far it is looked whether a walk leaves the extent.
    walker
        Who walks.

    Returns
    -------
    Homes
        The dwellings.
    """
    found = dwellings(town)
    attachments = attach(network, found.rename(columns={"dwelling_id": "id"}))
    points = shapely.point_on_surface(found.geometry.to_numpy())
    table = found.assign(
        block_id=_lies_in(town, "blocks", points),
        community_id=_lies_in(town, "communities", points),
        is_attached=attachments.is_attached,
        boundary_min=boundary_distances(network, attachments, limit_m=limit_m, walker=walker)
        / walker.speed_m_min,
    )
    return Homes(
        RESULTS["dwellings"].check(table), attachments, is_joined=are_joined(network, attachments, walker)
    )


def _lies_in(town: Town, layer: str, points: NDArray[np.object_]) -> NDArray[np.object_]:
    found = np.full(len(points), None, dtype=object)
    if layer in town:
        areas = town[layer].sort_values("id", kind="stable")
        row, hit = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
        order = np.lexsort((-hit, row))
        found[row[order]] = areas["id"].to_numpy(dtype=object)[hit[order]]
    return found
