"""The rule 3-30-300: three trees at home, 30 % of canopy around it, a park within 300 m of walking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.green.areas import homes_in
from fengmao_geo.green.rows import value_rows
from fengmao_geo.green.trees import ROUNDING, canopy, circles
from fengmao_geo.standards.green import green_standard
from fengmao_geo.town.people import dwellings

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]

__all__ = ["canopy_around", "three_thirty"]

# So many homes are looked at together, so that memory does not grow with the town.
_LOT = 1000


def three_thirty(
    town: Town,
    green: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame,
    park_reach: pd.DataFrame,
    *,
    standard: str | Path | GreenStandard | None = None,
) -> pd.DataFrame:
    """Work out the shares of people with three trees at home, 30 % of canopy, a park at 300 m, and all three.

    Trees within ``tree_near_m`` of a home's outline stand for those that are seen from it, whatever is
    between; the circle of ``neighbourhood_m`` around it stands for the neighbourhood: both are proposals. A
    share is of all people, so that those of whom it is not known never raise it; it is NaN where it is known
    of nobody.

    Parameters
    ----------
    town
        The town.
    green
        The green of one state: ``id, name, green_type, geometry``; None if nothing is known of it.
    areas
        What is measured: ``area_kind, area_id, area_name, geometry``.
    park_reach
        The table ``park_reach``: the walk from each dwelling to the nearest park.
    standard
        Types of green and figures: a file of the user's own, or the shipped one.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``three_trees_people_share``, ``canopy_people_share``,
        ``near_park_people_share``, ``three_thirty_people_share``, and ``three_thirty_unknown_share``: of the
        people of whom it is not known whether they have all three.

    Raises
    ------
    StandardError
        If the file of the standard is wrong.
    """
    read = green_standard(standard)
    homes = dwellings(town)
    tests = np.stack(
        [
            _has_trees(town, homes, read),
            _has_canopy(town, green, homes, read),
            _has_park(homes, park_reach, read),
        ]
    )
    # Any that is lacking settles it; else any that is unknown leaves it open.
    is_all = np.where((tests == 0).any(axis=0), 0.0, tests.prod(axis=0))
    area, home, people = homes_in(town, areas)
    is_counted = np.isfinite(people)
    area, home, people = area[is_counted], home[is_counted], people[is_counted]

    def of_people(has: Numbers) -> Numbers:
        total, known, having = (
            np.bincount(area, weights=people * of, minlength=len(areas))
            for of in (1.0, np.isfinite(has[home]), np.nan_to_num(has[home]))
        )
        return having / np.where(known > 0, total, np.nan)

    shares = {
        "three_trees_people_share": of_people(tests[0]),
        "canopy_people_share": of_people(tests[1]),
        "near_park_people_share": of_people(tests[2]),
        "three_thirty_people_share": of_people(is_all),
        "three_thirty_unknown_share": of_people(np.isnan(is_all).astype(float)),
    }
    return value_rows(town, areas, shares)


def _has_trees(town: Town, homes: gpd.GeoDataFrame, standard: GreenStandard) -> Numbers:
    """Say which homes have trees enough near them: 1 or 0, NaN where trees are not known."""
    if "trees" not in town:
        return np.full(len(homes), np.nan)
    trees = shapely.STRtree(town["trees"].geometry.to_numpy())
    home, _ = trees.query(
        homes.geometry.to_numpy(), predicate="dwithin", distance=standard.figure("tree_near_m")
    )
    count = np.bincount(home, minlength=len(homes))
    return np.asarray(count >= standard.figure("trees_seen_count"), dtype=float)


def _has_canopy(
    town: Town, green: gpd.GeoDataFrame | None, homes: gpd.GeoDataFrame, standard: GreenStandard
) -> Numbers:
    """Say which homes have canopy enough around them: 1 or 0, NaN where crowns are not known."""
    over = canopy(town, green, standard)
    if over is None:
        return np.full(len(homes), np.nan)
    share = canopy_around(
        shapely.centroid(homes.geometry.to_numpy()), over, radius_m=standard.figure("neighbourhood_m")
    )
    return np.asarray(share >= standard.figure("neighbourhood_canopy_share") - ROUNDING, dtype=float)


def canopy_around(points: Geometries, over: Geometries, *, radius_m: float) -> Numbers:
    """Work out the share of the circle around each point that canopy covers.

    Parameters
    ----------
    points
        Points, shape ``(n,)``.
    over
        Polygons that do not overlap, shape ``(c,)``.
    radius_m
        Radius of the circle.

    Returns
    -------
    array, shape ``(n,)``
        Shares between 0 and 1.

    Examples
    --------
    >>> half = np.array([shapely.box(0, -9, 9, 9)])
    >>> points = np.array([shapely.Point(0, 0), shapely.Point(40, 0)])
    >>> canopy_around(points, half, radius_m=5.0).round(9).tolist()
    [0.5, 0.0]
    """
    covered = np.zeros(len(points))
    tree, bounds = shapely.STRtree(over), shapely.bounds(over).reshape(-1, 4)
    area_m2, xy = shapely.area(over), shapely.get_coordinates(points)
    for start in range(0, len(points), _LOT):
        lot = points[start : start + _LOT]
        discs = circles(lot, radius_m)
        row, hit = tree.query(discs)
        away = np.abs(bounds[hit].reshape(-1, 2, 2) - xy[start + row][:, None]).max(axis=1)
        # What lies wholly inside, as nearly all does, needs no overlay.
        is_whole = np.hypot(*away.T) < radius_m
        edge = np.flatnonzero(~is_whole)
        edge = edge[shapely.dwithin(lot[row[edge]], over[hit[edge]], radius_m)]
        m2 = np.where(is_whole, area_m2[hit], 0.0)
        m2[edge] = shapely.area(shapely.intersection(discs[row[edge]], over[hit[edge]]))
        covered[start : start + _LOT] = np.bincount(row, weights=m2, minlength=len(lot))
    return np.minimum(covered / (np.pi * radius_m**2), 1.0)


def _has_park(homes: gpd.GeoDataFrame, park_reach: pd.DataFrame, standard: GreenStandard) -> Numbers:
    """Say which homes have a park near enough: 1 or 0, NaN where that is not known."""
    of = park_reach.set_index("dwelling_id").reindex(homes["dwelling_id"])
    is_unknown = of["status"].isna() | (of["status"] == "unknown")
    is_near = (of["status"] == "reached") & (
        of["distance_m"] <= standard.figure("near_park_m") * (1 + ROUNDING)
    )
    return np.where(is_unknown, np.nan, is_near.astype(float))
