"""MapInfo tables (.tab with its parts) and exchange files (.mif, .mid): text by its bytes, curves told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fengmao_geo.findings import Finding
from fengmao_geo.town.encoding import RAW, chosen_codec, decode_texts, raw_texts
from fengmao_geo.town.first_bytes import refuse
from fengmao_geo.town.gdal_file import read_layer
from fengmao_geo.town.shapefile import parts_of
from fengmao_geo.town.whole import check_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

__all__ = ["read_mapinfo"]

_DRIVER = ("MapInfo File",)

#: MapInfo's names of encodings; of any other, and of Neutral, the bytes decide.
_CHARSETS = {
    "windowssimpchinese": "GBK",
    "windowstradchinese": "Big5",
    "windowslatin1": "cp1252",
    "windowslatin2": "cp1250",
    "windowscyrillic": "cp1251",
    "windowsjapanese": "cp932",
    "windowskorean": "cp949",
    "utf-8": "UTF-8",
    "iso8859-1": "ISO-8859-1",
}
_CHARSET = re.compile(rb'(?i)(charset\s+"?)([\w-]+)')
_TYPE = re.compile(rb'(?i)^\s*type\s+"?(\w+)', re.MULTILINE)
_BENT = re.compile(rb"(?im)^\s*(arc|ellipse|roundrect)\s+[-\d]")
_COLUMNS = re.compile(rb"(?im)^\s*columns\s+(\d+)")
_ENDS_AMID = re.compile(rb"[\d.]\Z")
_DATA = re.compile(rb"(?im)^\s*data\s*$")

#: The parts of a table, and the size of the blocks that its .map is made of.
_TAB_PARTS, _BLOCK = (".tab", ".dat", ".map", ".id"), 512


def read_mapinfo(path: Path, *, layer: str, encoding: str | None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read a MapInfo table or exchange file.

    Parameters
    ----------
    path
        The .tab or .mif; its parts lie beside it.
    layer
        The layer that it is to become.
    encoding
        The encoding of its text, if it must be forced.

    Returns
    -------
    GeoDataFrame
        The features, with their text as it was written.
    list
        How the encoding was found, where nothing states it; curves that were straightened.

    Raises
    ------
    TownError
        If a part is missing or cut, or it is a view of other tables, or the encoding cannot be told.
    """
    parts = parts_of(path)
    is_table = path.suffix.casefold() == ".tab"
    head = path.read_bytes()
    (_check_table if is_table else _check_exchange)(path, head, parts, layer)
    stated = _CHARSET.search(head[:4096])
    charset = stated.group(2).decode("ascii").casefold() if stated else ""
    # GDAL is told that nothing is known of the text, so that its bytes arrive as they are.
    neutral = _CHARSET.sub(rb"\1Neutral", head[:4096]) + head[4096:]
    with TemporaryDirectory() as folder:
        plain = Path(folder) / f"whole{path.suffix.casefold()}"
        plain.write_bytes(neutral)
        for suffix in _TAB_PARTS[1:] if is_table else (".mid",):
            if suffix in parts:
                shutil.copyfile(parts[suffix], plain.with_suffix(suffix))
        frame, found = read_layer(plain, file=path.name, layer=layer, drivers=_DRIVER, encoding=RAW)
    codec, more = chosen_codec(
        raw_texts(frame), file=path.name, layer=layer, forced=encoding, stated=_CHARSETS.get(charset)
    )
    if not is_table:
        found += _exchanged(path, head, parts, rows=len(frame), layer=layer)
    return decode_texts(frame, codec), found + more


def _check_table(path: Path, head: bytes, parts: Mapping[str, Path], layer: str) -> None:
    kind = _TYPE.search(head)
    if kind is None or kind.group(1).lower() != b"native":
        refuse(
            "file_reaches_out",
            layer,
            file=path.name,
            what="Type" if kind is None else kind.group(0).decode("ascii", "replace").strip(),
        )
    if missing := [suffix for suffix in _TAB_PARTS if suffix not in parts]:
        refuse("file_part_missing", layer, file=path.name, parts=", ".join(missing))
    rows = check_table(parts[".dat"], layer)
    numbers, shapes = parts[".id"].stat().st_size, parts[".map"].stat().st_size
    if numbers < 4 * rows:
        refuse("file_short", layer, file=parts[".id"].name, stated=4 * rows, size=numbers)
    if shapes % _BLOCK or not shapes:
        stated = (shapes // _BLOCK + 1) * _BLOCK
        refuse("file_short", layer, file=parts[".map"].name, stated=stated, size=shapes)


def _check_exchange(path: Path, head: bytes, parts: Mapping[str, Path], layer: str) -> None:
    # One that ends amid a number would end in another place.
    if _DATA.search(head) is None or _ENDS_AMID.search(head):
        refuse("file_short", layer, file=path.name, stated=f"> {len(head)}", size=len(head))
    if _has_columns(head) and ".mid" not in parts:
        refuse("file_part_missing", layer, file=path.name, parts=".mid")


def _has_columns(head: bytes) -> bool:
    columns = _COLUMNS.search(head)
    return columns is not None and int(columns.group(1)) > 0


def _exchanged(path: Path, head: bytes, parts: Mapping[str, Path], *, rows: int, layer: str) -> list[Finding]:
    """Compare the lines of the .mid with the features of the .mif, and count what is bent."""
    if _has_columns(head):
        lines = parts[".mid"].read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
        count = lines.count(b"\n") + bool(lines)
        if count != rows:
            refuse("file_rows", layer, file=parts[".mid"].name, stated=count, rows=rows)
    bent = len(_BENT.findall(head))
    return [Finding("curves_straightened", layer, values={"file": path.name, "count": bent})] if bent else []
