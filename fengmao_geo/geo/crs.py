"""One projected CRS in metres, or a finding that says why not and what the coordinates look like."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from fengmao_geo.findings import Finding
from fengmao_geo.geo.shifted import bd09_to_gcj02, gcj02_to_wgs84

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = [
    "SHIFTED",
    "Stated",
    "looks_like",
    "parse_crs",
    "suggest_crs",
    "to_town_crs",
    "town_crs_fault",
    "working_crs",
]

SHIFTED = ("GCJ-02", "BD-09")

#: A coordinate system as stated: understood, shifted, text that is not understood, or none.
Stated = CRS | str | None

_LONLAT = CRS.from_epsg(4326)

#: CGCS2000 zones in EPSG: zone of the first code, first code with the zone in front of x, first code without it.
_ZONES = ((25, 4513, 4534, 21), (13, 4491, 4502, 11))

#: How far outside a CRS's area of use a place may lie, in degrees: towns on a zone's edge use their neighbour's.
_MARGIN_DEG = 1.0

#: West, south, east, north of China in degrees, of the ground GCJ-02 covers, and of China in Web Mercator metres.
_CHINA = (73.0, 3.0, 136.0, 54.0)
_GCJ_BOX = (72.004, 0.8293, 137.8347, 55.8271)
_CHINA_MERCATOR = (8.1e6, 3.3e5, 1.52e7, 7.3e6)

#: Longitude and latitude of the towns this library is written for, where a layer does not tell its own.
_ZHEJIANG = (120.0, 30.0)

#: Metres east of its origin and north of the equator that a zone of China can hold.
_ZONE_EAST_M = (2e5, 8e5)
_ZONE_NORTH_M = (3e5, 6e6)

_OLD_DATUMS = ("beijing", "xian", "xi'an")


def parse_crs(text: str | CRS) -> CRS | str:
    """Read the name of a coordinate system; a name that is not understood is given back.

    Parameters
    ----------
    text
        ``"EPSG:4549"``, ``"GCJ-02"``, ``"BD-09"``, or anything else that pyproj reads.

    Returns
    -------
    CRS or str
        The coordinate system, two-dimensional, by its EPSG code where it has one; ``"GCJ-02"`` or ``"BD-09"``;
        the text itself where it is not understood.

    Examples
    --------
    >>> parse_crs("EPSG:4549").name
    'CGCS2000 / 3-degree Gauss-Kruger CM 120E'
    >>> parse_crs("gcj02")
    'GCJ-02'
    >>> parse_crs("nowhere")
    'nowhere'
    """
    match str(text).strip().upper().replace("-", "").replace("_", ""):
        case "GCJ02":
            return "GCJ-02"
        case "BD09" | "BD09LL":  # as Baidu itself calls it
            return "BD-09"
    try:
        return _known(CRS.from_user_input(text))
    except CRSError:
        return str(text)


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
    parts = crs.to_json_dict()
    for parameter in parts.get("conversion", {}).get("parameters", []):
        if parameter["name"] == "False easting" and parameter["value"] > 1e6:
            parameter["value"] %= 1e6
            parts.pop("id", None)
            return CRS.from_json_dict(parts)
    return crs


def suggest_crs(lon: float, lat: float) -> str:
    """Name the projected CRS in metres that suits a place: CGCS2000 3-degree in China, else UTM.

    Examples
    --------
    >>> suggest_crs(120.75, 30.75)
    'CGCS2000 / 3-degree Gauss-Kruger CM 120E (EPSG:4549)'
    >>> suggest_crs(14.4, 50.1)
    'WGS 84 / UTM zone 33N (EPSG:32633)'
    """
    zone, _, unprefixed, count = _ZONES[0]
    number = round(lon / 3) - zone
    if _inside(_CHINA, lon, lat) and 0 <= number < count:
        return _name(CRS.from_epsg(unprefixed + number))
    utm = min(int((lon + 180) // 6) + 1, 60)
    return _name(CRS.from_epsg((32600 if lat >= 0 else 32700) + utm))


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
    if _inside(_CHINA, x, y):
        return [_name(CRS.from_epsg(4490))]
    codes: list[int] = []
    if _inside(_CHINA_MERCATOR, x, y):
        codes.append(3857)
    number, east = divmod(x, 1e6)
    for zone, prefixed, _, count in _ZONES:
        if 0 <= number - zone < count and _within(_ZONE_EAST_M, east) and _within(_ZONE_NORTH_M, y):
            codes.append(prefixed + int(number) - zone)
    return [_name(CRS.from_epsg(code)) for code in codes]


def town_crs_fault(stated: Stated, *, layer: str, frame: gpd.GeoDataFrame | None = None) -> Finding | None:
    """Say why a coordinate system cannot be the town's, if it cannot: degrees, Web Mercator, an old datum.

    Parameters
    ----------
    stated
        The coordinate system stated for the town.
    layer
        Whom to name in the finding.
    frame
        A layer in that system, to suggest a better one for its place.

    Returns
    -------
    Finding or None
        The fault, with a CRS that would do.

    Examples
    --------
    >>> town_crs_fault(CRS.from_epsg(4549), layer="town") is None
    True
    >>> town_crs_fault(CRS.from_epsg(4490), layer="town").code
    'town_crs_degrees'
    """
    if stated is None:
        return Finding("town_crs_missing", layer, values={"looks": _looks(frame)})
    if isinstance(stated, str) and stated not in SHIFTED:
        return Finding("crs_unknown", layer, values={"crs": stated})
    if isinstance(stated, str):
        return Finding(
            "town_crs_degrees", layer, values={"crs": stated, "suggestion": suggest_crs(*_ZHEJIANG)}
        )
    values = {"crs": _name(stated), "suggestion": _suggestion(stated, frame)}
    if _is_old(stated):
        return Finding("crs_old_datum", layer, values={"crs": _name(stated)})
    if stated.is_geographic:
        return Finding("town_crs_degrees", layer, values=values)
    if not stated.is_projected or any(axis.unit_name != "metre" for axis in stated.axis_info):
        return Finding("town_crs_not_metres", layer, values=values)
    if _is_mercator(stated):
        return Finding("town_crs_web_mercator", layer, values=values)
    return None


def to_town_crs(
    frame: gpd.GeoDataFrame, *, stated: Stated, crs: CRS, layer: str, ids: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring a layer into the town's CRS after checking that its coordinates are what they are said to be.

    Parameters
    ----------
    frame
        A layer without null geometry.
    stated
        The coordinate system stated for it; ``None`` if none is.
    crs
        The town's CRS.
    layer
        The layer's name.
    ids
        The features' ids, for the findings.

    Returns
    -------
    GeoDataFrame
        The features that lie where their coordinate system can be used, in the town's CRS.
    list
        The findings; when one is an error the frame is returned as it came.

    Examples
    --------
    >>> import geopandas as gpd
    >>> gate = gpd.GeoDataFrame(geometry=gpd.points_from_xy([120.7555], [30.7467], crs=4490))
    >>> moved, found = to_town_crs(gate, stated=CRS.from_epsg(4490), crs=CRS.from_epsg(4549), layer="gates", ids=["a"])
    >>> moved.geometry.x.round(3).tolist(), [finding.code for finding in found]
    ([572344.493], ['crs_changed'])
    """
    if stated is None and len(frame):
        return frame, [_unfit(frame, stated, crs, layer)]
    if isinstance(stated, str) and stated not in SHIFTED:
        return frame, [Finding("crs_unknown", layer, values={"crs": stated})]
    if isinstance(stated, CRS) and _is_old(stated):
        return frame, [Finding("crs_old_datum", layer, values={"crs": _name(stated)})]
    inside = _is_inside(frame, stated)
    if inside.sum() < (~inside).sum():
        return frame, [_unfit(frame[~inside], stated, crs, layer)]
    found = [
        Finding("coordinates_outside", layer, str(name), values={"crs": _name(stated), **_shown(x, y)})
        for name, (x, y) in zip(np.asarray(ids, dtype=object)[~inside], _middles(frame[~inside]), strict=True)
    ]
    moved = _move(frame[inside], stated, crs)
    if not np.isfinite(shapely.bounds(moved.geometry.to_numpy())).all():
        return frame, [
            *found,
            Finding("crs_not_finite", layer, values={"crs": _name(stated), "to": _name(crs)}),
        ]
    if code := _change(stated, crs):
        found.append(Finding(code, layer, values={"crs": _name(stated), "to": _name(crs)}))
    return moved, found


def _known(crs: CRS) -> CRS:
    """Take the EPSG definition where the CRS is one: the text of a .prj file lacks the area of use."""
    flat = crs.to_2d()
    code = flat.to_epsg()
    return flat if code is None else CRS.from_epsg(code)


def _name(stated: Stated) -> str:
    if not isinstance(stated, CRS):
        return str(stated)
    code = stated.to_epsg()
    return stated.name if code is None else f"{stated.name} (EPSG:{code})"


def _shown(x: float, y: float) -> dict[str, str]:
    return {"x": f"{x:.9g}", "y": f"{y:.9g}"}


def _is_old(crs: CRS) -> bool:
    datum = crs.geodetic_crs.name if crs.geodetic_crs else crs.name
    return any(word in datum.lower() for word in _OLD_DATUMS)


def _is_mercator(crs: CRS) -> bool:
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    return "Mercator" in method and not any(word in method for word in ("Transverse", "Oblique"))


def _typical(frame: gpd.GeoDataFrame | None) -> tuple[float, float] | None:
    """Give the middle coordinates of a layer that may have features without geometry."""
    middles = np.empty((0, 2)) if frame is None else _middles(frame)
    middles = middles[np.isfinite(middles).all(axis=1)]
    if not len(middles):
        return None
    x, y = np.median(middles, axis=0)
    return float(x), float(y)


def _suggestion(crs: CRS, frame: gpd.GeoDataFrame | None) -> str:
    place = _typical(frame)
    if place is None:
        return suggest_crs(*_ZHEJIANG)
    lonlat = Transformer.from_crs(crs, _LONLAT, always_xy=True).transform(*place)
    return suggest_crs(*lonlat) if np.isfinite(lonlat).all() else suggest_crs(*_ZHEJIANG)


def _looks(frame: gpd.GeoDataFrame | None) -> str:
    place = _typical(frame)
    if place is None:
        return "-"
    return " / ".join(looks_like(*place)) or "x={x}, y={y}".format(**_shown(*place))


def _within(bounds: tuple[float, float], value: float) -> bool:
    return bounds[0] <= value <= bounds[1]


def _inside(box: tuple[float, float, float, float], x: float, y: float) -> bool:
    west, south, east, north = box
    return west <= x <= east and south <= y <= north


def _middles(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    bounds = shapely.bounds(frame.geometry.to_numpy())
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


@cache
def _box(stated: Stated) -> tuple[float, float, float, float] | None:
    """Bound the coordinates that a CRS's area of use can have; ``None`` if it does not say."""
    if not isinstance(stated, CRS):
        return _GCJ_BOX if stated in SHIFTED else None
    if stated.area_of_use is None or stated.geodetic_crs is None:
        return None
    west, south, east, north = stated.area_of_use.bounds
    degrees = (
        max(west - _MARGIN_DEG, -180.0),
        max(south - _MARGIN_DEG, -90.0),
        min(east + _MARGIN_DEG, 180.0),
        min(north + _MARGIN_DEG, 90.0),
    )
    if stated.is_geographic:
        return degrees
    box = Transformer.from_crs(stated.geodetic_crs, stated, always_xy=True).transform_bounds(*degrees)
    return box if np.isfinite(box).all() else None


def _is_inside(frame: gpd.GeoDataFrame, stated: Stated) -> NDArray[np.bool_]:
    box = _box(stated)
    if box is None:
        return np.ones(len(frame), dtype=bool)
    bounds = shapely.bounds(frame.geometry.to_numpy())
    west, south, east, north = box
    inside = (bounds >= [west, south, west, south]) & (bounds <= [east, north, east, north])
    return np.asarray(inside.all(axis=1))


def _guess(x: float, y: float, candidates: Sequence[Stated]) -> list[str]:
    """Name what a pair of numbers looks like: a system that tells itself, else a candidate whose area holds it."""
    if names := looks_like(x, y):
        return names
    boxes = {_name(stated): _box(stated) for stated in candidates}
    return [name for name, box in boxes.items() if box is not None and _inside(box, x, y)][:1]


def _unfit(frame: gpd.GeoDataFrame, stated: Stated, crs: CRS, layer: str) -> Finding:
    """Say what the coordinates of a layer look like, when its CRS is missing or cannot be right."""
    x, y = np.median(_middles(frame), axis=0)
    values: dict[str, Any] = {"layer": layer, "crs": _name(stated), **_shown(x, y)}
    code = "crs_missing" if stated is None else "crs_contradicted"
    if names := _guess(x, y, (stated, crs)):
        return Finding(code, layer, values=values | {"looks": " / ".join(names)})
    if names := _guess(y, x, (stated, crs)):
        return Finding(f"{code}_swapped", layer, values=values | {"looks": " / ".join(names)})
    return Finding(f"{code}_unknown", layer, values=values)


def _is_same(stated: Stated, crs: CRS) -> bool:
    return stated is None or (isinstance(stated, CRS) and stated.equals(crs, ignore_axis_order=True))


def _move(frame: gpd.GeoDataFrame, stated: Stated, crs: CRS) -> gpd.GeoDataFrame:
    if _is_same(stated, crs):
        return frame.set_crs(crs, allow_override=True)
    if isinstance(stated, CRS):
        return frame.set_crs(stated, allow_override=True).to_crs(crs)

    def unshift(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        return gcj02_to_wgs84(bd09_to_gcj02(degrees) if stated == "BD-09" else degrees)

    true = shapely.transform(frame.geometry.to_numpy(), unshift)
    return frame.set_geometry(true, crs=None).set_crs(_LONLAT, allow_override=True).to_crs(crs)


def _change(stated: Stated, crs: CRS) -> str | None:
    """Name the finding that tells of a change of coordinates, if there was one."""
    if _is_same(stated, crs):
        return None
    if not isinstance(stated, CRS):
        return "crs_unshifted"
    return "crs_changed_web_mercator" if _is_mercator(stated) else "crs_changed"
