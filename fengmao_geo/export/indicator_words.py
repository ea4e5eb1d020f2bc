"""Values, needs and sources in words: what a map, a workbook and a report write of one figure is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.theme import layer_name, say
from fengmao_geo.messages import group_keys, has_text, text
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.rasters import raster_standard

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang

__all__ = [
    "in_unit",
    "indicator_words",
    "layer_words",
    "missing_words",
    "need_words",
    "number_words",
    "source_words",
    "value_of",
]

_HALF = 0.5
_ALL = 100.0


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


def number_words(value: float, *, factor: float = 1.0, decimals: int = 0, is_percent: bool = False) -> str:
    """Write a number: few is not none, most is not all, and nothing has no sign.

    Parameters
    ----------
    value
        The number as it was computed.
    factor
        What it is multiplied by before it is written.
    decimals
        How many decimals are written.
    is_percent
        Whether it is a share written in per cent.

    Returns
    -------
    str
        The number, with its per cent sign.

    Examples
    --------
    >>> number_words(0.35, factor=100, is_percent=True), number_words(0.001, factor=100, is_percent=True)
    ('35%', '<1%')
    >>> number_words(0.998, factor=100, is_percent=True), number_words(-0.01, decimals=1), number_words(0.02)
    ('>99%', '0.0', '<1')
    """
    number, least = value * factor, _HALF * 10.0**-decimals
    if 0 < number < least:
        said = f"<{2 * least:g}"
    elif is_percent and _ALL - least < number < _ALL:
        said = f">{_ALL - 2 * least:g}"
    else:
        said = f"{number:,.{decimals}f}"
        said = said if said.strip("-0.,") else said.strip("-")
    return said + "%" * is_percent


def in_unit(value: float | None, unit: str, *, missing: str = "", lang: Lang = "zh") -> str:
    """Write a value in a unit of ``indicators.toml``.

    Parameters
    ----------
    value
        The value; missing where it is not known or does not apply.
    unit
        Id of the unit; one that is not known is written as it is.
    missing
        What would settle a value that is not known; empty where it does not apply.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Number and unit.

    Examples
    --------
    >>> in_unit(0.3456, "share"), in_unit(12.37, "people", lang="en")
    ('35%', '12 people')
    >>> in_unit(None, "share", missing="green", lang="en"), in_unit(None, "share", lang="en")
    ('not enough data', 'does not apply')
    """
    if value is None or pd.isna(value):
        return say("unknown" if missing else "not_there", lang=lang)
    known = indicator_file().units.get(unit)
    if known is None:
        return f"{number_words(float(value), decimals=2)} {_one_line(unit)}".strip()
    name = known.name_zh if lang == "zh" else known.name_en
    is_percent = name == "%"
    said = number_words(float(value), factor=known.factor, decimals=known.decimals, is_percent=is_percent)
    return said if is_percent or not name else f"{said} {name}"


def _one_line(words: str, *, most: int = 40) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


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
    ('34.7%', 'not enough data')
    """
    return in_unit(value, indicator_file().indicators[indicator].unit, missing=missing, lang=lang)


def missing_words(missing: str, *, lang: Lang = "zh") -> str:
    """Say which layers, columns or steps would settle a value.

    Parameters
    ----------
    missing
        As the tables have it: ``firms.tax_wan, parcels``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Their names; empty where nothing is missing.

    Examples
    --------
    >>> missing_words("parcels, firms.tax_wan", lang="en")
    'Parcels, “tax (10,000 yuan)” of Firms'
    """
    needs = dict.fromkeys(filter(None, (need.strip() for need in missing.split(","))))
    return say("list_comma", lang=lang).join(need_words(need, lang=lang) for need in needs)


def need_words(need: str, *, lang: Lang = "zh") -> str:
    """Name a layer, a column or a step that would settle what is not known.

    Parameters
    ----------
    need
        As the table ``indicators`` holds it: ``green``, ``firms.tax_wan``, ``circles``; of several parted by
        a bar any will do.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> need_words("firms.tax_wan", lang="en"), need_words("unheard_of", lang="en")
    ('“tax (10,000 yuan)” of Firms', 'unheard_of')
    """
    if "|" in need:
        return say("need_or", lang=lang).join(need_words(one.strip(), lang=lang) for one in need.split("|"))
    layer, _, column = need.partition(".")
    if has_text(f"report.step_{layer}"):
        name = say("need_step", lang=lang, step=text(f"report.step_{layer}", lang=lang))
    else:
        name = layer_words(layer, lang=lang)
    if not column:
        return name
    of_column = f"column.{column}"
    called = text(of_column, lang=lang) if has_text(of_column) else _one_line(column)
    return say("need_column", lang=lang, layer=name, column=called)


def layer_words(layer: str, *, lang: Lang = "zh") -> str:
    """Name a layer, a raster or a result that a finding is about.

    Parameters
    ----------
    layer
        Its id.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name; the id where it has none.

    Examples
    --------
    >>> layer_words("sewers", lang="en"), layer_words("imagery_after", lang="en")
    ('Sewers', 'imagery after')
    """
    raster = raster_standard().rasters.get(layer)
    if raster is not None:
        return raster.name_zh if lang == "zh" else raster.name_en
    if has_text(f"report.step_{layer}"):
        return text(f"report.step_{layer}", lang=lang)
    return _one_line(layer_name(layer, lang=lang))


def source_words(source: str, *, lang: Lang = "zh") -> str:
    """Write the source of a figure in the language of the page; one that no table has as it is.

    Parameters
    ----------
    source
        The source as the file of the standard states it.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The source.

    Examples
    --------
    >>> source_words("proposal", lang="en"), source_words("somebody's list")
    ('proposal', "somebody's list")
    """
    if lang == "en":
        return source
    return next((text(key) for key in group_keys("source") if text(key, lang="en") == source), source)
