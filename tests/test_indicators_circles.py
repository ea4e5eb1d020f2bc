"""Indicators of life circles, against three homes worked out on paper (see `indicator_towns.MINUTES`)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from indicator_towns import circles_of, missing_of, results_of, value_of

from fengmao_geo.blocks.case import NOT_THERE

NAN = np.nan


@pytest.fixture(scope="module")
def results():
    nearer = circles_of(walks={"health_station": (2.0, 4.0, 4.0)})
    return results_of(circles=circles_of(), planned=nearer)


# h1 has 10 people, of whom 2 walk 6 minutes to the kindergarten; h2's 30 walk 8 minutes to the health station;
# of h3's 60 the 12 elderly have no care.
# Within 15 minutes h1's 2 newcomers lack their service, h2 has no infants to lack the nursery, h3 has no park.
CASES = [
    ("full_set_5_min_share", 8 / 40, 48 / 60, 56 / 100),
    ("full_set_15_min_share", 38 / 40, 0.0, 38 / 100),
    # Health 10/40, care 10/10, nursery 1/1, kindergarten 1/3; in the east care alone is lacking.
    ("types_5_min_share", (0.25 + 1 + 1 + 1 / 3) / 4, 3 / 4, (0.7 + 10 / 22 + 1 + 4 / 6) / 4),
    # All but the service of h1's newcomers: 10 of 12; in the east care, park and school are lacking.
    ("types_15_min_share", (6 + 10 / 12) / 7, 4 / 7, (1 + 10 / 22 + 1 + 1 + 0.4 + 5 / 11 + 15 / 17) / 7),
    # One type is asked of everybody within 5 minutes, two within 15.
    ("reached_types_5_min_count", 10 / 40, 1.0, 70 / 100),
    ("reached_types_15_min_count", 2.0, 1.0, 140 / 100),
    ("elderly_5_min_share", 4 / 10, 0.0, 4 / 22),
    ("elderly_15_min_share", 1.0, 0.0, 10 / 22),
    # h1's infant and schoolchild of nine children; within 5 minutes no school is asked.
    ("children_5_min_share", 2 / 9, 1.0, 14 / 21),
    ("children_15_min_share", 1.0, 0.0, 9 / 21),
    ("newcomers_15_min_share", 10 / 12, 0.0, 10 / 17),
    ("worst_type_5_min_people", 30.0, 0.0, 30.0),
    ("worst_type_15_min_people", 0.0, 60.0, 60.0),
]
NAMES = [name for name, *_ in CASES]


@pytest.mark.parametrize(("name", "west", "east", "town"), CASES)
def test_circles_are_measured_as_on_paper(results, name, west, east, town):
    found = [value_of(results, name, area) for area in ("west", "east", "town")]
    assert found == pytest.approx([west, east, town])


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("worst")])
def test_where_nobody_lives_there_is_no_share(results, name):
    assert value_of(results, name, "empty") == NOT_THERE


@pytest.mark.parametrize("name", ["worst_type_5_min_people", "worst_type_15_min_people"])
def test_where_nobody_lives_nobody_lacks_anything(results, name):
    assert value_of(results, name, "empty") == 0.0


# With the health station 4 minutes from h2 only h1's 2 small children lack something.
@pytest.mark.parametrize(
    ("name", "west"),
    [
        ("full_set_5_min_share", 38 / 40),
        ("types_5_min_share", (1 + 1 + 1 + 1 / 3) / 4),
        ("reached_types_5_min_count", 1.0),
        ("elderly_5_min_share", 1.0),
        # h1's 2 of kindergarten age alone are left.
        ("children_5_min_share", 7 / 9),
        ("worst_type_5_min_people", 0.0),
        ("full_set_15_min_share", 38 / 40),
    ],
)
def test_the_planned_state_is_that_of_the_planned_circles(results, name, west):
    assert value_of(results, name, "west", "planned") == pytest.approx(west)


@pytest.mark.parametrize("name", NAMES)
def test_without_life_circles_all_is_unknown(name):
    assert math.isnan(value_of(results_of(), name, "west"))


def test_without_planned_circles_the_planned_state_is_unknown_and_not_that_of_now():
    results = results_of(circles=circles_of())
    assert math.isnan(value_of(results, "full_set_5_min_share", "west", "planned"))


def test_before_renewal_no_circles_are_measured():
    results = results_of(circles=circles_of())
    assert math.isnan(value_of(results, "full_set_5_min_share", "west", "before"))


def test_a_circle_of_other_minutes_is_not_taken_for_one_of_five():
    results = results_of(circles=circles_of(minutes=(10.0, 15.0)))
    assert missing_of(results, "full_set_5_min_share", "west") == "circles"
    assert value_of(results, "full_set_15_min_share", "west") == pytest.approx(38 / 40)


def test_a_type_that_was_not_surveyed_leaves_the_full_set_unknown():
    results = results_of(circles=circles_of(doubt=("health_station",), walks={"health_station": (NAN,) * 3}))
    assert math.isnan(value_of(results, "full_set_5_min_share", "east"))
    assert missing_of(results, "full_set_5_min_share", "east") == "facilities, buildings.people"


def test_a_type_that_was_not_surveyed_leaves_the_mean_of_four_types_unknown():
    results = results_of(circles=circles_of(doubt=("nursery",), walks={"nursery": (NAN,) * 3}))
    assert math.isnan(value_of(results, "types_5_min_share", "east"))


def test_a_type_that_was_not_surveyed_leaves_the_worst_type_unknown():
    results = results_of(circles=circles_of(doubt=("park",), walks={"park": (NAN,) * 3}))
    assert math.isnan(value_of(results, "worst_type_15_min_people", "east"))
    assert value_of(results, "worst_type_5_min_people", "east") == 0.0


def test_a_type_that_was_not_surveyed_leaves_the_number_of_types_unknown():
    results = results_of(circles=circles_of(doubt=("park",), walks={"park": (NAN,) * 3}))
    assert math.isnan(value_of(results, "reached_types_15_min_count", "town"))


def test_few_people_in_doubt_count_as_not_reached():
    # The 6 of h2 are in doubt, of 96 in the west: below a tenth.
    people = {"people": (90.0, 6.0, 60.0), "preschool_people": (0.0, 0.0, 3.0)}
    walks = {"health_station": (2.0, NAN, 4.0)}
    results = results_of(circles=circles_of(doubt=("health_station",), people=people, walks=walks))
    assert value_of(results, "full_set_5_min_share", "west") == pytest.approx(90 / 96)
    assert value_of(results, "worst_type_5_min_people", "west") == 0.0


def test_an_age_that_was_not_counted_leaves_the_children_unknown():
    people = {"infant_people": (np.nan, np.nan, 3.0)}
    results = results_of(circles=circles_of(people=people))
    assert math.isnan(value_of(results, "children_5_min_share", "west"))
    assert missing_of(results, "children_5_min_share", "west") == "buildings.infant_people"
    assert value_of(results, "children_5_min_share", "east") == 1.0


def test_elderly_that_nobody_counted_anywhere_are_named_as_what_is_missing():
    results = results_of(circles=circles_of(people={"elderly_people": (np.nan,) * 3}))
    assert missing_of(results, "elderly_5_min_share", "town") == "buildings.elderly_people"


def test_people_who_were_not_counted_in_one_block_are_unknown_in_that_alone():
    results = results_of(circles=circles_of(people={"people": (np.nan, np.nan, 60.0)}))
    assert missing_of(results, "full_set_5_min_share", "west") == "buildings.people"
    assert value_of(results, "full_set_5_min_share", "east") == pytest.approx(0.8)


def test_a_group_that_nobody_is_of_has_no_share():
    results = results_of(circles=circles_of(people={"newcomer_people": (0.0, 0.0, 5.0)}))
    assert value_of(results, "newcomers_15_min_share", "west") == NOT_THERE


def test_types_for_a_group_that_nobody_is_of_are_left_out_of_the_mean():
    results = results_of(circles=circles_of(people={"infant_people": (0.0, 0.0, 3.0)}))
    # Health 10/40, care 1, kindergarten 1/3.
    assert value_of(results, "types_5_min_share", "west") == pytest.approx((0.25 + 1 + 1 / 3) / 3)


def test_shares_hold_for_what_stands_for_people_and_counts_do_not():
    results = results_of(circles=circles_of(basis="floor_area"))
    assert value_of(results, "full_set_5_min_share", "west") == pytest.approx(0.2)
    assert missing_of(results, "worst_type_5_min_people", "west") == "buildings.people"
