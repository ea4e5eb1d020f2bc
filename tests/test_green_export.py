"""Green gains handed over: pictures on the maps, charts, tables; the network is off."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from gain_towns import EAST, NORTH, green_results, town_of
from matplotlib.image import imread
from pyproj import CRS, Transformer
from space_towns import box, layer
from test_block_maps import PAYLOADS

import fengmao_geo as fg
from fengmao_geo.errors import UsageError
from fengmao_geo.export import green_chart
from fengmao_geo.export.green_chart import chart_font, gain_chart
from fengmao_geo.export.green_files import green_summary, write_green_files
from fengmao_geo.export.green_words import gain_words, headline_rows, indicator_name, value_words
from fengmao_geo.export.map_figures import Place
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_green import green_data
from fengmao_geo.export.raster_picture import Sheet, png
from fengmao_geo.export.theme import theme
from fengmao_geo.green.gain import green_gains
from fengmao_geo.network.build import walk_network
from fengmao_geo.results import Results
from fengmao_geo.standards.green import green_standard

FILES = ["green_gains.csv", "green_attribution.csv", "transitions.csv", "image_cover.csv", "green.gpkg"]
CHARTS = ["green_block_01.png", "green_block_02.png", "green_town.png"]
WHOLE = Frame(CRS(4549), (EAST - 100, NORTH - 100, EAST + 900, NORTH + 400))
TOWN = Place("town", "", "T", "", None, 1.0, "index.html")


@pytest.fixture(scope="module")
def results():
    return green_results()


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory):
    return fg.write_block_maps(results, folder=tmp_path_factory.mktemp("maps"))


def pixels(address, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(base64.b64decode(address.removeprefix("data:image/png;base64,")))
    return (imread(path) * 255).round().astype(int)


def at(picture, corners, east_m, north_m):
    """Read the pixel at a place of the town, given in metres from its corner."""
    (south, west), (north, east) = corners
    to_page = Transformer.from_crs(4326, 3857, always_xy=True).transform
    (left, bottom), (right, top) = to_page(west, south), to_page(east, north)
    x, y = Transformer.from_crs(4549, 3857, always_xy=True).transform(EAST + east_m, NORTH + north_m)
    rows, columns = picture.shape[:2]
    return tuple(picture[int((top - y) / (top - bottom) * rows), int((x - left) / (right - left) * columns)])


def colour(name, number):
    return (*bytes.fromhex(theme()["green"][name][number].removeprefix("#")), 255)


def test_a_picture_of_classes_is_read_back_as_it_was(tmp_path):
    path = tmp_path / "two.png"
    path.write_bytes(png(np.array([[0, 1], [255, 0]], dtype=np.uint8), ["#ff0000", "#0000ff"]))
    read = (imread(path) * 255).astype(int)
    assert read[0].tolist() == [[255, 0, 0, 255], [0, 0, 255, 255]]
    assert read[1][0][3] == 0


def test_pictures_lie_where_they_belong_on_the_maps_projection(results, tmp_path):
    data = green_data(results, TOWN, WHOLE, lang="zh")
    after = pixels(data["pictures"]["after"], tmp_path)
    # Pixels of the source are 200 by 150 m; a metre inside their corners the class is their own.
    for east_m, north_m in ((2, 298), (198, 152), (198, 298), (2, 152)):
        assert at(after, data["corners"], east_m, north_m) == colour("cover", 4)
    assert at(after, data["corners"], 205, 295) == colour("cover", 2)
    assert at(after, data["corners"], 795, 5) == colour("cover", 0)


def test_gain_is_green_loss_is_red_and_all_else_is_seen_through(results, tmp_path):
    data = green_data(results, TOWN, WHOLE, lang="zh")
    change = pixels(data["pictures"]["change"], tmp_path)
    assert at(change, data["corners"], 100, 225) == colour("change", 4)
    assert at(change, data["corners"], 700, 75) == colour("change", 0)
    assert at(change, data["corners"], 300, 225)[3] == 0
    assert at(change, data["corners"], 500, 75)[3] == 0


def test_what_was_not_measured_is_see_through(results, tmp_path):
    data = green_data(results, TOWN, WHOLE, lang="zh")
    before = pixels(data["pictures"]["before"], tmp_path)
    assert at(before, data["corners"], 500, 75)[3] == 0
    assert at(before, data["corners"], -50, 150)[3] == 0


def test_the_measured_ground_ends_at_the_built_up_area(tmp_path):
    data = green_data(green_results(built_up=layer(box(0, 0, 600, 300))), TOWN, WHOLE, lang="zh")
    after = pixels(data["pictures"]["after"], tmp_path)
    assert at(after, data["corners"], 590, 225)[3] == 255
    assert at(after, data["corners"], 615, 225)[3] == 0


def test_a_picture_in_degrees_lies_in_the_same_place(results, tmp_path):
    # The town's outline in degrees is no rectangle by less than a metre.
    west, south, east, north = gpd.GeoSeries([box(0, 0, 800, 300)], crs=4549).to_crs(4490).total_bounds
    turned = replace(results.gains.picture, bounds=(west, south, east, north), crs=CRS(4490))
    other = replace(results, gains=replace(results.gains, picture=turned))
    data = green_data(other, TOWN, WHOLE, lang="zh")
    after = pixels(data["pictures"]["after"], tmp_path)
    assert at(after, data["corners"], 190, 160) == colour("cover", 4)
    assert at(after, data["corners"], 210, 290) == colour("cover", 2)


def test_a_sheet_is_no_larger_than_a_screen():
    assert max(Sheet(Frame(CRS(4549), (EAST, NORTH, EAST + 50_000, NORTH + 20_000)), 4.0).shape) <= 1400


def test_views_are_those_that_can_be_shown(results):
    data = green_data(results, TOWN, WHOLE, lang="zh")
    assert [view["id"] for view in data["views"]] == ["swipe", "before", "after", "change", "plan"]
    without = replace(results, gains=replace(results.gains, picture=None), programme=None)
    assert green_data(without, TOWN, WHOLE, lang="zh")["views"] == []
    assert green_data(Results(results.town), TOWN, WHOLE, lang="zh") is None


def test_what_was_observed_and_what_is_planned_are_rows_of_their_own(results):
    rows = green_data(results, TOWN, WHOLE, lang="en")["rows"]
    green = [row for row in rows if row["name"] == "Green"]
    assert [(row["is_planned"], row["gain"]) for row in green] == [(False, "+2,100 m²"), (True, "+200 m²")]
    assert [row["before"]["name"] for row in green] == ["Before", "Now"]


def test_the_page_opens_at_life_circles_and_shows_pictures_when_asked(pages, show):
    shown = show(pages[0])
    assert shown.drawn["green"] == ""
    shown.page.click(".view[data-view=swipe]")
    assert shown.page.evaluate("fengmao.drawn.green") == "before+after"
    assert shown.page.locator("img.picture").count() == 2
    assert shown.page.locator(".swipe-tag").all_inner_texts() == ["更新前", "更新后"]
    shown.page.click(".view[data-view=swipe]")
    assert shown.page.locator("img.picture").count() == 0
    assert shown.page.locator(".swipe-box").is_hidden()
    assert (shown.requests, shown.complaints) == ([], [])


def test_the_slider_cuts_the_later_picture(pages, show):
    page = show(pages[0]).page
    page.click(".view[data-view=swipe]")
    left = "parseFloat(document.querySelector('.leaflet-after-pane').style.clip.split(',')[3])"
    middle = page.evaluate(left)
    page.locator(".swipe").focus()
    page.keyboard.press("Home")
    assert page.evaluate(left) < middle - 100
    page.click(".view[data-view=after]")
    assert page.evaluate("document.querySelector('.leaflet-after-pane').style.clip") == ""


def test_a_page_of_pictures_prints_without_a_fault(pages, show):
    shown = show(pages[0])
    shown.page.click(".view[data-view=swipe]")
    shown.page.evaluate(
        "['beforeprint', 'afterprint'].forEach((name) => window.dispatchEvent(new Event(name)))"
    )
    shown.page.wait_for_timeout(100)
    assert shown.complaints == []


def test_the_legend_tells_the_classes_of_the_picture(pages, show):
    page = show(pages[0]).page
    page.click(".view[data-view=change]")
    rows = [row.strip() for row in page.locator(".legend ul").first.locator("li").all_inner_texts()]
    assert rows == ["< -30%", "-30% 至 -10%", "+10% 至 +30%", "≥ +30%"]
    assert page.inner_text(".legend summary") == "植被覆盖增减"
    page.click(".view[data-view=plan]")
    assert "方案增绿地块" in page.inner_text(".legend")
    assert page.evaluate("fengmao.drawn.green") == "after+plan"


def test_a_plan_that_is_looked_at_has_its_figures_first(pages, show):
    page = show(pages[0]).page
    heads = page.locator(".green h3")
    assert heads.first.inner_text() == "按图层（矢量）"
    page.click(".view[data-view=plan]")
    assert heads.first.inner_text() == "方案（规划值）"


def test_a_block_tells_its_own_figures(pages, show):
    page = show(pages[2]).page
    assert "+1,300 m²" in page.locator(".gain").first.inner_text()


def test_other_pages_open_with_the_same_picture(pages, show):
    page = show(pages[0]).page
    page.click(".view[data-view=change]")
    assert page.locator("nav a").first.get_attribute("href") == "block_01.html#green-change"


def test_pages_are_the_same_bytes_twice(results, pages, tmp_path):
    again = fg.write_block_maps(results, folder=tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in pages]


def test_names_from_data_are_shown_as_typed(show, tmp_path):
    projects = layer(
        *(box(10 * row, 0, 10 * row + 5, 5) for row in range(len(PAYLOADS))),
        id=[f"p{row}" for row in range(len(PAYLOADS))],
        name=list(PAYLOADS),
    )
    blocks = layer(box(0, 0, 400, 300), id=["a"], name=[PAYLOADS[0]])
    results = green_results(projects=projects, blocks=blocks)
    shown = show(fg.write_block_maps(results, folder=tmp_path)[1])
    assert shown.complaints == []
    assert shown.page.evaluate("window.ran") is None


def test_files_and_a_chart_for_each_block_are_written(results, tmp_path):
    written = write_green_files(results, folder=tmp_path / "a")
    assert [path.name for path in written] == FILES + CHARTS
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(FILES + CHARTS)


def test_the_long_table_holds_what_was_measured(results, tmp_path):
    path = write_green_files(results, folder=tmp_path)[0]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    wanted = {"area_id", "indicator", "before", "after", "gain", "low", "high", "basis", "name"}
    assert wanted <= set(read.columns)
    assert len(read) == len(results.gains.gains)
    own = read[(read["area_id"] == "town") & (read["indicator"] == "green_m2")].set_index("basis")["gain"]
    assert own.to_dict() == pytest.approx({"vector": 2100.0, "planned": 200.0})


def test_the_geopackage_holds_the_layers_of_green(results, tmp_path):
    path = tmp_path / "green.gpkg"
    write_green_files(results, folder=tmp_path)
    assert set(gpd.list_layers(path)["name"]) == {
        "pocket_parks",
        "banks",
        "tree_lined_streets",
        "vertical_green",
    }
    assert gpd.read_file(path, layer="pocket_parks")["green_id"].tolist() == ["g1"]


def test_two_runs_write_the_same_bytes(results, tmp_path):
    first, second = (write_green_files(results, folder=tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_results_without_gains_are_refused(results, tmp_path):
    with pytest.raises(UsageError, match="green_gains"):
        write_green_files(Results(results.town), folder=tmp_path)


def test_the_summary_names_observed_and_planned(results):
    table = green_summary(results, lang="en")
    town = table[(table["name of area"] == "T") & (table["indicator"] == "Green")]
    assert town["gain"].tolist() == ["+2,100 m²", "+200 m²"]
    assert town["basis"].tolist() == ["By layers (vector)", "Planned"]


def test_a_chart_without_a_chinese_font_is_in_english(results, monkeypatch):
    seen = []
    monkeypatch.setattr(
        green_chart,
        "_letters",
        lambda name: frozenset(range(32, 256)) if name == "DejaVu Sans" else frozenset(),
    )
    monkeypatch.setattr(green_chart, "_draw", lambda *given: seen.append(given[-1]))
    chart = gain_chart(results, "west", number="Block 1", lang="zh")
    assert chart.startswith(b"\x89PNG")
    assert set(seen) == {"en"}


def test_a_name_that_no_font_can_write_gives_way_to_the_blocks_number(results, monkeypatch):
    titles = []
    monkeypatch.setattr(
        green_chart,
        "_letters",
        lambda name: frozenset(range(32, 256)) if name == "DejaVu Sans" else frozenset(),
    )
    monkeypatch.setattr(green_chart, "_write_around", lambda *given: titles.append(given[1]))
    gain_chart(results, "west", number="Block 1", lang="zh")
    assert titles == ["Block 1"]


def test_a_chart_is_larger_than_its_empty_sheet(results):
    empty = replace(results, gains=replace(results.gains, gains=results.gains.gains.iloc[:0]))
    assert len(gain_chart(results, "town", number="T")) > 4 * len(gain_chart(empty, "town", number="T"))


def test_a_font_is_asked_for_every_letter():
    assert chart_font("green") is not None
    assert chart_font(chr(0xE0FF)) is None
    assert chart_font("green", only="No Such Font") is None


def test_headlines_are_indicators_that_are_declared():
    declared = green_standard()
    for wanted in theme()["green"]["headlines"]:
        assert wanted["indicator"] in declared.indicators
        assert wanted.get("rule_set", "gbt51346_2019") in declared.rule_sets


def test_no_headline_sums_observed_and_planned(results):
    rows = headline_rows(results, "town")
    assert "planned" not in set(rows["basis"])
    assert set(headline_rows(results, "town", is_planned=True)["basis"]) == {"planned"}


@pytest.mark.parametrize(
    ("value", "indicator", "said"),
    [
        (0.12345, "green_share", "12.3%"),
        (1234.6, "green_m2", "1,235 m²"),
        (8.126, "park_per_person_m2", "8.13 m² each"),
        (12.4, "park_within_300_m_people", "12 people"),
        (5.0, "pocket_park_count", "5"),
        (0.431, "mean_ndvi", "0.43"),
        (1e6, "canopy_m3", "1,000,000 m³"),
        (-0.0001, "green_m2", "0 m²"),
    ],
)
def test_values_are_written_in_the_unit_that_ends_their_name(value, indicator, said):
    assert value_words(value, indicator, lang="en") == said


def test_an_interval_has_decimals_enough_to_be_one():
    row = pd.Series({"indicator": "veg_cover_share", "gain": 0.01, "low": 0.0099, "high": 0.0101})
    assert gain_words(row, lang="en") == "+1.00 points (+0.99 to +1.01)"


def test_every_declared_indicator_has_a_name_and_a_unit_in_both_languages():
    for indicator in green_standard().indicators:
        for lang in ("zh", "en"):
            assert indicator_name(indicator, lang=lang) != indicator
            assert value_words(1.0, indicator, lang=lang, is_signed=True)


def test_the_page_carries_no_figure_that_is_not_finite(pages):
    text = pages[0].read_text(encoding="utf-8").split('id="town-data">')[1].split("</script>")[0]
    assert "NaN" not in json.dumps(json.loads(text)["green"])


def test_a_page_says_so_where_there_are_no_two_states():
    town = town_of(green_before=None)
    gains = green_gains(town, walk_network(town))
    data = green_data(Results(town, gains=gains), TOWN, WHOLE, lang="en")
    assert data["notes"] == ["No two states to compare, and no plan"]
    assert {row["before"]["text"] for row in data["rows"]} == {"not enough data"}


def test_a_chart_draws_the_plan_where_nothing_was_observed():
    unseen = green_results(green_before=None)
    rows = green_chart._rows(unseen, "town")
    assert set(rows["basis"]) == {"planned"}
    assert gain_chart(unseen, "town", number="T", lang="en").startswith(b"\x89PNG")
