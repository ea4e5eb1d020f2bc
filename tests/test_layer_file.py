"""Layers that are written: the same text comes back from every format, or the format is refused."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from unicodedata import category

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_files import NAMES, codes, four_places, four_squares, read

import fengmao_geo as fg
from fengmao_geo.errors import UsageError
from fengmao_geo.export import files
from fengmao_geo.export.layer_file import write_layer

SUFFIXES = [".gpkg", ".geojson", ".fgb", ".parquet", ".shp", ".csv", ".xlsx"]
# Any character but halves of pairs and signs of control.
LETTERS = st.integers(0x20, 0x2FFFF).map(chr).filter(lambda sign: category(sign) not in ("Cs", "Cc", "Cn"))
IN_GBK = st.sampled_from("水乡联通镕·—「」①ⅷαжａ,\"'{}[]=<>%\\ab0 ")
FORMULAS = [
    "=HYPERLINK(1)",
    "=1+1",
    "+1",
    "007",
    "1e5",
    "http://a",
    "[]",
    '{"a":1}',
    "NA",
    "2024/12/31",
    "_x0041_",
    "True",
]


def layer(texts):
    points = gpd.points_from_xy(range(len(texts)), range(len(texts)))
    return gpd.GeoDataFrame({"名称": pd.Series(texts, dtype="str")}, geometry=points, crs=4549)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_numbers_and_places_come_back(tmp_path, suffix):
    back = read(write_layer(four_squares(), tmp_path / f"门{suffix}"))
    assert back["名称"].tolist() == NAMES
    assert back["层数"].astype(int).tolist() == [1, 2, 3, 4]
    assert shapely.area(back.geometry.to_numpy()).tolist() == [64.0] * 4
    assert back.crs == (None if suffix in (".csv", ".xlsx") else four_squares().crs) or suffix == ".shp"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_to_be_told_of_what_was_written(tmp_path, suffix):
    assert codes(write_layer(four_places(), tmp_path / f"a{suffix}")) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_that_looks_like_something_else_stays_text(tmp_path, suffix):
    assert read(write_layer(layer(FORMULAS), tmp_path / f"a{suffix}"))["名称"].tolist() == FORMULAS


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_text_comes_back_as_it_was(suffix, data):
    of_format = IN_GBK if suffix == ".shp" else LETTERS
    texts = data.draw(st.lists(st.text(of_format, max_size=12), min_size=1, max_size=4))
    # An empty text and a missing one are the same in tables, and blanks at the ends are not kept by a .dbf.
    texts = [f"{text.lstrip()}水" for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        back = read(write_layer(layer(texts), Path(folder) / f"a{suffix}"))
    assert back["名称"].tolist() == texts


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet", ".csv", ".xlsx"])
def test_lines_of_text_and_rare_characters_come_back(tmp_path, suffix):
    texts = ["一\n二", "𠮷", " a ", "\t", "é̀"]
    assert read(write_layer(layer(texts), tmp_path / f"a{suffix}"))["名称"].tolist() == texts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_text_stays_missing(tmp_path, suffix):
    places = four_places()
    places.loc[1, "名称"] = None
    assert read(write_layer(places, tmp_path / f"a{suffix}"))["名称"].isna().tolist() == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_shape_stays_missing(tmp_path, suffix):
    shapes = four_places().geometry.to_numpy().copy()
    shapes[2] = None
    back = read(
        write_layer(four_places().set_geometry(gpd.GeoSeries(shapes, crs=4549)), tmp_path / f"a{suffix}")
    )
    assert back.geometry.isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_layer_that_was_given_is_not_changed(tmp_path, suffix):
    given_layer = four_places()
    write_layer(given_layer, tmp_path / f"a{suffix}")
    pd.testing.assert_frame_equal(pd.DataFrame(given_layer), pd.DataFrame(four_places()))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_layer_gives_the_same_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_layer(four_places(), tmp_path / name / f"t{suffix}")
    assert (tmp_path / "a" / f"t{suffix}").read_bytes() == (tmp_path / "b" / f"t{suffix}").read_bytes()


def test_a_character_that_gbk_has_not_is_refused_with_its_column(tmp_path):
    places = four_places().assign(备注=["a", "𠮷", "b", "c"])
    with pytest.raises(UsageError) as caught:
        write_layer(places, tmp_path / "a.shp")
    assert "备注: “𠮷” (U+20BB7)" in caught.value.text(lang="en")
    assert "名称" not in caught.value.text(lang="en")
    assert ".gpkg" in caught.value.text(lang="zh")
    assert list(tmp_path.iterdir()) == []


def test_a_shapefile_can_be_written_in_utf8(tmp_path):
    places = four_places().assign(名称="𠮷")
    path = write_layer(places, tmp_path / "a.shp", encoding="UTF-8")
    assert read(path)["名称"].tolist() == ["𠮷"] * 4
    assert path.with_suffix(".cpg").read_text(encoding="ascii") == "UTF-8"


def test_a_shapefile_says_that_it_is_gbk_in_both_places(tmp_path):
    path = write_layer(four_places(), tmp_path / "a.shp")
    assert path.with_suffix(".cpg").read_text(encoding="ascii") == "GBK"
    assert path.with_suffix(".dbf").read_bytes()[29] == 0x4D
    path.with_suffix(".cpg").unlink()
    assert codes(path) == []


def test_geopandas_reads_the_shapefile_as_well(tmp_path):
    path = write_layer(four_places(), tmp_path / "a.shp")
    assert gpd.read_file(path)["名称"].tolist() == NAMES


def test_names_of_a_shapefile_are_cut_kept_apart_and_listed(tmp_path):
    places = four_places().rename(columns={"名称": "更新单元名称", "层数": "更新单元名字"})
    path = write_layer(places, tmp_path / "a.shp")
    assert read(path).columns.tolist() == ["更新单元名", "更新单元_1", "geometry"]
    legend = pd.read_csv(tmp_path / "a_fields.csv", encoding="utf-8-sig")
    assert legend.to_dict("records") == [
        {"field": "更新单元名", "name": "更新单元名称"},
        {"field": "更新单元_1", "name": "更新单元名字"},
    ]


def test_names_that_differ_in_capitals_alone_are_kept_apart(tmp_path):
    places = four_places().assign(Name="a", NAME="b")
    assert read(write_layer(places, tmp_path / "a.shp")).columns.tolist() == [
        "名称",
        "层数",
        "Name",
        "NAME_1",
        "geometry",
    ]


def test_a_text_too_long_for_a_dbf_is_refused(tmp_path):
    with pytest.raises(UsageError, match="256 > 254"):
        write_layer(layer(["水" * 128]), tmp_path / "a.shp")
    assert read(write_layer(layer(["水" * 127]), tmp_path / "a.shp"))["名称"].tolist() == ["水" * 127]


def test_a_text_too_long_for_a_cell_is_refused(tmp_path):
    with pytest.raises(UsageError, match="32768 > 32767"):
        write_layer(layer(["水" * 32_768]), tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("suffix", "sign"),
    [(".gpkg", "\0"), (".geojson", "\0"), (".fgb", "\0"), (".csv", "\r"), (".xlsx", "\x01"), (".shp", "\n")],
)
def test_a_sign_that_a_format_cannot_hold_is_refused(tmp_path, suffix, sign):
    with pytest.raises(UsageError, match=f"U\\+{ord(sign):04X}"):
        write_layer(layer([f"a{sign}b"]), tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".csv"])
def test_half_a_pair_is_refused(tmp_path, suffix):
    frame = layer(["a"]).astype({"名称": object})
    frame.loc[0, "名称"] = "\ud800"
    with pytest.raises(UsageError, match="U\\+D800"):
        write_layer(frame, tmp_path / f"a{suffix}")


def test_a_csv_can_be_written_for_old_programs(tmp_path):
    path = write_layer(four_places(), tmp_path / "a.csv", encoding="GBK")
    assert path.read_bytes().decode("gbk").startswith("名称,层数,WKT\n联通巷,1,")
    assert read(path)["名称"].tolist() == NAMES


def test_a_csv_says_that_it_is_unicode_for_excel(tmp_path):
    assert write_layer(four_places(), tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_workbook_holds_no_formula(tmp_path):
    path = write_layer(layer(FORMULAS), tmp_path / "a.xlsx")
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    with zipfile.ZipFile(path) as archive:
        assert not any("externalLink" in name for name in archive.namelist())


def test_numbers_of_a_workbook_are_numbers(tmp_path):
    path = write_layer(four_places().assign(x=[0.5, np.nan, 2, 3]), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(path).active
    assert [sheet["C2"].value, sheet["C3"].value, sheet["B2"].value] == [0.5, None, 1]


@pytest.mark.parametrize("suffix", [".shp", ".xlsx"])
def test_hours_are_not_lost(tmp_path, suffix):
    places = four_places().assign(day=pd.Timestamp("2024-12-31 08:30"))
    assert read(write_layer(places, tmp_path / f"a{suffix}"))["day"].tolist() == ["2024-12-31T08:30:00"] * 4


def test_points_and_areas_together_are_no_shapefile(tmp_path):
    mixed = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.Point(0, 0), shapely.box(0, 0, 1, 1)], crs=4549)
    with pytest.raises(UsageError) as caught:
        write_layer(mixed, tmp_path / "a.shp")
    assert caught.value.key == "layer_shapefile"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_keeps_the_older_file_and_leaves_nothing_else(tmp_path, monkeypatch, suffix):
    path = write_layer(four_places(), tmp_path / f"a{suffix}")
    before = {part.name: part.read_bytes() for part in tmp_path.iterdir()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_layer(four_places().iloc[:1], path)
    assert {part.name: part.read_bytes() for part in tmp_path.iterdir()} == before


def test_a_suffix_that_is_not_written_is_told_those_that_are(tmp_path):
    with pytest.raises(UsageError) as caught:
        fg.write_layer(four_places(), tmp_path / "a.dwg")
    assert ".gpkg" in str(caught.value)


def test_formats_that_are_always_unicode_take_no_encoding(tmp_path):
    with pytest.raises(UsageError) as caught:
        write_layer(four_places(), tmp_path / "a.gpkg", encoding="GBK")
    assert caught.value.key == "layer_encoding"


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet", ".shp"])
def test_a_layer_without_rows_is_written(tmp_path, suffix):
    assert len(read(write_layer(four_places().iloc[:0], tmp_path / f"a{suffix}"))) == 0
