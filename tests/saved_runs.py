"""Results in which every step was run, on the small town of green gains, for the tests of saved runs."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from gain_towns import picture_of, programme_of, town_of
from space_towns import box, layer, street

import fengmao_geo as fg
from fengmao_geo.geo.raster_file import QualityRule, RasterBand, RasterFile
from fengmao_geo.network.barriers import Barriers
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.town import Layers

RASTERS = {
    "imagery_after": RasterFile(
        {
            "red": RasterBand(Path("/data/after.tif"), 1, 0.0001, 0.0, np.nan),
            "nir": RasterBand(Path("b.tif")),
        },
        date="2024-07-22",
        quality=RasterBand(Path("/data/qa.tif")),
        quality_rules=(QualityRule("cloud", 8, 8),),
    )
}
DATES = {"streets": "2024-11-30", "buildings": "2024", "green": "2024-06"}


def indicators_of(town, values):
    """Write one indicator of the blocks and the town, as the table has it."""
    blocks = town["blocks"]
    ids, names = [*blocks["id"], "town"], [*blocks["name"], town.name]
    return pd.DataFrame(
        {
            "area_kind": ["block"] * len(blocks) + ["town"],
            "area_id": ids,
            "area_name": names,
            "indicator": "green_rate_share",
            "state": "now",
            "value": values,
            "missing": ["" if pd.notna(value) else "green" for value in values],
        }
    )


@cache
def town():
    """The town with a raster, dates, protected buildings and a column of the user's own."""
    made = town_of(
        facilities=layer(
            box(100, 106, 110, 116), box(600, 106, 610, 116), facility_type=["primary_school", "pharmacy"]
        ),
        water=layer(box(0, 150, 800, 170)),
        trees=layer(
            *(box(x, 98, x + 1, 99).centroid for x in (50, 90)), crown_m=[6.0, None], 备注=["老", None]
        ),
    )
    settings = replace(
        made.settings, dates=DATES, surveyed_types=frozenset({"pharmacy"}), site_rules={"a": [1]}
    )
    return replace(made, rasters=RASTERS, settings=settings)


@cache
def results():
    """Everything, each table as the library itself makes it."""
    plain = replace(town(), rasters={})
    network = fg.walk_network(plain)
    circles = fg.life_circles(plain, network, minutes=(5, 15))
    survey = fg.survey_spaces(plain, network)
    programme = programme_of(box(500, 110, 520, 130))
    gains = fg.green_gains(plain, network, programme=programme)
    link = street((0, 100), (0, 140)).rename(columns={"id": "link_id"}).assign(id=["L1"])
    linked = fg.with_links(network, link[["id", "geometry"]])
    indicators = indicators_of(plain, [0.31, np.nan, 0.2])
    return fg.Results(
        town(),
        network=network,
        circles=circles,
        spaces=survey.spaces,
        uses=fg.possible_uses(survey.spaces),
        space_findings=survey.findings,
        programme=replace(programme, aim="people", objective=12.5, reasons=(("some_left", {"people": 3.0}),)),
        planned=circles,
        planned_network=linked,
        gains=replace(gains, picture=picture_of([[0.1] * 4] * 2, [[0.2, np.nan, 0.3, 0.4]] * 2)),
        school_routes=fg.school_routes(plain, network),
        indicators=RESULTS["indicators"].check(indicators),
    )


def differences(one, other, at="results"):
    """List where two results differ: in kind, dtype, missing values, coordinates or identity."""
    if type(one) is not type(other):
        return [f"{at}: {type(one).__name__} and {type(other).__name__}"]
    if isinstance(one, pd.DataFrame):
        return _table_differences(one, other, at)
    if isinstance(one, np.ndarray):
        is_same = one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype != object)
        return [] if is_same else [at]
    parts = _parts(one)
    if parts is None:
        is_same = one == other or (one != one and other != other)  # noqa: PLR0124  not a number
        return [] if is_same else [f"{at}: {one!r} and {other!r}"]
    theirs = _parts(other)
    found = [] if list(parts) == list(theirs) else [f"{at}: {list(parts)} and {list(theirs)}"]
    return found + [
        told for name, part in parts.items() for told in differences(part, theirs.get(name), f"{at}.{name}")
    ]


def _parts(one):
    if dataclasses.is_dataclass(one):
        return {of.name: getattr(one, of.name) for of in dataclasses.fields(one)}
    if isinstance(one, dict | Layers):
        return {name: one[name] for name in one}
    if isinstance(one, Barriers):
        return {name: getattr(one, name) for name in ("fences", "outlines", "areas", "lines")}
    return dict(enumerate(one)) if isinstance(one, tuple) else None


def _table_differences(one, other, at):
    try:
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other), check_exact=True)
    except AssertionError as told:
        return [f"{at}: {told}"]
    objects = [name for name in one.columns if one[name].dtype == object]
    found = [f"{at}.{name}" for name in objects if list(map(type, one[name])) != list(map(type, other[name]))]
    if isinstance(one, gpd.GeoDataFrame):
        same = one.crs == other.crs and one.active_geometry_name == other.active_geometry_name
        found += [] if same else [f"{at}: {one.crs} and {other.crs}"]
    return found
