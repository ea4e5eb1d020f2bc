"""Beijing 1954 and Xian 1980 to CGCS2000, by the user's own parameters only: there are no public ones.

PROJ gives such coordinates back unchanged, so nothing here is left to it but projections and ellipsoids.
The conventions are those of Chinese survey offices. *Seven* parameters (three, with neither rotation nor
scale) are of Bursa and Wolf with the rotation of the coordinate frame, EPSG method 1032::

    X' = dx + (1 + m) ( X + rz Y - ry Z)
    Y' = dy + (1 + m) (-rz X + Y + rx Z)
    Z' = dz + (1 + m) ( ry X - rx Y + Z)

with rotations in seconds of arc and ``m = scale_ppm / 1e6``. Parameters of the other convention (position
vector, EPSG method 1033) have rotations of the opposite sign. *Four* are in the plane of the layer's own
zone, without the zone's number, x to the north and y to the east::

    x' = dx + (1 + m) (x cos r - y sin r)
    y' = dy + (1 + m) (x sin r + y cos r)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Transformer

from fengmao_geo.findings import Finding
from fengmao_geo.geo.zones import crs_name, false_easting_m, transformer, working_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    Pairs = NDArray[np.float64]

__all__ = ["OLD_DATUMS", "DatumShift", "datum_shifts", "old_datum", "to_cgcs2000"]

#: The datums that PROJ cannot leave, by their names in EPSG.
OLD_DATUMS = ("Beijing 1954", "Xian 1980", "New Beijing")

_CGCS2000 = CRS.from_epsg(4490)

_THREE = frozenset({"dx_m", "dy_m", "dz_m"})
_SEVEN = _THREE | {"rx_sec", "ry_sec", "rz_sec", "scale_ppm"}
_FOUR = frozenset({"dx_m", "dy_m", "rotation_sec", "scale_ppm"})


@dataclass(frozen=True)
class DatumShift:
    """Three, four or seven parameters from an old datum to CGCS2000, as the module says.

    Parameters
    ----------
    dx_m, dy_m, dz_m
        The shift: geocentric, or in the plane (``dx_m`` to the north, ``dy_m`` to the east, no ``dz_m``).
    rx_sec, ry_sec, rz_sec
        Rotations of the coordinate frame, in seconds of arc.
    rotation_sec
        Rotation in the plane from north to east, in seconds of arc; with it the parameters are four.
    scale_ppm
        The change of scale, in parts per million.
    """

    dx_m: float
    dy_m: float
    dz_m: float = 0.0
    rx_sec: float = 0.0
    ry_sec: float = 0.0
    rz_sec: float = 0.0
    rotation_sec: float | None = None
    scale_ppm: float = 0.0

    @property
    def is_plane(self) -> bool:
        """Whether they are the four parameters of a plane."""
        return self.rotation_sec is not None

    def __str__(self) -> str:
        """Write the parameters that count, by the names of ``town.toml``."""
        names = _FOUR if self.is_plane else _SEVEN
        given = ((part.name, getattr(self, part.name)) for part in fields(self) if part.name in names)
        return ", ".join(f"{name} = {value:.10g}" for name, value in given)


def old_datum(crs: CRS) -> str:
    """Name the old datum that a CRS is of; empty if PROJ can transform it.

    Parameters
    ----------
    crs
        A coordinate system.

    Returns
    -------
    str
        One of ``OLD_DATUMS``, or nothing.

    Examples
    --------
    >>> old_datum(CRS.from_epsg(2437)), old_datum(CRS.from_epsg(2385)), old_datum(CRS.from_epsg(4549))
    ('Beijing 1954', 'Xian 1980', '')
    """
    name = _plain(crs.geodetic_crs.name if crs.geodetic_crs else crs.name)
    if "newbeijing" in name:
        return "New Beijing"
    return "Beijing 1954" if "beijing" in name else "Xian 1980" if "xian" in name else ""


def datum_shifts(
    given: Mapping[str, Mapping[str, float]], *, layer: str
) -> tuple[dict[str, DatumShift], list[Finding]]:
    """Read the user's parameters by the names of their datums.

    Parameters
    ----------
    given
        For each datum what is stated of it, without what is not.
    layer
        Whom to name in the findings.

    Returns
    -------
    dict
        The parameters by the names in ``OLD_DATUMS``.
    list
        An error for each name that is not known and for numbers that are not three, four or seven together.

    Examples
    --------
    >>> found = datum_shifts({"Xian 1980": {"dx_m": 1.0, "dy_m": 2.0, "dz_m": 3.0}}, layer="town.toml")
    >>> found[0]["Xian 1980"].dz_m, found[1]
    (3.0, [])
    """
    known = {_plain(name): name for name in OLD_DATUMS}
    shifts, found = {}, []
    for theirs, numbers in given.items():
        name = known.get(_plain(theirs))
        if name is None or name in shifts:
            values = {"datum": theirs, "known": ", ".join(OLD_DATUMS)}
            found.append(Finding("datum_unknown" if name is None else "datum_twice", layer, values=values))
        elif set(numbers) not in (_THREE, _FOUR, _SEVEN) or not all(map(np.isfinite, numbers.values())):
            values = {"datum": theirs, "given": ", ".join(sorted(numbers))}
            found.append(Finding("datum_parameters", layer, values=values))
        else:
            shifts[name] = DatumShift(**numbers)
    return shifts, found


def to_cgcs2000(
    frame: gpd.GeoDataFrame, *, stated: CRS, shift: DatumShift, layer: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring a layer from an old datum to CGCS2000 by the user's parameters, and say which and how far.

    Parameters
    ----------
    frame
        A layer without null geometry.
    stated
        Its coordinate system, of an old datum.
    shift
        The parameters of that datum.
    layer
        The layer's name.

    Returns
    -------
    GeoDataFrame
        The layer in degrees of CGCS2000; by four parameters, in the same zone of CGCS2000.
    list
        What was done, or the error that it could not be.

    Examples
    --------
    >>> import geopandas as gpd
    >>> gate = gpd.GeoDataFrame(geometry=gpd.points_from_xy([500000.0], [3403000.0]))
    >>> plane = DatumShift(-2.0, 117.0, rotation_sec=0.0)
    >>> moved, _ = to_cgcs2000(gate, stated=CRS.from_epsg(2385), shift=plane, layer="gates")
    >>> moved.crs.to_epsg(), moved.geometry.x.tolist(), moved.geometry.y.tolist()
    (4549, [500117.0], [3402998.0])
    """
    if shift.is_plane and not stated.is_projected:
        return frame, [Finding("datum_plane_degrees", layer, values={"crs": crs_name(stated)})]
    moved = _by_plane(frame, stated, shift) if shift.is_plane else _by_space(frame, stated, shift)
    if not len(frame):
        return moved, []
    values = {"crs": crs_name(stated), "parameters": str(shift), **_moved_m(frame, moved, stated)}
    return moved, [Finding("crs_old_datum_moved", layer, values=values)]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _by_space(frame: gpd.GeoDataFrame, stated: CRS, shift: DatumShift) -> gpd.GeoDataFrame:
    old = stated.geodetic_crs or stated
    degrees = transformer(stated, old)
    geocentric = Transformer.from_pipeline(_pipeline(old, shift))

    def move(pairs: Pairs) -> Pairs:
        # On the old ellipsoid itself: heights are not known, and a hundred metres of them move a place by
        # millimetres.
        placed = geocentric.transform(*degrees.transform(pairs[:, 0], pairs[:, 1]), np.zeros(len(pairs)))
        return np.column_stack(placed[:2])

    return _with(frame, shapely.transform(frame.geometry.to_numpy(), move), _CGCS2000)


def _pipeline(old: CRS, shift: DatumShift) -> str:
    """Write the way from degrees of an old datum to degrees of CGCS2000 as PROJ reads it."""
    ellipsoid = old.ellipsoid
    numbers = {
        "x": shift.dx_m,
        "y": shift.dy_m,
        "z": shift.dz_m,
        "rx": shift.rx_sec,
        "ry": shift.ry_sec,
        "rz": shift.rz_sec,
        "s": shift.scale_ppm,
    }
    steps = [
        "+proj=unitconvert +xy_in=deg +xy_out=rad",
        f"+proj=cart +a={ellipsoid.semi_major_metre!r} +rf={ellipsoid.inverse_flattening!r}"
        if ellipsoid
        else "",
        "+proj=helmert +convention=coordinate_frame "
        + " ".join(f"+{name}={float(value)!r}" for name, value in numbers.items()),
        "+inv +proj=cart +ellps=GRS80",
        "+proj=unitconvert +xy_in=rad +xy_out=deg",
    ]
    return "+proj=pipeline " + " ".join(f"+step {step}" for step in steps if step)


def _by_plane(frame: gpd.GeoDataFrame, stated: CRS, shift: DatumShift) -> gpd.GeoDataFrame:
    plain = working_crs(stated)
    number_m = false_easting_m(stated) - false_easting_m(plain)
    turn, scale = np.radians((shift.rotation_sec or 0.0) / 3600), 1 + shift.scale_ppm / 1e6

    def move(pairs: Pairs) -> Pairs:
        east, north = pairs[:, 0] - number_m, pairs[:, 1]
        return np.column_stack(
            [
                shift.dy_m + scale * (north * np.sin(turn) + east * np.cos(turn)),
                shift.dx_m + scale * (north * np.cos(turn) - east * np.sin(turn)),
            ]
        )

    return _with(frame, shapely.transform(frame.geometry.to_numpy(), move), _twin(plain))


def _twin(projected: CRS) -> CRS:
    """Give the same projection on CGCS2000."""
    parts = projected.to_json_dict()
    parts["base_crs"] = _CGCS2000.to_json_dict()
    parts["name"] = f"CGCS2000 / {parts['conversion']['name']}"
    for key in ("id", "usages", "scope", "area", "bbox"):
        parts.pop(key, None)
    twin = CRS.from_json_dict(parts)
    code = twin.to_epsg()
    return twin if code is None else CRS.from_epsg(code)


def _with(frame: gpd.GeoDataFrame, geometry: NDArray[np.object_], crs: CRS) -> gpd.GeoDataFrame:
    return frame.set_geometry(geometry, crs=None).set_crs(crs, allow_override=True)


def _moved_m(frame: gpd.GeoDataFrame, moved: gpd.GeoDataFrame, stated: CRS) -> dict[str, float]:
    """Measure how far the middle of the layer went, as if the numbers of both datums were of one."""
    plane = working_crs(stated) if stated.is_projected else None
    before, after = _middle(frame), _middle(moved)
    if plane is None:
        metres = Transformer.from_pipeline(_local_m(before))
        before, after = np.zeros(2), np.array(metres.transform(*after))
    else:
        before = before - [false_easting_m(stated) - false_easting_m(plane), 0.0]
        after = np.array(transformer(moved.crs, _twin(plane)).transform(*after))
    east_m, north_m = after - before
    return {"east_m": round(float(east_m), 2), "north_m": round(float(north_m), 2)}


def _local_m(degrees: Pairs) -> str:
    """Write the projection in which a place is the origin."""
    lon, lat = degrees
    return (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=tmerc +lat_0={float(lat)!r} +lon_0={float(lon)!r} +ellps=GRS80"
    )


def _middle(frame: gpd.GeoDataFrame) -> Pairs:
    bounds = shapely.bounds(frame.geometry.to_numpy())
    return np.asarray(np.median((bounds[:, :2] + bounds[:, 2:]) / 2, axis=0))
