"""One table of a file that GDAL reads: by the driver wanted and no other, and every row that it states."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio

from fengmao_geo.findings import Finding
from fengmao_geo.town.encoding import agrees, chosen_codec
from fengmao_geo.town.first_bytes import check_markup, check_path, refuse, root_of

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["read_geojson", "read_kml", "read_layer", "read_plain"]

#: A JSON file of features says what it is; a GDAL pipeline in JSON would read other files than itself.
_FEATURES = re.compile(rb'"type"\s*:\s*"Feature(Collection)?"')
_PIPELINE = b"gdal_streamed_alg"

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"']")

#: Columns that the reader of KML adds to every layer; one that says nothing is not the file's.
_KML_COLUMNS = (
    *("id", "Name", "description", "timestamp", "begin", "end"),
    *("altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon"),
)
_KML_USUAL: dict[str, Any] = {"tessellate": -1, "extrude": 0, "visibility": -1}

_CURVES = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE")
_MAY_CURVE = ("GPKG", "OpenFileGDB")
_OF_MANY = (*_MAY_CURVE, "LIBKML", "KML")


def read_layer(
    path: Path,
    *,
    file: str,
    layer: str,
    drivers: tuple[str, ...],
    table: str | None = None,
    **options: str,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read one table with geometry.

    Parameters
    ----------
    path
        The file, its first bytes checked.
    file, layer
        Its name and the layer that it is to become, for the findings.
    drivers
        GDAL's drivers that may read it.
    table
        The table's name; needed if there are several with geometry.
    **options
        Further options of the reader.

    Returns
    -------
    GeoDataFrame
        The features; their index is the file's own number of each.
    list
        Curves that were straightened.

    Raises
    ------
    TownError
        If there is no such table, or another driver would read it, or not all features come.
    """
    check_path(path, layer)
    name = None
    if set(drivers) & set(_OF_MANY):
        # Files of other formats hold one table, and listing would read them once more.
        shapes = {str(name): shape for name, shape in pyogrio.list_layers(path)}
        name = _table(shapes, table, file=file, layer=layer)
    info = pyogrio.read_info(path, layer=name, **options)
    if info["driver"] not in drivers:
        refuse("file_not_features", layer, file=file)
    if info["geometry_type"] is None:
        refuse("table_no_geometry", layer, file=file, table=name or file, known="-")
    frame = pyogrio.read_dataframe(path, layer=name, fid_as_index=True, on_invalid="fix", **options)
    if info["features"] > len(frame):
        refuse("file_rows", layer, file=file, stated=info["features"], rows=len(frame))
    found = []
    if info["driver"] in _MAY_CURVE and (count := _curves(path, str(info["layer_name"]))):
        found.append(Finding("curves_straightened", layer, values={"file": file, "count": count}))
    return frame, found


def _table(shapes: dict[str, str | None], table: str | None, *, file: str, layer: str) -> str:
    known = [name for name, shape in shapes.items() if shape is not None]
    shown = ", ".join(known)
    if table is None and len(known) == 1:
        return known[0]
    if not known:
        refuse("table_no_geometry", layer, file=file, table=table or ", ".join(shapes), known="-")
    if table is None:
        refuse("table_unnamed", layer, file=file, known=shown)
    if table not in shapes:
        refuse("table_missing", layer, file=file, table=table, known=shown)
    if table not in known:
        refuse("table_no_geometry", layer, file=file, table=table, known=shown)
    return table


def _curves(path: Path, name: str) -> int:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    kinds = ", ".join(f"'{kind}'" for kind in _CURVES)
    sql = f'SELECT FID FROM "{quoted}" WHERE OGR_GEOMETRY IN ({kinds})'  # noqa: S608  a name of the file's own tables
    bent = pyogrio.read_dataframe(path, sql=sql, sql_dialect="OGRSQL", read_geometry=False, fid_as_index=True)
    return len(bent)


def read_plain(
    path: Path, *, layer: str, drivers: tuple[str, ...], table: str | None = None, **options: str
) -> pd.DataFrame:
    """Read one table without its geometry.

    Parameters
    ----------
    path
        The file, its first bytes checked.
    layer
        The layer that it is for, for the findings.
    drivers
        GDAL's drivers that may read it.
    table
        The table's name; needed if there are several.
    **options
        Further options of the reader.

    Returns
    -------
    DataFrame
        The rows, numbered from 0.

    Raises
    ------
    TownError
        If there is no such table, or another driver would read it, or not all rows come.
    """
    check_path(path, layer)
    known = [str(name) for name, _ in pyogrio.list_layers(path)]
    if table is None and len(known) != 1:
        refuse("table_unnamed", layer, file=path.name, known=", ".join(known))
    if table is not None and table not in known:
        refuse("table_missing", layer, file=path.name, table=table, known=", ".join(known))
    info = pyogrio.read_info(path, layer=table or known[0], **options)
    if info["driver"] not in drivers:
        refuse("file_not_features", layer, file=path.name)
    rows = pyogrio.read_dataframe(path, layer=table or known[0], read_geometry=False, **options)
    if info["features"] > len(rows):
        refuse("file_rows", layer, file=path.name, stated=info["features"], rows=len(rows))
    return pd.DataFrame(rows)


def read_geojson(path: Path, *, layer: str, encoding: str | None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read GeoJSON; one that is not UTF-8, as its standard demands, is decoded first.

    Parameters
    ----------
    path
        The file, its first bytes checked.
    layer
        The layer that it is to become.
    encoding
        Its encoding, if it must be forced.

    Returns
    -------
    GeoDataFrame
        The features; days stay text as they stand.
    list
        How the encoding was found, where it is not UTF-8.

    Raises
    ------
    TownError
        If it does not hold features or its encoding cannot be told.
    """
    whole = path.read_bytes()
    codec, found = _codec_of_json(whole, encoding, file=path.name, layer=layer)
    plain = whole if codec == "utf-8" else whole.decode(codec).encode()
    if _PIPELINE in plain or not _FEATURES.search(plain):
        refuse("file_not_features", layer, file=path.name)
    with TemporaryDirectory() as folder:
        source = path if codec == "utf-8" else _written(Path(folder), path.name, plain.decode())
        frame, more = read_layer(
            source, file=path.name, layer=layer, drivers=("GeoJSON",), DATE_AS_STRING="YES"
        )
    return frame, found + more


def _codec_of_json(whole: bytes, encoding: str | None, *, file: str, layer: str) -> tuple[str, list[Finding]]:
    if encoding is None and agrees([whole], "utf-8"):
        return "utf-8", []
    return chosen_codec([whole], file=file, layer=layer, forced=encoding)


def _written(folder: Path, name: str, text: str) -> Path:
    """Write a text as UTF-8 where GDAL can read it under the file's own name."""
    path = folder / name
    path.write_bytes(text.removeprefix("\ufeff").encode())
    return path


def read_kml(
    path: Path, *, layer: str, table: str | None, encoding: str | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read one folder of a KML file.

    Parameters
    ----------
    path
        The file, its first bytes checked.
    layer
        The layer that it is to become.
    table
        The folder's name; needed if there are several.
    encoding
        Its encoding, if it must be forced.

    Returns
    -------
    GeoDataFrame
        The placemarks, with what they say of themselves.
    list
        How the encoding was found, where the file does not tell.

    Raises
    ------
    TownError
        If it declares entities, is not whole, or is no KML.
    """
    whole = path.read_bytes()
    declared = _DECLARED.match(whole.removeprefix(codecs.BOM_UTF8))
    stated = declared.group(1).decode("ascii") if declared else "UTF-8"
    if whole.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stated = "UTF-16"
    codec, found = chosen_codec([whole], file=path.name, layer=layer, forced=encoding, stated=stated)
    # It is UTF-8 now and must not say otherwise.
    text = _DECLARATION.sub("", whole.decode(codec).removeprefix("\ufeff"), count=1).lstrip()
    check_markup(text.encode(), file=path.name, layer=layer)
    if root_of(text.encode()) != "kml":
        refuse("file_not_features", layer, file=path.name)
    with TemporaryDirectory() as folder:
        plain = _written(Path(folder), path.name, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
        frame, more = read_layer(plain, file=path.name, layer=layer, drivers=("LIBKML", "KML"), table=table)
    silent = [
        name
        for name in _KML_COLUMNS
        if name in frame.columns and (frame[name].isna() | frame[name].eq(_KML_USUAL.get(name, ""))).all()
    ]
    return frame.drop(columns=silent), found + more
