"""MapInfo tables and exchange files."""

from __future__ import annotations

import warnings

import pyogrio
import pytest
from vector_files import NAMES, codes, cut, fault, four_squares, read

PLAIN = ["联通巷", "水乡社区", "河埠头", "x"]


@pytest.fixture
def written(tmp_path):
    """Write a table or exchange file with Chinese text and the name of an encoding."""

    def write(suffix, charset="Neutral", encoding="gbk", names=PLAIN):
        path = tmp_path / f"门.{suffix}"
        squares = four_squares().assign(名称=names).rename(columns={"名称": "name", "层数": "floors"})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pyogrio.write_dataframe(squares, path, driver="MapInfo File", encoding=encoding)
        path.write_bytes(path.read_bytes().replace(b"Neutral", charset.encode()))
        return path

    return write


@pytest.mark.parametrize("suffix", ["tab", "mif"])
@pytest.mark.parametrize(
    ("charset", "told"),
    [
        ("WindowsSimpChinese", []),
        ("Neutral", ["encoding_by_gb18030"]),
        ("WindowsLatin1", ["encoding_of_bytes"]),
    ],
)
def test_text_is_read_by_its_bytes_whatever_the_charset_says(written, suffix, charset, told):
    path = written(suffix, charset)
    assert read(path)["name"].tolist() == PLAIN
    assert codes(path) == told


@pytest.mark.parametrize("suffix", ["tab", "mif"])
def test_an_encoding_can_be_forced(written, suffix):
    assert read(written(suffix, names=NAMES), encoding="GBK")["name"].tolist() == NAMES


@pytest.mark.parametrize("suffix", ["tab", "mif"])
def test_shapes_come_whole(written, suffix):
    # A table keeps its coordinates as whole numbers of a grid.
    assert read(written(suffix)).area.tolist() == pytest.approx([64.0] * 4, abs=0.5)


@pytest.mark.parametrize("part", [".dat", ".id", ".map", ".mid"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.9])
def test_a_cut_part_is_refused(written, part, share):
    path = written("mif" if part == ".mid" else "tab", "WindowsSimpChinese")
    cut(path.with_suffix(part), share)
    assert fault(path)["code"] in ("file_short", "file_rows", "file_broken")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.9])
def test_a_cut_exchange_file_is_refused(written, share):
    path = written("mif", "WindowsSimpChinese")
    assert fault(cut(path, share))["code"] in ("file_short", "file_rows", "file_broken")


def test_an_exchange_file_that_ends_amid_its_last_number_is_refused(written):
    path = written("mif", "WindowsSimpChinese")
    at = path.read_bytes().rindex(b"    Pen") - 3
    path.write_bytes(path.read_bytes()[:at])
    assert fault(path)["code"] == "file_short"


def test_a_table_of_attributes_longer_than_its_shapes_is_refused(written):
    path = written("mif", "WindowsSimpChinese")
    path.with_suffix(".mid").write_bytes(path.with_suffix(".mid").read_bytes() * 2)
    assert fault(path)["found"] == "门.mid is not whole: 8 features stated, 4 there"


@pytest.mark.parametrize(
    ("suffix", "part"), [("tab", ".dat"), ("tab", ".map"), ("tab", ".id"), ("mif", ".mid")]
)
def test_a_missing_part_is_named(written, suffix, part):
    path = written(suffix)
    path.with_suffix(part).unlink()
    assert part in fault(path)["found"]


@pytest.mark.parametrize(
    "text",
    [
        '!table\n!version 100\nOpen Table "other.tab"\nCreate View x As Select * From other',
        '!table\n!version 300\nDefinition Table\n  File "a.tif"\n  Type "RASTER"\n',
        '!table\n!version 300\nDefinition Table\n  Type LINKED Charset "Neutral"\n',
    ],
)
def test_a_table_that_reads_other_files_is_refused(tmp_path, text):
    (tmp_path / "a.tab").write_text(text, encoding="ascii")
    assert fault(tmp_path / "a.tab")["code"] == "file_reaches_out"


def test_arcs_of_an_exchange_file_are_told(tmp_path):
    text = (
        'Version 300\nCharset "Neutral"\nDelimiter ","\nColumns 1\n  a Integer\nData\n\n'
        "Ellipse 0 0 2 2\nPoint 1 1\nRoundrect 0 0 4 4 1\n"
    )
    (tmp_path / "a.mif").write_text(text, encoding="ascii")
    (tmp_path / "a.mid").write_text("1\n2\n3\n", encoding="ascii")
    assert codes(tmp_path / "a.mif") == ["curves_straightened"]
    assert read(tmp_path / "a.mif")["a"].tolist() == [1, 2, 3]


def test_a_picture_named_tab_is_refused(tmp_path):
    (tmp_path / "a.tab").write_bytes(b"\x89PNG")
    assert fault(tmp_path / "a.tab")["code"] == "file_first_bytes"
