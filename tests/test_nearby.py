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
