"""Areas that add up: erase, open away slivers, cut at necks; what is taken off one side is on the other."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import shapely

from fengmao_geo.geo.lines import box_pairs, segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = [
    "BEYOND_M",
    "GRID_M",
    "erase",
    "in_lots",
    "joined_by_row",
    "open_away",
    "outline_segments",
    "polygon_parts",
    "polygons_of",
    "resized",
    "shared_lengths",
    "without_pinholes",
]

_Done = TypeVar("_Done")

# Shapes are handed to threads in so many lots.
_LOTS = 16
# A mitre keeps the corners of what is shrunk and grown again, where a round join would cut them off.
_MITRE = 2.5
# What was shrunk is grown by this more, and then cut to the area: edges that nearly fall on the area's
# own would leave crumbs and unsound overlays.
BEYOND_M = 0.02
# Parts of one area are cut and joined again to this: what overlays round differs by less within a town.
GRID_M = 1e-8
# Smaller holes are rounding.
_PINHOLE_M2 = 1e-4
# Outlines that share a stretch differ by no more than rounding.
_ON_IT_M = 1e-4


def polygons_of(shapes: Geometries) -> Geometries:
    """Take the polygons out of geometries of any kind.

    Parameters
    ----------
    shapes
        Geometries of any kind, shape ``(n,)``.

    Returns
    -------
    array of Polygon
        All polygons in them, in order.

    Examples
    --------
    >>> polygons_of(np.array([shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), shapely.Point(5, 5)]))[0].area
    1.0
    """
    return polygon_parts(shapes)[0]


def polygon_parts(shapes: Geometries) -> tuple[Geometries, Indices]:
    """Take the polygons out of geometries of any kind, and say which geometry each is from.

    Parameters
    ----------
    shapes
        Geometries of any kind, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        The polygons, and the row of the geometry each is from.

    Examples
    --------
    >>> shapes = np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.Point(5, 5)])
    >>> polygon_parts(shapes)[1].tolist()
    [1]
    """
    is_single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    # What is one polygon already stays the same object: most are, and parts are copies.
    single, rest = np.flatnonzero(is_single & ~shapely.is_empty(shapes)), np.flatnonzero(~is_single)
    parts, row = shapely.get_parts(shapes[rest], return_index=True)
    parts, of = shapely.get_parts(parts, return_index=True)
    is_polygon = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    row = np.concatenate([single, rest[row[of[is_polygon]]]])
    order = np.argsort(row, kind="stable")
    return np.concatenate([shapes[single], parts[is_polygon]])[order], row[order]


def without_pinholes(polygons: Geometries) -> Geometries:
    """Close holes that are mere rounding, which overlays leave where many outlines meet.

    Parameters
    ----------
    polygons
        Polygons, shape ``(n,)``.

    Returns
    -------
    array of Polygon, shape ``(n,)``
        The polygons without holes below 1 cm².

    Examples
    --------
    >>> holed = shapely.Polygon(shapely.box(0, 0, 4, 4).exterior, [shapely.box(1, 1, 1.001, 1.001).exterior])
    >>> without_pinholes(np.array([holed]))[0].area
    16.0
    """
    rings, of = shapely.get_rings(polygons, return_index=True)
    is_outer = np.diff(of, prepend=-1) > 0
    is_pinhole = ~is_outer & (shapely.area(shapely.polygons(rings)) < _PINHOLE_M2)
    closed = polygons.copy()
    for at in np.unique(of[is_pinhole]):
        mine = (of == at) & ~is_pinhole
        closed[at] = shapely.polygons(rings[mine & is_outer][0], rings[mine & ~is_outer])
    return closed


def erase(areas: Geometries, holes: Geometries) -> Geometries:
    """Take holes out of areas.

    The holes are joined per area, those that touch nothing else without an overlay, which makes it many times
    as fast as one union of all.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    holes
        Polygons that may overlap, shape ``(h,)``.

    Returns
    -------
    array of geometry, shape ``(n,)``
        What is left of each area; empty where nothing is.

    Examples
    --------
    >>> left = erase(np.array([shapely.box(0, 0, 4, 4)]), np.array([shapely.box(1, 1, 2, 2)]))
    >>> left[0].area
    15.0
    >>> erase(np.array([shapely.box(0, 0, 4, 4)]), np.zeros(0, dtype=object))[0].area
    16.0
    """
    left = areas.copy()
    if not len(areas) or not len(holes):
        return left
    row, hit = shapely.STRtree(holes).query(areas, predicate="intersects")
    rows = np.unique(row)
    if len(rows):
        left[rows] = shapely.difference(areas[rows], joined_by_row(holes[hit], row))
    return left


def joined_by_row(shapes: Geometries, row: Indices, *, grid_m: float = 0.0) -> Geometries:
    """Unite the shapes of each row; rows ascend.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.
    row
        Row of each, ascending, shape ``(n,)``.
    grid_m
        Shapes that stay apart are joined once more on a grid so fine, where outlines parted by mere rounding
        meet again; 0 for no such grid.

    Returns
    -------
    array of geometry
        One for each row that occurs, in ascending order.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 5, 6, 6)])
    >>> [shape.area for shape in joined_by_row(boxes, np.array([0, 0, 3]))]
    [2.0, 1.0]
    """
    if not len(row):
        return shapes
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    joined = np.empty(len(starts), dtype=object)
    if not len(starts):
        return joined
    for at, group in enumerate(np.split(shapes, starts[1:])):
        joined[at] = group[0] if len(group) == 1 else shapely.disjoint_subset_union_all(group)
        if grid_m and shapely.get_num_geometries(joined[at]) > 1:
            joined[at] = shapely.union_all(group, grid_size=grid_m)
    return joined


def resized(shapes: Geometries, by_m: float) -> Geometries:
    """Grow or shrink polygons with their corners kept; what GEOS returns unsound is made valid.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.
    by_m
        How far the outline moves outwards; inwards if negative.

    Returns
    -------
    array of geometry, shape ``(n,)``
        Valid polygons, empty where nothing is left.

    Examples
    --------
    >>> resized(np.array([shapely.box(0, 0, 4, 4)]), -1.0)[0].area
    4.0
    """
    # What shrinks to just nothing divides by zero within GEOS, and comes out empty or a crumb.
    with np.errstate(divide="ignore", invalid="ignore"):
        made: Geometries = shapely.buffer(shapes, by_m, join_style="mitre", mitre_limit=_MITRE)
    bad = ~shapely.is_valid(made)
    made[bad] = shapely.make_valid(made[bad], method="structure", keep_collapsed=False)
    return made


def open_away(areas: Geometries, width_m: float) -> tuple[Geometries, Geometries]:
    """Take off what is thinner than a width.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    width_m
        What is kept is nowhere narrower than this.

    Returns
    -------
    tuple of arrays, each of shape ``(n,)``
        What is kept of each area, and what is taken off; together they are the area.

    Examples
    --------
    >>> plot_and_strip = shapely.union_all([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 30, 1)])
    >>> kept, slivers = open_away(np.array([plot_and_strip]), 3.0)
    >>> round(kept[0].area), round(slivers[0].area)
    (100, 20)
    """
    kept, taken = areas.copy(), areas.copy()
    for lot, (wide, rest) in in_lots(lambda lot: _opened(lot, width_m), areas):
        kept[lot], taken[lot] = wide, rest
    return kept, taken


def _opened(areas: Geometries, width_m: float) -> tuple[Geometries, Geometries]:
    core = resized(areas, -width_m / 2)
    kept = shapely.intersection(resized(core, width_m / 2 + BEYOND_M), areas)
    return kept, shapely.difference(areas, kept)


def in_lots(
    work: Callable[..., _Done], shapes: Geometries, *others: NDArray[Any]
) -> list[tuple[Indices, _Done]]:
    """Work on lots of shapes in threads: overlays and buffers leave Python's lock free.

    Parameters
    ----------
    work
        What is done with a lot; it must not matter which shapes are in it.
    shapes
        Geometries, shape ``(n,)``.
    *others
        Arrays of as many rows, which the work is given too.

    Returns
    -------
    list
        For each lot the rows of its shapes, and what the work gave back.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 2, 2)])
    >>> sorted((lot.tolist(), done.tolist()) for lot, done in in_lots(shapely.area, boxes))
    [([0], [1.0]), ([1], [4.0])]
    """
    order = np.argsort(-shapely.get_num_coordinates(shapes), kind="stable")
    lots = [order[start::_LOTS] for start in range(min(_LOTS, len(order)))]
    # What several threads hold at once adds up, and more of them than processors are no faster.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(
            zip(lots, pool.map(lambda lot: work(*(one[lot] for one in (shapes, *others))), lots), strict=True)
        )


def shared_lengths(shapes: Geometries, others: Geometries) -> tuple[Indices, Indices, Numbers]:
    """Measure how much of their outlines polygons share with others that they touch.

    Parameters
    ----------
    shapes, others
        Polygons; none of `shapes` overlaps one of `others`.

    Returns
    -------
    tuple of arrays
        Row of the shape, row of the other, metres of the shape's outline that lie on the other's.

    Examples
    --------
    >>> left, right = shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 1)
    >>> [column.tolist() for column in shared_lengths(np.array([right]), np.array([left]))]
    [[0], [0], [1.0]]
    """
    start, end, of = outline_segments(shapes)
    their_start, their_end, their = outline_segments(others)
    tree = shapely.STRtree(np.asarray(shapely.linestrings(np.stack([their_start, their_end], axis=1))))
    bounds = np.concatenate([np.minimum(start, end), np.maximum(start, end)], axis=1)
    row, hit = box_pairs(tree, bounds, _ON_IT_M)
    metres = _on_same_line(start[row], end[row], their_start[hit], their_end[hit])
    is_on = metres > 0
    key = np.stack([of[row[is_on]], their[hit[is_on]]], axis=1)
    unique, inverse = np.unique(key, axis=0, return_inverse=True)
    shared_m = np.bincount(inverse.ravel(), weights=metres[is_on], minlength=len(unique)).astype(float)
    return unique[:, 0], unique[:, 1], shared_m


def _on_same_line(start: Numbers, end: Numbers, their_start: Numbers, their_end: Numbers) -> Numbers:
    """Measure how much of each straight stretch lies on another."""
    along = end - start
    length_m = np.hypot(*along.T)
    along = along / np.where(length_m > 0, length_m, 1.0)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    ends = (their_start - start, their_end - start)
    at, off = ((np.stack([(to * way).sum(axis=1) for to in ends])) for way in (along, across))
    low, high = np.maximum(at.min(axis=0), 0.0), np.minimum(at.max(axis=0), length_m)
    run = at[1] - at[0]
    slope = (off[1] - off[0]) / np.where(run == 0, 1.0, run)
    low_off, high_off = (off[0] + slope * (place - at[0]) for place in (low, high))
    is_on = (np.maximum(np.abs(low_off), np.abs(high_off)) <= _ON_IT_M) & (run != 0)
    return np.where(is_on, np.maximum(high - low, 0.0), 0.0)


def outline_segments(shapes: Geometries) -> tuple[Numbers, Numbers, Indices]:
    """Take every straight stretch of polygons' outlines: starts, ends, and the row of the polygon.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Starts and ends ``(s, 2)``, and the row of the polygon ``(s,)``.

    Examples
    --------
    >>> start, end, row = outline_segments(np.array([shapely.box(0, 0, 1, 1)]))
    >>> len(start), row.tolist()
    (4, [0, 0, 0, 0])
    """
    rings, of = (
        shapely.get_rings(shapes, return_index=True) if len(shapes) else (shapes, np.zeros(0, dtype=np.intp))
    )
    start, end, ring = segments(rings)
    return start, end, of[ring]
