"""The small spaces that the maker of the sample town left on purpose, and the ground drawn around them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sample_layers import SAMPLES
from shapely import STRtree

TRUTH = SAMPLES.parents[1] / "tests" / "data" / "shuixiang_spaces.gpkg"
OPEN_KINDS = {
    "riverside",
    "street_side",
    "street_corner",
    "between_buildings",
    "vacant_plot",
    "under_bridge",
}
OTHER_KINDS = {
    "idle_factory",
    "granary",
    "idle_house",
    "low_yield_plot",
    "mine_waste",
    "road_cut_plot",
    "enclosed_farmland",
}
OVERLAP_M2 = 0.5
DRAWN = ("buildings", "water", "green", "roads_surface", "parking")


@pytest.fixture(params=["made_sample", "other_sample"])
def town_and_truth(request):
    return request.getfixturevalue(request.param)


def _search_area(town):
    return shapely.union_all([*town["built_up"].geometry, *town["blocks"].geometry])


def test_the_truth_file_is_what_the_script_makes(made_sample):
    kept = gpd.read_file(TRUTH)
    assert kept.drop(columns="geometry").equals(made_sample.truth.drop(columns="geometry"))
    assert shapely.equals_exact(kept.geometry, made_sample.truth.geometry, tolerance=1e-6).all()
    assert list(kept.columns) == ["id", "kind", "geometry"]
    assert kept.crs.to_epsg() == 4549


def test_the_truth_is_not_in_the_town(made_sample):
    assert not {"spaces", "truth"} & set(made_sample.town.layers)


def test_every_kind_is_planted_often_enough(town_and_truth):
    counts = town_and_truth.truth["kind"].value_counts()
    assert set(counts.index) == OPEN_KINDS | OTHER_KINDS
    assert min(counts[kind] for kind in OPEN_KINDS) >= 12
    assert all(2 <= counts[kind] <= 10 for kind in OTHER_KINDS)
    assert 120 <= counts.sum() <= 220


def test_outlines_do_not_overlap_each_other(town_and_truth):
    shapes = town_and_truth.truth.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    shared = shapely.area(shapely.intersection(shapes[left[once]], shapes[right[once]]))
    assert shared.max(initial=0.0) < OVERLAP_M2


def test_planted_open_land_overlaps_nothing_that_is_drawn(town_and_truth):
    _, town, truth, _ = town_and_truth
    planted = truth.loc[truth["kind"].isin(OPEN_KINDS)].geometry.to_numpy()
    for name in DRAWN:
        drawn = town[name].geometry.to_numpy()
        ids, others = STRtree(drawn).query(planted, predicate="intersects")
        shared = shapely.area(shapely.intersection(planted[ids], drawn[others]))
        assert np.bincount(ids, shared, len(planted)).max() < OVERLAP_M2, name


def test_nothing_is_drawn_on_the_fields(town_and_truth):
    _, town, truth, _ = town_and_truth
    fields = truth[truth["kind"].isin({"road_cut_plot", "enclosed_farmland"})]
    for name in DRAWN:
        assert fields.intersection(town[name].union_all()).area.max() < OVERLAP_M2, name


def test_planted_open_land_is_at_least_three_metres_wide_and_fifty_square_metres(town_and_truth):
    truth = town_and_truth.truth
    shapes = truth.loc[truth["kind"].isin(OPEN_KINDS)].geometry
    assert shapes.area.min() >= 50
    opened = shapes.buffer(-1.49).buffer(1.49)
    assert (opened.area / shapes.area).min() > 0.85


def test_what_is_open_and_not_planted_consists_of_slivers(town_and_truth):
    _, town, truth, _ = town_and_truth
    used = shapely.union_all([shape for name in DRAWN for shape in town[name].geometry])
    left = _search_area(town).difference(used).difference(truth.union_all())
    assert left.area > 1_000
    wide = left.buffer(-1.5).buffer(1.5)
    assert shapely.area(shapely.get_parts(wide)).max(initial=0.0) < 1.0


def test_open_land_lies_inside_the_search_area(town_and_truth):
    _, town, truth, _ = town_and_truth
    outside = truth[truth["kind"].isin(OPEN_KINDS)].difference(_search_area(town))
    assert outside.area.max() < OVERLAP_M2


def test_a_few_places_touch_one_another(town_and_truth):
    truth = town_and_truth.truth
    shapes = truth.loc[truth["kind"].isin(OPEN_KINDS)].geometry.to_numpy()
    left, right = STRtree(shapes).query(shapes, predicate="dwithin", distance=0.05)
    assert 1 <= (left < right).sum() <= 6


def test_banks_touch_water_and_corners_face_two_streets(town_and_truth):
    _, town, truth, _ = town_and_truth
    banks = truth.loc[truth["kind"] == "riverside"].geometry
    wet = banks.boundary.intersection(town["water"].union_all().buffer(0.5)).length
    assert (wet / banks.length).min() > 0.2
    streets = town["streets"].query("level == 0 and street_class in ('main', 'secondary', 'branch')")
    corners = truth.loc[truth["kind"] == "street_corner"].geometry.to_numpy()
    lines = shapely.buffer(streets.geometry.to_numpy(), streets["width_m"].to_numpy() / 2 + 3.4)
    ids, others = STRtree(lines).query(corners, predicate="intersects")
    names = streets["name"].to_numpy()[others]
    assert min(len(set(names[ids == number])) for number in range(len(corners))) >= 2


def test_places_under_bridges_lie_below_a_deck(town_and_truth):
    _, town, truth, _ = town_and_truth
    decks = town["bridges"].query("bridge_type == 'elevated'").union_all()
    below = truth.loc[truth["kind"] == "under_bridge"]
    # The maker's decks and what is read back differ by the drawing's accuracy at their ends.
    assert (below.difference(decks.buffer(0.1)).area / below.area).max() < 0.05


def test_idle_stock_has_idle_buildings_and_poor_plots_have_firms(town_and_truth):
    _, town, truth, _ = town_and_truth
    buildings = town["buildings"]
    idle = buildings[(buildings["status"] == "idle") | buildings["status"].isna()].union_all()
    stock = truth[truth["kind"].isin({"idle_factory", "granary", "idle_house"})]
    assert stock.intersects(idle).all()
    poor = truth[truth["kind"] == "low_yield_plot"]
    assert poor.intersects(town["firms"].union_all()).all()


def test_some_enclosed_fields_are_protected_and_some_not(town_and_truth):
    _, town, truth, _ = town_and_truth
    fields = truth[truth["kind"] == "enclosed_farmland"]
    share = fields.intersection(town["farmland_protected"].union_all()).area / fields.area
    assert (share > 0.2).any()
    assert (share < 0.05).any()
