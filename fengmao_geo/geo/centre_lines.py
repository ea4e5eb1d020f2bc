"""Surfaces to their centre lines: one vertex where they meet, no stubs into corners, a width for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]

__all__ = ["CentreLines", "centre_lines", "drawn_on_to"]

#: A branch that does not reach farther than so many clearances of the place it leaves is one into a corner:
#: it is 1.41 long at a corner of 90° and 2 at one of 60°.
_CORNER = 2.0

#: Junctions nearer to one another than this share of their clearance are one.
_ONE_JUNCTION = 0.8

#: At a mouth the outline is farther from the centre line than half the width by this factor.
_MOUTH = 1.25

#: Ends of lines are one node within this, in metres.
_NODE_M = 1e-6

#: Edges of the diagram nearer to one another are one.
_HAIR_M = 1e-3


class CentreLines(NamedTuple):
    """Centre lines: their geometry, the place of the surface of each, its width in metres."""

    lines: Geometries
    surface: Indices
    width_m: Numbers


def centre_lines(surfaces: Geometries, *, spacing_m: float, simplify_m: float) -> CentreLines:
    """Draw the centre lines of surfaces.

    They are the edges of the Voronoi diagram of points along the outline that lie within (pygeoops), without
    the branches into corners, drawn on to the outline where a surface ends. Lines of one surface are
    connected. The width of a line is twice the median of its distances from the outline, away from junctions.

    Parameters
    ----------
    surfaces
        Valid polygons in metres.
    spacing_m
        How far apart the points along the outlines are: no more than the narrowest surface is wide.
    simplify_m
        How far a line may run from the exact one.

    Returns
    -------
    CentreLines
        ``lines``, and for each the place of its surface and ``width_m``. A surface that is as wide as it is
        long has one line along its longer side.

    Examples
    --------
    >>> street = shapely.box(0, 0, 100, 8)
    >>> drawn = centre_lines(np.array([street]), spacing_m=2, simplify_m=0.25)
    >>> drawn.lines[0].length, drawn.width_m.round(1).tolist()
    (100.0, [8.0])
    >>> centre_lines(np.array([], dtype=object), spacing_m=2, simplify_m=0.25).lines.tolist()
    []
    """
    drawn = [_of_surface(surface, spacing_m, simplify_m) for surface in surfaces]
    counts = [len(lines) for lines, _ in drawn]
    if not counts:
        return CentreLines(np.array([], dtype=object), np.array([], dtype=np.intp), np.array([]))
    return CentreLines(
        np.concatenate([lines for lines, _ in drawn]),
        np.repeat(np.arange(len(drawn)), counts),
        np.concatenate([width_m for _, width_m in drawn]),
    )


def drawn_on_to(lines: Geometries, drawn: CentreLines, *, beyond_m: float) -> tuple[Geometries, int]:
    """Draw lines that end at or within a surface on to the centre line of that surface.

    Parameters
    ----------
    lines
        LineStrings in metres.
    drawn
        Centre lines with their width.
    beyond_m
        How far outside the surface a line may end.

    Returns
    -------
    array of LineString
        The lines, longer where they ended so.
    int
        How many ends were drawn on.

    Examples
    --------
    >>> street = centre_lines(np.array([shapely.box(0, 0, 100, 8)]), spacing_m=2, simplify_m=0.25)
    >>> path = np.array([shapely.LineString([(50, 30), (50, 8)])])
    >>> drawn_on_to(path, street, beyond_m=0.1)[0][0].wkt
    'LINESTRING (50 30, 50 8, 50 4)'
    """
    if not len(lines) or not len(drawn.lines):
        return lines, 0
    node, places = _ends(lines)
    is_loose = np.bincount(node.ravel(), minlength=len(places)) == 1
    nearest, far_m = shapely.STRtree(drawn.lines).query_nearest(
        places, return_distance=True, all_matches=False
    )
    place, line = nearest
    is_on = is_loose[place] & (far_m <= drawn.width_m[line] / 2 * _MOUTH + beyond_m) & (far_m > _NODE_M)
    place, line = place[is_on], line[is_on]
    met = np.full((len(places), 2), np.nan)
    way = shapely.shortest_line(places[place], drawn.lines[line])
    met[place] = shapely.get_coordinates(shapely.get_point(way, -1))
    return _lengthened(lines, met[node], shapely.get_coordinates(places)[node]), len(place)


def _of_surface(surface: shapely.Polygon, spacing_m: float, simplify_m: float) -> tuple[Geometries, Numbers]:
    import pygeoops  # noqa: PLC0415  heavy, and only for towns whose streets are surfaces

    skeleton = pygeoops.centerline(
        surface, densify_distance=spacing_m, min_branch_length=0, simplifytolerance=0
    )
    outline = _Outline(surface)
    lines = _joined(_pruned(_merged(skeleton), outline), outline)
    if not len(lines):
        axis = _long_axis(surface)
        return np.array([axis], dtype=object), np.array([surface.area / axis.length])
    lines = shapely.simplify(_extended(lines, outline), simplify_m)
    return lines, _widths(lines, outline, spacing_m)


class _Outline:
    """The outline of a surface, and how far places lie from it."""

    def __init__(self, surface: shapely.Polygon) -> None:
        self.surface = surface
        self.sides = _sides(surface)
        self._tree = shapely.STRtree(self.sides)

    def clearance_m(self, points: Geometries) -> Numbers:
        place, far_m = self._tree.query_nearest(points, return_distance=True, all_matches=False)
        clearance_m = np.zeros(len(points))
        clearance_m[place[0]] = far_m
        return clearance_m

    def first_crossings(self, rays: Geometries) -> Numbers:
        """Find how far along each ray the outline is first met; infinite where it is not."""
        ray, side = self._tree.query(rays, predicate="intersects")
        met, owner = shapely.get_coordinates(
            shapely.intersection(rays[ray], self.sides[side]), return_index=True
        )
        along_m = np.full(len(rays), np.inf)
        starts = shapely.get_coordinates(shapely.get_point(rays, 0))
        np.minimum.at(along_m, ray[owner], np.hypot(*(met - starts[ray[owner]]).T))
        return along_m


def _sides(surface: shapely.Polygon) -> Geometries:
    rings = shapely.get_rings(surface)
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    follows = ring[1:] == ring[:-1]
    return np.asarray(shapely.linestrings(np.stack([vertices[:-1], vertices[1:]], axis=1)[follows]))


def _merged(shape: object) -> Geometries:
    """Take single lines; where points lie on one circle the diagram has edges twice, a hair apart."""
    if not isinstance(shape, shapely.Geometry):
        return np.array([], dtype=object)
    return _singles(shapely.line_merge(shapely.unary_union(shape, grid_size=_HAIR_M)))


def _singles(shape: shapely.Geometry) -> Geometries:
    parts = np.asarray(shapely.get_parts([shape]), dtype=object)
    return parts[shapely.length(parts) > 0]


def _ends(lines: Geometries) -> tuple[Indices, Geometries]:
    """Find the nodes of each line, and then the places of the nodes."""
    points = np.stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)], axis=1)
    xy = shapely.get_coordinates(points.ravel())
    _, first, node = np.unique(np.round(xy / _NODE_M), axis=0, return_index=True, return_inverse=True)
    return node.reshape(-1, 2), points.ravel()[first]


def _pruned(lines: Geometries, outline: _Outline) -> Geometries:
    """Leave out branches into corners, again and again, as those that bore them become branches."""
    while len(lines) > 1:
        node, places = _ends(lines)
        degree = np.bincount(node.ravel(), minlength=len(places))
        clear_m = outline.clearance_m(places)[node]
        is_tip = degree[node] == 1
        one_tip = is_tip.sum(axis=1) == 1
        tip_m = np.where(is_tip[:, 0], clear_m[:, 0], clear_m[:, 1])
        base_m = np.where(is_tip[:, 0], clear_m[:, 1], clear_m[:, 0])
        is_corner = one_tip & (shapely.length(lines) + tip_m <= _CORNER * base_m)
        if not is_corner.any():
            break
        lines = _singles(shapely.line_merge(shapely.multilinestrings(lines[~is_corner])))
    return lines


def _joined(lines: Geometries, outline: _Outline) -> Geometries:
    """Draw junctions that lie within one crossing as one: lines between them shrink to their middle."""
    if len(lines) < 2:
        return lines
    node, places = _ends(lines)
    degree = np.bincount(node.ravel(), minlength=len(places))
    clear_m = outline.clearance_m(places)
    reach_m = _ONE_JUNCTION * clear_m[node].min(axis=1)
    is_short = (
        (degree[node] >= 3).all(axis=1) & (node[:, 0] != node[:, 1]) & (shapely.length(lines) <= reach_m)
    )
    if not is_short.any():
        return lines
    group = _groups(node[is_short], len(places))
    xy = shapely.get_coordinates(places)
    size = np.bincount(group)
    middle = np.column_stack([np.bincount(group, weights=xy[:, axis]) / size for axis in (0, 1)])
    return _moved(lines[~is_short], middle[group[node[~is_short]]])


def _groups(pairs: Indices, count: int) -> Indices:
    from scipy.sparse import coo_array  # noqa: PLC0415  heavy
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.intp)


def _moved(lines: Geometries, ends: Numbers) -> Geometries:
    """Draw each line from and to the given places."""
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    last = np.cumsum(np.bincount(line, minlength=len(lines))) - 1
    first = np.concatenate([[0], last[:-1] + 1])
    vertices[first], vertices[last] = ends[:, 0], ends[:, 1]
    moved = np.asarray(shapely.linestrings(vertices, indices=line), dtype=object)
    return moved[shapely.length(moved) > 0]


def _extended(lines: Geometries, outline: _Outline) -> Geometries:
    """Draw lines that end within the surface on to its outline."""
    node, places = _ends(lines)
    is_tip = np.bincount(node.ravel(), minlength=len(places))[node] == 1
    line, end = np.nonzero(is_tip)
    if not len(line):
        return lines
    tips = shapely.get_coordinates(places[node[line, end]])
    clear_m = outline.clearance_m(places[node[line, end]])
    back_m = np.minimum(2 * clear_m, shapely.length(lines[line]) / 2)
    before = shapely.line_interpolate_point(lines[line], np.where(end == 0, back_m, -back_m))
    way = tips - shapely.get_coordinates(before)
    way /= np.maximum(np.hypot(*way.T), _NODE_M)[:, None]
    rays = shapely.linestrings(np.stack([tips, tips + way * (3 * clear_m + _NODE_M)[:, None]], axis=1))
    along_m = outline.first_crossings(np.asarray(rays))
    ends = shapely.get_coordinates(places)[node]
    met = np.isfinite(along_m)
    onward = np.full((len(lines), 2, 2), np.nan)
    onward[line[met], end[met]] = tips[met] + way[met] * along_m[met, None]
    return _lengthened(lines, onward, ends)


def _lengthened(lines: Geometries, onward: Numbers, ends: Numbers) -> Geometries:
    """Put further places before the first and after the last vertex of lines, where there are any."""
    onward = np.where(np.isfinite(onward), onward, ends)
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    every = np.arange(len(lines))
    row = np.concatenate([every, line, every])
    order = np.argsort(row, kind="stable")
    whole = np.concatenate([onward[:, 0], vertices, onward[:, 1]])[order]
    drawn = np.asarray(shapely.linestrings(whole, indices=row[order]), dtype=object)
    return np.asarray(shapely.remove_repeated_points(drawn), dtype=object)


def _long_axis(surface: shapely.Polygon) -> shapely.LineString:
    """Take the middle between the longer sides of the smallest rectangle around a surface."""
    first, second, third, fourth = shapely.get_coordinates(shapely.minimum_rotated_rectangle(surface))[:4]
    if np.hypot(*(second - first)) < np.hypot(*(third - second)):
        first, second, third, fourth = second, third, fourth, first
    return shapely.LineString([(first + fourth) / 2, (second + third) / 2])


def _widths(lines: Geometries, outline: _Outline, spacing_m: float) -> Numbers:
    """Measure twice the median clearance of each line, away from its ends where it is long enough."""
    node, places = _ends(lines)
    length = shapely.length(lines)
    leave_m = np.minimum(outline.clearance_m(places)[node], length[:, None] / 4)
    span_m = length - leave_m.sum(axis=1)
    count = np.clip(np.ceil(span_m / spacing_m), 3, 200).astype(int)
    line = np.repeat(np.arange(len(lines)), count)
    step = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    at_m = leave_m[line, 0] + span_m[line] * (step + 0.5) / count[line]
    clear_m = outline.clearance_m(shapely.line_interpolate_point(lines[line], at_m))
    order = np.lexsort((clear_m, line))
    middle = np.cumsum(count) - count
    low, high = middle + (count - 1) // 2, middle + count // 2
    return np.asarray(clear_m[order][low] + clear_m[order][high])
