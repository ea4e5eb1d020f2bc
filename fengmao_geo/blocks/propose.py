"""Where renewal blocks would help most: areas along streets and canals where spaces, gaps and stock meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.area_measures import area_measures, potential, type_signs
from fengmao_geo.blocks.cells import street_cells
from fengmao_geo.blocks.growing import Bounds, grown_areas
from fengmao_geo.blocks.located import blocks_of
from fengmao_geo.blocks.proposal_words import along, with_words
from fengmao_geo.errors import UsageError
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.tables import RENEWAL_TYPES, RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.results import Results

    Geometries = NDArray[np.object_]

__all__ = ["propose_blocks"]


def propose_blocks(results: Results, *, count: int = 5) -> gpd.GeoDataFrame:
    """Propose renewal blocks where spaces, gaps and idle stock come together, beside those drawn already.

    The built-up area is cut along its streets and the banks of its waters. From the most promising of these
    cells areas are grown over neighbouring cells, within 5 and 30 hectares (a proposal), towards where most
    comes together on little and compact ground: the number of spaces, the people who lack a required facility
    within 15 minutes by how many types each lacks, and the ground of idle and low-yield stock, each as a
    share of the town's. Each area is one piece, and none shares ground with another or with the user's own
    blocks, which are kept and measured alike.

    Sizes, weights and signs are proposals of this library (`fengmao standards proposals`).

    The renewal type suggested is the one whose sign lies densest compared with the whole town; a block of the
    user's own that has a type keeps it.

    Parameters
    ----------
    results
        What was computed; spaces and life circles are looked at, and without either there is nothing to
        propose.
    count
        How many blocks are proposed at most, the user's own aside.

    Returns
    -------
    GeoDataFrame
        The table ``proposed_blocks``: those proposed by rank, then the user's own by number, as polygons in
        the town's CRS; areas (``_m2``) are square metres. ``people``, ``lacking_people`` and
        ``gained_people`` (who live within 5 minutes of a space in it) are missing where they are not known.
        ``reason`` is in Chinese; `translate_proposals` writes it in English.

    Raises
    ------
    UsageError
        If `count` is below 0.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> from fengmao_geo.results import Results
    >>> propose_blocks(Results(sample_town()))["is_own"].tolist()
    [True, True, True, True]
    """
    if count < 0:
        raise UsageError("negative", name="count", value=count)
    own = _own(results)
    areas = _proposed(results, own.geometry.to_numpy(), count)
    ids = _ids(len(areas), set(own["block_id"]))
    proposed = gpd.GeoDataFrame(
        {"block_id": ids, "block_name": None, "renewal_type": None, "is_own": False},
        geometry=list(areas),
        crs=results.town.crs,
    )
    proposed = proposed.assign(rank=np.arange(1, len(areas) + 1))
    rows = gpd.GeoDataFrame(
        pd.concat([proposed.astype({"block_name": object, "renewal_type": object}), own], ignore_index=True),
        crs=results.town.crs,
    )
    shapes = rows.geometry.to_numpy()
    measures = area_measures(results, shapes)
    rows = rows.assign(
        **{str(name): measures[name].to_numpy() for name in measures},
        is_own=rows["is_own"].astype(bool),
        rank=rows["rank"].astype("Int64"),
        renewal_type=_types(results, rows),
    )
    rows = with_words(rows, along(results.town, shapes))
    return RESULTS["proposed_blocks"].check(rows[[*RESULTS["proposed_blocks"].names, "geometry"]])


def _own(results: Results) -> gpd.GeoDataFrame:
    """List the user's own blocks with the types they have."""
    blocks = blocks_of(results).assign(is_own=True, rank=pd.NA, renewal_type=None)
    if "blocks" in results.town and "renewal_type" in results.town["blocks"]:
        types = results.town["blocks"].set_index("id")["renewal_type"]
        blocks = blocks.assign(renewal_type=blocks["block_id"].map(types).astype(object))
    return blocks.astype({"renewal_type": object})


def _proposed(results: Results, own: Geometries, count: int) -> Geometries:
    """Grow the areas that are proposed, the one of most worth first."""
    if results.spaces is None and results.circles is None:
        return np.zeros(0, dtype=object)
    cells = street_cells(results.town, own)
    measured = [
        measure / measure.sum() for measure in potential(results, cells.shapes).values() if measure.sum() > 0
    ]
    if not measured:
        return np.zeros(0, dtype=object)
    figure = figure_standard("proposals").figure
    bounds = Bounds(figure("least_m2"), figure("most_m2"), figure("border_m"), int(figure("seeds_count")))
    found = grown_areas(cells, np.stack(measured, axis=1), count=count, bounds=bounds)
    areas = np.empty(len(found), dtype=object)
    areas[:] = [shapely.normalize(shapely.union_all(cells.shapes[of])) for of in found]
    return areas


def _ids(count: int, taken: set[str]) -> list[str]:
    """Give proposed blocks ids by rank, beside the ids that the user's own have."""
    prefix = "P"
    while any(f"{prefix}{number + 1}" in taken for number in range(count)):
        prefix += "P"
    return [f"{prefix}{number + 1}" for number in range(count)]


def _types(results: Results, rows: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Suggest the type whose sign is densest; a type that is stated stays; without a sign there is none."""
    signs = type_signs(results, rows.geometry.to_numpy())
    ratios = np.stack([signs[name] for name in RENEWAL_TYPES], axis=1).round(9)
    suggested = np.array(RENEWAL_TYPES, dtype=object)[ratios.argmax(axis=1)]
    suggested[ratios.max(axis=1, initial=0) == 0] = None
    stated = rows["renewal_type"].to_numpy(dtype=object)
    return np.asarray(np.where(pd.isna(stated), suggested, stated), dtype=object)
