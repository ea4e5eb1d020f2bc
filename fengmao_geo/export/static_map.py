"""Maps to print: north, scale, legend, and a title block that says what is shown and how old the data are."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

from fengmao_geo.export.green_chart import chart_font
from fengmao_geo.export.map_figures import header
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_labels import named_spots
from fengmao_geo.export.report_model import plain
from fengmao_geo.export.static_layers import LAYERS_OF, Canvas, draw_ground, draw_theme
from fengmao_geo.export.static_sheet import POINTS_PER_MM, MapSheet, fitting, length, letter_scale
from fengmao_geo.export.theme import layer_name, named, say, theme
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.static_layers import MapKind
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["map_size", "static_maps"]

_DPI = 150
_COLOURS = 200
_MM_PER_IN = 25.4
_MARGIN_M = {"town": 90.0, "block": 70.0}
_LAST_FONT = "DejaVu Sans"
#: The least important names written: streets of all classes in a block, the larger ones in the town.
_MOST_RANK = {"town": 3, "block": 7}


def map_size(
    results: Results, place: Place, *, width_mm: float, heights_mm: tuple[float, float]
) -> tuple[float, float]:
    """Choose how high a map of a given width is, so that the place fills it.

    Parameters
    ----------
    results
        With the town.
    place
        The town or a block.
    width_mm
        How wide it is.
    heights_mm
        The least and the greatest height.

    Returns
    -------
    tuple of float
        Width and height.
    """
    west, south, east, north = shapely.bounds(_focus(results, place)).tolist()
    margin = 2 * _MARGIN_M[place.area_kind]
    wanted = width_mm * (north - south + margin) / (east - west + margin) + _strip_mm(width_mm)
    return width_mm, min(max(wanted, heights_mm[0]), heights_mm[1])


def static_maps(
    results: Results,
    place: Place,
    *,
    kinds: Sequence[MapKind],
    size_mm: tuple[float, float],
    lang: Lang = "zh",
) -> dict[MapKind, bytes]:
    """Draw maps of the town or of a block to print.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The town or one of its blocks.
    kinds
        What is shown, a map each: ``reach``, ``spaces``, ``programme``, ``green`` or ``all``.
    size_mm
        Width and height of the print.
    lang
        The language of the words; English where no font of this machine can write Chinese.

    Returns
    -------
    dict
        A PNG by kind, the same bytes for the same data and fonts. Letters that no font here has are left out.
    """
    family = chart_font(text("report.letters", lang=lang))
    paper = _Paper(results, place, size_mm, "en" if family is None else lang, family or _LAST_FONT)
    frame = _frame(results, place, size_mm[0] / paper.map_mm)
    spots = named_spots(results.town, frame, most_rank=_MOST_RANK[place.area_kind])
    return {kind: _drawn(paper, kind, frame, spots) for kind in kinds}


@dataclass(frozen=True, eq=False)
class _Paper:
    """What is drawn of, how large and in which letters."""

    results: Results
    place: Place
    size_mm: tuple[float, float]
    lang: Lang
    family: str

    @property
    def map_mm(self) -> float:
        return self.size_mm[1] - _strip_mm(self.size_mm[0])


def _drawn(paper: _Paper, kind: MapKind, frame: Frame, spots: list[Any]) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415  heavy
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  heavy
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy

    (width, height), place = paper.size_mm, paper.place
    with rc_context({"font.family": paper.family, "hatch.linewidth": 0.4}):
        figure = Figure(figsize=(width / _MM_PER_IN, height / _MM_PER_IN), dpi=_DPI, facecolor="white")
        axes = figure.add_axes((0.0, 1 - paper.map_mm / height, 1.0, paper.map_mm / height))
        west, south, east, north = frame.bounds
        axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
        axes.set_facecolor(theme()["ground"]["outside"])
        canvas = Canvas(axes, frame, width * POINTS_PER_MM / (east - west), paper.lang)
        draw_ground(canvas, paper.results.town, is_faint_green=kind == "green")
        legend = draw_theme(canvas, paper.results, kind)
        _draw_blocks(canvas, paper.results, place, paper.family)
        _write_names(canvas, spots, paper.family, scale=letter_scale(width))
        sheet = MapSheet(figure, paper.size_mm, paper.map_mm, paper.family)
        sheet.write_legend(legend)
        sheet.write_title(_title_lines(paper.results, place, kind, paper.lang))
        sheet.draw_north(say("north", lang=paper.lang))
        sheet.draw_scale(east - west)
        canvas_agg = FigureCanvasAgg(figure)
        canvas_agg.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves it so
        return _few_colours(np.asarray(canvas_agg.buffer_rgba()))  # type: ignore[no-untyped-call]  # the same


def _few_colours(pixels: NDArray[np.uint8]) -> bytes:
    """Keep the most frequent colours as they are, and draw edges in the nearest of them: fewer bytes."""
    from PIL import Image  # noqa: PLC0415  comes with matplotlib

    red, green, blue = (pixels[..., band].astype(np.uint32) for band in range(3))
    packed = (red << 16) | (green << 8) | blue
    found, counts = np.unique(packed, return_counts=True)
    # Of equally frequent colours the lower comes first, so that the same map has the same bytes.
    kept = found[np.lexsort((found, -counts.astype(np.int64)))][:_COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(colour) >> shift & 255 for colour in kept for shift in (16, 8, 0)])
    few = Image.fromarray(pixels[..., :3]).quantize(palette=palette, dither=Image.Dither.NONE)
    made = BytesIO()
    few.save(made, format="png", dpi=(_DPI, _DPI))
    return made.getvalue()


def _strip_mm(width_mm: float) -> float:
    return 33.0 * letter_scale(width_mm)


def _focus(results: Results, place: Place) -> shapely.Geometry:
    town = results.town
    if place.area_kind == "block":
        layer = town["blocks"]
        return cast("shapely.Geometry", layer.geometry[layer["id"] == place.area_id].iloc[0])
    return cast("shapely.Geometry", shapely.box(*town["built_up"].total_bounds.tolist()))


def _frame(results: Results, place: Place, aspect: float) -> Frame:
    """Take the place with a margin, as wide by its height as the paper is."""
    west, south, east, north = shapely.bounds(_focus(results, place)).tolist()
    margin = _MARGIN_M[place.area_kind]
    width, height = east - west + 2 * margin, north - south + 2 * margin
    across, up = max(width, height * aspect) / 2, max(height, width / aspect) / 2
    x, y = (west + east) / 2, (south + north) / 2
    return Frame(results.town.crs, (x - across, y - up, x + across, y + up))


def _draw_blocks(canvas: Canvas, results: Results, place: Place, family: str) -> None:
    """Draw the outlines of the blocks; what lies outside the block a map is about is veiled."""
    if "blocks" not in results.town:
        return
    layer = canvas.shown(results.town["blocks"])
    colour = theme()["block"]["line"]
    if place.area_kind == "block":
        rest = shapely.difference(canvas.frame.box, _focus(results, place))
        canvas.fill(np.array([rest]), "white", 4.0, alpha=theme()["static"]["veil"])
    is_own = (layer["id"] == place.area_id).to_numpy() | (place.area_kind == "town")
    outlines = layer.geometry.boundary.to_numpy()
    widths = np.where(is_own, 1.8, 0.9).tolist()
    canvas.draw(outlines, widths, [colour] * len(layer), 5.0)
    if place.area_kind == "town":
        spots = shapely.get_coordinates(shapely.point_on_surface(layer.geometry.to_numpy()))
        names = layer["name"].fillna("") if "name" in layer else layer["id"]
        for (x, y), name in zip(spots.tolist(), names, strict=True):
            style = {"fontsize": 8, "weight": "bold", "color": colour, "ha": "center", "va": "center"}
            _text(canvas.axes, x, y, fitting(plain(name, most=16), family), zorder=9, **style)


def _text(axes: Axes, x: float, y: float, words: str, **style: Any) -> None:  # noqa: ANN401  matplotlib's
    """Write words with a white edge, none of them a formula."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415  heavy

    edge = [withStroke(linewidth=1.6, foreground="white")]
    axes.text(x, y, words, parse_math=False, path_effects=edge, clip_on=True, **style)


def _write_names(canvas: Canvas, named: list[Any], family: str, *, scale: float) -> None:
    """Write the names of streets, water and green where there is room, the more important first."""
    taken: list[shapely.Polygon] = []
    points = 6.0 * scale
    for name, rule, spots in named:
        words = fitting(plain(name, most=20), family)
        if not words:
            continue
        long, high = length(words) * points / canvas.points_per_m, 1.5 * points / canvas.points_per_m
        for spot, degrees, room in spots:
            box = shapely.affinity.rotate(_around(spot, long, high), -degrees)
            free = (rule["placing"] == "point" or room >= long) and canvas.frame.box.contains(box)
            if free and not any(box.intersects(other) for other in taken):
                taken.append(box)
                style = {"fontsize": points, "color": theme()["name"][rule["kind"]], "rotation": -degrees}
                style |= {"ha": "center", "va": "center", "rotation_mode": "anchor", "zorder": 7}
                _text(canvas.axes, spot.x, spot.y, words, **style)
                break


def _around(spot: shapely.Point, long: float, high: float) -> shapely.Polygon:
    return shapely.box(spot.x - long / 2, spot.y - high / 2, spot.x + long / 2, spot.y + high / 2)


def _title_lines(results: Results, place: Place, kind: MapKind, lang: Lang) -> list[str]:
    """Write the title block: where, block, type, hectares, people, basis, dates, coordinates, notice."""
    town, settings = results.town, results.town.settings
    head = header(town, results.circles, place, lang=lang)
    title = {"town": town.name, "name": place.name, "number": place.number}
    title["map"] = text(f"report.map_{kind}", lang=lang)
    facts = [f"{name} {value} {unit}".strip() for name, value, unit in head["facts"][:2]]
    if place.renewal_type:
        facts.insert(0, named("renewal_type", place.renewal_type, lang=lang))
    basis = " ".join(str(part) for part in (settings.boundary_basis, settings.boundary_year) if part)
    colon = say("colon", lang=lang)
    code = town.crs.to_authority()
    crs = f"{town.crs.name} {':'.join(code)}" if code else town.crs.name
    dated: dict[str, list[str]] = {}
    for layer in LAYERS_OF[kind]:
        if layer in town:
            date = str(settings.dates.get(layer) or say("no_date", lang=lang))
            dated.setdefault(date, []).append(layer_name(layer, lang=lang))
    comma, stop = say("list_comma", lang=lang), say("semicolon", lang=lang)
    dates = stop.join(f"{comma.join(names)} {date}" for date, names in dated.items())
    return [
        text(f"report.map_title_{place.area_kind}", lang=lang, **title),
        " · ".join(facts),
        say("basis", lang=lang) + colon + (basis or say("unknown", lang=lang)),
        say("dates", lang=lang) + colon + (dates or say("no_date", lang=lang)),
        say("coordinates", lang=lang) + colon + crs,
        settings.notice,
    ]
