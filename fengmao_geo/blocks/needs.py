"""What an indicator needs: what of it is absent, and in which areas a column that is there is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fengmao_geo.tables import GROUP_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.blocks.case import Case
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["lacking", "settling"]

#: What other states take in place of what is needed now.
_IN_STATE: dict[str, dict[str, tuple[str, ...]]] = {
    "before": {"green": ("green_before",)},
    "now": {},
    "planned": {"circles": ("planned",), "gains": ("gains", "programme")},
}
_PEOPLE = {f"buildings.{column}": column for column in GROUP_COLUMNS.values()}
#: Units in which what stands for people will not do.
_OF_PEOPLE = ("people", "m2_per_person")


def lacking(case: Case, indicator: Indicator) -> tuple[str, ...]:
    """Name what an indicator needs and the town or the results do not have.

    Parameters
    ----------
    case
        The results in one state.
    indicator
        The indicator.

    Returns
    -------
    tuple of str
        Layers, columns and results, as the indicator names them for this state; of those any of which would
        do, the first.
    """
    return tuple(
        _said(case, options[0])
        for options in _needs(case, indicator)
        if not any(_has(case, option, indicator) for option in options)
    )


def settling(case: Case, indicator: Indicator) -> NDArray[np.object_]:
    """Name for each area what would settle a value that is not known though nothing needed is absent.

    Parameters
    ----------
    case
        The results in one state.
    indicator
        The indicator.

    Returns
    -------
    array of str, shape ``(areas,)``
        The columns that something in the area lacks; where none does, the layers and columns needed.
    """
    needs = [options for options in _needs(case, indicator) if not _is_result(case, options[0])]
    gaps = {
        _said(case, options[0]): np.all([_is_partial(case, of) for of in options], axis=0)
        for options in needs
    }
    default = ", ".join(gaps) or ", ".join(indicator.needs)
    named = [", ".join(need for need in gaps if gaps[need][row]) for row in range(len(case.areas))]
    return np.array([words or default for words in named], dtype=object)


def _needs(case: Case, indicator: Indicator) -> list[tuple[str, ...]]:
    """Split needs into what would do, and name each as the state has it."""
    found: list[tuple[str, ...]] = []
    for need in indicator.needs:
        options = [part.strip() for part in need.split("|")]
        layer, dot, column = options[0].partition(".")
        others = _IN_STATE[case.state].get(layer)
        found += [tuple(options)] if others is None else [(other + dot + column,) for other in others]
    return found


def _said(case: Case, need: str) -> str:
    """Name the column of people in the layer that this town's dwellings are of."""
    return f"{case.town.spread.dwelling_basis}.{_PEOPLE[need]}" if need in _PEOPLE else need


def _is_result(case: Case, need: str) -> bool:
    return hasattr(case.results, need)


def _has(case: Case, need: str, indicator: Indicator) -> bool:
    if need in ("circles", "planned"):
        circles, limit = case.circles, indicator.limit_min
        return circles is not None and (limit is None or limit in circles.minutes)
    if _is_result(case, need):
        return getattr(case.results, need) is not None
    if need in _PEOPLE:
        is_counted = case.people_basis == "people" or indicator.unit not in _OF_PEOPLE
        return is_counted and (case.homes.empty or bool(case.homes[_PEOPLE[need]].notna().any()))
    layer, _, column = need.partition(".")
    if layer not in case.town:
        return False
    frame = case.town[layer]
    return not column or frame.empty or (column in frame and bool(frame[column].notna().any()))


def _is_partial(case: Case, need: str) -> NDArray[np.bool_]:
    """Say in which areas something lacks a value of the column."""
    layer, _, column = need.partition(".")
    if need in _PEOPLE:
        rows, column = case.homes, _PEOPLE[need]
    elif not column or layer not in case.town or column not in case.town[layer]:
        return np.full(len(case.areas), bool(column))
    else:
        rows = case.placed(case.town[layer])
    return np.asarray(case.areas["area_id"].isin(rows[rows[column].isna()]["area_id"]), dtype=np.bool_)
