"""Banks in straight pieces, and what one meets going inland from each at right angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import segments
from fengmao_geo.geo.planar import outline_segments, polygons_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Banks", "bank_lines", "straight_edges"]

# One stands this far inland to say on which ground a bank is.
_INLAND_M = 0.01
# An outline of joined water lies on that of its parts but for rounding.
_ON_IT_M = 1e-3
# Cuts nearer to each other are one.
_SAME_M = 1e-6


@dataclass(frozen=True, eq=False)
class Banks:
    """Banks as straight pieces in order along each line; land lies on the left, water on the right.

    Parameters
    ----------
    start, end
        Ends of the pieces, shape ``(n, 2)``.
    ring
        The closed line that each piece is of, ascending, shape ``(n,)``.
    water
        Row of the water that each piece is a bank of, -1 where it is none that has banks, shape ``(n,)``.
    """

    start: Numbers
    end: Numbers
    ring: Indices
    water: Indices

    @property
    def length_m(self) -> Numbers:
        """Length of each piece."""
        length: Numbers = np.hypot(*(self.end - self.start).T)
        return length

    def take(self, chosen: NDArray[np.intp] | Flags) -> Banks:
        """Keep some of the pieces, by position or by flag.

        Parameters
        ----------
        chosen
            Which, in which order.

        Returns
        -------
        Banks
            Those pieces.
        """
        return Banks(self.start[chosen], self.end[chosen], self.ring[chosen], self.water[chosen])

    @property
    def _inland(self) -> Numbers:
        """The direction inland of each piece, of length one."""
        along = (self.end - self.start) / self.length_m[:, None]
        return np.stack([-along[:, 1], along[:, 0]], axis=1)

    def ashore(self) -> Geometries:
        """Give a point a centimetre inland from the middle of each piece.

        Returns
        -------
        array of Point, shape ``(n,)``
            The points.
        """
        return np.asarray(shapely.points((self.start + self.end) / 2 + self._inland * _INLAND_M))

    def first_hits(self, shapes: Geometries, depth_m: float, *, from_m: float = _INLAND_M) -> Numbers:
        """Go inland from the middle of each piece at right angles until something is met.

        Parameters
        ----------
        shapes
            What may be met: lines and polygons.
        depth_m
            How far to go.
        from_m
            Where to start.

        Returns
        -------
        array, shape ``(n,)``
            Metres from the start, 0 where one starts inside; infinite where nothing is met.
        """
        found = np.full(len(self.ring), np.inf)
        if not len(shapes) or not len(found):
            return found
        middle, inland = (self.start + self.end) / 2, self._inland
        first = middle + inland * from_m
        rays = np.asarray(shapely.linestrings(np.stack([first, middle + inland * depth_m], axis=1)))
        row, hit = shapely.STRtree(shapes).query(rays, predicate="intersects")
        met = shapely.intersection(rays[row], shapes[hit])
        np.minimum.at(found, row, shapely.distance(shapely.points(first[row]), met))
        return found

    def strips(self, depth_m: float) -> Geometries:
        """Draw the ground inland of each piece as a rectangle.

        Parameters
        ----------
        depth_m
            How deep it is.

        Returns
        -------
        array of Polygon, shape ``(n,)``
            The rectangles.
        """
        inland = self._inland * depth_m
        corners = np.stack([self.start, self.end, self.end + inland, self.start + inland], axis=1)
        return np.asarray(shapely.polygons(corners))

    def cut(self, edges: Geometries, crossings: Numbers, depths_m: Sequence[float]) -> Banks:
        """Cut the pieces wherever what one meets going inland may change.

        That is at right angles to the ends of edges, to where edges cross each other, and to where they pass
        one of the depths; between two such cuts the same things are met in the same order.

        Parameters
        ----------
        edges
            Straight edges of all that may be met, shape ``(e,)``.
        crossings
            Where edges cross each other, shape ``(c, 2)``.
        depths_m
            How far one goes for different things.

        Returns
        -------
        Banks
            The pieces, cut.
        """
        ends = np.concatenate([shapely.get_coordinates(edges), crossings])
        row, hit = shapely.STRtree(np.asarray(shapely.points(ends))).query(
            self.strips(max(depths_m)), predicate="intersects"
        )
        rows, points, tree = [row], [ends[hit]], shapely.STRtree(edges)
        for depth_m in (0.0, _INLAND_M, *depths_m):
            inland = self._inland * depth_m
            level = np.asarray(
                shapely.linestrings(np.stack([self.start + inland, self.end + inland], axis=1))
            )
            row, hit = tree.query(level, predicate="intersects")
            xy, of = shapely.get_coordinates(shapely.intersection(level[row], edges[hit]), return_index=True)
            rows.append(row[of])
            points.append(xy)
        return self._cut_at(np.concatenate(rows), np.concatenate(points))

    def _cut_at(self, row: Indices, xy: Numbers) -> Banks:
        length = self.length_m
        along = (self.end - self.start) / length[:, None]
        at_m = ((xy - self.start[row]) * along[row]).sum(axis=1)
        is_inner = (at_m > _SAME_M) & (at_m < length[row] - _SAME_M)
        every = np.arange(len(length))
        of = np.concatenate([every, row[is_inner]])
        at = np.concatenate([np.zeros(len(length)), at_m[is_inner]])
        order = np.lexsort((at, of))
        of, at = of[order], at[order]
        is_new = np.ones(len(of), dtype=bool)
        is_new[1:] = (of[1:] != of[:-1]) | (np.diff(at) > _SAME_M)
        of, at = of[is_new], at[is_new]
        start = self.start[of] + along[of] * at[:, None]
        start[at == 0] = self.start[of[at == 0]]
        # Each piece ends where the next begins, to the last digit.
        is_last = np.append(of[1:] != of[:-1], True)[: len(of)]
        end = np.concatenate([start[1:], start[:1]])
        end[is_last] = self.end[of[is_last]]
        return Banks(start, end, self.ring[of], self.water[of])


def bank_lines(water: Geometries, has_banks: Flags) -> Banks:
    """Draw the banks of waters: the outline of all water, so that a mouth between two waters is no bank.

    Parameters
    ----------
    water
        Polygons, which may touch or overlap, shape ``(w,)``.
    has_banks
        Which of them have banks, shape ``(w,)``.

    Returns
    -------
    Banks
        All outlines; pieces of waters without banks belong to none.

    Examples
    --------
    >>> canal, basin = shapely.box(0, 0, 200, 20), shapely.box(200, 0, 230, 20)
    >>> banks = bank_lines(np.array([canal, basin]), np.array([True, False]))
    >>> float(banks.length_m[banks.water == 0].sum())
    420.0
    """
    joined = polygons_of(np.array([shapely.union_all(water)]))
    rings = shapely.get_rings(shapely.orient_polygons(joined, exterior_cw=True)) if len(joined) else joined
    start, end, ring = segments(rings)
    is_long = np.hypot(*(end - start).T) > _SAME_M
    start, end, ring = start[is_long], end[is_long], ring[is_long]
    middle = shapely.points((start + end) / 2)
    row, of = shapely.STRtree(shapely.boundary(water)).query(middle, predicate="dwithin", distance=_ON_IT_M)
    order = np.lexsort((of, ~has_banks[of], row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    owner = np.full(len(ring), -1, dtype=np.intp)
    owner[row[first]] = np.where(has_banks[of[first]], of[first], -1)
    return Banks(start, end, ring, owner)


def straight_edges(shapes: Geometries) -> Geometries:
    """Break lines and outlines of polygons into straight edges.

    Parameters
    ----------
    shapes
        Lines and polygons, shape ``(n,)``.

    Returns
    -------
    array of LineString
        The edges.

    Examples
    --------
    >>> len(straight_edges(np.array([shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 0)])])))
    5
    """
    parts = shapely.get_parts(shapes)
    is_area = shapely.get_dimensions(parts) == 2
    lines = shapely.get_parts(parts[~is_area])
    start, end, _ = segments(lines[shapely.get_dimensions(lines) == 1])
    area_start, area_end, _ = outline_segments(polygons_of(parts[is_area]))
    ends = np.stack([np.concatenate([start, area_start]), np.concatenate([end, area_end])], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object).reshape(-1)
