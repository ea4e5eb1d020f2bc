"""Commands; no logic. Exit codes: 0 fine, 1 faults in the data or no programme possible, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.intake import import_osm, new
from fengmao_geo.many import batch, split
from fengmao_geo.messages import Lang, text
from fengmao_geo.saved import map_run, track
from fengmao_geo.terminal import faults, print_findings, print_table, say, say_findings, shown
from fengmao_geo.town.own_process import shut_in

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.results import Results
    from fengmao_geo.tables import Programme
    from fengmao_geo.town.town import Town

__all__ = ["app", "main"]

# What is asked for cannot be had, or not in time.
_NO_PROGRAMME = ("infeasible", "not_found")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=f"{text('cli.app')}\n\n{text('cli.app', lang='en')}",
)

_Language = Annotated[str, typer.Option("--lang", help="zh | en", metavar="LANG")]
_TownFolder = Annotated[Path, typer.Argument(metavar="TOWN", help=text("cli.town_help"))]
_Out = Annotated[Path, typer.Option("--out", help=text("cli.out_help"))]

app.command(name="new", help=text("cli.new_help"))(new)
app.command(name="import-osm", help=text("cli.import_osm_help"))(import_osm)
app.command(name="split", help=text("cli.split_help"))(split)
app.command(name="map", help=text("cli.map_help"))(map_run)
app.command(name="track", help=text("cli.track_help"))(track)
app.command(name="batch", help=text("cli.batch_help"), epilog=text("cli.batch_ends"))(batch)


def main() -> None:
    """Run the command line."""
    shut_in(os.environ)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


@app.command(help=text("cli.demo_help"))
def demo(out: _Out = Path("out"), lang: _Language = "zh") -> None:
    """Run the analyses on the sample town and write its maps; `fengmao run` writes all that is handed in.

    Parameters
    ----------
    out
        Folder for the maps.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.summary import summary_table  # noqa: PLC0415  heavy
        from fengmao_geo.town.sample import sample_folder  # noqa: PLC0415  heavy

        results, _ = _studied(sample_folder(), out, words, has_blocks=False)
        pages = _write_maps(results, out, words)
        print_table(summary_table(results, lang=words))
        _say_written(results, sample_folder(), pages, words)


@app.command(help=text("cli.check_help"))
def check(town: _TownFolder, out: _Out = Path("out"), lang: _Language = "zh") -> None:
    """Read a town, list the findings, and write them as a workbook and as a page with the faulty places.

    Parameters
    ----------
    town
        Folder of the town.
    out
        Folder for the findings.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.finding_files import write_finding_files  # noqa: PLC0415  heavy
        from fengmao_geo.study import check_town  # noqa: PLC0415  heavy

        try:
            found = _read(town)
        except TownError as fault:
            print_findings(fault.findings, words)
            files = write_finding_files(fault.findings, folder=out, crs=fault.crs, lang=words)
            say("check_written", words, page=str(files[-1]))
            raise
        say("check_done", words, town=repr(found))
        findings = check_town(found, review=_reviews(town))
        print_findings(findings, words)
        files = write_finding_files(findings, folder=out, town=found, lang=words)
        say("check_written", words, page=str(files[-1]))
        if (findings["severity"] == "error").any():
            raise typer.Exit(1)


@app.command(help=text("cli.run_help"))
def run(
    town: _TownFolder,
    out: _Out = Path("out"),
    catalogue: Annotated[str, typer.Option(help=text("cli.catalogue_help"))] = "township",
    walker: Annotated[str, typer.Option(help=text("cli.walker_help"))] = "standard",
    share: Annotated[str, typer.Option(help=text("cli.share_help"))] = "internal",
    basemap: Annotated[str | None, typer.Option(help=text("cli.basemap_help"))] = None,
    date: Annotated[str | None, typer.Option(help=text("cli.date_help"))] = None,
    lang: _Language = "zh",
) -> None:
    """Run everything on a town, write all that is handed in, and say what lies where.

    Sites are chosen where the town's file says how, in the table ``[site_rules]``. Pictures of spaces in a
    folder ``photos`` beside that file, named as their ids, stand on the cards.

    Parameters
    ----------
    town
        Folder of the town.
    out
        Folder for the maps.
    catalogue
        What is asked for within how many minutes: a name, or the path of a TOML file.
    walker
        Who walks: a name, or the path of a TOML file.
    share
        Whom the results are for: ``internal`` or ``public``.
    basemap
        A web basemap for the maps, by its name; behind a colon one's own key to it.
    date
        The date the run stands for; that of the latest data if it is left out.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.handover import Share, write_all  # noqa: PLC0415  heavy
        from fengmao_geo.export.run_record import Timings, input_hashes, run_date  # noqa: PLC0415  heavy
        from fengmao_geo.export.summary import summary_table  # noqa: PLC0415  heavy

        if share not in get_args(Share):
            raise UsageError("unknown_share", value=share, known=", ".join(get_args(Share)))
        date = run_date(date) or None
        under, _, key = (basemap or "").partition(":")
        photos = (town.parent if town.is_file() else town) / "photos"
        timings = Timings()
        with timings.step("study"):
            results, review = _studied(town, out, words, catalogue=catalogue, walker=walker, is_whole=True)
        with timings.step("write"):
            handed = write_all(
                results,
                folder=out,
                lang=words,
                share=cast("Share", share),
                review=review,
                maps={
                    "basemap": under or None,
                    "basemap_key": key or None,
                    "photos": photos if photos.is_dir() else None,
                },
                run={"run_on": date, "inputs": input_hashes(town)},
            )
        if share == "internal":
            timings.write(out / "run")
        print_table(summary_table(results, lang=words))
        _say_findings(results, town, words)
        for one in handed:
            say("handed_row", words, name=one.name(lang=words), path=str(one.path))


@app.command(help=text("cli.spaces_help"))
def spaces(town: _TownFolder, out: _Out = Path("out"), lang: _Language = "zh") -> None:
    """Find the spaces a town could use and write maps, tables and a review to fill in.

    Parameters
    ----------
    town
        Folder of the town; its ``spaces_review.csv`` is honoured.
    out
        Folder for the results; ids and decisions of an earlier run there are kept.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.space_files import REVIEW, space_summary, write_space_files  # noqa: PLC0415

        results, review = _studied(town, out, words)
        pages = _write_maps(results, out, words)
        files = write_space_files(results, folder=out, review=review, lang=words)
        print_table(space_summary(results, lang=words))
        _say_written(results, town, pages, words)
        say("spaces_written", words, count=len(files), folder=str(out), review=str(out / REVIEW))


@app.command(help=text("cli.green_help"))
def green(town: _TownFolder, out: _Out = Path("out"), lang: _Language = "zh") -> None:
    """Measure what a town gained in green and write maps, charts and tables.

    Parameters
    ----------
    town
        Folder of the town.
    out
        Folder for the results.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.green_files import green_summary, write_green_files  # noqa: PLC0415  heavy

        results, _ = _studied(town, out, words)
        pages = _write_maps(results, out, words)
        files = write_green_files(results, folder=out, lang=words)
        print_table(green_summary(results, lang=words))
        _say_written(results, town, pages, words)
        say("green_written", words, count=len(files), folder=str(out))


@app.command(help=text("cli.site_help"))
def site(
    town: _TownFolder,
    budget: Annotated[float | None, typer.Option(help=text("cli.budget_help"))] = None,
    count: Annotated[int | None, typer.Option(help=text("cli.count_help"))] = None,
    objective: Annotated[str | None, typer.Option(help=text("cli.objective_help"))] = None,
    out: _Out = Path("out"),
    lang: _Language = "zh",
) -> None:
    """Choose which spaces become what and write maps and tables; options win over the town's file.

    Parameters
    ----------
    town
        Folder of the town; the table ``[site_rules]`` of its file says how sites are chosen.
    budget
        The budget in 10,000 yuan.
    count
        How many sites at most.
    objective
        ``people``, ``everyone`` or ``fairest``.
    out
        Folder for the results.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.export.site_files import site_summary, site_words, write_site_files  # noqa: PLC0415

        typed = {"budget_wan": budget, "count": count, "objective": objective}
        asked = {name: value for name, value in typed.items() if value is not None}
        results, _ = _studied(town, out, words, asked=asked)
        pages = _write_maps(results, out, words)
        files = write_site_files(results, folder=out, lang=words)
        programme = cast("Programme", results.programme)
        print_table(site_summary(programme, lang=words))
        typer.echo("\n".join(site_words(programme, lang=words)), err=True)
        say_findings("site_row", programme.findings, words)
        _say_written(results, town, pages, words)
        say("site_written", words, count=len(files), folder=str(out))
        if programme.status in _NO_PROGRAMME:
            raise typer.Exit(1)


@app.command(help=text("cli.columns_help"))
def columns(
    table: Annotated[str | None, typer.Argument(metavar="TABLE")] = None, lang: _Language = "zh"
) -> None:
    """Print the declarations of tables.

    Parameters
    ----------
    table
        Name of a table; all of them if it is left out.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.tables import LAYERS, RESULTS  # noqa: PLC0415  beside its use
        from fengmao_geo.tables import table as find_table  # noqa: PLC0415  beside its use

        named = [table] if table else [*LAYERS, *RESULTS]
        rows = [row for name in named for row in find_table(name).describe(lang=words)]
        typer.echo("\t".join(text(f"columns.{head}", lang=words) for head in rows[0]))
        typer.echo("\n".join("\t".join(row.values()) for row in rows))


@app.command(help=text("cli.standards_help"))
def standards(
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None, lang: _Language = "zh"
) -> None:
    """Print planning knowledge with its source and confidence.

    Parameters
    ----------
    name
        Name of a table of knowledge; the list of names if it is left out.
    lang
        ``zh`` or ``en``.
    """
    with faults(lang) as words:
        from fengmao_geo.standards.show import standard_names, standard_table  # noqa: PLC0415  heavy

        if name is None:
            typer.echo("\n".join(standard_names()))
        else:
            print_table(shown(standard_table(name), words))


def _read(path: Path) -> Town:
    from fengmao_geo.town.read import read_town  # noqa: PLC0415  heavy

    if not path.exists():
        raise UsageError("town_path", path=str(path))
    return read_town(path)


def _studied(
    folder: Path,
    out: Path,
    lang: Lang,
    *,
    catalogue: str = "township",
    walker: str = "standard",
    asked: dict[str, Any] | None = None,
    is_whole: bool = False,
    has_blocks: bool = True,
) -> tuple[Results, pd.DataFrame | None]:
    """Run every analysis on a town, with the ids and decisions of an earlier run.

    Sites are chosen if that is asked for; of a whole run, also where the town's file says how.
    """
    from fengmao_geo.export.geopackage import read_spaces  # noqa: PLC0415  heavy
    from fengmao_geo.siting.rules import site_settings  # noqa: PLC0415  heavy
    from fengmao_geo.study import study  # noqa: PLC0415  heavy

    town = _read(folder)
    say("town_read", lang, town=repr(town))
    review = _reviews(folder, out)
    own_catalogue = Path(catalogue) if catalogue.endswith(".toml") else catalogue
    previous = read_spaces(out / "spaces.gpkg", crs=town.crs)
    if is_whole and asked is None and town.settings.site_rules:
        asked = {}
    # What was typed wins over the town's file.
    site = None if asked is None else site_settings(town, asked=asked)
    measure = partial(study, catalogue=own_catalogue, walker=walker, has_blocks=has_blocks)
    return measure(town, review=review, previous=previous, site=site), review


def _reviews(*places: Path) -> pd.DataFrame | None:
    from fengmao_geo.export.space_files import REVIEW, read_reviews  # noqa: PLC0415  heavy

    return read_reviews([(place.parent if place.is_file() else place) / REVIEW for place in places])


def _write_maps(results: Results, out: Path, lang: Lang) -> list[Path]:
    from fengmao_geo.export.folium_map import write_block_maps  # noqa: PLC0415  heavy

    return write_block_maps(results, folder=out / "maps", lang=lang)


def _say_written(results: Results, folder: Path, pages: list[Path], lang: Lang) -> None:
    _say_findings(results, folder, lang)
    say("maps_written", lang, count=len(pages), page=str(pages[0]))


def _say_findings(results: Results, folder: Path, lang: Lang) -> None:
    if count := len(results.findings):
        say("findings", lang, count=count, folder=str(folder))
        # What of a review was not taken over is told at once: `check` reads the town's own review alone.
        say_findings("review_row", results.findings[results.findings["layer"] == "spaces_review"], lang)


if __name__ == "__main__":
    main()
