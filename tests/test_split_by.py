"""Outlines that layers are cut by: their file, its layer and columns, and the people that they give."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from province import fg_cut, outlines, small, write_province
from town_layers import codes

import fengmao_geo as fg
from fengmao_geo.batch.split import split_towns


@pytest.fixture
def folder(tmp_path):
    """Two small towns as files."""
    return write_province(small(), tmp_path / "all")


# Names and people


@pytest.mark.parametrize("column", [None, "NAME"])
def test_a_column_of_names_that_is_not_there_is_one_fault_with_the_columns_of_the_file(
    folder, tmp_path, column
):
    given = outlines("one", "two").rename(columns={"name": "label"}).assign(RK=[1, 2])
    by = {"by": given, "name_column": column}
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", **by)
    errors = caught.value.findings.query("severity == 'error'")
    assert errors["code"].tolist() == ["split_names_missing"]
    assert errors["values"].iloc[0] == {"column": column or "name", "known": "id, label, RK"}
    message = caught.value.text()
    assert "- 镇界 name:" in message
    assert "towns" not in message
    assert "town.toml" not in message


def test_a_column_that_is_named_wrongly_is_not_replaced_by_another(folder, tmp_path):
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=outlines("one", "two"), name_column="label")
    assert codes(caught.value) == ["split_names_missing"]


@pytest.mark.parametrize("column", ["XZMC", "镇名", "乡镇名称", "街道名称", "xzqmc", "Township"])
def test_usual_columns_of_towns_names_need_not_be_stated(folder, tmp_path, column):
    given = outlines("one", "two").rename(columns={"name": column}).assign(SQMC="other")
    found = split_towns(folder, out=tmp_path / "out", by=given)
    assert found.towns["town_name"].tolist() == ["one", "two"]


def test_a_column_that_is_taken_for_people_by_its_name_is_told_of(tmp_path):
    layers = small()
    home = write_province(
        layers | {"buildings": layers["buildings"].drop(columns="people")}, tmp_path / "all"
    )
    given = outlines("one", "two").assign(RK=[600, 300])
    found = split_towns(home, out=tmp_path / "out", by=given)
    assert found.towns["people"].tolist() == [pytest.approx(600), pytest.approx(300)]
    told = found.findings.query("code == 'split_people_column'")
    assert told["values"].tolist() == [{"column": "RK"}]


def test_people_of_the_outlines_that_are_not_used_are_told_of(folder, tmp_path):
    counted = fg.read_town(folder).spread.rows["people"].sum()
    given = outlines("all", side_m=3000.0).assign(people=[12_000])
    found = split_towns(folder, out=tmp_path / "out", by=given)
    assert found.towns["people"].tolist() == [pytest.approx(counted)]
    told = found.findings.query("code == 'split_people_unused'")
    assert told["feature_id"].tolist() == ["all"]
    assert told["values"].tolist() == [
        {"used": "buildings.people", "column": f"{counted:.0f}", "total": "12000"}
    ]


# The file


def test_a_file_of_outlines_that_is_not_there_is_wrong_usage(folder, tmp_path):
    done = fg_cut(folder, "--by", folder / "none.gpkg:name", "--out", tmp_path / "out")
    assert (done.exit_code, "none.gpkg" in done.stderr, "--by" in done.stderr) == (2, True, True)
    assert "town.toml" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_layer_of_a_file_of_outlines_is_named_where_there_are_several(folder, tmp_path):
    by = folder / "by.gpkg"
    outlines("west", "east").to_file(by, layer="towns")
    outlines("county", side_m=3000.0).to_file(by, layer="counties")
    for named in ([], ["--by-layer", "nonsense"]):
        done = fg_cut(folder, "--by", by, *named, "--out", tmp_path / "out")
        assert done.exit_code == 2
        assert "--by-layer" in done.stderr
        assert "towns, counties" in done.stderr
    done = fg_cut(folder, "--by", f"{by}:name", "--by-layer", "towns", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["east", "west"]


def test_a_layer_of_outlines_without_their_file_is_wrong_usage(folder, tmp_path):
    done = fg_cut(folder, "--by-layer", "towns", "--out", tmp_path / "out")
    assert (done.exit_code, "--by" in done.stderr) == (2, True)


def test_faults_of_a_file_of_outlines_are_to_be_mended_in_that_file(folder, tmp_path):
    (folder / "cut.gpkg").write_bytes(b"SQLite format 3\x00" + b"\x00" * 40)
    (folder / "no crs.csv").write_text("name\nwest\n", encoding="utf-8")
    outlines("west", "east").set_crs(None, allow_override=True).to_parquet(folder / "nowhere.parquet")
    for name in ("no crs.csv", "nowhere.parquet"):
        with pytest.raises(fg.TownError) as caught:
            split_towns(folder, out=tmp_path / "out", by=folder / name)
        errors = caught.value.findings.query("severity == 'error'")
        assert errors["code"].tolist() == ["split_by_fault"]
        message = caught.value.text(lang="en")
        assert name in message
        assert "[layers." not in message
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=folder / "cut.gpkg")
    assert "cut.gpkg" in caught.value.text()


def test_faults_of_a_table_of_outlines_are_to_be_mended_in_that_table(folder, tmp_path):
    nowhere = outlines("west", "east").set_crs(None, allow_override=True)
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=nowhere)
    assert caught.value.findings.query("severity == 'error'")["code"].tolist() == ["split_by_fault"]
    message = caught.value.text(lang="en")
    assert "by=" in message
    assert "[layers." not in message


def test_faults_of_built_up_areas_that_are_towns_name_that_layer(tmp_path):
    folder = write_province(small(), tmp_path / "all", suffixes={"built_up": ".parquet"})
    file = folder / "built_up.parquet"
    gpd.read_parquet(file).set_crs(None, allow_override=True).to_parquet(file)
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out")
    message = caught.value.text(lang="en")
    assert "[layers.built_up]" in message
    assert "communities" not in message


# What is said, and what is left


def test_help_says_what_a_cut_without_outlines_does_and_how_it_ends():
    done = " ".join(fg_cut("--help").output.split())
    assert "without it each feature of built_up is a town" in done
    assert "exit codes: 0 every town is written, 1 faults" in done
    assert "docs/many-towns.md" in done


def test_what_a_killed_cut_left_is_named_once_and_left_alone(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = Path("out")
    rests = [tmp_path / "out" / ".split.abc", tmp_path / ".split.def"]
    for rest in rests:
        rest.mkdir(parents=True)
    found = split_towns(folder, out=out)
    told = found.findings.query("code == 'split_rest'")
    assert told["values"].tolist() == [{"folders": ", ".join(sorted(map(str, rests)))}]
    assert sorted(path.name for path in out.iterdir()) == [".split.abc", "town_0", "town_1"]


def test_a_cut_leaves_nothing_beside_its_towns_when_one_cannot_be_written(folder, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fengmao_geo.batch.split.write_town", broken)
    with pytest.raises(KeyboardInterrupt):
        split_towns(folder, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
