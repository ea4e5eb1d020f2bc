"""All that is handed in: every writer is called, what lies where is told, and nobody meets half of it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from space_rows import space_results

from fengmao_geo import cli
from fengmao_geo.errors import UsageError
from fengmao_geo.export import handover
from fengmao_geo.export.handover import WRITERS, Handed, write_all


@pytest.fixture
def writers(monkeypatch):
    """Put writers that note what they are given in the place of all."""
    calls = []

    def writer(name):
        def write(job):
            calls.append((name, job.results.share, job.folder.name, job.lang, job.review))
            path = job.folder / f"{name}.out"
            path.write_text(name)
            return [path] if name != "report" else [path, path]

        return write

    monkeypatch.setattr(handover, "WRITERS", {name: writer(name) for name in WRITERS})
    return calls


def test_every_writer_is_called_and_what_it_wrote_is_told(writers, tmp_path):
    handed = write_all(space_results(), folder=tmp_path / "a" / "out")
    assert [name for name, *_ in writers] == list(WRITERS)
    assert [one.path.name for one in handed] == [*(f"{name}.out" for name in WRITERS), "README.txt"]
    assert all(one.path.is_file() for one in handed)


def test_everything_that_an_application_needs_has_a_writer():
    assert list(WRITERS) == ["maps", "workbook", "report", "geopackage", "spaces", "sites", "green", "saved"]


@pytest.mark.usefixtures("writers")
def test_names_are_told_in_both_languages(tmp_path):
    report = write_all(space_results(), folder=tmp_path)[2]
    assert (report.name(), report.name(lang="en"), report.file_count) == ("报告", "Report", 2)


def test_language_and_review_are_handed_on(writers, tmp_path):
    review = object()
    write_all(space_results(), folder=tmp_path, lang="en", review=review)
    assert {(share, lang, given) for _, share, _, lang, given in writers} == {("internal", "en", review)}


def test_what_is_public_lies_in_a_folder_of_its_own_without_the_review(writers, monkeypatch, tmp_path):
    results = SimpleNamespace(share="public", town=space_results().town)
    monkeypatch.setattr("fengmao_geo.export.public.public_results", lambda _: results)
    handed = write_all(space_results(), folder=tmp_path, share="public", review=object())
    assert {(share, folder, given) for _, share, folder, _, given in writers} == {("public", "public", None)}
    assert {one.path.parent for one in handed} == {tmp_path / "public"}
    assert "公开版不含权属" in (tmp_path / "public" / "README.txt").read_text(encoding="utf-8")


def test_another_share_is_refused_before_anything_is_written(writers, tmp_path):
    with pytest.raises(UsageError, match="secret"):
        write_all(space_results(), folder=tmp_path / "out", share="secret")
    assert not (tmp_path / "out").exists()
    assert writers == []


def test_a_writer_with_nothing_to_write_is_not_told(monkeypatch, tmp_path):
    monkeypatch.setattr(handover, "WRITERS", {"maps": lambda _: []})
    [readme] = write_all(space_results(), folder=tmp_path)
    assert readme.path == tmp_path / "README.txt"


@pytest.mark.usefixtures("writers")
def test_the_readme_says_what_lies_where_and_the_notice(tmp_path):
    write_all(space_results(), folder=tmp_path)
    lines = (tmp_path / "README.txt").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["水乡镇 更新成果", "内部资料", ""]
    assert "报告：report.out（2 个文件）" in lines


@pytest.mark.parametrize(
    ("name", "module", "place"), [("workbook", "workbook", "workbook.xlsx"), ("report", "report", ".")]
)
def test_workbook_and_report_are_given_results_place_and_language(name, module, place, monkeypatch, tmp_path):
    given = []

    def write(results, *where, lang, folder=None):
        given.append((results, folder or where[0], lang))
        return tmp_path / "made" if name == "workbook" else [tmp_path / "made"]

    monkeypatch.setattr(f"fengmao_geo.export.{module}.write_{name}", write)
    results = space_results()
    monkeypatch.setattr(handover, "WRITERS", {name: WRITERS[name]})
    (tmp_path / "made").touch()
    written = write_all(results, folder=tmp_path, lang="en")
    assert given == [(results, tmp_path / place, "en")]
    assert written[0].path == tmp_path / "made"


def test_maps_and_the_saved_run_are_given_what_they_take_besides(monkeypatch, tmp_path):
    given = []

    def write(_, *_where, **options):
        given.append(options)
        (tmp_path / "made").touch()
        return [tmp_path / "first", tmp_path / "made"]

    monkeypatch.setattr("fengmao_geo.export.folium_map.write_block_maps", write)
    monkeypatch.setattr("fengmao_geo.export.saved_run.write_results", write)
    monkeypatch.setattr(handover, "WRITERS", {name: WRITERS[name] for name in ("maps", "saved")})
    handed = write_all(
        space_results(), folder=tmp_path, maps={"basemap": "gaode"}, run={"run_on": "2024-12-31"}
    )
    assert given == [
        {"folder": tmp_path / "maps", "lang": "zh", "basemap": "gaode"},
        {"run_on": "2024-12-31"},
    ]
    # What the saved run is stands in its last file.
    assert handed[1].path == tmp_path / "made"


def test_a_run_for_the_public_is_not_saved(tmp_path):
    job = SimpleNamespace(results=SimpleNamespace(share="public"), folder=tmp_path, run={})
    assert WRITERS["saved"](job) == []


def test_steps_that_were_not_run_leave_no_files(tmp_path):
    results = space_results()
    bare = type(results)(results.town)
    job = SimpleNamespace(results=bare, folder=tmp_path, lang="zh", review=None)
    assert [WRITERS[name](job) for name in ("spaces", "sites", "green")] == [[], [], []]
    assert list(tmp_path.iterdir()) == []


def test_spaces_are_written_with_their_review(tmp_path):
    job = SimpleNamespace(results=space_results(), folder=tmp_path, lang="zh", review=None)
    assert "spaces_review.csv" in {path.name for path in WRITERS["spaces"](job)}


class TestRun:
    @pytest.fixture
    def call(self, monkeypatch, tmp_path):
        from typer.testing import CliRunner  # noqa: PLC0415  beside its use

        found = SimpleNamespace(findings=pd.DataFrame(), circles=None)
        given = []

        def write(_, **options):
            given.append(options)
            (tmp_path / "run").mkdir()
            return [Handed("地图", "Maps", tmp_path / "maps" / "index.html", 3)]

        monkeypatch.setattr(cli, "_studied", lambda *_, **__: (found, None))
        monkeypatch.setattr(handover, "write_all", write)
        monkeypatch.setattr("fengmao_geo.export.run_record.input_hashes", lambda _: {"town.toml": "0a"})
        runner = CliRunner()
        return given, lambda *words: runner.invoke(cli.app, ["run", "town", "--out", str(tmp_path), *words])

    def test_run_says_what_lies_where(self, call, tmp_path):
        given, run = call
        done = run("--lang", "en")
        assert done.exit_code == 0, done.stderr
        assert f"Maps: {tmp_path / 'maps' / 'index.html'}" in done.stderr
        maps = {"basemap": None, "basemap_key": None, "photos": None}
        run_of = {"run_on": None, "inputs": {"town.toml": "0a"}}
        told = {"lang": "en", "share": "internal", "review": None, "maps": maps, "run": run_of}
        assert given == [{"folder": tmp_path} | told]
        assert (tmp_path / "run" / "run.log").is_file()

    def test_run_hands_on_the_basemap_its_key_and_the_date(self, call):
        given, run = call
        assert run("--basemap", "tianditu:k1", "--date", "2024.12.31").exit_code == 0
        assert given[0]["maps"] == {"basemap": "tianditu", "basemap_key": "k1", "photos": None}
        assert given[0]["run"]["run_on"] == "2024-12-31"

    def test_a_date_that_is_none_is_wrong_usage(self, call):
        given, run = call
        assert run("--date", "spring").exit_code == 2
        assert given == []

    def test_run_hands_on_whom_it_is_for(self, call):
        given, run = call
        assert run("--share", "public").exit_code == 0
        assert given[0]["share"] == "public"

    def test_another_share_is_wrong_usage(self, call):
        given, run = call
        done = run("--share", "everyone")
        assert done.exit_code == 2
        assert "everyone" in done.stderr
        assert given == []
