"""Places of open land typed: each is of the first kind, in the order of the kinds, whose rule it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.spaces.corners import junctions
from fengmao_geo.spaces.facing import BUILDING, LANE, STREET, WATER, Facing, face
from fengmao_geo.spaces.inventory import pairs, polygons_in
from fengmao_geo.spaces.surfaces import are_lanes, ground_streets, street_widths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.spaces.open_land import OpenLand
    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Rule", "town_facing", "typed_places"]

# Figures that are the most a kind may have; all others are the least.
_MOST = ("area_m2", "depth_m")


class Rule(NamedTuple):
    """Whether each place meets a kind's rule, the rule in words, and what was measured."""

    is_met: Flags
    rule: str
    evidence: dict[str, Numbers]


def town_facing(town: Town, places: Geometries, *, kinds: SpaceKinds) -> tuple[Facing, gpd.GeoDataFrame]:
    """Find what the outlines of places face in a town.

    Parameters
    ----------
    town
        The town.
    places
        Polygons, shape ``(n,)``.
    kinds
        Kinds of space.

    Returns
    -------
    tuple
        What is faced, and the streets on the ground that its rows name.
    """
    streets = ground_streets(town)
    facing = face(
        places,
        buildings=polygons_in(town, "buildings"),
        water=polygons_in(town, "water"),
        streets=streets.geometry.to_numpy(),
        half_width_m=street_widths(streets, kinds=kinds) / 2,
        is_lane=are_lanes(streets, kinds=kinds),
        reach_m=kinds.figure("facing_m"),
    )
    return facing, streets


def typed_places(town: Town, land: OpenLand, facing: Facing, *, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    """Give each place of open land its kind, with the rule that fired and what was measured.

    Parameters
    ----------
    town
        The town.
    land
        Its open land.
    facing
        What the outlines of the places, and maybe of others after them, face.
    kinds
        Kinds of space.

    Returns
    -------
    GeoDataFrame
        ``kind, basis, certainty, rule, evidence, geometry``, one row per place in the same order.
    """
    count = len(land.places)
    kind, rule, evidence = (np.full(count, "", dtype=object) for _ in range(3))
    rules = _rules(town, land, facing, kinds)
    of_open_land = sorted(
        (record.order, name) for name, record in kinds.kinds.items() if record.basis == "open_land"
    )
    left = np.ones(count, dtype=bool)
    for _, name in of_open_land:
        found = rules[name]
        here = np.flatnonzero(left & found.is_met)
        kind[here], rule[here] = name, found.rule
        evidence[here] = pairs(
            {key: np.round(values[here], 3).tolist() for key, values in found.evidence.items()},
            count=len(here),
        )
        left[here] = False
    columns = {"kind": kind, "basis": "open_land", "certainty": "certain", "rule": rule, "evidence": evidence}
    return gpd.GeoDataFrame(columns, geometry=land.places, crs=town.crs)


def _rules(town: Town, land: OpenLand, facing: Facing, kinds: SpaceKinds) -> dict[str, Rule]:
    """Measure every place by the rule of every kind."""
    count = len(land.places)
    area_m2, outline_m = shapely.area(land.places), shapely.length(land.places)
    water_m, street_m = facing.total(WATER, count), facing.total(STREET, count)
    enclosed_share = (facing.total(BUILDING, count) + facing.total(LANE, count)) / outline_m
    water_share, street_share = water_m / outline_m, street_m / outline_m
    everywhere = np.ones(count, dtype=bool)

    def least(kind: str, **values: Numbers) -> Rule:
        """Meet every figure of a kind."""
        is_met, words = everywhere.copy(), []
        for name in kinds.kinds[kind].figures:
            figure = kinds.figure(name, kind)
            is_most = name in _MOST
            is_met &= values[name] <= figure if is_most else values[name] >= figure
            words.append(f"{name}{'<=' if is_most else '>='}{figure:g}")
        return Rule(is_met, ";".join(words), values)

    depth_m = np.divide(area_m2, street_m, out=np.full(count, np.inf), where=street_m > 0)
    along_m, across_m, corner_m = _corner(town, land.places, facing, kinds)
    corner = least("street_corner", each_street_m=np.minimum(along_m, across_m), area_m2=area_m2)
    radius_m = kinds.figure("corner_radius_m")
    corner = Rule(
        corner.is_met & (corner_m <= radius_m),
        f"{corner.rule};corner_m<={radius_m:g}",
        corner.evidence | {"corner_m": corner_m},
    )
    return {
        "under_bridge": least("under_bridge", deck_share=land.is_under_deck.astype(float)),
        "riverside": least("riverside", water_m=water_m, water_share=water_share),
        "street_corner": corner,
        "street_side": least("street_side", street_m=street_m, street_share=street_share, depth_m=depth_m),
        "between_buildings": least("between_buildings", enclosed_share=enclosed_share, area_m2=area_m2),
        "vacant_plot": Rule(everywhere, "no other kind", {"area_m2": area_m2}),
    }


def _corner(
    town: Town, places: Geometries, facing: Facing, kinds: SpaceKinds
) -> tuple[Numbers, Numbers, Numbers]:
    """Measure street frontage along the main direction of each place's streets and across it.

    Frontage counts by the squares of cosine and sine, which add up to all of it.

    Returns
    -------
    tuple of arrays
        Metres along, metres across, metres to the nearest meeting of streets, each of shape ``(n,)``.
    """
    count = len(places)
    is_street = (facing.what == STREET) & (facing.place < count)
    place, metres, double = (
        facing.place[is_street],
        facing.metres[is_street],
        2 * facing.heading_rad[is_street],
    )
    x = np.bincount(place, weights=metres * np.cos(double), minlength=count)
    y = np.bincount(place, weights=metres * np.sin(double), minlength=count)
    all_m, main_m = np.bincount(place, weights=metres, minlength=count), np.hypot(x, y)
    corners, corner_m = junctions(town, kinds=kinds), np.full(count, np.inf)
    # The index takes no distance of 0.
    reach_m = max(2 * kinds.figure("corner_radius_m"), 1.0)
    if len(corners) and count:
        (row, _), distance = shapely.STRtree(corners).query_nearest(
            places, max_distance=reach_m, return_distance=True, all_matches=False
        )
        corner_m[row] = distance
    return (all_m + main_m) / 2, (all_m - main_m) / 2, corner_m
