"""What a map page draws and says, as the JSON it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import shapely

from fengmao_geo.export.map_data import building_data, facility_data, ground_data, type_data
from fengmao_geo.export.map_figures import Place, about, card, full_set, header, type_rows
from fengmao_geo.export.map_green import green_data
from fengmao_geo.export.map_labels import labels
from fengmao_geo.export.map_links import link_data
from fengmao_geo.export.map_reach import area_data, home_data
from fengmao_geo.export.map_school import school_data
from fengmao_geo.export.map_scores import score_data
from fengmao_geo.export.map_sites import planned_data, site_data
from fengmao_geo.export.map_spaces import space_data
from fengmao_geo.export.offline import asset
from fengmao_geo.export.theme import named, say, theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results
    from fengmao_geo.standards.basemaps import Basemap

__all__ = ["INDEX", "PageSet", "page_data", "scripts"]

INDEX = "index.html"

_SCRIPTS = (
    "data.js",
    "spaces.js",
    "green.js",
    "sites.js",
    "links.js",
    "school.js",
    "scores.js",
    "basemap.js",
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


@dataclass(frozen=True, eq=False)
class PageSet:
    """What the pages of a town share.

    Parameters
    ----------
    results
        The town and what was computed from it.
    lang
        ``zh`` or ``en``.
    places
        The town, then its blocks by number.
    areas
        What `changed_areas` gives.
    basemap
        The web basemap.
    photos
        Pictures of spaces by their id.
    """

    results: Results
    lang: Lang
    places: tuple[Place, ...]
    areas: gpd.GeoDataFrame | None = None
    basemap: Basemap | None = None
    photos: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Place]:
        """The blocks by number."""
        return list(self.places[1:])


@cache
def scripts() -> str:
    """Join the pages' own scripts."""
    return "\n".join(asset(name) for name in _SCRIPTS)


def page_data(pages: PageSet, place: Place, *, frame: Frame) -> dict[str, Any]:
    """Write everything a page draws and says, as its JSON holds it.

    Parameters
    ----------
    pages
        What it shares with the others.
    place
        The block, or the town.
    frame
        What part of the town is shown.

    Returns
    -------
    dict
        What ``data.js`` reads, ready for JSON.
    """
    results, lang, blocks = pages.results, pages.lang, pages.blocks
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
        "basemap": _basemap(pages.basemap, lang),
        "spaces": space_data(results, place, frame, lang=lang, photos=pages.photos),
        "programme": site_data(results, place, frame, ids, home_ids, lang=lang),
        "laid": link_data(results, frame, lang=lang),
        "school": school_data(results, place, frame, lang=lang),
        "scores": score_data(results, place, blocks, lang=lang),
        "planned": planned_data(results, place, blocks, frame, ids, lang=lang, areas=pages.areas),
        "blocks": _block_shapes(results, place, blocks, frame),
        "ground": ground_data(town, frame),
        "labels": labels(town, frame),
    }


def _basemap(under: Basemap | None, lang: Lang) -> dict[str, Any] | None:
    if under is None:
        return None
    return {
        "tiles": list(under.tiles),
        "subdomains": under.subdomains,
        "max_zoom": under.max_zoom,
        "attribution": under.attribution_zh if lang == "zh" else under.attribution_en,
        "stamp": say("basemap_shifted", lang=lang) if under.is_shifted else "",
    }


@cache
def _said_keys() -> tuple[str, ...]:
    return tuple(sorted(set(_SAID.findall(scripts()))))


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
