"""A layer's values brought to the library's own: words, numbers, yes and no, codes, types of facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names
from fengmao_geo.standards.names import normalise
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.dates import read_dates
from fengmao_geo.town.facilities import with_types
from fengmao_geo.town.land_codes import with_land_codes
from fengmao_geo.town.numbers import area_unit_findings, read_numbers
from fengmao_geo.town.texts import TEXT, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.schema import Column

__all__ = ["clean_values"]

#: What ends the name of a column of dates.
_DATE = "_on"


def clean_values(
    frame: gpd.GeoDataFrame, *, layer: str, scheme: str | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the values of declared columns to the library's own: words, numbers, yes and no, codes, types.

    A value that is not understood becomes missing, which is unknown and not zero; a land code that is not
    understood is kept. Places that are no facilities are left out, with a finding.

    Parameters
    ----------
    frame
        A layer with its columns named and its ids set.
    layer
        Its name.
    scheme
        The code scheme of its land codes; ``None`` if none is stated, and then they are only kept.

    Returns
    -------
    GeoDataFrame
        The layer; ``facilities`` with ``type_basis``, ``parcels`` of a stated scheme with ``land_group``.
    list
        A finding per word that is not known, per column and kind of trouble with its numbers, and those of
        land codes and of types of facilities.

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
        if column.name not in frame.columns or column.name in ("id", "facility_type", "land_code"):
            continue
        values, column_found = _clean_column(frame[column.name], frame["id"], column=column, layer=layer)
        cleaned[column.name] = values
        found += column_found
    clean = frame.assign(**cleaned)
    if layer == "facilities":
        clean, more = with_types(clean, layer=layer)
    elif "land_code" in LAYERS[layer].names:
        clean, more = with_land_codes(clean, layer=layer, scheme=scheme)
        more += area_unit_findings(clean, layer=layer)
    else:
        more = []
    return clean, [*found, *more]


def _clean_column(
    values: pd.Series, ids: pd.Series, *, column: Column, layer: str
) -> tuple[pd.Series, list[Finding]]:
    if column.kind in ("number", "whole"):
        return read_numbers(values, ids, column=column, layer=layer)
    if column.kind == "yes_no" and pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean"), []
    if column.name.endswith(_DATE):
        return read_dates(values, ids, column=column.name, layer=layer)
    words = field_names().words(layer, column.name)
    if not words:
        return as_text(values), []
    meant, found = _words(as_text(values), words, column=column.name, layer=layer)
    return meant.astype("boolean" if column.kind == "yes_no" else TEXT), found


def _words(
    values: pd.Series, words: Mapping[str, str | bool], *, column: str, layer: str
) -> tuple[pd.Series, list[Finding]]:
    counts = values[values.notna() & (values.str.strip() != "")].value_counts()
    meant = {word: words.get(normalise(word)) for word in counts.index}
    known = ", ".join(sorted({str(value) for value in words.values()}))
    found = [
        Finding(
            "value_unknown",
            layer,
            column=column,
            values={"value": word, "count": int(counts[word]), "known": known},
        )
        for word, value in meant.items()
        if value is None
    ]
    return values.astype(object).map(meant), found
