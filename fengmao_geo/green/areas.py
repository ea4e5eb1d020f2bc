"""Areas that green is measured in: what covers them, what lies in them, and the rows of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.planar import joined_by_row, polygons_of
from fengmao_geo.town.people import dwellings, people_basis

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = [
    "covered_m2",
    "dissolved",
    "first_holding",
    "held",
    "homes_in",
    "layer_shapes",
]

_AREA = ["area_kind", "area_id", "area_name"]


def covered_m2(areas: Geometries, shapes: Geometries) -> Numbers:
    """Measure how much of each area is covered by shapes that may overlap each other; overlaps count once.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    shapes
        Polygons, shape ``(s,)``.

    Returns
    -------
    array, shape ``(n,)``
        Square metres.

    Examples
    --------
    >>> shapes = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    >>> covered_m2(np.array([shapely.box(0, 0, 9, 9), shapely.box(5, 5, 6, 6)]), shapes).tolist()
    [6.0, 0.0]
    """
    m2 = np.zeros(len(areas))
    if not len(areas) or not len(shapes):
        return m2
    row, hit = shapely.STRtree(shapes).query(areas, predicate="intersects")
    rows = np.unique(row)
    m2[rows] = shapely.area(shapely.intersection(areas[rows], joined_by_row(shapes[hit], row)))
    return m2


def dissolved(shapes: Geometries) -> Geometries:
    """Unite polygons that may overlap each other.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    array of Polygon
        Polygons that do not overlap and cover the same ground.

    Examples
    --------
    >>> len(dissolved(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2), shapely.box(5, 5, 6, 6)])))
    2
    """
    return polygons_of(np.array([shapely.disjoint_subset_union_all(shapes)])) if len(shapes) else shapes


def held(areas: gpd.GeoDataFrame, shapes: Geometries) -> tuple[Indices, Indices]:
    """Pair areas with the shapes that lie in them, each by one point inside it.

    Parameters
    ----------
    areas
        Areas.
    shapes
        Geometries, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        Row of the area, and row of the shape.
    """
    points = shapely.point_on_surface(shapes)
    row, hit = areas.sindex.query(points, predicate="intersects")
    return np.asarray(hit), np.asarray(row)


def first_holding(town: Town, layer: str, shapes: Geometries) -> NDArray[np.object_]:
    """Say in which feature of a layer each shape lies, by one point inside it.

    Parameters
    ----------
    town
        The town.
    layer
        A layer of polygons, such as ``blocks``.
    shapes
        Geometries, shape ``(n,)``.

    Returns
    -------
    array, shape ``(n,)``
        Its id, the first of several; None where there is none.
    """
    found = np.full(len(shapes), None, dtype=object)
    if layer in town and len(shapes):
        area, row = held(town[layer], shapes)
        order = np.lexsort((-area, row))
        found[row[order]] = town[layer]["id"].to_numpy(dtype=object)[area[order]]
    return found


def homes_in(town: Town, areas: gpd.GeoDataFrame) -> tuple[Indices, Indices, Numbers]:
    """Find the dwellings of each area and their people.

    Parameters
    ----------
    town
        The town.
    areas
        Areas.

    Returns
    -------
    tuple of arrays
        Row of the area, row of the dwelling, and the dwelling's people: NaN where they are not known, which
        is everywhere if the town has but weights of floor area.
    """
    homes = dwellings(town)
    area, home = held(areas, homes.geometry.to_numpy())
    people = homes["people"].to_numpy(dtype=float)[home]
    return area, home, people if people_basis(town) == "people" else np.full(len(people), np.nan)


def layer_shapes(town: Town, *layers: str) -> Geometries:
    """Take the geometries of layers; none of a layer that the town has not.

    Parameters
    ----------
    town
        The town.
    *layers
        Their names.

    Returns
    -------
    array of geometry
        One after the other.
    """
    found = [town[layer].geometry.to_numpy() for layer in layers if layer in town]
    return np.concatenate([np.zeros(0, dtype=object), *found])
