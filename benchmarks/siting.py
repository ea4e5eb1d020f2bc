"""Choosing sites: fengmao_geo beside PySAL's spopt with HiGHS, on the streets of Wuhan.

Homes and plots lie at street middles around the densest spot. The single-type part is a maximal cover, a
number of sites given: both tools start from one table of minutes, and building the model counts. Then all
six types, several uses competing for each plot, under a budget, which spopt cannot be asked; and the large
case, to a gap.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import fengmao_geo as fg
from fengmao_geo.network.travel import reached_pairs
from fengmao_geo.siting.greedy import greedy, value_of
from fengmao_geo.siting.model import most
from fengmao_geo.siting.problem import Limit, Problem, merged
from fengmao_geo.standards.load import walker

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "wuhan_streets.parquet"
SEED, SCATTER_M = 20240601, 20.0
# Minutes within which each of the six types is asked for.
TIERS = np.array([5.0, 5.0, 5.0, 15.0, 15.0, 15.0])
USES_PER_PLOT = 3
BUDGET_SHARE = 0.1

Numbers = NDArray[np.float64]
Indices = NDArray[np.intp]


class Walks(NamedTuple):
    """Homes, plots, and the pairs within 15 minutes."""

    people: Numbers
    home: Indices
    plot: Indices
    minutes: Numbers
    plots: int


def walks(network: fg.WalkNetwork, middle: Numbers, homes: int, plots: int) -> Walks:
    """Find who walks how long to which plot."""
    rng = np.random.default_rng(SEED)
    tree = cKDTree(middle)
    centre = middle[np.argmin(tree.query(middle[::50], 200)[0][:, -1]) * 50]
    near = middle[tree.query(centre, homes)[1]]
    places = [near, near[rng.choice(homes, plots, replace=False)]]
    joined = [
        fg.attach(
            network,
            gpd.GeoDataFrame(
                {"id": [f"{row:06d}" for row in range(len(xy))]},
                geometry=gpd.points_from_xy(*(xy + rng.normal(0, SCATTER_M, xy.shape)).T),
                crs=network.crs,
            ),
        )
        for xy in places
    ]
    who = walker("standard")
    pairs = reached_pairs(network, *joined, limit_m=TIERS.max() * who.speed_m_min, walker=who)
    order = np.lexsort((pairs.destination, pairs.origin))
    people = rng.integers(1, 60, homes).astype(float)
    minutes = pairs.distance_m / who.speed_m_min
    return Walks(people, pairs.origin[order], pairs.destination[order], minutes[order], plots)


def cover(
    weight: Numbers, demand: Indices, option: Indices, cost: Numbers, space: Indices, limit: Limit
) -> Problem:
    """Ask who is covered."""
    ones = np.ones(len(weight))
    return Problem(cost, np.zeros(len(cost)), space, (limit,), demand, option, np.zeros(len(demand)), ones,
                   weight, weight, np.zeros(len(weight), dtype=np.intp), np.array([np.inf]))  # fmt: skip


def six_types(of: Walks, options: int) -> Problem:
    """Give each plot three uses, each supplying one of the six types."""
    rng = np.random.default_rng(SEED)
    space = np.repeat(np.arange(of.plots), USES_PER_PLOT)[:options]
    kind = np.concatenate([rng.permutation(len(TIERS))[:USES_PER_PLOT] for _ in range(of.plots)])[:options]
    cost = rng.integers(5, 120, options).astype(float)
    homes = len(of.people)
    parts = []
    for at in range(options):
        pairs = np.flatnonzero((of.plot == space[at]) & (of.minutes <= TIERS[kind[at]]))
        parts.append((of.home[pairs] + homes * kind[at], np.full(len(pairs), at)))
    demand, option = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((option, demand))
    budget = Limit("budget", cost, high=BUDGET_SHARE * float(cost.sum()))
    return cover(np.tile(of.people, len(TIERS)), demand[order], option[order], cost, space, budget)


def ours_single(of: Walks, table: Numbers, count: int) -> tuple[float, float]:
    """Time a maximal cover of one type from the table of minutes; people, seconds."""
    start = time.perf_counter()
    demand, option = np.nonzero(table <= TIERS[0])
    limit = Limit("count", np.ones(of.plots), high=count)
    asked = cover(of.people, demand, option, np.ones(of.plots), np.arange(of.plots), limit)
    found = most(merged(asked), time_limit_s=600)
    seconds = time.perf_counter() - start
    return value_of(asked, found.options), seconds


def spopt_single(of: Walks, table: Numbers, count: int) -> tuple[float, float]:
    """Time the same with spopt and HiGHS."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        locate, pulp = import_module("spopt.locate"), import_module("pulp")
        start = time.perf_counter()
        model = locate.MCLP.from_cost_matrix(table, of.people, TIERS[0], p_facilities=count)
        model = model.solve(pulp.HiGHS(msg=False), results=False)
        seconds = time.perf_counter() - start
    return float(model.problem.objective.value()), seconds


def show_six(name: str, of: Walks, options: int, *, gap_share: float, time_limit_s: float) -> None:
    """Time all six types under a budget."""
    asked = six_types(of, options)
    start = time.perf_counter()
    small = merged(asked)
    found = most(small, gap_share=gap_share, time_limit_s=time_limit_s)
    seconds = time.perf_counter() - start
    rough = value_of(small, greedy(small, by_cost=True))
    print(
        f"| {name} | {len(asked.demand):,} | {len(small.base):,} of {len(asked.base):,} | {seconds:.1f} | "
        f"{found.status} | {found.gap_share:.3%} | {value_of(small, found.options):,.0f} | {rough:,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--homes", type=int, nargs=2, default=(5000, 20000))
    parser.add_argument("--options", type=int, nargs=2, default=(400, 1000))
    parser.add_argument("--count", type=int, default=40, help="sites of the single-type part")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    if not given.data.exists():
        print(f"{given.data} is not there")
        return
    streets = gpd.read_parquet(given.data)
    lines = streets.geometry.to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    network = fg.walk_network(streets)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("scipy", "spopt", "pulp", "highspy"))
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {versions}\n")
    (few, many), (small, large) = given.homes, given.options
    of = walks(network, middle, few, small)
    table = np.full((few, small), 1e6)
    table[of.home, of.plot] = of.minutes
    print(f"One type, {few:,} homes, {small:,} sites, {given.count} to choose\n")
    print("| tool | people | seconds | times ours |\n| --- | ---: | ---: | ---: |")
    runs = {
        name: [run(of, table, given.count) for _ in range(given.repeat)]
        for name, run in (("fengmao_geo", ours_single), ("spopt, HiGHS", spopt_single))
    }
    ours = float(np.median([seconds for _, seconds in runs["fengmao_geo"]]))
    for name, found in runs.items():
        seconds = float(np.median([one[1] for one in found]))
        print(f"| {name} | {found[0][0]:,.0f} | {seconds:.2f} | {seconds / ours:.1f} |")
    print("\nSix types, three uses a plot, a tenth of all costs as the budget\n")
    print("| case | pairs | classes | seconds | status | gap | people | greedy |")
    print("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    of = walks(network, middle, few, -(-small // USES_PER_PLOT))
    show_six(f"{few:,} x {small:,}", of, small, gap_share=0.0, time_limit_s=60)
    of = walks(network, middle, many, -(-large // USES_PER_PLOT))
    show_six(f"{many:,} x {large:,}", of, large, gap_share=0.01, time_limit_s=60)


if __name__ == "__main__":
    main()
