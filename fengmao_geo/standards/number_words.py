"""Words that stand around numbers written as text: units, counting words, marks for what is not known."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from fengmao_geo.standards.files import read_record, read_toml, refuse_shared, shipped
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.records import Positive, Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["Multiplier", "NumberWords", "Unit", "number_words"]


class Multiplier(Record):
    """A counting word.

    Parameters
    ----------
    words
        How it is written.
    factor
        What it multiplies a number by.
    source, tag
        Where it comes from and how sure it is.
    """

    words: tuple[Words, ...]
    factor: Positive
    source: Words
    tag: Tag


class Unit(Multiplier):
    """A unit written behind a number.

    Parameters
    ----------
    of
        The column that it is of, or the end of the names of all columns that it is of.
    before
        Words that may stand before such a number, such as what a surveyed house is built of.
    is_counted
        Whether a counting word without a unit counts this one.
    """

    of: Words
    before: tuple[Words, ...] = ()
    is_counted: bool = False


class NumberWords(Record):
    """All words that may stand around a number.

    Parameters
    ----------
    missing
        Marks that say that a number is not known, which is not zero.
    about_before, about_after
        Words that say that a number is not exact.
    figures
        Thresholds; the unit ends the name.
    numerals
        The signs of nought to nine, then of ten.
    date
        A pattern of dates, whose first group is the year.
    dates
        Patterns of whole dates with the groups ``year``, ``month`` and ``day``, as far as they are written.
    multipliers
        Counting words.
    units
        Units.
    source, tag
        Where the words come from and how sure they are.
    """

    source: Words
    tag: Tag
    missing: tuple[Words, ...]
    about_before: tuple[Words, ...]
    about_after: tuple[Words, ...]
    numerals: Annotated[tuple[Words, ...], Field(min_length=11, max_length=11)]
    date: Words
    dates: tuple[Words, ...]
    figures: dict[str, Figure]
    multipliers: dict[str, Multiplier]
    units: dict[str, Unit]

    def units_of(self, column: str) -> dict[str, Unit]:
        """List the units that a column's numbers may be written in.

        Parameters
        ----------
        column
            The library's name of the column.

        Returns
        -------
        dict
            Word, normalised, then the unit.

        Examples
        --------
        >>> number_words().units_of("width_m")["km"].factor
        1000.0
        >>> number_words().units_of("name")
        {}
        """
        of_column = [unit for unit in self.units.values() if unit.of == column] or [
            unit
            for unit in self.units.values()
            if column.endswith(unit.of if unit.of.startswith("_") else f"_{unit.of}")
        ]
        return {normalise(word): unit for unit in of_column for word in unit.words}


@cache
def number_words() -> NumberWords:
    """Read the words that may stand around a number.

    Returns
    -------
    NumberWords
        Units, counting words, marks.

    Examples
    --------
    >>> number_words().units["mu"].of
    '_m2'
    """
    path = shipped("number_words.toml")
    read = read_record(path, NumberWords, read_toml(path))
    refuse_shared(path, "multipliers", {name: it.words for name, it in read.multipliers.items()})
    for of in sorted({unit.of for unit in read.units.values()}):
        refuse_shared(path, f"units{of}", {name: it.words for name, it in read.units.items() if it.of == of})
    return read
