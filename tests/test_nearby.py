"""Searches in parts of the network, beside searches of all of it."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.network import nearby


def _graph(rng, nodes, sources):
    """Make a random graph with one-way arcs of its sources, the last nodes, to others; some lead nowhere."""
    count = nodes + sources
    tail = np.concatenate([rng.integers(0, nodes, 3 * nodes), np.repeat(np.arange(nodes, count), 2)])
    head = rng.integers(0, nodes, len(tail))
    keep = (tail < nodes) | (tail % 7 > 0)
    length = rng.random(len(tail)) * 100
    return sparse.csr_array((length[keep], (tail[keep], head[keep])), shape=(count, count))


@pytest.mark.parametrize("limit_m", [40.0, 150.0, np.inf])
@pytest.mark.parametrize(
    ("sources", "at_once", "held"), [(0, 4, 9), (1, 4, 9), (90, 4, 10**9), (90, 99, 600)]
)
def test_parted_searches_find_the_same_bits_as_searches_of_the_whole(
    monkeypatch, limit_m, sources, at_once, held
):
    monkeypatch.setattr(nearby, "_SOURCES", at_once)
    monkeypatch.setattr(nearby, "_DISTANCES", held)
    rng = np.random.default_rng(7)
    graph = _graph(rng, 200, sources)
    found = np.full((sources, 200), np.inf)
    seen = []
    for near in nearby.nearby_distances(graph, rng.random((sources, 2)), limit_m=limit_m):
        found[np.ix_(near.source, near.node)] = near.distance_m
        seen += near.source.tolist()
        assert len(near.source) == 1 or near.distance_m.size <= held
        assert len(near.source) <= at_once
    assert sorted(seen) == list(range(sources))
    if sources:
        whole = csgraph.dijkstra(graph, indices=np.arange(200, 200 + sources), limit=limit_m)[:, :200]
        assert np.array_equal(found, whole)
        assert np.isfinite(whole).any()


@pytest.mark.parametrize("limit_m", [0.0, 30.0, 150.0])
@pytest.mark.parametrize("strip", [1, 7, 60, 10**6])
@pytest.mark.parametrize(("width_m", "reach"), [(2000.0, 1.0), (90_000.0, 1.0), (90_000.0, 0.1)])
def test_the_nearest_of_all_sources_is_that_of_a_search_from_each(
    monkeypatch, limit_m, strip, width_m, reach
):
    """Eastings have nothing to do with lengths here, so that parts must be widened; metres are whole: ties."""
    monkeypatch.setattr(nearby, "_STRIP_NODES", strip)
    _is_that_of_a_search_from_each(width_m, limit_m=limit_m, reach_m=reach * limit_m)


@pytest.mark.parametrize(("width_m", "limit_m"), [(0.0, 150.0), (90_000.0, np.inf)])
def test_where_no_strip_is_far_from_another_there_is_one_search(monkeypatch, width_m, limit_m):
    monkeypatch.setattr(nearby, "_STRIP_NODES", 7)
    search, parts = nearby._searched, []
    monkeypatch.setattr(nearby, "_searched", lambda *given: parts.append(given) or search(*given))
    _is_that_of_a_search_from_each(width_m, limit_m=limit_m, reach_m=limit_m)
    assert len(parts) == 1


def _is_that_of_a_search_from_each(width_m, *, limit_m, reach_m):
    rng = np.random.default_rng(8)
    nodes, sources = 200, 40
    matrix = _graph(rng, nodes, 0)
    matrix.data = np.floor(matrix.data)
    node_x = np.sort(rng.random(nodes)) * width_m
    source = np.repeat(np.arange(sources), rng.integers(0, 4, sources))
    node = rng.choice(nodes, len(source), replace=False)
    order = np.lexsort((node, source))
    legs = nearby.Legs(source, node[order], np.floor(rng.random(len(source)) * 20))
    metres, nearest = nearby.nearest_sources(matrix, node_x, legs, limit_m=limit_m, reach_m=reach_m)
    graph = nearby.with_sources(matrix, legs, count=sources)
    each = csgraph.dijkstra(graph, indices=np.arange(nodes, nodes + sources), limit=limit_m)[:, :nodes]
    assert np.array_equal(metres, each.min(axis=0))
    assert np.array_equal(nearest, np.where(np.isfinite(metres), each.argmin(axis=0), -1))
    is_tie = (each == metres).sum(axis=0) > 1
    assert (is_tie & np.isfinite(metres)).any() or limit_m == 0


def test_a_way_out_of_a_part_that_is_as_long_as_the_limit_is_walked(monkeypatch):
    monkeypatch.setattr(nearby, "_STRIP_NODES", 1)
    matrix = sparse.csr_array(([5.0], ([0], [1])), shape=(2, 2))
    legs = nearby.Legs(np.array([0]), np.array([0]), np.array([0.0]))
    metres, _ = nearby.nearest_sources(matrix, np.array([0.0, 1000.0]), legs, limit_m=5.0, reach_m=5.0)
    assert metres.tolist() == [0.0, 5.0]


@pytest.mark.parametrize("nodes", [0, 9])
def test_without_sources_no_node_has_a_nearest(nodes):
    none = np.zeros(0, dtype=np.intp)
    matrix, legs = sparse.csr_array((nodes, nodes), dtype=float), nearby.Legs(none, none, np.zeros(0))
    metres, nearest = nearby.nearest_sources(matrix, np.arange(float(nodes)), legs, limit_m=9, reach_m=9)
    assert metres.tolist() == [np.inf] * nodes
    assert nearest.tolist() == [-1] * nodes
