"""The walk network: read-only arrays of nodes and edges, to and from networkx and osmnx."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.errors import NetworkError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.lines import vertex_positions
from fengmao_geo.network.barriers import TOUCH_M, Barriers
from fengmao_geo.network.costs import Costs, shortest_arcs

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.network.change import Change
    from fengmao_geo.network.terrain import Terrain
    from fengmao_geo.standards.records import Walker

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["EDGE_COLUMNS", "WalkNetwork", "assemble"]

#: What an edge carries besides its line and its nodes.
EDGE_COLUMNS = ("street_id", "level", "is_bridge", "is_tunnel", "is_steps")


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """Streets as a graph: nodes in metres, edges with their drawn lines, and what stands in a walker's way.

    Made by `walk_network` or `WalkNetwork.from_networkx`. Arrays are read-only. Parallel edges and all
    connected parts are kept.

    Parameters
    ----------
    crs
        Projected, in metres.
    node_xy
        Coordinates in the order of x, then y, shape ``(n, 2)``.
    node_part
        Connected part of each node, numbered from the largest (by edges) on, shape ``(n,)``.
    edge_nodes
        First and last node of each edge, shape ``(m, 2)``.
    edge_lines
        LineStrings as drawn, from the first node to the last, shape ``(m,)``.
    edges
        One row per edge: `EDGE_COLUMNS`.
    barriers
        What no straight leg crosses.
    gates
        Points where compounds are entered: ``id, geometry, place_id, is_open``, and ``ground``, the outline
        of what they lead to where it is known.
    extent
        Where streets and facilities are complete; ``None`` if that is not known.
    found
        What was joined, cut or dropped while building.
    change
        How it came from another network by adding to that; ``None`` if it was built.
    terrain
        Heights and declared crossings; ``None`` if there are neither.
    """

    crs: CRS
    node_xy: Numbers
    node_part: Indices
    edge_nodes: Indices
    edge_lines: Geometries
    edges: pd.DataFrame
    barriers: Barriers
    gates: pd.DataFrame
    extent: shapely.Geometry | None
    found: tuple[Finding, ...] = ()
    change: Change | None = None
    terrain: Terrain | None = None

    def __post_init__(self) -> None:
        for array in (self.node_xy, self.node_part, self.edge_nodes, self.edge_lines):
            array.setflags(write=False)

    def __repr__(self) -> str:
        return (
            f"<WalkNetwork: {len(self.node_xy):,} nodes, {len(self.edge_lines):,} edges, "
            f"{self.part_count} connected parts>"
        )

    def _repr_html_(self) -> str:
        return str(self.audit["code"].value_counts().rename_axis(repr(self)).to_frame().to_html())

    @property
    def part_count(self) -> int:
        """Number of connected parts."""
        return int(self.node_part.max(initial=-1)) + 1

    @cached_property
    def edge_length_m(self) -> Numbers:
        """Length of each edge as drawn, shape ``(m,)``."""
        length: Numbers = shapely.length(self.edge_lines)
        length.setflags(write=False)
        return length

    @cached_property
    def edge_part(self) -> Indices:
        """Connected part of each edge, shape ``(m,)``."""
        return self.node_part[self.edge_nodes[:, 0]]

    @property
    def leg_part(self) -> Indices:
        """Part that each edge counts to where places are joined: an added link is one of its own."""
        return self.edge_part if self.change is None else self.change.leg_part

    @cached_property
    def takes_legs(self) -> Flags:
        """Whether a place may be joined to the edge: not on bridges, in tunnels or off the ground."""
        edges = self.edges
        return ~(edges["is_bridge"] | edges["is_tunnel"] | (edges["level"] != 0)).to_numpy(dtype=bool)

    @cached_property
    def edge_tree(self) -> shapely.STRtree:
        """Index over the edges' lines."""
        return shapely.STRtree(self.edge_lines)

    @cached_property
    def leg_edges(self) -> tuple[tuple[Indices, shapely.STRtree], ...]:
        """Edges that take legs, each with an index over them: those of the largest part, and all others."""
        parts = (self.leg_part == 0, self.leg_part > 0)
        edges = [np.flatnonzero(self.takes_legs & part) for part in parts]
        return tuple((edge, shapely.STRtree(self.edge_lines[edge])) for edge in edges)

    @cached_property
    def bare_crossings(self) -> pd.DataFrame:
        """Where streets cross without meeting: ``edge_id, other_edge_id, is_same_level, x, y``."""
        one, other = self.edge_tree.query(self.edge_lines, predicate="crosses")
        one, other = one[one < other], other[one < other]
        points = shapely.point_on_surface(shapely.intersection(self.edge_lines[one], self.edge_lines[other]))
        level = self.edges["level"].to_numpy()
        return pd.DataFrame(
            {
                "edge_id": one,
                "other_edge_id": other,
                "is_same_level": level[one] == level[other],
                "x": shapely.get_x(points),
                "y": shapely.get_y(points),
            }
        ).sort_values(["edge_id", "other_edge_id"], ignore_index=True)

    @cached_property
    def audit(self) -> pd.DataFrame:
        """What was joined, cut, dropped or merely noticed, as a table of findings."""
        street = self.edges["street_id"].to_numpy()
        crossings = self.bare_crossings[self.bare_crossings["is_same_level"]]
        return findings_table(
            [
                *self.found,
                *(
                    Finding(
                        "bare_crossing",
                        "streets",
                        str(street[one]),
                        None,
                        {"other": str(street[other])},
                        _wkt(x, y),
                    )
                    for one, other, x, y in crossings[["edge_id", "other_edge_id", "x", "y"]].itertuples(
                        index=False
                    )
                ),
                *self._part_findings(),
            ]
        )

    def _part_findings(self) -> list[Finding]:
        length = np.bincount(self.edge_part, weights=self.edge_length_m, minlength=self.part_count)
        first = [
            int(np.flatnonzero(self.node_part == part)[0]) for part in range(1, min(self.part_count, 1001))
        ]
        return [
            Finding(
                "separate_part",
                "streets",
                values={"part": part, "length_m": round(float(length[part]))},
                point=_wkt(*self.node_xy[node]),
            )
            for part, node in enumerate(first, start=1)
        ]

    def usable(self, walker: Walker) -> Flags:
        """Say which edges a walker can use.

        Parameters
        ----------
        walker
            Who walks.

        Returns
        -------
        array of bool, shape ``(m,)``
            False at steps for those who cannot use them.
        """
        if walker.can_use_steps:
            return np.ones(len(self.edge_lines), dtype=bool)
        return ~self.edges["is_steps"].to_numpy(dtype=bool)

    def matrix(self, walker: Walker) -> sparse.csr_array:
        """Give lengths between neighbouring nodes, both ways, the shortest where edges are parallel.

        Parameters
        ----------
        walker
            Who walks.

        Returns
        -------
        csr_array, shape ``(n, n)``
            Metres.
        """
        return self._all_matrix if walker.can_use_steps else self._stepless_matrix

    @cached_property
    def _all_matrix(self) -> sparse.csr_array:
        return _both_ways(self.edge_nodes, self.edge_length_m, len(self.node_xy))

    @cached_property
    def _stepless_matrix(self) -> sparse.csr_array:
        usable = ~self.edges["is_steps"].to_numpy(dtype=bool)
        return _both_ways(self.edge_nodes[usable], self.edge_length_m[usable], len(self.node_xy))

    @cached_property
    def costs_by_walker(self) -> dict[Walker, Costs]:
        """What `costs_of` has worked out for walkers who mind slopes or crossings."""
        return {}

    @cached_property
    def boundary(self) -> pd.DataFrame:
        """Where edges cross the boundary of the extent: ``edge_id, at_m``."""
        if self.extent is None:
            return pd.DataFrame({"edge_id": np.zeros(0, dtype=np.intp), "at_m": np.zeros(0)})
        outline = shapely.boundary(self.extent)
        edge = np.asarray(self.edge_tree.query(outline, predicate="dwithin", distance=TOUCH_M), dtype=np.intp)
        lines = self.edge_lines[edge]
        xy, of = shapely.get_coordinates(shapely.intersection(lines, outline), return_index=True)
        at_m = shapely.line_locate_point(lines[of], shapely.points(xy))
        # A street clipped at the boundary ends on it but for rounding.
        vertex_xy, line, vertex_m = vertex_positions(lines)
        is_on = shapely.dwithin(shapely.points(vertex_xy), outline, TOUCH_M)
        edge, at_m = edge[np.concatenate([of, line[is_on]])], np.concatenate([at_m, vertex_m[is_on]])
        # Nor may rounding put a vertex beyond its edge.
        at_m = np.minimum(at_m, self.edge_length_m[edge])
        found = pd.DataFrame({"edge_id": edge, "at_m": at_m}).drop_duplicates()
        return found.sort_values(["edge_id", "at_m"], ignore_index=True)

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Give the graph in the form that osmnx's functions accept.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes with ``x, y``; edges both ways with ``length`` (m), ``geometry``, ``osmid`` (the street's
            id), ``level``, ``bridge``, ``tunnel``, ``steps``; the graph with ``crs``.
        """
        from fengmao_geo.network.graphs import graph_of  # noqa: PLC0415  networkx is heavy

        return graph_of(self)

    @classmethod
    def from_networkx(cls, graph: nx.MultiDiGraph[Any]) -> WalkNetwork:
        """Take a projected graph as osmnx makes it; its directions are ignored, since walkers go both ways.

        Parameters
        ----------
        graph
            Nodes with ``x, y`` in metres, edges with ``geometry`` or straight, the graph with ``crs``.

        Returns
        -------
        WalkNetwork
            Without barriers and extent. Lengths are those of the lines.

        Raises
        ------
        UsageError
            If the graph has no projected CRS.
        """
        from fengmao_geo.network.graphs import parts_of  # noqa: PLC0415  osmnx is heavy

        return assemble(**parts_of(graph))


def assemble(  # noqa: PLR0913  the parts of one network
    *,
    crs: CRS,
    node_xy: Numbers,
    edge_nodes: Indices,
    edge_lines: Geometries,
    edges: pd.DataFrame,
    barriers: Barriers | None = None,
    gates: pd.DataFrame | None = None,
    extent: shapely.Geometry | None = None,
    found: tuple[Finding, ...] = (),
    change: Change | None = None,
    terrain: Terrain | None = None,
) -> WalkNetwork:
    """Put nodes and edges in an order that does not depend on the order they came in, and label the parts.

    Parameters
    ----------
    crs
        Projected, in metres.
    node_xy
        Coordinates, shape ``(n, 2)``; nodes without an edge are left out.
    edge_nodes
        First and last node of each edge, shape ``(m, 2)``.
    edge_lines
        LineStrings from the first node to the last, shape ``(m,)``.
    edges
        `EDGE_COLUMNS`, one row per edge.
    barriers, gates, extent, found, change, terrain
        As `WalkNetwork` has them.

    Returns
    -------
    WalkNetwork
        The network.

    Raises
    ------
    NetworkError
        If an edge has no length as a number; all of them are named.
    """
    length = shapely.length(edge_lines)
    _refuse_bad_lengths(length, edges)
    used, inverse = np.unique(edge_nodes, return_inverse=True)
    node_xy, edge_nodes = node_xy[used], inverse.reshape(-1, 2)
    order = np.lexsort((used, node_xy[:, 1], node_xy[:, 0]))
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    edge_nodes = rank[edge_nodes]
    box = shapely.bounds(edge_lines).T  # tells parallel edges of one length apart
    edge_order = np.lexsort((*box, length, edge_nodes[:, 1], edge_nodes[:, 0]))
    edge_nodes = edge_nodes[edge_order]
    no_gates = pd.DataFrame({"geometry": np.zeros(0, dtype=object), "place_id": [], "is_open": []})
    return WalkNetwork(
        crs=crs,
        node_xy=node_xy[order],
        node_part=_parts(edge_nodes, len(order)),
        edge_nodes=edge_nodes,
        edge_lines=edge_lines[edge_order],
        edges=edges[list(EDGE_COLUMNS)].iloc[edge_order].reset_index(drop=True),
        barriers=Barriers(np.zeros(0, dtype=object), np.zeros(0, dtype=object))
        if barriers is None
        else barriers,
        gates=no_gates if gates is None else gates,
        extent=extent,
        found=found,
        change=None if change is None else change.take(edge_order),
        terrain=terrain,
    )


def _both_ways(edge_nodes: Indices, length_m: Numbers, node_count: int) -> sparse.csr_array:
    u, v = edge_nodes.T
    both = np.concatenate([length_m, length_m])
    return shortest_arcs(np.concatenate([u, v]), np.concatenate([v, u]), both, node_count)


def _parts(edge_nodes: Indices, node_count: int) -> Indices:
    ones = np.ones(len(edge_nodes))
    graph = sparse.csr_array((ones, (edge_nodes[:, 0], edge_nodes[:, 1])), shape=(node_count, node_count))
    label = csgraph.connected_components(graph, directed=False)[1].astype(np.intp)
    edge_count = np.bincount(label[edge_nodes[:, 0]], minlength=label.max(initial=-1) + 1)
    first = np.unique(label, return_index=True)[1]
    rank = np.empty(len(edge_count), dtype=np.intp)
    rank[np.lexsort((first, -edge_count))] = np.arange(len(edge_count))
    return np.asarray(rank[label])


def _refuse_bad_lengths(length: Numbers, edges: pd.DataFrame) -> None:
    bad = ~np.isfinite(length)
    if bad.any():
        streets = edges["street_id"].to_numpy()[bad]
        raise NetworkError(
            "network", findings_table(Finding("street_length", "streets", str(street)) for street in streets)
        )


def _wkt(x: float, y: float) -> str:
    return f"POINT ({x:.3f} {y:.3f})"
