"""Indicators of vitality, each against a street worked out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from block_towns import NONE_THERE, houses, km_town, missing, shuffled, streets, unknown, values
from space_towns import box
from town_layers import frame, point

from fengmao_geo.blocks.facades import facades_of, in_steps
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.town import TownSettings

OF_VITALITY = [name for name, of in indicator_file().indicators.items() if of.group == "vitality"]
#: A street of 6 m through the first block, its edge at y 303.
STREET = streets(("branch", ((-100, 300), (1100, 300))), width_m=[6.0])


def shops(*rows, **columns):
    """Draw facilities: pairs of type and place."""
    ids = [f"f{at}" for at in range(len(rows))]
    kinds = [kind for kind, _ in rows]
    return frame([point(*place) for _, place in rows], **({"id": ids, "facility_type": kinds} | columns))


def test_facilities_per_hundred_metres_of_street():
    """Two along 400 m of street: a toilet, a bus stop and a park do not count."""
    rows = [("restaurant", (200, 310)), ("library", (300, 310)), ("public_toilet", (310, 310))]
    rows += [("bus_stop", (320, 310)), ("park", (330, 310)), ("bank", (600, 310))]
    town = km_town(streets=STREET, facilities=shops(*rows))
    assert values("facility_count_per_100_m", town) == pytest.approx([0.5, NONE_THERE, 0.3])


def test_what_is_only_planned_does_not_enliven_a_street():
    rows = shops(("restaurant", (200, 310)), ("bank", (300, 310)), is_planned=[True, False])
    assert values("facility_count_per_100_m", km_town(streets=STREET, facilities=rows))[0] == 0.25


def test_a_block_with_streets_and_no_facility_has_none_and_that_is_known():
    town = km_town(streets=STREET, facilities=shops(("bank", (600, 310))))
    assert values("facility_count_per_100_m", town)[0] == 0


def test_without_facilities_in_the_data_vitality_is_unknown():
    town = km_town(streets=STREET)
    assert missing("facility_count_per_100_m", town) == ["facilities"] * 3
    assert missing("trade_diversity", town) == ["facilities.facility_type"] * 3


def test_two_trades_equally_frequent_are_two():
    rows = [("restaurant", (200, 310)), ("bank", (300, 310)), ("library", (310, 310))]
    assert values("trade_diversity", km_town(facilities=shops(*rows))) == pytest.approx([2, NONE_THERE, 2])


def test_three_of_one_trade_and_one_of_another_are_fewer_than_two():
    """Entropy of 3/4 and 1/4, raised: 4 / 3^(3/4)."""
    rows = [("restaurant", (x, 310)) for x in (200, 210, 220)] + [("bank", (300, 310))]
    found = values("trade_diversity", km_town(facilities=shops(*rows)))[0]
    assert found == pytest.approx(4 / 3**0.75)


def test_a_town_that_lists_no_trade_at_all_may_have_some():
    """Only where all types are said to be listed is there none."""
    rows = shops(("library", (200, 310)))
    assert all(unknown(values("trade_diversity", km_town(facilities=rows))))
    town = km_town(facilities=rows, settings=TownSettings(surveyed_types="all"))
    assert values("trade_diversity", town) == [NONE_THERE] * 3


def fronts(*shapes, net=STREET, **columns):
    return values("active_frontage_share", km_town(streets=net, buildings=houses(*shapes, **columns)))


def test_active_frontage_is_length_of_shops_over_length_along_the_street():
    """A shop of 30 m and a house of 10 m side by side, 2 m behind the street's edge."""
    assert fronts(
        box(200, 305, 230, 320), box(230, 305, 240, 320), use=["commercial", "residential"]
    ) == pytest.approx([0.75, NONE_THERE, 0.75])


def test_mixed_and_public_fronts_are_active_and_idle_ones_are_not():
    boxes = [box(x, 305, x + 10, 320) for x in (200, 220, 240, 260)]
    uses = ["mixed", "public", "industrial", "commercial"]
    status = ["in_use", None, "in_use", "idle"]
    assert fronts(*boxes, use=uses, status=status)[0] == pytest.approx(0.5)


def test_a_building_farther_from_the_edge_than_ten_metres_is_not_along_the_street():
    assert fronts(
        box(200, 312.9, 220, 330), box(230, 313.1, 250, 330), use=["commercial", "residential"]
    ) == pytest.approx([1.0, NONE_THERE, 1.0])


def test_a_building_behind_another_is_not_along_the_street():
    """The house behind the shop looks at its back; beside the shop it looks out over 4 m."""
    shop, house = box(200, 304, 220, 306), box(200, 308, 224, 315)
    assert fronts(shop, house, use=["commercial", "residential"])[0] == pytest.approx(20 / 24)


def test_ways_within_a_compound_are_not_streets():
    town = km_town(
        streets=STREET,
        buildings=houses(box(200, 305, 230, 320), use=["commercial"]),
        compounds=frame([box(-150, 200, 1150, 400)], id=["c"], compound_type=["estate"]),
    )
    assert values("active_frontage_share", town) == [NONE_THERE] * 3


def test_where_the_uses_along_a_street_are_not_known_its_frontage_is_unknown():
    found = fronts(box(200, 305, 210, 320), box(220, 305, 230, 320), use=["commercial", None])
    assert unknown(found) == [True, False, True]


def test_a_party_wall_is_no_facade():
    """Two houses of 10 by 8 m share a wall of 8 m: 36 + 36 - 16 m are left."""
    pair = np.array([box(0, 0, 10, 8), box(10, 0, 20, 8)])
    assert facades_of(pair).length_m.sum() == pytest.approx(56)


def test_a_courtyard_has_facades_that_look_inwards():
    ring = box(0, 0, 20, 20).difference(box(5, 5, 15, 15))
    pieces = facades_of(np.array([ring]))
    assert pieces.length_m.sum() == pytest.approx(80 + 40)
    assert not any(ring.contains(place) for place in pieces.points)


def test_stretches_are_cut_into_equal_steps_no_longer_than_asked():
    start, end = (
        np.array([[0.0, 0.0], [5.0, 5.0], [0.0, 1.0]]),
        np.array([[5.0, 0.0], [5.0, 5.0], [4.0, 1.0]]),
    )
    first, last, row = in_steps(start, end, np.array([7, 8, 9]), step_m=2.0)
    assert np.hypot(*(last - first).T).tolist() == pytest.approx([5 / 3] * 3 + [2.0] * 2)
    assert row.tolist() == [7, 7, 7, 9, 9]


def test_the_order_of_rows_changes_nothing():
    facilities = shops(("restaurant", (200, 310)), ("bank", (300, 310)), ("bank", (310, 310)))
    buildings = houses(box(200, 305, 230, 320), box(230, 305, 240, 320), use=["commercial", "residential"])
    found = []
    for order in (lambda table: table, shuffled):
        town = km_town(streets=STREET, facilities=order(facilities), buildings=order(buildings))
        found.append([values(name, town) for name in OF_VITALITY])
    assert found[0] == found[1]
    assert all(math.isfinite(numbers[0]) for numbers in found[0])
