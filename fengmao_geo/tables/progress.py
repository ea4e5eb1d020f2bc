"""Tables of projects under way, and of runs of one town at several dates."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table

__all__ = ["LATE_OF", "PROGRESS_GROUPS", "PROGRESS_RESULTS", "PROJECT_STATUSES"]

#: How a project stands, in the order it is shown.
PROJECT_STATUSES = ("done", "on_time", "late", "not_started", "unknown")

#: What is late: the start, or the end.
LATE_OF = ("start", "end")

#: What projects are summed up by, in the order it is shown.
PROGRESS_GROUPS = ("town", "block", "batch", "acceptance_batch")

_RUN = Column("run_on")
_GROUP = (Column("grouping", choices=PROGRESS_GROUPS), Column("item"), Column("item_name"))


def _text(name: str, *choices: str) -> Column:
    return Column(name, is_nullable=True, choices=choices)


def _number(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0)


def _gain(name: str) -> Column:
    return Column(name, "number", is_nullable=True)


def _count(name: str) -> Column:
    return Column(name, "whole", minimum=0)


_PROJECT = (
    Column("project_id"),
    Column("project_name"),
    _text("block_id"),
    _text("batch"),
    _text("theme"),
    _text("acceptance_batch"),
    _text("responsible"),
    _text("planned_start_on"),
    _text("planned_end_on"),
    _text("started_on"),
    _text("completed_on"),
    Column("status", choices=PROJECT_STATUSES),
    _text("late_of", *LATE_OF),
    # Of what is late and is not done, or was done late; missing where no deadline is known.
    Column("late_day_count", "whole", is_nullable=True, minimum=0),
    _number("investment_wan"),
    _number("paid_wan"),
    # May exceed one: more was spent than was planned.
    _number("paid_share"),
    Column("progress_share", "number", is_nullable=True, minimum=0, maximum=1),
)

_SUMS = (
    _count("project_count"),
    _count("done_count"),
    _count("on_time_count"),
    _count("late_count"),
    _count("not_started_count"),
    _count("unclear_count"),
    # Sums of what is known, and of how many projects it is not.
    _number("investment_wan"),
    _count("investment_unknown_count"),
    _number("paid_wan"),
    _count("paid_unknown_count"),
    _number("paid_share"),
    Column("progress_share", "number", is_nullable=True, minimum=0, maximum=1),
)

PROGRESS_RESULTS = (
    Table("project_status", _PROJECT, keys=("project_id",)),
    Table("project_progress", (*_GROUP, *_SUMS), keys=("grouping", "item")),
    Table(
        "tracked_indicators",
        (
            Column("area_kind", choices=("block", "town")),
            Column("area_id"),
            Column("area_name"),
            Column("indicator"),
            _RUN,
            Column("value", "number", is_nullable=True),
            # Less the value of the run before; missing in the first run and where either is not known.
            _gain("gain"),
            Column("missing"),
        ),
        keys=("area_kind", "area_id", "indicator", "run_on"),
    ),
    Table(
        "tracked_projects",
        (_RUN, *_PROJECT, _gain("progress_gain_share"), _gain("paid_gain_wan")),
        keys=("project_id", "run_on"),
    ),
    Table("tracked_progress", (_RUN, *_GROUP, *_SUMS), keys=("grouping", "item", "run_on")),
)
