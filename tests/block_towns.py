"""Square-kilometre towns for the tests of indicators, drawn by hand in metres from the south-west corner."""

from __future__ import annotations

import numpy as np
import pandas as pd
from space_towns import FAR_OFF, box, layer
from town_layers import frame, line

from fengmao_geo.blocks.case import Case, areas_of
from fengmao_geo.blocks.indicators import indicator_rows, measure
from fengmao_geo.results import Results
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.town import Town, TownSettings

#: Indicators have no meaning there.
NONE_THERE = np.inf
#: A block of 400 by 400 m, and one of 200 by 200 m apart from it.
BLOCKS = (box(100, 100, 500, 500), box(700, 700, 900, 900))


def km_town(*, settings=None, blocks=BLOCKS, **layers):
    """Make a town of one square kilometre with blocks b0, b1, …; a house and a street lie far off."""
    ground = {
        "built_up": layer(box(0, 0, 1000, 1000)),
        "streets": FAR_OFF,
        "buildings": layer(box(-360, -390, -350, -380), use=["residential"], people=[1.0]),
        "blocks": frame(blocks, id=[f"b{at}" for at in range(len(blocks))]),
    }
    given = {name: one for name, one in (ground | layers).items() if one is not None}
    return Town.from_layers(name="T", settings=settings or TownSettings(), **given)


def values(indicator, town, **steps):
    """Measure one indicator: a list of the blocks' values, then the town's."""
    case = Case(Results(town, **steps), "now", areas_of(town))
    return measure(case, indicator_file().indicators[indicator]).tolist()


def missing(indicator, town, **steps):
    """Say what would settle an indicator, area by area: the column of the table ``indicators``."""
    case = Case(Results(town, **steps), "now", areas_of(town))
    return indicator_rows(case, indicator_file().indicators[indicator])["missing"].tolist()


def streets(*rows, **columns):
    """Draw streets: pairs of class and places; ids s0, s1, …"""
    lines = [line(*places) for _, places in rows]
    ids = [f"s{at}" for at in range(len(rows))]
    return frame(lines, **({"id": ids, "street_class": [name for name, _ in rows]} | columns))


def houses(*shapes, **columns):
    """Draw buildings of the columns given; ids h0, h1, …"""
    return frame(shapes, **({"id": [f"h{at}" for at in range(len(shapes))]} | columns))


def shuffled(table, seed=7):
    """Put rows in another order."""
    return table.iloc[np.random.default_rng(seed).permutation(len(table))]


def known(numbers):
    """Say which values are numbers: neither unknown nor without meaning."""
    return [bool(np.isfinite(number)) for number in numbers]


def unknown(numbers):
    return [bool(pd.isna(number)) for number in numbers]
