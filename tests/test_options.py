"""What a space could become: every rule by hand, each threshold's edge, and farmland that only takes crops."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from fengmao_geo.errors import TableError
from fengmao_geo.geo.shape import compactness, inscribed_circles, mean_width
from fengmao_geo.messages import has_text
from fengmao_geo.siting.options import possible_uses
from fengmao_geo.standards.uses import Control, Use, controls, uses
from fengmao_geo.tables import table

DATA = Path(str(files("fengmao_geo.standards")))

PLAIN = {
    "name": "x",
    "family": "leftover",
    "kind": "vacant_plot",
    "basis": "open_land",
    "certainty": "certain",
    "rule": "",
    "evidence": "",
    "frontage_m": 10.0,
    "water_m": np.nan,
    "is_accessible": True,
    "block_id": None,
    "owner": "state",
    "bridge_manager": None,
    "clear_height_m": np.nan,
    "within_5_min_people": np.nan,
    "within_15_min_people": np.nan,
    "protected_m2": 0.0,
    "controls": "",
    "decision": "",
}


def spaces(*rows):
    """Spaces of 40 by 30 m but for what is said of them; measures are those of the outline."""
    made = [
        {"space_id": f"s{at}", "geometry": shapely.box(0, 0, 40, 30), **PLAIN, **row}
        for at, row in enumerate(rows)
    ]
    frame = gpd.GeoDataFrame(made, geometry="geometry", crs=4549)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    return frame.assign(
        area_m2=frame.area,
        building_m2=frame.area.where(frame["family"] == "stock", 0.0),
        width_m=mean_width(shapes),
        circle_m=2 * inscribed_circles(shapes)[1],
        compactness_share=compactness(shapes),
    )


def answer(use, *, of_uses=None, of_controls=None, **said):
    measured = {name: said.pop(name) for name in ("area_m2", "building_m2", "circle_m") if name in said}
    found = possible_uses(spaces(said).assign(**measured), uses=of_uses, controls=of_controls)
    return found.set_index("use").loc[use]


def verdict(use, **said):
    row = answer(use, **said)
    return row["fits"], row["reason"]


def own(use, **changes):
    """The shipped use, changed."""
    return {use: Use.model_validate(uses()[use].model_dump() | changes)}


BRIDGE = {"kind": "under_bridge", "family": "grey", "bridge_manager": "municipal", "clear_height_m": 9.0}
FARM = {"kind": "road_cut_plot", "family": "farmland", "basis": "farmland", "owner": "collective"}


def test_every_space_is_paired_with_every_use():
    found = possible_uses(spaces({}, {"kind": "riverside"}, FARM))
    assert len(found) == 3 * len(uses())
    assert found["use"].tolist() == list(uses()) * 3


def test_a_plot_takes_a_pocket_park():
    # 1200 m²: 65 % green, 0.06 wan a square metre.
    row = answer("pocket_park")
    assert (row["fits"], row["reason"], row["area_m2"]) == ("yes", "", pytest.approx(1200))
    assert row["green_m2"] == pytest.approx(780)
    assert row["cost_wan"] == pytest.approx(72)


def test_a_use_takes_no_more_than_its_largest_area():
    # 400 m² of the plot's 1200: 80 % green, 0.04 wan a square metre.
    row = answer("micro_green")
    assert (row["area_m2"], row["green_m2"], row["cost_wan"]) == (400, pytest.approx(320), pytest.approx(16))


def test_what_does_not_fit_or_is_not_known_has_no_figures():
    for row in (answer("riverside_walk"), answer("car_park", **BRIDGE | {"clear_height_m": np.nan})):
        assert row["fits"] in ("no", "unknown")
        assert row[["area_m2", "green_m2", "cost_wan"]].isna().all()


def test_a_use_takes_its_kinds_only():
    assert verdict("riverside_walk") == ("no", "no=kind;kind=vacant_plot")
    assert verdict("riverside_walk", kind="riverside") == ("yes", "")
    assert verdict("book_room") == ("no", "no=kind;kind=vacant_plot")
    assert verdict("book_room", kind="idle_house", family="stock", basis="stock") == ("yes", "")


@pytest.mark.parametrize(
    ("area_m2", "told"),
    [
        (399.99, ("no", "no=area;area_m2=399.99;min_area_m2=400")),
        (399.999, ("no", "no=area;area_m2=399.99;min_area_m2=400")),
        (400.0, ("yes", "")),
        (400 * (1 - 1e-12), ("yes", "")),
    ],
)
def test_a_pocket_park_begins_at_400_square_metres(area_m2, told):
    assert verdict("pocket_park", area_m2=area_m2) == told


@pytest.mark.parametrize(
    ("circle_m", "told"),
    [(7.9, ("no", "no=width;circle_m=7.9;min_width_m=8")), (8.0, ("yes", ""))],
)
def test_a_pocket_park_is_8_metres_wide_at_its_widest_place(circle_m, told):
    assert verdict("pocket_park", circle_m=circle_m) == told


@pytest.mark.parametrize(
    ("use", "height_m"),
    [("basketball_court", 7.0), ("table_tennis", 4.0), ("car_park", 2.2), ("pocket_plaza", 2.5)],
)
def test_below_a_bridge_a_use_needs_its_clear_height(use, height_m):
    assert verdict(use, **BRIDGE | {"clear_height_m": height_m}) == ("yes", "")
    low = height_m - 0.1
    told = f"no=clear_height;clear_height_m={low:g};min_clear_height_m={height_m:g}"
    assert verdict(use, **BRIDGE | {"clear_height_m": low}) == ("no", told)


def test_an_unknown_clear_height_below_a_bridge_is_unknown():
    told = ("unknown", "unknown=clear_height;min_clear_height_m=7")
    assert verdict("basketball_court", **BRIDGE | {"clear_height_m": np.nan}) == told
    assert verdict("basketball_court", **BRIDGE | {"clear_height_m": np.nan, "bridge_manager": None}) == told


def test_under_the_open_sky_there_is_no_clear_height_to_know():
    assert verdict("basketball_court") == ("yes", "")


def test_a_hard_no_comes_before_what_is_not_known():
    small = BRIDGE | {"clear_height_m": np.nan, "geometry": shapely.box(0, 0, 9, 9)}
    assert verdict("basketball_court", **small) == ("no", "no=area;area_m2=81;min_area_m2=608")


HALL = {"kind": "granary", "family": "stock", "basis": "stock"}


@pytest.mark.parametrize(
    ("building_m2", "told"),
    [
        (250.0, ("yes", "")),
        (249.9, ("no", "no=area;building_m2=249.9;min_area_m2=250")),
        (np.nan, ("unknown", "unknown=area;min_area_m2=250")),
    ],
)
def test_a_use_of_buildings_needs_their_footprints_and_not_the_whole_plot(building_m2, told):
    assert verdict("culture_room", area_m2=9000.0, building_m2=building_m2, **HALL) == told


def test_a_use_of_buildings_takes_and_costs_their_footprints():
    row = answer("culture_room", area_m2=9000.0, building_m2=300.0, **HALL)
    assert (row["area_m2"], row["cost_wan"]) == pytest.approx((300, 90))


def test_below_a_bridge_that_nobody_is_known_to_manage_a_use_is_flagged():
    assert verdict("table_tennis", **(BRIDGE | {"bridge_manager": None})) == ("yes", "flag=manager_unknown")


def test_a_use_that_people_walk_to_needs_access():
    assert verdict("pocket_park", is_accessible=False) == ("no", "no=access")
    assert verdict("rain_garden", is_accessible=False) == ("yes", "")


def test_a_use_takes_its_owners_only():
    ours = own("pocket_park", owners=("state",))
    assert verdict("pocket_park", of_uses=ours) == ("yes", "")
    assert verdict("pocket_park", of_uses=ours, owner="collective") == (
        "no",
        "no=owner;owner=collective;allowed=state",
    )
    assert verdict("pocket_park", of_uses=ours, owner="unknown") == ("unknown", "unknown=owner;allowed=state")


def test_an_unknown_owner_is_no_matter_where_every_owner_is_allowed():
    assert verdict("pocket_park", owner="unknown") == ("yes", "")


def test_a_court_that_fits_only_when_turned_fits():
    plot = shapely.affinity.rotate(shapely.box(0, 0, 33, 20), 45)
    assert verdict("basketball_court", geometry=plot) == ("yes", "")


def test_a_court_that_does_not_lie_inside_does_not_fit():
    # 30 × 30 m is large and wide enough, and yet too short.
    told = ("no", "no=court;court_length_m=32;court_width_m=19")
    assert verdict("basketball_court", geometry=shapely.box(0, 0, 30, 30)) == told
    assert verdict("half_court", geometry=shapely.box(0, 0, 30, 30)) == ("yes", "")


def test_a_space_left_out_on_site_takes_nothing():
    found = possible_uses(spaces({"decision": "excluded"}))
    assert set(found["reason"]) == {"no=decision"}
    assert set(found["fits"]) == {"no"}
    assert verdict("pocket_park", decision="confirmed") == ("yes", "")


def test_the_ecological_red_line_excludes_crops_too():
    assert verdict("pocket_park", controls="redlines") == ("no", "no=redline")
    assert verdict("crop_field", controls="redlines", **FARM) == ("no", "no=redline")


def test_what_hits_several_controls_is_excluded_by_one_and_flagged_by_two():
    assert verdict("pocket_park", controls="heritage;redlines") == ("no", "no=redline")
    told = ("yes", "flag=river_control,heritage")
    assert verdict("pocket_park", controls="heritage;river_control") == told
    assert verdict("pocket_park", controls="heritage=core; river_control=12.5") == told


def test_a_flagged_use_has_its_figures():
    assert answer("pocket_park", controls="river_control")["cost_wan"] == pytest.approx(72)


def test_nothing_stands_below_a_railway():
    assert verdict("car_park", **BRIDGE | {"bridge_manager": "railway"}) == ("no", "no=railway_bridge")


def test_below_a_highway_a_use_is_flagged():
    assert verdict("car_park", **BRIDGE | {"bridge_manager": "highway"}) == ("yes", "flag=highway_bridge")


def test_a_user_may_exclude_heritage():
    ours = controls()
    ours["heritage"] = Control.model_validate(ours["heritage"].model_dump() | {"effect": "excluded"})
    assert verdict("pocket_park", controls="heritage", of_controls=ours) == ("no", "no=heritage")


def test_a_control_no_file_names_is_flagged_and_not_lost():
    assert verdict("pocket_park", controls="noise") == ("yes", "flag=noise")


def every_use_may_stand_on_farmland():
    kinds = ("road_cut_plot", "enclosed_farmland", "vacant_plot")
    return {name: use.model_copy(update={"kinds": kinds}) for name, use in uses().items()}


@pytest.mark.parametrize(
    "said",
    [
        {"protected_m2": 1200.0},
        {"protected_m2": 0.5},
        {"controls": "farmland_protected"},
        {"controls": "permanent_farmland"},
    ],
)
def test_permanent_farmland_takes_crops_only_whatever_the_users_files_say(said):
    for of_controls in (None, {}, {"permanent_farmland": controls()["heritage"]}):
        found = possible_uses(
            spaces(FARM | said), uses=every_use_may_stand_on_farmland(), controls=of_controls
        )
        assert found.loc[found["fits"] == "yes", "use"].tolist() == ["crop_field"]
        rest = found[found["use"] != "crop_field"]
        assert set(rest["fits"]) == {"no"}
        assert rest["reason"].str.startswith("no=permanent_farmland").all()


def test_a_record_that_claims_to_grow_crops_is_not_believed():
    claims = {
        "car_park": uses()["car_park"].model_copy(update={"is_cropping": True, "kinds": ("road_cut_plot",)})
    }
    assert verdict("car_park", of_uses=claims, protected_m2=1200.0, **FARM)[0] == "no"


def test_permanent_farmland_is_told_with_its_square_metres():
    told = ("no", "no=permanent_farmland;protected_m2=30.5")
    assert verdict("pocket_park", protected_m2=30.5) == told


def test_crops_grow_no_green():
    assert answer("crop_field", protected_m2=1200.0, **FARM)["green_m2"] == 0


def test_a_farmland_plot_that_was_not_checked_is_unknown_but_for_crops():
    unchecked = FARM | {"protected_m2": np.nan}
    assert verdict("edible_garden", **unchecked) == ("unknown", "unknown=permanent_farmland")
    assert verdict("crop_field", **unchecked) == ("yes", "flag=farmland_unchecked")
    assert verdict("edible_garden", **FARM) == ("yes", "")


def test_other_ground_that_was_not_checked_is_flagged():
    assert verdict("pocket_park", protected_m2=np.nan) == ("yes", "flag=farmland_unchecked")


def mixed():
    return spaces(
        {},
        FARM,
        BRIDGE,
        {"kind": "riverside", "controls": "river_control"},
        {"geometry": shapely.box(0, 0, 20, 15)},
    )


def test_the_order_of_rows_does_not_matter():
    there = mixed()
    back = there.iloc[::-1].set_index(pd.Index([7, 7, 3, 3, 1]))
    pd.testing.assert_frame_equal(possible_uses(there), possible_uses(back))


def test_spaces_uses_and_controls_are_left_as_they_were():
    there, ours, ruled = mixed(), uses(), controls()
    before = there.copy()
    possible_uses(there, uses=ours, controls=ruled)
    pd.testing.assert_frame_equal(there, before)
    assert (ours, ruled) == (uses(), controls())


def test_files_of_the_users_own_are_read():
    found = possible_uses(mixed(), uses=DATA / "uses.toml", controls=str(DATA / "controls.toml"))
    pd.testing.assert_frame_equal(found, possible_uses(mixed()))


def test_no_spaces_or_no_uses_make_an_empty_table():
    assert possible_uses(mixed().iloc[:0]).shape == (0, 7)
    assert possible_uses(mixed(), uses={}).shape == (0, 7)
    assert list(possible_uses(mixed().iloc[:0])) == list(table("possible_uses").names)


def test_a_table_that_is_not_as_declared_is_refused():
    with pytest.raises(TableError, match="clear_height_m"):
        possible_uses(mixed().drop(columns="clear_height_m"))


def test_every_key_and_code_of_a_reason_has_a_text():
    found = possible_uses(mixed())["reason"]
    pairs = [part.split("=") for reason in found if reason for part in reason.split(";")]
    assert all(has_text(f"reason.{key}") for key, _ in pairs)
    codes = {code for key, value in pairs if key in ("no", "unknown", "flag") for code in value.split(",")}
    assert all(has_text(f"reason.{code}") for code in codes | set(controls()))


def test_texts_of_reasons_are_in_both_languages():
    raw = tomllib.loads((DATA.parent / "messages.toml").read_text(encoding="utf-8"))["reason"]
    assert all(set(words) == {"zh", "en"} for words in raw.values())
