"""Who would be newly served by what: options, the demands that stand today, and the walks between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.geo.lines import ranges
from fengmao_geo.network.attach import attach
from fengmao_geo.network.travel import TOLERANCE, reached_pairs
from fengmao_geo.siting.options import possible_uses
from fengmao_geo.siting.problem import Limit, Problem
from fengmao_geo.standards.load import facility_types
from fengmao_geo.tables import GROUP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.attach import Attachments
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.rules import SiteRules
    from fengmao_geo.standards.records import Walker

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

__all__ = ["Benefits", "Circles", "benefits", "demands_of", "options_of"]


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


@dataclass(frozen=True, eq=False)
class Benefits:
    """Options, demands, and pairs of them with the minutes between.

    Parameters
    ----------
    options
        ``space_id, use, block_id, area_m2, green_m2, cost_wan``, by space and use.
    supplies
        The facility types that each option supplies, of those asked for.
    demands
        ``dwelling_id, facility_type, group, people, weight, tier_min, now_min``: who does not reach what
        within its tier today; ``now_min`` is missing beyond the largest circle.
    demand, option, minutes
        The pairs within the largest circle or the tier, sorted by demand, minutes and option.
    unknown_count
        Pairs of dwelling and type of which nobody knows whether they are served.
    findings
        Spaces that no street reaches, groups that nobody counted.
    """

    options: pd.DataFrame
    supplies: tuple[tuple[str, ...], ...]
    demands: pd.DataFrame
    demand: Indices
    option: Indices
    minutes: Numbers
    unknown_count: int
    findings: pd.DataFrame

    @property
    def in_tier(self) -> Indices:
        """The pairs within the tier of their type, by demand and option."""
        tier = self.demands["tier_min"].to_numpy(dtype=float)[self.demand]
        pairs = np.flatnonzero(self.minutes <= tier * (1 + TOLERANCE))
        return np.asarray(pairs[np.lexsort((self.option[pairs], self.demand[pairs]))], dtype=np.intp)

    def cover(self, rules: SiteRules, limits: Sequence[Limit]) -> Problem:
        """Ask who is served within the tier.

        Parameters
        ----------
        rules
            Stated values and capacities.
        limits
            What limits the choice.

        Returns
        -------
        Problem
            Its pairs are those of `in_tier`.
        """
        pairs = self.in_tier
        return self._problem(rules, limits, pairs, np.zeros(len(pairs)), np.ones(len(self.demands)))

    def walks(self, rules: SiteRules, limits: Sequence[Limit], *, longest_min: float) -> Problem:
        """Ask who walks how long; beyond the largest circle all walks are as long as that.

        Parameters
        ----------
        rules
            Stated values.
        limits
            What limits the choice.
        longest_min
            The largest circle.

        Returns
        -------
        Problem
            Pairs are those that are nearer than what stands.
        """
        now = np.fmin(self.demands["now_min"].to_numpy(dtype=float), longest_min)
        now = np.where(np.isnan(now), longest_min, now)
        pairs = np.flatnonzero(self.minutes < now[self.demand])
        return self._problem(rules, limits, pairs, self.minutes[pairs], now)

    def _problem(
        self, rules: SiteRules, limits: Sequence[Limit], pairs: Indices, time: Numbers, base: Numbers
    ) -> Problem:
        types = sorted(set(self.demands["facility_type"]))
        return Problem(
            cost=self.options["cost_wan"].to_numpy(dtype=float),
            worth=np.array([rules.values_people.get(use, 0.0) for use in self.options["use"]], dtype=float),
            space=pd.factorize(self.options["space_id"])[0].astype(np.intp),
            limits=tuple(limits),
            demand=self.demand[pairs],
            option=self.option[pairs],
            time=time,
            base=base,
            weight=self.demands["weight"].to_numpy(dtype=float),
            people=self.demands["people"].to_numpy(dtype=float),
            kind=pd.Index(types).get_indexer(self.demands["facility_type"]).astype(np.intp),
            capacity_people=np.array([rules.capacity_people.get(name, np.inf) for name in types] or [np.inf]),
        )


def options_of(spaces: gpd.GeoDataFrame, rules: SiteRules) -> pd.DataFrame:
    """List what may be built: what fits, is allowed, and is not fixed out.

    Parameters
    ----------
    spaces
        The table ``spaces``.
    rules
        What the planner says beforehand.

    Returns
    -------
    DataFrame
        ``space_id, use, block_id, area_m2, green_m2, cost_wan``, by space and use.
    """
    found = possible_uses(spaces, uses=rules.uses_file, controls=rules.controls_file)
    found = found[found["fits"] == "yes"]
    if rules.uses is not None:
        found = found[found["use"].isin(rules.uses)]
    whole = {fixed for fixed in rules.fixed_out if isinstance(fixed, str)}
    pairs = {fixed for fixed in rules.fixed_out if not isinstance(fixed, str)}
    is_out = found["space_id"].isin(whole).to_numpy()
    is_out = is_out | np.array(
        [pair in pairs for pair in zip(found["space_id"], found["use"], strict=True)], dtype=bool
    )
    blocks = spaces.set_index("space_id")["block_id"]
    found = found[~is_out].sort_values(["space_id", "use"], ignore_index=True)
    found = found.assign(block_id=found["space_id"].map(blocks).astype(object))
    options: pd.DataFrame = found[["space_id", "use", "block_id", "area_m2", "green_m2", "cost_wan"]]
    return options


def demands_of(
    circles: Circles, supplied: set[str], rules: SiteRules
) -> tuple[pd.DataFrame, int, list[Finding]]:
    """List who does not reach today what could be supplied; what is unknown is not unserved.

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

    Returns
    -------
    tuple
        ``dwelling_id, facility_type, group, people, weight, tier_min, now_min``, by dwelling and type; how
        many pairs are not known; findings on groups that nobody counted.
    """
    types = circles.types
    asked = types[types["is_asked"].astype(bool) & types["facility_type"].isin(supplied)]
    rows = circles.reach.merge(asked[["facility_type", "tier_min", "group"]], on="facility_type")
    limit = rows["tier_min"] * (1 + TOLERANCE)
    is_lacking, is_unknown = ~(rows["travel_min"] <= limit), rows["doubt_min"] <= limit
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
    rows = rows.assign(people=people, weight=weight, now_min=rows["travel_min"])
    uncounted = rows[np.isnan(people)].groupby("facility_type").agg({"group": "first", "dwelling_id": "size"})
    findings = [
        Finding("demand_uncounted", "dwellings", None, GROUP_COLUMNS[group], {"type": name, "count": count})
        for name, group, count in zip(
            uncounted.index, uncounted["group"], uncounted["dwelling_id"], strict=True
        )
    ]
    columns = ["dwelling_id", "facility_type", "group", "people", "weight", "tier_min", "now_min"]
    rows = rows[(rows["people"] > 0) & (rows["weight"] > 0)][columns].reset_index(drop=True)
    return rows, unknown_count, findings


def benefits(
    network: WalkNetwork,
    spaces: gpd.GeoDataFrame,
    circles: Circles,
    options: pd.DataFrame,
    rules: SiteRules,
    *,
    longest_min: float = 0.0,
) -> Benefits:
    """Find who would be served by each option, from where each facility would be entered.

    A use that supplies a ground (a park) is entered as a ground is, any other from the space's outline, as a
    building is: so that walking to it is what it will be once it stands.

    Parameters
    ----------
    network
        What is walked on.
    spaces
        The table ``spaces``.
    circles
        The life circles.
    options
        What may be built, from `options_of`.
    rules
        What the planner says beforehand.
    longest_min
        How far to look at least; each type's tier by default.

    Returns
    -------
    Benefits
        Options, demands, pairs.
    """
    known = rules.known_uses()
    supplies = tuple(known[use].supplies for use in options["use"])
    supplied = {name for names in supplies for name in names}
    demands, unknown_count, findings = demands_of(circles, supplied, rules)
    homes = circles.dwellings[circles.dwellings["dwelling_id"].isin(demands["dwelling_id"])]
    joined = attach(network, homes.rename(columns={"dwelling_id": "id"}))
    tables = [findings_table(findings)]
    pairs = [(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))]
    for is_ground in (True, False):
        names = [name for name in _asked(demands) if facility_types()[name].is_ground == is_ground]
        here = [row for row, of in enumerate(supplies) if not set(of).isdisjoint(names)]
        places = spaces[spaces["space_id"].isin(options["space_id"].iloc[here])]
        if len(places):
            places = attach(network, places.rename(columns={"space_id": "id"}), is_ground=is_ground)
            tables.append(places.findings("spaces"))
            walks = _Walks(network, joined, places, circles.walker, options, supplies, demands)
            pairs += walks.pairs(names, longest_min)
    demand, option, minutes = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.lexsort((option, minutes, demand))
    findings_of = join_findings(tables).drop_duplicates(["layer", "feature_id", "column", "code"])
    return Benefits(
        options=options,
        supplies=supplies,
        demands=demands,
        demand=demand[order],
        option=option[order],
        minutes=minutes[order],
        unknown_count=unknown_count,
        findings=findings_of.reset_index(drop=True),
    )


def _asked(demands: pd.DataFrame) -> list[str]:
    return sorted(set(demands["facility_type"]))


@dataclass(frozen=True)
class _Walks:
    """Walks from dwellings to spaces of one sort, grounds or not; one search serves all types."""

    network: WalkNetwork
    homes: Attachments
    places: Attachments
    walker: Walker
    options: pd.DataFrame
    supplies: tuple[tuple[str, ...], ...]
    demands: pd.DataFrame

    def pairs(self, names: list[str], longest_min: float) -> list[tuple[Indices, Indices, Numbers]]:
        """Pair the demands of each type with the options that supply it."""
        tiers = self.demands.groupby("facility_type")["tier_min"].first()
        limits = {name: max(float(tiers[name]), longest_min) for name in names}
        found = reached_pairs(
            self.network,
            self.homes,
            self.places,
            limit_m=max(limits.values()) * self.walker.speed_m_min,
            walker=self.walker,
        )
        minutes = found.distance_m / self.walker.speed_m_min
        home_of = pd.Index(self.homes.place_ids).get_indexer(pd.Index(self.demands["dwelling_id"]))
        place_of = pd.Index(self.places.place_ids).get_indexer(pd.Index(self.options["space_id"]))
        every = np.arange(len(self.places))
        parts = []
        for name, limit in limits.items():
            rows = np.flatnonzero((self.demands["facility_type"] == name).to_numpy())
            demand_of = np.full(len(self.homes), -1, dtype=np.intp)
            demand_of[home_of[rows]] = rows
            chosen = np.array([row for row, of in enumerate(self.supplies) if name in of], dtype=np.intp)
            low, high = (np.searchsorted(place_of[chosen], every, side=side) for side in _SIDES)
            near = np.flatnonzero((demand_of[found.origin] >= 0) & (minutes <= limit * (1 + TOLERANCE)))
            to = found.destination[near]
            count = high[to] - low[to]
            parts.append(
                (
                    np.repeat(demand_of[found.origin[near]], count),
                    chosen[ranges(low[to], high[to])],
                    np.repeat(minutes[near], count),
                )
            )
        return parts
