"""Remnants given to their neighbours: rooms on paper."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from fengmao_geo.geo.planar import joined_by_row
from fengmao_geo.geo.remnants import given_to_neighbours, open_shares

# A closet that borders on the room with 4 m of its 12 m and on the hall with 1 m.
ROOM, CLOSET, HALL = shapely.box(0, 0, 9, 9), shapely.box(9, 0, 11, 4), shapely.box(11, 3, 30, 9)
ROOMS = np.array([ROOM, CLOSET, HALL])
CLOSET_ONLY = np.array([False, True, False])
ONE_HOUSE = np.zeros(3, dtype=int)


def areas_of(of=ONE_HOUSE, is_given=CLOSET_ONLY, **options):
    parts, came = given_to_neighbours(ROOMS, of, is_given, **options)
    return dict(zip(came.tolist(), shapely.area(parts).tolist(), strict=True))


def test_a_closet_goes_to_the_room_it_shares_most_of_its_walls_with():
    assert areas_of() == {0: 81 + 8, 2: 114}


def test_a_closet_never_goes_to_another_house():
    assert areas_of(of=np.array([0, 1, 1])) == {0: 81, 2: 114 + 8}
    assert areas_of(of=np.array([0, 1, 2])) == {0: 81, 1: 8, 2: 114}


def test_only_what_may_take_takes():
    assert areas_of(is_taking=np.array([False, False, True])) == {0: 81, 2: 114 + 8}


@pytest.mark.parametrize(("least_share", "stays"), [(4 / 12 - 0.001, False), (4 / 12 + 0.001, True)])
def test_what_shares_less_of_its_walls_stays_on_its_own(least_share, stays):
    assert (1 in areas_of(least_share=least_share)) == stays


def test_what_has_no_neighbour_stays():
    alone = np.array([ROOM, shapely.box(20, 20, 21, 21)])
    parts, came = given_to_neighbours(alone, np.zeros(2), np.array([False, True]))
    assert (shapely.area(parts).tolist(), came.tolist()) == ([81, 1], [0, 1])


def test_nothing_is_given_where_nothing_is():
    parts, came = given_to_neighbours(ROOMS[:0], ONE_HOUSE[:0], CLOSET_ONLY[:0])
    assert (len(parts), len(came)) == (0, 0)


def test_the_open_share_counts_what_lies_on_other_parts_of_the_same_house():
    # The closet's outline of 12 m lies on the room with 4 m and on the hall with 1 m.
    assert open_shares(ROOMS, ONE_HOUSE, np.array([1])).tolist() == pytest.approx([5 / 12])
    assert open_shares(ROOMS, np.array([0, 0, 1]), np.array([1])).tolist() == pytest.approx([4 / 12])
    assert open_shares(ROOMS, np.arange(3), np.array([1, 0])).tolist() == [0, 0]


# The lower shape ends a ten-millionth of a millimetre short of the slanting edge of the upper one.
UPPER = shapely.Polygon([(0, 0), (3, 1), (3, 5), (0, 5)])
LOWER = shapely.Polygon([(1, 1 / 3 - 1e-10), (1, -1), (2, -1), (2, 2 / 3 - 1e-10)])


def test_outlines_that_rounding_has_parted_join_again():
    shapes, row = np.array([UPPER, LOWER]), np.array([0, 0])
    assert shapely.get_num_geometries(joined_by_row(shapes, row))[0] == 2
    joined = joined_by_row(shapes, row, grid_m=1e-8)
    assert shapely.get_num_geometries(joined)[0] == 1
    assert shapely.area(joined)[0] == pytest.approx(UPPER.area + LOWER.area, abs=1e-7)


def test_a_remnant_that_rounding_has_parted_is_given_all_the_same():
    parts, _ = given_to_neighbours(np.array([UPPER, LOWER]), np.zeros(2), np.array([False, True]))
    assert len(parts) == 1
