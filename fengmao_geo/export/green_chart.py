"""Charts of green gained: two bars per indicator, before and after, with the interval of the gain."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.green_words import (
    gain_sign,
    gain_words,
    headline_rows,
    indicator_name,
    rules_name,
    state_words,
    value_words,
)
from fengmao_geo.export.theme import named, say, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["chart_font", "gain_chart", "lettered", "short_line"]

_COLUMNS = 3
_CELL_IN = (3.1, 1.62)
_TOP_IN, _FOOT_IN = 0.42, 0.42
_DPI = 150
# It comes with matplotlib and has every Latin letter.
_LAST_FONT = "DejaVu Sans"
# As much of a name as fits above a chart, and of a notice below it.
_TITLE_LETTERS, _NOTICE_LETTERS = 40, 120
_BARS = {"before": 0.0, "after": 1.0}


def gain_chart(results: Results, area_id: str, *, number: str, lang: Lang = "zh") -> bytes:
    """Draw what an area had and has of each headline indicator.

    Where nothing was observed the plan is drawn.

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

    rows = _rows(results, area_id)
    # Better English than boxes.
    spoken: Lang = lang if chart_font("".join(_words(rows, lang))) else "en"
    words = "".join(_words(rows, spoken))
    name = short_line(str(rows["area_name"].iloc[0]) if len(rows) else number, _TITLE_LETTERS)
    family = chart_font(words + name)
    title, family = (name, family) if family else (number, chart_font(words) or _LAST_FONT)
    down = max(1, -(-len(rows) // _COLUMNS))
    size_in = (_COLUMNS * _CELL_IN[0], down * _CELL_IN[1] + _TOP_IN + _FOOT_IN)
    # A sign of money in a name would begin a formula.
    with rc_context({"font.family": family, "axes.unicode_minus": False, "text.parse_math": False}):
        figure = Figure(figsize=size_in, dpi=_DPI, facecolor="white")
        _write_around(figure, title, lettered(_foot(results, rows, spoken), family), spoken)
        for place, (_, row) in enumerate(rows.iterrows()):
            left, top = (place % _COLUMNS) * _CELL_IN[0] + 0.2, _TOP_IN + (place // _COLUMNS) * _CELL_IN[1]
            box_in = (left, size_in[1] - top - _CELL_IN[1] + 0.12, _CELL_IN[0] - 0.3, 0.82)
            cell = figure.add_axes(
                (
                    box_in[0] / size_in[0],
                    box_in[1] / size_in[1],
                    box_in[2] / size_in[0],
                    box_in[3] / size_in[1],
                )
            )
            _draw(cell, row, spoken)
        _write_notice(figure, results.town.settings.notice, family)
        made = BytesIO()
        figure.savefig(made, format="png", metadata={"Software": None})
    return made.getvalue()


def _rows(results: Results, area_id: str) -> pd.DataFrame:
    observed = headline_rows(results, area_id)
    if len(observed) and observed["gain"].notna().any():
        return observed
    planned = headline_rows(results, area_id, is_planned=True)
    return planned if len(planned) else observed


def _words(rows: pd.DataFrame, lang: Lang) -> list[str]:
    """List every word of a chart that is ours; names, boundaries and notices are the town's."""
    said = [say("chart_title", lang=lang, name=""), say("green_note_interval", lang=lang)]
    said += [say("green_dates", lang=lang, before="", after=""), say("unknown", lang=lang)]
    for _, row in rows.iterrows():
        said += [*_heads(row, lang), gain_words(row, lang=lang), *state_words(row["basis"], lang=lang)]
        said += [value_words(row[state], row["indicator"], lang=lang) for state in _BARS]
    return said


def _heads(row: pd.Series, lang: Lang) -> tuple[str, str]:
    """Write what an indicator is called, and below it how it is known."""
    parts = (named("green_basis", row["basis"], lang=lang), rules_name(row["rule_set"], lang=lang))
    return indicator_name(row["indicator"], lang=lang), " · ".join(part for part in parts if part)


def _foot(results: Results, rows: pd.DataFrame, lang: Lang) -> str:
    """Say what the figures rest on."""
    rasters = results.town.rasters
    dates = [rasters[name].date for name in ("imagery_before", "imagery_after") if name in rasters]
    known: list[object] = rows["boundary"].unique().tolist() if len(rows) else []
    said = [short_line(str(boundary), _NOTICE_LETTERS) for boundary in known if boundary]
    if len(dates) == len(_BARS) and all(dates):
        said.append(say("green_dates", lang=lang, before=dates[0], after=dates[1]))
    if len(rows) and (rows["low"] < rows["high"]).any():
        said.append(say("green_note_interval", lang=lang))
    return " · ".join(said)


def _write_around(figure: Figure, title: str, foot: str, lang: Lang) -> None:
    """Write the head and the foot."""
    across_in, up_in = figure.get_size_inches()
    page = theme()["page"]
    style = {"fontsize": 13, "weight": "bold", "color": page["head"], "va": "top"}
    figure.text(0.2 / across_in, 1 - 0.16 / up_in, say("chart_title", lang=lang, name=title), **style)
    figure.text(0.2 / across_in, 0.16 / up_in, foot, fontsize=7, color=page["muted"], va="bottom")


def _write_notice(figure: Figure, notice: str, family: str) -> None:
    """Write the town's notice below all else; letters that no font has become question marks."""
    across_in, up_in = figure.get_size_inches()
    said = short_line(notice, _NOTICE_LETTERS)
    font = chart_font(said) or family
    style = {"fontsize": 7, "color": theme()["block"]["line"], "va": "bottom", "fontfamily": font}
    figure.text(0.2 / across_in, 0.03 / up_in, lettered(said, font), **style)


def _draw(cell: Axes, row: pd.Series, lang: Lang) -> None:
    """Draw one indicator: two bars, their values, the gain and its interval."""
    page, colours = theme()["page"], theme()["green"]
    ink = {"more": colours["gain"], "less": colours["loss"], "none": page["muted"]}[gain_sign(row)]
    name, how = _heads(row, lang)
    cell.set_axis_off()
    cell.set_xlim(0, 1.82)
    cell.set_ylim(1.5, -0.5)
    at = cell.transAxes
    cell.text(0, 1.42, name, transform=at, fontsize=9, color=page["ink"], weight="bold", va="bottom")
    cell.text(0, 1.23, how, transform=at, fontsize=6.5, color=page["muted"], va="bottom")
    cell.text(0, 1.02, gain_words(row, lang=lang), transform=at, fontsize=8, color=ink, va="bottom")
    ends = [row["before"], row["after"], row["before"] + row["high"]]
    highest = max([float(value) for value in ends if pd.notna(value)], default=0.0)
    later = "planned" if row["basis"] == "planned" else "after"
    for (state, place), said in zip(_BARS.items(), state_words(row["basis"], lang=lang), strict=True):
        value = row[state]
        width = 0.0 if pd.isna(value) or highest <= 0 else max(0.0, float(value)) / highest
        cell.text(0, place, said, fontsize=7.5, color=page["muted"], va="center")
        colour = colours["bar_before" if state == "before" else f"bar_{later}"]
        cell.barh(place, width, height=0.5, left=0.32, color=colour)
        values = value_words(value, row["indicator"], lang=lang)
        cell.text(0.32 + width + 0.04, place, values, va="center", fontsize=8, color=page["ink"])
    _mark_interval(cell, row, highest)


def _mark_interval(cell: Axes, row: pd.Series, highest: float) -> None:
    """Mark how far the value after could lie from the one drawn."""
    if highest <= 0 or row[["before", "low", "high"]].isna().any() or row["low"] >= row["high"]:
        return
    ends = [0.32 + max(0.0, float(row["before"] + row[end])) / highest for end in ("low", "high")]
    cell.plot(
        ends, [_BARS["after"]] * 2, color=theme()["page"]["ink"], linewidth=0.9, marker="|", markersize=7
    )


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
    wanted = [only] if only else [*theme()["chart"]["fonts"], _LAST_FONT]
    letters = {ord(letter) for letter in text if not letter.isspace()}
    return next((name for name in wanted if letters <= _letters(name)), None)


def short_line(said: str, most: int) -> str:
    r"""Write as much of a text as fits on one line.

    Parameters
    ----------
    said
        The text.
    most
        So many characters of it at most.

    Returns
    -------
    str
        One line, cut with ``…``.

    Examples
    --------
    >>> short_line("Mill\n Lane", 20), short_line("Mill Lane", 5)
    ('Mill Lane', 'Mill…')
    """
    line = " ".join(said.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def lettered(said: str, font: str) -> str:
    """Put question marks for letters that a font does not have.

    Parameters
    ----------
    said
        The text.
    font
        The font's name.

    Returns
    -------
    str
        A text of as many letters.

    Examples
    --------
    >>> lettered("Mill " + chr(0xE0FF), "DejaVu Sans")
    'Mill ?'
    """
    return "".join(letter if letter.isspace() or ord(letter) in _letters(font) else "?" for letter in said)


@cache
def _letters(name: str) -> frozenset[int]:
    """List the letters a font has; none where it is not installed."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font  # noqa: PLC0415  heavy

    if name not in {entry.name for entry in fontManager.ttflist}:
        return frozenset()
    return frozenset(get_font(fontManager.findfont(FontProperties(family=name))).get_charmap())
