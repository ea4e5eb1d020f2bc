"""Indicators of old estates, each against an estate worked out on paper."""

from __future__ import annotations

import math

import pytest
from block_towns import NONE_THERE, houses, km_town, missing, shuffled, unknown, values
from space_towns import box, layer
from town_layers import frame, line, point

from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.town import TownSettings

OF_ESTATES = [name for name, of in indicator_file().indicators.items() if of.group == "estates"]
#: Four houses of 400 m² in the first block; the third and fourth stand in an estate.
ROWS = tuple(box(x, 200, x + 20, 220) for x in (120, 160, 300, 340))
ESTATE = box(280, 180, 480, 230)


def compounds(*shapes, kind="estate"):
    return frame(shapes, id=[f"c{at}" for at in range(len(shapes))], compound_type=[kind] * len(shapes))


def town_of(*, rows=ROWS, more=None, **columns):
    columns = {"use": ["residential"] * len(rows), "people": [10.0] * len(rows)} | columns
    return km_town(buildings=houses(*rows, **columns), **({"compounds": compounds(ESTATE)} | (more or {})))


def test_elderly_people_of_four_to_six_floors_climb_stairs():
    """Three floors are no hardship, seven have a lift: 2 + 4 of 1 + 2 + 4 + 8."""
    town = town_of(floor_count=[3, 4, 6, 7], elderly_people=[1.0, 2.0, 4.0, 8.0])
    assert values("walkup_elderly_people", town) == pytest.approx([6, 0, 6])
    assert values("walkup_elderly_share", town) == pytest.approx([0.4, NONE_THERE, 0.4])


def test_where_nobody_is_old_the_share_has_no_meaning_and_the_count_is_nothing():
    town = town_of(floor_count=[4, 4, 4, 4], elderly_people=[0.0] * 4)
    assert values("walkup_elderly_share", town)[0] == NONE_THERE
    assert values("walkup_elderly_people", town)[0] == 0


def test_elderly_people_counted_by_community_live_in_its_dwellings():
    """40 of 80 people are old, spread over floor area: 400 m² times 4, 4, 1 and 1 floors."""
    town = town_of(
        floor_count=[4, 4, 1, 1],
        people=[32.0, 32.0, 8.0, 8.0],
        more={"communities": frame([box(0, 0, 1000, 1000)], id=["c"], people=[80.0], elderly_people=[40.0])},
    )
    assert values("walkup_elderly_people", town)[0] == pytest.approx(32)


def test_without_old_people_in_the_data_their_number_is_unknown():
    town = town_of(floor_count=[4, 4, 4, 4])
    assert missing("walkup_elderly_people", town) == ["buildings.elderly_people"] * 3


def test_where_half_the_floors_are_unknown_so_is_who_climbs():
    town = town_of(floor_count=[4, None, None, 4], elderly_people=[1.0, 2.0, 4.0, 8.0])
    assert unknown(values("walkup_elderly_people", town)) == [True, False, True]
    assert unknown(values("walkup_elderly_share", town)) == [True, False, True]


def test_where_half_the_old_people_are_unknown_so_is_who_climbs():
    town = town_of(floor_count=[4, 4, 4, 4], elderly_people=[1.0, None, None, 8.0])
    assert unknown(values("walkup_elderly_people", town)) == [True, False, True]
    assert unknown(values("walkup_elderly_share", town)) == [True, False, True]


def test_homes_known_as_parcels_have_no_floors_to_climb():
    homes = houses(box(110, 110, 150, 150), land_code=["0701"], people=[9.0], elderly_people=[3.0])
    shed = houses(box(120, 120, 130, 130), use=["industrial"], floor_count=[4], elderly_people=[1.0])
    town = km_town(buildings=shed, parcels=homes, settings=TownSettings(codes={"parcels": "sandiao"}))
    assert all(unknown(values("walkup_elderly_people", town)))


def parking(*rows):
    """Draw parking: pairs of place and spaces."""
    return frame(
        [point(*place) for place, _ in rows],
        id=[f"p{at}" for at in range(len(rows))],
        capacity_count=[spaces for _, spaces in rows],
    )


def test_the_parking_gap_is_spaces_lacking_per_household():
    """30 + 20 households have 15 spaces: 35 of 50 lack. What stands outside the estate does not count."""
    town = town_of(
        household_count=[5, 5, 30, 20],
        more={"parking": parking(((400, 210), 10.0), ((290, 190), 5.0), ((130, 230), 99.0))},
    )
    assert values("parking_gap_per_household", town) == pytest.approx([0.7, NONE_THERE, 0.7])


def test_spaces_to_spare_in_one_estate_do_not_help_another():
    """10 of 10 households lack in the first, none of 30 in the second."""
    town = town_of(
        household_count=[4, 6, 10, 20],
        more={
            "compounds": compounds(box(110, 180, 190, 230), ESTATE),
            "parking": parking(((400, 210), 99.0)),
        },
    )
    assert values("parking_gap_per_household", town)[0] == pytest.approx(10 / 40)


def test_parking_without_a_count_makes_the_gap_unknown():
    spaces = parking(((400, 210), None), ((130, 230), 9.0))
    town = town_of(household_count=[5, 5, 30, 20], more={"parking": spaces})
    assert missing("parking_gap_per_household", town)[0].split(", ")[-1] == "parking.capacity_count"
    assert unknown(values("parking_gap_per_household", town)) == [True, False, True]


def test_without_a_layer_of_parking_the_gap_is_unknown_not_whole():
    town = town_of(household_count=[5, 5, 30, 20])
    assert missing("parking_gap_per_household", town) == ["parking.capacity_count"] * 3


def test_dwellings_far_from_any_sewer_have_none():
    """The sewer runs at x 100: the houses at x 120 to 140 lie 20 m off, those at 160 lie 60 m off."""
    sewers = frame([line((100, 0), (100, 1000))], id=["w"])
    town = town_of(more={"sewers": sewers})
    assert values("unsewered_dwelling_share", town) == pytest.approx([0.75, NONE_THERE, 0.75])


def test_without_sewers_in_the_data_nobody_is_said_to_lack_one():
    assert missing("unsewered_dwelling_share", town_of()) == ["sewers"] * 3


def test_green_inside_estates_is_a_share_of_their_ground():
    """Of 200 by 50 m 2,000 m² are green, counted once; green outside is not theirs."""
    plots = layer(
        box(400, 180, 440, 230), box(400, 180, 420, 230), box(120, 300, 200, 400), green_type=["attached"] * 3
    )
    town = town_of(more={"green": plots})
    assert values("estate_green_share", town) == pytest.approx([0.2, NONE_THERE, 0.2])


def test_an_estate_across_the_edge_of_a_block_counts_with_its_part():
    """Half of the estate lies in the block, and half of that is green."""
    plots = layer(box(450, 180, 500, 230), green_type=["attached"])
    town = town_of(more={"green": plots, "compounds": compounds(box(400, 180, 600, 230))})
    assert values("estate_green_share", town)[0] == pytest.approx(0.5)


def test_a_works_is_no_estate():
    plots = layer(box(450, 180, 500, 230), green_type=["attached"])
    town = town_of(more={"green": plots, "compounds": compounds(ESTATE, kind="factory")})
    assert values("estate_green_share", town) == [NONE_THERE] * 3


def test_old_estates_are_those_built_by_the_end_of_2000():
    """Of the two houses in the estate one is of 2000; those outside do not count."""
    town = town_of(built_year=[1980, 1980, 2000, 2001])
    assert values("old_estate_share", town) == pytest.approx([0.5, NONE_THERE, 0.5])


def test_without_compounds_estates_are_unknown():
    town = km_town(buildings=houses(*ROWS, use=["residential"] * 4, built_year=[1990] * 4, people=[1.0] * 4))
    assert missing("old_estate_share", town) == ["compounds.compound_type"] * 3


def test_the_order_of_rows_changes_nothing():
    rows = houses(
        *ROWS,
        use=["residential"] * 4,
        people=[10.0] * 4,
        elderly_people=[1.0, 2.0, 4.0, 8.0],
        floor_count=[3, 4, 6, 7],
        household_count=[5, 5, 30, 20],
        built_year=[1980, 1990, 2000, 2010],
    )
    layers = {
        "buildings": rows,
        "compounds": compounds(box(110, 180, 190, 230), ESTATE),
        "parking": parking(((400, 210), 10.0), ((290, 190), 5.0)),
        "sewers": frame([line((100, 0), (100, 1000)), line((0, 600), (900, 600))], id=["w", "v"]),
        "green": layer(box(400, 180, 440, 230), box(120, 190, 140, 230), green_type=["attached"] * 2),
    }
    found = []
    for order in (lambda table: table, shuffled):
        town = km_town(**{name: order(one) for name, one in layers.items()})
        found.append([values(name, town) for name in OF_ESTATES])
    assert found[0] == found[1]
    assert all(math.isfinite(numbers[0]) for numbers in found[0])
