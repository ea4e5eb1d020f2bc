"""The workbook that is handed in: every figure of a town and its renewal blocks, for Excel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fengmao_geo.export.files import write_whole
from fengmao_geo.export.sheet_cells import long_texts
from fengmao_geo.export.sheet_writer import workbook_bytes
from fengmao_geo.export.workbook_sheets import Desk
from fengmao_geo.export.workbook_sheets_basis import basis_sheet, column_sheet, finding_sheet
from fengmao_geo.export.workbook_sheets_blocks import block_sheet, matrix_sheet
from fengmao_geo.export.workbook_sheets_green import green_sheet
from fengmao_geo.export.workbook_sheets_projects import progress_sheet, project_sheet
from fengmao_geo.export.workbook_sheets_scores import indicator_sheet, red_line_sheet, score_sheet
from fengmao_geo.export.workbook_sheets_spaces import space_sheet, special_sheet, stock_sheet
from fengmao_geo.export.workbook_sheets_town import gap_sheet, town_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from fengmao_geo.export.sheets import Sheet
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["workbook_sheets", "write_workbook"]

_SHEETS = (
    town_sheet,
    block_sheet,
    matrix_sheet,
    indicator_sheet,
    gap_sheet,
    space_sheet,
    stock_sheet,
    special_sheet,
    red_line_sheet,
    project_sheet,
    green_sheet,
    score_sheet,
    progress_sheet,
    finding_sheet,
)


def write_workbook(results: Results, path: str | Path, *, lang: Lang = "zh") -> Path:
    """Write a town's results as one Excel workbook of sixteen sheets, each fit to be printed.

    Parameters
    ----------
    results
        What was computed; a step that was not run leaves its sheet there, saying what to run.
    path
        Where to write, such as ``town.xlsx``; its folder must exist.
    lang
        The language of sheets, heads and names, ``"zh"`` or ``"en"``.

    Returns
    -------
    Path
        Where it was written. No text is a formula or a link; what is not known reads so, such as "not enough
        data", never zero, and nothing is blank; a text longer than a cell holds is cut, and that is said.

    Raises
    ------
    OSError
        If the folder is missing, the disk is full or writing is not allowed.
    """
    sheets = workbook_sheets(results, lang=lang)
    town = results.town
    content = workbook_bytes(sheets, title=town.name, notice=town.settings.notice, lang=lang)
    return write_whole(path, content)


def workbook_sheets(results: Results, *, lang: Lang = "zh") -> list[Sheet]:
    """Lay out the sheets of the workbook.

    Parameters
    ----------
    results
        What was computed.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of Sheet
        The sheets in order.
    """
    desk = Desk(results, lang)
    told = [sheet(desk) for sheet in _SHEETS]
    first = basis_sheet(desk, long_texts(told, lang=lang))
    return [first, *told, column_sheet(desk, [first, *told])]
