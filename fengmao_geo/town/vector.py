"""One file to a layer or a table, whatever its format or encoding; what is not what it says is refused."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import geopandas as gpd
import pandas as pd
import pyarrow.parquet

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding
from fengmao_geo.town.archive import opened_archive
from fengmao_geo.town.drawing import read_drawing
from fengmao_geo.town.first_bytes import check_first_bytes, refuse, refuse_suffix
from fengmao_geo.town.gdal_file import read_geojson, read_kml, read_layer, read_plain
from fengmao_geo.town.mapinfo import read_mapinfo
from fengmao_geo.town.shapefile import read_dbf, read_shapefile
from fengmao_geo.town.sheet import SHEETS, TEXTS, placed_rows, read_rows
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.whole import check_flatgeobuf, check_geodatabase, check_geopackage, check_parquet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SUFFIXES", "read_table", "read_vector", "told"]

_Frame = TypeVar("_Frame")
_Layer = tuple[gpd.GeoDataFrame, list[Finding]]


def _geopackage(path: Path, layer: str, part: LayerPart) -> _Layer:
    check_geopackage(path, layer)
    return read_layer(path, file=path.name, layer=layer, drivers=("GPKG",), table=part.layer)


def _flatgeobuf(path: Path, layer: str, part: LayerPart) -> _Layer:
    del part
    check_flatgeobuf(path, layer)
    return read_layer(path, file=path.name, layer=layer, drivers=("FlatGeobuf",))


def _geodatabase(path: Path, layer: str, part: LayerPart) -> _Layer:
    check_geodatabase(path, layer)
    return read_layer(path, file=path.name, layer=layer, drivers=("OpenFileGDB",), table=part.layer)


def _geoparquet(path: Path, layer: str, part: LayerPart) -> _Layer:
    del part
    check_parquet(path, layer)
    if b"geo" not in (pyarrow.parquet.read_schema(path).metadata or {}):
        refuse("table_no_geometry", layer, file=path.name, table=path.stem, known="-")
    return gpd.read_parquet(path), []


def _shapefile(path: Path, layer: str, part: LayerPart) -> _Layer:
    return read_shapefile(path, layer=layer, encoding=part.encoding)


def _mapinfo(path: Path, layer: str, part: LayerPart) -> _Layer:
    return read_mapinfo(path, layer=layer, encoding=part.encoding)


def _geojson(path: Path, layer: str, part: LayerPart) -> _Layer:
    return read_geojson(path, layer=layer, encoding=part.encoding)


def _kml(path: Path, layer: str, part: LayerPart) -> _Layer:
    return read_kml(path, layer=layer, table=part.layer, encoding=part.encoding)


def _drawing(path: Path, layer: str, part: LayerPart) -> _Layer:
    return read_drawing(path, layer=layer, part=part)


def _sheet(path: Path, layer: str, part: LayerPart) -> _Layer:
    rows, found = read_rows(path, layer=layer, sheet=part.layer, encoding=part.encoding)
    frame, more = placed_rows(rows, layer=layer, file=path.name, x=part.x, y=part.y)
    return frame, found + more


def _archive(path: Path, layer: str, part: LayerPart) -> _Layer:
    with opened_archive(path, layer=layer) as folder:
        if any(folder.glob("*.gdbtable")):
            # A geodatabase packed without its own folder.
            return _geodatabase(folder.rename(folder.with_suffix(".gdb")), layer, part)
        return _folder(folder, layer, part, file=path.name)


def _folder(folder: Path, layer: str, part: LayerPart, *, file: str = "") -> _Layer:
    """Read the one file in a folder that is a layer, or the one that is named."""
    inside, table = _inside(folder, part.layer, file=file or folder.name, layer=layer)
    return _read(inside, layer, part.model_copy(update={"layer": table}))


#: The reader of each suffix.
_READERS: dict[str, Callable[[Path, str, LayerPart], _Layer]] = {
    ".gpkg": _geopackage,
    ".parquet": _geoparquet,
    ".geoparquet": _geoparquet,
    ".shp": _shapefile,
    ".gdb": _geodatabase,
    ".fgb": _flatgeobuf,
    ".geojson": _geojson,
    ".json": _geojson,
    ".kml": _kml,
    ".kmz": _archive,
    ".tab": _mapinfo,
    ".mif": _mapinfo,
    ".dxf": _drawing,
    ".zip": _archive,
    **dict.fromkeys((*TEXTS, *SHEETS), _sheet),
}

#: Suffixes of the files that are read as layers.
SUFFIXES = tuple(_READERS)

#: What may be one layer among others in a folder or an archive; archives in archives are not opened.
_INSIDE = tuple(suffix for suffix in SUFFIXES if suffix not in (".zip", ".kmz"))
#: Files of these suffixes often lie beside the layer that is meant, and say something of it.
_ASIDE = (*TEXTS, *SHEETS, ".json")


def read_vector(path: Path, *, layer: str, part: LayerPart) -> _Layer:
    """Read one file of features: a vector format of any GIS, an archive of one, or a table with coordinates.

    Text arrives exactly as it was written. The first bytes of the file must be those of its suffix, it must
    be whole, and only a file is read: never a connection string.

    Parameters
    ----------
    path
        The file, or the folder of a Shapefile or File Geodatabase.
    layer
        The layer's name in the town, for the findings.
    part
        What ``town.toml`` says of it: its table, its encoding, its columns of coordinates.

    Returns
    -------
    GeoDataFrame
        The features, with the CRS that the file states.
    list
        What was found on the way: how the encoding was told, what GDAL warned of.

    Raises
    ------
    TownError
        If the file cannot be read as what it is said to be; its finding names the remedy.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fengmao_geo.town.town_file import LayerPart
    >>> read_vector(Path("nowhere.gpkg"), layer="streets", part=LayerPart(path="nowhere.gpkg"))
    Traceback (most recent call last):
        ...
    fengmao_geo.errors.TownError: ...
    """
    return told(lambda: _read(path, layer, part), path, layer)


def read_table(
    path: Path, *, layer: str, table: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    r"""Read a table without places: of a CSV, a workbook, a .dbf, or any format with features.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is for, for the findings.
    table
        The sheet of a workbook, or the table of a database; needed if there are several.
    encoding
        The encoding of its text, if it must be forced.

    Returns
    -------
    DataFrame
        The rows; of CSV and workbooks every cell is text, and an empty one is missing.
    list
        What was found on the way: how the encoding was told.

    Raises
    ------
    TownError
        If the file cannot be read as what it is said to be; its finding names the remedy.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "people.csv"
    ...     _ = file.write_text("name,people\nNorth,1200\n", encoding="utf-8")
    ...     read_table(file, layer="communities")[0].to_dict("records")
    [{'name': 'North', 'people': '1200'}]
    """
    return told(lambda: _rows(path, layer, table, encoding), path, layer)


def told(
    read: Callable[[], tuple[_Frame, list[Finding]]], path: Path, layer: str
) -> tuple[_Frame, list[Finding]]:
    """Read, and turn every warning into a finding and every failure into one that names the file.

    Parameters
    ----------
    read
        Reads the file.
    path
        The file.
    layer
        The layer that it is to become.

    Returns
    -------
    GeoDataFrame or DataFrame
        What was read.
    list
        What was found, and what readers warned of.

    Raises
    ------
    TownError
        If it cannot be read.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame, found = read()
        except TownError:
            raise
        except Exception as reason:  # noqa: BLE001  what readers raise on a broken file has no end
            refuse("file_broken", layer, file=path.name, reason=str(reason) or type(reason).__name__)
    texts = sorted({str(warning.message) for warning in caught})
    return frame, [
        *found,
        *(Finding("file_warning", layer, values={"file": path.name, "warning": text}) for text in texts),
    ]


def _read(path: Path, layer: str, part: LayerPart) -> _Layer:
    reader, whole = _readable(path, layer)
    return reader(whole, layer, part)


def _readable(path: Path, layer: str) -> tuple[Callable[[Path, str, LayerPart], _Layer], Path]:
    """Find the reader of a file that is there and begins as files of its suffix do."""
    suffix = path.suffix.casefold()
    if path.is_dir():
        return (_geodatabase if suffix == ".gdb" else _folder), path.resolve()
    if not path.is_file():
        refuse("file_missing", layer, file=str(path))
    if suffix not in _READERS or suffix == ".gdb":
        refuse_suffix(path, layer, known=", ".join(SUFFIXES))
    check_first_bytes(path, suffix, layer)
    # The name is kept where it is a link, so that its parts are those beside it.
    return _READERS[suffix], path.parent.resolve() / path.name


def _rows(
    path: Path, layer: str, table: str | None, encoding: str | None
) -> tuple[pd.DataFrame, list[Finding]]:
    suffix = path.suffix.casefold()
    if path.is_file() and suffix == ".dbf":
        check_first_bytes(path, suffix, layer)
        return read_dbf(path.resolve(), layer=layer, encoding=encoding)
    _, whole = _readable(path, layer)
    if suffix in (*TEXTS, *SHEETS):
        return read_rows(whole, layer=layer, sheet=table, encoding=encoding)
    if suffix == ".gpkg":
        check_geopackage(whole, layer)
        return read_plain(whole, layer=layer, drivers=("GPKG",), table=table), []
    if suffix == ".gdb":
        check_geodatabase(whole, layer)
        return read_plain(whole, layer=layer, drivers=("OpenFileGDB",), table=table), []
    if suffix in (".parquet", ".geoparquet"):
        check_parquet(whole, layer)
        rows = pd.read_parquet(whole)
        return rows.drop(columns=_geometries(whole)), []
    part = LayerPart(path=path.name, layer=table, encoding=encoding)
    frame, found = _read(whole, layer, part)
    return frame.drop(columns=frame.geometry.name), found


def _geometries(path: Path) -> list[str]:
    """Name the columns of a GeoParquet that hold geometry."""
    stated = (pyarrow.parquet.read_schema(path).metadata or {}).get(b"geo", b"{}")
    return list(json.loads(stated).get("columns", {}))


def _inside(folder: Path, table: str | None, *, file: str, layer: str) -> tuple[Path, str | None]:
    """Find the one layer in a folder, and which of its tables is meant."""
    there = _candidates(folder)
    named = [path for path in there if table in (path.name, path.stem, path.relative_to(folder).as_posix())]
    if len(named) == 1:
        return named[0], None
    main = [path for path in there if path.suffix.casefold() not in _ASIDE] or there
    if not there:
        _refuse_empty(folder, file, layer)
    if len(main) > 1 or named:
        known = ", ".join(sorted(path.relative_to(folder).as_posix() for path in main))
        code = "table_unnamed" if table is None or named else "table_missing"
        refuse(code, layer, file=file, table=table, known=known)
    return main[0], table


def _candidates(folder: Path) -> list[Path]:
    found = []
    for at, folders, files in os.walk(folder):
        here = Path(at)
        bases = [name for name in folders if name.casefold().endswith(".gdb")]
        folders[:] = sorted(set(folders) - set(bases))
        found += [here / name for name in bases]
        found += [here / name for name in files if Path(name).suffix.casefold() in _INSIDE]
    return sorted(found)


def _refuse_empty(folder: Path, file: str, layer: str) -> NoReturn:
    """Say of a folder without a layer what it holds, and what to export in its place."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if files:
        refuse_suffix(files[0], layer, known=", ".join(SUFFIXES))
    refuse("archive_nothing", layer, file=file, known=", ".join(_INSIDE))
