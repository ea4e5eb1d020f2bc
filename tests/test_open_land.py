"""Open land on paper, and laws: it adds up, overlaps nothing, and no building ever adds to it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from space_towns import NOTHING, box, layer, street, town_of, with_figure
from town_layers import line

from fengmao_geo.spaces.corners import junctions
from fengmao_geo.spaces.open_land import find_open_land, occupied_ground, open_land, search_area
from fengmao_geo.spaces.places import cut_into_places
from fengmao_geo.spaces.surfaces import raised_decks, street_surfaces, street_widths
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.town.town import Town, TownSettings

KINDS = space_kinds()
VOLOGDA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vologda"
ACROSS = street((0, 50), (100, 50))


def land_of(**layers):
    return find_open_land(town_of(**layers), kinds=KINDS)


def adds_up(land):
    parts = (land.places, land.thin, land.small)
    return sum(float(shapely.area(part).sum()) for part in parts) == pytest.approx(land.area_m2, abs=0.01)


def overlap_m2(polygons):
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = one < other
    return shapely.area(shapely.intersection(polygons[one[once]], polygons[other[once]])).sum()


# --- what occupies ground


def test_four_buildings_and_a_street():
    # A hectare less a street of 12 m and four buildings of 400 m²: 10 000 - 1 200 - 1 600.
    corners = [(10, 10), (70, 10), (10, 70), (70, 70)]
    houses = layer(*(box(x, y, x + 20, y + 20) for x, y in corners))
    land = land_of(streets=ACROSS, buildings=houses)
    assert land.area_m2 == pytest.approx(7200)
    assert adds_up(land)


def test_an_empty_hectare_is_open():
    land = land_of()
    assert shapely.area(land.places).tolist() == pytest.approx([10_000])
    assert (len(land.thin), len(land.small)) == (0, 0)


def test_where_all_is_built_nothing_is_open():
    town = town_of(buildings=layer(box(-1, -1, 101, 101)))
    land = find_open_land(town, kinds=KINDS)
    assert (land.area_m2, len(land.places), len(land.thin), len(land.small)) == (0, 0, 0, 0)
    assert len(open_land(town)) == 0


@pytest.mark.parametrize("name", ["water", "green", "parking", "facilities", "farmland_protected"])
def test_a_polygon_of_these_layers_takes_its_ground(name):
    assert land_of(**{name: layer(box(0, 0, 30, 40))}).area_m2 == pytest.approx(8800)


@pytest.mark.parametrize("name", ["parking", "facilities"])
def test_a_point_takes_no_ground(name):
    assert land_of(**{name: layer(box(50, 50, 60, 60).centroid)}).area_m2 == pytest.approx(10_000)


def test_what_overlaps_is_taken_off_once():
    land = land_of(water=layer(box(0, 0, 30, 40)), green=layer(box(20, 0, 50, 40)))
    assert land.area_m2 == pytest.approx(8000)


@pytest.mark.parametrize(("code", "open_m2"), [("0101", 8800), ("0701", 10_000), (None, 10_000)])
def test_farmland_is_not_open_and_residential_parcels_are_searched_inside(code, open_m2):
    parcels = layer(box(0, 0, 30, 40), land_code=[code])
    sandiao = TownSettings(codes={"parcels": "sandiao"})
    assert land_of(settings=sandiao, parcels=parcels).area_m2 == pytest.approx(open_m2)


def test_parcels_without_a_scheme_of_codes_take_nothing():
    assert land_of(parcels=layer(box(0, 0, 30, 40), land_code=["0101"])).area_m2 == pytest.approx(10_000)


# --- grounds in use


def school(status, compound_type="school"):
    yard = layer(box(0, 0, 40, 30), compound_type=[compound_type])
    houses = layer(*(box(x, 5, x + 10, 15) for x in (5, 25)), use=["education"] * 2, status=status)
    return land_of(compounds=yard, buildings=houses).area_m2


@pytest.mark.parametrize("status", [["in_use", "in_use"], ["idle", "in_use"], [None, None]])
def test_the_ground_of_a_school_in_use_is_not_open(status):
    assert school(status) == pytest.approx(10_000 - 1200)


def test_the_yard_of_a_school_whose_buildings_all_stand_idle_is_open():
    assert school(["idle", "idle"]) == pytest.approx(10_000 - 200)


@pytest.mark.parametrize("compound_type", ["estate", None])
def test_the_yard_of_an_estate_or_of_an_unknown_compound_is_open(compound_type):
    assert school(["in_use", "in_use"], compound_type) == pytest.approx(10_000 - 200)


def test_a_school_without_any_building_is_taken_to_be_in_use():
    land = land_of(compounds=layer(box(0, 0, 40, 30), compound_type=["school"]))
    assert land.area_m2 == pytest.approx(8800)
    town = town_of(buildings=None, addresses=layer(box(0, 0, 1, 1).centroid, people=[1.0]))
    assert len(occupied_ground(town)["ground"]) == 0


# --- streets


def test_a_surface_that_is_drawn_counts_and_not_the_centre_line():
    drawn = layer(box(0, 40, 100, 60))
    assert land_of(streets=ACROSS, roads_surface=drawn).area_m2 == pytest.approx(8000)


def test_a_layer_of_street_edges_says_nothing_of_surfaces():
    edges = layer(line((0, 40), (100, 40)))
    assert land_of(streets=ACROSS, roads_surface=edges).area_m2 == pytest.approx(8800)


@pytest.mark.parametrize(("stated_m", "expected_m"), [(7.0, 7.0), (None, "class"), (0.0, "class")])
def test_a_street_is_as_wide_as_stated_else_as_its_class(stated_m, expected_m):
    streets = street((0, 50), (100, 50), width_m=stated_m, street_class="main")
    expected_m = KINDS.figure("main_width_m") if expected_m == "class" else expected_m
    assert street_widths(streets, kinds=KINDS).tolist() == [expected_m]


def test_a_street_of_which_nothing_is_known_is_a_lane():
    streets = street((0, 50), (100, 50), width_m=None)
    assert street_widths(streets, kinds=KINDS).tolist() == [KINDS.figure("lane_width_m")]


def test_a_tunnel_takes_no_ground():
    assert land_of(streets=street((0, 50), (100, 50), is_tunnel=True)).area_m2 == pytest.approx(10_000)


# --- decks


@pytest.mark.parametrize(
    "deck",
    [
        {"bridges": layer(box(40, 0, 60, 100))},
        {"streets": street((50, 0), (50, 100), width_m=20.0, level=1)},
        {"streets": street((50, 0), (50, 100), width_m=20.0, street_class="elevated")},
    ],
    ids=["bridge", "level", "elevated"],
)
def test_the_ground_below_a_deck_is_kept_apart_from_that_beside_it(deck):
    land = land_of(**deck)
    assert land.area_m2 == pytest.approx(10_000)
    below = shapely.area(land.places[land.is_under_deck])
    assert below.tolist() == pytest.approx([2000])
    assert shapely.area(land.places[~land.is_under_deck]).tolist() == pytest.approx([4000, 4000])


def test_a_street_below_a_deck_takes_its_ground():
    # Of 20 by 100 m below the deck the street takes 20 by 12 m.
    land = land_of(streets=ACROSS, bridges=layer(box(40, 0, 60, 100)))
    assert shapely.area(land.places[land.is_under_deck]).tolist() == pytest.approx([880, 880])
    assert adds_up(land)


def test_ground_lies_below_each_of_several_decks_and_decks_over_none_make_none():
    # The street parts the ground: north of it lie two decks, one of them over both sides, and one far away.
    decks = layer(box(10, 0, 20, 100), box(60, 60, 70, 100), box(-500, 0, -490, 100))
    land = land_of(streets=ACROSS, bridges=decks)
    below = sorted(shapely.area(land.places[land.is_under_deck]).tolist())
    assert below == pytest.approx([400, 440, 440])
    assert adds_up(land)


def test_a_town_without_bridges_has_no_decks():
    assert len(raised_decks(town_of(), kinds=KINDS)) == 0
    assert len(street_surfaces(town_of(streets=street((0, 0), (9, 0), level=1)), kinds=KINDS)) == 0


# --- too thin, too small


@pytest.mark.parametrize(("more_m", "what"), [(-0.05, "thin"), (0.05, "places")])
def test_a_strip_narrower_than_a_space_is_thin(more_m, what):
    wide_m = KINDS.figure("sliver_width_m") + more_m
    land = land_of(buildings=layer(box(0, 0, 100 - wide_m, 100)))
    assert shapely.area(getattr(land, what)).sum() == pytest.approx(100 * wide_m)
    assert len(land.places) == (what == "places")


@pytest.mark.parametrize(("more_m2", "what"), [(-0.5, "small"), (0.5, "places")])
def test_a_yard_smaller_than_a_space_is_small(more_m2, what):
    # outlines stand on millimetres
    deep_m = round((KINDS.figure("sliver_area_m2") + more_m2) / 8, 2)
    others = shapely.difference(box(0, 0, 100, 100), box(50, 50, 58, 50 + deep_m))
    land = land_of(buildings=layer(others))
    assert shapely.area(getattr(land, what)).tolist() == pytest.approx([8 * deep_m])
    assert len(land.places) == (what == "places")


def test_the_table_says_what_was_left_out():
    # A strip of 2 m, a yard of 5 by 5 m and the rest of a hectare.
    filled = shapely.difference(
        box(0, 0, 100, 50), shapely.union_all([box(0, 0, 2, 50), box(40, 20, 45, 25)])
    )
    table = open_land(town_of(buildings=layer(filled)))
    by = table.groupby("left_out")["area_m2"].sum()
    assert by["small"] == pytest.approx(25)
    assert by.sum() == pytest.approx(5000 + 100 + 25)
    # Where the strip meets the wide ground, 2 cm of it are kept.
    assert by["thin"] == pytest.approx(100, abs=0.05)
    assert table["piece_id"].is_unique


# --- where is searched


@pytest.mark.parametrize("name", ["blocks", "study_area"])
def test_blocks_and_study_area_are_searched_outside_the_built_up_area(name):
    more = {name: layer(box(80, 0, 130, 100))}
    assert land_of(**more).area_m2 == pytest.approx(13_000)
    assert shapely.area(search_area(town_of(**more))).tolist() == pytest.approx([13_000])


def test_ground_outside_is_not_searched():
    assert shapely.area(search_area(town_of(extent=layer(box(-99, -99, 300, 300))))).sum() == 10_000


# --- places


def test_ground_that_is_not_compact_is_cut_along_water_and_streets():
    # 600 by 60 m: the largest circle takes 8 % of it. Water in the south, within 12 m of which lies the bank.
    ground = np.array([shapely.box(0, 0, 600, 60)])
    places, row = cut_into_places(
        ground,
        can_be_cut=np.array([True]),
        water=np.array([shapely.box(0, -20, 600, 0)]),
        streets=NOTHING,
        corners=NOTHING,
        kinds=KINDS,
    )
    bank_m = KINDS.figure("bank_depth_m")
    assert sorted(shapely.area(places)) == pytest.approx(sorted([600 * bank_m, 600 * (60 - bank_m)]))
    assert row.tolist() == [0, 0]


@pytest.mark.parametrize(("can_be_cut", "wide_m"), [(False, 600), (True, 80)], ids=["deck", "compact"])
def test_ground_below_decks_and_compact_ground_is_not_cut_along_water(can_be_cut, wide_m):
    places, _ = cut_into_places(
        np.array([shapely.box(0, 0, wide_m, 60)]),
        can_be_cut=np.array([can_be_cut]),
        water=np.array([shapely.box(0, -20, wide_m, 0)]),
        streets=NOTHING,
        corners=NOTHING,
        kinds=KINDS,
    )
    assert len(places) == 1


def meetings(*lines):
    streets = layer(*(line(*places) for places in lines), width_m=[12.0] * len(lines))
    return len(junctions(town_of(streets=streets), kinds=KINDS))


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([[(0, 0), (50, 0), (90, 0)], [(50, 0), (50, 50)]], 1),
        ([[(0, 0), (50, 0)], [(50, 0), (90, 0)], [(50, 0), (50, 50)]], 1),
        ([[(0, 0), (50, 0)], [(50, 0), (50, 50)]], 0),
        ([[(0, 0), (50, 0), (50, 0), (90, 0)]], 0),
        ([[(0, 0), (50, 0), (50, 50)]], 0),
    ],
    ids=["on a vertex", "three ends", "two ends", "a vertex drawn twice", "a bend"],
)
def test_streets_meet_where_three_stretches_share_a_vertex(lines, count):
    assert meetings(*lines) == count


# --- laws


def test_the_open_land_of_the_sample_town_adds_up_and_overlaps_nowhere(shuixiang):
    before = shuixiang.fingerprint()
    land = find_open_land(shuixiang, kinds=KINDS)
    assert adds_up(land)
    everything = np.concatenate([land.places, land.thin, land.small])
    assert overlap_m2(everything) < 0.01
    assert shapely.is_valid(everything).all()
    assert set(shapely.get_type_id(everything)) == {shapely.GeometryType.POLYGON}
    ground = np.concatenate([*occupied_ground(shuixiang).values(), street_surfaces(shuixiang, kinds=KINDS)])
    taken = shapely.STRtree(ground).query(land.places, predicate="intersects")
    assert shapely.area(shapely.intersection(land.places[taken[0]], ground[taken[1]])).sum() < 0.01
    assert shuixiang.fingerprint() == before
    table = open_land(shuixiang)
    assert table["area_m2"].sum() == pytest.approx(land.area_m2, abs=0.01)


@pytest.mark.skipif(not VOLOGDA.exists(), reason="../shared/data/vologda is not there")
def test_the_open_land_of_a_tenth_of_vologda_adds_up_and_overlaps_nowhere():
    read = {name: gpd.read_parquet(VOLOGDA / f"{name}.parquet") for name in ("boundaries", "roads", "water")}
    houses = gpd.read_parquet(VOLOGDA / "buildings.parquet")
    near = {name: one.to_crs(32637) for name, one in (read | {"buildings": houses}).items()}
    near["water"] = near["water"][near["water"].geom_type.isin(["Polygon", "MultiPolygon"])]
    # A square about the middle of the houses, with a tenth of them.
    x, y = (near["buildings"].centroid.x, near["buildings"].centroid.y)
    away_m = np.maximum(abs(x - x.median()), abs(y - y.median()))
    half_m = float(np.quantile(away_m, 0.1))
    square = shapely.box(x.median() - half_m, y.median() - half_m, x.median() + half_m, y.median() + half_m)
    here = {name: one[one.intersects(square)].reset_index(drop=True) for name, one in near.items()}
    town = Town.from_layers(
        built_up=gpd.GeoDataFrame(geometry=[square], crs=32637),
        streets=here["roads"][["geometry"]],
        buildings=here["buildings"][["geometry"]],
        water=here["water"][["geometry"]],
    )
    land = find_open_land(town, kinds=KINDS)
    assert len(here["buildings"]) > 2000
    assert len(land.places) > 100
    assert adds_up(land)
    assert overlap_m2(np.concatenate([land.places, land.thin, land.small])) < 0.01


BUILDINGS = st.lists(
    st.tuples(st.integers(-5, 95), st.integers(-5, 95), st.integers(2, 40), st.integers(2, 40)),
    min_size=1,
    max_size=5,
)


def built(boxes):
    return layer(*(box(x, y, x + wide, y + deep) for x, y, wide, deep in boxes))


@given(boxes=BUILDINGS)
@settings(max_examples=12)
def test_adding_a_building_never_adds_open_land(boxes):
    areas = [
        land_of(streets=ACROSS, buildings=built(boxes[:count])).area_m2 for count in range(1, len(boxes) + 1)
    ]
    assert all(more <= less + 1e-6 for less, more in zip(areas, areas[1:], strict=False))


@given(boxes=BUILDINGS)
@settings(max_examples=12)
def test_open_land_adds_up_whatever_is_built(boxes):
    land = land_of(streets=ACROSS, buildings=built(boxes))
    built_m2 = shapely.union_all([*built(boxes).geometry, box(0, 44, 100, 56)]).intersection(
        box(0, 0, 100, 100)
    )
    assert land.area_m2 == pytest.approx(10_000 - built_m2.area, abs=1e-6)
    assert adds_up(land)
    assert overlap_m2(np.concatenate([land.places, land.thin, land.small])) < 1e-4


def test_another_figure_changes_what_is_thin():
    town = town_of(buildings=layer(box(0, 0, 95, 100)))
    assert len(find_open_land(town, kinds=KINDS).places) == 1
    assert len(find_open_land(town, kinds=with_figure("sliver_width_m", 5.1)).places) == 0
