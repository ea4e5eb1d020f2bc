"""Façades of buildings in short pieces: which way they look, what they look at, and what stands between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import segments
from fengmao_geo.geo.planar import outline_segments, polygon_parts
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Facades", "facades_of", "in_steps"]

# One stands this far in front of a façade: nearer to another building it is a party wall.
_IN_FRONT_M = 0.05


@dataclass(frozen=True, eq=False)
class Facades:
    """Pieces of façade, each looked at from its middle.

    Parameters
    ----------
    front
        Where one stands close before the middle of each piece, shape ``(n, 2)``.
    outward
        The direction away from the building, of length one, shape ``(n, 2)``.
    length_m
        Length of each piece, shape ``(n,)``.
    building
        Row of the building it is of, shape ``(n,)``.
    """

    front: Numbers
    outward: Numbers
    length_m: Numbers
    building: Indices

    def take(self, chosen: Indices | Flags) -> Facades:
        """Keep some of the pieces, by position or by flag.

        Parameters
        ----------
        chosen
            Which, in which order.

        Returns
        -------
        Facades
            Those pieces.
        """
        return Facades(self.front[chosen], self.outward[chosen], self.length_m[chosen], self.building[chosen])

    @property
    def points(self) -> Geometries:
        """Where one stands before each piece, as points."""
        return np.asarray(shapely.points(self.front))

    def front_streets(
        self, lines: Geometries, half_width_m: Numbers, buildings: Geometries, *, reach_m: float
    ) -> Flags:
        """Say which pieces look straight at a street, with no building between.

        Parameters
        ----------
        lines
            Centre lines of streets, shape ``(s,)``.
        half_width_m
            Half the width of each.
        buildings
            All buildings, which hide what is behind them.
        reach_m
            How far off the edge of the street may be.

        Returns
        -------
        array of bool, shape ``(n,)``
            Whether they do.
        """
        found = np.zeros(len(self.building), dtype=bool)
        if not len(lines) or not len(found):
            return found
        start, end, street = segments(lines)
        rays = _sights(self.front, self.front + self.outward * (reach_m + half_width_m.max()))
        row, edge = shapely.STRtree(_sights(start, end)).query(rays, predicate="intersects")
        way_m = _ahead_m(self.front[row], self.outward[row], start[edge], end[edge])
        is_near = way_m <= reach_m + half_width_m[street[edge]]
        row, way_m = row[is_near], way_m[is_near]
        sights = _sights(self.front[row], self.front[row] + self.outward[row] * way_m[:, None])
        found[row[~_are_blocked(sights, shapely.STRtree(buildings))]] = True
        return found

    def seen_from(
        self, viewpoints: Geometries, buildings: Geometries, *, range_m: float
    ) -> tuple[Flags, Flags]:
        """Say which pieces look towards a viewpoint within range, and which are seen from one.

        A piece is seen from a viewpoint if the straight line from there to its middle meets no building. All
        buildings hide what is behind them, whatever their height.

        Parameters
        ----------
        viewpoints
            Points, shape ``(v,)``.
        buildings
            All buildings.
        range_m
            How far one sees.

        Returns
        -------
        tuple of arrays of bool, each of shape ``(n,)``
            Whether the piece looks towards one, and whether it is seen.
        """
        looks, is_seen = np.zeros((2, len(self.building)), dtype=bool)
        if not len(viewpoints) or not len(looks):
            return looks, is_seen
        row, view = shapely.STRtree(viewpoints).query(self.points, predicate="dwithin", distance=range_m)
        from_xy = shapely.get_coordinates(viewpoints)[view]
        way = from_xy - self.front[row]
        is_before = (way * self.outward[row]).sum(axis=1) > 0
        row, from_xy, away_m = row[is_before], from_xy[is_before], np.hypot(*way[is_before].T)
        looks[row] = True
        tree = shapely.STRtree(buildings)
        # The nearest viewpoint first: most pieces that are seen at all are seen from there.
        order = np.lexsort((away_m, row))
        row, from_xy = row[order], from_xy[order]
        nth = np.arange(len(row)) - np.searchsorted(row, row)
        for step in range(int(nth.max(initial=-1)) + 1):
            here = (nth == step) & ~is_seen[row]
            sights = _sights(self.front[row[here]], from_xy[here])
            is_seen[row[here][~_are_blocked(sights, tree)]] = True
        return looks, is_seen


def facades_of(buildings: Geometries, *, near: Geometries | None = None, within_m: float = 0.0) -> Facades:
    """Cut the outlines of buildings into pieces no longer than ``facade_step_m``, party walls left out.

    Parameters
    ----------
    buildings
        Polygons, shape ``(n,)``.
    near
        Only buildings by one of these are wanted; by default all are.
    within_m
        How near.

    Returns
    -------
    Facades
        The pieces.

    Examples
    --------
    >>> row = np.array([shapely.box(0, 0, 10, 8), shapely.box(10, 0, 20, 8)])
    >>> float(facades_of(row).length_m.sum())
    56.0
    """
    tree = shapely.STRtree(buildings)
    rows = np.arange(len(buildings))
    if near is not None:
        rows = np.unique(tree.query(near, predicate="dwithin", distance=within_m)[1])
    polygons, of = polygon_parts(buildings[rows])
    start, end, row = outline_segments(shapely.orient_polygons(polygons, exterior_cw=False))
    start, end, row = in_steps(start, end, row)
    run = end - start
    length_m = np.hypot(*run.T)
    # The building lies on the left of its outline.
    outward = np.stack([run[:, 1], -run[:, 0]], axis=1) / length_m[:, None]
    front = (start + end) / 2 + outward * _IN_FRONT_M
    pieces = Facades(front, outward, length_m, rows[of[row]])
    inside = tree.query(pieces.points, predicate="intersects")[0]
    return pieces.take(np.setdiff1d(np.arange(len(row)), inside))


def in_steps(
    start: Numbers, end: Numbers, row: Indices, *, step_m: float | None = None
) -> tuple[Numbers, Numbers, Indices]:
    """Cut straight stretches into equal pieces that are no longer than a step.

    Parameters
    ----------
    start, end
        Ends of the stretches, shape ``(s, 2)``.
    row
        What each belongs to.
    step_m
        How long a piece may be; by default the figure ``facade_step_m``.

    Returns
    -------
    tuple of arrays
        Starts, ends and rows of the pieces; stretches without length are left out.
    """
    step_m = indicator_file().figure("facade_step_m") if step_m is None else step_m
    length_m = np.hypot(*(end - start).T)
    count = np.ceil(length_m / step_m * (1 - 1e-9)).astype(np.intp)
    of = np.repeat(np.arange(len(row)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    run = (end - start)[of] / count[of, None]
    first = start[of] + run * nth[:, None]
    return first, first + run, row[of]


def _ahead_m(place: Numbers, ahead: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """Say how far straight ahead of each place a stretch is met that is met at all."""
    to_start, to_end, run = start - place, end - place, end - start
    across = ahead[:, 0] * run[:, 1] - ahead[:, 1] * run[:, 0]
    met = to_start[:, 0] * run[:, 1] - to_start[:, 1] * run[:, 0]
    # A stretch that runs straight away from the place is met at its nearer end.
    nearer = np.minimum((to_start * ahead).sum(axis=1), (to_end * ahead).sum(axis=1))
    return np.where(across == 0, nearer, met / np.where(across == 0, 1.0, across))


def _sights(start: Numbers, end: Numbers) -> Geometries:
    return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)


def _are_blocked(sights: Geometries, buildings: shapely.STRtree) -> Flags:
    blocked = np.zeros(len(sights), dtype=bool)
    blocked[buildings.query(sights, predicate="intersects")[0]] = True
    return blocked
