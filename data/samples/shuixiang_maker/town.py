"""The order in which the sample town is built, from the drawing board to finished tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Polygon

from shuixiang_maker import campuses, estates, ground, oldtown, openings, patches, shops, streets, villages
from shuixiang_maker import geometry as geo
from shuixiang_maker.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from shuixiang_maker.ground import Plot, Water
    from shuixiang_maker.streets import Street

FRAME_HALF_M = (2300.0, 2200.0)
CLOSED_GATES = {"后街新村", "东方新村", "江南名邸"}


@dataclass
class Ground:
    """The town before its tables: what lies where."""

    site: Site
    waters: list[Water]
    centres: dict[str, LineString]
    plots: list[Plot]
    streets: list[Street]
    elevated: Street
    railway: LineString
    seed: int


def build(seed: int) -> Ground:
    """Return the town of one seed."""
    rng = np.random.default_rng(seed)
    warp = geo.Warp.from_rng(rng)
    x, y = geo.ORIGIN
    frame = shapely.box(x - FRAME_HALF_M[0], y - FRAME_HALF_M[1], x + FRAME_HALF_M[0], y + FRAME_HALF_M[1])
    waters, centres = ground.rivers(warp, rng, frame)
    water = shapely.union_all([w.shape for w in waters], grid_size=geo.GRID_M)
    roads = streets.hand_laid(warp, frame)
    elevated = streets.elevated_road(warp, frame)
    railway = streets.railway(warp, frame)
    shore = oldtown.waterside_streets(centres["市河"], roads, water)
    bridges = oldtown.footbridges(centres["市河"], shore, [centres["北港"], centres["南港"]])
    site = Site(rng, warp, water, [*roads, *shore, *bridges])
    plots = openings.carve(site, _plots(site, elevated, railway, frame))
    for plot in plots:
        _develop(site, plot)
    plots = patches.carve(site, plots + site.new_plots, np.random.default_rng([seed, 1]))
    final = streets.network([*site.streets, elevated], water)
    return Ground(site, waters, centres, plots, final, elevated, railway, seed)


def _plots(site: Site, elevated: Street, railway: LineString, frame: Polygon) -> list[Plot]:
    """Divide the land between water and roads into plots, and carve the hamlets out of the farmland."""
    roads = [street for street in site.streets if street.street_class in streets.SURFACE_CLASSES]
    reserve = elevated.line.buffer(ground.ELEVATED_RESERVE_M, cap_style="flat")
    below = railway.buffer(ground.RAILWAY_RESERVE_M, cap_style="flat")
    taken = shapely.union_all([site.water, streets.surface(roads), reserve, below])
    plots = ground.plots(frame.difference(taken), site.warp)
    rural = [street.line for street in roads if street.street_class in ("branch", "main")]
    return ground.hamlet_plots(plots, site.warp, rural, site.rng)


def _develop(site: Site, plot: Plot) -> None:
    """Build on one plot what its kind asks for."""
    closed = 1 if plot.name in CLOSED_GATES else 0
    builders: dict[str, Callable[[], None]] = {
        "old": lambda: oldtown.build(site, plot),
        "slab": lambda: estates.slabs(site, plot, closed=closed),
        "tower": lambda: estates.towers(site, plot, closed=closed),
        "village": lambda: villages.build(site, plot),
        "hamlet": lambda: villages.build(site, plot, dwelling="hamlet"),
        "mixed": lambda: shops.quarter(site, plot),
        "market": lambda: campuses.market(site, plot),
        "factory": lambda: campuses.works(site, plot),
        "silk": lambda: campuses.works(site, plot),
        "grain": lambda: campuses.works(site, plot),
        "kiln": lambda: campuses.kiln(site, plot),
        "dorm": lambda: campuses.dormitories(site, plot),
        "government": lambda: campuses.offices(site, plot),
        "hospital": lambda: campuses.offices(site, plot),
        "primary_school": lambda: campuses.school(site, plot),
        "middle_school": lambda: campuses.school(site, plot),
        "kindergarten": lambda: campuses.school(site, plot),
        "park": lambda: campuses.park(site, plot),
        "pocket": lambda: campuses.park(site, plot),
        "verge": lambda: campuses.park(site, plot),
    }
    if plot.kind in builders:
        builders[plot.kind]()
