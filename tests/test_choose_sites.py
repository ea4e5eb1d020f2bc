"""Programmes on one street, where whom a site serves can be worked out on paper."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import shapely
from site_towns import EAST_PLOT, PARK, WEST, Ask, asker, chosen, plot, plots, street_town

import fengmao_geo as fg
from fengmao_geo.errors import StandardError, TableError, UsageError
from fengmao_geo.siting.problem import Choice
from fengmao_geo.standards.uses import uses


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    return asker(tmp_path_factory.mktemp("ask"))


def unreached(circles, kind, minutes):
    rows = circles.areas[(circles.areas["area_kind"] == "town") & (circles.areas["by"] == "network")]
    rows = rows[(rows["facility_type"] == kind) & (rows["limit_min"] == minutes)]
    return float(rows["unreached_people"].iloc[0])


def test_one_site_goes_where_most_people_lack_it(ask):
    found = ask().choose(count=1, rules=PARK)
    assert chosen(found) == [("s1", "pocket_park")]
    assert (found.objective, found.status, found.gap) == (35, "optimal", 0)
    row = found.sites.iloc[0]
    assert (row["gained_people"], row["block_id"], row["area_m2"]) == (35, "b1", pytest.approx(1200))
    # 65 % green, 0.06 wan a square metre.
    assert (row["green_m2"], row["cost_wan"]) == (pytest.approx(780), pytest.approx(72))


def test_each_site_lists_whom_it_serves_and_how_far_they_walk(ask):
    served = ask().choose(count=1, rules=PARK).served
    assert served["dwelling_id"].tolist() == ["h100", "h400"]
    # 15 m around a plot that is 10 m off reach 11.18 m beyond its corners.
    walk_m = 5 + 250 - 20 - np.sqrt(15**2 - 10**2) - 100
    assert served["travel_min"].tolist() == pytest.approx([walk_m / 60] * 2, rel=1e-3)
    assert served["people"].tolist() == [10, 25]


def test_the_budget_is_kept(ask):
    here = ask()
    assert len(here.choose(rules=PARK, budget_wan=144).sites) == 2
    assert len(here.choose(rules=PARK, budget_wan=143.9).sites) == 1
    assert here.choose(rules=PARK, budget_wan=71).sites.empty


def test_facilities_that_stand_count_first(ask):
    found = ask(street_town([("pocket_park", 100)])).choose(rules=PARK, count=1)
    # At 100 they have one; from 400 to it are 305 m, more than 300.
    assert found.sites["space_id"].tolist() == ["s2"]
    assert found.unserved["dwelling_id"].tolist() == ["h400"]


def test_one_beyond_the_tier_does_not_count_though_the_largest_circle_reaches_it(ask):
    here = ask(street_town([("pocket_park", 0)]))
    assert set(here.circles.reach["status"][:2]) == {"reached", "unreached"}
    assert here.choose(rules=PARK).served["dwelling_id"].tolist() == ["h1000", "h400"]


def test_what_nobody_surveyed_is_unknown_and_not_newly_served(ask):
    found = ask(street_town(surveyed=frozenset())).choose(rules=PARK)
    assert found.sites.empty
    assert found.status == "nothing_to_do"
    assert "3" in found.words(lang="en").splitlines()[-1]


def test_one_that_was_found_beyond_the_tier_does_not_make_it_surveyed(ask):
    # Another might stand nearer: of the home at 1000 nothing is known but that the extent is all there.
    here = ask(street_town([("pocket_park", 0)], surveyed=frozenset({"bank"})))
    assert len(here.choose(rules=PARK).served) == 2


def test_a_type_for_a_group_counts_that_group_only(ask):
    town = street_town(elderly_people=[8, 1, 20])
    found = ask(town, ("pocket_park", 5, "elderly")).choose(rules=PARK, count=1)
    assert chosen(found) == [("s2", "pocket_park")]
    assert found.gained[["group", "gained_people"]].to_numpy().tolist() == [["elderly", 20]]


def test_a_type_for_everyone_tells_the_groups_among_them(ask):
    found = ask(street_town(elderly_people=[8, 1, 20])).choose(rules=PARK, count=1)
    gained = found.gained.set_index("group")["gained_people"]
    assert (gained["everyone"], gained["elderly"]) == (35, 9)
    assert np.isnan(gained["infant"])


def test_a_group_that_nobody_counted_is_found_and_not_served(ask):
    found = ask(None, ("pocket_park", 5, "infant")).choose(rules=PARK)
    assert found.sites.empty
    assert found.findings["code"].tolist() == ["demand_uncounted"]


def test_weights_shift_the_choice(ask):
    here = ask(street_town(elderly_people=[0, 0, 15]))
    heavier = PARK.model_copy(update={"group_weights": {"elderly": 2.0}})
    found = here.choose(rules=heavier, count=1)
    # 30 + 15 more for the old are more than 35.
    assert (chosen(found), found.objective) == ([("s2", "pocket_park")], 45)
    assert here.choose(rules=PARK.model_copy(update={"type_weights": {"pocket_park": 3.0}})).objective == 195


def test_nobody_is_newly_served_twice(ask):
    found = ask().choose(plots({"x": 250}, {"x": 260}, {"x": 1000}), rules=PARK)
    assert not found.served.duplicated(["dwelling_id", "facility_type"]).any()
    # The second park in the west would serve nobody.
    assert len(found.sites) == 2
    assert found.sites["gained_people"].sum() == 65


def test_a_space_takes_one_use(ask):
    here = ask(None, ("pocket_park", 5), ("car_park", 15))
    found = here.choose(plots(WEST), rules=fg.SiteRules(uses=("pocket_park", "car_park")))
    # Cars may be parked 15 minutes off: everybody's; a park only serves the 35 who are near.
    assert chosen(found) == [("s1", "car_park")]
    assert found.objective == 65


def test_a_use_that_supplies_two_types_counts_each_person_once_at_its_site(ask):
    here = ask(None, ("playground", 5), ("activity_ground", 5))
    found = here.choose(plots(WEST), rules=fg.SiteRules(uses=("playground",)))
    assert found.objective == 70
    assert found.sites["gained_people"].tolist() == [35]
    everyone = found.gained[found.gained["group"] == "everyone"]
    assert everyone["gained_people"].tolist() == [35, 35]


def rebuilt(folder, town_of, entries, programme, spaces):
    """Count anew who lacks what once the sites stand."""
    shapes = dict(zip(spaces["space_id"], spaces["shape"], strict=True))
    stands = [(kind, shapes[space]) for space, use in chosen(programme) for kind in uses()[use].supplies]
    return Ask(folder, town_of(stands), *entries).circles


def test_people_are_those_that_life_circles_count_once_the_sites_stand(tmp_path):
    entries = [("pocket_park", 5), ("fitness_point", 5), ("car_park", 15), ("playground", 5)]
    at = (250, 620, 1000, 1390)
    homes = tuple(range(40, 1800, 95))
    people = [3 + row % 7 for row in range(len(homes))]

    def town_of(stands):
        return street_town([("fitness_point", 500), *stands], homes=homes, people=people)

    here = Ask(tmp_path, town_of([]), *entries)
    found = here.choose(plots(*({"x": x} for x in at)), budget_wan=130)
    spaces = {"space_id": [f"s{row}" for row in range(1, 5)], "shape": [plot(x) for x in at]}
    after = rebuilt(tmp_path, town_of, entries, found, spaces)
    assert len(found.sites) == 4
    everyone = (
        found.gained[found.gained["group"] == "everyone"].groupby("facility_type")["gained_people"].sum()
    )
    for kind, tier in entries:
        assert unreached(here.circles, kind, tier) - unreached(after, kind, tier) == everyone.get(kind, 0), (
            kind
        )
    assert everyone.sum() == found.objective


def test_full_cover_costs_least_and_lists_whom_nothing_reaches(ask):
    town = street_town(homes=(100, 400, 1000, 1900), people=(10, 25, 30, 7))
    found = ask(town).choose(objective="everyone", rules=PARK)
    assert found.sites["space_id"].tolist() == ["s1", "s2"]
    assert found.objective == pytest.approx(144)
    assert found.unserved[["dwelling_id", "people", "is_coverable"]].to_numpy().tolist() == [
        ["h1900", 7, False]
    ]
    assert ("some_left", {"people": 7}) in found.reasons


def test_full_cover_beyond_the_budget_says_what_it_would_cost(ask):
    found = ask().choose(objective="everyone", rules=PARK, budget_wan=100)
    assert (found.status, found.objective, found.sites.empty) == ("infeasible", None, True)
    codes = [code for code, _ in found.reasons]
    assert codes == ["conflict", "budget", "must", "needed"]
    assert "144.0" in found.words(lang="en")
    assert "144.0" in found.words(lang="zh")


def test_where_one_plot_cannot_be_two_things_as_many_as_can_be_are_served(ask):
    here = ask(None, ("pocket_park", 5), ("car_park", 5))
    rules = fg.SiteRules(uses=("pocket_park", "car_park"))
    found = here.choose(plots(WEST), objective="everyone", rules=rules)
    # Both serve 35; cars cost 0.04 wan a square metre, a park 0.06.
    assert chosen(found) == [("s1", "car_park")]
    assert "some_cannot" in [code for code, _ in found.reasons]


def test_as_many_as_can_be_beyond_the_budget_says_what_that_would_cost(ask):
    here = ask(None, ("pocket_park", 5), ("car_park", 5))
    rules = fg.SiteRules(uses=("pocket_park", "car_park"))
    found = here.choose(plots(WEST), objective="everyone", rules=rules, budget_wan=10, count=5)
    assert found.status == "infeasible"
    codes = [code for code, _ in found.reasons]
    assert codes == ["some_cannot", "conflict", "budget", "must", "needed", "some_left"]
    # 1200 m² of cars at 0.04 wan.
    assert dict(found.reasons)["needed"] == {"needed_wan": pytest.approx(48)}


def test_too_few_sites_for_full_cover_is_said_without_any_cost(ask):
    found = ask().choose(objective="everyone", rules=PARK, count=1)
    assert [code for code, _ in found.reasons] == ["conflict", "count", "must"]


def test_where_nobody_was_counted_the_programme_says_so(ask):
    found = ask(street_town(people=(np.nan,) * 3)).choose(rules=PARK)
    assert found.people_basis == "floor_area"
    assert found.words(lang="en").count("not people") == 1


def test_the_fairest_site_shortens_the_worst_walk(ask):
    here = ask(street_town(homes=(100, 400, 1000), people=(900, 1, 1)))
    spaces = plots({"x": 150}, {"x": 550})
    assert here.choose(spaces, count=1, rules=PARK).sites["space_id"].tolist() == ["s1"]
    found = here.choose(spaces, count=1, rules=PARK, objective="fairest")
    assert found.sites["space_id"].tolist() == ["s2"]
    # From 100 to where the street runs beside the plot, and from 1000: the same.
    assert found.objective == pytest.approx((5 + 550 - 20 - np.sqrt(125) - 100) / 60, rel=1e-3)


def test_if_somebody_stays_beyond_the_circle_the_fairest_says_so(ask):
    town = street_town(homes=(100, 1900), people=(10, 10))
    found = ask(town).choose(plots({"x": 100}, {"x": 1900}), count=1, rules=PARK, objective="fairest")
    assert found.objective is None
    assert ("beyond", {"minutes": 15.0}) in found.reasons


def test_uses_without_demand_are_listed_and_not_chosen(ask):
    found = ask().choose()
    assert set(found.sites["use"]) == {"pocket_park"}
    reasons = found.listed[found.listed["space_id"] == "s1"].set_index("use")["reason"]
    assert (reasons["micro_green"], reasons["car_park"]) == ("no_demand", "not_asked")
    assert "pocket_park" not in reasons


def test_a_stated_value_puts_a_use_into_the_choice(ask):
    rules = fg.SiteRules(values_people={"rain_garden": 33.0})
    found = ask().choose(rules=rules)
    # 33 is less than 35 and more than 30.
    assert dict(chosen(found)) == {"s1": "pocket_park", "s2": "rain_garden"}
    assert found.objective == 68
    assert "rain_garden" not in set(found.listed["use"])


def test_what_is_required_is_there_though_it_serves_nobody(ask):
    rules = fg.SiteRules(require=(fg.SiteBound(use="rain_garden", block_id="b1", count=1),))
    assert dict(chosen(ask().choose(rules=rules))) == {"s1": "rain_garden", "s2": "pocket_park"}


def test_a_required_facility_type_may_come_with_any_use_that_supplies_it(ask):
    rules = fg.SiteRules(require=(fg.SiteBound(facility_type="ball_court", count=1),))
    found = ask().choose(rules=rules)
    assert any("ball_court" in uses()[use].supplies for _, use in chosen(found))


def test_limits_hold(ask):
    here = ask()
    none = fg.SiteRules(limits=(fg.SiteBound(block_id="b1", count=0),))
    assert here.choose(rules=none).sites["space_id"].tolist() == ["s2"]
    one = fg.SiteRules(limits=(fg.SiteBound(use="pocket_park", count=1),))
    assert here.choose(rules=one).sites["space_id"].tolist() == ["s1"]


def test_sites_are_fixed_in_and_out(ask):
    here = ask()
    assert here.choose(count=1, rules=fg.SiteRules(fixed_in=("s2",))).sites["space_id"].tolist() == ["s2"]
    both = fg.SiteRules(fixed_in=(("s1", "car_park"),))
    assert dict(chosen(here.choose(rules=both))) == {"s1": "car_park", "s2": "pocket_park"}
    assert here.choose(rules=fg.SiteRules(fixed_out=("s1",))).sites["space_id"].tolist() == ["s2"]
    assert here.choose(rules=fg.SiteRules(fixed_out=(("s1", "pocket_park"),))).objective == 30


def test_no_more_are_served_than_there_is_room_for(ask):
    rules = PARK.model_copy(update={"capacity_people": {"pocket_park": 20.0}})
    found = ask().choose(rules=rules)
    assert found.objective == pytest.approx(40)
    assert (found.served.groupby("space_id")["people"].sum() <= 20 * (1 + 1e-9)).all()
    assert found.unserved["people"].sum() == pytest.approx(25)
    assert found.gained.groupby("group")["gained_people"].sum()["everyone"] == pytest.approx(40)


def test_a_requirement_that_nothing_fits_is_named(ask):
    rules = fg.SiteRules(require=(fg.SiteBound(use="riverside_walk", count=2),), fixed_in=("s1",))
    found = ask().choose(rules=rules, budget_wan=500)
    assert found.status == "infeasible"
    assert found.reasons == (
        ("conflict", {}),
        ("at_least", {"what": "riverside_walk", "count": 2, "fitting": 0}),
    )
    assert "riverside_walk" in found.words()


def test_a_budget_too_small_for_what_is_required_says_what_is_needed(ask):
    rules = PARK.model_copy(update={"fixed_in": ("s1",)})
    found = ask().choose(rules=rules, budget_wan=50, count=3)
    assert [code for code, _ in found.reasons] == ["conflict", "budget", "fixed_in", "needed"]
    assert "72.0" in found.words(lang="en")


@pytest.mark.parametrize("objective", ["people", "everyone", "fairest"])
def test_nothing_to_choose_says_why(ask, objective):
    here = ask()
    told = {
        "no_spaces": here.choose(plots(WEST).iloc[:0], objective=objective),
        "no_options": here.choose(plots(WEST | {"decision": "excluded"}), objective=objective),
        "no_demand": here.choose(
            plots({"x": 1600} | {"kind": "riverside"}),
            objective=objective,
            rules=fg.SiteRules(uses=("rain_garden",)),
        ),
    }
    for code, found in told.items():
        assert found.status == "nothing_to_do"
        assert found.reasons[0] == (code, {})
        assert found.sites.empty
        assert found.greedy.empty
        assert found.alternatives.empty
        assert found.words(lang="en") != found.words(lang="zh")


def test_other_uses_of_the_same_plot_are_no_alternative(ask):
    here = ask(None, ("pocket_park", 5), ("car_park", 15))
    rules = fg.SiteRules(uses=("pocket_park", "car_park"))
    found = here.choose(rules=rules, count=1)
    # Either plot as a car park serves all 65; a park on the first serves 35, and is no other plan.
    assert found.alternatives["rank"].tolist() == [1]
    assert {*found.sites["space_id"], *found.alternatives["space_id"]} == {"s1", "s2"}


def test_alternatives_leave_out_a_site_of_every_better_programme(ask):
    found = ask().choose(rules=PARK, count=1)
    assert found.alternatives[["rank", "space_id", "objective"]].to_numpy().tolist() == [[1, "s2", 30]]
    assert ask().choose(rules=PARK.model_copy(update={"alternatives_count": 0})).alternatives.empty


def test_what_serves_fewer_is_no_alternative_to_full_cover(ask):
    here = ask()
    assert here.choose(rules=PARK, objective="everyone").alternatives.empty
    found = here.choose(
        plots(WEST, EAST_PLOT, {"x": 1000, "shape": plot(1000, deep_m=35)}), rules=PARK, objective="everyone"
    )
    # The plot of 1400 m² does what that of 1200 m² does, for 84 wan.
    assert found.objective == pytest.approx(144)
    assert found.alternatives["space_id"].tolist() == ["s1", "s3"]
    assert found.alternatives["objective"].tolist() == pytest.approx([156, 156])


def test_the_greedy_answer_stands_beside_it(ask):
    # Greedy takes the middle (25 + 24), then one more; the best takes west and east: all.
    town = street_town(homes=(20, 500, 600, 1100), people=(20, 25, 24, 20))
    spaces = plots({"x": 250}, {"x": 550}, {"x": 850})
    found = ask(town).choose(spaces, rules=PARK, count=2)
    assert found.sites["space_id"].tolist() == ["s1", "s3"]
    assert found.greedy["space_id"].tolist() == ["s2", "s1"]
    assert found.greedy["objective"].tolist() == [49, 69]
    assert found.objective == 89


@pytest.mark.parametrize(
    "answer",
    [Choice(None, "not_found"), Choice(np.zeros(0, dtype=int), "time_limit", 0.5)],
    ids=["nothing", "a worse one"],
)
def test_what_is_found_in_time_is_never_worse_than_greedy(ask, monkeypatch, answer):
    monkeypatch.setattr("fengmao_geo.siting.case.most", lambda *_, **__: answer)
    found = ask().choose(rules=PARK.model_copy(update={"alternatives_count": 0}), budget_wan=100)
    assert (found.status, found.objective) == ("time_limit", 35)
    assert found.sites["space_id"].tolist() == found.greedy["space_id"].tolist() == ["s1"]
    assert found.gap == (None if answer.options is None else 0.5)


def test_if_nothing_is_found_at_all_the_programme_is_empty(ask, monkeypatch):
    monkeypatch.setattr("fengmao_geo.siting.case.least_cost", lambda *_, **__: Choice(None, "not_found"))
    # Greedily, neither site leaves money for the other.
    found = ask().choose(rules=PARK, objective="everyone", budget_wan=100)
    assert (found.status, found.objective, found.gap) == ("not_found", None, None)
    assert found.sites.empty
    assert found.alternatives.empty
    assert "time_limit_min" in found.words()


def test_more_money_never_serves_fewer(ask):
    here = ask(None, ("pocket_park", 5), ("fitness_point", 5), ("car_park", 15))
    rules = fg.SiteRules(alternatives_count=0)
    reached = [here.choose(budget_wan=wan, rules=rules).objective for wan in (0, 30, 72, 144)]
    assert reached == sorted(reached)
    assert reached[0] < reached[-1]


def test_the_order_of_rows_changes_nothing(tmp_path):
    spaces = plots(WEST, EAST_PLOT, {"x": 620})
    entries = [("pocket_park", 5), ("fitness_point", 5)]
    here = Ask(tmp_path, street_town(elderly_people=[1, 2, 3]), *entries)
    backwards = street_town(homes=(1000, 400, 100), people=(30, 25, 10), elderly_people=[3, 2, 1])
    there = Ask(tmp_path, backwards, *entries)
    one, two = here.choose(spaces, budget_wan=100), there.choose(spaces.iloc[::-1], budget_wan=100)
    for name in ("sites", "served", "gained", "unserved", "listed", "alternatives", "greedy"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(one, name)), pd.DataFrame(getattr(two, name)))
        assert getattr(one, name).to_csv() == getattr(two, name).to_csv()
    assert one.words() == two.words()


def test_inputs_are_left_as_they_were(ask):
    here, spaces = ask(), plots(WEST, EAST_PLOT)
    before = [
        frame.copy() for frame in (spaces, here.circles.reach, here.circles.dwellings, here.circles.types)
    ]
    here.choose(spaces)
    after = (spaces, here.circles.reach, here.circles.dwellings, here.circles.types)
    for one, two in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, two)


def test_a_plot_that_no_street_reaches_is_found(ask):
    far = plots({"x": 250}, {"shape": shapely.box(200, -900, 240, -870)})
    found = ask().choose(far, rules=PARK)
    assert found.findings[["layer", "feature_id", "code"]].to_numpy().tolist() == [
        ["spaces", "s2", "unattached"]
    ]


def test_wrong_arguments_are_named_all_at_once(ask):
    rules = fg.SiteRules(
        fixed_in=("nowhere",),
        require=(fg.SiteBound(block_id="b9", count=1),),
        capacity_people={"nursery": 5.0},
    )
    here = ask()
    with pytest.raises(UsageError) as caught:
        here.choose(rules=rules, budget_wan=-1, count=1.5)
    text = caught.value.text(lang="en")
    assert all(word in text for word in ("nowhere", "b9", "-1", "1.5"))
    with pytest.raises(UsageError, match="capacity_people"):
        here.choose(rules=rules, objective="fairest")
    with pytest.raises(UsageError, match="cheapest"):
        here.choose(objective="cheapest")
    with pytest.raises(TableError):
        here.choose(plots(WEST).drop(columns="kind"))


def test_rules_are_read_from_a_table_of_a_file():
    rules = fg.SiteRules.from_table(
        {
            "uses": ["pocket_park", "car_park"],
            "limits": [{"use": "car_park", "block_id": "b1", "count": 1}],
            "fixed_in": ["s1", ["s2", "car_park"]],
            "group_weights": {"elderly": 2},
            "time_limit_min": 0.5,
        }
    )
    assert rules.fixed_in == ("s1", ("s2", "car_park"))
    assert rules.limits[0].what == "b1 / car_park"
    assert rules.group_weights == {"elderly": 2}


def test_every_fault_of_a_table_of_rules_is_named():
    table = {
        "uses": ["pocket_parc"],
        "limits": [{"count": 1}],
        "require": [{"facility_type": "moon_base", "count": 1}],
        "fixed_out": [["s1", "casino"]],
        "values_people": {"pub": 3},
        "group_weights": {"dogs": 1},
        "time_limit_min": 0,
        "speed": 3,
    }
    with pytest.raises(StandardError) as caught:
        fg.SiteRules.from_table(table)
    for lang in ("zh", "en"):
        text = caught.value.text(lang=lang)
        words = (
            "pocket_parc",
            "limits",
            "moon_base",
            "casino",
            "pub",
            "dogs",
            "time_limit_min",
            "speed",
            "town.toml",
        )
        assert [word for word in words if word not in text] == []


def test_a_file_of_uses_of_the_users_own_is_read(ask, tmp_path):
    shipped = files("fengmao_geo.standards").joinpath("uses.toml").read_text(encoding="utf-8")
    (tmp_path / "uses.toml").write_text(
        shipped.replace("pocket_park]", "green_room]").replace("pocket_park.figures]", "green_room.figures]"),
        encoding="utf-8",
    )
    rules = fg.SiteRules.from_table(
        {"uses_file": "uses.toml", "uses": ["green_room"]}, file=tmp_path / "town.toml"
    )
    assert set(ask().choose(rules=rules).sites["use"]) == {"green_room"}
    with pytest.raises(StandardError, match="uses_file"):
        fg.SiteRules.from_table(
            {"uses_file": "none.toml", "uses": ["green_room"]}, file=tmp_path / "town.toml"
        )


def test_a_programme_may_be_drawn_by_hand(ask):
    made = ask().choose(rules=PARK).sites.drop(columns="gained_people")
    by_hand = fg.Programme(sites=made)
    assert repr(by_hand) == "<Programme: 2 sites, 144 wan>"
    assert "144.0" in by_hand.words()
    with pytest.raises(TableError):
        fg.Programme(sites=made.drop(columns="use"))


def test_a_notebook_shows_names_as_text(ask):
    found = ask().choose(plots(WEST | {"name": "<script>"}), rules=PARK)
    html = found._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "72.0" in html
