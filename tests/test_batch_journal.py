"""The journal of a batch, which towns it is of, and what their results depend on."""

from __future__ import annotations

import pytest

from fengmao_geo.batch.journal import append_record, read_journal
from fengmao_geo.batch.towns import BatchOptions, find_towns, town_key
from fengmao_geo.errors import usage_error

TOWN = '[town]\nname = "{name}"\ncrs = "EPSG:4549"\n[layers.built_up]\npath = "built_up.csv"\n'


def write_town(folder, name="东镇"):
    folder.mkdir(parents=True)
    (folder / "town.toml").write_text(TOWN.format(name=name), encoding="utf-8")
    (folder / "built_up.csv").write_text("id,WKT\n", encoding="utf-8")
    return folder


def key(folder, **options):
    return town_key(folder / "town.toml", BatchOptions(**options))


def refused(paths):
    """The one error of what is wrong with the paths."""
    return usage_error(find_towns(paths).faults)


def test_the_last_record_of_a_town_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    for state in ("failed", "done"):
        append_record(path, {"town_id": "东镇", "state": state})
    append_record(path, {"town_id": "west", "state": "failed"})
    assert {name: record["state"] for name, record in read_journal(path).items()} == {
        "东镇": "done",
        "west": "failed",
    }


def test_no_journal_holds_no_records(tmp_path):
    assert read_journal(tmp_path / "journal.jsonl") == {}


def test_a_torn_last_line_is_cut_off_and_the_next_stands_by_itself(tmp_path):
    path = tmp_path / "journal.jsonl"
    append_record(path, {"town_id": "east"})
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole + whole[:length])
        assert list(read_journal(path)) == ["east"]
        assert path.read_bytes() == whole
    append_record(path, {"town_id": "west"})
    assert list(read_journal(path)) == ["east", "west"]


@pytest.mark.parametrize("spoilt", [b"\x00\x00\x00", b"[1]", b'{"town": 1}', b"\xff", b'{"town_id": 3}'])
def test_a_spoilt_line_says_nothing_of_its_town(tmp_path, spoilt):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(spoilt + b"\n")
    append_record(path, {"town_id": "west"})
    assert list(read_journal(path)) == ["west"]


def test_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        append_record(tmp_path / "journal.jsonl", {"town_id": "east", "headline": {"people": float("nan")}})
    assert not (tmp_path / "journal.jsonl").exists()


def test_towns_are_folders_files_and_folders_of_folders(tmp_path):
    write_town(tmp_path / "county" / "西镇")
    write_town(tmp_path / "county" / "东 镇")
    write_town(tmp_path / "alone")
    (tmp_path / "county" / "maps").mkdir()
    (tmp_path / "county" / ".hidden").mkdir()
    write_town(tmp_path / "county" / "city" / "南镇")
    found = find_towns([tmp_path / "county", tmp_path / "alone" / "town.toml", tmp_path / "county" / "西镇"])
    assert list(found.files) == ["alone", "东_镇", "西镇"]
    assert found.left_out == {tmp_path / "county" / "maps": 0, tmp_path / "county" / "city": 1}
    assert found.faults == []


@pytest.mark.parametrize("other", ["town", "Town"])
def test_two_towns_of_one_name_are_both_named(tmp_path, other):
    one, two = write_town(tmp_path / "a" / "town"), write_town(tmp_path / "b" / other)
    told = refused([one, two]).text(lang="en")
    assert str(one) in told
    assert str(two) in told


def test_a_folder_without_towns_is_named(tmp_path):
    assert str(tmp_path) in refused([tmp_path]).text()
    assert refused([]).key == "batch_no_towns"


def test_towns_two_levels_down_are_counted_and_the_way_to_name_them_told(tmp_path):
    for name in ("a1", "a2"):
        write_town(tmp_path / "city" / name)
    told = refused([tmp_path])
    assert (told.key, told.values["count"]) == ("batch_town_deeper", 2)
    assert f'"{tmp_path}"/*' in told.text()


def test_all_that_is_wrong_with_what_is_named_is_told_at_once(tmp_path):
    (tmp_path / "empty").mkdir()
    one, other = write_town(tmp_path / "p" / "x" / "a1"), write_town(tmp_path / "q" / "a1")
    told = refused([tmp_path / "none", tmp_path / "empty", tmp_path / "p", one, other]).text(lang="en")
    assert told.count("\n- ") == 4
    for path in ("none", "empty", "p", "q"):
        assert str(tmp_path / path) in told


def test_the_key_changes_with_the_data_what_is_asked_and_what_lies_beside(tmp_path):
    folder = write_town(tmp_path / "east")
    catalogue = tmp_path / "ours.toml"
    catalogue.write_text("a = 1", encoding="utf-8")
    keys = [
        key(folder),
        key(folder, walker="terrain"),
        key(folder, lang="en"),
        key(folder, catalogue=str(catalogue)),
    ]
    catalogue.write_text("a = 2", encoding="utf-8")
    keys.append(key(folder, catalogue=str(catalogue)))
    (folder / "built_up.csv").write_text("id,WKT\n1,\n", encoding="utf-8")
    keys.append(key(folder))
    (folder / "spaces_review.csv").write_text("space_id,decision\n", encoding="utf-8")
    keys.append(key(folder))
    (folder / "photos").mkdir()
    (folder / "photos" / "s1.jpg").write_bytes(b"1")
    keys.append(key(folder))
    (folder / "town.toml").write_text(
        TOWN.format(name="东镇") + '[score]\nweights_file = "w.toml"\n', encoding="utf-8"
    )
    keys.append(key(folder))
    (folder / "w.toml").write_text("b = 1", encoding="utf-8")
    keys.append(key(folder))
    assert len(set(keys)) == len(keys)


def test_the_key_is_the_same_wherever_the_town_lies_and_whatever_else_lies_there(tmp_path):
    one, other = write_town(tmp_path / "a" / "east"), write_town(tmp_path / "b" / "east")
    (other / "notes.txt").write_text("nothing to do with it", encoding="utf-8")
    assert key(one) == key(other)


def test_options_name_files_by_their_whole_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    placed = BatchOptions(catalogue="ours.toml", walker="terrain").placed()
    assert (placed.catalogue, placed.walker) == (str(tmp_path / "ours.toml"), "terrain")
