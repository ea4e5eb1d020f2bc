"""Shapes as a page carries them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from map_town import EAST, NORTH, box, line, point
from pyproj import CRS, Transformer

from fengmao_geo.errors import UsageError
from fengmao_geo.export.map_geometry import STEP_DEGREES, Frame

CRS_TOWN = CRS("EPSG:4549")
FRAME = Frame(CRS_TOWN, (EAST, NORTH, EAST + 1000, NORTH + 800), simplify_m=0.0)
TO_METRES = Transformer.from_crs("EPSG:4326", CRS_TOWN, always_xy=True)
TO_DEGREES = Transformer.from_crs(CRS_TOWN, "EPSG:4326", always_xy=True)


def series(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=CRS_TOWN)


def unpacked(run: list[int]) -> np.ndarray:
    """Longitudes and latitudes of a run, as the page reads it."""
    steps = np.array(run).reshape(-1, 2).cumsum(axis=0)
    return np.array(FRAME.origin) + steps * STEP_DEGREES


def test_a_point_is_written_within_a_decimetre():
    lon, lat = TO_DEGREES.transform(EAST + 123.4, NORTH + 567.8)
    assert unpacked(FRAME.points([point(123.4, 567.8)])[0]) == pytest.approx(np.array([[lon, lat]]), abs=6e-7)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 800)), min_size=2, max_size=9, unique=True))
def test_steps_do_not_add_up_their_rounding(corners):
    made = line(*corners)
    written = FRAME.lines(series(made))
    ends = [unpacked(run) for run in written]
    for run in ends:
        back = TO_METRES.transform(run[:, 0], run[:, 1])
        gaps = shapely.distance(shapely.points(np.column_stack(back)), made)
        assert gaps.max() < 0.12


def test_a_ring_does_not_repeat_its_first_corner():
    [[[ring]]] = FRAME.polygons(series(box(10, 10, 20, 20)))
    assert len(ring) == 8


def test_a_hole_is_a_second_ring():
    [[rings]] = FRAME.polygons(series(box(10, 10, 90, 90).difference(box(30, 30, 20, 20))))
    assert len(rings) == 2


def test_parts_of_a_polygon_stay_together():
    both = shapely.union_all([box(10, 10, 20, 20), box(50, 10, 20, 20)])
    assert [len(parts) for parts in FRAME.polygons(series(both, box(0, 0, 5, 5)))] == [2, 1]


def test_what_lies_outside_is_cut_away():
    [inside, outside] = FRAME.polygons(series(box(900, 700, 500, 500), box(2000, 0, 10, 10)))
    assert unpacked(inside[0][0])[:, 0].max() <= unpacked(FRAME.window())[:, 0].max() + STEP_DEGREES
    assert outside == []


def test_a_building_at_the_edge_stays_whole():
    [[[ring]]] = FRAME.polygons(series(box(990, 10, 40, 20)), is_clipped=False)
    east, _ = TO_DEGREES.transform(EAST + 1030, NORTH + 10)
    assert unpacked(ring)[:, 0].max() == pytest.approx(east, abs=3e-6)


def test_lines_that_meet_end_to_end_become_one_run():
    both = shapely.MultiLineString([line((0, 0), (10, 0)), line((10, 0), (20, 5))])
    assert len(FRAME.lines(series(both))) == 1


def test_a_line_that_leaves_and_comes_back_is_two_runs():
    assert len(FRAME.lines(series(line((900, 400), (1100, 400), (1100, 500), (900, 500))))) == 2


def test_corners_closer_than_a_step_are_written_once():
    [run] = FRAME.lines(series(line((10, 10), (10.01, 10), (20, 10))))
    assert len(run) == 4


def test_a_shape_smaller_than_a_step_is_left_out():
    assert FRAME.polygons(series(box(10, 10, 1e-4, 1e-4))) == [[]]
    assert FRAME.lines(series(line((10, 10), (10.0001, 10)))) == []


def test_simpler_shapes_stay_within_the_tolerance():
    rough = Frame(CRS_TOWN, FRAME.bounds, simplify_m=5.0)
    bent = line((0, 100), (100, 102), (200, 100), (300, 160))
    assert len(rough.lines(series(bent))[0]) == 6
    assert len(FRAME.lines(series(bent))[0]) == 8


@pytest.mark.parametrize("write", [FRAME.polygons, FRAME.lines])
def test_nothing_gives_nothing(write):
    assert write(gpd.GeoSeries([], crs=CRS_TOWN)) == []


def test_no_points_give_none():
    assert FRAME.points([]) == []


def test_a_collection_gives_its_parts_of_the_right_kind():
    mixed = shapely.GeometryCollection(
        [box(10, 10, 5, 5), line((0, 0), (5, 5)), shapely.MultiPolygon([box(30, 30, 5, 5)])]
    )
    [parts] = FRAME.polygons(series(mixed))
    assert len(parts) == 2


def test_only_what_touches_the_frame_is_shown():
    assert FRAME.shows(series(box(-10, 0, 10, 10), box(-20, 0, 10, 10))).tolist() == [True, False]


def test_the_corners_hold_the_shape():
    south_west, north_east = FRAME.corners(box(10, 10, 100, 50))
    lon, lat = TO_DEGREES.transform(EAST + 60, NORTH + 35)
    assert south_west[0] < lat < north_east[0]
    assert south_west[1] < lon < north_east[1]


def test_coordinates_that_lie_nowhere_are_an_error():
    with pytest.raises(UsageError, match="EPSG:4549"):
        FRAME.points([shapely.Point(1e30, 1e30)])
