"""Beijing 1954 and Xian 1980: refused, or moved by the user's own parameters as worked out with matrices."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from town_layers import codes, good_layers

from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.geo.crs import to_town_crs
from fengmao_geo.geo.datum import DatumShift, datum_shifts, old_datum, to_cgcs2000
from fengmao_geo.town.read import read_town

# Semi-major axis and flattening: Krassowsky 1940, IAG 1975, CGCS2000.
KRASSOWSKY, IAG, CGCS2000 = (
    (6_378_245.0, 1 / 298.3),
    (6_378_140.0, 1 / 298.257),
    (6_378_137.0, 1 / 298.257222101),
)
SEVEN = {
    "dx_m": 15.6,
    "dy_m": -115.3,
    "dz_m": -78.1,
    "rx_sec": 0.6,
    "ry_sec": -1.1,
    "rz_sec": 2.7,
    "scale_ppm": -3.4,
}
THREE = {"dx_m": 15.6, "dy_m": -115.3, "dz_m": -78.1}
FOUR = {"dx_m": -2.4, "dy_m": 117.5, "rotation_sec": 1.8, "scale_ppm": 4.2}
TOWN = CRS.from_epsg(4549)


def geocentric(lon, lat, ellipsoid):
    """Turn degrees at no height into metres from the middle of the earth, by hand."""
    a, f = ellipsoid
    lon, lat, ee = np.radians(lon), np.radians(lat), f * (2 - f)
    n = a / np.sqrt(1 - ee * np.sin(lat) ** 2)
    return np.array(
        [n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - ee) * np.sin(lat)]
    )


def degrees(xyz, ellipsoid):
    """Turn metres from the middle of the earth into degrees, by rounds until they stand still."""
    a, f = ellipsoid
    (x, y, z), ee = xyz, f * (2 - f)
    lat = np.arctan2(z, np.hypot(x, y))
    for _ in range(50):
        n = a / np.sqrt(1 - ee * np.sin(lat) ** 2)
        lat = np.arctan2(z + ee * n * np.sin(lat), np.hypot(x, y))
    return np.degrees([np.arctan2(y, x), lat])


def by_matrix(lon, lat, ellipsoid, p):
    """Apply three or seven parameters with the rotation of the coordinate frame."""
    rx, ry, rz = (np.radians(p.get(name, 0.0) / 3600) for name in ("rx_sec", "ry_sec", "rz_sec"))
    frame = np.array([[1, rz, -ry], [-rz, 1, rx], [ry, -rx, 1]])
    scale = 1 + p.get("scale_ppm", 0.0) / 1e6
    moved = np.array([p["dx_m"], p["dy_m"], p["dz_m"]]) + scale * frame @ geocentric(lon, lat, ellipsoid)
    return degrees(moved, CGCS2000)


def places(*pairs):
    return gpd.GeoDataFrame(
        {"id": [str(i) for i in range(len(pairs))]}, geometry=gpd.points_from_xy(*zip(*pairs, strict=True))
    )


def moved(pair, code, parameters, crs=TOWN):
    frame = places(pair)
    return to_town_crs(
        frame, stated=CRS.from_epsg(code), crs=crs, layer="gates", ids=["0"], shift=DatumShift(**parameters)
    )


def found_codes(found):
    return [finding.code for finding in found]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (2437, "Beijing 1954"),
        (2416, "Beijing 1954"),
        (4214, "Beijing 1954"),
        (2385, "Xian 1980"),
        (4610, "Xian 1980"),
        (4555, "New Beijing"),
        (4549, ""),
        (32651, ""),
    ],
)
def test_an_old_datum_is_known_by_its_name(code, name):
    assert old_datum(CRS.from_epsg(code)) == name


@pytest.mark.parametrize("code", [2437, 2385])
def test_an_old_datum_is_known_from_a_prj_file(code):
    assert old_datum(CRS.from_wkt(CRS.from_epsg(code).to_wkt("WKT1_ESRI")))


@pytest.mark.parametrize("code", [2437, 2416, 4214, 2385, 2364, 4610])
def test_without_parameters_an_old_datum_is_refused_with_what_to_write(code):
    frame = places((572_344.0, 3_403_135.0))
    _, found = to_town_crs(frame, stated=CRS.from_epsg(code), crs=TOWN, layer="gates", ids=["0"])
    assert found_codes(found) == ["crs_old_datum"]
    assert '[datums."Xian 1980"]' in found[0].words("en")["remedy"]


# three and seven parameters


@pytest.mark.parametrize(("code", "ellipsoid"), [(4214, KRASSOWSKY), (4610, IAG)])
@pytest.mark.parametrize("parameters", [THREE, SEVEN], ids=["three", "seven"])
def test_degrees_move_as_worked_out_with_matrices(code, ellipsoid, parameters):
    frame, _ = moved((120.7555, 30.7467), code, parameters, crs=CRS.from_epsg(4490))
    expected = by_matrix(120.7555, 30.7467, ellipsoid, parameters)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(
    ("code", "degrees_code", "ellipsoid"),
    [(2437, 4214, KRASSOWSKY), (2416, 4214, KRASSOWSKY), (2385, 4610, IAG), (2364, 4610, IAG)],
)
def test_metres_of_an_old_zone_land_in_the_towns_crs(code, degrees_code, ellipsoid):
    pair = Transformer.from_crs(degrees_code, code, always_xy=True).transform(120.7555, 30.7467)
    frame, found = moved(pair, code, SEVEN)
    lonlat = by_matrix(120.7555, 30.7467, ellipsoid, SEVEN)
    expected = Transformer.from_crs(4490, 4549, always_xy=True).transform(*lonlat)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(expected, abs=1e-4)
    assert frame.crs == TOWN
    assert found_codes(found) == ["crs_old_datum_moved"]


@settings(max_examples=25)
@given(
    st.floats(118, 122.5),
    st.floats(27, 31.5),
    st.fixed_dictionaries(
        {name: st.floats(-300, 300) for name in ("dx_m", "dy_m", "dz_m")}
        | {name: st.floats(-10, 10) for name in ("rx_sec", "ry_sec", "rz_sec", "scale_ppm")}
    ),
)
def test_any_seven_parameters_agree_with_matrices_anywhere_in_zhejiang(lon, lat, parameters):
    frame, _ = moved((lon, lat), 4610, parameters, crs=CRS.from_epsg(4490))
    expected = by_matrix(lon, lat, IAG, parameters)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(expected, abs=1e-11)


def test_the_other_convention_of_rotation_would_land_elsewhere():
    # So that the sign is held: with rotations of the opposite sign the place is metres away.
    other = SEVEN | {name: -SEVEN[name] for name in ("rx_sec", "ry_sec", "rz_sec")}
    lon, lat = by_matrix(120.7555, 30.7467, IAG, SEVEN) - by_matrix(120.7555, 30.7467, IAG, other)
    assert np.hypot(lon, lat) * 111_000 > 50


def test_a_new_layer_keeps_its_features_and_the_one_given_is_not_changed():
    frame = places((120.7555, 30.7467))
    before = frame.to_wkb()
    after, _ = to_cgcs2000(frame, stated=CRS.from_epsg(4610), shift=DatumShift(**SEVEN), layer="gates")
    assert after["id"].tolist() == ["0"]
    assert frame.to_wkb().equals(before)


def test_an_empty_layer_moves_without_a_word():
    empty = gpd.GeoDataFrame({"id": []}, geometry=[])
    frame, found = to_cgcs2000(empty, stated=CRS.from_epsg(4610), shift=DatumShift(**THREE), layer="gates")
    assert (len(frame), found) == (0, [])


def test_coordinates_that_cannot_be_of_the_old_zone_are_told_before_they_are_moved():
    _, found = moved((120.7, 30.7), 2437, SEVEN)
    assert found_codes(found) == ["crs_contradicted"]


# four parameters in the plane


def by_plane(east, north):
    turn, scale = np.radians(1.8 / 3600), 1 + 4.2e-6
    x = -2.4 + scale * (north * np.cos(turn) - east * np.sin(turn))
    y = 117.5 + scale * (north * np.sin(turn) + east * np.cos(turn))
    return y, x


@pytest.mark.parametrize("code", [2437, 2385])
def test_four_parameters_turn_the_plane_with_x_to_the_north(code):
    frame, _ = moved((572_344.0, 3_403_135.0), code, FOUR)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(
        by_plane(572_344.0, 3_403_135.0), abs=1e-6
    )


def test_four_parameters_do_not_see_the_zones_number():
    frame, _ = moved((40_572_344.0, 3_403_135.0), 2364, FOUR)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(
        by_plane(572_344.0, 3_403_135.0), abs=1e-6
    )


def test_four_parameters_of_a_zone_land_in_the_same_zone_before_the_towns():
    frame, _ = moved((285_000.0, 3_405_000.0), 2386, FOUR | {"rotation_sec": 0.0, "scale_ppm": 0.0})  # 123E
    expected = Transformer.from_crs(4550, 4549, always_xy=True).transform(285_117.5, 3_404_997.6)
    assert shapely.get_coordinates(frame.geometry)[0] == pytest.approx(expected, abs=1e-6)


def test_a_zone_that_is_in_no_list_has_its_twin_too():
    own = CRS.from_json_dict(
        {
            key: value
            for key, value in CRS.from_epsg(2385).to_json_dict().items()
            if key not in ("id", "area", "bbox", "scope")
        }
        | {"conversion": _conversion(120.5)}
    )
    shift = DatumShift(-2.4, 117.5, rotation_sec=0.0)
    frame, _ = to_cgcs2000(places((500_000.0, 3_403_000.0)), stated=own, shift=shift, layer="gates")
    lon, _ = Transformer.from_crs(frame.crs, 4490, always_xy=True).transform(500_000.0, 3_402_997.6)
    assert lon == pytest.approx(120.5, abs=1e-9)
    assert frame.crs.ellipsoid.inverse_flattening == pytest.approx(298.257222101)


def _conversion(meridian):
    conversion = CRS.from_epsg(2385).to_json_dict()["conversion"]
    conversion.pop("id", None)
    for parameter in conversion["parameters"]:
        if parameter["name"] == "Longitude of natural origin":
            parameter["value"] = meridian
    return conversion


def test_four_parameters_are_refused_for_degrees():
    _, found = moved((120.7555, 30.7467), 4610, FOUR)
    assert found_codes(found) == ["datum_plane_degrees"]


# what is said of it


def test_the_finding_names_the_parameters_and_how_far_the_layer_went():
    _, found = moved((500_000.0, 3_403_000.0), 2385, FOUR | {"rotation_sec": 0.0, "scale_ppm": 0.0})
    done = found[0].words("en")["done"]
    assert "dx_m = -2.4, dy_m = 117.5, rotation_sec = 0" in done
    assert "117.5 m to the east and -2.4 m to the north" in done


@pytest.mark.parametrize("code", [4610, 2385, 2364])
def test_the_way_of_seven_parameters_is_measured_in_the_plane(code):
    pair = Transformer.from_crs(4610, code, always_xy=True).transform(120.7555, 30.7467)
    _, found = moved(pair, code, SEVEN)
    before = Transformer.from_crs(4610, 2385, always_xy=True).transform(120.7555, 30.7467)
    after = Transformer.from_crs(4490, 4549, always_xy=True).transform(
        *by_matrix(120.7555, 30.7467, IAG, SEVEN)
    )
    told = [found[0].values["east_m"], found[0].values["north_m"]]
    # In degrees the grid of the zone, which is turned by 0.4 degrees here, and its size do not come in.
    assert told == pytest.approx(np.subtract(after, before), abs=12 if code == 4610 else 0.02)


# town.toml


@pytest.mark.parametrize("name", ["Xian 1980", "xian1980", "XIAN_1980"])
def test_the_name_of_a_datum_may_be_written_with_or_without_spaces(name):
    shifts, found = datum_shifts({name: THREE}, layer="town.toml")
    assert (list(shifts), found) == (["Xian 1980"], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"dx_m": 1.0, "dy_m": 2.0},
        THREE | {"rx_sec": 1.0},
        SEVEN | {"rotation_sec": 1.0},
        {name: SEVEN[name] for name in SEVEN if name != "scale_ppm"},
        FOUR | {"dz_m": 1.0},
        THREE | {"dx_m": float("nan")},
        THREE | {"dx_m": float("inf")},
    ],
)
def test_parameters_that_are_not_three_four_or_seven_are_an_error(wrong):
    shifts, found = datum_shifts({"Xian 1980": wrong}, layer="town.toml")
    assert (shifts, found_codes(found)) == ({}, ["datum_parameters"])


def test_a_datum_that_is_not_known_is_an_error_that_lists_those_there_are():
    _, found = datum_shifts({"WGS 72": THREE}, layer="town.toml")
    assert found_codes(found) == ["datum_unknown"]
    assert "Beijing 1954" in found[0].words("en")["remedy"]


def test_a_datum_that_is_given_twice_is_an_error():
    _, found = datum_shifts({"Xian 1980": THREE, "xian1980": FOUR}, layer="town.toml")
    assert found_codes(found) == ["datum_twice"]


HEAD = '[town]\nname = "T"\ncrs = "EPSG:4549"\n'


@pytest.fixture
def folder(tmp_path):
    """Write a town whose gates are in Beijing 1954."""
    lines = []
    for name, layer in good_layers().items():
        layer.to_file(tmp_path / "t.gpkg", layer=name)
        lines.append(f'[layers.{name}]\npath = "t.gpkg"\nlayer = "{name}"\n')
    (tmp_path / "gates.csv").write_text("id,x,y\n1,572344.0,3403135.0\n", encoding="utf-8")
    lines.append('[layers.gates]\npath = "gates.csv"\ncrs = "EPSG:2437"\nx = "x"\ny = "y"\n')

    def write(more, head=HEAD):
        (tmp_path / "town.toml").write_text(head + "".join(lines) + more, encoding="utf-8")
        return tmp_path

    return write


def datum_table(parameters, name="Beijing 1954"):
    return f'[datums."{name}"]\n' + "".join(f"{key} = {value}\n" for key, value in parameters.items())


def refused(path):
    with pytest.raises(TownError) as caught:
        read_town(path)
    return caught.value


def test_a_layer_is_moved_by_the_parameters_of_the_towns_file(folder):
    made = read_town(folder(datum_table(FOUR)))
    place = made["gates"].geometry[0]
    assert (place.x, place.y) == pytest.approx(by_plane(572_344.0, 3_403_135.0), abs=1e-3)
    assert codes(made, "gates") == ["crs_old_datum_moved"]


def test_seven_parameters_of_the_towns_file_are_used(folder):
    place = read_town(folder(datum_table(SEVEN)))["gates"].geometry[0]
    lonlat = Transformer.from_crs(2437, 4214, always_xy=True).transform(572_344.0, 3_403_135.0)
    lonlat = by_matrix(*lonlat, KRASSOWSKY, SEVEN)
    expected = Transformer.from_crs(4490, 4549, always_xy=True).transform(*lonlat)
    assert (place.x, place.y) == pytest.approx(expected, abs=1e-3)


def test_parameters_of_another_datum_do_not_help(folder):
    assert codes(refused(folder(datum_table(SEVEN, "Xian 1980")))) == ["crs_old_datum"]


def test_wrong_parameters_and_the_layer_they_fail_are_told_at_once(folder):
    error = refused(folder(datum_table({"dx_m": 1, "dy_m": 2})))
    assert codes(error) == ["crs_old_datum", "datum_parameters"]


def test_a_town_in_an_old_datum_is_told_a_crs_and_how_its_layers_may_stay(folder):
    error = refused(folder(datum_table(FOUR), HEAD.replace("4549", "2437")))
    found = translate_findings(error.findings, lang="en").set_index("code")
    assert "EPSG:4549" in found.loc["town_crs_old_datum", "remedy"]
    assert "[datums]" in found.loc["town_crs_old_datum", "remedy"]
