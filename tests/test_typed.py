"""Kinds of open land: a place worked by hand per kind, and the edge of every threshold."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from space_towns import FAR_OFF, NOTHING, box, layer, street, town_of, with_figure
from stock_towns import with_figures
from town_layers import frame, line

from fengmao_geo.spaces import facing
from fengmao_geo.spaces.facing import BUILDING, STREET, WATER
from fengmao_geo.spaces.open_land import OpenLand, find_open_land
from fengmao_geo.spaces.typed import town_facing, typed_places
from fengmao_geo.standards.spaces import space_kinds

KINDS = space_kinds()
OPEN_KINDS = [name for name, record in KINDS.kinds.items() if record.basis == "open_land"]

#: A place of 800 m² with 120 m of outline.
PLACE = box(0, 0, 40, 20)
# What lies 3 m off its south side is faced by these 40 m and by no other side, which start 4 m and more away.
SOUTH_WATER = layer(box(-10, -30, 50, -3))
SOUTH_STREET = street((-40, -9), (80, -9))


def typed(*places, is_under=False, kinds=KINDS, **layers):
    """Type places in a town of the layers given."""
    shapes = np.array([*places, None], dtype=object)[:-1]
    town = town_of(**layers)
    land = OpenLand(0.0, shapes, np.full(len(shapes), is_under), NOTHING, NOTHING)
    facing, _ = town_facing(town, shapes, kinds=kinds)
    return typed_places(town, land, facing, kinds=kinds)


def kind_of(place=PLACE, **options):
    return typed(place, **options)["kind"].iloc[0]


def evidence_of(place=PLACE, **options):
    row = typed(place, **options).iloc[0]
    return {key: float(value) for key, value in (pair.split("=") for pair in row["evidence"].split(";"))}


def crossing(*, away_m=9.0):
    """Two streets of 12 m that meet at the south-west corner, their centre lines so far off the place."""
    ways = [line((-60, -away_m), (-away_m, -away_m), (90, -away_m)), line((-away_m, -away_m), (-away_m, 60))]
    return frame(ways, id=["s1", "s2"], width_m=[12.0, 12.0], name=["south", "west"])


HOUSES = layer(box(-5, -20, 45, -3), box(-5, 23, 45, 40))


def test_what_places_face_does_not_depend_on_how_many_are_looked_at_together(shuixiang, monkeypatch):
    places = find_open_land(shuixiang, kinds=KINDS).places
    whole, _ = town_facing(shuixiang, places, kinds=KINDS)
    monkeypatch.setattr(facing, "_AT_ONCE", 700)
    strips, _ = town_facing(shuixiang, places, kinds=KINDS)
    assert len(whole.place) > 2 * 700
    for one, other in zip(whole, strips, strict=True):
        np.testing.assert_array_equal(one, other)


# --- a place per kind


def test_a_place_that_faces_water_with_a_third_of_its_outline_is_riverside():
    assert kind_of(water=SOUTH_WATER) == "riverside"
    assert evidence_of(water=SOUTH_WATER) == {"water_m": 40, "water_share": pytest.approx(1 / 3, abs=5e-4)}


def test_a_place_where_two_streets_meet_is_a_street_corner():
    # It faces one street with 40 m, the other with 20 m; the meeting lies 9 m west and 9 m south.
    assert kind_of(streets=crossing()) == "street_corner"
    found = evidence_of(streets=crossing())
    assert found == {"each_street_m": 20, "area_m2": 800, "corner_m": pytest.approx(9 * 2**0.5, abs=5e-4)}


def test_a_place_along_one_street_is_street_side():
    assert kind_of(streets=SOUTH_STREET) == "street_side"
    found = evidence_of(streets=SOUTH_STREET)
    assert found["street_m"] == 40
    assert found["street_share"] == pytest.approx(1 / 3, abs=5e-4)


def test_a_place_between_two_rows_of_houses_is_between_buildings():
    # Both long sides: 80 of 120 m.
    assert kind_of(buildings=HOUSES) == "between_buildings"
    found = evidence_of(buildings=HOUSES)
    assert found["area_m2"] == 800
    assert [value for key, value in found.items() if key.endswith("_share")] == [pytest.approx(0.667)]


def test_a_place_that_faces_nothing_is_a_vacant_plot():
    row = typed(PLACE).iloc[0]
    assert (row["kind"], row["evidence"]) == ("vacant_plot", "area_m2=800")


def test_a_place_below_a_deck_is_under_a_bridge_whatever_it_faces():
    assert kind_of(is_under=True, water=SOUTH_WATER, streets=crossing()) == "under_bridge"
    assert evidence_of(is_under=True) == {"deck_share": 1}


def test_each_place_is_typed_by_itself_and_stays_in_its_row():
    places = [box(0, 200, 40, 220), PLACE, box(0, 100, 40, 120)]
    table = typed(*places, water=SOUTH_WATER, buildings=layer(box(-5, 80, 45, 97), box(-5, 123, 45, 140)))
    assert table["kind"].tolist() == ["vacant_plot", "riverside", "between_buildings"]
    assert [one.equals(two) for one, two in zip(table.geometry, places, strict=True)] == [True] * 3
    assert set(table["certainty"]) == {"certain"}
    assert set(table["basis"]) == {"open_land"}


def test_no_places_have_no_kinds():
    table = typed()
    assert len(table) == 0
    assert list(table.columns) == ["kind", "basis", "certainty", "rule", "evidence", "geometry"]


def test_a_town_without_buildings_and_water_has_vacant_plots():
    homes = layer(box(900, 900, 910, 910).centroid, people=[1.0])
    assert kind_of(buildings=None, addresses=homes) == "vacant_plot"


# --- the order of kinds


def test_water_comes_before_streets_and_streets_before_buildings():
    # 40 m of water in the north, 40 m of street in the south, houses in the west and in the east.
    everything = {
        "water": layer(box(-10, 23, 50, 60)),
        "streets": SOUTH_STREET,
        "buildings": layer(box(-30, 0, -3, 20), box(43, 0, 60, 20)),
    }
    assert kind_of(**everything) == "riverside"
    assert kind_of(**(everything | {"water": None})) == "street_side"
    assert kind_of(**(everything | {"water": None, "streets": FAR_OFF})) == "between_buildings"


def test_the_order_is_that_of_the_kinds_and_can_be_changed():
    orders = {"riverside": KINDS.kinds["between_buildings"].order, "between_buildings": 0}
    changed = {name: KINDS.kinds[name].model_copy(update={"order": order}) for name, order in orders.items()}
    other = KINDS.model_copy(update={"kinds": KINDS.kinds | changed})
    houses = layer(box(-5, 23, 45, 40))
    assert kind_of(water=SOUTH_WATER, buildings=houses) == "riverside"
    assert kind_of(water=SOUTH_WATER, buildings=houses, kinds=other) == "between_buildings"


def test_the_shipped_order_tries_grounds_under_bridges_first_and_vacant_plots_last():
    ordered = sorted(OPEN_KINDS, key=lambda name: KINDS.kinds[name].order)
    assert (ordered[0], ordered[-1]) == ("under_bridge", "vacant_plot")


# --- the edge of each threshold


MEASURED = {
    "riverside": {"water": SOUTH_WATER},
    "street_corner": {"streets": crossing()},
    "street_side": {"streets": SOUTH_STREET},
    "between_buildings": {"buildings": HOUSES},
    "under_bridge": {"is_under": True},
}
#: What is measured of the place in these towns, on paper.
ON_PAPER = {
    "water_m": 40.0,
    "water_share": 40 / 120,
    "each_street_m": 20.0,
    "street_m": 40.0,
    "street_share": 40 / 120,
    "depth_m": 800 / 40,
    "building_share": 80 / 120,
    "enclosed_share": 80 / 120,
    "deck_share": 1.0,
    "area_m2": 800.0,
}
MOST = ("area_m2", "depth_m")
EDGES = [(kind, name) for kind in MEASURED for name in KINDS.kinds[kind].figures]


@pytest.mark.parametrize(("kind", "name"), EDGES)
def test_a_place_that_just_meets_a_figure_is_of_the_kind_and_one_that_just_does_not_is_not(kind, name):
    value = ON_PAPER[name]
    inside, outside = (value + 0.001, value - 0.001) if name in MOST else (value - 0.001, value + 0.001)
    assert kind_of(kinds=with_figures(kind, **{name: inside}), **MEASURED[kind]) == kind
    assert kind_of(kinds=with_figures(kind, **{name: outside}), **MEASURED[kind]) != kind


@pytest.mark.parametrize(
    ("kind", "name"),
    [("riverside", "water_m"), ("street_side", "street_m"), ("between_buildings", "area_m2")],
)
def test_a_figure_that_is_met_exactly_is_met(kind, name):
    assert kind_of(kinds=with_figures(kind, **{name: ON_PAPER[name]}), **MEASURED[kind]) == kind


@pytest.mark.parametrize(("more_m", "expected"), [(0.001, True), (-0.001, False)])
def test_a_corner_is_as_near_to_the_meeting_as_the_radius(more_m, expected):
    own = with_figure("corner_radius_m", 9 * 2**0.5 + more_m)
    assert (kind_of(kinds=own, streets=crossing()) == "street_corner") == expected


def test_a_radius_of_0_leaves_no_corner_beside_a_meeting():
    assert kind_of(kinds=with_figure("corner_radius_m", 0.0), streets=crossing()) == "street_side"


def test_two_streets_that_do_not_meet_make_no_corner():
    apart = frame([line((-5, -9), (80, -9)), line((-9, -5), (-9, 80))], id=["s1", "s2"], width_m=[12.0, 12.0])
    assert kind_of(streets=apart) == "street_side"


def test_two_names_of_one_straight_street_make_no_corner():
    # Three stretches share a vertex, but the place faces the same direction only.
    ways = [line((-40, -9), (20, -9)), line((20, -9), (80, -9)), line((20, -9), (20, -60))]
    streets = frame(ways, id=["s1", "s2", "s3"], width_m=[12.0] * 3)
    assert kind_of(streets=streets) == "street_side"


@pytest.mark.parametrize(("more_m", "expected"), [(0.0, "riverside"), (0.01, "vacant_plot")])
def test_what_stands_as_far_as_the_reach_is_faced(more_m, expected):
    away_m = KINDS.figure("facing_m") + more_m
    assert kind_of(water=layer(box(0, -30, 40, -away_m))) == expected


@pytest.mark.parametrize(("more_m", "expected"), [(0.0, "street_side"), (0.01, "vacant_plot")])
def test_a_street_is_faced_from_its_edge(more_m, expected):
    centre_m = KINDS.figure("facing_m") + 6.0 + more_m
    assert kind_of(streets=street((-40, -centre_m), (80, -centre_m))) == expected


# --- what is faced


def facing_of(**layers):
    shapes = np.array([PLACE])
    return town_facing(town_of(**layers), shapes, kinds=KINDS)[0]


def test_the_nearest_thing_is_faced_and_hides_what_lies_behind():
    # A house 1 m off stands before the water 3 m off on 20 of 40 m.
    facing = facing_of(water=SOUTH_WATER, buildings=layer(box(20, -2, 50, -1)))
    total = {what: facing.total(what, 1)[0] for what in (WATER, BUILDING)}
    assert sum(total.values()) == pytest.approx(40, abs=8)
    assert total[WATER] == pytest.approx(20, abs=5)


def test_what_is_faced_adds_up_to_the_outline():
    facing = facing_of(water=SOUTH_WATER, buildings=HOUSES, streets=crossing())
    assert facing.metres.sum() == pytest.approx(120)
    assert facing.total(STREET, 1)[0] + facing.total(WATER, 1)[0] + facing.total(BUILDING, 1)[0] <= 120


def test_holes_are_part_of_the_outline():
    yard = shapely.difference(box(0, 0, 40, 40), box(10, 10, 30, 30))
    found = typed(yard, buildings=layer(box(10, 10, 30, 30))).iloc[0]
    # 80 m around the house inside, of 240 m.
    assert "_share=0.333" in found["evidence"]


def test_a_street_above_the_ground_is_not_faced():
    deck = street((-40, -9), (80, -9), level=1)
    assert facing_of(streets=deck).total(STREET, 1).tolist() == [0]


def test_places_that_are_none_face_nothing():
    facing, streets = town_facing(town_of(), NOTHING, kinds=KINDS)
    assert facing.total(STREET, 0).tolist() == []
    assert len(streets) == 1


# --- what is said


@pytest.mark.parametrize("kind", list(MEASURED))
def test_the_rule_names_every_figure_and_the_evidence_what_was_measured(kind):
    row = typed(PLACE, **MEASURED[kind]).iloc[0]
    figures = {
        name: f"{name}{'<=' if name in MOST else '>='}{KINDS.figure(name, kind):g}"
        for name in KINDS.kinds[kind].figures
    }
    if kind == "street_corner":
        figures["corner_m"] = f"corner_m<={KINDS.figure('corner_radius_m'):g}"
    assert row["rule"].split(";") == list(figures.values())
    assert {part.split("=")[0] for part in row["evidence"].split(";")} == set(figures)
