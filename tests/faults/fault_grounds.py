"""Rasters that lie elsewhere or are not whole, and streets that do not meet."""

from __future__ import annotations

import numpy as np
import rasterio
from affine import Affine
from faulty import Faults, Told, town
from town_layers import EAST, NORTH, frame, good_layers, line, square

from fengmao_geo.findings import join_findings
from fengmao_geo.network.build import walk_network

FAULTS = Faults()
of = FAULTS.of

SIDE, PIXEL_M = 50, 20.0
NORTH_UP = Affine(PIXEL_M, 0, EAST, 0, -PIXEL_M, NORTH + 1000)
IMAGE = (
    '[rasters.imagery_before]\npath = "a.tif"\nbands = ["red", "nir"]\ndate = 2021-07-20\nscale = 0.0001\n'
)


def tif(folder, pixels=None, *, crs="EPSG:4549", transform=NORTH_UP, **profile):
    if pixels is None:
        pixels = (1000 + np.arange(2 * SIDE * SIDE).reshape(2, SIDE, SIDE) * 7 % 2500).astype("uint16")
    count, height, width = pixels.shape
    size = {"count": count, "height": height, "width": width, "dtype": pixels.dtype}
    with rasterio.open(
        folder / "a.tif", "w", "GTiff", crs=crs, transform=transform, **size, **profile
    ) as file:
        file.write(pixels)
    return folder / "a.tif"


def raster(of_code, *says, severity="error"):
    return of(of_code, *says, severity=severity, layer="imagery_before")


@raster("raster_crs_missing", "EPSG:4549", "a.tif")
def raster_without_crs(folder):
    tif(folder, crs=None)
    return town(folder, IMAGE)


@raster("raster_elsewhere", "a.tif")
def raster_of_another_town_gives_zeros(folder):
    tif(folder, transform=Affine(PIXEL_M, 0, EAST + 90_000, 0, -PIXEL_M, NORTH))
    return town(folder, IMAGE)


@raster("raster_elsewhere_looks", "EPSG:4549", "a.tif")
def raster_of_a_mislabelled_zone(folder):
    tif(folder, crs="EPSG:4550")
    return town(folder, IMAGE)


@raster("raster_partly", "a.tif", severity="warning")
def raster_of_half_the_town(folder):
    tif(folder, transform=Affine(PIXEL_M, 0, EAST + 500, 0, -PIXEL_M, NORTH + 1000))
    return town(folder, IMAGE)


@raster("raster_nodata_undeclared", "0", severity="warning")
def raster_whose_nodata_nobody_declared_is_summed(folder):
    pixels = (1000 + np.arange(2 * SIDE * SIDE).reshape(2, SIDE, SIDE) * 7 % 2500).astype("uint16")
    pixels[:, :20] = 0
    tif(folder, pixels)
    return town(folder, IMAGE)


@raster("raster_cut", "a.tif")
def raster_cut_short(folder):
    path = tif(folder)
    path.write_bytes(path.read_bytes()[:-3000])
    return town(folder, IMAGE)


@raster("raster_block", "a.tif", "TILED=YES")
def raster_that_unpacks_to_gigabytes(folder):
    size = {"count": 2, "height": 20_000, "width": 20_000, "dtype": "uint16", "sparse_ok": True}
    tiles = {"tiled": True, "blockxsize": 20_000, "blockysize": 20_000, "compress": "deflate"}
    place = {"crs": "EPSG:4549", "transform": Affine(0.05, 0, EAST, 0, -0.05, NORTH + 1000)}
    with rasterio.open(folder / "a.tif", "w", "GTiff", **size, **tiles, **place):
        pass
    return town(folder, IMAGE)


@raster("raster_remote", "http://example.invalid/a.tif")
def raster_at_an_address(folder):
    return town(folder, IMAGE.replace("a.tif", "http://example.invalid/a.tif"))


@raster("raster_date_missing", "date")
def raster_without_a_date(folder):
    tif(folder)
    return town(folder, IMAGE.replace("date = 2021-07-20\n", ""))


@raster("raster_band_missing", "nir")
def raster_without_the_band_needed(folder):
    tif(folder)
    return town(folder, IMAGE.replace('"nir"', '"green"'))


@of("raster_unknown", "picture", layer="picture")
def raster_of_no_known_name(folder):
    tif(folder)
    return town(folder, IMAGE.replace("imagery_before", "picture"))


@of("people_raster_negative", severity="excluded", layer="people")
def people_below_zero_in_a_raster(folder):
    counts = np.full((1, 10, 10), 3.0, dtype="float32")
    counts[0, 0, 0] = -9999.0
    tif(folder, counts, transform=Affine(100, 0, EAST, 0, -100, NORTH + 1000))
    homes = good_layers()["buildings"].drop(columns="people")
    return town(folder, '[rasters.people]\npath = "a.tif"\n', buildings=homes)


# Streets.


def walked(folder, *, head='crs = "EPSG:4549"', **layers):
    """Read a town, make its network, and give what was told of both."""
    told = town(folder, head=head, **layers)
    return Told(told.is_refused, join_findings([told.findings, walk_network(told.read).audit]))


def streets(*lines):
    return frame(lines, id=[f"s{i}" for i in range(len(lines))], street_class=["main"] * len(lines))


@of("bare_crossing", "s1", severity="warning", layer="streets")
def streets_that_cross_without_a_shared_vertex(folder):
    return walked(folder, streets=streets(line((0, 500), (1000, 500)), line((500, 0), (500, 1000))))


@of("gap_joined", "s1", severity="repaired", layer="streets")
def dead_end_a_hand_from_its_junction(folder):
    return walked(folder, streets=streets(line((0, 500), (1000, 500)), line((500, 0), (500, 499.8))))


@of("street_cut_at_water", severity="repaired", layer="streets")
def street_through_a_canal_without_a_bridge(folder):
    return walked(
        folder,
        head='crs = "EPSG:4549"\nbridges_complete = true',
        streets=streets(line((0, 500), (1000, 500)), line((500, 0), (500, 500))),
        water=frame([square(700, 480, 40)], id=["w1"]),
    )


@of("suspected_bridge", severity="warning", layer="streets")
def street_through_a_canal_where_bridges_may_be_unmarked(folder):
    return walked(
        folder,
        streets=streets(line((0, 500), (1000, 500)), line((500, 0), (500, 500))),
        water=frame([square(700, 480, 40)], id=["w1"]),
    )
