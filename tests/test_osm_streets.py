"""OpenStreetMap's ways as streets: class, level, bridges, steps, access, squares and crossings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from osm_files import village

import fengmao_geo as fg
from fengmao_geo.network.build import walk_network
from fengmao_geo.standards.load import display_names, field_names, land_classes
from fengmao_geo.standards.osm import osm_standard, rule_keys
from fengmao_geo.town.osm_data import OsmData
from fengmao_geo.town.osm_numbers import metres, numbers, years


@pytest.fixture
def read(tmp_path):
    return lambda drawn: fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))


def of(town, code):
    (row,) = town.findings[town.findings["code"] == code].to_dict("records")
    return row["values"]


def street(town, number=107):
    (row,) = town["streets"][town["streets"]["id"] == f"w{number}"].to_dict("records")
    return row


def with_street(**tags):
    """Draw a village and one more street, which is way 107."""
    drawn = village()
    drawn.way((200, 0), (300, 0), (400, 0), **tags)
    return drawn


CLASSES = [
    ("motorway", "elevated"),
    ("primary", "main"),
    ("tertiary", "secondary"),
    ("living_street", "branch"),
    ("service", "lane"),
    ("footway", "path"),
    ("pedestrian", "path"),
    ("steps", "steps"),
    ("ramp;footway", "path"),
]
WALKABLE = [
    ({"highway": "residential"}, True),
    ({"highway": "residential", "access": "private"}, False),
    ({"highway": "residential", "access": "no", "foot": "yes"}, True),
    ({"highway": "residential", "access": "customers"}, True),
    ({"highway": "track", "access": "forestry"}, True),
    ({"highway": "residential", "foot": "no"}, False),
    ({"highway": "primary", "foot": "use_sidepath"}, False),
    ({"highway": "footway", "foot": "designated", "access": "private"}, True),
    ({"highway": "motorway"}, False),
    ({"highway": "motorway", "foot": "yes"}, True),
    ({"highway": "trunk"}, True),
    ({"highway": "trunk", "motorroad": "yes"}, False),
    ({"highway": "residential", "sidewalk": "no"}, True),
]
LEVELS = [
    ({}, 0, False, False),
    ({"bridge": "yes"}, 1, True, False),
    ({"bridge": "viaduct", "layer": "2"}, 2, True, False),
    ({"bridge": "no"}, 0, False, False),
    ({"tunnel": "yes"}, -1, False, True),
    ({"tunnel": "yes", "layer": "-3"}, -3, False, True),
    ({"tunnel": "building_passage"}, 0, False, False),
    ({"level": "1"}, 1, False, False),
    ({"level": "1", "layer": "2"}, 2, False, False),
    ({"level": "0;1"}, 0, False, False),
    ({"layer": "up"}, 0, False, False),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """One town with a street for each case of tags; finds the row of a case."""
    drawn, names = village(), {}
    cases = [{"highway": highway} for highway, _ in CLASSES] + [tags for tags, _ in WALKABLE]
    cases += [{"highway": "footway"} | tags for tags, *_ in LEVELS]
    for place, tags in enumerate(cases):
        names[tuple(sorted(tags.items()))] = f"w{drawn.way((-100, 300 + place), (100, 300 + place), **tags)}"
    rows = fg.read_osm(drawn.write(tmp_path_factory.mktemp("many") / "a.osm.pbf"))["streets"].set_index("id")
    return lambda tags: rows.loc[names[tuple(sorted(tags.items()))]]


@pytest.mark.parametrize(("highway", "street_class"), CLASSES)
def test_a_way_has_the_class_of_the_table(many, highway, street_class):
    assert many({"highway": highway})["street_class"] == street_class


@pytest.mark.parametrize(("tags", "is_walkable"), WALKABLE)
def test_foot_decides_before_access_and_both_before_the_class(many, tags, is_walkable):
    assert bool(many(tags)["is_walkable"]) is is_walkable


def test_streets_that_nobody_walks_on_are_kept_and_counted_by_class(read):
    town = read(with_street(highway="service", access="private"))
    assert len(town["streets"]) == 3
    assert of(town, "osm_not_walkable") == {"count": 1, "classes": "service 1"}
    assert len(walk_network(town).edges) == 4


def test_a_street_nobody_walks_on_is_left_out_of_the_network(read):
    shut, open_ = (
        len(walk_network(read(with_street(highway="service", **tags))).edges) for tags in ({"foot": "no"}, {})
    )
    assert open_ == shut + 1


@pytest.mark.parametrize(("tags", "level", "is_bridge", "is_tunnel"), LEVELS)
def test_levels_are_those_of_layer_then_level_then_of_what_it_is(many, tags, level, is_bridge, is_tunnel):
    row = many({"highway": "footway"} | tags)
    assert (row["level"], row["is_bridge"], row["is_tunnel"]) == (level, is_bridge, is_tunnel)


def test_steps_are_steps(read):
    town = read(with_street(highway="steps"))
    assert street(town)["is_steps"]
    assert town["streets"]["is_steps"].sum() == 1


def test_widths_are_read_with_their_units(read):
    assert street(read(with_street(highway="path", width="1.5 m")))["width_m"] == 1.5
    assert np.isnan(street(read(with_street(highway="path", width="narrow")))["width_m"])


def test_ways_that_are_no_streets_are_counted(read):
    drawn = with_street(highway="construction")
    drawn.way((0, 300), (10, 300), highway="platform")
    drawn.way((0, 310), (10, 310), highway="hyperloop")
    town = read(drawn)
    assert of(town, "osm_no_streets") == {"count": 2, "classes": "construction 1, platform 1"}
    assert of(town, "osm_street_unknown") == {"count": 1, "classes": "hyperloop 1"}
    assert len(town["streets"]) == 2


# Where levels meet.


def bridge_over(*, landing):
    """A footbridge across the cross street; steps from the ground end at its middle where ``landing``."""
    drawn = village()
    drawn.way((-100, 0), (-100, 60), (0, 60), (100, 60), (100, 0), highway="footway", bridge="yes")
    if landing:
        drawn.way((-40, 100), (-60, 60.5), (0, 60), highway="steps")
    return drawn


def test_a_bridge_does_not_meet_the_street_below(read):
    drawn = village()
    drawn.way((-100, -50), (-100, 50), (100, 50), highway="footway", bridge="yes")
    parts = walk_network(read(drawn)).audit
    assert (parts["code"] == "separate_part").sum() == 1


def test_steps_that_end_on_a_bridge_meet_it(read):
    drawn = village()
    drawn.way((-200, 60), (-100, 60), (-50, 60), (50, 60), highway="footway", bridge="yes")
    drawn.way((-100, 60), (-100, 0), highway="steps")
    town = read(drawn)
    assert of(town, "osm_split") == {"count": 1}
    split = town["streets"][town["streets"]["id"].str.startswith("w107")]
    assert split["id"].tolist() == ["w107", "w107-2"]
    assert (split["level"] == 1).all()
    assert split.length.tolist() == pytest.approx([100, 150], rel=0.005)


def test_splitting_keeps_every_vertex_to_the_bit(read):
    whole = bridge_over(landing=False)
    cut = bridge_over(landing=True)

    def vertices(town):
        rows = town["streets"][town["streets"]["id"].str.startswith("w107")]
        return set(map(tuple, shapely.get_coordinates(rows.geometry.to_numpy()))), rows.length.sum()

    (one, one_m), (other, other_m) = vertices(read(whole)), vertices(read(cut))
    assert one == other
    assert other_m == pytest.approx(one_m, rel=1e-12)


def test_a_bridge_split_at_steps_is_reached_by_them(read):
    network = walk_network(read(bridge_over(landing=True)))
    steps = network.edges["street_id"] == "w108"
    bridge = network.edges["street_id"].isin(["w107", "w107-2"])
    at_steps, at_bridge = (set(np.unique(network.edge_nodes[mask.to_numpy()])) for mask in (steps, bridge))
    assert at_steps & at_bridge


def test_a_closed_bridge_is_split_at_each_shared_node(read):
    drawn = village()
    drawn.box(-20, 300, 40, 40, highway="footway", bridge="yes")
    drawn.way((20, 340), (60, 340), highway="steps")
    drawn.way((20, 300), (60, 300), highway="steps")
    town = read(drawn)
    ring = town["streets"][town["streets"]["id"].str.startswith("w107")]
    assert len(ring) == 3
    assert ring.length.sum() == pytest.approx(160, rel=0.005)


def test_ground_streets_are_never_split(read):
    assert read(village())["streets"]["id"].tolist() == ["w100", "w101"]


# Squares.


def test_a_square_is_walked_along_its_outline(read):
    drawn = village()
    drawn.box(200, -20, 40, 40, highway="pedestrian", area="yes", name="Platz")
    town = read(drawn)
    assert of(town, "osm_squares") == {"count": 1}
    assert street(town)["geometry"].length == pytest.approx(160, rel=0.005)


def test_a_square_of_a_multipolygon_is_walked_along_every_ring(read):
    drawn = village()
    outer, inner = drawn.box(200, -20, 40, 40), drawn.box(210, -10, 10, 10)
    drawn.relation((outer, "outer"), (inner, "inner"), highway="pedestrian", name="Platz")
    town = read(drawn)
    rings = town["streets"][town["streets"]["id"].str.startswith("r500")]
    assert rings.length.sum() == pytest.approx(200, rel=0.005)
    assert of(town, "osm_squares") == {"count": 1}


def test_a_street_that_ends_at_a_square_reaches_what_lies_beyond(read):
    drawn = village()
    drawn.way((200, 0), (200, 20), highway="footway")
    drawn.box(200, 20, 40, 40, highway="pedestrian", area="yes")
    drawn.way((240, 60), (300, 60), highway="footway")
    assert "separate_part" not in set(walk_network(read(drawn)).audit["code"])


def test_a_roundabout_is_no_square(read):
    drawn = village()
    drawn.box(200, 0, 20, 20, highway="residential", junction="roundabout")
    town = read(drawn)
    assert "osm_squares" not in set(town.findings["code"])
    assert street(town)["geometry"].length == pytest.approx(80, rel=0.005)


# Crossings.


def with_crossing(**tags):
    drawn = village()
    drawn.way((100, 10), (100, 0), (100, -10), highway="footway", footway="crossing")
    drawn.node(100, 0, highway="crossing", **tags)
    return drawn


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"crossing": "traffic_signals"}, "signal"),
        ({"crossing": "uncontrolled"}, "zebra"),
        ({"crossing": "unmarked"}, "zebra"),
        ({"crossing": "marked", "crossing__signals": "yes"}, "signal"),
        ({}, None),
    ],
)
def test_a_crossing_is_of_the_kind_that_is_said(read, tags, kind):
    (found,) = read(with_crossing(**tags))["crossings"]["crossing_type"] if tags else [None]
    assert found == kind


def test_a_crossing_on_the_carriageway_alone_is_left_out_and_counted(read):
    drawn = with_crossing(crossing="marked")
    drawn.node(-200, 0, highway="crossing")
    town = read(drawn)
    assert of(town, "osm_crossing_off_ways") == {"count": 1}
    assert len(town["crossings"]) == 1


def test_a_crossing_nobody_may_use_is_left_out_and_counted(read):
    town = read(with_crossing(crossing="no"))
    assert of(town, "osm_crossing_closed") == {"count": 1}
    assert "crossings" not in town


# The tables of tags.


def test_every_class_and_type_of_the_tables_is_known_to_the_library():
    rules, labels = osm_standard(), display_names()
    known = {
        "street_class": (rules.street_class, "street_class"),
        "use": ({**rules.building_use, **rules.place_use, **rules.building.use_of_land}, "use"),
        "green": (rules.green_type, "green_type"),
        "water": (rules.water_type, "water_type"),
        "barrier": (rules.barrier_type, "barrier_type"),
        "crossing": (rules.crossing_type, "crossing_type"),
        "basis": (rules.boundary_basis, "boundary_basis"),
    }
    for table, kind in known.values():
        assert set(table.values()) <= set(labels[kind]), kind


def test_every_class_of_street_is_read_back_by_the_table_of_names():
    words = field_names().words("streets", "street_class")
    assert set(osm_standard().street_class.values()) <= set(words.values())


def test_urban_land_is_of_the_classes_of_land():
    assert set(osm_standard().land_use.urban) <= set(land_classes("osm"))


def test_uses_are_taken_from_groups_that_classes_of_land_have():
    assert set(osm_standard().building.use_of_land) <= {it.group for it in land_classes("osm").values()}


def test_figures_are_proposals_with_their_reason():
    assert {figure.tag for figure in osm_standard().figures.values()} == {"P"}
    assert all(figure.source.startswith("proposal") for figure in osm_standard().figures.values())


def test_the_keys_of_a_rule_are_all_that_it_asks_for():
    assert rule_keys("a=1 & b:c=2") == ["a", "b:c"]


# Rules on tags.


@pytest.fixture
def schools():
    tags = {
        "amenity": np.array(["school", "school", None, "school;library"], dtype=object),
        "isced:level": np.array(["1;2", None, "1", "2"], dtype=object),
    }
    shapes = np.array([shapely.Point(0, 0)] * 4)
    return OsmData(np.array(["n"] * 4), np.array(["n1", "n2", "n3", "n4"], dtype=object), tags, shapes)


@pytest.mark.parametrize(
    ("rule", "hits"),
    [
        ("amenity=school", [True, True, False, True]),
        ("amenity=library", [False, False, False, True]),
        ("amenity=school & isced:level=1", [True, False, False, False]),
        ("amenity=*", [True, True, False, True]),
        ("shop=*", [False] * 4),
    ],
)
def test_a_rule_holds_where_all_its_tags_are(schools, rule, hits):
    assert schools.has(rule).tolist() == hits


def test_the_first_rule_that_holds_counts(schools):
    meant = schools.first({"isced:level=2": "second", "amenity=school": "any"})
    assert meant.tolist() == ["second", "any", None, "second"]


def test_rows_are_taken_with_all_their_tags(schools):
    taken = schools.take(np.array([3, 0]))
    assert taken.ids.tolist() == ["n4", "n1"]
    assert taken.value("isced:level").tolist() == ["2", "1;2"]
    assert taken.value("shop").tolist() == [None, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0),
        ("3.5m", 3.5),
        ("3,5 m", 3.5),
        ("80 cm", 0.8),
        ("10 ft", 3.048),
        ("6'6\"", 1.9812),
        ("3-4", np.nan),
    ],
)
def test_lengths_are_read_in_metres(text, value):
    assert metres(np.array([text], dtype=object))[0] == pytest.approx(value, nan_ok=True)


def test_numbers_and_years_that_are_none_are_missing():
    assert np.isnan(numbers(np.array(["two", None], dtype=object))).all()
    assert np.isnan(years(np.array(["C19", "before 1900", None], dtype=object))).all()
