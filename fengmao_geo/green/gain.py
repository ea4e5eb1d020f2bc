"""Green gained: before, after and gain of the town, its blocks and interventions, observed and planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from fengmao_geo.findings import findings_table, join_findings
from fengmao_geo.green.canopy import canopy_gains
from fengmao_geo.green.cover import cover_findings, pocket_parks
from fengmao_geo.green.parks import park_findings
from fengmao_geo.green.parts import PART, areas_of, parts_of
from fengmao_geo.green.states import GreenState, compared, green_state, gross_rows, planned_rows
from fengmao_geo.green.vegetation import image_gains
from fengmao_geo.green.vertical import vertical_candidates
from fengmao_geo.network.attach import attach
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.people import dwellings

if TYPE_CHECKING:
    from pathlib import Path

    from fengmao_geo.green.vegetation import GreenPicture
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.tables import Programme
    from fengmao_geo.town.town import Town

__all__ = ["GreenGains", "green_gains"]

#: Amounts: what ends so, and is not by the person.
_SUMMED = r"(?<!_person)_m[23]$"


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


def green_gains(
    town: Town,
    network: WalkNetwork,
    *,
    programme: Programme | None = None,
    standard: str | Path | GreenStandard | None = None,
) -> GreenGains:
    """Measure what became greener, for the town, each block and each intervention.

    The town is its built-up area; an intervention is a polygon of the layer ``projects`` or a site of the
    programme. Vector layers compare ``green_before`` with ``green``: their gains are exact to what was drawn,
    so that ``low`` and ``high`` are the gain itself. Images and canopy heights are compared by their pixels,
    with an interval from the noise of unchanged ground. What a programme would add is of basis ``planned``,
    from the green of now: it was not observed, and is never summed with what was. Whatever a layer or an
    image does not tell is missing, never zero. Permanent basic farmland enters no figure.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    programme
        What is to be built where.
    standard
        What is measured: a file of the user's own, or a standard; by default the shipped one.

    Returns
    -------
    GreenGains
        Frozen tables; ``gains`` is the table ``green_gains``.

    Raises
    ------
    StandardError
        If the user's file is wrong.
    UsageError
        If a site of the programme has the id of a project.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> found = green_gains(town, fg.walk_network(town))
    >>> sorted(found.gains["area_kind"].unique())
    ['block', 'intervention', 'town']
    """
    read = green_standard(standard)
    sites = None if programme is None else _in_order(programme.sites, town)
    areas, found = areas_of(town, sites)
    parts = parts_of(areas)
    ground = gpd.GeoDataFrame(pd.concat([areas, _part_rows(parts)], ignore_index=True), crs=town.crs)
    vector = _Vector.of(town, network, sites, ground, read)
    seen = [image_gains(town, ground, standard=read), canopy_gains(town, ground, standard=read)]
    rows = _joined("green_gains", [vector.gains, *(one.gains for one in seen)])
    is_part = rows["area_kind"] == PART
    return GreenGains(
        gains=rows[~is_part].reset_index(drop=True),
        attribution=_attribution(rows[is_part], parts),
        pocket_parks=pocket_parks(town, vector.green, standard=read),
        park_reach=vector.now.park_reach,
        banks=vector.now.banks,
        tree_lined_streets=vector.now.tree_lined_streets,
        vertical_green=vertical_candidates(town, standard=read),
        transitions=_whole("transitions", [one.transitions for one in seen]),
        image_cover=_whole("image_cover", [one.cover for one in seen]),
        picture=seen[0].picture,
        findings=join_findings([findings_table(found), vector.findings, *(one.findings for one in seen)]),
    )


@dataclass(frozen=True, eq=False)
class _Vector:
    """What vector layers tell: gains of every area and part, and the green of now."""

    green: gpd.GeoDataFrame | None
    now: GreenState
    gains: pd.DataFrame
    findings: pd.DataFrame

    @classmethod
    def of(
        cls,
        town: Town,
        network: WalkNetwork,
        sites: gpd.GeoDataFrame | None,
        ground: gpd.GeoDataFrame,
        standard: GreenStandard,
    ) -> _Vector:
        homes = attach(network, dwellings(town).rename(columns={"dwelling_id": "id"}))
        green, earlier = (town.layers.get(name) for name in ("green", "green_before"))
        now = green_state(town, network, green, ground, standard=standard, homes=homes)
        before = None
        if earlier is not None:
            state = green_state(town, network, earlier, ground, standard=standard, homes=homes)
            before = state.table
        rows = compared(before, now.table, basis="vector")
        frames = [rows]
        if green is not None and earlier is not None:
            net = rows[rows["indicator"] == "green_m2"]
            frames.append(gross_rows(town, (earlier, green), net, ground, standard=standard))
        if sites is not None and len(sites):
            frames.append(planned_rows(town, network, sites, now, ground, standard=standard, homes=homes))
        found = [
            cover_findings(town, green),
            park_findings(town, network, green, standard=standard),
        ]
        return cls(green, now, pd.concat(frames, ignore_index=True), join_findings(found))


def _in_order(sites: gpd.GeoDataFrame, town: Town) -> gpd.GeoDataFrame:
    placed = sites if sites.crs is None or sites.crs == town.crs else sites.to_crs(town.crs)
    return placed.sort_values("space_id", kind="stable", ignore_index=True)


def _part_rows(parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    ids = [f"{row:05d}" for row in range(len(parts))]
    return gpd.GeoDataFrame(
        {"area_kind": PART, "area_id": ids, "area_name": ids}, geometry=parts.geometry, crs=parts.crs
    )


def _joined(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables under one another in a steady order: areas as they are listed, then indicators."""
    table = RESULTS[name]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    rows = pd.concat(filled, ignore_index=True)[list(table.names)]
    kinds = {kind: place for place, kind in enumerate(table.columns[0].choices)}
    order = [key for key in table.keys if key != "area_kind"]
    rows = rows.assign(kind=rows["area_kind"].map(kinds)).sort_values(["kind", *order], kind="stable")
    return table.check(rows.drop(columns="kind").reset_index(drop=True))


def _whole(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    rows = _joined(name, frames)
    return rows[rows["area_kind"] != PART].reset_index(drop=True)


def _attribution(rows: pd.DataFrame, parts: gpd.GeoDataFrame) -> pd.DataFrame:
    """Say of which block and which intervention each part's gain is; shares and means cannot be summed."""
    summed = rows[rows["indicator"].str.contains(_SUMMED)]
    at = summed["area_id"].astype(int).to_numpy()
    table = pd.DataFrame(
        {
            "block_id": parts["block_id"].to_numpy(dtype=object)[at],
            "intervention_id": parts["intervention_id"].to_numpy(dtype=object)[at],
            "indicator": summed["indicator"].to_numpy(),
            "basis": summed["basis"].to_numpy(),
            "gain": summed["gain"].to_numpy(),
        }
    )
    return RESULTS["green_attribution"].check(table)
