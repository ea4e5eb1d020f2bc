"""What a map page says in figures."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from map_town import TYPES, MapTown, map_circles, map_layers

from fengmao_geo.export.map_figures import Place, about, card, full_set, header, type_rows

TOWN = Place("town", "", "水乡镇", "", None, 480_000.0, "index.html")
OLD = Place("block", "old", "市河街区", "2", "old_estate", 20_900.0, "block_02.html")
WORKS = Place("block", "works", "丝厂片区", "1", "stock_asset", 48_400.0, "block_01.html")


@pytest.fixture
def town() -> MapTown:
    return MapTown(map_layers())


def test_the_full_set_is_that_of_the_place():
    assert full_set(map_circles(), OLD)["5"] == {
        "people": 50.0,
        "reached": 0.0,
        "unreached": 45.6,
        "unknown": 4.4,
        "share": 0.0,
    }
    assert full_set(map_circles(), TOWN)["15"]["people"] == 84.4


def test_where_nobody_lives_nobody_lacks_anything():
    assert full_set(map_circles(), WORKS)["15"] == {
        "people": 0.0,
        "reached": 0.0,
        "unreached": 0.0,
        "unknown": 0.0,
        "share": None,
    }
    assert type_rows(map_circles(), WORKS, TYPES) == {"5": [], "15": []}


def test_types_follow_their_rank_and_optional_ones_come_last():
    rows = type_rows(map_circles(), OLD, TYPES)["15"]
    assert [TYPES[row["type"]] for row in rows] == [
        "wet_market",
        "kindergarten",
        "nursery",
        "health_station",
        "pharmacy",
    ]


def test_a_circle_lists_only_types_of_its_tier():
    assert "wet_market" not in [TYPES[row["type"]] for row in type_rows(map_circles(), OLD, TYPES)["5"]]


def test_a_type_shows_both_ways_of_measuring():
    circles = map_circles()
    areas = circles.areas
    straight = areas["reached_share"].where(areas["by"] != "straight_line", 0.9)
    rows = type_rows(replace(circles, areas=areas.assign(reached_share=straight)), OLD, TYPES)["5"]
    assert {row["straight"] for row in rows} == {0.9}


def test_people_who_were_not_counted_are_missing_and_not_zero():
    circles = map_circles()
    names = ["people", "reached_people", "unreached_people", "unknown_people", "reached_share"]
    unknown = replace(circles, areas=circles.areas.assign(**dict.fromkeys(names, np.nan)))
    assert set(full_set(unknown, OLD)["5"].values()) == {None}


def test_the_head_of_a_block_says_size_and_people(town):
    head = header(town, map_circles(), OLD, lang="zh")
    assert head["facts"] == [["面积", "2.1", "公顷"], ["居住人口", "50", "人"]]
    assert (head["number"], head["tag"]) == ("2", "老旧小区")


def test_the_head_of_the_town_counts_blocks_and_facilities(town):
    facts = header(town, map_circles(), TOWN, lang="en")["facts"]
    assert facts == [
        ["Area", "48.0", "ha"],
        ["People", "84", ""],
        ["Renewal blocks", "2", ""],
        ["Facilities", "4", ""],
    ]


@pytest.mark.parametrize(
    ("area_m2", "written"), [(900, "0.09"), (20_900, "2.1"), (3_050_000, "305"), (0, "0.00")]
)
def test_hectares_are_rounded_as_people_read_them(town, area_m2, written):
    assert header(town, None, replace(OLD, area_m2=area_m2), lang="zh")["facts"][0][1] == written


def test_without_life_circles_people_read_not_enough_data(town):
    assert header(town, None, OLD, lang="zh")["facts"][1] == ["居住人口", "数据不足", ""]


def test_floor_area_is_not_called_people(town):
    circles = replace(map_circles(), people_basis="floor_area")
    assert header(town, circles, OLD, lang="zh")["facts"][1] == ["住宅面积（非人口）", "50", "m²（非人口）"]


def test_a_card_sums_a_block_up():
    made = card(map_circles(), OLD, TYPES, lang="en")
    assert made["facts"] == "Old housing estate · 2.1 ha · 50 people"
    assert made["worst"] == [
        "Lacked most in 5 min: Kindergarten (30)",
        "Lacked most in 15 min: Wet market (50)",
    ]


def test_a_block_without_a_type_is_still_summed_up():
    assert card(None, replace(OLD, renewal_type=None), [], lang="zh")["facts"] == "2.1 公顷 · 数据不足"


def test_layers_of_one_date_stand_together_the_latest_first(town):
    rows = about(town, map_circles(), lang="zh")
    dates = [name for name, _ in rows][rows.index(["数据日期", ""]) + 1 :]
    assert dates == ["2024-11-30", "2024-10-31", "日期不详"]
    assert ["2024-11-30", "建成区、道路"] in rows


def test_the_basis_of_the_built_up_area_is_stated(town):
    assert about(town, None, lang="zh")[0] == ["建成区口径", "实际建成区 2024"]


def test_a_basis_that_is_not_given_reads_not_enough_data(town):
    town.settings.boundary_basis, town.settings.boundary_year = "", None
    assert about(town, None, lang="en")[0] == ["Built-up area", "not enough data"]


def test_walker_catalogue_and_coordinates_are_stated(town):
    said = dict(about(town, map_circles(), lang="en"))
    assert said["Walker"].endswith("60 m a minute")
    assert "EPSG:4549" in said["Coordinates"]
    assert said["Catalogue"]


def test_the_head_says_from_when_the_data_are_in_which_crs_and_the_notice(town):
    assert header(town, map_circles(), OLD, lang="zh")["fine"] == [
        "数据日期：2024-10-31 至 2024-11-30 · EPSG:4549",
        "内部资料",
    ]


def test_without_dates_and_notice_the_head_says_so(town):
    bare = replace(town, settings=SimpleNamespace(notice="", dates={}))
    assert header(bare, None, OLD, lang="en")["fine"] == ["Dates of data: no date · EPSG:4549"]


def test_the_layer_that_dwellings_are_of_is_stated(town):
    assert ["居住地口径", "居住建筑"] in about(town, map_circles(), lang="zh")


def test_addresses_are_not_called_people(town):
    circles = replace(map_circles(), people_basis="address_count")
    assert header(town, circles, OLD, lang="zh")["facts"][1] == ["地址点数（非人口）", "50", "处"]
    assert ["人口口径", "无人口数据，以地址点数加权（非人口）"] in about(town, circles, lang="zh")
