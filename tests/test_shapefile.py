"""Shapefiles and their tables: whole, in whatever spelling of their suffixes, with a .prj in Chinese."""

from __future__ import annotations

import struct

import pytest
from vector_files import NAMES, cut, fault, four_places, read, rows, table_fault


@pytest.fixture
def shapefile(tmp_path):
    four_places().to_file(tmp_path / "门.shp", encoding="GBK")
    return tmp_path / "门.shp"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_a_cut_part_is_refused(shapefile, part, share):
    cut(shapefile.with_suffix(part), share)
    assert fault(shapefile)["code"] in ("file_cut", "file_short", "file_first_bytes")


@pytest.mark.parametrize("part", [".shp", ".shx"])
def test_the_part_that_was_cut_is_the_one_named(shapefile, part):
    cut(shapefile.with_suffix(part), 0.9)
    assert f"门{part}" in fault(shapefile)["found"]


def test_a_part_with_bytes_of_another_behind_it_is_refused(shapefile):
    shapefile.write_bytes(shapefile.read_bytes() * 2)
    assert fault(shapefile)["code"] == "file_cut"


def test_parts_whose_suffixes_are_in_capitals_are_found(shapefile):
    shapefile.with_suffix(".dbf").rename(shapefile.with_suffix(".Dbf"))
    shapefile.with_suffix(".shx").rename(shapefile.with_suffix(".SHX"))
    assert read(shapefile)["名称"].tolist() == NAMES


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_prj_with_chinese_names_is_read(shapefile, encoding):
    prj = shapefile.with_suffix(".prj")
    text = prj.read_text(encoding="ascii").replace("CGCS2000_3_Degree_GK_CM_120E", "国家大地坐标系")
    prj.write_bytes(text.encode(encoding))
    assert read(shapefile).crs.name == "国家大地坐标系"


def test_without_a_prj_no_crs_is_stated(shapefile):
    shapefile.with_suffix(".prj").unlink()
    assert read(shapefile).crs is None


def test_a_dbf_alone_is_a_table(shapefile):
    for part in (".shp", ".shx"):
        shapefile.with_suffix(part).unlink()
    assert rows(shapefile.with_suffix(".dbf"))["名称"].tolist() == NAMES


def test_a_dbf_beside_its_shapes_is_a_table_without_them(shapefile):
    assert rows(shapefile.with_suffix(".dbf")).columns.tolist() == ["名称", "层数"]


def test_a_shapefile_is_a_table_without_its_shapes(shapefile):
    assert rows(shapefile).columns.tolist() == ["名称", "层数"]


def test_a_cut_dbf_is_refused_as_a_table(shapefile):
    assert table_fault(cut(shapefile.with_suffix(".dbf"), 0.6))["code"] == "file_short"


def test_a_dbf_that_states_more_rows_than_it_holds_is_refused(shapefile):
    table = bytearray(shapefile.with_suffix(".dbf").read_bytes())
    table[4:8] = struct.pack("<I", 4000)
    shapefile.with_suffix(".dbf").write_bytes(table)
    assert table_fault(shapefile.with_suffix(".dbf"))["code"] == "file_short"


def test_a_dbf_that_states_no_rows_and_holds_some_is_refused(shapefile):
    table = bytearray(shapefile.with_suffix(".dbf").read_bytes())
    table[4:8] = bytes(4)
    shapefile.with_suffix(".dbf").write_bytes(table)
    assert table_fault(shapefile.with_suffix(".dbf"))["code"] == "file_rows"


def test_a_dbf_without_rows_is_a_table_without_rows(tmp_path):
    four_places().iloc[:0].to_file(tmp_path / "a.shp", encoding="GBK")
    assert len(rows(tmp_path / "a.dbf")) == 0


def test_a_shapefile_that_is_a_link_is_read_with_the_parts_beside_it(shapefile, tmp_path):
    (tmp_path / "near").mkdir()
    for part in shapefile.parent.glob("门.*"):
        (tmp_path / "near" / part.name).symlink_to(part)
    assert read(tmp_path / "near" / "门.shp")["名称"].tolist() == NAMES
