"""Every message to the user, in Chinese and English, from one table kept as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Lang = Literal["zh", "en"]

__all__ = ["Lang", "group_keys", "has_text", "sentence", "text"]


@cache
def _messages() -> dict[str, dict[str, str]]:
    raw = tomllib.loads(files("fengmao_geo").joinpath("messages.toml").read_text(encoding="utf-8"))
    flat: dict[str, dict[str, str]] = {}
    open_tables: list[tuple[str, dict[str, Any]]] = [("", raw)]
    while open_tables:
        prefix, table = open_tables.pop()
        for key, value in table.items():
            if not isinstance(value, dict):
                flat[f"{prefix}{key}"] = {"zh": value, "en": value}
            elif set(value) == {"zh", "en"}:
                flat[f"{prefix}{key}"] = value
            else:
                open_tables.append((f"{prefix}{key}.", value))
    return flat


def text(key: str, /, *, lang: Lang = "zh", **values: object) -> str:
    """Write one message in the reader's language.

    Values are inserted once and never read as a pattern themselves, so braces in data are safe.

    Parameters
    ----------
    key
        ``group.name`` as it stands in ``messages.toml``.
    lang
        ``"zh"`` or ``"en"``.
    **values
        What the message names in braces.

    Returns
    -------
    str
        The message.

    Raises
    ------
    KeyError
        If the table has no such message, or the message names a value that was not given.

    Examples
    --------
    >>> text("label.town", lang="en")
    'Town'
    """
    return _messages()[key][lang].format_map(values)


def has_text(key: str) -> bool:
    """Say whether the table of messages has this key.

    Parameters
    ----------
    key
        Group and name, such as ``error.table``.

    Returns
    -------
    bool
        True if it has.
    """
    return key in _messages()


def group_keys(group: str) -> list[str]:
    """List the keys of one group of the table of messages.

    Parameters
    ----------
    group
        The group, such as ``severity``.

    Returns
    -------
    list of str
        Group and name of each, in alphabetical order.
    """
    return sorted(key for key in _messages() if key.startswith(f"{group}."))


def sentence(code: str, values: dict[str, Any], *, lang: Lang = "zh") -> str:
    """Write one finding as a sentence: what was found, what was done, what to do.

    Parameters
    ----------
    code
        The finding's name in ``messages.toml``.
    values
        What the message names in braces.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The sentence.
    """
    parts = [text(f"finding.{code}.{part}", lang=lang, **values) for part in ("found", "done", "remedy")]
    return text("label.clause_mark", lang=lang).join(part for part in parts if part)
