"""Bad input as a newcomer meets it: `fengmao check` on a town with one fault, or with several."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from town_layers import frame, good_layers, line, point, square
from typer.testing import CliRunner

from fengmao_geo.cli import app

pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")

HEAD = '[town]\nname = "T"\ncrs = "EPSG:4549"\n'
GOOD = good_layers(
    streets=frame(
        [line((0, 500), (500, 500)), line((500, 500), (1000, 500)), line((500, 0), (500, 500))],
        id=["s1", "s2", "s3"],
        street_class=["main", "main", "lane"],
    ),
    buildings=frame(
        [square(100, 510, 10), square(200, 510, 10), square(300, 510, 20)],
        id=["b1", "b2", "b3"],
        use=["residential", "mixed", "industrial"],
        floor_count=[2, 4, 1],
        people=[10.0, 30.0, 0.0],
    ),
)


def checked(folder, lang="en"):
    return CliRunner().invoke(app, ["check", str(folder), "--out", str(folder / "out"), "--lang", lang])


@pytest.fixture
def check(tmp_path):
    """Write a town, the layers named in place of the good ones, and check it in English."""

    def run(more_toml="", head=HEAD, texts=None, lang="en", **layers):
        toml = [head]
        for name, layer in (GOOD | layers).items():
            layer.to_file(tmp_path / f"{name}.gpkg", layer=name)
            toml.append(f'[layers.{name}]\npath = "{name}.gpkg"\n')
        for name, content in (texts or {}).items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / "town.toml").write_text("".join(toml) + more_toml, encoding="utf-8")
        return checked(tmp_path, lang)

    return run


def swapped(layer):
    turned = shapely.transform(layer.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    return layer.set_geometry(gpd.GeoSeries(turned, index=layer.index, crs=layer.crs))


def refused(done, *words):
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    # The same findings are the table on standard output.
    assert done.stdout.splitlines()[0].startswith(("severity", "程度"))
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def told(done, *words):
    """Give the one line of the table that holds all the words."""
    assert done.exit_code == 0, done.stderr
    lines = [row for row in done.stdout.splitlines() if all(word in row for word in words)]
    assert len(lines) == 1, done.stdout
    return lines[0]


def test_a_good_town_is_told_only_what_it_lacks(check):
    done = check()
    assert done.exit_code == 0
    assert not [line for line in done.stdout.splitlines()[1:] if line.startswith("error")]


def test_a_layer_without_crs_is_told_what_it_looks_like_and_where_to_state_it(check):
    done = check(buildings=GOOD["buildings"].set_crs(None, allow_override=True))
    refused(done, "buildings: no CRS", "EPSG:4549", "[layers.buildings] in town.toml")


@pytest.mark.parametrize("code", [4490, 3857])
def test_a_layer_in_another_crs_is_brought_over_and_told(check, code):
    assert "transformed to" in told(check(buildings=GOOD["buildings"].to_crs(code)), f"EPSG:{code}")


def test_swapped_axes_are_told_with_the_remedy(check):
    refused(check(facilities=swapped(GOOD["facilities"])), "facilities", "axes look swapped", "exchange")


def test_an_empty_required_layer_is_told(check):
    refused(check(streets=GOOD["streets"].iloc[:0]), "streets", "holds no feature")


def test_a_feature_without_geometry_is_left_out_and_named(check):
    broken = GOOD["buildings"].copy()
    broken.loc[2, "geometry"] = None
    assert told(check(buildings=broken), "buildings", "b3", "no geometry").startswith("excluded")


def test_a_facility_five_kilometres_from_any_street_is_told_and_not_lost(check):
    far = frame([point(400, 510), point(600, 5500)], id=["f1", "f2"], facility_type=["pharmacy", "pharmacy"])
    row = told(check(facilities=far), "facilities", "f2", "no street within 100 m")
    assert "draw the street" in row


def test_a_disconnected_quarter_is_told_with_its_length_and_its_place(check):
    island = frame(
        [line((0, 500), (1000, 500)), line((50, 900), (200, 900))],
        id=["s1", "s2"],
        street_class=["main", "lane"],
    )
    assert "east 572050.0 m, north 3403900.0 m" in told(check(streets=island), "not connected", "150 m")


def test_a_missing_field_is_told_with_the_names_that_were_tried(check):
    done = check(facilities=GOOD["facilities"].drop(columns="facility_type"))
    assert "设施类型" in told(done, "facilities", "facility_type", "names tried")


def test_missing_people_are_told_with_the_names_that_were_tried(check):
    done = check(buildings=GOOD["buildings"].drop(columns="people"))
    assert "people_total" in told(done, "buildings", "no figures of people", "人口")


def test_ids_that_occur_twice_are_told(check):
    refused(check(buildings=GOOD["buildings"].assign(id=["b1", "b1", "b3"])), "buildings id", "b1")


def test_missing_people_are_told_and_are_no_zero(check):
    done = check(buildings=GOOD["buildings"].assign(people=[np.nan, 30.0, 0.0]))
    assert "1 of 2 dwellings" in told(done, "buildings", "people")


def test_a_text_file_called_gpkg_is_told(check):
    refused(check(texts={"streets.gpkg": "hello"}), "streets", "begins with hello")


def test_a_misspelt_key_is_told_with_those_there_are(check):
    refused(check(head=HEAD.replace("crs", "csr")), "town.csr is not known", "boundary_basis", "town.crs")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_faults_are_told_at_once_with_layer_column_and_remedy(check, lang):
    done = check(
        buildings=GOOD["buildings"].assign(id=["b1", "b1", "b3"], people=[-1.0, 2, 3]),
        streets=GOOD["streets"].set_crs(None, allow_override=True),
        facilities=swapped(GOOD["facilities"]),
        texts={"built_up.gpkg": "hello"},
        more_toml='[layers.gates]\npath = "nope.shp"\n[layers.dragon]\npath = "x.gpkg"\n',
        lang=lang,
    )
    refused(done, "7", "nope.shp")
    heads = [row.split(":")[0] for row in done.stderr.splitlines() if row.startswith("- ")]
    assert heads == [
        "- buildings id",
        "- buildings people",
        "- built_up",
        "- dragon",
        "- facilities",
        "- gates",
        "- streets",
    ]


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path):
    for command in ("check", "run"):
        done = CliRunner().invoke(app, [command, str(tmp_path / "nowhere"), "--lang", "en"])
        assert (done.exit_code, done.stdout) == (2, "")
        assert "nowhere" in done.stderr


def test_a_folder_without_town_toml_is_told_to_write_one(tmp_path):
    refused(checked(tmp_path), "write a town.toml")
