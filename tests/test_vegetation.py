"""NDVI and vegetation cover of two dates: figures worked out on paper, and laws of gains."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from raster_towns import (
    LEFT,
    PLAIN,
    TOP,
    WHOLE,
    areas,
    imagery,
    raster,
    row_of,
    standard_with,
    town_with,
)
from scipy.ndimage import gaussian_filter
from shapely import box
from space_towns import box as ground
from space_towns import layer

from fengmao_geo.errors import UsageError
from fengmao_geo.geo import raster_grid
from fengmao_geo.geo.raster_file import QualityRule, RasterBand, RasterFile
from fengmao_geo.green.unchanged import Line, line_between, noise_of
from fengmao_geo.green.vegetation import image_gains
from fengmao_geo.town.town import Town, TownSettings

MARBURG = Path(__file__).resolve().parents[2] / "shared" / "data" / "landsat_marburg"
LATER = "2024-07-24"
INDICATORS = [
    "measured_ndvi",
    "mean_ndvi",
    "veg_cover_share",
    "vegetated_m2",
    "gross_gain_m2",
    "gross_loss_m2",
]


def codes(found):
    return set(found.findings["code"])


def seen(folder, before, after, *shapes, standard=PLAIN, layers=None, settings=None, **profile):
    """Look at two NDVI images of the hectare, 10 by 10 pixels unless the profile says otherwise."""
    town = town_with(
        settings,
        layers,
        imagery_before=imagery(folder, before, **profile),
        imagery_after=imagery(folder, after, date=LATER, **profile),
    )
    return image_gains(town, areas(*(shapes or (WHOLE,))), standard=standard)


def mixed(seed=0):
    """Draw NDVI of a hectare."""
    return np.random.default_rng(seed).random((10, 10)) * 0.8 + 0.1


def planted(values, rows, cols, to):
    changed = np.array(values)
    changed[rows, cols] = to
    return changed


# Figures on paper


def test_nine_pixels_give_the_cover_worked_out_on_paper(tmp_path):
    # Sums of NDVI: 4.5 before; one pixel goes from 0.1 to 0.9.
    before = np.arange(1, 10).reshape(3, 3) / 10
    after = planted(before, 0, 0, 0.9)
    found = seen(tmp_path, before, after, box(0, 70, 30, 100))
    row = row_of(found, "veg_cover_share")
    assert row["before"] == pytest.approx(0.5, abs=1e-6)
    assert row["gain"] == pytest.approx(0.8 / 9, abs=1e-6)
    assert row_of(found, "vegetated_m2")["after"] == pytest.approx(530, abs=1e-3)


def test_soil_and_plants_are_percentiles_of_the_earlier_image(tmp_path):
    # NDVI 0.00 to 0.99 in steps of a hundredth: the 5th percentile is 0.0495, the 95th 0.9405.
    before = np.arange(100).reshape(10, 10) / 100
    found = seen(tmp_path, before, before, box(0, 80, 10, 90), standard=standard_with())
    assert row_of(found, "mean_ndvi")["before"] == pytest.approx(0.10, abs=1e-6)
    cover = (0.10 - 0.0495) / (0.9405 - 0.0495)
    assert row_of(found, "veg_cover_share")["before"] == pytest.approx(cover, abs=1e-6)


def test_a_half_covered_pixel_counts_half(tmp_path):
    before = np.full((10, 10), 0.2)
    after = planted(before, 0, 0, 0.6)
    found = seen(tmp_path, before, after, box(0, 90, 5, 100), box(5, 90, 15, 100))
    assert row_of(found, "vegetated_m2")["gain"] == pytest.approx(50 * 0.4, abs=1e-4)
    assert row_of(found, "vegetated_m2", "a1")["gain"] == pytest.approx(50 * 0.4, abs=1e-4)
    assert row_of(found, "veg_cover_share", "a1")["gain"] == pytest.approx(0.2, abs=1e-6)


def test_what_a_pixel_astride_an_outline_gained_may_lie_on_either_side(tmp_path):
    # The pixel gained 40 m²: 20 by its half, and all or nothing of it may lie within.
    before = np.full((10, 10), 0.2)
    row = row_of(seen(tmp_path, before, planted(before, 0, 0, 0.6), box(0, 90, 5, 100)), "vegetated_m2")
    assert (row["low"], row["gain"], row["high"]) == pytest.approx((0, 20, 40), abs=1e-3)


def test_what_a_pixel_astride_an_outline_lost_may_lie_on_either_side(tmp_path):
    # A quarter of the pixel lies within: 10 of 40 m² lost, or none, or all.
    before = np.full((10, 10), 0.6)
    row = row_of(seen(tmp_path, before, planted(before, 0, 0, 0.2), box(0, 90, 2.5, 100)), "vegetated_m2")
    assert (row["low"], row["gain"], row["high"]) == pytest.approx((-40, -10, 0), abs=1e-3)


def test_the_interval_holds_what_other_percentiles_would_give(tmp_path):
    # The 5th to the 95th percentile span 0.891, the 10th to the 90th 0.792: gains larger by an eighth.
    before = np.arange(100).reshape(10, 10) / 100
    after = planted(before, 3, 0, 0.6)
    row = row_of(seen(tmp_path, before, after, box(0, 60, 10, 70), standard=standard_with()), "vegetated_m2")
    gain_m2 = 100 * 0.3 / 0.891
    assert row["gain"] == pytest.approx(gain_m2, abs=1e-3)
    assert row["high"] - row["gain"] == pytest.approx(gain_m2 / 8, abs=1e-2)
    assert row["gain"] - row["low"] == pytest.approx(gain_m2 / 8, abs=1e-2)


def test_a_space_smaller_than_a_pixel_has_the_pixels_value(tmp_path):
    before = np.full((10, 10), 0.2)
    found = seen(tmp_path, before, planted(before, 5, 5, 0.7), box(52, 42, 58, 48))
    assert row_of(found, "veg_cover_share")["gain"] == pytest.approx(0.5, abs=1e-6)
    assert row_of(found, "vegetated_m2")["gain"] == pytest.approx(36 * 0.5, abs=1e-4)


def test_gains_and_losses_are_told_apart(tmp_path):
    before = np.full((10, 10), 0.4)
    after = planted(planted(before, 0, slice(0, 3), 0.9), 9, slice(0, 2), 0.1)
    found = seen(tmp_path, before, after)
    gross = [row_of(found, f"gross_{what}_m2") for what in ("gain", "loss")]
    assert [row["gain"] for row in gross] == pytest.approx([3 * 50, -2 * 30], abs=1e-3)
    assert row_of(found, "vegetated_m2")["gain"] == pytest.approx(90, abs=1e-3)
    assert pd.isna(gross[0]["before"])


def test_classes_before_and_after_share_out_the_area(tmp_path):
    before = np.full((10, 10), 0.1)
    after = planted(planted(before, 0, slice(0, 3), 0.9), 9, slice(0, 2), 0.4)
    table = seen(tmp_path, before, after).transitions
    pairs = table.set_index(["before_class", "after_class"])["area_m2"]
    assert pairs.to_dict() == pytest.approx(
        {("bare", "bare"): 9500, ("bare", "dense"): 300, ("bare", "sparse"): 200}, abs=1e-6
    )


def test_every_area_has_every_indicator_once_in_order(tmp_path):
    found = seen(tmp_path, mixed(), mixed(), WHOLE, box(0, 0, 50, 50))
    assert found.gains["area_id"].tolist() == ["a0"] * 6 + ["a1"] * 6
    assert found.gains["indicator"].tolist() == INDICATORS * 2
    assert set(found.gains["basis"]) == {"image"}


def test_rows_print_what_the_boundary_is(tmp_path):
    settings = TownSettings(boundary_basis="surveyed", boundary_year=2023)
    assert set(seen(tmp_path, mixed(), mixed(), settings=settings).gains["boundary"]) == {"surveyed 2023"}


# Laws


def test_identical_images_give_no_gain_and_an_interval_around_it(tmp_path):
    found = seen(tmp_path, mixed(), mixed(), standard=standard_with())
    for indicator in INDICATORS[1:]:
        row = row_of(found, indicator)
        assert row["gain"] == 0
        assert row["low"] <= 0 <= row["high"]
    assert "image_normalised_robust" not in codes(found)


def test_the_gain_of_swapped_images_is_the_negative(tmp_path):
    before = mixed(1)
    after = planted(mixed(1) * 0.9 + 0.02 + 0.01 * mixed(2), slice(2, 4), slice(1, 6), 0.9)
    one, other = imagery(tmp_path, before), imagery(tmp_path, after, date=LATER)
    ground = areas(WHOLE, box(12, 55, 47, 83))
    there = image_gains(town_with(imagery_before=one, imagery_after=other), ground).gains
    back = image_gains(town_with(imagery_before=other, imagery_after=one), ground).gains
    gross = there["indicator"].str.startswith("gross")
    np.testing.assert_array_equal(there["gain"][~gross], -back["gain"][~gross])
    np.testing.assert_array_equal(there["low"][~gross], -back["high"][~gross])
    gain, loss = (there[there["indicator"] == name]["gain"] for name in ("gross_gain_m2", "gross_loss_m2"))
    np.testing.assert_array_equal(gain, -back[back["indicator"] == "gross_loss_m2"]["gain"])
    np.testing.assert_array_equal(loss, -back[back["indicator"] == "gross_gain_m2"]["gain"])
    assert (gain > 0).all()


def test_the_gains_of_the_parts_of_a_whole_add_up_to_it(tmp_path):
    cuts = [[(-5, 31.7), (105, 44.9)], [(27.3, -5), (61.1, 105)], [(-5, 90), (105, 3)]]
    lines = [*map(shapely.LineString, cuts), WHOLE.exterior]
    parts = shapely.get_parts(shapely.polygonize([*shapely.get_parts(shapely.union_all(lines))]))
    parts = [part for part in parts if WHOLE.contains(part.point_on_surface())]
    assert len(parts) >= 6
    after = planted(mixed(1) + 0.01 * mixed(2), slice(2, 7), slice(1, 6), 0.9)
    found = seen(tmp_path, mixed(1), after, WHOLE, *parts).gains
    for indicator in ("vegetated_m2", "gross_gain_m2", "gross_loss_m2"):
        gain = found[found["indicator"] == indicator]["gain"].to_numpy()
        assert gain[1:].sum() == pytest.approx(gain[0], rel=1e-9)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.07), (1.0, -0.05), (0.8, 0.0), (1.2, -0.1)])
def test_a_shifted_or_stretched_histogram_alone_gives_no_gain(tmp_path, slope, shift):
    found = seen(
        tmp_path, mixed(), mixed() * slope + shift, WHOLE, box(3, 3, 47, 22), standard=standard_with()
    )
    assert "image_normalised_robust" in codes(found)
    rows = found.gains[found.gains["indicator"].isin(INDICATORS[1:])]
    np.testing.assert_allclose(rows["gain"], 0, atol=1e-2)
    assert (rows["low"].le(1e-9) & rows["high"].ge(-1e-9)).all()


def test_areas_in_another_order_have_the_same_gains(tmp_path):
    shapes = [box(at, at, at + 30, at + 25) for at in range(0, 70, 9)]
    before, after = mixed(1), planted(mixed(1) + 0.01 * mixed(2), slice(2, 7), slice(1, 6), 0.9)
    town = town_with(
        imagery_before=imagery(tmp_path, before), imagery_after=imagery(tmp_path, after, date=LATER)
    )
    drawn = areas(*shapes)
    one = image_gains(town, drawn)
    other = image_gains(town, drawn.iloc[::-1])
    keys = ["area_id", "indicator"]
    pd.testing.assert_frame_equal(
        one.gains.sort_values(keys, ignore_index=True), other.gains.sort_values(keys, ignore_index=True)
    )


def test_the_size_of_windows_does_not_matter(tmp_path, monkeypatch):
    before = np.random.default_rng(4).random((80, 90))
    after = planted(before, slice(20, 60), slice(11, 50), 0.9)
    options = {"size": 1.0, "tiled": True, "blockxsize": 16, "blockysize": 16}
    town = town_with(
        imagery_before=imagery(tmp_path, before, **options),
        imagery_after=imagery(tmp_path, after, date=LATER, **options),
    )
    whole = image_gains(town, areas(WHOLE, box(3.3, 41, 44, 77)))
    monkeypatch.setattr(raster_grid, "_WINDOW_PIXELS", 1024)
    cut = image_gains(town, areas(WHOLE, box(3.3, 41, 44, 77)))
    pd.testing.assert_frame_equal(
        whole.gains.drop(columns=["low", "high"]), cut.gains.drop(columns=["low", "high"])
    )
    np.testing.assert_allclose(whole.picture.gain, cut.picture.gain, atol=1e-6)


def test_what_was_found_is_counted_where_it_is_shown(tmp_path):
    found = seen(tmp_path, mixed(), mixed(), standard=standard_with())
    assert repr(found) == "<ImageGains: 1 areas, 5 gains known, 1 findings>"
    assert repr(found.picture) == "<GreenPicture: 10 by 10, 2021-07-20 to 2024-07-24>"


def test_neither_the_town_nor_the_areas_are_changed(tmp_path):
    town = town_with(imagery_before=imagery(tmp_path, mixed()), imagery_after=imagery(tmp_path, mixed(1)))
    drawn = areas(WHOLE)
    mark, copy = town.fingerprint(), drawn.copy()
    image_gains(town, drawn)
    assert town.fingerprint() == mark
    pd.testing.assert_frame_equal(drawn, copy)


# Numbers, resolution, place


@pytest.mark.parametrize(
    ("kind", "scale", "offset"), [("uint8", 0.004, 0.0), ("uint16", 2e-5, -0.1), ("int16", 1e-4, 0.0)]
)
def test_integers_with_scale_and_offset_give_what_fractions_give(tmp_path, kind, scale, offset):
    values = np.array([0.1, 0.2, 0.3, 0.7])
    red, nir = (
        np.round((part.reshape(2, 2) - offset) / scale).astype(kind) for part in (values, values[::-1])
    )
    stated = {"scale": scale, "offset": offset}
    file = raster(tmp_path, {"red": red, "nir": nir}, date="2021-07-20", stated=stated)
    found = image_gains(town_with(imagery_before=file), areas(box(0, 80, 20, 100)), standard=PLAIN)
    expected = np.mean((values[::-1] - values) / (values[::-1] + values))
    assert row_of(found, "measured_ndvi")["before"] == pytest.approx(expected, abs=0.01)


def test_unsigned_numbers_do_not_wrap_where_red_is_brighter(tmp_path):
    bands = {"red": np.full((2, 2), 200, dtype="uint8"), "nir": np.full((2, 2), 100, dtype="uint8")}
    found = image_gains(town_with(imagery_before=raster(tmp_path, bands)), areas(box(0, 80, 20, 100)))
    assert row_of(found, "measured_ndvi")["before"] == pytest.approx(-1 / 3, abs=1e-6)


@pytest.mark.parametrize(
    "pair", [(0.0, 0.0), (-9999.0, -9999.0), (-9999.0, 0.3), (0.3, -9999.0), (np.nan, 0.3)]
)
def test_what_can_be_no_reflectance_is_no_data(tmp_path, pair):
    red, nir = (np.full((10, 10), value) for value in (0.1, 0.3))
    red[0, 0], nir[0, 0] = pair
    found = image_gains(town_with(imagery_before=raster(tmp_path, {"red": red, "nir": nir})), areas(WHOLE))
    assert found.cover["nodata_share"][0] == pytest.approx(0.01)
    assert row_of(found, "measured_ndvi")["before"] == pytest.approx(0.5, abs=1e-6)


def test_finer_pixels_of_the_same_ground_give_the_same_gain(tmp_path):
    before, after = mixed(), planted(mixed(), slice(2, 5), slice(3, 7), 0.9)
    fine = np.kron(after, np.ones((2, 2)))
    coarse = imagery(tmp_path, before)
    found = [
        image_gains(
            town_with(imagery_before=coarse, imagery_after=one),
            areas(WHOLE, box(13, 44, 61, 85)),
            standard=PLAIN,
        )
        for one in (imagery(tmp_path, after, date=LATER), imagery(tmp_path, fine, date=LATER, size=5.0))
    ]
    np.testing.assert_allclose(found[0].gains["gain"], found[1].gains["gain"], atol=1e-2)


def test_a_shift_by_part_of_a_pixel_is_no_gain(tmp_path):
    slopes = np.linspace(0.1, 0.9, 41)
    before = np.tile(slopes[0:40:4] + 0.03, (10, 1))
    after = np.tile(slopes[1:41:4] + 0.03, (10, 1))
    town = town_with(
        imagery_before=imagery(tmp_path, before),
        imagery_after=imagery(tmp_path, after, left=LEFT + 2.5, date=LATER),
    )
    found = image_gains(town, areas(box(20, 0, 90, 100)), standard=PLAIN)
    assert abs(row_of(found, "veg_cover_share")["gain"]) < 1e-6
    assert found.cover["valid_share"][0] == pytest.approx(1)


def test_an_image_in_another_coordinate_system_is_read_where_it_lies(tmp_path):
    x, y = Transformer.from_crs(4549, 32651, always_xy=True).transform(LEFT + 50, TOP - 50)
    ndvi = np.where(np.arange(200)[None, :] < 100, 0.2, 0.8) * np.ones((200, 1))
    file = imagery(tmp_path, ndvi, crs="EPSG:32651", size=1.0, left=x - 100, top=y + 100)
    found = image_gains(town_with(imagery_before=file), areas(box(10, 40, 30, 60), box(70, 40, 90, 60)))
    assert row_of(found, "measured_ndvi")["before"] == pytest.approx(0.2, abs=1e-6)
    assert row_of(found, "measured_ndvi", "a1")["before"] == pytest.approx(0.8, abs=1e-6)
    assert found.cover["area_m2"].tolist() == pytest.approx([400, 400])
    assert found.picture.crs.to_epsg() == 32651


def test_images_of_two_coordinate_systems_come_to_one_grid(tmp_path):
    x, y = Transformer.from_crs(4549, 32651, always_xy=True).transform(LEFT + 50, TOP - 50)
    other = imagery(tmp_path, np.full((400, 400), 0.6), crs="EPSG:32651", size=1.0, left=x - 200, top=y + 200)
    town = town_with(imagery_before=imagery(tmp_path, np.full((10, 10), 0.6)), imagery_after=other)
    found = image_gains(town, areas(WHOLE), standard=PLAIN)
    assert row_of(found, "mean_ndvi")["gain"] == pytest.approx(0, abs=1e-6)
    assert found.cover["valid_share"][0] == pytest.approx(1)


# What does not count


def test_areas_in_another_coordinate_system_are_moved_and_those_without_one_refused(tmp_path):
    town = town_with(imagery_before=imagery(tmp_path, mixed()))
    drawn = areas(box(20, 20, 60, 70))
    here = row_of(image_gains(town, drawn), "vegetated_m2")["before"]
    there = row_of(image_gains(town, drawn.to_crs(32651)), "vegetated_m2")["before"]
    assert there == pytest.approx(here, rel=1e-6)
    with pytest.raises(UsageError, match="4549"):
        image_gains(town, drawn.set_crs(None, allow_override=True))


def test_ground_beyond_the_images_is_outside_and_unknown(tmp_path):
    found = seen(tmp_path, mixed(), mixed(), box(300, 0, 340, 40), box(90, 0, 110, 10))
    assert found.cover["outside_share"].tolist() == pytest.approx([1, 0.5])
    assert pd.isna(row_of(found, "veg_cover_share")["before"])
    assert pd.isna(row_of(found, "vegetated_m2")["gain"])
    assert row_of(found, "veg_cover_share", "a1")["before"] > 0
    assert "image_lost" in codes(found)


def test_images_that_lie_apart_leave_all_unknown(tmp_path):
    one, other = imagery(tmp_path, mixed()), imagery(tmp_path, mixed(), left=LEFT + 5000, date=LATER)
    found = image_gains(town_with(imagery_before=one, imagery_after=other), areas(WHOLE))
    assert "images_apart" in codes(found)
    assert found.gains["gain"].isna().all()


def test_clouds_of_either_date_are_left_out_and_reported(tmp_path):
    before = np.full((10, 10), 0.2)
    after = planted(before, 0, slice(0, 4), 0.9)
    layers = {"clouds_before": layer(ground(0, 90, 10, 100)), "clouds_after": layer(ground(10, 95, 20, 100))}
    found = seen(tmp_path, before, after, layers=layers)
    assert found.cover["cloud_share"][0] == pytest.approx(0.02)
    assert row_of(found, "vegetated_m2")["gain"] == pytest.approx(2 * 70, abs=1e-3)


def test_shadows_of_the_quality_band_are_left_out_and_reported(tmp_path):
    bits = np.zeros((10, 10), dtype="uint8")
    bits[0, :3] = 8
    quality = raster(tmp_path, {"q": bits}).bands["q"]
    town = town_with(
        imagery_before=imagery(tmp_path, mixed()),
        imagery_after=imagery(
            tmp_path, mixed(), date=LATER, quality=quality, rules=[QualityRule("shadow", 8, 8)]
        ),
    )
    assert image_gains(town, areas(WHOLE)).cover["shadow_share"][0] == pytest.approx(0.03)


def test_shares_of_an_area_add_up_to_one(tmp_path):
    values = mixed()
    values[4, 4] = np.nan
    layers = {"clouds_before": layer(ground(0, 90, 10, 100)), "water": layer(ground(50, 0, 60, 100))}
    cover = seen(tmp_path, values, mixed(), box(-20, -20, 77, 101), layers=layers).cover
    shares = cover.filter(like="_share")
    assert shares.sum(axis=1).tolist() == pytest.approx([1])
    assert (shares > 0).sum(axis=1).tolist() == [5]


def test_permanent_basic_farmland_enters_no_gain(tmp_path):
    before = np.full((10, 10), 0.2)
    after = planted(before, slice(0, 2), slice(0, 10), 0.9)
    layers = {"farmland_protected": layer(ground(0, 84, 100, 100))}
    found = seen(tmp_path, before, after, WHOLE, box(0, 84, 100, 100), layers=layers)
    assert row_of(found, "vegetated_m2")["gain"] == pytest.approx(0, abs=1e-3)
    assert found.cover["masked_share"].tolist() == pytest.approx([0.2, 1])
    assert pd.isna(row_of(found, "vegetated_m2", "a1")["gain"])


def test_parcels_of_cropland_are_masked_by_their_scheme(tmp_path):
    parcels = layer(ground(0, 0, 50, 100), ground(50, 0, 100, 100), land_code=["0101", "0601"])
    settings = TownSettings(codes={"parcels": "sandiao"})
    found = seen(tmp_path, mixed(), mixed(), layers={"parcels": parcels}, settings=settings)
    assert found.cover["masked_share"][0] == pytest.approx(0.5)
    assert "crops_unmasked" not in codes(found)


def test_without_codes_it_is_said_that_crops_are_not_masked(tmp_path):
    assert "crops_unmasked" in codes(seen(tmp_path, mixed(), mixed()))


@pytest.mark.parametrize(("width_m", "share"), [(5, 0.1), (4, 0.0)])
def test_a_pixel_is_water_if_half_of_it_is(tmp_path, width_m, share):
    layers = {"water": layer(ground(40, 0, 40 + width_m, 100))}
    assert seen(tmp_path, mixed(), mixed(), layers=layers).cover["masked_share"][0] == pytest.approx(share)


# One date, dates, sensors


@pytest.mark.parametrize(("there", "absent"), [("before", "after"), ("after", "before")])
def test_one_date_alone_has_values_and_no_gain(tmp_path, there, absent):
    town = town_with(**{f"imagery_{there}": imagery(tmp_path, np.full((10, 10), 0.5))})
    found = image_gains(town, areas(WHOLE), standard=PLAIN)
    row = row_of(found, "vegetated_m2")
    assert row[there] == pytest.approx(5000, abs=1e-2)
    assert row[[absent, "gain", "low", "high"]].isna().all()
    assert found.findings.loc[found.findings["code"] == "image_absent", "layer"].tolist() == [
        f"imagery_{absent}"
    ]
    assert np.isnan(getattr(found.picture, absent)).all()
    assert not len(found.transitions)


def test_without_images_all_is_unknown():
    found = image_gains(town_with(), areas(WHOLE))
    assert found.gains["indicator"].tolist() == INDICATORS
    assert found.gains[["before", "after", "gain", "low", "high"]].isna().all(axis=None)
    assert found.picture is None
    assert not len(found.cover)


def test_an_image_without_near_infrared_counts_as_absent(tmp_path):
    file = raster(tmp_path, {"red": np.ones((10, 10)), "green": np.ones((10, 10))})
    found = image_gains(town_with(imagery_before=file), areas(WHOLE))
    assert {"image_band_absent", "image_absent"} <= codes(found)


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        (("2021-07-20", "2024-08-20"), None),
        (("2021-07-20", "2024-01-10"), "image_season"),
        (("2021-12-28", "2024-01-05"), None),
        (("2021-07-20", ""), "image_date_absent"),
        (("2021-07-20", "20/7/2024"), "image_date_absent"),
    ],
)
def test_seasons_far_apart_and_missing_dates_are_warned_of(tmp_path, dates, code):
    files = [imagery(tmp_path, mixed(), date=date) for date in dates]
    found = image_gains(town_with(imagery_before=files[0], imagery_after=files[1]), areas(WHOLE))
    assert codes(found) & {"image_season", "image_date_absent"} == ({code} if code else set())


def test_two_sensors_are_warned_of(tmp_path):
    files = [imagery(tmp_path, mixed(), sensor=sensor) for sensor in ("A", "B")]
    town = town_with(imagery_before=files[0], imagery_after=files[1])
    assert "image_sensors" in codes(image_gains(town, areas(WHOLE)))


# Unchanged ground and noise


def test_unchanged_ground_of_the_user_tells_a_greener_town_from_a_shifted_image(tmp_path):
    # All became greener by 0.1 but a strip that the user knows did not change.
    before = mixed()
    after = before + 0.1
    after[:, :2] = before[:, :2]
    unchanged = {"unchanged_ground": layer(ground(0, 0, 20, 100))}
    robust = seen(tmp_path, before, after)
    known = seen(tmp_path, before, after, layers=unchanged)
    assert row_of(robust, "veg_cover_share")["gain"] == pytest.approx(-0.02, abs=1e-3)
    assert row_of(known, "veg_cover_share")["gain"] == pytest.approx(0.08, abs=1e-3)


def test_the_line_of_unchanged_ground_is_told(tmp_path):
    unchanged = {"unchanged_ground": layer(ground(0, 0, 20, 100))}
    assert "image_normalised_layer" in codes(seen(tmp_path, mixed(), mixed() + 0.1, layers=unchanged))


def test_too_little_unchanged_ground_is_not_used(tmp_path):
    layers = {"unchanged_ground": layer(ground(0, 0, 10, 40))}
    found = seen(tmp_path, mixed(), mixed() + 0.1, layers=layers)
    assert {"unchanged_ground_small", "image_normalised_robust"} <= codes(found)


def test_too_few_pixels_give_gains_without_an_interval(tmp_path):
    found = seen(
        tmp_path, mixed(), planted(mixed(), 0, 0, 0.9), standard=standard_with(unchanged_min_count=101)
    )
    row = row_of(found, "mean_ndvi")
    assert row["gain"] > 0
    assert pd.isna(row["low"])
    assert "image_noise_unknown" in codes(found)


def test_an_image_of_one_colour_takes_fixed_soil_and_plants(tmp_path):
    found = seen(tmp_path, np.full((10, 10), 0.455), np.full((10, 10), 0.455), standard=standard_with())
    assert "image_flat" in codes(found)
    assert row_of(found, "veg_cover_share")["before"] == pytest.approx(0.5, abs=1e-6)


def noisy_pair(seed, *, side=100, correlated=0.0):
    """Draw a town of plants and bare ground twice, a park planted and a grove felled in between."""
    rng = np.random.default_rng(seed)
    patches = gaussian_filter(rng.normal(size=(side, side)), 3)
    true = np.clip(0.4 + 0.3 * patches / patches.std(), 0.1, 0.7)
    later = true.copy()
    later[10:30, 15:40], later[60:80, 50:70] = 0.7, 0.1

    def taken(values):
        haze = gaussian_filter(rng.normal(size=values.shape), 3)
        return values + 0.02 * rng.normal(size=values.shape) + correlated * haze / haze.std()

    return true, later, taken(true), taken(later) * 0.9 + 0.03


PLACES = {
    "park": (10, 30, 15, 40),
    "grove": (60, 80, 50, 70),
    "street": (35, 55, 5, 45),
    "all": (0, 100, 0, 100),
}


def place_of(name):
    top, bottom, left, right = PLACES[name]
    return box(left, 100 - bottom, right, 100 - top)


@pytest.mark.parametrize("correlated", [0.0, 0.01])
def test_the_true_gain_lies_in_the_interval_for_nine_of_ten_seeds(tmp_path, correlated):
    held = []
    for seed in range(10):
        true, later, before, after = noisy_pair(seed, correlated=correlated)
        found = seen(tmp_path, before, after, *map(place_of, PLACES), standard=standard_with(), size=1.0)
        soil, plant = np.percentile(before, [5, 95])
        change = np.clip((later - soil) / (plant - soil), 0, 1) - np.clip(
            (true - soil) / (plant - soil), 0, 1
        )
        for at, (top, bottom, left, right) in enumerate(PLACES.values()):
            row = row_of(found, "vegetated_m2", f"a{at}")
            held.append(row["low"] <= change[top:bottom, left:right].sum() <= row["high"])
    each = np.array(held).reshape(10, -1).sum(axis=0)
    assert (each >= 9).all(), each


def test_a_planted_park_is_seen_beyond_its_interval(tmp_path):
    _, _, before, after = noisy_pair(1)
    found = seen(
        tmp_path, before, after, place_of("park"), place_of("grove"), standard=standard_with(), size=1.0
    )
    assert row_of(found, "vegetated_m2")["low"] > 0
    assert row_of(found, "vegetated_m2", "a1")["high"] < 0


def test_pixels_that_err_together_make_a_wider_interval():
    rng = np.random.default_rng(5)
    alone = rng.normal(size=(200, 200))
    together = gaussian_filter(rng.normal(size=(200, 200)), 4)
    wide = [noise_of([values / values.std()]).spread(np.array([10_000.0]))[0] for values in (alone, together)]
    assert wide[0] < 0.03
    assert wide[1] > 3 * wide[0]


def test_independent_noise_falls_with_the_root_of_the_number_of_pixels():
    noise = noise_of([np.random.default_rng(6).normal(size=(400, 400))])
    assert noise.pixel_spread == pytest.approx(1, rel=0.02)
    assert noise.spread(np.array([256.0]))[0] == pytest.approx(1 / 16, rel=0.15)
    assert noise.decay > 0.8


def test_what_all_unchanged_ground_shows_does_not_fall_with_its_size():
    noise = noise_of([np.full((100, 100), 0.1)])
    assert noise.spread(np.array([1.0, 1e6])).tolist() == pytest.approx([0.1 * math.sqrt(2)] * 2)


def test_too_few_blocks_tell_no_noise():
    assert noise_of([np.zeros((3, 3))]) is None


def test_the_line_is_that_of_most_pixels():
    rng = np.random.default_rng(7)
    seen_first = rng.random(1000)
    later = (seen_first - 0.2) / 1.25
    later[:300] = 0.9
    line, is_on = line_between(seen_first, later, least_r2_share=0.5)
    assert line == Line(1.25, 0.2)
    assert is_on[300:].all()
    assert is_on[:300].mean() < 0.01


def test_ground_of_one_colour_tells_a_shift_and_no_slope():
    rng = np.random.default_rng(8)
    first, later = (0.2 + 0.01 * rng.normal(size=500) for _ in range(2))
    line, _ = line_between(first, later + 0.1, least_r2_share=0.5)
    assert line.slope == 1
    assert line.shift == pytest.approx(-0.1, abs=0.002)


# The picture


def test_the_picture_shows_cover_and_gain_and_cannot_be_written_into(tmp_path):
    before = np.full((10, 10), 0.2)
    found = seen(
        tmp_path, before, planted(before, 0, 3, 0.7), layers={"clouds_after": layer(ground(0, 0, 10, 10))}
    )
    picture = found.picture
    assert picture.gain.dtype == np.float32
    assert picture.gain.shape == (10, 10)
    assert picture.gain[0, 3] == pytest.approx(0.5, abs=1e-6)
    assert np.argwhere(np.isnan(picture.gain)).tolist() == [[9, 0]]
    assert picture.bounds == (LEFT, TOP - 100, LEFT + 100, TOP)
    assert (picture.before_date, picture.after_date) == ("2021-07-20", LATER)
    with pytest.raises(ValueError, match="read-only"):
        picture.gain[0, 0] = 1


def test_a_large_picture_is_drawn_of_means_of_blocks(tmp_path):
    ndvi = np.zeros((30, 3000)) + np.arange(3000) % 3 * 0.3
    options = {"size": 1 / 30, "tiled": True, "blockxsize": 16, "blockysize": 16}
    town = town_with(imagery_before=imagery(tmp_path, ndvi, **options))
    picture = image_gains(town, areas(WHOLE), standard=PLAIN).picture
    assert picture.before.shape == (10, 1000)
    np.testing.assert_allclose(picture.before, 0.3, atol=1e-6)


# A real place


def landsat(scene, red, nir, *, is_calibrated):
    """Read how the numbers of a scene become reflectance at the top of the atmosphere."""
    told = (MARBURG / f"{scene}_MTL.txt").read_text(encoding="utf-8")

    def value(key):
        return re.search(rf"{key} = (\S+)", told)[1]

    sun = math.sin(math.radians(float(value("SUN_ELEVATION"))))
    bands = {}
    for name, number in (("red", red), ("nir", nir)):
        scale, offset = (float(value(f"REFLECTANCE_{what}_BAND_{number}")) / sun for what in ("MULT", "ADD"))
        line = {"scale": scale, "offset": offset} if is_calibrated else {}
        bands[name] = RasterBand(MARBURG / f"{scene}_B{number}.TIF", **line)
    rules = (QualityRule("cloud", 16, 16), QualityRule("shadow", 384, 384))
    quality = RasterBand(MARBURG / f"{scene}_BQA.TIF")
    return RasterFile(bands, value("DATE_ACQUIRED"), value("SPACECRAFT_ID"), None, quality, rules)


def marburg(*, is_calibrated):
    whole = gpd.GeoDataFrame(geometry=[box(483285, 5627295, 484515, 5628525)], crs=32632)
    home = gpd.GeoDataFrame(
        {"use": ["residential"], "people": [1.0]}, geometry=whole.centroid.buffer(9), crs=32632
    )
    street = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(483300, 5627400), (484000, 5627400)])], crs=32632
    )
    town = Town.from_layers(name="Marburg", built_up=whole, streets=street, buildings=home)
    rasters = {
        "imagery_before": landsat(
            "LE07_L1TP_195025_20010730_20170204_01_T1", 3, 4, is_calibrated=is_calibrated
        ),
        "imagery_after": landsat(
            "LC08_L1TP_195025_20130707_20170503_01_T1", 4, 5, is_calibrated=is_calibrated
        ),
    }
    whole = whole.assign(area_kind="town", area_id="town", area_name="Marburg")
    return image_gains(replace(town, rasters=rasters), whole)


has_marburg = pytest.mark.skipif(not MARBURG.is_dir(), reason="../shared/data/landsat_marburg is not there")


@has_marburg
def test_marburg_from_two_landsats_has_its_published_ndvi():
    row = row_of(marburg(is_calibrated=True), "measured_ndvi", "town")
    assert row["before"] == pytest.approx(0.431, abs=5e-4)
    assert row["after"] == pytest.approx(0.494, abs=5e-4)


@has_marburg
def test_raw_numbers_of_two_landsats_are_warned_of():
    assert {"image_raw", "image_sensors"} <= codes(marburg(is_calibrated=False))
    assert "image_raw" not in codes(marburg(is_calibrated=True))
