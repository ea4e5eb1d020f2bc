"""Slopes and crossings: Tobler's figures, there and back, waits to the second, equal to networkx."""

from __future__ import annotations

from dataclasses import replace
from math import exp, hypot

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from network_towns import CRS, TinyTown, frame, grid, scattered, street_layouts, walked
from raster_towns import raster
from shapely import Point
from test_life_circles import EAST, street_town

import fengmao_geo as fg
from fengmao_geo.errors import UsageError
from fengmao_geo.geo.raster_points import values_at
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.costs import costs_of
from fengmao_geo.network.gates import open_gates
from fengmao_geo.network.scenario import with_links, without_links
from fengmao_geo.network.service_area import service_areas
from fengmao_geo.network.stretches import reached_stretches
from fengmao_geo.network.terrain import Terrain, heights_of
from fengmao_geo.network.travel import nearest_distances, travel_times
from fengmao_geo.standards.load import walker

LAWS = settings(max_examples=15, deadline=None, derandomize=True)
PLAIN = walker("standard")
#: One who walks as fast as Tobler's on the flat.
TOBLER = PLAIN.model_copy(update={"speed_km_h": 5.04, "slope": "tobler"})
HILLS = PLAIN.model_copy(update={"slope": "tobler"})
WAITER = PLAIN.model_copy(update={"signal_delay_s": 25.0, "crossing_delay_s": 7.5})
BOTH = WAITER.model_copy(update={"slope": "tobler"})


def flat(_x, _y):
    return 7.0


def lifted(network, height, *, crossings=()):
    """Give a network heights by a rule, and crossings: a point and whether it has a signal, each."""
    xy = np.unique(shapely.get_coordinates(network.edge_lines), axis=0)
    z_m = np.array([height(x, y) for x, y in xy.tolist()])
    points = np.array([Point(at) for at, _ in crossings], dtype=object)
    return replace(
        network, terrain=Terrain(xy, z_m, True, points, np.array([it for _, it in crossings], dtype=bool))
    )


def minutes(network, one, other, who, **options):
    """Minutes from one point to another."""
    places = frame(Point(one), Point(other), id=["a", "b"])
    found = travel_times(network, places[:1], places[1:], limit_min=999, walker=who, **options)
    return found["travel_min"].item()


def street(*wkt, **columns):
    return walk_network(frame(*wkt, **columns), connect_gaps_m=0)


STRAIGHT = street("LINESTRING (0 0, 1000 0)")
AT_ENDS = (0, 0), (1000, 0)


@pytest.mark.parametrize(
    ("slope", "km_h"), [(0.0, 5.04), (0.02, 4.70), (0.05, 4.23), (0.08, 3.81), (1 / 12, 3.76), (-0.05, 6.00)]
)
def test_speed_on_a_slope_is_toblers(slope, km_h):
    took = minutes(lifted(STRAIGHT, lambda x, _: slope * x), *AT_ENDS, TOBLER)
    assert 60 / took == pytest.approx(km_h, abs=0.006)


def test_the_walkers_own_speed_on_the_flat_is_kept():
    up = lifted(STRAIGHT, lambda x, _: 0.05 * x)
    assert minutes(up, *AT_ENDS, HILLS) == pytest.approx(1000 / 60 * exp(3.5 * 0.05))


def test_up_and_down_differ():
    up = lifted(STRAIGHT, lambda x, _: 0.08 * x)
    assert minutes(up, *AT_ENDS, HILLS) == pytest.approx(1000 / 60 * exp(3.5 * 0.08))
    assert minutes(up, *AT_ENDS[::-1], HILLS) == pytest.approx(1000 / 60 * exp(3.5 * (0.03 - 0.05)))


def test_ways_from_the_middle_of_an_edge_are_exact():
    # 300 m up at 10 %, then 700 m down at 3/70; from 100 m on: 200 m up and 300 m down.
    hill = street("LINESTRING (0 0, 300 0, 1000 0)")
    hill = lifted(hill, lambda x, _: {0: 0, 300: 30, 1000: 0}[round(x)])
    expected = 200 * exp(3.5 * 0.10) + 300 * exp(3.5 * (abs(-3 / 70 + 0.05) - 0.05))
    assert minutes(hill, (100, 0), (600, 0), HILLS) == pytest.approx(expected / 60)


def test_around_a_loop_one_goes_the_easier_way():
    # A square with one high corner: from corner to corner the flat way is taken both ways.
    loop = street("LINESTRING (0 0, 100 0, 100 100)", "LINESTRING (0 0, 0 100, 100 100)")
    loop = lifted(loop, lambda x, y: 20 if (x, y) == (100, 0) else 0)
    assert minutes(loop, (0, 0), (100, 100), HILLS) == pytest.approx(200 / 60)
    assert minutes(loop, (100, 100), (0, 0), HILLS) == pytest.approx(200 / 60)


def test_a_bridge_is_straight_between_its_ends_across_its_pieces():
    # The ground under the bridge lies 5 m lower.
    lines = frame(
        "LINESTRING (0 0, 100 0)",
        "LINESTRING (100 0, 150 0)",
        "LINESTRING (150 0, 160 0, 200 0)",
        "LINESTRING (200 0, 300 0)",
        level=[0, 1, 1, 0],
        is_bridge=[False, True, True, False],
    )
    low = {100: 0.0, 150: -5.0, 160: -5.0, 200: 4.0}
    heights = heights_of(lifted(walk_network(lines), lambda x, _: low.get(round(x), 0.0)))
    assert heights.z_m.tolist() == pytest.approx([0, 0, 0, 2, 2, 2.4, 4, 4, 0])


def test_a_bridge_that_touches_no_ground_is_flat():
    lone = lifted(walk_network(frame("LINESTRING (0 0, 100 0)", level=[1], is_bridge=[True])), lambda x, _: x)
    assert costs_of(lone, HILLS).ahead_m.tolist() == [0.0, 100.0]


def test_one_signal_adds_its_seconds():
    lit = lifted(STRAIGHT, flat, crossings=[((400, 0.5), True)])
    assert minutes(lit, *AT_ENDS, WAITER) == pytest.approx(1000 / 60 + 25 / 60, abs=1e-12)
    assert minutes(lit, *AT_ENDS[::-1], WAITER) == pytest.approx(1000 / 60 + 25 / 60, abs=1e-12)


def test_a_crossing_without_a_signal_adds_less():
    zebra = lifted(STRAIGHT, flat, crossings=[((400, 0), False)])
    assert minutes(zebra, *AT_ENDS, WAITER) == pytest.approx(1000 / 60 + 7.5 / 60, abs=1e-12)


def test_who_does_not_pass_a_crossing_does_not_wait():
    lit = lifted(STRAIGHT, flat, crossings=[((400, 0), True)])
    assert minutes(lit, (0, 0), (390, 0), WAITER) == pytest.approx(390 / 60, abs=1e-12)
    assert minutes(lit, (410, 0), (1000, 0), WAITER) == pytest.approx(590 / 60, abs=1e-12)


def test_a_junction_with_four_signals_is_one_wait():
    cross = street("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)", "LINESTRING (100 0, 100 90)")
    lit = lifted(cross, flat, crossings=[((100, 0), True), ((100.5, 0), True), ((99.5, 0), False)])
    for end in ((200, 0), (100, 90)):
        length_m = hypot(end[0] - 100, end[1]) + 100
        assert minutes(lit, (0, 0), end, WAITER) == pytest.approx((length_m + 25) / 60, abs=1e-12)


def test_two_crossings_of_one_street_are_two_waits_even_at_one_point():
    lit = lifted(STRAIGHT, flat, crossings=[((400, 0), True), ((400, 0), False)])
    assert minutes(lit, *AT_ENDS, WAITER) == pytest.approx((1000 + 32.5) / 60, abs=1e-12)


def test_junctions_without_a_declared_crossing_cost_nothing():
    net = lifted(walk_network(grid(3, 3, 100)), flat)
    assert minutes(net, (0, 0), (200, 200), WAITER) == pytest.approx(400 / 60, abs=1e-12)


def test_wheels_go_around_steps_whatever_the_slope():
    lines = frame(
        "LINESTRING (0 0, 150 0)", "LINESTRING (150 0, 300 0)", "LINESTRING (150 0, 150 100, 250 100, 300 0)",
        is_steps=[False, True, False],
    )  # fmt: skip
    net = lifted(walk_network(lines), flat)
    wheels = BOTH.model_copy(update={"can_use_steps": False})
    assert minutes(net, (0, 0), (299, 0), BOTH) == pytest.approx(299 / 60)
    around = [(0, 0), (150, 0), (150, 100), (250, 100), (300, 0)]
    length_m = shapely.LineString(around).length
    assert minutes(net, (0, 0), (300, 0), wheels) == pytest.approx(length_m / 60)


def test_a_place_on_a_junction_waits_whichever_street_it_is_joined_to():
    cross = street("LINESTRING (0 0, 200 0)", "LINESTRING (200 0, 400 0)", "LINESTRING (200 0, 200 90)")
    lit = lifted(cross, flat, crossings=[((200, 0), True)])
    ends = (0, 0), (400, 0), (200, 90)
    lengths_m = [200, 200, 90]
    to_it = [minutes(lit, end, (200, 0), WAITER) for end in ends]
    from_it = [minutes(lit, (200, 0), end, WAITER) for end in ends]
    assert to_it == pytest.approx([(length + 25) / 60 for length in lengths_m], abs=1e-12)
    assert from_it == pytest.approx([length / 60 for length in lengths_m], abs=1e-12)


def test_a_walker_who_minds_slopes_needs_heights():
    with pytest.raises(UsageError, match=r"rasters\.elevation"):
        minutes(STRAIGHT, *AT_ENDS, HILLS)


def test_a_walker_who_minds_crossings_needs_none():
    assert minutes(STRAIGHT, *AT_ENDS, WAITER) == minutes(STRAIGHT, *AT_ENDS, PLAIN)


# Heights of the random layouts: hills some 40 m apart, a few per cent steep.
def hills(x, y):
    return 3.0 * np.sin(x / 30) + 2.0 * np.cos(y / 25)


def oracle_cost(height, waits):
    """Cost of walking along a line from one position to another, summed up piece by piece."""

    def cost(line, from_m, to_m):
        sign, total = np.sign(to_m - from_m), 0.0
        low, high = min(from_m, to_m), max(from_m, to_m)
        at = 0.0
        for (x, y), (x2, y2) in zip(line.coords, line.coords[1:], strict=False):
            length = hypot(x2 - x, y2 - y)
            part = min(high, at + length) - max(low, at)
            if part > 0:
                slope = sign * (height(x2, y2) - height(x, y)) / length
                total += part * exp(3.5 * (abs(slope + 0.05) - 0.05))
            at += length
        return total + sum(m for on, at_m, m in waits if on.equals(line) and low < at_m <= high)

    return cost


@LAWS
@given(street_layouts())
def test_directed_ways_equal_networkx(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    lines = streets.geometry.to_numpy()
    one, other = scattered(noise, streets, 6, prefix="a"), scattered(noise, streets, 9, prefix="b")
    inside = [(line, noise.uniform(0.2, 0.8) * line.length) for line in lines[:4] if line.length > 10]
    corner = tuple(lines[0].coords[0])
    points = [(line.interpolate(at_m).coords[0], True) for line, at_m in inside]
    network = lifted(network, hills, crossings=[*points, (corner, False)])
    # Where another line runs within a millimetre, which of them has the crossing is not told: left out.
    near = [sum(line.distance(Point(xy)) < 1e-3 for line in lines) for xy, _ in points]
    if any(count > 1 for count in near):
        return
    cost = oracle_cost(hills, [(line, at_m, 25.0) for line, at_m in inside])
    theirs = walked(streets, one, other, limit_m=901, cost=cost, wait={tuple(np.round(corner, 9)): 7.5})
    found = travel_times(network, one, other, limit_min=15, walker=BOTH)
    ours = dict(
        zip(zip(found["origin_id"], found["destination_id"], strict=True), found["distance_m"], strict=True)
    )
    assert {pair for pair, m in theirs.items() if m < 900 - 1e-6} <= set(ours) <= set(theirs)
    assert all(abs(m - theirs[pair]) < 1e-6 for pair, m in ours.items())
    first = travel_times(network, one, other, limit_min=15, nearest=1, walker=BOTH)
    best = found.groupby("origin_id")["distance_m"].min()
    assert np.allclose(first.set_index("origin_id")["distance_m"], best, rtol=0, atol=1e-9)


@LAWS
@given(street_layouts())
def test_flat_heights_equal_none(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    one, other = scattered(noise, streets, 6, prefix="a"), scattered(noise, streets, 9, prefix="b")
    level = travel_times(lifted(network, flat), one, other, limit_min=9, walker=HILLS)
    none = travel_times(network, one, other, limit_min=9, walker=PLAIN)
    assert level[["origin_id", "destination_id"]].equals(none[["origin_id", "destination_id"]])
    assert np.allclose(level["distance_m"], none["distance_m"], rtol=0, atol=1e-9)


@LAWS
@given(street_layouts())
def test_a_wait_never_shortens_a_way(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    one, other = scattered(noise, streets, 6, prefix="a"), scattered(noise, streets, 6, prefix="b")
    points = [(line.interpolate(0.4, normalized=True).coords[0], True) for line in streets.geometry[:5]]
    keys = ["origin_id", "destination_id"]
    before = travel_times(lifted(network, hills), one, other, limit_min=30, walker=BOTH).set_index(keys)
    after = travel_times(lifted(network, hills, crossings=points), one, other, limit_min=30, walker=BOTH)
    after = after.set_index(keys)["travel_min"]
    assert (after >= before["travel_min"].reindex(after.index) - 1e-12).all()


@LAWS
@given(street_layouts())
def test_every_place_on_a_reached_stretch_and_no_other_is_in_time(layout):
    streets, noise = layout
    network = lifted(
        walk_network(streets, connect_gaps_m=0),
        hills,
        crossings=[(streets.geometry[0].interpolate(0.4, normalized=True).coords[0], True)],
    )
    places = attach(network, scattered(noise, streets, 3, prefix="a"))
    distance, _ = nearest_distances(network, places, limit_m=200, walker=BOTH)
    found = reached_stretches(network, places, distance, reach_m=200.0, walker=BOTH)
    edge = noise.integers(0, len(network.edge_lines), 40)
    at_m = noise.uniform(0, 1, 40) * network.edge_length_m[edge]
    row = np.arange(40)
    here = replace(
        places,
        place_ids=np.array([f"{n:02}" for n in row], dtype=object),
        place=row,
        edge_id=edge,
        from_m=at_m,
        to_m=at_m,
        leg_m=np.zeros(40),
    )
    walks = travel_times(network, here, places, limit_min=999, nearest=1, walker=BOTH)
    cost_m = walks.set_index("origin_id")["distance_m"].reindex(here.place_ids).to_numpy()
    on = [
        bool(((found.edge_id == e) & (found.from_m - 1e-7 <= m) & (m <= found.to_m + 1e-7)).any())
        for e, m in zip(edge, at_m, strict=True)
    ]
    is_clear = ~(np.abs(cost_m - 200) < 1e-5)
    assert np.array_equal(np.array(on)[is_clear], (cost_m <= 200)[is_clear])


def test_the_ground_of_a_facility_on_a_hill_reaches_further_uphill():
    # People walk to it: from above they come down faster.
    up = lifted(STRAIGHT, lambda x, _: 0.05 * x)
    place = frame(Point(500, 0), id=["shop"])
    left, _, right, _ = service_areas(up, place, minutes=(5,), walker=HILLS).total_bounds
    assert 500 - left == pytest.approx(30 + 270 * exp(-3.5 * 0.05), abs=0.01)
    assert right - 500 == pytest.approx(30 + 270 * exp(3.5 * 0.05), abs=0.01)


def test_on_flat_ground_the_service_area_is_the_plain_one():
    net = walk_network(grid(4, 4, 120))
    place = frame(Point(170, 122), id=["shop"])
    plain = service_areas(net, place, minutes=(3, 5)).geometry
    level = service_areas(lifted(net, flat), place, minutes=(3, 5), walker=HILLS).geometry
    assert (plain.symmetric_difference(level).area < 1e-6).all()


def test_heights_are_bilinear_between_the_middles_of_cells(tmp_path):
    file = raster(tmp_path, {"elevation": np.array([[0.0, 10.0], [20.0, np.nan]])}, left=0, top=20)
    at = np.array([[5.0, 15.0], [10.0, 15.0], [5.0, 10.0], [2.0, 18.0], [11.0, 9.0], [50.0, 50.0]])
    found = values_at(file, "elevation", at, crs=gpd.GeoSeries([], crs=CRS).crs)
    assert found[:4].tolist() == [0.0, 5.0, 10.0, 0.0]
    assert np.isnan(found[4:]).all()


def test_heights_of_a_large_raster_have_no_seams(tmp_path):
    column = np.arange(600, dtype="float64")
    file = raster(tmp_path, {"elevation": np.tile(column, (300, 1))}, size=1.0, left=0, top=300)
    x = np.linspace(0.5, 599.5, 997)
    found = values_at(file, "elevation", np.stack([x, x / 3], axis=1), crs=gpd.GeoSeries([], crs=CRS).crs)
    assert np.allclose(found, x - 0.5, rtol=0, atol=1e-9)


def test_a_towns_raster_and_crossings_reach_its_network(tmp_path):
    slope = np.tile(np.arange(5.0, 1100, 10) * 0.05, (2, 1))
    town = TinyTown(
        streets=frame("LINESTRING (10 0, 1010 0)", id=["s"]),
        crossings=frame(
            *(Point(at) for at in ((300, 0.2), (500, 40), (700, 0))),
            id=["lit", "off", "odd"],
            crossing_type=["signal", "signal", None],
        ),
    )
    town.rasters = {"elevation": raster(tmp_path, {"elevation": slope}, left=0, top=10)}
    network = walk_network(town)
    expected = (1000 * exp(3.5 * 0.05) + 25 + 7.5) / 60
    assert minutes(network, (10, 0), (1010, 0), BOTH) == pytest.approx(expected)
    audit = network.audit
    assert audit[["feature_id", "code"]].to_numpy().tolist() == [
        ["off", "crossing_off_street"],
        ["odd", "crossing_untyped"],
    ]


def test_streets_beyond_the_raster_are_flat_and_told(tmp_path):
    town = TinyTown(streets=frame("LINESTRING (10 0, 110 0, 510 0)", id=["s"]))
    town.rasters = {"elevation": raster(tmp_path, {"elevation": np.zeros((2, 20))}, left=0, top=10)}
    network = walk_network(town)
    assert network.audit["code"].tolist() == ["height_unknown"]
    assert "400.0" in network.audit["found"].item()
    assert minutes(network, (10, 0), (510, 0), HILLS) == pytest.approx(500 / 60)


FAR_BANKS = street("LINESTRING (0 0, 400 0)", "LINESTRING (0 200, 400 200)")
TWO_BANKS = street("LINESTRING (0 0, 100 0)", "LINESTRING (0 40, 100 40)")


def test_a_new_footbridge_runs_straight_between_the_heights_of_its_banks():
    banks = lifted(FAR_BANKS, lambda x, y: 0.02 * x + 0.1 * y)
    bridged = with_links(banks, frame("LINESTRING (50 0, 50 100, 50 200)", id=["new"]))
    heights = heights_of(bridged)
    rows = np.flatnonzero((bridged.edges["street_id"] == "new").to_numpy()[heights.edge_id])
    assert heights.z_m[rows].tolist() == pytest.approx([1.0, 11.0, 21.0])
    took = minutes(bridged, (0, 0), (0, 200), HILLS)
    on_it = 200 * exp(3.5 * 0.1)
    assert took == pytest.approx((50 * exp(3.5 * 0.02) + on_it + 50 * exp(-3.5 * 0.02)) / 60)


def test_a_new_link_leaves_the_old_ways_as_they_were():
    banks = lifted(FAR_BANKS, lambda x, _: 0.02 * x, crossings=[((30, 0), True)])
    path = with_links(banks, frame("LINESTRING (133 0, 133 200)", id=["new"]), kind="path")
    for one, other in (((0, 0), (400, 0)), ((400, 0), (0, 0))):
        before, after = (minutes(net, one, other, BOTH) for net in (banks, path))
        assert after == pytest.approx(before, abs=1e-12)


def test_heights_and_crossings_outlast_a_link_that_is_taken_out_again():
    banks = lifted(TWO_BANKS, lambda x, _: 0.02 * x, crossings=[((30, 0), True)])
    path = with_links(banks, frame("LINESTRING (33 0, 33 40)", id=["new"]), kind="path")
    again = without_links(path, ["new"])
    assert minutes(again, (0, 0), (100, 0), BOTH) == pytest.approx(minutes(banks, (0, 0), (100, 0), BOTH))


def test_opening_no_gate_keeps_the_heights():
    banks = lifted(TWO_BANKS, lambda x, _: 0.02 * x)
    assert heights_of(open_gates(banks, [])).z_m.tolist() == heights_of(banks).z_m.tolist()


def test_the_array_of_heights_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        lifted(STRAIGHT, flat).terrain.z_m[0] = 1.0


def test_life_circles_count_slopes_on_the_way_to_the_facility():
    # Homes 350 m below and above a bank on a slope of 5 %: 7.0 and 4.9 minutes, leg included.
    town = street_town([("bank", 550)], homes=(200, 900), people=(10, 20))
    hill = lifted(walk_network(town), lambda x, _: 0.05 * (x - EAST))
    circles = fg.life_circles(town, hill, minutes=(5, 15), walker=HILLS)
    reach = circles.reach[circles.reach["facility_type"] == "bank"].set_index("dwelling_id")["travel_min"]
    assert reach["h200"] == pytest.approx((5 + 350 * exp(3.5 * 0.05)) / 60)
    assert reach["h900"] == pytest.approx((5 + 350 * exp(-3.5 * 0.05)) / 60)
    ground = circles.service_areas.set_index(["facility_type", "limit_min"]).geometry["bank", 5.0]
    houses = town["buildings"].set_index("id").geometry
    assert ground.intersection(houses["h900"]).area == pytest.approx(50)
    assert ground.intersection(houses["h200"]).area == 0
