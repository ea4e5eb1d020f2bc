"""Where the pages of a printed sheet begin, so that nothing that belongs together is cut in two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["ROW_PT", "Paging"]

#: Width and height in points between the margins, lying.
_ROOM_PT = {"A4": (784.0, 494.0), "A3": (1133.0, 741.0)}
_POINTS = 0.75
#: Rows whose height nobody set.
ROW_PT = 15.0
# Programs differ by a few per cent in how high rows are printed.
_SAFE = 0.94
_NEAR = 0.12


@dataclass(frozen=True)
class Paging:
    """The rows of a sheet as they fall on pages that are as wide as the sheet.

    Parameters
    ----------
    paper
        ``A4`` or ``A3``, lying.
    wide_px
        How wide the sheet is, in pixels.

    Examples
    --------
    >>> paging = Paging("A4", 800)
    >>> paging.keep(10, 200), paging.keep(30, 200), paging.breaks
    (None, None, [30])
    """

    paper: Literal["A4", "A3"]
    wide_px: float
    heights: dict[int, float] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)

    def keep(self, row: int, height_pt: float, *, least_pt: float = 0.0) -> None:
        """Begin a page at a row where what begins there would be cut in two on this one.

        Parameters
        ----------
        row
            The row, from nought.
        height_pt
            How high what begins there is.
        least_pt
            How much of its beginning stays together where no page holds the whole.
        """
        wide, high = _ROOM_PT[self.paper]
        room = high * max(self.wide_px * _POINTS / wide, 1.0) * _SAFE
        needed = height_pt if height_pt <= room else least_pt or height_pt
        used, is_near_top = 0.0, False
        for above in range(self.breaks[-1] if self.breaks else 0, row):
            height = self.heights.get(above, ROW_PT)
            is_near_top |= used + height > room
            used = height if used + height > room else used + height
        # Where a page has just begun by this reckoning, it may not have by another's.
        is_near_top &= used < _NEAR * room
        if used and (is_near_top or used + needed > room):
            self.breaks.append(row)
