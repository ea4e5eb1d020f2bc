"""Indicators of stock, against three buildings and three firms drawn by hand (see `indicator_towns`)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from indicator_towns import (
    BUILDINGS,
    FIRMS,
    PARCELS,
    missing_of,
    results_of,
    spaces_of,
    town_of,
    value_of,
)

from fengmao_geo.blocks.case import NOT_THERE

STOCK = ("idle_floor_m2", "idle_floor_share", "idle_building_share", "low_power_building_share")
YIELDS = (
    "parcel_yield_wan_per_mu",
    "parcel_revenue_wan_per_mu",
    "grade_cd_land_share",
    "grade_d_land_share",
)


@pytest.fixture(scope="module")
def results():
    return results_of(spaces=spaces_of())


def of_buildings(**columns):
    return results_of(town_of(buildings=BUILDINGS.assign(**columns)))


def of_firms(**columns):
    return results_of(town_of(firms=FIRMS.assign(**columns)), spaces=spaces_of())


# 200 m² of floors in use and 600 idle in the west, 400 in use in the east; two buildings tell their electricity.
# Of the west's 9 mu one firm on 3 of class A pays 30 and earns 300, one on 6 of class D earns 60 and hides its tax.
@pytest.mark.parametrize(
    ("name", "west", "east", "town"),
    [
        ("idle_floor_m2", 600, 0, 600),
        ("idle_floor_share", 600 / 800, 0, 600 / 1200),
        ("idle_building_share", 1 / 2, 0, 1 / 3),
        ("idle_stock_ha", 0.2, 0, 0.2),
        ("low_yield_ha", 0, 0.2, 0.2),
        ("parcel_yield_wan_per_mu", 10, np.nan, 10),
        ("parcel_revenue_wan_per_mu", 360 / 9, np.nan, 360 / 9),
        ("grade_cd_land_share", 6 / 9, 1, 9 / 12),
        ("grade_d_land_share", 6 / 9, 0, 6 / 12),
        ("low_power_building_share", 1 / 2, np.nan, 1 / 2),
    ],
)
def test_stock_is_measured_as_on_paper(results, name, west, east, town):
    found = [value_of(results, name, area) for area in ("west", "east", "town")]
    assert found == pytest.approx([west, east, town], nan_ok=True)


@pytest.mark.parametrize("name", [*STOCK[1:], *YIELDS])
def test_where_there_is_nothing_it_could_be_of_there_is_no_share(results, name):
    assert value_of(results, name, "empty") == NOT_THERE


@pytest.mark.parametrize("name", ["idle_floor_m2", "idle_stock_ha", "low_yield_ha"])
def test_where_there_is_nothing_there_is_nothing_idle(results, name):
    assert value_of(results, name, "empty") == 0.0


@pytest.mark.parametrize(
    ("name", "missing"),
    [("parcel_yield_wan_per_mu", "firms.tax_wan"), ("parcel_revenue_wan_per_mu", "firms.revenue_wan")],
)
def test_what_no_firm_of_a_block_tells_is_unknown_there_and_says_which_column(results, name, missing):
    assert missing_of(results, name, "east") == missing
    assert missing_of(results, name, "west") == missing_of(results, name, "empty") == ""


def test_a_meter_that_no_building_of_a_block_has_is_named(results):
    assert missing_of(results, "low_power_building_share", "east") == "buildings.electricity_kwh"


def test_without_buildings_their_idleness_is_unknown():
    places = BUILDINGS.set_geometry(BUILDINGS.centroid)[["id", "geometry"]]
    found = results_of(town_of(buildings=None, addresses=places))
    assert all(math.isnan(value_of(found, name, "west")) for name in STOCK)


def test_without_firms_their_yield_is_unknown():
    found = results_of(town_of(firms=None))
    assert all(math.isnan(value_of(found, name, "west")) for name in YIELDS)


def test_without_parcels_the_yield_per_mu_is_unknown():
    found = results_of(town_of(parcels=None))
    assert {missing_of(found, name, "west") for name in YIELDS} == {"parcels"}


@pytest.mark.parametrize("name", ["idle_stock_ha", "low_yield_ha"])
def test_ground_of_stock_is_unknown_while_spaces_were_not_looked_for(name):
    assert missing_of(results_of(), name, "west") == "spaces"


def test_low_yield_is_unknown_where_no_firm_has_a_class():
    assert missing_of(of_firms(grade=None), "low_yield_ha", "west") == "firms.grade"


def test_classes_that_no_firm_of_a_block_has_are_unknown_there():
    found = of_firms(grade=["A", "D", None])
    assert missing_of(found, "grade_cd_land_share", "east") == "firms.grade"
    assert value_of(found, "grade_cd_land_share", "town") == pytest.approx(6 / 9)


def test_one_unknown_tax_leaves_that_of_its_parcel_out_and_not_its_area_in():
    # Both firms on p1, one of which does not tell: nothing is known of p1, and p2 pays 12 on 6 mu.
    firms = FIRMS.assign(parcel_id=["p1", "p2", "p1"], tax_wan=[30.0, 12.0, np.nan])
    found = results_of(town_of(firms=firms))
    assert value_of(found, "parcel_yield_wan_per_mu", "west") == pytest.approx(2.0)
    assert value_of(found, "parcel_yield_wan_per_mu", "east") == NOT_THERE


def test_a_block_without_any_evidence_is_unknown_and_says_so():
    found = of_buildings(status=["in_use", "idle", None], electricity_kwh=[2000.0, 10.0, np.nan])
    for name in ("idle_floor_m2", "idle_floor_share", "idle_building_share"):
        assert missing_of(found, name, "east") == "buildings.status"
        assert value_of(found, name, "west") > 0


def test_electricity_alone_shows_what_is_idle():
    found = results_of(town_of(buildings=BUILDINGS.drop(columns="status")))
    assert value_of(found, "idle_floor_m2", "west") == 600


def test_without_status_electricity_and_lease_the_first_of_them_is_asked_for():
    found = results_of(town_of(buildings=BUILDINGS.drop(columns=["status", "electricity_kwh"])))
    assert missing_of(found, "idle_floor_m2", "west") == "buildings.status"


def test_floors_that_no_building_of_a_block_tells_leave_its_floor_area_unknown():
    found = of_buildings(floor_count=[np.nan, np.nan, 4.0])
    assert missing_of(found, "idle_floor_m2", "west") == "buildings.floor_count"
    assert value_of(found, "idle_floor_m2", "east") == 0.0
    assert value_of(found, "idle_building_share", "west") == 0.5


def test_a_plot_that_is_only_suspected_to_be_idle_is_not_counted_until_confirmed(results):
    # s7 lies in no block: 100 m² of the town.
    spaces = spaces_of()
    spaces.loc[spaces["space_id"] == "s7", "decision"] = "confirmed"
    assert value_of(results, "idle_stock_ha", "town") == pytest.approx(0.2)
    assert value_of(results_of(spaces=spaces), "idle_stock_ha", "town") == pytest.approx(0.21)


def test_the_land_of_a_firm_is_that_of_its_parcel_wherever_the_firm_is_drawn():
    far = FIRMS.set_geometry(FIRMS.translate(400))
    found = results_of(town_of(firms=far, parcels=PARCELS))
    assert value_of(found, "parcel_revenue_wan_per_mu", "west") == pytest.approx(40)
