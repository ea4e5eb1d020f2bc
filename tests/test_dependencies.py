"""What the library rests on, as it is installed here: under which licences, from which versions on, from where.

No list of known vulnerabilities can be reached from here; `docs/safety.md` names the command that asks one.
"""

from __future__ import annotations

import ast
import json
import platform
import re
import sys
from functools import cache
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import fengmao_geo as fg

OWN = "fengmao-geo"
#: What is needed to run it, and to run it over many towns.
EXTRAS = ("", "batch")
#: Licences that ask for no more than that they be named.
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "HPND", "ISC", "MIT", "MIT-CMU", "PSF-2.0",
    "Zlib",
}  # fmt: skip
#: How licences are called where they are not written as SPDX has it.
CALLED = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD-3": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "New BSD": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
}
#: Looked at one by one: MPL-2.0 binds changes to these very files alone, and they are not changed here.
LOOKED_AT = {
    "certifi": {"MPL-2.0"},
    "tqdm": {"MPL-2.0", "MIT"},
    # It says "(same as Leaflet)"; that licence is shipped in LICENSES.
    "xstatic-leaflet": {"BSD-2-Clause"},
}


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(of, extras=("",)):
    """List what a package says that it needs, on this machine and with these extras."""
    asked = [Requirement(told) for told in of.requires or []]
    return [
        one
        for one in asked
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@cache
def closure():
    """Give every package that is loaded to run the library, by name."""
    found: dict[str, Distribution] = {}
    left = [(OWN, EXTRAS)]
    while left:
        name, extras = left.pop()
        if name not in found:
            found[name] = distribution(name)
            left += [(plain(one.name), ("", *one.extras)) for one in needed(found[name], extras)]
    return found


def licences(of):
    """Read the licences that a package states: the expression, else the classifiers, else the field."""
    told = of.metadata
    if expression := told.get("License-Expression"):
        named = re.split(r"\s+(?:AND|OR|WITH)\s+", expression.replace("(", "").replace(")", ""))
    else:
        classes = [
            one.split(" :: ")[-1] for one in told.get_all("Classifier") or [] if one.startswith("License ::")
        ]
        named = classes or re.split(r"\s+(?:AND|OR)\s+", (told.get("License") or "").strip().split("\n")[0])
    return {CALLED.get(name, name) for name in named}


def test_the_closure_is_that_of_a_library_that_draws_maps():
    assert {OWN, "geopandas", "folium", "urllib3"} <= set(closure())
    assert "pytest" not in closure()


@pytest.mark.parametrize("name", sorted(closure()))
def test_a_licence_is_permissive_or_was_looked_at(name):
    found = licences(closure()[name])
    if name in LOOKED_AT:
        assert found in (LOOKED_AT[name], {"(same as Leaflet)"})
    else:
        assert found
        assert found <= PERMISSIVE


def test_no_licence_that_was_looked_at_is_of_a_package_that_is_gone():
    assert set(LOOKED_AT) <= set(closure())


@pytest.mark.parametrize(
    "one",
    [Requirement(told) for told in distribution(OWN).requires or []],
    ids=lambda one: str(one).split(";")[0],
)
def test_every_dependency_has_a_lower_bound_and_comes_from_a_registry(one):
    assert one.url is None
    assert {part.operator for part in one.specifier} & {">=", "~="}
    assert not {part.operator for part in one.specifier} & {"==", "==="}


@pytest.mark.parametrize("name", sorted(set(closure()) - {OWN}))
def test_no_dependency_was_installed_from_an_address_or_takes_one_along(name):
    of = closure()[name]
    told = of.read_text("direct_url.json")
    assert told is None or json.loads(told)["url"].startswith("file:")
    assert not [one for one in needed(of) if one.url]


@pytest.mark.parametrize("name", sorted(closure()))
def test_versions_fit_one_another_and_this_python(name):
    of = closure()[name]
    asked = of.metadata.get("Requires-Python")
    assert asked is None or SpecifierSet(asked).contains(platform.python_version(), prereleases=True)
    wrong = [
        str(one)
        for one in needed(of, EXTRAS if name == OWN else ("",))
        if not one.specifier.contains(closure()[plain(one.name)].version, prereleases=True)
    ]
    assert wrong == []


def test_all_that_is_loaded_is_needed_by_name():
    named = {plain(one.name) for one in needed(distribution(OWN), EXTRAS)}
    brings = packages_distributions()
    loaded = {}
    for path in Path(fg.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                top = module.split(".")[0]
                if top and top not in sys.stdlib_module_names and top != "fengmao_geo":
                    loaded.setdefault(top, path.name)
    # Parts of folium, rasterio and pydantic that these hand out.
    unnamed = {top for top in loaded if not {plain(of) for of in brings.get(top, [top])} & named}
    assert unnamed == {"affine", "branca", "pydantic_core"}


#: GEOS (LGPL-2.1, linked and unchanged; rasterio and pyogrio bring it along without its text), and the run-time
#: library of GCC's Fortran (GPL with an exception for what is linked).
BROUGHT_ALONG = {"numpy", "scipy", "shapely"}


def test_what_wheels_bring_along_under_stricter_terms_was_looked_at():
    strict = re.compile(r"^\s*GNU (LESSER |LIBRARY |AFFERO )?GENERAL PUBLIC LICENSE\s*$", re.MULTILINE)
    found = set()
    for name, of in closure().items():
        for file in of.files or []:
            path = Path(str(of.locate_file(file)))
            is_licence = path.parts[-2].endswith("-info") or "licenses" in path.parts
            if is_licence and path.suffix in ("", ".txt", ".md", ".rst") and path.is_file():
                found |= {name} if strict.search(path.read_text("utf-8", "replace")) else set()
    assert found <= BROUGHT_ALONG
