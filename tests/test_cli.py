"""The command line: exit codes, streams, languages."""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from fengmao_geo.cli import app
from fengmao_geo.town.sample import sample_folder


@pytest.fixture
def call():
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "town"
    shutil.copytree(sample_folder(), copy)
    return copy


def test_columns_of_one_table_go_to_standard_output(call):
    done = call("columns", "blocks", "--lang", "en")
    assert done.exit_code == 0
    assert "block number" in done.stdout
    assert done.stderr == ""


def test_an_unknown_table_is_wrong_usage(call):
    done = call("columns", "no_such_table")
    assert done.exit_code == 2
    assert "no_such_table" in done.stderr
    assert done.stdout == ""


def test_standards_print_source_and_tag(call):
    done = call("standards", "township")
    assert done.exit_code == 0
    assert {"source", "tag"} <= set(done.stdout.splitlines()[0].split("\t"))


def test_standards_without_a_name_list_the_names(call):
    assert "township" in call("standards").stdout.split()


def test_another_language_is_wrong_usage(call):
    assert call("columns", "--lang", "fr").exit_code == 2


def test_a_folder_that_is_not_there_ends_without_a_traceback(call, tmp_path):
    done = call("check", tmp_path / "nowhere")
    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.stderr
    assert "nowhere" in done.stderr


def test_faults_in_the_data_end_with_one(call, folder):
    (folder / "shuixiang.gpkg").unlink()
    done = call("check", folder)
    assert done.exit_code == 1
    assert "shuixiang.gpkg" in done.stderr


def test_a_sound_town_is_checked_and_its_findings_listed(call, folder):
    done = call("check", folder, "--lang", "en")
    assert done.exit_code == 0
    assert "severity" in done.stdout.splitlines()[0]


def test_demo_writes_a_page_for_each_block_and_prints_the_table(call, tmp_path):
    done = call("demo", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    pages = sorted(path.name for path in (tmp_path / "out" / "maps").glob("*.html"))
    assert len(pages) == 5
    assert "index.html" in pages
    assert "28,000" in done.stdout
    assert "index.html" in done.stderr


def test_run_refuses_an_unknown_catalogue(call, folder, tmp_path):
    done = call("run", folder, "--out", tmp_path / "out", "--catalogue", "nix")
    assert done.exit_code == 2
    assert "nix" in done.stderr
