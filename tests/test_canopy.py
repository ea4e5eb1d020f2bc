"""Canopy cover and volume from heights of two dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from raster_towns import LEFT, WHOLE, areas, heights, row_of, standard_with, town_with
from shapely import box
from space_towns import box as ground
from space_towns import layer

from fengmao_geo.green.canopy import canopy_gains

LATER = "2024-07-24"
PLAIN = standard_with(unchanged_min_count=5.0)


def seen(folder, before, after, *shapes, layers=None, standard=PLAIN, **profile):
    town = town_with(
        None,
        layers,
        canopy_height_before=heights(folder, before, **profile),
        canopy_height_after=heights(folder, after, date=LATER, **profile),
    )
    return canopy_gains(town, areas(*(shapes or (WHOLE,))), standard=standard)


def grove(metres, *, count=4):
    """Stand trees on the first cells of the top row of the hectare."""
    values = np.zeros((10, 10))
    values[0, :count] = metres
    return values


def test_cover_and_volume_are_those_worked_out_on_paper(tmp_path):
    # Four cells of 100 m² with trees of 5 m; two more of 10 m are planted.
    after = grove(5)
    after[5, 5:7] = 10
    found = seen(tmp_path, grove(5), after)
    share, volume = row_of(found, "canopy_share"), row_of(found, "canopy_m3")
    assert share[["before", "after"]].tolist() == pytest.approx([0.04, 0.06])
    assert volume[["before", "after", "gain"]].tolist() == pytest.approx([2000, 4000, 2000])
    assert set(found.gains["basis"]) == {"height"}


def test_what_is_two_metres_high_is_no_canopy_yet(tmp_path):
    found = seen(tmp_path, grove(2.0), grove(2.1))
    assert row_of(found, "canopy_share")[["before", "after"]].tolist() == pytest.approx([0, 0.04])


def test_a_half_covered_cell_counts_half(tmp_path):
    found = seen(tmp_path, grove(0), grove(6, count=1), box(5, 90, 10, 100))
    assert row_of(found, "canopy_m3")["gain"] == pytest.approx(50 * 6, rel=1e-6)


def test_an_undeclared_nodata_is_refused_and_counted(tmp_path):
    before = grove(5)
    before[9, 9], before[9, 8] = -9999, 400
    found = seen(tmp_path, before, grove(5))
    assert found.cover["nodata_share"][0] == pytest.approx(0.02)
    assert found.findings.set_index("code").loc["heights_refused", "values"]["count"] == 2
    assert row_of(found, "canopy_m3")["before"] == pytest.approx(2000)


def test_heights_a_little_below_the_ground_are_ground(tmp_path):
    before = grove(5)
    before[9, :] = -0.4
    found = seen(tmp_path, before, grove(5))
    assert "heights_refused" not in set(found.findings["code"])
    assert row_of(found, "canopy_m3")["gain"] == 0
    assert found.cover["valid_share"][0] == 1


def test_identical_heights_give_no_gain_and_an_interval_around_it(tmp_path):
    row = row_of(seen(tmp_path, grove(5), grove(5)), "canopy_m3")
    assert row[["gain", "low", "high"]].tolist() == [0, 0, 0]


def test_swapped_heights_give_the_negative(tmp_path):
    rng = np.random.default_rng(1)
    one, other = rng.random((10, 10)) * 8, rng.random((10, 10)) * 8
    there, back = seen(tmp_path, one, other).gains, seen(tmp_path, other, one).gains
    np.testing.assert_array_equal(there["gain"], -back["gain"])
    np.testing.assert_array_equal(there["low"], -back["high"])


def test_parts_add_up_to_the_whole(tmp_path):
    after = np.random.default_rng(2).random((10, 10)) * 8
    parts = [box(0, 0, 37.3, 100), box(37.3, 0, 100, 61.7), box(37.3, 61.7, 100, 100)]
    found = seen(tmp_path, grove(5), after, WHOLE, *parts).gains
    gain = found[found["indicator"] == "canopy_m3"]["gain"].to_numpy()
    assert gain[1:].sum() == pytest.approx(gain[0], rel=1e-9)


def test_a_height_model_that_lies_higher_widens_the_interval_to_zero(tmp_path):
    # The second survey is half a metre higher everywhere.
    before = np.random.default_rng(3).random((40, 40)) * 10 + 3
    found = seen(tmp_path, before, before + 0.5, size=2.5)
    row = row_of(found, "canopy_m3")
    assert row["gain"] == pytest.approx(5000, rel=1e-3)
    assert row["low"] <= 0


def test_unchanged_ground_of_the_user_sets_the_interval(tmp_path):
    rng = np.random.default_rng(4)
    before = rng.random((40, 40)) * 10
    after = before + 0.1 * rng.normal(size=before.shape)
    after[20:] += 3
    unchanged = {"unchanged_ground": layer(ground(0, 50, 100, 100))}
    wide = seen(tmp_path, before, before + 3 * rng.normal(size=before.shape), size=2.5, layers=unchanged)
    narrow = seen(tmp_path, before, after, size=2.5, layers=unchanged)
    width = [row["high"] - row["low"] for row in (row_of(one, "canopy_m3") for one in (narrow, wide))]
    assert 0 < width[0] < width[1] / 3


def test_too_little_unchanged_ground_is_not_used(tmp_path):
    layers = {"unchanged_ground": layer(ground(0, 90, 10, 100))}
    found = seen(tmp_path, grove(5), grove(5), layers=layers)
    assert "unchanged_ground_small" in set(found.findings["code"])
    assert row_of(found, "canopy_m3")["low"] == 0


def test_permanent_basic_farmland_grows_no_canopy(tmp_path):
    layers = {"farmland_protected": layer(ground(0, 90, 100, 100))}
    row = row_of(seen(tmp_path, grove(0), grove(6), layers=layers), "canopy_m3")
    assert row["after"] == 0


def test_one_survey_alone_has_values_and_no_gain(tmp_path):
    town = town_with(canopy_height_after=heights(tmp_path, grove(5)))
    found = canopy_gains(town, areas(WHOLE))
    row = row_of(found, "canopy_m3")
    assert row["after"] == pytest.approx(2000)
    assert row[["before", "gain", "low", "high"]].isna().all()
    assert "image_absent" in set(found.findings["code"])


def test_without_heights_all_is_unknown():
    found = canopy_gains(town_with(), areas(WHOLE))
    assert found.gains["indicator"].tolist() == ["canopy_share", "canopy_m3"]
    assert found.gains[["before", "after", "gain"]].isna().all(axis=None)
    assert found.picture is None


def test_surveys_that_lie_apart_leave_all_unknown(tmp_path):
    one, other = heights(tmp_path, grove(5)), heights(tmp_path, grove(5), left=LEFT + 5000)
    found = canopy_gains(town_with(canopy_height_before=one, canopy_height_after=other), areas(WHOLE))
    assert "images_apart" in set(found.findings["code"])
    assert found.gains["gain"].isna().all()


def test_too_few_cells_give_gains_without_an_interval(tmp_path):
    small = np.array([[0.0, 5.0]])
    row = row_of(seen(tmp_path, small, small + 1, box(0, 90, 20, 100)), "canopy_m3")
    assert row["gain"] == pytest.approx(100)
    assert pd.isna(row["low"])
