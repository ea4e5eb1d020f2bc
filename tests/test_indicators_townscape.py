"""Indicators of townscape, each against a town worked out on paper, and sight against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from block_towns import NONE_THERE, houses, km_town, missing, shuffled, streets, unknown, values
from space_towns import box, layer
from town_layers import frame, line, point

from fengmao_geo.blocks.facades import Facades, facades_of
from fengmao_geo.standards.indicators import indicator_file

OF_TOWNSCAPE = [name for name, of in indicator_file().indicators.items() if of.group == "townscape"]
#: A block at the western edge of the town, and one in its middle.
BLOCKS = (box(0, 200, 200, 400), box(400, 400, 600, 600))
BEYOND = layer(box(-500, -500, 1500, 1500))


def gateways(*rows, extent=BEYOND):
    town = km_town(blocks=BLOCKS, streets=streets(*rows), **({} if extent is None else {"extent": extent}))
    return values("road_gateway_count", town)


def test_a_road_through_the_town_has_a_gateway_at_either_end():
    assert gateways(("main", ((-400, 300), (1400, 300)))) == [1, 0, 2]


def test_branch_roads_and_lanes_make_no_gateway():
    assert gateways(("branch", ((-400, 300), (1400, 300))), ("lane", ((-400, 350), (1400, 350)))) == [0, 0, 0]


def test_two_carriageways_are_one_gateway():
    assert gateways(*[("main", ((-400, y), (1400, y))) for y in (300, 320)]) == [1, 0, 2]
    assert gateways(*[("main", ((-400, y), (1400, y))) for y in (300, 340)]) == [2, 0, 4]


def test_a_road_that_winds_along_the_edge_is_no_gateway():
    """It crosses the edge twenty times and never leaves it by more than ten metres."""
    bends = [(1000 + 10 * (-1) ** at, 100 + 40 * at) for at in range(21)]
    assert gateways(("secondary", bends)) == [0, 0, 0]


def test_a_road_that_stops_just_beyond_the_edge_is_no_gateway():
    assert gateways(("main", ((-40, 300), (500, 300)))) == [0, 0, 0]
    assert gateways(("main", ((-60, 300), (500, 300)))) == [1, 0, 1]


def test_a_road_that_soon_meets_another_goes_on_with_it():
    ring = ("secondary", ((-30, -200), (-30, 300), (-30, 1200)))
    assert gateways(("main", ((-30, 300), (500, 300))), ring) == [1, 0, 1]


def test_a_road_cut_at_the_edge_of_the_data_goes_on_beyond():
    assert gateways(("main", ((0, 300), (500, 300))), extent=None) == [1, 0, 1]


def test_a_road_that_ends_at_the_edge_within_the_data_does_not():
    assert gateways(("main", ((0, 300), (500, 300)))) == [0, 0, 0]


def test_without_classes_gateways_are_unknown():
    net = streets((None, ((-400, 300), (1400, 300)))).drop(columns="street_class")
    assert missing("road_gateway_count", km_town(streets=net)) == ["streets.street_class"] * 3


def channels(*rows, **more):
    shapes, kinds = [shape for _, shape in rows], [kind for kind, _ in rows]
    water = layer(*shapes, water_type=kinds)
    return km_town(blocks=BLOCKS, water=water, **({"extent": BEYOND} | more))


def test_a_canal_through_the_town_has_a_gateway_at_either_end():
    town = channels(("canal", box(-400, 300, 1400, 320)))
    assert values("water_gateway_count", town) == [1, 0, 2]


def test_ponds_make_no_gateway():
    town = channels(("pond", box(-400, 300, 1400, 320)))
    assert values("water_gateway_count", town) == [0, 0, 0]


def test_an_edge_that_follows_a_river_does_not_cross_it():
    town = channels(("river", box(990, -400, 1010, 1400)))
    assert values("water_gateway_count", town) == [0, 0, 0]


def test_a_canal_that_stays_by_the_edge_is_no_gateway():
    """A canal of 200 by 20 m across the edge leads 100 m out, one of 80 m only 40 m."""
    town = channels(("canal", box(-100, 300, 100, 320)), ("canal", box(-40, 600, 40, 620)))
    assert values("water_gateway_count", town) == [1, 0, 1]


def test_water_without_a_type_leaves_gateways_and_frontage_unknown():
    town = km_town(water=layer(box(-400, 300, 1400, 320)))
    assert missing("water_gateway_count", town) == ["water.water_type"] * 3
    assert missing("water_frontage_m", town) == ["water.water_type"] * 3


def test_heritage_counts_where_any_of_it_lies_and_control_zones_do_not():
    heritage = frame(
        [box(150, 250, 250, 350), box(0, 200, 200, 400), point(100, 300), box(200, 380, 220, 400)],
        id=["a", "b", "c", "d"],
        zone=["core", "control", None, "core"],
    )
    town = km_town(blocks=BLOCKS, heritage=heritage)
    # The last only touches the block.
    assert values("heritage_count", town) == [2, 0, 3]


def test_the_share_of_heritage_counts_ground_once():
    """5,000 m² of 100 by 100 m lie in the block of 200 by 200 m."""
    heritage = layer(box(150, 250, 250, 350), box(150, 250, 200, 350), box(0, 200, 200, 400))
    town = km_town(blocks=BLOCKS, heritage=heritage.assign(zone=["core", "core", "control"]))
    assert values("heritage_share", town) == pytest.approx([0.125, 0.0, 0.01])


def test_heritage_without_an_outline_leaves_the_share_unknown_there_alone():
    heritage = frame([point(100, 300)], id=["a"])
    found = values("heritage_share", km_town(blocks=BLOCKS, heritage=heritage))
    assert unknown(found) == [True, False, True]
    assert found[1] == 0


def test_without_heritage_in_the_data_it_is_unknown():
    assert missing("heritage_count", km_town()) == ["heritage"] * 3


def test_a_canal_just_off_the_block_gives_it_one_bank():
    """5 m north of the first block: its southern bank alone. The second block has both banks.

    So has the town, but not the ends of the canal, which lie beyond its edge.
    """
    town = channels(("canal", box(-100, 405, 1100, 425)))
    assert values("water_frontage_m", town) == pytest.approx([200, 400, 2000], abs=2.1)


def test_a_canal_through_the_block_gives_it_both_banks():
    town = channels(("canal", box(-100, 290, 1100, 310)))
    assert values("water_frontage_m", town)[0] == pytest.approx(400, abs=2.1)


def test_a_canal_twenty_metres_off_is_not_at_the_block():
    town = channels(("canal", box(-100, 420, 1100, 440)))
    assert values("water_frontage_m", town)[0] == 0


def test_a_building_hides_what_lies_in_its_shadow():
    """From the origin 10 m of wall at y 10 hide 20 of 40 m at y 20."""
    shapes = np.array([shapely.box(-5, 10, 5, 12), shapely.box(-20, 20, 20, 22)])
    pieces = facades_of(shapes)
    looks, seen = pieces.seen_from(np.array([shapely.Point(0, 0)]), shapes, range_m=100)
    by_house = np.bincount(pieces.building, weights=pieces.length_m * looks)
    assert by_house.tolist() == pytest.approx([10, 40])
    assert np.bincount(pieces.building, weights=pieces.length_m * seen).tolist() == pytest.approx([10, 20])


def test_nobody_sees_farther_than_the_range():
    """At y 20 the middles of pieces within 25 m are those up to x 15: 16 m to either side."""
    shapes = np.array([shapely.box(-40, 20.05, 40, 22)])
    looks, seen = facades_of(shapes).seen_from(np.array([shapely.Point(0, 0)]), shapes, range_m=25)
    assert looks.sum() == seen.sum() == 16


def test_from_nowhere_nothing_is_seen():
    shapes = np.array([shapely.box(0, 0, 4, 4)])
    looks, seen = facades_of(shapes).seen_from(np.zeros(0, dtype=object), shapes, range_m=25)
    assert not looks.any()
    assert not seen.any()


def cross(origin, one, other):
    return (one[0] - origin[0]) * (other[1] - origin[1]) - (one[1] - origin[1]) * (other[0] - origin[0])


def meet(one, other):
    """Say whether two segments cross, by the sides on which their ends lie."""
    a, b = one
    c, d = other
    return cross(a, b, c) * cross(a, b, d) < 0 and cross(c, d, a) * cross(c, d, b) < 0


def brute_force(corners, views, range_m):
    """See every piece of two metres from every viewpoint past every wall, one by one, without an index."""
    walls = [(house[at], house[(at + 1) % 4]) for house in corners for at in range(4)]
    looking = seen = 0.0
    for start, end in walls:
        length = math.dist(start, end)
        count = math.ceil(length / 2 * (1 - 1e-9))
        outward = ((end[1] - start[1]) / length, (start[0] - end[0]) / length)
        for at in range(count):
            part = (at + 0.5) / count
            place = [start[axis] + part * (end[axis] - start[axis]) + 0.05 * outward[axis] for axis in (0, 1)]
            near = [view for view in views if math.dist(view, place) <= range_m]
            before = [view for view in near if sum((view[k] - place[k]) * outward[k] for k in (0, 1)) > 0]
            looking += length / count * bool(before)
            is_seen = any(not any(meet((place, view), wall) for wall in walls) for view in before)
            seen += length / count * is_seen
    return looking, seen


def scattered(seed):
    """Turn houses of random size one to each cell of a grid of 20 m, so that none touch."""
    random = np.random.default_rng(seed)
    corners = []
    for column in range(5):
        for row in range(3):
            width, depth, angle = random.uniform(4, 10), random.uniform(4, 10), random.uniform(0, math.pi)
            middle = (20 * column + random.uniform(-2, 2), 18 + 20 * row + random.uniform(-2, 2))
            turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
            square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, depth / 2]
            corners.append([tuple(xy) for xy in square @ turn + middle])
    return corners


@pytest.mark.parametrize("seed", range(6))
def test_sight_agrees_with_brute_force(seed):
    corners = scattered(seed)
    views = [(x, 0.0) for x in np.linspace(-10, 90, 6)]
    shapes = np.array([shapely.Polygon(house) for house in corners])
    pieces = facades_of(shapes)
    looks, seen = pieces.seen_from(shapely.points(views), shapes, range_m=50)
    looking_m, seen_m = brute_force(corners, views, 50)
    assert (pieces.length_m * looks).sum() == pytest.approx(looking_m)
    assert (pieces.length_m * seen).sum() == pytest.approx(seen_m)
    assert 0 < seen_m < looking_m


def corridor_town(**more):
    """A corridor at y 150; a house of 400 m along it, and one behind that nobody sees."""
    return km_town(
        **(
            {
                "buildings": houses(box(100, 160, 500, 170), box(200, 180, 300, 190)),
                "corridors": frame([line((110, 150), (490, 150))], id=["c"]),
            }
            | more
        )
    )


def test_the_share_of_facade_seen_from_a_corridor():
    """400 m in front are seen; 100 m behind and both its ends of 10 m look that way and are not."""
    assert values("corridor_view_share", corridor_town()) == pytest.approx([400 / 520, NONE_THERE, 400 / 520])


def test_facades_that_turn_away_from_the_corridor_do_not_count():
    only = corridor_town(buildings=houses(box(100, 160, 500, 170)))
    assert values("corridor_view_share", only)[0] == 1


def test_where_no_building_is_near_the_corridor_there_is_nothing_to_see():
    far = corridor_town(buildings=houses(box(100, 260, 500, 270)))
    assert values("corridor_view_share", far) == [NONE_THERE] * 3


def test_without_a_corridor_the_view_is_unknown():
    assert missing("corridor_view_share", corridor_town(corridors=None)) == ["corridors"] * 3


def test_a_straight_way_out_stops_at_the_first_building():
    """A window looks at a street 8 m ahead; a house between hides it."""
    window = Facades(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([2.0]), np.array([0]))
    street, half_m = np.array([shapely.LineString([(-9, 8), (9, 8)])]), np.array([3.0])
    free, hidden = np.array([shapely.box(3, 2, 4, 4)]), np.array([shapely.box(-1, 2, 1, 4)])
    assert window.front_streets(street, half_m, free, reach_m=5.0).tolist() == [True]
    assert window.front_streets(street, half_m, hidden, reach_m=5.0).tolist() == [False]
    assert window.front_streets(street, half_m, free, reach_m=4.9).tolist() == [False]


def test_the_order_of_rows_changes_nothing():
    layers = {
        "streets": streets(("main", ((-400, 300), (1400, 300))), ("secondary", ((300, -400), (300, 500)))),
        "water": layer(box(-400, 500, 1400, 520), box(700, -300, 720, 300), water_type=["canal", "river"]),
        "heritage": frame([box(150, 250, 250, 350), box(450, 450, 480, 500)], id=["a", "b"]),
        "buildings": houses(box(100, 360, 190, 380), box(210, 360, 280, 390), box(120, 390, 140, 399)),
        "corridors": frame([line((20, 345), (190, 345)), line((20, 395), (90, 395))], id=["c", "d"]),
    }
    found = []
    for order in (lambda table: table, shuffled):
        moved = {name: order(one) for name, one in layers.items()}
        town = km_town(blocks=[box(0, 200, 400, 600)], extent=BEYOND, **moved)
        found.append([values(name, town) for name in OF_TOWNSCAPE])
    assert found[0] == found[1]
    assert all(numbers[0] > 0 for numbers in found[0])
