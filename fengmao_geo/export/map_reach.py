"""What a map page draws of life circles, as plain lists: homes and what they reach, service areas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.map_data import whole_values
from fengmao_geo.life_circle.reach import statuses
from fengmao_geo.network.travel import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.town.town import Town

__all__ = ["area_change_data", "area_data", "changed_areas", "home_data", "light_areas"]

AREA_SIMPLIFY_M = 0.75
# Less ground than this is rounding; what differs is looked for so far around the points that do.
_NOTHING_M2, _AROUND_M = 1.0, 5.0

_SIGNS = {"reached": "1", "unreached": "0", "unknown": "?"}


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


def light_areas(circles: LifeCircles) -> LifeCircles:
    """Simplify the service areas once for all pages: they are by far the finest shapes there are.

    Parameters
    ----------
    circles
        The town's life circles.

    Returns
    -------
    LifeCircles
        The same with simpler service areas.
    """
    areas = circles.service_areas
    return replace(
        circles,
        service_areas=areas.set_geometry(areas.geometry.simplify(AREA_SIMPLIFY_M, preserve_topology=False)),
    )


def area_change_data(changes: gpd.GeoDataFrame, frame: Frame, types: Sequence[str]) -> dict[str, Any]:
    """Write the ground from which each type is newly reached, or no longer.

    Parameters
    ----------
    changes
        What `changed_areas` gives.
    frame
        What part of the town is shown.
    types
        Ids of facility types, in the order of the page.

    Returns
    -------
    dict
        ``gained`` and ``lost``: rings by ``type/minutes``.
    """
    return {
        name: _by_key(changes[changes["is_gained"] == is_gained], frame, types)
        for name, is_gained in (("gained", True), ("lost", False))
    }


def area_data(circles: LifeCircles | None, frame: Frame, types: Sequence[str]) -> dict[str, Any]:
    """Write the ground from which each type is reached, by ``type/minutes``.

    Parameters
    ----------
    circles
        The town's life circles; ``None`` if they were not computed.
    frame
        What part of the town is shown.
    types
        Ids of facility types, in the order of the page.

    Returns
    -------
    dict
        Rings by ``type/minutes``.
    """
    return {} if circles is None else _by_key(circles.service_areas, frame, types)


def changed_areas(before: LifeCircles, after: LifeCircles) -> gpd.GeoDataFrame:
    """Find the ground from which each type is newly reached, or no longer.

    Parameters
    ----------
    before
        The life circles of today.
    after
        Those once what is planned stands.

    Returns
    -------
    GeoDataFrame
        ``facility_type, limit_min, is_gained`` (else lost) and ``geometry``, ready to be drawn.
    """
    keys = ["facility_type", "limit_min"]
    was, now = (circles.service_areas.set_index(keys).geometry for circles in (before, after))
    every = was.index.union(now.index)
    nothing = shapely.Polygon()
    old, new = (areas.reindex(every).fillna(nothing).to_numpy() for areas in (was, now))
    old, new = _where_different(old, new)
    gained = np.asarray(shapely.difference(new, old), dtype=object)
    is_less = shapely.area(new) - shapely.area(gained) < shapely.area(old) - _NOTHING_M2
    lost = np.full(len(old), nothing, dtype=object)
    lost[is_less] = shapely.difference(old[is_less], new[is_less])
    table = every.to_frame(index=False)
    rows = [
        table.assign(is_gained=is_gained, geometry=ground)
        for is_gained, ground in ((True, gained), (False, lost))
    ]
    crs = after.service_areas.crs
    parts = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), geometry="geometry", crs=crs)
    parts = parts.explode(ignore_index=True)
    parts = parts[parts.area >= _NOTHING_M2].dissolve([*keys, "is_gained"], as_index=False)
    return parts.set_geometry(parts.geometry.simplify(AREA_SIMPLIFY_M, preserve_topology=False))


def _where_different(old: NDArray[Any], new: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut shapes down to where their points differ: overlays of whole towns take long."""
    empty = shapely.Polygon()
    cut = np.full((2, len(old)), empty, dtype=object)
    for row, shapes in enumerate(zip(old, new, strict=True)):
        one, other = (np.unique(shapely.get_coordinates(shape) @ np.array([1, 1j])) for shape in shapes)
        differ = np.setxor1d(one, other, assume_unique=True)
        if len(differ):
            x, y = differ.real, differ.imag
            box = (x.min() - _AROUND_M, y.min() - _AROUND_M, x.max() + _AROUND_M, y.max() + _AROUND_M)
            cut[:, row] = shapely.clip_by_rect(np.array(shapes, dtype=object), *box)
    return cut[0], cut[1]


def _by_key(areas: gpd.GeoDataFrame, frame: Frame, types: Sequence[str]) -> dict[str, Any]:
    """Write shapes by ``type/minutes``."""
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
