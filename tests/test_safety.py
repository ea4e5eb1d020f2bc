"""What `docs/safety.md` promises: each line names the test that shows it, and nothing runs what data say."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import fengmao_geo as fg

PACKAGE = Path(fg.__file__).parent
ROOT = PACKAGE.parent
NOTE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
PROMISES, DENIALS = (
    part.split("\n## ")[0]
    for part in re.split(r"^## [^\n]*(?:承诺|不承诺)[^\n]*\n", NOTE, flags=re.MULTILINE)[1:]
)
LINES = PROMISES.split("\n- ")[1:]
SHOWN = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

#: What turns data into code.
RUNS = {"eval", "exec", "compile", "__import__"}
UNSAFE = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "yaml"}


@cache
def names_in(file):
    """Name what a file of tests defines."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_a_promise_names_tests_that_are_there(line):
    shown = SHOWN.findall(line)
    assert shown
    assert not [f"{file}::{name}" for file, name in shown if name not in names_in(file)]


def test_there_are_promises_and_what_is_not_promised():
    assert len(LINES) >= 15
    assert len(DENIALS.split("\n- ")) >= 8


def _calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            of = node.func
            yield node, of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_runs_or_unpickles_what_it_is_given(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & UNSAFE
    for call, name in _calls(tree):
        is_builtin = isinstance(call.func, ast.Name)
        assert not (is_builtin and name in RUNS), name
        assert name not in ("read_pickle", "to_pickle", "system", "popen"), name
        options = {option.arg: option.value for option in call.keywords}
        for option in ("shell", "allow_pickle"):
            assert option not in options or getattr(options[option], "value", True) is False


def test_one_module_starts_another_process_and_by_its_own_file():
    starting = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if re.search(
            r"^\s*(import|from) (subprocess|multiprocessing)\b",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }
    # Over many towns, each town is a process of its own.
    assert {one for one in starting if not one.startswith("batch")} == {"town/workbook.py"}
