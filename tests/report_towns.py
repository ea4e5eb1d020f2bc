"""Results for the tests of reports: the hand-made town of the maps with tables of every step laid out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
from map_town import MapTown, box, frame, map_circles, map_layers
from site_towns import PLAIN

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.results import Results
from fengmao_geo.tables import LAYERS, RENEWAL_TYPES, RESULTS, THEMES, Programme

BLOCKS = (("works", "丝厂片区"), ("old", "市河街区"))
FINDINGS = [
    Finding("street_length", "streets", "s1"),
    Finding("street_length", "streets", "s2"),
    Finding("gap_joined", "streets", "s3", None, {"other": "s4", "gap_m": 0.4}),
]


@dataclass(frozen=True)
class ReportTown(MapTown):
    """What a report reads of a town."""

    findings: pd.DataFrame = field(default_factory=lambda: findings_table(FINDINGS))
    rasters: dict[str, Any] = field(default_factory=dict)


def tabled(name: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Lay out a result table by its declared columns."""
    table = pd.DataFrame(rows, columns=list(RESULTS[name].names))
    kinds = {column.name: "Int64" for column in RESULTS[name].columns if column.kind == "whole"}
    return RESULTS[name].check(table.astype({name: kind for name, kind in kinds.items() if name in table}))


def indicator_rows() -> pd.DataFrame:
    """Green is known in one block; the other has no firms; the town lacks taxes."""
    told = {
        ("block", "old", "市河街区"): ((0.213, ""), (0.3456, ""), (0.41, ""), (None, "")),
        ("block", "works", "丝厂片区"): ((None, "green_before"), (0.3, ""), (0.3, ""), (12.37, "")),
        ("town", "town", "水乡镇"): ((0.2, ""), (0.2, ""), (0.2, ""), (None, "firms.tax_wan")),
    }
    asked = [("green_rate_share", state) for state in ("before", "now", "planned")]
    asked.append(("parcel_yield_wan_per_mu", "now"))
    return tabled(
        "indicators",
        [
            (*area, indicator, state, value, missing)
            for area, values in told.items()
            for (indicator, state), (value, missing) in zip(asked, values, strict=True)
        ],
    )


def score_rows() -> pd.DataFrame:
    """The first block is scored before renewal without a rank."""
    rows = []
    for rank, (block, name) in enumerate(BLOCKS, start=1):
        rows.append((block, name, "before", 40.04, 1.0, 41.04, 30.0, 55.0, 0.6, None, None))
        rows.append((block, name, "now", 60.0 - rank, 2.55, 62.55 - rank, 50.0, 70.0, 0.74, rank, 0.83))
    return tabled("block_scores", rows)


def card_rows() -> pd.DataFrame:
    """The county aims at forty per cent of green."""
    return tabled(
        "scorecard",
        [
            (block, name, "green_rate_share", "now", 0.3, "share", 0.4, False, 1.0, 0.75, 75.0)
            for block, name in BLOCKS
        ],
    )


def red_line_rows() -> pd.DataFrame:
    """One kept, one broken, one unknown."""
    rows = []
    for block, name in BLOCKS:
        rows.append(
            (block, name, "demolished_share", 0.12, "share", 0.2, "kept", "", "建科〔2021〕63号", "V3")
        )
        rows.append(
            (block, name, "rehoused_share", 0.4, "share", 0.5, "broken", "", "建科〔2021〕63号", "V3")
        )
        rows.append(
            (block, name, "rebuilt_ratio", None, "ratio", 2.0, "unknown", "projects.rebuilt_m2", "", "P")
        )
    return tabled("red_lines", rows)


def matrix_rows() -> pd.DataFrame:
    """The old block lacks one batch, the works nothing; of one theme it has indicators only."""
    rows = []
    for block, name in BLOCKS:
        for side, items in (("batch", RENEWAL_TYPES), ("theme", THEMES)):
            for item in items:
                is_missing = block == "old" and item == "feature_block"
                counts = (4, 0, 0, 0) if is_missing or item == "governance" else (4, 2, 1, 0)
                rows.append((block, name, side, item, *counts, is_missing))
    return tabled("block_matrix", rows)


def space_rows(names: tuple[str, str] = ("丝绸路 东侧", "丝厂 南侧")) -> Any:
    """A corner in the old block that is only suspected, and an idle works in the other."""
    rows = [
        {"space_id": "space_0123", "name": names[0], "block_id": "old", "certainty": "suspected"},
        {
            "space_id": "space_0124",
            "name": names[1],
            "block_id": "works",
            "family": "stock",
            "kind": "idle_factory",
            "basis": "stock",
            "controls": "river_control;heritage",
            "building_m2": 2400.0,
        },
    ]
    shapes = [box(200, 380, 30, 20), box(500, 100, 60, 40)]
    told = [PLAIN | {"building_m2": 0.0} | row for row in rows]
    measures = {"width_m": [10.0, 20.0], "circle_m": [9.0, 18.0], "compactness_share": [0.5, 0.6]}
    columns = {name: [row[name] for row in told] for name in ("space_id", "name", *PLAIN)}
    found = frame(shapes, id=["0", "1"], **columns, **measures).drop(columns="id")
    return RESULTS["spaces"].check(
        found.assign(area_m2=[600.0, 2400.0])[[*RESULTS["spaces"].names, "geometry"]]
    )


def use_rows() -> pd.DataFrame:
    """The corner may become a park; nothing fits the works."""
    return tabled(
        "possible_uses",
        [
            ("space_0123", "pocket_park", "yes", "", 600.0, 400.0, 30.0),
            ("space_0124", "pocket_park", "no", "no=area;area_m2=80;min_area_m2=400", None, None, None),
        ],
    )


def programme() -> Programme:
    """One park, for 12.37 people as the figures have it."""
    sites = frame(
        [box(200, 380, 30, 20)],
        id=["0"],
        space_id=["space_0123"],
        name=["丝绸路 东侧"],
        use=["pocket_park"],
        block_id=["old"],
        rank=[1],
        cost_wan=[30.0],
        area_m2=[600.0],
        green_m2=[400.0],
        gained_people=[12.37],
    ).drop(columns="id")
    return Programme(sites=sites, aim="people", objective=12.37, status="optimal", gap=0.0)


def project_rows(**columns: list[Any]) -> Any:
    """A project that names its block, one that lies in it, and one elsewhere."""
    given = {
        "name": ["河埠头改造", "老街修缮", "城外项目"],
        "block_id": ["old", None, None],
        "batch": ["old_estate", None, None],
        "project_type": [None, "facelift", None],
        "planned_start_on": ["2025-03", None, None],
        "planned_end_on": ["2026-06", None, None],
        "completed_on": [None, "2024-05-01", None],
        "investment_wan": [120.4, None, None],
        "responsible": ["镇城建办", None, None],
    }
    shapes = [box(700, 500, 5, 5), box(100, 330, 5, 5), box(780, 580, 5, 5)]
    return LAYERS["projects"].check(frame(shapes, id=["p1", "p2", "p3"], **(given | columns)))


def proposal_rows() -> Any:
    """One block is the town's own, one is proposed."""
    rows = [
        ("old", "市河街区", None, True, "old_estate", "", 20_900.0, "", 1, 600.0, 0.0, 50.0, 5.0, 5.0),
        (
            "new1",
            "北街片区",
            1,
            False,
            "public_space",
            "空间集中",
            52_000.0,
            "北街",
            3,
            900.0,
            0.0,
            30.0,
            12.4,
            8.6,
        ),
    ]
    table = pd.DataFrame(rows, columns=list(RESULTS["proposed_blocks"].names)).astype({"rank": "Int64"})
    shapes = [box(80, 310, 190, 110), box(300, 310, 90, 90)]
    laid = gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4549")
    return RESULTS["proposed_blocks"].check(laid)


def report_results(**changes: Any) -> Results:
    """Everything a report tells of, laid out by hand; ``layers`` and settings of the town can be given."""
    layers = changes.pop("layers", None) or (map_layers() | {"projects": project_rows()})
    circles = changes.pop("circles", "made")
    town = {name: changes.pop(name) for name in ("name", "settings", "findings") if name in changes}
    made = {
        "circles": map_circles(layers) if isinstance(circles, str) else circles,
        "spaces": space_rows(),
        "uses": use_rows(),
        "programme": programme(),
        "indicators": indicator_rows(),
        "scorecard": card_rows(),
        "block_scores": score_rows(),
        "red_lines": red_line_rows(),
        "block_matrix": matrix_rows(),
        "proposed_blocks": proposal_rows(),
    }
    return Results(ReportTown(layers, **town), **(made | changes))  # type: ignore[arg-type]  # as much of a town as a report reads


def bare_results() -> Results:
    """A town of streets and a built-up area; no step was run."""
    layers = {name: map_layers()[name] for name in ("built_up", "streets")}
    return Results(ReportTown(layers, findings=findings_table([])))  # type: ignore[arg-type]  # as above
