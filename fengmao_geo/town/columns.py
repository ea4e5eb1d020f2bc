"""A layer's columns: their names and ids brought to the library's own, each doubt a finding."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names
from fengmao_geo.tables import EXPECTED_COLUMNS, LAYERS
from fengmao_geo.town.numbers import read_number
from fengmao_geo.town.texts import as_text, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

__all__ = ["name_columns", "set_ids"]

#: The id of the whole town in tables by area, and the layers whose features stand beside it there.
_TOWN = "town"
_AREA_LAYERS = ("blocks", "communities")

#: A name with the unit of its values behind it, in brackets or after a low line.
_WITH_UNIT = re.compile(r"^(?P<name>.+?)\s*(?:[(\[](?P<in_brackets>[^()\[\]]+)[)\]]|_(?P<behind>[^_]+))$")

#: How a figure with a unit is read where there is no doubt of the unit.
_WITH_A_UNIT = ("read", "converted")


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
    free = [name for name in theirs if name not in stated]
    known = _known(free, layer, taken=set(stated.values()))
    renamed = known | stated
    found += _twice(free, layer, renamed, known)
    taken = set(renamed.values())
    left = [name for name in free if name not in known and name not in taken]
    # Names that are known but for their unit, then names that are known but for their end.
    units = _with_units(left, layer, taken=taken)
    taken |= {ours for ours, _ in units.values()}
    cut, cut_found = _cut([name for name in left if name not in units], layer, taken=taken)
    hidden = [name for name in free if name not in known and name in renamed.values()]
    named = named.set_axis([str(name) for name in named.columns], axis=1).drop(columns=hidden)
    named = named.assign(**{name: _in_unit(named[name], unit) for name, (_, unit) in units.items() if unit})
    named = named.rename(columns=renamed | {name: ours for name, (ours, _) in units.items()} | cut)
    return named, found + cut_found + _absent(layer, set(named.columns))


def _known(free: list[str], layer: str, *, taken: set[str]) -> dict[str, str]:
    found = field_names().columns_found(layer, free)
    return {name: ours for name, ours in found.items() if ours not in taken}


def _twice(
    free: list[str], layer: str, renamed: Mapping[str, str], known: Mapping[str, str]
) -> list[Finding]:
    """Tell the names that mean a column which another name has already."""
    names = field_names()
    used = {ours: name for name, ours in reversed(list(renamed.items()))}
    lost = {name: names.column(layer, name) for name in free if name not in known}
    return [
        Finding("field_twice", layer, column=ours, values={"theirs": name, "used": used[ours]})
        for name, ours in lost.items()
        if ours is not None and ours in used
    ]


def _with_units(left: list[str], layer: str, *, taken: set[str]) -> dict[str, tuple[str, str]]:
    """Find the columns whose names end with a unit; the unit is empty where it is the column's own."""
    found: dict[str, tuple[str, str]] = {}
    for name in left:
        parts = _WITH_UNIT.match(unicodedata.normalize("NFKC", name).strip())
        ours = field_names().column(layer, parts["name"]) if parts else None
        if parts is None or ours is None or ours in taken:
            continue
        unit = parts["in_brackets"] or parts["behind"]
        one = read_number(f"1{unit}", column=ours)
        if one.how in _WITH_A_UNIT:
            found[name] = (ours, "" if one.value == 1 else unit)
            taken = taken | {ours}
    return found


def _in_unit(values: pd.Series, unit: str) -> pd.Series:
    """Write the unit that a column's name says behind each figure, to be converted as those written there."""
    texts = as_text(values)
    is_figure = pd.to_numeric(texts, errors="coerce").notna()
    return texts.mask(is_figure, texts + unit)


def _cut(left: list[str], layer: str, *, taken: set[str]) -> tuple[dict[str, str], list[Finding]]:
    """Find the columns whose names a shapefile has cut to ten bytes, where only one name begins so."""
    renamed: dict[str, str] = {}
    found = []
    for name in left:
        cut = field_names().columns_cut(layer, name)
        whole = {ours: full for ours, full in cut.items() if ours not in taken}
        values = {"theirs": name, "whole": ", ".join(whole.values())}
        if len(whole) == 1:
            renamed[name] = next(iter(whole))
            taken = taken | set(whole)
            found.append(Finding("field_cut", layer, column=renamed[name], values=values))
        elif whole:
            found.append(Finding("field_cut_unclear", layer, values=values))
    return renamed, found


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
        An error where an id is missing or occurs twice, or where that of a block is the whole town's.

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
        rows = listed([str(row + 1) for row in np.flatnonzero(missing.to_numpy())])
        found.append(
            Finding("id_missing", layer, column="id", values={"count": int(missing.sum()), "rows": rows})
        )
    if twice.any():
        values = {"count": int(twice.sum()), "ids": listed(sorted(ids[twice].unique()))}
        found.append(Finding("id_twice" if has_column else "index_twice", layer, column="id", values=values))
    if layer in _AREA_LAYERS and (ids == _TOWN).any():
        found.append(Finding("id_of_town", layer, _TOWN, "id", values={"id": _TOWN}))
    return frame.assign(id=ids), found
