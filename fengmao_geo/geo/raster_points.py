"""Values of a raster at points, read only where points lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.geo.raster import open_raster
from fengmao_geo.geo.raster_grid import common_grid
from fengmao_geo.geo.raster_place import is_same_crs
from fengmao_geo.geo.zones import transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.geo.raster import RasterReader
    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.geo.raster_place import Grid

    Numbers = NDArray[np.float64]

__all__ = ["values_at"]

# Cells a side of the squares that are read where points lie.
_SIDE = 256


def values_at(file: RasterFile, name: str, xy: Numbers, *, crs: CRS) -> Numbers:
    """Read a band at points, bilinear between the middles of its cells; beyond the outermost middles flat.

    Parameters
    ----------
    file
        The raster.
    name
        The band.
    xy
        The points, shape ``(n, 2)``.
    crs
        Their coordinate system, projected in metres.

    Returns
    -------
    array, shape ``(n,)``
        NaN beyond the raster, and where a cell that has a share in the value has none.

    Raises
    ------
    UnknownNameError
        If the raster has no such band.
    UsageError
        If the file cannot be read or has no coordinate system.
    """
    values = np.full(len(xy), np.nan)
    with open_raster(file, names=[name]) as reader:
        grid = _grid_of(reader, xy, crs)
        if grid is None:
            return values
        x, y = xy.T
        if not is_same_crs(crs, grid.crs):
            x, y = transformer(crs, grid.crs).transform(x, y)
        left, bottom, right, top = grid.bounds
        inside = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
        col = np.clip((x[inside] - left) / grid.transform.a - 0.5, 0, grid.width - 1)
        row = np.clip((y[inside] - top) / grid.transform.e - 0.5, 0, grid.height - 1)
        tile, of = np.unique(
            np.stack([row // _SIDE, col // _SIDE], axis=1).astype(np.intp), axis=0, return_inverse=True
        )
        for at, (down, across) in enumerate(tile * _SIDE):
            here = np.flatnonzero(of.ravel() == at)
            # One row and column more, so that points between two squares have both their neighbours.
            height, width = min(_SIDE + 1, grid.height - down), min(_SIDE + 1, grid.width - across)
            cells = reader.read(grid.part(down, across, height, width)).values[name]
            values[inside[here]] = _bilinear(cells, row[here] - down, col[here] - across)
    return values


def _grid_of(reader: RasterReader, xy: Numbers, crs: CRS) -> Grid | None:
    """Make the raster's cells around the points, with one more on every side."""
    if not len(xy):
        return None
    (left, bottom), (right, top) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    # Points on one line would have no cells.
    grid = common_grid([reader], bounds=(left - 1, bottom - 1, right + 1, top + 1), crs=crs)
    if grid is None:
        return None
    by_m = 2 * max(grid.transform.a, -grid.transform.e)
    return common_grid([reader], bounds=(left - by_m, bottom - by_m, right + by_m, top + by_m), crs=crs)


def _bilinear(cells: NDArray[np.floating], row: Numbers, col: Numbers) -> Numbers:
    """Weigh the four cells around each position; one of no weight need have no value."""
    top, left = np.floor(row).astype(np.intp), np.floor(col).astype(np.intp)
    value = np.zeros(len(row))
    for down in (0, 1):
        for across in (0, 1):
            weight = np.abs(1 - down - (row - top)) * np.abs(1 - across - (col - left))
            at = np.minimum(top + down, cells.shape[0] - 1), np.minimum(left + across, cells.shape[1] - 1)
            value += np.where(weight > 0, weight * cells[at].astype(float), 0.0)
    return value
