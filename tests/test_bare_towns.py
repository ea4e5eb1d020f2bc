"""Towns that have little: no buildings, no people; everything runs, and says what it rests on."""

from __future__ import annotations

import pytest
from town_layers import codes, frame, good_layers, point, square

from fengmao_geo.export.folium_map import write_block_maps
from fengmao_geo.export.summary import summary_table
from fengmao_geo.network.build import walk_network
from fengmao_geo.spaces.candidates import survey_spaces
from fengmao_geo.spaces.open_land import unsearched_ground
from fengmao_geo.study import study
from fengmao_geo.town.people import dwelling_basis, people_basis
from fengmao_geo.town.town import Town, TownSettings


def parcels(*codes_of):
    """Draw parcels of 100 by 100 m side by side along the street."""
    shapes = [square(100 + 100 * at, 510, 100) for at in range(len(codes_of))]
    return frame(shapes, id=[f"p{at}" for at in range(len(codes_of))], land_code=list(codes_of))


def town(settings=None, **more):
    blocks = frame([square(50, 480, 400)], id=["k1"], name=["东街片区"], renewal_type=["old_estate"])
    layers = good_layers(buildings=None, blocks=blocks, **more)
    return Town.from_layers(
        name="T", settings=settings or TownSettings(codes={"parcels": "sandiao"}), **layers
    )


@pytest.fixture(scope="module")
def of_parcels():
    return town(parcels=parcels("0701", "0701", "0810A"))


@pytest.fixture(scope="module")
def of_addresses():
    return town(addresses=frame([point(150, 515), point(250, 515), point(350, 515)], id=["a", "b", "c"]))


@pytest.mark.parametrize(
    ("name", "basis", "weights", "head"),
    [
        ("of_parcels", "parcels", "floor_area", "residential m² (not people)"),
        ("of_addresses", "addresses", "address_count", "addresses (not people)"),
    ],
)
def test_a_town_without_buildings_runs_to_its_maps(request, tmp_path, name, basis, weights, head):
    made = request.getfixturevalue(name)
    results = study(made)
    pages = write_block_maps(results, folder=tmp_path, lang="en")
    assert (dwelling_basis(made), people_basis(made)) == (basis, weights)
    assert [page.name for page in pages] == ["index.html", "block_01.html"]
    assert list(summary_table(results, lang="en").columns)[2] == head


def test_it_is_told_what_the_dwellings_are(of_parcels, of_addresses):
    assert codes(of_parcels, "parcels") == ["dwellings_of", "people_absent"]
    assert codes(of_addresses, "addresses") == ["dwellings_of", "people_absent"]


def test_a_total_is_spread_over_the_ground_of_parcels():
    settings = TownSettings(people_total=90, codes={"parcels": "sandiao"})
    made = town(settings, parcels=parcels("0701", "0701", "0810A"))
    assert made.spread.rows["people"].tolist() == pytest.approx([45, 45])


def test_without_buildings_only_parcels_on_which_nothing_stands_are_searched(of_parcels):
    # a square kilometre less the one parcel of a plaza
    assert sum(part.area for part in unsearched_ground(of_parcels)) == pytest.approx(1e6 - 1e4)


def test_without_buildings_and_codes_nothing_is_searched(of_addresses):
    assert sum(part.area for part in unsearched_ground(of_addresses)) == pytest.approx(1e6)


def test_with_buildings_all_ground_is_searched():
    assert len(unsearched_ground(Town.from_layers(name="T", **good_layers()))) == 0


def test_a_parcel_of_an_unknown_code_may_be_built_over():
    made = town(parcels=parcels("9999", "0810A"))
    assert sum(part.area for part in unsearched_ground(made)) == pytest.approx(1e6 - 1e4)


def test_spaces_lie_only_where_nothing_stands_and_the_rest_is_told(of_parcels):
    survey = survey_spaces(of_parcels, walk_network(of_parcels))
    told = survey.findings[survey.findings["code"] == "open_land_unsearched"]
    assert told["values"].tolist() == [{"area_m2": 990_000}]
    plaza = of_parcels["parcels"].geometry[2].buffer(0.01)
    assert len(survey.spaces) > 0
    assert survey.spaces.within(plaza).all()
