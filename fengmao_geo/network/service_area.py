"""The ground reached within given minutes, as polygons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from tqdm import tqdm

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.lines import cut_lines
from fengmao_geo.network.attach import Attachments, as_attachments, attach
from fengmao_geo.network.outlines import Outlines, as_multi
from fengmao_geo.network.pieces import GroundPieces
from fengmao_geo.network.stretches import Stretches, is_truncated, reached_stretches
from fengmao_geo.network.travel import reached_pairs, source_distances
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["check_minutes", "ground_of", "service_areas"]

_ARC_SEGMENTS = 16
# So many searches, and so many of their distances, are held in memory at once.
_BATCH, _DISTANCES = 64, 32_000_000


def service_areas(
    network: WalkNetwork,
    origins: gpd.GeoDataFrame | Attachments,
    *,
    minutes: Sequence[float] = (5, 15),
    buildings: gpd.GeoDataFrame | None = None,
    walking_off_m: float = 30.0,
    walker: str | Walker = "standard",
) -> gpd.GeoDataFrame:
    """Draw the ground that can be reached on foot from each origin within given minutes.

    With ``v`` the walker's speed and ``a = min(walking_off_m, v T)``, the ground is every point no farther
    than ``a`` from a place on the streets that is reached by ``T - a / v``, with no barrier between. Near
    barriers the streets are taken in pieces of a fixed grid, so that the drawing does not depend on how they
    are split. For a walker who minds slopes or crossings, it is the ground from which the place is reached in
    time, as for a facility that people walk to.

    Parameters
    ----------
    network
        What is walked on.
    origins
        Points or polygons, or `Attachments`.
    minutes
        One ground for each of these.
    buildings
        If given, those reached in time are added whole and all others erased, last of all.
    walking_off_m
        How far people walk off the street.
    walker
        Who walks: a name from ``walkers.toml``, or a record.

    Returns
    -------
    GeoDataFrame
        ``origin_id, limit_min, area_m2, is_truncated, geometry``: one row per origin and limit. An empty
        ground means that the origin is unattached. A truncated search met the boundary of the town's
        ``extent``.

    Raises
    ------
    UsageError
        If minutes are missing, repeated or not positive, ``walking_off_m`` is negative, or the walker minds
        slopes and no heights are known.

    Examples
    --------
    >>> from fengmao_geo.network.build import walk_network
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 900 0)"], crs=4549)
    >>> street = walk_network(line.to_frame("geometry"))
    >>> place = gpd.GeoSeries.from_wkt(["POINT (450 0)"], crs=4549).to_frame("geometry")
    >>> area = service_areas(street, place, minutes=(5,))
    >>> [round(float(edge)) for edge in area.total_bounds]
    [150, -30, 750, 30]
    """
    limits = check_minutes(minutes)
    if not walking_off_m >= 0:
        raise UsageError("negative", name="walking_off_m", value=walking_off_m)
    who = load_walker(walker)
    places = as_attachments(network, origins)
    limit_m = limits[-1] * who.speed_m_min
    pieces = GroundPieces.of(network, walking_off_m)

    def rows_of(search: tuple[int, Numbers]) -> list[tuple[str, float, bool, shapely.Geometry]]:
        place, distance = search
        here = places.take(np.arange(len(places)) == place)
        rows = []
        for limit in limits:
            reach_m = limit * who.speed_m_min
            ground = ground_of(network, here, distance, pieces=pieces, reach_m=reach_m, walker=who)
            is_cut = is_truncated(network, here, distance, reach_m=reach_m, walker=who)
            rows.append((places.place_ids[place], limit, is_cut, ground))
        return rows

    searches = source_distances(network, places, limit_m=limit_m, walker=who)
    many = max(1, min(_BATCH, _DISTANCES // max(len(network.node_xy), 1)))
    drawn = _drawn_in_threads(rows_of, searches, many)
    rows = [
        row for rows in tqdm(drawn, total=len(places), delay=2, disable=None, leave=False) for row in rows
    ]
    table = gpd.GeoDataFrame(
        rows, columns=["origin_id", "limit_min", "is_truncated", "geometry"], crs=network.crs
    )
    if buildings is not None:
        table = _with_buildings(network, places, table, buildings, limits=limits, walker=who)
    order = ["origin_id", "limit_min", "area_m2", "is_truncated", "geometry"]
    return RESULTS["service_areas"].check(table.assign(area_m2=table.geometry.area)[order])


def _drawn_in_threads(
    draw: Callable[[tuple[int, Numbers]], list[Any]], searches: Iterator[tuple[int, Numbers]], many: int
) -> Iterator[list[Any]]:
    """Draw a batch of searches at a time: most of it is joining polygons, which leaves Python's lock free."""
    with ThreadPoolExecutor() as pool:
        while batch := list(islice(searches, many)):
            yield from pool.map(draw, batch)


def check_minutes(minutes: Sequence[float]) -> tuple[float, ...]:
    """Give the limits in ascending order.

    Parameters
    ----------
    minutes
        The limits in any order.

    Returns
    -------
    tuple of float
        The limits, ascending.

    Raises
    ------
    UsageError
        If there is none, or they repeat or are not positive.
    """
    limits = tuple(sorted(float(limit) for limit in minutes))
    if not limits or len(set(limits)) < len(limits) or not all(0 < limit < np.inf for limit in limits):
        raise UsageError("minutes", value=list(minutes))
    return limits


def ground_of(
    network: WalkNetwork,
    places: Attachments,
    distance_m: Numbers,
    *,
    pieces: GroundPieces,
    reach_m: float,
    walker: Walker,
) -> shapely.Geometry:
    """Draw the ground around all that is reached from any of the places.

    Parameters
    ----------
    network
        What is walked on.
    places
        Where the walk starts.
    distance_m
        Metres from the nearest of the places to each node, infinite where not reached, shape ``(n,)``.
    pieces
        The network's ground near barriers.
    reach_m
        How far the walk goes, off the street included.
    walker
        Who walks.

    Returns
    -------
    MultiPolygon
        The ground; empty where nothing is reached.
    """
    off_m = min(pieces.off_m, reach_m)
    stretches = reached_stretches(network, places, distance_m, reach_m=reach_m - off_m, walker=walker)
    takes = network.takes_legs[stretches.edge_id]
    kept = stretches.take(takes)
    if off_m == 0:
        return shapely.MultiPolygon()
    is_near = pieces.is_near[kept.edge_id]
    far, near = kept.take(~is_near), kept.take(is_near)
    # Buffers of merged lines, joined at the end, are six times as fast as one buffer of them all.
    open_ground = shapely.buffer(_merged_lines(_cut(network, far)), off_m, quad_segs=_ARC_SEGMENTS)
    return as_multi(shapely.union_all([*open_ground, *pieces.ground(network, near, off_m)]))


def _merged_lines(lines: Geometries) -> Geometries:
    """Join lines end to end; those of no length, which line_merge drops, become points."""
    is_point = shapely.length(lines) == 0
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines[~is_point])))
    return np.concatenate([merged, shapely.get_point(lines[is_point], 0)])


def _cut(network: WalkNetwork, stretches: Stretches) -> Geometries:
    lines = network.edge_lines[stretches.edge_id]
    is_part = (stretches.from_m > 0) | (stretches.to_m < network.edge_length_m[stretches.edge_id])
    lines[is_part] = cut_lines(lines[is_part], stretches.from_m[is_part], stretches.to_m[is_part])
    return lines


def _with_buildings(
    network: WalkNetwork,
    places: Attachments,
    table: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    limits: tuple[float, ...],
    walker: Walker,
) -> gpd.GeoDataFrame:
    houses = attach(network, buildings)
    ids = [str(value) for value in (buildings["id"] if "id" in buildings.columns else buildings.index)]
    in_order = np.argsort(np.array(ids, dtype=object), kind="stable")
    outlines = Outlines.of(buildings.geometry.to_numpy()[in_order])
    pairs = reached_pairs(network, houses, places, limit_m=limits[-1] * walker.speed_m_min, walker=walker)
    walk_min = pairs.distance_m / walker.speed_m_min
    drawn = []
    for origin, limit, ground in zip(table["origin_id"], table["limit_min"], table.geometry, strict=True):
        place = np.searchsorted(places.place_ids, origin)
        is_reached = np.zeros(len(outlines.shapes), dtype=bool)
        is_reached[pairs.origin[(pairs.destination == place) & (walk_min <= limit * (1 + 1e-9))]] = True
        drawn.append(outlines.settle(ground, is_reached))
    return table.set_geometry(gpd.GeoSeries(drawn, crs=table.crs))
