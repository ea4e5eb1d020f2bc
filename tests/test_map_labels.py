"""Where names may stand."""

from __future__ import annotations

import pytest
import shapely
from map_town import EAST, NORTH, MapTown, box, frame, line, map_layers
from pyproj import CRS

from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_labels import labels

FRAME = Frame(CRS("EPSG:4549"), (EAST, NORTH, EAST + 1000, NORTH + 800))


def names_of(**layers) -> dict[str, dict]:
    return {label["text"]: label for label in labels(MapTown(layers), FRAME)}


def street(*points, **columns):
    return frame([line(*points)], name=["水乡大道"], street_class=[columns.get("street_class", "main")])


def test_main_streets_and_rivers_come_before_lanes():
    order = [label["text"] for label in labels(MapTown(map_layers()), FRAME)]
    assert order.index("水乡大道") < order.index("染坊弄")
    assert order.index("市河") < order.index("染坊弄")


def test_a_name_lies_along_its_street():
    spots = names_of(streets=street((0, 100), (300, 100)))["水乡大道"]["spots"]
    assert {degrees for _, _, degrees, _ in spots} == {0.0}


def test_a_street_that_climbs_to_the_right_turns_its_name_against_the_clock():
    spots = names_of(streets=street((0, 100), (300, 400)))["水乡大道"]["spots"]
    assert {degrees for _, _, degrees, _ in spots} == {-45.0}


def test_a_name_is_never_upside_down():
    spots = names_of(streets=street((300, 400), (0, 100)))["水乡大道"]["spots"]
    assert {degrees for _, _, degrees, _ in spots} == {-45.0}


def test_room_is_the_straight_stretch_a_name_stands_on():
    spots = names_of(streets=street((0, 100), (300, 100)))["水乡大道"]["spots"]
    assert max(room for *_, room in spots) == 280


def test_no_name_stands_on_a_sharp_bend():
    spots = names_of(streets=street((0, 100), (200, 100), (200, 300)))["水乡大道"]["spots"]
    assert {abs(degrees) for _, _, degrees, _ in spots} == {0.0, 90.0}


def test_a_short_street_has_no_room():
    assert names_of(streets=street((0, 100), (30, 100))) == {}


def test_pieces_of_one_name_are_one_street():
    streets = frame(
        [line((0, 100), (100, 100)), line((100, 100), (300, 100))],
        name=["一路"] * 2,
        street_class=["main"] * 2,
    )
    assert max(room for *_, room in names_of(streets=streets)["一路"]["spots"]) == 280


@pytest.mark.parametrize("name", [None, "", "  "])
def test_what_has_no_name_has_no_label(name):
    assert names_of(streets=street((0, 100), (300, 100)).assign(name=name)) == {}


def test_a_layer_without_names_or_classes_has_no_labels():
    assert names_of(streets=street((0, 100), (300, 100)).drop(columns="street_class")) == {}
    assert names_of(streets=street((0, 100), (300, 100)).drop(columns="name")) == {}


def test_a_name_stands_in_the_river_and_along_it():
    water = frame([box(0, 100, 600, 30)], name=["市河"], water_type=["river"])
    label = names_of(water=water)["市河"]
    assert label["spots"]
    assert all(abs(degrees) < 1 and room > 60 for _, _, degrees, room in label["spots"])


def test_a_round_pond_gives_a_river_label_no_direction():
    water = frame([shapely.Point(EAST + 300, NORTH + 300).buffer(20)], name=["潭"], water_type=["river"])
    assert names_of(water=water) == {}


def test_a_park_is_named_inside_itself():
    label = names_of(green=frame([box(100, 100, 80, 80)], name=["市河公园"], green_type=["park"]))["市河公园"]
    assert len(label["spots"]) == 1
    assert not label["is_line"]


def test_a_small_compound_is_not_named():
    assert names_of(compounds=frame([box(0, 0, 50, 50)], name=["小院"], compound_type=["estate"])) == {}


def test_what_lies_outside_the_frame_is_not_named():
    assert names_of(streets=street((2000, 100), (2300, 100))) == {}


def test_the_order_of_rows_changes_nothing():
    layers = map_layers()
    turned = {name: layer.iloc[::-1] for name, layer in layers.items()}
    assert labels(MapTown(turned), FRAME) == labels(MapTown(layers), FRAME)
