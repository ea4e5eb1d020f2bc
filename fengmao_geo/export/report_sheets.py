"""One large sheet per block: its map, and beside it what the block is about at a glance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fengmao_geo.export.report_indicators import indicator_rows, indicator_table, without_last
from fengmao_geo.export.report_model import Figure, Sheet
from fengmao_geo.export.report_parts import fact_words, gap_table, own_programme, site_table
from fengmao_geo.export.report_scores import red_line_table, score_words
from fengmao_geo.export.static_map import static_maps

if TYPE_CHECKING:
    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.report_model import Table
    from fengmao_geo.export.report_words import Telling

__all__ = ["block_sheets"]

_SHEET_MM = (244.0, 252.0)
#: How many rows of each table a large sheet has room for.
_ON_SHEET = {"indicators": 15, "gaps": 5, "sites": 7}


def block_sheets(telling: Telling) -> tuple[Sheet, ...]:
    """Lay out one large sheet per block.

    Parameters
    ----------
    telling
        What is told of.

    Returns
    -------
    tuple of Sheet
        By the numbers of the blocks.
    """
    return tuple(_sheet(telling, place) for place in telling.blocks())


def _sheet(telling: Telling, place: Place) -> Sheet:
    town = telling.results.town.name
    caption = telling.say("figure_block", number=place.number, name=place.name, map=telling.say("map_all"))
    drawn = static_maps(telling.results, place, kinds=["all"], size_mm=_SHEET_MM, lang=telling.lang)
    scores = [part.words for part in score_words(telling, place, is_short=True)]
    sites = own_programme(telling, place)
    tables: list[Table] = [*_key_indicators(telling, place)]
    tables += gap_table(telling, place, most=_ON_SHEET["gaps"])
    if sites is not None and len(sites.sites):
        first = replace(sites, sites=sites.sites.head(_ON_SHEET["sites"]))
        table = site_table(telling, first, telling.say("table_block_sites", name=place.name))
        tables.append(without_last(table))
    if (lines := red_line_table(telling, place, is_short=True)) is not None:
        tables.append(without_last(lines))
    return Sheet(
        title=telling.say("sheet_title", town=town, number=place.number, name=place.name),
        lines=(fact_words(telling, place), ("" if telling.lang == "zh" else " ").join(scores)),
        picture=Figure(caption, drawn["all"], _SHEET_MM[0]),
        tables=tuple(tables),
    )


def _key_indicators(telling: Telling, place: Place) -> list[Table]:
    """Take the indicators that have a target, then what room there is for others that are known."""
    rows = indicator_rows(telling, place)
    if rows is None or not len(rows):
        return []
    order = rows.assign(late=~rows["has_target"].astype(bool)).sort_values(
        ["late", "is_unknown"], kind="stable"
    )
    kept = rows.loc[order.head(_ON_SHEET["indicators"]).index.sort_values()]
    table = indicator_table(telling, place, kept)
    return [replace(table, rows=tuple(row for row in table.rows if len(row) > 1))]
