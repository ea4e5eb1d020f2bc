"""One map of many towns, each coloured by what the reader chooses; it opens without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import folium
import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.export.batch_words import boundary_words, reason_words, value_words
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.offline import (
    OfflineMap,
    StartPage,
    Verbatim,
    asset,
    json_text,
    leaflet_script,
    leaflet_style,
    render_page,
)
from fengmao_geo.export.sheet_cells import unit_name
from fengmao_geo.export.theme import colour_rules, theme
from fengmao_geo.geo.zones import transformer
from fengmao_geo.messages import text
from fengmao_geo.standards.batch import batch_standard, headlines

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from branca.element import Figure

    from fengmao_geo.messages import Lang
    from fengmao_geo.standards.batch import Headline
    from fengmao_geo.town.town import Town

__all__ = ["OUTLINE_CRS", "overview_page", "town_outline"]

#: Towns of several zones lie beside one another in degrees of CGCS2000 alone.
OUTLINE_CRS = "EPSG:4490"
_GRID_DEG = 1e-6
_OUTLINE_M = 1.0
_DRAWN_DEG = 2e-5
_MARGIN_DEG = 0.01
_CLASSES = 5
_WORDS = (
    *("all_towns", "choose", "not_known", "failures", "open_town", "no_towns"),
    *("rank_hint", "colour_hint", "note"),
)


class _Classes(NamedTuple):
    """The class of each town by one headline, and what each class is of."""

    of_town: list[int | None]
    labels: list[str]
    colours: list[str]


def town_outline(town: Town) -> str:
    """Draw the outline of a town's built-up area.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    str
        Well-known text in degrees of CGCS2000, to a millionth of a degree.
    """
    whole = shapely.simplify(shapely.union_all(town["built_up"].geometry.to_numpy()), _OUTLINE_M)
    turn = transformer(town.crs, OUTLINE_CRS)
    degrees = shapely.transform(whole, lambda xy: np.column_stack(turn.transform(*xy.T)))
    return str(shapely.to_wkt(shapely.set_precision(degrees, _GRID_DEG), rounding_precision=6))


def overview_page(records: pd.DataFrame, *, lang: Lang = "zh") -> str:
    """Write the overview of a batch: every town on one map and in one list, and those that failed.

    Parameters
    ----------
    records
        The table ``batch_towns``.
    lang
        The language of the page.

    Returns
    -------
    str
        The whole page; it asks no network for anything.
    """
    done = records[records["state"] == "done"]
    shapes = gpd.GeoSeries.from_wkt(done["outline"].to_numpy(), crs=OUTLINE_CRS)
    frame = _frame(shapes)
    page = OfflineMap((frame.origin[1], frame.origin[0]))
    figure = cast("Figure", page.get_root())
    title = text("batch.title", lang=lang)
    data = json_text({"title": title, **_page_data(records, shapes, frame, lang)})
    figure.header.add_child(Verbatim(f"<style>{leaflet_style()}</style>"))
    figure.header.add_child(
        Verbatim(f"<style>{colour_rules()}{asset('page.css')}{asset('batch.css')}</style>")
    )
    figure.header.add_child(Verbatim(f"<script>{leaflet_script()}</script>"))
    figure.header.add_child(Verbatim(f"<script>{asset('data.js')}\n{asset('batch.js')}</script>"))
    figure.html.add_child(Verbatim('<aside id="panel"></aside>'))
    figure.html.add_child(Verbatim(f'<script type="application/json" id="town-data">{data}</script>'))
    fit = folium.FitBounds(frame.corners(frame.box), padding=(30, 30), max_zoom=15)
    fit.options["animate"] = False
    page.add_child(fit)
    page.add_child(StartPage())
    return render_page(page, title=title, lang=lang)


def _frame(shapes: gpd.GeoSeries) -> Frame:
    """Take the ground that holds every town; somewhere, where there is none."""
    west, south, east, north = shapes.total_bounds.tolist() if len(shapes) else (120.0, 30.0, 120.1, 30.1)
    bounds = (west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
    return Frame(CRS.from_user_input(OUTLINE_CRS), bounds, _DRAWN_DEG)


def _page_data(records: pd.DataFrame, shapes: gpd.GeoSeries, frame: Frame, lang: Lang) -> dict[str, Any]:
    records = records.assign(town_name=_told_apart(records, lang))
    done, failed = (records[records["state"] == state].to_dict("records") for state in ("done", "failed"))
    colours = theme()
    points = frame.points(shapely.point_on_surface(shapes.to_numpy()))
    outlines = frame.polygons(shapes)
    return {
        "origin": list(frame.origin),
        "first": batch_standard().first,
        "notice": " · ".join(dict.fromkeys(notice for notice in records["notice"] if notice)),
        "counts": text("batch.counts", lang=lang, done=len(done), failed=len(failed)),
        "text": {name: text(f"batch.{name}", lang=lang) for name in _WORDS},
        "colours": {"ground": colours["ground"]["outside"], "unknown": colours["reach"]["unknown_ground"]},
        "towns": [
            {
                "name": town["town_name"],
                "point": point,
                "outline": outline,
                "about": boundary_words(town, lang=lang),
                "href": f"towns/{town['town_id']}/maps/index.html",
            }
            for town, point, outline in zip(done, points, outlines, strict=True)
        ],
        "headlines": [_headline_data(one, done, lang) for one in headlines()],
        "failures": [
            {"name": town["town_name"], **reason_words(town, lang=lang)._asdict()} for town in failed
        ],
    }


def _told_apart(records: pd.DataFrame, lang: Lang) -> list[str]:
    """Name towns; two of one name, of which a province has many, are told apart by their ids."""
    is_shared = records["town_name"].duplicated(keep=False)
    return [
        text("batch.with_id", lang=lang, name=name, town_id=town_id) if shared else name
        for name, town_id, shared in zip(records["town_name"], records["town_id"], is_shared, strict=True)
    ]


def _headline_data(headline: Headline, towns: Sequence[dict[Any, Any]], lang: Lang) -> dict[str, Any]:
    values = [town["headline"].get(headline.headline) for town in towns]
    classes = _classes(values, headline, lang)
    return {
        "id": headline.headline,
        "name": headline.name(lang=lang),
        "values": values,
        "shown": [value_words(value, headline, lang=lang) for value in values],
        "classes": classes.of_town,
        "labels": classes.labels,
        "colours": classes.colours,
        "is_less": headline.direction == "less",
    }


def _classes(values: Sequence[float | None], headline: Headline, lang: Lang) -> _Classes:
    """Part towns into at most five classes of about as many; figures that read alike are never parted."""
    known = np.sort([value for value in values if value is not None])
    if not len(known):
        return _Classes([None] * len(values), [], [])
    least: dict[str, float] = {}
    read = np.array([least.setdefault(value_words(value, headline, lang=lang), value) for value in known])
    steps = np.quantile(read, np.linspace(0, 1, _CLASSES + 1)[1:-1], method="lower")
    bounds = np.unique(steps[steps < read[-1]])
    used, of_known = np.unique(np.searchsorted(bounds, read, side="left"), return_inverse=True)
    number = dict(zip(known.tolist(), of_known.tolist(), strict=True))
    of_town = [None if value is None else number[float(value)] for value in values]
    labels = [_range(known[of_known == at], headline, lang) for at in range(len(used))]
    ramp = theme()["batch"]["steps"]
    ramp = ramp[::-1] if headline.direction == "less" else ramp
    # Few classes lie in the middle of the colours, since hardly anything parts them.
    ends = 0 if len(used) > 2 else 1
    places = (
        np.rint(np.linspace(ends, len(ramp) - 1 - ends, len(used))) if len(used) > 1 else [len(ramp) // 2]
    )
    return _Classes(of_town, labels, [ramp[int(place)] for place in places])


def _range(values: Any, headline: Headline, lang: Lang) -> str:  # noqa: ANN401  an array
    first, last = (value_words(float(value), headline, lang=lang) for value in (values[0], values[-1]))
    unit = unit_name(headline.unit, lang=lang)
    return last if first == last else f"{first.removesuffix(f' {unit}')} \u2013 {last}"
