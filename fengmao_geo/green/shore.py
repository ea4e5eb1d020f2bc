"""What lies along the water: green, paths, and what keeps one from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.geo.planar import erase, polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Flags = NDArray[np.bool_]

__all__ = ["Shore"]


@dataclass(frozen=True, eq=False)
class Shore:
    """What lies along the water.

    Parameters
    ----------
    water
        All water, shape ``(w,)``.
    has_banks
        Whose banks are looked at, shape ``(w,)``.
    green
        Planted ground, ``None`` where it is not known.
    decks
        Bridges.
    search, extent
        Where banks are looked at, and where streets are complete.
    blocks
        The layer ``blocks``.
    buildings, barriers, compounds
        What keeps one from a path; compounds are those closed to the public.
    paths
        Public streets and paths on the ground, shape ``(e,)``.
    is_joined
        Which of them are joined to the other streets, shape ``(e,)``.
    """

    water: Geometries
    has_banks: Flags
    green: Geometries | None
    decks: Geometries
    search: Geometries
    extent: Geometries
    blocks: gpd.GeoDataFrame
    buildings: Geometries
    barriers: Geometries
    compounds: Geometries
    paths: Geometries
    is_joined: Flags

    @classmethod
    def of(
        cls, town: Town, network: WalkNetwork, green: gpd.GeoDataFrame | None, *, standard: GreenStandard
    ) -> Shore:
        """Take it from a town.

        Parameters
        ----------
        town
            The town, which has water.
        network
            Its walk network.
        green
            The green of one state, if there is any.
        standard
            What counts as green, and whose banks are looked at.

        Returns
        -------
        Shore
            What lies along the water.
        """
        water, compounds = _shapes(town, "water"), _closed_compounds(town, standard)
        paths, is_joined = _public_paths(network, compounds, standard)
        blocks = (
            town["blocks"] if "blocks" in town else gpd.GeoDataFrame({"id": []}, geometry=[], crs=town.crs)
        )
        return cls(
            water,
            _has_banks(town, standard),
            None if green is None else _planted(town, green, water, standard),
            _decks(town, standard),
            polygons_of(np.array([shapely.union_all(_shapes(town, "built_up", "blocks", "study_area"))])),
            polygons_of(np.array([town.extent])),
            blocks.sort_values("id", kind="stable"),
            _shapes(town, "buildings"),
            _shapes(town, "barriers"),
            compounds,
            paths,
            is_joined,
        )

    @property
    def met(self) -> Geometries:
        """All that may change what is met going inland."""
        green = self.water[:0] if self.green is None else self.green
        grounds = (self.water, green, self.decks, self.search, self.extent, self.blocks.geometry.to_numpy())
        return np.concatenate([*grounds, self.buildings, self.barriers, self.compounds, self.paths])


def _shapes(town: Town, *layers: str) -> Geometries:
    found = [town[layer].geometry.to_numpy() for layer in layers if layer in town]
    return np.concatenate([np.zeros(0, dtype=object), *found])


def _column(frame: gpd.GeoDataFrame, name: str) -> pd.Series:
    column: pd.Series = frame.reindex(columns=[name])[name].astype(object)
    return column


def _closed_compounds(town: Town, standard: GreenStandard) -> Geometries:
    if "compounds" not in town:
        return np.zeros(0, dtype=object)
    compounds = town["compounds"]
    is_open = _column(compounds, "compound_type").isin(standard.open_compounds)
    return np.asarray(compounds.geometry[~is_open].to_numpy())


def _planted(town: Town, green: gpd.GeoDataFrame, water: Geometries, standard: GreenStandard) -> Geometries:
    """Take green of the types that the green rate counts, or of no known type, off farmland and water."""
    types = _column(green, "green_type")
    planted = green.geometry[types.isin(standard.green_types) | types.isna()].to_numpy()
    return polygons_of(erase(erase(planted, _shapes(town, "farmland_protected")), water))


def _decks(town: Town, standard: GreenStandard) -> Geometries:
    streets = town["streets"]
    crossing = streets[_column(streets, "is_bridge").isin([True])]
    width_m = pd.to_numeric(_column(crossing, "width_m")).fillna(standard.figure("bank_bridge_m"))
    drawn = shapely.buffer(crossing.geometry.to_numpy(), width_m.to_numpy() / 2, cap_style="flat")
    return np.concatenate([_shapes(town, "bridges"), drawn])


def _public_paths(
    network: WalkNetwork, compounds: Geometries, standard: GreenStandard
) -> tuple[Geometries, Flags]:
    """Take the streets on the ground outside closed compounds, and say which are joined to the others."""
    length_m = np.bincount(network.edge_part, weights=network.edge_length_m, minlength=network.part_count)
    is_joined = length_m >= standard.figure("joined_path_share") * length_m.sum()
    edges = np.flatnonzero(network.takes_legs)
    lines = erase(network.edge_lines[edges], compounds)
    is_left = ~shapely.is_empty(lines)
    return lines[is_left], is_joined[network.edge_part[edges[is_left]]]


def _has_banks(town: Town, standard: GreenStandard) -> Flags:
    water = town["water"]
    is_large = (water.area >= standard.figure("bank_water_min_m2")).to_numpy()
    return np.asarray(is_large | _column(water, "water_type").isin(standard.bank_types).to_numpy())
