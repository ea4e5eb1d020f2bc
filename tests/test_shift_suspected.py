"""Layers that fit the others only where the shift of web maps would have them; and those that do not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer
from town_layers import good_layers

from fengmao_geo.findings import translate_findings
from fengmao_geo.geo import suspect
from fengmao_geo.geo.shifted import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from fengmao_geo.geo.suspect import suspected_shifts
from fengmao_geo.town.town import Town

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared/data are not here")
TOWN = CRS.from_epsg(4549)
TO_DEGREES = Transformer.from_crs(4549, 4490, always_xy=True)

FORWARD = {
    "GCJ-02": wgs84_to_gcj02,
    "BD-09": lambda lonlat: gcj02_to_bd09(wgs84_to_gcj02(lonlat)),
}
BACK = {"GCJ-02": gcj02_to_wgs84, "BD-09": lambda lonlat: gcj02_to_wgs84(bd09_to_gcj02(lonlat))}


def read_as(geometries, way):
    """Put a layer where its degrees lie once a formula was applied to them."""

    def move(pairs):
        lonlat = way(np.column_stack(TO_DEGREES.transform(pairs[:, 0], pairs[:, 1])))
        return np.column_stack(TO_DEGREES.transform(lonlat[:, 0], lonlat[:, 1], direction="INVERSE"))

    return shapely.transform(geometries, move)


def suspected(layers, stated=None, crs=TOWN, trusted=None):
    stated = dict.fromkeys(layers, crs) | (stated or {})
    trusted = [name for name in layers if stated[name] is crs] if trusted is None else trusted
    return suspected_shifts(layers, stated=stated, trusted=trusted, filled=("buildings",), crs=crs)


@pytest.fixture(scope="module")
def all_layers(shuixiang):
    return {name: shuixiang[name].geometry.to_numpy() for name in shuixiang.layers}


@pytest.fixture(scope="module")
def layers(all_layers):
    kept = ("streets", "buildings", "parcels", "facilities", "green", "water", "gates", "bridges")
    return {name: all_layers[name] for name in kept}


def named(found):
    return [(of.layer, of.system) for of in found]


def test_nothing_is_suspected_of_the_sample_town(all_layers):
    assert suspected(all_layers, {"facilities": "GCJ-02"}) == []


def test_what_is_suspected_does_not_depend_on_how_many_shapes_are_drawn_at_a_time(layers, monkeypatch):
    shifted = {**layers, "green": read_as(layers["green"], FORWARD["GCJ-02"])}
    whole = suspected(shifted)
    monkeypatch.setattr(suspect, "_AT_ONCE", 50)
    assert suspected(shifted) == whole
    assert named(whole) == [("green", "GCJ-02")]


@pytest.mark.parametrize("system", ["GCJ-02", "BD-09"])
@pytest.mark.parametrize(
    "layer", ["buildings", "streets", "facilities", "parcels", "green", "water", "gates"]
)
def test_a_layer_that_was_shifted_is_suspected_and_no_other(layers, layer, system):
    found = suspected(
        {**layers, layer: read_as(layers[layer], FORWARD[system])}, {"facilities": CRS.from_epsg(4490)}
    )
    assert named(found) == [(layer, system)]
    # FACTS 6.2: the shifts at Jiaxing, 485.9 m and 1,113.1 m.
    assert found[0].shift_m == pytest.approx({"GCJ-02": 485.9, "BD-09": 1113.1}[system], abs=1.5)
    assert found[0].ratio > 1.3


@pytest.mark.parametrize("system", ["GCJ-02", "BD-09"])
def test_a_layer_that_is_said_to_be_shifted_and_is_not_is_suspected(layers, system):
    wrongly_back = read_as(layers["facilities"], BACK[system])
    found = suspected({**layers, "facilities": wrongly_back}, {"facilities": system})
    assert named(found) == [("facilities", None)]


def test_a_layer_of_baidu_that_is_said_to_be_of_gaode_is_suspected(layers):
    as_gaode = read_as(layers["facilities"], lambda lonlat: BACK["GCJ-02"](FORWARD["BD-09"](lonlat)))
    found = suspected({**layers, "facilities": as_gaode}, {"facilities": "GCJ-02"})
    assert named(found) == [("facilities", "BD-09")]


@pytest.mark.parametrize("bearing", [30, 90, 150, 210, 270, 330])
def test_a_layer_that_is_off_in_another_direction_is_not_suspected(layers, bearing):
    away = np.radians(bearing)
    moved = shapely.transform(
        layers["buildings"], lambda xy: xy + 486 * np.array([np.sin(away), np.cos(away)])
    )
    assert suspected({**layers, "buildings": moved}) == []


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_suspected_of_a_random_part_of_the_sample(layers, seed):
    rng = np.random.default_rng(seed)
    part = {
        name: of[rng.random(len(of)) < rng.uniform(0.1, 0.9)] for name, of in layers.items() if len(of) > 9
    }
    assert suspected(part, {"facilities": "GCJ-02"}) == []


def test_places_scattered_at_random_are_not_suspected(layers):
    rng = np.random.default_rng(1)
    scattered = shapely.points(rng.uniform([572_200, 3_402_000], [574_500, 3_404_100], (300, 2)))
    assert suspected({**layers, "facilities": scattered}) == []


def test_a_regular_pattern_that_fits_at_every_step_is_not_suspected():
    lines = [shapely.LineString([(572_000, n), (574_000, n)]) for n in range(3_402_000, 3_404_000, 50)]
    plots = [
        shapely.box(e, n, e + 40, n + 40)
        for e in range(572_000, 574_000, 50)
        for n in range(3_402_000, 3_404_000, 50)
    ]
    assert suspected({"streets": np.array(lines), "buildings": np.array(plots)}) == []


def test_nobody_is_compared_with_nobody(layers):
    assert suspected(layers, trusted=[]) == []


def test_a_few_features_are_not_trusted_to_tell(layers):
    few = {"streets": layers["streets"][:19], "buildings": read_as(layers["buildings"], FORWARD["GCJ-02"])}
    assert suspected(few, trusted=["streets"]) == []


def test_a_few_places_do_not_tell_where_they_lie(layers):
    few = {**layers, "gates": read_as(layers["gates"][:15], FORWARD["GCJ-02"])}
    assert suspected(few) == []


def test_polygons_too_large_to_fill_do_no_harm(layers):
    wide = np.array([shapely.box(568_000, 3_398_000, 578_000, 3_408_000)])
    more = {**layers, "buildings": np.concatenate([layers["buildings"], wide])}
    assert suspected({**more, "streets": read_as(layers["streets"], FORWARD["GCJ-02"])})[0].layer == "streets"


def test_the_layers_given_are_not_changed(layers):
    before = {name: shapely.to_wkb(of).tolist() for name, of in layers.items()}
    suspected({**layers})
    assert all(shapely.to_wkb(of).tolist() == before[name] for name, of in layers.items())


def test_the_order_of_features_does_not_matter(layers):
    shifted = {**layers, "buildings": read_as(layers["buildings"], FORWARD["GCJ-02"])}
    assert suspected(shifted) == suspected({name: of[::-1] for name, of in shifted.items()})


# through a town


def test_a_towns_own_layer_is_reported_with_metres_and_remedy_and_not_moved(shuixiang):
    frames = {name: shuixiang[name] for name in ("built_up", "streets", "parcels", "buildings")}
    shifted = frames["buildings"].set_geometry(
        read_as(frames["buildings"].geometry.to_numpy(), FORWARD["GCJ-02"]), crs=4549
    )
    made = Town.from_layers(**(frames | {"buildings": shifted}))
    told = translate_findings(made.findings, lang="en").set_index("code").loc["shift_suspected"]
    assert (told["layer"], told["severity"]) == ("buildings", "warning")
    assert "moves it by 486 m" in told["found"]
    assert 'crs = "GCJ-02"' in told["remedy"]
    # Nothing but the grid of 1 mm moves a corner.
    moved_m = shapely.hausdorff_distance(made["buildings"].geometry.to_numpy(), shifted.geometry.to_numpy())
    assert moved_m.max() < 0.00075


def test_a_hand_made_town_is_too_small_to_tell():
    assert "shift_suspected" not in Town.from_layers(**good_layers()).findings["code"].tolist()


# real places


@pytest.fixture(scope="module")
def vologda():
    files = {name: SHARED / "vologda" / f"{name}.parquet" for name in ("buildings", "roads", "water")}
    frames = {name: gpd.read_parquet(file).to_crs(32637) for name, file in files.items()}
    return {name: shapely.get_parts(frame.geometry.to_numpy()) for name, frame in frames.items()}


@needs_data
def test_nothing_is_suspected_outside_china(vologda):
    assert suspected(vologda, crs=CRS.from_epsg(32637)) == []


@needs_data
def test_nothing_is_suspected_in_prague():
    frames = {
        name: gpd.read_file(SHARED / "prague_bubenec.gpkg", layer=name).to_crs(32633)
        for name in ("plots", "buildings", "streets")
    }
    layers = {name: frame.geometry.to_numpy() for name, frame in frames.items()}
    assert suspected(layers, crs=CRS.from_epsg(32633)) == []


@pytest.fixture(scope="module")
def vologda_in_china(vologda):
    """Put a real town where the shift of web maps applies."""
    centre = np.median(shapely.get_coordinates(shapely.centroid(vologda["buildings"])), axis=0)
    return {
        name: shapely.transform(of, lambda xy: xy - centre + [572_344, 3_403_135])
        for name, of in vologda.items()
    }


@needs_data
def test_nothing_is_suspected_of_a_real_town_in_china(vologda_in_china):
    assert suspected(vologda_in_china) == []


@needs_data
@pytest.mark.parametrize("layer", ["buildings", "roads", "water"])
def test_a_shifted_layer_of_a_real_town_in_china_is_suspected(vologda_in_china, layer):
    shifted = read_as(vologda_in_china[layer], FORWARD["GCJ-02"])
    assert named(suspected({**vologda_in_china, layer: shifted})) == [(layer, "GCJ-02")]
