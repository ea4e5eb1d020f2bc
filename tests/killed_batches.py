"""A batch killed at one of its touches of the disk, then resumed; run by itself, since it forks.

``python killed_batches.py FOLDER POINTS`` prints, for each point, what differs from a batch that nobody stopped.
The engine is stood in for by one that writes two small files a town: what is killed is the process that moves
folders, keeps the journal and sums up.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

from batch_towns import files_of

from fengmao_geo.batch import run
from fengmao_geo.batch.task import blank_record
from fengmao_geo.batch.towns import BatchOptions, town_key
from fengmao_geo.export.batch_files import write_batch_summary
from fengmao_geo.tables.batch import batch_table

TOUCHES = ("fsync", "rename", "replace", "mkdir", "rmdir", "unlink", "truncate")
TOWNS = ("east", "fails", "new", "north", "west")


def write_towns(folder: Path, *, edition: str) -> None:
    """Towns of a few bytes; of the second edition one has changed, one is new and one fails."""
    for name in TOWNS:
        if name == "new" and edition == "first":
            continue
        (folder / name).mkdir(parents=True, exist_ok=True)
        said = edition if name in ("north", "fails") else "same"
        (folder / name / "town.toml").write_text(
            f'[town]\nname = "{name}"\ncrs = "EPSG:4549"\n[layers.built_up]\npath = "built_up.csv"\n',
            encoding="utf-8",
        )
        (folder / name / "built_up.csv").write_text(said, encoding="utf-8")


def finished(client, jobs):
    del client
    for job in jobs:
        file = Path(job["town"])
        said = (file.parent / "built_up.csv").read_text(encoding="utf-8")
        work = Path(job["out"]) / ".work" / f"{job['town_id']}.1"
        (work / "maps").mkdir(parents=True)
        (work / "maps" / "index.html").write_text(said, encoding="utf-8")
        (work / "README.txt").write_text(job["town_id"], encoding="utf-8")
        with (Path(job["out"]).parent / "ran").open("a") as ran:
            ran.write(f"{job['town_id']}\n")
        record = blank_record(job) | {"work": str(work), "seconds": 1.0, "peak_gib": 0.1, "attempts": 1}
        if job["town_id"] == "fails" and said == "second":
            yield record | {"reason": "timeout", "reason_values": {"limit_min": 1}}
            continue
        yield record | {
            "state": "done",
            "key": town_key(file, BatchOptions(**job["options"])),
            "headline": {"people": float(len(said))},
            "outline": "POLYGON ((120 30, 120.01 30, 120.01 30.01, 120 30))",
            "files": {"README.txt": len(job["town_id"]), "maps/index.html": len(said)},
        }


@contextmanager
def opened(**asked):
    yield asked


def batch(folder: Path, *, resume: bool) -> None:
    run.run_batch([folder / "towns"], out=folder / "out", resume=resume)


def die_at(point: int) -> list[int]:
    """Let the process kill itself as it is about to touch the disk for the so-manieth time; count touches."""
    count = [0]

    def watched(touch):
        def touched(*args, **kwargs):
            count[0] += 1
            if count[0] == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return touch(*args, **kwargs)

        return touched

    for name in TOUCHES:
        setattr(os, name, watched(getattr(os, name)))
    return count


def forked(act) -> int:
    """Do something in a process of its own, and give the signal that ended it, or nothing."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        except BaseException as fault:  # noqa: BLE001  told to whoever waits
            sys.stderr.write(f"{fault!r}\n")
            os._exit(1)
    return os.waitpid(child, 0)[1]


def main(folder: Path, points: int) -> None:
    run.opened, run.finished = opened, finished
    before, whole = folder / "before", folder / "whole"
    write_towns(before / "towns", edition="first")
    # What every batch loads is loaded once, before the first fork.
    write_batch_summary(batch_table([]), folder=folder / "warm")
    assert forked(lambda: batch(before, resume=False)) == 0
    write_towns(before / "towns", edition="second")
    shutil.copytree(before, whole)

    def counted():
        count = die_at(-1)
        batch(whole, resume=True)
        (folder / "count").write_text(str(count[0]), encoding="utf-8")

    assert forked(counted) == 0
    touches = int((folder / "count").read_text(encoding="utf-8"))
    expected = files_of(whole / "out")
    for number in range(points):
        point = 1 + round(number * (touches - 1) / (points - 1))
        place = folder / "killed"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(before, place)
        (place / "ran").write_text("", encoding="utf-8")

        def killed(place=place, point=point):
            die_at(point)
            batch(place, resume=True)

        ended = forked(killed)
        again = forked(lambda place=place: batch(place, resume=True))
        found = files_of(place / "out")
        differs = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        ran = (place / "ran").read_text(encoding="utf-8").split()
        told = {"point": point, "ended": ended, "again": again, "differs": differs, "ran": ran}
        sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
