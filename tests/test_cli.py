"""The command line: exit codes, streams, languages."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fengmao_geo import cli
from fengmao_geo.cli import app
from fengmao_geo.results import Results
from fengmao_geo.town.sample import sample_folder


@pytest.fixture
def call(monkeypatch, tmp_path_factory):
    """Run a command where it may write to its own folder."""
    runner = CliRunner()
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    return lambda *words: runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def folder(small_folder, tmp_path):
    return shutil.copytree(small_folder, tmp_path / "town")


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


def test_findings_of_a_faulty_town_are_listed_and_written_too(call, folder, tmp_path):
    (folder / "shuixiang.gpkg").unlink()
    done = call("check", folder, "--out", tmp_path / "found")
    assert done.stdout.splitlines()[0].startswith("程度")
    assert {path.name for path in (tmp_path / "found").iterdir()} == {"findings.xlsx", "findings.html"}


@pytest.fixture(scope="module")
def checked(small_folder, tmp_path_factory):
    """What `fengmao check` says of the small town in English, and where it writes."""
    out = tmp_path_factory.mktemp("checked")
    words = ["check", str(small_folder), "--out", str(out), "--lang", "en"]
    return SimpleNamespace(said=CliRunner().invoke(app, words), out=out)


def test_a_sound_town_is_checked_and_its_findings_listed_and_written(checked):
    assert checked.said.exit_code == 0
    assert "severity" in checked.said.stdout.splitlines()[0]
    assert checked.said.stdout.count("severity") == 1
    assert (checked.out / "findings.xlsx").is_file()
    assert 'lang="en"' in (checked.out / "findings.html").read_text(encoding="utf-8")


def test_findings_have_chinese_heads_and_severities_by_default(call, folder):
    (folder / "spaces_review.csv").write_text("space_id,decision\nnowhere,confirmed\n", encoding="utf-8")
    head, *rows = call("check", folder / "town.toml").stdout.splitlines()
    assert head.split("\t") == ["程度", "图层", "要素编号", "字段", "问题", "处理", "补救", "位置"]
    assert {row.split("\t")[0] for row in rows} <= {"错误", "未计入", "已修正", "提示"}
    # A review of a space that is no more is told as well.
    assert "nowhere" in "".join(rows)


def test_a_town_is_drawn_up_from_files(call, small_folder, tmp_path):
    files = [small_folder / name for name in ("shuixiang.gpkg", "communities.shp", "facilities.csv")]
    done = call("new", tmp_path / "town", "--from", *files)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0].split("\t")[:3] == ["文件", "表或图层名", "图层"]
    assert "[layers.parcels]" in (tmp_path / "town" / "town.toml").read_text(encoding="utf-8")


def test_a_town_that_is_there_is_not_drawn_over(call, small_folder):
    before = (small_folder / "town.toml").read_bytes()
    done = call("new", small_folder, "--from", small_folder / "facilities.csv")
    assert done.exit_code == 2
    assert "town.toml" in done.stderr
    assert (small_folder / "town.toml").read_bytes() == before


def test_demo_writes_a_page_for_each_block_and_prints_the_table(demo):
    assert len(demo.pages) == 5
    assert "index.html" in [page.name for page in demo.pages]
    assert "28,000" in demo.said.stdout
    assert "index.html" in demo.said.stderr


def test_check_lists_what_a_run_counts_and_a_run_names_the_folder_to_check(checked, small_run, small_folder):
    listed = checked.said.stdout.splitlines()[1:]
    assert f"数据检查结果 {len(listed)} 条" in small_run.said.stderr
    assert str(small_folder) in small_run.said.stderr


def test_a_folder_that_cannot_be_read_ends_without_a_traceback(call, folder, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "not for you", "town.toml")

    monkeypatch.setattr("fengmao_geo.cli._read", refuse)
    done = call("check", folder)
    assert done.exit_code == 2
    assert "“town.toml”:没有权限" in done.stderr
    assert "Traceback" not in done.stderr


def test_findings_are_those_of_the_steps_that_were_run(demo):
    town, network, circles = demo.results.town, demo.results.network, demo.results.circles
    walked = Results(town, network=network, circles=circles)
    spaced = replace(walked, space_findings=demo.results.space_findings)
    steps = (Results(town), Results(town, network=network), walked, spaced, demo.results)
    counts = [len(results.findings) for results in steps]
    spaces, gains = demo.results.space_findings, demo.results.gains.findings
    found = [town.findings, network.audit, circles.findings, spaces, gains]
    assert counts == np.cumsum([len(table) for table in found]).tolist()


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def spaces_run(small_folder, tmp_path_factory):
    """Two runs of `fengmao spaces`: the first in a process with another hash seed, the second after a visit."""
    place = tmp_path_factory.mktemp("spaces")
    shutil.copytree(small_folder, place / "town")
    words = ["spaces", str(place / "town"), "--out", str(place / "out")]
    # This process has another seed, by chance unless one was set.
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    first = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-m", "fengmao_geo.cli", *words],
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    path = place / "out" / "spaces_review.csv"
    before = path.read_text(encoding="utf-8-sig").splitlines()
    written = _bytes(place / "out")
    visited = before[1].split(",")[0]
    path.write_text("\n".join([before[0], f"{visited},a,b,剔除,有围墙"]), encoding="utf-8")
    (place / "town" / "spaces_review.csv").write_text(
        "space_id,decision,reason\nnowhere,confirmed,gone\n", encoding="utf-8"
    )
    second = CliRunner().invoke(app, [*words, "--lang", "en"])
    return SimpleNamespace(place=place / "out", first=first, second=second, visited=visited, written=written)


def test_spaces_writes_maps_tables_and_a_review(spaces_run, small_folder):
    assert spaces_run.first.returncode == 0, spaces_run.first.stderr
    names = {path.name for path in spaces_run.place.iterdir()}
    assert names == {"maps", "spaces.gpkg", "spaces.csv", "possible_uses.csv", "spaces_review.csv"}
    blocks = gpd.read_file(small_folder / "shuixiang.gpkg", layer="blocks")
    assert len(list((spaces_run.place / "maps").glob("*.html"))) == 1 + len(blocks) > 2


def test_spaces_prints_a_row_per_kind_and_the_sum(spaces_run):
    head, *rows = [row.split("\t") for row in spaces_run.first.stdout.splitlines()]
    assert head == ["空间类型", "处数", "面积(m²)", "其中疑似", "涉及管控", "5分钟内人口(各处中位)"]
    numbers = [int(row[1].replace(",", "")) for row in rows]
    assert rows[-1][0] == "合计"
    assert sum(numbers[:-1]) == numbers[-1]
    assert "数据检查结果" in spaces_run.first.stderr
    assert "spaces_review.csv" in spaces_run.first.stderr


def test_what_was_decided_on_site_is_honoured_and_kept(spaces_run):
    assert spaces_run.second.exit_code == 0, spaces_run.second.stderr
    review = pd.read_csv(spaces_run.place / "spaces_review.csv", dtype=str).set_index("space_id")
    assert review.loc[spaces_run.visited, ["decision", "reason"]].tolist() == ["剔除", "有围墙"]
    assert review.loc["nowhere", ["decision", "reason"]].tolist() == ["confirmed", "gone"]
    spaces = gpd.read_file(spaces_run.place / "spaces.gpkg").set_index("space_id")
    assert spaces.loc[spaces_run.visited, "decision"] == "excluded"


def test_what_was_not_taken_over_of_a_review_is_told_at_once(spaces_run):
    # The first run had no review; the second names the space that is no more and how to mend it.
    assert "踏勘表 " not in spaces_run.first.stderr
    [told] = [line for line in spaces_run.second.stderr.splitlines() if line.startswith("review, ")]
    assert told.startswith("review, nowhere: no space has this id; ")


def test_spaces_speak_english(spaces_run):
    assert spaces_run.second.stdout.startswith("kind of space\t")
    assert b'lang="en"' in (spaces_run.place / "maps" / "index.html").read_bytes()


def test_run_and_spaces_write_the_same_bytes_whatever_the_hash_seed(spaces_run, small_run):
    run = _bytes(small_run.maps.parent)
    assert len([name for name in spaces_run.written if name.startswith("maps/")]) > 2
    assert {"spaces.gpkg", "spaces.csv", "spaces_review.csv"} <= set(spaces_run.written)
    assert not [name for name, content in spaces_run.written.items() if run[name] != content]


def test_spaces_of_an_earlier_run_that_cannot_be_read_are_wrong_usage(call, folder, tmp_path):
    (tmp_path / "spaces.gpkg").write_text("no package")
    done = call("spaces", folder, "--out", tmp_path)
    assert done.exit_code == 2
    assert "spaces.gpkg" in done.stderr
    assert done.stdout == ""


def test_spaces_of_no_town_are_wrong_usage(call, tmp_path):
    assert call("spaces", tmp_path / "nowhere").exit_code == 2


def test_chinese_is_written_whatever_the_terminal_speaks(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(cli, "app", lambda: print("水乡镇"))  # noqa: T201  in the place of a command
    cli.main()
    terminal.flush()
    assert terminal.buffer.getvalue().decode("utf-8").strip() == "水乡镇"


def test_a_stream_without_an_encoding_is_left_alone(monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(cli, "app", lambda: print("水乡镇"))  # noqa: T201  in the place of a command
    cli.main()
    assert terminal.getvalue() == "水乡镇\n"


def test_drivers_that_follow_links_and_foreign_projections_are_shut_out(monkeypatch):
    monkeypatch.setenv("PROJ_LIB", "elsewhere")
    monkeypatch.setenv("GDAL_SKIP", "to be restored")
    monkeypatch.delenv("GDAL_SKIP")
    seen = {}
    monkeypatch.setattr(cli, "app", lambda: seen.update(os.environ))
    cli.main()
    assert {"VRT", "WMS", "HTTP"} <= set(seen["GDAL_SKIP"].split(","))
    assert "PROJ_LIB" not in seen


def test_run_refuses_an_unknown_catalogue(call, folder, tmp_path):
    done = call("run", folder, "--out", tmp_path / "out", "--catalogue", "nix")
    assert done.exit_code == 2
    assert "nix" in done.stderr


def test_green_writes_maps_tables_and_a_chart_per_block(call, demo, monkeypatch, tmp_path):
    monkeypatch.setattr(import_module("fengmao_geo.study"), "study", lambda *_, **__: demo.results)
    done = call("green", sample_folder(), "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    tables = {"green_gains.csv", "green_attribution.csv", "transitions.csv", "image_cover.csv", "green.gpkg"}
    charts = {*(f"green_block_{number:02d}.png" for number in range(1, 5)), "green_town.png"}
    assert {path.name for path in tmp_path.iterdir()} == {"maps", *tables, *charts}
    head, *rows = [row.split("\t") for row in done.stdout.splitlines()]
    assert head == ["范围", "指标", "依据", "更新前", "更新后", "增量"]
    assert len({row[0] for row in rows}) == 5
    assert "已写出 10 个文件" in done.stderr
