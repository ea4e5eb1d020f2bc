"""Findings: one row per problem, with what was found, what was done and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.messages import Lang, text
from fengmao_geo.tables import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Finding", "findings_table", "join_findings", "translate_findings"]

#: The worst first.
_ORDER = {"error": 0, "excluded": 1, "repaired": 2, "warning": 3}


@dataclass(frozen=True)
class Finding:
    """One problem in the data; its words stand in ``messages.toml`` under ``finding.<code>``.

    Parameters
    ----------
    code
        The name of its words and of its severity.
    layer
        The layer it was found in.
    feature_id, column
        The feature and the column, where one is meant.
    values
        What the words name in braces.
    point
        Where it is, as well-known text in the town's coordinates.
    """

    code: str
    layer: str
    feature_id: str | None = None
    column: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    point: str | None = None

    @property
    def severity(self) -> str:
        """How bad it is: error, repaired, excluded or warning."""
        return text(f"finding.{self.code}.severity")

    def words(self, lang: Lang) -> dict[str, str]:
        """Write what was found, done and to do in one language."""
        return {
            part: text(f"finding.{self.code}.{part}", lang=lang, **self.values)
            for part in ("found", "done", "remedy")
        }


def findings_table(findings: Iterable[Finding], *, lang: Lang = "zh") -> pd.DataFrame:
    """Write findings as a table, one row each, in the order of layer, severity, code and feature.

    Parameters
    ----------
    findings
        The problems.
    lang
        The language of ``found``, ``done`` and ``remedy``.

    Returns
    -------
    DataFrame
        The columns of the table ``findings``.

    Examples
    --------
    >>> findings_table([]).shape
    (0, 10)
    """
    rows = sorted(
        (
            {
                "layer": finding.layer,
                "feature_id": finding.feature_id,
                "column": finding.column,
                "code": finding.code,
                "severity": finding.severity,
                **finding.words(lang),
                "point": finding.point,
                "values": finding.values,  # noqa: PD011  a field of ours
            }
            for finding in findings
        ),
        key=lambda row: (
            _ORDER[str(row["severity"])],
            row["layer"],
            row["code"],
            row["feature_id"] or "",
            row["column"] or "",
            row["found"],
        ),
    )
    return FINDINGS.check(pd.DataFrame(rows, columns=list(FINDINGS.names), dtype=object))


def join_findings(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of findings under one another, the worst first.

    Parameters
    ----------
    tables
        One or more, as :func:`findings_table` writes them.

    Returns
    -------
    DataFrame
        The rows of all, in the order of severity, else as they came.

    Examples
    --------
    >>> join_findings([findings_table([]), findings_table([Finding("layer_missing", "streets")])])["layer"][0]
    'streets'
    """
    rows = [row for table in tables for row in table.to_dict("records")]
    rows.sort(key=lambda row: _ORDER[str(row["severity"])])
    return FINDINGS.check(pd.DataFrame(rows, columns=list(FINDINGS.names), dtype=object))


def translate_findings(findings: pd.DataFrame, *, lang: Lang) -> pd.DataFrame:
    """Write the words of a table of findings in another language.

    Parameters
    ----------
    findings
        The table ``findings``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    DataFrame
        The same rows with ``found``, ``done`` and ``remedy`` in that language.
    """
    words = [
        {part: text(f"finding.{code}.{part}", lang=lang, **values) for part in ("found", "done", "remedy")}
        for code, values in zip(findings["code"], findings["values"], strict=True)
    ]
    return findings.assign(
        **{
            part: pd.Series([word[part] for word in words], index=findings.index, dtype=object)
            for part in ("found", "done", "remedy")
        }
    )
