"""Walking networks at city size: fengmao_geo beside pandana, networkx and the OSMnx isochrone recipe.

Every run of a tool is a process of its own, on the 92,667 street edges of Wuhan. Timed are

- build: from street lines in memory to something that can be searched;
- attach: as many homes as there are edges, each at the middle of one plus normal(0, 20 m) both ways;
- nearest: minutes to the nearest facility of each of 12 types, 600 of each, no farther than 15 minutes;
- areas: 1,000 service areas of 15 minutes.

Reading the file, imports and making the places are not timed. README.md says what is alike and what is not.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Result = dict[str, Any]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "wuhan_streets.parquet"
WORKER = Path(__file__).with_name("network_tools.py")
OURS = "fengmao_geo"
TOOLS = (OURS, "pandana", "networkx-nodes", "networkx-edges", "osmnx-recipe")
TO_NEAREST = ("build", "attach", "nearest")
SUM = "+".join(TO_NEAREST)
ORIGINS = 1000
DIFFERS_MIN = 0.1


def run_tool(tool: str, options: argparse.Namespace, folder: Path) -> Result:
    """Repeat one tool; take the medians of its seconds and its highest peaks."""
    runs: list[Result] = []
    for turn in range(options.repeat):
        print(f"{tool}: run {turn + 1} of {options.repeat}", file=sys.stderr)
        runs.append(_run_once(tool, options, folder / f"{tool}.npz" if turn == 0 else None))
        if "missing" in runs[-1]:
            return runs[-1]
    for run in runs:
        if "nearest" in run["seconds"]:
            run["seconds"][SUM] = sum(run["seconds"][task] for task in TO_NEAREST)
    seconds = {task: statistics.median(run["seconds"][task] for run in runs) for task in runs[0]["seconds"]}
    peak = {task: max(run["peak_mib"][task] for run in runs) for task in runs[0]["peak_mib"]}
    return runs[0] | {"seconds": seconds, "peak_mib": peak}


def _run_once(tool: str, options: argparse.Namespace, answers: Path | None) -> Result:
    python = sys.executable if tool == OURS else options.peers_python
    command = [python, str(WORKER), tool, str(options.data), "--per-type", str(options.per_type)]
    if tool == "osmnx-recipe":
        command += ["--origins", str(options.recipe_origins)]
    if answers is not None:
        command += ["--answers", str(answers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own file
    if done.returncode:
        sys.exit(f"{tool} failed with code {done.returncode}:\n{done.stderr[-2000:]}")
    result: Result = json.loads(done.stdout)
    return result


def table(results: dict[str, Result]) -> Iterator[str]:
    """Lay the results out as Markdown, each time with its ratio to ours."""
    tasks = (*TO_NEAREST, SUM, "areas")
    heads = ("tool", *tasks, "peak MiB to nearest", "peak MiB in all")
    yield _row(heads)
    yield _row(("---", *("---:" for _ in heads[1:])))
    ours = results[OURS]["seconds"]
    for tool, result in results.items():
        if "missing" in result:
            yield _row((tool, f"not installed ({result['missing']})", *("" for _ in heads[2:])))
            continue
        times = (_time(result["seconds"].get(task), None if tool == OURS else ours[task]) for task in tasks)
        peak = result["peak_mib"]
        to_nearest = f"{peak['nearest']:,.0f}" if "nearest" in peak else ""
        yield _row((tool, *times, to_nearest, f"{max(peak.values()):,.0f}"))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _time(seconds: float | None, ours: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if ours is None else f"{seconds:.2f} s ({seconds / ours:.2g}x)"


def differing(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Share of home-type pairs, of those that either reaches in time, that differ noticeably."""
    is_reached = np.isfinite(one) | np.isfinite(other)
    one, other = (np.nan_to_num(array[is_reached], posinf=1e6) for array in (one, other))
    return float((np.abs(one - other) > DIFFERS_MIN).mean())


def agreement(folder: Path) -> Iterator[str]:
    """Compare the minutes that the tools found."""
    found = {tool: np.load(path) for tool in TOOLS if (path := folder / f"{tool}.npz").exists()}
    for one, other in itertools.combinations(found, 2):
        yield f"- {one}, {other}: {differing(found[one]['homes'], found[other]['homes']):.2%}"
    for tool in ("pandana", "networkx-nodes"):
        if tool in found:
            share = differing(found[OURS]["nodes"], found[tool]["homes"])
            yield f"- {OURS} with all places moved to their nearest nodes, {tool}: {share:.2%}"


def report(results: dict[str, Result], folder: Path, options: argparse.Namespace) -> Iterator[str]:
    machine = f"{os.cpu_count()} CPUs, {platform.machine()}, load before the first run {options.load:.1f}"
    yield f"Median of {options.repeat}; {options.per_type} facilities of each type; {machine}."
    yield "In brackets: seconds as a multiple of ours.\n"
    yield from table(results)
    if options.recipe_origins < ORIGINS:
        yield f"\nThe recipe drew {options.recipe_origins} areas; its seconds are scaled to {ORIGINS}."
    yield f"\nHome-type pairs within the limit for either whose minutes differ by more than {DIFFERS_MIN}:\n"
    yield from agreement(folder)
    yield "\npandana and networkx-nodes put homes and facilities at the nearest node, without a leg: hence"
    yield "the difference. The rest are gaps and ends of streets that only we join.\n"
    for tool, result in results.items():
        if "missing" not in result:
            versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
            area = f"; mean area {result['area_ha']:.1f} ha" if result["area_ha"] is not None else ""
            yield f"- {tool}: {versions}{area}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time fengmao_geo beside its peers; prints Markdown.")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each tool; the median counts (5)")
    parser.add_argument("--peers-python", default=sys.executable, help="Python that has the peers (this one)")
    parser.add_argument("--recipe-origins", type=int, default=ORIGINS, help="areas the recipe draws (1000)")
    parser.add_argument("--per-type", type=int, default=600, help="facilities of each of the 12 types (600)")
    parser.add_argument("--data", type=Path, default=DATA, help="street lines as GeoParquet")
    options = parser.parse_args()
    if min(options.repeat, options.per_type) < 1 or not 1 <= options.recipe_origins <= ORIGINS:
        parser.error(f"--repeat and --per-type are at least 1, --recipe-origins from 1 to {ORIGINS}")
    options.load = os.getloadavg()[0]
    return options


def main() -> None:
    options = arguments()
    if not options.data.exists():
        print(f"skipped: {options.data.name} is not in ../shared/data beside the project")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = {tool: run_tool(tool, options, folder) for tool in TOOLS}
        print("\n".join(report(results, folder, options)))


if __name__ == "__main__":
    main()
