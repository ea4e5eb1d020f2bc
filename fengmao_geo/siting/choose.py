"""The programme: which spaces become what, how good that is, and what comes next to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, Never

import numpy as np
import pandas as pd
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.siting.benefit import benefits, options_of
from fengmao_geo.siting.greedy import greedy, in_order, value_of, without_idle, worst_time
from fengmao_geo.siting.model import MUST, conflict, fairest, least_cost, most
from fengmao_geo.siting.outcome import gained_table, listed_table, served_rows, site_table, unserved_table
from fengmao_geo.siting.problem import Choice, Limit, Problem, merged
from fengmao_geo.siting.rules import SiteRules, absent_places, limits_of
from fengmao_geo.standards.files import Faults
from fengmao_geo.tables import RESULTS, Programme, table

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.benefit import Benefits, Circles
    from fengmao_geo.siting.rules import Said
    from fengmao_geo.town.town import Town

    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["choose_sites"]

_AIMS = ("people", "everyone", "fairest")
# Limits of money and number, which full cover is measured without.
_MEANS = ("budget", "count")
# What is nearer than this is equal, as a share.
_EQUAL = 1e-6


def choose_sites(
    town: Town,
    network: WalkNetwork,
    spaces: gpd.GeoDataFrame,
    circles: Circles,
    *,
    budget_wan: float | None = None,
    count: int | None = None,
    objective: Literal["people", "everyone", "fairest"] = "people",
    rules: SiteRules | None = None,
) -> Programme:
    """Choose which spaces become what, so that most people newly reach what they lack, within a budget.

    Options are the uses that fit. Who reaches a type today within its tier is served already, and who may or
    may not is unknown: neither is counted. Nobody is newly served twice with the same type. A mixed-integer
    programme is solved by HiGHS; how much better a programme might be is reported as its gap.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    spaces
        The table ``spaces``.
    circles
        Its life circles: what is asked for, within which tier, and who reaches it.
    budget_wan
        The budget in 10,000 yuan; none by default. Costs are proposals to compare options.
    count
        How many sites at most; any number by default.
    objective
        ``people``: most people newly served, type by type, weighted; ``everyone``: all who can be served, at
        least cost; ``fairest``: the shortest worst walk, of those whom some option brings nearer, and of
        equally short ones the least mean.
    rules
        What the planner says beforehand.

    Returns
    -------
    Programme
        Sites, whom they serve, what was only listed, alternatives, a greedy answer, gap and status in words.
        Where nothing is possible or to be done it is empty and says why.

    Raises
    ------
    UsageError
        If objective, budget or count are wrong, or rules name spaces or blocks that are not there; it names
        every fault at once.
    TableError
        If the spaces are not as declared.
    """
    said = rules or SiteRules()
    spaces = table("spaces").check(spaces).sort_values("space_id", ignore_index=True)
    _refuse_faults(town, spaces, objective, budget_wan, count, said)
    with tqdm(total=3 + said.alternatives_count, delay=2, disable=None, leave=False) as progress:
        options = options_of(spaces, said)
        bounds = limits_of(options, said, budget_wan=budget_wan, count=count)
        longest_min = circles.minutes[-1] if objective == "fairest" else 0.0
        found = benefits(network, spaces, circles, options, said, longest_min=longest_min)
        progress.update()
        case = _Case.of(objective, found, said, bounds, circles)
        best = case.best()
        progress.update()
        nothing = () if best.options is not None and len(case.kept) else _why_nothing(spaces, options, found)
        programme = _programme(case, best, spaces, circles, nothing)
        progress.update()
        return replace(programme, alternatives=case.alternatives(best, progress))


def _refuse_faults(
    town: Town,
    spaces: gpd.GeoDataFrame,
    objective: str,
    budget_wan: float | None,
    count: int | None,
    rules: SiteRules,
) -> None:
    """Refuse arguments that mean nothing, and rules about what is not there, all at once."""
    faults: list[tuple[str, dict[str, object]]] = []
    if objective not in _AIMS:
        faults.append(("site_objective", {"place": "objective", "found": objective}))
    if budget_wan is not None and not 0 <= budget_wan < np.inf:
        faults.append(("site_budget", {"place": "budget_wan", "found": budget_wan}))
    if count is not None and not (count >= 0 and count == int(count)):
        faults.append(("site_count", {"place": "count", "found": count}))
    if objective == "fairest" and rules.capacity_people:
        faults.append(("site_capacity", {"place": "rules.capacity_people"}))
    faults += absent_places(rules, town, spaces)
    if faults:
        raise UsageError("site_rules", faults=Faults(faults))


class _Best(NamedTuple):
    """The answer to a case: options by their number in it, and why it is so or not at all."""

    options: Indices | None
    status: str
    gap_share: float
    reasons: tuple[Said, ...] = ()


@dataclass(frozen=True, eq=False)
class _Case:
    """One question: what is asked for, of which options, under which limits.

    ``kept`` are the rows of the options that were chosen from: what serves somebody, is worth something by
    itself, or may have to be there.
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
    ) -> _Case:
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

    def best(self, *cuts: Limit) -> _Best:
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
                return _Best(np.sort(rough), "time_limit", np.nan)
            if not reasons and not cuts and choice.status == "infeasible":
                reasons = self._conflict(problem, None)
            return _Best(None, choice.status, np.nan, reasons)
        rough = self.greedy(problem) if choice.status != "optimal" else None
        better = rough is not None and self._is_better(problem, rough, choice.options)
        options = np.sort(rough) if better and rough is not None else choice.options
        return _Best(without_idle(problem, options), choice.status, choice.gap_share, reasons)

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

    def alternatives(self, best: _Best, progress: tqdm[Never]) -> pd.DataFrame:
        """Look for the next-best answers, each without a site of every better one."""
        cuts: list[Limit] = []
        frames = []
        last = best
        for rank in range(1, self.rules.alternatives_count + 1):
            progress.update()
            if last.options is None or not len(last.options):
                break
            weight = np.zeros(len(self.kept))
            weight[last.options] = 1
            cuts.append(Limit(f"cut {rank}", weight, high=len(last.options) - 1))
            last = self.best(*cuts)
            if last.options is None or not self._serves_as_many(last.options, best):
                break
            rows = self.found.options.iloc[self.kept[last.options]]
            said = {"rank": rank, "objective": self.objective(last.options), "gap_share": last.gap_share}
            frames.append(rows.assign(**said, cost_wan=float(rows["cost_wan"].sum())))
        return _laid_out("alternatives", frames)

    def _serves_as_many(self, options: Indices, best: _Best) -> bool:
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


def _why_nothing(spaces: gpd.GeoDataFrame, options: pd.DataFrame, found: Benefits) -> tuple[Said, ...]:
    """Say what is missing where there is nothing to choose."""
    if spaces.empty:
        return (("no_spaces", {}),)
    if options.empty:
        return (("no_options", {}),)
    return (("no_demand", {}),) if not len(found.demand) else ()


def _programme(
    case: _Case, best: _Best, spaces: gpd.GeoDataFrame, circles: Circles, nothing: tuple[Said, ...]
) -> Programme:
    found, rules = case.found, case.rules
    chosen = best.options if best.options is not None else np.zeros(0, dtype=np.intp)
    order = case.kept[in_order(case.problem, chosen)[0]]
    served = served_rows(found, rules, case.kept[chosen], circles)
    unserved = unserved_table(found, served)
    is_considered = np.zeros(len(found.options), dtype=bool)
    is_considered[case.kept] = True
    objective = case.objective(chosen) if best.options is not None else None
    reasons = [*nothing, *best.reasons]
    if circles.people_basis != "people":
        reasons.insert(0, (f"basis_{circles.people_basis}", {}))
    if case.aim == "fairest" and objective is not None and objective >= case.longest_min:
        objective, reasons = None, [*reasons, ("beyond", {"minutes": case.longest_min})]
    if not unserved["is_coverable"].all():
        people = float(unserved["people"][~unserved["is_coverable"]].sum())
        reasons.append(("some_left", {"people": people}))
    if found.unknown_count:
        reasons.append(("unknown_demand", {"count": found.unknown_count}))
    is_idle = best.options is not None and not len(case.kept)
    return Programme(
        sites=site_table(spaces, found.options, order, served),
        served=RESULTS["served"].check(served[list(RESULTS["served"].names)]),
        gained=gained_table(served),
        unserved=unserved,
        listed=listed_table(found.options, rules, circles, is_considered),
        greedy=case.greedy_table(),
        aim=case.aim,
        objective=objective,
        gap=None if np.isnan(best.gap_share) else best.gap_share,
        status="nothing_to_do" if is_idle else best.status,
        reasons=tuple(reasons),
        people_basis=circles.people_basis,
        findings=found.findings,
    )
