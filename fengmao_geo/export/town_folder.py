"""A Town to a folder that reads back as the same town: one GeoPackage and its town.toml."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.geopackage import write_tables
from fengmao_geo.town.town_file import TOWN_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.messages import Lang
    from fengmao_geo.town.town import Town

__all__ = ["write_town"]

_FINDINGS = "import_findings.csv"
#: Names that stand without quotation marks.
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_town(town: Town, *, folder: str | Path, file: str = "town.gpkg", lang: Lang = "zh") -> list[Path]:
    """Write a town as a folder that `read_town` reads.

    The layers go into one GeoPackage, what is said of them and how sites and blocks are scored into
    ``town.toml``, and the town's findings, which tell how the layers were made, into ``import_findings.csv``.
    Rasters are not copied: those that lie in the folder are named.

    Parameters
    ----------
    town
        The town.
    folder
        Where to write; made if it is not there.
    file
        Name of the GeoPackage.
    lang
        Language of the findings, ``zh`` or ``en``.

    Returns
    -------
    list of Path
        The files written; ``town.toml`` comes last.

    Raises
    ------
    UsageError
        If the town's CRS has no code of an authority, so that ``town.toml`` could not state it.
    OSError
        If the folder or a file cannot be written, or the disk is full.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from fengmao_geo.town.sample import sample_town
    >>> with TemporaryDirectory() as made:
    ...     [path.name for path in write_town(sample_town(), folder=made)]
    ['town.gpkg', 'import_findings.csv', 'town.toml']
    """
    from fengmao_geo.export.space_files import table_csv  # noqa: PLC0415  beside its use
    from fengmao_geo.findings import translate_findings  # noqa: PLC0415  beside its use

    authority = town.crs.to_authority()
    if authority is None:
        raise UsageError("crs_without_code", crs=town.crs.name)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = {layer: _plain(town[layer]) for layer in town.layers}
    found = translate_findings(town.findings, lang=lang).drop(columns="values")
    return [
        write_tables(tables, target / file),
        write_whole(target / _FINDINGS, table_csv(found)),
        write_whole(
            target / TOWN_FILE, town_file_text(town, file=file, crs=":".join(authority), folder=target)
        ),
    ]


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out columns without a value, and write yes and no as numbers where some are missing."""
    if not len(frame):
        return frame
    kept = frame.drop(columns=[name for name in frame.columns if frame[name].isna().all()])
    answers = {
        name: kept[name].astype("Int8")
        for name in kept.columns
        if pd.api.types.is_bool_dtype(kept[name].dtype) and kept[name].isna().any()
    }
    return kept.assign(**answers)


def town_file_text(town: Town, *, file: str, crs: str, folder: Path | None = None) -> str:
    """Write the ``town.toml`` of a town whose layers all stand in one file.

    Parameters
    ----------
    town
        The town.
    file
        Name of the file with its layers.
    crs
        Code of the town's CRS, such as ``EPSG:4549``.
    folder
        Where the file will lie; rasters that do not lie there are left out, all of them without it.

    Returns
    -------
    str
        The text.
    """
    settings = town.settings
    surveyed = settings.surveyed_types
    about = {
        "name": town.name,
        "crs": crs,
        "boundary_basis": settings.boundary_basis,
        "boundary_year": settings.boundary_year,
        "bridges_complete": settings.bridges_complete or None,
        "surveyed_types": ["all"] if surveyed == "all" else sorted(surveyed),
        "notice": settings.notice,
        "people_total": settings.people_total,
    }
    parts = ["[town]", *_lines(about)]
    for layer in town.layers:
        of_layer = {
            "path": file,
            "layer": layer,
            "crs": crs,
            "codes": settings.codes.get(layer),
            "date": settings.dates.get(layer),
            # OpenStreetMap draws the narrower use upon the wider one.
            "overlaps": settings.overlaps.get(layer),
        }
        parts += ["", f"[layers.{layer}]", *_lines(of_layer)]
    for name, raster in town.rasters.items():
        bands = [*raster.bands.values(), *([raster.quality] if raster.quality else [])]
        if all(band.path.parent == folder for band in bands):
            parts += ["", f"[rasters.{name}]", *_lines(_raster_entries(raster))]
    for table, rules in (("site_rules", settings.site_rules), ("score", settings.score)):
        if rules:
            parts += ["", f"[{table}]", *_lines(rules)]
    return "\n".join(parts) + "\n"


def _raster_entries(raster: RasterFile) -> dict[str, object]:
    """Say of a raster what its files cannot say."""
    files = {band.path.name for band in raster.bands.values()}
    by_index = sorted(raster.bands, key=lambda name: raster.bands[name].index)
    is_one = len(files) == 1 and len(raster.bands) == raster.bands[by_index[-1]].index
    places: dict[str, object] = (
        {"path": files.pop(), "bands": by_index}
        if is_one
        else {"paths": {name: band.path.name for name, band in raster.bands.items()}}
    )
    quality = raster.quality and {
        "path": raster.quality.path.name,
        "band": raster.quality.index,
        "rules": [asdict(rule) for rule in raster.quality_rules],
    }
    return {
        **places,
        "date": raster.date,
        "sensor": raster.sensor,
        "crs": None if raster.crs is None else raster.crs.to_string(),
        "scale": {name: band.scale for name, band in raster.bands.items() if band.scale is not None},
        "offset": {name: band.offset for name, band in raster.bands.items() if band.offset is not None},
        "nodata": next(iter(raster.bands.values())).nodata,
        "quality": quality,
    }


def _lines(entries: Mapping[str, object]) -> list[str]:
    """Write what there is, a line each."""
    return [
        f"{name if _BARE.fullmatch(name) else _value(name)} = {_value(value)}"
        for name, value in entries.items()
        if value is not None and value not in ("", [], {})
    ]


def _value(value: object) -> str:
    """Write a value; JSON's texts, numbers and lists of these are those of TOML but for one character."""
    if isinstance(value, dict):
        return "{ " + ", ".join(_lines(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
