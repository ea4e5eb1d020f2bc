"""The generator of the sample town: same bytes, valid towns, and the counts that were asked for."""

from __future__ import annotations

import hashlib
import tomllib

import networkx as nx
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from sample_layers import SAMPLES, maker, on_the_ground, read_layers
from shapely import STRtree

SMALLEST_OVERLAP_M2 = 0.01


@pytest.fixture(scope="module")
def made(made_sample):
    return made_sample.town.folder


@pytest.fixture(scope="module")
def other(other_sample):
    return other_sample.town


@pytest.fixture(scope="module")
def committed():
    return read_layers(SAMPLES / "shuixiang")


@pytest.fixture(scope="module", params=["committed", "other"])
def town(request):
    return request.getfixturevalue(request.param)


def _digests(folder, suffixes):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in suffixes
    }


def _shared_area(shapes):
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    return float(shapely.area(shapely.intersection(shapes[left[once]], shapes[right[once]])).max(initial=0.0))


def _walk_graph(streets):
    graph = nx.Graph()
    for number, line in enumerate(streets[streets["is_walkable"]].geometry):
        graph.add_edges_from((("street", number), vertex) for vertex in line.coords)
    return graph


def _true_places(town):
    """Undo GCJ-02 by fixed-point rounds, then project."""
    lon = np.array([float(row["经度"]) for row in town.facilities])
    lat = np.array([float(row["纬度"]) for row in town.facilities])
    x, y = lon.copy(), lat.copy()
    for _ in range(6):
        there = maker().write.gcj02(x, y)
        x, y = x + lon - there[0], y + lat - there[1]
    return shapely.points(*Transformer.from_crs("EPSG:4490", "EPSG:4549", always_xy=True).transform(x, y))


def test_two_runs_write_the_same_bytes(made, committed):
    # The first run is the one that was committed; a GeoPackage and images depend on GDAL and the processor, too.
    plain = (".csv", ".toml", ".shp", ".shx", ".dbf", ".prj", ".cpg")
    assert len(_digests(made, plain)) == 6
    assert _digests(made, plain) == _digests(committed.folder, plain)


def test_the_committed_town_is_what_the_script_makes(made, committed):
    fresh = read_layers(made)
    assert fresh.facilities == committed.facilities
    assert fresh.layers.keys() == committed.layers.keys()
    for name, layer in fresh.layers.items():
        same = layer.drop(columns="geometry").equals(committed[name].drop(columns="geometry"))
        assert same, name
        assert shapely.equals_exact(layer.geometry, committed[name].geometry, tolerance=1e-6).all(), name


def test_another_seed_gives_another_town(committed, other):
    assert not committed["built_up"].geometry.iloc[0].equals(other["built_up"].geometry.iloc[0])


def test_the_files_stay_small(town):
    assert sum(path.stat().st_size for path in town.folder.iterdir()) <= 8_000_000


def test_every_layer_in_town_toml_exists(town):
    stated = tomllib.loads((town.folder / "town.toml").read_text(encoding="utf-8"))
    for name, layer in stated["layers"].items():
        assert (town.folder / layer["path"]).exists(), name
    assert set(stated["layers"]) == {*town.layers, "facilities"}


def test_every_geometry_is_valid_and_in_the_stated_crs(town):
    for name, layer in town.layers.items():
        assert layer.crs.to_epsg() == 4549, name
        assert layer.geometry.is_valid.all(), name
        assert not layer.geometry.is_empty.any(), name


def test_identifiers_are_unique(town):
    for name, layer in town.layers.items():
        key = {"parcels": "TBBH", "communities": "社区编码"}.get(name, "id")
        assert layer[key].is_unique, name


def test_the_shapefile_has_gbk_text_and_does_not_say_so(town):
    assert not (town.folder / "communities.cpg").exists()
    assert "社区名称".encode("gbk")[:8] in (town.folder / "communities.dbf").read_bytes()
    assert town["communities"]["社区名称"].str.endswith(("社区", "村")).all()


def test_the_town_has_the_size_asked_for(town):
    assert 3.0 < town["built_up"].area.sum() / 1e6 < 4.0
    assert town["extent"].geometry.iloc[0].covers(town["built_up"].buffer(900).union_all())
    assert 2250 <= len(town["buildings"]) <= 2550
    assert 320 <= len(town["parcels"]) <= 390
    assert 400 <= len(town["streets"]) <= 900
    assert 6 <= len(town["communities"]) <= 9
    assert 205 <= len(town.facilities) <= 245
    assert len({row["类别"] for row in town.facilities}) >= 28
    assert 300 <= len(town["trees"]) <= 2500


def test_people_are_28000_and_no_group_exceeds_them(town):
    buildings = town["buildings"]
    groups = ["elderly_people", "infant_people", "preschool_people", "school_age_people"]
    assert buildings["people"].sum() == 28_000
    assert (buildings[groups].sum(axis=1) <= buildings["people"]).all()
    assert (buildings["newcomer_people"] <= buildings["people"]).all()
    assert (buildings["household_count"] <= buildings["people"]).all()
    assert (buildings.loc[buildings["status"] == "idle", "people"] == 0).all()


def test_the_silk_factory_and_the_grain_store_stand_idle(town):
    idle = town["buildings"][town["buildings"]["status"] == "idle"]
    assert idle["name"].str.contains("丝厂").any()
    assert idle["name"].str.contains("粮站").any()


def test_buildings_touch_neither_each_other_nor_streets_nor_water(town):
    shapes = town["buildings"].geometry.to_numpy()
    assert _shared_area(shapes) < SMALLEST_OVERLAP_M2
    ground = on_the_ground(town)
    streets = shapely.buffer(ground.geometry.to_numpy(), ground["width_m"].to_numpy() / 2, cap_style="flat")
    decks = town["bridges"].loc[town["bridges"]["bridge_type"] == "elevated"].geometry.to_numpy()
    taken = shapely.union_all([*streets, *decks, *town["water"].geometry])
    shapely.prepare(taken)
    shared_m2 = shapely.area(shapely.intersection(shapes[shapely.intersects(taken, shapes)], taken))
    assert shared_m2.max(initial=0.0) < 5.0
    assert (shared_m2 > SMALLEST_OVERLAP_M2).sum() <= 3


def test_parcels_waters_and_compounds_do_not_overlap(town):
    for name in ("parcels", "water", "compounds", "blocks", "communities"):
        assert _shared_area(town[name].geometry.to_numpy()) < SMALLEST_OVERLAP_M2, name


def test_parcels_carry_their_true_area_and_cover_the_built_up_area(town):
    parcels = town["parcels"]
    assert np.abs(parcels["TBMJ"] - parcels.area).max() <= 0.01
    assert parcels["TBMJ"].min() > 30
    left = town["built_up"].geometry.iloc[0].difference(parcels.union_all())
    assert left.area < 0.001 * town["built_up"].area.iloc[0]


def test_parcel_codes_keep_their_names(town):
    names = town["parcels"].groupby("DLBM")["DLMC"].agg(set)
    assert {code: next(iter(found)) for code, found in names.items()}["0701"] == "城镇住宅用地"
    assert (names.map(len) == 1).all()


def test_there_are_bridges_for_walkers_only_and_with_steps(town):
    bridges = on_the_ground(town)[lambda streets: streets["is_bridge"]]
    assert len(bridges) >= 8
    assert bridges["street_class"].isin(["lane", "path", "steps"]).sum() >= 3
    assert bridges["is_steps"].sum() >= 2
    assert (town["bridges"]["bridge_type"] != "elevated").sum() == len(bridges)


def test_streets_cross_water_on_bridges_only(town):
    streets = on_the_ground(town)
    water = town["water"].union_all()
    assert not streets.loc[~streets["is_bridge"]].intersects(water).any()
    assert streets.loc[streets["is_bridge"]].intersects(water).all()


def test_bridges_join_the_streets_at_both_ends(town):
    streets = on_the_ground(town)
    ends = {xy for line in streets.loc[~streets["is_bridge"]].geometry for xy in line.coords}
    for line in streets.loc[streets["is_bridge"]].geometry:
        assert {line.coords[0], line.coords[-1]} <= ends


def test_the_elevated_road_is_one_level_up_and_not_for_walkers(town):
    raised = town["streets"][town["streets"]["street_class"] == "elevated"]
    assert (raised["level"] == 1).all()
    assert raised["is_bridge"].all()
    assert not raised["is_walkable"].any()
    assert raised.intersects(town["built_up"].union_all()).any()


def test_walkable_streets_are_one_network(town):
    assert nx.number_connected_components(_walk_graph(town["streets"])) == 1


def test_streets_reach_the_border_of_the_extent(town):
    border = town["extent"].geometry.iloc[0].exterior
    assert town["streets"].intersects(border).sum() >= 8


def test_streets_enter_compounds_through_gates_only(town):
    gates = town["gates"].geometry.to_numpy()
    lines = on_the_ground(town).geometry.to_numpy()
    walls = shapely.boundary(town["compounds"].geometry.to_numpy())
    wall_ids, line_ids = STRtree(lines).query(walls, predicate="intersects")
    crossings = shapely.get_parts(shapely.intersection(walls[wall_ids], lines[line_ids]))
    _, distance = STRtree(gates).query_nearest(crossings, return_distance=True, all_matches=False)
    assert distance.max() < 0.002


def test_every_compound_has_an_open_gate_on_its_outline(town):
    gates = town["gates"].merge(town["compounds"][["id", "geometry"]], left_on="compound_id", right_on="id")
    assert (
        shapely.distance(gates["geometry_x"], shapely.boundary(gates["geometry_y"].to_numpy())).max() < 1e-3
    )
    opened = gates[gates["is_open"]]
    assert set(opened["compound_id"]) == set(town["compounds"]["id"])
    assert 1 <= (~gates["is_open"]).sum() <= 6


def test_homes_lie_near_a_street_on_their_side_of_water_and_walls(town):
    homes = town["buildings"][town["buildings"]["people"] > 0].geometry.to_numpy()
    lines = town["streets"].loc[town["streets"]["is_walkable"]].geometry.to_numpy()
    home_ids, line_ids = STRtree(lines).query(homes, predicate="dwithin", distance=100.0)
    legs = shapely.shortest_line(homes[home_ids], lines[line_ids])
    walls = [*shapely.boundary(town["compounds"].geometry.to_numpy()), *town["water"].geometry]
    blocked = np.unique(STRtree(walls).query(legs, predicate="intersects")[0])
    free = np.setdiff1d(np.arange(len(legs)), blocked)
    assert len(np.unique(home_ids[free])) == len(homes)
    nearest = shapely.length(legs[free])
    assert (
        np.quantile([nearest[home_ids[free] == home].min() for home in np.unique(home_ids[free])], 0.95) < 40
    )


def test_gcj02_coordinates_land_on_their_true_place(town):
    spots = _true_places(town)
    rows = {row["类别"]: spot for row, spot in zip(town.facilities, spots, strict=True)}
    parks = town["green"].loc[town["green"]["green_type"] == "park"].union_all()
    assert parks.contains(rows["公园"])
    shops = town["buildings"].loc[town["buildings"]["use"].isin(["mixed", "commercial"])].union_all()
    eateries = [spot for row, spot in zip(town.facilities, spots, strict=True) if row["类别"] == "餐饮店"]
    assert all(shops.contains(spot) for spot in eateries)


def test_the_gcj02_formula_meets_its_published_test_point():
    lon, lat = maker().write.gcj02(np.array([120.7555]), np.array([30.7467]))
    assert lon[0] == pytest.approx(120.75981949746023, abs=1e-9)
    assert lat[0] == pytest.approx(30.744400295398297, abs=1e-9)


def test_facilities_lie_within_the_extent_and_near_a_street(town):
    spots = _true_places(town)
    assert shapely.covers(town["extent"].geometry.iloc[0], spots).all()
    lines = on_the_ground(town).geometry.to_numpy()
    _, distance = STRtree(lines).query_nearest(spots, return_distance=True, all_matches=False)
    assert distance.max() < 100


def test_bus_stops_stand_outside_buildings(town):
    spots = [
        spot for row, spot in zip(town.facilities, _true_places(town), strict=True) if row["类别"] == "公交站"
    ]
    assert len(spots) >= 8
    assert not len(STRtree(town["buildings"].geometry.to_numpy()).query(spots, predicate="intersects")[0])


def test_the_far_bank_has_no_kindergarten_within_reach(town):
    spots = _true_places(town)
    kindergartens = [s for row, s in zip(town.facilities, spots, strict=True) if row["类别"] == "幼儿园"]
    far_bank = town["compounds"].loc[town["compounds"]["name"] == "塘西新村"].geometry.iloc[0]
    assert min(far_bank.distance(spot) for spot in kindergartens) > 500


def test_there_are_four_blocks_of_different_types(town):
    blocks = town["blocks"]
    assert sorted(blocks["block_no"]) == [1, 2, 3, 4]
    assert blocks["renewal_type"].is_unique
    assert blocks.area.between(8e4, 40e4).all()
    assert {"street_block", "old_estate", "stock_asset"} <= set(blocks["renewal_type"])


def test_some_farmland_in_the_town_is_protected_and_cut_by_roads(town):
    protected = town["farmland_protected"]
    assert len(protected) >= 5
    assert protected.intersects(town["blocks"].union_all()).any()
    assert protected.area.sum() > 10e4
