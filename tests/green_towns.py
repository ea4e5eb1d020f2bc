"""Green, trees and areas for the tests of green, drawn on the hectare of `space_towns`."""

from __future__ import annotations

from space_towns import box, layer
from town_layers import frame, point

NO_TREES = frame([], id=[], crown_m=[])
HECTARE = box(0, 0, 100, 100)
#: A plot of attached green off all others: without one the green rate is unknown.
ATTACHED = box(90, 90, 100, 100)


def areas_of(*shapes, kind="block"):
    ids = [f"a{at}" for at in range(len(shapes))]
    return frame(shapes, area_kind=kind, area_id=ids, area_name=ids)


def greenery(*plots):
    """Draw green: pairs of type and shape, and 100 m² of attached green in the corner."""
    rows = [*plots, ("attached", ATTACHED)]
    return layer(*(shape for _, shape in rows), green_type=[kind for kind, _ in rows])


def trees(*places, crown_m=4.0):
    return frame(
        [point(*place) for place in places],
        id=[f"t{at}" for at in range(len(places))],
        crown_m=crown_m if isinstance(crown_m, list) else [crown_m] * len(places),
    )
