"""New links, opened gates, streets taken out: what changes, and that nobody loses by what is added."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_towns import TinyTown, connected_parts, frame, inserted, scattered, street_layouts

from fengmao_geo.errors import NetworkError, UnknownNameError, UsageError
from fengmao_geo.network.attach import attach, carry
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.gates import open_gates
from fengmao_geo.network.scenario import with_links, without_links
from fengmao_geo.network.travel import travel_times
from fengmao_geo.standards.load import walker

LAWS = settings(max_examples=15, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

BANKS = ("LINESTRING (0 0, 300 0)", "LINESTRING (0 40, 300 40)")
CANAL = "POLYGON ((-50 10, 350 10, 350 30, -50 30, -50 10))"


def canal():
    return walk_network(TinyTown(streets=frame(*BANKS), water=frame(CANAL)))


def minutes(network, homes, schools, limit_min=15):
    table = travel_times(network, homes, schools, limit_min=limit_min)
    return dict(
        zip(zip(table["origin_id"], table["destination_id"], strict=True), table["travel_min"], strict=True)
    )


def codes(network):
    return network.audit["code"].value_counts().to_dict()


# Links


def test_a_footbridge_joins_the_banks_that_its_ends_lie_on():
    after = with_links(canal(), frame("LINESTRING (100 0, 100 40)"))
    home, school = frame("POINT (40 0)", id=["h"]), frame("POINT (220 40)", id=["s"])
    # 60 m to the bridge, 40 m over it, 120 m on.
    assert minutes(after, home, school) == {("h", "s"): pytest.approx(220 / 60)}
    assert minutes(canal(), home, school) == {}


def test_the_network_before_is_not_changed():
    before = canal()
    lines = [shapely.to_wkt(line) for line in before.edge_lines]
    with_links(before, frame("LINESTRING (100 0, 100 40)"))
    assert [shapely.to_wkt(line) for line in before.edge_lines] == lines
    assert before.part_count == 2


def test_an_end_near_a_street_is_joined_over_the_gap_and_listed():
    after = with_links(canal(), frame("LINESTRING (100 0.5, 100 40)"))
    assert after.part_count == 1
    assert codes(after)["gap_joined"] == 1
    assert after.edge_length_m.sum() == pytest.approx(640)


def test_an_end_beyond_the_gap_is_left_open_and_listed():
    after = with_links(canal(), frame("LINESTRING (100 1.5, 100 40)"))
    assert after.part_count == 2
    assert codes(after)["link_end_open"] == 1
    assert with_links(canal(), frame("LINESTRING (100 1.5, 100 40)"), connect_gaps_m=2).part_count == 1


def test_no_gap_is_closed_through_a_wall():
    town = TinyTown(streets=frame(*BANKS), barriers=frame("LINESTRING (0 0.3, 300 0.3)"))
    after = with_links(walk_network(town), frame("LINESTRING (100 0.5, 100 40)"))
    assert after.part_count == 2


def test_ends_that_land_at_one_place_meet_there():
    after = with_links(
        canal(), frame("LINESTRING (100 0, 100 40)", "LINESTRING (100.0004 0, 200 40)", id=["a", "b"])
    )
    assert len(after.node_xy) == 4 + 3
    assert len(after.edge_lines) == 2 + 3 + 2


def test_links_that_share_an_end_meet_there():
    after = with_links(
        canal(), frame("LINESTRING (100 0, 100 20)", "LINESTRING (100 20, 200 40)", id=["a", "b"])
    )
    assert after.part_count == 1
    assert "link_end_open" not in codes(after)


def test_a_path_ends_on_another_new_path_and_a_footbridge_does_not():
    tee = frame("LINESTRING (100 0, 100 40)", "LINESTRING (100 20, 150 20)", id=["a", "b"])
    assert with_links(canal(), tee, kind="path").part_count == 1
    assert with_links(canal(), tee).part_count == 2


def test_a_link_does_not_meet_a_viaduct_that_it_ends_under():
    streets = frame(*BANKS, level=[0, 2])
    assert with_links(walk_network(streets), frame("LINESTRING (100 0, 100 40)")).part_count == 2


def test_a_footbridge_takes_no_legs_and_a_path_does():
    home = frame("POINT (105 20)", id=["h"])
    dry = walk_network(frame(*BANKS))
    legs = {
        kind: attach(with_links(dry, frame("LINESTRING (100 0, 100 40)"), kind=kind), home)
        .table["leg_m"]
        .tolist()
        for kind in ("footbridge", "path", "street")
    }
    assert legs["footbridge"] == [20, 20]
    assert sorted(legs["path"]) == sorted(legs["street"]) == [5, 20, 20]


def test_a_path_through_water_is_kept_and_listed():
    after = with_links(canal(), frame("LINESTRING (100 0, 100 40)"), kind="path")
    assert after.part_count == 1
    assert codes(after)["link_crosses_barrier"] == 1
    assert "link_crosses_barrier" not in codes(with_links(canal(), frame("LINESTRING (100 0, 100 40)")))


def test_steps_are_no_way_for_wheels():
    after = with_links(canal(), frame("LINESTRING (100 0, 100 40)", is_steps=[True]))
    assert (~after.usable(walker("wheels"))).sum() == 1


def test_a_link_without_length_is_left_out_and_listed():
    after = with_links(canal(), frame("LINESTRING (100 0, 100 0)"))
    assert codes(after)["link_empty"] == 1
    assert len(after.edge_lines) == 2


def test_the_order_of_links_changes_nothing():
    links = frame("LINESTRING (100 0, 100 40)", "LINESTRING (200 0, 210 40)", id=["a", "b"])
    one, other = with_links(canal(), links), with_links(canal(), links[::-1])
    assert [shapely.to_wkt(line) for line in one.edge_lines] == [
        shapely.to_wkt(line) for line in other.edge_lines
    ]
    pd.testing.assert_frame_equal(one.audit, other.audit)


@pytest.mark.parametrize(
    ("lines", "options", "key"),
    [
        (frame("LINESTRING (0 0, 1 1)").to_crs(4550), {}, "crs_differs"),
        (frame("LINESTRING (0 0, 1 1)").set_crs(None, allow_override=True), {}, "places_crs_missing"),
        (frame("POINT (0 0)"), {}, "links_not_lines"),
        (frame("LINESTRING (0 0, 1 1)", id=["0"]), {}, "link_ids_repeat"),
        (frame(*BANKS, id=["a", "a"]), {}, "link_ids_repeat"),
        (frame("LINESTRING (0 0, 1 1)"), {"kind": "ferry"}, "link_kind"),
        (frame("LINESTRING (0 0, 1 1)"), {"connect_gaps_m": -1}, "negative"),
    ],
)
def test_wrong_links_are_refused_in_words(lines, options, key):
    with pytest.raises(UsageError) as error:
        with_links(canal(), lines, **options)
    assert error.value.key == key
    assert error.value.text(lang="en")


# Streets taken out


def test_taking_a_link_out_again_gives_the_old_minutes():
    home, school = frame("POINT (40 0)", "POINT (90 0)", id=["h", "k"]), frame("POINT (220 0)", id=["s"])
    before = canal()
    again = without_links(with_links(before, frame("LINESTRING (100 0, 100 40)", id=["new"])), ["new"])
    assert minutes(again, home, school) == pytest.approx(minutes(before, home, school))
    assert again.part_count == 2
    assert codes(again)["street_removed"] == 1


def test_an_unknown_street_cannot_be_taken_out():
    with pytest.raises(UnknownNameError, match="nowhere"):
        without_links(canal(), ["nowhere"])


def test_the_last_street_cannot_be_taken_out():
    with pytest.raises(NetworkError):
        without_links(canal(), ["0", "1"])


# Gates

YARD = "POLYGON ((100 -50, 200 -50, 200 50, 100 50, 100 -50))"
THROUGH = "LINESTRING (0 0, 300 0)"


def yard(*, is_open=False, streets=(THROUGH,), **layers):
    gates = frame("POINT (100 0)", "POINT (200 0)", id=["west", "east"], is_open=[is_open, False])
    return walk_network(
        TinyTown(streets=frame(*streets), compounds=frame(YARD, id=["c"]), gates=gates, **layers)
    )


def test_a_street_cut_at_a_closed_gate_joins_when_it_is_opened():
    home, school = frame("POINT (40 0)", id=["h"]), frame("POINT (150 0)", id=["s"])
    assert minutes(yard(), home, school) == {}
    assert minutes(open_gates(yard(), ["west"]), home, school) == {("h", "s"): pytest.approx(110 / 60)}


def test_an_opened_gate_gives_the_network_of_a_town_where_it_is_open():
    after, built = open_gates(yard(), ["west"]), yard(is_open=True)
    assert after.part_count == built.part_count == 2
    assert after.barriers.solid.equals(built.barriers.solid)


def test_a_point_on_the_outline_is_a_new_gate():
    streets = (THROUGH, "LINESTRING (150 0, 150 90)")
    home, school = frame("POINT (150 80)", id=["h"]), frame("POINT (150 20)", id=["s"])
    after = open_gates(yard(streets=streets), frame("POINT (150 50.5)"))
    assert minutes(yard(streets=streets), home, school) == {}
    assert minutes(after, home, school) == {("h", "s"): pytest.approx(1.0)}
    assert after.gates["is_open"].tolist() == [False, False, True]


def test_dead_ends_on_both_sides_of_an_opened_gate_are_joined():
    streets = ("LINESTRING (0 0, 99.8 0)", "LINESTRING (100.2 0, 300 0)")
    assert yard(streets=streets).part_count == 3
    assert open_gates(yard(streets=streets), ["west"]).part_count == 2


def test_a_fence_behind_the_gate_stays_closed():
    after = open_gates(yard(barriers=frame("LINESTRING (100 -50, 100 50)")), ["west"])
    assert after.part_count == 3


def test_a_gate_without_a_street_and_a_gate_on_no_outline_are_listed():
    after = open_gates(yard(), frame("POINT (150 50)", "POINT (150 90)", id=["n", "off"]))
    found = after.audit.set_index("feature_id")["code"]
    assert (found["n"], found["off"]) == ("gate_without_street", "gate_opens_nothing")


def test_legs_pass_an_opened_gate_and_the_old_ones_stay():
    home = frame("POINT (95 1)", id=["h"])
    network = yard(streets=("LINESTRING (10 0, 40 0)", "LINESTRING (110 0, 180 0)"))
    after = open_gates(network, ["west"])
    assert attach(network, home).table["leg_m"].tolist() == [pytest.approx(np.hypot(55, 1))]
    assert sorted(attach(after, home).table["leg_m"]) == pytest.approx([np.hypot(15, 1), np.hypot(55, 1)])


def test_a_ground_is_joined_at_a_gate_that_is_opened_in_it_and_where_it_was_before():
    school, network = frame(YARD, id=["c"]), yard(streets=("LINESTRING (90 0, 90 300)",))
    before = attach(network, school, is_ground=True).table
    after = attach(open_gates(network, frame("POINT (100 40)")), school, is_ground=True).table
    assert before[["from_m", "leg_m"]].to_numpy().tolist() == [[0, 10]]
    assert after[["from_m", "leg_m"]].to_numpy().tolist() == [[0, 10], [40, 10]]


def test_wrong_gates_are_refused_in_words():
    with pytest.raises(UnknownNameError, match="south"):
        open_gates(yard(), ["south"])
    with pytest.raises(UsageError, match="点"):
        open_gates(yard(), frame(THROUGH))
    with pytest.raises(UsageError, match="gate_reach_m"):
        open_gates(yard(), ["west"], gate_reach_m=-1)


# Attachments carried over


def test_attachments_are_carried_over_several_steps():
    before = canal()
    home, school = frame("POINT (40 0)", id=["h"]), frame("POINT (220 40)", id=["s"])
    homes, schools = attach(before, home), attach(before, school)
    after = with_links(
        with_links(before, frame("LINESTRING (100 0, 100 40)", id=["a"])),
        frame("LINESTRING (50 0, 50 40)", id=["b"]),
    )
    carried = (carry(homes, before, after), carry(schools, before, after))
    assert minutes(after, *carried) == minutes(after, home, school) == {("h", "s"): pytest.approx(220 / 60)}


def test_a_stretch_beside_a_park_is_carried_over_its_cuts():
    before = walk_network(frame("LINESTRING (0 0, 300 0)", "LINESTRING (0 90, 300 90)"))
    park = attach(before, frame("POLYGON ((50 5, 150 5, 150 20, 50 20, 50 5))", id=["p"]), is_ground=True)
    after = with_links(before, frame("LINESTRING (100 0, 100 90)"))
    rows = carry(park, before, after).table
    assert len(rows) == 2
    assert (rows["to_m"] - rows["from_m"]).sum() == pytest.approx(
        (park.table["to_m"] - park.table["from_m"]).sum()
    )


def test_places_are_not_carried_to_a_network_that_was_not_made_from_theirs():
    before = canal()
    homes = attach(before, frame("POINT (40 0)", id=["h"]))
    after = with_links(before, frame("LINESTRING (100 0, 100 40)", id=["new"]))
    with pytest.raises(UsageError, match="with_links"):
        carry(homes, canal(), after)
    with pytest.raises(UsageError, match="with_links"):
        carry(homes, before, without_links(after, ["new"]))


def new_links(draw, noise, streets):
    """Lines between random points of the streets, and some that end in the open."""
    on = streets.geometry.to_numpy()[noise.integers(0, len(streets), 6)]
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(on, noise.uniform(0, 1, 6), normalized=True)
    )
    points[5] += 7.0
    lines = shapely.linestrings(points.reshape(3, 2, 2))
    return frame(*lines[: draw(st.integers(1, 3))])


@LAWS
@given(st.data())
def test_a_new_link_never_takes_reach_from_anyone(data):
    streets, noise = data.draw(street_layouts())
    kind = data.draw(st.sampled_from(["footbridge", "street", "path"]))
    links = new_links(data.draw, noise, streets)
    before = walk_network(streets)
    after = with_links(before, links, kind=kind)
    homes, schools = (scattered(noise, streets, 8, prefix=prefix) for prefix in "hs")
    old = attach(before, homes), attach(before, schools)
    then, now = minutes(before, *old), minutes(after, *(carry(one, before, after) for one in old))
    assert all(now[pair] <= time * (1 + 1e-12) for pair, time in then.items())


@LAWS
@given(st.data())
def test_minutes_over_new_links_are_those_of_networkx(data):
    streets, noise = data.draw(street_layouts())
    kind = data.draw(st.sampled_from(["footbridge", "path"]))
    links = new_links(data.draw, noise, streets)
    before = walk_network(streets)
    after = with_links(before, links, kind=kind)
    homes, schools = (scattered(noise, streets, 6, prefix=prefix) for prefix in "hs")
    # Places are joined to each old part and to each path on its own.
    old = [
        [*np.flatnonzero(before.node_part[before.edge_nodes[:, 0]] == part)]
        for part in range(before.part_count)
    ]
    change = after.change
    parts = [[*np.flatnonzero(np.isin(change.edge_id, edges) & after.takes_legs)] for edges in old]
    names = after.edges["street_id"].to_numpy()
    parts += [
        [*rows]
        for name in sorted({*names[change.edge_id < 0]})
        if len(rows := np.flatnonzero((names == name) & (change.edge_id < 0) & after.takes_legs))
    ]
    want = inserted(after.edge_lines, [*map(tuple, after.edge_nodes)], parts, homes, schools, limit_m=900.0)
    found = minutes(after, homes, schools)
    assert found.keys() == want.keys()
    assert all(found[pair] * 60 == pytest.approx(want[pair]) for pair in want)


@LAWS
@given(st.data())
def test_an_opened_gate_never_takes_reach_from_anyone(data):
    streets, noise = data.draw(street_layouts())
    x0, y0, x1, y1 = streets.total_bounds
    yard = shapely.box(x0 + 0.3 * (x1 - x0), y0 + 0.2 * (y1 - y0), x1 + 20, y1 - 0.3 * (y1 - y0))
    corner = frame(shapely.Point(yard.exterior.coords[0]), id=["corner"], is_open=[False])
    before = walk_network(TinyTown(streets=streets, compounds=frame(yard, id=["c"]), gates=corner))
    at = shapely.line_interpolate_point(yard.exterior, noise.uniform(0, 1, 2), normalized=True)
    after = open_gates(before, frame(*at))
    homes, schools = (scattered(noise, streets, 8, prefix=prefix) for prefix in "hs")
    ground = data.draw(st.booleans())
    old = (
        attach(before, homes),
        attach(before, schools[schools.area > 0] if ground else schools, is_ground=ground),
    )
    then, now = minutes(before, *old), minutes(after, *(carry(one, before, after) for one in old))
    assert all(now[pair] <= time * (1 + 1e-12) for pair, time in then.items())


@LAWS
@given(st.data())
def test_links_give_the_minutes_of_a_network_that_is_built_with_them(data):
    streets, noise = data.draw(street_layouts())
    links = new_links(data.draw, noise, streets)
    along = shapely.buffer(links.geometry.to_numpy(), 0.01)
    links = links[shapely.length(shapely.intersection(along, streets.union_all())) < 1.0][:1]
    # Built anew, an old dead end would close its gap to a link, or another gap instead.
    after = with_links(walk_network(streets, connect_gaps_m=0), links, connect_gaps_m=0)
    built = walk_network(frame(*streets.geometry, *links.geometry), connect_gaps_m=0)
    on = streets.geometry.to_numpy()[noise.integers(0, len(streets), 8)]
    places = frame(
        *shapely.line_interpolate_point(on, noise.uniform(0.1, 0.9, 8), normalized=True), id=[*"abcdefgh"]
    )
    # On the streets themselves, where no leg hangs on what is a part of its own.
    now, then = (attach(network, places, max_leg_m=1e-6) for network in (after, built))
    found, want = minutes(after, now, now), minutes(built, then, then)
    assert found.keys() == want.keys()
    assert all(found[pair] == pytest.approx(want[pair], abs=1e-6) for pair in want)


@LAWS
@given(st.data())
def test_carrying_keeps_every_leg_and_adds_the_nearest_point_of_each_path(data):
    streets, noise = data.draw(street_layouts())
    links = new_links(data.draw, noise, streets)
    before = walk_network(streets)
    after = with_links(before, links, kind="path", connect_gaps_m=0)
    homes = scattered(noise, streets, 8, prefix="h")
    old = attach(before, homes)
    new = carry(old, before, after)
    is_link = after.change.edge_id[new.edge_id] < 0
    assert legs(after, new.take_rows(~is_link)) == legs(before, old)
    far = shapely.distance(homes.geometry.to_numpy()[:, None], links.geometry.to_numpy()[None])
    assert sorted(new.leg_m[is_link]) == pytest.approx(sorted(far[far <= 100.0]))


def legs(network, places):
    """Place, point on the street and length of each leg, sorted."""
    at = shapely.line_interpolate_point(network.edge_lines[places.edge_id], places.from_m)
    rows = np.column_stack([places.place, shapely.get_coordinates(at), places.leg_m]).round(5) + 0.0
    return sorted(map(tuple, rows.tolist()))


def test_places_without_shapes_are_not_joined_to_a_path():
    before = canal()
    homes = dataclasses.replace(attach(before, frame("POINT (40 0)", id=["h"])), origin=None)
    link = frame("LINESTRING (100 0, 100 40)")
    assert len(carry(homes, before, with_links(before, link)).table) == 1
    with pytest.raises(UsageError, match="attach"):
        carry(homes, before, with_links(before, link, kind="path"))


def test_the_streets_of_new_links_are_one_connected_whole():
    after = with_links(canal(), frame("LINESTRING (100 0, 100 40)"))
    assert len(connected_parts([*map(tuple, after.edge_nodes)])) == 1
