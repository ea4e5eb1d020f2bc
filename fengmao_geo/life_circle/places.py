"""Where facilities are entered: the building or the ground that a point stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.standards.load import facility_types
from fengmao_geo.town.people import dwelling_basis

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]

__all__ = ["Places", "facility_places", "unattached"]

# The ``compound_type`` of compounds that people live in.
_ESTATE = "estate"


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
    smallest compound or green it lies in, and never a housing estate: a park in an estate is not the estate.

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
    shapes = np.where(is_ground, _within(shapes, _grounds(town)), shapes)
    is_ground = is_ground & (shapely.get_dimensions(shapes) == 2)
    if "buildings" in town:
        shapes = _within(shapes, town["buildings"].geometry.to_numpy())
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


def _grounds(town: Town) -> Geometries:
    layers = [np.zeros(0, dtype=object)]
    if "compounds" in town:
        compounds = town["compounds"]
        kind = compounds["compound_type"] if "compound_type" in compounds.columns else None
        is_campus = (
            np.ones(len(compounds), dtype=bool) if kind is None else kind.ne(_ESTATE).fillna(value=True)
        )
        layers.append(compounds.geometry.to_numpy()[np.asarray(is_campus, dtype=bool)])
    if "green" in town:
        layers.append(town["green"].geometry.to_numpy())
    return np.concatenate(layers)


def _within(shapes: Geometries, areas: Geometries) -> Geometries:
    """Put in place of each point the smallest area that it lies in."""
    areas = areas[np.lexsort((*shapely.bounds(areas).T, shapely.area(areas)))]
    row, hit = shapely.STRtree(areas).query(shapes, predicate="intersects")
    is_point = shapely.get_dimensions(shapes[row]) == 0
    row, hit = row[is_point], hit[is_point]
    order = np.lexsort((-hit, row))
    found = shapes.copy()
    found[row[order]] = areas[hit[order]]
    return found


def unattached(town: Town, homes: Attachments, places: dict[str, Places]) -> pd.DataFrame:
    """List dwellings and facilities that no street reaches; what they reach is unknown, not unserved.

    Parameters
    ----------
    town
        The town.
    homes
        Its dwellings, attached.
    places
        Its facilities, by type.

    Returns
    -------
    DataFrame
        The table ``findings``.
    """
    joined = [(str(dwelling_basis(town)), homes)]
    joined += [("facilities", there.attachments) for there in places.values()]
    return findings_table(
        Finding("unattached", layer, str(place), None, {"max_leg_m": these.max_leg_m})
        for layer, these in joined
        for place in these.place_ids[~these.is_attached]
    )
