"""Crowns of trees, and the streets whose walks lie under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import erase, polygons_of
from fengmao_geo.green.areas import covered_m2, dissolved, first_holding, layer_shapes
from fengmao_geo.green.rows import value_rows
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = [
    "ROUNDING",
    "canopy",
    "circles",
    "crown_findings",
    "crowns",
    "tree_lined_share",
    "tree_lined_streets",
]

#: A share that falls short of a threshold by this is at it.
ROUNDING = 1e-9

# Corners of a circle drawn as a polygon, in a quarter and in all.
_QUARTER = 16
_CORNERS = 4 * _QUARTER


def circles(points: Geometries, radius_m: Numbers | float) -> Geometries:
    """Draw circles as polygons of 64 corners that have exactly the circles' areas.

    Parameters
    ----------
    points
        Their centres, shape ``(n,)``.
    radius_m
        Their radii.

    Returns
    -------
    array of Polygon, shape ``(n,)``
        The circles; empty where the radius is 0.

    Examples
    --------
    >>> round(circles(np.array([shapely.Point(0, 0)]), 2.0)[0].area / np.pi, 9)
    4.0
    """
    of_circle = _CORNERS / 2 * np.sin(2 * np.pi / _CORNERS) / np.pi
    return np.asarray(shapely.buffer(points, radius_m / np.sqrt(of_circle), quad_segs=_QUARTER))


def crowns(town: Town) -> Geometries | None:
    """Draw the crowns of the town's trees; a crown that is not known is as wide as the median of those known.

    Permanent basic farmland is erased from them.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    array of Polygon, or None
        The crowns, which may overlap; None without a layer of trees, or where no crown is known.
    """
    if "trees" not in town:
        return None
    trees = town["trees"]
    crown_m = trees.reindex(columns=["crown_m"])["crown_m"].astype(float)
    if len(trees) and crown_m.isna().all():
        return None
    radius_m = crown_m.fillna(crown_m.median()).to_numpy() / 2
    return polygons_of(
        erase(circles(trees.geometry.to_numpy(), radius_m), layer_shapes(town, "farmland_protected"))
    )


def crown_findings(town: Town) -> list[Finding]:
    """List what is not known of the crowns of trees.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    list of Finding
        Nothing where every crown is known.
    """
    if "trees" not in town:
        return [Finding("trees_unknown", "trees")]
    crown_m = town["trees"].reindex(columns=["crown_m"])["crown_m"].astype(float)
    unknown = int(crown_m.isna().sum())
    if not unknown:
        return []
    if unknown == len(crown_m):
        return [Finding("crowns_unknown", "trees", column="crown_m")]
    values = {"count": unknown, "crown_m": round(float(crown_m.median()), 1)}
    return [Finding("crown_missing", "trees", column="crown_m", values=values)]


def canopy(town: Town, green: gpd.GeoDataFrame | None, standard: GreenStandard) -> Geometries | None:
    """Draw the canopy: crowns of trees, and the woodland of a state.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state; None if nothing is known of it.
    standard
        Which types of green are canopy.

    Returns
    -------
    array of Polygon, or None
        Polygons that do not overlap; None where no crown is known.
    """
    over = crowns(town)
    if over is None:
        return None
    if green is not None:
        is_wood = green.reindex(columns=["green_type"])["green_type"].isin(standard.canopy_types).to_numpy()
        wood = erase(green.geometry.to_numpy()[is_wood], layer_shapes(town, "farmland_protected"))
        over = np.concatenate([over, wood])
    return dissolved(over)


def tree_lined_streets(
    town: Town,
    green: gpd.GeoDataFrame | None,
    *,
    standard: str | Path | GreenStandard | None = None,
) -> gpd.GeoDataFrame:
    """Measure how much of the walks along secondary and branch streets lies under crowns.

    The walk is the strip on both sides of the carriageway, as wide as the figure ``walk_width_m`` (a
    proposal), where no street crosses it. A street is tree-lined if so much of it lies under crowns or
    woodland as the figure ``shaded_share`` says. Bridges and tunnels are left out: no tree stands on them.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state: ``id, name, green_type, geometry``; None if nothing is known of it.
    standard
        Types of green and figures: a file of the user's own, or the shipped one.

    Returns
    -------
    GeoDataFrame
        The table ``tree_lined_streets`` in the order of ids: ``street_id``, ``name``, ``length_m``,
        ``shaded_share`` and ``is_tree_lined``, missing where no crown of the town is known, and where streets
        leave no walk; ``block_id`` and ``geometry``.

    Raises
    ------
    StandardError
        If the file of the standard is wrong.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> bool(tree_lined_streets(town, town["green"])["is_tree_lined"].any())
    False
    """
    read = green_standard(standard)
    streets = _ground_streets(town)
    rows = streets[streets["street_class"].isin(read.tree_lined_classes)].sort_values("id", ignore_index=True)
    lines = rows.geometry.to_numpy()
    shaded = _shaded_share(_walks(rows, streets, read), canopy(town, green, read))
    is_lined = (shaded >= read.figure("shaded_share") - ROUNDING).astype(object)
    is_lined[np.isnan(shaded)] = None
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    found = gpd.GeoDataFrame(
        {
            "street_id": rows["id"].to_numpy(dtype=object),
            "name": rows["name"].to_numpy(dtype=object),
            "length_m": shapely.length(lines),
            "shaded_share": shaded,
            "is_tree_lined": is_lined,
            "block_id": first_holding(town, "blocks", middle),
        },
        geometry=lines,
        crs=town.crs,
    )
    return RESULTS["tree_lined_streets"].check(found)


def _ground_streets(town: Town) -> gpd.GeoDataFrame:
    """Take the streets on the ground, with the columns that are asked for and a width."""
    streets = town["streets"]
    for name in ("name", "street_class", "width_m", "level", "is_tunnel", "is_bridge"):
        if name not in streets:
            streets[name] = np.nan if name in ("width_m", "level") else None
    is_off = streets["is_tunnel"].isin([True]) | streets["is_bridge"].isin([True]) | (streets["level"] > 0)
    kinds = space_kinds()
    by_class = {name: kinds.figure(f"{name}_width_m") for name in ("main", "secondary", "branch")}
    stated_m = streets["width_m"].astype(float)
    assumed_m = streets["street_class"].map(by_class).astype(float).fillna(kinds.figure("lane_width_m"))
    return streets.assign(width_m=stated_m.where(stated_m > 0).fillna(assumed_m))[~is_off]


def _walks(rows: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, standard: GreenStandard) -> Geometries:
    """Draw the strips beside the carriageways of streets, less every carriageway."""
    half_m = rows["width_m"].to_numpy() / 2
    wide = shapely.buffer(
        rows.geometry.to_numpy(), half_m + standard.figure("walk_width_m"), cap_style="flat"
    )
    roads = shapely.buffer(streets.geometry.to_numpy(), streets["width_m"].to_numpy() / 2, cap_style="flat")
    return erase(np.asarray(wide), np.asarray(roads))


def _shaded_share(walks: Geometries, over: Geometries | None) -> Numbers:
    if over is None:
        return np.full(len(walks), np.nan)
    area_m2 = shapely.area(walks)
    share = covered_m2(walks, over) / np.where(area_m2 > 0, area_m2, np.nan)
    return np.minimum(share, 1.0)


def tree_lined_share(town: Town, streets: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Work out the share of the length of secondary and branch streets that is tree-lined, area by area.

    Parameters
    ----------
    town
        The town.
    streets
        The table ``tree_lined_streets``.
    areas
        What is measured: ``area_kind, area_id, area_name, geometry``.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``tree_lined_share``, of the streets of which it is known; NaN where there
        are none.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> areas = town["built_up"].assign(area_kind="town", area_id="town", area_name=town.name)
    >>> tree_lined_share(town, tree_lined_streets(town, town["green"]), areas)["value"].tolist()
    [0.0]
    """
    known = streets[streets["is_tree_lined"].notna()]
    ground = areas.geometry.to_numpy()
    row, hit = known.sindex.query(ground, predicate="intersects")
    length_m = shapely.length(shapely.intersection(known.geometry.to_numpy()[hit], ground[row]))
    is_lined = known["is_tree_lined"].to_numpy(dtype=bool)[hit]
    of_m = np.bincount(row, weights=length_m, minlength=len(areas))
    lined_m = np.bincount(row, weights=length_m * is_lined, minlength=len(areas))
    return value_rows(town, areas, {"tree_lined_share": lined_m / np.where(of_m > 0, of_m, np.nan)})
