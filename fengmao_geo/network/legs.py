"""Straight legs from points and outlines to the streets, past barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.network.detour import are_blocked, corner_legs, nearest_visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["join_shapes"]

# shapely looks no nearer than this.
_LEAST_M = 1e-9
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
    shapes = _on_land(network, shapes)
    place, edge = _nearest_edges(network, shapes, max_leg_m)
    start, end = _legs(shapes[place], network.edge_lines[edge])
    blocked = are_blocked(network, start, end, edge)
    keep = ~blocked
    part = network.edge_part[edge]
    wanted = np.unique(np.stack([place[blocked], part[blocked]], axis=1), axis=0)
    more = nearest_visible(network, shapes, wanted, max_leg_m)
    place, edge = np.concatenate([place[keep], more[0]]), np.concatenate([edge[keep], more[1]])
    end = np.concatenate([end[keep], more[2]])
    leg_m = np.concatenate([np.hypot(*(start[keep] - end[: keep.sum()]).T), more[3]])
    part = network.edge_part[edge]
    key, leg_key = np.round(end / _SAME_M), np.round(leg_m / _EQUAL_M)
    # At a node any of its edges would do: one without steps serves all walkers.
    is_steps = network.edges["is_steps"].to_numpy()[edge]
    order = np.lexsort((edge, is_steps, key[:, 1], key[:, 0], leg_key, part, place))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (place[order][1:] != place[order][:-1]) | (part[order][1:] != part[order][:-1])
    best = order[is_first]
    at_m = shapely.line_locate_point(network.edge_lines[edge[best]], shapely.points(end[best]))
    return place[best], edge[best], at_m, leg_m[best]


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
    (main, main_tree), (rest, rest_tree) = network.leg_edges
    found_place, found_edge = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    if len(main) and len(shapes):
        place, hit = main_tree.query_nearest(shapes, max_distance=max(max_leg_m, _LEAST_M))
        found_place.append(place)
        found_edge.append(main[hit])
    if len(rest) and len(shapes):
        place, hit = rest_tree.query(shapes, predicate="dwithin", distance=max_leg_m)
        edge = rest[hit]
        nearest = pd.DataFrame(
            {
                "place": place,
                "part": network.edge_part[edge],
                "leg_m": shapely.distance(shapes[place], network.edge_lines[edge]),
            }
        )
        is_nearest = nearest["leg_m"] <= nearest.groupby(["place", "part"])["leg_m"].transform("min")
        found_place.append(place[is_nearest])
        found_edge.append(edge[is_nearest])
    return np.concatenate(found_place), np.concatenate(found_edge)


def _legs(shapes: Geometries, lines: Geometries) -> tuple[Numbers, Numbers]:
    """Draw each outline's shortest leg to its line; of equally short ones that to the smallest x, y."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapes, lines)).reshape(-1, 2, 2)
    start, end = ends[:, 0].copy(), ends[:, 1].copy()
    meets = np.flatnonzero((start == end).all(axis=1) & (shapely.get_dimensions(shapes) == 2))
    if len(meets):
        xy, row = shapely.get_coordinates(
            shapely.intersection(shapes[meets], lines[meets]), return_index=True
        )
        order = np.lexsort((xy[:, 1], xy[:, 0], row))
        first = np.unique(row[order], return_index=True)
        start[meets[first[0]]] = end[meets[first[0]]] = xy[order][first[1]]
    apart = np.flatnonzero((start != end).any(axis=1))
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
