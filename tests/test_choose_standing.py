"""What stands is full once its capacity is: whoever is left without a place may be newly served."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from site_towns import PARK, Ask, asker, frame, plots, street_town

import fengmao_geo as fg
from fengmao_geo.errors import StandardError, UsageError
from fengmao_geo.siting.standing import crowded_homes

#: Of the types that everybody needs a place of, in these tests, there are parks alone.
FULL = PARK.model_copy(update={"standing_capacity_types": ("pocket_park",)})

# From 240 it is 145 m to the home at 100 of 10 people, 165 m to that at 400 of 25; both reach a park at 250 too.
STANDS = [("pocket_park", 240)]


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    return asker(tmp_path_factory.mktemp("standing"))


def crowded_town(*places, facilities=STANDS, **said):
    return street_town(facilities, places=places, **said)


@pytest.fixture(scope="module")
def twenty(ask):
    return ask(crowded_town(20.0))


def test_what_stands_serves_all_who_reach_it_where_capacities_do_not_count(twenty):
    found = twenty.choose(rules=PARK)
    assert (found.objective, found.served["dwelling_id"].tolist()) == (30, ["h1000"])


def test_whoever_is_left_without_a_place_is_newly_served(twenty):
    found = twenty.choose(rules=FULL)
    # The nearer 10 have a place, and 10 of the other 25.
    assert found.objective == pytest.approx(45)
    served = found.served.set_index(["dwelling_id", "space_id"])["people"]
    assert served.to_dict() == pytest.approx({("h400", "s1"): 15, ("h1000", "s2"): 30})
    assert found.sites.set_index("space_id")["gained_people"].to_dict() == pytest.approx({"s1": 15, "s2": 30})
    assert dict(found.reasons)["crowded"] == {"people": pytest.approx(15)}
    assert "15" in found.words(lang="en").splitlines()[-1]


def test_whoever_is_left_and_not_served_anew_is_listed(twenty):
    found = twenty.choose(rules=FULL, budget_wan=0)
    left = found.unserved.set_index("dwelling_id")
    assert left["people"].to_dict() == pytest.approx({"h1000": 30, "h400": 15})
    assert left["is_coverable"].all()


def test_a_capacity_said_of_new_sites_counts_for_what_stands(twenty):
    rules = PARK.model_copy(update={"capacity_people": {"pocket_park": 12.0}})
    assert twenty.choose(rules=rules).objective == pytest.approx(12 + 12)
    alone = rules.model_copy(update={"standing_capacity_types": ()})
    assert twenty.choose(rules=alone).objective == pytest.approx(12)


def test_the_groups_among_those_left_are_their_share(ask):
    found = ask(crowded_town(20.0, elderly_people=[8, 5, 20])).choose(rules=FULL, count=2)
    gained = found.gained.set_index(["space_id", "group"])["gained_people"]
    assert gained["s1", "everyone"] == pytest.approx(15)
    # 15 of 25 people have no place, and so 3 of 5 old ones.
    assert gained["s1", "elderly"] == pytest.approx(3)


def test_a_capacity_that_nobody_knows_has_a_place_for_all_and_is_found(ask):
    here = ask(crowded_town(2.0, np.nan, facilities=[*STANDS, ("pocket_park", 270)]))
    found = here.choose(rules=FULL)
    assert found.objective == 30
    assert found.findings[["feature_id", "column", "code"]].to_numpy().tolist() == [
        ["f2", "capacity_count", "capacity_unknown"]
    ]


def test_where_others_may_stand_nobody_is_known_to_be_left(ask):
    # What is only planned does not mean that all that stands was surveyed.
    planned = frame([shapely.Point(240, 0)], id=["p"], facility_type=["pocket_park"], capacity_count=[20.0])
    town = fg.with_facilities(street_town(surveyed=frozenset()), planned)
    found = ask(town).choose(rules=FULL)
    assert found.sites.empty
    # The home that is left, and the one that reaches none.
    assert dict(found.reasons)["unknown_demand"] == {"count": 2}


def test_where_nobody_was_counted_capacities_do_not_count(ask):
    here = ask(crowded_town(20.0, people=(np.nan,) * 3))
    assert here.choose(rules=FULL).served["dwelling_id"].tolist() == ["h1000"]


def test_a_type_that_is_not_asked_for_has_no_capacity_to_count(twenty):
    rules = PARK.model_copy(update={"standing_capacity_types": ("nursery",)})
    assert twenty.choose(rules=rules).objective == 30


def test_full_cover_places_those_who_are_left_too(twenty):
    found = twenty.choose(rules=FULL, objective="everyone")
    assert found.sites["space_id"].tolist() == ["s2", "s1"]
    assert found.served["people"].sum() == pytest.approx(45)


def test_capacities_are_refused_for_the_fairest(twenty):
    with pytest.raises(UsageError, match="standing_capacity_types"):
        twenty.choose(rules=FULL, objective="fairest")


def test_a_type_that_is_not_known_is_refused():
    with pytest.raises(StandardError, match="moon_base"):
        fg.SiteRules.from_table({"standing_capacity_types": ["moon_base"]})


def test_the_order_of_facilities_and_homes_changes_nothing(ask):
    one = ask(crowded_town(7.0, 9.0, facilities=[*STANDS, ("pocket_park", 330)]))
    backwards = {"homes": (1000, 400, 100), "people": (30, 25, 10)}
    other = ask(crowded_town(9.0, 7.0, facilities=[("pocket_park", 330), *STANDS], **backwards))
    found = [crowded_homes(here.town, here.network, here.circles, FULL).homes for here in (one, other)]
    # 16 places for 35 people: the nearer home has 7 of its 10 from the first park, and so on.
    assert (found[0]["left_share"] * [10, 25]).sum() == pytest.approx(19)
    pd.testing.assert_frame_equal(*found)


@pytest.mark.parametrize("seed", range(2))
def test_as_many_have_a_place_as_in_the_greatest_flow_and_nobody_is_served_twice(tmp_path, seed):
    noise = np.random.default_rng(seed)
    homes = tuple(int(x) for x in np.sort(noise.choice(np.arange(0, 1900, 20), 9, replace=False)))
    people = noise.integers(1, 30, len(homes))
    stands = noise.integers(0, 1900, 4)
    room = noise.integers(1, 40, 4)
    facilities = [("pocket_park", int(x)) for x in stands]
    here = Ask(tmp_path, crowded_town(*room.astype(float), facilities=facilities, homes=homes, people=people))
    graph = nx.DiGraph()
    graph.add_edge("s", "t", capacity=0)
    for home, x in enumerate(homes):
        for site, to in enumerate(stands.tolist()):
            # 5 m from the door to the street, then along it.
            if abs(x - to) + 5 <= 300:
                graph.add_edge("s", ("home", home), capacity=int(people[home]))
                graph.add_edge(("home", home), ("site", site), capacity=10**6)
                graph.add_edge(("site", site), "t", capacity=int(room[site]))
    reaching = sum(data["capacity"] for *_, data in graph.out_edges("s", data=True))
    placed = nx.maximum_flow_value(graph, "s", "t")
    left = crowded_homes(here.town, here.network, here.circles, FULL).homes
    total = dict(zip([f"h{x}" for x in homes], people.tolist(), strict=True))
    without = left["dwelling_id"].map(total) * left["left_share"]
    assert without.sum() == pytest.approx(reaching - placed, abs=1e-4)
    found = here.choose(plots({"x": 300}, {"x": 900}, {"x": 1500}), rules=FULL)
    assert not found.served.duplicated(["dwelling_id", "facility_type"]).any()
    lacking = sum(total.values()) - reaching + without.sum()
    assert found.objective + found.unserved["people"].sum() == pytest.approx(lacking, abs=1e-4)
