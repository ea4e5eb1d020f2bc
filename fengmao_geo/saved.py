"""Commands that work from saved runs: maps again, and what changed from run to run; no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fengmao_geo.messages import text
from fengmao_geo.terminal import faults, say, say_findings

__all__ = ["map_run", "track"]

_Language = Annotated[str, typer.Option("--lang", help="zh | en", metavar="LANG")]
_Out = Annotated[Path, typer.Option("--out", help=text("cli.out_help"))]


def map_run(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=text("cli.saved_help"))],
    block: Annotated[str | None, typer.Option(help=text("cli.block_help"))] = None,
    out: _Out = Path("out"),
    lang: _Language = "zh",
) -> None:
    """Write maps from a saved run; nothing is computed anew.

    Parameters
    ----------
    run
        Folder of the saved run.
    block
        The id or the number of one block, whose map alone is written.
    out
        Folder for the maps, which go into ``maps`` in it.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.folium_map import write_block_maps  # noqa: PLC0415  heavy
        from fengmao_geo.export.saved_run import read_results, read_run  # noqa: PLC0415  heavy

        about = read_run(run)
        results = read_results(run)
        say("saved_read", words, town=about.town, on=about.run_on or text("label.unknown", lang=words))
        pages = write_block_maps(results, folder=out / "maps", block=block, lang=words)
        say("saved_written", words, count=len(pages), page=str(pages[0]))


def track(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help=text("cli.saved_help"))],
    out: _Out = Path("out"),
    lang: _Language = "zh",
) -> None:
    """Write indicators and projects of dated runs side by side.

    Parameters
    ----------
    runs
        Folders of saved runs of one town, in any order.
    out
        Folder for the workbook and the charts.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.track_files import track_runs, write_track_files  # noqa: PLC0415  heavy

        found = track_runs(runs)
        for on in found.dates:
            say("saved_read", words, town=found.town, on=on)
        files = write_track_files(found, folder=out, lang=words)
        say_findings("track_row", found.findings, words)
        say("track_written", words, count=len(files), folder=str(out), book=str(files[0]))
