"""Indicators in words: names, and values as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.theme import layer_name, say
from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang

__all__ = ["indicator_words", "missing_words", "value_of"]

_HALF = 0.5


def indicator_words(indicator: str, *, lang: Lang = "zh") -> str:
    """Name an indicator.

    Parameters
    ----------
    indicator
        Its id.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> indicator_words("parcel_yield_wan_per_mu", lang="en")
    'Tax per mu'
    """
    found = indicator_file().indicators[indicator]
    return found.name_zh if lang == "zh" else found.name_en


def value_of(value: float | None, indicator: str, *, missing: str = "", lang: Lang = "zh") -> str:
    """Write a value of an indicator with its unit, rounded as people read it.

    Parameters
    ----------
    value
        The value; none or not a number where it is missing.
    indicator
        The indicator's id.
    missing
        What would settle a value that is missing; empty where the indicator has no meaning there.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The number and its unit; words where it is not known, and where there is none.

    Examples
    --------
    >>> value_of(0.347, "green_rate_share"), value_of(None, "green_rate_share", missing="green", lang="en")
    ('35%', 'not enough data')
    """
    if value is None or pd.isna(value):
        return say("unknown" if missing else "not_there", lang=lang)
    file = indicator_file()
    unit = file.units[file.indicators[indicator].unit]
    name = unit.name_zh if lang == "zh" else unit.name_en
    number = value * unit.factor
    least = _HALF * 10.0**-unit.decimals
    # Few is not none: what is there is not rounded away.
    written = f"<{2 * least:g}" if 0 < number < least else f"{number:,.{unit.decimals}f}"
    blank = "" if name == "%" or not name else " "
    return f"{written}{blank}{name}"


def missing_words(missing: str, *, lang: Lang = "zh") -> str:
    """Say which layers, columns or steps would settle a value.

    Parameters
    ----------
    missing
        As the table ``indicators`` has it: ``firms.tax_wan, parcels``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Their names; empty where nothing is missing.

    Examples
    --------
    >>> missing_words("parcels, firms.tax_wan", lang="en")
    'Parcels, Firms (tax (10,000 yuan))'
    """
    return say("list_comma", lang=lang).join(
        _need_words(need, lang) for need in filter(None, missing.split(", "))
    )


def _need_words(need: str, lang: Lang) -> str:
    layer, _, column = need.partition(".")
    key = f"map.need.{layer}"
    name = text(key, lang=lang) if has_text(key) else layer_name(layer, lang=lang)
    of_column = f"column.{column}"
    return f"{name} ({text(of_column, lang=lang) if has_text(of_column) else column})" if column else name
