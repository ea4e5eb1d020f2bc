"""Tables of text: CSV and the sheets of workbooks, and the points that their coordinates give."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.town.archive import check_archive
from fengmao_geo.town.encoding import chosen_codec
from fengmao_geo.town.first_bytes import refuse
from fengmao_geo.town.workbook import WorkbookError, workbook_cells

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fengmao_geo.town.workbook import Cells

__all__ = ["SHEETS", "TEXTS", "placed_rows", "read_rows"]

#: Suffixes of workbooks, and of tables in plain text.
SHEETS = (".xlsx", ".xlsm", ".xls")
TEXTS = (".csv", ".txt", ".tsv")

_SEPARATORS = ",\t;|"

#: A column whose name says that it holds geometry as well-known text.
_WELL_KNOWN = re.compile(r"(?i)(wkt|geom|geometry|the_geom|wkt_geom|shape)$")
_SHAPE_WORD = re.compile(r"(?i)\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\b")

#: How many rows a finding lists.
_SHOWN = 20


def read_rows(
    path: Path, *, layer: str, sheet: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the rows of a CSV file or of one sheet of a workbook; every cell is text, an empty one is missing.

    Parameters
    ----------
    path
        The file, its first bytes checked.
    layer
        The layer that it is for, for the findings.
    sheet
        Which sheet; needed if a workbook has several that hold anything.
    encoding
        The encoding of plain text, if it must be forced.

    Returns
    -------
    DataFrame
        A row for each row below the names of the columns, numbered from 0.
    list
        How the encoding was found; lines above the names that were passed over.

    Raises
    ------
    TownError
        If the encoding cannot be told, or the sheet is not named or not there.
    """
    if path.suffix.casefold() in SHEETS:
        return _read_sheet(path, layer=layer, sheet=sheet)
    whole = path.read_bytes()
    codec, found = chosen_codec([whole], file=path.name, layer=layer, forced=encoding)
    text = whole.decode(codec).removeprefix("\ufeff")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        rows = pd.read_csv(
            io.StringIO(text),
            sep=_separator(text),
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            index_col=False,
        )
    return rows.set_axis([str(name) for name in rows.columns], axis=1), found


def _separator(text: str) -> str:
    """Find what stands between the names of the columns."""
    head = text.lstrip().split("\n", 1)[0]
    return max(_SEPARATORS, key=head.count)


def _read_sheet(path: Path, *, layer: str, sheet: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    if path.suffix.casefold() != ".xls":
        check_archive(path, layer=layer)
    try:
        cells = workbook_cells(path, sheet=sheet)
    except WorkbookError as reason:
        refuse("file_broken", layer, file=path.name, reason=str(reason))
    return _headed(cells[_sheet(path, cells, sheet, layer)], path=path, layer=layer)


def _sheet(path: Path, cells: Cells, sheet: str | None, layer: str) -> str:
    filled = [name for name, rows in cells.items() if rows]
    known = ", ".join(filled)
    if sheet is None and len(filled) > 1:
        refuse("table_unnamed", layer, file=path.name, known=known)
    if sheet is not None and sheet not in cells:
        refuse("table_missing", layer, file=path.name, table=sheet, known=known)
    if not filled:
        refuse("sheet_empty", layer, file=path.name)
    return sheet or filled[0]


def _headed(rows: list[list[str | None]], *, path: Path, layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Take the names of the columns from the first row that is not a title: one with more than one cell."""
    counts = [sum(cell is not None for cell in row) for row in rows]
    at = next((i for i, count in enumerate(counts) if count > 1), 0)
    table = pd.DataFrame(rows[at + 1 :], columns=_names(rows[at]), dtype=object)
    kept = [name for name in table.columns if not name.startswith("Unnamed: ") or table[name].notna().any()]
    found = []
    if at:
        title = " / ".join(row[0] or "" for row in rows[:at])
        found.append(Finding("sheet_title", layer, values={"file": path.name, "title": title}))
    return table[kept].astype(pd.StringDtype(na_value=np.nan)), found


def _names(cells: Iterable[str | None]) -> list[str]:
    """Name the columns as a CSV's are named: one without a name by its place, a second one by its count."""
    names: list[str] = []
    for at, cell in enumerate(cells):
        name = (cell or f"Unnamed: {at}").strip()
        again = sum(
            other == name or re.fullmatch(re.escape(name) + r"\.\d+", other) is not None for other in names
        )
        names.append(f"{name}.{again}" if again else name)
    return names


def placed_rows(
    rows: pd.DataFrame, *, layer: str, file: str, x: str | None, y: str | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give rows the points of their coordinates, or the shapes that a column holds as well-known text.

    Parameters
    ----------
    rows
        The rows, all text.
    layer, file
        For the findings.
    x, y
        The columns of the coordinates; without them a column of well-known text is looked for.

    Returns
    -------
    GeoDataFrame
        The rows; one without coordinates has no geometry.
    list
        Rows whose text is no shape.

    Raises
    ------
    TownError
        If there are no such columns.
    """
    known = ", ".join(str(name) for name in rows.columns)
    if x is None and y is None and (column := _well_known(rows)) is not None:
        return _shaped(rows, column, layer=layer, file=file)
    if x is None or y is None:
        refuse("xy_unnamed", layer, file=file, known=known)
    if missing := [name for name in (x, y) if name not in rows.columns]:
        refuse("xy_missing", layer, file=file, missing=", ".join(missing), known=known)
    east, north = (
        pd.to_numeric(rows[name].str.strip(), errors="coerce").to_numpy(dtype=float) for name in (x, y)
    )
    points = np.full(len(rows), None, dtype=object)
    there = np.isfinite(east) & np.isfinite(north)
    points[there] = np.asarray(gpd.points_from_xy(east[there], north[there]))
    return _framed(rows, points), []


def _well_known(rows: pd.DataFrame) -> str | None:
    for name in rows.columns:
        texts = rows[name].dropna()
        if _WELL_KNOWN.match(name.strip()) and len(texts) and _SHAPE_WORD.match(texts.iloc[0]):
            return str(name)
    return None


def _shaped(
    rows: pd.DataFrame, column: str, *, layer: str, file: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    texts = rows[column].str.replace(r"^\s*SRID=\d+;", "", regex=True).astype(object)
    shapes = shapely.from_wkt(texts.where(texts.notna(), None).to_numpy(), on_invalid="ignore")
    wrong = np.flatnonzero(rows[column].notna().to_numpy() & shapely.is_missing(shapes))
    found = []
    if len(wrong):
        # The first row below the names is line 2.
        lines = ", ".join(str(at + 2) for at in wrong[:_SHOWN])
        found.append(Finding("wkt_wrong", layer, column=column, values={"file": file, "lines": lines}))
    return _framed(rows.drop(columns=column), shapes), found


def _framed(rows: pd.DataFrame, shapes: np.ndarray[Any, Any]) -> gpd.GeoDataFrame:
    """Put shapes beside rows, under a name that none of their columns has."""
    name = "geometry"
    while name in rows.columns:
        name = f"_{name}"
    return gpd.GeoDataFrame(rows.assign(**{name: gpd.GeoSeries(shapes, index=rows.index)}), geometry=name)
