"""Kinds of space: their families, names and thresholds, each figure with its source and confidence."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fengmao_geo.standards.files import fault_error, keyed, read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Batch", "Figure", "SpaceKind", "SpaceKinds", "Theme", "space_kinds"]

#: The six types of renewal block, which are also the batches that spaces, uses and projects belong to.
Batch = Literal["street_block", "old_estate", "public_space", "stock_asset", "urban_rural", "feature_block"]

#: The six themes; ``renewal_types.toml`` has their names.
Theme = Literal["creative", "jiangnan", "business", "all_ages", "repair", "governance"]


class Figure(Record):
    """One figure with its source and confidence.

    Parameters
    ----------
    value
        The figure; its unit ends the name it stands under.
    source, tag
        Where it comes from and how sure it is.
    """

    value: Annotated[float, Field(ge=0)]
    source: Words
    tag: Tag


class SpaceKind(Record):
    """One kind of space.

    Parameters
    ----------
    kind
        Its id.
    family
        Leftover, grey, stock or farmland.
    basis
        What it is part of: open land, which the leftover and grey kinds share out among them, or an inventory
        of its own.
    order
        Kinds of open land are tried in this order.
    name_zh, name_en
        Its names.
    batch, theme
        The renewal type and the theme it belongs to.
    figures
        Its thresholds.
    uses
        The uses of buildings it is looked for among.
    keywords
        Words in names, or codes, by which it is known.
    own_figures
        Names of figures that only a user can set.
    source, tag
        Where the kind comes from and how sure it is.
    """

    kind: Words
    family: Literal["leftover", "grey", "stock", "farmland"]
    basis: Literal["open_land", "stock", "farmland"]
    order: int
    name_zh: Words
    name_en: Words
    batch: Batch
    theme: Theme
    figures: dict[str, Figure] = Field(default_factory=dict)
    uses: tuple[Words, ...] = ()
    keywords: tuple[Words, ...] = ()
    own_figures: tuple[Words, ...] = ()
    source: Words
    tag: Tag


class SpaceKinds(Record):
    """The kinds of space and the figures of open land.

    Parameters
    ----------
    source, tag
        Where they come from and how sure they are.
    figures
        What open land is and how it is cut.
    owners
        Codes of who owns or uses the ground (QSXZ).
    kinds
        The kinds.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]
    owners: dict[Literal["state", "collective"], tuple[Words, ...]]
    kinds: dict[str, SpaceKind]

    def figure(self, name: str, kind: str | None = None) -> float:
        """Look a figure up, of one kind or of open land.

        Parameters
        ----------
        name
            The figure's name.
        kind
            The kind it belongs to.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> space_kinds().figure("sliver_width_m"), space_kinds().figure("deck_share", "under_bridge")
        (3.0, 0.5)
        """
        return (self.figures if kind is None else self.kinds[kind].figures)[name].value

    def own_figure(self, name: str, kind: str) -> float | None:
        """Look a figure up that only a user can set.

        Parameters
        ----------
        name
            The figure's name.
        kind
            The kind it belongs to.

        Returns
        -------
        float or None
            Its value, in the unit that ends the name; ``None`` where the user has set none.

        Examples
        --------
        >>> space_kinds().own_figure("low_tax_wan_per_mu", "low_yield_plot") is None
        True
        """
        figure = self.kinds[kind].figures.get(name)
        return None if figure is None else figure.value


def space_kinds(which: str | Path | SpaceKinds | None = None) -> SpaceKinds:
    """Read the kinds of space with their thresholds.

    Parameters
    ----------
    which
        The path of a TOML file of the user's own, or kinds, which are given back; by default the shipped
        ones.

    Returns
    -------
    SpaceKinds
        The kinds.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> space_kinds().kinds["under_bridge"].family
    'grey'
    """
    if isinstance(which, SpaceKinds):
        return which
    if which is None:
        return _shipped()
    found = _read(Path(which))
    _refuse_unlike(Path(which), found)
    return found


@cache
def _shipped() -> SpaceKinds:
    return _read(shipped("space_kinds.toml"))


def _read(path: Path | Traversable) -> SpaceKinds:
    return read_record(path, SpaceKinds, keyed(read_toml(path), "kinds", "kind"))


def _refuse_unlike(path: Path, found: SpaceKinds) -> None:
    """Refuse a file of the user's own that lacks a kind or a figure, or has one that no rule asks for."""
    faults = [("missing", {"place": name}) for name in _missing(found)]
    faults += [("extra_forbidden", {"place": name}) for name in _unknown(found)]
    renamed = [key for key, record in found.kinds.items() if record.kind != key]
    faults += [("own_id", {"place": f"kinds.{key}"}) for key in renamed]
    if faults:
        raise fault_error(path, faults)


def _unknown(found: SpaceKinds) -> list[str]:
    """List kinds that are none of ours, and figures that no rule asks for."""
    ours = _shipped()
    unknown = [f"figures.{name}" for name in found.figures if name not in ours.figures]
    unknown += [f"kinds.{kind}" for kind in found.kinds if kind not in ours.kinds]
    for kind, record in ours.kinds.items():
        if kind not in found.kinds:
            continue
        if found.kinds[kind].basis != record.basis:
            unknown.append(f'kinds.{kind}.basis = "{found.kinds[kind].basis}"')
        asked = {*record.figures, *record.own_figures}
        unknown += [f"kinds.{kind}.figures.{name}" for name in found.kinds[kind].figures if name not in asked]
    return unknown


def _missing(found: SpaceKinds) -> list[str]:
    """List the kinds and figures that a file of the user's own lacks; it may change any."""
    ours = _shipped()
    missing = [f"figures.{name}" for name in ours.figures if name not in found.figures]
    for kind, record in ours.kinds.items():
        if kind not in found.kinds:
            missing.append(f"kinds.{kind}")
            continue
        theirs = found.kinds[kind].figures
        missing += [f"kinds.{kind}.figures.{name}" for name in record.figures if name not in theirs]
        lists = (name for name in ("uses", "keywords") if getattr(record, name))
        missing += [f"kinds.{kind}.{name}" for name in lists if not getattr(found.kinds[kind], name)]
    return missing
