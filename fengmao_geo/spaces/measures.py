"""What is measured of every space, whatever its family: size, water, block, owner, controls, people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.geo.shape import compactness, inscribed_circles, mean_width
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.network.travel import reached_pairs
from fengmao_geo.spaces.inventory import column_of, held_by
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.town.people import dwellings, people_basis

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Texts = NDArray[np.object_]

__all__ = [
    "CONTROL_LAYERS",
    "building_areas",
    "controls_hit",
    "deck_columns",
    "owners",
    "people_within",
    "sizes",
]

#: Layers that control what may be done, and what hitting one is called.
CONTROL_LAYERS = {
    "farmland_protected": "permanent_farmland",
    "redlines": "redline",
    "river_control": "river_control",
    "heritage": "heritage",
}

_NEAR_MIN, _FAR_MIN = 5.0, 15.0
# Less overlap than this is two drawings of one line.
_TOUCH_M2 = 1.0
_AREA_DIMENSIONS = 2
# So many spaces look for the people around them at a time.
_AT_ONCE = 2000
# A space belongs to whom, and to which block, holds this share of it.
_MOST = 0.5


def sizes(town: Town, shapes: Geometries) -> pd.DataFrame:
    """Measure the size and shape of spaces, and how far water is.

    Parameters
    ----------
    town
        The town.
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    DataFrame
        ``area_m2, width_m, circle_m, compactness_share, water_m, block_id``; ``water_m`` is missing where
        the town has no layer of water, ``block_id`` where no block holds half of the space.
    """
    # A five-hundredth of the side is exact enough to tell places apart, and ten times as fast as 1 cm.
    _, radius_m = inscribed_circles(shapes, tolerance_m=np.sqrt(shapely.area(shapes)) / 500)
    water_m = np.full(len(shapes), np.nan)
    water = town["water"].geometry.to_numpy() if "water" in town else np.zeros(0, dtype=object)
    if len(water) and len(shapes):
        (row, _), distance = shapely.STRtree(shapely.get_parts(water)).query_nearest(
            shapes, return_distance=True, all_matches=False
        )
        water_m[row] = distance
    return pd.DataFrame(
        {
            "area_m2": shapely.area(shapes),
            "width_m": mean_width(shapes),
            "circle_m": 2 * radius_m,
            "compactness_share": np.minimum(compactness(shapes), 1.0),
            "water_m": water_m,
            "block_id": _of_layer(town, "blocks", "id", shapes, least_share=_MOST),
        }
    )


def building_areas(town: Town, shapes: Geometries, is_open: NDArray[np.bool_]) -> Numbers:
    """Measure the footprints of the buildings on each space.

    Parameters
    ----------
    town
        The town.
    shapes
        Polygons, shape ``(n,)``.
    is_open
        Which of them are open land, on which no building stands, shape ``(n,)``.

    Returns
    -------
    array of float, shape ``(n,)``
        Square metres, missing where the town has no layer of buildings.
    """
    if "buildings" not in town:
        return np.full(len(shapes), np.nan)
    footprints = town["buildings"].geometry.to_numpy()
    built = np.flatnonzero(~is_open)
    row, hit = shapely.STRtree(footprints).query(shapes[built], predicate="intersects")
    shared_m2 = shapely.area(shapely.intersection(shapes[built[row]], footprints[hit]))
    total_m2 = np.bincount(built[row], weights=shared_m2, minlength=len(shapes))
    # Footprints that are drawn twice give no more than there is.
    return np.minimum(total_m2, shapely.area(shapes))


def _of_layer(town: Town, layer: str, column: str, shapes: Geometries, *, least_share: float = 0.0) -> Texts:
    """Take a column of the feature that holds most of each shape, and at least so much; else ``None``."""
    found = np.full(len(shapes), None, dtype=object)
    if layer not in town:
        return found
    frame = town[layer]
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    areas = frame.geometry.to_numpy()
    held = held_by(shapes, areas)
    rows = np.flatnonzero(held >= 0)
    held_m2 = shapely.area(shapely.intersection(shapes[rows], areas[held[rows]]))
    rows = rows[held_m2 >= least_share * shapely.area(shapes[rows]) * (1 - 1e-9)]
    values = frame[column].astype(object).where(frame[column].notna(), None).to_numpy(dtype=object)
    found[rows] = values[held[rows]]
    return found


def owners(town: Town, shapes: Geometries, *, kinds: SpaceKinds) -> Texts:
    """Say whether the ground of each space is the state's or a collective's.

    Parameters
    ----------
    town
        The town; its parcels need the column ``owner_code``.
    shapes
        Polygons, shape ``(n,)``.
    kinds
        Kinds of space, for what the codes mean.

    Returns
    -------
    array of str, shape ``(n,)``
        ``state`` or ``collective``, whose parcels hold more than half of the space; else ``unknown``.
    """
    found = np.full(len(shapes), "unknown", dtype=object)
    if "parcels" not in town or "owner_code" not in town["parcels"].columns:
        return found
    parcels = town["parcels"]
    codes = column_of(parcels, "owner_code", is_text=True).astype(str)
    is_held = {}
    for owner, codes_of in kinds.owners.items():
        areas = parcels.geometry.to_numpy()[codes.isin(codes_of).to_numpy()]
        row, hit = shapely.STRtree(areas).query(shapes, predicate="intersects")
        held_m2 = np.bincount(
            row, weights=shapely.area(shapely.intersection(shapes[row], areas[hit])), minlength=len(shapes)
        )
        is_held[owner] = held_m2 > _MOST * shapely.area(shapes)
    for owner, is_its in is_held.items():
        # Parcels that overlap may give both more than half; then nobody knows.
        found[is_its & (np.sum(list(is_held.values()), axis=0) == 1)] = owner
    return found


def deck_columns(town: Town, shapes: Geometries, is_under: NDArray[np.bool_]) -> pd.DataFrame:
    """Say who manages the deck above a space, and how high it is.

    Parameters
    ----------
    town
        The town.
    shapes
        Polygons, shape ``(n,)``.
    is_under
        Which of them lie under a deck, shape ``(n,)``.

    Returns
    -------
    DataFrame
        ``bridge_manager, clear_height_m``; missing where no deck is above, or where it is not known.
    """
    columns = {
        "bridge_manager": np.full(len(shapes), None, dtype=object),
        "clear_height_m": np.full(len(shapes), np.nan),
    }
    under = np.flatnonzero(is_under)
    if "bridges" in town and len(under):
        for name, source in (("bridge_manager", "manager"), ("clear_height_m", "clear_height_m")):
            if source in town["bridges"].columns:
                values = _of_layer(town, "bridges", source, shapes[under])
                columns[name][under] = values.astype(columns[name].dtype)
    return pd.DataFrame(columns)


def controls_hit(town: Town, shapes: Geometries) -> pd.DataFrame:
    """Find which controls each space hits, and how much permanent basic farmland lies in it.

    Parameters
    ----------
    town
        The town.
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    DataFrame
        ``controls``: names joined by ``;``, empty for none of the layers there are; ``protected_m2``: missing
        where the town has no layer of permanent basic farmland. Up to 1 m² is two drawings of one line, and
        no hit.
    """
    hits = np.zeros((len(shapes), len(CONTROL_LAYERS)), dtype=bool)
    protected_m2 = np.full(len(shapes), np.nan)
    for column, layer in enumerate(CONTROL_LAYERS):
        if layer not in town:
            continue
        areas = town[layer].geometry.to_numpy()
        row, hit = shapely.STRtree(areas).query(shapes, predicate="intersects")
        # A line or a point has no area to share.
        hits[row[shapely.get_dimensions(areas[hit]) < _AREA_DIMENSIONS], column] = True
        shared_m2 = _shared_m2(shapes, areas)
        hits[:, column] |= shared_m2 > _TOUCH_M2
        if layer == "farmland_protected":
            protected_m2 = np.where(shared_m2 > _TOUCH_M2, shared_m2, 0.0)
    names = np.array(list(CONTROL_LAYERS.values()), dtype=object)
    controls = [";".join(names[row]) for row in hits]
    return pd.DataFrame({"controls": pd.Series(controls, dtype=object), "protected_m2": protected_m2})


def _shared_m2(shapes: Geometries, areas: Geometries) -> Numbers:
    """Measure how much of each shape lies in areas, what they cover twice once."""
    whole = polygons_of(np.array([shapely.union_all(areas)]))
    row, hit = shapely.STRtree(whole).query(shapes, predicate="intersects")
    overlap_m2 = shapely.area(shapely.intersection(shapes[row], whole[hit]))
    return np.bincount(row, weights=overlap_m2, minlength=len(shapes)).astype(float)


def people_within(
    town: Town, network: WalkNetwork, spaces: gpd.GeoDataFrame, *, walker: str | Walker = "standard"
) -> pd.DataFrame:
    """Count the people who live within 5 and within 15 minutes of each space.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    spaces
        Spaces with the column ``id``; each is entered along the streets beside it.
    walker
        Who walks.

    Returns
    -------
    DataFrame
        ``is_accessible, within_5_min_people, within_15_min_people``, in the order of the spaces; people are
        missing where they are not known or no street leads to the space.
    """
    who = load_walker(walker)
    joined = attach(network, spaces, is_ground=True)
    order = np.argsort(spaces["id"].astype(str).to_numpy(dtype=object), kind="stable")
    counts = {minutes: np.full(len(spaces), np.nan) for minutes in (_NEAR_MIN, _FAR_MIN)}
    is_attached = np.zeros(len(spaces), dtype=bool)
    is_attached[order] = joined.is_attached
    if people_basis(town) == "people":
        found = _people(town, network, joined, who)
        for minutes, people in counts.items():
            people[order] = found[minutes]
            people[~is_attached] = np.nan
    return pd.DataFrame(
        {
            "is_accessible": is_attached,
            "within_5_min_people": counts[_NEAR_MIN],
            "within_15_min_people": counts[_FAR_MIN],
        }
    )


def _people(town: Town, network: WalkNetwork, spaces: Attachments, walker: Walker) -> dict[float, Numbers]:
    homes = dwellings(town).rename(columns={"dwelling_id": "id"}).sort_values("id", kind="stable")
    people = column_of(homes, "people").fillna(0.0).to_numpy()
    joined = attach(network, homes)
    limit_m = _FAR_MIN * walker.speed_m_min
    found = {minutes: np.zeros(len(spaces)) for minutes in (_NEAR_MIN, _FAR_MIN)}
    for lot in _lots(network, spaces, len(homes)):
        is_in = np.zeros(len(spaces), dtype=bool)
        is_in[lot] = True
        pairs = reached_pairs(network, joined, spaces.take(is_in), limit_m=limit_m, walker=walker)
        walk_min = pairs.distance_m / walker.speed_m_min
        for minutes, of_all in found.items():
            is_near = walk_min <= minutes * (1 + 1e-9)
            weights = people[pairs.origin[is_near]]
            of_all[is_in] = np.bincount(pairs.destination[is_near], weights=weights, minlength=len(lot))
    return found


def _lots(network: WalkNetwork, spaces: Attachments, homes: int) -> list[NDArray[np.intp]]:
    """Part spaces into strips, since pairs of a whole city with all homes around are many times its size."""
    # The search starts from the smaller side, which is to be the same whatever the lots.
    if homes < len(spaces):
        return [np.arange(len(spaces))]
    x = np.zeros(len(spaces))
    x[spaces.place] = network.node_xy[network.edge_nodes[spaces.edge_id, 0], 0]
    return np.array_split(np.argsort(x, kind="stable"), max(1, math.ceil(len(spaces) / _AT_ONCE)))
