"""What a map page draws, as plain lists: ground, buildings, homes and what they reach, facilities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.theme import facility_sign, named, street_style, theme, type_group
from fengmao_geo.life_circle.reach import statuses
from fengmao_geo.network.travel import TOLERANCE
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.town.town import Town

__all__ = [
    "area_data",
    "building_data",
    "facility_data",
    "ground_data",
    "home_data",
    "light_areas",
    "type_data",
]

AREA_SIMPLIFY_M = 0.75

_GROUND = (
    ("built_up", "built_up"),
    ("farmland_protected", "farmland"),
    ("green", "green"),
    ("water", "water"),
)
_KINDS = {
    **dict.fromkeys(("public", "education", "medical"), "public"),
    **dict.fromkeys(("industrial", "warehouse", "utility", "agricultural"), "industrial"),
}

_SIGNS = {"reached": "1", "unreached": "0", "unknown": "?"}
_BUILDING_LISTS = ("shapes", "kind", "use", "uses", "name", "floors", "year", "is_idle", "home")


def column_values(layer: pd.DataFrame, column: str) -> list[Any]:
    """List a column's values, ``None`` where one is missing or the column is.

    Examples
    --------
    >>> column_values(pd.DataFrame({"name": ["a", None]}), "name")
    ['a', None]
    >>> column_values(pd.DataFrame({"name": ["a", None]}), "use")
    [None, None]
    """
    if column not in layer:
        return [None] * len(layer)
    return [None if pd.isna(value) else value for value in layer[column].tolist()]


def whole_values(layer: pd.DataFrame, column: str) -> list[int | None]:
    """List a column's numbers rounded to whole ones, ``None`` where one is missing or the column is.

    Examples
    --------
    >>> whole_values(pd.DataFrame({"people": [2.6, float("nan")]}), "people")
    [3, None]
    """
    return [None if value is None else round(float(value)) for value in column_values(layer, column)]


def ground_data(town: Town, frame: Frame) -> dict[str, Any]:
    """Write what lies under everything: built-up area, farmland, green, water, walls, streets, bridges."""
    polygons = [
        {"kind": kind, "shapes": [shape for shape in frame.polygons(town[layer].geometry) if shape]}
        for layer, kind in _GROUND
        if layer in town
    ]
    walls = [
        *(frame.lines(town["barriers"].geometry) if "barriers" in town else []),
        *(frame.lines(town["compounds"].geometry.boundary) if "compounds" in town else []),
    ]
    decks = frame.polygons(town["bridges"].geometry) if "bridges" in town else []
    return {
        "polygons": polygons,
        "walls": walls,
        "decks": [deck for deck in decks if deck],
        "trees": _trees(town["trees"], frame) if "trees" in town else [],
        "streets": _streets(town["streets"], frame) if "streets" in town else [],
    }


def _trees(trees: gpd.GeoDataFrame, frame: Frame) -> list[list[Any]]:
    """Write trees as points with the width of their crowns in metres."""
    shown = trees[frame.shows(trees.geometry)]
    crowns = column_values(shown, "crown_m")
    usual_m = theme()["tree"]["crown_m"]
    points = frame.points(shown.geometry.to_numpy())
    return [
        [point, usual_m if crown is None else round(crown, 1)]
        for point, crown in zip(points, crowns, strict=True)
    ]


def _streets(streets: gpd.GeoDataFrame, frame: Frame) -> list[dict[str, Any]]:
    """Write streets in groups that are drawn alike, the smaller classes first."""
    shown = streets[frame.shows(streets.geometry)]
    order = {name: place for place, name in enumerate(theme()["street"])}
    classes = [name if name in order else "lane" for name in column_values(shown, "street_class")]
    widths = [
        street_style(name)["width_m"] if width is None else round(2 * width) / 2
        for name, width in zip(classes, column_values(shown, "width_m"), strict=True)
    ]
    dashed = [any(pair) for pair in zip(_yes(shown, "is_steps"), _yes(shown, "is_tunnel"), strict=True)]
    keys = pd.Series(list(zip((order[name] for name in classes), widths, dashed, strict=True)), dtype=object)
    names = list(order)
    return [
        {
            **street_style("steps" if is_dashed else names[place]),
            "width_m": width_m,
            "is_raised": names[place] == "elevated",
            "lines": lines,
        }
        for place, width_m, is_dashed in sorted(set(keys))
        if (lines := frame.lines(shown.geometry[(keys == (place, width_m, is_dashed)).to_numpy()]))
    ]


def _yes(layer: pd.DataFrame, column: str) -> list[bool]:
    return [value is True or value == 1 for value in column_values(layer, column)]


def building_data(town: Town, frame: Frame, homes: Sequence[str], *, lang: Lang) -> dict[str, Any]:
    """Write the buildings shown, whole, with what a planner reads of each and the number of its home.

    Parameters
    ----------
    town
        The town.
    frame
        The part of it that is shown.
    homes
        The ids of the homes on the page, in order; a building that is one has that id.
    lang
        The language of the page.

    Returns
    -------
    dict
        Lists of equal length, one value per building; ``uses`` are the names that ``use`` counts in.
    """
    if "buildings" not in town:
        return {key: [] for key in _BUILDING_LISTS}
    shown = town["buildings"][frame.shows(town["buildings"].geometry)]
    shapes = frame.polygons(shown.geometry, is_clipped=False)
    keep = [bool(shape) for shape in shapes]
    shown = shown[keep]
    use = column_values(shown, "use")
    uses = sorted({value for value in use if value is not None})
    number = {home: place for place, home in enumerate(homes)}
    return {
        "shapes": [shape for shape in shapes if shape],
        "kind": [_KINDS.get(value, "other") for value in use],
        "use": [-1 if value is None else uses.index(value) for value in use],
        "uses": [named("use", value, lang=lang) for value in uses],
        "name": column_values(shown, "name"),
        "floors": whole_values(shown, "floor_count"),
        "year": whole_values(shown, "built_year"),
        "is_idle": [int(value == "idle") for value in column_values(shown, "status")],
        "home": [number.get(value, -1) for value in shown["id"]],
    }


def type_data(
    town: Town, circles: LifeCircles | None, *, lang: Lang
) -> tuple[list[str], list[dict[str, Any]]]:
    """List the facility types of a page: those asked for, those of the catalogue, then others that are there.

    Returns
    -------
    ids : list of str
        The types' ids in the order of the page.
    types : list of dict
        What the page says of each.
    """
    found: dict[str, dict[str, Any]] = {}
    if circles is not None:
        for row in circles.types.sort_values("is_asked", ascending=False, kind="stable").to_dict("records"):
            found[row["facility_type"]] = _asked_type(row, lang)
    if "facilities" in town:
        there = sorted(
            {value for value in column_values(town["facilities"], "facility_type") if value is not None}
        )
        for name in there:
            found.setdefault(name, _plain_type(name, lang) | {"is_listed": False})
    return list(found), list(found.values())


def _plain_type(facility_type: str, lang: Lang) -> dict[str, Any]:
    return {
        "name": named("facility_type", facility_type, lang=lang),
        "sign": facility_sign(facility_type, lang=lang),
        "display_group": type_group(facility_type),
        "is_required": False,
        "is_asked": False,
        "tier_min": 0,
    }


def _asked_type(row: Mapping[Any, Any], lang: Lang) -> dict[str, Any]:
    group = row["group"]
    return _plain_type(row["facility_type"], lang) | {
        "is_listed": True,
        "is_required": bool(row["is_required"]),
        "is_asked": bool(row["is_asked"]),
        "is_surveyed": bool(row["is_surveyed"]),
        "tier_min": float(row["tier_min"]),
        "facility_count": int(row["facility_count"]),
        "standard_m": None if pd.isna(row["standard_m"]) else float(row["standard_m"]),
        "group_name": None if group == "everyone" else display_name("group", group, lang=lang),
    }


def home_data(town: Town, circles: LifeCircles | None, frame: Frame, types: Sequence[str]) -> dict[str, Any]:
    """Write the homes shown: their people, and for every type asked for whether and how far they reach it.

    Parameters
    ----------
    town
        The town.
    circles
        Its life circles.
    frame
        The part of the town that is shown.
    types
        The ids of the page's facility types.

    Returns
    -------
    dict
        ``ids``; ``people``; ``status``: minutes, then one text per type with ``1`` (reached), ``0`` or ``?``
        per home; ``metres`` and ``tenths`` (of a minute), one list per type, -1 where nothing was found; and
        ``own_shapes`` where the homes are not buildings.
    """
    if circles is None:
        return {"ids": [], "people": [], "status": {}, "metres": [], "tenths": [], "own_shapes": []}
    shown = circles.dwellings[frame.shows(circles.dwellings.geometry)]
    ids = shown["dwelling_id"].tolist()
    asked = circles.types[circles.types["is_asked"]].set_index("facility_type")
    columns = [name for name in types if name in asked.index]
    reach = circles.reach[circles.reach["dwelling_id"].isin(ids)]
    minutes = _wide(reach, "travel_min", ids, columns).astype(float)
    metres = _wide(reach, "distance_m", ids, columns).astype(float)
    is_surveyed = asked.loc[columns, "is_surveyed"].to_numpy(dtype=bool)
    is_unknown = _wide(reach, "status", ids, columns) == "unknown"
    status = _statuses(circles.minutes, minutes, _doubt(circles, shown, is_surveyed, is_unknown))
    return {
        "ids": ids,
        "people": whole_values(shown, "people"),
        "status": status,
        "metres": _whole_lists(metres),
        "tenths": _whole_lists(10 * minutes),
        "own_shapes": _own_shapes(town, shown, frame),
    }


def _wide(reach: pd.DataFrame, values: str, ids: list[str], columns: list[str]) -> NDArray[Any]:
    cells = reach.set_index(["dwelling_id", "facility_type"])[values]
    every = pd.MultiIndex.from_product([ids, columns], names=cells.index.names)
    return cells.reindex(every).to_numpy().reshape(len(ids), len(columns))


def _doubt(
    circles: LifeCircles, homes: pd.DataFrame, is_surveyed: NDArray[np.bool_], is_unknown: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Minutes from which a facility that was not found might yet be there: homes by types."""
    edge = homes["boundary_min"].to_numpy(dtype=float)[:, None]
    doubt = np.where(np.isnan(edge), np.inf, edge) * np.ones(is_surveyed.shape)
    is_open = ~homes["is_attached"].to_numpy(dtype=bool)[:, None] | ~is_surveyed
    # What none of these explains is a facility off the streets: the tables do not say how near.
    is_hidden = is_unknown & (doubt > circles.minutes[-1] * (1 + TOLERANCE))
    return np.where(is_open | is_hidden, 0.0, doubt)


def _statuses(
    limits: Sequence[float], minutes: NDArray[np.float64], doubt: NDArray[np.float64]
) -> dict[str, list[str]]:
    """Write for each circle and type one character per home."""
    signs = np.vectorize(_SIGNS.__getitem__, otypes=[object])
    return {
        f"{limit:g}": ["".join(column) for column in signs(statuses(minutes, doubt, limit)).T]
        for limit in limits
    }


def _whole_lists(numbers: NDArray[np.float64]) -> list[list[int]]:
    whole = np.where(np.isnan(numbers), -1, np.rint(numbers)).astype(np.int64)
    return [column.tolist() for column in whole.T]


def _own_shapes(town: Town, homes: gpd.GeoDataFrame, frame: Frame) -> list[dict[str, Any]]:
    """Write the shapes of homes that are no buildings of the map: parcels or addresses."""
    if "buildings" in town and homes["dwelling_id"].isin(town["buildings"]["id"]).all():
        return []
    is_point = shapely.get_dimensions(homes.geometry.to_numpy()) == 0
    points = frame.points(homes.geometry[is_point].to_numpy())
    shapes = frame.polygons(homes.geometry[~is_point], is_clipped=False)
    return [
        *(
            {"home": int(home), "point": point}
            for home, point in zip(np.flatnonzero(is_point), points, strict=True)
        ),
        *(
            {"home": int(home), "shape": shape}
            for home, shape in zip(np.flatnonzero(~is_point), shapes, strict=True)
            if shape
        ),
    ]


def facility_data(town: Town, frame: Frame, types: Sequence[str]) -> list[dict[str, Any]]:
    """Write the facilities shown: where, which type, name and capacity; ground by a point inside it."""
    if "facilities" not in town:
        return []
    layer = town["facilities"]
    known = pd.Series(column_values(layer, "facility_type"), index=layer.index, dtype=object)
    shown = layer[frame.shows(layer.geometry) & known.notna().to_numpy()]
    points = frame.points(shapely.point_on_surface(shown.geometry.to_numpy()))
    return [
        {"point": point, "type": types.index(facility_type), "name": name, "capacity": capacity}
        for point, facility_type, name, capacity in zip(
            points,
            column_values(shown, "facility_type"),
            column_values(shown, "name"),
            whole_values(shown, "capacity_count"),
            strict=True,
        )
    ]


def light_areas(circles: LifeCircles) -> LifeCircles:
    """Simplify the service areas once for all pages: they are by far the finest shapes there are."""
    areas = circles.service_areas
    return replace(
        circles,
        service_areas=areas.set_geometry(areas.geometry.simplify(AREA_SIMPLIFY_M, preserve_topology=False)),
    )


def area_data(circles: LifeCircles | None, frame: Frame, types: Sequence[str]) -> dict[str, Any]:
    """Write the ground from which each type is reached, by ``type/minutes``."""
    if circles is None:
        return {}
    areas = circles.service_areas
    areas = areas[areas["facility_type"].isin(types)]
    # Those of a block's page are as fine as they come from `light_areas`.
    tolerance_m = frame.simplify_m if frame.simplify_m < AREA_SIMPLIFY_M else 3 * frame.simplify_m
    shapes = replace(frame, simplify_m=tolerance_m).polygons(areas.geometry)
    keys = zip(areas["facility_type"], areas["limit_min"], strict=True)
    return {
        f"{types.index(name)}/{limit:g}": shape
        for (name, limit), shape in zip(keys, shapes, strict=True)
        if shape
    }
