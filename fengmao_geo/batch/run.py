"""The same study of many towns: what is done is done, whatever happens to the rest."""

from __future__ import annotations

import logging
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from fengmao_geo.batch.asked import checked_towns
from fengmao_geo.batch.child import file_sizes
from fengmao_geo.batch.engine import finished, load_extra, opened
from fengmao_geo.batch.journal import append_record, read_journal
from fengmao_geo.batch.task import TOWNS, WORK
from fengmao_geo.batch.towns import BatchOptions, town_key
from fengmao_geo.errors import FengmaoError, UsageError
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from fengmao_geo.messages import Lang

__all__ = ["JOURNAL", "run_batch"]

JOURNAL = "journal.jsonl"
_LOCK = ".lock"
_OLD = ".old"
#: So many towns that were not named are told by their ids.
_NAMES = 20

_LOG = logging.getLogger("fengmao_geo.batch")


def run_batch(
    towns: str | Path | Iterable[str | Path],
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
    however many workers there are and however often the run was interrupted. The logger
    ``fengmao_geo.batch`` tells of each town that fails, and what was left out, as it happens (`WARNING`), and
    what goes on besides (`INFO`).

    Parameters
    ----------
    towns
        Folders of towns, their ``town.toml`` files, and folders that hold folders of towns directly; one or
        more.
    out
        Where to write; made if it is not there. Workers elsewhere must see it, and the towns, by the same
        paths.
    workers
        How many towns are studied at once on this computer; one per core if it is left out.
    scheduler
        The address of a running dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers are taken.
    resume
        Whether to go on with the batch in ``out``: a town that is done stays if its data, what is asked and
        the versions are the same and its files are there. Only towns that are named are summed up: what is
        in ``out`` of others stays there, and is not in the table, the summary and the overview.
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
        If there is no town, two have the same id, a number means nothing, there is no such catalogue, walker
        or language, or ``out`` is where the data lie, all told at once; if the extra ``batch`` is not
        installed, ``out`` holds a batch and ``resume`` is not set, another batch runs there, or no scheduler
        answers.
    OSError
        If ``out`` cannot be written, such as on a full disk; ``resume`` goes on from there.
    """
    paths = [Path(one).resolve() for one in ([towns] if isinstance(towns, str | Path) else towns)]
    target = Path(out).resolve()
    named = checked_towns(
        paths,
        out=target,
        workers=workers,
        scheduler=scheduler,
        timeout_min=timeout_min,
        memory_gib=memory_gib,
        options=options,
    )
    load_extra()
    asked = (options or BatchOptions()).placed()
    for folder, count in named.left_out.items():
        # Results of before may lie beside the towns.
        if folder != target:
            _tell("left_out_deeper" if count else "left_out", asked.lang, folder=folder, count=count)
    with _locked(target):
        last = read_journal(target / JOURNAL)
        if last and not resume:
            raise UsageError("batch_there", folder=str(target))
        _sweep(target)
        records = {name: last[name] for name in named.files if name in last}
        try:
            records = {
                name: one for name, one in records.items() if _is_done(one, named.files[name], target, asked)
            }
            job = {"out": str(target), "options": asdict(asked), "attempts": 0}
            job |= {"timeout_min": timeout_min, "memory_gib": memory_gib}
            rest = {name: file for name, file in named.files.items() if name not in records}
            jobs = [job | {"town_id": name, "town": str(file)} for name, file in rest.items()]
            _make(jobs, records, target=target, engine={"workers": workers, "scheduler": scheduler})
            table = _summed(records, target, asked)
        except KeyboardInterrupt:
            _tell("stopped", asked.lang, done=_done_count(records), count=len(named.files))
            raise
    _tell_others(sorted(last.keys() - named.files.keys()), asked.lang)
    done = _done_count(records)
    counts = {"done": done, "failed": len(records) - done, "kept": len(records) - len(jobs)}
    pages = {"page": Path(out, "overview.html"), "book": Path(out, "summary.xlsx")}
    _tell("finished", asked.lang, level=logging.INFO, **counts, made=len(jobs), **pages)
    return table


def _tell_others(others: list[str], lang: Lang) -> None:
    if others:
        some = [*others[:_NAMES], *(["…"] if len(others) > _NAMES else [])]
        names = text("label.list_mark", lang=lang).join(some)
        _tell("not_named", lang, count=len(others), names=names)


def _tell(key: str, lang: Lang, *, level: int = logging.WARNING, **values: object) -> None:
    """Tell what goes on: commands print it, scripts see what is out of order, and the rest if they ask."""
    _LOG.log(level, "%s", text(f"batch.{key}", lang=lang, **values))


def _done_count(records: dict[str, dict[str, Any]]) -> int:
    return sum(record["state"] == "done" for record in records.values())


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Keep other batches out; the system lets go of it when this process ends, however it does."""
    import locket  # noqa: PLC0415  of an extra

    was_there = target.exists()
    target.mkdir(parents=True, exist_ok=True)
    lock = locket.lock_file(str(target / _LOCK), timeout=0)
    try:
        lock.acquire()
    except locket.LockError as reason:
        raise UsageError("batch_locked", folder=str(target)) from reason
    try:
        yield
    finally:
        # Of a batch that was refused, or ended before its first town, nothing is left.
        is_begun = (target / JOURNAL).exists()
        if not is_begun:
            with suppress(OSError):
                (target / _LOCK).unlink()
        lock.release()
        if not is_begun and not was_there:
            with suppress(OSError):
                target.rmdir()


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


def _make(
    jobs: list[dict[str, Any]],
    records: dict[str, dict[str, Any]],
    *,
    target: Path,
    engine: dict[str, Any],
) -> None:
    """Run what is not done yet, settle each town before the next is looked at, and add it to the records."""
    if not jobs:
        return
    lang: Lang = jobs[0]["options"]["lang"]
    folders = {job["town_id"]: Path(job["town"]).parent for job in jobs}
    count = len(records) + len(jobs)
    bar = tqdm(
        total=count,
        initial=len(records),
        desc=text("batch.towns", lang=lang),
        unit=text("batch.unit", lang=lang),
        disable=None,
        leave=False,
    )
    with opened(**engine) as client, bar:
        try:
            (target / WORK).mkdir(exist_ok=True)
            for record in finished(client, jobs):
                records[record["town_id"]] = _settled(record, target)
                bar.update()
                if failed := len(records) - _done_count(records):
                    bar.set_postfix_str(text("batch.failed_so_far", lang=lang, count=failed))
                if record["state"] == "failed":
                    _tell_failed(record, folders[record["town_id"]], lang)
                elif bar.disable:
                    # Where there is no bar, which else tells it.
                    named = {"town": record["town_name"], "town_id": record["town_id"]}
                    _tell("town_done", lang, level=logging.INFO, **named, at=len(records), count=count)
        finally:
            # Whatever ends it early: workers give up a town whose folder is gone.
            shutil.rmtree(target / WORK, ignore_errors=True)


def _tell_failed(record: dict[str, Any], folder: Path, lang: Lang) -> None:
    from fengmao_geo.export.batch_words import reason_words  # noqa: PLC0415  heavy

    why = reason_words(record, lang=lang, folder=folder)
    mark = "\n" if "\n" in why.found else text("label.clause_mark", lang=lang)
    named = {"town": record["town_name"], "town_id": record["town_id"]}
    _tell("town_failed", lang, **named, why=mark.join(why))


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
