"""Every input layer and every result table, column by column, and the classes that cross between analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.errors import UnknownNameError
from fengmao_geo.tables.batch import BATCH_RESULTS
from fengmao_geo.tables.blocks import BLOCK_RESULTS
from fengmao_geo.tables.green import GREEN_RESULTS
from fengmao_geo.tables.layers import (
    DWELLING_LAYERS,
    EXPECTED_COLUMNS,
    GRADES,
    GROUP_COLUMNS,
    GROUPS,
    LAYERS,
    RENEWAL_TYPES,
    REQUIRED_LAYERS,
    THEMES,
)
from fengmao_geo.tables.programme import PROGRAMME_RESULTS, Programme
from fengmao_geo.tables.progress import LATE_OF, PROGRESS_GROUPS, PROGRESS_RESULTS, PROJECT_STATUSES
from fengmao_geo.tables.results import DRAFT, FINDINGS, TOWN_RESULTS
from fengmao_geo.tables.routes import ROUTE_RESULTS
from fengmao_geo.tables.what_if import WHAT_IF_RESULTS

if TYPE_CHECKING:
    from fengmao_geo.schema import Table

__all__ = [
    "DRAFT",
    "DWELLING_LAYERS",
    "EXPECTED_COLUMNS",
    "FINDINGS",
    "GRADES",
    "GROUPS",
    "GROUP_COLUMNS",
    "LATE_OF",
    "LAYERS",
    "PROGRESS_GROUPS",
    "PROJECT_STATUSES",
    "RENEWAL_TYPES",
    "REQUIRED_LAYERS",
    "RESULTS",
    "THEMES",
    "Programme",
    "table",
]

RESULTS: dict[str, Table] = {
    result.name: result
    for result in (
        *TOWN_RESULTS,
        *GREEN_RESULTS,
        *PROGRAMME_RESULTS,
        *WHAT_IF_RESULTS,
        *ROUTE_RESULTS,
        *BLOCK_RESULTS,
        *PROGRESS_RESULTS,
        *BATCH_RESULTS,
    )
}


def table(name: str) -> Table:
    """Find the declaration of a layer or a result.

    Parameters
    ----------
    name
        Its name.

    Returns
    -------
    Table
        The declaration.

    Raises
    ------
    UnknownNameError
        If there is no such table; it lists those there are.

    Examples
    --------
    >>> table("blocks").geometry
    'polygon'
    """
    found = LAYERS.get(name) or RESULTS.get(name)
    if found is None:
        raise UnknownNameError("unknown_table", name=name, known=", ".join([*LAYERS, *RESULTS]))
    return found
