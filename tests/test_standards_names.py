"""Names of layers, columns, values and land classes: known, unambiguous and shown."""

import csv
from pathlib import Path
from typing import get_args

import pytest

from fengmao_geo.errors import UnknownNameError
from fengmao_geo.standards.load import (
    display_name,
    display_names,
    field_names,
    land_classes,
)
from fengmao_geo.standards.names import ANY, YES_NO, FieldNames, normalise, shared_names
from fengmao_geo.standards.records import DisplayGroup, Tag
from fengmao_geo.tables import GROUPS, LAYERS, RENEWAL_TYPES

FACTS = Path(__file__).parents[1] / ".." / "shared" / "standards"
TAGS = set(get_args(Tag))
CHOICES = {
    ("streets", "street_class"): "main secondary branch lane path steps elevated",
    ("buildings", "use"): (
        "residential mixed commercial public education medical industrial warehouse utility agricultural"
    ),
    ("buildings", "status"): "in_use idle",
    ("buildings", "lease"): "let ended own",
    ("green", "green_type"): "park pocket_park garden verge attached plaza woodland",
    ("water", "water_type"): "river canal pond lake",
    ("bridges", "bridge_type"): "road footbridge elevated",
    ("bridges", "manager"): "railway highway municipal",
    ("heritage", "zone"): "core control",
    ("compounds", "compound_type"): "estate school hospital factory government park",
    ("barriers", "barrier_type"): "wall fence railway embankment",
    ("crossings", "crossing_type"): "signal zebra",
    ("blocks", "renewal_type"): " ".join(RENEWAL_TYPES),
}


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_no_name_means_two_columns_of_one_layer(layer):
    assert shared_names(field_names().columns_of(layer)) == []


def test_no_name_means_two_layers():
    assert shared_names(field_names().layers) == []


def test_no_word_means_two_values_of_one_column():
    for columns in field_names().values.values():
        for words in columns.values():
            assert shared_names(words) == []


def test_every_layer_declared_has_other_names():
    assert set(field_names().layers) == set(LAYERS)


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_column_declared_has_other_names(layer):
    assert set(LAYERS[layer].names) <= set(field_names().columns_of(layer))


def test_every_column_with_other_names_is_declared():
    names = field_names()
    # Outlines of towns are read as communities are.
    declared = LAYERS | {"towns": LAYERS["communities"]}
    for layer in set(names.columns) - {ANY}:
        assert set(names.columns[layer]) <= set(declared[layer].names), layer


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("DLTB", "parcels"),
        ("yjjbntbhtb", "farmland_protected"),
        ("STBHHX", "redlines"),
        ("更新区块", "blocks"),
        ("建成区", "built_up"),
        ("Streets", "streets"),
    ],
)
def test_layers_are_known_by_their_other_names(theirs, ours):
    assert field_names().layer(theirs) == ours


def test_an_unknown_layer_is_none():
    assert field_names().layer("cats") is None


@pytest.mark.parametrize(
    ("layer", "theirs", "ours"),
    [
        ("parcels", "DLBM", "land_code"),
        ("parcels", "dlmc", "land_name"),
        ("parcels", "QSXZ", "owner_code"),
        ("firms", "TBBH", "parcel_id"),
        ("firms", "税收(万元)", "tax_wan"),
        ("buildings", "年用电量", "electricity_kwh"),
        ("parcels", "QSDWMC", "owner_name"),
        ("parcels", "ZLDWMC", "location_name"),
        ("parcels", "TBMJ", "area_m2"),
        ("parcels", "TBBH", "id"),
        ("parcels", "CZCSXM", "town_code"),
        ("buildings", "建筑层数", "floor_count"),
        ("buildings", "楼层", "floor_count"),
        ("buildings", "建成年份", "built_year"),
        ("buildings", "户数", "household_count"),
        ("buildings", "60岁以上", "elderly_people"),
        ("buildings", "\uff16\uff10岁以上", "elderly_people"),
        ("buildings", "0–3岁", "infant_people"),
        ("buildings", "3~6岁", "preschool_people"),
        ("communities", "社区编码", "id"),
        ("communities", "社区名称", "name"),
        ("streets", "道路 等级", "street_class"),
        ("streets", "宽度(米)", "width_m"),
        ("facilities", "容量", "capacity_count"),
        ("blocks", "区块编号", "block_no"),
        ("firms", "编号", "id"),
        ("firms", "税收", "tax_wan"),
        ("lamps", "税收", None),
    ],
)
def test_columns_are_known_by_their_other_names(layer, theirs, ours):
    assert field_names().column(layer, theirs) == ours


def test_names_tried_begin_with_our_own():
    assert field_names().names_tried("parcels", "land_code")[:2] == ["land_code", "DLBM"]


def test_of_two_names_for_one_column_the_one_named_first_is_taken():
    assert field_names().columns_found("parcels", ["TBBH", "BSM", "DLBM"]) == {
        "BSM": "id",
        "DLBM": "land_code",
    }


def test_our_own_name_wins_over_any_other():
    assert field_names().columns_found("parcels", ["BSM", "id"]) == {"id": "id"}


def test_no_columns_find_no_names():
    assert field_names().columns_found("parcels", []) == {}


@pytest.mark.parametrize("key", CHOICES, ids=".".join)
def test_the_values_of_a_column_are_those_agreed(key):
    assert list(field_names().values[key[0]][key[1]]) == CHOICES[key].split()


@pytest.mark.parametrize("key", CHOICES, ids=".".join)
def test_every_value_has_a_name_to_show(key):
    assert list(display_names()[key[1]]) == CHOICES[key].split()


@pytest.mark.parametrize(
    ("layer", "column", "theirs", "ours"),
    [
        ("buildings", "use", "住宅", "residential"),
        ("buildings", "use", "Residential", "residential"),
        ("buildings", "status", "闲置", "idle"),
        ("streets", "street_class", "主干路", "main"),
        ("blocks", "renewal_type", "街区", "street_block"),
        ("facilities", "facility_type", "菜市场", "wet_market"),
        ("facilities", "facility_type", "canteen", "canteen"),
        ("bridges", "manager", "公路", "highway"),
        ("heritage", "zone", "建设控制地带", "control"),
        ("buildings", "lease", "退租", "ended"),
        ("buildings", "use", "cathedral", None),
        ("buildings", "name", "住宅", None),
    ],
)
def test_words_are_known_as_values(layer, column, theirs, ours):
    assert field_names().value(layer, column, theirs) == ours


@pytest.mark.parametrize("theirs", ["是", "Y", "y", "1", 1, 1.0, True, "true", "TRUE", "\uff39"])
def test_words_for_yes_are_yes(theirs):
    assert field_names().value("streets", "is_bridge", theirs) is True


@pytest.mark.parametrize("theirs", ["否", "N", "0", 0, 0.0, False, "false"])
def test_words_for_no_are_no(theirs):
    assert field_names().value("gates", "is_open", theirs) is False


@pytest.mark.parametrize("theirs", ["", None, float("nan"), "perhaps", 2])
def test_what_is_neither_yes_nor_no_is_unknown(theirs):
    assert field_names().value("gates", "is_open", theirs) is None


def test_a_column_that_may_hold_anything_has_no_words():
    assert field_names().words("trees", "species") == {}


def test_yes_no_words_stand_for_all_layers():
    assert set(field_names().values[ANY]) == {YES_NO}


def test_names_know_how_many_they_are():
    assert repr(FieldNames({"a": ()}, {"a": {"b": ()}}, {})) == "<FieldNames: 1 layers, 1 columns>"


@pytest.mark.parametrize("theirs", ["DLBM", "dlbm", " DLBM ", "\uff24\uff2c\uff22\uff2d", "D L B M"])
def test_case_blanks_and_width_do_not_matter(theirs):
    assert normalise(theirs) == "dlbm"


@pytest.mark.parametrize(
    ("scheme", "count"), [("sandiao", 82), ("gbt21010", 85), ("ydyh2023", 175), ("osm", 71)]
)
def test_every_class_of_a_scheme_is_there(scheme, count):
    assert len(land_classes(scheme)) == count


@pytest.mark.parametrize(
    ("scheme", "name"),
    [
        ("sandiao", "landuse_sandiao_dlbm.csv"),
        ("gbt21010", "landuse_gbt21010.csv"),
        ("ydyh2023", "landuse_yongdi_yonghai.csv"),
    ],
)
def test_every_class_is_named_as_in_its_source(scheme, name):
    if not (FACTS / name).exists():
        pytest.skip("the table of sources is not beside the project")
    with (FACTS / name).open(encoding="utf-8", newline="") as lines:
        rows = {row["code"]: row["name_zh"] for row in csv.DictReader(lines)}
    assert {code: it.name_zh for code, it in land_classes(scheme).items()} == rows


def test_one_code_means_different_things_in_different_schemes():
    assert land_classes("sandiao")["1001"].name_zh != land_classes("ydyh2023")["1001"].name_zh


def test_0810a_is_a_plaza():
    assert land_classes("sandiao")["0810A"].name_zh == "广场用地"


def test_survey_codes_with_letters_are_not_in_the_national_classification():
    assert not {"05H1", "08H1", "08H2", "0810A"} & set(land_classes("gbt21010"))


def test_every_default_class_is_one_of_the_2023_scheme():
    defaults = {it.ydyh2023_code for it in land_classes("sandiao").values() if it.ydyh2023_code}
    assert defaults <= set(land_classes("ydyh2023"))


@pytest.mark.parametrize("code", ["08H1", "1005", "1109", "1208"])
def test_doubtful_default_classes_are_proposals(code):
    found = land_classes("sandiao").get(code)
    assert found is None or found.ydyh2023_tag == "P"


@pytest.mark.parametrize("code", ["0810", "08H2"])
def test_what_needs_context_has_no_default_class(code):
    assert land_classes("sandiao")[code].ydyh2023_code is None


def test_an_unknown_scheme_is_told_with_those_there_are():
    with pytest.raises(UnknownNameError, match="sandiao"):
        land_classes("erdiao")


@pytest.mark.parametrize(
    ("kind", "value", "zh"),
    [
        ("renewal_type", "street_block", "街区"),
        ("renewal_type", "feature_block", "特色区块"),
        ("group", "everyone", "全体居民"),
        ("group", "elderly", "60岁以上老人"),
        ("facility_type", "wet_market", "农贸市场"),
        ("walker", "wheels", "轮椅与婴儿车"),
        ("boundary_basis", "CZCDYD 202", "城镇村等用地 202(建制镇)"),
        ("use", "unheard of", "unheard of"),
        ("unheard of", "idle", "idle"),
    ],
)
def test_a_value_is_shown_by_its_chinese_name(kind, value, zh):
    assert display_name(kind, value) == zh


def test_every_group_of_people_and_every_display_group_has_a_name():
    assert set(display_names()["group"]) == set(GROUPS)
    assert set(display_names()["display_group"]) == set(get_args(DisplayGroup))


def test_every_layer_and_every_tag_has_a_name():
    assert set(display_names()["layer"]) == set(LAYERS)
    assert set(display_names()["confidence"]) == TAGS


def test_no_english_name_is_chinese():
    for kind in display_names().values():
        for name in kind.values():
            assert not any("\u4e00" <= letter <= "\u9fff" for letter in name["en"])
