"""The paper around a printed map: legend, title block, north and scale, in millimetres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fengmao_geo.export.green_chart import chart_font
from fengmao_geo.export.report_model import plain
from fengmao_geo.export.theme import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fengmao_geo.export.static_layers import LegendEntry

__all__ = ["POINTS_PER_MM", "MapSheet", "fitting", "length", "letter_scale"]

POINTS_PER_MM = 72 / 25.4
_MOST_LINES = 3
_EDGE_MM = 0.5
_STEPS = (1, 2, 5)
# A letter of Latin is about half as wide as a Chinese one.
_NARROW = 0.55
_LAST_NARROW = 0x2E7F
# So many Chinese letters an entry of a legend may be long.
_LONGEST_ENTRY = 24
_LEGEND_SIZES = (1.0, 0.9, 0.8, 0.7, 0.6)


def fitting(words: str, family: str) -> str:
    """Leave out the letters that a font does not have.

    Parameters
    ----------
    words
        The words.
    family
        The font.

    Returns
    -------
    str
        What can be written.
    """
    return "".join(letter for letter in words if chart_font(letter, only=family))


def length(words: str) -> float:
    """Measure words in widths of a Chinese letter.

    Parameters
    ----------
    words
        The words.

    Returns
    -------
    float
        The length.
    """
    return sum(_NARROW if ord(letter) <= _LAST_NARROW else 1.0 for letter in words)


def letter_scale(width_mm: float) -> float:
    """Find how much larger letters are on a large sheet.

    Parameters
    ----------
    width_mm
        How wide it is printed.

    Returns
    -------
    float
        The factor.
    """
    return 1.0 if width_mm < 200 else 1.25


class MapSheet:
    """The paper around a map, in millimetres from its upper left corner."""

    def __init__(self, figure: Figure, size_mm: tuple[float, float], map_mm: float, family: str) -> None:
        self.width, self.height, self.map_mm, self.family = *size_mm, map_mm, family
        self.scale = letter_scale(self.width)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor="none")
        axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        axes.set_axis_off()
        self.axes = axes
        self.title_left = self.width * 0.58
        self._frame()

    def _frame(self) -> None:
        from matplotlib.patches import Rectangle  # noqa: PLC0415  heavy

        right, foot = self.width - _EDGE_MM, self.height - self.map_mm - _EDGE_MM
        line: dict[str, Any] = {"fill": False, "ec": theme()["page"]["ink"], "lw": 0.8}
        for left, top, wide, high in (
            (_EDGE_MM, _EDGE_MM, right - _EDGE_MM, self.map_mm - _EDGE_MM),
            (_EDGE_MM, self.map_mm, self.title_left - _EDGE_MM, foot),
            (self.title_left, self.map_mm, right - self.title_left, foot),
        ):
            self.axes.add_patch(Rectangle((left, top), wide, high, **line))

    def write(self, x: float, y: float, words: str, **style: Any) -> None:  # noqa: ANN401  matplotlib's
        """Write one line."""
        told = {"fontsize": 6.2 * self.scale, "color": theme()["page"]["ink"], "va": "center"} | style
        self.axes.text(x, y, fitting(words, self.family), parse_math=False, **told)

    def write_legend(self, entries: list[LegendEntry]) -> None:
        """Draw the legend in columns, its letters as large as leaves the title block free."""
        from matplotlib.patches import Circle, Rectangle  # noqa: PLC0415  heavy

        room = self.title_left - 4.0
        for size in (step * self.scale for step in _LEGEND_SIZES):
            columns = self._columns(entries, size)
            if sum(wide for _, wide in columns) <= room:
                break
        left, top, high = 3.0, self.map_mm + 4.2 * size, 2.6 * size
        for column, wide in columns:
            for place, entry in enumerate(column):
                y = top + place * 4.5 * size
                look: dict[str, Any] = {"fc": entry.colour, "ec": entry.edge, "lw": 0.5}
                if entry.is_hatched:
                    look |= {"hatch": "//////", "ec": theme()["reach"]["unknown_line"]}
                if entry.shape == "dot":
                    self.axes.add_patch(Circle((left + 2.2, y), high / 2, **look))
                else:
                    self.axes.add_patch(Rectangle((left, y - high / 2), 4.6 * size, high, **look))
                indent = 0.0 if entry.colour == "none" else 6.0 * size
                self.write(left + indent, y, _short(entry.words), fontsize=6.2 * size)
            left += wide

    def _columns(self, entries: list[LegendEntry], size: float) -> list[tuple[list[LegendEntry], float]]:
        """Lay a legend out at a size: the entries of each column, and how wide it is."""
        top = self.map_mm + 4.2 * size
        rows = max(1, int((self.height - top - 2.2 * size) // (4.5 * size)) + 1)
        columns = [entries[first : first + rows] for first in range(0, len(entries), rows)]
        longest = (max(length(_short(entry.words)) for entry in column) for column in columns)
        wide = [long * 6.2 * size / POINTS_PER_MM + 9.5 * size for long in longest]
        return list(zip(columns, wide, strict=True))

    def write_title(self, lines: list[str]) -> None:
        """Write the title block, its last line the notice."""
        room = (self.width - self.title_left - 6) / (6.2 * self.scale / POINTS_PER_MM)
        y = self.map_mm + 4.4 * self.scale
        for number, line in enumerate(plain(line) for line in lines):
            is_title, is_notice = number == 0, number == len(lines) - 1
            style: dict[str, Any] = {"weight": "bold", "fontsize": 8 * self.scale} if is_title else {}
            if is_notice:
                style = {"weight": "bold", "color": theme()["static"]["notice"]}
            for part in _wrapped(line, room * (0.76 if is_title else 1.0))[:_MOST_LINES]:
                self.write(self.title_left + 3, y, part, **style)
                y += (4.6 if is_title else 3.5) * self.scale

    def draw_north(self, words: str) -> None:
        """Draw the arrow in the upper right corner."""
        from matplotlib.patches import Polygon, Rectangle  # noqa: PLC0415  heavy

        unit = self.scale
        x, top = self.width - 8 * unit, 3.0 * unit
        paper: dict[str, Any] = {"fc": "white", "ec": "none", "alpha": 0.85}
        self.axes.add_patch(Rectangle((x - 5 * unit, top - 1), 10 * unit, 15 * unit, **paper))
        for side, colour in ((-1, theme()["page"]["ink"]), (1, "white")):
            points = [
                (x, top + 3.6 * unit),
                (x + side * 2.6 * unit, top + 12.5 * unit),
                (x, top + 10.4 * unit),
            ]
            self.axes.add_patch(Polygon(points, fc=colour, ec=theme()["page"]["ink"], lw=0.6))
        self.write(x, top + 1.6 * unit, words, ha="center", weight="bold")

    def draw_scale(self, across_m: float) -> None:
        """Draw the scale in the lower left corner of the map."""
        from matplotlib.patches import Rectangle  # noqa: PLC0415  heavy

        per_mm = across_m / self.width
        half_m = _nice(24 * self.scale * per_mm)
        half, x, y = half_m / per_mm, 6.0, self.map_mm - 6.0 * self.scale
        paper: dict[str, Any] = {"fc": "white", "ec": "none", "alpha": 0.85}
        box = (2 * half + 15 * self.scale, 9.0 * self.scale)
        self.axes.add_patch(Rectangle((2.5, y - 5 * self.scale), *box, **paper))
        ink = theme()["page"]["ink"]
        for part, colour in enumerate((ink, "white")):
            self.axes.add_patch(
                Rectangle((x + part * half, y), half, 1.6 * self.scale, fc=colour, ec=ink, lw=0.6)
            )
            self.write(x + part * half, y - 2 * self.scale, f"{part * half_m:g}", ha="center")
        self.write(x + 2 * half, y - 2 * self.scale, f"{2 * half_m:g} m", ha="center")


def _short(words: str) -> str:
    """Cut an entry of a legend that is too long."""
    said = plain(words, most=2 * _LONGEST_ENTRY)
    if length(said) <= _LONGEST_ENTRY:
        return said
    while length(said) >= _LONGEST_ENTRY:
        said = said[:-1]
    return f"{said}…"


def _nice(most: float) -> float:
    """Take the greatest of 1, 2, 5, 10, 20 … that is not more."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in _STEPS if step * power <= most * (1 + 1e-9))


def _wrapped(words: str, room: float) -> list[str]:
    """Break words into lines of so many Chinese letters; a Latin word stays whole where it can."""
    lines, line = [], ""
    for piece in _pieces(words):
        if line and length(line + piece) > room:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


def _pieces(words: str) -> list[str]:
    """Split words where a line may break: behind every Chinese letter and blank, or twenty others."""
    pieces = [""]
    for letter in words:
        pieces[-1] += letter
        if letter == " " or ord(letter) > _LAST_NARROW or len(pieces[-1]) >= 20:
            pieces.append("")
    return [piece for piece in pieces if piece]
