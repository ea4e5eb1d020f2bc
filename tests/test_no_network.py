"""No command opens a connection but those that say so, and what all of them write depends on the data alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from closed_commands import CONNECTING, commands
from map_town import box, frame, map_layers
from osm_files import Drawing
from typer.testing import CliRunner

from fengmao_geo.cli import app

SCRIPT = Path(__file__).with_name("closed_commands.py")
NAMES = {one.name or one.callback.__name__.replace("_", "-") for one in app.registered_commands}
SEED = "7"


#: What the demo's town has here: its pages are those of a run, and each further layer takes time once more.
BARE = ("built_up", "streets", "buildings", "facilities")


def write_town(folder, *, order, only=None):
    """Write a small town, the rows of every layer in another order."""
    folder.mkdir(parents=True)
    text = (
        '[town]\nname = "水乡镇"\ncrs = "EPSG:4549"\nsurveyed_types = "all"\n[site_rules]\nbudget_wan = 500\n'
    )
    layers = map_layers() | {
        "parcels": frame(
            [box(480, 60, 220, 220), box(60, 480, 60, 60), box(420, 480, 60, 60)],
            id=["p1", "p2", "p3"],
            land_code=["0601", "1701", "1701"],
        ),
        "green_before": frame([box(200, 100, 60, 90)], green_type=["park"]),
        "projects": frame([box(500, 80, 40, 40)], block_id=["works"], name=["改造"], investment_wan=[90.5]),
    }
    for name, layer in layers.items():
        if only is not None and name not in only:
            continue
        rows = layer.dropna(axis="columns", how="all").sample(frac=1, random_state=order)
        rows.to_file(folder / "t.gpkg", layer=name)
        text += f'[layers.{name}]\npath = "t.gpkg"\nlayer = "{name}"\ndate = "2024-06-01"\n'
    (folder / "town.toml").write_text(text, encoding="utf-8")
    return folder


class Closed(NamedTuple):
    """What every command ended with, and where it wrote."""

    told: dict[str, tuple[int, str]]
    out: Path


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    above = tmp_path_factory.mktemp("closed")
    drawn = Drawing()
    drawn.way((0, 0), (200, 0), highway="residential", name="East")
    drawn.way((50, 20), (60, 20), (60, 30), (50, 30), (50, 20), building="house")
    drawn.way((-100, -100), (300, -100), (300, 100), (-100, 100), (-100, -100), landuse="residential")
    osm = drawn.write(above / "v.osm.pbf")
    frame([box(-200, -200, 1500, 1500)], name=["水乡镇"]).to_file(above / "towns.gpkg")
    write_town(above / "bare", order=1, only=BARE)
    command = [
        sys.executable,
        str(SCRIPT),
        str(write_town(above / "town", order=1)),
        str(osm),
        str(above / "out"),
    ]
    environment = os.environ | {"PYTHONHASHSEED": SEED}
    done = subprocess.run(  # noqa: S603  our own file
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
    return Closed(json.loads(done.stdout), above / "out")


def test_every_command_is_run_without_a_network_or_says_that_it_needs_one():
    assert set(commands(Path(), Path(), Path())) == NAMES - CONNECTING


@pytest.mark.parametrize("name", commands(Path(), Path(), Path()))
def test_a_command_opens_no_connection(closed, name):
    code, said = closed.told[name]
    assert code == 0, said


@pytest.mark.skipif(sys.platform != "linux", reason="the system itself is shut on Linux alone")
def test_a_library_in_c_that_opened_one_would_end_the_process():
    done = subprocess.run([sys.executable, str(SCRIPT), "--open"], check=False)  # noqa: S603  our own file
    assert done.returncode == -signal.SIGSYS


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def elsewhere(closed, tmp_path_factory):
    """Run the same town in another process and folder, the rows of its files in another order."""
    assert os.environ.get("PYTHONHASHSEED") != SEED
    above = tmp_path_factory.mktemp("elsewhere")
    town = write_town(above / "a" / "b", order=2)
    done = CliRunner().invoke(app, ["run", str(town), "--out", str(above / "run"), "--date", "2024-06-30"])
    assert done.exit_code == 0, done.stderr
    assert (town / "t.gpkg").read_bytes() != (closed.out.parent / "town" / "t.gpkg").read_bytes()
    return above / "run"


def test_all_that_is_handed_in_is_the_same_bytes_whatever_rows_seed_and_folder(closed, elsewhere):
    one, other = files_of(closed.out / "run"), files_of(elsewhere)
    assert list(one) == list(other)
    suffixes = {path.suffix for path in one.values()}
    assert suffixes >= {".html", ".xlsx", ".docx", ".gpkg", ".csv", ".png", ".parquet", ".json", ".txt"}
    differ = [name for name in one if one[name].read_bytes() != other[name].read_bytes()]
    # The log says how long it took, and the run what the files were that it came of.
    assert set(differ) == {"run/run.log", "run/run.json"}
    about = [
        json.loads(path.read_text(encoding="utf-8")) for path in (one["run/run.json"], other["run/run.json"])
    ]
    assert about[0].pop("inputs") != about[1].pop("inputs")
    assert about[0] == about[1]
