"""What the towns of a batch are compared by."""

from __future__ import annotations

from functools import cache
from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.records import Record, Tag, Words

__all__ = ["BatchStandard", "Headline", "batch_standard", "headlines"]


class Headline(Record):
    """One number per town.

    Parameters
    ----------
    headline
        Its id; that of an indicator, from which it then has what is left out here.
    name_zh, name_en
        Its names.
    unit
        A unit of ``indicators.toml`` or of ``theme.toml``.
    direction
        Whether more or less is better; ``none`` where neither is.
    """

    headline: Words
    name_zh: str = ""
    name_en: str = ""
    unit: str = ""
    direction: Literal["more", "less", "none"] = "none"

    @model_validator(mode="after")
    def _has_names(self) -> Self:
        if not self.is_indicator and not (self.name_zh and self.name_en and self.unit):
            raise PydanticCustomError("headline", "what is no indicator needs name_zh, name_en and unit")
        return self

    @property
    def is_indicator(self) -> bool:
        """Whether it is an indicator."""
        return self.headline in indicator_file().indicators

    def name(self, *, lang: str) -> str:
        """Write what it is called.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        str
            Its name.
        """
        return self.name_zh if lang == "zh" else self.name_en


class BatchStandard(Record):
    """What towns are compared by, and what the overview map shows first.

    Parameters
    ----------
    source, tag
        Where the choice comes from and how sure it is.
    first
        What the overview map is coloured by when it opens.
    headlines
        Headlines in the order they are shown.
    """

    source: Words
    tag: Tag
    first: Words
    headlines: tuple[Headline, ...]

    @model_validator(mode="after")
    def _know_first(self) -> Self:
        if self.first not in {one.headline for one in self.headlines}:
            raise PydanticCustomError("headline_first", "first names no headline")
        return self


@cache
def batch_standard() -> BatchStandard:
    """Read what towns are compared by.

    Returns
    -------
    BatchStandard
        As the file says it; `headlines` adds what stands with the indicators.

    Examples
    --------
    >>> batch_standard().first
    'full_set_15_min_share'
    """
    path = shipped("batch.toml")
    return read_record(path, BatchStandard, read_toml(path))


@cache
def headlines() -> tuple[Headline, ...]:
    """List what towns are compared by, each with its names, unit and direction.

    Returns
    -------
    tuple of Headline
        In the order they are shown.

    Examples
    --------
    >>> [one.headline for one in headlines()][:2]
    ['people', 'built_up_ha']
    """
    return tuple(_whole(one) for one in batch_standard().headlines)


def _whole(one: Headline) -> Headline:
    of = indicator_file().indicators.get(one.headline)
    if of is None:
        return one
    told = {"name_zh": of.name_zh, "name_en": of.name_en, "unit": of.unit, "direction": of.direction}
    return one.model_copy(update=told)
