"""Green ground before and after: how much there is, how much came and went, how much is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.planar import erase, polygons_of
from fengmao_geo.green.areas import layer_shapes
from fengmao_geo.green.parts import area_in, settled

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["come_and_gone", "green_ground", "planned_m2"]


def green_ground(town: Town, green: gpd.GeoDataFrame, *, standard: GreenStandard) -> Geometries:
    """Give the ground that is green, each square metre once.

    What counts is of one of the standard's ``green_types``; permanent basic farmland is left out.

    Parameters
    ----------
    town
        The town.
    green
        A layer of green.
    standard
        What counts as green.

    Returns
    -------
    array of Polygon
        No two overlap.
    """
    is_green = green.reindex(columns=["green_type"])["green_type"].isin(standard.green_types).to_numpy()
    # Drawings that overlap are settled, which leaves far smaller shapes than one union of all.
    pieces = polygons_of(settled(green.geometry.to_numpy()[is_green]))
    return polygons_of(erase(pieces, layer_shapes(town, "farmland_protected")))


def come_and_gone(before: Geometries, after: Geometries, areas: Geometries) -> tuple[Numbers, Numbers]:
    """Measure the ground that became green and the green that was lost in each area.

    Parameters
    ----------
    before, after
        Green ground, no two shapes of one of them overlapping.
    areas
        Polygons, shape ``(a,)``.

    Returns
    -------
    tuple of arrays, each of shape ``(a,)``
        Square metres that came, and that went; the first less the second is the net gain.

    Examples
    --------
    >>> before, after = np.array([shapely.box(0, 0, 2, 1)]), np.array([shapely.box(1, 0, 4, 1)])
    >>> [column.tolist() for column in come_and_gone(before, after, np.array([shapely.box(0, 0, 9, 9)]))]
    [[2.0], [1.0]]
    """
    come, gone = polygons_of(erase(after, before)), polygons_of(erase(before, after))
    return area_in(come, areas), area_in(gone, areas)


def planned_m2(town: Town, sites: gpd.GeoDataFrame, now: Geometries, areas: Geometries) -> Numbers:
    """Measure how much green a programme would add in each area.

    A site's ``green_m2`` is spread evenly over its ground; what is green already or is permanent basic
    farmland gains nothing, and ground that two sites claim is the first one's.

    Parameters
    ----------
    town
        The town.
    sites
        The table ``sites``, in the order of their ids.
    now
        The ground that is green now.
    areas
        Polygons, shape ``(a,)``.

    Returns
    -------
    array of float, shape ``(a,)``
        Square metres; missing where a site that reaches into the area does not say how much it plants.
    """
    ground = sites.geometry.to_numpy()
    whole_m2 = shapely.area(ground)
    share = sites["green_m2"].to_numpy(dtype=float) / np.where(whole_m2 > 0, whole_m2, np.nan)
    taken = np.concatenate([now, layer_shapes(town, "farmland_protected")])
    # Weights that are missing stay so: an unknown part makes the sum unknown.
    return area_in(erase(settled(ground), taken), areas, np.minimum(share, 1.0))
