"""The laws of the house, each with a test that fails when it is broken."""

from __future__ import annotations

import ast
import inspect
import re
import socket
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import pytest_socket

import fengmao_geo as fg
from fengmao_geo.messages import _messages, has_text
from fengmao_geo.tables import LAYERS, RESULTS

ROOT = Path(fg.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
UNITS = ("_m", "_m2", "_min", "_people", "_share", "_count", "_wan", "_kwh", "_km_h", "_mu", "_gib")
# Numbers without a unit: a year, a level, a rank, the people themselves, ids of edges.
# Columns of a table of indicators, whose unit ends the name of the indicator.
OF_INDICATORS = {"value", "before", "after", "gain", "low", "high"}
# What a programme reaches is people, money or minutes, as it was asked.
# What a score is made of counts up to 100; a target and a limit are in the unit of their indicator.
OF_SCORES = {"target", "limit", "score", "base_score", "bonus_score", "low_score", "high_score"}
OF_SCORES |= {"value_now", "value_planned", "change", "score_change"}
UNITLESS = (
    {"built_year", "level", "rank", "people", "block_no", "edge_id", "objective", "seconds", "attempts"}
    | OF_INDICATORS
    | OF_SCORES
)
PUBLIC = [getattr(fg, name) for name in fg.__all__]
FUNCTIONS = [thing for thing in PUBLIC if inspect.isfunction(thing)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_inputs_are_positional_and_all_else_is_keyword_only(function):
    parameters = inspect.signature(function).parameters.values()
    options = [p for p in parameters if p.default is not p.empty]
    assert all(p.kind is p.KEYWORD_ONLY for p in options)
    assert len(parameters) <= 8


@pytest.mark.parametrize("table", [*LAYERS.values(), *RESULTS.values()], ids=lambda table: table.name)
def test_units_end_names_and_yes_or_no_starts_them(table):
    for column in table.columns:
        if column.kind in ("number", "whole"):
            assert column.name.endswith(UNITS) or column.name in UNITLESS, column.name
        if column.kind == "yes_no":
            assert column.name.startswith(("is_", "has_")), column.name


@pytest.mark.parametrize("table", [*LAYERS.values(), *RESULTS.values()], ids=lambda table: table.name)
def test_every_column_has_a_meaning_in_both_languages(table):
    assert all(has_text(f"column.{column.name}") for column in table.columns)


def test_every_message_names_the_same_values_in_both_languages():
    for key, words in _messages().items():
        names = [set(re.findall(r"{(\w+)", words[lang])) for lang in ("zh", "en")]
        assert names[0] == names[1], key


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_is_written_in_english(path):
    assert not CJK.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_modules_that_may_open_connections_import_network_clients(path):
    if path.relative_to(ROOT).as_posix() in ("town/osm.py", "batch/engine.py"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & {
        "requests",
        "urllib",
        "http",
        "socket",
        "httpx",
        "aiohttp",
        "distributed",
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_with_one_subject(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 400
    assert path.stem not in ("utils", "helpers")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_hold_no_globals_that_change(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]


def test_importing_loads_nothing_heavy_and_opens_no_file():
    code = (
        "import sys; before = set(sys.modules); import fengmao_geo;"
        "print(sorted({'geopandas', 'pandas', 'numpy', 'osmnx', 'folium', 'shapely'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  our own words
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_loaded():
    assert all(thing is not None for thing in PUBLIC)
    assert set(fg.__all__) <= set(dir(fg))


def test_a_public_name_is_the_same_thing_once_every_module_is_loaded():
    for path in MODULES:
        import_module(".".join(("fengmao_geo", *path.relative_to(ROOT).with_suffix("").parts)))
    assert [getattr(fg, name) for name in fg.__all__] == PUBLIC
    assert not [name for name in fg.__all__ if inspect.ismodule(getattr(fg, name))]


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute"):
        fg.no_such_name  # noqa: B018


def test_every_module_stands_in_the_contract_of_layers():
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    assert contract["type"] == "layers"
    assert contract["exhaustive"] is True


@pytest.mark.parametrize("name", sorted(fg.__all__))
def test_public_names_are_documented(name):
    assert inspect.getdoc(getattr(fg, name))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_can_be_imported_by_itself(path):
    name = ".".join(("fengmao_geo", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    assert import_module(name).__doc__ is not None or not path.read_text(encoding="utf-8").strip()


def test_no_socket_but_loopback_can_be_opened_in_tests():
    blocked = (pytest_socket.SocketBlockedError, pytest_socket.SocketConnectBlockedError)
    with pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(blocked), socket.socket() as line:
        line.connect(("192.0.2.1", 80))


def test_degrees_appear_only_where_they_may():
    allowed = ("geo", "town", "export")
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] not in allowed:
            assert not re.search(r"\b(4326|4490|longitude|latitude)\b", path.read_text(encoding="utf-8")), (
                path
            )


def test_importing_every_module_sets_up_no_logging():
    names = [".".join(("fengmao_geo", *path.relative_to(ROOT).with_suffix("").parts)) for path in MODULES]
    code = (
        "import logging, importlib;"
        f"[importlib.import_module(name.removesuffix('.__init__')) for name in {names!r}];"
        "print(logging.root.handlers, logging.getLogger('fengmao_geo').handlers, logging.root.level)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  our own words
    assert done.stdout.strip() == "[] [] 30"


def test_tests_that_share_what_takes_long_run_on_one_worker(request):
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("no groups are asked for: --dist loadgroup does")
    # A release of pytest that pytest-xdist does not know drops the groups without a word.
    assert request.node.nodeid.endswith("@test_house.py")
