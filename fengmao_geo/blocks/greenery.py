"""Indicators of green, each a value per area; what is not known is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.blocks.case import Case

__all__ = ["green_rate_share"]

_COLUMN = {"before": "before", "now": "after", "planned": "after"}


def green_rate_share(case: Case) -> pd.Series[float]:
    """Share of each area that is green, overlaps counted once."""
    return _gain_rows(case, "green_rate_share")


def _gain_rows(case: Case, indicator: str) -> pd.Series[float]:
    """Look a measured indicator of green up in the table ``green_gains``."""
    gains = case.results.gains
    if gains is None:
        return case.area_m2 * np.nan
    basis = "planned" if case.state == "planned" else "vector"
    rows = gains.gains[(gains.gains["indicator"] == indicator) & (gains.gains["basis"] == basis)]
    values = rows.set_index("area_id")[_COLUMN[case.state]]
    return case.by_area(values, empty=np.nan)
