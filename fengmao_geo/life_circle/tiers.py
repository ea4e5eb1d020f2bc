"""Who reaches which types of each circle, a few types at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.life_circle.reach import statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Tiers"]

# About so many dwellings and types are looked at at once, so that a city's rows never stand all in memory.
_LOT_ROWS = 300_000


@dataclass(frozen=True, repr=False, eq=False)
class Tiers:
    """What each circle asks for, and which of it each dwelling reaches.

    Iterating gives lots of a few types: ``dwelling_id, limit_min, facility_type, group, is_required, status,
    is_straight``, one row per dwelling, circle and type of a tier within it. ``is_straight`` says whether the
    straight line is short enough.

    Parameters
    ----------
    reach
        The table ``reach``.
    types
        The table ``asked_types``.
    minutes
        The circles.
    speed_m_min
        The walker's speed, which makes minutes of straight metres.
    """

    reach: pd.DataFrame
    types: pd.DataFrame
    minutes: tuple[float, ...]
    speed_m_min: float

    def __iter__(self) -> Iterator[pd.DataFrame]:
        number, names = pd.factorize(self.reach["facility_type"])
        many = max(1, _LOT_ROWS * len(names) // max(len(self.reach), 1))
        needed = self.reach[["dwelling_id", "facility_type", "travel_min", "straight_m", "doubt_min"]]
        asked = self.types[self.types["is_asked"]][["facility_type", "tier_min", "group", "is_required"]]
        for first in range(0, len(names), many):
            is_in = (number >= first) & (number < first + many)
            yield self._rows((needed if is_in.all() else needed[is_in]).merge(asked, on="facility_type"))

    def _rows(self, rows: pd.DataFrame) -> pd.DataFrame:
        circles = []
        for limit in self.minutes:
            inside = rows[rows["tier_min"] <= limit]
            circles.append(
                inside.assign(
                    limit_min=limit,
                    status=statuses(inside["travel_min"].to_numpy(), inside["doubt_min"].to_numpy(), limit),
                    is_straight=inside["straight_m"] <= limit * self.speed_m_min,
                )
            )
        keys = ["dwelling_id", "limit_min", "facility_type", "group", "is_required"]
        return pd.concat(circles, ignore_index=True)[[*keys, "status", "is_straight"]]

    def required_groups(self, limit_min: float) -> set[str]:
        """List the groups of people that a circle asks something required for.

        Parameters
        ----------
        limit_min
            The circle.

        Returns
        -------
        set of str
            Groups, ``everyone`` among them.
        """
        types = self.types
        is_within = types["is_asked"] & types["is_required"] & (types["tier_min"] <= limit_min)
        return set(types[is_within]["group"])
