"""What of a choice means nothing, or names what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.siting.rules import SiteRules
    from fengmao_geo.town.town import Town

    Fault = tuple[str, dict[str, Any]]

__all__ = ["absent_places", "asked_faults"]

_AIMS = ("people", "everyone", "fairest")


def asked_faults(
    *, objective: str = "people", budget_wan: float | None = None, count: float | None = None
) -> list[Fault]:
    """List what means nothing of what a choice is asked for.

    Parameters
    ----------
    objective, budget_wan, count
        As `choose_sites` takes them.

    Returns
    -------
    list of tuple
        A name in the group ``standard`` of ``messages.toml`` and its values.
    """
    faults: list[Fault] = []
    if objective not in _AIMS:
        faults.append(("site_objective", {"place": "objective", "found": objective}))
    if budget_wan is not None and not 0 <= budget_wan < np.inf:
        faults.append(("site_budget", {"place": "budget_wan", "found": budget_wan}))
    if count is not None and not (count >= 0 and count == int(count)):
        faults.append(("site_count", {"place": "count", "found": count}))
    return faults


def absent_places(rules: SiteRules, town: Town, spaces: gpd.GeoDataFrame) -> list[Fault]:
    """List the spaces and blocks that rules name and that are not there.

    Parameters
    ----------
    rules
        What the planner says beforehand.
    town
        The town, for its blocks.
    spaces
        The table ``spaces``.

    Returns
    -------
    list of tuple
        A name in the group ``standard`` of ``messages.toml`` and its values.
    """
    faults: list[Fault] = []
    ids = set(spaces["space_id"])
    for name in ("fixed_in", "fixed_out"):
        named = [one if isinstance(one, str) else one[0] for one in getattr(rules, name)]
        faults += [("site_space", {"place": name, "found": one}) for one in named if one not in ids]
    blocks = set(spaces["block_id"].dropna()) | (set(town["blocks"]["id"]) if "blocks" in town else set())
    for name in ("limits", "require"):
        named = [bound.block_id for bound in getattr(rules, name) if bound.block_id is not None]
        faults += [("site_block", {"place": name, "found": one}) for one in named if one not in blocks]
    return faults
