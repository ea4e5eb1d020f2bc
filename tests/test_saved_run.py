"""Saved runs: what comes back is what was saved, and nothing else is ever read."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import saved_runs
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

import fengmao_geo as fg
from fengmao_geo.errors import TableError, UsageError
from fengmao_geo.export.run_record import RUN_LOG, Timings, data_date, input_hashes
from fengmao_geo.export.saved_run import RUN_FILE, read_run
from fengmao_geo.export.saved_scalars import read_crs, read_scalar, scalar
from fengmao_geo.export.saved_tables import read_table_bytes, table_bytes


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    fg.write_results(saved_runs.results(), folder)
    return folder


@pytest.fixture(scope="module")
def read(saved):
    return fg.read_results(saved)


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "run"))


def _forge(folder, name, content):
    """Put other content in place of a file, with the digest that fits it."""
    (folder / name).write_bytes(content)
    about = json.loads((folder / RUN_FILE).read_bytes())
    about["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / RUN_FILE).write_text(json.dumps(about), encoding="utf-8")


@contextmanager
def _refused(key):
    with pytest.raises(UsageError) as told:
        yield
    assert told.value.key == key


def _restate(folder, **entries):
    about = json.loads((folder / RUN_FILE).read_bytes()) | entries
    (folder / RUN_FILE).write_text(json.dumps(about), encoding="utf-8")


# What comes back


def test_everything_comes_back_equal(read):
    assert saved_runs.differences(saved_runs.results(), read) == []


def test_a_step_that_was_not_run_comes_back_as_none(tmp_path):
    fg.write_results(fg.Results(saved_runs.town()), tmp_path / "run")
    found = fg.read_results(tmp_path / "run")
    assert [found.network, found.circles, found.spaces, found.programme, found.gains] == [None] * 5


def test_a_network_made_from_another_still_knows_it_as_the_same_thing(read):
    assert read.planned_network.change.before is read.network


def test_arrays_come_back_read_only(read):
    with pytest.raises(ValueError, match="read-only"):
        read.network.node_xy[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        read.gains.picture.gain[0, 0] = 1.0


def test_rasters_come_back_by_their_paths_though_no_file_is_there(read):
    assert saved_runs.differences(saved_runs.RASTERS, read.town.rasters) == []


def test_a_network_that_was_read_measures_the_same_walks(read):
    before = saved_runs.results().circles.reach
    plain = replace(read.town, rasters={})
    pd.testing.assert_frame_equal(fg.life_circles(plain, read.network).reach, before)


def test_findings_come_back_in_the_same_words(read):
    assert read.findings.equals(saved_runs.results().findings)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", None, "水乡"], dtype="str"),
        pd.Series([None, "a", float("nan")], dtype=object),
        pd.Series([True, None, pd.NA], dtype=object),
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series([2**60 + 1, None, 3], dtype="Int64"),
        pd.Series([1, 2, 3], dtype="int32"),
        pd.Series([0.1, np.nan, np.inf]),
        pd.Series(pd.to_datetime(["2024-03-01 00:00:00", None, "2024-03-02 10:00:01"])),
        pd.Series(["a", "b", None], dtype="category"),
        pd.Series([date(2024, 3, 1), None, Decimal("1.10")], dtype=object),
        pd.Series([{"a": 1}, [1, (2, None)], shapely.Point(1, 2)], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_every_kind_of_column_comes_back(column):
    frame = pd.DataFrame({"kept": column, "row": [1, 2, 3]}, index=pd.Index(["x", "y", "z"], name="of"))
    found = read_table_bytes(*table_bytes(frame))
    pd.testing.assert_frame_equal(found, frame)
    assert list(map(type, found["kept"])) == list(map(type, frame["kept"]))


def test_an_empty_table_keeps_its_columns_and_kinds():
    frame = gpd.GeoDataFrame(
        {"id": pd.Series([], dtype="str"), "n": pd.Series([], dtype="int64")}, geometry=[], crs=4549
    )
    found = read_table_bytes(*table_bytes(frame))
    assert found.dtypes.equals(frame.dtypes)
    assert found.crs == frame.crs


def test_a_table_of_shapes_is_geoparquet_that_others_read(saved):
    streets = gpd.read_parquet(saved / "town.layers.streets.parquet")
    assert streets.crs.to_epsg() == 4549
    assert streets.geometry.iloc[0].equals(saved_runs.town()["streets"].geometry.iloc[0])


_KEPT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=30)
@given(_KEPT)
def test_every_value_comes_back_as_it_was(value):
    assert read_scalar(json.loads(json.dumps(scalar(value)))) == value


@pytest.mark.parametrize(
    "value",
    [
        frozenset({"a"}),
        Path("/data/a.tif"),
        CRS(4549),
        pd.NaT,
        pd.Timestamp("2024-03-01 10:00"),
        datetime(2024, 3, 1, tzinfo=UTC),
        time(10, 30),
        np.float64(0.1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_beyond_json_come_back(value):
    found = read_scalar(json.loads(json.dumps(scalar(value))))
    assert found is value or found == value


def test_a_value_that_cannot_be_saved_is_refused_by_its_kind():
    with pytest.raises(UsageError, match="complex"):
        scalar(1j)


# Same bytes, whole or not at all


def test_saving_what_was_read_gives_the_same_bytes(saved, read, tmp_path):
    fg.write_results(read, tmp_path / "again")
    names = sorted(path.name for path in saved.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    assert [
        name for name in names if (saved / name).read_bytes() != (tmp_path / "again" / name).read_bytes()
    ] == []


def test_nothing_in_a_saved_run_is_pickled(saved):
    assert {path.suffix for path in saved.iterdir()} == {".json", ".npz", ".parquet"}
    with np.load(saved / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_later_run_takes_the_place_of_an_earlier_one_with_its_log(copied):
    (copied / RUN_LOG).write_text("read\t1.00\n", encoding="utf-8")
    fg.write_results(fg.Results(saved_runs.town()), copied)
    assert not (copied / "circles.reach.parquet").exists()
    assert fg.read_results(copied).circles is None
    assert [path.name for path in copied.parent.iterdir()] == ["run"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with _refused("saved_target"):
        fg.write_results(fg.Results(saved_runs.town()), tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder_is_not_replaced(tmp_path):
    (tmp_path / "run").write_text("mine", encoding="utf-8")
    with _refused("saved_target"):
        fg.write_results(fg.Results(saved_runs.town()), tmp_path / "run")


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.rename"])
def test_a_failure_keeps_the_earlier_run_and_leaves_nothing_else(copied, monkeypatch, step):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match="No space"):
        fg.write_results(fg.Results(saved_runs.town()), copied)
    monkeypatch.undo()
    assert fg.read_results(copied).circles is not None
    assert [path.name for path in copied.parent.iterdir()] == ["run"]


def test_the_earlier_run_comes_back_if_the_new_one_cannot_take_its_place(copied, monkeypatch):
    rename = Path.rename

    def fail(path, target):
        if path.name.endswith(".part"):
            raise OSError(13, "denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="denied"):
        fg.write_results(fg.Results(saved_runs.town()), copied)
    assert fg.read_results(copied).circles is not None
    assert [path.name for path in copied.parent.iterdir()] == ["run"]


def test_a_table_that_is_not_as_declared_is_not_saved(tmp_path):
    wrong = replace(saved_runs.results(), indicators=pd.DataFrame({"indicator": ["a"]}))
    with pytest.raises(TableError) as told:
        fg.write_results(wrong, tmp_path / "run")
    assert {fault[1]["table"] for fault in told.value.faults} == {"indicators"}
    assert not (tmp_path / "run").exists()


# What is damaged, foreign, newer or hostile


def _told(folder):
    with pytest.raises(UsageError) as told:
        fg.read_results(folder)
    return told.value.key


def test_a_folder_without_a_run_says_so(tmp_path):
    assert _told(tmp_path) == "saved_absent"
    assert _told(tmp_path / "none") == "saved_absent"


def test_a_run_json_of_something_else_is_no_run(copied):
    (copied / RUN_FILE).write_text('{"format": "other"}', encoding="utf-8")
    assert _told(copied) == "saved_absent"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]"])
def test_a_run_json_that_cannot_be_read_is_damage_or_no_run(copied, content):
    (copied / RUN_FILE).write_bytes(content)
    assert _told(copied) in ("saved_damaged", "saved_absent")


def test_a_run_of_a_later_version_names_that_version(copied):
    _restate(copied, version=2, versions={"fengmao_geo": "9.1"})
    with pytest.raises(UsageError, match=r"9\.1") as told:
        fg.read_results(copied)
    assert told.value.key == "saved_newer"


@pytest.mark.parametrize("name", ["results.json", "arrays.npz", "circles.reach.parquet"])
@pytest.mark.parametrize("harm", ["cut", "gone", "flipped"])
def test_a_damaged_file_is_named(copied, name, harm):
    content = (copied / name).read_bytes()
    (copied / name).unlink()
    if harm != "gone":
        (copied / name).write_bytes(content[:-20] if harm == "cut" else content[:-1] + b"\x00\x00")
    with pytest.raises(UsageError, match=name) as told:
        fg.read_results(copied)
    assert told.value.key == "saved_damaged"
    assert "\u6062\u590d" in told.value.text(lang="zh")


@pytest.mark.parametrize("link", ["results.json", RUN_FILE])
def test_links_are_not_followed(copied, tmp_path, link):
    shutil.move(copied / link, tmp_path / "elsewhere")
    (copied / link).symlink_to(tmp_path / "elsewhere")
    assert _told(copied) == "saved_damaged"


@pytest.mark.parametrize("name", ["../secret.parquet", "/etc/passwd", "a/b.parquet", "..parquet"])
def test_no_file_outside_the_folder_is_read(copied, name, monkeypatch):
    node = json.loads((copied / "results.json").read_bytes())
    node["of"]["uses"]["file"] = name
    _forge(copied, "results.json", json.dumps(node).encode())
    about = json.loads((copied / RUN_FILE).read_bytes())
    _restate(copied, files=about["files"] | {name: "0" * 64})
    opened, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path) or read_bytes(path))
    assert _told(copied) == "saved_damaged"
    assert {path.resolve().parent for path in opened} == {copied.resolve()}


def _with(node, *path, value):
    inner = node
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return node


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "Popen"),
        (("of", "town", "name"), "SystemExit"),
        (("of", "circles", "of", "walker", "name"), "Record"),
        (("of", "town", "of", "crs"), {"is": "crs", "of": 'BOUNDCRS[PARAMETERFILE["/etc/passwd"]]'}),
        (("of", "town", "of", "crs"), {"is": "crs", "of": "+proj=tmerc +nadgrids=/etc/passwd"}),
        (("of", "network", "of", "node_xy", "of"), "no.such"),
        (("of", "network", "of", "extent"), {"is": "shape", "of": "00"}),
        (("of", "planned_network", "of", "change", "of", "before"), {"is": "same", "of": "no"}),
        (("of", "circles"), {"is": "unheard", "of": 1}),
        (("of", "surplus"), 1),
    ],
)
def test_no_other_class_file_or_value_is_made_of_what_was_forged(copied, path, value):
    node = json.loads((copied / "results.json").read_bytes())
    _forge(copied, "results.json", json.dumps(_with(node, *path, value=value)).encode())
    assert _told(copied) == "saved_damaged"


@pytest.mark.parametrize(
    "place", ["/vsicurl/http://h/a.tif", "http://h/a.tif", "//h/a", "<VRTDataset/>", "\\\\h\\a"]
)
def test_a_raster_elsewhere_is_refused(place):
    with pytest.raises(ValueError, match=re.escape(place)):
        read_scalar({"is": "path", "of": place})


def test_results_of_another_class_are_damage(copied):
    node = json.loads((copied / "results.json").read_bytes())
    _forge(copied, "results.json", json.dumps(node["of"]["town"]).encode())
    assert _told(copied) == "saved_damaged"


def test_a_forged_table_that_is_not_as_declared_is_damage(copied):
    frame = pd.read_parquet(copied / "uses.parquet").assign(use=3)
    content, about = table_bytes(frame)
    node = json.loads((copied / "results.json").read_bytes())
    node["of"]["uses"]["of"] = about
    _forge(copied, "uses.parquet", content)
    _forge(copied, "results.json", json.dumps(node).encode())
    assert _told(copied) == "saved_damaged"


def test_packed_arrays_are_refused_since_they_could_fill_the_memory(copied, tmp_path):
    np.savez_compressed(tmp_path / "packed.npz", a=np.zeros(10**6))
    _forge(copied, "arrays.npz", (tmp_path / "packed.npz").read_bytes())
    assert _told(copied) == "saved_damaged"


@pytest.mark.parametrize("name", ["arrays.npz", "uses.parquet", "results.json"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"PAR1" + b"\xff" * 60 + b"PAR1", b"null", b"\x00" * 99]
)
def test_what_is_no_such_file_at_all_is_damage(copied, name, content):
    _forge(copied, name, content)
    assert _told(copied) == "saved_damaged"


def test_a_disk_that_fails_is_not_called_damage(copied, monkeypatch):
    def fail(_):
        raise OSError(5, "Input/output error")

    about = (copied / RUN_FILE).read_bytes()
    monkeypatch.setattr(Path, "read_bytes", lambda path: about if path.name == RUN_FILE else fail(path))
    with pytest.raises(OSError, match="Input/output"):
        fg.read_results(copied)


def test_a_system_of_coordinates_is_read_from_well_known_text_alone():
    assert read_crs(CRS(4549).to_wkt()) == CRS(4549)


# What the run says of itself


def test_a_run_stands_for_the_latest_date_of_its_data(saved):
    # Buildings of 2024 may be of its last day; streets are of November, the image of July.
    run = read_run(saved)
    assert (run.town, run.run_on, run.data_on) == ("T", "2024-12-31", "2024-12-31")


def test_the_date_of_a_run_can_be_stated(tmp_path):
    fg.write_results(fg.Results(saved_runs.town()), tmp_path / "run", run_on="2025年3月5日")
    assert read_run(tmp_path / "run").run_on == "2025-03-05"


@pytest.mark.parametrize("run_on", ["soon", "2025-03", ""])
def test_a_run_on_no_day_is_refused(tmp_path, run_on):
    with _refused("run_on"):
        fg.write_results(fg.Results(saved_runs.town()), tmp_path / "run", run_on=run_on)


def test_data_without_a_date_give_none():
    bare = replace(saved_runs.town(), rasters={}, settings=fg.TownSettings())
    assert data_date(bare) == ""


def test_a_run_says_what_was_asked_for(saved):
    asked = read_run(saved).parameters
    assert asked == {
        "catalogue": "township",
        "walker": "standard",
        "minutes": [5, 15],
        "site_rules": {"a": [1]},
    }


def test_parameters_and_inputs_are_kept_without_places_of_this_machine(tmp_path):
    rules = {"uses_file": "/home/me/town/uses.toml", "budget_wan": 800}
    town = replace(saved_runs.town(), settings=replace(saved_runs.town().settings, site_rules=rules))
    fg.write_results(fg.Results(town), tmp_path / "run", inputs={"a.gpkg": "ff"}, parameters={"count": 3})
    run = read_run(tmp_path / "run")
    assert run.parameters == {"site_rules": {"budget_wan": 800, "uses_file": "uses.toml"}, "count": 3}
    assert run.inputs == {"a.gpkg": "ff"}
    assert "/home" not in (tmp_path / "run" / RUN_FILE).read_text(encoding="utf-8")


def test_a_run_says_which_versions_it_was_made_with(saved):
    versions = read_run(saved).versions
    assert versions["fengmao_geo"] == fg.__version__
    assert versions["pandas"] == pd.__version__


def test_a_run_json_without_a_date_is_damage(copied):
    about = json.loads((copied / RUN_FILE).read_bytes())
    del about["run_on"]
    (copied / RUN_FILE).write_text(json.dumps(about), encoding="utf-8")
    with _refused("saved_damaged"):
        read_run(copied)


def test_every_file_a_town_is_read_from_is_summed_up(tmp_path):
    (tmp_path / "town").mkdir()
    for name in ("a.gpkg", "b.shp", "b.dbf", "b[1].shp", "qa.tif", "red.tif", "spare.txt", "names.csv"):
        (tmp_path / "town" / name).write_text(name, encoding="utf-8")
    (tmp_path / "town" / "c.gdb").mkdir()
    (tmp_path / "town" / "c.gdb" / "t").write_text("t", encoding="utf-8")
    (tmp_path / "out.csv").write_text("o", encoding="utf-8")
    (tmp_path / "town" / "town.toml").write_text(
        '[town]\nname = "T"\ncrs = "EPSG:4549"\n'
        '[layers.streets]\npath = "a.gpkg"\n[layers.green]\npath = "a.gpkg"\n[layers.water]\npath = "b.shp"\n'
        '[layers.blocks]\npath = "c.gdb"\n[layers.facilities]\npath = "../out.csv"\n[layers.trees]\npath = "no.csv"\n'
        '[layers.communities]\npath = "a.gpkg"\njoin = { path = "names.csv", by = "name" }\n'
        '[rasters.imagery_after]\npaths = { red = "red.tif" }\n'
        'quality = { path = "qa.tif", rules = [{ cause = "cloud", mask = 8, value = 8 }] }\n',
        encoding="utf-8",
    )
    found = input_hashes(tmp_path / "town")
    places = {"../out.csv"} if "../out.csv" in found else {"out.csv"}
    assert (
        set(found)
        == {"a.gpkg", "b.dbf", "b.shp", "c.gdb/t", "names.csv", "qa.tif", "red.tif", "town.toml"} | places
    )
    assert found["a.gpkg"] == hashlib.sha256(b"a.gpkg").hexdigest()


def test_the_log_lists_each_step_with_its_seconds(tmp_path):
    timings = Timings()
    with timings.step("circles"):
        pass
    with pytest.raises(KeyError), timings.step("spaces"):
        raise KeyError
    lines = timings.write(tmp_path).read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["circles", "spaces"]
    assert all(float(line.split("\t")[1]) < 60 for line in lines)
