"""Rasters of a town: each fault of a small raster as its newcomer meets it, and none of them a traceback."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.control import GroundControlPoint
from town_layers import EAST, NORTH, codes, good_layers
from typer.testing import CliRunner

from fengmao_geo.cli import app
from fengmao_geo.errors import TownError
from fengmao_geo.geo.raster_check import read_head, sample_numbers
from fengmao_geo.geo.raster_file import QualityRule, RasterBand, RasterFile
from fengmao_geo.standards.rasters import raster_standard
from fengmao_geo.town.read import read_town
from fengmao_geo.town.town import Town

pytestmark = [
    pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


def from_origin(west, north, width, height):
    return Affine(width, 0, west, 0, -height, north)


#: The town is a square kilometre; its rasters have fifty pixels of twenty metres a side.
SIDE, PIXEL_M = 50, 20.0
NORTH_UP = from_origin(EAST, NORTH + 1000, PIXEL_M, PIXEL_M)


def numbers(count=2, dtype="uint16", side=SIDE):
    """Numbers that look like nothing but measurements: 1000 to 3499, no two neighbours alike."""
    ground = 1000 + np.arange(count * side * side).reshape(count, side, side) * 7 % 2500
    return ground.astype(dtype)


def tif(path, pixels=None, *, names=("red", "nir"), crs="EPSG:4549", transform=NORTH_UP, **profile):
    pixels = numbers() if pixels is None else np.asarray(pixels)
    count, height, width = pixels.shape
    size = {"count": count, "height": height, "width": width, "dtype": pixels.dtype}
    with rasterio.open(path, "w", "GTiff", crs=crs, transform=transform, **size, **profile) as file:
        file.write(pixels)
        if len(names) == count:
            file.descriptions = names
    return path


def imagery(path, *, date="2021-07-20", scale=0.0001, nodata=None, **more):
    bands = {name: RasterBand(path, at, scale, nodata=nodata) for at, name in ((1, "red"), (2, "nir"))}
    return RasterFile(**({"bands": bands, "date": date} | more))


def town(**rasters):
    return Town.from_layers(name="T", rasters=rasters, **good_layers())


def found(**rasters):
    """List the codes of what is found in rasters, but that there is one date only."""
    try:
        made = town(**rasters)
    except TownError as error:
        made = error
    return [code for code in codes(made) if code != "raster_alone"]


def found_in(path, **more):
    return found(imagery_before=imagery(path, **more))


def words(error_or_town, code):
    table = error_or_town.findings
    row = table[table["code"] == code].iloc[0]
    return " ".join(str(row[part]) for part in ("layer", "column", "found", "remedy"))


def refused(**rasters):
    with pytest.raises(TownError) as caught:
        town(**rasters)
    return caught.value


@pytest.fixture
def good(tmp_path):
    return tif(tmp_path / "good.tif")


@pytest.fixture
def folder(tmp_path):
    """Write the layers of a good town; a test adds its rasters and what town.toml says of them."""
    lines = ['[town]\nname = "T"\ncrs = "EPSG:4549"\n']
    for name, layer in good_layers().items():
        layer.to_file(tmp_path / f"{name}.gpkg", layer=name)
        lines.append(f'[layers.{name}]\npath = "{name}.gpkg"\n')

    def write(rasters):
        (tmp_path / "town.toml").write_text("".join(lines) + rasters, encoding="utf-8")
        return tmp_path

    return write


# --- a good raster ------------------------------------------------------------------------------------------


def test_a_good_pair_of_dates_is_told_nothing(good):
    later = imagery(good, date="2024-07-20")
    assert codes(town(imagery_before=imagery(good), imagery_after=later)) == []


def test_a_town_keeps_its_rasters_and_counts_them(good):
    made = town(imagery_before=imagery(good))
    assert made.rasters["imagery_before"].bands["nir"].index == 2
    assert "1 rasters" in repr(made)


def test_the_fingerprint_follows_bytes_and_statements_but_not_the_folder(tmp_path, good):
    made = town(imagery_before=imagery(good)).fingerprint()
    (tmp_path / "other").mkdir()
    copy = shutil.copy(good, tmp_path / "other" / "copy.tif")
    assert town(imagery_before=imagery(Path(copy))).fingerprint() == made
    assert town(imagery_before=imagery(good, sensor="S2")).fingerprint() != made
    pixels = numbers()
    pixels[0, 25, 25] += 1
    assert town(imagery_before=imagery(tif(tmp_path / "one.tif", pixels))).fingerprint() != made
    assert town().fingerprint() != made


def test_a_raster_in_degrees_may_stay_so(tmp_path):
    degrees = from_origin(120.74, 30.76, 0.0005, 0.0005)
    assert found_in(tif(tmp_path / "a.tif", crs="EPSG:4490", transform=degrees)) == []


def test_bigtiff_is_a_tiff(tmp_path):
    assert found_in(tif(tmp_path / "a.tif", BIGTIFF="YES")) == []


# --- files --------------------------------------------------------------------------------------------------


def test_a_path_that_is_not_there_is_told(tmp_path):
    assert found_in(tmp_path / "nope.tif") == ["file_missing"]


def test_a_text_called_tif_is_told(tmp_path):
    (tmp_path / "a.tif").write_text("hello")
    assert "hello" in words(refused(imagery_before=imagery(tmp_path / "a.tif")), "file_first_bytes")


def test_a_vrt_called_tif_is_not_followed(tmp_path, good):
    vrt = (
        '<VRTDataset rasterXSize="50" rasterYSize="50"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{good}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    for name, code in (("a.tif", "file_first_bytes"), ("a.vrt", "file_format")):
        (tmp_path / name).write_text(vrt)
        assert found_in(tmp_path / name) == [code]


def test_overviews_and_masks_that_are_no_tiff_are_refused(tmp_path, good):
    for suffix in (".ovr", ".msk"):
        beside = tmp_path / f"good.tif{suffix}"
        beside.write_text("<VRTDataset/>")
        assert found_in(good) == ["raster_beside"]
        beside.unlink()


def test_overviews_by_address_are_refused(tmp_path, good):
    # The name is written so that only a reader of XML finds it; GDAL would open a connection.
    (tmp_path / "good.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW&#95;FILE">/vsicurl/http://127.0.0.1:9/a.tif'
        "</MDI></Metadata></PAMDataset>"
    )
    assert found_in(good) == ["raster_beside"]


def test_overviews_in_a_tiff_beside_are_fine(good):
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(good, "r+") as file:
        file.build_overviews([2, 4])
    assert good.with_name("good.tif.ovr").is_file()
    assert found_in(good) == []


def test_the_head_of_a_tiff_alone_is_told(tmp_path, good):
    (tmp_path / "a.tif").write_bytes(good.read_bytes()[:100])
    assert found_in(tmp_path / "a.tif") == ["file_broken"]


@pytest.mark.parametrize(
    "layout", [{}, {"tiled": True, "blockxsize": 16, "blockysize": 16}, {"compress": "lzw"}]
)
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_a_file_cut_short_is_told_though_its_header_opens(tmp_path, layout, interleave):
    whole = tif(tmp_path / "whole.tif", interleave=interleave, **layout)
    (tmp_path / "cut.tif").write_bytes(whole.read_bytes()[:-200])
    with rasterio.open(tmp_path / "cut.tif") as file:
        assert file.count == 2
    assert found_in(whole) == []
    assert found_in(tmp_path / "cut.tif") == ["raster_cut"]


def test_a_broken_piece_of_pixels_is_told(tmp_path):
    whole = tif(tmp_path / "whole.tif", compress="deflate")
    data = bytearray(whole.read_bytes())
    with rasterio.open(whole) as file:
        start = int(file.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
    data[start : start + 40] = b"\xff" * 40
    (tmp_path / "a.tif").write_bytes(data)
    assert found_in(tmp_path / "a.tif") == ["file_broken"]


def test_complex_numbers_are_told(tmp_path):
    assert found_in(tif(tmp_path / "a.tif", numbers().astype("complex64"))) == ["raster_type"]


def empty(path, side, **profile):
    """Write a file without a single piece of pixels: small on disk, whatever its size unpacked."""
    size = {"width": side, "height": side, "count": 2, "dtype": "uint8", "crs": "EPSG:4549"}
    at = from_origin(EAST, NORTH + 1000, 1000 / side, 1000 / side)
    rasterio.open(path, "w", "GTiff", transform=at, SPARSE_OK=True, **size, **profile).close()
    return path


def test_thirteen_gigabytes_in_a_small_file_are_looked_at_in_little_memory(tmp_path):
    path = empty(tmp_path / "a.tif", 82_000, tiled=True, blockxsize=2048, blockysize=2048, compress="deflate")
    assert path.stat().st_size < 500_000
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from fengmao_geo.geo.raster_check import read_head, sample_numbers\n"
        "import rasterio, numpy, geopandas\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "head, found = read_head(Path(sys.argv[1]), layer='x')\n"
        "assert found == [] and sample_numbers(head, [1, 2]).numbers.shape == (2, 25 * 64 * 64)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)  # noqa: S603  our own words
    unit = 1024 if sys.platform != "darwin" else 1
    assert int(done.stdout) * unit < 300 * 2**20


def test_one_piece_of_gigabytes_is_refused_before_it_is_unpacked(tmp_path):
    path = empty(
        tmp_path / "a.tif", 20_000, tiled=True, blockxsize=20_000, blockysize=20_000, compress="deflate"
    )
    assert "TILED=YES" in words(refused(imagery_before=imagery(path)), "raster_block")


def test_only_windows_of_a_large_raster_are_looked_at_and_they_reach_its_edges(tmp_path):
    pixels = np.arange(600 * 600, dtype="int32").reshape(1, 600, 600)
    head, _ = read_head(tif(tmp_path / "a.tif", pixels), layer="elevation")
    sample = sample_numbers(head, [1])
    assert sample.numbers.shape == (1, 25 * 64 * 64)
    assert {0, 599, 599 * 600, 600 * 600 - 1} <= set(sample.numbers[0].tolist())
    assert sample.is_edge.sum() == 4 * 5 * 64 - 4


# --- places -------------------------------------------------------------------------------------------------


def test_a_raster_without_crs_is_told_the_one_its_numbers_fit(tmp_path):
    error = refused(imagery_before=imagery(tif(tmp_path / "a.tif", crs=None)))
    assert codes(error, "imagery_before") == ["raster_alone", "raster_crs_missing"]
    assert "EPSG:4549" in words(error, "raster_crs_missing")


def test_degrees_without_crs_are_told_as_degrees(tmp_path):
    path = tif(tmp_path / "a.tif", crs=None, transform=from_origin(120.74, 30.76, 0.0005, 0.0005))
    assert "EPSG:4490" in words(refused(imagery_before=imagery(path)), "raster_crs_missing")


def test_numbers_that_fit_no_crs_are_asked_for(tmp_path):
    path = tif(tmp_path / "a.tif", crs=None, transform=from_origin(5e6, 1005, 20, 20))
    assert found_in(path) == ["raster_crs_missing_unknown"]


def test_a_crs_stated_for_a_file_without_one_is_enough(tmp_path):
    path = tif(tmp_path / "a.tif", crs=None)
    assert found_in(path, crs=CRS.from_epsg(4549)) == []


def test_a_crs_stated_against_that_of_the_file_is_told(good):
    assert found_in(good, crs=CRS.from_epsg(4549)) == []
    assert found_in(good, crs=CRS.from_epsg(4528)) == ["raster_crs_contradicted"]


def test_an_old_datum_is_refused(tmp_path):
    assert found_in(tif(tmp_path / "a.tif", crs="EPSG:2437")) == ["crs_old_datum"]


def test_a_local_crs_is_refused(tmp_path):
    path = tif(tmp_path / "a.tif", crs='LOCAL_CS["plan",UNIT["metre",1]]')
    assert found_in(path) in (["raster_crs_unusable"], ["raster_crs_missing"])


def test_a_raster_without_geotransform_is_told(tmp_path):
    assert found_in(tif(tmp_path / "a.tif", transform=Affine.identity())) == ["raster_unplaced"]


def test_control_points_alone_are_no_place(tmp_path):
    points = [
        GroundControlPoint(row, col, EAST + col * 20, NORTH - row * 20) for row in (0, 50) for col in (0, 50)
    ]
    path = tif(tmp_path / "a.tif", crs=None, transform=None)
    with rasterio.open(path, "r+") as file:
        file.gcps = points, rasterio.CRS.from_epsg(4549)
    assert "gdalwarp" in words(refused(imagery_before=imagery(path)), "raster_unplaced")


@pytest.mark.parametrize(
    "transform",
    [
        Affine(19.7, 3.5, EAST, 3.5, -19.7, NORTH + 1000),
        Affine(PIXEL_M, 2, EAST, 0, -PIXEL_M, NORTH + 1000),
        Affine(PIXEL_M, 0, EAST, 0, PIXEL_M, NORTH),
    ],
    ids=["turned", "sheared", "upside down"],
)
def test_rows_that_do_not_run_north_up_are_told(tmp_path, transform):
    assert found_in(tif(tmp_path / "a.tif", transform=transform)) == ["raster_turned"]


def test_a_raster_of_another_place_is_told(tmp_path):
    path = tif(tmp_path / "a.tif", transform=from_origin(EAST + 1001, NORTH + 1000, 20, 20))
    assert found_in(path) == ["raster_elsewhere"]


def test_a_mislabelled_crs_is_told_with_the_one_that_fits(tmp_path):
    error = refused(imagery_before=imagery(tif(tmp_path / "a.tif", crs="EPSG:4548")))
    assert "EPSG:4549" in words(error, "raster_elsewhere_looks")


def test_a_quarter_covered_is_told_as_a_quarter(tmp_path):
    path = tif(tmp_path / "a.tif", transform=from_origin(EAST - 500, NORTH + 1500, 20, 20))
    made = town(imagery_before=imagery(path))
    assert codes(made) == ["raster_alone", "raster_partly"]
    assert "25.0%" in words(made, "raster_partly")


def test_bands_of_two_grids_are_told(tmp_path, good):
    fine = tif(tmp_path / "b.tif", numbers(1, side=100), transform=from_origin(EAST, NORTH + 1000, 10, 10))
    bands = {"red": RasterBand(good, 1, 0.0001), "nir": RasterBand(fine, 1, 0.0001)}
    assert found(imagery_before=RasterFile(bands, date="2021-07-20")) == ["raster_files_differ"]


# --- numbers ------------------------------------------------------------------------------------------------


def with_value(value, where, dtype="uint16"):
    pixels = numbers(dtype=dtype)
    pixels[:, *where] = value
    return pixels


CORNER = (slice(0, 10), slice(0, 10))
MIDDLE = (slice(20, 30), slice(20, 30))


def nodata_told(path, **more):
    made = town(imagery_before=imagery(path, **more))
    table = made.findings[made.findings["code"] == "raster_nodata_undeclared"]
    return [of["value"] for of in table["values"]]


@pytest.mark.parametrize(
    ("value", "where", "dtype", "told"),
    [
        (-9999, MIDDLE, "int16", ["-9999"]),
        (-9999, MIDDLE, "float32", ["-9999"]),
        (np.nan, MIDDLE, "float32", ["nan"]),
        (np.finfo("float32").min, MIDDLE, "float32", ["-3.40282347e+38"]),
        (0, CORNER, "uint16", ["0"]),
        (65535, CORNER, "uint16", ["65535"]),
        (0, MIDDLE, "uint16", []),
    ],
)
def test_nodata_that_nobody_declared_is_told_by_its_value(tmp_path, value, where, dtype, told):
    path = tif(tmp_path / "a.tif", with_value(value, where, dtype))
    assert nodata_told(path) == told
    assert nodata_told(path, nodata=float(value)) == []
    assert nodata_told(tif(tmp_path / "b.tif", with_value(value, where, dtype), nodata=value)) == []


def test_a_quality_band_that_marks_nodata_explains_zeros_at_the_edge(tmp_path):
    pixels = np.concatenate([with_value(0, CORNER), np.zeros((1, SIDE, SIDE), dtype="uint16")])
    path = tif(tmp_path / "a.tif", pixels, names=("red", "nir", "qa"))
    rules = (QualityRule("nodata", 1, 1),)
    assert found_in(path) == ["raster_nodata_undeclared"]
    assert found_in(path, quality=RasterBand(path, 3), quality_rules=rules) == []


def test_ground_without_trees_is_no_nodata(tmp_path):
    path = tif(tmp_path / "a.tif", np.zeros((1, SIDE, SIDE), dtype="float32"), names=("height",))
    height = RasterFile({"height": RasterBand(path)}, date="2021-07-20")
    assert found(canopy_height_before=height) == []


def test_nodata_that_the_type_cannot_hold_is_told(good):
    made = town(imagery_before=imagery(good, nodata=-9999.0))
    assert "uint16" in words(made, "raster_nodata_range")


def test_a_raster_of_nothing_but_nodata_is_told(tmp_path):
    path = tif(tmp_path / "a.tif", np.zeros((2, SIDE, SIDE), dtype="uint16"))
    assert found_in(path, nodata=0.0) == ["raster_no_values"]


def test_pixels_at_the_most_their_type_can_hold_are_saturated(tmp_path):
    pixels = with_value(65535, (slice(20, 26), slice(20, 26)))
    made = town(imagery_before=imagery(tif(tmp_path / "a.tif", pixels), scale=1e-5))
    assert codes(made, "imagery_before") == ["raster_alone", "raster_saturated", "raster_saturated"]
    # 6 x 6 of 50 x 50 pixels.
    assert "1.4%" in words(made, "raster_saturated")


@pytest.mark.parametrize(("dtype", "low", "high"), [("uint8", 100, 200), ("uint16", 1000, 10_000)])
def test_integers_without_their_scale_are_told(tmp_path, dtype, low, high):
    pixels = np.linspace(low, high, 2 * SIDE * SIDE).reshape(2, SIDE, SIDE).astype(dtype)
    path = tif(tmp_path / "a.tif", pixels)
    assert found_in(path, scale=None) == ["raster_unscaled"]
    assert found_in(path, scale=1 / high) == []


def test_the_scale_that_the_file_states_counts(tmp_path):
    path = tif(tmp_path / "a.tif")
    with rasterio.open(path, "r+") as file:
        file.scales = (0.0001, 0.0001)
    assert found_in(path, scale=None) == []


def test_canopies_in_centimetres_are_told(tmp_path):
    path = tif(tmp_path / "a.tif", numbers(1), names=("height",))
    height = RasterFile({"height": RasterBand(path)}, date="2021-07-20")
    assert found(canopy_height_before=height) == ["raster_unscaled"]


# --- bands and dates ----------------------------------------------------------------------------------------


def test_a_band_that_is_missing_is_told_with_those_there_are(good):
    error = refused(imagery_before=imagery(good, bands={"red": RasterBand(good, 1, 0.0001)}))
    assert "nir" in words(error, "raster_band_missing")


def test_a_band_of_an_unknown_name_is_told_and_not_used(good):
    bands = {name: RasterBand(good, at, 0.0001) for name, at in (("red", 1), ("nir", 2), ("violet", 1))}
    assert found_in(good, bands=bands) == ["raster_band_unknown"]


def test_a_band_beyond_the_file_is_told(good):
    bands = {"red": RasterBand(good, 1, 0.0001), "nir": RasterBand(good, 3, 0.0001)}
    assert "has 2 bands" in refused(imagery_before=imagery(good, bands=bands)).text(lang="en")


def test_an_unknown_raster_is_told_with_those_there_are(good):
    assert "canopy_height_after" in words(refused(imagery=imagery(good)), "raster_unknown")


def test_imagery_without_date_is_told_where_to_write_it(good):
    assert "[rasters.imagery_before]" in words(
        refused(imagery_before=imagery(good, date="")), "raster_date_missing"
    )


def test_canopies_without_date_are_only_warned_of(tmp_path):
    path = tif(tmp_path / "a.tif", np.full((1, SIDE, SIDE), 7.5), names=("height",))
    made = town(canopy_height_after=RasterFile({"height": RasterBand(path)}))
    assert codes(made) == ["raster_alone", "raster_date_wanted"]


@pytest.mark.parametrize("date", ["last summer", "2021-13-01", "2021/7/20"])
def test_a_date_that_cannot_be_read_is_told(good, date):
    assert found_in(good, date=date) == ["raster_date_unreadable"]


def test_before_later_than_after_names_raster_column_and_remedy(good):
    error = refused(imagery_before=imagery(good, date="2024-07-20"), imagery_after=imagery(good))
    assert codes(error) == ["raster_dates_swapped"]
    told = error.text(lang="en")
    assert "imagery_before date: " in told
    assert "exchange the two rasters" in told


def test_one_date_alone_is_warned_of(good):
    made = town(imagery_after=imagery(good))
    assert "imagery_before" in words(made, "raster_alone")


def test_elevation_needs_no_date_and_no_partner(tmp_path):
    path = tif(tmp_path / "a.tif", np.full((1, SIDE, SIDE), 3.5), names=("elevation",))
    assert codes(town(elevation=RasterFile({"elevation": RasterBand(path)}))) == []


# --- two dates ----------------------------------------------------------------------------------------------


def pair(first, second):
    return town(imagery_before=imagery(first), imagery_after=imagery(second, date="2024-07-20"))


def test_two_resolutions_are_told(tmp_path, good):
    fine = tif(tmp_path / "b.tif", numbers(side=100), transform=from_origin(EAST, NORTH + 1000, 10, 10))
    made = pair(good, fine)
    assert codes(made) == ["raster_resolution"]
    assert "20 x 20" in words(made, "raster_resolution")


def test_a_shift_by_part_of_a_pixel_is_told(tmp_path):
    wide = numbers(side=60)
    one = tif(tmp_path / "a.tif", wide, transform=from_origin(EAST - 100, NORTH + 1100, 20, 20))
    whole = tif(tmp_path / "b.tif", wide, transform=from_origin(EAST - 60, NORTH + 1080, 20, 20))
    part = tif(tmp_path / "c.tif", wide, transform=from_origin(EAST - 95, NORTH + 1098, 20, 20))
    assert codes(pair(one, whole)) == []
    made = pair(one, part)
    assert codes(made) == ["raster_shifted"]
    # 5 m to the east and 2 m to the south, of 20 m.
    told = words(made, "raster_shifted")
    assert "0.25" in told
    assert "0.10" in told


def test_two_coordinate_systems_are_told(tmp_path, good):
    degrees = tif(tmp_path / "b.tif", crs="EPSG:4490", transform=from_origin(120.74, 30.76, 0.0005, 0.0005))
    assert codes(pair(good, degrees)) == ["raster_pair_crs"]


# --- quality bands ------------------------------------------------------------------------------------------

CLOUD = (QualityRule("cloud", 16, 16),)


def test_a_quality_band_that_is_missing_is_told(good):
    assert found_in(good, quality=RasterBand(good, 9), quality_rules=CLOUD) == ["raster_band_beyond"]
    absent = RasterBand(good.parent / "BQA.TIF")
    assert found_in(good, quality=absent, quality_rules=CLOUD) == ["file_missing"]


def test_a_quality_band_of_decimals_has_no_bits(tmp_path, good):
    path = tif(tmp_path / "q.tif", numbers(1, "float32"))
    assert found_in(good, quality=RasterBand(path), quality_rules=CLOUD) == ["raster_quality_type"]


def test_a_rule_that_can_never_hold_is_told(good):
    rules = (*CLOUD, QualityRule("shadow", 16, 48))
    assert found_in(good, quality=RasterBand(good, 1), quality_rules=rules) == ["raster_rule_never"]


def test_a_quality_band_without_rules_is_told(good):
    assert found_in(good, quality=RasterBand(good, 1)) == ["raster_quality_form"]


# --- town.toml ----------------------------------------------------------------------------------------------

BOTH = '[rasters.imagery_before]\npath = "a.tif"\nscale = 0.0001\ndate = 2021-07-20\n'


def read(folder, toml):
    return read_town(folder(toml))


def toml_codes(folder, toml):
    with pytest.raises(TownError) as caught:
        read(folder, toml)
    return [code for code in codes(caught.value) if code != "raster_alone"]


def test_town_toml_names_bands_scale_date_sensor_and_quality(tmp_path, folder):
    tif(tmp_path / "a.tif", names=())
    tif(tmp_path / "q.tif", numbers(1, "uint8"), names=())
    more = 'bands = ["红", "近红外"]\noffset = [0.0, 0.1]\nnodata = 0\nsensor = "S2"\n[rasters.imagery_before.quality]\npath = "q.tif"\nrules = [{ cause = "cloud", mask = 16, value = 16 }]\n'
    raster = read(folder, BOTH + more).rasters["imagery_before"]
    assert raster == RasterFile(
        bands={
            "red": RasterBand(tmp_path / "a.tif", 1, 0.0001, 0.0, 0.0),
            "nir": RasterBand(tmp_path / "a.tif", 2, 0.0001, 0.1, 0.0),
        },
        date="2021-07-20",
        sensor="S2",
        quality=RasterBand(tmp_path / "q.tif", 1),
        quality_rules=CLOUD,
    )


def test_bands_are_named_by_the_file_where_town_toml_does_not(tmp_path, folder):
    tif(tmp_path / "a.tif", names=("NIR", "Red"))
    bands = read(folder, BOTH).rasters["imagery_before"].bands
    assert {name: band.index for name, band in bands.items()} == {"nir": 1, "red": 2}


def test_one_file_a_band_and_a_chinese_name(tmp_path, folder):
    for name in ("B4.TIF", "B5.TIF"):
        tif(tmp_path / name, numbers(1), names=())
    toml = '[rasters."更新后影像"]\npaths = { red = "B4.TIF", nir = "B5.TIF" }\ndate = "2024-07-20"\nscale = { nir = 0.0001, red = 0.0002 }\n'
    bands = read(folder, toml).rasters["imagery_after"].bands
    assert {name: (of.path.name, of.index, of.scale) for name, of in bands.items()} == {
        "red": ("B4.TIF", 1, 0.0002),
        "nir": ("B5.TIF", 1, 0.0001),
    }


def test_the_one_band_of_canopies_needs_no_name(tmp_path, folder):
    tif(tmp_path / "a.tif", np.full((1, SIDE, SIDE), 7.5), names=("Band 1",))
    made = read(folder, '[rasters.canopy_height_after]\npath = "a.tif"\ndate = 2024-07-20\n')
    assert list(made.rasters["canopy_height_after"].bands) == ["height"]


def test_the_last_of_three_bands_without_a_name_is_told_and_not_used(tmp_path, folder):
    tif(tmp_path / "a.tif", numbers(3), names=())
    made = read(folder, BOTH + 'bands = ["red", "nir"]\n')
    assert "band_3" in words(made, "raster_band_unknown")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (BOTH.replace('path = "a.tif"\n', ""), ["raster_path_form"]),
        (BOTH + 'paths = { red = "a.tif" }\n', ["raster_path_form"]),
        (BOTH.replace("a.tif", "/vsicurl/https://example.org/a.tif"), ["raster_remote"]),
        (BOTH.replace("a.tif", "https://example.org/a.tif"), ["raster_remote"]),
        (BOTH.replace("a.tif", "nope.tif"), ["file_missing"]),
        (BOTH.replace("a.tif", "nope.tif") + 'bands = ["red", "nir"]\n', ["file_missing"]),
        (BOTH + 'bands = ["red", "红"]\n', ["raster_band_missing", "raster_band_twice"]),
        (BOTH + 'bands = ["red", "nir", "blue"]\n', ["raster_band_beyond"]),
        (BOTH + "offset = [0.0]\n", ["raster_numbers"]),
        (BOTH + 'offset = "none"\n', ["raster_numbers"]),
        (BOTH + "offset = { blue = 1.0 }\n", ["raster_numbers"]),
        (BOTH.replace("0.0001", "0.0"), ["raster_numbers", "raster_unscaled"]),
        (BOTH + 'crs = "GCJ-02"\n', ["raster_crs_unusable"]),
        (BOTH + 'crs = "nowhere"\n', ["raster_crs_unusable"]),
        (BOTH.replace("imagery_before", "dragon"), ["raster_unknown"]),
        (BOTH + BOTH.replace("imagery_before", '"更新前影像"'), ["raster_twice"]),
        (BOTH.replace("date = 2021-07-20\n", ""), ["raster_date_missing"]),
        (BOTH + "dat = 1\n", ["toml_key_unknown"]),
        (BOTH + "[rasters.imagery_before.quality]\nrules = []\n", ["toml_value"]),
        (
            BOTH
            + '[rasters.imagery_before.quality]\nband = 1\nrules = [{ cause = "fog", mask = 1, value = 1, sky = 2 }]\n',
            ["toml_key_unknown", "toml_value"],
        ),
        (
            BOTH
            + '[rasters.imagery_before.quality]\npath = "https://example.org/q.tif"\nrules = [{ cause = "cloud", mask = 1, value = 1 }]\n',
            ["raster_remote"],
        ),
    ],
)
def test_what_town_toml_says_wrong_is_told(tmp_path, folder, toml, told):
    tif(tmp_path / "a.tif")
    assert toml_codes(folder, toml) == told


def test_a_quality_band_of_one_file_a_band_needs_its_own_file(tmp_path, folder):
    tif(tmp_path / "a.tif")
    toml = BOTH.replace('path = "a.tif"', 'paths = { red = "a.tif", nir = "a.tif" }')
    rules = '[rasters.imagery_before.quality]\nrules = [{ cause = "cloud", mask = 1, value = 1 }]\n'
    assert "raster_quality_form" in toml_codes(folder, toml + rules)


def test_a_misspelt_key_of_a_rule_is_told_with_those_there_are(folder):
    rules = '[rasters.imagery_before.quality]\nrules = [{ cuase = "cloud", mask = 1, value = 1 }]\n'
    with pytest.raises(TownError) as caught:
        read(folder, BOTH + rules)
    told = caught.value.text(lang="en")
    assert "rasters.imagery_before.quality.rules.0.cuase is not known" in told
    assert "cause, mask, value" in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_check_lists_the_faults_of_several_rasters_at_once(tmp_path, folder, lang):
    tif(tmp_path / "a.tif", crs=None)
    whole = tif(tmp_path / "b.tif")
    (tmp_path / "cut.tif").write_bytes(whole.read_bytes()[:-500])
    (tmp_path / "hello.tif").write_text("hello")
    tif(tmp_path / "dem.tif", np.full((1, SIDE, SIDE), 3.5), names=(), transform=Affine.identity())
    toml = (
        BOTH.replace("2021", "2025")
        + '[rasters.imagery_after]\npath = "cut.tif"\nbands = ["red", "nir"]\ndate = 2024-07-20\n'
        + '[rasters.canopy_height_before]\npath = "hello.tif"\n'
        + '[rasters.elevation]\npath = "dem.tif"\n'
        + '[rasters.people]\npath = "/vsicurl/https://example.org/people.tif"\n'
        + '[layers.gates]\npath = "nope.shp"\n'
    )
    town = folder(toml)
    done = CliRunner().invoke(app, ["check", str(town), "--out", str(town / "out"), "--lang", lang])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.stderr
    heads = [row.split(":")[0].removeprefix("- ") for row in done.stderr.splitlines() if row.startswith("- ")]
    assert heads == [
        "canopy_height_before",
        "elevation",
        "gates",
        "imagery_after",
        "imagery_before crs",
        "imagery_before date",
        "people path",
    ]


def test_a_town_with_rasters_can_be_replaced_by_part(good):
    made = town(imagery_before=imagery(good))
    assert dataclasses.replace(made, name="U").rasters == made.rasters


def test_every_raster_has_a_kind_and_every_kind_its_bands():
    known = raster_standard()
    for name in known.rasters:
        kind = known.kind(name)
        assert set(kind.required) <= set(kind.bands)
