"""What is to be chosen, as arrays that know nothing of towns: options, whom they serve, and limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["ROUNDING", "Choice", "Limit", "Problem", "left_out", "merged"]

#: What is nearer than this to a bound has reached it, as a share of it.
ROUNDING = 1e-9

_OF_DEMANDS = ("demand", "option", "time", "base", "weight", "people", "kind")


@dataclass(frozen=True, eq=False)
class Limit:
    """What the chosen options may add up to at most, or must at least.

    Parameters
    ----------
    name
        Its name, once in a problem.
    weight
        What each option counts, shape ``(n,)``.
    low, high
        The bounds of the sum.
    """

    name: str
    weight: Numbers
    low: float = -np.inf
    high: float = np.inf

    def holds(self, chosen: Indices) -> bool:
        """Say whether chosen options keep within it.

        Parameters
        ----------
        chosen
            Options.

        Returns
        -------
        bool
            True within rounding.
        """
        total = float(self.weight[chosen].sum())
        slack = ROUNDING * max(1.0, abs(total))
        return self.low - slack <= total <= self.high + slack


@dataclass(frozen=True, eq=False)
class Problem:
    """Options that serve demands, and what limits the choice.

    A demand weighs ``weight`` for each unit of time by which it is served sooner than ``base``. With times of
    0 and bases of 1 it is served or not: cover. Pairs are sorted by demand, time and option.

    Parameters
    ----------
    cost, worth
        What each option costs, and what it is worth apart from demands, shape ``(n,)``.
    space
        Where it stands, shape ``(n,)``; a space takes one option.
    limits
        All other limits.
    demand, option, time
        Pairs: this option serves this demand in this time, below its base, shape ``(k,)``.
    base, weight
        Of each demand, shape ``(m,)``; weights are above 0.
    people, kind
        How many people each demand is, and of which kind, shape ``(m,)``.
    capacity_people
        How many people an option serves at most, by kind, infinite where there is no capacity.
    """

    cost: Numbers
    worth: Numbers
    space: Indices
    limits: tuple[Limit, ...]
    demand: Indices
    option: Indices
    time: Numbers
    base: Numbers
    weight: Numbers
    people: Numbers
    kind: Indices
    capacity_people: Numbers

    @property
    def is_capped(self) -> Flags:
        """Whether each demand is of a kind with a capacity, shape ``(m,)``."""
        return np.asarray(np.isfinite(self.capacity_people)[self.kind], dtype=bool)

    @property
    def saving(self) -> Numbers:
        """What each pair is worth, shape ``(k,)``."""
        return self.weight[self.demand] * (self.base[self.demand] - self.time)

    @property
    def span(self) -> float:
        """No choice is worth more."""
        best = np.zeros(len(self.base))
        np.maximum.at(best, self.demand, self.saving)
        return float(best.sum() + self.worth.sum())

    def with_limits(self, *more: Limit, without: Sequence[str] = ()) -> Problem:
        """Add limits, or leave some out.

        Parameters
        ----------
        *more
            Further limits.
        without
            Names of limits to leave out.

        Returns
        -------
        Problem
            The same options and demands.
        """
        kept = tuple(limit for limit in self.limits if limit.name not in without)
        return replace(self, limits=kept + more)

    def with_options(self, kept: Indices) -> Problem:
        """Keep some of the options, numbered anew.

        Parameters
        ----------
        kept
            Which, ascending.

        Returns
        -------
        Problem
            The same demands.
        """
        number = np.full(len(self.cost), -1, dtype=np.intp)
        number[kept] = np.arange(len(kept))
        few = self.take(number[self.option] >= 0)
        return replace(
            few,
            cost=self.cost[kept],
            worth=self.worth[kept],
            space=self.space[kept],
            limits=tuple(replace(limit, weight=limit.weight[kept]) for limit in self.limits),
            option=number[few.option],
        )

    def take(self, is_kept: Flags) -> Problem:
        """Keep some of the pairs.

        Parameters
        ----------
        is_kept
            Which, shape ``(k,)``.

        Returns
        -------
        Problem
            The same options and demands.
        """
        return replace(
            self, demand=self.demand[is_kept], option=self.option[is_kept], time=self.time[is_kept]
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """An answer.

    Parameters
    ----------
    options
        The options chosen, ascending; ``None`` if there is no answer.
    status
        ``optimal``: proven; ``within_gap``: proven but for the gap that was allowed; ``time_limit``: the best
        that was found in time; ``infeasible``; ``not_found``: nothing was found in time.
    gap_share
        By how much a better answer might be better, as a share of this one.
    """

    options: Indices | None
    status: Literal["optimal", "within_gap", "time_limit", "infeasible", "not_found"]
    gap_share: float = np.nan


def left_out(problem: Problem, options: Indices, *, name: str) -> Limit:
    """Leave one space at least of a choice without any use.

    Parameters
    ----------
    problem
        Options and where they stand.
    options
        The options chosen.
    name
        The limit's name.

    Returns
    -------
    Limit
        Of the spaces of the choice, whatever their use, all but one at most.
    """
    spaces = np.unique(problem.space[options])
    return Limit(name, np.isin(problem.space, spaces).astype(float), high=len(spaces) - 1)


def merged(problem: Problem) -> Problem:
    """Make one demand of all that the same options serve in the same time: the same question, but smaller.

    Parameters
    ----------
    problem
        A problem.

    Returns
    -------
    Problem
        One without demands that nothing serves, in an order that does not depend on that of the demands.
    """
    served, start = np.unique(problem.demand, return_index=True)
    if not len(served):
        return replace(problem, **{name: getattr(problem, name)[:0] for name in _OF_DEMANDS})
    random = np.random.default_rng(0).integers(2**62, size=(2, len(problem.cost)), dtype=np.uint64)
    bits = np.ascontiguousarray(problem.time).view(np.uint64)
    keys = [
        np.add.reduceat((row[problem.option] ^ bits) * (row[problem.option] | 1), start) for row in random
    ]
    capped = problem.is_capped[served]
    kind = np.where(capped, problem.kind[served], -1)
    each = np.where(capped, problem.weight[served] / np.where(capped, problem.people[served], 1), 0)
    _, first, row = np.unique(
        np.column_stack([*keys, problem.base[served].view(np.uint64), kind.astype(np.uint64),
                         each.view(np.uint64)]),
        axis=0, return_index=True, return_inverse=True,
    )  # fmt: skip
    row = row.ravel()
    length = np.diff(np.append(start, len(problem.demand)))[first]
    pairs = np.repeat(start[first] - np.append(0, np.cumsum(length)[:-1]), length) + np.arange(length.sum())
    kept = served[first]
    return replace(
        problem,
        demand=np.repeat(np.arange(len(first)), length),
        option=problem.option[pairs],
        time=problem.time[pairs],
        base=problem.base[kept],
        weight=np.asarray(np.bincount(row, problem.weight[served], minlength=len(first)), dtype=float),
        people=np.asarray(np.bincount(row, problem.people[served], minlength=len(first)), dtype=float),
        kind=problem.kind[kept],
    )
