"""A kill at any point of a batch, then `--resume`: the very files of a batch that nobody stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
POINTS = 21

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the kills are made in forked processes")


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, str(TESTS / "killed_batches.py"), str(folder), str(POINTS)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)  # noqa: S603  our own words
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_batch_is_killed_at_many_points(kills):
    assert len({kill["point"] for kill in kills}) == POINTS
    assert all(os.WTERMSIG(kill["ended"]) == 9 for kill in kills)


def test_resuming_ends_with_the_very_files_of_a_batch_that_nobody_stopped(kills):
    assert {kill["point"]: kill["differs"] for kill in kills if kill["again"] or kill["differs"]} == {}


def test_what_the_journal_has_done_is_not_done_again(kills):
    # At the last point all towns are done; the one that fails is tried again.
    assert kills[-1]["ran"] == ["fails", "new", "north", "fails"]
    assert all("east" not in kill["ran"] and "west" not in kill["ran"] for kill in kills)
    assert all(kill["ran"].count("new") <= 2 for kill in kills)
