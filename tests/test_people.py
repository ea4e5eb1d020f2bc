"""People spread over dwellings, the total conserved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town_layers import codes, frame, good_layers, point, square

from fengmao_geo.tables import GROUP_COLUMNS
from fengmao_geo.town.people import dwelling_basis, dwellings, people_basis
from fengmao_geo.town.town import Town, TownSettings


def town(settings=None, **more):
    return Town.from_layers(name="T", settings=settings, **good_layers(**more))


def homes(**columns):
    """Three homes: 100 m² on 2 floors, 100 m² on 4, 400 m² on 1: 200, 400 and 400 m² of floors."""
    columns = {"use": ["residential"] * 3, "floor_count": [2, 4, 1]} | columns
    shapes = [square(100, 100, 10), square(200, 100, 10), square(300, 100, 20)]
    return frame(
        shapes, id=["b1", "b2", "b3"], **{name: values for name, values in columns.items() if values}
    )


def parcels(**columns):
    shapes = [square(100, 100, 10), square(300, 100, 20)]
    return frame(shapes, id=["p1", "p2"], **({"land_code": ["0701", "0601"]} | columns))


def test_people_of_a_column_are_taken_as_they_are():
    rows = dwellings(town())
    assert rows.set_index("dwelling_id")["people"].to_dict() == {"b1": 10.0, "b2": 30.0}
    assert people_basis(town()) == "people"


def test_industrial_buildings_are_no_dwellings():
    assert dwellings(town())["dwelling_id"].tolist() == ["b1", "b2"]


def test_every_group_has_its_column_and_is_missing_where_unknown():
    rows = dwellings(town(buildings=homes(people=[1, 2, 3], elderly_people=[1, 0, 2])))
    assert list(rows.columns) == ["dwelling_id", *GROUP_COLUMNS.values(), "geometry"]
    assert rows["elderly_people"].tolist() == [1, 0, 2]
    assert rows["infant_people"].isna().all()


def test_a_missing_number_of_people_stays_missing_and_is_told():
    made = town(buildings=homes(people=[1, None, 3]))
    assert np.isnan(dwellings(made)["people"][1])
    assert codes(made, "buildings") == ["people_missing"]


def test_a_total_is_spread_over_floor_area():
    made = town(TownSettings(people_total=1000), buildings=homes())
    assert dwellings(made)["people"].tolist() == pytest.approx([200, 400, 400])
    assert people_basis(made) == "people"


def test_communities_spread_their_people_over_the_floor_area_within():
    communities = frame([square(0, 0, 250), square(250, 0, 250)], id=["c1", "c2"], people=[60, 7])
    made = town(buildings=homes(), communities=communities)
    assert dwellings(made)["people"].tolist() == pytest.approx([20, 40, 7])


def test_a_dwelling_outside_every_community_is_unknown():
    made = town(buildings=homes(), communities=frame([square(0, 0, 250)], id=["c1"], people=[60]))
    assert np.isnan(dwellings(made)["people"][2])
    assert codes(made, "communities") == ["people_outside_communities"]


def test_a_community_without_dwellings_is_told_with_its_people():
    communities = frame([square(0, 0, 500), square(600, 600, 100)], id=["c1", "c2"], people=[60, 7])
    made = town(buildings=homes(), communities=communities)
    assert codes(made, "communities") == ["people_unplaced"]
    assert dwellings(made)["people"].sum() == pytest.approx(60)


def test_communities_without_people_do_not_count():
    made = town(
        TownSettings(people_total=10), buildings=homes(), communities=frame([square(0, 0, 500)], id=["c1"])
    )
    assert dwellings(made)["people"].sum() == pytest.approx(10)


def test_without_figures_floor_area_weighs_and_is_labelled():
    made = town(buildings=homes())
    assert dwellings(made)["people"].tolist() == [200, 400, 400]
    assert people_basis(made) == "floor_area"
    assert codes(made, "buildings") == ["people_absent"]


def test_unknown_floors_are_the_median_of_those_known():
    made = town(TownSettings(people_total=1200), buildings=homes(floor_count=[2, 4, None]))
    assert dwellings(made)["people"].tolist() == pytest.approx([1200 * 200 / 1800, 1200 * 400 / 1800, 800])
    assert codes(made, "buildings") == ["floors_missing"]


def test_without_floors_footprints_weigh():
    made = town(TownSettings(people_total=600), buildings=homes(floor_count=None))
    assert dwellings(made)["people"].tolist() == pytest.approx([100, 100, 400])


def test_a_column_wins_over_a_total_and_a_difference_is_told():
    made = town(TownSettings(people_total=50), buildings=homes(people=[1, 2, 3]))
    assert dwellings(made)["people"].sum() == 6
    assert codes(made, "buildings") == ["people_total_unused"]


def test_without_use_all_buildings_are_dwellings_and_it_is_told():
    made = town(buildings=homes(use=None, people=[1, 2, 3]))
    assert len(dwellings(made)) == 3
    assert codes(made, "buildings") == ["dwellings_all_buildings", "field_missing"]


def test_a_building_of_unknown_use_is_no_dwelling_and_is_counted():
    made = town(buildings=homes(use=["residential", None, "mixed"], people=[1, 2, 3]))
    assert dwellings(made)["dwelling_id"].tolist() == ["b1", "b3"]
    assert codes(made, "buildings") == ["use_missing"]


def test_residential_parcels_serve_where_no_building_does():
    made = town(TownSettings(codes={"parcels": "sandiao"}), buildings=None, parcels=parcels())
    assert dwellings(made)["dwelling_id"].tolist() == ["p1"]
    assert dwelling_basis(made) == "parcels"


def test_buildings_without_homes_give_way_to_parcels():
    made = town(
        TownSettings(codes={"parcels": "sandiao"}), buildings=homes(use=["industrial"] * 3), parcels=parcels()
    )
    assert dwelling_basis(made) == "parcels"


def test_a_code_is_not_looked_up_without_its_scheme():
    made = town(buildings=None, parcels=parcels())
    assert len(dwellings(made)) == 0
    assert codes(made, "parcels") == [
        "codes_missing",
        "dwellings_none",
        "land_scheme_missing",
        "people_absent",
    ]


def test_parcels_without_codes_are_no_dwellings():
    made = town(buildings=None, parcels=parcels().drop(columns="land_code"))
    assert codes(made, "parcels") == ["dwellings_none", "field_missing", "people_absent"]


def test_addresses_serve_last_and_weigh_one_each():
    made = town(buildings=None, addresses=frame([point(1, 1), point(2, 2)], id=["a1", "a2"]))
    assert dwelling_basis(made) == "addresses"
    assert people_basis(made) == "address_count"
    assert dwellings(made)["people"].tolist() == [1, 1]


def test_addresses_share_a_total_evenly():
    made = town(
        TownSettings(people_total=9), buildings=None, addresses=frame([point(1, 1), point(2, 2), point(3, 3)])
    )
    assert dwellings(made)["people"].tolist() == pytest.approx([3, 3, 3])


def test_dwellings_come_in_the_order_of_ids_whatever_the_order_of_rows():
    turned = town(buildings=good_layers()["buildings"].iloc[::-1])
    assert dwellings(turned).equals(dwellings(town()))


FLOORS = st.lists(st.integers(1, 30), min_size=3, max_size=3)


@settings(max_examples=12)
@given(st.floats(1, 1e6), FLOORS)
def test_a_total_is_conserved(total, floors):
    made = town(TownSettings(people_total=total), buildings=homes(floor_count=floors))
    assert dwellings(made)["people"].sum() == pytest.approx(total, rel=1e-9)


@settings(max_examples=12)
@given(st.floats(1, 1e6), st.floats(1, 1e6), FLOORS)
def test_communities_people_are_conserved(one, other, floors):
    communities = frame([square(0, 0, 250), square(250, 0, 250)], id=["c1", "c2"], people=[one, other])
    made = town(buildings=homes(floor_count=floors), communities=communities)
    assert dwellings(made)["people"].sum() == pytest.approx(one + other, rel=1e-9)
