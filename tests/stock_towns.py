"""Small towns for the tests of idle stock and farmland, drawn by hand in metres from one corner."""

from __future__ import annotations

from town_layers import frame, good_layers, square

from fengmao_geo.standards.spaces import Figure, space_kinds
from fengmao_geo.town.town import Town, TownSettings

SANDIAO = TownSettings(codes={"parcels": "sandiao"})


def town_of(settings=SANDIAO, **layers):
    """Make a town of the layers given, with a built-up area and two streets."""
    ground = good_layers(buildings=None, facilities=None)
    return Town.from_layers(name="T", settings=settings, **(ground | layers))


def buildings(*rows, side_m=20, **columns):
    """Draw square buildings by (east, north), 20 m wide, with the columns given; ids b0, b1, …"""
    shapes = [square(east, north, side_m) for east, north in rows]
    ids = [f"b{number}" for number in range(len(rows))]
    return frame(shapes, **({"id": ids} | columns))


def with_figures(kind, **values):
    """Take the shipped kinds with other figures of one kind."""
    kinds = space_kinds()
    own = {name: Figure(value=value, source="own", tag="P") for name, value in values.items()}
    record = kinds.kinds[kind]
    changed = record.model_copy(update={"figures": {**record.figures, **own}})
    return kinds.model_copy(update={"kinds": {**kinds.kinds, kind: changed}})
