"""Banks on paper: canals drawn as rectangles, with parks, paths, fences and walls beside them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.affinity import affine_transform

from fengmao_geo.green.waterfront import waterfront, waterfront_values
from fengmao_geo.network.build import walk_network
from fengmao_geo.town.town import Town

EAST, NORTH = 572_000.0, 3_403_000.0
CRS = "EPSG:4549"


def box(x0, y0, x1, y1):
    return shapely.box(EAST + x0, NORTH + y0, EAST + x1, NORTH + y1)


def line(*xy):
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def frame(*shapes, **columns):
    columns.setdefault("id", [f"x{at}" for at in range(len(shapes))])
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def town_of(**layers):
    """A square kilometre with a canal of 200 by 20 m, a path 5 m off its north bank and a street far off."""
    made = {
        "built_up": frame(box(-400, -400, 600, 600)),
        "streets": frame(line((0, 25), (200, 25)), line((0, 25), (0, 300), (200, 300), (200, 25))),
        "buildings": frame(box(300, 300, 310, 310), use=["residential"], people=[10.0]),
        "water": frame(box(0, 0, 200, 20), water_type=["canal"], name=["canal"]),
    }
    return Town.from_layers(name="T", **{name: of for name, of in (made | layers).items() if of is not None})


def banks_of(town, green=None):
    return waterfront(town, walk_network(town), green)


def metres(banks, **wanted):
    chosen = np.ones(len(banks), dtype=bool)
    for name, value in wanted.items():
        chosen &= (banks[name] == value).to_numpy()
    return float(banks.loc[chosen, "length_m"].sum())


def area(*shapes):
    ids = [f"a{at}" for at in range(len(shapes))]
    return frame(*shapes, area_kind="block", area_id=ids, area_name=ids)


def value(town, banks, areas, indicator):
    rows = waterfront_values(town, banks, areas)
    return rows.loc[rows["indicator"] == indicator, "value"].tolist()


def test_the_banks_of_a_rectangular_canal_are_its_outline():
    assert metres(banks_of(town_of())) == pytest.approx(440)


def test_land_lies_on_the_left_of_every_bank():
    town = town_of()
    lines = banks_of(town).geometry
    beside = [
        shapely.line_interpolate_point(shapely.offset_curve(one, 1.0), 0.4, normalized=True) for one in lines
    ]
    assert not town["water"].union_all().intersects(shapely.MultiPoint(beside))


def test_a_path_along_the_north_bank_serves_that_bank_alone():
    banks = banks_of(town_of())
    assert metres(banks, has_path=True) == pytest.approx(200)
    assert metres(banks, has_path=False) == metres(banks, cause="no_path") == pytest.approx(240)


def test_a_fence_of_fifty_metres_between_path_and_water_breaks_fifty_metres():
    banks = banks_of(town_of(barriers=frame(line((60, 23), (110, 23)))))
    assert metres(banks, cause="barrier") == pytest.approx(50)
    assert metres(banks, has_path=True) == pytest.approx(150)


def test_a_railing_at_the_edge_of_the_water_closes_no_path():
    banks = banks_of(town_of(barriers=frame(line((60, 20.5), (110, 20.5)))))
    assert metres(banks, has_path=True) == pytest.approx(200)


def _interrupted(gap_m):
    """The path along the canal, open between 100 and 100 + gap; both halves are joined to the street behind."""
    return frame(
        line((0, 25), (100, 25)),
        line((100 + gap_m, 25), (200, 25)),
        line((0, 25), (0, 300), (200, 300), (200, 25)),
    )


def test_a_fence_across_the_path_is_a_break_however_short():
    town = town_of(streets=_interrupted(4), barriers=frame(line((102, 20), (102, 40))))
    banks = banks_of(town)
    assert metres(banks, cause="barrier") == pytest.approx(4)
    assert value(town, banks, area(box(-50, 10, 250, 60)), "bank_break_count") == [
        3.0
    ]  # and the two short ends


@pytest.mark.parametrize(("gap_m", "path_m"), [(9, 200), (11, 189)])
def test_a_gap_shorter_than_ten_metres_is_none(gap_m, path_m):
    assert metres(banks_of(town_of(streets=_interrupted(gap_m))), has_path=True) == pytest.approx(path_m)


def test_a_path_seen_between_two_houses_is_no_path_along_the_water():
    houses = frame(
        box(50, 21, 80, 24),
        box(88, 21, 120, 24),
        box(300, 300, 310, 310),
        use=["shop", "shop", "residential"],
        people=[0.0, 0.0, 9.0],
    )
    assert metres(banks_of(town_of(buildings=houses)), cause="building") == pytest.approx(70)


def test_a_house_far_from_the_water_is_no_cause_where_there_is_no_path():
    houses = frame(
        box(50, -15, 80, -5), box(100, -15, 130, -2), use=["shop", "residential"], people=[0.0, 9.0]
    )
    banks = banks_of(town_of(buildings=houses))
    assert metres(banks, cause="building") == pytest.approx(30)


def test_a_street_within_a_closed_compound_is_no_public_path():
    compound = frame(box(50, 22, 150, 60), compound_type=["factory"])
    banks = banks_of(town_of(compounds=compound))
    assert metres(banks, cause="compound") == pytest.approx(100)


def test_a_park_with_a_wall_is_open_to_all():
    compound = frame(box(50, 22, 150, 60), compound_type=["park"])
    assert metres(banks_of(town_of(compounds=compound)), has_path=True) == pytest.approx(200)


def test_a_path_that_meets_no_street_is_unjoined():
    streets = frame(line((0, 25), (50, 25)), line((0, 300), (500, 300), (500, 500)))
    banks = banks_of(town_of(streets=streets))
    assert metres(banks, cause="unjoined_path") == pytest.approx(50)


def test_a_park_across_the_canal_greens_only_its_own_bank():
    town = town_of(water=frame(box(0, 0, 200, 6), water_type=["canal"]))
    green = frame(box(40, 6, 140, 90), green_type=["park"])
    banks = banks_of(town, green)
    assert metres(banks, has_green=True) == pytest.approx(100)
    north = banks[banks["has_green"] == True]  # noqa: E712  missing is not true
    assert set(shapely.get_coordinates(north.geometry.to_numpy())[:, 1]) == {NORTH + 6}


@pytest.mark.parametrize(("off_m", "green_m"), [(11.9, 100), (12.1, 0)])
def test_green_counts_within_twelve_metres_of_the_bank(off_m, green_m):
    banks = banks_of(town_of(), frame(box(40, 20 + off_m, 140, 90), green_type=["verge"]))
    assert metres(banks, has_green=True) == pytest.approx(green_m)


def test_farmland_beside_the_bank_is_no_green():
    town = town_of(farmland_protected=frame(box(40, 20, 100, 90)))
    assert metres(
        banks_of(town, frame(box(40, 20, 140, 90), green_type=["park"])), has_green=True
    ) == pytest.approx(40)


def test_without_green_it_is_unknown_whether_banks_have_any():
    town = town_of()
    banks = banks_of(town)
    assert banks["has_green"].isna().all()
    assert np.isnan(value(town, banks, area(box(-50, -50, 250, 60)), "bank_green_share")).all()


def test_where_the_data_cut_the_water_there_is_no_bank():
    town = town_of(built_up=frame(box(0, -400, 100, 600)), extent=frame(box(-500, -500, 700, 700)))
    assert metres(banks_of(town)) == pytest.approx(200)  # the west end lies on the edge, its land outside


def test_a_built_up_area_that_ends_at_the_bank_keeps_that_bank():
    town = town_of(built_up=frame(box(-400, 20, 600, 600)))
    assert metres(banks_of(town)) == pytest.approx(200)


def test_banks_under_a_bridge_do_not_count():
    town = town_of(bridges=frame(box(90, -5, 98, 30)))
    assert metres(banks_of(town)) == pytest.approx(440 - 2 * 8)


def test_a_bridge_street_covers_its_width():
    streets = frame(
        line((0, 25), (200, 25)), line((100, 25), (100, -5)), is_bridge=[False, True], width_m=[4.0, 10.0]
    )
    assert metres(banks_of(town_of(streets=streets))) == pytest.approx(440 - 2 * 10)


@pytest.mark.parametrize("gap_m", [0.0, 2e-4, 0.5])
def test_the_mouth_of_one_canal_into_another_is_no_bank(gap_m):
    water = frame(box(0, 0, 200, 20), box(90, 20 + gap_m, 100, 120), water_type=["canal", "canal"])
    assert metres(banks_of(town_of(water=water))) == pytest.approx(
        440 + 2 * 100 + 10 - 10, abs=1e-3 + 2 * gap_m
    )


def test_ponds_have_no_banks_but_lakes_of_a_hectare_do():
    water = frame(box(0, 0, 50, 50), box(200, -200, 301, -100), water_type=["pond", None])
    assert set(banks_of(town_of(water=water))["water_id"]) == {"x1"}


def test_a_town_without_water_has_no_banks_and_does_not_know_their_length():
    town = town_of(water=None)
    banks = banks_of(town)
    assert banks.empty
    assert np.isnan(value(town, banks, area(box(0, 0, 9, 9)), "bank_m")).all()


def test_beyond_the_extent_paths_are_unknown():
    town = town_of(extent=frame(box(-400, -400, 100, 600)), study_area=frame(box(-400, -400, 600, 600)))
    banks = banks_of(town)
    assert banks.loc[banks["has_path"].isna(), "length_m"].sum() == pytest.approx(220)
    assert set(banks.loc[banks["has_path"].isna(), "cause"]) == {""}


def test_areas_side_by_side_share_no_bank_and_miss_none():
    town = town_of(barriers=frame(line((60, 23), (110, 23))))
    banks = banks_of(town, frame(box(40, 20, 140, 90), green_type=["park"]))
    parts = area(box(-50, 20, 70, 300), box(70, 20, 250, 300), box(-50, -300, 250, 20))
    whole = area(box(-50, -300, 250, 300))
    assert sum(value(town, banks, parts, "bank_m")) == pytest.approx(440, abs=1e-6)
    for share in ("bank_green_share", "bank_path_share"):
        lengths = np.multiply(value(town, banks, parts, share), value(town, banks, parts, "bank_m"))
        assert lengths.sum() == pytest.approx(value(town, banks, whole, share)[0] * 440, abs=1e-6)


def test_blocks_are_told_by_the_land_side():
    town = town_of(blocks=frame(box(0, 20, 100, 90), box(0, -90, 200, 20), id=["k1", "k2"]))
    banks = banks_of(town)
    assert metres(banks, block_id="k1") == pytest.approx(100)
    assert metres(banks, block_id="k2") == pytest.approx(200)


def _scene():
    return {
        "streets": _interrupted(15),
        "barriers": frame(line((20, 23), (60, 23))),
        "buildings": frame(
            box(120, 21, 140, 24), box(300, 300, 310, 310), use=["shop", "residential"], people=[0.0, 9.0]
        ),
    }


# Turned by these a corner on whole metres stays on whole centimetres, and so on the grid outlines stand on.
@pytest.mark.parametrize(("c", "s"), [(1, 0), (0.6, 0.8), (0, 1), (-0.8, -0.6)])
def test_moving_and_turning_the_town_changes_nothing(c, s):
    x, y = EAST + 100, NORTH + 10
    matrix = [c, -s, s, c, x - c * x + s * y + 37.5, y - s * x - c * y - 11.25]
    town = town_of(**_scene())
    green = frame(box(40, 20, 140, 90), green_type=["park"])
    moved = {
        name: of.set_geometry(of.geometry.map(lambda one: affine_transform(one, matrix)))
        for name, of in town.layers.items()
    }
    park = green.set_geometry(green.geometry.map(lambda one: affine_transform(one, matrix)))
    was, turned = banks_of(town, green), banks_of(Town.from_layers(name="T", **moved), park)
    key = ["has_green", "has_path", "cause"]
    sums = [of.groupby(key)["length_m"].agg(["sum", "size"]) for of in (was, turned)]
    assert sums[0].index.equals(sums[1].index)
    np.testing.assert_allclose(sums[0], sums[1], atol=1e-5)


def test_the_order_of_rows_changes_nothing():
    water = frame(box(0, 0, 200, 20), box(90, 20, 100, 120), water_type=["canal", "canal"])
    layers = _scene() | {"water": water}
    green = frame(box(40, 20, 140, 90), box(-50, -30, 90, 0), green_type=["park", "verge"])
    backwards = {name: of.iloc[::-1] for name, of in layers.items()}
    one, other = banks_of(town_of(**layers), green), banks_of(town_of(**backwards), green.iloc[::-1])
    assert one.equals(other)


def test_the_banks_of_the_sample_add_up(shuixiang, shuixiang_network):
    banks = waterfront(shuixiang, shuixiang_network, shuixiang["green"])
    ground = shuixiang["built_up"].union_all()
    west, south, east, north = ground.bounds
    middle = (west + east) / 2
    halves = [
        ground.intersection(shapely.box(*of))
        for of in ((west, south, middle, north), (middle, south, east, north))
    ]
    ids = ["west", "east", "town"]
    areas = gpd.GeoDataFrame(
        {"area_kind": "block", "area_id": ids, "area_name": ids}, geometry=[*halves, ground], crs=CRS
    )
    one, other, whole = value(shuixiang, banks, areas, "bank_m")
    assert one + other == pytest.approx(whole, rel=1e-9)
    assert 0 < whole <= banks["length_m"].sum() * (1 + 1e-9)
