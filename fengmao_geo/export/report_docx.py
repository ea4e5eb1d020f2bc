"""A report as a document to edit: headings, fonts and margins as official documents have them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from fengmao_geo.export.report_docx_parts import (
    draw,
    field,
    indented,
    set_letters,
    spaced,
    table_row,
    without_clock,
)
from fengmao_geo.export.report_model import Figure, Heading, Paragraph, Table, plain, walk, writable
from fengmao_geo.export.theme import theme
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from docx.document import Document as Doc
    from docx.section import Section
    from docx.styles.style import ParagraphStyle
    from docx.table import Table as Grid
    from docx.text.paragraph import Paragraph as Line

    from fengmao_geo.export.report_model import Item, Report, Sheet

__all__ = ["report_document"]

#: No clock: the same report gives the same bytes.
_WHEN = datetime(2000, 1, 1, tzinfo=UTC)
_LISTED = 2
_A4_MM, _A3_MM = (210, 297), (420, 297)
_SHEET_MARGINS_MM = (10, 12, 12, 12)
# A little less than on the page: Word needs a line below a table.
_SHEET_MAP_MM, _BESIDE_MM = 234.0, 156.0
_MM_PER_PT = 25.4 / 72
_TWIPS_PER_MM = 1440 / 25.4
_SMALL_PT = 7.5
_CENTRE = WD_ALIGN_PARAGRAPH.CENTER


def report_document(report: Report) -> bytes:
    """Write a report as a document.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    bytes
        A ``.docx``; the same bytes for the same report.
    """
    document = Document()
    writer = _Writer(document, report)
    writer.write()
    made = io.BytesIO()
    document.save(made)
    return without_clock(made.getvalue())


@dataclass(frozen=True, eq=False)
class _Writer:
    """Writes a report into a document."""

    document: Doc
    report: Report

    def write(self) -> None:
        items = list(walk(self.report))
        self._styles()
        self._properties()
        self._paper(self.document.sections[0], _A4_MM, theme()["report"]["margins_mm"])
        self._cover()
        self._contents([item.part for item in items if isinstance(item.part, Heading)])
        for number, item in enumerate(items):
            self._item(item, number)
        for sheet in self.report.sheets:
            self._sheet(sheet)

    def _properties(self) -> None:
        about = self.document.core_properties
        about.title, about.subject = plain(self.report.title), plain(self.report.notice)
        about.author = about.last_modified_by = about.comments = about.keywords = ""
        about.created = about.modified = _WHEN
        about.language = {"zh": "zh-CN"}.get(self.report.lang, self.report.lang)
        about.revision = 1

    def _styles(self) -> None:
        look, styles = theme()["report"], self.document.styles
        # Without it the marks of Chinese are drawn as those of Japan or Taiwan where a font stands in.
        for speech in styles.element.iter(qn("w:lang")):
            speech.set(qn("w:eastAsia"), "zh-CN")
        body = styles["Normal"]
        set_letters(body, look["body"]["name"], look["body"]["size_pt"])
        spaced(body, line_pt=look["line_pt"])
        for level, font in enumerate(look["heads"], start=1):
            head = styles[f"Heading {level}"]
            set_letters(head, look[font]["name"], look[font]["size_pt"], is_bold=level == 3)
            spaced(head, line_pt=look["line_pt"], before_pt=6 if level <= 2 else 0)
            indented(head, look[font]["size_pt"], self.report.lang)
            head.paragraph_format.keep_with_next = True
        self._own_style(
            "Report Title", "title", line_pt=look["title"]["size_pt"] * 1.5
        ).paragraph_format.alignment = _CENTRE
        indented(self._own_style("Report Body", "body"), look["body"]["size_pt"], self.report.lang)
        small, note = look["table_pt"], look["note_pt"]
        self._own_style("Report Contents", "body", size_pt=13, line_pt=21)
        self._own_style("Report Note", "body", size_pt=note, line_pt=None, before_pt=3, after_pt=8)
        caption = self._own_style(
            "Report Caption", "black", size_pt=12, line_pt=None, before_pt=6, after_pt=3
        )
        caption.paragraph_format.alignment = _CENTRE
        picture = self._own_style("Report Picture", "body", line_pt=None, before_pt=6)
        picture.paragraph_format.alignment = _CENTRE
        picture.paragraph_format.keep_with_next = True
        self._own_style("Report Cell", "body", size_pt=small, line_pt=None, before_pt=1.5, after_pt=1.5)
        self._own_style(
            "Report Head", "black", size_pt=small, line_pt=None
        ).paragraph_format.alignment = _CENTRE
        self._own_style("Report Small", "body", size_pt=8, line_pt=None)

    def _own_style(
        self,
        name: str,
        font: str,
        *,
        size_pt: float | None = None,
        line_pt: float | None = 0,
        **spaces: float,
    ) -> ParagraphStyle:
        look = theme()["report"]
        style: ParagraphStyle = self.document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = self.document.styles["Normal"]
        set_letters(style, look[font]["name"], size_pt or look[font]["size_pt"])
        spaced(style, line_pt=look["line_pt"] if line_pt == 0 else line_pt, **spaces)
        return style

    def _line(self, words: str, style: str) -> Line:
        return self.document.add_paragraph(writable(words), style=style)

    def _paper(self, section: Section, size_mm: tuple[int, int], margins_mm: Any) -> None:  # noqa: ANN401  four numbers
        """Set paper and margins, the notice above and the number of the page below."""
        section.page_width, section.page_height = Mm(size_mm[0]), Mm(size_mm[1])
        is_wide = size_mm[0] > size_mm[1]
        section.orientation = WD_ORIENT.LANDSCAPE if is_wide else WD_ORIENT.PORTRAIT
        above, right, below, left = margins_mm
        section.top_margin, section.right_margin = Mm(above), Mm(right)
        section.bottom_margin, section.left_margin = Mm(below), Mm(left)
        section.header_distance, section.footer_distance = Mm(min(15, above / 2)), Mm(min(20, below / 2))
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.different_first_page_header_footer = not is_wide
        head = section.header.paragraphs[0]
        head.style = self.document.styles["Report Small"]
        head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if not is_wide:
            self._red(head, self.report.notice)
        foot = section.footer.paragraphs[0]
        foot.style, foot.alignment = self.document.styles["Report Small"], _CENTRE
        before, after = text("report.page", lang=self.report.lang, number="|").split("|")
        foot.add_run(before)
        field(foot, "PAGE", "1")
        foot.add_run(after)
        for run in foot.runs:
            run.font.size = Pt(theme()["report"]["page_number_pt"])

    def _red(self, line: Line, words: str) -> None:
        line.add_run(writable(words)).font.color.rgb = RGBColor.from_string(
            theme()["static"]["notice"].lstrip("#")
        )

    def _cover(self) -> None:
        self._red(self._line("", "Report Contents"), self.report.notice)
        for _ in range(6):
            self._line("", "Normal")
        self._line(self.report.title, "Report Title")
        for line in self.report.lines:
            self._line(line, "Normal").alignment = _CENTRE

    def _contents(self, heads: list[Heading]) -> None:
        """List the headings; the field works out page numbers where it is updated."""
        title = self._line(text("report.contents", lang=self.report.lang), "Report Head")
        title.paragraph_format.page_break_before = True
        title.runs[0].font.size = Pt(theme()["report"]["black"]["size_pt"])
        listed = [head for head in heads if head.level <= _LISTED]
        for place, head in enumerate(listed):
            line = self._line("", "Report Contents")
            line.paragraph_format.left_indent = Pt(28 * (head.level - 1))
            if place == 0:
                self._mark(line, "begin", dirty=True)
                self._mark(line, "", f' TOC \\o "1-{_LISTED}" \\h \\z \\u ')
                self._mark(line, "separate")
            self._link(line, head)
            if place == len(listed) - 1:
                self._mark(line, "end")

    def _mark(self, line: Line, kind: str, words: str = "", *, dirty: bool = False) -> None:
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark.set(qn("xml:space"), "preserve")
            mark.text = words
        if dirty:
            mark.set(qn("w:dirty"), "true")
        line.add_run()._r.append(mark)  # noqa: SLF001  as in _field

    def _link(self, line: Line, head: Heading) -> None:
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), _bookmark(head))
        run = line.add_run(writable(head.words))
        link.append(run._r)  # noqa: SLF001  as in _field
        line._p.append(link)  # noqa: SLF001  as in _field

    def _item(self, item: Item, number: int) -> None:
        match item.part:
            case Heading(_, level, _):
                self._heading(item.part, level, number)
            case Paragraph(words, kind):
                line = self._line(words, "Report Note" if kind == "note" else "Report Body")
                line.paragraph_format.keep_with_next = kind == "lead"
            case Table():
                self._caption(f"{item.label} {item.part.caption}", is_above=True)
                self._table(
                    self.document.add_table(0, len(item.part.head)), item.part, theme()["report"]["text_mm"]
                )
            case Figure(caption, png, width_mm):
                draw(self._line("", "Report Picture"), png, width_mm, caption)
                self._caption(f"{item.label} {caption}", is_above=False)

    def _heading(self, head: Heading, level: int, number: int) -> None:
        line = self._line(head.words, f"Heading {level}")
        if number == 0:
            line.paragraph_format.page_break_before = True
        ends = [OxmlElement(f"w:bookmark{end}") for end in ("Start", "End")]
        for end in ends:
            end.set(qn("w:id"), str(number))
        ends[0].set(qn("w:name"), _bookmark(head))
        line.runs[0]._r.addprevious(ends[0])  # noqa: SLF001  as in _field
        line._p.append(ends[1])  # noqa: SLF001  as in _field

    def _caption(self, words: str, *, is_above: bool) -> None:
        line = self._line(words, "Report Caption")
        line.paragraph_format.keep_with_next = is_above

    def _table(self, grid: Grid, table: Table, width_mm: float, *, size_pt: float | None = None) -> None:
        """Write a table; its head returns on every page and no row is parted."""
        grid.style = self.document.styles["Table Grid"]
        grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        letter_mm = (size_pt or theme()["report"]["table_pt"]) * _MM_PER_PT
        widths = [round(width_mm * share * _TWIPS_PER_MM) for share in table.shares(width_mm / letter_mm)]
        for column, width in zip(grid._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):  # noqa: SLF001  as in _field
            column.set(qn("w:w"), str(width))
        for place, row in enumerate((table.head, *table.rows)):
            grid._tbl.append(table_row(row, table, widths, is_head=place == 0, size_pt=size_pt))  # noqa: SLF001  as in _field

    def _sheet(self, sheet: Sheet) -> None:
        """Write a large sheet: the map on the left, lines and tables on the right."""
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        self._paper(section, _A3_MM, _SHEET_MARGINS_MM)
        # What holds the break stands behind the sheet before it, and must not take a page of its own.
        self.document.paragraphs[-1].style = self.document.styles["Report Small"]
        title = self._line(sheet.title, "Report Caption")
        title.alignment = WD_ALIGN_PARAGRAPH.LEFT
        title.runs[0].font.size = Pt(16)
        self._red(title, f"    {self.report.notice}" if self.report.notice else "")
        layout = self.document.add_table(1, 2)
        layout.autofit = False
        left, right = layout.rows[0].cells
        widths = (_SHEET_MAP_MM + 4, _BESIDE_MM)
        for cell, column, width in zip((left, right), layout.columns, widths, strict=True):
            cell.width = column.width = Mm(width)
        left.paragraphs[0].style = self.document.styles["Report Small"]
        draw(left.paragraphs[0], sheet.picture.png, _SHEET_MAP_MM, sheet.picture.caption)
        right.paragraphs[0].style = self.document.styles["Report Small"]
        for line in sheet.lines:
            right.add_paragraph(writable(line), style="Report Small").runs[0].font.size = Pt(9.5)
        for table in sheet.tables:
            right.add_paragraph(writable(table.caption), style="Report Caption").runs[0].font.size = Pt(9)
            self._table(right.add_table(0, len(table.head)), table, _BESIDE_MM - 4, size_pt=_SMALL_PT)
            right.paragraphs[-1].style = self.document.styles["Report Small"]
        if sheet is self.report.sheets[-1]:
            self._line("", "Report Small")


def _bookmark(head: Heading) -> str:
    return f"_Toc_{head.anchor.replace('-', '_')}"
