"""Green gained: before, after and gain of the town, its blocks and its interventions, observed and planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from fengmao_geo.green.vegetation import GreenPicture
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.tables import Programme
    from fengmao_geo.town.town import Town

__all__ = ["GreenGains", "green_gains"]


@dataclass(frozen=True, repr=False, eq=False)
class GreenGains:
    """What became greener, as frozen tables; made by `green_gains`.

    Parameters
    ----------
    gains
        Area by indicator: before, after, gain and its interval; ``basis`` says how it is known. Rows of
        different bases measure the same ground in different ways and are never summed.
    attribution
        What each block and each intervention gained of the town's gain, every square metre once.
    pocket_parks
        Parks of 400 to 10,000 m².
    park_reach
        Each dwelling's nearest park, walked and by straight line.
    banks
        Stretches of bank with their green and their path; breaks with their cause.
    tree_lined_streets
        Streets with the share of their walks under crowns.
    vertical_green
        Roofs, walls and piers that could carry plants.
    transitions
        Square metres by class of vegetation before and after.
    image_cover
        How much of each area the images show.
    picture
        Grids for maps; ``None`` without images.
    findings
        What could not be known, and what was left out.
    """

    gains: pd.DataFrame
    attribution: pd.DataFrame
    pocket_parks: gpd.GeoDataFrame
    park_reach: pd.DataFrame
    banks: gpd.GeoDataFrame
    tree_lined_streets: gpd.GeoDataFrame
    vertical_green: gpd.GeoDataFrame
    transitions: pd.DataFrame
    image_cover: pd.DataFrame
    picture: GreenPicture | None
    findings: pd.DataFrame

    def __repr__(self) -> str:
        areas = self.gains.drop_duplicates(["area_kind", "area_id"])["area_kind"].value_counts()
        known = int(self.gains["gain"].notna().sum())
        return (
            f"<GreenGains: {areas.get('block', 0)} blocks, {areas.get('intervention', 0)} interventions, "
            f"{self.gains['indicator'].nunique()} indicators, {known:,} gains known>"
        )

    def _repr_html_(self) -> str:
        town = self.gains[self.gains["area_kind"] == "town"]
        shown = town[["indicator", "rule_set", "by", "basis", "before", "after", "gain", "low", "high"]]
        return str(shown.to_html(index=False, float_format=lambda value: f"{value:,.3f}"))
