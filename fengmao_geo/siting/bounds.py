"""Options that save most: a programme with few columns, and bounds that are added until they hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from fengmao_geo.siting.greedy import greedy
from fengmao_geo.siting.problem import ROUNDING, Choice
from fengmao_geo.siting.program import SPAN, Program, is_proven, prices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.problem import Problem
    from fengmao_geo.siting.program import Answer

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["by_bounds"]

# What a bound promises beyond this, as a share of all that can be gained, is cut off.
_LOOSE = 1e-9
# An answer that comes twice is the best within the solver's tolerances, which are less than this.
_SOLVED = 1e-6


def by_bounds(
    problem: Problem, *, must: Flags | None = None, time_limit_s: float = 60.0, gap_share: float = 0.0
) -> Choice:
    """Choose the options that save most time; of equally good ones the cheapest.

    What a demand saves is bounded by ``s + sum of max(s_j - s, 0) x_j`` for every ``s``: if no option that
    saves more is chosen, it saves ``s`` at most. For options chosen or partly chosen the bound is exact where
    ``s`` is what the last of them saves that has a share in serving it. So the programme has one column for
    each group of demands, and bounds are added where it promises too much, until it promises what is so
    (Durán-Mateluna, Alès and Elloumi 2023).

    Parameters
    ----------
    problem
        Options, demands, limits; some pairs, and no demand of a kind with a capacity.
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
    end = time.monotonic() + time_limit_s
    bounds = _Bounds(problem, must)
    while time.monotonic() < end:
        answer = bounds.solve(end - time.monotonic(), is_whole=False)
        if answer.values is None or not bounds.cut(answer.values):
            break
    best, value, ceiling = None, -np.inf, np.inf
    seen = set()
    while True:
        answer = bounds.solve(end - time.monotonic(), gap_share=gap_share)
        if answer.values is None:
            nothing: Choice = Choice(None, "infeasible" if answer.status == 2 else "not_found")
            return nothing if best is None else Choice(best, "time_limit", _gap(value, ceiling))
        ceiling = min(ceiling, -answer.bound)
        chosen = np.flatnonzero(answer.values[: len(problem.cost)] > 0.5)
        if (reached := bounds.value(chosen)) > value:
            best, value = chosen, reached
        gap = _gap(value, ceiling)
        is_again = chosen.tobytes() in seen
        if answer.status != 0:
            return Choice(best, "time_limit", gap)
        if gap <= gap_share or is_proven(gap) or is_again:
            gap = 0.0 if is_proven(gap) or (is_again and gap <= _SOLVED) else gap
            return Choice(best, "optimal" if gap == 0 else "within_gap", gap)
        seen.add(chosen.tobytes())
        bounds.cut(bounds.flags(chosen))


def _gap(value: float, ceiling: float) -> float:
    if is_proven((ceiling - value) / SPAN):
        return 0.0
    return (ceiling - value) / value if value > 0 else np.inf


class _Bounds:
    """A programme with a column for what each group of demands saves: those with the same soonest option."""

    def __init__(self, problem: Problem, must: Flags | None) -> None:
        self.problem = problem
        self.program = Program(problem, must, has_gain=False)
        self.price, unit = prices(problem)
        self.saving = unit * problem.saving
        _, self.first, self.of = np.unique(problem.demand, return_index=True, return_inverse=True)
        _, self.group = np.unique(problem.option[self.first], return_inverse=True)
        self.promised: Numbers = np.bincount(self.group, self.saving[self.first]).astype(float)
        self.column = self.program.new(self.promised, np.ones(len(self.promised)))
        rough = greedy(problem, by_cost=any(limit.name == "budget" for limit in problem.limits))
        self.cut(np.zeros(len(self.price)))
        if rough is not None:
            self.cut(self.flags(rough))

    def solve(self, time_limit_s: float, *, gap_share: float = 0.0, is_whole: bool = True) -> Answer:
        """Find what the bounds that were added allow."""
        price = np.concatenate([self.price, -np.ones(len(self.promised))])
        answer = self.program.run(price, time_limit_s=time_limit_s, gap_share=gap_share, is_whole=is_whole)
        if answer.values is not None:
            self.promised = answer.values[self.column]
        return answer

    def value(self, chosen: Indices) -> float:
        """Say what a choice is worth, in the units of the programme."""
        flags = self.flags(chosen)
        matrix, sure = self._bounds_at(flags)
        return float((matrix @ flags + sure).sum() - self.price[chosen].sum())

    def cut(self, values: Numbers) -> bool:
        """Add the bounds that are exact for a choice, where more was promised; say whether it was."""
        chosen = values[: len(self.price)]
        matrix, sure = self._bounds_at(chosen)
        loose = np.flatnonzero(self.promised > matrix @ chosen + sure + _LOOSE * SPAN)
        rows = matrix[loose].tocoo()
        each = np.arange(len(loose))
        self.program.add(
            np.concatenate([np.ones(len(loose)), -rows.data]),
            np.concatenate([each, rows.coords[0]]),
            np.concatenate([self.column[loose], rows.coords[1]]),
            low=-np.inf,
            high=sure[loose],
            rows=len(loose),
        )
        return len(loose) > 0

    def _bounds_at(self, chosen: Numbers) -> tuple[sparse.csr_array, Numbers]:
        """Give what options add to each group's saving, and what it has without."""
        share = np.cumsum(chosen[self.problem.option])
        before = np.where(self.first > 0, share[self.first - 1], 0.0)
        full = np.flatnonzero(share - before[self.of] >= 1 - ROUNDING)
        demand, last = np.unique(self.of[full], return_index=True)
        least = np.zeros(len(self.first))
        least[demand] = self.saving[full[last]]
        over = np.maximum(self.saving - least[self.of], 0.0)
        shape = (len(self.promised), len(self.price))
        matrix = sparse.coo_array((over, (self.group[self.of], self.problem.option)), shape=shape)
        return matrix.tocsr(), np.bincount(self.group, least, minlength=shape[0]).astype(float)

    def flags(self, chosen: Indices) -> Numbers:
        """Write a choice as a number for each option."""
        flags = np.zeros(len(self.price))
        flags[chosen] = 1.0
        return flags
