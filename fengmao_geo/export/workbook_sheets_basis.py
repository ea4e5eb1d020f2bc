"""Sheets of the workbook about the data: what figures rest on, what was found, what each column means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.finding_files import finding_table
from fengmao_geo.export.map_figures import about
from fengmao_geo.export.sheet_cells import unit_name
from fengmao_geo.export.sheets import Head, Measure, Sheet
from fengmao_geo.export.theme import say
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.tables import LAYERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fengmao_geo.export.sheets import Cell
    from fengmao_geo.export.workbook_sheets import Desk
    from fengmao_geo.standards.indicators import Indicator

__all__ = ["STEPS", "basis_sheet", "column_sheet", "finding_sheet", "indicator_label"]

#: Steps that results hold, in the order they are run.
STEPS = (
    "network",
    "circles",
    "spaces",
    "uses",
    "programme",
    "planned",
    "gains",
    "school_routes",
    "indicators",
    "scorecard",
    "red_lines",
    "block_matrix",
    "proposed_blocks",
)


def indicator_label(indicator: Indicator, desk: Desk) -> str:
    """Write what an indicator is called.

    Parameters
    ----------
    indicator
        The indicator.
    desk
        The language.

    Returns
    -------
    str
        Its name.
    """
    return indicator.name_zh if desk.lang == "zh" else indicator.name_en


def basis_sheet(desk: Desk, cuts: Sequence[str] = ()) -> Sheet:
    """Lay out what figures rest on, and what is not known.

    Parameters
    ----------
    desk
        The results.
    cuts
        Where texts were cut because no cell holds them.

    Returns
    -------
    Sheet
        The sheet: terms, steps, layers with their dates, weights and targets, what is not known.
    """
    return Sheet(
        desk.sheet_name("basis"),
        [
            desk.table((Head("item"), Head("says")), _terms(desk, cuts), "town_file"),
            desk.table((Head("step"), Head("call"), Head("was_run")), _steps(desk), "results",
                       title=desk.title("steps")),
            desk.table(
                (
                    Head("layer"),
                    Head("layer_id"),
                    Head("date"),
                    Head("row_count", "count"),
                    Head("codes"),
                ),
                _layers(desk),
                "town_file",
                title=desk.title("layers"),
            ),
            desk.table(
                (
                    Head("indicator"),
                    Head("target_source"),
                    Head("target"),
                    Head("floor"),
                    Head("weight_share", "share_fine"),
                    Head("direction"),
                ),
                _weights(desk),
                "indicators",
                title=desk.title("weights"),
            ),
            desk.table(
                (Head("indicator"), Head("missing"), Head("areas")),
                _unknown(desk),
                "indicators",
                title=desk.title("unknown"),
            ),
        ],
        title=desk.title("basis"),
        notes=[desk.note("basis")],
        frozen_count=1,
    )  # fmt: skip


def _terms(desk: Desk, cuts: Sequence[str]) -> list[list[Cell]]:
    town, lang = desk.results.town, desk.lang
    settings = town.settings
    surveyed, mark = settings.surveyed_types, text("label.list_mark", lang=lang)
    kinds = (
        desk.word("all_types")
        if surveyed == "all"
        else mark.join(str(desk.named("facility_type", kind)) for kind in sorted(surveyed))
    )
    facts: list[list[Cell]] = [
        [label, said or None] for label, said in about(town, desk.results.circles, lang=lang)
    ]
    # Dates stand in the table of layers.
    last = next((at for at, (label, _) in enumerate(facts) if label == say("dates", lang=lang)), len(facts))
    circles = desk.results.circles
    minutes = None if circles is None else mark.join(f"{limit:g}" for limit in circles.minutes)
    rows: list[list[Cell]] = [
        [text("label.town", lang=lang), town.name or None],
        *facts[:last],
        [desk.word("minutes"), minutes],
        [desk.word("surveyed"), kinds or None],
        [desk.word("bridges"), settings.bridges_complete],
        [desk.word("measured_by"), desk.word("measured_planar")],
        [desk.word("notice"), settings.notice or desk.word("no_notice")],
        [desk.word("review"), desk.word("review_says")],
    ]
    if cuts:
        rows.append([desk.word("cuts"), "\n".join(cuts)])
    return rows


def _steps(desk: Desk) -> list[list[Cell]]:
    return [
        [
            text(f"book.step.{step}", lang=desk.lang),
            text(f"book.call.{step}", lang=desk.lang),
            getattr(desk.results, step) is not None,
        ]
        for step in STEPS
    ]


def _layers(desk: Desk) -> list[list[Cell]]:
    town, lang = desk.results.town, desk.lang
    settings = town.settings
    there = [layer for layer in LAYERS if layer in town]
    rows: list[list[Cell]] = [
        [
            desk.layer(layer),
            layer,
            settings.dates.get(layer) or None,
            len(town[layer]),
            desk.named("scheme", codes) if (codes := settings.codes.get(layer)) else NOT_THERE,
        ]
        for layer in there
    ]
    for name, raster in sorted(town.rasters.items()):
        label = text(f"book.raster.{name}", lang=lang) if name in _RASTERS else name
        rows.append([label, name, raster.date, NOT_THERE, raster.sensor])
    absent = [layer for layer in LAYERS if layer not in town]
    rows += [[desk.layer(layer), layer, desk.word("not_given"), NOT_THERE, NOT_THERE] for layer in absent]
    return rows


_RASTERS = (
    "imagery_before",
    "imagery_after",
    "canopy_height_before",
    "canopy_height_after",
    "elevation",
    "people",
)


def _weights(desk: Desk) -> list[list[Cell]]:
    """List weights and targets as they were used; without a scorecard as the standard proposes them."""
    used = desk.results.scorecard
    by_indicator = (
        {} if used is None else used.drop_duplicates("indicator").set_index("indicator").to_dict("index")
    )
    rows: list[list[Cell]] = []
    for indicator in indicator_file().indicators.values():
        card = by_indicator.get(indicator.indicator)
        if indicator.target is None and card is None:
            continue
        target = indicator.target if card is None else card["target"]
        said = _target_source(indicator, target, desk)
        rows.append(
            [
                indicator_label(indicator, desk),
                said,
                Measure(target, indicator.unit),
                Measure(indicator.worst, indicator.unit),
                _weight(used, indicator.indicator),
                desk.named("direction", indicator.direction),
            ]
        )
    return rows


def _target_source(indicator: Indicator, target: float | None, desk: Desk) -> str:
    if indicator.target is None or target != indicator.target:
        return desk.word("own_target")
    return desk.source(indicator.target_source, indicator.target_tag or "")


def _weight(used: pd.DataFrame | None, indicator: str) -> float | None:
    """Take the weight an indicator had; it may differ by block where another is not known."""
    if used is None:
        return None
    weights = used[used["indicator"] == indicator]["weight_share"]
    return None if weights.isna().all() else float(weights.max())


def _unknown(desk: Desk) -> list[list[Cell]] | None:
    table = desk.results.indicators
    if table is None:
        return None
    known = indicator_file().indicators
    rows = table[table["value"].isna() & (table["missing"] != "")]
    mark = text("label.list_mark", lang=desk.lang)
    said: list[list[Cell]] = []
    for (indicator, missing), of in rows.groupby(["indicator", "missing"], sort=False):
        name = indicator_label(known[indicator], desk) if indicator in known else str(indicator)
        areas = dict.fromkeys(of["area_name"])
        said.append([name, desk.needs(str(missing)), mark.join(areas)])
    return said


def finding_sheet(desk: Desk) -> Sheet:
    """Lay out what was found wrong in the data, the worst first.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    findings = desk.results.findings
    table = finding_table(findings, lang=desk.lang)
    return Sheet(
        desk.sheet_name("findings"),
        [table if len(findings) else desk.table(table.heads, [], table.source)],
        title=desk.title("findings"),
        frozen_count=2,
        paper="A3",
    )


def column_sheet(desk: Desk, sheets: Sequence[Sheet]) -> Sheet:
    """List the columns of every sheet with meaning, unit and source.

    Parameters
    ----------
    desk
        The language.
    sheets
        The other sheets.

    Returns
    -------
    Sheet
        The sheet; columns that repeat, such as one per community, are listed once.
    """
    heads = (
        Head("sheet"),
        Head("table_of"),
        Head("column_name"),
        Head("meaning"),
        Head("unit_name"),
        Head("from"),
    )
    own = Sheet(desk.sheet_name("columns"), [desk.table(heads, [], "workbook")])
    rows: list[list[Cell]] = []
    for sheet in [*sheets, own]:
        for table in sheet.tables:
            listed: dict[str, Head] = {}
            for head in table.heads:
                listed.setdefault(head.key, head)
            rows += [
                [
                    sheet.name,
                    table.title or sheet.title or desk.title("columns"),
                    head.name(lang=desk.lang),
                    text(f"book.meaning.{head.key}", lang=desk.lang),
                    unit_name(head.unit, lang=desk.lang) or NOT_THERE,
                    text(f"book.from.{head.source or table.source}", lang=desk.lang),
                ]
                for head in listed.values()
            ]
    table = desk.table(heads, rows, "workbook", has_filter=True)
    return Sheet(desk.sheet_name("columns"), [table], title=desk.title("columns"), frozen_count=1)
