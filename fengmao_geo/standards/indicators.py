"""Indicators of renewal blocks: unit, direction, formula and target, each with its source and confidence."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fengmao_geo.standards.files import keyed, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Batch, Figure, Theme  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["GROUPS_OF_INDICATORS", "STATES", "Indicator", "IndicatorFile", "Unit", "indicator_file"]

IndicatorGroup = Literal[
    "circles",
    "greenery",
    "places",
    "stock",
    "streets",
    "vitality",
    "fabric",
    "estates",
    "urban_rural",
    "townscape",
]

#: Groups in the order they are shown; ``labels.toml`` has their names.
GROUPS_OF_INDICATORS: tuple[IndicatorGroup, ...] = (
    "circles",
    "greenery",
    "places",
    "stock",
    "streets",
    "vitality",
    "fabric",
    "estates",
    "urban_rural",
    "townscape",
)

State = Literal["before", "now", "planned"]

#: States an indicator is measured in: before renewal, as the data show the town, once the programme stands.
STATES: tuple[State, ...] = ("before", "now", "planned")


class Unit(Record):
    """How values of one unit are written.

    Parameters
    ----------
    unit
        Its id.
    name_zh, name_en
        What is written behind the number; may be empty.
    factor
        What a value is multiplied by before it is written.
    decimals
        How many decimals are written.
    source, tag
        Where that comes from and how sure it is.
    """

    unit: Words
    name_zh: str
    name_en: str
    factor: Annotated[float, Field(gt=0)] = 1.0
    decimals: Annotated[int, Field(ge=0, le=3)]
    source: Words
    tag: Tag


class Indicator(Record):
    """One indicator.

    Parameters
    ----------
    indicator
        Its id; the unit ends it where the unit is one of the house's.
    group
        What it belongs to.
    name_zh, name_en
        Its names.
    unit
        A unit of the file.
    direction
        Whether more or less is better; ``none`` where neither is.
    states
        The states in which it differs.
    limit_min
        The circle it is of, in minutes; none where it is of no circle.
    needs
        Layers (``green``), columns (``firms.tax_wan``) and results (``circles``, ``spaces``) without which it
        is unknown; what would settle it. Any of ``buildings.status | buildings.lease`` will do, the first
        best. In the state ``before`` the green of then is needed, in ``planned`` what is planned.
    formula_zh, formula_en
        How it is computed, in words.
    target
        The value at which it is attained; none where nobody set one.
    floor
        The value at which nothing is attained; needed where less is better.
    target_source, target_tag
        Where the target comes from and how sure it is.
    is_bonus
        Whether it tells what is distinctive and counts towards the bounded bonus instead of the mean.
    batch, theme
        The renewal type and the theme it belongs to.
    source, tag
        Where the formula comes from and how sure it is.
    """

    indicator: Words
    group: IndicatorGroup
    name_zh: Words
    name_en: Words
    unit: Words
    direction: Literal["more", "less", "none"]
    states: tuple[State, ...] = ("now",)
    limit_min: Annotated[float, Field(gt=0)] | None = None
    needs: tuple[Words, ...] = ()
    formula_zh: Words
    formula_en: Words
    target: float | None = None
    floor: float | None = None
    target_source: str = ""
    target_tag: Tag | None = None
    is_bonus: bool = False
    batch: Batch
    theme: Theme
    source: Words
    tag: Tag

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.target is None:
            return self
        if self.direction == "none":
            raise PydanticCustomError("indicator_target", "a target needs a direction")
        if not self.target_source or self.target_tag is None:
            raise PydanticCustomError("indicator_source", "a target needs target_source and target_tag")
        if (self.direction == "more") != (self.worst < self.target):
            raise PydanticCustomError("indicator_floor", "floor lies on the wrong side of target")
        return self

    @property
    def worst(self) -> float:
        """The value at which nothing is attained: ``floor``, else nothing at all."""
        return 0.0 if self.floor is None else self.floor


class IndicatorFile(Record):
    """All indicators.

    Parameters
    ----------
    source, tag
        Where they come from and how sure they are.
    figures
        What formulas take as given, such as how far a lamp lights; the unit ends the name.
    units
        Units by their id.
    indicators
        Indicators by their id, in the order they are shown.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure] = Field(default_factory=dict)
    units: dict[str, Unit]
    indicators: dict[str, Indicator]

    @model_validator(mode="after")
    def _know_units(self) -> Self:
        if unknown := sorted({of.unit for of in self.indicators.values()} - set(self.units)):
            raise PydanticCustomError("indicator_unit", f"units not defined: {', '.join(unknown)}")
        return self

    def figure(self, name: str) -> float:
        """Look up what formulas take as given.

        Parameters
        ----------
        name
            Its name in the file.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> indicator_file().figure("old_year")
        2000.0
        """
        return self.figures[name].value


@cache
def _shipped_indicators() -> IndicatorFile:
    return _read_indicators(shipped("indicators.toml"))


def _read_indicators(path: Path | Traversable) -> IndicatorFile:
    raw = read_toml(path)
    named = keyed(keyed(raw, "units", "unit"), "indicators", "indicator")
    read = read_record(path, IndicatorFile, named)
    order = {group: place for place, group in enumerate(GROUPS_OF_INDICATORS)}
    sorted_by_group = dict(sorted(read.indicators.items(), key=lambda item: order[item[1].group]))
    return read.model_copy(update={"indicators": sorted_by_group})


def indicator_file(path: str | Path | None = None) -> IndicatorFile:
    """Read the indicators.

    Parameters
    ----------
    path
        One's own file; the shipped one if it is left out.

    Returns
    -------
    IndicatorFile
        Units, and indicators in the order they are shown: by group, then as the file has them.

    Raises
    ------
    StandardError
        If the file cannot be read or says what it may not.

    Examples
    --------
    >>> indicator_file().indicators["green_rate_share"].target
    0.35
    """
    return _shipped_indicators() if path is None else _read_indicators(Path(path))
