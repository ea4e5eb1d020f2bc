"""Coordinate systems of China: their zones, the ground they serve, and what a pair of numbers looks like."""

from __future__ import annotations

from functools import cache

import numpy as np
from pyproj import CRS, Transformer

from fengmao_geo.geo.shifted import GCJ_BOX

__all__ = [
    "CHINA",
    "SHIFTED",
    "Box",
    "Stated",
    "area_box",
    "central_meridian_deg",
    "crs_name",
    "false_easting_m",
    "is_in_box",
    "is_unprefixed",
    "looks_like",
    "origin_deg",
    "suggest_crs",
    "suggested_crs",
    "transformer",
    "working_crs",
    "zones_near",
]

#: West, south, east, north.
Box = tuple[float, float, float, float]

SHIFTED = ("GCJ-02", "BD-09")

#: A coordinate system as stated: understood, shifted, text that is not understood, or none.
Stated = CRS | str | None

#: CGCS2000 zones in EPSG: first zone, its code with the zone number in x, its code without, how many.
_ZONES = ((25, 4513, 4534, 21), (13, 4491, 4502, 11))

#: Zones without their number, 3- and 6-degree: the first code, its central meridian, their width, how many.
_MERIDIANS = ((4534, 75, 3, 21), (4502, 75, 6, 11))

_ORIGINS = ("Longitude of natural origin", "Longitude of false origin")

#: Degrees that a place may lie outside a CRS's area of use: towns on a zone's edge use their neighbour's.
_MARGIN_DEG = 1.0

#: And east or west of a zone: two zones off areas come out 0.9 % too large, which is told and still computed.
_ZONE_MARGIN_DEG = 6.0

#: West, south, east, north of China, in degrees and in Web Mercator metres.
CHINA = (73.0, 3.0, 136.0, 54.0)
_CHINA_MERCATOR = (8.1e6, 3.3e5, 1.52e7, 7.3e6)

#: Metres east of its origin and north of the equator that a zone of China can hold.
_ZONE_EAST_M = (1e5, 9e5)
_ZONE_NORTH_M = (3e5, 6e6)


def working_crs(crs: CRS) -> CRS:
    """Take the zone number out of a zone-prefixed CRS: at x of 40 million, areas lose eight digits.

    Parameters
    ----------
    crs
        A projected CRS.

    Returns
    -------
    CRS
        The same projection with the false easting under a million; the CRS itself if it has no zone number.

    Examples
    --------
    >>> working_crs(CRS.from_epsg(4528)).to_epsg()
    4549
    >>> working_crs(CRS.from_epsg(32650)).to_epsg()
    32650
    """
    code = crs.to_epsg()
    for _, prefixed, unprefixed, count in _ZONES:
        if code is not None and prefixed <= code < prefixed + count:
            return CRS.from_epsg(code + unprefixed - prefixed)
    number_m = false_easting_m(crs) // 1e6 * 1e6
    if number_m <= 0:
        return crs
    parts = crs.to_json_dict()
    for parameter in parts["conversion"]["parameters"]:
        if parameter["name"] == "False easting":
            parameter["value"] -= number_m
    parts.pop("id", None)
    return CRS.from_json_dict(parts)


def false_easting_m(crs: CRS) -> float:
    """Give what a projected CRS adds to every x, the zone's number with it.

    Parameters
    ----------
    crs
        A coordinate system.

    Returns
    -------
    float
        The false easting in metres; 0 if it has none.

    Examples
    --------
    >>> false_easting_m(CRS.from_epsg(4528)), false_easting_m(CRS.from_epsg(4490))
    (40500000.0, 0.0)
    """
    return _parameter(crs, "False easting") or 0.0


def central_meridian_deg(crs: CRS) -> float | None:
    """Give the central meridian of a Gauss-Krüger zone, whose scale along it is 1.

    Parameters
    ----------
    crs
        A coordinate system.

    Returns
    -------
    float or None
        Its longitude; ``None`` if the CRS is of another kind, such as UTM.

    Examples
    --------
    >>> central_meridian_deg(CRS.from_epsg(4528)), central_meridian_deg(CRS.from_epsg(32651))
    (120.0, None)
    """
    is_full_size = _parameter(crs, "Scale factor at natural origin") == 1
    return origin_deg(crs) if _is_zone(crs) and is_full_size else None


def _is_zone(crs: CRS) -> bool:
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    return "Transverse Mercator" in method


def origin_deg(crs: CRS) -> float | None:
    """Give the longitude of the origin of a projection.

    Parameters
    ----------
    crs
        A coordinate system.

    Returns
    -------
    float or None
        The longitude; ``None`` if the CRS has none.

    Examples
    --------
    >>> origin_deg(CRS.from_epsg(32651)), origin_deg(CRS.from_epsg(4490))
    (123.0, None)
    """
    return next(
        (of for name in _ORIGINS if (of := _parameter(crs, name)) is not None),
        None,
    )


def _parameter(crs: CRS, name: str) -> float | None:
    params = crs.coordinate_operation.params if crs.coordinate_operation else []
    return next((float(param.value) for param in params if param.name == name), None)


def zones_near(lon: float, *, within_deg: float) -> list[CRS]:
    """List the CGCS2000 zones without number that a place may have been surveyed in, the nearest first.

    A 3-degree and a 6-degree zone of one central meridian have the same numbers; both are listed.

    Parameters
    ----------
    lon
        Longitude of the place.
    within_deg
        How far the central meridian may be from it.

    Returns
    -------
    list of CRS
        The zones; of one meridian the 3-degree zone first.

    Examples
    --------
    >>> [crs.to_epsg() for crs in zones_near(120.75, within_deg=3)]
    [4549, 4550, 4510]
    """
    zones = [
        (abs(lon - first_deg - width_deg * i), width_deg, code + i)
        for code, first_deg, width_deg, count in _MERIDIANS
        for i in range(count)
    ]
    return [CRS.from_epsg(code) for away_deg, _, code in sorted(zones) if away_deg <= within_deg]


def is_unprefixed(x: float, y: float) -> bool:
    """Say whether a pair of numbers could be metres in a zone of China without the zone's number.

    Parameters
    ----------
    x, y
        The first and the second number.

    Returns
    -------
    bool
        True if it could; the numbers do not tell in which.

    Examples
    --------
    >>> is_unprefixed(572344.5, 3403135.5), is_unprefixed(40572344.5, 3403135.5)
    (True, False)
    """
    return _within(_ZONE_EAST_M, x) and _within(_ZONE_NORTH_M, y)


def suggest_crs(lon: float, lat: float) -> str:
    """Name the projected CRS in metres that suits a place: CGCS2000 3-degree in China, else UTM.

    Parameters
    ----------
    lon, lat
        Longitude and latitude.

    Returns
    -------
    str
        The system's name with its EPSG code.

    Examples
    --------
    >>> suggest_crs(120.75, 30.75)
    'CGCS2000 / 3-degree Gauss-Kruger CM 120E (EPSG:4549)'
    >>> suggest_crs(14.4, 50.1)
    'WGS 84 / UTM zone 33N (EPSG:32633)'
    """
    return crs_name(suggested_crs(lon, lat))


def suggested_crs(lon: float, lat: float) -> CRS:
    """Give the projected CRS in metres that suits a place: CGCS2000 3-degree in China, else UTM.

    Parameters
    ----------
    lon, lat
        Longitude and latitude.

    Returns
    -------
    CRS
        The system, without a zone's number in x.

    Examples
    --------
    >>> suggested_crs(120.75, 30.75).to_epsg()
    4549
    """
    zone, _, unprefixed, count = _ZONES[0]
    number = round(lon / 3) - zone
    if is_in_box(CHINA, lon, lat) and 0 <= number < count:
        return CRS.from_epsg(unprefixed + number)
    utm = min(int((lon + 180) // 6) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + utm)


def looks_like(x: float, y: float) -> list[str]:
    """Name the coordinate systems that a pair of numbers in China could be of.

    Numbers of an unprefixed zone are not named: they do not tell their central meridian.

    Parameters
    ----------
    x, y
        The first and the second number.

    Returns
    -------
    list
        Names with their EPSG codes; empty if the numbers tell nothing.

    Examples
    --------
    >>> looks_like(40572344.5, 3403135.5)
    ['CGCS2000 / 3-degree Gauss-Kruger zone 40 (EPSG:4528)']
    >>> looks_like(120.7, 30.7)
    ['China Geodetic Coordinate System 2000 (EPSG:4490)']
    >>> looks_like(572344.5, 3403135.5)
    []
    """
    if is_in_box(CHINA, x, y):
        return [crs_name(CRS.from_epsg(4490))]
    codes: list[int] = []
    if is_in_box(_CHINA_MERCATOR, x, y):
        codes.append(3857)
    number, east = divmod(x, 1e6)
    for zone, prefixed, _, count in _ZONES:
        if 0 <= number - zone < count and _within(_ZONE_EAST_M, east) and _within(_ZONE_NORTH_M, y):
            codes.append(prefixed + int(number) - zone)
    return [crs_name(CRS.from_epsg(code)) for code in codes]


def crs_name(stated: Stated) -> str:
    """Write a coordinate system with its EPSG code.

    Parameters
    ----------
    stated
        The system, as a CRS or as the town states it.

    Returns
    -------
    str
        Its name; with the code where it has one.

    Examples
    --------
    >>> crs_name(CRS.from_epsg(4490))
    'China Geodetic Coordinate System 2000 (EPSG:4490)'
    """
    if not isinstance(stated, CRS):
        return str(stated)
    code = stated.to_epsg()
    return stated.name if code is None else f"{stated.name} (EPSG:{code})"


@cache
def transformer(of: CRS | str, to: CRS | str) -> Transformer:
    """Find the way from one coordinate system to another, x before y; once, since the search takes long."""
    return Transformer.from_crs(of, to, always_xy=True)


@cache
def area_box(stated: Stated) -> Box | None:
    """Bound the coordinates that a CRS's area of use can have; ``None`` if it does not say."""
    if not isinstance(stated, CRS):
        return GCJ_BOX if stated in SHIFTED else None
    if stated.area_of_use is None or stated.geodetic_crs is None:
        return None
    west, south, east, north = stated.area_of_use.bounds
    aside_deg = _ZONE_MARGIN_DEG if _is_zone(stated) else _MARGIN_DEG
    degrees = (
        max(west - aside_deg, -180.0),
        max(south - _MARGIN_DEG, -90.0),
        min(east + aside_deg, 180.0),
        min(north + _MARGIN_DEG, 90.0),
    )
    if stated.is_geographic:
        return degrees
    box = transformer(stated.geodetic_crs, stated).transform_bounds(*degrees)
    return box if np.isfinite(box).all() else None


def is_in_box(box: Box, x: float, y: float) -> bool:
    """Say whether a pair of numbers lies in a box.

    Parameters
    ----------
    box
        West, south, east, north.
    x, y
        The numbers.

    Returns
    -------
    bool
        True on its edge too.
    """
    west, south, east, north = box
    return west <= x <= east and south <= y <= north


def _within(bounds: tuple[float, float], value: float) -> bool:
    return bounds[0] <= value <= bounds[1]
