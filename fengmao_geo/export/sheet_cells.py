"""How each value of a sheet is written: by its unit, never blank, and never longer than a cell holds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from fengmao_geo.export.indicator_words import number_words
from fengmao_geo.export.sheets import Measure
from fengmao_geo.export.theme import theme
from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fengmao_geo.export.sheets import Cell, Sheet, Sign
    from fengmao_geo.messages import Lang

__all__ = ["Written", "cut", "long_texts", "plain_text", "text_width", "unit_name", "written"]

#: Excel holds so many UTF-16 units in a cell.
_LONGEST = 32_767
#: What no XML holds and is not written otherwise: halves of pairs, and two that are no characters.
_NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# What comes after so many characters makes no row higher than it may be.
_MEASURED = 4_000


@dataclass(frozen=True)
class Written:
    """How a cell is written.

    Parameters
    ----------
    value
        Its text or its number.
    shown
        What is seen of it.
    number_format
        The format of the number; empty for text.
    mood
        ``unknown`` where it is not known, ``none`` where there is nothing to know.
    """

    value: str | float
    shown: str
    number_format: str = ""
    mood: Literal["", "unknown", "none"] = ""


def written(cell: Cell, unit: str, *, lang: Lang = "zh") -> Written:
    """Say how a cell is written: what is not known reads so, and what does not apply too.

    Parameters
    ----------
    cell
        Text, a number, yes or no, a measure with its own unit, or nothing.
    unit
        The unit of the column.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    Written
        Text or number with its format.

    Examples
    --------
    >>> written(12.37, "people").value, written(0.352, "share").number_format
    (12, '0%')
    >>> written(None, "people", lang="en").value, written(np.inf, "people", lang="en").value
    ('not enough data', 'not applicable')
    """
    sign: Sign = ""
    if isinstance(cell, Measure):
        unit, sign, cell = cell.unit, cell.sign, cell.value
    if isinstance(cell, bool | np.bool_):
        cell = text("label.yes" if cell else "label.no", lang=lang)
    if isinstance(cell, str):
        if not cell:
            return Written(text("book.none", lang=lang), "-", mood="none")
        whole = cut(_NO_TEXT.sub("\ufffd", cell), lang=lang)
        return Written(whole, whole)
    if cell is None or pd.isna(cell):
        unknown = text("book.unknown", lang=lang)
        return Written(unknown, unknown, mood="unknown")
    if np.isinf(cell):
        none = text("book.not_applicable", lang=lang)
        return Written(none, none, mood="none")
    return _number(float(cell), unit, sign)


def _number(value: float, unit: str, sign: Sign) -> Written:
    factor, decimals, is_percent = _look(unit)
    said = number_words(value, factor=factor, decimals=decimals, is_percent=is_percent)
    places = f".{'0' * decimals}" if decimals else ""
    scale, shown = (100.0 if is_percent else 1.0), value * factor
    # What is shown rounded can be reckoned on with two more decimals; people are counted whole.
    kept = decimals + (4 if is_percent else 2)
    is_whole = not decimals and not is_percent
    stored = int(np.rint(shown)) if is_whole and said[0] not in "<>" else round(shown / scale, kept)
    if said[0] in "<>" and not sign:
        pattern = f'"{said}"'
    elif is_percent:
        pattern = f"0{places}%"
    else:
        pattern = f"0{places}" if unit in theme()["book"]["plain"] else f"#,##0{places}"
    if sign == "+":
        pattern = f"+{pattern};-{pattern};{pattern}"
    elif sign:
        pattern = f'"≥"{pattern}'
    return Written(stored, said + sign[:1], pattern)


def _look(unit: str) -> tuple[float, int, bool]:
    """Find a unit's factor and decimals, and whether it is per cent."""
    known, book = indicator_file().units.get(unit), theme()["book"]
    if known is not None:
        return known.factor, known.decimals, known.name_en == "%"
    is_percent = unit in book["percent"]
    return (100.0 if is_percent else 1.0), book["decimals"].get(unit, 2), is_percent


def unit_name(unit: str, *, lang: Lang = "zh") -> str:
    """Write what a unit is called; what is no unit of ours is written as it is.

    Parameters
    ----------
    unit
        Its id; empty for text.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name; empty where it has none.

    Examples
    --------
    >>> unit_name("ha", lang="en"), unit_name("{x}"), unit_name("")
    ('ha', '{x}', '')
    """
    known = indicator_file().units.get(unit)
    if known is not None:
        return known.name_zh if lang == "zh" else known.name_en
    return text(f"book.unit.{unit}", lang=lang) if has_text(f"book.unit.{unit}") else unit


def _units_of_text(words: str) -> int:
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def cut(words: str, *, lang: Lang = "zh") -> str:
    """Cut a text that no cell holds, and say so at its end.

    Parameters
    ----------
    words
        The text.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The text, at most 32,767 UTF-16 units.

    Examples
    --------
    >>> cut("short"), len(cut("x" * 40_000))
    ('short', 32767)
    """
    if _units_of_text(words) <= _LONGEST:
        return words
    mark = text("book.cut", lang=lang, count=len(words))
    room = 2 * (_LONGEST - _units_of_text(mark))
    return words.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + mark


def long_texts(sheets: Sequence[Sheet], *, lang: Lang = "zh") -> list[str]:
    """List where texts are cut: sheet, column and how many.

    Parameters
    ----------
    sheets
        The sheets.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of str
        One text per column with such texts.

    Examples
    --------
    >>> from fengmao_geo.export.sheets import Head, Sheet, SheetTable
    >>> long_texts([Sheet("s", [SheetTable([Head("name")], [["x" * 40_000], ["y"]], "town")])], lang="en")
    ['s, name: 1']
    """
    found = []
    for sheet in sheets:
        for table in sheet.tables:
            for at, head in enumerate(table.heads):
                cells = [row[at] for row in table.rows]
                count = sum(isinstance(cell, str) and _units_of_text(cell) > _LONGEST for cell in cells)
                if count:
                    name = head.name(lang=lang)
                    found.append(
                        text("book.cut_where", lang=lang, sheet=sheet.name, column=name, count=count)
                    )
    return found


def text_width(words: str) -> int:
    r"""Count how many digits wide a text is: Chinese characters take two.

    Parameters
    ----------
    words
        The text; of several lines the widest counts.

    Returns
    -------
    int
        Its width.

    Examples
    --------
    >>> text_width("ab"), text_width("ab\nabcd"), text_width("")
    (2, 4, 0)
    """
    lines = words[:_MEASURED].splitlines() or [""]
    return max(
        sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in line) for line in lines
    )


def plain_text(words: str, *, longest: int = _LONGEST) -> str:
    r"""Write text for where Excel holds no control characters: footers, properties, charts.

    Parameters
    ----------
    words
        The text.
    longest
        So many characters of it at most.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> plain_text("a\x01\nb"), plain_text("abc", longest=2)
    ('a b', 'a…')
    """
    line = _CONTROL.sub(" ", _NO_TEXT.sub("\ufffd", words)).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
