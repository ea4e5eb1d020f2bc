"""What is asked of a batch, looked at whole before anything is begun."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

from fengmao_geo.batch.engine import is_address
from fengmao_geo.batch.task import TOWNS
from fengmao_geo.batch.towns import BatchOptions, find_towns
from fengmao_geo.errors import UsageError, usage_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fengmao_geo.batch.towns import NamedTowns
    from fengmao_geo.errors import FengmaoError

__all__ = ["checked_towns"]


def checked_towns(
    paths: Sequence[Path],
    *,
    out: Path,
    workers: int | None,
    scheduler: str | None,
    timeout_min: float,
    memory_gib: float,
    options: BatchOptions | None,
) -> NamedTowns:
    """Find the towns of a batch, and refuse all at once what is wrong with what is asked.

    Parameters
    ----------
    paths
        Folders of towns, their ``town.toml`` files, and folders that hold folders of towns; whole paths.
    out
        Where to write; a whole path.
    workers, scheduler, timeout_min, memory_gib, options
        As `run_batch` takes them.

    Returns
    -------
    NamedTowns
        The towns, one at least.

    Raises
    ------
    UsageError
        If anything is wrong; it names everything that is.
    """
    towns = find_towns(paths)
    faults = [
        *towns.faults,
        *_place_faults(out, paths, [file.parent for file in towns.files.values()]),
        *_limit_faults({"timeout_min (--timeout)": timeout_min, "memory_gib (--memory)": memory_gib}),
        *_engine_faults(workers, scheduler),
        *_option_faults(options),
    ]
    if faults:
        raise usage_error(faults)
    return towns


def _place_faults(out: Path, paths: Sequence[Path], towns: Sequence[Path]) -> list[UsageError]:
    """Refuse to write among the data, or in their place: a town's results replace a folder of its name."""
    is_data = out in {*paths, *towns} or any(town.is_relative_to(out / TOWNS) for town in towns)
    return [UsageError("batch_out", folder=str(out))] if is_data else []


def _limit_faults(limits: dict[str, float]) -> list[UsageError]:
    return [
        UsageError("not_positive", name=name, value=value)
        for name, value in limits.items()
        if not (isinstance(value, Real) and value > 0)
    ]


def _engine_faults(workers: int | None, scheduler: str | None) -> list[UsageError]:
    found = []
    if workers is not None and not (isinstance(workers, Integral) and workers >= 1):
        found.append(UsageError("not_whole", name="workers (--workers)", value=workers))
    if scheduler is not None and not is_address(scheduler):
        found.append(UsageError("batch_address", address=scheduler))
    if workers is not None and scheduler is not None:
        found.append(UsageError("batch_workers"))
    return found


def _option_faults(options: BatchOptions | None) -> list[FengmaoError]:
    if options is None:
        return []
    if not isinstance(options, BatchOptions):
        return [UsageError("batch_options", kind=type(options).__name__)]
    return options.faults()
