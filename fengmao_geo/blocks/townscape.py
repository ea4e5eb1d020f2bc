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


def road_gateway_count(case: Case) -> pd.Series[float]:
    """Count where main and secondary roads cross the edge of the built-up area, in or by the area."""
    streets = case.town["streets"]
    busy = streets[column_of(streets, "street_class", is_text=True).isin(_BUSY)].geometry.to_numpy()
    met = shapely.get_parts(shapely.intersection(busy, _edge(case)))
    # Where a road runs along the edge it does not cross it.
    return _gateways(case, met[shapely.get_type_id(met) == shapely.GeometryType.POINT])


def water_gateway_count(case: Case) -> pd.Series[float]:
    """Count where rivers and canals cross the edge of the built-up area, in the area or just off it.

    The edge crosses a channel where it lies within the water for no more than ``channel_ratio`` times its
    mean width.
    """
    water = case.town["water"]
    is_channel = column_of(water, "water_type", is_text=True).isin(_CHANNELS)
    channels = dissolved(polygons_of(water.geometry.to_numpy()[is_channel]))
    within = shapely.intersection(channels, _edge(case))
    on_bank = shapely.intersection(within, shapely.boundary(channels))
    pieces, of = shapely.get_parts(shapely.line_merge(shapely.difference(within, on_bank)), return_index=True)
    length_m = shapely.length(pieces)
    longest_m = indicator_file().figure("channel_ratio") * mean_width(channels)[of]
    crosses = pieces[(length_m > 0) & (length_m <= longest_m)]
    return _gateways(case, np.asarray(shapely.line_interpolate_point(crosses, 0.5, normalized=True)))


def corridor_view_share(case: Case) -> pd.Series[float]:
    """Share of the façades looking towards a corridor that are seen from it.

    From every ``corridor_step_m`` along the corridor one looks around; a piece of façade within
    ``corridor_range_m`` is seen if the straight line to its middle meets no other building, however low.
    """
    figure = indicator_file().figure
    buildings = case.town["buildings"]
    shapes = buildings.geometry.to_numpy()
    views = _viewpoints(layer_shapes(case.town, "corridors"), figure("corridor_step_m"))
    pieces = facades_of(shapes)
    looks, is_seen = pieces.seen_from(views, shapes, range_m=figure("corridor_range_m"))
    fronts = gpd.GeoDataFrame(
        {"metres": pieces.length_m, "is_seen": is_seen}, geometry=pieces.points, crs=buildings.crs
    )
    placed = case.placed(fronts[looks])
    seen_m = area_sum(case, placed["area_id"], placed["metres"] * placed["is_seen"])
    return ratio(seen_m, area_sum(case, placed["area_id"], placed["metres"]))


def heritage_count(case: Case) -> pd.Series[float]:
    """Count the heritage that lies in the area at least in part; control zones are none."""
    heritage = _heritage(case).geometry.to_numpy()
    place, _ = shapely.STRtree(heritage).query(case.areas.geometry.to_numpy(), predicate="intersects")
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
    ways = shapely.linestrings(np.stack([middle, middle + inland * edge_m], axis=1))
    areas = case.areas.geometry.to_numpy()
    way, place = shapely.STRtree(areas).query(ways, predicate="intersects")
    metres = np.bincount(place, weights=length_m[way], minlength=len(areas))
    return case.area_m2 * 0 + metres


def _edge(case: Case) -> shapely.Geometry:
    return shapely.boundary(shapely.union_all(layer_shapes(case.town, "built_up")))


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
