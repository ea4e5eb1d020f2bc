"""Circles per dwelling, and people per block, community and town."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.tables import GROUP_COLUMNS, GROUPS, RESULTS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.life_circle.tiers import Tiers

    Counts = NDArray[np.int64]
    Numbers = NDArray[np.float64]

__all__ = ["FULL_SET", "PEOPLE", "area_table", "coverage_table", "gap_table", "people_rows"]

#: What stands in ``facility_type`` for every required type together.
FULL_SET = "full_set"

_STATUS = ("reached", "unreached", "unknown")
#: How many people reach, do not reach, or may reach.
PEOPLE = tuple(f"{status}_people" for status in _STATUS)
_ROW_KEYS = ("dwelling_id", "limit_min", "facility_type", "group")
_AREA_KEYS = ("area_kind", "area_id", "area_name", "limit_min", "facility_type", "group", "by")


def coverage_table(tiers: Tiers, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say for each dwelling, circle and group whether the full set is reached.

    The full set is every required type asked for; a group's types are asked only for that group. None
    unreached but one unknown makes it unknown; so does a circle that asks for nothing.

    Parameters
    ----------
    tiers
        Status per dwelling, circle and type asked for.
    homes
        The dwellings.

    Returns
    -------
    DataFrame
        The table ``coverage``.
    """
    counts = _status_counts(tiers, homes)
    frames = []
    for limit in tiers.minutes:
        for group in GROUPS:
            reached, unreached, unknown = counts[limit, group].reshape(-1, len(_STATUS)).T
            asked = reached + unreached + unknown
            doubt = np.where((unknown > 0) | (asked == 0), "unknown", "reached")
            frames.append(
                pd.DataFrame(
                    {
                        "dwelling_id": homes["dwelling_id"].to_numpy(),
                        "limit_min": limit,
                        "group": group,
                        "people": homes[GROUP_COLUMNS[group]].to_numpy(dtype=float),
                        "asked_count": asked,
                        "reached_count": reached,
                        "unknown_count": unknown,
                        "status": np.where(unreached > 0, "unreached", doubt),
                    }
                )
            )
    return RESULTS["coverage"].check(pd.concat(frames, ignore_index=True))


def _status_counts(tiers: Tiers, homes: gpd.GeoDataFrame) -> dict[tuple[float, str], Counts]:
    """Count required types by circle and group: reached, unreached and unknown of each dwelling in turn."""
    size = len(homes) * len(_STATUS)
    keys = [(limit, group) for limit in tiers.minutes for group in GROUPS]
    counts = {key: np.zeros(size, dtype=np.int64) for key in keys}
    for lot in tiers:
        required = lot[lot["is_required"]]
        dwelling = pd.Index(homes["dwelling_id"]).get_indexer(required["dwelling_id"])
        cell = dwelling * len(_STATUS) + pd.Index(_STATUS).get_indexer(pd.Index(required["status"]))
        for limit, group in keys:
            rows = (required["limit_min"] == limit) & required["group"].isin({"everyone", group})
            counts[limit, group] += np.bincount(cell[rows.to_numpy()], minlength=size)
    return counts


def _full_set(coverage: pd.DataFrame, tiers: Tiers, limit: float) -> pd.DataFrame:
    """Count people with and without the full set, dwelling by dwelling.

    Somebody of a group needs that group's types too. Groups may overlap (a child may be a newcomer); they are
    counted as if they did not, so that the people with the full set are never overstated.
    """
    rows = coverage[coverage["limit_min"] == limit].set_index(["dwelling_id", "group"])
    # Without a dwelling there would be no column.
    status, people = (
        rows[name].unstack("group").reindex(columns=list(GROUPS)) for name in ("status", "people")
    )
    total = people["everyone"].to_numpy()
    lacking, doubtful = np.zeros(len(total)), np.zeros(len(total))
    for group in sorted(tiers.required_groups(limit) - {"everyone"}):
        own = people[group].to_numpy()
        is_unreached = (status[group] == "unreached").to_numpy()
        is_unknown = (status[group] == "unknown").to_numpy() | (is_unreached & np.isnan(own))
        # Of a group that was not counted, anybody may be a member.
        size = np.where(np.isnan(own), total, own)
        lacking += np.where(is_unreached & ~np.isnan(own), size, 0.0)
        doubtful += np.where(is_unknown, size, 0.0)
    lacking = np.minimum(lacking, total)
    doubtful = np.minimum(doubtful, total - lacking)
    base = status["everyone"].to_numpy()
    lacking = np.where(base == "unreached", total, lacking)
    doubtful = np.where(base == "unreached", 0.0, np.where(base == "unknown", total - lacking, doubtful))
    return pd.DataFrame(
        {
            "dwelling_id": status.index,
            "facility_type": FULL_SET,
            "group": "everyone",
            "people": total,
            "reached_people": total - lacking - doubtful,
            "unreached_people": lacking,
            "unknown_people": doubtful,
        }
    )


def area_table(
    tiers: Tiers, coverage: pd.DataFrame, homes: gpd.GeoDataFrame, areas: pd.DataFrame
) -> pd.DataFrame:
    """Count people by area, circle and type, walked and by straight line.

    Parameters
    ----------
    tiers
        Status per dwelling, circle and type asked for.
    coverage
        The table ``coverage``.
    homes
        The table ``dwellings``.
    areas
        ``area_kind, area_id, area_name, dwelling_id``: one row per area and dwelling in it.

    Returns
    -------
    DataFrame
        The table ``areas``. A share is of the people whose state is known or not, never of the known alone.
    """
    full = _full_rows(coverage, tiers).assign(by="network")
    lots = itertools.chain([full], (_type_rows(lot, homes) for lot in tiers))
    sums = [_sums(rows.merge(areas, on="dwelling_id")) for rows in lots]
    found = pd.concat([part for part in sums if len(part)] or sums[:1], ignore_index=True)
    return _with_shares(found.sort_values(list(_AREA_KEYS), kind="stable", ignore_index=True))


def _type_rows(tiers: pd.DataFrame, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count people dwelling by dwelling and type by type, walked and by straight line."""
    walked = _walked_rows(tiers, homes).assign(by="network")
    own, is_straight = walked["people"].to_numpy(), tiers["is_straight"].to_numpy(dtype=bool)
    is_unknown = (tiers["status"] == "unknown").to_numpy()
    straight = walked.assign(
        by="straight_line",
        reached_people=np.where(is_straight, own, 0.0),
        unreached_people=np.where(~is_straight & ~is_unknown, own, 0.0),
        unknown_people=np.where(~is_straight & is_unknown, own, 0.0),
    )
    return pd.concat([walked, straight], ignore_index=True)


def _own_people(tiers: pd.DataFrame, homes: gpd.GeoDataFrame) -> Numbers:
    """Count for each dwelling and type the people that the type is for."""
    people = homes.set_index("dwelling_id")[list(GROUP_COLUMNS.values())].astype(float)
    own: Numbers = people.to_numpy()[
        people.index.get_indexer(tiers["dwelling_id"]),
        [GROUPS.index(group) for group in tiers["group"]],
    ]
    return own


def people_rows(tiers: Tiers, coverage: pd.DataFrame, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count people dwelling by dwelling by what they reach on foot, each type and the full set.

    Parameters
    ----------
    tiers
        Status per dwelling, circle and type asked for.
    coverage
        The table ``coverage``.
    homes
        The table ``dwellings``.

    Returns
    -------
    DataFrame
        ``dwelling_id, limit_min, facility_type, group, people, reached_people, unreached_people,
        unknown_people``.
    """
    walked = [_walked_rows(lot, homes) for lot in tiers]
    return pd.concat([*walked, _full_rows(coverage, tiers)], ignore_index=True)


def _walked_rows(tiers: pd.DataFrame, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    own, status = _own_people(tiers, homes), tiers["status"].to_numpy()
    counted = {f"{one}_people": np.where(status == one, own, 0.0) for one in _STATUS}
    return tiers[list(_ROW_KEYS)].assign(people=own, **counted)


def _full_rows(coverage: pd.DataFrame, tiers: Tiers) -> pd.DataFrame:
    full = [_full_set(coverage, tiers, limit).assign(limit_min=limit) for limit in tiers.minutes]
    return pd.concat(full, ignore_index=True)[[*_ROW_KEYS, "people", *PEOPLE]]


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(list(_AREA_KEYS), sort=True)[["people", *PEOPLE]].sum(min_count=1).reset_index()


def _with_shares(sums: pd.DataFrame) -> pd.DataFrame:
    # People that were not counted are in no sum: where nobody was, the sums are unknown, not zero.
    sums[list(PEOPLE)] = sums[list(PEOPLE)].where(sums["people"].notna(), np.nan)
    share = sums["reached_people"] / sums["people"].where(sums["people"] > 0)
    return RESULTS["areas"].check(sums.assign(reached_share=share.clip(upper=1.0)))


def gap_table(areas: pd.DataFrame, types: pd.DataFrame) -> pd.DataFrame:
    """Rank the required types by the people who lack them, area by area and circle by circle.

    Parameters
    ----------
    areas
        The table ``areas``.
    types
        What the catalogue asks of each type.

    Returns
    -------
    DataFrame
        The table ``gaps``; types that nobody lacks and nobody is in doubt of are not listed.
    """
    required = types[types["is_required"]]["facility_type"]
    rows = areas[(areas["by"] == "network") & areas["facility_type"].isin(required)]
    rows = rows[(rows["unreached_people"].fillna(0) > 0) | (rows["unknown_people"].fillna(0) > 0)]
    rows = rows.rename(columns={"unreached_people": "lacking_people"})
    rows = rows.assign(
        lacking_share=(rows["lacking_people"] / rows["people"].where(rows["people"] > 0)).clip(upper=1)
    )
    area = ["area_kind", "area_id", "limit_min"]
    rows = rows.sort_values(
        [*area, "lacking_people", "unknown_people", "facility_type"],
        ascending=[True, True, True, False, False, True],
        kind="stable",
    )
    rows = rows.assign(rank=rows.groupby(area).cumcount() + 1)
    return RESULTS["gaps"].check(rows[list(RESULTS["gaps"].names)].reset_index(drop=True))
