"""What is measured of the sample town is what was planted there, whatever the light, the clouds and the noise."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
import rasterio
import shapely
from sample_layers import maker

from fengmao_geo.green.vegetation import image_gains

SEEDS = range(1, 11)


def with_pictures(town, pictures, folder):
    """Give the town other images of the same two summers."""
    rasters = dict(town.rasters)
    for name in ("imagery_before", "imagery_after"):
        bands = rasters[name].bands
        with rasterio.open(bands["red"].path) as shipped:
            profile, scales, names = shipped.profile, shipped.scales, shipped.descriptions
        path = folder / f"{name}.tif"
        with rasterio.open(path, "w", **profile) as file:
            file.write(getattr(pictures, name))
            file.scales, file.descriptions = scales, names
        own = {band: replace(one, path=path) for band, one in bands.items()}
        rasters[name] = replace(rasters[name], bands=own)
    return replace(town, rasters=rasters)


def built_up(town):
    ground = [shapely.union_all(town["built_up"].geometry.to_numpy())]
    names = {"area_kind": ["town"], "area_id": ["town"], "area_name": [town.name]}
    return gpd.GeoDataFrame(names, geometry=ground, crs=town.crs)


@pytest.fixture(scope="module")
def measured(shuixiang, sample_scene, tmp_path_factory):
    """Gain of the town and what is true of the ground that is no crop, no water and under no cloud, by seed."""
    folder, areas, found = tmp_path_factory.mktemp("pictures"), built_up(shuixiang), []
    for seed in SEEDS:
        pictures = maker().imagery.draw(sample_scene, seed)
        gains = image_gains(with_pictures(shuixiang, pictures, folder), areas).gains.set_index("indicator")
        true_m2 = pictures.truth.set_index("area_id").loc["town", "clear_gain_m2"]
        found.append((*gains.loc["vegetated_m2", ["low", "gain", "high"]], true_m2))
    return found


def test_what_was_planted_lies_in_the_interval_for_nine_of_ten_seeds(measured):
    assert sum(low <= true_m2 <= high for low, _, high, true_m2 in measured) >= 9


def test_intervals_are_narrow_enough_to_tell_gain_from_none(measured):
    assert all(low > 0 and high - low < 0.2 * gain for low, gain, high, _ in measured)


def test_the_town_without_its_projects_gained_nothing(shuixiang, sample_scene, tmp_path):
    pictures = maker().imagery.draw(sample_scene, 3, carried_out=())
    gains = image_gains(with_pictures(shuixiang, pictures, tmp_path), built_up(shuixiang)).gains
    row = gains.set_index("indicator").loc["vegetated_m2"]
    assert row["low"] <= 0 <= row["high"]
