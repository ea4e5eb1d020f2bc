"""What the tests of files share: four places with awkward names, and reading as a town does."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_table, read_vector

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["联通巷", "水乡社区", "镕基里", "{{x}} <b>"]


def four_places(geometry=None, crs=4549):
    points = geometry or [shapely.Point(572_000 + i, 3_403_000) for i in range(4)]
    return gpd.GeoDataFrame({"名称": NAMES, "层数": [1, 2, 3, 4]}, geometry=points, crs=crs)


def four_squares():
    return four_places(
        [shapely.box(572_000 + 10 * i, 3_403_000, 572_008 + 10 * i, 3_403_008) for i in range(4)]
    )


def read(path: Path, **options):
    return read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[0]


def codes(path: Path, **options):
    found = read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))[1]
    return [finding.code for finding in found]


def rows(path: Path, **options):
    return read_table(path, layer="communities", **options)[0]


def _only(error):
    assert len(error.findings) == 1
    return translate_findings(error.findings, lang="en").iloc[0]


def fault(path: Path, **options):
    """Read what must be refused and give the one finding, in English."""
    with pytest.raises(TownError) as caught:
        read_vector(path, layer="gates", part=LayerPart(path=path.name, **options))
    return _only(caught.value)


def table_fault(path: Path, **options):
    with pytest.raises(TownError) as caught:
        read_table(path, layer="communities", **options)
    return _only(caught.value)


def cut(path: Path, share: float):
    """Cut a file short."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def old_workbook(path: Path, lines):
    """Write the oldest workbook there is with one sheet: records of BIFF8 in one stream of a compound file."""

    def record(kind, data=b""):
        return struct.pack("<HH", kind, len(data)) + data

    def text(words):
        return struct.pack("<HB", len(words), 1) + words.encode("utf-16-le")

    def cell(row, column, value):
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            return record(0x0204, place + text(value))
        return record(0x0203, place + struct.pack("<d", value))

    cells = b"".join(cell(i, j, value) for i, line in enumerate(lines) for j, value in enumerate(line))
    start = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 0)
    size = record(0x0200, struct.pack("<IIHHH", 0, len(lines), 0, len(lines[0]), 0))
    sheet = record(0x0809, start) + size + cells + record(0x000A)
    head = record(0x0809, start[:2] + struct.pack("<H", 0x0005) + start[4:])
    name = struct.pack("<BB", 1, 1) + "表".encode("utf-16-le")
    at = len(head) + 4 + 6 + len(name) + 4
    book = head + record(0x0085, struct.pack("<IBB", at, 0, 0) + name) + record(0x000A) + sheet
    book = book.ljust(4096, b"\0")
    count = len(book) // 512
    # Sector 0 is the table of sectors, 1 the folder, from 2 on the stream.
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    table = struct.pack("<128I", *(chain + [0xFFFFFFFF] * (128 - len(chain))))

    def entry(title, kind, first, length, child=0xFFFFFFFF):
        words = title.encode("utf-16-le")
        links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
        return (
            words.ljust(64, b"\0")
            + struct.pack("<HBB", len(words) + 2 if words else 0, kind, 1)
            + links
            + bytes(36)
            + struct.pack("<IQ", first, length)
        )

    folder = (
        entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry("Workbook", 2, 2, len(book)) + entry("", 0, 0, 0) * 2
    )
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1")
        + bytes(16)
        + struct.pack(
            "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
        )
    )
    header += struct.pack("<109I", 0, *([0xFFFFFFFF] * 108))
    path.write_bytes(header + table + folder + book)
    return path
