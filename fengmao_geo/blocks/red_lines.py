"""Red lines of renewal: what each block tears down, rebuilds, rehouses, and builds on protected ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.case import areas_of
from fengmao_geo.blocks.located import in_blocks
from fengmao_geo.standards.red_lines import red_line_standard
from fengmao_geo.standards.uses import CROPPING
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.results import Results
    from fengmao_geo.standards.red_lines import RedLine
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Geometries = NDArray[np.object_]

__all__ = ["red_lines"]

_CONSENT = "consent"


def red_lines(results: Results) -> pd.DataFrame:
    """Check the red lines of renewal block by block.

    Of the block's projects: floor area demolished over what stands (``standing_m2`` of the projects, where
    that is not stated the floor area of the buildings in the block), rebuilt over demolished, households
    rehoused nearby over those that move. Of the ground of its projects and of the programme's sites, counted
    once: how much lies on permanent basic farmland (growing crops aside), within the ecological red line, the
    control zone of rivers and zones of heritage.

    A project belongs to the block that its ``block_id`` names, else to that in which it lies.

    Parameters
    ----------
    results
        What was computed; of it the town, and the programme if there is one.

    Returns
    -------
    DataFrame
        The table ``red_lines``, blocks by number. Where nothing is torn down, or nobody moves, there is no
        value and the line is kept. Where data are wanting the status is ``unknown`` and ``missing`` says
        which; on ground without a limit of its own it is the consent of whoever manages it that is missing.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> from fengmao_geo.results import Results
    >>> red_lines(Results(sample_town()))["status"].value_counts()["broken"]
    1
    """
    areas = areas_of(results.town)
    blocks = areas[areas["area_kind"] == "block"].reset_index(drop=True)
    lines = red_line_standard()
    own = _Projects(results.town, blocks)
    ground, is_touched_by = _ground(results, blocks)
    found = {
        "demolished_share": own.demolished_share,
        "rebuilt_ratio": own.rebuilt_ratio,
        "rehoused_share": own.rehoused_share,
    }
    rows = [_rows(blocks, line, *found[name]()) for name, line in lines.items() if name in found]
    rows += [
        _rows(blocks, line, *_on_ground(results, line, blocks, ground, is_touched_by))
        for line in lines.values()
        if line.layer
    ]
    order = {block: at for at, block in enumerate(blocks["area_id"])}
    table = pd.concat(rows, ignore_index=True)
    table = table.assign(at=table["block_id"].map(order)).sort_values("at", kind="stable", ignore_index=True)
    return RESULTS["red_lines"].check(table[list(RESULTS["red_lines"].names)])
