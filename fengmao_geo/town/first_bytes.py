"""What a file must be before any reader opens it: a local file whose first bytes are those of its suffix."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_first_bytes", "check_markup", "check_path", "refuse", "refuse_suffix", "root_of"]

_SQLITE, _PARQUET, _SHAPE = b"SQLite format 3\0", b"PAR1", b"\x00\x00\x27\x0a"
_ZIP, _OLE, _FLAT = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"fgb\x03"
_BINARY = (_SQLITE, _PARQUET, _SHAPE, _ZIP, _OLE, _FLAT)

#: How a file of each suffix may begin.
_FIRST_BYTES: dict[str, tuple[bytes, ...]] = {
    ".gpkg": (_SQLITE,),
    ".parquet": (_PARQUET,),
    ".geoparquet": (_PARQUET,),
    ".shp": (_SHAPE,),
    ".fgb": (_FLAT,),
    ".zip": (_ZIP,),
    ".kmz": (_ZIP,),
    ".xlsx": (_ZIP,),
    ".xlsm": (_ZIP,),
    ".xls": (_OLE,),
    # The version and the last day of change of a table: no year before 1990 and none after 2155.
    ".dbf": (b"\x03", b"\x30", b"\x31", b"\x83", b"\x8b", b"\xf5"),
}

#: How a text of each suffix may begin once its mark and its blanks are gone.
_FIRST_WORDS: dict[str, tuple[bytes, ...]] = {
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".kml": (b"<?xml", b"<kml", b"<!--"),
    ".tab": (b"!table",),
    ".mif": (b"version",),
}

#: Texts that may begin with anything but markup and the marks of other formats.
_TEXTS = frozenset({".csv", ".txt", ".tsv", ".dxf"})

#: What is known not to be readable, by the finding that says what to export in its place.
_REMEDIES = {
    "format_dwg": ".dwg .dwt .dws .dgn",
    "format_access": ".mdb .accdb",
    "format_project": ".lyr .lyrx .mxd .aprx .qgs .qgz .qlr .wor .map .gst",
    "format_package": ".mpk .mpkx .lpk .lpkx .gpk .gpkx .ppkx",
    "format_archive": ".rar .7z .tar .gz .tgz .bz2 .xz",
    "format_document": ".doc .docx .pdf .ppt .pptx .wps .rtf .html .htm .mht",
    "format_picture": ".tif .tiff .img .jpg .jpeg .png .ecw .sid .jp2 .asc .vrt",
    "format_model": ".skp .rvt .max .3dm .3ds .obj .fbx .ifc .osgb",
    "format_sheet": ".et .xlsb .ods .numbers",
    "format_part": ".dbf .shx .prj .cpg .sbn .sbx .qix .dat .id .mid .gdbtable .gdbtablx",
    "format_osm": ".osm .pbf",
    "format_exchange": ".e00 .vct .gml .gpx .xml .sqlite .db .spatialite .topojson .wl .wt .wp .udb .udbx",
}
_UNREADABLE = {suffix: code for code, suffixes in _REMEDIES.items() for suffix in suffixes.split()}

#: What would make a reader of paths read another file than the one named.
_UNSAFE = re.compile(r"[!;\x00-\x1f]")

_HEAD = 1024
_ARCHIVED_SHEETS = (".xlsx", ".xlsm")


def refuse(code: str, layer: str, **values: object) -> NoReturn:
    """Refuse a file with one finding.

    Parameters
    ----------
    code
        The finding's code.
    layer
        The layer that the file was to become.
    **values
        What the finding's words name in braces.

    Raises
    ------
    TownError
        Always.

    Examples
    --------
    >>> refuse("file_missing", "streets", file="nowhere.gpkg")
    Traceback (most recent call last):
        ...
    fengmao_geo.errors.TownError: ...
    """
    raise TownError("town_faults", findings_table([Finding(code, layer, values=values)]), count=1, name="")


def refuse_suffix(path: Path, layer: str, *, known: str) -> NoReturn:
    """Refuse a file of a format that is not read and say what to export in its place.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it was to become.
    known
        The suffixes that are read.

    Raises
    ------
    TownError
        Always.
    """
    code = _UNREADABLE.get(path.suffix.casefold(), "file_format")
    refuse(code, layer, file=path.name, known=known)


def check_path(path: Path, layer: str) -> None:
    """Refuse a path that a reader would take for something other than the file of that name.

    Parameters
    ----------
    path
        The file or folder, whole.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If its name holds such characters.
    """
    if found := sorted(set(_UNSAFE.findall(str(path)))):
        refuse("file_path", layer, file=str(path), signs=" ".join(found))


def check_first_bytes(path: Path, suffix: str, layer: str) -> None:
    """Refuse a file that does not begin as files of its suffix do.

    Parameters
    ----------
    path
        The file.
    suffix
        The suffix that it is read by.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If it is empty or of another format.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        refuse("file_empty", layer, file=path.name)
    if suffix in _ARCHIVED_SHEETS and head.startswith(_OLE):
        refuse("file_locked", layer, file=path.name)
    if not _begins(head, suffix):
        refuse("file_first_bytes", layer, file=path.name, head=repr(head[:16])[2:-1])


def _begins(head: bytes, suffix: str) -> bool:
    if suffix in _FIRST_BYTES:
        return head.startswith(_FIRST_BYTES[suffix])
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode(errors="ignore")
    words = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if suffix in _FIRST_WORDS:
        return words.lower().startswith(_FIRST_WORDS[suffix])
    return suffix in _TEXTS and not words.startswith((b"<", *_BINARY))


def check_markup(content: bytes, *, file: str, layer: str) -> None:
    """Refuse markup that declares entities, and markup that is not whole.

    Parameters
    ----------
    content
        All of it, as UTF-8 or as it declares itself.
    file
        Its name, for the finding.
    layer
        The layer that it is to become.

    Raises
    ------
    TownError
        If it holds a declaration of a document type, or does not end as it should.
    """
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", content, re.IGNORECASE):
        refuse("file_entities", layer, file=file)
    try:
        expat.ParserCreate().Parse(content, True)
    except (expat.ExpatError, ValueError) as reason:
        refuse("file_broken", layer, file=file, reason=str(reason))


def root_of(content: bytes) -> str:
    """Name the outermost element of markup.

    Parameters
    ----------
    content
        The markup.

    Returns
    -------
    str
        The element's name without its prefix; empty if there is none.

    Examples
    --------
    >>> root_of(b'<?xml version="1.0"?><!-- x --><k:kml xmlns:k="a"/>')
    'kml'
    """
    found = re.search(
        rb"<(?:\w+:)?(\w+)[\s/>]", re.sub(rb"<!--.*?-->", b"", content[:65536], flags=re.DOTALL)
    )
    return found.group(1).decode("ascii", "replace") if found else ""
