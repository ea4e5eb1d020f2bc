"""The mixed-integer programme of a problem as a matrix, and what HiGHS finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from fengmao_geo.siting.problem import ROUNDING, Choice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.problem import Problem

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["SPAN", "Answer", "Program", "is_proven", "prices"]

#: The objective is scaled to this, so that the solver's tolerances are the same share of it everywhere.
SPAN = 1e4
# Of equally good answers the cheapest: all costs together weigh this share of all that can be gained.
_COST_SHARE = 1e-6
# A gap of no more than this is none.
_PROVEN = 1e-8


def prices(problem: Problem) -> tuple[Numbers, float]:
    """Price options by what they are worth apart from demands, and of equals by their cost.

    Parameters
    ----------
    problem
        Options and demands.

    Returns
    -------
    tuple
        The prices, shape ``(n,)``, and what all savings are multiplied by.
    """
    unit = SPAN / problem.span if problem.span > 0 else 1.0
    total = float(problem.cost.sum())
    cheap = problem.cost * (_COST_SHARE * SPAN / total) if total > 0 else problem.cost
    return cheap - unit * problem.worth, unit


def is_proven(gap_share: float) -> bool:
    """Say whether a gap is none.

    Parameters
    ----------
    gap_share
        The gap.

    Returns
    -------
    bool
        True within the solver's tolerances.
    """
    return gap_share <= _PROVEN


class Answer(NamedTuple):
    """What the solver found: values of all columns (``None`` for nothing), its status, bound and gap."""

    values: Numbers | None
    status: int
    bound: float
    gap_share: float


class Program:
    """The matrix: first whether each option is chosen, then levels served, then people assigned.

    Parameters
    ----------
    problem
        Options, demands, limits.
    must
        Demands that must be served, shape ``(m,)``.
    has_gain
        Whether it is counted what demands gain.
    """

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
            self.add(limit.weight, row, column, low=limit.low, high=limit.high, rows=1)
        if has_gain:
            self._add_levels(~capped)
        self._cover(~capped, must)
        if capped.any() or (must & problem.is_capped).any():
            self._assign(capped, must, has_gain=has_gain)

    def add(
        self,
        value: float | Numbers,
        row: Indices,
        column: Indices,
        *,
        low: float | Numbers,
        high: float | Numbers,
        rows: int,
    ) -> None:
        """Add rows that keep within bounds.

        Parameters
        ----------
        value, row, column
            What stands where, shape ``(k,)``.
        low, high
            The bounds of each row.
        rows
            How many rows.
        """
        value = np.broadcast_to(np.asarray(value, dtype=float), row.shape)
        width = len(self.upper)
        matrix = sparse.coo_array((value, (row, column)), shape=(rows, width))
        self._rows.append((matrix, np.full(rows, low, dtype=float), np.full(rows, high, dtype=float)))

    def new(self, upper: Numbers, gain: Numbers) -> Indices:
        """Add columns.

        Parameters
        ----------
        upper
            What each may be at most; at least it is 0.
        gain
            What one of each is worth.

        Returns
        -------
        array, shape ``(k,)``
            Their numbers.
        """
        first = len(self.upper)
        self.upper = np.concatenate([self.upper, upper])
        self.gain = np.concatenate([self.gain, gain])
        return np.arange(first, len(self.upper))

    def _choose_each_space_once(self) -> None:
        counts = np.bincount(self.problem.space, minlength=1)
        several = np.flatnonzero(counts[self.problem.space] > 1)
        spaces, row = np.unique(self.problem.space[several], return_inverse=True)
        self.add(1.0, row, several, low=-np.inf, high=1.0, rows=len(spaces))

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
        y = self.new(np.ones(len(start)), problem.weight[of] * (later - time[start]))
        level = np.cumsum(is_new) - 1
        after = np.flatnonzero(np.append(False, ~is_last[:-1]))
        row = np.concatenate([np.arange(len(start)), level, after])
        column = np.concatenate([y, problem.option, y[after - 1]])
        value = np.concatenate([np.ones(len(start)), -np.ones(len(level) + len(after))])
        self.add(value, row, column, low=-np.inf, high=0.0, rows=len(start))

    def _cover(self, is_of: Flags, must: Flags) -> None:
        """Serve what must be served; what nothing serves makes it infeasible."""
        rank = np.cumsum(must & ~self.problem.is_capped) - 1
        rows = int((must & ~self.problem.is_capped).sum())
        pairs = np.flatnonzero(is_of & must[self.problem.demand])
        self.add(
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
        z = self.new(most_people, gain)
        each = np.arange(len(pairs))
        low = np.where(must & problem.is_capped, problem.people * (1 - ROUNDING), -np.inf)
        self.add(1.0, demand, z, low=low, high=problem.people, rows=len(problem.base))
        self.add(
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
        self.add(
            np.concatenate([np.ones(len(z)), -problem.capacity_people[kind]]),
            np.concatenate([row, np.arange(len(sites))]),
            np.concatenate([z, site]),
            low=-np.inf,
            high=0.0,
            rows=len(sites),
        )

    def solve(self, price: Numbers, gain: Numbers, time_limit_s: float, gap_share: float) -> Choice:
        """Minimise the price of options and of what is gained (below 0).

        Parameters
        ----------
        price
            Of each option.
        gain
            Of each of the first columns after the options.
        time_limit_s
            Seconds to look for.
        gap_share
            The share by which a better answer may be missed.

        Returns
        -------
        Choice
            The answer.
        """
        if not len(self.upper):
            return self._without_options()
        found = self.run(np.concatenate([price, gain]), time_limit_s=time_limit_s, gap_share=gap_share)
        if found.values is None:
            return Choice(None, "infeasible" if found.status == 2 else "not_found")
        options = np.flatnonzero(found.values[: self.count] > 0.5)
        if found.status != 0:
            return Choice(options, "time_limit", found.gap_share)
        return Choice(options, "optimal" if found.gap_share == 0 else "within_gap", found.gap_share)

    def run(
        self, price: Numbers, *, time_limit_s: float, gap_share: float = 0.0, is_whole: bool = True
    ) -> Answer:
        """Minimise the price of the first columns; the others have none.

        Parameters
        ----------
        price
            Of each of the first columns.
        time_limit_s
            Seconds to look for.
        gap_share
            The share by which a better answer may be missed.
        is_whole
            Whether an option is chosen or not, rather than a part of it.

        Returns
        -------
        Answer
            What was found.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415  heavy

        width = len(self.upper)
        parts = [sparse.coo_array((m.data, m.coords), shape=(m.shape[0], width)) for m, _, _ in self._rows]
        low, high = (np.concatenate([row[at] for row in self._rows]) for at in (1, 2))
        result = milp(
            np.concatenate([price, np.zeros(width - len(price))]),
            integrality=((np.arange(width) < self.count) & is_whole).astype(np.int8),
            bounds=Bounds(0.0, self.upper),
            constraints=LinearConstraint(sparse.vstack(parts, format="csr"), low, high),
            options={"time_limit": max(time_limit_s, 0.01), "mip_rel_gap": gap_share},
        )
        gap = np.inf if result.mip_gap is None else float(result.mip_gap)
        bound = -np.inf if result.mip_dual_bound is None else float(result.mip_dual_bound)
        return Answer(result.x, int(result.status), bound, 0.0 if is_proven(gap) else gap)

    def _without_options(self) -> Choice:
        """Choose among none: nothing, unless something must be."""
        lows = [float(np.max(low, initial=-np.inf)) for _, low, _ in self._rows]
        return (
            Choice(None, "infeasible")
            if max(lows) > 0
            else Choice(np.zeros(0, dtype=np.intp), "optimal", 0.0)
        )
