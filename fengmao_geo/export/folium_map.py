"""Maps to hand over: one page per renewal block and one of the town, each opening without a network."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import folium
import shapely
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.map_figures import Place, block_places
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_reach import changed_areas, light_areas
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
from fengmao_geo.export.page_data import INDEX, PageSet, page_data, scripts
from fengmao_geo.export.photos import space_photos
from fengmao_geo.export.theme import colour_rules, escape, say
from fengmao_geo.standards.basemaps import basemap as find_basemap

if TYPE_CHECKING:
    from branca.element import Figure

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["MapPage", "explore", "page_html", "page_set", "write_block_maps"]

MARGIN_M = 300.0
WIDE = 1.3
BLOCK_SIMPLIFY_M = 0.15
TOWN_SIMPLIFY_M = 0.8


def write_block_maps(
    results: Results,
    *,
    folder: str | Path,
    block: str | int | None = None,
    lang: Lang = "zh",
    basemap: str | None = None,
    basemap_key: str | None = None,
    photos: str | Path | None = None,
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
        The id, number or name of the one block to write; all blocks and the town by default.
    lang
        The language of the pages, ``"zh"`` or ``"en"``.
    basemap
        A web basemap by its name in ``basemaps.toml``; none by default, and the pages ask no network for
        anything. With one in GCJ-02 all that is drawn is shifted to it, and stamped so.
    basemap_key
        The user's own key, for a basemap that needs one; it can be read in the pages.
    photos
        A folder of pictures of spaces, each named as the space's id with ``.jpg``, ``.jpeg`` or ``.png``.

    Returns
    -------
    list of Path
        The files: first the town's ``index.html``, then the blocks' in the order of their numbers.

    Raises
    ------
    UsageError
        If there is no such block, the town's coordinates cannot be turned into degrees, the basemap is not
        known or lacks its key, or a picture cannot be read.
    OSError
        If the folder or a file cannot be written.
    """
    target = Path(folder)
    makes = page_set(results, lang=lang, basemap=basemap, basemap_key=basemap_key, photos=photos)
    places = makes.places if block is None else [find_block(makes.blocks, block)]
    target.mkdir(parents=True, exist_ok=True)
    shown = tqdm(
        places,
        desc=say("title_town", lang=lang, town=results.town.name),
        delay=2,
        disable=None,
        leave=False,
    )
    return [write_whole(target / place.href, page_html(makes, place)) for place in shown]


def page_set(
    results: Results,
    *,
    lang: Lang = "zh",
    basemap: str | None = None,
    basemap_key: str | None = None,
    photos: str | Path | None = None,
) -> PageSet:
    """Make ready what all pages of a town share.

    Parameters
    ----------
    results
        The town and what was computed from it.
    lang
        ``zh`` or ``en``.
    basemap, basemap_key, photos
        As `write_block_maps` takes them.

    Returns
    -------
    PageSet
        What `page_html` takes.

    Raises
    ------
    UsageError
        If the basemap is not known or lacks its key, or a picture cannot be read.
    """
    under = None if basemap is None else find_basemap(basemap, key=basemap_key)
    ids = [] if results.spaces is None else results.spaces["space_id"].tolist()
    pictures = {} if photos is None else space_photos(photos, spaces=ids)
    areas = None
    if results.circles is not None:
        areas = None if results.planned is None else changed_areas(results.circles, results.planned)
        results = replace(results, circles=light_areas(results.circles))
    places = (_town_place(results), *block_places(results))
    return PageSet(results, lang, places, areas, under, pictures)


@dataclass(frozen=True, repr=False)
class MapPage:
    """A map page to be looked at in a notebook.

    Parameters
    ----------
    title
        What it is of.
    html
        The whole page.
    height_px
        How high it is shown.
    """

    title: str
    html: str
    height_px: int = 640

    def __repr__(self) -> str:
        return f"<MapPage {self.title}: {len(self.html.encode()) / 1e6:.1f} MB>"

    def _repr_html_(self) -> str:
        # A page of its own inside the notebook's: nothing of it reaches what is around it.
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" '
            f'sandbox="allow-scripts" style="width:100%;height:{self.height_px}px;border:0"></iframe>'
        )


def explore(
    results: Results,
    *,
    block: str | int | None = None,
    lang: Lang = "zh",
    basemap: str | None = None,
    basemap_key: str | None = None,
    height_px: int = 640,
) -> MapPage:
    """Show the map of a block or of the town in a notebook.

    Parameters
    ----------
    results
        The town and what was computed from it.
    block
        A block by its id, number or name; the town if it is left out.
    lang
        ``zh`` or ``en``.
    basemap, basemap_key
        As `write_block_maps` takes them.
    height_px
        How high it is shown.

    Returns
    -------
    MapPage
        The page; a notebook shows it.

    Raises
    ------
    UsageError
        If there is no such block, or the basemap is not known or lacks its key.
    """
    pages = page_set(results, lang=lang, basemap=basemap, basemap_key=basemap_key)
    place = pages.places[0] if block is None else find_block(pages.blocks, block)
    return MapPage(place.name, page_html(pages, place), height_px)


def find_block(blocks: list[Place], block: str | int) -> Place:
    """Find a block by its id, number or name.

    Parameters
    ----------
    blocks
        All blocks of the town.
    block
        What it is called.

    Returns
    -------
    Place
        The block.

    Raises
    ------
    UsageError
        If there is none, or several; it lists those there are.
    """
    asked = str(block).strip()
    for names in (("area_id",), ("number",), ("name",)):
        found = [one for one in blocks if asked in (getattr(one, name) for name in names)]
        if len(found) == 1:
            return found[0]
    known = ", ".join(f"{one.number} {one.name} ({one.area_id})" for one in blocks)
    raise UsageError("unknown_block", block=asked, known=known)


def _town_place(results: Results) -> Place:
    town = results.town
    area_m2 = float(shapely.area(shapely.union_all(town["built_up"].geometry.to_numpy())))
    return Place("town", "", town.name, "", None, area_m2, INDEX)


def page_html(pages: PageSet, place: Place) -> str:
    """Write one page.

    Parameters
    ----------
    pages
        What it shares with the others.
    place
        One of their places.

    Returns
    -------
    str
        The whole page.
    """
    results, lang, under = pages.results, pages.lang, pages.basemap
    frame = replace(_frame(results, place), is_shifted=under is not None and under.is_shifted)
    south_west, north_east = frame.corners(_focus(results, place))
    page = OfflineMap(((south_west[0] + north_east[0]) / 2, (south_west[1] + north_east[1]) / 2))
    figure = cast("Figure", page.get_root())
    data = json_text(page_data(pages, place, frame=frame))
    figure.header.add_child(Verbatim(f"<style>{leaflet_style()}</style>"))
    figure.header.add_child(Verbatim(f"<style>{colour_rules()}{asset('page.css')}</style>"))
    figure.header.add_child(Verbatim(f"<script>{leaflet_script()}</script>"))
    figure.header.add_child(Verbatim(f"<script>{scripts()}</script>"))
    figure.html.add_child(Verbatim('<aside id="panel"></aside>'))
    figure.html.add_child(Verbatim(f'<script type="application/json" id="town-data">{data}</script>'))
    fit = folium.FitBounds([south_west, north_east], padding=(30, 30), max_zoom=18)
    # The page draws itself where it opens, not on the way there.
    fit.options["animate"] = False
    page.add_child(fit)
    page.add_child(StartPage())
    key = "title_town" if place.area_kind == "town" else "title_block"
    title = say(key, lang=lang, town=results.town.name, number=place.number, name=place.name)
    return render_page(page, title=title, lang=lang, tile_hosts=under.hosts if under else "")


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
