"""Files of planning knowledge: read, shown, and refused where they are wrong."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from fengmao_geo.errors import StandardError, UnknownNameError
from fengmao_geo.standards.load import (
    CATALOGUES,
    LAND_SCHEMES,
    catalogue,
    facility_types,
    walker,
    walkers,
)
from fengmao_geo.standards.records import Tag
from fengmao_geo.standards.show import standard_names, standard_table

DATA = Path(str(files("fengmao_geo.standards")))
TAGS = set(get_args(Tag))
ENTRY = """
[[entries]]
facility_type = "park"
tier_min = 15
is_required = true
source = "our office"
tag = "P"
"""
HEAD = 'name = "ours"\nname_zh = "我们的"\nname_en = "ours"\nsource = "our office"\ntag = "P"\n'


def written(folder, content, name="ours.toml"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def refused(read, path, *, lang="en"):
    with pytest.raises(StandardError) as caught:
        read(path)
    return caught.value.text(lang=lang)


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    wrong = (
        ENTRY.replace("15", "-1").replace('"P"', '"sure"').replace('source = "our office"\n', "")
        + "colour = 1\n"
    )
    told = refused(catalogue, written(tmp_path, HEAD + wrong))
    assert told.splitlines()[1:] == [
        "- entries.1 park.tier_min: is -1; make it greater than 0",
        "- entries.1 park.source: is missing; add it",
        "- entries.1 park.tag: is “sure”; make it one of 'V', 'V3', 'C', 'M-H', 'M-M', 'M-L' or 'P'",
        "- entries.1 park.colour: is not known; remove it or correct its spelling",
    ]


def test_a_fault_names_the_file(tmp_path):
    assert "ours.toml" in refused(catalogue, written(tmp_path, HEAD))


def test_a_fault_is_told_in_chinese_by_default(tmp_path):
    path = written(tmp_path, HEAD + ENTRY.replace("tier_min = 15\n", ""))
    with pytest.raises(StandardError, match=r"entries.1 park.tier_min: 缺少;请补上"):
        catalogue(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("15", "nan", "finite number"),
        ("15", '"soon"', "make it a number"),
        ("15", "[1]", "make it a number"),
        ("true", '"perhaps"', "make it true or false"),
        ("true", "[1]", "make it true or false"),
        ('"our office"', '" "', "is empty; fill it in"),
        ('"our office"', "3", "make it text in quotes"),
        ('"P"', '"P"\nmin_people = -5', "make it 0 or more"),
        ('"park"', '"castle"', "there is no facility type “castle”"),
    ],
)
def test_a_wrong_value_is_told_with_its_remedy(tmp_path, old, new, told):
    assert told in refused(catalogue, written(tmp_path, HEAD + ENTRY.replace(old, new)))


def test_a_facility_type_named_twice_is_told(tmp_path):
    assert "“park” is named twice" in refused(catalogue, written(tmp_path, HEAD + ENTRY + ENTRY))


def test_braces_in_the_users_file_are_told_as_they_stand(tmp_path):
    assert "“{0} {found}”" in refused(
        catalogue, written(tmp_path, HEAD + ENTRY.replace('"P"', '"{0} {found}"'))
    )


def test_a_fault_without_words_of_its_own_is_still_told(tmp_path):
    assert "entries: is “{}”, which is not allowed" in refused(
        catalogue, written(tmp_path, HEAD + "entries = {}")
    )


def test_a_catalogue_without_entries_is_told(tmp_path):
    assert "write at least one" in refused(catalogue, written(tmp_path, HEAD + "entries = []"))


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "check the path" in refused(catalogue, tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_is_told(tmp_path):
    path = tmp_path / "gbk.toml"
    path.write_bytes('name_zh = "我们的"'.encode("gbk"))
    assert "save it as UTF-8" in refused(catalogue, path)


def test_a_file_that_is_not_toml_is_told(tmp_path):
    assert "is not TOML" in refused(catalogue, written(tmp_path, "name = "))


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(HEAD + ENTRY, encoding="utf-8-sig")
    assert catalogue(path).name == "ours"


def test_a_table_that_is_a_number_is_told(tmp_path):
    assert "walkers" in refused(walker, written(tmp_path, 'source = "us"\ntag = "P"\nwalkers = 3\n'))


def test_an_entry_that_is_a_number_is_told(tmp_path):
    assert "walkers.me" in refused(walker, written(tmp_path, 'source = "us"\ntag = "P"\n[walkers]\nme = 3\n'))


def test_an_entry_that_says_another_id_than_it_stands_under_is_refused(tmp_path):
    own = (
        (DATA / "walkers.toml")
        .read_text(encoding="utf-8")
        .replace("[walkers.wheels]", '[walkers.wheels]\nwalker = "me"')
    )
    assert "walkers.wheels: the id differs" in refused(walker, written(tmp_path, own))
    types = (DATA / "facilities.toml").read_text(encoding="utf-8")
    types = types.replace("[types.kindergarten]", '[types.kindergarten]\nfacility_type = "school"')
    assert "types.kindergarten: the id differs" in refused(facility_types, written(tmp_path, types))


def test_three_hundred_metres_are_five_minutes():
    assert 5 * walker().speed_m_min == 300


@pytest.mark.parametrize(
    ("name", "speed_m_s"),
    [("standard", 1.0), ("adult", 1.2), ("elderly", 0.9), ("child", 1.0), ("wheels", 0.8), ("terrain", 1.0)],
)
def test_a_walker_walks_at_the_middle_of_the_range_known(name, speed_m_s):
    assert walker(name).speed_km_h == pytest.approx(speed_m_s * 3.6)


def test_only_wheels_cannot_use_steps():
    assert [name for name, it in walkers().items() if not it.can_use_steps] == ["wheels"]


def test_a_walker_is_given_back():
    assert walker(walker("elderly")) is walker("elderly")


def test_the_users_own_walker_is_read(tmp_path):
    path = written(
        tmp_path,
        'source = "us"\ntag = "P"\n[walkers.me]\nname_zh = "我"\nname_en = "me"\nspeed_km_h = 6\n'
        'source = "us"\ntag = "P"\n',
    )
    assert walker(path).speed_m_min == 100


def test_a_file_of_six_walkers_is_not_one_walker():
    assert "holds 6 walkers" in refused(walker, DATA / "walkers.toml")


def test_an_unknown_walker_is_told_with_those_there_are():
    with pytest.raises(UnknownNameError, match="wheels"):
        walker("horse")


def test_what_is_handed_out_can_be_read_with_all_other_knowledge():
    table = standard_table("public")
    figures = table.dropna(subset=["figure"]).set_index("figure")["value"]
    assert figures["least_dwelling_count"] == 10
    told = table.dropna(subset=["kind"]).set_index("kind")["words"]
    assert told["layers.buildings"] == "id, use"
    assert "permanent_farmland" in told["withheld.controls"]


@pytest.mark.parametrize("name", standard_names())
def test_every_row_of_every_table_has_a_source_and_a_tag(name):
    table = standard_table(name)
    assert len(table)
    assert table.columns[-2:].tolist() == ["source", "tag"]
    assert (table["source"].str.len() > 0).all()
    assert table["tag"].isin(TAGS).all()


def test_a_table_has_one_row_per_facility_type():
    assert standard_table("facilities")["facility_type"].is_unique


def test_a_list_in_a_table_is_written_in_one_cell():
    assert (
        standard_table("facilities").set_index("facility_type").loc["wet_market", "amap_codes"]
        == "060703, 060705"
    )


def test_a_table_of_other_names_counts_layers_columns_and_values():
    assert set(standard_table("field_names")["kind"]) == {"layer", "column", "value"}


def test_catalogues_and_schemes_are_among_the_tables():
    assert {*CATALOGUES, *LAND_SCHEMES} <= set(standard_names())


def test_an_unknown_table_is_told_with_those_there_are():
    with pytest.raises(UnknownNameError, match="walkers"):
        standard_table("weather")


def test_importing_opens_no_file_and_loads_no_pandas():
    code = (
        "import sys, json; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import fengmao_geo.standards.load\n"
        "data = [name for name in opened if name.endswith(('.toml', '.csv'))]\n"
        "print(json.dumps([data, 'pandas' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  # our own code
    assert json.loads(done.stdout) == [[], False]


def test_no_module_holds_chinese():
    for path in DATA.glob("*.py"):
        assert path.read_text(encoding="utf-8").isascii(), path.name
