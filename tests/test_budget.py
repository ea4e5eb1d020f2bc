"""What would take more memory than it may is refused by its head, together with every other fault."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from town_layers import EAST, NORTH, codes, frame, good_layers, point

from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.findings import translate_findings
from fengmao_geo.town.budget import check_layer_memory, raster_memory_fault
from fengmao_geo.town.read import read_town

MIB = 1 / 1024
HEAD = '[town]\nname = "水乡镇"\ncrs = "EPSG:4549"\n'


def points(count):
    at = np.arange(count)
    places = shapely.points(EAST + at % 1000, NORTH + at // 1000)
    return gpd.GeoDataFrame({"id": [f"t{i}" for i in at]}, geometry=places, crs=4549)


def empty_raster(path, side, *, bands=1, dtype="uint8"):
    """State pixels without writing any."""
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": dtype, "crs": "EPSG:4549",
        "transform": Affine(1, 0, EAST, 0, -1, NORTH + 1000), "tiled": True, "blockxsize": 512,
        "blockysize": 512, "sparse_ok": True, "bigtiff": "yes",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile):
        pass
    return path


@pytest.fixture
def folder(tmp_path):
    """Write a sound town whose layers lie in one file."""
    text = HEAD
    for name, layer in good_layers().items():
        layer.to_file(tmp_path / "t.gpkg", layer=name)
        text += f'[layers.{name}]\npath = "t.gpkg"\nlayer = "{name}"\n'
    (tmp_path / "town.toml").write_text(text, encoding="utf-8")
    return tmp_path


def add(folder, text):
    with (folder / "town.toml").open("a", encoding="utf-8") as file:
        file.write(text)
    return folder


def refused(folder, memory_gib):
    with pytest.raises(TownError) as caught:
        read_town(folder, memory_gib=memory_gib)
    return caught.value


def size_of(error):
    """Take the size in GiB that is told of the one layer over the budget."""
    values = [row for row in error.findings.to_dict("records") if row["code"] == "over_memory"]
    assert len(values) == 1
    return float(values[0]["values"]["size_gib"])


def bytes_read():
    """Count what this process asked the system for so far, of any file."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(counts["rchar"])


def test_a_sound_town_within_the_budget_is_the_same_town(folder):
    assert read_town(folder, memory_gib=1).fingerprint() == read_town(folder).fingerprint()


def test_a_raster_over_the_budget_is_told_with_every_other_fault(folder):
    empty_raster(folder / "big.tif", 40_000, bands=3, dtype="uint16")
    add(folder, '[rasters.elevation]\npath = "big.tif"\n[layers.gates]\npath = "none.gpkg"\n')
    error = refused(folder, 1)
    assert codes(error) == ["file_missing", "over_memory"]
    assert size_of(error) == pytest.approx(40_000**2 * 3 * 2 / 2**30, rel=0.01)
    row = translate_findings(error.findings, lang="en").set_index("code").loc["over_memory"]
    assert (row["severity"], row["layer"]) == ("error", "elevation")
    assert "big.tif would take about 8.94 GiB" in row["found"]
    assert "1 GiB" in row["found"]
    assert row["remedy"].startswith("cut it to the town")


def test_no_pixel_of_a_raster_over_the_budget_is_read(tmp_path):
    path = empty_raster(tmp_path / "a.tif", 2048)
    with rasterio.open(path, "r+") as file:
        file.write(np.ones((1, 2048, 2048), dtype="uint8"))
    before = bytes_read()
    assert raster_memory_fault([path], layer="elevation", memory_gib=1 * MIB).code == "over_memory"
    assert bytes_read() - before < 200_000 < path.stat().st_size


def test_a_raster_over_the_budget_is_opened_once_and_never_again(folder, monkeypatch):
    empty_raster(folder / "big.tif", 20_000)
    add(folder, '[rasters.elevation]\npath = "big.tif"\n')
    opened = []
    real = rasterio.open

    def watched(path, *args, **options):
        opened.append(Path(path).name)
        return real(path, *args, **options)

    monkeypatch.setattr(rasterio, "open", watched)
    refused(folder, 0.1)
    assert opened == ["big.tif"]


def test_files_of_one_raster_count_together_and_each_once(tmp_path):
    one, other = empty_raster(tmp_path / "a.tif", 1024), empty_raster(tmp_path / "b.tif", 1024)
    assert raster_memory_fault([one, one], layer="imagery_after", memory_gib=1 * MIB) is None
    fault = raster_memory_fault([one, other, one], layer="imagery_after", memory_gib=1 * MIB)
    assert fault.values["file"] == "a.tif, b.tif"
    assert fault.values["size_gib"] == f"{2 * MIB:.3g}"


def test_a_layer_over_the_budget_is_not_read(folder, monkeypatch):
    points(20_000).to_file(folder / "trees.gpkg", layer="trees")
    add(folder, '[layers.trees]\npath = "trees.gpkg"\n')
    read = []
    real = pyogrio.read_dataframe
    monkeypatch.setattr(
        pyogrio,
        "read_dataframe",
        lambda path, **options: (read.append(Path(path).name), real(path, **options))[1],
    )
    error = refused(folder, 10 * MIB)
    assert codes(error) == ["over_memory"]
    # 20 000 features of 1 KiB.
    assert size_of(error) == pytest.approx(20_000 * 1024 / 2**30, rel=0.01)
    assert set(read) == {"t.gpkg"}


def written(folder, suffix, count=2_000):
    path = folder / f"many{suffix}"
    many = points(count)
    if suffix == ".parquet":
        many.to_parquet(path)
    elif suffix == ".csv":
        path.write_text("id,x,y\n" + "".join(f"t{i},{i},{i}\n" for i in range(count)), encoding="ascii")
    elif suffix == ".xlsx":
        many.drop(columns="geometry").assign(x=1.0, y=2.0).to_excel(path, index=False)
    elif suffix == ".zip":
        many.to_file(folder / "in.geojson")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(folder / "in.geojson", "in.geojson")
    else:
        drivers = {".gdb": "OpenFileGDB", ".tab": "MapInfo File", ".mif": "MapInfo File"}
        many.to_file(path, driver=drivers.get(suffix))
    return path


#: Bytes of a feature: what is stated for its place and id at the least, or 1 KiB where features are counted.
COUNTED = {".gpkg": 1024, ".fgb": 1024, ".shp": 1024, ".parquet": 1024, ".gdb": 1024}
STORED = {
    ".csv": 3 * 9,
    ".xlsx": 3 * 40,
    ".zip": 3 * 100,
    ".geojson": 3 * 100,
    ".tab": 3 * 100,
    ".mif": 3 * 20,
}


@pytest.mark.parametrize("suffix", [*COUNTED, *STORED])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_file_of_any_format_is_weighed_by_its_head(tmp_path, suffix):
    path = written(tmp_path, suffix)
    least = 2_000 * (COUNTED | STORED)[suffix] / 2**30
    # Four times as much is enough for all of them but drawings of text, none of which is ten times larger.
    check_layer_memory(path, layer="trees", table=None, memory_gib=10 * least)
    with pytest.raises(TownError) as caught:
        check_layer_memory(path, layer="trees", table=None, memory_gib=0.99 * least)
    assert codes(caught.value) == ["over_memory"]


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".shp", ".parquet", ".csv", ".zip", ".geojson"])
def test_weighing_reads_a_small_part_of_a_file(tmp_path, suffix):
    path = written(tmp_path, suffix, count=40_000)
    before = bytes_read()
    with pytest.raises(TownError):
        check_layer_memory(path, layer="trees", table=None, memory_gib=0.01 * MIB)
    # The counts of the system itself and the heads.
    assert bytes_read() - before < min(200_000, path.stat().st_size / 2)


def test_a_table_of_several_weighs_its_share_of_the_features(tmp_path):
    path = tmp_path / "t.gpkg"
    points(3_000).to_file(path, layer="trees")
    points(10).to_file(path, layer="gates")
    check_layer_memory(path, layer="gates", table="gates", memory_gib=0.1 * MIB)
    with pytest.raises(TownError):
        check_layer_memory(path, layer="trees", table="trees", memory_gib=2 * MIB)


def test_a_joined_table_is_weighed_too(folder):
    (folder / "t.csv").write_text("name,people\n" + "x,1\n" * 200_000, encoding="ascii")
    frame([point(10, 10)], id=["c1"], name=["x"]).to_file(folder / "c.gpkg")
    text = '[layers.communities]\npath = "c.gpkg"\n[layers.communities.join]\npath = "t.csv"\nby = "name"\n'
    assert codes(refused(add(folder, text), 1 * MIB), "communities") == ["over_memory"]


def test_a_count_that_is_a_view_is_not_looked_at(tmp_path):
    path = written(tmp_path, ".gpkg", count=10)
    with closing(sqlite3.connect(path)) as base:
        base.execute("DROP TABLE gpkg_ogr_contents")
        base.execute(
            "CREATE VIEW gpkg_ogr_contents AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n)"
            " SELECT 'many' AS table_name, i AS feature_count FROM n"
        )
        base.commit()
    check_layer_memory(path, layer="trees", table=None, memory_gib=1)


@pytest.mark.parametrize(
    "name", ["none.gpkg", "text.gpkg", "text.zip", "text.parquet", "text.shp", "text.tif"]
)
def test_what_is_missing_or_broken_is_left_to_its_reader(tmp_path, name):
    if name.startswith("text"):
        (tmp_path / name).write_bytes(
            {"zip": b"PK\x03\x04", "tif": b"II*\0"}.get(name[-3:], b"text") + b"x" * 90
        )
    if name.endswith("tif"):
        assert raster_memory_fault([tmp_path / name], layer="elevation", memory_gib=1e-9) is None
    else:
        check_layer_memory(tmp_path / name, layer="trees", table=None, memory_gib=1e-9)


@pytest.mark.parametrize("memory_gib", [0, -1, float("nan")])
def test_a_budget_of_nothing_is_wrong_usage(folder, memory_gib):
    with pytest.raises(UsageError, match="memory_gib"):
        read_town(folder, memory_gib=memory_gib)
