"""What is said of green in words: indicators, values in their units, gains with their interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.theme import named, say, theme
from fengmao_geo.standards.green import green_standard

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["gain_words", "headline_rows", "indicator_name", "state_words", "value_words"]

PLANNED = "planned"
# The last that fits ends the name of an indicator and is its unit.
_UNITS = ("share", "people", "count", "m", "m2", "m3", "person_m2")


def indicator_name(indicator: str, rule_set: str = "", *, lang: Lang = "zh") -> str:
    """Write what an indicator is called, with its rule set where it has one.

    Parameters
    ----------
    indicator
        Its id; one that is not known is written as it is.
    rule_set
        Id of the rule set.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name with a capital.

    Examples
    --------
    >>> indicator_name("green_share", lang="en"), indicator_name("unheard_of")
    ('Green rate', 'unheard_of')
    """
    standard = green_standard()
    known, rules = standard.indicators.get(indicator), standard.rule_sets.get(rule_set)
    if known is None:
        return indicator
    name = known.name_zh if lang == "zh" else known.name_en
    if rules is not None:
        name = say("green_by_rules", lang=lang, name=name, rules=rules.name_zh if lang == "zh" else rules.name_en)
    return name[:1].upper() + name[1:]


def _unit(indicator: str) -> str:
    return next((unit for unit in reversed(_UNITS) if indicator.endswith(f"_{unit}")), "")


def value_words(value: float, indicator: str, *, lang: Lang = "zh", is_signed: bool = False) -> str:
    """Write a value as people read it, in the unit that ends the indicator's name.

    Parameters
    ----------
    value
        The value; missing where it is not known.
    indicator
        The indicator's id.
    lang
        ``zh`` or ``en``.
    is_signed
        Whether it is a difference, which carries its sign.

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> value_words(0.3456, "green_share", lang="en"), value_words(float("nan"), "green_share", lang="en")
    ('34.6%', 'not enough data')
    >>> value_words(-1234.4, "green_m2", lang="en", is_signed=True)
    '-1,234 m²'
    """
    if pd.isna(value):
        return say("unknown", lang=lang)
    sign = "+" if is_signed else ""
    number = _number(float(value), _unit(indicator), sign)
    # Rounded to nothing it has no sign.
    number = number.replace("-", "").replace("+", "") if not number.strip("+-0.,%") else number
    unit = _unit(indicator)
    if unit == "share":
        return say("green_points", lang=lang, n=number) if is_signed else f"{number}%"
    return say(f"green_n_{unit}", lang=lang, n=number) if unit else number


def _number(value: float, unit: str, sign: str) -> str:
    if unit == "share":
        return f"{value * 100:{sign}.1f}"
    if unit in ("people", "count", "m", "m2", "m3"):
        return f"{value:{sign},.0f}"
    return f"{value:{sign},.2f}"


def gain_words(row: pd.Series, *, lang: Lang = "zh") -> str:
    """Write a gain with its sign and, where it is measured with an error, its interval.

    Parameters
    ----------
    row
        A row of the table ``green_gains``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Such as ``+1.2 points (+0.8 to +1.6)``.

    Examples
    --------
    >>> row = pd.Series({"indicator": "green_m2", "gain": 12.0, "low": 9.0, "high": 15.0})
    >>> gain_words(row, lang="en")
    '+12 m² (+9 to +15)'
    """
    said = value_words(row["gain"], row["indicator"], lang=lang, is_signed=True)
    if row[["gain", "low", "high"]].isna().any() or row["low"] >= row["high"]:
        return said
    unit = _unit(row["indicator"])
    low, high = (_number(float(row[end]), unit, "+") for end in ("low", "high"))
    return say("green_interval", lang=lang, gain=said, low=low, high=high)


def state_words(basis: str, *, lang: Lang = "zh") -> tuple[str, str]:
    """Name the two states that a gain compares.

    Parameters
    ----------
    basis
        How it is known: ``vector``, ``image``, ``height`` or ``planned``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    tuple of str
        The earlier and the later state.

    Examples
    --------
    >>> state_words("planned", lang="en"), state_words("image", lang="en")
    (('Now', 'Planned'), ('Before', 'After'))
    """
    keys = ("green_now", "green_plan") if basis == PLANNED else ("green_before", "green_after")
    return say(keys[0], lang=lang), say(keys[1], lang=lang)


def headline_rows(results: Results, area_id: str, *, is_planned: bool = False) -> pd.DataFrame:
    """Take the rows of green gains that a chart or a panel shows of one area.

    Parameters
    ----------
    results
        With green gains.
    area_id
        A block, or ``town``.
    is_planned
        Whether what a programme would add is wanted, or what was observed.

    Returns
    -------
    DataFrame
        Rows of the table ``green_gains``, one per headline of ``theme.toml`` that was measured, in its order.
    """
    gains = results.gains.gains if results.gains is not None else pd.DataFrame()
    if not len(gains):
        return gains
    kind = "town" if area_id == "town" else "block"
    here = gains[(gains["area_kind"] == kind) & (gains["area_id"] == area_id)]
    here = here[(here["basis"] == PLANNED) == is_planned]
    found = []
    for wanted in theme()["green"]["headlines"]:
        rows = here
        for column, value in wanted.items():
            rows = rows[rows[column] == value]
        found.append(rows)
    return pd.concat(found)
