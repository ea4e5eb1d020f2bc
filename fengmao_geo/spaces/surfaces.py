"""The ground that streets take: their surface where it is drawn, else centre lines with their width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.spaces.inventory import column_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

__all__ = ["street_surfaces"]

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
    if "roads_surface" in town:
        return polygons_of(town["roads_surface"].geometry.to_numpy())
    streets = town["streets"]
    is_tunnel = column_of(streets, "is_tunnel", is_text=True).isin([True])
    street_class = column_of(streets, "street_class", is_text=True)
    is_above = (column_of(streets, "level") > 0) | (street_class == "elevated")
    assumed = {name: kinds.figure(figure) for name, figure in _WIDTHS.items()}
    width_m = column_of(streets, "width_m").fillna(street_class.map(assumed).astype(float))
    width_m = width_m.fillna(kinds.figure("lane_width_m"))
    is_there = ~(is_tunnel | is_above).to_numpy()
    lines = streets.geometry.to_numpy()[is_there]
    return polygons_of(shapely.buffer(lines, width_m.to_numpy()[is_there] / 2, cap_style="flat"))
