"""Coordinate systems: what they are said to be, what the numbers look like, and the shifted degrees of web maps."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from fengmao_geo.findings import findings_table
from fengmao_geo.geo.crs import parse_crs, to_town_crs, town_crs_fault
from fengmao_geo.geo.shifted import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from fengmao_geo.geo.zones import area_box, looks_like, suggest_crs, working_crs

# FACTS 6.1 and 6.2: the Jiaxing test point in every system.
WGS84 = np.array([[120.7555, 30.7467]])
GCJ02 = np.array([[120.75981949746023, 30.744400295398297]])
BD09 = np.array([[120.76638341156534, 30.75022685270838]])
METRES = (572344.493, 3403135.493)
TOWN = CRS.from_epsg(4549)


def points(*pairs):
    return gpd.GeoDataFrame(
        {"id": [str(i) for i in range(len(pairs))]}, geometry=gpd.points_from_xy(*zip(*pairs, strict=True))
    )


def moved(stated, *pairs, crs=TOWN):
    frame = points(*pairs)
    return to_town_crs(frame, stated=stated, crs=crs, layer="parcels", ids=frame["id"].tolist())


def codes(found):
    return [finding.code for finding in found]


def words(finding):
    return findings_table([finding], lang="en").iloc[0]


def test_wgs84_to_gcj02_meets_the_published_vector():
    assert wgs84_to_gcj02(WGS84) == pytest.approx(GCJ02, abs=1e-12)


def test_gcj02_to_bd09_meets_the_published_vector():
    assert gcj02_to_bd09(GCJ02) == pytest.approx(BD09, abs=1e-12)


def test_gcj02_comes_back_to_a_micrometre():
    assert np.abs(gcj02_to_wgs84(GCJ02) - WGS84).max() < 1e-11


def test_bd09_comes_back_to_a_micrometre():
    assert np.abs(bd09_to_gcj02(BD09) - GCJ02).max() < 1e-11


def test_places_outside_china_are_not_shifted():
    prague = np.array([[14.42, 50.09]])
    assert (wgs84_to_gcj02(prague) == prague).all()


def test_where_the_shift_breaks_off_a_place_stays_near():
    edge = np.column_stack([np.linspace(72.0, 72.01, 50), np.full(50, 30.0)])
    assert np.abs(gcj02_to_wgs84(edge) - edge).max() < 0.01  # a kilometre: no shift in China is larger


def apart_m(one, other):
    """Measure on a sphere, small distances only."""
    east, north = ((one - other) * np.pi / 180 * 6_371_000).T
    return np.hypot(east * np.cos(np.radians(one[:, 1])), north).max()


CHINA = st.lists(st.tuples(st.floats(73.5, 135), st.floats(3.5, 53.5)), min_size=1, max_size=20).map(np.array)


# West, south, east, north of the ground that the formula covers, drawn from more often than its inside.
EDGED = st.lists(
    st.tuples(
        st.floats(72.004, 137.8347) | st.sampled_from([72.004, 105.0, 137.8347]),
        st.floats(0.8293, 55.8271) | st.sampled_from([0.8293, 35.0, 55.8271]),
    ),
    min_size=1,
    max_size=20,
).map(np.array)


@given(EDGED)
def test_gcj02_there_and_back_returns_to_a_micrometre_up_to_the_edge(lonlat):
    assert apart_m(gcj02_to_wgs84(wgs84_to_gcj02(lonlat)), lonlat) <= 1e-6


@given(CHINA)
def test_gcj02_back_and_there_returns_to_a_micrometre(lonlat):
    assert apart_m(wgs84_to_gcj02(gcj02_to_wgs84(lonlat)), lonlat) <= 1e-6


@given(EDGED)
def test_bd09_there_and_back_returns_to_a_micrometre_up_to_the_edge(lonlat):
    assert apart_m(bd09_to_gcj02(gcj02_to_bd09(lonlat)), lonlat) <= 1e-6


@given(EDGED)
def test_bd09_back_and_there_returns_to_a_micrometre_up_to_the_edge(lonlat):
    assert apart_m(gcj02_to_bd09(bd09_to_gcj02(lonlat)), lonlat) <= 1e-6


@given(EDGED)
def test_baidus_degrees_of_a_true_place_come_back_to_a_micrometre(lonlat):
    shifted = gcj02_to_bd09(wgs84_to_gcj02(lonlat))
    assert apart_m(gcj02_to_wgs84(bd09_to_gcj02(shifted)), lonlat) <= 1e-6


@pytest.mark.parametrize("place", [(0.0, 0.0), (120.0, 90.0), (180.0, -90.0), (14.4, 50.1)])
def test_degrees_of_other_countries_are_not_shifted_back(place):
    assert gcj02_to_wgs84(np.array([place])).tolist() == [list(place)]


@pytest.mark.parametrize(
    ("given_code", "worked_in"), [(4528, 4549), (4513, 4534), (4533, 4554), (4499, 4510), (4549, 4549)]
)
def test_a_zone_number_is_taken_out_of_x(given_code, worked_in):
    assert working_crs(CRS.from_epsg(given_code)).to_epsg() == worked_in


def test_a_zone_number_is_taken_out_of_a_crs_without_code():
    own = CRS.from_proj4("+proj=tmerc +lat_0=0 +lon_0=120.5 +k=1 +x_0=40500000 +y_0=0 +ellps=GRS80 +units=m")
    eastings = [p.value for p in working_crs(own).coordinate_operation.params if p.name == "False easting"]
    assert eastings == [500_000]


@pytest.mark.parametrize(
    ("text", "code"), [("EPSG:4549", 4549), ("epsg:4490", 4490), ("EPSG:4549+5737", 4549)]
)
def test_a_code_is_understood(text, code):
    assert parse_crs(text).to_epsg() == code


@pytest.mark.parametrize(
    ("text", "name"), [("GCJ-02", "GCJ-02"), ("gcj02", "GCJ-02"), ("bd_09", "BD-09"), ("BD09LL", "BD-09")]
)
def test_shifted_degrees_are_declared_by_name(text, name):
    assert parse_crs(text) == name


def test_the_text_of_a_prj_file_is_known_by_its_code():
    assert parse_crs(CRS.from_wkt(CRS.from_epsg(4528).to_wkt("WKT1_ESRI"))).area_of_use is not None


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (120.7, 30.7, "EPSG:4490"),
        (40572344, 3403135, "EPSG:4528"),
        (20572344, 3403135, "EPSG:4498"),
        (13442700, 3600000, "EPSG:3857"),
    ],
)
def test_numbers_tell_what_they_look_like(x, y, code):
    assert code in " ".join(looks_like(x, y))


def test_a_crs_of_no_place_is_given_back_by_its_name():
    local = CRS.from_wkt('LOCAL_CS["Nonearth",UNIT["Meter",1]]')
    assert parse_crs(local) == "Nonearth"


def test_a_projection_that_nobody_knows_is_given_back_by_its_name():
    text = (
        TOWN.to_wkt("WKT1_GDAL")
        .replace("Transverse_Mercator", "Method_255")
        .replace('AUTHORITY["EPSG","4549"]', "")
    )
    unknown = CRS.from_wkt(text.replace(",]", "]").replace(TOWN.name, "ours"))
    assert parse_crs(unknown) == "ours"


def test_numbers_of_an_unprefixed_zone_tell_nothing():
    assert looks_like(*METRES) == []


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [(120.75, 30.75, 4549), (122.1, 30, 4550), (118.4, 29, 4548), (39.9, 59.2, 32637), (18.4, -33.9, 32734)],
)
def test_the_crs_that_suits_a_place_is_suggested(lon, lat, code):
    assert f"EPSG:{code}" in suggest_crs(lon, lat)


def test_a_crs_without_an_area_of_use_bounds_nothing():
    assert area_box(CRS.from_proj4("+proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80")) is None


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        (CRS.from_epsg(4490), "town_crs_degrees"),
        ("GCJ-02", "town_crs_degrees"),
        (CRS.from_epsg(3857), "town_crs_web_mercator"),
        (CRS.from_epsg(3395), "town_crs_web_mercator"),
        (CRS.from_epsg(2263), "town_crs_not_metres"),
        (CRS.from_epsg(2385), "town_crs_old_datum"),
        (CRS.from_epsg(2437), "town_crs_old_datum"),
        ("nonsense", "crs_unknown"),
        (None, "town_crs_missing"),
    ],
)
def test_a_crs_in_which_nothing_can_be_measured_is_no_towns(stated, code):
    assert town_crs_fault(stated, layer="town").code == code


@pytest.mark.parametrize("code", [4549, 4528, 32650, 32637])
def test_a_projected_crs_in_metres_can_be_the_towns(code):
    assert town_crs_fault(CRS.from_epsg(code), layer="town") is None


def test_a_town_in_degrees_is_told_the_crs_of_its_place():
    fault = town_crs_fault(CRS.from_epsg(4490), layer="town", frame=points((120.75, 30.75)))
    assert "EPSG:4549" in words(fault)["remedy"]


def test_a_town_in_degrees_with_layers_in_metres_is_told_the_crs_of_their_place():
    ground = points(METRES).set_crs(4549)
    assert "EPSG:4549" in words(town_crs_fault(CRS.from_epsg(4490), layer="town", frame=ground))["remedy"]


def test_a_town_in_degrees_with_layers_of_no_crs_in_metres_is_told_that_of_the_province():
    assert (
        "EPSG:4549"
        in words(town_crs_fault(CRS.from_epsg(4490), layer="town", frame=points(METRES)))["remedy"]
    )


def test_a_town_in_web_mercator_is_told_the_crs_of_its_place():
    fault = town_crs_fault(CRS.from_epsg(3857), layer="town", frame=points((1_603_000, 6_464_000)))
    assert "EPSG:32633" in words(fault)["remedy"]


def test_a_town_without_crs_is_told_what_its_numbers_look_like():
    fault = town_crs_fault(None, layer="town", frame=points((40572344, 3403135)))
    assert "EPSG:4528" in words(fault)["found"]


@pytest.mark.parametrize(
    ("stated", "pair"),
    [
        (CRS.from_epsg(4490), (120.7555, 30.7467)),
        (CRS.from_epsg(4528), (40572344.493, 3403135.493)),
        ("GCJ-02", tuple(GCJ02[0])),
        ("BD-09", tuple(BD09[0])),
        (TOWN, METRES),
    ],
)
def test_a_layer_is_brought_to_the_towns_metres(stated, pair):
    frame, _ = moved(stated, pair)
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx(METRES, abs=1e-3)


@pytest.mark.parametrize(
    ("stated", "pair", "code"),
    [
        (CRS.from_epsg(4490), (120.7555, 30.7467), "crs_changed"),
        ("GCJ-02", tuple(GCJ02[0]), "crs_unshifted"),
        (CRS.from_epsg(3857), (13442400, 3600000), "crs_changed_web_mercator"),
    ],
)
def test_a_change_of_coordinates_is_a_finding(stated, pair, code):
    assert codes(moved(stated, pair)[1]) == [code]


def test_a_layer_in_the_towns_crs_gives_no_finding():
    assert moved(TOWN, METRES)[1] == []


def test_the_same_crs_from_a_prj_file_gives_no_finding():
    stated = parse_crs(CRS.from_wkt(TOWN.to_wkt("WKT1_ESRI")))
    assert moved(stated, METRES)[1] == []


@pytest.mark.parametrize(
    ("stated", "pair", "code", "looks"),
    [
        (None, (40572344, 3403135), "crs_missing", "EPSG:4528"),
        (None, (120.7, 30.7), "crs_missing", "EPSG:4490"),
        (None, METRES, "crs_missing_zones", "CM 117E (EPSG:4548) = 117.76E 30.75N"),
        (None, METRES, "crs_missing_zones", "CM 120E (EPSG:4549) = 120.76E 30.75N"),
        (None, METRES, "crs_missing_zones", "CM 123E (EPSG:4550) = 123.76E 30.75N"),
        (None, METRES, "crs_missing_zones", "EPSG:4509"),
        (None, METRES, "crs_missing_zones", "EPSG:4510"),
        (None, (30.7, 120.7), "crs_missing_swapped", "EPSG:4490"),
        (None, (3403135, 40572344), "crs_missing_swapped", "EPSG:4528"),
        (None, METRES[::-1], "crs_missing_swapped", "EPSG:4549"),
        (None, (5.0, 5e7), "crs_missing_unknown", ""),
        (TOWN, (40572344, 3403135), "crs_contradicted", "EPSG:4528"),
        (TOWN, (120.7, 30.7), "crs_contradicted", "EPSG:4490"),
        (TOWN, (13442700, 3600000), "crs_contradicted", "EPSG:3857"),
        (TOWN, METRES[::-1], "crs_contradicted_swapped", "EPSG:4549"),
        (TOWN, (5.0, 5e7), "crs_contradicted_unknown", ""),
        (CRS.from_epsg(4490), METRES, "crs_contradicted_zones", "EPSG:4549"),
        (CRS.from_epsg(4490), (13442700, 3600000), "crs_contradicted", "EPSG:3857"),
        (CRS.from_epsg(4528), METRES, "crs_contradicted_zones", "EPSG:4549"),
        (CRS.from_epsg(3857), (120.7, 30.7), "crs_contradicted", "EPSG:4490"),
        (TOWN, (21285100, 3405000), "crs_contradicted", "EPSG:4499"),
        (CRS.from_epsg(4326), (30.7, 120.7), "crs_contradicted_swapped", "EPSG:4490"),
        ("GCJ-02", (30.7, 120.7), "crs_contradicted_swapped", "EPSG:4490"),
        ("GCJ-02", METRES, "crs_contradicted_zones", "EPSG:4549"),
    ],
)
def test_a_wrong_label_is_one_error_that_says_what_the_numbers_look_like(stated, pair, code, looks):
    _, found = moved(stated, pair, pair)
    assert codes(found) == [code]
    assert found[0].severity == "error"
    assert looks in words(found[0])["found"]


@pytest.mark.parametrize("code", [2385, 2364, 2437, 2416, 4214, 4610])
def test_old_datums_are_refused(code):
    assert codes(moved(CRS.from_epsg(code), METRES)[1]) == ["crs_old_datum"]


def test_a_crs_that_is_not_understood_is_an_error():
    assert codes(moved("nonsense", METRES)[1]) == ["crs_unknown"]


def test_one_stray_place_is_left_out_and_named():
    frame, found = moved(CRS.from_epsg(4490), (120.7, 30.7), (120.8, 30.7), (0.0, 0.0))
    assert len(frame) == 2
    assert (found[0].code, found[0].feature_id) == ("coordinates_outside", "2")


def test_an_empty_layer_without_crs_takes_the_towns():
    empty = gpd.GeoDataFrame({"id": []}, geometry=[])
    frame, found = to_town_crs(empty, stated=None, crs=TOWN, layer="parcels", ids=[])
    assert (frame.crs, found) == (TOWN, [])


def test_coordinates_that_become_infinite_are_an_error():
    far = CRS.from_proj4("+proj=gnom +lat_0=0 +lon_0=0 +ellps=GRS80")
    frame, found = moved(CRS.from_epsg(4326), (179.0, 0.0), crs=far)
    assert codes(found) == ["crs_not_finite"]
    assert shapely.get_x(frame.geometry[0]) == 179.0


def test_the_layer_given_is_not_changed():
    frame = points((120.7, 30.7))
    before = frame.to_wkb()
    to_town_crs(frame, stated=CRS.from_epsg(4490), crs=TOWN, layer="gates", ids=["0"])
    assert frame.to_wkb().equals(before)
    assert frame.crs is None
