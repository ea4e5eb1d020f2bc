"""A layer's columns: names, ids and values brought to the library's own, each doubt a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names
from fengmao_geo.standards.names import normalise
from fengmao_geo.tables import EXPECTED_COLUMNS, LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.schema import Column

__all__ = ["as_text", "clean_values", "name_columns", "set_ids"]

#: Text that may be missing, the same in every supported pandas.
TEXT = pd.StringDtype(na_value=np.nan)

#: How many ids or values a finding lists.
_SHOWN = 20


def name_columns(
    frame: gpd.GeoDataFrame, *, layer: str, fields: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give the columns of a layer the library's names.

    Parameters
    ----------
    frame
        The layer as it came.
    layer
        Its name.
    fields
        The library's name, then theirs, for names that the table of names does not know.

    Returns
    -------
    GeoDataFrame
        The layer with its columns renamed and its geometry called ``geometry``.
    list
        Stated columns that are not there, columns that mean the same, expected columns that are absent.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> given = gpd.GeoDataFrame({"Name": ["x"]}, geometry=[shapely.Point(0, 0)])
    >>> name_columns(given, layer="gates", fields={})[0].columns.tolist()
    ['name', 'geometry']
    """
    shape = frame.geometry.name
    named = frame if shape == "geometry" else frame.drop(columns="geometry", errors="ignore")
    named = named.rename_geometry("geometry") if shape != "geometry" else named
    theirs = [str(name) for name in named.columns if name != "geometry"]
    found, stated = _stated(theirs, layer=layer, fields=fields)
    names = field_names()
    free = [name for name in theirs if name not in stated]
    known = {
        name: ours for name, ours in names.columns_found(layer, free).items() if ours not in stated.values()
    }
    renamed = known | stated
    lost = [name for name in free if name not in known and names.column(layer, name) in renamed.values()]
    found += [
        Finding("field_twice", layer, column=names.column(layer, name), values={"theirs": name, "used": used})
        for name in lost
        for used in [next(key for key, ours in renamed.items() if ours == names.column(layer, name))]
    ]
    hidden = [name for name in lost if name in renamed.values()]
    named = (
        named.set_axis([str(name) for name in named.columns], axis=1)
        .drop(columns=hidden)
        .rename(columns=renamed)
    )
    return named, found + _absent(layer, set(named.columns))


def _stated(
    theirs: list[str], *, layer: str, fields: Mapping[str, str]
) -> tuple[list[Finding], dict[str, str]]:
    known = LAYERS[layer].names
    found = [
        Finding("field_unknown", layer, column=ours, values={"column": ours, "known": ", ".join(known)})
        for ours in fields
        if ours not in known
    ]
    found += [
        Finding("field_not_found", layer, column=ours, values={"theirs": name, "known": ", ".join(theirs)})
        for ours, name in fields.items()
        if name not in theirs
    ]
    return found, {name: ours for ours, name in fields.items() if name in theirs and ours in known}


def _absent(layer: str, there: set[str]) -> list[Finding]:
    names = field_names()
    return [
        Finding(
            "field_missing",
            layer,
            column=column,
            values={"tried": ", ".join(names.names_tried(layer, column))},
        )
        for column in EXPECTED_COLUMNS.get(layer, ())
        if column not in there
    ]


def set_ids(frame: gpd.GeoDataFrame, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give every feature its id as text: the column ``id``, else the index.

    Parameters
    ----------
    frame
        A layer with its columns named.
    layer
        Its name.

    Returns
    -------
    GeoDataFrame
        The layer with the column ``id`` as text.
    list
        An error where an id is missing or occurs twice.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> gates = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], index=[7])
    >>> set_ids(gates, layer="gates")[0]["id"].tolist()
    ['7']
    """
    has_column = "id" in frame.columns
    ids = as_text(frame["id"] if has_column else pd.Series(frame.index, index=frame.index))
    missing = ids.isna() | (ids.str.strip() == "")
    twice = ids.duplicated(keep=False) & ~missing
    found = []
    if missing.any():
        rows = _listed([str(row + 1) for row in np.flatnonzero(missing.to_numpy())])
        found.append(
            Finding("id_missing", layer, column="id", values={"count": int(missing.sum()), "rows": rows})
        )
    if twice.any():
        values = {"count": int(twice.sum()), "ids": _listed(sorted(ids[twice].unique()))}
        found.append(Finding("id_twice" if has_column else "index_twice", layer, column="id", values=values))
    return frame.assign(id=ids), found


def clean_values(frame: gpd.GeoDataFrame, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the values of declared columns to the library's own: words, numbers, yes and no.

    A value that is not understood becomes missing, which is unknown and not zero.

    Parameters
    ----------
    frame
        A layer with its columns named and its ids set.
    layer
        Its name.

    Returns
    -------
    GeoDataFrame
        The layer.
    list
        A finding per word that is not known and per column with numbers that are not readable or negative.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> given = {"id": ["a"], "width_m": ["3.5"], "is_bridge": ["yes"]}
    >>> street = gpd.GeoDataFrame(given, geometry=[shapely.LineString([(0, 0), (1, 0)])])
    >>> clean_values(street, layer="streets")[0][["width_m", "is_bridge"]].to_numpy().tolist()
    [[3.5, True]]
    """
    cleaned: dict[str, pd.Series] = {}
    found: list[Finding] = []
    for column in LAYERS[layer].columns:
        if column.name not in frame.columns or column.name == "id":
            continue
        values, column_found = _clean_column(frame[column.name], frame["id"], column=column, layer=layer)
        cleaned[column.name] = values
        found += column_found
    return frame.assign(**cleaned), found


def _clean_column(
    values: pd.Series, ids: pd.Series, *, column: Column, layer: str
) -> tuple[pd.Series, list[Finding]]:
    if column.kind in ("number", "whole"):
        return _numbers(values, ids, column=column, layer=layer)
    if column.kind == "yes_no" and pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean"), []
    words = field_names().words(layer, column.name)
    if not words:
        return as_text(values), []
    meant, found = _words(as_text(values), words, column=column.name, layer=layer)
    blank = _stripped(values).isna()
    if column.name == "facility_type" and blank.any():
        # A place of no type counts for none: that is an exclusion, and not to be silent about.
        found.append(_of_rows("facility_type_missing", ids[blank], layer, column.name))
    return meant.astype("boolean" if column.kind == "yes_no" else TEXT), found


def _words(
    values: pd.Series, words: Mapping[str, str | bool], *, column: str, layer: str
) -> tuple[pd.Series, list[Finding]]:
    counts = values[values.notna() & (values.str.strip() != "")].value_counts()
    meant = {word: words.get(normalise(word)) for word in counts.index}
    code = "facility_type_unknown" if column == "facility_type" else "value_unknown"
    known = ", ".join(sorted({str(value) for value in words.values()}))
    found = [
        Finding(
            code, layer, column=column, values={"value": word, "count": int(counts[word]), "known": known}
        )
        for word, value in meant.items()
        if value is None
    ]
    return values.astype(object).map(meant), found


def _numbers(
    values: pd.Series, ids: pd.Series, *, column: Column, layer: str
) -> tuple[pd.Series, list[Finding]]:
    is_number = pd.api.types.is_numeric_dtype(values.dtype)
    plain = values if is_number else _stripped(values)
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    readable = np.isfinite(numbers) & ((column.kind != "whole") | (numbers == np.floor(numbers)))
    bad = plain.notna().to_numpy() & ~readable
    numbers = np.where(readable, numbers, np.nan)
    found = []
    if bad.any():
        seen = _listed(sorted({str(value) for value in values[bad]}))
        found.append(_of_rows("number_unreadable", ids[bad], layer, column.name, seen=seen))
    if column.minimum is not None and (low := numbers < column.minimum).any():
        found.append(
            _of_rows("number_negative", ids[low], layer, column.name, lowest=float(np.nanmin(numbers)))
        )
    whole = column.kind == "whole" and readable.all()
    return pd.Series(numbers.astype(np.int64) if whole else numbers, index=values.index), found


def _stripped(values: pd.Series) -> pd.Series:
    plain = as_text(values).str.strip()
    return plain.where(plain != "")


def _of_rows(code: str, ids: pd.Series, layer: str, column: str, **values: object) -> Finding:
    return Finding(
        code, layer, column=column, values={"count": len(ids), "ids": _listed(sorted(ids)), **values}
    )


def as_text(values: pd.Series) -> pd.Series:
    """Write values as text exactly as they stand; whole numbers without a decimal point.

    Parameters
    ----------
    values
        A column.

    Returns
    -------
    Series
        Texts; a missing value stays missing.

    Examples
    --------
    >>> as_text(pd.Series([701.0, None])).tolist()
    ['701', nan]
    """
    as_objects = values.astype(object).where(values.notna(), None)
    return as_objects.map(_as_text, na_action="ignore").astype(TEXT)


def _as_text(value: object) -> str:
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]  # a float by the test before


def _listed(texts: list[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (" …" if len(texts) > _SHOWN else "")
