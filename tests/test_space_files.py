"""Spaces as files: tables for Excel, a GeoPackage, the review that is filled in on site."""

from __future__ import annotations

import os

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import CRS
from space_rows import space_results

from fengmao_geo.errors import UsageError
from fengmao_geo.export.geopackage import read_spaces, write_tables
from fengmao_geo.export.space_files import REVIEW, read_reviews, space_summary, write_space_files
from fengmao_geo.results import Results

FILES = ["spaces.gpkg", "spaces.csv", "possible_uses.csv", "spaces_review.csv"]


def cells(path):
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)


def test_four_files_are_written(tmp_path):
    written = write_space_files(space_results(), folder=tmp_path / "a" / "b")
    assert [path.name for path in written] == FILES
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(FILES)


def test_two_runs_give_the_same_bytes(tmp_path):
    first, second = (write_space_files(space_results(), folder=tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_nothing_given_is_changed(tmp_path):
    results = space_results()
    before = results.spaces.to_json(), results.uses.copy()
    write_space_files(results, folder=tmp_path)
    assert results.spaces.to_json() == before[0]
    pd.testing.assert_frame_equal(results.uses, before[1])


def test_results_without_spaces_are_refused(tmp_path):
    with pytest.raises(UsageError, match="find_spaces"):
        write_space_files(Results(space_results().town), folder=tmp_path)


def test_the_geopackage_holds_the_table_as_declared(tmp_path):
    results = space_results()
    path = write_space_files(results, folder=tmp_path)[0]
    read = gpd.read_file(path, layer="spaces")
    assert list(read.columns) == list(results.spaces.columns)
    assert read["kind"].tolist() == results.spaces["kind"].tolist()
    assert read.geometry.area.tolist() == pytest.approx(results.spaces.geometry.area.tolist())


def test_spaces_come_back_in_the_towns_coordinates(tmp_path):
    spaces = space_results().spaces
    path = write_tables({"spaces": spaces.to_crs(4490)}, tmp_path / "spaces.gpkg")
    read = read_spaces(path, crs=CRS("EPSG:4549"))
    assert read.crs == CRS("EPSG:4549")
    assert read.geometry.area.tolist() == pytest.approx(spaces.geometry.area.tolist(), rel=1e-6)
    assert read["space_id"].tolist() == spaces["space_id"].tolist()


@pytest.mark.parametrize("content", [b"", b"<VRTDataset/>", b"SQLite format 3\x00 and no more"])
def test_an_earlier_run_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "spaces.gpkg"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"spaces\.gpkg"):
        read_spaces(path, crs=CRS("EPSG:4549"))


def test_an_earlier_run_without_ids_or_coordinates_is_named(tmp_path):
    spaces = space_results().spaces
    path = write_tables({"spaces": spaces[["name", "geometry"]]}, tmp_path / "spaces.gpkg")
    with pytest.raises(UsageError, match="space_id"):
        read_spaces(path, crs=spaces.crs)


def test_a_geopackage_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = write_tables({"spaces": space_results().spaces}, tmp_path / "spaces.gpkg")
    before = path.read_bytes()
    monkeypatch.setattr("pyogrio.read_info", lambda *_, **__: {"features": 1})
    with pytest.raises(OSError, match="not all rows"):
        write_tables({"spaces": space_results().spaces}, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["spaces.gpkg"]


def test_tables_begin_with_the_mark_that_excel_needs(tmp_path):
    for path in write_space_files(space_results(), folder=tmp_path)[1:]:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_spaces_are_said_in_words(tmp_path):
    table = cells(write_space_files(space_results(), folder=tmp_path)[1])
    row = table.iloc[0]
    for said in ("滨水空间", "碎片空间", "临水边长比例：31%(要求≥20%)", "河道管理范围", "集体"):
        assert said in " ".join(row)
    assert "疑似闲置房屋(待核实)" in " ".join(table.iloc[2])
    # What is not known is left empty, never zero.
    assert table["净高(m)"].tolist() == ["", "", "", ""]


def test_tables_can_be_in_english(tmp_path):
    spaces, uses = (
        cells(path) for path in write_space_files(space_results(), folder=tmp_path, lang="en")[1:3]
    )
    assert "Riverside space" in set(spaces.iloc[0])
    assert {"Fits", "Does not fit", "Not enough data"} >= set(uses.iloc[:, 3])


def test_people_are_whole(tmp_path):
    table = cells(write_space_files(space_results(), folder=tmp_path)[1])
    assert table["15分钟内人口"].tolist() == ["1000", "900", "", "70"]


def test_uses_stand_beside_the_name_of_their_space(tmp_path):
    results = space_results()
    table = cells(write_space_files(results, folder=tmp_path)[2])
    assert len(table) == len(results.uses)
    assert table.iloc[0, 1] == "中山路—市河 东北侧"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1", "\uff20A1", '=HYPERLINK("x")']
)
def test_no_cell_and_no_head_is_a_formula(tmp_path, text):
    review = pd.DataFrame({"space_id": ["s1"], "decision": ["confirmed"], "reason": [text], text: [text]})
    for path in write_space_files(space_results(name=text), folder=tmp_path, review=review)[1:]:
        table = cells(path)
        texts = [cell for column in table for cell in [column, *table[column]]]
        assert not [
            cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff20"))
        ]


def test_the_review_is_a_template_to_fill_in(tmp_path):
    table = cells(write_space_files(space_results(), folder=tmp_path)[3])
    assert list(table.columns) == ["space_id", "name", "kind", "decision", "reason"]
    assert table["space_id"].tolist() == ["s1", "s2", "s3", "s4"]
    assert set(table["decision"]) == {""}


def test_what_was_filled_in_is_kept_word_for_word(tmp_path):
    path = tmp_path / REVIEW
    path.write_text(
        "space_id,name,kind,decision,reason,visited\n"
        's2,x,y,剔除,"车多, 路窄",5月\n'
        "s9,旧地块,空闲地块,confirmed,'=1+1,\n"
        "s8,旧地块,空闲地块,,,\n"
        "s3,x,y,perhaps,,\n",
        encoding="utf-8",
    )
    for _ in range(2):
        review = read_reviews([path])
        write_space_files(space_results(), folder=tmp_path, review=review)
    table = cells(path).set_index("space_id")
    assert table.index.tolist() == ["s1", "s2", "s3", "s4", "s9"]
    assert table.loc["s2", ["decision", "reason", "visited"]].tolist() == ["剔除", "车多, 路窄", "5月"]
    assert table.loc["s2", "name"] == "中山路 南侧"
    assert table.loc["s9", ["name", "kind", "decision", "reason"]].tolist() == [
        "旧地块",
        "空闲地块",
        "confirmed",
        "'=1+1",
    ]
    assert table.loc["s3", "decision"] == "perhaps"
    assert read_reviews([path]).set_index("space_id").loc["s9", "reason"] == "=1+1"


def test_of_two_reviews_the_one_filled_in_last_counts_but_for_what_it_leaves_empty(tmp_path):
    town, out = tmp_path / "town.csv", tmp_path / "out.csv"
    town.write_text("space_id,decision,reason\na,confirmed,seen\nb,excluded,\n", encoding="utf-8")
    out.write_text("space_id,decision\na,excluded\nb,\n", encoding="utf-8")
    for newer, decision in ((out, "excluded"), (town, "confirmed")):
        os.utime(town, ns=(1, 1))
        os.utime(out, ns=(1, 1))
        os.utime(newer, ns=(2, 2))
        read = read_reviews([town, out]).set_index("space_id")
        assert read["decision"].to_dict() == {"a": decision, "b": "excluded"}
        assert read.loc["a", "reason"] == "seen"


def test_a_review_saved_by_chinese_excel_is_read(tmp_path):
    path = tmp_path / REVIEW
    path.write_bytes("space_id,decision,reason\ns1,剔除,有围墙\n".encode("gbk"))
    assert read_reviews([path])["reason"].tolist() == ["有围墙"]


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff\xff", b"name,decision\na,b\n"])
def test_a_review_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / REVIEW
    path.write_bytes(content)
    with pytest.raises(UsageError):
        read_reviews([path])


def test_no_review_is_none(tmp_path):
    assert read_reviews([tmp_path / REVIEW]) is None


def test_kinds_are_summed_up():
    table = space_summary(space_results(), lang="en").set_index("kind of space")
    assert table.index.tolist() == [
        "Riverside space",
        "Street-side space",
        "Idle house",
        "Enclosed farmland",
        "all",
    ]
    # Rectangles of 60 × 20, 40 × 10, 20 × 20 and 100 × 100 m.
    assert table["area (m²)"].tolist() == ["1,200", "400", "400", "10,000", "12,000"]
    assert table["of them suspected"].tolist() == ["0", "0", "1", "0", "1"]
    assert table["hit by controls"].tolist() == ["1", "0", "0", "1", "2"]
    # 100, 50, not known and 30: the middle one of all is 50.
    assert table["people within 5 min (median)"].tolist() == ["100", "50", "not known", "30", "50"]


def test_a_town_without_spaces_has_nothing_to_sum_up():
    assert space_summary(Results(space_results().town)).empty
