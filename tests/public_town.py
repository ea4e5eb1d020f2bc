"""The hand-made town of the maps with secrets planted in it: of an owner, a firm, a house, a field."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from gain_towns import picture_of
from map_town import EAST, NORTH, box, frame, line, map_circles, map_layers, point
from space_rows import space_rows, use_rows

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.green.gain import GreenGains
from fengmao_geo.life_circle.school_routes import SchoolRoutes
from fengmao_geo.results import Results
from fengmao_geo.standards.load import walker
from fengmao_geo.tables import RESULTS, Programme
from fengmao_geo.town.town import Town, TownSettings

OWNER, FIRM, PERSON, HOUSE, NAME = "钱秘业主", "密丝有限公司", "李秘运营", "HOUSE-4711", "王家密宅"
PEOPLE, YIELD, FAR = 123457.0, 98765.25, 6543.75
#: What is nowhere in anything public, be it text or number.
SECRETS = (OWNER, FIRM, PERSON, HOUSE, NAME, "123457", "98765", "6543.75", "6544", "572820.137")
FIELD = shapely.box(EAST + 820.137, NORTH + 100.211, EAST + 1020.137, NORTH + 300.211)


def secret_layers():
    layers = map_layers()
    buildings = layers["buildings"]
    layers["buildings"] = buildings.assign(
        id=[HOUSE, *buildings["id"][1:]],
        name=[NAME, *buildings["name"][1:]],
        people=[PEOPLE, 20.0, 10.0, 5.0, 30.0, 4.0, 0.0, 0.0],
        household_count=[PEOPLE, 1.0, 1.0, 1.0, 1.0, 1.0, np.nan, np.nan],
    )
    layers["farmland_protected"] = frame([FIELD])
    layers["parcels"] = frame([box(480, 60, 220, 220)], land_code=["0601"], owner_name=[OWNER])
    layers["firms"] = frame([point(520, 120)], name=[FIRM], tax_wan=[YIELD], grade=["D"])
    layers["projects"] = frame(
        [box(480, 60, 100, 100)],
        name=["改造"],
        operator=[PERSON],
        responsible=[PERSON],
        batch=["stock_asset"],
    )
    layers["communities"] = frame([box(0, 0, 800, 600)], id=["c"], name=["社区"], people=[PEOPLE])
    return layers


def secret_circles(layers):
    circles = map_circles(layers)
    homes = circles.dwellings.assign(people=[PEOPLE, *circles.dwellings["people"][1:]])
    far = np.where(circles.reach["dwelling_id"] == HOUSE, FAR, circles.reach["distance_m"])
    coverage = pd.DataFrame(
        {
            "dwelling_id": homes["dwelling_id"],
            "limit_min": 15.0,
            "group": "everyone",
            "people": homes["people"],
            "asked_count": 4,
            "reached_count": 2,
            "unknown_count": [0, 0, 0, 1, 0, 0],
            "status": "unreached",
        }
    )
    found = findings_table(
        [Finding("unattached", "buildings", HOUSE, None, {"max_leg_m": FAR}, "POINT (1 2)")]
    )
    return replace(
        circles,
        dwellings=homes,
        reach=circles.reach.assign(distance_m=far),
        coverage=pd.concat([coverage.assign(limit_min=limit) for limit in (5.0, 15.0)]),
        areas=pd.concat([circles.areas, _community(circles.areas)], ignore_index=True),
        gaps=pd.concat([circles.gaps, _community(circles.gaps)], ignore_index=True),
        findings=found,
    )


def _community(rows):
    return rows[rows["area_kind"] == "town"].assign(area_kind="community", area_id="c", area_name="社区")


def secret_programme(spaces):
    shapes = spaces.set_index("space_id").geometry
    sites = gpd.GeoDataFrame(
        {
            "space_id": ["s1", "s4"],
            "name": [f"{FIRM} 北侧", "无名路 东北角"],
            "use": ["micro_green", "crop_field"],
            "block_id": [None, "works"],
            "rank": [1, 2],
            "cost_wan": [1.5, 2.5],
            "area_m2": [80.0, 7500.0],
            "green_m2": [40.0, 0.0],
            "gained_people": [55.0, 0.0],
        },
        geometry=shapes.loc[["s1", "s4"]].to_numpy(),
        crs=4549,
    )
    served = pd.DataFrame(
        {
            "dwelling_id": [HOUSE],
            "facility_type": ["pharmacy"],
            "space_id": ["s1"],
            "group": ["everyone"],
            "travel_min": [1.0],
            "people": [PEOPLE],
        }
    )
    gained = pd.DataFrame(
        {
            "space_id": ["s1", "s1"],
            "use": ["micro_green", "micro_green"],
            "facility_type": ["pharmacy", "nursery"],
            "group": ["everyone", "infant"],
            "gained_people": [50.0, 5.0],
        }
    )
    row = {"space_id": ["s3"], "use": ["volunteer_base"], "rank": [1], "cost_wan": [1.0]}
    alternatives = pd.DataFrame(row | {"objective": [55.0], "gap_share": [0.1]})
    listed = pd.DataFrame(row | {"reason": ["no_demand"], "area_m2": [400.0], "green_m2": [0.0]})
    unserved = served.drop(columns=["space_id", "travel_min"]).assign(is_coverable=True)
    return Programme(
        sites,
        served=served,
        gained=gained,
        unserved=unserved,
        listed=listed.drop(columns="rank"),
        alternatives=alternatives,
        aim="people",
        status="optimal",
    )


def secret_gains():
    empty = {
        name: gpd.GeoDataFrame({column: [] for column in RESULTS[name].names}, geometry=[], crs=4549)
        for name in ("pocket_parks", "tree_lined_streets")
    }
    gains = pd.DataFrame(
        [
            (
                "town",
                "town",
                "水乡镇",
                "green_m2",
                "",
                "",
                10.0,
                20.0,
                10.0,
                10.0,
                10.0,
                "vector",
                "实际建成区",
            )
        ],
        columns=list(RESULTS["green_gains"].names),
    )
    reach = pd.DataFrame({"dwelling_id": [HOUSE], "distance_m": [FAR]})
    banks = frame([line((0.25, 220), (800, 220))], bank_id=["b"], has_green=[True], has_path=[None])
    vertical = frame(
        [box(100, 340, 30, 14), line((80, 410), (280, 410))],
        candidate_id=["v1", "v2"],
        place=["roof", "wall"],
        source_layer=["buildings", "barriers"],
        source_id=[HOUSE, "0"],
    )
    tables = {"attribution": "green_attribution", "transitions": "transitions", "image_cover": "image_cover"}
    return GreenGains(
        gains=gains,
        park_reach=reach,
        banks=banks.drop(columns="id"),
        vertical_green=vertical.drop(columns="id"),
        picture=picture_of([[0.1] * 4] * 2, [[0.2] * 4] * 2),
        findings=findings_table([]),
        **{key: pd.DataFrame(columns=list(RESULTS[name].names)) for key, name in tables.items()},
        **empty,
    )


def secret_routes():
    routes = frame([line((100, 300), (300, 300))], id=[HOUSE], distance_m=[FAR], status=["reached"])
    routes = routes.rename(columns={"id": "dwelling_id"}).assign(
        school_id=["2"],
        basis="nearest",
        children_people=[PEOPLE],
        travel_min=[5.0],
        is_within_standard=[True],
        main_roads_crossed_count=[1.0],
    )
    pieces = frame([line((100, 300), (200, 300)), line((200, 300), (300, 300))], street_id=["0", "0"])
    segments = pieces.drop(columns="id").assign(
        edge_id=[0, 1],
        name=["水乡大道", "丝绸路"],
        is_main_road=[True, None],
        length_m=100.0,
        dwelling_count=[12, 3],
        children_people=[30.0, PEOPLE],
        children_share=0.1,
        shaded_share=0.5,
        walked_m=1.0,
        unshaded_m=1.0,
        rank_basis="unshaded",
        rank=[1, 2],
    )
    crossings = frame(
        [point(400, 300)], name=["丝绸路"], dwelling_count=[3], children_people=[PEOPLE], rank=[1]
    )
    crossings = crossings.drop(columns="id")
    return SchoolRoutes(
        "primary_school", walker(), 30.0, 500.0, routes, segments, crossings, findings_table([])
    )


def secret_results():
    layers = secret_layers()
    settings = TownSettings(boundary_basis="实际建成区", surveyed_types="all", notice="内部资料")
    town = Town.from_layers(name="水乡镇", settings=settings, **layers)
    circles = secret_circles(layers)
    spaces = space_rows(
        evidence=[f"water_m=60;tax_wan={YIELD}", "street_m=40", "neighbour_share=0.8", "built_share=0.75"],
        bridge_manager=[PERSON, None, None, None],
    )
    blocks = pd.DataFrame(
        {
            "block_id": ["old", "works"],
            "block_name": ["市河街区", "丝厂片区"],
            "state": "now",
            "base_score": [50.0, 60.0],
            "bonus_score": 0.0,
            "score": [50.0, 60.0],
            "low_score": 40.0,
            "high_score": 70.0,
            "known_share": 0.8,
            "rank": [2, 1],
            "stability_share": 0.9,
        }
    )
    indicators = pd.DataFrame(
        {
            "area_kind": "block",
            "area_id": ["old", "works"],
            "area_name": ["市河街区", "丝厂片区"],
            "indicator": "green_rate_share",
            "state": "now",
            "value": [0.25, np.nan],
            "missing": ["", "green"],
        }
    )
    return Results(
        town,
        circles=circles,
        planned=circles,
        spaces=spaces,
        uses=use_rows(),
        space_findings=findings_table([]),
        programme=secret_programme(spaces),
        gains=secret_gains(),
        school_routes=secret_routes(),
        indicators=indicators,
        block_scores=blocks,
    )
