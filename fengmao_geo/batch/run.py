"""The same study of many towns: what is done is done, whatever happens to the rest."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from fengmao_geo.batch.child import file_sizes
from fengmao_geo.batch.engine import finished, opened
from fengmao_geo.batch.journal import append_record, read_journal
from fengmao_geo.batch.task import TOWNS, WORK
from fengmao_geo.batch.towns import BatchOptions, find_towns, town_key
from fengmao_geo.errors import FengmaoError, UsageError
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

__all__ = ["JOURNAL", "run_batch"]

JOURNAL = "journal.jsonl"
_LOCK = ".lock"
_OLD = ".old"


def run_batch(
    towns: Iterable[str | Path],
    *,
    out: str | Path,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    timeout_min: float = 60,
    memory_gib: float = 4,
    options: BatchOptions | None = None,
) -> pd.DataFrame:
    """Run the same study on many towns, each in a process of its own.

    What is handed in of a town lies in ``towns`` under its id, whole or not at all. A town whose data are at
    fault, whose process dies twice, takes too long or takes too much memory is named with its reason; the
    others are done. ``journal.jsonl`` says after each town what became of it; ``summary.xlsx``,
    ``summary.gpkg`` and ``overview.html`` lay the towns side by side. The same towns give the same files,
    however many workers there are and however often the run was interrupted.

    Parameters
    ----------
    towns
        Folders of towns, their ``town.toml`` files, and folders that hold folders of towns.
    out
        Where to write; made if it is not there. Workers elsewhere must see it, and the towns, by the same
        paths.
    workers
        How many towns are studied at once on this computer; one per core if it is left out.
    scheduler
        The address of a running dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers are taken.
    resume
        Whether to go on with the batch in ``out``: a town that is done stays if its data, what is asked and
        the versions are the same and its files are there.
    timeout_min
        Minutes after which a town is given up.
    memory_gib
        Memory in GiB above which a town is given up; a layer or raster that is larger is not read at all.
    options
        Catalogue, walker and language; those of `study` by default.

    Returns
    -------
    DataFrame
        The table ``batch_towns``: one row per town, in the order of the ids.

    Raises
    ------
    UsageError
        If there is no town, two have the same id, a number means nothing, ``out`` holds a batch and
        ``resume`` is not set, another batch runs there, no scheduler answers, or the extra ``batch`` is not
        installed.
    OSError
        If ``out`` cannot be written, such as on a full disk; ``resume`` goes on from there.
    """
    _check_numbers(workers=workers, timeout_min=timeout_min, memory_gib=memory_gib)
    if workers is not None and scheduler is not None:
        raise UsageError("batch_workers")
    asked = (options or BatchOptions()).placed()
    files, _ = find_towns(towns)
    target = Path(out).resolve()
    target.mkdir(parents=True, exist_ok=True)
    with _locked(target):
        last = read_journal(target / JOURNAL)
        if last and not resume:
            raise UsageError("batch_there", folder=str(target))
        _sweep(target)
        kept = {
            name: last[name]
            for name, file in files.items()
            if name in last and _is_done(last[name], file, target, asked)
        }
        job = {"out": str(target), "options": asdict(asked), "attempts": 0}
        job |= {"timeout_min": timeout_min, "memory_gib": memory_gib}
        rest = {name: file for name, file in files.items() if name not in kept}
        jobs = [job | {"town_id": name, "town": str(file)} for name, file in rest.items()]
        made = _made(jobs, target, workers, scheduler, kept_count=len(kept), asked=asked)
        return _summed(kept | made, target, asked)


def _check_numbers(**numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is not None and not value > 0:
            raise UsageError("not_positive", name=name, value=value)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Keep other batches out; the system lets go of it when this process ends, however it does."""
    try:
        import locket  # noqa: PLC0415  of an extra
    except ImportError as reason:
        raise UsageError("batch_extra") from reason
    lock = locket.lock_file(str(target / _LOCK), timeout=0)
    try:
        lock.acquire()
    except locket.LockError as reason:
        raise UsageError("batch_locked", folder=str(target)) from reason
    try:
        yield
    finally:
        lock.release()


def _sweep(target: Path) -> None:
    """Take away what a batch that was ended left half done."""
    shutil.rmtree(target / WORK, ignore_errors=True)
    for older in (target / TOWNS).glob(f".*{_OLD}"):
        # What was decided on site lies in it, so it goes only when what follows it is there.
        place = older.with_name(older.name.removeprefix(".").removesuffix(_OLD))
        if place.exists():
            shutil.rmtree(older, ignore_errors=True)
        else:
            older.rename(place)
    for rest in (*target.glob(".*.part"), *target.glob(f".*{_OLD}")):
        rest.unlink()


def _is_done(record: dict[str, Any], file: Path, target: Path, asked: BatchOptions) -> bool:
    if record["state"] != "done":
        return False
    with suppress(FengmaoError, OSError):
        is_there = file_sizes(target / TOWNS / record["town_id"]) == record["files"]
        return bool(is_there and town_key(file, asked) == record["key"])
    return False


def _made(
    jobs: list[dict[str, Any]],
    target: Path,
    workers: int | None,
    scheduler: str | None,
    *,
    kept_count: int,
    asked: BatchOptions,
) -> dict[str, dict[str, Any]]:
    """Run what is not done yet, and settle each town before the next is looked at."""
    if not jobs:
        return {}
    bar = tqdm(
        total=kept_count + len(jobs),
        initial=kept_count,
        desc=text("batch.towns", lang=asked.lang),
        disable=None,
        leave=False,
    )
    made = {}
    (target / WORK).mkdir(exist_ok=True)
    with opened(workers=workers, scheduler=scheduler) as client, bar:
        try:
            for record in finished(client, jobs):
                made[record["town_id"]] = _settled(record, target)
                bar.update()
        finally:
            # Whatever ends it early: workers give up a town whose folder is gone.
            shutil.rmtree(target / WORK, ignore_errors=True)
    return made


def _settled(record: dict[str, Any], target: Path) -> dict[str, Any]:
    """Put a town's folder in its place, then say so in the journal; one that fails leaves what was there."""
    work = Path(record["work"])
    place = target / TOWNS / record["town_id"]
    older = place.with_name(f".{place.name}{_OLD}")
    kept = {name: value for name, value in record.items() if name != "work"}
    place.parent.mkdir(exist_ok=True)
    if record["state"] == "done":
        if place.exists():
            place.rename(older)
        work.rename(place)
    append_record(target / JOURNAL, kept)
    shutil.rmtree(older, ignore_errors=True)
    return kept


def _summed(records: dict[str, dict[str, Any]], target: Path, asked: BatchOptions) -> pd.DataFrame:
    from fengmao_geo.export.batch_files import write_batch_summary  # noqa: PLC0415  heavy
    from fengmao_geo.tables.batch import batch_table  # noqa: PLC0415  heavy

    table = batch_table(records.values())
    write_batch_summary(table, folder=target, lang=asked.lang)
    return table
