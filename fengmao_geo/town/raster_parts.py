"""Rasters as ``town.toml`` names them to records of their bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyproj import CRS

from fengmao_geo.findings import Finding
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.geo.raster_check import is_remote, read_head
from fengmao_geo.geo.raster_file import QualityRule, RasterBand, RasterFile
from fengmao_geo.standards.rasters import raster_standard
from fengmao_geo.town.budget import raster_memory_fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fengmao_geo.geo.raster_check import RasterHead
    from fengmao_geo.standards.rasters import RasterKind
    from fengmao_geo.town.town_file import QualityPart, RasterPart

__all__ = ["raster_files"]

#: A band's name, its file and its number there.
_Place = tuple[str, "Path", int]

#: Bands that neither the file nor ``town.toml`` names are called so, with their number.
_NAMELESS = "band_"


def raster_files(
    parts: Mapping[str, RasterPart], *, folder: Path, memory_gib: float | None = None
) -> tuple[dict[str, RasterFile], list[Finding]]:
    """Find the files and bands that ``town.toml`` names.

    Parameters
    ----------
    parts
        Its tables ``[rasters.NAME]``.
    folder
        The folder that its paths start from.
    memory_gib
        What each raster may take of memory by its head, in GiB; one that takes more is left out unread.

    Returns
    -------
    dict
        The rasters by the library's names; those without a band that could be named are left out.
    list
        What is wrong with what is stated.

    Examples
    --------
    >>> from pathlib import Path
    >>> raster_files({}, folder=Path())
    ({}, [])
    """
    known = raster_standard()
    named: dict[str, RasterPart] = {}
    found: list[Finding] = []
    for theirs, part in parts.items():
        name = known.raster(theirs)
        if name is None:
            found.append(Finding("raster_unknown", theirs, values={"known": ", ".join(known.rasters)}))
        elif name in named:
            found.append(Finding("raster_twice", name, values={"theirs": theirs}))
        else:
            named[name] = part
    if memory_gib is not None:
        over = {
            name: raster_memory_fault(_paths(part, folder), layer=name, memory_gib=memory_gib)
            for name, part in named.items()
        }
        found += [fault for fault in over.values() if fault is not None]
        named = {name: part for name, part in named.items() if over[name] is None}
    read = {name: _raster_file(name, part, folder) for name, part in named.items()}
    found += [finding for _, of_raster in read.values() for finding in of_raster]
    return {name: raster for name, (raster, _) in read.items() if raster is not None}, found


def _paths(part: RasterPart, folder: Path) -> list[Path]:
    """List every local file that a raster is made of."""
    quality = None if part.quality is None else part.quality.path
    stated = (part.path, *(part.paths or {}).values(), quality)
    return [folder / path for path in stated if path and not is_remote(path)]


def _raster_file(name: str, part: RasterPart, folder: Path) -> tuple[RasterFile | None, list[Finding]]:
    kind = raster_standard().kind(name)
    places, found = _places(name, part, folder, kind)
    if not places:
        return None, found
    names = [band for band, _, _ in places]
    scales, scale_found = _numbers(name, "scale", part.scale, names=names, kind=kind)
    offsets, offset_found = _numbers(name, "offset", part.offset, names=names, kind=kind)
    crs, crs_found = _stated_crs(name, part.crs)
    quality, quality_found = _quality(name, part.quality, folder, part.path)
    bands = {
        band: RasterBand(path, index, scales.get(band), offsets.get(band), part.nodata)
        for band, path, index in places
    }
    rules = () if part.quality is None else part.quality.rules
    raster = RasterFile(
        bands,
        date=part.date,
        sensor=part.sensor,
        crs=crs,
        quality=quality,
        quality_rules=tuple(QualityRule(rule.cause, rule.mask, rule.value) for rule in rules),
    )
    return raster, [*found, *scale_found, *offset_found, *crs_found, *quality_found]


def _places(
    name: str, part: RasterPart, folder: Path, kind: RasterKind
) -> tuple[list[_Place], list[Finding]]:
    """Find each band's file and number; of a file that cannot be read only what is stated."""
    stated = dict(part.paths or {})
    if (part.path is None) == (not stated) or (stated and part.bands):
        return [], [Finding("raster_path_form", name, column="path")]
    if remote := [path for path in (part.path, *stated.values()) if path and is_remote(path)]:
        return [], [Finding("raster_remote", name, column="path", values={"file": remote[0]})]
    if part.path is None:
        places = [(kind.band(theirs), folder / path, 1) for theirs, path in stated.items()]
    else:
        head, found = read_head(folder / part.path, layer=name)
        names = _names(head, part.bands or [], kind)
        if not names:
            return [], found
        places = [(kind.band(theirs), folder / part.path, at) for at, theirs in enumerate(names, start=1)]
    ours = [band for band, _, _ in places]
    twice = sorted({band for band in ours if ours.count(band) > 1})
    return places, [
        Finding("raster_band_twice", name, column="bands", values={"band": band}) for band in twice
    ]


def _names(head: RasterHead | None, stated: Sequence[str], kind: RasterKind) -> list[str]:
    """Name the bands as stated, else as the file does, else by their numbers."""
    if head is None:
        return list(stated)
    if not stated and head.count == len(kind.required) == 1:
        return list(kind.required)
    told = list(stated) if stated else list(head.names)
    own = [theirs or f"{_NAMELESS}{at}" for at, theirs in enumerate(told, start=1)]
    return own + [f"{_NAMELESS}{at}" for at in range(len(told) + 1, head.count + 1)]


def _numbers(
    name: str, key: str, stated: object, *, names: Sequence[str], kind: RasterKind
) -> tuple[dict[str, float | None], list[Finding]]:
    """Give each band its number, stated for all, in their order or by their names."""
    by_band: dict[str, object]
    if isinstance(stated, dict):
        by_band = {kind.band(theirs): number for theirs, number in stated.items()}
        is_whole = set(by_band) <= set(names)
    elif isinstance(stated, list):
        by_band = dict(zip(names, stated, strict=False))
        is_whole = len(stated) in (len(names), sum(not band.startswith(_NAMELESS) for band in names))
    else:
        by_band, is_whole = dict.fromkeys(names, stated), True
    numbers = [number for number in by_band.values() if number is not None]
    if is_whole and all(_is_number(number, key) for number in numbers):
        return {band: _as_number(by_band.get(band)) for band in names}, []
    values = {"name": key, "found": str(stated)[:60], "bands": ", ".join(names)}
    return {}, [Finding("raster_numbers", name, column=key, values=values)]


def _is_number(number: object, key: str) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
    return is_number and (key != "scale" or number != 0)


def _as_number(number: object) -> float | None:
    return float(number) if isinstance(number, int | float) else None


def _stated_crs(name: str, stated: str | None) -> tuple[CRS | None, list[Finding]]:
    crs = None if stated is None else parse_crs(stated)
    if crs is None or isinstance(crs, CRS):
        return crs, []
    return None, [Finding("raster_crs_unusable", name, column="crs", values={"crs": crs})]


def _quality(
    name: str, part: QualityPart | None, folder: Path, path: str | None
) -> tuple[RasterBand | None, list[Finding]]:
    """Find the band of quality bits: in a file of its own, or in the raster's one file."""
    if part is None:
        return None, []
    own = part.path or path
    if own is None:
        return None, [Finding("raster_quality_form", name, column="quality")]
    if is_remote(own):
        return None, [Finding("raster_remote", name, column="quality", values={"file": own})]
    return RasterBand(folder / own, part.band), []
