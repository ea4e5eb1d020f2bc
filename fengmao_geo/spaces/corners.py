"""Where streets meet, and the ground at their corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.lines import segments
from fengmao_geo.spaces.surfaces import are_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]

__all__ = ["corner_grounds", "junctions"]

# Streets that meet at less than this (30°), or go straight on by as much, make no corner; a wide corner
# reaches no farther than so many times its distance.
_SHARPEST, _FARTHEST = np.pi / 6, 1.6
# Vertices of streets this near are one.
_SAME_M = 0.001


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
    reach_m = np.stack(
        [np.zeros(len(of)), np.full(len(of), radius_m), far_m, np.full(len(of), radius_m)], axis=1
    )
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
