"""The network itself: counts, read-only arrays, columns, networkx and osmnx, errors."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from network_towns import TinyTown, frame, grid, scattered, street_layouts

from fengmao_geo.errors import NetworkError, UsageError
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.travel import travel_times
from fengmao_geo.network.walk_network import EDGE_COLUMNS, WalkNetwork, assemble
from fengmao_geo.standards.load import walker

LAWS = settings(max_examples=30, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
SQUARE = (
    "LINESTRING (0 0, 100 0)",
    "LINESTRING (100 0, 100 100)",
    "LINESTRING (100 100, 0 100)",
    "LINESTRING (0 100, 0 0)",
)


@pytest.fixture(scope="module")
def square():
    return walk_network(frame(*SQUARE, id=list("abcd"), is_steps=[False, True, False, False]))


def test_it_counts_its_nodes_edges_and_parts(square):
    assert repr(square) == "<WalkNetwork: 4 nodes, 4 edges, 1 connected parts>"


def test_barriers_count_their_lines_and_areas():
    water = frame("POLYGON ((0 9, 9 9, 9 18, 0 9))", "POLYGON ((50 9, 59 9, 59 18, 50 9))")
    wall = frame("LINESTRING (0 5, 20 5)")
    barriers = walk_network(TinyTown(streets=frame(*SQUARE), water=water, barriers=wall)).barriers
    assert repr(barriers) == "<Barriers: 1 lines, 2 areas>"


def test_its_arrays_cannot_be_written(square):
    for array in (
        square.node_xy,
        square.node_part,
        square.edge_nodes,
        square.edge_lines,
        square.edge_length_m,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]


def test_its_fields_cannot_be_set(square):
    with pytest.raises(AttributeError):
        square.extent = None


def test_edges_carry_their_street_and_its_kind(square):
    assert square.edges.columns.tolist() == list(EDGE_COLUMNS)
    assert sorted(square.edges["street_id"]) == list("abcd")
    assert square.edges.set_index("street_id")["is_steps"].to_dict() == {
        "a": False,
        "b": True,
        "c": False,
        "d": False,
    }


def test_all_edges_are_usable_but_steps_for_wheels(square):
    assert square.usable(walker("standard")).all()
    assert square.usable(walker("wheels")).tolist() == (square.edges["street_id"] != "b").tolist()


def test_the_matrix_holds_the_shorter_of_parallel_edges():
    network = walk_network(frame("LINESTRING (0 0, 0 60, 100 60, 100 0)", "LINESTRING (0 0, 100 0)"))
    assert network.matrix(walker("standard")).toarray().tolist() == [[0, 100], [100, 0]]


def test_loops_are_not_in_the_matrix():
    network = walk_network(frame("LINESTRING (0 0, 9 0, 9 9, 0 0)", "LINESTRING (0 0, -9 0)"))
    assert network.matrix(walker("standard")).nnz == 2


def test_streets_need_no_columns():
    assert len(walk_network(frame(*SQUARE)).edge_lines) == 4


def test_empty_cells_are_filled():
    network = walk_network(
        frame(
            *SQUARE,
            level=[None, 0, np.nan, 0],
            is_bridge=[None, True, False, None],
            is_walkable=[None, True, True, None],
        )
    )
    assert network.edges["level"].tolist() == [0, 0, 0, 0]
    assert network.edges["is_bridge"].sum() == 1


def test_streets_with_heights_are_flat():
    network = walk_network(frame("LINESTRING Z (0 0 5, 30 40 99)"))
    assert network.edge_length_m.tolist() == [50]
    assert not shapely.has_z(network.edge_lines).any()


def test_streets_that_are_not_walkable_are_left_out_and_listed():
    network = walk_network(frame(*SQUARE, id=list("abcd"), is_walkable=[True, False, True, None]))
    assert sorted(network.edges["street_id"]) == list("acd")
    assert network.audit[["severity", "code", "feature_id"]].to_numpy().tolist() == [
        ["excluded", "street_not_walkable", "b"]
    ]


def test_rows_in_are_rows_used_and_rows_excluded():
    streets = frame(
        *SQUARE,
        "LINESTRING (5 5, 5 5)",
        None,
        "LINESTRING EMPTY",
        id=list("abcdefg"),
        is_walkable=[0, 1, 1, 1, 1, 1, 0],
    )
    network = walk_network(streets)
    excluded = network.audit[network.audit["severity"] == "excluded"]
    assert sorted(excluded["feature_id"]) == list("aefg")
    assert len(streets) == network.edges["street_id"].nunique() + len(excluded)


@pytest.mark.parametrize("shape", ["POINT (3 3)", "POLYGON ((0 0, 9 0, 9 9, 0 0))"])
def test_what_is_no_line_is_left_out_and_listed(shape):
    network = walk_network(frame(*SQUARE, shape, id=list("abcde")))
    assert len(network.edge_lines) == 4
    assert network.audit[["code", "feature_id"]].to_numpy().tolist() == [["street_not_line", "e"]]


def test_streets_are_left_as_they_were():
    streets = frame(*SQUARE, id=list("abcd"), level=[0, None, 1, 0])
    before = streets.copy()
    walk_network(streets, node_crossings=True)
    pd.testing.assert_frame_equal(streets, before)


def test_the_index_names_streets_without_ids():
    assert sorted(walk_network(frame(*SQUARE, index=list("wxyz"))).edges["street_id"]) == list("wxyz")


def test_a_town_gives_its_extent():
    extent = shapely.box(-9, -9, 50, 200)
    network = walk_network(TinyTown(streets=frame(*SQUARE), extent=extent))
    assert network.extent.equals(extent)
    assert network.boundary["at_m"].round(6).tolist() == [50.0, 50.0]


def test_the_audit_is_a_table_of_findings(square):
    assert square.audit.columns.tolist()[:5] == ["layer", "feature_id", "column", "code", "severity"]
    assert square.audit.empty


# networkx and osmnx


def test_edges_go_both_ways_in_networkx(square):
    graph = square.to_networkx()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (4, 8)


def test_osmnx_measures_the_graph(square):
    stats = ox.basic_stats(square.to_networkx())
    assert (stats["n"], stats["street_length_total"], stats["edge_length_total"]) == (4, 400, 800)


def test_osmnx_finds_nodes_of_the_graph(square):
    node = ox.nearest_nodes(square.to_networkx(), 98, 97)
    assert square.node_xy[node].tolist() == [100, 100]


def test_osmnx_finds_edges_of_the_graph(square):
    u, v, _ = ox.nearest_edges(square.to_networkx(), 50, 3)
    assert {tuple(square.node_xy[u]), tuple(square.node_xy[v])} == {(0, 0), (100, 0)}


def test_osmnx_finds_paths_in_the_graph(square):
    graph = square.to_networkx()
    ends = [int(np.flatnonzero((square.node_xy == xy).all(axis=1))[0]) for xy in ((0, 0), (100, 100))]
    path = ox.shortest_path(graph, *ends)
    assert len(path) == 3
    assert nx.path_weight(graph, path, "length") == 200


def test_osmnx_gives_tables_of_the_graph(square):
    nodes, edges = ox.graph_to_gdfs(square.to_networkx())
    assert nodes.crs == edges.crs == square.crs
    assert edges["length"].sum() == 800
    assert set(edges["osmid"]) == set("abcd")


def test_a_loop_goes_once_into_networkx():
    network = walk_network(frame("LINESTRING (0 0, 9 0, 9 9, 0 0)"))
    assert network.to_networkx().number_of_edges() == 1


def test_edges_of_the_graph_are_drawn_from_their_first_node(square):
    graph = square.to_networkx()
    for u, v, line in graph.edges(data="geometry"):
        assert line.coords[0] == tuple(square.node_xy[u])
        assert line.coords[-1] == tuple(square.node_xy[v])


@LAWS
@given(street_layouts())
def test_there_and_back_through_networkx_all_times_are_the_same(layout):
    streets, noise = layout
    streets = streets.assign(is_steps=[row % 4 == 0 for row in range(len(streets))])
    network = walk_network(streets, connect_gaps_m=0)
    again = WalkNetwork.from_networkx(network.to_networkx())
    one, other = scattered(noise, streets, 6, prefix="a"), scattered(noise, streets, 5, prefix="b")
    for who in ("standard", "wheels"):
        tables = [travel_times(net, one, other, limit_min=60, walker=who) for net in (network, again)]
        pd.testing.assert_frame_equal(*tables, check_exact=False, rtol=0, atol=1e-9)


def test_columns_come_back_through_networkx():
    network = walk_network(
        frame(
            *SQUARE,
            id=list("abcd"),
            level=[1, 0, 0, -1],
            is_bridge=[1, 0, 0, 0],
            is_tunnel=[0, 0, 0, 1],
            is_steps=[0, 0, 1, 0],
        )
    )
    again = WalkNetwork.from_networkx(network.to_networkx())
    one, other = (net.edges.sort_values("street_id", ignore_index=True) for net in (network, again))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


def osm_graph(**attributes):
    """A graph as osmnx makes it: ids of nodes as they come, reciprocal edges, some one-way, some without a line."""
    graph = nx.MultiDiGraph(crs="EPSG:32650")
    for node, x, y in ((77, 0, 0), (12, 100, 0), (5, 100, 100)):
        graph.add_node(node, x=x, y=y)
    bend = shapely.LineString([(100, 0), (130, 50), (100, 100)])
    graph.add_edge(77, 12, 0, osmid=1, length=100, reversed=False, oneway=False)
    graph.add_edge(12, 77, 0, osmid=1, length=100, reversed=True, oneway=False)
    graph.add_edge(12, 5, 0, osmid=[2, 3], length=bend.length, geometry=bend, oneway=True, **attributes)
    return graph


def test_an_osmnx_graph_is_taken():
    network = WalkNetwork.from_networkx(osm_graph())
    assert (len(network.node_xy), len(network.edge_lines), network.part_count) == (3, 2, 1)
    assert sorted(network.edge_length_m) == pytest.approx([100, 2 * np.hypot(30, 50)])


def test_one_way_streets_are_walked_both_ways():
    network = WalkNetwork.from_networkx(osm_graph())
    ends = [
        frame(f"POINT ({x} {y})", id=["p"]).set_crs("EPSG:32650", allow_override=True)
        for x, y in ((100, 100), (0, 0))
    ]
    there, back = (travel_times(network, *pair, limit_min=9)["distance_m"][0] for pair in (ends, ends[::-1]))
    assert [there, back] == pytest.approx([100 + 2 * np.hypot(30, 50)] * 2)


@pytest.mark.parametrize(
    ("attributes", "column", "value"),
    [
        ({"bridge": "yes"}, "is_bridge", True),
        ({"bridge": "no"}, "is_bridge", False),
        ({"tunnel": "building_passage"}, "is_tunnel", True),
        ({"highway": "steps"}, "is_steps", True),
        ({"highway": ["steps", "footway"]}, "is_steps", True),
        ({"layer": "1"}, "level", 1),
        ({"layer": "-1"}, "level", -1),
        ({"layer": "unknown"}, "level", 0),
    ],
)
def test_tags_of_an_osmnx_graph_are_read(attributes, column, value):
    edges = WalkNetwork.from_networkx(osm_graph(**attributes)).edges.set_index("street_id")
    assert edges[column][~edges.index.isin(["1"])].tolist() == [value]
    assert edges[column]["1"] == (0 if column == "level" else False)


def test_a_one_way_pair_drawn_apart_is_two_edges():
    graph = osm_graph()
    there = shapely.LineString([(0, 0), (50, 5), (100, 0)])
    graph.add_edge(77, 5, 0, osmid=9, geometry=there, length=there.length)
    graph.add_edge(12, 5, 1, osmid=8, length=100.0, geometry=shapely.LineString([(100, 0), (100, 100)]))
    assert len(WalkNetwork.from_networkx(graph).edge_lines) == 4


def test_an_undirected_graph_is_taken():
    assert len(WalkNetwork.from_networkx(osm_graph().to_undirected()).edge_lines) == 2


def test_an_osmnx_graph_is_left_as_it_was():
    graph = osm_graph()
    before = [(u, v, dict(data)) for u, v, data in graph.edges(data=True)]
    WalkNetwork.from_networkx(graph)
    assert [(u, v, dict(data)) for u, v, data in graph.edges(data=True)] == before


@pytest.mark.parametrize("crs", [None, "EPSG:4326"])
def test_a_graph_without_a_projected_crs_is_refused(crs):
    graph = osm_graph()
    graph.graph["crs"] = crs
    with pytest.raises(UsageError, match="project_graph"):
        WalkNetwork.from_networkx(graph)


# errors


def test_streets_without_a_crs_are_refused():
    with pytest.raises(UsageError, match="EPSG:4549"):
        walk_network(frame(*SQUARE).set_crs(None, allow_override=True))


def test_streets_in_degrees_are_refused():
    with pytest.raises(UsageError, match="EPSG:4549"):
        walk_network(frame(*SQUARE).set_crs("EPSG:4490", allow_override=True))


@pytest.mark.parametrize("option", ["connect_gaps_m", "gate_reach_m"])
@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_distances_below_nothing_are_refused(option, value):
    with pytest.raises(UsageError, match=option):
        walk_network(frame(*SQUARE), **{option: value})


def test_no_street_at_all_is_an_error():
    with pytest.raises(NetworkError):
        walk_network(frame(*SQUARE)[:0])


def test_no_street_to_walk_on_is_an_error_that_carries_the_findings():
    with pytest.raises(NetworkError) as caught:
        walk_network(frame(*SQUARE, is_walkable=[False] * 4))
    assert caught.value.findings["code"].tolist() == ["street_not_walkable"] * 4


def line_to_nowhere():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return shapely.LineString([(0, 0), (np.nan, 5)])


def test_an_edge_without_a_length_is_an_error_that_names_its_street():
    lines = np.array([line_to_nowhere(), shapely.LineString([(0, 0), (1, 1)])], dtype=object)
    edges = pd.DataFrame({"street_id": ["s7", "s8"]}).assign(**dict.fromkeys(EDGE_COLUMNS[1:], 0))
    nodes = {"node_xy": np.zeros((2, 2)), "edge_nodes": np.array([[0, 1], [0, 1]])}
    with pytest.raises(NetworkError) as caught:
        assemble(crs=frame().crs, edge_lines=lines, edges=edges, **nodes)
    assert caught.value.findings["feature_id"].tolist() == ["s7"]


def test_a_street_with_a_coordinate_that_is_no_number_is_an_error_that_names_it():
    with pytest.raises(NetworkError) as caught:
        walk_network(frame(*SQUARE, line_to_nowhere(), id=list("abcde")))
    assert caught.value.findings[["feature_id", "code"]].to_numpy().tolist() == [["e", "street_length"]]


def test_a_thousand_nodes_are_built_alike_from_a_grid():
    network = walk_network(grid(30, 34, 25))
    assert (len(network.node_xy), len(network.edge_lines)) == (1020, 29 * 34 + 30 * 33)


@pytest.mark.parametrize("angle", [0, 17, 33, 61, 88])
def test_a_street_clipped_at_the_boundary_of_the_extent_meets_it(angle):
    extent = shapely.affinity.rotate(shapely.box(0.1, 0.2, 997.3, 801.7), angle)
    middle = np.array(extent.centroid.coords[0])
    ways = np.stack([np.cos(np.arange(12.0)), np.sin(np.arange(12.0))], axis=1)
    streets = [
        shapely.intersection(shapely.LineString([middle, middle + 1500 * way]), extent) for way in ways
    ]
    network = walk_network(TinyTown(streets=frame(*streets), extent=extent))
    assert network.boundary["edge_id"].nunique() == 12
    at_m = network.boundary["at_m"] - network.edge_length_m[network.boundary["edge_id"]]
    # The streets start in the middle and may be turned; they meet the boundary at their other end.
    assert np.minimum(at_m.abs(), network.boundary["at_m"]).max() < 1e-3


def test_no_way_out_of_the_extent_lies_beyond_its_edge():
    noise = np.random.default_rng(3)
    steps = np.cumsum(noise.uniform(0, 9, (300, 12, 2)), axis=1)
    streets = [shapely.LineString(line - line[-1]) for line in steps + noise.uniform(0, 1, (300, 12, 1))]
    streets = [shapely.affinity.translate(line, 0, 7 * row) for row, line in enumerate(streets)]
    network = walk_network(TinyTown(streets=frame(*streets), extent=shapely.box(-500, -500, 0, 3000)))
    assert (network.boundary["at_m"] <= network.edge_length_m[network.boundary["edge_id"]]).all()
    assert len(network.boundary) >= 300
