"""Outlines of buildings, which the ground that is reached takes in whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Outlines", "as_multi"]


@dataclass(frozen=True, repr=False, eq=False)
class Outlines:
    """Outlines of buildings, ready to be looked for in many grounds.

    Parameters
    ----------
    shapes
        The outlines, shape ``(b,)``.
    tree
        Index over them.
    vertex_xy
        The first vertex of each of their parts, shape ``(k, 2)``.
    shape_of
        The outline that each of these belongs to, shape ``(k,)``.
    """

    shapes: Geometries
    tree: shapely.STRtree
    vertex_xy: Numbers
    shape_of: Indices

    @classmethod
    def of(cls, shapes: Geometries) -> Outlines:
        """Prepare some outlines.

        Parameters
        ----------
        shapes
            The outlines, shape ``(b,)``.

        Returns
        -------
        Outlines
            The same in their order.
        """
        parts, shape = shapely.get_parts(shapes, return_index=True)
        xy, part = shapely.get_coordinates(parts, return_index=True)
        part, first = np.unique(part, return_index=True)
        return cls(shapes, shapely.STRtree(shapes), xy[first], shape[part])

    def settle(self, ground: shapely.Geometry, is_reached: Flags) -> shapely.Geometry:
        """Add reached buildings whole and erase all others, so that the drawing agrees with the table.

        Parameters
        ----------
        ground
            The ground reached.
        is_reached
            Which of the buildings are reached, shape ``(b,)``.

        Returns
        -------
        MultiPolygon
            The ground with the buildings settled.
        """
        touched, inside = self._touched_and_inside(ground)
        is_erased = touched & ~is_reached
        # A reached building under one that is not loses its ground to it, and is added again.
        inside[self.tree.query(self.shapes[is_erased], predicate="intersects")[1]] = False
        # The ground is large: it is gone through once for each, not again and again among the buildings.
        erased, added = (shapely.union_all(self.shapes[one]) for one in (is_erased, is_reached & ~inside))
        return as_multi(shapely.union(shapely.difference(ground, erased), added))

    def _touched_and_inside(self, ground: shapely.Geometry) -> tuple[Flags, Flags]:
        """Say which outlines the ground touches, and which lie inside without meeting its own outline.

        Asked for all at once, each outline apart from the ground is held against every ring of the ground,
        which grows with the square of a city. So rings look for the outlines that they meet; of any other
        part one vertex tells for all.
        """
        count = len(self.shapes)
        is_met = np.zeros(count, dtype=bool)
        rings = shapely.get_rings(shapely.get_parts(ground))
        is_met[self.tree.query(rings, predicate="intersects")[1]] = True
        shapely.prepare(ground)
        low, high = np.split(shapely.bounds(ground), 2)
        is_in = np.all((self.vertex_xy >= low) & (self.vertex_xy <= high), axis=1)
        is_in[is_in] = shapely.contains_xy(ground, self.vertex_xy[is_in])
        has_in, has_out = (np.bincount(self.shape_of[one], minlength=count) > 0 for one in (is_in, ~is_in))
        return is_met | has_in, has_in & ~has_out & ~is_met


def as_multi(ground: shapely.Geometry) -> shapely.MultiPolygon:
    """Keep what has an area.

    Parameters
    ----------
    ground
        What a union gave.

    Returns
    -------
    MultiPolygon
        Its polygons.
    """
    parts = shapely.get_parts(ground)
    return shapely.MultiPolygon(list(parts[shapely.get_dimensions(parts) == 2]))
