"""How blocks are scored: weights, targets, floors and the bound of the bonus, shipped or the town's own."""

from __future__ import annotations

from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from fengmao_geo.errors import StandardError, TownError, UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.messages import Lang, text
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.standards.files import fault_error, read_record
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.records import Record, Size, Words
from fengmao_geo.town.town_file import TOWN_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from fengmao_geo.standards.indicators import Indicator
    from fengmao_geo.town.town import Town

    Fault = tuple[str, dict[str, Any]]

__all__ = ["ScoreRules", "score_findings", "score_settings"]

_LANGUAGES: tuple[Lang, ...] = ("zh", "en")

_PARTS = ("weights", "targets", "floors")

#: How many names are offered for one that is not known, and how like it they must be.
_NEAR_COUNT, _NEAR_SHARE = 3, 0.4


def _bonus_cap() -> float:
    return figure_standard("scores").figure("bonus_cap")


class ScoreRules(Record):
    """How blocks are scored; also the table ``[score]`` of a town's file.

    Parameters
    ----------
    weights
        How much an indicator weighs beside the others. A weighting is whole: what it does not name weighs
        nothing. Without one, groups of indicators weigh the same, and within a group its indicators do.
    targets
        The value at which an indicator is attained, in place of the shipped target.
    floors
        The value at which nothing of it is attained, in place of the shipped one.
    bonus_cap
        How many points what is distinctive may add to the 100 at most.

    Examples
    --------
    >>> ScoreRules(targets={"green_rate_share": 0.4}).scored()["green_rate_share"].target
    0.4
    """

    weights: dict[Words, Size] | None = None
    targets: dict[Words, float] = Field(default_factory=dict)
    floors: dict[Words, float] = Field(default_factory=dict)
    bonus_cap: Annotated[float, Field(ge=0, le=100)] = Field(default_factory=_bonus_cap)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the rules from a table of a TOML file.

        Parameters
        ----------
        table
            The content of ``[score]``.

        Returns
        -------
        ScoreRules
            The rules.

        Raises
        ------
        StandardError
            If anything in it is wrong; it names every fault at once.

        Examples
        --------
        >>> ScoreRules.from_table({"bonus_cap": 5}).bonus_cap
        5.0
        """
        path = Path(TOWN_FILE)
        faults = _faults(table)
        try:
            rules = read_record(path, cls, table)
        except StandardError as error:
            faults = [*error.values["faults"].faults, *faults]  # type: ignore[attr-defined]  # what `fault_error` puts there
        if faults:
            raise fault_error(path, faults)
        return rules

    def scored(self) -> dict[str, Indicator]:
        """List the indicators that are scored, with their target and floor, in the order they are shown.

        Returns
        -------
        dict
            Id, then the indicator; one without a target is not among them.
        """
        known = indicator_file().indicators
        mine = {
            name: of.model_copy(
                update={"target": self.targets.get(name, of.target), "floor": self.floors.get(name, of.floor)}
            )
            for name, of in known.items()
        }
        return {name: of for name, of in mine.items() if of.target is not None}

    def points(self) -> dict[str, float]:
        """Share out the 100 points and those of the bonus among the indicators that are scored.

        Returns
        -------
        dict
            Id, then the most it adds, of 100: those that are no bonus have 100 in all, the others the bound
            of the bonus. An indicator without weight has none.

        Examples
        --------
        >>> ScoreRules(weights={"green_rate_share": 2}).points()["green_rate_share"]
        100.0
        """
        of = self.scored()
        base = [name for name in of if not of[name].is_bonus]
        bonus = [name for name in of if of[name].is_bonus]
        shares = self._shares(of, base) | {
            name: share * self.bonus_cap / 100 for name, share in self._shares(of, bonus).items()
        }
        return {name: 100 * shares[name] for name in of}

    def _shares(self, of: Mapping[str, Indicator], names: Sequence[str]) -> dict[str, float]:
        if self.weights is None:
            groups = [of[name].group for name in names]
            return {name: 1 / len(set(groups)) / groups.count(of[name].group) for name in names}
        own = {name: self.weights.get(name, 0.0) for name in names}
        # Divided first, so that weights of any size add up to a number.
        most = max(own.values(), default=0.0) or 1.0
        total = sum(weight / most for weight in own.values()) or 1.0
        return {name: weight / most / total for name, weight in own.items()}


def score_settings(town: Town, *, asked: Mapping[str, Any] | None = None) -> ScoreRules:
    """Read how blocks are scored from the table ``[score]`` of a town's file.

    Parameters
    ----------
    town
        The town.
    asked
        ``weights, targets, floors, bonus_cap``, where they are asked for otherwise than in the file. Weights
        take the place of the file's, targets and floors are added to them.

    Returns
    -------
    ScoreRules
        The weights, targets, floors and bound of the bonus; what is not stated is as shipped.

    Raises
    ------
    TownError
        If anything in the table is wrong; it carries a finding for each fault.
    UsageError
        If what is asked for is; it names every fault.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> score_settings(sample_town()).bonus_cap
    10.0
    >>> score_settings(sample_town(), asked={"bonus_cap": 5}).bonus_cap
    5.0
    """
    own = town.settings.score
    try:
        rules = ScoreRules.from_table(own)
    except StandardError as error:
        faults = error.values["faults"].faults  # type: ignore[attr-defined]  # what `fault_error` puts there
        found = findings_table(_finding(*fault) for fault in faults)
        raise TownError("town_faults", found, count=len(found), name=town.name) from None
    given = {name: value for name, value in (asked or {}).items() if value is not None}
    for name in {"targets", "floors"} & set(given):
        given[name] = {**getattr(rules, name), **given[name]}
    try:
        return ScoreRules.from_table({**own, **given})
    except StandardError as error:
        raise UsageError("score_asked", faults=error.values["faults"]) from None


def score_findings(town: Town) -> pd.DataFrame:
    """List what is wrong with how a town's file wants blocks scored.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    DataFrame
        The table ``findings``; empty where nothing is.
    """
    try:
        score_settings(town)
    except TownError as error:
        return error.findings
    return findings_table([])


def _finding(code: str, values: Mapping[str, Any]) -> Finding:
    words = {str(lang): text(f"standard.{code}", lang=lang, **values) for lang in _LANGUAGES}
    return Finding("score_rule", TOWN_FILE, column=str(values["place"]), values={"said": words})


def _faults(table: Mapping[str, Any]) -> list[Fault]:
    """List what means nothing among the names and numbers of a table, leaving alone what is no number."""
    parts = {name: table[name] for name in _PARTS if isinstance(table.get(name), dict)}
    known = indicator_file().indicators
    faults: list[Fault] = [
        ("score_indicator", {"place": f"{part}.{name}", "near": _near(str(name))})
        for part, values in parts.items()
        for name in values
        if name not in known
    ]
    weights, targets, floors = (
        {name: value for name, value in parts.get(part, {}).items() if name in known and _is_number(value)}
        for part in _PARTS
    )
    faults += _target_faults(targets, floors)
    return faults if "weights" not in parts else faults + _weight_faults(weights, targets)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _target_faults(targets: Mapping[str, float], floors: Mapping[str, float]) -> list[Fault]:
    """List targets and floors on the wrong side, without the other, or where neither way is better."""
    faults: list[Fault] = []
    for name in dict.fromkeys([*targets, *floors]):
        of = indicator_file().indicators[name]
        place = f"{'targets' if name in targets else 'floors'}.{name}"
        target, floor = targets.get(name, of.target), floors.get(name, of.worst)
        if of.direction == "none":
            faults.append(("score_direction", {"place": place}))
        elif target is None:
            faults.append(("score_floor", {"place": place}))
        elif target == floor or (of.direction == "more") != (floor < target):
            faults.append((f"score_{of.direction}", {"place": place, "target": target, "floor": floor}))
    return faults


def _weight_faults(weights: Mapping[str, float], targets: Mapping[str, float]) -> list[Fault]:
    """List weights of what has no target, and say if nothing that counts has any weight."""
    known = indicator_file().indicators
    weighed = [name for name, weight in weights.items() if weight > 0]
    faults: list[Fault] = [
        ("score_target", {"place": f"weights.{name}"})
        for name in weighed
        if known[name].target is None and name not in targets
    ]
    if all(known[name].is_bonus for name in weighed):
        faults.append(("score_nothing", {"place": "weights"}))
    return faults


def _near(name: str) -> str:
    """Name the indicators that are called most like this, by their ids."""
    called = {
        word: known
        for known, of in reversed(indicator_file().indicators.items())
        for word in (of.name_en, of.name_zh, known)
    }
    alike = get_close_matches(name, called, n=_NEAR_COUNT, cutoff=_NEAR_SHARE) or list(called)
    ids = list(dict.fromkeys(called[word] for word in alike))[:_NEAR_COUNT]
    return ", ".join(ids)
