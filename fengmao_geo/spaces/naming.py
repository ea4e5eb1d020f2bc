"""Names by place, and ids that survive small changes of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
    Flags = NDArray[np.bool_]
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
# So near to where street and street, or street and water, meet a space lies at that crossing.
_CORNER_M = 50.0
# What is seen from a crossing closer to an axis than this lies on a side of it, not at a corner.
_AXIS_RAD = np.pi / 12


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
        Spaces of an earlier run in the same coordinates: ``space_id`` and the geometry.

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
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for at, before in zip(row[order].tolist(), old_ids[hit[order]].tolist(), strict=True):
        if at not in kept and before not in taken:
            kept[at] = before
            taken.add(before)
    named = ids.copy()
    named[list(kept)] = list(kept.values())
    for at in np.setdiff1d(np.arange(len(ids)), list(kept)):
        name, number = ids[at], 1
        while named[at] in taken:
            named[at], number = name + _letter(number), number + 1
        taken.add(named[at])
    return named


def place_names(town: Town, shapes: Geometries, facing: Facing, streets: gpd.GeoDataFrame) -> Texts:
    """Name spaces by their street, a second street or a water, and the direction seen from there.

    Where the two meet near the space it is named as a corner of that crossing; else by the side of the street
    on which it lies.

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
    ways, waters = _by_name(streets), _by_name(town["water"] if "water" in town else streets[:0])
    street, other = _faced_names(shapes, facing, streets)
    street = np.where(street == "", ways.nearest(shapes), street)
    water = waters.nearest(shapes)
    is_water = ((facing.total(WATER, len(shapes)) > 0) | (street == "")) & (water != street)
    second = np.where(is_water, water, np.where(other != street, other, ""))
    first, beside = ways.of(street), np.where(is_water, waters.of(second), ways.of(second))
    meeting = _meetings(street, first, second, beside)
    is_near = shapely.distance(shapes, meeting) <= _CORNER_M
    seen_from = np.where(is_near, meeting, np.where(street != "", first, beside))
    eighth = _eighths(shapes, _nearest_xy(shapes, seen_from, streets), is_near)
    is_corner = is_near & (eighth % 2 == 1)
    rows = zip(street.tolist(), second.tolist(), eighth.tolist(), is_corner.tolist(), strict=True)
    return _numbered(np.array([_name(*row) for row in rows], dtype=object), shapes)


def _name(street: str, second: str, eighth: int, is_corner: bool) -> str:  # noqa: FBT001  a row of arrays
    where = text(f"direction.{_DIRECTIONS[eighth]}{'_corner' if is_corner else ''}")
    named = "—".join(part for part in (street, second) if part)
    return text("space.named", place=named or text("space.no_street"), where=where)


class _Named(NamedTuple):
    """What a layer names: names in ascending order, and the whole shape of each."""

    names: Texts
    shapes: Geometries

    def of(self, names: Texts) -> Geometries:
        """Look shapes up by name; ``None`` for the empty name and what is not there."""
        found, at = np.full(len(names), None, dtype=object), pd.Index(self.names).get_indexer(pd.Index(names))
        found[at >= 0] = self.shapes[at[at >= 0]]
        return found

    def nearest(self, shapes: Geometries) -> Texts:
        """Name the nearest that is within reach of each shape; empty where none is."""
        names = np.full(len(shapes), "", dtype=object)
        if not len(self.shapes) or not len(shapes):
            return names
        # A name may be all over a city, and its whole shape near to everything.
        parts, of = shapely.get_parts(self.shapes, return_index=True)
        row, hit = shapely.STRtree(parts).query_nearest(shapes, max_distance=_NAMING_M)
        row, hit = np.unique(np.stack([row, of[hit]]), axis=1)
        names[row] = self.names[hit]
        # Where several are equally near, the index over whole shapes has the say.
        tied = np.unique(row[1:][row[1:] == row[:-1]])
        row, hit = shapely.STRtree(self.shapes).query_nearest(
            shapes[tied], max_distance=_NAMING_M, all_matches=False
        )
        names[tied[row]] = self.names[hit]
        return names


def _by_name(layer: gpd.GeoDataFrame) -> _Named:
    """Unite what bears one name."""
    names = column_of(layer, "name", is_text=True)
    named = layer.geometry[names.notna()]
    shapes = {str(name): shapely.union_all(of.to_numpy()) for name, of in named.groupby(names, sort=True)}
    known, whole = (np.empty(len(shapes), dtype=object) for _ in range(2))
    known[:], whole[:] = list(shapes), list(shapes.values())
    return _Named(known, whole)


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


def _meetings(street: Texts, first: Geometries, second: Texts, beside: Geometries) -> Geometries:
    """Find where the two that name a space meet, each pair once; ``None`` where one of them is missing."""
    _, at, row = np.unique(street + "\n" + second, return_index=True, return_inverse=True)
    return np.asarray(shapely.intersection(first[at], beside[at]), dtype=object)[row]


def _nearest_xy(shapes: Geometries, seen_from: Geometries, streets: gpd.GeoDataFrame) -> Numbers:
    """Take the point nearest to each centre of what names it; without that, of any street."""
    at, nearest = np.full((len(shapes), 2), np.nan), seen_from.copy()
    lines, is_unnamed = streets.geometry.to_numpy(), shapely.is_missing(seen_from)
    if len(lines) and is_unnamed.any():
        tree = shapely.STRtree(lines)
        nearest[is_unnamed] = lines[tree.query_nearest(shapes[is_unnamed], all_matches=False)[1]]
    is_there = ~shapely.is_missing(nearest)
    legs = shapely.shortest_line(shapely.centroid(shapes[is_there]), nearest[is_there])
    at[is_there] = shapely.get_coordinates(legs)[1::2]
    return at


def _eighths(shapes: Geometries, from_xy: Numbers, is_near: Flags) -> Indices:
    """Say in which eighth of the compass each space lies, from east against the clock.

    Around a crossing what is not close to an axis is a corner: grounds at a corner are longer than deep.
    """
    way = shapely.get_coordinates(shapely.centroid(shapes)) - from_xy
    turn = np.nan_to_num(np.arctan2(way[:, 1], way[:, 0]))
    side, axis = np.round(turn / (np.pi / 4)), np.round(turn / (np.pi / 2))
    is_on_axis = np.abs(turn - axis * np.pi / 2) < _AXIS_RAD
    corner = np.where(is_on_axis, 2 * axis, 2 * np.floor(turn / (np.pi / 2)) + 1)
    return np.where(is_near, corner, side).astype(np.intp) % len(_DIRECTIONS)


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
