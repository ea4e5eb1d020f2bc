"""Indicators of townscape: gateways, what one sees along a corridor, heritage, water fronts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csgraph, csr_array

from fengmao_geo.blocks.facades import facades_of, in_steps
from fengmao_geo.blocks.streets import widened
from fengmao_geo.blocks.weights import area_sum, ratio
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.geo.shape import mean_width
from fengmao_geo.green.areas import covered_m2, dissolved, layer_shapes
from fengmao_geo.green.banks import bank_lines
from fengmao_geo.spaces.inventory import column_of
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.blocks.case import Case

    Flags = NDArray[np.bool_]
    Geometries = NDArray[np.object_]

__all__ = [
    "corridor_view_share",
    "heritage_count",
    "heritage_share",
    "road_gateway_count",
    "water_frontage_m",
    "water_gateway_count",
]

_BUSY = ("main", "secondary")
_CHANNELS = ("river", "canal")
_CONTROL_ZONE = "control"
# What is parted by mere rounding is one.
_SAME_M = 1e-3
# One goes inland from so far off the water.
_INLAND_M = 0.01
# A road that ends this near to the edge of the data goes on beyond it.
_EDGE_OF_DATA_M = 1.0


def road_gateway_count(case: Case) -> pd.Series[float]:
    """Count where main and secondary roads cross the edge of the built-up area, in or by the area.

    A road crosses where it goes on, by itself or by those it meets, at least ``gateway_depth_m`` from the
    edge to either side: one that winds along the edge does not. What lies beyond the data is not asked for.
    """
    streets = case.town["streets"]
    is_busy = column_of(streets, "street_class", is_text=True).isin(_BUSY).to_numpy()
    roads = shapely.union_all(streets.geometry.to_numpy()[is_busy])
    built_up = shapely.union_all(layer_shapes(case.town, "built_up"))
    edge = shapely.boundary(built_up)
    inner = _deep_ends(shapely.intersection(roads, built_up), edge)
    outer = _deep_ends(shapely.difference(roads, built_up), edge)
    return _gateways(case, inner[_are_near(inner, outer) | _are_at_edge_of_data(case, inner)])


def water_gateway_count(case: Case) -> pd.Series[float]:
    """Count where rivers and canals cross the edge of the built-up area, in or by the area.

    The edge crosses a channel where it lies within the water for no more than ``channel_ratio`` times its
    mean width, and the water goes on at least ``gateway_depth_m`` from the edge to either side.
    """
    water = case.town["water"]
    is_channel = column_of(water, "water_type", is_text=True).isin(_CHANNELS)
    channels = dissolved(polygons_of(water.geometry.to_numpy()[is_channel]))
    built_up = shapely.union_all(layer_shapes(case.town, "built_up"))
    edge = shapely.boundary(built_up)
    within = shapely.difference(shapely.intersection(channels, edge), shapely.boundary(channels))
    pieces, of = shapely.get_parts(shapely.line_merge(within), return_index=True)
    longest_m = indicator_file().figure("channel_ratio") * mean_width(channels)[of]
    length_m = shapely.length(pieces)
    pieces = pieces[(length_m > 0) & (length_m <= longest_m)]
    middles = np.asarray(shapely.line_interpolate_point(pieces, 0.5, normalized=True), dtype=object)
    inner = _deep(polygons_of(shapely.intersection(channels, built_up)), edge)
    outer = _deep(polygons_of(shapely.difference(channels, built_up)), edge)
    goes_on = _are_near(middles, outer) | _are_at_edge_of_data(case, middles)
    return _gateways(case, middles[goes_on & _are_near(middles, inner)])


def corridor_view_share(case: Case) -> pd.Series[float]:
    """Share of the façades looking towards a corridor that are seen from it.

    From every ``corridor_step_m`` along the corridor one looks around; a piece of façade within
    ``corridor_range_m`` is seen if the straight line to its middle meets no other building, however low.
    """
    figure = indicator_file().figure
    buildings = case.town["buildings"]
    shapes = buildings.geometry.to_numpy()
    views = _viewpoints(layer_shapes(case.town, "corridors"), figure("corridor_step_m"))
    range_m = figure("corridor_range_m")
    pieces = facades_of(shapes, near=views, within_m=range_m)
    looks, is_seen = pieces.seen_from(views, shapes, range_m=range_m)
    fronts = gpd.GeoDataFrame(
        {"metres": pieces.length_m, "is_seen": is_seen}, geometry=pieces.points, crs=buildings.crs
    )
    placed = case.placed(fronts[looks])
    seen_m = area_sum(case, placed["area_id"], placed["metres"] * placed["is_seen"])
    return ratio(seen_m, area_sum(case, placed["area_id"], placed["metres"]))


def heritage_count(case: Case) -> pd.Series[float]:
    """Count the heritage that lies in the area at least in part; control zones are none."""
    heritage, areas = _heritage(case).geometry.to_numpy(), case.areas.geometry.to_numpy()
    place, row = shapely.STRtree(heritage).query(areas, predicate="intersects")
    place = place[~shapely.touches(areas[place], heritage[row])]
    return case.area_m2 * 0 + np.bincount(place, minlength=len(case.areas))


def heritage_share(case: Case) -> pd.Series[float]:
    """Share of the area that is heritage; missing where heritage in it has no outline."""
    shapes, areas = _heritage(case).geometry.to_numpy(), case.areas.geometry.to_numpy()
    has_outline = shapely.get_dimensions(shapes) == 2
    share = case.area_m2 * 0 + covered_m2(areas, shapes[has_outline]) / case.area_m2
    place, _ = shapely.STRtree(shapes[~has_outline]).query(areas, predicate="intersects")
    return share.where(~np.isin(np.arange(len(areas)), place))


def water_frontage_m(case: Case) -> pd.Series[float]:
    """Measure the banks of rivers, canals and lakes from which one comes into the area going inland."""
    water = case.town["water"]
    has_banks = column_of(water, "water_type", is_text=True).isin(green_standard().bank_types)
    banks = bank_lines(water.geometry.to_numpy(), has_banks.to_numpy())
    banks = banks.take(banks.water >= 0)
    start, end, _ = in_steps(banks.start, banks.end, banks.water)
    run = end - start
    length_m = np.hypot(*run.T)
    # Land lies on the left.
    inland = np.stack([-run[:, 1], run[:, 0]], axis=1) / length_m[:, None]
    middle = (start + end) / 2
    edge_m = indicator_file().figure("edge_m")
    ways = shapely.linestrings(np.stack([middle + inland * _INLAND_M, middle + inland * edge_m], axis=1))
    areas = case.areas.geometry.to_numpy()
    way, place = shapely.STRtree(areas).query(ways, predicate="intersects")
    metres = np.bincount(place, weights=length_m[way], minlength=len(areas))
    return case.area_m2 * 0 + metres


def _are_at_edge_of_data(case: Case, points: Geometries) -> Flags:
    return np.asarray(shapely.dwithin(points, shapely.boundary(case.town.extent), _EDGE_OF_DATA_M))


def _are_near(points: Geometries, shapes: Geometries) -> Flags:
    near = np.zeros(len(points), dtype=bool)
    near[shapely.STRtree(shapes).query(points, predicate="dwithin", distance=_SAME_M)[0]] = True
    return near


def _away_m(shapes: Geometries, edge: shapely.Geometry) -> NDArray[np.float64]:
    """Say how far from the edge each shape leads."""
    step_m = indicator_file().figure("gateway_depth_m") / 2
    xy, of = shapely.get_coordinates(shapely.segmentize(shapes, step_m), return_index=True)
    away_m = np.zeros(len(shapes))
    np.maximum.at(away_m, of, shapely.distance(shapely.points(xy), edge))
    return away_m


def _deep(shapes: Geometries, edge: shapely.Geometry) -> Geometries:
    """Keep the shapes that lead far from the edge."""
    return shapes[_away_m(shapes, edge) >= indicator_file().figure("gateway_depth_m")]


def _deep_ends(lines: shapely.Geometry, edge: shapely.Geometry) -> Geometries:
    """Find where lines to one side of the edge end on it, those that nowhere lead far from it left out."""
    parts = shapely.get_parts(lines)
    parts = parts[shapely.length(parts) > 0]
    ends = np.stack([shapely.get_coordinates(shapely.get_point(parts, at)) for at in (0, -1)], axis=1)
    node = np.unique(np.round(ends.reshape(-1, 2) / _SAME_M), axis=0, return_inverse=True)[1].reshape(-1, 2)
    count = int(node.max(initial=-1)) + 1
    graph = csr_array((np.ones(len(node)), (node[:, 0], node[:, 1])), shape=(count, count))
    label = csgraph.connected_components(graph, directed=False)[1][node[:, 0]] if count else node[:, 0]
    away_m = np.zeros(label.max(initial=-1) + 1)
    np.maximum.at(away_m, label, _away_m(parts, edge))
    is_deep = away_m[label] >= indicator_file().figure("gateway_depth_m")
    points = np.asarray(shapely.points(ends[is_deep].reshape(-1, 2)), dtype=object)
    return points[shapely.dwithin(points, edge, _SAME_M)]


def _gateways(case: Case, points: Geometries) -> pd.Series[float]:
    """Count gateways by area; crossings within ``gateway_join_m`` of each other are one, at their middle."""
    one, other = shapely.STRtree(points).query(
        points, predicate="dwithin", distance=indicator_file().figure("gateway_join_m")
    )
    graph = csr_array((np.ones(len(one)), (one, other)), shape=(len(points), len(points)))
    label = csgraph.connected_components(graph, directed=False)[1] if len(points) else one
    count = np.bincount(label)
    xy = shapely.get_coordinates(points)
    middle = np.stack([np.bincount(label, weights=xy[:, axis]) for axis in (0, 1)], axis=1)
    gates = gpd.GeoDataFrame(geometry=shapely.points(middle / count[:, None]), crs=case.areas.crs)
    placed = widened(case).placed(gates)
    return area_sum(case, placed["area_id"], np.ones(len(placed)))


def _viewpoints(lines: Geometries, step_m: float) -> Geometries:
    """Place viewpoints along lines: at both ends and evenly between, no farther apart than a step."""
    parts = shapely.get_parts(lines)
    length_m = shapely.length(parts)
    count = np.ceil(length_m / step_m * (1 - 1e-9)).astype(np.intp) + 1
    of = np.repeat(np.arange(len(parts)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    at_share = nth / np.maximum(count - 1, 1)[of]
    return np.asarray(shapely.line_interpolate_point(parts[of], at_share, normalized=True))


def _heritage(case: Case) -> gpd.GeoDataFrame:
    heritage = case.town["heritage"]
    return heritage[column_of(heritage, "zone", is_text=True) != _CONTROL_ZONE]
