"""Encodings: told from the bytes where they decide, asked for where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_files import NAMES, codes, fault, four_places, read

from fengmao_geo.errors import TownError
from fengmao_geo.town.encoding import RAW, _common, chosen_codec, codec_of, decided_encoding, decoded_name

LEVEL_ONE = sorted(
    bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312")
    for row in range(16, 56)
    for cell in range(1, 95)
    if not (row == 55 and cell > 89)
)


def written(folder, encoding, *, cpg=None, page=0, names=NAMES):
    """Write a shapefile in an encoding, with what it says of it."""
    path = folder / "a.shp"
    places = four_places().assign(名称=names).rename(columns={"名称": "name", "层数": "floors"})
    places.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = page
    path.with_suffix(".dbf").write_bytes(table)
    return path


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize(
    ("cpg", "page"),
    [
        (None, 0),
        ("UTF-8", 0),
        ("GBK", 0),
        ("936", 0),
        ("65001", 0),
        ("ISO-8859-1", 0),
        ("1252", 0),
        ("nonsense", 0),
        ("", 0),
        (None, 0x4D),
        (None, 0x03),
        (None, 0x57),
        ("UTF-8", 0x4D),
    ],
)
def test_text_is_read_as_it_was_written_whatever_the_file_says(tmp_path, encoding, cpg, page):
    path = written(tmp_path, encoding, cpg=cpg, page=page)
    assert read(path)["name"].tolist() == NAMES
    stated = cpg or {0x4D: "GBK", 0x03: "1252"}.get(page)
    agreed = {"UTF-8": ("UTF-8", "65001"), "GBK": ("GBK", "936")}[encoding]
    if stated in agreed:
        assert codes(path) == []
    elif stated:
        assert codes(path) == ["encoding_of_bytes"]
    else:
        assert codes(path) == [{"UTF-8": "encoding_by_utf8", "GBK": "encoding_by_gb18030"}[encoding]]


def test_an_encoding_of_the_west_is_believed_where_the_bytes_do_not_deny_it(tmp_path):
    names = ["Évian", "Straße", "Malmö", "x"]
    assert read(written(tmp_path, "cp1252", cpg="1252", names=names))["name"].tolist() == names


def test_an_encoding_of_the_west_that_nothing_states_is_asked_for(tmp_path):
    assert (
        fault(written(tmp_path, "cp1252", names=["Évian", "Straße", "Malmö", "x"]))["code"]
        == "encoding_missing"
    )


def test_bytes_of_no_known_encoding_are_refused_without_naming_one(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"x,y\n\xff\xff,1\n")
    for options in ({}, {"encoding": "GBK"}, {"encoding": "nonsense"}):
        finding = fault(path, x="x", y="y", **options)
        assert finding["code"] == "encoding_unclear"
        assert "UTF-8" in finding["remedy"]


def test_russian_in_its_own_encoding_is_believed_and_in_utf8_told(tmp_path):
    names = ["улица Мира", "Вологда", "ВОЛОГДА", "x"]
    assert read(written(tmp_path, "cp1251", cpg="1251", names=names))["name"].tolist() == names
    assert read(written(tmp_path, "UTF-8", names=names))["name"].tolist() == names


def test_big5_is_believed_where_it_is_stated(tmp_path):
    names = ["聯通巷", "水鄉社區", "鎮公所", "x"]
    assert read(written(tmp_path, "Big5", cpg="Big5", names=names))["name"].tolist() == names


def test_a_rare_name_alone_decides_nothing(tmp_path):
    names = ["㐀𠮷", "a", "b", "c"]
    path = written(tmp_path, "GB18030", names=names)
    assert fault(path)["code"] == "encoding_missing"
    assert read(path, encoding="GBK")["name"].tolist() == names


def test_common_characters_are_those_of_level_one():
    assert len(LEVEL_ONE) == 3755
    assert set(LEVEL_ONE) < _common()
    assert "溇" not in _common()


@pytest.mark.parametrize(
    ("text", "encoding", "decided"),
    [
        ("水乡社区", "gbk", "GB18030"),
        ("水乡社区", "utf-8", "UTF-8"),
        ("水乡社区", "utf-16", "UTF-16"),
        ("面积m²", "utf-8", "UTF-8"),
        ("m²", "utf-8", "UTF-8"),
        ("plain", "ascii", None),
        ("Évian", "cp1252", None),
        # Two characters of GBK that are two letters of Greek in UTF-8: nobody can tell.
        ("αβ", "utf-8", None),
        ("αβγδεζηθ", "utf-8", "UTF-8"),
    ],
)
def test_bytes_decide_or_leave_a_doubt(text, encoding, decided):
    assert decided_encoding([text.encode(encoding)]) == decided


def test_half_a_character_at_the_end_of_a_field_does_not_hide_the_encoding():
    assert decided_encoding(["水乡社区".encode("gbk") + b"\xcb"]) == "GB18030"
    assert decided_encoding(["水乡社区".encode() + b"\xe6\xb0"]) == "UTF-8"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("936", "gb18030"),
        ("CP936", "gb18030"),
        ("ANSI 936", "gb18030"),
        ("gb_2312", "gb18030"),
        ("65001", "utf-8"),
    ],
)
def test_the_names_that_a_cpg_uses_are_known(name, codec):
    assert codec_of(name) == codec


def test_an_encoding_that_is_forced_is_not_overruled(tmp_path):
    path = written(tmp_path, "GBK", cpg="UTF-8")
    assert read(path, encoding="GBK")["name"].tolist() == NAMES
    assert codes(path, encoding="GBK") == []


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from(LEVEL_ONE), min_size=4, max_size=20),
    encoding=st.sampled_from(["gbk", "gb18030", "utf-8", "utf-16"]),
)
def test_common_text_comes_back_from_every_encoding_or_is_asked_for(text, encoding):
    raw = text.encode(encoding)
    try:
        codec, _ = chosen_codec([raw], file="a", layer="b")
    except TownError:
        return
    assert raw.decode(codec) == text


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from([*LEVEL_ONE, *"𠮷㐀€éж，a "]), max_size=20))
def test_any_text_survives_being_read_as_raw(text):
    assert decoded_name(text.encode("gb18030").decode(RAW), "gb18030") == text
