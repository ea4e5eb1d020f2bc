"""What takes long and is looked at by many tests: the sample town through the whole chain, once."""

from __future__ import annotations

import gc
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import settings
from opened_pages import browser, look, show
from sample_layers import OTHER_SEED, SAMPLES, Layers, cut_town, maker, read_layers
from typer.testing import CliRunner

from fengmao_geo.cli import app
from fengmao_geo.network.build import walk_network
from fengmao_geo.town import sample

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from click.testing import Result

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

__all__ = ["browser", "look", "show"]

# The same examples in every run, so that a change is judged by what it changes; `--hypothesis-profile=search`
# looks for new ones.
settings.register_profile("search", deadline=None)
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")

# Files that look at towns fresh from the maker, which take long to make.
_OF_THE_MAKER = {
    "test_make_shuixiang.py",
    "test_plant_truth.py",
    "test_sample_controls.py",
    "test_sample_rasters.py",
    "test_spaces_truth.py",
}

# Files that run commands, and wait for the processes of these.
_LONG = ("test_batch.py", "test_cli.py", "test_hostile_sinks.py", "test_no_network.py")


def pytest_sessionstart():
    """Read the sample town once for all doctests that ask for it; nothing changes what it is given.

    Here, since fixtures of this folder do not reach the package.
    """
    sample.read_town = cache(sample.read_town)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for rubbish in what the tests make, not again and again in the tests and modules themselves.

    That took a third of the time of collecting, and a fifth of that of many tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _group(item: pytest.Item) -> str:
    names = getattr(item, "fixturenames", ())
    if item.path.name in _OF_THE_MAKER:
        return "maker"
    if "small_run" in names:
        return "test_cli.py"
    # The rest of a file that looks at the demo waits for nothing, so it may run elsewhere.
    return "demo" if "demo" in names else item.path.name


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep on one worker what shares a thing that takes long to make, so that it is made once.

    What takes longest begins first, so that no worker is left with it at the end; this holds for workers as
    pyproject.toml keeps their order. First, since pytest-xdist reads the groups in the same hook.
    """
    groups = {item: _group(item) for item in items}
    heavy = {item.path.name for item in items if "shuixiang" in getattr(item, "fixturenames", ())}
    ranks = {"maker": 0, "demo": 1} | dict.fromkeys(_LONG, 1)
    items.sort(key=lambda item: ranks.get(groups[item], 2 if item.path.name in heavy else 3))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item]))


class Demo(NamedTuple):
    """One run of `fengmao demo`: what it said, the pages it wrote, and the results they were written from."""

    said: Result
    pages: list[Path]
    results: Results


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Demo:
    folder, kept, module = tmp_path_factory.mktemp("demo"), [], import_module("fengmao_geo.study")
    study = module.study

    def kept_study(town, **options):
        kept.append(study(town, **options))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "study", kept_study)
        said = CliRunner().invoke(app, ["demo", "--out", str(folder)])
    assert said.exit_code == 0, said.stderr
    return Demo(said, sorted((folder / "maps").glob("*.html")), kept[0])


@pytest.fixture(scope="session")
def shuixiang() -> Town:
    return sample.sample_town()


@pytest.fixture(scope="session")
def shuixiang_network(shuixiang) -> WalkNetwork:
    return walk_network(shuixiang)


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory) -> Path:
    """Give the folder of a small part of the sample town; tests copy it before they change it."""
    return cut_town(tmp_path_factory.mktemp("small") / "town")


class Run(NamedTuple):
    """One run of `fengmao run` on the small town: what it said, and where it wrote its pages."""

    said: Result
    maps: Path


@pytest.fixture(scope="session")
def small_run(small_folder, tmp_path_factory) -> Run:
    out = tmp_path_factory.mktemp("small_run")
    said = CliRunner().invoke(app, ["run", str(small_folder), "--out", str(out)])
    assert said.exit_code == 0, said.stderr
    return Run(said, out / "maps")


class Made(NamedTuple):
    """One town fresh from the maker: its files read back, its true small spaces and its true green."""

    folder: Path
    town: Layers
    truth: gpd.GeoDataFrame
    green: pd.DataFrame


def _made(folder: Path, seed: int) -> Made:
    spaces, green = maker().make(folder, seed=seed)
    return Made(folder, read_layers(folder), spaces, green)


@pytest.fixture(scope="session")
def made_sample(tmp_path_factory) -> Made:
    return _made(tmp_path_factory.mktemp("made"), maker().SEED)


@pytest.fixture(scope="session")
def other_sample(tmp_path_factory) -> Made:
    return _made(tmp_path_factory.mktemp("other"), OTHER_SEED)


@pytest.fixture(scope="session")
def sample_scene():
    """The ground of the shipped town in both summers, of which `imagery.draw` takes new pictures."""
    return maker().scene.build(read_layers(SAMPLES / "shuixiang").layers, maker().SEED)


@pytest.fixture
def stood_in(monkeypatch, tmp_path):
    """Towns of a few bytes and an engine that writes as much of each."""
    stand_in, run = import_module("killed_batches"), import_module("fengmao_geo.batch.run")
    monkeypatch.setattr(run, "opened", stand_in.opened)
    monkeypatch.setattr(run, "finished", stand_in.finished)
    stand_in.write_towns(tmp_path / "towns", edition="first")
    return tmp_path
