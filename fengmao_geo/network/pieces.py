"""Streets near barriers in pieces of a fixed grid, each with the ground on its own side of the barriers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.geo.lines import cut_lines, grid_cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.service_area import Stretches
    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["GroundPieces"]

# Width of the grid's cells as a share of the walking-off distance.
_CELL_SHARE = 1 / 3
_ARC_SEGMENTS = 16


class GroundPieces:
    """What lies beside each piece of street, drawn once and used by every search.

    A piece is all that is connected of the streets within one cell of a fixed grid. The ground of a piece grows
    with the piece and does not depend on how its streets are split, so service areas are nested and never shrink
    when a link is added.

    Parameters
    ----------
    network
        Whose streets.
    off_m
        The walking-off distance.
    """

    def __init__(self, network: WalkNetwork, off_m: float) -> None:
        self.off_m = off_m
        self.is_near = network.barriers.are_near(network.edge_lines, off_m) & network.takes_legs
        self._table = self._cut(network)
        self._whole: dict[int, shapely.Geometry] = {}

    @classmethod
    def of(cls, network: WalkNetwork, off_m: float) -> GroundPieces:
        """Give the network's own pieces, made when they are first asked for."""
        kept: dict[float, GroundPieces] = network.__dict__.setdefault("_ground_pieces", {})
        if off_m not in kept:
            kept[off_m] = cls(network, off_m)
        return kept[off_m]

    def _cut(self, network: WalkNetwork) -> pd.DataFrame:
        """Cut the near edges at the grid: ``edge, from_m, to_m, cell_x, cell_y, piece``."""
        edge = np.flatnonzero(self.is_near)
        if not len(edge) or self.off_m == 0:
            return pd.DataFrame({name: [] for name in ("edge", "from_m", "to_m", "cell_x", "cell_y", "piece")})
        row, at_m = grid_cuts(network.edge_lines[edge], self.off_m * _CELL_SHARE)
        rows = np.arange(len(edge))
        of = np.concatenate([rows, row, rows])
        at = np.concatenate([np.zeros(len(edge)), at_m, network.edge_length_m[edge]])
        order = np.lexsort((at, of))
        of, at = of[order], at[order]
        is_piece = (of[1:] == of[:-1]) & (at[1:] > at[:-1])
        table = pd.DataFrame(
            {"edge": edge[of[:-1][is_piece]], "from_m": at[:-1][is_piece], "to_m": at[1:][is_piece]}
        )
        middle = shapely.line_interpolate_point(
            network.edge_lines[table["edge"]], (table["from_m"] + table["to_m"]).to_numpy() / 2
        )
        cell = np.floor(shapely.get_coordinates(middle) / (self.off_m * _CELL_SHARE)).astype(np.intp)
        table = table.assign(cell_x=cell[:, 0], cell_y=cell[:, 1])
        return table.assign(piece=_connected(network, table))

    def ground(self, network: WalkNetwork, reached: Stretches, off_m: float) -> list[shapely.Geometry]:
        """Draw the ground beside what is reached of the near edges."""
        parts = self._reached_parts(reached)
        if parts.empty:
            return []
        is_whole = (parts["got_from"] <= parts["from_m"]) & (parts["got_to"] >= parts["to_m"]) & (off_m == self.off_m)
        got = parts[is_whole].groupby("piece").size()
        complete = got.index[got.to_numpy() == self._sizes[got.index.to_numpy()]]
        missing = np.array([piece for piece in complete if piece not in self._whole], dtype=np.intp)
        rows = self._table[self._table["piece"].isin(missing)].assign(group=lambda table: table["piece"])
        drawn = _draw(network, rows, self.off_m)
        self._whole.update(zip(np.unique(rows["group"]), drawn, strict=True))
        rest = parts[~parts["piece"].isin(complete)]
        rest = rest.assign(from_m=rest["got_from"], to_m=rest["got_to"]).reset_index(drop=True)
        rest = rest.assign(group=_connected(network, rest))
        return [*(self._whole[piece] for piece in complete), *_draw(network, rest, off_m)]

    @cached_property
    def _sizes(self) -> Indices:
        return np.bincount(self._table["piece"].to_numpy(dtype=np.intp))

    def _reached_parts(self, reached: Stretches) -> pd.DataFrame:
        stretches = pd.DataFrame({"edge": reached.edge_id, "got_from": reached.from_m, "got_to": reached.to_m})
        parts = self._table.merge(stretches, on="edge")
        parts = parts.assign(
            got_from=np.maximum(parts["got_from"], parts["from_m"]), got_to=np.minimum(parts["got_to"], parts["to_m"])
        )
        return parts[parts["got_to"] > parts["got_from"]].reset_index(drop=True)


def _connected(network: WalkNetwork, table: pd.DataFrame) -> Indices:
    """Number what is connected within each cell: parts that meet at a node belong together."""
    if table.empty:
        return np.zeros(0, dtype=np.intp)
    edge = table["edge"].to_numpy(dtype=np.intp)
    at_start = table["from_m"].to_numpy() <= 0
    at_end = table["to_m"].to_numpy() >= network.edge_length_m[edge]
    rows = np.concatenate([np.flatnonzero(at_start), np.flatnonzero(at_end)])
    node = np.concatenate([network.edge_nodes[edge[at_start], 0], network.edge_nodes[edge[at_end], 1]])
    cell = table[["cell_x", "cell_y"]].to_numpy()[rows]
    key = pd.DataFrame({"node": node, "x": cell[:, 0], "y": cell[:, 1]}).groupby(["node", "x", "y"]).ngroup()
    count = len(table)
    joint = count + key.to_numpy()
    size = count + (int(key.max()) + 1 if len(key) else 0)
    graph = sparse.csr_array((np.ones(len(rows)), (rows, joint)), shape=(size, size))
    label = csgraph.connected_components(graph, directed=False)[1][:count]
    return np.unique(label, return_inverse=True)[1].astype(np.intp)


def _draw(network: WalkNetwork, table: pd.DataFrame, off_m: float) -> list[shapely.Geometry]:
    """Draw the ground of each group of parts, in the order of the groups."""
    if table.empty:
        return []
    order = np.argsort(table["group"].to_numpy(), kind="stable")
    edge, start, end, group = (table[name].to_numpy()[order] for name in ("edge", "from_m", "to_m", "group"))
    lines = cut_lines(network.edge_lines[edge.astype(np.intp)], start, end)
    pieces = np.asarray(shapely.multilinestrings(lines, indices=np.unique(group, return_inverse=True)[1]))
    ground = shapely.buffer(pieces, off_m, quad_segs=_ARC_SEGMENTS)
    return list(network.barriers.erase_from(ground, pieces))
