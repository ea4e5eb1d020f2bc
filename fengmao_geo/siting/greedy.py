"""What a choice is worth, whom it serves, and the answer that always takes the best next option."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.geo.lines import ranges
from fengmao_geo.siting.problem import ROUNDING
from fengmao_geo.siting.room import share_room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.problem import Problem

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["assigned", "greedy", "in_order", "value_of", "without_idle", "worst_time"]


def assigned(problem: Problem, options: Indices, *, minutes: Numbers) -> Numbers:
    """Say which share of each demand each chosen option serves; the nearest one, while it has room.

    Parameters
    ----------
    problem
        Options and demands.
    options
        The options chosen.
    minutes
        How far each pair is, shape ``(k,)``.

    Returns
    -------
    array, shape ``(k,)``
        Shares; those of one demand add up to 1 at most.
    """
    share = np.zeros(len(problem.demand))
    is_chosen = np.zeros(len(problem.cost), dtype=bool)
    is_chosen[options] = True
    pairs = np.flatnonzero(is_chosen[problem.option])
    is_capped = problem.is_capped[problem.demand[pairs]]
    free = pairs[~is_capped]
    order = free[np.lexsort((problem.option[free], minutes[free], problem.demand[free]))]
    _, first = np.unique(problem.demand[order], return_index=True)
    share[order[first]] = 1.0
    if is_capped.any():
        capped = pairs[is_capped]
        share[capped] = _with_room(problem, capped, minutes[capped])
    return share


def _with_room(problem: Problem, pairs: Indices, minutes: Numbers) -> Numbers:
    demand, kinds = problem.demand[pairs], len(problem.capacity_people)
    people = problem.people[demand]
    homes, home = np.unique(demand, return_inverse=True)
    sites, site = np.unique(problem.option[pairs] * kinds + problem.kind[demand], return_inverse=True)
    room = problem.capacity_people[sites % kinds]
    each = problem.saving[pairs] / people
    return share_room(problem.people[homes], room, home, site, gain=each, minutes=minutes) / people


def value_of(problem: Problem, options: Indices) -> float:
    """Say what a choice is worth.

    Parameters
    ----------
    problem
        Options and demands.
    options
        The options chosen.

    Returns
    -------
    float
        What it gains from demands, and what its options are worth apart from that.
    """
    served = assigned(problem, options, minutes=problem.time)
    return float((problem.saving * served).sum() + problem.worth[options].sum())


def worst_time(problem: Problem, options: Indices) -> float:
    """Say how long it takes to whoever is served last.

    Parameters
    ----------
    problem
        Options and demands.
    options
        The options chosen.

    Returns
    -------
    float
        The worst time; 0 without any demand.
    """
    after = problem.base.copy()
    pairs = np.isin(problem.option, options)
    np.minimum.at(after, problem.demand[pairs], problem.time[pairs])
    return float(after.max(initial=0.0))


def greedy(problem: Problem, *, by_cost: bool) -> Indices | None:
    """Take the best next option, and again, as long as the limits allow.

    What must be there comes first. If the best single option beats all of them, that is the answer: so the
    answer is never worse than a known share of the best.

    Parameters
    ----------
    problem
        Options, demands, limits.
    by_cost
        Whether the best gains most for its cost, rather than most.

    Returns
    -------
    array or None
        The options in the order they were taken; ``None`` if what must be there was not found this way.
    """
    run = _Run(problem)
    lows = [limit for limit in problem.limits if limit.low > 0]
    for limit in lows:
        while float(limit.weight[run.taken].sum()) < limit.low * (1 - ROUNDING):
            if not run.step(by_cost=by_cost, of=limit.weight > 0, even_idle=True):
                return None
    while run.step(by_cost=by_cost):
        pass
    taken = np.array(run.taken, dtype=np.intp)
    if not lows and len(single := _best_single(problem)):
        return single if value_of(problem, single) > value_of(problem, taken) else taken
    return taken


def _best_single(problem: Problem) -> Indices:
    run = _Run(problem)
    run.step(by_cost=False)
    return np.array(run.taken, dtype=np.intp)


def in_order(problem: Problem, options: Indices) -> Indices:
    """Put chosen options in the order in which each gains most after those before it.

    Parameters
    ----------
    problem
        Options and demands.
    options
        The options chosen.

    Returns
    -------
    array
        The options.
    """
    run = _Run(problem.with_limits(without=[limit.name for limit in problem.limits]))
    is_chosen = np.zeros(len(problem.cost), dtype=bool)
    is_chosen[options] = True
    while run.step(by_cost=False, of=is_chosen, even_idle=True):
        pass
    return np.array(run.taken, dtype=np.intp)


def without_idle(problem: Problem, options: Indices) -> Indices:
    """Leave out options without which nothing is lost, the dearest first.

    Parameters
    ----------
    problem
        Options, demands, limits.
    options
        The options chosen.

    Returns
    -------
    array
        Those that are left, ascending.
    """
    kept = np.sort(options)
    value = value_of(problem, kept)
    least = value - ROUNDING * max(abs(value), 1.0)
    for option in kept[np.lexsort((kept, -problem.cost[kept]))]:
        fewer = kept[kept != option]
        if value_of(problem, fewer) >= least and all(limit.holds(fewer) for limit in problem.limits):
            kept = fewer
    return kept


class _Run:
    """Options taken one after the other, and what each of the others would gain next."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.taken: list[int] = []
        self.open = np.ones(len(problem.cost), dtype=bool)
        counted = [limit.weight for limit in problem.limits if np.isfinite(limit.high)]
        self._counted = np.array(counted, dtype=float).reshape(len(counted), len(problem.cost))
        high = np.array([limit.high for limit in problem.limits if np.isfinite(limit.high)], dtype=float)
        self._left_over = high + ROUNDING * np.maximum(1.0, np.abs(high))
        self._now = problem.base.copy()
        self._left = np.ones(len(problem.base))
        self._first = np.searchsorted(problem.demand, np.arange(len(problem.base) + 1))
        by_option = np.argsort(problem.option, kind="stable")
        self._of = np.split(
            by_option, np.searchsorted(problem.option[by_option], np.arange(1, len(self.open)))
        )
        self._capped = problem.is_capped
        self._free_gain = self._gains_without_cap()
        self._least = ROUNDING * max(
            float(self._free_gain.max(initial=0.0)), float(problem.worth.max(initial=0))
        )

    def step(self, *, by_cost: bool, of: Flags | None = None, even_idle: bool = False) -> bool:
        """Take the best option that the limits allow; say whether there was one."""
        gain = self._free_gain + self.problem.worth + self._gains_with_cap()
        can = self._allowed() if of is None else self._allowed() & of
        if not even_idle:
            can &= gain > self._least
        options = np.flatnonzero(can)
        if not len(options):
            return False
        cost, key = self.problem.cost[options], np.where(gain[options] > self._least, gain[options], 0.0)
        if by_cost:
            # What gains nothing comes last, and what gains and costs nothing comes first.
            key = np.divide(key, cost, out=np.where(key > 0, np.inf, 0.0), where=cost > 0)
        best = int(options[np.lexsort((options, cost, -key))[0]])
        self._take(best)
        return True

    def _allowed(self) -> Flags:
        fits = (self._counted <= self._left_over[:, None]) | (self._counted <= 0)
        return np.asarray(self.open & fits.all(axis=0), dtype=bool)

    def _take(self, option: int) -> None:
        self.taken.append(option)
        self.open &= self.problem.space != self.problem.space[option]
        self._left_over -= self._counted[:, option]
        pairs = self._of[option]
        demand, time = self.problem.demand[pairs], self.problem.time[pairs]
        capped = self._capped[demand]
        self._fill(pairs[capped])
        sooner = ~capped & (time < self._now[demand])
        self._serve(demand[sooner], time[sooner])

    def _serve(self, demand: Indices, time: Numbers) -> None:
        pairs = ranges(self._first[demand], self._first[demand + 1])
        of, at = self.problem.demand[pairs], self.problem.time[pairs]
        before = np.maximum(self._now[of] - at, 0.0)
        self._now[demand] = time
        lost = self.problem.weight[of] * (before - np.maximum(self._now[of] - at, 0.0))
        self._free_gain -= np.bincount(self.problem.option[pairs], lost, minlength=len(self.open))

    def _fill(self, pairs: Indices) -> None:
        """Give an option's room to the demands in their order, what weighs most per head first."""
        problem = self.problem
        demand = problem.demand[pairs]
        for kind in np.unique(problem.kind[demand]):
            here = demand[problem.kind[demand] == kind]
            order = here[np.argsort(-problem.weight[here] / problem.people[here], kind="stable")]
            wanting = self._left[order] * problem.people[order]
            before = np.cumsum(wanting) - wanting
            given = np.clip(problem.capacity_people[kind] - before, 0.0, wanting)
            self._left[order] -= given / problem.people[order]

    def _gains_without_cap(self) -> Numbers:
        problem = self.problem
        free = ~self._capped[problem.demand]
        gain = np.bincount(problem.option[free], problem.saving[free], minlength=len(problem.cost))
        return np.asarray(gain, dtype=float)

    def _gains_with_cap(self) -> Numbers:
        """Gain of the demands that are left, but no more than the room's share of it."""
        problem = self.problem
        gain = np.zeros(len(problem.cost))
        if not self._capped.any():
            return gain
        for kind in np.flatnonzero(np.isfinite(problem.capacity_people)):
            pairs = np.flatnonzero(problem.kind[problem.demand] == kind)
            demand, option = problem.demand[pairs], problem.option[pairs]
            left = self._left[demand]
            wanting = np.bincount(option, left * problem.people[demand], minlength=len(gain))
            value = np.bincount(option, left * problem.saving[pairs], minlength=len(gain))
            room = problem.capacity_people[kind] / np.where(wanting > 0, wanting, np.inf)
            gain += value * np.minimum(1.0, room)
        return gain
