"""Values written as text, the same in every supported pandas, and lists of them kept short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["TEXT", "as_text", "counted", "listed"]

#: Text that may be missing, the same in every supported pandas.
TEXT = pd.StringDtype(na_value=np.nan)

#: How many ids or values a finding lists.
_SHOWN = 20


def as_text(values: pd.Series) -> pd.Series:
    """Write values as text exactly as they stand; whole numbers without a decimal point.

    Parameters
    ----------
    values
        A column.

    Returns
    -------
    Series
        Texts; a missing value stays missing.

    Examples
    --------
    >>> as_text(pd.Series([701.0, None])).tolist()
    ['701', nan]
    """
    if values.dtype == TEXT:
        return values.copy()
    are_missing = values.isna().to_numpy()
    texts = [
        None if is_missing else _as_text(value)
        for value, is_missing in zip(values.astype(object), are_missing, strict=True)
    ]
    return pd.Series(texts, index=values.index, name=values.name, dtype=TEXT)


def _as_text(value: object) -> str:
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]  # a float by the test before


def listed(texts: Sequence[str], *, shown: int = _SHOWN) -> str:
    """Write the first of some texts in one line.

    Parameters
    ----------
    texts
        Ids or values.
    shown
        How many are written out.

    Returns
    -------
    str
        They, with commas between, and a sign where there are more.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b"], shown=1)
    ('a, b', 'a …')
    """
    return ", ".join(texts[:shown]) + (" …" if len(texts) > shown else "")


def counted(counts: Mapping[Any, int], *, shown: int = _SHOWN) -> str:
    """Write how often each of some texts occurs, the most frequent first.

    Parameters
    ----------
    counts
        Text, then its number.
    shown
        How many are written out.

    Returns
    -------
    str
        Text and number, with commas between.

    Examples
    --------
    >>> counted({"a": 1, "b": 3})
    'b (3), a (1)'
    """
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return listed([f"{text} ({count})" for text, count in ordered], shown=shown)
