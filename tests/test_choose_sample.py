"""The sample town's programme, counted anew by life circles of the town with the new facilities in it."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest

import fengmao_geo as fg
from fengmao_geo.standards.uses import uses
from fengmao_geo.town.town import Layers


@pytest.fixture(scope="module")
def programme(demo):
    of = demo.results
    rules = fg.SiteRules(alternatives_count=0)
    return fg.choose_sites(of.town, of.network, of.spaces, of.circles, budget_wan=800, rules=rules)


def rebuilt(town, programme):
    """The town with what the programme's uses supply."""
    stands = [
        (f"{space}-{kind}", kind, shape)
        for space, use, shape in zip(
            programme.sites["space_id"], programme.sites["use"], programme.sites.geometry, strict=True
        )
        for kind in uses()[use].supplies
    ]
    ids, kinds, shapes = zip(*stands, strict=True)
    new = gpd.GeoDataFrame({"id": ids, "facility_type": kinds}, geometry=list(shapes), crs=town.crs)
    facilities = pd.concat([town["facilities"], new], ignore_index=True)
    return replace(town, layers=Layers({**town.layers, "facilities": facilities}))


def unreached(circles):
    """People who lack each type within its tier."""
    rows = circles.areas[(circles.areas["area_kind"] == "town") & (circles.areas["by"] == "network")]
    rows = rows.merge(circles.types[["facility_type", "tier_min"]], on="facility_type")
    return rows[rows["limit_min"] == rows["tier_min"]].set_index("facility_type")["unreached_people"]


def test_the_budget_is_kept_and_the_best_is_proven(programme):
    assert programme.sites["cost_wan"].sum() <= 800
    assert programme.status == "optimal"
    assert programme.objective >= programme.greedy["objective"].max()


def test_people_newly_served_are_those_who_lack_it_no_longer_to_the_person(demo, programme):
    of = demo.results
    after = fg.life_circles(rebuilt(of.town, programme), of.network)
    fewer = unreached(of.circles) - unreached(after)
    served = programme.served.groupby("facility_type")["people"].sum()
    assert len(served) >= 5
    assert fewer[fewer != 0].to_dict() == pytest.approx(served.to_dict())
