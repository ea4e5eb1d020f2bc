"""Options that gain most, cost least or are fairest: a mixed-integer programme over arrays."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from fengmao_geo.siting.problem import ROUNDING, Choice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.problem import Problem

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["MUST", "conflict", "fairest", "least_cost", "most"]

#: The name, among the limits, of what must be covered.
MUST = "must"

# The objective is scaled to this, so that the solver's tolerances are the same share of it everywhere.
_SPAN = 1e4
# Of equally good answers the cheapest: all costs together weigh this share of all that can be gained.
_COST_SHARE = 1e-6
_FOREVER_S = 1e6
# A gap of no more than this is none.
_PROVEN = 1e-8


def most(
    problem: Problem, *, must: Flags | None = None, time_limit_s: float = 60.0, gap_share: float = 0.0
) -> Choice:
    """Choose the options that gain most; of equally good ones the cheapest.

    Parameters
    ----------
    problem
        Options, demands, limits.
    must
        Demands that must be served by all means, shape ``(m,)``.
    time_limit_s
        Seconds to look for.
    gap_share
        The share by which a better answer may be missed.

    Returns
    -------
    Choice
        The answer.
    """
    program = _Program(problem, must)
    unit = _SPAN / problem.span if problem.span > 0 else 1.0
    total = float(problem.cost.sum())
    cheap = problem.cost * (_COST_SHARE * _SPAN / total) if total > 0 else problem.cost
    return program.solve(cheap - unit * problem.worth, -unit * program.gain, time_limit_s, gap_share)


def least_cost(
    problem: Problem, *, must: Flags | None = None, time_limit_s: float = 60.0, gap_share: float = 0.0
) -> Choice:
    """Choose the cheapest options that serve what must be served and keep to the limits.

    Parameters
    ----------
    problem
        Options, demands, limits.
    must
        Demands that must be served, shape ``(m,)``.
    time_limit_s
        Seconds to look for.
    gap_share
        The share by which a cheaper answer may be missed.

    Returns
    -------
    Choice
        The answer.
    """
    program = _Program(problem, must, has_gain=False)
    total = float(problem.cost.sum())
    unit = _SPAN / total if total > 0 else 1.0
    return program.solve(unit * problem.cost, np.zeros(0), time_limit_s, gap_share)


def fairest(problem: Problem, *, time_limit_s: float = 60.0, gap_share: float = 0.0) -> Choice:
    """Choose the options by which the worst served is served soonest; of those, the least mean time.

    Parameters
    ----------
    problem
        Options, demands, limits; no demand of a kind with a capacity.
    time_limit_s
        Seconds to look for.
    gap_share
        The share by which a smaller mean may be missed; the worst time is found to the last digit.

    Returns
    -------
    Choice
        The answer; its gap is that of the time saved, or of the worst time where that is not proven.
    """
    end = time.monotonic() + time_limit_s
    soonest = problem.base.copy()
    np.minimum.at(soonest, problem.demand, problem.time)
    least = float(soonest.max(initial=0.0))
    times = np.unique(np.concatenate([problem.time, problem.base]))
    times = times[times >= least]
    # The last is what stands today, which no choice makes worse.
    first, last, is_proven = 0, len(times) - 1, True
    while first < last:
        middle = (first + last) // 2
        tried = _within(problem, float(times[middle]), end)
        if tried.options is not None:
            last = middle
        else:
            first, is_proven = middle + 1, is_proven and tried.status == "infeasible"
    worst = float(times[last]) if len(times) else 0.0
    choice = most(
        problem.take(problem.time <= worst),
        must=problem.base > worst,
        time_limit_s=end - time.monotonic(),
        gap_share=gap_share,
    )
    if choice.options is None and choice.status == "not_found":
        choice = _within(problem, worst, np.inf)
    if choice.options is None or is_proven:
        return choice
    return replace(choice, status="time_limit", gap_share=(worst - least) / worst)


def _within(problem: Problem, worst: float, end: float) -> Choice:
    """Serve everyone within a time, if that can be."""
    seconds = min(end - time.monotonic(), _FOREVER_S)
    soon = problem.take(problem.time <= worst)
    return least_cost(soon, must=problem.base > worst, time_limit_s=seconds, gap_share=1.0)


def conflict(problem: Problem, *, must: Flags | None = None, time_limit_s: float = 60.0) -> tuple[str, ...]:
    """Find limits that cannot hold together, and would without any one of them.

    Parameters
    ----------
    problem
        A problem without an answer.
    must
        Demands that must be served, shape ``(m,)``.
    time_limit_s
        Seconds to look for, each time.

    Returns
    -------
    tuple of str
        Names of limits, and `MUST` where serving those demands is one of them.
    """
    left = problem
    names = [limit.name for limit in problem.limits]
    found = []
    for name in names:
        fewer = left.with_limits(without=[name])
        if least_cost(fewer, must=must, time_limit_s=time_limit_s).status == "infeasible":
            left = fewer
        else:
            found.append(name)
    if must is not None and least_cost(left, time_limit_s=time_limit_s).options is not None:
        found.append(MUST)
    return tuple(found)


class _Program:
    """The matrix: first whether each option is chosen, then levels served, then people assigned."""

    def __init__(self, problem: Problem, must: Flags | None, *, has_gain: bool = True) -> None:
        self.problem = problem
        must = np.zeros(len(problem.base), dtype=bool) if must is None else must
        self._rows: list[tuple[sparse.coo_array, Numbers, Numbers]] = []
        self.count = len(problem.cost)
        self.upper = np.ones(self.count)
        self.gain = np.zeros(0)
        capped = problem.is_capped[problem.demand]
        self._choose_each_space_once()
        for limit in problem.limits:
            row, column = np.zeros(self.count, dtype=np.intp), np.arange(self.count)
            self._add(limit.weight, row, column, low=limit.low, high=limit.high, rows=1)
        if has_gain:
            self._add_levels(~capped)
        self._cover(~capped, must)
        if capped.any() or (must & problem.is_capped).any():
            self._assign(capped, must, has_gain=has_gain)

    def _add(
        self,
        value: float | Numbers,
        row: Indices,
        column: Indices,
        *,
        low: float | Numbers,
        high: float | Numbers,
        rows: int,
    ) -> None:
        value = np.broadcast_to(np.asarray(value, dtype=float), row.shape)
        width = len(self.upper)
        matrix = sparse.coo_array((value, (row, column)), shape=(rows, width))
        self._rows.append((matrix, np.full(rows, low, dtype=float), np.full(rows, high, dtype=float)))

    def _new(self, upper: Numbers, gain: Numbers) -> Indices:
        first = len(self.upper)
        self.upper = np.concatenate([self.upper, upper])
        self.gain = np.concatenate([self.gain, gain])
        return np.arange(first, len(self.upper))

    def _choose_each_space_once(self) -> None:
        counts = np.bincount(self.problem.space, minlength=1)
        several = np.flatnonzero(counts[self.problem.space] > 1)
        spaces, row = np.unique(self.problem.space[several], return_inverse=True)
        self._add(1.0, row, several, low=-np.inf, high=1.0, rows=len(spaces))

    def _add_levels(self, is_of: Flags) -> None:
        """Let a level be served by an option that reaches it, or with the level before, which is sooner."""
        problem = self.problem.take(is_of)
        demand, time = problem.demand, problem.time
        if not len(demand):
            return
        is_new = np.ones(len(demand), dtype=bool)
        is_new[1:] = (demand[1:] != demand[:-1]) | (time[1:] != time[:-1])
        start = np.flatnonzero(is_new)
        of = demand[start]
        later = np.append(time[start][1:], np.inf)
        is_last = np.append(of[1:] != of[:-1], True)
        later = np.where(is_last, problem.base[of], later)
        y = self._new(np.ones(len(start)), problem.weight[of] * (later - time[start]))
        level = np.cumsum(is_new) - 1
        after = np.flatnonzero(np.append(False, ~is_last[:-1]))
        row = np.concatenate([np.arange(len(start)), level, after])
        column = np.concatenate([y, problem.option, y[after - 1]])
        value = np.concatenate([np.ones(len(start)), -np.ones(len(level) + len(after))])
        self._add(value, row, column, low=-np.inf, high=0.0, rows=len(start))

    def _cover(self, is_of: Flags, must: Flags) -> None:
        """Serve what must be served; what nothing serves makes it infeasible."""
        rank = np.cumsum(must & ~self.problem.is_capped) - 1
        rows = int((must & ~self.problem.is_capped).sum())
        pairs = np.flatnonzero(is_of & must[self.problem.demand])
        self._add(
            1.0,
            rank[self.problem.demand[pairs]],
            self.problem.option[pairs],
            low=1.0,
            high=np.inf,
            rows=rows,
        )

    def _assign(self, is_of: Flags, must: Flags, *, has_gain: bool) -> None:
        """Assign people to options within reach, no more than there are and than there is room for."""
        problem = self.problem
        pairs = np.flatnonzero(is_of)
        demand, option = problem.demand[pairs], problem.option[pairs]
        people, room = problem.people[demand], problem.capacity_people[problem.kind[demand]]
        most_people = np.minimum(people, room)
        gain = problem.saving[pairs] / people if has_gain else np.zeros(len(pairs))
        z = self._new(most_people, gain)
        each = np.arange(len(pairs))
        low = np.where(must & problem.is_capped, problem.people * (1 - ROUNDING), -np.inf)
        self._add(1.0, demand, z, low=low, high=problem.people, rows=len(problem.base))
        self._add(
            np.concatenate([np.ones(len(z)), -most_people]),
            np.tile(each, 2),
            np.concatenate([z, option]),
            low=-np.inf,
            high=0.0,
            rows=len(z),
        )
        sites, row = np.unique(option * len(problem.capacity_people) + problem.kind[demand],
                               return_inverse=True)  # fmt: skip
        site, kind = np.divmod(sites, len(problem.capacity_people))
        self._add(
            np.concatenate([np.ones(len(z)), -problem.capacity_people[kind]]),
            np.concatenate([row, np.arange(len(sites))]),
            np.concatenate([z, site]),
            low=-np.inf,
            high=0.0,
            rows=len(sites),
        )

    def solve(self, price: Numbers, gain: Numbers, time_limit_s: float, gap_share: float) -> Choice:
        """Minimise the price of options and of what is gained (below 0)."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415  heavy

        width = len(self.upper)
        if not width:
            return self._without_options()
        price = np.concatenate([price, gain, np.zeros(width - self.count - len(gain))])
        parts = [sparse.coo_array((m.data, m.coords), shape=(m.shape[0], width)) for m, _, _ in self._rows]
        low, high = (np.concatenate([row[at] for row in self._rows]) for at in (1, 2))
        result = milp(
            price,
            integrality=(np.arange(width) < self.count).astype(np.int8),
            bounds=Bounds(0.0, self.upper),
            constraints=LinearConstraint(sparse.vstack(parts, format="csr"), low, high),
            options={"time_limit": max(time_limit_s, 0.01), "mip_rel_gap": gap_share},
        )
        if result.x is None:
            return Choice(None, "infeasible" if result.status == 2 else "not_found")
        options = np.flatnonzero(result.x[: self.count] > 0.5)
        gap = float(result.mip_gap) if result.mip_gap is not None else np.inf
        gap = 0.0 if gap <= _PROVEN else gap
        if result.status != 0:
            return Choice(options, "time_limit", gap)
        return Choice(options, "optimal" if gap == 0 else "within_gap", gap)

    def _without_options(self) -> Choice:
        """Choose among none: nothing, unless something must be."""
        lows = [float(np.max(low, initial=-np.inf)) for _, low, _ in self._rows]
        return (
            Choice(None, "infeasible")
            if max(lows) > 0
            else Choice(np.zeros(0, dtype=np.intp), "optimal", 0.0)
        )
