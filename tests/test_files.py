"""A file is written whole or not at all."""

from __future__ import annotations

import os

import pytest

from fengmao_geo.export.files import write_whole


def test_the_path_is_given_back(tmp_path):
    assert write_whole(str(tmp_path / "page.html"), "text") == tmp_path / "page.html"


def test_text_is_written_as_utf_8_with_its_line_ends_as_they_are(tmp_path):
    assert write_whole(tmp_path / "page.html", "水\r\n乡\n").read_bytes() == "水\r\n乡\n".encode()


def test_bytes_are_written_as_they_are(tmp_path):
    assert write_whole(tmp_path / "map.bin", b"\x00\xff").read_bytes() == b"\x00\xff"


def test_an_older_file_is_replaced(tmp_path):
    path = write_whole(tmp_path / "page.html", "old and long")
    assert write_whole(path, "new").read_text(encoding="utf-8") == "new"


def test_nothing_is_left_beside_it(tmp_path):
    write_whole(tmp_path / "page.html", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_keeps_the_older_file_and_leaves_nothing_else(tmp_path, monkeypatch, step):
    path = write_whole(tmp_path / "page.html", "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [left.name for left in tmp_path.iterdir()] == ["page.html"]


def test_the_text_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    seen = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda number: (seen.append((tmp_path / "page.html").exists()), real(number))
    )
    write_whole(tmp_path / "page.html", "text")
    assert seen == [False]


def test_others_may_read_it_as_any_new_file(tmp_path):
    (tmp_path / "usual").write_text("", encoding="utf-8")
    path = write_whole(tmp_path / "page.html", "text")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "page.html", "text")
