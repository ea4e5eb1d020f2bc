"""Rasters read in windows: numbers, grids, and shares of cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS, Transformer
from raster_towns import LEFT, TOP, raster
from shapely import box

from fengmao_geo.errors import UnknownNameError, UsageError
from fengmao_geo.geo import fractions as fractions_module
from fengmao_geo.geo.fractions import coverage, fraction_lots, fractions
from fengmao_geo.geo.raster import CAUSES, open_raster
from fengmao_geo.geo.raster_file import QualityRule, RasterBand
from fengmao_geo.geo.raster_grid import common_grid, sample_windows, windows
from fengmao_geo.geo.raster_place import Grid, is_same_crs

TOWN_CRS = CRS(4549)
EVERYWHERE = (LEFT - 1e4, TOP - 1e4, LEFT + 1e4, TOP + 1e4)
NODATA, CLOUD, SHADOW, OUTSIDE = (CAUSES.index(cause) for cause in ("nodata", "cloud", "shadow", "outside"))


def grid_of(size, width, height, *, left=LEFT, top=TOP):
    return Grid(TOWN_CRS, Affine(size, 0, left, 0, -size, top), width, height)


def read(file, grid=None, *, names=("red",)):
    with open_raster(file, names=names) as opened:
        return opened.read(grid or common_grid([opened], bounds=EVERYWHERE, crs=TOWN_CRS))


def grid_for(*files, bounds=EVERYWHERE):
    with open_raster(files[0], names=("red",)) as one, open_raster(files[-1], names=("red",)) as other:
        return common_grid([one, other], bounds=bounds, crs=TOWN_CRS)


def series(*shapes, crs=4549):
    return gpd.GeoSeries(list(shapes), crs=crs)


# Numbers


def test_a_byte_becomes_its_value_without_overflow(tmp_path):
    band = np.array([[0, 100, 200]], dtype="uint8")
    file = raster(tmp_path, {"red": band}, stated={"scale": 0.01, "offset": -1.0})
    np.testing.assert_allclose(read(file).values["red"], [[-1, 0, 1]], atol=1e-6)


def test_the_scale_and_offset_of_the_file_count_where_none_are_stated(tmp_path):
    band = np.array([[0, 5]], dtype="uint16")
    file = raster(tmp_path, {"red": band}, scales=(0.1,), offsets=(2.0,))
    np.testing.assert_allclose(read(file).values["red"], [[2.0, 2.5]], atol=1e-6)


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16", "int16", "float32"])
def test_narrow_numbers_become_single_precision(tmp_path, kind):
    assert read(raster(tmp_path, {"red": np.ones((2, 2), dtype=kind)})).values["red"].dtype == np.float32


def test_wide_integers_keep_all_their_digits(tmp_path):
    file = raster(tmp_path, {"red": np.array([[16_777_217]], dtype="int32")})
    assert read(file).values["red"][0, 0] == 16_777_217


def test_nodata_of_the_file_has_no_value(tmp_path):
    found = read(raster(tmp_path, {"red": np.array([[0, 7]], dtype="uint8")}, nodata=0))
    assert np.isnan(found.values["red"]).tolist() == [[True, False]]
    assert found.cause.tolist() == [[NODATA, 0]]


def test_nodata_stated_counts_before_that_of_the_file(tmp_path):
    band = np.array([[0, 7]], dtype="uint8")
    found = read(raster(tmp_path, {"red": band}, nodata=0, stated={"nodata": 7}))
    assert found.cause.tolist() == [[0, NODATA]]


def test_a_nodata_that_the_type_cannot_hold_matches_nothing(tmp_path):
    found = read(raster(tmp_path, {"red": np.array([[241]], dtype="uint8")}, stated={"nodata": -9999}))
    assert found.cause.tolist() == [[0]]


def test_not_a_number_and_infinity_are_no_values(tmp_path):
    found = read(raster(tmp_path, {"red": np.array([[np.nan, np.inf, 1.0]])}))
    assert found.cause.tolist() == [[NODATA, NODATA, 0]]


def test_bits_of_a_quality_band_spoil_pixels_for_their_cause(tmp_path):
    bits = raster(tmp_path, {"q": np.array([[0, 16, 384, 128]], dtype="int16")}).bands["q"]
    rules = [QualityRule("cloud", 16, 16), QualityRule("shadow", 384, 384)]
    file = raster(tmp_path, {"red": np.ones((1, 4))}, quality=bits, rules=rules)
    assert read(file).cause.tolist() == [[0, CLOUD, SHADOW, 0]]


def test_where_rules_agree_the_first_names_the_cause(tmp_path):
    bits = raster(tmp_path, {"q": np.array([[3]], dtype="uint8")}).bands["q"]
    rules = [QualityRule("shadow", 1, 1), QualityRule("cloud", 2, 2)]
    file = raster(tmp_path, {"red": np.ones((1, 1))}, quality=bits, rules=rules)
    assert read(file).cause.tolist() == [[SHADOW]]


def test_bands_may_lie_in_files_of_their_own(tmp_path):
    one, other = (raster(tmp_path, {"x": np.full((1, 1), value)}).bands["x"] for value in (1.0, 2.0))
    file = raster(tmp_path, {"red": np.zeros((1, 1))})
    file = type(file)({"red": one, "nir": other})
    found = read(file, names=("red", "nir"))
    assert (found.values["red"][0, 0], found.values["nir"][0, 0]) == (1, 2)


def test_whole_numbers_without_a_scale_are_raw(tmp_path):
    stated = ({}, {"scale": 2e-5}, {"offset": 1.0})
    files = [raster(tmp_path, {"red": np.ones((1, 1), dtype="uint16")}, stated=one) for one in stated]
    files.append(raster(tmp_path, {"red": np.ones((1, 1), dtype="float32")}))
    raw = []
    for file in files:
        with open_raster(file, names=("red",)) as opened:
            raw.append(opened.is_raw)
    assert raw == [True, False, False, False]


def test_a_mask_inside_the_file_counts(tmp_path):
    file = raster(tmp_path, {"red": np.ones((1, 2), dtype="uint8")})
    path = file.bands["red"].path
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as opened:
        opened.write_mask(np.array([[True, False]]))
    assert read(file).cause.tolist() == [[0, NODATA]]


def test_near_infrared_that_looks_like_opacity_is_no_mask(tmp_path):
    bands = {name: np.array([[0, 9]], dtype="uint8") for name in ("blue", "green", "red", "nir")}
    file = raster(tmp_path, bands, photometric="RGB", alpha="YES")
    with rasterio.open(file.bands["red"].path) as opened:
        assert opened.colorinterp[3].name == "alpha"
    assert read(file, names=("red", "nir")).cause.tolist() == [[0, 0]]


# Faults


def test_a_band_that_is_not_there_is_named(tmp_path):
    file = raster(tmp_path, {"red": np.ones((1, 1))})
    with pytest.raises(UnknownNameError, match="nir"), open_raster(file, names=("nir",)):
        pass


def test_a_file_that_is_not_there_is_an_error_with_its_name(tmp_path):
    file = raster(tmp_path, {"red": np.ones((1, 1))})
    file = type(file)({"red": RasterBand(tmp_path / "gone.tif")})
    with pytest.raises(UsageError, match=r"gone\.tif"), open_raster(file, names=("red",)):
        pass


def test_a_file_cut_short_is_an_error_when_its_end_is_read(tmp_path):
    file = raster(tmp_path, {"red": np.random.default_rng(1).random((300, 300))})
    path = file.bands["red"].path
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(UsageError, match=path.name):
        read(file)


def test_a_raster_without_a_coordinate_system_is_an_error(tmp_path):
    file = raster(tmp_path, {"red": np.ones((1, 1))}, crs=None)
    with pytest.raises(UsageError, match=file.bands["red"].path.name):
        read(file)


def test_a_stated_coordinate_system_counts_where_the_file_has_none(tmp_path):
    file = raster(tmp_path, {"red": np.full((2, 2), 3.0)}, crs=None, file_crs=4549)
    assert read(file).values["red"].tolist() == [[3, 3], [3, 3]]


# One grid


def test_the_grid_has_the_coarser_pixels_and_begins_at_the_first_raster(tmp_path):
    fine = raster(tmp_path, {"red": np.ones((8, 8))}, size=5.0)
    coarse = raster(tmp_path, {"red": np.ones((4, 4))}, size=10.0)
    grid = grid_for(fine, coarse)
    assert (grid.width, grid.height) == (4, 4)
    assert tuple(grid.transform)[:6] == (10, 0, LEFT, 0, -10, TOP)


def test_the_grid_is_clipped_outward_to_whole_pixels_of_the_first(tmp_path):
    file = raster(tmp_path, {"red": np.ones((10, 10))})
    grid = grid_for(file, bounds=(LEFT + 14, TOP - 36, LEFT + 31, TOP - 20))
    assert grid.bounds == (LEFT + 10, TOP - 40, LEFT + 40, TOP - 20)


def test_the_grid_holds_only_cells_that_lie_whole_on_both(tmp_path):
    one = raster(tmp_path, {"red": np.ones((10, 10))})
    other = raster(tmp_path, {"red": np.ones((10, 10))}, left=LEFT + 25, top=TOP + 4)
    assert grid_for(one, other).bounds == (LEFT + 30, TOP - 90, LEFT + 100, TOP)


def test_rasters_apart_have_no_grid(tmp_path):
    one = raster(tmp_path, {"red": np.ones((2, 2))})
    assert grid_for(one, raster(tmp_path, {"red": np.ones((2, 2))}, left=LEFT + 500)) is None


def test_a_coarser_cell_is_the_mean_of_its_pixels(tmp_path):
    file = raster(tmp_path, {"red": np.arange(16.0).reshape(4, 4)})
    assert read(file, grid_of(20, 2, 2)).values["red"].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_a_cell_of_one_and_a_half_pixels_weighs_them_by_area(tmp_path):
    file = raster(tmp_path, {"red": np.array([[3.0, 6.0, 9.0]] * 3)})
    found = read(file, grid_of(15, 2, 2)).values["red"]
    np.testing.assert_allclose(found, [[4, 8], [4, 8]])


def test_a_whole_number_is_not_rounded_when_it_is_averaged(tmp_path):
    file = raster(tmp_path, {"red": np.array([[0, 1], [0, 0]], dtype="uint8")})
    assert read(file, grid_of(20, 1, 1)).values["red"][0, 0] == 0.25


def test_a_shift_by_a_quarter_of_a_pixel_weighs_neighbours_by_a_quarter(tmp_path):
    file = raster(tmp_path, {"red": np.array([[0.0, 4.0, 8.0]])})
    found = read(file, grid_of(10, 2, 1, left=LEFT + 2.5)).values["red"]
    np.testing.assert_allclose(found, [[1, 5]])


def test_the_sum_over_ground_is_the_same_on_any_grid_that_holds_it(tmp_path):
    values = np.random.default_rng(2).random((12, 12))
    found = read(raster(tmp_path, {"red": values}), grid_of(7.5, 16, 16)).values["red"]
    assert found.sum() * 7.5**2 == pytest.approx(values.sum() * 100, rel=1e-12)


def test_a_cell_that_a_pixel_without_value_touches_has_none(tmp_path):
    values = np.ones((4, 4))
    values[1, 2] = np.nan
    found = read(raster(tmp_path, {"red": values}), grid_of(20, 2, 2))
    assert found.cause.tolist() == [[0, NODATA], [0, 0]]


def test_a_cell_that_a_clouded_pixel_touches_is_clouded(tmp_path):
    bits = np.zeros((4, 4), dtype="uint8")
    bits[3, 0] = 1
    quality = raster(tmp_path, {"q": bits}).bands["q"]
    file = raster(tmp_path, {"red": np.ones((4, 4))}, quality=quality, rules=[QualityRule("cloud", 1, 1)])
    assert read(file, grid_of(20, 2, 2)).cause.tolist() == [[0, 0], [CLOUD, 0]]


def test_cells_beyond_a_raster_are_outside(tmp_path):
    file = raster(tmp_path, {"red": np.ones((2, 2))})
    assert read(file, grid_of(10, 3, 2, left=LEFT - 10)).cause.tolist() == [[OUTSIDE, 0, 0]] * 2
    assert read(file, grid_of(10, 1, 1, left=LEFT + 900)).cause.tolist() == [[OUTSIDE]]


def test_a_plane_stays_a_plane_across_coordinate_systems(tmp_path):
    move = Transformer.from_crs(4549, 32651, always_xy=True)
    x, y = move.transform(LEFT + 500, TOP - 500)
    transform = Affine(10, 0, x - 1000, 0, -10, y + 1000)
    rows, cols = np.mgrid[0:200, 0:200]
    east, north = transform @ (cols + 0.5, rows + 0.5)
    file = raster(tmp_path, {"red": east - x + 2 * (north - y)}, crs="EPSG:32651", transform=transform)
    grid = grid_of(20, 50, 50)
    found = read(file, grid).values["red"]
    rows, cols = np.mgrid[0:50, 0:50]
    there = move.transform(*(grid.transform @ (cols + 0.5, rows + 0.5)))
    np.testing.assert_allclose(found, there[0] - x + 2 * (there[1] - y), atol=1e-3)


def test_a_raster_in_degrees_comes_to_a_grid_in_metres(tmp_path):
    lon, lat = Transformer.from_crs(4549, 4490, always_xy=True).transform(LEFT + 100, TOP - 100)
    file = raster(
        tmp_path,
        {"red": np.full((40, 40), 7.0)},
        crs="EPSG:4490",
        transform=Affine(1e-4, 0, lon, 0, -1e-4, lat),
    )
    with open_raster(file, names=("red",)) as opened:
        grid = common_grid([opened], bounds=EVERYWHERE, crs=TOWN_CRS)
        found = opened.read(grid)
    assert grid.crs == TOWN_CRS
    assert 9 < grid.transform.a < 12
    np.testing.assert_allclose(found.values["red"][found.cause == 0], 7.0)
    assert (found.cause == 0).mean() > 0.9


def test_a_coordinate_system_is_the_same_however_programs_write_it():
    for form in ("WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"):
        assert is_same_crs(CRS(4549), CRS(CRS(4549).to_wkt(form)))
    # Beijing 1954 of the same meridian, the zone beside, and the same with its number before the east.
    for other in (2437, 4548, 4528, 32651):
        assert not is_same_crs(CRS(4549), CRS(other))


# Windows


def windows_of(file, *, bounds=EVERYWHERE, cut=windows):
    with open_raster(file, names=("red",)) as opened:
        grid = common_grid([opened], bounds=bounds, crs=TOWN_CRS)
        return grid, cut(grid, [opened])


def tiled(folder, side, block):
    band = np.zeros((side, side), dtype="uint8")
    return raster(
        folder, {"red": band}, size=1.0, tiled=True, blockxsize=block, blockysize=block, compress="deflate"
    )


def test_windows_hold_every_cell_once(tmp_path):
    grid, found = windows_of(tiled(tmp_path, 2500, 256))
    seen = np.zeros((grid.height, grid.width), dtype=int)
    for row, col, part in found:
        seen[row : row + part.height, col : col + part.width] += 1
    assert seen.min() == seen.max() == 1
    assert max(part.width * part.height for *_, part in found) <= 1 << 20


def test_windows_begin_where_blocks_of_the_file_do(tmp_path):
    _, found = windows_of(tiled(tmp_path, 2500, 256), bounds=(LEFT + 100, TOP - 2400, LEFT + 2400, TOP - 50))
    assert {(row + 50) % 256 for row, *_ in found} == {50, 0}
    assert {(col + 100) % 256 for _, col, _ in found} == {100, 0}


def test_windows_of_a_file_in_strips_are_as_wide_as_it(tmp_path):
    file = raster(tmp_path, {"red": np.zeros((900, 3000), dtype="uint8")}, size=1.0)
    grid, found = windows_of(file)
    assert {part.width for *_, part in found} == {grid.width}
    assert len(found) > 1


def test_a_large_grid_is_sampled_in_pieces_spread_over_it(tmp_path):
    grid, found = windows_of(tiled(tmp_path, 3000, 256), cut=sample_windows)
    assert {(part.width, part.height) for *_, part in found} == {(64, 64)}
    assert sum(part.width * part.height for *_, part in found) <= 1 << 22
    corners = [(row, col) for row, col, _ in found]
    assert min(corners) == (0, 0)
    assert max(corners) == (grid.height - 64, grid.width - 64)


def test_a_small_grid_is_sampled_whole(tmp_path):
    grid, found = windows_of(tiled(tmp_path, 500, 256), cut=sample_windows)
    assert sum(part.width * part.height for *_, part in found) == grid.width * grid.height


# Shares of cells


def test_a_half_covered_pixel_counts_half():
    found = fractions(series(box(LEFT + 5, TOP - 10, LEFT + 10, TOP)), grid_of(10, 3, 3))
    assert (found.cell.tolist(), found.share.tolist()) == ([0], [0.5])


def test_a_polygon_smaller_than_a_pixel_has_its_share_of_it():
    found = fractions(series(box(LEFT + 12, TOP - 18, LEFT + 16, TOP - 13)), grid_of(10, 3, 3))
    assert found.cell.tolist() == [4]
    assert found.share[0] == pytest.approx(0.2)


def test_a_triangle_covers_its_diagonal_cells_by_half():
    corner = shapely.Polygon([(LEFT, TOP), (LEFT, TOP - 30), (LEFT + 30, TOP - 30)])
    found = fractions(series(corner), grid_of(10, 3, 3))
    np.testing.assert_allclose(found.share, [0.5, 1, 0.5, 1, 1, 0.5])


def test_a_level_edge_inside_cells_covers_part_of_all_between():
    found = fractions(series(box(LEFT, TOP - 15, LEFT + 30, TOP)), grid_of(10, 3, 3))
    np.testing.assert_allclose(found.share, [1, 1, 1, 0.5, 0.5, 0.5])


def test_a_hole_is_not_covered():
    ring = box(LEFT, TOP - 30, LEFT + 30, TOP).difference(box(LEFT + 10, TOP - 20, LEFT + 20, TOP - 10))
    assert 4 not in fractions(series(ring), grid_of(10, 3, 3)).cell


def test_parts_of_one_polygon_in_one_cell_are_one_entry():
    two = shapely.union_all(
        [box(LEFT + 1, TOP - 9, LEFT + 3, TOP - 1), box(LEFT + 6, TOP - 9, LEFT + 8, TOP - 1)]
    )
    found = fractions(series(two), grid_of(10, 3, 3))
    assert found.cell.tolist() == [0]
    assert found.share[0] == pytest.approx(0.32)


def test_the_outline_may_run_either_way():
    shape = box(LEFT + 5, TOP - 25, LEFT + 22, TOP - 8)
    ways = [fractions(series(one), grid_of(10, 3, 3)).share for one in (shape, shapely.reverse(shape))]
    np.testing.assert_array_equal(*ways)


def test_what_lies_beyond_the_grid_is_not_counted():
    found = fractions(series(box(LEFT - 50, TOP - 15, LEFT + 10, TOP + 50)), grid_of(10, 3, 3))
    assert (found.cell.tolist(), found.share.tolist()) == ([0, 3], [1.0, 0.5])
    assert not len(fractions(series(box(LEFT - 50, TOP, LEFT, TOP + 9)), grid_of(10, 3, 3)).row)


def random_shapes(count, *, spread=100.0):
    rng = np.random.default_rng(3)
    middles = shapely.points(rng.random((count, 2)) * spread + [LEFT, TOP - spread])
    round_ones = shapely.buffer(middles, rng.random(count) * 20 + 0.5, quad_segs=3)
    # Boxes have edges along the lines of the grid, some of them on it.
    boxes = shapely.box(*shapely.bounds(round_ones[::2]).round(rng.integers(0, 2)).T)
    return np.concatenate([round_ones[1::2], boxes])


def test_shares_equal_those_of_exactextract_to_its_digits():
    shapes, grid = random_shapes(60), grid_of(4, 25, 25)
    frame = gpd.GeoDataFrame(geometry=series(*shapes))
    zeros = np.zeros((25, 25), dtype="uint8")
    theirs = NumPyRasterSource(zeros, LEFT, TOP - 100, LEFT + 100, TOP, srs_wkt=frame.crs.to_wkt())
    table = exact_extract(theirs, frame, ["cell_id", "coverage"], output="pandas")
    expected = np.zeros((60, 625))
    for row, (cells, shares) in enumerate(zip(table["cell_id"], table["coverage"], strict=True)):
        expected[row, cells] = shares
    found = fractions(series(*shapes), grid)
    ours = np.zeros_like(expected)
    ours[found.row, found.cell] = found.share
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_the_shares_of_the_parts_of_a_whole_add_up_to_it():
    lines = shapely.linestrings(
        [[(LEFT - 1, TOP - at), (LEFT + 101, TOP - at * 0.7 - 9)] for at in (20, 41, 77)]
    )
    whole = box(LEFT + 3, TOP - 96, LEFT + 95, TOP - 2)
    parts = shapely.get_parts(
        shapely.polygonize([*shapely.get_parts(shapely.union_all([*lines, whole.exterior]))])
    )
    grid = grid_of(4, 25, 25)
    together = sum(
        np.bincount(one.cell, one.share, minlength=625)
        for one in (fractions(series(part), grid) for part in parts)
    )
    one = fractions(series(whole), grid)
    np.testing.assert_allclose(together, np.bincount(one.cell, one.share, minlength=625), atol=1e-11)


def test_shares_times_cells_are_the_area():
    shapes = random_shapes(40)
    found = fractions(series(*shapes), grid_of(3, 60, 60, left=LEFT - 40, top=TOP + 40))
    area_m2 = np.bincount(found.row, found.share, minlength=40) * 9
    np.testing.assert_allclose(area_m2, shapely.area(shapes), rtol=1e-9)


def test_lots_of_polygons_give_what_all_at_once_give(monkeypatch):
    shapes, grid = series(*random_shapes(30)), grid_of(4, 25, 25)
    whole = fractions(shapes, grid)
    monkeypatch.setattr(fractions_module, "_LOT_CELLS", 300)
    lots = list(fraction_lots(shapes, grid))
    assert len(lots) > 3
    for name in ("row", "cell", "share"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(lot, name) for lot in lots]), getattr(whole, name)
        )


def test_polygons_in_another_coordinate_system_are_refused():
    for crs in (32651, None):
        with pytest.raises(UsageError, match="4549"):
            fractions(series(box(0, 0, 1, 1), crs=crs), grid_of(10, 3, 3))


def test_polygons_that_overlap_cover_a_cell_once():
    shape = box(LEFT, TOP - 6, LEFT + 10, TOP)
    np.testing.assert_allclose(coverage(series(shape, shape), grid_of(10, 2, 1)), [[1, 0]])
    np.testing.assert_allclose(coverage(series(shape), grid_of(10, 2, 1)), [[0.6, 0]])
