"""The scorecard and the scores of blocks: attainment, weights, bonus, what is unknown, ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_towns import results_of, town_of_blocks, use_our_indicators, whole

import fengmao_geo as fg
from fengmao_geo.blocks.block_scores import block_scores
from fengmao_geo.blocks.indicators import block_indicators
from fengmao_geo.blocks.score_rules import ScoreRules, score_findings, score_settings
from fengmao_geo.blocks.scorecard import score_changes, scorecard
from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.results import Results
from fengmao_geo.tables import RESULTS

ALL = {"reach": 0.5, "walks": 1.0, "noise": 2.5, "charm": 0.4, "views": 0.8}


@pytest.fixture(autouse=True)
def our_indicators(monkeypatch):
    use_our_indicators(monkeypatch)


def card_of(values, *, ids=("a", "b"), **options):
    return scorecard(results_of(*whole(values), ids=ids), **options)


def column(card, name, block="a", state="now"):
    mine = card[(card["block_id"] == block) & (card["state"] == state)]
    return mine.set_index("indicator")[name]


def score_of(values, *, name="score", block="a", **options):
    scores = block_scores(card_of(values, **options), weightings=10)
    return scores.set_index(["block_id", "state"]).loc[(block, "now"), name]


# ---- attainment and weights


def test_attainment_runs_from_the_floor_to_the_target():
    found = column(card_of({"a": ALL}), "attainment_share")
    assert found.to_dict() == {"reach": 0.5, "walks": 0.5, "noise": 0.75, "charm": 0.4, "views": 0.8}


def test_more_than_the_target_is_all_of_it_and_worse_than_the_floor_nothing():
    found = column(card_of({"a": ALL | {"reach": 1.4, "noise": 12.0}}), "attainment_share")
    assert (found["reach"], found["noise"]) == (1.0, 0.0)


def test_groups_weigh_the_same_and_within_a_group_its_indicators_do():
    found = column(card_of({"a": ALL}), "weight_share")
    assert found.to_dict() == pytest.approx(
        {"reach": 0.25, "walks": 0.25, "noise": 0.5, "charm": 0.05, "views": 0.05}
    )


def test_what_has_no_target_is_not_scored():
    assert "trade" not in column(card_of({"a": ALL | {"trade": 3.0, "grain": 2.0}}), "value").index


def test_a_target_of_the_users_own_makes_it_scored():
    found = card_of({"a": ALL | {"trade": 3.0}}, targets={"trade": 4.0})
    assert column(found, "attainment_share")["trade"] == 0.75


def test_a_weighting_of_the_users_own_is_whole():
    found = column(card_of({"a": ALL}, weights={"reach": 3, "noise": 1}), "weight_share")
    assert found.to_dict() == pytest.approx(
        {"reach": 0.75, "walks": 0, "noise": 0.25, "charm": 0, "views": 0}
    )


def test_a_score_is_a_hundred_times_weight_times_attainment():
    card = card_of({"a": ALL})
    assert column(card, "score")["noise"] == pytest.approx(100 * 0.5 * 0.75)
    assert column(card, "score")["views"] == pytest.approx(100 * 0.05 * 0.8)


def test_the_unknown_keeps_its_weight_and_has_no_attainment():
    card = card_of({"a": ALL | {"noise": None}})
    assert column(card, "weight_share")["noise"] == 0.5
    assert np.isnan(column(card, "attainment_share")["noise"])


def test_what_has_no_meaning_leaves_its_weight_to_the_others():
    found = column(card_of({"a": ALL | {"noise": "none"}, "b": ALL}), "weight_share")
    assert found.to_dict() == pytest.approx({"reach": 0.5, "walks": 0.5, "charm": 0.05, "views": 0.05})


def test_what_is_measured_only_now_counts_in_every_state():
    rows = [("a", "reach", state, value) for state, value in (("before", 0.1), ("now", 0.5), ("planned", 1))]
    card = scorecard(results_of(*rows, ("a", "noise", "now", 2.5)))
    shown = card.set_index(["indicator", "state"])["value"]
    assert [shown["noise", state] for state in ("before", "now", "planned")] == [2.5, 2.5, 2.5]
    assert [shown["reach", state] for state in ("before", "now", "planned")] == [0.1, 0.5, 1.0]


def test_what_is_unknown_with_the_programme_is_not_taken_from_now():
    rows = [("a", "reach", "now", 0.5), ("a", "reach", "planned", None)]
    card = scorecard(results_of(*rows))
    assert np.isnan(card.set_index("state").loc["planned", "value"])


def test_without_a_programme_there_is_no_planned_state():
    assert set(card_of({"a": ALL})["state"]) == {"now"}


def test_the_town_itself_is_not_scored():
    results = results_of(*whole({"a": ALL}))
    town = results.indicators.assign(area_kind="town", area_id="town")
    both = Results(results.town, indicators=pd.concat([results.indicators, town], ignore_index=True))
    assert set(scorecard(both)["block_id"]) == {"a"}


def test_blocks_come_in_the_order_of_their_numbers():
    blocks = town_of_blocks("a", "b").layers["blocks"].assign(block_no=[2, 1])
    town = town_of_blocks(blocks=blocks)
    results = Results(town, indicators=results_of(*whole({"a": ALL, "b": ALL})).indicators)
    assert list(dict.fromkeys(scorecard(results)["block_id"])) == ["b", "a"]


def test_row_order_changes_nothing_of_the_card_and_the_scores():
    results = results_of(*whole({"a": ALL, "b": ALL | {"reach": 0.9, "noise": None}}))
    turned = Results(results.town, indicators=results.indicators.iloc[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(scorecard(results), scorecard(turned))
    card = scorecard(results)
    shuffled = card.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(block_scores(card, weightings=50), block_scores(shuffled, weightings=50))


def test_inputs_are_left_as_they_were():
    results = results_of(*whole({"a": ALL, "b": ALL}))
    before = results.indicators.copy()
    card = scorecard(results, weights={"reach": 1})
    kept = card.copy()
    block_scores(card, weightings=10)
    pd.testing.assert_frame_equal(results.indicators, before)
    pd.testing.assert_frame_equal(card, kept)


def test_without_measured_indicators_they_are_measured(monkeypatch):
    monkeypatch.undo()
    results = Results(town_of_blocks("a"))
    card = scorecard(results, weights={"green_rate_share": 1})
    assert set(card["block_id"]) == {"a"}
    own = block_indicators(results).query("area_id == 'a'").dropna(subset="value")
    attained = set(card.dropna(subset="attainment_share")["indicator"])
    assert attained == set(own["indicator"]) & set(card["indicator"])
    assert "green_rate_share" not in attained


def test_a_town_without_blocks_has_an_empty_card():
    town = fg.Town.from_layers(
        name="T", **{k: v for k, v in town_of_blocks("a").layers.items() if k != "blocks"}
    )
    results = Results(town, indicators=results_of().indicators)
    assert scorecard(results).shape == (0, 11)
    assert block_scores(scorecard(results)).empty


# ---- scores


def test_a_block_worked_out_on_paper():
    # Base: 25 x 0.5 + 25 x 0.5 + 50 x 0.75 = 62.5. Bonus: 10 x (0.4 + 0.8) / 2 = 6.
    assert score_of({"a": ALL}, name="base_score") == pytest.approx(62.5)
    assert score_of({"a": ALL}, name="bonus_score") == pytest.approx(6.0)
    assert score_of({"a": ALL}) == pytest.approx(68.5)


def test_the_unknown_is_left_out_of_the_mean_and_is_not_zero():
    values = {"a": ALL | {"noise": None}}
    assert score_of(values, name="base_score") == pytest.approx(50.0)
    assert score_of(values, name="known_share") == pytest.approx(0.5)


def test_bounds_take_the_unknown_at_its_worst_and_at_its_best():
    # Known: 25 points of 100 attained, 50 open; bonus: 0.05 x 40 = 2 attained, 5 open.
    values = {"a": ALL | {"noise": None, "views": None}}
    assert score_of(values, name="low_score") == pytest.approx(27.0)
    assert score_of(values, name="high_score") == pytest.approx(27.0 + 50 + 5)


def test_all_attained_is_a_hundred_and_the_bonus():
    best = {"a": {"reach": 1, "walks": 2, "noise": 0, "charm": 1, "views": 1}}
    assert score_of(best) == pytest.approx(110.0)


def test_the_bound_of_the_bonus_is_the_users():
    card = card_of({"a": ALL})
    assert block_scores(card, bonus_cap=20, weightings=10)["bonus_score"].tolist() == pytest.approx([12.0])
    assert block_scores(card, bonus_cap=0, weightings=10)["bonus_score"].tolist() == [0.0]


def test_a_bonus_of_which_nothing_is_known_is_missing_and_takes_nothing_away():
    values = {"a": ALL | {"charm": None, "views": None}}
    assert np.isnan(score_of(values, name="bonus_score"))
    assert score_of(values) == pytest.approx(62.5)


def test_a_block_of_which_nothing_is_known_has_no_score_and_no_rank():
    values = {"a": dict.fromkeys(ALL), "b": ALL}
    assert np.isnan(score_of(values))
    assert pd.isna(score_of(values, name="rank"))
    assert np.isnan(score_of(values, name="stability_share"))
    assert score_of(values, name="rank", block="b") == 1
    assert (score_of(values, name="low_score"), score_of(values, name="high_score")) == (0.0, 110.0)


def test_equal_scores_share_the_better_rank():
    values = {"a": ALL, "b": ALL, "c": ALL | {"noise": 1.0}}
    scores = block_scores(card_of(values, ids=("a", "b", "c")), weightings=10).set_index("block_id")
    assert scores["rank"].to_dict() == {"c": 1, "a": 2, "b": 2}


def test_each_state_is_ranked_by_itself():
    rows = [("a", "reach", "now", 0.2), ("b", "reach", "now", 0.4)]
    rows += [("a", "reach", "planned", 0.9), ("b", "reach", "planned", 0.4)]
    scores = block_scores(scorecard(results_of(*rows)), weightings=10)
    assert scores[["state", "block_id", "rank"]].to_numpy().tolist() == [
        ["now", "b", 1],
        ["now", "a", 2],
        ["planned", "a", 1],
        ["planned", "b", 2],
    ]


# ---- stability


def test_a_block_better_in_everything_keeps_its_rank_under_every_weighting():
    values = {"a": ALL, "b": {"reach": 0.1, "walks": 0.2, "noise": 9.0, "charm": 0.1, "views": 0.1}}
    assert score_of(values, name="stability_share") == 1.0


def test_two_blocks_that_trade_one_indicator_for_another_keep_their_ranks_half_the_time():
    # a attains the first wholly, b the second: a is first whenever the first weighs more, half of the time.
    values = {"a": {"reach": 1.0, "noise": 10.0}, "b": {"reach": 0.0, "noise": 0.0}}
    card = card_of(values, weights={"reach": 2, "noise": 1})
    scores = block_scores(card, weightings=4000).set_index("block_id")
    assert scores.loc["a", "rank"] == 1
    assert scores["stability_share"].tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_under_a_uniform_dirichlet_of_three_the_first_weighs_most_a_third_of_the_time():
    values = {"a": {"reach": 1, "walks": 0, "noise": 10}, "b": {"reach": 0, "walks": 2, "noise": 10}}
    values["c"] = {"reach": 0, "walks": 0, "noise": 0}
    card = card_of(values, ids=("a", "b", "c"), weights={"reach": 3, "walks": 2, "noise": 1})
    scores = block_scores(card, weightings=6000).set_index("block_id")
    assert scores["rank"].to_dict() == {"a": 1, "b": 2, "c": 3}
    assert scores["stability_share"].to_numpy() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_what_weighs_nothing_takes_no_part_in_random_weightings():
    values = {"a": {"reach": 1.0, "noise": 10.0}, "b": {"reach": 0.0, "noise": 0.0}}
    scores = block_scores(card_of(values, weights={"reach": 1}), weightings=200)
    assert scores["stability_share"].tolist() == [1.0, 1.0]


def test_a_seed_gives_the_same_answer_and_another_seed_another():
    values = {"a": {"reach": 1.0, "noise": 10.0}, "b": {"reach": 0.0, "noise": 0.0}}
    card = card_of(values)
    first, again, other = (block_scores(card, weightings=501, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["stability_share"] != other["stability_share"]).any()


# ---- laws

UNIT = st.floats(0, 1)
VALUE = st.one_of(st.none(), UNIT)
NAMES = ("reach", "walks", "noise", "charm", "views")
IDS = tuple("abcdefghijklmnop")
# Sixteen blocks an example: what takes time is the tables, not their rows.
BLOCKS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUE)), min_size=16, max_size=16)
WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.floats(0.01, 100)).map(lambda own: {"reach": 1.0} | own)
FEW = settings(deadline=None, max_examples=5)


def blocks_of(rows):
    return dict(zip(IDS, rows, strict=True))


def scores_of(rows, **options):
    card = card_of(blocks_of(rows), ids=IDS, **options)
    return block_scores(card, weightings=1).set_index("block_id").loc[list(IDS)]


@FEW
@given(st.sampled_from(["reach", "walks", "noise"]), BLOCKS)
def test_a_weighting_of_one_indicator_returns_its_attainment(name, rows):
    card = card_of(blocks_of(rows), ids=IDS, weights={name: 7.5})
    attained = card[card["indicator"] == name].set_index("block_id")["attainment_share"].loc[list(IDS)]
    score = block_scores(card, weightings=1).set_index("block_id")["score"].loc[list(IDS)]
    assert score.to_numpy() == pytest.approx(100 * attained.to_numpy(), nan_ok=True)


@FEW
@given(WEIGHTS, BLOCKS, st.floats(1e-6, 1e6))
def test_scaling_all_weights_changes_nothing(weights, rows, factor):
    results = results_of(*whole(blocks_of(rows)), ids=IDS)
    scaled = {name: factor * weight for name, weight in weights.items()}
    cards = [scorecard(results, weights=one) for one in (weights, scaled)]
    pd.testing.assert_frame_equal(*cards)
    pd.testing.assert_frame_equal(*(block_scores(card, weightings=20) for card in cards))


@FEW
@given(BLOCKS, WEIGHTS, st.sampled_from(NAMES), st.lists(st.tuples(UNIT, UNIT), min_size=16, max_size=16))
def test_a_better_value_never_scores_lower(rows, weights, name, pairs):
    ordered = [sorted(pair, reverse=name == "noise") for pair in pairs]
    worse, better = (
        scores_of([row | {name: pair[at]} for row, pair in zip(rows, ordered, strict=True)], weights=weights)
        for at in (0, 1)
    )
    for measure in ("score", "low_score", "high_score"):
        assert not (better[measure] < worse[measure] - 1e-9).any()


@FEW
@given(BLOCKS, WEIGHTS)
def test_scores_lie_within_their_bounds(rows, weights):
    found = scores_of(rows, weights=weights)
    low, high, score = (found[name] for name in ("low_score", "high_score", "score"))
    assert (low >= 0).all()
    assert (low <= high + 1e-9).all()
    assert (high <= 110 + 1e-9).all()
    assert not ((score < low - 1e-9) | (score > high + 1e-9)).any()
    assert not (found["base_score"] > 100 + 1e-9).any()


@FEW
@given(BLOCKS)
def test_where_all_is_known_the_card_adds_up_to_the_score_and_the_bounds_meet(rows):
    rows = [{name: 0.3 if value is None else value for name, value in row.items()} for row in rows]
    card = card_of(blocks_of(rows), ids=IDS)
    found = block_scores(card, weightings=1).set_index("block_id")
    sums = card.groupby("block_id")["score"].sum()
    assert sums[found.index].to_numpy() == pytest.approx(found["score"].to_numpy())
    assert found["low_score"].to_numpy() == pytest.approx(found["high_score"].to_numpy())


# ---- what the programme changes


def test_the_programme_adds_what_it_changes():
    rows = [("a", "reach", "now", 0.2), ("a", "reach", "planned", 0.6), ("a", "noise", "now", 2.5)]
    card = scorecard(results_of(*rows))
    found = score_changes(card).set_index("indicator")
    assert found.loc["reach", "change"] == pytest.approx(0.4)
    # Of the two that are measured the one weighs a quarter, the other a half: a third of the points is 33.3.
    assert found.loc["reach", "score_change"] == pytest.approx(100 / 3 * 0.4)
    assert found.loc["noise", ["change", "score_change"]].tolist() == [0.0, 0.0]
    scores = block_scores(card, weightings=1).set_index("state")["score"]
    assert found["score_change"].sum() == pytest.approx(scores["planned"] - scores["now"])


def test_a_change_from_or_to_the_unknown_is_unknown():
    card = scorecard(results_of(("a", "reach", "now", None), ("a", "reach", "planned", 0.6)))
    assert score_changes(card)[["change", "score_change"]].isna().to_numpy().all()


def test_without_a_programme_nothing_changes():
    assert score_changes(card_of({"a": ALL})).empty


# ---- what may be wrong


def told(error, lang="en"):
    return error.value.text(lang=lang).splitlines()[1:]


def test_every_fault_of_what_is_asked_is_named_at_once():
    with pytest.raises(UsageError) as error:
        card_of({"a": ALL}, weights={"raech": 1, "trade": 1, "walks": -1}, targets={"reach": -2, "grain": 1})
    assert told(error) == [
        "- weights.walks: is -1; make it 0 or more",
        "- weights.raech: there is no such indicator; the nearest are: reach, trade (fengmao standards indicators lists all)",
        "- targets.reach: more is better, so that the target of -2 must lie above the floor of 0; correct targets or floors",
        "- targets.grain: neither more nor less of this is better, so that it has no target; remove it",
        "- weights.trade: this indicator has no target and is not scored; state one in targets, or leave the weight out",
    ]


def test_a_chinese_name_is_answered_with_its_id():
    with pytest.raises(UsageError) as error:
        card_of({"a": ALL}, weights={"指标noise": 1})
    assert "weights.指标noise" in told(error)[0]
    assert "the nearest are: noise" in told(error)[0]


def test_a_name_like_none_is_answered_with_some_that_there_are():
    with pytest.raises(UsageError) as error:
        card_of({"a": ALL}, weights={"qqq": 1})
    assert "trade" in told(error)[0]


def test_weights_that_are_all_zero_or_of_the_bonus_alone_are_refused():
    for weights in ({"reach": 0}, {"charm": 1}, {}):
        with pytest.raises(UsageError) as error:
            card_of({"a": ALL}, weights=weights)
        assert "no indicator that counts" in told(error)[0]


def test_a_target_on_the_wrong_side_of_less_asks_for_the_floor():
    with pytest.raises(UsageError) as error:
        card_of({"a": ALL}, targets={"noise": 12})
    assert "below the floor of 10" in told(error)[0]


def test_a_floor_without_a_target_is_refused():
    with pytest.raises(TownError) as error:
        score_settings(town_of_blocks("a", score={"floors": {"trade": 1}}))
    assert "state one in targets" in str(error.value.text(lang="en"))


def test_the_towns_own_weights_targets_floors_and_cap_are_taken():
    own = {"weights": {"reach": 1, "charm": 1}, "targets": {"reach": 0.8}, "floors": {"reach": 0.4}}
    card = scorecard(results_of(*whole({"a": ALL}), score=own | {"bonus_cap": 4}))
    assert column(card, "attainment_share")["reach"] == pytest.approx(0.25)
    assert column(card, "weight_share")["charm"] == pytest.approx(0.04)
    assert block_scores(card, weightings=1)["bonus_score"].tolist() == pytest.approx([1.6])


def test_what_is_asked_takes_the_place_of_the_towns_weights_and_adds_to_its_targets():
    town = town_of_blocks("a", score={"weights": {"reach": 1}, "targets": {"reach": 0.8, "walks": 4}})
    rules = score_settings(town, asked={"weights": {"walks": 1}, "targets": {"walks": 3}})
    assert rules.weights == {"walks": 1.0}
    assert rules.targets == {"reach": 0.8, "walks": 3.0}


def test_faults_of_the_towns_file_are_findings_each():
    town = town_of_blocks("a", score={"weight": {}, "weights": {"raech": 1, "reach": "x"}, "bonus_cap": 200})
    found = score_findings(town)
    assert set(found["code"]) == {"score_rule"}
    assert sorted(found["column"]) == ["bonus_cap", "weight", "weights", "weights.raech", "weights.reach"]
    assert (found["layer"] == "town.toml").all()
    with pytest.raises(TownError):
        scorecard(Results(town))


def test_a_town_that_says_nothing_of_scores_has_no_finding():
    assert score_findings(town_of_blocks("a")).empty
    assert score_settings(town_of_blocks("a")) == ScoreRules()


@pytest.mark.parametrize(("option", "value"), [("bonus_cap", -1), ("bonus_cap", 101), ("weightings", 0)])
def test_what_cannot_be_is_refused_with_its_name(option, value):
    with pytest.raises(UsageError, match=option):
        block_scores(card_of({"a": ALL}), **{option: value})


def test_the_table_score_of_a_file_reaches_the_settings(tmp_path):
    fg.write_town(town_of_blocks("a"), folder=tmp_path / "t")
    file = tmp_path / "t" / "town.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[score.weights]\nreach = 2\n", encoding="utf-8")
    assert fg.read_town(tmp_path / "t").settings.score == {"weights": {"reach": 2}}


def test_the_tables_are_as_declared():
    card = card_of({"a": ALL, "b": ALL})
    assert RESULTS["scorecard"].faults(card) == []
    assert RESULTS["block_scores"].faults(block_scores(card, weightings=2)) == []
