"""Where the cells of a grid lie on a raster, and how its pixels are brought to them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fengmao_geo.geo.zones import transformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from affine import Affine
    from numpy.typing import NDArray
    from pyproj import CRS
    from scipy import sparse

    Values = NDArray[np.floating]
    Numbers = NDArray[np.float64]

__all__ = ["Grid", "Place", "Window", "is_same_crs", "moved", "place"]

# Cells that lie no further from pixels than this share of one lie on them.
_ALIGNED = 1e-3
# Between points this many cells apart a change of coordinates is a straight line.
_STRETCH = 32


@dataclass(frozen=True)
class Grid:
    """Cells in rows and columns, north up.

    Parameters
    ----------
    crs
        Their coordinate system.
    transform
        From column and row to coordinates.
    width, height
        How many columns and rows.
    """

    crs: CRS
    transform: Affine
    width: int
    height: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top."""
        left, top = self.transform @ (0, 0)
        right, bottom = self.transform @ (self.width, self.height)
        return left, bottom, right, top

    @property
    def cell_m2(self) -> float:
        """The area of a cell."""
        return float(abs(self.transform.determinant))

    def part(self, row: int, col: int, height: int, width: int) -> Grid:
        """Give a part of the grid: its first row and column, how many rows and columns."""
        return Grid(self.crs, self.transform @ type(self.transform).translation(col, row), width, height)


class Window(NamedTuple):
    """A part of a grid, and the row and column at which it begins."""

    row: int
    col: int
    grid: Grid


class Place(NamedTuple):
    """The part of a raster that cells lie on, and what brings its pixels to them."""

    row: int
    col: int
    height: int
    width: int
    bring: Callable[[Values], Values]
    is_direct: bool = False


def is_same_crs(one: CRS, other: CRS) -> bool:
    """Say whether two coordinate systems are the same, however they are written.

    Parameters
    ----------
    one, other
        Coordinate systems.

    Returns
    -------
    bool
        True if they are.

    Examples
    --------
    >>> from pyproj import CRS
    >>> is_same_crs(CRS(4549), CRS(CRS(4549).to_wkt("WKT1_GDAL")))
    True
    """
    return one is other or _is_same(one, other)


@lru_cache(maxsize=64)
def _is_same(one: CRS, other: CRS) -> bool:
    if one.equals(other, ignore_axis_order=True):
        return True
    if one.datum is None or other.datum is None or one.datum.name != other.datum.name:
        return False
    # Names differ between programs that write the same; the figures of the projection do not.
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return one.to_dict() == other.to_dict()


def place(crs: CRS, transform: Affine, grid: Grid) -> Place:
    """Find the pixels of a raster under the cells of a grid, and how to bring them there.

    Pixels under cells of the same place and size are taken as they are. Within one coordinate system a cell
    is the mean of the pixels it covers, each weighted by how much of it is covered, which is bilinear where
    cells are merely shifted. Across coordinate systems it is the mean of bilinear values at points no further
    apart than the pixels. A cell that anything unknown (NaN) has a share in is unknown.

    Parameters
    ----------
    crs, transform
        The raster's.
    grid
        The cells.

    Returns
    -------
    Place
        First row and column, rows and columns, which may reach beyond the raster; and a function from their
        values to those of the cells.
    """
    is_plain = not transform.b and not transform.d and transform.a > 0 and transform.e < 0
    if not (is_plain and is_same_crs(crs, grid.crs)):
        return _across(crs, transform, grid)
    to_pixels = ~transform
    left, top = to_pixels @ (grid.transform @ (0, 0))
    across, down = grid.transform.a / transform.a, grid.transform.e / transform.e
    row, col = round(top), round(left)
    drift = max(abs(top - row), abs(left - col), abs(across - 1) * grid.width, abs(down - 1) * grid.height)
    if drift < _ALIGNED:
        return Place(row, col, grid.height, grid.width, lambda values: values, is_direct=True)
    first_row, rows = _shares(grid.height, top, down)
    first_col, cols = _shares(grid.width, left, across)
    height, width = rows.shape[1], cols.shape[1]
    return Place(first_row, first_col, height, width, lambda values: (cols @ (rows @ values).T).T)


def _shares(count: int, start: float, step: float) -> tuple[int, sparse.csr_array]:
    """Say which share of each cell of a row each pixel makes up; pixels are one long, cells a step."""
    from scipy import sparse  # noqa: PLC0415  heavy

    low = start + step * np.arange(count)
    first = np.floor(low + _ALIGNED).astype(np.int64)
    most = int(np.ceil(step)) + 1
    pixel = first[:, None] + np.arange(most)
    covered = np.minimum(pixel + 1, low[:, None] + step) - np.maximum(pixel, low[:, None])
    covered = np.where(covered > _ALIGNED, covered, 0.0)
    share = covered / covered.sum(axis=1, keepdims=True)
    cell, at = np.nonzero(share)
    begin = int(first[0])
    columns = pixel[cell, at] - begin
    shape = (count, int(columns.max()) + 1)
    return begin, sparse.csr_array((share[cell, at], (cell, columns)), shape=shape)


def _across(crs: CRS, transform: Affine, grid: Grid) -> Place:
    """Bring pixels over by bilinear values at points, as many to a cell as it has pixels each way."""
    step = _pixels_per_cell(crs, transform, grid)
    fine = max(int(np.ceil(step - _ALIGNED)), 1)
    row, col = _pixel_places(crs, transform, grid, fine)
    top, left = int(np.floor(row.min())) - 1, int(np.floor(col.min())) - 1
    height, width = int(np.ceil(row.max())) + 2 - top, int(np.ceil(col.max())) + 2 - left

    def bring(values: Values) -> Values:
        from scipy.ndimage import map_coordinates  # noqa: PLC0415  heavy

        # Values stand at the middles of pixels.
        at = np.stack([row - top - 0.5, col - left - 0.5])
        points = map_coordinates(values.astype(np.float64), at, order=1, cval=np.nan)
        return np.asarray(points.reshape(grid.height, fine, grid.width, fine).mean(axis=(1, 3)))

    return Place(top, left, height, width, bring)


def _pixels_per_cell(crs: CRS, transform: Affine, grid: Grid) -> float:
    middle = (grid.width / 2 + np.array([0.0, 1.0, 0.0]), grid.height / 2 + np.array([0.0, 0.0, 1.0]))
    x, y = moved(grid.transform, *middle)
    x, y = transformer(grid.crs, crs).transform(x, y)
    col, row = moved(~transform, x, y)
    return float(max(np.hypot(col[1:] - col[0], row[1:] - row[0])))


def _pixel_places(crs: CRS, transform: Affine, grid: Grid, fine: int) -> tuple[Numbers, Numbers]:
    """Work out row and column on the raster of points in the cells, so many to a cell each way."""
    knots_y, rows = _stretches(grid.height, fine)
    knots_x, cols = _stretches(grid.width, fine)
    x, y = moved(grid.transform, *np.meshgrid(knots_x, knots_y))
    x, y = transformer(grid.crs, crs).transform(x, y)
    col, row = moved(~transform, x, y)
    return rows @ row @ cols.T, rows @ col @ cols.T


def moved(transform: Affine, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Bring places over by a transform, whole arrays of them.

    Parameters
    ----------
    transform
        The transform, such as from column and row to coordinates.
    x, y
        Places.

    Returns
    -------
    tuple of arrays
        The places there.
    """
    across = transform.a * x + transform.b * y + transform.c
    return across, transform.d * x + transform.e * y + transform.f


def _stretches(count: int, fine: int) -> tuple[Numbers, sparse.csr_array]:
    """Place knots along a row of cells, and say how points between them are made of the two next to them."""
    from scipy import sparse  # noqa: PLC0415  heavy

    stretch_count = max(int(np.ceil(count / _STRETCH)), 1)
    knots = np.linspace(0, count, stretch_count + 1)
    at = (np.arange(count * fine) + 0.5) / fine / (count / stretch_count)
    before = np.minimum(at.astype(np.int64), stretch_count - 1)
    share, point = at - before, np.arange(len(at))
    weights = np.concatenate([1 - share, share])
    places = (np.concatenate([point, point]), np.concatenate([before, before + 1]))
    return knots, sparse.csr_array((weights, places), shape=(len(at), len(knots)))
