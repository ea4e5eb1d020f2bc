"""Crowns and the streets under them, worked out on a street of 100 m that is 12 m wide."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from green_towns import HECTARE, NO_TREES, areas_of, greenery, trees
from space_towns import box, layer, street, town_of

from fengmao_geo.green.trees import canopy, crowns, tree_lined_share, tree_lined_streets
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS


def branch(*places, name="s", **columns):
    return street(*places, name=name, **({"street_class": "branch"} | columns))


def streets_of(*lines):
    return pd.concat(lines, ignore_index=True)


#: Carriageway from 44 to 56 m north, walks of 3 m on both sides.
STREET = branch((0, 50), (100, 50))


def lined(*woods, streets=STREET, trees=NO_TREES, **layers):
    """Judge streets with some woodland over them."""
    green = greenery(*(("woodland", wood) for wood in woods))
    return tree_lined_streets(town_of(streets=streets, trees=trees, **layers), green)


@pytest.mark.parametrize(
    ("woods", "share"),
    [
        ([], 0.0),
        ([box(0, 56, 100, 59)], 0.5),
        ([box(0, 59, 100, 70)], 0.0),
        ([box(0, 45, 100, 55)], 0.0),
        ([box(0, 0, 30, 100)], 0.3),
        ([box(0, 0, 100, 100)], 1.0),
        ([box(0, 0, 60, 100), box(20, 0, 80, 100)], 0.8),
    ],
)
def test_the_walks_beside_the_carriageway_are_what_is_shaded(woods, share):
    assert lined(*woods)["shaded_share"].tolist() == pytest.approx([share])


@pytest.mark.parametrize(("to_m", "is_lined"), [(89.9, False), (90, True), (100, True)])
def test_a_street_is_tree_lined_from_nine_tenths(to_m, is_lined):
    assert lined(box(0, 0, to_m, 100))["is_tree_lined"].tolist() == [is_lined]


def test_a_crown_shades_what_lies_under_it():
    # A circle of 4 m radius whose middle lies 1.5 m off both edges of the walk, cut by them.
    found = lined(trees=trees((50, 57.5), crown_m=8.0))
    half_chord = np.sqrt(4**2 - 1.5**2)
    strip_m2 = 2 * (1.5 * half_chord + 4**2 * np.arcsin(1.5 / 4))
    assert found["shaded_share"][0] == pytest.approx(strip_m2 / 600, rel=2e-3)


def test_grass_is_no_shade():
    town = town_of(streets=STREET, trees=NO_TREES)
    assert tree_lined_streets(town, greenery(("park", HECTARE)))["shaded_share"].tolist() == [0]


def test_the_green_of_a_state_may_be_unknown_where_trees_are_not():
    town = town_of(streets=STREET, trees=NO_TREES)
    assert tree_lined_streets(town, None)["shaded_share"].tolist() == [0]


def test_without_trees_nothing_is_known():
    found = lined(box(0, 0, 100, 100), trees=None)
    assert found["shaded_share"].isna().all()
    assert found["is_tree_lined"].isna().all()
    assert found["length_m"].tolist() == pytest.approx([100])


@pytest.mark.parametrize(
    ("street_class", "count"), [("main", 0), ("secondary", 1), ("branch", 1), ("lane", 0), (None, 0)]
)
def test_secondary_and_branch_streets_are_judged(street_class, count):
    assert len(lined(streets=branch((0, 50), (100, 50), street_class=street_class))) == count


@pytest.mark.parametrize("column", [{"is_bridge": True}, {"is_tunnel": True}, {"level": 1}])
def test_no_tree_stands_on_a_bridge_or_over_a_tunnel(column):
    assert len(lined(streets=branch((0, 50), (100, 50), **column))) == 0


def test_the_mouth_of_another_street_is_no_walk():
    # A lane of 10 m comes in from the south: that walk keeps 90 of its 100 m.
    streets = streets_of(STREET, street((50, 0), (50, 50), name="lane", width_m=10.0, street_class="lane"))
    assert lined(box(45, 0, 55, 50), streets=streets)["shaded_share"].tolist() == pytest.approx([0])
    assert lined(box(0, 41, 45, 44), streets=streets)["shaded_share"][0] == pytest.approx(45 / 190)


def test_a_bridge_over_the_street_takes_no_walk():
    over = street((50, 0), (50, 100), name="over", width_m=10.0, street_class="main", level=1)
    assert lined(box(0, 0, 50, 100), streets=streets_of(STREET, over))["shaded_share"][0] == pytest.approx(
        0.5
    )


def test_a_street_that_others_leave_no_walk_is_unknown():
    wide = street((0, 50), (100, 50), name="wide", width_m=40.0, street_class="main")
    found = lined(box(0, 0, 100, 100), streets=streets_of(STREET, wide))
    assert found["is_tree_lined"].isna().tolist() == [True]


def test_a_street_without_width_has_that_of_its_class():
    # 9 m for a branch street: walks from 4.5 to 7.5 m off the middle.
    found = lined(box(0, 54.5, 100, 57.5), streets=branch((0, 50), (100, 50), width_m=None))
    assert found["shaded_share"].tolist() == pytest.approx([0.5])


def test_streets_know_their_block_and_come_in_the_order_of_ids():
    streets = streets_of(branch((0, 80), (100, 80), name="b"), branch((0, 20), (100, 20), name="a"))
    blocks = layer(box(0, 0, 100, 50), id=["K1"], renewal_type=["public_space"])
    found = lined(streets=streets, blocks=blocks)
    assert found["street_id"].tolist() == ["a", "b"]
    assert found["block_id"].fillna("").tolist() == ["K1", ""]


def test_streets_without_classes_are_not_judged():
    town = town_of(trees=NO_TREES)
    assert list(tree_lined_streets(town, None).columns) == [*RESULTS["tree_lined_streets"].names, "geometry"]
    assert len(tree_lined_streets(town, None)) == 0


TWO = streets_of(branch((0, 20), (60, 20), name="a"), branch((0, 80), (40, 80), name="b"))


def shares(town, found, *shapes):
    return tree_lined_share(town, found, areas_of(*shapes))["value"].tolist()


def test_the_share_is_by_length_within_the_area():
    town, found = town_of(streets=TWO, trees=NO_TREES), lined(box(0, 0, 100, 50), streets=TWO)
    assert shares(town, found, HECTARE) == pytest.approx([0.6])
    assert shares(town, found, box(20, 0, 100, 100), box(0, 0, 100, 50)) == pytest.approx([2 / 3, 1.0])


def test_an_area_without_such_streets_or_without_trees_has_no_share():
    town = town_of(streets=TWO)
    assert np.isnan(shares(town, lined(streets=TWO), box(0, 40, 100, 60))).all()
    assert np.isnan(shares(town, lined(streets=TWO, trees=None), HECTARE)).all()


def test_crowns_have_the_area_of_their_circles():
    made = crowns(town_of(trees=trees((10, 10), (50, 50), crown_m=[2.0, 6.0])))
    assert shapely.area(made).tolist() == pytest.approx([np.pi, 9 * np.pi], rel=1e-9)


def test_a_crown_of_no_width_is_none():
    assert len(crowns(town_of(trees=trees((10, 10), crown_m=0.0)))) == 0


def test_canopy_is_crowns_and_woodland_off_permanent_basic_farmland():
    town = town_of(trees=trees((80, 80)), farmland_protected=layer(box(0, 0, 5, 100)))
    green = greenery(("woodland", box(0, 0, 10, 10)), ("park", box(0, 50, 10, 60)))
    over = canopy(town, green, green_standard())
    assert shapely.area(over).sum() == pytest.approx(50 + 4 * np.pi)


def test_more_trees_never_lower_a_shaded_share():
    rng = np.random.default_rng(3)
    places = rng.uniform((0, 35), (100, 65), (60, 2)).tolist()
    some = lined(streets=TWO, trees=trees(*places[:30], crown_m=6.0))["shaded_share"]
    more = lined(streets=TWO, trees=trees(*places, crown_m=6.0))["shaded_share"]
    assert (more >= some - 1e-12).all()


def test_the_sample_town_s_streets_are_shaded_in_part(shuixiang):
    found = tree_lined_streets(shuixiang, shuixiang["green"])
    streets = shuixiang["streets"]
    is_judged = streets["street_class"].isin(["secondary", "branch"]) & (streets["is_bridge"] != True)  # noqa: E712  a column
    assert len(found) == is_judged.sum()
    # Trees of at most 8 m stand every 11 m, on both sides at the most.
    assert 0.4 < found["shaded_share"].max() < 8 / 11
    assert not found["is_tree_lined"].any()
