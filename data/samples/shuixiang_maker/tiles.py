"""A large ragged piece of ground kept in small tiles, so that looking at one corner of it is quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon, STRtree

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

TILE_M = 90.0
EMPTY = Polygon()


class Tiles:
    """Ground that can be looked at and taken away from, tile by tile."""

    def __init__(self, ground: BaseGeometry) -> None:
        """Cut the ground into tiles."""
        self.parts: list[BaseGeometry] = []
        self._split(ground, ground.bounds)
        self.tree = STRtree([shapely.box(*part.bounds) for part in self.parts])

    def _split(self, ground: BaseGeometry, box: tuple[float, ...]) -> None:
        x0, y0, x1, y1 = box
        if ground.is_empty:
            return
        if max(x1 - x0, y1 - y0) <= TILE_M:
            self.parts.append(ground)
            return
        if x1 - x0 > y1 - y0:
            middle = (x0 + x1) / 2
            halves = [(x0, y0, middle, y1), (middle, y0, x1, y1)]
        else:
            middle = (y0 + y1) / 2
            halves = [(x0, y0, x1, middle), (x0, middle, x1, y1)]
        for half in halves:
            self._split(common(ground, shapely.box(*half)), half)

    def within(self, shape: BaseGeometry) -> BaseGeometry:
        """Return the part of the ground inside a shape."""
        ids = np.sort(self.tree.query(shape)) if not shape.is_empty else []
        return shapely.union_all([common(self.parts[i], shape) for i in ids])

    def edge(self, shape: Polygon) -> float:
        """Return the metres of a polygon's outline that lie on the ground."""
        ids = np.sort(self.tree.query(shape))
        return float(sum(self.parts[i].intersection(shape.exterior).length for i in ids))

    def remove(self, shape: BaseGeometry) -> None:
        """Take a shape away from the ground."""
        for i in np.sort(self.tree.query(shape)) if not shape.is_empty else []:
            self.parts[i] = areal(self.parts[i].difference(shape))


def common(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """Return the ground that two shapes share, as polygons; empty shapes and mixtures make GEOS stop."""
    left, right = areal(one), areal(other)
    if left.is_empty or right.is_empty:
        return EMPTY
    return areal(left.intersection(right))


def areal(shape: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a geometry: where shapes only touch, lines and points are left out."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    found = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(found) if found else EMPTY
