"""OpenStreetMap's areas to layers: buildings, land use, green, water, bridges; the built-up area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.standards.load import land_classes
from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.town.osm_data import AREA, NODE, OSM, WAY, counted
from fengmao_geo.town.osm_numbers import metres, numbers, years

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.town.osm_data import OsmData

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]
    Layer = tuple[gpd.GeoDataFrame, list[Finding]]

__all__ = ["built_up_of", "osm_bridges", "osm_buildings", "osm_green", "osm_parcels", "osm_water"]


def osm_buildings(data: OsmData, *, crs: CRS) -> Layer:
    """Take the buildings: their use, floors, year, homes, and whether they stand empty.

    The use is that of ``building``; where it says no more than that there is a building, that of its place
    tags, else of the land use it stands on. Floors are ``building:levels``, else the height divided by that
    of a floor.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, use, use_basis, status, floor_count, built_year, household_count``.
    list of Finding
        What was left out and on what the rest rests, with counts.
    """
    rules = osm_standard()
    kind = data.value("building")
    is_building = (kind != None) & ~data.is_in("building", rules.building.no_buildings)  # noqa: E711
    rows = data.take(is_building & (data.kinds == AREA))
    use, basis, found = _uses(rows, data)
    floors, more = _floors(rows)
    others = {"osm_building_points": data.kinds == NODE}
    found += [
        Finding(code, "buildings", values={"count": int((is_building & mask).sum())})
        for code, mask in others.items()
        if (is_building & mask).any()
    ]
    table = {
        "id": rows.ids,
        "name": rows.value("name"),
        "use": use,
        "use_basis": basis,
        "status": _named(rows.has_any(rules.building.idle_tags), "idle"),
        "floor_count": floors,
        "built_year": years(rows.value("start_date")),
        "household_count": numbers(rows.value("building:flats")),
    }
    return gpd.GeoDataFrame(table, geometry=rows.shapes, crs=crs), [*found, *more]


def _named(rows: Flags, name: str) -> NDArray[np.object_]:
    named = np.full(len(rows), None, dtype=object)
    named[rows] = name
    return named


def _uses(rows: OsmData, data: OsmData) -> tuple[NDArray[np.object_], NDArray[np.object_], list[Finding]]:
    """Find the use of each building and what it is known by: ``tag``, ``place``, ``land_use``."""
    rules = osm_standard()
    kind = rows.value("building")
    use = np.array([rules.building_use.get(str(value)) for value in kind], dtype=object)
    basis = _named(use != None, "tag")  # noqa: E711  element by element
    open_to = (use == None) & (np.isin(kind.astype(str), rules.building.unsaid))  # noqa: E711
    unknown = (use == None) & ~open_to  # noqa: E711
    found = []
    if unknown.any():
        values = {"count": int(unknown.sum()), "values": counted(kind[unknown])}
        found.append(Finding("osm_building_unknown", "buildings", column="use", values=values))
    place = rows.first(rules.place_use)
    by_place = open_to & (place != None)  # noqa: E711  element by element
    use[by_place], basis[by_place] = place[by_place], "place"
    left = np.flatnonzero(open_to & ~by_place)
    of_land = _use_of_land(rows.shapes[left], data)
    by_land = left[of_land != None]  # noqa: E711  element by element
    use[by_land], basis[by_land] = of_land[of_land != None], "land_use"  # noqa: E711
    if len(by_land):
        values = {"count": len(by_land), "of": len(rows)}
        found.append(Finding("osm_use_of_land", "buildings", column="use", values=values))
    return use, basis, found


def _use_of_land(shapes: Geometries, data: OsmData) -> NDArray[np.object_]:
    """Give buildings the use of the smallest land use that their middle lies on."""
    rules = osm_standard()
    land = data.take((data.kinds == AREA) & (data.value("landuse") != None))  # noqa: E711  element by element
    use_of = {code: rules.building.use_of_land.get(of.group) for code, of in land_classes(OSM).items()}
    meant = np.array([use_of.get(str(value)) for value in land.value("landuse")], dtype=object)
    found = np.full(len(shapes), None, dtype=object)
    has_use = meant != None  # noqa: E711  element by element
    areas, meant = land.shapes[has_use], meant[has_use]
    order = np.argsort(-shapely.area(areas), kind="stable")
    row, hit = shapely.STRtree(areas[order]).query(shapely.point_on_surface(shapes), predicate="within")
    # The smallest comes last, and the last one written stays.
    last = np.lexsort((hit, row))
    found[row[last]] = meant[order][hit[last]]
    return found


def _floors(rows: OsmData) -> tuple[NDArray[np.float64], list[Finding]]:
    floors = numbers(rows.value("building:levels"))
    floors = np.where(floors > 0, floors, np.nan)
    height_m = metres(rows.value("height"))
    by_height = np.isnan(floors) & (height_m > 0)
    each_m = osm_standard().figure("floor_height_m")
    floors = np.where(by_height, np.maximum(np.round(height_m / each_m), 1.0), floors)
    stated = np.array([value is not None for value in rows.value("building:levels")], dtype=bool)
    unread = stated & np.isnan(floors)
    found = []
    if by_height.any():
        values = {"count": int(by_height.sum()), "floor_height_m": f"{each_m:g}"}
        found.append(Finding("osm_floors_of_height", "buildings", column="floor_count", values=values))
    if unread.any():
        values = {"count": int(unread.sum()), "values": counted(rows.value("building:levels")[unread])}
        found.append(Finding("osm_floors_unread", "buildings", column="floor_count", values=values))
    return floors, found


def osm_parcels(data: OsmData, *, crs: CRS) -> Layer:
    """Take the areas of land use; their codes are the values of ``landuse``, the scheme ``osm``.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, land_code, land_name``.
    list of Finding
        Values that are in no class, which are kept.
    """
    classes = land_classes(OSM)
    code = data.value("landuse")
    rows = data.take((data.kinds == AREA) & (code != None))  # noqa: E711  element by element
    code = rows.value("landuse")
    names = [classes[value].name_zh if value in classes else None for value in code]
    unknown = np.array([name is None for name in names], dtype=bool)
    found = []
    if unknown.any():
        values = {"count": int(unknown.sum()), "values": counted(code[unknown])}
        found.append(Finding("osm_land_unknown", "parcels", column="land_code", values=values))
    table = {"id": rows.ids, "name": rows.value("name"), "land_code": code, "land_name": names}
    return gpd.GeoDataFrame(table, geometry=rows.shapes, crs=crs), found


def osm_green(data: OsmData, *, crs: CRS) -> Layer:
    """Take the areas of green.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, green_type``.
    list of Finding
        Nothing.
    """
    kind = data.first(osm_standard().green_type)
    chosen = (data.kinds == AREA) & (kind != None)  # noqa: E711  element by element
    rows = data.take(chosen)
    table = {"id": rows.ids, "name": rows.value("name"), "green_type": kind[chosen]}
    return gpd.GeoDataFrame(table, geometry=rows.shapes, crs=crs), []


def osm_water(data: OsmData, *, crs: CRS) -> Layer:
    """Take areas of water, and lines of water whose width is said; a line without width is no area.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, water_type``.
    list of Finding
        Lines that were drawn as wide as they say, and those left out, with counts and metres.
    """
    rules = osm_standard()
    is_covered = data.has_any(rules.water.covered_tags)
    is_area = (data.kinds == AREA) & data.has_any(rules.water.area_tags)
    is_line = (
        (data.kinds == WAY)
        & data.has_any(rules.water.line_tags)
        & ~_are_among(data.ids, set(data.ids[is_area]))
    )
    width_m = metres(data.value("width"))
    has_width = is_line & ~is_covered & (width_m > 0)
    lists = {
        "osm_water_covered": is_line & is_covered,
        "osm_water_no_width": is_line & ~is_covered & ~has_width,
        "osm_water_of_width": has_width,
    }
    found = [
        Finding(code, "water", values={"count": int(mask.sum()), "length_m": _length(data.shapes[mask])})
        for code, mask in lists.items()
        if mask.any()
    ]
    rows, lines = data.take(is_area), data.take(has_width)
    banks = shapely.buffer(lines.shapes, width_m[has_width] / 2, cap_style="flat")
    kinds = [part.first(rules.water_type) for part in (rows, lines)]
    table = {
        "id": np.concatenate([rows.ids, lines.ids]),
        "name": np.concatenate([rows.value("name"), lines.value("name")]),
        "water_type": np.concatenate(kinds),
    }
    return gpd.GeoDataFrame(table, geometry=np.concatenate([rows.shapes, banks]), crs=crs), found


def _are_among(ids: NDArray[np.object_], those: set[str]) -> Flags:
    return np.array([name in those for name in ids], dtype=bool)


def _length(shapes: Geometries) -> int:
    return round(float(shapely.length(shapes).sum()))


def osm_bridges(data: OsmData, *, crs: CRS) -> Layer:
    """Take the areas of bridges.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name``.
    list of Finding
        Nothing.
    """
    rows = data.take((data.kinds == AREA) & data.has_any(osm_standard().points.bridge_tags))
    return gpd.GeoDataFrame({"id": rows.ids, "name": rows.value("name")}, geometry=rows.shapes, crs=crs), []


def built_up_of(buildings: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> shapely.MultiPolygon:
    """Close the gaps between buildings and urban land use: the built-up area where no boundary is given.

    Parameters
    ----------
    buildings, parcels
        The layers.

    Returns
    -------
    polygons
        What is left of their closing once small groups are taken off; empty if nothing is.
    """
    rules = osm_standard()
    urban = parcels[parcels["land_code"].isin(rules.land_use.urban)]
    shapes = np.concatenate([buildings.geometry.to_numpy(), urban.geometry.to_numpy()])
    by_m = rules.figure("closing_m")
    grown = shapely.union_all(shapely.buffer(shapely.make_valid(shapes), by_m, quad_segs=4))
    parts = polygons_of(np.array([shapely.buffer(grown, -by_m, quad_segs=4)], dtype=object))
    return shapely.MultiPolygon(list(parts[shapely.area(parts) >= rules.figure("built_up_min_m2")]))
