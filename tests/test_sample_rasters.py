"""The rasters of the sample town, what was planted and lost between them, and what the maker says is true."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.features import geometry_mask
from sample_layers import SAMPLES, maker, read_layers

TRUTH = SAMPLES.parents[1] / "tests" / "data" / "shuixiang_green.csv"
SHIPPED = SAMPLES / "shuixiang"
IMAGERY = ("imagery_before", "imagery_after")
HEIGHTS = ("canopy_height_before", "canopy_height_after")
FIRST_DAY, LAST_DAY = "2019-07-28", "2024-07-22"


@pytest.fixture(scope="module")
def shipped():
    return read_layers(SHIPPED), pd.read_csv(TRUTH)


@pytest.fixture(scope="module", params=["shipped", "other"])
def town_and_truth(request):
    if request.param == "shipped":
        return request.getfixturevalue("shipped")
    made = request.getfixturevalue("other_sample")
    return made.town, made.green


def _read(town, name):
    with rasterio.open(town.folder / f"{name}.tif") as file:
        return file.read(), file.transform


def _ndvi(town, name):
    numbers, transform = _read(town, name)
    red, nir = numbers[2].astype(float), numbers[3].astype(float)
    return (nir - red) / (nir + red), transform


def _within(shapes, transform, like, buffer_m=-3.0):
    """Pixels whose centres lie well inside shapes."""
    kept = [shape for shape in shapely.buffer(np.asarray(shapes), buffer_m) if not shape.is_empty]
    return geometry_mask(kept, like.shape, transform, invert=True)


def _lost(town):
    before = town["green_before"]
    return before[~before["id"].isin(town["green"]["id"])]


def _planted(town):
    """Give the projects that have ground of their own; the others are places in the ledger."""
    return town["projects"][town["projects"].geom_type == "Polygon"]


def _on_ground(town):
    return _planted(town)[_planted(town)["project_type"] != "roof"]


def test_imagery_has_four_named_bands_of_reflectance(town_and_truth):
    for name in IMAGERY:
        with rasterio.open(town_and_truth[0].folder / f"{name}.tif") as file:
            assert file.descriptions == ("blue", "green", "red", "nir")
            assert set(file.dtypes) == {"uint16"}
            assert file.scales == (0.0001,) * 4
            assert file.nodata == 0
            assert (file.crs.to_epsg(), file.res) == (4549, (4.0, 4.0))
            assert file.profile["tiled"]
            assert file.read().min() > 0


def test_canopy_heights_are_decimetres_on_the_same_corner(town_and_truth):
    with rasterio.open(town_and_truth[0].folder / "imagery_before.tif") as image:
        corner, bounds = (image.transform.c, image.transform.f), image.bounds
    for name in HEIGHTS:
        with rasterio.open(town_and_truth[0].folder / f"{name}.tif") as file:
            assert file.descriptions == ("height",)
            assert (file.scales, file.nodata, file.res) == ((0.1,), 255, (2.0, 2.0))
            assert ((file.transform.c, file.transform.f), file.bounds) == (corner, bounds)
            assert 40 < file.read().max() < 200


def test_rasters_cover_the_town_and_its_blocks_with_a_margin(town_and_truth):
    town = town_and_truth[0]
    with rasterio.open(town.folder / "imagery_after.tif") as file:
        frame = shapely.box(*file.bounds)
    assert frame.covers(town["built_up"].union_all().buffer(56))
    assert frame.covers(town["blocks"].union_all().buffer(56))


def test_town_toml_names_the_rasters_and_their_days(town_and_truth):
    folder = town_and_truth[0].folder
    stated = tomllib.loads((folder / "town.toml").read_text(encoding="utf-8"))["rasters"]
    assert set(stated) == {*IMAGERY, *HEIGHTS}
    assert all((folder / raster["path"]).exists() for raster in stated.values())
    days = [stated[name]["date"].isoformat() for name in IMAGERY]
    assert days == [FIRST_DAY, LAST_DAY]


def test_the_shipped_rasters_are_what_the_script_makes(made_sample, shipped):
    for name in (*IMAGERY, *HEIGHTS):
        ours, fresh = (_read(town, name)[0].astype(int) for town in (shipped[0], made_sample.town))
        assert (ours != fresh).mean() < 1e-4, name


def test_the_true_figures_on_file_are_what_the_script_says(made_sample, shipped):
    pd.testing.assert_frame_equal(shipped[1], made_sample.green.reset_index(drop=True))


def test_no_true_figure_lies_in_the_folder_of_the_town(town_and_truth):
    assert not [path for path in town_and_truth[0].folder.iterdir() if "green" in path.name]


def test_every_block_has_a_project_and_so_has_the_rest_of_the_town(town_and_truth):
    town = town_and_truth[0]
    projects = _planted(town).geometry.to_numpy()
    for block in town["blocks"].geometry:
        assert shapely.covers(block.buffer(0.5), projects).any()
    outside = town["built_up"].union_all().difference(town["blocks"].union_all())
    assert shapely.covers(outside.buffer(0.5), projects).sum() >= 2
    assert 6 <= len(projects) <= 8


def test_projects_were_finished_between_the_two_summers(town_and_truth):
    days = _planted(town_and_truth[0])["completed_on"]
    assert days.between(FIRST_DAY, LAST_DAY).all()


def test_green_before_is_todays_green_less_the_projects_plus_what_was_lost(town_and_truth):
    town = town_and_truth[0]
    added, lost = _on_ground(town).union_all(), _lost(town).union_all()
    expected = town["green"].union_all().difference(added).union(lost)
    assert town["green_before"].union_all().symmetric_difference(expected).area < 1.0
    assert town["green"].union_all().buffer(0.01).covers(added)


def test_green_was_lost_outside_every_project_in_a_block_and_elsewhere(town_and_truth):
    town = town_and_truth[0]
    lost = _lost(town)
    assert lost.distance(_planted(town).union_all()).min() > 20
    assert lost.intersection(town["green"].union_all()).area.max() < 0.1
    in_block = lost.intersection(town["blocks"].union_all()).area / lost.area
    assert len(lost) == 3
    assert (in_block > 0.99).sum() == 1
    assert (in_block < 0.01).sum() == 2


def test_what_a_town_gained_is_what_its_projects_planted(town_and_truth):
    truth = town_and_truth[1].set_index("area_id")
    planted = truth[truth["area_kind"] == "intervention"]
    assert truth.loc["town", "gross_gain_m2"] == planted["gross_gain_m2"].sum()
    assert (planted["gross_loss_m2"] == 0).all()
    assert (planted["gain_m2"] / planted["counted_m2"]).between(0.5, 1.0).all()


def test_what_a_town_lost_is_what_stood_on_the_lost_green(town_and_truth):
    town, truth = town_and_truth
    seen = _lost(town).union_all().difference(town["bridges"].union_all()).area
    lost_m2 = truth.set_index("area_id").loc["town", "gross_loss_m2"]
    assert lost_m2 == pytest.approx(seen, rel=0.02)


def test_true_areas_are_those_of_the_outlines(town_and_truth):
    town, truth = town_and_truth
    counted = truth.set_index("area_id").loc[_planted(town)["id"], "counted_m2"].to_numpy()
    assert counted == pytest.approx(_planted(town).area.to_numpy(), rel=0.02)
    fields = town["parcels"][town["parcels"]["DLBM"].isin(["0101", "0102", "0103"])].union_all()
    land = town["built_up"].union_all().difference(fields.union(town["water"].union_all()))
    assert truth["counted_m2"].iloc[0] == pytest.approx(land.area, rel=1e-3)


def test_gain_is_after_less_before_and_what_was_gained_less_what_was_lost(town_and_truth):
    truth = town_and_truth[1]
    assert (truth["gain_m2"] == truth["vegetated_after_m2"] - truth["vegetated_before_m2"]).all()
    assert (truth["gain_m2"] == truth["gross_gain_m2"] - truth["gross_loss_m2"]).all()
    assert (truth["clear_gain_m2"] <= truth["gross_gain_m2"]).all()


def test_projects_turn_green_in_the_imagery_and_lost_ground_turns_bare(town_and_truth):
    town = town_and_truth[0]
    (before, transform), (after, _) = (_ndvi(town, name) for name in IMAGERY)
    clouds = _within(town["clouds_after"].geometry, transform, before, 6.0)
    planted = _within(_on_ground(town).geometry, transform, before) & ~clouds
    lost = _lost(town).difference(town["bridges"].union_all().buffer(6))
    bared = _within(lost, transform, before) & ~clouds
    assert np.median(before[planted]) < 0.1
    assert np.median(after[planted]) > 0.7
    assert np.median(before[bared]) > 0.7
    assert np.median(after[bared]) < 0.1


def test_all_other_ground_looks_the_same_in_both_summers(town_and_truth):
    town = town_and_truth[0]
    (before, transform), (after, _) = (_ndvi(town, name) for name in IMAGERY)
    fields = town["parcels"][town["parcels"]["DLBM"].isin(["0101", "0102", "0103"])]
    moved = [*fields.geometry, *town["water"].geometry, *town["clouds_after"].geometry]
    moved += [*_planted(town).geometry, *_lost(town).geometry]
    same = _within(town["built_up"].geometry, transform, before) & ~_within(moved, transform, before, 6.0)
    change = (after - before)[same]
    assert same.sum() > 100_000
    assert abs(np.median(change)) < 0.01
    assert (np.abs(change) > 0.1).mean() < 0.001


def test_crops_and_water_plants_would_pass_for_gain(town_and_truth):
    town = town_and_truth[0]
    (before, transform), (after, _) = (_ndvi(town, name) for name in IMAGERY)
    fields = town["parcels"][town["parcels"]["DLBM"].isin(["0101", "0102", "0103"])]
    for shapes in (fields.geometry, town["water"].geometry):
        assert (after - before)[_within(shapes, transform, before)].mean() > 0.05


def test_clouds_are_bright_their_shadows_dark_and_one_hides_part_of_a_project(town_and_truth):
    town = town_and_truth[0]
    (before, transform), (after, _) = (_read(town, name) for name in IMAGERY)
    clouds = town["clouds_after"]
    core = {
        name: _within(clouds[clouds["name"] == name].geometry, transform, before[0], -30.0)
        for name in ("云", "云影")
    }
    assert after[0][core["云"]].min() > 5_000
    shaded = core["云影"] & ~core["云"]
    assert np.median(after[3][shaded] / before[3][shaded]) < 0.6
    hidden = _planted(town).intersection(clouds.union_all()).area / _planted(town).area
    assert hidden.between(0.1, 0.9).sum() == 1
    assert (hidden < 0.01).sum() == len(hidden) - 1


def test_canopy_seen_is_the_true_canopy(town_and_truth):
    town, truth = town_and_truth
    for when, name in zip(("before", "after"), HEIGHTS, strict=True):
        numbers, transform = _read(town, name)
        height_m = numbers[0] / 10
        inside = _within(town["built_up"].geometry, transform, height_m, 0.0)
        inside &= ~_within(town["water"].geometry, transform, height_m, 0.0)
        tall = inside & (height_m > 2)
        assert tall.sum() * 4 == pytest.approx(truth[f"canopy_{when}_m2"].iloc[0], rel=0.05)
        assert height_m[tall].sum() * 4 == pytest.approx(truth[f"canopy_{when}_m3"].iloc[0], rel=0.05)


def test_a_pixel_half_lawn_and_half_asphalt_reflects_the_mean_of_both(sample_scene):
    code, bands = maker().scene.CODE, maker().imagery.BANDS
    cover = np.full(sample_scene.grid.shape, code["asphalt"], dtype=np.uint8)
    cover[:, (np.arange(cover.shape[1]) % 4) < 2] = code["lawn"]
    summer = replace(sample_scene.before, cover=cover)
    even = np.full_like(sample_scene.tone, 100)
    clear = tuple(np.zeros_like(sample_scene.is_masked) for _ in range(2))
    halves = replace(sample_scene, before=summer, after=summer, tone=even, clouds=clear)
    numbers = maker().imagery.draw(halves, 1).imagery_before.astype(float)
    lawn, asphalt = (bands[code[name]] for name in ("lawn", "asphalt"))
    expected = (lawn[3] + asphalt[3]) / (lawn[2] + asphalt[2])
    assert (numbers[3] / numbers[2]).mean() == pytest.approx(expected, rel=0.02)


def test_pictures_of_one_seed_are_equal_and_of_another_differ(sample_scene):
    one, same, other = (maker().imagery.draw(sample_scene, seed) for seed in (3, 3, 4))
    assert (one.imagery_after == same.imagery_after).all()
    assert (one.imagery_after != other.imagery_after).mean() > 0.5
    pd.testing.assert_frame_equal(one.truth, other.truth)


def test_the_shipped_pictures_are_those_of_the_towns_own_seed(sample_scene, shipped):
    drawn = maker().imagery.draw(sample_scene, maker().SEED)
    assert (drawn.imagery_after != _read(shipped[0], "imagery_after")[0]).mean() < 1e-4
    pd.testing.assert_frame_equal(drawn.truth, shipped[1])


def test_a_town_where_nothing_was_carried_out_gained_and_lost_nothing(sample_scene):
    truth = maker().imagery.draw(sample_scene, 1, carried_out=()).truth
    assert (truth[["gross_gain_m2", "gross_loss_m2"]] == 0).all(axis=None)


def test_one_project_alone_gains_what_it_gains_among_all(sample_scene, shipped):
    alone = maker().imagery.draw(sample_scene, 1, carried_out=("N004",)).truth.set_index("area_id")
    gain_m2 = shipped[1].set_index("area_id").loc["N004", "gain_m2"]
    assert alone.loc["N004", "gain_m2"] == gain_m2
    assert alone.loc["town", "gain_m2"] == gain_m2
    assert alone.loc["N003", "gain_m2"] == 0
