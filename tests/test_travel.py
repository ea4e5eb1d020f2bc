"""Walking times: equal to networkx, exact inside edges, limits included."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from network_towns import frame, grid, inserted, scattered, street_layouts, walked

from fengmao_geo.errors import UsageError
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.travel import travel_times
from fengmao_geo.standards.load import walker

WUHAN = Path(__file__).parents[2] / "shared" / "data" / "wuhan_streets.parquet"
LAWS = settings(max_examples=40, deadline=None, derandomize=True)


def minutes(table):
    keys = zip(table["origin_id"], table["destination_id"], strict=True)
    return dict(zip(keys, table["travel_min"], strict=True))


def same_minutes(ours, theirs, limit_min):
    """Equal to 1e-6 min; only a pair on the very limit may be on one side alone."""
    assert {pair for pair, value in theirs.items() if value < limit_min - 1e-6} <= set(ours)
    assert set(ours) <= set(theirs)
    assert all(abs(value - theirs[pair]) <= 1e-6 for pair, value in ours.items())


@LAWS
@given(street_layouts())
def test_all_pairs_equal_networkx_with_the_places_inserted_as_nodes(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    one, other = scattered(noise, streets, 9, prefix="a"), scattered(noise, streets, 7, prefix="b")
    theirs = {pair: m / 60 for pair, m in walked(streets, one, other, limit_m=601).items()}
    same_minutes(minutes(travel_times(network, one, other, limit_min=10)), theirs, 10)


@LAWS
@given(street_layouts())
def test_the_nearest_equals_networkx(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    homes, shops = scattered(noise, streets, 20, prefix="a"), scattered(noise, streets, 4, prefix="b")
    theirs = pd.Series({pair: m / 60 for pair, m in walked(streets, homes, shops, limit_m=6000).items()})
    ours = travel_times(network, homes, shops, limit_min=99, nearest=1).set_index("origin_id")["travel_min"]
    best = theirs.groupby(level=0).min() if len(theirs) else theirs
    assert set(ours.index) == set(best.index)
    assert np.allclose(ours.sort_index(), best.sort_index(), rtol=0, atol=1e-6)


@LAWS
@given(street_layouts())
def test_the_k_nearest_equal_networkx(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    homes, shops = scattered(noise, streets, 5, prefix="a"), scattered(noise, streets, 8, prefix="b")
    theirs = pd.Series({pair: m / 60 for pair, m in walked(streets, homes, shops, limit_m=6000).items()})
    ours = travel_times(network, homes, shops, limit_min=99, nearest=3)
    for home, rows in theirs.groupby(level=0) if len(theirs) else ():
        got = ours[ours["origin_id"] == home]["travel_min"]
        assert np.allclose(got, rows.sort_values()[:3], rtol=0, atol=1e-6)


@LAWS
@given(street_layouts())
def test_there_and_back_take_the_same_time(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    one = attach(network, scattered(noise, streets, 6, prefix="a"))
    other = attach(network, scattered(noise, streets, 9, prefix="b"))
    there = minutes(travel_times(network, one, other, limit_min=99))
    back = {
        pair[::-1]: value for pair, value in minutes(travel_times(network, other, one, limit_min=99)).items()
    }
    same_minutes(there, back, 99)


@pytest.fixture(scope="module")
def wuhan():
    if not WUHAN.exists():
        pytest.skip("../shared/data/wuhan_streets.parquet is not here")
    return walk_network(gpd.read_parquet(WUHAN)[["geometry"]])


def test_two_thousand_pairs_on_the_streets_of_wuhan_equal_networkx(wuhan):
    noise = np.random.default_rng(7)
    tree, middle = _middles(wuhan)
    starts = noise.choice(len(middle), 270, replace=False)
    ends = [noise.choice(tree.query(shapely.Point(middle[row]).buffer(500)), 10) for row in starts]
    one = _near(wuhan, middle[starts], noise, "a")
    other = _near(wuhan, middle[np.concatenate(ends)], noise, "b")
    found = minutes(travel_times(wuhan, one, other, limit_min=20))
    asked = {(f"a{row // 10:04}", f"b{row:04}") for row in range(2700)}
    assert wuhan.part_count == 1
    theirs = _walked_around(wuhan, tree, one, other, limit_m=1201)
    assert len(theirs) >= 2_000
    same_minutes({pair: found[pair] for pair in asked & set(found)}, theirs, 20)


def _middles(network):
    middle = shapely.line_interpolate_point(network.edge_lines, 0.37, normalized=True)
    return shapely.STRtree(network.edge_lines), shapely.get_coordinates(middle)


def _near(network, xy, noise, prefix):
    points = shapely.points(xy + noise.normal(0, 10, xy.shape))
    return gpd.GeoDataFrame(
        {"id": [f"{prefix}{row:04}" for row in range(len(xy))]}, geometry=points, crs=network.crs
    )


def _walked_around(network, tree, one, other, *, limit_m):
    """Ask networkx for each origin's ten destinations, on the streets around the origin."""
    found = {}
    for row in range(len(one)):
        edges = np.sort(tree.query(one.geometry.iloc[row].buffer(limit_m + 100)))
        lines, pairs = network.edge_lines[edges], network.edge_nodes[edges].tolist()
        here, ten = one[row : row + 1], other[10 * row : 10 * row + 10]
        # All of Wuhan is one connected part, so a place is joined to the nearest street of all.
        metres = inserted(lines, pairs, [range(len(edges))], here, ten, limit_m=limit_m)
        found |= {pair: m / 60 for pair, m in metres.items()}
    return found


@pytest.mark.parametrize("who", ["standard", "wheels"])
def test_a_thousand_pairs_on_the_streets_of_the_sample_town_equal_networkx(shuixiang_network, who):
    streets = shuixiang_network
    noise = np.random.default_rng(5)
    usable = streets.takes_legs & ~streets.edges["is_steps"].to_numpy(dtype=bool)
    edges = noise.choice(np.flatnonzero(usable), 90, replace=False)
    points = shapely.line_interpolate_point(streets.edge_lines[edges], 0.41, normalized=True)
    ids = [f"p{row:02}" for row in range(90)]
    both = gpd.GeoDataFrame({"id": ids}, geometry=points, crs=streets.crs)
    made = attach(streets, both, max_leg_m=1e-6)
    kept = np.flatnonzero(streets.usable(walker(who)))
    lines, pairs = streets.edge_lines[kept], streets.edge_nodes[kept].tolist()
    here = [np.flatnonzero(np.isin(kept, np.flatnonzero(usable)))]
    theirs = inserted(lines, pairs, here, both[:30], both[30:], limit_m=1801)
    assert len(theirs) > 1_000
    speed = walker(who).speed_m_min
    one, other = (made.take(np.isin(ids, list(half["id"]))) for half in (both[:30], both[30:]))
    found = minutes(travel_times(streets, one, other, limit_min=1800 / speed, walker=who))
    same_minutes(found, {pair: m / speed for pair, m in theirs.items()}, 1800 / speed)


@pytest.fixture(scope="module")
def street():
    return walk_network(frame("LINESTRING (0 0, 900 0)"))


def places(*wkt, **columns):
    return frame(*wkt, id=[f"p{row}" for row in range(len(wkt))], **columns)


def test_three_hundred_metres_is_five_minutes(street):
    table = travel_times(street, places("POINT (0 0)"), places("POINT (300 0)"), limit_min=5)
    assert table[["travel_min", "distance_m"]].to_numpy().tolist() == [[5.0, 300.0]]


def test_legs_count_as_walked(street):
    table = travel_times(street, places("POINT (100 20)"), places("POINT (200 -40)"), limit_min=5)
    assert table["distance_m"].tolist() == [160.0]


def test_a_limit_is_met_up_to_a_billionth_of_itself(street):
    shops = places("POINT (300.0000002 0)", "POINT (300.000001 0)")
    assert travel_times(street, places("POINT (0 0)"), shops, limit_min=5)["destination_id"].tolist() == [
        "p0"
    ]


def test_a_limit_is_met_up_to_a_billionth_when_only_the_nearest_is_asked(street):
    shops = places("POINT (300.0000002 0)")
    assert len(travel_times(street, places("POINT (0 0)"), shops, limit_min=5, nearest=1)) == 1


def test_two_places_at_one_point_are_no_time_apart(street):
    assert travel_times(street, places("POINT (9 0)"), places("POINT (9 0)"), limit_min=1)[
        "travel_min"
    ].tolist() == [0]


def test_a_place_on_a_node_starts_there_at_no_cost():
    network = walk_network(frame("LINESTRING (0 0, 60 0)", "LINESTRING (60 0, 60 60)"))
    table = travel_times(network, places("POINT (60 0)"), places("POINT (0 0)", "POINT (60 60)"), limit_min=1)
    assert table["travel_min"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("nearest", [None, 1])
def test_legs_of_no_length_are_walked(nearest):
    # The place is on the node from where both streets start: its arcs to them have no length.
    network = walk_network(frame("LINESTRING (0 0, 60 0)", "LINESTRING (0 0, 0 60)"))
    table = travel_times(network, places("POINT (0 60)"), places("POINT (0 0)"), limit_min=2, nearest=nearest)
    assert table["travel_min"].tolist() == [1.0]


def test_of_parallel_streets_the_shorter_is_walked():
    network = walk_network(
        frame("LINESTRING (0 0, 0 40, 100 40, 100 0)", "LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 160 0)")
    )
    table = travel_times(network, places("POINT (0 0)"), places("POINT (160 0)"), limit_min=9)
    assert table["distance_m"].tolist() == [160.0]


def test_a_loop_is_walked_the_shorter_way_round():
    network = walk_network(frame("LINESTRING (0 0, 100 0, 100 100, 0 100, 0 0)", "LINESTRING (0 0, -60 0)"))
    table = travel_times(
        network, places("POINT (-60 0)"), places("POINT (0 90)", "POINT (90 0)"), limit_min=9
    )
    assert table["distance_m"].tolist() == [150.0, 150.0]


def test_two_places_on_one_loop_may_walk_through_its_seam():
    network = walk_network(frame("LINESTRING (0 0, 100 0, 100 100, 0 100, 0 0)"))
    table = travel_times(network, places("POINT (10 0)"), places("POINT (0 10)"), limit_min=9)
    assert table["distance_m"].tolist() == [20.0]


def test_the_way_round_is_taken_where_an_edge_is_longer_than_its_parallel():
    # On the long edge the two places are 180 m apart; by its ends and the short edge 10 + 20 + 10.
    network = walk_network(frame("LINESTRING (0 0, 0 90, 20 90, 20 0)", "LINESTRING (0 0, 20 0)"))
    table = travel_times(network, places("POINT (0 10)"), places("POINT (20 10)"), limit_min=9)
    assert table["distance_m"].tolist() == [40.0]


def test_wheels_cannot_use_steps():
    network = walk_network(
        frame("LINESTRING (0 0, 96 0)", "LINESTRING (0 0, 0 48, 96 48, 96 0)", is_steps=[True, False])
    )
    ends = places("POINT (0 48)"), places("POINT (96 48)")
    by_steps = travel_times(network, places("POINT (0 1)"), places("POINT (96 1)"), limit_min=9)
    by_wheels = travel_times(network, *ends, limit_min=9, walker="wheels")
    assert by_steps["distance_m"].tolist() == [98.0]
    assert by_wheels["distance_m"].tolist() == [96.0]
    assert by_wheels["travel_min"].tolist() == [2.0]


def test_steps_part_the_town_for_wheels():
    network = walk_network(
        frame(
            "LINESTRING (0 0, 100 0)",
            "LINESTRING (100 0, 120 0)",
            "LINESTRING (120 0, 200 0)",
            is_steps=[0, 1, 0],
        )
    )
    ends = places("POINT (10 0)"), places("POINT (190 0)")
    assert len(travel_times(network, *ends, limit_min=9)) == 1
    assert travel_times(network, *ends, limit_min=9, walker="wheels").empty


def test_wheels_do_not_start_on_steps():
    network = walk_network(frame("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 120 0)", is_steps=[0, 1]))
    ends = places("POINT (115 0)"), places("POINT (0 0)")
    assert travel_times(network, *ends, limit_min=9, walker="wheels", nearest=1).empty


def test_an_unattached_place_is_listed_with_nothing(street):
    table = travel_times(street, places("POINT (0 0)", "POINT (0 500)"), places("POINT (9 0)"), limit_min=30)
    assert table["origin_id"].tolist() == ["p0"]


@pytest.mark.parametrize("nearest", [None, 1, 2])
@pytest.mark.parametrize("empty", ["origins", "destinations", "both"])
def test_without_places_nothing_is_reached(street, empty, nearest):
    some, none = places("POINT (0 0)"), places("POINT (0 0)")[:0]
    origins, destinations = none if empty != "destinations" else some, none if empty != "origins" else some
    table = travel_times(street, origins, destinations, limit_min=5, nearest=nearest)
    assert table.columns.tolist() == ["origin_id", "destination_id", "travel_min", "distance_m"]
    assert table.empty


@pytest.mark.parametrize("nearest", [None, 1])
def test_without_an_attached_destination_nothing_is_reached(street, nearest):
    table = travel_times(street, places("POINT (0 0)"), places("POINT (0 999)"), limit_min=5, nearest=nearest)
    assert table.empty


def test_the_nearest_two_come_in_the_order_of_time_then_id(street):
    shops = places("POINT (300 0)", "POINT (100 0)", "POINT (200 0)", "POINT (0 0)")
    table = travel_times(street, places("POINT (150 0)"), shops, limit_min=9, nearest=2)
    assert table["destination_id"].tolist() == ["p1", "p2"]


@pytest.mark.parametrize(("homes", "shops"), [(9, 5), (5, 9)])
def test_sorting_some_pairs_at_a_time_gives_the_same_table(monkeypatch, homes, shops):
    streets, noise = grid(5, 5, 40), np.random.default_rng(1)
    town = walk_network(streets)
    places = [scattered(noise, streets, count, prefix="p") for count in (homes, shops)]
    whole = travel_times(town, *places, limit_min=15)
    in_order = whole.sort_values(["origin_id", "distance_m", "destination_id"], ignore_index=True)
    pd.testing.assert_frame_equal(whole, in_order, check_exact=True)
    for at_once in (1, 3, len(whole)):
        monkeypatch.setattr("fengmao_geo.network.travel._SORTED_AT_ONCE", at_once)
        pd.testing.assert_frame_equal(travel_times(town, *places, limit_min=15), whole, check_exact=True)


def test_of_equally_near_destinations_on_one_street_the_smaller_id_is_taken(street):
    shops = places("POINT (200 0)", "POINT (100 0)")
    table = travel_times(street, places("POINT (150 0)"), shops, limit_min=9, nearest=1)
    assert table["destination_id"].tolist() == ["p0"]


def test_of_equally_near_destinations_past_crossings_the_smaller_id_is_taken():
    network = walk_network(
        frame("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)", "LINESTRING (200 0, 300 0)")
    )
    shops = places("POINT (250 0)", "POINT (50 0)")
    table = travel_times(network, places("POINT (150 0)"), shops, limit_min=9, nearest=1)
    assert table["destination_id"].tolist() == ["p0"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_of_equally_near_destinations_behind_one_crossing_the_smaller_id_is_taken(order):
    # Four arms of 100 m, a shop at the end of each; the home is two crossings away.
    ends = [(200, 100), (200, -100), (300, 0), (260, 80)]
    arms = [f"LINESTRING (200 0, {x} {y})" for x, y in ends]
    network = walk_network(frame("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)", *arms))
    shops = places(*[f"POINT ({ends[at][0]} {ends[at][1]})" for at in order])
    table = travel_times(network, places("POINT (30 0)"), shops, limit_min=9, nearest=1)
    assert table["destination_id"].tolist() == ["p0"]


def test_of_two_destinations_in_one_building_the_smaller_id_is_taken():
    network = walk_network(frame("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)"))
    shops = places("POINT (150 9)", "POINT (150 9)", "POINT (150 9)")
    table = travel_times(network, places("POINT (30 0)"), shops, limit_min=9, nearest=1)
    assert table["destination_id"].tolist() == ["p0"]


def test_more_minutes_never_reach_less(street):
    shops = places(*[f"POINT ({x} 0)" for x in range(0, 900, 50)])
    reached = [set(minutes(travel_times(street, shops[:3], shops, limit_min=limit))) for limit in (1, 5, 10)]
    assert reached[0] <= reached[1] <= reached[2]


def test_the_answer_is_the_same_bytes_whatever_the_row_order():
    streets = grid(5, 5, 40)
    streets = streets.assign(id=[f"s{row}" for row in range(len(streets))])
    noise = np.random.default_rng(1)
    homes, shops = scattered(noise, streets, 12, prefix="a"), scattered(noise, streets, 12, prefix="b")
    tables = [
        travel_times(
            walk_network(streets.sample(frac=1, random_state=seed)),
            homes.sample(frac=1, random_state=seed),
            shops.sample(frac=1, random_state=seed),
            limit_min=15,
        )
        for seed in (1, 2, 3)
    ]
    assert len({table.to_csv(float_format="%r") for table in tables}) == 1


def test_attachments_made_once_give_the_same_answer(street):
    homes, shops = places("POINT (10 5)", "POINT (500 3)"), places("POINT (70 8)", "POINT (880 0)")
    fresh = travel_times(street, homes, shops, limit_min=20)
    again = travel_times(street, attach(street, homes), attach(street, shops), limit_min=20)
    pd.testing.assert_frame_equal(fresh, again)


def test_places_given_are_left_as_they_were(street):
    homes = places("POINT (10 5)", "POINT (500 3)")
    before = homes.copy()
    travel_times(street, homes, homes, limit_min=20)
    pd.testing.assert_frame_equal(homes, before)


def test_a_stretch_is_reached_at_its_nearest_point(street):
    park = Attachments(
        np.array(["park"], dtype=object),
        np.array([0]),
        np.array([0]),
        np.array([200.0]),
        np.array([400.0]),
        np.array([0.0]),
        100.0,
    )
    homes = places("POINT (100 0)", "POINT (300 0)", "POINT (450 0)")
    assert travel_times(street, homes, park, limit_min=9)["distance_m"].tolist() == [100.0, 0.0, 50.0]
    assert travel_times(street, park, homes, limit_min=9)["distance_m"].tolist() == [0.0, 50.0, 100.0]


@pytest.mark.parametrize("limit_min", [0, -5, np.nan, np.inf])
def test_a_limit_that_is_no_time_is_refused(street, limit_min):
    with pytest.raises(UsageError, match="limit_min"):
        travel_times(street, places("POINT (0 0)"), places("POINT (0 0)"), limit_min=limit_min)


def test_fewer_than_one_nearest_is_refused(street):
    with pytest.raises(UsageError, match="nearest"):
        travel_times(street, places("POINT (0 0)"), places("POINT (0 0)"), limit_min=5, nearest=0)
