"""Widths, compactness, largest circles, and whether a court fits: figures on paper, laws, a grid as an oracle."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from fengmao_geo.geo.shape import compactness, fits_rectangle, inscribed_circles, mean_width

NOTHING = np.zeros(0, dtype=object)
FAR = (572_344.0, 3_403_135.0)


def array(*polygons):
    made = np.empty(len(polygons), dtype=object)
    made[:] = polygons
    return made


def fits(polygon, length_m, width_m):
    return bool(fits_rectangle(array(polygon), length_m, width_m)[0])


def turned(polygon, degrees, at=(0.0, 0.0)):
    return affinity.translate(affinity.rotate(polygon, degrees, origin=(0, 0)), *at)


def test_a_strip_of_60_by_3_is_2_86_wide_on_average():
    # 2 · 180 / 126
    assert mean_width(array(shapely.box(0, 0, 60, 3)))[0] == pytest.approx(360 / 126)


def test_a_hole_makes_ground_narrower():
    # 10 × 10 less 2 × 2: 2 · 96 / 48
    ring = shapely.box(0, 0, 10, 10) - shapely.box(4, 4, 6, 6)
    assert mean_width(array(ring))[0] == pytest.approx(4.0)


def test_a_square_has_compactness_a_quarter_of_pi():
    assert compactness(array(shapely.box(0, 0, 7, 7)))[0] == pytest.approx(np.pi / 4)


def test_a_circle_is_as_compact_as_can_be():
    assert 0.999 < compactness(array(shapely.Point(0, 0).buffer(9, quad_segs=64)))[0] <= 1


def test_what_has_no_area_has_no_measures():
    empty = array(shapely.Polygon(), None)
    assert mean_width(empty).tolist() == compactness(empty).tolist() == [0.0, 0.0]
    centre, radius_m = inscribed_circles(empty)
    assert radius_m.tolist() == [0.0, 0.0]
    assert np.isnan(centre).all()
    assert not fits_rectangle(empty, 2.0, 1.0).any()


def test_of_no_polygons_there_are_no_measures():
    assert mean_width(NOTHING).shape == compactness(NOTHING).shape == (0,)
    assert inscribed_circles(NOTHING)[0].shape == (0, 2)
    assert fits_rectangle(NOTHING, 2.0, 1.0).shape == (0,)


def test_the_largest_circle_in_a_right_triangle_of_3_4_5_has_radius_1():
    centre, radius_m = inscribed_circles(array(shapely.Polygon([(0, 0), (4, 0), (0, 3)])))
    assert radius_m[0] == pytest.approx(1.0, abs=0.01)
    assert centre[0] == pytest.approx([1.0, 1.0], abs=0.15)


def test_the_largest_circle_lies_inside():
    shape = shapely.box(0, 0, 30, 20) - shapely.box(12, 8, 16, 12)
    centre, radius_m = inscribed_circles(array(shape))
    assert shapely.Point(centre[0]).distance(shape.boundary) == pytest.approx(radius_m[0])


def test_a_court_fits_on_a_diagonal_plot_and_only_turned():
    # A plot of 20 × 33 m turned by 45 degrees has a box of 37.5 m each way; upright, the court does not go in.
    plot = turned(shapely.box(0, 0, 33, 20), 45)
    assert fits(plot, 32, 19)
    xs, ys = np.meshgrid(np.arange(-20, 30, 0.25), np.arange(-10, 45, 0.25))
    for a, b in ((16, 9.5), (9.5, 16)):
        upright = shapely.box(xs - a, ys - b, xs + a, ys + b)
        assert not shapely.covers(plot, upright).any()


@pytest.mark.parametrize("degrees", [0, 10, 33.3, 45, 90, 161.7])
def test_a_court_fits_a_plot_of_its_own_size(degrees):
    assert fits(turned(shapely.box(0, 0, 32, 19), degrees, FAR), 32, 19)


@pytest.mark.parametrize("sides", [(31.99, 19), (32, 18.99), (60, 18.99), (31.99, 19.01)])
def test_a_court_does_not_fit_a_plot_that_is_a_centimetre_short(sides):
    assert not fits(turned(shapely.box(0, 0, *sides), 20, FAR), 32, 19)


def test_the_sides_may_be_given_in_either_order():
    assert fits(shapely.box(0, 0, 19, 32), 19, 32)
    assert fits(shapely.box(0, 0, 19, 32), 32, 19)


def test_a_rectangle_longer_than_the_plot_fits_aslant():
    # A strip of 14 × 0.2 m in a square of 10 m: along the diagonal, 14.14 m less 0.2 m for the two corners.
    # No edge of the square points that way; 13.94 m is the most, at every angle the square is turned by.
    for degrees in (0, 12.3, 45, 71):
        square = turned(shapely.box(0, 0, 10, 10), degrees)
        assert fits(square, 13.93, 0.2)
        assert not fits(square, 13.95, 0.2)


def test_a_hole_in_the_middle_leaves_room_beside_it():
    plot = shapely.box(0, 0, 40, 30)
    assert fits(plot - shapely.box(18, 20, 22, 24), 32, 19)  # 20 m below it
    assert not fits(plot - shapely.box(18, 13, 22, 17), 32, 19)  # 13 m on either side, 18 at the ends


def test_an_l_takes_what_its_arm_takes():
    ell = shapely.box(0, 0, 30, 10) | shapely.box(0, 0, 10, 30)
    assert fits(ell, 30, 10)
    assert not fits(ell, 30.1, 10)
    assert fits(turned(ell, 77, FAR), 30, 10)
    # Across the inner corner: a square at 45 degrees would need 10·√2 of depth; one of 11 m goes into no arm.
    assert not fits(ell, 11, 11)


def test_parts_do_not_add_up():
    halves = shapely.MultiPolygon([shapely.box(0, 0, 15, 19), shapely.box(17, 0, 32, 19)])
    assert not fits(halves, 32, 19)
    assert fits(halves, 19, 15)


def test_rows_do_not_mix():
    plots = array(
        shapely.box(0, 0, 9, 9), shapely.box(0, 0, 32, 19), shapely.Polygon(), shapely.box(5, 5, 45, 30)
    )
    assert fits_rectangle(plots, 32, 19).tolist() == [False, True, False, True]
    many = np.tile(plots, 100)
    assert fits_rectangle(many, 32, 19).tolist() == [False, True, False, True] * 100


def test_the_polygons_are_left_as_they_were():
    plots = array(shapely.box(0, 0, 33, 20))
    before = plots[0].wkb
    fits_rectangle(plots, 32, 19)
    assert plots[0].wkb == before


SIDES = st.floats(2, 60)
ANGLES = st.floats(0, 360)


@given(SIDES, SIDES, ANGLES, st.floats(-1e4, 1e4))
@settings(deadline=None, max_examples=60)
def test_a_rectangle_grown_by_one_percent_takes_it_however_turned(length_m, width_m, degrees, shift_m):
    plot = turned(shapely.box(0, 0, 1.01 * length_m, 1.01 * width_m), degrees, (FAR[0] + shift_m, FAR[1]))
    assert fits(plot, length_m, width_m)


@given(SIDES, SIDES, ANGLES)
@settings(deadline=None, max_examples=60)
def test_a_rectangle_shrunk_by_one_percent_does_not_take_it(length_m, width_m, degrees):
    assert not fits(turned(shapely.box(0, 0, 0.99 * length_m, 0.99 * width_m), degrees), length_m, width_m)


def blob(seed, corners=9, size_m=20.0):
    """A star-shaped polygon."""
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, corners))
    out_m = size_m * random.uniform(0.5, 1.2, corners)
    return shapely.Polygon(np.stack([out_m * np.cos(angle), out_m * np.sin(angle)], axis=1)).buffer(0)


@given(st.integers(0, 10_000), ANGLES)
@settings(deadline=None, max_examples=25)
def test_turning_and_moving_the_plot_changes_nothing(seed, degrees):
    plot = blob(seed)
    assert fits(plot, 18, 10) == fits(turned(plot, degrees, FAR), 18, 10)


def by_grid(plot, length_m, width_m, step_m=0.5, step_degrees=3.0):
    """Try every place of a grid at every angle of a fan: what it finds fits; it may miss a tight place."""
    x0, y0, x1, y1 = plot.bounds
    xs, ys = (axis.ravel() for axis in np.meshgrid(np.arange(x0, x1, step_m), np.arange(y0, y1, step_m)))
    shapely.prepare(plot)
    base = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (length_m / 2, width_m / 2)
    for angle in np.deg2rad(np.arange(0, 180, step_degrees)):
        turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        placed = np.stack([xs, ys], axis=1)[:, None] + base @ turn
        if shapely.covers(plot, shapely.polygons(placed)).any():
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_what_a_grid_finds_is_found_and_what_is_far_too_large_is_not(seed):
    plot = blob(seed, corners=7, size_m=12.0)
    for sides in ((12, 5), (9, 5), (8, 8)):
        if by_grid(plot, *sides):
            assert fits(plot, *sides)
        # A rectangle with a quarter of a metre and 1.5 degrees to spare is on the grid.
        larger = np.add(sides, 0.25 * np.sqrt(2) * 2 + max(sides) * np.sin(np.deg2rad(1.5)))
        if fits(plot, *larger):
            assert by_grid(plot, *sides)


@given(st.integers(0, 10_000), st.floats(0.5, 0.99))
@settings(deadline=None, max_examples=25)
def test_what_takes_a_court_takes_a_smaller_one(seed, share):
    plot = blob(seed)
    assert fits(plot, 18 * share, 10 * share) or not fits(plot, 18, 10)


@pytest.mark.parametrize(("radius_m", "is_enough"), [(18.5, False), (18.66, True)])
def test_a_round_plot_takes_a_court_when_its_diagonal_goes_in(radius_m, is_enough):
    # Half the diagonal of 32 × 19 m is 18.61 m.
    assert fits(shapely.Point(FAR).buffer(radius_m, quad_segs=64), 32, 19) == is_enough
