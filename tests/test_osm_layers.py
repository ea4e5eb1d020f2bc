"""OpenStreetMap's areas and points as layers: buildings, land, green, water, barriers, gates, facilities."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
import shapely
from osm_files import village
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.cli import app
from fengmao_geo.errors import UsageError
from fengmao_geo.export.town_folder import town_file_text
from fengmao_geo.life_circle.circles import life_circles
from fengmao_geo.network.build import walk_network
from fengmao_geo.standards.load import facility_types, land_classes


@pytest.fixture
def read(tmp_path):
    return lambda drawn: fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))


def of(town, code):
    (row,) = town.findings[town.findings["code"] == code].to_dict("records")
    return row["values"]


def row(town, layer, name):
    (found,) = town[layer][town[layer]["id"] == name].to_dict("records")
    return found


def with_building(x=60, **tags):
    """Draw a village and one more building, which is way 107."""
    drawn = village()
    drawn.box(x, 60, 20, 20, **{"building": "yes"} | tags)
    return drawn


def key(tags):
    return tuple(sorted(tags.items()))


USES = [
    ({"building": "apartments"}, "residential", "tag"),
    ({"building": "warehouse", "amenity": "school"}, "warehouse", "tag"),
    ({"building": "yes", "amenity": "school"}, "education", "place"),
    ({"building": "yes", "shop": "bakery"}, "commercial", "place"),
    ({"building": "yes"}, "residential", "land_use"),
]
FLOORS = [
    ({"building__levels": "3"}, 3.0),
    ({"building__levels": "3", "height": "30"}, 3.0),
    ({"height": "12 m"}, 4.0),
    ({"height": "2"}, 1.0),
    ({"building__levels": "many"}, np.nan),
    ({"roof__shape": "flat"}, np.nan),
]
GREEN = [
    ({"leisure": "park"}, "park"),
    ({"leisure": "garden"}, "garden"),
    ({"landuse": "grass"}, "attached"),
    ({"natural": "wood"}, "woodland"),
    ({"place": "square"}, "plaza"),
]
WATER = [
    ({"natural": "water", "water": "pond"}, "pond"),
    ({"natural": "water", "water": "river"}, "river"),
    ({"waterway": "riverbank"}, "river"),
    ({"landuse": "reservoir"}, "lake"),
    ({"natural": "water", "water": "canal"}, "canal"),
]
BARRIERS = [
    ({"barrier": "wall"}, "wall"),
    ({"barrier": "city_wall"}, "wall"),
    ({"barrier": "fence"}, "fence"),
    ({"barrier": "retaining_wall"}, "embankment"),
    ({"railway": "rail"}, "railway"),
]
GATES = [
    ({}, True),
    ({"access": "private"}, False),
    ({"access": "private", "foot": "yes"}, True),
    ({"foot": "no"}, False),
]
PLACES = [
    ({"amenity": "post_office"}, ["post_office"]),
    ({"amenity": "post_office", "post_office": "post_partner"}, ["parcel_station"]),
    ({"amenity": "pharmacy", "shop": "convenience"}, ["convenience_store", "pharmacy"]),
    ({"amenity": "school", "isced__level": "1;2"}, ["primary_school", "middle_school"]),
    ({"amenity": "toilets", "access": "private"}, []),
    ({"amenity": "toilets", "access": "customers"}, ["public_toilet"]),
    ({"amenity": "school", "name": "乌镇中心小学"}, ["primary_school"]),
    ({"amenity": "school", "name": "Schule"}, []),
    ({"amenity": "bench", "name": "公园"}, ["park"]),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """One town with a feature for each case of tags; finds the row of a case."""
    drawn, names = village(), {}
    boxes = [(tags, 0) for tags, *_ in USES]
    boxes += [({"building": "house"} | tags, 0) for tags, _ in FLOORS] + [
        (tags, 1000) for tags, _ in GREEN + WATER
    ]
    for place, (tags, off) in enumerate(boxes):
        names["box", key(tags)] = f"w{drawn.box(off + place * 12 - 140, -140, 10, 10, **tags)}"
    for place, (tags, _) in enumerate(BARRIERS):
        names["line", key(tags)] = f"w{drawn.way((-200, 300 + place), (200, 300 + place), **tags)}"
    for place, tags in enumerate(
        [*({"barrier": "gate"} | tags for tags, _ in GATES), *(tags for tags, _ in PLACES)]
    ):
        names["point", key(tags)] = f"n{drawn.node(place * 10, 400, **tags)}"
    town = fg.read_osm(drawn.write(tmp_path_factory.mktemp("many") / "a.osm.pbf"))

    def rows(layer, shape, tags):
        name = names[shape, key(tags)]
        frame = town[layer]
        return frame[(frame["id"] == name) | frame["id"].str.startswith(f"{name}:")].to_dict("records")

    return rows


# Buildings.


@pytest.mark.parametrize(("tags", "use", "basis"), USES)
def test_the_use_is_that_of_the_tag_then_the_place_then_the_land(many, tags, use, basis):
    (found,) = many("buildings", "box", tags)
    assert (found["use"], found["use_basis"]) == (use, basis)


def test_a_building_that_says_nothing_on_unknown_land_has_no_use(read):
    assert isinstance(row(read(with_building(x=300)), "buildings", "w107")["use"], float)


def test_buildings_that_take_the_use_of_their_land_are_counted(read):
    assert of(read(with_building()), "osm_use_of_land") == {"count": 1, "of": 5}


def test_of_two_land_uses_the_smaller_gives_the_use(read):
    drawn = with_building()
    drawn.box(50, 50, 40, 40, landuse="industrial")
    assert row(read(drawn), "buildings", "w107")["use"] == "industrial"


def test_a_building_of_an_unknown_kind_has_no_use_and_is_counted(read):
    town = read(with_building(building="castle_in_the_air"))
    assert of(town, "osm_building_unknown") == {"count": 1, "values": "castle_in_the_air 1"}


@pytest.mark.parametrize(("tags", "floors"), FLOORS)
def test_floors_are_the_levels_else_the_height_in_floors(many, tags, floors):
    (found,) = many("buildings", "box", {"building": "house"} | tags)
    assert found["floor_count"] == pytest.approx(floors, nan_ok=True)


def test_floors_of_heights_and_unread_floors_are_counted(read):
    drawn = with_building(height="12")
    drawn.box(90, 60, 20, 20, building="yes", building__levels="a few")
    town = read(drawn)
    assert of(town, "osm_floors_of_height")["count"] == 1
    assert of(town, "osm_floors_unread") == {"count": 1, "values": "a few 1"}


def test_a_building_has_its_year_its_homes_and_whether_it_stands_empty(read):
    found = row(
        read(with_building(start_date="1987-05-01", building__flats="6", abandoned="yes")),
        "buildings",
        "w107",
    )
    assert (found["built_year"], found["household_count"], found["status"]) == (1987, 6, "idle")


def test_what_is_not_built_is_no_building(read):
    assert len(read(with_building(building="construction"))["buildings"]) == 4


def test_a_building_that_is_a_point_is_counted(read):
    drawn = village()
    drawn.node(70, 70, building="yes")
    assert of(read(drawn), "osm_building_points") == {"count": 1}


def test_a_building_with_a_court_has_a_hole(read):
    drawn = village()
    outer, inner = drawn.box(60, 60, 30, 30), drawn.box(70, 70, 10, 10)
    drawn.relation((outer, "outer"), (inner, "inner"), building="school")
    found = row(read(drawn), "buildings", "r500")
    assert found["geometry"].area == pytest.approx(800, rel=0.005)
    assert found["use"] == "education"


# Land, green, water.


def test_land_use_keeps_its_value_as_its_code(read):
    drawn = village()
    drawn.box(300, 0, 50, 50, landuse="retail")
    drawn.box(400, 0, 50, 50, landuse="moonbase")
    town = read(drawn)
    assert sorted(town["parcels"]["land_code"]) == ["moonbase", "residential", "retail"]
    assert of(town, "osm_land_unknown") == {"count": 1, "values": "moonbase 1"}
    assert row(town, "parcels", "w107")["land_name"] == land_classes("osm")["retail"].name_zh


def test_parcels_alone_hold_the_dwellings(tmp_path):
    drawn = village()
    drawn.ways = [way for way in drawn.ways if "building" not in way[2]]
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert "buildings" not in town
    assert len(fg.life_circles(town, walk_network(town), minutes=(5,)).reach)


@pytest.mark.parametrize(("tags", "kind"), GREEN)
def test_green_is_of_the_type_of_the_table(many, tags, kind):
    assert many("green", "box", tags)[0]["green_type"] == kind


@pytest.mark.parametrize(("tags", "kind"), WATER)
def test_water_is_of_the_type_that_is_said(many, tags, kind):
    assert many("water", "box", tags)[0]["water_type"] == kind


def test_a_line_of_water_is_as_wide_as_it_says(read):
    drawn = village()
    drawn.way((-200, 300), (200, 300), waterway="canal", width="12")
    town = read(drawn)
    assert of(town, "osm_water_of_width")["count"] == 1
    assert row(town, "water", "w107")["geometry"].area == pytest.approx(400 * 12, rel=0.005)


def test_a_line_of_water_without_width_is_left_out_and_measured(read):
    drawn = village()
    drawn.way((-200, 300), (200, 300), waterway="stream")
    town = read(drawn)
    assert "water" not in town
    assert of(town, "osm_water_no_width")["length_m"] == pytest.approx(400, abs=2)


def test_water_under_the_ground_is_left_out_and_measured(read):
    drawn = village()
    drawn.way((-200, 300), (200, 300), waterway="stream", tunnel="culvert", width="2")
    assert of(read(drawn), "osm_water_covered")["count"] == 1


# What parts, and where one passes.


@pytest.mark.parametrize(("tags", "kind"), BARRIERS)
def test_lines_that_part_are_barriers(many, tags, kind):
    assert many("barriers", "line", tags)[0]["barrier_type"] == kind


def test_the_wall_around_a_ground_is_a_line(read):
    drawn = village()
    drawn.box(300, 0, 50, 50, amenity="school", isced__level="1", barrier="wall")
    town = read(drawn)
    assert row(town, "barriers", "w107")["geometry"].length == pytest.approx(200, rel=0.005)
    assert row(town, "facilities", "w107")["facility_type"] == "primary_school"


def test_the_wall_around_a_multipolygon_is_its_outline(read):
    drawn = village()
    ring = drawn.box(300, 0, 50, 50)
    drawn.relation((ring, "outer"), landuse="industrial", barrier="fence")
    assert row(read(drawn), "barriers", "r500")["geometry"].length == pytest.approx(200, rel=0.005)


@pytest.mark.parametrize("tag", ["bridge", "tunnel"])
def test_a_railway_off_the_ground_is_counted_and_parts_nothing(read, tag):
    drawn = village()
    drawn.way((-200, 300), (200, 300), railway="rail", **{tag: "yes"})
    town = read(drawn)
    assert "barriers" not in town
    assert of(town, "osm_barrier_off_ground") == {"count": 1}


@pytest.mark.parametrize(("tags", "is_open"), GATES)
def test_gates_are_shut_where_they_are_private(many, tags, is_open):
    assert bool(many("gates", "point", {"barrier": "gate"} | tags)[0]["is_open"]) is is_open


def test_trees_have_their_species_and_crown(read):
    drawn = village()
    one = drawn.node(10, 60, natural="tree", species="Tilia cordata", diameter_crown="6 m")
    two = drawn.node(20, 60, natural="tree", genus="Acer")
    trees = read(drawn)["trees"].set_index("id")
    assert trees.loc[f"n{one}", ["species", "crown_m"]].tolist() == ["Tilia cordata", 6.0]
    assert trees.loc[f"n{two}", "species"] == "Acer"


def test_the_ground_of_a_bridge_is_a_bridge(read):
    drawn = village()
    drawn.box(300, 0, 50, 10, man_made="bridge", name="Steg")
    assert row(read(drawn), "bridges", "w107")["name"] == "Steg"


# Facilities.


RULES = [(rule, name) for name, it in facility_types().items() for rule in it.osm_tags]


def test_every_rule_of_the_types_finds_its_type(read):
    drawn, wanted = village(), {}
    for place, (rule, name) in enumerate(RULES):
        tags = dict(part.split("=") for part in rule.split(" & "))
        wanted[
            f"n{drawn.node(place * 5 - 150, -120, **{key.replace(':', '__'): value for key, value in tags.items()})}"
        ] = name
    found = read(drawn)["facilities"].set_index("id")["facility_type"]
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(("tags", "types"), PLACES)
def test_a_place_is_of_every_type_of_its_tags_else_of_its_name(many, tags, types):
    assert sorted(found["facility_type"] for found in many("facilities", "point", tags)) == sorted(types)


def test_a_second_type_has_an_id_of_its_own(read):
    drawn = village()
    number = drawn.node(50, -10, amenity="pharmacy", shop="convenience")
    ids = set(read(drawn)["facilities"]["id"])
    assert {f"n{number}", f"n{number}:pharmacy"} <= ids


def test_private_places_are_counted_by_type(read):
    drawn = village()
    drawn.node(50, -10, leisure="pitch", access="private")
    assert of(read(drawn), "osm_private") == {"count": 1, "types": "ball_court 1"}


def test_places_of_no_type_are_counted_by_tag(read):
    drawn = village()
    drawn.node(50, -10, amenity="bench")
    drawn.node(60, -10, amenity="bench")
    drawn.node(70, -10, amenity="school")
    assert of(read(drawn), "osm_untyped") == {"count": 3, "tags": "amenity=bench 2, amenity=school 1"}


def test_places_typed_by_their_name_are_counted(read):
    drawn = village()
    drawn.node(50, -10, amenity="school", name="乌镇中心小学")
    assert of(read(drawn), "osm_typed_by_name") == {"count": 1, "types": "primary_school 1"}


def test_a_park_is_a_ground_and_a_facility(read):
    drawn = village()
    drawn.box(300, 0, 50, 50, leisure="park", name="Park")
    town = read(drawn)
    assert row(town, "facilities", "w107")["geometry"].area == pytest.approx(2500, rel=0.005)
    assert row(town, "green", "w107")["green_type"] == "park"


def test_capacity_is_kept(read):
    drawn = village()
    number = drawn.node(50, -10, amenity="kindergarten", capacity="60")
    assert row(read(drawn), "facilities", f"n{number}")["capacity_count"] == 60


# The folder of a town.


@pytest.fixture
def folder(tmp_path):
    drawn = with_building(building__levels="2")
    drawn.node(0, 100, barrier="gate")
    drawn.node(10, 60, natural="tree")
    drawn.way((200, 0), (400, 0), highway="footway", bridge="yes")
    file = drawn.write(tmp_path / "village.osm.pbf")
    done = CliRunner().invoke(
        app, ["import-osm", str(file), "--out", str(tmp_path / "town"), "--name", "村", "--lang", "en"]
    )
    assert done.exit_code == 0, done.output
    return tmp_path / "town", file, done


def test_the_folder_reads_back_as_the_same_layers(folder):
    back, town = fg.read_town(folder[0]), fg.read_osm(folder[1])
    assert list(back.layers) == list(town.layers)
    for layer in town.layers:
        one, other = town[layer], back[layer]
        assert (one["id"] == other["id"]).all(), layer
        assert shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy(), 0).all(), layer
        for column in other.columns.drop("geometry"):
            assert (
                one[column].astype(object).where(one[column].notna(), None).tolist()
                == other[column].astype(object).where(other[column].notna(), None).tolist()
            ), column
        assert one[one.columns.difference(other.columns)].isna().all(axis=None), layer


def test_the_folder_says_what_the_town_said(folder):
    back, town = fg.read_town(folder[0]), fg.read_osm(folder[1])
    assert back.name == "村"
    assert back.crs == town.crs
    assert back.settings == town.settings


def test_the_folder_holds_one_geopackage_its_toml_and_how_it_was_made(folder):
    assert sorted(path.name for path in folder[0].iterdir()) == [
        "import_findings.csv",
        "osm.gpkg",
        "town.toml",
    ]
    assert "osm_crs_chosen" in (folder[0] / "import_findings.csv").read_text(encoding="utf-8-sig")


def test_what_was_found_is_printed_and_what_comes_next_is_said(folder):
    assert "the CRS" in folder[2].stdout or "no CRS was asked for" in folder[2].stdout
    assert "fengmao run" in folder[2].stderr


def test_the_folder_is_the_same_to_the_byte_each_time(folder, tmp_path):
    again = tmp_path / "again"
    fg.write_town(fg.read_osm(folder[1], name="村"), folder=again, file="osm.gpkg", lang="en")
    for path in folder[0].iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_a_town_without_a_code_of_its_crs_is_not_written(tmp_path):
    file = village().write(tmp_path / "a.osm.pbf")
    own = "+proj=tmerc +lat_0=0 +lon_0=9.4 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs"
    with pytest.raises(UsageError, match="EPSG"):
        fg.write_town(fg.read_osm(file, crs=own), folder=tmp_path / "town")
    assert not (tmp_path / "town").exists()


def test_text_of_the_data_is_quoted_in_the_toml(tmp_path):
    name = 'a"b\\c\n[town]\x7f 镇'
    town = fg.read_osm(village().write(tmp_path / "a.osm.pbf"), name=name)
    assert tomllib.loads(town_file_text(town, file="a.gpkg", crs="EPSG:32632"))["town"]["name"] == name


def test_a_file_that_cannot_be_read_ends_with_one(tmp_path):
    done = CliRunner().invoke(
        app, ["import-osm", str(tmp_path / "no.osm.pbf"), "--out", str(tmp_path / "town")]
    )
    assert done.exit_code == 1
    assert "no.osm.pbf" in done.stderr
    assert not (tmp_path / "town").exists()


def test_the_boundary_and_the_crs_can_be_typed(tmp_path):
    drawn = village()
    ring = drawn.box(-100, -100, 110, 200)
    drawn.relation((ring, "outer"), type="boundary", boundary="administrative", admin_level=8, name="Dorf")
    file = drawn.write(tmp_path / "a.osm.pbf")
    words = [
        "import-osm",
        str(file),
        "--out",
        str(tmp_path / "town"),
        "--boundary",
        "Dorf",
        "--crs",
        "EPSG:31254",
    ]
    assert CliRunner().invoke(app, words).exit_code == 0
    town = fg.read_town(tmp_path / "town")
    assert (town.name, town.crs.to_epsg(), len(town["buildings"])) == ("Dorf", 31254, 2)


def test_life_circles_run_on_an_imported_town(folder):
    town = fg.read_town(folder[0])
    circles = life_circles(town, walk_network(town), minutes=(5, 15))
    assert circles.people_basis == "floor_area"
    shops = circles.reach[circles.reach["facility_type"] == "convenience_store"]
    assert (shops["status"] == "reached").all()
    # From the nearest house to the shop: some tens of metres at 60 m a minute.
    assert 0 < shops["travel_min"].min() < 2
