"""OpenStreetMap's places and lines that part: facilities, gates, trees, barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.town.facility_types import facility_types_of
from fengmao_geo.town.osm_data import AREA, NODE, WAY, counted
from fengmao_geo.town.osm_numbers import metres, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.town.osm_data import OsmData

    Flags = NDArray[np.bool_]
    Layer = tuple[gpd.GeoDataFrame, list[Finding]]

__all__ = ["osm_barriers", "osm_facilities", "osm_gates", "osm_trees"]


def osm_facilities(data: OsmData, *, crs: CRS) -> Layer:
    """Take the places of a facility type: points and grounds.

    A type's tags must all be there; where the tags of one type hold those of another, the narrower type
    counts. A place of several types, such as a shop with a post office, is one row for each: ``n1``,
    ``n1:post_office``. What is private is left out.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, facility_type, capacity_count``.
    list of Finding
        Private places, and those of no type, with counts.
    """
    rows = data.take((data.kinds == NODE) | (data.kinds == AREA))
    keys = osm_standard().places.keys
    places, types, found = _typed_or_named(rows, keys)
    is_private = rows.is_in("access", osm_standard().walking.access_no)
    found += _untyped(rows, keys, np.isin(np.arange(len(rows)), places))
    kept = ~is_private[places]
    if not kept.all():
        values = {"count": int((~kept).sum()), "types": counted(types[~kept])}
        found.append(Finding("osm_private", "facilities", values=values))
    places, types = places[kept], types[kept]
    chosen = rows.take(places)
    is_again = np.append(False, places[1:] == places[:-1])
    ids = np.where(is_again, chosen.ids + ":" + types, chosen.ids)
    table = {
        "id": ids,
        "name": chosen.value("name"),
        "facility_type": types,
        "capacity_count": numbers(chosen.value("capacity")),
    }
    return gpd.GeoDataFrame(table, geometry=chosen.shapes, crs=crs), found


def _typed_or_named(
    rows: OsmData, keys: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.object_], list[Finding]]:
    """Find rows and their types by tags; where they tell none, by the longest word of a type in the name."""
    places, types = _typed(rows)
    name = rows.value("name")
    left = rows.has_any([f"{key}=*" for key in keys]) & (name != None)  # noqa: E711  element by element
    left[places] = False
    row = np.flatnonzero(left)
    by_name, _ = facility_types_of(pd.DataFrame({"name": name[row].astype("str")}))
    is_told = by_name.notna().to_numpy()
    row, meant = row[is_told], by_name[is_told].to_numpy(dtype=object)
    if not len(row):
        return places, types, []
    values = {"count": len(row), "types": counted(meant)}
    order = np.argsort(np.concatenate([places, row]), kind="stable")
    found = [Finding("osm_typed_by_name", "facilities", column="facility_type", values=values)]
    return np.concatenate([places, row])[order], np.concatenate([types, meant])[order], found


def _typed(rows: OsmData) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Find rows and their types, in the order of rows, then of the types' file."""
    rules = [
        (frozenset(rule.split(" & ")), name) for name, it in facility_types().items() for rule in it.osm_tags
    ]
    hits = {tags: rows.has(" & ".join(sorted(tags))) for tags, _ in rules}
    found = []
    for order, (tags, name) in enumerate(rules):
        hit = hits[tags].copy()
        for narrower, other in rules:
            if tags < narrower and other != name:
                hit &= ~hits[narrower]
        found.append(pd.DataFrame({"row": np.flatnonzero(hit), "order": order, "type": name}))
    table = pd.concat(found).drop_duplicates(["row", "type"]).sort_values(["row", "order"])
    return table["row"].to_numpy(dtype=np.intp), table["type"].to_numpy(dtype=object)


def _untyped(rows: OsmData, keys: tuple[str, ...], is_typed: Flags) -> list[Finding]:
    """Count what could be a place and is of no type, by its tag."""
    left = ~is_typed
    tags: list[str] = []
    for key in keys:
        value = rows.value(key)
        here = left & (value != None)  # noqa: E711  element by element
        tags += [f"{key}={text}" for text in value[here]]
        left &= ~here
    values = {"count": len(tags), "tags": counted(tags)}
    return [Finding("osm_untyped", "facilities", column="facility_type", values=values)] if tags else []


def osm_gates(data: OsmData, *, crs: CRS) -> Layer:
    """Take the gates; those of private access are shut.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, is_open``.
    list of Finding
        Nothing.
    """
    rules = osm_standard()
    rows = data.take((data.kinds == NODE) & data.has_any(rules.points.gate_tags))
    says_yes, says_no = rows.is_in("foot", rules.walking.foot_yes), rows.is_in("foot", rules.walking.foot_no)
    is_open = (~rows.is_in("access", rules.walking.access_no) | says_yes) & ~says_no
    table = {"id": rows.ids, "name": rows.value("name"), "is_open": is_open}
    return gpd.GeoDataFrame(table, geometry=rows.shapes, crs=crs), []


def osm_trees(data: OsmData, *, crs: CRS) -> Layer:
    """Take the single trees.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, species, crown_m``.
    list of Finding
        Nothing.
    """
    rows = data.take((data.kinds == NODE) & data.has_any(osm_standard().points.tree_tags))
    species, genus = rows.value("species"), rows.value("genus")
    table = {
        "id": rows.ids,
        "name": rows.value("name"),
        "species": np.where(species == None, genus, species),  # noqa: E711  element by element
        "crown_m": metres(rows.value("diameter_crown")),
    }
    return gpd.GeoDataFrame(table, geometry=rows.shapes, crs=crs), []


def osm_barriers(data: OsmData, *, crs: CRS) -> Layer:
    """Take the lines that nobody walks across: walls, fences, hedges, railways on the ground.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, barrier_type``.
    list of Finding
        Those on bridges or in tunnels, which can be walked under or over.
    """
    rules = osm_standard()
    kind = data.first(rules.barrier_type)
    of_relation = (data.kinds == AREA) & np.char.startswith(data.ids.astype(str), "r")
    is_line = ((data.kinds == WAY) | of_relation) & (kind != None)  # noqa: E711  element by element
    is_off = is_line & (data.has("bridge=*") | data.has("tunnel=*"))
    found = []
    if is_off.any():
        found.append(Finding("osm_barrier_off_ground", "barriers", values={"count": int(is_off.sum())}))
    chosen = is_line & ~is_off
    rows = data.take(chosen)
    lines = np.where(rows.kinds == AREA, shapely.boundary(rows.shapes), rows.shapes)
    table = {"id": rows.ids, "name": rows.value("name"), "barrier_type": kind[chosen]}
    return gpd.GeoDataFrame(table, geometry=lines, crs=crs), found
