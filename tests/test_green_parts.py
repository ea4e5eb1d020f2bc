"""Areas of green and the parts they cut the town into: every square metre stands in one part."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from space_towns import box, layer, town_of

from fengmao_geo.errors import UsageError
from fengmao_geo.green.change import come_and_gone
from fengmao_geo.green.parts import area_in, areas_of, parts_of, settled

COORDINATE = st.integers(0, 20)


def boxes(corners):
    return np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in corners] or [], dtype=object)


RECTANGLES = st.lists(
    st.tuples(COORDINATE, COORDINATE, st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=8
).map(boxes)


def two_blocks(**more):
    blocks = layer(box(0, 0, 50, 100), box(50, 0, 90, 100), id=["a", "b"], name=["甲", None])
    return town_of(blocks=blocks, **more)


def row(parts, block, work):
    is_own = [
        (one, two) == (block, work)
        for one, two in zip(parts["block_id"], parts["intervention_id"], strict=True)
    ]
    return parts[is_own].area.sum()


def test_the_town_comes_first_then_blocks_and_interventions_by_id():
    projects = layer(box(10, 10, 20, 20), box(30, 10, 40, 20), id=["p2", "p1"])
    areas, found = areas_of(two_blocks(projects=projects))
    assert areas["area_id"].tolist() == ["town", "a", "b", "p1", "p2"]
    assert areas["area_name"].tolist() == ["T", "甲", "b", "p1", "p2"]
    assert not found


def test_beside_projects_with_ground_a_point_is_one_that_has_none():
    projects = layer(box(10, 10, 20, 20), shapely.Point(572_010, 3_403_010), id=["p1", "p2"])
    areas, found = areas_of(town_of(projects=projects))
    assert areas["area_id"][areas["area_kind"] == "intervention"].tolist() == ["p1"]
    assert found == []


def test_a_town_without_blocks_or_projects_is_one_area_and_one_part():
    areas, _ = areas_of(town_of())
    assert areas["area_kind"].tolist() == ["town"]
    assert parts_of(areas).area.tolist() == pytest.approx([10_000.0])


def test_a_project_that_is_no_polygon_is_left_out_and_listed():
    areas, found = areas_of(town_of(projects=layer(shapely.Point(572_010, 3_403_010), id=["p"])))
    assert areas["area_kind"].tolist() == ["town"]
    assert [(one.code, one.feature_id) for one in found] == [("project_without_area", "p")]


def test_a_project_outside_the_built_up_area_is_listed_and_kept():
    areas, found = areas_of(town_of(projects=layer(box(200, 0, 210, 10), id=["p"])))
    assert "p" in set(areas["area_id"])
    assert [(one.code, one.feature_id) for one in found] == [("intervention_outside", "p")]


def test_a_site_with_the_id_of_a_project_is_an_error():
    town = town_of(projects=layer(box(0, 0, 5, 5), id=["p"]))
    sites = layer(box(20, 20, 30, 30), id=["p"]).rename(columns={"id": "space_id"})
    with pytest.raises(UsageError, match="p"):
        areas_of(town, sites)


def test_an_intervention_in_two_blocks_is_split_at_their_border():
    parts = parts_of(areas_of(two_blocks(projects=layer(box(40, 0, 70, 10), id=["p"])))[0])
    assert (row(parts, "a", "p"), row(parts, "b", "p")) == pytest.approx((100.0, 200.0))
    assert (row(parts, "a", None), row(parts, "b", None)) == pytest.approx((4900.0, 3800.0))
    assert row(parts, None, None) == pytest.approx(1000.0)


def test_ground_that_two_interventions_claim_is_the_first_ones():
    projects = layer(box(10, 0, 30, 10), box(20, 0, 40, 10), id=["q", "p"])
    parts = parts_of(areas_of(two_blocks(projects=projects))[0])
    assert (row(parts, "a", "p"), row(parts, "a", "q")) == pytest.approx((200.0, 100.0))


def test_what_lies_outside_the_town_is_in_no_part():
    parts = parts_of(areas_of(town_of(projects=layer(box(90, 0, 110, 10), id=["p"])))[0])
    assert row(parts, None, "p") == pytest.approx(100.0)
    assert parts.area.sum() == pytest.approx(10_000.0)


@settings(max_examples=60, deadline=None)
@given(RECTANGLES, RECTANGLES)
def test_parts_are_the_town_and_no_two_overlap(blocks, works):
    kinds = ["town"] + ["block"] * len(blocks) + ["intervention"] * len(works)
    ids = ["town", *(f"b{at}" for at in range(len(blocks))), *(f"w{at}" for at in range(len(works)))]
    shapes = np.concatenate([[shapely.box(2, 2, 22, 22)], blocks, works])
    parts = parts_of(gpd.GeoDataFrame({"area_kind": kinds, "area_id": ids}, geometry=shapes, crs=4549))
    assert parts.area.sum() == pytest.approx(400.0, rel=1e-12)
    assert shapely.area(shapely.union_all(parts.geometry.to_numpy())) == pytest.approx(400.0, rel=1e-12)
    assert not parts.duplicated(["block_id", "intervention_id"]).any()


@settings(max_examples=60, deadline=None)
@given(RECTANGLES)
def test_settled_ground_is_the_union_and_each_square_metre_stands_once(shapes):
    left = settled(shapes)
    assert shapely.area(left).sum() == pytest.approx(shapely.area(shapely.union_all(shapes)), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(RECTANGLES, RECTANGLES, RECTANGLES)
def test_what_came_less_what_went_is_the_net_gain(before, after, areas):
    before, after = settled(before), settled(after)
    come, gone = come_and_gone(before, after, areas)
    net = area_in(after, areas) - area_in(before, areas)
    np.testing.assert_allclose(come - gone, net, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(RECTANGLES, RECTANGLES, RECTANGLES)
def test_swapped_states_swap_what_came_and_what_went(before, after, areas):
    before, after = settled(before), settled(after)
    come, gone = come_and_gone(before, after, areas)
    back = come_and_gone(after, before, areas)
    np.testing.assert_allclose(back, (gone, come), atol=1e-9)


def test_a_shape_that_only_touches_an_area_counts_nothing_even_where_its_weight_is_unknown():
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    areas = np.array([shapely.box(1, 0, 3, 1)])
    assert area_in(shapes, areas, np.array([np.nan, 0.5])).tolist() == [0.5]


def test_no_shapes_cover_nothing():
    assert area_in(boxes([]), boxes([(0, 0, 1, 1)])).tolist() == [0.0]
