"""Import of an OpenStreetMap file beside osmnx's own XML route and pyrosm, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import osmium

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTRY = Path(__file__).resolve().parents[2] / "shared" / "data" / "liechtenstein.osm.pbf"
# West, south, east and north of the cut that osmnx reads as XML: the town of Vaduz.
CUT = (9.500, 47.120, 9.540, 47.160)
# What all are asked for: streets, buildings, land use, water and green, facilities.
KEYS = ("building", "landuse", "natural", "leisure", "waterway", "amenity", "shop")


def of_fengmao(path: Path) -> dict[str, int]:
    town = import_module("fengmao_geo").read_osm(path)
    return {layer: len(town[layer]) for layer in ("streets", "buildings", "parcels", "facilities")}


def of_osmnx(path: Path) -> dict[str, int]:
    ox = import_module("osmnx")
    graph = ox.project_graph(ox.graph_from_xml(path, simplify=False, retain_all=True))
    features = ox.features_from_xml(path, tags=dict.fromkeys(KEYS, True))
    features = features.to_crs(graph.graph["crs"])
    return {
        "streets": graph.number_of_edges(),
        "buildings": int(features["building"].notna().sum()),
        "parcels": int(features["landuse"].notna().sum()),
        "facilities": int(features["amenity"].notna().sum()),
    }


def of_pyrosm(path: Path) -> dict[str, int]:
    osm = import_module("pyrosm").OSM(str(path))
    streets = osm.get_network(network_type="all")
    crs = streets.estimate_utm_crs()
    asked = [osm.get_buildings(), osm.get_landuse(), osm.get_pois(), osm.get_natural()]
    counts = [0 if frame is None else len(frame.to_crs(crs)) for frame in (streets, *asked[:3])]
    return dict(zip(("streets", "buildings", "parcels", "facilities"), counts, strict=True))


TOOLS: dict[str, Callable[[Path], dict[str, int]]] = {
    "fengmao_geo": of_fengmao,
    "osmnx": of_osmnx,
    "pyrosm": of_pyrosm,
}


def cut(source: Path, target: Path) -> None:
    west, south, east, north = CUT

    def is_inside(place: osmium.osm.Location) -> bool:
        return place.valid() and west <= place.lon <= east and south <= place.lat <= north

    with osmium.BackReferenceWriter(str(target), ref_src=str(source), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(source)).with_locations():
            is_node = thing.is_node() and is_inside(thing.location)
            if is_node or (thing.is_way() and any(is_inside(node.location) for node in thing.nodes)):
                writer.add(thing)


def run(tool: str, path: Path) -> dict[str, Any]:
    """Run one tool once in a process of its own; its import counts, as it does for whoever waits."""
    command = [sys.executable, __file__, "--tool", tool, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    if done.returncode:
        return {"fault": done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode)}
    return json.loads(done.stdout.splitlines()[-1])


def measure(tool: str, path: Path) -> None:
    start, used = time.perf_counter(), time.process_time()
    counts = TOOLS[tool](path)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    peak = peak_mib()
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "counts": counts}))


def peak_mib() -> float:
    """Give the most memory this process had; what the system counts also holds that of the one before it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(cases: list[tuple[str, str, Path]], repeat: int) -> None:
    heads = (
        "file",
        "tool",
        "seconds",
        "of CPU",
        "peak MiB",
        "CPU, ours = 1",
        "streets, buildings, land use, places",
    )
    print("| " + " | ".join(heads) + " |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    ours: dict[str, float] = {}
    for label, tool, path in cases:
        if find_spec(tool) is None:
            print(f"| {label} | {tool} | not installed | | | | |")
            continue
        runs = [run(tool, path) for _ in range(repeat)]
        if "fault" in runs[0]:
            print(f"| {label} | {tool} | {runs[0]['fault']} | | | | |")
            continue
        seconds, cpu, peak = (statistics.median(it[key] for it in runs) for key in ("seconds", "cpu", "peak"))
        ours.setdefault(label, cpu)
        shown = [f"{seconds:.1f}", f"{cpu:.1f}", f"{peak:,.0f}", f"{cpu / ours[label]:.1f}"]
        counts = ", ".join(f"{count:,}" for count in runs[0]["counts"].values())
        print("| " + " | ".join([label, tool, *shown, counts]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tool", choices=list(TOOLS), help="run one tool once and print what it took")
    parser.add_argument("--file", type=Path, default=COUNTRY)
    asked = parser.parse_args()
    if asked.tool:
        measure(asked.tool, asked.file)
        return
    if not asked.file.exists():
        sys.exit(f"{asked.file} is not there")
    with TemporaryDirectory() as folder:
        small, xml = Path(folder) / "cut.osm.pbf", Path(folder) / "cut.osm"
        cut(asked.file, small)
        cut(asked.file, xml)
        whole = asked.file.name
        cases = [(whole, "fengmao_geo", asked.file), (whole, "pyrosm", asked.file)]
        cases += [("cut, .osm.pbf", "fengmao_geo", small), ("cut, .osm.pbf", "pyrosm", small)]
        cases += [("cut, .osm", "fengmao_geo", xml), ("cut, .osm", "osmnx", xml)]
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} CPUs\n")
        table(cases, asked.repeat)


if __name__ == "__main__":
    main()
