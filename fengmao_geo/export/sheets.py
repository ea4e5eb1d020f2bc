"""What a sheet of a workbook holds: tables whose columns say what they are, charts of them, a title."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fengmao_geo.messages import has_text, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fengmao_geo.messages import Lang

__all__ = ["Cell", "Head", "Measure", "Sheet", "SheetChart", "SheetTable", "Sign"]

Sign = Literal["", "+", ">="]


@dataclass(frozen=True)
class Measure:
    """A number with its own unit, in a column of several.

    Parameters
    ----------
    value
        The number; missing where it is not known, infinite where it has no meaning.
    unit
        A unit of ``indicators.toml``, or one of ``theme.toml``.
    sign
        ``+`` for a difference, ``>=`` for what is known to be at least so much.
    """

    value: float | None
    unit: str
    sign: Sign = ""


Cell = str | float | bool | Measure | None


@dataclass(frozen=True)
class Head:
    """A column of a sheet.

    Parameters
    ----------
    key
        Its name among the messages ``book.head``, else ``column``; ``book.meaning`` says what it means.
    unit
        The unit of its numbers.
    colour
        ``attained``, ``lack`` or ``bar`` colours its numbers by their size.
    tones
        Colours of its texts, such as those of a status.
    label
        What stands in its head, where that is of the data, such as the name of a community.
    source
        Where it is from, where that is not what the table is from.
    widest
        How wide it may grow; as wide as the theme allows where it is left out.
    """

    key: str
    unit: str = ""
    colour: Literal["", "attained", "lack", "bar"] = ""
    tones: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    source: str = ""
    widest: int = 0

    def name(self, *, lang: Lang) -> str:
        """Write what the column is called, whatever its table is about."""
        key = f"book.head.{self.key}"
        return text(key if has_text(key) else f"column.{self.key}", lang=lang)


@dataclass(frozen=True)
class SheetTable:
    """A table on a sheet.

    Parameters
    ----------
    heads
        Its columns.
    rows
        Its rows, a cell per column.
    source
        What it is from: a name among the messages ``book.from``.
    title
        What stands above it.
    total_count
        How many rows at its end sum the others up.
    has_filter
        Whether its rows can be filtered; one table of a sheet can have it.
    """

    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    source: str
    title: str = ""
    total_count: int = 0
    has_filter: bool = False

    def at(self, *keys: str) -> list[int]:
        """Find the columns of some keys, key by key; those that are not there are left out."""
        return [place for key in keys for place, head in enumerate(self.heads) if head.key == key]


@dataclass(frozen=True)
class SheetChart:
    """A chart of columns of a table that stands above it on the same sheet.

    Parameters
    ----------
    table
        The place of the table among the sheet's tables.
    title
        What stands above it.
    category, series
        The column of names and those of numbers.
    row_count
        How many rows are drawn, from the first.
    is_bar
        Whether it lies, as is better for long names.
    maximum
        The end of the axis.
    """

    table: int
    title: str
    category: int
    series: Sequence[int]
    row_count: int
    is_bar: bool = False
    maximum: float | None = None


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook.

    Parameters
    ----------
    name
        What its tab is called.
    parts
        Tables and charts from top to bottom.
    title
        What stands above them; a sheet without one begins with the head of its table.
    notes
        What is said below the title.
    frozen_count
        How many columns stay at the left.
    paper
        What it is printed on.
    """

    name: str
    parts: Sequence[SheetTable | SheetChart]
    title: str = ""
    notes: Sequence[str] = ()
    frozen_count: int = 0
    paper: Literal["A4", "A3"] = "A4"

    @property
    def tables(self) -> list[SheetTable]:
        """The tables among its parts."""
        return [part for part in self.parts if isinstance(part, SheetTable)]
