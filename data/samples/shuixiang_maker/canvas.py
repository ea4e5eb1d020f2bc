"""A picture of the ground in cells of a metre: the grid, burning shapes in, smooth random fields, trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

CELL_M = 1
HEIGHT_M = 2
PIXEL_M = 4
MARGIN_M = 60.0
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """Where the picture lies: its north-western corner, and its size in pixels of imagery."""

    west: float
    north: float
    columns: int
    rows: int

    @classmethod
    def around(cls, shapes: Iterable[BaseGeometry]) -> Grid:
        """Return the grid of whole pixels around shapes, with a margin."""
        west, south, east, north = shapely.total_bounds(list(shapes))
        left = np.floor((west - MARGIN_M) / PIXEL_M) * PIXEL_M
        top = np.ceil((north + MARGIN_M) / PIXEL_M) * PIXEL_M
        columns = int(np.ceil((east + MARGIN_M - left) / PIXEL_M))
        rows = int(np.ceil((top - south + MARGIN_M) / PIXEL_M))
        return cls(float(left), float(top), columns, rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return self.rows * PIXEL_M // CELL_M, self.columns * PIXEL_M // CELL_M

    def affine(self, size_m: int) -> Affine:
        """Return the transform of a raster of some pixel size."""
        return Affine(size_m, 0.0, self.west, 0.0, -size_m, self.north)

    def cells(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], ...]:
        """Return the rows and columns of the cells where points lie."""
        rows = np.floor((self.north - y) / CELL_M).astype(np.int64)
        return rows, np.floor((x - self.west) / CELL_M).astype(np.int64)

    def burn(self, into: Bytes, shapes: Iterable[BaseGeometry], values: Iterable[int] | int) -> None:
        """Write a value into the cells whose centres lie in shapes; later shapes win."""
        kept = list(shapes)
        each = [values] * len(kept) if isinstance(values, int) else list(values)
        pairs = [(s, v) for s, v in zip(kept, each, strict=True) if not s.is_empty]
        if pairs:
            rasterize(pairs, out=into, transform=self.affine(CELL_M))

    def mask(self, shapes: Iterable[BaseGeometry]) -> Booleans:
        """Return the cells whose centres lie in shapes."""
        found = np.zeros(self.shape, dtype=np.uint8)
        self.burn(found, shapes, 1)
        return found.astype(bool)


def smooth(shape: tuple[int, int], every: int, rng: np.random.Generator) -> Floats:
    """Return a smooth random field with values between 0 and 1, evenly spread; bumps every so many cells."""
    size = (shape[0] // every + 3, shape[1] // every + 3)
    coarse = rng.random(size, dtype=np.float32)
    ranks = ndimage.gaussian_filter(coarse, 0.7).ravel().argsort().argsort().reshape(size)
    spread = (ranks / (ranks.size - 1)).astype(np.float32)
    return np.asarray(ndimage.zoom(spread, every, order=1)[: shape[0], : shape[1]], dtype=np.float32)


def mean(fine: Floats, factor: int) -> Floats:
    """Return the mean of every square of cells."""
    rows, columns = fine.shape[0] // factor, fine.shape[1] // factor
    return np.asarray(fine.reshape(rows, factor, columns, factor).mean(axis=(1, 3)), dtype=np.float32)


@dataclass(frozen=True)
class Trees:
    """Trees: the cell of each stem, its crown's radius and its height."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    radius_m: NDArray[np.float64]
    height_m: NDArray[np.float64]

    def kept(self, which: Booleans) -> Trees:
        """Return some of the trees."""
        return Trees(self.rows[which], self.columns[which], self.radius_m[which], self.height_m[which])

    def crowns(self, shape: tuple[int, int]) -> Bytes:
        """Return the height of the crowns in decimetres, the tallest where they meet."""
        top = np.zeros(shape, dtype=np.uint8)
        steps = np.maximum(np.round(self.radius_m * 2).astype(int), 2)
        for step in np.unique(steps):
            reach = np.arange(-(step // 2) - 1, step // 2 + 2)
            dy, dx = (part.ravel() for part in np.meshgrid(reach, reach, indexing="ij"))
            part = (dy**2 + dx**2) / (step / 2) ** 2
            dy, dx, part = dy[part <= 1], dx[part <= 1], part[part <= 1]
            of_size = steps == step
            rows = self.rows[of_size, None] + dy
            columns = self.columns[of_size, None] + dx
            height = np.round(self.height_m[of_size, None] * 10 * (1 - 0.3 * part)).astype(np.uint8)
            inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
            np.maximum.at(top, (rows[inside], columns[inside]), height[inside])
        return top
