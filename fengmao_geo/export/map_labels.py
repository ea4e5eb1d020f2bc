"""Where names may stand on a map: along straight stretches of streets and water, and on places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

from fengmao_geo.export.theme import theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.town.town import Town

__all__ = ["labels", "named_spots"]

Spot = tuple[shapely.Point, float, float]

#: Half lengths of stretches tried, longest first, and how far a stretch may leave its chord, per metre of it.
HALF_LENGTHS_M = (140.0, 90.0, 60.0, 40.0, 25.0)
BEND_SHARE = 0.03
STEP_M = 40.0
MOST_SPOTS = 24


def labels(town: Town, frame: Frame) -> list[dict[str, Any]]:
    """List the names a page may show, the more important first, each with the spots where it may stand.

    Parameters
    ----------
    town
        The town.
    frame
        The part of it that is shown.

    Returns
    -------
    list of dict
        ``text``, ``kind``, how it is drawn, and ``spots``: x, y, degrees clockwise, metres of room.
    """
    found = named_spots(town, frame)
    places = iter(frame.points([place for _, _, best in found for place, _, _ in best]))
    return [
        {
            "text": name,
            "kind": rule["kind"],
            "is_line": rule["placing"] != "point",
            **{key: rule[key] for key in ("rank", "from_zoom", "size", "spacing", "apart_px")},
            "spots": [[*next(places), round(degrees, 1), round(room)] for _, degrees, room in best],
        }
        for name, rule, best in found
    ]


def named_spots(
    town: Town, frame: Frame, *, most_rank: float = np.inf
) -> list[tuple[str, dict[str, Any], list[Spot]]]:
    """List names with the rule they are shown by and the spots where they may stand, in the town's metres.

    Parameters
    ----------
    town
        The town.
    frame
        The part of it that is shown.
    most_rank
        The rank of the least important names wanted.

    Returns
    -------
    list of tuple
        Name, rule of ``theme.toml``, and spots, each a point, degrees clockwise and metres of room; the more
        important first.
    """
    found = [
        (name, rule, best)
        for rule in theme()["label"].values()
        if rule["layer"] in town and rule["rank"] <= most_rank
        for name, shapes in _named(town[rule["layer"]], rule, frame)
        if (best := _best_spots(shapes, rule, frame))
    ]
    return sorted(found, key=lambda label: (label[1]["rank"], label[0]))


def _best_spots(shapes: NDArray[Any], rule: dict[str, Any], frame: Frame) -> list[Spot]:
    """Take the spots with the most room, of equal ones those nearest the middle."""
    middle = shapely.centroid(frame.box)
    spots = _spots(shapes, rule, frame)
    return sorted(spots, key=lambda spot: (-spot[2], round(spot[0].distance(middle), 3), spot[0].x))[
        :MOST_SPOTS
    ]


def _named(layer: gpd.GeoDataFrame, rule: dict[str, Any], frame: Frame) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield each name of a layer's rows that this rule is for, with their shapes."""
    if "name" not in layer or rule.get("column", "name") not in layer:
        return
    keep = layer["name"].notna().to_numpy() & frame.shows(layer.geometry)
    if "column" in rule:
        keep &= layer[rule["column"]].isin(rule["values"]).to_numpy()
    if "least_m2" in rule:
        keep &= layer.geometry.area.to_numpy() >= rule["least_m2"]
    names = layer["name"].to_numpy(dtype=object)[keep]
    shapes = layer.geometry.to_numpy()[keep]
    for name in sorted({str(name) for name in names}):
        if name.strip():
            yield name, shapes[names == name]


def _spots(shapes: NDArray[Any], rule: dict[str, Any], frame: Frame) -> Iterator[Spot]:
    whole = shapely.intersection(shapely.union_all(shapes), frame.box)
    match rule["placing"]:
        case "line":
            for part in shapely.get_parts(shapely.line_merge(whole)):
                yield from _along_line(cast("shapely.LineString", part))
        case "water":
            yield from _along_water(whole)
        case _:
            yield shapely.point_on_surface(whole), 0.0, 0.0


def _along_line(line: shapely.LineString) -> Iterator[Spot]:
    """Yield the middles of straight stretches of a line, the longest that each stands on."""
    if line.length < 2 * HALF_LENGTHS_M[-1]:
        return
    count = max(1, int(line.length // STEP_M))
    middles = (np.arange(count) + 0.5) * (line.length / count)
    room = np.zeros(count)
    degrees = np.zeros(count)
    for half in HALF_LENGTHS_M:
        fits = (middles >= half) & (middles <= line.length - half) & (room == 0)
        straight, angles = _stretches(line, middles[fits], half)
        room[np.flatnonzero(fits)[straight]] = 2 * half
        degrees[np.flatnonzero(fits)[straight]] = angles[straight]
    points = shapely.line_interpolate_point(line, middles)
    keep = room > 0
    yield from zip(points[keep], degrees[keep].tolist(), room[keep].tolist(), strict=True)


def _stretches(
    line: shapely.LineString, middles: NDArray[np.float64], half: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Say which stretches are straight, and how each lies."""
    along = middles[:, None] + np.linspace(-half, half, 7)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, along.ravel())).reshape(*along.shape, 2)
    chord = xy[:, -1] - xy[:, 0]
    length = np.hypot(*chord.T)
    off = xy - xy[:, :1]
    bend = np.abs(off[..., 0] * chord[:, None, 1] - off[..., 1] * chord[:, None, 0]).max(axis=1, initial=0.0)
    straight = (length > half) & (bend <= np.maximum(2.0, 2 * half * BEND_SHARE) * length)
    return straight, _readable(chord)


def _readable(chord: NDArray[np.float64]) -> NDArray[np.float64]:
    """Write directions as degrees clockwise from left to right, between -90 and 90."""
    degrees = -np.degrees(np.arctan2(chord[:, 1], chord[:, 0]))
    return (degrees + 90.0) % 180.0 - 90.0


def _along_water(water: shapely.Geometry) -> Iterator[Spot]:
    """Yield spots inside water where a stretch of it is longer than wide, with its direction and length."""
    shapely.prepare(water)
    for middle in _mid_chords(water):
        for radius in HALF_LENGTHS_M:
            around = shapely.intersection(water, middle.buffer(radius, quad_segs=8))
            own = [part for part in shapely.get_parts(around) if part.intersects(middle)]
            if own and (spot := _long_spot(own[0])):
                yield spot
                break


def _mid_chords(water: shapely.Geometry) -> list[shapely.Point]:
    west, south, east, north = shapely.bounds(water).tolist()
    across = [
        shapely.LineString([(west, y), (east, y)]) for y in np.arange(south + STEP_M / 2, north, 2 * STEP_M)
    ]
    upward = [
        shapely.LineString([(x, south), (x, north)]) for x in np.arange(west + STEP_M / 2, east, 2 * STEP_M)
    ]
    chords = shapely.get_parts(shapely.intersection(np.array([*across, *upward], dtype=object), water))
    lines = chords[shapely.get_dimensions(chords) == 1]
    return list(shapely.line_interpolate_point(lines, 0.5, normalized=True))


def _long_spot(stretch: shapely.Polygon) -> Spot | None:
    box = shapely.minimum_rotated_rectangle(stretch)
    if shapely.get_num_coordinates(box) < 5 or stretch.area < 0.62 * box.area:
        return None
    corners = shapely.get_coordinates(box)
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    long = int(lengths.argmax())
    middle = shapely.centroid(stretch)
    if lengths[long] < 2.0 * lengths[1 - long] or not stretch.contains(middle):
        return None
    return middle, float(_readable(sides[long : long + 1])[0]), float(lengths[long])
