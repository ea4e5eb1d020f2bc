"""Numbers written as text: read where they can mean only one thing, else unknown, and told either way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town_layers import frame, good_layers, square

from fengmao_geo.schema import Column
from fengmao_geo.standards.number_words import number_words
from fengmao_geo.town.numbers import area_unit_findings, read_number, read_numbers
from fengmao_geo.town.town import Town

PEOPLE = Column("people", "number", is_nullable=True, minimum=0)


def wide(text):
    """Write a text in full width."""
    blank = "\u3000"
    return "".join(
        blank if sign == " " else chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text
    )


def read(values, column=PEOPLE):
    ids = pd.Series([f"r{at}" for at in range(len(values))])
    return read_numbers(pd.Series(values), ids, column=column, layer="communities")


def told(found):
    return {it.code: (values_of(it)["count"], values_of(it)["seen"]) for it in found}


def values_of(finding):
    return finding.values  # noqa: PD011  a field of ours


# one number


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("1,200", "people", 1200),
        ("1,200人", "people", 1200),
        (wide("1,200") + "人", "people", 1200),
        (wide("1200"), "people", 1200),
        ("1 200", "people", 1200),
        ("12,345,678.5", "people", 12_345_678.5),
        ("1.2万", "people", 12_000),
        ("1.2万人", "people", 12_000),
        ("三十", "people", 30),
        ("十二人", "people", 12),
        ("二十五", "people", 25),
        ("两", "people", 2),
        ("3层", "floor_count", 3),
        ("三层", "floor_count", 3),
        ("3F", "floor_count", 3),
        ("地上3层", "floor_count", 3),
        ("砼3", "floor_count", 3),
        ("12米", "width_m", 12),
        ("2000㎡", "area_m2", 2000),
        ("120万元", "tax_wan", 120),
        ("1.2亿", "tax_wan", 12_000),
        ("1.2万", "tax_wan", 1.2),
        ("1.2万度", "electricity_kwh", 12_000),
        ("3千瓦时", "electricity_kwh", 3),
        ("50张床位", "capacity_count", 50),
        ("2005年", "built_year", 2005),
        ("2005-06", "built_year", 2005),
        ("2005-06-01 00:00:00", "built_year", 2005),
        ("2005年6月1日", "built_year", 2005),
    ],
)
def test_a_number_that_can_mean_only_one_thing_is_read(text, column, value):
    reading = read_number(text, column=column)
    assert (reading.value, reading.how) == (value, "read")


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("15亩", "area_m2", 10_000),  # fifteen mu are a hectare
        ("1亩", "area_m2", 666.666666667),
        ("1.5公顷", "area_m2", 15_000),
        ("3平方公里", "area_m2", 3_000_000),
        ("1.2km", "width_m", 1200),
        ("350cm", "width_m", 3.5),
        ("1200000元", "tax_wan", 120),
        ("2兆瓦时", "electricity_kwh", 2000),
        ("35%", "green_share", 0.35),
        (wide("35%"), "green_share", 0.35),
    ],
)
def test_another_unit_is_converted_where_it_is_written(text, column, value):
    reading = read_number(text, column=column)
    assert (reading.value, reading.how) == (value, "converted")


@pytest.mark.parametrize(
    ("text", "value"),
    [("约300", 300), ("300余人", 300), ("近1.2万", 12_000), ("300人左右", 300), ("约为300", 300)],
)
def test_a_round_figure_is_used_and_called_one(text, value):
    reading = read_number(text, column="people")
    assert (reading.value, reading.how) == (value, "about")


@pytest.mark.parametrize("text", ["", " ", "—", "--", "/", "无", "不详", "N/A", wide("-"), "null"])
def test_a_mark_for_no_data_is_missing_and_not_zero(text):
    reading = read_number(text, column="people")
    assert np.isnan(reading.value)
    assert reading.how == "missing"


@pytest.mark.parametrize("text", ["12-15", "12~15", "12至15", "12 15", "12、15", "12,34", "1,200,00", "3+1"])
def test_what_can_be_read_in_several_ways_is_not_read(text):
    reading = read_number(text, column="people")
    assert np.isnan(reading.value)
    assert reading.how == "ambiguous"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("很多", "people"),
        ("inf", "people"),
        ("1e999", "people"),
        ("6层", "width_m"),  # floors are no metres
        ("3亩", "people"),
        ("35%", "people"),
        ("6层半", "floor_count"),
        ("90年代", "built_year"),
        ("B1", "floor_count"),
        ("二三", "people"),
        ("近万", "people"),
        ("二十三十", "people"),
    ],
)
def test_what_is_no_number_of_the_column_is_not_read(text, column):
    reading = read_number(text, column=column)
    assert np.isnan(reading.value)
    assert reading.how == "unreadable"


def test_plain_numbers_are_plain():
    assert [read_number(text, column="people").how for text in ("3", "-3.5", "1e3", "+7")] == ["plain"] * 4


@given(st.integers(0, 10**9), st.sampled_from(["{:,}", "{:,}人", "{}口", "{}", " {} "]))
@settings(max_examples=30, deadline=None)
def test_a_whole_number_is_the_same_however_it_is_written(number, pattern):
    text = pattern.format(number)
    assert read_number(text, column="people").value == number
    assert read_number(wide(text), column="people").value == number


@given(st.text(max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_text_is_an_error_and_none_becomes_infinite(text):
    for column in ("people", "area_m2", "built_year", "name"):
        reading = read_number(text, column=column)
        assert np.isfinite(reading.value) == (reading.how in ("plain", "read", "converted", "about"))


# words


def test_a_column_of_people_of_a_group_is_counted_in_people():
    assert read_number("7人", column="elderly_people").value == 7


def test_units_go_by_the_longest_end_of_a_columns_name():
    assert set(number_words().units_of("area_m2")) & {"米", "m"} == set()
    assert "亩" in number_words().units_of("area_m2")


# a column


def test_plain_numbers_are_not_told():
    numbers, found = read(["3", " 4.5 ", "", None])
    assert numbers.fillna(-1).tolist() == [3, 4.5, -1, -1]
    assert found == []


def test_every_way_is_told_once_with_its_count_and_examples():
    numbers, found = read(["1,200人", "约300", "—", "12-15", "很多", "7", "1,200人"])
    assert numbers.fillna(-1).tolist() == [1200, 300, -1, -1, -1, 7, 1200]
    assert told(found) == {
        "number_read": (2, "1,200人 -> 1200"),
        "number_about": (1, "约300 -> 300"),
        "number_not_stated": (1, "—"),
        "number_ambiguous": (1, "12-15"),
        "number_unreadable": (1, "很多"),
    }


def test_rows_are_told_by_their_ids():
    _, found = read(["7", "8人", "9人"])
    assert values_of(found[0])["ids"] == "r1, r2"


def test_examples_are_few_and_say_that_there_are_more():
    _, found = read([f"{number}人" for number in range(9)])
    assert values_of(found[0])["seen"].endswith("4人 -> 4 …")


def test_a_negative_number_written_as_text_is_refused_as_any_other():
    _, found = read([wide("-5")])
    assert [finding.code for finding in found] == ["number_read", "number_negative"]


def test_whole_numbers_stay_whole_where_none_is_missing():
    level = Column("level", "whole", is_nullable=True)
    assert read(["1层", "2"], level)[0].dtype.kind == "i"
    assert read(["1层", ""], level)[0].dtype.kind == "f"


def test_half_a_level_is_told_and_unknown():
    numbers, found = read(["0.5", "1"], Column("level", "whole", is_nullable=True))
    assert numbers.isna().tolist() == [True, False]
    assert told(found) == {"number_unreadable": (1, "0.5")}


def test_a_column_of_numbers_is_left_as_it_is():
    numbers, found = read([1.5, np.nan, np.inf])
    assert numbers.fillna(-1).tolist() == [1.5, -1, -1]
    assert told(found) == {"number_unreadable": (1, "inf")}


def test_dates_in_the_column_of_years_give_years():
    numbers, _ = read([pd.Timestamp("2005-06-01"), pd.NaT], Column("built_year", "number", is_nullable=True))
    assert numbers.fillna(-1).tolist() == [2005, -1]


@given(st.lists(st.sampled_from(["3", "3人", "约3", "—", "1-2", "x", "", None]), max_size=12))
@settings(max_examples=30, deadline=None)
def test_every_row_is_a_plain_number_blank_or_told(values):
    numbers, found = read(pd.Series(values, dtype=object).tolist())
    plain = sum(value in ("3", "", None) for value in values)
    assert len(values) == len(numbers) == plain + sum(count for count, _ in told(found).values())


def test_a_town_takes_numbers_as_they_are_written():
    buildings = frame(
        [square(1, 1, 9), square(20, 1, 9)],
        id=["a", "b"],
        use=["住宅"] * 2,
        people=["1,200人", "—"],
        楼层=["六层", "3F"],
    )
    town = Town.from_layers(name="T", **good_layers(buildings=buildings))
    assert town["buildings"]["people"].fillna(-1).tolist() == [1200, -1]
    assert town["buildings"]["floor_count"].tolist() == [6, 3]


# units that nobody wrote


@pytest.mark.parametrize(
    ("stated", "unit"), [(15.0, "mu"), (1.0, "hectare"), (0.01, "square_kilometre"), (15.2, "mu")]
)
def test_areas_in_another_unit_are_suspected_by_what_is_drawn(stated, unit):
    parcels = frame([square(0, 0, 100)] * 3, area_m2=[stated, stated, 10_000.0])
    (finding,) = area_unit_findings(parcels, layer="parcels")
    assert values_of(finding)["unit"] == unit


@pytest.mark.parametrize("stated", [10_000.0, 9_000.0, 100.0, 0.0, np.nan])
def test_areas_that_agree_or_differ_in_no_units_way_are_not_suspected(stated):
    parcels = frame([square(0, 0, 100)] * 3, area_m2=[stated] * 3)
    assert area_unit_findings(parcels, layer="parcels") == []


def test_without_areas_there_is_nothing_to_suspect():
    assert area_unit_findings(frame([square(0, 0, 100)]), layer="parcels") == []
