"""A hectare of town for the tests of spaces, drawn by hand in metres from its south-west corner."""

from __future__ import annotations

import re

import numpy as np
import shapely
from town_layers import EAST, NORTH, frame, line

from fengmao_geo.standards.files import shipped
from fengmao_geo.standards.spaces import Figure, space_kinds
from fengmao_geo.town.town import Town, TownSettings

NOTHING = np.zeros(0, dtype=object)


def box(west, south, east, north):
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def layer(*shapes, **columns):
    return frame(shapes, **({"id": [f"x{at:02d}" for at in range(len(shapes))]} | columns))


def street(*places, name="s", width_m=12.0, **columns):
    """Draw one street."""
    row = {"id": [name], "name": [name], "width_m": [width_m]}
    return frame([line(*places)], **(row | {key: [value] for key, value in columns.items()}))


#: A street that lies 400 m away from everything.
FAR_OFF = street((-400, -400), (-300, -400), name="far")


def town_of(settings=None, **layers):
    """Make a town of 100 by 100 m; a house stands far off, so that somebody lives somewhere."""
    ground = {
        "built_up": layer(box(0, 0, 100, 100)),
        "streets": FAR_OFF,
        "buildings": layer(box(-360, -390, -350, -380), use=["residential"], people=[1.0]),
    }
    given = {name: one for name, one in (ground | layers).items() if one is not None}
    return Town.from_layers(name="T", settings=settings or TownSettings(), **given)


def with_figure(name, value):
    """Take the shipped kinds with another figure of open land."""
    kinds = space_kinds()
    own = {name: Figure(value=value, source="own", tag="P")}
    return kinds.model_copy(update={"figures": kinds.figures | own})


def own_file(folder, pattern, replacement):
    """Write the shipped file of kinds with the first match of a pattern changed."""
    text = shipped("space_kinds.toml").read_text(encoding="utf-8")
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert count == 1
    path = folder / "kinds.toml"
    path.write_text(changed, encoding="utf-8")
    return path
