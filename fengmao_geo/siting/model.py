"""Options that gain most or cost least: a mixed-integer programme over arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.siting.bounds import by_bounds
from fengmao_geo.siting.program import SPAN, Program, prices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.problem import Choice, Problem

    Flags = NDArray[np.bool_]

__all__ = ["MUST", "conflict", "least_cost", "most"]

#: The name, among the limits, of what must be covered.
MUST = "must"


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
    if len(problem.demand) and not problem.is_capped.any():
        return by_bounds(problem, must=must, time_limit_s=time_limit_s, gap_share=gap_share)
    program, (price, unit) = Program(problem, must), prices(problem)
    return program.solve(price, -unit * program.gain, time_limit_s, gap_share)


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
    program = Program(problem, must, has_gain=False)
    total = float(problem.cost.sum())
    unit = SPAN / total if total > 0 else 1.0
    return program.solve(unit * problem.cost, np.zeros(0), time_limit_s, gap_share)


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
