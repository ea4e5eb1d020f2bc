"""Coordinates that are not what they are said to be."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from faulty import Faults, places, town
from town_layers import good_layers

from fengmao_geo.geo.shifted import gcj02_to_bd09, wgs84_to_gcj02
from fengmao_geo.town.sample import sample_folder

FAULTS = Faults()
of = FAULTS.of

GOOD = good_layers()
PLACES = GOOD["facilities"]
XIAN, BEIJING = 2385, 2437


def called(frame, code):
    """Say of a layer that it is in another CRS, and leave its numbers."""
    return frame.set_crs(code, allow_override=True)


def swapped(frame):
    turned = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    return frame.set_geometry(gpd.GeoSeries(turned, index=frame.index, crs=frame.crs))


def numbers(frame, change):
    return frame.set_geometry(
        gpd.GeoSeries(shapely.transform(frame.geometry.to_numpy(), change), crs=frame.crs)
    )


# Mislabelled.


@of("crs_contradicted", "EPSG:4549", layer="facilities")
def metres_called_degrees(folder):
    return town(folder, facilities=called(PLACES, 4490))


@of("crs_contradicted", "EPSG:4490", layer="facilities")
def degrees_called_metres(folder):
    return town(folder, facilities=called(PLACES.to_crs(4490), 4549))


@of("crs_contradicted", "EPSG:4528", layer="facilities")
def zone_number_in_x_called_none(folder):
    return town(folder, facilities=called(PLACES.to_crs(4528), 4549))


@of("crs_contradicted", "EPSG:4549", layer="facilities")
def no_zone_number_in_x_called_one(folder):
    return town(folder, facilities=called(PLACES, 4528))


@of("crs_contradicted_swapped", "EPSG:4549", layer="facilities")
def axes_swapped_in_metres(folder):
    return town(folder, facilities=swapped(PLACES))


@of("crs_contradicted_swapped", "EPSG:4490", layer="facilities")
def axes_swapped_in_degrees(folder):
    return town(folder, facilities=swapped(PLACES.to_crs(4490)))


@of("layer_elsewhere_looks", "EPSG:4510", layer="facilities")
def zone_of_six_degrees_called_three(folder):
    return town(folder, facilities=called(PLACES.to_crs(4510), 4549))


@of("layer_elsewhere_looks", "EPSG:4549", layer="facilities")
def zone_beside_called_this_one(folder):
    return town(folder, facilities=called(PLACES, 4550))


@of("crs_contradicted", "EPSG:3857", layer="facilities")
def web_mercator_called_metres(folder):
    return town(folder, facilities=called(PLACES.to_crs(3857), 4549))


@of("built_up_elsewhere", "EPSG:4510", layer="built_up")
def built_up_of_another_zone(folder):
    return town(folder, built_up=called(GOOD["built_up"].to_crs(4510), 4549))


@of("layer_elsewhere", "facilities", layer="facilities")
def places_of_another_town(folder):
    return town(folder, facilities=numbers(PLACES, lambda xy: np.add(xy, [0, 90_000])))


# Missing.


@of("crs_missing", "EPSG:4549", "x=572", layer="facilities")
def no_crs_beside_layers_that_tell(folder):
    return town(folder, facilities=PLACES.set_crs(None, allow_override=True))


@of("crs_missing", "EPSG:4528", layer="facilities")
def no_crs_and_a_zone_number(folder):
    return town(folder, facilities=PLACES.to_crs(4528).set_crs(None, allow_override=True))


@of("crs_missing_swapped", "EPSG:4490", layer="facilities")
def no_crs_and_axes_swapped(folder):
    return town(folder, facilities=swapped(PLACES.to_crs(4490)).set_crs(None, allow_override=True))


@of("crs_missing_unknown", "x=5", layer="facilities")
def no_crs_and_numbers_of_no_place(folder):
    far = numbers(PLACES.set_crs(None, allow_override=True), lambda xy: np.full_like(xy, [5.0, 5e7]))
    return town(folder, facilities=far)


@of("crs_missing", "EPSG:4549", layer="gates")
def no_crs_but_that_of_a_drawing_board(folder):
    # MapInfo's CoordSys NonEarth, as of what was drawn in CAD.
    frame = places().rename(columns={"名称": "name", "层数": "n"})
    pyogrio.write_dataframe(frame, folder / "门.mif", driver="MapInfo File", encoding="GBK")
    lines = (folder / "门.mif").read_bytes().split(b"\n")
    local = [b'CoordSys NonEarth Units "m"' if line.startswith(b"CoordSys") else line for line in lines]
    (folder / "门.mif").write_bytes(b"\n".join(local))
    return town(folder, '[layers.gates]\npath = "门.mif"\n')


@of("crs_unknown", "EPSG:4549", layer="gates")
def projection_that_nobody_knows(folder):
    frame = places().rename(columns={"名称": "name", "层数": "n"})
    pyogrio.write_dataframe(frame, folder / "门.mif", driver="MapInfo File", encoding="GBK")
    whole = (folder / "门.mif").read_bytes()
    (folder / "门.mif").write_bytes(whole.replace(b"Projection 8,", b"Projection 833,"))
    return town(folder, '[layers.gates]\npath = "门.mif"\n')


@of("crs_unknown", "浙江城建坐标", layer="facilities")
def crs_of_a_name_that_nobody_knows(folder):
    return town(folder, said={"facilities": 'crs = "浙江城建坐标"'})


# Old datums, and shifted degrees.


@of("crs_old_datum", "Xian 1980", layer="facilities")
def xian_1980_comes_back_unchanged(folder):
    return town(folder, facilities=called(PLACES, XIAN))


@of("crs_old_datum", "Beijing 1954", layer="facilities")
def beijing_1954_comes_back_unchanged(folder):
    return town(folder, facilities=called(PLACES, BEIJING))


@of("crs_old_datum_moved", "Xian 1980", severity="repaired", layer="facilities")
def xian_1980_with_parameters(folder):
    near = called(PLACES, XIAN)
    return town(folder, '[datums."Xian 1980"]\ndx_m = 0.0\ndy_m = 0.0\ndz_m = 0.0\n', facilities=near)


@of("datum_unknown", "Wenzhou 1954", layer="town.toml")
def parameters_of_an_unknown_datum(folder):
    return town(folder, '[datums."Wenzhou 1954"]\ndx_m = 0.0\ndy_m = 0.0\ndz_m = 0.0\n')


@of("datum_parameters", "Xian 1980", layer="town.toml")
def parameters_that_are_neither_three_nor_seven(folder):
    return town(folder, '[datums."Xian 1980"]\ndx_m = 0.0\ndy_m = 0.0\nscale_ppm = 1.0\n')


@of("crs_unshifted", "GCJ-02", severity="repaired", layer="facilities")
def points_of_amap_that_are_declared(folder):
    degrees = numbers(PLACES.to_crs(4490), wgs84_to_gcj02)
    return town(folder, facilities=degrees, said={"facilities": 'crs = "GCJ-02"'})


@of("crs_unshifted", "BD-09", severity="repaired", layer="facilities")
def points_of_baidu_that_are_declared(folder):
    degrees = numbers(PLACES.to_crs(4490), lambda xy: gcj02_to_bd09(wgs84_to_gcj02(xy)))
    return town(folder, facilities=degrees, said={"facilities": 'crs = "BD-09"'})


@of("shift_suspected", "GCJ-02", severity="warning", layer="buildings")
def houses_of_amap_that_are_not_declared(folder):
    base = sample_folder() / "shuixiang.gpkg"
    layers = {name: gpd.read_file(base, layer=name) for name in ("built_up", "streets", "buildings")}
    shifted = numbers(layers["buildings"].to_crs(4490), wgs84_to_gcj02).to_crs(4549)
    return town(folder, **(layers | {"buildings": shifted, "facilities": None}))


# A town's own CRS.


@of("town_crs_degrees", "EPSG:4490", "EPSG:4549", layer="town")
def town_in_degrees(folder):
    return town(folder, head='crs = "EPSG:4490"')


@of("town_crs_web_mercator", "EPSG:3857", layer="town")
def town_in_web_mercator_of_areas_too_large(folder):
    return town(folder, head='crs = "EPSG:3857"')


@of("town_crs_old_datum", "Xian 1980", layer="town")
def town_of_an_old_datum(folder):
    return town(folder, head='crs = "EPSG:2384"')


@of("town_crs_not_metres", "EPSG:2263", layer="town")
def town_in_feet(folder):
    return town(folder, head='crs = "EPSG:2263"')


@of("crs_unknown", "EPSG:99999", layer="town")
def town_of_no_known_crs(folder):
    return town(folder, head='crs = "EPSG:99999"')


@of("town_crs_area_scale", "EPSG:4548", severity="warning", layer="town")
def town_two_zones_off_of_areas_too_large(folder):
    layers = {name: layer.to_crs(4548) for name, layer in GOOD.items()}
    return town(folder, head='crs = "EPSG:4548"', **layers)


@of("crs_unprefixed", "EPSG:4549", severity="repaired", layer="town")
def town_with_a_zone_number_loses_digits(folder):
    layers = {name: layer.to_crs(4528) for name, layer in GOOD.items()}
    return town(folder, head='crs = "EPSG:4528"', **layers)


# What is brought over, and told.


@of("crs_changed", "EPSG:4490", severity="repaired", layer="facilities")
def layer_in_degrees(folder):
    return town(folder, facilities=PLACES.to_crs(4490))


@of("crs_changed_web_mercator", "EPSG:3857", severity="warning", layer="facilities")
def layer_in_web_mercator(folder):
    return town(folder, facilities=PLACES.to_crs(3857))


@of("crs_overridden", "EPSG:4549", severity="warning", layer="facilities")
def crs_of_the_file_and_of_town_toml_differ(folder):
    return town(folder, facilities=called(PLACES, 4490), said={"facilities": 'crs = "EPSG:4549"'})


@of("coordinates_outside", "f3", severity="excluded", layer="facilities")
def one_place_of_many_at_the_origin(folder):
    stray = gpd.GeoDataFrame(
        {"id": ["f3"], "facility_type": ["park"]}, geometry=[shapely.Point(0, 0)], crs=4549
    )
    return town(folder, facilities=pd.concat([PLACES, stray], ignore_index=True))
