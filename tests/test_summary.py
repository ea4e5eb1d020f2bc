"""The short table that a run prints."""

from __future__ import annotations

from map_town import map_layers, map_results

from fengmao_geo.export.summary import summary_table


def test_blocks_come_by_number_and_the_town_last():
    table = summary_table(map_results(), lang="en")
    # Block 1, the silk works, has no row in the life circles, so it goes by its id.
    assert table.iloc[:, 0].tolist() == ["works"] * 2 + ["市河街区"] * 2 + ["水乡镇"] * 2


def test_a_town_without_blocks_is_summed_up_alone():
    layers = {name: layer for name, layer in map_layers().items() if name != "blocks"}
    assert len(summary_table(map_results(layers=layers))) == 2


def test_without_life_circles_there_is_nothing_to_sum_up():
    assert summary_table(map_results(circles=None)).empty
