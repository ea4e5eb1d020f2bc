"""What a walker cannot cross off the streets: water, walls, compound outlines except their gates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from fengmao_geo.geo.lines import segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Barriers"]

# A leg may start or end on a barrier: a house on the bank, a street along the quay.
TOUCH_M = 1e-3
# An end on a wall lies on the side of the point this far inside its street.
PULL_M = 1e-2
# Walls are erased from the ground as strips of this half width, so that the two sides come apart.
WALL_HALF_M = 5e-3
# A street that runs in a wall for longer than this is open to both sides.
_ALONG_M = 0.5


class Barriers:
    """Lines and areas that no straight leg crosses; never changed after they are made.

    Parameters
    ----------
    lines
        Walls, fences, railways, outlines: LineStrings or MultiLineStrings.
    areas
        Water: Polygons or MultiPolygons.
    outlines
        Outlines of compounds, less their gates: lines in which a gate can be opened.
    """

    def __init__(self, lines: Geometries, areas: Geometries, outlines: Geometries | None = None) -> None:
        self.outlines: Geometries = shapely.get_parts(lines[:0] if outlines is None else outlines)
        self.fences: Geometries = shapely.get_parts(lines)
        self.lines: Geometries = np.concatenate([self.fences, self.outlines])
        self.areas: Geometries = shapely.get_parts(areas)

    def __len__(self) -> int:
        return len(self.lines) + len(self.areas)

    def __repr__(self) -> str:
        return f"<Barriers: {len(self.lines):,} lines, {len(self.areas):,} areas>"

    @cached_property
    def _edges(self) -> Geometries:
        rings = shapely.get_rings(self.areas) if len(self.areas) else np.zeros(0, dtype=object)
        start, end, _ = segments(np.concatenate([self.lines, rings]))
        return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))

    @cached_property
    def edge_tree(self) -> shapely.STRtree:
        """Index over every straight stretch of every barrier."""
        return shapely.STRtree(self._edges)

    @cached_property
    def area_tree(self) -> shapely.STRtree:
        """Index over the areas."""
        return shapely.STRtree(self.areas)

    @cached_property
    def _wall_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.lines)

    @cached_property
    def solid(self) -> shapely.Geometry:
        """Areas, and lines as thin strips, in one geometry."""
        strips = shapely.buffer(self.lines, WALL_HALF_M, cap_style="square", join_style="mitre")
        return shapely.union_all([*self.areas, *strips])

    @cached_property
    def corners(self) -> Numbers:
        """Every vertex of every barrier, each once; shape ``(c, 2)``."""
        return np.unique(shapely.get_coordinates(self._edges), axis=0)

    @cached_property
    def corner_tree(self) -> shapely.STRtree:
        """Index over the corners."""
        return shapely.STRtree(np.asarray(shapely.points(self.corners)))

    def block(self, start: Numbers, end: Numbers) -> Flags:
        """Say which straight legs cross a barrier; touching one with an end does not.

        Parameters
        ----------
        start, end
            Ends of the legs, shape ``(n, 2)``.

        Returns
        -------
        array of bool, shape ``(n,)``
            True where the leg crosses.

        Examples
        --------
        >>> wall = Barriers(np.array([shapely.LineString([(0, 5), (10, 5)])]), np.zeros(0, dtype=object))
        >>> wall.block(np.array([[3.0, 0.0], [3.0, 0.0]]), np.array([[3.0, 9.0], [3.0, 5.0]])).tolist()
        [True, False]
        """
        crosses = np.zeros(len(start), dtype=bool)
        if not len(self) or not len(start):
            return crosses
        length = np.hypot(*(end - start).T)
        share = np.divide(TOUCH_M, length, out=np.full(len(length), 0.5), where=length > 2 * TOUCH_M)
        step = (end - start) * share[:, None]
        legs = shapely.linestrings(np.stack([start + step, end - step], axis=1))
        crosses[self.edge_tree.query(legs, predicate="intersects")[0]] = True
        crosses &= length > 2 * TOUCH_M
        return crosses | self.cover((start + end) / 2.0)

    def opened(self, ground: shapely.Geometry) -> Barriers:
        """Give the same barriers with the outlines of compounds opened where they cross a ground."""
        outlines = shapely.difference(self.outlines, ground)
        return Barriers(self.fences, self.areas, outlines[~shapely.is_empty(outlines)])

    def touch(self, xy: Numbers) -> Flags:
        """Say which points lie on a wall."""
        touched = np.zeros(len(xy), dtype=bool)
        if len(self.lines) and len(xy):
            touched[self._wall_tree.query(shapely.points(xy), predicate="dwithin", distance=TOUCH_M)[0]] = (
                True
            )
        return touched

    def cover(self, xy: Numbers) -> Flags:
        """Say which points lie in the water."""
        covered = np.zeros(len(xy), dtype=bool)
        if len(self.areas):
            covered[self.area_tree.query(shapely.points(xy), predicate="within")[0]] = True
        return covered

    def are_near(self, lines: Geometries, distance_m: float) -> Flags:
        """Say which lines come within a distance of a barrier."""
        near = np.zeros(len(lines), dtype=bool)
        if len(self):
            near[self.edge_tree.query(lines, predicate="dwithin", distance=distance_m)[0]] = True
            if len(self.areas):
                near[self.area_tree.query(lines, predicate="intersects")[0]] = True
        return near

    def erase_from(self, ground: Geometries, pieces: Geometries) -> Geometries:
        """Erase the barriers from each ground and keep what still touches its piece of street.

        Parameters
        ----------
        ground
            One polygon for each piece.
        pieces
            The pieces of street the grounds were drawn around.

        Returns
        -------
        array of geometry
            The ground on the pieces' side of the barriers; empty where nothing is left.
        """
        left = ground.copy()
        for tree, shapes in ((self.area_tree, self.areas), (self._wall_tree, self.lines)):
            row, hit = tree.query(ground, predicate="intersects")
            near = _clip(shapes[hit], shapely.bounds(ground[row]))
            if shapes is self.lines:
                near = shapely.buffer(near, WALL_HALF_M, cap_style="square", join_style="mitre")
            rows = np.unique(row)
            left[rows] = shapely.difference(left[rows], _by_row(near, row, rows, shapely.union_all))
        parts, of = shapely.get_parts(left, return_index=True)
        touches = _touches(parts, pieces[of])
        kept = np.full(len(ground), None, dtype=object)
        rows = np.unique(of[touches])
        kept[rows] = _by_row(parts[touches], of[touches], rows, shapely.multipolygons)
        return kept


def _by_row(shapes: Geometries, row: Indices, rows: Indices, join: Callable[[Geometries], Any]) -> Geometries:
    """Join the shapes of each row; rows ascend."""
    joined = np.empty(len(rows), dtype=object)
    for at, group in enumerate(np.split(shapes, np.searchsorted(row, rows[1:]))[: len(rows)]):
        joined[at] = join(group)
    return joined


def _touches(parts: Geometries, pieces: Geometries) -> Flags:
    """Say which parts touch their piece, or lie along it within a wall; an end at a wall is not enough."""
    touches = np.asarray(shapely.intersects(parts, pieces))
    rest = np.flatnonzero(~touches & (shapely.get_dimensions(pieces) == 1))
    rest = rest[shapely.dwithin(parts[rest], pieces[rest], 2 * WALL_HALF_M)]
    beside = shapely.intersection(shapely.buffer(parts[rest], 2 * WALL_HALF_M), pieces[rest])
    touches[rest] = shapely.length(beside) > _ALONG_M
    return touches


def _clip(shapes: Geometries, bounds: Numbers) -> Geometries:
    margin = 1.0
    return np.array(
        [
            shapely.clip_by_rect(shape, *(box[:2] - margin), *(box[2:] + margin))
            for shape, box in zip(shapes, bounds, strict=True)
        ],
        dtype=object,
    )
