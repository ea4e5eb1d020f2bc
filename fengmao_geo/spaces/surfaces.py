"""The ground that streets take: their surface where it is drawn, else centre lines with their width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.spaces.inventory import column_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

__all__ = ["are_lanes", "ground_streets", "raised_decks", "street_surfaces", "street_widths"]

_WIDTHS = {"main": "main_width_m", "secondary": "secondary_width_m", "branch": "branch_width_m"}


def street_surfaces(town: Town, *, kinds: SpaceKinds) -> NDArray[np.object_]:
    """Draw the surfaces of streets on the ground: not of tunnels, nor of decks above it.

    Parameters
    ----------
    town
        The town.
    kinds
        The kinds of space, for the widths of streets without one.

    Returns
    -------
    array of Polygon
        Surfaces, which may overlap.
    """
    drawn = (
        town["roads_surface"].geometry.to_numpy() if "roads_surface" in town else np.zeros(0, dtype=object)
    )
    surfaces = polygons_of(drawn)
    # Where the layer holds no surface at all, such as edges alone, it says nothing of where streets are.
    return surfaces if len(surfaces) else _widened(ground_streets(town), kinds)


def ground_streets(town: Town) -> gpd.GeoDataFrame:
    """Take the streets that lie on the ground: not tunnels, nor decks above it.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    GeoDataFrame
        Rows of the layer ``streets``.
    """
    streets = town["streets"]
    return streets[~_is_tunnel(streets) & ~_is_above(streets)].reset_index(drop=True)


def raised_decks(town: Town, *, kinds: SpaceKinds) -> NDArray[np.object_]:
    """Draw the decks of bridges and of streets above the ground.

    Parameters
    ----------
    town
        The town.
    kinds
        The kinds of space, for the widths of streets without one.

    Returns
    -------
    array of Polygon
        Decks, which may overlap.
    """
    streets = town["streets"]
    drawn = _widened(streets[_is_above(streets)], kinds)
    if "bridges" not in town:
        return drawn
    return np.concatenate([polygons_of(town["bridges"].geometry.to_numpy()), drawn])


def _is_tunnel(streets: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    return np.asarray(column_of(streets, "is_tunnel", is_text=True).isin([True]))


def _is_above(streets: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    street_class = column_of(streets, "street_class", is_text=True)
    return np.asarray((column_of(streets, "level") > 0) | (street_class == "elevated"))


def _widened(streets: gpd.GeoDataFrame, kinds: SpaceKinds) -> NDArray[np.object_]:
    half_m = street_widths(streets, kinds=kinds) / 2
    return polygons_of(shapely.buffer(streets.geometry.to_numpy(), half_m, cap_style="flat"))


def are_lanes(streets: gpd.GeoDataFrame, *, kinds: SpaceKinds) -> NDArray[np.bool_]:
    """Say which streets are lanes within the fabric: known to be narrower than a street.

    Parameters
    ----------
    streets
        Centre lines.
    kinds
        The kinds of space, for the width of a street.

    Returns
    -------
    array of bool, shape ``(n,)``
        False where neither width nor class is known.
    """
    is_known = (
        column_of(streets, "width_m").notna() | column_of(streets, "street_class", is_text=True).notna()
    )
    is_narrow = street_widths(streets, kinds=kinds) < kinds.figure("street_width_m")
    return np.asarray(is_known.to_numpy() & is_narrow)


def street_widths(streets: gpd.GeoDataFrame, *, kinds: SpaceKinds) -> NDArray[np.float64]:
    """Say how wide streets are: their own width, else that of their class; 0 is no width.

    Parameters
    ----------
    streets
        Centre lines.
    kinds
        The kinds of space, for the widths of streets without one.

    Returns
    -------
    array, shape ``(n,)``
        Metres.
    """
    street_class = column_of(streets, "street_class", is_text=True)
    assumed = {name: kinds.figure(figure) for name, figure in _WIDTHS.items()}
    stated_m = column_of(streets, "width_m")
    width_m = stated_m.where(stated_m > 0).fillna(street_class.map(assumed).astype(float))
    return width_m.fillna(kinds.figure("lane_width_m")).to_numpy(dtype=float)
