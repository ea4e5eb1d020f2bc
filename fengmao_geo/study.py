"""The chain, top to bottom: from a town to life circles, spaces, what became greener, and its blocks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.results import Results
    from fengmao_geo.siting.rules import SiteSettings
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.town.town import Town

__all__ = ["check_town", "study"]


def study(
    town: Town,
    *,
    minutes: Sequence[float] = (5, 15),
    catalogue: str | Path = "township",
    walker: str | Walker = "standard",
    review: str | Path | pd.DataFrame | None = None,
    previous: gpd.GeoDataFrame | None = None,
    site: SiteSettings | None = None,
    has_blocks: bool = True,
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
    review
        What was decided on site about spaces: a table or CSV file with ``space_id, decision, reason``.
    previous
        Spaces of an earlier run; a space that covers the same ground keeps its id.
    site
        How sites are to be chosen, as `site_settings` reads it; none are chosen by default.
    has_blocks
        Whether renewal blocks are measured, scored and proposed, too.

    Returns
    -------
    Results
        The town, its network, its life circles, its spaces and what each could become, its green gains, the
        indicators, scores and red lines of its renewal blocks and where others would help most; and with
        ``site`` the programme and the life circles once it stands.

    Raises
    ------
    NetworkError
        If there is no street to walk on.
    UsageError
        If minutes are missing, repeated or not positive, the review cannot be read, or sites are asked for
        with a budget, count, objective or places that mean nothing.
    StandardError
        If the user's catalogue or walker is wrong.
    """
    # The package imports this module at once, so what is heavy waits until it is used.
    from fengmao_geo.green.gain import green_gains  # noqa: PLC0415
    from fengmao_geo.life_circle.circles import life_circles  # noqa: PLC0415
    from fengmao_geo.network.build import walk_network  # noqa: PLC0415
    from fengmao_geo.results import Results  # noqa: PLC0415
    from fengmao_geo.siting.options import possible_uses  # noqa: PLC0415
    from fengmao_geo.spaces.candidates import survey_spaces  # noqa: PLC0415

    network = walk_network(town)
    measure = partial(life_circles, network=network, minutes=minutes, catalogue=catalogue, walker=walker)
    circles = measure(town)
    # Both spend most of their time in geometry, which leaves Python's lock free.
    with ThreadPoolExecutor(max_workers=1) as pool:
        gains = pool.submit(green_gains, town, network) if site is None else None
        survey = survey_spaces(town, network, review=review, previous=previous)
        uses = possible_uses(survey.spaces)
    results = Results(
        town,
        network=network,
        circles=circles,
        spaces=survey.spaces,
        uses=uses,
        space_findings=survey.findings,
    )
    if site is not None:
        results = _with_programme(results, site, measure)
    measured = gains.result() if gains else green_gains(town, network, programme=results.programme)
    results = replace(results, gains=measured)
    return _with_blocks(results) if has_blocks else results


def _with_blocks(results: Results) -> Results:
    """Measure, score and check the renewal blocks, and say where others would help most."""
    from fengmao_geo.blocks.block_scores import block_scores  # noqa: PLC0415
    from fengmao_geo.blocks.indicators import block_indicators  # noqa: PLC0415
    from fengmao_geo.blocks.matrix import block_matrix  # noqa: PLC0415
    from fengmao_geo.blocks.propose import propose_blocks  # noqa: PLC0415
    from fengmao_geo.blocks.red_lines import red_lines  # noqa: PLC0415
    from fengmao_geo.blocks.scorecard import scorecard  # noqa: PLC0415

    results = replace(results, indicators=block_indicators(results))
    card = scorecard(results)
    return replace(
        results,
        scorecard=card,
        block_scores=block_scores(card),
        red_lines=red_lines(results),
        block_matrix=block_matrix(results),
        proposed_blocks=propose_blocks(results),
    )


def _with_programme(results: Results, site: SiteSettings, measure: Callable[[Town], LifeCircles]) -> Results:
    """Choose sites, and measure the life circles anew with them."""
    from fengmao_geo.siting.choose import choose_sites  # noqa: PLC0415
    from fengmao_geo.siting.planned import planned_facilities  # noqa: PLC0415
    from fengmao_geo.town.change import with_facilities  # noqa: PLC0415

    town, network, spaces, circles = results.town, results.network, results.spaces, results.circles
    if network is None or spaces is None or circles is None:
        return results
    programme = choose_sites(
        town,
        network,
        spaces,
        circles,
        budget_wan=site.budget_wan,
        count=site.count,
        objective=site.objective,
        rules=site,
    )
    built = planned_facilities(programme, rules=site)
    planned = measure(with_facilities(town, built)) if len(built) else None
    return replace(results, programme=programme, planned=planned)


def check_town(
    town: Town,
    *,
    review: str | Path | pd.DataFrame | None = None,
    previous: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """List everything found in a town's data.

    Parameters
    ----------
    town
        The town.
    review
        What was decided on site about spaces.
    previous
        Spaces of an earlier run.

    Returns
    -------
    DataFrame
        The table ``findings``: of the layers, of the streets, of dwellings and facilities that no street
        reaches, of the spaces, of what tells of green, of how sites are to be chosen and blocks
        are scored, and of too few blocks; the worst first.

    Raises
    ------
    NetworkError
        If there is no street to walk on.
    """
    from fengmao_geo.blocks.score_rules import score_findings  # noqa: PLC0415
    from fengmao_geo.findings import join_findings  # noqa: PLC0415
    from fengmao_geo.green.gain import green_gains  # noqa: PLC0415
    from fengmao_geo.life_circle.places import facility_places, unattached  # noqa: PLC0415
    from fengmao_geo.network.attach import attach  # noqa: PLC0415
    from fengmao_geo.network.build import walk_network  # noqa: PLC0415
    from fengmao_geo.results import few_blocks  # noqa: PLC0415
    from fengmao_geo.siting.rules import site_findings  # noqa: PLC0415
    from fengmao_geo.spaces.candidates import survey_spaces  # noqa: PLC0415
    from fengmao_geo.town.people import dwellings  # noqa: PLC0415

    network = walk_network(town)
    homes = attach(network, dwellings(town).rename(columns={"dwelling_id": "id"}))
    alone = unattached(town, homes, facility_places(town, network))
    survey = survey_spaces(town, network, review=review, previous=previous)
    gains = green_gains(town, network)
    rules = [site_findings(town, survey.spaces), score_findings(town)]
    if "blocks" in town:
        rules.append(few_blocks(len(town["blocks"])))
    return join_findings([town.findings, network.audit, alone, survey.findings, gains.findings, *rules])
