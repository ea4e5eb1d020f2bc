"""Areas that add up: rooms, necks and slivers drawn on paper, and laws that hold for any shapes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from fengmao_geo.geo.necks import cut_at_necks
from fengmao_geo.geo.planar import (
    erase,
    joined_by_row,
    open_away,
    outline_segments,
    polygon_parts,
    polygons_of,
    shared_lengths,
    without_pinholes,
)

NOTHING = np.zeros(0, dtype=object)
# What is wide is grown 2 cm into each neck.
INTO_M = 0.02


def shapes(*given_shapes):
    made = np.empty(len(given_shapes), dtype=object)
    made[:] = given_shapes
    return made


def joined(*boxes):
    return shapely.union_all([shapely.box(*box) for box in boxes])


def overlap_m2(polygons):
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = one < other
    return shapely.area(shapely.intersection(polygons[one[once]], polygons[other[once]])).sum()


# --- taking polygons out


def test_polygons_are_taken_out_of_whatever_holds_them():
    square, line = shapely.box(0, 0, 2, 2), shapely.LineString([(0, 0), (1, 1)])
    twice = shapely.MultiPolygon([square, shapely.box(5, 5, 6, 6)])
    given_shapes = shapes(line, shapely.GeometryCollection([twice, line]), shapely.Polygon(), square)
    parts, row = polygon_parts(given_shapes)
    assert shapely.area(parts).tolist() == [4, 1, 4]
    assert row.tolist() == [1, 1, 3]
    assert shapely.area(polygons_of(given_shapes)).tolist() == [4, 1, 4]


def test_a_polygon_that_stands_alone_stays_the_same_object_and_keeps_its_turn():
    first, last = shapely.box(0, 0, 2, 2), shapely.box(8, 8, 9, 9)
    twice = shapely.MultiPolygon([shapely.box(3, 3, 4, 4), shapely.box(5, 5, 6, 6)])
    parts, row = polygon_parts(shapes(first, twice, None, last))
    assert row.tolist() == [0, 1, 1, 3]
    assert (parts[0] is first, parts[3] is last) == (True, True)


def test_nothing_has_no_polygons():
    assert len(polygons_of(NOTHING)) == 0
    assert [len(column) for column in polygon_parts(NOTHING)] == [0, 0]


def test_a_hole_of_a_square_centimetre_is_closed_and_one_of_a_square_metre_is_not():
    outer = shapely.box(0, 0, 10, 10)
    holed = shapely.Polygon(
        outer.exterior, [shapely.box(1, 1, 1.009, 1.009).exterior, shapely.box(5, 5, 6, 6).exterior]
    )
    assert shapely.area(without_pinholes(shapes(holed, outer))).tolist() == pytest.approx([99, 100])
    assert len(without_pinholes(NOTHING)) == 0


# --- erase


def test_holes_that_overlap_are_taken_off_once():
    # 4 m² each, 1 m² in common: 7 of 100.
    holes = shapes(shapely.box(1, 1, 3, 3), shapely.box(2, 2, 4, 4))
    assert shapely.area(erase(shapes(shapely.box(0, 0, 10, 10)), holes)).tolist() == [93]


def test_each_area_loses_what_lies_on_it():
    areas = shapes(shapely.box(0, 0, 4, 4), shapely.box(4, 0, 8, 4), shapely.box(20, 0, 21, 1))
    left = erase(areas, shapes(shapely.box(3, 0, 6, 4)))
    assert shapely.area(left).tolist() == [12, 8, 1]


def test_an_area_that_is_covered_is_left_empty():
    left = erase(shapes(shapely.box(0, 0, 1, 1)), shapes(shapely.box(-1, -1, 2, 2)))
    assert shapely.is_empty(left).all()


def test_what_is_erased_from_is_not_changed():
    areas = shapes(shapely.box(0, 0, 4, 4))
    erase(areas, shapes(shapely.box(0, 0, 1, 1)))
    assert areas[0].area == 16


def test_nothing_is_erased_from_nothing():
    assert len(erase(NOTHING, shapes(shapely.box(0, 0, 1, 1)))) == 0
    assert erase(shapes(shapely.box(0, 0, 1, 1)), NOTHING)[0].area == 1


# --- slivers


def test_a_plot_loses_its_strip_and_keeps_its_corners():
    kept, thin = open_away(shapes(joined((0, 0, 20, 20), (20, 9, 50, 11))), 3.0)
    assert kept[0].area == pytest.approx(400 + 2 * INTO_M)
    assert thin[0].area == pytest.approx(60 - 2 * INTO_M)


@pytest.mark.parametrize(("wide_m", "kept_m2"), [(2.99, 0), (3.01, 301)])
def test_what_is_as_wide_as_asked_is_kept(wide_m, kept_m2):
    kept, thin = open_away(shapes(shapely.box(0, 0, 100, wide_m)), 3.0)
    assert kept[0].area == pytest.approx(kept_m2)
    assert thin[0].area == pytest.approx(100 * wide_m - kept_m2)


def test_what_is_just_as_wide_as_asked_and_turned_raises_no_warning():
    square = shapely.Polygon([(0, 0), (0, 1), (0, 4), (3, 4), (3, 0), (1, 0)])
    turned = shapes(*(affinity.rotate(square, turn, origin=(0, 0)) for turn in range(90)))
    kept, thin = open_away(turned, 3.0)
    assert shapely.area(kept) + shapely.area(thin) == pytest.approx([12] * 90, abs=1e-6)


def test_nothing_has_no_slivers():
    assert [len(found) for found in open_away(NOTHING, 3.0)] == [0, 0]


# --- necks


def cut(shape, *radii_m, place_m2=150.0):
    places, row = cut_at_necks(shapes(shape), radii_m=radii_m, place_m2=place_m2)
    assert row.tolist() == [0] * len(places)
    assert shapely.area(places).sum() == pytest.approx(shape.area, abs=1e-6)
    assert overlap_m2(places) < 1e-6
    return sorted(shapely.area(places).tolist())


def test_a_dumb_bell_is_two_places_and_the_neck_goes_to_one():
    bell = joined((0, 0, 20, 20), (20, 8, 30, 12), (30, 0, 50, 20))
    assert cut(bell, 3.0) == pytest.approx([400 + 4 * INTO_M, 440 - 4 * INTO_M])


def test_three_rooms_in_a_row_are_three_places():
    rooms = [(start, 0, start + 20, 20) for start in (0, 30, 60)]
    necks = [(start, 8, start + 10, 12) for start in (20, 50)]
    areas = cut(joined(*rooms, *necks), 3.0)
    assert len(areas) == 3
    assert sum(areas) == pytest.approx(1280)
    assert min(areas) >= 400


def test_a_long_corridor_between_two_rooms_is_a_place_of_its_own():
    # 60 by 4 m, less 2 cm at each end.
    areas = cut(joined((0, 0, 20, 20), (20, 8, 80, 12), (80, 0, 100, 20)), 3.0)
    assert areas == pytest.approx([240 - 8 * INTO_M, 400 + 4 * INTO_M, 400 + 4 * INTO_M])


def test_a_corridor_smaller_than_a_place_goes_to_a_room():
    shape = joined((0, 0, 20, 20), (20, 8, 80, 12), (80, 0, 100, 20))
    assert cut(shape, 3.0, place_m2=241.0) == pytest.approx([400 + 4 * INTO_M, 640 - 4 * INTO_M])


def test_a_peninsula_is_not_cut_off():
    assert cut(joined((0, 0, 20, 20), (20, 8, 90, 12)), 3.0) == pytest.approx([680])


@pytest.mark.parametrize(("neck_m", "count"), [(5.9, 2), (6.1, 1)])
def test_a_neck_is_no_wider_than_twice_the_radius(neck_m, count):
    assert len(cut(joined((0, 0, 20, 20), (20, 8, 30, 8 + neck_m), (30, 0, 50, 20)), 3.0)) == count


@pytest.mark.parametrize(("room_m", "count"), [(8.9, 1), (9.1, 2)])
def test_a_neck_opens_to_one_and_a_half_times_its_width_on_both_sides(room_m, count):
    shape = joined((0, 0, 20, 20), (20, 2, 30, 6), (30, 0, 30 + room_m, room_m))
    assert len(cut(shape, 3.0, place_m2=50.0)) == count


def test_a_room_that_is_no_place_is_not_cut_off():
    assert len(cut(joined((0, 0, 20, 20), (20, 2, 30, 6), (30, 0, 40, 10)), 3.0, place_m2=150.0)) == 1


def test_wide_necks_are_cut_first_and_narrow_ones_after_in_any_order():
    # A hall and a hall with a closet each: a neck of 10 m between the halls, necks of 4 m to the closets.
    halls = [(0, 0, 40, 40), (50, 0, 90, 40)]
    closets = [(0, 50, 20, 70), (70, 50, 90, 70)]
    necks = [(40, 15, 50, 25), (8, 40, 12, 50), (78, 40, 82, 50)]
    shape = joined(*halls, *closets, *necks)
    areas = cut(shape, 3.0, 6.0)
    assert len(areas) == 4
    assert areas == pytest.approx(cut(shape, 6.0, 3.0))


def test_rooms_that_meet_across_a_yard_share_it_out():
    # Two rooms whose growth overlaps in the neck, which is shorter than the radius.
    areas = cut(joined((0, 0, 20, 20), (20, 8, 21, 12), (21, 0, 41, 20)), 3.0)
    assert areas == pytest.approx([400, 404], abs=0.1)


def test_nothing_is_cut_into_nothing():
    for given_shapes in (NOTHING, shapes(shapely.Polygon())):
        places, row = cut_at_necks(given_shapes, radii_m=(3.0,), place_m2=50.0)
        assert (len(places), len(row)) == (0, 0)


# --- outlines and rows


def columns(found):
    return [column.tolist() for column in found]


def test_neighbours_share_the_stretch_on_which_both_outlines_lie():
    # The small square lies along one of the four metres of the large one's side.
    large, small = shapes(shapely.box(0, 0, 4, 4)), shapes(shapely.box(4, 1, 5, 2))
    assert columns(shared_lengths(small, large)) == [[0], [0], [1.0]]
    assert columns(shared_lengths(large, small)) == [[0], [0], [1.0]]


def test_one_side_is_shared_with_two_neighbours():
    others = shapes(shapely.box(0, 4, 1, 6), shapely.box(1, 4, 4, 5), shapely.box(9, 9, 10, 10))
    assert columns(shared_lengths(shapes(shapely.box(0, 0, 4, 4)), others)) == [[0, 0], [0, 1], [1.0, 3.0]]


def test_outlines_that_touch_in_a_point_or_cross_share_nothing():
    square = shapes(shapely.box(0, 0, 4, 4))
    assert columns(shared_lengths(square, shapes(shapely.box(4, 4, 8, 8)))) == [[], [], []]
    assert columns(shared_lengths(square, shapes(shapely.box(2, 2, 8, 8)))) == [[], [], []]


def test_the_outline_of_a_hole_is_shared_with_what_fills_it():
    ring = shapely.difference(shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6))
    assert columns(shared_lengths(shapes(shapely.box(4, 4, 6, 6)), shapes(ring))) == [[0], [0], [8.0]]


@pytest.mark.parametrize(
    ("ours", "theirs"), [(0, 0), (0, 1), (1, 0)], ids=["none of either", "none of ours", "none of theirs"]
)
def test_nothing_shares_nothing(ours, theirs):
    square = shapes(shapely.box(0, 0, 1, 1))
    assert columns(shared_lengths(square[:ours], square[:theirs])) == [[], [], []]


def test_a_ring_is_as_many_stretches_as_it_has_corners():
    triangle = shapely.Polygon([(0, 0), (3, 0), (3, 4)])
    start, end, row = outline_segments(shapes(shapely.box(0, 0, 1, 1), triangle))
    assert row.tolist() == [0] * 4 + [1] * 3
    assert np.hypot(*(end - start)[4:].T).tolist() == [3, 4, 5]
    assert [len(column) for column in outline_segments(NOTHING)] == [0, 0, 0]


def test_shapes_are_joined_row_by_row():
    boxes = shapes(shapely.box(0, 0, 1, 1), shapely.box(0, 0, 2, 1), shapely.box(7, 7, 8, 8))
    assert shapely.area(joined_by_row(boxes, np.array([2, 2, 5]))).tolist() == [2, 1]
    assert len(joined_by_row(NOTHING, np.zeros(0, dtype=np.intp))) == 0


# --- laws


@st.composite
def yards(draw):
    """Rooms and corridors at random, some turned, joined to a few polygons."""
    side = st.integers(1, 60)
    boxes = [
        affinity.rotate(shapely.box(x, y, x + wide, y + deep), turn, origin=(x, y))
        for x, y, wide, deep, turn in draw(
            st.lists(
                st.tuples(
                    st.integers(0, 120), st.integers(0, 120), side, side, st.sampled_from([0, 0, 30, 45])
                ),
                min_size=1,
                max_size=7,
            )
        )
    ]
    return polygons_of(shapes(shapely.union_all(boxes)))


def places_of(areas):
    return cut_at_necks(areas, radii_m=(2.5, 4.0, 6.5, 10.0), place_m2=100.0)


@given(areas=yards(), holes=yards())
@settings(max_examples=60, deadline=None)
def test_what_is_erased_and_what_is_left_add_up(areas, holes):
    left = erase(areas, holes)
    taken = shapely.area(shapely.intersection(areas, shapely.union_all(holes)))
    assert shapely.area(left) + taken == pytest.approx(shapely.area(areas), abs=1e-6)
    assert shapely.area(shapely.intersection(left, shapely.union_all(holes))).sum() < 1e-6


@given(areas=yards())
@settings(max_examples=60, deadline=None)
def test_what_is_kept_and_what_is_thin_add_up(areas):
    kept, thin = open_away(areas, 3.0)
    assert shapely.area(kept) + shapely.area(thin) == pytest.approx(shapely.area(areas), abs=1e-6)
    assert shapely.area(shapely.intersection(kept, thin)).sum() < 1e-6


@given(areas=yards())
@settings(max_examples=60, deadline=None)
def test_places_add_up_to_what_they_are_cut_from_and_do_not_overlap(areas):
    places, row = places_of(areas)
    of_m2 = np.bincount(row, weights=shapely.area(places), minlength=len(areas))
    assert of_m2 == pytest.approx(shapely.area(areas), abs=1e-6)
    assert overlap_m2(places) < 1e-6
    assert set(shapely.get_type_id(places)) == {shapely.GeometryType.POLYGON}


@given(areas=yards(), east_m=st.integers(-900, 900), turn=st.integers(0, 359), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_moving_turning_and_reordering_change_no_total(areas, east_m, turn, seed):
    order = np.random.default_rng(seed).permutation(len(areas))
    other = shapes(
        *(affinity.rotate(affinity.translate(area, east_m, 7), turn, origin=(0, 0)) for area in areas[order])
    )
    ours, theirs = places_of(areas), places_of(other)
    before = np.bincount(ours[1], weights=shapely.area(ours[0]), minlength=len(areas))
    after = np.bincount(theirs[1], weights=shapely.area(theirs[0]), minlength=len(areas))
    assert after == pytest.approx(before[order], abs=1e-6)
    # Sides are whole metres, and what is just as wide as asked goes by rounding.
    kept, moved = (open_away(some, 2.9)[0] for some in (areas[order], other))
    assert shapely.area(moved) == pytest.approx(shapely.area(kept), abs=1e-6)


@given(areas=yards(), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_order_of_areas_does_not_change_how_each_is_cut(areas, seed):
    order = np.random.default_rng(seed).permutation(len(areas))
    ours, theirs = places_of(areas), places_of(areas[order])
    for at, before in enumerate(order):
        mine, other = (
            np.sort(shapely.area(found[0][found[1] == row])) for found, row in ((ours, before), (theirs, at))
        )
        assert other == pytest.approx(mine, abs=1e-6)
