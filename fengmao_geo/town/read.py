"""A folder and its town.toml to a Town: every fault of every layer at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyproj import CRS

from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.geo.datum import datum_shifts, old_datum
from fengmao_geo.standards.load import field_names
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.budget import check_layer_memory
from fengmao_geo.town.check import Source
from fengmao_geo.town.join import join_table
from fengmao_geo.town.raster_parts import raster_files
from fengmao_geo.town.town import Town, TownSettings, build_town
from fengmao_geo.town.town_file import TOWN_FILE, read_town_file
from fengmao_geo.town.vector import read_table, read_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.geo.datum import DatumShift
    from fengmao_geo.geo.zones import Stated
    from fengmao_geo.town.town_file import JoinPart, LayerPart, TownPart

__all__ = ["described_source", "layer_source", "named_layers", "read_town", "town_settings"]


def read_town(path: str | Path, *, memory_gib: float | None = None) -> Town:
    """Read a town from its folder.

    Parameters
    ----------
    path
        The folder, or the ``town.toml`` in it.
    memory_gib
        What each layer and each raster may take of memory by its head, in GiB: of a raster all its pixels
        unpacked, of a layer three times its bytes as stored and not less than 1 KiB a feature. What takes
        more is refused unread. Without it nothing is refused for its size.

    Returns
    -------
    Town
        The town, checked, in one projected CRS in metres.

    Raises
    ------
    TownError
        If anything in the file or in the layers is at fault; it carries the findings of all of them.
    UsageError
        If ``memory_gib`` is not above 0.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_folder
    >>> read_town(sample_folder()).crs.to_epsg()
    4549
    """
    if memory_gib is not None and not memory_gib > 0:
        raise UsageError("not_positive", name="memory_gib", value=memory_gib)
    file = Path(path) / TOWN_FILE if Path(path).is_dir() else Path(path)
    described = read_town_file(file)
    named, found = named_layers(described.layers)
    given = {datum: part.model_dump(exclude_none=True) for datum, part in described.datums.items()}
    shifts, more = datum_shifts(given, layer=TOWN_FILE)
    found += more
    sources: dict[str, Source] = {}
    for layer, part in named.items():
        try:
            if memory_gib is not None:
                _check_memory(file.parent, layer, part, memory_gib)
            sources[layer], more = layer_source(file.parent, layer, part, shifts)
            found += more
        except TownError as error:
            found += _findings(error)
    rasters, more = raster_files(described.rasters, folder=file.parent, memory_gib=memory_gib)
    return build_town(
        sources,
        name=described.town.name,
        crs=parse_crs(described.town.crs),
        settings=replace(
            town_settings(described.town, named),
            site_rules=_placed(described.site_rules, file.parent),
            score=described.score,
        ),
        rasters=rasters,
        findings=[*found, *more],
    )


def named_layers(parts: Mapping[str, LayerPart]) -> tuple[dict[str, LayerPart], list[Finding]]:
    """Find the library's names of the layers.

    Parameters
    ----------
    parts
        The tables ``[layers.NAME]``.

    Returns
    -------
    dict
        The tables by the library's names.
    list
        Names that mean nothing, or the same layer twice.
    """
    names = field_names()
    named: dict[str, LayerPart] = {}
    found = []
    for theirs, part in parts.items():
        layer = theirs if theirs in LAYERS else names.layer(theirs)
        if layer is None or layer not in LAYERS:
            found.append(Finding("layer_unknown", theirs, values={"known": ", ".join(LAYERS)}))
        elif layer in named:
            found.append(Finding("layer_twice", layer, values={"theirs": theirs}))
        else:
            named[layer] = part
    return named, found


def _check_memory(folder: Path, layer: str, part: LayerPart, memory_gib: float) -> None:
    """Refuse a layer, or the table that is joined to it, that would take more memory than it may."""
    for of in (part, part.join):
        if of is not None:
            check_layer_memory(folder / of.path, layer=layer, table=of.layer, memory_gib=memory_gib)


def layer_source(
    folder: Path, layer: str, part: LayerPart, shifts: Mapping[str, DatumShift]
) -> tuple[Source, list[Finding]]:
    """Read a layer as it came, with the table that is joined to it.

    Parameters
    ----------
    folder
        The folder of ``town.toml``.
    layer
        The layer's name.
    part
        What is said of it.
    shifts
        The user's own parameters of old datums.

    Returns
    -------
    Source
        The layer.
    list
        What was found on the way.

    Raises
    ------
    TownError
        If it cannot be read.
    """
    frame, found = read_vector(folder / part.path, layer=layer, part=part)
    source, more = described_source(frame, layer, part, shifts)
    found += more
    if part.join is None:
        return source, found
    joined, joined_found = _joined(folder, layer, part.join, frame, part.fields)
    # A column of the layer's own that gave way to one of the table is no longer the one that is meant.
    gone = set(frame.columns) - set(joined.columns)
    fields = {ours: theirs for ours, theirs in part.fields.items() if theirs not in gone}
    joined_fields = {**fields, **part.join.fields}
    return replace(source, frame=joined, fields=joined_fields), [*found, *joined_found]


def described_source(
    frame: gpd.GeoDataFrame, layer: str, part: LayerPart, shifts: Mapping[str, DatumShift]
) -> tuple[Source, list[Finding]]:
    """Put what is stated of a layer beside its features.

    Parameters
    ----------
    frame
        The features, or some of them.
    layer
        The layer's name.
    part
        What is said of it.
    shifts
        The user's own parameters of old datums.

    Returns
    -------
    Source
        The layer.
    list
        Whether what is stated of its coordinate system goes against the file.
    """
    found: list[Finding] = []
    # A system of an engineer's own, as of what was drawn nowhere on earth, says nothing of the place.
    is_local = frame.crs is not None and frame.crs.is_engineering
    of_file: Stated = None if frame.crs is None or is_local else parse_crs(frame.crs)
    stated = of_file if part.crs is None else parse_crs(part.crs)
    if of_file is not None and stated != of_file:
        values = {"stated": str(part.crs), "file": frame.crs.name}
        found.append(Finding("crs_overridden", layer, values=values))
    shift = shifts.get(old_datum(stated)) if isinstance(stated, CRS) else None
    return Source(frame, stated, part.fields, shift, part.drawn_as, part.closing_m, part.overlaps), found


def _joined(
    folder: Path, layer: str, part: JoinPart, frame: gpd.GeoDataFrame, fields: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give a layer the columns of the table that names its features."""
    table, found = read_table(folder / part.path, layer=layer, table=part.layer, encoding=part.encoding)
    joined, more = join_table(frame, table, layer=layer, part=part, fields=fields)
    return joined, [*found, *more]


def town_settings(town: TownPart, named: Mapping[str, LayerPart]) -> TownSettings:
    """Read what a town's data cannot say of themselves.

    Parameters
    ----------
    town
        The table ``[town]``.
    named
        The tables of its layers, by the library's names.

    Returns
    -------
    TownSettings
        The settings, without the rules of siting and scoring.
    """
    return TownSettings(
        boundary_basis=town.boundary_basis,
        boundary_year=town.boundary_year,
        bridges_complete=town.bridges_complete,
        surveyed_types="all" if town.surveyed_types == ["all"] else frozenset(town.surveyed_types),
        notice=town.notice,
        people_total=town.people_total,
        dates={layer: part.date for layer, part in sorted(named.items()) if part.date},
        codes={layer: part.codes for layer, part in sorted(named.items()) if part.codes},
        overlaps={layer: part.overlaps for layer, part in sorted(named.items()) if part.overlaps},
    )


def _placed(rules: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Read the paths in the rules of siting from the town's folder."""
    near = {
        name: str(folder / path)
        for name, path in rules.items()
        if name.endswith("_file") and isinstance(path, str)
    }
    return {**rules, **near}


def _findings(error: TownError) -> list[Finding]:
    table = error.findings
    columns = (table[name] for name in ("code", "layer", "feature_id", "column", "values", "point"))
    return [Finding(*row) for row in zip(*columns, strict=True)]
