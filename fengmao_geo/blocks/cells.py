"""The built-up area as cells between streets and waters: what proposed blocks are put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fengmao_geo.geo.planar import joined_by_row, polygon_parts, shared_lengths
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.standards.green import green_standard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Cells", "street_cells"]

#: Lines are noded on this grid, so that what meets but for rounding meets.
_GRID_M = 0.01


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells that fill the ground that may be proposed, and how they border on each other.

    Parameters
    ----------
    shapes
        Their outlines, from south-west to north-east, shape ``(n,)``.
    one, other
        Rows of cells that share an outline, each pair both ways round.
    shared_m
        How much of it they share.
    """

    shapes: Geometries
    one: Indices
    other: Indices
    shared_m: Numbers

    def __len__(self) -> int:
        return len(self.shapes)


def street_cells(town: Town, taken: Geometries) -> Cells:
    """Cut the built-up area along its streets and banks, leaving out what is taken.

    Ground too large for one cell, where streets are few, is cut by which stretch of them is nearest. Cells
    too small to stand for themselves go to the neighbour that shares most of their outline.

    Parameters
    ----------
    town
        The town.
    taken
        Polygons that no cell may share ground with.

    Returns
    -------
    Cells
        The cells.
    """
    built_up = shapely.union_all(town["built_up"].geometry.to_numpy(), grid_size=_GRID_M)
    lines = np.concatenate([_ways(town), _banks(town), shapely.boundary([built_up, *taken])])
    lines = lines[shapely.intersects(lines, built_up)]
    # The order of rows must not decide how lines are noded.
    lines = shapely.normalize(lines)
    lines = lines[np.argsort(shapely.to_wkb(lines, hex=True), kind="stable")]
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=_GRID_M))
    faces = shapely.get_parts(shapely.polygonize(noded))
    inside = shapely.point_on_surface(faces)
    is_free = shapely.intersects(built_up, inside)
    if len(taken):
        is_free &= ~shapely.intersects(shapely.union_all(taken), inside)
    return _merged(_ordered(_cut(faces[is_free], lines)))


def _ways(town: Town) -> Geometries:
    """Take the streets on the ground."""
    streets = town["streets"]
    is_ground = np.ones(len(streets), dtype=bool)
    if "street_class" in streets:
        is_ground &= (streets["street_class"] != "elevated").to_numpy()
    for name in ("is_tunnel", "is_steps"):
        if name in streets:
            is_ground &= ~streets[name].fillna(value=False).to_numpy(dtype=bool)
    return np.asarray(streets.geometry.to_numpy()[is_ground], dtype=object)


def _banks(town: Town) -> Geometries:
    """Take the banks of rivers, canals and lakes."""
    if "water" not in town or "water_type" not in town["water"]:
        return np.zeros(0, dtype=object)
    water = town["water"]
    kept = water.geometry.to_numpy()[water["water_type"].isin(green_standard().bank_types).to_numpy()]
    return np.asarray(shapely.boundary(kept), dtype=object)


def _cut(faces: Geometries, lines: Geometries) -> Geometries:
    """Cut large faces by the stretch of street, bank or edge of town that is nearest."""
    is_large = shapely.area(faces) > figure_standard("proposals").figure("cell_most_m2")
    parts = [_by_stretch(face, lines) for face in faces[is_large]]
    return np.concatenate([faces[~is_large], *parts])


def _by_stretch(face: shapely.Geometry, lines: Geometries) -> Geometries:
    figure = figure_standard("proposals").figure
    outline = shapely.segmentize(shapely.boundary(face), figure("outline_step_m"))
    spots = np.asarray(shapely.points(np.unique(shapely.get_coordinates(outline), axis=0)))
    line = shapely.STRtree(lines).query_nearest(spots, all_matches=False)[1]
    stretch = np.floor(shapely.line_locate_point(lines[line], spots) / figure("stretch_m"))
    _, group = np.unique(np.stack([line, stretch], axis=1), axis=0, return_inverse=True)
    nearest = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(list(spots)), extend_to=face))
    spot, at = shapely.STRtree(nearest).query(spots, predicate="intersects")
    row = np.zeros(len(nearest), dtype=np.intp)
    row[at] = group.ravel()[spot]
    order = np.argsort(row, kind="stable")
    pieces = shapely.intersection(joined_by_row(nearest[order], row[order]), face)
    return polygon_parts(pieces)[0]


def _ordered(shapes: Geometries) -> Geometries:
    shapes = shapely.normalize(shapes)
    corners = shapely.bounds(shapes)
    return shapes[np.lexsort((*corners.T[2:], corners[:, 0], corners[:, 1]))] if len(shapes) else shapes


def _merged(shapes: Geometries) -> Cells:
    """Join small cells with the neighbour that shares most of their outline, until none is left."""
    least_m2 = figure_standard("proposals").figure("cell_least_m2")
    cells = _bordering(shapes)
    while (is_small := shapely.area(cells.shapes)[cells.one] < least_m2).any():
        order = np.lexsort((cells.other, -cells.shared_m.round(3), cells.one))
        order = order[is_small[order]]
        joined, first = np.unique(cells.one[order], return_index=True)
        links = coo_array(
            (np.ones(len(joined)), (joined, cells.other[order[first]])), shape=(len(cells),) * 2
        )
        _, group = connected_components(links, directed=False)
        row = np.argsort(group, kind="stable")
        cells = _bordering(_ordered(joined_by_row(cells.shapes[row], group[row].astype(np.intp))))
    return cells


def _bordering(shapes: Geometries) -> Cells:
    one, other, shared_m = shared_lengths(shapes, shapes)
    is_pair = one != other
    return Cells(shapes, one[is_pair], other[is_pair], shared_m[is_pair])
