"""Reached pairs of places as arrays, and the shortest of several ways between two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Pairs", "nearest_of", "shortest_of"]


class Pairs(NamedTuple):
    """Reached pairs as arrays: row of the origin, row of the destination, metres walked."""

    origin: Indices
    destination: Indices
    distance_m: Numbers

    def take(self, chosen: NDArray[Any]) -> Pairs:
        """Keep some of the pairs, by position or by flag."""
        return Pairs(self.origin[chosen], self.destination[chosen], self.distance_m[chosen])


def nearest_of(*found: Pairs, count: int, limit_m: float) -> Pairs:
    """Take the shortest of each origin's pairs; of equally short ones that to the first destination.

    Parameters
    ----------
    *found
        The pairs, in several lots.
    count
        How many origins there are.
    limit_m
        Longer pairs are left out.

    Returns
    -------
    Pairs
        At most one pair per origin, in the order of origins.
    """
    least = np.full(count, np.inf)
    for pairs in found:
        np.minimum.at(least, pairs.origin, pairs.distance_m)
    nearest = np.full(count, np.iinfo(np.intp).max)
    for pairs in found:
        ties = pairs.take(pairs.distance_m == least[pairs.origin])
        np.minimum.at(nearest, ties.origin, ties.destination)
    origin = np.flatnonzero(least <= limit_m)
    return Pairs(origin, nearest[origin], least[origin])


def shortest_of(*found: Pairs, count: int, limit_m: float) -> Pairs:
    """Keep of each origin and destination the shortest pair.

    Parameters
    ----------
    *found
        The pairs, in several lots.
    count
        How many destinations there are.
    limit_m
        Longer pairs are left out.

    Returns
    -------
    Pairs
        Each pair once, in the order of origins and destinations.
    """
    pairs = Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))
    pairs = pairs.take(pairs.distance_m <= limit_m)
    key = pairs.origin * count + pairs.destination
    order = np.argsort(key)
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    origin, destination = np.divmod(key[first], max(count, 1))
    return Pairs(origin, destination, np.minimum.reduceat(pairs.distance_m[order], first))
