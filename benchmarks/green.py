"""Vegetation of two dates over 5,000 areas: memory and time beside rasterstats and a whole-array pass.

Makes two images of red and near infrared (16-bit, tiled, deflated) and areas of 40 m² to 4 ha, and runs each
tool in a process of its own:

- read: every block of both files once, nothing done with it;
- fengmao_geo: `image_gains`, all indicators with their intervals, classes, picture;
- rasterstats: the mean of each of the four bands over each area, from which NDVI of means follows;
- numpy: both images whole in memory, NDVI, areas drawn into one array of numbers, means of both dates.

It prints Markdown. README.md says what is alike and what is not.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy.ndimage import zoom

import fengmao_geo as fg
from fengmao_geo.geo.raster_file import RasterBand, RasterFile
from fengmao_geo.green.vegetation import image_gains

CRS = "EPSG:4549"
LEFT, TOP, PIXEL_M = 572_000.0, 3_410_000.0, 0.5
BLOCK, SCALE = 512, 1e-4
SEED = 20240601
DATES = ("before", "after")
TOOLS = ("read", "fengmao_geo", "rasterstats", "numpy")


def transform() -> Affine:
    return Affine(PIXEL_M, 0, LEFT, 0, -PIXEL_M, TOP)


def make_image(path: Path, size: int, date: str) -> None:
    """Write an image block by block: patches of plants, the same for both dates, and noise of its own."""
    patches = np.random.default_rng(SEED).random((size // 128 + 9, size // 128 + 9)).astype(np.float32)
    noise = np.random.default_rng([SEED, DATES.index(date)])
    options = {"driver": "GTiff", "count": 2, "width": size, "height": size, "dtype": "uint16", "crs": CRS}
    tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "zlevel": 1}
    with rasterio.open(
        path, "w", transform=transform(), interleave="band", BIGTIFF="YES", **options, **tiles
    ) as file:
        for top in range(0, size, BLOCK):
            for left in range(0, size, BLOCK):
                row, col = top // 128, left // 128
                smooth = zoom(
                    patches[row : row + 5, col : col + 5], BLOCK / 4, order=1, grid_mode=True, mode="nearest"
                )
                ndvi = (
                    0.1
                    + 0.6 * smooth[:BLOCK, :BLOCK]
                    + 0.02 * noise.standard_normal((BLOCK, BLOCK), np.float32)
                )
                red, nir = 0.2 * (1 - ndvi) / SCALE, 0.2 * (1 + ndvi) / SCALE
                block = np.stack([red, nir])[:, : size - top, : size - left]
                file.write(
                    block.clip(1, 65535).astype("uint16"), window=Window(left, top, *block.shape[:0:-1])
                )


def make_areas(size: int, count: int) -> gpd.GeoDataFrame:
    """Draw octagons of 40 m² to 4 ha, which may overlap."""
    rng = np.random.default_rng(SEED)
    radius_m = np.sqrt(np.exp(rng.uniform(np.log(40), np.log(40_000), count)) / np.pi)
    side_m = size * PIXEL_M
    middles = shapely.points(rng.uniform(150, side_m - 150, (count, 2)) + np.array([LEFT, TOP - side_m]))
    ids = [f"a{row:05}" for row in range(count)]
    named = {"area_kind": "intervention", "area_id": ids, "area_name": ids}
    return gpd.GeoDataFrame(named, geometry=shapely.buffer(middles, radius_m, quad_segs=2), crs=CRS)


def make(folder: Path, size: int, count: int) -> None:
    """Write images and areas if there is room for them."""
    needed = size * size * 2 * 2 * 2
    if (free := shutil.disk_usage(folder).free) < needed * 1.2:
        sys.exit(f"{folder} has {free / 2**30:.1f} GiB free; {needed * 1.2 / 2**30:.1f} GiB are needed")
    for date in DATES:
        make_image(folder / f"{date}.tif", size, date)
    make_areas(size, count).to_file(folder / "areas.gpkg")


def run_read(folder: Path) -> dict[str, Any]:
    total = 0
    for date in DATES:
        with rasterio.Env(GDAL_CACHEMAX=64 * 2**20), rasterio.open(folder / f"{date}.tif") as file:
            for _, window in file.block_windows(1):
                total += int(file.read(window=window)[0, 0, 0])
    return {"checksum": total}


def run_fengmao_geo(folder: Path) -> dict[str, Any]:
    areas = gpd.read_file(folder / "areas.gpkg")
    with rasterio.open(folder / "before.tif") as file:
        ground = gpd.GeoDataFrame(geometry=[shapely.box(*file.bounds)], crs=CRS)
    home = gpd.GeoDataFrame(
        {"use": ["residential"], "people": [1.0]}, geometry=ground.centroid.buffer(5), crs=CRS
    )
    street = gpd.GeoDataFrame(geometry=ground.boundary, crs=CRS)
    town = fg.Town.from_layers(name="Benchmark", built_up=ground, streets=street, buildings=home)
    bands = {
        date: {name: RasterBand(folder / f"{date}.tif", at, SCALE) for at, name in ((1, "red"), (2, "nir"))}
        for date in DATES
    }
    rasters = {
        f"imagery_{date}": RasterFile(bands[date], day)
        for date, day in zip(DATES, ("2021-07-20", "2024-07-24"), strict=True)
    }
    gains = image_gains(replace(town, rasters=rasters), areas).gains
    ndvi = gains[gains["indicator"] == "measured_ndvi"].set_index("area_id").loc[areas["area_id"]]
    return {"ndvi": [ndvi[date].tolist() for date in DATES]}


def run_rasterstats(folder: Path) -> dict[str, Any]:
    from rasterstats import zonal_stats  # noqa: PLC0415  a peer that may be missing

    areas = gpd.read_file(folder / "areas.gpkg")
    means = []
    for date in DATES:
        red, nir = (
            [
                one["mean"] or np.nan
                for one in zonal_stats(areas, folder / f"{date}.tif", band=band, stats="mean", nodata=0)
            ]
            for band in (1, 2)
        )
        means.append(((np.array(nir) - red) / (np.array(nir) + red)).tolist())
    return {"ndvi": means}


def run_numpy(folder: Path) -> dict[str, Any]:
    areas = gpd.read_file(folder / "areas.gpkg")
    means = []
    for date in DATES:
        with rasterio.open(folder / f"{date}.tif") as file:
            red, nir = file.read().astype(np.float32)
            shape = file.shape
        ndvi = (nir - red) / (nir + red)
        del red, nir
        shapes = zip(areas.geometry, range(1, len(areas) + 1), strict=True)
        number = rasterize(shapes, out_shape=shape, transform=transform(), dtype="int32").ravel()
        count, total = (np.bincount(number, weights, len(areas) + 1)[1:] for weights in (None, ndvi.ravel()))
        with np.errstate(invalid="ignore"):
            means.append((total / count).tolist())
    return {"ndvi": means}


def work(tool: str, folder: Path) -> None:
    """Run one tool in this process and print what it took as JSON."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    found = globals()[f"run_{tool}"](folder)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - begin_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"seconds": seconds, "cpu": cpu_seconds, "peak_mib": peak}))


def run(tool: str, folder: Path) -> dict[str, Any]:
    """Run one tool in a process of its own."""
    if tool == "rasterstats" and find_spec("rasterstats") is None:
        return {}
    command = [sys.executable, __file__, "--work", tool, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return {}
    return dict(json.loads(done.stdout))


def report(found: dict[str, dict[str, Any]], size: int, count: int, folder: Path) -> None:
    """Print the table."""
    stored = sum((folder / f"{date}.tif").stat().st_size for date in DATES) / 2**30
    raw = size * size * 8 / 2**30
    print(f"{size:,} by {size:,} pixels, two dates, {raw:.2f} GiB ({stored:.2f} stored), {count:,} areas\n")
    print("| tool | seconds | CPU seconds | times reading once | peak MiB | NDVI: median from ours | most |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    once = found["read"]["cpu"]
    ours = np.array(found["fengmao_geo"]["ndvi"], dtype=float)
    for tool, one in found.items():
        if not one:
            print(f"| {tool} | not installed, or failed | | | | | |")
            continue
        away = np.abs(np.array(one["ndvi"], dtype=float) - ours) if "ndvi" in one else np.array([np.nan])
        same = tool in ("read", "fengmao_geo")
        differs = "| |" if same else f"{np.nanmedian(away):.4f} | {np.nanmax(away):.4f} |"
        took = f"{one['seconds']:.1f} | {one['cpu']:.1f} | {one['cpu'] / once:.2f} | {one['peak_mib']:,.0f}"
        print(f"| {tool} | {took} | {differs}")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--size", type=int, default=20_000, help="pixels a side")
    options.add_argument("--areas", type=int, default=5_000, help="how many areas")
    options.add_argument("--folder", type=Path, help="where the images are made; kept if named")
    options.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    options.add_argument("--work", choices=TOOLS, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.work:
        work(given.work, given.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "areas.gpkg").exists():
            make(folder, given.size, given.areas)
        tools = [tool for tool in TOOLS if tool in {"read", "fengmao_geo", *given.tools}]
        report({tool: run(tool, folder) for tool in tools}, given.size, given.areas, folder)


if __name__ == "__main__":
    main()
