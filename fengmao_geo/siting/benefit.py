"""Who would be newly served by what: options, the demands that stand today, and the walks between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from fengmao_geo.findings import findings_table, join_findings
from fengmao_geo.geo.lines import ranges
from fengmao_geo.network.attach import attach
from fengmao_geo.network.travel import TOLERANCE, reached_pairs
from fengmao_geo.siting.demand import demands_of
from fengmao_geo.siting.options import possible_uses
from fengmao_geo.siting.problem import Limit, Problem
from fengmao_geo.standards.load import facility_types

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.attach import Attachments
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.demand import Circles
    from fengmao_geo.siting.rules import SiteRules
    from fengmao_geo.siting.standing import Crowded
    from fengmao_geo.standards.records import Walker

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

__all__ = ["Benefits", "benefits", "options_of"]


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
        ``dwelling_id, facility_type, group, people, weight, left_share, tier_min, now_min``: who does not
        reach what within its tier today, or finds it full; ``left_share`` of those whom the type is for;
        ``now_min`` is missing beyond the largest circle.
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
    def crowded_people(self) -> float:
        """How many of them reach what stands and find it full, type by type."""
        demands = self.demands
        is_near = demands["now_min"] <= demands["tier_min"] * (1 + TOLERANCE)
        return float(demands["people"][is_near].sum())

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


def benefits(
    network: WalkNetwork,
    spaces: gpd.GeoDataFrame,
    circles: Circles,
    options: pd.DataFrame,
    rules: SiteRules,
    *,
    crowded: Crowded,
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
    crowded
        Who finds what stands full, from `crowded_homes`.
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
    demands, unknown_count, findings = demands_of(circles, supplied, rules, crowded=crowded.homes)
    homes = circles.dwellings[circles.dwellings["dwelling_id"].isin(demands["dwelling_id"])]
    joined = attach(network, homes.rename(columns={"dwelling_id": "id"}))
    tables = [findings_table([*findings, *crowded.findings])]
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
