"""What is said of spaces: names, reasons, measures."""

from __future__ import annotations

import pytest

from fengmao_geo.export.space_words import (
    control_name,
    evidence_parts,
    evidence_words,
    kind_name,
    place_name,
    reason_words,
    rounded,
    use_name,
)
from fengmao_geo.messages import has_text
from fengmao_geo.standards.spaces import space_kinds


def test_each_value_stands_beside_what_the_rule_asks():
    said = evidence_words("water_m>=8;water_share>=0.2", "water_m=18.2;water_share=0.312")
    assert said == ["临水边长(m)：18(要求≥8)", "临水边长比例：31%(要求≥20%)"]


def test_the_largest_area_reads_as_a_most():
    assert evidence_words("area_m2<=1500", "area_m2=1280.3", lang="en") == ["Area (m²): 1,280 (≤1,500)"]


def test_what_the_rule_alone_names_is_said_too():
    said = evidence_words("people=0;neighbour_share>=0.5", "neighbour_share=1", lang="en")
    assert said == ["Share of neighbours with people: 100% (≥50%)", "People: 0"]


def test_two_counts_that_are_equal_are_said_by_their_values():
    assert evidence_words("idle_count=building_count", "idle_count=3;building_count=3", lang="en") == [
        "Idle buildings: 3",
        "Buildings: 3",
    ]


def test_values_that_are_words_are_in_the_readers_language():
    assert evidence_words("status=idle", "status=idle;lease=ended") == ["使用状态：闲置", "租赁：租约到期"]


def test_open_land_of_no_kind_says_so():
    assert evidence_words("no other kind", "area_m2=2700", lang="en") == [
        "Open land in the built-up area of no other kind",
        "Area (m²): 2,700",
    ]


def test_codes_are_never_rounded():
    assert evidence_words("", "land_code=0602", lang="en") == ["Land code: 0602"]


def test_words_and_values_put_together_are_what_is_said():
    rule, evidence = "deck_share>=0.5", "deck_share=0.75"
    words = [said.replace("%value", value) for said, value in evidence_parts(rule, evidence)]
    assert words == evidence_words(rule, evidence)


@pytest.mark.parametrize("text", ["{{7*7}}", "%value", "a=b", "<b>"])
def test_hostile_evidence_is_shown_as_typed(text):
    assert evidence_words("", f"grade={text}", lang="en") == [f"Class by yield per mu: {text}"]


def test_suspected_kinds_are_marked_once():
    assert kind_name("idle_house", is_suspected=True) == "疑似闲置房屋(待核实)"
    assert kind_name("low_yield_plot", is_suspected=True) == "疑似低效用地(待认定)"
    assert kind_name("idle_house") == "闲置房屋"
    assert kind_name("{{x}}", is_suspected=True) == "{{x}}"


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("中山路—市河 东北侧", "中山路—市河, north-east side"),
        ("中山路 东北角(3)", "中山路, north-east corner (3)"),
        ("无名路 南侧", "unnamed street, south side"),
        ("{{7*7}} 南侧", "{{7*7}}, south side"),
        ("whatever", "whatever"),
        ("Old Town", "Old Town"),
    ],
)
def test_directions_are_in_the_readers_language_and_places_as_they_are(name, english):
    assert place_name(name, lang="en") == english
    assert place_name(name) == name


def test_measures_are_rounded_as_people_read_them():
    assert [rounded(number) for number in (0, 0.25, 9.96, 10.4, 12345.6)] == [
        "0",
        "0.25",
        "10",
        "10",
        "12,346",
    ]


def test_reasons_name_what_was_measured_and_needed():
    said = reason_words("no=owner;owner=collective;allowed=state,collective", lang="en")
    assert said == "Not possible: owner; owner: collective; allowed: state-owned, collective"
    assert (
        reason_words("no=kind;kind=granary", lang="en")
        == "Not possible: kind of space; kind of space: Idle granary"
    )
    assert reason_words("flag=heritage,river_control", lang="en") == "Note: heritage zone, river control"
    assert reason_words("") == ""


def test_names_that_are_not_shipped_are_shown_as_they_are():
    assert (control_name("own"), use_name("own"), reason_words("odd=own;k=v", lang="en")) == (
        "own",
        "own",
        "Odd: own; k: v",
    )


def test_every_figure_of_open_land_that_a_rule_names_has_words():
    names = {
        name for kind in space_kinds().kinds.values() if kind.basis == "open_land" for name in kind.figures
    }
    assert all(has_text(f"evidence.{name}") for name in names)
