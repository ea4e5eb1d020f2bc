"""Overlaps of parcels: found in pairs with their ground, and settled as was chosen."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from town_layers import EAST, NORTH, codes, frame, good_layers, square

from fengmao_geo.errors import TownError
from fengmao_geo.geo.overlaps import overlaps, settle_overlaps, settled
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.town.town import Town, TownSettings


def shapes(*them):
    return np.array(them, dtype=object)


def layer(*them):
    return gpd.GeoDataFrame({"id": [f"p{at}" for at in range(len(them))]}, geometry=list(them), crs=4549)


def town(*them, policy=None):
    settings = TownSettings(overlaps={} if policy is None else {"parcels": policy})
    return Town.from_layers(name="T", settings=settings, **good_layers(parcels=layer(*them)))


def pairs(found):
    return list(zip(found.one.tolist(), found.other.tolist(), strict=True))


#: 4 by 4 m and 2 by 2 m, sharing 1 by 2 m.
LARGE, SMALL = shapely.box(0, 0, 4, 4), shapely.box(3, 0, 5, 2)


def in_town(shape):
    return shapely.transform(shape, lambda xy: np.add(xy, (EAST + 100, NORTH + 100)))


# --- found


def test_neighbours_share_no_ground():
    assert pairs(overlaps(shapes(shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)))) == []


def test_two_that_overlap_are_a_pair_with_their_ground():
    found = overlaps(shapes(LARGE, SMALL))
    assert pairs(found) == [(0, 1)]
    assert found.area_m2.tolist() == [2.0]


def test_one_within_another_is_a_pair():
    assert pairs(overlaps(shapes(shapely.box(1, 1, 2, 2), LARGE))) == [(0, 1)]


def test_one_that_fills_a_hole_shares_no_ground():
    ring = LARGE.difference(shapely.box(1, 1, 2, 2))
    assert pairs(overlaps(shapes(ring, shapely.box(1, 1, 2, 2)))) == []


def test_the_same_drawn_thrice_is_three_pairs():
    assert pairs(overlaps(shapes(LARGE, LARGE, LARGE))) == [(0, 1), (0, 2), (1, 2)]


def test_a_whole_map_drawn_twice_is_found_though_inner_outlines_cancel_out():
    squares = [shapely.box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)]
    assert pairs(overlaps(shapes(*squares, *squares))) == [(at, at + 16) for at in range(16)]


def test_one_over_a_block_of_neighbours_is_found_with_each_of_them():
    squares = [shapely.box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)]
    found = overlaps(shapes(*squares, shapely.box(0, 0, 3, 3)))
    assert pairs(found) == [(at, 9) for at in range(9)]


def test_a_corner_a_millimetre_off_its_neighbours_edge_is_rounding():
    left = shapely.Polygon([(0, 0), (2, 0), (2.0009, 1), (2, 2), (0, 2)])
    assert pairs(overlaps(shapes(left, shapely.box(2, 0, 4, 2)))) == []


def test_no_polygons_have_no_overlaps():
    assert pairs(overlaps(np.zeros(0, dtype=object))) == []


BOXES = st.lists(
    st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 4)] * 2).map(
        lambda at: shapely.box(at[0], at[1], at[0] + at[2], at[1] + at[3])
    ),
    min_size=1,
    max_size=9,
)
TRIANGLES = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=3, unique=True)
    .map(shapely.Polygon)
    .filter(lambda shape: shape.area > 0),
    min_size=1,
    max_size=7,
)


@settings(max_examples=60, deadline=None)
@given(BOXES | TRIANGLES)
def test_pairs_are_those_that_comparing_each_with_each_finds(them):
    slow = [
        (one, other)
        for one, other in combinations(range(len(them)), 2)
        if them[one].intersection(them[other]).area > 1e-9
    ]
    assert pairs(overlaps(shapes(*them))) == slow


# --- settled


def test_the_first_keeps_the_ground():
    assert shapely.area(
        settled(shapes(LARGE, SMALL), overlaps(shapes(LARGE, SMALL)), policy="first")
    ).tolist() == [
        16.0,
        2.0,
    ]


def test_the_smaller_keeps_the_ground():
    both = shapes(LARGE, SMALL)
    assert shapely.area(settled(both, overlaps(both), policy="smaller")).tolist() == [14.0, 4.0]


def test_of_two_of_one_size_the_first_is_the_smaller():
    both = shapes(shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2))
    assert shapely.area(settled(both, overlaps(both), policy="smaller")).tolist() == [4.0, 2.0]


@settings(max_examples=60, deadline=None)
@given(BOXES | TRIANGLES, st.sampled_from(["first", "smaller"]))
def test_what_is_settled_adds_up_to_the_ground_under_it(them, policy):
    given_shapes = shapes(*them)
    left = settled(given_shapes, overlaps(given_shapes), policy=policy)
    assert shapely.area(left).sum() == pytest.approx(shapely.union_all(given_shapes).area, abs=1e-6)
    assert all(one.intersection(other).area < 1e-6 for one, other in combinations(left, 2))


# --- told


def test_without_a_policy_an_overlap_is_told_and_left():
    kept, found = settle_overlaps(layer(LARGE, SMALL), layer="parcels", policy=None)
    assert kept.area.tolist() == [16.0, 4.0]
    assert [(one.code, one.feature_id) for one in found] == [("overlap_pair", "p0"), ("overlap_total", None)]
    assert found[0].values == {"other": "p1", "area_m2": "2.00"}
    assert found[1].values["twice_m2"] == "2.00"


def test_an_overlap_is_told_with_its_place():
    _, found = settle_overlaps(layer(LARGE, SMALL), layer="parcels", policy=None)
    assert shapely.from_wkt(found[0].point).within(LARGE.intersection(SMALL))


def test_ground_under_three_counts_three_times_and_is_told_as_twice_too_much():
    _, found = settle_overlaps(layer(LARGE, LARGE, LARGE), layer="parcels", policy=None)
    assert found[-1].values["twice_m2"] == "32.00"


def test_one_drawn_twice_is_told_as_such():
    _, found = settle_overlaps(layer(LARGE, LARGE), layer="parcels", policy=None)
    assert [one.code for one in found] == ["overlap_twin", "overlap_total"]


def test_a_twin_is_left_out_where_the_first_keeps_the_ground():
    kept, found = settle_overlaps(layer(LARGE, LARGE), layer="parcels", policy="first")
    assert kept["id"].tolist() == ["p0"]
    assert [(one.code, one.feature_id) for one in found] == [
        ("overlap_pair_cut", "p0"),
        ("overlap_total_cut", None),
        ("overlap_gone", "p1"),
    ]


def test_slivers_are_counted_together():
    # 1 m by 0.05 m, mean width 0.048 m: below the 0.1 m of a sliver
    slim = shapely.box(0.95, 0, 2, 1)
    _, found = settle_overlaps(layer(shapely.box(0, 0, 1, 1), slim), layer="parcels", policy=None)
    assert [one.code for one in found] == ["overlap_total"]
    assert (found[0].values["slivers"], found[0].values["sliver_m2"]) == (1, "0.05")


def test_no_more_pairs_are_told_than_are_shown_the_largest_first():
    many = [shapely.box(0, 0, 2, 2)] * 12
    _, found = settle_overlaps(layer(LARGE, *many), layer="parcels", policy=None)
    assert found[-1].values["count"] == 78
    assert len(found) == figure_standard("intake").figure("overlap_pairs_count") + 1


def test_a_layer_without_overlaps_is_given_back_as_it_is():
    parcels = layer(LARGE)
    assert settle_overlaps(parcels, layer="parcels", policy="first") == (parcels, [])


def test_the_layer_given_is_not_changed():
    parcels = layer(LARGE, SMALL)
    before = parcels.to_wkb()
    settle_overlaps(parcels, layer="parcels", policy="smaller")
    assert parcels.to_wkb().equals(before)


# --- in a town


def test_a_town_tells_of_parcels_that_overlap():
    made = town(in_town(LARGE), in_town(SMALL))
    assert codes(made, "parcels") == ["field_missing", "overlap_pair", "overlap_total"]
    assert made["parcels"].area.sum() == pytest.approx(20)


@pytest.mark.parametrize(("policy", "areas"), [("first", [16, 2]), ("smaller", [14, 4])])
def test_a_town_settles_parcels_as_its_settings_say(policy, areas):
    made = town(in_town(LARGE), in_town(SMALL), policy=policy)
    assert made["parcels"].area.tolist() == pytest.approx(areas, abs=1e-6)


def test_the_first_is_the_first_by_id_whatever_the_order_of_rows():
    parcels = layer(in_town(LARGE), in_town(SMALL)).iloc[::-1]
    settings = TownSettings(overlaps={"parcels": "first"})
    made = Town.from_layers(name="T", settings=settings, **good_layers(parcels=parcels))
    assert made["parcels"].area.tolist() == pytest.approx([16, 2], abs=1e-6)


def test_a_town_that_forbids_overlaps_is_refused():
    with pytest.raises(TownError) as caught:
        town(in_town(LARGE), in_town(SMALL), policy="error")
    assert codes(caught.value, "parcels") == [
        "field_missing",
        "overlap_pair_refused",
        "overlap_total_refused",
    ]


def test_other_layers_are_looked_at_only_where_it_is_said_what_to_do():
    twice = frame([square(100, 100, 10), square(105, 100, 10)], id=["g1", "g2"], green_type=["park"] * 2)
    assert codes(Town.from_layers(name="T", **good_layers(green=twice)), "green") == []
    settings = TownSettings(overlaps={"green": "first"})
    made = Town.from_layers(name="T", settings=settings, **good_layers(green=twice))
    assert made["green"].area.sum() == pytest.approx(150, abs=1e-6)


def test_a_policy_means_nothing_for_lines():
    settings = TownSettings(overlaps={"streets": "first"})
    assert codes(Town.from_layers(name="T", settings=settings, **good_layers()), "streets") == [
        "overlaps_unused"
    ]
