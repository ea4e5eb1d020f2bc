"""Shapes with rounded coordinates: nothing lies where it was measured, and no row is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["rounded_layer", "rounded_shapes"]


def rounded_layer(layer: gpd.GeoDataFrame, *, grid_m: float) -> gpd.GeoDataFrame:
    """Round the coordinates of a layer.

    Parameters
    ----------
    layer
        The layer, in metres.
    grid_m
        Width of the grid.

    Returns
    -------
    GeoDataFrame
        The same rows.
    """
    shapes = rounded_shapes(layer.geometry.to_numpy(), grid_m=grid_m)
    return layer.set_geometry(shapes, crs=layer.crs)


def rounded_shapes(shapes: NDArray[np.object_], *, grid_m: float) -> NDArray[np.object_]:
    """Move every corner to a grid; what would vanish between its lines is drawn as one cell or step of it.

    Parameters
    ----------
    shapes
        Geometries in metres, shape ``(n,)``; missing ones stay missing.
    grid_m
        Width of the grid.

    Returns
    -------
    array of geometry, shape ``(n,)``
        Valid geometries of the same kinds.

    Examples
    --------
    >>> found = rounded_shapes(np.array([shapely.Point(0.4, 7.6), shapely.box(3.1, 3.1, 3.2, 3.2)]), grid_m=1)
    >>> [shape.wkt for shape in found]
    ['POINT (0 8)', 'POLYGON ((4 3, 4 4, 3 4, 3 3, 4 3))']
    """
    given = np.asarray(shapes, dtype=object)
    moved = np.asarray(shapely.set_precision(given, grid_m), dtype=object)
    # The result is kept as plain numbers: nothing downstream is to be bound to a grid.
    moved = np.asarray(shapely.set_precision(moved, 0), dtype=object)
    dimension = shapely.get_dimensions(given)
    is_lost = (shapely.is_empty(moved) | (shapely.get_dimensions(moved) < dimension)) & ~shapely.is_empty(
        given
    )
    if not is_lost.any():
        return moved
    corner = grid_m * np.round(shapely.get_coordinates(shapely.centroid(given[is_lost])) / grid_m)
    cells = np.asarray(shapely.box(*corner.T, *(corner + grid_m).T), dtype=object)
    steps = np.asarray(shapely.linestrings(np.stack([corner, corner + grid_m], axis=1)), dtype=object)
    moved[is_lost] = np.where(dimension[is_lost] == 1, steps, cells)
    return moved
