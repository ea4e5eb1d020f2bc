"""The folder of a batch: what is done stays, what is not is done again, and who may write there."""

from __future__ import annotations

import sys

import locket
import pytest
from batch_towns import files_of
from killed_batches import write_towns
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.batch import run
from fengmao_geo.batch.journal import append_record, read_journal
from fengmao_geo.batch.task import failed_record
from fengmao_geo.cli import app
from fengmao_geo.errors import UsageError


def refused(folder, **asked):
    with pytest.raises(UsageError) as caught:
        fg.run_batch([folder / "towns"], out=folder / "out", **asked)
    return caught.value.key


def test_a_batch_is_a_table_of_its_towns_and_their_folders(stood_in):
    table = fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    assert table["town_id"].tolist() == ["east", "fails", "north", "west"]
    assert set(table["state"]) == {"done"}
    assert (stood_in / "out" / "towns" / "north" / "maps" / "index.html").read_text(
        encoding="utf-8"
    ) == "first"
    assert (stood_in / "out" / "overview.html").exists()


def test_a_folder_that_holds_a_batch_is_only_gone_on_with(stood_in):
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    assert refused(stood_in) == "batch_there"


def test_a_town_whose_data_have_changed_is_done_again_and_one_that_now_fails_keeps_what_was_there(stood_in):
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    (stood_in / "ran").unlink()
    write_towns(stood_in / "towns", edition="second")
    table = fg.run_batch([stood_in / "towns"], out=stood_in / "out", resume=True).set_index("town_id")
    assert (stood_in / "ran").read_text(encoding="utf-8").split() == ["fails", "new", "north"]
    assert table.loc["fails", "state"] == "failed"
    # What was decided on site lies there too.
    assert (stood_in / "out" / "towns" / "fails" / "maps" / "index.html").read_text(
        encoding="utf-8"
    ) == "first"
    assert (stood_in / "out" / "towns" / "north" / "maps" / "index.html").read_text(
        encoding="utf-8"
    ) == "second"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("longer"),
        lambda file: (file.parent / "other").touch(),
    ],
)
def test_a_town_whose_files_are_not_those_of_the_journal_is_done_again(stood_in, spoil):
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    whole = files_of(stood_in / "out")
    (stood_in / "ran").unlink()
    spoil(stood_in / "out" / "towns" / "east" / "README.txt")
    fg.run_batch([stood_in / "towns"], out=stood_in / "out", resume=True)
    assert (stood_in / "ran").read_text(encoding="utf-8").split() == ["east"]
    assert files_of(stood_in / "out") == whole


def test_a_town_of_which_the_file_cannot_be_read_any_more_is_done_again(stood_in):
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    record = read_journal(stood_in / "out" / "journal.jsonl")["west"]
    file = stood_in / "towns" / "west" / "town.toml"
    file.write_text("[town", encoding="utf-8")
    assert not run._is_done(record, file, stood_in / "out", fg.BatchOptions())


def test_what_a_killed_batch_left_half_done_is_swept_up(stood_in):
    out = stood_in / "out"
    for left in (".work/east.1", "towns/.east.old"):
        (out / left).mkdir(parents=True)
    (out / ".summary.xlsx.1.part").touch()
    append_record(
        out / "journal.jsonl", failed_record({"town_id": "east", "town": "town.toml", "attempts": 0}, "lost")
    )
    fg.run_batch([stood_in / "towns"], out=out, resume=True)
    assert not [name for name in files_of(out) if "/." in name or name.startswith(".")]
    assert not (out / ".work").exists()
    assert not (out / "towns" / ".east.old").exists()


def test_a_kill_while_a_folder_is_replaced_loses_nothing_of_the_older_one(stood_in):
    towns = stood_in / "out" / "towns"
    for left in (".east.old", ".west.old", "west"):
        (towns / left).mkdir(parents=True)
        (towns / left / "spaces_review.csv").write_text(left, encoding="utf-8")
    run._sweep(stood_in / "out")
    assert sorted(path.name for path in towns.iterdir()) == ["east", "west"]
    assert (towns / "east" / "spaces_review.csv").read_text(encoding="utf-8") == ".east.old"
    assert (towns / "west" / "spaces_review.csv").read_text(encoding="utf-8") == "west"


def test_numbers_that_mean_nothing_are_refused(stood_in):
    for asked in ({"timeout_min": 0}, {"memory_gib": -1}, {"memory_gib": float("nan")}, {"memory_gib": "x"}):
        assert refused(stood_in, **asked) == "not_positive"
    for workers in (0, 1.5):
        assert refused(stood_in, workers=workers) == "not_whole"
    assert refused(stood_in, workers=1, scheduler="tcp://127.0.0.1:1") == "batch_workers"
    assert not (stood_in / "out").exists()


def test_a_batch_that_another_runs_is_left_alone(stood_in):
    (stood_in / "out").mkdir()
    with locket.lock_file(str(stood_in / "out" / ".lock")):
        assert refused(stood_in) == "batch_locked"
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")


@pytest.mark.parametrize("lacking", ["locket", "distributed", "psutil"])
def test_without_the_extra_the_way_to_install_it_is_named(stood_in, monkeypatch, lacking):
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(UsageError) as caught:
        fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    assert "pip install 'fengmao_geo[batch]'" in str(caught.value)
    assert not (stood_in / "out").exists()


def test_wrong_usage_is_exit_code_two(stood_in):
    asked = ["batch", str(stood_in / "towns"), "--out", str(stood_in / "out"), "--lang", "en"]
    (stood_in / "towns" / "notes").mkdir()
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.stderr
    assert f"left out, for it has no town.toml: {stood_in / 'towns' / 'notes'}" in done.stderr
    again = CliRunner().invoke(app, asked)
    assert (again.exit_code, "--resume" in again.stderr) == (2, True)
    assert CliRunner().invoke(app, ["batch", str(stood_in), "--out", str(stood_in / "out")]).exit_code == 2


def test_a_full_disk_ends_the_batch_and_what_is_done_stays(stood_in, monkeypatch):
    real, left = append_record, [2]

    def full(path, record):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(path, record)

    with monkeypatch.context() as patch:
        patch.setattr(run, "append_record", full)
        said = CliRunner().invoke(app, ["batch", str(stood_in / "towns"), "--out", str(stood_in / "out")])
    assert said.exit_code == 2
    (stood_in / "ran").unlink()
    fg.run_batch([stood_in / "towns"], out=stood_in / "out", resume=True)
    assert (stood_in / "ran").read_text(encoding="utf-8").split() == ["north", "west"]


def test_some_towns_failed_is_exit_code_one_with_their_reasons(stood_in):
    write_towns(stood_in / "towns", edition="second")
    asked = ["batch", str(stood_in / "towns"), "--out", str(stood_in / "out"), "--lang", "en"]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 1
    assert "not done, fails (fails): not done after 1 minutes; allow more with --timeout" in said.stderr
    assert f'fengmao check "{stood_in / "towns" / "fails"}"' in said.stderr
    last = said.stderr.splitlines()[-1]
    assert last.startswith("towns done: 4, not done: 1 (0 kept from before, 5 computed now); open")
    again = CliRunner().invoke(app, [*asked, "--resume"])
    assert "(4 kept from before, 1 computed now)" in again.stderr
