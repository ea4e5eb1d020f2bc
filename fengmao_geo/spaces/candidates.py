"""Every small space a town could use: the families merged, measured, named, checked against controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.spaces.facing import LANE, STREET
from fengmao_geo.spaces.farmland import farmland_fragments
from fengmao_geo.spaces.idle import idle_stock
from fengmao_geo.spaces.measures import (
    CONTROL_LAYERS,
    building_areas,
    controls_hit,
    deck_columns,
    owners,
    people_within,
    sizes,
)
from fengmao_geo.spaces.naming import inherited_ids, place_ids, place_names
from fengmao_geo.spaces.open_land import find_open_land, unsearched_ground
from fengmao_geo.spaces.review import read_review
from fengmao_geo.spaces.typed import town_facing, typed_places
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.spaces.open_land import OpenLand
    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

__all__ = ["SpaceSurvey", "find_spaces", "survey_spaces"]


@dataclass(frozen=True, repr=False, eq=False)
class SpaceSurvey:
    """The spaces of a town, and what was found on the way.

    Parameters
    ----------
    spaces
        The table ``spaces``.
    findings
        What could not be known, and what was left out: the table ``findings``.
    totals
        Areas in m²: ``open_land_m2`` is the sum of the spaces of open land and of ``thin_m2`` and
        ``small_m2``, which were left out; the totals of the inventories follow.
    """

    spaces: gpd.GeoDataFrame
    findings: pd.DataFrame
    totals: dict[str, float]

    def __repr__(self) -> str:
        """Count the spaces of each kind."""
        counts = self.spaces["kind"].value_counts(sort=False)
        listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        return f"<SpaceSurvey: {listed or 'nothing'}; {len(self.findings)} findings>"

    def _repr_html_(self) -> str:
        kinds = self.spaces.groupby(["family", "kind"], sort=False)["area_m2"].agg(["count", "sum"])
        shown = kinds.reset_index().rename(columns={"count": "space_count", "sum": "area_m2"})
        return str(shown.to_html(index=False, float_format=lambda value: f"{value:,.0f}"))


def find_spaces(
    town: Town,
    network: WalkNetwork,
    *,
    kinds: str | Path | SpaceKinds | None = None,
    review: str | Path | pd.DataFrame | None = None,
    previous: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Find every small space that a town could use.

    Open land is shared out among the leftover and grey kinds; idle stock and farmland fragments are
    inventories of their own. Each space carries the rule that fired and what was measured. `survey_spaces`
    gives the findings too.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    kinds
        Kinds of space: a file of the user's own, or kinds; by default the shipped ones.
    review
        What was decided on site: a table or CSV file with ``space_id, decision, reason``. What is excluded
        stays in the table and says so.
    previous
        Spaces of an earlier run, in whatever coordinates; a space that covers the same ground keeps its id.

    Returns
    -------
    GeoDataFrame
        The table ``spaces``, as ``fengmao columns spaces`` prints it: what it is (``kind, family, basis,
        certainty``), why (``rule, evidence``), how large (m², m), who lives near (people), what restricts it.

    Raises
    ------
    StandardError
        If the user's file of kinds is wrong.
    UsageError
        If the review cannot be read or lacks a column, or the earlier spaces lack ids, shapes or a coordinate
        system.

    Examples
    --------
    >>> from fengmao_geo.network.build import walk_network
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> sorted(find_spaces(town, walk_network(town))["family"].unique())
    ['farmland', 'grey', 'leftover', 'stock']
    """
    return survey_spaces(town, network, kinds=kinds, review=review, previous=previous).spaces


def survey_spaces(
    town: Town,
    network: WalkNetwork,
    *,
    kinds: str | Path | SpaceKinds | None = None,
    review: str | Path | pd.DataFrame | None = None,
    previous: gpd.GeoDataFrame | None = None,
) -> SpaceSurvey:
    """Find every small space that a town could use, with the findings and the totals; see `find_spaces`.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    kinds
        Kinds of space: a file of the user's own, or kinds; by default the shipped ones.
    review
        What was decided on site.
    previous
        Spaces of an earlier run.

    Returns
    -------
    SpaceSurvey
        Spaces, findings and totals.

    Raises
    ------
    StandardError
        If the user's file of kinds is wrong.
    UsageError
        If the review cannot be read or lacks a column, or the earlier spaces lack ids, shapes or a coordinate
        system.
    """
    read = space_kinds(kinds)
    land = find_open_land(town, kinds=read)
    stock, farmland = idle_stock(town, kinds=read), farmland_fragments(town, kinds=read)
    inventories = [stock.table, farmland.table]
    shapes = np.concatenate([land.places, *(table.geometry.to_numpy() for table in inventories)])
    # The places of open land come first, so that they are looked at once with all others.
    facing, streets = town_facing(town, shapes, kinds=read)
    merged = _merged(town, [typed_places(town, land, facing, kinds=read), *inventories])
    measured = _measured(town, network, merged, read).assign(
        frontage_m=facing.total(STREET, len(merged)) + facing.total(LANE, len(merged)),
        name=place_names(town, shapes, facing, streets),
    )
    ids = place_ids(measured.geometry.to_numpy())
    if previous is not None:
        ids = inherited_ids(ids, measured.geometry.to_numpy(), _earlier(previous, town))
    decisions, review_found = read_review(review, ids)
    table = measured.assign(space_id=ids, decision=decisions, family=measured["kind"].map(_families(read)))
    declared = [*RESULTS["spaces"].names, "geometry"]
    table = cast(
        "gpd.GeoDataFrame", table.sort_values(["space_id"], kind="stable", ignore_index=True)[declared]
    )
    found = findings_table([*_absent_controls(town), *_unsearched(town), *_left_out(land), *review_found])
    return SpaceSurvey(
        RESULTS["spaces"].check(table),
        join_findings([stock.findings, farmland.findings, found]),
        _totals(land) | dict(stock.totals) | dict(farmland.totals),
    )


def _earlier(previous: gpd.GeoDataFrame, town: Town) -> gpd.GeoDataFrame:
    """Take the spaces of an earlier run that have an id and a shape, in the town's coordinates."""
    has_shapes = isinstance(previous, gpd.GeoDataFrame) and previous.active_geometry_name is not None
    lacking = [] if "space_id" in previous.columns else ["space_id"]
    lacking += [] if has_shapes else ["geometry"]
    lacking += ["CRS"] if has_shapes and previous.crs is None else []
    if lacking:
        raise UsageError("previous_lacks", columns=", ".join(lacking))
    shapes = previous.geometry
    usable = previous[shapes.notna() & ~shapes.is_empty & previous["space_id"].notna()]
    return usable if usable.crs == town.crs else usable.to_crs(town.crs)


def _families(kinds: SpaceKinds) -> dict[str, str]:
    return {name: record.family for name, record in kinds.kinds.items()}


def _merged(town: Town, frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    columns = ["kind", "basis", "certainty", "rule", "evidence", "geometry"]
    joined = pd.concat([frame[columns] for frame in frames if len(frame)] or [frames[0]], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=town.crs)


def _measured(
    town: Town, network: WalkNetwork, merged: gpd.GeoDataFrame, kinds: SpaceKinds
) -> gpd.GeoDataFrame:
    """Measure the spaces of all families alike."""
    shapes = merged.geometry.to_numpy()
    is_under = (merged["kind"] == "under_bridge").to_numpy()
    entered = gpd.GeoDataFrame(
        {"id": [f"{row:07d}" for row in range(len(merged))]}, geometry=shapes, crs=town.crs
    )
    parts: list[pd.DataFrame] = [
        sizes(town, shapes),
        deck_columns(town, shapes, is_under),
        controls_hit(town, shapes),
        people_within(town, network, entered),
    ]
    columns: dict[str, Any] = {str(name): part[name].to_numpy() for part in parts for name in part}
    building_m2 = building_areas(town, shapes, (merged["basis"] == "open_land").to_numpy())
    return merged.assign(**columns, owner=owners(town, shapes, kinds=kinds), building_m2=building_m2)


def _totals(land: OpenLand) -> dict[str, float]:
    return {
        "open_land_m2": land.area_m2,
        "thin_m2": _area(land.thin),
        "small_m2": _area(land.small),
    }


def _area(shapes: NDArray[np.object_]) -> float:
    return float(gpd.GeoSeries(shapes).area.sum())


def _left_out(land: OpenLand) -> list[Finding]:
    """Say how much open land is too thin or too small to be a space."""
    return [
        Finding(
            f"open_land_{name}", "open_land", values={"count": len(shapes), "area_m2": round(_area(shapes))}
        )
        for name, shapes in (("thin", land.thin), ("small", land.small))
        if len(shapes)
    ]


def _unsearched(town: Town) -> list[Finding]:
    """Say how much ground was not searched because nobody drew the buildings."""
    ground = unsearched_ground(town)
    values = {"area_m2": round(_area(ground))}
    return [Finding("open_land_unsearched", "buildings", values=values)] if len(ground) else []


def _absent_controls(town: Town) -> list[Finding]:
    return [Finding("control_layer_absent", layer) for layer in CONTROL_LAYERS if layer not in town]
