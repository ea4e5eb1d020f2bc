"""Layers as they came to layers that can be computed with: names, ids, coordinates, geometry, values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.findings import Finding
from fengmao_geo.geo.area_scale import area_scale_findings
from fengmao_geo.geo.crs import to_town_crs
from fengmao_geo.geo.diagnose import common_ground, fitting
from fengmao_geo.geo.overlaps import settle_overlaps
from fengmao_geo.geo.repair import drop_missing, repair
from fengmao_geo.geo.suspect import suspected_shifts
from fengmao_geo.geo.zones import crs_name, working_crs
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.tables import DWELLING_LAYERS, LAYERS, REQUIRED_LAYERS
from fengmao_geo.town.centre_lines import streets_as_lines
from fengmao_geo.town.columns import name_columns, set_ids
from fengmao_geo.town.values import clean_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from fengmao_geo.geo.datum import DatumShift
    from fengmao_geo.geo.overlaps import OverlapPolicy
    from fengmao_geo.geo.zones import Box, Stated

__all__ = ["Source", "absent_layers", "checked_layer", "checked_layers", "has_error", "has_geometry"]

#: Layers whose ground counts besides their outlines when layers are compared: places lie in them.
_FILLED = ("buildings",)

#: Layers whose features are side by side, so that ground under two of them counts twice.
_SHARED_OUT = ("parcels",)


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
    shift
        The user's own parameters of the datum stated, if it is an old one and they are given.
    drawn_as
        Of streets: ``edges`` if its lines are the edges of streets.
    closing_m
        Of streets drawn as surfaces or edges: how wide a gap is closed.
    overlaps
        Which of two polygons that share ground keeps it; ``None`` to leave it to both.
    """

    frame: gpd.GeoDataFrame
    stated: Stated
    fields: Mapping[str, str] = field(default_factory=dict)
    shift: DatumShift | None = None
    drawn_as: str = "centre_lines"
    closing_m: float = 0.1
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
    sources: Mapping[str, Source], *, crs: CRS | None, codes: Mapping[str, str] | None = None
) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    """Check every layer, and that those a town needs are there and lie in one place.

    Parameters
    ----------
    sources
        The layers as they came, by the library's names.
    crs
        The town's CRS; ``None`` if it has none that can be used, and then coordinates are not looked at.
    codes
        The code scheme of a layer's land codes.

    Returns
    -------
    dict
        The layers that can be used, in the order in which they are declared.
    list
        The findings of all layers.
    """
    layers, found = {}, []
    near = None if crs is None else common_ground(_placed_layers(sources), crs=crs)
    for layer in (name for name in LAYERS if name in sources):
        scheme = (codes or {}).get(layer)
        frame, layer_found = checked_layer(sources[layer], layer=layer, crs=crs, scheme=scheme, near=near)
        found += layer_found
        if not has_error(layer_found):
            layers[layer] = frame
    unknown = [name for name in sources if name not in LAYERS]
    found += [Finding("layer_unknown", name, values={"known": ", ".join(LAYERS)}) for name in unknown]
    if crs is not None and near is not None:
        found += [*_elsewhere(layers, sources, near, crs), *_shifted(layers, sources, crs)]
        found += area_scale_findings(near, crs=crs)
    return layers, found


def _placed_layers(sources: Mapping[str, Source]) -> dict[str, tuple[gpd.GeoDataFrame, Stated]]:
    """List the layers that may tell where the town is, the built-up area first."""
    named = sorted((name for name in LAYERS if name in sources), key=lambda name: name != "built_up")
    return {name: (sources[name].frame, sources[name].stated) for name in named}


def checked_layer(
    source: Source, *, layer: str, crs: CRS | None, scheme: str | None = None, near: Box | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Check one layer: column names, ids, coordinates, geometry, values and overlaps, in this order.

    Parameters
    ----------
    source
        The layer as it came.
    layer
        Its name.
    crs
        The town's CRS; ``None`` to leave coordinates alone.
    scheme
        The code scheme of its land codes.
    near
        The ground of the town, as far as other layers tell it.

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
    placed, place_found = (there, []) if crs is None else _placed(there, source, crs, layer, near)
    clean, value_found = clean_values(placed, layer=layer, scheme=scheme)
    count_found = _counted(len(source.frame), len(clean), layer)
    # A column that was missing may have been made of others.
    name_found = [of for of in name_found if of.code != "field_missing" or of.column not in clean.columns]
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
    frame: gpd.GeoDataFrame, source: Source, crs: CRS, layer: str, near: Box | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring the coordinates to the town's CRS, then the geometry to the layer's kind."""
    moved, found = to_town_crs(
        frame,
        stated=source.stated,
        crs=crs,
        layer=layer,
        ids=frame["id"].tolist(),
        near=near,
        shift=source.shift,
    )
    if has_error(found):
        return moved, found
    if layer == "streets":
        moved, drawn_found = streets_as_lines(moved, drawn_as=source.drawn_as, closing_m=source.closing_m)
        found = [*found, *drawn_found]
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


def _elsewhere(
    layers: Mapping[str, gpd.GeoDataFrame], sources: Mapping[str, Source], near: Box, crs: CRS
) -> list[Finding]:
    """Report layers that lie nowhere near the others: as a rule their CRS is mislabelled."""
    if "built_up" not in layers or not len(layers["built_up"]):
        return []
    town, limit_m = shapely.box(*near), figure_standard("coordinates").figure("away_m")
    boxes = {layer: shapely.box(*frame.total_bounds) for layer, frame in layers.items() if len(frame)}
    if shapely.distance(town, boxes["built_up"]) <= limit_m:
        town = boxes["built_up"]
    away_m = {layer: float(shapely.distance(town, box)) for layer, box in boxes.items()}
    return [
        _away(layer, far_m, sources[layer], near, crs)
        for layer, far_m in away_m.items()
        if np.isfinite(far_m) and far_m > limit_m
    ]


def _away(layer: str, far_m: float, source: Source, near: Box, crs: CRS) -> Finding:
    """Name the CRS in which a layer of another place would lie in the town."""
    looks = " / ".join(fitting(source.frame, near=near, crs=crs))
    values = {"layer": layer, "away_km": round(far_m / 1000, 1), "crs": crs_name(source.stated)}
    if layer == "built_up":
        return Finding("built_up_elsewhere", layer, values=values | {"looks": looks or "-"})
    return Finding(
        "layer_elsewhere_looks" if looks else "layer_elsewhere", layer, values=values | {"looks": looks}
    )


def _shifted(
    layers: Mapping[str, gpd.GeoDataFrame], sources: Mapping[str, Source], crs: CRS
) -> list[Finding]:
    """Warn of layers that fit those in the town's CRS only where the shift of web maps would have them."""
    stated = {layer: sources[layer].stated for layer in layers}
    trusted = [layer for layer, of in stated.items() if isinstance(of, CRS) and working_crs(of).equals(crs)]
    found = suspected_shifts(
        {layer: frame.geometry.to_numpy() for layer, frame in layers.items()},
        stated=stated,
        trusted=trusted,
        filled=_FILLED,
        crs=crs,
    )
    unshifted = CRS.from_epsg(4490)
    return [
        Finding(
            "shift_suspected",
            of.layer,
            values={
                "layer": of.layer,
                "crs": crs_name(stated[of.layer]),
                "system": of.system or crs_name(unshifted),
                "declare": of.system or unshifted.to_string(),
                "shift_m": round(of.shift_m),
                "ratio": f"{of.ratio:.1f}",
            },
        )
        for of in found
    ]
