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
    beside = {target: target.with_name(f".{target.name}.{os.getpid()}.part") for target in contents}
    try:
        for target, content in contents.items():
            with beside[target].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for target, part in beside.items():
            part.replace(target)
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)


def write_folder_whole(folder: str | Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write a folder so that nobody ever meets half of it; what stood in its place gives way whole.

    It is written beside its target, brought to the disk and renamed; if that fails, what was there stays.

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
    beside, older = (target.with_name(f".{target.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    try:
        beside.mkdir()
        for name, content in contents.items():
            with (beside / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if target.exists():
            target.rename(older)
        beside.rename(target)
    except OSError:
        if older.exists() and not target.exists():
            older.rename(target)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    shutil.rmtree(older, ignore_errors=True)
    return [Path(folder) / name for name in contents]
