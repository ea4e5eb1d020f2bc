"""Commands that make a town's folder: of files as they were handed over, of OpenStreetMap; no logic."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads it at run time
from typing import Annotated

import typer

from fengmao_geo.errors import UsageError
from fengmao_geo.messages import text
from fengmao_geo.terminal import faults, print_findings, print_table, say

__all__ = ["import_osm", "new"]

_Language = Annotated[str, typer.Option("--lang", help="zh | en", metavar="LANG")]


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=text("cli.new_folder_help"))],
    more: Annotated[list[Path] | None, typer.Argument(metavar="FILES...", help=text("cli.from_help"))] = None,
    files: Annotated[list[Path] | None, typer.Option("--from", help=text("cli.from_help"))] = None,
    name: Annotated[str | None, typer.Option(help=text("cli.name_help"))] = None,
    lang: _Language = "zh",
) -> None:
    """Draw up a town.toml by looking at files.

    Parameters
    ----------
    folder
        Folder of the town; it is made if it is not there.
    more, files
        Files and folders of layers: ``--from A B C`` and ``--from A --from B`` say the same.
    name
        The town's name; the folder's if it is left out.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.files import write_whole  # noqa: PLC0415  beside its use
        from fengmao_geo.town.draft import draft_town  # noqa: PLC0415  heavy
        from fengmao_geo.town.town_file import TOWN_FILE  # noqa: PLC0415  heavy

        target = folder / TOWN_FILE
        if target.exists():
            raise UsageError("town_there", path=str(target))
        draft = draft_town([*(files or []), *(more or [])], folder=folder, name=name, lang=words)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(target, draft.toml)
        heads = {column: text(f"column.{column}", lang=words) for column in draft.sources.columns}
        print_table(draft.sources.rename(columns=heads))
        say("new_written", words, draft=repr(draft), file=str(target))


def import_osm(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=text("cli.osm_file_help"))],
    out: Annotated[Path, typer.Option("--out", help=text("cli.osm_out_help"))],
    boundary: Annotated[str | None, typer.Option(help=text("cli.osm_boundary_help"))] = None,
    name: Annotated[str | None, typer.Option(help=text("cli.osm_name_help"))] = None,
    crs: Annotated[str | None, typer.Option(help=text("cli.osm_crs_help"))] = None,
    lang: _Language = "zh",
) -> None:
    """Write a town's folder from an OpenStreetMap file, without any network.

    Parameters
    ----------
    file
        A ``.osm.pbf`` or ``.osm`` file.
    out
        Folder of the town.
    boundary
        A file of polygons, or the name or relation number of an administrative area in the file.
    name
        The town's name.
    crs
        A projected CRS in metres.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.town_folder import write_town  # noqa: PLC0415  heavy
        from fengmao_geo.town.osm import read_osm  # noqa: PLC0415  heavy

        town = read_osm(file, boundary=boundary, name=name, crs=crs)
        files = write_town(town, folder=out, file="osm.gpkg", lang=words)
        print_findings(town.findings, words)
        say("osm_imported", words, town=repr(town), file=str(files[-1]), folder=str(out))
