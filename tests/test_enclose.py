"""Walls, gates and water: streets cut where nobody can pass."""

from __future__ import annotations

import pytest
from network_towns import TinyTown, frame

from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network

BOX = "POLYGON ((100 -50, 200 -50, 200 50, 100 50, 100 -50))"
THROUGH = "LINESTRING (0 0, 300 0)"


def town(*streets, gates=(), is_open=None, boxes=(BOX,), **layers):
    made = frame(*boxes, id=[f"c{row}" for row in range(len(boxes))])
    if gates:
        opened = {} if is_open is None else {"is_open": is_open}
        layers["gates"] = frame(*gates, id=[f"g{row}" for row in range(len(gates))], **opened)
    return TinyTown(
        streets=frame(*streets, id=[f"s{row}" for row in range(len(streets))]), compounds=made, **layers
    )


def parts(made, **options):
    return walk_network(made, **options).part_count


def codes(network):
    return network.audit[["code", "feature_id"]].to_numpy().tolist()


def test_a_street_through_gates_passes():
    assert parts(town(THROUGH, gates=["POINT (100 0)", "POINT (200 0)"])) == 1


def test_a_street_through_an_outline_away_from_its_gates_is_cut():
    network = walk_network(town(THROUGH, gates=["POINT (200 0)"]))
    assert sorted(network.edge_length_m.tolist()) == [100, 200]
    assert network.part_count == 2


def test_a_cut_is_listed_where_it_is():
    audit = walk_network(town(THROUGH, gates=["POINT (200 0)"])).audit
    found = audit[audit["code"] == "street_cut_at_wall"]
    assert found[["feature_id", "point"]].to_numpy().tolist() == [["s0", "POINT (100.000 0.000)"]]


@pytest.mark.parametrize(
    "streets",
    [
        ["LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 300 0)"],
        ["LINESTRING (100 0, 0 0)", "LINESTRING (100 0, 300 0)"],
        ["LINESTRING (0 0, 100 0, 300 0)"],
    ],
)
def test_streets_that_share_a_vertex_on_a_wall_are_parted_there(streets):
    network = walk_network(town(*streets, gates=["POINT (200 0)"]))
    assert network.part_count == 2
    assert "street_cut_at_wall" in network.audit["code"].tolist()


def test_streets_on_one_side_of_a_wall_meet_at_it():
    made = town("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 0 90)", gates=["POINT (200 0)"])
    assert parts(made) == 1


def test_a_closed_gate_lets_nobody_pass():
    assert parts(town(THROUGH, gates=["POINT (100 0)", "POINT (200 0)"], is_open=[False, True])) == 2


def test_a_gate_without_a_word_lets_everybody_pass():
    assert parts(town(THROUGH, gates=["POINT (100 0)", "POINT (200 0)"], is_open=[None, True])) == 1


def test_a_compound_with_closed_gates_only_is_an_island():
    assert parts(town(THROUGH, gates=["POINT (100 0)", "POINT (200 0)"], is_open=[False, False])) == 3


def test_a_compound_without_gates_is_open_where_streets_pass_its_outline():
    network = walk_network(town(THROUGH))
    assert network.part_count == 1
    assert codes(network) == [["compound_without_gate", "c0"]]
    assert network.audit["values"].iloc[0] == {"count": 2}


def test_a_street_within_reach_of_a_gate_passes():
    assert parts(town(THROUGH, gates=["POINT (100 2.9)", "POINT (200 0)"])) == 1


def test_how_far_a_gate_reaches_may_be_chosen():
    assert parts(town(THROUGH, gates=["POINT (100 2.9)", "POINT (200 0)"]), gate_reach_m=2) == 1 + 1


def test_a_gate_far_from_an_outline_opens_nothing():
    made = town(THROUGH, gates=["POINT (60 0)", "POINT (200 0)"])
    assert parts(made) == 2


def test_a_wall_between_two_compounds_lets_nobody_pass():
    right = "POLYGON ((200 -50, 300 -50, 300 50, 200 50, 200 -50))"
    made = town("LINESTRING (0 0, 400 0)", boxes=(BOX, right), gates=["POINT (100 0)", "POINT (300 0)"])
    assert parts(made) == 2


def test_an_inner_compound_is_parted_from_the_outer_one():
    inner = "POLYGON ((140 -20, 160 -20, 160 20, 140 20, 140 -20))"
    made = town(THROUGH, boxes=(BOX, inner), gates=["POINT (100 0)", "POINT (200 0)", "POINT (160 0)"])
    assert parts(made) == 2


def test_a_flyover_passes_over_walls():
    made = TinyTown(
        streets=frame(THROUGH, level=[1]),
        compounds=frame(BOX, id=["c"]),
        gates=frame("POINT (100 50)", is_open=[False]),
    )
    assert len(walk_network(made).edge_lines) == 1


def test_a_tunnel_passes_under_walls():
    made = TinyTown(
        streets=frame(THROUGH, is_tunnel=[True]),
        compounds=frame(BOX, id=["c"]),
        gates=frame("POINT (100 50)", is_open=[False]),
    )
    assert len(walk_network(made).edge_lines) == 1


def test_a_street_along_an_outline_is_not_cut():
    made = town("LINESTRING (0 -50, 300 -50)", gates=["POINT (150 50)"])
    assert len(walk_network(made).edge_lines) == 1


def test_a_street_inside_does_not_meet_one_along_the_wall():
    made = town(
        "LINESTRING (0 -50, 150 -50, 300 -50)", "LINESTRING (150 -50, 150 0)", gates=["POINT (150 50)"]
    )
    assert parts(made) == 2


def test_a_street_outside_meets_one_along_the_wall():
    made = town("LINESTRING (0 -50, 300 -50)", "LINESTRING (150 -50, 150 -90)", gates=["POINT (150 50)"])
    assert parts(made) == 1


def test_a_cut_end_is_not_joined_to_a_street_just_beyond_the_wall():
    made = town("LINESTRING (100 0, 200 0)", "LINESTRING (99.5 -90, 99.5 90)", gates=["POINT (200 0)"])
    assert parts(made) == 2


def test_barriers_do_not_cut_streets():
    made = TinyTown(streets=frame(THROUGH), barriers=frame("LINESTRING (150 -50, 150 50)"))
    assert len(walk_network(made).edge_lines) == 1


def test_a_leg_passes_an_outline_at_its_gate_only():
    made = town(
        THROUGH, gates=["POINT (150 -50)"], boxes=("POLYGON ((100 20, 200 20, 200 80, 100 80, 100 20))",)
    )
    made.layers["gates"] = frame("POINT (150 20)", id=["g"])
    found = attach(
        walk_network(made), frame("POINT (150 40)", "POINT (110 40)", id=["straight", "aslant"])
    ).table
    assert found.set_index("place_id")["leg_m"]["straight"] == 40
    assert found.set_index("place_id")["leg_m"]["aslant"] > 40


RIVER = "POLYGON ((100 -50, 120 -50, 120 50, 100 50, 100 -50))"


def riverside(*streets, complete=False, water=(RIVER,), **columns):
    ids = [f"s{row}" for row in range(len(streets))]
    return TinyTown(
        streets=frame(*streets, id=ids, **columns), water=frame(*water), bridges_complete=complete
    )


def test_a_street_through_water_is_kept_and_listed_as_a_suspected_bridge():
    network = walk_network(riverside(THROUGH))
    assert network.part_count == 1
    found = network.audit[["code", "feature_id", "values", "point"]].to_numpy().tolist()
    assert found == [["suspected_bridge", "s0", {"length_m": 20.0}, "POINT (110.000 0.000)"]]


def test_where_bridges_are_complete_it_is_cut():
    network = walk_network(riverside(THROUGH, complete=True))
    assert sorted(network.edge_length_m.tolist()) == [100, 180]
    assert network.part_count == 2
    assert ["street_cut_at_water", "s0"] in codes(network)


@pytest.mark.parametrize("column", ["is_bridge", "is_tunnel", "level"])
def test_bridges_tunnels_and_flyovers_cross_water(column):
    network = walk_network(riverside(THROUGH, complete=True, **{column: [1]}))
    assert network.part_count == 1
    assert network.audit.empty


def test_a_quay_path_that_clips_the_bank_is_not_cut():
    network = walk_network(riverside("LINESTRING (99 -90, 100.4 0, 99 90)", complete=True))
    assert network.part_count == 1
    assert network.audit.empty


def test_a_path_along_the_bank_is_not_cut():
    network = walk_network(riverside("LINESTRING (100 -90, 100 90)", complete=True))
    assert network.audit.empty


def test_a_street_that_touches_the_bank_is_not_cut():
    network = walk_network(
        riverside("LINESTRING (0 -90, 100 0, 0 90)", "LINESTRING (0 0, 100 0)", complete=True)
    )
    assert "street_cut_at_water" not in network.audit["code"].tolist()


def test_a_street_over_two_rivers_is_cut_twice():
    other = "POLYGON ((200 -50, 220 -50, 220 50, 200 50, 200 -50))"
    network = walk_network(riverside(THROUGH, complete=True, water=(RIVER, other)))
    assert sorted(network.edge_length_m) == pytest.approx([80, 80, 100])


def test_of_two_streets_of_one_id_only_the_wet_stretch_is_taken_out():
    network = walk_network(riverside("MULTILINESTRING ((0 0, 300 0), (0 40, 300 40))", complete=True))
    assert sorted(network.edge_length_m.tolist()) == [100, 100, 180, 180]


def test_a_bridge_drawn_over_a_street_without_one_is_kept():
    # The street's two ends at the banks lie on the bridge, and so meet it there.
    network = walk_network(riverside(THROUGH, THROUGH, complete=True, is_bridge=[False, True]))
    assert sorted(network.edge_length_m.tolist()) == [20, 100, 100, 180, 180]


def test_a_street_that_ends_in_water_is_cut_at_the_bank():
    network = walk_network(riverside("LINESTRING (0 0, 110 0)", complete=True))
    assert network.edge_length_m.tolist() == [100]


def test_a_canal_in_two_polygons_is_one_cut():
    halves = (
        "POLYGON ((100 -50, 110 -50, 110 50, 100 50, 100 -50))",
        "POLYGON ((110 -50, 120 -50, 120 50, 110 50, 110 -50))",
    )
    network = walk_network(riverside(THROUGH, complete=True, water=halves))
    assert sorted(network.edge_length_m.tolist()) == [100, 180]


def test_water_given_as_a_multipolygon_cuts_too():
    both = "MULTIPOLYGON (((100 -50, 120 -50, 120 50, 100 50, 100 -50)), ((200 0, 201 0, 201 1, 200 0)))"
    assert parts(riverside(THROUGH, complete=True, water=(both,))) == 2
