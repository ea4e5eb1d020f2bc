"""How a report says things: figures as people read them, people by what stands for them, names of needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.indicator_words import in_unit, number_words
from fengmao_geo.export.map_figures import block_places
from fengmao_geo.export.report_model import Paragraph, Table, plain
from fengmao_geo.export.theme import say
from fengmao_geo.messages import text
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["STEPS", "Telling", "date_span", "share_words", "size_words", "whole"]

#: The steps whose results a report tells of, in the order they are run.
STEPS = (
    "circles",
    "spaces",
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

# Lists in a sentence may be longer than a name.
_MOST = 600
#: Stands where something does not apply.
NONE = "—"
_UNITS = {"floor_area": "m2", "address_count": "addresses"}


def whole(value: float) -> str:
    """Write a count in whole numbers.

    Parameters
    ----------
    value
        The count.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> whole(1234.5678), whole(0)
    ('1,235', '0')
    """
    return f"{value:,.0f}"


def share_words(value: float | None, *, lang: Lang = "zh") -> str:
    """Write a share in whole per cent: few is not none, and most is not all.

    Parameters
    ----------
    value
        The share of 1; missing where it is not known.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> share_words(0.3456), share_words(0.001), share_words(None, lang="en")
    ('35%', '<1%', 'not enough data')
    """
    if value is None or pd.isna(value):
        return say("unknown", lang=lang)
    return number_words(float(value), factor=100.0, is_percent=True)


def size_words(area_m2: float, *, lang: Lang = "zh") -> str:
    """Write an area in hectares.

    Parameters
    ----------
    area_m2
        Square metres.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Hectares, whole from a hundred on.

    Examples
    --------
    >>> size_words(216_000, lang="en"), size_words(3_062_000, lang="en"), size_words(1_200, lang="en")
    ('21.6 ha', '306 ha', '0.12 ha')
    """
    size = hectares(area_m2)
    number = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 1 else f"{size:.2f}"
    return f"{number} {say('hectares', lang=lang)}"


def date_span(dates: Iterable[str], *, lang: Lang = "zh") -> str:
    """Write from when data are.

    Parameters
    ----------
    dates
        Dates of layers.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        One date, or the first and the last.

    Examples
    --------
    >>> date_span(["2024-01-01"]), date_span([], lang="en")
    ('2024-01-01', 'no date')
    """
    told = sorted({plain(date, most=30) for date in dates})
    if not told:
        return say("no_date", lang=lang)
    return told[0] if len(told) == 1 else say("date_span", lang=lang, first=told[0], last=told[-1])


@dataclass(frozen=True, eq=False)
class Telling:
    """What is told of, and in which language.

    Parameters
    ----------
    results
        The town and what was computed from it.
    lang
        ``zh`` or ``en``.
    """

    results: Results
    lang: Lang

    def say(self, key: str, **values: object) -> str:
        """Write words of the group ``report``; what is put into them is one line each."""
        return text(
            f"report.{key}",
            lang=self.lang,
            **{name: plain(value, most=_MOST) for name, value in values.items()},
        )

    def tell(self, key: str, **values: object) -> Paragraph:
        """Write a paragraph."""
        return Paragraph(self.say(key, **values))

    def lead(self, key: str, **values: object) -> Paragraph:
        """Write a paragraph that a table follows."""
        return Paragraph(self.say(key, **values), "lead")

    def note(self, key: str, **values: object) -> Paragraph:
        """Write a note below a table or a picture."""
        return Paragraph(self.say(key, **values), "note")

    def not_run(self, step: str) -> Paragraph:
        """Say that a step was not run."""
        return self.tell("not_run", step=self.say(f"step_{step}"))

    def table(
        self,
        caption: str,
        columns: Mapping[str, Sequence[str]],
        widths: Sequence[float],
        *,
        numbers: Iterable[int] = (),
    ) -> Table:
        """Lay a table out by its columns, each headed by words of the group ``report``."""
        rows = tuple(
            tuple(plain(cell, most=_MOST) or NONE for cell in row)
            for row in zip(*columns.values(), strict=True)
        )
        head = tuple(self.say(f"head_{name}") for name in columns)
        return Table(caption, head, rows, tuple(widths), frozenset(numbers))

    def frame(
        self, caption: str, frame: pd.DataFrame, widths: Sequence[float], *, numbers: Iterable[int] = ()
    ) -> Table:
        """Lay out a table whose columns are headed already."""
        rows = tuple(tuple(plain(cell) or NONE for cell in row) for row in frame.to_numpy().tolist())
        head = tuple(plain(name) for name in frame.columns)
        return Table(caption, head, rows, tuple(widths), frozenset(numbers))

    def joined(self, words: Iterable[str]) -> str:
        """List words in a sentence."""
        return say("list_comma", lang=self.lang).join(plain(word, most=60) for word in words)

    def people(self, count: float | None) -> str:
        """Write how many people, or how much of what stands for them where nobody was counted."""
        if count is None or pd.isna(count):
            return say("unknown", lang=self.lang)
        circles = self.results.circles
        unit = "people" if circles is None else _UNITS.get(circles.people_basis, "people")
        return say(f"n_{unit}", lang=self.lang, n=whole(float(count)))

    def people_name(self) -> str:
        """Name what is counted: people, or what stands for them."""
        circles = self.results.circles
        return say("people" if circles is None else circles.people_basis, lang=self.lang)

    def unknown(self) -> str:
        """Say that something is not known."""
        return say("unknown", lang=self.lang)

    def blocks(self) -> list[Place]:
        """List the blocks by number."""
        return block_places(self.results)

    def of_block(self, table: pd.DataFrame | None, place: Place) -> pd.DataFrame:
        """Take the rows of a table by block that are about one."""
        return pd.DataFrame() if table is None else table[table["block_id"] == place.area_id]

    def value(self, row: Mapping[Any, Any], unit: str) -> str:
        """Write a value of a row that says what would settle it."""
        return in_unit(row["value"], unit, missing=str(row["missing"]), lang=self.lang)
