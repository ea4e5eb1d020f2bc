"""What is asked of a batch: refused at once and whole, or told as it goes on."""

from __future__ import annotations

import logging
from importlib import import_module

import killed_batches
import pytest
from killed_batches import write_towns
from typer.testing import CliRunner

import fengmao_geo as fg
from fengmao_geo.batch import engine, run
from fengmao_geo.cli import app
from fengmao_geo.errors import UsageError


def refused(folder, *, out="out", **asked):
    with pytest.raises(UsageError) as caught:
        fg.run_batch([folder / "towns"], out=folder / out, **asked)
    return caught.value


def batch(folder, *words, lang="en"):
    asked = [str(word) for word in words]
    return CliRunner().invoke(app, ["batch", *asked, "--out", str(folder / "out"), "--lang", lang])


@pytest.mark.parametrize(
    ("options", "key", "word"),
    [
        (fg.BatchOptions(catalogue="nope"), "unknown_standard", "gb50180_2018"),
        (fg.BatchOptions(walker="nope"), "unknown_standard", "elderly"),
        (fg.BatchOptions(lang="fr"), "lang", "fr"),
        ({"lang": "zh"}, "batch_options", "dict"),
    ],
)
def test_options_that_are_none_are_refused_before_anything_is_made(stood_in, options, key, word):
    told = refused(stood_in, options=options)
    assert told.key == key
    assert word in told.text(lang="en")
    assert not (stood_in / "out").exists()


def test_a_catalogue_of_one_s_own_is_read_before_any_town_is_begun(stood_in):
    (stood_in / "ours.toml").write_text("entries = 1", encoding="utf-8")
    told = refused(stood_in, options=fg.BatchOptions(catalogue=stood_in / "ours.toml"))
    assert str(stood_in / "ours.toml") in told.text()


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_one_path_alone_is_one_path(stood_in, kind):
    table = fg.run_batch(kind(stood_in / "towns"), out=stood_in / "out")
    assert len(table) == 4


def test_all_that_is_wrong_with_a_command_is_told_at_once_by_the_names_of_its_options(stood_in):
    said = batch(
        stood_in, stood_in / "none", "--workers", 0, "--timeout", -1, "--memory", 0, "--scheduler", "x"
    )
    assert said.exit_code == 2
    for word in ("none", "--workers", "--timeout", "--memory", "--scheduler"):
        assert word in said.stderr
    assert said.stderr.count("\n- ") == 6
    assert not (stood_in / "out").exists()


@pytest.mark.parametrize("out", ["towns", "towns/east", "."])
def test_results_are_not_written_where_the_data_lie(stood_in, out):
    # Of the folder above, `towns` would be that of the results, which replace what is there.
    assert refused(stood_in, out=out).key == "batch_out"
    assert sorted(path.name for path in stood_in.iterdir()) == ["towns"]
    assert {path.name for path in (stood_in / "towns" / "east").iterdir()} == {"town.toml", "built_up.csv"}


def test_results_may_lie_in_the_folder_of_the_towns_and_are_not_told_of_as_left_out(stood_in, caplog):
    for _ in range(2):
        table = fg.run_batch([stood_in / "towns"], out=stood_in / "towns" / "out", resume=True)
        assert len(table) == 4
    assert caplog.messages == []


def test_a_folder_that_is_left_out_is_told_of_with_the_towns_in_it(stood_in):
    write_towns(stood_in / "towns" / "city", edition="first")
    (stood_in / "towns" / "notes").mkdir()
    said = batch(stood_in, stood_in / "towns")
    assert said.exit_code == 0, said.stderr
    assert f"{stood_in / 'towns' / 'city'}; towns directly below it: 4, name" in said.stderr
    assert f"it has no town.toml: {stood_in / 'towns' / 'notes'}" in said.stderr


def test_towns_of_the_folder_that_are_not_named_are_told_of(stood_in):
    batch(stood_in, stood_in / "towns")
    said = batch(stood_in, stood_in / "towns" / "east", "--resume")
    assert said.exit_code == 0
    assert "left out of the summary: 3 (fails, north, west); name them too" in said.stderr
    assert "not among" not in batch(stood_in, stood_in / "towns", "--resume").stderr


def test_of_very_many_towns_that_are_not_named_some_are_named(caplog):
    run._tell_others([f"t{number:02d}" for number in range(25)], "en")
    run._tell_others([], "en")
    assert len(caplog.messages) == 1
    assert "summary: 25 (t00, " in caplog.text
    assert "t19, …);" in caplog.text
    assert "t20" not in caplog.text


def test_a_batch_that_is_interrupted_says_what_is_done_and_how_to_go_on(stood_in, monkeypatch):
    def finished(client, jobs):
        for number, record in enumerate(killed_batches.finished(client, jobs)):
            if number == 2:
                raise KeyboardInterrupt
            yield record

    with monkeypatch.context() as patch:
        patch.setattr(run, "finished", finished)
        said = batch(stood_in, stood_in / "towns", lang="zh")
    assert said.exit_code == 130
    assert said.stderr.splitlines()[-1] == "已停止;已完成 2 / 4 个镇,加 --resume 接着算"
    assert "沿用上次 2 个,本次计算 2 个" in batch(stood_in, stood_in / "towns", "--resume", lang="zh").stderr


def test_a_batch_that_is_interrupted_while_it_looks_at_what_is_done_says_what_was(stood_in, monkeypatch):
    batch(stood_in, stood_in / "towns")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_is_done", interrupted)
    said = batch(stood_in, stood_in / "towns", "--resume")
    assert said.exit_code == 130
    assert said.stderr.splitlines()[-1] == "stopped; 4 of 4 towns are done: go on with --resume"


def test_towns_are_told_of_as_they_are_settled(stood_in, caplog, monkeypatch):
    write_towns(stood_in / "towns", edition="second")
    told_before = {}

    def finished(client, jobs):
        for record in killed_batches.finished(client, jobs):
            told_before[record["town_id"]] = len(caplog.messages)
            yield record

    monkeypatch.setattr(run, "finished", finished)
    with caplog.at_level(logging.INFO, logger="fengmao_geo.batch"):
        fg.run_batch([stood_in / "towns"], out=stood_in / "out", options=fg.BatchOptions(lang="en"))
    assert list(told_before.values()) == [0, 1, 2, 3, 4]
    assert caplog.messages[0] == "1/5 done, east (east)"
    assert caplog.messages[1].startswith("not done, fails (fails): not done after 1 minutes")
    # What is out of order is seen in scripts that ask for nothing.
    assert [one.levelname for one in caplog.records] == ["INFO", "WARNING", "INFO", "INFO", "INFO", "INFO"]


def test_the_bar_counts_towns_and_those_that_failed(stood_in, monkeypatch, capsys):
    write_towns(stood_in / "towns", edition="second")
    real = run.tqdm
    # As in a terminal.
    monkeypatch.setattr(run, "tqdm", lambda **asked: real(**asked | {"disable": False, "mininterval": 0}))
    fg.run_batch([stood_in / "towns"], out=stood_in / "out")
    shown = capsys.readouterr().err
    assert "镇/s" in shown or "s/镇" in shown
    assert "未完成 1]" in shown


@pytest.mark.enable_socket
def test_nothing_is_left_of_a_batch_whose_scheduler_does_not_answer(stood_in, monkeypatch):
    monkeypatch.setattr(engine, "_ANSWER_S", 0.5)
    monkeypatch.setattr(run, "opened", engine.opened)
    (stood_in / "there").mkdir()
    for out in ("out", "there"):
        assert refused(stood_in, out=out, scheduler="tcp://127.0.0.1:1").key == "batch_scheduler"
    assert list((stood_in / "there").iterdir()) == []
    assert not (stood_in / "out").exists()


def test_what_was_told_goes_no_further_than_the_command(stood_in):
    batch(stood_in, stood_in / "towns")
    log = logging.getLogger("fengmao_geo.batch")
    assert (log.handlers, log.level) == ([], logging.NOTSET)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("ENOENT", "没有这个"),
        ("EEXIST", "同名"),
        ("EACCES", "权限"),
        ("EPERM", "权限"),
        ("EROFS", "权限"),
        ("ENOSPC", "已满"),
    ],
)
def test_why_nothing_can_be_written_is_told_in_words_with_the_place(stood_in, monkeypatch, number, words):
    code = getattr(import_module("errno"), number)

    def full(*asked):
        del asked
        raise OSError(code, "strange", "/far/away")

    monkeypatch.setattr(run, "append_record", full)
    said = batch(stood_in, stood_in / "towns", lang="zh")
    assert said.exit_code == 2
    assert words in said.stderr
    assert "/far/away" in said.stderr
    assert "strange" not in said.stderr


def test_a_file_in_the_place_of_the_results_is_named(stood_in):
    (stood_in / "out").write_text("mine", encoding="utf-8")
    said = batch(stood_in, stood_in / "towns", lang="zh")
    assert said.exit_code == 2
    assert str(stood_in / "out") in said.stderr
    assert "Errno" not in said.stderr


def test_the_help_tells_exit_codes_and_where_to_read_on_in_both_languages():
    said = " ".join(CliRunner().invoke(app, ["batch", "--help"]).stdout.split())
    for words in (
        "130 interrupted",
        "130 被中断",
        "docs/many-towns.md",
        "one per core by default",
        "默认每核一个",
    ):
        assert words in said
