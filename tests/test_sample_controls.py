"""What the sample town holds for leftover, grey and idle spaces: managers, evidence, firms, controls."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from sample_layers import SAMPLES, on_the_ground, read_layers


@pytest.fixture(scope="module")
def other(other_sample):
    return other_sample.town


@pytest.fixture(scope="module", params=["committed", "other"])
def town(request):
    return (
        read_layers(SAMPLES / "shuixiang")
        if request.param == "committed"
        else request.getfixturevalue("other")
    )


def test_some_enclosed_farmland_is_protected_in_part(town):
    protected = town["farmland_protected"].union_all()
    fields = town["parcels"][town["parcels"]["DLBM"].isin(["0101", "0102", "0103"])]
    fields = fields[fields.intersects(town["built_up"].union_all().buffer(40))]
    share = fields.intersection(protected).area / fields.area
    assert share.between(0.2, 0.9).sum() >= 3
    assert (share < 0.05).sum() >= 2


def test_decks_have_three_managers_and_some_heights_are_unknown(town):
    decks = town["bridges"][town["bridges"]["bridge_type"] == "elevated"]
    assert set(decks["manager"]) == {"railway", "highway", "municipal"}
    assert 1 <= decks["clear_height_m"].isna().sum() < len(decks)
    assert (decks["clear_height_m"].dropna() >= 4).all()


def test_land_lies_open_under_the_decks_in_town(town):
    decks = town["bridges"][town["bridges"]["bridge_type"] == "elevated"]
    below = decks.union_all().intersection(town["built_up"].union_all())
    streets = on_the_ground(town)
    used = shapely.union_all(
        [
            *shapely.buffer(streets.geometry.to_numpy(), streets["width_m"].to_numpy() / 2),
            *town["water"].geometry,
            *town["buildings"].geometry,
        ]
    )
    assert below.difference(used).area > 10_000


def test_idle_houses_have_evidence_or_only_show_no_activity(town):
    homes = town["buildings"][town["buildings"]["use"] == "residential"]
    idle = homes[homes["status"] == "idle"]
    quiet = homes[homes["status"].isna()]
    assert len(idle) >= 5
    assert len(quiet) >= 5
    assert (quiet["people"] == 0).all()
    assert quiet["electricity_kwh"].isna().all()
    assert (idle["electricity_kwh"].dropna() < 100).all()
    assert (idle["lease"] == "ended").any()


def test_the_idle_works_use_no_electricity_and_their_leases_have_ended(town):
    works = town["buildings"][town["buildings"]["name"].fillna("").str.contains("丝厂|粮站")]
    assert (works["electricity_kwh"].dropna() < 100).all()
    assert (works["lease"] == "ended").mean() > 0.4


def test_firms_stand_on_their_parcels_and_differ_in_tax_per_mu(town):
    firms = town["firms"]
    assert 30 <= len(firms) <= 48
    assert 1 <= firms["tax_wan"].isna().sum() <= 4
    assert firms["parcel_id"].isna().sum() == 1
    parcels = town["parcels"].set_index("TBBH")
    known = firms.dropna(subset=["parcel_id"])
    own = parcels.loc[known["parcel_id"]]
    assert shapely.covers(own.geometry.to_numpy(), known.geometry.to_numpy()).all()
    tax = known.groupby("parcel_id")["tax_wan"].sum(min_count=1).dropna()
    per_mu = tax / (parcels.loc[tax.index, "TBMJ"] / (10_000 / 15))
    assert per_mu.max() > 15
    assert per_mu.min() < 4


def test_controls_lie_on_what_they_protect(town):
    canal = town["water"].loc[town["water"]["name"] == "市河"].union_all()
    control = town["river_control"].loc[town["river_control"]["name"].str.startswith("市河")].union_all()
    assert control.difference(canal).area > 0.3 * canal.area
    old_street = town["streets"][town["streets"]["name"] == "市河街"].union_all()
    core = town["heritage"].loc[town["heritage"]["zone"] == "core"].union_all()
    assert old_street.intersection(core).length > 0.9 * old_street.length
    park = town["green"].loc[town["green"]["name"] == "南港湿地公园"].union_all()
    assert town["redlines"].union_all().covers(park)


def test_a_brickworks_lies_waste_beside_the_town(town):
    waste = town["parcels"][town["parcels"]["DLBM"] == "0602"]
    assert waste.area.max() > 5_000
    assert (waste["CZCSXM"] == "204").all()
    assert waste.intersects(town["buildings"].query("status == 'idle'").union_all()).any()


def test_the_market_is_reached_from_two_sides(town):
    lanes = on_the_ground(town)[on_the_ground(town)["name"].isin(["农贸市场弄", "市场北弄"])]
    assert set(lanes["name"]) == {"农贸市场弄", "市场北弄"}


def test_some_corners_and_banks_are_left_open(town):
    parcels, streets = town["parcels"], on_the_ground(town)
    built = parcels[parcels["DLBM"].isin(["0701", "0702", "05H1", "0601"])].union_all()
    roads = shapely.buffer(streets.geometry.to_numpy(), streets["width_m"].to_numpy() / 2)
    used = [*town["buildings"].geometry, *town["compounds"].geometry, *town["green"].geometry, *roads]
    left = built.difference(shapely.union_all(used))
    bank = left.intersection(town["water"].union_all().buffer(8))
    assert bank.area > 5_000
    major = streets[streets["street_class"].isin(["main", "secondary", "branch"])]
    ends = shapely.get_coordinates(shapely.boundary(major.geometry.to_numpy()))
    spots, counts = np.unique(np.round(ends, 3), axis=0, return_counts=True)
    corners = left.buffer(-5).intersection(
        shapely.union_all(shapely.buffer(shapely.points(spots[counts > 2]), 32))
    )
    assert len([part for part in shapely.get_parts(corners) if part.area > 30]) >= 8
