"""Maps to hand over: one page per renewal block and one of the town, each opening without a network."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import folium
import shapely
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.map_data import (
    building_data,
    facility_data,
    ground_data,
    type_data,
)
from fengmao_geo.export.map_figures import Place, about, block_places, card, full_set, header, type_rows
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_green import green_data
from fengmao_geo.export.map_labels import labels
from fengmao_geo.export.map_links import link_data
from fengmao_geo.export.map_reach import area_data, changed_areas, home_data, light_areas
from fengmao_geo.export.map_school import school_data
from fengmao_geo.export.map_sites import planned_data, site_data
from fengmao_geo.export.map_spaces import space_data
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
from fengmao_geo.export.theme import colour_rules, named, say, theme

if TYPE_CHECKING:
    import geopandas as gpd
    from branca.element import Figure

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["write_block_maps"]

INDEX = "index.html"
MARGIN_M = 300.0
WIDE = 1.3
BLOCK_SIMPLIFY_M = 0.15
TOWN_SIMPLIFY_M = 0.8

_SCRIPTS = (
    "data.js",
    "spaces.js",
    "green.js",
    "sites.js",
    "links.js",
    "school.js",
    "paint.js",
    "map.js",
    "labels.js",
    "cards.js",
    "panel.js",
    "start.js",
)
_COLOURS = (
    *("page", "ground", "building", "block", "reach", "group"),
    *("space", "green", "site", "link", "school"),
)
_SAID = re.compile(r'\bsay\("([a-z_0-9]+)"')
# What weighs dwellings where nobody counted people is named as what it is.
_WEIGHED = {
    basis: {
        "n_people": f"n_{unit}",
        "of_people": f"of_{unit}",
        "unknown_people": f"unknown_{unit}",
        "lacks": f"lacks_{unit}",
        "people_unknown": "unknown",
        "site_plus": f"n_{unit}",
        "site_minus": f"n_{unit}",
    }
    for basis, unit in (("floor_area", "m2"), ("address_count", "addresses"))
}


def write_block_maps(
    results: Results, *, folder: str | Path, block: str | None = None, lang: Lang = "zh"
) -> list[Path]:
    """Write one interactive map per renewal block, and one of the town that links them.

    Each page is one file that opens without a network: the town's own layers as ground, buildings coloured by
    what they reach within each life circle, service areas, facilities, who lacks what, and the spaces the
    town could use, each with a card of why it was found, how large it is and what fits. With a programme, its
    sites with whom they serve; with planned life circles, those of today and after, and who gains and loses;
    with planned streets, what is new of them; with walks to school, the street pieces that children share.

    Parameters
    ----------
    results
        The town and what was computed from it; a step that was not run leaves its figures unknown.
    folder
        Where to write; it is made if it is not there.
    block
        The id or the number of the one block to write; all blocks and the town by default.
    lang
        The language of the pages, ``"zh"`` or ``"en"``.

    Returns
    -------
    list of Path
        The files: first the town's ``index.html``, then the blocks' in the order of their numbers.

    Raises
    ------
    UsageError
        If there is no such block, or the town's coordinates cannot be turned into degrees.
    OSError
        If the folder or a file cannot be written.
    """
    blocks = block_places(results)
    places = [_town_place(results), *blocks] if block is None else [_named_block(blocks, block)]
    areas = None
    if results.circles is not None:
        areas = None if results.planned is None else changed_areas(results.circles, results.planned)
        results = replace(results, circles=light_areas(results.circles))
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    shown = tqdm(
        places, desc=say("title_town", lang=lang, town=results.town.name), delay=2, disable=None, leave=False
    )
    return [write_whole(target / place.href, _page(results, place, blocks, lang, areas)) for place in shown]


def _named_block(blocks: list[Place], block: str) -> Place:
    """Find a block by its id, else by its number."""
    called = {place.number: place for place in blocks} | {place.area_id: place for place in blocks}
    if block not in called:
        known = ", ".join(f"{place.area_id} ({place.number})" for place in blocks)
        raise UsageError("block_unknown", block=block, known=known or "-")
    return called[block]


def _town_place(results: Results) -> Place:
    town = results.town
    area_m2 = float(shapely.area(shapely.union_all(town["built_up"].geometry.to_numpy())))
    return Place("town", "", town.name, "", None, area_m2, INDEX)


def _page(
    results: Results, place: Place, blocks: list[Place], lang: Lang, areas: gpd.GeoDataFrame | None
) -> str:
    frame = _frame(results, place)
    south_west, north_east = frame.corners(_focus(results, place))
    page = OfflineMap(((south_west[0] + north_east[0]) / 2, (south_west[1] + north_east[1]) / 2))
    figure = cast("Figure", page.get_root())
    data = json_text(page_data(results, place, blocks, frame=frame, lang=lang, areas=areas))
    figure.header.add_child(Verbatim(f"<style>{leaflet_style()}</style>"))
    figure.header.add_child(Verbatim(f"<style>{colour_rules()}{asset('page.css')}</style>"))
    figure.header.add_child(Verbatim(f"<script>{leaflet_script()}</script>"))
    figure.header.add_child(Verbatim(f"<script>{_scripts()}</script>"))
    figure.html.add_child(Verbatim('<aside id="panel"></aside>'))
    figure.html.add_child(Verbatim(f'<script type="application/json" id="town-data">{data}</script>'))
    fit = folium.FitBounds([south_west, north_east], padding=(30, 30), max_zoom=18)
    # The page draws itself where it opens, not on the way there.
    fit.options["animate"] = False
    page.add_child(fit)
    page.add_child(StartPage())
    key = "title_town" if place.area_kind == "town" else "title_block"
    title = say(key, lang=lang, town=results.town.name, number=place.number, name=place.name)
    return render_page(page, title=title, lang=lang)


@cache
def _scripts() -> str:
    return "\n".join(asset(name) for name in _SCRIPTS)


def _focus(results: Results, place: Place) -> shapely.Geometry:
    """Find the shape a page opens on."""
    town = results.town
    if place.area_kind == "block":
        layer = town["blocks"]
        return cast("shapely.Geometry", layer.geometry[layer["id"] == place.area_id].iloc[0])
    return cast("shapely.Geometry", shapely.box(*town["built_up"].total_bounds.tolist()))


def _frame(results: Results, place: Place) -> Frame:
    """Take the place with a margin, wide and high enough to fill a screen beside a panel and a phone."""
    west, south, east, north = shapely.bounds(_focus(results, place)).tolist()
    width, height = east - west + 2 * MARGIN_M, north - south + 2 * MARGIN_M
    across, up = max(width, WIDE * height) / 2, max(height, width / WIDE) / 2
    x, y = (west + east) / 2, (south + north) / 2
    bounds = (math.floor(x - across), math.floor(y - up), math.ceil(x + across), math.ceil(y + up))
    is_town = place.area_kind == "town"
    return Frame(results.town.crs, bounds, TOWN_SIMPLIFY_M if is_town else BLOCK_SIMPLIFY_M)


def page_data(
    results: Results,
    place: Place,
    blocks: list[Place],
    *,
    frame: Frame,
    lang: Lang,
    areas: gpd.GeoDataFrame | None = None,
) -> dict[str, Any]:
    """Write everything a page draws and says, as its JSON holds it.

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
    lang
        ``zh`` or ``en``.
    areas
        What `changed_areas` gives; worked out where it is left out.

    Returns
    -------
    dict
        What ``data.js`` reads, ready for JSON.
    """
    town, circles = results.town, results.circles
    ids, types = type_data(town, circles, lang=lang)
    homes = home_data(town, circles, frame, ids)
    home_ids = homes.pop("ids")
    colours = theme()
    facilities = facility_data(town, frame, ids)
    return {
        "text": _texts(results, lang),
        "font": colours["font"],
        "colours": {key: colours[key] for key in _COLOURS},
        "origin": list(frame.origin),
        "window": frame.window(),
        "minutes": [float(f"{limit:g}") for limit in circles.minutes] if circles else [],
        "links": _links(place, blocks, lang),
        "header": header(town, circles, place, lang=lang),
        "full": full_set(circles, place),
        "rows": type_rows(circles, place, ids),
        "cards": [card(circles, block, ids, lang=lang) for block in blocks]
        if place.area_kind == "town"
        else [],
        "about": about(town, circles, lang=lang),
        "notice": town.settings.notice or "",
        "types": types,
        "groups": _groups(types, facilities, lang),
        "facilities": facilities,
        "homes": homes,
        "buildings": building_data(town, frame, home_ids, lang=lang),
        "areas": area_data(circles, frame, ids),
        "green": green_data(results, place, frame, lang=lang),
        "spaces": space_data(results, place, frame, lang=lang),
        "programme": site_data(results, place, frame, ids, home_ids, lang=lang),
        "laid": link_data(results, frame, lang=lang),
        "school": school_data(results, place, frame, lang=lang),
        "planned": planned_data(results, place, blocks, frame, ids, lang=lang, areas=areas),
        "blocks": _block_shapes(results, place, blocks, frame),
        "ground": ground_data(town, frame),
        "labels": labels(town, frame),
    }


@cache
def _said_keys() -> tuple[str, ...]:
    return tuple(sorted(set(_SAID.findall(_scripts()))))


def _texts(results: Results, lang: Lang) -> dict[str, str]:
    basis = "people" if results.circles is None else results.circles.people_basis
    swap = _WEIGHED.get(basis, {})
    return {key: say(swap.get(key, key), lang=lang) for key in _said_keys()}


def _links(place: Place, blocks: list[Place], lang: Lang) -> list[dict[str, Any]]:
    town = {"href": INDEX, "text": say("town", lang=lang), "title": "", "is_here": place.area_kind == "town"}
    return [
        town,
        *(
            {"href": block.href, "text": block.number, "title": block.name, "is_here": block == place}
            for block in blocks
        ),
    ]


def _groups(
    types: list[dict[str, Any]], facilities: list[dict[str, Any]], lang: Lang
) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for facility in facilities:
        group = types[facility["type"]]["display_group"]
        counts[group] = counts.get(group, 0) + 1
    return [
        {"id": group, "name": named("display_group", group, lang=lang), "count": counts.get(group, 0)}
        for group in theme()["group"]
    ]


def _block_shapes(results: Results, place: Place, blocks: list[Place], frame: Frame) -> list[dict[str, Any]]:
    """Write the outlines of the blocks in the part shown."""
    if not blocks:
        return []
    layer = results.town["blocks"].set_index("id")
    ordered = layer.geometry.loc[[block.area_id for block in blocks]]
    shapes = frame.polygons(ordered)
    places = frame.points(shapely.point_on_surface(ordered.to_numpy()))
    return [
        {
            "shape": shape,
            "label": label,
            "number": block.number,
            "name": block.name,
            "href": block.href,
            "is_own": block == place,
        }
        for block, shape, label in zip(blocks, shapes, places, strict=True)
        if shape
    ]
