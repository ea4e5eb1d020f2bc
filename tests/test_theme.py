"""Colours, names and the one function that escapes text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fengmao_geo.export.offline import asset
from fengmao_geo.export.page_data import _said_keys
from fengmao_geo.export.theme import (
    colour_rules,
    escape,
    facility_sign,
    layer_name,
    named,
    say,
    street_style,
    theme,
    type_group,
)
from fengmao_geo.messages import has_text
from fengmao_geo.standards.load import display_names, facility_types

COLOUR = re.compile(r"#[0-9a-f]{6}")


def brightness(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("character", list("<>\"'&`$\\{}"))
def test_every_character_that_means_something_is_an_entity(character):
    assert character not in escape(character).replace("&", "", 1 if character == "&" else 0)
    assert re.fullmatch(r"&[#\w]+;", escape(character))


@settings(deadline=None)
@given(st.text())
def test_escaped_text_reads_as_typed(typed):
    assert html.unescape(escape(typed)) == typed


@settings(deadline=None)
@given(st.text())
def test_no_template_finds_anything_in_escaped_text(typed):
    assert not set(escape(typed)) & set("<>\"'`$\\{}")


def test_numbers_and_nothing_are_written_as_text():
    assert escape(7) == "7"
    assert escape(None) == "None"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_two_facility_types_share_a_sign(lang):
    signs = [facility_sign(name, lang=lang) for name in facility_types()]
    assert len(set(signs)) == len(signs)
    assert all(0 < len(sign) <= 2 for sign in signs)


def test_a_type_without_a_sign_shows_the_first_letter_of_its_name():
    assert facility_sign("helipad", lang="en") == "H"
    assert facility_sign("{{7*7}}") == "{"
    assert facility_sign("") == ""


def test_every_display_group_has_a_colour_of_its_own_that_carries_white_letters():
    groups = {kind.display_group for kind in facility_types().values()}
    colours = theme()["group"]
    assert groups <= set(colours)
    assert len(set(colours.values())) == len(colours)
    assert min(contrast(colours[group], "#ffffff") for group in groups) > 3


def test_an_unknown_type_belongs_to_the_other_group():
    assert type_group("helipad") == "other"
    assert "other" in theme()["group"]


def test_steps_of_reach_grow_apart_in_brightness_from_their_middle():
    steps = [brightness(colour) for colour in theme()["reach"]["steps"]]
    middle = steps.index(max(steps))
    assert steps[: middle + 1] == sorted(steps[: middle + 1])
    assert steps[middle:] == sorted(steps[middle:], reverse=True)


def test_every_street_class_is_drawn():
    classes = set(display_names()["street_class"])
    assert classes == set(theme()["street"])
    assert street_style(None) == street_style("lane")


def test_wider_classes_are_drawn_later():
    widths = [style["width_m"] for style in theme()["street"].values()]
    assert widths == sorted(widths)


def test_every_colour_of_the_style_sheet_is_a_variable():
    rules = colour_rules()
    assert rules.count("{") == rules.count("}") == 1
    assert all(COLOUR.fullmatch(value.strip()) for value in re.findall(r":([^;:{]+);", rules))


def test_the_style_sheet_uses_no_variable_that_is_not_set():
    used = set(re.findall(r"var\(--([a-z-]+)\)", asset("page.css")))
    assert used <= set(re.findall(r"--([a-z-]+):", colour_rules()))


def test_everything_the_page_says_is_in_the_table_of_messages():
    assert [key for key in _said_keys() if not has_text(f"map.{key}")] == []
    assert len(_said_keys()) > 40


def test_a_value_that_looks_like_a_name_is_not_filled_in_again():
    assert say("walker_speed", lang="en", name="%n", n=60) == "%n, 60 m a minute"


def test_a_layer_without_a_name_shows_its_id():
    assert layer_name("{{7*7}}") == "{{7*7}}"
    assert layer_name("water", lang="en") == "Water"


def test_names_begin_a_line_with_a_capital_and_typed_text_stays():
    assert named("display_group", "education", lang="en") == "Education"
    assert named("use", "tea house", lang="en") == "tea house"
    assert named("renewal_type", "old_estate") == "老旧小区"
