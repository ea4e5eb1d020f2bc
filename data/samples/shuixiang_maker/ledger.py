"""The town's ledger of renewal projects: dates planned and actual, money, progress, who does it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from shuixiang_maker import geometry as geo

if TYPE_CHECKING:
    import shapely

    from shuixiang_maker.tables import Layers

_LEDGER = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_COLUMNS = (
    *("id", "name", "block_id", "project_type", "batch", "theme"),
    *("planned_start_on", "planned_end_on", "started_on", "completed_on"),
    *("investment_wan", "paid_wan", "progress_share"),
    *("acceptance_batch", "responsible", "operator", "funding"),
    *("standing_m2", "demolished_m2", "rebuilt_m2", "moved_household_count", "rehoused_household_count"),
)
_NUMBERS = ("_wan", "_share", "_m2", "_count")


def projects(layers: Layers) -> gpd.GeoDataFrame:
    """Return the projects that planted something, with what the ledger says, and others, which are places."""
    planted, blocks = layers["projects"], layers["blocks"]
    rows = [
        {**row, "block_id": _block_of(shape, blocks), "progress_share": 1.0, **_said(entry)}
        for row, shape, entry in zip(
            planted.drop(columns="geometry").to_dict("records"),
            planted.geometry,
            _LEDGER["planted"],
            strict=True,
        )
    ]
    shapes = list(planted.geometry)
    for number, entry in enumerate(_LEDGER["works"], start=len(rows) + 1):
        block = blocks[blocks["block_no"] == entry["block"]].iloc[0]
        name = f"{block['name']}{entry['suffix']}"
        rows.append({"id": f"N{number:03d}", "name": name, "block_id": block["id"], **_said(entry)})
        shapes.append(_place(layers["buildings"], block.geometry, entry["at"]))
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    numbers = {name: table[name].astype(float) for name in _COLUMNS if name.endswith(_NUMBERS)}
    return gpd.GeoDataFrame(table.assign(**numbers), geometry=shapes, crs=planted.crs)


def plantings(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the projects that have ground of their own."""
    return layer[layer.geom_type == "Polygon"]


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry by the names of the columns."""
    pairs = {
        "planned": ("planned_start_on", "planned_end_on"),
        "money_wan": ("investment_wan", "paid_wan"),
    }
    said = {name: value for name, value in entry.items() if name in _COLUMNS}
    for name, columns in pairs.items():
        said |= dict(zip(columns, entry.get(name, (None, None)), strict=True))
    return said


def _block_of(shape: shapely.Geometry, blocks: gpd.GeoDataFrame) -> str | None:
    inside = blocks["id"][blocks.contains(shape.representative_point())]
    return inside.iloc[0] if len(inside) else None


def _place(buildings: gpd.GeoDataFrame, block: shapely.Polygon, number: int) -> shapely.Point:
    """Return a point in one of the larger buildings of a block."""
    inside = buildings[buildings.within(block)]
    ordered = inside.iloc[(-inside.area).argsort(kind="stable")]
    shape = ordered.geometry.iloc[min(number, len(ordered)) - 1] if len(ordered) else block
    return geo.rounded(shape.representative_point())
