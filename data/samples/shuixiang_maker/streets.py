"""Streets: hand-laid roads bent by the warp, ends joined, bridges cut out, everything noded on the grid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, Polygon, STRtree
from shapely.ops import linemerge

from shuixiang_maker import geometry as geo
from shuixiang_maker.skeleton import ELEVATED, RAILWAY, ROADS

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

JOIN_M = 60.0
BRIDGE_MARGIN_M = 3.0
SHORTEST_M = 1.0
SURFACE_CLASSES = ("main", "secondary", "branch")


@dataclass(frozen=True)
class Street:
    """One street as drawn, before or after noding."""

    line: LineString
    name: str
    street_class: str
    width_m: float
    level: int = 0
    is_bridge: bool = False
    is_steps: bool = False
    is_walkable: bool = True
    bridge_name: str = ""


def join_end(
    line: LineString, others: list[LineString], *, at_start: bool, reach_m: float = JOIN_M
) -> LineString:
    """Return the line with one end moved exactly onto the nearest other line, trimmed or extended."""
    coords = np.asarray(line.coords)
    coords = coords[::-1] if at_start else coords
    end = Point(coords[-1])
    near = [other for other in others if other.distance(end) < reach_m]
    if near:
        target = min(near, key=lambda other: other.distance(end))
        coords = _end_on(LineString(coords), target, reach_m)
    coords = coords[::-1] if at_start else coords
    return LineString(np.round(coords, 3))


def _end_on(line: LineString, target: LineString, reach_m: float) -> geo.Coords:
    """Return the coordinates of a line whose last end is cut at, or led to, the target."""
    hits = [line.project(Point(xy)) for xy in shapely.get_coordinates(line.intersection(target))]
    late = [at for at in hits if at > max(line.length - 1.5 * reach_m, 1.0)]
    if late:
        return np.asarray(geo.piece(line, 0.0, max(late)).coords)
    end = np.asarray(line.coords)[-1]
    onto = target.interpolate(target.project(Point(end)))
    return np.vstack([np.asarray(line.coords), [onto.x, onto.y]])


def hand_laid(warp: geo.Warp, frame: Polygon) -> list[Street]:
    """Return the roads of the drawing board on the ground, each joined to those before it."""
    streets: list[Street] = []
    for road in ROADS:
        line = geo.simplify(LineString(warp(geo.smooth(road.points))), 0.25)
        others = [street.line for street in streets]
        line = join_end(join_end(line, others, at_start=True), others, at_start=False)
        line = geo.longest(line.intersection(frame))
        streets.append(
            Street(
                line,
                road.name,
                road.street_class,
                road.width_m,
                is_steps=road.is_steps,
                bridge_name=road.bridge,
            )
        )
    return streets


def elevated_road(warp: geo.Warp, frame: Polygon) -> Street:
    """Return the elevated road: one level up, for vehicles only, a bridge from end to end."""
    line = geo.longest(geo.simplify(LineString(warp(geo.smooth(ELEVATED))), 0.25).intersection(frame))
    return Street(
        line, "嘉水高架", "elevated", 24.0, level=1, is_bridge=True, is_walkable=False, bridge_name="嘉水高架"
    )


def railway(warp: geo.Warp, frame: Polygon) -> LineString:
    """Return the railway, on a viaduct from end to end."""
    return geo.longest(geo.simplify(LineString(warp(geo.smooth(RAILWAY))), 0.25).intersection(frame))


def surface(streets: list[Street], *, extra_m: float = 0.0) -> BaseGeometry:
    """Return the ground taken by streets at their widths."""
    return shapely.union_all([s.line.buffer(s.width_m / 2 + extra_m, cap_style="flat") for s in streets])


def cut_at_water(street: Street, water: BaseGeometry) -> list[Street]:
    """Return a street cut at the banks: bridges where it may cross, dead ends where it may not."""
    spans = geo.crossings(street.line, water, BRIDGE_MARGIN_M)
    dry = replace(street, is_steps=False)
    if not spans:
        return [dry]
    parts: list[Street] = []
    at = 0.0
    last = street.line.length
    spans = [
        (start if start > SHORTEST_M else 0.0, end if last - end > SHORTEST_M else last)
        for start, end in spans
    ]
    for start, end in spans:
        parts.append(replace(dry, line=geo.piece(street.line, at, start)))
        if street.bridge_name:
            street_class = "steps" if street.is_steps else street.street_class
            deck = geo.piece(street.line, start, end)
            parts.append(replace(street, line=deck, is_bridge=True, street_class=street_class))
        at = end
    parts.append(replace(dry, line=geo.piece(street.line, at, last)))
    return [part for part in parts if part.line.length > 0.0]


@dataclass(frozen=True)
class Piece:
    """A stretch of street between two meetings, and the number of the street it was cut from."""

    line: LineString
    owner: int


def network(streets: list[Street], water: BaseGeometry) -> list[Street]:
    """Return the walkable streets as one connected network with identical coordinates at every meeting.

    Roads are split where roads meet; lanes and paths stay whole and carry a vertex at every meeting.
    """
    ground = [part for street in streets if street.level == 0 for part in cut_at_water(street, water)]
    pieces = _pieces(ground, water)
    pieces = _biggest_part(_drop_stubs(pieces))
    raised = [street for street in streets if street.level != 0]
    return _joined(pieces, ground) + raised


def _pieces(ground: list[Street], water: BaseGeometry) -> list[Piece]:
    """Node the streets on the grid and drop what would touch water without being a bridge."""
    lines = shapely.get_parts(shapely.union_all([s.line for s in ground], grid_size=geo.GRID_M))
    tree = STRtree([street.line for street in ground])
    owners = tree.nearest(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    shapely.prepare(water)
    both = zip(lines, owners, strict=True)
    return [
        Piece(line, int(owner))
        for line, owner in both
        if ground[owner].is_bridge or not water.intersects(line)
    ]


def _ends(line: LineString) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return line.coords[0], line.coords[-1]


def _drop_stubs(pieces: list[Piece], shorter_than_m: float = 9.0) -> list[Piece]:
    """Drop dead ends too short to be a street, until none is left."""
    while True:
        counts = Counter(end for piece in pieces for end in _ends(piece.line))
        kept = [
            piece
            for piece in pieces
            if piece.line.length > shorter_than_m or min(counts[end] for end in _ends(piece.line)) > 1
        ]
        if len(kept) == len(pieces):
            return kept
        pieces = kept


def _biggest_part(pieces: list[Piece]) -> list[Piece]:
    """Keep the largest connected part."""
    graph = nx.Graph(_ends(piece.line) for piece in pieces)
    biggest = max(nx.connected_components(graph), key=len)
    return [piece for piece in pieces if piece.line.coords[0] in biggest]


def _joined(pieces: list[Piece], ground: list[Street]) -> list[Street]:
    """Join the pieces of each street: roads between junctions of roads, lanes and paths from end to end."""
    meetings: dict[tuple[float, ...], set[int]] = {}
    for piece in pieces:
        if ground[piece.owner].street_class in SURFACE_CLASSES:
            for end in _ends(piece.line):
                meetings.setdefault(end, set()).add(piece.owner)
    junctions = {end for end, owners in meetings.items() if len(owners) > 1}
    lines: dict[int, list[LineString]] = {}
    for piece in pieces:
        lines.setdefault(piece.owner, []).append(piece.line)
    result = []
    for owner in sorted(lines):
        is_road = ground[owner].street_class in SURFACE_CLASSES
        whole = _merge(lines[owner], junctions if is_road else set())
        result += [replace(ground[owner], line=line) for line in whole]
    return result


def _merge(lines: list[LineString], junctions: set[tuple[float, ...]]) -> list[LineString]:
    """Join the lines and cut the result at the junctions again."""
    joined = linemerge(MultiLineString(lines)) if len(lines) > 1 else lines[0]
    result = []
    for line in shapely.get_parts(joined):
        coords = list(line.coords)
        cuts = [i for i in range(1, len(coords) - 1) if coords[i] in junctions]
        pairs = zip([0, *cuts], [*cuts, len(coords) - 1], strict=True)
        result += [LineString(coords[start : end + 1]) for start, end in pairs]
    return result


def connected(streets: list[Street]) -> list[Street]:
    """Return the streets without those that the walkable network cannot reach by shared vertices."""
    graph = nx.Graph()
    for number, street in enumerate(streets):
        if street.is_walkable:
            graph.add_edges_from((("street", number), vertex) for vertex in street.line.coords)
    biggest = max(nx.connected_components(graph), key=len)
    return [
        street
        for number, street in enumerate(streets)
        if not street.is_walkable or ("street", number) in biggest
    ]
