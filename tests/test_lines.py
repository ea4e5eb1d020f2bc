"""Lines as arrays: positions, pieces, grid cuts, inserted points."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from fengmao_geo.geo.lines import (
    cut_lines,
    grid_cuts,
    insert_points,
    pulled_in,
    ranges,
    segments,
    vertex_positions,
)

LAWS = settings(max_examples=60, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
BEND = shapely.LineString([(0, 0), (3, 4), (3, 10)])
ACROSS = shapely.LineString([(-5, 1), (25, 1)])
NOTHING = np.zeros(0, dtype=object)

whole = st.integers(-50, 50)
lines_of_points = st.lists(st.tuples(whole, whole), min_size=2, max_size=6, unique=True).map(
    shapely.LineString
)


def array(*lines):
    return np.array(lines, dtype=object)


def test_each_line_is_measured_from_its_own_start():
    _, line, at_m = vertex_positions(array(BEND, ACROSS))
    assert line.tolist() == [0, 0, 0, 1, 1]
    assert at_m.tolist() == [0, 5, 11, 0, 30]


def test_no_lines_have_no_vertices():
    assert [len(column) for column in vertex_positions(NOTHING)] == [0, 0, 0]


def test_a_piece_keeps_the_vertices_within_it():
    assert cut_lines(array(BEND), np.array([2.5]), np.array([8.0]))[0].wkt == "LINESTRING (1.5 2, 3 4, 3 7)"


def test_a_piece_that_ends_at_a_vertex_has_it_once():
    assert cut_lines(array(BEND), np.array([0.0]), np.array([5.0]))[0].wkt == "LINESTRING (0 0, 3 4)"


def test_a_piece_of_no_length_has_its_point_twice():
    assert cut_lines(array(BEND), np.array([5.0]), np.array([5.0]))[0].wkt == "LINESTRING (3 4, 3 4)"


def test_one_line_may_be_cut_twice():
    cut = cut_lines(array(BEND, BEND), np.array([0.0, 5.0]), np.array([5.0, 11.0]))
    assert [piece.length for piece in cut] == [5, 6]


def test_no_lines_have_no_pieces():
    assert len(cut_lines(NOTHING, np.zeros(0), np.zeros(0))) == 0


@LAWS
@given(st.lists(lines_of_points, min_size=1, max_size=4), st.floats(0, 1), st.floats(0, 1))
def test_pieces_equal_those_of_shapely(lines, one, other):
    lines = array(*lines)
    low, high = min(one, other) * shapely.length(lines), max(one, other) * shapely.length(lines)
    for piece, line, start, end in zip(cut_lines(lines, low, high), lines, low, high, strict=True):
        assert piece.length == pytest.approx(end - start, abs=1e-9)
        assert piece.hausdorff_distance(substring(line, start, end)) < 1e-9


@LAWS
@given(lines_of_points, st.lists(st.floats(0, 1), max_size=5))
def test_pieces_add_up_to_their_line(line, shares):
    cuts = np.array([0, *sorted(shares), 1]) * line.length
    pieces = cut_lines(array(*[line] * (len(cuts) - 1)), cuts[:-1], cuts[1:])
    assert shapely.length(pieces).sum() == pytest.approx(line.length)


def test_segments_are_the_stretches_between_vertices():
    start, end, line = segments(array(ACROSS, BEND))
    assert start.tolist() == [[-5, 1], [0, 0], [3, 4]]
    assert end.tolist() == [[25, 1], [3, 4], [3, 10]]
    assert line.tolist() == [0, 1, 1]


def test_a_ring_has_as_many_segments_as_corners():
    start, end, _ = segments(shapely.get_rings(array(shapely.box(0, 0, 1, 1))))
    assert len(start) == 4
    assert np.hypot(*(end - start).T).tolist() == [1, 1, 1, 1]


def test_no_lines_have_no_segments():
    assert [len(column) for column in segments(NOTHING)] == [0, 0, 0]


def test_a_grid_is_crossed_at_its_lines_negative_ones_too():
    line, at_m = grid_cuts(array(ACROSS), 10.0)
    assert line.tolist() == [0, 0, 0]
    assert sorted(at_m.tolist()) == [5, 15, 25]


def test_a_street_along_a_grid_line_crosses_only_the_others():
    _, at_m = grid_cuts(array(shapely.LineString([(1, 10), (15, 10)])), 10.0)
    assert at_m.tolist() == [9]


def test_a_slanted_street_crosses_both_ways():
    _, at_m = grid_cuts(array(shapely.LineString([(5, 0.0), (15, 20)])), 10.0)
    assert sorted(at_m / np.hypot(10, 20)) == pytest.approx([0, 0.5, 0.5, 1])


@LAWS
@given(lines_of_points, st.floats(1, 30))
def test_between_cuts_a_line_stays_in_one_cell(line, spacing_m):
    _, at_m = grid_cuts(array(line), spacing_m)
    cuts = np.unique(np.concatenate([[0], at_m, [line.length]]))
    cuts = cuts[np.concatenate([[True], np.diff(cuts) > 1e-6])]
    for start, end in zip(cuts, cuts[1:], strict=False):
        low_x, low_y, high_x, high_y = substring(line, start, end).bounds
        for low, high in ((low_x, high_x), (low_y, high_y)):
            assert np.floor((low + 1e-5) / spacing_m) >= np.floor((high - 1e-5) / spacing_m)


def test_points_are_drawn_into_lines_in_order():
    xy = np.array([[3.0, 7.0], [1.5, 2.0]])
    drawn = insert_points(array(BEND), np.array([0, 0]), np.array([8.0, 2.5]), xy)
    assert drawn[0].wkt == "LINESTRING (0 0, 1.5 2, 3 4, 3 7, 3 10)"


def test_lines_without_points_are_drawn_as_they_were():
    drawn = insert_points(array(BEND, ACROSS), np.array([1]), np.array([5.0]), np.array([[0.0, 1.0]]))
    assert drawn[0].equals_exact(BEND, 0)


def test_points_near_an_end_are_pulled_in():
    xy = pulled_in(array(ACROSS, ACROSS, ACROSS), np.array([0.0, 30.0, 7.0]), 2.0)
    assert xy.tolist() == [[-3, 1], [23, 1], [2, 1]]


def test_on_a_short_line_points_are_pulled_to_its_middle():
    assert pulled_in(array(shapely.LineString([(0, 0), (1, 0)])), np.array([1.0]), 2.0).tolist() == [[0.5, 0]]


def test_ranges_run_one_after_the_other():
    assert ranges(np.array([3, 7, 0]), np.array([5, 7, 2])).tolist() == [3, 4, 0, 1]
