"""What a map page draws of a town, as plain lists."""

from __future__ import annotations

import numpy as np
import pytest
from map_town import EAST, NORTH, MapTown, frame, line, map_circles, map_layers
from pyproj import CRS

from fengmao_geo.export.map_data import building_data, facility_data, ground_data, type_data
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_reach import home_data

FRAME = Frame(CRS("EPSG:4549"), (EAST, NORTH, EAST + 1200, NORTH + 800))
WEST_HALF = Frame(CRS("EPSG:4549"), (EAST, NORTH, EAST + 300, NORTH + 800))


@pytest.fixture
def town() -> MapTown:
    return MapTown(map_layers())


@pytest.fixture
def ids(town) -> list[str]:
    return type_data(town, map_circles(), lang="zh")[0]


def test_streets_that_are_drawn_alike_are_one_group(town):
    widths = [street["width_m"] for street in ground_data(town, FRAME)["streets"]]
    assert widths == [4.0, 14, 22.0, 20.0]


def test_smaller_streets_lie_below_and_the_raised_one_above(town):
    raised = [street["is_raised"] for street in ground_data(town, FRAME)["streets"]]
    assert raised == [False, False, False, True]


def test_steps_are_dashed(town):
    dashed = [bool(street.get("dash")) for street in ground_data(town, FRAME)["streets"]]
    assert dashed == [True, False, False, False]


def test_a_class_nobody_knows_is_drawn_as_a_lane():
    streets = frame([line((10, 10), (100, 10))], street_class=["{{7*7}}"])
    [drawn] = ground_data(MapTown({"streets": streets}), FRAME)["streets"]
    assert drawn["width_m"] == 3.5


def test_walls_are_compounds_and_barriers(town):
    assert len(ground_data(town, FRAME)["walls"]) == 2


def test_ground_that_is_not_there_is_not_drawn():
    empty = ground_data(MapTown({}), FRAME)
    assert empty == {"polygons": [], "walls": [], "decks": [], "trees": [], "streets": []}


def test_a_tree_without_a_crown_has_a_usual_one(town):
    assert [crown for _, crown in ground_data(town, FRAME)["trees"]] == [4.0, 5]


def test_a_building_that_is_a_home_carries_its_number(town):
    data = building_data(town, FRAME, ["b1", "b0"], lang="zh")
    assert data["home"] == [1, 0, -1, -1, -1, -1, -1, -1]


def test_what_is_missing_of_a_building_stays_missing(town):
    data = building_data(town, FRAME, [], lang="zh")
    assert data["floors"][3] is None
    assert data["year"][2] is None
    assert data["name"][0] is None
    assert data["is_idle"] == [0, 0, 0, 0, 0, 0, 1, 0]


def test_uses_are_named_once_in_the_language_of_the_page(town):
    data = building_data(town, FRAME, [], lang="en")
    assert data["uses"] == ["Industrial", "Mixed use", "Public", "Residential"]
    assert [data["uses"][use] for use in data["use"]][:1] == ["Residential"]
    assert data["kind"] == ["other"] * 6 + ["industrial", "public"]


def test_buildings_outside_are_left_out_and_those_at_the_edge_stay(town):
    assert len(building_data(town, WEST_HALF, [], lang="zh")["shapes"]) == 4


def test_a_town_without_buildings_has_lists_of_nothing():
    data = building_data(MapTown({}), FRAME, [], lang="zh")
    assert set(map(tuple, data.values())) == {()}


def test_types_asked_for_come_first_then_the_catalogue_then_others(town):
    ids, types = type_data(town, map_circles(), lang="zh")
    assert ids == [
        "health_station",
        "kindergarten",
        "nursery",
        "pharmacy",
        "wet_market",
        "mall",
        "restaurant",
    ]
    assert [kind["is_asked"] for kind in types] == [True] * 5 + [False] * 2
    assert [kind["is_listed"] for kind in types] == [True] * 6 + [False]


def test_a_type_for_a_group_names_it(town):
    _, types = type_data(town, map_circles(), lang="en")
    assert [kind["group_name"] for kind in types[:2]] == [None, "children aged 3–6"]


def test_a_school_ground_is_marked_inside_itself(town, ids):
    found = {one["name"]: one for one in facility_data(town, FRAME, ids)}
    assert found["中心幼儿园"]["capacity"] == 270
    assert len(found["中心幼儿园"]["point"]) == 2


def test_a_facility_without_a_type_is_not_drawn(ids):
    layers = map_layers()
    layers["facilities"] = layers["facilities"].assign(facility_type=[None, "pharmacy", None, None])
    assert len(facility_data(MapTown(layers), FRAME, ids)) == 1


def test_nothing_on_a_page_is_a_number_of_numpy(town, ids):
    data = [
        home_data(town, map_circles(), FRAME, ids),
        ground_data(town, FRAME),
        facility_data(town, FRAME, ids),
    ]
    stack = list(data)
    while stack:
        value = stack.pop()
        assert not isinstance(value, np.generic)
        stack.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else [])
