"""What the outlines of places face: buildings, water, streets."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from fengmao_geo.geo.lines import box_pairs, segments
from fengmao_geo.geo.planar import outline_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["BUILDING", "LANE", "NOTHING", "STREET", "WATER", "Facing", "Stretches", "face", "stretches_of"]

#: What a stretch of outline faces.
NOTHING, BUILDING, WATER, STREET, LANE = 0, 1, 2, 3, 4

# Outlines are looked at in stretches no longer than this.
_STEP_M = 5.0
# So many stretches are looked at together.
_AT_ONCE = 50_000


class Stretches(NamedTuple):
    """Straight stretches: starts and ends ``(s, 2)``, and the row of what each belongs to ``(s,)``."""

    start: Numbers
    end: Numbers
    of: Indices


class Facing(NamedTuple):
    """What each stretch of outline faces.

    Parameters
    ----------
    place
        Row of the place, shape ``(s,)``.
    metres
        Length of the stretch.
    what
        `NOTHING`, `BUILDING`, `WATER`, `STREET` or `LANE`.
    street
        Row of the street or lane that is faced; -1 where none is.
    heading_rad
        Which way that street runs there.
    """

    place: Indices
    metres: Numbers
    what: Indices
    street: Indices
    heading_rad: Numbers

    def total(self, what: int, count: int) -> Numbers:
        """Add up the metres of each of the first places that face one thing.

        Parameters
        ----------
        what
            `NOTHING`, `BUILDING`, `WATER`, `STREET` or `LANE`.
        count
            Number of places.

        Returns
        -------
        array, shape ``(count,)``
            Metres.
        """
        here = (self.what == what) & (self.place < count)
        return np.bincount(self.place[here], weights=self.metres[here], minlength=count).astype(float)


def stretches_of(shapes: Geometries) -> Stretches:
    """Take every straight stretch of outlines and lines.

    Parameters
    ----------
    shapes
        Polygons, or lines, shape ``(n,)``.

    Returns
    -------
    Stretches
        The stretches.
    """
    if len(shapes) and (shapely.get_dimensions(shapes) == 1).all():
        parts, of = shapely.get_parts(shapes, return_index=True)
        start, end, part = segments(parts)
        return Stretches(start, end, of[part])
    parts, of = shapely.get_parts(shapes, return_index=True)
    start, end, part = outline_segments(parts)
    return Stretches(start, end, of[part])


def face(
    places: Geometries,
    *,
    buildings: Geometries,
    water: Geometries,
    streets: Geometries,
    half_width_m: Numbers,
    is_lane: Flags,
    reach_m: float,
) -> Facing:
    """Find what stands nearest to each stretch of the places' outlines, within reach.

    Parameters
    ----------
    places
        Polygons, shape ``(n,)``.
    buildings, water
        Polygons.
    streets
        Centre lines on the ground, shape ``(t,)``.
    half_width_m
        Half of each street's width, shape ``(t,)``.
    is_lane
        Which of them are lanes, shape ``(t,)``.
    reach_m
        What stands farther off is not faced.

    Returns
    -------
    Facing
        One entry per stretch, none longer than 5 m.
    """
    start, end, place = stretches_of(shapely.segmentize(places, _STEP_M))
    middle = (start + end) / 2
    lines = stretches_of(streets)
    widest_m = float(half_width_m.max(initial=0.0))
    # Indices and distances leave Python's lock free.
    with ThreadPoolExecutor() as pool:
        near_building = pool.submit(_nearest, middle, stretches_of(buildings), reach_m)
        near_street = pool.submit(_nearest, middle, lines, reach_m + widest_m, less_m=half_width_m[lines.of])
        by_water, _ = _nearest(middle, stretches_of(water), reach_m)
        (by_building, _), (by_street, line) = near_building.result(), near_street.result()
    gaps = np.stack([np.full(len(middle), reach_m), by_building, by_water, by_street])
    # Ties go to nothing last: what is just within reach is faced.
    what = np.where((gaps[1:] <= reach_m).any(axis=0), np.argmin(gaps[1:], axis=0) + 1, NOTHING)
    along = lines.end - lines.start
    heading = np.arctan2(along[:, 1], along[:, 0]) if len(along) else np.zeros(0)
    faces_street = what == STREET
    street = np.full(len(middle), -1, dtype=np.intp)
    street[faces_street] = lines.of[line[faces_street]]
    heading_rad = np.zeros(len(middle))
    heading_rad[faces_street] = heading[line[faces_street]]
    what[faces_street] = np.where(is_lane[street[faces_street]], LANE, STREET)
    return Facing(place, np.hypot(*(end - start).T), what, street, heading_rad)


def _nearest(
    points: Numbers, stretches: Stretches, reach_m: float, *, less_m: Numbers | None = None
) -> tuple[Numbers, Indices]:
    """Find the nearest stretch to each point: metres, infinite beyond reach, and the stretch, -1 for none."""
    gap_m, nearest = np.full(len(points), np.inf), np.full(len(points), -1, dtype=np.intp)
    if not len(points) or not len(stretches.of):
        return gap_m, nearest
    low_x, high_x = (side(stretches.start[:, 0], stretches.end[:, 0]) for side in (np.minimum, np.maximum))
    eastward = np.argsort(points[:, 0], kind="stable")
    # Strip after strip, for a line of its own for each stretch of a city is larger than the city.
    for strip in np.array_split(eastward, math.ceil(len(points) / _AT_ONCE)):
        west, east = points[strip[[0, -1]], 0] + np.array([-1, 1]) * (reach_m + 1)
        near = np.flatnonzero((high_x >= west) & (low_x <= east))
        ends = np.stack([stretches.start[near], stretches.end[near]], axis=1)
        tree = shapely.STRtree(np.asarray(shapely.linestrings(ends)))
        row, hit = box_pairs(tree, np.tile(points[strip], 2), reach_m)
        hit = near[hit]
        far_m = _distance(points[strip[row]], stretches.start[hit], stretches.end[hit])
        if less_m is not None:
            far_m = np.maximum(far_m - less_m[hit], 0.0)
        order = np.lexsort((hit, far_m, row))
        first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
        gap_m[strip[row[first]]], nearest[strip[row[first]]] = far_m[first], hit[first]
    return gap_m, nearest


def _distance(points: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """Measure from points to straight stretches."""
    along = end - start
    square = (along**2).sum(axis=1)
    share = ((points - start) * along).sum(axis=1) / np.where(square > 0, square, 1.0)
    foot = start + np.clip(share, 0.0, 1.0)[:, None] * along
    return np.asarray(np.hypot(*(points - foot).T))
