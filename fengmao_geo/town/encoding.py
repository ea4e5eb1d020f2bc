"""Text as it was written: bytes decoded as stated, or as they decide themselves, or not at all."""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pandas as pd

from fengmao_geo.findings import Finding
from fengmao_geo.town.first_bytes import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["RAW", "agrees", "chosen_codec", "codec_of", "decided_encoding", "decode_texts", "decoded_name"]
__all__ += ["looks_encoded", "raw_texts", "shapefile_encoding"]

_Frame = TypeVar("_Frame", bound=pd.DataFrame)

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
    "cp65001": _UTF8,
    "utf8": _UTF8,
    "88591": "iso8859-1",
    "950": "big5",
    "ansi950": "big5",
    "ansi1252": "cp1252",
    "1252": "cp1252",
    "1251": "cp1251",
    "ansi1251": "cp1251",
}

#: The byte of a .dbf that names its code page, and what its values mean (dBASE and ESRI).
_CODE_PAGE_AT = 29
_CODE_PAGES = {0x4D: "GBK", 0x7A: "GBK", 0x4F: "Big5", 0x78: "Big5", 0x03: "cp1252", 0x58: "cp1252"}

_FIRST_CJK = "\u2e80"
#: What tells no encoding apart: ASCII, and the mark at the beginning of a text.
_PLAIN = re.compile("[\x00-\x7f\ufeff]+")

#: How a text begins that says what it is.
_MARKS = {"UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "UTF-8": (codecs.BOM_UTF8,)}

#: Of Chinese text at least so much is common, of level 1 of GB 2312; names of places hold rare ones too.
_COMMON_SHARE = 0.7
#: A name of one encoding that contradicts the bytes loses only against so much.
_CLEAR_SHARE, _CLEAR_COUNT = 0.9, 4
#: So many letters that are UTF-8 by chance: each of the common Chinese characters is with 18 %.
_CHANCE_COUNT = 8
#: So many characters are looked at for how common they are.
_LOOKED_AT = 200_000


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


@cache
def _common() -> frozenset[str]:
    """List the common Chinese characters, rows 16 to 55 of GB 2312, and signs, its rows 1 to 3."""
    rows = [*range(1, 4), *range(16, 56)]
    pairs = (bytes([0xA0 + row, 0xA0 + cell]) for row in rows for cell in range(1, 95))
    return frozenset("".join(pair.decode("gb2312", errors="ignore") for pair in pairs))


def _common_share(letters: str) -> float:
    shown = letters[:_LOOKED_AT]
    return sum(letter in _common() for letter in shown) / len(shown)


def _letters(texts: list[bytes], codec: str) -> str:
    """Write what is not ASCII as one text."""
    return _PLAIN.sub("", "".join(_decode(text, codec) for text in texts))


def decided_encoding(texts: Iterable[bytes]) -> str | None:
    """Name the encoding that the bytes themselves decide; ``None`` if they leave a doubt.

    A mark at the beginning decides; then UTF-8, where all is UTF-8 and holds Chinese, letters with accents
    alone, or more than chance would give; then GB18030, where all is GB18030 and most characters are common.

    Parameters
    ----------
    texts
        Texts as bytes.

    Returns
    -------
    str or None
        The encoding.

    Examples
    --------
    >>> decided_encoding(["\u6c34\u4e61\u793e\u533a".encode("gbk")])
    'GB18030'
    >>> decided_encoding(["\u00c9vian".encode("cp1252")]) is None
    True
    """
    given = [text for text in texts if not text.isascii()]
    for name, marks in _MARKS.items():
        if given and given[0].startswith(marks):
            return name if _all_decode(given, name) else None
    if _is_clearly_utf8(given):
        return "UTF-8"
    if not given or _all_decode(given, _UTF8) or not _all_decode(given, _GB):
        return None
    letters = _letters(given, _GB)
    return "GB18030" if letters and _common_share(letters) >= _COMMON_SHARE else None


def _is_clearly_utf8(given: list[bytes]) -> bool:
    if not given or not _all_decode(given, _UTF8):
        return False
    letters = _letters(given, _UTF8)
    is_latin = bool(letters) and max(letters) <= "\xff" and min(letters) >= "\xa0"
    return is_latin or len(letters) >= _CHANCE_COUNT or any(letter >= _FIRST_CJK for letter in letters)


def _is_beyond_doubt(texts: list[bytes], decided: str) -> bool:
    """Say whether the bytes decide so clearly that a name of another encoding is wrong."""
    if decided != "GB18030":
        return True
    letters = _letters([text for text in texts if not text.isascii()], _GB)
    return len(letters) >= _CLEAR_COUNT and _common_share(letters) >= _CLEAR_SHARE


def chosen_codec(
    texts: list[bytes], *, file: str, layer: str, forced: str | None = None, stated: str | None = None
) -> tuple[str, list[Finding]]:
    """Choose the codec of a file's texts, or refuse the file.

    Parameters
    ----------
    texts
        Its texts as bytes.
    file, layer
        Its name and the layer that it is to become, for the findings.
    forced
        The encoding that the user states.
    stated
        The encoding that the file states of itself; the bytes win over it where they decide clearly.

    Returns
    -------
    str
        Python's codec.
    list
        How it was found, where nobody stated it.

    Raises
    ------
    TownError
        If the bytes are not what was stated, or decide nothing.

    Examples
    --------
    >>> chosen_codec([b"plain"], file="a.csv", layer="streets")
    ('utf-8', [])
    """
    if all(text.isascii() for text in texts):
        return _UTF8, []
    if forced is not None:
        return _checked(forced, texts, file=file, layer=layer), []
    decided = decided_encoding(texts)
    if decided is None and stated is None:
        _refuse("encoding_missing", texts, file=file, layer=layer, stated="-")
    if decided is None:
        return _checked(str(stated), texts, file=file, layer=layer), []
    codec, code = _weighed(texts, decided, stated)
    values = {"file": file, "chosen": decided, "stated": stated}
    return codec, [] if code is None else [Finding(code, layer, values=values)]


def _weighed(texts: list[bytes], decided: str, stated: str | None) -> tuple[str, str | None]:
    """Weigh what the bytes decide against what the file states: the codec, and the code of a finding."""
    of_bytes = str(codec_of(decided))
    of_file = None if stated is None else codec_of(stated)
    if of_file == of_bytes or texts[0].startswith(codecs.BOM_UTF8):
        return of_bytes, None
    if stated is None:
        return of_bytes, f"encoding_by_{decided.casefold().replace('-', '')}"
    if of_file is not None and agrees(texts, of_file) and not _is_beyond_doubt(texts, decided):
        return of_file, None
    return of_bytes, "encoding_of_bytes"


def _checked(stated: str, texts: list[bytes], *, file: str, layer: str) -> str:
    codec = codec_of(stated)
    if codec is None:
        _refuse("encoding_unknown", texts, file=file, layer=layer, stated=stated)
    if not agrees(texts, codec):
        _refuse("encoding_wrong", texts, file=file, layer=layer, stated=stated)
    return codec


def _refuse(code: str, texts: list[bytes], *, file: str, layer: str, stated: str) -> NoReturn:
    """Refuse, and name the encoding that the bytes look like, if there is one."""
    looks = looks_encoded(texts)
    refuse(code if looks else "encoding_unclear", layer, file=file, stated=stated, looks=looks)


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


def decode_texts(frame: _Frame, codec: str) -> _Frame:
    """Decode the column names and texts of a table that was read as :data:`RAW`.

    Parameters
    ----------
    frame
        The table.
    codec
        Python's codec.

    Returns
    -------
    DataFrame
        The same table with its names and texts as they were meant.
    """
    columns = {
        name: frame[name].map(lambda text: decoded_name(text, codec), na_action="ignore")
        for name in _text_columns(frame)
    }
    names = {name: decoded_name(name, codec) for name in frame.columns}
    return frame.assign(**columns).rename(columns=names)


def decoded_name(text: str, codec: str) -> str:
    """Decode one text that was read as :data:`RAW`.

    Parameters
    ----------
    text
        The text.
    codec
        Python's codec.

    Returns
    -------
    str
        The text as it was meant, without half a character at its end.

    Examples
    --------
    >>> decoded_name("\u6c34".encode("gbk").decode(RAW), "gb18030") == "\u6c34"
    True
    """
    return _decode(text.encode(RAW), codec)


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
    return _CODE_PAGES.get(head[-1]) if len(head) > _CODE_PAGE_AT else None
