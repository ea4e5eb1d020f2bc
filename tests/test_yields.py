"""Yield per mu, worked by hand: a parcel of 100 m by 100 m has 15 mu."""

from __future__ import annotations

import numpy as np
import pytest
from stock_towns import town_of, with_figures
from town_layers import frame, point, square

from fengmao_geo.spaces.idle import idle_stock
from fengmao_geo.spaces.yields import firm_parcels, yield_per_mu
from fengmao_geo.units import mu, per_mu


def firms(*places, **columns):
    return frame([point(*place) for place in places], id=[f"f{n}" for n in range(len(places))], **columns)


def works(given, **columns):
    """Make a town of two commercial parcels of 15 mu with the firms given."""
    land = frame([square(100, 100, 100), square(200, 100, 100)], id=["p1", "p2"], land_code=["05H1"] * 2)
    buildings = frame([square(500, 500, 10)], id=["b"], use=["residential"], people=[1.0], status=["in_use"])
    return town_of(parcels=land.assign(**columns), firms=given, buildings=buildings)


def low(town, **values):
    kinds = with_figures("low_yield_plot", **values) if values else None
    table = idle_stock(town, kinds=kinds).table
    return table[["kind", "certainty", "rule", "source_id"]].to_numpy().tolist()


def test_fifteen_mu_are_a_hectare_and_amounts_spread_over_them():
    assert mu(10_000.0) == 15.0
    assert per_mu(150.0, 10_000.0) == 10.0


def test_tax_and_revenue_of_all_firms_of_a_parcel_are_spread_over_its_mu():
    town = works(
        firms((5, 5), (9, 9), parcel_id=["p1", "p1"], tax_wan=[100.0, 50.0], revenue_wan=[600.0, 900.0])
    )
    (row,) = yield_per_mu(town).to_dict("records")
    assert np.isnan(row.pop("grade"))
    assert row == {
        "parcel_id": "p1",
        "area_mu": 15.0,
        "firm_count": 2,
        "tax_wan": 150.0,
        "revenue_wan": 1500.0,
        "tax_wan_per_mu": 10.0,
        "revenue_wan_per_mu": 100.0,
    }


def test_a_firm_without_a_parcel_of_its_own_is_joined_by_where_it_is():
    town = works(firms((150, 150), (250, 150), (250, 160), (5, 5), parcel_id=["p2", None, "no such", None]))
    assert firm_parcels(town).tolist() == [1, 1, 1, -1]


def test_a_firm_on_the_border_of_two_parcels_counts_once():
    assert firm_parcels(works(firms((200, 150), parcel_id=[None]))).tolist() == [0]


def test_a_firm_on_no_parcel_is_told_of():
    found = idle_stock(works(firms((5, 5), (150, 150), tax_wan=[1.0, 2.0]))).findings
    told = found[found["code"] == "firm_unplaced"].iloc[0]
    assert (told["severity"], told["values"]) == ("excluded", {"count": 1})


def test_a_sum_of_which_a_part_is_missing_is_unknown():
    table = yield_per_mu(works(firms((5, 5), (9, 9), parcel_id=["p1", "p1"], tax_wan=[100.0, np.nan])))
    assert np.isnan(table["tax_wan"]).all()
    assert np.isnan(table["tax_wan_per_mu"]).all()
    assert np.isnan(table["revenue_wan_per_mu"]).all()


def test_without_firms_or_parcels_the_table_is_empty_and_says_so():
    town = town_of(buildings=frame([square(0, 0, 10)], id=["b"], use=["mixed"], people=[1.0]))
    assert yield_per_mu(town).shape == (0, 8)
    found = idle_stock(town).findings
    assert found[found["code"] == "yield_unknown"]["values"].tolist() == [{"columns": "firms, parcels"}]


def test_firms_that_state_neither_tax_nor_revenue_nor_a_class_leave_yields_unknown():
    found = idle_stock(works(firms((150, 150)))).findings
    assert "yield_unknown" in set(found["code"])


@pytest.mark.parametrize(
    ("grades", "expected"),
    [(["D", "D"], "D"), (["D", "A"], None), (["D", None], None), ([None, None], None)],
)
def test_a_parcel_has_the_class_that_all_its_firms_have(grades, expected):
    town = works(firms((5, 5), (9, 9), parcel_id=["p1", "p1"], grade=grades))
    grade = yield_per_mu(town)["grade"]
    assert grade.isna().all() if expected is None else grade.tolist() == [expected]
    hit = ["low_yield_plot", "suspected", "grade=D", "p1"]
    assert low(town) == ([hit] if expected == "D" else [])


def test_a_class_is_read_in_chinese_too():
    town = works(firms((150, 150)).assign(亩均评价=["D\u7c7b"]))
    assert yield_per_mu(town)["grade"].tolist() == ["D"]


@pytest.mark.parametrize(
    ("tax", "grade"),
    [(300.0, "A"), (299.0, "B"), (150.0, "B"), (149.0, "C"), (75.0, "C"), (74.0, "D")],
)
def test_the_users_thresholds_class_parcels_whose_firms_have_no_class(tax, grade):
    town = works(firms((150, 150), tax_wan=[tax]))
    limits = {"a": 20.0, "b": 10.0, "c": 5.0}
    kinds = with_figures(
        "low_yield_plot", **{f"grade_{of}_tax_wan_per_mu": value for of, value in limits.items()}
    )
    assert yield_per_mu(town, kinds=kinds)["grade"].tolist() == [grade]
    assert yield_per_mu(town)["grade"].isna().all()
    assert len(idle_stock(town, kinds=kinds).table) == (grade == "D")


def test_a_firms_own_class_stands_before_the_users_thresholds():
    town = works(firms((150, 150), tax_wan=[1.0], grade=["A"]))
    limits = {f"grade_{of}_tax_wan_per_mu": 5.0 for of in "abc"}
    assert yield_per_mu(town, kinds=with_figures("low_yield_plot", **limits))["grade"].tolist() == ["A"]


def test_without_a_class_and_a_threshold_low_yield_is_unknown_and_says_so():
    town = works(firms((150, 150), tax_wan=[0.1]))
    assert low(town) == []
    assert "yield_unjudged" in set(idle_stock(town).findings["code"])
    kinds = with_figures("low_yield_plot", low_tax_wan_per_mu=1.0)
    assert "yield_unjudged" not in set(idle_stock(town, kinds=kinds).findings["code"])


@pytest.mark.parametrize(("tax", "is_low"), [(149.9, True), (150.0, False), (150.1, False)])
def test_a_plot_is_suspected_below_a_third_of_the_countys_mean(tax, is_low):
    # The mean is 30 per mu, a third of it 10, which for 15 mu is 150.
    town = works(firms((150, 150), tax_wan=[tax]))
    expected = [["low_yield_plot", "suspected", "tax_wan_per_mu<10", "p1"]]
    assert low(town, county_mean_tax_wan_per_mu=30.0) == (expected if is_low else [])


@pytest.mark.parametrize(("revenue", "is_low"), [(1499.0, True), (1500.0, False)])
def test_a_plot_is_suspected_below_the_users_revenue(revenue, is_low):
    town = works(firms((150, 150), revenue_wan=[revenue]))
    expected = [["low_yield_plot", "suspected", "revenue_wan_per_mu<100", "p1"]]
    assert low(town, low_revenue_wan_per_mu=100.0) == (expected if is_low else [])


def test_the_evidence_of_a_low_yield_says_what_was_measured():
    town = works(firms((150, 150), tax_wan=[15.0]), name=["works", "other"])
    row = idle_stock(town, kinds=with_figures("low_yield_plot", low_tax_wan_per_mu=2.0)).table.iloc[0]
    assert row["evidence"] == "area_mu=15;firm_count=1;tax_wan=15;tax_wan_per_mu=1"
    assert row["source_name"] == "works"


def test_an_unknown_tax_is_not_low():
    assert low(works(firms((150, 150), tax_wan=[np.nan])), low_tax_wan_per_mu=5.0) == []


def test_a_plot_that_stands_idle_as_a_whole_is_not_listed_as_low_yield_too():
    land = frame([square(100, 100, 100)], id=["p1"], land_code=["0601"])
    sheds = frame([square(110, 110, 20)], id=["b"], use=["industrial"], status=["idle"])
    town = town_of(parcels=land, buildings=sheds, firms=firms((150, 150), tax_wan=[0.1]))
    assert low(town, low_tax_wan_per_mu=5.0) == [["idle_factory", "certain", "status=idle", "p1"]]


def test_the_sample_towns_yields_are_its_firms_over_its_parcels(shuixiang):
    table = yield_per_mu(shuixiang)
    assert table["firm_count"].sum() == len(shuixiang["firms"])
    known = shuixiang["firms"].dropna(subset="tax_wan")
    whole = set(table.loc[table["tax_wan"].notna(), "parcel_id"])
    assert table["tax_wan"].sum() == pytest.approx(
        known.loc[known["parcel_id"].isin(whole) | known["parcel_id"].isna(), "tax_wan"].sum()
    )
