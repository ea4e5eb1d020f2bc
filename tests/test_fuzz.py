"""The fuzz: a short run of it, and that it would see what it looks for."""

from __future__ import annotations

import sys

import pytest
from fuzz import FAILED, Case, Reader, Tally, ended, run, spoilt
from fuzz_seeds import Seed, seeds

CSV = Seed("csv", {"a.csv": b"x,y\n1,2\n"}, "a.csv", "gates", {"x": "x", "y": "y"})
#: So many cases take about five seconds.
SHORT = 120

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be waited for there")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return seeds(tmp_path_factory.mktemp("seeds"))


def case_of(**parts):
    files = {name.replace("__", "."): content for name, content in parts.items()}
    return Case(0, CSV, files, next(iter(files)), "as it is")


def child(words, time_s=30.0):
    return Reader([sys.executable, "-c", words], time_s=time_s)


def end_with(words, folder, **options):
    reader = child(words, **options)
    try:
        return ended(case_of(a__csv=b"x,y\n1,2\n"), reader, folder)["kind"]
    finally:
        reader.stop()


def test_a_spoilt_file_is_read_or_refused_and_nothing_else():
    tally = run(range(SHORT))
    assert tally.failures == []
    assert tally.tried.total() == SHORT
    assert {kind for _, kind in tally.ends} >= {"read", "refused"}


def test_every_format_is_spoilt(made):
    forms = {"gpkg", "shp", "gdb", "fgb", "geojson", "kml", "kmz", "mif", "tab", "dxf", "csv", "xlsx", "xls"}
    assert {one.form for one in made} >= forms | {"parquet", "zip", "dbf"}
    assert len({spoilt(number, made, seed=0).seed.form for number in range(len(made))}) >= len(forms)


def test_a_case_is_the_same_whenever_it_is_made(made):
    assert [spoilt(n, made, seed=3) for n in range(60)] == [spoilt(n, made, seed=3) for n in range(60)]
    assert [spoilt(n, made, seed=3) for n in range(60)] != [spoilt(n, made, seed=4) for n in range(60)]


def test_nearly_every_case_differs_from_the_whole_file(made):
    cases = [spoilt(number, made, seed=0) for number in range(300)]
    assert sum((case.parts, case.main) != (case.seed.parts, case.seed.main) for case in cases) > 290


def test_a_child_that_dies_is_a_crash(tmp_path):
    assert end_with("import os; input(); os.abort()", tmp_path) == "crash"


def test_a_child_that_says_nothing_in_time_is_a_hang(tmp_path):
    assert end_with("import time; input(); time.sleep(60)", tmp_path, time_s=0.5) == "hang"


def test_a_child_that_answers_at_the_second_try_hangs_nobody(tmp_path):
    words = (
        f"import os, time; p = {str(tmp_path / 'once')!r}; input()\n"
        "if not os.path.exists(p): open(p, 'w').close(); time.sleep(60)\n"
        'print(\'{"kind": "read", "rows": 1, "codes": []}\', flush=True); input()'
    )
    assert end_with(words, tmp_path, time_s=3.0) == "read"


def test_no_rows_without_a_word_are_silence(tmp_path):
    said = '{"kind": "read", "rows": 0, "codes": ["encoding_by_gb18030"]}'
    assert end_with(f"input(); print({said!r}, flush=True)", tmp_path) == "silence"


def test_no_rows_that_are_told_are_no_silence(tmp_path):
    said = '{"kind": "read", "rows": 0, "codes": ["layer_has_none"]}'
    assert end_with(f"input(); print({said!r}, flush=True)", tmp_path) == "read"


def test_a_child_that_died_is_replaced(tmp_path):
    # The first one dies of the first job, the second answers.
    words = (
        f"import os; p = {str(tmp_path / 'once')!r}; input()\n"
        "if not os.path.exists(p): open(p, 'w').close(); os.abort()\n"
        'print(\'{"kind": "read", "rows": 1, "codes": []}\', flush=True); input()'
    )
    reader = child(words)
    kinds = [ended(case_of(a__csv=b"x"), reader, tmp_path)["kind"] for _ in range(2)]
    reader.stop()
    assert kinds == ["crash", "read"]


def test_what_failed_can_be_repeated_by_its_number():
    tally = Tally({})
    case = case_of(a__csv=b"x")._replace(number=1234)
    tally.add(case, {"kind": "crash", "detail": "exit -11"})
    assert tally.failures == ["case 1234: csv, a.csv; as it is: crash\nexit -11"]
    assert list(tally.lines())[-1] == "all: tried 1, failed 1"
    assert "crash" in FAILED
