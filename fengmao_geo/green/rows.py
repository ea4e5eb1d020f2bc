"""Values of indicators as rows of the table ``green_values``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

__all__ = ["boundary_words", "indicator_rows", "value_rows"]

_AREA = ("area_kind", "area_id", "area_name")


def boundary_words(town: Town) -> str:
    """Say what the boundary of the built-up area is, and of which year.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    str
        Basis and year; what is not stated is left out.
    """
    year = town.settings.boundary_year
    return " ".join(
        part for part in (town.settings.boundary_basis, "" if year is None else str(year)) if part
    )


def indicator_rows(
    town: Town, areas: gpd.GeoDataFrame, values: Mapping[tuple[str, str, str], NDArray[np.float64]]
) -> pd.DataFrame:
    """Write indicators as long rows.

    Parameters
    ----------
    town
        The town, for what its boundary is.
    areas
        Areas: ``area_kind, area_id, area_name, geometry``.
    values
        By indicator, rule set and way of measuring (empty where there is none), one value for each area; NaN
        is unknown.

    Returns
    -------
    DataFrame
        The table ``green_values``, area by area in their order.
    """
    keys = np.tile(np.array([*values], dtype=object).reshape(-1, 3), (len(areas), 1))
    rows = {name: np.repeat(areas[name].to_numpy(dtype=object), len(values)) for name in _AREA}
    rows |= dict(zip(("indicator", "rule_set", "by"), keys.T, strict=True))
    value = np.array([*values.values()], dtype=float).reshape(len(values), len(areas)).T.ravel()
    table = pd.DataFrame(rows).assign(value=value, boundary=boundary_words(town))
    return RESULTS["green_values"].check(table)


def value_rows(
    town: Town, areas: gpd.GeoDataFrame, values: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Write indicators that have neither rule set nor ways of measuring as long rows.

    Parameters
    ----------
    town
        The town.
    areas
        Areas: ``area_kind, area_id, area_name, geometry``.
    values
        By indicator, one value for each area; NaN is unknown.

    Returns
    -------
    DataFrame
        The table ``green_values``, area by area in their order.
    """
    return indicator_rows(town, areas, {(name, "", ""): value for name, value in values.items()})
