"""Walks to school: how long they are looked for, and which streets are main roads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fengmao_geo.standards.files import fault_error, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["RouteStandard", "route_standard"]


class RouteStandard(Record):
    """What is asked of walks to school.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    main_classes
        Classes of streets that children should not have to cross.
    figures
        Thresholds; the unit ends the name.
    """

    source: Words
    tag: Tag
    main_classes: tuple[Words, ...]
    figures: dict[str, Figure]

    def figure(self, name: str) -> float:
        """Look up a threshold.

        Parameters
        ----------
        name
            Its name, with its unit.

        Returns
        -------
        float
            The figure.

        Examples
        --------
        >>> route_standard().figure("walk_min")
        30.0
        """
        return self.figures[name].value


def route_standard(which: str | Path | RouteStandard | None = None) -> RouteStandard:
    """Read what is asked of walks to school.

    Parameters
    ----------
    which
        The path of a TOML file of the user's own, or a standard, which is given back; by default the shipped
        one.

    Returns
    -------
    RouteStandard
        Classes of streets and thresholds.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> route_standard().main_classes
    ('main',)
    """
    if isinstance(which, RouteStandard):
        return which
    if which is None:
        return _shipped()
    found = _read(Path(which))
    if missing := [name for name in _shipped().figures if name not in found.figures]:
        raise fault_error(Path(which), [("missing", {"place": f"figures.{name}"}) for name in missing])
    return found


@cache
def _shipped() -> RouteStandard:
    return _read(shipped("school_routes.toml"))


def _read(path: Path | Traversable) -> RouteStandard:
    return read_record(path, RouteStandard, read_toml(path))
