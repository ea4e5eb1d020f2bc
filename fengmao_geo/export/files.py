"""A file is written whole or not at all, and files that belong together are renamed together."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write_all_whole", "write_folder_whole", "write_whole"]


def write_whole(path: str | Path, content: str | bytes) -> Path:
    """Write a file so that nobody ever meets half of it.

    It is written beside its target, brought to the disk and renamed; if that fails, what was there stays.

    Parameters
    ----------
    path
        Where to write; its folder must exist.
    content
        Text, written as UTF-8 with its line ends as they are, or bytes.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    OSError
        If the folder is missing, the disk is full or writing is not allowed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "page.html", "text").read_text(encoding="utf-8")
    'text'
    """
    target = Path(path)
    write_all_whole({target: content.encode("utf-8") if isinstance(content, str) else content})
    return target


def write_all_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: all are brought to the disk before the first is renamed.

    If that fails, or is interrupted, what was there before stands there again: of no two files one is new and
    the other old.

    Parameters
    ----------
    contents
        What to write, by where; the folders must exist.

    Raises
    ------
    OSError
        If a folder is missing, the disk is full or writing is not allowed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_all_whole({Path(folder) / "a": b"1", Path(folder) / "b": b"2"})
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['a', 'b']
    """
    beside = {target: _beside(target, "part") for target in contents}
    there = {target for target in contents if target.exists()}
    # One file alone gives way in one step.
    older = {target: _beside(target, "old") for target in there if len(contents) > 1}
    try:
        for target, content in contents.items():
            _write(beside[target], content)
        for target, part in beside.items():
            if target in older:
                _keep(target, older[target])
            part.replace(target)
    except BaseException:
        for target, old in older.items():
            if old.exists():
                old.replace(target)
        for target in contents.keys() - there:
            target.unlink(missing_ok=True)
        raise
    finally:
        for rest in (*beside.values(), *older.values()):
            rest.unlink(missing_ok=True)


def _keep(target: Path, older: Path) -> None:
    """Give a file a second name, so that one stands there even if this process is killed."""
    older.unlink(missing_ok=True)
    try:
        older.hardlink_to(target)
    except OSError:
        # Not every system of files knows second names.
        target.replace(older)


def _beside(target: Path, end: str) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{end}")


def _write(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_folder_whole(folder: str | Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write a folder so that nobody ever meets half of it; what stood in its place gives way whole.

    It is written beside its target, brought to the disk and renamed; if that fails or is interrupted, what
    was there stands there again.

    Parameters
    ----------
    folder
        Where to write; the folders above it are made if they are not there.
    contents
        What to write, by the names of the files.

    Returns
    -------
    list of Path
        The files, in the order in which they were given.

    Raises
    ------
    OSError
        If the disk is full or writing is not allowed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as above:
    ...     [path.name for path in write_folder_whole(Path(above) / "run", {"a": b"1", "b": b"2"})]
    ['a', 'b']
    """
    target = Path(folder).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside, older = _beside(target, "part"), _beside(target, "old")
    # A process of the same number may have been killed here.
    _settle(target, beside, older)
    try:
        beside.mkdir()
        for name, content in contents.items():
            _write(beside / name, content)
        if target.exists():
            target.rename(older)
        beside.rename(target)
    finally:
        _settle(target, beside, older)
    return [Path(folder) / name for name in contents]


def _settle(target: Path, beside: Path, older: Path) -> None:
    """Let what stood there return where nothing new stands, and remove what is left beside it."""
    if older.exists() and not target.exists():
        older.rename(target)
    for rest in (beside, older):
        shutil.rmtree(rest, ignore_errors=True)
