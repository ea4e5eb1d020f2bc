"""A town of 800 by 300 m for the tests of green gains: one street, four homes, green before and now, a plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pyproj import CRS
from space_towns import box, layer, street
from town_layers import EAST, NORTH

from fengmao_geo.green.gain import green_gains
from fengmao_geo.green.picture import GreenPicture
from fengmao_geo.network.build import walk_network
from fengmao_geo.results import Results
from fengmao_geo.tables import Programme
from fengmao_geo.town.town import Town, TownSettings

STREET = street((0, 100), (800, 100), name="long")
HOMES = layer(
    *(box(x, 106, x + 10, 116) for x in (20, 250, 500, 760)),
    use=["residential"] * 4,
    people=[10.0, 20.0, 30.0, 40.0],
)
#: A park at the western end, attached green in the middle, and a verge.
NOW = layer(
    box(0, 60, 30, 90),
    box(300, 110, 340, 130),
    box(400, 85, 500, 95),
    id=["g1", "g2", "g3"],
    green_type=["park", "attached", "verge"],
)
BEFORE = layer(
    box(300, 110, 320, 130), box(700, 110, 720, 120), id=["g2", "g9"], green_type=["attached", "attached"]
)
BLOCKS = layer(box(0, 0, 400, 300), box(400, 0, 600, 300), id=["west", "mid"], name=["西片", "中片"])
PROJECTS = layer(box(290, 80, 450, 140), box(0, 50, 40, 95), id=["p1", "p2"], name=["绿廊", "公园"])


def town_of(**layers):
    given = {
        "built_up": layer(box(0, 0, 800, 300)),
        "extent": layer(box(-900, -900, 1700, 1200)),
        "streets": STREET,
        "buildings": HOMES,
        "green": NOW,
        "green_before": BEFORE,
        "blocks": BLOCKS,
        "projects": PROJECTS,
    }
    kept = {name: one for name, one in (given | layers).items() if one is not None}
    settings = TownSettings(boundary_basis="CZCDYD 202", boundary_year=2024)
    return Town.from_layers(name="T", settings=settings, **kept)


def gains_of(programme=None, **layers):
    town = town_of(**layers)
    return green_gains(town, walk_network(town), programme=programme)


def programme_of(*shapes, use="pocket_park", planted=0.5, crs=4549):
    sites = layer(*shapes).rename(columns={"id": "space_id"})
    area_m2 = sites.area
    sites = sites.assign(
        name="点位",
        use=use,
        block_id=None,
        rank=range(1, len(sites) + 1),
        cost_wan=np.nan,
        area_m2=area_m2,
        green_m2=area_m2 * planted,
    )
    return Programme(sites.to_crs(crs))


def picture_of(before, after):
    """Draw a picture of two rows and four columns over the town, each pixel 200 by 150 m."""
    before, after = (np.array(grid, dtype=np.float32) for grid in (before, after))
    bounds = (EAST, NORTH, EAST + 800, NORTH + 300)
    return GreenPicture(before, after, after - before, bounds, CRS(4549), "2019-07-28", "2024-07-22")


def green_results(**layers):
    """Measure the town with a plan, and give it a picture: the north-west bare then green, the south-east lost."""
    town, programme = town_of(**layers), programme_of(box(600, 85, 640, 95))
    network = walk_network(town)
    gains = green_gains(town, network, programme=programme)
    picture = picture_of(
        [[0, 0.4, 0.4, 0.4], [0.4, 0.4, np.nan, 1]], [[1, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 0]]
    )
    return Results(town, network=network, programme=programme, gains=replace(gains, picture=picture))
