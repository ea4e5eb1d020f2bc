"""Sheets of the workbook about renewal blocks: the list of them, what they have of each batch and theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.blocks.proposal_words import translate_proposals
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart
from fengmao_geo.export.space_words import capital
from fengmao_geo.export.summary import is_least
from fengmao_geo.export.theme import theme
from fengmao_geo.export.workbook_sheets import is_missing, number, total
from fengmao_geo.export.workbook_sheets_scores import Scores
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.messages import text
from fengmao_geo.tables import RENEWAL_TYPES, THEMES
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk

__all__ = ["block_sheet", "matrix_sheet"]

_ITEMS = {"batch": RENEWAL_TYPES, "theme": THEMES}
_COUNTS = ("indicator", "space", "site", "project")


def block_sheet(desk: Desk) -> Sheet:
    """List the blocks: type, hectares, people, full set, spaces, money, score, rank; then the proposed ones.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet, with the town below its blocks, charts of scores and of full sets, and the blocks that are
        proposed.
    """
    circles = desk.results.circles
    minutes = () if circles is None else circles.minutes
    full = [
        Head("full_set_share", "share", colour="attained", label=desk.word("full_set", minutes=f"{limit:g}"))
        for limit in minutes
    ]
    basis = "people" if circles is None else circles.people_basis
    label = "" if basis == "people" else text(f"summary.people_{basis}", lang=desk.lang)
    heads = [
        Head("block_no", "rank"),
        Head("block_name"),
        Head("renewal_type"),
        Head("area_ha", "ha"),
        Head("people", "people", label=label, source="circles"),
        *full,
        Head("space_count", "count", source="spaces"),
        Head("space_ha", "ha", source="spaces"),
        Head("site_count", "count", source="programme"),
        Head("cost_wan", "wan", source="programme"),
        Head("project_count", "count", source="projects"),
        Head("investment_wan", "wan", source="projects"),
        Head("score_now", "score", source="scorecard"),
        Head("score_planned", "score", source="scorecard"),
        Head("rank_now", "rank", source="scorecard"),
        Head("stability_share", "share", source="scorecard"),
    ]
    rows = [_block_row(desk, place, minutes) for place in desk.places]
    count = len(desk.blocks)
    table = desk.table(heads, rows, "layer", total_count=1, has_filter=count > 0)
    shares, scores = table.at("full_set_share"), table.at("score_now", "score_planned")
    money = table.at("investment_wan", "cost_wan")
    parts: list[SheetTable | SheetChart] = [table]
    if count:
        if shares:
            parts.append(SheetChart(0, desk.title("full_set_chart"), 1, shares, count + 1, maximum=1))
        parts += [
            SheetChart(0, desk.title("score_chart"), 1, scores, count, maximum=100),
            SheetChart(0, desk.title("investment_chart"), 1, money, count),
        ]
    if desk.results.proposed_blocks is not None:
        parts.append(_proposals(desk, desk.results.proposed_blocks))
    notes = [*desk.people_notes, *([] if count else [desk.note("no_blocks")])]
    missing = [
        step
        for step in ("circles", "spaces", "programme", "scorecard")
        if getattr(desk.results, step) is None
    ]
    return Sheet(
        desk.sheet_name("blocks"),
        parts,
        title=desk.title("blocks"),
        notes=[*notes, *(desk.not_run(step) for step in missing)],
        frozen_count=2,
        paper="A3",
    )


def _proposals(desk: Desk, proposed: gpd.GeoDataFrame) -> SheetTable:
    """List the blocks that are proposed: where, of which type, who lacks and who gains, and why."""
    basis = "people" if desk.results.circles is None else desk.results.circles.people_basis
    label = "" if basis == "people" else text(f"summary.people_{basis}", lang=desk.lang)
    heads = (
        Head("proposal_rank", "rank"),
        Head("block_name"),
        Head("renewal_type"),
        Head("area_ha", "ha"),
        Head("people", "people", label=label),
        Head("space_count", "count"),
        Head("proposal_lacking", "people"),
        Head("proposal_gained", "people"),
        Head("proposal_reason", widest=28),
    )
    table = translate_proposals(proposed, lang=desk.lang)
    table = table[~table["is_own"].astype(bool)].sort_values(["rank", "block_id"])
    rows: list[list[Cell]] = [
        [
            None if is_missing(row["rank"]) else int(row["rank"]),
            row["block_name"],
            desk.named("renewal_type", row["renewal_type"]),
            hectares(row["area_m2"]),
            *(row[name] for name in ("people", "space_count", "lacking_people", "gained_people")),
            capital(row["reason"]) or None,
        ]
        for row in table.drop(columns="geometry").to_dict("records")
    ]
    return desk.table(heads, rows, "proposed_blocks", title=desk.title("proposals"))


def _block_row(desk: Desk, place: Place, minutes: tuple[float, ...]) -> list[Cell]:
    results, scores = desk.results, Scores(desk)
    is_block = place.area_kind == "block"
    circles = results.circles
    full = None if circles is None else place.rows(circles.areas)
    if full is not None:
        full = full[(full["facility_type"] == FULL_SET) & (full["by"] == "network")]
    people = None if full is None or not len(full) else float(full["people"].iloc[0])
    shares = [None if full is None else _share(full[full["limit_min"] == limit]) for limit in minutes]
    spaces = _of_block(results.spaces, place)
    sites = _of_block(None if results.programme is None else results.programme.sites, place)
    projects = desk.project_blocks
    here = None if projects is None else [not is_block or block == place.area_id for block in projects]
    return [
        int(place.number) if is_block else "",
        place.name,
        desk.named("renewal_type", place.renewal_type) if is_block else NOT_THERE,
        hectares(place.area_m2),
        people,
        *shares,
        None if spaces is None else len(spaces),
        None if spaces is None else hectares(float(spaces["area_m2"].sum())),
        None if sites is None else len(sites),
        None if sites is None else total(number(sites, "cost_wan")),
        None if here is None else sum(here),
        None if here is None else _invested(desk, here),
        *(
            [
                scores.of(place.area_id, "now", "score"),
                scores.of(place.area_id, "planned", "score"),
                scores.of(place.area_id, "now", "rank"),
                scores.of(place.area_id, "now", "stability_share"),
            ]
            if is_block
            else [NOT_THERE] * 4
        ),
    ]


def _invested(desk: Desk, here: list[bool]) -> Cell:
    """Sum the investment of projects; there is none to know where there are no projects."""
    money = number(desk.results.town["projects"][here], "investment_wan")
    return total(money) if money else NOT_THERE


def _share(full: pd.DataFrame) -> Cell:
    known = full["reached_share"].dropna()
    return Measure(float(known.mean()), "share", ">=" if is_least(full) else "") if len(known) else None


def _of_block(frame: pd.DataFrame | None, place: Place) -> pd.DataFrame | None:
    """Take the rows that lie in a block; the town has all."""
    if frame is None or place.area_kind != "block":
        return frame
    return frame[[block == place.area_id for block in column_values(frame, "block_id")]]


def matrix_sheet(desk: Desk) -> Sheet:
    """Lay out what each block has of each batch and of each theme, and what is missing.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        A matrix of blocks by batches, one of blocks by themes, and the list of what is missing.
    """
    matrix = desk.results.block_matrix
    parts = [_matrix(desk, matrix, side) for side in ("batch", "theme")]
    gaps = (Head("block_name"), Head("side"), Head("item_missing"))
    rows: list[list[Cell]] | None = None
    if matrix is not None:
        lacking = matrix[matrix["is_missing"].astype(bool)]
        rows = [
            [row["block_name"], desk.named("side", row["side"]), desk.named(_kind(row["side"]), row["item"])]
            for row in lacking.to_dict("records")
        ]
    parts.append(desk.table(gaps, rows, "block_matrix", title=desk.title("missing_list")))
    notes = [desk.note("matrix")] if matrix is not None else [desk.not_run("block_matrix")]
    if not desk.blocks:
        notes.append(desk.note("no_blocks"))
    return Sheet(desk.sheet_name("matrix"), parts, title=desk.title("matrix"), notes=notes, frozen_count=1)


def _kind(side: str) -> str:
    return "renewal_type" if side == "batch" else "theme"


def _matrix(desk: Desk, matrix: pd.DataFrame | None, side: str) -> SheetTable:
    tones = {desk.word("missing"): theme()["book"]["bad"]}
    items = _ITEMS[side]
    heads = (
        Head("block_name"),
        Head("renewal_type"),
        *(Head(f"has_{side}", label=desk.named(_kind(side), item) or item, tones=tones) for item in items),
    )
    cells = (
        {}
        if matrix is None
        else {
            (row["block_id"], row["item"]): row for row in matrix[matrix["side"] == side].to_dict("records")
        }
    )
    rows: list[list[Cell]] = [
        [
            place.name,
            desk.named("renewal_type", place.renewal_type),
            *(_has(desk, cells.get((place.area_id, item))) for item in items),
        ]
        for place in desk.blocks
    ]
    return desk.table(heads, rows, "block_matrix", title=desk.title(f"matrix_{side}"))


def _has(desk: Desk, row: Mapping[Any, Any] | None) -> str | None:
    if row is None:
        return None
    if row["is_missing"]:
        return desk.word("missing")
    counted = [desk.word(f"n_{what}", count=row[f"{what}_count"]) for what in _COUNTS if row[f"{what}_count"]]
    return "\n".join(counted) or desk.word("missing")
