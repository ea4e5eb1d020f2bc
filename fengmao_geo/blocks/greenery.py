"""Indicators of green, each a value per area, looked up in what was measured of layers, never of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from fengmao_geo.blocks.case import Case
    from fengmao_geo.green.gain import GreenGains

__all__ = [
    "green_cover_share",
    "green_gain_m2",
    "green_rate_share",
    "near_park_people_share",
    "park_coverage_share",
    "park_m2_per_person",
    "park_walk_people_share",
    "planned_green_gain_m2",
    "pocket_park_count",
    "three_trees_people_share",
    "tree_lined_street_share",
    "waterfront_break_count",
    "waterfront_green_share",
    "waterfront_path_share",
]

#: The rule set of park coverage that the mandatory target is of.
_RULES = "gbt51346_2019"
_COLUMN = {"before": "before", "now": "after", "planned": "after"}


def green_rate_share(case: Case) -> pd.Series[float]:
    """Share of the built-up part of each area that is green, overlaps counted once."""
    return _of(_measured(case, "green_share"), _built_m2(case))


def green_cover_share(case: Case) -> pd.Series[float]:
    """Share of the built-up part of each area under green and crowns of trees."""
    return _of(_measured(case, "green_cover_share"), _built_m2(case))


def green_gain_m2(case: Case) -> pd.Series[float]:
    """Green gained since before, less what was lost."""
    return _measured(case, "green_m2", column="gain")


def planned_green_gain_m2(case: Case) -> pd.Series[float]:
    """Green that the programme would add."""
    return _measured(case, "green_m2", column="gain")


def park_m2_per_person(case: Case) -> pd.Series[float]:
    """Area of parks per person who lives in the area; of nobody there is none."""
    return _of(_measured(case, "park_per_person_m2"), case.people)


def park_coverage_share(case: Case) -> pd.Series[float]:
    """Share of residential land within the radius of a park by straight line, as official figures are."""
    share = _measured(case, "park_covered_land_share", rule_set=_RULES, by="straight_line")
    return _of(share, _measured(case, "residential_m2", state="now"))


def park_walk_people_share(case: Case) -> pd.Series[float]:
    """Share of people who walk no farther to a park than its radius."""
    share = _measured(case, "park_covered_people_share", rule_set=_RULES, by="network")
    return _of(share.where(_doubt_share(case) <= _most()), case.people)


def near_park_people_share(case: Case) -> pd.Series[float]:
    """Share of people who walk at most 300 m to a park."""
    people = case.people
    reached = _measured(case, "park_within_300_m_people", by="network")
    return _of((reached / people).where(_doubt_share(case) <= _most()), people)


def pocket_park_count(case: Case) -> pd.Series[float]:
    """How many pocket parks lie in each area."""
    return _measured(case, "pocket_park_count")


def three_trees_people_share(case: Case) -> pd.Series[float]:
    """Share of people with three trees at their home."""
    return _of(_measured(case, "three_trees_people_share"), case.people)


def tree_lined_street_share(case: Case) -> pd.Series[float]:
    """Share of the length of secondary and branch streets that is lined with trees."""
    streets = case.cut(_gains(case).tree_lined_streets)
    length_m = pd.Series(shapely.length(streets.geometry.to_numpy()), index=streets["area_id"])
    return _of(_measured(case, "tree_lined_share"), case.by_area(length_m.groupby(level=0).sum()))


def waterfront_green_share(case: Case) -> pd.Series[float]:
    """Share of the length of banks with green beside the water."""
    return _of(_measured(case, "bank_green_share"), _banks_m(case))


def waterfront_path_share(case: Case) -> pd.Series[float]:
    """Share of the length of banks with a public path that is joined to the streets."""
    return _of(_measured(case, "bank_path_share"), _banks_m(case))


def waterfront_break_count(case: Case) -> pd.Series[float]:
    """How many times the path along the banks breaks off."""
    return _of(_measured(case, "bank_break_count"), _banks_m(case))


def _measured(
    case: Case,
    indicator: str,
    *,
    rule_set: str = "",
    by: str = "",
    column: str | None = None,
    state: str | None = None,
) -> pd.Series[float]:
    """Look a measured indicator up in the table ``green_gains``, in the state of the case or another."""
    state = state or case.state
    basis = "planned" if state == "planned" else "vector"
    rows = _gains(case).gains
    rows = rows[
        rows["area_kind"].isin(["block", "town"])
        & (rows["indicator"] == indicator)
        & (rows["basis"] == basis)
        & (rows["rule_set"] == rule_set)
        & (rows["by"] == by)
    ]
    return case.by_area(rows.set_index("area_id")[column or _COLUMN[state]], empty=np.nan)


def _gains(case: Case) -> GreenGains:
    """Take the gains of green, without which nothing here is measured."""
    return cast("GreenGains", case.results.gains)


def _of(share: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """Say that there is no share where there is nothing it could be of."""
    return share.where(whole != 0, NOT_THERE)


def _built_m2(case: Case) -> pd.Series[float]:
    """Area of the built-up part of each area."""
    ground = case.areas.geometry.to_numpy()
    built = shapely.intersection(ground, ground[(case.areas["area_kind"] == "town").to_numpy()][0])
    return pd.Series(shapely.area(built), index=case.area_m2.index)


def _banks_m(case: Case) -> pd.Series[float]:
    """Length of banks in each area, which green does not change."""
    return _measured(case, "bank_m", state="now")


def _doubt_share(case: Case) -> pd.Series[float]:
    """Share of people of whom it is not known whether they reach a park; nobody where nobody lives."""
    unknown, people = _measured(case, "park_unknown_people", by="network"), case.people
    return (unknown / people).where(people != 0, 0.0)


def _most() -> float:
    """Look up the share of people in doubt beyond which a share is not known."""
    return indicator_file().figures["unknown_most_share"].value
