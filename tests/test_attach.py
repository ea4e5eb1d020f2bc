"""Attachments: the nearest point in sight, of each part; buildings, grounds, gates; what takes no legs."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_towns import TinyTown, frame, scattered, street_layouts

from fengmao_geo.errors import UsageError
from fengmao_geo.network.attach import as_attachments, attach, concat
from fengmao_geo.network.build import walk_network

LAWS = settings(max_examples=30, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))


def joined(network, *shapes, **options):
    """Where places are joined: their row, coordinates on the street, length of the leg."""
    places = frame(*shapes, id=[str(row) for row in range(len(shapes))])
    table = attach(network, places, **options).table
    points = shapely.line_interpolate_point(network.edge_lines[table["edge_id"]], table["from_m"])
    xy = shapely.get_coordinates(points).round(6) + 0.0
    return [
        (int(place), *at, round(leg, 6))
        for place, at, leg in zip(table["place_id"], xy.tolist(), table["leg_m"].tolist(), strict=True)
    ]


def stretches(network, shape, *, name="park", **options):
    table = attach(network, frame(shape, id=[name]), is_ground=True, **options).table
    return table[["from_m", "to_m", "leg_m"]].round(6).to_numpy().tolist()


@pytest.fixture(scope="module")
def street():
    return walk_network(frame("LINESTRING (0 0, 900 0)"))


def test_a_place_is_joined_at_the_foot_of_its_leg(street):
    assert joined(street, "POINT (30 40)") == [(0, 30, 0, 40)]


def test_a_place_beyond_the_street_is_joined_at_its_end(street):
    assert joined(street, "POINT (-30 40)") == [(0, 0, 0, 50)]


def test_a_leg_is_no_longer_than_allowed(street):
    assert joined(street, "POINT (30 100)", "POINT (30 100.001)") == [(0, 30, 0, 100)]


def test_legs_of_no_length_alone_may_be_allowed(street):
    assert joined(street, "POINT (30 0)", "POINT (30 0.001)", max_leg_m=0) == [(0, 30, 0, 0)]


def test_a_leg_may_be_of_any_length(street):
    assert joined(street, "POINT (30 5000)", max_leg_m=math.inf) == [(0, 30, 0, 5000)]


def test_of_equally_near_streets_the_one_with_the_smaller_x_is_taken():
    network = walk_network(
        frame("LINESTRING (20 0, 20 90)", "LINESTRING (0 0, 0 90)", "LINESTRING (0 0, 20 0)")
    )
    assert joined(network, "POINT (10 50)") == [(0, 0, 50, 10)]


def test_of_equally_near_streets_with_one_x_the_smaller_y_is_taken():
    network = walk_network(
        frame("LINESTRING (0 20, 90 20)", "LINESTRING (0 0, 90 0)", "LINESTRING (0 0, 0 20)")
    )
    assert joined(network, "POINT (50 10)") == [(0, 50, 0, 10)]


@pytest.mark.parametrize(
    "line", ["LINESTRING (0 0, 0 90, 20 90, 20 0)", "LINESTRING (20 0, 20 90, 0 90, 0 0)"]
)
def test_of_equally_near_points_of_one_street_the_smaller_x_is_taken(line):
    assert joined(walk_network(frame(line)), "POINT (10 50)") == [(0, 0, 50, 10)]


@pytest.mark.parametrize("line", ["LINESTRING (0 0, 90 0)", "LINESTRING (90 0, 0 0)"])
def test_a_building_along_a_street_is_joined_at_the_smaller_x(line):
    assert joined(walk_network(frame(line)), "POLYGON ((50 5, 60 5, 60 15, 50 15, 50 5))") == [(0, 50, 0, 5)]


@pytest.mark.parametrize("line", ["LINESTRING (40 0, 55 0, 90 0)", "LINESTRING (58 0, 52 0)"])
def test_a_building_beside_a_vertex_is_joined_at_the_smaller_x(line):
    least = 50 if "40" in line else 52
    assert joined(walk_network(frame(line)), "POLYGON ((50 5, 60 5, 60 15, 50 15, 50 5))") == [
        (0, least, 0, 5)
    ]


def test_the_leg_of_a_building_starts_at_its_outline(street):
    assert joined(street, "POLYGON ((50 5, 60 12, 60 15, 50 15, 50 5))") == [(0, 50, 0, 5)]


def test_a_building_over_a_street_is_joined_where_it_first_meets_it(street):
    assert joined(street, "POLYGON ((50 -5, 60 -5, 60 5, 50 5, 50 -5))") == [(0, 50, 0, 0)]


def test_at_a_crossing_the_edge_that_all_walkers_can_use_is_taken():
    lines = [f"LINESTRING (0 0, {x} {y})" for x, y in ((90, 10), (90, -10), (90, 0))]
    network = walk_network(frame(*lines, is_steps=[True, False, True]))
    table = attach(network, frame("POINT (-10 0)", id=["a"])).table
    assert not network.edges["is_steps"][table["edge_id"]].any()


def test_each_connected_part_gets_an_attachment():
    network = walk_network(
        frame("LINESTRING (0 0, 90 0)", "LINESTRING (0 30, 90 30)", "LINESTRING (0 300, 90 300)")
    )
    assert sorted(joined(network, "POINT (50 10)")) == [(0, 50, 0, 10), (0, 50, 30, 20)]


def test_bridges_tunnels_and_raised_streets_take_no_legs():
    lines = [f"LINESTRING (0 {y}, 90 {y})" for y in (0, 10, 20, 30, 40)]
    network = walk_network(
        frame(*lines, is_bridge=[1, 0, 0, 0, 0], is_tunnel=[0, 1, 0, 0, 0], level=[0, 0, 1, -1, 0])
    )
    assert joined(network, "POINT (50 0)") == [(0, 50, 40, 40)]


def water(*shapes, **streets):
    return walk_network(TinyTown(streets=frame("LINESTRING (0 0, 900 0)", **streets), water=frame(*shapes)))


def test_a_leg_never_crosses_water():
    assert joined(water("POLYGON ((-200 10, 1100 10, 1100 20, -200 20, -200 10))"), "POINT (300 30)") == []


def test_a_place_on_the_bank_is_joined_on_its_own_side():
    network = water("POLYGON ((-200 10, 1100 10, 1100 20, -200 20, -200 10))")
    assert joined(network, "POINT (300 10)", "POINT (300 20)") == [(0, 300, 0, 10)]


def test_a_place_in_the_water_is_not_joined():
    assert joined(water("POLYGON ((200 -10, 400 -10, 400 20, 200 20, 200 -10))"), "POINT (300 5)") == []


def test_a_leg_never_crosses_a_wall():
    wall = frame("LINESTRING (-200 10, 1100 10)")
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), barriers=wall))
    assert joined(network, "POINT (300 30)", "POINT (300 5)") == [(1, 300, 0, 5)]


def test_a_leg_past_the_end_of_a_wall_is_the_nearest_one_in_sight():
    # From (0, 20) past the wall's end (30, 10) the street is met at (60, 0): sqrt(60^2 + 20^2).
    network = walk_network(
        TinyTown(streets=frame("LINESTRING (-500 0, 500 0)"), barriers=frame("LINESTRING (-400 10, 30 10)"))
    )
    [(_, x, y, leg)] = joined(network, "POINT (0 20)")
    assert math.isclose(x, 60, abs_tol=0.02)
    assert y == 0
    assert math.isclose(leg, math.hypot(60, 20), abs_tol=0.02)


def test_a_detour_is_no_longer_than_a_leg_may_be():
    network = walk_network(
        TinyTown(streets=frame("LINESTRING (-500 0, 500 0)"), barriers=frame("LINESTRING (-400 10, 30 10)"))
    )
    assert joined(network, "POINT (0 20)", max_leg_m=63) == []


def test_a_building_behind_a_wall_is_joined_from_its_corner_that_sees_the_street():
    # From the corner (20, 20) past the wall's end (30, 10) the street is met at (40, 0).
    network = walk_network(
        TinyTown(streets=frame("LINESTRING (-500 0, 500 0)"), barriers=frame("LINESTRING (-400 10, 30 10)"))
    )
    [(_, x, _, leg)] = joined(network, "POLYGON ((0 20, 20 20, 20 40, 0 40, 0 20))")
    assert math.isclose(x, 40, abs_tol=0.02)
    assert math.isclose(leg, math.hypot(20, 20), abs_tol=0.02)


def test_a_street_in_sight_farther_away_is_taken_before_a_nearer_hidden_one():
    streets = frame("LINESTRING (-90 0, 90 0)", "LINESTRING (-90 50, 90 50)", "LINESTRING (-90 0, -90 50)")
    network = walk_network(TinyTown(streets=streets, barriers=frame("LINESTRING (-80 10, 80 10)")))
    assert joined(network, "POINT (0 20)") == [(0, 0, 50, 30)]


def walled(*streets, is_open=False):
    box = frame("POLYGON ((100 -90, 290 -90, 290 90, 100 90, 100 -90))", id=["c"])
    gate = frame("POINT (290 80)", id=["g"], is_open=[is_open])
    return walk_network(TinyTown(streets=frame(*streets), compounds=box, gates=gate))


def test_the_end_of_a_street_at_a_wall_is_joined_from_its_own_side_only():
    network = walled("LINESTRING (50 0, 200 0)")
    assert joined(network, "POINT (90 5)", "POINT (110 5)") == [(0, 90, 0, 5), (1, 110, 0, 5)]


def test_beyond_a_wall_the_end_of_a_street_is_not_joined():
    assert joined(walled("LINESTRING (100 0, 200 0)"), "POINT (90 0)") == []


def test_a_house_partly_over_water_is_joined_from_its_dry_part():
    # The bank x = 304 + (y - 10) / 25 meets the house's front y = 12 + 0.3 (x - 300) at y = 13.08 / 0.988.
    house = "POLYGON ((300 12, 310 15, 310 40, 300 40, 300 12))"
    [(_, x, y, leg)] = joined(water("POLYGON ((-200 10, 304 10, 306 60, -200 60, -200 10))"), house)
    assert (x, y) == (pytest.approx(304 + (13.08 / 0.988 - 10) / 25), 0)
    assert leg == pytest.approx(13.08 / 0.988)


def test_a_house_on_piles_has_no_leg():
    network = water("POLYGON ((200 10, 400 10, 400 60, 200 60, 200 10))")
    assert joined(network, "POLYGON ((300 15, 310 15, 310 40, 300 40, 300 15))") == []


def test_a_courtyard_with_a_pond_is_joined_from_its_outline():
    network = water("POLYGON ((303 20, 307 20, 307 30, 303 30, 303 20))")
    assert joined(network, "POLYGON ((300 15, 310 14, 310 40, 300 40, 300 15))") == [(0, 310, 0, 14)]


PARK = "POLYGON ((200 10, 300 10, 300 80, 200 80, 200 10))"


def with_gates(*points, **columns):
    gates = frame(*points, id=[f"g{row}" for row in range(len(points))], **columns)
    return walk_network(TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), gates=gates))


def test_a_ground_is_joined_at_its_gates():
    network = with_gates("POINT (210 10)", "POINT (290 10)", "POINT (600 10)")
    assert stretches(network, PARK) == [[210, 210, 10], [290, 290, 10]]


def test_a_closed_gate_is_no_way_in():
    network = with_gates("POINT (210 10)", "POINT (290 10)", is_open=[True, False])
    assert stretches(network, PARK) == [[210, 210, 10]]


def test_a_gate_without_a_word_is_open():
    assert stretches(with_gates("POINT (210 10)", is_open=[None]), PARK) == [[210, 210, 10]]


def test_a_gate_belongs_to_the_ground_it_names():
    network = with_gates("POINT (210 10)", "POINT (350 10)", place_id=["school", "park"])
    assert stretches(network, PARK) == [[350, 350, 10]]


def campus_town(*gate_names, **more):
    """A street, a campus north of it, a gate in its south wall for each name, 40 m apart."""
    gates = frame(*[f"POINT ({220 + 40 * row} 10)" for row in range(len(gate_names))], place_id=gate_names)
    campus = frame(CAMPUS, id=["c1"])
    return walk_network(
        TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), gates=gates, **({"compounds": campus} | more))
    )


CAMPUS = "POLYGON ((200 10, 300 10, 300 90, 200 90, 200 10))"


def test_a_gate_may_name_the_compound_a_ground_is():
    assert stretches(campus_town("c1", "f1"), CAMPUS, name="f1") == [[220, 220, 10], [260, 260, 10]]


def test_a_gate_may_name_the_facility_in_the_compound():
    network = campus_town("f1", "f2", facilities=frame("POINT (250 50)", "POINT (800 50)", id=["f1", "f2"]))
    assert stretches(network, CAMPUS, name="c1") == [[220, 220, 10]]


def test_a_gate_may_name_a_green():
    network = campus_town("g1", green=frame(CAMPUS, id=["g1"]), compounds=frame("POINT (0 0)", id=["c"])[:0])
    assert stretches(network, CAMPUS, name="park") == [[220, 220, 10]]


def test_a_gate_that_names_the_neighbour_is_not_ones_own():
    network = campus_town(
        "c2",
        "c1",
        compounds=frame(CAMPUS, "POLYGON ((100 10, 200 10, 200 90, 100 90, 100 10))", id=["c1", "c2"]),
    )
    assert stretches(network, CAMPUS, name="f1") == [[260, 260, 10]]


def test_a_gate_of_another_layer_far_away_does_not_belong_to_a_ground_of_the_same_id():
    # Layers without ids count their rows: compound 1 and facility 1 have nothing to do with each other.
    far = "POLYGON ((700 10, 800 10, 800 90, 700 90, 700 10))"
    [[from_m, to_m, leg_m]] = stretches(campus_town("c1"), far, name="c1")
    assert from_m < 700
    assert to_m > 800
    assert leg_m == 0


def test_without_gates_a_ground_is_joined_along_the_streets_beside_it(street):
    # 15 m from the outline: sqrt(15^2 - 10^2) beyond either corner.
    beyond = math.sqrt(125)
    [[from_m, to_m, leg_m]] = stretches(street, PARK)
    assert math.isclose(from_m, 200 - beyond, abs_tol=0.05)
    assert math.isclose(to_m, 300 + beyond, abs_tol=0.05)
    assert leg_m == 0


def test_a_street_beyond_a_wall_is_not_beside_a_ground():
    network = walk_network(
        TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), barriers=frame("LINESTRING (-99 5, 999 5)"))
    )
    assert stretches(network, PARK) == []


def test_a_ground_within_its_own_closed_wall_is_joined_at_its_nearest_point():
    box = frame(PARK, id=["c"])
    gate = frame("POINT (250 80)", id=["g"], is_open=[False])
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), compounds=box, gates=gate))
    assert stretches(network, PARK) == [[200, 200, 10]]


def test_a_ground_away_from_streets_is_joined_at_its_nearest_point(street):
    assert stretches(street, "POLYGON ((200 50, 300 60, 300 80, 200 80, 200 50))") == [[200, 200, 50]]


def test_a_ground_that_is_a_point_is_joined_as_a_point(street):
    assert stretches(street, "POINT (200 50)") == [[200, 200, 50]]


def test_a_street_through_a_ground_is_beside_it(street):
    [[from_m, to_m, _]] = stretches(street, "POLYGON ((-50 -50, 950 -50, 950 50, -50 50, -50 -50))")
    assert (from_m, to_m) == (0, 900)


def test_a_loop_round_a_ground_is_beside_it_all_the_way():
    network = walk_network(
        frame("LINESTRING (195 5, 305 5, 305 85, 195 85, 195 5)", "LINESTRING (195 5, 0 5)")
    )
    table = attach(network, frame(PARK, id=["park"]), is_ground=True).table
    loop = table[shapely.is_closed(network.edge_lines[table["edge_id"]])]
    assert (loop["to_m"] - loop["from_m"]).sum() == pytest.approx(380)


def test_how_near_is_beside_may_be_chosen(street):
    assert stretches(street, PARK, beside_m=5) == [[200, 200, 10]]


def test_places_come_in_the_order_of_their_ids(street):
    places = frame("POINT (30 0)", "POINT (10 0)", "POINT (20 0)", id=["b", "c", "a"])
    assert attach(street, places).table["place_id"].tolist() == ["a", "b", "c"]


def test_the_index_names_places_without_ids(street):
    assert attach(street, frame("POINT (30 0)", index=["home"])).place_ids.tolist() == ["home"]


def test_unattached_places_are_listed(street):
    found = attach(street, frame("POINT (30 0)", "POINT (0 500)", id=["a", "b"])).findings("buildings")
    assert found[["layer", "feature_id", "code"]].to_numpy().tolist() == [["buildings", "b", "unattached"]]


def test_it_counts_its_places(street):
    places = frame("POINT (30 0)", "POINT (0 500)", id=["a", "b"])
    assert repr(attach(street, places)) == "<Attachments: 2 places, 1 unattached>"


def test_some_places_may_be_kept(street):
    made = attach(street, frame("POINT (30 0)", "POINT (0 500)", "POINT (50 1)", id=["a", "b", "c"]))
    kept = made.take(np.array([False, True, True]))
    assert kept.place_ids.tolist() == ["b", "c"]
    assert kept.table["place_id"].tolist() == ["c"]


def test_attachments_are_brought_together_in_the_order_of_ids(street):
    one, other = (attach(street, frame(f"POINT ({x} 0)", id=[name])) for x, name in ((30, "b"), (10, "a")))
    assert concat([one, other]).table[["place_id", "from_m"]].to_numpy().tolist() == [["a", 10], ["b", 30]]


def test_attachments_are_taken_as_they_are(street):
    made = attach(street, frame("POINT (30 0)", id=["a"]))
    assert as_attachments(street, made) is made


def test_arrays_cannot_be_written(street):
    made = attach(street, frame("POINT (30 0)", id=["a"]))
    for array in (made.place_ids, made.place, made.edge_id, made.from_m, made.to_m, made.leg_m):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_no_places_make_no_attachments(street):
    assert len(attach(street, frame("POINT (30 0)", id=["a"])[:0])) == 0


def test_no_grounds_make_no_attachments(street):
    assert len(attach(street, frame("POINT (30 0)", id=["a"])[:0], is_ground=True)) == 0


def test_places_are_left_as_they_were(street):
    places = frame("POINT Z (30 4 7)", PARK, id=["a", "b"])
    before = places.copy()
    attach(street, places, is_ground=True)
    pd.testing.assert_frame_equal(places, before)


@LAWS
@given(street_layouts(), st.integers(1, 3))
def test_legs_past_barriers_are_in_sight_and_none_sampled_is_shorter(layout, walls):
    streets, noise = layout
    x0, y0, x1, y1 = streets.total_bounds
    barriers = frame(*[shapely.LineString(line) for line in noise.uniform((x0, y0), (x1, y1), (walls, 2, 2))])
    network = walk_network(TinyTown(streets=streets, barriers=barriers), connect_gaps_m=0)
    places = scattered(noise, streets, 6, with_polygons=False)
    made = attach(network, places)
    start = shapely.get_coordinates(places.geometry)[made.place]
    end = shapely.line_interpolate_point(network.edge_lines[made.edge_id], made.from_m)
    assert not shapely.crosses(
        shapely.linestrings(np.stack([start, shapely.get_coordinates(end)], 1)),
        shapely.union_all(barriers.geometry),
    ).any()
    # Every street sampled each half metre: nothing in sight is nearer by more than rounding and clearance.
    best = {
        (place, part): leg
        for place, part, leg in zip(made.place, network.edge_part[made.edge_id], made.leg_m, strict=True)
    }
    for edge, line in enumerate(network.edge_lines):
        feet = shapely.get_coordinates(line.interpolate(np.arange(0.25, line.length, 0.5)))
        for place, xy in enumerate(shapely.get_coordinates(places.geometry)):
            leg = np.hypot(*(feet - xy).T)
            seen = (leg < 99) & ~network.barriers.block(np.broadcast_to(xy, feet.shape), feet)
            shortest = leg[seen].min(initial=math.inf)
            assert best.get((place, network.edge_part[edge]), math.inf) <= shortest + 0.05 or not seen.any()


@LAWS
@given(street_layouts())
def test_attachments_do_not_depend_on_the_order_of_rows(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    places = scattered(noise, streets, 15)
    turned = attach(network, places.iloc[::-1])
    pd.testing.assert_frame_equal(attach(network, places).table, turned.table)


@pytest.mark.parametrize("max_leg_m", [-1, math.nan])
def test_a_leg_of_less_than_nothing_is_refused(street, max_leg_m):
    with pytest.raises(UsageError, match="max_leg_m"):
        attach(street, frame("POINT (30 0)"), max_leg_m=max_leg_m)


def test_repeated_ids_are_refused_and_named(street):
    with pytest.raises(UsageError, match="p7"):
        attach(street, frame("POINT (30 0)", "POINT (40 0)", id=["p7", "p7"]))


def test_places_in_another_crs_are_refused(street):
    with pytest.raises(UsageError, match="EPSG:4528"):
        attach(street, frame("POINT (30 0)").set_crs("EPSG:4528", allow_override=True))


def test_places_without_a_crs_are_refused(street):
    with pytest.raises(UsageError, match="set_crs"):
        attach(street, gpd.GeoDataFrame(geometry=[shapely.Point(30, 0)]))


@pytest.mark.parametrize("shape", [None, "POINT EMPTY", "LINESTRING (0 0, 1 1)", "POINT (NaN 0)"])
def test_places_that_are_no_points_or_polygons_are_refused_and_named(street, shape):
    with pytest.raises(UsageError, match="p7"):
        attach(street, frame("POINT (1 1)", shape, id=["p6", "p7"]))


def test_no_place_at_the_end_of_a_street_lies_beyond_it():
    rng = np.random.default_rng(3)
    ends = 572_000 + rng.uniform(0, 1000, (300, 2, 2))
    network = walk_network(gpd.GeoDataFrame(geometry=shapely.linestrings(ends), crs=4549))
    places = gpd.GeoDataFrame(geometry=shapely.points(network.node_xy), crs=4549)
    joined = attach(network, places)
    assert (joined.from_m >= 0).all()
    assert (joined.to_m <= network.edge_length_m[joined.edge_id]).all()
