"""Green: rule sets of park coverage, indicators and thresholds, each with its source and confidence."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fengmao_geo.standards.files import fault_error, keyed, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["GreenIndicator", "GreenStandard", "ParkRule", "RuleSet", "green_standard"]


class ParkRule(Record):
    """How far parks of some size serve.

    Parameters
    ----------
    min_area_m2
        A park of this size or more serves so far.
    radius_m
        How far it serves.
    source, tag
        Where it comes from and how sure it is.
    """

    min_area_m2: Annotated[float, Field(ge=0)]
    radius_m: Annotated[float, Field(gt=0)]
    source: Words
    tag: Tag


class RuleSet(Record):
    """A named set of rules for the coverage of residential land by parks.

    Parameters
    ----------
    rule_set
        Its id.
    name_zh, name_en
        Its names.
    rules
        How far parks of each size serve.
    target_share
        The share of residential land to be covered, where the rule set names one.
    source, tag
        Where it comes from and how sure it is.
    """

    rule_set: Words
    name_zh: Words
    name_en: Words
    rules: tuple[ParkRule, ...]
    target_share: Annotated[float, Field(ge=0, le=1)] | None = None
    source: Words
    tag: Tag


class GreenIndicator(Record):
    """One indicator of green.

    Parameters
    ----------
    indicator
        Its id; the unit ends it.
    name_zh, name_en
        Its names.
    formula_zh, formula_en
        How it is worked out.
    is_better
        Whether more or less of it is better.
    target
        What is aimed at, where a source names it, in the indicator's unit.
    source, tag
        Where it comes from and how sure it is.
    """

    indicator: Words
    name_zh: Words
    name_en: Words
    formula_zh: Words
    formula_en: Words
    is_better: Literal["more", "less"] = "more"
    target: float | None = None
    source: Words
    tag: Tag


class GreenStandard(Record):
    """What is measured of green, and with which figures.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    figures
        Thresholds; the unit ends the name.
    park_types, green_types
        The types of green that are parks, and those that the green rate counts.
    canopy_types
        The types of green that are canopy all over.
    tree_lined_classes
        The classes of street that are judged for being tree-lined.
    flat_roof_uses, tall_roof_uses
        The uses of buildings whose roofs are flat, and those whose roofs are flat above some floors.
    blank_wall_uses
        The uses of buildings whose long walls have few windows.
    bank_types
        The types of water whose banks are walked along, whatever their size.
    open_compounds
        The types of compounds that everybody may walk in.
    rule_sets
        Rule sets of park coverage.
    indicators
        What is measured.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]
    park_types: tuple[Words, ...]
    green_types: tuple[Words, ...]
    canopy_types: tuple[Words, ...]
    tree_lined_classes: tuple[Words, ...]
    flat_roof_uses: tuple[Words, ...]
    tall_roof_uses: tuple[Words, ...]
    blank_wall_uses: tuple[Words, ...]
    bank_types: tuple[Words, ...]
    open_compounds: tuple[Words, ...]
    rule_sets: dict[str, RuleSet]
    indicators: dict[str, GreenIndicator]

    def figure(self, name: str) -> float:
        """Look a figure up.

        Parameters
        ----------
        name
            The figure's name.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> green_standard().figure("bank_green_m")
        12.0
        """
        return self.figures[name].value


def green_standard(which: str | Path | GreenStandard | None = None) -> GreenStandard:
    """Read what is measured of green.

    Parameters
    ----------
    which
        The path of a TOML file of the user's own, or a standard, which is given back; by default the shipped
        one.

    Returns
    -------
    GreenStandard
        Rule sets, indicators and thresholds.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> green_standard().rule_sets["gbt51346_2019"].rules[0].radius_m
    500.0
    """
    if isinstance(which, GreenStandard):
        return which
    if which is None:
        return _shipped()
    found = _read(Path(which))
    if missing := [name for name in _shipped().figures if name not in found.figures]:
        raise fault_error(Path(which), [("missing", {"place": f"figures.{name}"}) for name in missing])
    return found


@cache
def _shipped() -> GreenStandard:
    return _read(shipped("green.toml"))


def _read(path: Path | Traversable) -> GreenStandard:
    raw = keyed(keyed(read_toml(path), "rule_sets", "rule_set"), "indicators", "indicator")
    return read_record(path, GreenStandard, raw)
