"""Uses of spaces, what each needs and supplies, and controls on them: every figure with source and tag."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fengmao_geo.standards.files import fault_error, read_entries, shipped
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Batch, Figure, Theme, space_kinds

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["CROPPING", "FARMLAND", "Control", "Use", "UseFigures", "controls", "uses"]

#: The one use that permanent basic farmland takes. No file can name another.
CROPPING = "crop_field"

#: The control that takes crops only. No file can soften it.
FARMLAND = "permanent_farmland"


class UseFigures(Record):
    """What a use needs and costs.

    Parameters
    ----------
    min_area_m2, max_area_m2
        The smallest space it can use, and how much of a larger one it takes.
    min_width_m
        The width of the widest place: the diameter of the largest circle inside.
    min_clear_height_m
        Clear height under a bridge.
    court_length_m, court_width_m
        The rectangle that must lie inside, with its run-off; both or none.
    green_share
        The share of its area that becomes green.
    cost_wan_per_m2
        What a square metre costs in 10,000 yuan, to compare options.
    """

    min_area_m2: Figure
    max_area_m2: Figure
    min_width_m: Figure
    min_clear_height_m: Figure
    court_length_m: Figure | None = None
    court_width_m: Figure | None = None
    green_share: Figure
    cost_wan_per_m2: Figure


class Use(Record):
    """One use of a space.

    Parameters
    ----------
    use
        Its id.
    name_zh, name_en
        Its names.
    kinds
        Kinds of space it can take.
    owners
        Owners of land it can take.
    needs_building
        Whether it needs a building that stands, rather than open land.
    needs_access
        Whether people must be able to walk there.
    has_demand
        Whether residents' demand can be computed; else it needs a stated value.
    is_cropping
        Whether it is growing crops and nothing else.
    supplies
        Facility types it supplies.
    batch, theme
        The renewal type and the theme it belongs to.
    figures
        What it needs and costs.
    source, tag
        Where the use comes from and how sure it is.
    """

    use: Words
    name_zh: Words
    name_en: Words
    kinds: tuple[Words, ...] = Field(min_length=1)
    owners: tuple[Literal["state", "collective"], ...] = Field(min_length=1)
    needs_building: bool
    needs_access: bool
    has_demand: bool
    is_cropping: bool = False
    supplies: tuple[Words, ...] = ()
    batch: Batch
    theme: Theme
    figures: UseFigures
    source: Words
    tag: Tag

    @property
    def court_m(self) -> tuple[float, float] | None:
        """The rectangle that must lie inside, length and width."""
        long, short = self.figures.court_length_m, self.figures.court_width_m
        return None if long is None or short is None else (long.value, short.value)

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        figures = self.figures
        if figures.max_area_m2.value < figures.min_area_m2.value:
            raise PydanticCustomError("use_areas", "max_area_m2 is below min_area_m2")
        if figures.green_share.value > 1:
            raise PydanticCustomError("use_green", "green_share is above 1")
        if (figures.court_length_m is None) != (figures.court_width_m is None):
            raise PydanticCustomError("use_court", "one side of the court is missing")
        is_only_crops = self.use == CROPPING and not (
            self.needs_building or self.supplies or self.court_m or figures.green_share.value
        )
        if self.is_cropping and not is_only_crops:
            raise PydanticCustomError("use_cropping", "this is more than growing crops")
        return self


class Control(Record):
    """What protected land or another's structure does to uses.

    Parameters
    ----------
    control
        Its id.
    name_zh, name_en
        Its names.
    layer
        The layer that hits a space, if it is one.
    manager
        The manager of a bridge that hits the space below, if it is one.
    effect
        Crops only, excluded, or possible but flagged.
    source, tag
        Where it comes from and how sure it is.
    """

    control: Words
    name_zh: Words
    name_en: Words
    layer: Words | None = None
    manager: Words | None = None
    effect: Literal["crops_only", "excluded", "flagged"]
    source: Words
    tag: Tag

    @model_validator(mode="after")
    def _farmland_stands(self) -> Self:
        if (self.control == FARMLAND) != (self.effect == "crops_only"):
            raise PydanticCustomError("crops_only", "crops only is for permanent basic farmland, and always")
        if self.control == FARMLAND and self.layer != "farmland_protected":
            raise PydanticCustomError("farmland_layer", "permanent basic farmland has its own layer")
        if (self.layer is None) == (self.manager is None):
            raise PydanticCustomError("control_hit", "state either a layer or a manager")
        return self


class _UseFile(Record):
    source: Words
    tag: Tag
    uses: dict[str, Use] = Field(min_length=1)


class _ControlFile(Record):
    source: Words
    tag: Tag
    controls: dict[str, Control]


def uses(path: str | Path | None = None) -> dict[str, Use]:
    """Read what a space can become.

    Parameters
    ----------
    path
        A file of the user's own instead of the shipped one.

    Returns
    -------
    dict
        Id, then the use.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> uses()["basketball_court"].court_m
    (32.0, 19.0)
    """
    return dict(_shipped_uses() if path is None else _read_uses(Path(path)))


def controls(path: str | Path | None = None) -> dict[str, Control]:
    """Read what each control does to uses.

    A file of the user's own may exclude or flag; it must name every control, and cannot soften the one on
    permanent basic farmland.

    Parameters
    ----------
    path
        A file of the user's own instead of the shipped one.

    Returns
    -------
    dict
        Id, then the control.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> controls()["river_control"].effect
    'flagged'
    """
    return dict(_shipped_controls() if path is None else _read_own_controls(Path(path)))


@cache
def _shipped_uses() -> dict[str, Use]:
    return _read_uses(shipped("uses.toml"))


@cache
def _shipped_controls() -> dict[str, Control]:
    return _read_controls(shipped("controls.toml"))


def _read_uses(path: Path | Traversable) -> dict[str, Use]:
    found: dict[str, Use] = read_entries(path, _UseFile, "uses", "use")
    known = {"kinds": set(space_kinds().kinds), "supplies": set(facility_types())}
    faults = [
        ("use_unknown", {"place": f"uses.{use}.{field}", "found": name})
        for use, record in found.items()
        for field, names in known.items()
        for name in getattr(record, field)
        if name not in names
    ]
    if faults:
        raise fault_error(path, faults)
    return found


def _read_controls(path: Path | Traversable) -> dict[str, Control]:
    return read_entries(path, _ControlFile, "controls", "control")


def _read_own_controls(path: Path) -> dict[str, Control]:
    found = _read_controls(path)
    if missing := [name for name in _shipped_controls() if name not in found]:
        raise fault_error(path, [("missing", {"place": f"controls.{name}"}) for name in missing])
    return found
