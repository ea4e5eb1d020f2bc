"""Names of towns' folders that every system takes."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["safe_id"]

#: The longest name of a folder, and names that Windows keeps to itself.
_LONGEST = 60
_KEPT = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


def safe_id(name: str) -> str:
    """Make the name of a folder of a town's name: letters and digits of any script, ``-`` and ``_``.

    Parameters
    ----------
    name
        The town's name.

    Returns
    -------
    str
        The name of the folder, on every system the same; empty if nothing of the name is left.

    Examples
    --------
    >>> safe_id("../Lake Town (north)"), safe_id("NUL"), safe_id("?!")
    ('Lake_Town_north', 'town_NUL', '')
    """
    plain = unicodedata.normalize("NFKC", name)
    kept = "".join(sign if sign.isalnum() or sign in "-_" else " " for sign in plain)
    safe = "_".join(kept.split()).strip("_-")
    while len(safe.encode()) > 3 * _LONGEST or len(safe) > _LONGEST:
        safe = safe[:-1]
    return f"town_{safe}" if _KEPT.fullmatch(safe) else safe
