"""Green rate, green cover and parks of areas, worked out on a hectare drawn by hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from green_towns import HECTARE, NO_TREES, areas_of, greenery, trees
from space_towns import box, layer, town_of

from fengmao_geo.errors import StandardError
from fengmao_geo.green.areas import covered_m2
from fengmao_geo.green.cover import cover_findings, green_cover, pocket_parks
from fengmao_geo.standards.files import shipped
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.town import Town, TownSettings

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared/data are not here")


def measured(green, *shapes, trees=NO_TREES, settings=None, **layers):
    """Measure areas of the hectare: a table of indicators by area."""
    town = town_of(settings, trees=trees, **layers)
    rows = green_cover(town, green, areas_of(*(shapes or (HECTARE,))))
    return rows.pivot(index="indicator", columns="area_id", values="value")


def of_hectare(green, **layers):
    return measured(green, **layers)["a0"]


def test_the_green_rate_is_green_by_the_built_up_area():
    found = of_hectare(greenery(("park", box(0, 0, 20, 10))))
    assert found["green_m2"] == pytest.approx(300)
    assert found["green_share"] == pytest.approx(0.03)


def test_what_overlaps_counts_once():
    found = of_hectare(greenery(("park", box(0, 0, 20, 10)), ("garden", box(10, 0, 30, 10))))
    assert found["green_m2"] == pytest.approx(400)
    assert found["park_m2"] == pytest.approx(300)


def test_shares_are_of_the_built_up_part_and_square_metres_of_the_whole_area():
    found = measured(greenery(("park", box(90, 0, 110, 10))), box(50, 0, 150, 80))["a0"]
    assert found["green_m2"] == pytest.approx(200)
    assert found["park_m2"] == pytest.approx(200)
    assert found["green_share"] == pytest.approx(100 / 4000)
    assert found["green_cover_share"] == pytest.approx(100 / 4000)


def test_an_area_outside_the_built_up_area_has_square_metres_and_no_share():
    found = measured(greenery(("park", box(200, 0, 210, 10))), box(200, 0, 300, 100))["a0"]
    assert found["green_m2"] == pytest.approx(100)
    assert np.isnan(found["green_share"])
    assert np.isnan(found["green_cover_share"])


def test_the_built_up_area_may_be_drawn_in_parts_that_overlap():
    built_up = layer(box(0, 0, 60, 100), box(40, 0, 100, 100))
    assert of_hectare(greenery(), built_up=built_up)["green_share"] == pytest.approx(0.01)


def test_without_attached_green_rate_and_cover_are_unknown_and_parks_are_not():
    found = of_hectare(layer(box(0, 0, 20, 10), green_type=["park"]))
    assert found[["green_m2", "green_share", "green_cover_m2", "green_cover_share"]].isna().all()
    assert found["park_m2"] == pytest.approx(200)


def test_without_a_layer_of_green_everything_is_unknown():
    found = measured(None, HECTARE, box(0, 0, 5, 5))
    assert found.shape == (8, 2)
    assert found.isna().all(axis=None)


def test_a_layer_without_green_has_no_parks():
    found = of_hectare(layer(green_type=[]))
    assert found["park_m2"] == 0
    assert found["pocket_park_count"] == 0
    assert np.isnan(found["green_share"])


def test_plazas_are_no_green():
    assert of_hectare(greenery(("plaza", box(0, 0, 20, 10))))["green_m2"] == pytest.approx(100)


def test_verges_are_green_and_no_park():
    found = of_hectare(greenery(("verge", box(0, 0, 20, 10))))
    assert found["green_m2"] == pytest.approx(300)
    assert found["park_m2"] == 0


def test_permanent_basic_farmland_counts_nowhere():
    found = of_hectare(
        greenery(("park", box(0, 0, 20, 20))),
        trees=trees((5, 50)),
        farmland_protected=layer(box(0, 0, 10, 100)),
    )
    assert found["green_m2"] == pytest.approx(300)
    assert found["park_m2"] == pytest.approx(200)
    assert found["green_cover_m2"] == pytest.approx(300)
    assert found["pocket_park_count"] == 0


def test_water_in_a_park_is_park_and_no_plant():
    found = of_hectare(greenery(("park", box(0, 0, 20, 10))), water=layer(box(2, 2, 7, 7)))
    assert found["park_m2"] == pytest.approx(200)
    assert found["green_m2"] == pytest.approx(300)
    assert found["green_cover_m2"] == pytest.approx(275)


def test_a_building_in_a_park_is_no_plant():
    house = layer(
        box(2, 2, 4, 4), box(-360, -390, -350, -380), use=["public", "residential"], people=[0, 1.0]
    )
    found = of_hectare(greenery(("park", box(0, 0, 20, 10))), buildings=house)
    assert found["green_m2"] == pytest.approx(300)
    assert found["green_cover_m2"] == pytest.approx(296)


def test_crowns_count_as_cover_once_and_not_in_the_green_rate():
    found = of_hectare(greenery(), trees=trees((50, 50), (50, 50), (95, 95), (70, 50)))
    assert found["green_m2"] == pytest.approx(100)
    assert found["green_cover_m2"] == pytest.approx(100 + 2 * np.pi * 4)
    assert found["green_cover_share"] == pytest.approx((100 + 8 * np.pi) / 10_000)


def test_crowns_over_water_count():
    found = of_hectare(greenery(), trees=trees((50, 50)), water=layer(box(40, 40, 60, 60)))
    assert found["green_cover_m2"] == pytest.approx(100 + 4 * np.pi)


def test_without_trees_cover_is_unknown_and_the_green_rate_is_not():
    found = of_hectare(greenery(), trees=None)
    assert found["green_share"] == pytest.approx(0.01)
    assert found[["green_cover_m2", "green_cover_share"]].isna().all()


def test_a_crown_that_is_not_known_is_the_median_of_those_known():
    some = trees((20, 20), (40, 40), (60, 60), (60, 20), crown_m=[2.0, 4.0, 8.0, None])
    found = of_hectare(greenery(), trees=some)
    assert found["green_cover_m2"] == pytest.approx(100 + np.pi * (1 + 4 + 16 + 4))


@pytest.mark.parametrize("crowns", [trees((20, 20), crown_m=[None]), trees((20, 20)).drop(columns="crown_m")])
def test_without_any_crown_cover_is_unknown(crowns):
    assert np.isnan(of_hectare(greenery(), trees=crowns)["green_cover_m2"])


def test_parks_per_person_are_by_the_people_who_live_in_the_area():
    homes = layer(box(40, 40, 50, 50), box(60, 40, 70, 50), use=["residential"] * 2, people=[4.0, 6.0])
    green = greenery(("park", box(0, 0, 20, 10)))
    found = measured(green, HECTARE, box(0, 0, 55, 100), box(0, 0, 20, 10), buildings=homes)
    assert found.loc["park_per_person_m2"].tolist() == pytest.approx([20, 50, np.nan], nan_ok=True)


def test_people_who_are_not_known_leave_parks_per_person_to_the_others():
    homes = layer(box(40, 40, 50, 50), box(60, 40, 70, 50), use=["residential"] * 2, people=[4.0, None])
    found = of_hectare(greenery(("park", box(0, 0, 20, 10))), buildings=homes)
    assert found["park_per_person_m2"] == pytest.approx(50)


def test_floor_area_is_not_people():
    homes = layer(box(40, 40, 50, 50), use=["residential"])
    found = of_hectare(greenery(("park", box(0, 0, 20, 10))), buildings=homes)
    assert np.isnan(found["park_per_person_m2"])
    assert found["park_m2"] == pytest.approx(200)


def test_pocket_parks_are_parks_of_400_to_10000_square_metres():
    green = greenery(
        ("park", box(0, 0, 20, 20)),
        ("pocket_park", box(30, 0, 49.9, 20)),
        ("garden", box(-500, 0, -400, 100)),
        ("park", box(-700, 0, -599.9, 100)),
        ("verge", box(60, 0, 90, 20)),
    )
    found = pocket_parks(town_of(), green)
    assert found["green_id"].tolist() == ["x00", "x02"]
    assert found["area_m2"].tolist() == pytest.approx([400, 10_000])


def test_pocket_parks_are_counted_where_they_lie_and_measured_where_they_reach():
    green = greenery(("park", box(0, 0, 30, 20)), ("pocket_park", box(40, 0, 80, 20)))
    found = measured(green, box(0, 0, 50, 100), box(50, 0, 100, 100))
    assert found.loc["pocket_park_count"].tolist() == [1, 1]
    assert found.loc["pocket_park_m2"].tolist() == pytest.approx([800, 600])


def test_a_pocket_park_knows_its_name_and_its_block():
    green = layer(box(0, 0, 30, 20), box(40, 0, 80, 20), green_type=["park", "park"], name=["A", None])
    blocks = layer(box(0, 0, 35, 50), id=["K1"], renewal_type=["public_space"])
    found = pocket_parks(town_of(blocks=blocks), green)
    assert found["name"].isna().tolist() == [False, True]
    assert found["block_id"].fillna("").tolist() == ["K1", ""]


def test_of_blocks_that_overlap_the_first_holds_a_pocket_park():
    blocks = layer(box(0, 0, 50, 50), box(0, 0, 35, 50), renewal_type=["public_space"] * 2)
    found = pocket_parks(town_of(blocks=blocks), greenery(("park", box(0, 0, 30, 20))))
    assert found["block_id"].tolist() == ["x00"]


def test_a_pocket_park_is_measured_without_permanent_basic_farmland():
    town = town_of(farmland_protected=layer(box(0, 0, 10, 100)))
    found = pocket_parks(town, greenery(("park", box(0, 0, 30, 30))))
    assert found["area_m2"].tolist() == pytest.approx([600])
    assert found.geometry.area.tolist() == pytest.approx([600])


def test_without_green_there_are_no_pocket_parks_to_list():
    assert list(pocket_parks(town_of(), None).columns) == [
        "green_id",
        "name",
        "area_m2",
        "block_id",
        "geometry",
    ]


def test_green_of_unknown_type_leaves_unknown_what_depends_on_it_where_it_lies():
    green = greenery((None, box(0, 0, 10, 10)))
    found = measured(green, box(0, 0, 50, 100), box(50, 0, 100, 100))
    assert found["a0"].drop("park_per_person_m2").isna().all()
    assert found["a1"].drop("park_per_person_m2").notna().all()


def test_green_of_unknown_type_over_a_park_changes_nothing():
    green = greenery((None, box(0, 0, 10, 10)), ("park", box(0, 0, 20, 10)))
    found = of_hectare(green)
    assert found["park_m2"] == pytest.approx(200)
    assert found["green_m2"] == pytest.approx(300)


def test_green_without_types_is_unknown():
    found = of_hectare(layer(box(0, 0, 10, 10)))
    assert found.isna().all()


def test_every_ratio_prints_its_basis():
    settings = TownSettings(boundary_basis="实际建成区", boundary_year=2024)
    rows = green_cover(town_of(settings), greenery(), areas_of(HECTARE))
    assert set(rows["boundary"]) == {"实际建成区 2024"}
    assert set(green_cover(town_of(), greenery(), areas_of(HECTARE))["boundary"]) == {""}


def test_every_indicator_is_declared_with_its_formula_and_source():
    rows = green_cover(town_of(), greenery(), areas_of(HECTARE))
    assert set(rows["indicator"]) <= set(green_standard().indicators)


def test_rows_are_those_of_the_table():
    rows = green_cover(town_of(), greenery(), areas_of(HECTARE, kind="town"))
    assert list(rows.columns) == list(RESULTS["green_values"].names)
    assert rows["area_kind"].unique().tolist() == ["town"]


def test_no_areas_give_no_rows():
    town = town_of(trees=NO_TREES)
    rows = green_cover(town, greenery(("park", box(0, 0, 30, 20))), areas_of(HECTARE).iloc[:0])
    assert len(rows) == 0


def test_the_user_s_own_types_are_counted(tmp_path):
    text = (
        shipped("green.toml")
        .read_text(encoding="utf-8")
        .replace('park_types = ["park", ', 'park_types = ["plaza", ')
    )
    path = tmp_path / "green.toml"
    path.write_text(text, encoding="utf-8")
    green = greenery(("park", box(0, 0, 20, 10)), ("plaza", box(0, 50, 30, 60)))
    rows = green_cover(town_of(), green, areas_of(HECTARE), standard=path)
    assert rows.set_index("indicator").loc["park_m2", "value"] == pytest.approx(300)


def test_a_standard_that_is_no_file_of_ours_is_an_error(tmp_path):
    path = tmp_path / "green.toml"
    path.write_text('source = "x"\ntag = "P"\n', encoding="utf-8")
    with pytest.raises(StandardError):
        green_cover(town_of(), greenery(), areas_of(HECTARE), standard=path)


def random_green(seed, count=30):
    """Draw boxes of every type at random within and around the hectare, some over others."""
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(-20, 100, (count, 2)), rng.uniform(2, 30, (count, 2))
    kinds = rng.choice(["park", "pocket_park", "garden", "verge", "attached", "plaza", "woodland"], count)
    return greenery(
        *zip(kinds, (box(*at, *(at + of)) for at, of in zip(corner, size, strict=True)), strict=True)
    )


def random_trees(seed, count=40):
    rng = np.random.default_rng(seed)
    return trees(*rng.uniform(0, 100, (count, 2)).tolist(), crown_m=rng.uniform(1, 9, count).tolist())


WATER = layer(box(10, 0, 18, 100))


@pytest.mark.parametrize("seed", range(5))
def test_areas_that_share_out_the_hectare_add_up_to_it(seed):
    cuts = [0, 13.7, 50, 51, 100]
    parts = [box(0, low, 100, high) for low, high in itertools.pairwise(cuts)]
    found = measured(random_green(seed), HECTARE, *parts, trees=random_trees(seed), water=WATER)
    for name in ("green_m2", "green_cover_m2", "park_m2", "pocket_park_m2"):
        assert found.loc[name].iloc[1:].sum() == pytest.approx(found.loc[name, "a0"], rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_new_park_never_lowers_anything(seed):
    green, rng = random_green(seed), np.random.default_rng(seed + 100)
    west, south = rng.uniform(0, 70, 2)
    more = layer(box(west, south, west + 25, south + 25), id=["new"], green_type=["park"])
    homes = layer(box(40, 40, 50, 50), use=["residential"], people=[4.0])
    layers = {"trees": random_trees(seed), "water": WATER, "buildings": homes}
    shapes = (HECTARE, box(0, 0, 50, 50), box(50, 50, 100, 100))
    before = measured(green, *shapes, **layers)
    after = measured(pd.concat([green, more], ignore_index=True), *shapes, **layers)
    assert not (after < before - 1e-9).any(axis=None)
    assert after.loc["pocket_park_count", "a0"] == before.loc["pocket_park_count", "a0"] + 1


def moved(shapes, angle_deg):
    """Turn geometries about the hectare's corner and shift them by some kilometres."""
    corner = shapely.get_coordinates(box(0, 0, 1, 1))[0]
    turned = shapely.affinity.rotate
    made = [
        shapely.affinity.translate(turned(one, angle_deg, origin=(*corner,)), 3000, -700) for one in shapes
    ]
    return np.array(made, dtype=object)


# The last has sine 0.6 and cosine 0.8: whole metres stay on the grid of 1 mm that outlines stand on.
@pytest.mark.parametrize("angle_deg", [0, 90, 36.86989764584402])
def test_neither_place_nor_direction_nor_order_changes_a_value(angle_deg):
    apart = trees((30, 30), (60, 30), (30, 60), crown_m=[3.0, 5.0, 7.0])
    town = town_of(trees=apart, water=WATER, farmland_protected=layer(box(0, 0, 4, 100)))
    green, areas = greenery(("park", box(2, 2, 25, 22)), ("garden", box(20, 2, 28, 12))), areas_of(HECTARE)
    layers = {name: town[name] for name in town.layers}
    turned = {
        name: frame.set_geometry(moved(frame.geometry, angle_deg), crs=frame.crs)
        .iloc[::-1]
        .reset_index(drop=True)
        for name, frame in (layers | {"green": green, "areas": areas}).items()
    }
    green_turned, areas_turned = turned.pop("green"), turned.pop("areas")
    expected = green_cover(town, green, areas)["value"].to_numpy()
    found = green_cover(Town.from_layers(name="T", **turned), green_turned, areas_turned)["value"].to_numpy()
    assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_nothing_given_is_changed():
    town, green, areas = town_of(trees=random_trees(1)), random_green(1), areas_of(HECTARE)
    before = town.fingerprint(), green.copy(), areas.copy()
    green_cover(town, green, areas)
    pocket_parks(town, green)
    cover_findings(town, green)
    assert town.fingerprint() == before[0]
    assert green.equals(before[1])
    assert areas.equals(before[2])


def test_what_covers_areas_is_measured_alike_by_one_union():
    rng = np.random.default_rng(7)
    corner = rng.uniform(0, 90, (60, 2))
    shapes = np.array([shapely.box(*at, *(at + 9)) for at in corner])
    areas = np.array([shapely.box(x, y, x + 30, y + 40) for x in (0, 30, 60) for y in (0, 50)])
    expected = shapely.area(shapely.intersection(areas, shapely.union_all(shapes)))
    assert covered_m2(areas, shapes) == pytest.approx(expected, rel=1e-12)
    assert covered_m2(areas, shapes[:0]).tolist() == [0] * 6


def codes_of(town, green):
    return cover_findings(town, green)["code"].tolist()


def test_what_is_not_known_is_found():
    assert codes_of(town_of(), None) == ["green_unknown", "trees_unknown"]
    assert codes_of(town_of(trees=NO_TREES), layer(green_type=[])) == ["attached_green_absent"]
    assert codes_of(town_of(trees=NO_TREES), greenery()) == []
    assert codes_of(town_of(trees=trees((1, 1), crown_m=[None])), greenery()) == ["crowns_unknown"]


def test_trees_and_green_that_lack_something_are_counted():
    some = trees((20, 20), (40, 40), crown_m=[2.0, None])
    found = cover_findings(town_of(trees=some), greenery((None, box(0, 0, 10, 10))))
    values = dict(zip(found["code"], found["values"], strict=True))
    assert values == {
        "crown_missing": {"count": 1, "crown_m": 2.0},
        "green_type_missing": {"count": 1, "area_m2": 100},
    }


def whole(town):
    built = shapely.union_all(town["built_up"].geometry.to_numpy())
    return gpd.GeoDataFrame(
        {"area_kind": ["town"], "area_id": ["town"], "area_name": [town.name]}, geometry=[built], crs=town.crs
    )


def test_the_sample_town_s_green_rate_is_that_of_one_union(shuixiang):
    found = green_cover(shuixiang, shuixiang["green"], whole(shuixiang)).set_index("indicator")["value"]
    green = shuixiang["green"]
    plots = shapely.union_all(green[green["green_type"] != "plaza"].geometry.to_numpy())
    farmland = shapely.union_all(shuixiang["farmland_protected"].geometry.to_numpy())
    built = whole(shuixiang).geometry[0]
    expected = plots.difference(farmland).intersection(built).area / built.area
    assert found["green_share"] == pytest.approx(expected, rel=1e-9)
    assert 0.2 < found["green_share"] < found["green_cover_share"] < 0.3
    assert found["pocket_park_count"] == 14


def test_the_sample_town_s_people_share_its_parks(shuixiang):
    found = green_cover(shuixiang, shuixiang["green"], whole(shuixiang)).set_index("indicator")["value"]
    people = shuixiang["buildings"]["people"].sum()
    assert found["park_m2"] / people <= found["park_per_person_m2"] < 1.1 * found["park_m2"] / people


@needs_data
def test_vologda_has_no_layer_of_green_and_everything_is_unknown():
    folder = SHARED / "vologda"
    town = Town.from_layers(
        name="Vologda",
        crs="EPSG:32637",
        built_up=gpd.read_parquet(folder / "boundaries.parquet"),
        streets=gpd.read_parquet(folder / "roads.parquet").iloc[:200],
        buildings=gpd.read_parquet(folder / "buildings.parquet")
        .rename(columns={"population": "people"})
        .iloc[:500],
    )
    assert "green" not in town
    assert green_cover(town, None, whole(town))["value"].isna().all()
    assert "green_unknown" in codes_of(town, None)
