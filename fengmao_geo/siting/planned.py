"""What a programme puts into a town once it stands: its facilities, to measure the town anew with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from fengmao_geo.siting.rules import SiteRules

if TYPE_CHECKING:
    from fengmao_geo.tables import Programme

__all__ = ["planned_facilities"]


def planned_facilities(programme: Programme, *, rules: SiteRules | None = None) -> gpd.GeoDataFrame:
    """List the facilities that a programme's sites supply, to be put into the town by `with_facilities`.

    Parameters
    ----------
    programme
        The programme.
    rules
        The rules it was chosen by, if they name uses of the user's own.

    Returns
    -------
    GeoDataFrame
        One row per site and facility type that its use supplies: ``id`` (space and type), ``name,
        facility_type`` and the site's outline; uses that supply nothing have none.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> from fengmao_geo.tables import Programme
    >>> row = {"space_id": ["s1"], "name": ["corner"], "use": ["pocket_park"], "block_id": [None]}
    >>> row |= {"rank": [1], "cost_wan": [9.0], "area_m2": [100.0], "green_m2": [65.0]}
    >>> sites = gpd.GeoDataFrame(row, geometry=[box(0, 0, 10, 10)], crs=4549)
    >>> planned_facilities(Programme(sites))[["id", "facility_type"]].to_numpy().tolist()
    [['s1/pocket_park', 'pocket_park']]
    """
    uses = (rules or SiteRules()).known_uses()
    sites = programme.sites
    kinds = pd.Series([list(uses[use].supplies) for use in sites["use"]], index=sites.index, dtype=object)
    rows = sites[["space_id", "name", "geometry"]].assign(facility_type=kinds)
    rows = rows.explode("facility_type", ignore_index=True).dropna(subset="facility_type")
    rows = rows.assign(id=rows["space_id"] + "/" + rows["facility_type"].astype(str))
    return gpd.GeoDataFrame(
        rows[["id", "name", "facility_type"]].reset_index(drop=True),
        geometry=rows.geometry.to_numpy(),
        crs=sites.crs,
    )
