"""A first town.toml for a pile of files: what is recognised, and what is left to be stated."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from fengmao_geo.town.draft import draft_town
from fengmao_geo.town.read import read_town

EAST, NORTH = 572_000, 3_403_000


@pytest.fixture
def files(tmp_path):
    """A survey's parcels in a geodatabase's manner, streets, and points of a web map."""
    plots = [shapely.box(EAST + 50 * i, NORTH, EAST + 50 * (i + 1), NORTH + 60) for i in range(4)]
    survey = tmp_path / "三调.gpkg"
    parcels = {"BSM": list("abcd"), "DLBM": ["0701", "0601", "0701", "1003"], "备注": ["x"] * 4}
    gpd.GeoDataFrame(parcels, geometry=plots, crs=4549).to_file(survey, layer="DLTB")
    gpd.GeoDataFrame(geometry=[shapely.union_all(plots)], crs=4549).to_file(survey, layer="建成区")
    street = gpd.GeoDataFrame(
        {"名称": ["中山路"]}, geometry=[shapely.LineString([(EAST, NORTH), (EAST + 200, NORTH)])], crs=4549
    )
    street.to_file(tmp_path / "道路.shp", encoding="GBK")
    (tmp_path / "poi.csv").write_text(
        "名称,类型,经度,纬度\n市一幼,幼儿园,120.7599,30.7444\n", encoding="utf-8"
    )
    (tmp_path / "总平.dwg").write_bytes(b"AC1018")
    return [survey, tmp_path / "道路.shp", tmp_path / "poi.csv", tmp_path / "总平.dwg"]


@pytest.fixture
def draft(files, tmp_path):
    return draft_town(files, folder=tmp_path / "town", name="某镇")


def test_layers_are_told_by_the_names_of_tables_and_files(draft):
    by_file = draft.sources.set_index(["file", "table"])["layer"]
    assert by_file["三调.gpkg", "DLTB"] == "parcels"
    assert by_file["三调.gpkg", "建成区"] == "built_up"
    assert draft.sources.set_index("file").loc["道路.shp", "layer"] == "streets"


def test_a_layer_without_a_telling_name_is_told_by_columns_that_only_it_has(tmp_path):
    plots = gpd.GeoDataFrame({"DLBM": ["0701"], "QSXZ": ["20"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549)
    plots.to_file(tmp_path / "export_1.gpkg")
    assert draft_town([tmp_path / "export_1.gpkg"], folder=tmp_path).sources["layer"].tolist() == ["parcels"]


def test_columns_of_coordinates_are_found_and_their_system_is_left_to_be_stated(draft):
    points = tomllib.loads(draft.toml)["layers"]["facilities"]
    assert (points["x"], points["y"]) == ("经度", "纬度")
    assert "crs" not in points
    assert "GCJ-02" in draft.toml


def test_a_facility_file_called_otherwise_is_told_by_its_columns(draft):
    assert draft.sources.set_index("file").loc["poi.csv", "layer"] == "facilities"


def test_the_crs_that_most_layers_state_is_the_towns(draft):
    assert tomllib.loads(draft.toml)["town"]["crs"] == "EPSG:4549"


def test_the_scheme_of_codes_is_not_assumed_but_told_which_would_do(draft):
    assert "codes" not in tomllib.loads(draft.toml)["layers"]["parcels"]
    [line] = [line for line in draft.toml.splitlines() if line.startswith("# codes")]
    assert "sandiao" in line.split("(")[1]


def test_columns_not_recognised_are_listed(draft):
    parcels = draft.sources[draft.sources["layer"] == "parcels"].iloc[0]
    assert parcels["unknown_columns"] == "备注"
    assert parcels["known_columns"] == "BSM, DLBM"


def test_what_cannot_be_read_is_listed_with_the_reason(draft):
    row = draft.sources.set_index("file").loc["总平.dwg"]
    assert pd.isna(row["layer"])
    assert row["fault"]
    assert "总平.dwg" in draft.toml


def test_a_second_table_of_a_layer_is_listed_and_not_used(files, tmp_path):
    again = draft_town([*files, files[1]], folder=tmp_path)
    assert again.sources["layer"].eq("streets").sum() == 1


def test_required_layers_that_are_wanting_are_named(tmp_path):
    assert "# [layers.streets]" in draft_town([], folder=tmp_path).toml


def test_the_towns_crs_is_proposed_where_no_file_states_one_in_metres(files, tmp_path):
    found = draft_town(files[2:3], folder=tmp_path)
    assert tomllib.loads(found.toml)["town"]["crs"] == "EPSG:4549"
    assert "须写明" in found.toml.split("crs = ")[1].splitlines()[0]


def test_a_draft_of_sound_files_is_a_town_at_once(files, tmp_path):
    folder = tmp_path / "town"
    folder.mkdir()
    drawn = draft_town(files[:2], folder=folder).toml.replace('# codes = ""', 'codes = "sandiao"')
    (folder / "town.toml").write_text(drawn, encoding="utf-8")
    town = read_town(folder)
    assert (town.name, list(town.layers)) == ("town", ["built_up", "streets", "parcels"])


def test_names_that_toml_would_read_otherwise_are_quoted(tmp_path):
    name = 'a"b\\c\n[x]'
    assert tomllib.loads(draft_town([], folder=tmp_path, name=name).toml)["town"]["name"] == name


def test_a_draft_counts_what_it_recognised(draft):
    assert repr(draft) == "<Draft: 4 layers of 5 tables>"
