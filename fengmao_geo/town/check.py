"""Layers as they came to layers that can be computed with: names, ids, coordinates, geometry, values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.crs import to_town_crs
from fengmao_geo.geo.overlaps import settle_overlaps
from fengmao_geo.geo.repair import drop_missing, repair
from fengmao_geo.tables import DWELLING_LAYERS, LAYERS, REQUIRED_LAYERS
from fengmao_geo.town.columns import clean_values, name_columns, set_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pyproj import CRS

    from fengmao_geo.geo.overlaps import OverlapPolicy
    from fengmao_geo.geo.zones import Stated

__all__ = ["Source", "absent_layers", "checked_layer", "checked_layers", "has_error", "has_geometry"]

#: Layers whose features are side by side, so that ground under two of them counts twice.
_SHARED_OUT = ("parcels",)

#: A layer that lies farther than this from the built-up area is of another place.
_ELSEWHERE_M = 10_000.0


@dataclass(frozen=True)
class Source:
    """A layer as it came, and what is stated of it.

    Parameters
    ----------
    frame
        Its features.
    stated
        Its coordinate system; ``None`` if none is stated.
    fields
        The library's name of a column, then theirs.
    overlaps
        Which of two polygons that share ground keeps it; ``None`` to leave it to both.
    """

    frame: gpd.GeoDataFrame
    stated: Stated
    fields: Mapping[str, str] = field(default_factory=dict)
    overlaps: OverlapPolicy | None = None


def has_geometry(frame: object) -> bool:
    """Say whether a table has a geometry that can be used.

    Parameters
    ----------
    frame
        What was read.

    Returns
    -------
    bool
        True if it has.
    """
    return isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None


def checked_layers(
    sources: Mapping[str, Source], *, crs: CRS | None
) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    """Check every layer, and that those a town needs are there and lie in one place.

    Parameters
    ----------
    sources
        The layers as they came, by the library's names.
    crs
        The town's CRS; ``None`` if it has none that can be used, and then coordinates are not looked at.

    Returns
    -------
    dict
        The layers that can be used, in the order in which they are declared.
    list
        The findings of all layers.
    """
    layers, found = {}, []
    for layer in (name for name in LAYERS if name in sources):
        frame, layer_found = checked_layer(sources[layer], layer=layer, crs=crs)
        found += layer_found
        if not has_error(layer_found):
            layers[layer] = frame
    unknown = [name for name in sources if name not in LAYERS]
    found += [Finding("layer_unknown", name, values={"known": ", ".join(LAYERS)}) for name in unknown]
    return layers, [*found, *_elsewhere(layers)]


def checked_layer(source: Source, *, layer: str, crs: CRS | None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Check one layer: column names, ids, coordinates, geometry, values and overlaps, in this order.

    Parameters
    ----------
    source
        The layer as it came.
    layer
        Its name.
    crs
        The town's CRS; ``None`` to leave coordinates alone.

    Returns
    -------
    GeoDataFrame
        The layer as its table declares it, rows in the order of ids.
    list
        What was found; where an error is among it, the layer is not to be used.
    """
    named, name_found = name_columns(source.frame, layer=layer, fields=source.fields)
    known, id_found = set_ids(named, layer=layer)
    there, missing_found = drop_missing(known, layer=layer)
    placed, place_found = (there, []) if crs is None else _placed(there, source.stated, crs, layer)
    clean, value_found = clean_values(placed, layer=layer)
    count_found = _counted(len(source.frame), len(clean), layer)
    found = [*name_found, *id_found, *missing_found, *place_found, *value_found, *count_found]
    ordered = clean.sort_values("id", kind="stable", ignore_index=True)
    if has_error(found) or crs is None:
        return ordered, found
    apart, lap_found = _apart(ordered, source.overlaps, layer)
    return LAYERS[layer].check(apart), [*found, *lap_found]


def has_error(findings: Iterable[Finding]) -> bool:
    """Say whether one of the findings is an error.

    Parameters
    ----------
    findings
        The findings.

    Returns
    -------
    bool
        True if at least one is.
    """
    return any(finding.severity == "error" for finding in findings)


def _counted(given: int, used: int, layer: str) -> list[Finding]:
    if not given:
        return [Finding("layer_empty" if layer in REQUIRED_LAYERS else "layer_has_none", layer)]
    if layer in REQUIRED_LAYERS and not used:
        return [Finding("layer_all_excluded", layer, values={"count": given})]
    return []


def _placed(
    frame: gpd.GeoDataFrame, stated: Stated, crs: CRS, layer: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the coordinates to the town's CRS, then the geometry to the layer's kind."""
    moved, found = to_town_crs(frame, stated=stated, crs=crs, layer=layer, ids=frame["id"].tolist())
    if has_error(found):
        return moved, found
    repaired, more = repair(moved, layer=layer, shape=LAYERS[layer].geometry or "any")
    return repaired, [*found, *more]


def _apart(
    frame: gpd.GeoDataFrame, policy: OverlapPolicy | None, layer: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Look for overlaps where features share out the ground, or where it is said what to do with them."""
    if layer not in _SHARED_OUT and policy is None:
        return frame, []
    if LAYERS[layer].geometry != "polygon":
        return frame, [Finding("overlaps_unused", layer, column="overlaps")]
    apart, found = settle_overlaps(frame, layer=layer, policy=policy)
    return apart.reset_index(drop=True), found


def absent_layers(named: Collection[str]) -> list[Finding]:
    """List the layers that a town must have and of which nothing was given.

    Parameters
    ----------
    named
        Names of the layers that were given.

    Returns
    -------
    list of Finding
        An error for each layer that is wanting.
    """
    found = [Finding("layer_missing", layer) for layer in REQUIRED_LAYERS if layer not in named]
    if not any(layer in named for layer in DWELLING_LAYERS):
        found.append(Finding("layer_missing_dwellings", "buildings"))
    return found


def _elsewhere(layers: Mapping[str, gpd.GeoDataFrame]) -> list[Finding]:
    """Report layers that lie nowhere near the built-up area: as a rule their CRS is mislabelled."""
    if "built_up" not in layers or not len(layers["built_up"]):
        return []
    town = shapely.box(*layers["built_up"].total_bounds)
    away_m = {
        layer: shapely.distance(town, shapely.box(*frame.total_bounds))
        for layer, frame in layers.items()
        if len(frame)
    }
    return [
        Finding("layer_elsewhere", layer, values={"layer": layer, "away_km": round(float(far_m) / 1000, 1)})
        for layer, far_m in away_m.items()
        if np.isfinite(far_m) and far_m > _ELSEWHERE_M
    ]
