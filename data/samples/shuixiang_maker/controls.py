"""What restricts the use of land: protected farmland, ecological red line, river control, heritage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon

from shuixiang_maker import geometry as geo

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.town import Ground

Rows = list[tuple[dict[str, object], "BaseGeometry"]]
CONTROL_M = {"官塘河": 20.0, "市河": 10.0, "横泾港": 10.0}
ENCLOSED_SHARE = 0.6
WETLAND = "南港湿地公园"


def farmland_protected(area: Polygon, parcels: pd.DataFrame) -> Rows:
    """Return the permanent basic farmland: marked fields, most paddy away, parts of what roads enclose."""
    shapes = parcels["geometry"].to_numpy()
    is_paddy = (parcels["DLBM"] == "0101").to_numpy()
    is_farm = is_paddy | parcels["DLBM"].isin(["0102", "0103"]).to_numpy()
    is_far = ~shapely.intersects(shapes, area.buffer(150)) & (shapely.area(shapes) > 8000)
    is_marked = (parcels["kind"] == "protected").to_numpy()
    whole = [geo.largest(shape.buffer(-1.0)) for shape in shapes[is_marked | (is_paddy & is_far)]]
    near = (
        is_farm & ~is_marked & shapely.intersects(shapes, area.buffer(40)) & (shapely.area(shapes) < 40_000)
    )
    chosen = np.flatnonzero(near)
    parts = [_western_part(shape) for shape in shapes[chosen[np.arange(len(chosen)) % 3 != 1]]]
    return [({}, shape) for shape in [*whole, *parts] if shape.area > 100]


def _western_part(shape: Polygon) -> Polygon:
    """Return the western part of a field: the rest was never protected."""
    x0, y0, x1, y1 = shape.bounds
    return geo.largest(
        shape.buffer(-0.5).intersection(shapely.box(x0, y0, x0 + ENCLOSED_SHARE * (x1 - x0), y1))
    )


def redlines(town: Ground, extent: Polygon) -> Rows:
    """Return the ecological red line: the wetland with its banks, and the large river in the south."""
    wetland = next(plot.shape for plot in town.plots if plot.name == WETLAND)
    river = next(water.shape for water in town.waters if water.name == "官塘河")
    bottom = wetland.bounds[1]
    x0, y0, x1, _ = extent.bounds
    south = geo.largest(river.buffer(30.0).intersection(extent).intersection(shapely.box(x0, y0, x1, bottom)))
    named = (("南港湿地生态保护红线", wetland.buffer(22.0)), ("官塘河水源涵养生态保护红线", south))
    return [({"name": name}, shape.simplify(0.5)) for name, shape in named if not shape.is_empty]


def river_control(town: Ground, extent: Polygon) -> Rows:
    """Return the river control zones: the water and a strip on both banks."""
    return [
        (
            {"name": f"{water.name}管理范围"},
            geo.largest(water.shape.buffer(CONTROL_M[water.name]).intersection(extent)),
        )
        for water in town.waters
        if water.name in CONTROL_M
    ]


def heritage(town: Ground) -> Rows:
    """Return the zones of the old street, core and control, and the silk factory's oldest hall."""
    streets = [s.line for s in town.streets if s.name in {"市河街", "河埠街"}]
    core = geo.largest(shapely.union_all(streets).buffer(24.0))
    control = geo.largest(core.buffer(42.0).difference(core))
    rows: Rows = [
        ({"name": "市河老街核心保护范围", "zone": "core"}, core.simplify(0.5)),
        ({"name": "市河老街建设控制地带", "zone": "control"}, control.simplify(0.5)),
    ]
    halls = [b.shape for b in town.site.buildings if "丝厂" in b.name]
    if halls:
        oldest = halls[int(np.argmax([hall.area for hall in halls]))]
        rows.append(({"name": "水乡丝厂旧厂房", "zone": "core"}, oldest.buffer(6.0, join_style="mitre")))
    return rows
