"""The layer of facilities: each with its type and what it is known by, places that are none left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import facility_types
from fengmao_geo.town.facility_types import BASES, EXCLUDED, facility_categories, facility_types_by, surest
from fengmao_geo.town.texts import as_text, counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

__all__ = ["with_types"]

#: How many categories without a type are told one by one, and how many more are listed together.
_TOLD, _LISTED = 20, 200


def with_types(frame: gpd.GeoDataFrame, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give facilities their types, by the surest of what is there.

    Parameters
    ----------
    frame
        Facilities with their columns named and their ids set.
    layer
        The layer's name, for the findings.

    Returns
    -------
    GeoDataFrame
        The facilities with ``facility_type``, missing where nothing tells it, and ``type_basis``: ``type``,
        ``typecode``, ``chain``, ``osm`` or ``name``. Places that AMap calls no facility are left out.
    list
        How many types are known by what; where two bases contradict each other; what was left out; what
        stays without a type, with counts.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> given = {"id": ["a", "b"], "poi_code": ["141203", "180301"]}
    >>> places = gpd.GeoDataFrame(given, geometry=[shapely.Point(0, 0), shapely.Point(9, 0)])
    >>> typed, found = with_types(places, layer="facilities")
    >>> typed["facility_type"].tolist(), [finding.code for finding in found]
    (['primary_school'], ['facility_basis', 'facility_excluded'])
    """
    by, is_excluded = facility_types_by(frame)
    types, basis = surest(by, is_excluded)
    categories = facility_categories(frame)
    if "facility_type" not in frame and types.isna().all() and categories.isna().all():
        return frame, []
    out = (basis == EXCLUDED).to_numpy(dtype=bool)
    typed = frame.assign(facility_type=types, type_basis=basis)
    found = [
        *_bases(basis, layer),
        *_conflicts(by, types, basis, frame["id"], layer=layer),
        *_excluded(categories[out], frame["id"][out], layer),
        *_unclassified(typed[~out], categories[~out], layer),
    ]
    return typed[~out], found


def _bases(basis: pd.Series, layer: str) -> list[Finding]:
    """Tell what types are known by, unless it is the column of types alone."""
    counts = {name: int((basis == name).sum()) for name in BASES}
    if not any(counts[name] for name in BASES[1:]):
        return []
    known = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    values = {"count": sum(counts.values()), "known": known, "unknown": int(basis.isna().sum())}
    return [Finding("facility_basis", layer, column="facility_type", values=values)]


def _conflicts(
    by: Mapping[str, pd.Series], types: pd.Series, basis: pd.Series, ids: pd.Series, *, layer: str
) -> list[Finding]:
    """Count the places of which a less sure basis says another type than the one that was taken.

    Words in names say little against a type that is stated: a bank by a school bears the school's name.
    """
    told = pd.DataFrame(by)
    other = (told.notna() & told.ne(types, axis=0)).mul(types.notna(), axis=0)
    other[BASES[-1]] &= (basis != BASES[0]).to_numpy(dtype=bool)
    rows = other.any(axis=1).to_numpy()
    if not rows.any():
        return []
    first = [name for name in BASES if other[name].any()]
    pairs: dict[str, int] = {}
    for name in first:
        of = types[other[name]].astype(object) + f" / {name} " + told.loc[other[name], name].astype(object)
        pairs |= of.value_counts().to_dict()
    values = {"count": int(rows.sum()), "pairs": counted(pairs), "ids": listed(sorted(ids[rows]))}
    return [Finding("facility_conflict", layer, column="facility_type", values=values)]


def _excluded(categories: pd.Series, ids: pd.Series, layer: str) -> list[Finding]:
    if not len(ids):
        return []
    kinds = counted(categories.value_counts().to_dict(), shown=_LISTED)
    values = {"count": len(ids), "kinds": kinds, "ids": listed(sorted(ids))}
    return [Finding("facility_excluded", layer, column="facility_type", values=values)]


def _unclassified(typed: pd.DataFrame, categories: pd.Series, layer: str) -> list[Finding]:
    """List what has no type: by its category, else by its name, else by its id."""
    left = typed["facility_type"].isna()
    counts = {str(word): int(count) for word, count in categories[left].value_counts().items()}
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    known = ", ".join(sorted(facility_types()))
    found = [
        Finding(
            "facility_type_unknown",
            layer,
            column="facility_type",
            values={"value": word, "count": counts[word], "known": known},
        )
        for word in ordered[:_TOLD]
    ]
    rest = {word: counts[word] for word in ordered[_TOLD:]}
    if rest:
        values = {"kinds": len(rest), "count": sum(rest.values()), "seen": counted(rest, shown=_LISTED)}
        found.append(Finding("facility_types_unknown", layer, column="facility_type", values=values))
    silent = (left & categories.isna()).to_numpy()
    names = as_text(typed["name"]) if "name" in typed else pd.Series(np.nan, index=typed.index)
    named = silent & names.notna().to_numpy()
    if named.any():
        seen = counted(names[named].value_counts().to_dict(), shown=_LISTED)
        values = {"count": int(named.sum()), "seen": seen}
        found.append(Finding("facility_name_unknown", layer, column="name", values=values))
    if (bare := silent & ~named).any():
        values = {"count": int(bare.sum()), "ids": listed(sorted(typed["id"][bare]))}
        found.append(Finding("facility_type_missing", layer, column="facility_type", values=values))
    return found
