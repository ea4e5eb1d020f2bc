"""The spaces of a town from end to end: ids, names, measures, controls, people, and decisions on site."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity
from space_towns import FAR_OFF, NOTHING, box, layer, own_file, street, town_of
from town_layers import EAST, NORTH, frame, line

from fengmao_geo.errors import StandardError, UsageError
from fengmao_geo.network.build import walk_network
from fengmao_geo.siting.options import possible_uses
from fengmao_geo.spaces.candidates import find_spaces, survey_spaces
from fengmao_geo.spaces.measures import (
    building_areas,
    controls_hit,
    deck_columns,
    owners,
    people_within,
    sizes,
)
from fengmao_geo.spaces.naming import inherited_ids, place_ids, place_names
from fengmao_geo.spaces.review import read_review
from fengmao_geo.spaces.typed import town_facing
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import GRADES, RESULTS
from fengmao_geo.town.town import Town

KINDS = space_kinds()


def shapes_of(*shapes):
    return np.array([*shapes, None], dtype=object)[:-1]


def survey(town, **options):
    return survey_spaces(town, walk_network(town), **options)


def as_bytes(spaces):
    return pd.DataFrame(spaces.to_wkb(hex=True)).to_json(orient="split").encode()


# --- the sample town


@pytest.fixture(scope="module")
def found(shuixiang, shuixiang_network):
    before = shuixiang.fingerprint()
    made = survey_spaces(shuixiang, shuixiang_network)
    assert shuixiang.fingerprint() == before
    return made


def remade(town, change):
    layers = {name: change(name, town[name]) for name in town.layers}
    return Town.from_layers(name=town.name, crs=town.crs, settings=town.settings, **layers)


def test_the_sample_towns_spaces_hold_to_their_table(found):
    RESULTS["spaces"].check(found.spaces)
    assert found.spaces["space_id"].is_unique
    assert found.spaces["name"].is_unique
    assert not found.spaces["name"].str.contains("space_").any()
    assert (found.spaces["rule"] != "").all()
    assert (found.spaces["evidence"] != "").all()


def test_the_spaces_of_open_land_and_what_was_left_out_add_up(found):
    of_open_land = found.spaces.loc[found.spaces["basis"] == "open_land", "area_m2"].sum()
    left_out = found.totals["thin_m2"] + found.totals["small_m2"]
    assert of_open_land + left_out == pytest.approx(found.totals["open_land_m2"], abs=0.01)


def test_every_space_is_of_the_family_of_its_kind(found):
    assert {
        (row.kind, row.family, row.basis) for row in found.spaces[["kind", "family", "basis"]].itertuples()
    } <= {(name, record.family, record.basis) for name, record in KINDS.kinds.items()}


def test_the_order_of_rows_does_not_matter(shuixiang, found):
    turned = remade(shuixiang, lambda _, rows: rows.sample(frac=1, random_state=7).reset_index(drop=True))
    assert as_bytes(find_spaces(turned, walk_network(turned))) == as_bytes(found.spaces)


def test_ids_survive_a_centimetre_and_a_new_building(shuixiang, found):
    largest = found.spaces.loc[found.spaces["area_m2"].idxmax()]
    house = largest.geometry.representative_point().buffer(4, quad_segs=1)

    def change(name, rows):
        moved = rows.set_geometry(rows.translate(0.01, 0))
        if name != "buildings":
            return moved
        added = gpd.GeoDataFrame({"id": ["zz-new"], "use": ["commercial"]}, geometry=[house], crs=rows.crs)
        return pd.concat([moved, added], ignore_index=True)

    town = remade(shuixiang, change)
    after = find_spaces(town, walk_network(town), previous=found.spaces)
    new, old = after.geometry.to_numpy(), found.spaces.geometry.to_numpy()
    row, hit = shapely.STRtree(old).query(new, predicate="intersects")
    shared = shapely.area(shapely.intersection(new[row], old[hit]))
    share = shared / (shapely.area(new[row]) + shapely.area(old[hit]) - shared)
    is_same = (share > 0.9) & (after["basis"].to_numpy()[row] == found.spaces["basis"].to_numpy()[hit])
    row, hit = row[is_same], hit[is_same]
    old_ids = found.spaces["space_id"].to_numpy()[hit]
    assert len(row) > 0.99 * len(found.spaces)
    # With the earlier result every space that is still there keeps its id, without it nearly all do.
    assert (after["space_id"].to_numpy()[row] == old_ids).all()
    assert (place_ids(new)[row] == old_ids).mean() > 0.98


# --- ids


def test_an_id_is_the_cell_of_ten_metres_that_holds_the_centre():
    ids = place_ids(shapes_of(shapely.box(12_340, 560, 12_350, 569), shapely.box(12_330, 560, 12_338, 569)))
    assert ids.tolist() == ["01234-00056", "01233-00056"]


def test_of_spaces_in_one_cell_the_largest_has_the_plain_id_in_any_order():
    boxes = [shapely.box(0, 0, 4, 4), shapely.box(0, 0, 9, 9), shapely.box(0, 0, 6, 6)]
    assert place_ids(shapes_of(*boxes)).tolist() == ["00000-00000c", "00000-00000", "00000-00000b"]
    assert place_ids(shapes_of(*boxes[::-1])).tolist() == ["00000-00000b", "00000-00000", "00000-00000c"]
    assert len(place_ids(NOTHING)) == 0


def test_forty_spaces_in_one_cell_have_forty_ids():
    same = shapes_of(*(shapely.box(0, 0, 1 + number / 100, 1) for number in range(40)))
    assert len(set(place_ids(same))) == 40


def before(**ids):
    return gpd.GeoDataFrame({"space_id": list(ids)}, geometry=list(ids.values()), crs=4549)


def test_a_space_that_covers_half_of_the_same_ground_keeps_its_id():
    # 100 of 190 m² in common: more than half. 60 of 140 m²: less.
    old = before(a=shapely.box(0, 0, 10, 10), b=shapely.box(100, 0, 110, 10))
    new = shapes_of(shapely.box(0, 0, 19, 10), shapely.box(104, 0, 114, 10))
    named = inherited_ids(np.array(["n1", "n2"], dtype=object), new, old)
    assert named.tolist() == ["a", "n2"]


def test_the_best_match_takes_the_id_where_inventories_lie_on_open_land():
    yard, works = shapely.box(0, 0, 100, 10), shapely.box(0, 0, 70, 10)
    ids = np.array(["n1", "n2"], dtype=object)
    for order in ({"w": works, "y": yard}, {"y": yard, "w": works}):
        assert inherited_ids(ids, shapes_of(yard, works), before(**order)).tolist() == ["y", "w"]


def test_spaces_with_one_outline_keep_their_ids():
    same = shapely.box(0, 0, 10, 10)
    ids = np.array(["x", "xb"], dtype=object)
    assert inherited_ids(ids, shapes_of(same, same), before(xb=same, x=same)).tolist() == ["x", "xb"]


def test_a_new_space_does_not_take_the_id_of_one_that_is_kept():
    old = before(n2=shapely.box(0, 0, 10, 10))
    new = shapes_of(shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10))
    named = inherited_ids(np.array(["n1", "n2"], dtype=object), new, old)
    assert named.tolist() == ["n2", "n2b"]


def test_without_earlier_spaces_ids_stay():
    old = before(a=shapely.box(0, 0, 1, 1))[:0]
    assert inherited_ids(np.array(["n"], dtype=object), shapes_of(shapely.box(0, 0, 1, 1)), old).tolist() == [
        "n"
    ]


def test_an_id_that_an_earlier_table_has_twice_is_given_once():
    box_a, box_b = shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10)
    old = gpd.GeoDataFrame({"space_id": ["a", "a"]}, geometry=[box_a, box_b], crs=4549)
    named = inherited_ids(np.array(["n1", "n2"], dtype=object), shapes_of(box_a, box_b), old)
    assert named.tolist() == ["a", "n2"]


def test_earlier_spaces_in_other_coordinates_are_found_again():
    town = town_of()
    old = survey(town).spaces.assign(space_id="kept").to_crs(4490)
    assert survey(town, previous=old).spaces["space_id"].tolist() == ["kept"]


def test_earlier_spaces_without_a_shape_or_an_id_are_passed_over():
    town = town_of()
    old = survey(town).spaces.assign(space_id="kept")
    more = pd.concat([old.assign(geometry=None), old.assign(space_id=None), old])
    assert survey(town, previous=more).spaces["space_id"].tolist() == ["kept"]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda old: old.drop(columns="space_id"), "space_id"),
        (lambda old: pd.DataFrame(old.drop(columns="geometry")), "geometry"),
        (lambda old: old.set_crs(None, allow_override=True), "CRS"),
    ],
)
def test_earlier_spaces_that_cannot_be_used_are_refused(spoil, named):
    town = town_of()
    with pytest.raises(UsageError, match=named):
        survey(town, previous=spoil(survey(town).spaces))


# --- decisions on site


IDS = np.array(["a", "b", "c"], dtype=object)


def review(*rows):
    return pd.DataFrame(rows, columns=["space_id", "decision"])


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("确认", "confirmed"),
        ("剔除", "excluded"),
        ("Confirmed", "confirmed"),
        (" excluded ", "excluded"),
        ("", ""),
        (None, ""),
        (np.nan, ""),
    ],
)
def test_a_decision_is_read_in_chinese_and_in_english(word, decision):
    decisions, said = read_review(review(("b", word)), IDS)
    assert decisions.tolist() == ["", decision, ""]
    assert said == []


def test_unknown_ids_and_words_are_findings_and_the_rest_is_honoured():
    decisions, said = read_review(review(("x", "确认"), ("a", "maybe"), ("b", "剔除")), IDS)
    assert decisions.tolist() == ["", "excluded", ""]
    told = [(one.code, one.feature_id, one.values) for one in said]  # noqa: PD011  a field of ours
    assert told == [("review_decision", "a", {"value": "maybe"}), ("review_unknown", "x", {})]


def test_the_last_row_of_a_space_that_says_something_wins():
    decisions, _ = read_review(review(("a", "确认"), ("a", "剔除"), ("b", "剔除"), ("b", "")), IDS)
    assert decisions.tolist() == ["excluded", "excluded", ""]


def test_blanks_and_rows_without_anything_are_passed_over():
    decisions, said = read_review(review((" a ", "确认"), (None, None), ("", "")), IDS)
    assert (decisions.tolist(), said) == (["confirmed", "", ""], [])
    assert read_review(review(), IDS)[0].tolist() == ["", "", ""]
    assert read_review(None, IDS)[0].tolist() == ["", "", ""]


def test_a_file_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "spaces_review.csv"
    path.write_text("space_id,decision,reason\na,确认,到过现场\n,,\nc,剔除,\n", encoding="utf-8-sig")
    decisions, said = read_review(path, IDS)
    assert (decisions.tolist(), said) == (["confirmed", "", "excluded"], [])


def test_a_review_without_its_columns_or_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UsageError, match="decision"):
        read_review(pd.DataFrame({"space_id": ["a"]}), IDS)
    with pytest.raises(UsageError, match="nowhere"):
        read_review(tmp_path / "nowhere.csv", IDS)
    with pytest.raises(UsageError, match="decision"):
        read_review(pd.DataFrame([["a", "", ""]], columns=["space_id", "decision", "decision"]), IDS)
    neither = tmp_path / "neither.csv"
    neither.write_bytes(b"space_id,decision\na,\xff\xff\n")
    with pytest.raises(UsageError, match="UTF-8"):
        read_review(neither, IDS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_file_is_read_as_excel_writes_it(tmp_path, encoding):
    path = tmp_path / "spaces_review.csv"
    path.write_bytes("space_id,decision,reason\r\na,确认,到过现场\r\n,,\r\nc,剔除,\r\n".encode(encoding))
    assert read_review(path, IDS)[0].tolist() == ["confirmed", "", "excluded"]


def test_rows_with_more_cells_than_heads_are_refused_and_not_read_askew(tmp_path):
    path = tmp_path / "spaces_review.csv"
    path.write_text("space_id,decision\na,剔除,,,\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"spaces_review\.csv"):
        read_review(path, IDS)


def test_a_review_is_honoured_when_spaces_are_found_again():
    town = town_of(buildings=layer(box(30, 0, 60, 100), use=["residential"], people=[5.0]))
    first = survey(town).spaces
    assert set(first["decision"]) == {""}
    said = pd.DataFrame({"space_id": [first["space_id"][0], "nobody"], "decision": ["剔除", "确认"]})
    again = survey(town, review=said)
    assert again.spaces["decision"].tolist() == ["excluded"] + [""] * (len(first) - 1)
    found = again.findings.loc[again.findings["layer"] == "spaces_review", ["code", "feature_id"]]
    assert found.to_numpy().tolist() == [["review_unknown", "nobody"]]


# --- names


def names_of(*places, **layers):
    town, shapes = town_of(**layers), shapes_of(*places)
    facing, streets = town_facing(town, shapes, kinds=KINDS)
    return place_names(town, shapes, facing, streets).tolist()


@pytest.mark.parametrize(
    ("place", "where"),
    [(box(40, 58, 60, 78), "北侧"), (box(40, 22, 60, 42), "南侧")],
)
def test_a_place_is_named_by_its_street_and_the_side_it_lies_on(place, where):
    assert names_of(place, streets=street((-50, 50), (150, 50), name="中山路")) == [f"中山路 {where}"]


def test_a_street_of_one_name_in_two_parts_names_places_beside_either():
    # Neither place faces a street: each is named by the nearest part, 40 m off, and by the sides of both parts.
    ways = [line((-50, 0), (50, 0)), line((2000, 0), (2100, 0)), line((950, 0), (1050, 0))]
    streets = frame(ways, id=["s1", "s2", "s3"], name=["中山路", "中山路", "解放路"])
    places = [box(-10, 40, 10, 60), box(2040, -60, 2060, -40), box(990, 40, 1010, 60)]
    assert names_of(*places, streets=streets) == ["中山路 北侧", "中山路 南侧", "解放路 北侧"]


def test_a_place_equally_near_to_two_streets_is_named_by_one_of_them():
    ways = [line((-50, 0), (50, 0)), line((50, 0), (150, 0)), line((5000, 0), (5100, 0))]
    streets = frame(ways, id=["s1", "s2", "s3"], name=["中山路", "解放路", "人民路"])
    assert names_of(box(50, 40, 70, 60), streets=streets)[0] in ("中山路 北侧", "解放路 北侧")


def test_a_place_between_two_streets_is_named_by_both():
    ways = [line((-50, 50), (50, 50), (150, 50)), line((50, -50), (50, 50), (50, 150))]
    streets = frame(ways, id=["s1", "s2"], name=["中山路", "解放路"], width_m=[12.0, 12.0])
    # 40 m along the first, 20 m along the second; its centre lies north-east of where they meet.
    assert names_of(box(58, 58, 98, 78), streets=streets) == ["中山路—解放路 东北角"]


#: A street from west to east and a river from south to north, 20 m wide, that cross at (50, 50).
CROSSED = {
    "streets": street((-300, 50), (400, 50), name="中山路"),
    "water": layer(box(40, -300, 60, 400), name=["市河"]),
}


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (box(62, 58, 82, 78), "东北角"),
        (box(20, 58, 38, 78), "西北角"),
        (box(20, 22, 38, 42), "西南角"),
        (box(62, 22, 82, 42), "东南角"),
        # Along the street its centre is 22° north of east: a corner still.
        (box(62, 58, 102, 74), "东北角"),
    ],
)
def test_a_place_where_the_street_crosses_the_river_is_named_as_that_corner(place, where):
    assert names_of(place, **CROSSED) == [f"中山路—市河 {where}"]


def test_far_from_the_crossing_a_place_has_the_side_of_the_street():
    assert names_of(box(62, 158, 82, 178), **CROSSED) == ["中山路—市河 北侧"]


def test_straight_along_an_axis_from_the_crossing_is_a_side_and_no_corner():
    ways = [line((-50, 0), (50, 50), (150, 100)), line((-50, 100), (50, 50), (150, 0))]
    streets = frame(ways, id=["s1", "s2"], name=["中山路", "解放路"], width_m=[12.0, 12.0])
    wedge = affinity.translate(shapely.Polygon([(66, 50), (98, 34), (98, 66)]), EAST, NORTH)
    assert names_of(wedge, streets=streets) == ["中山路—解放路 东侧"]


def test_without_a_street_near_the_water_names_a_place_and_then_nothing_does():
    water = layer(box(0, 80, 100, 100), name=["市河"])
    assert names_of(box(30, 10, 70, 30), water=water) == ["市河 南侧"]
    assert names_of(box(30, 10, 70, 30))[0].startswith("无名路 ")


def test_a_street_and_a_river_of_one_name_are_named_once():
    streets = street((-300, 50), (400, 50), name="市河")
    assert names_of(box(62, 58, 82, 78), streets=streets, water=CROSSED["water"]) == ["市河 北侧"]


def test_the_direction_is_seen_from_the_street_that_is_named_and_not_from_a_nearer_one():
    # A lane without frontage touches the north; the place faces the named street in the south.
    ways = [line((-50, 0), (150, 0)), line((60, 58), (60, 150))]
    streets = frame(ways, id=["s1", "s2"], name=["中山路", "弄"], width_m=[12.0, 4.0])
    [name] = names_of(box(10, 8, 90, 58), streets=streets)
    assert name.startswith("中山路")
    assert "北" in name


def test_a_place_at_the_water_is_named_by_it():
    water = layer(box(0, 80, 100, 100), name=["市河"])
    streets = street((-50, 50), (150, 50), name="中山路")
    assert names_of(box(30, 58, 70, 78), streets=streets, water=water) == ["中山路—市河 北侧"]


def test_without_a_name_the_direction_is_that_from_the_nearest_street():
    streets = street((-50, 50), (150, 50)).drop(columns="name")
    assert names_of(box(40, 58, 60, 78), box(40, 22, 60, 42), streets=streets) == [
        "无名路 北侧",
        "无名路 南侧",
    ]


def test_places_that_are_named_alike_are_numbered_from_west_to_east():
    streets = street((-50, 50), (150, 50), name="中山路")
    places = [box(70, 58, 80, 78), box(10, 58, 20, 78), box(40, 58, 50, 78)]
    assert names_of(*places, streets=streets) == ["中山路 北侧(3)", "中山路 北侧", "中山路 北侧(2)"]


def test_no_places_have_no_names():
    assert names_of() == []


# --- size, water, block


def test_sizes_on_paper():
    # 40 by 10 m: width 2A/P = 8 m, circle 10 m, compactness 4 pi 400 / 100².
    town = town_of(water=layer(box(0, 50, 100, 90)), blocks=layer(box(0, 0, 50, 50), id=["B1"]))
    row = sizes(town, shapes_of(box(0, 20, 40, 30))).iloc[0]
    assert (row["area_m2"], row["width_m"], row["water_m"], row["block_id"]) == (400, 8, 20, "B1")
    assert row["circle_m"] == pytest.approx(10, abs=0.1)
    assert row["compactness_share"] == pytest.approx(4 * np.pi * 400 / 100**2)


def test_without_water_and_blocks_they_are_missing():
    row = sizes(town_of(), shapes_of(box(0, 0, 40, 10))).iloc[0]
    assert np.isnan(row["water_m"])
    assert row["block_id"] is None


def test_the_footprints_on_a_space_are_its_buildings_and_open_land_has_none():
    town = town_of(buildings=layer(box(0, 0, 10, 10), box(20, 0, 30, 10), use=["industrial"] * 2))
    shapes = shapes_of(box(0, 0, 25, 20), box(0, 0, 10, 10), box(0, 0, 25, 20))
    measured = building_areas(town, shapes, np.array([False, False, True]))
    assert measured.tolist() == pytest.approx([150, 100, 0])
    bare = town_of(buildings=None, parcels=layer(box(0, 0, 50, 50), land_code=["0701"]))
    assert np.isnan(building_areas(bare, shapes, np.array([False] * 3))).all()


def test_a_footprint_that_is_drawn_twice_counts_once():
    town = town_of(buildings=layer(box(0, 0, 10, 10), box(0, 0, 10, 10), use=["industrial"] * 2))
    assert building_areas(town, shapes_of(box(0, 0, 10, 10)), np.array([False])).tolist() == [100]


@pytest.mark.parametrize(("east", "block"), [(20, "B1"), (30, "B1"), (31, None)])
def test_a_space_belongs_to_the_block_that_holds_half_of_it(east, block):
    town = town_of(blocks=layer(box(0, 0, 50, 50), id=["B1"]))
    assert sizes(town, shapes_of(box(east, 10, east + 40, 20)))["block_id"].tolist() == [block]


# --- owner


@pytest.mark.parametrize(
    ("code", "owner"), [("20", "state"), ("30", "collective"), ("99", "unknown"), (None, "unknown")]
)
def test_the_owner_is_that_of_the_parcel(code, owner):
    town = town_of(parcels=layer(box(0, 0, 100, 100), owner_code=[code]))
    assert owners(town, shapes_of(box(0, 0, 9, 9)), kinds=KINDS).tolist() == [owner]


def test_of_two_parcels_that_which_holds_most_of_the_space_counts():
    parcels = layer(box(0, 0, 40, 100), box(40, 0, 100, 100), owner_code=["20", "30"])
    shapes = shapes_of(box(30, 0, 45, 10), box(38, 0, 60, 10), box(200, 0, 210, 10))
    assert owners(town_of(parcels=parcels), shapes, kinds=KINDS).tolist() == [
        "state",
        "collective",
        "unknown",
    ]


def test_several_parcels_of_one_owner_count_together():
    # 30 and 30 m of the state's hold more than 40 m of a collective's.
    strips = [box(0, 0, 30, 10), box(30, 0, 70, 10), box(70, 0, 100, 10)]
    town = town_of(parcels=layer(*strips, owner_code=["10", "30", "20"]))
    assert owners(town, shapes_of(box(0, 0, 100, 10)), kinds=KINDS).tolist() == ["state"]


def test_ground_of_which_no_owner_is_known_to_hold_half_is_unknown():
    parcels = layer(box(0, 0, 49, 10), box(49, 0, 90, 10), owner_code=["20", None])
    halves = layer(box(0, 0, 50, 10), box(50, 0, 100, 10), owner_code=["20", "30"])
    twice = layer(box(0, 0, 60, 10), box(0, 0, 60, 10), owner_code=["20", "30"])
    for given in (parcels, halves, twice):
        shapes = shapes_of(box(0, 0, 100, 10))
        assert owners(town_of(parcels=given), shapes, kinds=KINDS).tolist() == ["unknown"]


def test_without_parcels_or_their_codes_the_owner_is_unknown():
    shapes = shapes_of(box(0, 0, 9, 9))
    for parcels in (None, layer(box(0, 0, 100, 100))):
        assert owners(town_of(parcels=parcels), shapes, kinds=KINDS).tolist() == ["unknown"]


# --- bridges


def test_a_space_under_a_bridge_has_its_manager_and_height():
    bridges = layer(
        box(0, 0, 20, 100), box(50, 0, 70, 100), manager=["municipal", None], clear_height_m=[4.5, np.nan]
    )
    shapes = shapes_of(box(50, 0, 70, 40), box(0, 0, 20, 40), box(0, 50, 20, 90))
    table = deck_columns(town_of(bridges=bridges), shapes, np.array([True, True, False]))
    assert table["bridge_manager"].fillna("").tolist() == ["", "municipal", ""]
    assert table["clear_height_m"].fillna(-1).tolist() == [-1, 4.5, -1]


def test_a_deck_that_is_a_street_has_no_manager():
    table = deck_columns(town_of(), shapes_of(box(0, 0, 9, 9)), np.array([True]))
    assert table.isna().all(axis=None)


# --- controls


def test_protected_farmland_reports_its_square_metres():
    # Two drawings that overlap count once: 10 by 20 m of 20 by 20 m.
    town = town_of(farmland_protected=layer(box(10, 0, 60, 50), box(15, 0, 60, 50)))
    table = controls_hit(town, shapes_of(box(0, 0, 20, 20), box(0, 60, 20, 80)))
    assert table["protected_m2"].tolist() == pytest.approx([200, 0])
    assert table["controls"].tolist() == ["permanent_farmland", ""]


@pytest.mark.parametrize(
    ("name", "control"),
    [("redlines", "redline"), ("river_control", "river_control"), ("heritage", "heritage")],
)
@pytest.mark.parametrize(("east", "hit"), [(18, True), (19.98, False), (20, False)])
def test_a_control_is_hit_where_more_than_a_square_metre_lies_in_it(name, control, east, hit):
    town = town_of(**{name: layer(box(east, 0, 60, 20))})
    assert controls_hit(town, shapes_of(box(0, 0, 20, 20)))["controls"].tolist() == [control if hit else ""]


def test_ground_beside_permanent_farmland_is_not_taken_for_it():
    # Outlines at an angle share millionths of a square metre with what they border on.
    field = affinity.translate(shapely.Polygon([(7, 3), (91, 37), (33, 88)]), EAST, NORTH)
    streets = street((-50, 50.37), (150, 43.1), name="中山路")
    spaces = survey(town_of(streets=streets, farmland_protected=layer(field))).spaces
    beside = spaces[spaces["basis"] == "open_land"]
    assert beside["protected_m2"].tolist() == [0.0] * len(beside)
    told = possible_uses(beside)["reason"]
    assert len(told)
    assert not told.str.contains("permanent_farmland").any()


def test_many_slivers_of_permanent_farmland_are_a_hit_together():
    strips = [box(0, north, 0.9, north + 1) for north in range(0, 20, 2)]
    table = controls_hit(town_of(farmland_protected=layer(*strips)), shapes_of(box(0, 0, 20, 20)))
    assert table["protected_m2"].tolist() == pytest.approx([9.0])
    assert table["controls"].tolist() == ["permanent_farmland"]


def test_a_monument_that_is_a_point_is_hit_where_it_stands():
    town = town_of(heritage=layer(box(9, 9, 11, 11).centroid))
    table = controls_hit(town, shapes_of(box(0, 0, 20, 20), box(30, 0, 50, 20)))
    assert table["controls"].tolist() == ["heritage", ""]


def test_controls_are_joined_in_the_order_of_the_layers():
    everywhere = layer(box(0, 0, 100, 100))
    town = town_of(heritage=everywhere, redlines=everywhere, farmland_protected=everywhere)
    table = controls_hit(town, shapes_of(box(0, 0, 20, 20)))
    assert table["controls"].tolist() == ["permanent_farmland;redline;heritage"]


def test_layers_that_are_absent_are_findings_and_protected_farmland_is_missing():
    made = survey(town_of(redlines=layer(box(0, 0, 10, 10))))
    absent = made.findings.loc[made.findings["code"] == "control_layer_absent", "layer"]
    assert sorted(absent) == ["farmland_protected", "heritage", "river_control"]
    assert made.spaces["protected_m2"].isna().all()


def test_with_the_layer_a_space_without_protected_farmland_has_none():
    made = survey(town_of(farmland_protected=layer(box(900, 900, 910, 910))))
    assert made.spaces["protected_m2"].tolist() == [0.0]


# --- people


#: One street of three kilometres, and homes along it.
LONG = street((0, 0), (3000, 0), width_m=8.0, name="长街")


def homes(*rows):
    """Draw homes 6 m off the street by metres along it and people."""
    return layer(
        *(box(at - 5, 6, at + 5, 16) for at, _ in rows),
        use=["residential"] * len(rows),
        people=[people for _, people in rows],
    )


def counted(spaces, network=None, **layers):
    town = town_of(streets=LONG, **layers)
    return people_within(town, network or walk_network(town), spaces)


PLOT = frame([box(990, -24, 1010, -4)], id=["a"])


def test_people_within_five_and_fifteen_minutes_on_paper():
    # At 60 m a minute: 300 and 900 m. Homes stand 200, 600 and 1 200 m east of the plot, and 250 m west.
    rows = [(1210, 10.0), (1610, 100.0), (2210, 1000.0), (740, 1.0)]
    row = counted(PLOT, buildings=homes(*rows)).iloc[0]
    assert (row["within_5_min_people"], row["within_15_min_people"]) == (11, 111)
    assert row["is_accessible"]


def test_people_are_those_of_the_space_whatever_the_order_of_rows():
    spaces = frame(
        [box(2490, -24, 2510, -4), box(490, -24, 510, -4), box(1490, -24, 1510, -4)], id=["b", "c", "a"]
    )
    table = counted(spaces, buildings=homes((500, 7.0), (1500, 70.0), (2500, 700.0)))
    assert table["within_5_min_people"].tolist() == [700, 7, 70]


def test_every_pair_of_a_plot_and_a_home_is_counted_as_the_walk_along_the_street():
    # The walk is the way along the street from the nearest end of the plot to the middle of the home's
    # nearest wall, and 6 m to the door; within the plot's own stretch it is the 6 m alone.
    rng = np.random.default_rng(3)
    at, plots = np.sort(rng.uniform(100, 2900, 60)).round(1), np.sort(rng.uniform(100, 2900, 9)).round(1)
    people = rng.integers(1, 50, 60).astype(float)
    table = counted(
        frame([box(x - 10, -24, x + 10, -4) for x in plots], id=[f"p{row}" for row in range(9)]),
        buildings=homes(*zip(at.tolist(), people.tolist(), strict=True)),
    )
    for minutes in (5, 15):
        # Where a wall begins 5 m before its middle and a plot reaches 15 m along the street, the answer may
        # go either way: people in that band are the tolerance.
        apart_m = np.abs(plots[:, None] - at)
        surely = (np.where(apart_m + 6 <= minutes * 60, people, 0)).sum(axis=1)
        at_most = (np.where(apart_m - 10 - 15 - 5 + 6 <= minutes * 60, people, 0)).sum(axis=1)
        got = table[f"within_{minutes}_min_people"].to_numpy()
        assert ((surely <= got) & (got <= at_most)).all()


def test_where_people_are_not_known_they_are_missing_and_not_none():
    unknown = layer(box(1205, 6, 1215, 16), use=["residential"])
    row = counted(PLOT, buildings=unknown).iloc[0]
    assert np.isnan(row["within_5_min_people"])
    assert row["is_accessible"]


def test_a_space_that_no_street_reaches_is_not_accessible_and_its_people_are_unknown():
    far = frame([box(990, -424, 1010, -404), box(990, -24, 1010, -4)], id=["far", "near"])
    table = counted(far, buildings=homes((1000, 5.0)))
    assert table["is_accessible"].tolist() == [False, True]
    assert table["within_15_min_people"].fillna(-1).tolist() == [-1, 5]


# --- towns that lack something


@pytest.mark.parametrize(
    "layers",
    [
        {},
        {"buildings": None, "parcels": layer(box(0, 0, 50, 50), land_code=["0701"])},
        {"buildings": layer(box(-1, -1, 101, 101), use=["residential"])},
        {"water": layer(), "bridges": layer(), "blocks": layer(), "green": layer()},
    ],
    ids=["bare", "parcels only", "nothing open", "empty layers"],
)
def test_a_town_that_lacks_layers_has_its_spaces_all_the_same(layers):
    town = town_of(**layers)
    before_it = town.fingerprint()
    made = survey(town)
    RESULTS["spaces"].check(made.spaces)
    open_m2 = made.spaces.loc[made.spaces["basis"] == "open_land", "area_m2"].sum()
    assert open_m2 == pytest.approx(made.totals["open_land_m2"], abs=0.01)
    assert town.fingerprint() == before_it


def test_a_survey_counts_its_spaces():
    assert repr(survey(town_of())).startswith("<SpaceSurvey: 1 vacant_plot; ")
    built_over = town_of(buildings=layer(box(-1, -1, 101, 101), use=["residential"]))
    assert repr(survey(built_over)).startswith("<SpaceSurvey: nothing; ")


def test_what_is_too_thin_and_too_small_is_said():
    filled = shapely.difference(
        box(0, 0, 100, 100), shapely.union_all([box(0, 0, 2, 100), box(40, 20, 45, 25)])
    )
    made = survey(town_of(buildings=layer(filled, use=["residential"])))
    told = made.findings[made.findings["code"].str.startswith("open_land")].set_index("code")["values"]
    assert told["open_land_thin"] == {"count": 1, "area_m2": 200}
    assert told["open_land_small"] == {"count": 1, "area_m2": 25}
    assert len(made.spaces) == 0


# --- a file of kinds of one's own


def test_a_file_with_another_figure_is_used(tmp_path):
    own = own_file(tmp_path, r"^sliver_area_m2 = \{ value = [0-9.]+", "sliver_area_m2 = { value = 10001.0")
    town = town_of()
    assert len(survey(town).spaces) == 1
    made = survey(town, kinds=own)
    assert len(made.spaces) == 0
    assert made.totals["small_m2"] == pytest.approx(10_000)


@pytest.mark.parametrize(
    ("pattern", "replacement", "named"),
    [
        (r"^water_share = .*$", "", "kinds.riverside.figures.water_share"),
        (r"^facing_m = .*$", "", "figures.facing_m"),
        (
            r"^water_share = (.*)$",
            r"water_share = \1\nwater_sahre = \1",
            "kinds.riverside.figures.water_sahre",
        ),
        (r"^facing_m = (.*)$", r"facing_m = \1\nfacing_metres = \1", "figures.facing_metres"),
        (
            r"^county_mean_share = (.*)$",
            r"county_mean_share = \1\nlow_tax_wan_per_m2 = \1",
            "kinds.low_yield_plot.figures.low_tax_wan_per_m2",
        ),
        (
            r"^built_share = (.*)$",
            r"built_share = \1\nbuild_share = \1",
            "enclosed_farmland.figures.build_share",
        ),
        (r"^\[kinds\.vacant_plot\]$", "[kinds.empty_plot]", "kinds.vacant_plot"),
        (r"^\[kinds\.vacant_plot\]$", "[kinds.empty_plot]", "kinds.empty_plot"),
        (r"^\[kinds\.riverside\]$", '[kinds.riverside]\nkind = "bank"', "kinds.riverside"),
        (r'^basis = "open_land"$', 'basis = "stock"', "kinds.under_bridge.basis"),
    ],
)
def test_a_file_that_lacks_a_figure_or_has_one_too_many_is_refused_and_told_which(
    tmp_path, pattern, replacement, named
):
    with pytest.raises(StandardError) as caught:
        find_spaces(town_of(), None, kinds=own_file(tmp_path, pattern, replacement))
    assert named in str(caught.value)


def test_a_file_with_a_figure_that_only_the_user_can_know_is_read(tmp_path):
    own = own_file(
        tmp_path, r"^county_mean_share = (.*)$", r"county_mean_share = \1\nlow_tax_wan_per_mu = \1"
    )
    assert space_kinds(own).own_figure("low_tax_wan_per_mu", "low_yield_plot") == pytest.approx(1 / 3)


def test_every_figure_that_a_yield_is_judged_by_can_be_set():
    record = KINDS.kinds["low_yield_plot"]
    grades = {f"grade_{grade.lower()}_tax_wan_per_mu" for grade in GRADES[:-1]}
    assert set(record.own_figures) == {
        "county_mean_tax_wan_per_mu",
        "low_tax_wan_per_mu",
        "low_revenue_wan_per_mu",
        *grades,
    }


def test_kinds_that_are_read_are_given_back():
    assert space_kinds(KINDS) is KINDS


def test_moving_a_whole_town_moves_its_spaces_and_changes_no_area():
    layers = {
        "built_up": layer(box(0, 0, 100, 100)),
        "buildings": layer(box(30, 0, 45, 60), use=["residential"], people=[3.0]),
        "streets": FAR_OFF,
        "water": layer(box(0, 80, 100, 90)),
    }
    moved = {
        name: one.set_geometry([affinity.translate(g, 30, 70) for g in one.geometry])
        for name, one in layers.items()
    }
    ours, theirs = (survey(town_of(**given)).spaces for given in (layers, moved))
    assert sorted(theirs["area_m2"]) == pytest.approx(sorted(ours["area_m2"]), abs=1e-4)
    assert sorted(theirs["kind"]) == sorted(ours["kind"])
