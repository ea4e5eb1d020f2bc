"""Indicators of fabric, each against buildings counted on paper."""

from __future__ import annotations

import pytest
from block_towns import NONE_THERE, houses, km_town, missing, shuffled, unknown, values
from space_towns import box

from fengmao_geo.standards.indicators import indicator_file

#: A block of one hectare, and an empty one.
BLOCKS = (box(100, 100, 200, 200), box(700, 700, 800, 800))
#: 20 by 20 m, 10 by 20 m, 20 by 30 m, and a shed of 20 m²: 400 + 200 + 600 + 20 m².
FOUR = (box(110, 110, 130, 130), box(140, 110, 150, 130), box(160, 110, 180, 140), box(110, 180, 115, 184))
OF_FABRIC = [name for name, of in indicator_file().indicators.items() if of.group == "fabric"]


def town_of(*shapes, **columns):
    return km_town(blocks=BLOCKS, buildings=houses(*shapes, **columns))


def test_coverage_is_footprint_over_ground():
    assert values("building_cover_share", town_of(*FOUR)) == pytest.approx([0.122, 0.0, 0.00122])


def test_ground_under_two_buildings_is_covered_once():
    town = town_of(box(110, 110, 130, 130), box(120, 110, 140, 130))
    assert values("building_cover_share", town)[0] == pytest.approx(0.06)


def test_a_building_across_the_edge_counts_with_what_lies_within():
    """Half of 400 m² lie in the block."""
    assert values("building_cover_share", town_of(box(190, 110, 210, 130)))[0] == pytest.approx(0.02)


def test_mean_floors_are_weighted_by_footprint():
    """400 m² of 6 floors, 200 of 3 and 600 of 1: 3,600 of 1,200 m²."""
    town = town_of(*FOUR[:3], floor_count=[6, 3, 1])
    assert values("mean_floors", town) == pytest.approx([3.0, NONE_THERE, 3.0])


def test_the_plot_ratio_is_floor_area_over_ground():
    """3,600 m² of floors on a hectare; an empty block has none, which is known."""
    town = town_of(*FOUR[:3], floor_count=[6, 3, 1])
    assert values("plot_ratio", town) == pytest.approx([0.36, 0.0, 0.0036])


def test_a_building_of_unknown_floors_counts_as_the_mean_where_it_is_a_small_part():
    """1,000 m² of 2 floors are known, 200 m² (a sixth) not: 1,200 m² times 2."""
    town = town_of(*FOUR[:3], floor_count=[2, None, 2])
    assert values("plot_ratio", town)[0] == pytest.approx(0.24)


def test_where_a_third_of_the_floors_is_unknown_so_is_the_plot_ratio():
    town = town_of(*FOUR[:3], floor_count=[None, 3, 1])
    assert unknown(values("plot_ratio", town)) == [True, False, True]
    assert missing("plot_ratio", town) == ["buildings.floor_count", "", "buildings.floor_count"]


def test_without_floors_height_and_plot_ratio_are_unknown_but_coverage_is_not():
    town = town_of(*FOUR)
    assert all(unknown(values("plot_ratio", town) + values("mean_floors", town)))
    assert not any(unknown(values("building_cover_share", town)))


def test_the_grain_is_the_median_footprint_without_sheds():
    """200, 400 and 600 m²."""
    assert values("grain_m2", town_of(*FOUR)) == pytest.approx([400.0, NONE_THERE, 400.0])


def test_buildings_per_hectare_leave_sheds_out():
    assert values("building_count_per_ha", town_of(*FOUR)) == pytest.approx([3.0, 0.0, 0.03])


def test_a_building_belongs_to_the_area_it_lies_in_mostly():
    """It counts whole where its middle lies."""
    town = town_of(box(150, 110, 190, 130), box(195, 110, 225, 130))
    assert values("building_count_per_ha", town)[0] == pytest.approx(1.0)


def test_the_year_2000_is_old_and_2001_is_not():
    """400 m² of 2000, 200 m² of 1985, 600 m² of 2001."""
    town = town_of(*FOUR[:3], built_year=[2000, 1985, 2001])
    assert values("old_building_share", town) == pytest.approx([0.5, NONE_THERE, 0.5])


def test_buildings_of_unknown_year_are_neither_old_nor_new():
    """Of 1,200 m² 1,000 m² are known, 400 m² of these old."""
    town = town_of(*FOUR[:3], built_year=[1990, None, 2010])
    assert values("old_building_share", town)[0] == pytest.approx(0.4)


def test_without_years_age_is_unknown():
    assert missing("old_building_share", town_of(*FOUR)) == ["buildings.built_year"] * 3


def test_a_town_without_buildings_has_unknown_fabric():
    """Homes may be known as parcels alone."""
    homes = houses(box(110, 110, 150, 150), land_code=["0701"])
    town = km_town(blocks=BLOCKS, buildings=None, parcels=homes)
    assert missing("building_cover_share", town) == ["buildings"] * 3


def test_the_order_of_rows_changes_nothing():
    rows = houses(*FOUR, floor_count=[6, 3, 1, 1], built_year=[1990, 2005, 2000, 1970])
    one, other = (km_town(blocks=BLOCKS, buildings=order(rows)) for order in (lambda table: table, shuffled))
    assert [values(name, one) for name in OF_FABRIC] == [values(name, other) for name in OF_FABRIC]
