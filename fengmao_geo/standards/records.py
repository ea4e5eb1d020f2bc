"""The frozen records that planning knowledge is read into."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from fengmao_geo.units import km_h_to_m_min

__all__ = [
    "Catalogue",
    "CatalogueEntry",
    "DisplayGroup",
    "FacilityFile",
    "FacilityType",
    "Group",
    "Label",
    "LabelFile",
    "LandClass",
    "LandFile",
    "NameFile",
    "Record",
    "SlopeResponse",
    "Tag",
    "Walker",
    "WalkerFile",
]

#: How sure a figure is: read in the standard, read in one secondary source, computed, general knowledge
#: (high, medium, low confidence), or a proposal of this library.
Tag = Literal["V", "V3", "C", "M-H", "M-M", "M-L", "P"]

#: Groups of people that a facility type may be for.
Group = Literal["everyone", "elderly", "infant", "preschool", "school_age", "newcomer"]

#: Groups of facility types that a map shows together.
DisplayGroup = Literal[
    "education",
    "care",
    "health",
    "community",
    "commerce",
    "sport",
    "culture",
    "green",
    "transport",
    "municipal",
]

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Positive = Annotated[float, Field(gt=0)]
Size = Annotated[float, Field(ge=0)]


class Record(BaseModel):
    """A frozen record that takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FacilityType(Record):
    """A type of facility: its names, whom it serves, and how other data sets name it.

    Parameters
    ----------
    facility_type
        Its id.
    name_zh, name_en
        Its names.
    display_group
        The group it is shown with on maps.
    is_ground
        Whether it is a piece of ground entered at its gates, such as a park or a school.
    group
        The people it is for.
    aliases
        Other names, Chinese or English, that mean just this type.
    amap_codes
        Codes of AMap's points of interest that really mean this type.
    name_keywords
        Words in a facility's name that show its type; of two types' words the longer one decides.
    osm_tags
        OpenStreetMap tags as ``key=value``; several joined by `` & `` must all be there.
    source, tag
        Where the mapping comes from and how sure it is.
    """

    facility_type: Words
    name_zh: Words
    name_en: Words
    display_group: DisplayGroup
    is_ground: bool = False
    group: Group = "everyone"
    aliases: tuple[Words, ...] = ()
    amap_codes: tuple[Annotated[str, StringConstraints(pattern=r"^\d{6}$")], ...] = ()
    name_keywords: tuple[Words, ...] = ()
    osm_tags: tuple[
        Annotated[str, StringConstraints(pattern=r"^[^=&]+=[^=&]+( & [^=&]+=[^=&]+)*$")], ...
    ] = ()
    source: Words
    tag: Tag


class FacilityFile(Record):
    """A file of facility types."""

    source: Words
    tag: Tag
    types: dict[str, FacilityType]


class CatalogueEntry(Record):
    """What a catalogue says of one facility type.

    Parameters
    ----------
    facility_type
        The type's id.
    tier_min
        The minutes within which it is asked for.
    standard_m
        The walked metres the standard allows; ``None`` where it gives none.
    is_required
        Whether it belongs to the full set.
    group
        The people it is asked for.
    min_people
        The people a town must have before it is asked for.
    building_min_m2, building_max_m2, land_min_m2, land_max_m2
        The size of one facility, where the standard gives it.
    name_in_source
        What the source calls it.
    source, tag
        Where the tier and the requirement come from and how sure they are.
    standard_source, standard_tag
        The same of ``standard_m``, where it differs.
    people_source, people_tag
        The same of ``min_people``, where it differs.
    note
        What a planner should know.
    """

    facility_type: Words
    tier_min: Positive
    standard_m: Positive | None = None
    is_required: bool
    group: Group = "everyone"
    min_people: Size = 0
    building_min_m2: Size | None = None
    building_max_m2: Size | None = None
    land_min_m2: Size | None = None
    land_max_m2: Size | None = None
    name_in_source: str = ""
    source: Words
    tag: Tag
    standard_source: str = ""
    standard_tag: Tag | None = None
    people_source: str = ""
    people_tag: Tag | None = None
    note: str = ""


class Catalogue(Record):
    """Which facility types a life circle asks for, within how many minutes and for whom.

    Parameters
    ----------
    name
        Its id.
    name_zh, name_en
        Its names.
    source, tag
        Where it comes from and how sure it is.
    note
        What is not in it, and why.
    entries
        One per facility type.
    """

    name: Words
    name_zh: Words
    name_en: Words
    source: Words
    tag: Tag
    note: str = ""
    entries: tuple[CatalogueEntry, ...]

    @model_validator(mode="after")
    def _each_type_once(self) -> Catalogue:
        if not self.entries:
            raise PydanticCustomError("no_entries", "no entries")
        named = [entry.facility_type for entry in self.entries]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise PydanticCustomError("named_twice", "named twice: {names}", {"names": ", ".join(twice)})
        return self


class Walker(Record):
    """A walker: how fast on the flat and on slopes, what crossings cost, and whether steps can be used.

    Parameters
    ----------
    walker
        The walker's id.
    name_zh, name_en
        The walker's names.
    speed_km_h
        Speed on the flat.
    can_use_steps
        Whether steps can be used.
    slope
        How speed answers to slope: ``none``, or ``tobler``, which makes ways there and back differ.
    signal_delay_s
        Seconds waited at each declared crossing with a signal.
    crossing_delay_s
        Seconds waited at each other declared crossing.
    source, tag
        Where the speed comes from and how sure it is.
    note
        What else is to be known.

    Examples
    --------
    >>> Walker(walker="me", name_zh="me", name_en="me", speed_km_h=3.6, source="own", tag="P").speed_m_min
    60.0
    """

    walker: Words
    name_zh: Words
    name_en: Words
    speed_km_h: Positive
    can_use_steps: bool = True
    slope: Literal["none", "tobler"] = "none"
    signal_delay_s: Size = 0
    crossing_delay_s: Size = 0
    source: Words
    tag: Tag
    note: str = ""

    @property
    def speed_m_min(self) -> float:
        """Metres walked in a minute on the flat."""
        return km_h_to_m_min(self.speed_km_h)

    @property
    def is_steady(self) -> bool:
        """Whether every metre takes the same time, either way."""
        return self.slope == "none" and self.signal_delay_s == 0 and self.crossing_delay_s == 0


class SlopeResponse(Record):
    """How walking speed answers to slope: ``f(S) = exp(-rate |S + ease_share|)``, up to a factor.

    Parameters
    ----------
    rate
        How fast the speed falls.
    ease_share
        The fall, in metres a metre, at which one walks fastest.
    source, tag
        Where the figures come from and how sure they are.

    """

    rate: Size
    ease_share: Size
    source: Words
    tag: Tag


class WalkerFile(Record):
    """A file of walkers."""

    source: Words
    tag: Tag
    walkers: dict[str, Walker]
    slopes: dict[str, SlopeResponse] = {}


class LandClass(Record):
    """A class of a code scheme of land use.

    Parameters
    ----------
    code
        Its code; the same digits mean other things in other schemes.
    name_zh, name_en
        Its names; the English one is this library's own.
    group
        This library's own grouping.
    survey_class
        Agricultural, construction or unused land (third national land survey only).
    ydyh2023_code, ydyh2023_tag
        The default class of the 2023 scheme and how sure it is; empty where it needs context.
    source, tag
        Where code and name come from and how sure they are.
    """

    code: Annotated[str, StringConstraints(pattern=r"^(\d{2,6}[A-Z]?\d?[A-Z]?|[a-z_]+)$")]
    name_zh: Words
    name_en: Words
    group: Words
    survey_class: Literal["agricultural", "construction", "unused"] | None = None
    ydyh2023_code: str | None = None
    ydyh2023_tag: Tag | None = None
    source: Words
    tag: Tag


class LandFile(Record):
    """A file of land classes, by code."""

    classes: dict[str, LandClass]


class Label(Record):
    """What a value is called in Chinese and English."""

    zh: Words
    en: Words


class LabelFile(Record):
    """What values are called: kind, value, label."""

    source: Words
    tag: Tag
    labels: dict[str, dict[str, Label]]


class NameFile(Record):
    """Other names of layers, columns and values, in order of preference.

    Parameters
    ----------
    layers
        Layer, then its other names.
    columns
        Layer (``any`` for all), column, then its other names.
    values
        Layer (``any`` for all), column (``yes_no`` for all yes/no columns), value, then its other words.
    source, tag
        Where the names come from and how sure they are.
    """

    source: Words
    tag: Tag
    layers: dict[str, tuple[Words, ...]]
    columns: dict[str, dict[str, tuple[Words, ...]]]
    values: dict[str, dict[str, dict[str, tuple[Words, ...]]]]
