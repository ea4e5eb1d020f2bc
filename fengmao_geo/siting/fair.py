"""Options by which the worst served is served soonest: a search by halves, then the least mean."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.siting.model import least_cost, most

if TYPE_CHECKING:
    from fengmao_geo.siting.problem import Choice, Problem

__all__ = ["fairest"]

_FOREVER_S = 1e6


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
