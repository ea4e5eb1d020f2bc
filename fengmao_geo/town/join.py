"""A table without places joined to the features that its rows name; no row is lost in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.join_names import join_names
from fengmao_geo.standards.load import field_names
from fengmao_geo.standards.names import edit_distance, normalise
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.numbers import read_number
from fengmao_geo.town.texts import as_text, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.town.town_file import JoinPart

__all__ = ["Matches", "join_table", "match_names"]

#: How many names a finding lists, and among how many features the nearest name is looked for.
_LISTED, _LOOKED_AT = 200, 2000

#: What is told of rows that were not used, by what became of them.
_CODES = {
    "again": "join_again",
    "twice": "join_twice",
    "ambiguous": "join_ambiguous",
    "total": "join_sums",
}

#: Of columns of both, the layer's own is kept with this behind its name.
_OWN = "_own"

#: A column of the table that is named as the layer's column of names gets this behind its name.
_THEIR_OWN = "_table"

#: A total has changed where it differs by more than this share of itself.
_SAME = 1e-9


@dataclass(frozen=True)
class Matches:
    """Which row of a table goes to which feature, by position, and what became of each row.

    Parameters
    ----------
    row, feature
        Pairs that belong together; no row and no feature occurs twice.
    fates
        For each row of the table: ``joined``, ``variant`` (joined by a name that is written otherwise),
        ``again`` (the same as a row before), ``twice`` (one name with different values), ``ambiguous``
        (several features, or several rows, that it may mean), ``blank``, ``total`` or ``unmatched``.
    """

    row: NDArray[np.int64]
    feature: NDArray[np.int64]
    fates: NDArray[np.object_]


def match_names(rows: pd.Series, features: pd.Series, *, is_again: NDArray[np.bool_]) -> Matches:
    """Match the names of a table's rows with those of features.

    Names are compared without blanks, case and full-width forms; then a community, village or grid is also
    known without its ending, where that leaves one row and one feature.

    Parameters
    ----------
    rows
        The names in the table.
    features
        The names of the features.
    is_again
        Which rows are the same in every cell as one before.

    Returns
    -------
    Matches
        The pairs, and what became of each row.

    Examples
    --------
    >>> matches = match_names(
    ...     pd.Series(["a", "B ", "c"]), pd.Series(["b", "a"]), is_again=np.zeros(3, dtype=bool)
    ... )
    >>> matches.row.tolist(), matches.feature.tolist(), matches.fates.tolist()
    ([0, 1], [1, 0], ['joined', 'joined', 'unmatched'])
    """
    names, theirs = _normal(rows), _normal(features)
    fates = np.full(len(names), "unmatched", dtype=object)
    fates[names == ""] = "blank"
    fates[[join_names().is_total(name) for name in names]] = "total"
    fates[is_again & (fates == "unmatched")] = "again"
    open_rows = np.flatnonzero(fates == "unmatched")
    fates[open_rows[pd.Series(names[open_rows]).duplicated(keep=False).to_numpy()]] = "twice"
    open_rows = np.flatnonzero(fates == "unmatched")
    row, feature = _pairs(_keyed(names, open_rows), _keyed(theirs, np.flatnonzero(theirs != "")))
    fates[row] = "joined"
    several = _several(row, feature)
    fates[row[several]] = "ambiguous"
    left_rows = np.flatnonzero(fates == "unmatched")
    left_features = np.setdiff1d(np.flatnonzero(theirs != ""), feature)
    other_row, other_feature = _pairs(
        _forms(names, left_rows, bare="bare row", whole="bare feature"),
        _forms(theirs, left_features, bare="bare feature", whole="bare row"),
    )
    fates[other_row] = "variant"
    other_several = _several(other_row, other_feature)
    fates[other_row[other_several]] = "ambiguous"
    return Matches(
        np.concatenate([row[~several], other_row[~other_several]]),
        np.concatenate([feature[~several], other_feature[~other_several]]),
        fates,
    )


def _normal(names: pd.Series) -> NDArray[np.object_]:
    return np.array([normalise(name) for name in as_text(names).fillna("")], dtype=object)


def _keyed(names: NDArray[np.object_], at: NDArray[np.int64]) -> pd.DataFrame:
    return pd.DataFrame({"key": names[at], "at": at})


def _forms(names: NDArray[np.object_], at: NDArray[np.int64], *, bare: str, whole: str) -> pd.DataFrame:
    """List the forms by which names that are not the same may mean the same place.

    Two names meet where both have an ending of one kind, or where one of them, bare of its ending, is the
    other, whole.
    """
    parts = [(place, names[place], *join_names().parts(names[place])) for place in at]
    forms = [(f"{stem}/{kind}", place) for place, _, stem, kind in parts if kind]
    forms += [(f"{stem}/{bare}", place) for place, _, stem, kind in parts if kind]
    forms += [(f"{name}/{whole}", place) for place, name, _, _ in parts]
    return pd.DataFrame(forms, columns=["key", "at"])


def _pairs(rows: pd.DataFrame, features: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    met = rows.merge(features, on="key", suffixes=("_row", "_feature"))
    met = met[["at_row", "at_feature"]].drop_duplicates().sort_values(["at_row", "at_feature"])
    return met["at_row"].to_numpy(dtype=np.int64), met["at_feature"].to_numpy(dtype=np.int64)


def _several(row: NDArray[np.int64], feature: NDArray[np.int64]) -> NDArray[np.bool_]:
    pairs = pd.DataFrame({"row": row, "feature": feature})
    doubtful = pairs["row"].duplicated(keep=False) | pairs["feature"].duplicated(keep=False)
    # A row that shares a doubtful feature, or a feature a doubtful row, is in doubt too.
    rows = set(pairs.loc[doubtful, "row"])
    return pairs["row"].isin(rows).to_numpy(dtype=bool)


def join_table(
    frame: gpd.GeoDataFrame, table: pd.DataFrame, *, layer: str, part: JoinPart, fields: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give features the columns of a table whose rows name them.

    Every feature stays; one that no row names has missing values. A row's numbers go to one feature or to
    none, so that no total grows.

    Parameters
    ----------
    frame
        The layer as it came.
    table
        The rows.
    layer
        The layer's name.
    part
        What ``town.toml`` says of the join: the table's column ``by``, the layer's column ``to``.
    fields
        The library's names of the layer's columns, then theirs, as stated.

    Returns
    -------
    GeoDataFrame
        The layer with the table's columns.
    list
        How many rows were joined and how; those that were not, each by its name, with the nearest name;
        features that no row names; the total of each column of numbers before and after.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from fengmao_geo.town.town_file import JoinPart
    >>> places = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)])
    >>> table = pd.DataFrame({"who": ["A"], "people": ["1,200"]})
    >>> part = JoinPart(path="people.csv", by="who")
    >>> joined, found = join_table(places, table, layer="communities", part=part, fields={})
    >>> joined["people"].tolist(), [finding.code for finding in found]
    (['1,200'], ['join_done', 'join_total'])
    """
    by = _column(part.by, table, layer)
    to = fields.get(part.to) or _column(part.to, frame.drop(columns=frame.geometry.name), layer)
    if by is None or to is None or to not in frame:
        return frame, [_column_missing(table, frame, by, part, layer)]
    texts = table.apply(as_text)
    is_again = texts.duplicated().to_numpy(dtype=bool)
    matches = match_names(texts[by], frame[to], is_again=is_again)
    brought = texts.drop(columns=by)
    # The names that were joined by stay the layer's own.
    brought.columns = [f"{name}{_THEIR_OWN}" if str(name) == to else str(name) for name in brought.columns]
    kept = frame.drop(columns=[frame.geometry.name, to])
    stated = {theirs: name for name, theirs in fields.items()}
    own, own_found = _own_columns(kept, brought, layer, part, fields=stated)
    found = [
        *_told_rows(matches, texts[by], frame[to], layer, part),
        *_told_features(matches, frame[to], layer, part),
        *own_found,
        *_totals(matches, brought, layer, part),
    ]
    source = np.full(len(frame), -1)
    source[matches.feature] = matches.row
    values = {name: _taken(brought[name], source, frame.index) for name in brought.columns}
    return frame.rename(columns=own).assign(**values), found


def _taken(values: pd.Series, source: NDArray[np.int64], index: pd.Index) -> pd.Series:
    texts = as_text(values).reset_index(drop=True).reindex(source)
    return texts.set_axis(index)


def _column(wanted: str, frame: pd.DataFrame, layer: str) -> str | None:
    """Find a column by its name, by how the name is compared, or by the library's name of it."""
    names = [str(name) for name in frame.columns]
    if wanted in names:
        return wanted
    alike = next((name for name in names if normalise(name) == normalise(wanted)), None)
    known = {ours: name for name, ours in field_names().columns_found(layer, names).items()}
    return alike or known.get(wanted)


def _column_missing(
    table: pd.DataFrame, frame: gpd.GeoDataFrame, by: str | None, part: JoinPart, layer: str
) -> Finding:
    there = table if by is None else frame.drop(columns=frame.geometry.name)
    values = {
        "column": part.by if by is None else part.to,
        "key": "by" if by is None else "to",
        "file": part.path,
        "known": ", ".join(map(str, there.columns)),
    }
    return Finding("join_column_missing", layer, values=values)


def _own_columns(
    frame: pd.DataFrame, brought: pd.DataFrame, layer: str, part: JoinPart, *, fields: Mapping[str, str]
) -> tuple[dict[str, str], list[Finding]]:
    """Put aside the layer's own columns that mean what a column of the table means."""
    means = _meanings(brought, layer, {theirs: name for name, theirs in part.fields.items()})
    taken = {*means, *means.values()}
    own = {
        theirs: f"{theirs}{_OWN}"
        for theirs, ours in _meanings(frame, layer, fields).items()
        if theirs in taken or ours in taken
    }
    values = {"columns": ", ".join(own), "kept": ", ".join(own.values()), "file": part.path}
    return own, [Finding("join_column_own", layer, values=values)] if own else []


def _meanings(frame: pd.DataFrame, layer: str, stated: Mapping[str, str]) -> dict[str, str]:
    """List columns with the library's name of each, itself where it has none."""
    names = field_names()
    return {
        str(name): stated.get(str(name)) or names.column(layer, str(name)) or str(name)
        for name in frame.columns
    }


def _told_rows(
    matches: Matches, names: pd.Series, features: pd.Series, layer: str, part: JoinPart
) -> list[Finding]:
    fates, file = matches.fates, part.path
    texts = as_text(names).reset_index(drop=True)
    theirs = as_text(features).reset_index(drop=True)
    of_row = dict(zip(matches.row.tolist(), matches.feature.tolist(), strict=True))
    otherwise = np.flatnonzero(fates == "variant").tolist()
    variants = [f"{texts[row]} = {theirs[of_row[row]]}" for row in otherwise]
    counts = {"count": len(matches.row), "of": len(fates), "features": len(features), "file": file}
    values = {**counts, "variants": listed(variants, shown=_LISTED) or "-"}
    found = [Finding("join_done", layer, column=part.to, values=values)]
    for fate, code in _CODES.items():
        if (rows := texts[fates == fate]).size:
            values = {"count": len(rows), "names": listed(list(dict.fromkeys(rows)), shown=_LISTED)}
            found.append(Finding(code, layer, column=part.by, values={**values, "file": file}))
    if (blank := np.flatnonzero(fates == "blank")).size:
        values = {"count": len(blank), "rows": listed([str(row + 1) for row in blank]), "file": file}
        found.append(Finding("join_blank", layer, column=part.by, values=values))
    if (lost := texts[fates == "unmatched"]).size:
        free = theirs[~np.isin(np.arange(len(theirs)), matches.feature)].dropna()
        near = [f"{name} ({_nearest(name, free)})" for name in lost[:_LISTED]]
        values = {"count": len(lost), "names": ", ".join(near) + (" …" if len(lost) > _LISTED else "")}
        found.append(Finding("join_unmatched", layer, column=part.by, values={**values, "file": file}))
    return found


def _nearest(name: str, free: Iterable[str]) -> str:
    """Write the feature's name that fewest changed letters make of a row's, and how many these are."""
    looked_at: Sequence[str] = list(dict.fromkeys(free))[:_LOOKED_AT]
    steps = [(edit_distance(normalise(name), normalise(other)), other) for other in looked_at]
    return "{1}, {0}".format(*min(steps)) if steps else "-"


def _told_features(matches: Matches, features: pd.Series, layer: str, part: JoinPart) -> list[Finding]:
    without = np.setdiff1d(np.arange(len(features)), matches.feature)
    if not len(without):
        return []
    names = as_text(features).reset_index(drop=True)[without].fillna("-")
    values = {"count": len(without), "names": listed(list(names), shown=_LISTED), "file": part.path}
    return [Finding("join_feature_without", layer, column=part.to, values=values)]


def _totals(matches: Matches, brought: pd.DataFrame, layer: str, part: JoinPart) -> list[Finding]:
    """Sum every column of numbers over the table and over what was joined of it."""
    ours = {theirs: name for name, theirs in part.fields.items()}
    counts = {column.name for column in LAYERS[layer].columns if column.kind in ("number", "whole")}
    is_row = ~np.isin(matches.fates, ("total", "again"))
    found = []
    for name in brought.columns:
        column = ours.get(name) or field_names().column(layer, name) or name
        numbers = _numbers(brought[name], column, is_declared=column in counts)
        if numbers is None:
            continue
        before = float(np.nansum(numbers[is_row]))
        after = float(np.nansum(numbers[matches.row]))
        values = {"theirs": name, "before": f"{before:.12g}", "after": f"{after:.12g}", "file": part.path}
        is_same = abs(after - before) <= _SAME * max(abs(before), abs(after))
        code = "join_total" if is_same else "join_total_differs"
        found.append(Finding(code, layer, column=column, values={**values, "lost": f"{before - after:.12g}"}))
    return found


def _numbers(values: pd.Series, column: str, *, is_declared: bool) -> NDArray[np.float64] | None:
    """Read a column of numbers; ``None`` if it is none."""
    texts = as_text(values)
    readings = {text: read_number(text, column=column) for text in texts.dropna().unique()}
    if not is_declared and not all(reading.how in ("plain", "missing") for reading in readings.values()):
        return None
    if not any(np.isfinite(reading.value) for reading in readings.values()):
        return None
    return np.array([readings[text].value if isinstance(text, str) else np.nan for text in texts])
