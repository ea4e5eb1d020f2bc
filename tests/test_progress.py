"""Projects under way on a given day, worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from town_layers import EAST, NORTH, frame, good_layers, point, square

from fengmao_geo.blocks.progress import project_progress
from fengmao_geo.errors import UsageError
from fengmao_geo.results import Results
from fengmao_geo.schema import Column
from fengmao_geo.tables import PROJECT_STATUSES
from fengmao_geo.town.check import Source, checked_layer, has_error
from fengmao_geo.town.dates import first_day, last_day, read_date, read_dates
from fengmao_geo.town.numbers import read_numbers
from fengmao_geo.town.town import Layers, Town

ON = "2024-06-30"
BLOCKS = frame(
    [square(0, 0, 400), square(600, 0, 400)], id=["K1", "K2"], name=["河西", "河东"], block_no=[1, 2]
)


def progress(*rows, on=ON, layers=()):
    """Look at projects, each a dictionary; those without a place lie in the first block."""
    return project_progress(Results(progress_town(*rows, layers=layers)), on=on)


def progress_town(*rows, layers=()):
    columns = sorted({name for row in rows for name in row} - {"at"})
    places = [point(*row.get("at", (10, 10))) for row in rows]
    given = {name: [row.get(name) for row in rows] for name in columns}
    projects = frame(places, **{"id": [f"p{number}" for number in range(1, len(rows) + 1)], **given})
    checked, found = checked_layer(Source(projects, CRS(4549)), layer="projects", crs=CRS(4549))
    assert not has_error(found)
    base = town_with_blocks()
    kept = {name: base[name] for name in base.layers if name in layers or not layers}
    return replace(base, layers=Layers(kept | {"projects": checked}))


@cache
def town_with_blocks():
    return Town.from_layers(name="T", **good_layers(blocks=BLOCKS))


def status(**row):
    found = progress(row).projects.iloc[0]
    return found["status"], found["late_of"], found["late_day_count"]


def is_same(found, expected):
    return all(
        (pd.isna(one) and pd.isna(other)) or one == other for one, other in zip(found, expected, strict=True)
    )


# How a project stands


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"completed_on": "2024-06-30"}, ("done", None, None)),
        ({"completed_on": "2024-06-20", "planned_end_on": "2024-06-20"}, ("done", None, 0)),
        # The 10th is ten days after the 31st of May.
        ({"completed_on": "2024-06-10", "planned_end_on": "2024-05-31"}, ("done", "end", 10)),
        ({"started_on": "2024-01-02", "planned_end_on": "2024-06-30"}, ("on_time", None, 0)),
        ({"started_on": "2024-01-02", "planned_end_on": "2024-06-20"}, ("late", "end", 10)),
        ({"started_on": "2024-01-02"}, ("unknown", None, None)),
        ({"progress_share": 0.4, "planned_end_on": "2025-01-01"}, ("on_time", None, 0)),
        ({"progress_share": 0.0, "planned_start_on": "2024-06-20"}, ("late", "start", 10)),
        ({"progress_share": 0.0, "planned_start_on": "2024-06-30"}, ("not_started", None, None)),
        (
            {"progress_share": 0.0, "planned_start_on": "2024-01-01", "planned_end_on": "2024-06-29"},
            ("late", "end", 1),
        ),
        ({"progress_share": 0.0}, ("not_started", None, None)),
        ({"planned_start_on": "2025-01-01"}, ("not_started", None, None)),
        ({"started_on": "2024-08-01", "planned_start_on": "2024-06-29"}, ("late", "start", 1)),
        ({"planned_start_on": "2024-01-01", "planned_end_on": "2024-02-01"}, ("unknown", None, None)),
        ({}, ("unknown", None, None)),
    ],
)
def test_a_project_stands_as_worked_out_on_paper(row, expected):
    assert is_same(status(**row), expected)


def dated(*rows, on, date):
    """Look at projects of a layer that has a date."""
    found = progress_town(*rows)
    town = replace(found, settings=replace(found.settings, dates={"projects": date}))
    return project_progress(Results(town), on=on)


def test_the_progress_of_a_later_list_does_not_count_on_a_day_before_it():
    row = {"progress_share": 0.4, "paid_wan": 8.0, "investment_wan": 10.0, "planned_end_on": "2025-06-30"}
    now = dated(row, on="2024-12-31", date="2024-12-31").projects.iloc[0]
    assert (now["status"], now["progress_share"], now["paid_wan"]) == ("on_time", 0.4, 8.0)
    before = dated(row, on="2020-01-01", date="2024-12-31")
    assert before.projects["status"].tolist() == ["unknown"]
    assert before.projects[["progress_share", "paid_wan"]].isna().all(axis=None)
    assert before.findings["code"].tolist() == ["project_later"]


def test_on_a_day_before_the_list_what_is_dated_up_to_it_counts():
    done = {"completed_on": "2021-05-01", "started_on": "2020-05-01", "progress_share": 1.0}
    begun = {"started_on": "2020-05-01", "planned_end_on": "2022-01-01", "progress_share": 1.0}
    coming = {"started_on": "2023-05-01", "planned_start_on": "2023-04-01", "progress_share": 0.5}
    found = dated(done, begun, coming, on="2021-06-30", date="2024-12-31").projects
    assert found["status"].tolist() == ["done", "on_time", "not_started"]


def test_a_list_without_a_date_is_as_late_as_the_last_that_happened_in_it():
    rows = ({"progress_share": 0.4, "planned_end_on": "2025-06-30"}, {"started_on": "2024-08-01"})
    assert progress(*rows, on="2024-07-31").projects["status"].tolist() == ["unknown", "not_started"]
    assert progress(*rows, on="2024-08-01").projects["status"].tolist() == ["on_time", "unknown"]


def test_a_list_without_a_date_in_a_town_that_has_one_is_of_that_date():
    found = progress_town(
        {"progress_share": 0.4, "planned_end_on": "2025-06-30"}, {"started_on": "2024-08-01"}
    )
    town = replace(found, settings=replace(found.settings, dates={"streets": "2024-06-30"}))
    told = project_progress(Results(town), on="2024-06-30").projects
    assert told["status"].tolist() == ["on_time", "not_started"]


def test_the_same_project_is_on_time_earlier_and_late_later():
    row = {"started_on": "2024-01-02", "planned_end_on": "2024-05-31"}
    assert [progress(row, on=day).projects["status"].iloc[0] for day in ("2024-05-31", "2024-06-01")] == [
        "on_time",
        "late",
    ]


def test_a_month_gives_the_benefit_of_the_doubt():
    # Planned for June means by the 30th; done in July may be the 1st.
    assert is_same(status(started_on="2024-01", planned_end_on="2024-06"), ("on_time", None, 0))
    late = progress({"completed_on": "2024-07", "planned_end_on": "2024-06"}, on="2024-12-31").projects.iloc[
        0
    ]
    assert (late["status"], late["late_day_count"]) == ("done", 1)


def test_a_project_that_is_done_is_at_one_where_no_progress_is_given():
    assert progress({"completed_on": "2024-01-01"}).projects["progress_share"].tolist() == [1.0]


def test_what_was_paid_is_a_share_of_what_was_planned_and_may_exceed_it():
    found = progress(
        {"investment_wan": 200, "paid_wan": 50},
        {"investment_wan": 0, "paid_wan": 5},
        {"investment_wan": 100, "paid_wan": 150},
    )
    assert found.projects["paid_share"].tolist()[0::2] == [0.25, 1.5]
    assert np.isnan(found.projects["paid_share"].iloc[1])


@pytest.mark.parametrize("on", ["", "2024", "2024-06", "tomorrow"])
def test_the_day_is_asked_for_and_never_today(on):
    with pytest.raises(UsageError) as told:
        progress({}, on=on)
    assert told.value.key == "run_on"


def test_a_town_without_projects_says_what_to_name():
    with pytest.raises(UsageError, match="projects"):
        project_progress(Results(Town.from_layers(name="T", **good_layers())), on=ON)


def test_nothing_is_written_into_the_town():
    town = Town.from_layers(name="T", **good_layers(blocks=BLOCKS, projects=frame([point(1, 1)], id=["p"])))
    before = town.fingerprint()
    project_progress(Results(town), on=ON)
    assert town.fingerprint() == before


_MAYBE_DAY = st.none() | st.dates(min_value=date(2023, 1, 1), max_value=date(2025, 12, 31)).map(str)


@settings(max_examples=20)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("planned_start_on", "planned_end_on", "started_on", "completed_on"), _MAYBE_DAY)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_project_has_one_status_and_the_counts_add_up(rows):
    found = progress(*rows)
    town = found.summary[found.summary["grouping"] == "town"].iloc[0]
    counts = town[["done_count", "on_time_count", "late_count", "not_started_count", "unclear_count"]]
    assert counts.sum() == town["project_count"] == len(rows)
    assert set(found.projects["status"]) <= set(PROJECT_STATUSES)
    # Only what is late, or was done late, is late by more than no day.
    is_late = found.projects["late_day_count"] > 0
    assert is_late.equals(found.projects["late_of"].notna())


# Which block it counts in


def test_a_project_counts_in_the_block_it_names_by_id_number_or_name():
    rows = [{"block_id": text, "at": (10, 10)} for text in ("K2", "2", "河东", " k2 ")]
    assert progress(*rows).projects["block_id"].tolist() == ["K2"] * 4


def test_a_project_that_names_no_block_counts_in_the_one_it_lies_in_or_in_none():
    found = progress({"at": (700, 10)}, {"at": (500, 10)})
    assert found.projects["block_id"].tolist()[0] == "K2"
    assert found.projects["block_id"].isna().tolist() == [False, True]


def test_a_block_that_is_none_is_told_and_its_place_decides():
    found = progress({"block_id": "K9", "at": (700, 10)})
    assert found.projects["block_id"].tolist() == ["K2"]
    assert found.findings["code"].tolist() == ["project_block_unknown"]


def test_without_blocks_what_is_named_is_kept():
    assert progress({"block_id": "K9"}, layers=("built_up",)).projects["block_id"].tolist() == ["K9"]


# What it adds up to


def test_sums_are_of_what_is_known_and_say_of_how_many_it_is_not():
    found = progress(
        {"investment_wan": 100, "paid_wan": 50, "progress_share": 0.5},
        {"investment_wan": 300, "paid_wan": None, "progress_share": 0.1},
        {"investment_wan": None, "paid_wan": 20, "progress_share": 0.9},
    )
    town = found.summary.iloc[0]
    assert (town["investment_wan"], town["investment_unknown_count"]) == (400, 1)
    assert (town["paid_wan"], town["paid_unknown_count"]) == (70, 1)
    # Of projects with both: 50 of 100. By investment: (100 * 0.5 + 300 * 0.1) / 400.
    assert town["paid_share"] == 0.5
    assert town["progress_share"] == pytest.approx(0.2)


def test_sums_of_nothing_that_is_known_are_not_known():
    town = progress({}, {}).summary.iloc[0]
    assert town[["investment_wan", "paid_wan", "paid_share", "progress_share"]].isna().all()


def test_projects_are_summed_up_by_block_batch_and_acceptance_batch():
    found = progress(
        {"batch": "old_estate", "acceptance_batch": "第一批", "at": (10, 10)},
        {"batch": "old_estate", "acceptance_batch": "第二批", "at": (700, 10)},
        {"batch": None, "acceptance_batch": "第二批", "at": (500, 500)},
    ).summary
    counts = {
        (group, item): count for group, item, count in found[["grouping", "item", "project_count"]].to_numpy()
    }
    assert counts == {
        ("town", "town"): 3,
        ("block", "K1"): 1,
        ("block", "K2"): 1,
        ("batch", "old_estate"): 2,
        ("acceptance_batch", "第一批"): 1,
        ("acceptance_batch", "第二批"): 2,
    }
    assert found["item_name"].tolist() == ["T", "河西", "河东", "old_estate", "第一批", "第二批"]


def test_the_progress_counts_what_it_holds():
    assert (
        repr(progress({"completed_on": "2024-01-01"}, {}))
        == "<Progress on 2024-06-30: 2 projects, 1 done, 1 unknown>"
    )
    assert "T" in progress({})._repr_html_()


# What does not hold together


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"completed_on": "2024-03-01"}, "project_no_start"),
        ({"progress_share": 1.0, "started_on": "2024-01-01"}, "project_no_end"),
        (
            {"completed_on": "2024-03-01", "started_on": "2024-01-01", "progress_share": 0.8},
            "project_not_full",
        ),
        ({"completed_on": "2024-03-01", "started_on": "2024-03-02"}, "project_turned"),
        ({"planned_start_on": "2024-03", "planned_end_on": "2024-02"}, "project_plan_turned"),
        ({"completed_on": "2024-07-01", "started_on": "2024-01-01"}, "project_ahead"),
        ({"started_on": "2024-07-01"}, "project_start_ahead"),
        ({"investment_wan": 10.0, "paid_wan": 10.1}, "project_overpaid"),
    ],
)
def test_data_that_do_not_hold_together_are_findings(row, code):
    # Another project keeps a record of starts.
    found = progress(row, {"started_on": "2024-01-01", "planned_end_on": "2024-12-31"}).findings
    assert found[["code", "feature_id", "layer"]].to_numpy().tolist() == [[code, "p1", "projects"]]


def test_what_may_hold_together_is_no_finding():
    # Done in March, started in March; a layer that keeps no record of starts.
    assert progress({"completed_on": "2024-03", "started_on": "2024-03-20"}).findings.empty
    assert progress({"completed_on": "2024-03-01", "investment_wan": 5.0, "paid_wan": 5.0}).findings.empty


# Dates and shares as people write them


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-15", "2024-03-15"),
        ("2024.3", "2024-03"),
        ("2024年3月", "2024-03"),
        ("2024年3月5日", "2024-03-05"),
        ("2024年3月底", "2024-03"),
        ("20240315", "2024-03-15"),
        ("202403", "2024-03"),
        ("2024", "2024"),
        ("2024年", "2024"),
        ("2024/3/15 08:30", "2024-03-15"),
        ("2024-03-15T00:00:00.000", "2024-03-15"),
        ("２０２４．３．１５", "2024-03-15"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", None),
        ("2024-13", None),
        ("3月15日", None),
        ("202", None),
        ("", None),
    ],
)
def test_dates_are_read_as_exactly_as_they_are_written(text, day):
    assert read_date(text) == day


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_reads_back_however_it_is_written(day):
    forms = (
        f"{day:%Y-%m-%d}",
        f"{day:%Y%m%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
    )
    assert {read_date(form) for form in forms} == {str(day)}


def test_the_days_of_a_month_end_where_the_month_does():
    assert [last_day(day) for day in ("2023-02", "2024-02", "2024-12", "2024", "2024-12-05")] == [
        "2023-02-28",
        "2024-02-29",
        "2024-12-31",
        "2024-12-31",
        "2024-12-05",
    ]
    assert [first_day(day) for day in ("2024-02", "2024", "2024-12-05")] == [
        "2024-02-01",
        "2024-01-01",
        "2024-12-05",
    ]


def _ids(finding):
    return finding.values["ids"]  # noqa: PD011  a field of ours


def _dates(*values):
    ids = pd.Series([str(number) for number in range(len(values))])
    return read_dates(pd.Series(list(values)), ids, column="started_on", layer="projects")


def test_dates_written_plainly_and_marks_for_none_are_not_told():
    days, found = _dates("2024-03-15", None, "-", "2024-03")
    assert days.tolist()[0::3] == ["2024-03-15", "2024-03"]
    assert days.isna().tolist() == [False, True, True, False]
    assert found == []


def test_dates_written_otherwise_and_what_is_none_are_told_with_their_ids():
    days, found = _dates("2024年3月", "快了", "20240315")
    assert days.tolist()[0::2] == ["2024-03", "2024-03-15"]
    assert [(finding.code, _ids(finding)) for finding in found] == [
        ("date_read", "0, 2"),
        ("date_unreadable", "1"),
    ]


def test_in_a_column_of_numbers_the_tenth_month_cannot_be_told_from_the_first():
    days, found = _dates(2024.1, 2024.11, 2024.0, np.nan)
    assert days.tolist()[:3] == ["2024", "2024-11", "2024"]
    assert {finding.code: _ids(finding) for finding in found}["date_ambiguous"] == "0"


def test_days_of_a_table_that_knows_them_are_read():
    days, _ = _dates(pd.Timestamp("2024-03-15"), pd.NaT)
    assert days.tolist()[0] == "2024-03-15"
    assert days.isna().tolist() == [False, True]


def _shares(*values):
    ids = pd.Series([str(number) for number in range(len(values))])
    column = Column("progress_share", "number", minimum=0, maximum=1)
    return read_numbers(pd.Series(list(values)), ids, column=column, layer="projects")


@pytest.mark.parametrize(
    ("values", "shares", "codes"),
    [
        ([0.8, 1.0, 0.0], [0.8, 1.0, 0.0], []),
        ([80, 100, 0], [0.8, 1.0, 0.0], ["share_percent"]),
        (["80%", "0.5", "1"], [0.8, 0.5, 1.0], ["number_converted"]),
        (["80%", "1%"], [0.8, 0.01], ["number_converted"]),
        # One beside eighty may be one per cent or all of it.
        ([80, 1], [0.8, None], ["share_percent", "share_ambiguous"]),
        ([0.5, 250], [0.5, None], ["share_beyond"]),
        (["120%"], [None], ["number_converted", "share_beyond"]),
    ],
)
def test_progress_is_read_as_share_or_percent_and_told(values, shares, codes):
    found, told = _shares(*values)
    assert is_same(found, shares)
    assert [finding.code for finding in told] == codes


def test_a_layer_of_projects_is_read_from_what_people_wrote():
    found = progress(
        {
            "形象进度": "80%",
            "计划完工": "2024.9",
            "实际开工": "2024年3月",
            "总投资": "200万",
            "验收批次": "第一批",
        },
    ).projects.iloc[0]
    assert (found["progress_share"], found["planned_end_on"], found["started_on"]) == (
        0.8,
        "2024-09",
        "2024-03",
    )
    assert (found["status"], found["acceptance_batch"]) == ("on_time", "第一批")


def test_lines_and_areas_are_projects_too():
    line = shapely.LineString([(EAST + 700, NORTH + 10), (EAST + 800, NORTH + 10)])
    projects = frame([line, square(610, 10, 50)], id=["a", "b"])
    town = Town.from_layers(name="T", **good_layers(blocks=BLOCKS, projects=projects))
    assert project_progress(replace(Results(town)), on=ON).projects["block_id"].tolist() == ["K2", "K2"]
