"""Results to a folder and back: tables, arrays and JSON, never code; whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from pyproj.exceptions import ProjError

from fengmao_geo.errors import TableError, UsageError
from fengmao_geo.export.files import write_folder_whole
from fengmao_geo.export.run_record import RUN_LOG, Run, run_of
from fengmao_geo.export.saved_values import Reader, Writer
from fengmao_geo.results import Results

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RUN_FILE", "read_results", "read_run", "write_results"]

RUN_FILE = "run.json"
_RESULTS_FILE = "results.json"
_FORMAT, _VERSION = "fengmao saved run", 1

_FILE_NAME = re.compile(r"[a-z][a-z0-9_.]*\.(json|npz|parquet)")
#: What faults of a folder's content can raise; none of them is one of the program.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    RecursionError,
    zipfile.BadZipFile,
    shapely.errors.ShapelyError,
    ProjError,
)


def write_results(
    results: Results,
    folder: str | Path,
    *,
    run_on: str | None = None,
    inputs: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Save everything that results hold, so that `read_results` gives it back and nothing is computed anew.

    Tables are Parquet and GeoParquet, arrays ``.npz``, the rest JSON. Of rasters only the paths are kept,
    with the digests of their files among ``inputs``. The same results give the same bytes. A saved run that
    stands in the folder gives way.

    Parameters
    ----------
    results
        The results.
    folder
        Where to save; made if it is not there.
    run_on
        The date the run stands for, as ``2024-12-31``; by default the latest date of the data.
    inputs
        The sha256 of the files the town was read from, as `input_hashes` gives them.
    parameters
        What was asked for besides what the results tell.

    Returns
    -------
    list of Path
        The files; ``run.json``, which says what the run is, comes last.

    Raises
    ------
    TableError
        If a table is not as declared.
    UsageError
        If the folder holds anything else than a saved run, ``run_on`` is no date, or a value is of a kind
        that cannot be saved.
    OSError
        If the folder cannot be written.
    """
    target = Path(folder)
    _refuse_foreign(target)
    run = run_of(results, run_on=run_on, inputs=inputs, parameters=parameters)
    writer = Writer()
    files = {_RESULTS_FILE: _json(writer.node(results, ""))}
    if writer.faults:
        raise TableError(str(target), writer.faults)
    files |= writer.finish()
    about = {"format": _FORMAT, "version": _VERSION, **asdict(run)}
    about["files"] = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    return write_folder_whole(target, {**files, RUN_FILE: _json(about, indent=1)})


def _json(value: object, *, indent: int | None = None) -> bytes:
    said = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return f"{said}\n".encode("utf-8", "surrogatepass")


def _refuse_foreign(target: Path) -> None:
    """Refuse a folder in which anything but a saved run would be lost."""
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError("saved_target", path=str(target))
    there = {path.name for path in target.iterdir()}
    if not there:
        return
    try:
        own = set(_about(target)["files"])
    except UsageError:
        own = set()
    if there - own - {RUN_FILE, RUN_LOG}:
        raise UsageError("saved_target", path=str(target))


def read_run(folder: str | Path) -> Run:
    """Read what a saved run says of itself.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    Run
        Town, dates, parameters, inputs and versions.

    Raises
    ------
    UsageError
        If there is no saved run, it is damaged, or a later version of the library wrote it.
    """
    about = _about(Path(folder))
    try:
        return Run(**{part.name: about[part.name] for part in fields(Run)})
    except KeyError:
        raise UsageError("saved_damaged", path=str(folder), file=RUN_FILE) from None


def read_results(folder: str | Path) -> Results:
    """Read a saved run: the same results as were saved, table by table and array by array.

    Nothing but the files that ``run.json`` lists is read, each of them only if it is what was written.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    Results
        What was saved.

    Raises
    ------
    UsageError
        If there is no saved run, it is damaged, or a later version of the library wrote it.
    OSError
        If a file cannot be read.
    """
    target = Path(folder)
    about = _about(target)
    read = _RESULTS_FILE

    def content(name: str) -> bytes:
        nonlocal read
        read = name
        return _content(target, name, about["files"])

    try:
        node = json.loads(content(_RESULTS_FILE))
        reader = Reader(content)
        results = reader.value(node)
    except _DAMAGE:
        raise UsageError("saved_damaged", path=str(target), file=read) from None
    except OSError as fault:
        # Those of the disk have a number, those of the content of a file have none.
        if fault.errno is not None:
            raise
        raise UsageError("saved_damaged", path=str(target), file=read) from None
    if reader.faults or not isinstance(results, Results):
        reason = TableError(str(target), reader.faults)
        raise UsageError("saved_damaged", path=str(target), file=_RESULTS_FILE) from reason
    return results


def _about(folder: Path) -> dict[str, Any]:
    """Read ``run.json`` as far as it says whether the rest can be read."""
    file = folder / RUN_FILE
    if not file.is_file():
        raise UsageError("saved_absent", path=str(folder))
    if file.is_symlink():
        raise UsageError("saved_damaged", path=str(folder), file=RUN_FILE)
    try:
        about = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise UsageError("saved_damaged", path=str(folder), file=RUN_FILE) from None
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise UsageError("saved_absent", path=str(folder))
    version = about.get("version")
    if isinstance(version, int) and version > _VERSION:
        wrote = about.get("versions")
        named = wrote.get("fengmao_geo", "?") if isinstance(wrote, dict) else "?"
        raise UsageError("saved_newer", path=str(folder), version=named)
    if version != _VERSION or not isinstance(about.get("files"), dict):
        raise UsageError("saved_damaged", path=str(folder), file=RUN_FILE)
    return about


def _content(folder: Path, name: str, digests: Mapping[str, str]) -> bytes:
    """Read a file of the folder itself, if it is what was written; links lead elsewhere."""
    file = folder / name
    if not _FILE_NAME.fullmatch(name) or file.is_symlink() or not file.is_file():
        raise ValueError(name)
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != digests[name]:
        raise ValueError(name)
    return content
