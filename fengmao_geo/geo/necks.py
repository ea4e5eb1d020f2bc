"""Areas cut at necks: where they narrow between two wider places."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.planar import (
    BEYOND_M,
    GRID_M,
    joined_by_row,
    polygon_parts,
    polygons_of,
    resized,
    shared_lengths,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["NECK_RATIO", "cut_at_necks"]

# A place beside a neck is at least so many times as wide as the neck.
NECK_RATIO = 1.5
# Wide necks are sought in ground that is shrunk by this once for all of them, and anew only where it was cut.
_CORE_M = 8.5


def cut_at_necks(
    areas: Geometries, *, radii_m: Sequence[float], place_m2: float
) -> tuple[Geometries, Indices]:
    """Cut areas where they narrow between two wider places.

    A neck is no wider than twice the radius that is tried, and opens to at least one and a half times that on
    both sides. Radii are tried from the largest on. Of what lies in a neck, a stretch of ``place_m2`` or
    more between two places is a place of its own; all else goes to the place it shares most of its outline
    with.

    Parameters
    ----------
    areas
        Polygons, shape ``(n,)``.
    radii_m
        Half widths of necks.
    place_m2
        The smallest place that is worth a cut.

    Returns
    -------
    tuple of arrays
        Polygons ``(p,)`` and the row of the area each is cut from ``(p,)``. Their areas add up.

    Examples
    --------
    >>> left, neck, right = shapely.box(0, 0, 20, 20), shapely.box(20, 8, 30, 12), shapely.box(30, 0, 50, 20)
    >>> shape = shapely.union_all([left, neck, right])
    >>> places, row = cut_at_necks(np.array([shape]), radii_m=(3.0,), place_m2=50.0)
    >>> len(places), round(shapely.area(places).sum())
    (2, 840)
    """
    pieces, row = polygon_parts(areas)
    core, is_known = pieces.copy(), np.zeros(len(pieces), dtype=bool)
    for radius_m in sorted(radii_m, reverse=True):
        done_m = _CORE_M if radius_m > _CORE_M else 0.0
        large = np.flatnonzero(shapely.area(pieces) >= 2 * np.pi * (NECK_RATIO * radius_m) ** 2)
        if done_m:
            new = large[~is_known[large]]
            core[new], is_known[new] = resized(pieces[new], -done_m), True
        shrunk = np.full(len(pieces), shapely.Polygon(), dtype=object)
        shrunk[large] = _shrunk((core if done_m else pieces)[large], radius_m - done_m)
        pieces, of, is_whole = _cut_at_neck(pieces, shrunk, radius_m, place_m2)
        row, core, is_known = row[of], core[of], is_known[of] & is_whole
    order = np.argsort(row, kind="stable")
    return pieces[order], row[order]


def _shrunk(pieces: Geometries, by_m: float) -> Geometries:
    """Shrink in steps that double, each of what the last one has left: many times as fast as at one go."""
    steps_m = [by_m]
    while steps_m[-1] > _CORE_M:
        steps_m.append(steps_m[-1] / 2)
    for before_m, step_m in itertools.pairwise([0.0, *reversed(steps_m)]):
        pieces = resized(pieces, before_m - step_m)
    return pieces


def _cut_at_neck(
    pieces: Geometries, shrunk: Geometries, radius_m: float, place_m2: float
) -> tuple[Geometries, Indices, Flags]:
    """Cut pieces at necks of one width: what is wide is grown again, what lies between is shared out."""
    seeds, of = shapely.get_parts(shrunk, return_index=True)

    def in_several(is_seed: Flags) -> Flags:
        """Keep the seeds of pieces that have two or more."""
        return is_seed & (np.bincount(of[is_seed], minlength=len(pieces))[of] >= 2)

    # What holds no disc of one and a half times the radius is soon told by its area.
    is_seed = in_several(shapely.area(seeds) >= np.pi * ((NECK_RATIO - 1) * radius_m) ** 2)
    is_seed[is_seed] = ~shapely.is_empty(resized(seeds[is_seed], -(NECK_RATIO - 1) * radius_m))
    is_seed = in_several(is_seed)
    grown = np.full(len(seeds), shapely.Polygon(), dtype=object)
    grown[is_seed] = resized(seeds[is_seed], radius_m + BEYOND_M)
    is_seed = in_several(is_seed & (shapely.area(grown) >= place_m2))
    seeds, grown, of = seeds[is_seed], grown[is_seed], of[is_seed]
    is_cut = np.bincount(of, minlength=len(pieces)) > 0
    whole, cut = np.flatnonzero(~is_cut), np.flatnonzero(is_cut)
    wide = joined_by_row(grown, of)
    places, place_of = polygon_parts(shapely.intersection(pieces[cut], wide))
    rest, rest_of = polygon_parts(shapely.difference(pieces[cut], wide))
    places, place_of = _divided(places, place_of, seeds, grown)
    places, place_of = _shared_out(places, place_of, rest, rest_of, place_m2=place_m2)
    is_whole = np.repeat([True, False], [len(whole), len(places)])
    return np.concatenate([pieces[whole], places]), np.concatenate([whole, cut[place_of]]), is_whole


def _divided(
    places: Geometries, of: Indices, seeds: Geometries, grown: Geometries
) -> tuple[Geometries, Indices]:
    """Divide places that have grown together from several seeds: the larger seed takes what both reach."""
    place, seed = shapely.STRtree(seeds).query(places, predicate="contains_properly")
    count = np.bincount(place, minlength=len(places))
    made, made_of = [places[count < 2]], [of[count < 2]]
    for at in np.flatnonzero(count >= 2):
        own = grown[seed[place == at]]
        own = own[np.argsort(-shapely.area(own), kind="stable")]
        row, hit = shapely.STRtree(own).query(own, predicate="intersects")
        earlier = hit < row
        taken = np.full(len(own), shapely.Polygon(), dtype=object)
        rows = np.unique(row[earlier])
        taken[rows] = joined_by_row(own[hit[earlier]], row[earlier])
        own = shapely.difference(own, taken)
        parts = polygons_of(shapely.intersection(own, places[at]))
        left = polygons_of(np.array([shapely.difference(places[at], shapely.union_all(own))]))
        parts = np.concatenate([parts, left])
        made.append(parts)
        made_of.append(np.full(len(parts), of[at]))
    return np.concatenate(made), np.concatenate(made_of)


def _shared_out(
    places: Geometries, of: Indices, rest: Geometries, rest_of: Indices, *, place_m2: float
) -> tuple[Geometries, Indices]:
    """Give the rest to the places it borders on most; a large stretch between two becomes a place itself."""
    row, place, shared_m = shared_lengths(rest, places)
    is_same = (of[place] == rest_of[row]) & (shared_m > BEYOND_M)
    row, place, shared_m = row[is_same], place[is_same], shared_m[is_same]
    is_own = (np.bincount(row, minlength=len(rest)) >= 2) & (shapely.area(rest) >= place_m2)
    is_own |= np.bincount(row, minlength=len(rest)) == 0
    order = np.lexsort((place, -shared_m, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    first = first[~is_own[row[first]]]
    shapes = np.concatenate([places, rest[row[first]]])
    owner = np.concatenate([np.arange(len(places)), place[first]])
    order = np.argsort(owner, kind="stable")
    joined = joined_by_row(shapes[order], owner[order], grid_m=GRID_M)
    # What touches in a point only falls apart again.
    places, place = polygon_parts(np.concatenate([joined, rest[is_own]]))
    return places, np.concatenate([of, rest_of[is_own]])[place]
