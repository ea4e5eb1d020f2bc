"""What is at fault when layers are cut into towns: all of it told at once, each with a remedy."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from province import fg_cut, outlines, small, write_province
from pyproj import CRS
from town_layers import EAST, NORTH, codes, frame, line, square

import fengmao_geo as fg
from fengmao_geo.batch.names import safe_id
from fengmao_geo.batch.split import named_file, split_towns
from fengmao_geo.town.sample import sample_folder
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.window import open_layer


@pytest.fixture
def folder(tmp_path):
    """Two small towns as files."""
    return write_province(small(), tmp_path / "all")


# Names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Windows", "C_Windows"),
        ("con", "town_con"),
        ("COM1", "town_COM1"),
        (" . ", ""),
        ("a\x00b\nc", "a_b_c"),
        ("<script>alert(1)</script>", "script_alert_1_script"),
        ("\u6c34\u4e61\u9547", "\u6c34\u4e61\u9547"),
        ("\u202eevil", "evil"),
        ("\uff21\uff22", "AB"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_name_makes_a_folder_that_every_system_takes(name, safe):
    assert safe_id(name) == safe


def test_every_fault_of_the_outlines_is_told_at_once_and_nothing_is_written(folder, tmp_path):
    names = ["west", "west", "A b", "a-b", "a_b!", "?!", None, "gone", "within"]
    shapes = [square(at * 300, 0, 290) for at in range(7)]
    given = gpd.GeoDataFrame({"name": names}, geometry=[*shapes, None, square(10, 10, 5)], crs=4549)
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=given)
    expected = ["split_covered", "split_id_clash", "split_name_missing", "split_name_twice"]
    expected += ["split_name_unsafe", "split_outline_empty"]
    found = caught.value.findings
    assert sorted(found.query("severity == 'error'")["code"]) == expected
    assert found["remedy"].str.len().min() > 0
    clash = found.query("code == 'split_id_clash'")["values"].iloc[0]
    assert clash["names"] == "A b, a_b!"
    assert not (tmp_path / "out").exists()


def test_faults_of_layers_and_outlines_are_told_together(folder, tmp_path):
    text = (folder / "town.toml").read_text(encoding="utf-8").replace("buildings.gpkg", "none.gpkg")
    text += '[layers.water]\npath = "water.csv"\nx = "x"\ny = "y"\n[layers.nonsense]\npath = "a.gpkg"\n'
    text += '[rasters.elevation]\npath = "none.tif"\n[site_rules]\nuses_file = "none.toml"\n'
    (folder / "water.csv").write_text("id,x,y\na,572100,3403100\n", encoding="utf-8")
    (folder / "town.toml").write_text(text, encoding="utf-8")
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=outlines("one", "one"))
    found = caught.value.findings.query("severity == 'error'")
    assert set(zip(found["layer"], found["code"], strict=True)) == {
        ("buildings", "file_missing"),
        ("elevation", "file_missing"),
        ("nonsense", "layer_unknown"),
        ("site_rules", "file_missing"),
        ("towns", "split_name_twice"),
        ("water", "crs_missing_zones"),
    }


def test_outlines_without_a_column_of_names_are_refused_and_a_column_can_be_named(folder, tmp_path):
    given = outlines("one", "two").rename(columns={"name": "label"})
    with pytest.raises(fg.TownError) as caught:
        split_towns(folder, out=tmp_path / "out", by=given)
    assert "split_names_missing" in codes(caught.value)
    found = split_towns(folder, out=tmp_path / "out", by=given, name_column="label")
    assert found.towns["town_id"].tolist() == ["one", "two"]


def test_ground_that_two_outlines_claim_is_one_towns(folder, tmp_path):
    given = gpd.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[square(0, 0, 1500), square(1400, 0, 1600)], crs=4549
    )
    found = split_towns(folder, out=tmp_path / "out", by=given)
    told = found.findings.query("code == 'split_overlap'")
    assert told["values"].tolist() == [{"first": "a", "area_m2": 150_000}]
    built = [fg.read_town(tmp_path / "out" / name)["built_up"].area.sum() for name in ("a", "b")]
    assert sum(built) == pytest.approx(3000 * 1000)
    assert found.towns["dwelling_count"].sum() == len(fg.read_town(folder).spread.rows)


# One town among others


def test_a_town_without_data_keeps_no_other_back(folder, tmp_path):
    given = outlines("west", "east", "sea")
    given.loc[2, "geometry"] = square(90_000, 0, 100)
    found = split_towns(folder, out=tmp_path / "out", by=given)
    assert found.towns.set_index("town_id")["is_written"].to_dict() == {
        "east": True,
        "sea": False,
        "west": True,
    }
    assert repr(found) == f"<SplitTowns: 2 of 3 written, {len(found.findings)} findings>"
    errors = found.findings.query("severity == 'error'")
    assert set(zip(errors["layer"], errors["code"], strict=True)) == {
        ("sea: built_up", "split_empty"),
        ("sea: streets", "split_empty"),
        ("towns", "split_failed"),
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["east", "west"]


def test_a_layer_that_lies_elsewhere_is_told_of(folder, tmp_path):
    frame([square(400_000, 0, 10)], id=["w"]).to_file(folder / "water.gpkg")
    with (folder / "town.toml").open("a", encoding="utf-8") as file:
        file.write('\n[layers.water]\npath = "water.gpkg"\n')
    found = split_towns(folder, out=tmp_path / "out").findings
    assert found["code"].tolist() == ["split_layer_away"]
    assert "[layers.water]" in found["remedy"].iloc[0]


def test_a_fault_in_one_towns_rows_is_that_towns(folder, tmp_path):
    layers = small()
    homes = layers["buildings"]
    in_west = homes.geometry.centroid.x < EAST + 1400
    ids = homes["id"].where(~in_west | (homes.index > homes.index[in_west][1]), "again")
    homes.assign(id=ids).to_file(folder / "buildings.gpkg")
    found = split_towns(folder, out=tmp_path / "out")
    assert ("town 0: buildings", "id_twice") in set(
        zip(found.findings["layer"], found.findings["code"], strict=True)
    )
    assert found.towns.set_index("town_id")["is_written"]["town_0"] == np.False_


def test_towns_that_tell_their_dwellings_otherwise_than_most_are_told_of(tmp_path):
    layers = small()
    built, homes = outlines("a", "b", "c", side_m=1000.0), layers["buildings"]
    at = homes.geometry.centroid.x // 1000 - EAST // 1000
    homes = homes.assign(people=homes["people"].where(at != at.max()))
    found = split_towns(
        write_province(layers | {"built_up": built, "buildings": homes}, tmp_path / "all"),
        out=tmp_path / "out",
    )
    told = found.findings.query("code == 'split_basis'")
    assert told["feature_id"].tolist() == ["c"]
    assert told["values"].tolist() == [{"basis": "buildings / floor_area", "usual": "buildings / people"}]


# Usage


def test_folders_that_are_there_are_left_alone(folder, tmp_path):
    (tmp_path / "out" / "town_1").mkdir(parents=True)
    with pytest.raises(fg.UsageError, match="town_1"):
        split_towns(folder, out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["town_1"]


def test_a_walk_must_take_time(folder, tmp_path):
    with pytest.raises(fg.UsageError, match="minutes"):
        split_towns(folder, out=tmp_path / "out", minutes=0)


def test_the_command_cuts_by_a_file_and_its_column(folder, tmp_path):
    given = outlines("west", "east").rename(columns={"name": "XZMC2"})
    given.to_file(folder / "by.gpkg")
    done = fg_cut(folder, "--by", f"{folder / 'by.gpkg'}:XZMC2", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "west\twest\t" in done.stdout
    assert (tmp_path / "out" / "east" / "town.toml").is_file()
    again = fg_cut(folder, "--by", f"{folder / 'by.gpkg'}:XZMC2", "--out", tmp_path / "out")
    assert again.exit_code == 2


def test_the_command_ends_with_one_for_a_town_or_for_all(folder, tmp_path):
    given = gpd.GeoDataFrame(
        {"name": ["west", "sea"]}, geometry=[square(0, 0, 1500), square(90_000, 0, 9)], crs=4549
    )
    given.to_file(folder / "by.gpkg")
    done = fg_cut(folder, "--by", folder / "by.gpkg", "--out", tmp_path / "out", "--lang", "en")
    assert (done.exit_code, "1 of 2 towns" in done.stderr) == (1, True)


def test_a_colon_may_be_of_a_drive_or_of_the_name(tmp_path):
    assert named_file("D:\\towns.gpkg")[1] is None
    odd = tmp_path / "a:b.gpkg"
    odd.touch()
    assert named_file(str(odd)) == (odd, None)


# What is said of the towns, and rasters


def test_rules_joins_and_dates_of_the_file_go_into_every_folder(folder, tmp_path):
    (folder / "people.csv").write_text("name,floor_count\ntown 0,1\n", encoding="utf-8")
    (folder / "own uses.toml").write_text("", encoding="utf-8")
    parts = '\n[layers.communities]\npath = "built_up.gpkg"\ndate = "2024-05-01"\n'
    parts += '[layers.communities.join]\npath = "counts.csv"\nby = "name"\n'
    parts += '[site_rules]\nbudget_wan = 800.5\nuses_file = "own uses.toml"\n'
    parts += 'at_most = { "street \u00e9" = 2, on = 2024-01-02 }\n[score]\nmethod = "target"\n'
    (folder / "counts.csv").write_text("name,people\ntown 0,120\ntown 1,80\n", encoding="utf-8")
    with (folder / "town.toml").open("a", encoding="utf-8") as file:
        file.write(parts)
    split_towns(folder, out=tmp_path / "out")
    text = (tmp_path / "out" / "town_0" / "town.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    given = tomllib.loads((folder / "town.toml").read_text(encoding="utf-8"))
    assert written["site_rules"] == given["site_rules"] | {"uses_file": "uses_file.toml"}
    assert written["score"] == given["score"]
    assert (tmp_path / "out" / "town_0" / "uses_file.toml").is_file()
    town = fg.read_town(tmp_path / "out" / "town_0")
    assert town.settings.dates["communities"] == "2024-05-01"
    assert town["communities"].set_index("name")["people"]["town 0"] == 120


def written_raster(path, values, *, size_m=10.0, **options):
    count, height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=width,
        height=height,
        count=count,
        dtype=values.dtype,
        crs=CRS.from_epsg(4549).to_wkt(),
        transform=Affine(size_m, 0.0, EAST - 3000, 0.0, -size_m, NORTH + 4000),
        **options,
    ) as made:
        made.write(values)
        made.scales = (0.5,) * count


def test_rasters_are_cropped_to_the_same_pixels_on_the_same_grid(folder, tmp_path):
    values = np.arange(2 * 700 * 1500, dtype="uint16").reshape(2, 700, 1500) % 60_000
    written_raster(folder / "image.tif", values, nodata=7)
    rules = 'rules = [{ cause = "cloud", mask = 4, value = 4 }]'
    with (folder / "town.toml").open("a", encoding="utf-8") as file:
        for name, day in (("imagery_before", "2019-07-01"), ("imagery_after", "2024-07-01")):
            file.write(f'\n[rasters.{name}]\npath = "image.tif"\nbands = ["red", "nir"]\ndate = "{day}"\n')
            file.write(f"scale = {{ red = 0.1 }}\nnodata = 9\n[rasters.{name}.quality]\nband = 2\n{rules}\n")
    split_towns(folder, out=tmp_path / "out", minutes=5)
    west, whole = fg.read_town(tmp_path / "out" / "town_0"), fg.read_town(folder)
    ours, theirs = west.rasters["imagery_after"], whole.rasters["imagery_after"]
    assert (ours.date, ours.sensor, ours.quality_rules) == (theirs.date, theirs.sensor, theirs.quality_rules)
    for name in ("red", "nir"):
        mine, given = ours.bands[name], theirs.bands[name]
        assert (mine.index, mine.scale, mine.nodata) == (given.index, given.scale, given.nodata)
    with rasterio.open(ours.bands["red"].path) as cut, rasterio.open(folder / "image.tif") as source:
        assert cut.width < source.width
        assert (cut.nodata, cut.scales) == (source.nodata, source.scales)
        column, row = ~source.transform @ (cut.transform.c, cut.transform.f)
        assert (column, row) == (round(column), round(row))
        inside = np.s_[:, int(row) : int(row) + cut.height, int(column) : int(column) + cut.width]
        assert (cut.read() == values[inside]).all()


def test_people_of_a_pixel_across_the_border_are_shared_out_before_the_cut(tmp_path):
    layers = small()
    layers["buildings"] = frame(
        [square(1480, 510, 10), square(1510, 510, 20)], id=["west", "east"], use=["residential"] * 2
    )
    home = write_province(layers, tmp_path / "all")
    written_raster(home / "people.tif", np.full((1, 30, 60), 100.0), size_m=200.0)
    with (home / "town.toml").open("a", encoding="utf-8") as file:
        file.write('\n[rasters.people]\npath = "people.tif"\nscale = 1.0\n')
    # The pixel from 1400 to 1600 m holds both homes, of 100 and 400 square metres.
    whole = fg.read_town(home).spread.rows.set_index("dwelling_id")["people"]
    found = split_towns(home, out=tmp_path / "out")
    assert found.towns["people"].tolist() == [pytest.approx(whole["west"]), pytest.approx(whole["east"])]
    assert whole["east"] == pytest.approx(4 * whole["west"])
    cut = fg.read_town(tmp_path / "out" / "town_0").spread.rows
    assert cut.set_index("dwelling_id")["people"].to_dict() == {"west": pytest.approx(whole["west"])}


def test_a_raster_that_does_not_reach_a_town_is_left_out_and_told_of(folder, tmp_path):
    written_raster(folder / "height.tif", np.ones((1, 500, 400), dtype="float32"))
    with (folder / "town.toml").open("a", encoding="utf-8") as file:
        file.write('\n[rasters.canopy_height_after]\npath = "height.tif"\ndate = "2024-07-01"\n')
    far = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[square(0, 0, 500), square(2700, 0, 300)], crs=4549)
    split_towns(folder, out=tmp_path / "out", by=far, minutes=1)
    rasters = [set(fg.read_town(tmp_path / "out" / name).rasters) for name in ("a", "b")]
    assert rasters == [{"canopy_height_after"}, set()]
    told = pd.read_csv(tmp_path / "out" / "b" / "import_findings.csv")
    assert "split_raster_away" in set(told["code"])


def test_half_of_the_sample_town_keeps_every_layer_and_raster(tmp_path):
    town = fg.sample_town()
    west, south, east, north = town["built_up"].total_bounds
    half = shapely.box(west - 900, south - 900, (west + east) / 2, north + 900)
    given = gpd.GeoDataFrame({"name": ["W"]}, geometry=[half], crs=town.crs)
    found = split_towns(sample_folder(), out=tmp_path / "out", by=given)
    cut = fg.read_town(tmp_path / "out" / "W")
    assert set(cut.layers) == set(town.layers)
    assert set(cut.rasters) == set(town.rasters)
    homes = town.spread.rows
    is_own = shapely.intersects(half, shapely.point_on_surface(homes.geometry.to_numpy()))
    assert 0 < is_own.sum() < len(homes)
    assert found.towns["people"].tolist() == [pytest.approx(homes["people"][is_own].sum())]
    assert cut["built_up"].area.sum() == pytest.approx(town["built_up"].intersection(half).area.sum())
    blocks = town["blocks"]
    is_here = shapely.intersects(half, shapely.point_on_surface(blocks.geometry.to_numpy()))
    assert cut["blocks"]["id"].tolist() == sorted(blocks["id"][is_here])


# Reading piece by piece


def pieces_of(path, tmp_path, **part):
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return open_layer(path.parent, "streets", LayerPart(path=path.name, **part), {}, work=work)[0]


def streets(count=6):
    return frame([line((at * 100, 0), (at * 100 + 50, 0)) for at in range(count)], width_m=[4.0] * count)


BOX = (EAST + 90, NORTH - 5, EAST + 260, NORTH + 5)


@pytest.mark.parametrize("index", [None, [f"s{at}" for at in range(6)], list(range(10, 16))])
def test_rows_of_a_geoparquet_keep_their_index_in_every_box(tmp_path, index):
    given = streets() if index is None else streets().set_axis(index)
    given.to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    pieces = pieces_of(tmp_path / "a.parquet", tmp_path)
    found = pieces.within(BOX, CRS.from_epsg(4549)).frame
    assert pieces.path is not None
    assert found.index.tolist() == given.index[1:3].tolist()
    assert set(found.columns) == {"width_m", "geometry"}
    assert sum(len(chunk.frame) for chunk in pieces.chunks()) == 6


def test_a_geoparquet_with_nested_columns_is_read_whole(tmp_path):
    streets().assign(names=[["a"]] * 6).to_parquet(tmp_path / "a.parquet")
    pieces = pieces_of(tmp_path / "a.parquet", tmp_path)
    assert pieces.path is None
    assert pieces.within(BOX, CRS.from_epsg(4549)).frame.index.tolist() == [1, 2]


def test_a_box_is_looked_for_in_the_coordinates_of_the_layer(tmp_path):
    streets().to_crs(4490).to_file(tmp_path / "a.gpkg")
    pieces = pieces_of(tmp_path / "a.gpkg", tmp_path)
    assert len(pieces.within(BOX, CRS.from_epsg(4549)).frame) == 2
    # Maps of the web are shifted: more is taken, and trimmed when it is in place.
    shifted = pieces_of(tmp_path / "a.gpkg", tmp_path, crs="GCJ-02")
    assert len(shifted.within(BOX, CRS.from_epsg(4549)).frame) == 6


def test_a_table_that_is_not_named_is_told_of_as_ever(tmp_path):
    for name in ("a", "b"):
        streets().to_file(tmp_path / "two.gpkg", layer=name)
    with pytest.raises(fg.TownError, match="a, b"):
        pieces_of(tmp_path / "two.gpkg", tmp_path)
