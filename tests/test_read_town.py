"""A folder and its town.toml: read whole, or refused with every fault named."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from town_layers import codes, good_layers, square

from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.findings import translate_findings
from fengmao_geo.town import sample
from fengmao_geo.town.read import read_town
from fengmao_geo.town.sample import sample_folder, sample_town
from fengmao_geo.town.town import Town

HEAD = '[town]\nname = "水乡镇"\ncrs = "EPSG:4549"\n'


def entry(name, path="t.gpkg", **keys):
    lines = [f"[layers.{name}]", f'path = "{path}"', *(f'{key} = "{value}"' for key, value in keys.items())]
    return "\n".join(lines) + "\n"


LAYERS = "".join(entry(layer, layer=layer) for layer in good_layers())


@pytest.fixture
def folder(tmp_path):
    for name, layer in good_layers().items():
        layer.to_file(tmp_path / "t.gpkg", layer=name)
    return tmp_path


def write(folder, text=HEAD + LAYERS, encoding="utf-8"):
    (folder / "town.toml").write_bytes(text.encode(encoding))
    return folder


def refused(path):
    with pytest.raises(TownError) as caught:
        read_town(path)
    return caught.value


def english(error):
    return translate_findings(error.findings, lang="en")


def test_a_folder_is_read_as_the_same_layers_in_memory(folder):
    made = Town.from_layers(name="水乡镇", **good_layers())
    assert read_town(write(folder)).fingerprint() == made.fingerprint()


def test_the_toml_itself_may_be_named(folder):
    assert read_town(write(folder) / "town.toml").name == "水乡镇"


def test_a_toml_saved_by_windows_is_read(folder):
    assert read_town(write(folder, encoding="utf-8-sig")).name == "水乡镇"


def test_settings_are_read(folder):
    more = 'boundary_basis = "实际建成区"\nboundary_year = 2024\nbridges_complete = true\nsurveyed_types = ["公园"]\n'
    settings = read_town(
        write(folder, HEAD + more + 'notice = "内部资料"\npeople_total = 28000\n' + LAYERS)
    ).settings
    assert (settings.boundary_basis, settings.boundary_year) == ("实际建成区", 2024)
    assert settings.bridges_complete
    assert settings.surveyed_types == {"park"}
    assert (settings.notice, settings.people_total) == ("内部资料", 28_000)


def test_all_types_may_be_surveyed(folder):
    assert (
        read_town(write(folder, HEAD + 'surveyed_types = "all"\n' + LAYERS)).settings.surveyed_types == "all"
    )


@pytest.mark.parametrize("date", ['"2024-12-31"', "2024-12-31"])
def test_dates_of_layers_are_read_with_and_without_quotes(folder, date):
    text = HEAD + LAYERS.replace('layer = "streets"\n', f'layer = "streets"\ndate = {date}\n')
    assert read_town(write(folder, text)).settings.dates == {"streets": "2024-12-31"}


def test_layers_may_have_chinese_names(folder):
    text = HEAD + LAYERS.replace("[layers.built_up]", '[layers."建成区"]')
    assert "built_up" in read_town(write(folder, text))


def test_stated_fields_win(folder):
    gates = gpd.GeoDataFrame({"x1": ["东门"], "name": ["-"]}, geometry=[square(1, 1, 1).centroid], crs=4549)
    gates.to_file(folder / "g.gpkg")
    made = read_town(
        write(folder, HEAD + LAYERS + entry("gates", "g.gpkg") + '[layers.gates.fields]\nname = "x1"\n')
    )
    assert made["gates"]["name"].tolist() == ["东门"]
    assert codes(made, "gates") == ["field_twice"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [('name = "nowhere"', "field_not_found"), ('colour = "street_class"', "field_unknown")],
)
def test_a_stated_field_that_is_not_there_is_an_error(folder, fields, code):
    text = HEAD + LAYERS + f"[layers.streets.fields]\n{fields}\n"
    assert codes(refused(write(folder, text)), "streets") == [code]


def test_gcj02_points_of_a_csv_file_come_to_their_place(folder):
    # FACTS 6.2: this GCJ-02 point is 120.7555, 30.7467 in WGS84, E 572344.493 N 3403135.493 in EPSG:4549
    (folder / "p.csv").write_text(
        "id,类型,x,y\n1,药店,120.75981949746023,30.744400295398297\n", encoding="utf-8"
    )
    text = HEAD + LAYERS.replace(
        entry("facilities", layer="facilities"), entry("facilities", "p.csv", crs="GCJ-02", x="x", y="y")
    )
    made = read_town(write(folder, text))
    place = made["facilities"].geometry[0]
    assert (place.x, place.y) == pytest.approx((572344.493, 3403135.493), abs=1e-3)
    assert "crs_unshifted" in codes(made, "facilities")


def test_points_of_a_csv_file_without_crs_are_told_what_they_look_like(folder):
    (folder / "p.csv").write_text("id,x,y\n1,120.7598,30.7444\n", encoding="utf-8")
    error = refused(write(folder, HEAD + LAYERS + entry("gates", "p.csv", x="x", y="y")))
    assert codes(error, "gates") == ["crs_missing"]
    assert "GCJ-02" in english(error)["remedy"].iloc[0]


def test_exchanged_columns_of_a_csv_file_are_told(folder):
    (folder / "p.csv").write_text("id,x,y\n1,120.7598,30.7444\n", encoding="utf-8")
    error = refused(write(folder, HEAD + LAYERS + entry("gates", "p.csv", crs="EPSG:4490", x="y", y="x")))
    assert codes(error, "gates") == ["crs_contradicted_swapped"]


def test_a_stated_crs_wins_over_the_files_with_a_warning(folder):
    gates = gpd.GeoDataFrame(geometry=[shapely.Point(120.7555, 30.7467)], crs=4549)
    gates.to_file(folder / "g.gpkg")
    made = read_town(write(folder, HEAD + LAYERS + entry("gates", "g.gpkg", crs="EPSG:4490")))
    assert made["gates"].geometry.x[0] == pytest.approx(572344.493, abs=1e-3)
    assert codes(made, "gates") == ["crs_changed", "crs_overridden", "field_missing"][:2]


def test_faults_of_files_and_of_data_are_told_at_once(folder):
    gates = gpd.GeoDataFrame({"id": ["a", "a"]}, geometry=[square(1, 1, 1).centroid] * 2, crs=4549)
    gates.to_file(folder / "g.gpkg")
    text = HEAD + LAYERS.replace(entry("streets", layer="streets"), entry("streets", "nowhere.shp"))
    text += entry("gates", "g.gpkg") + entry("dragons", "g.gpkg") + entry('"大门"', "g.gpkg")
    error = refused(write(folder, text))
    assert {"file_missing", "id_twice", "layer_unknown"} <= set(codes(error))
    assert "layer_missing" not in codes(error)


def test_a_layer_named_twice_is_an_error(folder):
    text = HEAD + LAYERS + entry('"建成区"', layer="built_up")
    assert codes(refused(write(folder, text))) == ["layer_twice"]


def test_a_required_layer_that_is_not_listed_is_an_error(folder):
    text = HEAD + LAYERS.replace(entry("streets", layer="streets"), "")
    assert codes(refused(write(folder, text))) == ["layer_missing"]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            HEAD + LAYERS + entry("gates", colour="red"),
            "toml_key_unknown",
            "layers.gates.colour is not known",
        ),
        (HEAD + "[layers.gates]\nlayer = 'a'\n", "toml_key_missing", "layers.gates.path is missing"),
        ("[town]\nname = 'x'\n[layers]\n", "toml_key_missing", "town.crs is missing"),
        (HEAD + "boundary_year = '2024'\n[layers]\n", "toml_value", "town.boundary_year is “2024”"),
        (HEAD + "people_total = -5\n[layers]\n", "toml_value", "town.people_total is “-5”"),
        (
            HEAD + LAYERS + entry("parcels", codes="rainbow"),
            "toml_value",
            "layers.parcels.codes is “rainbow”",
        ),
        (HEAD + "[layers]\n[colours]\n", "toml_key_unknown", "colours is not known"),
        ("[town\n", "toml_broken", "is not TOML"),
    ],
)
def test_a_fault_of_the_toml_names_the_key(folder, text, code, words):
    error = refused(write(folder, text))
    assert codes(error) == [code]
    assert words in english(error)["found"][0]


def test_all_faults_of_the_toml_are_told_at_once(folder):
    assert len(refused(write(folder, "[town]\ncolour = 1\n")).findings) == 4


def test_a_folder_without_toml_is_told_to_write_one(tmp_path):
    assert codes(refused(tmp_path)) == ["toml_missing"]


def test_a_toml_that_is_not_utf8_is_told_to_be_saved_as_such(folder):
    assert codes(refused(write(folder, encoding="gbk"))) == ["toml_not_utf8"]


def test_a_toml_that_cannot_be_read_says_why(tmp_path, monkeypatch):
    def forbidden(*_args, **_keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", forbidden)
    assert english(refused(write(tmp_path)))["found"][0] == "cannot be read (Permission denied)"


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:3857", "GCJ-02", "nonsense", "EPSG:2385"])
def test_a_town_crs_in_which_nothing_can_be_measured_is_one_error(folder, crs):
    error = refused(write(folder, HEAD.replace("EPSG:4549", crs) + LAYERS))
    assert len(error.findings) == 1
    assert error.findings["layer"][0] == "town"


def test_an_error_is_told_in_both_languages(folder):
    error = refused(write(folder, HEAD + LAYERS + entry("gates", "nowhere.shp")))
    assert "找不到文件" in error.text(lang="zh")
    assert "there is no file" in error.text(lang="en")


def test_the_sample_town_is_found():
    assert (sample_folder() / "town.toml").is_file()


def test_the_sample_town_is_read_without_loss():
    assert set(sample_town().findings["severity"]) <= {"repaired", "warning"}


def test_an_installation_without_the_sample_town_says_where_it_looked(monkeypatch):
    monkeypatch.setattr(sample, "_TOWN", "nowhere")
    with pytest.raises(UsageError, match="nowhere"):
        sample_folder()
