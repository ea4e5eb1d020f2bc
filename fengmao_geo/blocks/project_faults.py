"""What does not hold together in the layer of projects: dates, progress, money, blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.findings import Finding
from fengmao_geo.town.dates import first_day, last_day
from fengmao_geo.town.texts import TEXT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["project_findings"]

_LAYER = "projects"


def project_findings(rows: pd.DataFrame, *, on: str, unknown_blocks: pd.Series) -> list[Finding]:
    """List what does not hold together in the projects; nothing is changed.

    Parameters
    ----------
    rows
        The projects with their columns as the table ``project_status`` has them.
    on
        The day they are looked at.
    unknown_blocks
        Whether the block that a project names is none.

    Returns
    -------
    list of Finding
        One for each project and fault.
    """
    begin, end, started, completed = (
        rows[name] for name in ("planned_start_on", "planned_end_on", "started_on", "completed_on")
    )
    progress, planned, paid = (rows[name] for name in ("progress_share", "investment_wan", "paid_wan"))
    # A layer without any start keeps no record of starts.
    has_starts = bool(started.notna().any())
    flags: dict[str, tuple[str, Any]] = {
        "project_no_start": ("started_on", completed.notna() & started.isna() & has_starts),
        "project_no_end": ("completed_on", (progress >= 1) & completed.isna()),
        "project_not_full": ("progress_share", (progress < 1) & (_first(completed) <= on)),
        "project_turned": ("completed_on", _last(completed) < _first(started)),
        "project_plan_turned": ("planned_end_on", _last(end) < _first(begin)),
        "project_ahead": ("completed_on", _first(completed) > on),
        "project_start_ahead": ("started_on", _first(started) > on),
        "project_overpaid": ("paid_wan", paid > planned),
        "project_block_unknown": ("block_id", unknown_blocks),
    }
    return [
        Finding(code, _LAYER, str(row["project_id"]), column, {"on": on, **_said(row)})
        for code, (column, flag) in flags.items()
        for row in rows[flag.fillna(value=False).to_numpy(dtype=bool)].to_dict("records")
    ]


def _first(days: pd.Series) -> pd.Series:
    return days.astype(object).map(first_day, na_action="ignore").astype(TEXT)


def _last(days: pd.Series) -> pd.Series:
    return days.astype(object).map(last_day, na_action="ignore").astype(TEXT)


def _said(row: dict[Any, Any]) -> dict[str, Any]:
    """Write what a message may name."""
    dates = ("planned_start_on", "planned_end_on", "started_on", "completed_on")
    amounts = {name: f"{row[name]:g}" for name in ("investment_wan", "paid_wan")}
    return {name: str(row[name]) for name in dates} | amounts | {"progress": f"{row['progress_share']:.0%}"}
