"""The engine that spreads towns over cores or machines: workers of this computer, or a running scheduler."""

from __future__ import annotations

import logging
import os
import re
import warnings
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from fengmao_geo.batch.task import MOST_ATTEMPTS, failed_record, run_one
from fengmao_geo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from distributed import Client, Future

__all__ = ["finished", "is_address", "load_extra", "opened"]

#: What serves nothing but has to listen does so where nobody else can come.
_LOOPBACK = "127.0.0.1:0"
_ANSWER_S = 10
_WORKERS_S = 60
_LOGS = ("distributed", "distributed.client")
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://[^/]+:\d+")

# A worker that dies is dealt with here, not by silent repeats; nothing is served over HTTP.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


def load_extra() -> None:
    """Load what the extra ``batch`` brings, so that it is missed before anything is begun.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # On a computer without any network it wonders what its own address is, and needs none.
            warnings.simplefilter("ignore", RuntimeWarning)
            for name in ("dask", "distributed", "locket", "psutil"):
                import_module(name)
    except ImportError as reason:
        raise UsageError("batch_extra") from reason


def is_address(address: str) -> bool:
    """Say whether this could be the address of a scheduler.

    Parameters
    ----------
    address
        What was typed.

    Returns
    -------
    bool
        Whether it has a scheme of dask, a host and a port.

    Examples
    --------
    >>> is_address("tcp://10.0.0.5:8786"), is_address("10.0.0.5"), is_address("nonsense")
    (True, False, False)
    """
    return _ADDRESS.fullmatch(address) is not None


@contextmanager
def opened(*, workers: int | None = None, scheduler: str | None = None) -> Iterator[Client]:
    """Open the engine.

    Parameters
    ----------
    workers
        How many towns are studied at once on this computer; one per core if it is left out.
    scheduler
        The address of a running scheduler, whose workers are taken instead.

    Yields
    ------
    Client
        What tasks are given to.

    Raises
    ------
    UsageError
        If the extra ``batch`` is not installed, no scheduler answers, or it has no workers.
    """
    load_extra()
    import dask  # noqa: PLC0415  of an extra
    import distributed  # noqa: PLC0415  of an extra

    with ExitStack() as stack:
        if scheduler is None:
            stack.enter_context(dask.config.set(_SETTINGS))
            scratch = stack.enter_context(TemporaryDirectory())
            client = stack.enter_context(_local(distributed, workers or os.cpu_count() or 1, scratch))
        else:
            # What becomes of a scheduler is told in our own words alone.
            for log in _LOGS:
                stack.enter_context(distributed.utils.silence_logging_cmgr(logging.CRITICAL, root=log))
            client = stack.enter_context(_joined(distributed, scheduler))
        yield client


@contextmanager
def _local(distributed: Any, workers: int, scratch: str) -> Iterator[Client]:  # noqa: ANN401  a module of an extra
    """Start workers within this process: each only watches a process of its own, and needs no port."""
    options = {"protocol": "inproc://", "dashboard": False, "dashboard_address": _LOOPBACK}
    worker = {
        "cls": distributed.Worker,
        "options": {**options, "nthreads": 1, "memory_limit": 0, "local_directory": scratch},
    }
    with (
        distributed.SpecCluster(
            workers=dict.fromkeys(range(workers), worker),
            scheduler={"cls": distributed.Scheduler, "options": options},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def _joined(distributed: Any, address: str) -> Iterator[Client]:  # noqa: ANN401  as above
    """Take the workers of a running scheduler."""
    try:
        client = distributed.Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as reason:
        raise UsageError("batch_scheduler", address=address) from reason
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError as reason:
            raise UsageError("batch_no_workers", address=address) from reason
        yield client


def finished(client: Client, jobs: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Run towns, as many at once as workers have threads, and give each record as soon as it is there.

    Parameters
    ----------
    client
        The engine.
    jobs
        What `task.run_one` takes.

    Yields
    ------
    dict
        The record of a town; a town whose worker is lost is tried once more.

    Raises
    ------
    UsageError
        If the scheduler is gone.
    """
    from distributed import as_completed  # noqa: PLC0415  of an extra

    waiting, running = iter(jobs), {}
    flow = as_completed(loop=client.loop)

    def start(job: dict[str, Any]) -> None:
        future = client.submit(run_one, job, pure=False)
        running[future.key] = job
        flow.add(future)

    def fill() -> None:
        # Workers may come and go.
        room = max(1, sum(client.nthreads().values())) - len(running)
        for job in islice(waiting, max(room, 0)):
            start(job)

    fill()
    while running:
        future = next(flow)
        job = running.pop(future.key)
        record = _outcome(future, job)
        if record is None:
            start(job | {"attempts": job["attempts"] + 1})
            continue
        fill()
        yield record


def _outcome(future: Future[Any], job: dict[str, Any]) -> dict[str, Any] | None:
    """Take the record of a task; none where its worker was lost and it is worth another try."""
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415  of an extra

    try:
        return future.result()  # type: ignore[no-any-return]  # as run_one gives it
    except KilledWorker:
        return None if job["attempts"] + 1 < MOST_ATTEMPTS else failed_record(job, "lost")
    except CancelledError as reason:
        raise UsageError("batch_scheduler_gone") from reason
    except Exception as fault:  # noqa: BLE001  of any kind, on a computer that lacks the library or the folder
        return failed_record(job, "engine", cause=f"{type(fault).__name__}: {fault}")
