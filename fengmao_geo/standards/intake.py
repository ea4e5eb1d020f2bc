"""Figures by which data that come in are judged or put right."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["IntakeStandard", "intake_figure", "intake_standard"]


class IntakeStandard(Record):
    """By what data that come in are judged.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    figures
        Thresholds; the unit ends the name.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]


@cache
def intake_standard() -> IntakeStandard:
    """Read by what data that come in are judged.

    Returns
    -------
    IntakeStandard
        The figures, each with its source.

    Examples
    --------
    >>> intake_standard().figures["sliver_width_m"].tag
    'P'
    """
    path = shipped("intake.toml")
    return read_record(path, IntakeStandard, read_toml(path))


def intake_figure(name: str) -> float:
    """Look up one of these figures.

    Parameters
    ----------
    name
        Its name; the unit ends it.

    Returns
    -------
    float
        Its value.

    Examples
    --------
    >>> intake_figure("sliver_width_m")
    0.1
    """
    return intake_standard().figures[name].value
