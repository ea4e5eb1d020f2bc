"""Numbers in OpenStreetMap's tags: lengths with their units, floors, years, levels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Texts = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["metres", "numbers", "years"]

#: A number and the unit behind it; the decimal point may be a comma.
_LENGTH = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(m|cm|km|ft|'|metres?|meters?)?\s*$", re.IGNORECASE)
_FEET_INCHES = re.compile(r"^\s*(\d+)\s*'\s*(\d+)\s*\"\s*$")
_NUMBER = re.compile(r"^\s*([-+]?\d+(?:\.\d+)?)\s*$")
_YEAR = re.compile(r"^\s*(\d{4})(?!\d)")

_UNITS = {"cm": 0.01, "km": 1000.0, "ft": 0.3048, "'": 0.3048}
_INCH_M = 0.0254


def metres(texts: Texts) -> Numbers:
    r"""Read lengths: metres where no unit is written.

    Parameters
    ----------
    texts
        Values of a key, ``None`` where there is none, shape ``(n,)``.

    Returns
    -------
    array of float, shape ``(n,)``
        Metres; NaN where there is none or it is not understood.

    Examples
    --------
    >>> import numpy as np
    >>> metres(np.array(["2 m", "60cm", "3,5", "12'6\"", "wide", None], dtype=object)).round(2).tolist()
    [2.0, 0.6, 3.5, 3.81, nan, nan]
    """
    return np.array([_metres(text) for text in texts], dtype=float)


def _metres(text: object) -> float:
    if text is None:
        return np.nan
    if found := _FEET_INCHES.match(str(text)):
        return int(found[1]) * _UNITS["ft"] + int(found[2]) * _INCH_M
    found = _LENGTH.match(str(text))
    if not found:
        return np.nan
    return float(found[1].replace(",", ".")) * _UNITS.get((found[2] or "").casefold(), 1.0)


def numbers(texts: Texts) -> Numbers:
    """Read plain numbers.

    Parameters
    ----------
    texts
        Values of a key, ``None`` where there is none, shape ``(n,)``.

    Returns
    -------
    array of float, shape ``(n,)``
        NaN where there is none or it is not understood, such as a list.

    Examples
    --------
    >>> import numpy as np
    >>> numbers(np.array(["2", "-1", "3.5", "1;2", None], dtype=object)).tolist()
    [2.0, -1.0, 3.5, nan, nan]
    """
    found = [None if text is None else _NUMBER.match(str(text)) for text in texts]
    return np.array([np.nan if hit is None else float(hit[1]) for hit in found], dtype=float)


def years(texts: Texts) -> Numbers:
    """Read the years of dates.

    Parameters
    ----------
    texts
        Values of a key, ``None`` where there is none, shape ``(n,)``.

    Returns
    -------
    array of float, shape ``(n,)``
        NaN where there is none or no year of four digits begins it.

    Examples
    --------
    >>> import numpy as np
    >>> years(np.array(["1987", "1987-05", "~1900", None], dtype=object)).tolist()
    [1987.0, 1987.0, nan, nan]
    """
    found = [None if text is None else _YEAR.match(str(text)) for text in texts]
    return np.array([np.nan if hit is None else float(hit[1]) for hit in found], dtype=float)
