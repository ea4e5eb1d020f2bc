"""What a map page draws of life circles, as plain lists."""

from __future__ import annotations

import pytest
from map_town import EAST, NORTH, MapTown, box, map_circles, map_layers
from pyproj import CRS

from fengmao_geo.export.map_data import type_data
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.map_reach import (
    area_change_data,
    area_data,
    changed_areas,
    home_data,
    light_areas,
)

FRAME = Frame(CRS("EPSG:4549"), (EAST, NORTH, EAST + 1200, NORTH + 800))
WEST_HALF = Frame(CRS("EPSG:4549"), (EAST, NORTH, EAST + 300, NORTH + 800))


@pytest.fixture
def town() -> MapTown:
    return MapTown(map_layers())


@pytest.fixture
def ids(town) -> list[str]:
    return type_data(town, map_circles(), lang="zh")[0]


def test_a_status_is_one_sign_per_home_circle_and_type(town, ids):
    status = home_data(town, map_circles(), FRAME, ids)["status"]
    assert status["5"][ids.index("health_station")] == "1110??"
    assert status["15"][ids.index("health_station")] == "11111?"
    assert status["15"][ids.index("kindergarten")] == "1110??"


def test_a_type_without_a_survey_is_unknown_within_every_circle(town, ids):
    status = home_data(town, map_circles(), FRAME, ids)["status"]
    assert {status[limit][ids.index("nursery")] for limit in ("5", "15")} == {"??????"}


def test_an_unknown_that_nothing_explains_is_unknown_within_every_circle(town, ids):
    circles = map_circles()
    reach = circles.reach
    hidden = (reach["dwelling_id"] == "b0") & (reach["facility_type"] == "wet_market")
    changed = map_circles(reach=reach.assign(status=reach["status"].where(~hidden, "unknown")))
    status = home_data(town, changed, FRAME, ids)["status"]
    assert status["15"][ids.index("wet_market")] == "?000??"


def test_five_minutes_and_a_billionth_are_five_minutes(town, ids):
    circles = map_circles()
    reach = circles.reach
    changed = map_circles(reach=reach.assign(travel_min=reach["travel_min"].replace(6.0, 5 * (1 + 5e-10))))
    assert home_data(town, changed, FRAME, ids)["status"]["5"][0] == "1111??"


def test_metres_and_tenths_of_minutes_are_whole_and_missing_is_minus_one(town, ids):
    data = home_data(town, map_circles(), FRAME, ids)
    assert data["metres"][ids.index("kindergarten")] == [240, 540, 540, 960, -1, -1]
    assert data["tenths"][ids.index("kindergarten")] == [40, 90, 90, 160, -1, -1]


def test_people_are_whole_and_unknown_ones_missing(town, ids):
    assert home_data(town, map_circles(), FRAME, ids)["people"] == [20, 20, 10, None, 30, 4]


def test_homes_outside_the_frame_are_left_out(town, ids):
    data = home_data(town, map_circles(), WEST_HALF, ids)
    assert data["ids"] == ["b0", "b1", "b2", "b3"]
    assert all(len(signs) == 4 for circle in data["status"].values() for signs in circle)


def test_a_frame_without_homes_is_empty(town, ids):
    far = Frame(CRS("EPSG:4549"), (EAST + 5000, NORTH, EAST + 5100, NORTH + 100))
    data = home_data(town, map_circles(), far, ids)
    assert data["ids"] == []
    assert data["status"]["5"] == [""] * 5


def test_the_order_of_rows_of_reach_changes_nothing(town, ids):
    circles = map_circles()
    turned = map_circles(reach=circles.reach.iloc[::-1])
    assert home_data(town, turned, FRAME, ids) == home_data(town, circles, FRAME, ids)


def test_homes_that_are_parcels_bring_their_own_shapes(town, ids):
    homes = map_circles().dwellings
    parcels = homes.assign(dwelling_id="p" + homes["dwelling_id"])
    reach = map_circles().reach
    circles = map_circles(dwellings=parcels, reach=reach.assign(dwelling_id="p" + reach["dwelling_id"]))
    own = home_data(town, circles, FRAME, ids)["own_shapes"]
    assert [shape["home"] for shape in own] == [0, 1, 2, 3, 4, 5]
    assert all("shape" in shape for shape in own)


def test_homes_that_are_buildings_bring_none(town, ids):
    assert home_data(town, map_circles(), FRAME, ids)["own_shapes"] == []


def test_areas_are_kept_by_type_and_minutes(ids):
    areas = area_data(map_circles(), FRAME, ids)
    assert sorted(areas) == ["0/15", "0/5", "1/15", "1/5"]


def test_an_area_outside_the_frame_is_left_out(ids):
    assert sorted(area_data(map_circles(), WEST_HALF, ids)) == ["0/15", "0/5"]


def test_areas_are_made_lighter_once_and_the_given_ones_stay():
    fine = box(0, 0, 100, 100).buffer(20, quad_segs=64)
    circles = map_circles()
    given = map_circles(service_areas=circles.service_areas.iloc[:1].set_geometry([fine], crs=4549))
    lighter = light_areas(given).service_areas.geometry.iloc[0]
    assert len(lighter.exterior.coords) < len(fine.exterior.coords) / 3
    assert lighter.symmetric_difference(fine).area < 0.01 * fine.area
    assert given.service_areas.geometry.iloc[0].equals(fine)


def test_without_life_circles_there_are_no_homes_and_no_areas(town):
    assert home_data(town, None, FRAME, [])["ids"] == []
    assert area_data(None, FRAME, []) == {}


def test_ground_gained_and_lost_is_what_the_areas_differ_by():
    before = map_circles()
    rows = before.service_areas
    # The first area grows by 10 m to the east; the last one is no more.
    grown = rows.geometry.where(rows.index != 0, box(90, 260, 210, 160))
    after = map_circles(service_areas=rows.set_geometry(grown)[:-1])
    changes = changed_areas(before, after)
    found = zip(
        changes["facility_type"], changes["limit_min"], changes["is_gained"], changes.area, strict=True
    )
    assert list(found) == [
        ("health_station", 5.0, True, pytest.approx(10 * 160)),
        ("kindergarten", 15.0, False, pytest.approx(600 * 160)),
    ]


def test_areas_that_stay_as_they_are_differ_in_nothing():
    assert changed_areas(map_circles(), map_circles()).empty
    none = map_circles(service_areas=map_circles().service_areas[:0])
    assert changed_areas(none, none).empty


def test_ground_gained_is_written_by_type_and_circle(ids):
    none = map_circles(service_areas=map_circles().service_areas[:0])
    data = area_change_data(changed_areas(none, map_circles()), FRAME, ids)
    assert data["lost"] == {}
    assert set(data["gained"]) == set(area_data(map_circles(), FRAME, ids))
