"""Farmland fragments: pieces that roads cut off, and pieces that built-up ground encloses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import erase, open_away, outline_segments, polygons_of
from fengmao_geo.spaces.inventory import (
    CONSTRUCTION_GROUPS,
    ROAD_GROUPS,
    Inventory,
    inventory,
    land_groups,
    pairs,
    polygons_in,
)
from fengmao_geo.spaces.surfaces import street_surfaces
from fengmao_geo.standards.spaces import space_kinds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.standards.spaces import SpaceKinds
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["faced_share", "farmland_fragments"]

_CUT, _ENCLOSED = "road_cut_plot", "enclosed_farmland"
_CROPLAND = "cropland"
# Outlines are looked at in stretches no longer than this.
_STEP_M = 2.0


def farmland_fragments(town: Town, *, kinds: str | Path | SpaceKinds | None = None) -> Inventory:
    """List the farmland that roads have cut off and the farmland that the town encloses.

    Farmland is the cropland of the parcels and the permanent basic farmland, less streets and water. A small
    connected piece is enclosed where enough of its outline faces built-up ground or enough of its area lies
    in the built-up area, and cut off where enough of its outline faces roads. No piece is both: the kind of
    the lower order wins.

    Parameters
    ----------
    town
        The town.
    kinds
        Kinds of space: a file of the user's own, or kinds; by default the shipped ones.

    Returns
    -------
    Inventory
        ``table``: ``kind`` (road_cut_plot, enclosed_farmland), ``basis`` (farmland), ``certainty``
        (certain), ``rule``, ``evidence``, ``source_layer``, ``source_id``, ``source_name``, ``protected_m2``
        (m² of permanent basic farmland on it; unknown without that layer), ``geometry``. ``totals``:
        ``farmland_m2``, the whole, which is what ``fragment_m2``, ``other_m2`` and ``taken_m2`` (by streets
        and water) add up to.

    Raises
    ------
    StandardError
        If the user's file of kinds is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> found = farmland_fragments(sample_town())
    >>> parts = ("fragment_m2", "other_m2", "taken_m2")
    >>> abs(found.totals["farmland_m2"] - sum(found.totals[part] for part in parts)) < 0.01
    True
    """
    read = space_kinds(kinds)
    land, protected, found = _farmland(town)
    streets, water = street_surfaces(town, kinds=read), polygons_in(town, "water")
    left = erase(land, np.concatenate([streets, water]))
    kept, _ = open_away(left, read.figure("sliver_width_m"))
    pieces = _in_order(polygons_of(kept))
    table = _typed(town, pieces, np.concatenate([streets, _parcels(town, ROAD_GROUPS)]), read)
    protected_m2 = _overlap_m2(table.geometry.to_numpy(), protected)
    table = table.assign(protected_m2=np.nan if "farmland_protected" not in town else protected_m2)
    farmland_m2, left_m2 = shapely.area(land).sum(), shapely.area(left).sum()
    fragment_m2 = table.geometry.area.sum()
    totals = {
        "farmland_m2": float(farmland_m2),
        "fragment_m2": float(fragment_m2),
        "other_m2": float(left_m2 - fragment_m2),
        "taken_m2": float(farmland_m2 - left_m2),
    }
    return inventory([table], found, town=town, kinds=read, totals=totals)


def _farmland(town: Town) -> tuple[Geometries, Geometries, list[Finding]]:
    """Take the connected farmland, none of it twice, and the permanent basic farmland."""
    crops, protected = _parcels(town, (_CROPLAND,)), polygons_in(town, "farmland_protected")
    land = polygons_of(np.array([shapely.union_all(np.concatenate([crops, protected]))]))
    has_codes = "parcels" in town and land_groups(town, town["parcels"]) is not None
    if has_codes:
        return land, protected, []
    code = "cropland_unknown" if "farmland_protected" in town else "farmland_unknown"
    return land, protected, [Finding(code, "parcels", column="land_code")]


def _parcels(town: Town, groups: tuple[str, ...]) -> Geometries:
    """Take the parcels of groups of land classes; none where the codes or their scheme are not known."""
    if "parcels" not in town:
        return np.zeros(0, dtype=object)
    parcels = town["parcels"]
    of = land_groups(town, parcels)
    return polygons_of(parcels.geometry.to_numpy()[[] if of is None else of.isin(groups).to_numpy()])


def _in_order(pieces: Geometries) -> Geometries:
    """Put pieces in the order of where they lie, whatever the order of what they come from."""
    corner = shapely.bounds(pieces).reshape(-1, 4)
    return pieces[np.lexsort((shapely.area(pieces), corner[:, 1], corner[:, 0]))]


def _typed(town: Town, pieces: Geometries, roads: Geometries, kinds: SpaceKinds) -> gpd.GeoDataFrame:
    """Choose the pieces that are of a kind, each with the rule that fired and what was measured."""
    # The outlines of large farmland are long, and what they face is of no account.
    could_be = {
        kind: _is_of_size(shapely.area(pieces), _away_m(town, pieces), kind, kinds)
        for kind in (_CUT, _ENCLOSED)
    }
    small = np.logical_or.reduce(list(could_be.values()))
    pieces, could_be = pieces[small], {kind: of_size[small] for kind, of_size in could_be.items()}
    area_m2 = shapely.area(pieces)
    built_up = polygons_in(town, "built_up")
    built = np.concatenate([built_up, polygons_in(town, "buildings"), _parcels(town, CONSTRUCTION_GROUPS)])
    street_share = faced_share(pieces, roads, reach_m=kinds.figure("facing_m"))
    built_share = faced_share(pieces, built, reach_m=kinds.figure("facing_m", _ENCLOSED))
    within_share = _overlap_m2(pieces, built_up) / area_m2
    # What lies in the town is enclosed, whatever is around it; else roads on all sides come before houses.
    measured = {
        (_ENCLOSED, "within_share"): within_share,
        (_CUT, "street_share"): street_share,
        (_ENCLOSED, "built_share"): built_share,
    }
    tests = [
        (kind, name, (share >= kinds.figure(name, kind)) & could_be[kind])
        for (kind, name), share in measured.items()
    ]
    hits = [hit for _, _, hit in tests]
    rows = np.flatnonzero(np.logical_or.reduce(hits))
    rule = [f"{name}>={kinds.figure(name, kind):g}" for kind, name, _ in tests]
    shown = {name: share[rows].round(3).tolist() for (_, name), share in measured.items()}
    return gpd.GeoDataFrame(
        {
            "kind": np.select(hits, [kind for kind, _, _ in tests], default="")[rows],
            "certainty": "certain",
            "rule": np.select(hits, rule, default="")[rows],
            "evidence": pairs({"area_m2": area_m2[rows].round(1).tolist(), **shown}, count=len(rows)),
            "source_layer": "farmland",
            "source_id": _ids(pieces[rows]),
            "source_name": np.full(len(rows), None, dtype=object),
        },
        geometry=pieces[rows],
        crs=town.crs,
    )


def _is_of_size(area_m2: Numbers, away_m: Numbers, kind: str, kinds: SpaceKinds) -> NDArray[np.bool_]:
    is_of_size = (area_m2 >= kinds.figure("least_area_m2", kind)) & (area_m2 <= kinds.figure("area_m2", kind))
    return is_of_size & (away_m <= kinds.figure("beyond_m", kind))


def _away_m(town: Town, pieces: Geometries) -> Numbers:
    """Measure how far pieces lie from the ground that is looked at: extent and study area."""
    ground = shapely.union_all(np.array([*polygons_in(town, "study_area"), town.extent], dtype=object))
    shapely.prepare(ground)
    return np.asarray(shapely.distance(pieces, ground), dtype=float)


def _ids(pieces: Geometries) -> list[str]:
    """Name pieces by a point inside, to the metre."""
    points = shapely.get_coordinates(shapely.point_on_surface(pieces)).round().astype(np.int64)
    return [f"{x}-{y}" for x, y in points.tolist()]


def faced_share(pieces: Geometries, others: Geometries, *, reach_m: float) -> Numbers:
    """Work out the share of polygons' outer outlines that face others, straight out.

    Parameters
    ----------
    pieces
        Polygons, shape ``(n,)``.
    others
        Polygons that overlap none of them.
    reach_m
        How far from the outline is looked.

    Returns
    -------
    array of float, shape ``(n,)``
        Shares between 0 and 1.

    Examples
    --------
    >>> field, road = shapely.box(0, 0, 30, 20), shapely.box(-9, 21, 40, 25)
    >>> faced_share(np.array([field]), np.array([road]), reach_m=4.0).tolist()
    [0.3]
    >>> faced_share(np.array([field]), np.array([road]), reach_m=0.5).tolist()
    [0.0]
    """
    rings = shapely.polygons(shapely.get_exterior_ring(shapely.orient_polygons(pieces)))
    start, end, of = outline_segments(np.asarray(shapely.segmentize(rings, _STEP_M), dtype=object))
    length_m = np.hypot(*(end - start).T)
    middle = (start + end) / 2
    # The outline runs counter-clockwise, so that outside is on its right.
    outward = np.stack([end[:, 1] - start[:, 1], start[:, 0] - end[:, 0]], axis=1) / length_m[:, None]
    looks = np.asarray(shapely.linestrings(np.stack([middle, middle + reach_m * outward], axis=1)))
    # The index prepares what is asked for: a built-up area of thousands of corners once, not for each look.
    _, seen = shapely.STRtree(looks).query(others, predicate="intersects")
    is_facing = np.zeros(len(of), dtype=np.bool_)
    is_facing[seen] = True
    faced_m = np.bincount(of, weights=length_m * is_facing, minlength=len(pieces))
    return faced_m / np.bincount(of, weights=length_m, minlength=len(pieces))


def _overlap_m2(pieces: Geometries, areas: Geometries) -> Numbers:
    """Measure how much of each piece lies in areas that may overlap each other."""
    return np.asarray(shapely.area(pieces) - shapely.area(erase(pieces, areas)), dtype=float)
