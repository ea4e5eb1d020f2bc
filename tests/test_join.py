"""Where streets meet: shared vertices, ends on streets, levels, gaps, bare crossings."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_towns import TinyTown, frame, grid, street_layouts

from fengmao_geo.network.build import walk_network

LAWS = settings(max_examples=30, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
ALONG = "LINESTRING (0 0, 100 0)"


def built(*lines, connect_gaps_m=1.0, node_crossings=False, **columns):
    return walk_network(
        frame(*lines, **columns), connect_gaps_m=connect_gaps_m, node_crossings=node_crossings
    )


def size(network):
    return len(network.node_xy), len(network.edge_lines), network.part_count


def codes(network):
    return network.audit["code"].tolist()


def test_streets_meet_where_they_share_a_vertex():
    assert size(built("LINESTRING (0 0, 50 0, 100 0)", "LINESTRING (50 -50, 50 0, 50 50)")) == (5, 4, 1)


def test_a_vertex_within_a_millimetre_is_shared():
    assert size(built(ALONG, "LINESTRING (100.0009 0, 100 50)", connect_gaps_m=0)) == (3, 2, 1)


def test_a_vertex_farther_than_a_millimetre_is_not():
    assert size(built(ALONG, "LINESTRING (100.002 0, 100 50)", connect_gaps_m=0)) == (4, 2, 2)


def test_lengths_are_as_drawn():
    network = built("LINESTRING (0 0, 30 40, 60 0)", "LINESTRING (60 0.0009, 60 50)")
    assert sorted(network.edge_length_m.round(4)) == [49.9991, 100.0]


def test_an_end_on_a_street_meets_it():
    assert size(built(ALONG, "LINESTRING (50 0, 50 50)")) == (4, 3, 1)


def test_two_ends_on_a_street_meet_it():
    # They share a vertex with each other, but none with the street they end on.
    network = built(ALONG, "LINESTRING (50 0, 50 50)", "LINESTRING (50 0, 50 -50)")
    assert size(network) == (5, 4, 1)


def test_an_end_on_a_street_is_no_gap():
    assert codes(built(ALONG, "LINESTRING (50 0, 50 50)")) == []


def test_an_end_on_a_slanted_street_meets_it():
    assert size(built("LINESTRING (0 0, 90 70)", "LINESTRING (45 35, 50 90)", connect_gaps_m=0)) == (4, 3, 1)


def test_bare_crossings_do_not_meet():
    assert size(built(ALONG, "LINESTRING (50 -50, 50 50)")) == (4, 2, 2)


def test_bare_crossings_are_listed():
    network = built(ALONG, "LINESTRING (50 -50, 50 50)", id=["a", "b"])
    assert network.bare_crossings[["x", "y", "is_same_level"]].to_numpy().tolist() == [[50, 0, True]]
    assert codes(network).count("bare_crossing") == 1


def test_bare_crossings_meet_where_that_is_asked():
    network = built(ALONG, "LINESTRING (50 -50, 50 50)", node_crossings=True)
    assert size(network) == (5, 4, 1)
    assert codes(network) == []


def test_streets_that_cross_twice_meet_twice_where_that_is_asked():
    network = built(ALONG, "LINESTRING (20 -50, 20 50, 60 50, 60 -50)", node_crossings=True)
    assert size(network) == (6, 6, 1)


def test_streets_at_different_levels_do_not_meet_even_where_that_is_asked():
    network = built(ALONG, "LINESTRING (50 -50, 50 50)", level=[0, 1], node_crossings=True)
    assert network.part_count == 2
    assert network.bare_crossings["is_same_level"].tolist() == [False]
    assert "bare_crossing" not in codes(network)


def test_a_flyover_does_not_meet_the_ground_even_at_a_shared_vertex():
    network = built("LINESTRING (0 0, 50 0, 100 0)", "LINESTRING (50 -50, 50 0, 50 50)", level=[0, 1])
    assert size(network) == (4, 2, 2)


def test_a_ramp_meets_the_ground_where_it_ends_at_a_vertex():
    assert size(built("LINESTRING (0 0, 50 0, 100 0)", "LINESTRING (50 0, 50 50)", level=[0, 1])) == (4, 3, 1)


def test_a_ramp_meets_the_ground_where_it_ends_on_a_street():
    assert size(built(ALONG, "LINESTRING (50 0, 50 50)", level=[0, 1])) == (4, 3, 1)


def test_a_street_on_the_ground_that_ends_under_a_flyover_does_not_meet_it():
    assert size(built(ALONG, "LINESTRING (50 0, 50 50)", level=[1, 0])) == (4, 2, 2)


def test_a_tunnel_meets_the_ground_where_it_ends():
    network = built(
        "LINESTRING (0 0, 50 0)", "LINESTRING (50 0, 90 0)", "LINESTRING (90 0, 99 0)", level=[0, -1, 0]
    )
    assert size(network) == (4, 3, 1)


def test_flyovers_of_one_level_meet():
    network = built("LINESTRING (0 0, 50 0, 100 0)", "LINESTRING (50 -50, 50 0, 50 50)", level=[2, 2])
    assert size(network) == (5, 4, 1)


def test_a_ramp_that_ends_on_a_flyover_and_the_street_below_part():
    # The level-1 ramp ends at the level-1 flyover's vertex; the ground street there passes beneath both.
    network = built(
        "LINESTRING (0 0, 50 0, 100 0)",
        "LINESTRING (50 -50, 50 0, 50 50)",
        "LINESTRING (50 0, 90 60)",
        level=[0, 1, 1],
    )
    assert network.part_count == 1


def test_a_small_gap_is_joined_and_listed():
    network = built(ALONG, "LINESTRING (50 0.8, 50 50)", id=["a", "b"])
    assert size(network) == (5, 4, 1)
    assert network.audit[["code", "feature_id"]].to_numpy().tolist() == [["gap_joined", "b"]]
    assert network.audit["values"].iloc[0] == {"other": "a", "gap_m": 0.8}


def test_a_gap_is_walked():
    network = built(ALONG, "LINESTRING (50 0.8, 50 50)")
    assert network.edge_length_m.sum() == pytest.approx(150)


def test_a_gap_between_two_ends_is_joined_once():
    network = built("LINESTRING (0 0, 50 0)", "LINESTRING (50.8 0, 100 0)")
    assert size(network) == (4, 3, 1)
    assert codes(network) == ["gap_joined"]


def test_a_wide_gap_is_left():
    assert built(ALONG, "LINESTRING (50 1.2, 50 50)").part_count == 2


def test_how_wide_a_gap_is_joined_may_be_chosen():
    assert built(ALONG, "LINESTRING (50 4, 50 50)", connect_gaps_m=5).part_count == 1


def test_no_gap_is_joined_where_that_is_asked():
    assert built(ALONG, "LINESTRING (50 0.01, 50 50)", connect_gaps_m=0).part_count == 2


def test_a_gap_between_levels_is_left():
    assert built(ALONG, "LINESTRING (50 0.8, 50 50)", level=[1, 0]).part_count == 2


@pytest.mark.parametrize("end_y", [0.8, 0.5, 0.4])
def test_a_gap_through_a_wall_is_left(end_y):
    # The wall stands at y = 0.4: the end lies beyond it, or on it.
    streets = frame(ALONG, f"LINESTRING (50 {end_y}, 50 50)")
    town = TinyTown(streets=streets, barriers=frame("LINESTRING (0 0.4, 100 0.4)"))
    assert walk_network(town).part_count == 2


def test_a_gap_over_water_is_left():
    streets = frame(ALONG, "LINESTRING (50 0.8, 50 50)")
    town = TinyTown(streets=streets, water=frame("POLYGON ((0 0.2, 100 0.2, 100 0.6, 0 0.6, 0 0.2))"))
    assert walk_network(town).part_count == 2


def test_the_nearest_street_is_joined_where_several_are_near():
    network = built(ALONG, "LINESTRING (0 1.5, 100 1.5)", "LINESTRING (50 0.9, 40 0.9)")
    [found] = network.audit[network.audit["code"] == "gap_joined"]["values"].tolist()[:1]
    assert found["gap_m"] == 0.6


def test_a_street_that_meets_itself_is_split_there():
    assert size(built("LINESTRING (0 0, 50 0, 50 50, 0 50, 50 0, 99 0)")) == (3, 3, 1)


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("end", ["50 0", "50 0.0009"])
def test_a_street_that_ends_on_its_own_middle_meets_itself_there(end, is_turned):
    line = shapely.from_wkt(f"LINESTRING (0 0, 100 0, 100 50, 50 50, {end})")
    network = built(line.reverse() if is_turned else line)
    assert size(network) == (2, 2, 1)
    # 50 m to the turn, then 50 + 50 + 50 + 50 m round.
    assert sorted(network.edge_length_m) == pytest.approx([50, 200], abs=2e-3)


def test_a_street_with_both_ends_on_its_own_middle_meets_itself_twice():
    assert size(built("LINESTRING (20 0, 20 9, 0 9, 0 0, 100 0, 100 9, 50 9, 50 0)")) == (2, 3, 1)


def test_a_street_that_crosses_itself_does_not_meet_itself():
    assert size(built("LINESTRING (0 0, 100 0, 100 50, 50 50, 50 -50)")) == (2, 1, 1)


def test_a_loop_is_one_edge():
    network = built("LINESTRING (0 0, 50 0, 50 50, 0 0)")
    assert size(network) == (1, 1, 1)
    assert network.edge_nodes.tolist() == [[0, 0]]


def test_parallel_streets_are_both_kept():
    assert size(built(ALONG, "LINESTRING (0 0, 50 20, 100 0)")) == (2, 2, 1)


def test_one_street_drawn_twice_is_kept_twice():
    assert size(built(ALONG, ALONG)) == (2, 2, 1)


def test_parts_of_a_multipart_street_are_all_kept():
    assert size(built("MULTILINESTRING ((0 0, 50 0), (50 0, 90 9))")) == (3, 2, 1)


def test_parts_are_numbered_from_the_largest_on():
    network = built("LINESTRING (0 50, 9 50)", "LINESTRING (0 0, 50 0)", "LINESTRING (50 0, 99 0)")
    assert network.node_part[network.node_xy[:, 1] == 0].tolist() == [0, 0, 0]
    assert network.node_part[network.node_xy[:, 1] == 50].tolist() == [1, 1]


def test_parts_beside_the_largest_are_listed():
    network = built("LINESTRING (0 50, 9 50)", "LINESTRING (0 0, 50 0)", "LINESTRING (50 0, 99 0)")
    [values] = network.audit[network.audit["code"] == "separate_part"]["values"]
    assert values == {"part": 1, "length_m": 9}


@LAWS
@given(street_layouts(), st.integers(0, 99))
def test_the_network_is_the_same_bytes_whatever_the_order_of_rows(layout, seed):
    streets = layout[0].assign(id=lambda table: [f"s{row:03}" for row in range(len(table))])
    one, other = walk_network(streets), walk_network(streets.sample(frac=1, random_state=seed))
    assert one.node_xy.tobytes() == other.node_xy.tobytes()
    assert one.edge_nodes.tobytes() == other.edge_nodes.tobytes()
    assert shapely.to_wkb(one.edge_lines).tolist() == shapely.to_wkb(other.edge_lines).tolist()
    assert one.edges.to_csv() == other.edges.to_csv()
    assert one.audit.to_csv() == other.audit.to_csv()


@LAWS
@given(street_layouts())
def test_splitting_at_nodes_neither_adds_nor_loses_length(layout):
    streets, _ = layout
    network = walk_network(streets, connect_gaps_m=0)
    assert network.edge_length_m.sum() == pytest.approx(streets.length.sum())


@LAWS
@given(street_layouts(), st.booleans())
def test_every_edge_runs_from_its_first_node_to_its_last(layout, node_crossings):
    network = walk_network(layout[0], connect_gaps_m=5, node_crossings=node_crossings)
    ends = np.stack(
        [shapely.get_coordinates(shapely.get_point(network.edge_lines, at)) for at in (0, -1)], axis=1
    )
    assert np.abs(ends - network.node_xy[network.edge_nodes]).max() <= 1e-3


@LAWS
@given(street_layouts())
def test_noding_crossings_leaves_none_bare(layout):
    network = walk_network(layout[0], node_crossings=True)
    xy = network.bare_crossings[["x", "y"]].to_numpy()
    gap = [np.hypot(*(network.node_xy - point).T).min() for point in xy]
    assert all(distance <= 1e-3 for distance in gap)


def test_a_grid_drawn_in_long_lines_equals_one_drawn_in_short_ones_with_crossings_noded():
    short = walk_network(grid(4, 4, 50))
    long = walk_network(
        frame(
            *[f"LINESTRING (0 {at}, 150 {at})" for at in (0, 50, 100, 150)],
            *[f"LINESTRING ({at} 0, {at} 150)" for at in (0, 50, 100, 150)],
        ),
        node_crossings=True,
    )
    assert size(short) == size(long) == (16, 24, 1)
