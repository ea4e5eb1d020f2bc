"""Blocks that are proposed: cells between streets, areas grown over them, measures, types, words."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from grid_towns import cell, circles, grid_town, planted, spot, streets
from hypothesis import given, settings
from hypothesis import strategies as st
from score_towns import placed_spaces
from town_layers import frame, line, square

import fengmao_geo as fg
from fengmao_geo.blocks.area_measures import area_measures, potential, type_signs
from fengmao_geo.blocks.cells import Cells, street_cells
from fengmao_geo.blocks.growing import Bounds, grown_areas, worth
from fengmao_geo.blocks.proposal_words import translate_proposals
from fengmao_geo.blocks.propose import propose_blocks
from fengmao_geo.errors import UsageError
from fengmao_geo.geo.planar import shared_lengths
from fengmao_geo.results import Results
from fengmao_geo.tables import RESULTS

NONE = np.zeros(0, dtype=object)
CJK = re.compile(r"[\u3400-\u9fff]")


def new(proposed):
    return proposed[~proposed["is_own"]].reset_index(drop=True)


# ---- cells


def test_streets_cut_the_built_up_area_into_cells():
    cells = street_cells(grid_town(), NONE)
    assert len(cells) == 25
    assert shapely.area(cells.shapes) == pytest.approx(np.full(25, 40_000.0))


def test_cells_know_along_which_length_they_border():
    cells = street_cells(grid_town(), NONE)
    # 4 x 5 borders one way and as many the other, each listed from both sides.
    assert len(cells.one) == 80
    assert cells.shared_m == pytest.approx(np.full(80, 200.0))


def test_what_is_taken_is_no_cell_and_the_rest_is_kept():
    cells = street_cells(grid_town(), np.array([square(100, 100, 300)]))
    assert shapely.area(cells.shapes).sum() == pytest.approx(1_000_000 - 90_000)
    assert not shapely.intersects(cells.shapes, square(101, 101, 298)).any()


def test_tunnels_and_elevated_streets_cut_nothing():
    # The second street from the south is elevated, the second from the west a tunnel: 4 by 4 cells are left.
    ways = streets(
        street_class=["branch", "elevated"] + ["branch"] * 10, is_tunnel=[False] * 7 + [True] + [False] * 4
    )
    assert len(street_cells(grid_town(streets=ways), NONE)) == 16


def test_banks_cut_as_streets_do_and_ponds_do_not():
    water = frame([square(300, 220, 60), square(700, 220, 60)], id=["w", "p"], water_type=["canal", "pond"])
    assert len(street_cells(grid_town(water=water), NONE)) == 26


def test_a_sliver_goes_to_the_neighbour_it_shares_most_of_its_outline_with():
    # A lane two metres beside the second street from the west leaves five strips of 400 m².
    lane = frame([line((202, 0), (202, 1000))], id=["lane"])
    cells = street_cells(grid_town(streets=pd.concat([streets(), lane])), NONE)
    assert len(cells) == 25
    assert shapely.area(cells.shapes).sum() == pytest.approx(1_000_000)
    assert shapely.area(cells.shapes).min() == pytest.approx(198 * 200)


def test_a_town_smaller_than_a_cell_is_one_cell():
    ground = frame([square(0, 0, 20)], id=["core"])
    assert len(street_cells(grid_town(built_up=ground), NONE)) == 1


def test_cells_are_the_same_whatever_the_order_of_streets():
    water = frame([square(300, 220, 60), square(700, 220, 60)], id=["b", "a"], water_type="canal")
    slant = frame([line((0, 37), (1000, 911)), line((13, 1000), (877, 0))], id=["x", "y"])
    ways = pd.concat([streets(), slant], ignore_index=True)
    some, turned = (
        street_cells(grid_town(streets=one, water=water), NONE)
        for one in (ways, ways.assign(id=ways["id"][::-1].to_numpy()))
    )
    assert shapely.to_wkb(some.shapes).tolist() == shapely.to_wkb(turned.shapes).tolist()


def test_ground_with_few_streets_is_cut_by_the_nearest_stretch_and_adds_up():
    # One street through the middle of a square kilometre: each half is 50 ha, more than a cell may have.
    street = frame([line((0, 500), (1000, 500))], id=["s"], name=["一街"])
    cells = street_cells(grid_town(streets=street), NONE)
    assert shapely.area(cells.shapes).sum() == pytest.approx(1_000_000)
    assert shapely.area(cells.shapes).max() < 150_000
    row, hit = shapely.STRtree(cells.shapes).query(cells.shapes, predicate="overlaps")
    assert shapely.area(shapely.intersection(cells.shapes[row], cells.shapes[hit])).sum() < 1e-3


def test_a_cluster_beside_one_street_is_proposed_though_nothing_else_bounds_it():
    street = frame([line((0, 500), (1000, 500))], id=["s"], name=["一街"])
    found = new(propose_blocks(planted((2, 2), streets=street), count=1))
    assert len(found) == 1
    assert shapely.intersects(found["geometry"][0], cell(2, 2))
    assert 50_000 <= found["area_m2"][0] <= 300_000


# ---- growing


def grid_cells(side=6):
    shapes = np.array(
        [
            shapely.box(x, y, x + 100, y + 100)
            for y in range(0, 100 * side, 100)
            for x in range(0, 100 * side, 100)
        ]
    )
    one, other, shared_m = shared_lengths(shapes, shapes)
    return Cells(shapes, one[one != other], other[one != other], shared_m[one != other])


GRID = grid_cells()
BOUNDS = Bounds(least_m2=20_000, most_m2=60_000, border_m=20, seeds=10)
FIELDS = st.lists(
    st.lists(st.sampled_from([0.0, 0.0, 1.0, 5.0]), min_size=3, max_size=3), min_size=36, max_size=36
)


def test_much_of_one_measure_counts_less_than_two_together():
    both, one = worth(np.array([[0.1, 0.1], [0.2, 0.0]]), np.ones(2), np.full(2, 4.0))
    assert both == pytest.approx(2 * one)


def test_the_worth_of_all_that_there_is_on_a_square_hectare():
    # Root of the compactness of a square: the root of pi over 4.
    found = worth(np.array([[1.0, 1.0]]), np.array([10_000.0]), np.array([400.0]))
    assert found[0] == pytest.approx(np.sqrt(np.pi / 4) / 100)


def test_a_planted_pair_of_cells_is_found_alone():
    shares = np.zeros((36, 2))
    shares[[14, 15]] = 0.5
    found = grown_areas(GRID, shares, count=3, bounds=BOUNDS)
    assert [area.tolist() for area in found] == [[14, 15]]


def test_the_better_of_two_clusters_comes_first():
    shares = np.zeros((36, 1))
    shares[[0, 1]], shares[[34, 35]] = 0.2, 0.3
    found = grown_areas(GRID, shares, count=2, bounds=BOUNDS)
    assert [area.tolist() for area in found] == [[34, 35], [0, 1]]


def test_an_area_does_not_grow_across_a_corner():
    shares = np.zeros((36, 1))
    shares[[14, 21]] = 0.5
    found = grown_areas(GRID, shares, count=1, bounds=BOUNDS)[0]
    assert shapely.union_all(GRID.shapes[found]).geom_type == "Polygon"


def test_cells_that_share_too_little_of_their_outline_are_not_joined():
    bounds = Bounds(least_m2=20_000, most_m2=60_000, border_m=150, seeds=10)
    shares = np.full((36, 1), 1 / 36)
    assert grown_areas(GRID, shares, count=1, bounds=bounds) == []


@settings(deadline=None, max_examples=40)
@given(FIELDS, st.integers(0, 6))
def test_areas_are_of_one_piece_within_their_size_and_share_no_cell(field, count):
    field = np.array(field)
    shares = field / np.maximum(field.sum(axis=0), 1)
    found = grown_areas(GRID, shares, count=count, bounds=BOUNDS)
    assert len(found) <= count
    cells = np.concatenate([*found, np.zeros(0, dtype=np.intp)])
    assert len(np.unique(cells)) == len(cells)
    for area in found:
        whole = shapely.union_all(GRID.shapes[area])
        assert whole.geom_type == "Polygon"
        assert 20_000 <= whole.area <= 60_000


@settings(deadline=None, max_examples=20)
@given(FIELDS)
def test_the_first_area_is_worth_what_it_holds(field):
    shares = np.array(field) / np.maximum(np.sum(field, axis=0), 1)
    found = grown_areas(GRID, shares, count=6, bounds=BOUNDS)
    shapes = [shapely.union_all(GRID.shapes[area]) for area in found]
    values = [
        worth(shares[area].sum(axis=0)[None], np.array([shape.area]), np.array([shape.length]))[0]
        for area, shape in zip(found, shapes, strict=True)
    ]
    assert all(value > 0 for value in values)


# ---- measures


def test_measures_of_an_area_worked_out_on_paper():
    town = grid_town(homes=((1, 1), (1, 1), (3, 3)))
    shapes = [spot(1, 1), square(225, 220, 10), spot(1, 1, 3), spot(3, 3)]
    results = Results(
        town,
        circles=circles(town, lacked=[2, 0, 1], people=[7, 5, 3]),
        spaces=placed_spaces(shapes, family=["leftover", "grey", "stock", "leftover"]),
    )
    found = area_measures(results, np.array([cell(1, 1), cell(2, 2)])).to_dict("records")
    # Two spaces of 100 m² share half of one another, a stock plot of 100 m² stands aside.
    assert found[0] | {"gained_people": 0} == {
        "area_m2": 40_000.0,
        "space_count": 3,
        "space_m2": pytest.approx(250.0),
        "stock_m2": pytest.approx(100.0),
        "people": 12.0,
        "lacking_people": 7.0,
        "gained_people": 0,
    }
    assert [found[1][name] for name in ("space_count", "space_m2", "people", "lacking_people")] == [
        0,
        0,
        0,
        0,
    ]


def test_measures_of_all_cells_add_up_to_those_of_the_town():
    results = planted((1, 1), (2, 1), (3, 4))
    shapes = street_cells(results.town, NONE).shapes
    found = potential(results, shapes)
    assert {name: values.sum() for name, values in found.items()} == pytest.approx(
        {"spaces": 9, "stock": 300, "gaps": 60}
    )
    sums = area_measures(results, shapes).sum()
    assert sums[["space_count", "people", "lacking_people"]].tolist() == [12, 40, 30]
    assert sums["space_m2"] == pytest.approx(1200)


def test_a_home_on_the_line_between_two_cells_counts_once():
    town = grid_town(buildings=frame([square(195, 50, 10)], id=["h"], use="residential", people=10.0))
    results = Results(town, circles=circles(town, lacked=[1]))
    assert area_measures(results, np.array([cell(0, 0), cell(1, 0)]))["people"].tolist() == [10.0, 0.0]


def test_who_gains_lives_within_five_minutes_of_a_space_and_counts_once():
    results = planted((1, 1), (4, 1), network=True)
    # Homes: one far off at (0, 4), one in each cell. From home to home it is 600 m, ten minutes at 60 m a minute.
    found = area_measures(results, np.array([cell(1, 1), cell(4, 1), shapely.union(cell(1, 1), cell(4, 1))]))
    assert found["gained_people"].tolist()[:2] == [10.0, 10.0]


def test_an_area_without_spaces_lets_nobody_gain():
    results = planted((1, 1), network=True)
    assert area_measures(results, np.array([cell(4, 4)]))["gained_people"].tolist() == [0.0]


def test_what_was_not_computed_is_unknown_not_zero():
    found = area_measures(Results(grid_town()), np.array([cell(0, 0)])).iloc[0]
    assert found[["space_m2", "stock_m2", "people", "lacking_people", "gained_people"]].isna().all()


def test_floor_area_is_not_passed_off_as_people():
    town = grid_town(homes=((1, 1),))
    results = Results(town, circles=circles(town, lacked=[1], basis="floor_area"))
    assert area_measures(results, np.array([cell(1, 1)]))["people"].isna().all()


def test_a_space_left_out_on_site_counts_nowhere():
    results = planted((1, 1))
    spaces = results.spaces.assign(decision="excluded")
    found = area_measures(
        Results(results.town, circles=results.circles, spaces=spaces), np.array([cell(1, 1)])
    )
    assert found["space_count"].tolist() == [0]


# ---- proposals


def test_a_planted_cluster_is_found():
    found = new(propose_blocks(planted((1, 1), (2, 1)), count=1))
    assert found["geometry"][0].equals(shapely.union(cell(1, 1), cell(2, 1)))
    assert found["area_m2"].tolist() == [80_000.0]
    assert found["rank"].tolist() == [1]


def test_a_block_is_named_by_the_two_streets_that_run_along_it_most():
    # 400 m of one street to the south and another to the north, 200 m of each to the sides.
    found = new(propose_blocks(planted((1, 1), (2, 1)), count=1))
    assert found["block_name"].tolist() == ["一街—二街片区"]
    assert found["streets"].tolist() == ["一街、二街、丙路、乙路"]


def test_a_canal_takes_the_place_of_the_second_street():
    shape = line((180, 300), (620, 300)).buffer(5, cap_style="flat")
    canal = frame([shape], id=["w"], name="市河", water_type="canal")
    found = new(propose_blocks(planted((1, 1), (2, 1), water=canal), count=1))
    assert found["block_name"][0].endswith("—市河片区")


def test_the_users_own_blocks_are_kept_and_nothing_proposed_lies_on_them():
    own = ((square(250, 250, 150), "old_estate"),)
    found = propose_blocks(planted((1, 1), (2, 1), own=own), count=3)
    assert found["is_own"].tolist() == [False] * (len(found) - 1) + [True]
    last = found.iloc[-1]
    assert (last["block_id"], last["block_name"], last["renewal_type"]) == ("k0", "自有0", "old_estate")
    assert pd.isna(last["rank"])
    assert last["geometry"].equals(square(250, 250, 150))
    others = shapely.union_all(new(found).geometry.to_numpy())
    assert shapely.area(shapely.intersection(others, last["geometry"])) == pytest.approx(0, abs=1e-6)


def test_own_blocks_have_the_same_measures():
    own = ((cell(1, 1), None),)
    last = propose_blocks(planted((1, 1), (2, 1), own=own), count=0).iloc[-1]
    assert last[["space_count", "people", "lacking_people"]].tolist() == [4, 10.0, 10.0]


def test_an_own_block_without_a_type_is_given_one():
    own = ((cell(1, 1), None), (cell(3, 3), "feature_block"))
    found = propose_blocks(planted((1, 1), own=own), count=0)
    # Stock and leftover spaces stand nowhere else; of both there is as much as in the town: the first is named.
    assert found["renewal_type"].tolist() == ["public_space", "feature_block"]


def test_proposals_share_no_ground_and_are_of_one_piece():
    found = new(propose_blocks(planted((0, 0), (1, 1), (2, 1), (3, 3), (4, 4), (4, 3)), count=5))
    assert len(found) > 1
    shapes = found.geometry.to_numpy()
    assert set(shapely.get_type_id(shapes)) == {shapely.GeometryType.POLYGON}
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum())
    assert ((found["area_m2"] >= 50_000) & (found["area_m2"] <= 300_000)).all()


def test_no_more_are_proposed_than_asked_for_nor_than_there_is_reason_for():
    results = planted((0, 0), (4, 4))
    assert len(new(propose_blocks(results, count=1))) == 1
    assert len(new(propose_blocks(results, count=9))) == 2


def test_row_order_changes_nothing():
    results = planted((0, 0), (1, 1), (2, 1), (3, 3), network=True)
    turned = Results(
        results.town,
        network=results.network,
        circles=results.circles,
        spaces=gpd.GeoDataFrame(results.spaces.iloc[::-1].reset_index(drop=True), crs=4549),
    )
    pd.testing.assert_frame_equal(propose_blocks(results), propose_blocks(turned))


def test_inputs_are_left_as_they_were():
    results = planted((0, 0), (1, 1), own=((cell(3, 3), None),))
    before, spaces = results.town.fingerprint(), results.spaces.copy()
    propose_blocks(results)
    assert results.town.fingerprint() == before
    pd.testing.assert_frame_equal(results.spaces, spaces)


def test_without_spaces_and_circles_only_the_users_own_are_listed():
    found = propose_blocks(Results(grid_town(own=((cell(1, 1), None),))))
    assert found["is_own"].tolist() == [True]
    assert found["renewal_type"].isna().all()
    assert propose_blocks(Results(grid_town())).empty


def test_life_circles_alone_are_enough_to_propose():
    town = grid_town(homes=((1, 1), (2, 1)))
    found = propose_blocks(Results(town, circles=circles(town, lacked=[1, 1])), count=1)
    assert found["geometry"][0].equals(shapely.union(cell(1, 1), cell(2, 1)))
    assert found["space_m2"].isna().all()


def test_a_town_where_nobody_lacks_anything_has_nothing_to_propose():
    town = grid_town(homes=((1, 1),))
    assert propose_blocks(Results(town, circles=circles(town, lacked=[0]))).empty


def test_ids_keep_clear_of_the_users_own():
    results = planted((0, 0), own=((cell(3, 3), None),))
    blocks = results.town["blocks"].assign(id="P1")
    layers = {name: results.town[name] for name in results.town.layers}
    town = fg.Town.from_layers(name="T", **(layers | {"blocks": blocks}))
    found = propose_blocks(Results(town, circles=results.circles, spaces=results.spaces), count=1)
    assert found["block_id"].tolist() == ["PP1", "P1"]


def test_a_count_below_zero_is_refused():
    with pytest.raises(UsageError, match="count"):
        propose_blocks(Results(grid_town()), count=-1)


def test_the_table_is_as_declared():
    found = propose_blocks(planted((0, 0), (1, 1), own=((cell(3, 3), None),), network=True))
    assert RESULTS["proposed_blocks"].faults(found) == []
    assert found.crs.to_epsg() == 4549


# ---- types


def test_signs_are_told_by_how_dense_they_lie_beside_the_town():
    buildings = frame(
        [spot(1, 1, 0), spot(1, 1, 1), spot(1, 1, 2), spot(2, 2, 0)],
        id=["shop", "walk-up", "old", "new"],
        use=["commercial", "residential", "public", "residential"],
        floor_count=[2, 5, 1, 5],
        built_year=[2010, 1990, 1930, 2015],
        people=1.0,
    )
    results = Results(
        grid_town(buildings=buildings, heritage=frame([spot(2, 2, 3)], id=["z"])),
        spaces=placed_spaces([spot(1, 1, 4), spot(1, 1, 5)], family=["stock", "farmland"]),
    )
    found = type_signs(results, np.array([cell(1, 1)]))
    # The cell is a 25th of the town and has all there is, of old ground one of two squares.
    assert {name: float(ratio[0]) for name, ratio in found.items()} == pytest.approx(
        {
            "street_block": 25.0,
            "old_estate": 25.0,
            "public_space": 0.0,
            "stock_asset": 25.0,
            "urban_rural": 25.0,
            "feature_block": 12.5,
        }
    )


@pytest.mark.parametrize(
    ("family", "renewal_type"),
    [("stock", "stock_asset"), ("farmland", "urban_rural"), ("grey", "public_space")],
)
def test_a_block_is_of_the_type_whose_sign_is_densest(family, renewal_type):
    town = grid_town(homes=((1, 1), (2, 1)))
    spaces = placed_spaces([spot(1, 1), spot(2, 1)], family=family)
    found = propose_blocks(Results(town, circles=circles(town, lacked=[1, 1]), spaces=spaces), count=1)
    assert found["renewal_type"].tolist() == [renewal_type]


# ---- words


def test_the_reason_tells_where_what_and_whom():
    reason = new(propose_blocks(planted((1, 1), (2, 1), network=True), count=1))["reason"][0]
    for part in (
        "一街",
        "可利用空间 8 处 0.1 公顷",
        "居住 20 人",
        "缺必备设施 20 人",
        "受益 20 人",
        "公共空间",
    ):
        assert part in reason


def test_what_is_not_known_reads_so_in_both_languages():
    found = propose_blocks(planted((1, 1), (2, 1)), count=1)
    assert "可受益 数据不足 人" in found["reason"][0]
    assert "not known would gain" in translate_proposals(found, lang="en")["reason"][0]


def test_an_english_reason_holds_chinese_only_in_names():
    found = translate_proposals(propose_blocks(planted((1, 1), (2, 1)), count=1), lang="en")
    reason, streets_named = found["reason"][0], found["streets"][0]
    assert set(CJK.findall(reason)) <= set(CJK.findall(streets_named))
    assert "20 people live in it" in reason


def test_translating_back_gives_the_same_table():
    found = propose_blocks(planted((1, 1), (2, 1), own=((cell(3, 3), None),)), count=2)
    pd.testing.assert_frame_equal(
        translate_proposals(translate_proposals(found, lang="en"), lang="zh"), found
    )


def test_where_no_street_has_a_name_a_block_is_named_by_its_rank():
    results = planted((1, 1), (2, 1), streets=streets().drop(columns="name"))
    found = new(propose_blocks(results, count=1))
    assert found["block_name"].tolist() == ["建议区块 1"]
    assert found["streets"].tolist() == [""]
    assert not found["reason"][0].startswith("沿")


def test_lanes_name_a_block_only_where_there_is_no_other_street():
    classes = ["lane"] * 6 + ["branch"] * 6
    found = new(propose_blocks(planted((1, 1), (2, 1), streets=streets(street_class=classes)), count=1))
    assert found["streets"].tolist() == ["丙路、乙路、甲路"]


def test_blocks_named_alike_carry_a_number():
    results = planted((0, 0), (4, 4), streets=streets().assign(name="环路"))
    assert new(propose_blocks(results, count=2))["block_name"].tolist() == ["环路片区", "环路片区(2)"]
