"""Dates as people write them, such as 2024.3 or 20240315: kept as exact as they are, or told."""

from __future__ import annotations

import calendar
import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.number_words import number_words
from fengmao_geo.town.texts import TEXT, as_text, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["first_day", "last_day", "read_date", "read_dates"]

#: How many dates a finding shows as they came and as they were read.
_SHOWN = 5

# As a number the tenth month is the first: 2024.10 is 2024.1.
_FIRST_OR_TENTH = re.compile(r"\d{4}\.1")
_MONTH_LENGTH, _DAY_LENGTH = len("2024-12"), len("2024-12-31")


def read_date(text: str) -> str | None:
    """Read a date as it was written.

    Parameters
    ----------
    text
        What was written.

    Returns
    -------
    str or None
        As ``2024-03-15``, or ``2024-03`` or ``2024`` where no more was written; ``None`` for no date.

    Examples
    --------
    >>> read_date("2024.3"), read_date("20240315"), read_date("2024/3/5 08:00"), read_date("2024-02-30")
    ('2024-03', '2024-03-15', '2024-03-05', None)
    """
    plain = normalise(text)
    match = next((found for pattern in _patterns() if (found := pattern.fullmatch(plain))), None)
    if match is None:
        return None
    parts = {"month": "1", "day": "1"} | {name: one for name, one in match.groupdict().items() if one}
    try:
        written = date(*(int(parts[name]) for name in ("year", "month", "day"))).isoformat()
    except ValueError:
        return None
    known = len(match.groupdict())
    return written[: {1: len("2024"), 2: _MONTH_LENGTH}.get(known, _DAY_LENGTH)]


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in number_words().dates)


def first_day(day: str) -> str:
    """Give the first day that a date may mean.

    Parameters
    ----------
    day
        A date as `read_date` gives it.

    Returns
    -------
    str
        As ``2024-03-01``.

    Examples
    --------
    >>> first_day("2024-03"), first_day("2024"), first_day("2024-03-15")
    ('2024-03-01', '2024-01-01', '2024-03-15')
    """
    return day + "2024-01-01"[len(day) :]


def last_day(day: str) -> str:
    """Give the last day that a date may mean.

    Parameters
    ----------
    day
        A date as `read_date` gives it.

    Returns
    -------
    str
        As ``2024-03-31``.

    Examples
    --------
    >>> last_day("2024-02"), last_day("2024"), last_day("2024-03-15")
    ('2024-02-29', '2024-12-31', '2024-03-15')
    """
    if len(day) != _MONTH_LENGTH:
        return day + "2024-12-31"[len(day) :]
    year, month = (int(part) for part in day.split("-"))
    return f"{day}-{calendar.monthrange(year, month)[1]}"


def read_dates(
    values: pd.Series, ids: pd.Series, *, column: str, layer: str
) -> tuple[pd.Series, list[Finding]]:
    """Read a column of dates.

    Parameters
    ----------
    values
        The column as it came: texts, numbers or times.
    ids
        The ids of its rows.
    column
        Its name.
    layer
        The layer's name, for the findings.

    Returns
    -------
    Series
        Texts as `read_date` gives them; what is no date is missing.
    list
        One finding for dates written otherwise, one for those that are none, and one for numbers of which
        only the year is sure.

    Examples
    --------
    >>> days, found = read_dates(
    ...     pd.Series(["2024.3", "soon"]), pd.Series(["a", "b"]), column="started_on", layer="projects"
    ... )
    >>> days.tolist(), [finding.code for finding in found]
    (['2024-03', nan], ['date_read', 'date_unreadable'])
    """
    is_number = pd.api.types.is_numeric_dtype(values.dtype)
    texts = as_text(values)
    marks = {"", *map(normalise, number_words().missing), "nat"}
    read, how = {}, {}
    for text in texts.dropna().unique():
        is_unsure = is_number and _FIRST_OR_TENTH.fullmatch(text)
        read[text] = read_date(text[:4] if is_unsure else text)
        if normalise(text) in marks:
            how[text] = "missing"
        elif read[text] is None:
            how[text] = "date_unreadable"
        else:
            how[text] = "date_ambiguous" if is_unsure else "plain" if read[text] == text else "date_read"
    days, ways = texts.astype(object).map(read), texts.astype(object).map(how)
    found = [
        _told(code, texts[rows], days[rows], sorted(ids[rows]), (layer, column))
        for code in ("date_read", "date_ambiguous", "date_unreadable")
        if (rows := (ways == code).to_numpy(dtype=bool)).any()
    ]
    return days.astype(TEXT), found


def _told(code: str, came: pd.Series, days: pd.Series, ids: Sequence[str], where: tuple[str, str]) -> Finding:
    shown = dict.fromkeys(
        text if pd.isna(day) else f"{text} -> {day}" for text, day in zip(came, days, strict=True)
    )
    values = {"count": len(ids), "ids": listed(ids), "seen": listed(list(shown), shown=_SHOWN)}
    return Finding(code, where[0], column=where[1], values=values)
