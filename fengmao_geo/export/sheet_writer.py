"""Sheets written as a workbook: titles, heads that stay, widths, formats, colours, charts, print set-up."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.sheets import Sheet, SheetChart, SheetTable, plain_text, text_width, written
from fengmao_geo.export.theme import theme
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fengmao_geo.export.sheets import Cell, Head
    from fengmao_geo.messages import Lang

__all__ = ["workbook_bytes"]

#: Text is never a formula or a link, and no number.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_PAPERS = {"A4": 9, "A3": 8}
# A footer holds 255 characters, the codes of ours among them.
_FOOTER = 180
_SCALES = {
    "attained": {
        "type": "3_color_scale",
        "min_type": "num",
        "mid_type": "num",
        "max_type": "num",
        "min_value": 0,
        "mid_value": 0.5,
        "max_value": 1,
    },
    "lack": {"type": "2_color_scale", "min_type": "num", "min_value": 0},
    "bar": {"type": "data_bar", "bar_solid": True, "min_type": "num", "min_value": 0},
}


def workbook_bytes(sheets: Sequence[Sheet], *, title: str = "", notice: str = "", lang: Lang = "zh") -> bytes:
    """Write sheets as a workbook in which no text is a formula; the same sheets are the same bytes.

    Parameters
    ----------
    sheets
        The sheets in order.
    title
        What the workbook is called in its properties and above each printed page.
    notice
        What is printed below each page.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        The content of an ``.xlsx`` file.

    Examples
    --------
    >>> from fengmao_geo.export.sheets import Head
    >>> workbook_bytes([Sheet("s", [SheetTable([Head("name")], [["a"]], "town")])])[:2]
    b'PK'
    """
    import xlsxwriter  # noqa: PLC0415  beside its use

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS | {"strings_to_numbers": False}) as book:
        created = pd.Timestamp(2000, 1, 1).to_pydatetime()
        book.set_properties({"created": created, "title": plain_text(title, longest=_FOOTER)})
        pen = _Pen(book, lang)
        for sheet in sheets:
            _Page(pen, book.add_worksheet(sheet.name), sheet).write(title=title, notice=notice)
    return file.getvalue()


@dataclass(frozen=True)
class _Pen:
    """The workbook with the formats that were made, each once."""

    book: Any
    lang: Lang
    made: dict[tuple[tuple[str, object], ...], Any] = field(default_factory=dict)

    def format(self, **look: object) -> Any:  # noqa: ANN401  xlsxwriter has no types
        book = theme()["book"]
        whole = {"font_name": book["font"], "font_size": book["size"], "valign": "vcenter"} | look
        key = tuple(sorted(whole.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(whole)
        return self.made[key]

    def cell(self, *, is_total: bool, **look: object) -> Any:  # noqa: ANN401  as above
        book = theme()["book"]
        total = {"bold": True, "bg_color": book["total"]} if is_total else {}
        return self.format(border=1, border_color=book["grid"], text_wrap=True, **total, **look)

    def head(self) -> Any:  # noqa: ANN401  as above
        book = theme()["book"]
        colours = {"bg_color": book["head"], "font_color": book["head_ink"], "border_color": book["grid"]}
        return self.format(bold=True, text_wrap=True, align="center", border=1, **colours)


class _Page:
    """One sheet while it is written, from top to bottom."""

    def __init__(self, pen: _Pen, sheet: Any, told: Sheet) -> None:  # noqa: ANN401  as above
        self.pen, self.sheet, self.told, self.row = pen, sheet, told, 0
        self.starts: list[int] = []
        self.widths = _widths(told, pen.lang)

    def write(self, *, title: str, notice: str) -> None:
        for column, width in enumerate(self.widths):
            self.sheet.set_column(column, column, width, self.pen.format())
        if self.told.title:
            self._titles(title, notice)
        for part in self.told.parts:
            if isinstance(part, SheetTable):
                self._table(part)
            else:
                self._chart(part)
        self._set_up(title, notice)

    def _titles(self, title: str, notice: str) -> None:
        book, page = theme()["book"], theme()["page"]
        self.sheet.set_row(0, 26)
        self.sheet.write_string(
            0,
            0,
            self.told.title,
            self.pen.format(bold=True, font_size=book["title_size"], font_color=page["head"]),
        )
        said = plain_text(" · ".join(part for part in (title, notice) if part))
        self.sheet.write_string(1, 0, said or "-", self.pen.format(font_color=page["muted"]))
        self.row = 2
        for note in self.told.notes:
            self._wide(note, self.pen.format(font_color=page["lack"], text_wrap=True, valign="top"))

    def _wide(self, words: str, look: Any) -> None:  # noqa: ANN401  as above
        """Write a line as wide as the sheet, and as high as it needs."""
        room = max(sum(self.widths) * 0.95, 1)
        lines = min(math.ceil(text_width(words) / room), 6)
        self.sheet.set_row(self.row, theme()["book"]["lines"] * lines + 3)
        if len(self.widths) > 1:
            self.sheet.merge_range(self.row, 0, self.row, len(self.widths) - 1, "", look)
        self.sheet.write_string(self.row, 0, words, look)
        self.row += 1

    def _table(self, table: SheetTable) -> None:
        if table.title:
            self.row += bool(self.starts)
            look = self.pen.format(bold=True, font_color=theme()["page"]["head"])
            self.sheet.write_string(self.row, 0, table.title, look)
            self.row += 1
        self.starts.append(self.row)
        names = [head.label or head.name(lang=self.pen.lang) for head in table.heads]
        for column, name in enumerate(names):
            self.sheet.write_string(self.row, column, written(name, "").shown, self.pen.head())
        self.sheet.set_row(self.row, self._head_height(names))
        first = self.row + 1
        totals = range(len(table.rows) - table.total_count, len(table.rows))
        for number, row in enumerate(table.rows):
            for column, (cell, head) in enumerate(zip(row, table.heads, strict=True)):
                self._cell(first + number, column, cell, head, is_total=number in totals)
        self._colour(table, first)
        if table.has_filter and table.rows:
            self.sheet.autofilter(first - 1, 0, first + len(table.rows) - 1, len(table.heads) - 1)
        self.row = first + len(table.rows)

    def _head_height(self, names: Sequence[str]) -> float:
        widths = zip(names, self.widths, strict=False)
        lines = max(_lines(name, width) for name, width in widths)
        return float(theme()["book"]["lines"] * min(lines, 5) + 6)

    def _cell(self, row: int, column: int, cell: Cell, head: Head, *, is_total: bool) -> None:
        told = written(cell, head.unit, lang=self.pen.lang)
        if told.number_format:
            look = self.pen.cell(is_total=is_total, num_format=told.number_format, align="right")
            self.sheet.write_number(row, column, told.value, look)
            return
        ink = {"font_color": theme()["book"][told.mood], "align": "center"} if told.mood else {}
        self.sheet.write_string(row, column, told.value, self.pen.cell(is_total=is_total, **ink))

    def _colour(self, table: SheetTable, first: int) -> None:
        book = theme()["book"]
        last = first + len(table.rows) - 1 - table.total_count
        scales = {
            "attained": {"min_color": book["worst"], "mid_color": book["middle"], "max_color": book["best"]},
            "lack": {"min_color": "#ffffff", "max_color": book["lack"]},
            "bar": {"bar_color": book["bar"]},
        }
        for column, head in enumerate(table.heads):
            if head.colour and last >= first:
                rule = _SCALES[head.colour] | scales[head.colour]
                self.sheet.conditional_format(first, column, last, column, rule)
            for words, colour in head.tones.items():
                look = self.pen.book.add_format({"font_color": colour, "bold": True})
                quoted = words.replace('"', '""')
                rule = {"type": "cell", "criteria": "==", "value": f'"{quoted}"', "format": look}
                if last >= first:
                    self.sheet.conditional_format(first, column, last, column, rule)

    def _chart(self, told: SheetChart) -> None:
        """Draw columns of a table; a number that is not known has no bar, and says so."""
        book, table = theme()["book"], self.told.tables[told.table]
        first, rows = self.starts[told.table] + 1, table.rows[: told.row_count]
        if not _is_drawn(told, table, self.pen.lang):
            return
        chart = self.pen.book.add_chart({"type": "bar" if told.is_bar else "column"})
        last, name = first + len(rows) - 1, self.told.name
        labels = [str(written(row[told.category], "", lang=self.pen.lang).value) for row in rows]
        letters = {"name": book["font"], "size": 9}
        for at, column in enumerate(told.series):
            head = table.heads[column]
            cells = [written(row[column], head.unit, lang=self.pen.lang) for row in rows]
            custom = [{"value": cell.value} if cell.mood else None for cell in cells]
            chart.add_series(
                {
                    "name": [name, first - 1, column],
                    "name_data": [plain_text(head.label or head.name(lang=self.pen.lang))],
                    "categories": [name, first, told.category, last, told.category],
                    "categories_data": [plain_text(label) for label in labels],
                    "values": [name, first, column, last, column],
                    "values_data": ["" if cell.mood else cell.value for cell in cells],
                    "fill": {"color": book["series"][at % len(book["series"])]},
                    "gap": 60,
                    "data_labels": {"value": True, "font": letters, "custom": custom},
                }
            )
        title = {"name": told.title, "name_font": letters | {"size": 12, "bold": True}, "overlay": False}
        chart.set_title(title)
        axis: dict[str, object] = {"num_font": letters, "major_gridlines": {"visible": False}}
        values = axis | {"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#e3e7e8"}}}
        if told.maximum is not None:
            values["max"] = told.maximum
        # What lies is read from the top.
        chart.set_x_axis(axis | {"reverse": told.is_bar})
        chart.set_y_axis(values)
        chart.set_legend({"position": "bottom", "font": letters} if len(told.series) > 1 else {"none": True})
        height = book["chart_height_px"] + (max(0, len(rows) - 10) * 18 if told.is_bar else 0)
        chart.set_size({"width": book["chart_width_px"], "height": height})
        self.row += 1
        self.sheet.insert_chart(self.row, 0, chart, {"object_position": 2})
        for _ in range(math.ceil(height / 20) + 1):
            self.sheet.set_row(self.row, 15)
            self.row += 1

    def _set_up(self, title: str, notice: str) -> None:
        """Set what stays on the screen, and how the sheet is printed."""
        head = self.starts[0] if self.starts else 0
        self.sheet.freeze_panes(head + 1, self.told.frozen_count)
        self.sheet.repeat_rows(head)
        self.sheet.set_landscape()
        self.sheet.set_paper(_PAPERS[self.told.paper])
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
        self.sheet.hide_gridlines(2)
        above = _printed(plain_text(title, longest=_FOOTER // 2))
        below = _printed(plain_text(notice, longest=_FOOTER // 2))
        self.sheet.set_header(f"&L&9{above}&R&9&A")
        pages = text("book.pages", lang=self.pen.lang, page="&P", pages="&N")
        self.sheet.set_footer(f"&L&9{below}&R&9{pages}")


def _printed(words: str) -> str:
    """Write text for above or below a page, where ``&`` begins a code and digits would be a size."""
    doubled = words.replace("&", "&&")
    return f" {doubled}" if doubled[:1].isdigit() else doubled


def _lines(words: str, width: float) -> int:
    return sum(math.ceil(max(text_width(line), 1) / max(width - 1, 1)) for line in words.splitlines() or [""])


def _widths(sheet: Sheet, lang: Lang) -> list[float]:
    """Take for each column what its widest value needs, and for its head at most three lines."""
    book = theme()["book"]
    found: list[float] = []
    for table in sheet.tables:
        for column, head in enumerate(table.heads):
            name = head.label or head.name(lang=lang)
            words = max((text_width(word) for word in name.split()), default=0)
            least = words if name.isascii() else 0
            needs = [least, text_width(name) / 2 + 1]
            needs += [text_width(written(row[column], head.unit, lang=lang).shown) for row in table.rows]
            width = min(max(*needs, book["narrowest"]), book["widest"]) + 1.5
            if column < len(found):
                found[column] = max(found[column], width)
            else:
                found.append(width)
    return found


def _is_drawn(told: SheetChart, table: SheetTable, lang: Lang) -> bool:
    """Say whether there is anything to draw."""
    cells = [
        written(row[column], table.heads[column].unit, lang=lang)
        for row in table.rows[: told.row_count]
        for column in told.series
    ]
    return any(cell.number_format and cell.value for cell in cells)
