"""Findings handed round: a workbook that is only text, and a page that shows where."""

from __future__ import annotations

import io
import json
import re

import openpyxl
import pandas as pd
import pytest
from map_town import MapTown, box, frame, line
from pyproj import CRS

from fengmao_geo.export.finding_files import finding_rows, write_finding_files
from fengmao_geo.findings import Finding, findings_table

HOSTILE = [
    '=HYPERLINK("http://x")',
    "<img src=x onerror=window.ran=1>",
    "{{7*7}}",
    "${1}",
    "</script>",
    "𠮷😀",
]


def town():
    return MapTown(
        {
            "built_up": frame([box(0, 0, 200, 100)]),
            "streets": frame([line((0, 50), (200, 50))], street_class=["main"], width_m=[8.0]),
        }
    )


@pytest.fixture
def findings():
    return findings_table(
        [
            Finding("geometry_null", "buildings", "b7"),
            Finding("link_end_open", "links", "l1", None, {}, "POINT (572100.000 3403050.000)"),
            Finding("layer_missing", "streets"),
        ]
    )


def sheet(path):
    book = openpyxl.load_workbook(path)
    return book[book.sheetnames[0]]


def page_data(path):
    page = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="town-data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_workbook_has_a_row_per_finding_the_worst_first(findings, tmp_path):
    book, _ = write_finding_files(findings, folder=tmp_path, town=town())
    rows = [[cell.value for cell in row] for row in sheet(book).iter_rows()]
    assert rows[0] == ["程度", "图层", "要素编号", "字段", "问题", "处理", "补救", "位置"]
    assert [row[0] for row in rows[1:]] == ["错误", "未计入", "提示"]
    assert rows[2][2] == "b7"


def test_the_workbooks_head_stays_and_its_rows_can_be_filtered(findings, tmp_path):
    found = sheet(write_finding_files(findings, folder=tmp_path)[0])
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:H4"


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_of_the_workbook_is_a_formula(words, tmp_path):
    found = findings_table([Finding("geometry_null", "buildings", words)])
    cell = sheet(write_finding_files(found, folder=tmp_path)[0])["C2"]
    assert (cell.value, cell.data_type) == (words, "s")


def test_layers_are_called_by_name_and_by_what_files_call_them(findings):
    assert finding_rows(findings)["图层"].tolist()[0] == "道路 streets"


@pytest.mark.parametrize(("lang", "label"), [("zh", "可否步行"), ("en", "for walkers")])
def test_a_column_is_called_by_its_label(lang, label):
    found = findings_table(
        [
            Finding(
                "osm_not_walkable",
                "streets",
                column="is_walkable",
                values={"count": 1, "classes": "motorway"},
            )
        ]
    )
    assert finding_rows(found, lang=lang).iloc[0, 3] == label


def test_a_column_of_the_users_own_keeps_its_name():
    found = findings_table([Finding("geometry_null", "buildings", "b7", "年份?")])
    assert finding_rows(found).iloc[0, 3] == "年份?"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", "东坐标 572100.0 米，北坐标 3403050.0 米"), ("en", "east 572100.0 m, north 3403050.0 m")],
)
def test_a_place_is_told_in_metres_east_and_north(findings, lang, words):
    assert finding_rows(findings, lang=lang).iloc[:, -1].dropna().tolist() == [words]


def test_two_runs_write_the_same_bytes(findings, tmp_path):
    one = [path.read_bytes() for path in write_finding_files(findings, folder=tmp_path / "a", town=town())]
    two = [path.read_bytes() for path in write_finding_files(findings, folder=tmp_path / "b", town=town())]
    assert one == two


def test_without_a_place_there_is_a_list_and_no_map(findings, tmp_path):
    data = page_data(write_finding_files(findings, folder=tmp_path)[1])
    assert data["window"] is None
    assert data["points"] == [None, None, None]
    assert len(data["rows"]) == 3


def test_without_a_town_places_are_drawn_by_their_coordinate_system(findings, tmp_path):
    data = page_data(write_finding_files(findings, folder=tmp_path, crs=CRS.from_epsg(4549))[1])
    assert data["ground"] is None
    [[x, y]] = [run for run in data["points"] if run]
    assert abs(x) <= 1
    assert abs(y) <= 1


def test_no_findings_are_said_to_be_none(tmp_path, show):
    _, path = write_finding_files(findings_table([]), folder=tmp_path, town=town(), lang="en")
    shown = show(path)
    assert shown.page.inner_text(".none") == "nothing was found"
    assert shown.complaints == []


def test_a_row_with_a_place_shows_it_on_the_map(findings, tmp_path, show):
    shown = show(write_finding_files(findings, folder=tmp_path, town=town())[1])
    assert shown.drawn == {"points": 1, "rows": 3}
    shown.page.click("tr.placed")
    assert "l1" in shown.page.inner_text(".leaflet-popup")
    assert shown.complaints == []


def test_hostile_text_is_shown_as_typed(tmp_path, show):
    found = findings_table([Finding("geometry_null", "buildings", words) for words in HOSTILE])
    page = show(write_finding_files(found, folder=tmp_path, town=town())[1]).page
    cells = page.locator("tbody td:nth-child(3)").all_inner_texts()
    assert sorted(cells) == sorted(HOSTILE)
    assert page.evaluate("window.ran") is None


def test_findings_given_are_not_changed(findings, tmp_path):
    before = findings.copy(deep=True)
    write_finding_files(findings, folder=tmp_path, town=town())
    pd.testing.assert_frame_equal(findings, before)


def test_a_workbook_in_memory_is_a_workbook(findings, tmp_path):
    data = write_finding_files(findings, folder=tmp_path, lang="en")[0].read_bytes()
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["findings"]
