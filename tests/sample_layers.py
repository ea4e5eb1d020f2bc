"""The sample town's files, read back without the library, and a small part of them as a town of its own."""

from __future__ import annotations

import csv
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
OTHER_SEED = 7


def maker():
    spec = importlib.util.spec_from_file_location("make_shuixiang", SAMPLES / "make_shuixiang.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Layers:
    """The files of one town, read back."""

    folder: Path
    layers: dict[str, gpd.GeoDataFrame]
    facilities: list[dict[str, str]]

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        return self.layers[name]


def read_layers(folder: Path) -> Layers:
    package = folder / "shuixiang.gpkg"
    layers = {str(name): gpd.read_file(package, layer=name) for name, _ in pyogrio.list_layers(package)}
    layers["communities"] = gpd.read_file(folder / "communities.shp", encoding="GB18030")
    with (folder / "facilities.csv").open(encoding="utf-8", newline="") as file:
        return Layers(folder, layers, list(csv.DictReader(file)))


def on_the_ground(town):
    streets = town["streets"]
    return streets[streets["level"] == 0]


def cut_town(folder: Path, *, margin_m: float = 60.0) -> Path:
    """Write what lies near the first block of the sample as a town of its own, a twentieth of the whole."""
    whole = read_layers(SAMPLES / "shuixiang")
    window = shapely.box(*whole["blocks"].geometry.iloc[0].buffer(margin_m).bounds)
    folder.mkdir()
    for path in (SAMPLES / "shuixiang").iterdir():
        if path.suffix not in (".gpkg", ".shp", ".shx", ".dbf", ".cpg", ".prj"):
            shutil.copy(path, folder)
    for name, layer in whole.layers.items():
        near = layer[layer.intersects(window)]
        if name in ("built_up", "extent", "communities"):
            near = near.assign(geometry=near.intersection(window))
        if name == "communities":
            near.to_file(folder / "communities.shp", encoding="GB18030")
        else:
            near.to_file(folder / "shuixiang.gpkg", layer=name)
    return folder
