"""The sheet of the workbook about green: rates, gains with their interval, what each project adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.green_words import headline_rows, indicator_name
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart
from fengmao_geo.export.space_words import place_name

if TYPE_CHECKING:
    from fengmao_geo.export.sheets import Cell, SheetTable, Sign
    from fengmao_geo.export.workbook_sheets import Desk

__all__ = ["green_sheet"]

# The last that fits ends the name of an indicator and is its unit.
_UNITS = {
    "_person_m2": "m2_per_person",
    "_share": "share_fine",
    "_people": "people",
    "_count": "count",
    "_m2": "m2",
    "_m3": "m3",
    "_m": "m",
}
_POINTS = 100.0
# Half a square metre is none.
_FEW_M2 = 0.5


def green_sheet(desk: Desk) -> Sheet:
    """Lay out what became greener, and would by the programme.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet: the green rate with a chart, headlines, what each project and site adds.
    """
    gains = None if desk.results.gains is None else desk.results.gains.gains
    rates = _rates(desk, gains)
    states = rates.at("green_before", "green_now", "green_planned")
    parts: list[SheetTable | SheetChart] = [
        rates,
        SheetChart(0, desk.title("green_chart"), 0, states, len(desk.places)),
        _table(desk, None if gains is None else _headlines(desk), "green_headlines"),
        _attribution(desk),
    ]
    notes = [desk.note("green")] if gains is not None else [desk.not_run("gains")]
    return Sheet(desk.sheet_name("green"), parts, title=desk.title("green"), notes=notes, frozen_count=1)


def _rates(desk: Desk, gains: pd.DataFrame | None) -> SheetTable:
    heads = (
        Head("area_of"),
        Head("green_before", "share_fine"),
        Head("green_now", "share_fine"),
        Head("green_planned", "share_fine"),
        Head("green_gain"),
        Head("green_gain_planned"),
        Head("park_per_person", "m2_per_person"),
    )
    title = desk.title("green_rates")
    if gains is None:
        return desk.table(heads, None, "gains", title=title)
    found = gains[gains["area_kind"].isin(("town", "block"))]
    cells = {
        (row["area_id"], row["indicator"], row["basis"]): row
        for row in found[found["rule_set"] == ""].to_dict("records")
    }

    def of(area: str, indicator: str, basis: str, column: str) -> float | None:
        row = cells.get((area, indicator, basis))
        return None if row is None else row[column]

    rows: list[list[Cell]] = [
        [
            place.name,
            of(place.area_id, "green_share", "vector", "before"),
            of(place.area_id, "green_share", "vector", "after"),
            of(place.area_id, "green_share", "planned", "after"),
            Measure(of(place.area_id, "green_m2", "vector", "gain"), "m2", "+"),
            Measure(of(place.area_id, "green_m2", "planned", "gain"), "m2", "+"),
            of(place.area_id, "park_per_person_m2", "vector", "after"),
        ]
        for place in desk.places
    ]
    return desk.table(heads, rows, "gains", title=title, total_count=1)


def _table(desk: Desk, frame: pd.DataFrame | None, title: str) -> SheetTable:
    heads = (
        Head("area_of"),
        Head("green_indicator"),
        Head("green_basis"),
        Head("by"),
        Head("before"),
        Head("after"),
        Head("gain"),
        Head("low"),
        Head("high"),
    )
    rows = None if frame is None else [_gain_row(desk, row) for row in frame.to_dict("records")]
    return desk.table(heads, rows, "gains", title=desk.title(title))


def _gain_row(desk: Desk, row: dict[Any, Any]) -> list[Cell]:
    unit = _unit(row["indicator"])
    return [
        desk.block(row["area_id"]) if row["area_kind"] == "block" else desk.places[-1].name,
        indicator_name(row["indicator"], row["rule_set"], lang=desk.lang),
        desk.named("green_basis", row["basis"]),
        desk.named("by", row["by"]) if row["by"] else NOT_THERE,
        Measure(row["before"], unit),
        Measure(row["after"], unit),
        *(_difference(row[name], unit) for name in ("gain", "low", "high")),
    ]


def _unit(indicator: str) -> str:
    ends = sorted((end for end in _UNITS if indicator.endswith(end)), key=len)
    return _UNITS[ends[-1]] if ends else "ratio"


def _difference(value: float, unit: str) -> Measure:
    """Write a difference with its sign, that of two shares in points."""
    sign: Sign = "+"
    return Measure(value * _POINTS, "points", sign) if unit == "share_fine" else Measure(value, unit, sign)


def _headlines(desk: Desk) -> pd.DataFrame:
    found = [
        headline_rows(desk.results, place.area_id, is_planned=is_planned)
        for place in desk.places
        for is_planned in (False, True)
    ]
    return pd.concat(found, ignore_index=True)


def _attribution(desk: Desk) -> SheetTable:
    """List what each project and site adds in square metres of green, the most first in each block."""
    heads = (
        Head("block_of"),
        Head("project_name"),
        Head("green_indicator"),
        Head("green_basis"),
        Head("gain"),
    )
    title, gains = desk.title("green_by_project"), desk.results.gains
    if gains is None:
        return desk.table(heads, None, "gains", title=title)
    names = _names(desk)
    table = gains.attribution
    table = table[(table["indicator"] == "green_m2") & (table["gain"].abs() >= _FEW_M2)]
    table = table.assign(
        place=[desk.block_order(block) for block in column_values(table, "block_id")],
        size=-table["gain"].abs(),
    )
    rows: list[list[Cell]] = [
        [
            desk.block(row["block_id"]),
            desk.word("no_project")
            if pd.isna(row["intervention_id"])
            else names.get(row["intervention_id"], row["intervention_id"]),
            indicator_name(row["indicator"], lang=desk.lang),
            desk.named("green_basis", row["basis"]),
            Measure(row["gain"], "m2", "+"),
        ]
        for row in table.sort_values(["place", "size"], kind="stable").to_dict("records")
    ]
    return desk.table(heads, rows, "gains", title=title)


def _names(desk: Desk) -> dict[str, str]:
    """Find what interventions are called: projects, and spaces that the programme uses."""
    results = desk.results
    frames = [
        frame
        for frame in (results.spaces, None if results.programme is None else results.programme.sites)
        if frame is not None
    ]
    names = {
        space: place_name(name, lang=desk.lang)
        for frame in frames
        for space, name in zip(frame["space_id"], frame["name"], strict=True)
    }
    if "projects" in results.town:
        projects = results.town["projects"]
        called = column_values(projects, "name")
        names |= {
            str(project): str(name)
            for project, name in zip(projects["id"], called, strict=True)
            if name is not None
        }
    return names
