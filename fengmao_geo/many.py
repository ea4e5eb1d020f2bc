"""Commands for many towns; no logic."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads it at run time
from typing import Annotated

import typer

from fengmao_geo.messages import text
from fengmao_geo.terminal import faults, print_findings, print_table, say

__all__ = ["split"]

_Language = Annotated[str, typer.Option("--lang", help="zh | en", metavar="LANG")]


def split(
    towns: Annotated[Path, typer.Argument(metavar="TOWNS", help=text("cli.split_path_help"))],
    out: Annotated[Path, typer.Option("--out", help=text("cli.split_out_help"))],
    by: Annotated[
        str | None, typer.Option("--by", metavar="FILE[:COLUMN]", help=text("cli.split_by_help"))
    ] = None,
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
    minutes
        The longest walk that is to be looked for.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.batch.split import named_file, split_towns  # noqa: PLC0415  heavy

        file, column = named_file(by)
        cut = split_towns(towns, out=out, by=file, name_column=column, minutes=minutes, lang=words)
        print_findings(cut.findings, words)
        heads = {column: text(f"column.{column}", lang=words) for column in cut.towns.columns}
        said = {True: text("label.yes", lang=words), False: text("label.no", lang=words)}
        print_table(cut.towns.assign(is_written=cut.towns["is_written"].map(said)).rename(columns=heads))
        written = int(cut.towns["is_written"].sum())
        say("split_done", words, written=written, count=len(cut.towns), folder=str(out))
        if written < len(cut.towns):
            raise typer.Exit(1)
