"""Roofs, walls and piers that could be planted: candidates to be checked on site, apart from other green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.geo.planar import erase, joined_by_row, outline_segments, polygon_parts
from fengmao_geo.green.areas import first_holding, layer_shapes
from fengmao_geo.green.rows import value_rows
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Found = tuple[str, str, Geometries, Numbers, Geometries]

__all__ = ["vertical_candidates", "vertical_m2"]

# Walls this near to another wall or building are one with it.
_SAME_M = 0.5
# Corners of an outline this near to a straight line are none.
_STRAIGHT_M = 0.1
_PLACES = ("roof", "wall", "pier")


def vertical_candidates(
    town: Town, *, standard: str | Path | GreenStandard | None = None
) -> gpd.GeoDataFrame:
    """List roofs, walls and piers that could be planted, to be checked on site.

    Roofs are those that use and floors say are flat, large enough and not too high. Walls are the outlines
    of compounds, barriers that are walls, each once and one side of it, and the long straight walls of works
    and stores where no other building stands against them; gates and windows are not taken off. Piers are
    those of elevated decks that no railway manages, off the water: their surface by spacing, girth and clear
    height. What a building is must be known; all figures but the data's own are proposals.

    Parameters
    ----------
    town
        The town.
    standard
        Types of green and figures: a file of the user's own, or the shipped one.

    Returns
    -------
    GeoDataFrame
        The table ``vertical_green``: ``candidate_id``, ``place`` (roof, wall or pier), ``source_layer``,
        ``source_id``, ``area_m2`` that could be planted, ``block_id``, and ``geometry``: the roof, the lines
        of the wall, the deck above the piers.

    Raises
    ------
    StandardError
        If the file of the standard is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> sorted(set(vertical_candidates(sample_town())["place"]))
    ['pier', 'roof', 'wall']
    """
    read = green_standard(standard)
    found = [_roofs(town, read), *_enclosing_walls(town, read), _facades(town, read), _piers(town, read)]
    rows = pd.concat([_rows(*one) for one in found], ignore_index=True)
    shapes = np.concatenate([shapes for *_, shapes in found])
    names = zip(rows["place"], rows["source_layer"], rows["source_id"], strict=True)
    table = gpd.GeoDataFrame(
        rows.assign(
            candidate_id=["-".join(name) for name in names],
            block_id=first_holding(town, "blocks", shapes),
        ),
        geometry=shapes,
        crs=town.crs,
    )
    return RESULTS["vertical_green"].check(table)


def _rows(place: str, layer: str, ids: Geometries, area_m2: Numbers, shapes: Geometries) -> pd.DataFrame:
    named = {"place": place, "source_layer": layer, "source_id": ids.astype(object), "area_m2": area_m2}
    return pd.DataFrame(named, index=range(len(shapes)))


def _layer(town: Town, layer: str, *columns: str) -> gpd.GeoDataFrame:
    """Take a layer with some columns, all missing where it has none; empty without such a layer."""
    empty = gpd.GeoDataFrame({"id": np.zeros(0, dtype=object)}, geometry=[], crs=town.crs)
    frame = town.layers.get(layer, empty)
    return frame.assign(**{name: frame.reindex(columns=[name])[name] for name in columns})


def _roofs(town: Town, standard: GreenStandard) -> Found:
    buildings = _layer(town, "buildings", "use", "floor_count")
    floors = buildings["floor_count"].astype(float)
    is_tall = buildings["use"].isin(standard.tall_roof_uses)
    is_tall &= floors >= standard.figure("tall_roof_min_floors_count")
    is_flat = buildings["use"].isin(standard.flat_roof_uses) | is_tall
    is_flat &= floors <= standard.figure("roof_max_floors_count")
    rows = buildings[is_flat & (buildings.area >= standard.figure("roof_min_m2"))]
    return "roof", "buildings", rows["id"].to_numpy(), rows.area.to_numpy(), rows.geometry.to_numpy()


def _enclosing_walls(town: Town, standard: GreenStandard) -> list[Found]:
    """Take the outlines of compounds and the barriers that are walls, what is drawn twice once."""
    compounds, barriers = _layer(town, "compounds"), _layer(town, "barriers", "barrier_type")
    barriers = barriers[barriers["barrier_type"] == "wall"]
    lines = np.concatenate([compounds.boundary.to_numpy(), barriers.geometry.to_numpy()])
    left = _once(lines)
    area_m2 = shapely.length(left) * standard.figure("wall_height_m")
    is_left, found = area_m2 > 0, []
    for layer, ids, of in (
        ("compounds", compounds["id"].to_numpy(), slice(0, len(compounds))),
        ("barriers", barriers["id"].to_numpy(), slice(len(compounds), None)),
    ):
        kept = is_left[of]
        found.append(("wall", layer, ids[kept], area_m2[of][kept], left[of][kept]))
    return found


def _once(lines: Geometries) -> Geometries:
    """Take off each line what runs along one before it."""
    strips = shapely.buffer(lines, _SAME_M, cap_style="flat")
    row, hit = shapely.STRtree(strips).query(lines, predicate="intersects")
    is_before = hit < row
    return _without(lines, strips, row[is_before], hit[is_before])


def _without(shapes: Geometries, holes: Geometries, row: Indices, hit: Indices) -> Geometries:
    """Take off each shape the holes paired with it; rows ascend."""
    left, rows = shapes.copy(), np.unique(row)
    left[rows] = shapely.difference(shapes[rows], joined_by_row(holes[hit], row))
    return left


def _facades(town: Town, standard: GreenStandard) -> Found:
    """Take the long straight walls of works and stores where no other building stands against them."""
    buildings = _layer(town, "buildings", "use", "floor_count").reset_index(drop=True)
    rows = buildings[buildings["use"].isin(standard.blank_wall_uses)]
    parts, of = polygon_parts(shapely.simplify(rows.geometry.to_numpy(), _STRAIGHT_M))
    start, end, part = outline_segments(parts)
    is_long = np.hypot(*(end - start).T) >= standard.figure("wall_min_length_m")
    lines = np.asarray(shapely.linestrings(np.stack([start[is_long], end[is_long]], axis=1)))
    building = rows.index.to_numpy()[of[part[is_long]]]
    beside = shapely.buffer(buildings.geometry.to_numpy(), _SAME_M, join_style="mitre")
    row, hit = shapely.STRtree(beside).query(lines, predicate="intersects")
    is_other = hit != building[row]
    free = _without(lines, beside, row[is_other], hit[is_other])
    walls, at = joined_by_row(free, building), np.unique(building)
    height_m = buildings["floor_count"].astype(float).fillna(1.0).clip(lower=1.0).to_numpy()
    area_m2 = shapely.length(walls) * height_m[at] * standard.figure("floor_height_m")
    kept = area_m2 > 0
    return "wall", "buildings", buildings["id"].to_numpy()[at[kept]], area_m2[kept], walls[kept]


def _piers(town: Town, standard: GreenStandard) -> Found:
    bridges = _layer(town, "bridges", "bridge_type", "manager", "clear_height_m")
    rows = bridges[(bridges["bridge_type"] == "elevated") & (bridges["manager"] != "railway")]
    decks = rows.geometry.to_numpy()
    area_m2, outline_m = shapely.area(decks), shapely.length(decks)
    # The long side of the rectangle of the same area and outline, so that a bent deck keeps its length.
    length_m = (outline_m + np.sqrt(np.maximum(outline_m**2 - 16 * area_m2, 0))) / 4
    height_m = rows["clear_height_m"].astype(float).fillna(standard.figure("pier_height_m")).to_numpy()
    on_land = erase(decks, layer_shapes(town, "water"))
    share = shapely.area(on_land) / area_m2
    pier_m2 = (
        length_m * share / standard.figure("pier_spacing_m") * standard.figure("pier_girth_m") * height_m
    )
    kept = pier_m2 > 0
    return "pier", "bridges", rows["id"].to_numpy()[kept], pier_m2[kept], on_land[kept]


def vertical_m2(town: Town, candidates: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sum up what could be planted on roofs, walls and piers, area by area.

    A candidate that lies in an area in part counts in part.

    Parameters
    ----------
    town
        The town.
    candidates
        The table ``vertical_green``.
    areas
        What is measured: ``area_kind, area_id, area_name, geometry``.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``roof_candidate_m2``, ``wall_candidate_m2`` and ``pier_candidate_m2``;
        NaN where the town has no data to look for such places in.
    """
    ground, shapes = areas.geometry.to_numpy(), candidates.geometry.to_numpy()
    row, hit = shapely.STRtree(shapes).query(ground, predicate="intersects")
    inside = shapely.intersection(shapes[hit], ground[row])
    is_line = candidates["place"].to_numpy()[hit] == "wall"
    part, whole = (np.where(is_line, shapely.length(of), shapely.area(of)) for of in (inside, shapes[hit]))
    m2 = candidates["area_m2"].to_numpy()[hit] * part / whole
    is_known = _is_known(town)
    values = {}
    for place in _PLACES:
        of_place = m2 * (candidates["place"].to_numpy()[hit] == place)
        summed = np.bincount(row, weights=of_place, minlength=len(areas))
        values[f"{place}_candidate_m2"] = np.where(is_known[place], summed, np.nan)
    return value_rows(town, areas, values)


def _is_known(town: Town) -> dict[str, bool]:
    """Say for which places the town has data to look in."""
    buildings = _layer(town, "buildings", "use", "floor_count")
    has_uses = bool(buildings["use"].notna().any())
    return {
        "roof": has_uses and bool(buildings["floor_count"].notna().any()),
        "wall": has_uses or "compounds" in town or "barriers" in town,
        "pier": "bridges" in town,
    }
