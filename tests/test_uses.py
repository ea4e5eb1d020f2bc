"""Uses and controls as data: read, shown, and refused where they are wrong."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from fengmao_geo.errors import StandardError
from fengmao_geo.standards.show import standard_table
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.standards.uses import controls, uses

DATA = Path(str(files("fengmao_geo.standards")))
USES = (DATA / "uses.toml").read_text(encoding="utf-8")
CONTROLS = (DATA / "controls.toml").read_text(encoding="utf-8")
CHINESE = "口袋公园 微绿地 篮球场 半场篮球 乒乓球 健身点 儿童游戏场 停车场 社区服务点 城市书房 文化客厅 居家养老服务中心 义工活动基地 可食地景 文旅驿站 创新工坊 口袋广场 林下步道 滨水步道"


def written(tmp_path, text):
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(read, path):
    with pytest.raises(StandardError) as caught:
        read(path)
    return caught.value.text(lang="en")


def changed(text, section, old, new):
    """Change one line below a table's head."""
    head, found, rest = text.partition(f"[{section}]\n")
    assert found
    assert old in rest
    return head + found + rest.replace(old, new, 1)


def test_the_uses_that_towns_ask_for_are_there():
    assert set(CHINESE.split()) <= {use.name_zh for use in uses().values()}


def test_a_pocket_park_has_400_to_10000_square_metres_by_an_official_page():
    figures = uses()["pocket_park"].figures
    assert (figures.min_area_m2.value, figures.max_area_m2.value) == (400, 10_000)
    assert figures.min_area_m2.tag == figures.max_area_m2.tag == "V"


def test_clear_heights_are_proposals_of_2_2_2_5_4_and_7_metres():
    heights = {use: record.figures.min_clear_height_m for use, record in uses().items()}
    asked = {"car_park": 2.2, "pocket_plaza": 2.5, "table_tennis": 4.0, "basketball_court": 7.0}
    assert {use: heights[use].value for use in asked} == asked
    assert {height.tag for height in heights.values()} == {"P"}


def test_costs_are_proposals():
    assert {use.figures.cost_wan_per_m2.tag for use in uses().values()} == {"P"}


def test_sizes_of_the_standard_keep_their_tags():
    figures = {use: record.figures.min_area_m2 for use, record in uses().items()}
    sizes = {"fitness_point": 150, "playground": 170, "elderly_centre": 350, "public_toilet": 60}
    assert {use: figures[use].value for use in sizes} == sizes
    assert {figures[use].tag for use in sizes} == {"M-H"}


def test_every_court_lies_in_the_smallest_space_its_use_takes():
    for use in uses().values():
        if use.court_m:
            long_m, short_m = use.court_m
            assert long_m * short_m <= use.figures.min_area_m2.value
            assert short_m >= use.figures.min_width_m.value


def test_uses_of_buildings_take_buildings_and_others_do_not():
    buildings = {"idle_factory", "granary", "idle_house"}
    for use in uses().values():
        assert use.needs_building == (set(use.kinds) <= buildings)
        assert use.needs_building or buildings.isdisjoint(use.kinds)


def test_every_kind_of_space_can_become_something():
    assert set(space_kinds().kinds) == {kind for use in uses().values() for kind in use.kinds}


def test_what_has_no_residents_demand_is_named():
    without = {use for use, record in uses().items() if not record.has_demand}
    assert {"visitor_station", "edible_garden", "workshop"} <= without
    assert all(not record.supplies for use, record in uses().items() if use in without)


def test_growing_crops_is_the_only_use_that_crops():
    assert [use for use, record in uses().items() if record.is_cropping] == ["crop_field"]


def test_files_of_the_users_own_are_read(tmp_path):
    assert uses(written(tmp_path, USES)) == uses()
    assert controls(written(tmp_path, CONTROLS)) == controls()


def test_a_user_may_exclude_what_is_flagged(tmp_path):
    text = changed(CONTROLS, "controls.heritage", '"flagged"', '"excluded"')
    assert controls(written(tmp_path, text))["heritage"].effect == "excluded"


@pytest.mark.parametrize("effect", ["flagged", "excluded"])
def test_permanent_farmland_cannot_be_changed(tmp_path, effect):
    text = changed(CONTROLS, "controls.permanent_farmland", '"crops_only"', f'"{effect}"')
    told = refused(controls, written(tmp_path, text))
    assert "no setting changes that" in told
    assert 'effect = "crops_only"' in told


def test_permanent_farmland_cannot_be_told_from_another_layer(tmp_path):
    text = changed(CONTROLS, "controls.permanent_farmland", '"farmland_protected"', '"green"')
    assert 'layer = "farmland_protected"' in refused(controls, written(tmp_path, text))


def test_permanent_farmland_cannot_be_left_out(tmp_path):
    text = CONTROLS.partition("[controls.permanent_farmland]")[0] + "[controls.redline]"
    text += CONTROLS.partition("[controls.redline]")[2]
    assert "controls.permanent_farmland: is missing; add it" in refused(controls, written(tmp_path, text))


def test_no_other_control_takes_crops_only(tmp_path):
    text = changed(CONTROLS, "controls.heritage", '"flagged"', '"crops_only"')
    assert "excluded or flagged" in refused(controls, written(tmp_path, text))


def test_a_control_is_hit_by_a_layer_or_by_a_manager(tmp_path):
    text = changed(
        CONTROLS, "controls.heritage", 'layer = "heritage"', 'layer = "heritage"\nmanager = "railway"'
    )
    assert "either layer or manager" in refused(controls, written(tmp_path, text))


def test_no_other_use_can_say_that_it_is_growing_crops(tmp_path):
    text = changed(USES, "uses.car_park", "is_cropping = false", "is_cropping = true")
    assert "set is_cropping = false" in refused(uses, written(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("needs_building = false", "needs_building = true"),
        ("supplies = []", 'supplies = ["car_park"]'),
        ("green_share = { value = 0.0", "green_share = { value = 0.2"),
        (
            "[uses.crop_field.figures]\n",
            '[uses.crop_field.figures]\ncourt_length_m = { value = 9.0, tag = "P", source = "ours" }\ncourt_width_m = { value = 5.0, tag = "P", source = "ours" }\n',
        ),
    ],
)
def test_growing_crops_cannot_be_made_more_than_that(tmp_path, old, new):
    told = refused(uses, written(tmp_path, changed(USES, "uses.crop_field", old, new)))
    assert "without building, court, green or facilities" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "min_area_m2 = { value = 400.0",
            "min_area_m2 = { value = 40000.0",
            "max_area_m2 is below min_area_m2",
        ),
        ("green_share = { value = 0.65", "green_share = { value = 65.0", "make it 0 to 1"),
        ('"riverside"', '"lakeside"', "there is no “lakeside”"),
        ('supplies = ["pocket_park"]', 'supplies = ["castle"]', "there is no “castle”"),
        ('owners = ["state"', 'owners = ["crown"', "make it one of"),
        (
            "[uses.pocket_park.figures]\n",
            '[uses.pocket_park.figures]\ncourt_length_m = { value = 9.0, tag = "P", source = "ours" }\n',
            "one side of the court is missing",
        ),
        ('name_zh = "口袋公园"', 'name_zh = "口袋公园"\nuse = "park"', "the id differs"),
        ("min_width_m", "min_depth_m", "is missing; add it"),
    ],
)
def test_a_wrong_use_is_told_with_its_remedy(tmp_path, old, new, told):
    assert told in refused(uses, written(tmp_path, changed(USES, "uses.pocket_park", old, new)))


def test_a_control_under_another_name_is_told(tmp_path):
    text = changed(CONTROLS, "controls.heritage", 'layer = "heritage"', 'layer = "heritage"\ncontrol = "old"')
    assert "the id differs" in refused(controls, written(tmp_path, text))


def test_what_is_read_cannot_be_changed_for_others():
    uses().clear()
    controls().clear()
    assert uses()
    assert controls()


def test_uses_are_shown_with_every_figure_and_its_tag():
    shown = standard_table("uses")
    row = shown[(shown["use"] == "pocket_park") & (shown["figure"] == "min_area_m2")].iloc[0]
    assert (row["value"], row["tag"]) == (400.0, "V")
    assert shown.loc[shown["figure"] == "", "use"].tolist() == list(uses())


def test_controls_are_shown():
    assert standard_table("controls")["control"].tolist() == list(controls())
