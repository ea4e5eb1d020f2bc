"""Files of planning knowledge: read, checked, and refused with every fault named at once."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from fengmao_geo.errors import StandardError, UnknownNameError
from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.names import shared_names
from fengmao_geo.standards.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

__all__ = [
    "Faults",
    "fault_error",
    "keyed",
    "own_file",
    "read_entries",
    "read_record",
    "read_toml",
    "refuse_shared",
    "shipped",
]

Fault = tuple[str, dict[str, Any]]

_Read = TypeVar("_Read", bound=Record)

#: What names an entry of a list, so that a fault is not told by its number alone.
_NAMES = ("facility_type", "name", "code")


class Faults:
    """Faults that write themselves in the language that a message asks for: ``{faults:zh}``.

    Parameters
    ----------
    faults
        Each fault's name in the group ``standard`` of ``messages.toml``, and what it names in braces.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults

    def __format__(self, lang: str) -> str:
        shown = "en" if lang == "en" else "zh"
        return "".join(f"\n- {text(f'standard.{key}', lang=shown, **values)}" for key, values in self.faults)  # type: ignore[arg-type]  # one of the two


def fault_error(path: Path | Traversable, faults: Sequence[Fault]) -> StandardError:
    """Make the one error that lists what is wrong with a file.

    Parameters
    ----------
    path
        The file.
    faults
        What is wrong with it.

    Returns
    -------
    StandardError
        To be raised.
    """
    return StandardError("standard_file", file=str(path), faults=Faults(faults))


def shipped(*parts: str) -> Traversable:
    """Find a file that comes with the library.

    Parameters
    ----------
    *parts
        Folders and name below ``standards``.

    Returns
    -------
    Traversable
        The file.
    """
    return files("fengmao_geo.standards").joinpath(*parts)


def own_file(which: str | Path, known: Iterable[str]) -> Path:
    """Take a name that is not shipped as the path of a TOML file.

    Parameters
    ----------
    which
        What the user named.
    known
        Names that are shipped.

    Returns
    -------
    Path
        The user's file.

    Raises
    ------
    UnknownNameError
        If it is neither; it lists the names there are.
    """
    path = Path(which)
    if isinstance(which, str) and path.suffix.casefold() != ".toml":
        raise UnknownNameError("unknown_standard", name=which, known=", ".join(known))
    return path


def read_toml(path: Path | Traversable) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    StandardError
        If it cannot be read, is not UTF-8 or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as reason:
        raise fault_error(path, [("unreadable", {"reason": reason.strerror or str(reason)})]) from reason
    except UnicodeDecodeError as reason:
        raise fault_error(path, [("not_utf8", {"reason": reason.reason})]) from reason
    except tomllib.TOMLDecodeError as reason:
        raise fault_error(path, [("not_toml", {"reason": str(reason)})]) from reason


def keyed(raw: Mapping[str, Any], table: str, field: str) -> dict[str, Any]:
    """Give every entry of a table of entries its own key as a field.

    Parameters
    ----------
    raw
        A file's content.
    table
        The table whose entries are given a field.
    field
        The field's name.

    Returns
    -------
    dict
        The content with that field.
    """
    entries = raw.get(table)
    if not isinstance(entries, dict):
        return dict(raw)
    return {
        **raw,
        table: {key: {field: key, **of} if isinstance(of, dict) else of for key, of in entries.items()},
    }


def read_record(path: Path | Traversable, kind: type[_Read], raw: Mapping[str, Any]) -> _Read:
    """Read a file's content into its record.

    Parameters
    ----------
    path
        The file, for the message.
    kind
        What it is to be read as.
    raw
        Its content.

    Returns
    -------
    record
        An object of that kind.

    Raises
    ------
    StandardError
        If anything in it is wrong; it names file, entry, field and remedy of every fault at once.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as reason:
        raise fault_error(path, [_fault(raw, dict(error)) for error in reason.errors()]) from None


def read_entries(path: Path | Traversable, kind: type[Record], table: str, field: str) -> dict[str, Any]:
    """Read a file that is one table of entries, each under its own id.

    Parameters
    ----------
    path
        The file.
    kind
        What the whole of it is to be read as.
    table
        The table of entries.
    field
        The entries' field that holds their id.

    Returns
    -------
    dict
        Id, then the entry.

    Raises
    ------
    StandardError
        If anything in it is wrong, or an entry says another id than it stands under.
    """
    entries: dict[str, Any] = getattr(read_record(path, kind, keyed(read_toml(path), table, field)), table)
    renamed = [key for key, entry in entries.items() if getattr(entry, field) != key]
    if renamed:
        raise fault_error(path, [("own_id", {"place": f"{table}.{key}"}) for key in renamed])
    return entries


def refuse_shared(path: Path | Traversable, entry: str, names: Mapping[str, Iterable[str]]) -> None:
    """Refuse names that would mean two things.

    Parameters
    ----------
    path
        The file, for the message.
    entry
        What the names are of.
    names
        By meaning, the names it has.

    Raises
    ------
    StandardError
        If a name does; it lists every such name.
    """
    if shared := shared_names(names):
        raise fault_error(path, [("shared", {"entry": entry, "field": name}) for name in shared])


def _fault(raw: Mapping[str, Any], error: Mapping[str, Any]) -> Fault:
    key = error["type"] if has_text(f"standard.{error['type']}") else "value"
    values = {
        "place": ".".join(_place(raw, error["loc"])),
        "found": str(error["input"])[:60],
        "reason": error["msg"],
    }
    return key, {**error.get("ctx", {}), **values}


def _place(raw: object, loc: Sequence[str | int]) -> list[str]:
    """Name where a fault is; an entry of a list by its name and its number from one."""
    place: list[str] = []
    for part in loc:
        raw = _inside(raw, part)
        name = next((raw[name] for name in _NAMES if isinstance(raw, dict) and name in raw), "")
        place.append(str(part) if isinstance(part, str) else f"{part + 1} {name}".strip())
    return place


def _inside(raw: object, part: str | int) -> object:
    if isinstance(raw, dict):
        return raw.get(part)
    return raw[part] if isinstance(raw, list) and isinstance(part, int) and part < len(raw) else None
