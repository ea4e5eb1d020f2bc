"""Numbers written as text: read where they can mean only one thing, else unknown, and told either way."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.number_words import number_words
from fengmao_geo.town.texts import as_text, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from fengmao_geo.schema import Column
    from fengmao_geo.standards.number_words import Unit

__all__ = ["Reading", "area_unit_findings", "read_number", "read_numbers"]

#: What is told of a column, by how its numbers could be read.
_CODES = {
    "read": "number_read",
    "converted": "number_converted",
    "about": "number_about",
    "missing": "number_not_stated",
    "ambiguous": "number_ambiguous",
    "unreadable": "number_unreadable",
}

_THOUSANDS = re.compile(r"(?<![\d,.])\d{1,3}(,\d{3})+(?![\d,])|(?<![\d.])(?<!\d )\d{1,3}( \d{3})+(?! ?\d)")
_GROUPS = re.compile(r"\d+(?:\.\d+)?")
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"

#: The column of numbers that a date may stand in.
_YEAR = "built_year"

#: Digits to which a converted number is kept, so that fifteen mu are a hectare.
_DIGITS = 12

#: What ends the name of a column of shares, and how many percent the whole is.
_SHARE, _PERCENT = "_share", 100

#: How many numbers a finding shows as they came and as they were read.
_SHOWN = 5


@dataclass(frozen=True)
class Reading:
    """What a text says as a number.

    Parameters
    ----------
    value
        The number in the unit of the column; NaN where it says none.
    how
        ``plain``; ``read`` from other signs; ``converted`` from another unit; ``about``, where it says that
        it is not exact; ``missing``, where it says that nothing is known; ``ambiguous``; ``unreadable``.
    """

    value: float
    how: str


def read_number(text: str, *, column: str) -> Reading:
    """Read one number written as text.

    Parameters
    ----------
    text
        What was written.
    column
        The library's name of the column; its end says the unit.

    Returns
    -------
    Reading
        The number and how it was read.

    Examples
    --------
    >>> read_number("1,200", column="people"), read_number("12-15", column="people")
    (Reading(value=1200.0, how='read'), Reading(value=nan, how='ambiguous'))
    >>> read_number("3 km", column="width_m"), read_number("", column="width_m").how
    (Reading(value=3000.0, how='converted'), 'missing')
    """
    plain = normalise(text)
    if plain in _marks():
        return Reading(np.nan, "missing")
    if column == _YEAR and (date := re.match(number_words().date, plain)):
        return Reading(float(date.group(1)), "read")
    folded = _without_thousands(" ".join(unicodedata.normalize("NFKC", text).split()))
    is_split = re.search(r"\d[, ]\d", folded) is not None
    match = None if is_split else _pattern(column).match(_in_digits(normalise(folded)))
    if match is None:
        is_several = is_split or len(_GROUPS.findall(normalise(folded))) > 1
        return Reading(np.nan, "ambiguous" if is_several else "unreadable")
    return _reading(match, column, is_plain=match["number"] == text.strip())


def _reading(match: re.Match[str], column: str, *, is_plain: bool) -> Reading:
    number, counted = float(match["number"]), match["counted"]
    unit = _units(column).get(match["unit"] or "") or (_counted(column) if counted else None)
    factor = _factors().get(counted or "", 1) * (unit.factor if unit else 1)
    value = number if factor == 1 else float(f"{number * factor:.{_DIGITS}g}")
    is_about = match["before"] or match["about_1"] or match["about_2"] or match["about_3"]
    if not np.isfinite(value):
        return Reading(np.nan, "unreadable")
    if is_about:
        return Reading(value, "about")
    if match["unit"] and unit is not None and unit.factor != 1:
        return Reading(value, "converted")
    return Reading(value, "plain" if is_plain else "read")


@cache
def _marks() -> frozenset[str]:
    return frozenset({"", *map(normalise, number_words().missing)})


@cache
def _factors() -> dict[str, float]:
    return {normalise(word): it.factor for it in number_words().multipliers.values() for word in it.words}


@cache
def _units(column: str) -> dict[str, Unit]:
    return number_words().units_of(column)


def _counted(column: str) -> Unit | None:
    return next((unit for unit in _units(column).values() if unit.is_counted), None)


@cache
def _numerals() -> dict[str, int]:
    return {sign: value for value, of in enumerate(number_words().numerals) for sign in of}


def _without_thousands(text: str) -> str:
    return _THOUSANDS.sub(lambda found: re.sub("[, ]", "", found.group()), text)


def _in_digits(text: str) -> str:
    """Write a number up to ninety-nine that is spelt in Chinese signs in digits."""
    signs = _numerals()
    ten = max(signs.values())
    first = next((place for place, sign in enumerate(text) if sign in signs), None)
    if first is None or any(sign.isdigit() and sign.isascii() for sign in text):
        return text
    last = next((place for place in range(first, len(text)) if text[place] not in signs), len(text))
    run = [signs[sign] for sign in text[first:last]]
    if ten not in run:
        return text[:first] + str(run[0]) + text[last:] if len(run) == 1 else text
    tens, ones = run[: run.index(ten)] or [1], run[run.index(ten) + 1 :] or [0]
    if len(tens) > 1 or len(ones) > 1 or ten in ones:
        return text
    return text[:first] + str(tens[0] * ten + ones[0]) + text[last:]


@cache
def _pattern(column: str) -> re.Pattern[str]:
    """Make the pattern of a column's numbers: words before, number, counting word, unit, words after."""
    words = number_words()
    units = _units(column)
    built = _any(word for unit in units.values() for word in unit.before)
    counting = _any(word for it in words.multipliers.values() for word in it.words)
    about = _any(words.about_after)
    return re.compile(
        f"^(?:{built})?(?P<before>{_any(words.about_before)})?(?P<number>{_NUMBER})(?P<about_1>{about})?"
        f"(?P<counted>{counting})??(?P<about_2>{about})?(?P<unit>{_any(units)})?(?P<about_3>{about})?$"
    )


def _any(words: Iterable[str]) -> str:
    """Match one of some words, the longest first; nothing at all where there is none."""
    ordered = sorted({normalise(word) for word in words}, key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"


def read_numbers(
    values: pd.Series, ids: pd.Series, *, column: Column, layer: str
) -> tuple[pd.Series, list[Finding]]:
    """Read a column of numbers, some of which may be written as text.

    What cannot be read becomes missing, which is unknown and not zero.

    Parameters
    ----------
    values
        The column as it came.
    ids
        The ids of its rows.
    column
        Its declaration.
    layer
        The layer's name, for the findings.

    Returns
    -------
    Series
        Numbers; whole ones as integers where none is missing.
    list
        One finding for each way in which some were not plain, with count, examples and ids.

    Examples
    --------
    >>> from fengmao_geo.schema import Column
    >>> people = Column("people", "number", minimum=0)
    >>> numbers, found = read_numbers(
    ...     pd.Series(["1,200", "7"]), pd.Series(["a", "b"]), column=people, layer="communities"
    ... )
    >>> numbers.tolist(), found[0].code, found[0].values["seen"]
    ([1200.0, 7.0], 'number_read', '1,200 -> 1200')
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
        how = np.where(np.isfinite(numbers), "plain", "unreadable").astype(object)
        blank = values.isna().to_numpy()
    else:
        texts = as_text(values)
        blank = (texts.isna() | (texts.str.strip() == "")).to_numpy(dtype=bool)
        numbers, how = _read_each(texts, column.name)
    if column.kind == "whole":
        how[np.isfinite(numbers) & (numbers != np.floor(numbers))] = "unreadable"
    numbers = np.where(how == "unreadable", np.nan, numbers)
    more: list[Finding] = []
    if column.name.endswith(_SHARE):
        numbers, more = _shares(numbers, how, values, ids, where=(layer, column.name))
    found = [
        finding
        for name, code in _CODES.items()
        if (rows := (how == name) & ~blank).any()
        for finding in [_told(code, values[rows], numbers[rows], ids[rows], (layer, column.name))]
    ]
    if column.minimum is not None and (low := numbers < column.minimum).any():
        told = {"count": int(low.sum()), "ids": listed(sorted(ids[low])), "lowest": float(np.nanmin(numbers))}
        found.append(Finding("number_negative", layer, column=column.name, values=told))
    found += more
    is_whole = column.kind == "whole" and bool(np.isfinite(numbers).all())
    return pd.Series(numbers.astype(np.int64) if is_whole else numbers, index=values.index), found


def _shares(
    numbers: np.ndarray, how: np.ndarray, came: pd.Series, ids: pd.Series, *, where: tuple[str, str]
) -> tuple[np.ndarray, list[Finding]]:
    """Read percent written without their sign; beside such, one and what is below it might be either."""
    is_bare = how != "converted"
    is_percent = is_bare & (numbers > 1) & (numbers <= _PERCENT)
    is_either = is_bare & (numbers > 0) & (numbers <= 1) & is_percent.any()
    is_beyond = (numbers > 1) & ~is_percent
    read = np.where(is_percent, numbers / _PERCENT, np.where(is_either | is_beyond, np.nan, numbers))
    ways = {"share_percent": is_percent, "share_ambiguous": is_either, "share_beyond": is_beyond}
    return read, [
        _told(code, came[rows], read[rows], ids[rows], where) for code, rows in ways.items() if rows.any()
    ]


def _read_each(texts: pd.Series, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Read plain numbers at once, and every other text once however often it occurs."""
    numbers = pd.to_numeric(texts.str.strip(), errors="coerce").to_numpy(float, copy=True)
    how = np.full(len(texts), "plain", dtype=object)
    rest = ~np.isfinite(numbers)
    codes, different = pd.factorize(texts[rest])
    read = [*(read_number(text, column=column) for text in different), Reading(np.nan, "missing")]
    numbers[rest] = np.array([reading.value for reading in read])[codes]
    how[rest] = np.array([reading.how for reading in read], dtype=object)[codes]
    return numbers, how


def _told(code: str, came: pd.Series, numbers: np.ndarray, ids: pd.Series, where: tuple[str, str]) -> Finding:
    """Tell how some rows were read: their count and ids, and the different texts with what they became."""
    shown = dict.fromkeys(
        str(text) if np.isnan(number) else f"{text} -> {number:.{_DIGITS}g}"
        for text, number in zip(as_text(came), numbers, strict=True)
    )
    seen = ", ".join(list(shown)[:_SHOWN]) + (" …" if len(shown) > _SHOWN else "")
    values = {"count": len(ids), "ids": listed(sorted(ids)), "seen": seen}
    return Finding(code, where[0], column=where[1], values=values)


def area_unit_findings(frame: gpd.GeoDataFrame, *, layer: str, column: str = "area_m2") -> list[Finding]:
    """Tell where a column of areas seems to be in another unit than square metres, by what is drawn.

    Nothing is converted: the unit is not written.

    Parameters
    ----------
    frame
        A layer in metres, its numbers read.
    layer
        Its name, for the finding.
    column
        The column of areas.

    Returns
    -------
    list of Finding
        One where half of the areas or more are smaller than what is drawn by the factor of one unit.

    Examples
    --------
    >>> import geopandas as gpd
    >>> given = gpd.GeoDataFrame({"area_m2": [15.0]}, geometry=[shapely.box(0, 0, 100, 100)])
    >>> [finding.values["unit"] for finding in area_unit_findings(given, layer="parcels")]
    ['mu']
    """
    drawn_m2 = shapely.area(frame.geometry.to_numpy())
    stated = frame[column].to_numpy(dtype=float) if column in frame else np.full(len(frame), np.nan)
    known = (stated > 0) & (drawn_m2 > 0)
    if not known.any():
        return []
    share = float(np.median(drawn_m2[known] / stated[known]))
    near = number_words().figures["unit_share"].value
    found = {
        name: unit
        for name, unit in number_words().units.items()
        if column.endswith(unit.of) and unit.factor != 1 and abs(share / unit.factor - 1) <= near
    }
    told = {"share": f"{share:.6g}", "count": int(known.sum())}
    return [
        Finding(
            "area_unit_doubtful",
            layer,
            column=column,
            values={"unit": name, "sign": unit.words[0], "factor": f"{unit.factor:.6g}", **told},
        )
        for name, unit in found.items()
    ]
