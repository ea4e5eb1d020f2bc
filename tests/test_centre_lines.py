"""Streets drawn as surfaces or edges: centre lines with the width that is drawn, and one network."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import fengmao_geo as fg
from fengmao_geo.geo.centre_lines import centre_lines
from fengmao_geo.geo.edges import between_edges
from fengmao_geo.standards.show import standard_table
from fengmao_geo.town.centre_lines import streets_as_lines
from fengmao_geo.town.check import Source, checked_layer

CRS = "EPSG:4549"
PRAGUE = Path(__file__).parents[2] / "shared" / "data" / "prague_bubenec.gpkg"


def united(*boxes):
    return shapely.union_all([shapely.box(*box) for box in boxes])


STRAIGHT = shapely.box(0, 0, 100, 8)
CROSS = united((0, 0, 100, 8), (46, -50, 54, 58))
TEE = united((0, 0, 100, 8), (46, -50, 54, 4))
CORNER = united((0, 0, 100, 8), (0, 0, 8, 60))


def drawn(*surfaces, spacing_m=2.0, simplify_m=0.25):
    return centre_lines(np.array(surfaces, dtype=object), spacing_m=spacing_m, simplify_m=simplify_m)


def ends(lines):
    points = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    return np.unique(shapely.get_coordinates(points).round(6), axis=0, return_counts=True)


def surfaces(*shapes, **columns):
    ids = columns.pop("id", [f"s{number}" for number in range(len(shapes))])
    return gpd.GeoDataFrame({"id": ids, **columns}, geometry=list(shapes), crs=CRS)


def as_lines(frame, *, drawn_as="centre_lines", closing_m=0.1):
    lines, found = streets_as_lines(frame, drawn_as=drawn_as, closing_m=closing_m)
    return lines, {finding.code: finding.values for finding in found}  # noqa: PD011  a field of ours


def network(lines):
    return fg.walk_network(lines, connect_gaps_m=0)


def parts(lines):
    return int(repr(network(lines)).split(" edges, ")[1].split()[0])


def test_a_rectangle_has_its_middle_for_a_line():
    line = drawn(STRAIGHT).lines
    assert shapely.equals_exact(line[0], shapely.LineString([(0, 4), (100, 4)]), tolerance=1e-6)
    assert len(line) == 1


@pytest.mark.parametrize("width_m", [2.5, 4, 8, 15, 30])
def test_the_width_of_a_rectangle_is_measured(width_m):
    assert drawn(shapely.box(0, 0, 200, width_m)).width_m.tolist() == pytest.approx([width_m], rel=0.01)


@pytest.mark.parametrize("degrees", [0, 17, 45, 80])
def test_a_street_that_lies_askew_is_drawn_no_differently(degrees):
    turned = shapely.transform(STRAIGHT, lambda xy: xy @ rotation(degrees))
    line = drawn(turned)
    assert line.lines[0].length == pytest.approx(100, abs=0.01)
    assert line.width_m.tolist() == pytest.approx([8], rel=0.01)


def rotation(degrees):
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_four_arms_of_a_crossing_meet_in_one_vertex():
    lines = drawn(CROSS).lines
    places, counts = ends(lines)
    assert len(lines) == 4
    assert places[counts == 4].tolist() == [[50, 4]]
    assert sorted(shapely.length(lines)) == pytest.approx([50, 50, 54, 54], abs=0.01)


def test_every_arm_of_a_crossing_has_its_own_width():
    crossing = drawn(united((0, 0, 100, 12), (48, -50, 52, 62)))
    along = np.abs(np.diff(shapely.bounds(crossing.lines)[:, [0, 2]])).ravel() > 10
    assert crossing.width_m[along].tolist() == pytest.approx([12, 12], rel=0.02)
    assert crossing.width_m[~along].tolist() == pytest.approx([4, 4], rel=0.02)


def test_three_arms_of_a_junction_meet_in_one_vertex_near_its_middle():
    lines = drawn(TEE).lines
    places, counts = ends(lines)
    assert len(lines) == 3
    # Both sides of the mouth are as far from the meeting point as the far side: an eighth of the width below it.
    assert places[counts == 3].ravel().tolist() == pytest.approx([50, 3], abs=0.01)


def test_there_is_no_branch_into_a_corner():
    line = drawn(CORNER)
    assert len(line.lines) == 1
    near = shapely.buffer(shapely.LineString([(4, 60), (4, 4), (100, 4)]), 1)
    assert shapely.within(line.lines[0], near)
    assert line.width_m.tolist() == pytest.approx([8], rel=0.02)


def test_a_dead_end_is_drawn_to_its_end():
    lines = drawn(united((0, 0, 100, 8), (46, 8, 54, 40))).lines
    assert shapely.bounds(lines)[:, 3].max() == pytest.approx(40, abs=0.01)


def test_a_narrow_lane_off_a_wide_road_is_kept():
    lines = drawn(united((0, 0, 200, 30), (100, 30, 103, 80)))
    assert len(lines.lines) == 3
    assert lines.width_m.min() == pytest.approx(3, rel=0.02)


def test_a_bay_that_is_shallower_than_half_the_road_is_no_street():
    assert len(drawn(united((0, 0, 200, 20), (90, 20, 110, 24))).lines) == 1


def test_a_ring_is_one_closed_line():
    ring = shapely.Point(0, 0).buffer(20, 64).difference(shapely.Point(0, 0).buffer(12, 64))
    line = drawn(ring)
    assert len(line.lines) == 1
    assert line.lines[0].is_closed
    assert line.lines[0].length == pytest.approx(32 * np.pi, rel=0.01)
    assert line.width_m.tolist() == pytest.approx([8], rel=0.02)


def test_a_block_within_streets_is_gone_round():
    frame = shapely.box(0, 0, 100, 100).difference(shapely.box(10, 10, 90, 90))
    lines = drawn(frame).lines
    assert shapely.length(lines).sum() == pytest.approx(360, rel=0.03)
    assert all(line.is_closed for line in lines)


def test_a_square_has_one_line_across_it():
    square = drawn(shapely.box(0, 0, 10, 10))
    assert (shapely.length(square.lines).tolist(), square.width_m.tolist()) == ([10.0], [10.0])


def test_surfaces_are_drawn_one_by_one():
    two = drawn(STRAIGHT, shapely.box(0, 100, 60, 104))
    assert two.surface.tolist() == [0, 1]
    assert two.width_m.tolist() == pytest.approx([8, 4], rel=0.01)


def test_no_surface_has_no_line():
    assert all(len(part) == 0 for part in drawn())


def test_lines_lie_within_their_surface():
    lines = drawn(CROSS, TEE, CORNER)
    hosts = np.array([CROSS, TEE, CORNER], dtype=object)[lines.surface]
    assert shapely.covers(shapely.buffer(hosts, 1e-6), lines.lines).all()


@pytest.mark.parametrize("scale", [0.5, 1, 3])
def test_lengths_and_widths_grow_with_the_surface(scale):
    grown = shapely.transform(CROSS, lambda xy: xy * scale)
    lines = drawn(grown, spacing_m=2 * scale, simplify_m=0.25 * scale)
    assert shapely.length(lines.lines).sum() == pytest.approx(208 * scale, rel=1e-3)
    assert lines.width_m.tolist() == pytest.approx([8 * scale] * 4, rel=0.01)


def test_centre_lines_of_a_layer_are_reported():
    lines, said = as_lines(surfaces(STRAIGHT))
    assert lines["width_m"].tolist() == pytest.approx([8], abs=0.05)
    assert said["streets_centre_lines"] == {
        "surfaces": 1,
        "lines": 1,
        "length_m": 100,
        "width_m": 8.0,
        "islands": 0,
        "joined": 0,
    }


def test_a_layer_of_lines_is_left_as_it_is():
    frame = surfaces(shapely.LineString([(0, 0), (9, 0)]))
    lines, said = as_lines(frame)
    assert lines is frame
    assert said == {}


def test_surfaces_that_touch_make_one_network():
    frame = surfaces(shapely.box(0, 0, 100, 8), shapely.box(46, -50, 54, 0), shapely.box(46, 8, 54, 60))
    assert parts(as_lines(frame)[0]) == 1


def test_surfaces_within_the_closing_gap_make_one_network():
    frame = surfaces(shapely.box(0, 0, 50, 8), shapely.box(50.08, 0, 100, 8))
    assert parts(as_lines(frame)[0]) == 1
    assert parts(as_lines(frame, closing_m=0.01)[0]) == 2


def test_a_line_takes_what_is_said_of_the_surface_it_runs_through():
    frame = surfaces(
        shapely.box(0, 0, 100, 8),
        shapely.box(46, -50, 54, 0),
        name=["大街", "小巷"],
        street_class=["main", "lane"],
    )
    lines, _ = as_lines(frame)
    length = lines.assign(length=lines.length).groupby("name")["length"].sum()
    assert length["大街"] == pytest.approx(100, abs=1)
    assert length["小巷"] == pytest.approx(53, abs=1)
    assert lines.groupby("name")["street_class"].first().to_dict() == {"大街": "main", "小巷": "lane"}


def test_a_line_is_cut_where_one_surface_follows_another():
    frame = surfaces(shapely.box(0, 0, 60, 8), shapely.box(60, 0, 100, 8), name=["东", "西"])
    lines, _ = as_lines(frame)
    assert dict(zip(lines["name"], lines.length, strict=True)) == pytest.approx({"东": 60, "西": 40}, abs=0.1)
    assert parts(lines) == 1


def test_ids_are_those_of_surfaces_with_a_number_where_there_are_several():
    lines, _ = as_lines(surfaces(CROSS, shapely.box(300, 0, 350, 5), id=["a", "b"]))
    assert sorted(lines["id"]) == ["a/1", "a/2", "a/3", "a/4", "b"]


def test_ids_never_repeat_those_that_are_there():
    frame = surfaces(CROSS, shapely.box(300, 0, 350, 5), id=["a", "a/1"])
    assert as_lines(frame)[0]["id"].is_unique


def test_a_stated_width_is_kept():
    frame = surfaces(STRAIGHT, shapely.box(0, 50, 100, 56), width_m=[12.0, np.nan])
    lines, _ = as_lines(frame)
    assert sorted(lines["width_m"].astype(float).round(1)) == [6.0, 12.0]


def test_lines_beside_surfaces_are_kept():
    frame = surfaces(STRAIGHT, shapely.LineString([(100, 4), (150, 4)]))
    lines, _ = as_lines(frame)
    assert sorted(lines["id"]) == ["s0", "s1"]
    assert parts(lines) == 1


def test_a_bridge_does_not_meet_what_it_crosses():
    frame = surfaces(shapely.box(0, 0, 100, 8), shapely.box(46, -50, 54, 58), level=[0, 1])
    lines, _ = as_lines(frame)
    assert sorted(lines.length.round()) == [100, 108]
    assert parts(lines) == 2


def test_a_bridge_meets_the_streets_at_its_ends():
    deck = shapely.box(46, 8, 54, 60)
    frame = surfaces(shapely.box(0, 0, 100, 8), deck, shapely.box(0, 60, 100, 68), level=[0, 1, 0])
    lines, _ = as_lines(frame)
    assert parts(lines) == 1
    assert lines.set_index("id").length["s1"] == pytest.approx(60, abs=0.1)


def test_a_bridge_takes_nothing_from_the_wide_street_below():
    frame = surfaces(
        shapely.box(0, 0, 200, 30), shapely.box(96, -50, 104, 80), level=[0, 1], name=["街", "桥"]
    )
    lines, _ = as_lines(frame)
    assert lines["name"].value_counts().to_dict() == {"街": 1, "桥": 1}
    assert lines.set_index("name")["level"].to_dict() == {"街": 0, "桥": 1}


def test_a_bridge_in_line_with_its_streets_is_one_way():
    frame = surfaces(*(shapely.box(x, 0, x + 50, 8) for x in (0, 50, 100)), level=[None, 1, None])
    lines, _ = as_lines(frame)
    assert parts(lines) == 1
    assert lines.length.sum() == pytest.approx(150, abs=0.1)


def test_a_line_that_ends_at_a_surface_is_drawn_on_to_its_centre_line():
    frame = surfaces(
        STRAIGHT, shapely.LineString([(50, 40), (50, 8)]), shapely.LineString([(0, 90), (9, 90)])
    )
    lines, said = as_lines(frame)
    assert lines.set_index("id").length[["s1", "s2"]].tolist() == pytest.approx([36, 9])
    assert said["streets_centre_lines"]["joined"] == 1
    assert parts(lines) == 2


def test_small_islands_do_not_part_a_street_and_are_counted():
    holed = STRAIGHT.difference(shapely.box(40, 3, 42, 5))
    lines, said = as_lines(surfaces(holed))
    assert len(lines) == 1
    assert said["streets_centre_lines"]["islands"] == 1


def test_a_block_is_no_island():
    frame = shapely.box(0, 0, 100, 100).difference(shapely.box(10, 10, 90, 90))
    assert as_lines(surfaces(frame))[0].length.sum() == pytest.approx(360, rel=0.03)


def test_surfaces_that_cross_themselves_are_repaired_first():
    bow = shapely.Polygon([(0, 0), (100, 0), (100, 8), (0, 8), (0, 0), (0, 0)])
    twisted = shapely.Polygon([(0, 0), (100, 8), (100, 0), (0, 8)])
    lines, said = as_lines(surfaces(bow, shapely.transform(twisted, lambda xy: xy + np.array([0, 50]))))
    assert "geometry_repaired" in said
    assert len(lines) >= 2


def test_heights_of_surfaces_are_dropped_and_reported():
    lines, said = as_lines(surfaces(shapely.force_3d(STRAIGHT, 7)))
    assert not lines.has_z.any()
    assert said["z_dropped"] == {"count": 1}


def test_the_order_of_rows_does_not_matter():
    frame = surfaces(
        shapely.box(0, 0, 60, 8),
        shapely.box(60, 0, 100, 8),
        shapely.box(46, -50, 54, 0),
        shapely.box(0, 90, 50, 94),
    )
    one, other = as_lines(frame)[0], as_lines(frame.iloc[::-1])[0]
    pd.testing.assert_frame_equal(
        one.sort_values("id", ignore_index=True).to_wkt(), other.sort_values("id", ignore_index=True).to_wkt()
    )


def test_the_given_layer_is_not_changed():
    frame = surfaces(CROSS, shapely.LineString([(0, 0), (9, 0)]))
    before = frame.to_wkt()
    as_lines(frame)
    as_lines(frame, drawn_as="edges")
    pd.testing.assert_frame_equal(frame.to_wkt(), before)


def kerbs(*lines):
    return surfaces(*[shapely.LineString(line) for line in lines])


PAIR = ([(0, 0), (90, 0)], [(0, 8), (90, 8)])


def between(*lines, closing_m=0.1, max_width_m=40, min_ratio=6):
    edges = np.array([shapely.LineString(line) for line in lines], dtype=object)
    return between_edges(edges, closing_m=closing_m, max_width_m=max_width_m, min_ratio=min_ratio)


def test_two_edges_enclose_a_street():
    found = between(*PAIR)
    assert shapely.area(found.surfaces).tolist() == [720]
    assert (found.is_used.tolist(), found.closed_count) == ([True, True], 2)


def test_an_edge_broken_by_a_small_gap_is_one_edge():
    found = between([(0, 0), (40, 0)], [(40.05, 0), (90, 0)], [(0, 8), (90, 8)])
    assert shapely.area(found.surfaces).tolist() == pytest.approx([720])
    assert found.closed_count == 3


def test_edges_farther_apart_than_a_street_is_wide_enclose_nothing():
    assert len(between(*PAIR, max_width_m=7).surfaces) == 0


def test_a_block_is_no_street():
    corners = [(0, 0), (60, 0), (60, 30), (0, 30), (0, 0)]
    found = between(corners)
    assert (len(found.surfaces), found.is_used.tolist()) == (0, [False])


def test_blocks_with_a_street_between_them_leave_the_street():
    west = [(0, 0), (60, 0), (60, 90), (0, 90), (0, 0)]
    east = [(68, 0), (128, 0), (128, 90), (68, 90), (68, 0)]
    ends_ = ([(60, 0), (68, 0)], [(60, 90), (68, 90)])
    assert shapely.area(between(west, east, *ends_).surfaces).tolist() == [720]


def test_no_edges_enclose_nothing():
    assert len(between().surfaces) == 0


def test_a_single_edge_encloses_nothing():
    found = between([(0, 0), (90, 0)])
    assert (len(found.surfaces), found.is_used.tolist()) == (0, [False])


def test_edges_become_a_centre_line_with_its_width():
    lines, said = as_lines(kerbs(*PAIR), drawn_as="edges")
    assert (lines.length.round(2).tolist(), lines["width_m"].round(2).tolist()) == ([90.0], [8.0])
    assert said["streets_edges"] == {"edges": 2, "surfaces": 1, "closed": 2, "closing_m": 0.1}


def test_edges_are_not_guessed():
    lines, said = as_lines(kerbs(*PAIR))
    assert (len(lines), said) == (2, {})


def test_an_edge_without_a_partner_is_left_out_and_listed():
    lines, said = as_lines(kerbs(*PAIR, [(0, 300), (90, 300)]), drawn_as="edges")
    assert len(lines) == 1
    assert said["streets_edges_alone"]["ids"] == "s2"
    assert said["streets_edges"]["edges"] + said["streets_edges_alone"]["count"] == 3


def test_no_street_is_left_where_no_edge_has_a_partner():
    lines, said = as_lines(kerbs([(0, 0), (90, 0)]), drawn_as="edges")
    assert len(lines) == 0
    assert said["streets_edges_alone"]["count"] == 1


def test_edges_of_a_crossing_make_one_network():
    quarters = [
        [(0, 0), (46, 0), (46, -50)],
        [(54, -50), (54, 0), (100, 0)],
        [(100, 8), (54, 8), (54, 58)],
        [(46, 58), (46, 8), (0, 8)],
    ]
    lines, _ = as_lines(kerbs(*quarters), drawn_as="edges")
    assert len(lines) == 4
    assert parts(lines) == 1
    assert lines["width_m"].round(1).tolist() == [8.0] * 4


def test_long_lists_of_edges_are_cut_short():
    alone = [[(0, 1000 * row), (90, 1000 * row)] for row in range(30)]
    _, said = as_lines(kerbs(*alone), drawn_as="edges")
    assert said["streets_edges_alone"]["ids"].endswith("…")


def test_a_layer_of_streets_is_checked_with_its_surfaces_as_lines():
    frame, found = checked_layer(
        Source(in_place(surfaces(STRAIGHT)), the_crs()), layer="streets", crs=the_crs()
    )
    assert frame.geom_type.tolist() == ["LineString"]
    assert [finding.code for finding in found] == ["streets_centre_lines"]


def test_a_layer_of_streets_is_checked_with_its_edges_as_lines():
    source = Source(in_place(kerbs(*PAIR)), the_crs(), drawn_as="edges")
    frame, _ = checked_layer(source, layer="streets", crs=the_crs())
    assert frame["width_m"].round(1).tolist() == [8.0]


def in_place(frame):
    return frame.set_geometry(frame.translate(570_000, 3_400_000))


def the_crs():
    return surfaces().crs


def test_the_figures_can_be_read_with_their_source():
    table = standard_table("street_surfaces")
    assert (table["tag"] == "P").all()
    assert table["source"].str.startswith("proposal").all()


def share_within(lines, near, reach_m):
    ground = shapely.union_all(shapely.buffer(near, reach_m))
    return shapely.length(shapely.intersection(lines, ground)).sum() / shapely.length(lines).sum()


@pytest.mark.skipif(not PRAGUE.exists(), reason="the Prague sample is not here")
def test_streets_of_prague_are_found_again_from_their_surface():
    streets = gpd.read_file(PRAGUE, layer="streets").to_crs("EPSG:5514")
    drawn_m = streets.geometry.to_numpy()
    surface = shapely.union_all(shapely.buffer(drawn_m, 4))
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[surface], crs=streets.crs)
    lines, said = as_lines(frame)
    found = lines.geometry.to_numpy()
    assert share_within(drawn_m, found, 2) > 0.95
    assert share_within(found, drawn_m, 4.5) > 0.95
    assert parts(lines) == 1
    assert said["streets_centre_lines"]["width_m"] == pytest.approx(8, abs=0.1)
