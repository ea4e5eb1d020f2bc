"""What the inventories share: their result, their rows, and the classes of the parcels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import findings_table
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.standards.load import land_classes
from fengmao_geo.town.people_places import own_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from fengmao_geo.findings import Finding
    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]

__all__ = [
    "CONSTRUCTION_GROUPS",
    "ROAD_GROUPS",
    "Inventory",
    "column_of",
    "held_by",
    "inventory",
    "land_groups",
    "pairs",
    "polygons_in",
]

#: Groups of land classes that roads and railways are of.
ROAD_GROUPS = ("transport", "transport_rural")

#: Groups of construction land on which people live, work or meet; roads are not among them.
CONSTRUCTION_GROUPS = (
    "commercial",
    "green_open",
    "industrial",
    "mining",
    "public_service",
    "residential",
    "special",
    "utility",
    "vacant",
    "warehouse",
)

_FIRST = ("kind", "basis", "certainty", "rule", "evidence")
_SOURCE = ("source_layer", "source_id", "source_name")


@dataclass(frozen=True, repr=False, eq=False)
class Inventory:
    """An inventory of spaces of its own, apart from open land.

    Parameters
    ----------
    table
        One row per space: ``kind, basis, certainty, rule, evidence``, what the inventory alone knows, and
        ``geometry``.
    findings
        What could not be known, and what was left out: the table ``findings``.
    totals
        Areas that the rows add up to, by name.
    """

    table: gpd.GeoDataFrame
    findings: pd.DataFrame
    totals: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Count the spaces of each kind."""
        counts = self.table["kind"].value_counts(sort=False)
        listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        return f"<Inventory: {listed or 'nothing'}; {len(self.findings)} findings>"


def inventory(
    frames: Sequence[gpd.GeoDataFrame],
    findings: Iterable[Finding],
    *,
    town: Town,
    kinds: SpaceKinds,
    totals: Mapping[str, float] | None = None,
) -> Inventory:
    """Put the rows of several kinds under one another, in the order of the kinds and of their sources.

    Parameters
    ----------
    frames
        Rows with at least ``kind, certainty, rule, evidence, source_layer, source_id`` and a geometry.
    findings
        What was found beside.
    town
        The town, for its CRS.
    kinds
        The kinds of space.
    totals
        Areas that the rows add up to.

    Returns
    -------
    Inventory
        The inventory.
    """
    columns = [*_FIRST, *_SOURCE, "geometry"]
    filled = [frame for frame in frames if len(frame)]
    if filled:
        joined = cast("gpd.GeoDataFrame", pd.concat(filled, ignore_index=True))
    else:
        shape = gpd.GeoSeries([], crs=town.crs)
        joined = gpd.GeoDataFrame({name: pd.Series(dtype=object) for name in columns[:-1]}, geometry=shape)
    joined = joined[~_is_neighbours(joined, town)]
    order = {kind: record.order for kind, record in kinds.kinds.items()}
    basis = {kind: record.basis for kind, record in kinds.kinds.items()}
    joined = joined.assign(basis=joined["kind"].map(basis), _order=joined["kind"].map(order))
    joined = joined.sort_values(["_order", "source_id", "certainty"], kind="stable", ignore_index=True)
    more = [name for name in joined.columns if name not in columns and name != "_order"]
    return Inventory(
        joined[[*columns[:-1], *more, "geometry"]], findings_table(findings), totals=dict(totals or {})
    )


def _is_neighbours(rows: gpd.GeoDataFrame, town: Town) -> NDArray[np.bool_]:
    """Say which rows come from buildings and parcels of a neighbouring town."""
    is_theirs = np.zeros(len(rows), dtype=bool)
    for layer in ("buildings", "parcels"):
        if layer in town and "is_neighbour" in town[layer]:
            features = town[layer]
            theirs = set(features["id"]) - set(own_features(features)["id"])
            is_theirs |= (rows["source_layer"].eq(layer) & rows["source_id"].isin(theirs)).to_numpy(
                dtype=bool
            )
    return is_theirs


def column_of(frame: pd.DataFrame, name: str, *, is_text: bool = False) -> pd.Series:
    """Take a column, all missing where the frame has none.

    Parameters
    ----------
    frame
        A table.
    name
        The column.
    is_text
        Whether it holds words; else its numbers are given as floats.

    Returns
    -------
    Series
        Its values, on the frame's index.

    Examples
    --------
    >>> column_of(pd.DataFrame({"a": [1]}), "b").tolist()
    [nan]
    """
    if name not in frame.columns:
        return pd.Series(np.nan, index=frame.index, dtype=object if is_text else float)
    values = frame[name]
    return values.astype(object).where(values.notna(), np.nan) if is_text else values.astype(float)


def land_groups(town: Town, parcels: gpd.GeoDataFrame) -> pd.Series | None:
    """Say which group of land classes each parcel is of, its code read in its own scheme.

    Parameters
    ----------
    town
        The town, whose settings name the scheme.
    parcels
        Its parcels.

    Returns
    -------
    Series or None
        The group, missing where the scheme has no such code; ``None`` where there are no codes or no scheme.
    """
    scheme = town.settings.codes.get("parcels")
    if scheme is None or "land_code" not in parcels.columns:
        return None
    groups = {code: record.group for code, record in land_classes(scheme).items()}
    return column_of(parcels, "land_code", is_text=True).map(groups)


def polygons_in(town: Town, layer: str) -> Geometries:
    """Take the polygons of a layer of a town.

    Parameters
    ----------
    town
        The town.
    layer
        Name of the layer.

    Returns
    -------
    array of Polygon
        Its polygons, in parts; none where the town has no such layer.
    """
    return polygons_of(town[layer].geometry.to_numpy() if layer in town else np.zeros(0, dtype=object))


def held_by(shapes: Geometries, areas: Geometries) -> Indices:
    """Say which area holds most of each shape.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.
    areas
        Polygons, shape ``(a,)``.

    Returns
    -------
    array of int, shape ``(n,)``
        The row of the area, the smallest of those that hold as much; -1 where none overlaps.

    Examples
    --------
    >>> left, right = shapely.box(0, 0, 4, 4), shapely.box(4, 0, 8, 4)
    >>> shapes = [shapely.box(3, 1, 6, 2), shapely.box(9, 9, 10, 10)]
    >>> held_by(np.array(shapes), np.array([left, right])).tolist()
    [1, -1]
    """
    held = np.full(len(shapes), -1, dtype=np.intp)
    if not len(shapes) or not len(areas):
        return held
    of, hit = shapely.STRtree(areas).query(shapes, predicate="intersects")
    overlap_m2 = shapely.area(shapely.intersection(shapes[of], areas[hit]))
    of, hit, overlap_m2 = of[overlap_m2 > 0], hit[overlap_m2 > 0], overlap_m2[overlap_m2 > 0]
    # Of areas within each other the smallest says most; what is clipped differs by rounding.
    order = np.lexsort((hit, shapely.area(areas)[hit], -overlap_m2.round(6), of))
    first = order[np.flatnonzero(np.diff(of[order], prepend=-1))]
    held[of[first]] = hit[first]
    return held


def pairs(values: Mapping[str, Iterable[object]], *, count: int) -> list[str]:
    """Write what is known of each row as ``name=value`` pairs, joined by ``;``; what is missing is left out.

    Parameters
    ----------
    values
        By name, the values of all rows.
    count
        How many rows there are.

    Returns
    -------
    list of str
        One text per row.

    Examples
    --------
    >>> pairs({"status": ["idle", None], "electricity_kwh": [0.0, 12.5]}, count=2)
    ['status=idle;electricity_kwh=0', 'electricity_kwh=12.5']
    """
    written = [[_pair(name, value) for value in column] for name, column in values.items()]
    return [";".join(part for part in row if part) for row in zip(*written, strict=True)] or [""] * count


def _pair(name: str, value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  # true of NaN alone
        return ""
    return f"{name}={value:.10g}" if isinstance(value, float) else f"{name}={value}"
