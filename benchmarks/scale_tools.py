"""The tools that `scale.py` times, one run of one tool at one size; what was measured goes out as JSON."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import sys
import time
from contextlib import contextmanager
from importlib import import_module, metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from fengmao_geo import Town

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "wuhan_streets.parquet"
SEED, SCATTER_M = 20240601, 20.0
TYPES, HOMES_PER_SITE, AREAS = 12, 150, 1000
LIMIT_MIN, SPEED_M_MIN = 15.0, 60.0
LIMIT_M = LIMIT_MIN * SPEED_M_MIN
# Made streets: mean length of a block, how far crossings lie off the grid, how many of its streets are there.
BLOCK_M, JITTER_M, KEPT_SHARE = 80.0, 12.0, 0.65
# Ground left between two copies, which one street crosses.
BETWEEN_M = 600.0
CIRCLE_TYPES = 25
CIRCLE_LAYERS = ("built_up", "extent", "streets", "buildings", "facilities", "blocks", "communities")
SPACE_LAYERS = (
    *(*CIRCLE_LAYERS, "parcels", "green", "water", "bridges", "compounds", "gates", "barriers", "parking"),
    *("farmland_protected", "firms", "redlines", "river_control", "heritage", "roads_surface"),
)
REFERENCES = ("id", "place_id", "parcel_id", "block_id")


class Places(NamedTuple):
    """Who lives where, and facilities: ``(h, 2)``, ``(h,)``, ``(types, per type, 2)``."""

    homes: Numbers
    people: Numbers
    facilities: Numbers


class Graph(NamedTuple):
    """Streets as peers want them: node coordinates, the two nodes of each edge."""

    node_xy: Numbers
    edge_nodes: Indices


class Meter:
    """Seconds, CPU seconds and the process's highest memory so far, by step; how large the task was."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self.counts: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        start, cpu_start = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.cpu_seconds[name] = time.process_time() - cpu_start
        self.peak_mib[name] = peak_mib()


def peak_mib() -> float:
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def copied_streets(copies: int) -> gpd.GeoDataFrame:
    """Lay copies of Wuhan side by side, each joined to the next by one street."""
    streets = gpd.read_parquet(DATA)
    lines = streets.geometry.to_numpy()
    ends = shapely.get_coordinates(shapely.get_point(np.repeat(lines, 2), np.tile([0, -1], len(lines))))
    west, east = ends[ends[:, 0].argmin()], ends[ends[:, 0].argmax()]
    step = np.array([east[0] - west[0] + BETWEEN_M, 0.0])
    moved = [moved_by(lines, copy * step) for copy in range(copies)]
    links = [
        shapely.LineString([east + one * step, west + two * step]) for one, two in pairwise(range(copies))
    ]
    return gpd.GeoDataFrame(geometry=np.concatenate([*moved, links]), crs=streets.crs)


def made_streets(nodes: int) -> gpd.GeoDataFrame:
    """Make an irregular grid of streets, some of which are missing."""
    rng, side = np.random.default_rng(SEED), math.isqrt(nodes)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1)
    jitter = np.clip(rng.normal(0, JITTER_M, grid.shape), -2 * JITTER_M, 2 * JITTER_M)
    # An easting and a northing of China, so that it is a place where towns lie.
    xy = np.array([500_000.0, 3_000_000.0]) + BLOCK_M * grid + jitter
    both = [np.stack([xy[:-1], xy[1:]], axis=2), np.stack([xy[:, :-1], xy[:, 1:]], axis=2)]
    pairs = np.concatenate([lines.reshape(-1, 2, 2) for lines in both])
    lines = shapely.linestrings(pairs[rng.random(len(pairs)) < KEPT_SHARE])
    return gpd.GeoDataFrame(geometry=lines, crs=4549)


def moved_by(shapes: NDArray[np.object_], offset: Numbers) -> NDArray[np.object_]:
    moved: NDArray[np.object_] = shapely.transform(shapes, lambda xy: xy + offset)
    return moved


def places_on(streets: gpd.GeoDataFrame) -> Places:
    """Put a home by the middle of each street, and as many facilities as that many homes have."""
    rng = np.random.default_rng(SEED)
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(streets.geometry.to_numpy(), 0.5, normalized=True)
    )
    homes = middle + rng.normal(0, SCATTER_M, middle.shape)
    people = rng.integers(1, 10, len(homes)).astype(float)
    sites = middle[rng.choice(len(middle), TYPES * (len(middle) // HOMES_PER_SITE), replace=False)]
    sites = sites + rng.normal(0, SCATTER_M, sites.shape)
    return Places(homes, people, sites.reshape(TYPES, -1, 2))


def graph_of(streets: gpd.GeoDataFrame) -> Graph:
    """Give the ends of lines numbers; the streets are noded, so nothing has to be split."""
    lines = streets.geometry.to_numpy()
    ends = shapely.get_coordinates(shapely.get_point(np.repeat(lines, 2), np.tile([0, -1], len(lines))))
    node_xy, node = np.unique(ends, axis=0, return_inverse=True)
    return Graph(node_xy, node.reshape(-1, 2))


def walk_ours(meter: Meter, streets: gpd.GeoDataFrame) -> None:
    fg = import_module("fengmao_geo")
    # Public names load their modules when first used, which is not to be timed.
    build, attach, travel_times, areas_of = fg.walk_network, fg.attach, fg.travel_times, fg.service_areas
    places = places_on(streets)
    homes, sites = (
        gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.reshape(-1, 2).T), crs=streets.crs)
        for xy in (places.homes, places.facilities)
    )
    with meter.step("build"):
        network = build(streets)
    with meter.step("attach"):
        at_homes = attach(network, homes)
    with meter.step("nearest"):
        at_sites = attach(network, sites)
        of_type = at_sites.place_ids.astype(np.intp) * TYPES // len(sites)
        for row in range(TYPES):
            travel_times(network, at_homes, at_sites.take(of_type == row), limit_min=LIMIT_MIN, nearest=1)
    found = np.zeros(len(sites))
    with meter.step("catchments"):
        at_sites = attach(network, sites)
        for row in range(TYPES):
            table = travel_times(network, at_homes, at_sites.take(of_type == row), limit_min=LIMIT_MIN)
            people = places.people[table["origin_id"].to_numpy(dtype=np.intp)]
            found += np.bincount(table["destination_id"].to_numpy(dtype=np.intp), people, len(sites))
    chosen = np.random.default_rng(SEED).choice(len(homes), AREAS, replace=False)
    with meter.step("areas"):
        areas_of(network, homes.iloc[chosen], minutes=(LIMIT_MIN,))
    meter.counts |= {"nodes": len(network.node_xy), "edges": len(network.edge_nodes), "homes": len(homes)}
    meter.counts |= {"facilities": len(sites), "people": float(found.mean())}


def walk_pandana(meter: Meter, streets: gpd.GeoDataFrame) -> None:
    """Sum people within a walk of every node, all that pandana offers; `precompute` would only add to it."""
    pandana = import_module("pandana")
    places, lengths = places_on(streets), streets.length
    homes, sites = (
        pd.DataFrame(xy.reshape(-1, 2), columns=["x", "y"]) for xy in (places.homes, places.facilities)
    )
    with meter.step("build"):
        graph = graph_of(streets)
        columns = (pd.Series(column) for array in graph for column in array.T)
        network = pandana.Network(*columns, pd.DataFrame({"metres": lengths}), twoway=True)
    with meter.step("attach"):
        node = network.get_node_ids(homes["x"], homes["y"])
    with meter.step("catchments"):
        at_sites = network.get_node_ids(sites["x"], sites["y"]).to_numpy()
        network.set(node, variable=pd.Series(places.people), name="people")
        found = network.aggregate(LIMIT_M, type="sum", decay="flat", name="people").to_numpy()[at_sites]
    meter.counts |= {"nodes": len(graph.node_xy), "edges": len(streets), "homes": len(homes)}
    meter.counts |= {"facilities": len(sites), "people": float(found.mean())}


def walk_cityseer(meter: Meter, streets: gpd.GeoDataFrame) -> None:
    """Sum people within a walk of the nodes nearest to facilities, the only ones that are `live`."""
    stats = import_module("cityseer.metrics.layers").compute_stats
    structure = import_module("cityseer.tools.io").network_structure_from_nx
    places = places_on(streets)
    sites = places.facilities.reshape(-1, 2)
    homes = gpd.GeoDataFrame(
        {"people": places.people}, geometry=gpd.points_from_xy(*places.homes.T), crs=streets.crs
    )
    with meter.step("build"):
        graph = graph_of(streets)
        at_sites = import_module("scipy.spatial").cKDTree(graph.node_xy).query(sites)[1]
        is_live = np.isin(np.arange(len(graph.node_xy)), at_sites)
        made = import_module("networkx").MultiGraph(crs=streets.crs)
        for node, (xy, live) in enumerate(zip(graph.node_xy.tolist(), is_live.tolist(), strict=True)):
            made.add_node(str(node), x=xy[0], y=xy[1], live=live, weight=1)
        for (u, v), line in zip(graph.edge_nodes.tolist(), streets.geometry, strict=True):
            made.add_edge(str(u), str(v), geom=line)
        nodes, _, network = structure(made)
    with meter.step("catchments"):
        table = stats(
            homes,
            ["people"],
            nodes,
            network,
            distances=[int(LIMIT_M)],
            decay_fn="1",
            measures=["sum"],
        )
    column = next(name for name in table.columns if "people" in name and "sum" in name)
    found = table[column].reindex([str(node) for node in at_sites]).to_numpy(dtype=float)
    meter.counts |= {"nodes": len(graph.node_xy), "edges": len(streets), "homes": len(homes)}
    meter.counts |= {"facilities": len(sites), "people": float(found.mean())}


def tiled_town(layers: tuple[str, ...], tiles: int) -> dict[str, gpd.GeoDataFrame]:
    """Lay copies of the sample town in rows, each joined to its neighbours by one street."""
    sample = import_module("fengmao_geo").sample_town()
    low_x, low_y, high_x, high_y = sample.extent.bounds
    step = np.array([high_x - low_x, high_y - low_y]) + BETWEEN_M
    side = math.ceil(math.sqrt(tiles))
    at = {tile: np.array(divmod(tile, side)) for tile in range(tiles)}
    made = {}
    for name in layers:
        frame = sample[name]
        copies = []
        for tile, place in at.items():
            shapes = moved_by(frame.geometry.to_numpy(), place * step)
            ids = {key: f"{tile:04d}-" + frame[key] for key in REFERENCES if key in frame.columns}
            # No city has a hundred streets of one name, which are one street to the names of spaces.
            ids |= {"name": frame["name"] + f"{tile:04d}"} if name in {"streets", "water"} else {}
            copies.append(frame.assign(**ids).set_geometry(gpd.GeoSeries(shapes, frame.index, crs=frame.crs)))
        made[name] = pd.concat(copies, ignore_index=True)
    lines = sample["streets"].geometry.to_numpy()
    ends = shapely.get_coordinates(shapely.get_point(np.repeat(lines, 2), np.tile([0, -1], len(lines))))
    links = []
    for axis in (0, 1):
        last, first = ends[ends[:, axis].argmax()], ends[ends[:, axis].argmin()]
        for place in at.values():
            beside = place + np.eye(2, dtype=int)[axis]
            if any((beside == other).all() for other in at.values()):
                links.append(shapely.LineString([last + place * step, first + beside * step]))
    link_ids = [f"link-{row:04d}" for row in range(len(links))]
    joined = gpd.GeoDataFrame({"id": link_ids}, geometry=links, crs=sample.crs)
    made["streets"] = pd.concat([made["streets"], joined], ignore_index=True) if links else made["streets"]
    return made


def town_of(meter: Meter, layers: dict[str, gpd.GeoDataFrame]) -> Town:
    fg = import_module("fengmao_geo")
    settings = fg.TownSettings(bridges_complete=True, surveyed_types="all", codes={"parcels": "sandiao"})
    make, build = fg.Town.from_layers, fg.walk_network
    with meter.step("town"):
        town: Town = make(name="copies", settings=settings, **layers)
    with meter.step("build"):
        build(town)
    return town


def circles_ours(meter: Meter, dwellings: int) -> None:
    fg, load = import_module("fengmao_geo"), import_module("fengmao_geo.standards.load")
    asked = load.catalogue("township")
    entries = tuple(entry for entry in asked.entries if entry.is_required)[:CIRCLE_TYPES]
    asked = asked.model_copy(update={"entries": entries})
    per_tile = len(fg.sample_town().spread.rows)
    town = town_of(meter, tiled_town(CIRCLE_LAYERS, math.ceil(dwellings / per_tile)))
    network, circles_of = fg.walk_network(town), fg.life_circles
    with meter.step("life circles"):
        circles = circles_of(town, network, catalogue=asked)
    meter.counts |= {"dwellings": len(circles.dwellings), "types": len(circles.types)}
    meter.counts |= {"rows of reach": len(circles.reach), "edges": len(network.edge_nodes)}


def spaces_ours(meter: Meter, buildings: int) -> None:
    fg = import_module("fengmao_geo")
    per_tile = len(fg.sample_town()["buildings"])
    town = town_of(meter, tiled_town(SPACE_LAYERS, math.ceil(buildings / per_tile)))
    network, find = fg.walk_network(town), fg.find_spaces
    with meter.step("spaces"):
        spaces = find(town, network)
    meter.counts |= {"buildings": len(town["buildings"]), "spaces": len(spaces)}


TOOLS: dict[str, tuple[Callable[[Meter, gpd.GeoDataFrame], None], tuple[str, ...]]] = {
    "fengmao_geo": (walk_ours, ("fengmao-geo", "numpy", "scipy", "shapely", "geopandas", "pandas")),
    "pandana": (walk_pandana, ("pandana", "pandas")),
    "cityseer": (walk_cityseer, ("cityseer", "networkx")),
}
STREETS: dict[str, Callable[[int], gpd.GeoDataFrame]] = {"streets": copied_streets, "grid": made_streets}
TOWNS: dict[str, Callable[[Meter, int], None]] = {"circles": circles_ours, "spaces": spaces_ours}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=(*STREETS, *TOWNS))
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("size", type=int)
    options = parser.parse_args()
    # Compiled peers write progress to stdout: it goes to stderr, and only the JSON to the real one.
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    walk, packages = TOOLS[options.tool]
    meter = Meter()
    try:
        if options.case in STREETS:
            walk(meter, STREETS[options.case](options.size))
        else:
            TOWNS[options.case](meter, options.size)
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}), file=stdout, flush=True)
        return
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}
    print(json.dumps(vars(meter) | {"versions": versions}), file=stdout, flush=True)


if __name__ == "__main__":
    main()
