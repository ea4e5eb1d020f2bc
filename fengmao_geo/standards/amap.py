"""AMap's list of types of points of interest: codes, names, and which of them are no facility."""

from __future__ import annotations

import csv
from functools import cache
from typing import Annotated

from pydantic import Field, StringConstraints

from fengmao_geo.standards.files import read_record, shipped
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.records import Record, Tag, Words

__all__ = ["AmapType", "amap_names", "amap_types", "wider_codes"]


class AmapType(Record):
    """A type of AMap's points of interest.

    Parameters
    ----------
    code
        Six digits: two for the class, two for the group in it, two for the type.
    name_zh
        Its name, as it stands in chains such as class;group;type.
    is_excluded
        Whether places of it are no facility, such as the inner parts of a school.
    source, tag
        Where it comes from and how sure it is.
    """

    code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    name_zh: Words
    is_excluded: Annotated[bool, Field(strict=False)]
    source: Words
    tag: Tag


class AmapFile(Record):
    """A file of AMap's types, by code."""

    types: dict[str, AmapType]


def amap_types() -> dict[str, AmapType]:
    """Read AMap's types, those that matter to a town.

    Returns
    -------
    dict
        Code, then the type.

    Examples
    --------
    >>> amap_types()["180000"].is_excluded, amap_types()["141203"].is_excluded
    (True, False)
    """
    return dict(_shipped())


@cache
def _shipped() -> dict[str, AmapType]:
    path = shipped("amap_types.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    return read_record(path, AmapFile, {"types": {row["code"]: row for row in csv.DictReader(lines)}}).types


@cache
def _names() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, record in _shipped().items():
        name = normalise(record.name_zh)
        found[name] = (*found.get(name, ()), code)
    return found


def amap_names() -> dict[str, tuple[str, ...]]:
    """List the names of AMap's types, normalised, with the codes that bear each, the widest first.

    Returns
    -------
    dict
        Name, then its codes.

    Examples
    --------
    >>> ("150501",) in amap_names().values()
    True
    """
    return dict(_names())


def wider_codes(code: str) -> tuple[str, ...]:
    """List a code and those it lies in: its group and its class.

    Parameters
    ----------
    code
        Six digits.

    Returns
    -------
    tuple of str
        The narrowest first, each once.

    Examples
    --------
    >>> wider_codes("141203")
    ('141203', '141200', '140000')
    >>> wider_codes("060400")
    ('060400', '060000')
    """
    return tuple(dict.fromkeys((code, f"{code[:4]}00", f"{code[:2]}0000")))
