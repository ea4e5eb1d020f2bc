"""Walks to school: a town on paper, main roads drawn as text, ways equal to those of networkx."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from network_towns import scattered, street_layouts, walked
from test_what_if import at, line

import fengmao_geo as fg
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.network.crossings import fewest_crossings
from fengmao_geo.network.travel import nearest_pairs
from fengmao_geo.network.ways import shortest_ways, way_lines
from fengmao_geo.standards.load import walker
from fengmao_geo.standards.routes import route_standard

LAWS = settings(max_examples=25, deadline=None, derandomize=True)

#: A main road along y = 0 and a lane across it; both are cut where they meet.
STREETS = {
    "west": ("main", line((0, 0), (200, 0))),
    "east": ("main", line((200, 0), (1000, 0))),
    "south": ("lane", line((200, -300), (200, 0))),
    "north": ("lane", line((200, 0), (200, 300))),
}

#: Where homes stand, 5 m off a street, and how many children live there.
HOMES = {"a": ((205, -100), 1), "b": ((500, -5), 2), "c": ((500, 5), 3), "d": ((195, 100), 4)}
SCHOOLS = {"s": (210, 300)}


def paper_town(*, streets=STREETS, homes=HOMES, schools=SCHOOLS, names=None, kinds=None, **layers):
    """Homes are addresses and schools are points."""
    if isinstance(streets, dict):
        classes, lines = zip(*streets.values(), strict=True)
        streets = at(*lines, id=list(streets), street_class=list(classes))
    points, children = zip(*homes.values(), strict=True)
    layers = {
        "built_up": at(shapely.box(-500, -500, 1500, 500)),
        "extent": at(shapely.box(-9000, -9000, 9000, 9000)),
        "streets": streets,
        "addresses": at(
            *map(shapely.Point, points),
            id=list(homes),
            people=[9.0 * (n or 1) for n in children],
            school_age_people=pd.array(children, dtype="Float64").to_numpy(float, na_value=np.nan),
        ),
        "facilities": at(
            *map(shapely.Point, schools.values()),
            id=list(schools),
            name=names or [f"School {name}" for name in schools],
            facility_type=kinds or ["primary_school"] * len(schools),
        ),
    } | layers
    layers = {name: frame for name, frame in layers.items() if frame is not None}
    return fg.Town.from_layers(name="T", settings=fg.TownSettings(surveyed_types="all"), **layers)


def walks(town, **options):
    return fg.school_routes(town, fg.walk_network(town), **options)


def routes(town, **options):
    return walks(town, **options).routes.set_index("dwelling_id")


def column(table, name):
    return table[name].to_dict()


def unmoved(geometry):
    return shapely.affinity.translate(geometry, -572_000.0, -3_403_000.0)


@pytest.fixture(scope="module")
def paper():
    return walks(paper_town())


@pytest.fixture(scope="module")
def table(paper):
    return paper.routes.set_index("dwelling_id")


@pytest.fixture(scope="module")
def segments(paper):
    return paper.segments.set_index("street_id")


# Routes


def test_metres_are_those_of_legs_and_streets(table):
    # Leg 5, streets, leg 10 from the lane's end to the school.
    assert column(table, "distance_m") == pytest.approx(
        {"a": 5 + 100 + 300 + 10, "b": 5 + 300 + 300 + 10, "c": 5 + 300 + 300 + 10, "d": 5 + 200 + 10}
    )


def test_a_child_walks_sixty_metres_a_minute(table):
    assert table.loc["d", "travel_min"] == pytest.approx(215 / 60)


def test_the_standard_distance_is_five_hundred_metres(table):
    assert column(table, "is_within_standard") == {"a": True, "b": False, "c": False, "d": True}


def test_only_who_lives_south_of_the_main_road_crosses_it(table):
    assert column(table, "main_roads_crossed_count") == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_the_line_goes_from_the_home_along_the_streets_to_the_school(table):
    drawn = unmoved(table.loc["b", "geometry"])
    assert np.allclose(drawn.coords, [(500, -5), (500, 0), (200, 0), (200, 300), (210, 300)], atol=1e-6)


def test_without_districts_the_nearest_school_is_taken_and_marked(paper):
    assert set(paper.routes["basis"]) == {"nearest"}
    assert "districts_missing" in set(paper.findings["code"])


def test_a_dwelling_without_children_is_not_listed():
    assert list(routes(paper_town(homes=HOMES | {"d": ((195, 100), 0)})).index) == ["a", "b", "c"]


def test_children_that_were_not_counted_are_unknown_and_not_zero():
    found = walks(paper_town(homes=HOMES | {"d": ((195, 100), None)}))
    rows = found.routes.set_index("dwelling_id")
    assert np.isnan(rows.loc["d", "children_people"])
    assert rows.loc["d", "distance_m"] == pytest.approx(215)
    north = found.segments.set_index("street_id").loc["north"]
    assert (north["children_people"], north["dwelling_count"]) == (6, 4)


def test_of_a_type_whose_children_are_not_counted_all_are_unknown():
    found = walks(paper_town(kinds=["middle_school"]), facility_type="middle_school")
    assert found.routes["children_people"].isna().all()
    assert found.segments["rank"].isna().all()


def test_a_walk_beyond_the_minutes_is_unreached():
    assert column(routes(paper_town(), minutes=10), "status") == {
        "a": "reached",
        "b": "unreached",
        "c": "unreached",
        "d": "reached",
    }


def test_a_walk_beyond_the_minutes_but_within_the_standard_is_shown_as_unreached():
    found = routes(paper_town(), minutes=5).loc["a"]
    assert (found["status"], found["is_within_standard"], found["distance_m"]) == (
        "unreached",
        True,
        pytest.approx(415),
    )


def test_a_school_beyond_the_extent_may_be_nearer_and_is_unknown():
    town = paper_town(extent=at(shapely.box(-500, -500, 600, 500)))
    assert column(routes(town, minutes=6), "status")["b"] == "unknown"


def test_a_home_off_the_streets_is_unknown():
    found = routes(paper_town(homes=HOMES | {"e": ((800, 400), 5)}))
    assert (found.loc["e", "status"], found.loc["e", "geometry"]) == ("unknown", None)


def test_without_a_school_nobody_reaches_one():
    found = walks(paper_town(kinds=["library"]))
    assert set(found.routes["status"]) == {"unreached"}
    assert found.segments.empty


def test_a_school_opposite_is_walked_to_straight_across_the_road():
    found = routes(paper_town(schools={"s": (500, 20)}, homes={"b": ((500, -5), 2)})).loc["b"]
    assert (found["distance_m"], found["main_roads_crossed_count"]) == (pytest.approx(25), 1)


def test_minutes_must_be_positive():
    with pytest.raises(fg.UsageError):
        walks(paper_town(), minutes=0)


def test_an_unknown_type_is_refused():
    with pytest.raises(fg.UnknownNameError, match="wizard_school"):
        walks(paper_town(), facility_type="wizard_school")


# Main roads crossed


def crossed(streets, home, school):
    """Streets by class as text, a home and a school."""
    if isinstance(streets, gpd.GeoDataFrame):
        lines = streets
    else:
        lines = {
            f"{kind}{row}": (kind, shapely.from_wkt(f"LINESTRING ({wkt})"))
            for row, (kind, wkt) in enumerate(streets)
        }
    town = paper_town(streets=lines, homes={"h": (home, 1)}, schools={"s": school})
    return routes(town).loc["h", "main_roads_crossed_count"]


MAIN = [("main", "-200 0, 0 0"), ("main", "0 0, 200 0")]
SECOND = [("main", "-200 20, 0 20"), ("main", "0 20, 200 20")]
LANES = [("lane", "0 -200, 0 0"), ("lane", "0 0, 0 200")]


@pytest.mark.parametrize(
    ("what", "streets", "home", "school", "expected"),
    [
        ("a crossing", MAIN + LANES, (5, -100), (5, 100), 1),
        ("a main road that begins at the lane", [MAIN[0], *LANES], (5, -100), (5, 100), 0),
        ("left again on the same side", [*MAIN, ("lane", "100 0, 100 -200"), LANES[0]], (5, -99), (105, -99), 0),
        ("left again on the other side", [*MAIN, ("lane", "100 0, 100 200"), LANES[0]], (5, -99), (105, 99), 1),
        ("along it, both on one side", MAIN, (-100, 5), (100, 5), 0),
        ("along it, to the other side", MAIN, (-100, 5), (100, -5), 1),
        ("along one main road past another", MAIN + [("main", w) for _, w in LANES], (-100, 5), (100, 5), 1),
        ("around the inner corner", MAIN + [("main", w) for _, w in LANES], (-100, 5), (-5, 100), 0),
        ("from the outer to the inner corner", MAIN + [("main", w) for _, w in LANES], (-100, -5), (-5, 100), 1),
        ("from outer to outer corner", MAIN + [("main", w) for _, w in LANES], (-100, -5), (5, 100), 2),
        ("no main road at all", [("lane", w) for _, w in MAIN] + LANES, (5, -100), (5, 100), 0),
        (
            "two carriageways",
            [*MAIN, *SECOND, LANES[0], ("lane", "0 0, 0 20"), ("lane", "0 20, 0 200")],
            (5, -100),
            (5, 100),
            2,
        ),
    ],
)  # fmt: skip
def test_main_roads_are_crossed_as_often_as_one_cannot_help(what, streets, home, school, expected):
    assert crossed(streets, home, school) == expected, what


def test_children_are_counted_where_they_cross(paper):
    # One child of a, two of b: both homes lie south of the main road, which is cut at (200, 0).
    rows = paper.crossings
    assert rows[["dwelling_count", "children_people", "rank"]].to_numpy().tolist() == [[2, 3, 1]]
    assert [unmoved(point).coords[0] for point in rows.geometry] == [(200, 0)]


def test_a_crossing_has_the_name_of_the_main_road():
    streets = dict(STREETS)
    classes, lines = zip(*streets.values(), strict=True)
    names = ["West Road", "East Road", "Lane", None]
    layer = at(*lines, id=list(streets), street_class=list(classes), name=names)
    assert walks(paper_town(streets=layer)).crossings["name"].tolist() == ["East Road"]


def test_where_nobody_crosses_there_is_no_crossing():
    assert walks(paper_town(homes={"c": HOMES["c"]})).crossings.empty


def test_children_who_were_not_counted_cross_unranked():
    found = walks(paper_town(homes={"a": (HOMES["a"][0], None)})).crossings
    assert found["children_people"].isna().tolist() == [True]
    assert found["rank"].isna().tolist() == [True]


def test_a_footbridge_crosses_nothing():
    streets = at(
        *[line((-200, 0), (200, 0)), line((0, -200), (0, 200))],
        id=["m", "b"],
        street_class=["main", "path"],
        level=[0, 1],
        is_bridge=[False, True],
    )
    ends = at(line((0, -200), (0, -300)), line((0, 200), (0, 300)), id=["s", "n"], street_class=["lane"] * 2)
    both = pd.concat([streets, ends], ignore_index=True)
    assert crossed(both, (5, -250), (5, 250)) == 0


@pytest.mark.parametrize("unknown", ["south", "west"])
def test_past_a_street_without_a_class_it_is_not_known_what_is_crossed(unknown):
    kept = {name: (None if name == unknown else kind, drawn) for name, (kind, drawn) in STREETS.items()}
    found = walks(paper_town(streets=kept))
    assert np.isnan(found.routes.set_index("dwelling_id").loc["a", "main_roads_crossed_count"])
    assert found.routes.set_index("dwelling_id").loc["d", "main_roads_crossed_count"] == 0
    assert "main_roads_unknown" in set(found.findings["code"])


def test_a_main_road_that_nobody_may_walk_along_makes_it_unknown():
    streets = {name: of for name, of in STREETS.items() if name not in ("west", "east")}
    layer = at(
        *[of[1] for of in streets.values()],
        line((0, -50), (400, -50)),
        id=[*streets, "expressway"],
        street_class=["lane", "lane", "main"],
        is_walkable=[True, True, False],
    )
    found = routes(paper_town(homes={n: HOMES[n] for n in "ad"}, streets=layer))
    assert np.isnan(found.loc["a", "main_roads_crossed_count"])
    assert found.loc["d", "main_roads_crossed_count"] == 0


# Districts


def districts(*shapes, **columns):
    return at(*shapes, id=[f"z{row}" for row in range(len(shapes))], **columns)


WEST, EAST = shapely.box(-500, -500, 300, 500), shapely.box(300, -500, 1500, 500)
TWO = {"s": (210, 300), "t": (990, 10)}


@pytest.mark.parametrize("word", ["s", "School s", " SCHOOL  S"])
def test_a_district_names_its_school_by_id_or_name(word):
    found = routes(paper_town(schools=TWO, school_districts=districts(EAST.union(WEST), school=[word])))
    assert set(found["school_id"]) == {"s"}
    assert set(found["basis"]) == {"district"}


def test_the_school_of_the_district_is_walked_to_though_another_is_nearer():
    near = routes(paper_town(schools=TWO)).loc["c"]
    far = routes(paper_town(schools=TWO, school_districts=districts(WEST, EAST, school=["t", "s"]))).loc["c"]
    assert (near["school_id"], near["distance_m"]) == ("t", pytest.approx(5 + 490 + 10))
    assert (far["school_id"], far["distance_m"]) == ("s", pytest.approx(615))


def test_a_district_called_like_its_school_needs_no_more():
    found = routes(paper_town(schools=TWO, school_districts=districts(EAST.union(WEST), name=["School t"])))
    assert set(found["school_id"]) == {"t"}


@pytest.mark.parametrize(
    ("word", "code"), [("School q", "school_not_found"), (None, "district_without_school")]
)
def test_where_the_school_is_not_known_walks_are_unknown_and_it_is_told(word, code):
    found = walks(paper_town(school_districts=districts(WEST, EAST, school=["s", word])))
    assert column(found.routes.set_index("dwelling_id"), "status") == {
        "a": "reached",
        "b": "unknown",
        "c": "unknown",
        "d": "reached",
    }
    told = found.findings[found.findings["code"] == code]
    assert list(told["feature_id"]) == ["z1"]


def test_two_schools_of_one_name_are_told_and_not_guessed():
    town = paper_town(schools=TWO, names=["Twin", "Twin"], school_districts=districts(WEST, school=["Twin"]))
    found = walks(town)
    assert found.routes["school_id"].isna().all()
    assert "school_not_found" in set(found.findings["code"])


def test_a_dwelling_in_no_district_is_told():
    found = walks(paper_town(school_districts=districts(WEST, school=["s"])))
    told = found.findings[found.findings["code"] == "home_without_district"]
    assert list(told["feature_id"]) == ["b", "c"]
    assert set(told["layer"]) == {"addresses"}


def test_districts_of_other_schools_do_not_count():
    town = paper_town(
        schools=TWO,
        kinds=["primary_school", "middle_school"],
        school_districts=districts(EAST.union(WEST), WEST, school=["t", "s"]),
    )
    found = walks(town)
    schools = found.routes.set_index("dwelling_id")["school_id"].fillna("")
    assert schools.to_dict() == {"a": "s", "b": "", "c": "", "d": "s"}
    assert "school_not_found" not in set(found.findings["code"])


def test_chinese_field_names_of_districts_are_known():
    layer = districts(EAST.union(WEST), 对口学校=["School s"])
    assert set(routes(paper_town(schools=TWO, school_districts=layer))["school_id"]) == {"s"}


# Street pieces


def test_children_of_a_piece_are_all_who_walk_on_it(segments):
    assert column(segments, "children_people") == {"south": 1, "east": 5, "north": 10}
    assert column(segments, "dwelling_count") == {"south": 1, "east": 2, "north": 4}
    assert segments.loc["east", "children_share"] == pytest.approx(0.5)


def test_metres_walked_are_children_times_metres(segments):
    assert column(segments, "walked_m") == pytest.approx(
        {"south": 1 * 100, "east": 5 * 300, "north": 6 * 300 + 4 * 200}
    )


def test_pieces_say_whether_they_are_main_roads(segments):
    assert column(segments, "is_main_road") == {"south": False, "east": True, "north": False}


def test_without_trees_shade_is_unknown_and_pieces_are_ranked_by_use(paper, segments):
    assert segments["shaded_share"].isna().all()
    assert column(segments, "rank_basis") == dict.fromkeys(("south", "east", "north"), "walked")
    assert column(segments, "rank") == {"north": 1, "east": 2, "south": 3}
    assert "shade_unknown" in set(paper.findings["code"])


def tree(x, y, crown_m):
    return at(shapely.Point(x, y), id=["t"], crown_m=[crown_m])


def test_a_piece_in_the_shade_needs_less():
    found = walks(paper_town(trees=tree(200, 200, 400.0))).segments.set_index("street_id")
    # The crown reaches from y = 0 to 400 and covers the lane, 4 m wide, but for the corners of its end.
    assert found.loc["north", "shaded_share"] == pytest.approx(1.0, abs=0.01)
    assert found.loc["south", "shaded_share"] == pytest.approx(0, abs=1e-6)
    assert column(found, "rank") == {"east": 1, "south": 2, "north": 3}


def test_shade_of_a_lane_is_the_share_of_the_street_under_crowns():
    found = walks(paper_town(trees=tree(200, 150, 4.0))).segments.set_index("street_id").loc["north"]
    # A circle of 2 m just fits into the lane of 4 m by 300 m.
    assert found["shaded_share"] == pytest.approx(np.pi * 4 / 1200, rel=0.01)
    assert found["unshaded_m"] == pytest.approx(2600 * (1 - found["shaded_share"]))


def test_shade_of_a_road_is_that_of_the_walks_beside_it():
    # A main road is 24 m wide: a crown of 2 m in its middle shades nobody, one at 13.5 m does.
    shaded = [
        walks(paper_town(trees=tree(600, y, 2.0))).segments.set_index("street_id").loc["east", "shaded_share"]
        for y in (0, 13.5)
    ]
    # Two walks of 3 m by 800 m.
    assert shaded == [0, pytest.approx(np.pi / 4800, rel=0.01)]


def test_an_empty_layer_of_trees_says_that_nothing_is_shaded():
    found = walks(paper_town(trees=tree(200, 150, 4.0)[:0]))
    assert set(found.segments["shaded_share"]) == {0}
    assert "shade_unknown" not in set(found.findings["code"])


def test_where_nobody_walks_there_are_no_pieces_to_shade():
    assert walks(paper_town(kinds=["library"], trees=tree(200, 150, 4.0))).segments.empty


def test_a_crown_that_is_not_known_is_told():
    trees = at(shapely.Point(200, 150), shapely.Point(200, 100), id=["t", "u"], crown_m=[4.0, np.nan])
    found = walks(paper_town(trees=trees))
    assert "crown_missing" in set(found.findings["code"])
    north = found.segments.set_index("street_id").loc["north"]
    assert north["shaded_share"] == pytest.approx(2 * np.pi * 4 / 1200, rel=0.01)


def test_a_link_that_was_added_is_no_main_road():
    town = paper_town(homes={"b": ((500, -5), 2)})
    network = fg.with_links(fg.walk_network(town), at(line((500, 0), (200, 300)), id=["new"]))
    found = fg.school_routes(town, network)
    assert found.routes["distance_m"].tolist() == [pytest.approx(5 + np.hypot(300, 300) + 10)]
    assert found.routes["main_roads_crossed_count"].tolist() == [1]
    assert found.segments["is_main_road"].tolist() == [False]


# Laws


@LAWS
@given(street_layouts())
def test_ways_are_as_long_as_those_of_networkx(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    homes, schools = scattered(noise, streets, 12, prefix="a"), scattered(noise, streets, 3, prefix="b")
    theirs = walked(streets, homes, schools, limit_m=6000)
    one, other = attach(network, homes), attach(network, schools)
    for school, name in enumerate(other.place_ids):
        wanted = np.full(len(one), school, dtype=np.intp)
        ways = shortest_ways(network, one, other, wanted, limit_m=5900, walker=walker("child"))
        ours = dict(zip(one.place_ids[ways.origin], ways.distance_m, strict=True))
        assert ours == pytest.approx({home: m for (home, to), m in theirs.items() if to == name}, abs=1e-5)


@LAWS
@given(street_layouts())
def test_pieces_and_legs_add_up_to_the_way_and_follow_each_other(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    one = attach(network, scattered(noise, streets, 20, prefix="a"))
    other = attach(network, scattered(noise, streets, 4, prefix="b"))
    options = {"limit_m": 2000, "walker": walker("child")}
    pairs = nearest_pairs(network, one, other, **options)
    wanted = np.full(len(one), -1, dtype=np.intp)
    wanted[pairs.origin] = pairs.destination
    ways = shortest_ways(network, one, other, wanted, **options)
    assert ways.origin.tolist() == pairs.origin.tolist()
    assert ways.distance_m.tolist() == pairs.distance_m.tolist()
    metres = np.bincount(ways.way, np.abs(ways.to_m - ways.from_m), len(ways.origin))
    legs = one.leg_m[ways.start_row] + other.leg_m[ways.end_row]
    assert np.allclose(metres + legs, ways.distance_m, atol=1e-6)
    lines = network.edge_lines[ways.edge_id]
    begin, end = (shapely.get_coordinates(shapely.line_interpolate_point(lines, m)) for m in ways[7:])
    follows = ways.way[1:] == ways.way[:-1]
    assert np.allclose(end[:-1][follows], begin[1:][follows], atol=2e-3)
    first, last = (
        np.unique(ways.way, return_index=True)[1],
        np.searchsorted(ways.way, np.arange(len(metres)), "right") - 1,
    )
    drawn = way_lines(network, ways, begin[first], end[last])
    assert np.allclose(shapely.length(drawn), metres, atol=0.05)


def towards(network, edge, at_m, by_m):
    """Heading of an edge at a point of it, a centimetre on or back, in degrees."""
    one, other = (network.edge_lines[edge].interpolate(m) for m in (at_m, at_m + by_m))
    return np.degrees(np.arctan2(other.y - one.y, other.x - one.x))


def by_trying_all_sides(network, pieces, main):
    """Fewest main roads crossed between nodes: every choice of sides, streets sorted around each node."""
    costs = []
    for sides in itertools.product("LR", repeat=len(pieces)):
        cost = 0
        for k in range(1, len(pieces)):
            (a, _, a_to), (b, b_from, b_to) = pieces[k - 1], pieces[k]
            back = towards(network, a, a_to, 0.01 if a_to == 0 else -0.01)
            ahead = towards(network, b, b_from, 0.01 if b_to > b_from else -0.01)
            node = network.edge_nodes[b][0 if b_from == 0 else 1]
            arms = []
            for edge, ends in enumerate(network.edge_nodes):
                for end, m in enumerate((0.0, network.edge_length_m[edge])):
                    arm = (edge, m)
                    if ends[end] == node and arm not in ((a, a_to), (b, b_from)):
                        arms.append((towards(network, edge, m, -0.01 if end else 0.01), main[edge]))
            left = sum(is_main for at, is_main in arms if (at - ahead) % 360 < (back - ahead) % 360)
            per_side = {"L": left, "R": sum(is_main for _, is_main in arms) - left}
            # Sides are changed before the node, across the one street, or beyond it, across the other.
            ways = [per_side[sides[k]] + (sides[k] != sides[k - 1]) * main[a]]
            ways.append(per_side[sides[k - 1]] + (sides[k] != sides[k - 1]) * main[b])
            cost += min(ways)
        costs.append(cost)
    return min(costs)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(street_layouts())
def test_main_roads_crossed_are_the_fewest_of_all_choices_of_sides(layout):
    streets, noise = layout
    network = walk_network(streets, connect_gaps_m=0)
    main = noise.integers(0, 2, len(network.edge_lines)).astype(float)
    # Places at nodes: their legs have no length and lead to no side.
    nodes = gpd.GeoDataFrame(
        {"id": [f"{row:03}" for row in range(len(network.node_xy))]},
        geometry=gpd.points_from_xy(*network.node_xy.T),
        crs=network.crs,
    )
    one, other = attach(network, nodes), attach(network, nodes[:1])
    ways = shortest_ways(
        network, one, other, np.zeros(len(one), dtype=np.intp), limit_m=999, walker=walker("child")
    )
    xy = network.node_xy
    found = fewest_crossings(network, ways, main, xy[ways.origin], xy[ways.destination])
    # To the other part of the network legs are longer.
    has_legs = (one.leg_m[ways.start_row] > 0) | (other.leg_m[ways.end_row] > 0)
    assert np.bincount(found.way, minlength=len(ways.origin)).tolist() == found.crossed_count.tolist()
    for way, count in enumerate(found.crossed_count):
        is_here = (ways.way == way) & (np.abs(ways.to_m - ways.from_m) > 1e-6)
        pieces = list(zip(ways.edge_id[is_here], ways.from_m[is_here], ways.to_m[is_here], strict=True))
        if len(pieces) <= 5 and not has_legs[way]:
            assert count == (by_trying_all_sides(network, pieces, main) if len(pieces) > 1 else 0)


@pytest.mark.parametrize("seed", range(4))
def test_children_are_conserved_where_streets_branch(seed):
    """On streets without a circuit each piece carries all children who live beyond it."""
    noise = np.random.default_rng(seed)
    parent = {row: int(noise.integers(0, row)) for row in range(1, 9)}
    xy = np.column_stack([noise.uniform(0, 900, 9), np.arange(9) * 100.0])
    streets = {f"e{row}": ("lane", line(tuple(xy[up]), tuple(xy[row]))) for row, up in parent.items()}
    children = {row: int(noise.integers(1, 9)) for row in parent}
    homes = {f"h{row}": (tuple((xy[row] * 2 + xy[up]) / 3), children[row]) for row, up in parent.items()}
    town = paper_town(streets=streets, homes=homes, schools={"s": tuple(xy[0])})
    found = fg.school_routes(town, fg.walk_network(town), minutes=999)

    def beyond(row):
        return children[row] + sum(beyond(below) for below, up in parent.items() if up == row)

    people = column(found.segments.set_index("street_id"), "children_people")
    assert people == {f"e{row}": beyond(row) for row in parent}
    reached = found.routes
    whole = (reached["children_people"] * reached["distance_m"]).sum()
    assert found.segments["walked_m"].sum() == pytest.approx(whole)
    assert sum(people[f"e{row}"] for row, up in parent.items() if up == 0) == sum(children.values())


def test_the_order_of_rows_changes_nothing():
    town = paper_town(schools=TWO)
    turned = fg.Town.from_layers(
        name="T",
        settings=town.settings,
        **{name: frame.iloc[::-1] for name, frame in town.layers.items()},
    )
    one, other = walks(town), walks(turned)
    pd.testing.assert_frame_equal(one.routes, other.routes)
    pd.testing.assert_frame_equal(one.segments, other.segments)


def test_the_town_is_not_changed():
    town = paper_town()
    before = town.fingerprint()
    walks(town)
    assert town.fingerprint() == before


def test_the_sample_town_conserves_metres_but_for_legs():
    town = fg.sample_town()
    found = walks(town)
    ways = found.routes[found.routes["status"] == "reached"]
    assert len(ways) > 500
    assert np.allclose(ways.geometry.length, ways["distance_m"], atol=0.01)
    whole = (ways["children_people"] * ways["distance_m"]).sum()
    legs = (ways["children_people"] * 2 * 100).sum()
    assert whole - legs < found.segments["walked_m"].sum() < whole
    assert found.segments["rank"].tolist() == list(range(1, len(found.segments) + 1))


def test_it_shows_itself(paper):
    assert repr(paper) == "<SchoolRoutes to primary_school: 4 dwellings, 4 walks, 3 street pieces>"
    assert "unshaded_m" in paper._repr_html_()


def test_a_standard_of_ones_own_says_what_a_main_road_is(tmp_path):
    text = """
source = "made for a test"
tag = "P"
main_classes = ["lane"]
[figures]
walk_min = { value = 8, tag = "P", source = "made for a test" }
lane_width_m = { value = 6, tag = "P", source = "made for a test" }
"""
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    found = walks(paper_town(), standard=path)
    assert found.minutes == 8
    assert column(found.segments.set_index("street_id"), "is_main_road") == {"north": True, "south": True}


def test_a_standard_that_lacks_a_figure_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('source = "x"\ntag = "P"\nmain_classes = []\n[figures]\n', encoding="utf-8")
    with pytest.raises(fg.StandardError, match="walk_min"):
        route_standard(path)
