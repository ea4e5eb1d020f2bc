"""How much of each cell of a grid polygons cover, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.lines import ranges
from fengmao_geo.geo.planar import outline_segments, polygon_parts
from fengmao_geo.geo.raster_place import is_same_crs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.geo.raster_place import Grid

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]

__all__ = ["Fractions", "coverage", "fraction_lots", "fractions"]

# Cells that one lot of polygons may have, so that areas which overlap each other do not fill the memory.
_LOT_CELLS = 1 << 21
# Shares below this are rounding.
_NOTHING = 1e-12


class Fractions(NamedTuple):
    """Which share of which cell each polygon covers: row of the polygon, cell counted row by row, share."""

    row: Indices
    cell: Indices
    share: Numbers


def fractions(polygons: gpd.GeoSeries, grid: Grid) -> Fractions:
    """Measure how much of each cell polygons cover.

    Shares are exact but for rounding in the last digits, so that the parts of a whole add up to it to 1e-12;
    those of exactextract, which are good to 2e-8, do not.

    Parameters
    ----------
    polygons
        Polygons, which may overlap each other and reach beyond the grid.
    grid
        The cells.

    Returns
    -------
    Fractions
        One entry for each polygon and each cell that it covers at all, in the order of polygons and cells.

    Raises
    ------
    UsageError
        If the polygons are in another coordinate system than the grid.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from affine import Affine
    >>> from pyproj import CRS
    >>> from fengmao_geo.geo.raster_place import Grid
    >>> grid = Grid(CRS(4549), Affine(10, 0, 572_000, 0, -10, 3_403_030), width=3, height=3)
    >>> shape = shapely.box(572_005, 3_403_010, 572_020, 3_403_020)
    >>> found = fractions(gpd.GeoSeries([shape], crs=4549), grid)
    >>> found.cell.tolist(), found.share.tolist()
    ([3, 4], [0.5, 1.0])
    >>> fractions(gpd.GeoSeries([], crs=4549), grid).row.tolist()
    []
    """
    if polygons.crs is None or not is_same_crs(polygons.crs, grid.crs):
        raise UsageError("raster_polygons_crs", crs=str(polygons.crs), grid=grid.crs.to_string())
    pieces, row = _in_cells(polygons.geometry.to_numpy(), grid)
    is_whole = shapely.area(pieces) > grid.width * grid.height - 1e-9
    found = _of_parts(pieces[~is_whole], row[~is_whole], grid)
    every = np.arange(grid.width * grid.height)
    rows = np.concatenate([found.row, np.repeat(row[is_whole], len(every))])
    cells = np.concatenate([found.cell, np.tile(every, int(is_whole.sum()))])
    shares = np.concatenate([found.share, np.ones(len(every) * int(is_whole.sum()))])
    if is_whole.any():
        order = np.lexsort((cells, rows))
        rows, cells, shares = rows[order], cells[order], shares[order]
    return Fractions(rows, cells, shares)


def _in_cells(shapes: Geometries, grid: Grid) -> tuple[Geometries, Indices]:
    """Cut polygons to a grid, in columns and rows from the bottom left; say of which each part is."""
    near = np.flatnonzero(_cell_counts(shapes, grid))
    left, bottom, _, _ = grid.bounds
    size = (grid.transform.a, -grid.transform.e)
    moved = shapely.transform(shapes[near], lambda xy: (xy - [left, bottom]) / size)
    ground = shapely.box(0, 0, grid.width, grid.height)
    bounds = shapely.bounds(moved).reshape(-1, 4)
    sticks_out = (bounds[:, :2] < 0).any(axis=1) | (bounds[:, 2:] > [grid.width, grid.height]).any(axis=1)
    moved[sticks_out] = shapely.intersection(moved[sticks_out], ground)
    parts, of = polygon_parts(moved)
    return parts, near[of]


def _cell_counts(shapes: Geometries, grid: Grid) -> Indices:
    """Count the cells of a grid under the box around each polygon."""
    bounds, on = shapely.bounds(shapes).reshape(-1, 4), grid.bounds
    with np.errstate(invalid="ignore"):
        wide = np.minimum(bounds[:, 2], on[2]) - np.maximum(bounds[:, 0], on[0])
        high = np.minimum(bounds[:, 3], on[3]) - np.maximum(bounds[:, 1], on[1])
    cols, rows = np.ceil(wide / grid.transform.a) + 1, np.ceil(high / -grid.transform.e) + 1
    return np.where((wide > 0) & (high > 0), cols * rows, 0).astype(np.intp)


def _of_parts(pieces: Geometries, row: Indices, grid: Grid) -> Fractions:
    """Measure shares of polygons that lie on a grid, in its own columns and rows.

    A polygon's share of a cell is the integral of how far its outline, run through counter-clockwise, lies
    right of the cell's left edge (at most 1) over the height it climbs: what climbs further right counts
    whole, what climbs in the cell itself in part, what climbs further left not at all.
    """
    if not len(pieces):
        return Fractions(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))
    start, end, of = _in_single_cells(*outline_segments(shapely.orient_polygons(pieces)))
    climb, middle = end[:, 1] - start[:, 1], (start + end) / 2
    col = np.clip(np.floor(middle[:, 0]), 0, grid.width - 1)
    line = grid.height - 1 - np.clip(np.floor(middle[:, 1]), 0, grid.height - 1)
    key = (row[of] * grid.height + line.astype(np.intp)) * grid.width + col.astype(np.intp)
    on, entry = np.unique(key, return_inverse=True)
    climbed = np.cumsum(np.bincount(entry, weights=climb, minlength=len(on)))
    # Outlines are closed, so that each line begins from nothing; rounding is not carried from line to line.
    _, first = np.unique(on // grid.width, return_index=True)
    climbed -= np.repeat(np.append(0.0, climbed)[first], np.diff(np.append(first, len(on))))
    inside = np.bincount(entry, weights=climb * (middle[:, 0] - col), minlength=len(on))
    # Cells between two on the outline hold what climbs right of them: all, or the part below a level edge.
    has_more = np.append(on[1:] // grid.width == on[:-1] // grid.width, False) & (climbed < -_NOTHING)
    length = np.where(has_more, np.append(on[1:], on[-1:]) - on, 1)
    share = np.repeat(-climbed, length)
    share[np.cumsum(length) - length] += inside
    found, cell = np.divmod(on, grid.width * grid.height)
    keep = share > _NOTHING
    rows, cells = np.repeat(found, length)[keep], ranges(cell, cell + length)[keep]
    return Fractions(rows, cells, np.minimum(share[keep], 1.0))


def _in_single_cells(start: Numbers, end: Numbers, of: Indices) -> tuple[Numbers, Numbers, Indices]:
    """Cut straight stretches where they pass from cell to cell; those that climb nowhere are left out."""
    climbs = start[:, 1] != end[:, 1]
    start, end, of = start[climbs], end[climbs], of[climbs]
    every = np.arange(len(of))
    stretch, share = [every, every], [np.zeros(len(of)), np.ones(len(of))]
    for axis in (0, 1):
        low = np.ceil(np.minimum(start[:, axis], end[:, axis])).astype(np.intp)
        high = np.floor(np.maximum(start[:, axis], end[:, axis])).astype(np.intp) + 1
        high = np.where(start[:, axis] == end[:, axis], low, np.maximum(high, low))
        row, at = np.repeat(every, high - low), ranges(low, high)
        stretch.append(row)
        share.append((at - start[row, axis]) / (end[row, axis] - start[row, axis]))
    stretches, shares = np.concatenate(stretch), np.concatenate(share)
    order = np.lexsort((shares, stretches))
    stretches, shares = stretches[order], shares[order]
    along = start[stretches] + shares[:, None] * (end - start)[stretches]
    is_same = stretches[1:] == stretches[:-1]
    return along[:-1][is_same], along[1:][is_same], of[stretches[:-1][is_same]]


def fraction_lots(polygons: gpd.GeoSeries, grid: Grid) -> Iterator[Fractions]:
    """Measure shares in lots of polygons, so that memory stays bounded however they overlap.

    Parameters
    ----------
    polygons
        Polygons in the grid's coordinate system.
    grid
        The cells.

    Yields
    ------
    Fractions
        Those of a lot; ``row`` counts in all polygons.

    Raises
    ------
    UsageError
        If the polygons are in another coordinate system than the grid.
    """
    counts = _cell_counts(polygons.geometry.to_numpy(), grid)
    near = np.flatnonzero(counts)
    lot = np.cumsum(counts[near]) // _LOT_CELLS
    for rows in np.split(near, np.flatnonzero(np.diff(lot)) + 1):
        found = fractions(polygons.iloc[rows], grid)
        yield found._replace(row=rows[found.row])


def coverage(polygons: gpd.GeoSeries, grid: Grid) -> Numbers:
    """Measure how much of each cell polygons cover together.

    Parameters
    ----------
    polygons
        Polygons in the grid's coordinate system.
    grid
        The cells.

    Returns
    -------
    array of float, shape ``(height, width)``
        Shares; where polygons overlap no more than 1.

    Raises
    ------
    UsageError
        If the polygons are in another coordinate system than the grid.
    """
    total = np.zeros(grid.width * grid.height)
    for lot in fraction_lots(polygons, grid):
        total += np.bincount(lot.cell, weights=lot.share, minlength=len(total))
    return np.minimum(total, 1.0).reshape(grid.height, grid.width)
