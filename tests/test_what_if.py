"""Who gains by a footbridge, a gate or a new facility: a canal and a walled yard on paper."""

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
is_required = true
group = "{group}"
min_people = 0
source = "made for a test"
tag = "P"
"""

#: Metres along the south bank, and people, of whom children.
HOMES = {"a": (100, 10, 1), "b": (300, 20, 2), "c": (600, 40, 4)}


def at(*shapes, **columns):
    placed = [shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=placed, crs=4549)


def line(*xy):
    return shapely.LineString(xy)


def canal_town(facilities=(("primary_school", 300, 60),), *, surveyed="all", extent=None, **layers):
    """Homes 5 m south of the south bank's street, y = 0; water; a street along the north bank, y = 60."""
    kinds, xs, ys = zip(*facilities, strict=True)
    xs_of, people, children = zip(*HOMES.values(), strict=True)
    layers = {
        "built_up": at(shapely.box(-500, -500, 1500, 500)),
        "extent": at(extent or shapely.box(-3000, -3000, 5000, 3000)),
        "streets": at(line((0, 0), (1000, 0)), line((0, 60), (1000, 60)), id=["south", "north"]),
        "water": at(shapely.box(-400, 10, 1400, 50)),
        "buildings": at(
            *[shapely.Polygon([(x, -5), (x + 5, -10), (x, -15), (x - 5, -10)]) for x in xs_of],
            id=list(HOMES),
            use=["residential"] * len(HOMES),
            people=list(people),
            school_age_people=list(children),
        ),
        "facilities": at(
            *[shapely.Point(x, y) for x, y in zip(xs, ys, strict=True)],
            id=[f"f{row}" for row in range(len(kinds))],
            facility_type=list(kinds),
        ),
        "blocks": at(shapely.box(0, -100, 400, -1), id=["b1"], name=["West"]),
    } | layers
    return fg.Town.from_layers(name="T", settings=fg.TownSettings(surveyed_types=surveyed), **layers)


def bridge(x, **columns):
    return at(line((x, 0), (x, 60)), **columns)


@pytest.fixture
def catalogue(tmp_path):
    def write(*entries):
        path = tmp_path / "own.toml"
        rows = [ENTRY.format(kind=kind, tier=tier, group=group) for kind, tier, group in entries]
        path.write_text(CATALOGUE + "".join(rows), encoding="utf-8")
        return path

    return write


SCHOOL = ("primary_school", 5, "everyone")


def town_row(table, kind, limit=5.0, area_id="town"):
    return table.set_index(["area_id", "facility_type", "limit_min"]).loc[(area_id, kind, limit)]


# Compare


def test_a_footbridge_gains_exactly_those_who_are_within_the_walk(catalogue):
    town, path = canal_town(), catalogue(SCHOOL)
    network = fg.walk_network(town)
    before = fg.life_circles(town, network, minutes=[5], catalogue=path)
    after = fg.life_circles(town, fg.with_links(network, bridge(300)), minutes=[5], catalogue=path)
    # From a 5 + 200 + 60 = 265 m, from b 65 m, from c 5 + 300 + 60 = 365 m: more than 300.
    changes = fg.compare(before, after)
    row = town_row(changes, "primary_school")
    assert (row["people"], row["gained_people"], row["lost_people"], row["unknown_change_people"]) == (
        70,
        30,
        0,
        0,
    )
    assert town_row(changes, FULL_SET)["gained_people"] == 30
    assert town_row(changes, "primary_school", area_id="b1")["gained_people"] == 30


def test_taking_the_bridge_out_again_gives_the_old_life_circles(catalogue):
    town, path = canal_town(), catalogue(SCHOOL)
    network = fg.walk_network(town)
    with_bridge = fg.with_links(network, bridge(300, id=["new"]))
    options = {"minutes": [5], "catalogue": path}
    before = fg.life_circles(town, network, **options)
    after = fg.life_circles(town, with_bridge, **options)
    again = fg.life_circles(town, fg.without_links(with_bridge, ["new"]), **options)
    pd.testing.assert_frame_equal(again.areas, before.areas)
    assert town_row(fg.compare(after, again), "primary_school")["lost_people"] == 30
    assert fg.dwelling_changes(before, again).empty


def test_dwellings_that_gain_are_listed_with_their_people_for_a_map(catalogue):
    town, path = canal_town(), catalogue(SCHOOL)
    network = fg.walk_network(town)
    before = fg.life_circles(town, network, minutes=[5], catalogue=path)
    after = fg.life_circles(town, fg.with_links(network, bridge(300)), minutes=[5], catalogue=path)
    table = fg.dwelling_changes(before, after)
    school = table[table["facility_type"] == "primary_school"]
    assert school[["dwelling_id", "change", "changed_people"]].to_numpy().tolist() == [
        ["a", "gained", 10],
        ["b", "gained", 20],
    ]
    assert school.geometry.iloc[0].equals(before.dwellings.geometry.iloc[0])


def test_a_type_for_children_gains_children(catalogue):
    town, path = canal_town(), catalogue(("primary_school", 5, "school_age"))
    network = fg.walk_network(town)
    before = fg.life_circles(town, network, minutes=[5], catalogue=path)
    after = fg.life_circles(town, fg.with_links(network, bridge(300)), minutes=[5], catalogue=path)
    row = town_row(fg.compare(before, after), "primary_school")
    assert (row["group"], row["gained_people"]) == ("school_age", 3)


def test_who_was_unknown_and_is_reached_is_no_gain_but_less_doubt(catalogue):
    town, path = (
        canal_town(surveyed=frozenset(), extent=shapely.box(-3000, -3000, 5000, 55)),
        catalogue(SCHOOL),
    )
    network = fg.walk_network(town)
    options = {"minutes": [5], "catalogue": path}
    doubtful = fg.life_circles(canal_town((("bank", 0, 0),), surveyed=frozenset()), network, **options)
    after = fg.life_circles(town, fg.with_links(network, bridge(300)), **options)
    row = town_row(fg.compare(doubtful, after), "primary_school")
    assert (row["gained_people"], row["lost_people"]) == (0, 0)
    # a and b are reached; c is 300 m from the bridge's foot and cannot leave the extent over it in 5 minutes.
    assert row["unknown_change_people"] == -70


def test_life_circles_of_other_settings_are_not_compared(catalogue):
    town, path = canal_town(), catalogue(SCHOOL)
    network = fg.walk_network(town)
    one = fg.life_circles(town, network, minutes=[5], catalogue=path)
    with pytest.raises(fg.UsageError, match="minutes"):
        fg.compare(one, fg.life_circles(town, network, minutes=[4], catalogue=path))
    with pytest.raises(fg.UsageError, match="walker"):
        fg.compare(one, fg.life_circles(town, network, minutes=[5], catalogue=path, walker="wheels"))


# A gate


def yard_town():
    """A school in a walled yard whose only gate, to the south, is closed; the street runs through it."""
    return canal_town(
        (("bank", 300, 30),),
        water=at(shapely.box(-400, 200, 1400, 210)),
        streets=at(line((0, 0), (1000, 0)), line((300, 0), (300, 50)), id=["south", "drive"]),
        compounds=at(shapely.box(280, 20, 320, 60), id=["yard"], compound_type=["school"]),
        gates=at(shapely.Point(300, 20), id=["g"], is_open=[False]),
    )


def test_an_opened_gate_gains_exactly_those_who_are_within_the_walk(catalogue):
    town, path = yard_town(), catalogue(("bank", 5, "everyone"))
    network = fg.walk_network(town)
    before = fg.life_circles(town, network, minutes=[5], catalogue=path)
    after = fg.life_circles(town, fg.open_gates(network, ["g"]), minutes=[5], catalogue=path)
    # The bank is 30 m up the drive: 235 m from a, 35 m from b, 335 m from c.
    assert town_row(fg.compare(before, after), "bank")["gained_people"] == 30


# Facilities


def test_a_planned_facility_serves_those_within_the_walk(catalogue):
    town, path = canal_town((("bank", 0, 0),)), catalogue(SCHOOL)
    network = fg.walk_network(town)
    after = fg.with_facilities(town, at(shapely.Point(600, 0), id=["p"], facility_type=["primary_school"]))
    circles = [fg.life_circles(one, network, minutes=[5], catalogue=path) for one in (town, after)]
    # 305 m from b, 5 m from c.
    assert town_row(fg.compare(*circles), "primary_school")["gained_people"] == 40


def test_a_planned_facility_does_not_make_its_type_surveyed(catalogue):
    town, path = canal_town((("bank", 0, 0),), surveyed=frozenset()), catalogue(SCHOOL)
    after = fg.with_facilities(town, at(shapely.Point(600, 0), id=["p"], facility_type=["primary_school"]))
    circles = fg.life_circles(after, fg.walk_network(town), minutes=[5], catalogue=path)
    assert circles.reach.set_index("dwelling_id")["status"].to_dict() == {
        "a": "unknown",
        "b": "unknown",
        "c": "reached",
    }


def test_the_town_before_is_not_changed():
    town = canal_town()
    before = town.fingerprint()
    after = fg.with_facilities(town, at(shapely.Point(600, 0), id=["p"], facility_type=["银行"]))
    assert town.fingerprint() == before
    assert after["facilities"].set_index("id")["facility_type"].to_dict() == {
        "f0": "primary_school",
        "p": "bank",
    }
    assert after["facilities"].set_index("id")["is_planned"].eq(True).to_dict() == {"f0": False, "p": True}


def test_facilities_of_known_ids_and_of_no_crs_are_refused():
    town = canal_town()
    with pytest.raises(fg.TownError) as error:
        fg.with_facilities(town, at(shapely.Point(600, 0), id=["f0"], facility_type=["bank"]))
    assert set(error.value.findings["code"]) == {"facility_id_known"}
    with pytest.raises(fg.TownError):
        fg.with_facilities(
            town, at(shapely.Point(6, 0), id=["p"], facility_type=["bank"]).set_crs(None, allow_override=True)
        )


def test_a_town_without_facilities_gets_its_first():
    town = canal_town()
    bare = fg.Town.from_layers(
        name="T", **{name: frame for name, frame in town.layers.items() if name != "facilities"}
    )
    after = fg.with_facilities(bare, at(shapely.Point(600, 0), id=["p"], facility_type=["bank"]))
    assert after["facilities"]["id"].tolist() == ["p"]
    assert list(after.layers)[:2] == list(bare.layers)[:2]


# Best links


def test_candidates_are_ranked_by_people_and_by_people_for_the_money(catalogue):
    town, path = canal_town(), catalogue(SCHOOL)
    candidates = pd.concat([bridge(x) for x in (100, 400, 700)]).assign(
        id=["x100", "x400", "x700"], cost_wan=[10.0, 5.0, np.nan]
    )
    found = fg.best_links(town, fg.walk_network(town), candidates, minutes=[5], catalogue=path)
    school = found[found["facility_type"] == "primary_school"]
    # x100: a 265 m; b 465 m. x400: b 5 + 100 + 60 + 100 = 265 m, c 365 m, a 465 m. x700: c 565 m.
    assert school[["candidate_id", "gained_people", "rank"]].to_numpy().tolist() == [
        ["x400", 20, 1],
        ["x100", 10, 2],
        ["x700", 0, 3],
    ]
    assert school["gained_people_per_wan"].tolist()[:2] == [4, 1]
    assert school["rank_per_wan"].tolist()[:2] == [1, 2]
    assert school[["cost_wan", "gained_people_per_wan", "rank_per_wan"]].iloc[2].isna().all()
    assert school["is_joined"].all()


def test_a_gate_is_a_candidate_too_and_one_that_meets_nothing_is_marked(catalogue):
    town, path = yard_town(), catalogue(("bank", 5, "everyone"))
    candidates = at(
        shapely.Point(300, 20), shapely.Point(320, 40), line((0, 0), (0, 9)), id=["gate", "side", "stub"]
    )
    found = fg.best_links(town, fg.walk_network(town), candidates, minutes=[5], catalogue=path)
    bank = found[found["facility_type"] == "bank"].set_index("candidate_id")
    assert bank["gained_people"].to_dict() == {"gate": 30, "side": 0, "stub": 0}
    assert bank["is_joined"].to_dict() == {"gate": True, "side": False, "stub": False}
    assert bank["kind"].to_dict() == {"gate": "gate", "side": "gate", "stub": "footbridge"}


def test_no_candidates_are_no_rows(catalogue):
    town = canal_town()
    found = fg.best_links(
        town, fg.walk_network(town), bridge(0)[:0], minutes=[5], catalogue=catalogue(SCHOOL)
    )
    assert found.empty
    assert list(found.columns) == list(RESULTS["best_links"].names)


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ({"kind": ["ferry"]}, "link_kind"),
        ({"cost_wan": [0.0]}, "cost_not_positive"),
        ({"kind": ["gate"]}, "link_kind"),
    ],
)
def test_wrong_candidates_are_refused_in_words(catalogue, columns, key):
    town = canal_town()
    with pytest.raises(fg.UsageError) as error:
        fg.best_links(town, fg.walk_network(town), bridge(300, **columns), catalogue=catalogue(SCHOOL))
    assert error.value.key == key


def test_figures_of_best_links_are_those_of_compare(catalogue):
    kinds = (("primary_school", 300, 60), ("bank", 600, 60), ("bank", 0, 0), ("library", 900, 60))
    town = canal_town(kinds, extent=shapely.box(-200, -3000, 5000, 3000))
    path = catalogue(SCHOOL, ("bank", 5, "everyone"), ("library", 15, "school_age"))
    network = fg.walk_network(town)
    before = fg.life_circles(town, network, catalogue=path)
    found = fg.best_links(town, network, bridge(500, id=["one"]), catalogue=path)
    after = fg.life_circles(town, fg.with_links(network, bridge(500)), catalogue=path)
    changes = fg.compare(before, after)
    both = changes[changes["area_kind"] == "town"].merge(found, on=["limit_min", "facility_type", "group"])
    assert len(both) == len(found) == 7
    assert both["gained_people_x"].tolist() == both["gained_people_y"].tolist()
    assert both["gained_people_x"].sum() > 0
