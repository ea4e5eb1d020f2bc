"""Walks to school: each dwelling's way, and the street pieces where most children walk without shade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UnknownNameError
from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.life_circle.districts import district_schools
from fengmao_geo.life_circle.places import Places, facility_places, unattached
from fengmao_geo.life_circle.reach import Homes, are_joined, doubt_minutes, statuses, surveyed_types
from fengmao_geo.life_circle.school_streets import crossing_table, main_roads, segment_table, street_findings
from fengmao_geo.life_circle.walks import homes_of
from fengmao_geo.network.crossings import fewest_crossings
from fengmao_geo.network.service_area import check_minutes
from fengmao_geo.network.travel import nearest_pairs
from fengmao_geo.network.ways import Ways, leg_ends, shortest_ways, way_lines
from fengmao_geo.standards.load import catalogue as load_catalogue
from fengmao_geo.standards.load import facility_types
from fengmao_geo.standards.load import walker as load_walker
from fengmao_geo.standards.routes import route_standard
from fengmao_geo.tables import GROUP_COLUMNS, RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.records import Walker
    from fengmao_geo.standards.routes import RouteStandard
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["SchoolRoutes", "school_routes"]


@dataclass(frozen=True, repr=False, eq=False)
class SchoolRoutes:
    """Walks to school as frozen tables; made by `school_routes`.

    Parameters
    ----------
    facility_type
        Which schools.
    walker
        Who walks.
    minutes
        The longest walk that was looked for.
    standard_m
        The distance that a standard asks for; None if none does.
    routes
        One row per dwelling with children, or where they were not counted.
    segments
        The street pieces that children use, those most worth improving first.
    crossings
        Where children cannot but cross main roads, those that most cross first.
    findings
        Districts without a school, dwellings without a district, and what else is not known.
    """

    facility_type: str
    walker: Walker
    minutes: float
    standard_m: float | None
    routes: gpd.GeoDataFrame
    segments: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    findings: pd.DataFrame

    def __repr__(self) -> str:
        reached = int((self.routes["status"] == "reached").sum())
        return (
            f"<SchoolRoutes to {self.facility_type}: {len(self.routes):,} dwellings, {reached:,} walks, "
            f"{len(self.segments):,} street pieces>"
        )

    def _repr_html_(self) -> str:
        shown = self.segments.drop(columns="geometry").head(20)
        return str(pd.DataFrame(shown).to_html(index=False, float_format=lambda value: f"{value:,.2f}"))


def school_routes(
    town: Town,
    network: WalkNetwork,
    *,
    facility_type: str = "primary_school",
    walker: str | Walker = "child",
    minutes: float | None = None,
    catalogue: str | Path = "township",
    standard: str | Path | RouteStandard | None = None,
) -> SchoolRoutes:
    """Find the way each dwelling's children walk to school, and the street pieces they share.

    The school is that of the district (the layer ``school_districts``); without such a layer it is the
    nearest, and ``basis`` says so. The way is the shortest. Street pieces are ranked by ``unshaded_m``: the
    metres that all children together walk there once, times the share of the walk that no crown shades (a
    proposal); where no crown is known, by ``walked_m``.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    facility_type
        Which schools; the type also says which children.
    walker
        Who walks: a name from ``walkers.toml``, a path, or a record.
    minutes
        The longest walk that is looked for; by default the figure ``walk_min`` of the standard.
    catalogue
        Says the standard distance; where it does not, GB 50180-2018 does.
    standard
        Which streets are main roads, and thresholds: a file of the user's own, or the shipped one.

    Returns
    -------
    SchoolRoutes
        ``routes``: ``dwelling_id, school_id, basis`` (district, nearest), ``children_people`` (missing where
        they were not counted), ``travel_min`` (minutes), ``distance_m`` (metres, legs and all),
        ``is_within_standard``, ``main_roads_crossed_count`` (as `fewest_crossings` defines it), ``status``
        and ``geometry``, the line walked. ``segments``: ``edge_id`` (of the network), ``street_id, name,
        is_main_road, length_m, dwelling_count, children_people`` (who use any of it), ``children_share`` (of
        all children with a way), ``shaded_share``, ``walked_m`` and ``unshaded_m`` (metres times children),
        ``rank_basis, rank, geometry``. ``crossings``: ``name`` (of the main road), ``dwelling_count,
        children_people, rank, geometry``; none of a walk whose crossings are unknown.

    Raises
    ------
    UnknownNameError
        If there is no such type of facility, catalogue or walker.
    UsageError
        If minutes are not positive.
    StandardError
        If the user's catalogue, walker or standard is wrong.

    Examples
    --------
    >>> from fengmao_geo.network.build import walk_network
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> school_routes(town, walk_network(town)).routes["basis"].unique().tolist()
    ['nearest']
    """
    if facility_type not in facility_types():
        raise UnknownNameError("unknown_standard", name=facility_type, known=", ".join(facility_types()))
    read, who = route_standard(standard), load_walker(walker)
    limit_min = check_minutes([read.figure("walk_min") if minutes is None else minutes])[0]
    limits = _Limits(limit_min, _standard_m(catalogue, facility_type), who)
    homes = _homes_with_children(homes_of(town, network, limit_m=limits.limit_m, walker=who), facility_type)
    there = facility_places(town, network).get(facility_type) or _no_places(homes)
    goals = _goals(town, network, homes, there, facility_type, limits)
    ways = shortest_ways(
        network, homes.attachments, there.attachments, goals.wanted, limit_m=limits.limit_m, walker=who
    )
    children = homes.table["children_people"].to_numpy(dtype=float)
    main = main_roads(town, network, read)
    ends = _ends(network, homes, there, ways)
    crossed = fewest_crossings(network, ways, main, *ends)
    found = findings_table([*goals.found, *street_findings(town)])
    return SchoolRoutes(
        facility_type=facility_type,
        walker=who,
        minutes=limit_min,
        standard_m=limits.standard_m,
        routes=_routes(network, homes, goals, ways, ends, crossed.crossed_count, limits),
        segments=segment_table(town, network, ways, children=children[ways.origin], main=main, standard=read),
        crossings=crossing_table(town, network, crossed, children=children[ways.origin], main=main),
        findings=join_findings([found, unattached(town, homes.attachments, {facility_type: there})]),
    )


class _Goals(NamedTuple):
    """Where children walk: the school's id and row (-1 if none), and minutes from which that is in doubt."""

    school_id: NDArray[np.object_]
    wanted: Indices
    is_district: bool
    doubt_min: Numbers
    found: list[Finding]


class _Limits(NamedTuple):
    """How far children walk at most, how far they should, and who they are."""

    limit_min: float
    standard_m: float | None
    walker: Walker

    @property
    def limit_m(self) -> float:
        """Metres that are searched: a standard may be farther than the longest walk."""
        return max(self.limit_min * self.walker.speed_m_min, self.standard_m or 0.0)


def _standard_m(catalogue: str | Path, facility_type: str) -> float | None:
    """Look up the standard distance in the catalogue, else in GB 50180-2018."""
    for which in (catalogue, "gb50180_2018"):
        for entry in load_catalogue(which).entries:
            if entry.facility_type == facility_type and entry.standard_m is not None:
                return entry.standard_m
    return None


def _homes_with_children(homes: Homes, facility_type: str) -> Homes:
    """Keep the dwellings where children live, or where it is not known; their number as a column."""
    group = facility_types()[facility_type].group
    people = homes.table["people"].to_numpy(dtype=float)
    # No group of this age is counted: all people are not the children.
    unknown = np.full(len(people), np.nan)
    children = unknown if group == "everyone" else homes.table[GROUP_COLUMNS[group]].to_numpy(dtype=float)
    is_kept = ~(children == 0) & ~(people == 0)
    table = homes.table.assign(children_people=children)[is_kept].reset_index(drop=True)
    return Homes(table, homes.attachments.take(is_kept), homes.is_joined[is_kept])


def _no_places(homes: Homes) -> Places:
    none = homes.attachments.take(np.zeros(len(homes.table), dtype=bool))
    return Places(none, np.zeros(0, dtype=object))


def _goals(
    town: Town,
    network: WalkNetwork,
    homes: Homes,
    there: Places,
    facility_type: str,
    limits: _Limits,
) -> _Goals:
    """Say where the children of each dwelling go: to the school of the district, else to the nearest."""
    ids = there.attachments.place_ids
    count = len(homes.table)
    by_district = district_schools(town, homes.table, facility_type=facility_type)
    if by_district is not None:
        school_id, found = by_district
        wanted = np.asarray(pd.Index(ids).get_indexer(pd.Index(school_id)), dtype=np.intp)
        is_joined = np.append(are_joined(network, there.attachments, limits.walker), False)
        doubt_min = np.where(
            homes.is_joined & is_joined[wanted], homes.table["boundary_min"].to_numpy(dtype=float), 0.0
        )
        return _Goals(school_id, wanted, True, doubt_min, found)
    wanted = np.full(count, -1, dtype=np.intp)
    if len(ids):
        pairs = nearest_pairs(
            network, homes.attachments, there.attachments, limit_m=limits.limit_m, walker=limits.walker
        )
        wanted[pairs.origin] = pairs.destination
    school_id = np.concatenate([ids, np.array([None], dtype=object)])[wanted]
    is_surveyed = facility_type in surveyed_types(town, [facility_type])
    doubt_min = doubt_minutes(network, homes, there, is_surveyed=is_surveyed, walker=limits.walker)
    return _Goals(school_id, wanted, False, doubt_min, [Finding("districts_missing", "school_districts")])


def _routes(
    network: WalkNetwork,
    homes: Homes,
    goals: _Goals,
    ways: Ways,
    ends: tuple[Numbers, Numbers],
    crossed_count: Numbers,
    limits: _Limits,
) -> gpd.GeoDataFrame:
    """Put the walks together, dwelling by dwelling."""
    count = len(homes.table)
    distance_m, crossed = np.full(count, np.nan), np.full(count, np.nan)
    lines = np.full(count, None, dtype=object)
    if len(ways.origin):
        distance_m[ways.origin] = ways.distance_m
        crossed[ways.origin] = crossed_count
        lines[ways.origin] = way_lines(network, ways, *ends)
    speed = limits.walker.speed_m_min
    travel_min = distance_m / speed
    is_within = np.full(count, None, dtype=object)
    if limits.standard_m is not None:
        by_standard = statuses(travel_min, goals.doubt_min, limits.standard_m / speed)
        is_within[by_standard != "unknown"] = (by_standard == "reached")[by_standard != "unknown"]
    found = gpd.GeoDataFrame(
        {
            "dwelling_id": homes.table["dwelling_id"].to_numpy(),
            "school_id": goals.school_id,
            "basis": "district" if goals.is_district else "nearest",
            "children_people": homes.table["children_people"].to_numpy(),
            "travel_min": travel_min,
            "distance_m": distance_m,
            "is_within_standard": is_within,
            "main_roads_crossed_count": crossed,
            "status": statuses(travel_min, goals.doubt_min, limits.limit_min),
        },
        geometry=lines,
        crs=network.crs,
    )
    return RESULTS["school_routes"].check(found)


def _ends(network: WalkNetwork, homes: Homes, there: Places, ways: Ways) -> tuple[Numbers, Numbers]:
    """Find where walks begin at homes and end at schools."""
    if not len(ways.origin):
        return np.zeros((0, 2)), np.zeros((0, 2))
    each = np.arange(len(ways.origin))
    first, last = np.searchsorted(ways.way, each), np.searchsorted(ways.way, each, side="right") - 1
    lines = network.edge_lines[ways.edge_id]
    begin, end = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[at], metres[at]))
        for at, metres in ((first, ways.from_m), (last, ways.to_m))
    )
    shapes = homes.table.geometry.to_numpy()
    return (
        leg_ends(network, homes.attachments, shapes, ways.start_row, begin),
        leg_ends(network, there.attachments, there.shapes, ways.end_row, end),
    )
