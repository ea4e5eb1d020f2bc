"""Idle stock, worked by hand: what is claimed, what is only suspected, what stays unknown."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import shapely
from stock_towns import buildings, town_of, with_figures
from town_layers import frame, good_layers, point, square

from fengmao_geo.errors import StandardError
from fengmao_geo.messages import has_text
from fengmao_geo.spaces.farmland import farmland_fragments
from fengmao_geo.spaces.idle import idle_stock
from fengmao_geo.standards.files import shipped
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.town.town import Town, TownSettings

PARCELS = {"id": ["p1", "p2"], "land_code": ["0601", "0602"]}


def parcels(**columns):
    """Two parcels of 100 m by 100 m side by side, the first of works, the second of mining."""
    return frame([square(100, 100, 100), square(200, 100, 100)], **(PARCELS | columns))


def rows_of(town, **options):
    table = idle_stock(town, **options).table
    return table[["kind", "certainty", "source_id"]].to_numpy().tolist()


def codes_of(town, **options):
    return sorted(idle_stock(town, **options).findings["code"])


def houses(**columns):
    """Draw one house at (300, 300) with the columns given."""
    return town_of(buildings=buildings((300, 300), use=["residential"], **columns))


# --- what idle is claimed on


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"status": ["idle"]}, "certain"),
        ({"status": ["in_use"]}, None),
        ({"status": [None], "electricity_kwh": [0.0]}, "certain"),
        ({"electricity_kwh": [59.9]}, "certain"),
        ({"electricity_kwh": [60.0]}, "certain"),
        ({"electricity_kwh": [60.1]}, None),
        ({"electricity_kwh": [np.nan]}, None),
        ({"lease": ["ended"]}, "certain"),
        ({"lease": ["let"]}, None),
        ({"lease": ["ended"], "electricity_kwh": [2000.0]}, None),
        ({"lease": ["ended"], "status": ["in_use"]}, None),
        ({"status": ["idle"], "electricity_kwh": [2000.0]}, "suspected"),
        ({"status": ["idle"], "lease": ["let"]}, "suspected"),
        ({"status": ["idle"], "people": [2.0]}, "suspected"),
        ({"status": ["in_use"], "electricity_kwh": [0.0]}, "suspected"),
    ],
)
def test_a_house_is_idle_on_evidence_and_suspected_where_the_evidence_contradicts_itself(columns, expected):
    found = idle_stock(houses(**columns)).table
    assert found["certainty"].tolist() == ([] if expected is None else [expected])
    assert (found["kind"] == "idle_house").all()


def test_rule_and_evidence_say_what_fired_and_what_was_measured():
    found = idle_stock(houses(status=["idle"], electricity_kwh=[12.5], lease=["ended"])).table.iloc[0]
    assert found["rule"] == "status=idle"
    assert found["evidence"] == "status=idle;electricity_kwh=12.5;lease=ended"
    found = idle_stock(houses(electricity_kwh=[0.0])).table.iloc[0]
    assert (found["rule"], found["evidence"]) == ("electricity_kwh<=60", "electricity_kwh=0")


def test_the_threshold_of_electricity_is_the_users():
    town = houses(electricity_kwh=[100.0])
    assert rows_of(town) == []
    assert rows_of(town, kinds=with_figures("idle_house", electricity_kwh=100.0)) == [
        ["idle_house", "certain", "b0"]
    ]


# --- missing activity


def street_of_houses(lived, *, people, gap_m=40, side_m=20):
    """Draw the house b0 and neighbours every so many metres to its east and west, of which some are lived in."""
    places = [(400, 400), (400 + gap_m, 400), (400 - gap_m, 400), (400, 400 + gap_m), (400, 400 - gap_m)]
    people = [people, *(5.0 if lives else 0.0 for lives in lived)]
    count = len(people)
    return town_of(
        buildings=buildings(*places[:count], side_m=side_m, use=["residential"] * count, people=people)
    )


@pytest.mark.parametrize(
    ("lived", "is_found"),
    [
        ((True, True, True), True),
        ((True, True, False, False), True),
        ((True, False, False, False), False),
        ((True, True), False),
    ],
)
def test_nobody_at_home_is_suspected_where_half_of_three_or_more_neighbours_have_people(lived, is_found):
    found = rows_of(street_of_houses(lived, people=0.0))
    assert (["idle_house", "suspected", "b0"] in found) is is_found


def test_nobody_at_home_is_no_evidence_beside_neighbours_farther_than_fifty_metres():
    assert rows_of(street_of_houses((True, True, True), people=0.0, gap_m=50)) == [
        ["idle_house", "suspected", "b0"]
    ]
    assert rows_of(street_of_houses((True, True, True), people=0.0, gap_m=50.1)) == []


def test_a_shed_in_which_nobody_lives_is_not_suspected():
    # 5.48 m squared is 30.03 m², 5.47 m squared 29.92 m².
    assert len(rows_of(street_of_houses((True, True, True), people=0.0, side_m=5.48))) == 1
    assert rows_of(street_of_houses((True, True, True), people=0.0, side_m=5.47)) == []


def test_a_house_in_use_is_not_suspected_for_want_of_people():
    town = street_of_houses((True, True, True), people=0.0)
    assert rows_of(town_of(buildings=town["buildings"].assign(status="in_use"))) == []


# --- what is not known


def test_without_a_column_of_evidence_idle_is_unknown_and_says_so():
    town = town_of(buildings=buildings((300, 300), use=["industrial"]))
    found = idle_stock(town)
    assert len(found.table) == 0
    unknown = found.findings[found.findings["code"] == "idle_unknown"].iloc[0]
    assert unknown["layer"] == "buildings"
    assert unknown["values"]["columns"] == "status, electricity_kwh, lease"
    assert {"ZT", "YDL", "ZLZT"} <= set(unknown["values"]["tried"].split(", "))


def test_a_column_that_is_absent_beside_others_is_told_each_by_itself():
    found = idle_stock(houses(status=["idle"])).findings
    absent = found[found["code"] == "idle_column_absent"]
    assert absent["column"].tolist() == ["electricity_kwh", "lease"]


def test_a_town_without_buildings_has_no_idle_stock_that_is_known():
    town = Town.from_layers(
        name="T", **good_layers(buildings=None, addresses=frame([point(5, 5)], id=["a"], people=[3.0]))
    )
    assert codes_of(town) == ["idle_unknown", "mining_unknown", "yield_unknown"]
    assert rows_of(town) == []


def test_idle_buildings_of_a_use_that_no_kind_names_are_told_of():
    town = town_of(buildings=buildings((300, 300), (400, 400), use=["utility", None], status=["idle"] * 2))
    found = idle_stock(town)
    assert len(found.table) == 0
    told = found.findings[found.findings["code"] == "idle_use_unlisted"].iloc[0]
    assert (told["severity"], told["values"]) == ("excluded", {"count": 2, "uses": "?, utility"})


# --- works and granaries


def test_idle_works_on_one_parcel_are_one_space_and_the_parcel_too_where_all_are_idle():
    given = buildings((110, 110), (150, 150), use=["industrial"] * 2, status=["idle"] * 2)
    found = idle_stock(town_of(buildings=given, parcels=parcels())).table
    works = found[found["kind"] == "idle_factory"]
    assert works["source_id"].tolist() == ["p1"]
    assert works.area.tolist() == pytest.approx([100 * 100])
    assert works["evidence"].iloc[0] == (
        "idle_count=2;building_count=2;by_status_count=2;by_electricity_count=0;by_lease_count=0"
    )


def test_only_the_footprints_are_idle_where_a_building_of_the_parcel_is_in_use():
    given = buildings(
        (110, 110), (150, 150), (110, 150), use=["industrial"] * 3, status=["idle", "idle", "in_use"]
    )
    found = idle_stock(town_of(buildings=given, parcels=parcels())).table
    assert found.area.tolist() == pytest.approx([2 * 20 * 20, 100 * 100])
    assert found["kind"].tolist() == ["idle_factory", "mine_waste"]


def test_works_of_one_compound_on_two_parcels_are_one_space():
    compound = frame([square(150, 100, 100)], id=["c1"], name=["mill"], compound_type=["factory"])
    given = buildings((160, 110), (220, 110), use=["industrial"] * 2, status=["idle"] * 2)
    found = idle_stock(
        town_of(buildings=given, parcels=parcels(land_code=["0601", "0701"]), compounds=compound)
    ).table
    works = found[found["kind"] == "idle_factory"].iloc[0]
    assert works[["source_layer", "source_id", "source_name"]].tolist() == ["compounds", "c1", "mill"]
    assert works.geometry.area == pytest.approx(100 * 100)


def test_a_parcel_gives_its_ground_without_the_compounds_on_it():
    compound = frame([square(100, 100, 50)], id=["c1"], compound_type=["factory"])
    given = buildings((110, 110), (170, 170), use=["industrial"] * 2, status=["idle"] * 2)
    found = idle_stock(town_of(buildings=given, parcels=parcels(), compounds=compound)).table
    works = found[found["kind"] == "idle_factory"].set_index("source_id")
    assert works.area.to_dict() == pytest.approx({"c1": 50 * 50, "p1": 100 * 100 - 50 * 50})


@pytest.mark.parametrize(("gap_m", "count"), [(14.9, 1), (15.0, 1), (15.1, 2)])
def test_works_on_no_known_ground_are_one_place_within_fifteen_metres(gap_m, count):
    given = buildings((300, 300), (320 + gap_m, 300), use=["industrial"] * 2, status=["idle"] * 2)
    found = idle_stock(town_of(buildings=given)).table
    assert len(found) == count
    assert found.area.sum() == pytest.approx(2 * 20 * 20)
    assert (found["source_layer"] == "buildings").all()


def test_a_house_on_idle_works_ground_belongs_to_it():
    given = buildings((110, 110), (150, 150), use=["industrial", "residential"], status=["idle"] * 2)
    found = rows_of(town_of(buildings=given, parcels=parcels(land_code=["0601", "0701"])))
    assert found == [["idle_factory", "certain", "p1"]]


def test_what_is_suspected_on_the_ground_of_idle_works_is_a_row_of_its_own():
    given = buildings(
        (110, 110), (150, 150), use=["industrial"] * 2, status=["idle"] * 2, electricity_kwh=[0.0, 900.0]
    )
    found = idle_stock(town_of(buildings=given, parcels=parcels(land_code=["0601", "0701"]))).table
    assert found["certainty"].tolist() == ["certain", "suspected"]
    assert found.area.tolist() == pytest.approx([400, 400])


@pytest.mark.parametrize(
    "layers",
    [
        {"buildings": {"name": ["\u7cae\u7ad91\u53f7"]}},
        {"parcels": {"name": ["Grain store", None]}},
        {"parcels": {"owner_name": ["\u56fd\u50a8", None]}},
        {"firms": {"name": ["\u7cae\u5e93"], "parcel_id": ["p1"], "tax_wan": [1.0]}},
    ],
)
def test_a_granary_is_known_by_a_word_in_its_own_its_parcels_its_owners_or_its_firms_name(layers):
    own = {"use": ["warehouse"], "status": ["idle"], **layers.get("buildings", {})}
    more = {"firms": frame([point(5, 5)], id=["f1"], **layers["firms"])} if "firms" in layers else {}
    given = parcels(land_code=["0508", "0701"], **layers.get("parcels", {}))
    town = town_of(buildings=buildings((110, 110), **own), parcels=given, **more)
    assert rows_of(town) == [["granary", "certain", "p1"]]


def test_a_granary_is_known_by_the_name_of_its_compound_and_an_idle_warehouse_without_one_is_works():
    given = buildings((110, 110), use=["warehouse"], status=["idle"])
    compound = frame([square(100, 100, 50)], id=["c1"], name=["\u7cae\u7ad9"])
    assert rows_of(town_of(buildings=given, compounds=compound)) == [["granary", "certain", "c1"]]
    assert rows_of(town_of(buildings=given)) == [["idle_factory", "certain", "b0"]]


def test_a_word_for_grain_makes_no_granary_of_industry_nor_of_a_warehouse_in_use():
    name = ["\u7cae\u6cb9\u5382"]
    town = town_of(buildings=buildings((110, 110), use=["industrial"], status=["idle"], name=name))
    assert rows_of(town) == [["idle_factory", "certain", "b0"]]
    town = town_of(buildings=buildings((110, 110), use=["warehouse"], status=["in_use"], name=name))
    assert rows_of(town) == []


@pytest.mark.parametrize(("share", "kind"), [(0.49, "granary"), (0.5, "granary"), (0.51, "idle_factory")])
def test_a_ground_is_a_granary_when_grain_stores_make_up_half_of_its_idle_works(share, kind):
    # Two buildings of 400 m²: exactly half is the store.
    given = buildings((110, 110), (150, 150), use=["warehouse", "industrial"], status=["idle"] * 2)
    given = given.assign(name=["grain 1", "mill"])
    kinds = with_figures("granary", granary_share=share)
    town = town_of(buildings=given, parcels=parcels(land_code=["0601", "0701"]))
    assert rows_of(town, kinds=kinds) == [[kind, "certain", "p1"]]


# --- mining and works land


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (["idle", "idle"], [["mine_waste", "certain", "p2"]]),
        (["idle", "in_use"], [["idle_factory", "certain", "p2"]]),
        (["in_use", "in_use"], []),
    ],
)
def test_mining_land_is_waste_when_all_its_buildings_are_idle(status, expected):
    given = buildings((210, 110), (250, 150), use=["industrial"] * 2, status=status)
    found = rows_of(town_of(buildings=given, parcels=parcels(land_code=["0701", "0602"])))
    assert found == expected


def test_mining_and_works_land_whose_buildings_are_gone_is_suspected():
    given = buildings((500, 500), use=["residential"], status=["in_use"])
    town = town_of(buildings=given, parcels=parcels())
    assert rows_of(town) == [["mine_waste", "suspected", "p1"], ["mine_waste", "suspected", "p2"]]
    firm = frame([point(150, 150)], id=["f1"], tax_wan=[1.0])
    assert rows_of(town_of(buildings=given, parcels=parcels(), firms=firm)) == [
        ["mine_waste", "suspected", "p2"]
    ]


def test_the_same_digits_are_facility_agriculture_in_another_scheme():
    settings = TownSettings(codes={"parcels": "ydyh2023"})
    given = buildings((500, 500), use=["residential"], status=["in_use"])
    assert rows_of(town_of(settings=settings, buildings=given, parcels=parcels())) == []


def test_without_a_scheme_works_land_is_unknown():
    given = buildings((500, 500), use=["residential"], status=["in_use"])
    town = town_of(settings=TownSettings(), buildings=given, parcels=parcels())
    assert rows_of(town) == []
    assert "mining_unknown" in codes_of(town)


@pytest.mark.parametrize(("side_m", "count"), [(14.1, 0), (14.143, 1), (14.2, 1)])
def test_bare_works_land_below_the_surveys_smallest_patch_is_a_remnant(side_m, count):
    land = frame([square(100, 100, side_m)], id=["p1"], land_code=["0601"])
    given = buildings((500, 500), use=["residential"], status=["in_use"])
    assert len(rows_of(town_of(buildings=given, parcels=land))) == count


def test_land_that_the_survey_calls_abandoned_is_waste_and_takes_its_buildings():
    given = buildings((110, 110), use=["industrial"], status=["idle"])
    land = parcels(land_code=["0601", "0701"]).assign(TBXHDM=["FQ", "LQGD"])
    found = idle_stock(town_of(buildings=given, parcels=land)).table
    assert found[["kind", "certainty", "rule", "source_id"]].to_numpy().tolist() == [
        ["mine_waste", "certain", "detail_code=FQ", "p1"]
    ]


def test_land_that_the_survey_calls_abandoned_is_suspected_where_somebody_works():
    given = buildings((110, 110), use=["industrial"], status=["in_use"])
    land = parcels(land_code=["0601", "0701"]).assign(TBXHDM=["FQ", "LQGD"])
    found = idle_stock(town_of(buildings=given, parcels=land)).table
    assert found[["kind", "certainty"]].to_numpy().tolist() == [["mine_waste", "suspected"]]


def test_works_do_not_overlap_waste_beside_them():
    # 12 m of the works stand on p1, 8 m beyond on the mining parcel p2, whose own shed is idle.
    given = buildings((188, 110), (230, 150), use=["industrial"] * 2, status=["idle"] * 2)
    found = idle_stock(town_of(buildings=given, parcels=parcels())).table
    assert found["kind"].tolist() == ["idle_factory", "mine_waste"]
    assert found.area.tolist() == pytest.approx([100 * 100, 100 * 100])
    assert shapely.area(shapely.union_all(found.geometry.to_numpy())) == pytest.approx(20_000)


# --- the whole


def test_nothing_given_is_changed_and_the_order_of_rows_does_not_matter(shuixiang):
    before = shuixiang.fingerprint()
    once = idle_stock(shuixiang)
    assert shuixiang.fingerprint() == before
    shuffled = {name: shuixiang[name].sample(frac=1, random_state=3) for name in shuixiang.layers}
    again = idle_stock(Town.from_layers(name="x", settings=shuixiang.settings, **shuffled))
    pd.testing.assert_frame_equal(pd.DataFrame(once.table), pd.DataFrame(again.table))


def test_the_sample_towns_idle_stock_is_what_its_maker_says(shuixiang):
    # Of ten idle houses nothing is known of five, where nobody lives; every poor plot is to be certified.
    table = idle_stock(shuixiang).table
    counts = table["kind"].value_counts().to_dict()
    assert counts == {"granary": 4, "idle_factory": 4, "idle_house": 10, "low_yield_plot": 3, "mine_waste": 2}
    suspected = table[table["certainty"] == "suspected"]["kind"].value_counts().to_dict()
    assert (suspected["idle_house"], suspected["low_yield_plot"]) == (5, 3)


def test_what_rule_and_evidence_name_has_a_name_in_both_languages(shuixiang):
    firms = with_figures("low_yield_plot", low_tax_wan_per_mu=50.0)
    tables = [idle_stock(shuixiang, kinds=firms).table, farmland_fragments(shuixiang).table]
    written = ";".join(text for table in tables for name in ("rule", "evidence") for text in table[name])
    assert all(has_text(f"evidence.{re.split('[=<>]', part)[0]}") for part in written.split(";"))


def test_of_compounds_within_each_other_the_smallest_holds_a_building():
    given = buildings((110, 110), use=["industrial"], status=["idle"])
    grounds = frame([square(100, 100, 80), square(100, 100, 50)], id=["c1", "c2"])
    assert rows_of(town_of(buildings=given, compounds=grounds)) == [["idle_factory", "certain", "c2"]]


def test_an_inventory_counts_its_kinds(shuixiang):
    assert repr(idle_stock(shuixiang)).startswith("<Inventory: 4 idle_factory, 4 granary, 10 idle_house")
    assert repr(idle_stock(houses(status=["in_use"]))).startswith("<Inventory: nothing; ")


def test_a_file_of_kinds_without_words_for_granaries_is_refused(tmp_path):
    text = shipped("space_kinds.toml").read_text(encoding="utf-8")
    own = tmp_path / "kinds.toml"
    own.write_text(
        "\n".join(row for row in text.splitlines() if not row.startswith("keywords")), encoding="utf-8"
    )
    with pytest.raises(StandardError, match=r"kinds\.granary\.keywords"):
        space_kinds(own)
