"""A layer of streets that holds surfaces or edges to one of centre lines, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.centre_lines import CentreLines, centre_lines, drawn_on_to
from fengmao_geo.geo.edges import between_edges
from fengmao_geo.geo.lines import cut_lines
from fengmao_geo.geo.repair import repair
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]

__all__ = ["streets_as_lines"]

_LAYER = "streets"
_GRID_M = 1e-3
_NO_LINES = CentreLines(np.array([], dtype=object), np.array([], dtype=np.intp), np.array([]))
#: How many ids a finding lists.
_SHOWN = 20


def streets_as_lines(
    streets: gpd.GeoDataFrame, *, drawn_as: str, closing_m: float
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Draw the centre lines of those streets that are surfaces, or of the ground between edges.

    Surfaces of one level that touch, or lie within ``closing_m``, are one, so that their lines meet. A line
    takes what is said of the surface it runs through, and is cut where it goes from one into the next.

    Parameters
    ----------
    streets
        The layer in metres with the column ``id``.
    drawn_as
        ``edges`` if its lines are the edges of streets; else its lines are centre lines.
    closing_m
        How wide a gap between surfaces, or in an edge, is closed.

    Returns
    -------
    GeoDataFrame
        Lines: those that were drawn, and those of the surfaces, with ``width_m`` where none is stated. The id
        is the surface's, with a number behind where it has several.
    list
        How many became how many lines, how long and wide; edges without a partner.
    """
    kind = shapely.get_dimensions(streets.geometry.to_numpy())
    areas, lines = streets[kind == 2], streets[kind != 2]
    found: list[Finding] = []
    if drawn_as == "edges":
        surfaces, lines, found = _of_edges(streets[kind == 1], closing_m)
        areas = gpd.GeoDataFrame(pd.concat([areas, surfaces]), geometry="geometry", crs=streets.crs)
        lines = gpd.GeoDataFrame(pd.concat([lines, streets[kind == 0]]), geometry="geometry", crs=streets.crs)
    if not len(areas):
        return (lines if drawn_as == "edges" else streets), found
    whole, repaired = repair(areas, layer=_LAYER, shape="polygon")
    drawn, named, filled_count = _drawn(whole, set(lines["id"]) | set(whole["id"]), closing_m)
    lines, on_count = _lines_on(lines, drawn, closing_m)
    values = {
        "surfaces": len(whole),
        "lines": len(named),
        "length_m": round(float(named.length.sum())),
        "width_m": round(float(np.median(drawn.width_m)), 1) if len(named) else 0.0,
        "islands": filled_count,
        "joined": on_count,
    }
    found += [*repaired, Finding("streets_centre_lines", _LAYER, values=values)]
    both = pd.concat([lines, named], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=streets.crs), found


def _of_edges(
    edges: gpd.GeoDataFrame, closing_m: float
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Finding]]:
    """Take the ground between edges as surfaces; no line is left over."""
    standard = figure_standard("street_surfaces")
    max_width_m, min_ratio = standard.figure("edge_width_m"), standard.figure("edge_length_ratio")
    parts = edges.explode()
    ground = between_edges(
        shapely.force_2d(parts.geometry.to_numpy()),
        closing_m=closing_m,
        max_width_m=max_width_m,
        min_ratio=min_ratio,
    )
    used = set(parts["id"].to_numpy()[ground.is_used])
    alone = sorted(str(name) for name in edges["id"] if name not in used)
    ids = [f"edges-{number + 1}" for number in range(len(ground.surfaces))]
    surfaces = gpd.GeoDataFrame({"id": ids}, geometry=ground.surfaces, crs=edges.crs)
    values = {"edges": len(used), "surfaces": len(ids), "closed": ground.closed_count, "closing_m": closing_m}
    found = [Finding("streets_edges", _LAYER, values=values)]
    if alone:
        listed = ", ".join(alone[:_SHOWN]) + (" …" if len(alone) > _SHOWN else "")
        why = {"count": len(alone), "ids": listed, "width_m": max_width_m, "ratio": min_ratio}
        found.append(Finding("streets_edges_alone", _LAYER, values=why))
    return surfaces, edges.iloc[:0], found


def _drawn(
    areas: gpd.GeoDataFrame, taken: set[str], closing_m: float
) -> tuple[CentreLines, gpd.GeoDataFrame, int]:
    """Draw the centre lines of surfaces, level by level from the ground; small islands are filled."""
    standard = figure_standard("street_surfaces")
    levels, shapes = _levels(areas), areas.geometry.to_numpy()
    whole, named, filled_count = _NO_LINES, [], 0
    for level in sorted(set(levels.tolist()), key=abs):
        united, count = _united(shapes[levels == level], closing_m, standard.figure("island_m2"))
        filled_count += count
        drawn = centre_lines(
            united, spacing_m=standard.figure("spacing_m"), simplify_m=standard.figure("simplify_m")
        )
        # A bridge meets the ground where it ends, and nothing that it crosses.
        lines, _ = drawn_on_to(drawn.lines, whole, beyond_m=closing_m)
        whole = CentreLines(
            np.concatenate([whole.lines, lines]),
            np.concatenate([whole.surface, drawn.surface]),
            np.concatenate([whole.width_m, drawn.width_m]),
        )
        named.append(_named(drawn._replace(lines=lines), areas[levels == level], taken))
    return whole, gpd.GeoDataFrame(pd.concat(named), geometry="geometry", crs=areas.crs), filled_count


def _levels(areas: gpd.GeoDataFrame) -> Numbers:
    """Read the level of each street; one that states none lies on the ground."""
    if "level" not in areas.columns:
        return np.zeros(len(areas))
    numbers = pd.to_numeric(areas["level"], errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=0.0))


def _lines_on(lines: gpd.GeoDataFrame, drawn: CentreLines, closing_m: float) -> tuple[gpd.GeoDataFrame, int]:
    """Draw those lines of the layer that end at a surface on to its centre line."""
    shapes = shapely.force_2d(lines.geometry.to_numpy())
    is_on = (shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING) & (_levels(lines) == 0)
    shapes[is_on], count = drawn_on_to(shapes[is_on], drawn, beyond_m=closing_m)
    return (lines.set_geometry(shapes, crs=lines.crs) if count else lines), count


def _united(shapes: Geometries, closing_m: float, island_m2: float) -> tuple[Geometries, int]:
    half_m = max(closing_m, _GRID_M) / 2
    wide = shapely.buffer(shapely.union_all(shapes, grid_size=_GRID_M), half_m, join_style="mitre")
    parts = np.asarray(shapely.get_parts(shapely.buffer(wide, -half_m, join_style="mitre")), dtype=object)
    whole = np.asarray(shapely.normalize(shapely.simplify(parts, _GRID_M)), dtype=object)
    rings, owner = shapely.get_rings(whole, return_index=True)
    outer = np.concatenate([[True], owner[1:] != owner[:-1]])
    small = ~outer & (shapely.area(shapely.polygons(rings)) < island_m2)
    holes = ~outer & ~small
    united = shapely.polygons(rings[outer])
    for place in np.unique(owner[holes]):
        united[place] = shapely.Polygon(rings[outer][place], list(rings[holes & (owner == place)]))
    order = np.lexsort(shapely.bounds(united).T[::-1])
    return united[order], int(small.sum())


def _named(drawn: CentreLines, areas: gpd.GeoDataFrame, taken: set[str]) -> gpd.GeoDataFrame:
    """Cut lines where they go from one given surface into the next, and give each what is said of it."""
    line, area, start_m, end_m = _stretches(drawn, areas)
    pieces = cut_lines(drawn.lines[line], start_m, end_m)
    order = np.lexsort((*shapely.bounds(pieces).T[::-1], area))
    line, area, pieces = line[order], area[order], pieces[order]
    table = pd.DataFrame(areas.drop(columns="geometry")).iloc[area].reset_index(drop=True)
    ids = table["id"].astype("str")
    number = ids.groupby(ids).cumcount() + 1
    count = ids.groupby(ids).transform("size")
    between = "/"
    while any(f"{name}{between}{at}" in taken for name, at in zip(ids, number, strict=True)):
        between += "/"
    table["id"] = np.where(count == 1, ids, ids + between + number.astype("str")).astype(object)
    width_m = pd.Series(drawn.width_m[line].round(2))
    if "width_m" in table.columns:
        width_m = table["width_m"].where(table["width_m"].notna(), width_m)
    return gpd.GeoDataFrame(table.assign(width_m=width_m), geometry=pieces, crs=areas.crs)


def _stretches(drawn: CentreLines, areas: gpd.GeoDataFrame) -> tuple[Indices, Indices, Numbers, Numbers]:
    """Find which surface each stretch of a line runs through; those no longer than wide are passed over."""
    lines, shapes = drawn.lines, areas.geometry.to_numpy()
    line, area = shapely.STRtree(shapes).query(lines, predicate="intersects")
    within = shapely.intersection(lines[line], shapes[area])
    inside_m = shapely.length(within)
    most_m = np.zeros(len(lines))
    np.maximum.at(most_m, line, inside_m)
    is_kept = (inside_m > drawn.width_m[line]) | (inside_m == most_m[line])
    line, area, inside_m = line[is_kept], area[is_kept], inside_m[is_kept]
    middle_m = shapely.line_locate_point(lines[line], shapely.centroid(within[is_kept]))
    order = np.lexsort((area, middle_m, line))
    line, area, middle_m, inside_m = line[order], area[order], middle_m[order], inside_m[order]
    is_next = np.concatenate([[False], line[1:] == line[:-1]])
    length = shapely.length(lines)[line]
    meet_m = (middle_m + inside_m / 2 + np.roll(middle_m - inside_m / 2, -1)) / 2
    end_m = np.where(np.roll(is_next, -1), np.clip(meet_m, 0, length), length)
    start_m = np.where(is_next, np.roll(end_m, 1), 0.0)
    is_long = end_m - start_m > _GRID_M
    return line[is_long], area[is_long], start_m[is_long], end_m[is_long]
