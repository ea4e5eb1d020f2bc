"""Straight legs from points and outlines to the streets, past barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import box_pairs
from fengmao_geo.network.detour import are_blocked, corner_legs, nearest_visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["join_shapes"]

# Streets are sought within these shares of the longest leg in turn: most places find theirs early.
_SHARES = (0.2, 0.5, 1.0)
# So many places are joined at a time.
_AT_ONCE = 20_000
# Legs that differ by less are equally long; points that differ by less are at one place.
_EQUAL_M, _SAME_M = 1e-9, 1e-6


def join_shapes(
    network: WalkNetwork, shapes: Geometries, *, max_leg_m: float
) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Find the nearest point of each connected part for points and outlines.

    Parameters
    ----------
    network
        What is walked on.
    shapes
        Points or polygons, shape ``(p,)``.
    max_leg_m
        The longest leg.

    Returns
    -------
    tuple of arrays
        Row of the place, edge, metres along it, length of the leg (m).
    """
    # Legs to every corner nearby are many times what is joined.
    lots = [
        _joined(network, shapes[first : first + _AT_ONCE], max_leg_m)
        for first in range(0, max(len(shapes), 1), _AT_ONCE)
    ]
    place = np.concatenate([lot[0] + number * _AT_ONCE for number, lot in enumerate(lots)])
    edge, at_m, leg_m = (np.concatenate(column) for column in list(zip(*lots, strict=True))[1:])
    return place, edge, at_m, leg_m


def _joined(
    network: WalkNetwork, shapes: Geometries, max_leg_m: float
) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Join some of the shapes; see `join_shapes`."""
    shapes = _on_land(network, shapes)
    place, edge = _nearest_edges(network, shapes, max_leg_m)
    start, end = _legs(shapes[place], network.edge_lines[edge])
    blocked = are_blocked(network, start, end, edge)
    keep = ~blocked
    part = network.leg_part[edge]
    wanted = np.unique(np.stack([place[blocked], part[blocked]], axis=1), axis=0)
    more = nearest_visible(network, shapes, wanted, max_leg_m)
    place, edge = np.concatenate([place[keep], more[0]]), np.concatenate([edge[keep], more[1]])
    end = np.concatenate([end[keep], more[2]])
    leg_m = np.concatenate([np.hypot(*(start[keep] - end[: keep.sum()]).T), more[3]])
    part = network.leg_part[edge]
    key, leg_key = np.round(end / _SAME_M), np.round(leg_m / _EQUAL_M)
    # At a node any of its edges would do: one without steps serves all walkers.
    is_steps = network.edges["is_steps"].to_numpy()[edge]
    order = np.lexsort((edge, is_steps, key[:, 1], key[:, 0], leg_key, part, place))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (place[order][1:] != place[order][:-1]) | (part[order][1:] != part[order][:-1])
    best = order[is_first]
    return place[best], edge[best], _along(network.edge_lines[edge[best]], end[best]), leg_m[best]


def _along(lines: Geometries, xy: Numbers) -> Numbers:
    """Measure how far along their lines points on them lie."""
    count = shapely.get_num_coordinates(lines)
    start = shapely.get_coordinates(lines)[np.cumsum(count) - count]
    # Rounding must put no point beyond the end.
    at_m: Numbers = np.minimum(np.hypot(*(xy - start).T), shapely.length(lines))
    bent = np.flatnonzero(count > 2)
    at_m[bent] = shapely.line_locate_point(lines[bent], shapely.points(xy[bent]))
    return at_m


def _on_land(network: WalkNetwork, shapes: Geometries) -> Geometries:
    """Take the part of each building that does not stand over water, if there is one."""
    if not len(network.barriers.areas):
        return shapes
    row, hit = network.barriers.area_tree.query(shapes, predicate="overlaps")
    dry = shapes.copy()
    for one in np.unique(row):
        dry[one] = shapely.difference(shapes[one], shapely.union_all(network.barriers.areas[hit[row == one]]))
    return dry


def _nearest_edges(network: WalkNetwork, shapes: Geometries, max_leg_m: float) -> tuple[Indices, Indices]:
    """Pair each place with the nearest edges of each part, blocked or not; ties are all kept."""
    place, edge = _near_rest(network, shapes, max_leg_m)
    main, tree = network.leg_edges[0]
    left = np.arange(len(shapes))
    for share in _SHARES:
        row, hit, leg_m = _within(tree, shapes[left], share * max_leg_m)
        is_nearest = leg_m <= _least(row, leg_m)
        place, edge = np.append(place, left[row[is_nearest]]), np.append(edge, main[hit[is_nearest]])
        left = np.delete(left, row)
    return place, edge


def _near_rest(network: WalkNetwork, shapes: Geometries, max_leg_m: float) -> tuple[Indices, Indices]:
    """Pair each place with the nearest edges of every part but the largest."""
    rest, tree = network.leg_edges[1]
    row, hit = tree.query(shapes, predicate="dwithin", distance=max_leg_m)
    leg_m = shapely.distance(shapes[row], tree.geometries[hit])
    pair = row * (network.leg_part.max(initial=0) + 1) + network.leg_part[rest[hit]]
    order = np.argsort(pair, kind="stable")
    is_nearest = leg_m[order] <= _least(pair[order], leg_m[order])
    return row[order][is_nearest], rest[hit[order][is_nearest]]


def _within(tree: shapely.STRtree, shapes: Geometries, reach_m: float) -> tuple[Indices, Indices, Numbers]:
    """Pair shapes with the lines within reach; by boxes first, which is twice as fast as `query_nearest`.

    Returns
    -------
    tuple of arrays
        Row of the shape, ascending; row of the line; metres between them.
    """
    row, hit = box_pairs(tree, shapely.bounds(shapes), reach_m)
    leg_m = shapely.distance(shapes[row], tree.geometries[hit])
    is_near = leg_m <= reach_m
    return row[is_near], hit[is_near], leg_m[is_near]


def _least(group: Indices, values: Numbers) -> Numbers:
    """Give each row the least value of its group; groups ascend."""
    if not len(group):
        return values
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return np.repeat(np.minimum.reduceat(values, first), np.diff(first, append=len(group)))


def _legs(shapes: Geometries, lines: Geometries) -> tuple[Numbers, Numbers]:
    """Draw each outline's shortest leg to its line; of equally short ones that to the smallest x, y."""
    # Between a point and one straight stretch there is only one shortest leg, and it is soon drawn.
    is_plain = (shapely.get_dimensions(shapes) == 0) & (shapely.get_num_coordinates(lines) == 2)
    is_plain &= shapely.get_num_coordinates(shapes) == 1
    start, end = np.empty((len(shapes), 2)), np.empty((len(shapes), 2))
    _, start[is_plain], end[is_plain] = corner_legs(shapes[is_plain], lines[is_plain])
    ends = shapely.get_coordinates(shapely.shortest_line(shapes[~is_plain], lines[~is_plain]))
    start[~is_plain], end[~is_plain] = ends[::2], ends[1::2]
    meets = np.flatnonzero((start == end).all(axis=1) & (shapely.get_dimensions(shapes) == 2))
    if len(meets):
        xy, row = shapely.get_coordinates(
            shapely.intersection(shapes[meets], lines[meets]), return_index=True
        )
        order = np.lexsort((xy[:, 1], xy[:, 0], row))
        first = np.unique(row[order], return_index=True)
        start[meets[first[0]]] = end[meets[first[0]]] = xy[order][first[1]]
    apart = np.flatnonzero((start != end).any(axis=1) & ~is_plain)
    start[apart], end[apart] = _smallest(shapes[apart], lines[apart], start[apart], end[apart])
    return start, end


def _smallest(shapes: Geometries, lines: Geometries, start: Numbers, end: Numbers) -> tuple[Numbers, Numbers]:
    """Among all legs as short as these take that to the smallest x, then y.

    Where an outline runs along a street, the equally short legs begin and end at a vertex of either.
    """
    leg_m = np.hypot(*(end - start).T) + _EQUAL_M
    found = [(np.arange(len(shapes)), start, end)]
    for row, leg_start, leg_end in (corner_legs(shapes, lines), _to_vertices(shapes, lines)):
        is_short = np.hypot(*(leg_end - leg_start).T) <= leg_m[row]
        found.append((row[is_short], leg_start[is_short], leg_end[is_short]))
    row, starts, ends = (np.concatenate(column) for column in zip(*found, strict=True))
    key = np.round(ends / _SAME_M)
    order = np.lexsort((key[:, 1], key[:, 0], row))
    best = order[np.unique(row[order], return_index=True)[1]]
    return starts[best], ends[best]


def _to_vertices(shapes: Geometries, lines: Geometries) -> tuple[Indices, Numbers, Numbers]:
    """Draw the leg from each outline to every vertex of its line; of a point these are known already."""
    areas = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    xy, row = shapely.get_coordinates(lines[areas], return_index=True)
    legs = shapely.get_coordinates(shapely.shortest_line(shapes[areas[row]], shapely.points(xy)))
    return areas[row], legs[::2], xy
