"""The text of a DXF drawing: whole or refused, decoded, cut into entities, reduced to some of them.

GDAL reads the geometry; of the text it is given only ASCII. It takes the UTF-8 of a drawing of 2007 or later
for the code page in its header, and cuts a line after 256 bytes, so that every run of other letters travels
as a stand-in and is put back afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.town.encoding import agrees, codec_of, looks_encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import NoReturn

__all__ = ["Drawing", "Entity", "open_drawing", "reduced", "refuse"]

_BINARY = b"AutoCAD Binary DXF"
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s*999[ \t]*\r?\n[^\n]*\n)*\s*0[ \t]*\r?\n[ \t]*SECTION\b")
_LAST = re.compile(rb"\n[ \t]*0[ \t]*\r?\n[ \t]*EOF\s*$")
#: A code above its value, again and again.
_PAIRS = re.compile(r"(?:[ \t]*\d+[ \t]*\n[^\n]*\n)*+\s*")
_START = re.compile(r"^[ \t]*0[ \t]*\n[ \t]*([A-Z0-9_]*[A-Z][A-Z0-9_]*)[ \t]*$", re.MULTILINE)
_VERSION = re.compile(rb"\$ACADVER\s+1\s+AC(\d+)")
_CODE_PAGE = re.compile(rb"\$DWGCODEPAGE\s+3\s+(?:ANSI_)?(\w+)")
#: From this version on a drawing is written in UTF-8, whatever code page it names.
_UTF8_FROM = 1021

#: Letters written as their numbers: Unicode, and GBK among the code pages of AutoCAD.
_ESCAPED = re.compile(r"\\U\+([0-9A-Fa-f]{4})|\\M\+5([0-9A-Fa-f]{4})")
#: What tells encodings apart: a line from its first letter that is not ASCII.
_TOLD = re.compile(rb"[\x80-\xff][^\r\n]*")
_OTHER = re.compile(r"[^\x00-\x7f]+")

#: How many groups of an entity are looked at for what all entities have: XDATA and coordinates follow later.
_COMMON = 24
_PARTS_OF_OTHERS = frozenset({"VERTEX", "SEQEND", "ATTRIB"})


@dataclass(frozen=True)
class Entity:
    """One entity: its type, its layer, its handle, where it stands in the text, and what it inserts."""

    kind: str
    layer: str
    handle: str
    start: int
    end: int
    is_paper: bool = False
    is_named: bool = True
    block: str = ""
    times: int = 1


@dataclass(frozen=True)
class Drawing:
    """A drawing in ASCII, its entities, those of each block, and the letters that are stood in for."""

    text: str
    start: int
    entities: tuple[Entity, ...]
    blocks: Mapping[str, tuple[Entity, ...]]
    mark: str
    letters: tuple[str, ...]

    def restored(self, text: str) -> str:
        """Put the letters back that were stood in for."""
        return re.sub(rf"{self.mark}(\d+){self.mark[0]}", lambda found: self.letters[int(found[1])], text)


def refuse(code: str, layer: str, **values: object) -> NoReturn:
    """Raise a fault of a drawing.

    Parameters
    ----------
    code
        The finding's code.
    layer
        The layer's name in the town.
    **values
        What its words name in braces.

    Raises
    ------
    TownError
        Always.
    """
    raise TownError("town_faults", findings_table([Finding(code, layer, values=values)]), count=1, name="")


def open_drawing(path: Path, *, layer: str, encoding: str | None) -> tuple[Drawing, list[Finding]]:
    """Read the text of a drawing.

    Parameters
    ----------
    path
        The file, a DXF in ASCII or text.
    layer
        The layer's name in the town, for the findings.
    encoding
        The encoding, if it is forced; else that of the drawing's version and code page, if the bytes agree.

    Returns
    -------
    Drawing
        Its entities.
    list
        A finding where the bytes are in another encoding than the drawing states.

    Raises
    ------
    TownError
        If it is binary, not a drawing, cut short, or in no encoding that is known.
    """
    whole = path.read_bytes()
    if whole.startswith(_BINARY):
        refuse("drawing_binary", layer, file=path.name)
    if not _FIRST.match(whole):
        refuse("file_first_bytes", layer, file=path.name, head=repr(whole[:16])[2:-1])
    if not _LAST.search(whole[-200:]):
        refuse("drawing_cut", layer, file=path.name)
    codec, found = _codec(whole, path.name, layer, encoding)
    try:
        text = whole.decode(codec).removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        refuse("encoding_wrong", layer, file=path.name, stated=codec, looks="-")
    pairs = _PAIRS.match(f"{text}\n")
    whole_to = pairs.end() if pairs else 0
    if whole_to < len(text):
        refuse("drawing_pairs", layer, file=path.name, line=text.count("\n", 0, whole_to) + 1)
    plain, mark, letters = _stood_in(text)
    return _scanned(plain, mark, letters), found


def _codec(whole: bytes, file: str, layer: str, forced: str | None) -> tuple[str, list[Finding]]:
    version, page = _VERSION.search(whole), _CODE_PAGE.search(whole)
    stated = "UTF-8" if version and int(version[1]) >= _UTF8_FROM else page[1].decode() if page else "1252"
    stated = f"cp{stated}" if stated.isdecimal() and codec_of(stated) is None else stated
    told = sorted(set(_TOLD.findall(whole)))
    looks = looks_encoded(told)
    codec = codec_of(forced or stated)
    if forced and codec is None:
        refuse("encoding_unknown", layer, file=file, stated=forced, looks=looks or "-")
    # Every byte is a letter in the code pages of one byte: they agree with anything and say nothing.
    is_told = codec in ("utf-8", "gb18030") or bool(forced)
    if not told or (codec and is_told and agrees(told, codec)):
        return codec or "utf-8", []
    if forced or looks is None:
        refuse("encoding_wrong", layer, file=file, stated=forced or stated, looks=looks or "-")
    return str(codec_of(looks)), [
        Finding("drawing_encoding", layer, values={"file": file, "stated": stated, "used": looks})
    ]


def _stood_in(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Write every run of letters that are not ASCII as a stand-in that occurs nowhere else."""
    text = _ESCAPED.sub(_letter, text)
    mark = next(mark for mark in map("@{}:".format, count()) if mark not in text)
    runs: dict[str, int] = {}
    plain = _OTHER.sub(lambda run: f"{mark}{runs.setdefault(run[0], len(runs))}{mark[0]}", text)
    return plain, mark, tuple(runs)


def _letter(escaped: re.Match[str]) -> str:
    number = escaped[1] or escaped[2]
    letter = chr(int(number, 16)) if escaped[1] else bytes.fromhex(number).decode("gb18030", "replace")
    return letter if letter.isprintable() and letter.isascii() is False else escaped[0]


def _scanned(text: str, mark: str, letters: tuple[str, ...]) -> Drawing:
    """Find the entities of the model and of its blocks."""
    starts = [(found[1], found.start()) for found in _START.finditer(text)]
    ends = [at for _, at in starts[1:]] + [len(text)]
    section, block, begins = "", "", len(text)
    entities: list[Entity] = []
    blocks: dict[str, list[Entity]] = {}
    for (kind, start), end in zip(starts, ends, strict=True):
        if kind in ("SECTION", "BLOCK"):
            name = _groups(text[start:end]).get("2", "")
            section, block = (name, "") if kind == "SECTION" else (section, name.casefold())
            begins = min(begins, end) if name == "ENTITIES" and kind == "SECTION" else begins
        elif section not in ("ENTITIES", "BLOCKS") or kind in ("ENDSEC", "ENDBLK", "EOF"):
            continue
        else:
            into = entities if section == "ENTITIES" else blocks.setdefault(block, [])
            if kind in _PARTS_OF_OTHERS:
                _lengthen(into, end)
            else:
                into.append(_entity(text, kind, start, end, len(entities)))
    whole = {name: tuple(rows) for name, rows in blocks.items()}
    return Drawing(text, begins, tuple(entities), whole, mark, letters)


def _lengthen(entities: list[Entity], end: int) -> None:
    if entities:
        entities[-1] = replace(entities[-1], end=end)


def _groups(text: str) -> dict[str, str]:
    """Read the first value of each group code."""
    lines = [line.strip() for line in text.split("\n", 2 * _COMMON)[: 2 * _COMMON]]
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    return dict(reversed(pairs))


def _entity(text: str, kind: str, start: int, end: int, place: int) -> Entity:
    groups = _groups(text[start : min(end, start + 4096)])
    rows, columns = (_whole(groups.get(code, "1")) for code in ("70", "71"))
    is_insert = kind == "INSERT"
    # A spline through points without control points stops GDAL.
    is_drawable = kind != "SPLINE" or _whole(groups.get("73", "0")) > 0
    return Entity(
        kind if is_drawable else f"{kind}?",
        groups.get("8", "0"),
        groups.get("5") or f"F{place:07X}",
        start,
        end,
        is_paper=groups.get("67") == "1",
        is_named="5" in groups,
        block=groups.get("2", "").casefold() if is_insert else "",
        times=max(1, rows) * max(1, columns) if is_insert else 1,
    )


def _whole(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else 1


def reduced(drawing: Drawing, entities: Iterable[Entity]) -> bytes:
    """Write a drawing that holds some of the entities, each with a handle, and all blocks.

    Parameters
    ----------
    drawing
        The drawing.
    entities
        Those of its entities that are kept.

    Returns
    -------
    bytes
        DXF in ASCII.
    """
    text = drawing.text
    kept = [text[: drawing.start]]
    for entity in entities:
        drawn = text[entity.start : entity.end]
        if not entity.is_named:
            zero, kind, rest = drawn.split("\n", 2)
            drawn = f"{zero}\n{kind}\n  5\n{entity.handle}\n{rest}"
        kept.append(drawn)
    return "".join([*kept, "  0\nENDSEC\n  0\nEOF\n"]).encode("ascii")
