"""Docstrings hold to numpydoc, with the checks that pyproject.toml states."""

from __future__ import annotations

import inspect
import re
import tomllib
import types
from functools import cached_property
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.validate import validate

import fengmao_geo as fg

ROOT = Path(fg.__file__).parent
PROJECT = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
RULES = PROJECT["tool"]["numpydoc_validation"]
WAIVED = set(RULES["checks"]) - {"all"}
METHODS = (types.FunctionType, classmethod, staticmethod, property, cached_property)
EXCLUDED = re.compile("|".join(RULES["exclude"]))


def public_objects():
    """Dotted names: what the package gives its users, their methods, and the functions of every module."""
    names = set()
    for thing in (getattr(fg, name) for name in fg.__all__):
        where = f"{thing.__module__}.{thing.__qualname__}"
        names.add(where)
        if inspect.isclass(thing):
            names |= {
                f"{where}.{name}"
                for name, member in vars(thing).items()
                if not name.startswith("_") and isinstance(member, METHODS)
            }
    for path in ROOT.rglob("*.py"):
        module = ".".join(("fengmao_geo", *path.relative_to(ROOT).with_suffix("").parts))
        module = module.removesuffix(".__init__")
        for name, thing in vars(import_module(module)).items():
            if inspect.isfunction(thing) and thing.__module__ == module and not name.startswith("_"):
                names.add(f"{module}.{name}")
    return sorted(name for name in names if not EXCLUDED.search(name))


@pytest.mark.parametrize("name", public_objects())
def test_docstrings_hold_to_numpydoc(name):
    assert [fault for fault in validate(name)["errors"] if fault[0] not in WAIVED] == []


def test_a_docstring_without_its_parameters_is_a_fault():
    faults = {code for code, _ in validate(f"{__name__}.public_objects")["errors"]}
    assert "RT01" in faults - WAIVED
