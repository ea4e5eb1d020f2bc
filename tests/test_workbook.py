"""Workbooks are read in a process of their own, which they may bring down."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import openpyxl
import pytest

from fengmao_geo.town import workbook as workbook_module
from fengmao_geo.town.workbook import WorkbookError, _answer, _text, workbook_cells


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets, each a list of rows."""

    def write(**sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for name, rows in sheets.items():
            sheet = made.create_sheet(name)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / "a.xlsx")
        return tmp_path / "a.xlsx"

    return write


def test_cells_are_text_and_empty_ones_none(book):
    path = book(表=[["名称", "人口"], ["水乡 {x}", None], [], [1200, 7.5]])
    assert workbook_cells(path, sheet=None) == {"表": [["名称", "人口"], ["水乡 {x}", None], ["1200", "7.5"]]}


def test_the_sheet_that_is_named_is_read_alone(book):
    assert workbook_cells(book(a=[["x"]], b=[["y"]]), sheet="b") == {"b": [["y"]]}


def test_without_a_sheet_of_that_name_all_are_read(book):
    assert set(workbook_cells(book(a=[["x"]], b=[["y"]]), sheet="c")) == {"a", "b"}


def test_a_cell_at_the_far_end_of_a_sheet_is_an_error(book):
    path = book(a=[["x", "y"]])
    made = openpyxl.load_workbook(path)
    made.active["XFD1048576"] = "x"
    made.save(path)
    with pytest.raises(WorkbookError, match="memory"):
        workbook_cells(path, sheet=None)


def test_a_file_that_is_no_workbook_says_why(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(WorkbookError, match=r"\w"):
        workbook_cells(tmp_path / "a.xlsx", sheet=None)


def test_a_reader_that_does_not_end_is_an_error(book, monkeypatch):
    monkeypatch.setattr(workbook_module, "_TIME_S", 0.001)
    with pytest.raises(WorkbookError, match="timed out"):
        workbook_cells(book(a=[["x"]]), sheet=None)


def test_within_another_program_it_is_read_without_a_process(book, monkeypatch):
    def none(*_, **__):
        pytest.fail("a process was started")

    path = book(a=[["x", 1]])
    monkeypatch.setattr(sys, "executable", "/opt/qgis/bin/qgis")
    monkeypatch.setattr(subprocess, "run", none)
    assert workbook_cells(path, sheet=None) == {"a": [["x", "1"]]}
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(WorkbookError):
        workbook_cells(path, sheet=None)


def test_the_other_process_answers_in_json(book, capsysbinary):
    assert _answer(json.dumps([str(book(a=[["水"]])), None])) == 0
    assert json.loads(capsysbinary.readouterr().out) == {"a": [["水"]]}


def test_the_other_process_says_what_is_wrong(tmp_path, capsysbinary):
    assert _answer(json.dumps([str(tmp_path / "none.xlsx"), None])) != 0
    assert b"none.xlsx" in capsysbinary.readouterr().err


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("", None),
        (True, "True"),
        (3.0, "3"),
        (0.1, "0.1"),
        (dt.datetime(2024, 12, 31), "2024-12-31"),  # noqa: DTZ001
        (dt.time(8, 30), "08:30:00"),
        (dt.timedelta(minutes=2), "120.0"),
    ],
)
def test_a_cell_is_written_as_in_a_csv(cell, text):
    assert _text(cell) == text
