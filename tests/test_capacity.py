"""Places shared among people: two-step floating catchments, worked out on paper and conserved at random."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from test_what_if import HOMES, at, canal_town, catalogue

import fengmao_geo as fg

__all__ = ["catalogue"]


def school_town(xs, capacities, **options):
    """Schools on the south street; homes at 100, 300 and 600 m of 10, 20 and 40 people, 5 m off it."""
    rows = {"capacity_count": list(capacities)} if capacities else {}
    schools = at(
        *[shapely.Point(x, 0) for x in xs],
        id=[f"f{row}" for row in range(len(xs))],
        facility_type=["primary_school"] * len(xs),
        **rows,
    )
    layers = {name: frame for name, frame in canal_town().layers.items() if name != "facilities"}
    settings = fg.TownSettings(surveyed_types=options.pop("surveyed", "all"))
    return fg.Town.from_layers(name="T", settings=settings, **layers | options, facilities=schools)


@pytest.fixture
def ratios(catalogue):
    def run(town, *, group="everyone", minutes=5, **options):
        path = catalogue(("primary_school", 15, group))
        return fg.supply_ratio(
            town, fg.walk_network(town), minutes=minutes, catalogue=path, **options
        ).set_index("dwelling_id")

    return run


def test_places_are_shared_by_all_within_the_walk(ratios):
    found = ratios(school_town((100, 590), (60.0, 30.0)))
    # 60 places for the 10 + 20 people of a and b, 30 for the 20 + 40 of b and c.
    assert found["supply_per_people"].to_dict() == pytest.approx({"a": 2.0, "b": 2.5, "c": 0.5})
    assert found["facility_count"].to_dict() == {"a": 1, "b": 2, "c": 1}
    assert set(found["status"]) == {"complete"}


def test_places_of_a_type_for_children_are_shared_by_children(ratios):
    found = ratios(school_town((100, 590), (60.0, 30.0)), group="school_age")
    assert found["people"].to_dict() == {"a": 1, "b": 2, "c": 4}
    assert found["supply_per_people"].to_dict() == pytest.approx({"a": 20.0, "b": 25.0, "c": 5.0})


def test_who_reaches_none_has_none(ratios):
    found = ratios(school_town((100,), (60.0,)))
    assert (found.loc["c", "supply_per_people"], found.loc["c", "status"]) == (0.0, "complete")


def test_who_reaches_none_of_a_type_that_is_not_surveyed_is_unknown(ratios):
    town = school_town((100,), (60.0,), surveyed=frozenset())
    planned = at(shapely.Point(100, 0), id=["p"], facility_type=["primary_school"], capacity_count=[60.0])
    layers = {name: frame for name, frame in town.layers.items() if name != "facilities"}
    bare = fg.Town.from_layers(
        name="T", **layers, facilities=at(shapely.Point(0, 0), id=["f"], facility_type=["bank"])
    )
    found = ratios(fg.with_facilities(bare, planned))
    assert found["status"].to_dict() == {"a": "complete", "b": "complete", "c": "unknown"}
    assert np.isnan(found.loc["c", "supply_per_people"])


def test_a_capacity_that_is_not_known_is_unknown_and_not_zero(ratios):
    found = ratios(school_town((100, 590), (60.0, np.nan)))
    assert found["status"].to_dict() == {"a": "complete", "b": "unknown", "c": "unknown"}
    assert found["supply_per_people"].isna().to_dict() == {"a": False, "b": True, "c": True}


def test_without_any_capacity_all_who_reach_one_are_unknown(ratios):
    town = school_town((100,), None)
    assert ratios(town, types=["primary_school"])["status"].to_dict() == {
        "a": "unknown",
        "b": "unknown",
        "c": "complete",
    }
    assert ratios(town).empty


def test_places_shared_with_people_that_were_not_counted_are_unknown(ratios):
    buildings = canal_town()["buildings"].assign(people=[10.0, np.nan, 40.0])
    found = ratios(school_town((100, 590), (60.0, 30.0), buildings=buildings))
    assert set(found["status"]) == {"unknown"}


def test_a_walk_that_leaves_the_extent_is_incomplete(ratios):
    found = ratios(school_town((100, 590), (60.0, 30.0), extent=at(shapely.box(0, -300, 900, 300))))
    # From a it is 105 m to the edge, from b and c 305 m.
    assert found["status"].to_dict() == {"a": "incomplete", "b": "complete", "c": "complete"}


def test_a_type_of_which_there_is_none_is_zero_where_all_are_surveyed(ratios):
    found = ratios(school_town((100,), (60.0,)), types=["library"])
    assert found["supply_per_people"].tolist() == [0.0, 0.0, 0.0]


def test_every_facility_within_the_walk_is_listed_with_its_places_not_only_the_nearest(catalogue):
    town = school_town((100, 590), (60.0, np.nan))
    network = fg.walk_network(town)
    circles = fg.life_circles(town, network, catalogue=catalogue(("primary_school", 15, "everyone")))
    found = circles.places_reached(town, network, limits_min={"primary_school": 5, "library": 5})
    pairs = list(zip(found["dwelling_id"], found["facility_id"], strict=True))
    # From b it is 205 m to one and 295 m to the other.
    assert pairs == [("a", "f0"), ("b", "f0"), ("b", "f1"), ("c", "f1")]
    assert found["travel_min"].tolist() == pytest.approx([5 / 60, 205 / 60, 295 / 60, 15 / 60])
    assert found["capacity_count"].isna().tolist() == [False, False, True, True]
    assert circles.places_reached(town, network, limits_min={"library": 5}).empty


def test_minutes_must_be_positive():
    town = canal_town()
    with pytest.raises(fg.UsageError):
        fg.supply_ratio(town, fg.walk_network(town), minutes=0)


@pytest.mark.parametrize("seed", range(3))
def test_people_times_their_ratios_are_the_places_of_all_schools_that_reach_anybody(ratios, seed):
    noise = np.random.default_rng(seed)
    xs, capacities = noise.uniform(0, 1000, 6), noise.integers(1, 200, 6).astype(float)
    town = school_town(xs, capacities.tolist())
    found = ratios(town, minutes=2)
    homes = np.array([place for place, *_ in HOMES.values()])
    reached = (np.abs(xs[:, None] - homes) + 5 <= 120).any(axis=1)
    assert (found["people"] * found["supply_per_people"]).sum() == pytest.approx(
        capacities[reached].sum(), rel=1e-9
    )
