"""The spaces found, beside those that the maker of the sample town left on purpose; the rules never read them.

The second town is of another seed, and nothing was tuned to it. Run with ``-s`` to see the confusion table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

import fengmao_geo as fg
from fengmao_geo.spaces.candidates import survey_spaces


def matched(found, truth):
    """Rows of found and true spaces that share at least half of what they cover together."""
    ours, theirs = found.geometry.to_numpy(), truth.geometry.to_numpy()
    row, hit = shapely.STRtree(theirs).query(ours, predicate="intersects")
    shared = shapely.area(shapely.intersection(ours[row], theirs[hit]))
    share = shared / (shapely.area(ours[row]) + shapely.area(theirs[hit]) - shared)
    return row[share >= 0.5], hit[share >= 0.5]


@pytest.fixture(scope="module", params=["made_sample", "other_sample"])
def compared(request):
    made = request.getfixturevalue(request.param)
    town = fg.read_town(made.folder)
    survey = survey_spaces(town, fg.walk_network(town))
    row, hit = matched(survey.spaces, made.truth)
    return survey, made.truth, row, hit


def test_nearly_every_planted_space_is_found(compared):
    _, truth, _, hit = compared
    assert len(np.unique(hit)) / len(truth) >= 0.95


def test_nearly_every_space_found_was_planted(compared):
    survey, _, row, _ = compared
    assert len(np.unique(row)) / len(survey.spaces) >= 0.90


def test_nearly_every_space_found_is_of_the_right_kind(compared):
    survey, truth, row, hit = compared
    found, true = survey.spaces["kind"].to_numpy()[row], truth["kind"].to_numpy()[hit]
    print(pd.crosstab(pd.Series(true, name="true"), pd.Series(found, name="found")).to_string())  # noqa: T201
    assert (found == true).mean() >= 0.95


def test_open_land_is_the_sum_of_its_spaces_and_of_what_was_left_out(compared):
    survey = compared[0]
    spaces = survey.spaces.query("basis == 'open_land'")
    parts = spaces["area_m2"].sum() + survey.totals["thin_m2"] + survey.totals["small_m2"]
    assert parts == pytest.approx(survey.totals["open_land_m2"], abs=0.01)


def test_no_two_spaces_of_open_land_overlap(compared):
    shapes = compared[0].spaces.query("basis == 'open_land'").geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    assert shapely.area(shapely.intersection(shapes[one], shapes[other])).max(initial=0) < 1e-6
