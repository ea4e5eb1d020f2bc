"""What is to be cut, read and checked before the first town is: layers, outlines, settings, rasters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from fengmao_geo.batch.outlines import LAYER, Outlines, town_outlines
from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.crs import parse_crs, town_crs_fault
from fengmao_geo.geo.datum import datum_shifts
from fengmao_geo.geo.zones import working_crs
from fengmao_geo.network.costs import fastest_m_min
from fengmao_geo.standards.load import CATALOGUES, catalogue, walkers
from fengmao_geo.town.check import Source, absent_layers, checked_layer, has_error
from fengmao_geo.town.raster_parts import raster_files
from fengmao_geo.town.read import described_source, named_layers, town_settings
from fengmao_geo.town.town_file import TOWN_FILE, LayerPart, read_town_file
from fengmao_geo.town.vector import read_vector
from fengmao_geo.town.window import open_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.geo.datum import DatumShift
    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.town.town import TownSettings
    from fengmao_geo.town.town_file import TownFile
    from fengmao_geo.town.window import LayerPieces

__all__ = ["Plan", "furthest_walk_m", "plan_split"]

_FILE_ENDS = "_file"
#: Findings of a file that holds several layers, or not the one that is named.
_WHICH_LAYER = ("table_unnamed", "table_missing")
#: How codes of findings begin that are written for outlines; others tell of a layer of ``town.toml``.
_OF_OUTLINES = "split_"


@dataclass(frozen=True, eq=False)
class Plan:
    """Layers of many towns, ready to be cut.

    Parameters
    ----------
    crs
        The CRS that is worked in.
    layers
        The layers, of which pieces are read.
    outlines
        The towns.
    settings
        What is said of all of them.
    rasters
        The rasters, of which no pixel has been read.
    rule_files
        Files that the rules of siting name, by the name that they get in each town's folder.
    found
        What was found on the way.
    """

    crs: CRS
    layers: dict[str, LayerPieces]
    outlines: Outlines
    settings: TownSettings
    rasters: Mapping[str, RasterFile]
    rule_files: dict[str, Path]
    found: list[Finding]


def furthest_walk_m(minutes: float) -> float:
    """Find how far anybody may walk: the fastest walker shipped, or a distance of a catalogue beyond that.

    Parameters
    ----------
    minutes
        The longest walk.

    Returns
    -------
    float
        Metres.

    Examples
    --------
    >>> round(furthest_walk_m(15.0), 3)
    1080.0
    """
    speeds = [fastest_m_min(walker) for walker in walkers().values()]
    standards = [entry.standard_m or 0.0 for name in CATALOGUES for entry in catalogue(name).entries]
    return max([minutes * max(speeds), *standards])


def plan_split(
    path: Path,
    *,
    work: Path,
    by: Path | gpd.GeoDataFrame | None,
    by_layer: str | None,
    name_column: str | None,
) -> Plan:
    """Read what there is to cut, and list every fault at once.

    Parameters
    ----------
    path
        The folder of ``town.toml``, or the file.
    work
        A folder for copies of layers.
    by
        Outlines of the towns; ``None`` for the features of ``built_up``.
    by_layer
        The layer of the file of outlines.
    name_column
        The column that names the towns.

    Returns
    -------
    Plan
        What is to be cut.

    Raises
    ------
    TownError
        If anything is at fault; it carries all findings.
    UsageError
        If the file of outlines is not there, or does not hold the layer that is named.
    """
    if by_layer is not None and not isinstance(by, Path):
        raise UsageError("split_layer_alone", layer=by_layer)
    file = path / TOWN_FILE if path.is_dir() else path
    described = read_town_file(file)
    stated = parse_crs(described.town.crs)
    fault = town_crs_fault(stated, layer="town")
    crs = working_crs(stated) if fault is None and isinstance(stated, CRS) else None
    named, found = named_layers(described.layers)
    found += [fault] if fault else []
    given = {datum: part.model_dump(exclude_none=True) for datum, part in described.datums.items()}
    shifts, more = datum_shifts(given, layer=TOWN_FILE)
    layers, layer_found = _opened(file.parent, named, shifts, crs, work)
    rasters, raster_found = raster_files(described.rasters, folder=file.parent)
    settings, rule_files, rule_found = _rules(described, file.parent, town_settings(described.town, named))
    found += [*more, *layer_found, *raster_found, *rule_found, *absent_layers(named)]
    outlines = Outlines(gpd.GeoDataFrame({"town_id": []}, geometry=[]))
    source, more = _outline_source(layers, by, by_layer, shifts)
    found += more
    if crs is not None and source is not None:
        outlines, more = town_outlines(source, crs=crs, name_column=name_column)
        found += [*_mended_in_file(more, by), *_people_fault(settings, outlines)]
    if has_error(found) or crs is None:
        table = findings_table(found)
        count = int((table["severity"] == "error").sum())
        raise TownError("town_faults", table, crs=crs, count=count, name=described.town.name)
    surveyed = _surveyed(layers, settings)
    return Plan(crs, layers, outlines, replace(settings, surveyed_types=surveyed), rasters, rule_files, found)


def _opened(
    folder: Path,
    named: Mapping[str, LayerPart],
    shifts: Mapping[str, DatumShift],
    crs: CRS | None,
    work: Path,
) -> tuple[dict[str, LayerPieces], list[Finding]]:
    """Open every layer; one whose place is not known is told of by the ordinary checks."""
    layers, found, files = {}, [], set()
    for layer, part in named.items():
        try:
            layers[layer], more = open_layer(
                folder, layer, part, shifts, work=work, is_checked=part.path in files
            )
            files.add(part.path)
        except TownError as error:
            found += _as_findings(error)
            continue
        found += more
        if not layers[layer].is_placed and crs is not None:
            found += checked_layer(layers[layer].source, layer=layer, crs=crs)[1]
    return layers, found


def _as_findings(error: TownError) -> list[Finding]:
    columns = (error.findings[name] for name in ("code", "layer", "feature_id", "column", "values", "point"))
    return [Finding(*row) for row in zip(*columns, strict=True)]


def _outline_source(
    layers: Mapping[str, LayerPieces],
    by: Path | gpd.GeoDataFrame | None,
    by_layer: str | None,
    shifts: Mapping[str, DatumShift],
) -> tuple[Source | None, list[Finding]]:
    """Read the outlines: of their own file, or the features of the built-up area."""
    if isinstance(by, gpd.GeoDataFrame):
        return Source(by, None if by.crs is None else parse_crs(by.crs)), []
    if by is not None:
        if not by.exists():
            raise UsageError("split_by_missing", file=str(by))
        part = LayerPart(path=by.name, layer=by_layer)
        try:
            frame, found = read_vector(by, layer=LAYER, part=part)
        except TownError as error:
            told = _as_findings(error)
            if which := [one for one in told if one.code in _WHICH_LAYER]:
                known = which[0].values["known"]  # noqa: PD011  a field of ours
                raise UsageError("split_by_layer", file=by.name, known=known) from None
            return None, _mended_in_file(told, by)
        source, more = described_source(frame, LAYER, part, shifts)
        return source, [*found, *more]
    if "built_up" not in layers:
        return None, []
    chunks = list(layers["built_up"].chunks())
    if not chunks:
        return layers["built_up"].source, []
    whole = gpd.GeoDataFrame(pd.concat([chunk.frame for chunk in chunks]))
    return replace(chunks[0], frame=whole), []


class _Found:
    """What a finding found, in the language that a message asks for: ``{reason:zh}``."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding

    def __format__(self, lang: str) -> str:
        return self.finding.words("en" if lang == "en" else "zh")["found"]


def _mended_in_file(found: list[Finding], by: Path | gpd.GeoDataFrame | None) -> list[Finding]:
    """Say of errors in outlines given by themselves that they are mended there: not in ``town.toml``."""
    if by is None:
        return found
    told = []
    for one in found:
        if one.severity == "error" and not one.code.startswith(_OF_OUTLINES):
            values = {"file": by.name if isinstance(by, Path) else "by", "reason": _Found(one)}
            told.append(Finding("split_by_fault", LAYER, one.feature_id, one.column, values))
        else:
            told.append(one)
    return told


def _rules(
    described: TownFile, folder: Path, settings: TownSettings
) -> tuple[TownSettings, dict[str, Path], list[Finding]]:
    """Take the rules of siting and scoring along; files that they name go into every folder."""
    files = {
        name: folder / value
        for name, value in described.site_rules.items()
        if name.endswith(_FILE_ENDS) and isinstance(value, str)
    }
    found = [
        Finding("file_missing", "site_rules", column=name, values={"file": str(file)})
        for name, file in files.items()
        if not file.is_file()
    ]
    kept = {name: f"{name}{file.suffix}" for name, file in files.items()}
    rules: dict[str, Any] = {**described.site_rules, **kept}
    taken = {kept[name]: file for name, file in files.items()}
    return replace(settings, site_rules=rules, score=described.score), taken, found


def _people_fault(settings: TownSettings, outlines: Outlines) -> list[Finding]:
    """Refuse one total for all towns together: each would count it as its own."""
    if settings.people_total is None or not len(outlines) or outlines.table["people"].notna().all():
        return []
    return [Finding("split_people_total", LAYER, column="people", values={"total": settings.people_total})]


def _surveyed(layers: Mapping[str, LayerPieces], settings: TownSettings) -> Any:  # noqa: ANN401  as of settings
    """List the types of which there is any facility anywhere: where a town has none, there is none."""
    if settings.surveyed_types == "all" or "facilities" not in layers:
        return settings.surveyed_types
    types = set(settings.surveyed_types)
    for chunk in layers["facilities"].chunks():
        frame, _ = checked_layer(chunk, layer="facilities", crs=None)
        if "is_planned" in frame:
            frame = frame[~frame["is_planned"].eq(True).to_numpy(dtype=bool)]
        types |= set(frame["facility_type"].dropna()) if "facility_type" in frame else set()
    return frozenset(types)
