"""What a layer or a raster would take of memory, told by heads alone, and which takes more than it may."""

from __future__ import annotations

import sqlite3
import warnings
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.raster_file import use_own_projections
from fengmao_geo.geo.raster_whole import driver_of, format_fault
from fengmao_geo.town.first_bytes import check_first_bytes, check_path, refuse
from fengmao_geo.town.shapefile import parts_of
from fengmao_geo.town.whole import check_geodatabase, check_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["check_layer_memory", "raster_memory_fault"]

_GIB = 2**30
#: Bytes held for each byte stored, and for a feature at least. Measured on buildings of 5 and of 49 corners
#: with six columns: 2.7 and 2.4 bytes, and 0.8 kB for the smaller ones.
_HELD, _FEATURE_BYTES = 3, 1024

_PACKED = (".zip", ".kmz", ".xlsx", ".xlsm")
_PARTS = {".shp": (".shp", ".dbf"), ".tab": (".map", ".dat", ".id"), ".mif": (".mif", ".mid")}
_COUNTS = "SELECT table_name, feature_count FROM gpkg_ogr_contents"

#: What reading a head of a broken file raises; the reader of the file says what is wrong with it.
_BROKEN = (
    *(OSError, ValueError, TypeError, KeyError, TownError, zipfile.BadZipFile, sqlite3.Error),
    *(pyarrow.ArrowException, DataSourceError, DataLayerError),
)


def check_layer_memory(path: Path, *, layer: str, table: str | None, memory_gib: float) -> None:
    """Refuse a layer that would take more memory than it may, before any of its features is read.

    What it would take is estimated: three times its bytes as they are stored, unpacked, and not less than
    1 KiB a feature where their number is stated. Of a GeoPackage or geodatabase with several tables a table
    counts by its share of the features; of an archive or a folder all that is in it counts.

    Parameters
    ----------
    path
        The file, or the folder of a Shapefile or File Geodatabase.
    layer
        The layer that it is to become.
    table
        The table of a GeoPackage or geodatabase that is meant.
    memory_gib
        What it may take, in GiB.

    Raises
    ------
    TownError
        If it is over that; a file that is missing or broken is left to its reader.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored, count = _stored(path, layer, table)
    except _BROKEN:
        return
    needed = max(_HELD * stored, _FEATURE_BYTES * count)
    if needed > memory_gib * _GIB:
        refuse("over_memory", layer, **_values([path], needed, memory_gib))


def raster_memory_fault(paths: Iterable[Path], *, layer: str, memory_gib: float) -> Finding | None:
    """Say that a raster would take more memory than it may, before any of its pixels is read.

    What it would take is its width times its height times the bytes of all its bands, of all its files.

    Parameters
    ----------
    paths
        Its files.
    layer
        The raster's name.
    memory_gib
        What it may take, in GiB.

    Returns
    -------
    Finding or None
        An error if it is over that; a file that is missing or broken counts as nothing here.

    Examples
    --------
    >>> raster_memory_fault([], layer="elevation", memory_gib=1)
    """
    files = list(dict.fromkeys(paths))
    needed = sum(map(_pixel_bytes, files))
    if needed <= memory_gib * _GIB:
        return None
    return Finding("over_memory", layer, column="path", values=_values(files, needed, memory_gib))


def _values(paths: Iterable[Path], needed: int, memory_gib: float) -> dict[str, object]:
    names = ", ".join(path.name for path in paths)
    return {"file": names, "size_gib": f"{needed / _GIB:.3g}", "memory_gib": f"{memory_gib:g}"}


def _stored(path: Path, layer: str, table: str | None) -> tuple[int, int]:
    """Tell the bytes of a layer as they are stored, unpacked, and its features; 0 where nothing states them.

    GDAL opens nothing for it whose first bytes were not looked at.
    """
    suffix = path.suffix.casefold()
    if path.is_dir():
        whole = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return _shared(whole, _base_counts(path, layer), table) if suffix == ".gdb" else (whole, 0)
    check_first_bytes(path, suffix, layer)
    whole, count = path.stat().st_size, 0
    if suffix in _PACKED:
        with zipfile.ZipFile(path) as archive:
            whole = sum(member.file_size for member in archive.infolist())
    elif suffix in (".parquet", ".geoparquet"):
        head = pyarrow.parquet.read_metadata(path)
        whole = sum(head.row_group(at).total_byte_size for at in range(head.num_row_groups))
        count = head.num_rows
    elif suffix == ".gpkg":
        whole, count = _shared(whole, _package_counts(path), table)
    elif suffix == ".fgb":
        check_path(path.resolve(), layer)
        count = int(pyogrio.read_info(path.resolve())["features"])
    elif suffix in _PARTS:
        parts = parts_of(path)
        whole = sum(parts[part].stat().st_size for part in _PARTS[suffix] if part in parts)
        count = check_table(parts[".dbf"], layer) if suffix == ".shp" else 0
    return whole, count


def _shared(whole: int, counts: Mapping[str, int], table: str | None) -> tuple[int, int]:
    """Share the bytes of a file out among its tables by their features."""
    name = next(iter(counts)) if table is None and len(counts) == 1 else table
    if name is None or name not in counts or not sum(counts.values()):
        return whole, 0
    return whole * counts[name] // sum(counts.values()), counts[name]


def _base_counts(path: Path, layer: str) -> dict[str, int]:
    check_geodatabase(path, layer)
    check_path(path.resolve(), layer)
    names = [str(name) for name, _ in pyogrio.list_layers(path.resolve())]
    return {name: max(0, int(pyogrio.read_info(path.resolve(), layer=name)["features"])) for name in names}


def _package_counts(path: Path) -> dict[str, int]:
    """Read how many features a GeoPackage states of its tables; a view could count for ever."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        kinds = base.execute("SELECT type FROM sqlite_master WHERE name = 'gpkg_ogr_contents'").fetchall()
        rows = base.execute(_COUNTS).fetchall() if kinds == [("table",)] else []
    return {str(name): max(0, int(count)) for name, count in rows if count is not None}


def _pixel_bytes(path: Path) -> int:
    import rasterio  # noqa: PLC0415  heavy

    use_own_projections()
    try:
        if format_fault(path, ""):
            return 0
        with rasterio.open(path.resolve(), driver=driver_of(path)) as source:
            return int(source.width * source.height * sum(np.dtype(kind).itemsize for kind in source.dtypes))
    except (*_BROKEN, rasterio.errors.RasterioError):
        return 0
