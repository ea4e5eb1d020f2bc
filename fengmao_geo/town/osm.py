"""OpenStreetMap to a Town: from a file, or, only when asked, over the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.town.osm_data import AREA, NODE, WAY, OsmData, feature_keys, osm_keys, refuse
from fengmao_geo.town.osm_layers import osm_town
from fengmao_geo.town.osm_place import (
    Boundary,
    box_around,
    given_boundary,
    polygon_boundary,
    relation_boundary,
)
from fengmao_geo.town.osm_read import read_osm_file

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

    from fengmao_geo.town.town import Town

__all__ = ["download_osm", "read_osm"]

_SUFFIXES = (".pbf", ".osm")


def read_osm(
    path: str | Path,
    *,
    boundary: str | int | Path | shapely.Geometry | None = None,
    name: str | None = None,
    crs: str | CRS | None = None,
) -> Town:
    """Read a town from an OpenStreetMap file, without any network.

    Streets come with classes, levels, bridges, steps and who may walk them; buildings with use and floors;
    land use, water, green, barriers, gates, crossings, trees and facilities as the tables of ``fengmao
    standards osm_tags`` say. Every choice and everything left out is a finding with counts.

    Parameters
    ----------
    path
        A ``.osm.pbf`` or ``.osm`` file.
    boundary
        The town's boundary: a polygon in degrees (EPSG:4326), the path of a file of polygons, or the name or
        relation number of an administrative area in the file. Buildings, land use and trees that meet it are
        kept; streets, facilities and all else as far as a margin around it, which is the ``extent``. A
        polygon is the built-up area itself; of an administrative area, and where no boundary is given, the
        built-up area is the closing of buildings and urban land use.
    name
        The town's name; without it that of the boundary, else of the file.
    crs
        A projected CRS in metres; without it the CGCS2000 3-degree zone in China, elsewhere UTM.

    Returns
    -------
    Town
        The town; nobody is counted in OpenStreetMap, so its dwellings are weighed by floor area.

    Raises
    ------
    TownError
        If the file or the boundary cannot be read, or what they hold makes no town.

    Examples
    --------
    >>> read_osm("nowhere.osm.pbf")
    Traceback (most recent call last):
        ...
    fengmao_geo.errors.TownError: ...
    """
    file = Path(path)
    edge = given_boundary(boundary)
    if edge is None and boundary is not None:
        edge = relation_boundary(file, str(boundary))
    box = None if edge is None else box_around(edge.shape, osm_standard().figure("margin_m"))
    data = read_osm_file(file, box=box)
    if not len(data):
        refuse("osm_empty" if edge is None else "osm_elsewhere", file=file.name)
    return osm_town(data, edge, name=name or (edge.name if edge else "") or _stem(file), crs=crs)


def _stem(file: Path) -> str:
    stem = file.name
    for suffix in _SUFFIXES:
        stem = stem[: -len(suffix)] if stem.casefold().endswith(suffix) else stem
    return stem


def download_osm(
    place: str | shapely.Geometry, *, name: str | None = None, crs: str | CRS | None = None
) -> Town:
    """Download a town from OpenStreetMap: the one function of this library that asks the network.

    The place's boundary is asked of Nominatim and its features of the Overpass service, both through osmnx
    with osmnx's settings; what comes is read as `read_osm` reads a file.

    Parameters
    ----------
    place
        The name of an administrative area, such as ``"Wuzhen, Tongxiang"``, or a polygon in degrees.
    name
        The town's name; without it that of the place.
    crs
        A projected CRS in metres; without it the CGCS2000 3-degree zone in China, elsewhere UTM.

    Returns
    -------
    Town
        The town.

    Raises
    ------
    TownError
        If the services do not answer, know no such place, or what they know makes no town.

    Examples
    --------
    >>> town = download_osm("Wuzhen, Tongxiang")  # doctest: +SKIP
    """
    edge = _asked_boundary(place)
    west, south, east, north = box_around(edge.shape, osm_standard().figure("margin_m"))
    features = _asked(
        "features_from_polygon", shapely.box(west, south, east, north), dict.fromkeys(feature_keys(), True)
    )
    return osm_town(_of_frame(features), edge, name=name or edge.name or str(place)[:60], crs=crs)


def _asked_boundary(place: str | shapely.Geometry) -> Boundary:
    if isinstance(place, shapely.Geometry):
        return polygon_boundary(place, "place")
    found = _asked("geocode_to_gdf", place)
    edge = polygon_boundary(shapely.union_all(found.geometry.to_numpy()), place)
    return replace(edge, name=place.split(",")[0].strip(), is_administrative=True)


def _asked(function: str, *asked: object) -> gpd.GeoDataFrame:
    """Ask osmnx; whatever goes wrong on the way is one finding."""
    import osmnx  # noqa: PLC0415  heavy, and only here

    try:
        return getattr(osmnx, function)(*asked)
    except (OSError, ValueError, TypeError, RuntimeError) as reason:
        refuse("osm_download", reason=str(reason) or type(reason).__name__)


def _of_frame(features: gpd.GeoDataFrame) -> OsmData:
    """Take the features that osmnx gives: a closed way that it made a polygon is its outline as well."""
    frame: Any = features.reset_index()
    shapes = frame.geometry.to_numpy()
    kinds = np.array([NODE, WAY, AREA])[shapely.get_dimensions(shapes)]
    ids = frame["element"].astype(str).str[0].to_numpy(dtype=object) + frame["id"].astype(str).to_numpy(
        dtype=object
    )
    tags = {}
    for key in osm_keys():
        given = frame[key] if key in frame else np.full(len(frame), None, dtype=object)
        given = np.asarray(given, dtype=object)
        tags[key] = np.array([value if isinstance(value, str) else None for value in given], dtype=object)
    data = OsmData(kinds, ids, tags, shapes)
    outlines = data.take((kinds == AREA) & (np.char.startswith(ids.astype(str), "w")))
    outlines = replace(
        outlines,
        kinds=np.full(len(outlines), WAY),
        shapes=shapely.boundary(outlines.shapes),
    )
    both = {key: np.concatenate([data.tags[key], outlines.tags[key]]) for key in tags}
    return OsmData(
        np.concatenate([data.kinds, outlines.kinds]),
        np.concatenate([data.ids, outlines.ids]),
        both,
        np.concatenate([data.shapes, outlines.shapes]),
    )
