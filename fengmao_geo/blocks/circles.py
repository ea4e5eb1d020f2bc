"""Indicators of life circles, each a value per area: who has the full set, who lacks what."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from fengmao_geo.blocks.case import Case
    from fengmao_geo.life_circle.circles import LifeCircles

__all__ = [
    "children_5_min_share",
    "children_15_min_share",
    "elderly_5_min_share",
    "elderly_15_min_share",
    "full_set_5_min_share",
    "full_set_15_min_share",
    "newcomers_15_min_share",
    "reached_types_5_min_count",
    "reached_types_15_min_count",
    "types_5_min_share",
    "types_15_min_share",
    "worst_type_5_min_people",
    "worst_type_15_min_people",
]

_CHILDREN = ("infant", "preschool", "school_age")
# What floats leave of a share that is exactly at a limit.
_ROUNDING = 1e-9


def full_set_5_min_share(case: Case) -> pd.Series[float]:
    """Share of people with every required type of the 5-minute circle within 5 minutes."""
    return _full_set_share(case, 5)


def full_set_15_min_share(case: Case) -> pd.Series[float]:
    """Share of people with every required type of the 15-minute circle within 15 minutes."""
    return _full_set_share(case, 15)


def types_5_min_share(case: Case) -> pd.Series[float]:
    """Mean over the required types of the 5-minute circle of the share of people who reach each."""
    return _types_share(case, 5)


def types_15_min_share(case: Case) -> pd.Series[float]:
    """Mean over the required types of the 15-minute circle of the share of people who reach each."""
    return _types_share(case, 15)


def reached_types_5_min_count(case: Case) -> pd.Series[float]:
    """How many of the required types for everybody a person reaches within 5 minutes, on average."""
    return _reached_types_count(case, 5)


def reached_types_15_min_count(case: Case) -> pd.Series[float]:
    """How many of the required types for everybody a person reaches within 15 minutes, on average."""
    return _reached_types_count(case, 15)


def elderly_5_min_share(case: Case) -> pd.Series[float]:
    """Share of the elderly with all that is asked for them within 5 minutes."""
    return _groups_share(case, 5, ("elderly",))


def elderly_15_min_share(case: Case) -> pd.Series[float]:
    """Share of the elderly with all that is asked for them within 15 minutes."""
    return _groups_share(case, 15, ("elderly",))


def children_5_min_share(case: Case) -> pd.Series[float]:
    """Share of the children of 0 to 12 years with all that is asked for their age within 5 minutes."""
    return _groups_share(case, 5, _CHILDREN)


def children_15_min_share(case: Case) -> pd.Series[float]:
    """Share of the children of 0 to 12 years with all that is asked for their age within 15 minutes."""
    return _groups_share(case, 15, _CHILDREN)


def newcomers_15_min_share(case: Case) -> pd.Series[float]:
    """Share of the newcomers with all that is asked for them within 15 minutes."""
    return _groups_share(case, 15, ("newcomer",))


def worst_type_5_min_people(case: Case) -> pd.Series[float]:
    """People who lack the required type of the 5-minute circle that most people lack."""
    return _worst_type_people(case, 5)


def worst_type_15_min_people(case: Case) -> pd.Series[float]:
    """People who lack the required type of the 15-minute circle that most people lack."""
    return _worst_type_people(case, 15)


def _full_set_share(case: Case, limit_min: float) -> pd.Series[float]:
    rows = _walked(case, limit_min)
    return _shares(case, rows[rows["facility_type"] == FULL_SET].set_index("area_id"))


def _types_share(case: Case, limit_min: float) -> pd.Series[float]:
    rows = _of_required(case, limit_min)
    # Of a group that nobody here is of there is no share; one that was not counted is in doubt.
    rows = rows[rows["people"] != 0].assign(people=rows["people"].fillna(1.0))
    is_counted = rows["reached_people"].notna()
    shares = pd.DataFrame(
        {
            "area_id": rows["area_id"],
            "people": 1.0,
            "reached_people": (rows["reached_people"] / rows["people"]).fillna(0.0),
            "unknown_people": (rows["unknown_people"] / rows["people"]).where(is_counted, 1.0),
        }
    )
    return _shares(case, shares.groupby("area_id").sum())


def _reached_types_count(case: Case, limit_min: float) -> pd.Series[float]:
    rows = _homes(case, limit_min, ("everyone",))
    # As if every type asked of every person were one of those counted.
    sums = pd.DataFrame(
        {
            "area_id": rows["area_id"],
            "everybody": rows["people"],
            "people": rows["people"] * rows["asked_count"],
            "reached_people": rows["people"] * rows["reached_count"],
            "unknown_people": rows["people"] * rows["unknown_count"],
        }
    )
    sums = sums.groupby("area_id").sum(min_count=1)
    asked = case.by_area(sums["people"] / sums["everybody"].where(sums["everybody"] > 0), empty=np.nan)
    shares = _shares(case, sums)
    return shares.where(np.isinf(shares) | shares.isna(), shares * asked)


def _groups_share(case: Case, limit_min: float, groups: tuple[str, ...]) -> pd.Series[float]:
    rows = _homes(case, limit_min, groups)
    of = rows.assign(
        reached_people=rows["people"].where(rows["status"] == "reached", rows["people"] * 0),
        unknown_people=rows["people"].where(rows["status"] == "unknown", rows["people"] * 0),
    )
    names = ["people", "reached_people", "unknown_people"]
    by_group = of.groupby(["area_id", "group"])[names].sum(min_count=1)
    # A group that was not counted leaves all of them unknown.
    return _shares(case, by_group.groupby("area_id").sum(min_count=len(groups)))


def _worst_type_people(case: Case, limit_min: float) -> pd.Series[float]:
    rows = _of_required(case, limit_min)
    rows = rows[rows["group"] == "everyone"]
    rows = rows.assign(highest=rows["unreached_people"] + rows["unknown_people"])
    worst = rows.groupby("area_id")[["people", "unreached_people", "highest"]].max()
    is_known = worst["highest"] - worst["unreached_people"] <= _most() * worst["people"] + _ROUNDING
    return case.by_area(worst["unreached_people"].where(is_known))


def _walked(case: Case, limit_min: float) -> pd.DataFrame:
    """Take the rows of blocks and the town, walked, of one circle."""
    rows = _circles(case).areas
    kept = (rows["by"] == "network") & (rows["limit_min"] == limit_min) & (rows["area_kind"] != "community")
    return rows[kept]


def _of_required(case: Case, limit_min: float) -> pd.DataFrame:
    rows, types = _walked(case, limit_min), _circles(case).types
    return rows[rows["facility_type"].isin(types[types["is_required"]]["facility_type"])]


def _homes(case: Case, limit_min: float, groups: tuple[str, ...]) -> pd.DataFrame:
    """Take what dwellings have in one circle, once per area they lie in and group of people."""
    rows = _circles(case).coverage
    rows = rows[(rows["limit_min"] == limit_min) & rows["group"].isin(groups)]
    return rows.merge(case.homes[["dwelling_id", "area_id"]], on="dwelling_id")


def _circles(case: Case) -> LifeCircles:
    """Take the life circles, without which nothing here is measured."""
    return cast("LifeCircles", case.circles)


def _shares(case: Case, sums: pd.DataFrame) -> pd.Series[float]:
    """Divide people reached by all; unknown where too many are in doubt, no share where there is nobody."""
    reached, unknown = (sums[f"{name}_people"] / sums["people"] for name in ("reached", "unknown"))
    share = reached.clip(upper=1.0).where(unknown <= _most() + _ROUNDING)
    return case.by_area(share.where(sums["people"] != 0, NOT_THERE), empty=NOT_THERE)


def _most() -> float:
    """Look up the share of people in doubt beyond which a share is not known."""
    return indicator_file().figures["unknown_most_share"].value
