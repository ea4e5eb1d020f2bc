"""Parks of one state of the green: their ground, how far they serve, and where they are entered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.planar import erase, polygon_parts
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.network.travel import TOLERANCE
from fengmao_geo.standards.green import green_standard

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard, ParkRule
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["Parks", "Service", "find_parks", "park_findings"]

# Smaller pieces are crumbs that an overlay leaves along a shared outline.
_CRUMB_M2 = 0.01


@dataclass(frozen=True, eq=False)
class Service:
    """Parks that serve under one set of rules.

    Parameters
    ----------
    shapes
        Their ground, shape ``(s,)``.
    radius_m
        How far each serves, shape ``(s,)``.
    attachments
        The same parks, joined to the streets. Those that serve less far have legs longer by the difference to
        ``far_m``, so that one search serves all.
    far_m
        How far the farthest might serve.
    """

    shapes: Geometries
    radius_m: Numbers
    attachments: Attachments
    far_m: float


@dataclass(frozen=True, eq=False)
class Parks:
    """The parks of one state of the green, in the order of their ids.

    Parameters
    ----------
    shapes
        Their ground without permanent basic farmland, shape ``(p,)``.
    attachments
        The same parks, joined to the streets at their gates, else where streets run beside them.
    is_known
        Whether the green tells its types; if not, no park is known and none is ruled out.
    """

    shapes: Geometries
    attachments: Attachments
    is_known: bool

    def all_within(self, far_m: float) -> Service:
        """Let all parks serve equally far.

        Parameters
        ----------
        far_m
            How far.

        Returns
        -------
        Service
            All parks.
        """
        return Service(self.shapes, np.full(len(self.shapes), far_m), self.attachments, far_m)

    def serving(self, rules: tuple[ParkRule, ...]) -> Service:
        """Take the parks that serve under rules, each as far as the farthest rule of its size.

        Parameters
        ----------
        rules
            How far parks of each size serve.

        Returns
        -------
        Service
            Those parks.
        """
        area_m2 = shapely.area(self.shapes) * (1 + TOLERANCE)
        radius_m = np.zeros(len(area_m2))
        for rule in rules:
            radius_m = np.where(area_m2 >= rule.min_area_m2, np.maximum(radius_m, rule.radius_m), radius_m)
        serves = radius_m > 0
        radius_m, joined = radius_m[serves], self.attachments.take(serves)
        far_m = max((rule.radius_m for rule in rules), default=0.0)
        place, edge_id, from_m, to_m, leg_m = joined.rows
        joined = joined.with_rows(place, edge_id, from_m, to_m, leg_m + (far_m - radius_m)[place])
        return Service(self.shapes[serves], radius_m, joined, far_m)


def find_parks(
    town: Town, network: WalkNetwork, green: gpd.GeoDataFrame | None, *, standard: GreenStandard
) -> Parks:
    """Take the parks out of the green and join them to the streets.

    A park is green of one of the standard's ``park_types``, less what of it is permanent basic farmland. It
    is entered at its gates; without gates, wherever a street runs within 15 m of its outline.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of one state: the layer ``green``, ``green_before`` or a plan; ``None`` where there is none.
    standard
        Which green is a park.

    Returns
    -------
    Parks
        The parks.
    """
    types = None if green is None else green.reindex(columns=["green_type"])["green_type"].astype(object)
    is_known = types is not None and (not len(types) or bool(types.notna().any()))
    ids, shapes = np.zeros(0, dtype=object), np.zeros(0, dtype=object)
    if green is not None and types is not None:
        parks = green[types.isin(standard.park_types).to_numpy()]
        ids, shapes = parks["id"].astype(str).to_numpy(dtype=object), _off_farmland(town, parks)
    is_left = shapely.area(shapes) > 0
    order = np.flatnonzero(is_left)[np.argsort(ids[is_left], kind="stable")]
    table = gpd.GeoDataFrame({"id": ids[order]}, geometry=shapes[order], crs=town.crs)
    return Parks(shapes[order], attach(network, table, is_ground=True), is_known)


def _off_farmland(town: Town, parks: gpd.GeoDataFrame) -> Geometries:
    shapes: Geometries = parks.geometry.to_numpy()
    if "farmland_protected" not in town:
        return shapes
    parts, row = polygon_parts(erase(shapes, town["farmland_protected"].geometry.to_numpy()))
    is_ground = shapely.area(parts) > _CRUMB_M2
    left = np.full(len(shapes), shapely.MultiPolygon(), dtype=object)
    shapely.multipolygons(parts[is_ground], indices=row[is_ground], out=left)
    # A ground that farmland leaves whole is the one that its gates name by its outline.
    return np.where(shapely.area(left) < shapely.area(shapes), left, shapes)


def park_findings(
    town: Town,
    network: WalkNetwork,
    green: gpd.GeoDataFrame | None,
    *,
    standard: str | Path | GreenStandard | None = None,
) -> pd.DataFrame:
    """List parks that no street reaches, and those that permanent basic farmland takes ground from.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of one state.
    standard
        What is measured of green: a file of the user's own, or a standard; by default the shipped one.

    Returns
    -------
    DataFrame
        The table ``findings``.

    Raises
    ------
    StandardError
        If the user's file is wrong.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> park_findings(town, fg.walk_network(town), town["green"]).empty
    True
    """
    read = green_standard(standard)
    joined = find_parks(town, network, green, standard=read).attachments
    found = [
        Finding("unattached", "green", str(park), None, {"max_leg_m": joined.max_leg_m})
        for park in joined.place_ids[~joined.is_attached]
    ]
    if green is None or "green_type" not in green.columns:
        return findings_table(found)
    parks = green[green["green_type"].isin(read.park_types)].sort_values("id", kind="stable")
    lost_m2 = parks.area.to_numpy() - shapely.area(_off_farmland(town, parks))
    found += [
        Finding("park_on_farmland", "green", str(park), None, {"area_m2": round(float(lost), 1)})
        for park, lost in zip(parks["id"], lost_m2, strict=True)
        if lost > _CRUMB_M2
    ]
    return findings_table(found)
