"""Every public writer is stopped at every step: the old file stands there whole, or the new one does."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import resource
from collections import Counter
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
from broken_writes import FAILURES, Stop, ages, failed_at_every_step, failed_in_children, tree
from hostile_town import hostile_results, hostile_review
from PIL import Image
from test_batch_files import SOME, records
from test_track import DATES, run_at

import fengmao_geo as fg
from fengmao_geo import export
from fengmao_geo.blocks.tracking import track_results
from fengmao_geo.errors import UsageError
from fengmao_geo.export import files, report_blocks, report_sheets, report_text
from fengmao_geo.export.handover import write_all
from fengmao_geo.export.layer_file import _WRITERS as LAYER_WRITERS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="failures are tried in forked processes"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]

#: What `write_all` calls, and where it stands.
CALLED = {
    "write_block_maps": "folium_map",
    "write_workbook": "workbook",
    "write_report": "report",
    "write_geopackage": "town_geopackage",
    "write_results": "saved_run",
    "write_space_files": "space_files",
    "write_site_files": "site_files",
    "write_green_files": "green_files",
}
#: What writes a file so that it is whole; `write_whole` is the second of them with one file.
WHOLE = ("write_all_whole", "write_folder_whole")


@pytest.fixture(scope="module", autouse=True)
def _no_maps_in_reports():
    """Draw no maps of reports, which take longest; it is not content that fails here."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")
    with pytest.MonkeyPatch.context() as patch:
        for module in (report_text, report_blocks, report_sheets):
            patch.setattr(
                module, "static_maps", lambda *_, kinds, **__: dict.fromkeys(kinds, picture.getvalue())
            )
        yield


def everything(folder):
    results = hostile_results()
    review = hostile_review(results.spaces["space_id"][:2])
    write_all(results, folder=folder, review=review, run={"run_on": "2024-06-30"})


def findings(folder):
    town = hostile_results().town
    fg.write_finding_files(town.findings, folder=folder, town=town)


def town(folder):
    fg.write_town(hostile_results().town, folder=folder)


def track(folder):
    fg.write_track_files(_runs(), folder=folder)


@cache
def _runs():
    """Three dated runs of a small town, side by side."""
    return track_results({on: run_at(run) for run, on in enumerate(DATES)})


def layers(folder):
    folder.mkdir(exist_ok=True)
    parks = gpd.GeoDataFrame({"名称": ["甲"]}, geometry=gpd.points_from_xy([572_000], [3_403_000]), crs=4549)
    for suffix in LAYER_WRITERS:
        fg.write_layer(parks, folder / f"green{suffix}")


def batch(folder):
    folder.mkdir(exist_ok=True)
    fg.write_batch_summary(records(*SOME), folder=folder)


WRITERS = {
    "everything": everything,
    "findings": findings,
    "town": town,
    "track": track,
    "layers": layers,
    "batch": batch,
}


class Written:
    """A writer that ran: what it wrote, and each call by which it did so, as names of the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[tuple[str, list[str]]] = []
        self.called: Counter[str] = Counter()

    def whole(self, name, real):
        def write(*given):
            """Note the names of the files below the folder; they are in the last argument."""
            above = given[0] if name == "write_folder_whole" else ""
            paths = [(self.folder.__class__(above) / one) for one in given[-1]]
            self.calls.append((name, [path.relative_to(self.folder).as_posix() for path in paths]))
            return real(*given)

        return write

    def public(self, name, real):
        def write(*args, **options):
            self.called[name] += 1
            return real(*args, **options)

        return write


@pytest.fixture(scope="module", params=WRITERS)
def written(request, tmp_path_factory):
    """Let a writer run once and note how it writes."""
    made = Written(tmp_path_factory.mktemp("first") / "out")
    modules = [
        importlib.import_module(f"fengmao_geo.export.{one.name}")
        for one in pkgutil.iter_modules(export.__path__)
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in WHOLE:
            real = getattr(files, name)
            for module in modules:
                if getattr(module, name, None) is real:
                    patch.setattr(module, name, made.whole(name, real))
        for name, module in CALLED.items():
            of = importlib.import_module(f"fengmao_geo.export.{module}")
            patch.setattr(of, name, made.public(name, getattr(of, name)))
        WRITERS[request.param](made.folder)
    made.writer = WRITERS[request.param]
    return made


def test_every_file_is_written_so_that_it_is_whole(written):
    names = [name for _, of_call in written.calls for name in of_call]
    assert sorted(names) == sorted(tree(written.folder))
    assert len(set(names)) == len(names)


def test_everything_that_is_handed_in_comes_of_public_writers(written):
    assert set(written.called) == (set(CALLED) if written.writer is everything else set())


def test_every_public_writer_is_stopped_here():
    assert {name for name in dir(fg) if name.startswith("write_")} <= {
        *CALLED, "write_finding_files", "write_town", "write_track_files", "write_layer", "write_batch_summary",
    }  # fmt: skip


def small(names, age):
    """Put a few bytes in the place of content that takes long to make; how it is written is the same."""
    return {name: f"{age} {name}".encode() for name in names}


def lay(folder, contents):
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("there", ["nothing", "all", "some"])
def test_any_step_that_fails_leaves_what_was_there_or_what_is_new(written, tmp_path, there):
    seen = Counter()
    for number, (function, all_names) in enumerate(written.calls):
        folder, names = tmp_path / str(number), all_names[:3]
        old = {"nothing": [], "all": names, "some": names[:1]}[there]
        before, after = small(old, "old"), small(names, "new")

        def start(folder=folder, before=before, names=names):
            if folder.exists():
                for path in sorted(folder.rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()
            lay(folder, before)
            (folder / names[0]).parent.mkdir(parents=True, exist_ok=True)

        def write(folder=folder, after=after, function=function):
            if function == "write_folder_whole":
                above = folder / next(iter(after)).split("/")[0]
                files.write_folder_whole(
                    above, {name.split("/")[1]: content for name, content in after.items()}
                )
            else:
                files.write_all_whole({folder / name: content for name, content in after.items()})

        for where, found in failed_at_every_step(write, folder, start):
            seen[where.split()[0]] += 1
            told = ages(found, before, after)
            # Files of one call belong together: all are old, or all are new.
            assert set.intersection(*told.values()), (where, names, told)
        assert tree(folder) == after
    assert seen["open"] == seen["write"] == seen["fsync"] >= 2 * len(written.calls)


def test_an_error_goes_up_through_a_writer_and_leaves_nothing_beside(written, tmp_path):
    folder, temporary = tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    new = tree(written.folder)
    before = {name: content + b"\n" for name, content in new.items()}
    lay(folder, before)
    failures = failed_in_children(lambda: written.writer(folder), folder, temporary)
    assert tree(folder) == new
    # One more at each step aside.
    assert len(failures) >= len(written.calls)
    for failed in failures:
        where = (failed.step, failed.said, failed.raised)
        assert failed.raised == failed.said, where
        assert failed.temporary == [], where
        told = ages(failed.found, before, new)
        assert all(told.values()), where
        for _, names in written.calls:
            assert set.intersection(*(told[name] for name in names)), (where, names)


def test_a_folder_of_a_killed_process_of_the_same_number_does_not_stand_in_the_way(tmp_path):
    beside = tmp_path / f".run.{os.getpid()}.part"
    beside.mkdir()
    (beside / "half").write_bytes(b"x")
    files.write_folder_whole(tmp_path / "run", {"a": b"1"})
    assert tree(tmp_path) == {"run/a": b"1"}


def test_a_run_that_a_killed_process_had_put_aside_returns_or_gives_way(tmp_path):
    older = tmp_path / f".run.{os.getpid()}.old"
    older.mkdir()
    (older / "a").write_bytes(b"old")
    start = tree(tmp_path)
    assert start == {f".run.{os.getpid()}.old": b"", f".run.{os.getpid()}.old/a": b"old"}
    files.write_folder_whole(tmp_path / "run", {"a": b"new"})
    assert tree(tmp_path) == {"run/a": b"new"}


def test_every_kind_of_step_has_a_failure_and_an_interruption():
    assert all([made.__name__ for made, _ in ways][1] == Stop.__name__ for ways in FAILURES.values())


# What libraries write by themselves, on a disk that is really full


@contextmanager
def room(size):
    """Let no file of this process grow beyond a size, as on a disk that is full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def fill(write, folder):
    """Write once with room and then with ever more of it; each time what stood there stays, to the byte."""
    write()
    whole = tree(folder)
    largest = max(map(len, whole.values()))
    for share in (0.02, 0.3, 0.6, 0.95):
        with room(int(share * largest)), pytest.raises((OSError, UsageError)):
            write()
        assert tree(folder) == whole, share


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("suffix", LAYER_WRITERS)
def test_a_layer_is_not_cut_by_a_full_disk_in_silence(tmp_path, suffix):
    at = np.arange(3_000)
    shapes = gpd.points_from_xy(572_000.0 + at, 3_403_000.0 + at)
    many = gpd.GeoDataFrame({"名称": [f"甲{i}" for i in at]}, geometry=shapes, crs=4549)
    fill(lambda: fg.write_layer(many, tmp_path / f"many{suffix}"), tmp_path)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_geopackage_is_not_cut_by_a_full_disk_in_silence(tmp_path):
    fill(lambda: fg.write_geopackage(hostile_results(), tmp_path / "town.gpkg"), tmp_path)
