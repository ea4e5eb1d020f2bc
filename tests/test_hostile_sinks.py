"""Hostile text in every field of every layer, followed into every file that is written of a town."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import docx
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import saved_runs
from hostile_town import READ, WHERE, hostile_layers, hostile_results, hostile_review, planted
from PIL import Image

import fengmao_geo as fg
from fengmao_geo.export import report_blocks, report_sheets, report_text
from fengmao_geo.export.handover import write_all
from fengmao_geo.export.space_files import read_reviews
from fengmao_geo.tables import LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

DATES = ("2024-06-30", "2024-12-31")
#: How a text that is cut goes on.
CUT = ("…", "(已截断")
PNG = io.BytesIO()
Image.new("RGB", (8, 8)).save(PNG, "png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Write everything that is written of a town: handed in, made public, found and tracked."""
    at = tmp_path_factory.mktemp("sinks") / "out"
    results, review = hostile_results(), hostile_review(hostile_results().spaces["space_id"][:2])
    with pytest.MonkeyPatch.context() as patch:
        # Names on the maps of reports are looked at by test_report.py; to draw them takes longest.
        for module in (report_text, report_blocks, report_sheets):
            patch.setattr(module, "static_maps", lambda *_, kinds, **__: dict.fromkeys(kinds, PNG.getvalue()))
        write_all(results, folder=at, review=review, run={"run_on": DATES[0]})
        write_all(results, folder=at, share="public")
        fg.write_finding_files(_findings(results), folder=at / "findings", town=results.town)
        later = at.parent / "later"
        fg.write_results(results, later, run_on=DATES[1])
        fg.write_track_files(fg.track_runs([at / "run", later]), folder=at / "track")
        fg.write_town(replace(results.town, findings=_findings(results)), folder=at / "town")
    return at


def _findings(results: fg.Results) -> pd.DataFrame:
    parts = (results.town.findings, results.space_findings, results.circles.findings, results.gains.findings)
    return pd.concat(parts, ignore_index=True)


# How each kind of file is read: what it says, after what must never be in it was looked for.


def read_html(path: Path, look: Callable[..., object]) -> str:
    is_still = path.name == "report.html"
    shown = look(path, ready="body" if is_still else "body[data-drawn]")
    said = shown.page.evaluate(READ_STILL if is_still else OPEN_AND_READ)
    assert shown.page.evaluate("window.ran") is None
    assert shown.page.evaluate(INJECTED) == 0
    assert (shown.requests, shown.complaints) == ([], [])
    return f"{shown.page.title()}\n{said}"


INJECTED = """document.querySelectorAll(
  "img:not([src^='data:']), [onerror], [onload], a[href*='x.invalid'], a[href^='javascript'], iframe, object"
).length"""
READ_STILL = "() => document.body.textContent"
#: Press whatever can be pressed but links, lay out the card of whatever has one, and read all that.
OPEN_AND_READ = """() => {
  const fm = window.fengmao, said = [];
  document.querySelectorAll("script").forEach((script) => script.remove());
  for (const part of document.querySelectorAll("button, summary, li, tr, .chip, .type, [tabindex]")) {
    if (part.isConnected && !part.closest("a")) part.click();
    said.push(...[...document.querySelectorAll(".leaflet-popup-content")].map((one) => one.textContent));
  }
  const cards = [
    ...(fm.homeShapes || []).map((one) => fm.buildingCard(one.item)),
    ...(fm.facilityMarkers || []).map((one) => fm.facilityCard(one.item)),
    ...(fm.spaceItems || []).map((one) => fm.spaceCard(one)),
  ];
  document.body.append(...cards.flat());
  return [...new Set(said), document.body.textContent].join("\\n");
}"""


def read_xlsx(path: Path) -> str:
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not [name for name in parts.namelist() if "external" in name.casefold()]
        assert b'TargetMode="External"' not in b"".join(
            parts.read(name) for name in parts.namelist() if name.endswith(".rels")
        )
    assert sheets
    assert not [sheet for sheet in sheets if re.search(rb"<(f|hyperlink)[ >]", sheet)]
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    assert not [cell for cell in cells if cell.hyperlink]
    return "\n".join(cell.value for cell in cells if isinstance(cell.value, str))


def read_docx(path: Path) -> str:
    document = docx.Document(path)
    with zipfile.ZipFile(path) as parts:
        roots = {
            name: ET.fromstring(parts.read(name))  # noqa: S314  our own file
            for name in parts.namelist()
            if name.endswith((".xml", ".rels"))
        }
    links = [one for name, root in roots.items() if name.endswith(".rels") for one in root]
    assert not [one for one in links if one.get("TargetMode") == "External"]
    commands = [one.text or "" for root in roots.values() for one in root.iter() if "instrText" in one.tag]
    assert not WHERE.search("".join(commands))
    tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    margins = [line.text for part in document.sections for line in part.header.paragraphs]
    return "\n".join([*(line.text for line in document.paragraphs), *tables, *margins])


def read_gpkg(path: Path) -> str:
    assert len(pyogrio.list_layers(path))
    said = []
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert not [name for name in names if not re.fullmatch(r"[\w（）]+", name)]
        for name in names:
            found = base.execute(f"SELECT * FROM {name}")  # noqa: S608  a name that was looked at
            said += [head[0] for head in found.description]
            said += [cell for row in found for cell in row if isinstance(cell, str)]
        if "layer_styles" in names:
            for qml, sld in base.execute("SELECT styleQML, styleSLD FROM layer_styles"):
                assert ET.fromstring(qml).tag == "qgis"  # noqa: S314  our own file
                assert not sld or ET.fromstring(sld).tag  # noqa: S314  our own file
    return "\n".join(said)


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", cell))


def read_csv(path: Path) -> str:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA) and not _is_number(cell)]
    return "\n".join(cell.removeprefix("'") for cell in cells)


def read_parquet(path: Path) -> str:
    table = pd.read_parquet(path)
    return "\n".join([*table.columns, *_texts(table[name].tolist() for name in table.columns)])


def read_json(path: Path) -> str:
    return "\n".join(_texts(json.loads(path.read_text(encoding="utf-8"))))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        # What a finding is about is kept as JSON.
        yield from _texts(json.loads(value)) if value.startswith('{"') else [value]
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif not isinstance(value, bytes) and hasattr(value, "__iter__"):
        for one in value:
            yield from _texts(one)


def read_npz(path: Path) -> str:
    with np.load(path, allow_pickle=False) as arrays:
        return "\n".join([text for name in arrays for text in _texts([name, arrays[name].tolist()])])


def read_png(path: Path) -> str:
    with Image.open(path) as picture:
        picture.load()
        assert max(picture.size) < 4_000
        return "\n".join(map(str, picture.info.values()))


def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read_toml(path: Path) -> str:
    import tomllib  # noqa: PLC0415  one use

    return "\n".join(_texts(tomllib.loads(path.read_text(encoding="utf-8"))))


#: Every file that is written, by what reads it.
READERS = {
    "*.html": read_html,
    "*.xlsx": read_xlsx,
    "*.docx": read_docx,
    "*.gpkg": read_gpkg,
    "*.csv": read_csv,
    "*.parquet": read_parquet,
    "*.json": read_json,
    "*.npz": read_npz,
    "*.png": read_png,
    "*.toml": read_toml,
    "README.txt": read_text,
}


# What they say is what was typed.


def told(said: str) -> tuple[set[str], list[str]]:
    """List whose texts a file says, and where one is neither as typed nor cut with a mark."""
    fields, faults, texts = set(), [], planted()
    for mark in WHERE.finditer(said):
        where, text = mark[1], texts[mark[1]]
        start = mark.start() - text.index("«")
        rest = said[max(start, 0) : max(start, 0) + len(text) + 8]
        count = next((at for at, (a, b) in enumerate(zip(text, rest, strict=False)) if a != b), len(text))
        fields.add(".".join(where.split(".")[:2]))
        if start < 0 or not (count == len(text) or rest[count:].startswith(CUT)):
            faults.append(f"{where}: {rest[:count][-30:]!r} and then {rest[count : count + 30]!r}")
    return fields, faults


@pytest.fixture(scope="module")
def heard(folder, look) -> dict[str, tuple[set[str], list[str]]]:
    """Read every file: whose texts it says, and which of them are not as typed."""
    found = {}
    for path in files(folder):
        reader = READERS[kinds_of(path)[0]]
        found[path.relative_to(folder).as_posix()] = told(
            reader(path, look) if reader is read_html else reader(path)
        )
    return found


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def kinds_of(path: Path) -> list[str]:
    return [kind for kind in READERS if fnmatch(path.name, kind)]


def test_every_free_text_of_every_layer_is_hostile():
    """But columns of which an analysis understands the words, which are in the last of several rows."""
    layers = hostile_layers()
    for name, table in LAYERS.items():
        free = [one.name for one in table.columns if one.kind == "text" and not one.choices]
        for column in free:
            last = layers[name][column].iloc[-1]
            assert WHERE.search(last) or (column in READ and len(layers[name]) == 1), f"{name}.{column}"
        assert any(WHERE.search(column) for column in layers[name])


def test_every_file_that_is_written_is_read_by_one_of_the_readers(folder):
    """A new kind of file fails here until it is said how it is read."""
    assert [path.name for path in files(folder) if len(kinds_of(path)) != 1] == []
    assert {kind for path in files(folder) for kind in kinds_of(path)} == set(READERS)


def test_everything_that_is_handed_in_was_written(folder):
    for at in (folder, folder / "public"):
        names = {path.relative_to(at).as_posix() for path in files(at)}
        assert set(SAYS) - names <= (NOT_PUBLIC if at.name == "public" else set())


@pytest.mark.parametrize("kind", READERS)
def test_every_text_is_as_typed_or_cut_with_a_mark(heard, kind):
    faults = {name: wrong for name, (_, wrong) in heard.items() if fnmatch(name, f"*{kind}") and wrong}
    assert faults == {}


@pytest.mark.usefixtures("heard")
def test_no_text_ran_as_python():
    assert "FENGMAO_RAN" not in os.environ


#: What each file says at least.
TOWN = {"town.name", "town.notice"}
NAMES = {"blocks.name", "facilities.name", "streets.name", "water.name", *TOWN}
PROJECTS = {"projects.name", "projects.responsible"}
SAYS = {
    "maps/index.html": NAMES | {"buildings.name", "town.basis", "town.date"},
    "maps/block_01.html": NAMES | {"buildings.name", "town.basis", "town.date"},
    "maps/block_02.html": NAMES | {"buildings.name", "town.basis", "town.date"},
    "workbook.xlsx": {
        *TOWN,
        *PROJECTS,
        *(f"projects.{name}" for name in ("operator", "funding", "acceptance_batch", "use")),
        *(f"parcels.{name}" for name in ("land_name", "location_name", "owner_name")),
        *("blocks.name", "communities.name", "firms.name", "streets.name", "water.name"),
    },
    "report.html": {*TOWN, *PROJECTS, "blocks.name", "streets.name", "projects.operator", "projects.funding"},
    "report.docx": {*TOWN, *PROJECTS, "blocks.name", "streets.name", "projects.operator", "projects.funding"},
    "town.gpkg": {"town.name", "town.notice", *(f"{name}.id" for name in LAYERS)},
    "spaces.csv": {"streets.name", "water.name", "blocks.id"},
    "spaces.gpkg": {"streets.name", "water.name"},
    "spaces_review.csv": {"review.reason", "review.decision", "review.space_id", "streets.name"},
    "possible_uses.csv": {"streets.name"},
    "programme.csv": {"streets.name"},
    "programme.gpkg": {"streets.name", "buildings.id"},
    "served.csv": {"buildings.id"},
    "alternatives.csv": {"streets.name"},
    "green_gains.csv": {"blocks.name", "town.name", "town.basis", "projects.name"},
    "green_attribution.csv": {"blocks.id", "projects.id"},
    "green.gpkg": {"streets.name", "water.name", "blocks.id"},
    "run/results.json": {"town.name", "town.notice", "streets.column"},
    "run/run.json": {"town.name"},
    "README.txt": TOWN,
}
NOT_PUBLIC = {"spaces_review.csv", "run/results.json", "run/run.json"}
#: What is written besides what is handed in.
BESIDES = {
    "findings/findings.html": {"town.name", "streets.street_class", "projects.id", "review.decision"},
    "findings/findings.xlsx": {"streets.street_class", "projects.id", "review.decision"},
    "track/track.xlsx": {"town.name", "blocks.name", *PROJECTS, "projects.acceptance_batch"},
    "town/town.toml": {"town.name", "town.notice", "town.basis", "town.date"},
    "town/import_findings.csv": {"streets.street_class", "review.space_id"},
    "town/town.gpkg": {f"{name}.{column}" for name in LAYERS for column in ("id", "name", "own", "column")},
}


@pytest.mark.parametrize("name", [*SAYS, *BESIDES])
def test_no_text_is_missing_where_it_belongs(heard, name):
    assert (SAYS | BESIDES)[name] - heard[name][0] == set()


def test_nothing_public_says_what_is_not_for_the_public(heard):
    secret = ("parcels", "firms", "buildings", "addresses", "farmland_protected", "review")
    own = {"projects.responsible", "projects.operator", "projects.funding"}
    for name, (fields, _) in heard.items():
        if name.startswith("public/"):
            assert {one for one in fields if one.startswith(secret) or one in own} == set(), name
    assert "blocks.name" in heard["public/maps/index.html"][0]


def test_no_name_of_a_file_comes_from_the_data(folder):
    names = {part for path in files(folder) for part in path.relative_to(folder).parts}
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_.]+", name)] == []
    assert {path.name for path in folder.parent.iterdir()} == {"out", "later"}


def test_a_saved_run_gives_every_text_back(folder):
    assert saved_runs.differences(hostile_results(), fg.read_results(folder / "run")) == []


def test_what_was_typed_on_site_is_read_back_from_the_table(folder):
    rows = read_reviews([folder / "spaces_review.csv"]).set_index("space_id")
    typed = hostile_review(hostile_results().spaces["space_id"][:2]).set_index("space_id")
    assert rows.loc[typed.index, "reason"].tolist() == typed["reason"].tolist()
    assert rows.loc[typed.index, "decision"].tolist() == typed["decision"].tolist()
