"""Indicators of every block and of the town: one small function each, declared in ``indicators.toml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks import (
    circles,
    estates,
    fabric,
    greenery,
    places,
    stock,
    streets,
    townscape,
    urban_rural,
    vitality,
)
from fengmao_geo.blocks.case import Case, areas_of
from fengmao_geo.blocks.needs import lacking, settling
from fengmao_geo.standards.indicators import STATES, indicator_file
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from fengmao_geo.results import Results
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["block_indicators", "indicator_rows", "measure"]

#: The module of each group; its functions have the names of its indicators.
_MODULES: dict[str, ModuleType] = {
    "circles": circles,
    "greenery": greenery,
    "places": places,
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

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> found = block_indicators(fg.Results(fg.sample_town()))
    >>> found[found["indicator"] == "space_count"]["missing"].unique().tolist()
    ['spaces']
    """
    areas = areas_of(results.town)
    cases = {state: Case(results, state, areas) for state in STATES}
    if results.programme is None and results.planned is None:
        del cases["planned"]
    rows = [
        indicator_rows(cases[state], indicator)
        for indicator in indicator_file().indicators.values()
        for state in indicator.states
        if state in cases
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
    return _values(case, indicator, lacking(case, indicator))


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
    absent = lacking(case, indicator)
    values = _values(case, indicator, absent).to_numpy(dtype=float)
    is_unknown = np.isnan(values)
    wanted = np.full(len(values), ", ".join(absent), dtype=object)
    if is_unknown.any() and not absent:
        wanted = settling(case, indicator)
    rows: pd.DataFrame = case.areas[["area_kind", "area_id", "area_name"]].assign(
        indicator=indicator.indicator,
        state=case.state,
        value=np.where(np.isinf(values), np.nan, values),
        missing=np.where(is_unknown, wanted, ""),
    )
    return rows


def _values(case: Case, indicator: Indicator, absent: tuple[str, ...]) -> pd.Series[float]:
    if absent:
        return case.area_m2 * np.nan
    function: Callable[[Case], pd.Series[float]] = getattr(_MODULES[indicator.group], indicator.indicator)
    return case.by_area(function(case), empty=np.nan)
