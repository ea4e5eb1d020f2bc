"""Text as it was written: bytes decoded as stated, or the name of the encoding they look like."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd

__all__ = ["RAW", "agrees", "codec_of", "decode_texts", "looks_encoded", "raw_texts", "shapefile_encoding"]

#: An encoding in which every byte is a letter: what GDAL is asked for so that the bytes arrive as they are.
RAW = "ISO-8859-1"

_UTF8 = "utf-8"
_GB = "gb18030"

#: GB18030 holds all of GBK and GB2312, whose own decoders drop the characters that came later.
_OTHER_NAMES = {
    "gbk": _GB,
    "gb2312": _GB,
    "cp936": _GB,
    "936": _GB,
    "ansi936": _GB,
    "65001": _UTF8,
    "utf8": _UTF8,
}

#: The byte of a .dbf that names its code page, and its value for Chinese Windows.
_CODE_PAGE_AT, _CODE_PAGE_GBK = 29, 0x4D

_FIRST_CJK = "\u2e80"


def codec_of(name: str) -> str | None:
    """Find Python's codec for the name of an encoding; ``None`` if there is none.

    Parameters
    ----------
    name
        The encoding's name in any spelling.

    Returns
    -------
    str or None
        The codec's name.

    Examples
    --------
    >>> codec_of("GBK"), codec_of("UTF-8"), codec_of("nothing")
    ('gb18030', 'utf-8', None)
    """
    plain = name.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")
    try:
        return _OTHER_NAMES.get(plain) or codecs.lookup(name.strip()).name
    except LookupError:
        return None


def looks_encoded(texts: Iterable[bytes]) -> str | None:
    """Name the encoding in which all the bytes are text: UTF-16 by its mark, UTF-8, GB18030, or none.

    Parameters
    ----------
    texts
        Texts as bytes.

    Returns
    -------
    str or None
        The encoding; ``None`` if none fits them all.

    Examples
    --------
    >>> looks_encoded(["\u6c34\u4e61".encode("gbk")])
    'GB18030'
    >>> looks_encoded([b"plain"])
    'UTF-8'
    """
    given = list(texts)
    if given and given[0].startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    return next((name for name in ("UTF-8", "GB18030") if _all_decode(given, name)), None)


def agrees(texts: Iterable[bytes], codec: str) -> bool:
    """Say whether bytes are text in an encoding, and not plainly UTF-8 under another name.

    Parameters
    ----------
    texts
        Texts as bytes.
    codec
        Python's codec.

    Returns
    -------
    bool
        True if all can be decoded and none betrays UTF-8.

    Examples
    --------
    >>> agrees(["\u6c34\u4e61".encode()], "gb18030"), agrees(["\u6c34\u4e61".encode("gbk")], "gb18030")
    (False, True)
    """
    given = [text for text in texts if not text.isascii()]
    if not _all_decode(given, codec):
        return False
    is_utf8 = bool(given) and _all_decode(given, _UTF8)
    return not (
        is_utf8 and codec == _GB and any(letter >= _FIRST_CJK for text in given for letter in text.decode())
    )


def _all_decode(texts: list[bytes], codec: str) -> bool:
    try:
        for text in texts:
            _decode(text, codec)
    except UnicodeDecodeError:
        return False
    return True


def _decode(text: bytes, codec: str) -> str:
    """Decode strictly, but let half a character at the end go: a .dbf cuts its fields by bytes."""
    return codecs.getincrementaldecoder(codec)("strict").decode(text, final=False)


def raw_texts(frame: pd.DataFrame) -> list[bytes]:
    """List the bytes of the column names and texts of a table that was read as :data:`RAW`.

    Parameters
    ----------
    frame
        The table.

    Returns
    -------
    list of bytes
        Those that are not plain ASCII tell encodings apart.
    """
    texts = [str(name) for name in frame.columns]
    for column in _text_columns(frame):
        texts += [text for text in frame[column].dropna().unique() if isinstance(text, str)]
    return [text.encode(RAW) for text in texts]


def decode_texts(frame: gpd.GeoDataFrame, codec: str) -> gpd.GeoDataFrame:
    """Decode the column names and texts of a table that was read as :data:`RAW`.

    Parameters
    ----------
    frame
        The table.
    codec
        Python's codec.

    Returns
    -------
    GeoDataFrame
        The same table with its names and texts as they were meant.
    """

    def decode(text: str) -> str:
        return _decode(text.encode(RAW), codec)

    columns = {name: frame[name].map(decode, na_action="ignore") for name in _text_columns(frame)}
    shape = frame.geometry.name
    return frame.assign(**columns).rename(columns=lambda name: name if name == shape else decode(name))


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name].dtype)]


def shapefile_encoding(parts: Mapping[str, Path]) -> str | None:
    """Read the encoding that a shapefile states of itself: its .cpg, else the code page of its .dbf.

    Parameters
    ----------
    parts
        Files of the shapefile by suffix.

    Returns
    -------
    str or None
        The encoding's name; ``None`` if it states none.
    """
    if ".cpg" in parts:
        return parts[".cpg"].read_text(encoding="ascii", errors="replace").strip() or None
    with parts[".dbf"].open("rb") as file:
        head = file.read(_CODE_PAGE_AT + 1)
    return "GBK" if head[_CODE_PAGE_AT:] == bytes([_CODE_PAGE_GBK]) else None
