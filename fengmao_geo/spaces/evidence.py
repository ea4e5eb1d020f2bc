"""Which buildings are idle, how sure that is, and by what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.spaces.inventory import column_of, pairs
from fengmao_geo.standards.load import field_names

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds

    Flags = NDArray[np.bool_]

__all__ = ["EVIDENCE_COLUMNS", "evidence_findings", "idleness"]

#: Columns that can show that a building is idle.
EVIDENCE_COLUMNS = ("status", "electricity_kwh", "lease")

_ACTIVITY_COLUMNS = ("people", "household_count")
_DWELLING_USES = ("residential", "mixed")


def evidence_findings(buildings: gpd.GeoDataFrame) -> list[Finding]:
    """List the columns of evidence that the buildings do not have.

    Parameters
    ----------
    buildings
        The layer.

    Returns
    -------
    list of Finding
        One for all where there is none, else one per column that is absent.
    """
    tried = {
        name: ", ".join(field_names().names_tried("buildings", name))
        for name in EVIDENCE_COLUMNS
        if name not in buildings.columns
    }
    if len(tried) == len(EVIDENCE_COLUMNS):
        values = {"columns": ", ".join(tried), "tried": ", ".join(tried.values())}
        return [Finding("idle_unknown", "buildings", values=values)]
    return [
        Finding("idle_column_absent", "buildings", column=name, values={"columns": name, "tried": names})
        for name, names in tried.items()
    ]


def idleness(buildings: gpd.GeoDataFrame, *, kinds: SpaceKinds) -> pd.DataFrame:
    """Judge each building.

    Idle is claimed on evidence alone: a survey's status, next to no electricity, a lease that ended. Where
    people, a lease or electricity speak against a status, or a status against electricity, it is suspected
    only; a lease that ended then says nothing. Where nothing is known, a dwelling without people and
    households among neighbours that have them is suspected.

    Parameters
    ----------
    buildings
        The layer.
    kinds
        The kinds of space, for their thresholds.

    Returns
    -------
    DataFrame
        Per building, on the same index: ``certainty`` (certain, suspected; missing where it is not idle or
        nothing is known), ``rule``, ``evidence``, ``is_used`` (something speaks against it), and
        ``by_status``, ``by_electricity``, ``by_lease``: what speaks for idleness.
    """
    facts = _facts(buildings, kinds)
    known = facts[["for_status", "low", "ended", "against"]].to_numpy(dtype=bool).any(axis=1)
    share = _neighbour_share(buildings, _is_quiet(buildings, kinds) & ~known, kinds)
    quiet = share >= kinds.figure("neighbour_share", "idle_house")
    strong = (facts["for_status"] | facts["low"]).to_numpy()
    against, ended = facts["against"].to_numpy(), facts["ended"].to_numpy()
    certain = (strong | ended) & ~against
    rule = np.select(
        [facts["for_status"], facts["low"], ended, quiet],
        ["status=idle", facts["low_rule"], "lease=ended", _quiet_rule(kinds)],
        default="",
    )
    words = np.select([certain, (strong & against) | quiet], ["certain", "suspected"], default="")
    certainty = pd.Series(words, index=buildings.index, dtype=object).where(words != "", np.nan)
    evidence = _evidence(buildings, share)
    is_idle = certainty.notna()
    return pd.DataFrame(
        {
            "certainty": certainty,
            "rule": pd.Series(rule, index=buildings.index, dtype=object).where(is_idle, ""),
            "evidence": pd.Series(evidence, index=buildings.index, dtype=object).where(is_idle, ""),
            "is_used": facts["against"],
            "by_status": facts["for_status"],
            "by_electricity": facts["low"],
            "by_lease": facts["ended"],
        }
    )


def _evidence(buildings: gpd.GeoDataFrame, neighbour_share: NDArray[np.float64]) -> list[str]:
    seen = {name: column_of(buildings, name, is_text=name != "electricity_kwh") for name in EVIDENCE_COLUMNS}
    seen |= {name: column_of(buildings, name) for name in _ACTIVITY_COLUMNS}
    seen["neighbour_share"] = pd.Series(neighbour_share, index=buildings.index).round(3)
    return pairs(seen, count=len(buildings))


def _facts(buildings: gpd.GeoDataFrame, kinds: SpaceKinds) -> pd.DataFrame:
    """Say of each building what speaks for idleness and whether anything speaks against it."""
    is_works = column_of(buildings, "use", is_text=True).isin(kinds.kinds["idle_factory"].uses)
    limits = [kinds.figure("electricity_kwh", kind) for kind in ("idle_factory", "idle_house")]
    limit_kwh = pd.Series(np.where(is_works, *limits), index=buildings.index)
    status, lease = (column_of(buildings, name, is_text=True) for name in ("status", "lease"))
    kwh = column_of(buildings, "electricity_kwh")
    against = (status == "in_use") | (kwh > limit_kwh) | lease.isin(["let", "own"]) | _has_people(buildings)
    rules = [f"electricity_kwh<={limit:g}" for limit in limits]
    return pd.DataFrame(
        {
            "for_status": status == "idle",
            "low": kwh <= limit_kwh,
            "ended": lease == "ended",
            "against": against,
            "low_rule": np.where(is_works, *rules),
        }
    )


def _has_people(buildings: gpd.GeoDataFrame) -> pd.Series:
    people, households = (column_of(buildings, name) for name in _ACTIVITY_COLUMNS)
    return (people > 0) | (households > 0)


def _quiet_rule(kinds: SpaceKinds) -> str:
    return f"people=0;neighbour_share>={kinds.figure('neighbour_share', 'idle_house'):g}"


def _is_quiet(buildings: gpd.GeoDataFrame, kinds: SpaceKinds) -> Flags:
    """Say which dwellings have neither people nor households recorded, where the town records any."""
    if not set(_ACTIVITY_COLUMNS) & set(buildings.columns):
        return np.zeros(len(buildings), dtype=bool)
    is_dwelling = column_of(buildings, "use", is_text=True).isin(_DWELLING_USES)
    is_house = shapely.area(buildings.geometry.to_numpy()) >= kinds.figure("area_m2", "idle_house")
    return np.asarray((is_dwelling & ~_has_people(buildings)).to_numpy() & is_house, dtype=np.bool_)


def _neighbour_share(buildings: gpd.GeoDataFrame, quiet: Flags, kinds: SpaceKinds) -> NDArray[np.float64]:
    """Share of a quiet dwelling's neighbours that have people; unknown where there are too few."""
    share = np.full(len(buildings), np.nan)
    others = np.flatnonzero(column_of(buildings, "use", is_text=True).isin(_DWELLING_USES))
    rows = np.flatnonzero(quiet)
    middles = shapely.centroid(buildings.geometry.to_numpy())
    of, hit = shapely.STRtree(middles[others]).query(
        middles[rows], predicate="dwithin", distance=kinds.figure("neighbour_m", "idle_house")
    )
    of, hit = of[rows[of] != others[hit]], others[hit[rows[of] != others[hit]]]
    count = np.bincount(of, minlength=len(rows))
    lived = np.bincount(of, weights=_has_people(buildings).to_numpy(dtype=float)[hit], minlength=len(rows))
    is_enough = count >= kinds.figure("neighbour_count", "idle_house")
    share[rows[is_enough]] = lived[is_enough] / count[is_enough]
    return share
