"""Sheets of the workbook about spaces: all of them, idle stock with its yields, special plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Sheet
from fengmao_geo.export.space_words import (
    capital,
    control_name,
    evidence_words,
    kind_name,
    place_name,
    use_name,
)
from fengmao_geo.export.workbook_sheets import number
from fengmao_geo.messages import text
from fengmao_geo.spaces.yields import firm_parcels, yield_per_mu
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from typing import Any

    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk

__all__ = ["space_sheet", "special_sheet", "stock_sheet"]

_MOST_USES = 6
#: Layers of land that is protected by law or by plan.
_PROTECTED = ("farmland_protected", "redlines", "river_control", "heritage")


def space_sheet(desk: Desk) -> Sheet:
    """List the spaces by block: what each is, why, how large, whose, and what it could become.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    heads = (
        Head("space_name"),
        Head("block_of"),
        Head("kind", widest=16),
        Head("area_m2", "m2"),
        Head("width_m", "m_fine"),
        Head("frontage_m", "m"),
        Head("water_m", "m"),
        Head("is_accessible"),
        Head("owner"),
        Head("controls", widest=16),
        Head("within_5_min_people", "people"),
        Head("within_15_min_people", "people"),
        Head("chosen_use", source="programme"),
        Head("cost_wan", "wan", source="programme"),
        Head("possible_uses", source="uses", widest=30),
        Head("evidence", widest=34),
        Head("decision"),
        Head("space_id"),
    )
    notes = [
        desk.not_run(step) for step in ("spaces", "uses", "programme") if getattr(desk.results, step) is None
    ]
    spaces = desk.results.spaces
    rows = None if spaces is None else [_space_row(desk, row) for row in _in_order(desk, spaces)]
    parts = [desk.table(heads, rows, "spaces", has_filter=bool(rows))]
    return Sheet(
        desk.sheet_name("spaces"),
        parts,
        title=desk.title("spaces"),
        notes=[desk.note("spaces"), *notes],
        frozen_count=1,
        paper="A3",
    )


def _in_order(desk: Desk, spaces: pd.DataFrame) -> list[dict[Any, Any]]:
    """Take the spaces by block, then family, kind and name."""
    order = spaces.assign(
        block_place=[desk.block_order(block) for block in column_values(spaces, "block_id")]
    )
    keys = ["block_place", "family", "kind", "name", "space_id"]
    return order.drop(columns="geometry").sort_values(keys, kind="stable").to_dict("records")


def _space_row(desk: Desk, row: dict[Any, Any]) -> list[Cell]:
    mark = text("label.list_mark", lang=desk.lang)
    hit = [control_name(part, lang=desk.lang) for part in str(row["controls"]).split(";") if part]
    use, cost = desk.chosen.get(row["space_id"], (None, None))
    has_programme = desk.results.programme is not None
    return [
        place_name(row["name"], lang=desk.lang),
        desk.block(row["block_id"]),
        kind_name(row["kind"], is_suspected=row["certainty"] == "suspected", lang=desk.lang),
        row["area_m2"],
        row["width_m"],
        row["frontage_m"],
        row["water_m"] if not pd.isna(row["water_m"]) else _without_water(desk),
        bool(row["is_accessible"]),
        desk.owner(row["owner"]),
        mark.join(hit) or desk.word("no_control"),
        row["within_5_min_people"],
        row["within_15_min_people"],
        capital(use_name(use, lang=desk.lang)) if use else desk.word("not_chosen") if has_programme else None,
        cost if use else NOT_THERE if has_programme else None,
        _possible(desk, row["space_id"]),
        "; ".join(evidence_words(row["rule"], row["evidence"], lang=desk.lang)),
        desk.named("decision", row["decision"]) or desk.word("not_visited"),
        row["space_id"],
    ]


def _without_water(desk: Desk) -> float | None:
    """Say why a distance to water is missing: there is none near, or nobody drew any."""
    return NOT_THERE if "water" in desk.results.town else None


def _possible(desk: Desk, space_id: str) -> str | None:
    if desk.results.uses is None:
        return None
    fitting = desk.fitting_uses.get(space_id, [])
    names = [use_name(use, lang=desk.lang) for use in fitting[:_MOST_USES]]
    more = [desk.word("and_more", count=len(fitting) - _MOST_USES)] if len(fitting) > _MOST_USES else []
    return text("label.list_mark", lang=desk.lang).join([*names, *more]) or desk.word("no_use")


def stock_sheet(desk: Desk) -> Sheet:
    """List idle stock: spaces of stock, buildings that stand idle, and what firms yield per mu.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    heads = (
        Head("space_name"),
        Head("block_of"),
        Head("kind"),
        Head("area_m2", "m2"),
        Head("building_m2", "m2"),
        Head("owner"),
        Head("controls"),
        Head("evidence"),
        Head("possible_uses", source="uses"),
    )
    spaces = desk.results.spaces
    rows = (
        None
        if spaces is None
        else [_stock_row(desk, row) for row in _in_order(desk, spaces) if row["family"] == "stock"]
    )
    notes = [] if spaces is not None else [desk.not_run("spaces")]
    parts = [
        desk.table(heads, rows, "spaces", title=desk.title("stock_spaces"), has_filter=bool(rows)),
        _idle_table(desk),
        _yield_table(desk),
    ]
    return Sheet(
        desk.sheet_name("stock"), parts, title=desk.title("stock"), notes=notes, frozen_count=1, paper="A3"
    )


def _stock_row(desk: Desk, row: dict[Any, Any]) -> list[Cell]:
    mark = text("label.list_mark", lang=desk.lang)
    hit = [control_name(part, lang=desk.lang) for part in str(row["controls"]).split(";") if part]
    return [
        place_name(row["name"], lang=desk.lang),
        desk.block(row["block_id"]),
        kind_name(row["kind"], is_suspected=row["certainty"] == "suspected", lang=desk.lang),
        row["area_m2"],
        row["building_m2"],
        desk.owner(row["owner"]),
        mark.join(hit) or desk.word("no_control"),
        "; ".join(evidence_words(row["rule"], row["evidence"], lang=desk.lang)),
        _possible(desk, row["space_id"]),
    ]


def _idle_table(desk: Desk) -> SheetTable:
    heads = (
        Head("building_name"),
        Head("block_of"),
        Head("building_use"),
        Head("footprint_m2", "m2"),
        Head("floor_count", "count"),
        Head("built_year", "year"),
        Head("electricity_kwh", "kwh"),
        Head("lease"),
        Head("id"),
    )
    title, town = desk.title("idle_buildings"), desk.results.town
    if "buildings" not in town or not any(column_values(town["buildings"], "status")):
        return desk.table(heads, None, "layer", title=title)
    buildings = town["buildings"]
    idle = buildings[[value == "idle" for value in column_values(buildings, "status")]]
    blocks = desk.blocks_of(idle.geometry.to_numpy())
    columns = (column_values(idle, name) for name in ("name", "use", "lease"))
    figures = (number(idle, name) for name in ("floor_count", "built_year", "electricity_kwh"))
    rows: list[list[Cell]] = [
        [
            name or desk.word("unnamed"),
            desk.block(block),
            desk.named("use", use),
            area,
            floors,
            year,
            power,
            desk.named("lease", lease),
            str(building),
        ]
        for name, use, lease, block, area, floors, year, power, building in zip(
            *columns, blocks, idle.geometry.area.tolist(), *figures, idle["id"], strict=True
        )
    ]
    return desk.table(heads, rows, "layer", title=title)


def _yield_table(desk: Desk) -> SheetTable:
    heads = (
        Head("parcel_place"),
        Head("land_class"),
        Head("owner_name"),
        Head("area_mu", "mu"),
        Head("tax_wan", "wan"),
        Head("tax_wan_per_mu", "wan_per_mu", colour="bar"),
        Head("revenue_wan_per_mu", "wan_per_mu"),
        Head("firm_names"),
        Head("grade"),
    )
    title, town = desk.title("yields"), desk.results.town
    if "firms" not in town or "parcels" not in town:
        return desk.table(heads, None, "layer", title=title)
    parcels = town["parcels"].set_index("id")
    yields = yield_per_mu(town).sort_values(
        ["tax_wan_per_mu", "parcel_id"], na_position="last", kind="stable"
    )
    stand = firm_parcels(town)
    called = column_values(town["firms"], "name")
    firms: dict[str, list[str]] = {}
    for name, row in zip(called, stand.tolist(), strict=True):
        if row >= 0 and name is not None:
            firms.setdefault(str(parcels.index[row]), []).append(str(name))
    of = parcels.reindex(yields["parcel_id"])
    columns = (column_values(of, name) for name in ("location_name", "land_name", "owner_name"))
    mark = text("label.list_mark", lang=desk.lang)
    rows: list[list[Cell]] = [
        [
            desk.word("parcel", place=place, id=row["parcel_id"])
            if place
            else desk.word("parcel_only", id=row["parcel_id"]),
            land,
            owner,
            *(row[name] for name in ("area_mu", "tax_wan", "tax_wan_per_mu", "revenue_wan_per_mu")),
            mark.join(firms.get(row["parcel_id"], [])) or None,
            None if pd.isna(row["grade"]) else row["grade"],
        ]
        for row, place, land, owner in zip(yields.to_dict("records"), *columns, strict=True)
    ]
    return desk.table(heads, rows, "yields", title=title)


def special_sheet(desk: Desk) -> Sheet:
    """List special plots: fragments of farmland, waste land, and land that is protected.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet.
    """
    heads = (
        Head("space_name"),
        Head("block_of"),
        Head("kind"),
        Head("area_m2", "m2"),
        Head("protected_m2", "m2"),
        Head("owner"),
        Head("controls"),
        Head("evidence"),
        Head("possible_uses", source="uses"),
    )
    spaces = desk.results.spaces
    rows: list[list[Cell]] | None = None
    if spaces is not None:
        wanted = [row for row in _in_order(desk, spaces) if _is_special(row)]
        rows = [
            [*_stock_row(desk, row)[:4], row["protected_m2"], *_stock_row(desk, row)[5:]] for row in wanted
        ]
    notes = [desk.note("special")] if spaces is not None else [desk.not_run("spaces")]
    parts = [
        desk.table(heads, rows, "spaces", title=desk.title("special_spaces"), has_filter=bool(rows)),
        _protected_table(desk),
    ]
    return Sheet(
        desk.sheet_name("special"),
        parts,
        title=desk.title("special"),
        notes=notes,
        frozen_count=1,
        paper="A3",
    )


def _is_special(row: dict[Any, Any]) -> bool:
    return bool(row["family"] == "farmland" or row["kind"] == "mine_waste" or (row["protected_m2"] or 0) > 0)


def _protected_table(desk: Desk) -> SheetTable:
    """Sum up each layer of protected land, and how much of it lies in each block."""
    heads = (
        Head("layer"),
        Head("row_count", "count"),
        Head("area_ha", "ha"),
        *(Head("block_ha", "ha", label=place.name) for place in desk.blocks),
    )
    town = desk.results.town
    rows: list[list[Cell]] = []
    for layer in _PROTECTED:
        name = desk.layer(layer)
        if layer not in town:
            rows.append([name, *[None] * (len(heads) - 1)])
            continue
        ground = shapely.union_all(town[layer].geometry.to_numpy())
        within = [hectares(float(shapely.intersection(ground, shape).area)) for shape in desk.block_shapes]
        rows.append([name, len(town[layer]), hectares(float(ground.area)), *within])
    return desk.table(heads, rows, "layer", title=desk.title("protected"))
