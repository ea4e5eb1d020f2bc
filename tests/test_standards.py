"""Planning knowledge: complete, and every figure with its source and tag."""

import csv
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from fengmao_geo.errors import StandardError, UnknownNameError
from fengmao_geo.standards.load import (
    CATALOGUES,
    catalogue,
    facility_type_names,
    facility_types,
)
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.records import DisplayGroup, Group, Tag
from fengmao_geo.tables import GROUPS

DATA = Path(str(files("fengmao_geo.standards")))
FACTS = Path(__file__).parents[1] / ".." / "shared" / "standards"
TAGS = set(get_args(Tag))
CONTRACT_TYPES = [
    "kindergarten",
    "nursery",
    "elderly_care",
    "health_station",
    "community_station",
    "convenience_store",
    "fitness_point",
    "ball_court",
    "playground",
    "culture_station",
    "pocket_park",
    "parcel_station",
    "recycling_point",
    "public_toilet",
    "waste_point",
    "canteen",
    "pharmacy",
    "bus_stop",
    "primary_school",
    "middle_school",
    "health_center",
    "wet_market",
    "supermarket",
    "cultural_center",
    "library",
    "sports_center",
    "service_center",
    "nursing_home",
    "park",
    "post_office",
    "bank",
    "police_station",
    "car_park",
    "restaurant",
    "hairdresser",
    "bus_terminal",
    "shelter",
    "mall",
    "outpatient",
    "newcomer_service",
    "repair_shop",
    "plaza",
]
ENTRY = """
[[entries]]
facility_type = "park"
tier_min = 15
is_required = true
source = "our office"
tag = "P"
"""
HEAD = 'name = "ours"\nname_zh = "我们的"\nname_en = "ours"\nsource = "our office"\ntag = "P"\n'


def source_rows(standard):
    path = FACTS / "facility_rules.csv"
    if not path.exists():
        pytest.skip("the table of sources is not beside the project")
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["standard"] == standard]


def written(folder, content, name="ours.toml"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def refused(read, path, *, lang="en"):
    with pytest.raises(StandardError) as caught:
        read(path)
    return caught.value.text(lang=lang)


def entries_with_tag(value):
    """Every table in a file that holds a number must hold, or stand under, a source and a tag."""
    if isinstance(value, dict):
        if any(isinstance(of, int | float) and not isinstance(of, bool) for of in value.values()):
            yield value
        for of in value.values():
            yield from entries_with_tag(of)
    elif isinstance(value, list):
        for of in value:
            yield from entries_with_tag(of)


def tags_in(value):
    if isinstance(value, dict):
        for key, of in value.items():
            if (key == "tag" or key.endswith("_tag")) and isinstance(of, str):
                yield of
            yield from tags_in(of)
    elif isinstance(value, list):
        for of in value:
            yield from tags_in(of)


TOML_FILES = sorted(DATA.rglob("*.toml"), key=str)
CSV_FILES = sorted(DATA.rglob("*.csv"), key=str)


def test_all_files_of_knowledge_are_walked():
    assert {"facilities.toml", "township.toml"} <= {path.name for path in TOML_FILES}
    assert {"sandiao.csv"} <= {path.name for path in CSV_FILES}


@pytest.mark.parametrize("path", TOML_FILES, ids=lambda path: path.name)
def test_every_file_starts_with_a_note_and_has_a_source_and_a_tag(path):
    content = path.read_text(encoding="utf-8")
    raw = tomllib.loads(content)
    assert content.startswith("# ")
    assert raw["source"]
    assert raw["tag"] in TAGS


@pytest.mark.parametrize("path", TOML_FILES, ids=lambda path: path.name)
def test_every_figure_stands_beside_a_source_and_a_tag(path):
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    assert all(entry["source"] and entry["tag"] in TAGS for entry in entries_with_tag(raw))


@pytest.mark.parametrize("path", TOML_FILES, ids=lambda path: path.name)
def test_every_tag_in_a_toml_file_is_one_of_the_seven(path):
    assert set(tags_in(tomllib.loads(path.read_text(encoding="utf-8")))) <= TAGS


@pytest.mark.parametrize("path", CSV_FILES, ids=lambda path: path.name)
def test_every_row_of_a_land_use_file_has_a_source_and_a_tag(path):
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert all(row["source"] and row["tag"] in TAGS for row in rows)


def test_a_distance_and_a_number_of_people_carry_their_own_source_with_their_own_tag():
    entries = [entry for name in CATALOGUES for entry in catalogue(name).entries]
    assert all(bool(entry.standard_source) == bool(entry.standard_tag) for entry in entries)
    assert all(bool(entry.people_source) == bool(entry.people_tag) for entry in entries)
    assert all(entry.standard_m for entry in entries if entry.standard_tag)
    assert all(entry.min_people for entry in entries if entry.people_tag)


def test_no_file_names_a_path_of_a_machine():
    words = ["/" + word for word in ("work", "root", "tmp", "home")]
    for path in [*TOML_FILES, *CSV_FILES]:
        assert not any(word in path.read_text(encoding="utf-8") for word in words)


def test_every_agreed_facility_type_is_there():
    assert set(CONTRACT_TYPES) <= set(facility_types())


def test_ids_of_facility_types_are_plain_words():
    assert all(name.replace("_", "").isalpha() and name.islower() for name in facility_types())


def test_every_display_group_is_used():
    assert {it.display_group for it in facility_types().values()} == set(get_args(DisplayGroup))


def test_groups_of_people_are_those_of_the_tables():
    assert get_args(Group) == GROUPS


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("elderly_care", "elderly"),
        ("kindergarten", "preschool"),
        ("nursery", "infant"),
        ("primary_school", "school_age"),
        ("newcomer_service", "newcomer"),
        ("middle_school", "everyone"),
    ],
)
def test_a_type_serves_its_group(name, group):
    assert facility_types()[name].group == group


@pytest.mark.parametrize(
    "name", ["park", "pocket_park", "plaza", "primary_school", "middle_school", "kindergarten"]
)
def test_parks_and_schools_are_grounds(name):
    assert facility_types()[name].is_ground


def test_a_pharmacy_is_no_ground():
    assert not facility_types()["pharmacy"].is_ground


@pytest.mark.parametrize("name", ["elderly_care", "nursing_home", "health_station", "nursery"])
def test_what_amap_has_no_code_for_is_found_by_words(name):
    assert not facility_types()[name].amap_codes
    assert facility_types()[name].name_keywords


def test_a_clinic_is_not_a_health_station():
    assert "诊所" not in facility_type_names()


def test_no_amap_code_means_two_types():
    codes = [code for it in facility_types().values() for code in it.amap_codes]
    assert len(codes) == len(set(codes))


def test_every_amap_code_is_in_amaps_list():
    path = FACTS / "amap_poi_types.csv"
    if not path.exists():
        pytest.skip("AMap's list is not beside the project")
    with path.open(encoding="utf-8", newline="") as lines:
        known = {row["code"] for row in csv.DictReader(lines)}
    assert {code for it in facility_types().values() for code in it.amap_codes} <= known


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("菜市场", "wet_market"),
        ("公厕", "public_toilet"),
        ("Bus Stop", "bus_stop"),
        ("PARK", "park"),
        (" 幼儿园", "kindergarten"),
    ],
)
def test_other_names_of_facility_types_are_known(theirs, ours):
    assert facility_type_names()[normalise(theirs)] == ours


def test_the_users_own_facility_types_are_read(tmp_path):
    path = written(
        tmp_path,
        'source = "us"\ntag = "P"\n[types.tea_house]\nname_zh = "茶馆"\nname_en = "tea house"\n'
        'display_group = "culture"\nsource = "us"\ntag = "P"\n',
    )
    assert list(facility_types(path)) == ["tea_house"]


def test_one_name_for_two_facility_types_is_refused(tmp_path):
    entry = 'name_en = "{0}"\nname_zh = "茶馆"\ndisplay_group = "culture"\nsource = "us"\ntag = "P"\n'
    path = written(
        tmp_path,
        f'source = "us"\ntag = "P"\n[types.a]\n{entry.format("one")}[types.b]\n{entry.format("two")}',
    )
    assert "茶馆 (a, b)" in refused(facility_types, path)


def test_what_was_read_can_be_changed_without_changing_what_is_read_next():
    facility_types().clear()
    assert facility_types()


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_tier_is_five_ten_or_fifteen_minutes(name):
    assert {entry.tier_min for entry in catalogue(name).entries} <= {5, 10, 15}


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_entry_names_a_known_facility_type_and_its_people(name):
    types = facility_types()
    assert all(entry.group == types[entry.facility_type].group for entry in catalogue(name).entries)


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_catalogue_bears_the_name_of_its_file(name):
    assert catalogue(name).name == name


def test_the_township_catalogue_says_every_agreed_type():
    assert {entry.facility_type for entry in catalogue().entries} == set(CONTRACT_TYPES)


def test_the_township_catalogue_is_a_proposal_throughout():
    assert {catalogue().tag, *(entry.tag for entry in catalogue().entries)} == {"P"}


def test_every_distance_of_the_township_catalogue_names_the_standard_it_is_from():
    assert all(entry.standard_source for entry in catalogue().entries if entry.standard_m)


def test_a_township_is_asked_within_five_and_fifteen_minutes():
    assert {entry.tier_min for entry in catalogue().entries} == {5, 15}


def test_a_town_of_28000_is_not_asked_for_a_stadium_a_mall_or_an_outpatient_clinic():
    left_out = {entry.facility_type for entry in catalogue().entries if entry.min_people > 28_000}
    assert left_out == {"sports_center", "mall", "outpatient"}


def test_every_group_of_people_is_asked_about_in_a_township():
    assert {entry.group for entry in catalogue().entries if entry.is_required} == set(GROUPS)


@pytest.mark.parametrize(
    ("standard", "name"), [("GB50180-2018", "gb50180_2018"), ("TD/T1062-2021", "tdt1062_2021")]
)
def test_every_distance_equals_the_row_of_its_source(standard, name):
    rows = {row["facility_zh"]: row["radius_m"] for row in source_rows(standard)}
    for entry in catalogue(name).entries:
        expected = rows.get(entry.name_in_source, "")
        assert entry.standard_m == (float(expected) if expected else None), entry.facility_type


@pytest.mark.parametrize(
    ("standard", "name"),
    [
        ("GB50180-2018", "gb50180_2018"),
        ("TD/T1062-2021", "tdt1062_2021"),
        ("完整居住社区2020", "full_community_2020"),
    ],
)
def test_every_row_of_the_source_is_in_its_catalogue(standard, name):
    rows = {row["facility_zh"] for row in source_rows(standard)}
    assert rows <= {entry.name_in_source for entry in catalogue(name).entries}


@pytest.mark.parametrize(
    ("standard", "name"), [("GB50180-2018", "gb50180_2018"), ("完整居住社区2020", "full_community_2020")]
)
def test_every_size_equals_the_row_of_its_source(standard, name):
    columns = {
        "bldg_min_m2": "building_min_m2",
        "bldg_max_m2": "building_max_m2",
        "land_min_m2": "land_min_m2",
        "land_max_m2": "land_max_m2",
    }
    rows = {row["facility_zh"]: row for row in source_rows(standard)}
    for entry in catalogue(name).entries:
        for theirs, ours in columns.items():
            expected = rows[entry.name_in_source][theirs]
            assert getattr(entry, ours) == (float(expected) if expected else None), entry.facility_type


def test_no_tag_is_surer_than_the_row_of_its_source():
    rows = {row["facility_zh"]: row["confidence"] for row in source_rows("GB50180-2018")}
    for entry in catalogue("gb50180_2018").entries:
        assert entry.tag == ("M-M" if "M-M" in rows[entry.name_in_source] else "M-H"), entry.facility_type


@pytest.mark.parametrize(("tier", "people"), [(15, 50_000), (10, 15_000)])
def test_a_tier_of_the_national_standard_is_asked_of_its_least_people(tier, people):
    entries = [
        it
        for it in catalogue("gb50180_2018").entries
        if it.tier_min == tier and it.facility_type != "bus_stop"
    ]
    assert {entry.min_people for entry in entries} == {people}


def test_the_health_station_keeps_each_standards_own_distance():
    found = {
        name: entry.standard_m
        for name in ("gb50180_2018", "tdt1062_2021")
        for entry in catalogue(name).entries
        if entry.facility_type == "health_station"
    }
    assert found == {"gb50180_2018": 300, "tdt1062_2021": 500}


def test_the_complete_community_standard_gives_no_distance():
    assert all(entry.standard_m is None for entry in catalogue("full_community_2020").entries)


def test_a_catalogue_is_given_back():
    assert catalogue(catalogue("township")) is catalogue("township")


def test_the_users_own_catalogue_is_read(tmp_path):
    path = written(tmp_path, HEAD + ENTRY)
    assert catalogue(path).entries == catalogue(str(path)).entries
    assert catalogue(path).entries[0].facility_type == "park"


def test_an_unknown_catalogue_is_told_with_those_there_are():
    with pytest.raises(UnknownNameError, match="township"):
        catalogue("nowhere")
