"""Tables computed from a town: findings, walking, life circles and spaces, column by column."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table
from fengmao_geo.tables.layers import GRADES, GROUP_COLUMNS, GROUPS

__all__ = ["DRAFT", "FINDINGS", "TOWN_RESULTS"]

_STATUS = ("reached", "unreached", "unknown")
_MINUTES = Column("limit_min", "number", minimum=0)
_TYPE = Column("facility_type")
_AREA = Column("area_m2", "number", minimum=0)
_GROUP = Column("group", choices=GROUPS)
_UNKNOWN_NUMBER = {"is_nullable": True, "minimum": 0.0}

FINDINGS = Table(
    "findings",
    (
        Column("layer"),
        Column("feature_id", is_nullable=True),
        Column("column", is_nullable=True),
        Column("code"),
        Column("severity", choices=("error", "repaired", "excluded", "warning")),
        Column("found"),
        Column("done"),
        Column("remedy"),
        Column("point", is_nullable=True),
        Column("values", "values"),
    ),
)

DRAFT = Table(
    "draft",
    (
        Column("file"),
        Column("table", is_nullable=True),
        Column("layer", is_nullable=True),
        Column("crs", is_nullable=True),
        Column("row_count", "whole", is_nullable=True, minimum=0),
        Column("known_columns"),
        Column("unknown_columns"),
        Column("fault", is_nullable=True),
    ),
)

TOWN_RESULTS = (
    FINDINGS,
    DRAFT,
    Table(
        "split_towns",
        (
            Column("town_id"),
            Column("town_name"),
            Column("is_written", "yes_no"),
            Column("dwelling_count", "whole", is_nullable=True, minimum=0),
            Column("people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # checked by Column's users
            Column("apart_count", "whole", is_nullable=True, minimum=0),
        ),
        keys=("town_id",),
    ),
    Table(
        "travel_times",
        (
            Column("origin_id"),
            Column("destination_id"),
            Column("travel_min", "number", minimum=0),
            Column("distance_m", "number", minimum=0),
        ),
        keys=("origin_id", "destination_id"),
    ),
    Table(
        "service_areas",
        (Column("origin_id"), _MINUTES, _AREA, Column("is_truncated", "yes_no")),
        "polygon",
        keys=("origin_id", "limit_min"),
    ),
    Table(
        "attachments",
        (
            Column("place_id"),
            Column("edge_id", "whole", minimum=0),
            Column("from_m", "number", minimum=0),
            Column("to_m", "number", minimum=0),
            Column("leg_m", "number", minimum=0),
        ),
    ),
    Table(
        "dwellings",
        (
            Column("dwelling_id"),
            *(Column(column, "number", **_UNKNOWN_NUMBER) for column in GROUP_COLUMNS.values()),  # type: ignore[arg-type]  # one dict for three keywords
            Column("block_id", is_nullable=True),
            Column("community_id", is_nullable=True),
            Column("is_attached", "yes_no"),
            Column("boundary_min", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
        ),
        "any",
        keys=("dwelling_id",),
    ),
    Table(
        "asked_types",
        (
            _TYPE,
            Column("tier_min", "number", minimum=0),
            Column("standard_m", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            _GROUP,
            Column("is_required", "yes_no"),
            Column("min_people", "number", minimum=0),
            Column("is_asked", "yes_no"),
            Column("is_surveyed", "yes_no"),
            Column("facility_count", "whole", minimum=0),
            Column("source"),
            Column("tag"),
        ),
        keys=("facility_type",),
    ),
    Table(
        "reach",
        (
            Column("dwelling_id"),
            _TYPE,
            Column("facility_id", is_nullable=True),
            Column("travel_min", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("distance_m", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("straight_m", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("status", choices=_STATUS),
            Column("is_within_standard", "yes_no", is_nullable=True),
            Column("doubt_min", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
        ),
        keys=("dwelling_id", "facility_type"),
    ),
    Table(
        "coverage",
        (
            Column("dwelling_id"),
            _MINUTES,
            _GROUP,
            Column("people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("asked_count", "whole", minimum=0),
            Column("reached_count", "whole", minimum=0),
            Column("unknown_count", "whole", minimum=0),
            Column("status", choices=_STATUS),
        ),
        keys=("dwelling_id", "limit_min", "group"),
    ),
    Table(
        "areas",
        (
            Column("area_kind", choices=("town", "block", "community")),
            Column("area_id"),
            Column("area_name"),
            _MINUTES,
            _TYPE,
            _GROUP,
            Column("by", choices=("network", "straight_line")),
            Column("people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("reached_people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("unreached_people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("unknown_people", "number", **_UNKNOWN_NUMBER),  # type: ignore[arg-type]  # one dict for three keywords
            Column("reached_share", "number", is_nullable=True, minimum=0, maximum=1),
        ),
        keys=("area_kind", "area_id", "limit_min", "facility_type", "by"),
    ),
    Table(
        "gaps",
        (
            Column("area_kind", choices=("town", "block", "community")),
            Column("area_id"),
            Column("area_name"),
            _MINUTES,
            _TYPE,
            _GROUP,
            Column("lacking_people", "number", minimum=0),
            Column("unknown_people", "number", minimum=0),
            Column("lacking_share", "number", is_nullable=True, minimum=0, maximum=1),
            Column("rank", "whole", minimum=1),
        ),
        keys=("area_kind", "area_id", "limit_min", "facility_type"),
    ),
    Table(
        "open_land",
        (Column("piece_id"), Column("left_out", choices=("", "thin", "small")), _AREA),
        "polygon",
        keys=("piece_id",),
    ),
    Table(
        "spaces",
        (
            Column("space_id"),
            Column("name"),
            Column("family", choices=("leftover", "grey", "stock", "farmland")),
            Column("kind"),
            Column("basis", choices=("open_land", "stock", "farmland")),
            Column("certainty", choices=("certain", "suspected")),
            Column("rule"),
            Column("evidence"),
            Column("area_m2", "number", minimum=0),
            Column("building_m2", "number", is_nullable=True, minimum=0),
            Column("width_m", "number", minimum=0),
            Column("circle_m", "number", minimum=0),
            Column("compactness_share", "number", minimum=0, maximum=1),
            Column("frontage_m", "number", minimum=0),
            Column("water_m", "number", is_nullable=True, minimum=0),
            Column("is_accessible", "yes_no"),
            Column("block_id", is_nullable=True),
            Column("owner", choices=("state", "collective", "unknown")),
            Column("bridge_manager", is_nullable=True),
            Column("clear_height_m", "number", is_nullable=True, minimum=0),
            Column("within_5_min_people", "number", is_nullable=True, minimum=0),
            Column("within_15_min_people", "number", is_nullable=True, minimum=0),
            Column("protected_m2", "number", is_nullable=True, minimum=0),
            Column("controls"),
            Column("decision", choices=("", "confirmed", "excluded")),
        ),
        "polygon",
        keys=("space_id",),
    ),
    Table(
        "yield_per_mu",
        (
            Column("parcel_id"),
            Column("area_mu", "number", minimum=0),
            Column("firm_count", "whole", minimum=1),
            *(
                Column(name, "number", is_nullable=True, minimum=0)
                for name in ("tax_wan", "revenue_wan", "tax_wan_per_mu", "revenue_wan_per_mu")
            ),
            Column("grade", is_nullable=True, choices=GRADES),
        ),
        keys=("parcel_id",),
    ),
    Table(
        "possible_uses",
        (
            Column("space_id"),
            Column("use"),
            Column("fits", choices=("yes", "no", "unknown")),
            Column("reason"),
            Column("area_m2", "number", is_nullable=True, minimum=0),
            Column("green_m2", "number", is_nullable=True, minimum=0),
            Column("cost_wan", "number", is_nullable=True, minimum=0),
        ),
        keys=("space_id", "use"),
    ),
    Table(
        "type_service_areas",
        (_TYPE, _MINUTES, _AREA, Column("is_truncated", "yes_no")),
        "polygon",
        keys=("facility_type", "limit_min"),
    ),
)
