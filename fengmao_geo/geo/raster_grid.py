"""The grid that one or two rasters share, and the windows it is read in."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.geo.raster_place import Grid, Window, is_same_crs, moved, place
from fengmao_geo.geo.zones import transformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyproj import CRS

    from fengmao_geo.geo.raster import RasterReader

    Bounds = tuple[float, float, float, float]

__all__ = ["common_grid", "sample_windows", "windows"]

# Numbers of the files that one window may hold.
_WINDOW_PIXELS = 1 << 20
# A grid of more cells than this is sampled in squares of so many cells a side, so many of them.
_SAMPLE_CELLS = 1 << 22
_SAMPLE_SIDE, _SAMPLE_COUNT = 64, 512


def common_grid(readers: Sequence[RasterReader], *, bounds: Bounds, crs: CRS) -> Grid | None:
    """Make the grid of one or two rasters: the coarser pixels, aligned to the first raster's.

    Parameters
    ----------
    readers
        One or two open rasters.
    bounds
        The ground wanted: left, bottom, right, top.
    crs
        Their coordinate system, projected in metres. The grid is in the first raster's own where that is
        projected in metres too, so that its values are not resampled.

    Returns
    -------
    Grid or None
        The cells that touch the ground wanted and lie on every raster; ``None`` where there are none.

    Raises
    ------
    UsageError
        If a raster has no coordinate system.
    """
    own = readers[0].crs
    target = own if own.is_projected and own.axis_info[0].unit_conversion_factor == 1 else crs
    if is_same_crs(target, crs):
        target = crs
    across, down, origin = _lattice(readers, target)
    wanted = _bounds(bounds, crs, target)
    found = _cells(wanted, origin, (across, down), outward=True)
    for reader in readers:
        on = _bounds(reader.first.bounds, reader.crs, target)
        held = _cells(on, origin, (across, down), outward=not is_same_crs(reader.crs, target))
        found = (*np.maximum(found[:2], held[:2]), *np.minimum(found[2:], held[2:]))
    left, top, right, bottom = (int(edge) for edge in found)
    if right <= left or bottom <= top:
        return None
    from affine import Affine  # noqa: PLC0415  comes with rasterio

    corner = Affine(across, 0.0, origin[0] + left * across, 0.0, -down, origin[1] - top * down)
    return Grid(target, corner, right - left, bottom - top)


def _bounds(bounds: Bounds, crs: CRS, target: CRS) -> Bounds:
    if is_same_crs(crs, target):
        return bounds
    left, bottom, right, top = transformer(crs, target).transform_bounds(*bounds)
    return left, bottom, right, top


def _lattice(readers: Sequence[RasterReader], crs: CRS) -> tuple[float, float, tuple[float, float]]:
    """Find the size of the coarser pixels in a coordinate system, and where the first raster begins."""
    sizes = [_pixel_size(reader, crs) for reader in readers]
    left, _, _, top = _bounds(readers[0].first.bounds, readers[0].crs, crs)
    return max(size[0] for size in sizes), max(size[1] for size in sizes), (left, top)


def _pixel_size(reader: RasterReader, crs: CRS) -> tuple[float, float]:
    """Measure a pixel in the middle of a raster in another coordinate system: across and down."""
    raster = reader.first
    own = raster.transform
    if is_same_crs(reader.crs, crs) and not own.b and not own.d:
        return float(own.a), float(abs(own.e))
    col = raster.width / 2 + np.array([0.0, 1.0, 0.0])
    row = raster.height / 2 + np.array([0.0, 0.0, 1.0])
    x, y = moved(own, col, row)
    x, y = transformer(reader.crs, crs).transform(x, y)
    across, down = np.hypot(x[1:] - x[0], y[1:] - y[0])
    return float(across), float(down)


def _cells(
    bounds: Bounds,
    origin: tuple[float, float],
    size: tuple[float, float],
    *,
    outward: bool,
) -> tuple[float, float, float, float]:
    """Count the columns and rows of a lattice that bounds reach to, or that they hold whole."""
    left, top = (bounds[0] - origin[0]) / size[0], (origin[1] - bounds[3]) / size[1]
    right, bottom = (bounds[2] - origin[0]) / size[0], (origin[1] - bounds[1]) / size[1]
    slack = 1e-3 if outward else -1e-3
    low, high = (np.floor, np.ceil) if outward else (np.ceil, np.floor)
    return (low(left + slack), low(top + slack), high(right - slack), high(bottom - slack))


def windows(grid: Grid, readers: Sequence[RasterReader]) -> list[Window]:
    """Cut a grid into windows that fit into memory and follow the blocks of the first file.

    Parameters
    ----------
    grid
        The grid.
    readers
        The rasters that will be read on it.

    Returns
    -------
    list of Window
        The windows, from the top left row by row.
    """
    sizes = [_pixel_size(reader, grid.crs) for reader in readers]
    finest = max(max(1.0, grid.cell_m2 / (across * down)) for across, down in sizes)
    most = max(int(_WINDOW_PIXELS / finest), 1024)
    raster = readers[0].first
    block_rows, block_cols = raster.block_shapes[0]
    where = place(readers[0].crs, raster.transform, grid)
    row_0, col_0 = (where.row, where.col) if where.is_direct else (0, 0)
    is_in_strips = block_cols >= raster.width and grid.width <= most // 16
    across = grid.width if is_in_strips else _step(block_cols, int(np.sqrt(most)))
    down = _step(block_rows, max(most // min(across, grid.width), 1))
    return [
        Window(top, left, grid.part(top, left, bottom - top, right - left))
        for top, bottom in _edges(grid.height, down, row_0)
        for left, right in _edges(grid.width, across, 0 if is_in_strips else col_0)
    ]


def sample_windows(grid: Grid, readers: Sequence[RasterReader]) -> list[Window]:
    """Choose windows that tell what a grid holds: all of a small one, else pieces spread evenly over it.

    Parameters
    ----------
    grid
        The grid.
    readers
        The rasters that will be read on it.

    Returns
    -------
    list of Window
        The windows, from the top left row by row: no more than some four million cells, of a large grid two
        million in squares of 64 a side.
    """
    if grid.width * grid.height <= _SAMPLE_CELLS:
        return windows(grid, readers)
    step = np.sqrt(grid.width * grid.height / _SAMPLE_COUNT)
    tops, lefts = (
        np.linspace(0, length - _SAMPLE_SIDE, max(int(length / step), 1)).astype(int)
        for length in (grid.height, grid.width)
    )
    side = (min(_SAMPLE_SIDE, grid.height), min(_SAMPLE_SIDE, grid.width))
    return [
        Window(int(top), int(left), grid.part(int(top), int(left), *side))
        for top in np.maximum(tops, 0)
        for left in np.maximum(lefts, 0)
    ]


def _step(block: int, side: int) -> int:
    return block * max(side // block, 1) if block <= side else side


def _edges(length: int, step: int, start: int) -> list[tuple[int, int]]:
    """Cut a length at multiples of a step, counted from the file's own start."""
    cuts = [0, *range(step - start % step, length, step), length]
    return list(pairwise(cuts))
