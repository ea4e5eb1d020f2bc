"""Scores and ranks of blocks, what the unknown may do to them, and how stable the ranks are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from fengmao_geo.errors import UsageError
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.standards.files import Faults
from fengmao_geo.standards.indicators import STATES
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Names = NDArray[np.str_]

__all__ = ["block_scores"]

#: Scores that differ by less than the ninth decimal differ by how they were added up, and are equal.
_DECIMALS = 9


def block_scores(
    card: pd.DataFrame, *, bonus_cap: float | None = None, weightings: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """Add up the score of each block in each state, with its rank and how stable that is.

    The base is 100 times the weighted mean attainment of what is known and no bonus. The bonus is its bound
    times the weighted mean attainment of what tells a block's distinctiveness. The score is both together,
    so at most 100 and the bound. What is not known is not zero: it is left out of the mean, and ``low_score``
    and ``high_score`` say what the score would be with all of it at its worst and at its best.

    Blocks of one state are ranked by score; equal scores share the better rank. ``stability_share`` is the
    share of random weightings that keep a block's rank. Every weighting of the indicators that weigh
    anything is as likely as any other (uniform Dirichlet), those of the bonus among themselves. How many are
    tried and the bound of the bonus are proposals of this library (`fengmao standards scores`).

    Parameters
    ----------
    card
        The table ``scorecard``.
    bonus_cap
        How many points what is distinctive may add at most; by default as in the scorecard.
    weightings
        How many random weightings are tried; by default 1,000.
    seed
        The seed of their random numbers: the same seed gives the same answer, whatever the row order.

    Returns
    -------
    DataFrame
        The table ``block_scores``: block by state, in the order of state, rank and id. Scores are points of
        100 and the bound; ``known_share`` and ``stability_share`` are within 0 and 1. A block of which
        nothing is known has no score and no rank; its ``bonus_score`` is missing where none of the
        indicators of the bonus is known.

    Raises
    ------
    UsageError
        If the bound is not within 0 and 100, or `weightings` is no whole number above 0.

    Examples
    --------
    >>> row = {"block_id": "a", "block_name": "A", "indicator": "green_rate_share", "state": "now"}
    >>> row |= {"value": 0.14, "unit": "share", "target": 0.35, "is_bonus": False, "weight_share": 1.0}
    >>> block_scores(pd.DataFrame([row | {"attainment_share": 0.4, "score": 40.0}]))["score"].tolist()
    [40.0]
    >>> block_scores(RESULTS["scorecard"].check(pd.DataFrame(columns=RESULTS["scorecard"].names))).shape
    (0, 11)
    """
    if weightings is None:
        weightings = int(figure_standard("scores").figure("weightings_count"))
    _refuse(bonus_cap, weightings)
    there = set(card["state"])
    states = [state for state in STATES if state in there] or ["now"]
    rows = pd.concat(
        [_state_rows(card, state, bonus_cap, weightings, seed) for state in states], ignore_index=True
    )
    rows = rows.sort_values(["at_state", "rank", "block_id"], ignore_index=True, na_position="last")
    return RESULTS["block_scores"].check(rows[list(RESULTS["block_scores"].names)])


def _refuse(bonus_cap: float | None, weightings: int) -> None:
    faults = []
    if bonus_cap is not None and not 0 <= bonus_cap <= 100:
        faults.append(("score_cap", {"place": "bonus_cap", "found": bonus_cap}))
    if not (weightings >= 1 and weightings == int(weightings)):
        faults.append(("score_weightings", {"place": "weightings", "found": weightings}))
    if faults:
        raise UsageError("score_asked", faults=Faults(faults))


class _Side(NamedTuple):
    """Attainments and weights of the base or of the bonus: blocks by indicators."""

    attained: Numbers
    weight: Numbers

    @classmethod
    def of(cls, rows: pd.DataFrame, blocks: Names, names: Names) -> _Side:
        """Spread rows into blocks by indicators; what is not there weighs nothing."""
        attained = np.full((len(blocks), len(names)), np.nan)
        weight = np.zeros(attained.shape)
        at = (
            np.searchsorted(blocks, rows["block_id"].to_numpy(dtype=str)),
            np.searchsorted(names, rows["indicator"].to_numpy(dtype=str)),
        )
        attained[at] = rows["attainment_share"].to_numpy(dtype=float)
        weight[at] = rows["weight_share"].to_numpy(dtype=float)
        return cls(attained, weight)

    @property
    def is_known(self) -> Flags:
        """What counts and is known."""
        return ~np.isnan(self.attained) & (self.weight > 0)

    @property
    def known_share(self) -> Numbers:
        """The share of the weight that is known; missing where nothing weighs anything."""
        return _over((self.weight * self.is_known).sum(axis=1), self.weight.sum(axis=1))

    def means(self, weightings: Numbers) -> Numbers:
        """Weighted mean attainment of what is known, weightings by blocks; missing where nothing is."""
        known = self.is_known
        attained = np.where(known, self.attained, 0.0)
        return _over(weightings @ attained.T, weightings @ known.T.astype(float))

    @property
    def mean(self) -> Numbers:
        """The mean by the weights as they are, block by block."""
        attained = np.where(self.is_known, self.attained, 0.0)
        return _over((attained * self.weight).sum(axis=1), (self.weight * self.is_known).sum(axis=1))

    def random(self, rng: np.random.Generator, count: int) -> Numbers:
        """Mean attainments under random weightings of what weighs anything in any block."""
        drawn = rng.standard_exponential((count, self.weight.shape[1]))
        return self.means(drawn * (self.weight > 0).any(axis=0))


def _state_rows(
    card: pd.DataFrame, state: str, bonus_cap: float | None, weightings: int, seed: int
) -> pd.DataFrame:
    mine = card[card["state"] == state]
    is_bonus = mine["is_bonus"].to_numpy(dtype=bool)
    blocks = np.unique(mine["block_id"].to_numpy(dtype=str))
    base, bonus = (
        _Side.of(
            mine[of], blocks, np.unique(card.loc[card["is_bonus"] == kind, "indicator"].to_numpy(dtype=str))
        )
        for of, kind in ((~is_bonus, False), (is_bonus, True))
    )
    cap = np.where(
        bonus.weight.sum(axis=1) > 0, 100 * bonus.weight.sum(axis=1) if bonus_cap is None else bonus_cap, 0.0
    )
    rows = _scores(base, bonus, cap)
    rng = np.random.default_rng(seed)
    tried = 100 * base.random(rng, weightings) + np.nan_to_num(cap * bonus.random(rng, weightings))
    rank = _ranks(rows["score"].to_numpy()[None])[0]
    kept = (_ranks(tried) == rank).mean(axis=0) if len(blocks) else rank
    names = mine.drop_duplicates("block_id").set_index("block_id")["block_name"]
    return rows.assign(
        block_id=blocks.astype(object),
        block_name=names.reindex(blocks).to_numpy(dtype=object),
        state=state,
        at_state=STATES.index(state),
        rank=pd.Series(rank).astype("Int64"),
        stability_share=np.where(np.isnan(rank), np.nan, kept),
    )


def _scores(base: _Side, bonus: _Side, cap: Numbers) -> pd.DataFrame:
    base_score, bonus_score = 100 * base.mean, cap * bonus.mean
    bonus_score = np.where(cap > 0, bonus_score, 0.0)
    known, known_bonus = base.known_share, np.nan_to_num(bonus.known_share)
    # Of nothing that is known, all may be the worst or the best.
    low = np.nan_to_num(base_score) * known + np.nan_to_num(bonus_score) * known_bonus
    return pd.DataFrame(
        {
            "base_score": base_score,
            "bonus_score": bonus_score,
            "score": base_score + np.nan_to_num(bonus_score),
            "low_score": low,
            "high_score": low + 100 * (1 - known) + cap * (1 - known_bonus),
            "known_share": known,
        }
    )


def _ranks(scores: Numbers) -> Numbers:
    """Rank each row from the highest score down; equal ones share a rank, what is missing has none."""
    ranks: Numbers = rankdata(-np.round(scores, _DECIMALS), method="min", axis=1, nan_policy="omit")
    return np.where(np.isnan(scores), np.nan, ranks)


def _over(sums: Numbers, weights: Numbers) -> Numbers:
    """Divide; missing where nothing weighs anything."""
    found: Numbers = np.divide(sums, weights, out=np.full(np.shape(sums), np.nan), where=weights > 0)
    return found
