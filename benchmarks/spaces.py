"""Open land: fengmao_geo beside geopandas.overlay and one union; find_spaces by size.

Open land alone, on Vologda (25,324 buildings, roads widened by 3 m each way, water): what is left of the
town's area. geopandas' overlay is given a tenth of the town, which takes it ten minutes; name a smaller share
to spare time. Then the whole of `find_spaces` on parts of the town of growing size.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

import fengmao_geo as fg
from fengmao_geo.geo.planar import erase, polygons_of
from fengmao_geo.spaces.candidates import survey_spaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vologda"
CRS = 32637
ROAD_HALF_M = 3.0


class Ground(NamedTuple):
    """A town's area and what occupies it."""

    area: shapely.Geometry
    occupied: Geometries


def read() -> dict[str, gpd.GeoDataFrame]:
    """Read the layers, all in metres."""
    names = ("boundaries", "buildings", "roads", "water")
    layers = {name: gpd.read_parquet(DATA / f"{name}.parquet").to_crs(CRS) for name in names}
    return layers | {"water": layers["water"][layers["water"].geom_type.str.contains("Polygon")]}


def ground_of(layers: dict[str, gpd.GeoDataFrame], share: float) -> Ground:
    """Take the ground of a part of the town that holds a share of the buildings."""
    area = layers["boundaries"].union_all()
    roads = shapely.buffer(layers["roads"].geometry.to_numpy(), ROAD_HALF_M, cap_style="flat")
    others = [layers[name].geometry.to_numpy() for name in ("buildings", "water")]
    occupied = np.concatenate([roads, *others])
    if share < 1:
        area = area.intersection(part_of(layers, share))
        occupied = occupied[shapely.intersects(occupied, area)]
    return Ground(area, occupied)


def part_of(layers: dict[str, gpd.GeoDataFrame], share: float) -> shapely.Geometry:
    """Draw the square about the middle of the buildings that holds a share of them."""
    xy = shapely.get_coordinates(shapely.centroid(layers["buildings"].geometry.to_numpy()))
    middle = np.median(xy, axis=0)
    reach_m = np.quantile(np.abs(xy - middle).max(axis=1), share)
    return shapely.box(*(middle - reach_m), *(middle + reach_m))


def ours(ground: Ground) -> float:
    return float(shapely.area(erase(polygons_of(np.array([ground.area])), ground.occupied)).sum())


def one_union(ground: Ground) -> float:
    return float(shapely.difference(ground.area, shapely.union_all(ground.occupied)).area)


def overlay(ground: Ground) -> float:
    left = gpd.GeoDataFrame(geometry=[ground.area], crs=CRS)
    taken = gpd.GeoDataFrame(geometry=ground.occupied, crs=CRS)
    return float(gpd.overlay(left, taken, how="difference", keep_geom_type=True).area.sum())


def seconds(tool: Callable[[Ground], float], ground: Ground, repeat: int) -> tuple[float, float]:
    """Time a tool, the median of some runs; give its answer too."""
    taken, area_m2 = [], 0.0
    for _ in range(repeat):
        start = time.perf_counter()
        area_m2 = tool(ground)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), area_m2


def open_land_rows(layers: dict[str, gpd.GeoDataFrame], repeat: int, share: float) -> Iterator[str]:
    """Lay out the times of all tools as Markdown."""
    yield "| ground | tool | seconds | times ours | m² |"
    yield "| --- | --- | ---: | ---: | ---: |"
    part, whole = ground_of(layers, share), ground_of(layers, 1.0)
    for name, ground, tools in (
        (f"{share:g} of it", part, {"geopandas.overlay": overlay, "one union and difference": one_union}),
        ("whole", whole, {"one union and difference": one_union}),
    ):
        own, own_m2 = seconds(ours, ground, repeat)
        yield f"| {name} | fengmao_geo | {own:.2f} |  | {own_m2:,.3f} |"
        for tool, run in tools.items():
            taken, area_m2 = seconds(run, ground, 1 if run is overlay else repeat)
            yield f"| {name} | {tool} | {taken:.2f} | {taken / own:.1f} | {area_m2:,.3f} |"


def town_of(layers: dict[str, gpd.GeoDataFrame], share: float) -> fg.Town:
    """Make a town of the part that holds a share of the buildings."""
    part = part_of(layers, share) if share < 1 else layers["boundaries"].union_all().buffer(1)
    homes = layers["buildings"]
    homes = gpd.GeoDataFrame(
        {
            "use": np.where(homes["is_living"], "residential", "other"),
            "people": homes["population"].astype(float),
            "floor_count": homes["number_of_floors"],
        },
        geometry=homes.geometry,
        crs=CRS,
    )
    cut = {name: layers[name][layers[name].intersects(part)][["geometry"]] for name in ("roads", "water")}
    return fg.Town.from_layers(
        name=f"Vologda {share:g}",
        built_up=layers["boundaries"][["geometry"]].clip(part),
        buildings=homes[homes.intersects(part)],
        streets=cut["roads"],
        water=cut["water"],
    )


def growth_rows(layers: dict[str, gpd.GeoDataFrame]) -> Iterator[str]:
    """Lay out how the whole of find_spaces grows with the town."""
    yield "| share of the buildings | buildings | spaces | seconds | peak MiB so far |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for share in (0.25, 0.5, 1.0):
        town = town_of(layers, share)
        network = fg.walk_network(town)
        start = time.perf_counter()
        found = survey_spaces(town, network)
        taken = time.perf_counter() - start
        unit = 1024**2 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        count = len(town["buildings"])
        yield f"| {share:g} | {count:,} | {len(found.spaces):,} | {taken:.1f} | {peak:,.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time open land and find_spaces; prints Markdown.")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each tool; the median counts (5)")
    share = "share of the town that overlay is given (0.1)"
    parser.add_argument("--overlay-share", type=float, default=0.1, help=share)
    options = parser.parse_args()
    if not DATA.exists():
        print("skipped: vologda is not in ../shared/data beside the project")
        return
    layers = read()
    machine = f"{os.cpu_count()} CPUs, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"Median of {options.repeat}; {machine}.\n")
    for row in open_land_rows(layers, options.repeat, options.overlay_share):
        print(row, flush=True)
    print()
    for row in growth_rows(layers):
        print(row, flush=True)


if __name__ == "__main__":
    main()
