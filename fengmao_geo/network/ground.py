"""Parks and campuses: joined at their gates, or along the streets beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.network.barriers import TOUCH_M
from fengmao_geo.network.legs import join_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Rows = tuple[Indices, Indices, Numbers, Numbers, Numbers]

__all__ = ["attach_grounds"]

# A surveyed gate stands within this of the outline it is in.
GATE_ON_OUTLINE_M = 3.0
# Arcs of 15 m radius are drawn to half a centimetre.
_ARC_SEGMENTS = 64


def attach_grounds(
    network: WalkNetwork, ids: NDArray[np.object_], shapes: Geometries, *, max_leg_m: float, beside_m: float
) -> Rows:
    """Join grounds at their gates, else along the stretches of street beside them.

    Parameters
    ----------
    network
        What is walked on.
    ids
        Ids of the grounds, shape ``(p,)``.
    shapes
        Their geometries, shape ``(p,)``.
    max_leg_m
        The longest leg from a gate.
    beside_m
        A street this near to the outline is joined without a leg.

    Returns
    -------
    tuple of arrays
        Row of the place, edge, from and to (m), leg (m); a ground with neither is left out.
    """
    by_gate = _at_gates(network, ids, shapes, max_leg_m)
    has_gate = np.zeros(len(shapes), dtype=bool)
    has_gate[by_gate[0]] = True
    left = np.flatnonzero(~has_gate & (shapely.get_dimensions(shapes) == 2))
    place, edge, from_m, to_m = _beside(network, shapes[left], beside_m)
    beside = (left[place], edge, from_m, to_m, np.zeros(len(place)))
    return tuple(np.concatenate(pair) for pair in zip(by_gate, beside, strict=True))  # type: ignore[return-value]  # five arrays


def _at_gates(network: WalkNetwork, ids: NDArray[np.object_], shapes: Geometries, max_leg_m: float) -> Rows:
    """Join grounds at their gates: it belongs to the one it names, else to those whose outline it is on.

    A gate may name a ground by another id, that of the compound a school is in: then their outlines are one.
    """
    gates = network.gates[network.gates["is_open"].astype(bool)]
    points, named = gates["geometry"].to_numpy(), gates["place_id"].to_numpy()
    is_named = np.array([isinstance(name, str) for name in named], dtype=bool)
    gate, ground = shapely.STRtree(shapely.boundary(shapes)).query(
        points, predicate="dwithin", distance=max(max_leg_m, GATE_ON_OUTLINE_M)
    )
    is_on = shapely.dwithin(points[gate], shapely.boundary(shapes[ground]), GATE_ON_OUTLINE_M)
    belongs = np.where(is_named[gate], named[gate] == ids[ground], is_on)
    if "ground" in gates.columns:
        belongs |= np.asarray(shapely.equals(gates["ground"].to_numpy()[gate], shapes[ground]), dtype=bool)
    gate, ground = gate[belongs], ground[belongs]
    row, edge, at_m, leg_m = join_shapes(network, points[gate], max_leg_m=max_leg_m)
    return ground[row], edge, at_m, at_m, leg_m


def _beside(
    network: WalkNetwork, shapes: Geometries, beside_m: float
) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Stretches of street near an outline with no barrier between."""
    around = network.barriers.erase_from(shapely.buffer(shapes, beside_m, quad_segs=_ARC_SEGMENTS), shapes)
    edges = np.flatnonzero(network.takes_legs)
    place, hit = shapely.STRtree(network.edge_lines[edges]).query(around, predicate="intersects")
    edge = edges[hit]
    pieces, row = shapely.get_parts(
        shapely.intersection(network.edge_lines[edge], around[place]), return_index=True
    )
    is_line = shapely.get_type_id(pieces) == 1
    pieces, row = pieces[is_line], row[is_line]
    lines, edge = network.edge_lines[edge[row]], edge[row]
    middle_m = shapely.line_locate_point(lines, shapely.line_interpolate_point(pieces, 0.5, normalized=True))
    half_m, length_m = shapely.length(pieces) / 2, network.edge_length_m[edge]
    start, end = middle_m - half_m, middle_m + half_m
    # A piece across the seam of a closed edge goes on at the edge's other end.
    before, after = np.flatnonzero(start < -TOUCH_M), np.flatnonzero(end > length_m + TOUCH_M)
    of = np.concatenate([np.arange(len(row)), before, after])
    from_m = np.concatenate([np.maximum(start, 0.0), (start + length_m)[before], np.zeros(len(after))])
    to_m = np.concatenate([np.minimum(end, length_m), length_m[before], (end - length_m)[after]])
    return place[row][of], edge[of], from_m, to_m
