"""Projects under way: on time, late, done or unknown on a given day, by block and by acceptance batch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks.located import project_blocks
from fengmao_geo.blocks.project_faults import project_findings
from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.standards.number_words import number_words
from fengmao_geo.tables import LAYERS, PROGRESS_GROUPS, PROJECT_STATUSES, RESULTS
from fengmao_geo.town.dates import first_day, last_day, read_date
from fengmao_geo.town.numbers import read_number
from fengmao_geo.town.texts import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

    Flags = NDArray[np.bool_]

__all__ = ["Progress", "project_progress"]

_DATES = ("planned_start_on", "planned_end_on", "started_on", "completed_on")
_AMOUNTS = ("investment_wan", "paid_wan")
#: What counts the projects of each status.
_COUNTED = {status: f"{status}_count" for status in PROJECT_STATUSES} | {"unknown": "unclear_count"}
_TOWN = "town"


@dataclass(frozen=True, repr=False, eq=False)
class Progress:
    """How the projects stand on one day; made by `project_progress`.

    Parameters
    ----------
    on
        The day, as ``2024-12-31``.
    projects
        One row per project: the table ``project_status``.
    summary
        By town, block, batch and acceptance batch: the table ``project_progress``.
    findings
        What does not hold together in the layer ``projects``.
    """

    on: str
    projects: pd.DataFrame
    summary: pd.DataFrame
    findings: pd.DataFrame

    def __repr__(self) -> str:
        counts = self.projects["status"].value_counts()
        told = ", ".join(f"{counts[status]} {status}" for status in PROJECT_STATUSES if status in counts)
        return f"<Progress on {self.on}: {len(self.projects)} projects, {told or 'none'}>"

    def _repr_html_(self) -> str:
        return str(self.summary.to_html(index=False, float_format=lambda value: f"{value:,.2f}"))


def project_progress(results: Results, *, on: str) -> Progress:
    """Say of every project whether it is done, on time, late, not started or unknown on a day.

    A project is done where it was completed by that day. Else it is late where its planned end lies before
    the day, or its planned start and nothing tells that it began; it has begun where ``started_on`` lies
    before the day or its progress is above nought. It is unknown where no date and no progress tells. A month
    alone stands for its last day where it is planned and for its first where it happened, so that nothing is
    called late that may be in time. Progress and money paid are as of the date of the layer; where it states
    none, of the last date of the town's layers or of the last start or completion among the projects,
    whichever is earlier. Before that day they are not known, and a finding says so.

    Parameters
    ----------
    results
        With the layer ``projects``.
    on
        The day: there is no today, so that the same data always say the same.

    Returns
    -------
    Progress
        Tables of the projects and of what they add up to, and findings.

    Raises
    ------
    UsageError
        If there are no projects, or ``on`` is no day.
    """
    town = results.town
    day = read_date(on)
    if day is None or first_day(day) != day:
        raise UsageError("run_on", value=on)
    if "projects" not in town:
        raise UsageError("no_projects")
    blocks, unknown = project_blocks(town)
    rows = _known(town).assign(block_id=blocks)
    as_of = _as_of(rows, town)
    later = []
    if as_of > day and rows[["progress_share", "paid_wan"]].notna().any(axis=None):
        later = [Finding("project_later", "projects", values={"on": day, "as_of": as_of})]
        rows = rows.assign(progress_share=np.nan, paid_wan=np.nan)
    rows = _with_status(rows, day)
    found = [*later, *project_findings(rows, on=day, unknown_blocks=unknown)]
    return Progress(
        day,
        RESULTS["project_status"].check(rows.reset_index(drop=True)),
        _summary(rows, town),
        findings_table(found),
    )


def _known(town: Town) -> pd.DataFrame:
    """Take the columns that tell of progress; those that are not there are missing throughout."""
    layer = town["projects"]
    declared = {column.name: column for column in LAYERS["projects"].columns}
    wanted = [name for name in RESULTS["project_status"].names if name in declared]
    columns = {
        name: layer[name] if name in layer else pd.Series(np.nan, index=layer.index) for name in wanted
    }
    kinds = {name: float if declared[name].kind == "number" else TEXT for name in wanted}
    frame = pd.DataFrame(columns).astype(kinds)
    names = layer["name"] if "name" in layer else layer["id"]
    return frame.assign(project_id=layer["id"], project_name=names.fillna(layer["id"]))


def _as_of(rows: pd.DataFrame, town: Town) -> str:
    """Find the day whose progress the layer tells; none where nothing dates it."""
    dates = town.settings.dates
    if "projects" in dates:
        return _latest([dates["projects"]])
    # What is planned may stand for what happened, and the other layers may be later than the list.
    happened = pd.concat([rows["started_on"], rows["completed_on"]]).dropna().tolist()
    return min(filter(None, (_latest(dates.values()), _latest(happened))), default="")


def _latest(texts: Iterable[str]) -> str:
    return max((first_day(day) for text in texts if (day := read_date(text)) is not None), default="")


def _with_status(rows: pd.DataFrame, on: str) -> pd.DataFrame:
    begin, end = _days(rows["planned_start_on"], last_day), _days(rows["planned_end_on"], last_day)
    started, completed = _days(rows["started_on"], first_day), _days(rows["completed_on"], first_day)
    today, progress = np.datetime64(on), rows["progress_share"].to_numpy(dtype=float)
    is_done = completed <= today
    has_begun = (started <= today) | (progress > 0)
    is_untold = np.isnat(started) & np.isnan(progress)
    # Where nothing tells whether it began, nothing is called late.
    is_open = ~is_done & ~is_untold
    is_end_late = is_open & (end < today)
    is_start_late = is_open & ~is_end_late & ~has_begun & (begin < today)
    is_done_late = is_done & (completed > end)
    ways = {
        "done": is_done,
        "late": is_end_late | is_start_late,
        "not_started": ~has_begun & (~is_untold | (begin >= today)),
        "on_time": has_begun & ~np.isnat(end),
    }
    status = np.select(list(ways.values()), list(ways), default="unknown")
    is_in_time = (status == "on_time") | (is_done & ~np.isnat(end))
    late_of = np.select([is_end_late | is_done_late, is_start_late], ["end", "start"], default="")
    days = [_day_count(since, until) for since, until in ((end, completed), (end, today), (begin, today))]
    late_days = np.select([is_done_late, is_end_late, is_start_late], days, np.where(is_in_time, 0.0, np.nan))
    return rows.assign(
        status=status,
        late_of=pd.Series(late_of, index=rows.index, dtype=TEXT).where(late_of != "", pd.NA),
        late_day_count=late_days,
        paid_share=rows["paid_wan"] / rows["investment_wan"].where(rows["investment_wan"] > 0),
        progress_share=np.where(is_done & np.isnan(progress), 1.0, progress),
    )


def _days(texts: pd.Series, which: Callable[[str], str]) -> NDArray[np.datetime64]:
    """Make days of dates; a month alone is one of its days, a missing date is none."""
    meant = texts.astype(object).map(which, na_action="ignore")
    # What is no date tells nothing.
    return pd.to_datetime(meant, format="%Y-%m-%d", errors="coerce").to_numpy().astype("datetime64[D]")


def _day_count(
    since: NDArray[np.datetime64], until: NDArray[np.datetime64] | np.datetime64
) -> NDArray[np.float64]:
    days = until - since
    return np.where(np.isnat(days), np.nan, days.astype("timedelta64[D]").astype(float))


def _summary(rows: pd.DataFrame, town: Town) -> pd.DataFrame:
    """Sum projects up by each grouping; a project that names no block or batch counts in the town alone."""
    item = {name: rows[name] if name in rows else rows.get(f"{name}_id", _TOWN) for name in PROGRESS_GROUPS}
    parts = [_sums(rows.assign(grouping=name, item=of)) for name, of in item.items()]
    table = pd.concat(parts, ignore_index=True)
    names = pd.Series({_TOWN: town.name})
    if "blocks" in town and "name" in town["blocks"]:
        names = pd.concat([names, town["blocks"].set_index("id")["name"]])
    is_area = table["grouping"].isin([_TOWN, "block"])
    # Batches are counted in Chinese numerals, whose letters are in no order.
    place = {grouping: at for at, grouping in enumerate(PROGRESS_GROUPS)}
    table = table.assign(place=table["grouping"].map(place), number=table["item"].map(_number_in))
    table = table.sort_values(["place", "number", "item"], ignore_index=True).drop(
        columns=["place", "number"]
    )
    called = table["item"].map(names).where(is_area).fillna(table["item"])
    return RESULTS["project_progress"].check(table.assign(item_name=called))


def _number_in(name: str) -> float:
    """Read the number in a name; one without comes last."""
    signs = "".join(number_words().numerals)
    found = re.search(rf"\d+|[{signs}]+", name)
    return read_number(found.group(), column="block_no").value if found else np.inf


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[rows["item"].notna()]
    both = kept["investment_wan"].notna() & kept["paid_wan"].notna()
    weight = kept["investment_wan"].where(kept["progress_share"].notna())
    counted = {name: kept["status"] == status for status, name in _COUNTED.items()}
    parts = kept.assign(
        project_count=1,
        **counted,
        **{f"{name.removesuffix('_wan')}_unknown_count": kept[name].isna() for name in _AMOUNTS},
        planned=kept["investment_wan"].where(both),
        spent=kept["paid_wan"].where(both),
        weight=weight,
        weighted=weight * kept["progress_share"],
    )
    counts = ["project_count", *_COUNTED.values(), "investment_unknown_count", "paid_unknown_count"]
    groups = parts.groupby(["grouping", "item"], sort=True)
    # A sum of nothing that is known is not known.
    sums = groups[[*_AMOUNTS, "planned", "spent", "weight", "weighted"]].sum(min_count=1)
    found = groups[counts].sum().astype(np.int64).join(sums)
    return (
        found.assign(
            paid_share=found["spent"] / found["planned"].where(found["planned"] > 0),
            progress_share=(found["weighted"] / found["weight"].where(found["weight"] > 0)).clip(upper=1.0),
        )
        .drop(columns=["planned", "spent", "weight", "weighted"])
        .reset_index()
    )
