"""Problems of choice over arrays, made of tables or at random, and every choice there is, tried by hand."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from fengmao_geo.siting.problem import Limit, Problem

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


#: Homes at 0, 1, 2, 10 on a line; places at 0, 1, 10.
LINE = np.abs(np.array([0, 1, 2, 10])[:, None] - np.array([0, 1, 10])[None, :])


def problem(times, *, base=1.0, weight=None, people=None, cost=None, worth=None, space=None, limits=(),
            kind=None, capacity_people=(np.inf,)):  # fmt: skip
    """Make a problem of a table, demand by option, of times; NaN is out of reach."""
    times = np.array(times, dtype=float)
    demands, options = times.shape
    base = np.broadcast_to(np.asarray(base, dtype=float), demands).copy()
    demand, option = np.nonzero(times < base[:, None])
    order = np.lexsort((option, times[demand, option], demand))
    demand, option = demand[order], option[order]
    ones = np.ones(demands)
    return Problem(
        cost=np.ones(options) if cost is None else np.array(cost, dtype=float),
        worth=np.zeros(options) if worth is None else np.array(worth, dtype=float),
        space=np.arange(options) if space is None else np.array(space),
        limits=tuple(limits),
        demand=demand,
        option=option,
        time=times[demand, option],
        base=base,
        weight=ones if weight is None else np.array(weight, dtype=float),
        people=(ones if weight is None else np.array(weight, dtype=float)) if people is None else people,
        kind=np.zeros(demands, dtype=int) if kind is None else np.array(kind),
        capacity_people=np.array(capacity_people, dtype=float),
    )


def cover(*reached, **said):
    """Make a problem of which options each demand is reached by."""
    options = 1 + max(max(row, default=0) for row in reached)
    options = max(options, len(said.get("cost", ())))
    times = np.full((len(reached), options), np.nan)
    for row, these in enumerate(reached):
        times[row, list(these)] = 0.0
    return problem(times, **said)


def at_most(count, options):
    return Limit("count", np.ones(options), high=count)


def budget(amount, cost):
    return Limit("budget", np.array(cost, dtype=float), high=amount)


@st.composite
def instances(draw, *, capped=False):
    options, demands = draw(st.integers(1, 12)), draw(st.integers(1, 9))
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    times = np.where(noise.random((demands, options)) < draw(st.sampled_from([0.15, 0.4])), 0.0, np.nan)
    cost = noise.integers(0, 40, options) / 4
    limits = []
    if draw(st.booleans()):
        limits.append(budget(float(noise.integers(0, 60)) / 2, cost))
    if draw(st.booleans()):
        limits.append(at_most(int(noise.integers(0, 5)), options))
    for name in ("at most", "at least", "fixed"):
        if draw(st.booleans()):
            these = (noise.random(options) < 0.4).astype(float)
            bound = int(noise.integers(1, 3)) if name != "fixed" else 1
            limits.append(
                Limit(name, these, high=bound) if name == "at most" else Limit(name, these, low=bound)
            )
    weight = noise.integers(1, 30, demands).astype(float)
    return problem(
        times,
        cost=cost,
        weight=weight,
        people=weight / noise.integers(1, 3, demands) if capped else None,
        worth=np.where(noise.random(options) < 0.2, noise.integers(1, 9, options), 0),
        space=noise.integers(0, max(1, options - 2), options),
        limits=limits,
        kind=noise.integers(0, 2, demands),
        capacity_people=[noise.integers(1, 30), np.inf] if capped else [np.inf, np.inf],
    )


def subsets(of):
    """All choices within the limits."""
    count = len(of.cost)
    every = np.array(list(itertools.product([False, True], repeat=count)))
    once = np.array([np.bincount(of.space, row, minlength=1).max() <= 1 for row in every])
    fits = [
        (every @ limit.weight >= limit.low - 1e-9) & (every @ limit.weight <= limit.high + 1e-9)
        for limit in of.limits
    ]
    return every[np.logical_and.reduce([once, *fits])]


def covered(of, choices):
    """What choices are worth without any capacity, from the table of who reaches what."""
    reached = np.zeros((len(of.base), len(of.cost)))
    reached[of.demand, of.option] = 1
    return ((choices @ reached.T) > 0) @ of.weight + choices @ of.worth


def flowing(of, choice):
    """What one choice is worth with capacities, by networkx's flow of least cost, in halves of people."""
    graph = nx.DiGraph()
    graph.add_edge("s", "t", capacity=0)
    for row, option in zip(of.demand.tolist(), of.option.tolist(), strict=True):
        if choice[option]:
            kind = int(of.kind[row])
            each = round(of.weight[row] / of.people[row])
            graph.add_edge("s", ("d", row), capacity=round(2 * of.people[row]))
            graph.add_edge(("d", row), (option, kind), weight=-each)
            room = of.capacity_people[kind]
            graph.add_edge((option, kind), "t", capacity=10**6 if np.isinf(room) else int(2 * room))
    flow = nx.max_flow_min_cost(graph, "s", "t")
    return -nx.cost_of_flow(graph, flow) / 2 + float(of.worth[choice].sum())


def best_with_capacity(of):
    choices = subsets(of)
    bounds = covered(of, choices)
    best = -1.0
    for at in np.argsort(-bounds, kind="stable"):
        if bounds[at] <= best:
            break
        best = max(best, flowing(of, choices[at]))
    return best


def timed(of, seed, worth=None):
    """Give a random problem times of walking, and what stands today."""
    noise = np.random.default_rng(seed)
    times = noise.integers(1, 12, (len(of.base), len(of.cost))) / 2.0
    base = noise.integers(3, 8, len(of.base))
    return times, problem(times, base=base, cost=of.cost, space=of.space, limits=of.limits, weight=of.weight,
                          worth=worth)  # fmt: skip
