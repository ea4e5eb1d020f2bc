"""Places cut from ground drawn on paper: what is cut, and what goes back to the place beside it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from space_towns import NOTHING, with_figure

from fengmao_geo.spaces.places import cut_into_places
from fengmao_geo.standards.spaces import space_kinds

KINDS = space_kinds()
DEPTH_M = KINDS.figure("street_depth_m")
# Long enough that its largest circle takes less than a fifth of it, so that it is cut along streets.
FIELD = shapely.box(0, 0, 600, 60)
SOUTH = np.array([shapely.box(-50, -6, 650, 0)])


def row_of_houses():
    """Draw six houses of 40 by 20 m, 60 m apart, whose fronts stand 1 m within the strip along the street."""
    west = np.arange(0, 600, 100)
    return shapely.union_all(shapely.box(west, DEPTH_M - 1, west + 40, DEPTH_M + 19))


BEHIND = shapely.difference(shapely.box(0, 0, 600, 100), row_of_houses())


def cut(*grounds, kinds=KINDS, **layers):
    """Cut ground, areas by the piece that each place is cut from."""
    given_layers = {"water": NOTHING, "streets": NOTHING, "corners": NOTHING} | layers
    pieces = np.array([*grounds, None], dtype=object)[:-1]
    places, row = cut_into_places(
        pieces, can_be_cut=np.ones(len(pieces), dtype=bool), kinds=kinds, **given_layers
    )
    for at, piece in enumerate(pieces):
        assert shapely.area(places[row == at]).sum() == pytest.approx(piece.area, abs=1e-5)
    return places


def test_a_strip_in_front_of_houses_is_a_place_of_its_own():
    strip_m2 = 600 * DEPTH_M - 6 * 40 * 1
    areas = sorted(shapely.area(cut(BEHIND, streets=SOUTH)))
    assert areas == pytest.approx([strip_m2, BEHIND.area - strip_m2])


def test_a_strip_with_nothing_behind_it_is_part_of_the_field():
    assert len(cut(FIELD, streets=SOUTH)) == 1


@pytest.mark.parametrize(("share", "count"), [(0.47, 1), (0.5, 2)])
def test_a_strip_joins_the_field_when_it_borders_on_it_with_the_share_that_is_set(share, count):
    # It borders on the field with 600 of 1 230 m of outline: 0.488.
    assert len(cut(FIELD, streets=SOUTH, kinds=with_figure("open_share", share))) == count


def test_a_bank_in_the_open_is_a_place_and_one_no_wider_than_a_passage_is_not():
    water = np.array([shapely.box(0, -20, 600, 0)])
    assert len(cut(FIELD, water=water)) == 2
    assert len(cut(FIELD, water=water, kinds=with_figure("bank_depth_m", 5.0))) == 1


@pytest.mark.parametrize(("arm_m", "count"), [(5, 1), (12, 2)])
def test_a_corner_that_wraps_around_a_house_is_no_place_and_a_wide_one_is(arm_m, count):
    # The house leaves an L of arms of 5 or 12 m; it takes 195 of a hull of 340 m², or 384 of 434.
    house = shapely.box(arm_m, arm_m, 30, 30)
    corners = np.array([shapely.box(0, 0, 22, 22)])
    assert len(cut(shapely.difference(FIELD, house), corners=corners)) == count


@pytest.mark.parametrize(("share", "count"), [(0.4, 2), (0.45, 3)])
def test_a_small_gap_between_two_grounds_goes_to_one_of_them(share, count):
    # Two yards with a gap of 16 by 12 m between them: 24 of its 56 m of outline are cuts, 0.43.
    yards = shapely.union_all(
        [shapely.box(0, 0, 40, 40), shapely.box(40, 14, 56, 26), shapely.box(56, 0, 96, 40)]
    )
    assert len(cut(yards, kinds=with_figure("gap_share", share))) == count


def test_cuts_along_bent_streets_are_straight():
    # A street that bends by 90 degrees, its bend drawn round: the strip's inner corner is a point.
    street = shapely.LineString([(-50, -3), (603, -3), (603, 200)]).buffer(3)
    ground = shapely.difference(shapely.box(0, 0, 600, 100), shapely.box(60, DEPTH_M, 560, 60))
    places = cut(ground, streets=np.array([street]), kinds=with_figure("open_share", 0.9))
    strip = places[shapely.intersects(places, shapely.Point(300, 5))][0]
    assert shapely.get_num_coordinates(strip) <= 12


def test_no_ground_gives_no_places():
    assert len(cut()) == 0


@given(turn=st.integers(0, 359), east_m=st.integers(-500, 500))
@settings(max_examples=8, deadline=None)
def test_moving_and_turning_change_no_place(turn, east_m):
    def placed(shape):
        return affinity.rotate(affinity.translate(shape, east_m, 7), turn, origin=(0, 0))

    there = cut(placed(BEHIND), streets=np.array([placed(SOUTH[0])]))
    here = cut(BEHIND, streets=SOUTH)
    assert sorted(shapely.area(there)) == pytest.approx(sorted(shapely.area(here)), abs=1e-6)


def test_the_order_of_pieces_changes_no_place():
    other = affinity.translate(shapely.box(0, 0, 300, 70), 0, 500)
    one, two = (
        sorted(shapely.area(cut(*pieces, streets=SOUTH))) for pieces in ((FIELD, other), (other, FIELD))
    )
    assert one == pytest.approx(two, abs=1e-6)
