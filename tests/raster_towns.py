"""Small rasters written to disk, and towns that have them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from shapely import box
from space_towns import town_of

from fengmao_geo.geo.raster_file import RasterBand, RasterFile
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.spaces import Figure

#: The corner of `town_of`'s built-up area of 100 by 100 m: left and top.
LEFT, TOP = 572_000, 3_403_100
_NUMBERS = count()


def write(folder, bands, *, size=10.0, left=LEFT, top=TOP, crs="EPSG:4549", **profile):
    """Write bands, an array each, to one GeoTIFF."""
    path = folder / f"raster{next(_NUMBERS)}.tif"
    arrays = np.array(list(bands.values()))
    stated = {key: profile.pop(key) for key in ("scales", "offsets") if key in profile}
    options = {
        "driver": "GTiff", "count": len(arrays), "height": arrays.shape[1], "width": arrays.shape[2],
        "dtype": arrays.dtype, "crs": crs, "transform": Affine(size, 0, left, 0, -size, top),
    }  # fmt: skip
    with rasterio.open(path, "w", **(options | profile)) as file:
        file.write(arrays)
        for name, values in stated.items():
            setattr(file, name, values)
    return path


def raster(
    folder, bands, *, date="", sensor="", stated=None, quality=None, rules=(), file_crs=None, **profile
):
    """Write bands and say what is known of them."""
    path = write(folder, bands, **profile)
    told = {name: RasterBand(path, at + 1, **(stated or {})) for at, name in enumerate(bands)}
    crs = None if file_crs is None else CRS(file_crs)
    return RasterFile(told, date=date, sensor=sensor, crs=crs, quality=quality, quality_rules=tuple(rules))


def imagery(folder, ndvi, *, date="2021-07-20", **profile):
    """Write imagery whose NDVI is as given: red and near infrared add up to 1."""
    ndvi = np.asarray(ndvi, dtype=float)
    return raster(folder, {"red": (1 - ndvi) / 2, "nir": (1 + ndvi) / 2}, date=date, **profile)


def heights(folder, metres, *, date="2021-07-20", **profile):
    return raster(folder, {"height": np.asarray(metres, dtype="float32")}, date=date, **profile)


def areas(*shapes, ids=None, crs=4549):
    """List areas drawn from the corner of the built-up area, in metres east and north of its lower left."""
    names = ids or [f"a{at}" for at in range(len(shapes))]
    series = gpd.GeoSeries(list(shapes), crs=crs).translate(LEFT, TOP - 100)
    return gpd.GeoDataFrame(
        {"area_kind": "block", "area_id": names, "area_name": names}, geometry=series, crs=crs
    )


#: The whole of the built-up area.
WHOLE = box(0, 0, 100, 100)


def town_with(settings=None, layers=None, **rasters):
    """Take a town of 100 by 100 m with rasters."""
    return replace(town_of(settings, **(layers or {})), rasters=rasters)


def standard_with(**figures):
    """Take the shipped standard with other figures."""
    own = green_standard()
    changed = {name: Figure(value=value, source="own", tag="P") for name, value in figures.items()}
    return own.model_copy(update={"figures": own.figures | changed})


#: Vegetation cover is NDVI itself, from 0 to 1, and a handful of pixels tells the noise.
PLAIN = standard_with(end_span_ndvi=9.0, soil_ndvi=0.0, plant_ndvi=1.0, unchanged_min_count=5.0)


def row_of(found, indicator, area="a0"):
    """Take one row of gains."""
    rows = found.gains
    return rows[(rows["area_id"] == area) & (rows["indicator"] == indicator)].iloc[0]
