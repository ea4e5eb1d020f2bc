"""Indicators of streets: how dense they are, how far apart, where they end, cross safely and are lit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy import sparse
from scipy.sparse import csgraph

from fengmao_geo.blocks.weights import area_mean, area_sum, ratio, where_known
from fengmao_geo.geo.planar import joined_by_row
from fengmao_geo.green.areas import layer_shapes
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.spaces.surfaces import ground_streets
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.units import M2_PER_KM2, M_PER_KM

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.blocks.case import Case
    from fengmao_geo.network.walk_network import WalkNetwork

    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = [
    "crossing_count_per_km",
    "dead_end_share",
    "road_density_km_per_km2",
    "road_spacing_m",
    "street_m",
    "unlit_share",
    "walk_density_km_per_km2",
    "walkable_streets",
    "widened",
]

#: Classes that are roads of the town, and those that one crosses at a marked crossing.
_ROADS = ("main", "secondary", "branch")
_BUSY = ("main", "secondary")
# A street that ends this near to the edge of the data goes on beyond it.
_EDGE_OF_DATA_M = 1.0
# A circle drawn with so many segments a quarter falls short by less than a thousandth.
_SEGMENTS = 32


def road_density_km_per_km2(case: Case) -> pd.Series[float]:
    """Kilometres of classed road per square kilometre; roads along the edge count half."""
    streets = case.town["streets"]
    street_class = column_of(streets, "street_class", is_text=True)
    density = _per_km2(case, street_m(case, streets[street_class.isin(_ROADS)]))
    return _where_classed(case, density)


def walk_density_km_per_km2(case: Case) -> pd.Series[float]:
    """Kilometres of all that can be walked per square kilometre; what runs along the edge counts half."""
    return _per_km2(case, street_m(case, walkable_streets(case)))


def road_spacing_m(case: Case) -> pd.Series[float]:
    """Length between neighbouring junctions of roads, on the average metre of road.

    A stretch that ends without a junction counts as long as it is drawn.
    """
    network = case.results.network
    if network is None:
        return case.area_m2 * np.nan
    streets = case.town["streets"]
    classes = column_of(streets, "street_class", is_text=True).set_axis(streets["id"])
    is_road = network.edges["street_id"].map(classes[~classes.index.duplicated()]).isin(_ROADS).to_numpy()
    stretch_m = _stretch_m(network, is_road)
    lines = network.edge_lines[is_road]
    roads = gpd.GeoDataFrame({"stretch_m": stretch_m}, geometry=lines, crs=streets.crs)
    cut = widened(case).cut(roads)
    length_m = shapely.length(cut.geometry)
    return _where_classed(case, area_mean(case, cut["area_id"], cut["stretch_m"], weights=length_m))


def crossing_count_per_km(case: Case) -> pd.Series[float]:
    """Count marked crossings per kilometre of main and secondary road, those along the edge included."""
    streets, crossings = case.town["streets"], case.town["crossings"]
    busy = streets[column_of(streets, "street_class", is_text=True).isin(_BUSY)]
    reach_m = indicator_file().figure("crossing_m")
    hit = shapely.STRtree(busy.geometry.to_numpy()).query(
        crossings.geometry.to_numpy(), predicate="dwithin", distance=reach_m
    )[0]
    wide = widened(case)
    found = wide.placed(crossings.iloc[np.unique(hit)])
    cut = wide.cut(busy)
    road_m = area_sum(case, cut["area_id"], shapely.length(cut.geometry))
    per_km = ratio(area_sum(case, found["area_id"], np.ones(len(found))), road_m / M_PER_KM)
    return _where_classed(case, per_km)


def dead_end_share(case: Case) -> pd.Series[float]:
    """Dead ends of the walk network over dead ends and junctions; short accesses are left out."""
    network = case.results.network
    if network is None:
        return case.area_m2 * np.nan
    degree = _degree(network, ~_are_stubs(network))
    points = np.asarray(shapely.points(network.node_xy))
    is_end = (degree == 1) & ~_leave_the_data(network, points)
    is_junction = degree >= 3
    nodes = gpd.GeoDataFrame({"is_end": is_end}, geometry=points, crs=case.areas.crs)
    placed = widened(case).placed(nodes[is_end | is_junction])
    return area_mean(case, placed["area_id"], placed["is_end"], weights=np.ones(len(placed)))


def unlit_share(case: Case) -> pd.Series[float]:
    """Share of the streets to walk that lie farther than ``lamp_m`` from any lamp."""
    cut = widened(case).cut(walkable_streets(case))
    reach_m = indicator_file().figure("lamp_m")
    circles = shapely.buffer(layer_shapes(case.town, "lamps"), reach_m, quad_segs=_SEGMENTS)
    lines = cut.geometry.to_numpy()
    dark_m = shapely.length(lines)
    row, hit = shapely.STRtree(circles).query(lines, predicate="intersects")
    rows = np.unique(row)
    lit = joined_by_row(circles[hit], row)
    dark_m[rows] = shapely.length(shapely.difference(lines[rows], lit))
    whole_m = area_sum(case, cut["area_id"], shapely.length(lines))
    return ratio(area_sum(case, cut["area_id"], dark_m), whole_m)


def walkable_streets(case: Case) -> gpd.GeoDataFrame:
    """Take the streets on the ground that one may walk.

    Parameters
    ----------
    case
        What is measured on.

    Returns
    -------
    GeoDataFrame
        Rows of the layer ``streets``.
    """
    streets = ground_streets(case.town)
    return streets[~column_of(streets, "is_walkable", is_text=True).isin([False])].reset_index(drop=True)


def widened(case: Case, by_m: float | None = None) -> Case:
    """Let each area reach over the streets that bound it.

    Parameters
    ----------
    case
        What is measured on.
    by_m
        How far; less than nothing draws the areas in; by default the figure ``edge_m``.

    Returns
    -------
    Case
        The same with other outlines.
    """
    by_m = indicator_file().figure("edge_m") if by_m is None else by_m
    shapes = shapely.buffer(case.areas.geometry.to_numpy(), by_m, join_style="mitre")
    return replace(case, areas=case.areas.set_geometry(shapes, crs=case.areas.crs))


def street_m(case: Case, streets: gpd.GeoDataFrame) -> pd.Series[float]:
    """Measure the streets of each area; those that run along its edge count half.

    That is the mean of what lies in the area widened and in the area drawn in by ``edge_m``.

    Parameters
    ----------
    case
        What is measured on.
    streets
        Centre lines.

    Returns
    -------
    Series
        Metres by area.
    """
    edge_m = indicator_file().figure("edge_m")
    cuts = [widened(case, by_m).cut(streets) for by_m in (edge_m, -edge_m)]
    outer, inner = (area_sum(case, cut["area_id"], shapely.length(cut.geometry)) for cut in cuts)
    return (outer + inner) / 2


def _where_classed(case: Case, values: pd.Series[float]) -> pd.Series[float]:
    """Keep values of areas where enough of the streets have a class."""
    cut = widened(case).cut(case.town["streets"])
    is_known = column_of(cut, "street_class", is_text=True).notna()
    return where_known(case, values, cut["area_id"], weights=shapely.length(cut.geometry), is_known=is_known)


def _per_km2(case: Case, metres: pd.Series[float]) -> pd.Series[float]:
    return (metres / M_PER_KM) / (case.area_m2 / M2_PER_KM2)


def _degree(network: WalkNetwork, is_used: Flags) -> Indices:
    ends = network.edge_nodes[is_used].ravel()
    return np.bincount(ends, minlength=len(network.node_xy)).astype(np.intp)


def _stretch_m(network: WalkNetwork, is_road: Flags) -> NDArray[np.float64]:
    """Measure the stretch that each edge of a road is part of: edges that meet two by two are one."""
    nodes = network.edge_nodes[is_road]
    count = len(nodes)
    between = _degree(network, is_road) == 2
    edge, end = np.divmod(np.arange(2 * count), 2)
    node = nodes[edge, end]
    order = np.argsort(node, kind="stable")
    order = order[between[node[order]]]
    first, second = edge[order[::2]], edge[order[1::2]]
    graph = sparse.csr_array((np.ones(len(first)), (first, second)), shape=(count, count))
    label = csgraph.connected_components(graph, directed=False)[1]
    total = np.bincount(label, weights=network.edge_length_m[is_road], minlength=label.max(initial=-1) + 1)
    return np.asarray(total[label])


def _are_stubs(network: WalkNetwork) -> Flags:
    is_end = _degree(network, np.ones(len(network.edge_nodes), dtype=bool)) == 1
    is_short = network.edge_length_m < indicator_file().figure("stub_m")
    return np.asarray(is_short & (is_end[network.edge_nodes].sum(axis=1) == 1))


def _leave_the_data(network: WalkNetwork, points: NDArray[np.object_]) -> Flags:
    """Say which nodes lie beyond the ground where streets are complete, or at its edge."""
    if network.extent is None:
        return np.zeros(len(points), dtype=bool)
    shapely.prepare(network.extent)
    is_near = shapely.dwithin(points, shapely.boundary(network.extent), _EDGE_OF_DATA_M)
    return np.asarray(is_near | ~shapely.intersects(network.extent, points))
