"""Commands about many towns; no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fengmao_geo.messages import text
from fengmao_geo.terminal import faults, print_findings, print_table, say, told

__all__ = ["batch", "split"]

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
    with faults(lang) as words, told("fengmao_geo.batch"):
        from fengmao_geo.batch.run import run_batch  # noqa: PLC0415  heavy
        from fengmao_geo.batch.towns import BatchOptions  # noqa: PLC0415  heavy

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
        if (records["state"] == "failed").any():
            raise typer.Exit(1)


def split(
    towns: Annotated[Path, typer.Argument(metavar="TOWNS", help=text("cli.split_path_help"))],
    out: Annotated[Path, typer.Option("--out", help=text("cli.split_out_help"))],
    by: Annotated[
        str | None, typer.Option("--by", metavar="FILE[:COLUMN]", help=text("cli.split_by_help"))
    ] = None,
    by_layer: Annotated[str | None, typer.Option("--by-layer", help=text("cli.split_layer_help"))] = None,
    minutes: Annotated[float, typer.Option(help=text("cli.split_minutes_help"))] = 15.0,
    lang: _Language = "zh",
) -> None:
    """Cut layers of many towns into a folder for each, with all around it that its people may walk to.

    Parameters
    ----------
    towns
        Folder whose ``town.toml`` names layers of all towns.
    out
        Where each town gets a folder.
    by
        Outlines of the towns, and behind a colon the column that names them.
    by_layer
        The layer of that file, where it holds several.
    minutes
        The longest walk that is to be looked for.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.batch.split import named_file, split_towns  # noqa: PLC0415  heavy

        file, column = named_file(by)
        cut = split_towns(
            towns, out=out, by=file, by_layer=by_layer, name_column=column, minutes=minutes, lang=words
        )
        print_findings(cut.findings, words)
        heads = {column: text(f"column.{column}", lang=words) for column in cut.towns.columns}
        said = {True: text("label.yes", lang=words), False: text("label.no", lang=words)}
        print_table(cut.towns.assign(is_written=cut.towns["is_written"].map(said)).rename(columns=heads))
        written = int(cut.towns["is_written"].sum())
        say("split_done", words, written=written, count=len(cut.towns), folder=str(out))
        if written < len(cut.towns):
            raise typer.Exit(1)
