"""The workbook of dated runs: month, quarters, years, and acceptance by batch; no text in it is a formula."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from fengmao_geo.export.theme import named, theme
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.tables import PROJECT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fengmao_geo.blocks.tracking import Track
    from fengmao_geo.messages import Lang

__all__ = ["track_workbook"]

_SUMS = (
    *("project_count", "done_count", "on_time_count", "late_count", "not_started_count", "unclear_count"),
    *("investment_wan", "paid_wan", "paid_share", "progress_share"),
)
_PROJECT = (
    *("project_name", "block_id", "responsible", "status", "late_of", "late_day_count", "planned_end_on"),
    *("progress_share", "progress_gain_share", "investment_wan", "paid_wan", "paid_gain_wan"),
)
_ACCEPTED = (
    *("project_name", "block_id", "batch", "responsible", "planned_end_on", "completed_on", "status"),
    *("late_day_count", "progress_share", "investment_wan", "paid_wan"),
)
_LOOKS = {"_wan": "#,##0.0", "_share": "0%", "_count": "#,##0", "rank": "0"}
_NAMED = {"status": "project_status", "late_of": "late_of", "batch": "renewal_type"}
#: Where nothing stands because nothing is meant.
_MAY_BE_EMPTY = ("late_of", "late_day_count", "completed_on", "progress_gain_share", "paid_gain_wan")
_AREAS = ("town", "block")
_WIDTHS = {"project_name": 34, "responsible": 24, "item": 24, "indicator": 30}
_WIDTH = 12
_TITLE_HIGH, _HEAD_HIGH = 24, 32


class Cell(NamedTuple):
    """A value, how its number is written, and the colour of its letters."""

    value: Any
    look: str = ""
    ink: str = ""


class Part(NamedTuple):
    """A table with its title; columns have widths by what they hold."""

    title: str
    heads: list[str]
    widths: list[int]
    rows: list[list[Cell]]


def track_workbook(track: Track, *, lang: Lang = "zh") -> bytes:
    """Write the workbook.

    Parameters
    ----------
    track
        The runs.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        An xlsx file, the same bytes for the same runs.
    """
    import xlsxwriter  # noqa: PLC0415  beside its use

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        sheets = {"month": _month, "quarter": _quarters, "year": _years, "acceptance": _acceptance}
        for name, parts in sheets.items():
            _write(book, text(f"track.{name}", lang=lang), parts(track, lang), lang)
    return file.getvalue()


def _write(book: Any, title: str, parts: Sequence[Part], lang: Lang) -> None:  # noqa: ANN401  of a library without types
    page = theme()["page"]
    sheet = book.add_worksheet(title)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    bold = book.add_format({"bold": True, "font_size": 13, "font_color": page["head"]})
    head = book.add_format(
        {"bold": True, "bg_color": page["tint"], "border": 1, "text_wrap": True, "valign": "vcenter"}
    )
    looks: dict[tuple[str, str], Any] = {}
    row = 0
    for part in parts:
        sheet.write_string(row, 0, part.title, bold)
        sheet.set_row(row, _TITLE_HIGH)
        sheet.set_row(row + 1, _HEAD_HIGH)
        sheet.write_row(row + 1, 0, part.heads, head)
        for row_at, cells in enumerate(part.rows, start=row + 2):
            for column, cell in enumerate(cells):
                key = (cell.look, cell.ink)
                if key not in looks:
                    of = {"border": 1, "valign": "top", "text_wrap": not cell.look}
                    of |= {"num_format": cell.look} if cell.look else {}
                    looks[key] = book.add_format(of | ({"font_color": cell.ink} if cell.ink else {}))
                _write_cell(sheet, (row_at, column), cell, looks[key], lang)
        row += len(part.rows) + 3
    for column in range(max((len(part.widths) for part in parts), default=0)):
        width = max(part.widths[column] for part in parts if column < len(part.widths))
        sheet.set_column(column, column, width)
    if parts:
        sheet.freeze_panes(2, 1)


def _write_cell(sheet: Any, place: tuple[int, int], cell: Cell, look: object, lang: Lang) -> None:  # noqa: ANN401  as above
    if pd.isna(cell.value):
        sheet.write_string(*place, text("label.unknown", lang=lang), look)
    elif cell.value == "":
        sheet.write_blank(*place, None, look)
    elif isinstance(cell.value, str):
        sheet.write_string(*place, cell.value, look)
    else:
        sheet.write_number(*place, float(cell.value), look)


def _table(rows: pd.DataFrame, columns: Sequence[str], title: str, lang: Lang) -> Part:
    """Lay a table out with the names of its columns; what does not apply is left empty."""
    heads = [text(f"column.{name}", lang=lang) for name in columns]
    widths = [_WIDTHS.get(name, _WIDTH) for name in columns]
    cells = [[_cell(name, row[name], row, lang) for name in columns] for row in rows.to_dict("records")]
    return Part(title, heads, widths, cells)


def _cell(name: str, value: Any, row: dict[Any, Any], lang: Lang) -> Cell:  # noqa: ANN401  of any column
    page, look = theme()["page"], next((look for end, look in _LOOKS.items() if name.endswith(end)), "")
    # A project that is in time is late of nothing.
    if pd.isna(value):
        none = text("track.no_block", lang=lang) if name == "block_id" else None
        return Cell("") if name in _MAY_BE_EMPTY else Cell(none, ink=page["muted"])
    if name in _NAMED:
        ink = theme()["track"]["status"][value] if name == "status" else ""
        return Cell(named(_NAMED[name], str(value), lang=lang), ink=ink)
    if name == "block_id":
        return Cell(str(row.get("block_name", value)))
    if name.endswith("_count") and name.startswith("late") and value:
        return Cell(value, look, theme()["track"]["status"]["late"])
    return Cell(value, f"+{look};-{look};{look}" if "_gain_" in name else look)


def _month(track: Track, lang: Lang) -> list[Part]:
    if not len(track.projects):
        return [Part(text("track.no_projects", lang=lang), [], [], [])]
    on, *before = sorted(track.projects["run_on"].unique(), reverse=True)
    since = text("track.since", lang=lang, on=before[0]) if before else text("track.first", lang=lang)
    sums = _of_run(track.progress, on)
    sums = sums[sums["grouping"].isin(_AREAS)]
    place = {status: row for row, status in enumerate(("late", "unknown", "on_time", "not_started", "done"))}
    rows = _with_blocks(_of_run(track.projects, on), track)
    ordered = rows.assign(place=rows["status"].map(place)).sort_values(
        ["place", "late_day_count", "project_id"], ascending=[True, False, True], kind="stable"
    )
    return [
        _sums(sums, text("track.summary_on", lang=lang, on=on), lang),
        _table(ordered, _PROJECT, f"{text('track.projects_on', lang=lang, on=on)} · {since}", lang),
    ]


def _sums(sums: pd.DataFrame, title: str, lang: Lang) -> Part:
    part = _table(sums, ("item_name", *_SUMS), title, lang)
    return part._replace(
        heads=[text("track.area", lang=lang), *part.heads[1:]], widths=[_WIDTHS["item"], *part.widths[1:]]
    )


def _of_run(table: pd.DataFrame, on: str) -> pd.DataFrame:
    return table[table["run_on"] == on]


def _with_blocks(projects: pd.DataFrame, track: Track) -> pd.DataFrame:
    blocks = track.progress[track.progress["grouping"] == "block"].drop_duplicates("item", keep="last")
    names = blocks.set_index("item")["item_name"]
    return projects.assign(block_name=projects["block_id"].map(names).fillna(projects["block_id"]))


def _quarters(track: Track, lang: Lang) -> list[Part]:
    def quarter(on: str) -> str:
        return text("track.quarter_of", lang=lang, year=on[:4], quarter=(int(on[5:7]) + 2) // 3)

    return _periods(track, quarter, text("track.by_quarter", lang=lang), lang)


def _years(track: Track, lang: Lang) -> list[Part]:
    def year(on: str) -> str:
        return text("track.year_of", lang=lang, year=on[:4])

    return _periods(track, year, text("track.by_year", lang=lang), lang, has_targets=True)


def _periods(
    track: Track, period: Callable[[str], str], by: str, lang: Lang, *, has_targets: bool = False
) -> list[Part]:
    """Set the last run of each period beside one another."""
    last = {period(on): on for on in track.dates}
    parts = []
    if len(track.progress):
        parts.append(_progress_by(track, last, by, lang))
    if not len(track.indicators):
        return [*parts, Part(text("track.no_indicators", lang=lang), [], [], [])]
    heads = ["area", "indicator", "unit", *(["target"] if has_targets else [])]
    names = [text(f"track.{head}", lang=lang) for head in heads] + [*last, text("track.change", lang=lang)]
    names += [text("track.reached", lang=lang)] if has_targets else []
    widths = [_WIDTHS.get(head, _WIDTH) for head in heads] + [_WIDTH] * (len(names) - len(heads))
    rows = [
        _indicator_row(one, list(last.values()), lang, has_targets=has_targets)
        for _, one in track.indicators.groupby(["area_kind", "area_id", "indicator"], sort=False)
    ]
    return [*parts, Part(text("track.indicators_by", lang=lang, by=by), names, widths, rows)]


def _progress_by(track: Track, last: dict[str, str], by: str, lang: Lang) -> Part:
    heads = [text("track.area", lang=lang)]
    columns = ("late_count", "paid_wan", "progress_share")
    heads += [f"{text(f'column.{name}', lang=lang)} {period}" for name in columns for period in last]
    rows = []
    areas = track.progress[track.progress["grouping"].isin(_AREAS)]
    for _, one in areas.groupby(["grouping", "item"], sort=False):
        of = one.set_index("run_on")
        cells = [Cell(one["item_name"].iloc[-1])]
        for name in columns:
            values = of[name].reindex(list(last.values()))
            cells += [_cell(name, value, {}, lang) for value in values]
        rows.append(cells)
    widths = [_WIDTHS["item"], *[_WIDTH] * (len(heads) - 1)]
    return Part(text("track.progress_by", lang=lang, by=by), heads, widths, rows)


def _indicator_row(one: pd.DataFrame, dates: Sequence[str], lang: Lang, *, has_targets: bool) -> list[Cell]:
    declared = indicator_file().indicators.get(str(one["indicator"].iloc[0]))
    unit = None if declared is None else indicator_file().units[declared.unit]
    factor, decimals = (1.0, 2) if unit is None else (unit.factor, unit.decimals)
    look = "#,##0" + ("." + "0" * decimals if decimals else "")
    of = one.set_index("run_on")
    # What was not measured then is left empty; what has no meaning, or is not known, says so.
    cells = []
    for on in dates:
        if on not in of.index:
            cells.append(Cell(""))
        elif pd.notna(of["value"][on]):
            cells.append(Cell(of["value"][on] * factor, look))
        else:
            none = text("track.not_there", lang=lang) if of["missing"][on] == "" else None
            cells.append(Cell(none, ink=theme()["page"]["muted"]))
    values = of["value"].reindex(list(dates))
    change = (values.iloc[-1] - values.iloc[0]) * factor if len(dates) > 1 else float("nan")
    delta = Cell("") if pd.isna(change) else Cell(change, f"+{look};-{look};{look}")
    name = one["indicator"].iloc[0] if declared is None else getattr(declared, f"name_{lang}")
    sign = "" if unit is None else getattr(unit, f"name_{lang}")
    head = [Cell(one["area_name"].iloc[-1]), Cell(name), Cell(sign)]
    if not has_targets:
        return [*head, *cells, delta]
    if declared is None or declared.target is None:
        untold = Cell(text("track.no_target", lang=lang), ink=theme()["page"]["muted"])
        return [*head, untold, *cells, delta, Cell("")]
    value = values.iloc[-1]
    is_reached = value >= declared.target if declared.direction == "more" else value <= declared.target
    said = Cell("") if pd.isna(value) else Cell(text(f"label.{'yes' if is_reached else 'no'}", lang=lang))
    return [*head, Cell(declared.target * factor, look), *cells, delta, said]


def _acceptance(track: Track, lang: Lang) -> list[Part]:
    if not len(track.projects):
        return [Part(text("track.no_projects", lang=lang), [], [], [])]
    on = track.projects["run_on"].max()
    now = _with_blocks(_of_run(track.projects, on), track)
    sums = _of_run(track.progress, on)
    sums = sums[sums["grouping"] == "acceptance_batch"]
    title = f"{text('track.batches', lang=lang)} · {text('track.summary_on', lang=lang, on=on)}"
    parts = [_sums(sums, title, lang)] if len(sums) else []
    place = {status: row for row, status in enumerate(PROJECT_STATUSES)}
    ordered = now.assign(place=now["status"].map(place)).sort_values(["place", "project_id"], kind="stable")
    for batch in sums["item"]:
        called = text("track.batch_of", lang=lang, batch=batch)
        parts.append(_table(ordered[ordered["acceptance_batch"] == batch], _ACCEPTED, called, lang))
    if len(rest := ordered[ordered["acceptance_batch"].isna()]):
        parts.append(_table(rest, _ACCEPTED, text("track.no_batch", lang=lang), lang))
    return parts
