"""Three blocks for the tests of indicators: two that people live in and an empty one beyond the built-up area."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
from space_towns import box, layer, street

from fengmao_geo.blocks.case import Case, areas_of
from fengmao_geo.blocks.indicators import indicator_rows, measure
from fengmao_geo.findings import findings_table
from fengmao_geo.life_circle.circles import LifeCircles
from fengmao_geo.life_circle.coverage import area_table, coverage_table, gap_table
from fengmao_geo.life_circle.tiers import Tiers
from fengmao_geo.results import Results
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.load import catalogue, walker
from fengmao_geo.tables import GROUP_COLUMNS, RESULTS, Programme
from fengmao_geo.town.town import Town, TownSettings

#: Two hectares each, side by side; the third lies beyond the built-up area and holds nothing.
BLOCKS = layer(
    box(0, 0, 200, 100),
    box(200, 0, 400, 100),
    box(500, 0, 600, 100),
    id=["west", "east", "empty"],
    name=["西片", "东片", "空地"],
)
#: 200, 600 and 400 m² of floors; the works stand idle.
BUILDINGS = layer(
    box(110, 10, 120, 20),
    box(140, 10, 160, 20),
    box(310, 10, 320, 20),
    id=["house", "works", "store"],
    use=["residential", "industrial", "industrial"],
    status=["in_use", "idle", "in_use"],
    electricity_kwh=[2000.0, 10.0, np.nan],
    floor_count=[2.0, 3.0, 4.0],
    people=[10.0, 0.0, 0.0],
)
#: 3 and 6 mu in the west, 3 mu in the east.
PARCELS = layer(
    box(0, 0, 50, 40),
    box(50, 0, 100, 80),
    box(200, 0, 250, 40),
    id=["p1", "p2", "p3"],
    land_code=["0601"] * 3,
)
FIRMS = layer(
    box(10, 10, 11, 11),
    box(60, 10, 61, 11),
    box(210, 10, 211, 11),
    id=["f1", "f2", "f3"],
    parcel_id=["p1", "p2", "p3"],
    tax_wan=[30.0, np.nan, np.nan],
    revenue_wan=[300.0, 60.0, np.nan],
    grade=["A", "D", "C"],
)


def town_of(**layers):
    """Make the town; a layer that is None is left out."""
    given = {
        "built_up": layer(box(0, 0, 400, 100)),
        "streets": street((0, 50), (400, 50)),
        "buildings": BUILDINGS,
        "blocks": BLOCKS,
        "parcels": PARCELS,
        "firms": FIRMS,
        "facilities": layer(box(0, 0, 1, 1).centroid, facility_type=["health_station"]),
    }
    kept = {name: one for name, one in (given | layers).items() if one is not None}
    return Town.from_layers(name="T", settings=TownSettings(codes={"parcels": "sandiao"}), **kept)


#: Type, tier, group, whether it is required.
TYPES = (
    ("health_station", 5.0, "everyone", True),
    ("elderly_care", 5.0, "elderly", True),
    ("nursery", 5.0, "infant", True),
    ("kindergarten", 5.0, "preschool", True),
    ("pharmacy", 5.0, "everyone", False),
    ("park", 15.0, "everyone", True),
    ("primary_school", 15.0, "school_age", True),
    ("newcomer_service", 15.0, "newcomer", True),
)
NEVER = np.nan
#: Minutes walked by the homes h1 and h2 of the west and h3 of the east.
MINUTES = {
    "health_station": (2.0, 8.0, 4.0),
    "elderly_care": (3.0, 4.0, NEVER),
    "nursery": (4.0, NEVER, 2.0),
    "kindergarten": (6.0, 3.0, 2.0),
    "pharmacy": (NEVER, NEVER, NEVER),
    "park": (10.0, 12.0, NEVER),
    "primary_school": (14.0, 9.0, NEVER),
    "newcomer_service": (NEVER, 10.0, 5.0),
}
PEOPLE = {
    "people": (10.0, 30.0, 60.0),
    "elderly_people": (4.0, 6.0, 12.0),
    "infant_people": (1.0, 0.0, 3.0),
    "preschool_people": (2.0, 1.0, 3.0),
    "school_age_people": (1.0, 4.0, 6.0),
    "newcomer_people": (2.0, 10.0, 5.0),
}


def circles_of(*, minutes=(5.0, 15.0), basis="people", doubt=(), people=None, walks=None):
    """Make life circles of three homes; ``doubt`` lists types of which nobody knows whether they are there."""
    homes = _homes(PEOPLE | (people or {}))
    types = _types()
    reach = _reach(MINUTES | (walks or {}), doubt)
    tiers = Tiers(reach, types, minutes, 60.0)
    coverage = coverage_table(tiers, homes)
    areas = area_table(tiers, coverage, homes, _areas(homes))
    return LifeCircles(
        minutes=minutes,
        catalogue=catalogue(),
        walker=walker(),
        people_basis=basis,
        dwellings=homes,
        types=types,
        reach=reach,
        coverage=coverage,
        areas=areas,
        gaps=gap_table(areas, types),
        service_areas=gpd.GeoDataFrame(geometry=[]),
        findings=findings_table([]),
    )


def _homes(people):
    columns = {name: list(people[name]) for name in GROUP_COLUMNS.values()}
    homes = layer(box(110, 10, 120, 20), box(150, 60, 160, 70), box(310, 60, 320, 70))
    return homes.drop(columns="id").assign(
        dwelling_id=["h1", "h2", "h3"],
        **columns,
        block_id=["west", "west", "east"],
        community_id=None,
        is_attached=True,
        boundary_min=np.nan,
    )


def _types():
    names, tiers, groups, required = zip(*TYPES, strict=True)
    return pd.DataFrame(
        {
            "facility_type": names,
            "tier_min": tiers,
            "group": groups,
            "is_required": required,
            "is_asked": True,
        }
    )


def _reach(walks, doubt):
    rows = [
        (home, name, minutes[at], 60 * minutes[at], 0.0 if name in doubt else np.nan)
        for name, minutes in walks.items()
        for at, home in enumerate(("h1", "h2", "h3"))
    ]
    return pd.DataFrame(
        rows, columns=["dwelling_id", "facility_type", "travel_min", "straight_m", "doubt_min"]
    )


def _areas(homes):
    blocks = pd.DataFrame(
        {"area_kind": "block", "area_id": homes["block_id"], "dwelling_id": homes["dwelling_id"]}
    )
    town = blocks.assign(area_kind="town", area_id="town")
    return pd.concat([blocks, town], ignore_index=True).assign(area_name="")


#: id, place, family, kind, basis, certainty, decision, block: 1,000 m² of open land in the west and 600 in the
#: east; idle works of 2,000 m²; a low-yield plot; a corner that was excluded on site.
SPACES = (
    ("s1", box(0, 60, 20, 85), "leftover", "riverside", "open_land", "certain", "confirmed", "west"),
    ("s2", box(30, 80, 55, 100), "grey", "street_corner", "open_land", "certain", "", "west"),
    ("s3", box(220, 60, 250, 80), "leftover", "vacant_plot", "open_land", "suspected", "", "east"),
    ("s4", box(100, 0, 150, 40), "stock", "idle_factory", "stock", "certain", "", "west"),
    ("s5", box(200, 0, 250, 40), "stock", "low_yield_plot", "stock", "suspected", "", "east"),
    ("s6", box(300, 80, 310, 90), "grey", "street_corner", "open_land", "certain", "excluded", "east"),
    ("s7", box(450, 0, 460, 10), "stock", "idle_house", "stock", "suspected", "", None),
)


def spaces_of(rows=SPACES):
    names = ("space_id", "geometry", "family", "kind", "basis", "certainty", "decision", "block_id")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = gpd.GeoDataFrame(columns, geometry="geometry", crs=4549)
    table = table.assign(
        area_m2=table.area,
        **dict.fromkeys(("name", "rule", "evidence", "controls"), ""),
        **dict.fromkeys(("building_m2", "width_m", "circle_m", "compactness_share", "frontage_m"), 0.0),
        **dict.fromkeys(("water_m", "clear_height_m", "within_5_min_people", "within_15_min_people"), np.nan),
        protected_m2=0.0,
        bridge_manager=None,
        is_accessible=True,
        owner="unknown",
    )
    return RESULTS["spaces"].check(table)


def programme_of(*ids):
    """Give the spaces named a use."""
    spaces = spaces_of()
    chosen = spaces[spaces["space_id"].isin(ids)]
    sites = chosen[["space_id", "name", "block_id", "area_m2", "geometry"]].assign(
        use="micro_green", rank=range(1, len(chosen) + 1), cost_wan=np.nan, green_m2=0.0
    )
    return Programme(sites)


@cache
def usual_town():
    """Make the town once: nothing that is measured of it changes it."""
    return town_of()


def results_of(town=None, **results):
    return Results(usual_town() if town is None else town, **results)


def value_of(results, indicator, area, state="now"):
    """Measure one indicator in one area: a number, NaN where it is not known, infinity where it has no meaning."""
    case = Case(results, state, areas_of(results.town))
    return float(measure(case, indicator_file().indicators[indicator])[area])


def missing_of(results, indicator, area, state="now"):
    """Say what would settle one indicator in one area."""
    case = Case(results, state, areas_of(results.town))
    rows = indicator_rows(case, indicator_file().indicators[indicator])
    return rows.set_index("area_id")["missing"][area]
