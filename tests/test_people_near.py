"""People within 5 and 15 minutes of spaces, equal to a walk worked out with networkx and shapely alone."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from space_towns import box, layer, street, town_of
from town_layers import EAST, NORTH, frame

from fengmao_geo.network import legs
from fengmao_geo.network.build import walk_network
from fengmao_geo.spaces import measures
from fengmao_geo.spaces.candidates import find_spaces
from fengmao_geo.spaces.measures import people_within

# METHODS §3: a ground is entered along every street within 15 m of it, else by a leg of up to 100 m.
BESIDE_M, MAX_LEG_M = 15.0, 100.0


def crooked_grid(noise, *, columns=6, rows=5, step_m=170.0):
    """Streets between the crossings of a crooked grid, a fifth of them missing."""
    at = np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), axis=-1) * step_m
    at = at + noise.uniform(-40, 40, at.shape) + (EAST, NORTH)
    ways = [((i, j), (i + 1, j)) for i in range(columns - 1) for j in range(rows)]
    ways += [((i, j), (i, j + 1)) for i in range(columns) for j in range(rows - 1)]
    graph = nx.Graph(way for way in ways if noise.uniform() > 0.2)
    whole = max(nx.connected_components(graph), key=len)
    kept = [way for way in ways if graph.has_edge(*way) and way[0] in whole]
    return [shapely.LineString([at[one], at[other]]) for one, other in kept]


def nearest_stop(lines, shape):
    """Row of the nearest street, metres along it, and metres of the leg to it."""
    row = int(np.argmin(shapely.distance(lines, shape)))
    leg = shapely.shortest_line(lines[row], shape)
    return row, lines[row].project(shapely.Point(leg.coords[0])), leg.length


def entries(lines, space):
    """Where a space is entered: street, from and to where along it, and metres of the leg."""
    pieces = shapely.intersection(lines, shapely.buffer(space, BESIDE_M, quad_segs=16))
    found = [
        (row, *sorted(lines[row].project(shapely.Point(xy)) for xy in (part.coords[0], part.coords[-1])), 0.0)
        for row, piece in enumerate(pieces)
        for part in shapely.get_parts(piece)
        if part.length
    ]
    row, at_m, leg_m = nearest_stop(lines, space)
    return found or [(row, at_m, at_m, leg_m)] * (leg_m <= MAX_LEG_M)


def street_graph(lines, stops):
    """The streets, cut at every stop: (street, metres along it)."""
    graph = nx.Graph()
    for row, line in enumerate(lines):
        first, last = (("end", tuple(np.round(xy, 3))) for xy in (line.coords[0], line.coords[-1]))
        cuts = sorted({at_m for of, at_m in stops if of == row})
        chain = [(0.0, first), *((at_m, (row, at_m)) for at_m in cuts), (line.length, last)]
        for (from_m, one), (to_m, other) in zip(chain, chain[1:], strict=False):
            graph.add_edge(one, other, weight=to_m - from_m)
    return graph


def walks(lines, homes, spaces):
    """Metres from each space (rows) to each home (columns), the places inserted as nodes of the streets."""
    doors = [nearest_stop(lines, home) for home in homes]
    entered = [entries(lines, space) for space in spaces]
    stops = {(row, at_m) for row, at_m, _ in doors}
    stops |= {(row, at_m) for of in entered for row, *ends, _ in of for at_m in ends}
    graph = street_graph(lines, stops)
    walk_m = np.full((len(spaces), len(homes)), np.inf)
    for at, of in enumerate(entered):
        begun = graph.copy()
        begun.add_node("space")
        for row, from_m, to_m, leg_m in of:
            within = [stop for stop in stops if stop[0] == row and from_m <= stop[1] <= to_m]
            begun.add_weighted_edges_from(("space", stop, leg_m) for stop in within)
        reached = nx.single_source_dijkstra_path_length(begun, "space", weight="weight")
        walk_m[at] = [reached.get((row, at_m), np.inf) + leg_m for row, at_m, leg_m in doors]
    return walk_m


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 6])
def test_people_near_are_those_whom_networkx_counts(seed):
    noise = np.random.default_rng(seed)
    lines = np.array(crooked_grid(noise), dtype=object)
    at = noise.uniform((-30, -30), (900, 720), (150, 2))
    homes = np.array([box(x, y, x + 9, y + 7) for x, y in at])
    # Where a house stands on a street, no point of it is the nearest.
    away_m = np.min(shapely.distance(homes[:, None], lines), axis=1)
    homes = homes[(away_m > 0) & (away_m < MAX_LEG_M)]
    corners = noise.uniform((0, 0), (850, 680), (25, 2))
    spaces = np.array([box(x, y, x + 20 + 30 * (x % 1), y + 12) for x, y in corners])
    people = noise.integers(1, 9, len(homes)).astype(float)
    town = town_of(
        streets=frame(lines, id=[f"s{row:02d}" for row in range(len(lines))]),
        buildings=layer(*homes, use=["residential"] * len(homes), people=people),
    )
    table = people_within(town, walk_network(town), frame(spaces, id=[f"p{row:02d}" for row in range(25)]))
    walk_m = walks(lines, homes, spaces)
    is_joined = np.min(shapely.distance(spaces[:, None], lines), axis=1) <= MAX_LEG_M
    assert table["is_accessible"].tolist() == is_joined.tolist()
    for minutes in (5, 15):
        limit_m = 60 * minutes
        # The arcs of the 15 m are drawn to half a centimetre: nobody may live so near to the limit.
        assert not (np.abs(walk_m - limit_m) < 0.02).any()
        expected = np.where(walk_m <= limit_m, people, 0).sum(axis=1)
        got = table[f"within_{minutes}_min_people"].to_numpy()
        np.testing.assert_array_equal(got[is_joined], expected[is_joined])
        assert expected[is_joined].min() > 0 or minutes == 5
        assert expected.max() < people.sum() or minutes == 15


@pytest.fixture(scope="module")
def sample_spaces(shuixiang, shuixiang_network):
    found = find_spaces(shuixiang, shuixiang_network)
    return frame(found.geometry.to_numpy(), id=found["space_id"])


@pytest.mark.parametrize(("module", "at_once"), [(measures, 7), (legs, 11)], ids=["walks", "legs"])
def test_people_do_not_depend_on_how_many_places_are_looked_at_together(
    shuixiang, shuixiang_network, sample_spaces, monkeypatch, module, at_once
):
    whole = people_within(shuixiang, shuixiang_network, sample_spaces)
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    assert len(sample_spaces) > 2 * at_once
    pd.testing.assert_frame_equal(people_within(shuixiang, shuixiang_network, sample_spaces), whole, rtol=0)


def test_where_spaces_are_more_than_homes_the_walks_are_the_same(monkeypatch):
    # The search starts at the only home: both lots of one space would start at the spaces.
    ways = street((0, 0), (900, 0))
    home = layer(box(400, 2, 410, 12), use=["residential"], people=[5.0])
    town = town_of(streets=ways, buildings=home)
    spaces = frame([box(10, 2, 20, 9), box(700, 2, 720, 9)], id=["p1", "p2"])
    monkeypatch.setattr(measures, "_AT_ONCE", 1)
    assert people_within(town, walk_network(town), spaces)["within_15_min_people"].tolist() == [5.0, 5.0]
