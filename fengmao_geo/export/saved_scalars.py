"""Values to JSON and back, exactly: what is missing, not finite, a tuple or a shape stays what it was."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from fengmao_geo.errors import UsageError

__all__ = ["KIND", "crs_text", "read_crs", "read_scalar", "scalar"]

#: The key that says what a JSON object stands for, and the key of what it holds.
KIND, HELD = "is", "of"

# A system of coordinates that names files would have them opened when it is used.
_NAMES_FILES = re.compile(r"grids|parameterfile|extension\s*\[|\+init|boundcrs", re.IGNORECASE)


def scalar(value: object) -> Any:  # noqa: ANN401  of any kind
    """Write a value as what JSON can hold.

    Parameters
    ----------
    value
        A text, number, date, shape, coordinate system, path, or a list, tuple, set or dictionary of such.

    Returns
    -------
    object
        Texts, numbers, lists and dictionaries.

    Raises
    ------
    UsageError
        If it is of a kind that cannot be saved.

    Examples
    --------
    >>> scalar((1, None)), scalar("a")
    ({'is': 'tuple', 'of': [1, None]}, 'a')
    >>> read_scalar(scalar({2: [float("inf")]}))
    {2: [inf]}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        return scalar(value.item())
    if value is pd.NA or value is pd.NaT:
        return _held("missing", str(value))
    for kind, write in _WRITE.items():
        if isinstance(value, kind):
            return write(value)
    raise UsageError("saved_kind", kind=type(value).__name__)


def _held(kind: str, value: object) -> dict[str, object]:
    return {KIND: kind, HELD: value}


def read_scalar(node: Any) -> Any:  # noqa: ANN401  of any kind
    """Read a value as `scalar` wrote it.

    Parameters
    ----------
    node
        What JSON held.

    Returns
    -------
    object
        The value.

    Raises
    ------
    ValueError
        If it is nothing that `scalar` writes; so with KeyError and TypeError.
    """
    if isinstance(node, list):
        return [read_scalar(one) for one in node]
    if not isinstance(node, dict):
        return node
    return _READ[node[KIND]](node[HELD])


def crs_text(crs: CRS) -> str:
    """Write a coordinate system as well-known text.

    Parameters
    ----------
    crs
        The system.

    Returns
    -------
    str
        Its text.
    """
    return str(crs.to_wkt())


def read_crs(wkt: str) -> CRS:
    """Read a coordinate system from well-known text that names no files.

    Parameters
    ----------
    wkt
        The text.

    Returns
    -------
    CRS
        The system.

    Raises
    ------
    ValueError
        If the text names files, which would be opened when the system is used.
    """
    if _NAMES_FILES.search(wkt):
        raise ValueError(wkt)
    return CRS.from_wkt(wkt)


def _read_path(text: str) -> Path:
    """Read a place on this machine; what looks to GDAL like a server or an archive is refused."""
    if ":/" in text or text.lower().startswith(("/vsi", "\\\\", "//")) or "<" in text:
        raise ValueError(text)
    return Path(text)


def _number(value: float) -> object:
    return float(value) if math.isfinite(value) else _held("float", repr(float(value)))


#: How each kind is written; a kind of another kind comes before it.
_WRITE: dict[Any, Any] = {
    str: str,
    int: int,
    float: _number,
    list: lambda items: [scalar(one) for one in items],
    tuple: lambda items: _held("tuple", [scalar(one) for one in items]),
    dict: lambda items: _held("dict", [[scalar(key), scalar(one)] for key, one in items.items()]),
    frozenset: lambda items: _held("set", [scalar(one) for one in sorted(items)]),
    shapely.Geometry: lambda shape: _held("shape", shapely.to_wkb(shape, hex=True)),
    CRS: lambda crs: _held("crs", crs_text(crs)),
    PurePath: lambda path: _held("path", str(path)),
    Decimal: lambda number: _held("decimal", str(number)),
    pd.Timestamp: lambda moment: _held("timestamp", moment.isoformat()),
    datetime: lambda moment: _held("datetime", moment.isoformat()),
    date: lambda day: _held("date", day.isoformat()),
    time: lambda hour: _held("time", hour.isoformat()),
}

_READ: dict[str, Any] = {
    "float": float,
    "tuple": lambda items: tuple(read_scalar(one) for one in items),
    "dict": lambda items: {read_scalar(key): read_scalar(one) for key, one in items},
    "set": lambda items: frozenset(read_scalar(one) for one in items),
    "shape": lambda text: shapely.from_wkb(bytes.fromhex(text)),
    "crs": read_crs,
    "path": _read_path,
    "decimal": Decimal,
    "missing": {"<NA>": pd.NA, "NaT": pd.NaT}.__getitem__,
    "timestamp": pd.Timestamp,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}
