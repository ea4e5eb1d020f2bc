"""Where an OpenStreetMap town is: its boundary, the CRS that suits it, its coordinates in metres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.findings import Finding
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.geo.zones import crs_name, is_in_box, suggest_crs, transformer
from fengmao_geo.town.osm_data import AREA, OSM, OsmData, listed, refuse
from fengmao_geo.town.osm_read import read_osm_file
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.geo.zones import Box

__all__ = ["Boundary", "box_around", "given_boundary", "in_metres", "metre_crs"]
__all__ += ["polygon_boundary", "projected", "relation_boundary", "whole_polygons"]

_LONLAT = CRS.from_epsg(4326)

#: Metres of a degree of latitude; of longitude it is less towards the poles.
_DEGREE_M = 111_000.0

#: A text that ends like this is the path of a boundary, not the name of one.
_FILES = (".gpkg", ".geojson", ".json", ".shp", ".parquet", ".geoparquet", ".fgb", ".kml", ".kmz", ".zip")

#: Keys of an area's names.
_NAMES = ("name", "name:zh", "name:en", "official_name", "alt_name")


@dataclass(frozen=True)
class Boundary:
    """The boundary of a town.

    Parameters
    ----------
    shape
        Its polygon, in degrees.
    name
        Its name, ``""`` where it has none.
    is_administrative
        Whether it is that of an administrative area, most of which may be fields.
    """

    shape: shapely.Geometry
    name: str = ""
    is_administrative: bool = False


def given_boundary(boundary: str | int | Path | shapely.Geometry | None) -> Boundary | None:
    """Take a boundary that is a polygon or the path of a file of polygons.

    Parameters
    ----------
    boundary
        A polygon in degrees, or a path; anything else names a relation.

    Returns
    -------
    Boundary or None
        ``None`` where it is neither.

    Raises
    ------
    TownError
        If it holds no polygon, lies nowhere on Earth, or the file cannot be read.

    Examples
    --------
    >>> given_boundary(shapely.box(9.5, 47.1, 9.6, 47.2)).name, given_boundary("Vaduz")
    ('', None)
    """
    if isinstance(boundary, shapely.Geometry):
        return polygon_boundary(boundary, "boundary")
    if not isinstance(boundary, str | Path) or not str(boundary).casefold().endswith(_FILES):
        return None
    path = Path(boundary)
    frame, _ = read_vector(path, layer="built_up", part=LayerPart(path=path.name))
    if frame.crs is None:
        refuse("osm_boundary_crs", file=path.name)
    shapes = frame.to_crs(_LONLAT).geometry.to_numpy()
    return Boundary(_checked(shapely.union_all(shapely.make_valid(shapes)), path.name), path.stem)


def polygon_boundary(shape: shapely.Geometry, file: str) -> Boundary:
    """Take a polygon in degrees as a boundary.

    Parameters
    ----------
    shape
        The polygon.
    file
        Where it is from, for the findings.

    Returns
    -------
    Boundary
        The boundary, without a name.

    Raises
    ------
    TownError
        If there is no polygon in it, or it lies nowhere on Earth.
    """
    return Boundary(_checked(shape, file))


def _checked(shape: shapely.Geometry, file: str) -> shapely.Geometry:
    polygons = whole_polygons(shape)
    west, south, east, north = shapely.bounds(polygons)
    if shapely.is_empty(polygons):
        refuse("osm_boundary_empty", file=file)
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        refuse("osm_boundary_degrees", file=file, x=f"{west:.9g}", y=f"{south:.9g}")
    return polygons


def relation_boundary(path: Path, named: str | int) -> Boundary:
    """Find an administrative area by its name or by the number of its relation.

    Parameters
    ----------
    path
        The OpenStreetMap file.
    named
        Its name, or the number: ``1155956`` or ``"r1155956"``.

    Returns
    -------
    Boundary
        The area.

    Raises
    ------
    TownError
        If the file has no such area or several; it lists those there are.
    """
    areas = read_osm_file(path, wanted=["boundary"])
    areas = areas.take((areas.kinds == AREA) & areas.is_in("boundary", ["administrative"]))
    words = str(named).strip()
    ids = {words, f"r{words}", f"w{words}"} if words.lstrip("rw").isdigit() else set()
    by_id = np.isin(areas.ids.astype(str), sorted(ids))
    by_name = areas.value("name") == words
    for key in _NAMES[1:]:
        by_name |= areas.value(key) == words
    chosen = areas.take(by_id if by_id.any() else by_name)
    if not len(chosen):
        known = sorted({str(name) for name in areas.value("name") if name})
        refuse("osm_boundary_unknown", file=path.name, name=words, known=listed(known) or "-")
    if len(chosen) > 1:
        levels = zip(chosen.ids, chosen.value("admin_level"), strict=True)
        refuse(
            "osm_boundary_several", name=words, known=", ".join(f"{one} ({level})" for one, level in levels)
        )
    name = chosen.value("name")[0] or words
    return Boundary(_checked(chosen.shapes[0], path.name), str(name), is_administrative=True)


def whole_polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Take the polygons of a shape as one.

    Parameters
    ----------
    shape
        A shape of any kind, valid or not.

    Returns
    -------
    MultiPolygon
        Its polygons, valid; empty if it has none.

    Examples
    --------
    >>> whole_polygons(shapely.box(0, 0, 1, 1)).area, whole_polygons(shapely.Point(0, 0)).is_empty
    (1.0, True)
    """
    valid = (
        shape
        if shapely.is_valid(shape)
        else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    )
    return shapely.MultiPolygon(list(polygons_of(np.array([valid], dtype=object))))


def box_around(shape: shapely.Geometry, margin_m: float) -> Box:
    """Bound what lies within some metres of a shape in degrees; a little more rather than less.

    Parameters
    ----------
    shape
        In degrees.
    margin_m
        How far around it.

    Returns
    -------
    tuple
        West, south, east and north.

    Examples
    --------
    >>> [round(degree, 3) for degree in box_around(shapely.box(9.0, 0.0, 10.0, 60.0), 1110)]
    [8.98, -0.01, 10.02, 60.01]
    """
    west, south, east, north = map(float, shapely.bounds(shape))
    up = margin_m / _DEGREE_M
    aside = up / max(float(np.cos(np.radians(max(abs(south), abs(north))))), 0.01)
    return west - aside, south - up, east + aside, north + up


def metre_crs(lon: float, lat: float, stated: str | CRS | None) -> tuple[CRS | str, Finding]:
    """Choose the CRS in metres: the one stated, the 3-degree zone in China, elsewhere UTM.

    Parameters
    ----------
    lon, lat
        The middle of the town.
    stated
        What the user asked for.

    Returns
    -------
    CRS or str
        The system; text where what was asked for is not understood.
    Finding
        What was chosen.

    Examples
    --------
    >>> metre_crs(120.75, 30.75, None)[0].to_epsg(), metre_crs(9.5, 47.1, None)[0].to_epsg()
    (4549, 32632)
    >>> metre_crs(105.8, 21.0, None)[0].to_epsg()
    32648
    """
    if stated is not None:
        chosen = parse_crs(stated)
        return chosen, Finding("osm_crs_stated", OSM, values={"crs": crs_name(chosen)})
    crs = _of_name(suggest_crs(lon, lat))
    area = crs.area_of_use
    if area is not None and not is_in_box(area.bounds, lon, lat):
        crs = CRS.from_epsg((32600 if lat >= 0 else 32700) + min(int((lon + 180) // 6) + 1, 60))
    return crs, Finding(
        "osm_crs_chosen", OSM, values={"crs": crs_name(crs), "lon": f"{lon:.3f}", "lat": f"{lat:.3f}"}
    )


def _of_name(name: str) -> CRS:
    """Take the code that ends the name of a CRS."""
    return CRS.from_user_input(name.rpartition("(")[2].rstrip(")"))


def projected(data: OsmData, crs: CRS) -> OsmData:
    """Bring features from degrees to metres; each place once, so that streets still share their vertices.

    Parameters
    ----------
    data
        Features in degrees.
    crs
        The system to bring them to.

    Returns
    -------
    OsmData
        The same features in metres.
    """
    return replace(data, shapes=in_metres(data.shapes, crs))


def in_metres(shapes: NDArray[np.object_], crs: CRS) -> NDArray[np.object_]:
    """Bring shapes from degrees to metres; equal places stay equal.

    Parameters
    ----------
    shapes
        In degrees, shape ``(n,)``.
    crs
        The system to bring them to.

    Returns
    -------
    array of geometry, shape ``(n,)``
        In metres.

    Examples
    --------
    >>> int(in_metres(np.array([shapely.Point(9.0, 0.0)]), CRS.from_epsg(32632))[0].x)
    500000
    """
    degrees = shapely.get_coordinates(shapes)
    if not len(degrees):
        return shapes
    # A complex number per place sorts ten times faster than rows of two numbers.
    places, which = np.unique(degrees @ np.array([1, 1j]), return_inverse=True)
    to_metres = transformer(_LONLAT, crs)
    metres = np.column_stack(to_metres.transform(places.real, places.imag))[which.ravel()]
    return np.asarray(shapely.set_coordinates(shapes.copy(), metres))
