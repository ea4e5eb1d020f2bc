"""Scores and indicators in a page's panel, in words and in a real browser with the network cut off."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from map_town import map_results
from score_rows import scored_results
from test_block_maps import PAYLOADS

import fengmao_geo as fg
from fengmao_geo.export.indicator_words import (
    in_unit,
    indicator_words,
    layer_words,
    missing_words,
    need_words,
    number_words,
    source_words,
    value_of,
)
from fengmao_geo.export.map_figures import Place, block_places
from fengmao_geo.export.map_scores import score_data
from fengmao_geo.export.sheet_cells import written
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.rasters import raster_standard
from fengmao_geo.tables import LAYERS

TOWN = Place("town", "town", "T", "", None, 1.0, "index.html")


@pytest.fixture(scope="module")
def results():
    return scored_results()


@pytest.fixture(scope="module")
def blocks(results):
    return block_places(results)


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory):
    return fg.write_block_maps(results, folder=tmp_path_factory.mktemp("maps"))


@pytest.mark.parametrize(
    ("value", "indicator", "missing", "zh", "en"),
    [
        (0.284, "green_rate_share", "", "28.4%", "28.4%"),
        (0.0004, "green_rate_share", "", "<0.1%", "<0.1%"),
        (0.0, "green_rate_share", "", "0.0%", "0.0%"),
        (0.004, "old_estate_share", "", "<1%", "<1%"),
        (0.998, "old_estate_share", "", ">99%", ">99%"),
        (12.34, "parcel_yield_wan_per_mu", "", "12.3 万元/亩", "12.3 10,000 yuan per mu"),
        (None, "green_rate_share", "green", "数据不足", "not enough data"),
        (float("nan"), "parcel_yield_wan_per_mu", "", "不适用", "does not apply"),
    ],
)
def test_a_value_is_written_as_people_read_it(value, indicator, missing, zh, en):
    assert value_of(value, indicator, missing=missing) == zh
    assert value_of(value, indicator, missing=missing, lang="en") == en


def test_what_would_settle_a_value_is_named_not_coded():
    assert missing_words("firms.tax_wan, parcels, circles") == "企业的“税收(万元)”、地块、步骤“生活圈”"
    assert missing_words("") == ""
    assert indicator_words("green_rate_share") == "绿地率"


def test_of_needs_any_of_which_will_do_all_are_named():
    assert need_words("buildings.status | crossings") == "建筑的“状态”或过街设施"


def test_the_shape_of_a_layer_is_named():
    assert need_words("heritage.geometry") == "文物与历史建筑的“图形”"


@pytest.mark.parametrize("layer", sorted(set(LAYERS) | set(raster_standard().rasters) | {"open_land"}))
def test_every_layer_has_a_chinese_name(layer):
    assert not layer_words(layer).isascii()


def test_every_source_of_an_indicator_reads_chinese():
    file = indicator_file()
    sources = {one.source for one in file.indicators.values()} | {
        one.target_source for one in file.indicators.values() if one.target_source
    }
    english = [source for source in sources if re.search("[a-z]{3,} [a-z]", source_words(source))]
    assert english == []


def test_a_source_is_as_it_was_in_english():
    assert (
        source_words("proposal: four fifths of the banks", lang="en") == "proposal: four fifths of the banks"
    )


def test_what_is_rounded_to_nothing_has_no_sign():
    assert number_words(-0.004, decimals=1) == "0.0"


def test_the_workbook_writes_a_share_as_the_report_does():
    shares = [0.0, 0.0004, 0.35, 0.9996, 1.0]
    assert [written(share, "share").shown for share in shares] == [
        in_unit(share, "share") for share in shares
    ]


def test_nothing_measured_shows_nothing():
    assert score_data(map_results(), TOWN, [], lang="zh") is None


def test_the_town_lists_its_blocks_the_best_first_and_the_unknown_last(results, blocks):
    rows = score_data(results, TOWN, blocks, lang="zh")["blocks"]
    assert [row["score"] for row in rows] == [82.5, None]
    assert rows[0]["words"] == [
        "全镇第 1 位，共 2 块",
        "73% 的随机权重下名次不变",
        "特色加分 2.5",
        "已知权重 80%",
        "70–90 分",
        "方案后 88.2（+5.7）",
    ]
    assert rows[1]["words"] == ["数据不足，未评分"]
    assert (rows[1]["low"], rows[1]["high"]) == (0.0, 100.0)


def test_a_block_shows_its_own_score_and_how_far_each_target_is_attained(results, blocks):
    data = score_data(results, blocks[0], blocks, lang="zh")
    assert [row["score"] for row in data["blocks"]] == [82.5]
    (green, stock) = data["groups"]
    (row,) = green["rows"]
    assert (green["name"], row["name"], row["value"], row["target"]) == (
        "绿化",
        "绿地率",
        "28.0%",
        "目标 35.0%",
    )
    assert row["attained"] == pytest.approx(0.8)
    assert row["states"] == [["更新前", "20.0%"], ["现状", "28.0%"], ["方案", "30.0%"]]
    assert stock["rows"][0]["value"] == "不适用"


def test_what_only_a_programme_has_is_shown_as_planned(results, blocks):
    used = results.indicators.query("indicator == 'green_rate_share' and state == 'planned'")
    used = used.assign(indicator="used_space_share", value=0.4, missing="")
    planned = replace(results, indicators=pd.concat([results.indicators, used], ignore_index=True))
    groups = score_data(planned, blocks[0], blocks, lang="zh")["groups"]
    (row,) = next(group["rows"] for group in groups if group["name"] == "可利用空间")
    assert (row["value"], row["states"]) == ("40%", [["方案", "40%"]])
    assert (row["attained"], row["is_known"]) == (None, True)


def test_an_unknown_indicator_says_which_layer_would_settle_it(results, blocks):
    (row,) = score_data(results, blocks[1], blocks, lang="zh")["groups"][0]["rows"]
    assert (row["value"], row["lacking"], row["attained"]) == ("数据不足", "数据不足：补 绿地 可定", None)
    assert row["is_known"] is False


def test_indicators_without_a_scorecard_have_no_targets(results, blocks):
    bare = replace(results, scorecard=None, block_scores=None)
    data = score_data(bare, blocks[0], blocks, lang="en")
    assert data["blocks"] == []
    assert data["groups"][0]["rows"][0]["target"] == ""


def test_what_only_a_programme_yields_is_shown_as_planned(results, blocks):
    rows = results.indicators
    of = rows["indicator"].eq("green_rate_share") & rows["state"].eq("planned")
    only = replace(results, indicators=rows[of].reset_index(drop=True))
    (row,) = score_data(only, blocks[0], blocks, lang="zh")["groups"][0]["rows"]
    assert (row["value"], row["states"], row["is_known"]) == ("30.0%", [["方案", "30.0%"]], True)


def test_the_panel_shows_them(pages, look):
    town, block = look(pages[0]), look(pages[1])
    assert "区块评分排名" in town.page.inner_text(".scores")
    assert "82.5" in town.page.inner_text(".scores")
    assert block.page.inner_text(".score-own .score-value") == "82.5"
    assert "绿地率" in block.page.evaluate("document.querySelector('.index-group').textContent")
    assert (town.requests, town.complaints) == ([], [])
    width = "document.querySelector('.score-own .score-fill').style.width"
    assert block.page.evaluate(width) == "82.5%"


def test_hostile_names_of_blocks_are_shown_as_typed(tmp_path, show):
    text = " ".join(PAYLOADS)
    results = scored_results()
    layers = {name: results.town[name] for name in results.town.layers}
    layers["blocks"] = layers["blocks"].assign(name=text)
    page = fg.write_block_maps(scored_results(layers=layers), folder=tmp_path)[0]
    shown = show(page)
    assert text in shown.page.evaluate("document.querySelector('.scores').textContent")
    assert shown.page.evaluate("window.ran") is None
    assert (shown.requests, shown.complaints) == ([], [])
