"""OpenStreetMap's ways to streets: class, level, bridges, steps, and who may walk there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.town.osm_data import AREA, NODE, WAY, counted
from fengmao_geo.town.osm_numbers import metres, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.town.osm_data import OsmData

    Flags = NDArray[np.bool_]
    Indices = NDArray[np.intp]

__all__ = ["crossing_places", "osm_streets"]

_STEPS = "steps"


def osm_streets(data: OsmData, *, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Take the streets: every way that is walked or driven on, and the outlines of squares.

    A square is walked along its outline, which shares its vertices with the streets that end there. A raised
    or sunken way is split where it shares a vertex with a way of another level, since streets of two levels
    meet only at ends. ``foot`` decides who may walk before ``access``.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, street_class, width_m, level, is_bridge, is_tunnel, is_steps, is_walkable``.
    list of Finding
        Ways that are no streets, squares, and what was not understood, with counts.
    """
    rules = osm_standard()
    highway = data.value("highway")
    is_road = highway != None  # noqa: E711  element by element
    is_square = is_road & (data.kinds == AREA)
    is_way = is_road & (data.kinds == WAY)
    # The outline of a closed way is there as a line; that of a relation is not.
    of_relation = is_square & (np.char.startswith(data.ids.astype(str), "r"))
    known = data.is_in("highway", rules.street_class)
    squares = is_square & known & (of_relation | data.is_in("area", ["yes"]))
    outlined = data.take(squares & of_relation)
    lines = data.take(is_way & known)
    found = _left_out(data, is_way & ~known)
    if squares.any():
        found.append(Finding("osm_squares", "streets", values={"count": int(squares.sum())}))
    frame = pd.concat(
        [_table(lines, lines.shapes, crs), _table(outlined, shapely.boundary(outlined.shapes), crs)]
    )
    closed = int((~frame["is_walkable"]).sum())
    if closed:
        values = {"count": closed, "classes": counted(frame["highway"][~frame["is_walkable"]])}
        found.append(Finding("osm_not_walkable", "streets", column="is_walkable", values=values))
    split, count = _split_at_levels(frame.drop(columns="highway").reset_index(drop=True))
    if count:
        found.append(Finding("osm_split", "streets", values={"count": count}))
    return split, found


def _left_out(data: OsmData, rows: Flags) -> list[Finding]:
    """Count ways that are no streets, and those of a kind that is not known."""
    rules, highway = osm_standard(), data.value("highway")
    is_none = rows & data.is_in("highway", rules.walking.no_streets)
    lists = {"osm_no_streets": is_none, "osm_street_unknown": rows & ~is_none}
    return [
        Finding(code, "streets", values={"count": int(mask.sum()), "classes": counted(highway[mask])})
        for code, mask in lists.items()
        if mask.any()
    ]


def _table(rows: OsmData, lines: NDArray[np.object_], crs: CRS) -> gpd.GeoDataFrame:
    rules = osm_standard()
    highway = rows.value("highway")
    is_bridge = _is_on(rows, "bridge", rules.walking.no_bridge)
    is_tunnel = _is_on(rows, "tunnel", rules.walking.no_tunnel)
    return gpd.GeoDataFrame(
        {
            "id": rows.ids,
            "name": rows.value("name"),
            "street_class": np.array([_class_of(value) for value in highway], dtype=object),
            "width_m": metres(rows.value("width")),
            "level": _levels(rows, is_bridge, is_tunnel),
            "is_bridge": is_bridge,
            "is_tunnel": is_tunnel,
            "is_steps": highway == _STEPS,
            "is_walkable": _is_walkable(rows),
            "highway": highway,
        },
        geometry=lines,
        crs=crs,
    )


def _class_of(highway: str) -> str | None:
    """Give the class of the first value of a list that is known."""
    classes = osm_standard().street_class
    return next((classes[value.strip()] for value in highway.split(";") if value.strip() in classes), None)


def _is_on(rows: OsmData, key: str, none: tuple[str, ...]) -> Flags:
    given = rows.value(key)
    is_on: Flags = (given != None) & ~np.isin(given.astype(str), none)  # noqa: E711  element by element
    return is_on


def _levels(rows: OsmData, is_bridge: Flags, is_tunnel: Flags) -> NDArray[np.int64]:
    """Take ``layer``, else ``level``, else a bridge as raised and a tunnel as sunken by one."""
    usual = np.where(is_bridge, 1.0, np.where(is_tunnel, -1.0, 0.0))
    level = usual
    for key in ("level", "layer"):
        stated = numbers(rows.value(key))
        level = np.where(np.isfinite(stated), np.trunc(stated), level)
    return np.asarray(level, dtype=np.int64)


def _is_walkable(rows: OsmData) -> Flags:
    rules = osm_standard().walking
    is_open = ~rows.has_any(rules.closed_tags) & ~rows.is_in("access", rules.access_no)
    says_yes, says_no = rows.is_in("foot", rules.foot_yes), rows.is_in("foot", rules.foot_no)
    return (is_open | says_yes) & ~says_no


def _split_at_levels(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Split ways off the ground at vertices that they share with ways of other levels."""
    parts = frame.explode(ignore_index=True)
    shapes, level = parts.geometry.to_numpy(), parts["level"].to_numpy()
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    if not (level != 0).any():
        return _numbered(parts), 0
    _, place = np.unique(xy @ np.array([1, 1j]), return_inverse=True)
    place = place.ravel()
    highest, lowest = np.full(place.max() + 1, -np.inf), np.full(place.max() + 1, np.inf)
    np.maximum.at(highest, place, level[row])
    np.minimum.at(lowest, place, level[row])
    inner = (row == np.roll(row, 1)) & (row == np.roll(row, -1))
    cut = inner & (level[row] != 0) & (highest != lowest)[place]
    of = np.unique(row[cut])
    if not len(of):
        return _numbered(parts), 0
    # Every cut vertex is written twice: it ends one piece and begins the next.
    mine = np.isin(row, of)
    again = np.repeat(np.flatnonzero(mine), 1 + cut[mine])
    is_second = np.append(False, again[1:] == again[:-1])
    is_first = np.append(np.diff(row[again], prepend=-1)[0] != 0, np.diff(row[again]) != 0)
    piece = np.cumsum(is_first | is_second) - 1
    lines = shapely.linestrings(xy[again], indices=piece)
    source = row[again][np.flatnonzero(is_first | is_second)]
    pieces = parts.iloc[source].set_geometry(gpd.GeoSeries(lines, index=parts.index[source], crs=frame.crs))
    left = parts.drop(index=parts.index[of])
    return _numbered(pd.concat([left, pieces], ignore_index=True)), len(of)


def _numbered(parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the pieces of one way ids of their own: w1, w1-2, w1-3."""
    number = parts.groupby("id").cumcount() + 1
    ids = parts["id"].astype(str)
    return parts.assign(id=ids.where(number == 1, ids + "-" + number.astype(str)))


def crossing_places(data: OsmData, *, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Take the crossings that lie on a way which people walk on when they cross.

    A crossing that is only a point of the carriageway would hold up those who walk along it, and is left out.

    Parameters
    ----------
    data
        Features in metres.
    crs
        Their system.

    Returns
    -------
    GeoDataFrame
        ``id, name, crossing_type``.
    list of Finding
        How many were left out, and why.
    """
    rules = osm_standard().points
    points = data.take((data.kinds == NODE) & data.has_any(rules.crossing_tags))
    ways = data.take((data.kinds == WAY) & data.has_any(rules.crossing_ways))
    spots = shapely.get_coordinates(points.shapes) @ np.array([1, 1j])
    is_closed = points.has_any(rules.no_crossing_tags)
    on_way = np.isin(spots, shapely.get_coordinates(ways.shapes) @ np.array([1, 1j]))
    lists = {"osm_crossing_closed": is_closed, "osm_crossing_off_ways": ~on_way & ~is_closed}
    found = [
        Finding(code, "crossings", values={"count": int(mask.sum())})
        for code, mask in lists.items()
        if mask.any()
    ]
    kept = points.take(on_way & ~is_closed)
    table = {
        "id": kept.ids,
        "name": kept.value("name"),
        "crossing_type": kept.first(osm_standard().crossing_type),
    }
    return gpd.GeoDataFrame(table, geometry=kept.shapes, crs=crs), found
