"""What slows walkers: heights of the streets and declared crossings, carried from network to network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import spsolve

from fengmao_geo.findings import Finding
from fengmao_geo.geo.lines import last_before, vertex_positions
from fengmao_geo.geo.raster_points import values_at

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.network.splice import Spliced
    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["Crossings", "Heights", "Terrain", "carried", "crossings_of", "heights_of", "with_terrain"]

# A crossing belongs to the street or the junction within this distance.
_NEAR_M = 1.0


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights of the ground at the vertices of streets, and the declared crossings.

    Parameters
    ----------
    xy
        Places of the vertices in the order of x, then y, each once, shape ``(k, 2)``.
    z_m
        Height of each, NaN where the raster has none, shape ``(k,)``.
    has_heights
        Whether there is a raster of heights at all.
    crossings
        Points where walkers wait, shape ``(c,)``.
    is_signal
        Whether it is at a signal, shape ``(c,)``.
    """

    xy: Numbers
    z_m: Numbers
    has_heights: bool
    crossings: Geometries
    is_signal: Flags

    def __post_init__(self) -> None:
        for array in (self.xy, self.z_m, self.crossings, self.is_signal):
            array.setflags(write=False)

    def at(self, xy: Numbers) -> tuple[Numbers, Flags]:
        """Look heights up at vertices; the flags say which of them are known places."""
        if not len(self.xy):
            return np.full(len(xy), np.nan), np.zeros(len(xy), dtype=bool)
        keys, wanted = _keys(self.xy), _keys(xy)
        row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        is_known = keys[row] == wanted
        return np.where(is_known, self.z_m[row], np.nan), is_known

    def extended(self, xy: Numbers, z_m: Numbers) -> Terrain:
        """Add further places; those that are known keep their height."""
        all_xy, first = np.unique(np.concatenate([self.xy, xy]), axis=0, return_index=True)
        return replace(self, xy=all_xy, z_m=np.concatenate([self.z_m, z_m])[first])


class Heights(NamedTuple):
    """Heights along edges: the edge of each vertex, metres along it, metres up (NaN where unknown)."""

    edge_id: Indices
    at_m: Numbers
    z_m: Numbers


class Crossings(NamedTuple):
    """Where crossings lie: row of the crossing, edge and metres along it, node (-1 inside an edge)."""

    row: Indices
    edge_id: Indices
    at_m: Numbers
    node: Indices


def _keys(xy: Numbers) -> NDArray[np.complex128]:
    """Make one number of each place; numpy orders complex numbers by x, then y."""
    keys: NDArray[np.complex128] = xy[:, 0] + 1j * xy[:, 1]
    return keys


def with_terrain(
    network: WalkNetwork, elevation: RasterFile | None, crossings: gpd.GeoDataFrame | None
) -> WalkNetwork:
    """Give a network heights at its vertices and the crossings that were declared.

    Parameters
    ----------
    network
        The streets.
    elevation
        Raster of heights with the band ``elevation``.
    crossings
        Points, with ``crossing_type`` where known: ``signal``, and all others unsignalled.

    Returns
    -------
    WalkNetwork
        The same network if there is neither; what has no height and what lies off the streets is among its
        findings.

    Raises
    ------
    UsageError
        If the raster cannot be read.
    """
    if elevation is None and crossings is None:
        return network
    xy, z_m = np.zeros((0, 2)), np.zeros(0)
    if elevation is not None:
        xy = np.unique(shapely.get_coordinates(network.edge_lines), axis=0)
        z_m = values_at(elevation, "elevation", xy, crs=network.crs)
    points, is_signal = np.zeros(0, dtype=object), np.zeros(0, dtype=bool)
    if crossings is not None:
        points = crossings.geometry.to_numpy()
        if "crossing_type" in crossings.columns:
            is_signal = crossings["crossing_type"].eq("signal").to_numpy(dtype=bool)
        else:
            is_signal = np.zeros(len(points), dtype=bool)
    terrain = Terrain(xy, z_m, elevation is not None, points, is_signal)
    network = replace(network, terrain=terrain)
    found = [*_height_findings(network), *_crossing_findings(network, crossings)]
    return replace(network, found=(*network.found, *found))


def _height_findings(network: WalkNetwork) -> list[Finding]:
    heights = heights_of(network)
    if heights is None:
        return []
    is_same = heights.edge_id[1:] == heights.edge_id[:-1]
    step_m = np.diff(heights.at_m)[is_same]
    is_unknown = np.isnan(np.diff(heights.z_m)[is_same])
    if not is_unknown.any():
        return []
    unknown_m = round(float(step_m[is_unknown].sum()), 1)
    return [Finding("height_unknown", "streets", values={"length_m": unknown_m})]


def _crossing_findings(network: WalkNetwork, crossings: gpd.GeoDataFrame | None) -> list[Finding]:
    if crossings is None:
        return []
    ids = crossings["id"].astype("str").to_numpy(dtype=object)
    is_off = np.ones(len(ids), dtype=bool)
    is_off[crossings_of(network).row] = False
    found = [
        Finding("crossing_off_street", "crossings", name, values={"near_m": f"{_NEAR_M:g}"})
        for name in ids[is_off]
    ]
    known = crossings["crossing_type"].isin(["signal", "zebra"]) if "crossing_type" in crossings else False
    untyped = ids[~(known | np.zeros(len(ids), dtype=bool)) & ~is_off]
    return found + [Finding("crossing_untyped", "crossings", name) for name in untyped]


def crossings_of(network: WalkNetwork) -> Crossings:
    """Find the street or the junction that each crossing lies on, within one metre.

    Parameters
    ----------
    network
        The streets.

    Returns
    -------
    Crossings
        Those that lie on one, on the ground; at a junction all streets that meet there share it.
    """
    none = np.zeros(0, dtype=np.intp)
    if network.terrain is None or not len(network.terrain.crossings):
        return Crossings(none, none, np.zeros(0), none)
    edges = network.edges
    on_ground = np.flatnonzero((edges["level"] == 0) & ~edges["is_tunnel"].astype(bool))
    points = network.terrain.crossings
    row, hit = shapely.STRtree(network.edge_lines[on_ground]).query_nearest(points, max_distance=_NEAR_M)
    order = np.lexsort((hit, row))
    row, first = np.unique(row[order], return_index=True)
    edge = on_ground[hit[order][first]]
    at_m = shapely.line_locate_point(network.edge_lines[edge], points[row])
    left_m = network.edge_length_m[edge] - at_m
    side = np.where(at_m <= left_m, 0, 1)
    node = np.where(np.minimum(at_m, left_m) <= _NEAR_M, network.edge_nodes[edge, side], -1)
    return Crossings(row, edge, at_m, node)


def heights_of(network: WalkNetwork) -> Heights | None:
    """Give the heights along all edges; bridges, tunnels and raised edges run straight between their ends.

    Where several raised edges meet away from the ground, the heights there are those of a string held at its
    ends: along a chain a straight line.

    Parameters
    ----------
    network
        The streets.

    Returns
    -------
    Heights or None
        One row per vertex, in the order of edges and of positions; ``None`` where no raster tells heights.
    """
    if network.terrain is None or not network.terrain.has_heights:
        return None
    xy, edge, at_m = vertex_positions(network.edge_lines)
    z_m, _ = network.terrain.at(xy)
    is_free = ~network.takes_legs
    node_z = _node_heights(network.edge_nodes, network.edge_length_m, is_free, _ends(z_m, edge))
    return Heights(edge, at_m, _straight(z_m, edge, at_m, is_free, node_z[network.edge_nodes]))


def _ends(z_m: Numbers, line: Indices) -> Numbers:
    """Heights of the first and the last vertex of each line, shape ``(m, 2)``."""
    is_first = np.diff(line, prepend=-1) > 0
    is_last = np.append(is_first[1:], True)
    return np.stack([z_m[is_first], z_m[is_last]], axis=1)


def _straight(z_m: Numbers, line: Indices, at_m: Numbers, is_free: Flags, ends_z: Numbers) -> Numbers:
    """Draw some lines straight between the heights of their ends."""
    is_last = np.append(line[1:] != line[:-1], True)
    share = at_m / at_m[is_last][line]
    straight = ends_z[line, 0] + share * (ends_z[line, 1] - ends_z[line, 0])
    return np.where(is_free[line], straight, z_m)


def _node_heights(nodes: Indices, length_m: Numbers, is_free: Flags, ends_z: Numbers) -> Numbers:
    """Take nodes' heights from the lines that lie on the ground, and hang all others between those."""
    count = int(nodes.max(initial=-1)) + 1
    z_m, is_ground = np.full(count, np.nan), np.zeros(count, dtype=bool)
    z_m[nodes[~is_free]] = ends_z[~is_free]
    is_ground[nodes[~is_free]] = True
    # What has no height holds nothing up.
    holds = ~(is_ground & np.isnan(z_m))
    u, v = nodes[is_free & (nodes[:, 0] != nodes[:, 1]) & holds[nodes].all(axis=1)].T
    weight = 1 / length_m[is_free & (nodes[:, 0] != nodes[:, 1]) & holds[nodes].all(axis=1)]
    pull = sparse.csr_array((np.tile(weight, 2), (np.append(u, v), np.append(v, u))), shape=(count, count))
    part = csgraph.connected_components(pull, directed=False)[1]
    is_held = np.bincount(part, weights=is_ground & holds, minlength=count)[part] > 0
    hung = np.flatnonzero(~is_ground & is_held)
    if len(hung):
        fixed = np.flatnonzero(is_ground & holds)
        own = sparse.diags_array(np.asarray(pull.sum(axis=1))[hung]) - pull[hung][:, hung]
        z_m[hung] = spsolve(own.tocsc(), pull[hung][:, fixed] @ z_m[fixed])
    return z_m


def carried(network: WalkNetwork, result: Spliced, is_new: Flags) -> Terrain | None:
    """Carry the heights over to lines that were cut; new links run straight between their ends.

    Parameters
    ----------
    network
        The network before.
    result
        Its lines cut where links landed, and the links.
    is_new
        Which of those lines are new, shape ``(m,)``.

    Returns
    -------
    Terrain or None
        With the new vertices; the crossings stay where they are.
    """
    heights = heights_of(network)
    if heights is None or network.terrain is None:
        return network.terrain
    xy, line, at_m = vertex_positions(result.lines)
    z_m, is_known = network.terrain.at(xy)
    cut = np.flatnonzero(~is_known & ~is_new[line])
    edge = result.source[line[cut]]
    z_m[cut] = _height_at(heights, edge, result.from_m[line[cut]] + at_m[cut])
    node_z = _node_heights(result.nodes, shapely.length(result.lines), is_new, _ends(z_m, line))
    z_m = _straight(z_m, line, at_m, is_new, node_z[result.nodes])
    order = np.argsort(is_new[line], kind="stable")  # at one place the street's height counts
    return network.terrain.extended(xy[order], z_m[order])


def _height_at(heights: Heights, edge: Indices, at_m: Numbers) -> Numbers:
    """Interpolate between the vertices of an edge."""
    first, end = (np.searchsorted(heights.edge_id, edge, side=side) for side in ("left", "right"))
    low = last_before(heights.at_m, first, end - 1, at_m)
    step_m = heights.at_m[low + 1] - heights.at_m[low]
    share = np.clip((at_m - heights.at_m[low]) / np.where(step_m > 0, step_m, 1.0), 0.0, 1.0)
    height: Numbers = heights.z_m[low] + share * (heights.z_m[low + 1] - heights.z_m[low])
    return height
