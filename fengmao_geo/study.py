"""The chain, top to bottom: from a town to its life circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.life_circle.circles import life_circles
from fengmao_geo.life_circle.places import facility_places
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.results import Results
from fengmao_geo.town.people import dwelling_basis, dwellings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.town.town import Town

__all__ = ["check_town", "result_findings", "study"]


def study(
    town: Town,
    *,
    minutes: Sequence[float] = (5, 15),
    catalogue: str | Path = "township",
    walker: str | Walker = "standard",
) -> Results:
    """Run every analysis on a town.

    Parameters
    ----------
    town
        The town.
    minutes
        The circles.
    catalogue
        A shipped catalogue or the path of one's own.
    walker
        Who walks: a name from ``walkers.toml``, or a record.

    Returns
    -------
    Results
        The town, its network and its life circles.

    Raises
    ------
    NetworkError
        If there is no street to walk on.
    UsageError
        If minutes are missing, repeated or not positive.
    StandardError
        If the user's catalogue or walker is wrong.
    """
    network = walk_network(town)
    circles = life_circles(town, network, minutes=minutes, catalogue=catalogue, walker=walker)
    return Results(town, network=network, circles=circles)


def check_town(town: Town) -> pd.DataFrame:
    """List everything found in a town's data, without walking anywhere.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    DataFrame
        The table ``findings``: of the layers, of the streets, and of dwellings and facilities that no street
        reaches; the worst first.

    Raises
    ------
    NetworkError
        If there is no street to walk on.
    """
    network = walk_network(town)
    return join_findings([town.findings, network.audit, _unattached(town, network)])


def result_findings(results: Results) -> pd.DataFrame:
    """List everything found on the way to the results, the worst first.

    Parameters
    ----------
    results
        The results; a step that was not run has found nothing.

    Returns
    -------
    DataFrame
        The table ``findings``.
    """
    tables = [results.town.findings]
    if results.network is not None:
        tables.append(results.network.audit)
    if results.circles is not None:
        tables.append(results.circles.findings)
    return join_findings(tables)


def _unattached(town: Town, network: WalkNetwork) -> pd.DataFrame:
    """List dwellings and facilities that no street reaches."""
    homes = dwellings(town).rename(columns={"dwelling_id": "id"})
    joined = [(str(dwelling_basis(town)), attach(network, homes))]
    joined += [("facilities", there.attachments) for there in facility_places(town, network).values()]
    return findings_table(
        Finding("unattached", layer, str(place), None, {"max_leg_m": places.max_leg_m})
        for layer, places in joined
        for place in places.place_ids[~places.is_attached]
    )
