"""Every input layer, column by column."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table

__all__ = [
    "DWELLING_LAYERS",
    "EXPECTED_COLUMNS",
    "GRADES",
    "GROUPS",
    "GROUP_COLUMNS",
    "LAYERS",
    "RENEWAL_TYPES",
    "REQUIRED_LAYERS",
    "THEMES",
]

#: Groups of people that a facility type may be for, in the order they are shown.
GROUPS = ("everyone", "elderly", "infant", "preschool", "school_age", "newcomer")

#: The buildings' column that counts each group's people.
GROUP_COLUMNS = {"everyone": "people"} | {group: f"{group}_people" for group in GROUPS[1:]}

REQUIRED_LAYERS = ("built_up", "streets")

#: Layers that can hold dwellings, the best first; a town needs one of them.
DWELLING_LAYERS = ("buildings", "parcels", "addresses")

#: Columns without which a layer's geometry still counts, but results that ask for them are unknown.
EXPECTED_COLUMNS = {
    "blocks": ("renewal_type",),
    "buildings": ("use",),
    "facilities": ("facility_type",),
    "green": ("green_type",),
    "parcels": ("land_code",),
}

_ID = Column("id")
_NAME = Column("name", is_required=False, is_nullable=True)


def _text(name: str, *choices: str) -> Column:
    return Column(name, is_required=False, is_nullable=True, choices=choices)


def _number(name: str) -> Column:
    return Column(name, "number", is_required=False, is_nullable=True, minimum=0)


def _yes_no(name: str) -> Column:
    return Column(name, "yes_no", is_required=False, is_nullable=True)


def _layer(name: str, geometry: str, *columns: Column) -> Table:
    return Table(name, (_ID, _NAME, *columns), geometry, keys=("id",), is_open=True)  # type: ignore[arg-type]  # checked by Table's users


_PEOPLE = tuple(_number(column) for column in GROUP_COLUMNS.values())

RENEWAL_TYPES = ("street_block", "old_estate", "public_space", "stock_asset", "urban_rural", "feature_block")

THEMES = ("creative", "jiangnan", "business", "all_ages", "repair", "governance")

#: Classes of firms by what they yield per mu, the best first.
GRADES = ("A", "B", "C", "D")

LAYERS: dict[str, Table] = {
    layer.name: layer
    for layer in (
        _layer("built_up", "polygon"),
        _layer("extent", "polygon"),
        _layer("study_area", "polygon"),
        _layer(
            "streets",
            "line",
            _text("street_class"),
            _number("width_m"),
            Column("level", "whole", is_required=False, is_nullable=True),
            _yes_no("is_bridge"),
            _yes_no("is_tunnel"),
            _yes_no("is_steps"),
            _yes_no("is_walkable"),
        ),
        _layer(
            "buildings",
            "polygon",
            _text("use"),
            _text("status"),
            _text("lease"),
            _number("electricity_kwh"),
            _number("floor_count"),
            Column("built_year", "number", is_required=False, is_nullable=True),
            _number("household_count"),
            *_PEOPLE,
            _yes_no("is_neighbour"),
        ),
        _layer(
            "parcels",
            "polygon",
            _text("land_code"),
            _text("land_name"),
            _text("owner_code"),
            _text("owner_name"),
            _text("location_name"),
            _number("area_m2"),
            _text("town_code"),
            _text("detail_code"),
            *_PEOPLE,
            _yes_no("is_neighbour"),
        ),
        _layer(
            "facilities",
            "any",
            _text("facility_type"),
            _text("poi_code"),
            _text("poi_chain"),
            _text("poi_class"),
            _text("poi_group"),
            _text("poi_kind"),
            _number("capacity_count"),
            _yes_no("is_planned"),
        ),
        _layer("green", "polygon", _text("green_type")),
        _layer("green_before", "polygon", _text("green_type")),
        _layer("clouds_before", "polygon"),
        _layer("clouds_after", "polygon"),
        _layer("unchanged_ground", "polygon"),
        _layer("water", "polygon", _text("water_type")),
        _layer("bridges", "polygon", _text("bridge_type"), _number("clear_height_m"), _text("manager")),
        _layer("compounds", "polygon", _text("compound_type")),
        _layer("gates", "point", _yes_no("is_open"), _text("place_id")),
        _layer("barriers", "line", _text("barrier_type")),
        _layer("crossings", "point", _text("crossing_type")),
        _layer(
            "blocks",
            "polygon",
            Column("block_no", "whole", is_required=False, is_nullable=True),
            _text("renewal_type", *RENEWAL_TYPES),
        ),
        _layer("communities", "polygon", *_PEOPLE),
        _layer("addresses", "point", *_PEOPLE),
        _layer("farmland_protected", "polygon"),
        _layer("trees", "point", _text("species"), _number("crown_m")),
        _layer(
            "firms",
            "any",
            _text("parcel_id"),
            _number("tax_wan"),
            _number("revenue_wan"),
            _number("electricity_kwh"),
            _text("grade", *GRADES),
        ),
        _layer("redlines", "polygon"),
        _layer("river_control", "polygon"),
        _layer("heritage", "any", _text("zone")),
        _layer("school_districts", "polygon", _text("school")),
        _layer(
            "projects",
            "any",
            _text("block_id"),
            _text("project_type"),
            _text("batch", *RENEWAL_TYPES),
            _text("theme", *THEMES),
            _text("use"),
            _text("planned_start_on"),
            _text("planned_end_on"),
            _text("started_on"),
            _text("completed_on"),
            _number("investment_wan"),
            _number("paid_wan"),
            Column("progress_share", "number", is_required=False, is_nullable=True, minimum=0, maximum=1),
            _text("acceptance_batch"),
            _text("responsible"),
            _text("operator"),
            _text("funding"),
            _number("standing_m2"),
            _number("demolished_m2"),
            _number("rebuilt_m2"),
            _number("moved_household_count"),
            _number("rehoused_household_count"),
        ),
        _layer("parking", "any", _number("capacity_count")),
        _layer("corridors", "line"),
        *(
            _layer(name, "any")
            for name in (
                "lamps",
                "roads_surface",
                "scenic_spots",
                "sewers",
            )
        ),
    )
}
