"""Service areas: diamonds, nesting, splitting, canals and walls, buildings, the edge of the data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_towns import TinyTown, frame, grid, street_layouts
from shapely.ops import substring

from fengmao_geo.errors import UsageError
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.service_area import check_minutes, service_areas
from fengmao_geo.network.travel import travel_times

LAWS = settings(max_examples=20, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
OFF_M = 30.0
ALLOWED_M = OFF_M / 500


def area(network, *points, minutes=(5,), **options):
    """The grounds of places, one after the other."""
    places = frame(*points, id=[f"p{row}" for row in range(len(points))])
    return service_areas(network, places, minutes=minutes, **options).geometry.tolist()


def covers(large, small):
    return small.difference(large.buffer(ALLOWED_M)).area <= 1e-6


def agree(one, other):
    return covers(one, other) and covers(other, one)


def has(ground, x, y):
    return ground.intersects(shapely.Point(x, y))


def test_a_street_is_widened_by_the_walking_off_distance():
    # 270 m each way and 30 m more all round: a rectangle and two half discs.
    [ground] = area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 0)")
    assert math.isclose(ground.area, 540 * 60 + math.pi * 900, abs_tol=ground.length * ALLOWED_M)


def test_two_streets_that_cross_make_a_plus():
    streets = frame(
        *[f"LINESTRING (500 500, {x} {y})" for x, y in ((0, 500), (1000, 500), (500, 0), (500, 1000))]
    )
    [ground] = area(walk_network(streets), "POINT (500 500)")
    on_paper = 2 * 540 * 60 - 60 * 60 + 2 * math.pi * 900
    assert math.isclose(ground.area, on_paper, abs_tol=ground.length * ALLOWED_M)


def test_on_a_grid_of_streets_the_circle_is_a_diamond():
    streets = grid(17, 17, 100)
    [ground] = area(walk_network(streets), "POINT (800 800)", minutes=(12,))
    diamond = shapely.Polygon([(110, 800), (800, 110), (1490, 800), (800, 1490)])
    on_paper = shapely.union_all(streets.geometry).intersection(diamond).buffer(30, quad_segs=64)
    assert agree(ground, on_paper)


def test_on_a_fine_grid_the_diamond_is_full():
    # 40 m blocks are filled from all sides: |x| + |y| <= 270 and 30 m round it, less the steps of its rim.
    [ground] = area(walk_network(grid(17, 17, 40)), "POINT (320 320)")
    diamond = shapely.Polygon([(50, 320), (320, 50), (590, 320), (320, 590)])
    assert ground.covers(diamond)
    assert diamond.buffer(30, quad_segs=64).buffer(ALLOWED_M).covers(ground)


@LAWS
@given(street_layouts(), st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_without_barriers_the_ground_is_what_networkx_reaches_widened(layout, limit):
    streets, _ = layout
    network = walk_network(streets, connect_gaps_m=0)
    origin = streets.geometry.iloc[0].interpolate(0.3, normalized=True)
    [row] = service_areas(network, at(network, origin), minutes=(limit,)).geometry
    off = min(OFF_M, 60 * limit)
    reached = [piece.buffer(off, quad_segs=64) for piece in reached_pieces(streets, origin, 60 * limit - off)]
    assert agree(row, shapely.union_all(reached))


def at(network, *points):
    """Origins joined to the very street they stand on, and to nothing else."""
    return attach(network, frame(*points, id=[f"p{row}" for row in range(len(points))]), max_leg_m=1e-6)


def reached_pieces(streets, origin, reach_m):
    """Stretches within reach of a point on the first street, by networkx and shapely alone."""
    graph = nx.MultiGraph()
    lines = list(streets.geometry)
    for line in lines:
        graph.add_edge(*(tuple(np.round(line.coords[end], 3)) for end in (0, -1)), weight=line.length)
    here = lines[0].project(origin)
    for end, far in ((0, here), (-1, lines[0].length - here)):
        graph.add_edge("o", tuple(np.round(lines[0].coords[end], 3)), weight=far)
    metres = nx.single_source_dijkstra_path_length(graph, "o", cutoff=reach_m)
    yield substring(lines[0], max(here - reach_m, 0), min(here + reach_m, lines[0].length))
    for line in lines:
        for end in (0, -1):
            left_m = reach_m - metres.get(tuple(np.round(line.coords[end], 3)), math.inf)
            if left_m >= 0:
                ahead = (
                    (0, min(left_m, line.length)) if end == 0 else (max(line.length - left_m, 0), line.length)
                )
                yield substring(line, *ahead)


@st.composite
def towns(draw):
    """Random streets with walls and canals thrown over them."""
    streets, noise = draw(street_layouts())
    x0, y0, x1, y1 = streets.total_bounds
    ends = noise.uniform((x0, y0), (x1, y1), (draw(st.integers(1, 3)), 2, 2))
    canals = [shapely.LineString(line).buffer(noise.uniform(2, 9), cap_style="flat") for line in ends]
    walls = [
        shapely.LineString(line)
        for line in noise.uniform((x0, y0), (x1, y1), (draw(st.integers(0, 4)), 3, 2))
    ]
    return TinyTown(streets=streets, water=frame(*canals), barriers=frame(*walls)), noise


def changed(town, streets):
    return TinyTown(**(town.layers | {"streets": streets}))


@LAWS
@given(towns())
def test_more_minutes_take_in_all_that_fewer_do(made):
    town, _ = made
    network = walk_network(town, connect_gaps_m=0)
    origin = at(network, town["streets"].geometry.iloc[0].interpolate(0.3, normalized=True))
    grounds = service_areas(network, origin, minutes=(0.25, 1, 1.5, 2, 5)).geometry.tolist()
    assert all(covers(large, small) for small, large in zip(grounds, grounds[1:], strict=False))


@LAWS
@given(towns())
def test_a_new_link_never_takes_ground_away(made):
    town, _ = made
    streets = town["streets"]
    origin = streets.geometry.iloc[0].interpolate(0.3, normalized=True)
    fewer = changed(town, streets[: max(1, len(streets) - 3)])
    before, after = walk_network(fewer, connect_gaps_m=0), walk_network(town, connect_gaps_m=0)
    if len(at(before, origin).place):
        [small] = service_areas(before, at(before, origin), minutes=(2.5,)).geometry
        [large] = service_areas(after, at(after, origin), minutes=(2.5,)).geometry
        assert covers(large, small)


@LAWS
@given(towns())
def test_a_faster_walker_never_reaches_less_ground(made):
    town, _ = made
    network = walk_network(town, connect_gaps_m=0)
    origin = at(network, town["streets"].geometry.iloc[0].interpolate(0.3, normalized=True))
    [slow] = service_areas(network, origin, minutes=(2,), walker="elderly").geometry
    [fast] = service_areas(network, origin, minutes=(2,), walker="adult").geometry
    assert covers(fast, slow)


@LAWS
@given(towns())
def test_the_ground_does_not_depend_on_how_streets_are_split(made):
    town, noise = made
    lines = town["streets"].geometry
    parts = [
        substring(line, start, end)
        for line in lines
        for cuts in [np.concatenate([[0], np.sort(noise.uniform(0, line.length, 2)), [line.length]])]
        for start, end in zip(cuts, cuts[1:], strict=False)
    ]
    origin = lines.iloc[0].interpolate(0.3, normalized=True)
    whole = walk_network(town, connect_gaps_m=0)
    split = walk_network(changed(town, frame(*parts)), connect_gaps_m=0)
    for minutes in (0.4, 2.2):
        [one] = service_areas(whole, at(whole, origin), minutes=(minutes,)).geometry
        [other] = service_areas(split, at(split, origin), minutes=(minutes,)).geometry
        assert agree(one, other)


@LAWS
@given(towns())
def test_all_that_is_seen_from_a_reached_street_is_in_the_ground(made):
    town, noise = made
    network = walk_network(town, connect_gaps_m=0)
    origin = town["streets"].geometry.iloc[0].interpolate(0.3, normalized=True)
    if not len(at(network, origin).place):
        return
    [ground] = service_areas(network, at(network, origin), minutes=(2,)).geometry
    start = [
        piece.interpolate(share, normalized=True)
        for piece in reached_pieces(town["streets"], origin, 90)
        for share in noise.uniform(0, 1, 20)
    ]
    start = shapely.get_coordinates(start)
    turn, far = noise.uniform(0, 2 * np.pi, len(start)), noise.uniform(0, 30, len(start))
    end = start + np.stack([np.cos(turn), np.sin(turn)], axis=1) * far[:, None]
    seen = ~network.barriers.block(start, end)
    assert shapely.intersects(shapely.points(end[seen]), ground.buffer(ALLOWED_M)).all()


@LAWS
@given(towns())
def test_no_ground_is_water(made):
    town, _ = made
    network = walk_network(town, connect_gaps_m=0)
    [ground] = service_areas(
        network, at(network, town["streets"].geometry.iloc[0].centroid), minutes=(2,)
    ).geometry
    assert ground.intersection(shapely.union_all(town["water"].geometry)).area <= 1e-3


CANAL = frame("POLYGON ((-50 5, 1050 5, 1050 15, -50 15, -50 5))")


def test_the_far_bank_of_a_canal_stays_out():
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 1000 0)"), water=CANAL))
    [ground] = area(network, "POINT (500 0)")
    assert ground.bounds[3] == 5
    assert has(ground, 500, -29)


def test_the_far_bank_stays_out_beside_a_wall():
    wall = frame("LINESTRING (400 -10, 600 -10)")
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 1000 0)"), water=CANAL, barriers=wall))
    [ground] = area(network, "POINT (500 0)")
    assert ground.bounds[3] == 5
    assert not has(ground, 500, -20)
    assert has(ground, 500, -9)
    assert has(ground, 300, -20)


def test_the_far_bank_stays_out_where_the_bridge_is_too_far():
    streets = frame(
        "LINESTRING (0 0, 900 0, 1000 0)",
        "LINESTRING (900 0, 900 40)",
        "LINESTRING (0 40, 900 40, 1000 40)",
        is_bridge=[False, True, False],
    )
    network = walk_network(TinyTown(streets=streets, water=CANAL))
    near, far = area(network, "POINT (500 0)", minutes=(5, 10))
    assert near.bounds[3] == 5
    # 600 m: 400 to the bridge, 40 over it, 130 back along the far bank and 30 m more.
    assert has(far, 745, 40)
    assert not has(far, 735, 40)


def test_the_far_bank_stays_out_where_the_walk_ends_on_a_suspected_bridge():
    canal = frame("POLYGON ((100 -200, 160 -200, 160 200, 100 200, 100 -200))")
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 300 0)"), water=canal))
    # 140 m are walked on the street: 40 m over the water, less than 30 m from the far bank.
    [ground] = area(network, "POINT (0 0)", minutes=(170 / 60,))
    assert ground.bounds[2] == 100


@pytest.mark.parametrize(
    "streets", [["LINESTRING (0 0, 300 0)"], ["LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 300 0)"]]
)
def test_what_lies_behind_a_wall_that_cuts_the_street_stays_out(streets):
    box = frame("POLYGON ((100 -90, 290 -90, 290 90, 100 90, 100 -90))", id=["c"])
    gate = frame("POINT (290 80)", id=["g"], is_open=[False])
    network = walk_network(TinyTown(streets=frame(*streets), compounds=box, gates=gate))
    outside, inside = area(network, "POINT (60 0)", "POINT (140 0)")
    assert abs(outside.bounds[2] - 100) < 0.01
    assert abs(inside.bounds[0] - 100) < 0.01


def test_both_sides_of_a_wall_are_reached_from_a_street_along_it():
    wall = frame("LINESTRING (100 0, 300 0)")
    [ground] = area(
        walk_network(TinyTown(streets=frame("LINESTRING (0 0, 400 0)"), barriers=wall)), "POINT (200 0)"
    )
    assert has(ground, 200, 20)
    assert has(ground, 200, -20)


def test_bridges_and_raised_streets_have_no_ground_beside_them():
    streets = frame(
        "LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)", "LINESTRING (200 0, 300 0)", level=[0, 1, 0]
    )
    [ground] = area(walk_network(streets), "POINT (0 0)")
    assert has(ground, 125, 0)
    assert not has(ground, 150, 0)
    assert has(ground, 175, 0)


@pytest.mark.parametrize("limit", [0.25, 0.5])
def test_in_little_time_the_ground_is_a_disc(limit):
    [ground] = area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 0)", minutes=(limit,))
    radius = 60 * limit
    assert math.isclose(ground.area, math.pi * radius**2, rel_tol=2e-3)


def test_in_little_time_the_ground_is_half_a_disc_beside_water():
    network = walk_network(
        TinyTown(
            streets=frame("LINESTRING (0 0, 900 0)"), water=frame("POLYGON ((0 0, 900 0, 900 99, 0 99, 0 0))")
        )
    )
    [ground] = area(network, "POINT (450 0)", minutes=(0.5,))
    assert math.isclose(ground.area, math.pi * 900 / 2, rel_tol=2e-3)


def test_the_leg_is_walked_first():
    [ground] = area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 50)")
    assert [round(value) for value in ground.bounds] == [200, -30, 700, 30]


def test_a_place_farther_from_the_street_than_the_time_allows_reaches_nothing():
    [ground] = area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 90)", minutes=(1.5,))
    assert ground.is_empty


def test_an_unattached_place_has_an_empty_ground():
    table = service_areas(
        walk_network(frame("LINESTRING (0 0, 900 0)")), frame("POINT (0 500)", id=["far"]), minutes=(5,)
    )
    assert table[["origin_id", "area_m2", "is_truncated"]].to_numpy().tolist() == [["far", 0.0, False]]
    assert table.geometry.iloc[0].is_empty


def test_without_walking_off_there_is_no_ground():
    [ground] = area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 0)", walking_off_m=0)
    assert ground.is_empty


def test_without_origins_there_is_no_row():
    table = service_areas(walk_network(frame("LINESTRING (0 0, 9 0)")), frame("POINT (0 0)", id=["a"])[:0])
    assert table.columns.tolist() == ["origin_id", "limit_min", "area_m2", "is_truncated", "geometry"]
    assert table.empty


def test_rows_are_in_the_order_of_origins_and_minutes():
    table = service_areas(
        walk_network(frame("LINESTRING (0 0, 9 0)")),
        frame("POINT (0 0)", "POINT (1 0)", id=["b", "a"]),
        minutes=(15, 5),
    )
    assert table[["origin_id", "limit_min"]].to_numpy().tolist() == [["a", 5], ["a", 15], ["b", 5], ["b", 15]]


def test_the_ground_is_the_same_bytes_whatever_the_row_order():
    streets = grid(6, 6, 70).assign(id=lambda table: [f"s{row}" for row in range(len(table))])
    canal = frame(
        "POLYGON ((90 -9, 98 -9, 98 300, 90 300, 90 -9))", "POLYGON ((200 60, 300 60, 300 64, 200 60))"
    )
    grounds = set()
    for seed in range(3):
        town = TinyTown(
            streets=streets.sample(frac=1, random_state=seed), water=canal.sample(frac=1, random_state=seed)
        )
        grounds.add(area(walk_network(town), "POINT (150 149)", minutes=(4,))[0].wkb)
    assert len(grounds) == 1


def test_a_walk_that_meets_the_boundary_of_the_extent_is_truncated():
    network = walk_network(
        TinyTown(streets=frame("LINESTRING (0 0, 900 0)"), extent=shapely.box(-100, -100, 600, 100))
    )
    places = frame("POINT (300 0)", "POINT (299 0)", id=["met", "short"])
    table = service_areas(network, places, minutes=(5,)).set_index("origin_id")
    assert table["is_truncated"].to_dict() == {"met": True, "short": False}


def test_without_an_extent_nothing_is_truncated():
    table = service_areas(walk_network(frame("LINESTRING (0 0, 9 0)")), frame("POINT (0 0)", id=["a"]))
    assert not table["is_truncated"].any()


@pytest.fixture(scope="module")
def village():
    """Streets about blocks of 90 m, houses in rows, a canal with one bridge, a walled block."""
    noise = np.random.default_rng(3)
    streets = grid(7, 5, 90)
    canal = shapely.box(200, -40, 212, 400)
    wet = streets.geometry.intersects(canal).to_numpy()
    keep = ~wet | (streets.geometry.bounds["miny"] == 180).to_numpy()
    streets = streets[keep].assign(is_bridge=wet[keep]).reset_index(drop=True)
    houses = []
    for x in range(-30, 600, 22):
        for y in range(-30, 400, 19):
            house = shapely.box(x, y, x + noise.uniform(8, 16), y + noise.uniform(8, 14))
            house = shapely.affinity.rotate(house, noise.uniform(-8, 8))
            if not house.intersects(canal):
                houses.append(house)
    wall = frame("LINESTRING (280 100, 350 100, 350 170, 290 170)")
    town = TinyTown(streets=streets, water=frame(canal), barriers=wall)
    return walk_network(town), frame(*houses, id=[f"h{row:04}" for row in range(len(houses))])


def test_with_buildings_reached_footprints_are_in_and_unreached_ones_out(village):
    network, houses = village
    origin = frame("POINT (100 180)", id=["o"])
    table = service_areas(network, origin, minutes=(3, 5), buildings=houses).set_index("limit_min")
    for limit in (3, 5):
        reached = set(travel_times(network, houses, origin, limit_min=limit)["origin_id"])
        is_reached = houses["id"].isin(reached).to_numpy()
        share = (
            shapely.area(shapely.intersection(houses.geometry.to_numpy(), table.geometry[limit]))
            / houses.area
        )
        assert 0 < is_reached.sum() < len(houses)
        assert share[is_reached].min() >= 0.99
        assert share[~is_reached].max() <= 0.01


VOLOGDA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vologda"


@pytest.fixture(scope="module")
def sample(shuixiang, shuixiang_network):
    """Network, buildings and every fortieth facility of the sample town."""
    return shuixiang_network, shuixiang["buildings"], shuixiang["facilities"][::40]


@pytest.fixture(scope="module")
def vologda():
    """Roads, homes and every twentieth kindergarten of a town nobody drew for us."""
    streets = gpd.read_parquet(VOLOGDA / "roads.parquet").to_crs("EPSG:32637")
    buildings = gpd.read_parquet(VOLOGDA / "buildings.parquet")
    places = gpd.read_parquet(VOLOGDA / "kindergarten.parquet")[["geometry"]][::20]
    homes = buildings[buildings["is_living"]][["geometry"]].reset_index(drop=True)
    named = [table.assign(id=[f"v{row}" for row in range(len(table))]) for table in (homes, places)]
    return walk_network(streets), *named


def overlaps_another(shapes):
    one, other = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    return np.isin(np.arange(len(shapes)), one[one != other])


@pytest.mark.parametrize(
    "town",
    [
        "sample",
        pytest.param(
            "vologda",
            marks=pytest.mark.skipif(not VOLOGDA.exists(), reason="../shared/data/vologda is not there"),
        ),
    ],
)
def test_with_buildings_the_drawing_agrees_with_the_table_in_a_whole_town(town, request):
    network, houses, places = request.getfixturevalue(town)
    table = service_areas(network, places, minutes=(5, 15), buildings=houses)
    pairs = travel_times(network, houses, places, limit_min=15)
    shapes, counts = houses.geometry.to_numpy(), {True: 0, False: 0}
    alone = ~overlaps_another(shapes)
    for origin, limit, ground in zip(table["origin_id"], table["limit_min"], table.geometry, strict=True):
        near = (pairs["destination_id"] == origin) & (pairs["travel_min"] <= limit)
        is_reached = houses["id"].isin(pairs[near]["origin_id"]).to_numpy()
        share = shapely.area(shapely.intersection(shapes, ground)) / shapely.area(shapes)
        assert (share[is_reached & alone] >= 0.99).all()
        assert (share[~is_reached & alone] <= 0.01).all()
        counts = {flag: counts[flag] + int((is_reached == flag).sum()) for flag in counts}
    assert min(counts.values()) > 100


def test_with_buildings_an_unattached_one_stays_out():
    network = walk_network(
        TinyTown(
            streets=frame("LINESTRING (0 0, 300 0)"),
            barriers=frame("POLYGON ((90 5, 110 5, 110 20, 90 20, 90 5))").boundary.to_frame("geometry"),
        )
    )
    house = frame("POLYGON ((95 10, 105 10, 105 15, 95 15, 95 10))", id=["walled"])
    [ground] = area(network, "POINT (100 0)", buildings=house)
    assert not ground.intersects(house.geometry.iloc[0].buffer(-0.01))


def test_with_buildings_those_at_the_limit_count_as_reached():
    network = walk_network(frame("LINESTRING (0 0, 900 0)"))
    house = frame("POLYGON ((290 10, 310 10, 310 20, 290 20, 290 10))", id=["h"])
    [ground] = area(network, "POINT (0 0)", buildings=house)
    assert math.isclose(ground.intersection(house.geometry.iloc[0]).area, 200)


def test_a_reached_building_overlapped_by_one_that_is_not_stays_whole():
    # Both lie within 30 m of the lower street, but the second is nearer to the upper, 840 m away.
    shapes = frame(shapely.box(300, 5, 320, 24), shapely.box(310, 22, 330, 30), id=["in", "out"])
    network = walk_network(frame("LINESTRING (0 0, 900 0, 900 40, 0 40)"))
    start = frame("POINT (100 0)", id=["a"])
    [ground] = service_areas(network, start, minutes=(5,), buildings=shapes).geometry
    assert ground.buffer(1e-6).contains(shapes.geometry[0])
    assert ground.intersection(shapes.geometry[1]).area == pytest.approx(20)


def test_wheels_that_start_on_steps_reach_no_ground():
    streets = frame("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 100 50)", is_steps=[False, True])
    network = walk_network(streets)
    start = frame("POINT (101 30)", id=["a"])
    assert service_areas(network, start, minutes=(5,), walker="wheels").geometry.is_empty.all()
    assert not service_areas(network, start, minutes=(5,)).geometry.is_empty.any()


def test_with_no_building_at_all_the_ground_is_as_without():
    network = walk_network(frame("LINESTRING (0 0, 900 0)"))
    none = frame("POINT (0 0)", id=["a"])[:0]
    assert agree(area(network, "POINT (450 0)", buildings=none)[0], area(network, "POINT (450 0)")[0])


@pytest.mark.parametrize("minutes", [(), (5, 5), (0,), (-5,), (math.nan,), (math.inf,)])
def test_minutes_that_make_no_circles_are_refused(minutes):
    with pytest.raises(UsageError, match="minutes"):
        check_minutes(minutes)


def test_a_negative_walking_off_distance_is_refused():
    with pytest.raises(UsageError, match="walking_off_m"):
        area(walk_network(frame("LINESTRING (0 0, 900 0)")), "POINT (450 0)", walking_off_m=-1)


def test_a_network_keeps_its_pieces_apart_for_each_walking_off_distance():
    network = walk_network(TinyTown(streets=frame("LINESTRING (0 0, 1000 0)"), water=CANAL))
    heights = [area(network, "POINT (500 0)", walking_off_m=off)[0].bounds[1] for off in (30, 10, 30)]
    assert heights == [-30, -10, -30]
    assert replace(network).edge_lines is network.edge_lines
