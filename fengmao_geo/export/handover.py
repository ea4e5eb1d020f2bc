"""Everything that is handed in, written by one call: what lies where, for whom, and under which notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["Handed", "Share", "write_all"]

#: Whom files are for.
Share = Literal["internal", "public"]

README = "README.txt"
#: What is published lies in a folder of its own, beside nothing that is not.
PUBLIC = "public"


class Handed(NamedTuple):
    """One thing that was written.

    Parameters
    ----------
    name_zh, name_en
        What it is.
    path
        Its file, or the first of its files.
    file_count
        How many files it is.
    """

    name_zh: str
    name_en: str
    path: Path
    file_count: int

    def name(self, *, lang: Lang = "zh") -> str:
        """Say what it is.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        str
            Its name.
        """
        return self.name_zh if lang == "zh" else self.name_en


class _Job(NamedTuple):
    """What every writer is given."""

    results: Results
    folder: Path
    lang: Lang
    review: pd.DataFrame | None
    maps: Mapping[str, Any]
    run: Mapping[str, Any]


def write_all(
    results: Results,
    *,
    folder: str | Path,
    lang: Lang = "zh",
    share: Share = "internal",
    review: pd.DataFrame | None = None,
    maps: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
) -> list[Handed]:
    """Write everything that is handed in: maps, workbook, report, GeoPackage, tables, the run itself.

    What is for the public is made by `public_results` first, and lies in a folder of its own, ``public``.
    Pages, pictures, workbook, report and GeoPackage bear the town's notice. Tables in CSV do not, since other
    programs read their first line as heads: the file ``README.txt`` beside them says it, and what lies where.

    Parameters
    ----------
    results
        The town and what was computed from it; what belongs to a step that was not run is not written.
    folder
        Where to write; it is made if it is not there.
    lang
        The language of what is written: ``zh`` or ``en``.
    share
        Whom it is for: ``internal`` or ``public``.
    review
        What was decided on site about spaces, which is kept; it is not for the public.
    maps
        What `write_block_maps` takes besides: ``basemap``, ``basemap_key``, ``photos``.
    run
        What `write_results` takes besides: ``run_on``, ``inputs``, ``parameters``. A run for the public is
        not saved.

    Returns
    -------
    list of Handed
        What was written and where, in the order in which it is read; ``README.txt`` is the last.

    Raises
    ------
    UsageError
        If ``share`` is neither, or the town's coordinates cannot be turned into degrees.
    OSError
        If the folder or a file cannot be written.
    """
    if share not in get_args(Share):
        raise UsageError("unknown_share", value=share, known=", ".join(get_args(Share)))
    target = Path(folder)
    if share == "public":
        from fengmao_geo.export.public import public_results  # noqa: PLC0415  heavy

        target = target / PUBLIC
        results, review = public_results(results), None
    target.mkdir(parents=True, exist_ok=True)
    job = _Job(results, target, lang, review, maps or {}, run or {})
    found = [(name, list(paths)) for name, write in WRITERS.items() if (paths := write(job))]
    handed = [_handed(name, paths) for name, paths in found]
    readme = write_whole(target / README, _readme(job, handed))
    return [*handed, _handed("readme", [readme])]


def _handed(name: str, paths: list[Path]) -> Handed:
    zh, en = (text(f"handed.{name}", lang=lang) for lang in ("zh", "en"))
    return Handed(zh, en, paths[0], len(paths))


def _readme(job: _Job, handed: list[Handed]) -> str:
    """Say what lies where, under which notice, and what is left out."""
    town, lang = job.results.town, job.lang
    lines = [text("handed.title", lang=lang, town=town.name), town.settings.notice]
    if job.results.share == "public":
        from fengmao_geo.standards.public import public_standard  # noqa: PLC0415  beside its use

        lines.append(text("public.left_out", lang=lang, grid_m=public_standard().figure("grid_m")))
    rows = [
        text(
            "handed.row",
            lang=lang,
            name=one.name(lang=lang),
            path=one.path.relative_to(job.folder).as_posix(),
            count=one.file_count,
        )
        for one in handed
    ]
    return "\n".join([*(line for line in lines if line), "", *rows, ""])


def _maps(job: _Job) -> list[Path]:
    from fengmao_geo.export.folium_map import write_block_maps  # noqa: PLC0415  heavy

    return write_block_maps(job.results, folder=job.folder / "maps", lang=job.lang, **job.maps)


def _workbook(job: _Job) -> list[Path]:
    from fengmao_geo.export.workbook import write_workbook  # noqa: PLC0415  heavy

    return [write_workbook(job.results, job.folder / "workbook.xlsx", lang=job.lang)]


def _report(job: _Job) -> list[Path]:
    from fengmao_geo.export.report import write_report  # noqa: PLC0415  heavy

    return write_report(job.results, folder=job.folder, lang=job.lang)


def _saved(job: _Job) -> list[Path]:
    from fengmao_geo.export.saved_run import write_results  # noqa: PLC0415  heavy

    if job.results.share == "public":
        return []
    # What the run is stands in its last file.
    return write_results(job.results, job.folder / "run", **job.run)[::-1]


def _geopackage(job: _Job) -> list[Path]:
    from fengmao_geo.export.town_geopackage import write_geopackage  # noqa: PLC0415  heavy

    return [write_geopackage(job.results, job.folder / "town.gpkg", lang=job.lang)]


def _spaces(job: _Job) -> list[Path]:
    from fengmao_geo.export.space_files import write_space_files  # noqa: PLC0415  heavy

    if job.results.spaces is None or job.results.uses is None:
        return []
    return write_space_files(job.results, folder=job.folder, review=job.review, lang=job.lang)


def _sites(job: _Job) -> list[Path]:
    from fengmao_geo.export.site_files import write_site_files  # noqa: PLC0415  heavy

    if job.results.programme is None:
        return []
    return write_site_files(job.results, folder=job.folder, lang=job.lang)


def _green(job: _Job) -> list[Path]:
    from fengmao_geo.export.green_files import write_green_files  # noqa: PLC0415  heavy

    if job.results.gains is None:
        return []
    return write_green_files(job.results, folder=job.folder, lang=job.lang)


#: What writes each thing, in the order in which it is read; one that has nothing to write gives no path.
WRITERS: dict[str, Callable[[_Job], list[Path]]] = {
    "maps": _maps,
    "workbook": _workbook,
    "report": _report,
    "geopackage": _geopackage,
    "spaces": _spaces,
    "sites": _sites,
    "green": _green,
    "saved": _saved,
}
