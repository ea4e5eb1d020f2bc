"""The rule 3-30-300 for houses of 10 m, worked out on a hectare drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from green_towns import HECTARE, NO_TREES, areas_of, greenery, trees
from space_towns import box, layer, town_of

from fengmao_geo.green.three_thirty import canopy_around, three_thirty
from fengmao_geo.standards.green import green_standard

HOMES = layer(
    box(10, 10, 20, 20), box(80, 80, 90, 90), id=["w", "e"], use=["residential"] * 2, people=[1.0, 3.0]
)
NEAR_WEST = ((15, 25), (15, 30), (15, 35))
#: The circle of 300 m around any place of the hectare, and more.
WOOD = box(-400, -400, 500, 500)


def reach(west=("reached", 100.0), east=("reached", 100.0)):
    """Write the table of walks from both homes to a park."""
    status, distance_m = zip(west, east, strict=True)
    columns = {
        "dwelling_id": ["w", "e"],
        "green_id": None,
        "distance_m": distance_m,
        "straight_m": distance_m,
    }
    return pd.DataFrame(columns).assign(status=status)


def measured(*plots, trees=NO_TREES, park_reach=None, areas=(HECTARE,), buildings=HOMES, standard=None):
    town = town_of(trees=trees, buildings=buildings)
    reached = reach() if park_reach is None else park_reach
    rows = three_thirty(town, greenery(*plots), areas_of(*areas), reached, standard=standard)
    return rows.pivot(index="indicator", columns="area_id", values="value")


def of_hectare(*plots, **options):
    return measured(*plots, **options)["a0"]


def test_three_trees_within_fifteen_metres_of_the_outline_stand_for_a_view():
    found = of_hectare(trees=trees(*NEAR_WEST))
    assert found["three_trees_people_share"] == pytest.approx(0.25)


@pytest.mark.parametrize("third", [(15, 35.1), (60, 60)])
def test_two_trees_and_one_farther_off_are_not_three(third):
    assert of_hectare(trees=trees(*NEAR_WEST[:2], third))["three_trees_people_share"] == 0


def test_without_trees_it_is_not_known_who_sees_them():
    found = of_hectare(trees=None)
    assert np.isnan(found["three_trees_people_share"])
    assert np.isnan(found["canopy_people_share"])


def test_trees_without_crowns_are_seen_and_give_no_canopy():
    found = of_hectare(trees=trees(*NEAR_WEST, crown_m=[None] * 3))
    assert found["three_trees_people_share"] == pytest.approx(0.25)
    assert np.isnan(found["canopy_people_share"])


def test_canopy_all_around_is_enough():
    assert of_hectare(("woodland", WOOD))["canopy_people_share"] == pytest.approx(1.0)


def test_canopy_is_judged_home_by_home():
    # Half of the circle around x = 15 lies west of it; the wood to x = -70 takes less than 30 % of that around
    # x = 85: a segment 155 m off the middle takes 20 % of a circle of 300 m.
    assert of_hectare(("woodland", box(-400, -400, -70, 500)))["canopy_people_share"] == pytest.approx(0.25)


def test_grass_is_no_canopy():
    assert of_hectare(("park", WOOD))["canopy_people_share"] == 0


@pytest.mark.parametrize(
    ("east", "share"),
    [
        (("reached", 300.0), 1.0),
        (("reached", 300.1), 0.25),
        (("unreached", None), 0.25),
        (("unknown", None), 0.25),
    ],
)
def test_a_park_is_near_within_300_metres_of_walking(east, share):
    found = of_hectare(park_reach=reach(east=east))
    assert found["near_park_people_share"] == pytest.approx(share)


def test_a_home_without_a_walk_is_unknown():
    found = of_hectare(("woodland", WOOD), trees=trees(*NEAR_WEST), park_reach=reach().iloc[:1])
    assert found["near_park_people_share"] == pytest.approx(0.25)


def test_where_nobody_s_walk_is_known_the_share_is_unknown():
    unknown = ("unknown", None)
    assert np.isnan(of_hectare(park_reach=reach(unknown, unknown))["near_park_people_share"])


def test_all_three_are_had_by_those_who_have_each():
    both = (*NEAR_WEST, (85, 95), (85, 96), (85, 97))
    found = of_hectare(("woodland", WOOD), trees=trees(*both), park_reach=reach(east=("reached", 400.0)))
    assert found["three_thirty_people_share"] == pytest.approx(0.25)
    assert found["three_thirty_unknown_share"] == 0


def test_what_is_lacking_settles_all_three_whatever_is_unknown():
    found = of_hectare(park_reach=reach(east=("unknown", None)))
    assert found["three_thirty_people_share"] == 0
    assert found["three_thirty_unknown_share"] == 0


def test_what_is_unknown_leaves_all_three_open():
    both = (*NEAR_WEST, (85, 95), (85, 96), (85, 97))
    found = of_hectare(("woodland", WOOD), trees=trees(*both), park_reach=reach(east=("unknown", None)))
    assert found["three_thirty_people_share"] == pytest.approx(0.25)
    assert found["three_thirty_unknown_share"] == pytest.approx(0.75)


def test_people_are_those_who_live_in_the_area():
    found = measured(
        trees=trees(*NEAR_WEST), areas=(box(0, 0, 50, 50), box(50, 50, 100, 100), box(0, 60, 9, 70))
    )
    assert found.loc["three_trees_people_share"].tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_floor_area_is_not_people():
    found = of_hectare(trees=trees(*NEAR_WEST), buildings=HOMES.drop(columns="people"))
    assert found.isna().all()


def test_people_who_are_not_known_leave_the_shares_to_the_others():
    found = of_hectare(trees=trees(*NEAR_WEST), buildings=HOMES.assign(people=[1.0, None]))
    assert found["three_trees_people_share"] == pytest.approx(1.0)


def test_the_distance_is_a_figure_of_the_standard():
    read = green_standard()
    far = read.figures["tree_near_m"].model_copy(update={"value": 200.0})
    own = read.model_copy(update={"figures": read.figures | {"tree_near_m": far}})
    assert of_hectare(trees=trees(*NEAR_WEST), standard=own)["three_trees_people_share"] == pytest.approx(1.0)


def test_every_indicator_is_declared():
    assert set(measured().index) <= set(green_standard().indicators)


def test_the_order_of_rows_changes_nothing():
    park_reach, more = reach(east=("unreached", None)), trees(*NEAR_WEST)
    turned = of_hectare(trees=more.iloc[::-1], park_reach=park_reach.iloc[::-1], buildings=HOMES.iloc[::-1])
    assert turned.tolist() == of_hectare(trees=more, park_reach=park_reach).tolist()


def test_canopy_around_points_is_that_of_plain_overlays():
    rng = np.random.default_rng(5)
    places = shapely.points(rng.uniform(0, 400, (300, 2)))
    over = shapely.get_parts(shapely.union_all(shapely.buffer(places, rng.uniform(1, 9, 300))))
    points = np.array(shapely.points(rng.uniform(0, 400, (1100, 2))))
    discs = shapely.buffer(points, 120.0, quad_segs=256)
    expected = shapely.area(shapely.intersection(discs, shapely.union_all(over))) / (np.pi * 120**2)
    assert canopy_around(points, over, radius_m=120.0) == pytest.approx(expected, abs=2e-4)


def test_no_canopy_covers_nothing():
    assert canopy_around(
        np.array([shapely.Point(0, 0)]), np.zeros(0, dtype=object), radius_m=9.0
    ).tolist() == [0]
