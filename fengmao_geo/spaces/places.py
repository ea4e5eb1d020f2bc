"""Open land cut into places: at necks, then, where large ground is not compact, along water and streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.necks import cut_at_necks
from fengmao_geo.geo.planar import (
    erase,
    in_lots,
    joined_by_row,
    polygon_parts,
    shared_lengths,
)
from fengmao_geo.geo.shape import inscribed_circles
from fengmao_geo.spaces.surfaces import are_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["cut_into_places", "junctions"]

# Half widths of the necks that are looked for, each about 1.7 times the one before.
_RADII_M = (3.0, 5.0, 8.5, 14.0, 24.0, 40.0)
# Vertices of streets this near are one.
_SAME_M = 0.001


def cut_into_places(
    pieces: Geometries,
    *,
    can_be_cut: Flags,
    water: Geometries,
    streets: Geometries,
    corners: Geometries,
    kinds: SpaceKinds,
) -> tuple[Geometries, Indices]:
    """Cut pieces of open land into places that a person would point at.

    Parameters
    ----------
    pieces
        Polygons, shape ``(n,)``.
    can_be_cut
        Which of them may be cut along water and streets, shape ``(n,)``.
    water, streets, corners
        Water and surfaces of streets, and the points where streets meet.
    kinds
        Kinds of space.

    Returns
    -------
    tuple of arrays
        Places ``(p,)`` and the row of the piece each is cut from ``(p,)``. The areas add up.
    """
    place_m2 = kinds.figure("place_area_m2")
    places, row = _cut_in_threads(pieces, place_m2)
    is_large = (shapely.area(places) >= kinds.figure("whole_area_m2")) & can_be_cut[row]
    large = np.flatnonzero(is_large)
    _, radius_m = inscribed_circles(places[large], tolerance_m=np.sqrt(shapely.area(places[large])) / 500)
    share = np.pi * radius_m**2 / shapely.area(places[large])
    wide = large[share < kinds.figure("compact_share")]
    zones = (
        shapely.buffer(water, kinds.figure("bank_depth_m")),
        shapely.buffer(corners, kinds.figure("corner_radius_m")),
        shapely.buffer(streets, kinds.figure("street_depth_m")),
    )
    parts, of = _zoned(places[wide], zones)
    parts, of = _tidied(parts, wide[of], place_m2)
    left = np.delete(np.arange(len(places)), wide)
    cut, cut_of = cut_at_necks(parts, radii_m=_RADII_M, place_m2=place_m2)
    places, row = np.concatenate([places[left], cut]), np.concatenate([row[left], row[of[cut_of]]])
    return _tidied(places, row, kinds.figure("sliver_area_m2"))


def _cut_in_threads(pieces: Geometries, place_m2: float) -> tuple[Geometries, Indices]:
    """Cut lots of pieces at their necks; which lot a piece is in does not change how it is cut."""
    done = in_lots(lambda lot: cut_at_necks(lot, radii_m=_RADII_M, place_m2=place_m2), pieces)
    if not done:
        return pieces, np.zeros(0, dtype=np.intp)
    places = np.concatenate([cut for _, (cut, _) in done])
    return places, np.concatenate([lot[of] for lot, (_, of) in done])


def _zoned(pieces: Geometries, zones: tuple[Geometries, ...]) -> tuple[Geometries, Indices]:
    """Cut pieces into what lies in each zone in turn, and what lies in none."""
    rest, of = pieces, np.arange(len(pieces))
    found, found_of = [], []
    for zone in zones:
        row, hit = shapely.STRtree(zone).query(rest, predicate="intersects")
        rows = np.unique(row)
        if not len(rows):
            continue
        inside = shapely.intersection(rest[rows], joined_by_row(zone[hit], row))
        parts, part_of = polygon_parts(inside)
        found.append(parts)
        found_of.append(of[rows[part_of]])
        rest, rest_of = polygon_parts(erase(rest, zone))
        of = of[rest_of]
    return np.concatenate([*found, rest]), np.concatenate([*found_of, of]).astype(np.intp)


def _tidied(parts: Geometries, of: Indices, least_m2: float) -> tuple[Geometries, Indices]:
    """Give parts that are too small to the part of the same piece they share most of their outline with."""
    is_small = shapely.area(parts) < least_m2
    small, large = np.flatnonzero(is_small), np.flatnonzero(~is_small)
    row, hit, shared_m = shared_lengths(parts[small], parts[large])
    is_same = of[small[row]] == of[large[hit]]
    row, hit, shared_m = row[is_same], hit[is_same], shared_m[is_same]
    order = np.lexsort((hit, -shared_m, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    shapes = np.concatenate([parts[large], parts[small[row[first]]]])
    owner = np.concatenate([np.arange(len(large)), hit[first]])
    order = np.argsort(owner, kind="stable")
    joined = joined_by_row(shapes[order], owner[order])
    alone = np.delete(small, row[first])
    # What touches in a point only, or has grown to several parts, falls apart again.
    places, place_of = polygon_parts(np.concatenate([joined, parts[alone]]))
    return places, np.concatenate([of[large], of[alone]])[place_of]


def junctions(town: Town, *, kinds: SpaceKinds) -> Geometries:
    """Find where streets meet or bend so that ground lies at a corner.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space.

    Returns
    -------
    array of Point
        Vertices that three or more stretches of streets share, lanes apart.
    """
    streets = town["streets"]
    is_street = ~are_lanes(streets, kinds=kinds)
    # A vertex drawn twice is one, not a meeting.
    lines = shapely.remove_repeated_points(shapely.get_parts(streets.geometry.to_numpy()[is_street]), _SAME_M)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    is_inner = (np.diff(line, prepend=-1) == 0) & (np.diff(line, append=-1) == 0)
    weight = np.where(is_inner, 2, 1)
    unique, inverse = np.unique(np.round(xy, 3), axis=0, return_inverse=True)
    count = np.bincount(inverse.ravel(), weights=weight, minlength=len(unique))
    return np.asarray(shapely.points(unique[count >= 3]))
