"""What was renewed between the two summers, what green was lost meanwhile, and the clouds over the second."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

from shuixiang_maker import geometry as geo
from shuixiang_maker.ground import pond

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

CRS = "EPSG:4549"
BELT_SHARE = 0.2
ESTATE_M2 = (1_000.0, 6_500.0)
PAVEMENT_M = 1.4
ROAD_M = (120.0, 260.0)
APART_M = 40.0
CLOUD_M = (58.0, 74.0)
SHADOW_OFF_M = (-95.0, 60.0)
CLOUD_OFF_PLANTINGS_M = 130.0
Layers = dict[str, gpd.GeoDataFrame]

_PLANS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
#: What lay where a project was built, by the row of the project.
GROUND_BEFORE: list[str] = [plan["before"] for plan in _PLANS["projects"]]


@dataclass(frozen=True)
class Areas:
    """The renewal blocks, by their numbers, and what of the town lies outside all of them."""

    blocks: dict[int, Polygon]
    outside: BaseGeometry

    def within(self, layer: gpd.GeoDataFrame, block: int) -> gpd.GeoDataFrame:
        """Return what lies in a block (0 for the town outside the blocks), the largest first."""
        area = self.blocks.get(block, self.outside)
        shapely.prepare(area)
        inside = layer[shapely.covers(area, shapely.buffer(layer.geometry.to_numpy(), -0.5))]
        return inside.iloc[np.argsort(-inside.area.to_numpy(), kind="stable")]


def layers(town: Layers, seed: int) -> Layers:
    """Return the layers `projects`, `green_before` and `clouds_after` of a town."""
    blocks = dict(zip(town["blocks"]["block_no"].tolist(), town["blocks"].geometry, strict=True))
    outside = town["built_up"].geometry.iloc[0].difference(shapely.union_all(list(blocks.values())))
    areas = Areas(blocks, outside)
    projects = _projects(town, areas)
    losses = _losses(town, areas, projects)
    return {
        "projects": projects,
        "green_before": _green_before(town["green"], projects, losses),
        "clouds_after": _clouds(town, projects, losses, np.random.default_rng([seed, 3])),
    }


def _projects(town: Layers, areas: Areas) -> gpd.GeoDataFrame:
    """Return one project a plan, on green that exists now, or on a roof."""
    rows, shapes = [], []
    for number, plan in enumerate(_PLANS["projects"], start=1):
        place = _places(town, areas, plan["what"], plan["block"]).iloc[0]
        name, shape = str(place["name"]), place.geometry
        if plan["what"] == "riverside":
            shape = _end(shape)
        rows.append(
            {
                "id": f"N{number:03d}",
                "name": name + plan["suffix"],
                "project_type": plan["project_type"],
                "completed_on": plan["completed_on"],
            }
        )
        shapes.append(shape)
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _places(town: Layers, areas: Areas, what: str, block: int) -> gpd.GeoDataFrame:
    """Return the places in a block that a project of a kind may have made, the best first."""
    if what == "roof":
        return areas.within(town["buildings"][town["buildings"]["use"] == "education"], block)
    green = town["green"]
    estate = green["name"].str.contains("宅旁") & green.area.between(*ESTATE_M2)
    chosen = {
        "pocket_park": green["green_type"] == "pocket_park",
        "schoolyard": green["name"].str.contains("操场"),
        "estate": estate,
        "riverside": green["name"].str.contains("滨水"),
        "bank": green["name"] == "护岸绿带",
    }[what]
    found = areas.within(green[chosen], block)
    return found if len(found) else areas.within(green[green.area < ESTATE_M2[1]], block)


def _end(shape: Polygon) -> Polygon:
    """Return the northern end of a long strip."""
    box = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)
    sides = np.diff(box, axis=0)[:2]
    along = sides[int(np.argmax(np.hypot(*sides.T)))]
    along = along / np.hypot(*along) * (1.0 if along[1] > 0 else -1.0)
    reach = shapely.get_coordinates(shape) @ along
    start = reach.max() - BELT_SHARE * (reach.max() - reach.min())
    across, far = np.array([-along[1], along[0]]) * 5_000.0, along * 5_000.0
    foot = along * start + np.array([-along[1], along[0]]) * (box[0] @ np.array([-along[1], along[0]]))
    half = Polygon([foot - across, foot + across, foot + across + far, foot - across + far])
    return geo.largest(shapely.normalize(geo.rounded(shape.intersection(half))))


def _losses(town: Layers, areas: Areas, projects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the green that was lost: lawns that cars park on now, and a wood that gave way to a road."""
    kept_off = projects.union_all().buffer(APART_M)
    rows, shapes = [], []
    for plan in _PLANS["losses"]:
        layer = town["parking"] if plan["now"] == "parking" else _road_strips(town)
        free = layer[~layer.intersects(kept_off)]
        found = next(found for block in plan["blocks"] if len(found := areas.within(free, block)))
        rows.append({"name": plan["name"], "green_type": plan["green_type"]})
        shapes.append(found.geometry.iloc[0])
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _road_strips(town: Layers) -> gpd.GeoDataFrame:
    """Return the ground of branch roads of some length, off buildings, water and today's green."""
    streets = town["streets"]
    is_road = (streets["street_class"] == "branch") & ~streets["is_bridge"].astype(bool)
    roads = streets[is_road & streets.length.between(*ROAD_M)]
    half = roads["width_m"].to_numpy() / 2 + PAVEMENT_M
    strips = shapely.buffer(roads.geometry.to_numpy(), half, cap_style="flat", quad_segs=2)
    taken = shapely.union_all([*town["green"].geometry, *town["water"].geometry, *town["buildings"].geometry])
    shapely.prepare(taken)
    free = [geo.largest(geo.rounded(strip.difference(taken))) for strip in strips]
    return roads[["id", "name"]].set_geometry(gpd.GeoSeries(free, index=roads.index, crs=CRS))


def _green_before(
    green: gpd.GeoDataFrame, projects: gpd.GeoDataFrame, losses: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the green of the first summer: today's, less what the projects added, and what was lost."""
    added = shapely.union_all(projects.geometry.to_numpy())
    shapely.prepare(added)
    touched = shapely.intersects(added, green.geometry.to_numpy())
    shapes = [
        geo.rounded(shape.difference(added)) if is_touched else shape
        for shape, is_touched in zip(green.geometry, touched, strict=True)
    ]
    kept = green.set_geometry(gpd.GeoSeries(shapes, index=green.index, crs=CRS))
    kept = kept[kept.area > 1.0]
    lost = losses.assign(id=[f"G{len(green) + n:03d}" for n in range(1, len(losses) + 1)])
    both = pd.concat([kept, lost[kept.columns]], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=CRS)


def _clouds(
    town: Layers, projects: gpd.GeoDataFrame, losses: gpd.GeoDataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return two clouds and their shadows: one away from all that changed, one over the edge of a project."""
    changed = shapely.union_all([*projects.geometry, *losses.geometry])
    area = town["built_up"].geometry.iloc[0].buffer(-2 * CLOUD_OFF_PLANTINGS_M)
    x0, y0, x1, y1 = area.bounds
    spots = shapely.points(rng.uniform((x0, y0), (x1, y1), (400, 2)))
    lanes = shapely.linestrings(
        np.stack([shapely.get_coordinates(spots), shapely.get_coordinates(spots) + SHADOW_OFF_M], axis=1)
    )
    is_free = shapely.contains(area, spots) & (shapely.distance(lanes, changed) > CLOUD_OFF_PLANTINGS_M)
    away = spots[np.flatnonzero(is_free)[0]]
    over = projects.geometry.iloc[2].exterior.interpolate(0.0)
    rows, shapes = [], []
    for spot in (away, over):
        cloud = pond((spot.x, spot.y), float(rng.uniform(*CLOUD_M)), rng)
        rows += [{"name": "云"}, {"name": "云影"}]
        shapes += [cloud, shapely.affinity.translate(cloud, *SHADOW_OFF_M)]
    ids = [f"U{number:03d}" for number in range(1, len(rows) + 1)]
    table = pd.DataFrame(rows).assign(id=ids)[["id", "name"]]
    return gpd.GeoDataFrame(table, geometry=[shapely.normalize(geo.rounded(s)) for s in shapes], crs=CRS)
