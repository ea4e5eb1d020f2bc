"""Tables: a check lists every fault, then raises once."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from fengmao_geo.errors import TableError, UnknownNameError
from fengmao_geo.schema import Column, Table
from fengmao_geo.tables import table

STREETS = Table(
    "streets",
    (
        Column("id"),
        Column("width_m", "number", minimum=0, maximum=100),
        Column("level", "whole", is_nullable=True),
        Column("is_bridge", "yes_no"),
        Column("kind", choices=("lane", "main")),
        Column("note", "values", is_required=False),
    ),
    keys=("id",),
)
GOOD = {
    "id": ["a", "b"],
    "width_m": [3.0, 7.5],
    "level": [0.0, np.nan],
    "is_bridge": [True, False],
    "kind": ["lane"] * 2,
}


def faults_of(**changes):
    with pytest.raises(TableError) as caught:
        STREETS.check(pd.DataFrame(GOOD | changes))
    return [key for key, _ in caught.value.faults]


def test_a_frame_as_declared_is_given_back_with_its_columns_in_order():
    frame = pd.DataFrame(GOOD)[["kind", "id", "level", "is_bridge", "width_m"]]
    assert list(STREETS.check(frame).columns) == ["id", "width_m", "level", "is_bridge", "kind"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": ["a", "a"]}, "twice"),
        ({"id": ["a", None]}, "null"),
        ({"id": [1, 2]}, "kind"),
        ({"width_m": [-1.0, 2.0]}, "minimum"),
        ({"width_m": [1.0, 200.0]}, "maximum"),
        ({"width_m": ["wide", "narrow"]}, "kind"),
        ({"level": [0.5, 1.0]}, "kind"),
        ({"is_bridge": ["yes", "no"]}, "kind"),
        ({"kind": ["lane", "river"]}, "choices"),
        ({"note": [{"a": 1}, "b"]}, "kind"),
        ({"colour": ["red", "red"]}, "extra"),
    ],
)
def test_each_fault_is_named(changes, fault):
    assert faults_of(**changes) == [fault]


def test_every_fault_is_listed_at_once():
    assert faults_of(id=["a", None], kind=["sea", "lane"], width_m=[-1.0, 2.0]) == [
        "null",
        "minimum",
        "choices",
    ]


def test_a_missing_column_is_a_fault():
    with pytest.raises(TableError, match="width_m"):
        STREETS.check(pd.DataFrame(GOOD).drop(columns="width_m"))


def test_the_message_comes_in_both_languages():
    with pytest.raises(TableError) as caught:
        STREETS.check(pd.DataFrame(GOOD | {"kind": ["sea", "lane"]}))
    assert "只允许" in str(caught.value)
    assert "only" in caught.value.text(lang="en")


def test_geometry_of_another_kind_is_a_fault():
    points = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(TableError, match="polygon"):
        table("blocks").check(points)


def test_a_table_without_geometry_is_a_fault_where_one_is_declared():
    assert [key for key, _ in table("blocks").faults(pd.DataFrame({"id": ["a"]}))] == ["geometry_missing"]


def test_an_unknown_table_lists_those_there_are():
    with pytest.raises(UnknownNameError, match="built_up"):
        table("no_such_table")


def test_a_description_names_meaning_and_kind():
    row = table("blocks").describe(lang="en")[2]
    assert (row["column"], row["label"], row["kind"]) == ("block_no", "block number", "whole")
