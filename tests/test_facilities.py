"""The layer of facilities: typed by the surest basis, each doubt told, places that are none left out."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from town_layers import codes, frame, good_layers, point

from fengmao_geo.tables import LAYERS
from fengmao_geo.town.facilities import with_types
from fengmao_geo.town.town import Town


def places(**columns):
    count = len(next(iter(columns.values())))
    ids = [f"f{at}" for at in range(count)]
    return gpd.GeoDataFrame({"id": ids, **columns}, geometry=[shapely.Point(at, 0) for at in range(count)])


def typed(**columns):
    return with_types(places(**columns), layer="facilities")


def told(found):
    return {finding.code: finding.values for finding in found}


def test_a_column_of_types_alone_is_not_told():
    layer, found = typed(facility_type=["公园", "药店"])
    assert layer["facility_type"].tolist() == ["park", "pharmacy"]
    assert layer["type_basis"].tolist() == ["type", "type"]
    assert found == []


def test_how_many_types_are_known_by_what_is_told():
    layer, found = typed(
        facility_type=["公园", None, None, None, None],
        poi_code=[None, "141203", None, None, None],
        poi_chain=[None, None, "科教文化服务;学校;幼儿园", None, None],
        shop=[None, None, None, "supermarket", None],
        name=[None, None, None, None, "菜场"],
    )
    assert layer["type_basis"].tolist() == ["type", "typecode", "chain", "osm", "name"]
    assert told(found)["facility_basis"] == {
        "count": 5,
        "known": "type 1, typecode 1, chain 1, osm 1, name 1",
        "unknown": 0,
    }


def test_what_disagrees_is_counted_in_pairs_and_the_surest_stands():
    layer, found = typed(poi_code=["141203", "141203"], amenity=["pharmacy", None], name=["x", "某小学"])
    assert layer["facility_type"].tolist() == ["primary_school", "primary_school"]
    values = told(found)["facility_conflict"]
    assert (values["count"], values["pairs"], values["ids"]) == (1, "primary_school / osm pharmacy (1)", "f0")


def test_a_name_says_nothing_against_a_stated_type():
    _, found = typed(facility_type=["银行"], name=["小学储蓄所旁公园"])
    assert found == []


def test_a_name_may_contradict_a_code():
    _, found = typed(poi_code=["160100"], name=["某小学"])
    assert told(found)["facility_conflict"]["pairs"] == "bank / name primary_school (1)"


def test_places_that_amap_calls_no_facility_are_left_out_and_told_with_count_kinds_and_ids():
    layer, found = typed(poi_code=["141203", "180301", "190108", "180301"], name=["a", "b", "小学路", "c"])
    assert layer["id"].tolist() == ["f0"]
    assert told(found)["facility_excluded"] == {
        "count": 3,
        "kinds": "180301 (2), 190108 (1)",
        "ids": "f1, f2, f3",
    }


def test_excluded_is_how_bad_an_exclusion_is():
    _, found = typed(poi_code=["180301"])
    assert [finding.severity for finding in found if finding.code == "facility_excluded"] == ["excluded"]


def test_what_stays_without_a_type_is_listed_by_its_category_with_its_count():
    layer, found = typed(poi_chain=["公司企业;公司;公司", "公司企业;公司;公司", "住宿服务;宾馆酒店;宾馆酒店"])
    assert layer["facility_type"].isna().all()
    unknown = {it.values["value"]: it.values["count"] for it in found}
    assert unknown == {"公司企业;公司;公司": 2, "住宿服务;宾馆酒店;宾馆酒店": 1}


def test_beyond_twenty_categories_the_rest_is_listed_together():
    words = [f"类{at:02}" for at in range(23)] + ["类00"]
    _, found = typed(facility_type=words)
    assert [finding.code for finding in found].count("facility_type_unknown") == 20
    assert told(found)["facility_types_unknown"] == {
        "kinds": 3,
        "count": 3,
        "seen": "类20 (1), 类21 (1), 类22 (1)",
    }


def test_without_a_category_it_is_listed_by_its_name():
    _, found = typed(name=["老王", "老王", "小学", None])
    assert told(found)["facility_name_unknown"] == {"count": 2, "seen": "老王 (2)"}
    assert told(found)["facility_type_missing"] == {"count": 1, "ids": "f3"}


def test_a_layer_of_which_nothing_tells_anything_gets_no_column():
    layer, found = typed(name=["老王"])
    assert list(layer.columns) == ["id", "name", "geometry"]
    assert found == []


def test_the_layer_given_is_not_changed():
    given = places(poi_code=["180301", "141203"])
    before = given.copy()
    with_types(given, layer="facilities")
    assert given.equals(before)


CODES = st.sampled_from(["141203", "180301", "170000", "141207|141203", None, "x"])
WORDS = st.sampled_from(["公园", "飞船坞", "道路附属设施;收费站;收费站", None])
NAMES = st.sampled_from(["小学", "老王", None])


@given(st.lists(st.tuples(WORDS, CODES, NAMES), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_rows_in_are_rows_used_and_rows_excluded_and_each_is_typed_or_listed(rows):
    words, code, names = zip(*rows, strict=True)
    layer, found = typed(facility_type=list(words), poi_code=list(code), name=list(names))
    excluded = sum(it.values["count"] for it in found if it.severity == "excluded")
    assert len(rows) == len(layer) + excluded
    unknown = (
        "facility_type_unknown",
        "facility_types_unknown",
        "facility_name_unknown",
        "facility_type_missing",
    )
    listed = sum(it.values["count"] for it in found if it.code in unknown)
    assert layer["facility_type"].notna().sum() + listed == len(layer)


# a town


def amap(**columns):
    count = len(next(iter(columns.values())))
    return frame([point(at, 1) for at in range(count)], id=[f"f{at}" for at in range(count)], **columns)


def test_a_town_reads_amaps_own_columns():
    facilities = amap(
        typecode=["141203|141200", "180300", "090601"],
        type=["科教文化服务;学校;小学", "道路附属设施;收费站;收费站", "医疗保健服务;医药保健销售店;药房"],
        name=["实验小学", "收费站", "大药房"],
    )
    town = Town.from_layers(name="T", **good_layers(facilities=facilities))
    assert town["facilities"]["facility_type"].tolist() == ["primary_school", "pharmacy"]
    assert town["facilities"]["type_basis"].tolist() == ["typecode", "typecode"]
    assert codes(town, "facilities") == ["facility_basis", "facility_excluded"]
    assert LAYERS["facilities"].check(town["facilities"]) is not None


def test_types_made_of_names_leave_no_word_of_a_missing_column():
    town = Town.from_layers(name="T", **good_layers(facilities=amap(名称=["中心幼儿园", "老王"])))
    assert town["facilities"]["facility_type"].fillna("-").tolist() == ["kindergarten", "-"]
    assert codes(town, "facilities") == ["facility_basis", "facility_name_unknown"]


@pytest.mark.parametrize("headers", [("大类", "中类", "小类"), ("一级分类", "二级分类", "三级分类")])
def test_a_town_reads_categories_in_three_columns(headers):
    chain = dict(zip(headers, (["购物服务"], ["超级市场"], ["超市"]), strict=True))
    town = Town.from_layers(name="T", **good_layers(facilities=amap(**chain)))
    assert town["facilities"]["facility_type"].tolist() == ["supermarket"]


SHAPES = st.sampled_from([point(1, 1), None, shapely.Point(), point(400, 400)])


@given(st.lists(st.tuples(CODES, WORDS, SHAPES), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_of_a_town_rows_in_are_rows_used_and_rows_excluded(rows):
    code, words, shapes = zip(*rows, strict=True)
    ids = [f"f{at}" for at in range(len(rows))]
    facilities = frame(shapes, id=ids, typecode=list(code), 类型=list(words))
    town = Town.from_layers(name="T", **good_layers(facilities=facilities))
    found = town.findings[
        (town.findings["layer"] == "facilities") & (town.findings["severity"] == "excluded")
    ]
    excluded = sum(values.get("count", 1) for values in found["values"])
    assert len(rows) == len(town["facilities"]) + excluded
