"""100,000 parcels from file to checked layer, beside what geopandas does by hand; prints Markdown.

Each run of a tool is a process of its own. The parcels are made: a patchwork of plots in EPSG:4549 with land
codes of the third survey, one in a hundred crossing itself, one in a hundred with an unknown code, one in five
hundred lying on its neighbours. Ours names columns, sets ids, checks coordinates, repairs, puts outlines on the
grid of 1 mm, reads codes in their scheme and lists overlaps in pairs; by hand means reading, ``make_valid`` and a
join with the table of codes.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

SIDE_M = 30.0


def make(path: Path, count: int) -> None:
    """Write parcels, a built-up area and a street as a town's folder."""
    noise = np.random.default_rng(1)
    across = int(np.ceil(np.sqrt(count)))
    corner = np.stack(np.meshgrid(np.arange(across + 1.0), np.arange(across + 1.0)), axis=-1) * SIDE_M
    corner += noise.uniform(-6, 6, corner.shape).round(2) + np.array([560_000.0, 3_390_000.0])
    rings = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=2).reshape(
        -1, 4, 2
    )
    rings = rings[:count]
    crossed = noise.random(len(rings)) < 0.01
    rings[crossed] = rings[crossed][:, [0, 2, 1, 3]]
    shapes = shapely.polygons(rings)
    wide = noise.random(len(rings)) < 0.002
    shapes[wide] = shapely.buffer(shapes[wide], 0.5)
    codes = noise.choice(["0701", "0702", "0601", "1003", "0101", "05H1", "0805"], len(rings)).astype(object)
    codes[noise.random(len(rings)) < 0.01] = "9999"
    parcels = gpd.GeoDataFrame(
        {"BSM": np.arange(len(rings)).astype(str), "DLBM": codes}, geometry=shapes, crs=4549
    )
    parcels.to_file(path / "town.gpkg", layer="parcels")
    ground = shapely.box(*parcels.total_bounds)
    gpd.GeoDataFrame(geometry=[ground], crs=4549).to_file(path / "town.gpkg", layer="built_up")
    west, south, east, _ = ground.bounds
    street = shapely.LineString([(west, south), (east, south)])
    gpd.GeoDataFrame(geometry=[street], crs=4549).to_file(path / "town.gpkg", layer="streets")
    layers = [
        f'[layers.{name}]\npath = "town.gpkg"\nlayer = "{name}"\n'
        for name in ("built_up", "streets", "parcels")
    ]
    head = '[town]\nname = "T"\ncrs = "EPSG:4549"\npeople_total = 1000\n'
    (path / "town.toml").write_text("".join([head, *layers, 'codes = "sandiao"\n']), encoding="utf-8")


def ours(folder: Path) -> dict[str, float]:
    """Read the town as a planner does."""
    from fengmao_geo.town.read import read_town  # noqa: PLC0415  counted in the process, not in the time

    start = time.perf_counter()
    town = read_town(folder)
    return {"seconds": time.perf_counter() - start, "rows": len(town["parcels"]), "found": len(town.findings)}


def by_hand(folder: Path) -> dict[str, float]:
    """Read with geopandas, repair and join the codes; nothing is reported."""
    from fengmao_geo.standards.load import land_classes  # noqa: PLC0415  as above

    table = pd.DataFrame({"DLBM": list(land_classes("sandiao"))}).assign(is_known=True)
    start = time.perf_counter()
    parcels = gpd.read_file(folder / "town.gpkg", layer="parcels")
    bad = ~parcels.is_valid
    shapes = parcels.geometry.to_numpy().copy()
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    joined = parcels.set_geometry(shapes, crs=parcels.crs).merge(table, how="left", on="DLBM")
    return {"seconds": time.perf_counter() - start, "rows": len(joined), "found": 0}


TOOLS = {"fengmao_geo": ours, "geopandas, by hand": by_hand}


def main() -> None:
    """Time each tool in processes of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tool:
        found = TOOLS[given.tool](given.folder)
        found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as place:
        make(Path(place), given.parcels)
        print(
            "| tool | rows | findings | seconds | ratio | peak MiB |\n"
            "| --- | ---: | ---: | ---: | ---: | ---: |"
        )
        first = None
        for tool in TOOLS:
            words = [sys.executable, __file__, "--tool", tool, "--folder", place]
            runs = [
                json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)  # noqa: S603  ourselves
                for _ in range(given.repeat)
            ]
            seconds = statistics.median(run["seconds"] for run in runs)
            first = first or seconds
            peak = max(run["peak_mib"] for run in runs)
            row = f"| {tool} | {runs[0]['rows']:,.0f} | {runs[0]['found']:,.0f} | {seconds:.1f} |"
            print(f"{row} {seconds / first:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
