"""The GeoPackage of a town: every style names fields that are there, and every value it colours is known."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from gain_towns import green_results
from map_town import box, frame, line, point
from public_town import secret_results

import fengmao_geo as fg
from fengmao_geo.export.qgis_style import Shown, looks, qml, value_names
from fengmao_geo.export.result_layers import handed_layers
from fengmao_geo.export.theme import theme
from fengmao_geo.tables import LAYERS

#: Kinds of symbol by what a layer holds.
SYMBOLS = {"Point": "marker", "LineString": "line", "Polygon": "fill"}
GREY = "201,201,201,255"


@pytest.fixture(scope="module")
def results():
    return secret_results()


@pytest.fixture(scope="module")
def file(results, tmp_path_factory):
    return fg.write_geopackage(results, tmp_path_factory.mktemp("gpkg") / "town.gpkg")


@pytest.fixture(scope="module")
def styles(file):
    """Styles by the name of the layer."""
    with closing(sqlite3.connect(file)) as base:
        base.row_factory = sqlite3.Row
        return {row["f_table_name"]: dict(row) for row in base.execute("SELECT * FROM layer_styles")}


@pytest.fixture(scope="module")
def documents(styles):
    return {name: ET.fromstring(row["styleQML"]) for name, row in styles.items()}  # noqa: S314  our own


def fields_of(file, layer):
    return list(pyogrio.read_info(file, layer=layer)["fields"])


def attribute_of(renderer):
    found = renderer.get("attr")
    known = re.fullmatch(r'coalesce\("(\w+)", -1\)', found)
    return known[1] if known else found


def test_every_layer_and_table_has_one_style_that_is_used_at_once(file, styles):
    layers = {name for name, _ in pyogrio.list_layers(file)} - {"layer_styles"}
    assert set(styles) == layers
    assert {row["useAsDefault"] for row in styles.values()} == {1}
    assert {row["f_table_schema"] for row in styles.values()} == {""}


def test_the_geometry_column_of_a_style_is_the_layers(file, styles):
    with closing(sqlite3.connect(file)) as base:
        columns = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert {name: row["f_geometry_column"] for name, row in styles.items()} == {
        name: columns.get(name, "") for name in styles
    }


def test_every_field_has_an_alias_and_every_alias_a_field(file, documents):
    for name, document in documents.items():
        aliases = {alias.get("field"): alias.get("name") for alias in document.find("aliases")}
        assert list(aliases) == fields_of(file, name)
        assert all(aliases.values())


def test_aliases_are_chinese_but_for_units(documents):
    for name, document in documents.items():
        said = [alias.get("name") for alias in document.find("aliases")]
        assert all(re.search(r"[\u4e00-\u9fff]", alias) for alias in said), name


def test_every_attribute_that_is_coloured_or_written_is_a_field(file, documents):
    for name, document in documents.items():
        fields = fields_of(file, name)
        renderer = document.find("renderer-v2")
        if renderer is not None and renderer.get("type") != "singleSymbol":
            assert attribute_of(renderer) in fields, name
        for text_style in document.iter("text-style"):
            assert text_style.get("fieldName") in fields, name


def test_symbols_are_of_the_layers_kind_and_each_class_has_one(file, documents):
    kinds = dict(pyogrio.list_layers(file))
    for name, document in documents.items():
        renderer = document.find("renderer-v2")
        if kinds[name] is None:
            assert renderer is None
            continue
        symbols = {one.get("name"): one.get("type") for one in renderer.find("symbols")}
        assert set(symbols.values()) == {SYMBOLS[kinds[name].removeprefix("Multi")]}, name
        used = [
            part.get("symbol")
            for group in ("categories", "ranges")
            for part in renderer.iterfind(f"{group}/*")
        ]
        assert set(used) <= set(symbols)


def test_every_value_that_occurs_is_coloured_or_has_the_grey_of_the_rest(file, documents):
    for name, document in documents.items():
        renderer = document.find("renderer-v2")
        if renderer is None or renderer.get("type") != "categorizedSymbol":
            continue
        values = [one.get("value") for one in renderer.find("categories")]
        there = set(gpd.read_file(file, layer=name)[renderer.get("attr")].dropna())
        assert "" in values
        known = set(value_names(renderer.get("attr")))
        assert there & known <= set(values), name


@pytest.mark.parametrize("name", sorted(looks()["style"]))
def test_every_category_of_a_style_is_a_known_value(name):
    look = looks()["style"][name]
    if "colours" not in look:
        return
    colours = theme()["space"]["kind"] if look["colours"] == "space.kind" else look["colours"]
    colours = theme()["group"] if colours == "group" else colours
    known = set(value_names(look["column"], layer=name)) | {"other"}
    assert set(colours) <= known


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_layer_of_a_town_has_a_style_and_a_place_in_the_order(layer):
    assert layer in looks()["style"]
    assert layer in looks()["order"]
    assert len(set(looks()["order"])) == len(looks()["order"])


@pytest.mark.parametrize("name", sorted(looks()["style"]))
def test_steps_are_one_more_than_their_bounds(name):
    look = looks()["style"][name]
    if "steps" not in look:
        return
    steps, bounds = (
        theme()[look[key].split(".")[0]][look[key].split(".")[1]] if isinstance(look[key], str) else look[key]
        for key in ("steps", "bounds")
    )
    assert len(steps) == len(bounds) + 1
    assert list(bounds) == sorted(bounds)


def test_what_is_not_known_is_a_grey_class_of_its_own():
    document = ET.fromstring(qml(Shown("homes", "fill", {"reached_share": "x"})))  # noqa: S314  our own
    ranges = [(one.get("lower"), one.get("upper"), one.get("label")) for one in document.iter("range")]
    # The upper class comes first, since a value on an edge goes to the first that holds it.
    assert ranges[0] == ("1", "1000000000000", "100%")
    assert ranges[1] == ("0.8", "1", "80% 至 100%")
    assert ranges[-1] == ("-1", "-1", "数据不足")
    grey = document.find("renderer-v2/symbols/symbol[@name='0']/layer/prop[@k='color']")
    assert grey.get("v") == GREY


def test_a_layer_without_the_column_of_its_style_is_drawn_in_one_colour():
    document = ET.fromstring(qml(Shown("buildings", "fill", {"name": "x"})))  # noqa: S314  our own
    assert document.find("renderer-v2").get("type") == "singleSymbol"


def test_values_of_known_lists_are_named_in_the_table_of_attributes(documents):
    widget = documents["可利用空间"].find("fieldConfiguration/field[@name='kind']/editWidget")
    named = {one.get("value"): one.get("name") for one in widget.iter("Option") if one.get("value")}
    assert widget.get("type") == "ValueMap"
    assert named["riverside"] == "滨水空间"


def test_names_that_qgis_may_show_hold_no_text_of_the_data(results, tmp_path):
    hostile = "<img onerror=x>\"'${1}{{2}}\x07]]>=HYPERLINK(1)𠮷" + "长" * 10_000
    town = results.town
    layers = {name: town[name] for name in town.layers}
    layers["streets"] = layers["streets"].assign(name=hostile, street_class=hostile)
    other = replace(results, town=fg.Town.from_layers(name=hostile, **layers), circles=None, planned=None)
    path = fg.write_geopackage(other, tmp_path / "hostile.gpkg")
    with closing(sqlite3.connect(path)) as base:
        styles = [text for (text,) in base.execute("SELECT styleQML FROM layer_styles")]
    assert not [text for text in styles if "HYPERLINK" in text]
    assert all(ET.fromstring(text).tag == "qgis" for text in styles)  # noqa: S314  our own
    assert gpd.read_file(path, layer="道路")["name"][0].endswith("长")


def test_the_notice_is_a_row_a_description_and_metadata(file):
    with closing(sqlite3.connect(file)) as base:
        rows = dict(base.execute('SELECT item, said FROM "说明"'))
        described = {text for (text,) in base.execute("SELECT description FROM gpkg_contents")}
        metadata = base.execute("SELECT metadata FROM gpkg_metadata").fetchall()
    assert rows["声明"] == "内部资料"
    assert described == {"内部资料"}
    assert metadata == [("内部资料",)]


def test_a_town_without_a_notice_has_none(results, tmp_path):
    town = replace(results.town, settings=replace(results.town.settings, notice=""))
    path = fg.write_geopackage(fg.Results(town), tmp_path / "plain.gpkg")
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT count(*) FROM gpkg_metadata").fetchone() == (0,)
        assert "声明" not in dict(base.execute('SELECT item, said FROM "说明"'))


def test_other_programs_find_the_names_of_fields_in_the_standards_own_table(file):
    with closing(sqlite3.connect(file)) as base:
        titles = dict(
            base.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = '道路'")
        )
    assert titles["street_class"] == "道路等级"


def test_two_runs_write_the_same_bytes(results, file, tmp_path):
    assert fg.write_geopackage(results, tmp_path / "other.gpkg").read_bytes() == file.read_bytes()


def test_english_names_are_english(results):
    layers = handed_layers(results, lang="en")
    assert {"Buildings", "Spaces to use", "Programme"} <= {layer.title for layer in layers}
    said = [name for layer in layers for name in layer.shown(lang="en").columns.values()]
    assert not [name for name in said if re.search(r"[\u4e00-\u9fff]", name)]


def test_titles_occur_once_whatever_the_case(results):
    for lang in ("zh", "en"):
        titles = [layer.title.casefold() for layer in handed_layers(results, lang=lang)]
        assert len(set(titles)) == len(titles)


def test_blocks_bear_people_circles_scores_and_indicators(file):
    blocks = gpd.read_file(file, layer="更新区块").set_index("id")
    assert blocks.loc["old", "people"] == 50.0
    assert blocks.loc["old", "full_set_15_min_share"] == 0.0
    assert blocks["score_now"].to_dict() == {"old": 50.0, "works": 60.0}
    assert blocks.loc["old", "green_rate_share_now"] == 0.25
    assert np.isnan(blocks.loc["works", "green_rate_share_now"])


def test_communities_bear_who_lacks_what_in_the_circle_that_asks_first(file):
    [row] = gpd.read_file(file, layer="社区").to_dict("records")
    # Of 84.4 people 60 % do not reach a kindergarten, nobody the wet market.
    assert row["lacking_kindergarten_people"] == pytest.approx(50.64)
    assert row["lacking_wet_market_people"] == pytest.approx(84.4)
    assert "农贸市场" in row["worst_gaps"]


def test_homes_bear_the_share_of_types_they_reach(file):
    homes = gpd.read_file(file, layer="居住地可达设施").set_index("dwelling_id")
    assert homes["reached_share"].dropna().unique().tolist() == [0.5]
    # Of the home at the edge one type is not known, so that its share is not.
    assert homes["reached_share"].isna().sum() == 1


def test_banks_say_in_one_word_whether_they_have_green_and_a_path(file):
    # Whether this one has a path is not known.
    assert gpd.read_file(file, layer="岸线贯通与绿化")["bank_state"].tolist() == ["unknown"]


def test_green_of_a_measured_town_is_drawn(tmp_path):
    path = fg.write_geopackage(green_results(), tmp_path / "green.gpkg")
    layers = {name for name, _ in pyogrio.list_layers(path)}
    assert {"选址方案", "增绿成效（表）"} <= layers
    kinds = set(gpd.read_file(path, layer="增绿成效（表）")["area_kind"])
    assert {"town", "block"} <= kinds
    assert "part" not in kinds


def test_points_lines_and_areas_of_one_layer_stand_apart(results):
    heritage = frame([box(0, 0, 9, 9), line((0, 0), (9, 9)), point(1, 1)], zone=["core"] * 3)
    layers = {name: results.town[name] for name in ("built_up", "streets", "buildings")}
    town = fg.Town.from_layers(name="T", heritage=heritage, **layers)
    found = [layer for layer in handed_layers(fg.Results(town)) if layer.key == "heritage"]
    assert [layer.title for layer in found] == ["文物保护（面）", "文物保护（线）", "文物保护（点）"]
    assert [layer.shown(lang="zh").symbol for layer in found] == ["fill", "line", "marker"]


def test_a_facility_drawn_as_ground_is_a_point_within_it(results, file):
    facilities = gpd.read_file(file, layer="设施")
    assert set(facilities.geom_type) == {"Point"}
    ground = results.town["facilities"].geometry.iloc[2]
    assert shapely.contains(ground, facilities.geometry.iloc[2])


def test_planned_streets_are_a_layer(results):
    street = frame([line((0, 0), (100, 0))], id=["a"])
    town = fg.Town.from_layers(
        name="T", built_up=results.town["built_up"], streets=street, buildings=results.town["buildings"]
    )
    network = fg.walk_network(town)
    bridge = gpd.GeoDataFrame({"id": ["new"]}, geometry=[line((50, 0), (50, 80))], crs=4549)
    planned = fg.with_links(network, bridge, kind="footbridge")
    layers = handed_layers(fg.Results(town, network=network, planned_network=planned))
    [links] = [layer for layer in layers if layer.key == "planned_links"]
    assert links.table["link_kind"].tolist() == ["footbridge"]


def test_a_file_that_cannot_be_written_leaves_the_one_before(results, tmp_path, monkeypatch):
    path = tmp_path / "town.gpkg"
    path.write_text("before")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("fengmao_geo.export.town_geopackage.write_whole", full)
    with pytest.raises(OSError, match="disk full"):
        fg.write_geopackage(fg.Results(results.town), path)
    assert path.read_text() == "before"
