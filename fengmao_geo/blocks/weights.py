"""Means over what lies in each area, known only where enough of it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fengmao_geo.blocks.case import Case

__all__ = ["area_mean", "area_sum", "ratio", "where_known"]


def area_sum(case: Case, area_id: pd.Series[str], values: ArrayLike) -> pd.Series[float]:
    """Add values up by area.

    Parameters
    ----------
    case
        What is measured on.
    area_id
        The area of each value.
    values
        One number per row; missing ones count as nothing.

    Returns
    -------
    Series
        A sum per area; 0 where it has no row.
    """
    rows = pd.Series(np.asarray(values, dtype=float)).groupby(area_id.to_numpy(dtype=object)).sum()
    return case.by_area(rows)


def ratio(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """Divide by area; where there is nothing to divide by there is no such thing.

    Parameters
    ----------
    part, whole
        By area.

    Returns
    -------
    Series
        ``part / whole``, `NOT_THERE` where the whole is nothing.
    """
    return (part / whole.where(whole > 0)).where(whole > 0, NOT_THERE)


def where_known(
    case: Case, values: pd.Series[float], area_id: pd.Series[str], *, weights: ArrayLike, is_known: ArrayLike
) -> pd.Series[float]:
    """Keep values of areas where enough of what they are taken over is known (``known_share``).

    Parameters
    ----------
    case
        What is measured on.
    values
        A value per area.
    area_id
        The area of each row.
    weights
        What each row counts.
    is_known
        Whether the row is known.

    Returns
    -------
    Series
        The values, missing where less is known; an area without rows lacks nothing.
    """
    weight = np.asarray(weights, dtype=float)
    total = area_sum(case, area_id, weight)
    known = area_sum(case, area_id, weight * np.asarray(is_known, dtype=bool))
    least = indicator_file().figure("known_share")
    return values.where((total == 0) | (known >= least * total * (1 - 1e-9)))


def area_mean(
    case: Case, area_id: pd.Series[str], values: ArrayLike, *, weights: ArrayLike
) -> pd.Series[float]:
    """Take the weighted mean of the values that are known, by area.

    Parameters
    ----------
    case
        What is measured on.
    area_id
        The area of each value.
    values
        One number per row, missing where it is not known.
    weights
        What each counts.

    Returns
    -------
    Series
        A mean per area: missing where less than ``known_share`` of the weight is known, `NOT_THERE` where
        there is nothing to take a mean of.
    """
    value, weight = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    is_known = ~np.isnan(value)
    known = area_sum(case, area_id, weight * is_known)
    mean = area_sum(case, area_id, np.where(is_known, value, 0.0) * weight) / known.where(known > 0)
    mean = mean.where(area_sum(case, area_id, weight) > 0, NOT_THERE)
    return where_known(case, mean, area_id, weights=weight, is_known=is_known)
