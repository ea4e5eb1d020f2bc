"""Tables of school routes: each dwelling's walk, street pieces that children use, main roads they cross."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table

__all__ = ["ROUTE_RESULTS"]


def _number(name: str, *, maximum: float | None = None) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0, maximum=maximum)


ROUTE_RESULTS = (
    Table(
        "school_routes",
        (
            Column("dwelling_id"),
            Column("school_id", is_nullable=True),
            Column("basis", choices=("district", "nearest")),
            *(_number(name) for name in ("children_people", "travel_min", "distance_m")),
            Column("is_within_standard", "yes_no", is_nullable=True),
            Column("main_roads_crossed_count", "whole", is_nullable=True, minimum=0),
            Column("status", choices=("reached", "unreached", "unknown")),
        ),
        "line",
        keys=("dwelling_id",),
    ),
    Table(
        "school_segments",
        (
            Column("edge_id", "whole", minimum=0),
            Column("street_id"),
            Column("name", is_nullable=True),
            Column("is_main_road", "yes_no", is_nullable=True),
            Column("length_m", "number", minimum=0),
            Column("dwelling_count", "whole", minimum=1),
            _number("children_people"),
            _number("children_share", maximum=1),
            _number("shaded_share", maximum=1),
            _number("walked_m"),
            _number("unshaded_m"),
            Column("rank_basis", choices=("unshaded", "walked")),
            Column("rank", "whole", is_nullable=True, minimum=1),
        ),
        "line",
        keys=("edge_id",),
    ),
    Table(
        "school_crossings",
        (
            Column("name", is_nullable=True),
            Column("dwelling_count", "whole", minimum=1),
            _number("children_people"),
            Column("rank", "whole", is_nullable=True, minimum=1),
        ),
        "point",
    ),
)
