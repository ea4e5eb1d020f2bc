"""Who lacks what today, of what could be supplied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.network.travel import TOLERANCE
from fengmao_geo.tables import GROUP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.rules import SiteRules
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.town.town import Town

__all__ = ["Circles", "demands_of"]


class Circles(Protocol):
    """What is asked of life circles: their tables, who walks, and how far was looked."""

    @property
    def dwellings(self) -> gpd.GeoDataFrame:
        """The dwellings with their people."""

    @property
    def types(self) -> pd.DataFrame:
        """What is asked of this town."""

    @property
    def reach(self) -> pd.DataFrame:
        """Dwelling by type: the nearest that stands."""

    @property
    def minutes(self) -> tuple[float, ...]:
        """The circles, ascending."""

    @property
    def walker(self) -> Walker:
        """Who walks."""

    @property
    def people_basis(self) -> str:
        """Whether people were counted, or what stands for them."""

    def places_reached(
        self, town: Town, network: WalkNetwork, *, limits_min: Mapping[str, float]
    ) -> pd.DataFrame:
        """Dwelling by facility that stands within the limit of its type, with its places."""


def demands_of(
    circles: Circles, supplied: set[str], rules: SiteRules, *, crowded: pd.DataFrame
) -> tuple[pd.DataFrame, int, list[Finding]]:
    """List who does not reach today what could be supplied, or finds it full; the unknown is not unserved.

    Somebody of a group counts as often as the group's weight says; in a type for everyone, everyone counts
    as the weight of everyone says, and a member of another group more by what its weight is above 1.

    Parameters
    ----------
    circles
        The life circles.
    supplied
        Facility types that options supply.
    rules
        Weights.
    crowded
        ``dwelling_id, facility_type, left_share``: for whom what stands has no place.

    Returns
    -------
    tuple
        ``dwelling_id, facility_type, group, people, weight, left_share, tier_min, now_min``, by dwelling and
        type; how many pairs are not known; findings on groups that nobody counted.
    """
    types = circles.types
    asked = types[types["is_asked"].astype(bool) & types["facility_type"].isin(supplied)]
    rows = circles.reach.merge(asked[["facility_type", "tier_min", "group"]], on="facility_type")
    rows = rows.merge(crowded, how="left", on=["dwelling_id", "facility_type"])
    limit = rows["tier_min"] * (1 + TOLERANCE)
    rows = rows.assign(left_share=rows["left_share"].fillna(0.0).where(rows["travel_min"] <= limit, 1.0))
    is_lacking, is_unknown = rows["left_share"] > 0, rows["doubt_min"] <= limit
    unknown_count = int((is_lacking & is_unknown).sum())
    rows = rows[is_lacking & ~is_unknown].sort_values(["dwelling_id", "facility_type"], ignore_index=True)
    homes = circles.dwellings.set_index("dwelling_id")
    counts = homes[list(GROUP_COLUMNS.values())].reindex(rows["dwelling_id"]).to_numpy(dtype=float)
    weights: dict[str, float] = dict(rules.group_weights.items())
    weighed = counts * [weights.get(group, 1.0) for group in GROUP_COLUMNS]
    at = pd.Index(list(GROUP_COLUMNS)).get_indexer(pd.Index(rows["group"]))
    each = np.arange(len(rows))
    people = counts[each, at]
    more = np.nansum((weighed - counts)[:, 1:], axis=1)
    weight = np.where(at == 0, weighed[each, at] + more, weighed[each, at])
    weight = weight * rows["facility_type"].map(rules.type_weights).fillna(1.0).to_numpy(dtype=float)
    left = rows["left_share"].to_numpy(dtype=float)
    rows = rows.assign(people=people * left, weight=weight * left, now_min=rows["travel_min"])
    uncounted = rows[np.isnan(people)].groupby("facility_type").agg({"group": "first", "dwelling_id": "size"})
    findings = [
        Finding("demand_uncounted", "dwellings", None, GROUP_COLUMNS[group], {"type": name, "count": count})
        for name, group, count in zip(
            uncounted.index, uncounted["group"], uncounted["dwelling_id"], strict=True
        )
    ]
    columns = ["dwelling_id", "facility_type", "group", "people", "weight", "left_share"]
    columns += ["tier_min", "now_min"]
    rows = rows[(rows["people"] > 0) & (rows["weight"] > 0)][columns].reset_index(drop=True)
    return rows, unknown_count, findings
