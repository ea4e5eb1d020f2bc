"""Which towns a batch is of, what each is called, and what its results depend on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fengmao_geo.batch.names import safe_id
from fengmao_geo.errors import FengmaoError, UsageError
from fengmao_geo.export.run_record import input_hashes, versions
from fengmao_geo.export.space_files import REVIEW
from fengmao_geo.standards.load import catalogue, walker
from fengmao_geo.town.town_file import TOWN_FILE, read_town_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fengmao_geo.messages import Lang

__all__ = ["PHOTOS", "BatchOptions", "NamedTowns", "find_towns", "town_key"]

#: Pictures of spaces, beside the town's file.
PHOTOS = "photos"


@dataclass(frozen=True)
class BatchOptions:
    """What the same study of every town is asked for.

    Parameters
    ----------
    catalogue
        What is asked for within how many minutes: a name, or the path of a TOML file.
    walker
        Who walks: a name, or the path of a TOML file.
    lang
        The language of what is written: ``zh`` or ``en``.
    """

    catalogue: str = "township"
    walker: str = "standard"
    lang: Lang = "zh"

    def placed(self) -> BatchOptions:
        """Name files by their whole paths, as workers elsewhere stand in other folders.

        Returns
        -------
        BatchOptions
            The same options.
        """
        return BatchOptions(_placed(self.catalogue), _placed(self.walker), self.lang)

    def faults(self) -> list[FengmaoError]:
        """Look whether there are such a catalogue, walker and language, before any town is begun.

        Returns
        -------
        list of FengmaoError
            What is wrong.
        """
        found: list[FengmaoError] = []
        if self.lang not in ("zh", "en"):
            found.append(UsageError("lang", value=self.lang))
        for load, name in ((catalogue, self.catalogue), (walker, self.walker)):
            try:
                load(name)
            except FengmaoError as fault:
                found.append(fault)
        return found


def _placed(name: str | Path) -> str:
    return str(Path(name).resolve()) if str(name).endswith(".toml") else str(name)


class NamedTowns(NamedTuple):
    """The towns that paths name.

    Parameters
    ----------
    files
        The file of each town by its id, the safe name of its folder; in the order of the ids.
    left_out
        Folders beside towns that hold no ``town.toml``, and how many towns lie directly below each.
    faults
        What is wrong: a path that is no town and holds none, two towns of one id, no town at all.
    """

    files: dict[str, Path]
    left_out: dict[Path, int]
    faults: list[UsageError]


def find_towns(paths: Iterable[str | Path]) -> NamedTowns:
    """Find the towns that are named, and what each is called in the results.

    Parameters
    ----------
    paths
        Folders of towns, their ``town.toml`` files, and folders that hold folders of towns directly.

    Returns
    -------
    NamedTowns
        The towns, what was left out and what is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_folder
    >>> list(find_towns([sample_folder()]).files)
    ['shuixiang']
    >>> [fault.key for fault in find_towns([]).faults]
    ['batch_no_towns']
    """
    found = NamedTowns({}, {}, [])
    taken: dict[str, Path] = {}
    for path in (Path(one).resolve() for one in paths):
        files, others = _town_files(path)
        if not files:
            count = sum(others.values())
            key = "batch_town_deeper" if count else "batch_town_path"
            found.faults.append(UsageError(key, path=str(path), count=count))
            continue
        found.left_out.update(others)
        for file in files:
            town_id = safe_id(file.parent.name) or "town"
            # Some systems tell no capitals apart.
            one = taken.setdefault(town_id.casefold(), file)
            if one != file:
                found.faults.append(UsageError("batch_clash", town_id=town_id, one=str(one), other=str(file)))
            found.files[town_id] = file
    if not found.files and not found.faults:
        found.faults.append(UsageError("batch_no_towns"))
    return found._replace(files=dict(sorted(found.files.items())))


def _town_files(path: Path) -> tuple[list[Path], dict[Path, int]]:
    """List the towns of a path, and for each other folder in it how many towns lie directly below."""
    if path.is_file():
        return [path], {}
    if (path / TOWN_FILE).is_file():
        return [path / TOWN_FILE], {}
    inside = sorted(one for one in path.glob("*") if one.is_dir() and not one.name.startswith("."))
    files = [one / TOWN_FILE for one in inside if (one / TOWN_FILE).is_file()]
    others = [one for one in inside if not (one / TOWN_FILE).is_file()]
    return files, {one: len(list(one.glob(f"*/{TOWN_FILE}"))) for one in others}


def town_key(file: Path, options: BatchOptions) -> str:
    """Sum up all that a town's results depend on: its files, what is asked, and the versions at work.

    Parameters
    ----------
    file
        The town's file.
    options
        What is asked for.

    Returns
    -------
    str
        Hexadecimal digits: the same exactly when a new run would give the same files.

    Raises
    ------
    TownError
        If the town's file cannot be read.
    OSError
        If a file cannot be read.
    """
    asked = {name: _summed(str(value)) for name, value in asdict(options).items()}
    told = {"inputs": input_hashes(file), "beside": _beside(file), "asked": asked, "versions": versions()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _summed(value: str) -> str:
    """Stand for a file by what is in it."""
    return _sha256(Path(value)) if value.endswith(".toml") and Path(value).is_file() else value


def _beside(file: Path) -> dict[str, str]:
    """Sum up what is read besides the layers: decisions on site, pictures, files that rules name."""
    described = read_town_file(file)
    rules: dict[str, Any] = {**described.site_rules, **described.score}
    named = [value for name, value in rules.items() if name.endswith("_file") and isinstance(value, str)]
    files = [file.parent / name for name in (REVIEW, *named)]
    files += sorted((file.parent / PHOTOS).glob("*"))
    there = [one for one in files if one.is_file()]
    inside = {one: one.is_relative_to(file.parent) for one in there}
    return {
        one.relative_to(file.parent).as_posix() if inside[one] else one.name: _sha256(one) for one in there
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
