"""A picture of vegetation cover, small enough for a page, drawn while windows pass by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.geo.raster_place import Grid, Window

    Values = NDArray[np.floating]
    Numbers = NDArray[np.float64]

__all__ = ["GreenPicture", "PictureSums"]

# A page shows no more pixels than this along the longer side.
_MOST_PIXELS = 1024
_DATES = ("before", "after")


@dataclass(frozen=True, repr=False, eq=False)
class GreenPicture:
    """Vegetation cover before and after, and the gain, as grids for a map.

    Parameters
    ----------
    before, after, gain
        Read-only arrays of float32, shape ``(rows, columns)``, from the north; NaN where it is not known.
    bounds
        Left, bottom, right and top of the grids.
    crs
        The coordinate system of the bounds.
    before_date, after_date
        When the images were taken, as ``2024-07-20``; empty if unknown.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    gain: NDArray[np.float32]
    bounds: tuple[float, float, float, float]
    crs: CRS
    before_date: str
    after_date: str

    def __repr__(self) -> str:
        rows, columns = self.gain.shape
        return f"<GreenPicture: {rows} by {columns}, {self.before_date or '?'} to {self.after_date or '?'}>"


class PictureSums:
    """Means of blocks of cells.

    Parameters
    ----------
    grid
        The grid of all cells.
    dates
        Which dates there are.
    """

    def __init__(self, grid: Grid, dates: tuple[str, ...]) -> None:
        self._grid, self._dates = grid, dates
        self._step = max(-(-max(grid.width, grid.height) // _MOST_PIXELS), 1)
        shape = (-(-grid.height // self._step), -(-grid.width // self._step))
        self._counts = np.zeros(shape)
        self._sums = {date: np.zeros(shape) for date in dates}

    def add(self, window: Window, covers: tuple[Values, ...]) -> None:
        """Add a window's vegetation cover at each date, NaN where it is not known."""
        is_known = ~np.isnan(covers[0])
        self._into(self._counts, window, is_known)
        for date, cover in zip(self._dates, covers, strict=True):
            self._into(self._sums[date], window, np.where(is_known, cover, 0))

    def _into(self, total: Numbers, window: Window, values: Values | NDArray[np.bool_]) -> None:
        rows, first_row = self._starts(window.row, values.shape[0])
        cols, first_col = self._starts(window.col, values.shape[1])
        kind = np.float32 if values.dtype == bool else values.dtype
        summed = np.add.reduceat(np.add.reduceat(values, cols, axis=1, dtype=kind), rows, axis=0, dtype=float)
        total[first_row : first_row + len(rows), first_col : first_col + len(cols)] += summed

    def _starts(self, first: int, count: int) -> tuple[NDArray[np.intp], int]:
        """Say where along a window blocks begin, and which block is its first."""
        block = first // self._step
        starts = np.arange(block * self._step, first + count, self._step) - first
        return np.maximum(starts, 0), block

    def picture(self, days: dict[str, str]) -> GreenPicture:
        """Draw the picture; days are when the images were taken, by date."""
        with np.errstate(invalid="ignore", divide="ignore"):
            known = {date: total / self._counts for date, total in self._sums.items()}
        unknown = np.full(self._counts.shape, np.nan)
        before, after = (known.get(date, unknown) for date in _DATES)
        grids = {"before": before, "after": after, "gain": after - before}
        frozen = {name: values.astype(np.float32) for name, values in grids.items()}
        for values in frozen.values():
            values.setflags(write=False)
        left, _, _, top = self._grid.bounds
        rows, columns = self._counts.shape
        across, down = (self._step * side for side in (self._grid.transform.a, -self._grid.transform.e))
        bounds = (left, top - rows * down, left + columns * across, top)
        return GreenPicture(
            **frozen,
            bounds=bounds,
            crs=self._grid.crs,
            before_date=days.get("before", ""),
            after_date=days.get("after", ""),
        )
