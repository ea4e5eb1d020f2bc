"""What a report is made of: a small frozen tree of sections, paragraphs, tables and pictures."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fengmao_geo.messages import Lang

__all__ = [
    "MOST_LETTERS",
    "Figure",
    "Heading",
    "Item",
    "Paragraph",
    "Part",
    "Report",
    "Section",
    "Sheet",
    "Table",
    "plain",
    "walk",
    "writable",
]

#: A text of the data is cut here: a document is read, not searched.
MOST_LETTERS = 200
#: What no line may end within, such as a date; longer words may be cut.
_WORD = re.compile(r"\d+(?:-\d+)+|[!-,./-~\u00a1-\u024f\u2264\u2265]+")
_MOST_IN_A_WORD = 14
# Widths in Chinese letters: of a Latin letter, and of the room at both sides of a cell.
_LATIN, _BESIDE = 0.64, 1.1

_DEEPEST = 4
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# Control characters, halves of pairs, and what is no character at all.
_UNWRITABLE = ("Cc", "Cs", "Cn")


def plain(value: object, *, most: int = MOST_LETTERS) -> str:
    r"""Write a value as one line that a document can hold.

    Parameters
    ----------
    value
        A name, a number, anything.
    most
        How many letters are kept.

    Returns
    -------
    str
        Its text without control characters and marks that turn the direction of writing; cut with ``…``.

    Examples
    --------
    >>> plain("Mill\n Lane\x00"), plain("abcdef", most=4), plain("")
    ('Mill Lane', 'abc…', '')
    """
    words = " ".join(str(value).split())
    kept = writable(words)
    return kept if len(kept) <= most else kept[: most - 1] + "…"


def writable(words: str) -> str:
    """Leave out what a document cannot hold.

    Parameters
    ----------
    words
        Any text.

    Returns
    -------
    str
        The text without control characters and marks that turn the direction of writing.
    """
    return "".join(letter for letter in words if _is_writable(letter))


def _is_writable(letter: str) -> bool:
    return ord(letter) not in _BIDI and unicodedata.category(letter) not in _UNWRITABLE


@dataclass(frozen=True)
class Paragraph:
    """Words.

    Parameters
    ----------
    words
        What it says.
    kind
        ``body``; ``lead`` before a table, from which it is not parted; ``note`` below a table or a picture.
    """

    words: str
    kind: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption
        What it is called, without its number.
    head
        The heads of its columns.
    rows
        Its rows; a row of one cell goes across and heads what follows.
    widths
        How wide each column is, one to another.
    numbers
        Which columns hold numbers, written to the right.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numbers: frozenset[int] = frozenset()

    def shares(self, room: float) -> tuple[float, ...]:
        """Share the width out among the columns so that no word is cut in two where it can be helped.

        Parameters
        ----------
        room
            How many Chinese letters side by side the table is wide.

        Returns
        -------
        tuple of float
            The share of each column; they add up to 1.

        Examples
        --------
        >>> table = Table("", ("score", "remedy"), (), (1.0, 9.0))
        >>> [round(share, 1) for share in table.shares(20)]
        [0.2, 0.8]
        """
        total = sum(self.widths)
        rows = [self.head, *(row for row in self.rows if len(row) > 1)]
        least = [max(_longest_word(row[at]) for row in rows) / room for at in range(len(self.head))]
        wanted = [width / total for width in self.widths]
        if sum(least) >= 1:
            return tuple(share / sum(least) for share in least)
        lacking = sum(max(needed - share, 0.0) for needed, share in zip(least, wanted, strict=True))
        spare = sum(max(share - needed, 0.0) for needed, share in zip(least, wanted, strict=True))
        return tuple(
            needed if share <= needed else share - (share - needed) * lacking / spare
            for needed, share in zip(least, wanted, strict=True)
        )


def _longest_word(words: str) -> float:
    """Measure the longest word of a cell with the room beside it; between Chinese letters lines may end."""
    longest = max((len(word) for word in _WORD.findall(words)), default=1)
    return min(longest, _MOST_IN_A_WORD) * _LATIN + _BESIDE


@dataclass(frozen=True)
class Figure:
    """A picture.

    Parameters
    ----------
    caption
        What it is called, without its number.
    png
        The picture.
    width_mm
        How wide it is printed.
    """

    caption: str
    png: bytes
    width_mm: float


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Parameters
    ----------
    title
        Its words, without its number.
    parts
        What it holds, in order.
    is_numbered
        Whether it counts among its siblings; an annex does not.
    """

    title: str
    parts: tuple[Part, ...]
    is_numbered: bool = True


@dataclass(frozen=True)
class Sheet:
    """A large sheet of one block: a map, and beside it what the block is about.

    Parameters
    ----------
    title
        What it is called.
    lines
        What stands over its tables.
    picture
        The map.
    tables
        The tables beside it.
    """

    title: str
    lines: tuple[str, ...]
    picture: Figure
    tables: tuple[Table, ...]


Part = Paragraph | Table | Figure | Section


@dataclass(frozen=True)
class Report:
    """A report.

    Parameters
    ----------
    title
        What stands on its cover.
    lines
        What stands below the title.
    notice
        What is printed on every page; may be empty.
    lang
        Its language.
    sections
        Its chapters.
    sheets
        The large sheets behind them.
    """

    title: str
    lines: tuple[str, ...]
    notice: str
    lang: Lang
    sections: tuple[Section, ...]
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class Heading:
    """A heading as it is written.

    Parameters
    ----------
    words
        Number and title.
    level
        1 to 4.
    anchor
        What links point to.
    """

    words: str
    level: int
    anchor: str


@dataclass(frozen=True)
class Item:
    """Something to write, in the order of the page.

    Parameters
    ----------
    part
        What it is.
    label
        The number of a table or a picture; empty for words.
    """

    part: Heading | Paragraph | Table | Figure
    label: str = ""


def walk(report: Report) -> Iterator[Item]:
    """List everything a report says, numbered, in the order of its pages; its large sheets are left out.

    Parameters
    ----------
    report
        The report.

    Yields
    ------
    Item
        Headings as official documents number them, paragraphs, tables and pictures.
    """
    counts = {"table": 0, "figure": 0}
    yield from _walk(report.sections, (), counts, report.lang)


def _walk(parts: Sequence[Part], path: tuple[int, ...], counts: dict[str, int], lang: Lang) -> Iterator[Item]:
    numbered = 0
    for place, part in enumerate(parts):
        if isinstance(part, Section):
            numbered += part.is_numbered
            own = (*path, numbered)
            number = _number(own, lang) if part.is_numbered else ""
            anchor = "-".join(map(str, (*path, place + 1)))
            yield Item(Heading(number + part.title, min(len(own), _DEEPEST), f"s{anchor}"))
            yield from _walk(part.parts, own, counts, lang)
        elif isinstance(part, Paragraph):
            yield Item(part)
        else:
            kind = "table" if isinstance(part, Table) else "figure"
            counts[kind] += 1
            yield Item(part, text(f"report.label_{kind}", lang=lang, number=counts[kind]))


def _number(path: tuple[int, ...], lang: Lang) -> str:
    """Write the number of a heading, by its path in English."""
    level = min(len(path), _DEEPEST)
    own = _numeral(path[-1]) if level <= 2 else str(path[-1])
    number = ".".join(map(str, path)) if lang == "en" else own
    return text(f"report.heading_{level}", lang=lang, number=number)


def _numeral(number: int) -> str:
    """Write a number below a hundred in Chinese."""
    digits, ten = text("report.digits"), text("report.ten")
    tens, ones = divmod(number, 10)
    return (digits[tens - 1] if tens > 1 else "") + (ten if tens else "") + (digits[ones - 1] if ones else "")
