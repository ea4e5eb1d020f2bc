"""Tables of what-if: who gains and loses by a change, which links gain most, how far capacity goes round."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table
from fengmao_geo.tables.layers import GROUPS

__all__ = ["CHANGES", "WHAT_IF_RESULTS"]

#: What becomes of people in a dwelling: served anew, no longer, no longer known, known at last.
CHANGES = ("gained", "lost", "became_unknown", "became_known")

_MINUTES = Column("limit_min", "number", minimum=0)
_TYPE = Column("facility_type")
_GROUP = Column("group", choices=GROUPS)


def _number(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0)


WHAT_IF_RESULTS = (
    Table(
        "reach_changes",
        (
            Column("area_kind", choices=("town", "block", "community")),
            Column("area_id"),
            Column("area_name"),
            _MINUTES,
            _TYPE,
            _GROUP,
            *(_number(name) for name in ("people", "gained_people", "lost_people")),
            Column("unknown_change_people", "number", is_nullable=True),
        ),
        keys=("area_kind", "area_id", "limit_min", "facility_type"),
    ),
    Table(
        "dwelling_changes",
        (
            Column("dwelling_id"),
            _MINUTES,
            _TYPE,
            _GROUP,
            Column("change", choices=CHANGES),
            Column("changed_people", "number", minimum=0),
        ),
        "any",
        keys=("dwelling_id", "limit_min", "facility_type", "change"),
    ),
    Table(
        "best_links",
        (
            Column("candidate_id"),
            Column("kind", choices=("footbridge", "street", "path", "gate")),
            Column("is_joined", "yes_no"),
            _MINUTES,
            _TYPE,
            _GROUP,
            *(_number(name) for name in ("gained_people", "cost_wan", "gained_people_per_wan")),
            Column("rank", "whole", minimum=1),
            Column("rank_per_wan", "whole", is_nullable=True, minimum=1),
        ),
        keys=("candidate_id", "limit_min", "facility_type"),
    ),
    Table(
        "supply_ratio",
        (
            Column("dwelling_id"),
            _TYPE,
            _GROUP,
            _MINUTES,
            _number("people"),
            Column("facility_count", "whole", minimum=0),
            _number("supply_per_people"),
            Column("status", choices=("complete", "incomplete", "unknown")),
        ),
        keys=("dwelling_id", "facility_type"),
    ),
)
