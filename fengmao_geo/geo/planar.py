"""Areas that add up: erase, open away slivers, cut at necks; what is taken off one side is on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import box_pairs, segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = [
    "cut_at_necks",
    "erase",
    "joined_by_row",
    "open_away",
    "outline_segments",
    "polygon_parts",
    "polygons_of",
    "resized",
    "shared_lengths",
    "without_pinholes",
]

# A mitre keeps the corners of what is shrunk and grown again, where a round join would cut them off.
_MITRE = 2.5
# What was shrunk is grown by this more, and then cut to the area: edges that nearly fall on the area's
# own would leave crumbs and unsound overlays.
_BEYOND_M = 0.02
# Large polygons are shrunk by no more than this at first.
_FIRST_STEP_M = 3.0
# Smaller holes are rounding.
_PINHOLE_M2 = 1e-4
# Outlines that share a stretch differ by no more than rounding.
_ON_IT_M = 1e-4
# A place beside a neck is at least so many times as wide as the neck.
NECK_RATIO = 1.5


def polygons_of(shapes: Geometries) -> Geometries:
    """Take the polygons out of geometries of any kind.

    Examples
    --------
    >>> polygons_of(np.array([shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), shapely.Point(5, 5)]))[0].area
    1.0
    """
    return polygon_parts(shapes)[0]


def polygon_parts(shapes: Geometries) -> tuple[Geometries, Indices]:
    """Take the polygons out of geometries of any kind, and say which geometry each is from.

    Examples
    --------
    >>> shapes = np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.Point(5, 5)])
    >>> polygon_parts(shapes)[1].tolist()
    [1]
    """
    parts, row = shapely.get_parts(shapes, return_index=True)
    parts, of = shapely.get_parts(parts, return_index=True)
    is_polygon = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    return np.asarray(parts[is_polygon]), np.asarray(row[of[is_polygon]])


def without_pinholes(polygons: Geometries) -> Geometries:
    """Close holes that are mere rounding, which overlays leave where many outlines meet.

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


def joined_by_row(shapes: Geometries, row: Indices) -> Geometries:
    """Unite the shapes of each row; rows ascend.

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
    return joined


def resized(shapes: Geometries, by_m: float) -> Geometries:
    """Grow or shrink polygons with their corners kept; what GEOS returns unsound is made valid.

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
    core = resized(areas, -width_m / 2)
    kept = shapely.intersection(resized(core, width_m / 2 + _BEYOND_M), areas)
    return kept, shapely.difference(areas, kept)


def cut_at_necks(
    areas: Geometries, *, radii_m: Sequence[float], place_m2: float
) -> tuple[Geometries, Indices]:
    """Cut areas where they narrow between two wider places.

    A neck is no wider than twice the radius that is tried, and opens to at least one and a half times that on
    both sides. Radii are tried from the largest on. Of what lies in a neck, a stretch of ``place_m2`` or
    more between two places is a place of its own; all else goes to the place it shares most of its outline
    with.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    radii_m
        Half widths of necks.
    place_m2
        The smallest place that is worth a cut.

    Returns
    -------
    tuple of arrays
        Polygons ``(p,)`` and the row of the area each is cut from ``(p,)``. Their areas add up.

    Examples
    --------
    >>> left, neck, right = shapely.box(0, 0, 20, 20), shapely.box(20, 8, 30, 12), shapely.box(30, 0, 50, 20)
    >>> shape = shapely.union_all([left, neck, right])
    >>> places, row = cut_at_necks(np.array([shape]), radii_m=(3.0,), place_m2=50.0)
    >>> len(places), round(shapely.area(places).sum())
    (2, 840)
    """
    pieces, row = polygon_parts(areas)
    for radius_m in sorted(radii_m, reverse=True):
        is_large = shapely.area(pieces) >= 2 * np.pi * (NECK_RATIO * radius_m) ** 2
        large = np.flatnonzero(is_large)
        cut, of = _cut_at_neck(pieces[large], radius_m, place_m2)
        pieces = np.concatenate([pieces[~is_large], cut])
        row = np.concatenate([row[~is_large], row[large[of]]])
    order = np.argsort(row, kind="stable")
    return pieces[order], row[order]


def _cut_at_neck(pieces: Geometries, radius_m: float, place_m2: float) -> tuple[Geometries, Indices]:
    """Cut pieces at necks of one width: what is wide is grown again, what lies between is shared out."""
    seeds, of = shapely.get_parts(_shrunk(pieces, radius_m), return_index=True)
    # What holds no disc of one and a half times the radius is soon told by its area.
    is_seed = shapely.area(seeds) >= np.pi * ((NECK_RATIO - 1) * radius_m) ** 2
    is_seed[is_seed] = ~shapely.is_empty(resized(seeds[is_seed], -(NECK_RATIO - 1) * radius_m))
    grown = np.full(len(seeds), shapely.Polygon(), dtype=object)
    is_seed &= np.bincount(of[is_seed], minlength=len(pieces))[of] >= 2
    grown[is_seed] = resized(seeds[is_seed], radius_m + _BEYOND_M)
    is_seed &= shapely.area(grown) >= place_m2
    is_cut = np.bincount(of[is_seed], minlength=len(pieces)) >= 2
    is_seed &= is_cut[of]
    if not is_cut.any():
        return pieces, np.arange(len(pieces))
    seeds, grown, of = seeds[is_seed], grown[is_seed], of[is_seed]
    cut = np.flatnonzero(is_cut)
    wide = joined_by_row(grown, of)
    places, place_of = polygon_parts(shapely.intersection(pieces[cut], wide))
    rest, rest_of = polygon_parts(shapely.difference(pieces[cut], wide))
    places, place_of = _divided(places, place_of, seeds, grown)
    places, place_of = _shared_out(places, place_of, rest, rest_of, place_m2=place_m2)
    whole = np.flatnonzero(~is_cut)
    return np.concatenate([pieces[whole], places]), np.concatenate([whole, cut[place_of]])


def _shrunk(pieces: Geometries, by_m: float) -> Geometries:
    """Shrink in steps that double, each of what the last one has left: many times as fast as at one go."""
    steps_m = [by_m]
    while steps_m[-1] > _FIRST_STEP_M:
        steps_m.append(steps_m[-1] / 2)
    done_m = 0.0
    for step_m in reversed(steps_m):
        pieces = resized(pieces, done_m - step_m)
        done_m = step_m
    return pieces


def _divided(
    places: Geometries, of: Indices, seeds: Geometries, grown: Geometries
) -> tuple[Geometries, Indices]:
    """Divide places that have grown together from several seeds: the larger seed takes what both reach."""
    place, seed = shapely.STRtree(seeds).query(places, predicate="contains_properly")
    count = np.bincount(place, minlength=len(places))
    made, made_of = [places[count < 2]], [of[count < 2]]
    for at in np.flatnonzero(count >= 2):
        own = grown[seed[place == at]]
        own = own[np.argsort(-shapely.area(own), kind="stable")]
        row, hit = shapely.STRtree(own).query(own, predicate="intersects")
        earlier = hit < row
        taken = np.full(len(own), shapely.Polygon(), dtype=object)
        rows = np.unique(row[earlier])
        taken[rows] = joined_by_row(own[hit[earlier]], row[earlier])
        own = shapely.difference(own, taken)
        parts = polygons_of(shapely.intersection(own, places[at]))
        left = polygons_of(np.array([shapely.difference(places[at], shapely.union_all(own))]))
        parts = np.concatenate([parts, left])
        made.append(parts)
        made_of.append(np.full(len(parts), of[at]))
    return np.concatenate(made), np.concatenate(made_of)


def _shared_out(
    places: Geometries, of: Indices, rest: Geometries, rest_of: Indices, *, place_m2: float
) -> tuple[Geometries, Indices]:
    """Give the rest to the places it borders on most; a large stretch between two becomes a place itself."""
    row, place, shared_m = shared_lengths(rest, places)
    is_same = (of[place] == rest_of[row]) & (shared_m > _BEYOND_M)
    row, place, shared_m = row[is_same], place[is_same], shared_m[is_same]
    is_own = (np.bincount(row, minlength=len(rest)) >= 2) & (shapely.area(rest) >= place_m2)
    is_own |= np.bincount(row, minlength=len(rest)) == 0
    order = np.lexsort((place, -shared_m, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    first = first[~is_own[row[first]]]
    shapes = np.concatenate([places, rest[row[first]]])
    owner = np.concatenate([np.arange(len(places)), place[first]])
    order = np.argsort(owner, kind="stable")
    joined = joined_by_row(shapes[order], owner[order])
    # What touches in a point only falls apart again.
    places, place = polygon_parts(np.concatenate([joined, rest[is_own]]))
    return places, np.concatenate([of, rest_of[is_own]])[place]


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
