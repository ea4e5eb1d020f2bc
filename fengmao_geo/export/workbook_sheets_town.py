"""Sheets of the workbook about the town: at a glance, and which communities lack what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.sheets import Head, Measure, Sheet, SheetChart
from fengmao_geo.export.space_words import capital, kind_name
from fengmao_geo.export.workbook_sheets import number, total
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.messages import text
from fengmao_geo.standards.load import land_classes
from fengmao_geo.tables import GROUP_COLUMNS
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from typing import Any

    import geopandas as gpd
    import numpy as np

    from fengmao_geo.export.sheets import Cell, SheetTable
    from fengmao_geo.export.workbook_sheets import Desk
    from fengmao_geo.life_circle.circles import LifeCircles

__all__ = ["gap_sheet", "town_sheet"]

_MOST_BARS = 10
# Half a person is none.
_FEW_PEOPLE = 0.5

_Row = tuple[str, str | None, Measure, str | None]


def town_sheet(desk: Desk) -> Sheet:
    """Lay out the town at a glance: areas, people, buildings, streets, land by class.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        The sheet, with a chart of the land by class.
    """
    heads = (Head("subject"), Head("item"), Head("figure"), Head("figure_unit"), Head("figure_basis"))
    told = [*_areas(desk), *_people(desk), *_built(desk), *_found(desk)]
    rows: list[list[Cell]] = [
        [subject, item, figure, desk.unit(figure.unit), basis] for subject, item, figure, basis in told
    ]
    land, kinds, spaces = _land(desk), _kinds(desk), desk.results.spaces is not None
    parts: list[SheetTable | SheetChart] = [
        desk.table(heads, rows, "town"),
        land,
        _uses(desk),
        _streets(desk),
        kinds,
        SheetChart(1, desk.title("land"), 0, [2], min(len(land.rows), _MOST_BARS), is_bar=True),
        *([SheetChart(4, desk.title("kinds_chart"), 1, [2], len(kinds.rows), is_bar=True)] if spaces else []),
    ]
    notes = [*desk.people_notes, *([] if desk.results.programme is not None else [desk.not_run("programme")])]
    return Sheet(desk.sheet_name("town"), parts, title=desk.title("town"), notes=notes, frozen_count=1)


def _areas(desk: Desk) -> list[_Row]:
    town, subject = desk.results.town, desk.word("subject_area")
    settings = town.settings
    basis = " ".join(str(part) for part in (settings.boundary_basis, settings.boundary_year) if part)
    rows: list[_Row] = []
    for layer in ("built_up", "extent", "blocks", "farmland_protected", "water"):
        name = desk.layer(layer)
        area = hectares(float(town[layer].geometry.area.sum())) if layer in town else None
        said = basis if layer == "built_up" else settings.dates.get(layer)
        rows.append(
            (subject, name, Measure(area, "ha"), said or None if layer in town else desk.word("not_given"))
        )
    rows.append(
        (subject, desk.word("block_count"), Measure(len(desk.blocks), "count"), desk.word("from_layer"))
    )
    return rows


def _people(desk: Desk) -> list[_Row]:
    circles, subject = desk.results.circles, desk.word("subject_people")
    if circles is None:
        return [
            (subject, text("column.people", lang=desk.lang), Measure(None, "people"), desk.not_run("circles"))
        ]
    unit = {"people": "people", "floor_area": "m2"}.get(circles.people_basis, "count")
    said = text(f"map.people_basis_{circles.people_basis}", lang=desk.lang)
    rows: list[_Row] = [
        (subject, desk.word("dwellings"), Measure(len(circles.dwellings), "count"), desk.word("from_circles"))
    ]
    for group, column in GROUP_COLUMNS.items():
        values = number(circles.dwellings, column)
        label = text(
            "summary.people" if unit == "people" else f"summary.people_{circles.people_basis}", lang=desk.lang
        )
        name = label if group == "everyone" else desk.named("group", group)
        is_part = None in values and total(values) is not None
        basis = said if group == "everyone" else desk.word("from_dwellings")
        rows.append((subject, name, Measure(total(values), unit, ">=" if is_part else ""), basis))
    return rows


def _built(desk: Desk) -> list[_Row]:
    town, subject = desk.results.town, desk.word("subject_built")
    basis = desk.word("from_layer")
    rows: list[_Row] = []
    if "buildings" in town:
        buildings = town["buildings"]
        ground = buildings.geometry.area.to_numpy()
        floors = number(buildings, "floor_count")
        known = [None if count is None else count * area for count, area in zip(floors, ground, strict=True)]
        is_part = None in known and total(known) is not None
        idle = [value == "idle" for value in column_values(buildings, "status")]
        is_told = "status" in buildings and buildings["status"].notna().any()
        rows += [
            (subject, desk.layer("buildings"), Measure(len(buildings), "count"), basis),
            (subject, desk.word("footprints"), Measure(hectares(float(ground.sum())), "ha"), basis),
            (
                subject,
                desk.word("floor_area"),
                Measure(total(known), "m2", ">=" if is_part else ""),
                desk.word("floors_known"),
            ),
            (subject, desk.word("idle_buildings"), Measure(sum(idle) if is_told else None, "count"), basis),
        ]
    streets = town["streets"]
    rows.append(
        (subject, desk.word("street_length"), Measure(float(streets.length.sum()) / 1000, "km"), basis)
    )
    for layer in ("facilities", "green"):
        count = len(town[layer]) if layer in town else None
        name = desk.word("layer_count", layer=desk.layer(layer))
        rows.append(
            (subject, name, Measure(count, "count"), basis if layer in town else desk.word("not_given"))
        )
    return rows


def _found(desk: Desk) -> list[_Row]:
    """Say what the analyses found of the whole town."""
    results, subject = desk.results, desk.word("subject_found")
    rows: list[_Row] = []
    circles = results.circles
    if circles is not None:
        full = circles.areas[
            (circles.areas["area_kind"] == "town") & (circles.areas["facility_type"] == FULL_SET)
        ]
        for limit in circles.minutes:
            shares = full[full["limit_min"] == limit]["reached_share"]
            share = float(shares.mean()) if len(shares) else None
            rows.append(
                (
                    subject,
                    desk.word("full_set", minutes=f"{limit:g}"),
                    Measure(share, "share"),
                    desk.word("from_circles"),
                )
            )
    spaces, programme = results.spaces, results.programme
    found = None if spaces is None else len(spaces)
    size = None if spaces is None else hectares(float(spaces["area_m2"].sum()))
    said = desk.not_run("spaces") if spaces is None else desk.word("from_spaces")
    rows += [
        (subject, desk.word("space_count"), Measure(found, "count"), said),
        (subject, desk.word("space_area"), Measure(size, "ha"), said),
    ]
    if programme is not None:
        sites, cost, said = (
            len(programme.sites),
            number(programme.sites, "cost_wan"),
            desk.word("from_programme"),
        )
        rows += [
            (subject, desk.word("site_count"), Measure(sites, "count"), said),
            (subject, desk.word("site_cost"), Measure(total(cost), "wan"), said),
        ]
    return rows


def _land(desk: Desk) -> SheetTable:
    """Sum parcels up by class, the largest first."""
    town = desk.results.town
    heads = (
        Head("land_class"),
        Head("land_code"),
        Head("area_ha", "ha", colour="bar"),
        Head("share", "share_fine"),
    )
    options = {"title": desk.title("land_table")}
    if "parcels" not in town:
        return desk.table(heads, None, "layer", **options)
    parcels = town["parcels"]
    codes = ["" if code is None else str(code) for code in column_values(parcels, "land_code")]
    sizes = pd.DataFrame(
        {"code": codes, "name": column_values(parcels, "land_name"), "m2": parcels.geometry.area.to_numpy()}
    )
    scheme = town.settings.codes.get("parcels")
    known = land_classes(scheme) if scheme else {}
    whole = float(sizes["m2"].sum())
    rows: list[list[Cell]] = []
    for code, of in sizes.groupby("code", sort=True):
        entry, called = known.get(str(code)), of["name"].dropna()
        name = str(called.iloc[0]) if len(called) else ""
        if entry is not None:
            name = entry.name_zh if desk.lang == "zh" else entry.name_en
        size = float(of["m2"].sum())
        rows.append(
            [name or str(code) or None, str(code) or None, hectares(size), size / whole if whole else None]
        )
    rows.sort(key=lambda row: -float(row[2]))  # type: ignore[arg-type]  # hectares
    return desk.table(heads, rows, "layer", **options)


def _uses(desk: Desk) -> SheetTable:
    heads = (Head("building_use"), Head("building_count", "count"), Head("footprint_m2", "m2", colour="bar"))
    options = {"title": desk.title("building_uses")}
    if "buildings" not in desk.results.town:
        return desk.table(heads, None, "layer", **options)
    buildings = desk.results.town["buildings"]
    return desk.table(
        heads, _sizes(desk, buildings, "use", buildings.geometry.area.to_numpy()), "layer", **options
    )


def _streets(desk: Desk) -> SheetTable:
    heads = (Head("street_class"), Head("street_count", "count"), Head("street_km", "km", colour="bar"))
    streets = desk.results.town["streets"]
    rows = _sizes(desk, streets, "street_class", streets.length.to_numpy() / 1000)
    return desk.table(heads, rows, "layer", title=desk.title("street_classes"))


def _sizes(desk: Desk, layer: gpd.GeoDataFrame, column: str, sizes: np.ndarray) -> list[list[Cell]]:
    """Count and sum a layer up by what a column says, the largest first."""
    values = [str(value) if value is not None else "" for value in column_values(layer, column)]
    by = (
        pd.DataFrame({"value": values, "size": sizes})
        .groupby("value", sort=True)["size"]
        .agg(["count", "sum"])
    )
    by = by.sort_values("sum", ascending=False, kind="stable")
    return [
        [desk.named(column, value) if value else None, int(count), float(size)]
        for value, count, size in zip(by.index, by["count"], by["sum"], strict=True)
    ]


def _kinds(desk: Desk) -> SheetTable:
    """Sum the spaces up by kind."""
    heads = (
        Head("family"),
        Head("kind"),
        Head("space_count", "count", colour="bar"),
        Head("space_ha", "ha"),
    )
    title, spaces = desk.title("kinds"), desk.results.spaces
    if spaces is None:
        return desk.table(heads, None, "spaces", title=title)
    rows: list[list[Cell]] = [
        [
            desk.named("family", family),
            capital(kind_name(kind, lang=desk.lang)),
            len(of),
            hectares(float(of["area_m2"].sum())),
        ]
        for (family, kind), of in spaces.groupby(["family", "kind"], sort=True)
    ]
    return desk.table(heads, rows, "spaces", title=title)


def gap_sheet(desk: Desk) -> Sheet:
    """Lay out how many people of each community lack each type of facility.

    Parameters
    ----------
    desk
        The results.

    Returns
    -------
    Sheet
        A matrix of type by community, circle by circle.
    """
    circles, notes = desk.results.circles, desk.people_notes
    if circles is None:
        notes, kind = [desk.not_run("circles")], "community"
        table = desk.table((Head("facility_type"), Head("community_lack", "people")), None, "circles")
    else:
        kind = "community" if (circles.areas["area_kind"] == "community").any() else "block"
        table = _gap_matrix(desk, circles, kind)
    notes = [desk.note("gaps"), *notes, *([desk.note("no_communities")] if kind == "block" else [])]
    return Sheet(
        desk.sheet_name("gaps"), [table], title=desk.title("gaps"), notes=notes, frozen_count=2, paper="A3"
    )


def _gap_matrix(desk: Desk, circles: LifeCircles, kind: str) -> SheetTable:
    rows = _walked(circles, (kind, "town"))
    names = _in_order(rows[rows["area_kind"] == kind])
    cells = {(row["area_id"], row["facility_type"], row["limit_min"]): row for row in rows.to_dict("records")}
    heads = (
        Head("circle", "min"),
        Head("facility_type"),
        Head("group"),
        *(Head("community_lack", "people", colour="lack", label=name) for name in names.values()),
        Head("town_lack", "people", colour="bar"),
        Head("lacking_share", "share"),
    )
    keys = rows.drop_duplicates(["limit_min", "facility_type"])[["limit_min", "facility_type", "group"]]
    keys = keys.sort_values("limit_min", kind="stable")
    listed: list[list[Cell]] = []
    for limit, facility_type, group in zip(
        keys["limit_min"], keys["facility_type"], keys["group"], strict=True
    ):
        here = [cells.get((area, facility_type, limit)) for area in (*names, "town")]
        listed.append(
            [
                limit,
                desk.named("facility_type", facility_type),
                desk.named("group", group),
                *(_lack(row) for row in here),
                _lacking_share(here[-1]),
            ]
        )
    return desk.table(heads, listed, "circles", has_filter=bool(listed))


def _walked(circles: LifeCircles, kinds: tuple[str, ...]) -> pd.DataFrame:
    """Take the rows of required types within their circles, in the order of the catalogue."""
    asked = circles.types[circles.types["is_asked"] & circles.types["is_required"]].set_index("facility_type")
    areas = circles.areas
    rows = areas[
        (areas["by"] == "network") & areas["area_kind"].isin(kinds) & areas["facility_type"].isin(asked.index)
    ]
    rows = rows[rows["facility_type"].map(asked["tier_min"]).astype(float) <= rows["limit_min"]]
    order = {kind: place for place, kind in enumerate(asked.index)}
    return rows.assign(place=rows["facility_type"].map(order)).sort_values(
        ["place", "area_id"], kind="stable"
    )


def _in_order(rows: pd.DataFrame) -> dict[str, str]:
    areas = rows.drop_duplicates("area_id").sort_values("area_id")
    return dict(zip(areas["area_id"], areas["area_name"], strict=True))


def _lack(row: dict[Any, Any] | None) -> Cell:
    """Write how many lack it: at least so many where some are not known, unknown where all others have it."""
    if row is None or pd.isna(row["unreached_people"]):
        return None
    has_doubt = bool(row["unknown_people"] > 0)
    if has_doubt and row["unreached_people"] < _FEW_PEOPLE:
        return None
    return Measure(float(row["unreached_people"]), "people", ">=" if has_doubt else "")


def _lacking_share(row: dict[Any, Any] | None) -> Cell:
    lacking = _lack(row)
    if row is None or not isinstance(lacking, Measure) or lacking.value is None:
        return None
    return Measure(lacking.value / row["people"], "share", lacking.sign) if row["people"] > 0 else NOT_THERE
