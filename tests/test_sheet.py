"""CSV and workbooks: rows as they stand, points and shapes where they say so."""

from __future__ import annotations

import datetime as dt
import zipfile

import openpyxl
import pandas as pd
import pytest
from vector_files import codes, cut, fault, old_workbook, read, rows, table_fault


@pytest.fixture
def workbook(tmp_path):
    """Write sheets, each a list of rows."""

    def write(name="a.xlsx", **sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, lines in sheets.items():
            sheet = book.create_sheet(title)
            for line in lines:
                sheet.append(line)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


HEAD = ["编号", "名称", "人口", "经度", "纬度"]
ROWS = [HEAD, ["007", "水乡社区", 1200, 120.5, 30.5], ["008", None, None, "120.6", "30.6 "]]


def test_a_workbook_is_points_by_its_columns(workbook):
    back = read(workbook(s=ROWS), x="经度", y="纬度")
    assert [back.geometry.x.tolist(), back.geometry.y.tolist()] == [[120.5, 120.6], [30.5, 30.6]]


def test_cells_are_text_as_in_a_csv(workbook):
    back = rows(workbook(s=ROWS))
    assert back["编号"].tolist() == ["007", "008"]
    assert back["人口"].tolist()[0] == "1200"
    assert back[["名称", "人口"]].isna().to_numpy().tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1200, "1200"),
        (1200.5, "1200.5"),
        (True, "True"),
        (dt.date(2024, 12, 31), "2024-12-31"),
        (
            dt.datetime(2024, 12, 31, 8, 30),  # noqa: DTZ001
            "2024-12-31T08:30:00",
        ),
        ("=1+1", None),
        ("  a ", "  a "),
        (330683001000, "330683001000"),
    ],
)
def test_a_cell_is_written_as_a_csv_would(workbook, cell, text):
    back = rows(workbook(s=[["a", "b"], [cell, "x"]]))
    assert back["a"].astype(object).where(back["a"].notna(), None).tolist() == [text]


def test_the_only_sheet_that_holds_anything_needs_no_name(workbook):
    assert len(rows(workbook(Sheet1=ROWS, Sheet2=[], Sheet3=[]))) == 2


def test_of_several_sheets_one_must_be_named(workbook):
    path = workbook(甲=ROWS, 乙=ROWS[:2])
    assert "甲, 乙" in table_fault(path)["found"]
    assert len(rows(path, table="乙")) == 1
    assert table_fault(path, table="丙")["code"] == "table_missing"


@pytest.mark.parametrize("table", [None, "s"])
def test_an_empty_sheet_is_told_so(workbook, table):
    assert table_fault(workbook(s=[]), table=table)["code"] == "sheet_empty"


def test_a_title_above_the_names_is_passed_over_and_told(workbook):
    path = workbook(s=[["水乡镇人口统计表"], [], *ROWS])
    assert rows(path)["编号"].tolist() == ["007", "008"]
    assert codes(path, x="经度", y="纬度") == ["sheet_title"]


def test_columns_without_a_name_are_kept_if_they_hold_anything(workbook):
    back = rows(workbook(s=[["a", None, "a", None], ["1", "2", "3", None]]))
    assert back.columns.tolist() == ["a", "Unnamed: 1", "a.1"]


def test_blank_rows_are_no_rows(workbook):
    assert len(rows(workbook(s=[HEAD, ROWS[1], [], ROWS[2], []]))) == 2


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_workbook_is_refused(workbook, share):
    assert table_fault(cut(workbook(s=ROWS), share))["code"] == "file_broken"


def test_a_workbook_that_grows_beyond_reason_is_refused(workbook):
    path = workbook(s=ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.xml", b"0" * 20_000_000)
    assert table_fault(path)["code"] == "archive_large"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.txt", "x")
    assert table_fault(tmp_path / "a.xlsx")["code"] == "file_broken"


def test_an_old_workbook_is_read(tmp_path):
    path = old_workbook(tmp_path / "a.xls", [["名称", "人口"], ["水乡社区", 1200.0], ["河埠头", 7.5]])
    assert rows(path).to_dict("list") == {"名称": ["水乡社区", "河埠头"], "人口": ["1200", "7.5"]}
    assert rows(path, table="表")["人口"].tolist() == ["1200", "7.5"]


def test_an_old_workbook_that_is_not_whole_is_refused(tmp_path):
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert table_fault(tmp_path / "a.xls")["code"] == "file_broken"


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_a_table_of_text_is_read_whatever_stands_between_its_cells(tmp_path, separator):
    path = tmp_path / "a.txt"
    path.write_text(
        separator.join(["名称", "人口"]) + "\n" + separator.join(["水乡", "12"]), encoding="utf-8"
    )
    assert rows(path).to_dict("records") == [{"名称": "水乡", "人口": "12"}]


def test_what_excel_saves_as_unicode_text_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes("名称\t人口\r\n水乡\t12\r\n".encode("utf-16"))
    assert rows(tmp_path / "a.txt").to_dict("records") == [{"名称": "水乡", "人口": "12"}]


def test_a_csv_that_gbk_was_cut_in_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes("名称,人口\n水乡社区,1\n".encode("gbk")[:-4])
    assert table_fault(tmp_path / "a.csv")["code"] == "file_broken"


def test_a_row_with_too_many_cells_is_refused_in_a_table_too(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2,3\n", encoding="utf-8")
    assert table_fault(tmp_path / "a.csv")["code"] == "file_broken"


def test_well_known_text_is_read_as_shapes(tmp_path):
    text = 'name,WKT\na,"POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"\nb,SRID=4549;POINT (1 2)\nc,\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    back = read(tmp_path / "a.csv")
    assert back.area.tolist()[:2] == [4.0, 0.0]
    assert back.geometry.isna().tolist() == [False, False, True]
    assert back.columns.tolist() == ["name", "geometry"]


def test_well_known_text_that_is_none_is_told_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_text('geom\n"POINT (1 2)"\nPOINT (1\n', encoding="utf-8")
    assert read(tmp_path / "a.csv").geometry.isna().tolist() == [False, True]
    assert codes(tmp_path / "a.csv") == ["wkt_wrong"]


def test_coordinates_that_are_named_win_over_well_known_text(tmp_path):
    (tmp_path / "a.csv").write_text('x,y,geometry\n5,6,"POINT (1 2)"\n', encoding="utf-8")
    back = read(tmp_path / "a.csv", x="x", y="y")
    assert back.geometry.x.tolist() == [5.0]
    assert back["geometry"].tolist() == ["POINT (1 2)"]


def test_a_column_named_geometry_that_holds_words_is_no_shape(tmp_path):
    (tmp_path / "a.csv").write_text("geometry,a\nsquare,1\n", encoding="utf-8")
    assert fault(tmp_path / "a.csv")["code"] == "xy_unnamed"


def test_a_table_keeps_its_rows_when_read_with_pandas_names(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n", encoding="utf-8")
    assert rows(tmp_path / "a.csv").columns.tolist() == ["1", "2"]
    assert isinstance(rows(tmp_path / "a.csv"), pd.DataFrame)
