"""What a choice means for people: who is newly served where, who still is not, what was only listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from fengmao_geo.siting.greedy import assigned
from fengmao_geo.tables import GROUP_COLUMNS, RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.siting.benefit import Benefits
    from fengmao_geo.siting.demand import Circles
    from fengmao_geo.siting.rules import SiteRules

    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["gained_table", "listed_table", "served_rows", "site_table", "unserved_table"]

_GROUPS = list(GROUP_COLUMNS)


def served_rows(found: Benefits, rules: SiteRules, options: Indices, circles: Circles) -> pd.DataFrame:
    """List who is newly served where: by the nearest site that has room, within the tier.

    Parameters
    ----------
    found
        Options, demands, pairs.
    rules
        Capacities.
    options
        The options chosen.
    circles
        The life circles, for the groups of people.

    Returns
    -------
    DataFrame
        The table ``served`` with ``use``, ``demand`` (row), ``home_people`` (of the dwelling) and how many of
        each group of people; the group of the type alone where it is for one.
    """
    pairs = found.in_tier
    share = assigned(found.cover(rules, ()), options, minutes=found.minutes[pairs])
    pairs, share = pairs[share > 0], share[share > 0]
    demand, option = found.demand[pairs], found.option[pairs]
    rows = found.demands.iloc[demand].reset_index(drop=True)
    rows = rows.assign(
        demand=demand,
        space_id=found.options["space_id"].to_numpy(dtype=object)[option],
        use=found.options["use"].to_numpy(dtype=object)[option],
        travel_min=found.minutes[pairs],
        people=rows["people"] * share,
    )
    counts = circles.dwellings.set_index("dwelling_id")[list(GROUP_COLUMNS.values())]
    counts = counts.reindex(rows["dwelling_id"]).to_numpy(dtype=float)
    rows = rows.assign(home_people=counts[:, 0])
    counts = counts * (share * rows["left_share"].to_numpy(dtype=float))[:, None]
    is_own = rows["group"].to_numpy(dtype=object)[:, None] == np.array(_GROUPS, dtype=object)
    is_all = (rows["group"] == "everyone").to_numpy(dtype=bool)[:, None]
    groups = pd.DataFrame(np.where(is_own | is_all, counts, np.nan), columns=_GROUPS)
    rows = pd.concat([rows, groups], axis=1)
    return rows.sort_values(["dwelling_id", "facility_type", "space_id"], ignore_index=True)


def gained_table(served: pd.DataFrame) -> pd.DataFrame:
    """Add up the people newly served by each site, by type and group.

    Parameters
    ----------
    served
        Rows of `served_rows`.

    Returns
    -------
    DataFrame
        The table ``gained``.
    """
    keys = ["space_id", "use", "facility_type"]
    sums = served.groupby(keys, sort=True)[_GROUPS].sum(min_count=1)
    asked = served.groupby(keys, sort=True)["group"].first()
    rows = sums.reset_index().melt(keys, _GROUPS, "group", "gained_people")
    rows = rows.merge(asked.rename("asked").reset_index(), on=keys)
    rows = rows[(rows["asked"] == "everyone") | (rows["asked"] == rows["group"])]
    place = rows["group"].map({group: at for at, group in enumerate(_GROUPS)})
    rows = rows.assign(place=place).sort_values(["space_id", "facility_type", "place"], ignore_index=True)
    return RESULTS["gained"].check(rows.drop(columns=["asked", "place"]))


def site_table(
    spaces: gpd.GeoDataFrame, options: pd.DataFrame, order: Indices, served: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Lay out the sites by rank; each person newly served there counts once, however many types.

    Groups are counted as if they did not overlap, and no dwelling counts more people than live there.

    Parameters
    ----------
    spaces
        The table ``spaces``.
    options
        What may be built.
    order
        The options chosen, by rank.
    served
        Rows of `served_rows`.

    Returns
    -------
    GeoDataFrame
        The table ``sites``.
    """
    chosen = options.iloc[order].reset_index(drop=True)
    by_group = served.groupby(["space_id", "dwelling_id", "group"])["people"].max().unstack("group")
    by_group = by_group.reindex(columns=_GROUPS).fillna(0.0)
    most_people = served.groupby(["space_id", "dwelling_id"])["home_people"].first()
    people = by_group.sum(axis=1).where(by_group["everyone"] == 0, by_group["everyone"])
    people = people.clip(upper=most_people.fillna(np.inf))
    gained = people.groupby("space_id").sum() if len(people) else pd.Series(dtype=float)
    of = spaces.set_index("space_id").loc[chosen["space_id"]]
    rows = chosen.assign(
        name=of["name"].to_numpy(dtype=object),
        rank=np.arange(1, len(chosen) + 1),
        gained_people=chosen["space_id"].map(gained).fillna(0.0).astype(float),
    )
    sites = gpd.GeoDataFrame(rows, geometry=of.geometry.to_numpy(), crs=spaces.crs)
    return RESULTS["sites"].check(sites)


def unserved_table(found: Benefits, served: pd.DataFrame) -> pd.DataFrame:
    """List who is still not served, and whether any option would serve them.

    Parameters
    ----------
    found
        Options, demands, pairs.
    served
        Rows of `served_rows`.

    Returns
    -------
    DataFrame
        The table ``unserved``.
    """
    demands = found.demands
    done = np.bincount(served["demand"], served["people"], minlength=len(demands))
    people = demands["people"].to_numpy(dtype=float)
    left = people - done
    is_left = left > 1e-6 * people
    could = np.bincount(found.demand[found.in_tier], minlength=len(demands)) > 0
    rows = demands.assign(people=left, is_coverable=could)[is_left].reset_index(drop=True)
    return RESULTS["unserved"].check(rows[list(RESULTS["unserved"].names)])


def listed_table(
    options: pd.DataFrame, rules: SiteRules, circles: Circles, is_considered: Flags
) -> pd.DataFrame:
    """List the options that nobody's demand speaks for.

    Parameters
    ----------
    options
        What may be built.
    rules
        Which uses there are.
    circles
        What is asked for.
    is_considered
        Options that were chosen from, shape ``(n,)``.

    Returns
    -------
    DataFrame
        The table ``listed``.
    """
    asked = set(circles.types["facility_type"][circles.types["is_asked"].astype(bool)])
    uses = rules.known_uses()
    has_demand = np.array([uses[use].has_demand for use in options["use"]], dtype=bool)
    is_asked = np.array([not asked.isdisjoint(uses[use].supplies) for use in options["use"]], dtype=bool)
    rows = options.assign(reason=np.where(has_demand, "not_asked", "no_demand"))
    rows = rows[~(has_demand & is_asked) & ~is_considered]
    listed: pd.DataFrame = RESULTS["listed"].check(rows[list(RESULTS["listed"].names)].reset_index(drop=True))
    return listed
