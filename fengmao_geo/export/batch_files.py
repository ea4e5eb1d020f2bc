"""Towns of a batch side by side: a workbook, a GeoPackage and one map."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.export.batch_map import OUTLINE_CRS, overview_page
from fengmao_geo.export.batch_words import reason_words
from fengmao_geo.export.files import write_all_whole
from fengmao_geo.export.geopackage import tables_file
from fengmao_geo.export.sheet_cells import unit_name
from fengmao_geo.export.sheet_writer import workbook_bytes
from fengmao_geo.export.sheets import Head, Sheet, SheetTable
from fengmao_geo.messages import text
from fengmao_geo.standards.batch import headlines
from fengmao_geo.tables.batch import BATCH_TOWNS

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.messages import Lang
    from fengmao_geo.standards.batch import Headline

__all__ = ["write_batch_summary"]

_SEVERITIES = ("error", "excluded", "repaired", "warning")
_WIDE_REASON, _WIDE_REMEDY = 70, 50


def write_batch_summary(records: pd.DataFrame, *, folder: str | Path, lang: Lang = "zh") -> list[Path]:
    """Write the towns of a batch side by side.

    Parameters
    ----------
    records
        The table ``batch_towns``, as `run_batch` gives it.
    folder
        Where to write, the folder of the batch: the map links the towns' own from there.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of Path
        ``summary.xlsx``: the towns with their headline indicators, and those that failed with their reason;
        ``summary.gpkg``: their outlines with the same; ``overview.html``: one map of all towns, which opens
        without a network. They hold no times, so that equal records give equal bytes.

    Raises
    ------
    TableError
        If the records are not as declared.
    OSError
        If the folder or a file cannot be written.
    """
    table = BATCH_TOWNS.check(records).sort_values("town_id", kind="stable")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    contents = {
        target / "summary.xlsx": _workbook(table, lang),
        target / "summary.gpkg": _geopackage(table, lang),
        target / "overview.html": overview_page(table, lang=lang).encode("utf-8"),
    }
    write_all_whole(contents)
    return list(contents)


def _workbook(table: pd.DataFrame, lang: Lang) -> bytes:
    done, failed = (table[table["state"] == state].to_dict("records") for state in ("done", "failed"))
    title = text("batch.title", lang=lang)
    counts = text("batch.counts", lang=lang, done=len(done), failed=len(failed))
    heads = [
        Head("town_name"),
        *(Head(one.headline, one.unit, label=_label(one, lang), colour=_colour(one)) for one in headlines()),
        *(Head(f"finding_{name}", "count", label=_finding_label(name, lang)) for name in _SEVERITIES),
        Head("boundary"),
        Head("data_on"),
        Head("town_id"),
    ]
    rows = [
        [
            town["town_name"],
            *(town["headline"].get(one.headline) for one in headlines()),
            *(float(town["findings"].get(name, 0)) for name in _SEVERITIES),
            *(town["boundary"], town["data_on"], town["town_id"]),
        ]
        for town in done
    ]
    sheets = [
        Sheet(
            text("batch.towns", lang=lang),
            [SheetTable(heads, rows, "results", has_filter=True)],
            title=title,
            notes=[counts, text("batch.note", lang=lang), text("batch.note_findings", lang=lang)],
            frozen_count=1,
            paper="A3",
        ),
        _failures(failed, lang),
    ]
    notice = " · ".join(dict.fromkeys(notice for notice in table["notice"] if notice))
    return workbook_bytes(sheets, title=title, notice=notice, lang=lang)


def _failures(failed: list[dict[Any, Any]], lang: Lang) -> Sheet:
    heads = [
        Head("town_name"),
        Head("reason", label=text("batch.why", lang=lang), widest=_WIDE_REASON),
        Head("remedy", label=text("batch.what_to_do", lang=lang), widest=_WIDE_REMEDY),
        Head("attempts", "count"),
        Head("town_id"),
    ]
    rows = [
        [town["town_name"], *reason_words(town, lang=lang), float(town["attempts"]), town["town_id"]]
        for town in failed
    ]
    notes = [] if rows else [text("batch.none_failed", lang=lang)]
    name = text("batch.failures", lang=lang)
    return Sheet(name, [SheetTable(heads, rows, "results", has_filter=True)], title=name, notes=notes)


def _label(headline: Headline, lang: Lang) -> str:
    unit, name = unit_name(headline.unit, lang=lang), headline.name(lang=lang)
    return text("batch.with_unit", lang=lang, name=name, unit=unit) if unit else name


def _colour(headline: Headline) -> Any:  # noqa: ANN401  one of the ways in which a column is coloured
    return "attained" if headline.direction == "more" and headline.unit == "share" else ""


def _finding_label(severity: str, lang: Lang) -> str:
    return text("batch.of_findings", lang=lang, severity=text(f"severity.{severity}", lang=lang))


def _geopackage(table: pd.DataFrame, lang: Lang) -> bytes:
    """Write a layer of outlines; a town that failed has none, and its reason."""
    reasons = [reason_words(town, lang=lang) for town in table.to_dict("records")]
    columns: dict[str, Any] = {
        **{name: table[name].tolist() for name in ("town_id", "town_name", "state")},
        "found": [reason.found for reason in reasons],
        "remedy": [reason.remedy for reason in reasons],
        **{one.headline: _numbers(table["headline"], one.headline) for one in headlines()},
        **{f"{name}_count": [of.get(name, 0) for of in table["findings"]] for name in _SEVERITIES},
        **{name: table[name].tolist() for name in ("boundary", "data_on", "notice")},
    }
    shapes = [shapely.from_wkt(outline) if outline else None for outline in table["outline"]]
    frame = gpd.GeoDataFrame(columns, geometry=[_several(shape) for shape in shapes], crs=OUTLINE_CRS)
    with TemporaryDirectory() as folder:
        return tables_file({"towns": frame}, Path(folder) / "summary.gpkg").read_bytes()


def _numbers(values: pd.Series, name: str) -> list[float]:
    return [np.nan if (value := of.get(name)) is None else float(value) for of in values]


def _several(shape: Any) -> Any:  # noqa: ANN401  a shape or None
    """Write every outline as one kind of shape, as the layer states."""
    return shape if shape is None or shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
