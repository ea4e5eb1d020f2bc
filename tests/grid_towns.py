"""A town of 25 squares between named streets, to plant spaces, people and stock in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from score_towns import placed_spaces
from town_layers import frame, line, square

import fengmao_geo as fg
from fengmao_geo.results import Results
from fengmao_geo.standards.load import walker

#: Streets from west to east by their distance from the southern edge, and from south to north.
ROWS = ("南街", "一街", "二街", "三街", "四街", "北街")
COLUMNS = ("西路", "甲路", "乙路", "丙路", "丁路", "东路")
SIDE = 200


def streets(**columns):
    lines = [line((0, SIDE * at), (1000, SIDE * at)) for at in range(6)]
    lines += [line((SIDE * at, 0), (SIDE * at, 1000)) for at in range(6)]
    names = [*ROWS, *COLUMNS]
    return frame(lines, id=[f"s{at:02d}" for at in range(12)], name=names, **columns)


def cell(column, row):
    """One of the 25 squares, counted from the south-west."""
    return square(SIDE * column, SIDE * row, SIDE)


def spot(column, row, number=0, side=10):
    """A small square in a cell; several stand side by side."""
    return square(SIDE * column + 20 + 15 * number, SIDE * row + 20, side)


def grid_town(*, own=(), homes=((0, 0),), **layers):
    """The town; a home stands in each of the cells that are named."""
    places = [spot(*at, 8 + homes[:number].count(at), 5) for number, at in enumerate(homes)]
    ground = {
        "built_up": frame([square(0, 0, 1000)], id=["core"]),
        "streets": streets(),
        "buildings": frame(
            places, id=[f"h{number:02d}" for number in range(len(homes))], use="residential", people=10.0
        ),
    }
    if own:
        shapes, types = zip(*own, strict=True)
        ids = [f"k{at}" for at in range(len(own))]
        ground["blocks"] = frame(
            shapes, id=ids, name=[f"自有{at}" for at in range(len(own))], renewal_type=list(types)
        )
    return fg.Town.from_layers(name="T", **(ground | layers))


def circles(town, *, lacked, people=None, basis="people"):
    """Life circles of the homes: how many required types each lacks."""
    homes = town["buildings"]
    ids = homes["id"].to_numpy()
    lacked = np.asarray(lacked)
    people = np.full(len(ids), 10.0) if people is None else np.asarray(people, dtype=float)
    coverage = pd.DataFrame(
        {
            "dwelling_id": ids,
            "limit_min": 15.0,
            "group": "everyone",
            "people": people,
            "asked_count": 5,
            "reached_count": 5 - lacked,
            "unknown_count": 0,
            "status": np.where(lacked > 0, "unreached", "reached"),
        }
    )
    dwellings = frame(homes.geometry, dwelling_id=ids, people=people)
    return SimpleNamespace(
        minutes=(5.0, 15.0), people_basis=basis, dwellings=dwellings, coverage=coverage, walker=walker()
    )


def planted(*cells, own=(), network=False, **layers):
    """Results with three spaces, a home that lacks two types and a stock plot in each of these cells."""
    town = grid_town(own=own, homes=((0, 4), *cells), **layers)
    lacked = [0, *[2] * len(cells)]
    shapes = [spot(*at, number) for at in cells for number in range(4)]
    families = ["leftover", "leftover", "grey", "stock"] * len(cells)
    kinds = ["vacant_plot", "street_side", "under_bridge", "low_yield_plot"] * len(cells)
    return Results(
        town,
        network=fg.walk_network(town) if network else None,
        circles=circles(town, lacked=lacked),
        spaces=placed_spaces(shapes, family=families, kind=kinds) if cells else None,
    )
