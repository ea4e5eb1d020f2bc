"""Areas cut across gaps: courts round slabs, worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from fengmao_geo.geo.gaps import cut_at_gaps

# Two courts of 80 by 25 m, and a slab between them that leaves a gap of 15 m.
COURT = shapely.box(0, 0, 80, 60)
SLAB = shapely.box(15, 25, 80, 35)
COURTS = shapely.difference(COURT, SLAB)
RULE = {"least_m2": 200.0, "gap_share": 0.25, "gain_ratio": 1.0}


def areas_of(*areas, **figures):
    parts, _ = cut_at_gaps(np.array([*areas, None], dtype=object)[:-1], **RULE | figures)
    return sorted(shapely.area(parts).round(6).tolist())


def test_two_courts_round_a_slab_are_parted():
    # 80 x 25, and as much with the gap of 15 x 10.
    assert areas_of(COURTS) == [2000, 2150]


def test_a_gap_is_too_wide_when_its_square_is_more_than_the_share_of_a_side():
    # 15 x 15 is 0.1125 of 2000 m2.
    assert areas_of(COURTS, gap_share=0.113) == [2000, 2150]
    assert areas_of(COURTS, gap_share=0.112) == [4150]


def test_a_cut_is_not_worth_it_when_hulls_shrink_by_less_than_the_ratio():
    # The hulls of the sides are 2000 and 2150 + 65 x 10 / 2 = 2475 m2: 325 less than 4800, 1.44 squares of 15 m.
    assert areas_of(COURTS, gain_ratio=1.44) == [2000, 2150]
    assert areas_of(COURTS, gain_ratio=1.45) == [4150]


def test_a_side_that_is_too_small_is_not_cut_off():
    assert areas_of(COURTS, least_m2=2000.0) == [2000, 2150]
    assert areas_of(COURTS, least_m2=2001.0) == [4150]


def test_what_has_no_corner_that_juts_in_stays_whole():
    assert areas_of(shapely.box(0, 0, 400, 10)) == [4000]


def test_cuts_go_on_until_none_is_worth_it():
    comb = shapely.difference(COURT, shapely.union_all([shapely.box(10, y, 80, y + 9) for y in (10, 29, 48)]))
    assert len(areas_of(comb)) == 4


def test_no_cut_runs_through_a_building():
    # A shed of 4 by 14 m stands in the gap, where the shortest cuts would run.
    shed = shapely.box(5, 23, 9, 37)
    parts, _ = cut_at_gaps(np.array([shapely.difference(COURTS, shed)]), **RULE)
    assert not shapely.intersects(shed.buffer(-0.01), shapely.union_all(shapely.boundary(parts)))


def test_small_holes_stay_holes():
    shed = shapely.box(40, 10, 44, 14)
    assert areas_of(shapely.difference(COURTS, shed)) == [2000 - 16, 2150]


def test_a_cut_may_start_from_a_large_hole_and_goes_on_beyond_it():
    # A house of 18 by 20 m stands in the passage of an hourglass, 4 m from either side.
    glass = shapely.union_all(
        [shapely.box(0, 0, 60, 60), shapely.box(60, 16, 90, 44), shapely.box(90, 0, 150, 60)]
    )
    house = shapely.box(66, 20, 84, 40)
    parts, _ = cut_at_gaps(np.array([shapely.difference(glass, house)]), **RULE)
    assert len(parts) == 2
    assert shapely.area(parts).sum() == pytest.approx(glass.area - house.area, abs=1e-6)
    assert shapely.get_num_interior_rings(parts).sum() == 0


def test_each_part_names_the_area_it_is_cut_from():
    far = affinity.translate(COURTS, 500, 0)
    parts, row = cut_at_gaps(np.array([COURT, far, COURTS]), **RULE)
    assert row.tolist() == [0, 1, 1, 2, 2]
    assert shapely.bounds(parts[row == 1])[:, 0].min() == 500


def test_nothing_is_cut_into_nothing():
    parts, row = cut_at_gaps(np.zeros(0, dtype=object), **RULE)
    assert len(parts) == len(row) == 0


@settings(deadline=None, max_examples=40)
@given(
    slabs=st.lists(
        st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(3, 60), st.integers(3, 30)), max_size=8
    ),
    angle=st.integers(0, 89),
)
def test_parts_add_up_and_do_not_overlap(slabs, angle):
    houses = shapely.union_all([shapely.box(x, y, x + w, y + h) for x, y, w, h in slabs])
    ground = affinity.rotate(shapely.difference(shapely.box(0, 0, 100, 100), houses), angle)
    areas = np.array([part for part in shapely.get_parts(ground) if part.area > 1], dtype=object)
    parts, row = cut_at_gaps(areas, **RULE)
    assert shapely.is_valid(parts).all()
    np.testing.assert_allclose(
        np.bincount(row, weights=shapely.area(parts), minlength=len(areas)), shapely.area(areas), atol=1e-6
    )
    left, right = shapely.STRtree(parts).query(parts)
    both = shapely.intersection(parts[left[left < right]], parts[right[left < right]])
    assert shapely.area(both).sum() < 1e-6
