"""A hand-made town for the tests of maps: three streets, a canal, six houses, four facilities, two blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from fengmao_geo.findings import findings_table
from fengmao_geo.life_circle.circles import LifeCircles
from fengmao_geo.results import Results
from fengmao_geo.standards.load import catalogue, walker
from fengmao_geo.tables import LAYERS, RESULTS

EAST, NORTH = 572_000.0, 3_403_000.0
TYPES = ("health_station", "kindergarten", "nursery", "pharmacy", "wet_market", "mall")


@dataclass(frozen=True)
class MapTown:
    """What a map reads of a town."""

    layers: dict[str, gpd.GeoDataFrame]
    name: str = "水乡镇"
    crs: CRS = field(default_factory=lambda: CRS("EPSG:4549"))
    settings: Any = field(
        default_factory=lambda: SimpleNamespace(
            boundary_basis="实际建成区",
            boundary_year=2024,
            notice="内部资料",
            dates={"streets": "2024-11-30", "buildings": "2024-10-31", "built_up": "2024-11-30"},
        )
    )
    spread: Any = field(default_factory=lambda: SimpleNamespace(dwelling_basis="buildings"))

    def __getitem__(self, layer: str) -> gpd.GeoDataFrame:
        return self.layers[layer]

    def __contains__(self, layer: object) -> bool:
        return layer in self.layers


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + height)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def frame(geometry: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    ids = columns.pop("id", [str(number) for number in range(len(geometry))])
    return gpd.GeoDataFrame({"id": ids, **columns}, geometry=geometry, crs="EPSG:4549")


def map_layers() -> dict[str, gpd.GeoDataFrame]:
    """Layers as a town holds them; every layer that a map draws is there."""
    layers = {
        "built_up": frame([box(0, 0, 800, 600)]),
        "streets": frame(
            [
                line((0, 300), (800, 300)),
                line((400, 0), (400, 600)),
                line((400, 450), (800, 450)),
                line((0, 20), (800, 20)),
            ],
            name=["水乡大道", "丝绸路", "染坊弄", None],
            street_class=["main", "secondary", "lane", "elevated"],
            width_m=[22.0, None, 4.0, 20.0],
            is_steps=[False, False, True, None],
        ),
        "buildings": frame(
            [box(100 + 60 * number, 340, 30, 14) for number in range(6)]
            + [box(500, 100, 60, 40), box(600, 100, 60, 40)],
            id=[f"b{number}" for number in range(8)],
            name=[None, None, None, None, None, None, "丝厂", None],
            use=["residential"] * 5 + ["mixed", "industrial", "public"],
            status=["in_use"] * 6 + ["idle", None],
            floor_count=[6.0, 6.0, 3.0, None, 2.0, 2.0, 1.0, 4.0],
            built_year=[1998.0, 1998.0, None, 2010.0, 2010.0, 1975.0, 1958.0, 2005.0],
        ),
        "facilities": frame(
            [point(120, 320), point(700, 320), box(600, 200, 80, 60), point(300, 280)],
            name=["卫生站", None, "中心幼儿园", "百货"],
            facility_type=["health_station", "pharmacy", "kindergarten", "restaurant"],
            capacity_count=[None, None, 270.0, None],
        ),
        "green": frame([box(200, 100, 120, 90)], name=["市河公园"], green_type=["park"]),
        "water": frame([box(0, 220, 800, 25)], name=["市河"], water_type=["river"]),
        "bridges": frame([box(390, 215, 20, 35)], bridge_type=["road"]),
        "compounds": frame([box(80, 320, 200, 90)], name=["北街小区"], compound_type=["estate"]),
        "barriers": frame([line((80, 410), (280, 410))], barrier_type=["wall"]),
        "farmland_protected": frame([box(820, 100, 200, 200)]),
        "trees": frame([point(50, 310), point(60, 310)], crown_m=[4.0, None]),
        "blocks": frame(
            [box(80, 310, 190, 110), box(480, 60, 220, 220)],
            id=["old", "works"],
            name=["市河街区", "丝厂片区"],
            block_no=[2, 1],
            renewal_type=["old_estate", "stock_asset"],
        ),
    }
    return {name: LAYERS[name].check(layer) for name, layer in layers.items()}


def asked_rows() -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "facility_type": list(TYPES),
            "tier_min": [5.0, 5.0, 5.0, 5.0, 15.0, 15.0],
            "standard_m": [300.0, 300.0, np.nan, np.nan, 500.0, np.nan],
            "group": ["everyone", "preschool", "infant", "everyone", "everyone", "everyone"],
            "is_required": [True, True, True, False, True, True],
            "min_people": [0.0, 0.0, 0.0, 0.0, 0.0, 50_000.0],
            "is_asked": [True, True, True, True, True, False],
            "is_surveyed": [True, True, False, True, True, True],
            "facility_count": [1, 1, 0, 1, 0, 0],
            "source": "test",
            "tag": "P",
        }
    )
    return RESULTS["asked_types"].check(rows)


def home_rows(layers: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Six homes: the last is off the streets, the fifth five minutes' walk from the edge of the data."""
    houses = layers["buildings"].iloc[:6]
    columns = {
        "dwelling_id": houses["id"].to_numpy(),
        "people": [20.0, 20.0, 10.0, np.nan, 30.0, 4.4],
        **{f"{group}_people": 2.0 for group in ("elderly", "infant", "preschool", "school_age", "newcomer")},
        "block_id": ["old", "old", "old", None, None, None],
        "community_id": None,
        "is_attached": [True] * 5 + [False],
        "boundary_min": [np.nan] * 4 + [4.0, np.nan],
    }
    return RESULTS["dwellings"].check(
        gpd.GeoDataFrame(columns, geometry=houses.geometry.to_numpy(), crs=4549)
    )


#: Minutes walked to each type asked for, home by home; missing where nothing was found.
MINUTES = {
    "health_station": [1.0, 3.0, 4.0, 6.0, 7.0, np.nan],
    "kindergarten": [4.0, 9.0, 9.0, 16.0, np.nan, np.nan],
    "nursery": [np.nan] * 6,
    "pharmacy": [12.0, 10.0, 9.0, 8.0, 7.0, np.nan],
    "wet_market": [np.nan] * 6,
}


def reach_rows(homes: gpd.GeoDataFrame) -> pd.DataFrame:
    frames = []
    for name, minutes in MINUTES.items():
        walked = np.array(minutes)
        status = np.where(
            walked <= 15, "reached", np.where(name == "nursery", "unknown", "unreached")
        ).astype(object)
        status[4:][walked[4:] != walked[4:]] = "unknown"
        frames.append(
            pd.DataFrame(
                {
                    "dwelling_id": homes["dwelling_id"].to_numpy(),
                    "facility_type": name,
                    "facility_id": np.where(np.isnan(walked), None, "0"),
                    "travel_min": walked,
                    "distance_m": 60 * walked,
                    "straight_m": 50 * walked,
                    "status": status,
                    "is_within_standard": None,
                    "doubt_min": np.where(status == "unknown", 0.0, np.nan),
                }
            )
        )
    return RESULTS["reach"].check(pd.concat(frames, ignore_index=True))


def area_rows() -> pd.DataFrame:
    """People by area, circle and type, as the tests read them off: 50 in the block, 84.4 in the town."""
    rows = []
    for kind, area, name, people in (("town", "town", "水乡镇", 84.4), ("block", "old", "市河街区", 50.0)):
        for limit in (5.0, 15.0):
            for facility_type in ("full_set", *(TYPES[:4] if limit == 5 else TYPES[:5])):
                share = {"full_set": 0.0, "health_station": 1.0, "kindergarten": 0.4, "pharmacy": 0.0}.get(
                    facility_type, 0.0
                )
                unknown = (
                    people if facility_type == "nursery" else 4.4 if facility_type == "full_set" else 0.0
                )
                counts = (share * people, people - share * people - unknown, unknown)
                rows += [
                    (kind, area, name, limit, facility_type, "everyone", by, people, *counts, share)
                    for by in ("network", "straight_line")[: 1 if facility_type == "full_set" else 2]
                ]
    names = list(RESULTS["areas"].names)
    return RESULTS["areas"].check(pd.DataFrame(rows, columns=names))


def gap_rows(areas: pd.DataFrame) -> pd.DataFrame:
    types = asked_rows().set_index("facility_type")["is_required"]
    rows = areas[
        (areas["by"] == "network") & areas["facility_type"].map(types).fillna(value=False).astype(bool)
    ]
    rows = rows[(rows["unreached_people"] > 0) | (rows["unknown_people"] > 0)]
    rows = rows.sort_values("unreached_people", ascending=False, kind="stable")
    rank = rows.groupby(["area_kind", "area_id", "limit_min"]).cumcount() + 1
    rows = rows.assign(lacking_people=rows["unreached_people"], lacking_share=0.5, rank=rank)
    return RESULTS["gaps"].check(rows[list(RESULTS["gaps"].names)])


def service_rows() -> gpd.GeoDataFrame:
    rows = [
        (name, limit, 1.0, False, box(x, 260, 40 * limit, 160))
        for name, x in (("health_station", 90), ("kindergarten", 400))
        for limit in (5.0, 15.0)
    ]
    columns = [*RESULTS["type_service_areas"].names, "geometry"]
    return RESULTS["type_service_areas"].check(gpd.GeoDataFrame(rows, columns=columns, crs=4549))


def map_circles(layers: dict[str, gpd.GeoDataFrame] | None = None, **changes: Any) -> LifeCircles:
    homes = home_rows(map_layers() if layers is None else layers)
    areas = area_rows()
    tables = {
        "minutes": (5.0, 15.0),
        "catalogue": catalogue(),
        "walker": walker(),
        "people_basis": "people",
        "dwellings": homes,
        "types": asked_rows(),
        "reach": reach_rows(homes),
        "coverage": pd.DataFrame(),
        "areas": areas,
        "gaps": gap_rows(areas),
        "service_areas": service_rows(),
        "findings": findings_table([]),
    }
    return LifeCircles(**(tables | changes))  # type: ignore[arg-type]  # tables by name


def map_results(**changes: Any) -> Results:
    layers = changes.pop("layers", None) or map_layers()
    circles = changes.pop("circles", "made")
    made = map_circles(layers) if circles == "made" else circles
    return Results(MapTown(layers, **changes), circles=made)  # type: ignore[arg-type]  # as much of a town as a map reads
