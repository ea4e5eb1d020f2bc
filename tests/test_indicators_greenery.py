"""Indicators of green, looked up in gains that were measured on a small town and checked on paper."""

from __future__ import annotations

import math
from dataclasses import replace

import gain_towns
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from indicator_towns import missing_of, value_of
from space_towns import box, layer, street

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.green.gain import green_gains
from fengmao_geo.network.build import walk_network
from fengmao_geo.results import Results
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.town import Town, TownSettings

#: A verge of 2,000 m² on the southern bank of a river of 200 by 20 m.
GREEN = gpd.GeoDataFrame(
    pd.concat([gain_towns.NOW, layer(box(100, 240, 300, 250), id=["g4"], green_type=["verge"])])
)
LAYERS = {
    "built_up": layer(box(0, 0, 800, 300)),
    "extent": layer(box(-900, -900, 1700, 1200)),
    "streets": street((0, 100), (800, 100), street_class="branch"),
    "buildings": gain_towns.HOMES,
    "green": GREEN,
    "green_before": gain_towns.BEFORE,
    "water": layer(box(100, 250, 300, 270), water_type=["river"]),
    # Three trees beside the second home, whose people are 20.
    "trees": layer(*(box(x, 119, x + 1, 120).centroid for x in (251, 254, 257)), crown_m=[4.0, 4.0, 4.0]),
    # Residential land 45 m and 533 m from the park in the west.
    "parcels": layer(box(60, 110, 160, 160), box(560, 150, 590, 250), land_code=["0701", "0701"]),
    # The third block holds no green, nobody and no bank; the fourth lies beyond the built-up area.
    "blocks": layer(
        box(0, 0, 400, 300),
        box(400, 0, 600, 300),
        box(610, 200, 800, 300),
        box(900, 0, 1000, 100),
        id=["west", "mid", "bare", "out"],
    ),
}


def town_of(**layers):
    kept = {name: one for name, one in (LAYERS | layers).items() if one is not None}
    return Town.from_layers(name="T", settings=TownSettings(codes={"parcels": "sandiao"}), **kept)


def results_of(programme=None, **layers):
    town = town_of(**layers)
    gains = green_gains(town, walk_network(town), programme=programme)
    return Results(town, gains=gains, programme=programme)


@pytest.fixture(scope="module")
def results():
    """The town with a programme: a pocket park of 600 m² in the middle, 300 of them planted."""
    return results_of(gain_towns.programme_of(box(450, 110, 480, 130)))


# West, 12 ha: a park of 900 m², 800 attached, a verge of 2,000; before 400 attached. Middle, 6 ha: 1,000 of verge.
CASES = [
    ("green_rate_share", "before", 400 / 120_000, 0.0),
    ("green_rate_share", "now", 3_700 / 120_000, 1_000 / 60_000),
    ("green_rate_share", "planned", 3_700 / 120_000, 1_300 / 60_000),
    ("green_gain_m2", "now", 3_300.0, 1_000.0),
    ("planned_green_gain_m2", "planned", 0.0, 300.0),
    # 30 people in the west, 30 in the middle; the site becomes a park as a whole.
    ("park_m2_per_person", "before", 0.0, 0.0),
    ("park_m2_per_person", "now", 30.0, 0.0),
    ("park_m2_per_person", "planned", 30.0, 20.0),
    ("park_coverage_share", "before", 0.0, 0.0),
    ("park_coverage_share", "now", 1.0, 0.0),
    ("park_coverage_share", "planned", 1.0, 1.0),
    # The third home is 470 m of street from the park, and beside the planned one.
    ("park_walk_people_share", "before", 0.0, 0.0),
    ("park_walk_people_share", "now", 1.0, 1.0),
    ("near_park_people_share", "before", 0.0, 0.0),
    ("near_park_people_share", "now", 1.0, 0.0),
    ("near_park_people_share", "planned", 1.0, 1.0),
    ("pocket_park_count", "before", 0.0, 0.0),
    ("pocket_park_count", "now", 1.0, 0.0),
    ("pocket_park_count", "planned", 1.0, 1.0),
    ("three_trees_people_share", "now", 20 / 30, 0.0),
    # Of banks of 440 m the southern 200 are green; no path leads along any of them, which is one break.
    ("waterfront_green_share", "before", 0.0, NOT_THERE),
    ("waterfront_green_share", "now", 200 / 440, NOT_THERE),
    ("waterfront_path_share", "now", 0.0, NOT_THERE),
    ("waterfront_break_count", "now", 1.0, NOT_THERE),
    ("tree_lined_street_share", "now", 0.0, 0.0),
]


@pytest.mark.parametrize(("name", "state", "west", "mid"), CASES)
def test_green_is_measured_as_on_paper(results, name, state, west, mid):
    found = [value_of(results, name, area, state) for area in ("west", "mid")]
    assert found == pytest.approx([west, mid])


def test_green_cover_counts_crowns_beside_green(results):
    # Three crowns of 4 m stand in a row 3 m apart, off all green: a circle and two lenses less.
    lens_m2 = 2 * 4 * math.acos(3 / 4) - 3 / 2 * math.sqrt(16 - 9)
    crowns_m2 = 3 * math.pi * 4 - 2 * lens_m2
    found = value_of(results, "green_cover_share", "west")
    assert found == pytest.approx((3_700 + crowns_m2) / 120_000, rel=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "park_m2_per_person",
        "park_walk_people_share",
        "near_park_people_share",
        "three_trees_people_share",
        "park_coverage_share",
        "waterfront_green_share",
        "waterfront_path_share",
        "waterfront_break_count",
        "tree_lined_street_share",
    ],
)
def test_where_there_is_nothing_it_could_be_of_there_is_no_share(results, name):
    assert value_of(results, name, "bare") == NOT_THERE


@pytest.mark.parametrize("name", ["green_rate_share", "green_cover_share"])
def test_beyond_the_built_up_area_there_is_no_green_rate(results, name):
    assert value_of(results, name, "out") == NOT_THERE


def test_where_no_green_grows_the_green_rate_is_zero(results):
    assert value_of(results, "green_rate_share", "bare") == 0.0


def test_the_town_is_measured_over_its_built_up_area(results):
    assert value_of(results, "green_rate_share", "town") == pytest.approx(4_700 / 240_000)


GREENERY = [one for one in indicator_file().indicators.values() if one.group == "greenery"]


@pytest.mark.parametrize("indicator", GREENERY, ids=lambda one: one.indicator)
def test_without_gains_all_green_is_unknown(results, indicator):
    bare = replace(results, gains=None)
    assert "gains" in missing_of(bare, indicator.indicator, "west", indicator.states[0])


def test_what_was_before_is_unknown_without_the_green_of_then():
    found = results_of(green_before=None)
    assert missing_of(found, "green_rate_share", "west", "before") == "green_before.green_type"
    assert value_of(found, "green_rate_share", "west") == pytest.approx(3_700 / 120_000)
    assert missing_of(found, "green_gain_m2", "west") == "green_before.green_type"


def test_the_planned_state_is_unknown_without_a_programme(results):
    bare = replace(results, programme=None)
    assert missing_of(bare, "green_rate_share", "west", "planned") == "programme"


def test_without_attached_green_the_green_rate_is_unknown_and_parks_are_not():
    found = results_of(green=GREEN[GREEN["green_type"] != "attached"])
    assert missing_of(found, "green_rate_share", "west") == "green.green_type"
    assert value_of(found, "park_m2_per_person", "west") == pytest.approx(30.0)


def test_green_without_types_is_unknown():
    found = results_of(green=GREEN.drop(columns="green_type"))
    assert missing_of(found, "pocket_park_count", "west") == "green.green_type"


@pytest.mark.parametrize(
    ("absent", "name", "missing"),
    [
        ("water", "waterfront_path_share", "water"),
        ("trees", "three_trees_people_share", "trees"),
        ("trees", "tree_lined_street_share", "trees.crown_m"),
        ("parcels", "park_coverage_share", "parcels.land_code"),
    ],
)
def test_a_layer_that_is_absent_is_named(results, absent, name, missing):
    layers = {layer: one for layer, one in results.town.layers.items() if layer != absent}
    town = replace(results, town=Town.from_layers(name="T", **layers))
    assert missing_of(town, name, "west") == missing


def test_people_that_nobody_counted_leave_what_is_by_the_person_unknown():
    found = results_of(buildings=gain_towns.HOMES.drop(columns="people"))
    names = ("park_m2_per_person", "park_walk_people_share", "near_park_people_share")
    assert all(math.isnan(value_of(found, name, "west")) for name in names)
    assert "buildings.people" in missing_of(found, "park_m2_per_person", "west")


def test_figures_of_images_are_never_taken_for_those_of_layers(results):
    seen = results.gains.gains
    image = seen[(seen["indicator"] == "green_share") & (seen["basis"] == "vector")]
    image = image.assign(basis="image", after=0.99, before=0.99)
    mixed = replace(results.gains, gains=pd.concat([image, seen], ignore_index=True))
    found = replace(results, gains=mixed)
    assert value_of(found, "green_rate_share", "west") == pytest.approx(3_700 / 120_000)


def test_the_share_of_tree_lined_streets_is_the_one_measured(results):
    rows = results.gains.gains
    is_it = (rows["indicator"] == "tree_lined_share") & (rows["area_id"] == "west")
    told = replace(results.gains, gains=rows.assign(after=rows["after"].where(~is_it, 0.4)))
    assert value_of(replace(results, gains=told), "tree_lined_street_share", "west") == 0.4


def test_many_people_in_doubt_leave_who_walks_to_a_park_unknown(results):
    rows = results.gains.gains
    is_it = (rows["indicator"] == "park_unknown_people") & (rows["area_id"] == "west")
    for doubt, value in ((3.0, 1.0), (4.0, np.nan)):
        told = replace(results.gains, gains=rows.assign(after=rows["after"].where(~is_it, doubt)))
        found = value_of(replace(results, gains=told), "near_park_people_share", "west")
        assert found == pytest.approx(value, nan_ok=True)


def test_targets_are_those_of_the_standard_of_green():
    ours, theirs = indicator_file().indicators, green_standard().indicators
    pairs = {
        "green_rate_share": "green_share",
        "green_cover_share": "green_cover_share",
        "park_m2_per_person": "park_per_person_m2",
        "park_coverage_share": "park_covered_land_share",
        "tree_lined_street_share": "tree_lined_share",
    }
    for own, measured in pairs.items():
        assert (ours[own].target, ours[own].target_tag) == (theirs[measured].target, theirs[measured].tag)
