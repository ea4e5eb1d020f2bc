"""City size on one machine: time and peak memory against size, with fitted exponents.

- streets: copies of Wuhan's 92,667 street edges side by side, each joined to the next by one street;
- grid: a made network, an irregular grid some of whose streets are missing; the size is its crossings;
- circles: life circles of 25 types in copies of the sample town; the size is the dwellings;
- spaces: spaces of copies of the sample town; the size is the buildings.

On streets: building, attaching as many homes as there are edges, the nearest facility of 12 types, catchments
(the people within 15 minutes of each facility) and 1,000 service areas. Every run is a process of its own.
Catchments stand beside those of pandana and cityseer at the first size. README.md says what is alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    Run = dict[str, Any]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "wuhan_streets.parquet"
WORKER = Path(__file__).with_name("scale_tools.py")
OURS, PEERS = "fengmao_geo", ("pandana", "cityseer")
SIZES = {
    "streets": (1, 2, 4, 7),
    "grid": (100_000, 400_000, 1_500_000),
    "circles": (25_000, 75_000, 250_000),
    "spaces": (25_000, 75_000, 250_000),
}
# What the size is counted in.
COUNTED = {"streets": "edges", "grid": "nodes", "circles": "dwellings", "spaces": "buildings"}
TO_CATCHMENTS = ("build", "attach", "catchments")
MOST_MIB, MOST_EXPONENT, TIMES_PANDANA = 4096, 1.2, 2.0


def wanted_runs(options: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    """List what is to be run: case, tool, size."""
    for case in options.cases:
        sizes = options.sizes or SIZES[case]
        yield from ((case, OURS, size) for size in sizes)
        if case in {"streets", "grid"} and not options.no_peers:
            yield from ((case, tool, min(sizes)) for tool in PEERS)


def run_once(case: str, tool: str, size: int, options: argparse.Namespace) -> Run:
    print(f"{case}, {tool}, {size:,}", file=sys.stderr)
    python, load = sys.executable if tool == OURS else options.peers_python, os.getloadavg()[0]
    command = [python, str(WORKER), case, tool, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own file
    if done.returncode:
        sys.exit(f"{case}, {tool}, {size:,}: code {done.returncode}:\n{done.stderr[-2000:]}")
    result: Run = json.loads(done.stdout)
    return {"case": case, "tool": tool, "size": size, "load": load} | result


def all_runs(options: argparse.Namespace) -> list[Run]:
    """Make what runs are not there yet; each is kept as soon as it is made."""
    kept: Path | None = options.results
    runs: list[Run] = []
    if kept is not None and kept.exists():
        runs = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    wanted = list(wanted_runs(options))
    for case, tool, size in wanted:
        same = [run for run in runs if (run["case"], run["tool"], run["size"]) == (case, tool, size)]
        for _ in range(options.repeat - len(same)):
            runs.append(run_once(case, tool, size, options))
            if kept is not None:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(runs[-1]) + "\n")
    return [run for run in runs if (run["case"], run["tool"], run["size"]) in wanted]


def medians(runs: list[Run]) -> Run:
    """Give the medians of the seconds and the highest memory of the same run made several times."""
    first = runs[0]
    found: Run = {
        key: {step: statistics.median(run[key][step] for run in runs) for step in first[key]}
        for key in ("seconds", "cpu_seconds")
    }
    peak = {step: max(run["peak_mib"][step] for run in runs) for step in first["peak_mib"]}
    loads = [run["load"] for run in runs]
    return first | found | {"peak_mib": peak, "count": len(runs), "loads": (min(loads), max(loads))}


def exponent(sizes: list[float], values: list[float]) -> float:
    """Fit ``value = c * size ** exponent`` by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def growth(case: str, runs: list[Run]) -> Iterator[str]:
    """Lay out time and memory against size, a line for each step and a column for each size."""
    sizes = [run["counts"][COUNTED[case]] for run in runs]
    heads = [f"{size:,.0f} {COUNTED[case]}" for size in sizes]
    many = len(set(sizes)) > 1
    yield _row("step", *heads, *(("exponent of CPU s", "of memory") if many else ()))
    yield _row("---", *("---:" for _ in heads), *(("---:", "---:") if many else ()))
    for step in runs[0]["seconds"]:
        cells = [
            f"{run['seconds'][step]:,.1f} s, {run['cpu_seconds'][step]:,.1f} of CPU, "
            f"{_mib(run['peak_mib'][step])}"
            for run in runs
        ]
        fits = [
            exponent(sizes, [run[key][step] for run in runs]) for key in ("cpu_seconds", "peak_mib") if many
        ]
        yield _row(step, *cells, *(f"**{fit:.2f}**" if fit > MOST_EXPONENT else f"{fit:.2f}" for fit in fits))
    yield ""
    for run, head in zip(runs, heads, strict=True):
        counts = ", ".join(f"{value:,.0f} {name}" for name, value in run["counts"].items())
        low, high = run["loads"]
        yield f"- {head}: {counts}; runs: {run['count']}, load before them {low:.1f} to {high:.1f}"


def beside_peers(runs: list[Run]) -> Iterator[str]:
    """Lay out catchments beside the peers' of the same size."""
    yield _row("tool", *TO_CATCHMENTS, "together, CPU s", "times ours", "peak MiB", "people, mean")
    yield _row("---", *("---:" for _ in range(7)))
    ours = _together(runs[0])
    for run in runs:
        if "missing" in run:
            yield _row(run["tool"], f"not installed ({run['missing']})", *("" for _ in range(6)))
            continue
        cells = [
            f"{run['cpu_seconds'][step]:.1f}" if step in run["cpu_seconds"] else "" for step in TO_CATCHMENTS
        ]
        peak = run["peak_mib"]["catchments"]
        times = f"{_together(run) / ours:.1f}"
        people = f"{run['counts']['people']:.0f}"
        yield _row(run["tool"], *cells, f"{_together(run):.1f}", times, f"{peak:,.0f}", people)
    pandana = next((run for run in runs if run["tool"] == "pandana" and "missing" not in run), None)
    if pandana is not None:
        alone = pandana["cpu_seconds"]["catchments"] / runs[0]["cpu_seconds"]["catchments"]
        met = "met" if _together(pandana) >= TIMES_PANDANA * ours else "missed"
        yield f"\nAt least {TIMES_PANDANA:g} times as fast as pandana from streets to catchments: {met}."
        yield f"The step `catchments` alone takes pandana {alone:.2f} times as long as ours."


def _together(run: Run) -> float:
    return float(sum(run["cpu_seconds"].get(step, 0.0) for step in TO_CATCHMENTS))


def _mib(peak: float) -> str:
    return f"**{peak:,.0f} MiB**" if peak > MOST_MIB else f"{peak:,.0f} MiB"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def report(runs: list[Run], options: argparse.Namespace) -> Iterator[str]:
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1024**3:.0f} GiB"
    yield f"{platform.system()}, {platform.machine()}, {os.cpu_count()} CPUs{memory}."
    yield "Seconds are medians; memory is the highest of the process so far, imports and input included, so"
    yield "that its exponents are low."
    yield f"Bold: above {MOST_MIB:,} MiB, or an exponent above {MOST_EXPONENT:g}."
    for case in options.cases:
        of_case = [run for run in runs if run["case"] == case]
        keys = dict.fromkeys((run["tool"], run["size"]) for run in of_case)
        made = []
        for key in keys:
            same = [run for run in of_case if (run["tool"], run["size"]) == key]
            made.append(same[0] if "missing" in same[0] else medians(same))
        ours = sorted((run for run in made if run["tool"] == OURS), key=lambda run: run["size"])
        yield f"\n## {case}\n"
        yield from growth(case, ours)
        if peers := [run for run in made if run["tool"] in PEERS]:
            yield "\nPeople within 15 minutes of each facility, CPU seconds:\n"
            yield from beside_peers([ours[0], *peers])
    versions = {name: found for run in runs for name, found in run.get("versions", {}).items()}
    yield f"\nVersions: {', '.join(f'{name} {found}' for name, found in versions.items())}."


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time fengmao_geo against size; prints Markdown.")
    parser.add_argument("cases", nargs="*", help=f"which of {', '.join(SIZES)} (all)")
    parser.add_argument("--sizes", type=int, nargs="+", help="sizes, of one case only")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each; the median counts (5)")
    parser.add_argument("--peers-python", default=sys.executable, help="Python that has the peers (this one)")
    parser.add_argument("--no-peers", action="store_true", help="leave pandana and cityseer out")
    parser.add_argument("--results", type=Path, help="file of runs; those in it are not made again")
    options = parser.parse_args()
    options.cases = options.cases or list(SIZES)
    if unknown := set(options.cases) - set(SIZES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.sizes and len(options.cases) > 1:
        parser.error("--sizes needs one case")
    if options.repeat < 1 or min(options.sizes or [1]) < 1:
        parser.error("--repeat and --sizes are at least 1")
    return options


def main() -> None:
    options = arguments()
    if "streets" in options.cases and not DATA.exists():
        print(f"streets skipped: {DATA.name} is not in ../shared/data beside the project", file=sys.stderr)
        options.cases.remove("streets")
    print("\n".join(report(all_runs(options), options)))


if __name__ == "__main__":
    main()
