"""Tables without places joined to the features that their rows name: no row lost, no total grown."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fengmao_geo.standards.join_names import join_names
from fengmao_geo.town.join import join_table, match_names
from fengmao_geo.town.read import read_town
from fengmao_geo.town.town_file import JoinPart

ROW_CODES = ("join_unmatched", "join_ambiguous", "join_twice", "join_again", "join_blank", "join_sums")


def communities(*names, **columns):
    shapes = [shapely.box(at, 0, at + 1, 1) for at in range(len(names))]
    return gpd.GeoDataFrame({"名称": list(names), **columns}, geometry=shapes)


def joined(frame, fields=None, *, by="社区", to="name", join_fields=None, **columns):
    part = JoinPart(path="people.csv", by=by, to=to, fields=join_fields or {})
    return join_table(frame, pd.DataFrame(columns), layer="communities", part=part, fields=fields or {})


def of(found, code):
    """Give the values of the one finding of a code."""
    (finding,) = [finding for finding in found if finding.code == code]
    return finding.values  # noqa: PD011  a field of ours


def codes(found):
    return sorted(finding.code for finding in found)


def wide(text):
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


# names


def test_rows_go_to_the_features_of_their_names_whatever_the_order():
    frame, found = joined(communities("甲社区", "乙社区"), 社区=["乙社区", "甲社区"], 人口=["20", "10"])
    assert frame["人口"].tolist() == ["10", "20"]
    assert of(found, "join_done")["count"] == 2


def test_blanks_case_and_full_width_do_not_matter():
    frame, _ = joined(communities("A1社区"), 社区=[wide("a1") + " 社 区"], 人口=["7"])
    assert frame["人口"].tolist() == ["7"]


@pytest.mark.parametrize(
    ("feature", "row"),
    [
        ("红旗社区", "红旗"),
        ("红旗", "红旗社区"),
        ("红旗社区", "红旗社区居委会"),
        ("红旗社区居民委员会", "红旗居委会"),
        ("永越村", "永越村民委员会"),
        ("永越村村委会", "永越村"),
        ("第一网格", "第一"),
    ],
)
def test_a_name_with_or_without_its_ending_is_the_same_and_told(feature, row):
    frame, found = joined(communities(feature), 社区=[row], 人口=["7"])
    assert frame["人口"].tolist() == ["7"]
    assert of(found, "join_done")["variants"] == f"{row} = {feature}"


def test_a_village_is_not_the_community_of_the_same_name():
    frame, found = joined(communities("红旗社区"), 社区=["红旗村"], 人口=["7"])
    assert frame["人口"].isna().all()
    assert of(found, "join_unmatched")["names"] == "红旗村 (红旗社区, 2)"


def test_a_bare_name_that_may_be_a_village_or_a_community_is_joined_to_neither():
    frame, found = joined(communities("红旗社区", "红旗村"), 社区=["红旗"], 人口=["7"])
    assert frame["人口"].isna().all()
    assert of(found, "join_ambiguous")["names"] == "红旗"


def test_the_same_name_stands_above_one_that_is_written_otherwise():
    frame, found = joined(communities("红旗", "红旗社区"), 社区=["红旗社区", "红旗"], 人口=["1", "2"])
    assert frame["人口"].tolist() == ["2", "1"]
    assert of(found, "join_done")["variants"] == "-"


def test_a_near_miss_is_listed_with_the_nearest_name_and_its_distance_and_not_joined():
    frame, found = joined(communities("梅泾社区", "永乐社区"), 社区=["梅径社区", "永乐社区"], 人口=["5", "6"])
    assert frame["人口"].isna().tolist() == [True, False]
    assert of(found, "join_unmatched")["names"] == "梅径社区 (梅泾社区, 1)"
    assert of(found, "join_feature_without")["names"] == "梅泾社区"


def test_an_ending_alone_is_a_name():
    assert join_names().parts("村") == ("村", "")
    assert join_names().parts("新村社区") == ("新村", "community")


# rows that are not used


def test_two_rows_of_one_name_with_different_values_are_named_and_neither_is_used():
    frame, found = joined(communities("甲", "乙"), 社区=["甲", "甲", "乙"], 人口=["1", "2", "3"])
    assert frame["人口"].isna().tolist() == [True, False]
    assert of(found, "join_twice") == {"count": 2, "names": "甲", "file": "people.csv"}


def test_a_row_repeated_in_every_cell_counts_once():
    frame, found = joined(communities("甲"), 社区=["甲", "甲"], 人口=["5", "5"])
    assert frame["人口"].tolist() == ["5"]
    assert of(found, "join_again")["count"] == 1
    assert of(found, "join_total")["after"] == "5"


def test_two_features_of_one_name_get_nothing_so_that_no_total_grows():
    frame, found = joined(communities("甲", "甲"), 社区=["甲"], 人口=["5"])
    assert frame["人口"].isna().all()
    assert of(found, "join_ambiguous")["count"] == 1
    assert of(found, "join_total_differs")["lost"] == "5"


def test_a_row_that_is_a_sum_is_left_out_of_the_total():
    _, found = joined(communities("甲", "乙"), 社区=["甲", "乙", "合 计"], 人口=["1", "2", "3"])
    assert of(found, "join_sums")["count"] == 1
    assert of(found, "join_total")["before"] == "3"


def test_a_row_without_a_name_is_told_by_its_number():
    _, found = joined(communities("甲"), 社区=["甲", None, " "], 人口=["1", "2", "3"])
    assert of(found, "join_blank") == {"count": 2, "rows": "2, 3", "file": "people.csv"}


# totals and columns


def test_a_total_is_told_before_and_after_in_figures():
    _, found = joined(communities("甲", "乙"), 社区=["甲", "丙"], 人口=["1,200人", "300"], 备注=["x", "y"])
    values = of(found, "join_total_differs")
    assert (values["theirs"], values["before"], values["after"], values["lost"]) == (
        "人口",
        "1500",
        "1200",
        "300",
    )


def test_text_has_no_total():
    _, found = joined(communities("甲"), 社区=["甲"], 书记=["王"])
    assert codes(found) == ["join_done"]


def test_a_column_of_numbers_that_is_not_declared_has_a_total_too():
    _, found = joined(communities("甲"), 社区=["甲"], 党员=["12"])
    assert of(found, "join_total")["after"] == "12"


def test_the_layers_own_column_of_the_same_meaning_is_put_aside_and_told():
    frame, found = joined(communities("甲", 人口数=[1]), 社区=["甲"], 人口=["9"])
    assert frame["人口"].tolist() == ["9"]
    assert frame["人口数_own"].tolist() == [1]
    assert of(found, "join_column_own")["columns"] == "人口数"


def test_the_layers_names_are_kept_where_the_table_has_a_column_of_that_name():
    frame, _ = joined(communities("甲社区"), 社区=["甲"], 名称=["x"], 人口=["9"])
    assert frame["名称"].tolist() == ["甲社区"]
    assert frame["名称_table"].tolist() == ["x"]


def test_a_column_that_is_not_there_is_an_error_that_lists_those_there_are():
    frame, found = joined(communities("甲"), by="小区", 社区=["甲"], 人口=["9"])
    assert list(frame.columns) == ["名称", "geometry"]
    assert of(found, "join_column_missing") == {
        "column": "小区",
        "key": "by",
        "file": "people.csv",
        "known": "社区, 人口",
    }


def test_the_layers_column_may_be_stated_by_its_own_name():
    frame, _ = joined(communities("x", 代码=["12"]), to="代码", by="代码", 代码=["12.0"], 人口=["9"])
    assert frame["人口"].isna().all()  # text is compared as text
    frame, _ = joined(communities("x", 代码=[12.0]), to="代码", by="代码", 代码=["12"], 人口=["9"])
    assert frame["人口"].tolist() == ["9"]


def test_the_layer_is_not_changed():
    frame = communities("甲", 人口数=[1])
    before = frame.copy()
    joined(frame, 社区=["甲"], 人口=["9"])
    pd.testing.assert_frame_equal(frame, before)


NAMES = st.sampled_from(
    ["甲社区", "甲", "甲村", "乙社区", "乙居委会", "丙", "丙网格", "合计", "", "丁村委会", "戊"]
)


@given(st.lists(st.tuples(NAMES, st.integers(0, 3)), max_size=9), st.lists(NAMES, max_size=6))
@settings(max_examples=30, deadline=None)
def test_rows_in_are_rows_used_and_rows_excluded_and_no_total_grows(rows, features):
    frame, found = joined(
        communities(*features), 社区=[name for name, _ in rows], 人口=[str(people) for _, people in rows]
    )
    told = sum(of([it], it.code)["count"] for it in found if it.code in ROW_CODES)
    assert len(rows) == of(found, "join_done")["count"] + told
    assert len(frame) == len(features)
    used = pd.to_numeric(frame["人口"]).sum()
    assert used <= sum(people for name, people in rows if name)
    matches = match_names(
        pd.Series([name for name, _ in rows], dtype=object),
        pd.Series(features, dtype=object),
        is_again=np.zeros(len(rows), dtype=bool),
    )
    assert len(set(matches.row)) == len(matches.row)
    assert len(set(matches.feature)) == len(matches.feature)


# from a town's folder


def test_a_town_reads_the_people_of_its_communities_from_a_table(tmp_path):
    def square(east, side):
        return shapely.box(572_000 + east, 3_403_000, 572_000 + east + side, 3_403_000 + side)

    layers = {
        "built_up": gpd.GeoDataFrame(geometry=[square(0, 1000)], crs=4549),
        "streets": gpd.GeoDataFrame(
            geometry=[shapely.LineString([(572_000, 3_403_500), (573_000, 3_403_500)])], crs=4549
        ),
        "buildings": gpd.GeoDataFrame(
            {"use": ["residential"] * 2}, geometry=[square(100, 10), square(700, 10)], crs=4549
        ),
        "communities": gpd.GeoDataFrame(
            {"社区名称": ["红旗社区", "梅泾社区"]},
            geometry=[square(0, 500), square(500, 500)],
            crs=4549,
        ),
    }
    for name, layer in layers.items():
        layer.to_file(tmp_path / f"{name}.gpkg")
    (tmp_path / "people.csv").write_text(
        '村社区,常住人口\n红旗社区居委会,"1,200人"\n梅泾社区,800\n合计,2000\n', encoding="utf-8"
    )
    (tmp_path / "town.toml").write_text(
        '[town]\nname = "T"\ncrs = "EPSG:4549"\n'
        + "".join(f'[layers.{name}]\npath = "{name}.gpkg"\n' for name in layers)
        + '[layers.communities.join]\npath = "people.csv"\nby = "村社区"\n',
        encoding="utf-8",
    )
    town = read_town(tmp_path)
    assert sorted(town["communities"]["people"]) == [800, 1200]
    assert {"join_done", "join_sums", "join_total", "number_read"} <= set(town.findings["code"])
