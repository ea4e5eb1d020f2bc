"""OpenStreetMap files: what is refused, what is found missing, where a town is put, and a whole country."""

from __future__ import annotations

import ast
import bz2
import gzip
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import osmnx
import pandas as pd
import pytest
import shapely
from osm_files import EAST, LAT, LON, NORTH, WUZHEN, Drawing, village
from pyproj import CRS, Transformer

import fengmao_geo as fg
from fengmao_geo.errors import TownError
from fengmao_geo.findings import translate_findings
from fengmao_geo.network.build import walk_network
from fengmao_geo.town.osm_data import AREA, NODE, WAY, counted, feature_keys, listed, refuse
from fengmao_geo.town.osm_place import box_around, metre_crs, whole_polygons
from fengmao_geo.town.osm_read import read_osm_file
from fengmao_geo.town.people import people_basis

COUNTRY = Path(__file__).resolve().parents[2] / "shared" / "data" / "liechtenstein.osm.pbf"
needs_country = pytest.mark.skipif(
    not COUNTRY.exists(), reason="../shared/data/liechtenstein.osm.pbf is not there"
)
PACKAGE = Path(fg.__file__).parent


@pytest.fixture
def pbf(tmp_path):
    return village().write(tmp_path / "village.osm.pbf")


def codes(town):
    return set(town.findings["code"])


def of(town, code):
    (row,) = town.findings[town.findings["code"] == code].to_dict("records")
    return row["values"]


def refused(path, **options):
    with pytest.raises(TownError) as caught:
        fg.read_osm(path, **options)
    return caught.value


def code_of(path, **options):
    return refused(path, **options).findings["code"].tolist()


# What a file must be.


@pytest.mark.parametrize("suffix", [".osm.pbf", ".pbf", ".osm"])
def test_a_village_is_read_from_either_format(tmp_path, suffix):
    town = fg.read_osm(village().write(tmp_path / f"village{suffix}"))
    assert [len(town[layer]) for layer in ("streets", "buildings", "parcels", "facilities")] == [2, 4, 1, 1]


def test_both_formats_give_the_same_town(tmp_path, pbf):
    xml = fg.read_osm(village().write(tmp_path / "village.osm"))
    assert xml.fingerprint() == fg.read_osm(pbf).fingerprint() or xml.settings.dates == {}
    for layer in xml.layers:
        pd.testing.assert_frame_equal(xml[layer], fg.read_osm(pbf)[layer])


def test_a_file_that_is_not_there_is_named(tmp_path):
    error = refused(tmp_path / "none.osm.pbf")
    assert error.findings["code"].tolist() == ["osm_missing"]
    assert "none.osm.pbf" in error.text(lang="en")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_compressed_file_is_refused_with_what_to_do(tmp_path, pack):
    plain = village().write(tmp_path / "a.osm").read_bytes()
    packed = tmp_path / f"a.osm.{'gz' if pack is gzip.compress else 'bz2'}"
    packed.write_bytes(pack(plain))
    assert code_of(packed) == ["osm_packed"]


def test_other_suffixes_are_refused(tmp_path, pbf):
    other = tmp_path / "village.o5m"
    other.write_bytes(pbf.read_bytes())
    assert code_of(other) == ["osm_format"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.osm.pbf", b"<osm/>"), ("a.osm", b"PK\x03\x04"), ("a.osm", b"")]
)
def test_first_bytes_must_be_those_of_the_suffix(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert code_of(path) == ["osm_first_bytes"]


def test_an_entity_bomb_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "bomb.osm"
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a0 "x">{entities}]><osm version="0.6"/>')
    assert code_of(path) == ["osm_entities"]


def test_an_external_entity_is_refused(tmp_path):
    path = tmp_path / "outer.osm"
    path.write_text('<?xml version="1.0"?><!DOCTYPE osm SYSTEM "file:///etc/passwd"><osm version="0.6"/>')
    assert code_of(path) == ["osm_entities"]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_pbf_is_an_error_that_names_the_file(tmp_path, pbf, share):
    whole = pbf.read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: int(len(whole) * share)])
    error = refused(cut)
    assert error.findings["code"].tolist() == ["osm_broken"]
    assert "cut.osm.pbf" in error.text(lang="en")


def test_a_damaged_pbf_is_an_error(tmp_path, pbf):
    whole = bytearray(pbf.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 40] = b"\xff" * 40
    damaged = tmp_path / "damaged.osm.pbf"
    damaged.write_bytes(whole)
    assert code_of(damaged) == ["osm_broken"]


def test_a_place_in_words_is_an_error(tmp_path):
    path = village().write(tmp_path / "a.osm")
    path.write_text(re.sub(r' lat="[^"]+"', ' lat="north"', path.read_text(), count=1))
    assert code_of(path) == ["osm_broken"]


def test_a_cut_xml_is_an_error(tmp_path):
    whole = village().write(tmp_path / "a.osm").read_text()
    cut = tmp_path / "cut.osm"
    cut.write_text(whole[: len(whole) // 2])
    assert code_of(cut) == ["osm_broken"]


def test_an_xml_file_of_another_encoding_is_refused(tmp_path):
    path = tmp_path / "wide.osm"
    path.write_bytes('<?xml version="1.0" encoding="UTF-16"?><osm version="0.6"/>'.encode("utf-16"))
    assert code_of(path) == ["osm_first_bytes"]


def shuffled(text, *kinds):
    """Bring an XML file's elements into another order of kinds."""
    head, body = text.split("\n", 2)[:2], text
    blocks = {
        kind: re.findall(rf"  <{kind} (?:[^>]*/>|.*?</{kind}>)\n", body, flags=re.DOTALL) for kind in kinds
    }
    return "\n".join(head) + "\n" + "".join(block for kind in kinds for block in blocks[kind]) + "</osm>\n"


def test_ways_may_come_before_their_nodes(tmp_path, pbf):
    plain = village().write(tmp_path / "a.osm")
    mixed = tmp_path / "mixed.osm"
    mixed.write_text(shuffled(plain.read_text(), "way", "node"))
    town, wanted = fg.read_osm(mixed), fg.read_osm(pbf)
    for layer in ("streets", "buildings", "parcels", "facilities"):
        pd.testing.assert_frame_equal(town[layer], wanted[layer])
    assert "osm_undrawn" not in codes(town)


def test_elements_that_were_never_uploaded_are_read(tmp_path, pbf):
    text = village().write(tmp_path / "a.osm").read_text()
    new = tmp_path / "new.osm"
    new.write_text(re.sub(r'\b(id|ref)="(\d+)"', r'\1="-\2"', text))
    town, wanted = fg.read_osm(new), fg.read_osm(pbf)
    assert [len(town[layer]) for layer in town.layers] == [len(wanted[layer]) for layer in town.layers]
    assert town["buildings"].area.sum() == pytest.approx(wanted["buildings"].area.sum(), rel=1e-12)


def test_what_josm_marked_for_deletion_is_counted(tmp_path):
    text = village().write(tmp_path / "a.osm").read_text()
    marked = tmp_path / "marked.osm"
    marked.write_text(text.replace("<way ", "<way action='delete' ", 1))
    assert of(fg.read_osm(marked), "osm_deleted") == {"count": 1, "file": "marked.osm"}


def test_a_history_file_is_refused(tmp_path):
    path = tmp_path / "a.osm"
    path.write_text('<?xml version="1.0"?><osmChange version="0.6"><create/></osmChange>')
    assert code_of(path) == ["osm_history"]


def test_a_file_without_a_feature_is_an_error(tmp_path):
    drawn = Drawing()
    drawn.node(0, 0, note="nothing of use")
    assert code_of(drawn.write(tmp_path / "empty.osm.pbf")) == ["osm_empty"]


def test_a_town_without_streets_lists_what_is_wanting(tmp_path):
    drawn = Drawing()
    drawn.box(0, 0, 120, 120, building="house")
    assert "layer_missing" in code_of(drawn.write(tmp_path / "a.osm.pbf"))


def test_refusing_carries_the_values():
    with pytest.raises(TownError, match=r"x\.pbf"):
        refuse("osm_empty", file="x.pbf")


# What cannot be drawn whole.


def test_a_way_that_lacks_a_node_is_drawn_in_stretches_and_counted(tmp_path):
    drawn = village()
    drawn.way((0, 300), (10, 300), (20, 300), (30, 300), (40, 300), highway="footway")
    drawn.lose(20, 300)
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert of(town, "osm_incomplete") == {"count": 1, "ids": "w107"}
    pieces = town["streets"][town["streets"]["id"].str.startswith("w107")]
    assert pieces["id"].tolist() == ["w107", "w107-2"]
    assert pieces.length.tolist() == pytest.approx([10.0, 10.0], rel=0.005)


def test_a_way_of_one_node_left_is_left_out_and_counted(tmp_path):
    drawn = village()
    drawn.way((0, 300), (10, 300), highway="footway")
    drawn.lose(10, 300)
    assert of(fg.read_osm(drawn.write(tmp_path / "a.osm.pbf")), "osm_undrawn")["ids"] == "w107"


def test_an_outline_that_lacks_a_node_is_no_building_and_counted(tmp_path):
    drawn = village()
    drawn.box(300, 300, 10, 10, building="house")
    drawn.lose(310, 300)
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert of(town, "osm_unassembled")["ids"] == "w107"
    assert len(town["buildings"]) == 4


def test_a_multipolygon_that_lacks_a_member_is_counted(tmp_path):
    drawn = village()
    drawn.relation((999, "outer"), landuse="forest")
    assert of(fg.read_osm(drawn.write(tmp_path / "a.osm.pbf")), "osm_unassembled") == {
        "count": 1,
        "ids": "r500",
    }


def test_a_multipolygon_is_assembled_with_its_hole(tmp_path):
    drawn = village()
    outer, inner = drawn.box(-100, 300, 100, 100), drawn.box(-80, 320, 20, 20)
    drawn.relation((outer, "outer"), (inner, "inner"), landuse="forest")
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    forest = town["parcels"][town["parcels"]["land_code"] == "forest"]
    assert forest["id"].tolist() == ["r500"]
    assert forest.area.tolist() == pytest.approx([9600], rel=0.005)
    assert "osm_unassembled" not in codes(town)


def test_features_of_no_layer_are_counted_by_tag(tmp_path):
    drawn = village()
    drawn.node(10, 100, natural="peak")
    drawn.node(20, 100, natural="peak")
    drawn.node(30, 100, power="tower")
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert of(town, "osm_unused") == {"count": 3, "tags": "natural=peak 2, power=tower 1"}


def test_every_finding_can_be_told_in_both_languages(tmp_path):
    drawn = village()
    drawn.way((0, 300), (10, 300), highway="raceway")
    findings = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf")).findings
    for lang in ("zh", "en"):
        assert translate_findings(findings, lang=lang)["found"].str.len().gt(0).all()


# Where the town is.


def test_a_place_in_china_is_put_into_its_three_degree_zone(tmp_path):
    town = fg.read_osm(village(WUZHEN).write(tmp_path / "wuzhen.osm.pbf"))
    assert town.crs.to_epsg() == 4549
    assert "EPSG:4549" in of(town, "osm_crs_chosen")["crs"]


def test_a_place_elsewhere_is_put_into_utm(pbf):
    assert fg.read_osm(pbf).crs.to_epsg() == 32632


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (120.5, 30.7, 4549),
        (105.84, 21.03, 32648),
        (126.98, 37.57, 32652),
        (-70.6, -33.4, 32719),
        (9.5, 47.1, 32632),
    ],
)
def test_zones_of_china_are_taken_only_where_they_serve(lon, lat, code):
    assert metre_crs(lon, lat, None)[0].to_epsg() == code


def test_the_crs_that_is_asked_for_is_taken(pbf):
    town = fg.read_osm(pbf, crs="EPSG:31254")
    assert town.crs.to_epsg() == 31254
    assert "osm_crs_stated" in codes(town)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "nonsense"])
def test_a_crs_that_cannot_be_measured_in_is_an_error(pbf, crs):
    assert len(code_of(pbf, crs=crs)) == 1


def test_coordinates_are_those_that_proj_gives(pbf):
    shop = fg.read_osm(pbf)["facilities"].geometry.iloc[0]
    lon, lat = LON + 30 * EAST, LAT - 5 * NORTH
    x, y = Transformer.from_crs(4326, 32632, always_xy=True).transform(round(lon, 7), round(lat, 7))
    assert shop.distance(shapely.Point(x, y)) < 1e-6


def test_streets_that_share_a_node_share_a_vertex_to_the_bit(pbf):
    one, other = (
        set(map(tuple, shapely.get_coordinates(line))) for line in fg.read_osm(pbf)["streets"].geometry
    )
    assert len(one & other) == 1


def test_the_network_meets_where_streets_share_a_node(pbf):
    network = walk_network(fg.read_osm(pbf))
    assert len(network.edges) == 4


def test_without_a_boundary_the_built_up_area_is_the_closing(pbf):
    town = fg.read_osm(pbf)
    assert {"osm_built_up", "osm_extent"} <= codes(town)
    # Closing a square of 300 m gives the square, which holds every house.
    assert town["built_up"].area.iloc[0] == pytest.approx(90_000, rel=0.005)
    assert town.settings.boundary_basis


def test_a_small_group_of_buildings_is_no_built_up_area(tmp_path):
    drawn = village()
    drawn.box(900, 900, 20, 20, building="house")
    drawn.way((200, 0), (1000, 1000), highway="track")
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert not town["built_up"].intersects(town["buildings"].geometry.iloc[-1]).any()
    assert town["built_up"].area.iloc[0] == pytest.approx(90_000, rel=0.005)


def test_without_a_boundary_the_extent_is_within_the_files_box(tmp_path):
    drawn = village()
    drawn.way((200, 0), (6000, 0), highway="primary")
    with_box = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    without = fg.read_osm(drawn.write(tmp_path / "b.osm.pbf", box=False))
    assert with_box.extent.bounds[2] < without.extent.bounds[2] - 2900


def test_what_lies_outside_the_files_box_is_counted(tmp_path):
    drawn = village()
    drawn.way((3500, 0), (3600, 0), highway="track")
    town = fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"))
    assert of(town, "osm_outside_box") == {"count": 1, "ids": "w107"}
    assert len(town["streets"]) == 2


# Boundaries.


def around(x, y, wide, high):
    return shapely.box(LON + x * EAST, LAT + y * NORTH, LON + (x + wide) * EAST, LAT + (y + high) * NORTH)


def spread():
    """A village, and houses, shops and streets 500 m and 3 km east of it."""
    drawn = village()
    for far in (500, 2500):
        drawn.box(far, 20, 20, 20, building="house")
        drawn.node(far, -5, shop="bakery", name=f"{far}")
        drawn.node(far + 1, -5, shop="convenience", name=f"{far}")
        drawn.way((far, 0), (far + 100, 0), highway="residential")
    return drawn


def test_buildings_stop_at_the_boundary_and_streets_go_on_to_the_margin(tmp_path):
    town = fg.read_osm(spread().write(tmp_path / "a.osm.pbf"), boundary=around(-200, -200, 400, 400))
    assert len(town["buildings"]) == 4
    assert len(town["streets"]) == 3
    assert sorted(town["facilities"]["name"]) == ["500", "Laden"]


def test_a_polygon_is_the_built_up_area_and_its_margin_the_extent(tmp_path):
    town = fg.read_osm(spread().write(tmp_path / "a.osm.pbf"), boundary=around(-200, -200, 400, 400))
    assert town["built_up"].area.iloc[0] == pytest.approx(160_000, rel=0.005)
    assert "osm_margin" in codes(town)
    assert not codes(town) & {"osm_built_up", "osm_built_up_within"}
    assert town.extent.bounds[2] - town["built_up"].total_bounds[2] < 1000.5


def test_what_the_boundary_leaves_away_is_no_finding_of_what_is_of_no_layer(tmp_path):
    drawn = spread()
    drawn.node(900, 0, natural="peak")
    assert "osm_unused" not in codes(
        fg.read_osm(drawn.write(tmp_path / "a.osm.pbf"), boundary=around(-200, -200, 400, 400))
    )


def test_a_boundary_file_is_read_in_its_own_crs(tmp_path, pbf):
    edge = gpd.GeoDataFrame(geometry=[around(-200, -200, 400, 400)], crs=4326)
    edge.to_crs(32632).to_file(tmp_path / "limits.gpkg")
    town = fg.read_osm(pbf, boundary=tmp_path / "limits.gpkg")
    assert town.name == "limits"
    assert town["built_up"].area.iloc[0] == pytest.approx(160_000, rel=0.005)
    assert len(fg.read_osm(pbf, boundary=str(tmp_path / "limits.gpkg"))["buildings"]) == 4


def test_a_boundary_file_that_is_not_there_is_an_error_of_the_file(pbf):
    assert code_of(pbf, boundary="nowhere.geojson") == ["file_missing"]


def with_commune(**tags):
    drawn = spread()
    ring = drawn.box(-250, -250, 1000, 500)
    drawn.relation(
        (ring, "outer"), type="boundary", boundary="administrative", admin_level=8, name="Dorf", **tags
    )
    return drawn


@pytest.mark.parametrize("boundary", ["Dorf", "r500", "500", 500, "村"])
def test_an_administrative_area_is_found_by_name_or_number(tmp_path, boundary):
    path = with_commune(name__zh="村").write(tmp_path / "a.osm.pbf")
    town = fg.read_osm(path, boundary=boundary)
    assert town.name == "Dorf"
    assert len(town["buildings"]) == 5


def test_an_administrative_area_is_not_the_built_up_area(tmp_path):
    town = fg.read_osm(with_commune().write(tmp_path / "a.osm.pbf"), boundary="Dorf")
    assert "osm_built_up_within" in codes(town)
    assert town["built_up"].area.iloc[0] == pytest.approx(90_000, rel=0.005)


def test_an_unknown_area_is_an_error_that_lists_those_there_are(tmp_path):
    error = refused(with_commune().write(tmp_path / "a.osm.pbf"), boundary="Stadt")
    assert error.findings["code"].tolist() == ["osm_boundary_unknown"]
    assert "Dorf" in error.text(lang="en")


def test_two_areas_of_one_name_are_an_error_that_gives_their_numbers(tmp_path):
    drawn = with_commune()
    ring = drawn.box(-260, -260, 1020, 520)
    drawn.relation((ring, "outer"), type="boundary", boundary="administrative", admin_level=6, name="Dorf")
    error = refused(drawn.write(tmp_path / "a.osm.pbf"), boundary="Dorf")
    assert error.findings["code"].tolist() == ["osm_boundary_several"]
    assert "r500 (8), r501 (6)" in error.text(lang="en")


def test_a_boundary_elsewhere_is_an_error(pbf):
    assert code_of(pbf, boundary=shapely.box(120, 30, 120.1, 30.1)) == ["osm_elsewhere"]


def test_a_boundary_in_metres_is_an_error(pbf):
    assert code_of(pbf, boundary=shapely.box(540_000, 5_220_000, 541_000, 5_221_000)) == [
        "osm_boundary_degrees"
    ]


def test_a_boundary_without_a_polygon_is_an_error(pbf):
    assert code_of(pbf, boundary=shapely.Point(9.5, 47.1)) == ["osm_boundary_empty"]


def test_the_box_around_a_boundary_holds_its_margin():
    edge = around(0, 0, 100, 100)
    west, south, east, north = box_around(edge, 1000)
    inner = edge.bounds
    assert (inner[0] - west) / EAST >= 995
    assert (north - inner[3]) / NORTH >= 995
    assert (east - inner[2]) / EAST < 1100
    assert (inner[1] - south) / NORTH < 1100


def test_a_bow_tie_becomes_its_two_triangles():
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert whole_polygons(bow_tie).area == 2.0


# What a town says of itself.


def test_settings_carry_the_licence_the_date_and_the_scheme(pbf):
    settings = fg.read_osm(pbf).settings
    assert "OpenStreetMap contributors" in settings.notice
    assert "ODbL" in settings.notice
    assert settings.dates["streets"] == "2024-05-06"
    assert settings.boundary_year == 2024
    assert settings.codes == {"parcels": "osm"}


def test_a_file_without_a_date_gives_none(tmp_path):
    settings = fg.read_osm(village().write(tmp_path / "a.osm.pbf", date="")).settings
    assert (settings.dates, settings.boundary_year) == ({}, None)


def test_a_town_is_called_by_its_file_unless_it_is_named(pbf):
    assert fg.read_osm(pbf).name == "village"
    assert fg.read_osm(pbf, name="Dorf").name == "Dorf"


def test_dwellings_are_weighed_by_floor_area_which_is_not_people(pbf):
    assert people_basis(fg.read_osm(pbf)) == "floor_area"


def test_two_readings_are_the_same(pbf):
    assert fg.read_osm(pbf).fingerprint() == fg.read_osm(pbf).fingerprint()


def test_only_this_boundary_is_read_in_lots(tmp_path, monkeypatch):
    monkeypatch.setattr("fengmao_geo.town.osm_read._LOT", 3)
    path = spread().write(tmp_path / "a.osm.pbf")
    few = fg.read_osm(path, boundary=around(-200, -200, 400, 400))
    monkeypatch.setattr("fengmao_geo.town.osm_read._LOT", 50_000)
    assert few.fingerprint() == fg.read_osm(path, boundary=around(-200, -200, 400, 400)).fingerprint()


def test_counts_are_told_the_most_frequent_first():
    assert counted(["b", "a", "b"]) == "b 2, a 1"
    assert counted([f"v{n:02}" for n in range(20)]).endswith("…")
    assert listed(["w1"]) == "w1"


# Online, only when asked.


class FakeOsmnx:
    """What osmnx gives for a village, and what it was asked."""

    def __init__(self, frame):
        self.frame, self.asked = frame, []

    def geocode_to_gdf(self, place):
        self.asked.append(("geocode_to_gdf", place))
        return gpd.GeoDataFrame(geometry=[around(-250, -250, 500, 500)], crs=4326)

    def features_from_polygon(self, polygon, tags):
        self.asked.append(("features_from_polygon", polygon, tags))
        return self.frame


@pytest.fixture
def answered(monkeypatch):
    rows = [
        ("way", 1, shapely.LineString([(LON - 200 * EAST, LAT), (LON, LAT)]), {"highway": "residential"}),
        ("way", 2, shapely.LineString([(LON, LAT), (LON + 200 * EAST, LAT)]), {"highway": "residential"}),
        ("way", 3, around(-20, 20, 20, 20), {"building": "house"}),
        ("way", 4, around(-150, -150, 300, 300), {"landuse": "residential", "barrier": "wall"}),
        ("node", 5, shapely.Point(LON, LAT), {"amenity": "pharmacy", "name": "Apotheke"}),
        ("relation", 6, around(50, 50, 50, 50), {"leisure": "park"}),
    ]
    index = pd.MultiIndex.from_tuples([row[:2] for row in rows], names=["element", "id"])
    frame = gpd.GeoDataFrame([row[3] for row in rows], geometry=[row[2] for row in rows], crs=4326).set_index(
        index
    )
    fake = FakeOsmnx(frame)
    for name in ("geocode_to_gdf", "features_from_polygon"):
        monkeypatch.setattr(osmnx, name, getattr(fake, name))
    return fake


def test_a_place_is_asked_of_osmnx_and_read_like_a_file(answered):
    town = fg.download_osm("Dorf, Land")
    assert [asked[0] for asked in answered.asked] == ["geocode_to_gdf", "features_from_polygon"]
    assert answered.asked[0][1] == "Dorf, Land"
    assert town.name == "Dorf"
    counts = {layer: len(town[layer]) for layer in town.layers}
    assert counts == {
        "built_up": 1, "extent": 1, "streets": 2, "buildings": 1, "parcels": 1, "facilities": 2, "green": 1, "barriers": 1,
    }  # fmt: skip
    assert town["facilities"]["id"].tolist() == ["n5", "r6"]


def test_what_is_asked_is_the_ground_with_its_margin_and_every_key_that_is_read(answered):
    fg.download_osm("Dorf")
    _, polygon, tags = answered.asked[1]
    assert polygon.contains(around(-1200, -1200, 2400, 2400))
    assert tags == dict.fromkeys(feature_keys(), True)


def test_a_polygon_is_not_geocoded(answered):
    town = fg.download_osm(around(-250, -250, 500, 500), name="Dorf")
    assert [asked[0] for asked in answered.asked] == ["features_from_polygon"]
    assert town["built_up"].area.iloc[0] == pytest.approx(250_000, rel=0.005)


def test_a_service_that_does_not_answer_is_an_error_with_what_to_do(monkeypatch):
    def silent(place):
        raise ConnectionError(f"no answer for {place}")

    monkeypatch.setattr(osmnx, "geocode_to_gdf", silent)
    with pytest.raises(TownError) as caught:
        fg.download_osm("Dorf")
    assert caught.value.findings["code"].tolist() == ["osm_download"]
    assert "no answer for Dorf" in caught.value.text(lang="en")


def test_no_module_but_this_one_names_what_downloads():
    askers = {
        "features_from_polygon",
        "features_from_place",
        "geocode_to_gdf",
        "graph_from_place",
        "graph_from_polygon",
    }
    for path in PACKAGE.rglob("*.py"):
        if path.name == "osm.py" and path.parent.name == "town":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not names & askers, path


# A whole country, beside osmium's own counts.


@pytest.fixture(scope="module")
def country():
    return fg.read_osm(COUNTRY)


@needs_country
def test_a_country_has_the_streets_that_osmium_counts(country):
    none = {"platform", "raceway", "rest_area"}
    ways = osmium.FileProcessor(COUNTRY, osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))
    wanted = {f"w{way.id}" for way in ways if way.tags["highway"] not in none}
    found = {name.split("-")[0] for name in country["streets"]["id"]}
    assert {name for name in found if name[0] == "w"} == wanted


@needs_country
def test_a_country_has_the_buildings_that_osmium_assembles(country):
    areas = osmium.FileProcessor(COUNTRY).with_areas(osmium.filter.KeyFilter("building"))
    wanted = {
        f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
        for area in areas
        if area.is_area() and area.tags.get("building", "no") not in ("no", "construction")
    }
    assert set(country["buildings"]["id"]) == wanted


@needs_country
def test_a_country_has_the_trees_that_osmium_counts(country):
    nodes = osmium.FileProcessor(COUNTRY, osmium.osm.NODE).with_filter(
        osmium.filter.TagFilter(("natural", "tree"))
    )
    assert len(country["trees"]) == sum(1 for _ in nodes)


@needs_country
def test_the_ground_of_buildings_is_that_of_their_rings(country):
    areas = osmium.FileProcessor(COUNTRY).with_areas(osmium.filter.TagFilter(("building", "apartments")))
    areas = areas.with_filter(osmium.filter.TagFilter(("building", "apartments")))
    to_metres = Transformer.from_crs(4326, country.crs, always_xy=True)

    def ring_m2(ring):
        x, y = to_metres.transform([node.lon for node in ring], [node.lat for node in ring])
        x, y = np.subtract(x, x[0]), np.subtract(y, y[0])
        return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2

    wanted = {}
    for area in areas:
        if area.is_area():
            name = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
            wanted[name] = sum(
                ring_m2(outer) - sum(ring_m2(inner) for inner in area.inner_rings(outer))
                for outer in area.outer_rings()
            )
    found = country["buildings"].set_index("id").geometry
    assert len(wanted) > 200
    for name, area_m2 in wanted.items():
        # Every corner stands on a grid of 1 mm, at most 0.71 mm from where it was.
        assert found[name].area == pytest.approx(area_m2, abs=0.00071 * found[name].length)


@needs_country
def test_a_commune_is_cut_out_by_its_name(country):
    town = fg.read_osm(COUNTRY, boundary="Vaduz")
    assert town.name == "Vaduz"
    ids = set(town["buildings"]["id"])
    assert 1500 < len(ids) < 2500
    assert ids < set(country["buildings"]["id"])


@needs_country
def test_the_reader_gives_each_kind_of_feature(country):
    data = read_osm_file(COUNTRY, wanted=["highway"])
    assert set(np.unique(data.kinds)) == {NODE, WAY, AREA}
    assert data.date == "2021-05-05"
    assert data.box == pytest.approx((9.4710780, 47.0477400, 9.6362170, 47.2712800))
    assert country.crs == CRS.from_epsg(32632)
