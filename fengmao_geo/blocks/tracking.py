"""One town at several dates: its indicators and its projects, run after run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.blocks.progress import project_progress
from fengmao_geo.errors import UsageError
from fengmao_geo.findings import findings_table, join_findings
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fengmao_geo.results import Results

__all__ = ["Track", "track_results"]

_INDICATOR = ["area_kind", "area_id", "indicator"]
_NOW = "now"


@dataclass(frozen=True, repr=False, eq=False)
class Track:
    """One town at several dates; made by `track_runs`.

    Parameters
    ----------
    town
        Its name.
    dates
        The dates of the runs, ascending.
    indicators
        Area by indicator by run, as the data show the town at each: the table ``tracked_indicators``.
    projects
        Project by run: the table ``tracked_projects``; empty where no run has projects.
    progress
        What projects add up to, run by run: the table ``tracked_progress``.
    findings
        What does not hold together in the projects of the last run.
    """

    town: str
    dates: tuple[str, ...]
    indicators: pd.DataFrame
    projects: pd.DataFrame
    progress: pd.DataFrame
    findings: pd.DataFrame

    def __repr__(self) -> str:
        indicators, projects = self.indicators["indicator"].nunique(), self.projects["project_id"].nunique()
        return f"<Track of {self.town}: {len(self.dates)} runs, {indicators} indicators, {projects} projects>"

    def _repr_html_(self) -> str:
        return str(self.progress.to_html(index=False, float_format=lambda value: f"{value:,.2f}"))


def track_results(runs: Mapping[str, Results]) -> Track:
    """Put the indicators and projects of several runs side by side; nothing is measured anew.

    Parameters
    ----------
    runs
        Results by the date they stand for, as ``2024-12-31``; those without indicators or projects add none.

    Returns
    -------
    Track
        Tables by run; a change is the value less that of the run before.

    Raises
    ------
    UsageError
        If there are no runs, a date is none, or they are of different towns.
    """
    if not runs:
        raise UsageError("track_none")
    if len(towns := sorted({results.town.name for results in runs.values()})) > 1:
        raise UsageError("track_town", towns=", ".join(towns))
    dates = sorted(runs)
    tables = [(on, table) for on in dates if (table := runs[on].indicators) is not None]
    told = [(on, project_progress(runs[on], on=on)) for on in dates if "projects" in runs[on].town]
    return Track(
        towns[0],
        tuple(dates),
        _indicators(tables),
        _projects([(on, progress.projects) for on, progress in told]),
        _of("tracked_progress", [progress.summary.assign(run_on=on) for on, progress in told]),
        join_findings([told[-1][1].findings]) if told else findings_table([]),
    )


def _indicators(tables: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    now = [table[table["state"] == _NOW].drop(columns="state").assign(run_on=on) for on, table in tables]
    if not now:
        return _of("tracked_indicators", [])
    rows = pd.concat(now, ignore_index=True)
    before = rows.groupby(_INDICATOR, sort=False)["value"].shift()
    return _of("tracked_indicators", [rows.assign(gain=rows["value"] - before)])


def _projects(tables: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    if not tables:
        return _of("tracked_projects", [])
    rows = pd.concat([table.assign(run_on=on) for on, table in tables], ignore_index=True)
    before = rows.groupby("project_id", sort=False)[["progress_share", "paid_wan"]].shift()
    gains = {
        "progress_gain_share": rows["progress_share"] - before["progress_share"],
        "paid_gain_wan": rows["paid_wan"] - before["paid_wan"],
    }
    return _of("tracked_projects", [rows.assign(**gains)])


def _of(name: str, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables under one another as one is declared; of none an empty one."""
    declared = RESULTS[name]
    if not tables:
        return declared.check(pd.DataFrame({column: [] for column in declared.names}))
    return declared.check(pd.concat(tables, ignore_index=True))
