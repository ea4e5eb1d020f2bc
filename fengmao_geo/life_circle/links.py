"""Which footbridge or gate of the planner's candidates serves most people anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import shapely
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.life_circle.compare import KEYS, people_changes
from fengmao_geo.life_circle.coverage import FULL_SET, coverage_table, people_rows
from fengmao_geo.life_circle.reach import are_joined, statuses
from fengmao_geo.life_circle.tiers import Tiers
from fengmao_geo.life_circle.walks import furthest_m, walks_of
from fengmao_geo.network.attach import carry
from fengmao_geo.network.gates import open_gates
from fengmao_geo.network.scenario import LINK_KINDS, with_links
from fengmao_geo.network.service_area import check_minutes
from fengmao_geo.network.stretches import boundary_distances
from fengmao_geo.network.travel import nearest_pairs
from fengmao_geo.standards.load import catalogue as load_catalogue
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.tables import GROUP_COLUMNS, RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.life_circle.walks import Walks
    from fengmao_geo.network.attach import Attachments
    from fengmao_geo.network.scenario import LinkKind
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Catalogue, CatalogueEntry, Walker
    from fengmao_geo.town.town import Town

__all__ = ["best_links"]

_UNJOINED = {"link_end_open", "link_empty", "gate_opens_nothing", "gate_without_street"}


def best_links(
    town: Town,
    network: WalkNetwork,
    candidates: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float] = (5, 15),
    catalogue: str | Path = "township",
    walker: str | Walker = "standard",
) -> pd.DataFrame:
    """Rank a planner's candidate footbridges, streets and gates by the people that each serves anew.

    Each candidate is tried by itself. Homes and facilities are joined to the streets once; for each candidate
    only what lies within the longest walk of it is searched again. The figures are those of `compare`.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    candidates
        Lines to be laid and points on outlines of compounds where gates would open, with any of ``id``,
        ``kind`` (footbridge, the default of lines; street, path), ``cost_wan``.
    minutes
        The circles.
    catalogue
        A shipped catalogue or the path of one's own.
    walker
        Who walks: a name from ``walkers.toml``, a path, or a record.

    Returns
    -------
    DataFrame
        ``candidate_id, kind, is_joined`` (whether all its ends met a street), ``limit_min`` (minutes),
        ``facility_type`` (and ``full_set``), ``group, gained_people, cost_wan, gained_people_per_wan, rank``
        (by people) and ``rank_per_wan``, missing without a cost; by circle, type and rank.

    Raises
    ------
    UsageError
        If candidates are wrong as `with_links` and `open_gates` say, ids repeat, or a cost is not above 0.
    """
    limits, who, asked = check_minutes(minutes), load_walker(walker), load_catalogue(catalogue)
    table = _candidate_table(candidates)
    walks = walks_of(town, network, limits=limits, catalogue=asked, walker=who, with_straight=False)
    trial = _Trial(network, walks, limits, asked, who)
    found = [
        trial.gains(candidates.iloc[[row]], kind).assign(candidate_id=name)
        for row, name, kind in tqdm(
            zip(table["row"], table["candidate_id"], table["kind"], strict=True),
            total=len(table),
            delay=2,
            disable=None,
            leave=False,
        )
    ]
    if not found:
        nothing = trial.nothing()[:0]
        found = [nothing.assign(candidate_id=np.zeros(0, dtype=object), is_joined=np.zeros(0, dtype=bool))]
    return _ranked(pd.concat(found, ignore_index=True), table)


def _candidate_table(candidates: gpd.GeoDataFrame) -> pd.DataFrame:
    """Name each candidate, say what it is and what it costs."""
    shapes = candidates.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == 0
    ids = candidates["id"] if "id" in candidates.columns else pd.Series(candidates.index)
    kind = pd.Series(np.where(is_point, "gate", LINK_KINDS[0]).astype(object))
    if "kind" in candidates.columns:
        kind = candidates["kind"].reset_index(drop=True).where(candidates["kind"].notna().to_numpy(), kind)
    known = np.where(is_point, kind == "gate", kind.isin(LINK_KINDS))
    if not known.all():
        raise UsageError("link_kind", value=kind[~known].iloc[0], known=", ".join((*LINK_KINDS, "gate")))
    cost = (
        candidates["cost_wan"].to_numpy(dtype=float)
        if "cost_wan" in candidates.columns
        else np.full(len(candidates), np.nan)
    )
    if (cost <= 0).any():
        raise UsageError("cost_not_positive", value=float(np.nanmin(cost)))
    table = pd.DataFrame(
        {
            "row": np.arange(len(candidates)),
            "candidate_id": ids.astype("str").to_numpy(dtype=object),
            "kind": kind.to_numpy(dtype=object),
            "cost_wan": cost,
        }
    )
    again = table["candidate_id"][table["candidate_id"].duplicated()]
    if len(again):
        raise UsageError("link_ids_repeat", ids=", ".join(again[:5]))
    return table.sort_values("candidate_id", kind="stable", ignore_index=True)


class _Trial:
    """What is known before anything is laid, and the search for what one candidate changes."""

    def __init__(
        self,
        network: WalkNetwork,
        walks: Walks,
        limits: tuple[float, ...],
        catalogue: Catalogue,
        walker: Walker,
    ) -> None:
        self.network, self.walks, self.limits, self.walker = network, walks, limits, walker
        self.limit_m = furthest_m(catalogue, limits[-1], walker)

    def nothing(self) -> pd.DataFrame:
        """Give every circle and type with nobody gained; missing where nobody was counted."""
        people = self.walks.homes.table
        asked = [(entry.tier_min, entry.facility_type, entry.group) for entry in self.walks.entries]
        rows = [
            (limit, kind, group, 0.0 if people[GROUP_COLUMNS[group]].notna().any() else np.nan)
            for limit in self.limits
            for tier_min, kind, group in [*asked, (0.0, FULL_SET, "everyone")]
            if tier_min <= limit
        ]
        return pd.DataFrame(rows, columns=[*KEYS[1:], "gained_people"])

    def gains(self, candidate: gpd.GeoDataFrame, kind: str) -> pd.DataFrame:
        """Count the people served anew, by circle and type."""
        if kind == "gate":
            after = open_gates(self.network, candidate)
        else:
            after = with_links(self.network, candidate, kind=cast("LinkKind", kind))
        new = after.found[len(self.network.found) :]
        is_joined = not _UNJOINED & {finding.code for finding in new}
        near = self._near(self.walks.homes.table.geometry.to_numpy(), candidate)
        before, now = self._reach(after, candidate, near)
        homes = self.walks.homes.table
        homes = homes[homes["dwelling_id"].isin(before["dwelling_id"])]
        changes = people_changes(self._people(before, homes), self._people(now, homes))
        found = changes.groupby(KEYS[1:])["gained_people"].sum().rename("found").reset_index()
        rows = self.nothing().merge(found, how="left", on=KEYS[1:])
        gained = rows["gained_people"] + rows["found"].fillna(0.0)
        return rows.assign(gained_people=gained, is_joined=is_joined).drop(columns="found")

    def _near(self, shapes: NDArray[np.object_], candidate: gpd.GeoDataFrame) -> NDArray[np.bool_]:
        """Say what lies within the longest walk of a candidate; a leg may begin off a ground's outline."""
        reach_m = self.limit_m + 2 * self.walks.homes.attachments.max_leg_m
        where = shapely.union_all(candidate.geometry.to_numpy())
        return np.asarray(shapely.dwithin(shapes, where, reach_m), dtype=bool)

    def _reach(
        self, after: WalkNetwork, candidate: gpd.GeoDataFrame, near: NDArray[np.bool_]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Find what homes reach before and after, for those to which anything has come nearer."""
        homes = carry(self.walks.homes.attachments.take(near), self.network, after)
        entries = self.walks.entries
        minutes = np.full((len(entries), len(homes)), np.nan)
        for row, entry in enumerate(entries):
            there = self.walks.places.get(entry.facility_type)
            if there is not None:
                places = there.attachments.take(self._near(there.shapes, candidate))
                minutes[row] = self._minutes(after, homes, carry(places, self.network, after), entry)
        before = self.walks.reach[np.tile(near, len(entries))]
        old = before["travel_min"].to_numpy(dtype=float).reshape(minutes.shape)
        has_gained = ((minutes < old) | (np.isnan(old) & ~np.isnan(minutes))).any(axis=0)
        rows = np.tile(has_gained, len(entries))
        before, homes = before[rows], homes.take(has_gained)
        travel_min = np.fmin(old, minutes)[:, has_gained].ravel()
        doubt = np.fmin(before["doubt_min"].to_numpy(dtype=float), self._doubt(after, homes, len(entries)))
        status = statuses(travel_min, doubt, self.limits[-1])
        return before, before.assign(travel_min=travel_min, doubt_min=doubt, status=status)

    def _minutes(
        self, after: WalkNetwork, homes: Attachments, places: Attachments, entry: CatalogueEntry
    ) -> NDArray[np.float64]:
        minutes = np.full(len(homes), np.nan)
        if len(places):
            limit_m = max(self.limits[-1] * self.walker.speed_m_min, entry.standard_m or 0.0)
            pairs = nearest_pairs(after, homes, places, limit_m=limit_m, walker=self.walker)
            minutes[pairs.origin] = pairs.distance_m / self.walker.speed_m_min
        return minutes

    def _doubt(self, after: WalkNetwork, homes: Attachments, count: int) -> NDArray[np.float64]:
        """Minutes from which homes may reach what lies beyond the extent, once for each type."""
        beyond_m = boundary_distances(after, homes, limit_m=self.limit_m, walker=self.walker)
        doubt = beyond_m / self.walker.speed_m_min
        return np.tile(np.where(are_joined(after, homes, self.walker), doubt, 0.0), count)

    def _people(self, reach: pd.DataFrame, homes: gpd.GeoDataFrame) -> pd.DataFrame:
        tiers = Tiers(reach, self.walks.types, self.limits, self.walker.speed_m_min)
        return people_rows(tiers, coverage_table(tiers, homes), homes)


def _ranked(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Rank by people, then by people for the money; of equals the cheaper, then the first by id."""
    rows = rows.merge(table.drop(columns="row"), on="candidate_id")
    rows = rows.assign(gained_people_per_wan=rows["gained_people"] / rows["cost_wan"])
    keys = ["limit_min", "facility_type"]
    for rank, by in (("rank_per_wan", "gained_people_per_wan"), ("rank", "gained_people")):
        rows = rows.sort_values(
            [*keys, by, "cost_wan", "candidate_id"], ascending=[True, True, False, True, True], kind="stable"
        )
        rows[rank] = rows.groupby(keys).cumcount() + 1
    rows["rank_per_wan"] = rows["rank_per_wan"].astype(float).where(rows["gained_people_per_wan"].notna())
    return RESULTS["best_links"].check(rows[list(RESULTS["best_links"].names)].reset_index(drop=True))
