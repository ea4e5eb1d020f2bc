"""Farmland fragments, worked by hand on rectangles of fields, streets and plots."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from stock_towns import SANDIAO, town_of, with_figures
from town_layers import EAST, NORTH, frame, line, square

from fengmao_geo.spaces.farmland import faced_share, farmland_fragments
from fengmao_geo.town.town import Town, TownSettings


def box(west, south, east, north):
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


#: A path far from every field.
FAR_OFF = line((0, 990), (1000, 990))


def country(*fields, streets=(FAR_OFF,), width_m=10.0, plots=(), plot_code="0701", settings=SANDIAO, **more):
    """Make a town of a hectare in the south-west corner of a square kilometre, with fields and plots around."""
    shapes = [*fields, *plots]
    codes = ["0101"] * len(fields) + [plot_code] * len(plots)
    land = frame(shapes, id=[f"p{n}" for n in range(len(shapes))], land_code=codes) if shapes else None
    is_layer = hasattr(streets, "columns")
    ways = (
        streets
        if is_layer
        else frame(streets, id=[f"s{n}" for n in range(len(streets))], width_m=[width_m] * len(streets))
    )
    layers = {
        "built_up": frame([square(0, 0, 100)], id=["core"]),
        "extent": frame([square(0, 0, 1000)], id=["all"]),
        "streets": ways,
        "buildings": frame([square(10, 10, 10)], id=["b"], use=["residential"], people=[1.0]),
    }
    given = layers | ({} if land is None else {"parcels": land}) | more
    return town_of(settings=settings, **given)


def around(west, south, east, north, *, sides="wsen"):
    """Draw centre lines 5 m outside the sides of a rectangle, so that 10 m wide streets lie on its outline."""
    lines = {
        "w": line((west - 5, south), (west - 5, north)),
        "s": line((west, south - 5), (east, south - 5)),
        "e": line((east + 5, south), (east + 5, north)),
        "n": line((west, north + 5), (east, north + 5)),
    }
    return [lines[side] for side in sides]


def kinds_of(town, **options):
    return farmland_fragments(town, **options).table["kind"].tolist()


# --- what an outline faces


def test_an_outline_faces_what_lies_straight_out_and_not_round_the_corner():
    field = np.array([shapely.box(0, 0, 30, 20)])
    # The road lies south of the field, 30 m of its 100 m; its east end reaches no side.
    road = np.array([shapely.box(0, -4, 30, 0)])
    assert faced_share(field, road, reach_m=4.0) == pytest.approx([0.3])
    assert faced_share(field, np.array([shapely.box(30, -4, 40, 0)]), reach_m=4.0) == pytest.approx([0.0])


@pytest.mark.parametrize(("away_m", "share"), [(3.9, 0.3), (4.0, 0.3), (4.1, 0.0)])
def test_what_lies_as_far_as_the_reach_is_faced(away_m, share):
    field, road = shapely.box(0, 0, 30, 20), shapely.box(0, -away_m - 5, 30, -away_m)
    assert faced_share(np.array([field]), np.array([road]), reach_m=4.0) == pytest.approx([share])


@pytest.mark.parametrize("is_turned", [False, True])
def test_the_direction_in_which_an_outline_is_drawn_does_not_matter(is_turned):
    field, road = shapely.box(0, 0, 30, 20, ccw=is_turned), shapely.box(0, -4, 30, 0)
    assert faced_share(np.array([field]), np.array([road]), reach_m=4.0) == pytest.approx([0.3])


def test_no_piece_has_no_share():
    nothing = np.zeros(0, dtype=object)
    assert faced_share(nothing, nothing, reach_m=4.0).tolist() == []


# --- cut off by roads


@pytest.mark.parametrize(("sides", "expected"), [("wsen", 1), ("sen", 1), ("sn", 0), ("", 0)])
def test_a_field_is_cut_off_where_roads_lie_on_four_fifths_of_its_outline(sides, expected):
    # Of 500 m of outline 500, 400 and 300 m face streets.
    streets = [FAR_OFF, *around(300, 300, 450, 400, sides=sides)]
    assert kinds_of(country(box(300, 300, 450, 400), streets=streets)) == ["road_cut_plot"] * expected


@pytest.mark.parametrize(("least", "expected"), [(0.799, 1), (0.8, 1), (0.801, 0)])
def test_the_share_that_faces_roads_counts_when_it_is_reached(least, expected):
    # Of 500 m of outline 150 + 150 + 100 m face streets: four fifths.
    town = country(box(300, 300, 450, 400), streets=around(300, 300, 450, 400, sides="sen"))
    found = farmland_fragments(town, kinds=with_figures("road_cut_plot", street_share=least)).table
    assert len(found) == expected
    if expected:
        row = found.iloc[0]
        assert row["evidence"] == "area_m2=15000;within_share=0;street_share=0.8;built_share=0"
        assert row["rule"] == f"street_share>={least:g}"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ((300, 300, 319.9, 320), 0),
        ((300, 300, 320, 320), 1),
        ((300, 300, 320.1, 320), 1),
        ((300, 300, 450, 399.9), 1),
        ((300, 300, 450, 400), 1),
        ((300, 300, 450, 400.1), 0),
    ],
)
def test_a_cut_off_field_has_from_four_hundred_to_fifteen_thousand_square_metres(field, expected):
    assert len(kinds_of(country(box(*field), streets=around(*field)))) == expected


@pytest.mark.parametrize(("west", "expected"), [(1099.9, 1), (1100.0, 1), (1100.1, 0)])
def test_a_field_is_judged_up_to_a_hundred_metres_beyond_the_extent(west, expected):
    field = (west, 300, west + 100, 400)
    assert len(kinds_of(country(box(*field), streets=around(*field)))) == expected


def test_a_study_area_beyond_the_extent_is_looked_at_too():
    field = (1300, 300, 1400, 400)
    study = frame([box(1300, 0, 1500, 1000)], id=["study"])
    assert kinds_of(country(box(*field), streets=around(*field), study_area=study)) == ["road_cut_plot"]


def test_parcels_of_roads_and_railways_cut_off_too():
    plots = [
        box(290, 290, 450, 300),
        box(290, 400, 450, 410),
        box(290, 300, 300, 400),
        box(440, 300, 450, 400),
    ]
    field = box(300, 300, 440, 400)
    assert kinds_of(country(field, plots=plots, plot_code="1001")) == ["road_cut_plot"]
    assert kinds_of(country(field, plots=plots, plot_code="1101")) == []


def test_tunnels_and_decks_cut_nothing_off():
    field = (300, 300, 500, 400)
    town = country(box(*field), streets=around(*field))
    for columns in ({"is_tunnel": True}, {"level": 1}, {"street_class": "elevated"}):
        assert kinds_of(country(box(*field), streets=town["streets"].assign(**columns))) == []


def test_a_street_surface_that_is_drawn_stands_for_the_centre_lines():
    field = (300, 300, 500, 400)
    surface = frame([box(0, 985, 1000, 995)], id=["r"])
    assert kinds_of(country(box(*field), streets=around(*field), roads_surface=surface)) == []


@pytest.mark.parametrize(
    ("street_class", "width_m", "taken_m2"),
    [("main", None, 2400.0), ("secondary", None, 1600.0), ("branch", None, 900.0), (None, None, 400.0),
     ("main", 7.0, 700.0)],
)  # fmt: skip
def test_a_street_takes_its_width_or_that_of_its_class(street_class, width_m, taken_m2):
    street = frame([line((400, 0), (400, 900))], id=["s"], street_class=[street_class], width_m=[width_m])
    totals = farmland_fragments(country(box(300, 300, 500, 400), streets=street)).totals
    assert totals["taken_m2"] == pytest.approx(taken_m2)
    assert totals["farmland_m2"] == pytest.approx(20_000)


# --- enclosed by the town


@pytest.mark.parametrize(("south_m", "east_m", "expected"), [(98, 0, 0), (100, 0, 1), (100, 2, 1)])
def test_a_field_is_enclosed_where_half_its_outline_faces_built_up_ground(south_m, east_m, expected):
    # Of 400 m of outline the western 100 m and so many of the southern and the eastern face plots.
    plots = [box(280, 300, 300, 400), box(300, 280, 300 + south_m, 300)]
    plots += [box(400, 300, 420, 300 + east_m)] if east_m else []
    assert kinds_of(country(box(300, 300, 400, 400), plots=plots)) == ["enclosed_farmland"] * expected


@pytest.mark.parametrize(("away_m", "expected"), [(19.9, 1), (20.0, 1), (20.1, 0)])
def test_built_up_ground_across_a_street_encloses(away_m, expected):
    plots = [box(250, 300, 300 - away_m, 400), box(400 + away_m, 300, 450, 400)]
    assert len(kinds_of(country(box(300, 300, 400, 400), plots=plots))) == expected


@pytest.mark.parametrize(("code", "expected"), [("0601", 1), ("0810", 1), ("0301", 0), ("1003", 0)])
def test_construction_land_encloses_and_woods_and_roads_do_not(code, expected):
    plots = [box(280, 300, 300, 400), box(400, 300, 420, 400)]
    assert len(kinds_of(country(box(300, 300, 400, 400), plots=plots, plot_code=code))) == expected


def test_buildings_enclose_without_parcels():
    sheds = frame(
        [box(280, 300, 295, 400), box(405, 300, 420, 400)],
        id=["a", "b"],
        use=["industrial"] * 2,
        people=[0.0, 1.0],
    )
    field = frame([box(300, 300, 400, 400)], id=["y"])
    found = farmland_fragments(country(buildings=sheds, farmland_protected=field))
    assert found.table["kind"].tolist() == ["enclosed_farmland"]
    assert found.findings["code"].tolist() == ["cropland_unknown"]


@pytest.mark.parametrize(("west", "expected"), [(49.9, 1), (50.0, 1), (50.1, 0)])
def test_a_field_half_of_which_lies_in_the_built_up_area_is_enclosed(west, expected):
    kinds = with_figures("enclosed_farmland", built_share=1.0)
    found = farmland_fragments(country(box(west, 0, west + 100, 100)), kinds=kinds).table
    assert found["rule"].tolist() == ["within_share>=0.5"] * expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ((0, 0, 20, 19.9), 0),
        ((0, 0, 20, 20), 1),
        ((0, 0, 250, 199.9), 1),
        ((0, 0, 250, 200), 1),
        ((0, 0, 250, 200.1), 0),
    ],
)
def test_an_enclosed_field_has_from_four_hundred_square_metres_to_seventy_five_mu(field, expected):
    core = frame([square(0, 0, 400)], id=["core"])
    assert len(kinds_of(country(box(*field), built_up=core))) == expected


def test_a_field_that_streets_and_the_town_surround_is_listed_once_as_cut_off_unless_it_is_large():
    field = (300, 300, 400, 400)
    plots = [box(270, 300, 290, 400), box(410, 300, 430, 400)]
    town = country(box(*field), plots=plots, streets=around(*field))
    assert kinds_of(town) == ["road_cut_plot"]
    assert kinds_of(town, kinds=with_figures("road_cut_plot", area_m2=9999.0)) == ["enclosed_farmland"]


# --- permanent basic farmland


def test_a_field_reports_how_much_of_it_is_permanent_basic_farmland():
    plots = [box(280, 300, 300, 400), box(400, 300, 420, 400)]
    protected = frame([box(300, 300, 330, 400), box(320, 300, 340, 400)], id=["y1", "y2"])
    field = box(300, 300, 400, 400)
    found = farmland_fragments(country(field, plots=plots, farmland_protected=protected)).table
    assert found["protected_m2"].tolist() == pytest.approx([40 * 100])
    away = frame([box(700, 700, 720, 720)], id=["y1"])
    found = farmland_fragments(country(field, plots=plots, farmland_protected=away)).table
    assert found["protected_m2"].tolist() == [0.0]


def test_without_that_layer_it_is_unknown_and_not_zero():
    plots = [box(280, 300, 300, 400), box(400, 300, 420, 400)]
    found = farmland_fragments(country(box(300, 300, 400, 400), plots=plots)).table
    assert found["protected_m2"].isna().all()
    assert len(found) == 1


# --- the whole


def test_without_any_farmland_known_the_inventory_is_empty_and_says_so():
    found = farmland_fragments(country())
    assert len(found.table) == 0
    assert found.findings["code"].tolist() == ["farmland_unknown"]
    assert set(found.totals.values()) == {0.0}


def test_codes_without_a_scheme_are_not_read():
    town = country(box(300, 300, 400, 400), settings=TownSettings())
    assert farmland_fragments(town).findings["code"].tolist() == ["farmland_unknown"]


def test_parcels_and_permanent_farmland_that_overlap_are_one_field():
    protected = frame([box(350, 300, 500, 400)], id=["y"])
    totals = farmland_fragments(country(box(300, 300, 400, 400), farmland_protected=protected)).totals
    assert totals["farmland_m2"] == pytest.approx(200 * 100)


def test_what_streets_and_water_took_fragments_and_the_rest_add_up():
    # A field of 200 m by 100 m: a 10 m street takes 1000 m², a pond 400 m², 100 m² of it under the street.
    pond = frame([box(385, 320, 405, 340)], id=["w"])
    street = line((400, 0), (400, 900))
    totals = farmland_fragments(country(box(300, 300, 500, 400), streets=[street], water=pond)).totals
    assert totals["taken_m2"] == pytest.approx(1000 + 20 * 10)
    assert totals["other_m2"] == pytest.approx(20_000 - 1200)
    assert totals["fragment_m2"] == 0.0


def test_a_strip_thinner_than_three_metres_is_no_field():
    strip = (300, 300, 500, 302.9)
    town = country(box(*strip), streets=around(*strip))
    assert kinds_of(town) == []
    assert farmland_fragments(town).totals["other_m2"] == pytest.approx(200 * 2.9)


def test_the_sample_towns_farmland_adds_up_and_no_piece_is_there_twice(shuixiang):
    found = farmland_fragments(shuixiang)
    totals, shapes = found.totals, found.table.geometry.to_numpy()
    parcels = shuixiang["parcels"]
    crops = parcels[parcels["land_code"].isin(["0101", "0102", "0103"])].geometry.to_numpy()
    whole = shapely.union_all(np.concatenate([crops, shuixiang["farmland_protected"].geometry.to_numpy()]))
    assert totals["farmland_m2"] == pytest.approx(whole.area, abs=0.01)
    parts = totals["fragment_m2"] + totals["other_m2"] + totals["taken_m2"]
    assert parts == pytest.approx(whole.area, abs=0.01)
    assert shapely.area(shapes).sum() == pytest.approx(totals["fragment_m2"], abs=0.01)
    assert shapely.union_all(shapes).area == pytest.approx(totals["fragment_m2"], abs=0.01)
    surfaces = shuixiang["roads_surface"].geometry.to_numpy()
    took = shapely.union_all(np.concatenate([surfaces, shuixiang["water"].geometry.to_numpy()]))
    assert shapely.intersection(whole, took).area == pytest.approx(totals["taken_m2"], abs=0.01)


def test_fields_in_the_sample_town_are_enclosed_and_cut_off(shuixiang):
    # The maker encloses seven fields and cuts six off; test_spaces_truth.py compares them one by one.
    kinds = farmland_fragments(shuixiang).table["kind"].value_counts().to_dict()
    assert kinds["enclosed_farmland"] >= 7
    assert kinds["road_cut_plot"] >= 5


def test_nothing_given_is_changed_and_the_order_of_rows_does_not_matter(shuixiang):
    before = shuixiang.fingerprint()
    once = farmland_fragments(shuixiang)
    assert shuixiang.fingerprint() == before
    shuffled = {name: shuixiang[name].sample(frac=1, random_state=3) for name in shuixiang.layers}
    again = farmland_fragments(Town.from_layers(name="x", settings=shuixiang.settings, **shuffled))
    pd.testing.assert_frame_equal(pd.DataFrame(once.table), pd.DataFrame(again.table))
