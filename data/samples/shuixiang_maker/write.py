"""Writing the town: one GeoPackage, a GBK shapefile, a CSV in GCJ-02; same bytes every time."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer

from shuixiang_maker import imagery
from shuixiang_maker.canvas import HEIGHT_M, PIXEL_M

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from shuixiang_maker.canvas import Grid
    from shuixiang_maker.imagery import Pictures
    from shuixiang_maker.tables import Layers

FIXED_DATE = "2024-12-31T00:00:00.000Z"
EARTH_A = 6378245.0
EARTH_EE = 0.00669342162296594323
CSV_LAYERS = ("facilities",)
SHP_LAYERS = ("communities",)
YEARLY_DATES = {
    "parcels": "2024-12-31",
    "buildings": "2024-10-31",
    "streets": "2024-11-30",
    "green_before": "2019-12-31",
    "clouds_after": "2024-07-22",
}
BAND_NAMES = ("blue", "green", "red", "nir")
#: The rasters in the order of town.toml, and when each was taken.
RASTER_DATES = {
    "imagery_before": "2019-07-28",
    "imagery_after": "2024-07-22",
    "canopy_height_before": "2019-07-28",
    "canopy_height_after": "2024-07-22",
}
Floats = NDArray[np.float64]


def gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 longitudes and latitudes (the community formula) of WGS84 degrees."""
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    both = (20 * np.sin(6 * pi * x) + 20 * np.sin(2 * pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + both
    north += (20 * np.sin(pi * y) + 40 * np.sin(pi * y / 3)) * 2 / 3
    north += (160 * np.sin(pi * y / 12) + 320 * np.sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + both
    east += (20 * np.sin(pi * x) + 40 * np.sin(pi * x / 3)) * 2 / 3
    east += (150 * np.sin(pi * x / 12) + 300 * np.sin(pi * x / 30)) * 2 / 3
    phi = np.radians(lat)
    m = 1 - EARTH_EE * np.sin(phi) ** 2
    d_lat = north * 180 / ((EARTH_A * (1 - EARTH_EE)) / (m * np.sqrt(m)) * pi)
    d_lon = east * 180 / (EARTH_A / np.sqrt(m) * np.cos(phi) * pi)
    return lon + d_lon, lat + d_lat


def town(folder: Path, layers: Layers) -> None:
    """Write all layers and town.toml into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / "shuixiang.gpkg"
    package.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DATE})
    try:
        for name, layer in layers.items():
            if name not in CSV_LAYERS + SHP_LAYERS:
                pyogrio.write_dataframe(layer, package, layer=name, driver="GPKG", append=package.exists())
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    for name in SHP_LAYERS:
        _shapefile(folder / f"{name}.shp", layers[name])
    _facilities(folder / "facilities.csv", layers["facilities"])
    (folder / "town.toml").write_text(_toml(layers), encoding="utf-8", newline="\n")


def rasters(folder: Path, pictures: Pictures) -> None:
    """Write the four rasters into a folder; scale, nodata and band names stand in the files."""
    for name in RASTER_DATES:
        numbers = getattr(pictures, name)
        if name.startswith("imagery"):
            profile = {"nodata": 0, "scale": 1 / imagery.SCALE, "size_m": PIXEL_M, "names": BAND_NAMES}
        else:
            profile = {"nodata": imagery.NO_HEIGHT, "scale": 0.1, "size_m": HEIGHT_M, "names": ("height",)}
        _geotiff(folder / f"{name}.tif", np.atleast_3d(numbers.T).T, pictures.grid, profile)


def _geotiff(path: Path, numbers: NDArray[np.integer], grid: Grid, profile: dict[str, Any]) -> None:
    """Write whole numbers (band, row, column) as a tiled, deflated GeoTIFF."""
    path.unlink(missing_ok=True)
    bands, rows, columns = numbers.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=bands,
        height=rows,
        width=columns,
        dtype=numbers.dtype,
        crs="EPSG:4549",
        transform=grid.affine(profile["size_m"]),
        nodata=profile["nodata"],
        tiled=True,
        blockxsize=256,
        blockysize=256,
        interleave="band",
        compress="deflate",
        zlevel=9,
        predictor=2,
    ) as file:
        file.write(numbers)
        file.scales = (profile["scale"],) * bands
        for number, band in enumerate(profile["names"], start=1):
            file.set_band_description(number, band)


def truth(folder: Path, spaces: gpd.GeoDataFrame, green: pd.DataFrame) -> None:
    """Write the true small spaces to a GeoPackage of their own, and what is true of green to a CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "shuixiang_spaces.gpkg"
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DATE})
    try:
        pyogrio.write_dataframe(spaces, path, layer="spaces", driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    green.to_csv(folder / "shuixiang_green.csv", index=False, encoding="utf-8", lineterminator="\n")


def _shapefile(path: Path, layer: gpd.GeoDataFrame) -> None:
    """Write a shapefile with GBK text, without a .cpg, dated like everything else."""
    pyogrio.write_dataframe(
        layer, path, driver="ESRI Shapefile", encoding="GBK", DBF_DATE_LAST_UPDATE="2024-12-31"
    )
    path.with_suffix(".cpg").unlink(missing_ok=True)
    table = path.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    data[29] = 0
    table.write_bytes(bytes(data))


def _facilities(path: Path, layer: gpd.GeoDataFrame) -> None:
    """Write the facilities as a list with Chinese heads and GCJ-02 coordinates."""
    to_degrees = Transformer.from_crs("EPSG:4549", "EPSG:4490", always_xy=True)
    lon, lat = gcj02(*to_degrees.transform(layer.geometry.x.to_numpy(), layer.geometry.y.to_numpy()))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["编号", "名称", "类别", "经度", "纬度", "容量"])
        for row, x, y in zip(layer.itertuples(), lon, lat, strict=True):
            capacity = "" if row.capacity_count != row.capacity_count else int(row.capacity_count)
            writer.writerow([row.id, row.name, row.facility_type, f"{x:.8f}", f"{y:.8f}", capacity])


HEAD = """\
[town]
name = "水乡镇"
crs = "EPSG:4549"
boundary_basis = "实际建成区"
boundary_year = 2024
bridges_complete = true
surveyed_types = "all"
notice = "示例数据，虚构城镇，仅供演示"
"""

TAIL = """
[layers.communities]
path = "communities.shp"
encoding = "GB18030"
date = "2024-12-31"

[layers.facilities]
path = "facilities.csv"
crs = "GCJ-02"
x = "经度"
y = "纬度"
encoding = "UTF-8"
date = "2024-09-30"
"""


def _toml(layers: Layers) -> str:
    """Return town.toml."""
    text = HEAD
    for name in layers:
        if name not in CSV_LAYERS + SHP_LAYERS:
            codes = 'codes = "sandiao"\n' if name == "parcels" else ""
            date = YEARLY_DATES.get(name, "2024-12-31")
            text += f'\n[layers.{name}]\npath = "shuixiang.gpkg"\nlayer = "{name}"\n{codes}date = "{date}"\n'
    text += TAIL
    for name, date in RASTER_DATES.items():
        sensor = "synthetic camera" if name.startswith("imagery") else "synthetic laser scanner"
        text += f'\n[rasters.{name}]\npath = "{name}.tif"\ndate = {date}\nsensor = "{sensor}"\n'
    return text
