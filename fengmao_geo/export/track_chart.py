"""Small charts side by side: indicators over time by block, investment planned and made, projects."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fengmao_geo.export.green_chart import chart_font, lettered, short_line
from fengmao_geo.export.theme import named, theme
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fengmao_geo.blocks.tracking import Track
    from fengmao_geo.messages import Lang

__all__ = ["indicator_chart", "investment_chart", "project_chart"]

_COLUMNS = 4
_CELL_IN = (2.7, 1.5)
_TOP_IN, _FOOT_IN = 0.85, 0.15
_ROW_IN, _NAMES_IN, _BAR_IN = 0.27, 3.1, 6.4
_DPI = 130
_LAST_FONT = "DejaVu Sans"
# As much of a name as fits beside a bar.
_MOST_LETTERS = 28


def indicator_chart(track: Track, *, lang: Lang = "zh") -> bytes | None:
    """Draw every indicator that is known at any date: a line per block, and the town's.

    Parameters
    ----------
    track
        The runs.
    lang
        The language; English where no font of this machine can write Chinese.

    Returns
    -------
    bytes or None
        A PNG, the same bytes for the same figures and fonts; ``None`` where nothing is known.
    """
    rows = track.indicators[track.indicators["value"].notna()]
    if not len(rows):
        return None
    areas = rows.drop_duplicates(["area_kind", "area_id"])
    indicators = rows["indicator"].unique().tolist()
    called = dict(zip(areas["area_id"], areas["area_name"], strict=True))
    spoken, family, names = _words(called, _said(indicators, lang), track.town, lang)
    inks = dict(zip(areas["area_id"][areas["area_kind"] == "block"], _lines(), strict=False))

    def draw(figure: Figure) -> None:
        _head(figure, text("track.chart_indicators", lang=spoken, town=names["town"]))
        _legend(figure, {names[area]: inks.get(area, theme()["track"]["town"]) for area in areas["area_id"]})
        for place, indicator in enumerate(indicators):
            cell = _cell(figure, place, _indicator_name(indicator, spoken))
            own = rows[rows["indicator"] == indicator]
            _plot_indicator(cell, own, inks, track.dates)

    return _png(_grid_size(len(indicators)), family, draw)


def investment_chart(track: Track, *, lang: Lang = "zh") -> bytes | None:
    """Draw of the town and each block what was planned and what was made of it by each date.

    Parameters
    ----------
    track
        The runs.
    lang
        The language; English where no font of this machine can write Chinese.

    Returns
    -------
    bytes or None
        A PNG; ``None`` where no investment is known.
    """
    rows = track.progress[track.progress["grouping"].isin(["town", "block"])]
    rows = rows[rows["investment_wan"].notna() | rows["paid_wan"].notna()]
    if not len(rows):
        return None
    items = rows.drop_duplicates("item", keep="last")
    said = {name: text(f"track.{name}", lang=lang) for name in ("planned", "paid")}
    called = dict(zip(items["item"], items["item_name"], strict=True))
    spoken, family, names = _words(called, "".join(said.values()), track.town, lang)
    colours = theme()["track"]

    def draw(figure: Figure) -> None:
        _head(figure, text("track.chart_investment", lang=spoken, town=names["town"]))
        _legend(figure, {text(f"track.{name}", lang=spoken): colours[name] for name in said})
        for place, item in enumerate(items["item"]):
            cell = _cell(figure, place, names[item])
            own = rows[rows["item"] == item].set_index("run_on").reindex(list(track.dates))
            at = np.arange(len(own))
            cell.bar(at, own["investment_wan"].fillna(0), width=0.7, color=colours["planned"])
            cell.bar(at, own["paid_wan"].fillna(0), width=0.42, color=colours["paid"])
            _date_ticks(cell, at, track.dates)
            cell.set_xlim(-0.6, len(own) - 0.4)

    return _png(_grid_size(len(items)), family, draw)


def project_chart(track: Track, *, lang: Lang = "zh") -> bytes | None:
    """Draw the progress of each project on the last date, coloured by how it stands, and a mark for before.

    Parameters
    ----------
    track
        The runs.
    lang
        The language; English where no font of this machine can write Chinese.

    Returns
    -------
    bytes or None
        A PNG; ``None`` where there are no projects.
    """
    if not len(track.projects):
        return None
    on, *before = sorted(track.projects["run_on"].unique(), reverse=True)
    rows = track.projects[track.projects["run_on"] == on]
    rows = rows.sort_values(["block_id", "project_id"], kind="stable", ignore_index=True)
    stated = {status: named("project_status", status, lang=lang) for status in theme()["track"]["status"]}
    called = dict(zip(rows["project_id"], rows["project_name"], strict=True))
    spoken, family, names = _words(called, "".join(stated.values()), track.town, lang)
    colours = theme()["track"]["status"]

    def draw(figure: Figure) -> None:
        _head(figure, text("track.chart_projects", lang=spoken, town=names["town"], on=on))
        used = [status for status in colours if (rows["status"] == status).any()]
        _legend(figure, {named("project_status", status, lang=spoken): colours[status] for status in used})
        high = _ROW_IN * len(rows)
        across, up = figure.get_size_inches()
        box = (_NAMES_IN / across, 0.35 / up, (across - _NAMES_IN - 1.6) / across, high / up)
        cell = figure.add_axes(box)
        _plot_projects(cell, rows, names, spoken)
        if before:
            said = text("track.before", lang=spoken, on=before[0])
            figure.text(_NAMES_IN / across, 0.1 / up, said, fontsize=7, color=theme()["page"]["muted"])

    size_in = (_NAMES_IN + _BAR_IN, _TOP_IN + 0.4 + _ROW_IN * len(rows))
    return _png(size_in, family, draw)


def _plot_indicator(cell: Axes, rows: pd.DataFrame, inks: dict[str, str], dates: Sequence[str]) -> None:
    declared = indicator_file().indicators.get(str(rows["indicator"].iloc[0]))
    factor = 1.0 if declared is None else indicator_file().units[declared.unit].factor
    days = pd.to_datetime(list(dates)).to_numpy().astype("datetime64[D]").astype(float)
    at = dict(zip(dates, days, strict=True))
    for area, one in rows.groupby("area_id", sort=False):
        x = [at[on] for on in one["run_on"]]
        ink = inks.get(str(area), theme()["track"]["town"])
        dash = "-" if area in inks else "--"
        cell.plot(
            x, one["value"] * factor, color=ink, linestyle=dash, marker="o", markersize=2.6, linewidth=1.1
        )
    if declared is not None and declared.target is not None:
        cell.axhline(declared.target * factor, color=theme()["page"]["muted"], linewidth=0.7, linestyle=":")
    _date_ticks(cell, days, dates)
    spare = max(float(np.ptp(days)) * 0.06, 15.0)
    cell.set_xlim(days.min() - spare, days.max() + spare)


def _plot_projects(cell: Axes, rows: pd.DataFrame, names: dict[str, str], lang: Lang) -> None:
    page, colours = theme()["page"], theme()["track"]["status"]
    for at, row in enumerate(rows.to_dict("records")):
        progress, ink = row["progress_share"], colours[row["status"]]
        cell.barh(at, 1.0, height=0.6, color=page["faint"])
        said = text("label.unknown", lang=lang)
        if pd.notna(progress):
            cell.barh(at, progress, height=0.6, color=ink)
            said = f"{progress:.0%}"
        if row["progress_gain_share"] > 0:
            cell.plot([progress - row["progress_gain_share"]] * 2, [at - 0.36, at + 0.36], color=page["ink"])
        stands = named("project_status", row["status"], lang=lang)
        if pd.notna(row["late_day_count"]) and row["status"] == "late":
            stands = text("track.late_days", lang=lang, status=stands, days=int(row["late_day_count"]))
        style: dict[str, Any] = {"va": "center", "fontsize": 7.5, "parse_math": False}
        cell.text(-0.015, at, names[row["project_id"]], ha="right", color=page["ink"], **style)
        cell.text(1.015, at, f"{said}  {stands}", ha="left", color=ink, **style)
    cell.set_xlim(0, 1)
    cell.set_ylim(len(rows) - 0.5, -0.5)
    cell.set_axis_off()


def _said(indicators: Sequence[str], lang: Lang) -> str:
    return "".join(_indicator_name(indicator, lang) for indicator in indicators)


def _indicator_name(indicator: str, lang: Lang) -> str:
    declared = indicator_file().indicators.get(str(indicator))
    if declared is None:
        return str(indicator)
    unit = getattr(indicator_file().units[declared.unit], f"name_{lang}")
    name = str(getattr(declared, f"name_{lang}"))
    return f"{name} ({unit})" if unit else name


def _words(names: dict[str, str], said: str, town: str, lang: Lang) -> tuple[Lang, str, dict[str, str]]:
    """Choose language, font and names so that nothing is a box: better English, and ids, than boxes."""
    spare: dict[str, object] = {"town": "", "on": "0123456789-", "status": "", "days": 0}
    keys = ("chart_indicators", "chart_investment", "chart_projects", "before", "late_days")
    title = "".join(text(f"track.{key}", lang=lang, **spare) for key in keys)
    title += text("label.unknown", lang=lang)
    spoken: Lang = lang if chart_font(title + said) else "en"
    base = title + said if spoken == lang else ""
    named_too = {key: short_line(name, _MOST_LETTERS) for key, name in {"town": town, **names}.items()}
    if family := chart_font(base + "".join(named_too.values())):
        return spoken, family, named_too
    family = chart_font(base) or _LAST_FONT
    kept = {key: name if chart_font(name, only=family) else key for key, name in named_too.items()}
    # Neither a name nor an id needs be writable.
    return (
        spoken,
        family,
        {key: lettered(short_line(said, _MOST_LETTERS), family) for key, said in kept.items()},
    )


def _lines() -> list[str]:
    colours: list[str] = theme()["track"]["lines"]
    return colours * 8


def _grid_size(count: int) -> tuple[float, float]:
    down = max(1, -(-count // _COLUMNS))
    return _COLUMNS * _CELL_IN[0], down * _CELL_IN[1] + _TOP_IN + _FOOT_IN


def _cell(figure: Figure, place: int, title: str) -> Axes:
    """Add one small chart in its place of the grid."""
    across, up = figure.get_size_inches()
    left = (place % _COLUMNS) * _CELL_IN[0] + 0.5
    bottom = up - _TOP_IN - (place // _COLUMNS + 1) * _CELL_IN[1] + 0.32
    box = (left / across, bottom / up, (_CELL_IN[0] - 0.7) / across, (_CELL_IN[1] - 0.58) / up)
    cell = figure.add_axes(box)
    page = theme()["page"]
    cell.set_title(title, fontsize=7.5, color=page["ink"], loc="left", pad=4, parse_math=False)
    cell.tick_params(labelsize=6, colors=page["muted"], length=2, width=0.5)
    for side in ("top", "right"):
        cell.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        cell.spines[side].set_color(page["line"])
    cell.grid(axis="y", color=page["faint"], linewidth=0.6)
    cell.set_axisbelow(True)
    cell.locator_params(axis="y", nbins=4)
    return cell


def _date_ticks(cell: Axes, at: Any, dates: Sequence[str]) -> None:  # noqa: ANN401  an array
    """Name the first, the last and as many dates between as there is room for."""
    step = max(1, -(-len(dates) // 4))
    shown = sorted({*range(0, len(dates), step), len(dates) - 1})
    cell.set_xticks([at[row] for row in shown], [dates[row][2:7] for row in shown])


def _head(figure: Figure, title: str) -> None:
    across, up = figure.get_size_inches()
    style: dict[str, Any] = {"fontsize": 13, "weight": "bold", "color": theme()["page"]["head"], "va": "top"}
    figure.text(0.2 / across, 1 - 0.16 / up, title, parse_math=False, **style)


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    """Name the colours in one line below the title."""
    across, up = figure.get_size_inches()
    left = 0.2
    for name, colour in colours.items():
        style: dict[str, Any] = {"y": 1 - 0.6 / up, "va": "center", "fontsize": 8}
        figure.text(x=left / across, s="\u25a0", color=colour, family=_LAST_FONT, **style)
        ink = theme()["page"]["ink"]
        figure.text(x=(left + 0.16) / across, s=name, color=ink, parse_math=False, **style)
        wide = sum(1.9 if ord(letter) > 0x2E80 else 1.0 for letter in name)
        left += 0.42 + 0.068 * wide


def _png(size_in: tuple[float, float], family: str, draw: Callable[[Figure], None]) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415  heavy
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy

    with rc_context({"font.family": family, "axes.unicode_minus": False}):
        figure = Figure(figsize=size_in, dpi=_DPI, facecolor="white")
        draw(figure)
        made = BytesIO()
        figure.savefig(made, format="png", metadata={"Software": None})
    return made.getvalue()
