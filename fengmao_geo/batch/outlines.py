"""Outlines of towns: their names, the names of their folders, and ground that is of one of them alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.batch.names import safe_id
from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import field_names
from fengmao_geo.town.check import checked_layer
from fengmao_geo.town.texts import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.town.check import Source

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]

__all__ = ["Outlines", "town_outlines"]

#: What outlines are called in findings and in the table of names, and the layer whose columns they have.
LAYER = "towns"
_LIKE = "communities"

#: Ground of two outlines that is less than this is rounding.
_ROUNDING_M2 = 1.0


@dataclass(frozen=True, eq=False)
class Outlines:
    """The towns that layers are cut into.

    Parameters
    ----------
    table
        One row per town in the order of ids: ``town_id``, the name of its folder; ``town_name``; ``people``,
        missing where unknown; ``geometry``, which overlaps no other.
    """

    table: gpd.GeoDataFrame

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.table.geometry.to_numpy())

    def owners(self, shapes: Geometries) -> Indices:
        """Say which town each shape belongs to: the one that a point inside it lies in.

        Parameters
        ----------
        shapes
            Geometries, shape ``(n,)``.

        Returns
        -------
        array of int, shape ``(n,)``
            Row of the town, the first of several; -1 for none.
        """
        owner = np.full(len(shapes), -1, dtype=np.intp)
        row, town = self._tree.query(shapely.point_on_surface(shapes), predicate="intersects")
        order = np.lexsort((-town, row))
        owner[row[order]] = town[order]
        return owner


def town_outlines(
    source: Source, *, crs: CRS, name_column: str | None = None
) -> tuple[Outlines, list[Finding]]:
    """Read the outlines of towns, and list every fault of theirs at once.

    Parameters
    ----------
    source
        Polygons, one row per town, with a name, and the people of each if they are to be spread over it.
    crs
        The CRS that is worked in.
    name_column
        The column that names towns; without it the one that is named as names of towns are.

    Returns
    -------
    Outlines
        The towns; not to be used if there is an error among the findings.
    list of Finding
        What is wrong with the outlines.
    """
    theirs = [str(name) for name in source.frame.columns if name != source.frame.geometry.name]
    called = {ours: name for name, ours in field_names().columns_found(LAYER, theirs).items()}
    fields = {ours: name for ours, name in called.items() if ours in ("name", "people")} | dict(source.fields)
    if name_column is not None:
        fields["name"] = name_column
    if is_unnamed := name_column is not None and name_column not in theirs:
        del fields["name"]
    given = source.frame.geometry
    empty = np.flatnonzero((given.isna() | given.is_empty).to_numpy())
    checked, found = checked_layer(replace(source, fields=fields), layer=_LIKE, crs=crs)
    found = [_of_towns(one) for one in found if one.severity in ("error", "repaired")]
    if len(empty):
        rows = ", ".join(str(row + 1) for row in empty[:20])
        found.append(Finding("split_outline_empty", LAYER, values={"count": len(empty), "rows": rows}))
    if not len(checked):
        return Outlines(checked), [*found, Finding("split_no_outline", LAYER)]
    if fields.get("people", "people") != "people":
        values = {"column": fields["people"]}
        found.append(Finding("split_people_column", LAYER, column="people", values=values))
    if is_unnamed or "name" not in checked:
        values = {"column": name_column or "name", "known": ", ".join(theirs)}
        found.append(Finding("split_names_missing", LAYER, column="name", values=values))
        return Outlines(checked), found
    names, more = _names(checked)
    ids = [safe_id(name) for name in names]
    found += [*more, *_clashes(names, ids)]
    people = checked["people"].astype(float) if "people" in checked else np.nan
    table = gpd.GeoDataFrame(
        {"town_id": ids, "town_name": names, "people": people}, geometry=checked.geometry, crs=crs
    ).sort_values("town_id", kind="stable", ignore_index=True)
    apart, more = _apart(table)
    return Outlines(apart), [*found, *more]


def _of_towns(one: Finding) -> Finding:
    """Say of a finding that it is of towns; a layer that it points to is that of built-up areas."""
    values = one.values | {"layer": "built_up"} if "layer" in one.values else one.values
    return replace(one, layer=LAYER, values=values)


def _names(checked: gpd.GeoDataFrame) -> tuple[list[str], list[Finding]]:
    """Read the towns' names; one without a name is called by its id, and told of."""
    ids = as_text(checked["id"])
    names = as_text(checked["name"]).str.strip()
    is_missing = (names.isna() | (names == "")).to_numpy()
    found = [Finding("split_name_missing", LAYER, str(one), "name") for one in ids[is_missing]]
    names = names.where(~is_missing, ids)
    counts = Counter(names)
    found += [
        Finding("split_name_twice", LAYER, column="name", values={"name": name, "count": count})
        for name, count in sorted(counts.items())
        if count > 1
    ]
    return names.tolist(), found


def _clashes(names: list[str], ids: list[str]) -> list[Finding]:
    """Tell of names that make no folder, and of different names that make one folder."""
    found = [
        Finding("split_name_unsafe", LAYER, column="name", values={"name": name})
        for name, safe in zip(names, ids, strict=True)
        if not safe
    ]
    by_folder: dict[str, set[str]] = {}
    for name, safe in zip(names, ids, strict=True):
        if safe:
            by_folder.setdefault(safe.casefold(), set()).add(name)
    return found + [
        Finding(
            "split_id_clash", LAYER, column="name", values={"names": ", ".join(sorted(those)), "id": safe}
        )
        for safe, those in sorted(by_folder.items())
        if len(those) > 1
    ]


def _apart(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Leave ground that two towns claim to the first of them."""
    shapes = table.geometry.to_numpy().copy()
    row, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    row, other = row[other < row], other[other < row]
    lap_m2 = shapely.area(shapely.intersection(shapes[row], shapes[other]))
    found = []
    for later, first, area_m2 in zip(row, other, lap_m2, strict=True):
        if area_m2 <= 0:
            continue
        shapes[later] = shapely.difference(shapes[later], table.geometry.iloc[first])
        if area_m2 > _ROUNDING_M2:
            values = {"first": table["town_name"].iloc[first], "area_m2": round(float(area_m2))}
            found.append(Finding("split_overlap", LAYER, table["town_name"].iloc[later], values=values))
    gone = np.flatnonzero(shapely.area(shapes) <= 0)
    found += [Finding("split_covered", LAYER, table["town_name"].iloc[at]) for at in gone]
    return table.set_geometry(shapes, crs=table.crs), found
