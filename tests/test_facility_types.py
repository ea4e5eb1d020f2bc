"""What a facility is: by its type column, AMap's codes and chains, OpenStreetMap tags, or its name."""

from __future__ import annotations

import pandas as pd
import pytest

from fengmao_geo.standards.amap import amap_types, wider_codes
from fengmao_geo.town.facility_types import BASES, facility_types_of


def wide(text):
    """Write a text's signs and digits in full width."""
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


def known(**columns):
    """Give the type and its basis of a single facility."""
    types, basis = facility_types_of(pd.DataFrame({name: [value] for name, value in columns.items()}))
    return types.fillna("-").item(), basis.fillna("-").item()


# the API


def test_a_frame_without_any_column_that_tells_gives_nothing():
    assert known(colour="red") == ("-", "-")


def test_no_rows_give_no_rows():
    assert [len(series) for series in facility_types_of(pd.DataFrame({"name": []}))] == [0, 0]


def test_both_series_keep_the_index():
    types, basis = facility_types_of(pd.DataFrame({"name": ["一", "二"]}, index=[7, 3]))
    assert (types.index.tolist(), basis.index.tolist()) == ([7, 3], [7, 3])


def test_the_frame_is_not_changed():
    given = pd.DataFrame({"name": ["公园"], "poi_code": [141203]})
    before = given.copy()
    facility_types_of(given)
    pd.testing.assert_frame_equal(given, before)


def test_the_surest_basis_decides():
    columns = {
        "facility_type": "公园",
        "poi_code": "141203",
        "poi_chain": "科教文化服务;学校;幼儿园",
        "amenity": "pharmacy",
        "name": "桐乡银行",
    }
    expected = ["park", "primary_school", "kindergarten", "pharmacy", "bank"]
    found = []
    while columns:
        found.append(known(**columns))
        del columns[next(iter(columns))]
    assert found == list(zip(expected, BASES, strict=True))


def test_a_type_nobody_knows_leaves_the_next_basis_to_decide():
    assert known(facility_type="飞船坞", name="第一小学") == ("primary_school", "name")


# AMap's codes


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("141203", "primary_school"),
        ("141200|141203", "primary_school"),
        ("120302|141204", "kindergarten"),
        ("060402", "supermarket"),  # lies in 060400
        ("060400|060200", "supermarket"),  # both exact: the first
        ("050118|060703", "wet_market"),  # in 050100, but 060703 exactly
        (60400, "supermarket"),  # the leading zero is lost
        (60400.0, "supermarket"),
        (wide("141203|060400"), "primary_school"),
    ],
)
def test_the_narrowest_code_that_has_a_type_decides(code, expected):
    assert known(poi_code=code) == (expected, "typecode")


@pytest.mark.parametrize("code", ["120302", "170000", "999999", "14120", "abc141203", ""])
def test_a_code_of_no_type_tells_nothing(code):
    assert known(poi_code=code) == ("-", "-")


@pytest.mark.parametrize("code", ["141207", "180301", "190108", "071901", "180000|190000", "71900"])
def test_what_amap_calls_no_facility_is_excluded(code):
    assert known(poi_code=code, name="第一小学教学楼") == ("-", "excluded")


def test_one_code_that_is_a_facility_saves_the_others():
    assert known(poi_code="141207|141203") == ("primary_school", "typecode")
    assert known(poi_code="141207|120302") == ("-", "-")


def test_a_known_type_stands_above_amaps_word_that_the_place_is_none():
    assert known(facility_type="公园", poi_code="110106") == ("park", "type")


def test_codes_in_the_column_of_types_are_codes():
    assert known(facility_type="141203|141200") == ("primary_school", "typecode")


def test_the_wider_codes_of_a_code_are_its_group_and_its_class():
    assert wider_codes("060703") == ("060703", "060700", "060000")
    assert wider_codes("060000") == ("060000",)


def test_the_classes_of_streets_and_of_addresses_are_left_out():
    left_out = {code for code, it in amap_types().items() if it.is_excluded}
    assert {code for code in left_out if code.endswith("0000")} == {"180000", "190000"}
    assert len(left_out) == 8


# chains


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("科教文化服务;学校;小学", "primary_school"),
        (wide("科教文化服务;学校;小学"), "primary_school"),
        ("医疗保健服务;医药保健销售店;药房", "pharmacy"),  # the group is unknown
        ("购物服务;超级市场;超市", "supermarket"),
        ("餐饮服务;中餐厅;火锅店", "restaurant"),  # the type is unknown: its group 050100 decides
        ("商务住宅;住宅区;住宅小区|科教文化服务;学校;幼儿园", "kindergarten"),
    ],
)
def test_a_chain_is_read_from_its_narrowest_part(chain, expected):
    assert known(poi_chain=chain) == (expected, "chain")


def test_a_chain_in_the_column_of_types_is_a_chain():
    assert known(facility_type="金融保险服务;银行;中国农业银行") == ("bank", "chain")


def test_a_chain_in_three_columns_is_one():
    parts = {"poi_class": "科教文化服务", "poi_group": "学校", "poi_kind": "中学"}
    assert known(**parts) == ("middle_school", "chain")


def test_a_part_of_a_chain_is_looked_for_in_its_own_class_only():
    # A supermarket is a group of shopping; nothing in the class of traffic bears that name.
    assert known(poi_chain="交通设施服务;超市") == ("-", "-")


def test_a_chain_that_is_no_facility_is_excluded():
    assert known(poi_chain="道路附属设施;收费站;收费站") == ("-", "excluded")
    assert known(facility_type="地名地址信息;门牌信息;门牌信息", name="小学路9号") == ("-", "excluded")


# OpenStreetMap


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "pharmacy"}, "pharmacy"),
        ({"Amenity": " Pharmacy "}, "pharmacy"),
        ({"amenity": "school", "isced:level": "1"}, "primary_school"),
        ({"amenity": "school", "isced_level": "2"}, "middle_school"),
        ({"amenity": "school", "isced:level": "1;2"}, "primary_school"),  # the first in the file of types
        ({"amenity": "fuel;toilets"}, "public_toilet"),
        ({"amenity": "post_office", "post_office": "post_partner"}, "parcel_station"),
        ({"amenity": "post_office", "post_office": None}, "post_office"),
        ({"leisure": "park", "shop": None}, "park"),
        ({"other_tags": '"amenity"=>"library","name:en"=>"x"'}, "library"),
        ({"facility_type": "amenity=school & isced:level=1"}, "primary_school"),
        ({"facility_type": "fitness_centre"}, "gym"),
    ],
)
def test_tags_tell_a_type(tags, expected):
    assert known(**tags) == (expected, "osm")


@pytest.mark.parametrize(
    "tags", [{"amenity": "school"}, {"amenity": "fuel"}, {"amenity": None}, {"shop": ""}]
)
def test_tags_of_no_type_tell_nothing(tags):
    assert known(**tags) == ("-", "-")


# names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("濮院镇中心小学", "primary_school"),
        ("中心小学公交站", "bus_stop"),  # the longer word
        ("阳光大药房", "pharmacy"),
        ("公园小学", "primary_school"),  # equally long: the last
        ("小学公园", "park"),
        ("濮 院 小 学", "primary_school"),
        ("红旗社区居家养老服务中心", "elderly_care"),
    ],
)
def test_words_in_a_name_tell_a_type(name, expected):
    assert known(name=name) == (expected, "name")


def test_a_name_without_such_words_tells_nothing():
    assert known(name="老王") == ("-", "-")
    assert known(name=None) == ("-", "-")
