"""Tables of renewal blocks: indicators, scores and ranks, red lines, what is missing, proposals, projects."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table
from fengmao_geo.tables.layers import RENEWAL_TYPES

__all__ = ["BLOCK_RESULTS", "RED_LINE_STATUSES"]

#: A red line is kept, broken, or the data do not tell.
RED_LINE_STATUSES = ("kept", "broken", "unknown")

_STATE = Column("state", choices=("before", "now", "planned"))
_BLOCK = (Column("block_id"), Column("block_name"))


def _share(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0, maximum=1)


def _number(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0)


def _count(name: str) -> Column:
    return Column(name, "whole", minimum=0)


BLOCK_RESULTS = (
    Table(
        "indicators",
        (
            Column("area_kind", choices=("block", "town")),
            Column("area_id"),
            Column("area_name"),
            Column("indicator"),
            _STATE,
            Column("value", "number", is_nullable=True),
            # What would settle a value that is not known: layers, columns and results; empty where it is.
            Column("missing"),
        ),
        keys=("area_kind", "area_id", "indicator", "state"),
    ),
    Table(
        "scorecard",
        (
            *_BLOCK,
            Column("indicator"),
            _STATE,
            Column("value", "number", is_nullable=True),
            Column("unit"),
            Column("target", "number"),
            Column("is_bonus", "yes_no"),
            _share("weight_share"),
            _share("attainment_share"),
            # 100 times weight times attainment: what the indicator adds to the block's score. The weights of
            # what is no bonus add up to 1, those of the bonus to its bound over 100.
            _number("score"),
        ),
        keys=("block_id", "indicator", "state"),
    ),
    Table(
        "score_changes",
        (
            *_BLOCK,
            Column("indicator"),
            Column("unit"),
            Column("value_now", "number", is_nullable=True),
            Column("value_planned", "number", is_nullable=True),
            Column("change", "number", is_nullable=True),
            Column("score_change", "number", is_nullable=True),
        ),
        keys=("block_id", "indicator"),
    ),
    Table(
        "block_scores",
        (
            *_BLOCK,
            _STATE,
            # Of 100: the weighted mean of what is known, the bonus, and both.
            _number("base_score"),
            _number("bonus_score"),
            _number("score"),
            # With all that is unknown at its worst and at its best.
            _number("low_score"),
            _number("high_score"),
            _share("known_share"),
            Column("rank", "whole", is_nullable=True, minimum=1),
            _share("stability_share"),
        ),
        keys=("block_id", "state"),
    ),
    Table(
        "red_lines",
        (
            *_BLOCK,
            Column("red_line"),
            Column("value", "number", is_nullable=True),
            Column("unit"),
            Column("limit", "number", is_nullable=True),
            Column("status", choices=RED_LINE_STATUSES),
            Column("missing"),
            Column("source"),
            Column("tag"),
        ),
        keys=("block_id", "red_line"),
    ),
    Table(
        "block_matrix",
        (
            *_BLOCK,
            Column("side", choices=("batch", "theme")),
            Column("item"),
            _count("indicator_count"),
            _count("space_count"),
            _count("site_count"),
            _count("project_count"),
            Column("is_missing", "yes_no"),
        ),
        keys=("block_id", "side", "item"),
    ),
    Table(
        "proposed_blocks",
        (
            *_BLOCK,
            Column("rank", "whole", is_nullable=True, minimum=1),
            Column("is_own", "yes_no"),
            Column("renewal_type", is_nullable=True, choices=RENEWAL_TYPES),
            Column("reason"),
            Column("area_m2", "number", minimum=0),
            Column("streets"),
            _count("space_count"),
            _number("space_m2"),
            _number("stock_m2"),
            _number("people"),
            _number("lacking_people"),
            _number("gained_people"),
        ),
        "polygon",
        keys=("block_id",),
    ),
)
