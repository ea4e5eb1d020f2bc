"""Charts of green gained: one small bar pair per indicator, before and after, with the interval of the gain."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.green_words import gain_words, headline_rows, indicator_name, value_words
from fengmao_geo.export.theme import say, theme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["chart_font", "gain_chart"]

_COLUMNS = 3
_CELL_IN = (2.7, 2.0)
_TOP_IN = 0.75
_DPI = 150


def gain_chart(results: Results, area_id: str, *, number: str, lang: Lang = "zh") -> bytes:
    """Draw what an area had and has of each headline indicator.

    Parameters
    ----------
    results
        With green gains.
    area_id
        A block, or ``town``.
    number
        What stands for the area's name where no font of this machine can write it.
    lang
        The language of the words; English where no font of this machine can write Chinese.

    Returns
    -------
    bytes
        A PNG, the same bytes for the same figures and fonts.
    """
    from matplotlib import rc_context  # noqa: PLC0415  heavy
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy

    rows = headline_rows(results, area_id)
    if rows["gain"].isna().all() if len(rows) else True:
        rows = headline_rows(results, area_id, is_planned=True)
    name = str(rows["area_name"].iloc[0]) if len(rows) else number
    words = "".join(_words(rows, lang))
    family, spoken = chart_font(words), lang
    if family is None:
        # Better English than boxes.
        spoken = "en"
        family = chart_font("".join(_words(rows, spoken)))
    title = name if chart_font(name + words, only=family) else number
    down = max(1, -(-len(rows) // _COLUMNS))
    across_in, up_in = _COLUMNS * _CELL_IN[0], down * _CELL_IN[1] + _TOP_IN
    with rc_context({"font.family": family or "DejaVu Sans", "axes.unicode_minus": False, "font.size": 9}):
        figure = Figure(figsize=(across_in, up_in), dpi=_DPI, facecolor="white")
        cells = figure.subplots(down, _COLUMNS, squeeze=False).ravel()
        for cell in cells:
            cell.set_axis_off()
        for cell, (_, row) in zip(cells, rows.iterrows(), strict=False):
            _draw(cell, row, spoken)
        figure.suptitle(
            say("chart_title", lang=spoken, name=title), x=0.02, y=1 - 0.15 / up_in, ha="left", va="top",
            fontsize=13, weight="bold", color=theme()["page"]["ink"],
        )
        top = 1 - (_TOP_IN + 0.25) / up_in
        figure.subplots_adjust(left=0.03, right=0.98, bottom=0.2 / up_in, top=top, hspace=0.75, wspace=0.18)
        made = BytesIO()
        figure.savefig(made, format="png", metadata={"Software": None})
    return made.getvalue()


def _words(rows: pd.DataFrame, lang: Lang) -> Iterable[str]:
    """List every word of a chart but the area's name."""
    yield say("chart_title", lang=lang, name="")
    yield from (say(key, lang=lang) for key in ("green_before", "green_after", "unknown"))
    for _, row in rows.iterrows():
        yield indicator_name(row["indicator"], row["rule_set"], lang=lang)
        yield gain_words(row, lang=lang)


def _draw(cell: Axes, row: pd.Series, lang: Lang) -> None:
    """Draw one indicator: two bars, their values, the gain and its interval."""
    colours = theme()["green"]
    page = theme()["page"]
    cell.set_title(indicator_name(row["indicator"], row["rule_set"], lang=lang), loc="left", fontsize=9, color=page["ink"], pad=17)
    is_less = pd.notna(row["gain"]) and row["gain"] < 0
    ink = colours["loss"] if is_less else colours["gain"]
    cell.text(0, 1.04, gain_words(row, lang=lang), transform=cell.transAxes, fontsize=8, color=ink, va="bottom")
    highest = max([value for value in (row["before"], row["after"], _high(row)) if pd.notna(value)], default=0)
    cell.set_xlim(0, 1.45)
    cell.set_ylim(1.6, -0.6)
    for place, (state, key) in enumerate((("before", "green_before"), ("after", "green_after"))):
        value = row[state]
        width = 0.0 if pd.isna(value) or highest <= 0 else max(0.0, float(value)) / highest
        cell.text(0, place - 0.42, say(key, lang=lang), fontsize=7.5, color=page["muted"], va="center")
        cell.barh(place, width, height=0.36, left=0, color=colours[f"bar_{state}"])
        cell.text(
            width + 0.03, place, value_words(value, row["indicator"], lang=lang), va="center", fontsize=8.5,
            color=page["ink"],
        )
    _whisker(cell, row, highest)


def _high(row: pd.Series) -> float:
    return float(row["before"] + row["high"])


def _whisker(cell: Axes, row: pd.Series, highest: float) -> None:
    """Draw how far the value after could lie from the one drawn."""
    if highest <= 0 or row[["before", "low", "high"]].isna().any() or row["low"] >= row["high"]:
        return
    ends = [max(0.0, float(row["before"] + row[end])) / highest for end in ("low", "high")]
    cell.plot(ends, [1.3, 1.3], color=theme()["page"]["ink"], linewidth=1.0, marker="|", markersize=5)


def chart_font(text: str, *, only: str | None = None) -> str | None:
    """Find a font of this machine that can write a text.

    Parameters
    ----------
    text
        What is to be written.
    only
        The one font asked about; by default those of ``theme.toml``, the best first.

    Returns
    -------
    str or None
        The font's name; ``None`` where no font has every letter.

    Examples
    --------
    >>> chart_font("Green") is not None, chart_font(chr(0xE0FF)) is None
    (True, True)
    """
    wanted = [only] if only else [*theme()["chart"]["fonts"], "DejaVu Sans"]
    letters = {ord(letter) for letter in text if not letter.isspace()}
    return next((name for name in wanted if name and letters <= _letters(name)), None)


@cache
def _letters(name: str) -> frozenset[int]:
    """List the letters a font has; none where it is not installed."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font  # noqa: PLC0415  heavy

    known = {entry.name for entry in fontManager.ttflist}
    if name not in known:
        return frozenset()
    return frozenset(get_font(fontManager.findfont(FontProperties(family=name))).get_charmap())
