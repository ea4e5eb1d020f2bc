"""The building site: what has been put on the ground so far, and the checks before anything is added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from shuixiang_maker.streets import SURFACE_CLASSES, Street, surface

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker import geometry as geo
    from shuixiang_maker.ground import Plot


@dataclass
class Building:
    """One building; `dwelling` says which kind of household lives in it, empty for none."""

    shape: Polygon
    use: str
    floor_count: int
    built_year: int
    dwelling: str = ""
    name: str = ""
    status: str = "in_use"


@dataclass(frozen=True)
class Compound:
    """A walled area with its gates: positions on the outline and whether they are open."""

    shape: Polygon
    name: str
    compound_type: str
    gates: tuple[tuple[Point, bool], ...]


@dataclass(frozen=True)
class Green:
    """A piece of planted or paved open space."""

    shape: Polygon
    name: str
    green_type: str


@dataclass
class Site:
    """Everything built so far."""

    rng: np.random.Generator
    warp: geo.Warp
    water: BaseGeometry
    streets: list[Street]
    buildings: list[Building] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    greens: list[Green] = field(default_factory=list)
    new_plots: list[Plot] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember the roads laid by hand: estate roads and lanes connect to these."""
        self.roads = list(self.streets)
        self._road_lines = np.array([road.line for road in self.roads])
        self._yard: tuple[Polygon, BaseGeometry] = (Polygon(), Polygon())
        ground = [street for street in self.roads if street.level == 0]
        self.road_surface = surface(ground, extra_m=1.0)
        shapely.prepare(self.road_surface)

    def lanes_in(self, shape: Polygon, margin_m: float) -> BaseGeometry:
        """Return the ground that lanes and paths take inside a plot, with a margin on both sides."""
        near = [s for s in self.streets if s.level == 0 and s.line.intersects(shape)]
        return shapely.union_all([s.line.buffer(s.width_m / 2 + margin_m) for s in near])

    def way_out(self, start: Point, plot: Plot, reach_m: float = 45.0) -> LineString:
        """Return the straight line from a point to the nearest road that stays on the plot and the road."""
        if self._yard[0] is not plot.shape:
            self._yard = (plot.shape, plot.shape.buffer(0.6))
        away_m = shapely.distance(self._road_lines, start)
        for number in np.argsort(away_m, kind="stable")[:4]:
            road = self.roads[number]
            if road.level or road.is_steps or not 0.01 <= away_m[number] <= reach_m:
                continue
            foot = road.line.interpolate(road.line.project(start))
            leg = LineString(np.round([start.coords[0], foot.coords[0]], 3))
            if (
                leg.length > 0.5
                and self.road_surface.covers(leg.difference(self._yard[1]))
                and not leg.intersects(self.water)
            ):
                return leg
        return LineString()

    def add_lane(
        self, line: LineString, name: str, street_class: str, width_m: float, *, bridge: str = ""
    ) -> None:
        """Add one lane or estate road."""
        if line.length > 1.0:
            line = LineString(np.round(line.coords, 3))
            self.streets.append(Street(line, name, street_class, width_m, bridge_name=bridge))


class Placer:
    """Puts buildings into one piece of land so that none leaves it and none touches another."""

    def __init__(self, land: BaseGeometry) -> None:
        """Start with the land that may be built on."""
        self.land = land
        shapely.prepare(self.land)
        self.shapes: list[Polygon] = []
        self._boxes = np.empty((0, 4))

    def fits(self, shape: Polygon, gap_m: float) -> bool:
        """Return whether a building of this shape can stand here, this far from the others."""
        if shape.is_empty or not shape.is_valid or not self.land.covers(shape):
            return False
        x0, y0, x1, y1 = shape.bounds
        box = self._boxes
        near = (
            (box[:, 0] < x1 + gap_m)
            & (box[:, 2] > x0 - gap_m)
            & (box[:, 1] < y1 + gap_m)
            & (box[:, 3] > y0 - gap_m)
        )
        return all(self.shapes[i].distance(shape) >= gap_m for i in np.flatnonzero(near))

    def put(self, shape: Polygon, gap_m: float) -> bool:
        """Add the building if it fits; return whether it did."""
        if not self.fits(shape, gap_m):
            return False
        self.shapes.append(shape)
        self._boxes = np.vstack([self._boxes, shape.bounds])
        return True


def is_surface(street: Street) -> bool:
    """Return whether a street is wide enough to divide plots."""
    return street.street_class in SURFACE_CLASSES
