"""What formulas of indicators take as given: declared, printed, and told as they are used."""

from __future__ import annotations

import re

import pytest

from fengmao_geo.blocks import estates, fabric, streets, townscape, urban_rural, vitality
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.show import standard_table

MODULES = {
    "streets": streets,
    "vitality": vitality,
    "fabric": fabric,
    "estates": estates,
    "urban_rural": urban_rural,
    "townscape": townscape,
}
#: Figures that a formula tells in words: they must be those it is computed with.
TOLD = {
    "dead_end_share": ("stub_m",),
    "unlit_share": ("lamp_m",),
    "active_frontage_share": ("front_m",),
    "grain_m2": ("shed_m2",),
    "building_count_per_ha": ("shed_m2",),
    "old_building_share": ("old_year",),
    "old_estate_share": ("old_year",),
    "parking_gap_per_household": ("household_car_count",),
    "unsewered_dwelling_share": ("sewer_m",),
    "farmland_edge_m": ("edge_m",),
    "road_gateway_count": ("edge_m", "gateway_join_m", "gateway_depth_m"),
    "water_gateway_count": ("edge_m", "gateway_depth_m"),
    "corridor_view_share": ("corridor_range_m", "corridor_step_m"),
    "water_frontage_m": ("edge_m",),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_formula_tells_the_figures_it_is_computed_with(name):
    read = indicator_file()
    formula = read.indicators[name].formula_zh
    numbers = [float(number) for number in re.findall(r"\d+", formula)]
    assert {read.figure(figure) for figure in TOLD[name]} <= set(numbers)


def test_walkups_are_told_by_their_floors():
    read = indicator_file()
    low, high = (int(read.figure(f"walkup_{end}_floors")) for end in ("least", "most"))
    for name in ("walkup_elderly_people", "walkup_elderly_share"):
        assert f"{low}–{high} 层" in read.indicators[name].formula_zh


@pytest.mark.parametrize("group", MODULES)
def test_every_indicator_of_a_group_is_a_function_of_its_module(group):
    names = [name for name, of in indicator_file().indicators.items() if of.group == group]
    assert names
    assert set(names) <= set(MODULES[group].__all__)


def test_there_are_indicators_enough():
    assert sum(of.group in MODULES for of in indicator_file().indicators.values()) >= 24


def test_what_is_distinctive_is_a_bonus_and_nothing_else_of_these_groups():
    bonus = {name for name, of in indicator_file().indicators.items() if of.is_bonus and of.group in MODULES}
    assert bonus == {
        "edible_m2",
        "road_gateway_count",
        "water_gateway_count",
        "corridor_view_share",
        "heritage_count",
        "heritage_share",
        "water_frontage_m",
    }


def test_a_target_of_a_standard_names_it():
    """What is read in a standard has its tag; a proposal says that it is one."""
    for of in indicator_file().indicators.values():
        if of.group in MODULES and of.target is not None:
            assert ("proposal" in of.target_source) == (of.target_tag == "P"), of.indicator


def test_standards_print_the_figures_of_indicators():
    table = standard_table("indicators")
    rows = table[table["figure"].notna()].set_index("figure")
    assert rows.loc["lamp_m", ["value", "tag"]].tolist() == [25.0, "P"]
    assert set(rows.index) == set(indicator_file().figures)
    assert set(table["indicator"].dropna()) == set(indicator_file().indicators)
