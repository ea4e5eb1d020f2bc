"""How the land lies: what is open, what is planted there, what is drawn on the rest; and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon, STRtree

from shuixiang_maker import cover, decks, patches, planting, stock
from shuixiang_maker import geometry as geo
from shuixiang_maker.tiles import Tiles

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.site import Green
    from shuixiang_maker.town import Ground

PIER_EVERY_M = 74.0
PIER_PAD_M = 6.0
WALL_OFF_M = 0.4


@dataclass(frozen=True)
class Given:
    """What was settled before: the search area, the waters, the parks, the parcels, the poor ones."""

    within: BaseGeometry
    water: BaseGeometry
    greens: list[Green]
    parcels: pd.DataFrame
    poor: list[Polygon]


def land(town: Ground, given: Given, spots: list[shapely.Point]) -> tuple[cover.Drawn, stock.Truth]:
    """Plant the small spaces, draw the ordinary ground around them; return the drawing and the truth."""
    rng = np.random.default_rng([town.seed, 2])
    surface = cover.street_surface(town, given.within.buffer(2000))
    fields = patches.truth(town.plots, given.parcels, given.within)
    waste = given.parcels.loc[given.parcels["DLBM"] == "0602", "geometry"]
    kept = shapely.union_all([*given.poor, *waste, *[shape for _, shape in fields]])
    used = [surface, given.water, *[green.shape for green in given.greens]]
    stock.granaries(town, _open(town, given, [*used, kept]), rng)
    stock.idle_halls(town, spots, shapely.union_all(given.poor), rng)
    free = _open(town, given, [*used, kept])
    site = planting.Land(
        rng=rng,
        free=Tiles(free.difference(_campuses(town))),
        water=given.water,
        roads=planting.roads_of(town),
        surface=surface,
        buildings=[b.shape for b in town.site.buildings],
        compounds=town.site.compounds,
    )
    cleared = [p.shape for p in town.plots if p.kind == "vacant"]
    planting.plant(site, *_below_decks(town), cleared)
    planted = [(kind, geo.largest(geo.rounded(shape))) for kind, shape in site.planted]
    _move_walls(town, [shape for _, shape in planted])
    fields_shape = shapely.union_all([shape for _, shape in fields])
    rest = _open(town, given, [*used, fields_shape, *[shape for _, shape in planted]])
    drawn = cover.draw(town, rest, surface.difference(fields_shape), rng)
    return drawn, [*planted, *fields, *stock.truth(town, given.parcels, given.poor)]


def _open(town: Ground, given: Given, used: list[BaseGeometry]) -> BaseGeometry:
    """Return the search area less the buildings and all that is used."""
    return given.within.difference(shapely.union_all([*used, *[b.shape for b in town.site.buildings]]))


def _campuses(town: Ground) -> BaseGeometry:
    """Return the grounds of schools, offices, the hospital and works, with a margin."""
    used = [c.shape for c in town.site.compounds if c.compound_type in planting.USED_COMPOUNDS]
    return shapely.union_all(used).buffer(1.0)


def _below_decks(town: Ground) -> tuple[BaseGeometry, list[Polygon]]:
    """Return the ground below the elevated road and the railway, and the paved ground at some piers."""
    lines = ((town.elevated.line, town.elevated.width_m), (town.railway, decks.RAILWAY_M))
    shapes = [deck for line, width in lines for _, deck in decks.spans(line, width)]
    pads = []
    for line, width in lines:
        for at in np.arange(30.0, line.length - PIER_PAD_M, PIER_EVERY_M):
            stretch = geo.piece(line, float(at), float(at) + PIER_PAD_M)
            pads.append(stretch.buffer(width, cap_style="flat"))
    return shapely.union_all(shapes), pads


def _move_walls(town: Ground, planted: list[Polygon]) -> None:
    """Set the wall of an estate back where its ground was given up, unless a lane or a gate is in the way."""
    lanes = [s.line for s in town.streets if s.level == 0]
    tree, lane_tree = STRtree(planted), STRtree(lanes)
    for number, compound in enumerate(town.site.compounds):
        crossing = [planted[i] for i in np.sort(tree.query(compound.shape.exterior, predicate="intersects"))]
        if not crossing:
            continue
        lost = shapely.union_all(crossing).buffer(WALL_OFF_M, join_style="mitre")
        shape = geo.largest(compound.shape.difference(lost))
        gates = shapely.MultiPoint([spot for spot, _ in compound.gates]).buffer(0.001)
        through = [lanes[i] for i in lane_tree.query(shape.exterior, predicate="intersects")]
        crossed = shapely.union_all(through).intersection(shape.exterior).difference(gates)
        if crossed.is_empty and shape.exterior.distance(gates) == 0:
            town.site.compounds[number] = replace(compound, shape=Polygon(shape.exterior))
