"""The table of the towns of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.schema import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = ["BATCH_RESULTS", "BATCH_TOWNS", "batch_table"]

#: A town as it stands in the journal.
BATCH_TOWNS = Table(
    "batch_towns",
    (
        Column("town_id"),
        Column("town_name"),
        Column("state", choices=("done", "failed")),
        # A name in the group `batch.reason` of the messages, and what that names; empty where it is done.
        Column("reason"),
        Column("reason_values", "values"),
        # Numbers by severity, and by the ids of `batch.toml`.
        Column("findings", "values"),
        Column("headline", "values"),
        # Well-known text in degrees; empty where the town was not read.
        Column("outline"),
        # What the town's file states: what its built-up area is, the latest date of its data, its notice.
        Column("boundary"),
        Column("data_on"),
        Column("notice"),
        Column("key"),
        Column("files", "values"),
        Column("seconds", "number", minimum=0),
        Column("peak_gib", "number", minimum=0),
        Column("attempts", "whole", minimum=1),
    ),
    keys=("town_id",),
)

BATCH_RESULTS = (BATCH_TOWNS,)


def batch_table(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Write records of towns as a table, in the order of their ids.

    Parameters
    ----------
    records
        Of the journal.

    Returns
    -------
    DataFrame
        The table ``batch_towns``.

    Examples
    --------
    >>> batch_table([]).shape
    (0, 16)
    """
    import pandas as pd  # noqa: PLC0415  heavy

    rows = sorted(records, key=lambda record: str(record["town_id"]))
    names = list(BATCH_TOWNS.names)
    table = pd.DataFrame([[row[name] for name in names] for row in rows], columns=names)
    return BATCH_TOWNS.check(table)
