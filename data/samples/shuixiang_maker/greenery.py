"""Street trees, verges and ponds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Point, Polygon, STRtree

from shuixiang_maker import geometry as geo
from shuixiang_maker.ground import pond
from shuixiang_maker.land import SMALL_FIELD_M2
from shuixiang_maker.site import Green

if TYPE_CHECKING:
    from shuixiang_maker.town import Ground

SPECIES = {"main": "香樟", "secondary": "悬铃木"}
SECOND_SPECIES = ("无患子", "银杏", "栾树", "女贞")
SPACING_M = 11.0


def ponds(town: Ground, area: Polygon) -> list[Polygon]:
    """Return ponds in the farmland around the town and one in each large park."""
    rng = town.site.rng
    streets = shapely.union_all([street.line.buffer(12) for street in town.streets])
    result: list[Polygon] = []
    farms = [plot for plot in town.plots if plot.kind == "farm" and plot.shape.area > SMALL_FIELD_M2]
    for plot in sorted(farms, key=lambda p: p.shape.distance(area))[:26]:
        radius = float(rng.uniform(14, 42))
        middle = plot.shape.representative_point()
        shape = pond((middle.x + rng.uniform(-60, 60), middle.y + rng.uniform(-60, 60)), radius, rng)
        if plot.shape.buffer(-6).covers(shape) and not shape.intersects(streets):
            result.append(shape)
    return result[:14]


def park_ponds(town: Ground) -> list[Polygon]:
    """Return one pond in each park that has room for it beside its paths."""
    rng = town.site.rng
    result = []
    for green in [g for g in town.site.greens if g.green_type == "park"]:
        used = [s.line.buffer(4) for s in town.streets if s.line.intersects(green.shape)]
        used += [b.shape.buffer(6) for b in town.site.buildings if b.shape.intersects(green.shape)]
        room = geo.largest(green.shape.buffer(-8).difference(shapely.union_all(used)))
        circle = shapely.maximum_inscribed_circle(room)
        middle = circle.coords[0]
        shape = pond((middle[0], middle[1]), min(circle.length * 0.8, 34.0), rng)
        if room.covers(shape):
            result.append(shape)
    return result


def verges(town: Ground, area: Polygon) -> list[Green]:
    """Return the left-over pieces between roads and water that are planted."""
    pieces = [
        p.shape.buffer(-0.8)
        for p in town.plots
        if p.kind == "scrap" and area.covers(p.shape) and p.shape.area > 150
    ]
    shapes = [geo.largest(piece) for piece in pieces]
    return [Green(shape, "绿化带", "verge") for shape in shapes if shape.area > 100]


def trees(town: Ground, area: Polygon) -> list[tuple[Point, str, float]]:
    """Return street trees along the main and secondary roads of the town: place, species, crown."""
    rng = town.site.rng
    near = area.buffer(60)
    blocked = STRtree(
        [b.shape.buffer(0.8) for b in town.site.buildings]
        + [s.line.buffer(s.width_m / 2 + 0.3) for s in town.streets]
    )
    result: list[tuple[Point, str, float]] = []
    for street in town.streets:
        if street.street_class not in SPECIES or street.is_bridge or not street.line.intersects(near):
            continue
        own = SPECIES[street.street_class] if rng.random() < 0.6 else str(rng.choice(SECOND_SPECIES))
        sides = [(1, -1), (1, -1), (1,), (-1,), ()][int(rng.choice(5, p=[0.45, 0.2, 0.12, 0.13, 0.10]))]
        for side in sides:
            for at in np.arange(rng.uniform(4, 9), street.line.length - 5, SPACING_M):
                if rng.random() < 0.08:
                    continue
                spot = Point(
                    np.round(geo.place(street.line, float(at), side * (street.width_m / 2 + 1.2)), 3)
                )
                if (
                    near.covers(spot)
                    and not len(blocked.query(spot, predicate="intersects"))
                    and not spot.intersects(town.site.water)
                ):
                    result.append((spot, own, round(float(rng.uniform(3.5, 8.0)), 1)))
    return result
