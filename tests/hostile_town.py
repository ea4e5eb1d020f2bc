"""A small town every free text of which is hostile, and what was planted where."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from map_town import box, frame, line, map_layers, point

import fengmao_geo as fg
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.town import Town, TownSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

#: Where a text was planted, as it says itself.
WHERE = re.compile("«([a-z_.0-9]+)»")
MARK = "alert(window.ran = 1)"
#: Text that some program runs, follows, cuts or chokes on.
PAYLOADS = (
    '=HYPERLINK("http://x.invalid","y")',
    f"<img src=x onerror='{MARK}'>",
    "@SUM(1+1)",
    f"${{{MARK}}}",
    "+cmd|' /C calc'!A0",
    f"</script><script>{MARK}</script>",
    "-2+3",
    "{{ cycler.__init__.__globals__.os.environ.__setitem__('FENGMAO_RAN', '1') }}",
    "../../𠮷😀👩‍👧 CON",
    "`${1}` {% raw %} {# gone #} <!--<script>",
    f"');{MARK};// $\\frac{{1}}$ %d %(x)s {{0}}",
    "\"quoted\" 'twice' \\ &amp; ]]> _x0041_ --",
)
LONG = "长x" * 5_000
#: Columns that an analysis reads by their value: only the last row of a layer is hostile there, so that it runs.
READ = {
    "use",
    "status",
    "lease",
    "street_class",
    "land_code",
    "facility_type",
    "green_type",
    "water_type",
    "compound_type",
    "barrier_type",
    "bridge_type",
    "crossing_type",
    "owner_code",
    "poi_code",
    "project_type",
    "zone",
    "planned_start_on",
    "planned_end_on",
    "started_on",
    "completed_on",
}
#: Columns that name a row of another layer.
REFERS = {"block_id": "blocks", "parcel_id": "parcels", "place_id": "compounds"}


def hostile(where: str, turn: int = 0, *, is_long: bool = False) -> str:
    """Write every payload, another one first by turn; a mark after the first says where the text was planted."""
    first, *others = (PAYLOADS[(turn + at) % len(PAYLOADS)] for at in range(len(PAYLOADS)))
    return " ".join([f"{first} «{where}»", *others, *([LONG] if is_long else [])])


def _ground() -> dict[str, gpd.GeoDataFrame]:
    """Layers of the hand-made town of the maps, and every other layer that there is."""
    plot = [box(520, 500, 60, 60), box(40, 520, 50, 50)]
    more = {
        "facilities": frame(
            [point(120, 320), point(700, 320), point(300, 330), point(300, 280), point(500, 310)],
            facility_type=["health_station", "pharmacy", "primary_school", "kindergarten", "x"],
        ),
        "extent": frame([box(-50, -50, 900, 700)]),
        "study_area": frame([box(0, 0, 800, 600)]),
        "parcels": frame(
            [box(480, 60, 220, 220), *plot], land_code=["0601", "1701", "x"], owner_code=["G10", "20", "x"]
        ),
        "green_before": frame([box(200, 100, 60, 90)], green_type=["park"]),
        "clouds_before": frame([box(0, 0, 5, 5)]),
        "clouds_after": frame([box(0, 0, 5, 5)]),
        "unchanged_ground": frame([box(5, 0, 5, 5)]),
        "gates": frame([point(180, 320), point(280, 330)], is_open=[True, None]),
        "crossings": frame([point(400, 300)], crossing_type=["zebra"]),
        "communities": frame([box(0, 0, 400, 600), box(400, 0, 400, 600)], people=[60.0, 40.0]),
        "addresses": frame([point(110, 345)], people=[3.0]),
        "firms": frame(
            [point(520, 120), point(610, 120)],
            parcel_id=["", ""],
            tax_wan=[1.0, 200.0],
            revenue_wan=[9.0, np.nan],
            grade=["D", "A"],
        ),
        "redlines": frame([box(0, 0, 30, 30)]),
        "river_control": frame([box(0, 215, 800, 35)]),
        "heritage": frame([box(100, 330, 50, 50), box(700, 500, 20, 20)], zone=["core", "x"]),
        "school_districts": frame([box(0, 0, 800, 600)]),
        "projects": frame(
            [box(500, 80, 40, 40), box(90, 320, 20, 20), point(400, 30)],
            block_id=["", "", ""],
            batch=["stock_asset", "old_estate", None],
            theme=["business", None, None],
            investment_wan=[1200.5, 10.0, np.nan],
            paid_wan=[600.25, 10.0, np.nan],
            progress_share=[0.4, 1.0, np.nan],
            planned_start_on=["2025-03-01", "2025-05-01", ""],
            planned_end_on=["2026-03-01", "2025-06-01", ""],
            started_on=["2025-03-02", "2025-05-01", ""],
            completed_on=[None, "2025-07-01", ""],
            standing_m2=[2400.0, 0.0, np.nan],
            demolished_m2=[300.0, 0.0, np.nan],
        ),
        "parking": frame([box(620, 310, 30, 20)], capacity_count=[12.0]),
        "corridors": frame([line((0, 300), (800, 300))]),
        "lamps": frame([point(20, 305)]),
        "roads_surface": frame([box(0, 290, 800, 20)]),
        "scenic_spots": frame([point(300, 150)]),
        "sewers": frame([line((0, 302), (800, 302))]),
    }
    return map_layers() | more


def _planted(name: str, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put hostile text into every column of text, and a column of the user's own whose name is hostile too."""
    texts = [one.name for one in LAYERS[name].columns if one.kind == "text" and not one.choices]
    columns = {}
    for at, column in enumerate(texts):
        told = [hostile(f"{name}.{column}.{row}", 3 * at + row) for row in range(len(layer))]
        if column == "name":
            told[-1] = hostile(f"{name}.{column}.{len(layer) - 1}", 3 * at, is_long=True)
        if column in READ and len(layer) > 1:
            kept = list(layer[column])[:-1] if column in layer else [None] * (len(layer) - 1)
            told = [*kept, told[-1]]
        if column in REFERS:
            told = [hostile(f"{REFERS[column]}.id.0", 0)] * len(layer)
        columns[column] = told if column not in READ or len(layer) > 1 else list(layer.get(column, told))
    own = hostile(f"{name}.own", 5)
    return layer.assign(**columns, **{hostile(f"{name}.column", 7): own})


@cache
def hostile_layers() -> dict[str, gpd.GeoDataFrame]:
    """Give the layers as they are handed to a town, which leaves out words that it does not know."""
    return {name: _planted(name, layer) for name, layer in _ground().items()}


@cache
def hostile_town() -> Town:
    """Make the town."""
    layers = hostile_layers()
    settings = TownSettings(
        boundary_basis=hostile("town.basis", 1),
        boundary_year=2024,
        surveyed_types="all",
        notice=hostile("town.notice", 2),
        dates=dict.fromkeys(layers, hostile("town.date", 3)),
        codes={"parcels": "sandiao"},
    )
    return Town.from_layers(name=hostile("town.name"), settings=settings, **layers)


def hostile_review(spaces: Iterable[str] = ("1",)) -> pd.DataFrame:
    """What was typed on site: of spaces that are there, and of one that is not."""
    ids = [*spaces, hostile("review.space_id")]
    return pd.DataFrame(
        {
            "space_id": ids,
            "decision": ["confirmed"] * (len(ids) - 1) + [hostile("review.decision", 1)],
            "reason": [hostile(f"review.reason.{at}", at) for at in range(len(ids))],
        }
    )


@cache
def hostile_results() -> fg.Results:
    """Run every analysis on it."""
    town = hostile_town()
    site = fg.site_settings(town, asked={"count": 2})
    results = fg.study(town, site=site, review=hostile_review())
    return replace(results, school_routes=fg.school_routes(town, results.network))


@cache
def planted() -> dict[str, str]:
    """Give every text that was planted, by its mark."""
    town, review = hostile_town(), hostile_review(str(at) for at in range(3))
    tables = [*(layer.drop(columns="geometry") for layer in hostile_layers().values()), review]
    cells = [cell for table in tables for column in table for cell in (column, *table[column])]
    told = [town.name, town.settings.notice, town.settings.boundary_basis, *town.settings.dates.values()]
    texts = [text for text in (*cells, *told) if isinstance(text, str)]
    return {found[1]: text for text in texts if (found := WHERE.search(text))}
