"""Runs of one town at several dates, side by side; and the commands that work from saved runs."""

from __future__ import annotations

import importlib
import io
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
import saved_runs
from matplotlib.image import imread
from space_towns import layer
from town_layers import point
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.blocks.tracking import track_results
from fengmao_geo.cli import app
from fengmao_geo.errors import UsageError
from fengmao_geo.export import track_chart
from fengmao_geo.export.run_record import run_of
from fengmao_geo.export.track_files import track_runs, write_track_files
from fengmao_geo.export.track_workbook import track_workbook
from fengmao_geo.town.town import Layers

DATES = ("2023-12-31", "2024-06-30", "2024-12-31")
SHEETS = ["月报", "季度对比", "年度评估", "分批验收"]


def projects_at(run):
    """Four projects: one is done in the second run, one comes late, one is never told of, one is new."""
    rows = {
        "id": ["p1", "p2", "p3"],
        "name": ["=HYPERLINK(1)", "$老街$ {{7*7}}", "菜园"],
        "planned_start_on": ["2023-01", "2024-01-01", None],
        "planned_end_on": ["2024-03-31", "2024-11-30", None],
        "started_on": ["2023-02-01", None if run == 0 else "2024-02-01", None],
        "completed_on": [None if run == 0 else "2024-04-10", None, None],
        "progress_share": [[0.5, 1.0, 1.0][run], [0.0, 0.3, 0.8][run], None],
        "investment_wan": [100.0, 300.0, None],
        "paid_wan": [[40.0, 100.0, 100.0][run], [0.0, 60.0, 210.0][run], None],
        "acceptance_batch": ["第一批", "第十二批", None],
    }
    return layer(point(10, 10), point(450, 10), point(700, 10), **rows)


def run_at(run, *, values=None, name="T"):
    town = saved_runs.town()
    frames = {one: town[one] for one in town.layers} | {"projects": projects_at(run)}
    town = replace(town, layers=Layers(frames), name=name)
    told = values or [[np.nan, 0.20, 0.30], [0.10, 0.25, 0.31], [0.15, 0.40, 0.33]][run]
    return fg.Results(town, indicators=saved_runs.indicators_of(town, told))


@pytest.fixture(scope="module")
def track():
    return track_results({on: run_at(run) for run, on in enumerate(DATES)})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    above = tmp_path_factory.mktemp("runs")
    for run, on in enumerate(DATES):
        fg.write_results(run_at(run), above / on, run_on=on)
    return [above / on for on in DATES]


# What changed


def test_a_change_is_the_value_less_that_of_the_run_before(track):
    west = track.indicators[track.indicators["area_id"] == "west"]
    assert west["run_on"].tolist() == list(DATES)
    assert west["gain"].tolist()[1:] == pytest.approx([0.05, 0.15])
    assert np.isnan(west["gain"].iloc[0])


def test_a_change_from_what_is_not_known_is_not_known(track):
    mid = track.indicators[track.indicators["area_id"] == "mid"]
    assert mid["gain"].isna().tolist() == [True, True, False]


def test_only_the_town_as_it_was_is_tracked():
    both = pd.concat([run_at(0).indicators, run_at(0).indicators.assign(state="planned")], ignore_index=True)
    found = track_results({"2024-01-01": replace(run_at(0), indicators=both)})
    assert len(found.indicators) == 3


def test_projects_stand_as_they_did_on_each_date(track):
    stands = track.projects.pivot(index="project_id", columns="run_on", values="status")
    assert stands.loc["p1"].tolist() == ["on_time", "done", "done"]
    assert stands.loc["p2"].tolist() == ["not_started", "on_time", "late"]
    assert stands.loc["p3"].tolist() == ["unknown"] * 3


def test_progress_and_money_are_compared_with_the_run_before(track):
    last = track.projects[track.projects["run_on"] == DATES[-1]].set_index("project_id")
    assert last["progress_gain_share"].tolist()[:2] == pytest.approx([0.0, 0.5])
    assert last["paid_gain_wan"].tolist()[:2] == [0.0, 150.0]
    assert np.isnan(last["paid_gain_wan"]["p3"])


def test_what_projects_add_up_to_is_kept_run_by_run(track):
    town = track.progress[track.progress["grouping"] == "town"].set_index("run_on")
    assert town["paid_wan"].tolist() == [40.0, 160.0, 310.0]
    assert town["late_count"].tolist() == [0, 0, 1]


def test_batches_come_in_the_order_of_their_numbers_not_of_their_letters(track):
    items = track.progress[track.progress["grouping"] == "acceptance_batch"]["item"].unique().tolist()
    assert items == ["第一批", "第十二批"]


def test_the_order_in_which_runs_are_named_does_not_matter(folders, track):
    found = track_runs(folders[::-1])
    assert found.dates == DATES
    pd.testing.assert_frame_equal(found.projects, track.projects)
    pd.testing.assert_frame_equal(found.indicators, track.indicators)


def test_runs_without_indicators_or_projects_add_none():
    bare = fg.Results(saved_runs.town())
    plain = replace(bare, town=replace(bare.town, layers=Layers({"built_up": bare.town["built_up"]})))
    found = track_results({"2024-01-01": plain})
    assert (len(found.indicators), len(found.projects), len(found.progress)) == (0, 0, 0)
    assert "T: 1 runs, 0 indicators, 0 projects" in repr(found)


def test_a_track_counts_what_it_holds(track):
    assert repr(track) == "<Track of T: 3 runs, 1 indicators, 3 projects>"
    assert "acceptance_batch" in track._repr_html_()


def _refused(runs):
    with pytest.raises(UsageError) as told:
        track_runs(runs)
    return told.value.key


def test_what_cannot_be_tracked_is_refused(folders, tmp_path):
    fg.write_results(run_at(0), tmp_path / "twice", run_on=DATES[0])
    fg.write_results(run_at(0, name="U"), tmp_path / "other", run_on="2022-01-01")
    undated = replace(run_at(0).town, settings=fg.TownSettings(), rasters={})
    fg.write_results(fg.Results(undated), tmp_path / "undated")
    assert _refused([]) == "track_none"
    assert _refused([folders[0], tmp_path / "twice"]) == "track_dates"
    assert _refused([folders[0], tmp_path / "other"]) == "track_town"
    assert _refused([tmp_path / "undated"]) == "track_undated"
    assert _refused([tmp_path]) == "saved_absent"


# The workbook


@pytest.fixture(scope="module")
def book(track):
    return openpyxl.load_workbook(io.BytesIO(track_workbook(track)))


def _texts(sheet):
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def _row(sheet, *starts):
    """Give the values of the first row that starts so."""
    rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    return next(row for row in rows if tuple(row[: len(starts)]) == starts)


def test_the_workbook_has_a_sheet_for_each_report(book):
    assert book.sheetnames == SHEETS
    assert all(sheet.freeze_panes == "B3" for sheet in book)


def test_the_month_lists_what_is_late_first_with_its_days(book):
    rows = [[cell.value for cell in row] for row in book["月报"].iter_rows()]
    heads = next(row for row in rows if row[0] == "项目名称")
    first = rows[rows.index(heads) + 1]
    told = dict(zip(heads, first, strict=True))
    # Planned by the end of November, looked at on the last of December.
    assert (told["项目名称"], told["状态"], told["逾期天数"]) == ("$老街$ {{7*7}}", "逾期", 31)
    assert (told["形象进度"], told["进度增量"], told["新增完成投资(万元)"]) == (0.8, pytest.approx(0.5), 150)


def test_a_quarter_shows_its_last_run_and_the_change_since_the_first(book):
    assert (
        _row(book["季度对比"], "西片", "绿地率")
        == ["西片", "绿地率", "%", 20, 25, pytest.approx(40), pytest.approx(20)] + [None] * 3
    )


def test_two_runs_in_a_quarter_count_with_the_later_one():
    runs = {"2024-10-31": run_at(0), "2024-12-31": run_at(1)}
    sheet = openpyxl.load_workbook(io.BytesIO(track_workbook(track_results(runs))))["季度对比"]
    assert _row(sheet, "西片", "绿地率")[3:5] == [25, None]


def test_a_year_is_judged_by_the_target_and_what_is_not_known_is_not(book):
    # A green rate of 35 per cent is the target.
    assert _row(book["年度评估"], "西片", "绿地率")[3:] == [
        35,
        20,
        pytest.approx(40),
        pytest.approx(20),
        "是",
    ]
    assert _row(book["年度评估"], "中片", "绿地率")[3:] == [35, "数据不足", 15, None, "否"]


def test_an_indicator_without_meaning_says_so_and_one_never_measured_is_empty():
    first = run_at(0, values=[np.nan, 0.2, 0.3])
    none = replace(first, indicators=first.indicators.assign(missing=""))
    later = replace(run_at(1), indicators=run_at(1).indicators.iloc[1:])
    book = openpyxl.load_workbook(
        io.BytesIO(track_workbook(track_results({DATES[0]: none, DATES[1]: later})))
    )
    assert _row(book["季度对比"], "中片", "绿地率")[3:5] == ["不适用", None]


def test_acceptance_lists_each_batch_and_what_has_none(book):
    texts = _texts(book["分批验收"])
    places = [texts.index(text) for text in ("验收批次:第一批", "验收批次:第十二批", "未定批次", "菜园")]
    assert places == sorted(places)


def test_no_text_of_the_data_is_a_formula(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value == "=HYPERLINK(1)"} == {"s"}


def test_a_workbook_without_projects_or_indicators_says_so():
    bare = saved_runs.town()
    bare = replace(bare, layers=Layers({"built_up": bare["built_up"]}))
    book = openpyxl.load_workbook(
        io.BytesIO(track_workbook(track_results({"2024-01-01": fg.Results(bare)}), lang="en"))
    )
    assert book.sheetnames == ["Month", "Quarters", "Years", "Acceptance"]
    assert "no layer projects" in _texts(book["Month"])[0]
    assert "no indicators" in _texts(book["Quarters"])[0]


def test_the_same_runs_give_the_same_bytes(track, tmp_path):
    one, other = (write_track_files(track, folder=tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in one] == [
        "track.xlsx",
        "track_indicators.png",
        "track_investment.png",
        "track_projects.png",
    ]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


# The charts


def test_charts_are_drawn_in_the_colours_of_what_they_show(track, tmp_path):
    files = {path.name: imread(path) for path in write_track_files(track, folder=tmp_path)[1:]}
    late, first, paid = (0xB3, 0x26, 0x1E), (0xC2, 0x3B, 0x4B), (0x1B, 0x6F, 0x6C)
    for name, ink in (("projects", late), ("indicators", first), ("investment", paid)):
        pixels = np.round(files[f"track_{name}.png"][..., :3] * 255).astype(int)
        assert (np.abs(pixels - ink).sum(axis=-1) <= 3).sum() > 50, name


def test_nothing_to_draw_is_no_picture(tmp_path):
    bare = saved_runs.town()
    bare = replace(bare, layers=Layers({"built_up": bare["built_up"]}))
    assert [
        path.name
        for path in write_track_files(track_results({"2024-01-01": fg.Results(bare)}), folder=tmp_path)
    ] == ["track.xlsx"]


def test_english_and_ids_stand_where_no_font_can_write_chinese(track, tmp_path, monkeypatch):
    chart = importlib.import_module("fengmao_geo.export.track_chart")
    monkeypatch.setattr(
        chart, "chart_font", lambda text, only=None: only or "DejaVu Sans" if text.isascii() else None
    )
    assert len(write_track_files(track, folder=tmp_path)) == 4


# The commands


def _invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_track_writes_the_files_and_says_where(folders, tmp_path):
    told = _invoke("track", *folders, "--out", tmp_path)
    assert told.exit_code == 0, told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "track.xlsx",
        "track_indicators.png",
        "track_investment.png",
        "track_projects.png",
    ]
    assert "track.xlsx" in told.stderr


def test_track_says_what_is_wrong_with_a_run(tmp_path):
    told = _invoke("track", tmp_path, "--lang", "en")
    assert (told.exit_code, "no saved run" in told.stderr) == (2, True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    fg.write_results(saved_runs.results(), folder)
    return folder


@pytest.fixture
def no_analysis(monkeypatch):
    """Let every analysis fail that is run."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    names = {
        "network.build": ["walk_network"],
        "network.attach": ["attach"],
        "network.travel": ["nearest_distances", "nearest_pairs", "travel_times"],
        "life_circle.circles": ["life_circles"],
        "life_circle.school_routes": ["school_routes"],
        "spaces.candidates": ["survey_spaces", "find_spaces"],
        "siting.options": ["possible_uses"],
        "siting.choose": ["choose_sites"],
        "green.gain": ["green_gains"],
        "town.people": ["spread_people"],
        "town.read": ["read_town"],
        "study": ["study"],
    }
    for module, functions in names.items():
        for function in functions:
            monkeypatch.setattr(importlib.import_module(f"fengmao_geo.{module}"), function, fail)


@pytest.mark.usefixtures("no_analysis")
def test_map_writes_every_page_and_computes_nothing(whole, tmp_path):
    told = _invoke("map", whole, "--out", tmp_path)
    assert told.exit_code == 0, told.output
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == [
        "block_01.html",
        "block_02.html",
        "index.html",
    ]


@pytest.mark.usefixtures("no_analysis")
@pytest.mark.parametrize("block", ["2", "mid"])
def test_map_writes_the_page_of_one_block_by_id_or_number(whole, tmp_path, block):
    # Blocks without numbers are counted by their ids: mid, west.
    told = _invoke("map", whole, "--block", {"2": "1"}.get(block, block), "--out", tmp_path)
    assert told.exit_code == 0, told.output
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["block_01.html"]


def test_a_map_from_a_saved_run_is_that_of_the_run_itself(whole, tmp_path):
    _invoke("map", whole, "--out", tmp_path)
    direct = fg.write_block_maps(saved_runs.results(), folder=tmp_path / "direct")
    assert [path.read_bytes() for path in direct] == [
        (tmp_path / "maps" / path.name).read_bytes() for path in direct
    ]


def test_a_block_that_is_none_names_those_there_are(whole, tmp_path):
    told = _invoke("map", whole, "--block", "9", "--out", tmp_path)
    assert told.exit_code == 2
    assert "1 中片 (mid)" in told.stderr


def test_map_without_a_run_says_what_to_name(tmp_path):
    told = _invoke("map", tmp_path)
    assert (told.exit_code, "run.json" in told.stderr or str(tmp_path) in told.stderr) == (2, True)


def test_the_runs_date_is_never_today():
    undated = replace(saved_runs.town(), settings=fg.TownSettings(), rasters={})
    assert run_of(fg.Results(undated)).run_on == ""


def test_a_name_and_an_id_that_no_font_can_write_become_question_marks():
    _, family, names = track_chart._words({"\ue0ff": "\ue0fe" * 50}, "", "T", "en")
    assert names["\ue0ff"] == "?"
    assert names["town"] == "T"
    assert family
