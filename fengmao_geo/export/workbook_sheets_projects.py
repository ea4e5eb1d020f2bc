"""Sheets of the workbook about projects: all of them with the programme's sites, and how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Sheet
from fengmao_geo.export.space_words import capital, place_name, use_name
from fengmao_geo.export.theme import named, theme
from fengmao_geo.export.workbook_sheets import is_missing, number, total
from fengmao_geo.standards.uses import uses
from fengmao_geo.tables import PROJECT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk

__all__ = ["progress_sheet", "project_sheet"]

_DATES = ("planned_start_on", "planned_end_on", "started_on", "completed_on")
#: What has no date before it happens.
_HAPPENED = ("started_on", "completed_on")
_WHO = ("responsible", "operator", "funding")
# What is not known is counted apart.
_STATUSES = PROJECT_STATUSES[:-1]


def project_sheet(desk: Desk) -> Sheet:
    """List the projects and the sites of the programme: who is responsible, who runs and pays them, and when.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    heads = (
        Head("project_name"),
        Head("pool"),
        Head("block_of"),
        Head("batch"),
        Head("theme"),
        Head("project_use"),
        Head("investment_wan", "wan"),
        *(Head(name) for name in (*_WHO, *_DATES)),
        Head("gained_people", "people", source="programme"),
        Head("priority", "rank", source="programme"),
    )
    projects, sites = _projects(desk), _sites(desk)
    rows = None if projects is None and sites is None else [*(projects or []), *(sites or [])]
    notes = [] if projects is not None else [desk.note("no_projects")]
    notes += [] if sites is not None else [desk.not_run("programme")]
    parts = [desk.table(heads, rows, "projects", has_filter=bool(rows))]
    return Sheet(
        desk.sheet_name("projects"),
        parts,
        title=desk.title("projects"),
        notes=notes,
        frozen_count=1,
        paper="A3",
    )


def _projects(desk: Desk) -> list[list[Cell]] | None:
    blocks = desk.project_blocks
    if blocks is None:
        return None
    projects = desk.results.town["projects"]
    columns = [column_values(projects, name) for name in ("name", "batch", "theme", "project_type", "use")]
    said = {name: column_values(projects, name) for name in (*_WHO, *_DATES)}
    told = _told(desk.progress)
    texts = list((said | {name: [_when(desk, row, name) for row in told] for name in _HAPPENED}).values())
    return [
        [
            name or desk.word("unnamed_project", id=project),
            desk.word("project"),
            desk.block(block),
            desk.named("renewal_type", batch),
            desk.named("theme", theme_of),
            _project_use(desk, use, kind),
            money,
            *said,
            NOT_THERE,
            NOT_THERE,
        ]
        for project, name, batch, theme_of, kind, use, block, money, said in zip(
            projects["id"],
            *columns,
            blocks,
            number(projects, "investment_wan"),
            zip(*texts, strict=True),
            strict=True,
        )
    ]


def _project_use(desk: Desk, use: str | None, kind: str | None) -> str | None:
    if use is not None:
        return capital(use_name(str(use), lang=desk.lang))
    return desk.named("project_type", kind)


def _sites(desk: Desk) -> list[list[Cell]] | None:
    programme = desk.results.programme
    if programme is None:
        return None
    sites, known, open_word = (
        programme.sites.sort_values("rank", kind="stable"),
        uses(),
        desk.word("to_be_set"),
    )
    return [
        [
            place_name(name, lang=desk.lang),
            desk.word("site"),
            desk.block(block),
            desk.named("renewal_type", known[use].batch) if use in known else None,
            desk.named("theme", known[use].theme) if use in known else None,
            capital(use_name(use, lang=desk.lang)),
            cost,
            *[open_word] * len((*_WHO, *_DATES)),
            gained,
            rank,
        ]
        for name, block, use, cost, gained, rank in zip(
            sites["name"],
            column_values(sites, "block_id"),
            sites["use"],
            number(sites, "cost_wan"),
            number(sites, "gained_people"),
            sites["rank"].tolist(),
            strict=True,
        )
    ]


def progress_sheet(desk: Desk) -> Sheet:
    """List how far projects are: dates planned and actual, progress, money, acceptance batch.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    book = theme()["book"]
    colours = {"done": book["good"], "on_time": theme()["page"]["lack"], "late": book["bad"]}
    tones = {_status(desk, status): colour for status, colour in colours.items()}
    heads = (
        Head("project_name"),
        Head("block_of"),
        Head("acceptance_batch"),
        Head("project_status", tones=tones),
        Head("late_day_count", "day"),
        Head("progress_share", "share", colour="bar"),
        Head("planned_start_on"),
        Head("started_on"),
        Head("planned_end_on"),
        Head("completed_on"),
        Head("investment_wan", "wan"),
        Head("paid_wan", "wan"),
        Head("paid_share", "share"),
    )
    rows = _progress(desk)
    notes = [desk.note("no_projects")]
    if rows is not None:
        notes = [desk.note("progress", on=desk.data_on) if desk.data_on else desk.note("progress_no_date")]
    counts = _counts(desk, rows)
    parts = [desk.table(heads, rows, "projects", has_filter=bool(rows)), counts]
    return Sheet(
        desk.sheet_name("progress"), parts, title=desk.title("progress"), notes=notes, frozen_count=1
    )


def _progress(desk: Desk) -> list[list[Cell]] | None:
    if desk.progress is None:
        return None
    names = column_values(desk.results.town["projects"], "name")
    rows: list[list[Cell]] = []
    for project, name in zip(_told(desk.progress), names, strict=True):
        status = str(project["status"])
        rows.append(
            [
                name or desk.word("unnamed_project", id=project["project_id"]),
                desk.block(project["block_id"]),
                project["acceptance_batch"],
                None if status == "unknown" else _status(desk, status),
                _late_days(project, status),
                project["progress_share"],
                project["planned_start_on"],
                _when(desk, project, "started_on"),
                project["planned_end_on"],
                _when(desk, project, "completed_on"),
                project["investment_wan"],
                project["paid_wan"],
                NOT_THERE if project["investment_wan"] == 0 else project["paid_share"],
            ]
        )
    return rows


def _told(progress: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Take how each project stands; what is missing is ``None``."""
    rows = [] if progress is None else progress.to_dict("records")
    return [{str(key): None if is_missing(value) else value for key, value in row.items()} for row in rows]


def _status(desk: Desk, status: str) -> str:
    return named("project_status", status, lang=desk.lang)


def _when(desk: Desk, project: Mapping[str, Any], name: str) -> str | None:
    """Write when a project began or was done; what did not happen by the date of the data has no date."""
    if project[name] is not None:
        return str(project[name])
    is_begun = project["progress_share"] is None or project["progress_share"] > 0
    is_open = project["status"] in ("on_time", "late", "not_started")
    is_not_yet = is_open and (name == "completed_on" or not is_begun)
    return desk.word("not_yet") if is_not_yet else None


def _late_days(project: Mapping[str, Any], status: str) -> float | None:
    """Write how late a project is or was; what has not begun and is not late has no such number."""
    days = project["late_day_count"]
    return NOT_THERE if days is None and status == "not_started" else days


def _counts(desk: Desk, rows: Sequence[Sequence[Cell]] | None) -> SheetTable:
    heads = (
        Head("block_of"),
        Head("project_count", "count"),
        *(Head("status_count", "count", label=_status(desk, status)) for status in _STATUSES),
        Head("status_unknown", "count"),
        Head("investment_wan", "wan"),
        Head("paid_wan", "wan"),
    )
    title = desk.title("progress_sums")
    if rows is None:
        return desk.table(heads, None, "projects", title=title)
    names = [*(place.name for place in desk.blocks), desk.word("outside")]
    summed: list[list[Cell]] = []
    for name in [*names, None]:
        here = [row for row in rows if name is None or row[1] == name]
        by_status = [sum(row[3] == _status(desk, status) for row in here) for status in _STATUSES]
        money = [[value if isinstance(value := row[at], float) else None for row in here] for at in (10, 11)]
        sums = [total(values) if here else NOT_THERE for values in money]
        summed.append([name or desk.word("all"), len(here), *by_status, len(here) - sum(by_status), *sums])
    return desk.table(heads, summed, "projects", title=title, total_count=1)
