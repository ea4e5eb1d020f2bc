"""Commands; no logic. Exit codes: 0 fine, 1 faults in the data or no programme possible, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from fengmao_geo.errors import FengmaoError, NetworkError, TownError, UsageError
from fengmao_geo.messages import Lang, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from fengmao_geo.results import Results
    from fengmao_geo.tables import Programme
    from fengmao_geo.town.town import Town

__all__ = ["app", "main"]

# Drivers that follow what a file names, to other files or to the network, are never loaded.
_SKIPPED_DRIVERS = "OGR_VRT,VRT,WMS,WFS,WMTS,WCS,HTTP,OAPIF,ODS,PLSCENES,NGW,CARTO,AMIGOCLOUD"

# What is printed of a finding; the rest is for programs.
_SHOWN = ("severity", "layer", "feature_id", "column", "found", "done", "remedy", "point")

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


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("GDAL_SKIP", _SKIPPED_DRIVERS)
    # QGIS and PostGIS set these to a database of their own, which rasterio cannot read.
    os.environ.pop("PROJ_LIB", None)
    os.environ.pop("PROJ_DATA", None)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


@app.command(help=text("cli.demo_help"))
def demo(out: _Out = Path("out"), lang: _Language = "zh") -> None:
    """Run everything on the sample town.

    Parameters
    ----------
    out
        Folder for the maps.
    lang
        ``zh`` or ``en``.
    """
    with _faults(lang) as words:
        from fengmao_geo.town.sample import sample_folder  # noqa: PLC0415  heavy

        _run(sample_folder(), out, words)


@app.command(help=text("cli.check_help"))
def check(town: _TownFolder, lang: _Language = "zh") -> None:
    """Read a town and list the findings.

    Parameters
    ----------
    town
        Folder of the town.
    lang
        ``zh`` or ``en``.
    """
    with _faults(lang) as words:
        from fengmao_geo.study import check_town  # noqa: PLC0415  heavy

        found = _read(town)
        _say("check_done", words, town=repr(found))
        findings = check_town(found, review=_reviews(town))
        _print_findings(findings, words)
        if (findings["severity"] == "error").any():
            raise typer.Exit(1)


@app.command(help=text("cli.run_help"))
def run(
    town: _TownFolder,
    out: _Out = Path("out"),
    catalogue: Annotated[str, typer.Option(help=text("cli.catalogue_help"))] = "township",
    walker: Annotated[str, typer.Option(help=text("cli.walker_help"))] = "standard",
    lang: _Language = "zh",
) -> None:
    """Run everything on a town.

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
    lang
        ``zh`` or ``en``.
    """
    with _faults(lang) as words:
        _run(town, out, words, catalogue=catalogue, walker=walker)


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
    with _faults(lang) as words:
        from fengmao_geo.export.space_files import REVIEW, space_summary, write_space_files  # noqa: PLC0415

        results, review = _studied(town, out, words)
        pages = _write_maps(results, out, words)
        files = write_space_files(results, folder=out, review=review, lang=words)
        _print_table(space_summary(results, lang=words))
        _say_written(results, town, pages, words)
        _say("spaces_written", words, count=len(files), folder=str(out), review=str(out / REVIEW))


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
    with _faults(lang) as words:
        from fengmao_geo.export.green_files import green_summary, write_green_files  # noqa: PLC0415  heavy

        results, _ = _studied(town, out, words)
        pages = _write_maps(results, out, words)
        files = write_green_files(results, folder=out, lang=words)
        _print_table(green_summary(results, lang=words))
        _say_written(results, town, pages, words)
        _say("green_written", words, count=len(files), folder=str(out))


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
    with _faults(lang) as words:
        from fengmao_geo.export.site_files import site_summary, site_words, write_site_files  # noqa: PLC0415

        typed = {"budget_wan": budget, "count": count, "objective": objective}
        asked = {name: value for name, value in typed.items() if value is not None}
        results, _ = _studied(town, out, words, asked=asked)
        pages = _write_maps(results, out, words)
        files = write_site_files(results, folder=out, lang=words)
        programme = cast("Programme", results.programme)
        _print_table(site_summary(programme, lang=words))
        typer.echo("\n".join(site_words(programme, lang=words)), err=True)
        _say_findings("site_row", programme.findings, words)
        _say_written(results, town, pages, words)
        _say("site_written", words, count=len(files), folder=str(out))
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
    with _faults(lang) as words:
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
    with _faults(lang) as words:
        from fengmao_geo.standards.show import standard_names, standard_table  # noqa: PLC0415  heavy

        if name is None:
            typer.echo("\n".join(standard_names()))
        else:
            _print_table(_shown(standard_table(name), words))


@contextmanager
def _faults(lang: str) -> Iterator[Lang]:
    """Turn our errors into messages and exit codes."""
    if lang not in ("zh", "en"):
        typer.echo(text("cli.lang", value=lang), err=True)
        raise typer.Exit(2)
    words = cast("Lang", lang)
    try:
        yield words
    except (TownError, NetworkError) as fault:
        typer.echo(fault.text(lang=words), err=True)
        raise typer.Exit(1) from None
    except FengmaoError as fault:
        typer.echo(fault.text(lang=words), err=True)
        # The rules are the town's: what was typed is refused before them.
        raise typer.Exit(1 if fault.key == "site_rules" else 2) from None
    except OSError as fault:
        typer.echo(text("cli.os", lang=words, reason=str(fault)), err=True)
        raise typer.Exit(2) from None


def _read(path: Path) -> Town:
    from fengmao_geo.town.read import read_town  # noqa: PLC0415  heavy

    if not path.exists():
        raise UsageError("town_path", path=str(path))
    return read_town(path)


def _run(
    folder: Path, out: Path, lang: Lang, *, catalogue: str = "township", walker: str = "standard"
) -> None:
    from fengmao_geo.export.summary import summary_table  # noqa: PLC0415  heavy

    results, _ = _studied(folder, out, lang, catalogue=catalogue, walker=walker)
    pages = _write_maps(results, out, lang)
    _print_table(summary_table(results, lang=lang))
    _say_written(results, folder, pages, lang)


def _studied(
    folder: Path,
    out: Path,
    lang: Lang,
    *,
    catalogue: str = "township",
    walker: str = "standard",
    asked: dict[str, Any] | None = None,
) -> tuple[Results, pd.DataFrame | None]:
    """Run every analysis on a town, with the ids and decisions of an earlier run; sites only if asked."""
    from fengmao_geo.export.geopackage import read_spaces  # noqa: PLC0415  heavy
    from fengmao_geo.siting.rules import site_settings  # noqa: PLC0415  heavy
    from fengmao_geo.study import study  # noqa: PLC0415  heavy

    town = _read(folder)
    _say("town_read", lang, town=repr(town))
    review = _reviews(folder, out)
    own_catalogue = Path(catalogue) if catalogue.endswith(".toml") else catalogue
    previous = read_spaces(out / "spaces.gpkg", crs=town.crs)
    # What was typed wins over the town's file.
    site = None if asked is None else site_settings(town, asked=asked)
    found = study(town, catalogue=own_catalogue, walker=walker, review=review, previous=previous, site=site)
    return found, review


def _reviews(*places: Path) -> pd.DataFrame | None:
    from fengmao_geo.export.space_files import REVIEW, read_reviews  # noqa: PLC0415  heavy

    return read_reviews([(place.parent if place.is_file() else place) / REVIEW for place in places])


def _write_maps(results: Results, out: Path, lang: Lang) -> list[Path]:
    from fengmao_geo.export.folium_map import write_block_maps  # noqa: PLC0415  heavy

    return write_block_maps(results, folder=out / "maps", lang=lang)


def _say_written(results: Results, folder: Path, pages: list[Path], lang: Lang) -> None:
    if count := len(results.findings):
        _say("findings", lang, count=count, folder=str(folder))
        _say_reviewed(results.findings, lang)
    _say("maps_written", lang, count=len(pages), page=str(pages[0]))


def _say_reviewed(findings: pd.DataFrame, lang: Lang) -> None:
    """Tell at once what of a review was not taken over: `check` reads the town's own review alone."""
    _say_findings("review_row", findings[findings["layer"] == "spaces_review"], lang)


def _say_findings(key: str, findings: pd.DataFrame | None, lang: Lang) -> None:
    from fengmao_geo.findings import translate_findings  # noqa: PLC0415  heavy

    if findings is None:
        return
    shown = translate_findings(findings, lang=lang)
    for row in shown[["feature_id", "found", "done", "remedy"]].fillna("").to_dict("records"):
        _say(key, lang, **{str(name): value for name, value in row.items()})


def _say(key: str, lang: Lang, **values: object) -> None:
    typer.echo(text(f"cli.{key}", lang=lang, **values), err=True)


def _print_findings(findings: pd.DataFrame, lang: Lang) -> None:
    from fengmao_geo.findings import translate_findings  # noqa: PLC0415  heavy

    if not len(findings):
        _say("no_findings", lang)
        return
    shown = translate_findings(findings, lang=lang)[list(_SHOWN)]
    severities = {name: text(f"severity.{name}", lang=lang) for name in shown["severity"].unique()}
    heads = {name: text(f"column.{name}", lang=lang) for name in _SHOWN}
    _print_table(shown.replace({"severity": severities}).rename(columns=heads))


def _shown(standard: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Name the columns, and say yes and no, in the reader's language."""
    said = {True: text("label.yes", lang=lang), False: text("label.no", lang=lang)}
    answers = {str(name): standard[name].map(said) for name in standard.select_dtypes("bool")}
    heads = {name: text(f"standard_column.{name}", lang=lang) for name in standard.columns}
    return standard.assign(**answers).rename(columns=heads)


def _print_table(table: pd.DataFrame) -> None:
    """Print tab-separated lines, which a person can read and a script can cut."""
    typer.echo(table.to_csv(sep="\t", index=False).rstrip("\n"))


if __name__ == "__main__":
    main()
