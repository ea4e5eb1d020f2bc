"""Roofs, walls and piers that could be planted, worked out on buildings of whole metres."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from green_towns import HECTARE, areas_of
from space_towns import box, layer, town_of
from town_layers import frame, line

from fengmao_geo.green.vertical import vertical_candidates, vertical_m2
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS


def buildings(*shapes, use="industrial", floor_count=1):
    """Draw buildings of one use, and a house far off where somebody lives."""
    count = len(shapes)
    return layer(
        *shapes,
        box(-360, -390, -350, -380),
        use=[
            *([use] if not isinstance(use, list) else use) * (1 if isinstance(use, list) else count),
            "mixed",
        ],
        floor_count=[*([floor_count] * count), 1],
    )


def candidates(place, **layers):
    found = vertical_candidates(town_of(**layers))
    return found[found["place"] == place]


def area_m2(place, **layers):
    return candidates(place, **layers)["area_m2"].sum()


@pytest.mark.parametrize(
    ("use", "floor_count", "is_flat"),
    [
        ("industrial", 1, True),
        ("education", 12, True),
        ("education", 13, False),
        ("residential", 3, False),
        ("residential", 4, True),
        ("mixed", 5, True),
        ("mixed", 18, False),
        ("agricultural", 1, False),
        (None, 5, False),
        ("industrial", None, False),
    ],
)
def test_a_roof_is_flat_by_use_and_floors(use, floor_count, is_flat):
    found = candidates("roof", buildings=buildings(box(0, 0, 10, 15), use=use, floor_count=floor_count))
    assert found["area_m2"].tolist() == pytest.approx([150] if is_flat else [])


@pytest.mark.parametrize(("side_m", "count"), [(10, 1), (9.9, 0)])
def test_a_roof_has_a_hundred_square_metres(side_m, count):
    assert len(candidates("roof", buildings=buildings(box(0, 0, side_m, side_m)))) == count


def test_a_compound_is_walled_all_around():
    found = candidates("wall", compounds=layer(box(0, 0, 30, 20), compound_type=["estate"]))
    assert found["source_layer"].tolist() == ["compounds"]
    assert found["area_m2"].tolist() == pytest.approx([100 * 2.2])
    assert shapely.length(found.geometry.to_numpy()).tolist() == pytest.approx([100])


def test_a_courtyard_of_a_compound_is_walled_too():
    ring = box(0, 0, 30, 20) - box(10, 5, 20, 15)
    assert area_m2("wall", compounds=layer(ring, compound_type=["estate"])) == pytest.approx(140 * 2.2)


@pytest.mark.parametrize(("kind", "count"), [("wall", 1), ("fence", 0), (None, 0)])
def test_of_the_barriers_walls_are_candidates(kind, count):
    barriers = frame([line((0, 0), (40, 0))], id=["h"], barrier_type=[kind])
    found = candidates("wall", barriers=barriers)
    assert found["area_m2"].tolist() == pytest.approx([88] * count)


def test_a_wall_between_two_compounds_counts_once():
    compounds = layer(box(0, 0, 30, 20), box(30, 0, 60, 20), compound_type=["estate"] * 2)
    # Flat ends of strips reach 0.5 m along the walls that meet the shared one.
    assert area_m2("wall", compounds=compounds) == pytest.approx((200 - 20 - 1) * 2.2)


def test_a_wall_drawn_twice_counts_once():
    barriers = frame(
        [line((0, 0), (40, 0)), line((0, 0), (40, 0)), line((0, 0.2), (40, 0.2))],
        id=["a", "b", "c"],
        barrier_type=["wall"] * 3,
    )
    found = candidates("wall", barriers=barriers)
    assert found["source_id"].tolist() == ["a"]
    assert found["area_m2"].tolist() == pytest.approx([88])


@pytest.mark.parametrize(
    ("size", "floor_count", "wall_m2"),
    [((30, 10), 1, 240), ((30, 20), 1, 400), ((19, 19), 1, 0), ((30, 10), 2, 480), ((30, 10), None, 240)],
)
def test_long_walls_of_works_are_candidates_floor_by_floor(size, floor_count, wall_m2):
    works = buildings(box(0, 0, *size), floor_count=floor_count)
    assert area_m2("wall", buildings=works) == pytest.approx(wall_m2)


@pytest.mark.parametrize("use", ["residential", "education", None])
def test_long_walls_of_other_uses_are_none(use):
    assert area_m2("wall", buildings=buildings(box(0, 0, 60, 30), use=use)) == 0


def test_a_vertex_on_a_straight_wall_does_not_shorten_it():
    works = shapely.Polygon([(0, 0), (15, 0), (30, 0), (30, 10), (0, 10)])
    shape = shapely.transform(works, lambda xy: xy + shapely.get_coordinates(box(0, 0, 1, 1))[3])
    assert area_m2("wall", buildings=buildings(shape)) == pytest.approx(240)


def test_the_wall_against_another_building_is_not_free():
    works = buildings(box(0, 0, 30, 10), box(0, 10, 30, 20))
    assert area_m2("wall", buildings=works) == pytest.approx(240)


def test_a_house_in_front_takes_its_part_of_the_wall():
    works = buildings(box(0, 0, 30, 10), box(10, 10, 20, 15), use=["industrial", "residential"])
    # The house stands 10 m wide, and half a metre beside it is taken for touching.
    assert area_m2("wall", buildings=works) == pytest.approx((60 - 11) * 4)


def bridge(**columns):
    given = {"bridge_type": "elevated", "manager": "municipal", "clear_height_m": 6.0} | columns
    return layer(box(0, 40, 90, 50), **{name: [value] for name, value in given.items()})


def test_piers_stand_every_thirty_metres_under_an_elevated_deck():
    found = candidates("pier", bridges=bridge())
    assert found["area_m2"].tolist() == pytest.approx([3 * 6 * 6])


@pytest.mark.parametrize(
    ("column", "pier_m2"),
    [
        ({"manager": "railway"}, 0),
        ({"manager": "highway"}, 108),
        ({"manager": None}, 108),
        ({"bridge_type": "road"}, 0),
        ({"bridge_type": None}, 0),
        ({"clear_height_m": None}, 90),
    ],
)
def test_piers_are_those_of_elevated_roads(column, pier_m2):
    assert area_m2("pier", bridges=bridge(**column)) == pytest.approx(pier_m2)


def test_piers_in_water_are_none():
    water = layer(box(0, 0, 30, 100))
    assert area_m2("pier", bridges=bridge(), water=water) == pytest.approx(72)
    assert area_m2("pier", bridges=bridge(), water=layer(box(-9, 0, 99, 100))) == 0


EVERYTHING = {
    "buildings": buildings(box(0, 0, 30, 10), box(60, 0, 95, 20)),
    "compounds": layer(box(5, 60, 95, 95), compound_type=["factory"]),
    "bridges": bridge(),
}


def test_candidates_know_their_source_and_their_block():
    blocks = layer(box(0, 0, 50, 55), id=["K1"], renewal_type=["public_space"])
    found = vertical_candidates(town_of(blocks=blocks, **EVERYTHING)).set_index("candidate_id")
    assert found.index.tolist() == [
        "roof-buildings-x00",
        "roof-buildings-x01",
        "wall-compounds-x00",
        "wall-buildings-x00",
        "wall-buildings-x01",
        "pier-bridges-x00",
    ]
    assert found["block_id"].fillna("").tolist()[:3] == ["K1", "", ""]


def test_a_town_without_anything_has_no_candidates():
    found = vertical_candidates(town_of())
    assert list(found.columns) == [*RESULTS["vertical_green"].names, "geometry"]
    assert len(found) == 0


def measured(*shapes, **layers):
    town = town_of(**layers)
    rows = vertical_m2(town, vertical_candidates(town), areas_of(*shapes))
    return rows.pivot(index="indicator", columns="area_id", values="value")


def test_square_metres_are_summed_by_place():
    found = measured(HECTARE, **EVERYTHING)["a0"]
    assert found["roof_candidate_m2"] == pytest.approx(300 + 700)
    assert found["wall_candidate_m2"] == pytest.approx(250 * 2.2 + (60 + 110) * 4)
    assert found["pier_candidate_m2"] == pytest.approx(108)


def test_what_lies_in_an_area_in_part_counts_in_part():
    found = measured(box(0, 0, 15, 50), **EVERYTHING)["a0"]
    assert found["roof_candidate_m2"] == pytest.approx(150)
    assert found["wall_candidate_m2"] == pytest.approx(30 * 4)
    assert found["pier_candidate_m2"] == pytest.approx(108 / 6)


def test_areas_that_share_out_the_hectare_add_up_to_it():
    found = measured(
        HECTARE, box(0, 0, 13.7, 100), box(13.7, 0, 66.6, 100), box(66.6, 0, 100, 100), **EVERYTHING
    )
    assert found.iloc[:, 1:].sum(axis=1).to_numpy() == pytest.approx(found["a0"].to_numpy(), rel=1e-9)


def test_without_data_to_look_in_it_is_unknown():
    house = layer(box(-360, -390, -350, -380), people=[1.0])
    assert measured(HECTARE, buildings=house).isna().all(axis=None)


def test_walls_are_known_without_uses_where_compounds_are():
    house = layer(box(-360, -390, -350, -380), people=[1.0])
    found = measured(HECTARE, buildings=house, compounds=layer(box(0, 0, 30, 20)))["a0"]
    assert found["wall_candidate_m2"] == pytest.approx(220)
    assert np.isnan(found["roof_candidate_m2"])


def test_looked_for_and_not_found_is_zero():
    found = measured(HECTARE, buildings=buildings(box(0, 0, 5, 5)), bridges=bridge(bridge_type="road"))["a0"]
    assert found.tolist() == [0, 0, 0]


def test_every_indicator_is_declared():
    assert set(measured(HECTARE, **EVERYTHING).index) <= set(green_standard().indicators)


def test_the_town_given_is_not_changed():
    town = town_of(**EVERYTHING)
    before = town.fingerprint()
    vertical_candidates(town)
    assert town.fingerprint() == before


def test_the_sample_town_s_candidates_add_up(shuixiang):
    found = vertical_candidates(shuixiang)
    roofs = found[found["place"] == "roof"]
    built = shuixiang["buildings"]
    assert 100 < len(roofs) < len(built) / 2
    assert found["area_m2"].gt(0).all()
    railway = shuixiang["bridges"].loc[lambda rows: rows["manager"] == "railway", "id"]
    assert not found.loc[found["place"] == "pier", "source_id"].isin(railway).any()
    assert len(found[found["source_layer"] == "compounds"]) == len(shuixiang["compounds"])
