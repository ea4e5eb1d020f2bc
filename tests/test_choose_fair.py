"""The fairest choice: times on paper, and every subset tried by hand."""

from __future__ import annotations

import numpy as np
import pytest
from choice_problems import FEW, LINE, at_most, instances, problem, subsets, timed
from hypothesis import given
from hypothesis import strategies as st

from fengmao_geo.siting import fair
from fengmao_geo.siting.fair import fairest
from fengmao_geo.siting.greedy import value_of, worst_time
from fengmao_geo.siting.problem import Choice, Limit


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
    monkeypatch.setattr(fair, "most", lambda *_, **__: Choice(None, "not_found"))
    found = fairest(of)
    assert worst_time(of, found.options) == 9


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


def test_without_anybody_to_bring_nearer_only_what_must_be_is_there():
    of = problem([[30.0, 30.0]], base=20.0, limits=[Limit("fixed", np.array([0.0, 1.0]), low=1)])
    assert fairest(of).options.tolist() == [1]
