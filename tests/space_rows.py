"""Four hand-made spaces on the hand-made town of the maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from map_town import box, map_results

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from fengmao_geo.results import Results


def space_rows(**changes: Any) -> gpd.GeoDataFrame:
    """A riverside and a street-side space, a house that may be idle, farmland; one in the first block."""
    shapes = [box(100, 250, 60, 20), box(300, 310, 40, 10), box(90, 330, 20, 20), box(600, 100, 100, 100)]
    columns = {
        "space_id": ["s1", "s2", "s3", "s4"],
        "name": ["中山路—市河 东北侧", "中山路 南侧", "中山路 南侧(2)", "无名路 东北角"],
        "family": ["leftover", "leftover", "stock", "farmland"],
        "kind": ["riverside", "street_side", "idle_house", "enclosed_farmland"],
        "basis": ["open_land", "open_land", "stock", "farmland"],
        "certainty": ["certain", "certain", "suspected", "certain"],
        "rule": ["water_m>=8;water_share>=0.2", "street_m>=8", "neighbour_share>=0.5", "built_share>=0.5"],
        "evidence": [
            "water_m=60;water_share=0.312",
            "street_m=40",
            "neighbour_share=0.8",
            "built_share=0.75",
        ],
        "area_m2": [shape.area for shape in shapes],
        "building_m2": [0.0, 0.0, 400.0, float("nan")],
        "width_m": [15.0, 8.0, 20.0, 100.0],
        "circle_m": [20.0, 10.0, 20.0, 100.0],
        "compactness_share": 0.5,
        "frontage_m": 10.0,
        "water_m": [0.0, 65.0, 85.0, 20.0],
        "is_accessible": [True, True, False, True],
        "block_id": [None, None, "old", "works"],
        "owner": ["collective", "state", "unknown", "collective"],
        "bridge_manager": None,
        "clear_height_m": float("nan"),
        "within_5_min_people": [100.0, 50.0, float("nan"), 30.0],
        "within_15_min_people": [1000.4, 900.0, float("nan"), 70.0],
        "protected_m2": [0.0, 0.0, 0.0, 7500.0],
        "controls": ["river_control", "", "", "permanent_farmland"],
        "decision": ["", "excluded", "", "confirmed"],
    }
    table = gpd.GeoDataFrame(columns | changes, geometry=shapes, crs=4549)
    return RESULTS["spaces"].check(table)


def use_rows() -> pd.DataFrame:
    """A micro green that fits and one that is flagged, a court that cannot be judged, crops alone."""
    rows = [
        ("s1", "micro_green", "yes", "flag=river_control"),
        ("s1", "small_court", "unknown", "unknown=clear_height;min_clear_height_m=6"),
        ("s2", "micro_green", "no", "no=decision"),
        ("s3", "volunteer_base", "yes", ""),
        ("s4", "crop_field", "yes", ""),
        ("s4", "micro_green", "no", "no=permanent_farmland;protected_m2=7500"),
    ]
    table = pd.DataFrame(rows, columns=["space_id", "use", "fits", "reason"])
    fits = table["fits"] == "yes"
    return RESULTS["possible_uses"].check(
        table.assign(
            **{
                name: pd.Series(value, table.index).where(fits)
                for name, value in (("area_m2", 80.0), ("green_m2", 40.0), ("cost_wan", 1.5))
            }
        )
    )


def space_results(
    *, uses: pd.DataFrame | None = None, results: Results | None = None, **changes: Any
) -> Results:
    made = map_results() if results is None else results
    found = findings_table([Finding("control_layer_absent", "redlines")])
    return replace(
        made, spaces=space_rows(**changes), uses=use_rows() if uses is None else uses, space_findings=found
    )
