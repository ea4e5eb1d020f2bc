"""What each block has of each batch and each theme, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.blocks.indicators import block_indicators
from fengmao_geo.blocks.located import blocks_of, located_projects, of_blocks, usable_spaces
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.standards.uses import uses
from fengmao_geo.tables import RENEWAL_TYPES, RESULTS, THEMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.results import Results

    Indices = NDArray[np.int64]

__all__ = ["block_matrix"]

_SIDES = {"batch": RENEWAL_TYPES, "theme": THEMES}


def block_matrix(results: Results) -> pd.DataFrame:
    """Count what each block has of each batch (the six renewal types) and of each theme.

    Indicators count where their value is known as the town stands, by the batch and theme they are declared
    with; spaces that were not left out on site by those of
    their kind, sites of the programme by those of their use. A project counts by
    its own ``batch`` and ``theme``, where it states none by those of its use.

    Parameters
    ----------
    results
        What was computed; a step that was not run counts nothing.

    Returns
    -------
    DataFrame
        The table ``block_matrix``, blocks by number. ``is_missing`` where the block has no space, no site and
        no project of the batch or theme: indicators only tell how things are.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> from fengmao_geo.results import Results
    >>> len(block_matrix(Results(sample_town()))), 4 * (6 + 6)
    (48, 48)
    """
    blocks = blocks_of(results)
    counted = {
        "indicator_count": _known_indicators(results, blocks),
        "space_count": _spaces(results, blocks),
        "site_count": _sites(results, blocks),
        "project_count": _projects(results, blocks),
    }
    rows = pd.concat([_grid(blocks, side) for side in _SIDES], ignore_index=True)
    rows = rows.sort_values("row", kind="stable", ignore_index=True)
    keys = pd.MultiIndex.from_frame(rows[["row", "side", "item"]])
    counts = {name: _count(found, keys) for name, found in counted.items()}
    made = counts["space_count"] + counts["site_count"] + counts["project_count"]
    rows = rows.assign(**counts, is_missing=(made == 0))
    return RESULTS["block_matrix"].check(rows[list(RESULTS["block_matrix"].names)])


def _grid(blocks: gpd.GeoDataFrame, side: str) -> pd.DataFrame:
    items = _SIDES[side]
    row = np.repeat(np.arange(len(blocks)), len(items))
    named = pd.DataFrame(blocks[["block_id", "block_name"]]).iloc[row].reset_index(drop=True)
    return named.assign(row=row, side=side, item=list(items) * len(blocks))


def _count(found: pd.DataFrame, keys: pd.MultiIndex) -> Indices:
    """Count rows of ``row, batch, theme`` by block, side and item."""
    sides = [found[["row", side]].set_axis(["row", "item"], axis=1).assign(side=side) for side in _SIDES]
    long = pd.concat(sides, ignore_index=True).dropna()
    sizes = long.groupby(["row", "side", "item"]).size()
    return np.asarray(sizes.reindex(keys, fill_value=0), dtype=np.int64)


def _rows(row: object, names: pd.Series, records: Mapping[str, object]) -> pd.DataFrame:
    """Look up the batch and theme of what is called so; what lies in no block is left out."""
    sides = {
        side: names.map({name: getattr(of, side) for name, of in records.items()}).to_numpy(dtype=object)
        for side in _SIDES
    }
    found = pd.DataFrame({"row": row, **sides})
    return found[found["row"] >= 0]


def _known_indicators(results: Results, blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    table = block_indicators(results) if results.indicators is None else results.indicators
    known = table[(table["area_kind"] == "block") & (table["state"] == "now") & table["value"].notna()]
    row = pd.Index(blocks["block_id"]).get_indexer(known["area_id"])
    return _rows(row, known["indicator"], indicator_file().indicators)


def _spaces(results: Results, blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    spaces = usable_spaces(results)
    if spaces is None:
        return _rows([], pd.Series(dtype=object), {})
    return _rows(of_blocks(spaces, blocks), spaces["kind"], space_kinds().kinds)


def _sites(results: Results, blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    if results.programme is None:
        return _rows([], pd.Series(dtype=object), {})
    sites = results.programme.sites
    return _rows(of_blocks(sites, blocks), sites["use"], uses())


def _projects(results: Results, blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    if "projects" not in results.town:
        return _rows([], pd.Series(dtype=object), {})
    projects = located_projects(results.town)
    use = projects["use"] if "use" in projects else pd.Series(None, index=projects.index, dtype=object)
    found = _rows(of_blocks(projects, blocks), use, uses())
    own = projects.reindex(columns=list(_SIDES)).reset_index(drop=True).loc[found.index]
    return found.assign(**{side: own[side].where(own[side].notna(), found[side]) for side in _SIDES})
