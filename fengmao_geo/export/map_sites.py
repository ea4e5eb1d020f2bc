"""What a map page shows of a programme or a what-if: sites, whom they serve, the life circle after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.map_figures import full_set, type_rows
from fengmao_geo.export.map_reach import area_change_data, changed_areas, home_data
from fengmao_geo.export.site_files import gained_by_type, site_words
from fengmao_geo.export.space_words import capital, place_name, rounded, use_name
from fengmao_geo.export.theme import named, say
from fengmao_geo.life_circle.compare import compare
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results
    from fengmao_geo.tables import Programme

__all__ = ["planned_data", "site_data"]

# A use that takes less of its space than this is drawn as standing somewhere in it.
_PART = 0.95


def site_data(
    results: Results, place: Place, frame: Frame, types: Sequence[str], homes: Sequence[str], *, lang: Lang
) -> dict[str, Any] | None:
    """Write what a page shows of a programme.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The block, or the town.
    frame
        What part of the town is shown.
    types
        Ids of facility types, in the order of the page.
    homes
        Ids of the homes of the page, in its order.
    lang
        The language of the page.

    Returns
    -------
    dict or None
        ``sum`` (the block's or the town's own), ``words`` on the whole programme, and ``sites`` by rank: what
        each is, costs and serves, where it is drawn; ``None`` where there is no programme.
    """
    programme = results.programme
    if programme is None:
        return None
    sites = programme.sites.to_crs(results.town.crs).sort_values("rank", ignore_index=True)
    shapes = frame.polygons(sites.geometry)
    keep = np.array([bool(shape) for shape in shapes], dtype=bool)
    shown = sites[keep].reset_index(drop=True)
    points = frame.points(shapely.point_on_surface(shown.geometry.to_numpy()))
    blocks = _blocks(results)
    served = _served(programme, shown["space_id"].tolist(), types, homes)
    homes_of = _home_counts(programme)
    gained = _gained(programme, lang)
    people = column_values(shown, "gained_people")
    block_ids = column_values(shown, "block_id")
    return {
        "sum": _sum(results, programme, place, lang),
        "words": site_words(programme, lang=lang),
        "sites": [
            {
                "rank": int(row["rank"]),
                "name": place_name(row["name"], lang=lang),
                "use": capital(use_name(row["use"], lang=lang)),
                "cost": None if pd.isna(row["cost_wan"]) else f"{row['cost_wan']:,.1f}",
                "area": rounded(row["area_m2"]),
                "whole": rounded(whole_m2) if row["area_m2"] < _PART * whole_m2 else "",
                "green": rounded(row["green_m2"]) if row["green_m2"] > 0 else "",
                "people": None if count is None else round(count),
                "block": blocks.get(block, ""),
                "is_own": place.area_kind == "town" or block == place.area_id,
                "types": gained.get(row["space_id"], []),
                "walk": _walk(programme, row["space_id"], lang),
                "served": served.get(row["space_id"], []),
                "beyond": homes_of.get(row["space_id"], 0) - _count(served.get(row["space_id"], [])),
                "shape": shape,
                "point": point,
            }
            for row, whole_m2, count, block, shape, point in zip(
                shown.to_dict("records"),
                shown.area,
                people,
                block_ids,
                [shape for shape in shapes if shape],
                points,
                strict=True,
            )
        ],
    }


def _blocks(results: Results) -> dict[str, str]:
    if "blocks" not in results.town:
        return {}
    blocks = results.town["blocks"]
    return {
        block: name or block for block, name in zip(blocks["id"], column_values(blocks, "name"), strict=True)
    }


def _served(
    programme: Programme, spaces: Sequence[str], types: Sequence[str], homes: Sequence[str]
) -> dict[str, list[list[Any]]]:
    """List by site and type the homes of the page that it newly serves."""
    if programme.served is None:
        return {}
    place = {home: number for number, home in enumerate(homes)}
    rows = programme.served[programme.served["space_id"].isin(spaces)]
    rows = rows[rows["dwelling_id"].isin(place) & rows["facility_type"].isin(types)]
    rows = rows.assign(
        home=rows["dwelling_id"].map(place).astype(int), type=rows["facility_type"].map(types.index)
    )
    found: dict[str, list[list[Any]]] = {}
    for (space, kind), of in rows.groupby(["space_id", "type"], sort=True):
        found.setdefault(str(space), []).append([kind, sorted(of["home"].tolist())])
    return found


def _home_counts(programme: Programme) -> dict[str, int]:
    """Count the homes that each site newly serves."""
    if programme.served is None:
        return {}
    counts = programme.served.groupby("space_id")["dwelling_id"].nunique()
    return dict(zip([str(space) for space in counts.index], counts.tolist(), strict=True))


def _count(served: list[list[Any]]) -> int:
    return len({home for _, homes in served for home in homes})


def _gained(programme: Programme, lang: Lang) -> dict[str, list[dict[str, Any]]]:
    """Say by site and type how many people of which group are newly served; a group of nobody is left out."""
    if programme.gained is None:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for (space, kind), rows in programme.gained.groupby(["space_id", "facility_type"], sort=False):
        counts = dict(zip(rows["group"], rows["gained_people"], strict=True))
        whole = counts.pop("everyone", None)
        # Within a line a name has no capital.
        say_group = named if whole is None else display_name
        groups = [
            [say_group("group", group, lang=lang), round(count)]
            for group, count in counts.items()
            if pd.notna(count) and round(count) > 0
        ]
        found.setdefault(str(space), []).append(
            {
                "name": named("facility_type", str(kind), lang=lang),
                "people": None if whole is None or pd.isna(whole) else round(whole),
                "groups": groups,
            }
        )
    return found


def _walk(programme: Programme, space: str, lang: Lang) -> str:
    """Say how far those served walk, on average over people and at most."""
    if programme.served is None:
        return ""
    rows = programme.served[programme.served["space_id"] == space]
    if rows.empty:
        return ""
    mean = np.average(rows["travel_min"], weights=rows["people"])
    return say("site_walk", lang=lang, mean=f"{mean:.1f}", most=f"{rows['travel_min'].max():.1f}")


def _sum(results: Results, programme: Programme, place: Place, lang: Lang) -> str:
    """Say how many sites and people there are in the place; people of a block are served from all around."""
    sites = programme.sites
    cost = sites["cost_wan"].sum()
    served = programme.served
    if results.share == "public":
        return _public_sum(programme, place, lang)
    if place.area_kind == "town" or results.circles is None or served is None:
        people = 0.0 if served is None else served["people"].sum()
        key, at = "site_sum", len(sites)
    else:
        homes = results.circles.dwellings
        own = homes["dwelling_id"][homes["block_id"] == place.area_id]
        people = served["people"][served["dwelling_id"].isin(own)].sum()
        here = sites[sites["block_id"] == place.area_id]
        key, at, cost = "site_own", len(here), here["cost_wan"].sum()
    return say(key, lang=lang, n=f"{at:,}", cost=f"{cost:,.1f}", people=f"{people:,.0f}")


def _public_sum(programme: Programme, place: Place, lang: Lang) -> str:
    """Say the same without dwellings: how many of a block's people are served is told by them alone."""
    sites, gained = programme.sites, programme.gained
    if place.area_kind == "block":
        own = sites[sites["block_id"] == place.area_id]
        return say("site_own_plain", lang=lang, n=f"{len(own):,}", cost=f"{own['cost_wan'].sum():,.1f}")
    cost = f"{sites['cost_wan'].sum():,.1f}"
    if gained is None:
        return say("site_sum_plain", lang=lang, n=f"{len(sites):,}", cost=cost)
    people = gained_by_type(gained)["gained_people"].sum()
    return say("site_sum", lang=lang, n=f"{len(sites):,}", cost=cost, people=f"{people:,.0f}")


def planned_data(
    results: Results,
    place: Place,
    blocks: Sequence[Place],
    frame: Frame,
    types: Sequence[str],
    *,
    lang: Lang,
    areas: gpd.GeoDataFrame | None = None,
) -> dict[str, Any] | None:
    """Write what a page shows of the life circle once what is planned stands: only what differs.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The block, or the town.
    blocks
        All blocks of the town.
    frame
        What part of the town is shown.
    types
        Ids of facility types, in the order of the page.
    lang
        The language of the page.
    areas
        What `changed_areas` gives, where it was worked out for another page before.

    Returns
    -------
    dict or None
        ``cells``: type, homes that reach it in another way, and their metres, tenths of a minute and signs by
        circle; ``gains`` and ``losses``: type, homes that newly reach it, or no longer; ``changes``: type,
        people of the place who gain and lose it, and their ``sum``; ``full``, ``rows``, ``cards`` and
        ``counts`` in place of those of today; ``areas``: the ground ``gained`` and ``lost`` by service areas.
        ``None`` where it was not worked out.
    """
    if results.planned is None or results.circles is None:
        return None
    if areas is None:
        areas = changed_areas(results.circles, results.planned)
    before = home_data(results.town, results.circles, frame, types)
    after = home_data(results.town, results.planned, frame, types)
    counts = results.planned.types.set_index("facility_type")["facility_count"]
    limits = _own_limits(results.circles)
    own = {types.index(name): f"{limit:g}" for name, limit in limits.items() if name in types}
    changes = _changes(results.circles, results.planned, place, limits)
    gained, lost = changes["gained_people"].sum(), changes["lost_people"].sum()
    return {
        "cells": [
            cell for number in range(len(after["metres"])) if (cell := _cell(before, after, number))[1]
        ],
        "gains": _switched(before, after, own, "01"),
        "losses": _switched(before, after, own, "10"),
        "changes": [
            [types.index(kind), round(gain), round(loss)]
            for kind, gain, loss in zip(*(changes[name] for name in changes), strict=True)
            if round(gain) or round(loss)
        ],
        # Who gains and loses is counted dwelling by dwelling, which are not handed out.
        "sum": ""
        if results.share == "public"
        else say("what_if_sum", lang=lang, gained=f"{gained:,.0f}", lost=f"{lost:,.0f}"),
        "full": full_set(results.planned, place),
        "rows": type_rows(results.planned, place, types),
        "cards": [full_set(results.planned, block) for block in blocks] if place.area_kind == "town" else [],
        "areas": area_change_data(areas, frame, types),
        "counts": {types.index(kind): int(count) for kind, count in counts.items() if kind in types},
    }


def _own_limits(circles: LifeCircles) -> dict[str, float]:
    """Find for each type asked for the circle that asks for it first."""
    asked = circles.types[circles.types["is_asked"]]
    first = {
        kind: [limit for limit in circles.minutes if limit >= tier][:1]
        for kind, tier in zip(asked["facility_type"], asked["tier_min"], strict=True)
    }
    return {kind: limits[0] for kind, limits in first.items() if limits}


def _changes(before: LifeCircles, after: LifeCircles, place: Place, limits: dict[str, float]) -> pd.DataFrame:
    """Count who gains and loses each type in the place, the most first."""
    rows = place.rows(compare(before, after))
    rows = rows[rows["facility_type"].map(limits) == rows["limit_min"]]
    columns = ["facility_type", "gained_people", "lost_people"]
    order = rows.sort_values(["gained_people", "lost_people"], ascending=False, kind="stable")
    return order[columns].fillna({"gained_people": 0.0, "lost_people": 0.0})


def _switched(
    before: dict[str, Any], after: dict[str, Any], limits: dict[int, str], signs: str
) -> list[list[Any]]:
    """List by type the homes whose sign in the type's own circle turns from one into another."""
    found = []
    for kind, limit in limits.items():
        pairs = zip(before["status"][limit][kind], after["status"][limit][kind], strict=True)
        homes = [home for home, pair in enumerate(pairs) if "".join(pair) == signs]
        if homes:
            found.append([kind, homes])
    return found


def _cell(before: dict[str, Any], after: dict[str, Any], number: int) -> list[Any]:
    """List the homes whose walk to one type differs, and how."""
    signs = after["status"]
    differs = np.array(before["metres"][number]) != np.array(after["metres"][number])
    for limit, columns in signs.items():
        old, new = (
            np.array(list(text), dtype=object) for text in (before["status"][limit][number], columns[number])
        )
        differs = differs | (old != new)
    homes = np.flatnonzero(differs).tolist()
    return [
        number,
        homes,
        [after["metres"][number][home] for home in homes],
        [after["tenths"][number][home] for home in homes],
        {limit: "".join(columns[number][home] for home in homes) for limit, columns in signs.items()},
    ]
