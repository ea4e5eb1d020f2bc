"""A short table per block: people, the full set, single types, the worst gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.messages import Lang, text
from fengmao_geo.standards.load import facility_types

if TYPE_CHECKING:
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.results import Results

__all__ = ["is_least", "summary_table"]

_WORST = 3
# Columns of people, or of what weighs dwellings where nobody counted them.
_COUNTED = ("people", "full_set_people", "worst")
_FEW = 0.005


def summary_table(results: Results, *, lang: Lang = "zh") -> pd.DataFrame:
    """Sum up the life circles of each block and of the town, as people read them.

    Parameters
    ----------
    results
        With life circles.
    lang
        The language of heads and names.

    Returns
    -------
    DataFrame
        One row per block and circle, the town last: people, people with the full set and their share,
        the mean share over single types, the types most people lack. What is not known reads so.
    """
    circles = results.circles
    if circles is None:
        return pd.DataFrame()
    walked = circles.areas[circles.areas["by"] == "network"]
    rows = [
        _row(circles, walked, kind, area, limit, lang)
        for kind in ("block", "town")
        for area in _in_order(results, kind)
        for limit in circles.minutes
    ]
    heads = {name: text(f"summary.{_head(name, circles)}", lang=lang) for name in rows[0]} if rows else {}
    return pd.DataFrame(rows).rename(columns=heads)


def _head(name: str, circles: LifeCircles) -> str:
    """Name a column as what it counts: where nobody counted people, weights are no people."""
    if circles.people_basis == "people" or name not in _COUNTED:
        return name
    return f"{name}_{circles.people_basis}"


def _in_order(results: Results, kind: str) -> list[str]:
    if kind == "town":
        return ["town"]
    if "blocks" not in results.town:
        return []
    blocks = results.town["blocks"]
    order = [name for name in ("block_no", "id") if name in blocks.columns]
    return [str(block) for block in blocks.sort_values(order)["id"]]


def _row(
    circles: LifeCircles, walked: pd.DataFrame, kind: str, area: str, limit: float, lang: Lang
) -> dict[str, str]:
    here = walked[
        (walked["area_kind"] == kind) & (walked["area_id"] == area) & (walked["limit_min"] == limit)
    ]
    full = here[here["facility_type"] == FULL_SET]
    required = circles.types[circles.types["is_required"]]["facility_type"]
    single = here[here["facility_type"].isin(required)]
    gaps = circles.gaps[
        (circles.gaps["area_kind"] == kind)
        & (circles.gaps["area_id"] == area)
        & (circles.gaps["limit_min"] == limit)
    ]
    kinds = facility_types()
    worst = [
        f"{kinds[name].name_zh if lang == 'zh' else kinds[name].name_en} {people:,.0f}"
        for name, people in zip(gaps["facility_type"], gaps["lacking_people"], strict=True)
        if people > 0
    ]
    unknown = text("label.unknown", lang=lang)
    return {
        "area": str(full["area_name"].iloc[0]) if len(full) else area,
        "circle": f"{limit:g}",
        "people": _whole(full["people"], unknown),
        "full_set_people": _whole(full["reached_people"], unknown),
        "full_set_share": ("≥" if is_least(full) else "") + _share(full["reached_share"], unknown),
        "single_share": _share(single["reached_share"], unknown),
        "worst": text("label.list_mark", lang=lang).join(worst[:_WORST]) or "-",
    }


def _whole(values: pd.Series, unknown: str) -> str:
    value = values.mean()
    return unknown if pd.isna(value) else f"{value:,.0f}"


def _share(values: pd.Series, unknown: str) -> str:
    """Write a share in whole per cent, as the pages do: few is not none, and most is not all."""
    value = values.mean()
    if pd.isna(value):
        return unknown
    if 0 < value < _FEW:
        return "<1%"
    return ">99%" if 1 - _FEW < value < 1 else f"{value:.0%}"


def is_least(full: pd.DataFrame) -> bool:
    """Say whether the share with the full set is the least it can be, since some people are not known.

    Parameters
    ----------
    full
        Rows of the full set, as in the table ``areas`` of life circles.

    Returns
    -------
    bool
        Whether more may reach it, so many that it shows in whole per cent.
    """
    is_known = full["reached_share"].notna()
    unknown, people = full["unknown_people"][is_known].sum(), full["people"][is_known].sum()
    return bool(people > 0 and unknown >= _FEW * people)
