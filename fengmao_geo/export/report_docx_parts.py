"""Parts of a document: fonts of Chinese, fields, rows and pictures, for which python-docx has no words."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from fengmao_geo.export.report_model import writable
from fengmao_geo.export.theme import theme

if TYPE_CHECKING:
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph as Line

    from fengmao_geo.export.report_model import Table

__all__ = ["draw", "field", "indented", "set_letters", "spaced", "table_row", "without_clock"]

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_TWIPS_PER_PT = 20


def without_clock(content: bytes) -> bytes:
    """Pack the parts again, none of them dated.

    Parameters
    ----------
    content
        The document.

    Returns
    -------
    bytes
        The same document.
    """
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in given.namelist():
            part = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(part, given.read(name))
    return made.getvalue()


def set_letters(style: Any, name: str, size_pt: float, *, is_bold: bool = False) -> None:  # noqa: ANN401  a style or a run
    """Set the fonts of a style: Chinese letters have a font of their own.

    Parameters
    ----------
    style
        The style.
    name
        The font of Chinese letters.
    size_pt
        The size of its letters; that of the style where it is left out.
    is_bold
        Whether it is bold.
    """
    style.font.name = theme()["report"]["latin"]
    style.font.size = Pt(size_pt)
    style.font.bold = is_bold
    style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme_font in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme_font}"), None)
    fonts.set(qn("w:eastAsia"), name)


def spaced(
    style: ParagraphStyle, *, line_pt: float | None, before_pt: float = 0, after_pt: float = 0
) -> None:
    """Set the distance of lines; ``None`` is single, which pictures and tables need.

    Parameters
    ----------
    style
        The style.
    line_pt
        From line to line.
    before_pt
        Room before it.
    after_pt
        Room behind it.
    """
    shape = style.paragraph_format
    shape.space_before, shape.space_after = Pt(before_pt), Pt(after_pt)
    if line_pt is None:
        shape.line_spacing_rule = WD_LINE_SPACING.SINGLE
    else:
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line_pt)


def indented(style: ParagraphStyle, size_pt: float, lang: str) -> None:
    """Begin a paragraph two letters in, as Chinese does.

    Parameters
    ----------
    style
        The style.
    size_pt
        The size of its letters; that of the style where it is left out.
    lang
        The language.
    """
    if lang == "zh":
        indent = style.element.get_or_add_pPr().get_or_add_ind()
        indent.set(qn("w:firstLineChars"), "200")
        indent.set(qn("w:firstLine"), str(round(2 * size_pt * _TWIPS_PER_PT)))


def field(line: Line, instruction: str, shown: str) -> None:
    """Write a field, such as a page number, with what it shows until it is worked out.

    Parameters
    ----------
    line
        The line it stands in.
    instruction
        What the field works out.
    shown
        What it shows until then.
    """
    for kind, words in (("begin", ""), ("", instruction), ("separate", ""), ("text", shown), ("end", "")):
        run = line.add_run(words if kind == "text" else "")
        if kind == "text":
            continue
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = f" {words} "
        run._r.append(mark)  # noqa: SLF001  python-docx has no fields of its own


def draw(line: Line, png: bytes, width_mm: float, caption: str) -> None:
    """Put a picture into a line, with no room around it, and say what it shows.

    Parameters
    ----------
    line
        The line it stands in.
    png
        The picture.
    width_mm
        How wide it is printed.
    caption
        What it is called.
    """
    inline = line.add_run().add_picture(io.BytesIO(png), width=Mm(width_mm))._inline  # noqa: SLF001  as in _field
    for side in ("distT", "distB", "distL", "distR"):
        inline.set(side, "0")
    inline.docPr.set("descr", writable(caption))


def table_row(
    row: tuple[str, ...], table: Table, widths: list[int], *, is_head: bool, size_pt: float | None
) -> Any:  # noqa: ANN401  an element
    """Write a row as XML: python-docx looks every cell up again, which takes seconds for a report.

    Parameters
    ----------
    row
        The cells.
    table
        The table.
    widths
        How wide its columns are.
    is_head
        Whether it is the head.
    size_pt
        The size of its letters; that of the style where it is left out.

    Returns
    -------
    element
        The row.
    """
    line = OxmlElement("w:tr")
    shape = _within(line, "w:trPr")
    _within(shape, "w:cantSplit")
    if is_head:
        _within(shape, "w:tblHeader")
    is_group = len(row) == 1
    for at, words in enumerate(row):
        width = sum(widths) if is_group else widths[at]
        cell = _within(line, "w:tc")
        about = _within(cell, "w:tcPr")
        _within(about, "w:tcW", w=str(width), type="dxa")
        if is_group:
            _within(about, "w:gridSpan", val=str(len(widths)))
        _within(about, "w:vAlign", val="center")
        paragraph = _within(cell, "w:p")
        how = _within(paragraph, "w:pPr")
        _within(how, "w:pStyle", val="ReportHead" if is_head or is_group else "ReportCell")
        # A head never stands alone at the foot of a page.
        if is_head or is_group:
            _within(how, "w:keepNext")
        if is_group or (at in table.numbers and not is_head):
            _within(how, "w:jc", val="left" if is_group else "right")
        run = _within(paragraph, "w:r")
        if size_pt is not None:
            _within(_within(run, "w:rPr"), "w:sz", val=str(round(2 * size_pt)))
        told = _within(run, "w:t")
        told.set(qn("xml:space"), "preserve")
        told.text = writable(words)
    return line


def _within(parent: Any, name: str, **values: str) -> Any:  # noqa: ANN401  elements
    """Put an element into another."""
    child = OxmlElement(name)
    for key, value in values.items():
        child.set(qn(f"w:{key}"), value)
    parent.append(child)
    return child
