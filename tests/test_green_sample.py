"""Green gains of the sample town: parts add up, layers and images agree, what was planted is what is measured."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def gains(demo):
    return demo.results.gains


def of(gains, indicator, basis):
    rows = gains.gains[(gains.gains["indicator"] == indicator) & (gains.gains["basis"] == basis)]
    return rows.set_index("area_id")


@pytest.mark.parametrize(
    ("indicator", "basis"),
    [
        ("green_m2", "vector"),
        ("green_gross_gain_m2", "vector"),
        ("green_gross_loss_m2", "vector"),
        ("park_m2", "vector"),
        ("vegetated_m2", "image"),
        ("gross_gain_m2", "image"),
        ("gross_loss_m2", "image"),
        ("canopy_m3", "height"),
    ],
)
def test_the_parts_of_every_amount_are_the_towns(gains, indicator, basis):
    rows = gains.attribution
    parts = rows[(rows["indicator"] == indicator) & (rows["basis"] == basis)]["gain"].sum()
    assert parts == pytest.approx(of(gains, indicator, basis).loc["town", "gain"], rel=1e-9)


def test_a_block_gained_what_its_parts_gained(gains):
    rows = gains.attribution
    parts = rows[(rows["indicator"] == "vegetated_m2") & (rows["block_id"] == "K003")]["gain"].sum()
    # The block lies whole within the built-up area.
    assert parts == pytest.approx(of(gains, "vegetated_m2", "image").loc["K003", "gain"], rel=1e-9)


def test_every_area_is_named_and_no_part_is_left_in(gains):
    for table in (gains.gains, gains.transitions, gains.image_cover):
        assert set(table["area_kind"]) <= {"town", "block", "intervention"}
    assert not gains.findings["found"].str.contains("000").any()


def test_layers_and_images_agree_on_which_projects_planted(gains):
    vector, image = (of(gains, *pair)["gain"] for pair in (("green_m2", "vector"), ("vegetated_m2", "image")))
    planted = vector[vector.index.str.startswith("N") & (vector > 500)].index
    assert len(planted) >= 5
    assert (image[planted] > 0.3 * vector[planted]).all()


def test_findings_of_green_are_among_those_of_the_results(demo, gains):
    both = pd.concat([demo.results.findings, gains.findings])
    assert both.astype(str).duplicated().sum() >= len(gains.findings)
