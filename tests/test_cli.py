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
    done = call("standards", "township", "--lang", "en")
    assert done.exit_code == 0
    assert {"source", "confidence"} <= set(done.stdout.splitlines()[0].split("\t"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_standard_has_heads_in_the_readers_language(call, lang):
    for name in call("standards").stdout.split():
        done = call("standards", name, "--lang", lang)
        assert done.exit_code == 0
        head = done.stdout.splitlines()[0]
        assert head.isascii() == (lang == "en") or "m²" in head


def test_a_walker_uses_steps_or_does_not_in_the_readers_language(call):
    rows = [row.split("\t") for row in call("standards", "walkers").stdout.splitlines()]
    place = rows[0].index("能否走台阶")
    assert {row[0]: row[place] for row in rows}["wheels"] == "否"


def test_standards_without_a_name_list_the_names(call):
    assert "township" in call("standards").stdout.split()


def test_another_language_is_wrong_usage(call):
    assert call("columns", "--lang", "fr").exit_code == 2


def test_faults_in_the_data_end_with_one(call, folder):
    (folder / "shuixiang.gpkg").unlink()
    done = call("check", folder)
    assert done.exit_code == 1
    assert "shuixiang.gpkg" in done.stderr


def test_a_sound_town_is_checked_and_its_findings_listed(call, folder):
    done = call("check", folder, "--lang", "en")
    assert done.exit_code == 0
    assert "severity" in done.stdout.splitlines()[0]
    assert done.stdout.count("severity") == 1


def test_findings_have_chinese_heads_and_severities_by_default(call, folder):
    head, *rows = call("check", folder).stdout.splitlines()
    assert head.split("\t") == ["程度", "图层", "要素编号", "字段", "问题", "处理", "补救", "位置"]
    assert {row.split("\t")[0] for row in rows} <= {"错误", "未计入", "已修正", "提示"}


def test_demo_writes_a_page_for_each_block_and_prints_the_table(call, tmp_path):
    done = call("demo", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    pages = sorted(path.name for path in (tmp_path / "out" / "maps").glob("*.html"))
    assert len(pages) == 5
    assert "index.html" in pages
    assert "28,000" in done.stdout
    assert "index.html" in done.stderr
    listed = call("check", sample_folder()).stdout.splitlines()[1:]
    assert f"数据检查结果 {len(listed)} 条" in done.stderr
    assert str(sample_folder()) in done.stderr


def test_run_refuses_an_unknown_catalogue(call, folder, tmp_path):
    done = call("run", folder, "--out", tmp_path / "out", "--catalogue", "nix")
    assert done.exit_code == 2
    assert "nix" in done.stderr
