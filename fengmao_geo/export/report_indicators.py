"""The indicators of a block as a report shows them: before, now, aimed at, and with the programme."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.indicator_words import in_unit, missing_words
from fengmao_geo.export.report_words import NONE
from fengmao_geo.export.theme import named, say
from fengmao_geo.standards.indicators import STATES, indicator_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.report_model import Part, Table
    from fengmao_geo.export.report_words import Telling
    from fengmao_geo.standards.indicators import Indicator, State

__all__ = ["indicator_parts", "indicator_rows", "indicator_table", "without_last"]


def indicator_parts(telling: Telling, place: Place) -> tuple[Part, ...]:
    """Tell the indicators of a block, and what would settle those that are not known.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    tuple of Part
        Paragraphs and the table.
    """
    rows = indicator_rows(telling, place)
    if rows is None:
        return (telling.not_run("indicators"),)
    said: list[Part] = [
        telling.lead("indicators_intro"),
        indicator_table(telling, place, rows),
        telling.note("note_indicators", none=NONE),
    ]
    if telling.results.programme is None:
        said.append(telling.note("note_planned"))
    lacking = [
        telling.say("lacking", name=_name(one, telling), needs=missing_words(missing, lang=telling.lang))
        for one, missing, is_unknown in zip(rows["one"], rows["missing"], rows["is_unknown"], strict=True)
        if is_unknown
    ]
    if lacking:
        said.append(telling.note("note_unknown", list=say("semicolon", lang=telling.lang).join(lacking)))
    return tuple(said)


def _name(indicator: Indicator, telling: Telling) -> str:
    return indicator.name_zh if telling.lang == "zh" else indicator.name_en


def indicator_rows(telling: Telling, place: Place) -> pd.DataFrame | None:
    """Lay out one row per indicator: its record, a text per state, the target, whether it is unknown.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    DataFrame or None
        ``None`` where they were not computed.
    """
    table = telling.results.indicators
    if table is None:
        return None
    own = place.rows(table)
    cells: dict[tuple[str, str], dict[Any, Any]] = {
        (row["indicator"], row["state"]): row for row in own.to_dict("records")
    }
    targets = _targets(telling, place)
    rows = []
    for name, one in indicator_file().indicators.items():
        found = {state: cells[name, state] for state in STATES if (name, state) in cells}
        if not found:
            continue
        target = targets.get(name, one.target)
        last = found.get("now", next(iter(found.values())))
        aimed = NONE if target is None else _aim(one) + in_unit(target, one.unit, lang=telling.lang)
        told = [_told(telling, one, state, found) for state in STATES]
        is_unknown = bool(pd.isna(last["value"]) and last["missing"])
        rows.append((one, *told, aimed, target is not None, str(last["missing"]), is_unknown))
    columns = ["one", *STATES, "target", "has_target", "missing", "is_unknown"]
    return pd.DataFrame(rows, columns=columns)


def _told(telling: Telling, one: Indicator, state: State, found: Mapping[State, dict[Any, Any]]) -> str:
    """Write a value; a state that the indicator has and nobody computed is not known."""
    if state in found:
        return telling.value(found[state], one.unit)
    return telling.unknown() if state in one.states else NONE


def _aim(indicator: Indicator) -> str:
    return {"more": "≥", "less": "≤"}.get(indicator.direction, "")


def _targets(telling: Telling, place: Place) -> dict[str, float]:
    """Take the targets that the blocks were scored by."""
    rows = telling.of_block(telling.results.scorecard, place)
    return dict(zip(rows["indicator"], rows["target"], strict=True)) if len(rows) else {}


def indicator_table(telling: Telling, place: Place, rows: pd.DataFrame) -> Table:
    """Write the indicators below the names of their groups.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.
    rows
        As `indicator_rows` gives them.

    Returns
    -------
    Table
        The table.
    """
    cells: list[tuple[str, ...]] = []
    group = ""
    for row in rows.to_dict("records"):
        if row["one"].group != group:
            group = row["one"].group
            cells.append((named("indicator_group", group, lang=telling.lang),))
        cells.append((_name(row["one"], telling), row["before"], row["now"], row["target"], row["planned"]))
    heads = {name: [""] for name in ("indicator", "before", "now", "target", "planned")}
    caption = telling.say("table_indicators", name=place.name)
    table = telling.table(caption, heads, (4.4, 1.5, 1.5, 1.5, 1.5), numbers=(1, 2, 3, 4))
    whole_table = replace(table, rows=tuple(cells))
    return whole_table if telling.results.programme is not None else without_last(whole_table)


def without_last(table: Table) -> Table:
    """Leave out the last column of a table.

    Parameters
    ----------
    table
        The table.

    Returns
    -------
    Table
        The others; rows of one cell, which run across, stay.
    """
    rows = tuple(row[:-1] if len(row) > 1 else row for row in table.rows)
    return replace(table, head=table.head[:-1], rows=rows, widths=table.widths[:-1])
