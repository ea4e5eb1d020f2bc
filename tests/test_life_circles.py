"""Life circles on one straight street, where every walk can be worked out on paper."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import fengmao_geo as fg
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.tables import RESULTS

EAST, NORTH = 572_000.0, 3_403_000.0

CATALOGUE = """
name = "own"
name_zh = "自定"
name_en = "own"
source = "made for a test"
tag = "P"
"""

ENTRY = """
[[entries]]
facility_type = "{kind}"
tier_min = {tier}
is_required = {required}
group = "{group}"
min_people = {people}
source = "made for a test"
tag = "P"
"""


def entry(kind, tier, *, group="everyone", people=0, required="true", standard_m=None):
    text = ENTRY.format(kind=kind, tier=tier, group=group, people=people, required=required)
    return text + (f"standard_m = {standard_m}\n" if standard_m else "")


def frame(shapes, **columns):
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.affinity.translate(s, EAST, NORTH) for s in shapes], crs=4549
    )


def home(x):
    """A house whose corner stands 5 m from the street."""
    return shapely.Polygon([(x, 5), (x + 5, 10), (x, 15), (x - 5, 10)])


def street_town(
    facilities, *, homes=(100, 400, 1000), people=(10, 20, 30), extent=None, surveyed="all", **columns
):
    """Homes along a street 2 km long; facilities stand on it."""
    kinds, at = zip(*facilities, strict=True) if facilities else ((), ())
    columns = {"use": ["residential"] * len(homes), "people": list(people)} | columns
    return fg.Town.from_layers(
        name="T",
        settings=fg.TownSettings(surveyed_types=surveyed),
        built_up=frame([shapely.box(-500, -500, 2500, 500)]),
        extent=frame([extent or shapely.box(-3000, -3000, 5000, 3000)]),
        streets=frame([shapely.LineString([(0, 0), (2000, 0)])]),
        buildings=frame([home(x) for x in homes], id=[f"h{x}" for x in homes], **columns),
        facilities=frame(
            [shapely.Point(x, 0) for x in at], id=[f"f{n}" for n in range(len(at))], facility_type=list(kinds)
        )
        if facilities
        else frame([shapely.Point(0, 0)], id=["f"], facility_type=["bank"]),
        blocks=frame([shapely.box(0, 0, 500, 100)], id=["b1"], name=["West"]),
    )


@pytest.fixture
def circles_of(tmp_path):
    def run(town, *entries, **options):
        path = tmp_path / "own.toml"
        path.write_text(CATALOGUE + "".join(entries), encoding="utf-8")
        return fg.life_circles(town, fg.walk_network(town), catalogue=path, **options)

    return run


def status_of(circles, dwelling, kind):
    rows = circles.reach.set_index(["dwelling_id", "facility_type"])
    return rows.loc[(dwelling, kind), "status"]


def area(circles, kind, limit, *, by="network", area_id="town"):
    rows = circles.areas.set_index(["area_id", "facility_type", "limit_min", "by"])
    return rows.loc[(area_id, kind, limit, by)]


def test_minutes_are_the_leg_and_the_way_along_the_street(circles_of):
    circles = circles_of(street_town([("wet_market", 340)]), entry("wet_market", 15))
    minutes = circles.reach.set_index("dwelling_id")["travel_min"]
    assert minutes["h100"] == pytest.approx((5 + 240) / 60)
    assert minutes["h400"] == pytest.approx((5 + 60) / 60)


def test_a_type_is_counted_in_the_circles_of_its_tier_and_wider(circles_of):
    circles = circles_of(street_town([("wet_market", 100)]), entry("wet_market", 15))
    assert set(circles.areas["limit_min"][circles.areas["facility_type"] == "wet_market"]) == {15.0}


def test_people_are_counted_by_what_they_reach(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5))
    # From x=400 it is 305 m, more than 300; from x=1000 it is 905 m, more than 900.
    assert area(circles, "bank", 5)["reached_people"] == 10
    assert area(circles, "bank", 15)["reached_people"] == 30
    assert area(circles, "bank", 15)["unreached_people"] == 30


def test_the_straight_line_stands_beside_the_walk(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5))
    # 300 m from the corner at x=395 to the bank: within 300 m straight (295.2 m), 305 m walked.
    assert area(circles, "bank", 5, by="straight_line")["reached_people"] == 30


def test_people_of_a_block_are_those_who_live_in_it(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5))
    assert area(circles, "bank", 5, area_id="b1")["people"] == 30


def test_a_type_nobody_surveyed_is_unknown_and_not_unreached(circles_of):
    circles = circles_of(
        street_town([("bank", 100)], surveyed=frozenset()), entry("bank", 5), entry("park", 5)
    )
    assert status_of(circles, "h100", "park") == "unknown"
    assert area(circles, "park", 5)["unknown_people"] == 60
    assert area(circles, "park", 5)["unreached_people"] == 0


def test_a_type_surveyed_and_not_there_is_unreached(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("park", 5))
    assert status_of(circles, "h100", "park") == "unreached"


def test_a_dwelling_off_the_streets_is_unknown(circles_of):
    town = street_town([("bank", 100)], homes=(100, 2400), people=(10, 20))
    circles = circles_of(town, entry("bank", 5))
    assert status_of(circles, "h2400", "bank") == "unknown"
    assert area(circles, "bank", 5)["unknown_people"] == 20
    assert "h2400" in set(circles.findings["feature_id"])


def test_a_walk_that_leaves_the_extent_is_unknown_where_it_found_nothing(circles_of):
    town = street_town([("bank", 100)], extent=shapely.box(-100, -100, 1200, 100))
    circles = circles_of(town, entry("bank", 5))
    # x=1000 is 205 m from the boundary: a bank might stand beyond it.
    assert status_of(circles, "h1000", "bank") == "unknown"
    assert status_of(circles, "h400", "bank") == "reached"


def test_a_facility_off_the_streets_leaves_doubt_only_where_it_is_near(circles_of):
    town = street_town([("bank", 2600)], homes=(100, 1900), people=(10, 20))
    circles = circles_of(town, entry("bank", 5))
    assert status_of(circles, "h1900", "bank") == "unknown"
    assert status_of(circles, "h100", "bank") == "unreached"


def test_the_full_set_is_every_required_type(circles_of):
    town = street_town([("bank", 100), ("pharmacy", 400)])
    circles = circles_of(town, entry("bank", 5), entry("pharmacy", 5))
    assert area(circles, FULL_SET, 5)["reached_people"] == 0
    assert area(circles, FULL_SET, 15)["reached_people"] == 30


def test_a_type_that_is_not_required_is_not_in_the_full_set(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5), entry("mall", 5, required="false"))
    assert area(circles, FULL_SET, 5)["reached_people"] == 10


def test_a_groups_types_are_asked_only_for_that_group(circles_of):
    town = street_town([("bank", 100)], homes=(100,), people=(10,), elderly_people=[4])
    circles = circles_of(town, entry("bank", 5), entry("elderly_care", 5, group="elderly"))
    full = area(circles, FULL_SET, 5)
    assert (full["reached_people"], full["unreached_people"]) == (6, 4)


def test_a_group_that_was_not_counted_makes_the_full_set_unknown(circles_of):
    town = street_town([("bank", 100)], homes=(100,), people=(10,))
    circles = circles_of(town, entry("bank", 5), entry("elderly_care", 5, group="elderly"))
    full = area(circles, FULL_SET, 5)
    assert (full["reached_people"], full["unknown_people"]) == (0, 10)


def test_one_unknown_and_none_unreached_makes_the_set_unknown(circles_of):
    town = street_town([("bank", 100)], homes=(100,), people=(10,), surveyed=frozenset())
    circles = circles_of(town, entry("bank", 5), entry("park", 5))
    assert circles.coverage.set_index(["limit_min", "group"]).loc[(5, "everyone"), "status"] == "unknown"


def test_a_type_for_larger_towns_is_not_asked(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5), entry("mall", 5, people=50_000))
    asked = circles.types.set_index("facility_type")["is_asked"]
    assert not asked["mall"]
    assert "mall" not in set(circles.reach["facility_type"])


def test_walked_metres_are_compared_with_the_standard(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5, standard_m=310))
    within = circles.reach.set_index("dwelling_id")["is_within_standard"]
    assert within["h400"] is True
    assert within["h1000"] is False


def test_gaps_are_ranked_by_people(circles_of):
    town = street_town([("bank", 100), ("pharmacy", 400)])
    circles = circles_of(town, entry("bank", 5), entry("pharmacy", 5))
    gaps = circles.gaps.query("area_kind == 'town' and limit_min == 5").set_index("facility_type")
    # The bank is 305 m from h400, and the pharmacy 305 m from h100; both are too far from h1000.
    assert gaps["lacking_people"].to_dict() == {"bank": 50, "pharmacy": 40}
    assert gaps["rank"].to_dict() == {"bank": 1, "pharmacy": 2}


def test_a_point_inside_a_building_is_that_building(circles_of):
    town = street_town([], homes=(100, 400), people=(10, 20))
    layers = {name: town[name] for name in town.layers}
    layers["facilities"] = frame([shapely.Point(400, 10)], id=["f"], facility_type=["bank"])
    inside = fg.Town.from_layers(name="T", settings=town.settings, **layers)
    circles = circles_of(inside, entry("bank", 15))
    # Leg of the home, 300 m, leg of the building that the bank is in.
    assert circles.reach.set_index("dwelling_id")["distance_m"]["h100"] == pytest.approx(310)


def test_people_of_each_area_add_up(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5), entry("park", 15))
    parts = circles.areas[["reached_people", "unreached_people", "unknown_people"]].sum(axis=1)
    assert np.allclose(parts, circles.areas["people"])


@pytest.mark.parametrize("rows", [1, 7])
def test_counting_some_types_at_a_time_gives_the_same_bits(circles_of, monkeypatch, rows):
    town = street_town([("bank", 100), ("park", 400)], people=(0.1, 0.2, 0.7), homes=(100, 400, 1000))
    asked = [
        entry(kind, tier) for kind, tier in (("bank", 5), ("park", 15), ("pharmacy", 5), ("library", 15))
    ]
    whole = circles_of(town, *asked).areas
    monkeypatch.setattr("fengmao_geo.life_circle.tiers._LOT_ROWS", rows)
    pd.testing.assert_frame_equal(circles_of(town, *asked).areas, whole, check_exact=True)
    assert set(whole["facility_type"]) == {"bank", "park", "pharmacy", "library", FULL_SET}


def test_without_people_floor_area_is_the_weight(circles_of):
    town = street_town([("bank", 100)], people=(np.nan, np.nan, np.nan))
    circles = circles_of(town, entry("bank", 5))
    assert circles.people_basis == "floor_area"
    assert area(circles, "bank", 5)["reached_people"] == pytest.approx(50)


def test_the_order_of_rows_changes_nothing(circles_of):
    town = street_town([("bank", 100), ("bank", 900), ("park", 400)])
    layers = {name: town[name].iloc[::-1].reset_index(drop=True) for name in town.layers}
    turned = fg.Town.from_layers(name="T", settings=town.settings, **layers)
    one, other = (circles_of(each, entry("bank", 5), entry("park", 15)) for each in (town, turned))
    for name in ("reach", "coverage", "areas", "gaps"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.service_areas.equals(other.service_areas)


def test_inputs_are_not_changed(circles_of):
    town = street_town([("bank", 100)])
    before = town.fingerprint()
    circles_of(town, entry("bank", 5))
    assert town.fingerprint() == before


def test_every_table_passes_its_own_check(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5))
    for name in ("dwellings", "reach", "coverage", "areas", "gaps"):
        RESULTS[name].check(getattr(circles, name))
    RESULTS["asked_types"].check(circles.types)
    RESULTS["type_service_areas"].check(circles.service_areas)


def test_service_areas_take_in_whole_buildings_that_are_reached(circles_of):
    town = street_town([("bank", 100)])
    circles = circles_of(town, entry("bank", 5))
    ground = circles.service_areas.set_index(["facility_type", "limit_min"]).geometry[("bank", 5)]
    homes = town["buildings"].set_index("id").geometry
    assert ground.buffer(1e-6).contains(homes["h100"])
    assert ground.intersection(homes["h400"]).area == pytest.approx(0)


def test_it_counts_its_circles_dwellings_and_types(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("bank", 5), entry("park", 15))
    assert repr(circles) == "<LifeCircles of 5, 15 min: 3 dwellings, 2 facility types asked>"


def test_a_notebook_shows_people_with_the_full_set_of_blocks_and_town(circles_of):
    shown = circles_of(street_town([("bank", 100)]), entry("bank", 5))._repr_html_()
    assert shown.count("<tr") == 1 + 2 * 2
    assert "West" in shown


def test_homes_that_are_parcels_change_nothing_of_the_ground(circles_of):
    layers = street_town([("bank", 100)]).layers
    parcels = layers["buildings"].drop(columns="use").assign(land_code="0701")
    rest = {name: layer for name, layer in layers.items() if name != "buildings"}
    town = fg.Town.from_layers(
        name="T",
        settings=fg.TownSettings(surveyed_types="all", codes={"parcels": "sandiao"}),
        parcels=parcels,
        **rest,
    )
    circles = circles_of(town, entry("bank", 5))
    ground = circles.service_areas.geometry.iloc[0]
    [same] = fg.service_areas(fg.walk_network(town), town["facilities"], minutes=(5,)).geometry
    assert ground.symmetric_difference(same).area == pytest.approx(0, abs=1e-6)


def test_where_nobody_lives_there_is_ground_but_nobody_to_count(circles_of):
    circles = circles_of(street_town([("bank", 100)], use=["industrial"] * 3), entry("bank", 5))
    assert [len(getattr(circles, name)) for name in ("dwellings", "reach", "areas", "gaps")] == [0] * 4
    assert circles.service_areas["limit_min"].tolist() == [5, 15]


def test_without_a_layer_of_facilities_nothing_is_known_of_any_type(circles_of):
    town = street_town([("bank", 100)])
    layers = {name: layer for name, layer in town.layers.items() if name != "facilities"}
    circles = circles_of(
        fg.Town.from_layers(name="T", settings=fg.TownSettings(), **layers), entry("bank", 5)
    )
    assert set(circles.reach["status"]) == {"unknown"}
    assert circles.service_areas.empty


def test_more_minutes_never_reach_less(circles_of):
    town = street_town([("bank", 100), ("park", 700)])
    circles = circles_of(town, entry("bank", 5), entry("park", 5), minutes=(5, 8, 15))
    reached = circles.areas.query("area_kind == 'town' and by == 'network' and facility_type != 'full_set'")
    wide = reached.pivot(index="facility_type", columns="limit_min", values="reached_people")
    assert (wide.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def with_layers(town, **more):
    """The same town with other layers in their place."""
    layers = {name: town[name] for name in town.layers} | more
    return fg.Town.from_layers(name="T", settings=town.settings, **layers)


def test_a_catalogue_that_asks_nothing_of_so_small_a_town_leaves_all_unknown(circles_of):
    circles = circles_of(street_town([("bank", 100)]), entry("mall", 5, people=50_000))
    assert circles.reach.empty
    assert area(circles, FULL_SET, 15)["unknown_people"] == 60


def test_a_town_without_dwellings_has_empty_tables(circles_of):
    circles = circles_of(street_town([("bank", 100)], use=["office"] * 3), entry("bank", 5))
    assert circles.reach.empty
    assert circles.areas.empty
    assert len(circles.service_areas) == 2


@pytest.mark.parametrize("columns", [{}, {"facility_type": [None]}])
def test_facilities_of_no_known_type_leave_every_type_unknown(circles_of, columns):
    town = with_layers(street_town([]), facilities=frame([shapely.Point(100, 0)], id=["f"], **columns))
    assert status_of(circles_of(town, entry("bank", 5)), "h100", "bank") == "unknown"


def test_a_standard_beyond_the_largest_circle_is_not_missed_where_the_survey_ends(circles_of):
    # 505 m to the boundary, within the standard's 1,000 m: a bank may stand at 600 m.
    town = street_town([("bank", 1900)], homes=(100,), people=(10,), extent=shapely.box(-999, -9, 600, 99))
    circles = circles_of(town, entry("bank", 5, standard_m=1000), minutes=(5,))
    assert status_of(circles, "h100", "bank") == "unreached"
    assert pd.isna(circles.reach["is_within_standard"].iloc[0])


def test_a_dwelling_beyond_the_extent_is_unknown_where_it_found_nothing(circles_of):
    town = street_town(
        [("bank", 100)], homes=(100, 1900), people=(10, 20), extent=shapely.box(-99, -99, 600, 99)
    )
    circles = circles_of(town, entry("bank", 5))
    # The extent ends 1,305 m away, beyond any circle.
    assert status_of(circles, "h1900", "bank") == "unknown"


def test_a_facility_beyond_the_extent_makes_a_truncated_area(circles_of):
    town = street_town([("bank", 1900)], extent=shapely.box(-99, -99, 600, 99))
    circles = circles_of(town, entry("bank", 5))
    assert circles.service_areas["is_truncated"].all()


def test_a_dwelling_joined_to_steps_alone_is_unknown_for_wheels(circles_of):
    town = street_town([("bank", 100)], homes=(400, 1000), people=(10, 20))
    streets = [
        shapely.LineString([(0, 0), (900, 0)]),
        shapely.LineString([(900, 0), (1100, 0)]),
        shapely.LineString([(1100, 0), (2000, 0)]),
    ]
    steps = with_layers(
        town, streets=frame(streets, id=["a", "b", "c"], is_steps=[False, True, False], level=[0, 0, 0])
    )
    circles = circles_of(steps, entry("bank", 15), walker="wheels")
    assert status_of(circles, "h400", "bank") == "reached"
    assert status_of(circles, "h1000", "bank") == "unknown"
    assert status_of(circles_of(steps, entry("bank", 15)), "h1000", "bank") == "unreached"


def test_a_facility_joined_to_steps_alone_leaves_doubt_only_for_wheels_and_only_near_it(circles_of):
    town = street_town([("bank", 1000)], homes=(400, 1900), people=(10, 20))
    streets = [
        shapely.LineString([(0, 0), (900, 0)]),
        shapely.LineString([(900, 0), (1100, 0)]),
        shapely.LineString([(1100, 0), (2000, 0)]),
    ]
    steps = with_layers(town, streets=frame(streets, id=["a", "b", "c"], is_steps=[False, True, False]))
    circles = circles_of(steps, entry("bank", 15), walker="wheels")
    # 15 minutes on wheels are 720 m; the bank is 595 m and 895 m away in a straight line.
    assert status_of(circles, "h400", "bank") == "unknown"
    assert status_of(circles, "h1900", "bank") == "unreached"
    assert status_of(circles_of(steps, entry("bank", 15)), "h1900", "bank") == "unreached"


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_ground_is_the_smallest_area_around_its_point(circles_of, is_turned):
    areas = [shapely.box(300, 20, 900, 320), shapely.box(800, 20, 860, 80)]
    town = with_layers(
        street_town([], homes=(100,), people=(10,)),
        facilities=frame([shapely.Point(830, 50)], id=["f"], facility_type=["park"]),
        green=frame(areas[::-1] if is_turned else areas, id=["g1", "g2"]),
    )
    circles = circles_of(town, entry("park", 15))
    # To the corner of the smaller one at (800, 20): a leg of 5 m, 700 m, a leg of 20 m.
    assert circles.reach["distance_m"].tolist() == pytest.approx([725])


def test_a_park_in_a_housing_estate_is_not_the_estate(circles_of):
    town = with_layers(
        street_town([], homes=(100,), people=(10,)),
        facilities=frame([shapely.Point(830, 50)], id=["f"], facility_type=["pocket_park"]),
        compounds=frame([shapely.box(300, -400, 900, 400)], id=["c"], compound_type=["estate"]),
    )
    circles = circles_of(town, entry("pocket_park", 15))
    assert circles.reach["distance_m"].tolist() == pytest.approx([5 + 730 + 50])


def test_a_school_that_is_known_as_a_building_alone_is_joined_like_a_building(circles_of):
    town = with_layers(
        street_town([], homes=(100, 400), people=(10, 20), use=["residential", "education"]),
        facilities=frame([shapely.Point(400, 10)], id=["f"], facility_type=["primary_school"]),
    )
    circles = circles_of(town, entry("primary_school", 15))
    # Leg of the home, 300 m, leg of the school's corner; not at no cost to all of the street within 15 m.
    assert circles.reach["distance_m"].tolist() == pytest.approx([310])


def test_addresses_off_the_streets_are_listed_as_addresses(circles_of):
    town = street_town([("bank", 100)], homes=(100,), people=(10,))
    layers = {name: town[name] for name in town.layers if name != "buildings"}
    addresses = frame([shapely.Point(100, 5), shapely.Point(100, 300)], id=["a1", "a2"], people=[10.0, 20.0])
    parcels = frame([shapely.box(0, 0, 9, 9)], id=["p"])
    far = fg.Town.from_layers(
        name="T", settings=town.settings, **layers | {"addresses": addresses, "parcels": parcels}
    )
    found = circles_of(far, entry("bank", 5)).findings
    assert found[["layer", "feature_id"]].to_numpy().tolist() == [["addresses", "a2"]]


def test_the_sample_town_loses_nobody(demo):
    circles = demo.results.circles
    assert circles.dwellings["people"].sum() == pytest.approx(28_000)
    full = area(circles, FULL_SET, 15)
    assert full["reached_people"] + full["unreached_people"] + full["unknown_people"] == pytest.approx(28_000)
    assert 0 < full["reached_people"] < 28_000


def test_the_blocks_of_the_sample_town_are_served_differently(demo):
    asked = "area_kind == 'block' and by == 'network' and facility_type == @FULL_SET and limit_min == 5"
    share = demo.results.circles.areas.query(asked).set_index("area_name")["reached_share"]
    assert share["市河历史街区"] > share["丝绸新村片区"] > share["水乡丝厂片区"] > share["严家浜城乡片区"]
    assert 0.45 < share["市河历史街区"] < 0.65
    assert 0.02 < share["严家浜城乡片区"] < 0.15
