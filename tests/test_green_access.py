"""Parks reached: on a street grid where a circle is a diamond, by networkx, and as laws that always hold."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_towns import inserted, walked

from fengmao_geo.errors import UsageError
from fengmao_geo.green.access import park_coverage, park_reach
from fengmao_geo.green.parks import park_findings
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.town.people import dwellings
from fengmao_geo.town.town import Town, TownSettings

EAST, NORTH = 572_000.0, 3_403_000.0
CRS = "EPSG:4549"
PRAGUE = Path(__file__).resolve().parents[2] / "shared" / "data" / "prague_bubenec.gpkg"
SUMS = ("park_covered_land_share", "park_covered_people", "park_covered_people_share")


def box(x0, y0, x1, y1):
    return shapely.box(EAST + x0, NORTH + y0, EAST + x1, NORTH + y1)


def line(*xy):
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def point(x, y):
    return shapely.Point(EAST + x, NORTH + y)


def frame(*shapes, **columns):
    columns.setdefault("id", [f"x{at}" for at in range(len(shapes))])
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


CROSS = frame(
    line((-2000, 0), (0, 0)), line((0, 0), (2000, 0)), line((0, -2000), (0, 0)), line((0, 0), (0, 2000))
)
LAND = frame(box(-1000, -1000, 1000, 1000), land_code=["0701"])
GATE = frame(point(0, 0), place_id=["P"])


def houses(*places):
    """Houses on the street to the east and the west, each with its people."""
    shapes = [box(x, -1, x + 2, 1) for x, _ in places]
    return frame(*shapes, use=["residential"] * len(shapes), people=[people for _, people in places])


def town_of(codes="sandiao", **layers):
    made = {
        "built_up": frame(box(-1000, -1000, 1000, 1000)),
        "extent": frame(box(-3000, -3000, 3000, 3000)),
        "streets": CROSS,
        "parcels": LAND,
        "buildings": houses((300, 1.0)),
        "gates": GATE,
    }
    if "addresses" in layers:  # which are dwellings only where there are no others
        made |= {"buildings": None, "parcels": None}
    kept = {name: of for name, of in (made | layers).items() if of is not None}
    stated = TownSettings(codes={"parcels": codes} if codes else {}, boundary_basis="B", boundary_year=2024)
    return Town.from_layers(name="T", settings=stated, **kept)


def park(*shapes, kind="park"):
    return frame(
        *shapes, id=["P", *(f"Q{at}" for at in range(1, len(shapes)))], green_type=[kind] * len(shapes)
    )


SMALL, LARGE = box(-1, -1, 1, 1), box(-40, -40, 40, 40)
WHOLE = frame(box(-1000, -1000, 1000, 1000), area_kind="town", area_id="town", area_name="T")


def values_of(town, green, areas=WHOLE, **options):
    return park_coverage(town, walk_network(town), green, areas, **options)


def value(rows, indicator, *, rule_set="gbt51346_2019", by="network", area_id="town"):
    rule_set = "" if indicator.startswith(("park_within", "park_unknown", "residential")) else rule_set
    by = "" if indicator == "residential_m2" else by
    chosen = rows[(rows["indicator"] == indicator) & (rows["rule_set"] == rule_set) & (rows["by"] == by)]
    (found,) = chosen.loc[chosen["area_id"] == area_id, "value"]
    return found


def test_two_streets_from_the_gate_cover_four_arms_of_land():
    arms = 2 * 940 * 60 - 60**2 + 2 * np.pi * 30**2
    share = value(values_of(town_of(), park(SMALL)), "park_covered_land_share")
    assert share == pytest.approx(arms / 2000**2, rel=2e-4)


def test_by_straight_line_the_land_covered_is_the_park_grown_by_the_radius():
    grown = 2 * 2 + 4 * 2 * 500 + np.pi * 500**2
    share = value(values_of(town_of(), park(SMALL)), "park_covered_land_share", by="straight_line")
    assert share == pytest.approx(grown / 2000**2, rel=2e-4)


def test_on_a_dense_grid_the_land_covered_on_foot_is_a_diamond():
    at = np.arange(-525, 526, 25)
    streets = frame(*(line(*((x, y) for y in at)) for x in at), *(line(*((x, y) for x in at)) for y in at))
    share = value(values_of(town_of(streets=streets), park(SMALL)), "park_covered_land_share")
    diamond = 2 * 470**2 + 4 * np.sqrt(2) * 470 * 30 + np.pi * 30**2
    assert share * 2000**2 == pytest.approx(diamond, rel=0.015)  # scallops between streets 25 m apart


def test_on_a_grid_the_people_reached_live_in_a_diamond_and_those_in_radius_in_a_circle():
    at = np.arange(-600, 601, 50)
    streets = frame(*(line(*((x, y) for y in at)) for x in at), *(line(*((x, y) for x in at)) for y in at))
    homes = [(x, y) for x in at for y in at]
    town = town_of(streets=streets, addresses=frame(*(point(*xy) for xy in homes), people=[1.0] * len(homes)))
    rows = values_of(town, park(SMALL))
    assert value(rows, "park_within_500_m_people") == 2 * 10 * 11 + 1
    assert value(rows, "park_within_300_m_people") == 2 * 6 * 7 + 1
    off = np.maximum(np.abs(np.array(homes)) - 1, 0)
    assert value(rows, "park_covered_people", by="straight_line") == (np.hypot(*off.T) <= 500).sum()


@pytest.mark.parametrize(
    ("rule_set", "size_m2", "metres"),
    [
        ("garden_city_2022", 399, 0),
        ("garden_city_2022", 400, 300),
        ("garden_city_2022", 4999, 300),
        ("garden_city_2022", 5000, 500),
        ("garden_city_2016", 1999, 0),
        ("garden_city_2016", 2000, 300),
        ("gbt50563_2010", 4999, 0),
        ("gbt50563_2010", 5000, 500),
        ("gbt51346_2019", 1, 500),
    ],
)
def test_a_park_serves_as_far_as_the_rule_of_its_size(rule_set, size_m2, metres):
    half = np.sqrt(size_m2) / 2
    at = [100, 290, 310, 490, 510]
    homes = frame(*(point(half + x, 0) for x in at), people=[1.0] * 5)
    town = town_of(addresses=homes, gates=frame(point(half, 0), place_id=["P"]))
    rows = values_of(town, park(box(-half, -half, half, half)))
    for by in ("network", "straight_line"):
        assert value(rows, "park_covered_people", rule_set=rule_set, by=by) == sum(x <= metres for x in at)


def test_the_part_of_a_park_on_basic_farmland_is_no_park():
    town = town_of(
        farmland_protected=frame(box(-40, -40, 0, 40)), addresses=frame(point(-250, 0), people=[1.0])
    )
    rows = values_of(town, park(LARGE))  # 6,400 m², of which 3,200 m² are left, 250 m from the home
    assert value(rows, "park_covered_people", rule_set="gbt50563_2010", by="straight_line") == 0
    assert value(rows, "park_covered_people", rule_set="garden_city_2022", by="straight_line") == 1
    network = walk_network(town)
    assert park_reach(town, network, park(LARGE))["straight_m"].tolist() == [250.0]
    found = park_findings(town, network, park(LARGE))
    assert found["code"].tolist() == ["park_on_farmland"]


def test_a_park_wholly_on_basic_farmland_is_none():
    town = town_of(farmland_protected=frame(box(-90, -90, 90, 90)))
    reach = park_reach(town, walk_network(town), park(LARGE))
    assert reach["status"].tolist() == ["unreached"]
    assert reach["straight_m"].isna().all()


def test_parks_that_overlap_are_counted_once():
    once, twice = (values_of(town_of(gates=None), park(*[SMALL] * count)) for count in (1, 2))
    assert once["value"].tolist() == pytest.approx(twice["value"].tolist())


def test_verges_and_plazas_are_no_parks():
    rows = values_of(town_of(), park(SMALL, kind="verge"))
    assert value(rows, "park_covered_people") == 0
    assert value(rows, "park_covered_land_share") == 0


def test_a_park_is_entered_at_its_gate_and_not_where_it_is_nearest():
    town = town_of(gates=frame(point(-40, 0), place_id=["P"]))
    reach = park_reach(town, walk_network(town), park(LARGE))
    assert reach["distance_m"].tolist() == [pytest.approx(340)]
    assert reach["straight_m"].tolist() == [260.0]


def test_a_park_without_gates_is_entered_where_streets_run_beside_it():
    town = town_of(gates=None)
    reach = park_reach(town, walk_network(town), park(box(-40, 10, 40, 90)))
    at_m = 40 + np.sqrt(15**2 - 10**2)  # where the street leaves the 15 m around the corner
    assert reach["distance_m"].tolist() == [pytest.approx(300 - at_m, abs=1e-2)]


def test_areas_side_by_side_add_up():
    homes = houses((-700, 3.0), (-300, 5.0), (200, 7.0), (450, 11.0))
    halves = frame(
        box(-1000, -1000, 30, 1000),
        box(30, -1000, 1000, 1000),
        area_kind="block",
        area_id=["w", "e"],
        area_name="-",
    )
    town = town_of(buildings=homes)
    whole, parts = values_of(town, park(SMALL)), values_of(town, park(SMALL), halves)
    for indicator in ("park_covered_people", "park_within_300_m_people", "residential_m2"):
        both = [value(parts, indicator, area_id=at) for at in "we"]
        assert sum(both) == pytest.approx(value(whole, indicator), rel=1e-12)
    for by in ("network", "straight_line"):
        m2 = [
            value(parts, "park_covered_land_share", by=by, area_id=at)
            * value(parts, "residential_m2", area_id=at)
            for at in "we"
        ]
        assert sum(m2) == pytest.approx(value(whole, "park_covered_land_share", by=by) * 2000**2, rel=1e-9)


def test_only_residential_parcels_count_and_overlaps_once():
    parcels = frame(
        box(0, 0, 100, 100), box(50, 0, 150, 100), box(200, 0, 900, 900), land_code=["0701", "0701", "0601"]
    )
    assert value(values_of(town_of(parcels=parcels), park(SMALL)), "residential_m2") == pytest.approx(15_000)


@pytest.mark.parametrize(
    "layers",
    [{"parcels": None}, {"codes": None}, {"parcels": LAND.drop(columns="land_code")}],
    ids=["no parcels", "no scheme", "no codes"],
)
def test_without_classified_parcels_land_is_unknown_and_people_are_not(layers):
    rows = values_of(town_of(**layers), park(SMALL))
    assert np.isnan(value(rows, "residential_m2"))
    assert np.isnan(value(rows, "park_covered_land_share", by="straight_line"))
    assert value(rows, "park_covered_people") == 1


def test_an_area_without_residential_land_has_no_share_of_it():
    rows = values_of(town_of(parcels=frame(box(0, 0, 9, 9), land_code=["0601"])), park(SMALL))
    assert value(rows, "residential_m2") == 0
    assert np.isnan(value(rows, "park_covered_land_share"))


@pytest.mark.parametrize("green", [None, park(SMALL).drop(columns="green_type"), park(SMALL, kind=None)])
def test_where_green_tells_no_types_all_is_unknown(green):
    town = town_of()
    rows = values_of(town, green)
    assert rows.loc[rows["indicator"].isin([*SUMS, "park_within_300_m_people"]), "value"].isna().all()
    assert value(rows, "park_unknown_people") == 1
    assert park_reach(town, walk_network(town), green)["status"].tolist() == ["unknown"]


def test_a_layer_of_green_without_a_park_reaches_nobody():
    rows = values_of(town_of(), park(SMALL).iloc[:0])
    assert value(rows, "park_within_500_m_people") == 0
    assert value(rows, "park_covered_land_share", by="straight_line") == 0


def test_weights_of_floor_area_are_no_people():
    homes = houses((300, 1.0)).drop(columns="people")
    rows = values_of(town_of(buildings=homes), park(SMALL))
    assert np.isnan(value(rows, "park_covered_people"))
    assert value(rows, "park_covered_land_share") > 0


def test_near_the_edge_of_the_data_a_dwelling_without_a_park_is_unknown():
    homes = frame(point(600, 0), point(900, 0), people=[2.0, 4.0])
    town = town_of(addresses=homes, extent=frame(box(-1000, -1000, 1200, 1000)))
    assert park_reach(town, walk_network(town), park(SMALL))["status"].tolist() == ["unreached", "unknown"]
    assert value(values_of(town, park(SMALL)), "park_unknown_people") == 4


def test_a_dwelling_without_a_street_is_unknown():
    town = town_of(addresses=frame(point(300, 300), people=[1.0]))
    assert park_reach(town, walk_network(town), park(SMALL))["status"].tolist() == ["unknown"]


def test_near_a_park_without_a_street_a_dwelling_is_unknown_and_the_park_is_named():
    town = town_of(addresses=frame(point(700, 0), people=[1.0]))
    green = park(SMALL, box(700, 300, 720, 320))
    network = walk_network(town)
    assert park_reach(town, network, green)["status"].tolist() == ["unknown"]
    assert park_findings(town, network, green)["feature_id"].tolist() == ["Q1"]
    assert value(values_of(town, green), "park_covered_people", by="straight_line") == 1


def test_dwellings_joined_once_serve_every_state():
    town = town_of()
    network = walk_network(town)
    homes = attach(network, dwellings(town).rename(columns={"dwelling_id": "id"}))
    assert park_reach(town, network, park(SMALL), homes=homes).equals(park_reach(town, network, park(SMALL)))


def test_dwellings_of_another_town_are_refused():
    town = town_of()
    network = walk_network(town)
    with pytest.raises(UsageError):
        park_reach(town, network, park(SMALL), homes=attach(network, frame(point(1, 1), id=["other"])))


def test_inputs_stay_as_they_are():
    town, green = town_of(), park(SMALL, LARGE)
    before, copy = town.fingerprint(), green.copy()
    values_of(town, green)
    assert town.fingerprint() == before
    assert green.equals(copy)


def test_every_indicator_is_declared_and_prints_its_boundary():
    from fengmao_geo.standards.green import green_standard  # noqa: PLC0415  here alone

    rows = values_of(town_of(), park(SMALL))
    assert set(rows["indicator"]) <= set(green_standard().indicators)
    assert set(rows["boundary"]) == {"B 2024"}


def _random_town(seed):
    noise = np.random.default_rng(seed)
    at = np.arange(-400, 401, 100)
    streets = [
        line((x, y), (x + dx, y + dy))
        for x in at
        for y in at
        for dx, dy in ((100, 0), (0, 100))
        if noise.random() < 0.7
    ]
    # Of a triangle no two corners are equally near to a street.
    corners = np.add(noise.uniform(-450, 450, (40, 1, 2)), (EAST, NORTH))
    homes = [shapely.Polygon(np.add(at, [(0, 0), (5, 2), (1, 6)])) for at in corners]
    corners, sides = noise.uniform(-450, 450, (4, 2)), noise.uniform(10, 90, 4)
    parks = [box(x, y, x + side, y + side) for (x, y), side in zip(corners, sides, strict=True)]
    gates = [shapely.Point(one.exterior.coords[0]) for one in parks]
    ids = [f"P{at}" for at in range(4)]
    town = town_of(
        streets=frame(*streets),
        buildings=frame(*homes, use=["residential"] * 40, people=[1.0] * 40),
        gates=frame(*gates, place_id=ids),
        parcels=frame(box(-450, -450, 450, 450), land_code=["0701"]),
    )
    return town, frame(*parks, id=ids, green_type=["park"] * 4), noise


@pytest.mark.parametrize("seed", range(4))
def test_walks_to_the_nearest_park_are_those_of_networkx(seed):
    town, green, _ = _random_town(seed)
    reach = park_reach(town, walk_network(town), green).set_index("dwelling_id")
    gates = town["gates"].assign(id=town["gates"]["place_id"])
    found = walked(town["streets"], town["buildings"], gates, limit_m=500)
    for home in town["buildings"]["id"]:
        metres = [m for (origin, _), m in found.items() if origin == home and m <= 500]
        assert (reach.loc[home, "status"] == "reached") == bool(metres)
        if metres:
            assert reach.loc[home, "distance_m"] == pytest.approx(min(metres), abs=1e-6)
    assert (reach["status"] == "reached").sum() > 5


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 50), x=st.floats(-500, 500), y=st.floats(-500, 500), side_m=st.floats(1, 120))
def test_a_new_park_never_lowers_coverage(seed, x, y, side_m):
    town, green, _ = _random_town(seed)
    more = frame(
        *green.geometry, box(x, y, x + side_m, y + side_m), id=[*green["id"], "new"], green_type=["park"] * 5
    )
    before, after = (values_of(town, of) for of in (green, more))
    is_sum = before["indicator"] != "park_unknown_people"
    lost = before["value"] - after["value"]
    assert not (lost[is_sum] > 1e-9 * before["value"][is_sum].abs()).any()


@pytest.mark.skipif(not PRAGUE.exists(), reason="../shared/data/prague_bubenec.gpkg is not there")
def test_walks_in_prague_to_made_parks_are_those_of_networkx():
    layers = {
        name: gpd.read_file(PRAGUE, layer=name).to_crs(32633) for name in ("streets", "buildings", "plots")
    }
    homes = layers["buildings"][["geometry"]].assign(
        id=[f"b{at:03d}" for at in range(len(layers["buildings"]))]
    )
    plots = layers["plots"].geometry.iloc[[5, 60]].reset_index(drop=True)
    green = gpd.GeoDataFrame({"id": ["p1", "p2"], "green_type": "park"}, geometry=plots, crs=32633)
    nearest = shapely.shortest_line(plots.to_numpy(), layers["streets"].union_all())
    gates = gpd.GeoDataFrame(
        {"id": ["p1", "p2"], "place_id": ["p1", "p2"]}, geometry=shapely.get_point(nearest, 0), crs=32633
    )
    ground = gpd.GeoDataFrame(geometry=[layers["plots"].union_all().convex_hull.buffer(2000)], crs=32633)
    town = Town.from_layers(
        name="B",
        crs=32633,
        built_up=ground,
        streets=layers["streets"][["geometry"]],
        buildings=homes,
        gates=gates,
    )
    network = walk_network(town)
    reach = park_reach(town, network, green).set_index("dwelling_id")
    parts = [np.flatnonzero(network.edge_part == part).tolist() for part in range(network.part_count)]
    there = town["buildings"][["id", "geometry"]]  # as the town has them, on its grid
    found = inserted(network.edge_lines, network.edge_nodes.tolist(), parts, there, gates, limit_m=500)
    oracle = {}
    for (home, _), metres in found.items():
        oracle[home] = min(metres, oracle.get(home, np.inf))
    assert len(oracle) > 50
    assert set(reach.index[reach["status"] == "reached"]) == set(oracle)
    np.testing.assert_allclose(
        reach["distance_m"].dropna(), [oracle[home] for home in reach.index if home in oracle], atol=1e-6
    )


def test_the_sample_town_is_covered_the_better_the_more_its_rules_count(shuixiang, shuixiang_network):
    areas = shuixiang["built_up"].assign(area_kind="town", area_id="town", area_name="T")
    rows = park_coverage(shuixiang, shuixiang_network, shuixiang["green"], areas)
    order = ("gbt51346_2019", "garden_city_2022", "garden_city_2016", "gbt50563_2010")
    for by in ("network", "straight_line"):
        for indicator in SUMS:
            found = [value(rows, indicator, rule_set=rule_set, by=by) for rule_set in order]
            assert found == sorted(found, reverse=True)
    assert value(rows, "park_covered_people") == value(rows, "park_within_500_m_people")
