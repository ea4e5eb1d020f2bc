"""Choices over arrays: every subset tried by hand, small instances on paper, PySAL's spopt beside ours."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from choice_problems import (
    FEW,
    LINE,
    at_most,
    best_with_capacity,
    budget,
    cover,
    covered,
    instances,
    problem,
    subsets,
)
from hypothesis import given
from hypothesis import strategies as st

from fengmao_geo.siting.fair import fairest
from fengmao_geo.siting.greedy import assigned, greedy, in_order, value_of, without_idle, worst_time
from fengmao_geo.siting.model import MUST, conflict, least_cost, most
from fengmao_geo.siting.problem import Limit, left_out, merged


def test_two_sites_cover_most_where_greedy_covers_less():
    # Option 0 reaches 4 people; 1 and 2 together reach all 6.
    of = cover((0, 1), (0, 1), (1,), (0, 2), (0, 2), (2,), limits=[at_most(2, 3)])
    assert most(of).options.tolist() == [1, 2]
    assert value_of(of, greedy(of, by_cost=False)) == 5


def test_a_space_takes_one_use_only():
    of = cover((0,), (1,), weight=[3, 2], space=[0, 0])
    assert most(of).options.tolist() == [0]


def test_full_cover_at_least_cost():
    # One site of 5 reaches all; two of 2 do too.
    of = cover((0, 1), (0, 2), cost=[5, 2, 2])
    assert least_cost(of, must=np.array([True, True])).options.tolist() == [1, 2]


def test_of_equally_good_choices_the_cheapest_is_taken():
    of = cover((0, 1), cost=[3, 2], limits=[budget(10, [3, 2])])
    assert most(of).options.tolist() == [1]


def test_what_gains_nothing_is_not_built():
    of = cover((0,), cost=[1, 0], limits=[at_most(2, 2)])
    assert without_idle(of, np.array([0, 1])).tolist() == [0]


def test_a_stated_value_is_weighed_against_people():
    of = cover((0,), weight=[3], cost=[1, 1], worth=[0, 4], limits=[at_most(1, 2)])
    assert most(of).options.tolist() == [1]


def test_no_more_people_are_served_than_there_is_room_for():
    # 5 and 4 people reach a place with room for 6.
    of = cover((0,), (0,), weight=[5, 4], capacity_people=[6])
    choice = most(of)
    assert value_of(of, choice.options) == pytest.approx(6)
    shares = assigned(of, choice.options, minutes=of.time)
    assert (shares * of.people[of.demand]).sum() == pytest.approx(6)


def test_what_costs_nothing_is_taken_first_only_when_it_serves():
    # Both are demanded by a fixed limit; 1 costs nothing and serves nobody, 2 costs nothing and serves 4.
    of = cover((0,), (2,), weight=[5, 4], cost=[3, 0, 0], limits=[Limit("fixed", np.ones(3), low=2, high=3)])
    assert greedy(of, by_cost=True).tolist() == [2, 0]


def test_a_full_place_sends_people_to_the_next():
    # 6 people reach 0 and 1, which have room for 4 each; the nearer one is full.
    of = cover((0, 1), weight=[6], capacity_people=[4])
    taken = assigned(of, np.array([0, 1]), minutes=np.array([1.0, 2.0])) * 6
    assert taken.tolist() == pytest.approx([4, 2])


def test_whoever_weighs_more_gets_the_room():
    of = cover((0,), (0,), weight=[4, 12], people=np.array([4.0, 4.0]), capacity_people=[4])
    assert value_of(of, np.array([0])) == pytest.approx(12)


def test_the_median_on_a_line():
    # With two places: 1 and 10, mean (1 + 0 + 1 + 0) / 4; the worst walks 1.
    of = problem(LINE, base=20.0, limits=[at_most(2, 3)])
    assert most(of).options.tolist() == [1, 2]
    assert value_of(of, np.array([1, 2])) == 4 * 20 - 2


def test_limits_that_contradict_each_other_are_named_and_no_other():
    cost = [5, 5]
    limits = [budget(7, cost), at_most(9, 2), Limit("both", np.ones(2), low=2)]
    assert conflict(cover((0,), (1,), cost=cost, limits=limits)) == ("budget", "both")


def test_a_budget_too_small_for_full_cover_is_named_with_it():
    of = cover((0,), (1,), cost=[5, 5], limits=[budget(7, [5, 5])])
    must = np.ones(2, dtype=bool)
    assert least_cost(of, must=must).status == "infeasible"
    assert conflict(of, must=must) == ("budget", MUST)


def test_what_no_option_can_do_is_named_alone():
    limits = [at_most(3, 1), Limit("there", np.zeros(1), low=1)]
    assert conflict(cover((0,), limits=limits)) == ("there",)


def test_without_options_nothing_is_chosen():
    nothing = cover((0,)).take(np.zeros(1, dtype=bool))
    none = replace(nothing, cost=np.zeros(0), worth=np.zeros(0), space=np.zeros(0, dtype=int))
    assert most(none).options.tolist() == []
    assert most(none.with_limits(Limit("one", np.zeros(0), low=1))).status == "infeasible"


def test_sites_are_ranked_by_what_each_adds():
    of = cover((0, 1), (0,), (0,), (1,), (2,), weight=[1, 1, 1, 1, 2])
    # The first reaches 3, the last 2 who are new, the second 1.
    assert in_order(of, np.array([0, 1, 2])).tolist() == [0, 2, 1]


def test_the_best_single_site_beats_many_cheap_ones():
    # By cost the small one comes first and leaves no money for the large one.
    of = cover((0,), (1,), weight=[2, 10], cost=[1, 10], limits=[budget(10, [1, 10])])
    assert greedy(of, by_cost=True).tolist() == [1]


# ---- every subset


@FEW
@given(instances())
def test_no_subset_gains_more(of):
    choices = subsets(of)
    found = most(merged(of))
    if not len(choices):
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert value_of(of, found.options) == pytest.approx(covered(of, choices).max())
    assert all(limit.holds(found.options) for limit in of.limits)


@FEW
@given(instances(capped=True))
def test_no_subset_gains_more_with_capacities(of):
    found = most(merged(of))
    if found.options is None:
        assert not len(subsets(of))
        return
    assert value_of(of, found.options) == pytest.approx(best_with_capacity(of), rel=1e-5)
    served = assigned(of, found.options, minutes=of.time) * of.people[of.demand]
    room = np.zeros((len(of.cost), 2))
    np.add.at(room, (of.option, of.kind[of.demand]), served)
    assert (room <= of.capacity_people * (1 + 1e-6)).all()


@FEW
@given(instances())
def test_no_subset_covers_all_for_less(of):
    must = np.bincount(of.demand, minlength=len(of.base)) > 0
    choices = subsets(of)
    reached = np.zeros((len(of.base), len(of.cost)))
    reached[of.demand, of.option] = 1
    full = choices[((choices @ reached.T)[:, must] > 0).all(axis=1)]
    found = least_cost(of, must=must)
    if len(full):
        assert of.cost[found.options].sum() == pytest.approx((full @ of.cost).min())
    else:
        assert found.status == "infeasible"


@FEW
@given(instances())
def test_the_best_is_never_worse_than_greedy(of):
    taken, found = greedy(of, by_cost=True), most(of)
    if taken is not None:
        assert all(limit.holds(taken) for limit in of.limits)
        assert np.bincount(of.space[taken], minlength=1).max() <= 1
        assert value_of(of, found.options) >= value_of(of, taken) - 1e-9


@FEW
@given(instances())
def test_an_alternative_is_the_best_that_leaves_out_a_space_of_every_better_one(of):
    choices = subsets(of)
    uses_space = np.array([np.bincount(of.space[row], minlength=max(of.space) + 1) > 0 for row in choices])
    is_left = np.ones(len(choices), dtype=bool)
    last = most(of)
    for rank in range(3):
        if last.options is None or not len(last.options):
            break
        better = np.unique(of.space[last.options])
        is_left &= ~uses_space[:, better].all(axis=1)
        of = of.with_limits(left_out(of, last.options, name=f"cut {rank}"))
        last = most(merged(of))
        assert (last.options is None) == (not is_left.any())
        if is_left.any():
            assert not set(better) <= set(of.space[last.options])
            assert value_of(of, last.options) == pytest.approx(covered(of, choices[is_left]).max())


def test_other_uses_of_the_same_spaces_are_no_alternative():
    # The first space has two uses; whoever cannot have it builds on the second.
    of = cover((0,), (1,), (2,), weight=[9, 8, 1], space=[0, 0, 1], limits=[at_most(1, 3)])
    assert most(of).options.tolist() == [0]
    assert most(of.with_limits(left_out(of, np.array([0]), name="cut"))).options.tolist() == [2]


@FEW
@given(instances(), st.floats(0, 20), st.floats(0, 20))
def test_more_money_never_serves_fewer(of, less, more):
    values = []
    for amount in sorted([less, more]):
        found = most(of.with_limits(budget(amount, of.cost), without=["budget"]))
        values.append(-1.0 if found.options is None else value_of(of, found.options))
    assert values[1] >= values[0] - 1e-6


@FEW
@given(instances(), st.integers(0, 2**16))
def test_the_order_of_demands_changes_nothing(of, seed):
    noise = np.random.default_rng(seed)
    to = noise.permutation(len(of.base))
    back = np.argsort(to)
    demand = back[of.demand]
    order = np.argsort(demand, kind="stable")
    other = replace(of, demand=demand[order], option=of.option[order], time=of.time[order],
                    **{name: getattr(of, name)[to] for name in ("base", "weight", "people", "kind")})  # fmt: skip
    one, two = merged(of), merged(other)
    assert all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("demand", "option", "weight")
    )
    found, again = most(one), most(two)
    assert found.status == again.status
    assert found.options is None or found.options.tolist() == again.options.tolist()


def test_merging_adds_up_who_is_reached_by_the_same():
    of = cover((0, 1), (1,), (0, 1), weight=[2, 3, 4])
    small = merged(of)
    assert sorted(small.weight.tolist()) == [3, 6]
    assert value_of(small, np.array([0])) == 6


# ---- PySAL's spopt


#: spopt 0.7 still makes variables in the way that PuLP 4 will drop.
OLD_PULP = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def spopt():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spopt import locate  # noqa: PLC0415  its warnings are its own
    return locate


def solver():
    import pulp  # noqa: PLC0415  heavy

    return pulp.PULP_CBC_CMD(msg=False)


TABLES = [np.random.default_rng(seed).integers(1, 40, (14, 7)).astype(float) for seed in (1, 2)]


@OLD_PULP
@pytest.mark.parametrize("table", TABLES)
def test_maximal_cover_is_that_of_spopt(spopt, table):
    weight = np.arange(1, 15)
    theirs = spopt.MCLP.from_cost_matrix(table, weight, 9, p_facilities=2).solve(solver())
    of = problem(np.where(table <= 9, 0.0, np.nan), weight=weight, limits=[at_most(2, 7)])
    assert value_of(of, most(merged(of)).options) == pytest.approx(theirs.problem.objective.value())


@OLD_PULP
@pytest.mark.parametrize("table", TABLES)
def test_full_cover_is_that_of_spopt(spopt, table):
    theirs = spopt.LSCP.from_cost_matrix(table, 25).solve(solver())
    of = problem(np.where(table <= 25, 0.0, np.nan))
    ours = least_cost(of, must=np.ones(14, dtype=bool))
    assert len(ours.options) == pytest.approx(theirs.problem.objective.value())


@OLD_PULP
@pytest.mark.parametrize("table", TABLES)
def test_the_centre_is_that_of_spopt(spopt, table):
    theirs = spopt.PCenter.from_cost_matrix(table, p_facilities=2).solve(solver())
    of = problem(table, base=99.0, limits=[at_most(2, 7)])
    assert worst_time(of, fairest(of).options) == pytest.approx(theirs.problem.objective.value())


@OLD_PULP
@pytest.mark.parametrize("table", TABLES)
def test_the_median_is_that_of_spopt(spopt, table):
    weight = np.arange(1, 15)
    theirs = spopt.PMedian.from_cost_matrix(table, weight, p_facilities=2).solve(solver())
    of = problem(table, base=99.0, weight=weight, limits=[at_most(2, 7)])
    mean = weight.sum() * 99 - value_of(of, most(of).options)
    assert mean == pytest.approx(theirs.problem.objective.value())
