"""Many towns at once, some of them bad; a batch that is cut off; workers of a scheduler started by hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import psutil
import pytest
from batch_towns import copy_town, files_of, mischievous, write_small_town
from openpyxl import load_workbook
from typer.testing import CliRunner

from fengmao_geo.batch.journal import read_journal
from fengmao_geo.cli import app

ROOT = Path(__file__).resolve().parents[1]
# Long enough for a very small town on a busy computer; the town that hangs takes it all.
LIMITS = ("--timeout", "0.5", "--memory", "0.6")
GOOD = {"a_town", "b_town"}
REASONS = {"c_corrupt": "faults", "d_eats": "memory", "f_dies": "died", "z_hangs": "timeout"}


def wait_for(what, *, seconds=120):
    """Look again and again until something is so; it is given back."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def start(*words, site=None, **options):
    paths = [str(path) for path in (site, ROOT) if path]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen([sys.executable, "-m", *map(str, words)], env=env, **options)  # noqa: S603  our own words


def start_batch(towns, out, *words, site):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    return start("fengmao_geo.cli", "batch", towns, "--out", out, *LIMITS, *words, site=site, **pipes)


def started(site):
    return (
        sorted((site / "started").read_text(encoding="utf-8").split()) if (site / "started").exists() else []
    )


def listening(*processes):
    """The addresses that processes and those they have started listen at."""
    tree = [one for process in processes for one in (process, *process.children(recursive=True))]
    lines = [line for one in tree for line in one.net_connections(kind="inet") if line.status == "LISTEN"]
    return {line.laddr.ip for line in lines}


@dataclass
class Batch:
    """One batch of the six towns: where it wrote, what it said, and what was seen on the way."""

    out: Path
    code: int
    said: str
    addresses: set[str]
    first: list[str]
    again: list[str]
    second_code: int = 0
    alone: tuple[psutil.Process, ...] = ()

    @property
    def records(self):
        return read_journal(self.out / "journal.jsonl")


@pytest.fixture(scope="module")
def towns(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("six") / "towns"
    write_small_town(folder / "a_town", "甲镇", is_bare=True)
    write_small_town(folder / "b_town", "乙镇", east_m=6000, people=90, is_bare=True)
    (folder / "b_town" / "hang_once").touch()
    corrupt = copy_town(folder / "a_town", folder / "c_corrupt") / "town.toml"
    corrupt.write_bytes(corrupt.read_bytes()[:20])
    copy_town(folder / "a_town", folder / "d_eats", "eat_memory")
    copy_town(folder / "a_town", folder / "f_dies", "kill_me")
    copy_town(folder / "a_town", folder / "z_hangs", "hang")
    return folder


@pytest.fixture(scope="module")
def local(towns, tmp_path_factory) -> Batch:
    """Two workers of this computer; killed when all but the last are done, then resumed."""
    folder = tmp_path_factory.mktemp("local")
    site, out = mischievous(folder / "site"), folder / "out"
    # This one never hangs: it has already.
    (site / "hung").touch()
    batch = start_batch(towns, out, "--workers", "2", site=site)
    main = psutil.Process(batch.pid)
    try:
        wait_for(lambda: "a_town" in started(site))
        addresses = listening(main)
        second = CliRunner().invoke(app, ["batch", str(towns), "--out", str(out), "--resume"])
        wait_for(lambda: len(read_journal(out / "journal.jsonl")) == 5 and "z_hangs" in started(site))
        children = main.children(recursive=True)
    finally:
        batch.kill()
        batch.communicate()
    _, alone = psutil.wait_procs(children, timeout=30)
    first = started(site)
    (site / "started").unlink()
    resumed = start_batch(towns, out, "--workers", "1", "--resume", site=site)
    said = resumed.communicate()[1]
    return Batch(
        out, resumed.returncode, said, addresses, first, started(site), second.exit_code, tuple(alone)
    )


@pytest.fixture(scope="module")
def joined(towns, tmp_path_factory) -> Batch:
    """Two workers of a scheduler that was started by hand; one of them is killed while it has a town."""
    folder = tmp_path_factory.mktemp("joined")
    site, out, file = mischievous(folder / "site"), folder / "elsewhere" / "out", folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "site": site}
    words = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
    running = [start("dask", "scheduler", *words, "--port", 0, "--scheduler-file", file, **quiet)]
    batch = None
    try:
        wait_for(file.exists)
        address = wait_for(lambda: json.loads(file.read_text(encoding="utf-8") or "{}").get("address"))
        scratch = ("--local-directory", folder / "scratch", "--memory-limit", 0)
        one = ("dask", "worker", address, *words, "--nthreads", 1, "--no-nanny", *scratch)
        running += [start(*one, **quiet) for _ in range(2)]
        batch = start_batch(towns, out, "--scheduler", address, site=site)
        worker = int(
            wait_for(lambda: (site / "hung").exists() and (site / "hung").read_text(encoding="utf-8"))
        )
        addresses = listening(*(psutil.Process(one.pid) for one in [*running, batch]))
        os.kill(worker, signal.SIGKILL)
        said = batch.communicate()[1]
    finally:
        for one in [*running, *([batch] if batch else [])]:
            one.kill()
            one.wait()
    return Batch(out, batch.returncode, said, addresses, started(site), [])


def test_bad_towns_are_named_with_their_reason_and_the_others_are_done(local):
    states = {name: record["state"] for name, record in local.records.items()}
    assert {name for name, state in states.items() if state == "done"} == GOOD
    assert {name: local.records[name]["reason"] for name in REASONS} == REASONS


def test_a_process_that_dies_is_tried_once_more_and_no_other(local):
    assert local.first == sorted([*GOOD, "c_corrupt", "z_hangs", *["d_eats", "f_dies"] * 2])


def test_resume_does_only_what_is_not_done(local):
    assert local.again == sorted(["c_corrupt", "z_hangs", *["d_eats", "f_dies"] * 2])


def test_nothing_goes_on_when_the_batch_is_killed(local):
    assert not local.alone


def test_a_second_batch_in_the_same_folder_is_refused(local):
    assert local.second_code == 2


def test_some_towns_failed_is_exit_code_one_and_said_in_words(local):
    assert local.code == 1
    assert "已完成 2 个镇,未完成 4 个" in local.said
    assert "甲镇(z_hangs):0.5 分钟内未算完" in local.said
    assert "沿用上次 2 个,本次计算 4 个" in local.said


def test_a_batch_listens_on_loopback_alone(local, joined):
    assert local.addresses <= {"127.0.0.1"}
    assert joined.addresses == {"127.0.0.1"}


def test_a_worker_that_is_lost_costs_no_town(joined):
    assert joined.records["b_town"]["state"] == "done"
    assert joined.first.count("b_town") == 2


def test_same_bytes_whoever_did_it_where_and_however_often_it_was_cut_off(local, joined):
    one, other = files_of(local.out), files_of(joined.out)
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []
    assert {name.split("/")[1] for name in one if name.startswith("towns/")} == GOOD


def test_nothing_half_done_is_left(local, joined):
    for batch in (local, joined):
        assert not (batch.out / ".work").exists()
        assert not list(batch.out.rglob("*.part"))


def test_the_summary_has_every_town_with_figures_or_with_its_reason(local):
    book = load_workbook(local.out / "summary.xlsx")
    done, failed = ([[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets)
    assert [row[0] for row in done if row[0] in ("甲镇", "乙镇")] == ["甲镇", "乙镇"]
    called = {row[-1]: row[0] for row in failed if row[-1] in REASONS}
    # A town is called as its file says, if that can be read, whatever became of it.
    assert called == dict.fromkeys(REASONS, "甲镇") | {"c_corrupt": "c_corrupt"}
    layer = gpd.read_file(local.out / "summary.gpkg").set_index("town_id")
    assert layer.loc["b_town", "people"] == 100
    assert layer.loc["z_hangs", "found"] == "0.5 分钟内未算完"


def test_done_towns_alone_are_exit_code_zero_and_nothing_is_run_again(local, towns, tmp_path):
    out = shutil.copytree(local.out, tmp_path / "out")
    journal = (out / "journal.jsonl").read_bytes()
    both = [str(towns / name) for name in sorted(GOOD)]
    said = CliRunner().invoke(app, ["batch", *both, "--out", str(out), "--resume", "--lang", "zh"])
    assert said.exit_code == 0, said.stderr
    assert "已完成 2 个镇,未完成 0 个" in said.stderr
    assert (out / "journal.jsonl").read_bytes() == journal


def test_the_overview_opens_without_a_network(local, show):
    shown = show(local.out / "overview.html")
    assert (shown.requests, shown.complaints) == ([], [])
    assert shown.drawn["towns"] == 2
    assert "乙镇" in shown.text
