"""Plain geometry for the sample town: curves, a smooth warp, quadrilaterals along a line, rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from shapely import LineString, Point, Polygon
from shapely.ops import substring

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Coords = NDArray[np.float64]

GRID_M = 0.001
ORIGIN = (573_250.0, 3_403_250.0)
TILT_DEGREES = -8.0


@dataclass(frozen=True)
class Warp:
    """A smooth, fold-free displacement: from the drawing board (metres, centre 0, 0) to the ground.

    Everything laid by hand passes through it, so every seed has the same topology and its own shapes.
    """

    waves: tuple[tuple[float, float, float, float, float, float], ...]

    @classmethod
    def from_rng(cls, rng: np.random.Generator) -> Warp:
        """Two long bends that never change and four shorter ones drawn by the seed."""
        waves = [(42.0, -26.0, 2500.0, 0.5, 0.9, 0.4), (-24.0, 34.0, 1700.0, 1.9, 2.1, 1.3)]
        for _ in range(4):
            wavelength, angle = rng.uniform(650, 1300), rng.uniform(0, 2 * np.pi)
            push = rng.uniform(5, 9) * wavelength / 900
            turn = rng.uniform(0, 2 * np.pi)
            waves.append(
                (push * np.cos(turn), push * np.sin(turn), wavelength, angle, rng.uniform(0, 6.28), 0.0)
            )
        return cls(
            tuple((float(a), float(b), float(c), float(d), float(e), float(f)) for a, b, c, d, e, f in waves)
        )

    def __call__(self, points: Coords | list[tuple[float, float]]) -> Coords:
        """Return the ground coordinates of drawing-board points."""
        xy = np.asarray(points, dtype=float).reshape(-1, 2)
        moved = xy.copy()
        for dx, dy, wavelength, angle, phase, shift in self.waves:
            along = xy[:, 0] * np.cos(angle) + xy[:, 1] * np.sin(angle)
            swing = np.sin(2 * np.pi * along / wavelength + phase + shift)
            moved += swing[:, None] * np.array([dx, dy])
        turn = np.radians(TILT_DEGREES)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return moved @ matrix.T + np.array(ORIGIN)

    def point(self, x: float, y: float) -> Point:
        """Return one drawing-board point on the ground."""
        return Point(self([(x, y)])[0])


def smooth(points: list[tuple[float, float]], step_m: float = 12.0) -> Coords:
    """Return a cubic curve through the points, sampled every `step_m`."""
    xy = np.asarray(points, dtype=float)
    chord = np.concatenate([[0.0], np.cumsum(np.sqrt(np.hypot(*np.diff(xy, axis=0).T)))])
    curve = CubicSpline(chord, xy)
    length = float(np.hypot(*np.diff(xy, axis=0).T).sum())
    return np.asarray(curve(np.linspace(0.0, chord[-1], max(int(length / step_m), len(xy)) + 1)))


def simplify(line: LineString, tolerance_m: float = 0.35) -> LineString:
    """Return the line with fewer vertices, never further than the tolerance from itself."""
    return LineString(np.round(line.simplify(tolerance_m).coords, 3))


def longest(geometry: BaseGeometry) -> LineString:
    """Return the longest line of a geometry, an empty line where it has none."""
    lines = [part for part in shapely.get_parts(geometry) if part.geom_type == "LineString"]
    return max(lines, key=lambda part: part.length, default=LineString())


def polygons(geometry: BaseGeometry, min_area_m2: float = 0.0) -> list[Polygon]:
    """Return the polygons of a geometry that reach the area, the largest first."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return sorted((p for p in parts if p.area >= max(min_area_m2, 1e-9)), key=lambda p: (-p.area, p.bounds))


def largest(geometry: BaseGeometry) -> Polygon:
    """Return the largest polygon of a geometry, an empty one where it has none."""
    return next(iter(polygons(geometry)), Polygon())


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry on the millimetre grid, still valid."""
    return shapely.set_precision(geometry, GRID_M)


def ribbon(centre: Coords, widths_m: Coords) -> Polygon:
    """Return the polygon of a river: its centre line with a width at every vertex."""
    tangent = np.gradient(centre, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / np.hypot(*tangent.T)[:, None]
    half = widths_m[:, None] / 2
    ring = np.vstack([centre + normal * half, (centre - normal * half)[::-1]])
    return largest(shapely.make_valid(Polygon(ring)))


def place(line: LineString, at_m: float, aside_m: float, *, window_m: float = 5.0) -> Coords:
    """Return the point `at_m` along a line and `aside_m` to its left, from the direction averaged near it."""
    here, left = _stand(line, at_m, window_m)
    return np.asarray(here + aside_m * left)


def _stand(line: LineString, at_m: float, window_m: float = 5.0) -> tuple[Coords, Coords]:
    """Return the point `at_m` along a line and the direction to its left, averaged near it."""
    along_m = [max(at_m - window_m, 0.0), min(at_m + window_m, line.length), at_m]
    before, after, here = shapely.get_coordinates(shapely.line_interpolate_point(line, along_m))
    direction = (after - before) / max(float(np.hypot(*(after - before))), 1e-9)
    return here, np.array([-direction[1], direction[0]])


def house_on(
    line: LineString, span_m: tuple[float, float], *, front_m: float, depth_m: float, side: int
) -> Polygon:
    """Return a four-cornered house along a stretch of a line; `side` is 1 for left, -1 for right."""
    (start, left), (end, right) = (_stand(line, at_m) for at_m in span_m)
    near, far = side * front_m, side * (front_m + depth_m)
    corners = [start + near * left, end + near * right, end + far * right, start + far * left]
    return Polygon(np.round(corners, 3))


def rectangle(centre: Coords, length_m: float, depth_m: float, angle: float) -> Polygon:
    """Return a rectangle about a centre whose long side points along the angle (radians)."""
    along = np.array([np.cos(angle), np.sin(angle)]) * length_m / 2
    across = np.array([-np.sin(angle), np.cos(angle)]) * depth_m / 2
    centre = np.asarray(centre, dtype=float)
    corners = [
        centre - along - across,
        centre + along - across,
        centre + along + across,
        centre - along + across,
    ]
    return Polygon(np.round(corners, 3))


def south_facing_angle(region: Polygon, limit_degrees: float = 18.0) -> float:
    """Return the angle of rows in a plot: along its own axis, but never far from east-west (radians)."""
    box = np.asarray(region.minimum_rotated_rectangle.exterior.coords)
    side = box[1] - box[0]
    angle = float(np.arctan2(side[1], side[0]))
    angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return float(np.clip(angle, -np.radians(limit_degrees), np.radians(limit_degrees)))


def crossings(line: LineString, area: BaseGeometry, margin_m: float) -> list[tuple[float, float]]:
    """Return the stretches of a line over an area, each widened by the margin, as distances along it."""
    inside = line.intersection(area)
    spans = []
    for part in shapely.get_parts(inside):
        if part.geom_type != "LineString" or part.length < 0.01:
            continue
        ends = sorted(line.project(Point(c)) for c in (part.coords[0], part.coords[-1]))
        spans.append((max(ends[0] - margin_m, 0.0), min(ends[1] + margin_m, line.length)))
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + 4.0:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def piece(line: LineString, start_m: float, end_m: float) -> LineString:
    """Return the part of a line between two distances, on the millimetre grid."""
    part = substring(line, start_m, end_m)
    return LineString(np.round(part.coords, 3)) if part.geom_type == "LineString" else LineString()
