"""A town with something more in it: facilities that are only planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.check import Source, checked_layer, has_geometry
from fengmao_geo.town.town import Layers

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.town.town import Town

__all__ = ["with_facilities"]


def with_facilities(town: Town, facilities: gpd.GeoDataFrame) -> Town:
    """Put planned facilities into a town.

    They are checked as every layer is and marked ``is_planned``: what is only planned serves people but does
    not mean that all that stands of its type has been surveyed.

    Parameters
    ----------
    town
        The town; it is not changed.
    facilities
        Points or polygons with ``facility_type`` and an ``id`` of their own; ``capacity_count`` if known.

    Returns
    -------
    Town
        A town with these facilities beside its own; its findings hold those of the new ones.

    Raises
    ------
    TownError
        If they have faults, or ids that facilities of the town have; it carries the findings.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> place = town["facilities"].geometry[:1]
    >>> bank = gpd.GeoDataFrame({"id": ["new"], "facility_type": ["bank"]}, geometry=place)
    >>> len(with_facilities(town, bank)["facilities"]) - len(town["facilities"])
    1
    """
    known = dict(town.layers).get("facilities")
    found = [] if has_geometry(facilities) else [Finding("geometry_absent", "facilities")]
    if not found:
        stated = None if facilities.crs is None else parse_crs(facilities.crs)
        checked, found = checked_layer(Source(facilities, stated), layer="facilities", crs=town.crs)
        again = set() if known is None else {*known["id"]} & {*checked["id"].dropna()}
        found += [Finding("facility_id_known", "facilities", name, "id") for name in sorted(again)]
    table = findings_table(found)
    count = int((table["severity"] == "error").sum())
    if count:
        raise TownError("town_faults", table, count=count, name=town.name)
    both = pd.concat([known, checked.assign(is_planned=True)], ignore_index=True)
    both = LAYERS["facilities"].check(both.sort_values("id", kind="stable", ignore_index=True))
    frames = {
        name: both if name == "facilities" else town[name]
        for name in LAYERS
        if name in town or name == "facilities"
    }
    return replace(town, layers=Layers(frames), findings=join_findings([town.findings, table]))
