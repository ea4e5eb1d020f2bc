"""What a map page draws of a town, as plain lists: ground, buildings, facilities and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.theme import facility_sign, named, street_style, theme, type_group
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.town.town import Town

__all__ = [
    "building_data",
    "column_values",
    "facility_data",
    "ground_data",
    "type_data",
    "whole_values",
]

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

_BUILDING_LISTS = ("shapes", "kind", "use", "uses", "name", "floors", "year", "is_idle", "home")


def column_values(layer: pd.DataFrame, column: str) -> list[Any]:
    """List a column's values, ``None`` where one is missing or the column is.

    Parameters
    ----------
    layer
        The layer.
    column
        Name of a column that it may have.

    Returns
    -------
    list
        One value per row.

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

    Parameters
    ----------
    layer
        The layer.
    column
        Name of a column that it may have.

    Returns
    -------
    list of int or None
        One number per row.

    Examples
    --------
    >>> whole_values(pd.DataFrame({"people": [2.6, float("nan")]}), "people")
    [3, None]
    """
    return [None if value is None else round(float(value)) for value in column_values(layer, column)]


def ground_data(town: Town, frame: Frame) -> dict[str, Any]:
    """Write what lies under everything: built-up area, farmland, green, water, walls, streets, bridges.

    Parameters
    ----------
    town
        The town.
    frame
        What part of the town is shown.

    Returns
    -------
    dict
        Shapes by layer.
    """
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
    keep = np.array([bool(shape) for shape in shapes], dtype=bool)
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

    Parameters
    ----------
    town
        The town.
    circles
        The town's life circles; ``None`` if they were not computed.
    lang
        ``zh`` or ``en``.

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


def facility_data(town: Town, frame: Frame, types: Sequence[str]) -> list[dict[str, Any]]:
    """Write the facilities shown: where, which type, name and capacity; ground by a point inside it.

    Parameters
    ----------
    town
        The town.
    frame
        What part of the town is shown.
    types
        Ids of facility types, in the order of the page.

    Returns
    -------
    list of dict
        One per facility shown.
    """
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
