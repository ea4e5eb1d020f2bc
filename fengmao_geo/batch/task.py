"""A town as one task of the engine: its process is started, watched, ended where it must, tried again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from fengmao_geo.errors import FengmaoError
from fengmao_geo.town.own_process import shut_in
from fengmao_geo.town.town_file import read_town_file

__all__ = ["MOST_ATTEMPTS", "TOWNS", "WORK", "blank_record", "failed_record", "run_one"]

#: The folder of the towns' results.
TOWNS = "towns"
#: Where towns are written before they are whole, in the folder of the batch.
WORK = ".work"
#: A process that dies may have met with bad luck, and is tried once more.
MOST_ATTEMPTS = 2

_DEATHS = ("died", "memory")
_LOOK_S = 0.1
#: Those that it has started are looked for once in so many looks: all that run are gone through for it.
_LOOKS = 10
_GIB = 1 << 30
#: What is written last before a process dies often says why.
_TAIL_BYTES = 2000
# Every town is one of many at once: libraries that would take every core take one.
_ONE_CORE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GDAL_NUM_THREADS")


class _Taken(NamedTuple):
    """The most memory and the time of cores that a process and those it has started took."""

    peak_bytes: int = 0
    cpu_seconds: float = 0.0


def run_one(job: dict[str, Any]) -> dict[str, Any]:
    """Run a town in a process of its own, once more if that dies.

    Parameters
    ----------
    job
        What `child.town_record` takes, and ``out``, the folder of the batch; ``timeout_min``;
        ``attempts``, how often it was tried before.

    Returns
    -------
    dict
        The record of the town, with ``work``, where it was written; ``seconds`` by the clock and
        ``cpu_seconds`` of a core, ``peak_gib`` and ``attempts``.
    """
    record = _tried(job)
    if record["reason"] in _DEATHS and job["attempts"] + 1 < MOST_ATTEMPTS:
        return _tried(job | {"attempts": job["attempts"] + 1})
    return record


def failed_record(job: dict[str, Any], reason: str, **values: object) -> dict[str, Any]:
    """Write the record of a town whose process could not write it itself.

    Parameters
    ----------
    job
        Its job.
    reason
        A name in the group ``batch.reason`` of the messages.
    **values
        What the reason names in braces.

    Returns
    -------
    dict
        The record; the town is called as its file says, where that can be read.
    """
    record = blank_record(job)
    with suppress(FengmaoError, OSError):
        record["town_name"] = read_town_file(Path(job["town"])).town.name
    measured = {"work": "", **_measured(0, _Taken(), job)}
    return record | {"reason": reason, "reason_values": values} | measured


def _measured(seconds: float, taken: _Taken, job: dict[str, Any]) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(taken.cpu_seconds, 2),
        "peak_gib": round(taken.peak_bytes / _GIB, 3),
        "attempts": job["attempts"] + 1,
    }


def blank_record(job: dict[str, Any]) -> dict[str, Any]:
    """Write the record of a town of which nothing is known yet but that it is not done.

    Parameters
    ----------
    job
        Its job.

    Returns
    -------
    dict
        The record; it is called by its id.
    """
    said = dict.fromkeys(("key", "reason", "outline", "boundary", "data_on", "notice"), "")
    held: dict[str, Any] = {name: {} for name in ("reason_values", "findings", "headline", "files")}
    return {"town_id": job["town_id"], "town_name": job["town_id"], "state": "failed", **said, **held}


def _tried(job: dict[str, Any]) -> dict[str, Any]:
    """Run a town once."""
    # The process in the name keeps a town that was given up apart from its second try elsewhere.
    work = Path(job["out"]) / WORK / f"{job['town_id']}.{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    # The folder above is the batch's: where it is gone nobody waits, or this computer does not see it.
    work.mkdir()
    answer, log = work.with_name(f"{work.name}.json"), work.with_name(f"{work.name}.log")
    answer.unlink(missing_ok=True)
    began = time.monotonic()
    with log.open("wb") as said:
        taken, ended = _watched(job | {"work": str(work), "answer": str(answer)}, said)
    measured = {"work": str(work), **_measured(time.monotonic() - began, taken, job)}
    if ended is None:
        return json.loads(answer.read_text(encoding="utf-8")) | measured  # type: ignore[no-any-return]  # as written by child
    reason, values = ended
    tail = log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace") if reason == "died" else ""
    return failed_record(job, reason, **values) | measured | {"log": tail}


def _watched(job: dict[str, Any], said: Any) -> tuple[_Taken, tuple[str, dict[str, Any]] | None]:  # noqa: ANN401  an open file
    """Run the process; give what it took, and why it ended without an answer."""
    import psutil  # noqa: PLC0415  of an extra

    command = [sys.executable, "-P", "-m", "fengmao_geo.batch.child", job["town"]]
    limit_bytes, end = job["memory_gib"] * _GIB, time.monotonic() + 60 * job["timeout_min"]
    taken, ended, looks = _Taken(), None, 0
    running: list[Any] = []
    with subprocess.Popen(  # noqa: S603  our own words
        command,
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=said,
        bufsize=0,
        env=_environment(),
        start_new_session=True,
    ) as child:
        try:
            with suppress(OSError):
                # One that is dead already says so below.
                child.stdin.write(f"{json.dumps(job)}\n".encode())  # type: ignore[union-attr]  # a pipe was asked for
            while child.poll() is None and ended is None:
                if looks % _LOOKS == 0:
                    running = _running(psutil, child.pid)
                looks += 1
                taken = _taken(psutil, running, taken)
                if taken.peak_bytes > limit_bytes:
                    ended = "memory", {"limit_gib": job["memory_gib"]}
                elif time.monotonic() > end:
                    ended = "timeout", {"limit_min": job["timeout_min"]}
                elif not Path(job["work"]).exists():
                    # Whoever asked for it is gone, and another batch has swept up.
                    ended = "swept", {}
                else:
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(_LOOK_S)
        finally:
            _end(psutil, child)
    if ended is None and child.returncode:
        ended = "died", {"cause": _cause(child.returncode)}
    return taken, ended


def _environment() -> dict[str, str]:
    """Let the process find this very package, and take one core."""
    home = str(Path(str(import_module("fengmao_geo").__file__)).parents[1])
    paths = [path for path in (os.environ.get("PYTHONPATH"), home) if path]
    own = {**os.environ, **dict.fromkeys(_ONE_CORE, "1"), "PYTHONPATH": os.pathsep.join(paths)}
    # Whoever asks, a script or a worker elsewhere, has not done so for this process.
    shut_in(own)
    return own


def _running(psutil: Any, pid: int) -> list[Any]:  # noqa: ANN401  a module of an extra
    """List a process and those it has started; none where it has ended."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _taken(psutil: Any, running: list[Any], before: _Taken) -> _Taken:  # noqa: ANN401  as above
    """Look at what a process and those it has started take."""
    memory_bytes, cpu_seconds = 0, 0.0
    for one in running:
        with suppress(psutil.Error):
            memory_bytes += one.memory_info().rss
            # Of those it started and that have ended, the system has added the time to its own.
            times = one.cpu_times()
            cpu_seconds += times.user + times.system + times.children_user + times.children_system
    return _Taken(max(before.peak_bytes, memory_bytes), max(before.cpu_seconds, cpu_seconds))


def _end(psutil: Any, child: subprocess.Popen[bytes]) -> None:  # noqa: ANN401  as above
    """End a process and those it has started, if they have not ended by themselves."""
    if child.poll() is not None:
        return
    running = _running(psutil, child.pid)
    child.kill()
    for one in running[1:]:
        with suppress(psutil.Error):
            one.kill()


def _cause(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    return next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
