"""Areas grown cell by cell to where most comes together on compact ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.blocks.cells import Cells

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Bounds", "grown_areas", "worth"]


@dataclass(frozen=True)
class Bounds:
    """How large an area may be, and along how much of its outline a cell is added.

    Parameters
    ----------
    least_m2, most_m2
        The smallest and the largest area.
    border_m
        The shortest outline that a cell shares with the area it is added to.
    seeds
        From how many cells an area is grown.
    """

    least_m2: float
    most_m2: float
    border_m: float
    seeds: int


def worth(sums: Numbers, area_m2: Numbers, outline_m: Numbers) -> Numbers:
    """Say how much comes together on how little and how compact ground.

    What an area holds of each measure is taken by its root, so that two measures together count more than as
    much of one; the square of their mean is as much of the whole as the area holds. It is divided by the root
    of the area, between all that there is and how dense it lies, and multiplied with the root of the
    compactness ``4 pi A / P²``.

    Parameters
    ----------
    sums
        Share of each measure that the areas hold, shape ``(n, measures)``.
    area_m2, outline_m
        Their area and the length of their outline, shape ``(n,)``.

    Returns
    -------
    array of float, shape ``(n,)``
        The worth; 0 where an area holds nothing.

    Examples
    --------
    >>> both, one = worth(np.array([[0.1, 0.1], [0.2, 0]]), np.array([1.0, 1.0]), np.array([4.0, 4.0]))
    >>> round(float(both / one), 9)
    2.0
    """
    together = np.sqrt(np.maximum(sums, 0.0)).mean(axis=1) ** 2
    compact = 4 * np.pi * area_m2 / outline_m**2
    return np.asarray(together / np.sqrt(area_m2) * np.sqrt(compact))


def grown_areas(cells: Cells, shares: Numbers, *, count: int, bounds: Bounds) -> list[Indices]:
    """Grow areas that share no cell, the one of most worth first.

    From each of the most promising cells an area is grown: of the cells along its outline the one that leaves
    it worth most is added, up to the largest area, and it is cut back to where it was worth most. The best of
    these areas is kept; the next is grown on what is left.

    Parameters
    ----------
    cells
        The cells.
    shares
        The share of each measure that every cell holds, shape ``(n, measures)``.
    count
        How many areas are wanted.
    bounds
        How large they may be.

    Returns
    -------
    list of array of int
        The cells of each area, ascending; fewer than `count` where nothing more comes together.
    """
    ground = _Ground.of(cells, shares)
    is_free = np.ones(len(cells), dtype=bool)
    found: list[Indices] = []
    while len(found) < count:
        best = max(
            (ground.grown(seed, is_free, bounds) for seed in ground.seeds(is_free, bounds)),
            key=lambda grown: round(grown[0], 15),
            default=(0.0, np.zeros(0, dtype=np.intp)),
        )
        if not best[0] > 0:
            break
        found.append(best[1])
        is_free[best[1]] = False
    return found


@dataclass(frozen=True, eq=False)
class _Ground:
    """What growing looks up: measures, sizes, and the neighbours of each cell."""

    shares: Numbers
    area_m2: Numbers
    outline_m: Numbers
    first: Indices
    neighbour: Indices
    shared_m: Numbers

    @classmethod
    def of(cls, cells: Cells, shares: Numbers) -> _Ground:
        """List the neighbours of each cell one after the other."""
        order = np.lexsort((cells.other, cells.one))
        return cls(
            shares,
            shapely.area(cells.shapes),
            shapely.length(cells.shapes),
            np.searchsorted(cells.one[order], np.arange(len(cells) + 1)),
            cells.other[order],
            cells.shared_m[order],
        )

    def seeds(self, is_free: Flags, bounds: Bounds) -> Indices:
        """Choose the free cells of most worth together with their neighbours."""
        around = self.shares.copy()
        one = np.repeat(np.arange(len(self.area_m2)), np.diff(self.first))
        is_near = is_free[self.neighbour]
        np.add.at(around, one[is_near], self.shares[self.neighbour[is_near]])
        area_m2 = self.area_m2.copy()
        np.add.at(area_m2, one[is_near], self.area_m2[self.neighbour[is_near]])
        value = np.where(is_free, worth(around, area_m2, 2 * np.sqrt(np.pi * area_m2)), 0.0)
        order = np.argsort(-value.round(15), kind="stable")[: bounds.seeds]
        return order[value[order] > 0]

    def grown(self, seed: int, is_free: Flags, bounds: Bounds) -> tuple[float, Indices]:
        """Grow one area: its worth, and its cells."""
        inside = [seed]
        is_open = is_free.copy()
        sums, area_m2, outline_m = self.shares[seed].copy(), self.area_m2[seed], self.outline_m[seed]
        touching: dict[int, float] = {}
        best, best_count = 0.0, 0
        last = seed
        while True:
            is_open[last] = False
            touching.pop(last, None)
            for at in range(self.first[last], self.first[last + 1]):
                other = int(self.neighbour[at])
                if is_open[other]:
                    touching[other] = touching.get(other, 0.0) + self.shared_m[at]
            value = float(worth(sums[None], np.array([area_m2]), np.array([outline_m]))[0])
            if bounds.least_m2 <= area_m2 <= bounds.most_m2 and value > best:
                best, best_count = value, len(inside)
            wide = sorted(at for at, shared_m in touching.items() if shared_m >= bounds.border_m)
            near = np.array(wide, dtype=np.intp)
            near = near[self.area_m2[near] + area_m2 <= bounds.most_m2]
            if not len(near):
                return best, np.sort(np.array(inside[:best_count], dtype=np.intp))
            lengths = outline_m + self.outline_m[near] - 2 * np.array([touching[int(at)] for at in near])
            values = worth(sums + self.shares[near], area_m2 + self.area_m2[near], lengths)
            pick = int(np.argmax(values.round(15)))
            last = int(near[pick])
            inside.append(last)
            sums, area_m2, outline_m = sums + self.shares[last], area_m2 + self.area_m2[last], lengths[pick]
