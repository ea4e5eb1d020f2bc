"""What a facility is: by its type column, AMap's codes and chains, OpenStreetMap tags, or its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.standards.amap import amap_names, amap_types, wider_codes
from fengmao_geo.standards.load import facility_type_names, facility_types
from fengmao_geo.standards.names import normalise
from fengmao_geo.town.texts import TEXT, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

__all__ = [
    "BASES",
    "EXCLUDED",
    "facility_categories",
    "facility_types_by",
    "facility_types_of",
    "surest",
]

#: What a facility's type can be known by, the surest first.
BASES = ("type", "typecode", "chain", "osm", "name")

#: The basis of a place that is no facility, such as the inner parts of a school.
EXCLUDED = "excluded"

#: Columns that hold one chain of categories in three parts.
_CHAIN_PARTS = ("poi_class", "poi_group", "poi_kind")

#: Columns in which GDAL writes the OpenStreetMap tags that have no column of their own.
_OTHER_TAGS = ("other_tags", "tags")

_CODE = re.compile(r"(?<!\d)\d{5,6}(?!\d)")


@dataclass(frozen=True)
class _Read:
    """What one text says: a type, or that the place is none; both empty where it says nothing."""

    facility_type: str | None = None
    is_excluded: bool = False


_NOTHING = _Read()


def facility_types_of(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Find the types of facilities and what each is known by.

    The surest of what is there decides: the column ``facility_type``; AMap's codes (``poi_code``); AMap's
    chains of categories (``poi_chain``, or ``poi_class``, ``poi_group`` and ``poi_kind``); OpenStreetMap tags
    (columns named by their keys, or ``other_tags``); words in ``name``. A type column may itself hold codes,
    chains or tags. None of these columns need be there.

    Parameters
    ----------
    frame
        Facilities, their columns named by the library's names or by OpenStreetMap keys.

    Returns
    -------
    Series
        The type's id, missing where nothing tells it.
    Series
        What it is known by: ``type``, ``typecode``, ``chain``, ``osm`` or ``name``; ``excluded`` where the
        codes say that it is no facility; missing where nothing tells it.

    Examples
    --------
    >>> given = pd.DataFrame({"amenity": ["pharmacy", None], "poi_code": [None, "141203|141200"]})
    >>> [series.tolist() for series in facility_types_of(given)]
    [['pharmacy', 'primary_school'], ['osm', 'typecode']]
    >>> [series.tolist() for series in facility_types_of(given.iloc[:0])]
    [[], []]
    """
    return surest(*facility_types_by(frame))


def surest(by: Mapping[str, pd.Series], is_excluded: NDArray[np.bool_]) -> tuple[pd.Series, pd.Series]:
    """Take for each facility the type by the surest basis that tells one.

    Parameters
    ----------
    by
        For each of ``BASES`` the types by it.
    is_excluded
        Where codes or chains say that a place is no facility.

    Returns
    -------
    Series
        The types.
    Series
        What each is known by.

    Examples
    --------
    >>> [series.tolist() for series in surest(*facility_types_by(pd.DataFrame({"name": ["?"]})))]
    [[nan], [nan]]
    """
    index = by[BASES[0]].index
    types = np.full(len(index), None, dtype=object)
    basis = np.full(len(index), None, dtype=object)
    for name in BASES:
        if name == BASES[1]:
            # A known type stands above AMap's word that a place is none; anything less sure does not.
            basis[is_excluded & (basis == None)] = EXCLUDED  # noqa: E711  by element
        new = (basis == None) & by[name].notna().to_numpy()  # noqa: E711  by element
        types[new] = by[name].to_numpy(dtype=object)[new]
        basis[new] = name
    return _texts(types, index), _texts(basis, index)


def facility_types_by(frame: pd.DataFrame) -> tuple[dict[str, pd.Series], NDArray[np.bool_]]:
    """Find what each basis for itself says of the types of facilities.

    Parameters
    ----------
    frame
        Facilities, as for :func:`facility_types_of`.

    Returns
    -------
    dict
        For each of ``BASES`` the types by it, missing where it tells none.
    ndarray
        Whether all of a row's codes and chains are of AMap's types that are no facility, shape (rows,).

    Examples
    --------
    >>> by, is_excluded = facility_types_by(pd.DataFrame({"poi_code": ["180301"]}))
    >>> by["typecode"].tolist(), is_excluded.tolist()
    ([nan], [True])
    """
    nothing = pd.Series(None, index=frame.index, dtype=object)
    stated = as_text(frame["facility_type"]) if "facility_type" in frame else nothing
    chains = _chains(frame, nothing)
    # A column of types may hold codes, chains or tags instead; they count after the column made for them.
    codes, in_codes = _first(frame.get("poi_code", nothing), stated, read=_of_codes)
    links, in_links = _first(chains, stated, read=_of_chain)
    tags, _ = _first(_of_osm_columns(frame, nothing), stated, read=_of_tags)
    words, _ = _first(stated, read=_of_word)
    names, _ = _first(frame.get("name", nothing), read=_of_name)
    by = dict(zip(BASES, (words, codes, links, tags, names), strict=True))
    known = codes.notna().to_numpy() | links.notna().to_numpy()
    return by, (in_codes | in_links) & ~known


def facility_categories(frame: pd.DataFrame) -> pd.Series:
    """Write what a data set itself calls each facility, be it understood or not.

    Parameters
    ----------
    frame
        Facilities, as for :func:`facility_types_of`.

    Returns
    -------
    Series
        The column of types, else the chain, the code or the OpenStreetMap tags; missing where there is none.

    Examples
    --------
    >>> facility_categories(pd.DataFrame({"amenity": ["fuel", None], "poi_code": [None, 999999]})).tolist()
    ['amenity=fuel', '999999']
    """
    nothing = pd.Series(None, index=frame.index, dtype=object)
    columns = [
        frame.get("facility_type", nothing),
        _chains(frame, nothing),
        frame.get("poi_code", nothing),
        _of_osm_columns(frame, nothing),
    ]
    found = as_text(nothing)
    for column in columns:
        if column.isna().all():
            continue
        texts = as_text(column).str.strip()
        found = found.where(found.notna(), texts.where(texts != ""))
    return found


def _first(*columns: pd.Series, read: Callable[[str], _Read]) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read each different text of some columns once; of a row's the first that says something counts."""
    types = np.full(len(columns[0]), None, dtype=object)
    is_excluded = np.zeros(len(types), dtype=bool)
    for column in columns:
        if column.isna().all():
            continue
        codes, different = pd.factorize(as_text(column))
        # The last stands for a missing text, whose code is -1.
        meant = [*(read(text) for text in different), _NOTHING]
        of_type = np.array([it.facility_type for it in meant], dtype=object)[codes]
        out = np.array([it.is_excluded for it in meant], dtype=bool)[codes]
        free = (types == None) & ~is_excluded  # noqa: E711  by element
        types[free] = of_type[free]
        is_excluded |= free & out
    return _texts(types, columns[0].index), is_excluded


def _texts(values: NDArray[np.object_], index: pd.Index) -> pd.Series:
    return pd.Series(values, index=index, dtype=object).astype(TEXT)


def _of_word(text: str) -> _Read:
    return _Read(facility_type_names().get(normalise(text)))


# AMap


@cache
def _amap_codes() -> dict[str, str]:
    return {code: name for name, it in facility_types().items() for code in it.amap_codes}


def _of_codes(text: str) -> _Read:
    """Read codes of AMap's types, several joined by ``|``; five digits have lost their leading zero."""
    found = _CODE.findall(normalise(text))
    is_only_codes = not _CODE.sub("", normalise(text)).strip("|;,/")
    return _of_amap([code.zfill(6) for code in found]) if is_only_codes else _NOTHING


def _of_amap(codes: Iterable[str]) -> _Read:
    """Take the type of the narrowest code that has one: the code itself, else the group or class it is in."""
    given = list(codes)
    steps = [
        (step, _amap_codes()[wider])
        for code in given
        for step, wider in enumerate(wider_codes(code))
        if wider in _amap_codes()
    ]
    if steps:
        return _Read(min(steps, key=lambda found: found[0])[1])
    return _Read(None, bool(given) and all(_is_excluded(code) for code in given))


def _is_excluded(code: str) -> bool:
    known = amap_types()
    return any(wider in known and known[wider].is_excluded for wider in wider_codes(code))


def _chains(frame: pd.DataFrame, nothing: pd.Series) -> pd.Series:
    if "poi_chain" in frame:
        return as_text(frame["poi_chain"])
    parts = [as_text(frame[name]).fillna("") for name in _CHAIN_PARTS if name in frame]
    if not parts:
        return nothing
    chain = parts[0]
    for part in parts[1:]:
        chain = chain + ";" + part
    return chain.where(chain.str.strip(" ;") != "")


def _of_chain(text: str) -> _Read:
    """Read chains of AMap's categories such as class;group;type, several joined by ``|``."""
    chains = [
        [part for part in re.split("[;>]", chain) if part] for chain in normalise(text).split("|") if chain
    ]
    return _of_amap([code for chain in chains for code in _chain_code(chain)[:1]])


def _chain_code(chain: list[str]) -> list[str]:
    """Find the code of the narrowest part of a chain that has one, in the class the chain begins with."""
    known = amap_names()
    classes = {code[:2] for code in known.get(chain[0], ()) if code.endswith("0000")} if chain else set()
    for place in reversed(range(len(chain))):
        of_part = [code for code in known.get(chain[place], ()) if not classes or code[:2] in classes]
        if of_part:
            return sorted(of_part, key=lambda code: (abs(_depth(code) - place), code))
    return []


def _depth(code: str) -> int:
    return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2


# OpenStreetMap


@cache
def _tags() -> tuple[tuple[dict[str, str], str], ...]:
    """List the tags of every type, those with more conditions first."""
    tags = [
        (dict(part.split("=") for part in tag.split(" & ")), name)
        for name, it in facility_types().items()
        for tag in it.osm_tags
    ]
    return tuple(sorted(tags, key=lambda tag: -len(tag[0])))


@cache
def _bare_values() -> dict[str, str]:
    """List values that alone tell a type, for data that keep them without their keys."""
    found: dict[str, set[str]] = {}
    for tag, name in _tags():
        if len(tag) == 1:
            found.setdefault(next(iter(tag.values())), set()).add(name)
    return {value: next(iter(names)) for value, names in found.items() if len(names) == 1}


def _of_osm_columns(frame: pd.DataFrame, nothing: pd.Series) -> pd.Series:
    """Write the tags that matter of each row as one text, ``key=value & key=value``."""
    keys = list(dict.fromkeys(key for tag, _ in _tags() for key in tag))
    came = {_key(str(name)): name for name in reversed(frame.columns)}
    other = next((as_text(frame[name]) for name in _OTHER_TAGS if name in frame), None)
    written = pd.Series("", index=frame.index, dtype=object)
    for key in keys:
        values = as_text(frame[came[_key(key)]]) if _key(key) in came else None
        if values is None and other is not None:
            pattern = rf'"?{re.escape(key)}"?\s*(?:=>|=|:)\s*"((?:[^"\\]|\\.)*)"'
            values = other.str.extract(pattern, expand=False)
        if values is not None:
            part = (f" & {key}=" + values.str.strip().str.casefold()).astype(object)
            written += part.where(values.notna() & (values != ""), "")
    written = written.str[3:]
    return written.where(written != "") if len(frame) else nothing


def _key(name: str) -> str:
    return normalise(name).replace(":", "_")


def _of_tags(text: str) -> _Read:
    """Read tags written as ``key=value & key=value``, or a value without its key."""
    if "=" not in text:
        return _Read(_bare_values().get(normalise(text).replace(" ", "_")))
    pairs = (part.partition("=") for part in text.casefold().split("&"))
    has = {key.strip(): {value.strip() for value in values.split(";")} for key, _, values in pairs}
    return _Read(next((name for tag, name in _tags() if _holds(tag, has)), None))


def _holds(tag: Mapping[str, str], has: Mapping[str, set[str]]) -> bool:
    return all(value in has.get(key, ()) for key, value in tag.items())


# names


@cache
def _keywords() -> dict[str, list[tuple[str, str]]]:
    """List the words that tell a type by their first letter."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, it in facility_types().items():
        for word in map(normalise, it.name_keywords):
            found.setdefault(word[0], []).append((word, name))
    return found


def _of_name(text: str) -> _Read:
    """Find the longest word in a name that tells a type; of equally long ones the last, which is the noun."""
    name = normalise(text)
    words = _keywords()
    found = [
        (len(word), start, of)
        for start, letter in enumerate(name)
        for word, of in words.get(letter, ())
        if name.startswith(word, start)
    ]
    return _Read(max(found, key=lambda hit: hit[:2])[2]) if found else _NOTHING
