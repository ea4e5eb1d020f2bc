"""One layer to one file of a format that others read: written whole, and its text comes back as it was."""

from __future__ import annotations

import io
import re
import struct
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_all_whole, write_whole
from fengmao_geo.export.geopackage import told_as_os_error, write_tables
from fengmao_geo.town.shapefile import parts_of
from fengmao_geo.town.whole import check_flatgeobuf, check_shapefile

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

__all__ = ["write_layer"]

#: What shapes are called in tables: the first that no column is called.
_WKT = ("WKT", "the_geom", "geom")
#: Signs that a format cannot hold.
_NUL = re.compile("\x00")
_NOT_IN_CSV = re.compile("[\x00\r]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_NOT_IN_DBF = re.compile("[\x00-\x1f]")

#: A cell of a workbook, and a name and a text of a .dbf, in characters and bytes.
_CELL, _NAME_BYTES, _TEXT_BYTES = 32_767, 10, 254
#: The byte of a .dbf that names its code page, and its value for Chinese Windows.
_CODE_PAGE_AT, _CODE_PAGE_GBK = 29, 0x4D
#: An encoding in which every byte is a letter: GDAL writes bytes as they are.
_RAW = "ISO-8859-1"


def write_layer(frame: gpd.GeoDataFrame, path: str | Path, *, encoding: str | None = None) -> Path:
    """Write a layer as GeoPackage, GeoJSON, FlatGeobuf, GeoParquet, Shapefile, CSV or workbook.

    The file is written whole or not at all, and reading it gives the same text. An empty text and a missing
    one are the same in Shapefiles, CSV and workbooks, and blanks at the ends of a text are not kept by
    Shapefiles. Tables hold shapes as well-known text in the column ``WKT``, and no coordinate system.
    A Shapefile's names of columns hold 10 bytes: ``NAME_fields.csv`` beside it says what each stands for.
    A CSV is for programs: text such as ``=1+1`` stands in it as it is, and a spreadsheet would calculate it.
    People are given the workbook, in which no text is a formula.

    Parameters
    ----------
    frame
        The layer.
    path
        Where to write; its folder must exist, and its suffix says the format: ``.gpkg``, ``.geojson``,
        ``.fgb``, ``.parquet``, ``.shp``, ``.csv`` or ``.xlsx``.
    encoding
        The encoding of a Shapefile (GBK if left out) or a CSV (UTF-8 if left out).

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    UsageError
        If the suffix is of no such format, or the format cannot hold the text of a column.
    OSError
        If the folder is missing, the disk is full or writing is not allowed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> layer = gpd.GeoDataFrame({"name": ["a"]}, geometry=gpd.points_from_xy([1], [2]), crs=4549)
    >>> with TemporaryDirectory() as folder:
    ...     written = write_layer(layer, Path(folder) / "layer.csv")
    ...     written.read_text(encoding="utf-8-sig").splitlines()
    ['name,WKT', 'a,POINT (1 2)']
    """
    target = Path(path)
    suffix = target.suffix.casefold()
    if suffix not in _WRITERS:
        raise UsageError("layer_suffix", path=str(target), known=", ".join(_WRITERS))
    if encoding is not None and suffix not in (".shp", ".csv"):
        raise UsageError("layer_encoding", path=str(target), encoding=encoding)
    _WRITERS[suffix](frame, target, encoding)
    return target


def _texts(frame: pd.DataFrame) -> dict[str, pd.Series[str]]:
    """Take the columns of text, and the names of all columns, as text."""
    named = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name].dtype)]
    return {
        "": pd.Series([str(name) for name in frame.columns]),
        **{name: frame[name].dropna() for name in named},
    }


def _check_texts(frame: pd.DataFrame, target: Path, fault: Callable[[str], str | None]) -> None:
    """Refuse a layer with text that the format cannot hold; every column is named, with one of its texts."""
    found = []
    for name, texts in _texts(frame).items():
        wrong = next((text for text in texts.unique() if fault(str(text)) is not None), None)
        if wrong is not None:
            found.append(f"{name or '-'}: “{str(wrong)[:40]}” ({fault(str(wrong))})")
    if found:
        raise UsageError("layer_text", path=target.name, columns="; ".join(found))


def _sign(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return None if found is None else f"U+{ord(found.group()):04X}"


def _not_encoded(text: str, encoding: str) -> str | None:
    try:
        text.encode(encoding)
    except UnicodeEncodeError as reason:
        return f"U+{ord(text[reason.start]):04X}"
    return None


def _write_geopackage(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    del encoding
    _check_texts(frame, target, lambda text: _sign(_NUL, text) or _not_encoded(text, "utf-8"))
    write_tables({target.stem: frame}, target)


def _write_geojson(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    del encoding
    _check_texts(frame, target, lambda text: _sign(_NUL, text) or _not_encoded(text, "utf-8"))
    # Text in brackets stays text.
    _write_gdal(frame, target, driver="GeoJSON", AUTODETECT_JSON_STRINGS="NO")


def _write_flatgeobuf(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    del encoding
    _check_texts(frame, target, lambda text: _sign(_NUL, text) or _not_encoded(text, "utf-8"))
    # Without an index the features stay in their order.
    _write_gdal(frame, target, driver="FlatGeobuf", SPATIAL_INDEX="NO")


def _write_gdal(frame: gpd.GeoDataFrame, target: Path, *, driver: str, **options: str) -> None:
    with TemporaryDirectory() as folder:
        made = Path(folder) / f"layer{target.suffix.casefold()}"
        with told_as_os_error(target.name):
            pyogrio.write_dataframe(frame, made, layer=target.stem, driver=driver, **options)
            _check_made(made, rows=len(frame))
        write_whole(target, made.read_bytes())


def _check_made(made: Path, *, rows: int) -> None:
    """Look whether all was written: of a disk that is full as a file is closed GDAL says nothing."""
    if made.suffix == ".fgb" and rows:
        check_flatgeobuf(made, made.name)
    if made.suffix == ".shp":
        check_shapefile(made, parts_of(made), made.name)
    if made.suffix == ".geojson" and not made.read_bytes().rstrip().endswith(b"}"):
        raise OSError(f"{made.name}: not all of it was written")


def _write_parquet(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    del encoding
    _check_texts(frame, target, lambda text: _not_encoded(text, "utf-8"))
    whole = io.BytesIO()
    frame.to_parquet(whole, index=False)
    write_whole(target, whole.getvalue())


def _table(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Write shapes as text beside the columns."""
    texts = np.asarray(shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=-1), dtype=object)
    rows = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    name = next((name for name in _WKT if name not in rows.columns), _WKT[0])
    return rows.assign(**{name: texts})


def _write_csv(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    codec = encoding or "utf-8-sig"
    table = _table(frame)
    _check_texts(table, target, lambda text: _sign(_NOT_IN_CSV, text) or _not_encoded(text, codec))
    write_whole(target, table.to_csv(index=False, lineterminator="\n").encode(codec))


def _write_workbook(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    import xlsxwriter  # noqa: PLC0415  beside its use

    del encoding
    table = _dated(_table(frame))

    def fault(text: str) -> str | None:
        if len(text.encode("utf-16-le", "surrogatepass")) > 2 * _CELL:
            return f"{len(text)} > {_CELL}"
        return _sign(_NOT_IN_XML, text) or _not_encoded(text, "utf-8")

    _check_texts(table, target, fault)
    whole = io.BytesIO()
    # Text that looks like a formula or an address stays text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(whole, options | {"strings_to_numbers": False}) as book:
        book.set_properties({"created": pd.Timestamp("2000-01-01").to_pydatetime()})
        sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "_", target.stem)[:31] or "layer")
        for at, name in enumerate(table.columns):
            sheet.write_string(0, at, str(name))
            for row, cell in enumerate(table[name].astype(object).to_list(), start=1):
                if isinstance(cell, str):
                    sheet.write_string(row, at, cell)
                elif not pd.isna(cell):
                    sheet.write(row, at, cell)
    write_whole(target, whole.getvalue())


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Write days and hours as text: formats that hold only days would lose the hours."""
    dated = [name for name in table.columns if pd.api.types.is_datetime64_any_dtype(table[name].dtype)]
    return table.assign(
        **{name: table[name].map(lambda day: day.isoformat(), na_action="ignore") for name in dated}
    )


def _write_shapefile(frame: gpd.GeoDataFrame, target: Path, encoding: str | None) -> None:
    codec = encoding or "GBK"
    plain = _dated(frame)

    def fault(text: str) -> str | None:
        told = _sign(_NOT_IN_DBF, text) or _not_encoded(text, codec)
        length = 0 if told else len(text.encode(codec))
        return told or (f"{length} > {_TEXT_BYTES}" if length > _TEXT_BYTES else None)

    _check_texts(plain, target, fault)
    shape = frame.geometry.name
    names = _short_names([str(name) for name in plain.columns if name != shape], codec)
    columns = {
        name: plain[name].map(lambda text: text.encode(codec).decode(_RAW), na_action="ignore")
        for name in _texts(plain)
        if name
    }
    raw = {name: short.encode(codec).decode(_RAW) for name, short in names.items()}
    with TemporaryDirectory() as folder:
        made = Path(folder) / "layer.shp"
        _write_raw(plain.assign(**columns).rename(columns=raw), made, target)
        with told_as_os_error(target.name):
            _check_made(made, rows=len(frame))
        parts = {part.suffix: part.read_bytes() for part in made.parent.iterdir() if part.suffix != ".cpg"}
    parts[".cpg"] = codec.encode()
    page = _CODE_PAGE_GBK if codec.casefold() == "gbk" else 0
    parts[".dbf"] = (
        parts[".dbf"][:_CODE_PAGE_AT] + struct.pack("B", page) + parts[".dbf"][_CODE_PAGE_AT + 1 :]
    )
    legend = pd.DataFrame({"field": list(names.values()), "name": list(names)})
    named = {target.with_suffix(suffix): content for suffix, content in parts.items()}
    named[target.with_name(f"{target.stem}_fields.csv")] = legend.to_csv(index=False).encode("utf-8-sig")
    write_all_whole(named)


def _write_raw(frame: gpd.GeoDataFrame, made: Path, target: Path) -> None:
    try:
        with warnings.catch_warnings():
            # A name that was cut or a number that does not fit.
            warnings.simplefilter("error", RuntimeWarning)
            pyogrio.write_dataframe(frame, made, driver="ESRI Shapefile", encoding=_RAW)
    except (RuntimeError, RuntimeWarning, ValueError) as reason:
        raise UsageError("layer_shapefile", path=target.name, reason=str(reason)) from reason


def _short_names(names: list[str], codec: str) -> dict[str, str]:
    """Cut names to the bytes that a .dbf holds, never amid a character, and keep them apart."""
    short: dict[str, str] = {}
    for name in names:
        taken = {other.casefold() for other in short.values()}
        cut, count = _cut(name, _NAME_BYTES, codec), 0
        while not cut or cut.casefold() in taken:
            count += 1
            cut = _cut(name, _NAME_BYTES - len(f"_{count}"), codec) + f"_{count}"
        short[name] = cut
    return short


def _cut(text: str, length: int, codec: str) -> str:
    return text.encode(codec)[:length].decode(codec, errors="ignore")


_WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path, str | None], None]] = {
    ".gpkg": _write_geopackage,
    ".geojson": _write_geojson,
    ".fgb": _write_flatgeobuf,
    ".parquet": _write_parquet,
    ".shp": _write_shapefile,
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
}
