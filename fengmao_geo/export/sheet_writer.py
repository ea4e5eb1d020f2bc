"""Sheets written as a workbook: titles, heads that stay, widths, formats, colours, charts, print set-up."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from fengmao_geo.export.sheet_cells import plain_text, text_width, written
from fengmao_geo.export.sheet_pages import ROW_PT, Paging
from fengmao_geo.export.sheets import Sheet, SheetChart, SheetTable
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
# Pixels of a digit, and of a row of 15 points.
_PIXELS, _ROW_PIXELS = 7, 20
#: So many lines are a title, its head and a few rows, which stay together.
_WITH_HEAD = 7
#: The frame of a chart keeps clear of the end of the page before.
_BELOW_PX = 4
#: No row is higher, in points.
_HIGHEST = 409
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
    "bar": {"type": "data_bar", "min_type": "num", "min_value": 0},
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
        return self.format(border=1, border_color=book["grid"], **total, **look)

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
        self.paging = Paging(told.paper, sum(_PIXELS * width + 5 for width in self.widths))

    def write(self, *, title: str, notice: str) -> None:
        for column, width in enumerate(self.widths):
            self.sheet.set_column(column, column, width, self.pen.format())
        if self.told.title:
            self._titles(title, notice)
        for is_table, parts in groupby(self.told.parts, key=lambda part: isinstance(part, SheetTable)):
            if is_table:
                for part in parts:
                    self._table(cast("SheetTable", part))
            else:
                self._charts(cast("list[SheetChart]", list(parts)))
        self._set_up(title, notice)

    def _set_row(self, row: int, height: float) -> None:
        self.sheet.set_row(row, height)
        self.paging.heights[row] = height

    def _titles(self, title: str, notice: str) -> None:
        book, page = theme()["book"], theme()["page"]
        self._set_row(0, 26)
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
        self._set_row(self.row, theme()["book"]["lines"] * lines + 3)
        if len(self.widths) > 1:
            self.sheet.merge_range(self.row, 0, self.row, len(self.widths) - 1, "", look)
        self.sheet.write_string(self.row, 0, words, look)
        self.row += 1

    def _table(self, table: SheetTable) -> None:
        top = self.row + bool(self.starts)
        if table.title:
            self.row += bool(self.starts)
            look = self.pen.format(bold=True, font_color=theme()["page"]["head"])
            self.sheet.write_string(self.row, 0, table.title, look)
            self.row += 1
        self.starts.append(self.row)
        names = [head.label or head.name(lang=self.pen.lang) for head in table.heads]
        for column, name in enumerate(names):
            self.sheet.write_string(self.row, column, written(name, "").shown, self.pen.head())
        self._set_row(self.row, self._head_height(names))
        first = self.row + 1
        totals = range(len(table.rows) - table.total_count, len(table.rows))
        for number, row in enumerate(table.rows):
            lines = [
                self._cell(first + number, column, cell, head, is_total=number in totals)
                for column, (cell, head) in enumerate(zip(row, table.heads, strict=True))
            ]
            if max(lines) > 1:
                self._set_row(first + number, min(theme()["book"]["lines"] * max(lines) + 2, _HIGHEST))
        self._colour(table, first)
        if table.has_filter and table.rows:
            self.sheet.autofilter(first - 1, 0, first + len(table.rows) - 1, len(table.heads) - 1)
        self.row = first + len(table.rows)
        if table.title:
            # Nothing says what the columns are of rows that are printed on the page after.
            high = sum(self.paging.heights.get(row, ROW_PT) for row in range(top, self.row))
            least = _WITH_HEAD * theme()["book"]["lines"]
            # A title does not stand on a page by itself.
            self.paging.keep(top, high if len(self.starts) > 1 else least, least_pt=least)

    def _head_height(self, names: Sequence[str]) -> float:
        widths = zip(names, self.widths, strict=False)
        lines = max(_lines(name, width) for name, width in widths)
        return float(theme()["book"]["lines"] * min(lines, 5) + 6)

    def _cell(self, row: int, column: int, cell: Cell, head: Head, *, is_total: bool) -> int:
        """Write a cell, and count the lines it takes."""
        told = written(cell, head.unit, lang=self.pen.lang)
        if told.number_format:
            look = self.pen.cell(is_total=is_total, num_format=told.number_format, align="right", indent=1)
            self.sheet.write_number(row, column, told.value, look)
            return 1
        ink = (
            {"font_color": theme()["book"][told.mood], "align": "center"}
            if told.mood
            else {"align": "left", "indent": 1}
        )
        look = self.pen.cell(is_total=is_total, text_wrap=True, **ink)
        self.sheet.write_string(row, column, told.value, look)
        return _lines(told.shown, self.widths[column] - 1)

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

    def _charts(self, charts: Sequence[SheetChart]) -> None:
        """Put charts below what was written, side by side where the sheet is wide enough."""
        book = theme()["book"]
        drawn = [
            (chart, height) for told in charts if (chart := self._chart(told)) for height in [_height(told)]
        ]
        wide = sum(_PIXELS * width + 5 for width in self.widths)
        beside = max(int(wide // book["chart_width_px"]), 1)
        for at in range(0, len(drawn), beside):
            line = drawn[at : at + beside]
            self.row += 1
            row_count = math.ceil(max(height for _, height in line) / _ROW_PIXELS) + 1
            self.paging.keep(self.row, row_count * book["lines"])
            for place, (chart, _) in enumerate(line):
                beside_px = place * (book["chart_width_px"] + 12)
                shift = {"object_position": 2, "x_offset": beside_px, "y_offset": _BELOW_PX}
                self.sheet.insert_chart(self.row, 0, chart, shift)
            for _ in range(row_count):
                self._set_row(self.row, book["lines"])
                self.row += 1

    def _chart(self, told: SheetChart) -> Any:  # noqa: ANN401  as above
        """Draw columns of a table; a number that is not known has no bar, and says so."""
        table, first = self.told.tables[told.table], self.starts[told.table] + 1
        rows = table.rows[: told.row_count]
        cells = {
            column: [written(row[column], table.heads[column].unit, lang=self.pen.lang) for row in rows]
            for column in told.series
        }
        known = {
            column: of
            for column, of in cells.items()
            if any(cell.number_format and cell.value for cell in of)
        }
        if not known:
            return None
        labels = [str(written(row[told.category], "", lang=self.pen.lang).value) for row in rows]
        chart = self.pen.book.add_chart({"type": "bar" if told.is_bar else "column"})
        last, name = first + len(rows) - 1, self.told.name
        # Where bars are many only those that are not known have their words.
        label = {"delete": True} if len(known) * len(rows) > theme()["book"]["most_labels"] else None
        for at, (column, of) in enumerate(known.items()):
            head = table.heads[column]
            custom = [{"value": cell.value} if cell.mood else label for cell in of]
            chart.add_series(
                {
                    "name": [name, first - 1, column],
                    "name_data": [plain_text(head.label or head.name(lang=self.pen.lang))],
                    "categories": [name, first, told.category, last, told.category],
                    "categories_data": [plain_text(label) for label in labels],
                    "values": [name, first, column, last, column],
                    "values_data": ["" if cell.mood else cell.value for cell in of],
                    "fill": {"color": theme()["book"]["series"][at % len(theme()["book"]["series"])]},
                    "gap": 60,
                    "data_labels": {"value": True, "font": _letters(8), "custom": custom},
                }
            )
        self._dress(chart, told, table.heads[told.series[0]].unit, series_count=len(known))
        return chart

    def _dress(self, chart: Any, told: SheetChart, unit: str, *, series_count: int) -> None:  # noqa: ANN401  as above
        """Give a chart its title, its axes and its legend."""
        line = {"visible": True, "line": {"color": theme()["page"]["line"]}}
        none = {"visible": False}
        numbers = {
            "num_font": _letters(9),
            "min": 0,
            "num_format": pattern if (pattern := written(0.5, unit).number_format).endswith("%") else "#,##0",
        }
        if told.maximum is not None:
            numbers["max"] = told.maximum
        names = {"num_font": _letters(9), "major_gridlines": none}
        chart.set_title({"name": told.title, "name_font": _letters(11) | {"bold": True}, "overlay": False})
        if told.is_bar:
            # What lies is read from the top; its numbers stand at its bars.
            chart.set_x_axis(numbers | {"visible": False, "major_gridlines": none})
            chart.set_y_axis(names | {"reverse": True})
        else:
            chart.set_x_axis(names)
            chart.set_y_axis(numbers | {"major_gridlines": line})
        legend = {"position": "bottom", "font": _letters(9)}
        chart.set_legend(legend if series_count > 1 else {"none": True})
        chart.set_size({"width": theme()["book"]["chart_width_px"], "height": _height(told)})

    def _set_up(self, title: str, notice: str) -> None:
        """Set what stays on the screen, and how the sheet is printed."""
        # The head of what can be filtered stays; where tables follow one another only the title does.
        head = self.starts[0] if self.told.tables[0].has_filter else None
        self.sheet.freeze_panes(2 if head is None else head + 1, self.told.frozen_count)
        # Above the rows of another table it would name the wrong columns.
        if head is not None and len(self.told.tables) == 1:
            self.sheet.repeat_rows(head)
        self.sheet.set_landscape()
        self.sheet.set_paper(_PAPERS[self.told.paper])
        self.sheet.fit_to_pages(1, 0)
        # No chart is cut in two, and no head stands alone at the end of a page.
        self.sheet.set_h_pagebreaks(self.paging.breaks)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
        self.sheet.hide_gridlines(2)
        above = _printed(plain_text(title, longest=_FOOTER // 2))
        below = _printed(plain_text(notice, longest=_FOOTER // 2))
        self.sheet.set_header(f"&L&9{above}&R&9&A")
        pages = text("book.pages", lang=self.pen.lang, page="&P", pages="&N")
        self.sheet.set_footer(f"&L&9{below}&R&9{pages}")


def _letters(size: float) -> dict[str, object]:
    return {"name": theme()["book"]["font"], "size": size}


def _height(told: SheetChart) -> int:
    """Give a chart that lies room for each of its bars."""
    book = theme()["book"]
    return int(
        max(book["chart_height_px"], 110 + 21 * told.row_count) if told.is_bar else book["chart_height_px"]
    )


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
            width = min(max(*needs, book["narrowest"]), head.widest or book["widest"]) + 3
            if column < len(found):
                found[column] = max(found[column], width)
            else:
                found.append(width)
    return found
