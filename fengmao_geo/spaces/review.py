"""What planners decided on site: read from their table and honoured when the spaces are found again."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import display_names
from fengmao_geo.standards.names import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Texts = NDArray[np.object_]

__all__ = ["read_review", "review_table"]

_COLUMNS = ("space_id", "decision")


def read_review(review: str | Path | pd.DataFrame | None, ids: Texts) -> tuple[Texts, list[Finding]]:
    """Read the decisions on spaces.

    Parameters
    ----------
    review
        A table or a CSV file with ``space_id, decision`` and, for people, ``reason``; a decision is
        ``confirmed`` or ``excluded``, in Chinese or English, or empty. Of several rows of a space the last
        that says something counts.
    ids
        The spaces there are, shape ``(n,)``.

    Returns
    -------
    tuple
        The decision on each space, shape ``(n,)``, empty where there is none; and findings: of ids that no
        space has, and of words that are no decision.

    Raises
    ------
    UsageError
        If the file cannot be read, or lacks a column.
    """
    decisions = np.full(len(ids), "", dtype=object)
    if review is None:
        return decisions, []
    table = review if isinstance(review, pd.DataFrame) else review_table(review)
    _refuse_lacking(table)
    space, said = (_texts(table[name]) for name in _COLUMNS)
    # Spreadsheets leave rows without anything in them.
    space, said = space[(space != "") | (said != "")], said[(space != "") | (said != "")]
    words = said.map(normalise).map(_words())
    is_word, is_known = words.notna(), space.isin(ids)
    found = [
        Finding("review_decision", "spaces_review", name, "decision", {"value": value})
        for name, value in zip(space[~is_word], said[~is_word], strict=True)
    ]
    found += [Finding("review_unknown", "spaces_review", name) for name in space[~is_known & is_word]]
    # A row that was left empty takes nothing back that another row of the space says.
    is_said = is_word & is_known & (words != "")
    kept = pd.Series(words[is_said].to_numpy(), index=space[is_said].to_numpy())
    kept = kept[~kept.index.duplicated(keep="last")]
    rows = pd.Index(ids).get_indexer(kept.index)
    decisions[rows] = kept.to_numpy()
    return decisions, found


def _texts(values: pd.Series) -> pd.Series:
    """Write values as texts without blanks around them, what is missing as an empty one."""
    return values.astype(object).where(values.notna(), "").map(lambda value: str(value).strip())


def _words() -> dict[str, str]:
    """List the words of each decision, normalised."""
    names = display_names()["decision"]
    words = {"": ""}
    for decision, of in names.items():
        words |= {normalise(word): decision for word in (decision, of["zh"], of["en"])}
    return words


def review_table(path: str | Path) -> pd.DataFrame:
    """Read a review from a CSV file, in UTF-8 or as Chinese Excel writes it (GBK).

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    DataFrame
        All of it as text, ``""`` where a cell is empty.

    Raises
    ------
    UsageError
        If the file cannot be read, or lacks ``space_id`` or ``decision``.
    """
    try:
        words = _decoded(Path(path).read_bytes())
        table = pd.read_csv(StringIO(words), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as reason:
        raise UsageError("review_unreadable", path=str(path), reason=str(reason)) from reason
    _refuse_lacking(table)
    if not isinstance(table.index, pd.RangeIndex):
        # Where rows are longer than the heads, the first cells would be taken for labels and ids be lost.
        heads = ", ".join(map(str, table.columns))
        raise UsageError("review_unreadable", path=str(path), reason=f"{heads} < {table.index[0]}, …")
    return table


def _decoded(content: bytes) -> str:
    """Read bytes as UTF-8, failing that as GBK."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _refuse_lacking(table: pd.DataFrame) -> None:
    if lacking := [name for name in _COLUMNS if list(table.columns).count(name) != 1]:
        raise UsageError("review_column", columns=", ".join(lacking))
