"""What became of each town, a line each, on the disk before anything goes on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["append_record", "read_journal"]


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record at the end of a journal and bring it to the disk.

    Parameters
    ----------
    path
        The journal; it is made if it is not there.
    record
        What became of a town.

    Raises
    ------
    OSError
        If it cannot be written, such as on a full disk.
    """
    line = json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True)
    with path.open("ab") as file:
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Read the last record of each town; a line that was cut short is cut off.

    Parameters
    ----------
    path
        The journal.

    Returns
    -------
    dict
        Records by the ids of their towns; none where there is no journal. A line that holds no record, such
        as one the disk has spoilt, says nothing of its town, which is then done again.

    Raises
    ------
    OSError
        If it cannot be read, or its end not be cut off.
    """
    if not path.exists():
        return {}
    content = path.read_bytes()
    # What is written next begins a line of its own.
    if torn := len(content) - (content.rfind(b"\n") + 1):
        os.truncate(path, len(content) - torn)
    found: dict[str, dict[str, Any]] = {}
    for line in content.split(b"\n")[:-1]:
        record = _record(line)
        if record is not None:
            found[record["town_id"]] = record
    return found


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("town_id"), str) else None
