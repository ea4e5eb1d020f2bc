"""Sheets of the workbook about projects: all of them with the programme's sites, and how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Sheet
from fengmao_geo.export.space_words import capital, place_name, use_name
from fengmao_geo.export.theme import theme
from fengmao_geo.export.workbook_sheets import is_missing, number, total
from fengmao_geo.standards.uses import uses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk

__all__ = ["progress_sheet", "project_sheet"]

_DATES = ("planned_start_on", "planned_end_on", "started_on", "completed_on")
_WHO = ("responsible", "operator", "funding")
_STATUSES = ("done", "under_way", "planned")


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
    texts = [column_values(projects, name) for name in (*_WHO, *_DATES)]
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
    tones = {desk.word("status_done"): book["good"], desk.word("status_under_way"): theme()["page"]["lack"]}
    heads = (
        Head("project_name"),
        Head("block_of"),
        Head("acceptance_batch"),
        Head("project_status", tones=tones),
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
    notes = [desk.note("progress")] if rows is not None else [desk.note("no_projects")]
    counts = _counts(desk, rows)
    parts = [desk.table(heads, rows, "projects", has_filter=bool(rows)), counts]
    return Sheet(
        desk.sheet_name("progress"), parts, title=desk.title("progress"), notes=notes, frozen_count=1
    )


def _progress(desk: Desk) -> list[list[Cell]] | None:
    blocks = desk.project_blocks
    if blocks is None:
        return None
    rows: list[list[Cell]] = []
    for row, block in zip(
        desk.results.town["projects"].drop(columns="geometry").to_dict("records"), blocks, strict=True
    ):
        project = {str(key): None if is_missing(value) else value for key, value in row.items()}
        money, paid = project.get("investment_wan"), project.get("paid_wan")
        status = _status(project)
        rows.append(
            [
                project.get("name") or desk.word("unnamed_project", id=project["id"]),
                desk.block(block),
                project.get("acceptance_batch"),
                None if status is None else desk.word(f"status_{status}"),
                project.get("progress_share"),
                *(
                    project.get(name)
                    for name in ("planned_start_on", "started_on", "planned_end_on", "completed_on")
                ),
                money,
                paid,
                None if money is None or paid is None else paid / money if money else NOT_THERE,
            ]
        )
    return rows


def _status(project: Mapping[str, object]) -> str | None:
    """Say how far a project is, by what its dates and its progress tell and no clock."""
    progress = project.get("progress_share")
    if project.get("completed_on") is not None or progress == 1:
        return "done"
    if project.get("started_on") is not None or (isinstance(progress, float) and progress > 0):
        return "under_way"
    has_plan = project.get("planned_start_on") is not None or project.get("planned_end_on") is not None
    return "planned" if has_plan else None


def _counts(desk: Desk, rows: Sequence[Sequence[Cell]] | None) -> SheetTable:
    heads = (
        Head("block_of"),
        Head("project_count", "count"),
        *(Head("status_count", "count", label=desk.word(f"status_{status}")) for status in _STATUSES),
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
        by_status = [sum(row[3] == desk.word(f"status_{status}") for row in here) for status in _STATUSES]
        money = [[value if isinstance(value := row[at], float) else None for row in here] for at in (9, 10)]
        sums = [total(values) if here else NOT_THERE for values in money]
        summed.append([name or desk.word("all"), len(here), *by_status, len(here) - sum(by_status), *sums])
    return desk.table(heads, summed, "projects", title=title, total_count=1)
