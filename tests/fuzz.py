"""Files of every format, spoilt and read in a child process: a result or a `FengmaoError`, nothing else.

``python -m tests.fuzz --minutes 10`` from the project's root; ``--case N`` repeats one case of a seed.
The child has 2 GiB and 60 s for a file and is replaced when it dies. What fails is a crash, a hang, an error
that is not ours, and silence: no features of a file that had some, without a word.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import re
import select
import shutil
import subprocess
import sys
import time
import traceback
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

# As a module of the project's root the tests' own modules are found, too.
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fuzz_seeds import Seed

MEMORY_BYTES = 2 * 1024**3
TIME_S = 60.0

#: Numbers that break readers: the ends of what four and eight bytes hold, and what is large and plausible.
ENDS = (0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x0FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF)
WORDS = (
    b"",
    b"-1",
    b"0",
    b"nan",
    b"1e999",
    b"-1e308",
    b"99999999999999999999",
    b"2147483648",
    b"\xff\xfe",
    b"\x00",
)
#: Suffixes that a file may be given in place of its own.
SUFFIXES = (
    "gpkg",
    "shp",
    "gdb",
    "fgb",
    "geojson",
    "json",
    "kml",
    "kmz",
    "mif",
    "tab",
    "dxf",
    "csv",
    "xlsx",
    "xls",
)
SUFFIXES += ("parquet", "zip", "osm", "pbf", "dbf", "txt", "vrt", "gml")


# --- What is done to the bytes -------------------------------------------------------------------------------


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _random_bytes(data: bytearray, dice: random.Random) -> None:
    at, length = dice.randrange(len(data)), dice.choice((1, 4, 16, 200))
    data[at : at + length] = dice.randbytes(min(length, len(data) - at))


def _number(data: bytearray, dice: random.Random, within: int | None = None) -> None:
    width = dice.choice((1, 2, 4, 4, 8))
    at = dice.randrange(max(1, min(len(data), within or len(data)) - width))
    number = dice.choice(ENDS) & (2 ** (8 * width) - 1)
    data[at : at + width] = number.to_bytes(width, dice.choice(("little", "big")))


def _number_in_head(data: bytearray, dice: random.Random) -> None:
    _number(data, dice, dice.choice((32, 128, 512)))


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.choice((dice.randrange(len(data)), max(0, len(data) - dice.randrange(1, 40)))) :]


def _longer(data: bytearray, dice: random.Random) -> None:
    data += dice.choice((bytes(dice.randrange(1, 5000)), dice.randbytes(dice.randrange(1, 500)), bytes(data)))


def _block(data: bytearray, dice: random.Random) -> tuple[int, int]:
    at = dice.randrange(len(data))
    return at, min(len(data), at + dice.choice((1, 8, 64, 512, 4096)))


def _again(data: bytearray, dice: random.Random) -> None:
    start, end = _block(data, dice)
    at = dice.randrange(len(data))
    data[at:at] = data[start:end] * dice.choice((1, 1, 3, 50))


def _drop(data: bytearray, dice: random.Random) -> None:
    start, end = _block(data, dice)
    del data[start:end]


def _zeros(data: bytearray, dice: random.Random) -> None:
    start, end = _block(data, dice)
    data[start:end] = bytes(end - start)


def _exchange(data: bytearray, dice: random.Random) -> None:
    start, end = _block(data, dice)
    at = dice.randrange(len(data))
    data[start:end], data[at : at + end - start] = data[at : at + end - start], data[start:end]


def _word(data: bytearray, dice: random.Random) -> None:
    found = list(re.finditer(rb"-?\d+(\.\d+)?|[A-Za-z_]{2,}", bytes(data[:200_000])))
    if found:
        one = dice.choice(found)
        data[one.start() : one.end()] = dice.choice((*WORDS, dice.choice(found).group()))


CHANGES = (
    _flip,
    _random_bytes,
    _number,
    _number_in_head,
    _cut,
    _longer,
    _again,
    _drop,
    _zeros,
    _exchange,
    _word,
)


def _changed(content: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Change the bytes of one file in one to three ways."""
    if content.startswith(b"PK\x03\x04") and dice.random() < 0.5:
        return _changed_inside(content, dice)
    data, done = bytearray(content), []
    for _ in range(dice.choice((1, 1, 2, 3))):
        if len(data) > 1:
            change = dice.choice(CHANGES)
            change(data, dice)
            done.append(change.__name__.strip("_"))
    return bytes(data), "+".join(done)


def _changed_inside(content: bytes, dice: random.Random) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = dice.choice(sorted(members))
    members[name], done = _changed(members[name], dice) if members[name] else (b"x", "filled")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, inner in members.items():
            archive.writestr(member, inner)
    return packed.getvalue(), f"{name}: {done}"


class Case(NamedTuple):
    """A spoilt file: its number, the seed it was made of, its parts, which is read, and what was done."""

    number: int
    seed: Seed
    parts: dict[str, bytes]
    main: str
    done: str


def spoilt(number: int, made: Sequence[Seed], *, seed: int) -> Case:
    """Spoil a file; the same number of the same seed is the same case."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311  no secret
    one = made[number % len(made)]
    parts, main, how = dict(one.parts), one.main, dice.random()
    if how < 0.03 and one.main in parts:
        main = f"{Path(one.main).stem}.{dice.choice(SUFFIXES)}"
        parts[main] = parts.pop(one.main)
        return Case(number, one, parts, main, f"named {main}")
    if how < 0.06 and len(parts) > 1:
        gone = dice.choice(sorted(parts))
        del parts[gone]
        return Case(number, one, parts, main, f"without {gone}")
    name = dice.choice((*[one.main] * (one.main in parts), *sorted(parts)))
    if how < 0.12:
        other = dice.choice(made)
        taken = other.parts[dice.choice(sorted(other.parts))]
        parts[name] = dice.choice(
            (parts[name] + taken, taken, taken + parts[name], parts[name][:100] + taken[100:])
        )
        return Case(number, one, parts, main, f"{name}: with {other.form} {other.main}")
    parts[name], done = _changed(parts[name], dice)
    return Case(number, one, parts, main, f"{name}: {done}")


# --- The child, which reads ----------------------------------------------------------------------------------


def _work() -> None:
    """Read the files that are named on the standard input, one in a line, and say how each ended."""
    import resource  # noqa: PLC0415  not on every system

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    # What readers print is kept apart from what is said here.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as said:
        os.dup2(2, 1)
        for line in sys.stdin:
            said.write(json.dumps(_ended(json.loads(line))) + "\n")
            said.flush()


def _ended(job: dict[str, Any]) -> dict[str, Any]:
    from fengmao_geo.errors import FengmaoError  # noqa: PLC0415  the child loads it

    try:
        return _read(Path(job["path"]), job["layer"], job["options"])
    except FengmaoError as error:
        error.text(lang="zh"), error.text(lang="en")
        codes = sorted(set(error.findings["code"])) if hasattr(error, "findings") else [error.key]
        return {"kind": "refused", "codes": codes}
    except BaseException:  # noqa: BLE001  each is a fault of ours, whatever it is
        return {"kind": "other", "detail": traceback.format_exc()[-3000:]}


def _read(path: Path, layer: str, options: dict[str, Any]) -> dict[str, Any]:
    """Read a file, check it as a layer of a town, and write what was found in both languages."""
    from pyproj import CRS  # noqa: PLC0415  the child loads them

    from fengmao_geo.findings import findings_table, translate_findings  # noqa: PLC0415
    from fengmao_geo.geo.crs import parse_crs  # noqa: PLC0415
    from fengmao_geo.town.check import Source, checked_layer  # noqa: PLC0415
    from fengmao_geo.town.town_file import LayerPart  # noqa: PLC0415
    from fengmao_geo.town.vector import read_table, read_vector  # noqa: PLC0415

    if layer == "osm":
        from fengmao_geo.town.osm import read_osm  # noqa: PLC0415

        town = read_osm(path)
        return _said(sum(len(town[name]) for name in town.layers), town.findings["code"])
    if layer == "table":
        rows, found = read_table(path, layer="communities")
        return _said(len(rows), [finding.code for finding in found])
    frame, found = read_vector(path, layer=layer, part=LayerPart(path=path.name, **options))
    crs = CRS.from_epsg(4549)
    stated = crs if frame.crs is None else parse_crs(frame.crs)
    scheme = "sandiao" if layer == "parcels" else None
    _, more = checked_layer(Source(frame, stated), layer=layer, crs=crs, scheme=scheme)
    table = findings_table([*found, *more])
    translate_findings(table, lang="en")
    return _said(len(frame), table["code"])


def _said(rows: int, codes: Any) -> dict[str, Any]:
    return {"kind": "read", "rows": rows, "codes": sorted(set(codes))}


# --- The parent, which judges --------------------------------------------------------------------------------


class Reader:
    """A child process that reads files one after another, and is replaced when it dies or hangs."""

    def __init__(
        self, command: Sequence[str] = (sys.executable, __file__, "--work"), *, time_s: float = TIME_S
    ) -> None:
        self._command, self._time_s = list(command), time_s
        self._child: subprocess.Popen[bytes] | None = None

    def ended(self, path: Path, layer: str, options: dict[str, object]) -> dict[str, Any]:
        child = self._child or self._started()
        job = json.dumps({"path": str(path), "layer": layer, "options": options}) + "\n"
        try:
            child.stdin.write(job.encode())
            child.stdin.flush()
            # A new child loads what it needs first.
            if not select.select([child.stdout], [], [], self._time_s)[0]:
                self.stop()
                return {"kind": "hang", "detail": f"> {self._time_s} s"}
            line = child.stdout.readline()
        except BrokenPipeError:
            line = b""
        if line:
            return json.loads(line)
        code = child.wait()
        self.stop()
        return {"kind": "crash", "detail": f"exit {code}"}

    def _started(self) -> subprocess.Popen[bytes]:
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
        self._child = subprocess.Popen(  # noqa: S603  our own words
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | one_thread | {"MALLOC_ARENA_MAX": "2"},
        )
        return self._child

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            # What was not yet sent is of no use.
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()
            self._child.stdout.close()
            self._child.wait()
            self._child = None


#: What says that a layer has no features.
NONE_TOLD = {"layer_has_none", "layer_empty"}


def ended(case: Case, reader: Reader, folder: Path) -> dict[str, Any]:
    """Write a case into a folder, read it, and say how it ended; no features without a word are silence."""
    for name, content in case.parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    job = folder / case.main, case.seed.layer, case.seed.options
    end = reader.ended(*job)
    if end["kind"] == "hang":
        # A machine that stood still for a while hangs nobody; what hangs by itself does so again.
        end = {**reader.ended(*job), "is_again": True}
    is_silent = end["kind"] == "read" and not end["rows"] and not NONE_TOLD & set(end["codes"])
    return {**end, "kind": "silence"} if is_silent else end


def whole(made: Sequence[Seed], reader: Reader) -> dict[str, dict[str, Any]]:
    """Read the files as they are, by format and name: what a spoilt one is compared with."""
    ends = {}
    for one in made:
        with TemporaryDirectory() as folder:
            end = ended(Case(-1, one, one.parts, one.main, "whole"), reader, Path(folder))
        if end["kind"] != "read" or not end["rows"]:
            raise ValueError(one.form, one.main, end)
        ends[f"{one.form} {one.main}"] = end
    return ends


FAILED = ("crash", "hang", "other", "silence")


class Tally:
    """How the cases ended, by format, beside how the whole files are read."""

    def __init__(self, of_whole: dict[str, dict[str, Any]]) -> None:
        self._whole = of_whole
        self.tried: Counter[str] = Counter()
        self.ends: Counter[tuple[str, str]] = Counter()
        self.codes: Counter[tuple[str, str]] = Counter()
        self.failures: list[str] = []

    def add(self, case: Case, end: dict[str, Any]) -> None:
        form, kind = case.seed.form, end["kind"]
        self.tried[form] += 1
        self.ends[form, kind] += 1
        self.ends[form, "of them at the second try"] += "is_again" in end
        if kind == "read":
            self._add_read(form, end, self._whole[f"{form} {case.seed.main}"])
        if kind == "refused":
            self.codes.update((form, code) for code in end["codes"])
        if kind in FAILED:
            detail = end.get("detail", end.get("codes", ""))
            self.failures.append(f"case {case.number}: {form}, {case.main}; {case.done}: {kind}\n{detail}")

    def _add_read(self, form: str, end: dict[str, Any], of_whole: dict[str, Any]) -> None:
        """Count what cannot be known to be lost: a file that was cut may well be one that was shorter."""
        self.ends[form, "of them without rows, told"] += not end["rows"]
        is_fewer = 0 < end["rows"] < of_whole["rows"] and not set(end["codes"]) - set(of_whole["codes"])
        self.ends[form, "of them with fewer rows, untold"] += is_fewer

    def lines(self) -> Iterator[str]:
        for form, count in sorted(self.tried.items()):
            ends = ", ".join(f"{kind} {n}" for (of, kind), n in self.ends.most_common() if of == form and n)
            codes = ", ".join(f"{code} {n}" for (of, code), n in self.codes.most_common() if of == form)
            yield f"{form}: tried {count}: {ends}; refused as: {codes or '-'}"
        yield f"all: tried {self.tried.total()}, failed {len(self.failures)}"


def run(
    cases: Sequence[int],
    *,
    seed: int = 0,
    until: float | None = None,
    keep: Path | None = None,
    forms: Sequence[str] = (),
) -> Tally:
    """Spoil and read the cases of these numbers, until a time if there is one."""
    from fuzz_seeds import seeds  # noqa: PLC0415  the child does not need it

    with TemporaryDirectory() as home, contextlib.ExitStack() as ending:
        made, reader = seeds(Path(home)), Reader()
        ending.callback(reader.stop)
        tally = Tally(whole(made, reader))
        for number in cases:
            if until is not None and time.monotonic() > until:
                break
            if forms and made[number % len(made)].form not in forms:
                continue
            case = spoilt(number, made, seed=seed)
            with TemporaryDirectory() as folder:
                end = ended(case, reader, Path(folder))
                if keep is not None and end["kind"] in FAILED:
                    shutil.copytree(folder, keep / str(number), dirs_exist_ok=True)
            tally.add(case, end)
            if keep is not None and end["kind"] in FAILED:
                (keep / f"{number}.txt").write_text(tally.failures[-1], encoding="utf-8")
    return tally


def main() -> int:
    """Run from the command line: 1 if anything failed."""
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    ask.add_argument("--minutes", type=float, default=10.0)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--start", type=int, default=0, help="the number of the first case")
    ask.add_argument("--case", type=int, help="this case alone")
    ask.add_argument("--form", action="append", default=[], help="cases of this format alone")
    ask.add_argument("--keep", type=Path, help="a folder for the files that failed")
    ask.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    said = ask.parse_args()
    if said.work:
        _work()
        return 0
    cases = range(said.start, sys.maxsize) if said.case is None else [said.case]
    until = time.monotonic() + 60 * said.minutes
    tally = run(cases, seed=said.seed, until=until, keep=said.keep, forms=said.form)
    print("\n".join([*tally.failures, *tally.lines()]))  # noqa: T201  what it is run for
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
