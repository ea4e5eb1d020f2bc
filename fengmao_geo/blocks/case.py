"""What indicators are measured on: the results in one state, and the areas with what lies in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.green.areas import homes_in
from fengmao_geo.spaces.evidence import EVIDENCE_COLUMNS, idleness
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.town.people import people_basis
from fengmao_geo.town.people_places import floor_area

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
        """The life circles of the state; none are measured before renewal."""
        of = {"now": self.results.circles, "planned": self.results.planned}
        return of.get(self.state)

    @property
    def people_basis(self) -> str:
        """What people are counted in: ``people``, or what stands for them."""
        circles = self.results.circles
        return people_basis(self.town) if circles is None else circles.people_basis

    @cached_property
    def homes(self) -> pd.DataFrame:
        """The people of each dwelling and their groups, once per area that it lies in (``area_id``)."""
        circles = self.results.circles
        if circles is None:
            return pd.DataFrame(self.placed(self.town.spread.rows).drop(columns="geometry"))
        return self.by_block(circles.dwellings.drop(columns="geometry"))

    @cached_property
    def people(self) -> pd.Series[float]:
        """The people of each area, counted by where their homes lie: unknown where none of these was."""
        area, _, people = homes_in(self.town, self.areas)
        ids = self.areas["area_id"].to_numpy()[area]
        return self.by_area(pd.Series(people, index=ids).groupby(level=0).sum(min_count=1))

    @property
    def spaces(self) -> gpd.GeoDataFrame:
        """The spaces that were not excluded on site; they must have been looked for."""
        spaces = cast("gpd.GeoDataFrame", self.results.spaces)
        return spaces[spaces["decision"] != "excluded"]

    @cached_property
    def houses(self) -> pd.DataFrame:
        """The buildings of each area with their floor area and what shows whether they are idle.

        Floors that are not known are the median of those that are. ``has_evidence`` says whether anything
        tells of use or idleness, ``is_idle`` whether it is idle for certain.
        """
        buildings = self.town["buildings"]
        judged = idleness(buildings, kinds=space_kinds())
        seen = buildings.reindex(columns=[*EVIDENCE_COLUMNS, "floor_count"]).notna()
        rows = buildings[["id", "geometry"]].assign(
            floor_m2=floor_area(buildings, "buildings")[0],
            has_floors=seen["floor_count"],
            has_evidence=seen[list(EVIDENCE_COLUMNS)].any(axis=1) | judged["is_used"],
            has_meter=seen["electricity_kwh"],
            is_idle=judged["certainty"] == "certain",
            is_low_power=judged["by_electricity"],
        )
        return pd.DataFrame(self.placed(rows).drop(columns="geometry"))

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

    def by_block(self, layer: pd.DataFrame) -> pd.DataFrame:
        """Place rows by their ``block_id``: once in their block, if any, and once in the town.

        Parameters
        ----------
        layer
            A table with ``block_id``.

        Returns
        -------
        DataFrame
            The table with ``area_id``.
        """
        rows = pd.DataFrame(layer)
        in_blocks = rows.assign(area_id=rows["block_id"]).dropna(subset="area_id")
        return pd.concat([in_blocks, rows.assign(area_id=TOWN)], ignore_index=True)

    def by_area(self, values: pd.Series[float], *, empty: float = 0.0) -> pd.Series[float]:
        """Bring values by ``area_id`` into the order of the areas; an area without a row is ``empty``."""
        return values.reindex(pd.Index(self.areas["area_id"], name="area_id"), fill_value=empty).astype(float)
