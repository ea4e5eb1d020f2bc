"""People of a raster, spread over the floors in each pixel: none resampled, none lost."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from raster_towns import raster
from town_layers import EAST, NORTH, codes, frame, good_layers, point, square

from fengmao_geo.geo.raster_file import RasterBand, RasterFile
from fengmao_geo.town.people import dwellings, people_basis
from fengmao_geo.town.people_raster import people_of_raster
from fengmao_geo.town.town import Town, TownSettings

#: Pixels of 100 m over the square kilometre of the town, north up.
TOP = NORTH + 1000


def counts(**people):
    """Draw the town's 10 by 10 pixels; those named by column and row from the south-west hold people."""
    pixels = np.zeros((10, 10), dtype="float32")
    for name, number in people.items():
        col, row = int(name[1]), int(name[2])
        pixels[9 - row, col] = number
    return pixels


def people_raster(folder, pixels, **more):
    options = {"size": 100.0, "left": EAST, "top": TOP} | more
    return raster(folder, {"people": np.asarray(pixels)}, **options)


def homes(*shapes, floors=None):
    return frame(
        shapes,
        id=[f"h{at}" for at in range(len(shapes))],
        use=["residential"] * len(shapes),
        floor_count=floors or [1] * len(shapes),
    )


def town(rasters, buildings, settings=None, **more):
    layers = good_layers(buildings=buildings, **more)
    return Town.from_layers(name="T", settings=settings, rasters={"people": rasters}, **layers)


def people(made):
    return dwellings(made)["people"].tolist()


def found(made, code):
    rows = made.findings[made.findings["code"] == code]
    return rows["values"].tolist()


# --- spread


def test_a_pixels_people_go_to_its_dwellings_by_floor_area(tmp_path):
    # 100 m² on 2 floors and 100 m² on 4 in one pixel: 200 and 400 m² of 90 people
    made = town(
        people_raster(tmp_path, counts(p11=90)),
        homes(square(110, 110, 10), square(150, 150, 10), floors=[2, 4]),
    )
    assert people(made) == pytest.approx([30, 60])
    assert people_basis(made) == "people"


def test_a_dwelling_on_two_pixels_has_a_part_of_each(tmp_path):
    # a quarter of h0 lies west of x = 200: 25 m² beside the 75 m² of h1; the rest is alone in the next pixel
    across = shapely.transform(square(0, 110, 10), lambda xy: xy + np.array([197.5, 0]))
    east = shapely.box(EAST + 120, NORTH + 120, EAST + 127.5, NORTH + 130)
    made = town(people_raster(tmp_path, counts(p11=40, p21=7)), homes(across, east))
    assert people(made) == pytest.approx([40 * 25 / 100 + 7, 30])


def test_a_pixel_that_counts_nobody_gives_nobody(tmp_path):
    made = town(people_raster(tmp_path, counts(p11=5)), homes(square(110, 110, 10), square(310, 310, 10)))
    assert people(made) == pytest.approx([5, 0])


def test_addresses_share_their_pixels_people_evenly(tmp_path):
    addresses = frame([point(110, 110), point(120, 120), point(510, 110)], id=["a", "b", "c"])
    made = town(people_raster(tmp_path, counts(p11=8, p51=3)), None, addresses=addresses)
    assert people(made) == pytest.approx([4, 4, 3])


def test_parcels_take_a_rasters_people_too(tmp_path):
    parcels = frame([square(110, 110, 10), square(150, 150, 20)], id=["p1", "p2"], land_code=["0701"] * 2)
    made = town(
        people_raster(tmp_path, counts(p11=50)),
        None,
        TownSettings(codes={"parcels": "sandiao"}),
        parcels=parcels,
    )
    assert people(made) == pytest.approx([10, 40])


def test_whole_numbers_with_a_scale_are_people(tmp_path):
    pixels = (counts(p11=90) * 10).astype("int16")
    made = town(people_raster(tmp_path, pixels, stated={"scale": 0.1}), homes(square(110, 110, 10)))
    assert people(made) == pytest.approx([90])


# --- not resampled


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.sampled_from([100, 200]))
def test_people_are_conserved(tmp_path, seed, apart_m):
    # a home in every pixel, or in every second each way, so that those between have homes beside them
    rng = np.random.default_rng(seed)
    pixels = rng.uniform(0, 500, (10, 10))
    fixed = [(x, y) for x in range(45, 1000, apart_m) for y in range(45, 1000, apart_m)]
    at = np.vstack([fixed, rng.uniform(0, 980, (40, 2))])
    made = homes(*(square(x, y, 15) for x, y in at), floors=rng.integers(1, 30, len(at)).tolist())
    ground = gpd.GeoSeries([square(0, 0, 1000)], crs=4549)
    floor_m2 = made.area.to_numpy() * made["floor_count"].to_numpy()
    spread, told = people_of_raster(people_raster(tmp_path, pixels), made, floor_m2, ground=ground)
    assert {one.code for one in told} <= {"people_pixels_moved"}
    assert spread.sum() == pytest.approx(pixels.sum(), rel=1e-9)


def degrees_raster(folder, pixels, step=0.001):
    """Write pixels of a thousandth of a degree over the town."""
    west, south = Transformer.from_crs(4549, 4490, always_xy=True).transform(EAST - 50, NORTH - 50)
    path = folder / "degrees.tif"
    rows, cols = pixels.shape
    options = {"height": rows, "width": cols, "count": 1, "dtype": pixels.dtype, "driver": "GTiff"}
    placed = Affine(step, 0, west, 0, -step, south + rows * step)
    with rasterio.open(path, "w", crs="EPSG:4490", transform=placed, **options) as file:
        file.write(pixels, 1)
    return RasterFile({"people": RasterBand(path)})


def test_a_raster_in_degrees_loses_nobody(tmp_path):
    rng = np.random.default_rng(3)
    pixels = rng.uniform(1, 500, (14, 14))
    # a home every 40 m, so that each pixel on the town, which is some 95 by 111 m, holds some
    grid = homes(*(square(x, y, 10) for x in range(0, 1000, 40) for y in range(0, 1000, 40)))
    file = degrees_raster(tmp_path, pixels)
    spread = people_of_raster(
        file, grid, np.full(len(grid), 100.0), ground=gpd.GeoSeries([square(400, 400, 10)], crs=4549)
    )[0]
    corners = grid.geometry.to_crs(4490)
    with rasterio.open(file.bands["people"].path) as read:
        row, col = rasterio.transform.rowcol(read.transform, *corners.get_coordinates().to_numpy().T)
    touched = np.zeros_like(pixels, dtype=bool)
    touched[row, col] = True
    assert spread.sum() == pytest.approx(pixels[touched].sum(), rel=1e-9)


def test_a_raster_in_another_zone_gives_each_home_what_its_pixel_counts(tmp_path):
    # one home in the middle of one pixel in the neighbouring zone
    home = square(500, 500, 10)
    x, y = Transformer.from_crs(4549, 4548, always_xy=True).transform(EAST + 505, NORTH + 505)
    file = people_raster(tmp_path, np.full((21, 21), 7.0), crs="EPSG:4548", left=x - 1050, top=y + 1050)
    ground = gpd.GeoSeries([square(490, 490, 30)], crs=4549)
    assert people_of_raster(file, homes(home), np.array([100.0]), ground=ground)[0].tolist() == pytest.approx(
        [7]
    )


def test_only_the_pixels_under_the_town_are_read(tmp_path):
    # 60 000 by 60 000 pixels, 3.6 thousand million, of which 10 by 10 lie on the town
    path = tmp_path / "large.tif"
    placed = Affine(100, 0, EAST - 3_000_000, 0, -100, TOP + 3_000_000)
    options = {"height": 60_000, "width": 60_000, "count": 1, "dtype": "uint8", "driver": "GTiff"}
    more = {"tiled": True, "sparse_ok": True, "compress": "deflate"}
    with rasterio.open(path, "w", crs="EPSG:4549", transform=placed, **options, **more) as file:
        file.write(np.full((1, 1), 9, dtype="uint8"), 1, window=rasterio.windows.Window(30_001, 30_008, 1, 1))
    spread, _ = people_of_raster(
        RasterFile({"people": RasterBand(path)}),
        homes(square(110, 110, 10)),
        np.array([100.0]),
        ground=gpd.GeoSeries([square(0, 0, 1000)], crs=4549),
    )
    assert spread.tolist() == pytest.approx([9])


# --- pixels without dwellings


def test_people_beside_dwellings_go_to_those_within_a_pixels_side_and_it_is_told(tmp_path):
    # pixel 2,1 is empty of homes; h0 in 1,1 is 80 m away, h1 in 4,1 is 110 m away
    made = town(
        people_raster(tmp_path, counts(p11=10, p21=6, p41=5)),
        homes(square(110, 110, 10), square(410, 110, 10)),
    )
    assert people(made) == pytest.approx([16, 5])
    assert found(made, "people_pixels_moved") == [{"count": "1", "people": "6", "within_m": "100"}]


def test_those_nearby_share_by_floor_area(tmp_path):
    # both are within 100 m of pixel 2,1, with 100 m² and 300 m² of floors
    made = town(
        people_raster(tmp_path, counts(p21=8)),
        homes(square(180, 110, 10), square(310, 110, 10), floors=[1, 3]),
    )
    assert people(made) == pytest.approx([2, 6])


def test_people_far_from_every_dwelling_are_told_with_their_place_and_kept_apart(tmp_path):
    made = town(people_raster(tmp_path, counts(p11=10, p88=6, p99=3)), homes(square(110, 110, 10)))
    assert people(made) == pytest.approx([10])
    assert found(made, "people_pixels_unplaced") == [{"count": "2", "people": "9", "within_m": "100"}]
    rows = made.findings[made.findings["code"] == "people_pixel_unplaced"]
    assert dict(zip([one["people"] for one in rows["values"]], rows["point"], strict=True)) == {
        "6.0": f"POINT ({EAST + 850:.0f} {NORTH + 850:.0f})",
        "3.0": f"POINT ({EAST + 950:.0f} {NORTH + 950:.0f})",
    }


def test_no_more_pixels_are_told_one_by_one_than_are_shown(tmp_path):
    pixels = np.ones((10, 10))
    made = town(people_raster(tmp_path, pixels), homes(square(110, 110, 10)))
    # the home's own pixel and seven around it: the one to the north-east is 113 m away
    assert found(made, "people_pixels_unplaced")[0]["count"] == "92"
    assert len(found(made, "people_pixel_unplaced")) == 20
    assert people(made) == pytest.approx([8])


def test_a_pixel_at_the_edge_counts_by_its_share_of_the_town(tmp_path):
    # pixels of 100 m that begin 50 m west of the town: half of the first column lies on it
    pixels = np.zeros((10, 11))
    pixels[1, 0] = 6
    made = town(people_raster(tmp_path, pixels, left=EAST - 50), homes(square(510, 510, 10)))
    assert found(made, "people_pixels_unplaced")[0]["people"] == "3"


def test_people_out_of_town_are_not_the_towns(tmp_path):
    pixels = np.zeros((12, 12))
    pixels[0, 0], pixels[9, 2] = 500, 4
    made = town(people_raster(tmp_path, pixels, left=EAST - 100, top=TOP + 100), homes(square(110, 110, 10)))
    assert people(made) == pytest.approx([4])
    assert "people_pixels_unplaced" not in codes(made)


# --- pixels without numbers


def test_a_dwelling_where_the_raster_has_no_number_is_unknown_and_told(tmp_path):
    pixels = counts(p11=10, p31=-1)
    made = town(
        people_raster(tmp_path, pixels, stated={"nodata": -1.0}),
        homes(square(110, 110, 10), square(310, 110, 10)),
    )
    assert people(made) == pytest.approx([10, np.nan], nan_ok=True)
    assert found(made, "people_raster_unknown") == [{"count": 1, "partly": 0, "of": 2}]


def test_a_dwelling_partly_where_there_is_no_number_counts_with_the_rest_and_is_told(tmp_path):
    pixels = counts(p11=10, p21=-1)
    made = town(people_raster(tmp_path, pixels, stated={"nodata": -1.0}), homes(square(195, 110, 10)))
    assert people(made) == pytest.approx([10])
    assert found(made, "people_raster_unknown") == [{"count": 0, "partly": 1, "of": 1}]


def test_negative_people_are_left_out_and_told(tmp_path):
    made = town(
        people_raster(tmp_path, counts(p11=10, p31=-3)), homes(square(110, 110, 10), square(310, 110, 10))
    )
    assert people(made) == pytest.approx([10, np.nan], nan_ok=True)
    assert found(made, "people_raster_negative") == [{"count": 1}]


def test_a_raster_that_counts_nobody_gives_way_to_the_total(tmp_path):
    made = town(people_raster(tmp_path, counts()), homes(square(110, 110, 10)), TownSettings(people_total=12))
    assert people(made) == pytest.approx([12])
    assert "people_raster_unused" in codes(made, "people")


def test_a_raster_that_counts_people_only_far_from_the_dwellings_is_used_and_places_nobody(tmp_path):
    made = town(people_raster(tmp_path, counts(p99=12)), homes(square(110, 110, 10)))
    assert people(made) == pytest.approx([0])
    assert found(made, "people_pixels_unplaced")[0]["people"] == "12"


def test_a_file_that_is_gone_is_a_finding(tmp_path):
    file = people_raster(tmp_path, counts(p11=1))
    file.bands["people"].path.unlink()
    spread, told = people_of_raster(
        file, homes(square(110, 110, 10)), np.array([1.0]), ground=gpd.GeoSeries([square(0, 0, 9)], crs=4549)
    )
    assert spread is None
    assert [one.code for one in told] == ["file_broken"]


# --- beside other counts


def test_a_raster_wins_over_a_total_and_the_difference_is_told(tmp_path):
    made = town(
        people_raster(tmp_path, counts(p11=10)), homes(square(110, 110, 10)), TownSettings(people_total=12)
    )
    assert people(made) == pytest.approx([10])
    assert found(made, "people_total_unused") == [{"used": "rasters.people", "column": "10", "total": "12"}]


def test_communities_win_over_a_raster_and_it_is_told(tmp_path):
    communities = frame([square(0, 0, 1000)], id=["c"], people=[77])
    made = town(people_raster(tmp_path, counts(p11=10)), homes(square(110, 110, 10)), communities=communities)
    assert people(made) == pytest.approx([77])
    assert found(made, "people_sources") == [{"used": "communities.people", "others": "rasters.people"}]


def test_a_column_wins_over_a_raster_which_is_not_read(tmp_path):
    made = town(people_raster(tmp_path, counts(p11=10)), homes(square(110, 110, 10)).assign(people=[3.0]))
    assert people(made) == [3]
    assert found(made, "people_sources") == [{"used": "buildings.people", "others": "rasters.people"}]


def test_the_raster_is_read_once_for_all_who_ask(tmp_path, monkeypatch):
    made = town(people_raster(tmp_path, counts(p11=10)), homes(square(110, 110, 10)))
    dwellings(made)
    monkeypatch.setattr("fengmao_geo.town.people.people_of_raster", None)
    assert people(made) == pytest.approx([10])


def test_what_is_given_back_can_be_changed_without_changing_the_town(tmp_path):
    made = town(people_raster(tmp_path, counts(p11=10)), homes(square(110, 110, 10)))
    rows = dwellings(made)
    rows.loc[0, "people"] = 99
    assert people(made) == pytest.approx([10])


def test_the_crs_of_the_raster_may_be_stated(tmp_path):
    file = people_raster(tmp_path, counts(p11=10), crs=None, file_crs=4549)
    assert file.crs == CRS(4549)
    assert people(town(file, homes(square(110, 110, 10)))) == pytest.approx([10])
