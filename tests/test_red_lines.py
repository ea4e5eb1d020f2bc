"""Red lines of renewal: what is torn down, rebuilt, rehoused, and what lies on protected ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from score_towns import town_of_blocks
from town_layers import frame, line, point, square

from fengmao_geo.blocks.red_lines import red_lines
from fengmao_geo.results import Results
from fengmao_geo.standards.red_lines import red_line_standard
from fengmao_geo.standards.show import standard_table
from fengmao_geo.tables import RESULTS, Programme

WORKS = {
    "standing_m2": [1000.0, 3000.0],
    "demolished_m2": [300.0, 500.0],
    "rebuilt_m2": [900.0, 300.0],
    "moved_household_count": [10.0, 30.0],
    "rehoused_household_count": [0.0, 10.0],
}


def projects(shapes=None, **columns):
    shapes = [square(10, 10, 20), square(50, 50, 20)] if shapes is None else shapes
    return frame(shapes, id=[f"n{at}" for at in range(len(shapes))], **columns)


def lines(block="a", programme=None, ids=("a", "b"), **layers):
    found = red_lines(Results(town_of_blocks(*ids, **layers), programme=programme))
    return found[found["block_id"] == block].set_index("red_line")


def value(found, name):
    return found.loc[name, "value"], found.loc[name, "status"], found.loc[name, "missing"]


def sites(*rows):
    """Sites of a programme: shape, use, block."""
    shapes, uses, blocks = zip(*rows, strict=True)
    table = gpd.GeoDataFrame(
        {
            "space_id": [f"s{at}" for at in range(len(rows))],
            "name": "s",
            "use": uses,
            "block_id": pd.Series(blocks, dtype=object),
            "rank": range(1, len(rows) + 1),
            "cost_wan": 1.0,
            "area_m2": [shape.area for shape in shapes],
            "green_m2": 0.0,
        },
        geometry=list(shapes),
        crs=4549,
    )
    return Programme(sites=table)


def test_shares_and_ratios_of_works_are_those_worked_out_on_paper():
    found = lines(projects=projects(**WORKS))
    # 800 of 4,000 m²; 1,200 to 800 m²; 10 of 40 households.
    assert value(found, "demolished_share") == (0.2, "kept", "")
    assert value(found, "rebuilt_ratio") == (1.5, "kept", "")
    assert value(found, "rehoused_share") == (0.25, "broken", "")


def test_a_square_metre_more_than_a_fifth_breaks_the_line():
    found = lines(projects=projects(**(WORKS | {"demolished_m2": [301.0, 500.0]})))
    assert found.loc["demolished_share", "status"] == "broken"


def test_more_than_twice_what_is_torn_down_breaks_the_line():
    found = lines(projects=projects(**(WORKS | {"rebuilt_m2": [1400.0, 300.0]})))
    assert value(found, "rebuilt_ratio") == (2.125, "broken", "")


def test_without_the_floor_area_that_stands_that_of_the_buildings_in_the_block_counts():
    # One building of 10 by 10 m and two floors stands in block a: 200 m²; 50 of it are torn down.
    buildings = frame(
        [square(20, 20, 10), square(120, 20, 10)],
        id=["x", "y"],
        floor_count=[2, 9],
        use="residential",
        people=1.0,
    )
    works = {"demolished_m2": [20.0, 30.0]}
    found = lines(projects=projects(**works), buildings=buildings)
    assert value(found, "demolished_share") == (0.25, "broken", "")


def test_buildings_without_floors_leave_the_share_unknown():
    found = lines(
        projects=projects(demolished_m2=[20.0, 30.0]),
        buildings=frame([square(20, 20, 10)], id=["x"], use=["residential"], people=[1.0]),
    )
    share, status, missing = value(found, "demolished_share")
    assert np.isnan(share)
    assert (status, missing) == ("unknown", "projects.standing_m2, buildings.floor_count")


def test_a_project_that_does_not_say_what_it_tears_down_leaves_the_lines_unknown():
    found = lines(projects=projects(**(WORKS | {"demolished_m2": [300.0, np.nan]})))
    assert found.loc["demolished_share", ["status", "missing"]].tolist() == [
        "unknown",
        "projects.demolished_m2",
    ]
    assert found.loc["rebuilt_ratio", ["status", "missing"]].tolist() == ["unknown", "projects.demolished_m2"]
    assert found.loc["rehoused_share", "status"] == "broken"


def test_without_the_columns_all_three_are_unknown_and_say_which():
    found = lines(projects=projects())
    # No building stands in the block either, which would tell the floor area.
    assert found["missing"].tolist()[:3] == [
        "projects.demolished_m2, projects.standing_m2, buildings.floor_count",
        "projects.rebuilt_m2, projects.demolished_m2",
        "projects.rehoused_household_count, projects.moved_household_count",
    ]
    assert set(found["status"][:3]) == {"unknown"}


def test_without_projects_and_programme_everything_is_unknown():
    found = lines()
    assert set(found["status"]) == {"unknown"}
    assert found.loc["demolished_share", "missing"] == "projects"
    assert found.loc["farmland_m2", "missing"] == "farmland_protected, projects"


def test_a_block_without_a_project_tears_nothing_down_and_moves_nobody():
    found = lines("b", projects=projects(**WORKS))
    assert value(found, "demolished_share") == (0.0, "kept", "")
    for name in ("rebuilt_ratio", "rehoused_share"):
        assert np.isnan(found.loc[name, "value"])
        assert found.loc[name, ["status", "missing"]].tolist() == ["kept", ""]


def test_what_is_rebuilt_where_nothing_is_torn_down_is_unknown_not_infinite():
    found = lines(projects=projects(**(WORKS | {"demolished_m2": [0.0, 0.0]})))
    assert np.isnan(found.loc["rebuilt_ratio", "value"])
    assert found.loc["rebuilt_ratio", ["status", "missing"]].tolist() == ["unknown", "projects.demolished_m2"]


def test_a_project_belongs_to_the_block_it_names_wherever_it_lies():
    found = lines("b", projects=projects(block_id=["b", None], **WORKS))
    assert value(found, "demolished_share")[0] == 0.3


def test_a_project_that_names_no_block_there_is_belongs_to_the_one_it_lies_in():
    found = lines("a", projects=projects(block_id=["zz", None], **WORKS))
    assert value(found, "demolished_share")[0] == 0.2


def test_ground_of_projects_and_sites_counts_once():
    # The project is 20 by 20 m, the site shares half of it: 600 m² together, all of it farmland.
    programme = sites((square(20, 10, 20), "pocket_park", "a"))
    found = lines(
        programme=programme,
        projects=projects([square(10, 10, 20)]),
        farmland_protected=frame([square(0, 0, 100)], id=["f"]),
    )
    assert value(found, "farmland_m2") == (pytest.approx(600.0), "broken", "")


def test_growing_crops_is_no_breach_of_farmland_but_of_all_else():
    programme = sites((square(10, 10, 20), "crop_field", "a"))
    ground = frame([square(0, 0, 100)], id=["f"])
    found = lines(programme=programme, farmland_protected=ground, redlines=ground)
    assert value(found, "farmland_m2") == (0.0, "kept", "")
    assert value(found, "redline_m2") == (pytest.approx(400.0), "broken", "")


def test_ground_without_a_limit_of_its_own_asks_for_consent():
    ground = frame([square(0, 0, 20)], id=["f"])
    found = lines(projects=projects([square(10, 10, 20)]), river_control=ground, heritage=ground)
    assert value(found, "river_control_m2") == (pytest.approx(100.0), "unknown", "river_control.consent")
    assert value(found, "heritage_m2") == (pytest.approx(100.0), "unknown", "heritage.consent")
    assert found["limit"].isna().tolist() == [False] * 5 + [True] * 2


def test_ground_off_every_zone_is_kept():
    found = lines(projects=projects(), river_control=frame([square(500, 500, 20)], id=["f"]))
    assert value(found, "river_control_m2") == (0.0, "kept", "")


@pytest.mark.parametrize(
    ("project", "zone"),
    [
        (point(15, 15), square(0, 0, 50)),
        (line((10, 10), (30, 10)), square(0, 0, 50)),
        (square(10, 10, 20), point(15, 15)),
    ],
)
def test_what_has_no_area_and_lies_on_the_zone_leaves_the_area_unknown(project, zone):
    found = lines(projects=projects([project]), heritage=frame([zone], id=["h"]))
    area, status, missing = value(found, "heritage_m2")
    assert np.isnan(area)
    assert (status, missing) == ("unknown", "projects.geometry, heritage.geometry")


def test_a_point_beside_the_zone_takes_none_of_it():
    found = lines(projects=projects([point(90, 90)]), heritage=frame([square(0, 0, 50)], id=["h"]))
    assert value(found, "heritage_m2") == (0.0, "kept", "")


def test_the_ground_of_one_block_is_not_that_of_another():
    found = lines("b", projects=projects([square(10, 10, 20)]), redlines=frame([square(0, 0, 900)], id=["f"]))
    assert value(found, "redline_m2") == (0.0, "kept", "")


def test_row_order_changes_nothing():
    some = projects(**WORKS)
    tables = [red_lines(Results(town_of_blocks("a", "b", projects=one))) for one in (some, some.iloc[::-1])]
    pd.testing.assert_frame_equal(*tables)


def test_every_block_has_every_line_with_its_source():
    found = red_lines(Results(town_of_blocks("a", "b")))
    assert len(found) == 2 * len(red_line_standard())
    assert (found["source"] != "").all()
    assert found.loc[found["red_line"] == "demolished_share", "tag"].tolist() == ["V3", "V3"]
    assert RESULTS["red_lines"].faults(found) == []


def test_a_town_without_blocks_has_no_lines():
    town = town_of_blocks("a")
    bare = type(town).from_layers(name="T", **{k: v for k, v in town.layers.items() if k != "blocks"})
    assert red_lines(Results(bare)).empty


def test_the_red_lines_can_be_printed():
    shown = standard_table("red_lines").set_index("red_line")
    assert shown.loc["rebuilt_ratio", ["limit", "bound"]].tolist() == [2.0, "at_most"]
