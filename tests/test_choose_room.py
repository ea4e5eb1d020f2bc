"""Places shared among people: on paper, and beside networkx's greatest flow of least cost."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from choice_problems import FEW
from hypothesis import given
from hypothesis import strategies as st

from fengmao_geo.siting.room import share_room


def shared(people, room, table, gain=None):
    """Share places by a table, home by site, of minutes; NaN is out of reach."""
    table = np.array(table, dtype=float)
    home, site = np.nonzero(~np.isnan(table))
    gain = np.ones(len(home)) if gain is None else np.array(gain, dtype=float)[home, site]
    found = share_room(
        np.array(people, dtype=float),
        np.array(room, dtype=float),
        home,
        site,
        gain=gain,
        minutes=table[home, site],
    )
    full = np.zeros(table.shape)
    full[home, site] = found
    return full


def test_who_can_go_nowhere_else_gets_the_place_though_the_other_is_nearer():
    # Both reach the first school, the nearer home the second one too.
    found = shared([5, 5], [5, 5], [[1, 9], [8, np.nan]])
    assert found.tolist() == [[0, 5], [5, 0]]


def test_of_as_many_placed_those_are_who_walk_least():
    found = shared([5, 5], [5], [[3], [2]])
    assert found.tolist() == [[0], [5]]


def test_walks_that_differ_by_little_are_told_apart():
    # A hundredth of the longest walk is far more than the solver's tolerance.
    found = shared([4, 1], [4, 9], [[10.0, 10.1], [20.0, 20.0]])
    assert found[0].tolist() == [4, 0]


def test_whoever_is_worth_more_goes_before_whoever_is_nearer():
    found = shared([5, 5], [5], [[1], [9]], gain=[[1], [1.001]])
    assert found.tolist() == [[0], [5]]


def test_a_place_without_a_limit_takes_all_its_neighbours():
    found = shared([5, 7], [3, np.inf], [[1, 2], [np.nan, 4]])
    assert found.tolist() == [[3, 2], [0, 7]]


def test_where_nobody_reaches_anything_nobody_is_placed():
    assert shared([5.0], [4.0], [[np.nan]]).tolist() == [[0]]


@FEW
@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32))
def test_as_many_are_placed_and_walk_as_little_as_in_the_greatest_flow_of_least_cost(homes, sites, seed):
    noise = np.random.default_rng(seed)
    people, room = noise.integers(1, 20, homes), noise.integers(0, 25, sites)
    table = np.where(noise.random((homes, sites)) < 0.6, noise.integers(1, 30, (homes, sites)), np.nan)
    graph = nx.DiGraph()
    graph.add_edge("s", "t", capacity=0)
    for home, site in np.argwhere(~np.isnan(table)).tolist():
        graph.add_edge("s", ("home", home), capacity=int(people[home]))
        graph.add_edge(("home", home), ("site", site), weight=int(table[home, site]))
        graph.add_edge(("site", site), "t", capacity=int(room[site]))
    flow = nx.max_flow_min_cost(graph, "s", "t")
    found = shared(people, room, table)
    assert found.sum() == pytest.approx(sum(flow["s"].values()), abs=1e-5)
    assert np.nansum(found * table) == pytest.approx(nx.cost_of_flow(graph, flow), abs=1e-4)
    assert (found.sum(axis=1) <= people + 1e-6).all()
    assert (found.sum(axis=0) <= room + 1e-6).all()
