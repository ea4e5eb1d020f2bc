"""Indicators of spaces, against seven spaces drawn by hand (see `indicator_towns.SPACES`)."""

from __future__ import annotations

import math

import pytest
from indicator_towns import missing_of, programme_of, results_of, spaces_of, value_of

from fengmao_geo.blocks.case import NOT_THERE


@pytest.fixture(scope="module")
def results():
    # The programme uses two of the west's three spaces and neither of the east's two.
    return results_of(spaces=spaces_of(), programme=programme_of("s1", "s4"))


# West: s1 and s2 (500 m² each) and the works s4 (2,000 m²); east: s3 (600 m²) and the plot s5; s6 was excluded;
# s7 lies in no block.
@pytest.mark.parametrize(
    ("name", "west", "east", "empty", "town"),
    [
        ("space_count", 3, 2, 0, 6),
        ("open_space_ha", 0.1, 0.06, 0, 0.16),
        # Of two hectares each, and of four hectares of built-up area.
        ("open_space_share", 0.05, 0.03, 0, 0.04),
        ("confirmed_space_count", 1, 0, 0, 1),
        ("suspected_space_count", 0, 2, 0, 3),
    ],
)
def test_spaces_are_measured_as_on_paper(results, name, west, east, empty, town):
    found = [value_of(results, name, area) for area in ("west", "east", "empty", "town")]
    assert found == pytest.approx([west, east, empty, town])


@pytest.mark.parametrize(
    ("name", "west", "east", "town"),
    [("used_space_share", 2 / 3, 0.0, 2 / 6), ("used_space_ha", 0.25, 0.0, 0.25)],
)
def test_the_programme_uses_spaces_as_on_paper(results, name, west, east, town):
    found = [value_of(results, name, area, "planned") for area in ("west", "east", "town")]
    assert found == pytest.approx([west, east, town])


def test_where_there_are_no_spaces_there_is_no_share_of_them(results):
    assert value_of(results, "used_space_share", "empty", "planned") == NOT_THERE


def test_without_spaces_being_looked_for_they_are_unknown():
    assert math.isnan(value_of(results_of(), "space_count", "west"))
    assert missing_of(results_of(), "space_count", "west") == "spaces"


def test_without_a_programme_what_it_uses_is_unknown():
    results = results_of(spaces=spaces_of())
    assert missing_of(results, "used_space_share", "west", "planned") == "programme"


def test_a_suspicion_that_was_confirmed_is_none_any_more():
    spaces = spaces_of()
    spaces.loc[spaces["space_id"] == "s3", "decision"] = "confirmed"
    found = results_of(spaces=spaces)
    assert value_of(found, "suspected_space_count", "east") == 1
    assert value_of(found, "confirmed_space_count", "east") == 1


def test_a_space_across_the_outline_covers_both_blocks_and_is_counted_in_one():
    spaces = spaces_of()
    # 20 by 25 m, a quarter of it in the east.
    spaces = spaces.set_geometry(spaces.translate(185).where(spaces["space_id"] == "s1", spaces.geometry))
    found = results_of(spaces=spaces)
    assert value_of(found, "open_space_share", "east") == pytest.approx((600 + 125) / 20_000)
    assert value_of(found, "space_count", "west") == 3
