"""Which block what is planned belongs to: the one it names, else the one it lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.case import areas_of
from fengmao_geo.standards.names import normalise
from fengmao_geo.town.texts import TEXT

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

__all__ = [
    "blocks_of",
    "located_projects",
    "of_blocks",
    "project_blocks",
    "project_ground",
    "usable_spaces",
]


def blocks_of(results: Results) -> gpd.GeoDataFrame:
    """List the renewal blocks by number and id.

    Parameters
    ----------
    results
        What was computed.

    Returns
    -------
    GeoDataFrame
        ``block_id, block_name`` and the geometry; none where the town has no blocks.
    """
    areas = areas_of(results.town)
    own = areas[areas["area_kind"] == "block"]
    named = own.rename(columns={"area_id": "block_id", "area_name": "block_name"})
    return named[["block_id", "block_name", "geometry"]].reset_index(drop=True)


def of_blocks(layer: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Say which block each feature belongs to.

    Parameters
    ----------
    layer
        Features, with or without the column ``block_id``.
    blocks
        As `blocks_of` lists them.

    Returns
    -------
    array of int, shape ``(n,)``
        The row of the block that ``block_id`` names, else of the first that a point inside the feature lies
        in; -1 where there is none.
    """
    ids = pd.Index(blocks["block_id"])
    named = ids.get_indexer(layer["block_id"]) if "block_id" in layer.columns else np.full(len(layer), -1)
    inside = shapely.point_on_surface(layer.geometry.to_numpy())
    row, place = shapely.STRtree(blocks.geometry.to_numpy()).query(inside, predicate="intersects")
    lies_in = np.full(len(layer), len(ids), dtype=np.intp)
    np.minimum.at(lies_in, row, place)
    lies_in[lies_in == len(ids)] = -1
    return np.where(named >= 0, named, lies_in)


def project_blocks(town: Town) -> tuple[pd.Series, pd.Series]:
    """Find the block of each project: the one that is named, by id, number or name, else the one it lies in.

    Parameters
    ----------
    town
        The town, with the layer ``projects``.

    Returns
    -------
    Series, Series
        The block's id, missing where there is none; and whether a block is named that is none.
    """
    layer = town["projects"]
    none: pd.Series[str] = pd.Series(np.nan, index=layer.index, dtype=TEXT)
    said: pd.Series[str] = layer["block_id"].astype(TEXT) if "block_id" in layer else none
    is_said = said.notna() & (said.fillna("").str.strip() != "")
    if "blocks" not in town:
        return said.where(is_said), is_said & False
    blocks = town["blocks"].sort_values("id")
    called = {
        normalise(name): block
        for column in ("name", "block_no", "id")
        if column in blocks
        for name, block in zip(blocks[column], blocks["id"], strict=True)
        if pd.notna(name)
    }
    named = said.astype(object).map(lambda text: called.get(normalise(text)), na_action="ignore").astype(TEXT)
    inside = shapely.point_on_surface(layer.geometry.to_numpy())
    place, row = shapely.STRtree(inside).query(blocks.geometry.to_numpy(), predicate="intersects")
    # Of two blocks that share ground the first by id.
    order = np.lexsort((place, row))
    rows, first = np.unique(row[order], return_index=True)
    lies_in = none.copy()
    lies_in.iloc[rows] = blocks["id"].to_numpy()[place[order][first]]
    return named.fillna(lies_in), is_said & named.isna()


def located_projects(town: Town) -> gpd.GeoDataFrame:
    """Take the layer of projects, each with the id of its block.

    Parameters
    ----------
    town
        The town, with the layer ``projects``.

    Returns
    -------
    GeoDataFrame
        The layer; ``block_id`` is as `project_blocks` finds it.
    """
    return town["projects"].assign(block_id=project_blocks(town)[0])


def project_ground(results: Results) -> gpd.GeoDataFrame | None:
    """List the ground of projects and of the programme's sites.

    Parameters
    ----------
    results
        What was computed.

    Returns
    -------
    GeoDataFrame or None
        ``block_id, use`` and the geometry, each missing where it is not stated; ``None`` where there is
        neither a layer of projects nor a programme.
    """
    parts = [located_projects(results.town)] if "projects" in results.town else []
    if results.programme is not None:
        parts.append(results.programme.sites)
    if not parts:
        return None
    names = ["block_id", "use", "geometry"]
    frames = [part.reindex(columns=names).set_geometry("geometry", crs=results.town.crs) for part in parts]
    ground: gpd.GeoDataFrame = pd.concat(
        [frame.astype({"block_id": object, "use": object}) for frame in frames], ignore_index=True
    )
    return ground


def usable_spaces(results: Results) -> gpd.GeoDataFrame | None:
    """List the spaces that were not left out on site.

    Parameters
    ----------
    results
        What was computed.

    Returns
    -------
    GeoDataFrame or None
        Rows of the table ``spaces``; ``None`` where no spaces were looked for.
    """
    spaces = results.spaces
    return None if spaces is None else spaces[spaces["decision"] != "excluded"]
