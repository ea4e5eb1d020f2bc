"""Green gains from vector layers: before, after and gain, parts that add up, plans kept apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from gain_towns import BEFORE, BLOCKS, NOW, PROJECTS, gains_of, programme_of, town_of
from space_towns import box, layer

from fengmao_geo.errors import UsageError
from fengmao_geo.green.gain import green_gains
from fengmao_geo.network.build import walk_network
from fengmao_geo.tables import Programme


def figures(found, indicator, area="town", basis="vector", **more):
    rows = found.gains[(found.gains["indicator"] == indicator) & (found.gains["area_id"] == area)]
    rows = rows[rows["basis"] == basis]
    for column, value in more.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return tuple(rows[["before", "after", "gain"]].iloc[0])


@pytest.fixture(scope="module")
def found():
    return gains_of()


@pytest.fixture(scope="module")
def planned():
    # The first site takes ground beside the park; the second is 100 m of lawn without a park.
    sites = programme_of(box(600, 85, 640, 95), box(600, 110, 640, 120))
    return gains_of(sites)


def test_gain_is_after_less_before(found):
    # Before: 400 + 200; now: 900 + 800 + 1,000.
    assert figures(found, "green_m2") == pytest.approx((600.0, 2700.0, 2100.0))
    assert figures(found, "green_share") == pytest.approx((600 / 240_000, 2700 / 240_000, 2100 / 240_000))


def test_what_came_and_what_went_stand_apart(found):
    rows = found.gains[found.gains["area_id"] == "town"].set_index("indicator")["gain"]
    assert rows["green_gross_gain_m2"] == pytest.approx(2300.0)
    assert rows["green_gross_loss_m2"] == pytest.approx(-200.0)


def test_each_block_and_each_intervention_has_its_gain(found):
    assert figures(found, "green_m2", "west")[2] == pytest.approx(900 + 400)
    assert figures(found, "green_m2", "mid")[2] == pytest.approx(1000)
    assert figures(found, "green_m2", "p1")[2] == pytest.approx(400 + 500)
    assert figures(found, "green_m2", "p2")[2] == pytest.approx(900)


def test_people_newly_within_300_m_of_a_park_are_counted(found):
    # The park begins at the street's end: homes at 20 and 250 m are within 300 m of x = 30, no park was there.
    before, after, gain = figures(found, "park_within_300_m_people")
    assert (before, after, gain) == (0.0, 30.0, 30.0)
    assert figures(found, "park_within_500_m_people")[2] == 60.0


def test_vector_gains_have_no_width(found):
    known = found.gains.dropna(subset="gain")
    assert (known["low"] == known["gain"]).all()
    assert (known["high"] == known["gain"]).all()


def test_every_ratio_prints_the_basis_of_its_boundary(found):
    assert set(found.gains["boundary"]) == {"CZCDYD 202 2024"}


def test_swapped_states_give_the_negative_gain(found):
    swapped = gains_of(green=BEFORE, green_before=NOW)
    keys = ["area_kind", "area_id", "indicator", "rule_set", "by"]
    gross = {"green_gross_gain_m2": "green_gross_loss_m2", "green_gross_loss_m2": "green_gross_gain_m2"}
    back = swapped.gains.assign(indicator=swapped.gains["indicator"].replace(gross)).set_index(keys)["gain"]
    there = found.gains.set_index(keys)["gain"]
    np.testing.assert_allclose(back.reindex(there.index), -there, atol=1e-9)
    assert there.notna().sum() > 80


def test_the_parts_of_the_towns_gain_add_up(found):
    sums = found.attribution.groupby("indicator")["gain"].sum()
    town = found.gains[found.gains["area_id"] == "town"].set_index("indicator")["gain"]
    for indicator in ("green_m2", "green_gross_gain_m2", "green_gross_loss_m2", "park_m2"):
        assert sums[indicator] == pytest.approx(town[indicator], rel=1e-9, abs=1e-9)


def test_each_square_metre_is_one_blocks_and_one_interventions(found):
    rows = found.attribution[found.attribution["indicator"] == "green_m2"].fillna("")
    at = rows.set_index(["block_id", "intervention_id"])["gain"]
    assert at["west", "p1"] == pytest.approx(400)
    assert at["west", "p2"] == pytest.approx(900)
    assert at["mid", ""] == pytest.approx(1000 - 500)
    assert at["mid", "p1"] == pytest.approx(500)
    assert at["", ""] == pytest.approx(-200)


def test_without_an_earlier_layer_gain_is_unknown_and_now_is_known():
    found = gains_of(green_before=None)
    before, after, gain = figures(found, "green_m2")
    assert np.isnan([before, gain]).all()
    assert after == pytest.approx(2700.0)


def test_without_a_layer_of_green_all_is_unknown():
    found = gains_of(green=None, green_before=None)
    assert figures(found, "green_m2") == pytest.approx((np.nan,) * 3, nan_ok=True)
    assert "green_unknown" in set(found.findings["code"])


def test_without_blocks_projects_or_images_the_town_alone_is_measured():
    found = gains_of(blocks=None, projects=None)
    assert set(found.gains["area_kind"]) == {"town"}
    assert found.picture is None
    assert len(found.transitions) == 0


def test_permanent_farmland_enters_no_gain():
    found = gains_of(farmland_protected=layer(box(400, 0, 800, 300)))
    assert figures(found, "green_m2")[2] == pytest.approx(900 + 400)
    assert figures(found, "green_gross_gain_m2")[2] == pytest.approx(900 + 400)


def test_a_plan_starts_from_the_green_of_now_and_counts_what_is_planted(planned):
    assert figures(planned, "green_m2", basis="planned") == pytest.approx((2700.0, 3100.0, 400.0))
    assert figures(planned, "green_m2") == pytest.approx((600.0, 2700.0, 2100.0))


def test_a_site_that_becomes_a_park_counts_whole_as_park(planned):
    assert figures(planned, "park_m2", basis="planned") == pytest.approx((900.0, 1700.0, 800.0))


def test_a_planned_park_newly_serves_the_people_around_it(planned):
    # Homes at 500 and 760 m lie within 300 m of x = 600 to 640.
    assert figures(planned, "park_within_300_m_people", basis="planned") == (30.0, 100.0, 70.0)


def test_a_new_park_never_lowers_coverage(planned):
    rows = planned.gains[
        (planned.gains["basis"] == "planned") & planned.gains["indicator"].str.contains("within|covered")
    ]
    assert len(rows) > 20
    assert (rows["gain"].dropna() >= 0).all()


def test_a_use_that_supplies_no_park_serves_nobody():
    found = gains_of(programme_of(box(600, 85, 640, 95), use="micro_green"))
    assert figures(found, "green_m2", basis="planned")[2] == pytest.approx(200.0)
    assert figures(found, "park_within_300_m_people", basis="planned")[2] == 0.0


def test_a_site_gains_nothing_where_it_is_green_already():
    found = gains_of(programme_of(box(400, 85, 600, 95), planted=1.0))
    assert figures(found, "green_m2", basis="planned")[2] == pytest.approx(1000.0)


def test_a_site_that_does_not_say_what_it_plants_leaves_its_gain_unknown():
    made = programme_of(box(600, 85, 640, 95))
    found = gains_of(Programme(made.sites.assign(green_m2=np.nan)))
    assert np.isnan(figures(found, "green_m2", basis="planned")[2])
    assert figures(found, "green_m2", "west", basis="planned")[2] == 0.0


def test_planned_gains_add_up_too(planned):
    rows = planned.attribution[planned.attribution["basis"] == "planned"]
    assert rows["gain"].sum() == pytest.approx(400.0, rel=1e-9)


def test_sites_in_another_coordinate_system_are_brought_to_the_towns(planned):
    sites = planned.gains[planned.gains["basis"] == "planned"]
    other = gains_of(programme_of(box(600, 85, 640, 95), box(600, 110, 640, 120), crs=4490))
    there = other.gains[other.gains["basis"] == "planned"]
    np.testing.assert_allclose(there["gain"], sites["gain"], rtol=1e-5, atol=1e-6)


def test_an_empty_programme_plans_nothing():
    made = programme_of(box(600, 85, 640, 95))
    found = gains_of(Programme(made.sites.iloc[:0]))
    assert "planned" not in set(found.gains["basis"])


def test_a_site_with_a_projects_id_is_an_error():
    made = programme_of(box(600, 85, 640, 95))
    with pytest.raises(UsageError):
        gains_of(Programme(made.sites.assign(space_id="p1")))


def test_the_towns_layers_and_the_programme_are_not_changed():
    town, made = town_of(), programme_of(box(600, 85, 640, 95))
    network = walk_network(town)
    before, sites = town.fingerprint(), made.sites.copy()
    green_gains(town, network, programme=made)
    assert town.fingerprint() == before
    pd.testing.assert_frame_equal(pd.DataFrame(made.sites), pd.DataFrame(sites))


def test_the_order_of_rows_does_not_matter(found):
    def turned(rows):
        return rows.iloc[::-1].reset_index(drop=True)

    other = gains_of(
        green=turned(NOW), green_before=turned(BEFORE), projects=turned(PROJECTS), blocks=turned(BLOCKS)
    )
    pd.testing.assert_frame_equal(other.gains, found.gains, rtol=0, atol=0)
    pd.testing.assert_frame_equal(other.attribution, found.attribution, rtol=0, atol=0)


def test_gains_say_how_many_they_are_and_show_the_town(found):
    assert repr(found).startswith("<GreenGains: 2 blocks, 2 interventions")
    assert "green_m2" in found._repr_html_()


def test_dwellings_and_parks_are_listed(found):
    reach = found.park_reach.set_index("dwelling_id")
    assert (reach["status"] == "reached").sum() == 3
    assert shapely.area(found.pocket_parks.geometry.to_numpy()).tolist() == pytest.approx([900.0])
