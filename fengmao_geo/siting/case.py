"""One question to the solver: the best answer, the next-best ones, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Never

import numpy as np
import pandas as pd

from fengmao_geo.siting.fair import fairest
from fengmao_geo.siting.greedy import greedy, value_of, without_idle, worst_time
from fengmao_geo.siting.model import MUST, conflict, least_cost, most
from fengmao_geo.siting.problem import Choice, Limit, Problem, left_out, merged
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tqdm import tqdm

    from fengmao_geo.siting.benefit import Benefits
    from fengmao_geo.siting.demand import Circles
    from fengmao_geo.siting.rules import Said, SiteRules

    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Best", "Case"]

# Limits of money and number, which full cover is measured without.
_MEANS = ("budget", "count")
# What is nearer than this is equal, as a share.
_EQUAL = 1e-6


class Best(NamedTuple):
    """The answer to a case: options by their number in it, and why it is so or not at all."""

    options: Indices | None
    status: str
    gap_share: float
    reasons: tuple[Said, ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """One question: what is asked for, of which options, under which limits.

    Parameters
    ----------
    aim
        ``people``, ``everyone`` or ``fairest``.
    found
        Options, demands, pairs.
    rules
        What the planner says beforehand.
    words
        The words of each limit, by its name.
    kept
        Rows of the options that were chosen from: what serves somebody, is worth something by itself, or may
        have to be there.
    problem
        The question about those.
    longest_min
        The largest circle.
    """

    aim: str
    found: Benefits
    rules: SiteRules
    words: dict[str, Said]
    kept: Indices
    problem: Problem
    longest_min: float

    @classmethod
    def of(
        cls, aim: str, found: Benefits, rules: SiteRules, bounds: list[tuple[Limit, Said]], circles: Circles
    ) -> Case:
        """Ask it."""
        limits = [limit for limit, _ in bounds]
        longest_min = circles.minutes[-1]
        whole = (
            found.walks(rules, limits, longest_min=longest_min)
            if aim == "fairest"
            else found.cover(rules, limits)
        )
        uses = rules.known_uses()
        has_demand = np.array([uses[use].has_demand for use in found.options["use"]], dtype=bool)
        is_kept = has_demand & (np.bincount(whole.option, minlength=len(has_demand)) > 0)
        is_kept |= whole.worth > 0
        for limit in limits:
            if limit.low > 0:
                is_kept |= limit.weight > 0
        kept = np.flatnonzero(is_kept)
        words = {limit.name: said for limit, said in bounds} | {MUST: ("must", {})}
        return cls(aim, found, rules, words, kept, merged(whole.with_options(kept)), longest_min)

    @property
    def _seconds(self) -> float:
        return 60 * self.rules.time_limit_min

    def best(self, *cuts: Limit) -> Best:
        """Find the best answer, or the limits that rule every answer out."""
        problem = self.problem.with_limits(*cuts)
        reasons: tuple[Said, ...] = ()
        if self.aim == "people":
            choice = most(problem, time_limit_s=self._seconds, gap_share=self.rules.gap_share)
        elif self.aim == "fairest":
            choice = fairest(problem, time_limit_s=self._seconds, gap_share=self.rules.gap_share)
        else:
            choice, reasons = self._cheapest(problem, is_first=not cuts)
        if choice.options is None:
            if choice.status == "not_found" and (rough := self.greedy(problem)) is not None:
                return Best(np.sort(rough), "time_limit", np.nan)
            if not reasons and not cuts and choice.status == "infeasible":
                reasons = self._conflict(problem, None)
            return Best(None, choice.status, np.nan, reasons)
        rough = self.greedy(problem) if choice.status != "optimal" else None
        better = rough is not None and self._is_better(problem, rough, choice.options)
        options = np.sort(rough) if better and rough is not None else choice.options
        return Best(without_idle(problem, options), choice.status, choice.gap_share, reasons)

    def _cheapest(self, problem: Problem, *, is_first: bool) -> tuple[Choice, tuple[Said, ...]]:
        """Serve all who can be served at least cost; if not all can be at once, as many as can be."""
        must = np.ones(len(problem.base), dtype=bool)
        choice = least_cost(problem, must=must, time_limit_s=self._seconds, gap_share=self.rules.gap_share)
        if choice.status != "infeasible":
            return choice, ()
        rich = problem.with_limits(without=_MEANS)
        fullest = most(rich, time_limit_s=self._seconds, gap_share=self.rules.gap_share)
        if fullest.options is None:
            return fullest, ()
        all_of_them = float(problem.weight.sum() + problem.worth[fullest.options].sum())
        is_full = value_of(rich, fullest.options) >= all_of_them * (1 - _EQUAL)
        if is_full:
            fullest = least_cost(rich, must=must, time_limit_s=self._seconds, gap_share=self.rules.gap_share)
        if fullest.options is None:
            return fullest, ()
        reasons: tuple[Said, ...] = () if is_full else (("some_cannot", {}),)
        short = [
            limit.name
            for limit in problem.limits
            if limit.name in _MEANS and not limit.holds(fullest.options)
        ]
        if not short:
            return fullest, reasons
        if is_full and is_first:
            reasons = self._conflict(problem, must)
        else:
            reasons = (*reasons, ("conflict", {}), *(self.words[name] for name in [*short, MUST]))
        if "budget" in short and "needed" not in dict(reasons):
            cost = float(problem.cost[fullest.options].sum())
            reasons = (*reasons, ("needed", {"needed_wan": cost}))
        return Choice(None, "infeasible"), reasons

    def _conflict(self, problem: Problem, must: Flags | None) -> tuple[Said, ...]:
        names = conflict(problem, must=must, time_limit_s=self._seconds)
        if not names:
            return ()
        found = [("conflict", {}), *(self.words[name] for name in names)]
        if "budget" in names and MUST not in names:
            cheap = least_cost(
                problem.with_limits(without=["budget"]),
                must=must,
                time_limit_s=self._seconds,
                gap_share=self.rules.gap_share,
            )
            if cheap.options is not None:
                found.append(("needed", {"needed_wan": float(problem.cost[cheap.options].sum())}))
        return tuple(found)

    def greedy(self, problem: Problem) -> Indices | None:
        """Answer greedily; full cover that misses somebody is no answer."""
        by_cost = self.aim == "everyone" or any(limit.name == "budget" for limit in problem.limits)
        taken = greedy(problem, by_cost=by_cost)
        if self.aim == "everyone" and taken is not None:
            everyone = float(problem.weight.sum() + problem.worth[taken].sum())
            return taken if value_of(problem, taken) >= everyone * (1 - _EQUAL) else None
        return taken

    def objective(self, options: Indices) -> float:
        """Say what was asked for: people, wan or minutes."""
        if self.aim == "everyone":
            return float(self.problem.cost[options].sum())
        if self.aim == "fairest":
            return worst_time(self.problem, options)
        return value_of(self.problem, options)

    def _is_better(self, problem: Problem, one: Indices, other: Indices) -> bool:
        values = [self.objective(one), self.objective(other)]
        if values[0] == values[1]:
            return value_of(problem, one) > value_of(problem, other)
        return values[0] > values[1] if self.aim == "people" else values[0] < values[1]

    def alternatives(self, best: Best, progress: tqdm[Never]) -> pd.DataFrame:
        """Look for the next-best answers, each without one space at least of every better one.

        What only gives the same spaces other uses is no alternative: whoever is told that a plot cannot be
        had needs other plots. Nor are the same spaces and more of them: the better answer could have had
        those too, so they bring nothing.
        """
        cuts: list[Limit] = []
        frames = []
        last = best
        for rank in range(1, self.rules.alternatives_count + 1):
            progress.update()
            if last.options is None or not len(last.options):
                break
            cuts.append(left_out(self.problem, last.options, name=f"cut {rank}"))
            last = self.best(*cuts)
            if last.options is None or not self._serves_as_many(last.options, best):
                break
            rows = self.found.options.iloc[self.kept[last.options]]
            said = {"rank": rank, "objective": self.objective(last.options), "gap_share": last.gap_share}
            frames.append(rows.assign(**said, cost_wan=float(rows["cost_wan"].sum())))
        return _laid_out("alternatives", frames)

    def _serves_as_many(self, options: Indices, best: Best) -> bool:
        """Say whether costs can be compared: a cheaper answer that serves fewer is no alternative."""
        if self.aim != "everyone" or best.options is None:
            return True
        values = [
            value_of(self.problem, one) - self.problem.worth[one].sum() for one in (options, best.options)
        ]
        return bool(values[0] >= values[1] * (1 - _EQUAL))

    def greedy_table(self) -> pd.DataFrame:
        """Lay out the greedy answer, and the objective up to each of its sites."""
        taken = self.greedy(self.problem)
        if taken is None:
            return _laid_out("greedy", [])
        upto = [self.objective(taken[: at + 1]) for at in range(len(taken))]
        rows = self.found.options.iloc[self.kept[taken]]
        return _laid_out("greedy", [rows.assign(rank=np.arange(1, len(taken) + 1), objective=upto)])


def _laid_out(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    columns = list(RESULTS[name].names)
    empty = pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    rows = pd.concat(frames, ignore_index=True)[columns] if frames else empty
    return RESULTS[name].check(rows)
