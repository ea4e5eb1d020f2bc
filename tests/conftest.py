"""What takes long and is looked at by many tests: the sample town through the whole chain, once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import settings
from opened_pages import browser, look, show
from sample_layers import OTHER_SEED, SAMPLES, Layers, cut_town, maker, read_layers
from typer.testing import CliRunner

from fengmao_geo.cli import app
from fengmao_geo.network.build import walk_network
from fengmao_geo.town.sample import sample_town

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep on one worker what shares a thing that takes long to make, so that it is made once.

    First, since pytest-xdist reads the groups in the same hook.
    """
    of_demo = {item.path for item in items if "demo" in getattr(item, "fixturenames", ())}
    for item in items:
        file = item.path.name
        group = "maker" if file in _OF_THE_MAKER else "demo" if item.path in of_demo else file
        item.add_marker(pytest.mark.xdist_group(group))


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
    return sample_town()


@pytest.fixture(scope="session")
def shuixiang_network(shuixiang) -> WalkNetwork:
    return walk_network(shuixiang)


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory) -> Path:
    """Give the folder of a small part of the sample town; tests copy it before they change it."""
    return cut_town(tmp_path_factory.mktemp("small") / "town")


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
