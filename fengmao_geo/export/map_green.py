"""What a map page draws and says of green gained: pictures of two dates, the change, the plan, figures."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from fengmao_geo.export.green_words import (
    PLANNED,
    gain_sign,
    gain_words,
    headline_rows,
    indicator_name,
    state_words,
    value_words,
)
from fengmao_geo.export.raster_picture import Sheet, classes_of, grid_transform, sheet_of
from fengmao_geo.export.theme import named, say, theme

if TYPE_CHECKING:
    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.green.picture import GreenPicture
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["green_data"]

# The class of a change that is too small to be seen: it is left see-through.
_SAME = 2
_WHOLE = 0.9995
_METRES_A_DEGREE = 111_320.0


def green_data(results: Results, place: Place, frame: Frame, *, lang: Lang) -> dict[str, Any] | None:
    """Write what a page shows of green gained.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The block, or the town.
    frame
        What part of the town is shown.
    lang
        The language of the page.

    Returns
    -------
    dict or None
        ``views`` with their legends, ``pictures`` as data-URIs with the ``corners`` they fill, ``plan``
        (sites), ``rows`` (figures) and ``notes``; ``None`` where green was not measured.
    """
    if results.gains is None:
        return None
    corners, pictures = _pictures(results, frame)
    plan = _plan(results, frame)
    area = place.area_id if place.area_kind == "block" else "town"
    rows = pd.concat([headline_rows(results, area, is_planned=is_planned) for is_planned in (False, True)])
    return {
        "views": _views(pictures, plan, lang),
        "pictures": pictures,
        "corners": corners,
        "opacity": theme()["green"]["opacity"],
        "plan": plan,
        "dates": _dates(results, lang),
        "rows": [_row(row, lang) for _, row in rows.iterrows()],
        "notes": _notes(results, place, rows, lang),
    }


def _pictures(results: Results, frame: Frame) -> tuple[list[list[float]], dict[str, str]]:
    """Paint vegetation cover before and after, and its change; no picture where nothing of it is known."""
    picture = results.gains.picture if results.gains is not None else None
    if picture is None:
        return [], {}
    colours = theme()["green"]
    sheet = Sheet(frame, _pixel_m(picture))
    transform = grid_transform(picture.bounds, picture.gain.shape)
    change = classes_of(picture.gain, colours["change_bounds"])
    grids = {
        "before": (classes_of(picture.before, colours["cover_bounds"]), colours["cover"]),
        "after": (classes_of(picture.after, colours["cover_bounds"]), colours["cover"]),
        # What did not change lets the ground below be seen.
        "change": (np.where(change == _SAME, np.uint8(255), change), colours["change"]),
    }
    ground = sheet.covered(_measured(results))
    made = {}
    for name, (codes, palette) in grids.items():
        shown = sheet.codes(codes, transform, picture.crs)
        # Beyond what was measured an image shows fields that come and go with the crops.
        made[name] = sheet_of(np.where(ground, shown, np.uint8(255)), palette)
    return sheet.corners, {name: address for name, address in made.items() if address is not None}


def _measured(results: Results) -> gpd.GeoSeries:
    """Give the ground that green was measured on: the built-up area, blocks, projects and sites."""
    town = results.town
    layers = [town[name].geometry for name in ("built_up", "blocks", "projects") if name in town]
    if results.programme is not None:
        layers.append(results.programme.sites.to_crs(town.crs).geometry)
    return gpd.GeoSeries(pd.concat(layers, ignore_index=True), crs=town.crs)


def _pixel_m(picture: GreenPicture) -> float:
    """Measure a pixel of the picture, roughly where its coordinates are degrees."""
    left, _, right, _ = picture.bounds
    size = (right - left) / picture.gain.shape[1]
    return float(size) * (_METRES_A_DEGREE if picture.crs.is_geographic else 1.0)


def _plan(results: Results, frame: Frame) -> list[dict[str, Any]]:
    if results.programme is None:
        return []
    sites = results.programme.sites.to_crs(results.town.crs)
    planted = sites[(sites["green_m2"].fillna(0) > 0).to_numpy() & frame.shows(sites.geometry)]
    return [{"shape": shape} for shape in frame.polygons(planted.geometry) if shape]


def _views(pictures: dict[str, str], plan: list[dict[str, Any]], lang: Lang) -> list[dict[str, Any]]:
    """List what can be looked at, each with its legend."""
    colours = theme()["green"]
    cover = _legend(colours["cover"], colours["cover_bounds"], lang)
    change = _legend(colours["change"], colours["change_bounds"], lang, is_signed=True)
    del change[_SAME]
    site = [{"colour": colours["plan"], "name": say("green_plan_site", lang=lang)}]
    asked = {
        "swipe": ({"before", "after"}, "green_cover", cover),
        "before": ({"before"}, "green_cover", cover),
        "after": ({"after"}, "green_cover", cover),
        "change": ({"before", "after"}, "green_change", change),
    }
    views = [
        {
            "id": view,
            "name": say(f"green_view_{view}", lang=lang),
            "title": say(title, lang=lang),
            "legend": legend,
        }
        for view, (needed, title, legend) in asked.items()
        if needed <= set(pictures)
    ]
    if plan:
        legend = [*site, *(cover if "after" in pictures else [])]
        name = say("green_view_plan", lang=lang)
        views.append({"id": "plan", "name": name, "title": name, "legend": legend})
    return views


def _legend(
    colours: list[str], bounds: list[float], lang: Lang, *, is_signed: bool = False
) -> list[dict[str, str]]:
    """Name classes by their bounds, in whole per cent."""
    sign = "+" if is_signed else ""
    edges = [f"{100 * bound:{sign}.0f}" for bound in bounds]
    names = [
        say("green_below", lang=lang, n=edges[0]),
        *(say("green_between", lang=lang, low=low, high=high) for low, high in pairwise(edges)),
        say("green_above", lang=lang, n=edges[-1]),
    ]
    return [{"colour": colour, "name": name} for colour, name in zip(colours, names, strict=True)]


def _dates(results: Results, lang: Lang) -> str:
    """Say when the two images were taken."""
    rasters = results.town.rasters
    dates = [rasters[name].date for name in ("imagery_before", "imagery_after") if name in rasters]
    if len(dates) < 2 or not all(dates):
        return ""
    return say("green_dates", lang=lang, before=dates[0], after=dates[1])


def _row(row: pd.Series, lang: Lang) -> dict[str, Any]:
    states = zip(("before", "after"), state_words(row["basis"], lang=lang), strict=True)
    return {
        "name": indicator_name(row["indicator"], row["rule_set"], lang=lang),
        "gain": "" if pd.isna(row["gain"]) else gain_words(row, lang=lang),
        "sign": gain_sign(row),
        "is_planned": row["basis"] == PLANNED,
        "basis": named("green_basis", row["basis"], lang=lang),
        **{
            state: {
                "name": name,
                "text": value_words(row[state], row["indicator"], lang=lang),
                "size": 0.0 if pd.isna(row[state]) else max(0.0, float(row[state])),
            }
            for state, name in states
        },
    }


def _notes(results: Results, place: Place, rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Say how to read the figures: their ground, their intervals, what is planned."""
    gains = results.gains
    if gains is None or rows["gain"].isna().all():
        return [say("green_none", lang=lang)]
    cover = gains.image_cover
    own = cover[(cover["area_kind"] == place.area_kind) & (cover["area_id"] == (place.area_id or "town"))]
    share = own["valid_share"].min() if len(own) else np.nan
    said = []
    if (rows["low"] < rows["high"]).any():
        said.append(say("green_note_interval", lang=lang))
    if pd.notna(share) and share < _WHOLE:
        said.append(say("green_note_valid", lang=lang, share=f"{share:.0%}"))
    if results.programme is not None:
        said.append(say("green_note_planned", lang=lang))
    return said
