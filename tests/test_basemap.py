"""Web basemaps by name: asked for, drawn in their own degrees, and done without where there is no network."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
from map_town import EAST, NORTH, map_results, point
from pyproj import CRS, Transformer

import fengmao_geo as fg
from fengmao_geo.errors import UsageError
from fengmao_geo.export.map_geometry import STEP_DEGREES, Frame
from fengmao_geo.geo.shifted import wgs84_to_gcj02
from fengmao_geo.standards.basemaps import basemap, basemaps

TOWN_CRS = CRS("EPSG:4549")


@pytest.fixture(scope="module")
def gaode(tmp_path_factory):
    return fg.write_block_maps(map_results(), folder=tmp_path_factory.mktemp("maps"), basemap="gaode")


def policy(path):
    return re.search(r"img-src ([^;]*);", path.read_text(encoding="utf-8"))[1]


@pytest.mark.parametrize("name", list(basemaps()))
def test_addresses_lie_where_the_policy_allows_and_ask_for_nothing_unknown(name):
    found = basemap(name, key="0123abcd")
    host = found.hosts.removeprefix("https://*")
    for address in found.tiles:
        assert address.split("/")[2].endswith(host)
        assert set(re.findall(r"{(\w+)}", address)) == {"s", "x", "y", "z"}


def test_a_basemap_that_is_not_there_is_told_with_those_there_are():
    with pytest.raises(UsageError, match="tianditu, tianditu_image, gaode"):
        basemap("baidu")


@pytest.mark.parametrize("key", [None, "", "a b", "a&b=c", '"><script>', "密钥"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(UsageError, match="底图 tianditu 需要"):
        basemap("tianditu", key=key)


def test_no_page_asks_the_network_unless_a_basemap_was_asked_for(tmp_path):
    page = fg.write_block_maps(map_results(), folder=tmp_path)[0]
    assert policy(page) == "data:"


def test_the_policy_opens_to_the_provider_alone(tmp_path, gaode):
    assert policy(gaode[0]) == "data: https://*.is.autonavi.com"
    page = fg.write_block_maps(map_results(), folder=tmp_path, basemap="tianditu", basemap_key="k1")[0]
    assert policy(page) == "data: https://*.tianditu.gov.cn"
    assert "tk=k1" in page.read_text(encoding="utf-8")


def test_what_is_drawn_on_gaode_is_shifted_as_gaode_is():
    frame = Frame(TOWN_CRS, (EAST, NORTH, EAST + 1000, NORTH + 800), is_shifted=True)
    lon, lat = Transformer.from_crs(TOWN_CRS, "EPSG:4326", always_xy=True).transform(EAST + 10, NORTH + 20)
    drawn = np.array(frame.origin) + np.array(frame.points([point(10, 20)])[0]) * STEP_DEGREES
    assert drawn == pytest.approx(wgs84_to_gcj02(np.array([[lon, lat]]))[0], abs=1e-6)
    plain = Frame(TOWN_CRS, frame.bounds)
    # Near 30.7° N, 120.7° E the shift is some 500 m.
    assert abs(frame.origin[0] - plain.origin[0]) > 0.003
    assert frame.corners(shapely.box(*frame.bounds))[0][1] != plain.corners(shapely.box(*frame.bounds))[0][1]


def test_without_a_network_the_towns_own_ground_comes_back_and_the_page_says_so(gaode, show):
    shown = show(gaode[0])
    shown.page.wait_for_function("fengmao.state.basemapFailed")
    assert shown.page.evaluate("document.querySelector('.leaflet-ground-pane').style.display") == ""
    note = shown.page.inner_text(".tile-note")
    assert "底图未能加载" in note
    assert "已偏移至 GCJ-02" in note
    assert {address.split("/")[2].partition(".")[2] for address in shown.requests} == {"is.autonavi.com"}


def test_a_page_without_one_has_no_switch_for_it(tmp_path, show):
    shown = show(fg.write_block_maps(map_results(), folder=tmp_path)[0])
    assert "网络底图" not in shown.text
    assert shown.page.locator(".tile-note").count() == 0
