"""The cells of a workbook as text, read in a process of its own, which a broken file may bring down.

The reader runs out of memory on a workbook whose parts lead round in a circle, or that has one cell at the
far end of a sheet, and then ends its process. This module is run there by its path, and imports nothing of
the library.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

__all__ = ["Cells", "WorkbookError", "workbook_cells"]

#: Rows of cells by sheet; an empty cell is ``None``, a row without any cell is left out.
Cells = dict[str, list[list[str | None]]]

#: What no workbook of a bureau needs.
_MEMORY_BYTES, _TIME_S = 2 * 1024**3, 600

#: How the other process ends when it can say what is wrong.
_UNREADABLE = 3


class WorkbookError(Exception):
    """The workbook cannot be read; what is said is the reader's own word."""


def workbook_cells(path: Path, *, sheet: str | None) -> Cells:
    """Read the cells of one sheet, or of every sheet if there is none of that name.

    Parameters
    ----------
    path
        The file.
    sheet
        The sheet's name.

    Returns
    -------
    dict
        The rows of cells by sheet.

    Raises
    ------
    WorkbookError
        If the reader cannot read it.
    """
    if "python" not in Path(sys.executable or "").stem.casefold():
        # Within another program, which cannot be started as Python is.
        try:
            return _cells(path, sheet)
        except Exception as reason:  # noqa: BLE001  what readers raise on a broken file has no end
            raise WorkbookError(str(reason)) from None
    command = [sys.executable, "-P", __file__, json.dumps([str(path), sheet])]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIME_S, check=False)  # noqa: S603  our own file
    except subprocess.TimeoutExpired as reason:
        raise WorkbookError(str(reason)) from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit {done.returncode}"]
        # What ended the process stands first, what it says itself of the file last.
        raise WorkbookError(told[-1] if done.returncode == _UNREADABLE else told[0])
    cells: Cells = json.loads(done.stdout)
    return cells


def _cells(path: Path, sheet: str | None) -> Cells:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  beside its use

    # From memory, so that no handle stays open on the file.
    book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    names = [sheet] if sheet in book.sheet_names else book.sheet_names
    return {
        name: _filled(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
        for name in names
        if name is not None
    }


def _filled(rows: list[list[Any]]) -> list[list[str | None]]:
    texts = ([_text(cell) for cell in row] for row in rows)
    return [row for row in texts if any(cell is not None for cell in row)]


def _text(cell: object) -> str | None:
    """Write a cell as it would stand in a CSV."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, timedelta) else str(cell.total_seconds())


def _limit_memory() -> None:
    """Bound the memory of this process, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  not on every system

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        bound = _MEMORY_BYTES if most == resource.RLIM_INFINITY else min(most, _MEMORY_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(question: str) -> int:
    """Read what the other process asks for and write it as JSON."""
    path, sheet = json.loads(question)
    try:
        cells = _cells(Path(path), sheet)
    except BaseException as reason:  # noqa: BLE001  what a reader of Rust cannot go on from is no Exception
        sys.stderr.buffer.write(f"\n{reason}".encode(errors="replace"))
        return _UNREADABLE
    sys.stdout.buffer.write(json.dumps(cells).encode())
    return 0


if __name__ == "__main__":
    _limit_memory()
    sys.exit(_answer(sys.argv[1]))
