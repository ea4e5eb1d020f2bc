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

    from fengmao_geo.network.stretches import Stretches
    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["GroundPieces"]

# Width of the grid's cells as a share of the walking-off distance.
_CELL_SHARE = 1 / 2
# Width of the smallest tiles in cells; those of each further level are twice as wide. The ground of a whole
# tile is joined once, from the tiles within it.
_TILE_CELLS = 2
_ARC_SEGMENTS = 16
# Ground smaller than this is not worth a drawing of its own.
_SLIVER_M2 = 1e-3


class GroundPieces:
    """What lies beside each piece of street, drawn once and used by every search.

    A piece is all that is connected of the streets within one cell of a fixed grid. The ground of a piece
    grows with the piece and does not depend on how its streets are split, so service areas are nested and
    never shrink when a link is added.

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
        self._lines = _pieces(network, self._table.assign(group=self._table["piece"]))
        self._whole = _erased(network, self._lines, off_m)
        self._is_hiding = _is_hiding(network, self._lines, self._whole, off_m)
        self._levels = self._tiles()
        self._tile_ground: dict[tuple[int, int], shapely.Geometry] = {}

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
            return pd.DataFrame(
                {name: [] for name in ("edge", "from_m", "to_m", "cell_x", "cell_y", "piece")}
            )
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
        parts = self._reached_parts(reached) if len(reached.edge_id) else self._table[:0]
        if parts.empty:
            return []
        is_whole = (
            (parts["got_from"] <= parts["from_m"])
            & (parts["got_to"] >= parts["to_m"])
            & (off_m == self.off_m)
        )
        got = np.bincount(parts["piece"][is_whole].to_numpy(dtype=np.intp), minlength=len(self._sizes))
        is_complete = (got == self._sizes) & (got > 0)
        rest = parts[~is_complete[parts["piece"].to_numpy(dtype=np.intp)]]
        rest = rest.assign(from_m=rest["got_from"], to_m=rest["got_to"]).reset_index(drop=True)
        rest = rest.assign(group=_connected(network, rest))
        drawn = _erased(network, _pieces(network, rest), off_m)
        return [*self._complete_ground(network, is_complete), *drawn]

    def _complete_ground(self, network: WalkNetwork, is_complete: Flags) -> list[shapely.Geometry]:
        """Take the ground of the widest tiles that are whole, and of the single pieces elsewhere."""
        rest, found = is_complete.copy(), []
        for level, tile in reversed(list(enumerate(self._levels))):
            is_whole = np.ones(tile.max(initial=-1) + 1, dtype=bool)
            is_whole[tile[~is_complete]] = False
            found += [
                self._ground_of_tile(network, level, int(one))
                for one in np.unique(tile[rest & is_whole[tile]])
            ]
            rest &= ~is_whole[tile]
        return [*found, *self._single_ground(network, rest)]

    def _ground_of_tile(self, network: WalkNetwork, level: int, tile: int) -> shapely.Geometry:
        """Join the ground of all pieces in a tile, when it is first asked for."""
        if (level, tile) not in self._tile_ground:
            is_inside = self._levels[level] == tile
            if level:
                inner = np.unique(self._levels[level - 1][is_inside])
                parts = [self._ground_of_tile(network, level - 1, int(one)) for one in inner]
            else:
                parts = self._single_ground(network, is_inside)
            self._tile_ground[level, tile] = shapely.union_all(parts)
        return self._tile_ground[level, tile]

    def _single_ground(self, network: WalkNetwork, chosen: Flags) -> list[shapely.Geometry]:
        return [*self._open_ground(network, chosen), *self._whole[chosen & self._is_hiding]]

    def _open_ground(self, network: WalkNetwork, chosen: Flags) -> list[shapely.Geometry]:
        """Draw pieces that barriers hide nothing from at one go: their buffers less the barriers."""
        lines = self._lines[chosen & ~self._is_hiding]
        if not len(lines):
            return []
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines))))
        ground = shapely.union_all(shapely.buffer(merged, self.off_m, quad_segs=_ARC_SEGMENTS))
        return [shapely.difference(ground, network.barriers.solid)]

    def _tiles(self) -> list[Indices]:
        """Give a number to the tile that each piece lies in, for tiles of each width."""
        first = np.unique(self._table["piece"].to_numpy(dtype=np.intp), return_index=True)[1]
        cells = self._table[["cell_x", "cell_y"]].to_numpy(dtype=np.intp)[first]
        place = (cells - cells.min(axis=0, initial=np.iinfo(np.intp).max)) // _TILE_CELLS
        levels: list[Indices] = []
        while not levels or levels[-1].max(initial=0):
            key = place[:, 0] * (place[:, 1].max(initial=0) + 1) + place[:, 1]
            levels.append(np.unique(key, return_inverse=True)[1].astype(np.intp))
            place //= 2
        return levels

    @cached_property
    def _sizes(self) -> Indices:
        return np.asarray(np.bincount(self._table["piece"].to_numpy(dtype=np.intp)), dtype=np.intp)

    def _reached_parts(self, reached: Stretches) -> pd.DataFrame:
        stretches = pd.DataFrame(
            {"edge": reached.edge_id, "got_from": reached.from_m, "got_to": reached.to_m}
        )
        stretches = stretches.assign(is_point=stretches["got_to"] == stretches["got_from"])
        parts = self._table.merge(stretches, on="edge")
        parts = parts.assign(
            got_from=np.maximum(parts["got_from"], parts["from_m"]),
            got_to=np.minimum(parts["got_to"], parts["to_m"]),
        )
        is_met = (parts["got_to"] > parts["got_from"]) | (
            parts["is_point"] & (parts["got_to"] == parts["got_from"])
        )
        return parts[is_met].drop(columns="is_point").reset_index(drop=True)


def _connected(network: WalkNetwork, table: pd.DataFrame) -> Indices:
    """Give a number to what is connected within each cell: parts that meet at a node belong together."""
    if table.empty:
        return np.zeros(0, dtype=np.intp)
    edge = table["edge"].to_numpy(dtype=np.intp)
    at_start = table["from_m"].to_numpy() <= 0
    at_end = table["to_m"].to_numpy() >= network.edge_length_m[edge]
    rows = np.concatenate([np.flatnonzero(at_start), np.flatnonzero(at_end)])
    node = np.concatenate([network.edge_nodes[edge[at_start], 0], network.edge_nodes[edge[at_end], 1]])
    cells = table[["cell_x", "cell_y"]].to_numpy()
    follows = np.flatnonzero(
        (edge[1:] == edge[:-1])
        & (table["from_m"].to_numpy()[1:] <= table["to_m"].to_numpy()[:-1])
        & (cells[1:] == cells[:-1]).all(axis=1)
    )
    cell = cells[rows]
    key = pd.DataFrame({"node": node, "x": cell[:, 0], "y": cell[:, 1]}).groupby(["node", "x", "y"]).ngroup()
    count = len(table)
    joint = count + key.to_numpy()
    size = count + (int(key.max()) + 1 if len(key) else 0)
    one, other = np.concatenate([rows, follows]), np.concatenate([joint, follows + 1])
    graph = sparse.csr_array((np.ones(len(one)), (one, other)), shape=(size, size))
    label = csgraph.connected_components(graph, directed=False)[1][:count]
    return np.unique(label, return_inverse=True)[1].astype(np.intp)


def _pieces(network: WalkNetwork, table: pd.DataFrame) -> Geometries:
    """Draw each group of parts as one geometry, in the order of the groups."""
    order = np.argsort(table["group"].to_numpy(), kind="stable")
    edge, start, end, group = (table[name].to_numpy()[order] for name in ("edge", "from_m", "to_m", "group"))
    lines = cut_lines(network.edge_lines[edge.astype(np.intp)], start.astype(float), end.astype(float))
    if not len(lines):
        return lines
    return np.asarray(shapely.multilinestrings(lines, indices=np.unique(group, return_inverse=True)[1]))


def _erased(network: WalkNetwork, pieces: Geometries, off_m: float) -> Geometries:
    """Draw the ground of each piece on its own side of the barriers."""
    return network.barriers.erase_from(shapely.buffer(pieces, off_m, quad_segs=_ARC_SEGMENTS), pieces)


def _is_hiding(
    network: WalkNetwork, pieces: Geometries, ground: Geometries, off_m: float
) -> NDArray[np.bool_]:
    """Say around which pieces a barrier hides ground, beside what it covers itself."""
    visible = shapely.buffer(pieces, off_m, quad_segs=_ARC_SEGMENTS)
    touched = network.barriers.are_near(pieces, off_m)
    visible[touched] = shapely.difference(visible[touched], network.barriers.solid)
    return np.asarray(np.nan_to_num(shapely.area(ground)) < shapely.area(visible) - _SLIVER_M2)
