"""The annex of a report: how every indicator is made, what is aimed at, and after whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.export.indicator_words import in_unit
from fengmao_geo.export.report_model import Section
from fengmao_geo.export.report_scores import sourced
from fengmao_geo.export.theme import named, say
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    from fengmao_geo.export.report_words import Telling
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["annex"]


def annex(telling: Telling) -> Section:
    """List how every indicator is made, what is aimed at, and after whom.

    Parameters
    ----------
    telling
        What is told of.

    Returns
    -------
    Section
        The annex.
    """
    file, lang = indicator_file(), telling.lang
    rows: list[tuple[str, ...]] = []
    group = ""
    for one in file.indicators.values():
        if one.group != group:
            group = one.group
            rows.append((named("indicator_group", group, lang=lang),))
        formula = one.formula_zh if lang == "zh" else one.formula_en
        name = one.name_zh if lang == "zh" else one.name_en
        rows.append((name, formula, _target(one, telling), sourced(one.source, one.tag, telling)))
    tags = sorted(
        {one.tag for one in file.indicators.values()}
        | {one.target_tag or one.tag for one in file.indicators.values()}
    )
    legend = [telling.say("tag", tag=tag, words=display_name("confidence", tag, lang=lang)) for tag in tags]
    heads = {name: [""] for name in ("indicator", "formula", "aim", "source")}
    table = telling.table(telling.say("table_formulas"), heads, (1.5, 3.1, 2.8, 2.0))
    table = type(table)(table.caption, table.head, tuple(rows), table.widths)
    note = telling.note("note_tags", list=say("semicolon", lang=lang).join(legend))
    return Section(telling.say("annex"), (telling.lead("annex_intro"), table, note), is_numbered=False)


def _target(one: Indicator, telling: Telling) -> str:
    """Write what is aimed at, with its source."""
    if one.target is None:
        return telling.say("no_target")
    sign = {"more": "≥", "less": "≤"}.get(one.direction, "")
    value = sign + in_unit(one.target, one.unit, lang=telling.lang)
    return telling.say(
        "target", value=value, source=sourced(one.target_source, one.target_tag or "", telling)
    )
