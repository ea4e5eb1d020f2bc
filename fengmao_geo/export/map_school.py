"""What a map page draws and says of walks to school: street pieces, crossings, schools."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.map_data import column_values, whole_values
from fengmao_geo.export.space_words import rounded
from fengmao_geo.export.theme import facility_sign, named, say, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.school_routes import SchoolRoutes
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["school_data"]

_AT_M = 0.5
_PERCENT = 100.0


def school_data(results: Results, place: Place, frame: Frame, *, lang: Lang) -> dict[str, Any] | None:
    """Write what a page shows of walks to school.

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
        ``sums`` (of the block or the town) and ``notes``; ``classes`` of street pieces by children, with
        their widths; ``pieces``, one list per fact, those most worth improving first; ``crossings`` and
        ``schools``; ``None`` where the walks were not worked out.
    """
    routes = results.school_routes
    if routes is None:
        return None
    # Sums are counted over dwellings, which are not handed out.
    is_public = results.share == "public"
    return {
        "type": named("facility_type", routes.facility_type, lang=lang),
        "sign": facility_sign(routes.facility_type, lang=lang),
        "all": theme()["school"]["improve_count"],
        "sums": [] if is_public else _sums(results, routes, place, lang),
        "notes": _rank_notes(routes, lang) if is_public else _notes(routes, lang),
        "classes": _classes(lang),
        "pieces": _pieces(routes, frame, lang),
        "crossings": _crossings(routes, frame),
        "schools": _schools(results, routes, frame, lang),
    }


def _sums(results: Results, routes: SchoolRoutes, place: Place, lang: Lang) -> list[str]:
    """Say how many children walk, how many cross main roads, and how many walk farther than they should."""
    rows = pd.DataFrame(routes.routes.drop(columns="geometry"))
    if place.area_kind == "block":
        blocks = results.town["blocks"]
        own = blocks.geometry[blocks["id"] == place.area_id].iloc[0]
        starts = shapely.get_point(routes.routes.geometry.to_numpy(), 0)
        rows = rows[shapely.intersects(starts, own)]
    walks = rows[rows["distance_m"].notna()]
    said = [say("school_sum", lang=lang, **_counted(walks, lang), min=f"{routes.minutes:g}")]
    if len(walks):
        crossed = walks["main_roads_crossed_count"]
        said.append(say("school_sum_cross", lang=lang, **_counted(walks[crossed > 0], lang)))
        if unknown := int(crossed.isna().sum()):
            said.append(say("school_cross_unknown", lang=lang, n=f"{unknown:,}"))
    if routes.standard_m is not None and len(walks):
        far = walks[walks["is_within_standard"].eq(False)]
        said.append(say("school_sum_far", lang=lang, m=f"{routes.standard_m:,.0f}", **_counted(far, lang)))
    return said


def _counted(rows: pd.DataFrame, lang: Lang) -> dict[str, str]:
    """Write how many children and dwellings rows stand for."""
    children = rows["children_people"]
    is_known = bool(children.notna().any()) or not len(rows)
    count = say("school_n", lang=lang, n=f"{children.sum():,.0f}") if is_known else say("unknown", lang=lang)
    return {"children": count, "homes": f"{len(rows):,}"}


def _notes(routes: SchoolRoutes, lang: Lang) -> list[str]:
    """Write what the figures rest on."""
    basis = "district" if routes.routes["basis"].eq("district").any() else "nearest"
    notes = [say(f"school_by_{basis}", lang=lang), *_rank_notes(routes, lang)]
    lost = int((routes.routes["status"] != "reached").sum())
    if lost:
        notes.append(say("school_lost", lang=lang, n=f"{lost:,}", min=f"{routes.minutes:g}"))
    return notes


def _rank_notes(routes: SchoolRoutes, lang: Lang) -> list[str]:
    order = "walked" if routes.segments["rank_basis"].eq("walked").any() else "unshaded"
    return [say(f"school_rank_{order}", lang=lang)]


def _classes(lang: Lang) -> list[dict[str, Any]]:
    """List the widths of lines and the children that each stands for, the widest first."""
    style = theme()["school"]
    bounds, widths = style["bounds"], style["widths"]
    names = [
        say("school_below", lang=lang, n=bounds[0]),
        *(say("school_range", lang=lang, low=low, high=high - 1) for low, high in pairwise(bounds)),
        say("school_above", lang=lang, n=bounds[-1]),
    ]
    return [{"name": name, "width": width} for name, width in zip(names, widths, strict=True)]


def _pieces(routes: SchoolRoutes, frame: Frame, lang: Lang) -> dict[str, Any]:
    """Write the street pieces shown, one list per fact."""
    table = routes.segments
    shown = table[frame.shows(table.geometry)]
    paths = frame.paths(shown.geometry)
    keep = np.array([bool(runs) for runs in paths], dtype=bool)
    shown = shown[keep].reset_index(drop=True)
    style = theme()["school"]
    is_ranked = shown["rank"].le(style["improve_count"]).fillna(value=False).to_numpy(dtype=bool)
    children = shown["children_people"].to_numpy(dtype=float)
    middle = shapely.line_interpolate_point(shown.geometry.to_numpy(), 0.5, normalized=True)
    names, name = pd.factorize(pd.Series(column_values(shown, "name"), dtype=object).fillna(""))[::-1]
    todo = _todo(routes, shown, is_ranked, lang)
    return {
        "lines": [runs for runs in paths if runs],
        "class": np.searchsorted(style["bounds"], np.nan_to_num(children), side="right").tolist(),
        "names": [str(text) or say("school_no_name", lang=lang) for text in names],
        "name": name.tolist(),
        "children": whole_values(shown, "children_people"),
        "homes": shown["dwelling_count"].tolist(),
        "length": [rounded(value) for value in shown["length_m"]],
        "shade": whole_values(shown.assign(shade=_PERCENT * shown["shaded_share"].astype(float)), "shade"),
        "is_main": [None if value is None else int(value) for value in column_values(shown, "is_main_road")],
        "rank": whole_values(shown, "rank"),
        "is_worth": is_ranked.astype(int).tolist(),
        "middle": frame.points(middle),
        "todo": todo,
    }


def _todo(
    routes: SchoolRoutes, shown: gpd.GeoDataFrame, is_ranked: Sequence[bool], lang: Lang
) -> list[list[str]]:
    """Say what there is to improve along those pieces that are most worth it."""
    shapes, crossings = shown.geometry.to_numpy(), routes.crossings
    tree = shapely.STRtree(crossings.geometry.to_numpy())
    row, hit = tree.query(shapes, predicate="dwithin", distance=_AT_M)
    said: list[list[str]] = []
    rows = zip(is_ranked, column_values(shown, "shaded_share"), shown["is_main_road"], strict=True)
    for at, (is_worth, shade, is_main) in enumerate(rows):
        found = []
        if is_worth and len(here := crossings.iloc[hit[row == at]]):
            names = dict.fromkeys(value for value in column_values(here, "name") if value)
            name = say("list_comma", lang=lang).join(names) or say("school_main_road", lang=lang)
            found.append(say("school_do_cross", lang=lang, name=name))
        if is_worth and is_main is True:
            found.append(say("school_do_main", lang=lang))
        if is_worth and shade is None:
            found.append(say("school_do_count_trees", lang=lang))
        elif is_worth and shade < 1:
            found.append(say("school_do_shade", lang=lang, n=f"{_PERCENT * (1 - shade):.0f}"))
        said.append(found)
    return said


def _crossings(routes: SchoolRoutes, frame: Frame) -> list[dict[str, Any]]:
    """Write where children cross main roads, those that most cross last, to lie on top."""
    table = routes.crossings
    shown = table[frame.shows(table.geometry)][::-1]
    return [
        {"point": point, "name": name or "", "children": children, "homes": homes}
        for point, name, children, homes in zip(
            frame.points(shown.geometry.to_numpy()),
            column_values(shown, "name"),
            whole_values(shown, "children_people"),
            shown["dwelling_count"].tolist(),
            strict=True,
        )
    ]


def _schools(results: Results, routes: SchoolRoutes, frame: Frame, lang: Lang) -> list[dict[str, Any]]:
    """Write the schools shown, each with those who walk to it."""
    if "facilities" not in results.town:
        return []
    layer = results.town["facilities"]
    schools = layer[layer["facility_type"].eq(routes.facility_type) & frame.shows(layer.geometry)]
    walks = routes.routes[routes.routes["distance_m"].notna()]
    to = dict(iter(pd.DataFrame(walks.drop(columns="geometry")).groupby("school_id")))
    points = frame.points(shapely.point_on_surface(schools.geometry.to_numpy()))
    return [
        {
            "point": point,
            "name": name or named("facility_type", routes.facility_type, lang=lang),
            "facts": [] if results.share == "public" else _school_facts(to.get(school), routes, lang),
        }
        for point, school, name in zip(points, schools["id"], column_values(schools, "name"), strict=True)
    ]


def _school_facts(walks: pd.DataFrame | None, routes: SchoolRoutes, lang: Lang) -> list[list[str]]:
    """Say who walks to a school: pairs of a label and what it says."""
    if walks is None:
        return [[say("school_children", lang=lang), say("school_none", lang=lang)]]
    counted = _counted(walks, lang)
    weights = walks["children_people"].fillna(0.0) if walks["children_people"].sum() > 0 else None
    minutes = np.average(walks["travel_min"], weights=weights)
    facts = [
        [say("school_children", lang=lang), counted["children"]],
        [say("school_homes", lang=lang), counted["homes"]],
        [say("school_minutes", lang=lang), say("n_minutes", lang=lang, n=f"{minutes:.1f}")],
    ]
    if routes.standard_m is not None:
        far = walks[walks["is_within_standard"].eq(False)]
        label = say("school_far", lang=lang, m=f"{routes.standard_m:,.0f}")
        facts.append([label, _counted(far, lang)["children"]])
    crossing = _counted(walks[walks["main_roads_crossed_count"] > 0], lang)["children"]
    return [*facts, [say("school_crossing", lang=lang), crossing]]
