"""Red lines of renewal: what each block tears down, rebuilds, rehouses, and builds on protected ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.located import blocks_of, located_projects, of_blocks, project_ground
from fengmao_geo.standards.red_lines import red_line_standard
from fengmao_geo.standards.uses import CROPPING
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.results import Results
    from fengmao_geo.standards.red_lines import RedLine
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Texts = NDArray[np.object_]
    Geometries = NDArray[np.object_]

__all__ = ["red_lines"]

_CONSENT = "consent"

#: The ground on which crops may be grown.
_CROPS_ON = "farmland_protected"


def red_lines(results: Results) -> pd.DataFrame:
    """Check the red lines of renewal block by block.

    Of the block's projects: floor area demolished over what stands (``standing_m2`` of the projects, where
    that is not stated the floor area of the buildings in the block), rebuilt over demolished, households
    rehoused nearby over those that move. Of the ground of its projects and of the programme's sites, counted
    once: how much lies on permanent basic farmland (growing crops aside), within the ecological red line, the
    control zone of rivers and zones of heritage.

    A project belongs to the block that its ``block_id`` names, else to that in which it lies. Limits are
    those of the ministry's notice on renewal of 2021, of law, or proposals; each row bears its source and
    confidence (`fengmao standards red_lines`).

    Parameters
    ----------
    results
        What was computed; of it the town, and the programme if there is one.

    Returns
    -------
    DataFrame
        The table ``red_lines``: block by red line, blocks by number; ``value`` and ``limit`` are in
        ``unit``: a share within 0 and 1, a ratio, or square metres. Where nothing is torn down, or nobody
        moves, there is no value and the line is kept. Where data are wanting the status is ``unknown`` and
        ``missing`` says which; on ground without a limit of its own it is the consent of whoever manages it
        that is missing.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> from fengmao_geo.results import Results
    >>> lines = red_lines(Results(sample_town()))
    >>> set(lines.loc[lines["red_line"] == "farmland_m2", "status"])
    {'kept'}
    """
    blocks, lines = blocks_of(results), red_line_standard()
    work = _works(results.town, blocks)
    rows = [_rows(blocks, lines[name], *found) for name, found in work.items()]
    ground = project_ground(results)
    rows += [
        _rows(blocks, line, *_on_ground(results.town, line, blocks, ground))
        for line in lines.values()
        if line.layer
    ]
    table = pd.concat(rows, ignore_index=True)
    at = {block: place for place, block in enumerate(blocks["block_id"])}
    table = table.assign(at=table["block_id"].map(at)).sort_values("at", kind="stable", ignore_index=True)
    return RESULTS["red_lines"].check(table[list(RESULTS["red_lines"].names)])


def _rows(blocks: gpd.GeoDataFrame, line: RedLine, value: Numbers, missing: Texts) -> pd.DataFrame:
    """Compare values with a limit; one that is missing though nothing is wanting is of nothing, and kept."""
    limit = np.nan if line.limit is None else line.limit
    is_broken = value > limit if line.bound == "at_most" else value < limit
    missing = np.where((missing == "") & (value > 0) & np.isnan(limit), f"{line.layer}.{_CONSENT}", missing)
    return pd.DataFrame(
        {
            "block_id": blocks["block_id"],
            "block_name": blocks["block_name"],
            "red_line": line.red_line,
            "value": value,
            "unit": line.unit,
            "limit": limit,
            "status": np.where(missing != "", "unknown", np.where(is_broken, "broken", "kept")),
            "missing": missing,
            "source": line.source,
            "tag": line.tag,
        }
    )


def _works(town: Town, blocks: gpd.GeoDataFrame) -> dict[str, tuple[Numbers, Texts]]:
    """Work out what is torn down, rebuilt and rehoused: the value, and what is missing for it."""
    if "projects" not in town:
        nothing = np.full(len(blocks), np.nan), np.full(len(blocks), "projects", dtype=object)
        return dict.fromkeys(("demolished_share", "rebuilt_ratio", "rehoused_share"), nothing)
    projects = located_projects(town)
    of = of_blocks(projects, blocks)
    demolished, rebuilt, moved, rehoused = (
        _sums(projects, name, of, len(blocks))
        for name in ("demolished_m2", "rebuilt_m2", "moved_household_count", "rehoused_household_count")
    )
    standing, standing_missing = _standing(town, projects, of, blocks)
    none = demolished == 0
    return {
        "demolished_share": _ratio(
            demolished, np.where(none, 1.0, standing), ("projects.demolished_m2", standing_missing)
        ),
        # What is built where nothing is torn down has no ratio; that it was replaced says something is wrong.
        "rebuilt_ratio": _ratio(
            rebuilt,
            np.where(none & (rebuilt == 0), np.inf, np.where(none, np.nan, demolished)),
            ("projects.rebuilt_m2", "projects.demolished_m2"),
        ),
        "rehoused_share": _ratio(
            np.where(moved == 0, 0.0, rehoused),
            np.where(moved == 0, np.inf, moved),
            ("projects.rehoused_household_count", "projects.moved_household_count"),
        ),
    }


def _sums(projects: gpd.GeoDataFrame, column: str, of: Indices, count: int) -> Numbers:
    """Sum a column by block; missing where a project of the block does not state it."""
    values = projects[column].to_numpy(dtype=float) if column in projects else np.full(len(of), np.nan)
    is_in = of >= 0
    return np.bincount(of[is_in], weights=values[is_in], minlength=count).astype(float)


def _standing(
    town: Town, projects: gpd.GeoDataFrame, of: Indices, blocks: gpd.GeoDataFrame
) -> tuple[Numbers, Texts]:
    """Sum the floor area that stands: as the projects say, else that of the buildings of the block."""
    stated = _sums(projects, "standing_m2", of, len(blocks))
    floors, missing = _floor_areas(town, blocks)
    use = ~np.isnan(stated) & (stated > 0)
    return np.where(use, stated, floors), np.where(use, "", missing)


def _floor_areas(town: Town, blocks: gpd.GeoDataFrame) -> tuple[Numbers, Texts]:
    """Sum the floor area of the buildings in each block; missing where one of them has no floors."""
    count = len(blocks)
    if "buildings" not in town or "floor_count" not in town["buildings"]:
        wanted = "buildings.floor_count" if "buildings" in town else "buildings"
        return np.full(count, np.nan), np.full(count, f"projects.standing_m2, {wanted}", dtype=object)
    buildings = town["buildings"]
    of = of_blocks(buildings[["geometry"]], blocks)
    area_m2 = buildings.geometry.area.to_numpy() * buildings["floor_count"].to_numpy(dtype=float)
    sums = np.bincount(of[of >= 0], weights=area_m2[of >= 0], minlength=count).astype(float)
    missing = np.full(count, "projects.standing_m2, buildings.floor_count", dtype=object)
    return np.where(sums > 0, sums, np.nan), missing


def _ratio(above: Numbers, below: Numbers, names: tuple[str, str | Texts]) -> tuple[Numbers, Texts]:
    """Divide; by infinity there is nothing to divide, and no value though nothing is wanting."""
    is_nothing = np.isinf(below)
    wanted = [np.where(np.isnan(part), name, "") for part, name in zip((above, below), names, strict=True)]
    missing = np.array([", ".join(filter(None, both)) for both in zip(*wanted, strict=True)], dtype=object)
    value = np.where(is_nothing, np.nan, above / below)
    return value, np.where(is_nothing & ~np.isnan(above), "", missing)


def _on_ground(
    town: Town, line: RedLine, blocks: gpd.GeoDataFrame, ground: gpd.GeoDataFrame | None
) -> tuple[Numbers, Texts]:
    """Measure how much of the ground of projects and sites lies on that of a red line."""
    layer, count = str(line.layer), len(blocks)
    wanted = [name for name, absent in ((layer, layer not in town), ("projects", ground is None)) if absent]
    if wanted or ground is None:
        return np.full(count, np.nan), np.full(count, ", ".join(wanted), dtype=object)
    if layer == _CROPS_ON:
        ground = ground[ground["use"] != CROPPING]
    zone = town[layer].geometry.to_numpy()
    shapes, of = ground.geometry.to_numpy(), of_blocks(ground, blocks)
    mine = [shapes[of == at] for at in range(count)]
    area_m2 = np.array([_shared_m2(own, zone) for own in mine])
    # A point or a line on the zone, or a zone that is none, has no m², though something is there.
    is_vague = [_touches_without_area(own, zone) for own in mine]
    missing = np.where(is_vague, f"projects.geometry, {layer}.geometry", "").astype(object)
    return np.where(is_vague, np.nan, area_m2), missing


def _shared_m2(shapes: Geometries, zone: Geometries) -> float:
    return float(
        shapely.area(shapely.intersection(shapely.union_all(_flat(shapes)), shapely.union_all(_flat(zone))))
    )


def _touches_without_area(shapes: Geometries, zone: Geometries) -> bool:
    row, hit = shapely.STRtree(zone).query(shapes, predicate="intersects")
    is_flat = (shapely.area(shapes[row]) > 0) & (shapely.area(zone[hit]) > 0)
    return bool((~is_flat).any())


def _flat(shapes: Geometries) -> Geometries:
    return shapes[shapely.area(shapes) > 0]
