"""Bounds added until they hold: the same answers as of the whole programme, and what is said when stopped."""

from __future__ import annotations

import numpy as np
import pytest
from choice_problems import FEW, LINE, at_most, instances, problem, timed
from hypothesis import assume, given
from hypothesis import strategies as st

from fengmao_geo.siting.bounds import by_bounds
from fengmao_geo.siting.greedy import value_of
from fengmao_geo.siting.program import Answer, Program, prices


def by_levels(of):
    """Solve the whole programme at once, with a column for every time in which a demand may be served."""
    program, (price, unit) = Program(of, None), prices(of)
    return program.solve(price, -unit * program.gain, 60.0, 0.0)


@FEW
@given(instances(), st.integers(0, 2**16), st.sampled_from([0.0, 0.0, 0.2]))
def test_bounds_end_where_the_whole_programme_does(of, seed, gap_share):
    _, of = timed(of, seed, of.worth)
    assume(len(of.demand) > 0)
    found, other = by_bounds(of, gap_share=gap_share), by_levels(of)
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
    found = by_bounds(of)
    assert (found.options.tolist(), found.status) == ([1], "time_limit")
    assert found.gap_share == pytest.approx(79 / 69 - 1, rel=1e-4)


def test_bounds_of_which_nothing_came_in_time_have_no_answer(monkeypatch):
    monkeypatch.setattr(Program, "run", stopped(None, -np.inf))
    assert by_bounds(problem(LINE, base=20.0)).status == "not_found"


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
    found = by_bounds(of)
    # From 0 they walk 0, 1, 2 and 10: 67 saved.
    assert (found.options.tolist(), found.status) == ([0], "time_limit")
    assert found.gap_share == pytest.approx(79 / 67 - 1, rel=1e-4)
