"""The runner of indicators and their declarations: laws that every indicator keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import gain_towns
import numpy as np
import pandas as pd
import pytest
from indicator_towns import PARCELS, circles_of, missing_of, programme_of, results_of, spaces_of, town_of
from pydantic import ValidationError
from space_towns import box, layer, street
from typer.testing import CliRunner

from fengmao_geo.blocks import indicators as runner
from fengmao_geo.blocks.case import NOT_THERE, Case, areas_of
from fengmao_geo.blocks.indicators import block_indicators, measure
from fengmao_geo.cli import app
from fengmao_geo.green.gain import green_gains
from fengmao_geo.network.build import walk_network
from fengmao_geo.results import Results
from fengmao_geo.standards.indicators import STATES, Indicator, indicator_file
from fengmao_geo.standards.show import standard_table
from fengmao_geo.tables import LAYERS, RESULTS

if TYPE_CHECKING:
    from fengmao_geo.life_circle.circles import LifeCircles

FILE = indicator_file()
OURS = ("circles", "greenery", "places", "stock")
DECLARED = [one for one in FILE.indicators.values() if one.group in OURS]
GREEN = layer(box(0, 60, 20, 85), box(30, 90, 40, 100), green_type=["park", "attached"])
TREES = layer(box(114, 22, 115, 23).centroid, crown_m=[4.0])
WATER = layer(box(220, 70, 300, 90), water_type=["river"])


def town_with_green(**layers):
    given = {
        "green": GREEN,
        "green_before": GREEN.iloc[1:],
        "trees": TREES,
        "water": WATER,
        "extent": layer(box(-900, -900, 1300, 1000)),
        "streets": street((0, 50), (400, 50), street_class="branch"),
        "parcels": PARCELS.assign(land_code=["0601", "0601", "0701"]),
    }
    return town_of(**(given | layers))


def full_results(town):
    """Run every step on the town that it can be run on."""
    programme = programme_of("s1", "s3")
    return results_of(
        town,
        circles=circles_of(),
        planned=circles_of(walks={"health_station": (2.0, 4.0, 4.0)}),
        spaces=spaces_of(),
        programme=programme,
        gains=green_gains(town, walk_network(town), programme=programme),
    )


@pytest.fixture(scope="module")
def results():
    return full_results(town_with_green())


@pytest.fixture(scope="module")
def untouched(results):
    """Copies of what is measured, from before it was."""
    return [rows.copy() for rows in _tables(results)]


@pytest.fixture(scope="module")
def table(results, untouched):
    assert untouched
    return block_indicators(results)


@pytest.mark.parametrize("group", OURS)
def test_every_indicator_has_one_function_and_every_function_is_declared(group):
    module = runner._MODULES[group]
    declared = {one.indicator for one in DECLARED if one.group == group}
    assert declared == set(module.__all__)
    assert all(callable(getattr(module, name)) for name in declared)


def test_there_are_indicators_enough_of_the_first_four_groups():
    assert len(DECLARED) >= 24


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_the_unit_ends_the_name(one):
    ending = {"type_count": "count", "rate": "share"}.get(one.unit, one.unit)
    assert one.indicator.endswith(f"_{ending}")


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_needs_are_layers_columns_and_results(one):
    for need in one.needs:
        for option in need.split("|"):
            name, _, column = option.strip().partition(".")
            assert name in LAYERS or name in Results.__dataclass_fields__
            assert not column or column in LAYERS[name].names


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_what_has_no_source_is_marked_as_a_proposal(one):
    for said, tag in ((one.source, one.tag), (one.target_source or "proposal", one.target_tag or "P")):
        assert tag == "P" or not said.startswith(("proposal", "formula of this library"))


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_formulas_and_names_are_of_their_language(one):
    assert any("\u4e00" <= sign <= "\u9fff" for sign in one.formula_zh)
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in one.formula_en + one.name_en)


def test_the_table_is_as_declared_and_has_each_area_indicator_and_state_once(table):
    areas = {"west", "east", "empty", "town"}
    rows = {
        (area, one.indicator, state)
        for one in FILE.indicators.values()
        for state in one.states
        for area in areas
    }
    assert RESULTS["indicators"].faults(table) == []
    assert set(zip(table["area_id"], table["indicator"], table["state"], strict=True)) == rows
    assert len(table) == len(rows)


def test_areas_stand_in_the_order_of_blocks_and_the_town_is_last(table):
    assert table["area_id"].tolist()[:4] == ["east", "empty", "west", "town"]
    assert table["area_name"].tolist()[:4] == ["东片", "空地", "西片", "T"]


def test_a_value_that_is_known_asks_for_nothing(table):
    assert (table[table["value"].notna()]["missing"] == "").all()


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_a_share_lies_between_nothing_and_all(table, one):
    values = table[table["indicator"] == one.indicator]["value"].dropna()
    assert (values >= 0).all()
    assert one.unit != "share" or (values <= 1).all()


@pytest.mark.parametrize("one", DECLARED, ids=lambda one: one.indicator)
def test_every_indicator_is_known_somewhere_in_every_state(table, one):
    for state in one.states:
        rows = table[(table["indicator"] == one.indicator) & (table["state"] == state)]
        assert rows["value"].notna().any()


def test_the_order_of_rows_changes_nothing(results, table):
    turned = {name: rows.iloc[::-1] for name, rows in results.town.layers.items()}
    town = type(results.town).from_layers(name="T", settings=results.town.settings, **turned)
    gains = replace(results.gains, gains=results.gains.gains.iloc[::-1])
    other = replace(
        results,
        town=town,
        circles=_turned(results.circles),
        planned=_turned(results.planned),
        spaces=results.spaces.iloc[::-1],
        gains=gains,
    )
    pd.testing.assert_frame_equal(block_indicators(other), table)


def _turned(circles: LifeCircles) -> LifeCircles:
    names = ("dwellings", "types", "coverage", "areas")
    return replace(circles, **{name: getattr(circles, name).iloc[::-1] for name in names})


def test_nothing_that_is_measured_is_changed(results, untouched, table):
    assert len(table)
    for kept, now in zip(untouched, _tables(results), strict=True):
        pd.testing.assert_frame_equal(kept, now)


def _tables(results: Results) -> list[pd.DataFrame]:
    return [results.spaces, results.circles.areas, results.gains.gains, *results.town.layers.values()]


@pytest.mark.parametrize(
    "absent", [("parcels", "green"), ("firms", "facilities", "trees", "water", "blocks")]
)
def test_a_town_without_layers_is_measured_all_the_same(results, absent):
    layers = {name: rows for name, rows in results.town.layers.items() if name not in absent}
    town = type(results.town).from_layers(name="T", settings=results.town.settings, **layers)
    found = block_indicators(replace(results, town=town))
    assert RESULTS["indicators"].faults(found) == []
    assert any(name in missing for name in absent[:1] for missing in found["missing"])


def test_a_bare_town_knows_nothing_and_says_what_it_lacks():
    bare = results_of(town_of(parcels=None, firms=None, facilities=None))
    rows = block_indicators(bare)
    ours = rows[rows["indicator"].isin([one.indicator for one in DECLARED if one.group != "stock"])]
    assert ours["value"].isna().all()
    assert (ours["missing"] != "").all()


def test_without_blocks_and_a_plan_the_town_alone_is_measured_and_not_planned():
    found = block_indicators(results_of(town_of(blocks=None)))
    assert set(found["area_id"]) == {"town"}
    assert set(found["state"]) == {"before", "now"}


def test_a_footbridge_alone_is_a_plan(results):
    bridged = results_of(circles=results.circles, planned=results.planned, gains=results.gains)
    found = block_indicators(bridged)
    planned = found[found["state"] == "planned"].set_index(["indicator", "area_id"])
    assert planned["value"]["full_set_5_min_share", "west"] == pytest.approx(38 / 40)
    assert "programme" in planned["missing"]["green_rate_share", "west"]
    assert planned["missing"]["used_space_share", "west"] == "spaces, programme"


def test_what_has_no_meaning_is_missing_and_nothing_would_settle_it(results, table):
    case = Case(results, "now", areas_of(results.town))
    assert measure(case, FILE.indicators["idle_floor_share"])["empty"] == NOT_THERE
    row = table[(table["indicator"] == "idle_floor_share") & (table["area_id"] == "empty")]
    assert np.isnan(row["value"].item())
    assert row["missing"].item() == ""


def test_what_is_unknown_now_names_the_plan_once_it_is_planned():
    planned = results_of(programme=programme_of("s1"))
    found = [missing_of(planned, "full_set_5_min_share", "west", state) for state in ("now", "planned")]
    assert found == ["circles", "planned"]


def test_people_are_asked_for_of_the_layer_that_dwellings_are_of():
    town = town_of(buildings=None, addresses=layer(box(110, 10, 120, 20).centroid))
    found = results_of(town, circles=circles_of(basis="address_count"))
    assert missing_of(found, "worst_type_5_min_people", "west") == "addresses.people"


def test_an_empty_layer_says_that_there_is_none():
    # A layer of no firms is knowledge; no layer of firms is not.
    empty = results_of(town_of(firms=layer(parcel_id=[], tax_wan=[])))
    case = Case(empty, "now", areas_of(empty.town))
    assert measure(case, FILE.indicators["parcel_yield_wan_per_mu"])["west"] == NOT_THERE


def test_people_of_homes_are_those_of_the_town_where_no_circles_were_run():
    case = Case(results_of(), "now", areas_of(results_of().town))
    assert case.homes.groupby("area_id")["people"].sum().to_dict() == {"town": 10.0, "west": 10.0}


def test_before_renewal_there_are_no_circles(results):
    assert Case(results, "before", areas_of(results.town)).circles is None
    assert Case(results, "now", areas_of(results.town)).circles is results.circles
    assert Case(results, "planned", areas_of(results.town)).circles is results.planned


def test_a_name_of_a_block_is_its_id_where_it_has_none():
    blocks = gain_towns.BLOCKS.assign(name=["西片", None])
    assert areas_of(town_of(blocks=blocks))["area_name"].tolist() == ["mid", "西片", "T"]


def test_a_circle_takes_some_minutes():
    one = FILE.indicators["full_set_5_min_share"].model_dump()
    with pytest.raises(ValidationError, match="limit_min"):
        Indicator(**(one | {"limit_min": 0.0}))


def test_states_are_shown_in_the_order_of_time():
    assert all(list(one.states) == sorted(one.states, key=STATES.index) for one in DECLARED)


def test_the_command_prints_every_indicator_and_the_figures_they_take():
    said = CliRunner().invoke(app, ["standards", "indicators"]).stdout
    assert all(name in said for name in FILE.indicators)
    assert "unknown_most_share" in said
    assert "True" not in said
    assert len(standard_table("indicators")) == len(FILE.indicators) + len(FILE.figures)
