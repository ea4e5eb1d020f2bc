"""What is refused before a reader opens it, and what it says to do."""

from __future__ import annotations

import pytest
from vector_files import NAMES, fault, four_places, read, rows

from fengmao_geo.export.layer_file import write_layer
from fengmao_geo.messages import has_text, text
from fengmao_geo.town.first_bytes import _UNREADABLE, root_of
from fengmao_geo.town.vector import SUFFIXES


@pytest.mark.parametrize(
    ("name", "code", "remedy"),
    [
        ("规划.dwg", "format_dwg", "DXF"),
        ("a.mdb", "format_access", ".gdb"),
        ("a.accdb", "format_access", ".gdb"),
        ("a.lyr", "format_project", "GeoPackage"),
        ("a.mxd", "format_project", "GeoPackage"),
        ("a.mpk", "format_package", ".gdb"),
        ("a.rar", "format_archive", ".zip"),
        ("a.7z", "format_archive", ".zip"),
        ("a.docx", "format_document", ".xlsx"),
        ("a.pdf", "format_document", ".xlsx"),
        ("a.tif", "format_picture", "[rasters.NAME]"),
        ("a.skp", "format_model", "DXF"),
        ("a.et", "format_sheet", ".xlsx"),
        ("a.dbf", "format_part", ".shp"),
        ("a.gdbtable", "format_part", ".gdb"),
        ("a.osm", "format_osm", "import-osm"),
        ("a.gml", "format_exchange", "GeoPackage"),
        ("A.DWG", "format_dwg", "DXF"),
    ],
)
def test_what_cannot_be_read_says_what_to_export_in_its_place(tmp_path, name, code, remedy):
    (tmp_path / name).write_bytes(b"AC1027")
    finding = fault(tmp_path / name)
    assert finding["code"] == code
    assert remedy in finding["remedy"]
    assert name in finding["found"]


def test_every_remedy_is_written_and_of_no_format_that_is_read():
    assert all(has_text(f"finding.{code}.remedy") for code in _UNREADABLE.values())
    assert not set(_UNREADABLE) & set(SUFFIXES)


def test_remedies_name_only_formats_that_are_read():
    named = {".gdb", ".zip", ".xlsx", ".csv", ".shp", ".tab", ".mif"}
    assert named <= set(SUFFIXES)
    assert ".gdb" in text("finding.format_access.remedy")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_refused_under_any_suffix(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(b"")
    assert fault(tmp_path / f"a{suffix}", x="a", y="b")["code"] in (
        "file_empty",
        "format_part",
        "file_format",
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "content",
    [
        b"<OGRVRTDataSource></OGRVRTDataSource>",
        b"\xef\xbb\xbf  <OGRVRTDataSource/>",
        "<OGRVRTDataSource/>".encode("utf-16"),
        b"\x89PNG\r\n",
    ],
)
def test_a_virtual_file_or_a_picture_is_refused_under_any_suffix(tmp_path, suffix, content):
    (tmp_path / f"a{suffix}").write_bytes(content)
    if suffix in (".csv", ".txt", ".tsv") and content.startswith(b"\x89"):
        return
    assert fault(tmp_path / f"a{suffix}", x="a", y="b")["code"] in (
        "file_first_bytes",
        "file_not_features",
        "file_format",
    )


@pytest.mark.parametrize("signs", ["a!b", "a;b"])
def test_a_path_that_would_be_misread_is_refused(tmp_path, signs):
    (tmp_path / signs).mkdir()
    four_places().to_file(tmp_path / "t.gpkg")
    (tmp_path / "t.gpkg").rename(tmp_path / signs / "t.gpkg")
    assert fault(tmp_path / signs / "t.gpkg")["code"] == "file_path"


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".geojson", ".csv", ".xlsx", ".parquet"])
def test_other_signs_in_a_path_are_read_as_they_stand(tmp_path, suffix):
    folder = tmp_path / "数据#1 %20 ?(副本)&'[x]"
    folder.mkdir()
    path = write_layer(four_places(), folder / f"门 #%41{suffix}")
    assert read(path)["名称"].tolist() == NAMES


def test_a_workbook_with_a_password_is_told_so(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)
    assert fault(tmp_path / "a.xlsx")["code"] == "file_locked"


def test_a_page_named_xls_is_refused(tmp_path):
    (tmp_path / "a.xls").write_text("<html><table/></html>", encoding="utf-8")
    assert fault(tmp_path / "a.xls")["code"] == "file_first_bytes"


def test_a_suffix_in_capitals_is_read(tmp_path):
    (tmp_path / "A.CSV").write_text("x,y\n1,2\n", encoding="utf-8")
    assert read(tmp_path / "A.CSV", x="x", y="y").geometry.x.tolist() == [1.0]
    assert rows(tmp_path / "A.CSV")["y"].tolist() == ["2"]


@pytest.mark.parametrize(
    ("content", "root"),
    [
        (b'<?xml version="1.0"?><kml xmlns="a"/>', "kml"),
        (b"<!-- <kml> --><k:gml />", "gml"),
        (b"no markup", ""),
        (b"<kml>", "kml"),
    ],
)
def test_the_outermost_element_is_named(content, root):
    assert root_of(content) == root
