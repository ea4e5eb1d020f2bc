"""The tools that `network.py` times, one run of one tool: what was measured goes to stdout as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import networkx as nx
    from numpy.typing import NDArray

    from fengmao_geo import Attachments, WalkNetwork

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Answers = dict[str, Numbers]

SEED, SCATTER_M = 20240601, 20.0
TYPES, PER_TYPE, ORIGINS = 12, 600, 1000
LIMIT_MIN, SPEED_M_MIN = 15.0, 60.0
LIMIT_M = LIMIT_MIN * SPEED_M_MIN
RECIPE_BUFFER_M = 25.0


class Task(NamedTuple):
    """What every tool is given: homes ``(h, 2)``, facilities ``(types, per type, 2)``, origins ``(o, 2)``."""

    streets: gpd.GeoDataFrame
    homes: Numbers
    facilities: Numbers
    origins: Numbers
    is_checked: bool


class Graph(NamedTuple):
    """Streets as peers want them: node coordinates, the two nodes of each edge, its metres."""

    node_xy: Numbers
    edge_nodes: Indices
    length_m: Numbers


class OnEdges(NamedTuple):
    """Points at their nearest edges: the edge, metres along it, metres to it."""

    edge: Indices
    at_m: Numbers
    leg_m: Numbers


class Clock:
    """Seconds and peak memory by task."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self.area_ha: float | None = None

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        unit = 1024**2 if sys.platform == "darwin" else 1024
        self.peak_mib[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def make_task(options: argparse.Namespace) -> Task:
    streets, rng = gpd.read_parquet(options.data), np.random.default_rng(SEED)
    lines = streets.geometry.to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    homes = middle + rng.normal(0, SCATTER_M, middle.shape)
    origins = homes[rng.choice(len(homes), ORIGINS, replace=False)][: options.origins]
    sites = middle[rng.choice(len(middle), TYPES * options.per_type, replace=False)]
    sites = sites + rng.normal(0, SCATTER_M, sites.shape)
    return Task(streets, homes, sites.reshape(TYPES, -1, 2), origins, options.answers is not None)


def make_graph(streets: gpd.GeoDataFrame) -> Graph:
    """Give the ends of lines numbers; the file is noded, so nothing has to be split."""
    lines = streets.geometry.to_numpy()
    ends = shapely.get_coordinates(shapely.get_point(np.repeat(lines, 2), np.tile([0, -1], len(lines))))
    node_xy, node = np.unique(ends, axis=0, return_inverse=True)
    return Graph(node_xy, node.reshape(-1, 2), shapely.length(lines))


def time_ours(clock: Clock, task: Task) -> Answers:
    # Public names load their modules when first used, which is not to be timed.
    fg = import_module("fengmao_geo")
    build, attach, areas_of = fg.walk_network, fg.attach, fg.service_areas
    homes, origins = _points(task.homes, task), _points(task.origins, task)
    facilities = _points(task.facilities.reshape(-1, 2), task)
    with clock.task("build"):
        network = build(task.streets)
    with clock.task("attach"):
        attached = attach(network, homes)
    with clock.task("nearest"):
        tables = _our_nearest(network, attached, facilities)
    answers = {"homes": _minutes(tables, len(homes))}
    with clock.task("areas"):
        areas = areas_of(network, origins, minutes=(LIMIT_MIN,))
    clock.area_ha = float(areas["area_m2"].mean() / 1e4)
    if task.is_checked:
        # Places moved to where the peers snap them: what still differs is not the snapping.
        tree = cKDTree(make_graph(task.streets).node_xy)
        moved = [
            _points(tree.data[tree.query(xy)[1]], task) for xy in (task.homes, task.facilities.reshape(-1, 2))
        ]
        answers["nodes"] = _minutes(_our_nearest(network, attach(network, moved[0]), moved[1]), len(homes))
    return answers


def _our_nearest(
    network: WalkNetwork, homes: Attachments, facilities: gpd.GeoDataFrame
) -> list[pd.DataFrame]:
    """Attach one layer of facilities, then search type by type, as a planner with one table of them does."""
    fg = import_module("fengmao_geo")
    attached, tables = fg.attach(network, facilities), []
    of_type = attached.place_ids.astype(np.intp) * TYPES // len(facilities)
    for row in range(TYPES):
        sites = attached.take(of_type == row)
        tables.append(fg.travel_times(network, homes, sites, limit_min=LIMIT_MIN, nearest=1))
    return tables


def _minutes(tables: list[pd.DataFrame], count: int) -> Numbers:
    minutes = np.full((TYPES, count), np.inf)
    for row, table in enumerate(tables):
        minutes[row, table["origin_id"].to_numpy(dtype=np.intp)] = table["travel_min"]
    return minutes


def _points(xy: Numbers, task: Task) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=task.streets.crs)


def time_pandana(clock: Clock, task: Task) -> Answers:
    # Its `precompute` serves sums within a range; `nearest_pois` needs none.
    pandana = import_module("pandana")
    minutes = np.empty((TYPES, len(task.homes)))
    homes, *facilities = (pd.DataFrame(xy, columns=["x", "y"]) for xy in (task.homes, *task.facilities))
    with clock.task("build"):
        graph = make_graph(task.streets)
        columns = (pd.Series(column) for array in (graph.node_xy, graph.edge_nodes) for column in array.T)
        network = pandana.Network(*columns, pd.DataFrame({"metres": graph.length_m}), twoway=True)
    with clock.task("attach"):
        node = network.get_node_ids(homes["x"], homes["y"]).to_numpy()
    with clock.task("nearest"):
        for row, sites in enumerate(facilities):
            network.set_pois(str(row), LIMIT_M, 1, sites["x"], sites["y"])
            found = network.nearest_pois(LIMIT_M, str(row), num_pois=1, max_distance=np.inf)
            minutes[row] = found[1].to_numpy()[node] / SPEED_M_MIN
    return {"homes": minutes}


def _search_graph(graph: Graph) -> nx.Graph[int]:
    ends = pd.DataFrame(np.sort(graph.edge_nodes, axis=1), columns=["u", "v"])
    shortest = ends.assign(metres=graph.length_m).groupby(["u", "v"], as_index=False)["metres"].min()
    made: nx.Graph[int] = import_module("networkx").Graph()
    made.add_nodes_from(range(len(graph.node_xy)))
    made.add_weighted_edges_from(zip(*(shortest[name].tolist() for name in shortest), strict=True))
    return made


def _search(made: nx.Graph[int], sources: set[int]) -> Numbers:
    nx_search = import_module("networkx").multi_source_dijkstra_path_length
    found = nx_search(made, sources, cutoff=LIMIT_M, weight="weight")
    metres = np.full(len(made), np.inf)
    metres[list(found)] = list(found.values())
    return metres


def time_networkx_nodes(clock: Clock, task: Task) -> Answers:
    import_module("networkx")
    minutes = np.empty((TYPES, len(task.homes)))
    with clock.task("build"):
        graph = make_graph(task.streets)
        made = _search_graph(graph)
    with clock.task("attach"):
        tree = cKDTree(graph.node_xy)
        node = tree.query(task.homes)[1]
    with clock.task("nearest"):
        for row, sites in enumerate(task.facilities):
            metres = _search(made, set(np.unique(tree.query(sites)[1]).tolist()))
            minutes[row] = metres[node] / SPEED_M_MIN
    return {"homes": minutes}


def time_networkx_edges(clock: Clock, task: Task) -> Answers:
    """Run networkx on our own question: legs to the nearest edge, facilities added to the graph."""
    import_module("networkx")
    minutes = np.empty((TYPES, len(task.homes)))
    with clock.task("build"):
        graph = make_graph(task.streets)
        made = _search_graph(graph)
    with clock.task("attach"):
        tree = shapely.STRtree(task.streets.geometry.to_numpy())
        homes = _on_edges(tree, task.homes)
    with clock.task("nearest"):
        for row, sites in enumerate(task.facilities):
            metres = _edge_search(made, graph, homes, _on_edges(tree, sites))
            minutes[row] = np.where(metres <= LIMIT_M, metres, np.inf) / SPEED_M_MIN
    return {"homes": minutes}


def _on_edges(tree: shapely.STRtree, xy: Numbers) -> OnEdges:
    points = shapely.points(xy)
    edge = np.asarray(tree.nearest(points))
    lines = tree.geometries[edge]
    return OnEdges(edge, shapely.line_locate_point(lines, points), shapely.distance(lines, points))


def _edge_search(made: nx.Graph[int], graph: Graph, homes: OnEdges, sites: OnEdges) -> Numbers:
    own = range(len(made), len(made) + len(sites.edge))
    for node, edge, at_m, leg_m in zip(own, *(column.tolist() for column in sites), strict=True):
        u, v = graph.edge_nodes[edge].tolist()
        made.add_edge(node, v, weight=leg_m + graph.length_m[edge] - at_m)
        loop_m = leg_m + min(at_m, graph.length_m[edge] - at_m)
        made.add_edge(node, u, weight=loop_m if u == v else leg_m + at_m)
    metres = _search(made, set(own))
    made.remove_nodes_from(own)
    u, v = graph.edge_nodes[homes.edge].T
    ahead_m = graph.length_m[homes.edge] - homes.at_m
    walked: Numbers = homes.leg_m + np.minimum(metres[u] + homes.at_m, metres[v] + ahead_m)
    left, right = (pd.DataFrame(places._asdict()).reset_index() for places in (homes, sites))
    pairs = left.merge(right, on="edge")
    direct = (pairs["at_m_x"] - pairs["at_m_y"]).abs() + pairs["leg_m_x"] + pairs["leg_m_y"]
    np.minimum.at(walked, pairs["index_x"].to_numpy(), direct.to_numpy())
    return walked


def time_osmnx(clock: Clock, task: Task) -> Answers:
    """Run the isochrone recipe of osmnx-examples, notebook 13, without its slow look-ups and node buffers."""
    ego_graph, ox = import_module("networkx").ego_graph, import_module("osmnx")
    with clock.task("build"):
        graph = ox.graph_from_gdfs(*_osmnx_tables(task.streets))
        for *_, data in graph.edges(data=True):
            data["time"] = data["length"] / SPEED_M_MIN
    areas = []
    with clock.task("areas"):
        for centre in ox.distance.nearest_nodes(graph, *task.origins.T).tolist():
            reached = ego_graph(graph, centre, radius=LIMIT_MIN, distance="time")
            lines = [data["geometry"] for *_, data in reached.edges(data=True)]
            areas.append(gpd.GeoSeries(lines).buffer(RECIPE_BUFFER_M).union_all())
    clock.seconds["areas"] *= ORIGINS / len(task.origins)
    clock.area_ha = float(shapely.area(areas).mean() / 1e4)
    return {}


def _osmnx_tables(streets: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give nodes, and edges both ways, as OSMnx keeps streets for walkers."""
    graph, lines = make_graph(streets), streets.geometry.to_numpy()
    x, y = graph.node_xy.T
    nodes = gpd.GeoDataFrame({"x": x, "y": y}, geometry=gpd.points_from_xy(x, y), crs=streets.crs)
    table = pd.DataFrame(np.concatenate([graph.edge_nodes, graph.edge_nodes[:, ::-1]]), columns=["u", "v"])
    table = table.assign(length=np.tile(graph.length_m, 2), key=table.groupby(["u", "v"]).cumcount())
    both = np.concatenate([lines, shapely.reverse(lines)])
    return nodes, gpd.GeoDataFrame(table, geometry=both, crs=streets.crs).set_index(["u", "v", "key"])


TOOLS: dict[str, tuple[Callable[[Clock, Task], Answers], tuple[str, ...]]] = {
    "fengmao_geo": (time_ours, ("fengmao-geo", "scipy", "shapely", "geopandas")),
    "pandana": (time_pandana, ("pandana", "pandas")),
    "networkx-nodes": (time_networkx_nodes, ("networkx", "scipy")),
    "networkx-edges": (time_networkx_edges, ("networkx", "shapely")),
    "osmnx-recipe": (time_osmnx, ("osmnx", "networkx", "shapely", "geopandas")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("data", type=Path)
    parser.add_argument("--origins", type=int, default=ORIGINS)
    parser.add_argument("--per-type", type=int, default=PER_TYPE)
    parser.add_argument("--answers", type=Path)
    options = parser.parse_args()
    # Compiled peers write progress to stdout: it goes to stderr, and only the JSON to the real one.
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    tool, packages = TOOLS[options.tool]
    clock, task = Clock(), make_task(options)
    try:
        answers = tool(clock, task)
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}), file=stdout, flush=True)
        return
    if options.answers is not None and answers:
        np.savez(options.answers, **answers)  # type: ignore[arg-type]  # arrays by name
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}
    print(json.dumps(vars(clock) | {"versions": versions}), file=stdout, flush=True)


if __name__ == "__main__":
    main()
