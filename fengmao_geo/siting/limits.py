"""The limits of a choice, written as sums over options, and their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.siting.problem import Limit

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.siting.rules import Said, SiteRules

__all__ = ["limits_of"]


def limits_of(
    options: pd.DataFrame, rules: SiteRules, *, budget_wan: float | None, count: int | None
) -> list[tuple[Limit, Said]]:
    """Write the limits as sums over options, each with its words.

    Parameters
    ----------
    options
        What may be built: ``space_id, use, block_id, cost_wan``.
    rules
        What the planner says beforehand.
    budget_wan
        The budget; ``None`` for none.
    count
        How many sites at most; ``None`` for any number.

    Returns
    -------
    list of tuple
        The limit, and its words: a name in the group ``programme`` of ``messages.toml`` and its values.
    """
    found: list[tuple[Limit, Said]] = []
    if budget_wan is not None:
        cost = options["cost_wan"].to_numpy(dtype=float)
        found.append((Limit("budget", cost, high=budget_wan), ("budget", {"budget_wan": budget_wan})))
    if count is not None:
        found.append((Limit("count", np.ones(len(options)), high=count), ("count", {"count": count})))
    supplies = {use: kind.supplies for use, kind in rules.known_uses().items()}
    for at, bound in enumerate(rules.limits):
        said = {"what": bound.what, "count": bound.count}
        weight = bound.applies(options, supplies).astype(float)
        found.append((Limit(f"limits {at}", weight, high=bound.count), ("at_most", said)))
    for at, bound in enumerate(rules.require):
        is_of = bound.applies(options, supplies)
        fitting = options["space_id"][is_of].nunique()
        said = {"what": bound.what, "count": bound.count, "fitting": fitting}
        limit = Limit(f"require {at}", is_of.astype(float), low=bound.count)
        found.append((limit, ("at_least", said)))
    for at, fixed in enumerate(rules.fixed_in):
        space, use = (fixed, None) if isinstance(fixed, str) else fixed
        is_it = ((options["space_id"] == space) & (use is None or options["use"] == use)).to_numpy(dtype=bool)
        what = space if use is None else f"{space} / {use}"
        limit = Limit(f"fixed_in {at}", is_it.astype(float), low=1)
        found.append((limit, ("fixed_in", {"what": what, "fitting": int(is_it.sum())})))
    return found
