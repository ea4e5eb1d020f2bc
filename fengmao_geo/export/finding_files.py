"""What is wrong with a town's data, to hand round: a workbook, and a page with the faulty places on a map."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import shapely

from fengmao_geo.export.files import write_whole
from fengmao_geo.export.map_data import ground_data
from fengmao_geo.export.map_geometry import Frame
from fengmao_geo.export.offline import (
    OfflineMap,
    StartPage,
    Verbatim,
    asset,
    json_text,
    leaflet_script,
    leaflet_style,
    render_page,
)
from fengmao_geo.export.theme import colour_rules, layer_name, say, theme
from fengmao_geo.findings import translate_findings
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branca.element import Figure
    from pyproj import CRS

    from fengmao_geo.messages import Lang
    from fengmao_geo.town.town import Town

__all__ = ["finding_rows", "write_finding_files"]

#: What is said of a finding; the rest is for programs.
_SHOWN = ("severity", "layer", "feature_id", "column", "found", "done", "remedy", "point")
_WIDTHS = {"severity": 9, "layer": 16, "feature_id": 16, "column": 16, "found": 60, "done": 28, "remedy": 60}
_OTHER_WIDTH = 28

#: Around the places shown, so that the outermost is not cut.
_MARGIN_M = 150.0
_SIMPLIFY_M = 0.8


def finding_rows(findings: pd.DataFrame, *, lang: Lang = "zh") -> pd.DataFrame:
    """Write findings as people read them: heads and severities in words.

    Parameters
    ----------
    findings
        The table ``findings``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    DataFrame
        Severity, layer, feature, column, what was found, what was done, the remedy, the place; one row each.

    Examples
    --------
    >>> from fengmao_geo.findings import Finding, findings_table
    >>> rows = finding_rows(findings_table([Finding("layer_missing", "streets")]), lang="en")
    >>> rows["layer"].tolist()
    ['streets']
    """
    shown = translate_findings(findings, lang=lang)[list(_SHOWN)]
    severities = {name: text(f"severity.{name}", lang=lang) for name in shown["severity"].unique()}
    names = {layer: layer_name(layer, lang=lang) for layer in shown["layer"].unique()}
    called = {layer: f"{name} {layer}" for layer, name in names.items() if name.casefold() != layer}
    heads = {name: text(f"column.{name}", lang=lang) for name in _SHOWN}
    return shown.replace({"severity": severities, "layer": called}).rename(columns=heads)


def write_finding_files(
    findings: pd.DataFrame,
    *,
    folder: str | Path,
    town: Town | None = None,
    crs: CRS | None = None,
    lang: Lang = "zh",
) -> list[Path]:
    """Write findings as ``findings.xlsx`` and as ``findings.html``, which opens without a network.

    Parameters
    ----------
    findings
        The table ``findings``.
    folder
        Where to write; it is made if it is not there.
    town
        The town, drawn as ground; without it the places stand on white.
    crs
        The coordinate system of the places where there is no town; without either there is a list only.
    lang
        The language of both files, ``"zh"`` or ``"en"``.

    Returns
    -------
    list of Path
        The workbook and the page.

    Raises
    ------
    UsageError
        If the places cannot be turned into degrees.
    OSError
        If the folder or a file cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rows = finding_rows(findings, lang=lang)
    return [
        write_whole(target / "findings.xlsx", _workbook(rows, findings["severity"].tolist(), lang)),
        write_whole(
            target / "findings.html", _page(findings, rows, town, crs if town is None else town.crs, lang)
        ),
    ]


def _workbook(rows: pd.DataFrame, severities: Sequence[str], lang: Lang) -> bytes:
    """Write one sheet, the worst first, in which no text is a formula."""
    import xlsxwriter  # noqa: PLC0415  beside its use

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        sheet = book.add_worksheet(say("findings_title", lang=lang))
        head = book.add_format(
            {"bold": True, "bg_color": theme()["page"]["tint"], "border": 1, "valign": "top"}
        )
        look = {
            name: book.add_format({"text_wrap": True, "valign": "top", "border": 1, "font_color": colour})
            for name, colour in {**theme()["severity"], "": theme()["page"]["ink"]}.items()
        }
        sheet.write_row(0, 0, list(rows.columns), head)
        for column, name in enumerate(_SHOWN):
            sheet.set_column(column, column, _WIDTHS.get(name, _OTHER_WIDTH))
            for row, value in enumerate(rows.iloc[:, column].tolist(), start=1):
                one = look[severities[row - 1] if name == "severity" else ""]
                sheet.write_string(row, column, "" if pd.isna(value) else str(value), one)
        sheet.freeze_panes(1, 0)
        if len(rows):
            sheet.autofilter(0, 0, len(rows), len(_SHOWN) - 1)
    return file.getvalue()


def _page(findings: pd.DataFrame, rows: pd.DataFrame, town: Town | None, crs: CRS | None, lang: Lang) -> str:
    places = shapely.from_wkt(findings["point"].where(findings["point"].notna(), None).to_numpy(dtype=object))
    frame = _frame(places, town, crs)
    page = OfflineMap((0.0, 0.0))
    figure = cast("Figure", page.get_root())
    name = "" if town is None else town.name
    data = json_text(
        {
            "title": say("findings_title", lang=lang),
            "town": name,
            "none": say("findings_none", lang=lang),
            "heads": list(rows.columns[:-1]),
            "rows": rows.iloc[:, :-1].fillna("").astype(str).to_numpy().tolist(),
            "severities": findings["severity"].tolist(),
            "colours": {"severity": theme()["severity"], "ground": theme()["ground"]},
            **_drawn(places, town, frame),
        }
    )
    figure.header.add_child(Verbatim(f"<style>{leaflet_style()}</style>"))
    figure.header.add_child(Verbatim(f"<style>{colour_rules()}{asset('findings.css')}</style>"))
    figure.header.add_child(Verbatim(f"<script>{leaflet_script()}</script>"))
    figure.header.add_child(Verbatim(f"<script>{asset('findings.js')}</script>"))
    figure.html.add_child(Verbatim('<main id="list"></main>'))
    figure.html.add_child(Verbatim(f'<script type="application/json" id="town-data">{data}</script>'))
    page.add_child(StartPage())
    return render_page(page, title=f"{name} {say('findings_title', lang=lang)}".strip(), lang=lang)


def _frame(places: Any, town: Town | None, crs: CRS | None) -> Frame | None:  # noqa: ANN401  an array of shapes or None
    """Take the ground that holds the town and every place; none where nothing can be drawn."""
    shapes = [place for place in places if place is not None]
    if town is not None:
        shapes.append(shapely.box(*town["built_up"].total_bounds.tolist()))
    if crs is None or not shapes:
        return None
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    bounds = (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
    return Frame(crs, bounds, _SIMPLIFY_M)


def _drawn(places: Any, town: Town | None, frame: Frame | None) -> dict[str, Any]:  # noqa: ANN401  as above
    if frame is None:
        return {"points": [None] * len(places), "ground": None, "origin": None, "window": None}
    there = [place is not None for place in places]
    points = iter(frame.points(places[there]) if any(there) else [])
    return {
        "points": [next(points) if is_there else None for is_there in there],
        "ground": None if town is None else ground_data(town, frame),
        "origin": list(frame.origin),
        "window": frame.corners(frame.box),
    }
