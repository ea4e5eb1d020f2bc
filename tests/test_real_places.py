"""Real places from their files to life circles; what is wrong with their files is found, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import fengmao_geo as fg

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data, the real places, is not there")


def vologda_layers():
    folder = SHARED / "vologda"
    kinds = {"school": "小学", "kindergarten": "幼儿园"}
    found = [
        gpd.read_parquet(folder / f"{name}.parquet").assign(facility_type=kind)
        for name, kind in kinds.items()
    ]
    return {
        "built_up": gpd.read_parquet(folder / "boundaries.parquet"),
        "streets": gpd.read_parquet(folder / "roads.parquet"),
        "buildings": gpd.read_parquet(folder / "buildings.parquet").rename(columns={"population": "people"}),
        "facilities": pd.concat(found, ignore_index=True),
        "water": gpd.read_parquet(folder / "water.parquet"),
    }


@pytest.fixture(scope="module")
def vologda(tmp_path_factory):
    """Vologda as bureaus would hand it over: its own parquet files, two more that a table was made of."""
    layers = vologda_layers()
    folder = tmp_path_factory.mktemp("vologda")
    layers["facilities"].to_parquet(folder / "facilities.parquet")
    text = ['[town]\nname = "Vologda"\ncrs = "EPSG:32637"\n']
    paths = {
        "built_up": SHARED / "vologda" / "boundaries.parquet",
        "streets": SHARED / "vologda" / "roads.parquet",
        "buildings": SHARED / "vologda" / "buildings.parquet",
        "water": SHARED / "vologda" / "water.parquet",
        "facilities": folder / "facilities.parquet",
    }
    text += [f'[layers.{name}]\npath = "{path.as_posix()}"\n' for name, path in paths.items()]
    text.insert(1 + list(paths).index("buildings") + 1, '[layers.buildings.fields]\npeople = "population"\n')
    (folder / "town.toml").write_text("\n".join(text), encoding="utf-8")
    return fg.read_town(folder)


@needs_data
def test_the_traps_of_vologda_are_found(vologda):
    counts = vologda.findings.groupby(["layer", "code"]).size()
    assert counts["facilities", "geometry_null"] == 21
    assert counts["water", "geometry_kind"] == 50
    assert {"built_up", "streets", "water"} <= set(counts.xs("crs_changed", level="code").index)


@needs_data
def test_nothing_of_vologda_is_lost(vologda):
    for name, layer in vologda_layers().items():
        excluded = vologda.findings.query("layer == @name and severity == 'excluded'")
        assert len(layer) == len(vologda[name]) + len(excluded), name
    assert vologda["buildings"]["people"].sum() == pytest.approx(356_810, abs=1)


@needs_data
def test_the_middle_of_vologda_runs_through_life_circles(vologda):
    layers = {name: vologda[name] for name in vologda.layers}
    near = layers["buildings"].total_bounds
    middle = shapely.Point((near[0] + near[2]) / 2, (near[1] + near[3]) / 2).buffer(1_500)
    cut = {name: layer[layer.intersects(middle)] for name, layer in layers.items()}
    cut["built_up"] = gpd.GeoDataFrame(geometry=[middle], crs=vologda.crs)
    town = fg.Town.from_layers(name="Vologda", settings=vologda.settings, **cut)
    circles = fg.life_circles(town, fg.walk_network(town), minutes=(5, 15))
    reach = circles.reach.query("facility_type == 'kindergarten'")
    assert reach["dwelling_id"].nunique() == len(circles.dwellings) > 500
    # A quarter of an hour's walk in the middle of a town with 120 kindergartens.
    assert (reach["travel_min"] <= 15).sum() > 100
    assert set(reach.loc[reach["travel_min"].isna(), "status"]) <= {"unreached", "unknown"}


@needs_data
def test_prague_in_its_own_crs_is_refused_and_in_its_zone_runs(tmp_path):
    plots = gpd.read_file(SHARED / "prague_bubenec.gpkg", layer="plots")
    built_up = gpd.GeoDataFrame(geometry=[plots.union_all().convex_hull], crs=plots.crs)
    built_up.to_file(tmp_path / "built_up.gpkg")
    layers = {"streets": "streets", "buildings": "buildings", "parcels": "plots"}
    source = (SHARED / "prague_bubenec.gpkg").as_posix()
    named = [f'[layers.{name}]\npath = "{source}"\nlayer = "{table}"\n' for name, table in layers.items()]
    for crs in ("EPSG:3857", "EPSG:32633"):
        head = f'[town]\nname = "Bubeneč"\ncrs = "{crs}"\n[layers.built_up]\npath = "built_up.gpkg"\n'
        (tmp_path / "town.toml").write_text("\n".join([head, *named]), encoding="utf-8")
        if crs == "EPSG:3857":
            with pytest.raises(fg.TownError) as caught:
                fg.read_town(tmp_path)
            assert "town_crs_web_mercator" in set(caught.value.findings["code"])
    town = fg.read_town(tmp_path)
    assert (len(town["parcels"]), len(town["buildings"]), len(town["streets"])) == (407, 144, 35)
    circles = fg.life_circles(town, fg.walk_network(town), minutes=(5, 15))
    # There is no layer of facilities: that is unknown, and not that nobody is served.
    assert set(circles.reach["status"]) == {"unknown"}
    # In Web Mercator the same plots read 2.4 times as large.
    assert plots.area.sum() / town["parcels"].area.sum() == pytest.approx(2.42, abs=0.03)
