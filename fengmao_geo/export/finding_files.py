"""What is wrong with a town's data, to hand round: a workbook, and a page with the faulty places on a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import shapely

from fengmao_geo.export.files import write_whole
from fengmao_geo.export.indicator_words import layer_words
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
from fengmao_geo.export.sheet_writer import workbook_bytes
from fengmao_geo.export.sheets import Head, Sheet, SheetTable
from fengmao_geo.export.theme import colour_rules, say, theme
from fengmao_geo.findings import translate_findings
from fengmao_geo.messages import has_text, text

if TYPE_CHECKING:
    from branca.element import Figure
    from pyproj import CRS

    from fengmao_geo.messages import Lang
    from fengmao_geo.town.town import Town

__all__ = ["finding_rows", "finding_table", "write_finding_files"]

#: What is said of a finding; the rest is for programs.
_SHOWN = ("severity", "layer", "feature_id", "column", "found", "done", "remedy", "point")

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
        Severity, layer, feature, column by its label, what was found, what was done, the remedy, the place in
        metres to the east and to the north; one row each.

    Examples
    --------
    >>> from fengmao_geo.findings import Finding, findings_table
    >>> rows = finding_rows(findings_table([Finding("layer_missing", "streets")]), lang="en")
    >>> rows["layer"].tolist()
    ['streets']
    """
    shown = translate_findings(findings, lang=lang)[list(_SHOWN)]
    severities = {name: text(f"severity.{name}", lang=lang) for name in shown["severity"].unique()}
    names = {layer: layer_words(layer, lang=lang) for layer in shown["layer"].unique()}
    called = {layer: f"{name} {layer}" for layer, name in names.items() if name.casefold() != layer}
    called |= {layer: text(f"place.{layer}", lang=lang) for layer in names if has_text(f"place.{layer}")}
    columns = shown["column"].dropna().unique()
    labels = {name: text(f"column.{name}", lang=lang) for name in columns if has_text(f"column.{name}")}
    heads = {name: text(f"column.{name}", lang=lang) for name in _SHOWN}
    told = shown.replace({"severity": severities, "layer": called, "column": labels})
    return told.assign(point=_place_words(shown["point"], lang)).rename(columns=heads)


def _place_words(points: pd.Series, lang: Lang) -> pd.Series:
    """Write places as people read them out: so many metres to the east and to the north."""
    is_placed = points.notna()
    if not is_placed.any():
        return points
    at = shapely.get_coordinates(
        shapely.point_on_surface(shapely.from_wkt(points[is_placed].to_numpy(dtype=object)))
    )
    words = [say("place_at", lang=lang, east_m=f"{x:.1f}", north_m=f"{y:.1f}") for x, y in at.tolist()]
    told = pd.Series(words, index=points.index[is_placed], dtype=object)
    return told.reindex(points.index)


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
        write_whole(target / "findings.xlsx", _workbook(findings, lang)),
        write_whole(
            target / "findings.html", _page(findings, rows, town, crs if town is None else town.crs, lang)
        ),
    ]


def finding_table(findings: pd.DataFrame, *, lang: Lang = "zh") -> SheetTable:
    """Lay findings out as a table of a workbook.

    Parameters
    ----------
    findings
        The table ``findings``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    SheetTable
        One row per finding, coloured by how bad it is; where it says nothing, such as of a finding about a
        whole layer, there is a dash.

    Examples
    --------
    >>> from fengmao_geo.findings import Finding, findings_table
    >>> finding_table(findings_table([Finding("layer_missing", "streets")]), lang="en").rows[0][1]
    'streets'
    """
    rows = finding_rows(findings, lang=lang)
    tones = {text(f"severity.{name}", lang=lang): colour for name, colour in theme()["severity"].items()}
    heads = [Head(name, tones=tones if name == "severity" else {}) for name in _SHOWN]
    cells = rows.astype(object).where(rows.notna(), "").to_numpy().tolist()
    return SheetTable(heads, [[str(cell) for cell in row] for row in cells], "findings", has_filter=True)


def _workbook(findings: pd.DataFrame, lang: Lang) -> bytes:
    """Write one sheet, the worst first, in which no text is a formula."""
    name = say("findings_title", lang=lang)
    return workbook_bytes(
        [Sheet(name, [finding_table(findings, lang=lang)], frozen_count=0)], title=name, lang=lang
    )


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
