"""The sample town's programme, counted anew by life circles of the town with the new facilities in it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd
import pytest

import fengmao_geo as fg
from fengmao_geo.standards.uses import uses
from fengmao_geo.town.town import Layers

if TYPE_CHECKING:
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.town.town import Town

circles_module = import_module("fengmao_geo.life_circle.circles")


class Sample(NamedTuple):
    town: Town
    network: WalkNetwork
    circles: LifeCircles
    spaces: gpd.GeoDataFrame

    def choose(self, **options):
        return fg.choose_sites(self.town, self.network, self.spaces, self.circles, **options)


def counted(town, network):
    """Count who reaches what; the ground that is reached is drawn for maps, takes long, and counts nobody."""
    nothing = gpd.GeoDataFrame(geometry=[], crs=town.crs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(circles_module, "_service_areas", lambda *_: nothing)
        return fg.life_circles(town, network)


@pytest.fixture(scope="module")
def sample(shuixiang, shuixiang_network):
    spaces = fg.find_spaces(shuixiang, shuixiang_network)
    return Sample(shuixiang, shuixiang_network, counted(shuixiang, shuixiang_network), spaces)


@pytest.fixture(scope="module")
def programme(sample):
    return sample.choose(budget_wan=800, rules=fg.SiteRules(alternatives_count=1))


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


def test_people_newly_served_are_those_who_lack_it_no_longer_to_the_person(sample, programme):
    after = counted(rebuilt(sample.town, programme), sample.network)
    fewer = unreached(sample.circles) - unreached(after)
    served = programme.served.groupby("facility_type")["people"].sum()
    assert len(served) >= 5
    assert fewer[fewer != 0].to_dict() == pytest.approx(served.to_dict())


def test_the_alternative_stands_on_other_spaces_and_serves_no_more(programme):
    other = programme.alternatives
    assert not set(programme.sites["space_id"]) <= set(other["space_id"])
    assert other["cost_wan"].max() <= 800
    assert 0.99 * programme.objective < other["objective"].max() <= programme.objective


def test_the_fairest_is_proven_within_the_time_limit(sample):
    found = sample.choose(budget_wan=800, objective="fairest", rules=fg.SiteRules(alternatives_count=0))
    assert (found.status, found.gap) == ("optimal", 0)
    assert found.sites["cost_wan"].sum() <= 800
