"""Red lines of renewal: each limit with its source and confidence."""

from __future__ import annotations

from functools import cache
from typing import Literal

from fengmao_geo.standards.files import keyed, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words

__all__ = ["RedLine", "red_line_standard"]


class RedLine(Record):
    """One red line.

    Parameters
    ----------
    red_line
        Its id; ``labels.toml`` has its names.
    unit
        The unit of its value, as ``indicators.toml`` has them.
    bound
        Whether the value must be at most or at least the limit.
    limit
        The limit; none where whoever manages the ground has to consent.
    layer
        Of a red line around ground, the layer that holds it.
    source, tag
        Where the limit comes from and how sure it is.
    """

    red_line: Words
    unit: Words
    bound: Literal["at_most", "at_least"]
    limit: float | None = None
    layer: Words | None = None
    source: Words
    tag: Tag


class _File(Record):
    source: Words
    tag: Tag
    red_lines: dict[str, RedLine]


@cache
def red_line_standard() -> dict[str, RedLine]:
    """Read the red lines of renewal.

    Returns
    -------
    dict
        Id, then the red line, in the order they are shown.

    Examples
    --------
    >>> red_line_standard()["demolished_share"].limit
    0.2
    """
    path = shipped("red_lines.toml")
    return read_record(path, _File, keyed(read_toml(path), "red_lines", "red_line")).red_lines
