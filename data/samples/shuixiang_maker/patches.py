"""Farmland that the town cut off or closed in: wedges behind a farm track, fields inside the town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker import land
from shuixiang_maker.ground import Plot

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.site import Site

RURAL_KINDS = {"farm", "protected", "scrap", "hamlet", "wedge"}
WEDGES = 5
TRACK_M = 3.5
PIT_LANE_M = 8.0
REACH_M = 150.0
CLOSED_IN_SHARE = 0.55


def carve(site: Site, plots: list[Plot], rng: np.random.Generator) -> list[Plot]:
    """Return the plots with wedges of farmland behind tracks, fields in vacant land and a clay pit."""
    plots = [part for plot in plots for part in _split(plot, rng)]
    return _wedges(site, plots, rng)


def _split(plot: Plot, rng: np.random.Generator) -> list[Plot]:
    """Return a brickworks as yard and pit, large vacant land as fields and cleared plots."""
    if plot.kind == "kiln":
        yard, lane, pit = _across(plot.shape)
        return [Plot(yard, "kiln", plot.name), Plot(lane, "scrap", ""), Plot(pit, "kiln", "横泾取土坑")]
    if plot.kind == "vacant":
        parts = sorted(land.strips(plot.shape, rng, 4_600.0), key=lambda p: p.centroid.coords[0])
        inner = sorted(range(len(parts)), key=lambda i: (-parts[i].area, i))[: len(parts) > 2]
        return [Plot(p, "field" if i in inner else "vacant", "") for i, p in enumerate(parts)]
    return [plot]


def _across(shape: Polygon) -> list[Polygon]:
    """Return a long shape cut across at two thirds: the larger part, a lane, the smaller part."""
    x0, y0, x1, y1 = shape.bounds
    at = x0 + 0.68 * (x1 - x0)
    cuts = ((x0, at), (at, at + PIT_LANE_M), (at + PIT_LANE_M, x1))
    return [geo.largest(shape.intersection(shapely.box(left, y0, right, y1))) for left, right in cuts]


def _wedges(site: Site, plots: list[Plot], rng: np.random.Generator) -> list[Plot]:
    """Lay farm tracks across the corners of large fields between two roads."""
    town = shapely.union_all([p.shape for p in plots if p.kind not in RURAL_KINDS])
    roads = [s for s in site.roads if s.level == 0]
    made: list[Point] = []
    result = list(plots)
    large = [p for p in plots if p.kind == "farm" and p.shape.area > 1.2 * land.SMALL_FIELD_M2]
    for plot in sorted(large, key=lambda p: p.shape.distance(town)):
        for corner in _corners(plot.shape):
            if len(made) == WEDGES or any(corner.distance(other) < 350 for other in made):
                continue
            track = _track(site, corner, [s.line for s in roads], rng)
            parts = geo.polygons(plot.shape.difference(track.buffer(TRACK_M / 2)), 900.0)
            if track.is_empty or len(parts) != 2 or corner.distance(town) > REACH_M:
                continue
            if 900 < parts[1].area < 9_000 and parts[1].distance(corner) < 25:
                site.add_lane(track, "机耕路", "lane", TRACK_M)
                made.append(corner)
                result = [other for other in result if other is not plot]
                result += [Plot(parts[0], "farm", plot.name), Plot(parts[1], "wedge", plot.name)]
                break
    return result


def _corners(shape: Polygon) -> list[Point]:
    """Return the corners of a field that are neither flat nor hollow, from west to east."""
    ring = np.asarray(shapely.orient_polygons(shape).simplify(9.0).exterior.coords)[:-1]
    before, after = np.roll(ring, 1, axis=0) - ring, np.roll(ring, -1, axis=0) - ring
    turn = np.degrees(
        np.arctan2(
            after[:, 0] * before[:, 1] - after[:, 1] * before[:, 0],
            np.einsum("ij,ij->i", after, before),
        )
    )
    return sorted((Point(xy) for xy in ring[(turn > 40) & (turn < 125)]), key=lambda p: (p.x, p.y))


def _track(site: Site, corner: Point, roads: list[LineString], rng: np.random.Generator) -> LineString:
    """Return a straight track between the two roads that meet at a corner, an empty line where none do."""
    near = [line for line in roads if line.distance(corner) < 25]
    best = LineString()
    for number, one in enumerate(near):
        for other in near[number + 1 :]:
            for ends in (-1, 1), (1, 1), (1, -1), (-1, -1):
                spots = [
                    line.interpolate(
                        float(np.clip(line.project(corner) + sign * rng.uniform(70, 125), 0, line.length))
                    )
                    for line, sign in zip((one, other), ends, strict=True)
                ]
                line = LineString(np.round([(p.x, p.y) for p in spots], 3))
                middle = line.interpolate(0.5, normalized=True)
                is_free = 60 < line.length < 240 and not line.intersects(site.water)
                if is_free and best.is_empty and middle.distance(shapely.union_all(roads)) > 15:
                    best = line
    return best


def truth(plots: list[Plot], parcels: pd.DataFrame, within: BaseGeometry) -> list[tuple[str, Polygon]]:
    """Return the cut-off and the closed-in fields as the survey's parcels have them."""
    town = shapely.union_all([p.shape for p in plots if p.kind not in RURAL_KINDS | {"field"}]).buffer(32)
    found = []
    for plot in plots:
        kind = _kind(plot, town, within)
        if kind:
            own = parcels[
                shapely.intersects(parcels["geometry"].to_numpy(), plot.shape.representative_point())
            ]
            found += [(kind, shape) for shape in own["geometry"]]
    return found


def _kind(plot: Plot, town: BaseGeometry, within: BaseGeometry) -> str:
    """Return what a field is: cut off by roads, closed in by the town, or an ordinary field."""
    if plot.kind == "wedge":
        return "road_cut_plot"
    if plot.kind == "field":
        return "enclosed_farmland"
    if plot.kind not in {"farm", "protected"} or plot.shape.distance(town) > 60 or plot.shape.area < 900:
        return ""
    if plot.shape.difference(within).area < 0.05 * plot.shape.area:
        return "enclosed_farmland"
    if plot.shape.area > land.SMALL_FIELD_M2:
        return ""
    ring = plot.shape.exterior
    is_closed_in = ring.intersection(town).length > CLOSED_IN_SHARE * ring.length
    return "enclosed_farmland" if is_closed_in else "road_cut_plot"
