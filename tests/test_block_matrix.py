"""What each block has of each batch and theme, and the finding where blocks are few."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from score_towns import measured, placed_spaces, town_of_blocks
from test_red_lines import sites
from town_layers import frame, square

from fengmao_geo.blocks.indicators import block_indicators
from fengmao_geo.blocks.matrix import block_matrix
from fengmao_geo.results import Results
from fengmao_geo.tables import RENEWAL_TYPES, RESULTS, THEMES


def matrix(block="a", ids=("a", "b", "c"), indicators=None, **given):
    layers = given.pop("layers", {})
    results = Results(
        town_of_blocks(*ids, **layers), indicators=measured() if indicators is None else indicators, **given
    )
    found = block_matrix(results)
    return found[found["block_id"] == block].set_index(["side", "item"])


def spaces(*kinds, **columns):
    """A space in each block, of these kinds."""
    shapes = [square(10 + 100 * at, 10, 20) for at in range(len(kinds))]
    return placed_spaces(shapes, kind=list(kinds), **columns)


def projects(**columns):
    return frame([square(10, 10, 20)], id=["n"], **columns)


def test_every_block_has_a_row_of_every_batch_and_theme():
    found = matrix()
    assert list(found.index) == [
        *(("batch", item) for item in RENEWAL_TYPES),
        *(("theme", item) for item in THEMES),
    ]


def test_a_block_with_nothing_misses_everything():
    found = matrix()
    assert found["is_missing"].all()
    assert found[["indicator_count", "space_count", "site_count", "project_count"]].to_numpy().sum() == 0


def test_known_indicators_count_by_the_batch_and_theme_they_are_declared_with():
    rows = measured(("a", "green_rate_share", "now", 0.3), ("b", "green_rate_share", "now", None))
    assert matrix(indicators=rows).loc[("batch", "public_space"), "indicator_count"] == 1
    assert matrix(indicators=rows).loc[("theme", "jiangnan"), "indicator_count"] == 1
    assert matrix("b", indicators=rows)["indicator_count"].sum() == 0


def test_an_indicator_counts_once_though_measured_in_three_states():
    rows = measured(*(("a", "green_rate_share", state, 0.3) for state in ("before", "now", "planned")))
    assert matrix(indicators=rows)["indicator_count"].sum() == 2


def test_an_indicator_alone_fills_no_gap():
    rows = measured(("a", "green_rate_share", "now", 0.3))
    assert matrix(indicators=rows).loc[("batch", "public_space"), "is_missing"]


def test_spaces_count_by_the_batch_and_theme_of_their_kind():
    some = spaces("riverside", "idle_house")
    found = matrix(spaces=some)
    counted = found.loc[found["space_count"] > 0]
    assert list(counted.index) == [("batch", "public_space"), ("theme", "jiangnan")]
    assert not counted["is_missing"].any()


def test_a_space_left_out_on_site_fills_no_gap():
    found = matrix(spaces=spaces("riverside", decision="excluded"))
    assert found["space_count"].sum() == 0


def test_sites_count_by_the_batch_and_theme_of_their_use():
    found = matrix(programme=sites((square(10, 10, 20), "pocket_park", "a")))
    assert list(found.index[found["site_count"] > 0]) == [("batch", "public_space"), ("theme", "jiangnan")]


def test_a_project_counts_by_its_own_batch_and_theme():
    found = matrix(
        layers={"projects": projects(batch=["feature_block"], theme=["repair"], use=["pocket_park"])}
    )
    assert list(found.index[found["project_count"] > 0]) == [("batch", "feature_block"), ("theme", "repair")]


def test_a_project_that_states_none_counts_by_those_of_its_use():
    found = matrix(layers={"projects": projects(theme=["repair"], use=["pocket_park"])})
    assert list(found.index[found["project_count"] > 0]) == [("batch", "public_space"), ("theme", "repair")]


def test_a_project_names_its_block_by_id_number_or_name():
    named = ["a", "1", "区块a"]
    outside = frame([square(600, 600, 20)] * 3, id=list("nmo"), batch=["old_estate"] * 3, block_id=named)
    town = town_of_blocks("a")
    blocks = town["blocks"].assign(block_no=1)
    results = Results(town_of_blocks("a", projects=outside, blocks=blocks), indicators=measured())
    assert block_matrix(results).set_index("item").loc["old_estate", "project_count"] == 3


def test_a_project_of_no_batch_no_theme_and_no_use_fills_no_gap():
    assert matrix(layers={"projects": projects()})["is_missing"].all()


def test_what_lies_in_no_block_counts_nowhere():
    outside = frame([square(600, 600, 20)], id=["n"], batch=["old_estate"])
    results = Results(town_of_blocks("a", projects=outside), indicators=measured())
    assert block_matrix(results)["project_count"].sum() == 0


def test_without_measured_indicators_they_are_measured():
    results = Results(town_of_blocks("a"))
    found = block_matrix(results)
    own = block_indicators(results).query("area_id == 'a'").dropna(subset="value")
    # Each once among the batches and once among the themes.
    assert found["indicator_count"].sum() == 2 * own["indicator"].nunique() > 0


def test_row_order_changes_nothing():
    some = spaces("riverside", "idle_house")
    turned = gpd.GeoDataFrame(some.iloc[::-1].reset_index(drop=True), crs=some.crs)
    tables = [
        block_matrix(Results(town_of_blocks("a", "b"), spaces=one, indicators=measured()))
        for one in (some, turned)
    ]
    pd.testing.assert_frame_equal(*tables)


def test_the_table_is_as_declared_even_without_blocks():
    town = town_of_blocks("a")
    bare = type(town).from_layers(name="T", **{k: v for k, v in town.layers.items() if k != "blocks"})
    assert RESULTS["block_matrix"].faults(block_matrix(Results(bare, indicators=measured()))) == []


def findings_of(*ids):
    results = Results(town_of_blocks(*ids), indicators=measured())
    return Results(results.town, block_matrix=block_matrix(results)).findings


def test_fewer_than_three_blocks_are_a_finding_and_no_failure():
    found = findings_of("a", "b")
    found = found[found["code"] == "few_blocks"]
    assert found["severity"].tolist() == ["warning"]
    assert found["values"].tolist() == [{"count": 2, "least": 3}]


def test_three_blocks_are_no_finding():
    assert "few_blocks" not in set(findings_of("a", "b", "c")["code"])


def test_nothing_is_said_of_blocks_that_were_not_looked_at():
    assert "few_blocks" not in set(Results(town_of_blocks("a")).findings["code"])
