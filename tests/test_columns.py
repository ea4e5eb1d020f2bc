"""Columns and layers found by other people's names: aliases, units in names, names cut by shapefiles."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from town_layers import codes, frame, good_layers, square

from fengmao_geo.standards.load import field_names
from fengmao_geo.standards.names import edit_distance, normalise
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.columns import name_columns, set_ids
from fengmao_geo.town.town import Town


def wide(text):
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


def named(layer, fields=None, **columns):
    count = len(next(iter(columns.values())))
    given = gpd.GeoDataFrame(columns, geometry=[shapely.Point(at, 0) for at in range(count)])
    return name_columns(given, layer=layer, fields=fields or {})


def values_of(finding):
    return finding.values


# aliases


@pytest.mark.parametrize(
    ("layer", "theirs", "ours"),
    [
        ("parcels", "DLBM", "land_code"),
        ("parcels", "dlmc", "land_name"),
        ("parcels", "QSXZ", "owner_code"),
        ("parcels", "TBMJ", "area_m2"),
        ("parcels", "CZCSXM", "town_code"),
        ("parcels", "TBXHDM", "detail_code"),
        ("parcels", "QSDWMC", "owner_name"),
        ("parcels", "ZLDWMC", "location_name"),
        ("parcels", "BSM", "id"),
        ("buildings", "建筑层数", "floor_count"),
        ("buildings", "楼层", "floor_count"),
        ("buildings", "户数", "household_count"),
        ("communities", "常住人口", "people"),
        ("communities", "XZQMC", "name"),
        ("facilities", "typecode", "poi_code"),
        ("facilities", "大类", "poi_class"),
        ("farmland_protected", "JBNTTBBH", "id"),
    ],
)
def test_a_column_is_found_by_its_other_name_in_any_case_and_width(layer, theirs, ours):
    for name in (theirs, theirs.lower(), theirs.upper(), wide(theirs), f" {theirs} "):
        frame_named, _ = named(layer, **{name: ["x"]})
        assert ours in frame_named.columns, name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("DLTB", "parcels"),
        ("dltb", "parcels"),
        (wide("DLTB"), "parcels"),
        ("YJJBNTTB", "farmland_protected"),
        ("YJJBNTBHTB", "farmland_protected"),
        ("STBHHX", "redlines"),
        ("CZCDYD", "built_up"),
        ("CJDCQ", "communities"),
        ("LMFW", "roads_surface"),
        ("村社区", "communities"),
        ("网格", "communities"),
    ],
)
def test_a_layer_is_found_by_its_other_name(theirs, ours):
    assert field_names().layer(theirs) == ours


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_layers_own_name_and_every_column_are_found_whatever_their_case(layer):
    assert field_names().layer(layer.upper()) == layer
    assert all(field_names().column(layer, name.upper()) == name for name in LAYERS[layer].names)


# units in names


def test_a_unit_in_brackets_behind_a_known_name_is_no_part_of_it():
    frame_named, found = named("buildings", **{"建筑层数(层)": ["3"], "总人口(人)": ["7"], "use": ["住宅"]})
    assert frame_named["floor_count"].tolist() == ["3"]
    assert frame_named["people"].tolist() == ["7"]
    assert found == []


@pytest.mark.parametrize(
    "name",
    ["图斑面积(亩)", "图斑面积_亩", "面积[亩]", "TBMJ (mu)", "图斑面积" + wide("(") + "亩" + wide(")")],
)
def test_another_unit_in_a_name_is_written_behind_each_figure(name):
    frame_named, _ = named("parcels", **{name: [15.0, None], "land_code": ["0101"] * 2})
    assert frame_named["area_m2"].fillna("-").tolist()[0].startswith("15")
    assert frame_named["area_m2"].isna().tolist() == [False, True]


def test_a_town_converts_what_the_name_says():
    parcels = frame([square(1, 1, 9)], id=["a"], **{"面积(亩)": [15.0]})
    town = Town.from_layers(name="T", **good_layers(parcels=parcels))
    assert town["parcels"]["area_m2"].tolist() == [10_000]
    assert "number_converted" in codes(town, "parcels")


def test_a_value_with_its_own_unit_gets_no_second_one():
    frame_named, _ = named("parcels", **{"面积(亩)": ["2公顷", "15"]})
    assert frame_named["area_m2"].tolist() == ["2公顷", "15亩"]


@pytest.mark.parametrize("name", ["people_1", "area_e2", "面积(估)", "name_old"])
def test_what_is_no_unit_makes_no_column(name):
    frame_named, _ = named("parcels", **{name: ["1"]})
    assert name in frame_named.columns


def test_a_name_without_a_unit_stands_above_one_with_it():
    frame_named, _ = named("parcels", **{"面积(亩)": ["15"], "面积": ["10000"]})
    assert frame_named["area_m2"].tolist() == ["10000"]
    assert frame_named["面积(亩)"].tolist() == ["15"]


# names cut to ten bytes


@pytest.mark.parametrize(
    ("layer", "cut", "ours"),
    [
        ("buildings", "household_", "household_count"),
        ("buildings", "electricit", "electricity_kwh"),
        ("buildings", "building:l", "floor_count"),
        ("facilities", "CAPACITY_C", "capacity_count"),
        ("communities", "常住人", "people"),  # nine bytes of UTF-8, and a fourth sign begun
        ("communities", "60岁以上老", "elderly_people"),  # ten bytes of GBK
        ("blocks", "renewal_ty", "renewal_type"),
    ],
)
def test_a_name_that_a_shapefile_cut_is_found_and_told(layer, cut, ours):
    frame_named, found = named(layer, **{cut: ["1"]})
    assert ours in frame_named.columns
    (finding,) = [finding for finding in found if finding.code == "field_cut"]
    assert finding.column == ours
    assert values_of(finding)["theirs"] == cut
    assert normalise(values_of(finding)["whole"]).startswith(normalise(cut))


def test_a_name_that_may_be_cut_from_two_is_kept_and_told():
    # Both the code and the name of land use begin with these fifteen bytes, cut to nine.
    frame_named, found = named("parcels", 现状地=["x"])
    assert "现状地" in frame_named.columns
    (finding,) = [finding for finding in found if finding.code == "field_cut_unclear"]
    assert values_of(finding)["whole"].count(",") == 1


def test_a_whole_name_stands_above_a_cut_one():
    frame_named, found = named("buildings", household_count=["5"], household_=["1"])
    assert frame_named["household_count"].tolist() == ["5"]
    assert frame_named["household_"].tolist() == ["1"]
    assert "field_cut" not in {finding.code for finding in found}


def test_a_beginning_that_is_not_ten_bytes_long_is_no_cut_name():
    frame_named, _ = named("buildings", household=["5"])
    assert "household" in frame_named.columns


def test_the_layer_given_is_not_changed():
    given = gpd.GeoDataFrame({"面积(亩)": [1.0]}, geometry=[shapely.Point(0, 0)])
    before = given.copy()
    name_columns(given, layer="parcels", fields={})
    assert given.equals(before)


def test_every_column_that_came_is_still_there():
    frame_named, _ = named(
        "buildings", **{"a": ["1"], "household_": ["2"], "人口(人)": ["3"], "人口": ["4"], "NAME": ["x"]}
    )
    assert len(frame_named.columns) == 6


# ids, and distances of words


def test_ids_are_text():
    given = gpd.GeoDataFrame({"id": [7.0, 8.0]}, geometry=[shapely.Point(0, 0)] * 2)
    assert set_ids(given, layer="gates")[0]["id"].tolist() == ["7", "8"]


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("", "", 0), ("a", "", 1), ("梅泾", "梅径", 1), ("ab", "ba", 2), ("kitten", "sitting", 3)],
)
def test_letters_that_differ_are_counted(one, other, steps):
    assert edit_distance(one, other) == edit_distance(other, one) == steps
