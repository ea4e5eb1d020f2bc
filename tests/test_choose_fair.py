"""The fairest choice: times on paper, every subset tried by hand, and bounds that are cut until they hold."""

from __future__ import annotations

import numpy as np
import pytest
from choice_problems import FEW, LINE, at_most, instances, problem, subsets
from hypothesis import given
from hypothesis import strategies as st

from fengmao_geo.siting import fair
from fengmao_geo.siting.fair import fairest, least_mean
from fengmao_geo.siting.greedy import value_of, worst_time
from fengmao_geo.siting.model import most
from fengmao_geo.siting.problem import Choice, Limit
from fengmao_geo.siting.program import Answer, Program


def test_the_centre_on_a_line():
    of = problem(LINE, base=20.0, limits=[at_most(1, 3)])
    choice = fairest(of)
    # From 1 the last walks 9; from 0 it is 10, from 10 it is 10.
    assert (choice.options.tolist(), worst_time(of, choice.options), choice.gap_share) == ([1], 9, 0)


def test_of_equally_fair_choices_that_of_the_least_mean_is_taken():
    # Both leave the second at 8; option 1 brings the first from 5 to 3.
    of = problem([[5, 3], [8, 8]], base=20.0, limits=[at_most(1, 2)])
    assert fairest(of).options.tolist() == [1]


def test_what_stands_today_is_no_farther_afterwards():
    of = problem([[np.nan, 2], [6, np.nan]], base=[4.0, 7.0], limits=[at_most(1, 2)])
    choice = fairest(of)
    assert choice.options.tolist() == [0]
    assert worst_time(of, choice.options) == 6


def test_a_worst_time_that_was_not_proven_in_time_says_by_how_much(monkeypatch):
    of = problem(LINE, base=20.0, limits=[at_most(1, 3)])
    monkeypatch.setattr(fair, "least_cost", lambda *_, **__: Choice(None, "not_found"))
    found = fairest(of)
    # Nobody can do better than 1; what stands today is 20.
    assert (found.status, found.gap_share) == ("time_limit", pytest.approx(19 / 20))
    assert found.options.tolist() == [1]


def test_the_fairest_is_kept_if_the_least_mean_is_not_found_in_time(monkeypatch):
    of = problem(LINE, base=20.0, limits=[at_most(1, 3)])
    monkeypatch.setattr(fair, "least_mean", lambda *_, **__: Choice(None, "not_found"))
    found = fairest(of)
    assert worst_time(of, found.options) == 9


def timed(of, seed, worth=None):
    """Give a random problem times of walking, and what stands today."""
    noise = np.random.default_rng(seed)
    times = noise.integers(1, 12, (len(of.base), len(of.cost))) / 2.0
    base = noise.integers(3, 8, len(of.base))
    return times, problem(times, base=base, cost=of.cost, space=of.space, limits=of.limits, weight=of.weight,
                          worth=worth)  # fmt: skip


@FEW
@given(instances(), st.integers(0, 2**16))
def test_no_subset_is_fairer(of, seed):
    times, of = timed(of, seed)
    choices = subsets(of)
    found = fairest(of)
    if not len(choices):
        assert found.status == "infeasible"
        return
    after = np.array([np.minimum(of.base, np.where(row, times, 99).min(axis=1)) for row in choices])
    worst = after.max(axis=1)
    assert worst_time(of, found.options) == worst.min()
    best = (after[worst == worst.min()] @ of.weight).min()
    assert of.weight @ of.base - value_of(of, found.options) == pytest.approx(best)


@FEW
@given(instances(), st.integers(0, 2**16), st.sampled_from([0.0, 0.0, 0.2]))
def test_bounds_end_where_the_whole_programme_does(of, seed, gap_share):
    _, of = timed(of, seed, of.worth)
    found, other = least_mean(of, gap_share=gap_share), most(of)
    assert (found.options is None) == (other.options is None)
    if other.options is None:
        assert found.status == "infeasible"
        return
    values = value_of(of, found.options), value_of(of, other.options)
    assert values[0] <= values[1] + 1e-6 <= values[0] * (1 + found.gap_share) + 2e-6
    assert found.gap_share <= gap_share
    assert (found.status == "optimal") == (found.gap_share == 0)
    if found.status == "optimal":
        assert values[0] == pytest.approx(values[1])
        assert of.cost[found.options].sum() == pytest.approx(of.cost[other.options].sum())


def stopped(values, bound):
    """Let the solver stop with an answer and a bound."""
    return lambda *_, **__: Answer(None if values is None else np.array(values), 1, bound, 1.0)


def test_bounds_that_were_stopped_say_by_how_much_they_may_be_wrong(monkeypatch):
    # From 1 the four walk 1, 0, 1 and 9 rather than 20: 69 saved. At best all walk to what is nearest: 79.
    of = problem(LINE, base=20.0, limits=[at_most(1, 3)])
    monkeypatch.setattr(Program, "run", stopped([0, 1, 0, 0, 0, 0], -1e4))
    found = least_mean(of)
    assert (found.options.tolist(), found.status) == ([1], "time_limit")
    assert found.gap_share == pytest.approx(79 / 69 - 1, rel=1e-4)


def test_bounds_of_which_nothing_came_in_time_have_no_answer(monkeypatch):
    monkeypatch.setattr(Program, "run", stopped(None, -np.inf))
    assert least_mean(problem(LINE, base=20.0)).status == "not_found"


def test_what_was_found_before_the_time_was_up_is_kept(monkeypatch):
    of = problem(LINE, base=20.0, limits=[at_most(1, 3)])
    answers = iter(
        [
            Answer(None, 1, -np.inf, 1.0),
            Answer(np.array([1.0, 0, 0, 20, 40, 19]), 0, -1e4, 0.0),
            Answer(None, 1, -np.inf, 1.0),
        ]
    )
    monkeypatch.setattr(Program, "run", lambda *_, **__: next(answers))
    found = least_mean(of)
    # From 0 they walk 0, 1, 2 and 10: 67 saved.
    assert (found.options.tolist(), found.status) == ([0], "time_limit")
    assert found.gap_share == pytest.approx(79 / 67 - 1, rel=1e-4)


def test_without_anybody_to_bring_nearer_only_what_must_be_is_there():
    of = problem([[30.0, 30.0]], base=20.0, limits=[Limit("fixed", np.array([0.0, 1.0]), low=1)])
    assert least_mean(of).options.tolist() == [1]
    assert fairest(of).options.tolist() == [1]
