"""A hand-made town with everything that the workbook tells of: blocks, communities, spaces, projects, firms, scores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from gain_towns import green_results
from map_town import MapTown, area_rows, box, frame, gap_rows, map_circles, map_layers, point
from space_rows import space_rows, use_rows

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.results import Results
from fengmao_geo.tables import LAYERS, RENEWAL_TYPES, RESULTS, THEMES, Programme

BLOCKS = {"works": "丝厂片区", "old": "市河街区"}
GREEN, YIELD = "green_rate_share", "parcel_yield_wan_per_mu"


@dataclass(frozen=True)
class BookTown(MapTown):
    """What the workbook reads of a town."""

    findings: pd.DataFrame = field(default_factory=lambda: findings_table([]))
    rasters: dict[str, Any] = field(default_factory=dict)


def settings(**changes: Any) -> SimpleNamespace:
    told = {
        "boundary_basis": "实际建成区",
        "boundary_year": 2024,
        "notice": "内部资料",
        "dates": {"streets": "2024-11-30", "buildings": "2024-10-31"},
        "codes": {"parcels": "sandiao"},
        "bridges_complete": True,
        "surveyed_types": "all",
    }
    return SimpleNamespace(**(told | changes))


def book_layers(words: str | None = None) -> dict[str, Any]:
    """Layers with projects, firms and parcels; where words are given, every text that is free says them."""
    layers = map_layers()
    layers["projects"] = frame(
        [box(500, 80, 40, 40), box(90, 320, 20, 20), point(400, 30)],
        name=[words or "丝厂更新", words or "北街改造", None],
        project_type=[words, "pocket_park", None],
        batch=["stock_asset", None, None],
        responsible=[words or "城投公司", None, None],
        operator=[words, None, None],
        funding=[words, None, None],
        acceptance_batch=[words or "第一批", None, None],
        planned_start_on=[words or "2025-03-01", "2025-05-01", None],
        completed_on=[words or "2025-12-20", None, None],
        investment_wan=[1200.5, np.nan, np.nan],
        paid_wan=[600.25, np.nan, np.nan],
    )
    layers["parcels"] = frame(
        [box(480, 60, 200, 200), box(0, 0, 100, 100)],
        id=["p1", "p2"],
        land_code=["0601", "0101"],
        land_name=["工业用地", words],
        location_name=[words or "北街社区", None],
        owner_name=[words or "镇政府", None],
    )
    layers["firms"] = frame(
        [point(520, 100), point(560, 100)],
        name=[words or "嘉禾纺织", "振兴箱包"],
        parcel_id=["p1", "p1"],
        tax_wan=[30.0, 30.0],
        revenue_wan=[400.0, np.nan],
        grade=["B", "B"],
    )
    if words:
        layers["blocks"] = layers["blocks"].assign(name=words)
        layers["buildings"] = layers["buildings"].assign(name=words)
        layers["streets"] = layers["streets"].assign(name=words)
    return {name: LAYERS[name].check(layer) for name, layer in layers.items()}


def community_areas(words: str | None = None) -> pd.DataFrame:
    """The areas of the map's town, and a community that is like the block."""
    areas = area_rows()
    own = areas[areas["area_kind"] == "block"].assign(
        area_kind="community", area_id="c1", area_name=words or "市河社区"
    )
    return pd.concat([areas, own], ignore_index=True)


def declared(name: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return RESULTS[name].check(pd.DataFrame(rows, columns=list(RESULTS[name].names)))


def indicator_rows(words: str | None = None) -> pd.DataFrame:
    """The green rate known but for one block; the yield without meaning in the other."""
    rows = []
    for kind, area, name in (
        ("block", "works", BLOCKS["works"]),
        ("block", "old", BLOCKS["old"]),
        ("town", "town", "水乡镇"),
    ):
        for state, value in (("before", 0.1), ("now", 0.21), ("planned", 0.42)):
            is_known = area != "old"
            rows.append(
                (
                    kind,
                    area,
                    words or name,
                    GREEN,
                    state,
                    value if is_known else np.nan,
                    "" if is_known else "green",
                )
            )
        rows.append((kind, area, words or name, YIELD, "now", 0.6 if area == "works" else np.nan, ""))
    return declared("indicators", rows)


def score_rows(words: str | None = None) -> dict[str, pd.DataFrame]:
    card = [
        (
            "works",
            words or BLOCKS["works"],
            GREEN,
            state,
            value,
            "share",
            0.35,
            False,
            0.6,
            min(value / 0.35, 1),
            60 * min(value / 0.35, 1),
        )
        for state, value in (("before", 0.1), ("now", 0.21), ("planned", 0.42))
    ]
    card.append(
        ("old", words or BLOCKS["old"], GREEN, "now", np.nan, "share", 0.35, False, 0.6, np.nan, np.nan)
    )
    scores = [
        ("works", words or BLOCKS["works"], state, score, 0.0, score, score, score, 1.0, 1, 0.875)
        for state, score in (("before", 28.6), ("now", 60.0), ("planned", 100.0))
    ]
    scores.append(
        ("old", words or BLOCKS["old"], "now", np.nan, np.nan, np.nan, 0.0, 100.0, 0.0, np.nan, np.nan)
    )
    return {"scorecard": declared("scorecard", card), "block_scores": declared("block_scores", scores)}


def red_line_rows(words: str | None = None) -> pd.DataFrame:
    name = words or BLOCKS["works"]
    return declared(
        "red_lines",
        [
            ("works", name, "demolished_share", 0.12, "share", 0.2, "kept", "", words or "rule", "V"),
            ("works", name, "rebuilt_ratio", 2.5, "ratio", 2.0, "broken", "", words or "rule", "V"),
            ("works", name, "rehoused_share", np.nan, "share", 0.5, "unknown", words or "projects.moved_household_count", "rule", "P"),
        ],
    )  # fmt: skip


def matrix_rows(words: str | None = None) -> pd.DataFrame:
    """The works have one space and one project of idle stock, and nothing else; the old streets nothing."""
    rows = []
    for block, name in BLOCKS.items():
        for side, items in (("batch", RENEWAL_TYPES), ("theme", THEMES)):
            for item in items:
                has = block == "works" and item in ("stock_asset", "business")
                rows.append((block, words or name, side, item, 1, int(has), 0, int(has), not has))
    return declared("block_matrix", rows)


def site_rows(words: str | None = None) -> Programme:
    """One site in the works: a book room for 27 people at 12.5."""
    spaces = space_rows()
    sites = spaces[spaces["space_id"] == "s4"][["space_id", "name", "block_id", "area_m2", "geometry"]]
    sites = sites.assign(
        name=words or sites["name"], use="book_room", rank=1, cost_wan=12.5, green_m2=0.0, gained_people=27.4
    )
    return Programme(RESULTS["sites"].check(sites), status="optimal")


def book_results(words: str | None = None, **changes: Any) -> Results:
    """Everything that the workbook tells of; where words are given, they stand wherever free text can."""
    layers = book_layers(words)
    areas = community_areas(words)
    found = [Finding("geometry_null", "buildings", words or "b7"), Finding("layer_missing", "streets")]
    town = BookTown(
        layers,
        name=words or "水乡镇",
        settings=settings(**({"notice": words} if words else {})),
        findings=findings_table(found),
        rasters={"imagery_after": SimpleNamespace(date="2024-07-22", sensor=words)},
    )
    spaces = space_rows(**({"name": [words] * 4} if words else {}))
    made = Results(
        town,  # type: ignore[arg-type]  # as much of a town as the workbook reads
        circles=map_circles(layers, areas=areas, gaps=gap_rows(areas)),
        spaces=spaces,
        uses=use_rows(),
        programme=site_rows(words),
        gains=book_gains(),
        indicators=indicator_rows(words),
        red_lines=red_line_rows(words),
        block_matrix=matrix_rows(words),
        **score_rows(words),
    )
    return replace(made, **changes)


@cache
def book_gains() -> Any:
    """The gains of the green town, its blocks called as ours are."""
    gains = green_results().gains
    assert gains is not None
    names = {"west": "works", "mid": "old"}
    return replace(
        gains,
        gains=gains.gains.replace({"area_id": names}),
        attribution=gains.attribution.replace({"block_id": names}),
    )
