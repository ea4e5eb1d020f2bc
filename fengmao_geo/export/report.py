"""The report to hand in: one page that prints to A4 with a large sheet per block, and a document to edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fengmao_geo.export.files import write_all_whole
from fengmao_geo.export.report_docx import report_document
from fengmao_geo.export.report_html import report_page
from fengmao_geo.export.report_text import report_of

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["write_report"]

PAGE, DOCUMENT = "report.html", "report.docx"


def write_report(results: Results, *, folder: str | Path, lang: Lang = "zh") -> list[Path]:
    """Write the report of a town: a page to print and a document to edit that say the same.

    Chapters tell of the town, how it is, each renewal block, the programme, green, scores, what data lack,
    and how indicators are made; behind them stands one A3 sheet per block.

    Parameters
    ----------
    results
        The town and what was computed from it; a step that was not run is said to be so.
    folder
        Where to write; it is made if it is not there.
    lang
        The language, ``"zh"`` or ``"en"``.

    Returns
    -------
    list of Path
        ``report.html`` and ``report.docx``: both are written, or none.

    Raises
    ------
    OSError
        If the folder or a file cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    report = report_of(results, lang=lang)
    contents = {
        target / PAGE: report_page(report).encode("utf-8"),
        target / DOCUMENT: report_document(report),
    }
    write_all_whole(contents)
    return list(contents)
