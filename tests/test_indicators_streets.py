"""Indicators of streets, each against a town worked out on paper."""

from __future__ import annotations

import math

import pytest
from block_towns import NONE_THERE, km_town, missing, shuffled, streets, unknown, values
from space_towns import box, layer
from town_layers import frame, point

from fengmao_geo.network.build import walk_network
from fengmao_geo.standards.indicators import indicator_file

OF_STREETS = [name for name, of in indicator_file().indicators.items() if of.group == "streets"]

#: West to east through the first block, from beyond the built-up area to beyond it.
THROUGH = ((-100, 300), (1100, 300))
#: North to south along the first block's western edge, 10 m outside it.
BESIDE = ((90, 100), (90, 500))


def points(*places, **columns):
    return frame([point(*place) for place in places], id=[f"p{at}" for at in range(len(places))], **columns)


def test_a_road_through_a_block_counts_with_what_lies_in_it():
    """400 m in 16 ha are 2.5 km/km²; 1,000 m in a square kilometre are 1."""
    town = km_town(streets=streets(("main", THROUGH)))
    assert values("road_density_km_per_km2", town) == pytest.approx([2.5, 0.0, 1.0])


def test_a_road_beside_a_block_counts_half():
    """Half of 400 m: 200 m in 16 ha; in the town all of it."""
    town = km_town(streets=streets(("branch", BESIDE)))
    assert values("road_density_km_per_km2", town) == pytest.approx([1.25, 0.0, 0.4])


def test_a_road_twenty_metres_off_is_not_the_blocks():
    town = km_town(streets=streets(("branch", ((80, 100), (80, 500)))))
    assert values("road_density_km_per_km2", town)[0] == 0


def test_lanes_and_paths_are_no_roads_but_can_be_walked():
    town = km_town(streets=streets(("lane", THROUGH), ("path", ((-100, 200), (1100, 200)))))
    assert values("road_density_km_per_km2", town) == [0, 0, 0]
    assert values("walk_density_km_per_km2", town) == pytest.approx([5.0, 0.0, 2.0])


def test_tunnels_decks_and_forbidden_streets_are_not_walked():
    net = streets(
        ("main", THROUGH),
        ("main", ((-100, 200), (1100, 200))),
        ("main", ((-100, 400), (1100, 400))),
        ("main", ((-100, 250), (1100, 250))),
        is_tunnel=[True, False, False, False],
        level=[0, 1, 0, 0],
        is_walkable=[True, True, False, True],
    )
    assert values("walk_density_km_per_km2", km_town(streets=net)) == pytest.approx([2.5, 0.0, 1.0])


def test_without_classes_the_density_of_roads_is_unknown():
    town = km_town(streets=streets((None, THROUGH)).drop(columns="street_class"))
    assert all(unknown(values("road_density_km_per_km2", town)))
    assert missing("road_density_km_per_km2", town) == ["streets.street_class"] * 3


def test_where_too_few_streets_have_a_class_the_density_is_unknown_and_elsewhere_known():
    """Two streets through the first block, one without a class; the second block has none at all."""
    town = km_town(streets=streets(("main", THROUGH), (None, ((-100, 200), (600, 200)))))
    found = values("road_density_km_per_km2", town)
    assert unknown(found) == [True, False, True]
    assert found[1] == 0


def test_four_fifths_with_a_class_are_enough():
    """Of 430 + 430 + 215 m in the widened block 215 m, a fifth, have no class."""
    rows = [("main", THROUGH), ("lane", ((-100, 200), (1100, 200))), (None, ((85, 400), (300, 400)))]
    assert values("road_density_km_per_km2", km_town(streets=streets(*rows)))[0] == pytest.approx(2.5)


def grid(*cross, first="main"):
    """Two roads west to east at y 200 and 400, and roads across them at each x given."""
    along = [(first, [(x, y) for x in (-100, *cross, 1100)]) for y in (200, 400)]
    across = [("branch", [(x, 100), (x, 200), (x, 400), (x, 900)]) for x in cross]
    return [*along, *across]


def spacing(rows, block):
    town = km_town(streets=streets(*rows), blocks=[block])
    return values("road_spacing_m", town, network=walk_network(town))[0]


def test_roads_are_as_far_apart_as_their_junctions():
    """Within x 150 to 450 no road crosses: each metre is part of a stretch from 100 to 500."""
    assert spacing(grid(100, 500), box(150, 150, 450, 450)) == pytest.approx(400)


def test_spacing_is_that_of_the_average_metre():
    """Widened to x 285 to 715, of each road 215 m belong to a stretch of 400 m, 215 m to one of 300 m."""
    rows = [("main", [(x, 300) for x in (-100, 100, 500, 800, 1100)])]
    rows += [("branch", [(x, 100), (x, 300)]) for x in (100, 500, 800)]
    assert spacing(rows, box(300, 250, 700, 350)) == pytest.approx(
        (215 * 400 + 215 * 300 + 65 * 200) / (430 + 65)
    )


def test_a_lane_that_meets_a_road_is_no_junction_of_roads():
    rows = [*grid(100, 500), ("lane", ((300, 200), (300, 400)))]
    rows[0] = ("main", [(x, 200) for x in (-100, 100, 300, 500, 1100)])
    rows[1] = ("main", [(x, 400) for x in (-100, 100, 300, 500, 1100)])
    assert spacing(rows, box(150, 150, 450, 450)) == pytest.approx(400)


def test_a_road_drawn_in_two_parts_is_one_stretch():
    rows = [("main", ((-100, 200), (100, 200), (250, 200))), ("main", ((250, 200), (500, 200), (900, 200)))]
    rows += [("branch", ((x, 100), (x, 200))) for x in (100, 500)]
    assert spacing(rows, box(150, 150, 450, 450)) == pytest.approx(400)


def test_where_there_is_no_road_there_is_no_spacing():
    town = km_town(streets=streets(("lane", THROUGH)))
    assert values("road_spacing_m", town, network=walk_network(town)) == [NONE_THERE] * 3


def test_where_too_few_streets_have_a_class_spacing_and_crossings_are_unknown():
    net = streets(("main", THROUGH), (None, ((-100, 200), (600, 200))))
    town = km_town(streets=net, crossings=points((200, 300)))
    assert unknown(values("road_spacing_m", town, network=walk_network(town))) == [True, False, True]
    assert unknown(values("crossing_count_per_km", town)) == [True, False, True]


def test_without_a_network_spacing_and_dead_ends_are_unknown():
    town = km_town(streets=streets(("main", THROUGH)))
    assert all(unknown(values("road_spacing_m", town) + values("dead_end_share", town)))
    assert missing("dead_end_share", town) == ["network"] * 3


def test_crossings_per_kilometre_of_main_and_secondary_road():
    """The block widened by 15 m holds 430 m of road; two crossings there, one of them at the kerb."""
    town = km_town(
        streets=streets(("main", THROUGH), ("lane", ((-100, 200), (1100, 200)))),
        crossings=points((200, 300), (400, 312), (600, 300), (300, 200)),
    )
    per_km = values("crossing_count_per_km", town)
    assert per_km == pytest.approx([2 / 0.43, NONE_THERE, 3 / 1.03])


def test_a_crossing_far_from_the_road_is_not_the_roads():
    town = km_town(streets=streets(("main", THROUGH)), crossings=points((300, 325)))
    assert values("crossing_count_per_km", town)[0] == 0


def test_without_the_layer_crossings_are_unknown_not_none():
    assert missing("crossing_count_per_km", km_town(streets=streets(("main", THROUGH)))) == ["crossings"] * 3


def dead_ends(*rows, extent=None):
    more = {} if extent is None else {"extent": layer(extent)}
    town = km_town(streets=streets(*rows), **more)
    return values("dead_end_share", town, network=walk_network(town))


def test_a_street_with_two_side_streets_has_its_ends():
    """Four ends and two junctions in the block: two thirds."""
    rows = [
        ("branch", ((120, 300), (200, 300), (400, 300), (480, 300))),
        ("lane", ((200, 300), (200, 400))),
        ("lane", ((400, 300), (400, 400))),
    ]
    assert dead_ends(*rows) == pytest.approx([4 / 6, NONE_THERE, 4 / 6])


def test_a_short_access_is_neither_end_nor_junction():
    rows = [
        ("branch", ((120, 300), (200, 300), (400, 300), (480, 300))),
        ("lane", ((200, 300), (200, 400))),
        ("lane", ((400, 300), (400, 310))),
    ]
    assert dead_ends(*rows)[0] == pytest.approx(3 / 4)


def test_a_street_that_leaves_the_data_does_not_end():
    rows = [("branch", ((0, 300), (200, 300), (480, 300))), ("lane", ((200, 300), (200, 400)))]
    assert dead_ends(*rows)[2] == pytest.approx(2 / 3)
    assert dead_ends(*rows, extent=box(-500, -500, 1500, 1500))[2] == pytest.approx(3 / 4)


def test_a_lamp_lights_a_chord_of_the_street():
    """15 m off the street it lights 20 m to either side, so that 60 of 100 m are dark."""
    town = km_town(streets=streets(("lane", ((200, 300), (300, 300)))), lamps=points((250, 315)))
    assert values("unlit_share", town) == pytest.approx([0.6, NONE_THERE, 0.6], rel=2e-3)


def test_lamps_that_light_the_same_ground_light_it_once():
    town = km_town(streets=streets(("lane", ((200, 300), (300, 300)))), lamps=points((240, 300), (260, 300)))
    assert values("unlit_share", town)[0] == pytest.approx(0.3, rel=2e-3)


def test_a_street_along_the_edge_counts_whole_where_it_is_dark():
    """The widened block holds 430 m of the street beside it, of which a lamp on it lights 50 m."""
    town = km_town(streets=streets(("lane", ((90, 0), (90, 1000)))), lamps=points((90, 300)))
    assert values("unlit_share", town)[0] == pytest.approx(380 / 430, rel=2e-3)


def test_without_lamps_in_the_data_light_is_unknown():
    assert missing("unlit_share", km_town(streets=streets(("lane", THROUGH)))) == ["lamps"] * 3


def test_the_order_of_rows_changes_nothing():
    net = streets(*grid(100, 250, 500, 820))
    layers = {"crossings": points((180, 200), (330, 400)), "lamps": points((140, 210), (300, 410))}
    found = []
    for order in (lambda table: table, shuffled):
        town = km_town(streets=order(net), **{name: order(one) for name, one in layers.items()})
        network = walk_network(town)
        found.append([values(indicator, town, network=network) for indicator in OF_STREETS])
    assert found[0] == found[1]
    assert all(math.isfinite(numbers[0]) and math.isfinite(numbers[2]) for numbers in found[0])
