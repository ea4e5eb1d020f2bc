"""Names, values and codes that mean something else, or nothing."""

from __future__ import annotations

import pandas as pd
import shapely
from faulty import Faults, read_folder, town
from town_layers import frame, good_layers, line, square

FAULTS = Faults()
of = FAULTS.of

GOOD = good_layers()
HOUSES, PLACES, STREETS = GOOD["buildings"], GOOD["facilities"], GOOD["streets"]
DAMAGE = "{{7*7}} {x}"


def parcels(**columns):
    return frame([square(10 + 60 * i, 700, 50) for i in range(3)], id=["p1", "p2", "p3"], **columns)


def communities(*names, people=None):
    shapes = [square(500 * i, 0, 500) for i in range(len(names))]
    return frame(
        shapes,
        id=[f"c{i}" for i in range(len(names))],
        社区名称=list(names),
        **({"people": people} if people else {}),
    )


def joined(folder, text, *, by="村社区", more=""):
    (folder / "人口.csv").write_text(text, encoding="utf-8")
    toml = f'[layers.communities.join]\npath = "人口.csv"\nby = "{by}"\n{more}'
    layers = {"communities": communities("红旗社区", "梅泾社区"), "buildings": HOUSES.drop(columns="people")}
    return town(folder, toml, **layers)


# Columns.


@of("field_not_found", "层高", "use", layer="buildings")
def column_stated_that_is_not_there(folder):
    return town(folder, said={"buildings": 'fields = {floor_count = "层高"}'})


@of("field_unknown", "floors", layer="buildings")
def column_of_no_known_name_stated(folder):
    return town(folder, said={"buildings": 'fields = {floors = "floor_count"}'})


@of("field_twice", "楼层", severity="warning", layer="buildings")
def two_columns_of_one_meaning(folder):
    return town(folder, buildings=HOUSES.assign(楼层=[1, 1, 1]))


@of("field_missing", "设施类型", severity="warning", layer="facilities")
def facilities_without_a_type(folder):
    return town(folder, facilities=PLACES.drop(columns="facility_type"))


@of("field_cut", "facility_t", severity="warning", layer="facilities")
def column_cut_to_ten_bytes_by_a_shapefile(folder):
    return town(folder, facilities=PLACES.rename(columns={"facility_type": "facility_t"}))


@of("id_missing", "2", layer="buildings")
def id_that_is_missing(folder):
    return town(folder, buildings=HOUSES.assign(id=["b1", None, "b3"]))


@of("id_twice", "b1", layer="buildings")
def id_that_occurs_twice(folder):
    return town(folder, buildings=HOUSES.assign(id=["b1", "b1", "b3"]))


@of("layer_unknown", "dragon", layer="dragon")
def layer_of_no_known_name(folder):
    return town(folder, '[layers.dragon]\npath = "streets.gpkg"\n')


@of("layer_twice", "道路", layer="streets")
def layer_stated_twice(folder):
    return town(folder, '[layers."道路"]\npath = "streets.gpkg"\n')


@of("layer_missing", layer="streets")
def required_layer_that_is_missing(folder):
    return town(folder, streets=None)


@of("layer_missing_dwellings", "parcels", layer="buildings")
def nothing_to_live_in(folder):
    return town(folder, buildings=None)


@of("layer_empty", layer="streets")
def required_layer_that_holds_nothing(folder):
    return town(folder, streets=STREETS.iloc[:0])


@of("layer_has_none", severity="warning", layer="facilities")
def layer_that_holds_nothing(folder):
    return town(folder, facilities=PLACES.iloc[:0])


# Values.


@of("value_unknown", "{{7*7}} {x}", severity="warning", layer="streets")
def word_that_would_run_in_a_template(folder):
    return town(folder, streets=STREETS.assign(street_class=["main", DAMAGE]))


@of("number_read", "1,200人", severity="repaired", layer="buildings")
def number_written_as_text(folder):
    return town(folder, buildings=HOUSES.assign(people=["1,200人", "30", "0"]))


@of("number_not_stated", "—", severity="warning", layer="buildings")
def dash_for_a_number(folder):
    return town(folder, buildings=HOUSES.assign(people=["—", "30", "0"]))


@of("number_unreadable", "很多", severity="warning", layer="buildings")
def word_for_a_number(folder):
    return town(folder, buildings=HOUSES.assign(people=["很多", "30", "0"]))


@of("number_about", "约30", severity="warning", layer="buildings")
def round_figure(folder):
    return town(folder, buildings=HOUSES.assign(people=["约30", "30", "0"]))


@of("number_negative", "b1", layer="buildings")
def negative_people(folder):
    return town(folder, buildings=HOUSES.assign(people=[-1.0, 2.0, 3.0]))


@of("facility_type_unknown", "祠堂啊", severity="warning", layer="facilities")
def facility_of_no_known_type(folder):
    return town(folder, facilities=PLACES.assign(facility_type=["park", "祠堂啊"]))


@of("surveyed_type_unknown", "祠堂啊", layer="town")
def surveyed_type_of_no_known_name(folder):
    return town(folder, head='crs = "EPSG:4549"\nsurveyed_types = ["祠堂啊"]')


# Land codes: 0601 is industry in one scheme, a rural road in another.


@of("land_scheme_missing", "3", severity="warning", layer="parcels")
def codes_without_their_scheme(folder):
    return town(folder, parcels=parcels(地类编码=["0601", "0701", "0101"]))


@of("land_code_unknown", "9999", severity="warning", layer="parcels")
def code_that_the_scheme_does_not_know(folder):
    return town(
        folder, parcels=parcels(地类编码=["9999", "0701", "0101"]), said={"parcels": 'codes = "sandiao"'}
    )


@of("land_code_zero", "601", severity="repaired", layer="parcels")
def code_that_excel_took_the_zero_of(folder):
    return town(
        folder, parcels=parcels(地类编码=["601", "701", "101"]), said={"parcels": 'codes = "sandiao"'}
    )


@of("land_code_named", severity="repaired", layer="parcels")
def name_in_place_of_the_code(folder):
    return town(
        folder, parcels=parcels(地类编码=["0601", "0701", "水田"]), said={"parcels": 'codes = "sandiao"'}
    )


@of("toml_value", "codes", layer="town.toml")
def scheme_of_no_known_name(folder):
    return town(folder, parcels=parcels(地类编码=["0601"] * 3), said={"parcels": 'codes = "gb2017"'})


# Tables that are joined by name.


@of("join_unmatched", "梅径社区", severity="excluded", layer="communities")
def name_that_misses_by_a_letter(folder):
    return joined(folder, "村社区,常住人口\n红旗社区,1200\n梅径社区,800\n")


@of("join_twice", "红旗社区", severity="excluded", layer="communities")
def two_rows_of_one_name(folder):
    return joined(folder, "村社区,常住人口\n红旗社区,1200\n红旗社区,800\n")


@of("join_sums", "合计", severity="excluded", layer="communities")
def row_that_is_a_sum(folder):
    return joined(folder, "村社区,常住人口\n红旗社区,1200\n梅泾社区,800\n合计,2000\n")


@of("join_blank", "2", severity="excluded", layer="communities")
def row_without_a_name(folder):
    return joined(folder, "村社区,常住人口\n红旗社区,1200\n,800\n")


@of("join_column_missing", "社区名", layer="communities")
def column_of_names_that_is_not_there(folder):
    return joined(folder, "村社区,常住人口\n红旗社区,1200\n", by="社区名")


# People.


@of("people_absent", "people_total", severity="warning", layer="buildings")
def nobody_counted(folder):
    return town(folder, buildings=HOUSES.drop(columns="people"))


@of("people_missing", severity="warning", layer="buildings")
def some_not_counted(folder):
    return town(folder, buildings=HOUSES.assign(people=[None, 30.0, 0.0]))


@of("people_unplaced", "9", severity="warning", layer="communities")
def people_where_there_is_no_dwelling(folder):
    counted = communities("红旗社区", "梅泾社区", people=[1200.0, 900.0])
    return town(folder, communities=counted, buildings=HOUSES.drop(columns="people"))


@of("dwellings_all_buildings", severity="warning", layer="buildings")
def buildings_without_a_use(folder):
    return town(folder, buildings=HOUSES.drop(columns="use"))


# Geometry.


def with_shape(layer, at, shape):
    shapes = layer.geometry.to_list()
    shapes[at] = shape
    return layer.set_geometry(
        pd.Series(shapes, index=layer.index, dtype=object).pipe(lambda of: frame(of).geometry)
    )


@of("geometry_repaired", "b3", severity="repaired", layer="buildings")
def bow_tie_of_which_buffer_0_keeps_half(folder):
    bow = shapely.Polygon(
        [(572_300, 3_403_100), (572_320, 3_403_120), (572_320, 3_403_100), (572_300, 3_403_120)]
    )
    return town(folder, buildings=with_shape(HOUSES, 2, bow))


@of("geometry_null", "b3", severity="excluded", layer="buildings")
def feature_without_geometry(folder):
    return town(folder, buildings=with_shape(HOUSES, 2, None))


@of("geometry_empty", "b3", severity="excluded", layer="buildings")
def feature_of_empty_geometry(folder):
    return town(folder, buildings=with_shape(HOUSES, 2, shapely.Polygon()))


@of("geometry_kind", "b3", severity="excluded", layer="buildings")
def line_among_polygons(folder):
    return town(folder, buildings=with_shape(HOUSES, 2, line((0, 0), (5, 5))))


@of("geometry_parts", "b3", severity="repaired", layer="buildings")
def polygon_and_line_in_one(folder):
    both = shapely.GeometryCollection([square(300, 100, 20), line((0, 0), (5, 5))])
    return town(folder, buildings=with_shape(HOUSES, 2, both))


@of("geometry_thin", "b3", severity="excluded", layer="buildings")
def polygon_thinner_than_a_millimetre(folder):
    x, y = 572_300, 3_403_100
    thin = shapely.Polygon([(x, y), (x + 20, y), (x + 20, y + 0.0002), (x, y + 0.0002)])
    return town(folder, buildings=with_shape(HOUSES, 2, thin))


@of("z_dropped", "3", severity="repaired", layer="buildings")
def heights_in_the_geometry(folder):
    return town(
        folder,
        buildings=HOUSES.set_geometry(frame(shapely.force_3d(HOUSES.geometry.to_numpy(), 4.0)).geometry),
    )


@of("overlap_pair", "p2", severity="warning", layer="parcels")
def parcels_that_overlap(folder):
    lap = frame([square(10, 700, 50), square(40, 700, 50)], id=["p1", "p2"])
    return town(folder, parcels=lap)


@of("overlap_twin", "p2", severity="warning", layer="parcels")
def parcel_drawn_twice(folder):
    twin = frame([square(10, 700, 50), square(10, 700, 50)], id=["p1", "p2"])
    return town(folder, parcels=twin)


@of("overlap_pair_refused", "p2", layer="parcels", also=("overlap_total_refused",))
def parcels_that_overlap_against_the_rule(folder):
    lap = frame([square(10, 700, 50), square(40, 700, 50)], id=["p1", "p2"])
    return town(folder, parcels=lap, said={"parcels": 'overlaps = "error"'})


@of("streets_centre_lines", severity="repaired", layer="streets")
def streets_drawn_as_surfaces(folder):
    roads = frame([shapely.box(572_000, 3_403_495, 573_000, 3_403_505)], id=["s1"], street_class=["main"])
    return town(folder, streets=roads)


# town.toml itself.


@of("toml_key_unknown", "bridge_complete", "boundary_basis", layer="town.toml")
def misspelt_key(folder):
    return town(folder, head='crs = "EPSG:4549"\nbridge_complete = true')


@of("toml_key_missing", "town.crs", layer="town.toml")
def town_without_a_crs(folder):
    return town(folder, head="")


@of("toml_value", "people_total", layer="town.toml")
def people_in_words(folder):
    return town(folder, head='crs = "EPSG:4549"\npeople_total = "三千"')


@of("toml_broken", layer="town.toml")
def text_without_quotes(folder):
    return town(folder, head="crs = EPSG:4549")


@of("toml_not_utf8", layer="town.toml")
def town_toml_saved_by_notepad_in_gbk(folder):
    return _town_toml(folder, '[town]\nname = "水乡"\n'.encode("gbk"))


@of("toml_missing", "town.toml", layer="town.toml")
def folder_without_town_toml(folder):
    return _town_toml(folder, None)


def _town_toml(folder, content):
    if content is not None:
        (folder / "town.toml").write_bytes(content)
    return read_folder(folder)
