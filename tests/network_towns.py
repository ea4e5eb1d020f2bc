"""Tiny towns on paper, random street layouts, and a walk worked out with networkx alone."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from hypothesis import strategies as st

CRS = "EPSG:4549"
MAX_LEG_M = 100.0


def frame(*wkt, index=None, **columns):
    """Geometries as text, one row each, with columns."""
    shapes = [shapely.from_wkt(one) if isinstance(one, str) else one for one in wkt]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS, index=index)


class TinyTown:
    """What the walk network asks of a town, and no more."""

    def __init__(self, *, bridges_complete=False, extent=None, **layers):
        self.layers = layers
        self.extent = extent
        self.settings = SimpleNamespace(bridges_complete=bridges_complete)
        self.rasters = {}

    def __getitem__(self, name):
        return self.layers[name]

    def __contains__(self, name):
        return name in self.layers


def grid(columns, rows, spacing_m):
    """Streets of a square grid, each between two crossings."""
    lines = [
        f"LINESTRING ({x} {y}, {x + dx} {y + dy})"
        for x in range(0, columns * spacing_m, spacing_m)
        for y in range(0, rows * spacing_m, spacing_m)
        for dx, dy in ((spacing_m, 0), (0, spacing_m))
        if x + dx < columns * spacing_m and y + dy < rows * spacing_m
    ]
    return frame(*lines)


@st.composite
def street_layouts(draw):
    """Random multigraphs: a grid with gaps, diagonals, bowed parallels, loops, dead ends and a second part."""
    columns, rows = draw(st.integers(2, 4)), draw(st.integers(2, 3))
    step = draw(st.sampled_from([40.0, 75.0, 130.0]))
    noise = np.random.default_rng(draw(st.integers(0, 2**16)))
    at = (
        noise.uniform(-10, 10, (columns, rows, 2))
        + np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), axis=-1) * step
    )
    lines = []
    for i in range(columns):
        for j in range(rows):
            ways = ((1, 0), (0, 1), (1, 1))
            for (dx, dy), kind in zip(ways, draw(st.tuples(*[st.sampled_from(_KINDS)] * 3)), strict=True):
                if i + dx < columns and j + dy < rows and (dx * dy == 0 or kind == "bowed"):
                    lines += _drawn(at[i, j], at[i + dx, j + dy], kind)
            if draw(st.integers(0, 5)) == 0:
                lines.append([at[i, j], at[i, j] + (9, 14), at[i, j] + (-8, 17), at[i, j]])
    # A second part that never meets the first, near enough to take legs of the same places.
    shift = draw(st.sampled_from([6.0, 30.0]))
    lines.append([at[0, 0] + (shift / 3, -shift), at[0, 0] + (70, -shift - 3), at[0, 0] + (150, -shift)])
    turned = [line[::-1] if draw(st.booleans()) else line for line in lines]
    return frame(*[shapely.LineString(line) for line in turned]), noise


_KINDS = ("straight", "straight", "none", "bowed", "double")


def _drawn(start, end, kind):
    side = np.array([start[1] - end[1], end[0] - start[0]]) * 0.2
    bowed = [start, (start + end) / 2 + side, end]
    return {"straight": [[start, end]], "none": [], "bowed": [bowed], "double": [[start, end], bowed]}[kind]


def scattered(noise, streets, count, *, with_polygons=True, prefix=""):
    """Points and triangles near the streets; no two of them equally far from anything."""
    x0, y0, x1, y1 = streets.total_bounds
    xy = noise.uniform((x0 - 40, y0 - 40), (x1 + 40, y1 + 40), (count, 2))
    shapes = [
        shapely.Polygon(at + noise.uniform(-8, 8, (3, 2)))
        if with_polygons and row % 3 == 0
        else shapely.Point(at)
        for row, at in enumerate(xy)
    ]
    return frame(*shapes, id=[f"{prefix}{row}" for row in range(count)])


def walked(streets, origins, destinations, *, limit_m, cost=None, wait=None):
    """Metres between places by networkx, on streets that meet at their ends only, places inserted as nodes."""
    ends = {}

    def node(xy):
        return ends.setdefault(tuple(np.round(xy, 3)), len(ends))

    lines = streets.geometry.to_numpy()
    pairs = [(node(line.coords[0]), node(line.coords[-1])) for line in lines]
    waits = {node(xy): cost for xy, cost in (wait or {}).items()}
    parts = connected_parts(pairs)
    return inserted(lines, pairs, parts, origins, destinations, limit_m=limit_m, cost=cost, waits=waits)


def connected_parts(pairs):
    """Rows of the edges of each connected part."""
    graph = nx.MultiGraph()
    graph.add_edges_from((u, v, row) for row, (u, v) in enumerate(pairs))
    return [
        [row for *_, row in graph.subgraph(part).edges(keys=True)] for part in nx.connected_components(graph)
    ]


def _metres(_, from_m, to_m):
    return abs(to_m - from_m)


def inserted(lines, pairs, parts, origins, destinations, *, limit_m, cost=None, waits=None):
    """Metres between places by networkx on edges given by their lines and pairs of nodes.

    With ``cost`` a stretch of a line costs that from one position to another, and who comes to a node waits.
    """
    cost, waits = cost or _metres, waits or {}
    stops = {row: [] for row in range(len(lines))}
    legs = []
    for side, places in (("o", origins), ("d", destinations)):
        for name, shape in zip(places["id"], places.geometry, strict=True):
            for rows in parts:
                row, at_m, leg_m = nearest_on(shape, lines, rows)
                if leg_m <= MAX_LEG_M:
                    stop = (side, name, row)
                    stops[row].append((at_m, stop))
                    legs.append((side, name, stop, leg_m))
    graph = nx.MultiDiGraph()
    for row, (u, v) in enumerate(pairs):
        chain = [(0.0, u), *sorted(stops[row], key=lambda stop: stop[0]), (lines[row].length, v)]
        for (from_m, one), (to_m, other) in zip(chain, chain[1:], strict=False):
            line = lines[row]
            # Places on a node are the node: between them nobody waits.
            is_step = to_m - from_m > 1e-6
            wait_v = waits.get(v, 0.0) * (is_step and to_m > line.length - 1e-6)
            wait_u = waits.get(u, 0.0) * (is_step and from_m < 1e-6)
            graph.add_edge(one, other, weight=cost(line, from_m, to_m) + wait_v)
            graph.add_edge(other, one, weight=cost(line, to_m, from_m) + wait_u)
    for side, name, stop, leg_m in legs:
        place = (side, name)
        graph.add_edge(*((place, stop) if side == "o" else (stop, place)), weight=leg_m)
    found, ends = {}, {("d", name) for name in destinations["id"]}
    for name in origins["id"]:
        if ("o", name) in graph:
            reached = nx.single_source_dijkstra_path_length(graph, ("o", name), cutoff=limit_m)
            found |= {(name, at[1]): m for at, m in reached.items() if at in ends}
    return found


def nearest_on(shape, lines, rows):
    """Row of the nearest line, metres along it and metres to it; where they meet, at the smallest x, then y."""
    far = shapely.distance(lines[rows], shape)
    found = []
    for row in np.array(rows)[far == far.min()]:
        foot = shapely.shortest_line(shape, lines[row]).coords[1]
        if far.min() == 0 and shape.area > 0:
            foot = min(map(tuple, shapely.get_coordinates(shape.intersection(lines[row]))))
        found.append((foot, row))
    foot, row = min(found)
    return row, lines[row].project(shapely.Point(foot)), far.min()
