"""Commands about many towns; no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fengmao_geo.messages import text
from fengmao_geo.terminal import faults, say

__all__ = ["batch"]

_Language = Annotated[str, typer.Option("--lang", help="zh | en", metavar="LANG")]


def batch(
    towns: Annotated[list[Path], typer.Argument(metavar="TOWNS...", help=text("cli.towns_help"))],
    out: Annotated[Path, typer.Option("--out", help=text("cli.out_help"))] = Path("out"),
    workers: Annotated[int | None, typer.Option(help=text("cli.workers_help"))] = None,
    scheduler: Annotated[str | None, typer.Option(help=text("cli.scheduler_help"))] = None,
    resume: Annotated[bool, typer.Option("--resume", help=text("cli.resume_help"))] = False,  # noqa: FBT002  a flag
    timeout: Annotated[float, typer.Option(help=text("cli.timeout_help"))] = 60,
    memory: Annotated[float, typer.Option(help=text("cli.memory_help"))] = 4,
    lang: _Language = "zh",
) -> None:
    """Run everything on many towns, one process each, and lay them side by side.

    Parameters
    ----------
    towns
        Folders of towns, and folders that hold such folders.
    out
        Folder for the results; the towns' own go into ``towns`` in it.
    workers
        How many towns at once on this computer.
    scheduler
        The address of a running dask scheduler.
    resume
        Whether to go on with the batch that is there.
    timeout
        Minutes after which a town is given up.
    memory
        GiB of memory above which a town is given up.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.batch.run import run_batch  # noqa: PLC0415  heavy
        from fengmao_geo.batch.towns import BatchOptions, find_towns  # noqa: PLC0415  heavy
        from fengmao_geo.export.batch_words import reason_words  # noqa: PLC0415  heavy

        for folder in find_towns(towns)[1]:
            say("batch_left_out", words, folder=str(folder))
        records = run_batch(
            towns,
            out=out,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            timeout_min=timeout,
            memory_gib=memory,
            options=BatchOptions(lang=words),
        )
        failed = records[records["state"] == "failed"].to_dict("records")
        for town in failed:
            found, remedy = reason_words(town, lang=words)
            named = {"town": town["town_name"], "town_id": town["town_id"]}
            say("batch_failed", words, **named, found=found, remedy=remedy)
        places = {"page": str(out / "overview.html"), "book": str(out / "summary.xlsx")}
        say("batch_done", words, done=len(records) - len(failed), failed=len(failed), **places)
        if failed:
            raise typer.Exit(1)
