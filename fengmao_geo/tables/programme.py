"""What is to be built where: the class that siting makes and the measuring of green takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fengmao_geo.schema import Column, Table

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PROGRAMME_RESULTS", "SITES", "Programme"]

SITES = Table(
    "sites",
    (
        Column("space_id"),
        Column("name"),
        Column("use"),
        Column("block_id", is_nullable=True),
        Column("rank", "whole", minimum=1),
        Column("cost_wan", "number", is_nullable=True, minimum=0),
        Column("area_m2", "number", minimum=0),
        Column("green_m2", "number", is_nullable=True, minimum=0),
    ),
    "polygon",
    keys=("space_id",),
)

PROGRAMME_RESULTS = (SITES,)


@dataclass(frozen=True)
class Programme:
    """Which spaces become what.

    Parameters
    ----------
    sites
        One row per space that is given a use: the table ``sites``. ``green_m2`` is how much of it is planted.
    """

    sites: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        """Refuse sites that are not as declared."""
        SITES.check(self.sites)

    def __repr__(self) -> str:
        return f"<Programme: {len(self.sites)} sites, {self.sites['cost_wan'].sum():.0f} wan>"
