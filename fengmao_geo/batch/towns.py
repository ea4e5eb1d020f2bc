"""Which towns a batch is of, what each is called, and what its results depend on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fengmao_geo.batch.names import safe_id
from fengmao_geo.errors import UsageError
from fengmao_geo.export.run_record import input_hashes, versions
from fengmao_geo.export.space_files import REVIEW
from fengmao_geo.town.town_file import TOWN_FILE, read_town_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fengmao_geo.messages import Lang

__all__ = ["PHOTOS", "BatchOptions", "find_towns", "town_key"]

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


def _placed(name: str) -> str:
    return str(Path(name).resolve()) if name.endswith(".toml") else name


def find_towns(paths: Iterable[str | Path]) -> tuple[dict[str, Path], list[Path]]:
    """Find the towns that are named, and what each is called in the results.

    Parameters
    ----------
    paths
        Folders of towns, their ``town.toml`` files, and folders that hold folders of towns.

    Returns
    -------
    towns : dict of str to Path
        The file of each town by its id, the safe name of its folder; in the order of the ids.
    left_out : list of Path
        Folders beside towns that hold no ``town.toml``.

    Raises
    ------
    UsageError
        If a path is no town and holds none, if two towns would have the same id, or if there is none at all.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_folder
    >>> list(find_towns([sample_folder()])[0])
    ['shuixiang']
    """
    found: dict[str, Path] = {}
    taken: dict[str, Path] = {}
    left_out: list[Path] = []
    for path in paths:
        files, others = _town_files(Path(path))
        left_out += others
        for file in files:
            town_id = safe_id(file.parent.name) or "town"
            # Some systems tell no capitals apart.
            one = taken.setdefault(town_id.casefold(), file)
            if one != file:
                raise UsageError("batch_clash", town_id=town_id, one=str(one), other=str(file))
            found[town_id] = file
    if not found:
        raise UsageError("batch_no_towns")
    return dict(sorted(found.items())), left_out


def _town_files(path: Path) -> tuple[list[Path], list[Path]]:
    path = path.resolve()
    if path.is_file():
        return [path], []
    if (path / TOWN_FILE).is_file():
        return [path / TOWN_FILE], []
    inside = sorted(one for one in path.glob("*") if one.is_dir() and not one.name.startswith("."))
    files = [one / TOWN_FILE for one in inside if (one / TOWN_FILE).is_file()]
    if not files:
        raise UsageError("batch_town_path", path=str(path))
    return files, [one for one in inside if not (one / TOWN_FILE).is_file()]


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
