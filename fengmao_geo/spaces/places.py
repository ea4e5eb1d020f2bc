"""Open land cut into places: at necks, where large ground winds along water and streets, across gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.gaps import cut_at_gaps
from fengmao_geo.geo.necks import cut_at_necks
from fengmao_geo.geo.planar import BEYOND_M, in_lots, joined_by_row, polygon_parts, resized
from fengmao_geo.geo.remnants import given_to_neighbours, open_shares
from fengmao_geo.geo.shape import compactness, inscribed_circles, mean_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]
    _Cut = Callable[[Geometries], tuple[Geometries, Indices]]

__all__ = ["cut_into_places"]

# Half widths of the necks that are looked for, each about 1.7 times the one before.
_RADII_M = (8.5, 14.0, 24.0, 40.0)
# What lies along water, at corners, along streets, and behind.
_BANK, _CORNER, _STRIP, _REST = range(4)
# What is more compact than this has no passages: a square has 0.785, a strip of one to four 0.5.
_WINDING = 0.5
# Cuts that run along an outline leave hairs no wider than this.
_HAIR_M = 0.5


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

    def at_necks(lot: Geometries) -> tuple[Geometries, Indices]:
        return cut_at_necks(lot, radii_m=_RADII_M, place_m2=place_m2)

    def at_gaps(lot: Geometries) -> tuple[Geometries, Indices]:
        return cut_at_gaps(
            lot,
            least_m2=kinds.figure("gap_side_m2"),
            gap_share=kinds.figure("gap_side_share"),
            gain_ratio=kinds.figure("gap_gain_ratio"),
        )

    places, row = _cut_in_threads(pieces, at_necks)
    wide = np.flatnonzero(can_be_cut[row] & ~_are_whole(places, kinds))
    zones = {
        _BANK: resized(
            shapely.simplify(water, kinds.figure("bank_depth_m") / 4), kinds.figure("bank_depth_m")
        ),
        _CORNER: corners,
        _STRIP: resized(
            shapely.simplify(streets, kinds.figure("street_depth_m") / 10), kinds.figure("street_depth_m")
        ),
    }
    parts, of = _along(places[wide], zones, kinds)
    of = wide[of]
    left = np.delete(np.arange(len(places)), wide)
    places, row = np.concatenate([places[left], parts]), np.concatenate([row[left], row[of]])
    places, of = _cut_in_threads(places, at_gaps)
    row = row[of]
    places, came = _tidied(places, row, kinds)
    return places, row[came]


def _are_whole(places: Geometries, kinds: SpaceKinds) -> Flags:
    """Say which places are small or compact enough to be left as they are."""
    area_m2 = shapely.area(places)
    is_whole = area_m2 < kinds.figure("whole_area_m2")
    large = np.flatnonzero(~is_whole)
    _, radius_m = inscribed_circles(places[large], tolerance_m=np.sqrt(area_m2[large]) / 500)
    is_whole[large] = np.pi * radius_m**2 >= kinds.figure("compact_share") * area_m2[large]
    return is_whole


def _cut_in_threads(pieces: Geometries, cut: _Cut) -> tuple[Geometries, Indices]:
    """Cut lots of pieces; which lot a piece is in does not change how it is cut."""
    done = in_lots(cut, pieces)
    if not done:
        return pieces, np.zeros(0, dtype=np.intp)
    places = np.concatenate([made for _, (made, _) in done])
    row = np.concatenate([lot[of] for lot, (_, of) in done])
    # A cut that ends within rounding of another corner leaves an outline that crosses itself.
    if len(bad := np.flatnonzero(~shapely.is_valid(places))):
        places[bad] = shapely.make_valid(places[bad], method="structure", keep_collapsed=False)
        places, part_of = polygon_parts(places)
        row = row[part_of]
    return places, row


def _along(pieces: Geometries, zones: dict[int, Geometries], kinds: SpaceKinds) -> tuple[Geometries, Indices]:
    """Cut pieces along water and streets, but where a cut would run through the open."""
    parts, of, zone = _zoned(pieces, zones)
    parts, came = _tidied(parts, of, kinds)
    of, zone = of[came], zone[came]
    share = kinds.figure("open_share")
    # A strip with nothing behind it is part of what lies behind, and so is a corner when no strip is left.
    for at in (_STRIP, _CORNER):
        parts, came = given_to_neighbours(parts, of, zone == at, is_taking=zone == _REST, least_share=share)
        of, zone = of[came], zone[came]
    return parts, of


def _zoned(pieces: Geometries, zones: dict[int, Geometries]) -> tuple[Geometries, Indices, Indices]:
    """Cut pieces into what lies in each zone in turn, and what lies in none; say of which piece and zone."""
    rest, of = pieces, np.arange(len(pieces))
    found, found_of, found_in = [], [], []
    for name, zone in zones.items():
        row, hit = shapely.STRtree(zone).query(rest, predicate="intersects")
        rows = np.unique(row)
        if not len(rows):
            continue
        joined = joined_by_row(zone[hit], row)
        parts, part_of = polygon_parts(shapely.intersection(rest[rows], joined))
        found.append(parts)
        found_of.append(of[rows[part_of]])
        found_in.append(np.full(len(parts), name))
        left = rest.copy()
        left[rows] = shapely.difference(rest[rows], joined)
        rest, rest_of = polygon_parts(left)
        of = of[rest_of]
    parts_in = np.concatenate([*found_in, np.full(len(rest), _REST)])
    return np.concatenate([*found, rest]), np.concatenate([*found_of, of]).astype(np.intp), parts_in


def _tidied(parts: Geometries, of: Indices, kinds: SpaceKinds) -> tuple[Geometries, Indices]:
    """Give what is no place of its own to what it borders on most: passages, narrow strips, scraps, gaps.

    Returns
    -------
    tuple of arrays
        Places, and the row of a part each has come from.
    """
    parts, came = _trimmed(parts, kinds)
    tests = {_are_scraps: 0.0, _are_narrow: kinds.figure("open_share"), _are_gaps: 0.0}
    for test, least_share in tests.items():
        is_given = test(parts, of[came], kinds)
        parts, at = given_to_neighbours(parts, of[came], is_given, least_share=least_share)
        came = came[at]
    return parts, came


def _trimmed(places: Geometries, kinds: SpaceKinds) -> tuple[Geometries, Indices]:
    """Cut off the passages of places: what is narrow, and large enough to see."""
    least_m2 = kinds.figure("sliver_area_m2")
    winding = np.flatnonzero((compactness(places) < _WINDING) & (shapely.area(places) >= 2 * least_m2))
    narrow = _narrow_ground(places[winding], kinds.figure("passage_width_m") / 2)
    passages, place = polygon_parts(narrow)
    is_hair = (mean_width(passages) < _HAIR_M) & (shapely.length(passages) > kinds.figure("passage_width_m"))
    is_seen = is_hair | (shapely.area(passages) >= least_m2 / 4)
    passages, place = passages[is_seen], winding[place[is_seen]]
    rows = np.unique(place)
    kept = places.copy()
    kept[rows] = shapely.difference(places[rows], joined_by_row(passages, place))
    # What is narrow all along is no passage of a place.
    is_left = shapely.area(kept) >= least_m2
    kept[~is_left] = places[~is_left]
    passages, place = passages[is_left[place]], place[is_left[place]]
    kept, kept_of = polygon_parts(kept)
    return np.concatenate([kept, passages]), np.concatenate([kept_of, place])


def _narrow_ground(places: Geometries, half_m: float) -> Geometries:
    """Take what is left of places when all that is wide is taken off."""
    narrow = places.copy()

    def left(lot: Geometries) -> Geometries:
        return np.asarray(shapely.difference(lot, resized(resized(lot, -half_m), half_m + BEYOND_M)))

    for rows, found in in_lots(left, places):
        narrow[rows] = found
    return narrow


def _are_scraps(parts: Geometries, _of: Indices, kinds: SpaceKinds) -> Flags:
    """Say which parts are no places: too small, or small and wrapped around something else."""
    area_m2 = shapely.area(parts)
    is_scrap = area_m2 < kinds.figure("place_area_m2")
    some = np.flatnonzero(~is_scrap & (area_m2 < kinds.figure("scrap_area_m2")))
    hull_m2 = shapely.area(shapely.convex_hull(parts[some]))
    is_scrap[some] = area_m2[some] < kinds.figure("hull_share") * hull_m2
    return is_scrap


def _are_narrow(parts: Geometries, _of: Indices, kinds: SpaceKinds) -> Flags:
    """Say which parts are on the whole no wider than a passage."""
    return np.asarray(mean_width(parts) < kinds.figure("passage_width_m"))


def _are_gaps(parts: Geometries, of: Indices, kinds: SpaceKinds) -> Flags:
    """Say which parts are scraps still, or small and open to other places on most sides."""
    is_gap = _are_scraps(parts, of, kinds)
    some = np.flatnonzero(~is_gap & (shapely.area(parts) < kinds.figure("scrap_area_m2")))
    is_gap[some] = open_shares(parts, of, some) > kinds.figure("gap_share")
    return is_gap
