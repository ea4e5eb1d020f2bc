"""The scorecard: how far each block attains the target of each indicator, and what that is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks.case import areas_of
from fengmao_geo.blocks.indicators import block_indicators
from fengmao_geo.blocks.score_rules import score_settings
from fengmao_geo.standards.indicators import STATES
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.results import Results
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["score_changes", "scorecard"]


def scorecard(
    results: Results,
    *,
    weights: Mapping[str, float] | None = None,
    targets: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Say how far each block attains the target of each indicator, in each state.

    Attainment is ``(value - floor) / (target - floor)``, no less than 0 and no more than 1; the floor is 0
    where none is stated. An indicator without a target is not scored. Targets and floors stand, each with its
    source and confidence, in ``indicators.toml`` (`fengmao standards indicators`); the way of scoring is a
    proposal of this library.

    Weights are the user's, else those of the table ``[score]`` of the town's file, else equal: groups of
    indicators weigh the same, and within a group its indicators do. A weighting is whole: what it does not
    name weighs nothing. An indicator that has no meaning in a block is left out there, and its weight falls
    to the others; one that is not known keeps its weight and has no attainment.

    What is measured only as the town stands (``now``) counts with that value before and with the programme
    as well, so that states compare like with like.

    Parameters
    ----------
    results
        What was computed; without ``results.indicators`` they are measured first.
    weights
        How much an indicator weighs beside the others.
    targets
        The values at which indicators are attained, in place of the shipped ones or the town's.

    Returns
    -------
    DataFrame
        The table ``scorecard``: block by indicator by state. ``value`` and ``target`` are in ``unit``,
        shares within 0 and 1. ``weight_share`` times 100 is the most the indicator adds to the block's
        score: those that are no bonus have 100 points together, the others the bound of the bonus on top.
        ``score`` is what it does add; it and ``attainment_share`` are missing where the value is not known.

    Raises
    ------
    TownError
        If the table ``[score]`` of the town's file is wrong; it carries a finding for each fault.
    UsageError
        If weights or targets are; it names every fault.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> from fengmao_geo.results import Results
    >>> card = scorecard(Results(sample_town()), weights={"green_rate_share": 1})
    >>> float(card["weight_share"].max())
    1.0
    """
    rules = score_settings(results.town, asked={"weights": weights, "targets": targets})
    measured = block_indicators(results) if results.indicators is None else results.indicators
    scored, points = rules.scored(), rules.points()
    rows = _in_every_state(measured[measured["area_kind"] == "block"], scored)
    rows = rows[rows["value"].notna() | (rows["missing"] != "")]
    order = {block: at for at, block in enumerate(areas_of(results.town)["area_id"])}
    rows = rows.assign(
        block_id=rows["area_id"],
        block_name=rows["area_name"],
        points=rows["indicator"].map(points).astype(float),
        is_bonus=rows["indicator"].map({name: of.is_bonus for name, of in scored.items()}).astype(bool),
        unit=rows["indicator"].map({name: of.unit for name, of in scored.items()}),
        target=rows["indicator"].map({name: of.target for name, of in scored.items()}).astype(float),
        at_block=rows["area_id"].map(order),
        at_indicator=rows["indicator"].map({name: at for at, name in enumerate(scored)}),
        at_state=rows["state"].map({state: at for at, state in enumerate(STATES)}),
    )
    rows = rows.sort_values(["at_block", "block_id", "at_indicator", "at_state"], ignore_index=True)
    shares = _weight_shares(rows, bonus_share=rules.bonus_cap / 100)
    rows = rows.assign(weight_share=shares, attainment_share=_attainments(rows, scored))
    rows = rows.assign(score=100 * rows["weight_share"] * rows["attainment_share"])
    return RESULTS["scorecard"].check(rows[list(RESULTS["scorecard"].names)])


def _in_every_state(measured: pd.DataFrame, scored: Mapping[str, Indicator]) -> pd.DataFrame:
    """Give an indicator that is measured only as the town stands that value in the other states too."""
    measured = measured[measured["indicator"].isin(list(scored))]
    now = measured[measured["state"] == "now"]
    there = set(zip(measured["indicator"], measured["state"], strict=True))
    states = [state for state in STATES if state != "now" and (measured["state"] == state).any()]
    lent = [
        now[[(name, state) not in there for name in now["indicator"]]].assign(state=state) for state in states
    ]
    return pd.concat([measured, *lent], ignore_index=True)


def _weight_shares(rows: pd.DataFrame, *, bonus_share: float) -> pd.Series[float]:
    """Share the points of what has no meaning in a block out among its other indicators."""
    sums = rows.groupby(["block_id", "state", "is_bonus"])["points"].transform("sum")
    whole = np.where(rows["is_bonus"], bonus_share, 1.0)
    return (rows["points"] / sums.where(sums > 0) * whole).fillna(0.0)


def _attainments(rows: pd.DataFrame, scored: Mapping[str, Indicator]) -> pd.Series[float]:
    worst = rows["indicator"].map({name: of.worst for name, of in scored.items()}).astype(float)
    return ((rows["value"] - worst) / (rows["target"] - worst)).clip(0, 1)


def score_changes(card: pd.DataFrame) -> pd.DataFrame:
    """Say what the programme changes: each block and indicator with it and as the town stands.

    Parameters
    ----------
    card
        The table ``scorecard``.

    Returns
    -------
    DataFrame
        The table ``score_changes``: ``value_now``, ``value_planned`` and the ``change`` between them in the
        unit of the indicator, and by how many points the score changes; missing where either is not known.
        Without a programme there is no row.

    Examples
    --------
    >>> score_changes(RESULTS["scorecard"].check(pd.DataFrame(columns=RESULTS["scorecard"].names))).shape
    (0, 8)
    """
    names = ["block_id", "indicator"]
    now = card[card["state"] == "now"].set_index(names)
    planned = card[card["state"] == "planned"].set_index(names)
    now = now[now.index.isin(planned.index)]
    planned = planned.reindex(now.index)
    rows = now[["block_name", "unit"]].assign(
        value_now=now["value"].astype(float),
        value_planned=planned["value"].astype(float),
        change=(planned["value"] - now["value"]).astype(float),
        score_change=(planned["score"] - now["score"]).astype(float),
    )
    return RESULTS["score_changes"].check(rows.reset_index())
