"""What the numbers of a layer look like, when its coordinate system is missing or cannot be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.geo.datum import old_datum
from fengmao_geo.geo.zones import (
    CHINA,
    SHIFTED,
    area_box,
    central_meridian_deg,
    crs_name,
    is_in_box,
    is_unprefixed,
    looks_like,
    transformer,
    zones_near,
)
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.geo.zones import Box, Stated

__all__ = ["ZHEJIANG", "common_ground", "fitting", "is_inside", "likely", "middles", "typical", "zone_list"]

_LONLAT = CRS.from_epsg(4326)
_CGCS2000 = CRS.from_epsg(4490)

#: Longitude and latitude of the towns this library is written for, where nothing tells a layer's own.
ZHEJIANG = (120.0, 30.0)

#: The zones in use there, 3-degree and 6-degree, have their meridians within so many degrees.
_ZONES_DEG = 3.0

#: Central meridians as far from a town as this are tried: two 3-degree zones, or the next 6-degree zone.
_TRIED_DEG = 6.0

#: A system in which the layer lies on the town much less than in another is not named.
_NEARLY = 0.8


def middles(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Give the middle of the bounds of each feature.

    Parameters
    ----------
    frame
        A layer.

    Returns
    -------
    ndarray
        Shape (n, 2); NaN where there is no geometry.
    """
    bounds = shapely.bounds(frame.geometry.to_numpy())
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


def is_inside(frame: gpd.GeoDataFrame, stated: Stated) -> NDArray[np.bool_]:
    """Say of each feature whether its coordinates can be of the system stated.

    Parameters
    ----------
    frame
        A layer.
    stated
        The coordinate system.

    Returns
    -------
    ndarray
        True where they can, and everywhere if the system does not say where it is used.
    """
    box = area_box(stated)
    if box is None:
        return np.ones(len(frame), dtype=bool)
    bounds = shapely.bounds(frame.geometry.to_numpy())
    inside = _are_in(bounds, box)
    # Degrees of China would be a few metres beside the origin of Web Mercator.
    is_metric = isinstance(stated, CRS) and stated.is_projected
    return inside & ~_are_in(bounds, CHINA) if is_metric else inside


def _are_in(bounds: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    west, south, east, north = box
    inside = (bounds >= [west, south, west, south]) & (bounds <= [east, north, east, north])
    return np.asarray(inside.all(axis=1))


def typical(frame: gpd.GeoDataFrame | None) -> tuple[float, float] | None:
    """Give the middle coordinates of a layer that may have features without geometry.

    Parameters
    ----------
    frame
        A layer, or none.

    Returns
    -------
    tuple or None
        Both numbers; ``None`` if there is no geometry.
    """
    box = _numbers(frame)
    return None if box is None else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def _numbers(frame: gpd.GeoDataFrame | None) -> Box | None:
    """Bound the middles of most features: of a few, all; of many, not the strays."""
    places = np.empty((0, 2)) if frame is None else middles(frame)
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        return None
    # The middle nine tenths, by features that are there.
    low, high = np.quantile(places, [0.05, 0.95], axis=0, method="nearest")
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def common_ground(layers: Mapping[str, tuple[gpd.GeoDataFrame, Stated]], *, crs: CRS) -> Box | None:
    """Bound the ground of the town: where most of the layers lie that can be of the system stated for them.

    Parameters
    ----------
    layers
        The layers as they came, each with the coordinate system stated for it; the first wins a tie.
    crs
        The town's CRS.

    Returns
    -------
    tuple or None
        West, south, east, north in the town's CRS; ``None`` if no layer can be trusted.

    Examples
    --------
    >>> import geopandas as gpd
    >>> gate = gpd.GeoDataFrame(geometry=gpd.points_from_xy([572000.0], [3403000.0]))
    >>> common_ground({"gates": (gate, CRS.from_epsg(4549))}, crs=CRS.from_epsg(4549))
    (572000.0, 3403000.0, 572000.0, 3403000.0)
    """
    boxes = [box for frame, stated in layers.values() if (box := _placed(frame, stated, crs)) is not None]
    if not boxes:
        return None
    near_m = figure_standard("coordinates").figure("away_m")
    shapes = shapely.box(*np.transpose(boxes))
    is_near = shapely.distance(shapes[:, None], shapes[None]) <= near_m
    first = int(np.argmax(is_near.sum(axis=1)))
    if is_near[0, first] and is_near[0].sum() >= is_near[first].sum():
        return boxes[0]
    low, high = (
        np.min(np.array(boxes)[is_near[first]], axis=0),
        np.max(np.array(boxes)[is_near[first]], axis=0),
    )
    return (float(low[0]), float(low[1]), float(high[2]), float(high[3]))


def _placed(frame: gpd.GeoDataFrame, stated: Stated, crs: CRS) -> Box | None:
    """Bound a layer in the town's CRS, if its numbers can be of the system stated for it."""
    if isinstance(stated, CRS):
        known = None if old_datum(stated) else stated
    else:
        # Half a kilometre off is near enough to know the town.
        known = _CGCS2000 if stated in SHIFTED else None
    geometry = frame.geometry.to_numpy()
    is_there = ~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)
    there = frame if is_there.all() else frame[is_there]
    if known is None or not len(there):
        return None
    inside = is_inside(there, known)
    sound = there if inside.all() else there[inside]
    box = _numbers(sound) if inside.sum() >= (~inside).sum() else None
    return None if box is None else _in_crs(box, known, crs)


def _in_crs(box: Box, known: CRS, crs: CRS) -> Box | None:
    if known == crs:
        return box
    way = transformer(known, crs)
    moved = way.transform_bounds(*box)
    return moved if np.isfinite(moved).all() else None


def fitting(frame: gpd.GeoDataFrame, *, near: Box, crs: CRS, is_swapped: bool = False) -> list[str]:
    """Name the coordinate systems in which a layer's numbers would lie on the town.

    Parameters
    ----------
    frame
        The layer as it came.
    near
        The ground of the town, in its CRS.
    crs
        The town's CRS.
    is_swapped
        Whether to read x as y and y as x.

    Returns
    -------
    list
        Names with their EPSG codes, the likeliest first; empty if the numbers fit none.

    Examples
    --------
    >>> import geopandas as gpd
    >>> gate = gpd.GeoDataFrame(geometry=gpd.points_from_xy([285132.0], [3405018.0]))
    >>> town = (571_000.0, 3_402_000.0, 574_000.0, 3_405_000.0)
    >>> fitting(gate, near=town, crs=CRS.from_epsg(4549))[:1]
    ['CGCS2000 / Gauss-Kruger CM 123E (EPSG:4510)']
    """
    box = _numbers(frame)
    if box is None:
        return []
    if is_swapped:
        box = (box[1], box[0], box[3], box[2])
    rated = [
        (-_share(moved, near), order, crs_name(known))
        for order, known in enumerate(_tried(box, near, crs))
        if (moved := _in_crs(box, known, crs)) is not None and _is_near(moved, near)
    ]
    best = min(rated, default=(0.0, 0, ""))[0]
    return list(dict.fromkeys(name for share, _, name in sorted(rated) if share <= best * _NEARLY))


def _is_near(box: Box, near: Box) -> bool:
    away_m = shapely.distance(shapely.box(*box), shapely.box(*near))
    return bool(away_m <= figure_standard("coordinates").figure("away_m"))


def _share(box: Box, near: Box) -> float:
    """Give how much of a box lies on another, along x times along y; a line or a point lies on it or not."""
    share = 1.0
    for low, high in ((0, 2), (1, 3)):
        shared = min(box[high], near[high]) - max(box[low], near[low])
        length = box[high] - box[low]
        share *= max(shared, 0.0) / length if length > 0 else float(shared >= 0)
    return share


def _tried(box: Box, near: Box, crs: CRS) -> Iterator[CRS]:
    """Give the systems whose numbers look like these, those first that suit the town."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    lon, _ = transformer(crs, _LONLAT).transform((near[0] + near[2]) / 2, (near[1] + near[3]) / 2)
    yield crs
    if is_in_box((-180.0, -90.0, 180.0, 90.0), x, y):
        yield _CGCS2000 if looks_like(x, y) else _LONLAT
        return
    yield from (CRS.from_user_input(_code(name)) for name in looks_like(x, y))
    if is_unprefixed(x, y):
        yield from _zones_used(lon)
    yield CRS.from_epsg(32600 + int((lon + 180) // 6) + 1)
    yield CRS.from_epsg(3857)


def _zones_used(lon: float) -> Iterator[CRS]:
    """Give the zones without number around a place: of one meridian the narrow one if the place is in it."""
    edge_deg = figure_standard("coordinates").figure("zone_edge_deg")
    by_meridian: dict[float, list[CRS]] = {}
    for known in zones_near(lon, within_deg=_TRIED_DEG):
        by_meridian.setdefault(central_meridian_deg(known) or 0.0, []).append(known)
    for meridian, zones in by_meridian.items():
        yield zones[0 if abs(lon - meridian) <= edge_deg else -1]


def _code(name: str) -> str:
    return name.rpartition("(")[2].rstrip(")")


def zone_list(x: float, y: float, *, crs: CRS) -> list[str]:
    """Name the zones without number that are in use in Zhejiang, with the place the numbers have in each.

    Parameters
    ----------
    x, y
        Metres in a zone without its number, which do not tell its central meridian.
    crs
        The town's CRS, which is named too, whatever its zone.

    Returns
    -------
    list
        Names with their EPSG codes and with longitude and latitude, from west to east.

    Examples
    --------
    >>> zone_list(572344.5, 3403135.5, crs=CRS.from_epsg(4549))[2]
    'CGCS2000 / 3-degree Gauss-Kruger CM 120E (EPSG:4549) = 120.76E 30.75N'
    """
    box = area_box(crs)
    is_own = crs.is_projected and box is not None and is_in_box(box, x, y)
    named = []
    for known in (*zones_near(ZHEJIANG[0], within_deg=_ZONES_DEG), *([crs] if is_own else [])):
        lon, lat = transformer(known, _LONLAT).transform(x, y)
        named.append((round(lon, 2), f"{crs_name(known)} = {lon:.2f}E {lat:.2f}N"))
    return list(dict.fromkeys(name for _, name in sorted(named, key=lambda pair: pair[0])))


def likely(x: float, y: float, *, candidates: Sequence[Stated]) -> list[str]:
    """Name what a pair of numbers looks like: a system of its own, else a candidate whose area holds it.

    Parameters
    ----------
    x, y
        The numbers.
    candidates
        Systems that were stated, for the layer or for the town.

    Returns
    -------
    list
        Names with their EPSG codes; empty if the numbers tell nothing.

    Examples
    --------
    >>> likely(14.4, 50.1, candidates=[_LONLAT])
    ['WGS 84 (EPSG:4326)']
    """
    if names := looks_like(x, y):
        return names
    boxes = {crs_name(stated): area_box(stated) for stated in candidates}
    return [name for name, box in boxes.items() if box is not None and is_in_box(box, x, y)][:1]
