"""Zones of China: which one the numbers of a layer are of, told by where the town lies, and what a wrong one costs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer
from town_layers import codes, good_layers

from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.geo.area_scale import area_scale_ppm
from fengmao_geo.geo.diagnose import common_ground, fitting, typical
from fengmao_geo.geo.zones import (
    area_box,
    central_meridian_deg,
    false_easting_m,
    origin_deg,
    transformer,
    working_crs,
    zones_near,
)
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.standards.show import standard_table
from fengmao_geo.town.town import Town

TOWN = CRS.from_epsg(4549)
GATE = (572_500.0, 3_403_500.0)  # in the middle of the town of town_layers


def numbers_in(code):
    """Write the gate's place in another system."""
    return Transformer.from_crs(4549, code, always_xy=True).transform(*GATE)


def gates(pair, label):
    return gpd.GeoDataFrame(geometry=[shapely.Point(*pair)], crs=label)


def refused(**layers):
    with pytest.raises(TownError) as caught:
        Town.from_layers(name="T", crs="EPSG:4549", **good_layers(**layers))
    return caught.value


def errors(error):
    found = error.findings
    return found.loc[found["severity"] == "error", "code"].tolist()


def english(town_or_error, code):
    found = translate_findings(town_or_error.findings, lang="en")
    return found[found["code"] == code].iloc[0]


# mislabelled systems: what the layer's numbers are of, its label, the code of the finding, the EPSG code named
MISLABELLED = [
    (4549, None, "crs_missing", 4549),
    (4528, None, "crs_missing", 4528),
    (4510, None, "crs_missing", 4510),
    (4499, None, "crs_missing", 4499),
    (4548, None, "crs_missing", 4509),
    (3857, None, "crs_missing", 3857),
    (4490, None, "crs_missing", 4490),
    (32651, None, "crs_missing", 32651),
    (4528, 4549, "crs_contradicted", 4528),
    (4549, 4528, "crs_contradicted", 4549),
    (4499, 4549, "crs_contradicted", 4499),
    (4490, 4549, "crs_contradicted", 4490),
    (4549, 4490, "crs_contradicted", 4549),
    (4510, 4490, "crs_contradicted", 4510),
    (3857, 4490, "crs_contradicted", 3857),
    (3857, 4549, "crs_contradicted", 3857),
    (3857, 4528, "crs_contradicted", 3857),
    (4490, 3857, "crs_contradicted", 4490),
    (4549, 4548, "layer_elsewhere_looks", 4549),
    (4549, 4550, "layer_elsewhere_looks", 4549),
    (4510, 4549, "layer_elsewhere_looks", 4510),
    (4549, 4510, "layer_elsewhere_looks", 4549),
]


@pytest.mark.parametrize(("true", "label", "code", "named"), MISLABELLED)
def test_a_wrong_label_is_one_error_that_names_the_system_in_which_the_layer_lies_on_the_town(
    true, label, code, named
):
    error = refused(gates=gates(numbers_in(true), label))
    assert errors(error) == [code]
    assert f"(EPSG:{named})" in english(error, code)["values"]["looks"]


@pytest.mark.parametrize(
    ("true", "label", "code", "named"),
    [
        (4549, None, "crs_missing_swapped", 4549),
        (4528, None, "crs_missing_swapped", 4528),
        (4490, None, "crs_missing_swapped", 4490),
        (4510, None, "crs_missing_swapped", 4510),
        (4549, 4549, "crs_contradicted_swapped", 4549),
        (4490, 4490, "crs_contradicted_swapped", 4490),
    ],
)
def test_exchanged_axes_are_told_with_the_system_they_are_of(true, label, code, named):
    error = refused(gates=gates(numbers_in(true)[::-1], label))
    assert codes(error) == [code]
    assert f"(EPSG:{named})" in english(error, code)["found"]


def test_metres_of_a_neighbouring_zone_are_not_taken_for_the_towns_own():
    found = english(refused(gates=gates(numbers_in(4510), None)), "crs_missing")["found"]
    assert "4549" not in found


def test_metres_of_another_place_without_a_label_list_the_zones_of_zhejiang_and_how_to_choose():
    error = refused(gates=gates((650_000, 3_100_000), None))
    assert codes(error) == ["crs_missing_zones"]
    told = english(error, "crs_missing_zones")
    assert all(f"EPSG:{code}" in told["found"] for code in (4548, 4549, 4550, 4509, 4510))
    assert "longitude and latitude lie in your town" in told["remedy"]


def test_a_built_up_area_with_the_label_of_another_zone_is_blamed_itself():
    built_up = good_layers()["built_up"].set_crs(4548, allow_override=True)
    error = refused(built_up=built_up)
    assert errors(error) == ["built_up_elsewhere"]
    assert "(EPSG:4549)" in english(error, "built_up_elsewhere")["found"]


# where the town is


def test_the_ground_of_the_town_is_that_of_its_built_up_area():
    layers = good_layers()
    near = common_ground({name: (layers[name], TOWN) for name in ("built_up", "streets")}, crs=TOWN)
    assert near == (572_500, 3_403_500, 572_500, 3_403_500)  # the middle of its one square


def test_most_layers_outvote_one_of_another_place():
    layers = good_layers()
    away = layers["built_up"].translate(100_000)
    frames = {
        "built_up": away.to_frame("geometry"),
        "streets": layers["streets"],
        "buildings": layers["buildings"],
    }
    near = common_ground({name: (frame, TOWN) for name, frame in frames.items()}, crs=TOWN)
    assert near[2] < 573_000


@pytest.mark.parametrize("stated", [None, "nonsense", CRS.from_epsg(2437), CRS.from_epsg(4490)])
def test_layers_that_cannot_be_trusted_do_not_tell_where_the_town_is(stated):
    assert common_ground({"built_up": (good_layers()["built_up"], stated)}, crs=TOWN) is None


def test_a_layer_without_geometry_has_no_typical_place():
    assert typical(gpd.GeoDataFrame(geometry=[None, shapely.Point()])) is None


def test_a_layer_without_geometry_fits_nothing():
    assert fitting(gpd.GeoDataFrame(geometry=[shapely.Point()]), near=(0, 0, 1, 1), crs=TOWN) == []


def test_the_shape_of_a_large_layer_tells_a_zone_from_utm():
    # In UTM the same numbers lie 1.4 km further north.
    corners = [numbers_in(4510)] + [(x, y) for x in (284_200, 286_000) for y in (3_404_000, 3_406_500)]
    near = (571_500.0, 3_402_500.0, 573_500.0, 3_404_500.0)
    names = fitting(
        gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(*corners, strict=True))), near=near, crs=TOWN
    )
    assert [name.rpartition(":")[2] for name in names] == ["4510)"]


# zones


@pytest.mark.parametrize(
    ("code", "meridian"), [(4549, 120), (4528, 120), (4510, 123), (2437, 120), (32651, None), (4490, None)]
)
def test_only_a_gauss_krueger_zone_has_a_central_meridian(code, meridian):
    assert central_meridian_deg(CRS.from_epsg(code)) == meridian


@pytest.mark.parametrize(("code", "longitude"), [(32651, 123), (102_025, None), (4490, None), (3035, 10)])
def test_a_projection_has_an_origin(code, longitude):
    crs = CRS.from_epsg(code) if code < 100_000 else CRS.from_epsg(4326)
    assert origin_deg(crs) == longitude


@pytest.mark.parametrize(
    ("code", "metres"), [(4528, 40_500_000), (4549, 500_000), (4490, 0), (2416, 40_500_000)]
)
def test_the_false_easting_holds_the_zones_number(code, metres):
    assert false_easting_m(CRS.from_epsg(code)) == metres


def test_the_number_of_a_zone_of_an_old_datum_is_taken_out_too():
    assert false_easting_m(working_crs(CRS.from_epsg(2416))) == 500_000


def test_zones_near_a_place_come_by_distance_of_their_meridian():
    assert [crs.to_epsg() for crs in zones_near(118.4, within_deg=1.7)] == [4548, 4509, 4549]


def test_a_zone_may_be_used_two_zones_aside_but_no_further():
    west, _, east, _ = area_box(TOWN)
    lon, _ = Transformer.from_crs(4549, 4490, always_xy=True).transform([west, east], [3_403_000] * 2)
    assert np.abs(np.array(lon) - 120) == pytest.approx([7.5, 7.5], abs=0.6)  # the box is widest in the south


# areas


def geodesic_ppm(code, lon=120.7555, lat=30.7467):
    """Compare a square of about 200 m in the plane with the same corners on the ellipsoid."""
    east, north = Transformer.from_crs(4490, code, always_xy=True).transform(lon, lat)
    square = shapely.box(east - 100, north - 100, east + 100, north + 100)
    back = Transformer.from_crs(code, 4490, always_xy=True)
    ring = shapely.transform(square, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))
    area_m2, _ = Geod(ellps="GRS80").geometry_area_perimeter(ring)
    return (40_000 / abs(area_m2) - 1) * 1e6


@pytest.mark.parametrize("code", [4549, 4510, 4548, 4547, 32651])
def test_the_scale_of_areas_is_that_of_the_ellipsoid(code):
    assert area_scale_ppm(CRS.from_epsg(code), lon=120.7555, lat=30.7467) == pytest.approx(
        geodesic_ppm(code), abs=2
    )


def test_facts_of_the_towns_own_zone_are_met():
    # FACTS 6.1.
    ppm = [area_scale_ppm(TOWN, lon=lon, lat=30.75) for lon in (120.3, 120.75, 121.3)]
    assert ppm == pytest.approx([20, 127, 382], abs=1)


def town_in(code):
    return Town.from_layers(**{name: layer.to_crs(code) for name, layer in good_layers().items()})


@pytest.mark.parametrize(("code", "percent"), [(4548, 0.32), (4547, 1.04)])
def test_a_town_in_another_zone_runs_and_is_told_its_own_and_the_error_in_area(code, percent):
    made = town_in(code)
    told = english(made, "town_crs_area_scale")
    assert "(EPSG:4549)" in told["remedy"]
    assert f"+{percent:.2f} %" in told["found"]
    # Half the square of distance over radius, twice: x = dlon cos(lat) R.
    away = np.radians(120.7555 - central_meridian_deg(CRS.from_epsg(code))) * np.cos(np.radians(30.7467))
    assert away**2 * 100 == pytest.approx(percent, abs=0.02)
    assert made["built_up"].area[0] == pytest.approx(1e6 * (1 + percent / 100), rel=2e-4)


def test_a_town_on_the_edge_of_its_zone_is_left_alone():
    away = {name: layer.translate(90_000) for name, layer in good_layers().items()}  # 121.7E
    made = Town.from_layers(**{name: good_layers()[name].set_geometry(moved) for name, moved in away.items()})
    assert codes(made) == []


def test_a_town_in_its_utm_zone_is_left_alone():
    assert codes(town_in(32651)) == []


def test_a_town_in_a_wrong_utm_zone_is_told():
    assert "(EPSG:4549)" in english(town_in(32650), "town_crs_area_scale")["remedy"]


def test_a_town_in_a_six_degree_zone_is_told_its_three_degree_zone():
    told = english(town_in(4510), "town_crs_area_scale")
    assert "2.24° from the central meridian" in told["found"]


def test_the_limits_are_named_as_a_proposal():
    assert {of.tag for of in figure_standard("coordinates").figures.values()} == {"P"}
    assert "proposal" in english(town_in(4548), "town_crs_area_scale")["remedy"]


def test_the_limits_can_be_listed():
    assert "area_scale_ppm" in standard_table("coordinates")["figure"].tolist()


def test_the_way_between_two_systems_takes_and_gives_x_first_and_is_looked_for_once():
    way = transformer(TOWN, CRS.from_epsg(4490))
    # On its central meridian, at the equator.
    assert way.transform(500_000.0, 0.0) == pytest.approx((120.0, 0.0))
    assert transformer(CRS.from_epsg(4549), CRS.from_epsg(4490)) is way
