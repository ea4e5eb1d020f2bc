"""Many towns: a batch with four bad ones among them, and what a second worker saves.

Towns are made by the sample's generator, a seed each. Of one the file of layers is cut in half, the process
of one is killed, one takes more memory than it may, one hangs. Then: the batch; `--resume`, which may do
only those four; `--resume` after they are mended, which must finish them all. README.md says what is
measured. All lies in a temporary folder, or in `--folder`, where towns that are made already are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from fengmao_geo.export.batch_words import reason_words

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
MAKER = HERE.parent / "data" / "samples" / "make_shuixiang.py"
for folder in (MAKER.parent, HERE.parent / "tests"):
    sys.path.insert(0, str(folder))

from batch_towns import copy_town, files_of, mischievous  # noqa: E402  of the tests

FIRST_SEED = 1
#: What happens to the last towns, and the file beside each that tells `batch_towns` to make it so.
BAD = {"corrupt": "", "killed": "kill_me", "memory": "eat_memory", "hangs": "hang"}
EATEN_MIB, MEMORY_GIB = 2000, 1.5
# Towns whose file says nothing, to see what a town costs that is not studied.
EMPTY_TOWNS = 20


class Ran(NamedTuple):
    """A batch that has run; CPU seconds are of all its processes, `began` has a town for each try."""

    code: int
    seconds: float
    cpu_seconds: float
    began: list[str]


def made(folder: Path, seed: int) -> Path:
    """Make the town of a seed, if it is not there."""
    place = folder / f"town_{seed:03d}"
    if not place.exists():
        part = folder / f".{place.name}"
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([sys.executable, str(MAKER), "--seed", str(seed), "--out", str(part)], check=True)  # noqa: S603  our own file
        part.rename(place)
    return place


def spoil(town: Path, how: str) -> None:
    """Let a town go wrong."""
    if how == "corrupt":
        layers = next(town.glob("*.gpkg"))
        os.truncate(layers, layers.stat().st_size // 2)
    else:
        (town / BAD[how]).write_text(str(EATEN_MIB) if how == "memory" else "", encoding="utf-8")


def run(towns: list[Path], out: Path, site: Path, *words: str) -> Ran:
    """Run the command, as a planner would."""
    command = [sys.executable, "-m", "fengmao_geo.cli", "batch", *map(str, towns), "--out", str(out), *words]
    paths = [str(site), os.environ.get("PYTHONPATH", "")]
    (site / "started").unlink(missing_ok=True)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (site / "said.log").open("ab") as said:
        code = subprocess.run(  # noqa: S603  our own words
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdout=said,
            stderr=said,
            check=False,
        ).returncode
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    started = site / "started"
    return Ran(
        code,
        seconds,
        cpu_seconds,
        started.read_text(encoding="utf-8").split() if started.exists() else [],
    )


def records_of(out: Path) -> dict[str, dict[str, Any]]:
    """Read the last line of each town in the journal."""
    lines = (out / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["town_id"]: record for record in map(json.loads, lines)}


def digest_of(folder: Path) -> str:
    """Give one hash of everything that a batch hands over."""
    files = files_of(folder)
    parts = (name.encode() + hashlib.sha256(files[name]).digest() for name in sorted(files))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def bad_days(towns: list[Path], folder: Path, site: Path, options: argparse.Namespace) -> Iterator[str]:
    """Run the towns with four bad ones among them, go on twice, and tell what came out."""
    spoilt = dict(zip(BAD, towns[-len(BAD) :], strict=True))
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    limits = {"workers": options.workers, "memory": MEMORY_GIB, "timeout": options.timeout}
    words = [word for name, value in limits.items() for word in (f"--{name}", str(value))]
    shutil.rmtree(folder / "spoilt", ignore_errors=True)
    own = {how: copy_town(town, folder / "spoilt" / f"{how}_{town.name}") for how, town in spoilt.items()}
    for how, town in own.items():
        spoil(town, how)
    asked = [*towns[: -len(BAD)], *own.values()]
    yield f"\n{len(asked)} towns, {len(BAD)} of them bad, {options.workers} workers; no more than"
    yield f"{MEMORY_GIB} GiB and {options.timeout:g} minutes each:\n"
    yield row("run", "exit code", "done", "failed", "towns begun", "seconds", "CPU s")
    yield row("---", *("---:" for _ in range(6)))
    whole = run(asked, out, site, *words)
    yield told("all", whole, out)
    failed = failures(out)
    kept = digest_of(out)
    yield told("`--resume`, nothing mended", run(asked, out, site, "--resume", *words), out)
    same = digest_of(out) == kept
    for how, town in own.items():
        shutil.rmtree(town)
        copy_town(spoilt[how], town)
    yield told("`--resume`, four mended", run(asked, out, site, "--resume", *words), out)
    yield f"\nThe first `--resume` left the very same files: {'yes' if same else '**no**'}.\n"
    yield from failed
    records = records_of(out).values()
    spent, of_cpu = (sum(record[key] for record in records) for key in ("seconds", "cpu_seconds"))
    peak = max(record["peak_gib"] for record in records)
    yield f"\nThe processes of the {len(towns)} towns, once mended: {spent:,.0f} s, {of_cpu:,.0f} of CPU;"
    yield f"{peak:.2f} GiB at most."


def told(name: str, ran: Ran, out: Path) -> str:
    states = [record["state"] for record in records_of(out).values()]
    began = f"{len(set(ran.began))} ({len(ran.began)} times)"
    counts = (states.count("done"), states.count("failed"), began)
    return row(name, ran.code, *counts, f"{ran.seconds:,.0f}", f"{ran.cpu_seconds:,.0f}")


def failures(out: Path) -> list[str]:
    """Say in words which towns failed and why, as the summary does."""
    lines = [row("town", "reason", "tried", "in words"), row("---", "---", "---:", "---")]
    for town, record in records_of(out).items():
        if record["state"] == "failed":
            found = reason_words(record, lang="en").found.replace("\n", " ")
            lines.append(row(town, record["reason"], record["attempts"], found))
    return lines


def timing(towns: list[Path], folder: Path, site: Path, options: argparse.Namespace) -> Iterator[str]:
    """Run good towns with one worker and with several."""
    asked = towns[: options.timed]
    yield f"\n{len(asked)} good towns:\n"
    yield row("workers", "seconds", "CPU s", "in towns, s", "of CPU", "around them, s each", "most GiB")
    yield row(*("---:" for _ in range(7)))
    seconds, digests = {}, set()
    for workers in (1, options.workers):
        out = folder / f"out_{workers}"
        shutil.rmtree(out, ignore_errors=True)
        ran = run(asked, out, site, "--workers", str(workers))
        records = records_of(out).values()
        inside, of_cpu = (sum(record[key] for record in records) for key in ("seconds", "cpu_seconds"))
        around = (workers * ran.seconds - inside) / len(asked)
        peak = max(record["peak_gib"] for record in records)
        spent = (f"{value:,.1f}" for value in (ran.seconds, ran.cpu_seconds, inside, of_cpu))
        yield row(workers, *spent, f"{around:.2f}", f"{peak:.2f}")
        seconds[workers] = ran.seconds
        digests.add(digest_of(out))
    times = seconds[1] / seconds[options.workers]
    yield f"\n{options.workers} workers are {times:.2f} times as fast as one;"
    yield f"the same bytes: {'yes' if len(digests) == 1 else '**no**'}."


def engine(folder: Path, site: Path) -> Iterator[str]:
    """Run towns whose file is no town: what is left is the engine, and a process with its imports."""
    places = [folder / "empty" / f"empty_{count:02d}" for count in range(EMPTY_TOWNS)]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / "town.toml").write_text("[town", encoding="utf-8")
    spent = {}
    for count in (1, EMPTY_TOWNS):
        out = folder / f"out_empty_{count}"
        shutil.rmtree(out, ignore_errors=True)
        ran = run(places[:count], out, site, "--workers", "1")
        spent[count] = (ran, sum(record["seconds"] for record in records_of(out).values()))
    (one, inside_one), (many, inside_many) = spent[1], spent[EMPTY_TOWNS]
    more = EMPTY_TOWNS - 1
    process = (inside_many - inside_one) / more
    around = (many.seconds - one.seconds) / more - process
    cpu = (many.cpu_seconds - one.cpu_seconds) / more
    yield f"{EMPTY_TOWNS} towns that fail as they are read, beside one such town: each more takes"
    yield f"{process:.2f} s in its process (start and imports) and {around:.3f} s around it (engine, journal,"
    yield f"summary), {cpu:.2f} s of CPU in all. The command alone takes {one.seconds - inside_one:.1f} s."


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


@contextmanager
def placed(options: argparse.Namespace) -> Iterator[Path]:
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        yield options.folder.resolve()
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run many generated towns; prints Markdown.")
    parser.add_argument("--towns", type=int, default=60, help="how many, four of them bad (60)")
    parser.add_argument(
        "--timed", type=int, default=12, help="how many good ones with 1 worker and more (12)"
    )
    parser.add_argument("--workers", type=int, default=2, help="workers beside one (2)")
    parser.add_argument("--timeout", type=float, default=4, help="minutes for a town (4)")
    parser.add_argument("--folder", type=Path, help="where to work; towns there are not made again")
    parser.add_argument("--only-make", action="store_true", help="make the towns and stop")
    options = parser.parse_args()
    if options.towns <= len(BAD) or not 1 <= options.timed <= options.towns - len(BAD):
        parser.error(f"--towns is above {len(BAD)}; --timed is at least 1 and at most the good ones")
    return options


def main() -> None:
    options = arguments()
    with placed(options) as folder:
        seeds = range(FIRST_SEED, FIRST_SEED + options.towns)
        (folder / "towns").mkdir(exist_ok=True)
        with ProcessPoolExecutor(options.workers) as pool:
            towns = list(pool.map(made, [folder / "towns"] * len(seeds), seeds))
        if options.only_make:
            return
        site = folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        mischievous(site)
        packages = ("fengmao-geo", "dask", "distributed", "geopandas", "shapely", "numpy")
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
        machine = f"{platform.system()}, {platform.machine()}, {os.cpu_count()} CPUs"
        print(f"{machine}; load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, {versions}.\n")
        for lines in (
            engine(folder, site),
            timing(towns, folder, site, options),
            bad_days(towns, folder, site, options),
        ):
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    main()
