"""Files that state their own length or rows: whether all of it is there, before a reader opens them."""

from __future__ import annotations

import mmap
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow.parquet

from fengmao_geo.town.first_bytes import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["check_flatgeobuf", "check_geodatabase", "check_geopackage", "check_parquet", "check_shapefile"]
__all__ += ["check_table"]

_SHP_HEADER, _SHX_RECORD = 100, 8
_PARQUET = b"PAR1"

#: Tables of SQLite that are kept in the file itself; any other module may read what it names.
_INNER_MODULES = ("rtree", "fts3", "fts4", "fts5")

_VIRTUAL = "SELECT name, lower(sql) FROM sqlite_master WHERE lower(sql) LIKE 'create virtual%'"

#: FlatGeobuf: where its header begins, a node of its index, and the two fields of its header that count.
_FGB_HEADER, _FGB_NODE, _FGB_COUNT, _FGB_WIDTH = 12, 40, 8, 9
_FGB_USUAL_WIDTH = 16


def _cut(path: Path, layer: str, *, stated: int, there: int) -> None:
    refuse("file_short", layer, file=path.name, stated=stated, size=there)


def check_geopackage(path: Path, layer: str) -> None:
    """Compare the pages that a GeoPackage states with its length, and refuse tables that read other files.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If it is cut, broken or reaches outside itself.
    """
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100:
        _cut(path, layer, stated=100, there=len(head))
    page, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    # The count of pages holds only if the program that changed the file last wrote it.
    is_counted = head[24:28] == head[92:96]
    stated, there = (65536 if page == 1 else page) * pages, path.stat().st_size
    if is_counted and there < stated:
        _cut(path, layer, stated=stated, there=there)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            made = base.execute(_VIRTUAL).fetchall()
            _check_pages(base, path, layer)
    except (sqlite3.Error, UnicodeDecodeError) as reason:
        refuse("file_broken", layer, file=path.name, reason=str(reason))
    modules = {name: sql.split("using", 1)[-1].split("(")[0].strip() for name, sql in made}
    if foreign := sorted(name for name, module in modules.items() if module not in _INNER_MODULES):
        refuse("file_reaches_out", layer, file=path.name, what=", ".join(foreign))


def _check_pages(base: sqlite3.Connection, path: Path, layer: str) -> None:
    """Look at every page; a value that breaks a rule of its table breaks no page."""
    told = [str(row[0]) for row in base.execute("PRAGMA quick_check(1)")]
    if broken := [text for text in told if text.startswith("*** in database")]:
        refuse("file_broken", layer, file=path.name, reason=" ".join(broken[0].split()))


def check_parquet(path: Path, layer: str) -> None:
    """Look for the mark at the end of a Parquet file.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If it does not end as it should.
    """
    whole = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, whole - 8))
        length, mark = struct.unpack("<I4s", file.read(8).rjust(8, b"\0"))
    if mark != _PARQUET or length + 12 > whole:
        _cut(path, layer, stated=length + 12 if mark == _PARQUET else whole + 8, there=whole)
    _check_texts(path, layer)


def _check_texts(path: Path, layer: str) -> None:
    """Refuse text that is not UTF-8, of which nothing is said before it is looked at."""
    try:
        schema = pyarrow.parquet.read_schema(path)
        texts = [
            of.name
            for of in schema
            if pyarrow.types.is_string(of.type) or pyarrow.types.is_large_string(of.type)
        ]
        # A few rows at a time: a province's file is larger than what fits in memory.
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(columns=texts):
            batch.validate(full=True)
    except (pyarrow.ArrowException, OSError, ValueError) as reason:
        refuse("file_broken", layer, file=path.name, reason=str(reason))


def check_table(path: Path, layer: str) -> int:
    """Compare the rows that a .dbf, or a MapInfo .dat, states with its length.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is part of.

    Returns
    -------
    int
        The rows that it states.

    Raises
    ------
    TownError
        If it is cut.
    """
    with path.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        _cut(path, layer, stated=32, there=len(head))
    rows, start, width = struct.unpack("<IHH", head[4:12])
    there = path.stat().st_size
    if there < start + rows * width:
        _cut(path, layer, stated=start + rows * width, there=there)
    # Behind the rows stands no more than a sign of the end.
    if not rows and width and (more := (there - start) // width) and there - start > 2:
        refuse("file_rows", layer, file=path.name, stated=0, rows=more)
    return int(rows)


def check_shapefile(path: Path, parts: Mapping[str, Path], layer: str) -> None:
    """Compare the lengths that a shapefile's parts state: a cut one opens with half its geometry null.

    Parameters
    ----------
    path
        The .shp.
    parts
        The files of that name by suffix.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If a part is missing or cut, or they do not fit.
    """
    if missing := [suffix for suffix in (".shx", ".dbf") if suffix not in parts]:
        refuse("file_part_missing", layer, file=path.name, parts=", ".join(missing))
    rows = check_table(parts[".dbf"], layer)
    for part in (path, parts[".shx"]):
        with part.open("rb") as file:
            head = file.read(_SHP_HEADER)
        there = part.stat().st_size
        stated = struct.unpack(">i", head[24:28])[0] * 2 if len(head) == _SHP_HEADER else _SHP_HEADER
        shapes = (parts[".shx"].stat().st_size - _SHP_HEADER) // _SHX_RECORD
        # The numbers of both are compared last, so that the part that was cut is the one named.
        if stated != there or (part != path and shapes != rows):
            values = {"size": there, "stated": stated, "shapes": shapes, "rows": rows}
            refuse("file_cut", layer, file=part.name, **values)


def check_geodatabase(folder: Path, layer: str) -> None:
    """Compare the length that each table of a File Geodatabase states with its own.

    A cut one opens with no rows and no warning.

    Parameters
    ----------
    folder
        The folder.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If a table or its index of rows is cut or missing.
    """
    tables = sorted(folder.glob("*.gdbtable"))
    if not tables:
        refuse("file_part_missing", layer, file=folder.name, parts="*.gdbtable")
    for table in tables:
        index = table.with_suffix(".gdbtablx")
        with table.open("rb") as file:
            head = file.read(40).ljust(40, b"\0")
        version, rows, stated = struct.unpack("<II16xq", head[:32])
        there = table.stat().st_size
        # Only this version's header is known.
        if there < 40 or (version == 3 and there < stated):
            _cut(table, layer, stated=max(40, stated), there=there)
        if rows and not index.is_file():
            refuse("file_part_missing", layer, file=folder.name, parts=index.name)
        if rows and version == 3:
            _check_row_index(index, layer)


def _check_row_index(index: Path, layer: str) -> None:
    with index.open("rb") as file:
        head = file.read(16).ljust(16, b"\0")
    _, blocks, _, width = struct.unpack("<4I", head)
    stated, there = 16 + 1024 * blocks * width, index.stat().st_size
    if there < stated or there < 16:
        _cut(index, layer, stated=max(stated, 16), there=there)


def check_flatgeobuf(path: Path, layer: str) -> None:
    """Walk from feature to feature of a FlatGeobuf and compare their number with the one it states.

    One whose writing was broken off opens with no rows and no error.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If it is cut, or has more or fewer features than it states.
    """
    there = path.stat().st_size
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            count, at = _fgb_features(data)
            seen = 0
            while at + 4 <= there:
                at += 4 + struct.unpack_from("<I", data, at)[0]
                seen += 1
        except struct.error:
            count, seen, at = 0, 0, there + 1
    if at != there:
        _cut(path, layer, stated=at, there=there)
    if seen != count:
        refuse("file_rows", layer, file=path.name, stated=count, rows=seen)


def _fgb_features(data: mmap.mmap) -> tuple[int, int]:
    """Read how many features a FlatGeobuf states, and where the first one begins."""
    size = struct.unpack_from("<I", data, _FGB_HEADER - 4)[0]
    table = _FGB_HEADER + struct.unpack_from("<I", data, _FGB_HEADER)[0]
    fields = table - struct.unpack_from("<i", data, table)[0]
    length = struct.unpack_from("<H", data, fields)[0]

    def number(field: int, kind: str, usual: int) -> int:
        place = 4 + 2 * field
        offset = struct.unpack_from("<H", data, fields + place)[0] if place < length else 0
        return int(struct.unpack_from(kind, data, table + offset)[0]) if offset else usual

    count, width = number(_FGB_COUNT, "<Q", 0), number(_FGB_WIDTH, "<H", _FGB_USUAL_WIDTH)
    nodes = left = count if width else 0
    while left > 1:
        left = -(-left // max(width, 2))
        nodes += left
    # One feature has a root of its own above it.
    nodes += nodes == 1
    return count, _FGB_HEADER + size + nodes * _FGB_NODE
