"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_whole"]


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
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target
