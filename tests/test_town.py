"""A town of layers: every fault at once, nothing dropped in silence, the same whatever the order of rows."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from town_layers import codes, frame, good_layers, line, point, square

from fengmao_geo.errors import TownError, UnknownNameError
from fengmao_geo.findings import translate_findings
from fengmao_geo.tables import LAYERS, RESULTS
from fengmao_geo.town.town import Town, TownSettings

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared/data are not here")
BOW_TIE = shapely.affinity.translate(
    shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"), 572_010, 3_403_010
)


def town(crs=None, settings=None, **more):
    return Town.from_layers(name="T", crs=crs, settings=settings, **good_layers(**more))


def refused(**options):
    with pytest.raises(TownError) as caught:
        town(**options)
    return caught.value


def english(town_or_error, code):
    found = translate_findings(town_or_error.findings, lang="en")
    return found[found["code"] == code].iloc[0]


def fingerprint(layer):
    return pd.util.hash_pandas_object(layer.drop(columns="geometry")).sum(), tuple(layer.geometry.to_wkb())


# a town without faults


def test_a_good_town_gives_no_finding():
    assert codes(town()) == []


def test_a_town_counts_itself():
    assert repr(town()) == "<Town T: 4 layers, 8 features, EPSG:4549, 0 findings>"


def test_layers_count_themselves():
    assert repr(town().layers) == "<Layers: built_up 1, streets 2, buildings 3, facilities 2>"


def test_a_town_shows_its_layers_in_a_notebook_with_its_name_escaped():
    shown = Town.from_layers(name="<b>", **good_layers())._repr_html_()
    assert "streets" in shown
    assert "<b>" not in shown


def test_a_town_knows_which_layers_it_has():
    assert ("streets" in town(), "water" in town()) == (True, False)


def test_a_layer_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(UnknownNameError) as caught:
        town()["water"]
    assert "built_up, streets, buildings, facilities" in caught.value.text(lang="en")


def test_the_built_up_area_is_the_extent_where_none_is_given():
    assert town().extent.equals(square(0, 0, 1000))


def test_the_extent_is_its_own_layer_where_given():
    assert town(extent=frame([square(-500, -500, 2000)], id=["e"])).extent.equals(square(-500, -500, 2000))


def test_every_layer_is_as_its_table_declares():
    made = town()
    assert all(LAYERS[name].faults(layer) == [] for name, layer in made.layers.items())


def test_findings_are_as_their_table_declares():
    assert RESULTS["findings"].faults(town(water=frame([BOW_TIE], id=["w"])).findings) == []


def test_changing_a_layer_does_not_change_the_town():
    made = town()
    before = made.fingerprint()
    layer = made["streets"]
    layer.loc[0, "street_class"] = "path"
    layer["extra"] = 1
    layer.geometry.array[0] = point(0, 0)
    made.layers["buildings"]["people"] = 0
    assert made.fingerprint() == before


def test_a_town_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        town().name = "other"


def test_the_layers_given_are_not_changed():
    layers = good_layers(
        water=frame([BOW_TIE], id=["w"]), gates=frame([shapely.Point(120.755, 30.745)], crs=4490)
    )
    before = {name: fingerprint(layer) for name, layer in layers.items()}
    Town.from_layers(name="T", **layers)
    assert {name: fingerprint(layer) for name, layer in layers.items()} == before
    assert layers["gates"].crs == CRS.from_epsg(4490)


def test_a_town_can_be_sent_to_another_process():
    made = town()
    assert pickle.loads(pickle.dumps(made)).fingerprint() == made.fingerprint()  # noqa: S301  our own bytes


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random):
    layers = good_layers(trees=frame([point(i, i) for i in range(20)], species=["camphor", None] * 10))
    turned = {
        name: layer.iloc[random.sample(range(len(layer)), len(layer))] for name, layer in layers.items()
    }
    assert Town.from_layers(**turned).fingerprint() == Town.from_layers(**layers).fingerprint()


def test_a_setting_changes_the_fingerprint():
    assert town(settings=TownSettings(bridges_complete=True)).fingerprint() != town().fingerprint()


def test_surveyed_types_are_known_by_any_of_their_names():
    made = town(settings=TownSettings(surveyed_types=frozenset({"公园", "pharmacy"})))
    assert made.settings.surveyed_types == {"park", "pharmacy"}


def test_all_types_may_be_surveyed():
    assert town(settings=TownSettings(surveyed_types="all")).settings.surveyed_types == "all"


def test_a_surveyed_type_nobody_knows_is_an_error():
    assert codes(refused(settings=TownSettings(surveyed_types=frozenset({"飞船"})))) == [
        "surveyed_type_unknown"
    ]


# coordinate systems


def test_the_towns_crs_is_that_of_the_built_up_area():
    assert town(gates=frame([shapely.Point(120.755, 30.745)], crs=4490)).crs.to_epsg() == 4549


def test_a_layer_in_degrees_is_brought_to_the_towns_metres():
    made = town(gates=frame([shapely.Point(120.7555, 30.7467)], crs=4490))
    assert made["gates"].geometry.x[0] == pytest.approx(572344.493, abs=1e-3)
    assert codes(made, "gates") == ["crs_changed"]


def test_a_layer_in_web_mercator_is_brought_to_the_towns_metres_with_a_warning():
    x, y = gpd.GeoSeries([shapely.Point(120.7555, 30.7467)], crs=4326).to_crs(3857)[0].coords[0]
    made = town(gates=frame([shapely.Point(x, y)], crs=3857))
    assert made["gates"].geometry.x[0] == pytest.approx(572344.493, abs=1e-2)
    assert codes(made, "gates") == ["crs_changed_web_mercator"]


def test_a_zone_prefixed_town_is_worked_without_its_zone_number():
    prefixed = {name: layer.to_crs(4528) for name, layer in good_layers().items()}
    made = Town.from_layers(**prefixed)
    assert made.crs.to_epsg() == 4549
    assert made["built_up"].area[0] == pytest.approx(1e6, rel=1e-9)
    assert "crs_unprefixed" in codes(made, "town")


def test_a_layer_without_crs_is_an_error_that_says_what_it_looks_like():
    gates = frame([shapely.Point(40572344, 3403135)], crs=None)
    error = refused(gates=gates)
    assert codes(error) == ["crs_missing"]
    assert "EPSG:4528" in english(error, "crs_missing")["found"]
    assert "[layers.gates]" in english(error, "crs_missing")["remedy"]


def test_a_layer_with_swapped_axes_is_an_error_that_says_so():
    assert codes(refused(gates=frame([shapely.Point(3_403_500, 572_500)]))) == ["crs_contradicted_swapped"]


def test_degrees_called_metres_are_an_error():
    assert codes(refused(gates=frame([shapely.Point(120.7, 30.7)]))) == ["crs_contradicted"]


@pytest.mark.parametrize(("crs", "code"), [(4490, "town_crs_degrees"), (3857, "town_crs_web_mercator")])
def test_a_town_in_degrees_or_web_mercator_is_told_a_better_crs(crs, code):
    error = refused(built_up=good_layers()["built_up"].to_crs(crs))
    assert codes(error, "town") == [code]
    assert "EPSG:4549" in english(error, code)["remedy"]


def test_the_towns_crs_may_be_stated():
    built_up = good_layers()["built_up"].to_crs(4490)
    assert town(crs="EPSG:4549", built_up=built_up).crs.to_epsg() == 4549


def test_a_town_of_which_no_layer_has_a_crs_is_an_error():
    layers = {name: layer.set_crs(None, allow_override=True) for name, layer in good_layers().items()}
    with pytest.raises(TownError) as caught:
        Town.from_layers(**layers)
    assert codes(caught.value, "town") == ["town_crs_missing"]


def test_a_layer_of_another_place_is_an_error_that_says_how_far_it_lies():
    error = refused(gates=frame([point(21_000, 500)]))
    assert english(error, "layer_elsewhere")["found"] == "the whole layer lies 20.0 km from the built-up area"


def test_a_facility_five_kilometres_off_is_kept():
    assert len(town(facilities=frame([point(6_000, 500)], facility_type=["park"]))["facilities"]) == 1


# layers that are missing or empty


@pytest.mark.parametrize("layer", ["built_up", "streets"])
def test_a_required_layer_that_is_missing_is_an_error(layer):
    assert codes(refused(**{layer: None}), layer) == ["layer_missing"]


def test_a_town_in_which_nothing_can_hold_people_is_an_error():
    assert codes(refused(buildings=None)) == ["layer_missing_dwellings"]


@pytest.mark.parametrize("layer", ["built_up", "streets"])
def test_a_required_layer_that_is_empty_is_an_error(layer):
    assert "layer_empty" in codes(refused(**{layer: good_layers()[layer].iloc[:0]}), layer)


def test_an_optional_layer_that_is_empty_is_a_warning_and_kept():
    made = town(water=frame([], id=[]))
    assert codes(made, "water") == ["layer_has_none"]
    assert len(made["water"]) == 0


def test_a_required_layer_of_which_nothing_is_left_is_an_error():
    assert "layer_all_excluded" in codes(refused(streets=frame([None, None], id=["a", "b"])))


def test_a_name_that_is_no_layer_is_an_error():
    assert codes(refused(dragons=frame([point(1, 1)])), "dragons") == ["layer_unknown"]


def test_a_table_without_geometry_is_an_error():
    assert codes(refused(gates=pd.DataFrame({"id": ["a"]})), "gates") == ["geometry_absent"]


def test_all_faults_are_told_at_once():
    error = refused(
        streets=good_layers()["streets"].iloc[:0],
        gates=frame([point(1, 1), point(2, 2)], id=["g", "g"]),
        water=frame([square(0, 0, 9)], crs=None),
        buildings=frame([square(1, 1, 9)], people=[-1]),
    )
    assert codes(error) == ["crs_missing", "field_missing", "id_twice", "layer_empty", "number_negative"]
    assert all(code in error.findings["code"].tolist() for code in codes(error))
    assert len(str(error).splitlines()) == 5  # a head and one line for each of four errors


# ids


@pytest.mark.parametrize("layer", ["blocks", "communities"])
def test_an_area_whose_id_is_the_whole_towns_is_an_error_that_names_it(layer):
    error = refused(**{layer: frame([square(0, 0, 9), square(20, 0, 9)], id=["town", "b"], people=[1, 1])})
    assert "id_of_town" in codes(error)
    row = error.findings.set_index("code").loc["id_of_town"]
    assert row["feature_id"] == "town"
    assert "town_1" in row["remedy"]


def test_any_other_layer_may_use_the_id_of_the_town():
    assert town(gates=frame([point(1, 1)], id=["town"]))["gates"]["id"].tolist() == ["town"]


def test_without_ids_the_index_serves():
    assert town(gates=frame([point(1, 1), point(2, 2)]).set_axis([7, 5]))["gates"]["id"].tolist() == [
        "5",
        "7",
    ]


def test_whole_numbers_are_ids_without_a_decimal_point():
    assert town(gates=frame([point(1, 1), point(2, 2)], id=[2.0, 1.0]))["gates"]["id"].tolist() == ["1", "2"]


def test_ids_keep_their_zeros():
    assert town(gates=frame([point(1, 1)], id=["007"]))["gates"]["id"].tolist() == ["007"]


def test_ids_that_occur_twice_are_an_error_that_lists_them():
    error = refused(gates=frame([point(i, 1) for i in range(5)], id=["a", "b", "a", "b", "c"]))
    assert english(error, "id_twice")["found"] == "ids occur twice, 4 rows: a, b"


def test_an_index_that_is_not_unique_is_an_error():
    assert codes(refused(gates=frame([point(1, 1), point(2, 2)]).set_axis([1, 1]))) == ["index_twice"]


@pytest.mark.parametrize("missing", [None, "  "])
def test_a_missing_id_is_an_error_that_names_the_row(missing):
    error = refused(gates=frame([point(1, 1), point(2, 2)], id=["a", missing]))
    assert english(error, "id_missing")["found"] == "1 rows have no id (rows 2)"


# columns and values


def test_chinese_field_names_and_words_are_known():
    streets = frame([line((0, 500), (1000, 500))], 名称=["人民路"], 道路等级=["主干路"])
    made = town(streets=streets.rename(columns={"名称": "道路名称"}))
    assert made["streets"].loc[0, "name"] == "人民路"


def test_other_names_of_uses_are_known():
    made = town(buildings=frame([square(1, 1, 9)], 用途=["住宅"], people=[3]))
    assert made["buildings"]["use"].tolist() == ["residential"]


def test_geometry_may_go_by_another_name():
    gates = frame([point(1, 1)], id=["g"]).rename_geometry("geom")
    assert town(gates=gates)["gates"].columns.tolist() == ["id", "geometry"]


def test_a_missing_field_is_a_warning_that_lists_the_names_tried():
    made = town(facilities=frame([point(1, 1)], id=["f"]))
    assert codes(made, "facilities") == ["field_missing"]
    assert "facility_type, " in english(made, "field_missing")["found"]


def test_two_fields_of_one_meaning_are_told():
    made = town(gates=frame([point(1, 1)], id=["g"], name=["one"], 名称=["two"]))
    assert made["gates"]["name"].tolist() == ["one"]
    assert made["gates"]["名称"].tolist() == ["two"]
    assert codes(made, "gates") == ["field_twice"]


def test_a_facility_type_nobody_knows_is_kept_unclassified_and_told_once_with_its_count():
    types = ["飞船坞", "公园", "飞船坞", None]
    made = town(facilities=frame([point(i, 1) for i in range(4)], id=list("abcd"), facility_type=types))
    assert made["facilities"]["facility_type"].fillna("-").tolist() == ["-", "park", "-", "-"]
    assert english(made, "facility_type_unknown")["found"] == (
        "the facility type “飞船坞” could not be classified, 2 places"
    )


def test_facilities_without_a_type_are_told_with_their_ids():
    types = ["公园", None, " ", float("nan")]
    made = town(facilities=frame([point(i, 1) for i in range(4)], id=list("abcd"), facility_type=types))
    assert english(made, "facility_type_missing")["found"] == "3 facilities have no type; ids b, c, d"
    assert len(made["facilities"]) == 4


def test_a_word_nobody_knows_becomes_unknown():
    made = town(buildings=frame([square(1, 1, 9)], use=["spaceport"], people=[1]))
    assert made["buildings"]["use"].isna().all()
    assert "value_unknown" in codes(made, "buildings")


@pytest.mark.parametrize(
    "given_values", [[True, False], ["是", "否"], ["Y", "n"], [1, 0], [1.0, 0.0], ["yes", "no"]]
)
def test_yes_and_no_are_understood(given_values):
    made = town(gates=frame([point(1, 1), point(2, 2)], id=["a", "b"], is_open=given_values))
    assert made["gates"]["is_open"].tolist() == [True, False]


def test_neither_yes_nor_no_is_unknown():
    made = town(gates=frame([point(1, 1), point(2, 2)], id=["a", "b"], is_open=["是", None]))
    assert made["gates"]["is_open"].isna().tolist() == [False, True]


def test_numbers_written_as_text_are_numbers():
    made = town(streets=good_layers()["streets"].assign(width_m=[" 3.5", ""], level=["1", "0"]))
    assert made["streets"]["width_m"].fillna(-1).tolist() == [3.5, -1]
    assert made["streets"]["level"].dtype.kind == "i"


@pytest.mark.parametrize("value", ["6层", "inf", "nan?", np.inf])
def test_a_number_that_is_not_plain_is_unknown_and_told(value):
    made = town(streets=good_layers()["streets"].assign(width_m=[value, 2]))
    assert made["streets"]["width_m"].isna().tolist() == [True, False]
    assert english(made, "number_unreadable")["found"].endswith("ids s1")


def test_half_a_level_is_not_a_level():
    made = town(streets=good_layers()["streets"].assign(level=[0.5, 1]))
    assert made["streets"]["level"].isna().tolist() == [True, False]


def test_negative_people_are_an_error_that_lists_the_rows():
    error = refused(buildings=good_layers()["buildings"].assign(people=[-1, 2, 3]))
    assert english(error, "number_negative")["found"] == "1 rows are negative, the lowest -1.0; ids b1"


def test_missing_people_are_unknown_and_not_zero():
    made = town(buildings=good_layers()["buildings"].assign(people=[None, 2, 3]))
    assert codes(made, "buildings") == ["people_missing"]


def test_codes_read_as_numbers_become_text():
    parcels = frame([square(1, 1, 9), square(20, 1, 9)], id=["a", "b"], land_code=[701.0, None])
    assert town(parcels=parcels)["parcels"]["land_code"].fillna("-").tolist() == ["701", "-"]


def test_other_columns_are_kept_as_they_are():
    assert town(gates=frame([point(1, 1)], id=["g"], 备注=["原样 {{x}}"]))["gates"]["备注"].tolist() == [
        "原样 {{x}}"
    ]


# rows in = rows used + rows excluded


SHAPES = st.lists(
    st.sampled_from(
        [
            None,
            shapely.Polygon(),
            BOW_TIE,
            square(5, 5, 5),
            point(3, 3),
            shapely.Point(np.inf, 0),
            shapely.box(0, 0, 1, 1),
            shapely.GeometryCollection([square(5, 5, 5), point(1, 1)]),
            shapely.Polygon([(572_001, 3_403_001), (572_002, 3_403_002), (572_003, 3_403_003)]),
        ]
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(SHAPES)
def test_rows_in_are_rows_used_and_rows_excluded(shapes):
    good = [square(9, 9, 1)] * 8  # a majority, so that the layer's CRS is not in doubt
    made = town(water=frame([*good, *shapes], id=[f"w{i}" for i in range(8 + len(shapes))]))
    found = made.findings[(made.findings["layer"] == "water") & (made.findings["severity"] == "excluded")]
    assert len(shapes) + 8 == len(made["water"]) + len(found)
    assert found["feature_id"].is_unique
    assert not set(found["feature_id"]) & set(made["water"]["id"])


@settings(max_examples=40, deadline=None)
@given(SHAPES)
def test_areas_change_only_by_what_is_told(shapes):
    good = [square(9, 9, 1)] * 8
    frames = frame([*good, *shapes], id=[f"w{i}" for i in range(8 + len(shapes))])
    made = town(water=frames)
    found = made.findings[made.findings["layer"] == "water"]
    out = frames["id"].isin(found.loc[found["severity"] == "excluded", "feature_id"])
    changed = sum(
        values["after_m2"] - values["before_m2"]
        for values in found.loc[found["code"] == "geometry_repaired", "values"]
    )
    assert made["water"].area.sum() == pytest.approx(frames[~out].area.sum() + changed, abs=0.01)


# real data


@needs_data
def test_vologda_comes_in_two_crs_and_goes_out_in_one():
    vologda = SHARED / "vologda"
    made = Town.from_layers(
        name="Vologda",
        crs="EPSG:32637",
        built_up=gpd.read_parquet(vologda / "boundaries.parquet"),
        streets=gpd.read_parquet(vologda / "roads.parquet"),
        buildings=gpd.read_parquet(vologda / "buildings.parquet").rename(columns={"population": "people"}),
        facilities=gpd.read_parquet(vologda / "school.parquet").assign(facility_type="小学"),
        water=gpd.read_parquet(vologda / "water.parquet"),
    )
    assert {layer.crs.to_epsg() for layer in made.layers.values()} == {32637}
    assert {"built_up", "streets", "water"} <= set(
        made.findings.loc[made.findings["code"] == "crs_changed", "layer"]
    )
    assert codes(made, "facilities").count("geometry_null") == 21
    assert codes(made, "water").count("geometry_kind") == 50
    assert len(made["buildings"]) == 25_324
    assert made["buildings"]["people"].sum() == pytest.approx(356_810, abs=1)


@needs_data
def test_prague_in_web_mercator_is_refused_and_told_its_zone():
    path = SHARED / "prague_bubenec.gpkg"
    plots = gpd.read_file(path, layer="plots")
    with pytest.raises(TownError) as caught:
        Town.from_layers(
            built_up=gpd.GeoDataFrame(geometry=[plots.union_all().convex_hull], crs=plots.crs),
            streets=gpd.read_file(path, layer="streets"),
            buildings=gpd.read_file(path, layer="buildings"),
        )
    assert "EPSG:32633" in english(caught.value, "town_crs_web_mercator")["remedy"]


@needs_data
def test_prague_in_its_zone_measures_true_areas():
    path = SHARED / "prague_bubenec.gpkg"
    plots = gpd.read_file(path, layer="plots")
    made = Town.from_layers(
        crs="EPSG:32633",
        built_up=gpd.GeoDataFrame(geometry=[plots.union_all().convex_hull], crs=plots.crs),
        streets=gpd.read_file(path, layer="streets"),
        buildings=gpd.read_file(path, layer="buildings"),
    )
    # Web Mercator stretches areas by 1 / cos² of the latitude: 2.43 at 50.1 degrees north
    ratio = gpd.read_file(path, layer="buildings").area.sum() / made["buildings"].area.sum()
    assert ratio == pytest.approx(1 / np.cos(np.radians(50.1)) ** 2, rel=0.01)
