"""What a printed map draws: the town's ground, and over it homes by reach, spaces, sites or green."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.space_words import kind_name
from fengmao_geo.export.theme import say, street_style, theme
from fengmao_geo.life_circle.reach import statuses
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from numpy.typing import NDArray

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

__all__ = ["LAYERS_OF", "Canvas", "LegendEntry", "MapKind", "draw_ground", "draw_theme"]

#: What a map may show over its ground; ``all`` is reach, spaces and sites together.
MapKind = Literal["reach", "spaces", "programme", "green", "all"]

#: The layers whose dates a map prints.
LAYERS_OF: dict[MapKind, tuple[str, ...]] = {
    "reach": ("buildings", "streets", "facilities"),
    "spaces": ("buildings", "streets", "parcels", "green"),
    "programme": ("buildings", "streets", "facilities"),
    "green": ("green", "green_before", "trees"),
    "all": ("buildings", "streets", "facilities", "parcels", "green"),
}

_GROUND = ("built_up", "farmland_protected", "green", "water")
_GROUND_COLOUR = {"farmland_protected": "farmland"}
_POLYGON = 3
_EDGE_M = 0.2
# Polygons drawn as one; of too many the drawing runs out of cells.
_A_BUNCH = 400


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend: how it is drawn and what it says."""

    shape: Literal["area", "line", "dot"]
    colour: str
    words: str
    edge: str = "none"
    is_hatched: bool = False


@dataclass(frozen=True, eq=False)
class Canvas:
    """Where a map is drawn.

    Parameters
    ----------
    axes
        Axes in the town's metres.
    frame
        The part of the town that they show.
    points_per_m
        Points of the print per metre of the town.
    lang
        The language of the legend.
    """

    axes: Axes
    frame: Frame
    points_per_m: float
    lang: Lang

    def shown(self, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Take what lies in the part shown."""
        return layer[self.frame.shows(layer.geometry)]

    def fill(self, shapes: NDArray[Any], colours: str | Sequence[str], order: float, **style: Any) -> None:  # noqa: ANN401  matplotlib's
        """Fill polygons, each with its colour."""
        from matplotlib.collections import PathCollection  # noqa: PLC0415  heavy

        parts, of_shape = shapely.get_parts(shapes, return_index=True)
        is_area = shapely.get_type_id(parts) == _POLYGON
        parts, of_shape = shapely.orient_polygons(parts[is_area]), of_shape[is_area]
        faces = np.full(len(parts), colours, dtype=object) if isinstance(colours, str) else None
        faces = np.array(colours, dtype=object)[of_shape] if faces is None else faces
        options: dict[str, Any] = {"edgecolors": "none", "linewidths": 0.0} | style
        for colour in dict.fromkeys(faces.tolist()):
            paths = PathCollection(_paths(parts[faces == colour]), facecolors=colour, zorder=order, **options)
            self.axes.add_collection(paths)

    def draw(
        self, shapes: NDArray[Any], widths: Sequence[float], colours: Sequence[str], order: float
    ) -> None:
        """Draw lines, each with its width in points and its colour."""
        from matplotlib.collections import LineCollection  # noqa: PLC0415  heavy

        parts, of_shape = shapely.get_parts(shapes, return_index=True)
        runs = [shapely.get_coordinates(part) for part in parts]
        if not runs:
            return
        at = of_shape.tolist()
        lines = LineCollection(
            runs,
            linewidths=[widths[place] for place in at],
            colors=[colours[place] for place in at],
            zorder=order,
            capstyle="round",
        )
        self.axes.add_collection(lines)


def _paths(polygons: NDArray[Any]) -> list[Path]:
    """Write polygons as few outlines, which are drawn much faster than many."""
    from matplotlib.path import Path as Outline  # noqa: PLC0415  heavy

    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    is_first = np.diff(of_ring, prepend=-1) > 0
    is_last = np.diff(of_ring, append=len(rings)) > 0
    codes = np.where(is_first, Outline.MOVETO, np.where(is_last, Outline.CLOSEPOLY, Outline.LINETO))
    bunch = of_polygon[of_ring] // _A_BUNCH
    cuts = np.flatnonzero(np.diff(bunch)) + 1
    pairs = zip(np.split(xy, cuts), np.split(codes.astype(np.uint8), cuts), strict=True)
    return [Outline(corners, kinds) for corners, kinds in pairs if len(corners)]


def draw_ground(canvas: Canvas, town: Town, *, is_faint_green: bool = False) -> None:
    """Draw what lies under everything: built-up area, farmland, green, water, streets, bridges, buildings.

    Parameters
    ----------
    canvas
        Where to draw.
    town
        The town.
    is_faint_green
        Whether green is left out, because the map shows it by itself.
    """
    ground = theme()["ground"]
    for order, layer in enumerate(_GROUND):
        if layer in town and not (layer == "green" and is_faint_green):
            shapes = canvas.shown(town[layer]).geometry.to_numpy()
            canvas.fill(shapes, ground[_GROUND_COLOUR.get(layer, layer)], 1 + order / 10)
    if "streets" in town:
        _draw_streets(canvas, town["streets"])
    if "bridges" in town:
        decks = canvas.shown(town["bridges"]).geometry.to_numpy()
        canvas.fill(decks, ground["deck"], 2.3, edgecolors=ground["deck_line"], linewidths=0.3)
    if "buildings" in town:
        style = {"edgecolors": theme()["building"]["line"], "linewidths": _EDGE_M}
        houses = canvas.shown(town["buildings"]).geometry.to_numpy()
        canvas.fill(houses, theme()["building"]["other"], 3.0, **style)


def _draw_streets(canvas: Canvas, layer: gpd.GeoDataFrame) -> None:
    shown = canvas.shown(layer)
    styles = [street_style(value) for value in column_values(shown, "street_class")]
    widths = [
        max(style["least_px"] * 0.5, (width or style["width_m"]) * canvas.points_per_m)
        for style, width in zip(styles, column_values(shown, "width_m"), strict=True)
    ]
    shapes = shown.geometry.to_numpy()
    canvas.draw(shapes, [width + 0.5 for width in widths], [style["casing"] for style in styles], 2.0)
    canvas.draw(shapes, widths, [style["fill"] for style in styles], 2.1)


def draw_theme(canvas: Canvas, results: Results, kind: MapKind) -> list[LegendEntry]:
    """Draw what a map is about.

    Parameters
    ----------
    canvas
        Where to draw.
    results
        The town and what was computed from it; a step that was not run is not drawn, and the legend says so.
    kind
        What is shown.

    Returns
    -------
    list of LegendEntry
        The legend.
    """
    drawn = {
        "reach": (_draw_reach,),
        "spaces": (_draw_spaces,),
        "programme": (_draw_sites,),
        "green": (_draw_green,),
        "all": (_draw_reach, _draw_spaces, _draw_sites),
    }[kind]
    return [entry for draw in drawn for entry in draw(canvas, results)]


def _absent(canvas: Canvas, key: str) -> list[LegendEntry]:
    said = text("report.not_run", lang=canvas.lang, step=text(f"report.step_{key}", lang=canvas.lang))
    return [LegendEntry("area", "none", said)]


def _draw_reach(canvas: Canvas, results: Results) -> list[LegendEntry]:
    """Colour homes by how many of the required types they reach within the widest circle."""
    if results.circles is None:
        return _absent(canvas, "circles")
    circles = results.circles
    homes = canvas.shown(circles.dwellings)
    classes = home_classes(circles, homes["dwelling_id"].tolist())
    reach, lang = theme()["reach"], canvas.lang
    colours = [*reach["steps"][:-1], reach["full"], reach["full"], reach["unknown_ground"]]
    part, unknown = len(colours) - 2, len(colours) - 1
    shapes = homes.geometry.to_numpy()
    edge = {"edgecolors": theme()["building"]["line"], "linewidths": 0.3}
    for number, colour in enumerate(colours):
        hatch = {part: ("/////", reach["part_line"]), unknown: ("/////", reach["unknown_line"])}.get(number)
        style = edge if hatch is None else {"hatch": hatch[0], "edgecolors": hatch[1], "linewidths": 0.3}
        own = shapes[classes == number]
        canvas.fill(own, colour, 3.2, **style)
        points = shapely.get_coordinates(own[shapely.get_dimensions(own) == 0])
        canvas.axes.scatter(
            points[:, 0], points[:, 1], s=4, c=colour, zorder=3.2, linewidths=0.2, edgecolors="#555555"
        )
    limit = f"{circles.minutes[-1]:g}"
    bounds = [0.0, *reach["bounds"], 1.0]
    said = [
        text("report.legend_reach", lang=lang, low=f"{low:.0%}", high=f"{high:.0%}", min=limit)
        for low, high in itertools.pairwise(bounds)
    ]
    said += [text(f"report.legend_{name}", lang=lang, min=limit) for name in ("full", "part", "unknown")]
    there = set(classes.tolist())
    return [
        LegendEntry("area", colour, words, theme()["building"]["line"], is_hatched=number in (part, unknown))
        for number, (colour, words) in reversed(list(enumerate(zip(colours, said, strict=True))))
        if number in there
    ]


def home_classes(circles: LifeCircles, homes: Sequence[str]) -> NDArray[np.int64]:
    """Sort homes by the share of the required types they reach within the widest circle.

    Parameters
    ----------
    circles
        The life circles.
    homes
        Ids of dwellings.

    Returns
    -------
    array of int
        For each home the number of its step; then all of what is asked, all that is known, and nothing known.
    """
    asked = circles.types[circles.types["is_asked"] & circles.types["is_required"]]
    kinds = asked["facility_type"].tolist()
    rows = circles.reach[circles.reach["facility_type"].isin(kinds)]
    every = pd.MultiIndex.from_product([homes, kinds])
    cells = rows.set_index(["dwelling_id", "facility_type"])[["travel_min", "doubt_min"]].reindex(every)
    doubt = cells["doubt_min"].to_numpy(dtype=float)
    limit = circles.minutes[-1]
    found = statuses(
        cells["travel_min"].to_numpy(dtype=float), np.where(np.isnan(doubt), np.inf, doubt), limit
    )
    wide = found.reshape(len(homes), len(kinds))
    counts = {status: (wide == status).sum(axis=1) for status in ("reached", "unreached", "unknown")}
    bounds = theme()["reach"]["bounds"]
    full = len(bounds) + 1
    step = np.searchsorted(bounds, counts["reached"] / max(1, len(kinds)), side="right")
    is_all = counts["unreached"] == 0
    step = np.where(is_all, np.where(counts["unknown"] > 0, full + 1, full), step)
    return np.asarray(np.where(counts["reached"] + counts["unreached"] == 0, full + 2, step), dtype=np.int64)


def _draw_spaces(canvas: Canvas, results: Results) -> list[LegendEntry]:
    if results.spaces is None:
        return _absent(canvas, "spaces")
    style = theme()["space"]
    shown = canvas.shown(results.spaces)
    is_out = (shown["decision"] == "excluded").to_numpy()
    known = style["kind"]
    colours = [
        style["excluded"] if out else known.get(kind, style)["colour"]
        for kind, out in zip(shown["kind"], is_out, strict=True)
    ]
    edge = {"edgecolors": style["edge"], "linewidths": 0.45}
    canvas.fill(shown.geometry.to_numpy(), colours, 3.6, **edge)
    kinds = set(shown["kind"][~is_out])
    entries = [
        LegendEntry(
            "area", known.get(kind, style)["colour"], kind_name(kind, lang=canvas.lang), style["edge"]
        )
        for kind in [*(kind for kind in known if kind in kinds), *sorted(kinds - set(known))]
    ]
    if is_out.any():
        entries.append(
            LegendEntry("area", style["excluded"], say("space_excluded", lang=canvas.lang), style["edge"])
        )
    return entries or [LegendEntry("area", "none", text("report.legend_no_spaces", lang=canvas.lang))]


def _draw_sites(canvas: Canvas, results: Results) -> list[LegendEntry]:
    """Draw the sites of the programme, each with its rank."""
    if results.programme is None:
        return _absent(canvas, "programme")
    style = theme()["site"]
    shown = canvas.shown(results.programme.sites)
    edge = {"edgecolors": style["line"], "linewidths": 0.6}
    canvas.fill(shown.geometry.to_numpy(), style["fill"], 3.8, **edge)
    spots = shapely.get_coordinates(shapely.point_on_surface(shown.geometry.to_numpy()))
    for (x, y), rank in zip(spots.tolist(), shown["rank"].tolist(), strict=True):
        box = {"boxstyle": "circle,pad=0.18", "fc": "white", "ec": style["line"], "lw": 0.6}
        canvas.axes.text(
            x, y, str(rank), fontsize=5.5, ha="center", va="center", bbox=box, zorder=8, clip_on=True
        )
    return [LegendEntry("area", style["fill"], say("site_legend", lang=canvas.lang), style["line"])]


def _draw_green(canvas: Canvas, results: Results) -> list[LegendEntry]:
    """Draw green as it is, what of it is new, and what is gone."""
    town, look, lang = results.town, theme()["static"], canvas.lang
    if "green" not in town:
        return [LegendEntry("area", "none", text("report.legend_no_green", lang=lang))]
    now = shapely.union_all(canvas.shown(town["green"]).geometry.to_numpy())
    canvas.fill(np.array([now]), look["green_kept"], 2.6)
    entries = [LegendEntry("area", look["green_kept"], text("report.legend_green", lang=lang))]
    if "green_before" in town:
        before = shapely.union_all(canvas.shown(town["green_before"]).geometry.to_numpy())
        changes = {"gained": shapely.difference(now, before), "lost": shapely.difference(before, now)}
        for name, shape in changes.items():
            canvas.fill(np.array([shape]), look[f"green_{name}"], 2.7)
            entries.append(
                LegendEntry("area", look[f"green_{name}"], text(f"report.legend_{name}", lang=lang))
            )
    if "trees" in town:
        crowns = [value or theme()["tree"]["crown_m"] for value in column_values(town["trees"], "crown_m")]
        discs = shapely.buffer(town["trees"].geometry.to_numpy(), np.array(crowns) / 2, quad_segs=4)
        canvas.fill(discs, look["tree"], 3.3, alpha=0.6)
        entries.append(LegendEntry("dot", look["tree"], text("report.legend_trees", lang=lang)))
    return entries
