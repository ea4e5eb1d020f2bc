"""Features of OpenStreetMap to a Town: every layer, within the boundary and what lies around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.crs import town_crs_fault
from fengmao_geo.geo.zones import working_crs
from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.town.check import Source
from fengmao_geo.town.osm_areas import (
    built_up_of,
    osm_bridges,
    osm_buildings,
    osm_green,
    osm_parcels,
    osm_water,
)
from fengmao_geo.town.osm_data import OSM, WAY, counted, feature_keys, listed, refuse
from fengmao_geo.town.osm_place import in_metres, metre_crs, projected, whole_polygons
from fengmao_geo.town.osm_points import osm_barriers, osm_facilities, osm_gates, osm_trees
from fengmao_geo.town.osm_streets import crossing_places, osm_streets
from fengmao_geo.town.town import Town, TownSettings, build_town

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapely.geometry.base import BaseGeometry

    from fengmao_geo.town.osm_data import OsmData
    from fengmao_geo.town.osm_place import Boundary

__all__ = ["osm_town"]

_MAKERS: dict[str, Callable[..., tuple[gpd.GeoDataFrame, list[Finding]]]] = {
    "streets": osm_streets,
    "buildings": osm_buildings,
    "parcels": osm_parcels,
    "facilities": osm_facilities,
    "green": osm_green,
    "water": osm_water,
    "bridges": osm_bridges,
    "gates": osm_gates,
    "barriers": osm_barriers,
    "crossings": crossing_places,
    "trees": osm_trees,
}

#: Layers that are kept only within the boundary; all others matter to those who live near it, and are kept
#: as far as the margin around it.
_OWN = ("buildings", "parcels", "trees")

#: How finely the sides of a box in degrees are drawn before they become curves in metres.
_STEP_DEG = 0.01


@dataclass(frozen=True)
class _Ground:
    """The town's ground in metres: its boundary, ``None`` if none was given, and what lies around it."""

    edge: shapely.MultiPolygon | None
    is_administrative: bool
    around: BaseGeometry


def osm_town(data: OsmData, edge: Boundary | None, *, name: str, crs: str | CRS | None) -> Town:
    """Make a town of features of OpenStreetMap.

    Parameters
    ----------
    data
        The features in degrees.
    edge
        The town's boundary; ``None`` for everything there is.
    name
        The town's name.
    crs
        The CRS asked for; ``None`` to take the one that suits the place.

    Returns
    -------
    Town
        The town.

    Raises
    ------
    TownError
        If the features make no town: no street, no building, no built-up area, or a CRS that cannot be used.
    """
    working, found = _working_crs(data, edge, crs)
    ground = _ground(data, edge, working)
    within, away_found = _within(projected(data, working), ground)
    own = within if ground.edge is None else within.take(shapely.intersects(within.shapes, ground.edge))
    layers, more = _layers(within, own, working)
    unused = _unused(own, layers)
    layers, area_found = _with_areas(layers, ground, working)
    settings = _settings(data, layers, ground)
    sources = {layer: Source(frame, working) for layer, frame in layers.items() if len(frame)}
    return build_town(
        sources,
        name=name,
        crs=working,
        settings=settings,
        rasters={},
        findings=[*data.found, found, *away_found, *more, *unused, *area_found],
    )


def _working_crs(data: OsmData, edge: Boundary | None, crs: str | CRS | None) -> tuple[CRS, Finding]:
    chosen, found = metre_crs(*_middle(data, edge), crs)
    fault = town_crs_fault(chosen, layer="town")
    if fault is not None or not isinstance(chosen, CRS):
        raise TownError("town_faults", findings_table([fault] if fault else []), count=1, name="")
    return working_crs(chosen), found


def _middle(data: OsmData, edge: Boundary | None) -> tuple[float, float]:
    """Give the middle of the boundary, of the file's box, or of what is in the file."""
    box = data.box if edge is None else shapely.bounds(edge.shape)
    if box is None:
        box = np.nanmedian(data.bounds, axis=0)
    west, south, east, north = box
    return float(west + east) / 2, float(south + north) / 2


def _ground(data: OsmData, edge: Boundary | None, crs: CRS) -> _Ground:
    if edge is not None:
        shape = whole_polygons(in_metres(np.array([shapely.segmentize(edge.shape, _STEP_DEG)]), crs)[0])
        around = shape.buffer(osm_standard().figure("margin_m"))
        shapely.prepare([shape, around])
        return _Ground(shape, edge.is_administrative, around)
    west, south, east, north = shapely.total_bounds(data.shapes) if data.box is None else data.box
    box = shapely.segmentize(shapely.box(west, south, east, north), _STEP_DEG)
    around = in_metres(np.array([box]), crs)[0]
    shapely.prepare(around)
    return _Ground(None, is_administrative=False, around=around)


def _within(data: OsmData, ground: _Ground) -> tuple[OsmData, list[Finding]]:
    """Take what lies around the town; where no boundary asked for that, what is left away is counted."""
    is_near = np.asarray(np.isfinite(data.bounds).all(axis=1))
    is_near[is_near] = shapely.intersects(data.shapes[is_near], ground.around)
    if not is_near.any():
        refuse("osm_elsewhere")
    away = np.unique(data.ids[~is_near].astype(str))
    if ground.edge is not None or not len(away):
        return data.take(is_near), []
    found = Finding("osm_outside_box", OSM, values={"count": len(away), "ids": listed(away.tolist())})
    return data.take(is_near), [found]


def _layers(data: OsmData, own: OsmData, crs: CRS) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    layers, found = {}, []
    for layer, make in _MAKERS.items():
        layers[layer], more = make(own if layer in _OWN else data, crs=crs)
        found += more
    return layers, found


def _unused(data: OsmData, layers: Mapping[str, gpd.GeoDataFrame]) -> list[Finding]:
    """Count what is of no layer, by its first tag; what a layer left out is counted there."""
    rules = osm_standard()
    used = {str(name).split(":")[0].split("-")[0] for frame in layers.values() for name in frame["id"]}
    counted_there = data.has_any(
        [*rules.points.crossing_tags, *rules.water.line_tags, *rules.barrier_type, "building=*"]
    )
    counted_there |= (data.kinds == WAY) & data.has("highway=*")
    _, first = np.unique(data.ids.astype(str), return_index=True)
    of_none = np.array([name not in used for name in data.ids[first]], dtype=bool)
    rest = data.take(first[of_none & ~counted_there[first]])
    tags: list[str] = []
    left = np.ones(len(rest), dtype=bool)
    for key in feature_keys():
        value = rest.value(key)
        here = left & (value != None)  # noqa: E711  element by element
        tags += [] if key in rules.places.keys else [f"{key}={text}" for text in value[here]]
        left &= ~here
    return [Finding("osm_unused", OSM, values={"count": len(tags), "tags": counted(tags)})] if tags else []


def _with_areas(
    layers: dict[str, gpd.GeoDataFrame], ground: _Ground, crs: CRS
) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    """Add the built-up area and the extent."""
    rules = osm_standard()
    is_given = ground.edge is not None and not ground.is_administrative
    built_up = ground.edge
    found = []
    if built_up is None or not is_given:
        closing = built_up_of(layers["buildings"], layers["parcels"])
        built_up = whole_polygons(closing.intersection(ground.around if ground.edge is None else ground.edge))
        values = {name: f"{rules.figure(name):g}" for name in ("closing_m", "built_up_min_m2")}
        code = "osm_built_up_within" if ground.is_administrative else "osm_built_up"
        values["area_ha"] = f"{built_up.area / 1e4:.0f}"
        found.append(Finding(code, "built_up", values=values))
    drawn = [built_up, *layers["streets"].geometry, *layers["buildings"].geometry]
    # What lies beyond everything drawn is not known to be empty.
    extent = whole_polygons(ground.around.intersection(shapely.GeometryCollection(drawn).convex_hull))
    margin = {"margin_m": f"{rules.figure('margin_m'):g}"}
    found.append(
        Finding("osm_extent", "extent")
        if ground.edge is None
        else Finding("osm_margin", "extent", values=margin)
    )
    areas = {"built_up": built_up, "extent": extent}
    made = {
        name: gpd.GeoDataFrame({"id": [name]}, geometry=[shape], crs=crs) for name, shape in areas.items()
    }
    return {
        **{name: frame for name, frame in made.items() if not frame.geometry.is_empty.all()},
        **layers,
    }, found


def _settings(data: OsmData, layers: Mapping[str, gpd.GeoDataFrame], ground: _Ground) -> TownSettings:
    rules = osm_standard()
    is_given = ground.edge is not None and not ground.is_administrative
    return TownSettings(
        boundary_basis=rules.boundary_basis["given" if is_given else "closing"],
        boundary_year=int(data.date[:4]) if data.date[:4].isdigit() and not is_given else None,
        notice=rules.notice,
        dates={layer: data.date for layer, frame in sorted(layers.items()) if data.date and len(frame)},
        codes={"parcels": OSM} if len(layers["parcels"]) else {},
        # A small area of land use drawn on a large one is the truth of its ground.
        overlaps={"parcels": "smaller"} if len(layers["parcels"]) else {},
    )
