"""Where facilities are entered: the building or the ground that a point stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.standards.load import facility_types

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]

__all__ = ["Places", "facility_places"]


@dataclass(frozen=True)
class Places:
    """Facilities of one type, joined to the streets; both in the order of their ids.

    Parameters
    ----------
    attachments
        Where they are joined.
    shapes
        What they are: points, buildings, grounds.
    """

    attachments: Attachments
    shapes: Geometries


def facility_places(town: Town, network: WalkNetwork) -> dict[str, Places]:
    """Join the town's facilities to the streets, type by type.

    A point inside a building is that building. A point of a type that is a ground (a park, a school) is the
    compound or green it lies in.

    Parameters
    ----------
    town
        The town; its facilities need a ``facility_type``, those without are left out here and listed in its
        findings.
    network
        Its walk network.

    Returns
    -------
    dict
        Facility type, then its places.
    """
    if "facilities" not in town or "facility_type" not in town["facilities"].columns:
        return {}
    facilities = town["facilities"].dropna(subset="facility_type").sort_values("id", kind="stable")
    grounds = {name for name, kind in facility_types().items() if kind.is_ground}
    is_ground = facilities["facility_type"].isin(grounds).to_numpy()
    shapes = facilities.geometry.to_numpy()
    shapes = np.where(is_ground, _within(shapes, _layer(town, "compounds", "green")), shapes)
    shapes = _within(shapes, _layer(town, "buildings"))
    is_ground = is_ground & (shapely.get_dimensions(shapes) == 2)
    table = facilities.set_geometry(gpd.GeoSeries(shapes, index=facilities.index, crs=town.crs))
    places = {}
    for name, rows in table.groupby("facility_type", sort=True):
        here = is_ground[table.index.get_indexer(rows.index)]
        places[str(name)] = Places(_attach_both(network, rows[here], rows[~here]), rows.geometry.to_numpy())
    return places


def _attach_both(network: WalkNetwork, grounds: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> Attachments:
    from fengmao_geo.network.attach import concat  # noqa: PLC0415  two kinds of one type are rare

    if grounds.empty:
        return attach(network, others)
    joined = attach(network, grounds, is_ground=True)
    return joined if others.empty else concat([joined, attach(network, others)])


def _layer(town: Town, *names: str) -> Geometries:
    layers = [town[name].geometry.to_numpy() for name in names if name in town]
    return np.concatenate([np.zeros(0, dtype=object), *layers])


def _within(shapes: Geometries, areas: Geometries) -> Geometries:
    """Put in place of each point the first area that it lies in."""
    row, hit = shapely.STRtree(areas).query(shapes, predicate="intersects")
    is_point = shapely.get_dimensions(shapes[row]) == 0
    found = shapes.copy()
    found[row[is_point][::-1]] = areas[hit[is_point][::-1]]
    return found
