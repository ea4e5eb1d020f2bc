"""What a map page draws of planned streets: worked out on paper, and opened with the network off."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from map_town import EAST, NORTH, map_circles, map_results
from pyproj import CRS
from test_block_maps import PAYLOADS

import fengmao_geo as fg
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_links import link_data, link_rows
from fengmao_geo.life_circle.coverage import coverage_table
from fengmao_geo.life_circle.tiers import Tiers
from fengmao_geo.network.walk_network import assemble

FRAME = Frame(CRS(4549), (EAST - 200, NORTH - 200, EAST + 1200, NORTH + 800))


def drawn(*texts, **columns):
    shapes = [shapely.affinity.translate(shapely.from_wkt(text), EAST, NORTH) for text in texts]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def banks():
    """Two streets 40 m apart and a third 20 m beyond."""
    lines = drawn(
        "LINESTRING (0 0, 400 0)",
        "LINESTRING (0 40, 400 40)",
        "LINESTRING (0 60, 400 60)",
        id=["a", "b", "c"],
    )
    return fg.walk_network(lines)


def bridged(network, name="bridge"):
    return fg.with_links(network, drawn("LINESTRING (200 0, 200 40)", id=[name]))


def gated(network, *is_open, names=("west", "east")):
    """The network with a gate for each word, all at one height."""
    points = drawn(*[f"POINT ({100 * row} 0)" for row in range(len(is_open))])
    gates = points.assign(id=list(names)[: len(is_open)], place_id="old", ground=None, is_open=list(is_open))
    parts = {name: getattr(network, name) for name in ("node_xy", "edge_nodes", "edge_lines", "edges")}
    return assemble(crs=network.crs, gates=gates[[*gates.columns]], **parts)


def listed(before, after):
    rows = link_rows(before, after)
    return [
        (kind, name, round(length))
        for kind, name, length in zip(rows["kind"], rows["id"], rows.length, strict=True)
    ]


def results(after, before=None, **more):
    made = replace(map_results(), network=before or banks(), planned_network=after)
    return replace(made, **more)


def test_a_footbridge_is_new_and_the_streets_it_cuts_are_not():
    assert listed(banks(), bridged(banks())) == [("footbridge", "bridge", 40)]


def test_a_path_is_a_way():
    path = drawn("LINESTRING (50 40, 50 60)", id=["lane"])
    assert listed(banks(), fg.with_links(banks(), path, kind="path")) == [("way", "lane", 20)]


def test_a_link_that_another_cuts_is_one():
    first = fg.with_links(banks(), drawn("LINESTRING (50 0, 50 40)", id=["p"]), kind="path")
    second = fg.with_links(first, drawn("LINESTRING (50 20, 90 20, 90 40)", id=["q"]), kind="path")
    assert listed(banks(), second) == [("way", "p", 40), ("way", "q", 60)]


def test_a_street_that_is_taken_out_is_listed_too():
    assert listed(banks(), fg.without_links(bridged(banks()), ["c"])) == [
        ("footbridge", "bridge", 40),
        ("closed", "c", 400),
    ]


def test_only_a_gate_that_was_closed_is_opened():
    assert listed(gated(banks(), True, False), gated(banks(), True, True)) == [("gate", "east", 0)]


def test_a_new_gate_with_the_name_of_an_old_one_is_new():
    after = gated(banks(), True, True, names=("west", "west"))
    assert listed(gated(banks(), True), after) == [("gate", "west", 0)]


def test_streets_that_stay_as_they_are_differ_in_nothing():
    assert listed(banks(), banks()) == []


def test_without_planned_streets_nothing_is_drawn():
    assert link_data(replace(map_results(), network=banks()), FRAME, lang="zh") is None
    assert link_data(map_results(), FRAME, lang="zh") is None


def test_each_kind_has_its_name_in_both_languages():
    made = results(bridged(banks()))
    assert [link_data(made, FRAME, lang=lang)["kinds"][0]["name"] for lang in ("zh", "en")] == [
        "新增步行桥",
        "New footbridge",
    ]


def test_a_gate_says_whose_it_is():
    made = results(gated(banks(), True), gated(banks(), False))
    [gate] = link_data(made, FRAME, lang="zh")["items"]
    # No compound of the town has the id "old".
    assert (gate["id"], gate["place"], gate["length"], gate["lines"]) == ("west", "", "", [])
    layers = made.town.layers
    layers["compounds"] = layers["compounds"].assign(id=["old"])
    assert link_data(made, FRAME, lang="zh")["items"][0]["place"] == "北街小区"


def test_the_sign_of_a_bridge_stands_half_way_across():
    lines = drawn("LINESTRING (200 0, 200 40)")
    [bridge] = link_data(results(bridged(banks())), FRAME, lang="zh")["items"]
    [half] = FRAME.points(lines.geometry.centroid)
    assert bridge["point"] == half


def test_what_lies_beyond_a_page_is_not_on_it():
    west = Frame(CRS(4549), (EAST - 200, NORTH - 200, EAST + 150, NORTH + 800))
    assert link_data(results(bridged(banks())), west, lang="zh")["items"] == []


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A footbridge, a path whose id is hostile, a closed street; more people reach more afterwards."""
    circles = map_circles()
    tiers = Tiers(circles.reach, circles.types, circles.minutes, 60.0)
    circles = replace(circles, coverage=coverage_table(tiers, circles.dwellings))
    path = drawn("LINESTRING (50 40, 50 60)", id=["".join(PAYLOADS)])
    after = fg.with_links(fg.without_links(bridged(banks()), ["c"]), path, kind="path")
    moved = circles.service_areas.assign(geometry=circles.service_areas.geometry.translate(30))
    made = results(after, circles=circles, planned=replace(circles, service_areas=moved))
    return fg.write_block_maps(made, folder=tmp_path_factory.mktemp("links"))[0]


def test_links_are_drawn_and_told_in_the_legend(page, show):
    shown = show(page)
    assert shown.drawn["links"] == 3
    legend = shown.page.inner_text(".legend")
    assert [name for name in ("新增步行桥", "新增步行道", "取消的路段") if name not in legend] == []
    shown.page.click(".programme .switch")
    assert shown.page.evaluate("fengmao.drawn.links") == 0
    assert "新增步行桥" not in shown.page.inner_text(".legend")
    assert (shown.requests, shown.complaints) == ([], [])


def test_a_link_of_the_list_opens_its_card_and_hostile_ids_are_text(page, show):
    shown = show(page)
    shown.page.locator(".link").nth(0).click()
    card = shown.page.inner_text(".leaflet-popup")
    assert "bridge" in card
    assert "40 m" in card
    shown.page.locator(".link").nth(1).click()
    content = shown.page.evaluate("document.querySelector('.leaflet-popup-pane').textContent")
    assert [text for text in PAYLOADS if text not in content] == []
    assert shown.page.evaluate("window.ran") is None
    assert shown.complaints == []


def test_after_shows_the_ground_gained_and_lost(page, show):
    shown = show(page)
    shown.page.locator(".type", has_text="幼儿园").click()
    assert shown.page.evaluate("fengmao.areaKinds") == ["now"]
    shown.page.click("[data-state=after]")
    assert shown.page.evaluate("fengmao.areaKinds") == ["now", "gained", "lost"]
    legend = shown.page.inner_text(".legend")
    assert [name for name in ("新增服务范围", "不再服务的范围") if name not in legend] == []
    assert shown.complaints == []
