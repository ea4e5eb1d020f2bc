"""What stands or lies idle: works, grain stores, halls, houses, brickworks, firms that yield little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Point, Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker.site import Building

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.town import Ground

Truth = list[tuple[str, Polygon]]
GRANARIES = 3
IDLE_HALLS = 3


def granaries(town: Ground, free: BaseGeometry, rng: np.random.Generator) -> None:
    """Add a disused village grain store to some villages, on open ground off their lanes."""
    villages = [plot for plot in town.plots if plot.kind == "village"]
    found = 0
    for number in rng.permutation(len(villages)).tolist():
        plot = villages[number]
        ground = free.intersection(plot.shape).buffer(-2.5)
        room = geo.largest(ground)
        if room.is_empty:
            continue
        spot = np.asarray(shapely.maximum_inscribed_circle(room, tolerance=0.5).coords[0])
        angle = geo.south_facing_angle(plot.shape)
        for turn in (0.0, np.pi / 2, 0.5, -0.5):
            shape = geo.rectangle(spot, float(rng.uniform(15, 19)), float(rng.uniform(8, 9.5)), angle + turn)
            if ground.covers(shape):
                town.site.buildings.append(
                    Building(shape, "warehouse", 1, 1968, "", f"{plot.name}粮仓", "idle")
                )
                found += 1
                break
        if found == GRANARIES:
            return


def idle_halls(town: Ground, firms: list[Point], poor: BaseGeometry, rng: np.random.Generator) -> None:
    """Empty one hall in some works that are in use: none that a firm stands on, none of a poor parcel."""
    halls = [b for b in town.site.buildings if b.use == "industrial" and b.status == "in_use"]
    stands = shapely.MultiPoint(firms)
    free = [b for b in halls if not b.shape.intersects(stands) and not b.shape.intersects(poor)]
    emptied: set[str] = set()
    for number in rng.permutation(len(free)).tolist():
        works = free[number].name.rstrip("0123456789号")
        if works not in emptied and len(emptied) < IDLE_HALLS:
            free[number].status = "idle"
            emptied.add(works)


def truth(town: Ground, parcels: pd.DataFrame, poor: list[Polygon]) -> Truth:
    """Return the idle and poor: whole works where all stands idle, single buildings elsewhere, parcels."""
    waste = list(parcels.loc[parcels["DLBM"] == "0602", "geometry"])
    rows: Truth = [("mine_waste", shape) for shape in waste]
    rows += [("low_yield_plot", shape) for shape in poor]
    idle = [b for b in town.site.buildings if b.status in {"idle", "quiet"}]
    for compound in town.site.compounds:
        inside = [b for b in town.site.buildings if compound.shape.contains(b.shape)]
        if inside and all(b.status == "idle" for b in inside):
            rows.append((_kind(inside[0]), compound.shape))
            idle = [b for b in idle if not compound.shape.contains(b.shape)]
    known = shapely.union_all(waste)
    return rows + [(_kind(b), b.shape) for b in idle if not b.shape.intersects(known)]


def _kind(building: Building) -> str:
    kinds = {"industrial": "idle_factory", "warehouse": "granary"}
    return kinds.get(building.use, "idle_house")
