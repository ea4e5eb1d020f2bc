"""What indicators are measured on: the results in one state, and the areas with what lies in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.results import Results
    from fengmao_geo.standards.indicators import State
    from fengmao_geo.town.town import Town

__all__ = ["NOT_THERE", "TOWN", "Case", "areas_of"]

#: What an indicator gives where it has no meaning, such as the yield of firms where there are none: known,
#: and no number. In the table it is missing and nothing would settle it.
NOT_THERE = np.inf

#: The id of the whole town among the areas.
TOWN = "town"


def areas_of(town: Town) -> gpd.GeoDataFrame:
    """List the areas that indicators are measured of: the blocks by number and id, then the town.

    Parameters
    ----------
    town
        The town; its own area is the built-up area.

    Returns
    -------
    GeoDataFrame
        ``area_kind, area_id, area_name`` and the geometry.
    """
    whole = shapely.union_all(town["built_up"].geometry.to_numpy())
    last = gpd.GeoDataFrame(
        {"area_kind": ["town"], "area_id": [TOWN], "area_name": [town.name]}, geometry=[whole], crs=town.crs
    )
    if "blocks" not in town:
        return last
    blocks = town["blocks"]
    blocks = blocks.sort_values([name for name in ("block_no", "id") if name in blocks.columns])
    names = blocks["name"] if "name" in blocks.columns else blocks["id"]
    own = gpd.GeoDataFrame(
        {"area_kind": "block", "area_id": blocks["id"], "area_name": names.fillna(blocks["id"])},
        geometry=blocks.geometry,
        crs=town.crs,
    )
    return gpd.GeoDataFrame(pd.concat([own, last], ignore_index=True), crs=town.crs)


@dataclass(frozen=True, eq=False)
class Case:
    """The results in one state, with the areas.

    Parameters
    ----------
    results
        What was computed.
    state
        ``before``, ``now`` or ``planned``.
    areas
        As `areas_of` gives them.
    """

    results: Results
    state: State
    areas: gpd.GeoDataFrame

    @property
    def town(self) -> Town:
        """The town."""
        return self.results.town

    @property
    def circles(self) -> LifeCircles | None:
        """The life circles of the state."""
        if self.state == "planned" and self.results.planned is not None:
            return self.results.planned
        return self.results.circles

    @cached_property
    def area_m2(self) -> pd.Series[float]:
        """Area of each area, by its id."""
        return pd.Series(
            shapely.area(self.areas.geometry.to_numpy()),
            index=pd.Index(self.areas["area_id"], name="area_id"),
        )

    def cut(self, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Cut a layer to the areas: rows once per area they share ground or length with.

        Parameters
        ----------
        layer
            Lines or polygons in the town's CRS.

        Returns
        -------
        GeoDataFrame
            The layer's columns with ``area_id``; the geometry is what lies within the area.
        """
        areas = self.areas.geometry.to_numpy()
        place, row = shapely.STRtree(layer.geometry.to_numpy()).query(areas, predicate="intersects")
        parts = shapely.intersection(layer.geometry.to_numpy()[row], areas[place])
        found = layer.iloc[row].set_geometry(gpd.GeoSeries(parts, index=layer.index[row], crs=layer.crs))
        found["area_id"] = self.areas["area_id"].to_numpy()[place]
        has_size = np.maximum(shapely.area(parts), shapely.length(parts)) > 0
        return found[has_size].sort_values(["area_id"], kind="stable").reset_index(drop=True)

    def placed(self, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Place whole features in the areas by a point inside each: rows once per area they lie in.

        Parameters
        ----------
        layer
            Any geometry in the town's CRS.

        Returns
        -------
        GeoDataFrame
            The layer's columns and geometry with ``area_id``.
        """
        areas = self.areas.geometry.to_numpy()
        inside = shapely.point_on_surface(layer.geometry.to_numpy())
        place, row = shapely.STRtree(inside).query(areas, predicate="intersects")
        found = layer.iloc[row].copy()
        found["area_id"] = self.areas["area_id"].to_numpy()[place]
        return found.sort_values(["area_id"], kind="stable").reset_index(drop=True)

    def by_area(self, values: pd.Series[float], *, empty: float = 0.0) -> pd.Series[float]:
        """Bring values by ``area_id`` into the order of the areas; an area without a row is ``empty``."""
        return values.reindex(pd.Index(self.areas["area_id"], name="area_id"), fill_value=empty).astype(float)
