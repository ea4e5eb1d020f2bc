"""Bridge decks: over the water, and under the elevated road and the railway the land below."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from shapely.ops import substring

if TYPE_CHECKING:
    from shapely import LineString, Polygon
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.town import Ground

Decks = list[tuple[dict[str, object], "BaseGeometry"]]
SPAN_M = 320
RAILWAY_M = 9.6
UNMEASURED_SHARE = 0.3


def bridges(town: Ground, extent: Polygon) -> Decks:
    """Return all decks with who manages them and the height below, unknown for some."""
    rng = town.site.rng
    rows = _over_water(town, rng)
    road, rail = town.elevated, town.railway
    rows += _viaduct(road.line, extent, width_m=road.width_m, name="嘉水高架", rng=rng)
    rows += _viaduct(rail, extent, width_m=RAILWAY_M, name="嘉水铁路高架桥", rng=rng)
    return rows


def _over_water(town: Ground, rng: np.random.Generator) -> Decks:
    decks: Decks = []
    for street in sorted(town.streets, key=lambda s: (s.bridge_name, s.line.coords[0])):
        if not street.is_bridge or street.level:
            continue
        river = min(town.waters, key=lambda w: w.shape.distance(street.line.centroid))
        is_second = any(row["name"] == street.bridge_name for row, _ in decks)
        clear_m = rng.uniform(3.2, 4.5) if river.water_type == "river" else rng.uniform(1.8, 3.1)
        row = {
            "name": f"{street.name}{river.name}桥" if is_second else street.bridge_name,
            "bridge_type": "footbridge" if street.street_class in {"path", "steps", "lane"} else "road",
            "clear_height_m": round(float(clear_m), 1),
            "manager": "highway" if street.street_class == "main" else "municipal",
        }
        decks.append((row, street.line.buffer(street.width_m / 2 + 0.6, cap_style="flat")))
    return decks


def spans(line: LineString, width_m: float) -> list[tuple[tuple[float, float], Polygon]]:
    """Return the decks of a viaduct, each with where it starts and ends along the line."""
    at = np.linspace(0, line.length, int(line.length // SPAN_M) + 1).tolist()
    return [
        ((start, end), substring(line, start, end).buffer(width_m / 2, cap_style="flat"))
        for start, end in itertools.pairwise(at)
    ]


def _viaduct(
    line: LineString, extent: Polygon, *, width_m: float, name: str, rng: np.random.Generator
) -> Decks:
    """Return the decks of a viaduct, span by span; the town looks after the road's middle spans."""
    is_rail = "铁路" in name
    decks: Decks = []
    for number, ((start, end), deck) in enumerate(spans(line, width_m), start=1):
        is_measured, clear_m = rng.random() > UNMEASURED_SHARE, round(float(rng.uniform(4.2, 8.8)), 1)
        is_middle = 0.36 < (start + end) / 2 / line.length < 0.56
        row = {
            "name": f"{name}第{number}联",
            "bridge_type": "elevated",
            "clear_height_m": clear_m if is_measured else None,
            "manager": "railway" if is_rail else "municipal" if is_middle else "highway",
        }
        if extent.intersects(deck):
            decks.append((row, deck))
    return decks
