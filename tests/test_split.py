"""Layers of many towns cut into towns: each gives by itself the numbers that the uncut layers give."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from province import CATALOGUE, assert_same, circles_of, outlines, province, write_province
from town_layers import frame, line, point, square

import fengmao_geo as fg
from fengmao_geo.batch import split as batch_split
from fengmao_geo.batch.split import split_towns
from fengmao_geo.life_circle.walks import walks_of
from fengmao_geo.standards import load

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "own.toml"
    path.write_text(CATALOGUE, encoding="utf-8")
    return path


def codes(found):
    return sorted(found.findings["code"])


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_town_gives_what_the_uncut_layers_give(seed, catalogue, tmp_path_factory):
    home = tmp_path_factory.mktemp("province")
    whole = circles_of(write_province(province(seed, towns=2), home / "all"), catalogue)
    found = split_towns(home / "all", out=home / "out")
    assert found.towns["is_written"].all()
    for _, town in outlines("town 0", "town 1").iterrows():
        assert_same(
            circles_of(home / "out" / town["name"].replace(" ", "_"), catalogue), whole, town.geometry
        )
    assert found.towns["people"].sum() == pytest.approx(whole.dwellings["people"].sum())


def test_a_halo_that_is_too_narrow_gives_other_numbers(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_split, "furthest_walk_m", lambda minutes: minutes)
    far = frame([point(2100, 505)], facility_type=["pharmacy"])
    _, cut, whole = both(row_of_towns(facilities=far), tmp_path, catalogue)
    assert np.isnan(minutes(cut))
    assert minutes(whole) < 15


def test_the_formats_of_the_layers_make_no_difference(tmp_path):
    layers = province(3, towns=2, homes=20)
    one_town = outlines("town 0")
    split_towns(write_province(layers, tmp_path / "all"), out=tmp_path / "out", by=one_town)
    kinds = {"streets": ".parquet", "buildings": ".parquet", "facilities": ".geojson", "water": ".shp"}
    write_province(layers, tmp_path / "mixed", suffixes=kinds)
    split_towns(tmp_path / "mixed", out=tmp_path / "other", by=one_town)
    one, other = (fg.read_town(tmp_path / out / "town_0") for out in ("out", "other"))
    for layer in one.layers:
        assert one[layer]["id"].tolist() == other[layer]["id"].tolist()
        shapes = (shapely.normalize(town[layer].geometry.to_numpy()) for town in (one, other))
        assert shapely.equals_exact(*shapes, 1e-6).all()


def test_two_cuts_are_the_same_to_the_byte(tmp_path):
    write_province(province(4, towns=2, homes=12), tmp_path / "all")
    for out in ("one", "two"):
        split_towns(tmp_path / "all", out=tmp_path / out, by=outlines("west"))
    files = [
        {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*.*")}
        for out in ("one", "two")
    ]
    assert len(files[0]) == 3
    assert files[0] == files[1]


# What decides walks near the edge


def row_of_towns(**more):
    """Two towns of 1.5 km side by side on one long street, a home at the border of the first."""
    layers = {
        "built_up": outlines("west", "east"),
        "extent": frame([square(-9000, -4000, 20_000)], id=["extent"]),
        "streets": frame([line((x, 500), (x + 100, 500)) for x in range(-3000, 6000, 100)]),
        "buildings": frame(
            [square(1400, 510, 10), square(1600, 510, 10)], use=["residential"] * 2, people=[3.0, 5.0]
        ),
        "facilities": frame([point(1900, 505)], facility_type=["pharmacy"]),
    }
    layers |= more
    return {name: of.assign(id=[f"{name}-{at}" for at in range(len(of))]) for name, of in layers.items()}


def walks(folder, catalogue):
    """Read a town and find who walks where; what is drawn of it takes longer."""
    town = fg.read_town(folder)
    asked, who = load.catalogue(catalogue), load.walker()
    return walks_of(town, fg.walk_network(town), limits=(15.0,), catalogue=asked, walker=who)


def both(layers, folder, catalogue):
    """Cut the western town out, and find who walks where in it and in the uncut layers."""
    write_province(layers, folder / "all")
    found = split_towns(folder / "all", out=folder / "out", by=outlines("west"))
    return found, walks(folder / "out" / "west", catalogue), walks(folder / "all", catalogue)


def minutes(circles, dwelling="buildings-0", kind="pharmacy"):
    return circles.reach.set_index(["dwelling_id", "facility_type"])["travel_min"].loc[(dwelling, kind)]


def test_a_pharmacy_across_the_border_is_walked_to(catalogue, tmp_path):
    _, cut, whole = both(row_of_towns(), tmp_path, catalogue)
    assert minutes(cut) == pytest.approx((10 + 500 + 5) / 60)
    assert minutes(whole) == minutes(cut)


def test_people_across_the_border_are_not_the_towns(tmp_path):
    found = split_towns(write_province(row_of_towns(), tmp_path / "all"), out=tmp_path / "out")
    homes = [fg.read_town(tmp_path / "out" / name).spread.rows for name in ("west", "east")]
    assert [rows["dwelling_id"].tolist() for rows in homes] == [["buildings-0"], ["buildings-1"]]
    assert found.towns.set_index("town_id")["people"].to_dict() == {"west": 3.0, "east": 5.0}


def test_streets_that_touch_the_halo_are_whole_and_others_are_left_out(tmp_path):
    long = line((-9000, 900), (200, 900))
    far = line((-9000, 100), (-8000, 100))
    streets = frame([long, far, line((0, 500), (3000, 500))])
    split_towns(write_province(row_of_towns(streets=streets), tmp_path / "all"), out=tmp_path / "out")
    kept = fg.read_town(tmp_path / "out" / "west")["streets"].set_index("id").geometry
    assert kept.index.tolist() == ["streets-0", "streets-2"]
    assert kept["streets-0"].equals(long)


def apart_streets():
    """Two streets past a home that meet only four kilometres farther on."""
    rows = [line((x, y), (x + 100, y)) for y in (500, 580) for x in range(0, 5600, 100)]
    streets = frame([*rows, line((5600, 500), (5600, 580))])
    home = frame([square(1400, 510, 10)], use=["residential"], people=[3.0])
    shop = frame([point(1000, 585)], facility_type=["pharmacy"])
    return row_of_towns(streets=streets, buildings=home, facilities=shop)


def test_streets_that_meet_far_outside_are_one_part_inside(catalogue, tmp_path):
    found, cut, whole = both(apart_streets(), tmp_path, catalogue)
    assert np.isnan(minutes(whole))
    assert np.isnan(minutes(cut))
    assert "split_apart" not in codes(found)


def test_streets_of_which_it_is_not_known_whether_they_meet_are_told_of(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_split, "_WIDEST_TIMES", 1.0)
    found, cut, _ = both(apart_streets(), tmp_path, catalogue)
    assert minutes(cut) < 15
    assert found.towns["apart_count"].tolist() == [2]
    told = found.findings.query("code == 'split_apart'")
    assert told["feature_id"].tolist() == ["west"]


def test_a_shop_in_a_building_across_the_border_is_entered_at_the_building(catalogue, tmp_path):
    hall = square(1900, 505, 100)
    buildings = frame([square(1400, 510, 10), hall], use=["residential", "commercial"], people=[3.0, np.nan])
    shop = frame([point(1980, 560)], facility_type=["pharmacy"])
    _, cut, whole = both(row_of_towns(buildings=buildings, facilities=shop), tmp_path, catalogue)
    assert minutes(cut) == minutes(whole) == pytest.approx((10 + 500 + 5) / 60)
    kept = fg.read_town(tmp_path / "out" / "west")["buildings"].set_index("id")["is_neighbour"]
    assert kept.to_dict() == {"buildings-0": False, "buildings-1": True}


def test_a_school_is_entered_at_its_gate_though_its_point_lies_far_beyond(catalogue, tmp_path):
    campus = frame([square(2200, 505, 1500)])
    school = frame([point(3600, 1900)], facility_type=["primary_school"])
    gate = frame([shapely.Point(campus.geometry[0].exterior.coords[-2])], place_id=["compounds-0"])
    layers = row_of_towns(compounds=campus, facilities=school, gates=gate)
    _, cut, whole = both(layers, tmp_path, catalogue)
    assert minutes(whole, kind="primary_school") < 15
    assert minutes(cut, kind="primary_school") == minutes(whole, kind="primary_school")


def test_a_compound_whose_gate_lies_beyond_the_halo_stays_closed(catalogue, tmp_path):
    wall = frame([square(1500, 400, 4000)])
    gate = frame([shapely.Point(wall.geometry[0].exterior.coords[0])])
    layers = row_of_towns(compounds=wall, gates=gate)
    _, cut, whole = both(layers, tmp_path, catalogue)
    assert np.isnan(minutes(whole))
    assert np.isnan(minutes(cut))


def test_a_type_that_only_another_town_has_is_unreached_not_unknown(catalogue, tmp_path):
    far = frame([point(2900, 505)], facility_type=["pharmacy"])
    layers = row_of_towns(facilities=far, built_up=outlines("west", "middle", "east"))
    _, cut, whole = both(layers, tmp_path, catalogue)
    status = [of.reach.set_index(["dwelling_id", "facility_type"])["status"] for of in (cut, whole)]
    assert [of.loc[("buildings-0", "pharmacy")] for of in status] == ["unreached", "unreached"]
    assert [of.loc[("buildings-0", "park")] for of in status] == ["unknown", "unknown"]


# Ground and people that two towns share


def test_the_open_land_of_the_towns_adds_up_to_that_of_the_uncut_layers(tmp_path):
    write_province(province(7, towns=2), tmp_path / "all")
    split_towns(tmp_path / "all", out=tmp_path / "out")
    whole = fg.open_land(fg.read_town(tmp_path / "all"))["area_m2"].sum()
    parts = [fg.open_land(fg.read_town(tmp_path / "out" / f"town_{at}"))["area_m2"].sum() for at in range(2)]
    assert sum(parts) == pytest.approx(whole, abs=0.5)


def test_a_house_on_the_border_stands_on_both_grounds_and_is_a_home_of_one(tmp_path):
    house = frame([square(1494, 510, 10), square(1600, 510, 10)], use=["residential"] * 2, people=[3.0, 5.0])
    split_towns(write_province(row_of_towns(buildings=house), tmp_path / "all"), out=tmp_path / "out")
    towns = {name: fg.read_town(tmp_path / "out" / name) for name in ("west", "east")}
    assert {name: town["buildings"]["id"].tolist() for name, town in towns.items()} == {
        "west": ["buildings-0"],
        "east": ["buildings-0", "buildings-1"],
    }
    homes = {name: town.spread.rows["dwelling_id"].tolist() for name, town in towns.items()}
    assert homes == {"west": ["buildings-0"], "east": ["buildings-1"]}


def test_stock_across_the_border_is_listed_once(tmp_path):
    works = frame(
        [square(1480, 510, 30), square(1400, 510, 10), square(1600, 510, 10)],
        use=["industrial", "residential", "residential"],
        status=["idle", None, None],
        people=[0.0, 3.0, 5.0],
    )
    split_towns(write_province(row_of_towns(buildings=works), tmp_path / "all"), out=tmp_path / "out")
    kinds = [
        fg.find_spaces(town, fg.walk_network(town))["kind"].eq("idle_factory").sum()
        for town in (fg.read_town(tmp_path / "out" / name) for name in ("west", "east"))
    ]
    assert sorted(kinds) == [0, 1]


def test_people_of_a_community_in_two_towns_are_shared_out_before_the_cut(catalogue, tmp_path):
    homes = frame([square(1400, 510, 10), square(1600, 510, 20)], use=["residential"] * 2)
    shared = frame([square(1000, 0, 1000)], name=["both"], people=[100.0], elderly_people=[10.0])
    layers = row_of_towns(buildings=homes, communities=shared)
    found, cut, whole = both(layers, tmp_path, catalogue)
    assert cut.homes.table["people"].tolist() == [20.0]
    assert whole.homes.table.set_index("dwelling_id")["people"]["buildings-0"] == 20.0
    assert cut.homes.table["elderly_people"].tolist() == [2.0]
    assert found.towns["people"].tolist() == [20.0]


def test_one_total_of_people_for_all_towns_is_refused_and_theirs_are_taken(tmp_path):
    homes = frame([square(1400, 510, 10), square(1600, 510, 10)], use=["residential"] * 2)
    layers = row_of_towns(buildings=homes)
    write_province(layers, tmp_path / "all", settings="people_total = 900")
    with pytest.raises(fg.TownError) as caught:
        split_towns(tmp_path / "all", out=tmp_path / "out")
    assert codes(caught.value) == ["split_people_total"]
    counted = outlines("west", "east").assign(people=[600, 300])
    found = split_towns(tmp_path / "all", out=tmp_path / "out", by=counted)
    assert found.towns.set_index("town_id")["people"].to_dict() == {"west": 600.0, "east": 300.0}


def test_blocks_belong_to_the_town_they_lie_in_and_are_told_of_where_they_cross(tmp_path):
    blocks = frame([square(100, 100, 50), square(1400, 100, 150)], renewal_type=["old_estate"] * 2)
    split_towns(write_province(row_of_towns(blocks=blocks), tmp_path / "all"), out=tmp_path / "out")
    west, east = (fg.read_town(tmp_path / "out" / name) for name in ("west", "east"))
    assert (west["blocks"]["id"].tolist(), len(east["blocks"])) == (["blocks-0", "blocks-1"], 0)
    told = pd.read_csv(tmp_path / "out" / "west" / "import_findings.csv")
    assert told.query("code == 'split_block_across'")["feature_id"].tolist() == ["blocks-1"]


def test_the_built_up_area_is_cut_at_outlines_that_are_given(tmp_path):
    built = frame([square(0, 0, 1000), square(2900, 0, 90)], name=["core", "rest"])
    given_outlines = outlines("west", "east", side_m=600.0)
    found = split_towns(
        write_province(row_of_towns(built_up=built), tmp_path / "all"),
        out=tmp_path / "out",
        by=given_outlines,
    )
    west = fg.read_town(tmp_path / "out" / "west")
    assert west["built_up"].area.tolist() == [600_000.0]
    assert west["built_up"]["name"].tolist() == ["core"]
    # No home stands in either; but what stands nowhere is counted.
    left = found.findings.query("code == 'split_left'")
    assert left["layer"].tolist() == ["buildings"]
    assert left["values"].iloc[0]["count"] == 2


# Real data

FIGURES = ["travel_min", "distance_m", "boundary_min"]


@pytest.mark.skipif(not (SHARED / "vologda").is_dir(), reason="../shared/data/vologda is not there")
def test_four_parts_of_vologda_give_what_the_whole_gives(tmp_path):
    home = tmp_path / "all"
    home.mkdir()
    kinds = {"school": "primary_school", "kindergarten": "kindergarten"}
    facilities = [
        gpd.read_parquet(SHARED / "vologda" / f"{name}.parquet").assign(facility_type=kind)
        for name, kind in kinds.items()
    ]
    pd.concat(facilities, ignore_index=True).to_parquet(home / "facilities.parquet")
    real = {"buildings": "buildings", "built_up": "boundaries", "streets": "roads", "water": "water"}
    text = ['[town]\nname = "Vologda"\ncrs = "EPSG:32637"\n[layers.facilities]\npath = "facilities.parquet"']
    text += [
        f'[layers.{layer}]\npath = "{(SHARED / "vologda" / name).as_posix()}.parquet"'
        for layer, name in real.items()
    ]
    text.insert(2, '[layers.buildings.fields]\npeople = "population"')
    (home / "town.toml").write_text("\n".join(text), encoding="utf-8")
    west, south, east, north = 530_000, 6_550_000, 570_000, 6_580_000
    x, y = 548_800, 6_564_500
    boxes = [(west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north)]
    quarters = gpd.GeoDataFrame(
        {"name": ["SW", "SE", "NW", "NE"]}, geometry=[shapely.box(*box) for box in boxes], crs=32637
    )
    own = tmp_path / "own.toml"
    entries = CATALOGUE.replace("pharmacy", "kindergarten").replace("park", "nursery")
    own.write_text(entries, encoding="utf-8")
    whole = walks(home, own)
    found = split_towns(home, out=tmp_path / "out", by=quarters)
    assert found.towns["is_written"].all()
    homes = whole.homes.table
    people = 0.0
    for name, box in zip(quarters["name"], quarters.geometry, strict=True):
        cut = walks(tmp_path / "out" / name, own)
        ids = set(homes["dwelling_id"][shapely.intersects(box, shapely.point_on_surface(homes.geometry))])
        assert set(cut.homes.table["dwelling_id"]) == ids
        ours, theirs = (
            of.reach[of.reach["dwelling_id"].isin(ids)].merge(of.homes.table[["dwelling_id", "boundary_min"]])
            for of in (cut, whole)
        )
        keys = ["dwelling_id", "facility_type"]
        ours, theirs = (table.set_index(keys).sort_index() for table in (ours, theirs))
        pd.testing.assert_frame_equal(ours[FIGURES], theirs[FIGURES], rtol=0, atol=1e-6)
        assert (ours["status"] == theirs["status"]).all()
        people += float(cut.homes.table["people"].sum())
    assert people == homes["people"].sum()
