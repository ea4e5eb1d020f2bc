"""Walking networks at city size: fengmao_geo beside pandana, networkx and the OSMnx isochrone recipe.

Every tool runs in a process of its own, afresh for each repeat, on the streets of Wuhan (92,667 edges). Timed:

- build: street lines in memory to something that can be searched;
- attach: as many homes as there are edges, at the middle of an edge plus normal(0, 20 m) both ways;
- nearest: minutes to the nearest of 50 facilities for each of 12 types, no farther than 15 minutes;
- areas: 1,000 service areas of 15 minutes.

Reading the file, imports and making the places are not timed. See README.md for what is and is not alike.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Answers = dict[str, Numbers]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "wuhan_streets.parquet"
OURS = "fengmao_geo"
TASKS = ("build", "attach", "nearest", "areas")
SEED, SCATTER_M = 20240601, 20.0
TYPES, PER_TYPE, ORIGINS = 12, 50, 1000
LIMIT_MIN, SPEED_M_MIN = 15.0, 60.0
LIMIT_M = LIMIT_MIN * SPEED_M_MIN
RECIPE_BUFFER_M = 25.0
DIFFERS_MIN = 0.1


class Places(NamedTuple):
    """Seeded coordinates: homes ``(h, 2)``, facilities ``(types, per type, 2)``, origins ``(o, 2)``."""

    homes: Numbers
    facilities: Numbers
    origins: Numbers


class Graph(NamedTuple):
    """Streets as peers want them: node coordinates, the two nodes of each edge, its metres."""

    node_xy: Numbers
    edge_nodes: NDArray[np.intp]
    length_m: Numbers


class Clock:
    """Seconds and peak memory by task."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self.notes: dict[str, float] = {}

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        unit = 1024**2 if sys.platform == "darwin" else 1024
        self.peak_mib[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def make_places(streets: gpd.GeoDataFrame) -> Places:
    rng = np.random.default_rng(SEED)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(streets.geometry.to_numpy(), 0.5, normalized=True))
    homes = middle + rng.normal(0, SCATTER_M, middle.shape)
    facilities = middle[rng.choice(len(middle), TYPES * PER_TYPE, replace=False)]
    facilities = facilities + rng.normal(0, SCATTER_M, facilities.shape)
    origins = homes[rng.choice(len(homes), ORIGINS, replace=False)]
    return Places(homes, facilities.reshape(TYPES, PER_TYPE, 2), origins)


def make_graph(streets: gpd.GeoDataFrame) -> Graph:
    """Number the ends of the lines; the file is noded, so nothing has to be split."""
    lines = streets.geometry.to_numpy()
    ends = shapely.get_coordinates(np.stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)], axis=1))
    node_xy, node = np.unique(ends, axis=0, return_inverse=True)
    return Graph(node_xy, node.reshape(-1, 2), shapely.length(lines))


def time_ours(clock: Clock, streets: gpd.GeoDataFrame, places: Places, options: argparse.Namespace) -> Answers:
    from fengmao_geo import attach, service_areas, travel_times, walk_network  # noqa: PLC0415  absent beside peers

    def points(xy: Numbers) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=streets.crs)

    def nearest(homes: Any, facilities: list[gpd.GeoDataFrame]) -> Numbers:
        minutes = np.full((TYPES, len(places.homes)), np.inf)
        for row, sites in enumerate(facilities):
            table = travel_times(network, homes, sites, limit_min=LIMIT_MIN, nearest=1)
            minutes[row, table["origin_id"].to_numpy(dtype=np.intp)] = table["travel_min"]
        return minutes

    homes, origins = points(places.homes), points(places.origins)
    facilities = [points(xy) for xy in places.facilities]
    with clock.task("build"):
        network = walk_network(streets)
    with clock.task("attach"):
        attached = attach(network, homes)
    with clock.task("nearest"):
        answers = {"homes": nearest(attached, facilities)}
    with clock.task("areas"):
        areas = service_areas(network, origins, minutes=(LIMIT_MIN,))
    clock.notes["area_ha"] = float(areas["area_m2"].mean() / 1e4)
    if options.answers is not None:
        answers["nodes"] = nearest(*_at_nodes(make_graph(streets), places, points))
    return answers


def _at_nodes(
    graph: Graph, places: Places, points: Callable[[Numbers], gpd.GeoDataFrame]
) -> tuple[gpd.GeoDataFrame, list[gpd.GeoDataFrame]]:
    """Move the places to where the peers snap them, to show that nothing else differs."""
    tree = cKDTree(graph.node_xy)
    homes, *facilities = (points(graph.node_xy[tree.query(xy)[1]]) for xy in (places.homes, *places.facilities))
    return homes, facilities


def time_pandana(clock: Clock, streets: gpd.GeoDataFrame, places: Places, _: argparse.Namespace) -> Answers:
    import pandana  # noqa: PLC0415  may be absent

    minutes = np.empty((TYPES, len(places.homes)))
    homes = pd.DataFrame(places.homes, columns=["x", "y"])
    facilities = [pd.DataFrame(xy, columns=["x", "y"]) for xy in places.facilities]
    with clock.task("build"):
        graph = make_graph(streets)
        x, y = (pd.Series(column) for column in graph.node_xy.T)
        u, v = (pd.Series(column) for column in graph.edge_nodes.T)
        network = pandana.Network(x, y, u, v, pd.DataFrame({"metres": graph.length_m}), twoway=True)
    with clock.task("attach"):
        node = network.get_node_ids(homes["x"], homes["y"]).to_numpy()
    with clock.task("nearest"):
        for row, sites in enumerate(facilities):
            network.set_pois(str(row), LIMIT_M, 1, sites["x"], sites["y"])
            found = network.nearest_pois(LIMIT_M, str(row), num_pois=1, max_distance=np.inf)
            minutes[row] = found[1].to_numpy()[node] / SPEED_M_MIN
    return {"homes": minutes}


def time_networkx(clock: Clock, streets: gpd.GeoDataFrame, places: Places, _: argparse.Namespace) -> Answers:
    import networkx as nx  # noqa: PLC0415  may be absent

    minutes = np.empty((TYPES, len(places.homes)))
    with clock.task("build"):
        nodes = make_graph(streets)
        ends = pd.DataFrame(np.sort(nodes.edge_nodes, axis=1), columns=["u", "v"]).assign(metres=nodes.length_m)
        shortest = ends.groupby(["u", "v"], as_index=False)["metres"].min()
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(len(nodes.node_xy)))
        graph.add_weighted_edges_from(zip(*(shortest[name].tolist() for name in shortest), strict=True))
    with clock.task("attach"):
        tree = cKDTree(nodes.node_xy)
        node = tree.query(places.homes)[1]
    with clock.task("nearest"):
        for row, sites in enumerate(places.facilities):
            sources = set(tree.query(sites)[1].tolist())
            found = nx.multi_source_dijkstra_path_length(graph, sources, cutoff=LIMIT_M, weight="weight")
            metres = np.full(len(nodes.node_xy), np.inf)
            metres[list(found)] = list(found.values())
            minutes[row] = metres[node] / SPEED_M_MIN
    return {"homes": minutes}


def time_osmnx(clock: Clock, streets: gpd.GeoDataFrame, places: Places, options: argparse.Namespace) -> Answers:
    import networkx as nx  # noqa: PLC0415  may be absent
    import osmnx as ox  # noqa: PLC0415  may be absent

    origins = places.origins[: options.recipe_origins]
    with clock.task("build"):
        graph = ox.graph_from_gdfs(*_osmnx_tables(streets))
        for *_, data in graph.edges(data=True):
            data["time"] = data["length"] / SPEED_M_MIN
    areas = []
    with clock.task("areas"):
        for centre in ox.distance.nearest_nodes(graph, *origins.T).tolist():
            reached = nx.ego_graph(graph, centre, radius=LIMIT_MIN, distance="time")
            lines = [data["geometry"] for *_, data in reached.edges(data=True)]
            areas.append(gpd.GeoSeries(lines).buffer(RECIPE_BUFFER_M).union_all())
    clock.seconds["areas"] *= len(places.origins) / len(origins)
    clock.notes["area_ha"] = float(shapely.area(areas).mean() / 1e4)
    return {}


def _osmnx_tables(streets: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give nodes and edges both ways, as OSMnx keeps streets for walkers."""
    graph = make_graph(streets)
    x, y = graph.node_xy.T
    nodes = gpd.GeoDataFrame({"x": x, "y": y}, geometry=gpd.points_from_xy(x, y), crs=streets.crs)
    lines = streets.geometry.to_numpy()
    table = pd.DataFrame(np.concatenate([graph.edge_nodes, graph.edge_nodes[:, ::-1]]), columns=["u", "v"])
    table = table.assign(length=np.tile(graph.length_m, 2), key=table.groupby(["u", "v"]).cumcount())
    both = np.concatenate([lines, shapely.reverse(lines)])
    edges = gpd.GeoDataFrame(table, geometry=both, crs=streets.crs).set_index(["u", "v", "key"])
    return nodes, edges


TOOLS: dict[str, Callable[[Clock, gpd.GeoDataFrame, Places, argparse.Namespace], Answers]] = {
    OURS: time_ours,
    "pandana": time_pandana,
    "networkx": time_networkx,
    "osmnx recipe": time_osmnx,
}
PACKAGES = {
    OURS: ("fengmao-geo", "scipy", "shapely", "geopandas"),
    "pandana": ("pandana",),
    "networkx": ("networkx",),
    "osmnx recipe": ("osmnx", "networkx", "shapely", "geopandas"),
}


def work(options: argparse.Namespace) -> None:
    """Run one tool once and write what was measured to stdout as JSON."""
    # Compiled peers write progress to stdout: it goes to stderr, and only the JSON to the real one.
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    streets, clock = gpd.read_parquet(options.data), Clock()
    try:
        answers = TOOLS[options.worker](clock, streets, make_places(streets), options)
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}), file=stdout, flush=True)
        return
    if options.answers is not None and answers:
        np.savez(options.answers, **answers)  # type: ignore[arg-type]  # arrays by name
    versions = {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES[options.worker]}
    print(json.dumps(vars(clock) | {"versions": versions}), file=stdout, flush=True)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "from source"


def run_tool(tool: str, options: argparse.Namespace, answers: Path) -> dict[str, Any]:
    """Repeat one tool and take medians of seconds and the highest peak."""
    runs: list[dict[str, Any]] = []
    for turn in range(options.repeat):
        print(f"{tool}: run {turn + 1} of {options.repeat}", file=sys.stderr)
        runs.append(_run_once(tool, options, answers if turn == 0 else None))
        if "missing" in runs[-1]:
            return runs[-1]
    seconds = {task: statistics.median(run["seconds"][task] for run in runs) for task in runs[0]["seconds"]}
    peak = {task: max(run["peak_mib"][task] for run in runs) for task in runs[0]["peak_mib"]}
    return runs[0] | {"seconds": seconds, "peak_mib": peak}


def _run_once(tool: str, options: argparse.Namespace, answers: Path | None) -> dict[str, Any]:
    python = sys.executable if tool == OURS else options.peers_python
    command = [python, __file__, "--worker", tool, "--data", options.data]
    command += ["--recipe-origins", options.recipe_origins, *(["--answers", answers] if answers else [])]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)  # noqa: S603  this file
    if done.returncode:
        sys.exit(f"{tool} failed with code {done.returncode}:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def table(results: dict[str, dict[str, Any]]) -> str:
    """Lay the results out as Markdown, each time with its ratio to ours."""
    heads = ("tool", *TASKS, "build+attach+nearest", "peak MiB to nearest", "peak MiB in all")
    rows = [heads, ("---", *("---:" for _ in heads[1:]))]
    ours = _seconds(results[OURS])
    for tool, result in results.items():
        if "missing" in result:
            rows.append((tool, f"not installed ({result['missing']})", *("" for _ in heads[2:])))
            continue
        seconds, peak = _seconds(result), result["peak_mib"]
        cells = (_cell(seconds.get(task), ours[task], is_ours=tool == OURS) for task in heads[1:-2])
        before = f"{peak['nearest']:,.0f}" if "nearest" in peak else ""
        rows.append((tool, *cells, before, f"{max(peak.values()):,.0f}"))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _seconds(result: dict[str, Any]) -> dict[str, float]:
    seconds: dict[str, float] = result["seconds"]
    first = TASKS[:3]
    return seconds | ({"build+attach+nearest": sum(seconds[task] for task in first)} if "nearest" in seconds else {})


def _cell(seconds: float | None, ours: float, *, is_ours: bool) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if is_ours else f"{seconds:.2f} s ({seconds / ours:.1f}×)"


def differing(one: Numbers, other: Numbers) -> float:
    """Share of home-type pairs, among those within the limit for either, that differ noticeably."""
    is_reached = np.isfinite(one) | np.isfinite(other)
    one, other = (np.where(np.isfinite(array), array, 1e6)[is_reached] for array in (one, other))
    return float((np.abs(one - other) > DIFFERS_MIN).mean())


def agreement(folder: Path) -> Iterator[str]:
    """Compare the minutes that the tools found."""
    found = {tool: np.load(path) for tool in TOOLS if (path := folder / f"{tool}.npz").exists()}
    for one, other in itertools.combinations(found, 2):
        share = differing(found[one]["homes"], found[other]["homes"])
        yield f"- {one} and {other}: {share:.2%} of home-type pairs differ by more than {DIFFERS_MIN} min."
    for tool in set(found) - {OURS}:
        share = differing(found[OURS]["nodes"], found[tool]["homes"])
        yield f"- {OURS} given the homes and facilities at the nodes {tool} snaps to: {share:.2%} differ."


def report(results: dict[str, dict[str, Any]], folder: Path, options: argparse.Namespace) -> Iterator[str]:
    yield f"Median of {options.repeat}; {os.cpu_count()} CPUs; {platform.system()} {platform.machine()}; × is time over ours.\n"
    yield table(results)
    yield "\nMinutes to the nearest. Peers snap homes and facilities to nodes and walk no legs; we attach inside edges:\n"
    yield from agreement(folder)
    yield "\nTools:\n"
    for tool, result in results.items():
        if "missing" not in result:
            versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
            area = f"; mean service area {result['notes']['area_ha']:.1f} ha" if result["notes"] else ""
            yield f"- {tool}: {versions}{area}."
    if options.recipe_origins < ORIGINS:
        yield f"\nThe recipe ran on {options.recipe_origins} of {ORIGINS} origins; its seconds are scaled up."


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each tool, the median counts (5)")
    parser.add_argument("--peers-python", default=sys.executable, help="Python that has the peers (this one)")
    parser.add_argument("--recipe-origins", type=int, default=ORIGINS, help=f"origins of the recipe, scaled to {ORIGINS}")
    parser.add_argument("--data", type=Path, default=DATA, help=argparse.SUPPRESS)
    parser.add_argument("--worker", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--answers", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.repeat < 1 or not 1 <= options.recipe_origins <= ORIGINS:
        parser.error(f"--repeat is at least 1, --recipe-origins from 1 to {ORIGINS}")
    return options


def main() -> None:
    options = arguments()
    if not options.data.exists():
        print(f"skipped: {options.data.name} is not in ../shared/data beside the project")
    elif options.worker is not None:
        work(options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            results = {tool: run_tool(tool, options, Path(folder) / f"{tool}.npz") for tool in TOOLS}
            print("\n".join(report(results, Path(folder), options)))


if __name__ == "__main__":
    main()
