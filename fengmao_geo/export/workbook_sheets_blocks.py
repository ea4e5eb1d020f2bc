"""Sheets of the workbook about renewal blocks: list, what is missing, indicators, red lines, scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart
from fengmao_geo.export.theme import theme
from fengmao_geo.export.workbook_sheets import number, total
from fengmao_geo.export.workbook_sheets_basis import indicator_label
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import GROUPS_OF_INDICATORS, indicator_file
from fengmao_geo.tables import RENEWAL_TYPES, THEMES
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk
    from fengmao_geo.standards.indicators import Indicator, State

__all__ = ["block_sheet", "indicator_sheet", "matrix_sheet", "red_line_sheet", "score_sheet"]

_ITEMS = {"batch": RENEWAL_TYPES, "theme": THEMES}
_COUNTS = ("indicator", "space", "site", "project")


@dataclass(frozen=True)
class _Scores:
    """The table ``block_scores``, by block and state; nothing where it was not made."""

    desk: Desk

    @cached_property
    def rows(self) -> dict[tuple[str, str], dict[Any, Any]]:
        table = self.desk.results.block_scores
        return {} if table is None else {(row["block_id"], row["state"]): row for row in table.to_dict("records")}

    def of(self, block: str, state: str, column: str) -> float | None:
        value = self.rows.get((block, state), {}).get(column)
        return None if value is None or pd.isna(value) else float(value)

    def delta(self, block: str) -> float | None:
        now, planned = self.of(block, "now", "score"), self.of(block, "planned", "score")
        return None if now is None or planned is None else planned - now


def block_sheet(desk: Desk) -> Sheet:
    """List the blocks: type, hectares, people, full set, spaces, money, score and rank; the town last.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet, with charts of scores and of full sets.
    """
    circles = desk.results.circles
    minutes = () if circles is None else circles.minutes
    full = [Head("full_set_share", "share", colour="attained", label=desk.word("full_set", minutes=f"{limit:g}")) for limit in minutes]
    basis = "people" if circles is None else circles.people_basis
    label = "" if basis == "people" else text(f"summary.people_{basis}", lang=desk.lang)
    heads = [
        Head("block_no", "rank"),
        Head("block_name"),
        Head("renewal_type"),
        Head("area_ha", "ha"),
        Head("people", "people", label=label, source="circles"),
        *full,
        Head("space_count", "count", source="spaces"),
        Head("space_ha", "ha", source="spaces"),
        Head("site_count", "count", source="programme"),
        Head("cost_wan", "wan", source="programme"),
        Head("project_count", "count", source="projects"),
        Head("score_now", "score", source="scorecard"),
        Head("score_planned", "score", source="scorecard"),
        Head("rank_now", "rank", source="scorecard"),
        Head("stability_share", "share", source="scorecard"),
    ]
    rows = [_block_row(desk, place, minutes) for place in desk.places]
    count = len(desk.blocks)
    first = 5 + len(full)
    parts = [
        desk.table(heads, rows, "layer", total_count=1, has_filter=count > 0),
        *([SheetChart(0, desk.title("full_set_chart"), 1, range(5, first), count + 1, maximum=1)] if full and count else []),
        *([SheetChart(0, desk.title("score_chart"), 1, [first + 5, first + 6], count, maximum=100)] if count else []),
    ]
    notes = [*desk.people_notes, *([] if count else [desk.note("no_blocks")])]
    missing = [step for step in ("circles", "spaces", "programme", "scorecard") if getattr(desk.results, step) is None]
    return Sheet(
        desk.sheet_name("blocks"),
        parts,
        title=desk.title("blocks"),
        notes=[*notes, *(desk.not_run(step) for step in missing)],
        frozen_count=2,
    )


def _block_row(desk: Desk, place: Place, minutes: tuple[float, ...]) -> list[Cell]:
    results, scores = desk.results, _Scores(desk)
    is_block = place.area_kind == "block"
    circles = results.circles
    full = None if circles is None else place.rows(circles.areas)
    if full is not None:
        full = full[(full["facility_type"] == FULL_SET) & (full["by"] == "network")]
    people = None if full is None or not len(full) else float(full["people"].iloc[0])
    shares = [None if full is None else _mean(full[full["limit_min"] == limit]["reached_share"]) for limit in minutes]
    spaces = _of_block(results.spaces, place)
    sites = _of_block(None if results.programme is None else results.programme.sites, place)
    projects = desk.project_blocks
    return [
        place.number if is_block and not place.number.isdigit() else (int(place.number) if is_block else NOT_THERE),
        place.name,
        desk.named("renewal_type", place.renewal_type) if is_block else NOT_THERE,
        hectares(place.area_m2),
        people,
        *shares,
        None if spaces is None else len(spaces),
        None if spaces is None else hectares(float(spaces["area_m2"].sum())),
        None if sites is None else len(sites),
        None if sites is None else total(number(sites, "cost_wan")),
        None if projects is None else sum(not is_block or block == place.area_id for block in projects),
        *(
            [
                scores.of(place.area_id, "now", "score"),
                scores.of(place.area_id, "planned", "score"),
                scores.of(place.area_id, "now", "rank"),
                scores.of(place.area_id, "now", "stability_share"),
            ]
            if is_block
            else [NOT_THERE] * 4
        ),
    ]


def _mean(values: pd.Series[float]) -> float | None:
    return None if values.isna().all() else float(values.mean())


def _of_block(frame: pd.DataFrame | None, place: Place) -> pd.DataFrame | None:
    """Take the rows that lie in a block; the town has all."""
    if frame is None or place.area_kind != "block":
        return frame
    return frame[[block == place.area_id for block in column_values(frame, "block_id")]]


def matrix_sheet(desk: Desk) -> Sheet:
    """Lay out what each block has of each batch and of each theme, and what is missing.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        A matrix of blocks by batches, one of blocks by themes, and the list of what is missing.
    """
    matrix = desk.results.block_matrix
    parts = [_matrix(desk, matrix, side) for side in ("batch", "theme")]
    gaps = (Head("block_name"), Head("side"), Head("item_missing"))
    rows: list[list[Cell]] | None = None
    if matrix is not None:
        lacking = matrix[matrix["is_missing"].astype(bool)]
        rows = [
            [row["block_name"], desk.named("side", row["side"]), desk.named(_kind(row["side"]), row["item"])]
            for row in lacking.to_dict("records")
        ]
    parts.append(desk.table(gaps, rows, "block_matrix", title=desk.title("missing_list")))
    notes = [desk.note("matrix")] if matrix is not None else [desk.not_run("block_matrix")]
    if not desk.blocks:
        notes.append(desk.note("no_blocks"))
    return Sheet(desk.sheet_name("matrix"), parts, title=desk.title("matrix"), notes=notes, frozen_count=1)


def _kind(side: str) -> str:
    return "renewal_type" if side == "batch" else "theme"


def _matrix(desk: Desk, matrix: pd.DataFrame | None, side: str) -> SheetTable:
    tones = {desk.word("missing"): theme()["book"]["bad"]}
    items = _ITEMS[side]
    heads = (
        Head("block_name"),
        Head("renewal_type"),
        *(Head(f"has_{side}", label=desk.named(_kind(side), item) or item, tones=tones) for item in items),
    )
    cells = {} if matrix is None else {
        (row["block_id"], row["item"]): row for row in matrix[matrix["side"] == side].to_dict("records")
    }
    rows: list[list[Cell]] = [
        [
            place.name,
            desk.named("renewal_type", place.renewal_type),
            *(_has(desk, cells.get((place.area_id, item))) for item in items),
        ]
        for place in desk.blocks
    ]
    return desk.table(heads, rows, "block_matrix", title=desk.title(f"matrix_{side}"))


def _has(desk: Desk, row: Mapping[Any, Any] | None) -> str | None:
    if row is None:
        return None
    if row["is_missing"]:
        return desk.word("missing")
    counted = [desk.word(f"n_{what}", count=row[f"{what}_count"]) for what in _COUNTS if row[f"{what}_count"]]
    return "\n".join(counted) or desk.word("missing")


def indicator_sheet(desk: Desk) -> Sheet:
    """Lay out every indicator of every block and of the town: before, now, planned, target, attainment, basis.

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
        Head("formula"),
        Head("source_of"),
        Head("missing"),
    )
    table = desk.results.indicators
    rows = None if table is None else _indicator_rows(desk, table)
    notes = [desk.note("indicators")] if table is not None else [desk.not_run("indicators")]
    if desk.results.scorecard is None:
        notes.append(desk.not_run("scorecard"))
    parts = [desk.table(heads, rows, "indicators", has_filter=rows is not None)]
    return Sheet(desk.sheet_name("indicators"), parts, title=desk.title("indicators"), notes=notes, frozen_count=2, paper="A3")


def _indicator_rows(desk: Desk, table: pd.DataFrame) -> list[list[Cell]]:
    known = indicator_file().indicators
    values = {
        (row["area_id"], row["indicator"], row["state"]): (row["value"], row["missing"]) for row in table.to_dict("records")
    }
    card = desk.results.scorecard
    scores = {} if card is None else {
        (row["block_id"], row["indicator"], row["state"]): row for row in card.to_dict("records")
    }
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
                    _unit(indicator, desk) or NOT_THERE,
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
    desk: Desk, scores: Mapping[tuple[str, str, str], Mapping[Any, Any]], place: Place, indicator: Indicator, state: State
) -> float | None:
    if place.area_kind != "block" or (indicator.target is None and not scores):
        return NOT_THERE
    if desk.results.scorecard is None:
        return None
    row = scores.get((place.area_id, indicator.indicator, state))
    return NOT_THERE if row is None else row["attainment_share"]


def _weight(desk: Desk, own: Mapping[Any, Any], place: Place, indicator: Indicator) -> float | None:
    if desk.results.scorecard is None and indicator.target is not None and place.area_kind == "block":
        return None
    return own.get("weight_share", NOT_THERE)


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
                Measure(NOT_THERE if pd.isna(row["value"]) and row["status"] != "unknown" else row["value"], row["unit"]),
                Measure(NOT_THERE if pd.isna(row["limit"]) else row["limit"], row["unit"]),
                desk.unit(row["unit"]) or NOT_THERE,
                desk.named("red_line_status", row["status"]),
                desk.needs(row["missing"]) if row["missing"] else NOT_THERE,
                desk.source(row["source"], row["tag"]),
            ]
            for row in table.to_dict("records")
        ]
    notes = [desk.note("red_lines")] if table is not None else [desk.not_run("red_lines")]
    parts = [desk.table(heads, rows, "red_lines", has_filter=bool(rows))]
    return Sheet(desk.sheet_name("red_lines"), parts, title=desk.title("red_lines"), notes=notes, frozen_count=2)


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
    scores = _Scores(desk)
    rows: list[list[Cell]] | None = None if desk.results.block_scores is None else [
        [
            place.name,
            *(scores.of(place.area_id, state, "score") for state in ("before", "now", "planned")),
            Measure(scores.delta(place.area_id), "score", "+"),
            *(scores.of(place.area_id, "now", name) for name in ("base_score", "bonus_score", "low_score", "high_score", "known_share", "rank")),
            scores.of(place.area_id, "planned", "rank"),
            scores.of(place.area_id, "now", "stability_share"),
        ]
        for place in desk.blocks
    ]
    parts: list[SheetTable | SheetChart] = [desk.table(heads, rows, "scorecard", has_filter=bool(rows))]
    if rows:
        parts.append(SheetChart(0, desk.title("score_chart"), 0, [1, 2, 3], len(rows), maximum=100))
    groups = _group_table(desk)
    parts.append(groups)
    if desk.results.scorecard is not None and desk.blocks:
        series = range(1, len(groups.heads))
        parts.append(SheetChart(1, desk.title("group_chart"), 0, series, len(groups.rows), maximum=1))
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
    rows = card.assign(group=group)[(card["state"] == "now") & card["attainment_share"].notna() & (card["weight_share"] > 0)]
    rows = rows.assign(part=rows["attainment_share"] * rows["weight_share"])
    sums = rows.groupby(["block_id", "group"])[["part", "weight_share"]].sum()
    means = (sums["part"] / sums["weight_share"]).to_dict()
    scored = [name for name in GROUPS_OF_INDICATORS if name in set(group.dropna())]
    told: list[list[Cell]] = [
        [desk.named("indicator_group", name), *(means.get((place.area_id, name)) for place in desk.blocks)] for name in scored
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
        return desk.table(heads, None if card is None or desk.results.programme is None else [], "scorecard", title=title)
    known = indicator_file().indicators
    keys = ["block_id", "block_name", "indicator"]
    now, planned = (card[card["state"] == state].set_index(keys)[["value", "score"]] for state in ("now", "planned"))
    both = now.join(planned, lsuffix="_now", rsuffix="_planned", how="inner").reset_index()
    both = both.assign(delta=both["score_planned"] - both["score_now"])
    both = both.assign(place=both["block_id"].map(desk.block_order), size=-both["delta"].abs())
    both = both[both["size"] < -0.05].sort_values(["place", "size", "indicator"], kind="stable")
    rows: list[list[Cell]] = [
        [
            row["block_name"],
            indicator_label(known[row["indicator"]], desk) if row["indicator"] in known else row["indicator"],
            *(Measure(row[f"value_{state}"], known[row["indicator"]].unit if row["indicator"] in known else "") for state in ("now", "planned")),
            row["score_now"],
            row["score_planned"],
            Measure(row["delta"], "score", "+"),
        ]
        for row in both.to_dict("records")
    ]
    return desk.table(heads, rows, "scorecard", title=title)
