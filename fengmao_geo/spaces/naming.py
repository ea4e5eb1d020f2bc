"""Names by place, and ids that survive small changes of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.messages import text
from fengmao_geo.spaces.facing import WATER
from fengmao_geo.spaces.inventory import column_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.spaces.facing import Facing
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Texts = NDArray[np.object_]

__all__ = ["inherited_ids", "place_ids", "place_names"]

# The directions of a compass, from east against the clock, as messages.toml names them.
_DIRECTIONS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
# Ids name the cell of this width that holds the centre.
_CELL_M = 10.0
# A space is the one of before if they share this much of what they cover together.
_SAME_SHARE = 0.5
# So far off a street or a water still names a space.
_NAMING_M = 200.0


def place_ids(shapes: Geometries) -> Texts:
    """Make ids of where spaces lie: the cell of 10 m that holds their centre.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    array of str, shape ``(n,)``
        Ids, each once: where centres share a cell, the larger space has the plain one.

    Examples
    --------
    >>> place_ids(np.array([shapely.box(0, 0, 9, 9), shapely.box(0, 0, 8, 8)])).tolist()
    ['00000-00000', '00000-00000b']
    """
    cell = np.floor(shapely.get_coordinates(shapely.centroid(shapes)) / _CELL_M).astype(np.int64) % 100_000
    plain = pd.Series([f"{x:05d}-{y:05d}" for x, y in cell], dtype=object)
    order = np.lexsort((*shapely.bounds(shapes).T, -shapely.area(shapes)))
    turn = plain.iloc[order].groupby(plain.iloc[order]).cumcount().sort_index()
    return np.array([name + _letter(number) for name, number in zip(plain, turn, strict=True)], dtype=object)


def _letter(number: int) -> str:
    return "" if number == 0 else chr(ord("a") + number) if number < 26 else f".{number}"


def inherited_ids(ids: Texts, shapes: Geometries, previous: gpd.GeoDataFrame) -> Texts:
    """Give spaces the ids they had before, where they still cover the same ground.

    Parameters
    ----------
    ids
        New ids, shape ``(n,)``.
    shapes
        Polygons, shape ``(n,)``.
    previous
        Spaces of an earlier run: ``space_id`` and the geometry.

    Returns
    -------
    array of str, shape ``(n,)``
        The ids, each once.
    """
    old = previous.geometry.to_numpy()
    row, hit = shapely.STRtree(old).query(shapes, predicate="intersects")
    shared_m2 = shapely.area(shapely.intersection(shapes[row], old[hit]))
    share = shared_m2 / (shapely.area(shapes[row]) + shapely.area(old[hit]) - shared_m2)
    old_ids = previous["space_id"].astype(str).to_numpy(dtype=object)
    # Inventories lie on open land, so that several may share half with one: the best pair comes first, and of
    # equal ones that whose id stays as it is.
    order = np.lexsort((hit, row, ids[row] != old_ids[hit], -share.round(6)))
    order = order[share[order] >= _SAME_SHARE]
    kept: dict[int, int] = {}
    used: set[int] = set()
    for at, before in zip(row[order].tolist(), hit[order].tolist(), strict=True):
        if at not in kept and before not in used:
            kept[at] = before
            used.add(before)
    named = ids.copy()
    named[list(kept)] = old_ids[list(kept.values())]
    taken = set(named[list(kept)])
    for at in np.setdiff1d(np.arange(len(ids)), list(kept)):
        name, number = ids[at], 1
        while named[at] in taken:
            named[at], number = name + _letter(number), number + 1
        taken.add(named[at])
    return named


def place_names(town: Town, shapes: Geometries, facing: Facing, streets: gpd.GeoDataFrame) -> Texts:
    """Name spaces by their street, a second street or a water, and the direction seen from there.

    Parameters
    ----------
    town
        The town.
    shapes
        Polygons, shape ``(n,)``.
    facing
        What their outlines face.
    streets
        The streets that its rows name.

    Returns
    -------
    array of str, shape ``(n,)``
        Names in Chinese; of spaces named alike the second and further ones carry a number.
    """
    street, other = _faced_names(shapes, facing, streets)
    near, _ = _nearest_names(shapes, streets)
    street = np.where(street == "", near, street)
    water, at_water = _nearest_names(shapes, town["water"] if "water" in town else streets[:0])
    faces_water = facing.total(WATER, len(shapes)) > 0
    second = np.where(faces_water & (water != ""), water, np.where(other != street, other, ""))
    is_by_water = (street == "") & (second != "")
    from_xy = np.where(is_by_water[:, None], at_water, _on_street(shapes, street, streets))
    direction = _directions(shapes, from_xy)
    is_corner = (second != "") & (second != water)
    names = [
        _name(*row)
        for row in zip(street.tolist(), second.tolist(), direction, is_corner.tolist(), strict=True)
    ]
    return _numbered(np.array(names, dtype=object), shapes)


def _name(street: str, second: str, direction: str, is_corner: bool) -> str:  # noqa: FBT001  a row of arrays
    where = text(f"direction.{direction}{'_corner' if is_corner else ''}")
    named = "—".join(part for part in (street, second) if part)
    return text("space.named", place=named or text("space.no_street"), where=where)


def _faced_names(shapes: Geometries, facing: Facing, streets: gpd.GeoDataFrame) -> tuple[Texts, Texts]:
    """Name the street that each place faces most, and the next one."""
    first, second = (np.full(len(shapes), "", dtype=object) for _ in range(2))
    is_street = facing.street >= 0
    names = column_of(streets, "name", is_text=True).fillna("").to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "place": facing.place[is_street],
            "name": names[facing.street[is_street]],
            "metres": facing.metres[is_street],
        }
    )
    table = table[table["name"] != ""].groupby(["place", "name"])["metres"].sum().reset_index()
    table = table.sort_values(["place", "metres", "name"], ascending=[True, False, True], kind="stable")
    rank = table.groupby("place").cumcount().to_numpy()
    place, name = table["place"].to_numpy(dtype=np.intp), table["name"].to_numpy(dtype=object)
    first[place[rank == 0]], second[place[rank == 1]] = name[rank == 0], name[rank == 1]
    return first, second


def _nearest_names(shapes: Geometries, layer: gpd.GeoDataFrame) -> tuple[Texts, Numbers]:
    """Name the nearest named feature within reach, and the point of it that is nearest."""
    names, at = np.full(len(shapes), "", dtype=object), np.full((len(shapes), 2), np.nan)
    named = column_of(layer, "name", is_text=True).notna().to_numpy()
    lines, texts = (
        layer.geometry.to_numpy()[named],
        layer["name"].to_numpy(dtype=object)[named] if named.any() else names[:0],
    )
    if len(lines) and len(shapes):
        row, hit = shapely.STRtree(lines).query_nearest(shapes, max_distance=_NAMING_M, all_matches=False)
        names[row] = texts[hit]
        legs = shapely.shortest_line(shapely.centroid(shapes[row]), lines[hit])
        at[row] = shapely.get_coordinates(legs)[1::2]
    return names, at


def _on_street(shapes: Geometries, street: Texts, streets: gpd.GeoDataFrame) -> Numbers:
    """Take the point nearest to each centre of the street that names it; without a name, of any street."""
    at, centre = np.full((len(shapes), 2), np.nan), shapely.centroid(shapes)
    lines, of = shapely.get_parts(streets.geometry.to_numpy(), return_index=True)
    if not len(lines) or not len(shapes):
        return at
    near = np.empty(len(shapes), dtype=object)
    near[:] = lines[shapely.STRtree(lines).query_nearest(shapes, all_matches=False)[1]]
    names = column_of(streets, "name", is_text=True).fillna("").to_numpy(dtype=object)[of]
    known, code = np.unique(names, return_inverse=True)
    order = np.argsort(code, kind="stable")
    whole = np.asarray(shapely.multilinestrings(lines[order], indices=code[order]))
    is_named = street != ""
    near[is_named] = whole[np.searchsorted(known, street[is_named])]
    return np.asarray(shapely.get_coordinates(shapely.shortest_line(centre, near))[1::2])


def _directions(shapes: Geometries, from_xy: Numbers) -> list[str]:
    """Say in which direction each space lies from a point of its street."""
    way = shapely.get_coordinates(shapely.centroid(shapes)) - from_xy
    turn = np.arctan2(way[:, 1], way[:, 0])
    eighth = np.where(np.isnan(turn), 0, np.round(turn / (np.pi / 4))).astype(int) % 8
    return [_DIRECTIONS[number] for number in eighth]


def _numbered(names: Texts, shapes: Geometries) -> Texts:
    """Give a number to spaces that are named alike, from west to east."""
    order = np.lexsort(shapely.bounds(shapes).T[::-1])
    turn = pd.Series(names[order]).groupby(names[order]).cumcount().to_numpy()
    numbered = names.copy()
    again = turn > 0
    numbered[order[again]] = [
        text("space.again", name=name, number=number + 1)
        for name, number in zip(names[order[again]], turn[again], strict=True)
    ]
    return numbered
