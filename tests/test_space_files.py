"""The files of spaces, and the command that writes them."""

from __future__ import annotations

import shutil

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from fengmao_geo.cli import app
from fengmao_geo.export.space_files import REVIEW, earlier_spaces, space_summary, write_space_files
from fengmao_geo.results import Results
from fengmao_geo.town.sample import sample_folder


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def written(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spaces")
    return folder, write_space_files(demo.results, folder=folder)


def read(path):
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)


def test_four_files_hold_every_space(demo, written):
    folder, files = written
    assert [path.name for path in files] == ["spaces.gpkg", "spaces.csv", "possible_uses.csv", REVIEW]
    count = len(demo.results.spaces)
    assert len(gpd.read_file(folder / "spaces.gpkg")) == count
    assert len(read(folder / "spaces.csv")) == len(read(folder / REVIEW)) == count
    assert len(read(folder / "possible_uses.csv")) == len(demo.results.uses)


def test_two_runs_write_the_same_bytes(demo, written, tmp_path):
    folder, files = written
    for path in write_space_files(demo.results, folder=tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert len(files) == 4


def test_tables_are_told_to_spreadsheets_as_utf8(written):
    folder, _ = written
    assert (folder / "spaces.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_name_that_looks_like_a_formula_stays_a_text(demo, tmp_path):
    spaces = demo.results.spaces.head(2).assign(name=["=1+1", "@cmd"])
    write_space_files(Results(demo.results.town, spaces=spaces, uses=demo.results.uses), folder=tmp_path)
    assert read(tmp_path / "spaces.csv")["name"].tolist() == ["'=1+1", "'@cmd"]


def test_without_spaces_nothing_is_written(demo, tmp_path):
    assert write_space_files(Results(demo.results.town), folder=tmp_path) == []
    assert earlier_spaces(tmp_path) is None


def test_a_filled_form_keeps_its_reasons_and_the_rows_of_spaces_that_are_gone(demo, tmp_path):
    first = demo.results.spaces["space_id"].iloc[0]
    form = pd.DataFrame(
        {"space_id": [first, "99999-99999"], "decision": ["剔除", "确认"], "reason": ["已建成", "旧址"]}
    )
    write_space_files(demo.results, folder=tmp_path, review=form)
    new = read(tmp_path / REVIEW).set_index("space_id")
    assert new.loc[first, "reason"] == "已建成"
    assert new.loc["99999-99999", ["decision", "reason"]].tolist() == ["确认", "旧址"]


def test_spaces_are_summed_up_by_kind(demo):
    table = space_summary(demo.results.spaces, lang="en").set_index("kind")
    assert sum(map(int, table["number"])) == len(demo.results.spaces)
    assert "idle granary" in table.index


def test_the_command_honours_the_form_of_an_earlier_run_and_keeps_ids(tmp_path):
    town, out = tmp_path / "town", tmp_path / "out"
    shutil.copytree(sample_folder(), town)
    first = call("spaces", town, "--out", out)
    assert first.exit_code == 0, first.stderr
    form = read(out / REVIEW)
    form.loc[0, ["decision", "reason"]] = ["剔除", "已有工程"]
    form.to_csv(out / REVIEW, index=False, encoding="utf-8-sig")
    again = call("spaces", town, "--out", out, "--lang", "en")
    assert again.exit_code == 0, again.stderr
    assert "street corner" in again.stdout
    kept = read(out / REVIEW)
    assert kept["space_id"].tolist() == form["space_id"].tolist()
    assert kept.loc[0, ["decision", "reason"]].tolist() == ["excluded", "已有工程"]
    uses = read(out / "possible_uses.csv").query("space_id == @form.space_id[0]")
    assert set(uses["fits"]) == {"no"}


def test_a_form_that_is_no_table_is_told_without_a_traceback(tmp_path):
    town = tmp_path / "town"
    shutil.copytree(sample_folder(), town)
    (town / REVIEW).write_text("id,what\n1,2\n", encoding="utf-8")
    done = call("spaces", town, "--out", tmp_path / "out", "--lang", "en")
    assert done.exit_code == 2
    assert "space_id" in done.stderr
    assert "Traceback" not in done.stderr
