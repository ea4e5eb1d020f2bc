"""Geometry made valid, flat and of one kind, with nothing dropped in silence."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fengmao_geo.geo.repair import drop_missing, repair

BOW_TIE = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")

with np.errstate(invalid="ignore"):
    BROKEN_LINE = shapely.LineString([(0, 0), (np.nan, 1)])


def layer(*shapes):
    return gpd.GeoDataFrame({"id": [f"g{i}" for i in range(len(shapes))]}, geometry=list(shapes), crs=4549)


def found_in(found):
    return [(finding.code, finding.feature_id) for finding in found]


def wkt(text):
    return shapely.from_wkt(text)


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "geometry_null"),
        (shapely.Polygon(), "geometry_empty"),
        (shapely.Point(np.inf, 1), "geometry_not_finite"),
        (BROKEN_LINE, "geometry_not_finite"),
    ],
)
def test_a_feature_without_a_place_is_left_out_and_named(shape, code):
    kept, found = drop_missing(layer(shapely.Point(0, 0), shape), layer="gates")
    assert kept["id"].tolist() == ["g0"]
    assert found_in(found) == [(code, "g1")]
    assert found[0].severity == "excluded"


def test_a_bow_tie_keeps_both_halves():
    repaired, found = repair(layer(BOW_TIE), layer="water", shape="polygon")
    assert repaired.area.tolist() == [2.0]
    assert found_in(found) == [("geometry_repaired", "g0")]


def test_a_repair_tells_the_area_before_and_after():
    _, found = repair(layer(BOW_TIE), layer="water", shape="polygon")
    assert (found[0].values["before_m2"], found[0].values["after_m2"]) == (0.0, 2.0)


def test_a_repair_tells_where_it_is():
    _, found = repair(layer(BOW_TIE), layer="water", shape="polygon")
    assert shapely.from_wkt(found[0].point).distance(shapely.box(0, 0, 2, 2)) == 0


def test_valid_shapes_are_left_as_they_are():
    square = shapely.box(0, 0, 1, 1)
    repaired, found = repair(layer(square), layer="water", shape="polygon")
    assert repaired.geometry[0].equals_exact(square)
    assert found == []


def test_what_is_flat_and_valid_on_the_grid_stays_the_same_object():
    square, above = shapely.box(0, 0, 1, 1), wkt("POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))")
    repaired, _ = repair(layer(square, above), layer="water", shape="polygon")
    assert [repaired.geometry[row] is one for row, one in enumerate((square, above))] == [True, False]


def test_measures_are_dropped_like_heights():
    repaired, _ = repair(
        layer(wkt("POINT M (1 2 3)"), wkt("POINT ZM (1 2 3 4)")), layer="trees", shape="point"
    )
    assert repaired.geometry.to_wkt().tolist() == ["POINT (1 2)", "POINT (1 2)"]


def test_heights_are_dropped_and_counted():
    repaired, found = repair(layer(wkt("POINT Z (1 2 3)"), wkt("POINT (1 2)")), layer="trees", shape="point")
    assert not repaired.has_z.any()
    assert (found[0].code, found[0].values) == ("z_dropped", {"count": 1})


def test_a_line_among_polygons_is_left_out():
    repaired, found = repair(
        layer(shapely.box(0, 0, 1, 1), wkt("LINESTRING (0 0, 1 1)")), layer="water", shape="polygon"
    )
    assert repaired["id"].tolist() == ["g0"]
    assert found_in(found) == [("geometry_kind", "g1")]


def test_of_a_collection_the_layers_kind_is_kept():
    mixed = wkt("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0)), LINESTRING (0 0, 5 5))")
    repaired, found = repair(layer(mixed), layer="water", shape="polygon")
    assert repaired.area.tolist() == [1.0]
    assert [(finding.code, finding.values["kinds"]) for finding in found] == [
        ("geometry_parts", "LineString")
    ]


@pytest.mark.parametrize(
    ("shape", "kind"), [("line", "MultiLineString"), ("point", "MultiPoint"), ("any", "Polygon")]
)
def test_a_collection_gives_each_layer_its_own_kind(shape, kind):
    inner = "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 5 5))"
    mixed = wkt(f"GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0)), {inner})")
    repaired, _ = repair(layer(mixed), layer="x", shape=shape)
    assert repaired.geom_type.tolist() == [kind]


def test_a_collection_without_the_layers_kind_is_left_out():
    mixed = wkt("GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 5 5))")
    repaired, found = repair(layer(mixed), layer="water", shape="polygon")
    assert len(repaired) == 0
    assert found_in(found) == [("geometry_kind", "g0")]


def test_a_collection_of_one_kind_loses_nothing():
    same = wkt("GEOMETRYCOLLECTION (LINESTRING (0 0, 5 5), LINESTRING (1 0, 5 5))")
    repaired, found = repair(layer(same), layer="streets", shape="line")
    assert (len(repaired), found) == (1, [])


@pytest.mark.parametrize(
    ("text", "shape"),
    [("POLYGON ((0 0, 1 1, 2 2, 0 0))", "polygon"), ("LINESTRING (1 1, 1 1)", "line")],
)
def test_what_repair_leaves_nothing_of_is_left_out(text, shape):
    repaired, found = repair(layer(wkt(text)), layer="x", shape=shape)
    assert len(repaired) == 0
    assert found_in(found) == [("geometry_unrepairable", "g0")]


def test_a_ring_among_lines_is_a_line():
    ring = shapely.LinearRing([(0, 0), (1, 0), (1, 1)])
    repaired, found = repair(layer(ring), layer="barriers", shape="line")
    assert (repaired.geom_type.tolist(), found) == (["LineString"], [])


def test_what_geos_leaves_invalid_is_united_from_its_parts():
    # make_valid gives two parts that touch along an edge; by the shoelace formula they hold 4.5 and 3 m²
    folded = wkt("POLYGON ((0 2, 3 5, 6 6, 0 5, 1 3, 3 5, 5 5, 0 2))")
    assert not shapely.make_valid(folded, method="structure", keep_collapsed=False).is_valid
    repaired, _ = repair(layer(folded), layer="water", shape="polygon")
    assert repaired.is_valid.all()
    assert repaired.area.tolist() == pytest.approx([7.5])


def test_an_empty_layer_stays_empty():
    repaired, found = repair(layer(), layer="water", shape="polygon")
    assert (len(repaired), found) == (0, [])


GRID = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12, unique=True)


@given(st.lists(GRID.map(shapely.Polygon), min_size=1, max_size=5))
def test_every_polygon_on_a_grid_becomes_valid_or_is_named(shapes):
    repaired, found = repair(layer(*shapes), layer="water", shape="polygon")
    named = [finding.feature_id for finding in found if finding.severity == "excluded"]
    assert repaired.is_valid.all()
    assert len(shapes) == len(repaired) + len(named)
    assert not set(named) & set(repaired["id"])


def test_the_layer_given_is_not_changed():
    given_layer = layer(BOW_TIE, wkt("POINT Z (1 2 3)"))
    before = given_layer.to_wkb()
    repair(given_layer, layer="water", shape="polygon")
    assert given_layer.to_wkb().equals(before)


# --- the grid of a millimetre


def test_corners_move_to_the_millimetre():
    repaired, found = repair(layer(shapely.box(0.0004, 0, 1.00049, 1)), layer="water", shape="polygon")
    assert repaired.geometry[0].equals(shapely.box(0, 0, 1, 1))
    assert found == []


def test_what_neighbours_share_they_go_on_sharing():
    corners = [(0, 0), (1.23456, 0.00049), (1.98765, 3.00051), (0, 3)]
    left = shapely.Polygon(corners)
    right = shapely.Polygon([(4, 0), (4, 3), corners[2], corners[1]])
    repaired, _ = repair(layer(left, right), layer="parcels", shape="polygon")
    one, other = repaired.geometry
    assert one.intersection(other).area == 0
    assert one.union(other).area == pytest.approx(one.area + other.area, abs=1e-12)


def test_lines_and_points_stay_as_drawn():
    for text, kind in (("LINESTRING (0 0, 1.00049 1)", "line"), ("POINT (1.00049 1)", "point")):
        repaired, _ = repair(layer(wkt(text)), layer="x", shape=kind)
        assert repaired.geometry[0].equals_exact(wkt(text))


def test_a_polygon_thinner_than_the_grid_is_left_out_and_told():
    repaired, found = repair(layer(shapely.box(0, 0, 10, 0.0004)), layer="water", shape="polygon")
    assert len(repaired) == 0
    assert found_in(found) == [("geometry_thin", "g0")]
    assert (found[0].severity, found[0].values["area_m2"]) == ("excluded", "0.004")


def test_a_polygon_of_two_millimetres_stays():
    repaired, found = repair(layer(shapely.box(0, 0, 10, 0.002)), layer="water", shape="polygon")
    assert repaired.area.tolist() == pytest.approx([0.02])
    assert found == []


def test_a_polygon_with_a_thin_tail_loses_the_tail_and_is_told():
    tailed = shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 9, 0.0004)])
    repaired, found = repair(layer(tailed), layer="water", shape="polygon")
    assert repaired.is_valid.all()
    assert repaired.area.tolist() == pytest.approx([1.0])
    assert found_in(found) == [("geometry_gridded", "g0")]
    assert (found[0].values["before_m2"], found[0].values["after_m2"]) == (1.0, 1.0)


def test_corners_that_fall_together_are_one():
    pointed = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.9998, 1.0001), (0, 1)])
    repaired, found = repair(layer(pointed), layer="water", shape="polygon")
    assert shapely.get_num_coordinates(repaired.geometry[0]) == 5
    assert found == []


# --- collections


def test_parts_that_overlap_one_another_are_united_and_told():
    both = shapely.GeometryCollection([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    repaired, found = repair(layer(both), layer="water", shape="polygon")
    assert repaired.area.tolist() == [6.0]
    assert found_in(found) == [("geometry_parts_overlap", "g0")]
    assert (found[0].values["before_m2"], found[0].values["after_m2"]) == (8.0, 6.0)


def test_of_a_collection_that_must_be_repaired_the_parts_left_out_are_told_too():
    mixed = shapely.GeometryCollection([BOW_TIE, wkt("LINESTRING (0 0, 5 5)")])
    repaired, found = repair(layer(mixed), layer="water", shape="polygon")
    assert repaired.area.tolist() == [2.0]
    assert found_in(found) == [("geometry_repaired", "g0"), ("geometry_parts", "g0")]


# --- nothing is lost: rows and areas add up

_PLACE = st.tuples(st.integers(0, 6), st.integers(0, 6))
_AREA = st.lists(_PLACE, min_size=3, max_size=8, unique=True).map(shapely.Polygon)
_LINE = st.lists(_PLACE, min_size=2, max_size=4).map(shapely.LineString)
_POINT = _PLACE.map(shapely.Point)
_RAISED = st.builds(lambda shape: shapely.force_3d(shape, 3.0), _AREA)
_SIMPLE = st.one_of(_AREA, _LINE, _POINT, _RAISED, st.just(shapely.Polygon()))
_BROKEN = st.sampled_from([None, BROKEN_LINE, shapely.Point(np.inf, 1), shapely.Polygon()])
_NESTED = st.recursive(
    _SIMPLE, lambda inner: st.lists(inner, max_size=3).map(shapely.GeometryCollection), max_leaves=5
)
_MULTI = st.lists(_AREA, max_size=3).map(shapely.MultiPolygon)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(_NESTED, _MULTI, _BROKEN), min_size=1, max_size=6))
def test_rows_and_areas_add_up_whatever_comes(them):
    there, missing = drop_missing(layer(*them), layer="water")
    used, found = repair(there, layer="water", shape="polygon")
    excluded = {one.feature_id for one in [*missing, *found] if one.severity == "excluded"}
    assert len(them) == len(used) + len(excluded)
    assert not excluded & set(used["id"])
    assert used.is_valid.all()
    assert set(used.geom_type) <= {"Polygon", "MultiPolygon"}
    assert not used.has_z.any()
    changed = {
        one.feature_id: one.values["after_m2"] - one.values["before_m2"]
        for one in found
        if "after_m2" in one.values
    }
    given_m2 = dict(zip(there["id"], shapely.area(there.geometry.to_numpy()), strict=True))
    for name, area_m2 in zip(used["id"], used.area, strict=True):
        assert area_m2 == pytest.approx(given_m2[name] + changed.get(name, 0.0), abs=0.01)
    lost = [one for one in found if one.code in ("geometry_kind", "geometry_unrepairable")]
    assert all(_ground(them[int(one.feature_id[1:])]) == 0 for one in lost)


def _ground(shape):
    """Measure what polygons enclose by the even-odd rule, part by part."""
    parts = shapely.get_parts(shape)
    if shape.geom_type in ("GeometryCollection", "MultiPolygon"):
        return sum(_ground(part) for part in parts)
    return shapely.make_valid(shape, method="structure", keep_collapsed=False).area if shape.area else 0.0
