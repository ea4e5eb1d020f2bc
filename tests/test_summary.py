"""The short table per block that the demo prints."""

from __future__ import annotations

import pandas as pd
import pytest
from map_town import map_circles, map_layers, map_results

from fengmao_geo.export import summary
from fengmao_geo.export.summary import summary_table


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0%"), (63 / 28_000, "<1%"), (0.164, "16%"), (0.996, ">99%"), (1.0, "100%"), (None, "?")],
)
def test_few_is_not_none_and_most_is_not_all(share, words):
    assert summary._share(pd.Series([share], dtype=float), "?") == words


@pytest.mark.parametrize(("unknown", "mark"), [(309.0, "≥"), (57.0, ""), (0.0, "")])
def test_a_share_with_some_unknown_is_the_least_it_can_be(unknown, mark):
    full = pd.DataFrame({"reached_share": [0.07], "unknown_people": [unknown], "people": [28_000.0]})
    assert summary.is_least(full) == bool(mark)


def test_a_share_of_which_nothing_is_known_has_no_least():
    full = pd.DataFrame({"reached_share": [None], "unknown_people": [9.0], "people": [9.0]})
    assert not summary.is_least(full)


def test_blocks_come_by_number_and_the_town_last():
    table = summary_table(map_results(), lang="en")
    # Block 1, the silk works, has no row in the life circles, so it goes by its id.
    assert table.iloc[:, 0].tolist() == ["works"] * 2 + ["市河街区"] * 2 + ["水乡镇"] * 2


def test_a_town_without_blocks_is_summed_up_alone():
    layers = {name: layer for name, layer in map_layers().items() if name != "blocks"}
    assert len(summary_table(map_results(layers=layers))) == 2


def test_without_life_circles_there_is_nothing_to_sum_up():
    assert summary_table(map_results(circles=None)).empty


def test_the_worst_gaps_are_named_with_their_people():
    rows = summary_table(map_results(), lang="en").set_index(["area", "circle (min)"])
    circles = map_circles()
    gaps = circles.gaps[(circles.gaps["area_id"] == "old") & (circles.gaps["limit_min"] == 15)]
    worst = rows.loc[("市河街区", "15"), "worst gaps (people)"]
    assert worst.count(",") == min(3, int((gaps["lacking_people"] > 0).sum())) - 1
