"""Spaces on the maps: switched by kind, each with a card, in a real browser with the network cut off."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from map_town import EAST, NORTH, map_circles, map_layers, map_results
from space_rows import space_results, space_rows, use_rows
from test_block_maps import PAYLOADS

import fengmao_geo as fg
from fengmao_geo.export.map_figures import Place
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_spaces import space_data
from fengmao_geo.standards.spaces import space_kinds

if TYPE_CHECKING:
    from pathlib import Path

SHOW_ALL = "fengmao.change({ spaces: true })"
OPEN = "(i) => fengmao.openSpace(fengmao.homeShapes[0]._map, fengmao.spaceItems[i], fengmao.homeShapes[0].getBounds().getCenter())"


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    return fg.write_block_maps(space_results(), folder=tmp_path_factory.mktemp("maps"))


def card(shown, number: int) -> str:
    shown.page.evaluate(OPEN, number)
    # The one before is still fading away.
    return shown.page.locator(".leaflet-popup").last.inner_text()


def whole_town(results, **changes):
    frame = Frame(results.town.crs, (EAST - 100, NORTH - 100, EAST + 900, NORTH + 700))
    return space_data(results, Place("town", "", "", "", None, 1.0, ""), frame, lang="zh", **changes)


def test_the_first_look_is_at_life_circles(pages, show):
    shown = show(pages[0])
    assert shown.drawn["spaces"] == 0
    assert shown.page.locator(".legend-spaces").count() == 0
    assert shown.page.inner_text(".spaces-sum") == "全镇 4 处 · 1.2 公顷"


def test_one_click_draws_them_and_another_takes_them_away(pages, show):
    shown = show(pages[0])
    shown.page.click(".switch")
    assert shown.page.evaluate("fengmao.drawn.spaces") == 4
    shown.page.click(".switch")
    assert shown.page.evaluate("fengmao.drawn.spaces") == 0
    assert shown.page.evaluate("!!fengmao.spaceLayer._map") is False
    assert (shown.requests, shown.complaints) == ([], [])


def test_kinds_and_families_are_switched_one_by_one(pages, show):
    page = show(pages[0]).page
    page.click(".switch")
    page.locator(".space-family .chip", has_text="滨水空间").click()
    assert page.evaluate("fengmao.drawn.spaces") == 3
    page.locator(".chip-family", has_text="碎片空间").click()
    assert page.evaluate("fengmao.drawn.spaces") == 2
    page.locator(".chip-family", has_text="碎片空间").click()
    assert page.evaluate("fengmao.drawn.spaces") == 4


def test_the_legend_names_the_kinds_that_are_shown(pages, show):
    page = show(pages[0]).page
    page.click(".switch")
    rows = page.locator(".legend-spaces li").all_inner_texts()
    assert [row.strip() for row in rows] == [
        "滨水空间",
        "街头空间",
        "闲置房屋",
        "夹杂永农地块",
        "疑似，待核实",
        "踏勘后剔除",
    ]
    page.locator(".space-family .chip", has_text="闲置房屋").click()
    assert "闲置房屋" not in page.inner_text(".legend")
    assert "疑似" not in page.inner_text(".legend")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_word_of_the_legend_lies_in_its_box(tmp_path, show, lang, width):
    kinds = list(space_kinds().kinds)
    rows = pd.concat([space_rows().iloc[[0]]] * len(kinds))
    rows = rows.assign(kind=kinds, space_id=kinds, certainty="suspected")
    results = replace(space_results(), spaces=rows, uses=None)
    path = fg.write_block_maps(results, folder=tmp_path, lang=lang)[0]
    page = show(path, {"width": width, "height": 900}).page
    page.evaluate(SHOW_ALL)
    out_of_it = page.evaluate(
        """() => { const legend = document.querySelector(".legend");
          legend.open = true;
          const box = legend.getBoundingClientRect();
          return [...legend.querySelectorAll("li span")]
            .filter((one) => one.getBoundingClientRect().right > box.right).map((one) => one.textContent); }"""
    )
    assert page.locator(".legend-spaces li").count() > len(kinds)
    assert out_of_it == []


def test_beside_spaces_homes_are_plain_unless_a_type_is_chosen(pages, show):
    page = show(pages[0]).page
    page.click(".switch")
    fill = "fengmao.homeShapes[0].options.fillColor"
    colours = page.evaluate("fengmao.data.colours")
    assert page.evaluate(fill) == colours["building"]["other"]
    page.locator(".type", has_text="社区卫生服务站").click()
    assert page.evaluate(fill) == colours["reach"]["reached"]
    assert "社区卫生服务站" in page.inner_text(".legend")


def test_a_card_says_what_a_planner_asks(pages, show):
    text = card(show(pages[0]), 0)
    for said in (
        "中山路—市河 东北侧",
        "滨水空间 · 碎片空间",
        "1,200 m²",
        "15 m",
        "20 m",
        "集体",
        "100 人",
        "1,000 人",
        "河道管理范围",
        "尚未踏勘",
        "s1",
        "微绿地 ※",
        "※ 须先征求意见或核实：净高、河道管理范围",
        "临水边长比例：31%(要求≥20%)",
    ):
        assert said in text
    assert "桥下净高" not in text


def test_what_cannot_be_judged_stands_apart_from_what_fits(pages, show):
    shown = show(pages[0])
    card(shown, 0)
    assert shown.page.locator(".use-fits").all_inner_texts() == ["微绿地 ※1.5 万元"]
    assert shown.page.locator(".use-unknown").all_inner_texts() == ["小型球类场地(羽毛球/匹克球)"]


def test_suspected_spaces_and_decisions_say_so(pages, show):
    shown = show(pages[0])
    assert "疑似闲置房屋(待核实) · 存量资产" in card(shown, 2)
    assert card(shown, 2).count("数据不足") >= 3
    excluded = card(shown, 1)
    assert "剔除" in excluded
    assert "没有合适的用途" in excluded
    assert "确认" in card(shown, 3)


def test_farmland_says_how_much_is_protected(pages, show):
    text = card(show(pages[0]), 3)
    assert "永久基本农田（其中永农 7,500 m²）" in text
    assert "农作物种植" in text


def test_under_a_bridge_the_card_says_who_manages_it_and_how_high_it_is(tmp_path, show):
    results = space_results(
        kind=["under_bridge"] * 4,
        family="grey",
        basis="open_land",
        bridge_manager=["highway", None, "own", "railway"],
        clear_height_m=[5.4, float("nan"), 3.0, float("nan")],
    )
    shown = show(fg.write_block_maps(results, folder=tmp_path)[0])
    assert "公路部门" in card(shown, 0)
    assert "5.4 m" in card(shown, 0)
    unknown = [line for line in card(shown, 1).splitlines() if "数据不足" in line]
    assert len(unknown) >= 2


def test_clicking_a_space_on_the_map_opens_its_card(pages, show):
    shown = show(pages[0])
    shown.page.click(".switch")
    where = shown.page.evaluate(
        "(() => { const shape = fengmao.spaceLayer.getLayers().find((one) => one.item.i === 3);"
        " const map = shape._map; const box = map.getContainer().getBoundingClientRect();"
        " const at = map.latLngToContainerPoint(shape.getBounds().getCenter());"
        " return [box.x + at.x, box.y + at.y]; })()"
    )
    shown.page.mouse.click(*where)
    assert "夹杂永农地块" in shown.page.inner_text(".leaflet-popup")


def test_a_card_is_seen_whole(demo, show):
    for path in demo.pages[:2]:
        page = show(path).page
        page.click(".switch")
        page.evaluate(
            "() => { const map = fengmao.spaceLayer._map; const item = fengmao.spaceItems[0];"
            " fengmao.openSpace(map, item, L.polygon(fengmao.unpackPolygon(item.shape)).getBounds().getCenter()); }"
        )
        page.wait_for_timeout(500)
        box = page.locator(".leaflet-popup").bounding_box()
        assert box["y"] >= 0
        assert box["x"] >= 384


def test_a_page_shows_the_spaces_of_its_frame_and_counts_its_own(pages, show):
    data = show(pages[1]).page.evaluate("fengmao.data.spaces")
    assert data["own"].startswith("本区块 1 处 · 1 公顷")
    assert len(data["shapes"]) == len(data["name"]) == 4


def test_spaces_are_cut_at_the_edge_of_the_page():
    results = space_results()
    frame = Frame(results.town.crs, (EAST + 650, NORTH + 50, EAST + 900, NORTH + 300))
    found = space_data(results, Place("town", "", "", "", None, 1.0, ""), frame, lang="zh")
    assert found["id"] == ["s4"]
    # Half of the square is left; its own size is still what the card says.
    assert found["area"] == ["10,000"]


def test_the_other_pages_open_with_spaces_too(pages, show):
    page = show(pages[0]).page
    page.click(".switch")
    assert page.get_attribute("nav a >> nth=0", "href").endswith("block_01.html#spaces")
    page = show(pages[1]).page
    page.evaluate("location.hash = '#spaces'")
    page.evaluate("document.body.removeAttribute('data-drawn')")
    page.reload()
    page.wait_for_selector("body[data-drawn]")
    assert page.evaluate("fengmao.drawn.spaces") == 4
    page.click(".switch")
    assert page.get_attribute("nav a >> nth=0", "href").endswith("index.html")


def test_without_life_circles_spaces_are_shown_at_once(tmp_path, show):
    results = space_results(results=map_results(circles=None))
    shown = show(fg.write_block_maps(results, folder=tmp_path)[0])
    assert shown.drawn["spaces"] == 4
    assert shown.complaints == []


def test_without_uses_the_card_says_they_were_not_worked_out(tmp_path, show):
    results = map_results()
    only = fg.Results(results.town, circles=results.circles, spaces=space_rows())
    assert "尚未计算用途" in card(show(fg.write_block_maps(only, folder=tmp_path)[0]), 0)


def test_without_spaces_nothing_of_them_is_said(tmp_path, show):
    shown = show(fg.write_block_maps(map_results(), folder=tmp_path)[0])
    assert "可利用空间" not in shown.text
    assert shown.complaints == []


def test_a_town_with_no_space_at_all_is_drawn(tmp_path, show):
    results = space_results(uses=use_rows()[:0])
    none = fg.Results(results.town, circles=results.circles, spaces=results.spaces[:0], uses=results.uses)
    shown = show(fg.write_block_maps(none, folder=tmp_path)[0])
    shown.page.click(".switch")
    assert shown.complaints == []
    assert "全镇 0 处" in shown.text


def test_kinds_of_ones_own_are_shown_after_ours():
    found = whole_town(space_results(kind=["own", "riverside", "idle_house", "road_cut_plot"]))
    assert [kind["name"] for kind in found["families"][0]["kinds"]] == ["滨水空间", "own"]


def test_texts_that_return_are_written_once():
    found = whole_town(space_results(owner=["state"] * 4, controls=["heritage"] * 4))
    assert found["owner_names"] == ["国有"]
    assert len(found["control_names"]) == 2  # with and without farmland
    assert len(found["words"]) == len(set(found["words"]))


def test_two_runs_give_the_same_bytes_whatever_the_order_of_uses(pages, tmp_path):
    again = fg.write_block_maps(space_results(), folder=tmp_path)
    assert [page.read_bytes() for page in again] == [page.read_bytes() for page in pages]


def test_english_cards_say_nothing_in_chinese_but_names_of_places(tmp_path, show):
    layers = {name: layer.drop(columns="name", errors="ignore") for name, layer in map_layers().items()}
    circles = map_circles()
    results = space_results(
        results=map_results(
            layers=layers,
            circles=circles,
            name="Watertown",
            settings=SimpleNamespace(
                boundary_basis="as built", boundary_year=2024, notice="Internal", dates={}
            ),
        ),
        name=["Mill Lane—Canal 东北侧", "Mill Lane 南侧", "Mill Lane 南侧(2)", "无名路 东北角"],
    )
    for path in fg.write_block_maps(results, folder=tmp_path, lang="en")[:1]:
        shown = show(path)
        shown.page.evaluate(SHOW_ALL)
        said = [
            shown.page.inner_text(".spaces"),
            shown.page.inner_text(".legend"),
            *(card(shown, i) for i in range(4)),
        ]
        for text in said:
            assert not re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", text.replace("※", ""))
            assert not re.search(r"undefined|null|NaN|%[a-z]", text)
    assert "unnamed street, north-east corner" in said[-1]


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_of_spaces_runs_nowhere_and_is_shown_as_typed(text, tmp_path, show, monkeypatch):
    monkeypatch.delenv("FENGMAO_RAN", raising=False)
    plain = text.replace(";", ",").replace("=", "~")
    results = space_results(
        name=[text] * 4,
        kind=[text, "street_side", "idle_house", "enclosed_farmland"],
        evidence=[f"grade={plain};{plain}=1"] * 4,
        controls=[plain] * 4,
        bridge_manager=[text] * 4,
        space_id=[f"{text}{number}" for number in range(4)],
        uses=pd.DataFrame(
            {
                "space_id": [f"{text}{number}" for number in range(4)],
                "use": text,
                "fits": ["yes", "yes", "unknown", "no"],
                "reason": [f"flag={plain}", "", f"unknown={plain}", ""],
                "cost_wan": [1.5, 2.0, None, None],
            }
        ),
    )
    town = fg.write_block_maps(results, folder=tmp_path)[0]
    assert "FENGMAO_RAN" not in os.environ
    shown = show(town)
    shown.page.evaluate(SHOW_ALL)
    assert text in shown.page.evaluate("document.querySelector('.spaces').textContent")
    assert text in shown.page.evaluate("document.querySelector('.legend').textContent")
    for number in range(4):
        shown.page.evaluate(OPEN, number)
        content = shown.page.evaluate("document.querySelector('.leaflet-popup:last-child').textContent")
        assert content.count(text) >= 2
        assert plain in content
    assert shown.page.evaluate("window.ran") is None
    assert (shown.requests, shown.complaints) == ([], [])


def test_the_pages_of_the_sample_town_stay_small_and_draw_every_space(demo, show):
    for path in demo.pages:
        shown = show(path)
        assert path.stat().st_size < 3_000_000
        shown.page.evaluate("() => { fengmao.change({ spaces: true }); }")
        assert shown.page.evaluate("fengmao.drawn.spaces") == len(
            json.loads(shown.page.inner_html("#town-data"))["spaces"]["shapes"]
        )
