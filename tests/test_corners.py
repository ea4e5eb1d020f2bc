"""Ground at corners: streets drawn on paper."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from space_towns import layer, town_of
from town_layers import EAST, NORTH, line

from fengmao_geo.spaces.corners import corner_grounds
from fengmao_geo.standards.spaces import space_kinds

KINDS = space_kinds()
RADIUS_M = KINDS.figure("corner_radius_m")
ACROSS = [(-90, 0), (0, 0), (90, 0)]


def grounds(*lines, width_m=12.0):
    streets = layer(*(line(*places) for places in lines), width_m=[width_m] * len(lines))
    found = corner_grounds(town_of(streets=streets), kinds=KINDS)
    return shapely.transform(found, lambda xy: xy - [EAST, NORTH])


def slanting(degrees, far_m=90.0):
    """Draw a street that crosses the one across at an angle."""
    x, y = far_m * np.cos(np.radians(degrees)), far_m * np.sin(np.radians(degrees))
    return [(-x, -y), (0, 0), (x, y)]


def test_a_crossing_has_four_square_corners():
    found = grounds(ACROSS, [(0, -90), (0, 0), (0, 90)])
    assert shapely.area(found).tolist() == pytest.approx([RADIUS_M**2] * 4)
    assert shapely.union_all(found).bounds == pytest.approx((-RADIUS_M, -RADIUS_M, RADIUS_M, RADIUS_M))


def test_a_street_that_goes_straight_on_has_no_corner_on_its_far_side():
    found = grounds(ACROSS, [(0, 0), (0, 90)])
    assert len(found) == 2
    assert shapely.union_all(found).bounds == pytest.approx((-RADIUS_M, 0, RADIUS_M, RADIUS_M))


def test_a_slanting_corner_is_cut_square_across_both_streets():
    # A kite of two right-angled triangles of legs r and r tan 30°.
    sharp = min(grounds(ACROSS, slanting(60)), key=shapely.area)
    assert shapely.area(sharp) == pytest.approx(RADIUS_M**2 * np.tan(np.radians(30)))


def test_a_wide_corner_reaches_no_farther_than_one_point_six_times_its_distance():
    wide = max(grounds(ACROSS, slanting(60)), key=shapely.area)
    assert shapely.hausdorff_distance(wide, shapely.Point(0, 0)) == pytest.approx(1.6 * RADIUS_M)


@pytest.mark.parametrize(("degrees", "count"), [(29, 0), (31, 4)])
def test_streets_that_nearly_go_straight_on_have_no_corners(degrees, count):
    assert len(grounds(ACROSS, slanting(degrees))) == count


@pytest.mark.parametrize(
    "lines", [[ACROSS], [[(-90, 0), (0, 0)], [(0, 0), (0, 90)]]], ids=["straight", "bend"]
)
def test_where_no_streets_meet_there_is_no_corner(lines):
    assert len(grounds(*lines)) == 0


def test_lanes_make_no_corners():
    narrow_m = KINDS.figure("street_width_m") - 0.1
    assert len(grounds(ACROSS, [(0, -90), (0, 0), (0, 90)], width_m=narrow_m)) == 0
