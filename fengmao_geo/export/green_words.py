"""What is said of green in words: indicators, values in their units, gains with their interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.theme import say, theme
from fengmao_geo.standards.green import green_standard

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = [
    "gain_sign",
    "gain_words",
    "headline_rows",
    "indicator_name",
    "rules_name",
    "state_words",
    "value_words",
]

PLANNED = "planned"
# The last that fits ends the name of an indicator and is its unit.
_UNITS = ("share", "people", "count", "m", "m2", "m3", "person_m2")
_DECIMALS = {"share": 1} | dict.fromkeys(("people", "count", "m", "m2", "m3"), 0)
# More decimals than these tell nothing.
_MORE = 4


def rules_name(rule_set: str, *, lang: Lang = "zh") -> str:
    """Write what a rule set is called.

    Parameters
    ----------
    rule_set
        Its id; empty for none.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name; the id where it is not known.

    Examples
    --------
    >>> rules_name("gbt51346_2019", lang="en"), rules_name("")
    ('GB/T 51346-2019 (500 m)', '')
    """
    rules = green_standard().rule_sets.get(rule_set)
    return rule_set if rules is None else rules.name_zh if lang == "zh" else rules.name_en


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
    known = green_standard().indicators.get(indicator)
    if known is None:
        return indicator
    name = known.name_zh if lang == "zh" else known.name_en
    if rule_set:
        name = say("green_by_rules", lang=lang, name=name, rules=rules_name(rule_set, lang=lang))
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
    unit = _unit(indicator)
    return _with_unit(_number(float(value), unit, is_signed=is_signed), unit, lang, is_signed=is_signed)


def _with_unit(number: str, unit: str, lang: Lang, *, is_signed: bool) -> str:
    if unit == "share":
        return say("green_points", lang=lang, n=number) if is_signed else f"{number}%"
    return say(f"green_n_{unit}", lang=lang, n=number) if unit else number


def _number(value: float, unit: str, *, is_signed: bool = False, more: int = 0) -> str:
    """Write a number with the decimals its unit is read with, and some more where they are needed."""
    decimals = _DECIMALS.get(unit, 2) + more
    said = f"{value * (100 if unit == 'share' else 1):{'+' if is_signed else ''},.{decimals}f}"
    # What is rounded to nothing has no sign.
    return said if said.strip("+-0.,") else said.strip("+-")


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
        Such as ``+1.2 points (+0.8 to +1.6)``, with decimals enough to tell its ends apart.

    Examples
    --------
    >>> row = pd.Series({"indicator": "green_m2", "gain": 12.0, "low": 9.0, "high": 15.0})
    >>> gain_words(row, lang="en")
    '+12 m² (+9 to +15)'
    >>> gain_words(row.replace({9.0: 11.9, 15.0: 12.1}), lang="en")
    '+12.0 m² (+11.9 to +12.1)'
    """
    if row[["gain", "low", "high"]].isna().any() or row["low"] >= row["high"]:
        return value_words(row["gain"], row["indicator"], lang=lang, is_signed=True)
    unit = _unit(row["indicator"])
    for more in range(_MORE):
        gain, low, high = (
            _number(float(row[name]), unit, is_signed=True, more=more) for name in ("gain", "low", "high")
        )
        if low != high:
            break
    said = _with_unit(gain, unit, lang, is_signed=True)
    return say("green_interval", lang=lang, gain=said, low=low, high=high)


def gain_sign(row: pd.Series) -> str:
    """Say whether a gain is read as more, less or none.

    Parameters
    ----------
    row
        A row of the table ``green_gains``.

    Returns
    -------
    str
        ``more`` or ``less``; ``none`` where it is not known, or rounds to nothing.

    Examples
    --------
    >>> gain_sign(pd.Series({"indicator": "green_m2", "gain": -0.2}))
    'none'
    """
    if pd.isna(row["gain"]):
        return "none"
    said = _number(float(row["gain"]), _unit(row["indicator"]), is_signed=True)
    return {"+": "more", "-": "less"}.get(said[0], "none")


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
