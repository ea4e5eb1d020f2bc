"""One vector file to a GeoDataFrame, whatever its format or encoding; what is not what it says is refused."""

from __future__ import annotations

import io
import re
import struct
import warnings
from typing import TYPE_CHECKING, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from shapely.errors import ShapelyError

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.town.drawing import read_drawing
from fengmao_geo.town.encoding import (
    RAW,
    agrees,
    codec_of,
    decode_texts,
    looks_encoded,
    raw_texts,
    shapefile_encoding,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fengmao_geo.town.town_file import LayerPart

__all__ = ["read_vector"]

_SQLITE, _PARQUET, _SHAPE, _JSON = b"SQLite format 3\0", b"PAR1", b"\x00\x00\x27\x0a", b"{"

#: First bytes of a file of each suffix; a text file may begin with anything but these and markup.
_FIRST_BYTES = {
    ".gpkg": _SQLITE,
    ".parquet": _PARQUET,
    ".geoparquet": _PARQUET,
    ".shp": _SHAPE,
    ".geojson": _JSON,
    ".json": _JSON,
    ".csv": b"",
}

_DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".json": "GeoJSON"}

#: A JSON file of features says what it is; a GDAL pipeline in JSON would read other files than itself.
_FEATURES = re.compile(rb'"type"\s*:\s*"Feature(Collection)?"')
_PIPELINE = b"gdal_streamed_alg"
_HEAD = 1024

#: What readers raise on a file that is not whole or not what it should be.
_BROKEN = (OSError, ValueError, RuntimeError, KeyError, ShapelyError, pd.errors.ParserWarning)

_SHP_HEADER, _SHX_RECORD = 100, 8


def read_vector(path: Path, *, layer: str, part: LayerPart) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read one GeoPackage, GeoParquet, Shapefile, GeoJSON or CSV file.

    Text arrives exactly as it was written. The first bytes of the file must be those of its suffix, and only
    a file is read: never a connection string.

    Parameters
    ----------
    path
        The file.
    layer
        The layer's name in the town, for the findings.
    part
        What ``town.toml`` says of it: its table, its encoding, its columns of coordinates.

    Returns
    -------
    GeoDataFrame
        The features, with the CRS that the file states.
    list
        What GDAL warned of.

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
    suffix = path.suffix.casefold()
    if not path.is_file():
        _refuse("file_missing", layer, file=str(path))
    if suffix == ".dxf":
        return read_drawing(path, layer=layer, part=part)
    if suffix not in _FIRST_BYTES:
        _refuse("file_format", layer, file=path.name, known=", ".join(_FIRST_BYTES))
    _check_first_bytes(path, suffix, layer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = _read(path.resolve(), suffix, layer, part)
        except TownError:
            raise
        except _BROKEN as reason:
            _refuse("file_broken", layer, file=path.name, reason=str(reason))
    texts = sorted({str(warning.message) for warning in caught})
    return frame, [
        Finding("file_warning", layer, values={"file": path.name, "warning": text}) for text in texts
    ]


def _read(path: Path, suffix: str, layer: str, part: LayerPart) -> gpd.GeoDataFrame:
    table = part.layer
    if suffix == ".csv":
        return _read_csv(path, layer=layer, encoding=part.encoding, x=part.x, y=part.y)
    if suffix == ".shp":
        return _read_shapefile(path, layer=layer, encoding=part.encoding)
    if suffix in (".parquet", ".geoparquet"):
        return gpd.read_parquet(path)
    if suffix == ".gpkg":
        table = _table(path, table, layer)
    else:
        _check_json(path, layer)
    return _read_gdal(path, suffix, layer, layer_name=table)


def _refuse(code: str, layer: str, **values: object) -> NoReturn:
    raise TownError("town_faults", findings_table([Finding(code, layer, values=values)]), count=1, name="")


def _check_first_bytes(path: Path, suffix: str, layer: str) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = _FIRST_BYTES[suffix]
    if suffix == ".csv":
        is_right = not text.startswith((b"<", _SQLITE, _PARQUET, _SHAPE))
    else:
        is_right = (text if first == _JSON else head).startswith(first)
    if not is_right:
        _refuse("file_first_bytes", layer, file=path.name, head=repr(head[:16])[2:-1])


def _check_json(path: Path, layer: str) -> None:
    whole = path.read_bytes()
    if _PIPELINE in whole or not _FEATURES.search(whole):
        _refuse("file_not_features", layer, file=path.name)
    if not agrees([whole], "utf-8"):
        _refuse("encoding_wrong", layer, file=path.name, stated="UTF-8", looks=looks_encoded([whole]) or "-")


def _table(path: Path, table: str | None, layer: str) -> str:
    known = [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
    if table is None and len(known) == 1:
        return known[0]
    if table is None:
        _refuse("table_unnamed", layer, file=path.name, known=", ".join(known))
    if table not in known:
        _refuse("table_missing", layer, file=path.name, table=table, known=", ".join(known))
    return table


def _read_gdal(
    path: Path, suffix: str, layer: str, *, layer_name: str | None, **options: object
) -> gpd.GeoDataFrame:
    info = pyogrio.read_info(path, layer=layer_name, **options)
    if info["driver"] != _DRIVERS[suffix]:
        _refuse("file_not_features", layer, file=path.name)
    if suffix in (".geojson", ".json"):
        options["DATE_AS_STRING"] = "YES"
    return pyogrio.read_dataframe(path, layer=layer_name, fid_as_index=True, on_invalid="fix", **options)


def _read_shapefile(path: Path, *, layer: str, encoding: str | None) -> gpd.GeoDataFrame:
    parts = {part.suffix.casefold(): part for part in path.parent.iterdir() if part.stem == path.stem}
    _check_shapefile(path, parts, layer)
    frame = _read_gdal(path, ".shp", layer, layer_name=None, encoding=RAW)
    texts = raw_texts(frame.drop(columns=frame.geometry.name))
    if all(text.isascii() for text in texts):
        return frame
    stated = encoding or shapefile_encoding(parts)
    looks = looks_encoded(texts) or "-"
    if stated is None:
        _refuse("encoding_missing", layer, file=path.name, looks=looks)
    return decode_texts(frame, _agreed_codec(stated, texts, path=path, layer=layer))


def _agreed_codec(stated: str, texts: list[bytes], *, path: Path, layer: str) -> str:
    codec = codec_of(stated)
    looks = looks_encoded(texts) or "-"
    if codec is None:
        _refuse("encoding_unknown", layer, file=path.name, stated=stated, looks=looks)
    if not agrees(texts, codec):
        _refuse("encoding_wrong", layer, file=path.name, stated=stated, looks=looks)
    return codec


def _check_shapefile(path: Path, parts: Mapping[str, Path], layer: str) -> None:
    """Compare the lengths that a shapefile's parts state: a cut one opens with half its geometry null."""
    if missing := [suffix for suffix in (".shx", ".dbf") if suffix not in parts]:
        _refuse("file_part_missing", layer, file=path.name, parts=", ".join(missing))
    with path.open("rb") as file:
        stated = struct.unpack(">i", file.read(28)[24:])[0] * 2
    with parts[".dbf"].open("rb") as file:
        rows = struct.unpack("<I", file.read(8)[4:])[0]
    shapes = (parts[".shx"].stat().st_size - _SHP_HEADER) // _SHX_RECORD
    if stated != path.stat().st_size or shapes != rows:
        values = {"size": path.stat().st_size, "stated": stated, "shapes": shapes, "rows": rows}
        _refuse("file_cut", layer, file=path.name, **values)


def _read_csv(
    path: Path, *, layer: str, encoding: str | None, x: str | None = None, y: str | None = None
) -> gpd.GeoDataFrame:
    whole = path.read_bytes()
    looks = looks_encoded([whole])
    if encoding is None and looks != "UTF-8":
        _refuse("encoding_missing", layer, file=path.name, looks=looks or "-")
    codec = _agreed_codec(encoding or "UTF-8", [whole], path=path, layer=layer)
    text = whole.decode(codec).removeprefix("\ufeff")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        rows = pd.read_csv(
            io.StringIO(text), dtype=str, keep_default_na=False, na_values=[""], index_col=False
        )
    known = ", ".join(str(name) for name in rows.columns)
    if x is None or y is None:
        _refuse("xy_unnamed", layer, file=path.name, known=known)
    if missing := [name for name in (x, y) if name not in rows.columns]:
        _refuse("xy_missing", layer, file=path.name, missing=", ".join(missing), known=known)
    east, north = (
        pd.to_numeric(rows[name].str.strip(), errors="coerce").to_numpy(dtype=float) for name in (x, y)
    )
    points = np.full(len(rows), None, dtype=object)
    there = np.isfinite(east) & np.isfinite(north)
    points[there] = np.asarray(gpd.points_from_xy(east[there], north[there]))
    return gpd.GeoDataFrame(rows, geometry=points)
