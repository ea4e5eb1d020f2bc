"""The nearest street that can be walked to straight, where a barrier hides the nearest one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import pulled_in, ranges, segments
from fengmao_geo.network.barriers import PULL_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["are_blocked", "corner_legs", "nearest_visible"]

# A leg that just clears a corner is drawn this far beside it.
CLEAR_M = 2e-3


def nearest_visible(
    network: WalkNetwork, shapes: Geometries, wanted: Indices, max_leg_m: float
) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Find, for pairs of place and connected part, the nearest point that a straight leg reaches.

    The nearest point in sight of a straight stretch is its nearest point, or lies where a ray past a
    barrier's corner meets it or a barrier crosses it, so those are tried: exact for points, to the 2 mm by
    which a leg clears a corner. For outlines the legs start at the corners of the outline and at its points
    nearest to the stretches and to the barriers' corners.

    Parameters
    ----------
    network
        What to join to.
    shapes
        All places.
    wanted
        Rows of the places and numbers of the parts, shape ``(w, 2)``.
    max_leg_m
        The longest leg.

    Returns
    -------
    tuple of arrays
        Row of the place, edge, point on the edge ``(f, 2)``, length of the leg; none where nothing is
        visible.
    """
    place, edge, end, leg = [], [], [], []
    if len(wanted):
        edges = np.flatnonzero(network.takes_legs)
        tree = shapely.STRtree(network.edge_lines[edges])
        row, hit = tree.query(shapes[wanted[:, 0]], predicate="dwithin", distance=max_leg_m)
        hit = edges[hit]
        is_part = network.leg_part[hit] == wanted[row, 1]
        row, hit = row[is_part], hit[is_part]
        corner_row, corner = network.barriers.corner_tree.query(
            shapes[wanted[:, 0]], predicate="dwithin", distance=max_leg_m
        )
        by_row = np.split(hit, np.searchsorted(row, np.arange(1, len(wanted))))
        corners = np.split(
            network.barriers.corners[corner], np.searchsorted(corner_row, np.arange(1, len(wanted)))
        )
        for one, near_edges, near_corners in zip(wanted[:, 0], by_row, corners, strict=True):
            best = _best(network, shapes[one], near_edges, near_corners, max_leg_m)
            if best is not None:
                place.append(one)
                edge.append(best[0])
                end.append(best[1])
                leg.append(best[2])
    return (
        np.array(place, dtype=np.intp),
        np.array(edge, dtype=np.intp),
        np.array(end, dtype=float).reshape(-1, 2),
        np.array(leg, dtype=float),
    )


def are_blocked(network: WalkNetwork, start: Numbers, end: Numbers, edge: Indices) -> Flags:
    """Say which legs cross a barrier; a street's end on a wall is reached from the street's side only.

    Parameters
    ----------
    network
        What is walked on.
    start, end
        Coordinates of the legs' ends, at the place and on the street, shape ``(n, 2)``.
    edge
        The edge each leg ends on, shape ``(n,)``.

    Returns
    -------
    array of bool, shape ``(n,)``
        True where a barrier lies between.
    """
    blocked = network.barriers.block(start, end)
    on_wall = np.flatnonzero(~blocked)
    on_wall = on_wall[network.barriers.touch(end[on_wall])]
    if len(on_wall):
        lines = network.edge_lines[edge[on_wall]]
        at_m = shapely.line_locate_point(lines, shapely.points(end[on_wall]))
        blocked[on_wall] = network.barriers.block(start[on_wall], pulled_in(lines, at_m, PULL_M))
    return blocked


def corner_legs(shapes: Geometries, lines: Geometries) -> tuple[Indices, Numbers, Numbers]:
    """Draw the leg from every corner of each shape to every straight stretch of its line.

    Parameters
    ----------
    shapes
        Points or outlines, shape ``(n,)``.
    lines
        The street each is to be joined to, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Row of the shape ``(k,)``; coordinates of the leg's start and of its end, each ``(k, 2)``.
    """
    first, last, line = segments(lines)
    corners, of = shapely.get_coordinates(shapes, return_index=True)
    low, high = np.searchsorted(of, line), np.searchsorted(of, line, side="right")
    corner, stretch = ranges(low, high), np.repeat(np.arange(len(line)), high - low)
    along, xy = (last - first)[stretch], corners[corner]
    square = (along**2).sum(axis=1)
    # A stretch without length has one point, its start.
    share = ((xy - first[stretch]) * along).sum(axis=1) / np.where(square > 0, square, 1.0)
    feet = first[stretch] + np.clip(share, 0.0, 1.0)[:, None] * along
    return line[stretch], xy, feet


def _best(
    network: WalkNetwork, shape: shapely.Geometry, edges: Indices, corners: Numbers, max_leg_m: float
) -> tuple[int, Numbers, float] | None:
    """Try the direct legs first; only rays shorter than the best of them are worth a test."""
    first, last, of = segments(network.edge_lines[edges])
    stretches, edge = np.asarray(shapely.linestrings(np.stack([first, last], axis=1))), edges[of]
    nearest = shapely.get_coordinates(shapely.shortest_line(shape, stretches)).reshape(-1, 2, 2)
    origins = _origins(shape, nearest[:, 0], corners)
    row, start, end = _direct_legs(network, origins, stretches)
    row = np.concatenate([np.arange(len(of)), row])
    start, end = np.concatenate([nearest[:, 0], start]), np.concatenate([nearest[:, 1], end])
    found = _shortest_clear(network, start, end, edge[row], max_leg_m)
    reach_m = max_leg_m if found is None else found[2]
    hidden = np.flatnonzero(shapely.distance(shape, stretches) < reach_m)
    if not len(hidden) or not len(corners):
        return found
    start, end, row = _rays(origins, corners, first[hidden], last[hidden], reach_m)
    ray = _shortest_clear(network, start, end, edge[hidden[row]], reach_m)
    return ray if ray is not None and (found is None or ray[2] < found[2]) else found


def _direct_legs(
    network: WalkNetwork, origins: Numbers, stretches: Geometries
) -> tuple[Indices, Numbers, Numbers]:
    """Draw legs to the stretches' nearest points, and to both sides of where barriers cross them."""
    all_origins = shapely.multipoints(origins)
    row, start, end = corner_legs(np.full(len(stretches), all_origins), stretches)
    crossed, barrier = network.barriers.edge_tree.query(stretches, predicate="intersects")
    points = shapely.intersection(stretches[crossed], network.barriers.edge_tree.geometries[barrier])
    xy, of = shapely.get_coordinates(points, return_index=True)
    at_m = shapely.line_locate_point(stretches[crossed[of]], shapely.points(xy))
    sides = np.concatenate([at_m - CLEAR_M, at_m + CLEAR_M])
    stretch = np.concatenate([crossed[of], crossed[of]])
    keep = (sides >= 0) & (sides <= shapely.length(stretches[stretch]))
    stretch = stretch[keep]
    beside = shapely.get_coordinates(shapely.line_interpolate_point(stretches[stretch], sides[keep]))
    return (
        np.concatenate([row, np.repeat(stretch, len(origins))]),
        np.concatenate([start, np.tile(origins, (len(stretch), 1))]),
        np.concatenate([end, np.repeat(beside, len(origins), axis=0)]),
    )


def _shortest_clear(
    network: WalkNetwork, start: Numbers, end: Numbers, edges: Indices, max_leg_m: float
) -> tuple[int, Numbers, float] | None:
    length = np.hypot(*(end - start).T)
    order = np.lexsort((end[:, 1], end[:, 0], length))
    order = order[length[order] <= max_leg_m]
    for chunk in np.array_split(order, max(1, len(order) // 64)):
        clear = chunk[~are_blocked(network, start[chunk], end[chunk], edges[chunk])]
        if len(clear):
            first = clear[0]
            return int(edges[first]), end[first], float(length[first])
    return None


def _rays(
    origins: Numbers, corners: Numbers, first: Numbers, last: Numbers, reach_m: float
) -> tuple[Numbers, Numbers, Indices]:
    """Draw rays past each side of each corner to where they meet the stretches."""
    origin, aim = np.repeat(origins, len(corners), axis=0), np.tile(corners, (len(origins), 1))
    way = aim - origin
    distance = np.hypot(*way.T)
    keep = (distance > CLEAR_M) & (distance < reach_m)
    origin, way, distance = origin[keep], way[keep], distance[keep]
    aside = np.stack([-way[:, 1], way[:, 0]], axis=1) * (CLEAR_M / distance)[:, None]
    origin = np.concatenate([origin, origin])
    way = np.concatenate([way + aside, way - aside])
    hit, share, seg = _meet(origin, way, first, last)
    start = origin[hit]
    end = first[seg] + (last[seg] - first[seg]) * share[:, None]
    return start, end, seg


def _origins(shape: shapely.Geometry, starts: Numbers, corners: Numbers) -> Numbers:
    if shapely.get_dimensions(shape) == 0:
        return shapely.get_coordinates(shape)[:1]
    feet = shapely.get_coordinates(shapely.shortest_line(shape, shapely.points(corners))).reshape(-1, 2, 2)[
        :, 0
    ]
    return np.unique(np.concatenate([shapely.get_coordinates(shape), starts, feet]), axis=0)


def _meet(origin: Numbers, way: Numbers, first: Numbers, last: Numbers) -> tuple[Indices, Numbers, Indices]:
    """Meet every ray with every stretch: the ray, the share along the stretch, the stretch."""
    along = (last - first)[None]
    gap = first[None] - origin[:, None]
    ray = way[:, None]
    turn = ray[..., 0] * along[..., 1] - ray[..., 1] * along[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (gap[..., 0] * along[..., 1] - gap[..., 1] * along[..., 0]) / turn
        share = (gap[..., 0] * ray[..., 1] - gap[..., 1] * ray[..., 0]) / turn
    meets = (turn != 0) & (far > 0) & (share >= 0) & (share <= 1)
    hit, seg = np.nonzero(meets)
    return hit, share[hit, seg], seg
