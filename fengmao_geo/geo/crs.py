"""One projected CRS in metres, or a finding that says why not and what the coordinates look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from fengmao_geo.findings import Finding
from fengmao_geo.geo.datum import old_datum, to_cgcs2000
from fengmao_geo.geo.diagnose import ZHEJIANG, fitting, is_inside, likely, middles, typical, zone_list
from fengmao_geo.geo.shifted import bd09_to_gcj02, gcj02_to_wgs84
from fengmao_geo.geo.zones import SHIFTED, crs_name, is_unprefixed, looks_like, suggest_crs, transformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.geo.datum import DatumShift
    from fengmao_geo.geo.zones import Box, Stated

__all__ = [
    "parse_crs",
    "to_town_crs",
    "town_crs_fault",
]

_LONLAT = CRS.from_epsg(4326)


def parse_crs(text: str | CRS) -> CRS | str:
    """Read the name of a coordinate system; a name that is not understood is given back.

    Parameters
    ----------
    text
        ``"EPSG:4549"``, ``"GCJ-02"``, ``"BD-09"``, or anything else that pyproj reads.

    Returns
    -------
    CRS or str
        The coordinate system, two-dimensional, by its EPSG code where it has one; ``"GCJ-02"`` or
        ``"BD-09"``; the text itself where it is not understood.

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
    except ProjError:
        return text.name if isinstance(text, CRS) else str(text)


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
    if not isinstance(stated, CRS):
        code = "town_crs_degrees" if stated in SHIFTED else "crs_unknown"
        return Finding(code, layer, values={"crs": stated, "suggestion": suggest_crs(*ZHEJIANG)})
    code = _unusable(stated)
    values = {"crs": crs_name(stated), "suggestion": _suggestion(stated, frame)} if code else {}
    return Finding(code, layer, values=values) if code else None


def _unusable(crs: CRS) -> str:
    """Name the finding that says why nothing can be measured in a CRS; empty if it can."""
    if old_datum(crs):
        return "town_crs_old_datum"
    if crs.is_geographic:
        return "town_crs_degrees"
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        return "town_crs_not_metres"
    return "town_crs_web_mercator" if _is_mercator(crs) else ""


def to_town_crs(
    frame: gpd.GeoDataFrame,
    *,
    stated: Stated,
    crs: CRS,
    layer: str,
    ids: Sequence[str],
    near: Box | None = None,
    shift: DatumShift | None = None,
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
    near
        The ground of the town, in its CRS, as far as other layers tell it: named are those systems, of all
        that the numbers could be of, in which they lie there.
    shift
        The user's own parameters of the datum stated, if it is one that PROJ cannot leave.

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
    >>> degrees, metres = CRS.from_epsg(4490), CRS.from_epsg(4549)
    >>> moved, found = to_town_crs(gate, stated=degrees, crs=metres, layer="gates", ids=["a"])
    >>> moved.geometry.x.round(3).tolist(), [finding.code for finding in found]
    ([572344.493], ['crs_changed'])
    """
    if stated is None and len(frame):
        return frame, [_unfit(frame, stated, crs, layer, near)]
    if isinstance(stated, str) and stated not in SHIFTED:
        return frame, [Finding("crs_unknown", layer, values={"crs": stated})]
    if isinstance(stated, CRS) and old_datum(stated) and shift is None:
        return frame, [Finding("crs_old_datum", layer, values={"crs": crs_name(stated)})]
    inside = is_inside(frame, stated)
    if inside.sum() < (~inside).sum():
        return frame, [_unfit(frame[~inside], stated, crs, layer, near)]
    found = [
        Finding("coordinates_outside", layer, str(name), values={"crs": crs_name(stated), **_shown(x, y)})
        for name, (x, y) in zip(np.asarray(ids, dtype=object)[~inside], middles(frame)[~inside], strict=True)
    ]
    kept = frame if inside.all() else frame[inside]
    moved, more = _in_town_crs(kept, stated, crs, layer, shift)
    if not np.isfinite(shapely.bounds(moved.geometry.to_numpy())).all():
        values = {"crs": crs_name(stated), "to": crs_name(crs)}
        return frame, [*found, Finding("crs_not_finite", layer, values=values)]
    return moved, [*found, *more]


def _in_town_crs(
    frame: gpd.GeoDataFrame, stated: Stated, crs: CRS, layer: str, shift: DatumShift | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Change the coordinates, by way of the user's parameters where the datum is an old one."""
    if isinstance(stated, CRS) and shift is not None and old_datum(stated):
        moved, found = to_cgcs2000(frame, stated=stated, shift=shift, layer=layer)
        return (moved, found) if any(f.severity == "error" for f in found) else (moved.to_crs(crs), found)
    code = _change(stated, crs)
    values = {"crs": crs_name(stated), "to": crs_name(crs)}
    return _move(frame, stated, crs), [Finding(code, layer, values=values)] if code else []


def _known(crs: CRS) -> CRS:
    """Take the EPSG definition where the CRS is one: the text of a .prj file lacks the area of use."""
    flat = crs if len(crs.axis_info) == 2 else crs.to_2d()
    code = flat.to_epsg()
    if code is None:
        # That of a file may have no way to degrees: a local one, or a projection that nobody knows.
        Transformer.from_crs(flat, _LONLAT)
    return flat if code is None else CRS.from_epsg(code)


def _shown(x: float, y: float) -> dict[str, str]:
    return {"x": f"{x:.9g}", "y": f"{y:.9g}"}


def _is_mercator(crs: CRS) -> bool:
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    return "Mercator" in method and not any(word in method for word in ("Transverse", "Oblique"))


def _suggestion(crs: CRS, frame: gpd.GeoDataFrame | None) -> str:
    place = typical(frame)
    if place is None:
        return suggest_crs(*ZHEJIANG)
    # The layer's numbers are of its own system, where it has one.
    of = crs if frame is None or frame.crs is None else frame.crs
    lon, lat = transformer(of, _LONLAT).transform(*place)
    return suggest_crs(lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else suggest_crs(*ZHEJIANG)


def _looks(frame: gpd.GeoDataFrame | None) -> str:
    place = typical(frame)
    if place is None:
        return "-"
    return " / ".join(looks_like(*place)) or "x={x}, y={y}".format(**_shown(*place))


def _unfit(frame: gpd.GeoDataFrame, stated: Stated, crs: CRS, layer: str, near: Box | None) -> Finding:
    """Say what the coordinates of a layer look like, when its CRS is missing or cannot be right."""
    x, y = np.median(middles(frame), axis=0)
    code = "crs_missing" if stated is None else "crs_contradicted"
    kind, names = _guess(frame, (stated, crs), crs, near)
    values: dict[str, Any] = {"layer": layer, "crs": crs_name(stated), **_shown(x, y)}
    return Finding(f"{code}{kind}", layer, values=values | {"looks": " / ".join(names)})


def _guess(
    frame: gpd.GeoDataFrame, candidates: tuple[Stated, ...], crs: CRS, near: Box | None
) -> tuple[str, list[str]]:
    """Name what the numbers look like, and how: as they stand, exchanged, as zones to choose from, or not."""
    x, y = np.median(middles(frame), axis=0)
    for kind, is_swapped in (("", False), ("_swapped", True)):
        if near is not None and (names := fitting(frame, near=near, crs=crs, is_swapped=is_swapped)):
            return kind, names
    if names := looks_like(x, y):
        return "", names
    if is_unprefixed(x, y):
        return "_zones", zone_list(x, y, crs=crs)
    # Where other layers tell the place, a system in which this one would lie elsewhere is not named.
    candidates = candidates if near is None else ()
    if names := likely(x, y, candidates=candidates):
        return "", names
    if names := likely(y, x, candidates=candidates):
        return "_swapped", names
    return ("_swapped", zone_list(y, x, crs=crs)) if is_unprefixed(y, x) else ("_unknown", [])


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
