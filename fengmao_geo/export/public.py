"""What of a town and its results may leave the house, as results that every exporter takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.case import TOWN
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.rounded import rounded_layer, rounded_shapes
from fengmao_geo.messages import text
from fengmao_geo.network.barriers import Barriers
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.load import display_name, display_names
from fengmao_geo.standards.public import public_standard
from fengmao_geo.town.people import Spread
from fengmao_geo.town.town import Layers, Town

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.findings import Finding
    from fengmao_geo.green.gain import GreenGains
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.life_circle.school_routes import SchoolRoutes
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.results import Results
    from fengmao_geo.tables import Programme

    Frame = TypeVar("Frame", bound=pd.DataFrame)

__all__ = ["public_results"]

_UNKNOWN_OWNER = "unknown"
_NOTICE_MARK = " · "
#: What would settle a figure that is left out.
_INSIDE = "internal_edition"


def public_results(results: Results, *, grid_m: float | None = None) -> Results:
    """Take of a town and its results what may be handed out, for any exporter to write.

    What is left out: owners and who runs what; firms and what they yield; permanent basic farmland, its
    controls and the spaces under it; everything of a single house: its people, what it reaches, who is newly
    served there, its way to school. Tables by town, block and community stay as they are, to the last digit,
    but for indicators of people where an area has few dwellings; sizes that a page measures on a shape may
    differ by its rounding. The notice of the town is followed by the words that such a map is not to be
    published before its review.

    Parameters
    ----------
    results
        The town and what was computed from it.
    grid_m
        Coordinates are rounded to multiples of this; by default the figure of ``public.toml``.

    Returns
    -------
    Results
        With ``share`` of ``public``; what was given is not changed.
    """
    width_m = public_standard().figure("grid_m") if grid_m is None else grid_m
    networks = (_network(network, width_m) for network in (results.network, results.planned_network))
    network, planned_network = networks
    spaces = None if results.spaces is None else _spaces(results, results.spaces, width_m)
    few, of_dwellings = _few(results.circles), _of_dwellings()
    return replace(
        results,
        town=_town(results.town, width_m),
        network=network,
        planned_network=planned_network,
        circles=_circles(results.circles, width_m),
        planned=_circles(results.planned, width_m),
        spaces=spaces,
        uses=_of_spaces(results.uses, results.spaces),
        space_findings=_findings(results.space_findings),
        programme=_programme(results, width_m),
        gains=_gains(results.gains, width_m),
        school_routes=_routes(results.school_routes, width_m),
        indicators=_indicators(results.indicators, few, of_dwellings),
        scorecard=_scorecard(results.scorecard, few, of_dwellings),
        proposed_blocks=None
        if results.proposed_blocks is None
        else rounded_layer(results.proposed_blocks, grid_m=width_m),
        share="public",
    )


def _town(town: Town, grid_m: float) -> Town:
    """Take layers and columns that are named, with ids of houses given anew."""
    standard = public_standard()
    layers = {}
    for name, columns in standard.layers.items():
        if name not in town:
            continue
        layer = town[name]
        kept = [column for column in columns if column in layer.columns]
        plain = rounded_layer(layer[[*kept, "geometry"]], grid_m=grid_m)
        if name in standard.withheld.houses:
            plain = plain.assign(id=[str(number) for number in range(1, len(plain) + 1)])
        layers[name] = plain
    said, mark = town.settings.notice, text("public.notice")
    notice = said if said.endswith(mark) else _NOTICE_MARK.join(part for part in (said, mark) if part)
    made = replace(
        town,
        layers=Layers(layers),
        findings=_table(town.findings),
        settings=replace(town.settings, notice=notice, people_total=None, site_rules={}),
        rasters={name: raster for name, raster in town.rasters.items() if name in standard.rasters.kept},
    )
    spread = town.spread
    # Pages say on what dwellings the figures rest; the dwellings themselves are not there to tell.
    made.__dict__["spread"] = Spread(spread.rows[:0], spread.dwelling_basis, spread.people_basis, ())
    return made


def _is_told(layers: pd.Series) -> pd.Series:
    """Say which layers a finding may be of."""
    standard = public_standard()
    kept = set(standard.layers) - set(standard.withheld.houses)
    return layers.isin(kept)


def _table(findings: pd.DataFrame) -> pd.DataFrame:
    kept = findings[_is_told(findings["layer"])]
    return kept.assign(point=None).reset_index(drop=True)


def _findings(findings: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if findings is None else _table(findings)


def _network(network: WalkNetwork | None, grid_m: float) -> WalkNetwork | None:
    """Keep the streets, for what is planned of them to be drawn; nothing is to be computed on them."""
    if network is None:
        return None
    nothing = np.zeros(0, dtype=object)
    points = rounded_shapes(network.gates["geometry"].to_numpy(dtype=object), grid_m=grid_m)
    return replace(
        network,
        node_xy=grid_m * np.round(network.node_xy / grid_m),
        edge_lines=rounded_shapes(network.edge_lines, grid_m=grid_m),
        barriers=Barriers(nothing, nothing),
        gates=network.gates.drop(columns="ground", errors="ignore").assign(geometry=points),
        extent=None,
        found=_told(network.found),
        change=None,
        terrain=None,
    )


def _told(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    is_told = _is_told(pd.Series([finding.layer for finding in found], dtype=object))
    return tuple(replace(one, point=None) for one, keep in zip(found, is_told, strict=True) if keep)


def _circles(circles: LifeCircles | None, grid_m: float) -> LifeCircles | None:
    """Keep what is known of areas; of dwellings nothing."""
    if circles is None:
        return None
    areas = circles.service_areas
    # By far the finest shapes there are, and finer than the grid.
    simple = areas.set_geometry(areas.geometry.simplify(grid_m, preserve_topology=False))
    return replace(
        circles,
        dwellings=circles.dwellings[:0],
        reach=circles.reach[:0],
        coverage=circles.coverage[:0],
        service_areas=rounded_layer(simple, grid_m=grid_m),
        findings=_table(circles.findings),
    )


def _withheld(spaces: gpd.GeoDataFrame) -> pd.Series:
    """Say which spaces are left out: of kinds that tell of a house or a firm, and those under controls."""
    hidden = public_standard().withheld
    told = [bool({*controls.split(";")} & {*hidden.controls}) for controls in spaces["controls"]]
    is_farmland = spaces["protected_m2"].fillna(0.0) > 0
    is_hidden: pd.Series = spaces["kind"].isin(hidden.kinds) | is_farmland | np.array(told, dtype=bool)
    return is_hidden


def _of_spaces(table: Frame | None, spaces: gpd.GeoDataFrame | None) -> Frame | None:
    """Leave out the rows of spaces that are left out."""
    if table is None or spaces is None:
        return table
    ids = spaces.loc[_withheld(spaces), "space_id"]
    return table[~table["space_id"].isin(ids)].reset_index(drop=True)


def _spaces(results: Results, spaces: gpd.GeoDataFrame, grid_m: float) -> gpd.GeoDataFrame:
    kept = spaces[~_withheld(spaces)].reset_index(drop=True)
    managers = [
        value if value in display_names()["manager"] else None
        for value in column_values(kept, "bridge_manager")
    ]
    plain = kept.assign(
        name=_names(results.town, kept["name"], kept["kind"], "space_kind"),
        evidence=[_evidence(told) for told in kept["evidence"]],
        owner=_UNKNOWN_OWNER,
        bridge_manager=pd.Series(managers, index=kept.index, dtype=object),
        protected_m2=np.nan,
    )
    return rounded_layer(plain, grid_m=grid_m)


def _evidence(told: str) -> str:
    hidden = public_standard().withheld.evidence
    return ";".join(part for part in told.split(";") if part.partition("=")[0] not in hidden)


def _names(town: Town, names: pd.Series, kinds: pd.Series, labels: str) -> list[str]:
    """Keep names of places; one that tells of an owner or a firm gives way to what it is."""
    hidden = {
        name for layer, column in _NAMED if layer in town for name in column_values(town[layer], column)
    }
    secrets = [name for name in hidden if isinstance(name, str) and name.strip()]
    return [
        display_name(labels, kind) if any(secret in name for secret in secrets) else name
        for name, kind in zip(names, kinds, strict=True)
    ]


#: Columns that name owners and firms.
_NAMED = (("parcels", "owner_name"), ("firms", "name"), ("projects", "operator"), ("bridges", "manager"))


def _programme(results: Results, grid_m: float) -> Programme | None:
    """Keep the sites and how many each serves; whom, and who is left, are dwellings.

    What else was thought of stays inside too: ids of spaces say where those are that are left out.
    """
    programme = results.programme
    if programme is None:
        return None
    sites = programme.sites.to_crs(results.town.crs)
    if results.spaces is not None:
        ids = results.spaces.loc[_withheld(results.spaces), "space_id"]
        is_hidden = sites["space_id"].isin(ids).to_numpy()
        shapes = sites.geometry.to_numpy()
        points = shapely.point_on_surface(shapes)
        symbols = shapely.buffer(points, public_standard().figure("symbol_m"))
        sites = sites.set_geometry(np.where(is_hidden, symbols, shapes), crs=sites.crs)
    sites = sites.assign(name=_names(results.town, sites["name"], sites["use"], "use"))
    return replace(
        programme,
        sites=rounded_layer(sites, grid_m=grid_m),
        served=None,
        unserved=None,
        listed=None,
        alternatives=None,
        greedy=None,
        findings=_findings(programme.findings),
    )


def _gains(gains: GreenGains | None, grid_m: float) -> GreenGains | None:
    if gains is None:
        return None
    vertical = gains.vertical_green
    layers = {
        "pocket_parks": gains.pocket_parks,
        "banks": gains.banks,
        "tree_lined_streets": gains.tree_lined_streets,
        "vertical_green": vertical[~vertical["source_layer"].isin(public_standard().withheld.houses)],
    }
    return replace(
        gains,
        park_reach=gains.park_reach[:0],
        findings=_table(gains.findings),
        **{name: rounded_layer(layer, grid_m=grid_m) for name, layer in layers.items()},
    )


def _routes(routes: SchoolRoutes | None, grid_m: float) -> SchoolRoutes | None:
    """Keep pieces of streets and crossings that many dwellings share."""
    if routes is None:
        return None
    least = public_standard().figure("least_dwelling_count")
    segments, crossings = (
        rounded_layer(table[table["dwelling_count"] >= least].reset_index(drop=True), grid_m=grid_m)
        for table in (routes.segments, routes.crossings)
    )
    return replace(
        routes,
        routes=routes.routes[:0],
        segments=segments,
        crossings=crossings,
        findings=_table(routes.findings),
    )


def _few(circles: LifeCircles | None) -> set[str]:
    """Find the areas with so few dwellings that figures of their people tell of single ones."""
    if circles is None:
        return set()
    blocks = circles.areas[circles.areas["area_kind"] == "block"]["area_id"].unique()
    counts = circles.dwellings["block_id"].value_counts().reindex(blocks, fill_value=0)
    counts[TOWN] = len(circles.dwellings)
    least = public_standard().figure("least_dwelling_count")
    return {str(area) for area in counts[(counts > 0) & (counts < least)].index}


def _of_dwellings() -> set[str]:
    """Name the indicators that are worked out of the people of dwellings."""
    hidden = set(public_standard().withheld.of_dwellings)
    return {
        name
        for name, indicator in indicator_file().indicators.items()
        if any(
            part.strip().partition(".")[2] in hidden for need in indicator.needs for part in need.split("|")
        )
    }


def _indicators(table: pd.DataFrame | None, few: set[str], of_dwellings: set[str]) -> pd.DataFrame | None:
    if table is None:
        return None
    is_hidden = table["area_id"].isin(few) & table["indicator"].isin(of_dwellings) & table["value"].notna()
    return table.assign(
        value=table["value"].mask(is_hidden), missing=table["missing"].mask(is_hidden, _INSIDE)
    )


def _scorecard(table: pd.DataFrame | None, few: set[str], of_dwellings: set[str]) -> pd.DataFrame | None:
    if table is None:
        return None
    is_hidden = table["block_id"].isin(few) & table["indicator"].isin(of_dwellings)
    return table[~is_hidden].reset_index(drop=True)
