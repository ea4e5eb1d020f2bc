"""A town in a few numbers, to be compared with others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely

from fengmao_geo.standards.batch import headlines

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.results import Results

__all__ = ["headline"]

_M2_PER_HA = 10_000.0


def headline(results: Results) -> dict[str, float | None]:
    """Sum a town up.

    Parameters
    ----------
    results
        What was computed of it.

    Returns
    -------
    dict
        A number by each id of ``batch.toml``, in the unit stated there, of the town as a whole and as it is
        now; ``None`` where it is not known or has no meaning.
    """
    town = results.town
    told = _indicators(results.indicators)
    told["built_up_ha"] = float(shapely.union_all(town["built_up"].geometry.to_numpy()).area) / _M2_PER_HA
    if "blocks" in town:
        told["block_count"] = float(len(town["blocks"]))
    if results.circles is not None and results.circles.people_basis == "people":
        told["people"] = float(results.circles.dwellings["people"].sum())
    if results.block_scores is not None:
        scores = results.block_scores
        told["best_score"] = float(scores.loc[scores["state"] == "now", "score"].max())
    values = {one.headline: told.get(one.headline, math.nan) for one in headlines()}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _indicators(table: pd.DataFrame | None) -> dict[str, float]:
    if table is None:
        return {}
    of_town = table[(table["area_kind"] == "town") & (table["state"] == "now")]
    return dict(zip(of_town["indicator"], of_town["value"].astype(float), strict=True))
