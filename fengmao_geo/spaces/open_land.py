"""Built-up land that nothing occupies, cut into places that a person would point at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.geo.planar import erase, open_away, polygon_parts, polygons_of, without_pinholes
from fengmao_geo.spaces.corners import corner_grounds
from fengmao_geo.spaces.inventory import CONSTRUCTION_GROUPS, column_of, land_groups, polygons_in
from fengmao_geo.spaces.places import cut_into_places
from fengmao_geo.spaces.surfaces import raised_decks, street_surfaces
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]

__all__ = ["OpenLand", "find_open_land", "occupied_ground", "open_land", "search_area", "unsearched_ground"]

_CROPLAND = "cropland"
# The ``compound_type`` of compounds that are searched inside: their yards are no ground of a facility.
_ESTATE = "estate"
_IDLE = "idle"
# On parcels of these classes stand buildings, drawn or not.
_BUILT_GROUPS = tuple(group for group in CONSTRUCTION_GROUPS if group not in ("green_open", "vacant"))
# Coordinates of places: doubles of seven digits before the point are exact to 5e-10.
_GRID_M = 1e-7


@dataclass(frozen=True, eq=False)
class OpenLand:
    """Open land in pieces.

    Parameters
    ----------
    area_m2
        All open land.
    places
        Polygons that are places, shape ``(n,)``; none overlaps another.
    is_under_deck
        Which of them lie under a deck, shape ``(n,)``.
    thin, small
        What was left out: narrower than a space, or too small for one.
    """

    area_m2: float
    places: Geometries
    is_under_deck: Flags
    thin: Geometries
    small: Geometries


def open_land(town: Town, *, kinds: str | Path | SpaceKinds | None = None) -> gpd.GeoDataFrame:
    """Find the land inside the town that nothing occupies.

    Open land is the search area (built-up area, blocks and study area) less buildings, street surface, water,
    car parks, green in use, the grounds of facilities in use, and farmland. Decks above the ground occupy
    none. Residential and public parcels are searched inside: a parcel's code decides owner and permission,
    not emptiness.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space: a file of the user's own, or kinds; by default the shipped ones.

    Returns
    -------
    GeoDataFrame
        ``piece_id, left_out, area_m2, geometry``: places, and what is left out because it is ``thin`` or
        ``small``. The areas add up to all open land.

    Raises
    ------
    StandardError
        If the user's file of kinds is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> sorted(open_land(sample_town())["left_out"].unique())
    ['', 'small', 'thin']
    """
    found = find_open_land(town, kinds=space_kinds(kinds))
    shapes = np.concatenate([found.places, found.thin, found.small])
    why = ["", "thin", "small"]
    left_out = np.repeat(why, [len(found.places), len(found.thin), len(found.small)])
    order = np.lexsort((*shapely.bounds(shapes).T[::-1], left_out))
    table = gpd.GeoDataFrame(
        {
            "piece_id": [f"L{number:05d}" for number in range(1, len(shapes) + 1)],
            "left_out": left_out[order],
            "area_m2": shapely.area(shapes[order]),
        },
        geometry=shapes[order],
        crs=town.crs,
    )
    return RESULTS["open_land"].check(table)


def find_open_land(town: Town, *, kinds: SpaceKinds) -> OpenLand:
    """Find open land and cut it into places; see `open_land`.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space.

    Returns
    -------
    OpenLand
        The pieces.
    """
    area = search_area(town)
    # Overlays are as exact as coordinates are small, so all is done about the middle of the town.
    bounds = shapely.bounds(shapely.multipolygons(area)).reshape(2, 2)
    origin = np.asarray(np.round(bounds.mean(axis=0)), dtype=float)
    streets = _moved(street_surfaces(town, kinds=kinds), -origin)
    # What is taken is as large as the town, and let go as soon as it is taken off.
    taken = _moved(np.concatenate(list(occupied_ground(town).values())), -origin)
    ground = polygons_of(erase(_moved(area, -origin), np.concatenate([streets, taken])))
    del taken
    open_m2 = float(shapely.area(ground).sum())
    beside, below = _by_decks(ground, _moved(raised_decks(town, kinds=kinds), -origin))
    is_deck = np.repeat([False, True], [len(beside), len(below)])
    kept, thin = open_away(np.concatenate([beside, below]), kinds.figure("sliver_width_m"))
    del ground, beside, below
    parts, of = polygon_parts(kept)
    places, row = cut_into_places(
        parts,
        can_be_cut=~is_deck[of],
        water=_moved(polygons_in(town, "water"), -origin),
        streets=streets,
        corners=_moved(corner_grounds(town, kinds=kinds), -origin),
        kinds=kinds,
    )
    places, part = _placed(without_pinholes(places), origin)
    is_under_deck = is_deck[of][row][part]
    is_small = shapely.area(places) < kinds.figure("sliver_area_m2")
    return OpenLand(
        open_m2,
        places[~is_small],
        is_under_deck[~is_small],
        _placed(polygons_of(thin), origin)[0],
        places[is_small],
    )


def _by_decks(ground: Geometries, decks: Geometries) -> tuple[Geometries, Geometries]:
    """Part ground into polygons beside decks and polygons below them."""
    beside, below = polygons_of(erase(ground, decks)), ground[:0]
    if len(decks):
        over = polygons_of(np.array([shapely.union_all(decks)]))
        row, hit = shapely.STRtree(over).query(ground, predicate="intersects")
        order = np.lexsort((hit, row))
        rows, number = np.unique(row, return_inverse=True)
        above = shapely.multipolygons(over[hit[order]], indices=number[order])
        below = polygons_of(shapely.intersection(ground[rows], above))
    return beside, below


def _placed(shapes: Geometries, origin: NDArray[np.float64]) -> tuple[Geometries, NDArray[np.intp]]:
    """Move shapes back to where they are.

    Coordinates are longer there, and their rounding would make outlines unsound that nearly touch
    themselves: on a grid a good deal wider than that rounding they do not.
    """
    parts, of = polygon_parts(shapely.set_precision(shapes, _GRID_M))
    return _moved(parts, origin), of


def _moved(shapes: Geometries, by: NDArray[np.float64]) -> Geometries:
    return np.asarray(shapely.transform(shapes, lambda xy: xy + by))


def search_area(town: Town) -> Geometries:
    """Join the built-up area, the blocks and the study area.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    array of Polygon
        Polygons that do not overlap.
    """
    layers = [town[name].geometry.to_numpy() for name in ("built_up", "blocks", "study_area") if name in town]
    return polygons_of(np.array([shapely.union_all(np.concatenate(layers))]))


def occupied_ground(town: Town) -> dict[str, Geometries]:
    """List what occupies ground, streets apart.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    dict
        Buildings, water, green, parking, grounds of facilities in use, farmland, and what may be built over
        where there are no buildings: polygons, which may overlap.
    """
    return {
        "building": polygons_in(town, "buildings"),
        "water": polygons_in(town, "water"),
        "green": polygons_in(town, "green"),
        "parking": polygons_in(town, "parking"),
        "ground": np.concatenate([polygons_in(town, "facilities"), _grounds_in_use(town)]),
        "farmland": np.concatenate([_cropland(town), polygons_in(town, "farmland_protected")]),
        "unknown": unsearched_ground(town),
    }


def unsearched_ground(town: Town) -> Geometries:
    """Find the ground that cannot be searched because nobody drew the buildings.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    array of Polygon
        Nothing where there is a layer of buildings; else the search area less the parcels on which nothing
        stands by their code.
    """
    if "buildings" in town:
        return np.zeros(0, dtype=object)
    area = search_area(town)
    groups = land_groups(town, town["parcels"]) if "parcels" in town else None
    if groups is None:
        return area
    is_bare = groups.notna() & ~groups.isin(_BUILT_GROUPS)
    return polygons_of(erase(area, polygons_of(town["parcels"].geometry.to_numpy()[is_bare.to_numpy()])))


def _cropland(town: Town) -> Geometries:
    if "parcels" not in town:
        return np.zeros(0, dtype=object)
    parcels = town["parcels"]
    groups = land_groups(town, parcels)
    if groups is None:
        return np.zeros(0, dtype=object)
    return polygons_of(parcels.geometry.to_numpy()[(groups == _CROPLAND).to_numpy()])


def _grounds_in_use(town: Town) -> Geometries:
    """Take compounds of a stated kind other than housing, unless all buildings in them stand idle."""
    if "compounds" not in town:
        return np.zeros(0, dtype=object)
    compounds = town["compounds"]
    kind = column_of(compounds, "compound_type", is_text=True)
    shapes = compounds.geometry.to_numpy()[(kind.notna() & (kind != _ESTATE)).to_numpy()]
    if "buildings" not in town or not len(shapes):
        return polygons_of(shapes)
    buildings = town["buildings"]
    is_idle = (column_of(buildings, "status", is_text=True) == _IDLE).to_numpy()
    place = shapely.point_on_surface(buildings.geometry.to_numpy())
    row, hit = shapely.STRtree(shapes).query(place, predicate="within")
    inside = pd.DataFrame({"compound": hit, "is_idle": is_idle[row]}).groupby("compound")["is_idle"].all()
    is_used = np.ones(len(shapes), dtype=bool)
    is_used[inside.index[inside].to_numpy(dtype=np.intp)] = False
    return polygons_of(shapes[is_used])
