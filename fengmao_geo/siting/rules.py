"""What a planner says beforehand of the choice: limits, what must be there, weights, stated values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from fengmao_geo.errors import StandardError, TownError, UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.messages import Lang, text
from fengmao_geo.siting.faults import absent_places, asked_faults
from fengmao_geo.standards.files import Faults, read_record
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.records import Group, Positive, Record, Size, Words
from fengmao_geo.standards.uses import uses as read_uses
from fengmao_geo.town.town_file import TOWN_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.standards.uses import Use
    from fengmao_geo.town.town import Town

    Said = tuple[str, Mapping[str, object]]
__all__ = ["SiteBound", "SiteRules", "SiteSettings", "site_findings", "site_settings"]

_LANGUAGES: tuple[Lang, ...] = ("zh", "en")

_Whole = Annotated[int, Field(ge=0)]
_Fixed = Words | tuple[Words, Words]


class SiteBound(Record):
    """How many sites of one sort there may be at most, or must be at least.

    Parameters
    ----------
    use, facility_type, block_id
        Which sites: of this use, supplying this facility type, in this block; those not stated are any.
    count
        How many.
    """

    use: Words | None = None
    facility_type: Words | None = None
    block_id: Words | None = None
    count: _Whole

    @property
    def what(self) -> str:
        """The sites it is about, by their ids."""
        return " / ".join(name for name in (self.block_id, self.use, self.facility_type) if name)

    def applies(self, options: pd.DataFrame, supplies: Mapping[str, tuple[str, ...]]) -> NDArray[np.bool_]:
        """Say which options it is about.

        Parameters
        ----------
        options
            What may be built: ``use, block_id``.
        supplies
            The facility types that each use supplies.

        Returns
        -------
        array of bool, shape ``(n,)``
            True for those.
        """
        is_of = np.ones(len(options), dtype=bool)
        if self.use is not None:
            is_of &= (options["use"] == self.use).to_numpy(dtype=bool)
        if self.block_id is not None:
            is_of &= (options["block_id"] == self.block_id).to_numpy(dtype=bool)
        if self.facility_type is not None:
            is_of &= np.array([self.facility_type in supplies[use] for use in options["use"]], dtype=bool)
        return is_of

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.use is None and self.facility_type is None and self.block_id is None:
            raise PydanticCustomError("bound_empty", "state a use, a facility type or a block")
        return self


class SiteRules(Record):
    """What a planner says beforehand of the choice; also the table ``[site_rules]`` of a town's file.

    Parameters
    ----------
    uses_file, controls_file
        Files of the user's own, of what a space can become and what controls do.
    uses
        Uses allowed; all by default.
    limits, require
        How many sites of a sort there may be at most, and must be at least.
    fixed_in
        Spaces that must be used, each by its id or with its use.
    fixed_out
        Spaces that must not be used, each by its id or with the use it must not have.
    type_weights, group_weights
        How much somebody newly served counts, by facility type and by group of people; 1 by default.
    values_people
        What a site of a use is worth in itself, in people newly served: for uses that residents' demand does
        not measure.
    capacity_people
        How many people one site serves at most, by facility type.
    standing_capacity_types
        Facility types of which what stands is full once its ``capacity_count`` is, so that new sites may
        serve whoever is left: types where everybody needs a place of their own. By default those of
        ``capacity_people``. Of all others what stands serves whoever reaches it, as in life circles: the
        stalls of a market or the beds of a hospital are no number of people.
    alternatives_count
        How many next-best programmes are looked for.
    time_limit_min
        How long each search for one goes on.
    gap_share
        By what share a better programme may be missed; 0 goes on until none is.

    Examples
    --------
    >>> SiteRules(fixed_in=("s1", ("s2", "car_park"))).fixed_in
    ('s1', ('s2', 'car_park'))
    """

    uses_file: Path | None = None
    controls_file: Path | None = None
    uses: tuple[Words, ...] | None = None
    limits: tuple[SiteBound, ...] = ()
    require: tuple[SiteBound, ...] = ()
    fixed_in: tuple[_Fixed, ...] = ()
    fixed_out: tuple[_Fixed, ...] = ()
    type_weights: dict[Words, Size] = Field(default_factory=dict)
    group_weights: dict[Group, Size] = Field(default_factory=dict)
    values_people: dict[Words, Size] = Field(default_factory=dict)
    capacity_people: dict[Words, Positive] = Field(default_factory=dict)
    standing_capacity_types: tuple[Words, ...] | None = None
    alternatives_count: _Whole = 3
    time_limit_min: Positive = 1.0
    gap_share: Size = 0.0

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, file: str | Path = "town.toml") -> Self:
        """Read the rules from a table of a TOML file.

        Parameters
        ----------
        table
            The content of ``[site_rules]``.
        file
            The file it stands in, for the message; paths in it are read from its folder.

        Returns
        -------
        SiteRules
            The rules.

        Raises
        ------
        StandardError
            If anything in it is wrong; it names every fault at once.

        Examples
        --------
        >>> SiteRules.from_table({"require": [{"use": "pocket_park", "count": 1}]}).require[0].count
        1
        """
        path = Path(file)
        near = {
            name: path.parent / table[name]
            for name in ("uses_file", "controls_file")
            if isinstance(table.get(name), str)
        }
        return read_record(path, cls, {**table, **near})

    @property
    def standing_types(self) -> tuple[str, ...]:
        """The facility types of which the capacities of what stands count."""
        named = self.standing_capacity_types
        return tuple(self.capacity_people) if named is None else named

    def known_uses(self) -> dict[str, Use]:
        """Read the uses that a space can have: the user's own, or the shipped ones.

        Returns
        -------
        dict
            Id, then the use.
        """
        return read_uses(self.uses_file)

    @field_validator("uses_file")
    @classmethod
    def _is_readable(cls, path: Path | None) -> Path | None:
        if path is not None:
            try:
                read_uses(path)
            except StandardError as reason:
                raise PydanticCustomError("own_uses", "{why}", {"why": str(reason)}) from None
        return path

    @field_validator("uses", "limits", "require", "fixed_in", "fixed_out", "values_people")
    @classmethod
    def _uses_are_known(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401  one of several kinds of field
        # Where the file of uses is at fault, nobody knows which there are.
        if "uses_file" in info.data:
            names = _uses_in(str(info.field_name), value or ())
            _refuse_unknown("rules_use", names, read_uses(info.data["uses_file"]))
        return value

    @field_validator("limits", "require", "type_weights", "capacity_people", "standing_capacity_types")
    @classmethod
    def _types_are_known(cls, value: Any) -> Any:  # noqa: ANN401  one of several kinds of field
        _refuse_unknown("rules_type", _types_in(value or ()), facility_types())
        return value


class SiteSettings(SiteRules):
    """The whole of a choice as a town's file says it: its rules, and what `choose_sites` is asked.

    Parameters
    ----------
    uses_file, controls_file, uses, limits, require, fixed_in, fixed_out
        As `SiteRules` has them.
    type_weights, group_weights, values_people, capacity_people, standing_capacity_types
        As `SiteRules` has them.
    alternatives_count, time_limit_min, gap_share
        As `SiteRules` has them.
    budget_wan, count, objective
        As `choose_sites` takes them.
    """

    budget_wan: Size | None = None
    count: _Whole | None = None
    objective: Literal["people", "everyone", "fairest"] = "people"


def site_settings(town: Town, *, asked: Mapping[str, Any] | None = None) -> SiteSettings:
    """Read how sites are to be chosen from the table ``[site_rules]`` of a town's file.

    Parameters
    ----------
    town
        The town.
    asked
        ``budget_wan, count, objective``, where they are asked for otherwise than in the file.

    Returns
    -------
    SiteSettings
        Its rules, budget, count and objective; what is not stated is as `choose_sites` has it.

    Raises
    ------
    TownError
        If anything in the table is wrong; it carries a finding for each fault.
    UsageError
        If what is asked for means nothing.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> site_settings(sample_town()).objective
    'people'
    >>> site_settings(sample_town(), asked={"count": 3}).count
    3
    """
    asked = asked or {}
    if faults := asked_faults(**asked):
        raise UsageError("site_asked", faults=Faults(faults))
    try:
        return SiteSettings.from_table({**town.settings.site_rules, **asked}, file=TOWN_FILE)
    except StandardError as error:
        found = findings_table(_finding(*fault) for fault in error.values["faults"].faults)  # type: ignore[attr-defined]  # what `fault_error` puts there
        raise TownError("town_faults", found, count=len(found), name=town.name) from None


def site_findings(town: Town, spaces: gpd.GeoDataFrame) -> pd.DataFrame:
    """List what is wrong with how a town's file wants sites chosen.

    Parameters
    ----------
    town
        The town.
    spaces
        The table ``spaces``.

    Returns
    -------
    DataFrame
        The table ``findings``: values that are not allowed, or else spaces and blocks that are not there.
    """
    try:
        absent = absent_places(site_settings(town), town, spaces)
    except TownError as error:
        return error.findings
    return findings_table(_finding(*fault) for fault in absent)


def _finding(code: str, values: Mapping[str, Any]) -> Finding:
    words = {str(lang): text(f"standard.{code}", lang=lang, **values) for lang in _LANGUAGES}
    return Finding("site_rule", TOWN_FILE, column=str(values["place"]), values={"said": words})


def _uses_in(field: str, value: Iterable[Any]) -> list[str]:
    """List the uses that a field names: of a bound, with a space, or alone."""
    if field in ("limits", "require"):
        return [bound.use for bound in value if bound.use]
    if field in ("fixed_in", "fixed_out"):
        return [fixed[1] for fixed in value if isinstance(fixed, tuple)]
    return list(value)


def _types_in(value: Iterable[Any]) -> list[str]:
    names = (part.facility_type if isinstance(part, SiteBound) else part for part in value)
    return [name for name in names if name]


def _refuse_unknown(
    code: Literal["rules_use", "rules_type"], names: Iterable[str], known: Mapping[str, Any]
) -> None:
    if unknown := [name for name in dict.fromkeys(names) if name not in known]:
        raise PydanticCustomError(code, "not known: {names}", {"names": ", ".join(unknown)})
