"""The parts of a batch by themselves: a town's record, its process, the engine."""

from __future__ import annotations

import io
import json
import logging
import os
import queue
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from batch_towns import copy_town, mischievous, write_small_town

import fengmao_geo as fg
from fengmao_geo.batch import engine, run, task
from fengmao_geo.batch.child import town_record
from fengmao_geo.batch.headline import headline
from fengmao_geo.batch.task import blank_record, run_one
from fengmao_geo.errors import UsageError
from fengmao_geo.results import Results
from fengmao_geo.standards.batch import headlines

OPTIONS = {"catalogue": "township", "walker": "standard", "lang": "zh"}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return write_small_town(tmp_path_factory.mktemp("small") / "east", "东镇", is_bare=True)


def job(town, out, **more):
    (out / ".work").mkdir(parents=True, exist_ok=True)
    told = {
        "town_id": town.name,
        "town": str(town / "town.toml"),
        "out": str(out),
        "options": OPTIONS,
        "attempts": 0,
    }
    return told | {"timeout_min": 1, "memory_gib": 0.6, "work": str(out / "work")} | more


@pytest.fixture
def quick(monkeypatch):
    """Let a study do what a test tells it, and write one file."""

    def told(study):
        def write_all(results, *, folder, **asked):
            del results, asked
            Path(folder).mkdir(parents=True)
            (Path(folder) / "README.txt").write_text("whole", encoding="utf-8")

        monkeypatch.setattr(import_module("fengmao_geo.study"), "study", study)
        monkeypatch.setattr(import_module("fengmao_geo.export.handover"), "write_all", write_all)

    return told


def test_the_record_of_a_town_holds_what_a_prefecture_compares(small, quick, tmp_path):
    quick(lambda town, **_: Results(town))
    record = town_record(job(small, tmp_path))
    assert (record["town_name"], record["state"], record["reason"]) == ("东镇", "done", "")
    assert record["files"] == {"README.txt": 5}
    assert record["headline"]["built_up_ha"] == pytest.approx(100)
    assert record["headline"]["block_count"] is None
    assert set(record["headline"]) == {one.headline for one in headlines()}
    # A square kilometre near Jiaxing, in degrees to a millionth.
    assert record["outline"].startswith("POLYGON ((120.7")
    assert max(len(number.split(".")[1]) for number in record["outline"][10:-2].replace(",", "").split()) <= 6


def test_what_was_decided_in_the_results_of_an_earlier_batch_is_taken_over(small, quick, tmp_path):
    asked = {}

    def study(town, **options):
        asked.update(options)
        return Results(town)

    quick(study)
    earlier = tmp_path / "towns" / small.name
    earlier.mkdir(parents=True)
    (earlier / "spaces_review.csv").write_text(
        "space_id,decision,reason\ns1,excluded,walled\n", encoding="utf-8"
    )
    assert town_record(job(small, tmp_path))["state"] == "done"
    assert asked["review"]["space_id"].tolist() == ["s1"]
    assert asked["review"]["reason"].tolist() == ["walled"]


def test_the_process_of_a_town_loads_no_driver_that_follows_links(monkeypatch):
    monkeypatch.delenv("GDAL_SKIP", raising=False)
    monkeypatch.setenv("PROJ_LIB", "elsewhere")
    own = task._environment()
    assert {"VRT", "WMS", "HTTP"} <= set(own["GDAL_SKIP"].split(","))
    assert "PROJ_LIB" not in own


def fails(fault):
    def study(*town, **asked):
        del town, asked
        raise fault

    return study


@pytest.mark.parametrize(
    ("fault", "reason", "values"),
    [
        (MemoryError(), "memory", {"limit_gib": 0.6}),
        (OSError(28, "No space left on device"), "files", {"cause": "No space left on device"}),
        (ZeroDivisionError("by zero"), "broken", {"cause": "ZeroDivisionError: by zero"}),
    ],
)
def test_whatever_happens_is_the_town_s_reason(small, quick, tmp_path, fault, reason, values):
    quick(fails(fault))
    record = town_record(job(small, tmp_path))
    assert (record["state"], record["reason"], record["reason_values"]) == ("failed", reason, values)


def test_faults_of_the_data_are_told_in_both_languages(small, tmp_path):
    town = copy_town(small, tmp_path / "cut")
    (town / "town.gpkg").write_bytes((town / "town.gpkg").read_bytes()[:20_000])
    record = town_record(job(town, tmp_path))
    assert (record["state"], record["reason"], record["town_name"]) == ("failed", "faults", "东镇")
    assert "not whole" in record["reason_values"]["en"]
    assert record["findings"]["error"] > 0


def test_a_layer_over_the_budget_of_memory_is_refused_unread(small, tmp_path):
    record = town_record(job(small, tmp_path, memory_gib=1e-6))
    assert record["reason"] == "faults"
    assert "GiB" in record["reason_values"]["en"]


def test_what_is_not_known_of_a_town_is_none(small):
    told = headline(Results(fg.read_town(small)))
    assert {name for name, value in told.items() if value is not None} == {"built_up_ha"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = mischievous(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.mark.parametrize(
    ("file", "limits", "reason", "values", "attempts"),
    [
        ("kill_me", {}, "died", {"cause": "SIGKILL"}, 2),
        ("eat_memory", {}, "memory", {"limit_gib": 0.6}, 2),
        ("hang", {"timeout_min": 0.02}, "timeout", {"limit_min": 0.02}, 1),
    ],
)
def test_a_process_is_ended_and_tried_again_where_that_may_help(
    small, tmp_path, site, file, limits, reason, values, attempts
):
    town = copy_town(small, tmp_path / "bad", file)
    record = run_one(job(town, tmp_path / "out", **limits))
    assert (record["reason"], record["reason_values"], record["attempts"]) == (reason, values, attempts)
    assert (site / "started").read_text(encoding="utf-8").split() == ["bad"] * attempts
    # Whatever ended it, the town is called as its file says.
    assert (record["town_id"], record["town_name"]) == ("bad", "东镇")


def test_a_town_that_was_tried_before_is_not_tried_twice_again(small, tmp_path, site):
    town = copy_town(small, tmp_path / "bad", "kill_me")
    assert run_one(job(town, tmp_path / "out", attempts=1))["attempts"] == 2
    assert (site / "started").read_text(encoding="utf-8").split() == ["bad"]


@pytest.mark.usefixtures("site")
def test_a_town_whose_folder_was_swept_away_is_given_up(small, tmp_path, monkeypatch):
    town = copy_town(small, tmp_path / "bad", "hang")
    work = tmp_path / "out" / ".work" / f"bad.{os.getpid()}"

    def swept(*asked):
        del asked
        if work.exists():
            work.rmdir()
        return task._Taken()

    monkeypatch.setattr(task, "_taken", swept)
    assert run_one(job(town, tmp_path / "out"))["reason"] == "swept"


def test_no_town_is_begun_where_the_batch_is_gone(small, tmp_path):
    told = job(small, tmp_path / "out")
    (tmp_path / "out" / ".work").rmdir()
    with pytest.raises(FileNotFoundError):
        run_one(told)


def test_the_answer_of_a_process_is_the_record_with_what_was_measured(small, tmp_path):
    town = copy_town(small, tmp_path / "broken")
    (town / "town.toml").write_text("[town", encoding="utf-8")
    record = run_one(job(town, tmp_path / "out", memory_gib=4))
    assert (record["reason"], record["attempts"]) == ("faults", 1)
    assert record["seconds"] > 0
    assert record["peak_gib"] > 0
    assert record["cpu_seconds"] > 0
    assert Path(record["work"]).parent == tmp_path / "out" / ".work"


def test_an_exit_code_is_told_as_such():
    cause = import_module("fengmao_geo.batch.task")._cause
    assert [cause(3), cause(-9), cause(-250)] == ["exit code 3", "SIGKILL", "signal 250"]


@pytest.mark.enable_socket
def test_the_engine_of_this_computer_asks_for_no_more_jobs_than_it_has_workers(monkeypatch):
    monkeypatch.setattr(engine, "run_one", lambda told: {"town_id": told["town_id"]})
    asked, ahead, found = [], [], []

    def jobs():
        for at in range(7):
            asked.append(at)
            yield {"town_id": str(at), "attempts": 0}

    with engine.opened(workers=2) as client:
        for record in engine.finished(client, jobs()):
            found.append(record["town_id"])
            ahead.append(len(asked) - len(found))
    assert sorted(found) == [str(at) for at in range(7)]
    assert max(ahead) == 2


@pytest.mark.enable_socket
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(engine, "_ANSWER_S", 0.5)
    with pytest.raises(UsageError) as caught, engine.opened(scheduler="tcp://127.0.0.1:1"):
        pass
    assert caught.value.text() == (
        "调度器 tcp://127.0.0.1:1 没有应答;请核对地址,并确认 dask scheduler 已启动"
    )


class Future:
    def __init__(self, outcome):
        self.outcome, self.key = outcome, "a"

    def result(self):
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.mark.enable_socket
def test_a_lost_worker_costs_a_town_one_try():
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415  opens a socket

    lost = Future(KilledWorker("a", SimpleNamespace(address="w"), 0))
    town = {"town_id": "east", "town": "town.toml", "attempts": 0}
    assert engine._outcome(lost, town) is None
    assert engine._outcome(lost, town | {"attempts": 1})["reason"] == "lost"
    told = engine._outcome(Future(ModuleNotFoundError("fengmao_geo")), town)
    assert (told["reason"], told["reason_values"]) == (
        "engine",
        {"cause": "ModuleNotFoundError: fengmao_geo"},
    )
    with pytest.raises(UsageError):
        engine._outcome(Future(CancelledError("a")), town)


def test_the_time_of_cores_is_that_of_a_process_and_of_those_it_has_started():
    def process(pid, *times, started=()):
        names = ("user", "system", "children_user", "children_system")
        return SimpleNamespace(
            children=lambda recursive: list(started) if recursive else [],
            memory_info=lambda: SimpleNamespace(rss=100 * pid),
            cpu_times=lambda: SimpleNamespace(**dict(zip(names, times, strict=True))),
        )

    running = process(1, 3.0, 1.0, 0.5, 0.25, started=[process(2, 2.0, 0.0, 0.0, 0.0)])
    looked = SimpleNamespace(Process=lambda _: running, Error=psutil.Error)
    found = task._running(looked, 1)
    assert task._taken(looked, found, task._Taken()) == (300, 6.75)
    # What ended since the last look takes nothing back.
    assert task._taken(looked, found, task._Taken(500, 7.0)) == (500, 7.0)


@pytest.mark.parametrize("name", ["distributed", "distributed.client"])
def test_what_dask_says_of_a_scheduler_is_not_printed(monkeypatch, name):
    log, said = logging.getLogger(name), io.StringIO()
    printed = logging.StreamHandler(said)

    @contextmanager
    def joined(distributed, address):
        log.error("while it runs")
        yield distributed, address

    monkeypatch.setattr(engine, "_joined", joined)
    log.addHandler(printed)
    try:
        with engine.opened(scheduler="tcp://127.0.0.1:1"):
            pass
        log.error("afterwards")
    finally:
        log.removeHandler(printed)
    assert said.getvalue() == "afterwards\n"


@pytest.mark.enable_socket
def test_a_batch_that_is_cut_short_waits_for_no_town(small, tmp_path, site, monkeypatch):
    copy_town(small, tmp_path / "towns" / "dies", "kill_me")
    copy_town(small, tmp_path / "towns" / "hangs", "hang")

    def interrupted(*asked):
        del asked
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_settled", interrupted)
    # The browser of other tests may be one of them.
    before = psutil.Process().children()
    with pytest.raises(KeyboardInterrupt):
        fg.run_batch([tmp_path / "towns"], out=tmp_path / "out", workers=2, timeout_min=10)
    assert sorted(set((site / "started").read_text(encoding="utf-8").split())) == ["dies", "hangs"]
    assert psutil.Process().children() == before
    assert not (tmp_path / "out" / ".work" / "hangs").exists()


def test_records_are_plain_json():
    told = {"town_id": "east", "attempts": 0}
    assert json.loads(json.dumps(blank_record(told))) == blank_record(told)


def test_the_process_of_a_town_answers_in_a_file_and_ends_when_nobody_waits_any_more(tmp_path, monkeypatch):
    child = import_module("fengmao_geo.batch.child")
    read, write = os.pipe()
    ended = queue.Queue()
    monkeypatch.setattr(child, "_STDIN", read)
    monkeypatch.setattr(child, "town_record", lambda told: {"town_id": told["town_id"]})
    monkeypatch.setattr(child.os, "_exit", ended.put)
    os.write(write, json.dumps({"town_id": "east", "answer": str(tmp_path / "answer.json")}).encode() + b"\n")
    child.main()
    assert json.loads((tmp_path / "answer.json").read_text(encoding="utf-8")) == {"town_id": "east"}
    assert ended.get(timeout=30) == 0
    os.close(write)
    assert ended.get(timeout=30) == child._ALONE
    os.close(read)


def test_headlines_are_of_the_whole_town_as_it_is_now(small):
    town = fg.read_town(small)
    rows = [
        ("town", "now", "space_count", 4.0),
        ("town", "planned", "space_count", 9.0),
        ("block", "now", "space_count", 1.0),
    ]
    indicators = pd.DataFrame(rows, columns=["area_kind", "state", "indicator", "value"])
    scores = pd.DataFrame({"state": ["now", "now", "planned"], "score": [40.0, 55.5, 90.0]})
    circles = SimpleNamespace(people_basis="people", dwellings=pd.DataFrame({"people": [10.0, 30.0]}))
    told = headline(Results(town, circles=circles, indicators=indicators, block_scores=scores))
    assert (told["space_count"], told["best_score"], told["people"]) == (4.0, 55.5, 40.0)
    # Floor area stands for people where nobody was counted, and is no people.
    weighed = SimpleNamespace(people_basis="floor_m2", dwellings=pd.DataFrame({"people": [900.0]}))
    assert headline(Results(town, circles=weighed))["people"] is None


def test_blocks_are_counted(tmp_path):
    town = fg.read_town(write_small_town(tmp_path / "west", "西镇"))
    assert headline(Results(town))["block_count"] == 1
