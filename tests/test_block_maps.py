"""Maps of renewal blocks, opened in a real browser with the network cut off."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from map_town import frame, map_circles, map_layers, map_results, point
from test_offline import HOSTILE, Parts

import fengmao_geo as fg

if TYPE_CHECKING:
    from pathlib import Path

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1366, "height": 768}
MARK = "window.ran = (window.ran || 0) + 1"
PAYLOADS = [
    *HOSTILE,
    f"${{{MARK}}}",
    f"<img src=x onerror='{MARK}'>",
    f"</script><script>{MARK}</script>",
    f"');{MARK};//",
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    return fg.write_block_maps(map_results(), folder=tmp_path_factory.mktemp("maps"))


def test_the_town_comes_first_and_then_the_blocks_by_number(pages):
    assert [page.name for page in pages] == ["index.html", "block_01.html", "block_02.html"]


def test_the_folder_is_made(tmp_path):
    pages = fg.write_block_maps(map_results(), folder=tmp_path / "out" / "maps")
    assert all(page.parent == tmp_path / "out" / "maps" for page in pages)


def test_two_runs_give_the_same_bytes(pages, tmp_path):
    again = fg.write_block_maps(map_results(), folder=tmp_path)
    assert [page.read_bytes() for page in again] == [page.read_bytes() for page in pages]


def test_nothing_given_is_changed(tmp_path):
    results = map_results()
    before = {name: layer.to_json() for name, layer in results.town.layers.items()}
    tables = {
        name: getattr(results.circles, name).copy()
        for name in ("types", "reach", "areas", "gaps", "dwellings")
    }
    fg.write_block_maps(results, folder=tmp_path)
    assert {name: layer.to_json() for name, layer in results.town.layers.items()} == before
    assert all(getattr(results.circles, name).equals(table) for name, table in tables.items())


def test_pages_name_no_file_but_each_other(pages):
    names = {page.name for page in pages}
    for page in pages:
        assert set(Parts(page.read_text(encoding="utf-8")).addresses) <= {"data:,"}
        links = re.findall(r'"href":"([^"]*)"', page.read_text(encoding="utf-8"))
        assert set(links) <= names


def test_blocks_that_share_a_number_are_counted_by_id(tmp_path):
    layers = map_layers()
    layers["blocks"] = layers["blocks"].assign(block_no=[1, 1])
    pages = fg.write_block_maps(map_results(layers=layers), folder=tmp_path)
    assert [page.name for page in pages] == ["index.html", "block_01.html", "block_02.html"]


def test_a_block_id_never_becomes_a_path(tmp_path):
    layers = map_layers()
    layers["blocks"] = layers["blocks"].assign(id=["../../out", "a/b"]).drop(columns="block_no")
    pages = fg.write_block_maps(map_results(layers=layers), folder=tmp_path / "maps")
    assert sorted(path.name for path in tmp_path.rglob("*.html")) == sorted(page.name for page in pages)


def test_a_town_without_blocks_has_its_own_page_only(tmp_path, show):
    layers = map_layers()
    del layers["blocks"]
    pages = fg.write_block_maps(map_results(layers=layers), folder=tmp_path)
    assert [page.name for page in pages] == ["index.html"]
    assert show(pages[0]).drawn["blocks"] == 0


def test_a_page_asks_for_nothing_and_has_no_complaint(pages, look):
    for page in pages:
        shown = look(page)
        assert shown.requests == []
        assert shown.complaints == []


def test_everything_is_drawn(pages, look):
    drawn = look(pages[2]).drawn
    drawn.pop("ms")
    assert drawn == {
        "buildings": 8,
        "homes": 6,
        "streets": 4,
        "blocks": 2,
        "facilities": 3,
        "areas": 0,
        "spaces": 0,
        "sites": 0,
        "links": 0,
        "pieces": 0,
        "served": 0,
        "names": drawn["names"],
    }
    assert drawn["names"] >= 3


def test_the_head_names_block_type_size_and_people(pages, look):
    text = look(pages[2]).page.inner_text("#panel header")
    for said in ("水乡镇", "市河街区", "2", "老旧小区", "2.1", "公顷", "50"):
        assert said in text


def test_the_page_names_dates_coordinates_basis_and_notice(pages, look):
    text = look(pages[2]).text
    for said in (
        "2024-11-30",
        "2024-10-31",
        "日期不详",
        "EPSG:4549",
        "实际建成区 2024",
        "内部资料",
        "每分钟 60 米",
    ):
        assert said in text


def test_the_map_has_legend_scale_and_north(pages, look):
    page = look(pages[2]).page
    assert page.is_visible(".legend")
    assert page.is_visible(".north")
    assert "m" in page.inner_text(".leaflet-control-scale")


def test_types_are_ranked_by_the_people_who_lack_them(pages, look):
    page = look(pages[2]).page
    names = page.locator("ol.types").first.locator(".type-name").all_inner_texts()
    assert names[1:] == ["农贸市场", "幼儿园", "托育点", "社区卫生服务站"]
    assert page.locator(".lack-some").first.inner_text() == "缺 50 人"


def test_what_is_not_surveyed_reads_not_enough_data_and_never_zero(pages, look):
    row = look(pages[2]).page.locator(".type", has_text="托育点").inner_text()
    assert row.count("数据不足") == 2
    assert "0%" not in row


def test_a_share_with_some_unknown_is_the_least_it_can_be(pages, look):
    assert look(pages[2]).page.locator(".figure-value").first.inner_text() == "≥0%"


def test_a_block_where_nobody_lives_says_so(pages, look):
    page = look(pages[1]).page
    assert page.locator(".figure-value").all_inner_texts() == ["无居民", "无居民"]


def test_clicking_a_type_shows_it_on_the_map_and_clicking_again_leaves_it(pages, show):
    shown = show(pages[2])
    row = shown.page.locator(".type", has_text="幼儿园")
    row.click()
    assert "幼儿园" in shown.page.inner_text(".legend summary")
    assert shown.page.evaluate("fengmao.drawn.areas") == 1
    assert "沿路网" in shown.page.inner_text(".type-more")
    row.click()
    assert shown.page.evaluate("fengmao.drawn.areas") == 0
    assert shown.complaints == []


def test_a_type_that_the_circle_does_not_ask_for_is_left(pages, show):
    page = show(pages[2]).page
    page.locator(".type", has_text="农贸市场").click()
    page.click(".figure >> nth=0")
    assert page.evaluate("fengmao.state.type") == -1


def test_the_five_minute_circle_asks_for_fewer_types(pages, show):
    page = show(pages[2]).page
    assert "15" in page.inner_text(".legend summary")
    page.click(".figure >> nth=0")
    assert page.inner_text(".legend summary").startswith("5 ")
    assert "农贸市场" not in page.inner_text("ol.types >> nth=0")


OPEN_SECOND_HOME = """() => {
  const home = fengmao.homeShapes[1];
  fengmao.openPopup(home._map, home.getBounds().getCenter(), fengmao.buildingCard(home.item));
}"""


FILLS = """fengmao.homeShapes.map(({ options: { fillColor } }) => {
  if (typeof fillColor === "string") return fillColor;
  return fillColor === fengmao.unknownFill ? "unknown" : "part";
})"""


def fills(page: object) -> list[str]:
    return page.evaluate(FILLS)


def test_homes_are_coloured_by_how_many_types_they_reach(pages, look):
    page = look(pages[2]).page
    steps = page.evaluate("fengmao.data.colours.reach.steps")
    # Of four types asked for, one unknown: two reached, two, two, one; all that is known; off the streets.
    assert fills(page) == [steps[1], steps[1], steps[1], steps[0], "part", "unknown"]


def test_one_type_tells_reached_from_unreached_and_from_unknown(pages, show):
    page = show(pages[2]).page
    reach = page.evaluate("fengmao.data.colours.reach")
    page.click(".figure >> nth=0")
    page.locator(".type", has_text="社区卫生服务站").click()
    assert fills(page) == [reach["reached"]] * 3 + [reach["unreached"], "unknown", "unknown"]


def test_a_building_says_what_a_planner_reads(pages, show):
    page = show(pages[2]).page
    page.evaluate(OPEN_SECOND_HOME)
    text = page.inner_text(".leaflet-popup")
    for said in (
        "住宅",
        "6 层",
        "1998 年建",
        "20 人",
        "1 / 3 类",
        "2 / 4 类",
        "农贸市场",
        "15 分钟内没有",
        "托育点",
    ):
        assert said in text


def test_a_missing_type_shows_the_nearest_beyond_the_circle(pages, show):
    page = show(pages[2]).page
    page.click(".figure >> nth=0")
    page.evaluate(OPEN_SECOND_HOME)
    assert "步行 540 米，9.0 分钟" in page.inner_text(".leaflet-popup")


def test_clicking_a_building_on_the_map_opens_its_card(pages, show):
    shown = show(pages[2])
    where = shown.page.evaluate(
        "(() => { const home = fengmao.homeShapes[1]; const map = home._map; const box = map.getContainer()"
        ".getBoundingClientRect(); const at = map.latLngToContainerPoint(home.getBounds().getCenter());"
        " return [box.x + at.x, box.y + at.y]; })()"
    )
    shown.page.mouse.click(*where)
    assert "1998 年建" in shown.page.inner_text(".leaflet-popup")


def test_a_facility_says_its_name_type_and_size(pages, show):
    page = show(pages[1]).page
    page.evaluate(
        "() => { const marker = fengmao.facilityMarkers.find((one) => one.item.name === '中心幼儿园');"
        " marker.fire('click', { originalEvent: new Event('click') }); }"
    )
    text = page.inner_text(".leaflet-popup")
    for said in ("中心幼儿园", "幼儿园", "教育", "容量 270"):
        assert said in text


def test_groups_of_facilities_can_be_switched_off(pages, show):
    page = show(pages[1]).page
    assert page.evaluate("fengmao.drawn.facilities") == 4
    page.locator(".chip", has_text="商业便民").click()
    assert page.evaluate("fengmao.drawn.facilities") == 2


@pytest.mark.parametrize(("chip", "layer"), [("建筑", "buildingLayer"), ("更新区块", "blockLayer")])
def test_layers_can_be_switched_off_and_on(pages, show, chip, layer):
    page = show(pages[1]).page
    button = page.locator(".chip", has_text=chip)
    on = (
        f"fengmao.homeShapes[0]._map === undefined || fengmao.{layer}._map !== null && !!fengmao.{layer}._map"
    )
    assert page.evaluate(on)
    button.click()
    assert not page.evaluate(f"!!fengmao.{layer}._map")
    button.click()
    assert page.evaluate(f"!!fengmao.{layer}._map")


def test_names_can_be_switched_off(pages, show):
    page = show(pages[2]).page
    assert page.locator(".name").count() > 0
    page.locator(".chip", has_text="地名").click()
    assert page.locator(".name").count() == 0


def test_the_town_links_its_blocks_and_they_link_back(pages, look):
    shown = look(pages[0])
    assert shown.page.get_attribute(".block >> nth=0", "href") == "block_01.html"
    assert "丝厂片区" in shown.page.inner_text(".block >> nth=0")
    assert look(pages[1]).page.get_attribute("nav a >> nth=0", "href") == "index.html"


def test_a_card_says_what_most_people_lack(pages, look):
    card = look(pages[0]).page.locator(".block").nth(1).inner_text()
    assert "5 分钟最缺：幼儿园（缺 30）" in card
    assert "15 分钟最缺：农贸市场（缺 50）" in card


def test_a_phone_shows_map_and_head_without_sliding_sideways(pages, show):
    page = show(pages[2], PHONE).page
    assert page.is_visible(".folium-map")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("h1").bounding_box()["y"] < 844


def test_a_page_can_be_printed(pages, show):
    assert len(show(pages[2]).page.pdf(format="A4", landscape=True)) > 10_000


def test_printing_fits_the_page_to_a_sheet_and_then_back(pages, show):
    page = show(pages[2]).page
    before = page.evaluate("fengmao.homeShapes[0]._map.getZoom()")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".folium-map").bounding_box()["width"] == 740
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".folium-map").bounding_box()["width"] == 1440 - 384
    assert abs(page.evaluate("fengmao.homeShapes[0]._map.getZoom()") - before) <= 1


def test_english_pages_say_nothing_in_chinese_but_names(tmp_path, show):
    layers = {name: layer.drop(columns="name", errors="ignore") for name, layer in map_layers().items()}
    circles = map_circles()
    areas = circles.areas.assign(area_name="A")
    results = map_results(
        layers=layers,
        circles=replace(circles, areas=areas),
        name="Watertown",
        settings=SimpleNamespace(boundary_basis="as built", boundary_year=2024, notice="Internal", dates={}),
    )
    pages = fg.write_block_maps(results, folder=tmp_path, lang="en")
    for page in pages:
        shown = show(page)
        assert not re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", shown.text)
        assert not re.search(r"undefined|null|NaN|%[a-z]", shown.text)
    assert "People with the full set" in shown.text


def test_chinese_pages_have_no_word_missing(pages, look):
    for page in pages:
        assert not re.search(r"undefined|null|NaN|%[a-z]", look(page).text)


def test_without_life_circles_the_map_still_stands(tmp_path, show):
    page = fg.write_block_maps(map_results(circles=None), folder=tmp_path)[2]
    shown = show(page)
    assert shown.complaints == []
    assert shown.drawn["buildings"] == 8
    assert "尚未计算生活圈" in shown.text
    assert "数据不足" in shown.page.inner_text("#panel header")
    assert "undefined" not in shown.text


def test_square_metres_are_never_called_people(tmp_path, show):
    circles = replace(map_circles(), people_basis="floor_area")
    text = show(fg.write_block_maps(map_results(circles=circles), folder=tmp_path)[2]).text
    assert "非人口" in text
    assert not re.search(r"\d 人", text)


def test_homes_that_are_no_buildings_are_drawn_by_their_own_shapes(tmp_path, show):
    circles = map_circles()
    homes = circles.dwellings
    rename = {name: f"p{name}" for name in homes["dwelling_id"]}
    moved = homes.assign(dwelling_id=homes["dwelling_id"].map(rename), geometry=homes.geometry.centroid)
    both = moved.geometry.where(moved["dwelling_id"] != "pb0", homes.geometry)
    reach = circles.reach.assign(dwelling_id=circles.reach["dwelling_id"].map(rename))
    changed = replace(circles, dwellings=moved.set_geometry(both), reach=reach)
    shown = show(fg.write_block_maps(map_results(circles=changed), folder=tmp_path)[2])
    assert (shown.drawn["buildings"], shown.drawn["homes"]) == (8, 6)
    assert shown.complaints == []


def test_a_town_of_nothing_but_ground_and_streets_is_drawn(tmp_path, show):
    layers = {name: layer for name, layer in map_layers().items() if name in {"built_up", "streets"}}
    layers = {name: layer[["id", "geometry"]] for name, layer in layers.items()}
    shown = show(fg.write_block_maps(map_results(layers=layers, circles=None), folder=tmp_path)[0])
    assert shown.complaints == []
    assert (shown.drawn["streets"], shown.drawn["buildings"]) == (4, 0)


def test_a_page_on_which_no_building_stands_is_drawn(tmp_path, show):
    layers = map_layers()
    layers["buildings"] = layers["buildings"].assign(geometry=layers["buildings"].translate(9000))
    shown = show(fg.write_block_maps(map_results(layers=layers, circles=None), folder=tmp_path)[1])
    assert shown.complaints == []
    assert shown.drawn["buildings"] == 0


def hostile_results(text: str):
    """Put a text into every field and column name that a town's data may hold."""
    layers = {}
    for name, layer in map_layers().items():
        fields = {column: text for column in ("name", "use", "renewal_type") if column in layer}
        layers[name] = layer.assign(**fields, **{text: text})
    layers["facilities"] = layers["facilities"].assign(facility_type=[text, "kindergarten", text, "pharmacy"])
    layers["blocks"] = layers["blocks"].assign(id=[text, "works"])
    layers["streets"] = layers["streets"].assign(street_class=["main", text, "lane", "elevated"])
    circles = map_circles()
    tables = {
        name: getattr(circles, name).replace(
            {"facility_type": {"wet_market": text}, "area_id": {"old": text}}
        )
        for name in ("types", "reach", "areas", "gaps", "service_areas")
    }
    return map_results(
        layers=layers,
        circles=replace(
            circles,
            **tables,
            walker=circles.walker.model_copy(update={"name_zh": text}),
            catalogue=circles.catalogue.model_copy(update={"name_zh": text}),
        ),
        name=text,
        settings=SimpleNamespace(
            boundary_basis=text, boundary_year=2024, notice=text, dates={"streets": text}
        ),
    )


#: Open the card of everything that has one.
OPEN_CARDS = """() => {
  const map = fengmao.homeShapes[0]._map;
  const middle = (home) => home.getBounds().getCenter();
  const homes = fengmao.homeShapes.map((home) => [middle(home), fengmao.buildingCard(home.item)]);
  const places = fengmao.facilityMarkers.map((one) => [one.getLatLng(), fengmao.facilityCard(one.item)]);
  [...homes, ...places].forEach(([where, card]) => fengmao.openPopup(map, where, card));
}"""


#: All at once, either way round: what one of them swallowed would be missing from what is shown.
@pytest.mark.parametrize(
    "text", [" ".join(PAYLOADS), " ".join(PAYLOADS[::-1])], ids=["in order", "in reverse"]
)
def test_hostile_text_runs_nowhere_and_is_shown_as_typed(text, tmp_path, show, monkeypatch):
    monkeypatch.delenv("FENGMAO_RAN", raising=False)
    town, _, block = fg.write_block_maps(hostile_results(text), folder=tmp_path)
    assert "FENGMAO_RAN" not in os.environ
    for page in (town, block):
        shown = show(page)
        shown.page.evaluate(OPEN_CARDS)
        shown.page.evaluate(
            "fengmao.data.types.forEach((one, type) => one.is_asked && fengmao.change({ type }))"
        )
        content = shown.page.evaluate("document.body.textContent")
        assert text in shown.page.evaluate("document.querySelector('h1').textContent")
        assert text in shown.page.evaluate("document.querySelector('.notice').textContent")
        assert content.count(text) >= 8
        assert re.sub("[ \t\r\n\f]+", " ", text) in shown.page.title()
        assert shown.page.evaluate("window.ran") is None
        assert shown.requests == []
        assert shown.complaints == []


def test_hostile_names_of_streets_stand_on_the_map_as_typed(tmp_path, show):
    text = "<b>{{7*7}}</b>"
    page = show(fg.write_block_maps(hostile_results(text), folder=tmp_path)[0]).page
    assert text in page.locator(".name").all_inner_texts()


def test_a_block_map_of_a_thousand_buildings_stays_small(tmp_path, show):
    layers = map_layers()
    houses = [point(20 * (number % 40), 10 * (number // 40)).buffer(6, quad_segs=1) for number in range(1600)]
    layers["buildings"] = frame(houses, use=["residential"] * 1600, floor_count=[3.0] * 1600)
    page = fg.write_block_maps(map_results(layers=layers, circles=None), folder=tmp_path)[1]
    shown = show(page)
    assert shown.drawn["buildings"] > 1000
    assert page.stat().st_size < 400_000


def test_the_pages_of_the_sample_town_are_small(demo, look):
    assert len(demo.pages) == 5
    for page in demo.pages:
        shown = look(page)
        assert page.stat().st_size < 3_000_000
        assert (shown.requests, shown.complaints) == ([], [])


CUT = """([chosen]) => {
  const of = (part) => part.getBoundingClientRect();
  const map = of(document.querySelector(".folium-map")), legend = of(document.querySelector(".legend"));
  const slack = 3;
  return [...document.querySelectorAll(chosen)].filter((part) => {
    const box = of(part);
    if (getComputedStyle(part).visibility === "hidden") return false;
    const isOut = box.left < map.left - slack || box.right > map.right + slack
      || box.top < map.top - slack || box.bottom > map.bottom + slack;
    const isUnder = box.left < legend.right - slack && box.right > legend.left + slack
      && box.top < legend.bottom - slack && box.bottom > legend.top + slack;
    return isOut || isUnder;
  }).map((part) => part.textContent);
}"""


@pytest.mark.parametrize("kind", [".name", ".badge"])
def test_no_name_and_no_number_is_cut_by_the_edge_or_lies_under_the_legend(demo, look, kind):
    for path in demo.pages:
        page = look(path, LAPTOP).page
        assert page.locator(kind).count() > 0
        assert page.evaluate(CUT, [kind]) == []


def test_where_its_name_has_no_room_a_neighbour_keeps_its_number(demo, look):
    shown = (look(path, LAPTOP).page for path in demo.pages)
    short = next(
        found for page in shown if (found := page.locator(".badge-short:not(.badge-hidden)")).count() > 0
    )
    assert not short.first.locator("span").is_visible()
    assert short.first.locator("b").is_visible()


def test_the_legend_hides_no_corner_of_the_block(demo, look):
    hidden = """() => {
      const map = document.querySelector(".folium-map").getBoundingClientRect();
      const legend = document.querySelector(".legend").getBoundingClientRect();
      const drawn = fengmao.blockLayer._map;
      return fengmao.data.blocks.filter((block) => block.is_own)
        .flatMap((block) => block.rings.flatMap((rings) => rings[0]))
        .map((corner) => drawn.latLngToContainerPoint(corner))
        .filter(({ x, y }) => x + map.left > legend.left && x + map.left < legend.right
          && y + map.top > legend.top && y + map.top < legend.bottom).length;
    }"""
    for path in demo.pages:
        if path.name != "index.html":
            assert look(path, LAPTOP).page.evaluate(hidden) == 0
