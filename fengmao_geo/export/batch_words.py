"""What is said of the towns of a batch: their figures, their boundaries, why one failed and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fengmao_geo.errors import FengmaoError, NetworkError, TownError
from fengmao_geo.export.indicator_words import layer_words
from fengmao_geo.export.sheet_cells import unit_name, written
from fengmao_geo.messages import sentence, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fengmao_geo.messages import Lang
    from fengmao_geo.standards.batch import Headline

__all__ = ["Reason", "boundary_words", "fault_words", "reason_words", "value_words"]

#: So many faults of a town are told; its own check lists them all.
_FAULTS = 5


class Reason(NamedTuple):
    """Why a town failed.

    Parameters
    ----------
    found
        What happened.
    remedy
        What to do.
    """

    found: str
    remedy: str


def fault_words(fault: FengmaoError, *, lang: Lang = "zh") -> str:
    """Write an error with a line for each thing that is wrong, however many layers it is said of.

    Parameters
    ----------
    fault
        The error.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its message and the lines, each with the names of its layers.

    Examples
    --------
    >>> from fengmao_geo.findings import Finding, findings_table
    >>> found = findings_table([Finding("layer_missing", "buildings"), Finding("layer_missing", "streets")])
    >>> fault_words(TownError("town_faults", found, count=2), lang="en").splitlines()[1].split(":")[0]
    '- Buildings, Streets'
    """
    if not isinstance(fault, TownError | NetworkError):
        return fault.text(lang=lang)
    wrong = fault.findings[fault.findings["severity"] == "error"]
    columns = (wrong[name] for name in ("layer", "feature_id", "column", "code", "values"))
    layers: dict[tuple[str, str], list[str]] = {}
    for layer, feature, column, code, values in zip(*columns, strict=True):
        place = "".join(f" {part}" for part in (feature, column) if part)
        layers.setdefault((place, sentence(code, values, lang=lang)), []).append(
            layer_words(layer, lang=lang)
        )
    mark = text("label.list_mark", lang=lang)
    lines = [f"- {mark.join(names)}{place}: {said}" for (place, said), names in layers.items()]
    return "\n".join([text(f"error.{fault.key}", lang=lang, **fault.values), *lines])


def reason_words(town: Mapping[Any, Any], *, lang: Lang = "zh", folder: Path | None = None) -> Reason:
    """Say why a town failed, and what to do.

    Parameters
    ----------
    town
        A row of the table ``batch_towns``.
    lang
        ``zh`` or ``en``.
    folder
        Where the town's data lie, for the command that looks at them; its id if it is left out, as in files,
        which are the same wherever the data lie.

    Returns
    -------
    Reason
        The words; empty of a town that is done.

    Examples
    --------
    >>> late = {"town_id": "lake", "reason": "timeout", "reason_values": {"limit_min": 60}}
    >>> reason_words(late, lang="en").found
    'not done after 60 minutes'
    >>> reason_words(late | {"reason": ""}).found
    ''
    """
    if not town["reason"]:
        return Reason("", "")
    values = dict(town["reason_values"])
    if lang in values:
        # Faults of the data were told in both languages where they were found.
        first, *rest = str(values[lang]).splitlines()
        more = [text("batch.more", lang=lang, count=len(rest) - _FAULTS)] if len(rest) > _FAULTS else []
        values = {"faults": "\n".join([first, *rest[:_FAULTS], *more])}
    key = f"batch.reason.{town['reason']}"
    check = f'fengmao check "{folder or town["town_id"]}"'
    return Reason(text(f"{key}.found", lang=lang, **values), text(f"{key}.remedy", lang=lang, check=check))


def value_words(value: float | None, headline: Headline, *, lang: Lang = "zh") -> str:
    """Write a figure as people read it, with its unit.

    Parameters
    ----------
    value
        The figure; ``None`` where it is not known.
    headline
        What it is of.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The words.

    Examples
    --------
    >>> from fengmao_geo.standards.batch import headlines
    >>> area = headlines()[1]
    >>> value_words(12.345, area, lang="en"), value_words(None, area, lang="en")
    ('12.35 ha', 'not enough data')
    """
    told = written(value, headline.unit, lang=lang)
    unit = unit_name(headline.unit, lang=lang)
    if told.mood or unit == "%" or not unit:
        return told.shown
    return f"{told.shown} {unit}"


def boundary_words(town: Mapping[Any, Any], *, lang: Lang = "zh") -> str:
    """Say what a town's figures are of: its boundary, and the date of its data.

    Parameters
    ----------
    town
        A row of the table ``batch_towns``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        The words, which say so where either is not stated.

    Examples
    --------
    >>> boundary_words({"boundary": "actual 2024", "data_on": ""}, lang="en")
    'boundary: actual 2024 · data as of: not known'
    """
    unknown = text("label.unknown", lang=lang)
    parts = {"boundary_of": town["boundary"], "data_of": town["data_on"]}
    return " · ".join(text(f"batch.{key}", lang=lang, value=value or unknown) for key, value in parts.items())
