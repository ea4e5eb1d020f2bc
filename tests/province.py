"""A made-up province for the tests of cutting: towns along a road, with streets, shops and walls between."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from town_layers import EAST, NORTH, frame, line, point, square
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.cli import app

TYPES = ("pharmacy", "primary_school", "park")
CATALOGUE = """
name = "own"
name_zh = "own"
name_en = "own"
source = "test"
tag = "P"
""" + "".join(
    f"""
[[entries]]
facility_type = "{name}"
tier_min = 15
standard_m = 500
is_required = true
group = "everyone"
source = "test"
tag = "P"
"""
    for name in TYPES
)


def outlines(*names, side_m=1500.0):
    """Draw towns side by side from the west."""
    shapes = [
        shapely.box(EAST + at * side_m, NORTH, EAST + (at + 1) * side_m, NORTH + 1000)
        for at in range(len(names))
    ]
    return gpd.GeoDataFrame(
        {"id": [f"t{at}" for at in range(len(names))], "name": list(names)}, geometry=shapes, crs=4549
    )


def province(seed, *, towns=3, side_m=1500.0, homes=60, shops=14):
    """Make layers of several towns side by side, whatever the seed draws."""
    draw = np.random.default_rng(seed)
    width_m = towns * side_m
    ys = np.sort(draw.choice(np.arange(50, 1000, 90), 4, replace=False)).astype(float)
    xs = np.arange(40.0, width_m, 170.0) + draw.integers(0, 60)
    streets = [line((a, y), (b, y)) for y in ys for a, b in zip(xs[:-1], xs[1:], strict=True)]
    streets += [line((x, a), (x, b)) for x in xs for a, b in zip(ys[:-1], ys[1:], strict=True)]
    kept = draw.random(len(streets)) < 0.75
    streets = [street for street, is_kept in zip(streets, kept, strict=True) if is_kept]
    sides = draw.choice([8, 14, 30], homes)
    spots = np.column_stack([draw.uniform(20, width_m - 60, homes), draw.uniform(20, 960, homes)]).round(1)
    # One house stands across the border of the first two towns.
    spots[0] = (side_m - 9, 500)
    buildings = [square(x, y, side) for (x, y), side in zip(spots.tolist(), sides.tolist(), strict=True)]
    places = np.column_stack([draw.uniform(20, width_m - 20, shops), draw.uniform(20, 980, shops)]).round(1)
    places[: shops // 3] = spots[1 : 1 + shops // 3] + 3
    walls = [
        square(x, y, 160) for x, y in zip(draw.uniform(0, width_m, 3), draw.uniform(0, 800, 3), strict=True)
    ]
    canals = [
        shapely.box(EAST + x, NORTH - 50, EAST + x + 8, NORTH + y)
        for x, y in zip(draw.uniform(0, width_m, 2), draw.uniform(300, 1100, 2), strict=True)
    ]
    layers = {
        "built_up": outlines(*[f"town {at}" for at in range(towns)], side_m=side_m),
        "streets": frame(streets),
        "buildings": frame(
            buildings,
            use=draw.choice(["residential", "mixed", "industrial"], homes, p=[0.7, 0.2, 0.1]).tolist(),
            people=draw.integers(0, 40, homes).astype(float),
        ),
        "facilities": frame(
            [point(x, y) for x, y in places.tolist()],
            facility_type=draw.choice(TYPES, shops).tolist(),
        ),
        "compounds": frame(walls),
        "water": frame(canals),
        "gates": frame([shapely.Point(wall.exterior.coords[1]) for wall in walls[:2]]),
    }
    return {
        name: layer.assign(id=[f"{name}-{at}" for at in range(len(layer))]) for name, layer in layers.items()
    }


def write_province(layers, folder, *, settings="", parts="", suffixes=None):
    """Write layers as files beside a town.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    text = ["[town]", 'name = "province"', 'crs = "EPSG:4549"', settings, ""]
    for name, layer in layers.items():
        suffix = (suffixes or {}).get(name, ".gpkg")
        if suffix == ".parquet":
            layer.to_parquet(folder / f"{name}.parquet")
        else:
            layer.to_file(folder / f"{name}{suffix}")
        text.append(f'[layers.{name}]\npath = "{name}{suffix}"')
    (folder / "town.toml").write_text("\n".join([*text, parts]), encoding="utf-8")
    return folder


def circles_of(folder, catalogue, **options):
    """Read a town and find its life circles."""
    town = fg.read_town(folder)
    return fg.life_circles(town, fg.walk_network(town), catalogue=catalogue, **options)


def assert_same(cut, whole, own):
    """Hold the life circles of a town against those of the uncut layers, for the dwellings in its outline."""
    homes = whole.dwellings
    is_own = shapely.intersects(own, shapely.point_on_surface(homes.geometry.to_numpy()))
    ids = set(homes["dwelling_id"][is_own])
    assert set(cut.dwellings["dwelling_id"]) == ids
    theirs, ours = (
        table[table["dwelling_id"].isin(ids)].set_index(["dwelling_id", "facility_type"]).sort_index()
        for table in (whole.reach, cut.reach)
    )
    columns = ["travel_min", "distance_m"]
    pd.testing.assert_frame_equal(ours[columns], theirs[columns], rtol=0, atol=1e-6)
    for name in ("status", "facility_id", "is_within_standard"):
        assert (ours[name].fillna("") == theirs[name].fillna("")).all(), name
    circles = whole.coverage[whole.coverage["dwelling_id"].isin(ids)]
    keys = ["dwelling_id", "limit_min", "group"]
    columns = ["people", "asked_count", "reached_count", "unknown_count", "status"]
    pd.testing.assert_frame_equal(
        cut.coverage.set_index(keys).sort_index()[columns], circles.set_index(keys).sort_index()[columns]
    )
    assert np.isclose(cut.dwellings["people"].sum(), homes["people"][is_own].sum())


def small():
    """Give the layers of two small towns."""
    layers = province(2, towns=2, homes=12, shops=4)
    return {name: layers[name] for name in ("built_up", "streets", "buildings")}


def fg_cut(*args):
    """Run the command that cuts."""
    return CliRunner().invoke(app, ["split", *map(str, args)])
