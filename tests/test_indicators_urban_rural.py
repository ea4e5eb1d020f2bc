"""Indicators of town and country, each against fields worked out on paper."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from block_towns import houses, km_town, missing, shuffled, values
from space_towns import box, layer
from town_layers import frame

from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.town.town import TownSettings

OF_FIELDS = [name for name, of in indicator_file().indicators.items() if of.group == "urban_rural"]
SANDIAO = TownSettings(codes={"parcels": "sandiao"})
#: A plot cut off by roads, one enclosed by the town and half beyond the block, and a vacant plot.
PLOTS = (box(120, 120, 220, 170), box(460, 120, 540, 220), box(300, 300, 340, 340))


def spaces(*shapes, kinds=("road_cut_plot", "enclosed_farmland", "vacant_plot")):
    families = ["farmland" if kind != "vacant_plot" else "leftover" for kind in kinds]
    ids = [f"x{at}" for at in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"space_id": ids, "family": families, "kind": list(kinds)}, geometry=list(shapes), crs=4549
    )


def possible(*rows):
    """List possible uses: space, use, whether it fits, and on how much ground."""
    return pd.DataFrame(rows, columns=["space_id", "use", "fits", "area_m2"])


USES = possible(
    ("x0", "crop_field", "yes", 5000.0),
    ("x0", "edible_garden", "yes", 3000.0),
    ("x1", "crop_field", "no", 8000.0),
    ("x1", "edible_garden", "unknown", 3000.0),
    ("x2", "edible_garden", "yes", 1600.0),
    ("x2", "pocket_park", "yes", 1600.0),
)


def test_fragments_are_counted_where_they_mostly_lie():
    """The second plot has its middle on the edge of the block at x 500, which counts as within."""
    town = km_town()
    assert values("farmland_fragment_count", town, spaces=spaces(*PLOTS)) == [2, 0, 2]


def test_fragments_are_measured_within_the_block():
    """5,000 m² and half of 8,000 m²; the town has both whole."""
    found = values("farmland_fragment_ha", km_town(), spaces=spaces(*PLOTS))
    assert found == pytest.approx([0.9, 0.0, 1.3])


def test_where_no_farmland_is_cut_off_there_is_none_and_that_is_known():
    town, vacant = km_town(), spaces(PLOTS[2], kinds=["vacant_plot"])
    assert values("farmland_fragment_count", town, spaces=vacant) == [0, 0, 0]
    assert values("farmland_fragment_ha", town, spaces=vacant) == [0, 0, 0]


def test_before_spaces_are_looked_for_fragments_are_unknown():
    assert missing("farmland_fragment_count", km_town()) == ["spaces"] * 3
    assert missing("farmland_fragment_ha", km_town()) == ["spaces"] * 3


def test_edible_ground_counts_each_space_once_with_its_most():
    """5,000 m² of crops (or a garden of 3,000) and a garden of 1,600 m²; a park feeds nobody."""
    found = values("edible_m2", km_town(), spaces=spaces(*PLOTS), uses=USES)
    assert found == pytest.approx([6600, 0, 6600])


def test_what_is_not_known_to_fit_is_no_potential():
    only = USES[USES["space_id"] == "x1"]
    assert values("edible_m2", km_town(), spaces=spaces(*PLOTS), uses=only) == [0, 0, 0]


def test_without_possible_uses_the_potential_is_unknown():
    assert missing("edible_m2", km_town(), spaces=spaces(*PLOTS)) == ["uses"] * 3


def test_the_edge_of_town_lies_along_farmland_within_twenty_metres():
    """A field 10 m off, 100 m long: the edge beside it and 17.3 m at either end, which is 134.6 m."""
    town = km_town(blocks=[box(900, 100, 1000, 300)], farmland_protected=layer(box(1010, 150, 1200, 250)))
    assert values("farmland_edge_m", town) == pytest.approx([134.64, 134.64], rel=2e-3)


def test_only_the_edge_by_the_block_is_the_blocks():
    """The block, widened to y 215, has 65 m beside the field and 20 m before it."""
    field = layer(box(1000, 150, 1200, 250))
    town = km_town(blocks=[box(900, 100, 1000, 200), box(100, 100, 300, 300)], farmland_protected=field)
    assert values("farmland_edge_m", town) == pytest.approx([85.0, 0.0, 140.0], rel=2e-3)


def test_cropland_of_the_survey_is_farmland_and_orchards_are_not():
    parcels = frame(
        [box(1000, 100, 1200, 200), box(1000, 600, 1200, 700)], id=["p", "q"], land_code=["0101", "0201"]
    )
    town = km_town(settings=SANDIAO, parcels=parcels)
    assert values("farmland_edge_m", town)[2] == pytest.approx(140, rel=2e-3)


def test_a_field_twenty_five_metres_off_is_not_at_the_edge():
    town = km_town(farmland_protected=layer(box(1025, 100, 1200, 200)))
    assert values("farmland_edge_m", town) == [0, 0, 0]


def test_without_parcels_and_protected_farmland_the_edge_is_unknown():
    assert missing("farmland_edge_m", km_town()) == ["parcels.land_code"] * 3


def test_either_of_two_layers_settles_the_edge():
    town = km_town(farmland_protected=layer(box(1025, 100, 1200, 200)))
    assert missing("farmland_edge_m", town) == [""] * 3


def test_the_order_of_rows_changes_nothing():
    fields = layer(box(1000, 150, 1200, 250), box(-200, 300, -5, 480))
    homes = houses(box(110, 110, 130, 130), box(140, 110, 160, 130), people=[1.0, 2.0])
    found = []
    for order in (lambda table: table, shuffled):
        town = km_town(farmland_protected=order(fields), buildings=order(homes))
        steps = {"spaces": order(spaces(*PLOTS)), "uses": order(USES)}
        found.append([values(name, town, **steps) for name in OF_FIELDS])
    assert found[0] == found[1]
    assert all(numbers[2] > 0 for numbers in found[0])
