"""The programme: which spaces become what, how good that is, and what comes next to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.siting.benefit import benefits, options_of
from fengmao_geo.siting.case import Case
from fengmao_geo.siting.faults import absent_places, asked_faults
from fengmao_geo.siting.greedy import in_order
from fengmao_geo.siting.limits import limits_of
from fengmao_geo.siting.outcome import gained_table, listed_table, served_rows, site_table, unserved_table
from fengmao_geo.siting.rules import SiteRules
from fengmao_geo.siting.standing import crowded_homes
from fengmao_geo.standards.files import Faults
from fengmao_geo.tables import RESULTS, Programme, table

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.siting.benefit import Benefits
    from fengmao_geo.siting.case import Best
    from fengmao_geo.siting.demand import Circles
    from fengmao_geo.siting.rules import Said
    from fengmao_geo.town.town import Town

__all__ = ["choose_sites"]


def choose_sites(
    town: Town,
    network: WalkNetwork,
    spaces: gpd.GeoDataFrame,
    circles: Circles,
    *,
    budget_wan: float | None = None,
    count: int | None = None,
    objective: Literal["people", "everyone", "fairest"] = "people",
    rules: SiteRules | None = None,
) -> Programme:
    """Choose which spaces become what, so that most people newly reach what they lack, within a budget.

    Options are the uses that fit. Who reaches a type today within its tier is served already, unless
    capacities count and what stands is full; who may or may not is unknown: neither is counted. Nobody is
    newly served twice with the same type. A mixed-integer programme is solved by HiGHS; how much better a
    programme might be is reported as its gap.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    spaces
        The table ``spaces``.
    circles
        Its life circles: what is asked for, within which tier, and who reaches it.
    budget_wan
        The budget in 10,000 yuan; none by default. Costs are proposals to compare options.
    count
        How many sites at most; any number by default.
    objective
        ``people``: most people newly served, type by type, weighted; ``everyone``: all who can be served, at
        least cost; ``fairest``: the shortest worst walk, of those whom some option brings nearer, and of
        equally short ones the least mean.
    rules
        What the planner says beforehand.

    Returns
    -------
    Programme
        Sites, whom they serve, what was only listed, alternatives, a greedy answer, gap and status in words.
        Where nothing is possible or to be done it is empty and says why.

    Raises
    ------
    UsageError
        If objective, budget or count are wrong, or rules name spaces or blocks that are not there; it names
        every fault at once.
    TableError
        If the spaces are not as declared.
    """
    said = rules or SiteRules()
    spaces = table("spaces").check(spaces).sort_values("space_id", ignore_index=True)
    _refuse_faults(town, spaces, objective, budget_wan, count, said)
    with tqdm(total=3 + said.alternatives_count, delay=2, disable=None, leave=False) as progress:
        options = options_of(spaces, said)
        bounds = limits_of(options, said, budget_wan=budget_wan, count=count)
        longest_min = circles.minutes[-1] if objective == "fairest" else 0.0
        crowded = crowded_homes(town, network, circles, said)
        found = benefits(network, spaces, circles, options, said, crowded=crowded, longest_min=longest_min)
        progress.update()
        case = Case.of(objective, found, said, bounds, circles)
        best = case.best()
        progress.update()
        nothing = () if best.options is not None and len(case.kept) else _why_nothing(spaces, options, found)
        programme = _programme(case, best, spaces, circles, nothing)
        progress.update()
        return replace(programme, alternatives=case.alternatives(best, progress))


def _refuse_faults(
    town: Town,
    spaces: gpd.GeoDataFrame,
    objective: str,
    budget_wan: float | None,
    count: int | None,
    rules: SiteRules,
) -> None:
    """Refuse arguments that mean nothing, and rules about what is not there, all at once."""
    faults = asked_faults(objective=objective, budget_wan=budget_wan, count=count)
    if objective == "fairest":
        named = [name for name in ("capacity_people", "standing_capacity_types") if getattr(rules, name)]
        faults += [("site_capacity", {"place": f"rules.{name}"}) for name in named]
    faults += absent_places(rules, town, spaces)
    if faults:
        raise UsageError("site_rules", faults=Faults(faults))


def _why_nothing(spaces: gpd.GeoDataFrame, options: pd.DataFrame, found: Benefits) -> tuple[Said, ...]:
    """Say what is missing where there is nothing to choose."""
    if spaces.empty:
        return (("no_spaces", {}),)
    if options.empty:
        return (("no_options", {}),)
    return (("no_demand", {}),) if not len(found.demand) else ()


def _programme(
    case: Case, best: Best, spaces: gpd.GeoDataFrame, circles: Circles, nothing: tuple[Said, ...]
) -> Programme:
    found, rules = case.found, case.rules
    chosen = best.options if best.options is not None else np.zeros(0, dtype=np.intp)
    order = case.kept[in_order(case.problem, chosen)]
    served = served_rows(found, rules, case.kept[chosen], circles)
    unserved = unserved_table(found, served)
    is_considered = np.zeros(len(found.options), dtype=bool)
    is_considered[case.kept] = True
    objective = case.objective(chosen) if best.options is not None else None
    reasons = [*nothing, *best.reasons]
    if circles.people_basis != "people":
        reasons.insert(0, (f"basis_{circles.people_basis}", {}))
    if case.aim == "fairest" and objective is not None and objective >= case.longest_min:
        objective, reasons = None, [*reasons, ("beyond", {"minutes": case.longest_min})]
    if not unserved["is_coverable"].all():
        people = float(unserved["people"][~unserved["is_coverable"]].sum())
        reasons.append(("some_left", {"people": people}))
    if found.crowded_people:
        reasons.append(("crowded", {"people": found.crowded_people}))
    if found.unknown_count:
        reasons.append(("unknown_demand", {"count": found.unknown_count}))
    is_idle = best.options is not None and not len(case.kept)
    return Programme(
        sites=site_table(spaces, found.options, order, served),
        served=RESULTS["served"].check(served[list(RESULTS["served"].names)]),
        gained=gained_table(served),
        unserved=unserved,
        listed=listed_table(found.options, rules, circles, is_considered),
        greedy=case.greedy_table(),
        aim=case.aim,
        objective=objective,
        gap=None if np.isnan(best.gap_share) else best.gap_share,
        status="nothing_to_do" if is_idle else best.status,
        reasons=tuple(reasons),
        people_basis=circles.people_basis,
        findings=found.findings,
    )
