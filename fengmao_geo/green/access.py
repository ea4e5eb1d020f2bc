"""Who reaches a park, and how much residential land the parks cover: walked, and by straight line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.green.parks import Parks, Service, find_parks
from fengmao_geo.green.rows import indicator_rows
from fengmao_geo.network.attach import Attachments, attach
from fengmao_geo.network.pieces import GroundPieces
from fengmao_geo.network.service_area import ground_of
from fengmao_geo.network.stretches import boundary_distances
from fengmao_geo.network.travel import TOLERANCE, nearest_distances, nearest_pairs
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.load import land_classes, walker
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.people import dwellings, people_basis

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Values = dict[tuple[str, str, str], Numbers]

__all__ = ["park_coverage", "park_reach"]

_RESIDENTIAL = "residential"
# A circle of straight metres is drawn to 0.01 % of its area.
_ARC_SEGMENTS = 64


@dataclass(frozen=True, eq=False)
class _Homes:
    """Dwellings in the order of their ids, joined to the streets, and how far the data go from each."""

    table: gpd.GeoDataFrame
    attachments: Attachments
    beyond_m: Numbers

    @classmethod
    def of(cls, town: Town, network: WalkNetwork, homes: Attachments | None, *, limit_m: float) -> _Homes:
        table = dwellings(town)
        if homes is None:
            homes = attach(network, table.rename(columns={"dwelling_id": "id"}))
        if not np.array_equal(homes.place_ids, table["dwelling_id"].astype(str).to_numpy(dtype=object)):
            raise UsageError("homes_differ", ours=len(table), theirs=len(homes))
        beyond_m = boundary_distances(network, homes, limit_m=limit_m, walker=walker("standard"))
        return cls(table, homes, beyond_m)

    @property
    def shapes(self) -> Geometries:
        shapes: Geometries = self.table.geometry.to_numpy()
        return shapes


@dataclass(frozen=True, eq=False)
class _Walks:
    """The walk from each dwelling to the nearest park that serves it.

    ``park`` is its row, -1 for none; ``distance_m`` includes what a small park serves less far; from
    ``doubt_m`` on a park that was not found might yet be there.
    """

    park: NDArray[np.intp]
    distance_m: Numbers
    doubt_m: Numbers

    @classmethod
    def of(cls, network: WalkNetwork, homes: _Homes, parks: Parks, service: Service) -> _Walks:
        count = len(homes.table)
        park, distance_m = np.full(count, -1, dtype=np.intp), np.full(count, np.nan)
        if count and len(service.shapes):
            pairs = nearest_pairs(
                network,
                homes.attachments,
                service.attachments,
                limit_m=service.far_m,
                walker=walker("standard"),
            )
            park[pairs.origin], distance_m[pairs.origin] = pairs.destination, pairs.distance_m
        # One beyond the extent is not in the data; to one that is not joined to the streets nobody walks.
        hidden_m = _straight(homes.shapes, service.shapes[~service.attachments.is_attached])
        doubt_m = np.fmin(homes.beyond_m, hidden_m)
        is_sure = homes.attachments.is_attached & parks.is_known
        return cls(park, distance_m, np.where(is_sure, np.where(np.isnan(doubt_m), np.inf, doubt_m), 0.0))

    def status(self, limit_m: float) -> NDArray[np.object_]:
        limit = limit_m * (1 + TOLERANCE)
        status = np.where(self.doubt_m <= limit, "unknown", "unreached").astype(object)
        status[self.distance_m <= limit] = "reached"
        return status


def _straight(shapes: Geometries, parks: Geometries) -> Numbers:
    """Straight metres from each outline to the nearest park; missing if there is none."""
    nearest_m = np.full(len(shapes), np.nan)
    if len(parks):
        (row, _), straight_m = shapely.STRtree(parks).query_nearest(
            shapes, return_distance=True, all_matches=False
        )
        nearest_m[row] = straight_m
    return nearest_m


def _straight_status(homes: _Homes, parks: Parks, service: Service) -> NDArray[np.object_]:
    """Say which dwellings lie within the radius of a park's outline."""
    status = np.full(len(homes.table), "unreached" if parks.is_known else "unknown", dtype=object)
    for radius_m in np.unique(service.radius_m):
        tree = shapely.STRtree(service.shapes[service.radius_m == radius_m])
        reach_m = radius_m * (1 + TOLERANCE)
        status[tree.query(homes.shapes, predicate="dwithin", distance=reach_m)[0]] = "reached"
    return status


@dataclass(frozen=True, eq=False)
class _Crowd:
    """Who lives where: pairs of an area and a dwelling in it, and the dwelling's people."""

    area: NDArray[np.intp]
    home: NDArray[np.intp]
    people: Numbers
    area_count: int

    @classmethod
    def of(cls, town: Town, homes: _Homes, areas: gpd.GeoDataFrame) -> _Crowd:
        home, area = areas.sindex.query(shapely.point_on_surface(homes.shapes), predicate="intersects")
        people = homes.table["people"].to_numpy(dtype=float)[home]
        is_people = people_basis(town) == "people"
        return cls(area, home, people if is_people else np.full(len(people), np.nan), len(areas))

    def sums(self, chosen: Flags) -> Numbers:
        """Count the people of dwellings in each area; unknown where people live of whom none was counted."""
        is_counted = ~np.isnan(self.people)
        weights = np.where(is_counted & chosen[self.home], self.people, 0.0)
        sums = np.bincount(self.area, weights=weights, minlength=self.area_count)
        homes = np.bincount(self.area, minlength=self.area_count)
        counted = np.bincount(self.area[is_counted], minlength=self.area_count)
        return np.where((homes > 0) & (counted == 0), np.nan, sums)

    def reached(self, status: NDArray[np.object_]) -> tuple[Numbers, Numbers]:
        """Count the people reached, and all; the former is unknown where nothing is known of anybody."""
        everybody = self.sums(np.ones(len(status), dtype=bool))
        is_lost = (self.sums(status == "unknown") == everybody) & (everybody > 0)
        return np.where(is_lost, np.nan, self.sums(status == "reached")), everybody


def _share(part: Numbers, whole: Numbers) -> Numbers:
    """Divide; of nothing there is no share."""
    share: Numbers = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return np.minimum(share, 1.0)


def park_reach(
    town: Town,
    network: WalkNetwork,
    green: gpd.GeoDataFrame | None,
    *,
    standard: str | Path | GreenStandard | None = None,
    homes: Attachments | None = None,
) -> pd.DataFrame:
    """Find each dwelling's nearest park on foot.

    A park is entered at its gates; without gates, wherever a street runs within 15 m of its outline. What of
    it is permanent basic farmland is no park. A dwelling that reaches none within ``far_park_m`` (500 m, GB/T
    51346-2019 A.0.3) is ``unreached``; it is ``unknown`` if it is not joined to the streets, its own walk
    would leave the extent, a park near it is not joined, or the green does not tell its types.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of one state: the layer ``green``, ``green_before`` or a plan; ``None`` where there is none.
    standard
        What is measured of green: a file of the user's own, or a standard; by default the shipped one.
    homes
        The town's dwellings as `attach` joins them, to be used for several states; joined here by default.

    Returns
    -------
    DataFrame
        The table ``park_reach``: ``dwelling_id, green_id, distance_m`` (walked, missing where none is found),
        ``straight_m`` (to the nearest park by straight line, which may be another), ``status``.

    Raises
    ------
    StandardError
        If the user's file is wrong.
    UsageError
        If ``homes`` are not the town's dwellings.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> reach = park_reach(town, fg.walk_network(town), town["green"])
    >>> bool((reach["distance_m"].dropna() <= 500).all())
    True
    """
    read = green_standard(standard)
    limit_m = read.figure("far_park_m")
    parks = find_parks(town, network, green, standard=read)
    who = _Homes.of(town, network, homes, limit_m=limit_m)
    walks = _Walks.of(network, who, parks, parks.all_within(limit_m))
    green_id = np.full(len(walks.park), None, dtype=object)
    is_found = walks.park >= 0
    green_id[is_found] = parks.attachments.place_ids[walks.park[is_found]]
    table = pd.DataFrame(
        {
            "dwelling_id": who.table["dwelling_id"].to_numpy(),
            "green_id": green_id,
            "distance_m": walks.distance_m,
            "straight_m": _straight(who.shapes, parks.shapes),
            "status": walks.status(limit_m),
        }
    )
    return RESULTS["park_reach"].check(table)


def park_coverage(
    town: Town,
    network: WalkNetwork,
    green: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame,
    *,
    standard: str | Path | GreenStandard | None = None,
    homes: Attachments | None = None,
) -> pd.DataFrame:
    """Measure how much residential land and how many people the parks cover, by each rule set.

    Covered by straight line is what lies within the radius of a park's outline, as official statistics count
    it; covered on foot (``network``) is the ground that is walked to from the park's gates within as many
    metres, of which the last ``walk_off_m`` may lead off the street. Overlaps count once. Parks outside an
    area serve it too.

    Residential land is the parcels whose land class is residential in the town's code scheme; without
    parcels, codes or a scheme it is unknown, since buildings do not tell their land. People are those of the
    dwellings in the area; unknown where the town has only weights of floor area. What is not known to be
    covered counts as not covered; shares are unknown where nothing is known.

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of one state: the layer ``green``, ``green_before`` or a plan; ``None`` where there is none.
    areas
        Areas: ``area_kind, area_id, area_name, geometry``.
    standard
        What is measured of green: a file of the user's own, or a standard; by default the shipped one.
    homes
        The town's dwellings as `attach` joins them, to be used for several states; joined here by default.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``residential_m2``; by rule set and by straight line or network
        ``park_covered_land_share``, ``park_covered_people``, ``park_covered_people_share``; and of people on
        foot ``park_within_300_m_people`` (``near_park_m``), ``park_within_500_m_people`` (``far_park_m``) and
        ``park_unknown_people``.

    Raises
    ------
    StandardError
        If the user's file is wrong.
    UsageError
        If ``homes`` are not the town's dwellings.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> areas = town["built_up"].assign(area_kind="town", area_id="town", area_name=town.name)
    >>> found = park_coverage(town, fg.walk_network(town), town["green"], areas)
    >>> found[found["indicator"] == "park_covered_land_share"]["value"].between(0, 1).all()
    np.True_
    """
    read = green_standard(standard)
    near_m, far_m = read.figure("near_park_m"), read.figure("far_park_m")
    parks = find_parks(town, network, green, standard=read)
    services = {name: parks.serving(of.rules) for name, of in read.rule_sets.items()}
    limit_m = max(near_m, far_m, *(service.far_m for service in services.values()))
    who = _Homes.of(town, network, homes, limit_m=limit_m)
    crowd = _Crowd.of(town, who, areas)
    values = _land_values(town, network, parks, services, areas, off_m=read.figure("walk_off_m"))
    for name, service in services.items():
        walked = _Walks.of(network, who, parks, service).status(service.far_m)
        for by, status in (("network", walked), ("straight_line", _straight_status(who, parks, service))):
            reached, everybody = crowd.reached(status)
            values["park_covered_people", name, by] = reached
            values["park_covered_people_share", name, by] = _share(reached, everybody)
    walks = _Walks.of(network, who, parks, parks.all_within(limit_m))
    values["park_within_300_m_people", "", "network"] = crowd.reached(walks.status(near_m))[0]
    values["park_within_500_m_people", "", "network"] = crowd.reached(walks.status(far_m))[0]
    values["park_unknown_people", "", "network"] = crowd.sums(walks.status(far_m) == "unknown")
    return indicator_rows(town, areas, values)


def _land_values(
    town: Town,
    network: WalkNetwork,
    parks: Parks,
    services: dict[str, Service],
    areas: gpd.GeoDataFrame,
    *,
    off_m: float,
) -> Values:
    """Measure residential land, and what of it is covered by each rule set."""
    shapes, land = areas.geometry.to_numpy(), _residential_land(town)
    total_m2 = (
        np.full(len(areas), np.nan) if land is None else _held_m2(shapes, polygons_of(np.array([land])))
    )
    values: Values = {("residential_m2", "", ""): total_m2}
    if land is None:
        land = shapely.MultiPolygon()
    pieces = GroundPieces.of(network, off_m)
    with ThreadPoolExecutor() as pool:  # joining polygons leaves Python's lock free
        walked = list(pool.map(lambda service: _walked_ground(network, service, pieces), services.values()))
    for (name, service), on_foot in zip(services.items(), walked, strict=True):
        circles = shapely.union_all(shapely.buffer(service.shapes, service.radius_m, quad_segs=_ARC_SEGMENTS))
        is_joined = service.attachments.is_attached.any() or not len(service.shapes)
        for by, ground, is_known in (
            ("network", on_foot, parks.is_known and is_joined),
            ("straight_line", circles, parks.is_known),
        ):
            covered = polygons_of(np.array([shapely.intersection(land, ground)]))
            share = _share(_held_m2(shapes, covered), total_m2)
            values["park_covered_land_share", name, by] = share if is_known else np.full(len(share), np.nan)
    return values


def _walked_ground(network: WalkNetwork, service: Service, pieces: GroundPieces) -> shapely.Geometry:
    """Draw the ground from which some park that serves it is walked to."""
    if not service.attachments.is_attached.any():
        return shapely.MultiPolygon()
    who, reach_m = walker("standard"), service.far_m
    distance_m, _ = nearest_distances(network, service.attachments, limit_m=reach_m, walker=who)
    return ground_of(network, service.attachments, distance_m, pieces=pieces, reach_m=reach_m, walker=who)


def _residential_land(town: Town) -> shapely.Geometry | None:
    """Join the residential parcels; ``None`` where parcels, their codes or the scheme are not known."""
    scheme = town.settings.codes.get("parcels")
    if "parcels" not in town or scheme is None or "land_code" not in town["parcels"].columns:
        return None
    codes = [code for code, record in land_classes(scheme).items() if record.group == _RESIDENTIAL]
    parcels = town["parcels"]
    return shapely.union_all(parcels.geometry[parcels["land_code"].isin(codes)].to_numpy())


def _held_m2(areas: Geometries, ground: Geometries) -> Numbers:
    """Measure how much of polygons that do not overlap lies in each area."""
    area, hit = shapely.STRtree(ground).query(areas, predicate="intersects")
    held_m2 = shapely.area(shapely.intersection(areas[area], ground[hit]))
    return np.bincount(area, weights=held_m2, minlength=len(areas)).astype(float)
