"""Indicators of every block and of the town: one small function each, declared in ``indicators.toml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks import (
    estates,
    fabric,
    greenery,
    stock,
    streets,
    townscape,
    urban_rural,
    vitality,
)
from fengmao_geo.blocks.case import Case, areas_of
from fengmao_geo.standards.indicators import STATES, indicator_file
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from fengmao_geo.results import Results
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["block_indicators", "indicator_rows", "measure"]

_MODULES: dict[str, ModuleType] = {
    "greenery": greenery,
    "stock": stock,
    "streets": streets,
    "vitality": vitality,
    "fabric": fabric,
    "estates": estates,
    "urban_rural": urban_rural,
    "townscape": townscape,
}


def block_indicators(results: Results) -> pd.DataFrame:
    """Measure every indicator of every block and of the town, in each state it differs in.

    Parameters
    ----------
    results
        What was computed; a step that was not run leaves its indicators unknown.

    Returns
    -------
    DataFrame
        The table ``indicators``. What is not known is missing, and ``missing`` says which layers, columns
        or steps would settle it; where the indicator has no meaning the value is missing and nothing would.
    """
    areas = areas_of(results.town)
    cases = {state: Case(results, state, areas) for state in STATES}
    rows = [
        indicator_rows(cases[state], indicator)
        for indicator in indicator_file().indicators.values()
        for state in indicator.states
        if state != "planned" or results.programme is not None
    ]
    return RESULTS["indicators"].check(pd.concat(rows, ignore_index=True))


def measure(case: Case, indicator: Indicator) -> pd.Series[float]:
    """Measure one indicator in one state.

    Parameters
    ----------
    case
        The results in that state.
    indicator
        The indicator.

    Returns
    -------
    Series
        A value per area by ``area_id``; missing where it is not known, `NOT_THERE` where it has no meaning.
    """
    if _lacking(case, indicator):
        return case.area_m2 * np.nan
    function: Callable[[Case], pd.Series[float]] = getattr(_MODULES[indicator.group], indicator.indicator)
    return case.by_area(function(case), empty=np.nan)


def indicator_rows(case: Case, indicator: Indicator) -> pd.DataFrame:
    """Measure one indicator in one state, and say what would settle what is not known.

    Parameters
    ----------
    case
        The results in that state.
    indicator
        The indicator.

    Returns
    -------
    DataFrame
        Rows of the table ``indicators``, one per area.
    """
    values = measure(case, indicator).to_numpy(dtype=float)
    # Of layers or columns of which any one would do, the first is asked for.
    asked = (need.partition(" | ")[0] for need in _lacking(case, indicator) or indicator.needs)
    wanted = ", ".join(asked)
    rows: pd.DataFrame = case.areas[["area_kind", "area_id", "area_name"]].assign(
        indicator=indicator.indicator,
        state=case.state,
        value=np.where(np.isinf(values), np.nan, values),
        missing=np.where(np.isnan(values), wanted, ""),
    )
    return rows


def _lacking(case: Case, indicator: Indicator) -> tuple[str, ...]:
    """Name what an indicator needs and the town or the results do not have."""
    return tuple(
        need for need in indicator.needs if not any(_has(case, either) for either in need.split(" | "))
    )


def _has(case: Case, need: str) -> bool:
    layer, _, column = need.partition(".")
    if hasattr(case.results, layer):
        return getattr(case.results, layer) is not None
    if layer not in case.town:
        return False
    return not column or (column in case.town[layer].columns and bool(case.town[layer][column].notna().any()))
