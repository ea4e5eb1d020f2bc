"""Open land cut into places: at necks, then, where large ground is not compact, along water and streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import segments
from fengmao_geo.geo.necks import cut_at_necks
from fengmao_geo.geo.planar import (
    erase,
    in_lots,
    joined_by_row,
    open_away,
    polygon_parts,
    resized,
    shared_lengths,
)
from fengmao_geo.geo.shape import compactness, inscribed_circles
from fengmao_geo.spaces.surfaces import are_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["cut_into_places", "corner_grounds", "junctions"]

# Half widths of the necks that are looked for, each about 1.7 times the one before.
_RADII_M = (3.0, 5.0, 8.5, 14.0, 24.0, 40.0)
# What is more compact than this has no passages: a square has 0.785, a strip of one to seven 0.34.
_WINDING = 0.4
# Streets that meet at less than this (30°), or go straight on by as much, make no corner; a wide corner reaches
# no farther than so many times its distance.
_SHARPEST, _FARTHEST = np.pi / 6, 1.6
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
        Water and surfaces of streets, and the ground at their corners.
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
        resized(shapely.simplify(water, kinds.figure("bank_depth_m") / 4), kinds.figure("bank_depth_m")),
        corners,
        resized(shapely.simplify(streets, kinds.figure("street_depth_m") / 10), kinds.figure("street_depth_m")),
    )
    parts, of = _zoned(places[wide], zones)
    parts, of = _tidied(*_trimmed(parts, wide[of], kinds), kinds)
    left = np.delete(np.arange(len(places)), wide)
    cut, cut_of = cut_at_necks(parts, radii_m=_RADII_M, place_m2=place_m2)
    places, row = np.concatenate([places[left], cut]), np.concatenate([row[left], row[of[cut_of]]])
    return _tidied(*_trimmed(places, row, kinds), kinds)


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


def _trimmed(parts: Geometries, of: Indices, kinds: SpaceKinds) -> tuple[Geometries, Indices]:
    """Cut off the passages of places: what is narrow, and large enough to see."""
    least_m2 = kinds.figure("sliver_area_m2")
    wide, narrow = parts.copy(), np.full(len(parts), shapely.Polygon(), dtype=object)
    winding = np.flatnonzero((compactness(parts) < _WINDING) & (shapely.area(parts) >= 2 * least_m2))
    wide[winding], narrow[winding] = open_away(parts[winding], kinds.figure("passage_width_m"))
    passages, place = polygon_parts(narrow)
    is_seen = shapely.area(passages) >= least_m2 / 4
    passages, place = passages[is_seen], place[is_seen]
    rows, first = np.unique(place, return_index=True)
    kept = parts.copy()
    kept[rows] = shapely.difference(parts[rows], joined_by_row(passages, place))
    is_left = shapely.area(kept) >= least_m2
    kept[~is_left] = parts[~is_left]
    passages, place = passages[is_left[place]], place[is_left[place]]
    kept, kept_of = polygon_parts(kept)
    return np.concatenate([kept, passages]), of[np.concatenate([kept_of, place])]


def _are_scraps(parts: Geometries, kinds: SpaceKinds) -> Flags:
    """Say which parts are no places: too small, or small and wrapped around something else."""
    area_m2 = shapely.area(parts)
    is_scrap = area_m2 < kinds.figure("place_area_m2")
    some = np.flatnonzero(~is_scrap & (area_m2 < kinds.figure("wrapped_area_m2")))
    hull_m2 = shapely.area(shapely.convex_hull(parts[some]))
    is_scrap[some] = area_m2[some] < kinds.figure("hull_share") * hull_m2
    return is_scrap


def _tidied(parts: Geometries, of: Indices, kinds: SpaceKinds) -> tuple[Geometries, Indices]:
    """Give scraps to the part of the same piece they share most of their outline with."""
    is_small = _are_scraps(parts, kinds)
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
    return np.asarray(shapely.points(_meetings(town, kinds)[0]))


def corner_grounds(town: Town, *, kinds: SpaceKinds) -> Geometries:
    """Draw the ground between two streets that meet, cut square across each at the corner's distance.

    Where a street goes straight on, the side that no other street enters has no corner.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space.

    Returns
    -------
    array of Polygon
        Kites of the meeting, a point ``corner_radius_m`` along each street, and a point in between.
    """
    middle, along, of = _meetings(town, kinds)
    heading = np.arctan2(along[:, 1], along[:, 0])
    order = np.lexsort((heading, of))
    heading, of = heading[order], of[order]
    is_last = np.diff(of, append=-1) != 0
    following = np.roll(heading, -1)
    following[is_last] = heading[np.diff(of, prepend=-1) != 0] + 2 * np.pi
    between = following - heading
    is_corner = (between >= _SHARPEST) & (between <= np.pi - _SHARPEST)
    heading, half, of = heading[is_corner], between[is_corner] / 2, of[is_corner]
    radius_m = kinds.figure("corner_radius_m")
    far_m = np.minimum(radius_m / np.cos(half), _FARTHEST * radius_m)
    reach_m = np.stack([np.zeros(len(of)), np.full(len(of), radius_m), far_m, np.full(len(of), radius_m)], axis=1)
    angle = heading[:, None] + half[:, None] * np.array([0, 0, 1, 2])
    xy = middle[of][:, None] + reach_m[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return np.asarray(shapely.polygons(xy))


def _meetings(town: Town, kinds: SpaceKinds) -> tuple[Numbers, Numbers, Indices]:
    """Find vertices that three or more stretches share, and each such stretch from there on."""
    streets = town["streets"]
    is_street = ~are_lanes(streets, kinds=kinds)
    # A vertex drawn twice is one, not a meeting.
    lines = shapely.remove_repeated_points(shapely.get_parts(streets.geometry.to_numpy()[is_street]), _SAME_M)
    start, end, _ = segments(lines)
    xy, along = np.concatenate([start, end]), np.concatenate([end - start, start - end])
    unique, of = np.unique(np.round(xy, 3), axis=0, return_inverse=True)
    of = of.ravel()
    is_meeting = np.bincount(of, minlength=len(unique)) >= 3
    here = is_meeting[of]
    return unique[is_meeting], along[here], (np.cumsum(is_meeting) - 1)[of[here]]
