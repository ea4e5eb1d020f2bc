"""One vector file to a GeoDataFrame, whatever its format or encoding; what is not as it says is refused."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow
import pyogrio
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.town.encoding import decoded, decoded_columns, shapefile_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FORMATS", "read_vector"]

_SQLITE, _PARQUET, _SHAPE, _JSON = b"SQLite format 3\0", b"PAR1", b"\x00\x00\x27\x0a", b"{"

#: The driver that may answer for a suffix.
_DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".json": "GeoJSON"}

#: First bytes that a file of each suffix begins with; none for text.
FORMATS: dict[str, bytes] = {
    ".gpkg": _SQLITE,
    ".parquet": _PARQUET,
    ".geoparquet": _PARQUET,
    ".shp": _SHAPE,
    ".geojson": _JSON,
    ".json": _JSON,
    ".csv": b"",
}

#: A GDAL pipeline in JSON reads other files than itself.
_PIPELINE = b"gdal_streamed_alg"
_HEAD = 4096
