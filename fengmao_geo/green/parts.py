"""The areas green is measured in: the town, its blocks, its interventions, and the parts they cut it into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import joined_by_row, polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["PART", "area_in", "areas_of", "parts_of", "settled"]

#: What `parts_of` cuts the town into, as a kind of area.
PART = "part"

_TOWN = "town"
_POLYGONS = ("Polygon", "MultiPolygon")


def areas_of(town: Town, sites: gpd.GeoDataFrame | None = None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """List the areas green is measured in.

    Parameters
    ----------
    town
        The town; its ground is the built-up area, its interventions are the polygons of ``projects``.
    sites
        Sites of a programme, which are interventions too: the table ``sites``.

    Returns
    -------
    areas : GeoDataFrame
        ``area_kind, area_id, area_name, geometry``: the town first, then blocks and interventions by id.
    findings : list of Finding
        Projects without an area, and interventions outside the built-up area.

    Raises
    ------
    UsageError
        If a site has the id of a project.
    """
    projects, found = _projects(town)
    planned = None if sites is None else sites.rename(columns={"space_id": "id"})
    works = [_rows("intervention", one) for one in (projects, planned) if one is not None]
    _refuse_twice(works)
    ground = gpd.GeoSeries([shapely.union_all(town["built_up"].geometry.to_numpy())], crs=town.crs)
    whole = gpd.GeoDataFrame(
        {"area_kind": [_TOWN], "area_id": [_TOWN], "area_name": [town.name]}, geometry=ground, crs=town.crs
    )
    blocks = [_rows("block", town["blocks"])] if "blocks" in town else []
    rows = pd.concat([one.to_crs(town.crs) for one in (*blocks, *works)] or [whole.iloc[:0]])
    ordered = rows.sort_values(["area_kind", "area_id"], kind="stable")
    areas = gpd.GeoDataFrame(pd.concat([whole, ordered], ignore_index=True), crs=town.crs)
    is_outside = (areas["area_kind"] == "intervention") & ~areas.intersects(ground.iloc[0])
    found += [
        Finding("intervention_outside", "projects", area_id) for area_id in areas["area_id"][is_outside]
    ]
    return areas, found


def _projects(town: Town) -> tuple[gpd.GeoDataFrame | None, list[Finding]]:
    if "projects" not in town:
        return None, []
    projects = town["projects"]
    is_ground = projects.geom_type.isin(_POLYGONS)
    # Beside projects with ground of their own, a point says that there is none: it is no intervention.
    if is_ground.any():
        return projects[is_ground], []
    found = [Finding("project_without_area", "projects", project) for project in projects["id"][~is_ground]]
    return projects[is_ground], found


def _rows(kind: str, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    names = layer["name"] if "name" in layer else pd.Series(None, index=layer.index, dtype=object)
    columns = {"area_kind": kind, "area_id": layer["id"], "area_name": names.fillna(layer["id"])}
    return gpd.GeoDataFrame(columns, geometry=layer.geometry, crs=layer.crs)


def _refuse_twice(works: list[gpd.GeoDataFrame]) -> None:
    ids = pd.concat([one["area_id"] for one in works]) if works else pd.Series(dtype=object)
    if twice := sorted(set(ids[ids.duplicated()])):
        raise UsageError("intervention_twice", ids=", ".join(twice))


def settled(shapes: Geometries) -> Geometries:
    """Give ground that several shapes claim to the first of them.

    Parameters
    ----------
    shapes
        Polygons, shape ``(n,)``.

    Returns
    -------
    array of geometry, shape ``(n,)``
        What is left of each; no two overlap.

    Examples
    --------
    >>> left = settled(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)]))
    >>> shapely.area(left).tolist()
    [4.0, 2.0]
    """
    left = np.asarray(shapes, dtype=object).copy()
    row, hit = shapely.STRtree(left).query(left, predicate="intersects")
    order = np.lexsort((hit, row))
    row, hit = row[order], hit[order]
    row, hit = row[hit < row], hit[hit < row]
    if len(row):
        rows = np.unique(row)
        left[rows] = shapely.difference(left[rows], joined_by_row(np.asarray(shapes, dtype=object)[hit], row))
    return left


def parts_of(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut the town at blocks and interventions, so that every square metre stands in one part.

    Ground that several blocks or several interventions claim is the first one's by id; an intervention in two
    blocks is split.

    Parameters
    ----------
    areas
        As `areas_of` gives them.

    Returns
    -------
    GeoDataFrame
        ``block_id`` and ``intervention_id``, each missing where there is none, and the geometry; together the
        parts are the town.
    """
    ground = areas.geometry[areas["area_kind"] == _TOWN].to_numpy()[0]
    cut = gpd.GeoDataFrame({"block_id": [None], "intervention_id": [None]}, geometry=[ground], crs=areas.crs)
    for kind in ("block", "intervention"):
        own = areas[areas["area_kind"] == kind]
        cut = _cut(cut, f"{kind}_id", own["area_id"].to_numpy(dtype=object), settled(own.geometry.to_numpy()))
    return cut.sort_values(["block_id", "intervention_id"], kind="stable", ignore_index=True)


def _cut(
    parts: gpd.GeoDataFrame, column: str, ids: NDArray[np.object_], shapes: Geometries
) -> gpd.GeoDataFrame:
    """Cut parts at shapes: what lies in a shape gets its id, what lies in none keeps none."""
    ground = parts.geometry.to_numpy()
    shapely.prepare(ground)
    row, hit = shapely.STRtree(shapes).query(ground, predicate="intersects") if len(shapes) else _no_pairs()
    order = np.lexsort((hit, row))
    row, hit = row[order], hit[order]
    rest = ground.copy()
    rows = np.unique(row)
    if len(rows):
        rest[rows] = shapely.difference(ground[rows], joined_by_row(shapes[hit], row))
    inside = parts.iloc[row].assign(**{column: ids[hit]})
    inside = inside.set_geometry(shapely.intersection(ground[row], shapes[hit]), crs=parts.crs)
    both = gpd.GeoDataFrame(
        pd.concat([inside, parts.set_geometry(rest, crs=parts.crs)], ignore_index=True), crs=parts.crs
    )
    # Shapes that only touch share a line, which has no area.
    return both.set_geometry(_polygonal(both.geometry.to_numpy()), crs=parts.crs)[lambda made: made.area > 0]


def _no_pairs() -> tuple[Indices, Indices]:
    return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)


def _polygonal(shapes: Geometries) -> Geometries:
    """Leave out the lines and points that overlays of shapes with shared edges bring along."""
    is_mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    for at in np.flatnonzero(is_mixed):
        shapes[at] = shapely.union_all(polygons_of(shapes[at : at + 1]))
    return shapes


def area_in(shapes: Geometries, areas: Geometries, weights: Numbers | None = None) -> Numbers:
    """Measure how much of shapes that do not overlap lies in each area.

    Parameters
    ----------
    shapes
        Polygons of which no two overlap, shape ``(n,)``.
    areas
        Polygons, shape ``(a,)``.
    weights
        What a square metre of each shape counts, shape ``(n,)``; 1 by default.

    Returns
    -------
    array of float, shape ``(a,)``
        Square metres.

    Examples
    --------
    >>> area_in(np.array([shapely.box(0, 0, 2, 2)]), np.array([shapely.box(1, 0, 5, 1)])).tolist()
    [1.0]
    """
    if not len(shapes) or not len(areas):
        return np.zeros(len(areas))
    shapely.prepare(areas)
    hit, row = shapely.STRtree(shapes).query(areas, predicate="intersects")
    # A shape that lies whole inside needs no overlay, and an area may hold hundreds.
    is_whole = shapely.covers(areas[hit], shapes[row])
    shared_m2 = shapely.area(shapes)[row]
    is_cut = ~is_whole
    shared_m2[is_cut] = shapely.area(shapely.intersection(areas[hit[is_cut]], shapes[row[is_cut]]))
    if weights is not None:
        # What only touches counts nothing, even where its weight is unknown.
        shared_m2 = np.where(shared_m2 > 0, shared_m2 * weights[row], 0.0)
    return np.bincount(hit, weights=shared_m2, minlength=len(areas)).astype(float)
