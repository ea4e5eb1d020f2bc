"""Sheets of the workbook about how well blocks do: indicators, red lines, scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart
from fengmao_geo.export.theme import theme
from fengmao_geo.export.workbook_sheets_basis import indicator_label
from fengmao_geo.standards.indicators import GROUPS_OF_INDICATORS, indicator_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk
    from fengmao_geo.standards.indicators import Indicator, State

__all__ = ["Scores", "indicator_sheet", "red_line_sheet", "score_sheet"]

# Smaller changes of a score are not listed.
_FEW = 0.05


@dataclass(frozen=True)
class Scores:
    """The table ``block_scores``, by block and state; nothing where it was not made.

    Parameters
    ----------
    desk
        The results.
    """

    desk: Desk

    @cached_property
    def rows(self) -> dict[tuple[str, str], dict[Any, Any]]:
        """The rows by block and state."""
        table = self.desk.results.block_scores
        return (
            {}
            if table is None
            else {(row["block_id"], row["state"]): row for row in table.to_dict("records")}
        )

    def of(self, block: str, state: str, column: str) -> float | None:
        """Look up a figure of a block in one state."""
        value = self.rows.get((block, state), {}).get(column)
        return None if value is None or pd.isna(value) else float(value)

    def delta(self, block: str) -> float | None:
        """Subtract the score now from that once the programme stands."""
        now, planned = self.of(block, "now", "score"), self.of(block, "planned", "score")
        return None if now is None or planned is None else planned - now


def indicator_sheet(desk: Desk) -> Sheet:
    """Lay out every indicator of every block and of the town: its states, target, attainment, basis.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    heads = (
        Head("area_of"),
        Head("indicator"),
        Head("indicator_group"),
        Head("unit"),
        Head("before"),
        Head("now"),
        Head("planned"),
        Head("target"),
        Head("attained_now", "share", colour="attained", source="scorecard"),
        Head("attained_planned", "share", colour="attained", source="scorecard"),
        Head("direction"),
        Head("weight_share", "share_fine", source="scorecard"),
        Head("formula", widest=34),
        Head("source_of", widest=24),
        Head("missing", widest=24),
    )
    table = desk.results.indicators
    rows = None if table is None else _indicator_rows(desk, table)
    notes = [desk.note("indicators")] if table is not None else [desk.not_run("indicators")]
    if desk.results.scorecard is None:
        notes.append(desk.not_run("scorecard"))
    parts = [desk.table(heads, rows, "indicators", has_filter=rows is not None)]
    return Sheet(
        desk.sheet_name("indicators"),
        parts,
        title=desk.title("indicators"),
        notes=notes,
        frozen_count=2,
        paper="A3",
    )


def _indicator_rows(desk: Desk, table: pd.DataFrame) -> list[list[Cell]]:
    known = indicator_file().indicators
    values = {
        (row["area_id"], row["indicator"], row["state"]): (row["value"], row["missing"])
        for row in table.to_dict("records")
    }
    card = desk.results.scorecard
    scores = (
        {}
        if card is None
        else {(row["block_id"], row["indicator"], row["state"]): row for row in card.to_dict("records")}
    )
    there = set(table["indicator"])
    rows: list[list[Cell]] = []
    for place in desk.places:
        for indicator in (of for of in known.values() if of.indicator in there):
            name, area = indicator.indicator, place.area_id
            own = scores.get((area, name, "now")) or scores.get((area, name, "planned")) or {}
            target = own.get("target", indicator.target)
            said = [values.get((area, name, state), (None, ""))[1] for state in indicator.states]
            wanted = ", ".join(dict.fromkeys(part for part in said if part))
            rows.append(
                [
                    place.name,
                    indicator_label(indicator, desk),
                    desk.named("indicator_group", indicator.group),
                    _unit(indicator, desk),
                    *(_value(values, area, indicator, state) for state in ("before", "now", "planned")),
                    Measure(NOT_THERE if target is None else target, indicator.unit),
                    *(_attained(desk, scores, place, indicator, state) for state in ("now", "planned")),
                    desk.named("direction", indicator.direction),
                    _weight(desk, own, place, indicator),
                    indicator.formula_zh if desk.lang == "zh" else indicator.formula_en,
                    desk.source(indicator.source, indicator.tag),
                    desk.needs(wanted) if wanted else NOT_THERE,
                ]
            )
    return rows


def _unit(indicator: Indicator, desk: Desk) -> str:
    unit = indicator_file().units[indicator.unit]
    return unit.name_zh if desk.lang == "zh" else unit.name_en


def _value(
    values: Mapping[tuple[str, str, str], tuple[float, str]], area: str, indicator: Indicator, state: State
) -> Measure:
    """Write a value: unknown where something would settle it, not applicable where nothing would."""
    if state not in indicator.states:
        return Measure(NOT_THERE, indicator.unit)
    found = values.get((area, indicator.indicator, state))
    if found is None or (pd.isna(found[0]) and found[1]):
        return Measure(None, indicator.unit)
    return Measure(NOT_THERE if pd.isna(found[0]) else found[0], indicator.unit)


def _attained(
    desk: Desk,
    scores: Mapping[tuple[str, str, str], Mapping[Any, Any]],
    place: Place,
    indicator: Indicator,
    state: State,
) -> float | None:
    if place.area_kind != "block" or (indicator.target is None and not scores):
        return NOT_THERE
    if desk.results.scorecard is None:
        return None
    row = scores.get((place.area_id, indicator.indicator, state))
    return NOT_THERE if row is None else float(row["attainment_share"])


def _weight(desk: Desk, own: Mapping[Any, Any], place: Place, indicator: Indicator) -> float | None:
    if desk.results.scorecard is None and indicator.target is not None and place.area_kind == "block":
        return None
    return float(own.get("weight_share", NOT_THERE))


def red_line_sheet(desk: Desk) -> Sheet:
    """Lay out the red lines of renewal for each block.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet; a red line that is broken is red.
    """
    book = theme()["book"]
    tones = {
        desk.named("red_line_status", status) or status: book[tone]
        for status, tone in (("kept", "good"), ("broken", "bad"), ("unknown", "unknown"))
    }
    heads = (
        Head("block_name"),
        Head("red_line"),
        Head("red_line_value"),
        Head("limit"),
        Head("unit"),
        Head("red_line_status", tones=tones),
        Head("missing"),
        Head("source_of"),
    )
    table = desk.results.red_lines
    rows: list[list[Cell]] | None = None
    if table is not None:
        rows = [
            [
                row["block_name"],
                desk.red_line(row["red_line"]),
                Measure(
                    NOT_THERE if pd.isna(row["value"]) and row["status"] != "unknown" else row["value"],
                    row["unit"],
                ),
                Measure(NOT_THERE if pd.isna(row["limit"]) else row["limit"], row["unit"]),
                desk.unit(row["unit"]),
                desk.named("red_line_status", row["status"]),
                desk.needs(row["missing"]) if row["missing"] else NOT_THERE,
                desk.source(row["source"], row["tag"]),
            ]
            for row in table.to_dict("records")
        ]
    notes = [desk.note("red_lines")] if table is not None else [desk.not_run("red_lines")]
    parts = [desk.table(heads, rows, "red_lines", has_filter=bool(rows))]
    return Sheet(
        desk.sheet_name("red_lines"), parts, title=desk.title("red_lines"), notes=notes, frozen_count=2
    )


def score_sheet(desk: Desk) -> Sheet:
    """Lay out scores and ranks, their stability, what the programme adds, attainment by group of indicators.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet, with charts of scores and of attainment.
    """
    heads = (
        Head("block_name"),
        Head("score_before", "score"),
        Head("score_now", "score", colour="bar"),
        Head("score_planned", "score", colour="bar"),
        Head("score_delta"),
        Head("base_score", "score"),
        Head("bonus_score", "score"),
        Head("low_score", "score"),
        Head("high_score", "score"),
        Head("known_share", "share"),
        Head("rank_now", "rank"),
        Head("rank_planned", "rank"),
        Head("stability_share", "share"),
    )
    scores = Scores(desk)
    rows: list[list[Cell]] | None = (
        None
        if desk.results.block_scores is None
        else [
            [
                place.name,
                *(scores.of(place.area_id, state, "score") for state in ("before", "now", "planned")),
                Measure(scores.delta(place.area_id), "score", "+"),
                *(
                    scores.of(place.area_id, "now", name)
                    for name in (
                        "base_score",
                        "bonus_score",
                        "low_score",
                        "high_score",
                        "known_share",
                        "rank",
                    )
                ),
                scores.of(place.area_id, "planned", "rank"),
                scores.of(place.area_id, "now", "stability_share"),
            ]
            for place in desk.blocks
        ]
    )
    groups = _group_table(desk)
    table = desk.table(heads, rows, "scorecard", has_filter=bool(rows))
    parts: list[SheetTable | SheetChart] = [table, groups]
    if rows:
        states = table.at("score_before", "score_now", "score_planned")
        parts.append(SheetChart(0, desk.title("score_chart"), 0, states, len(rows), maximum=100))
    if desk.results.scorecard is not None and desk.blocks:
        series = range(1, len(groups.heads))
        parts.append(SheetChart(1, desk.title("group_chart"), 0, series, len(groups.rows), maximum=1))
    if desk.results.programme is not None:
        parts.append(_deltas(desk))
    notes = [desk.note("scores")] if desk.results.scorecard is not None else [desk.not_run("scorecard")]
    return Sheet(desk.sheet_name("scores"), parts, title=desk.title("scores"), notes=notes, frozen_count=1)


def _group_table(desk: Desk) -> SheetTable:
    """Take the weighted mean attainment of each group of indicators in each block as it is now."""
    heads = (
        Head("indicator_group"),
        *(Head("group_attained", "share", colour="attained", label=place.name) for place in desk.blocks),
    )
    card = desk.results.scorecard
    title = desk.title("groups")
    if card is None:
        return desk.table(heads, None, "scorecard", title=title)
    known = indicator_file().indicators
    group = card["indicator"].map({name: indicator.group for name, indicator in known.items()})
    rows = card.assign(group=group)[
        (card["state"] == "now") & card["attainment_share"].notna() & (card["weight_share"] > 0)
    ]
    rows = rows.assign(part=rows["attainment_share"] * rows["weight_share"])
    sums = rows.groupby(["block_id", "group"])[["part", "weight_share"]].sum()
    means = (sums["part"] / sums["weight_share"]).to_dict()
    scored = [name for name in GROUPS_OF_INDICATORS if name in set(group.dropna())]
    told: list[list[Cell]] = [
        [desk.named("indicator_group", name), *(means.get((place.area_id, name)) for place in desk.blocks)]
        for name in scored
    ]
    return desk.table(heads, told, "scorecard", title=title)


def _deltas(desk: Desk) -> SheetTable:
    """List the indicators whose score the programme changes, the largest change first in each block."""
    heads = (
        Head("block_name"),
        Head("indicator"),
        Head("now"),
        Head("planned"),
        Head("score_now", "score"),
        Head("score_planned", "score"),
        Head("score_delta"),
    )
    card = desk.results.scorecard
    title = desk.title("deltas")
    if card is None or not (card["state"] == "planned").any():
        return desk.table(heads, None if card is None else [], "scorecard", title=title)
    known = indicator_file().indicators
    keys = ["block_id", "block_name", "indicator"]
    now, planned = (
        card[card["state"] == state].set_index(keys)[["value", "score"]].add_suffix(f"_{state}")
        for state in ("now", "planned")
    )
    both = now.join(planned, how="inner").reset_index()
    both = both.assign(delta=both["score_planned"] - both["score_now"])
    both = both.assign(place=both["block_id"].map(desk.block_order), size=-both["delta"].abs())
    both = both[both["size"] < -_FEW].sort_values(["place", "size", "indicator"], kind="stable")
    rows: list[list[Cell]] = [
        [
            row["block_name"],
            indicator_label(known[row["indicator"]], desk) if row["indicator"] in known else row["indicator"],
            *(
                Measure(
                    row[f"value_{state}"], known[row["indicator"]].unit if row["indicator"] in known else ""
                )
                for state in ("now", "planned")
            ),
            row["score_now"],
            row["score_planned"],
            Measure(row["delta"], "score", "+"),
        ]
        for row in both.to_dict("records")
    ]
    return desk.table(heads, rows, "scorecard", title=title)
