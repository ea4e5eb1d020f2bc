"""A report as one page that opens without a network and prints to A4, with large sheets in A3."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from fengmao_geo.export.offline import asset
from fengmao_geo.export.report_model import Figure, Heading, Paragraph, Table, walk
from fengmao_geo.export.theme import escape, theme
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from fengmao_geo.export.report_model import Item, Report, Sheet

__all__ = ["report_page"]

#: Nothing runs and nothing is loaded.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_LISTED = 2
#: A table of so few rows is not parted.
_SHORT = 14
# So many Chinese letters side by side a table is wide: 156 mm at 9 pt.
_ROOM = 49.0


def report_page(report: Report) -> str:
    """Write a report as a page.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    str
        The page; every text of it is escaped.
    """
    items = list(walk(report))
    body = "\n".join(
        (
            _cover(report),
            _contents(report, items),
            f"<main>{''.join(_item(item) for item in items)}</main>",
            *(_sheet(sheet, report.notice) for sheet in report.sheets),
        )
    )
    lang = {"zh": "zh-CN"}.get(report.lang, report.lang)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{_style(report)}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _style(report: Report) -> str:
    """Write the style sheet: fonts of the theme, and the notice in the margin of every page."""
    look, page = theme()["report"], theme()["page"]
    fonts = {f"font-{name}": look[name]["css"] for name in ("title", "body", "black", "kai")}
    colours = {name: page[name] for name in ("ink", "muted", "line", "tint", "head")}
    variables = fonts | colours | {"notice": theme()["static"]["notice"]}
    root = "".join(f"--{name}: {value};" for name, value in variables.items())
    above, right, below, left = look["margins_mm"]
    before, after = text("report.page", lang=report.lang, number="|").split("|")
    number = f'content: "{before}" counter(page) "{after}"; font: 11pt serif;'
    words = _css_text(report.notice)
    notice = f'content: "{words}"; font: 9pt {look["kai"]["css"]}; color: {variables["notice"]};'
    return (
        f":root {{{root}}}\n"
        f"@page {{ size: A4; margin: {above}mm {right}mm {below}mm {left}mm;"
        f" @bottom-center {{ {number} }} @top-right {{ {notice} }} }}\n"
        "@page cover { @bottom-center { content: none } @top-right { content: none } }\n"
        "@page sheet { size: A3 landscape; margin: 10mm 12mm 11mm 12mm;"
        f" @bottom-center {{ {number} }} @top-right {{ content: none }} }}\n"
        f"{asset('report.css')}"
    )


def _css_text(words: str) -> str:
    """Write any words as a text of a style sheet, inside a page: only letters and digits as they are."""
    return "".join(letter if letter.isalnum() else f"\\{ord(letter):x} " for letter in words)


def _cover(report: Report) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in report.lines)
    notice = f'<p class="notice">{escape(report.notice)}</p>' if report.notice else ""
    return f'<header class="cover">{notice}<h1>{escape(report.title)}</h1>{lines}</header>'


def _contents(report: Report, items: list[Item]) -> str:
    """List the headings of the first two levels."""
    heads = [item.part for item in items if isinstance(item.part, Heading) and item.part.level <= _LISTED]
    lines = "".join(
        f'<li class="l{head.level}"><a href="#{head.anchor}">{escape(head.words)}</a></li>' for head in heads
    )
    title = escape(text("report.contents", lang=report.lang))
    return f'<nav><p class="contents">{title}</p><ol>{lines}</ol></nav>'


def _item(item: Item) -> str:
    match item.part:
        case Heading(words, level, anchor):
            return f'<h{level + 1} id="{anchor}">{escape(words)}</h{level + 1}>\n'
        case Paragraph(words, kind):
            look = {"lead": "body lead"}.get(kind, kind)
            return f'<p class="{look}">{escape(words)}</p>\n'
        case Table():
            return _table(item.part, item.label)
        case Figure():
            return _figure(item.part, item.label)


def _table(table: Table, label: str) -> str:
    """Write a table; its head returns on every page."""
    columns = "".join(f'<col style="width:{100 * share:.2f}%">' for share in table.shares(_ROOM))
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(_row(row, table) for row in table.rows)
    caption = f"<caption>{escape(f'{label} {table.caption}'.strip())}</caption>"
    kind = ' class="short"' if len(table.rows) <= _SHORT else ""
    return (
        f"<table{kind}>{caption}<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>\n"
    )


def _row(row: tuple[str, ...], table: Table) -> str:
    if len(row) == 1:
        return f'<tr class="group"><td colspan="{len(table.head)}">{escape(row[0])}</td></tr>'
    cells = "".join(
        f'<td class="n">{escape(cell)}</td>' if place in table.numbers else f"<td>{escape(cell)}</td>"
        for place, cell in enumerate(row)
    )
    return f"<tr>{cells}</tr>"


def _figure(figure: Figure, label: str) -> str:
    caption = escape(f"{label} {figure.caption}".strip())
    source = f"data:image/png;base64,{b64encode(figure.png).decode('ascii')}"
    return (
        f'<figure><img src="{source}" alt="{caption}" style="width:{figure.width_mm:g}mm">'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )


def _sheet(sheet: Sheet, notice: str) -> str:
    """Write a large sheet: the map, and beside it lines and tables."""
    source = f"data:image/png;base64,{b64encode(sheet.picture.png).decode('ascii')}"
    style = f"width:{sheet.picture.width_mm:g}mm"
    picture = f'<img src="{source}" alt="{escape(sheet.picture.caption)}" style="{style}">'
    lines = "".join(f"<p>{escape(line)}</p>" for line in sheet.lines)
    tables = "".join(_table(table, "") for table in sheet.tables)
    told = f'<span class="notice">{escape(notice)}</span>' if notice else ""
    return (
        f'<section class="sheet"><p class="title"><b>{escape(sheet.title)}</b>{told}</p>'
        f'<div class="map">{picture}</div><div class="beside">{lines}{tables}</div></section>\n'
    )
