"""Water and plots: what the skeleton of rivers and roads leaves to build on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon, STRtree

from shuixiang_maker import geometry as geo
from shuixiang_maker.skeleton import HAMLETS, LABELS, RIVERS

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ELEVATED_RESERVE_M = 21.0
RAILWAY_RESERVE_M = 9.0


@dataclass(frozen=True)
class Water:
    """One piece of water."""

    shape: Polygon
    name: str
    water_type: str


@dataclass
class Plot:
    """A piece of land with one use; `whole` is its shape before anything was left open or cut off."""

    shape: Polygon
    kind: str
    name: str
    outline: Polygon = field(default_factory=Polygon)
    whole: Polygon = field(default_factory=Polygon)


def rivers(
    warp: geo.Warp, rng: np.random.Generator, frame: Polygon
) -> tuple[list[Water], dict[str, LineString]]:
    """Return the rivers as polygons that do not overlap, and their centre lines by name."""
    waters: list[Water] = []
    centres: dict[str, LineString] = {}
    taken: BaseGeometry = Polygon()
    for river in RIVERS:
        centre = warp(geo.smooth(river.points, 14.0))
        width = np.full(len(centre), river.width_m)
        for wavelength in (9.0, 23.0):
            width += (
                river.width_m
                * 0.07
                * np.sin(np.arange(len(centre)) * 2 * np.pi / wavelength + rng.uniform(0, 6.28))
            )
        shape = geo.ribbon(centre, width).simplify(0.3).intersection(frame)
        shape = geo.largest(shapely.difference(shape, taken, grid_size=geo.GRID_M))
        centres[river.name] = LineString(np.round(centre, 3))
        waters.append(Water(shape, river.name, river.water_type))
        taken = shapely.union_all([taken, shape], grid_size=geo.GRID_M)
    return waters, centres


def pond(centre: tuple[float, float], radius_m: float, rng: np.random.Generator) -> Polygon:
    """Return an uneven round pond."""
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    radii = radius_m * (
        1
        + 0.16 * np.sin(2 * angles + rng.uniform(0, 6.28))
        + 0.09 * np.sin(3 * angles + rng.uniform(0, 6.28))
    )
    stretch, turn = rng.uniform(0.6, 0.95), rng.uniform(0, np.pi)
    x, y = radii * np.cos(angles), radii * np.sin(angles) * stretch
    ring = np.column_stack(
        [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]
    ) + np.array(centre)
    return Polygon(np.round(ring, 3))


def plots(free: BaseGeometry, warp: geo.Warp) -> list[Plot]:
    """Return the free land as plots: one per label, several labels sharing a piece between them.

    Pieces without any label are farmland.
    """
    pieces = geo.polygons(free, 60.0)
    tree = STRtree(pieces)
    inside: dict[int, list[int]] = {}
    spots = [warp.point(label.x, label.y) for label in LABELS]
    for number, spot in enumerate(spots):
        inside.setdefault(int(tree.nearest(spot)), []).append(number)
    result: list[Plot] = []
    for number, shape in enumerate(pieces):
        labels = inside.get(number, [])
        if not labels:
            result.append(Plot(shape, "farm" if shape.area > 1500 else "scrap", ""))
            continue
        shares = _shares(shape, [spots[i] for i in labels])
        result += [
            Plot(part, LABELS[i].kind, LABELS[i].name)
            for i, share in zip(labels, shares, strict=True)
            for part in share[:1]
        ]
        result += [Plot(part, "scrap", "") for share in shares for part in share[1:]]
    return result


def _shares(shape: Polygon, spots: list[Point]) -> list[list[Polygon]]:
    """Divide a piece of land between spots, each taking what is nearest to it."""
    if len(spots) == 1:
        return [[shape]]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(MultiPoint(spots), extend_to=shape.envelope.buffer(200))
    )
    shares = []
    for spot in spots:
        cell = next(cell for cell in cells if cell.intersects(spot))
        shares.append(geo.polygons(shape.intersection(cell), 40.0))
    return shares


def hamlet_plots(
    farms: list[Plot], warp: geo.Warp, streets: list[LineString], rng: np.random.Generator
) -> list[Plot]:
    """Carve the hamlets out of the farmland: both sides of a rural road near each hamlet's spot."""
    result = list(farms)
    for x, y, name in HAMLETS:
        spot = warp.point(x, y)
        road = min(streets, key=spot.distance)
        at = road.project(spot)
        stretch = geo.piece(
            road, max(at - rng.uniform(40, 68), 0), min(at + rng.uniform(40, 68), road.length)
        )
        zone = stretch.buffer(rng.uniform(27, 46), cap_style="flat").buffer(-4).buffer(4)
        result = [part for plot in result for part in _carve(plot, zone, name)]
    return result


def _carve(plot: Plot, zone: Polygon, name: str) -> list[Plot]:
    if plot.kind != "farm" or not plot.shape.intersects(zone):
        return [plot]
    inside = [Plot(part, "hamlet", name) for part in geo.polygons(plot.shape.intersection(zone), 600)]
    if not inside:
        return [plot]
    outside = [Plot(part, "farm", "") for part in geo.polygons(plot.shape.difference(zone), 300)]
    return inside + outside
