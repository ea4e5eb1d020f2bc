"""What is wrong with a town's rasters: files, bands, dates, places, numbers, and the two dates together."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING

from fengmao_geo.findings import Finding
from fengmao_geo.geo.datum import old_datum
from fengmao_geo.geo.raster_check import covered_share, fitting_crs, grid_findings, read_head
from fengmao_geo.geo.zones import crs_name
from fengmao_geo.standards.rasters import raster_standard
from fengmao_geo.town.raster_numbers import number_findings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import geopandas as gpd
    from pyproj import CRS

    from fengmao_geo.geo.raster_check import RasterHead
    from fengmao_geo.geo.raster_file import RasterFile

__all__ = ["raster_findings", "raster_text"]

#: Shares and sizes nearer to one another than this are the same.
_ROUNDING = 1e-6


def raster_findings(
    rasters: Mapping[str, RasterFile], *, built_up: gpd.GeoSeries | None, named: Collection[str] = ()
) -> list[Finding]:
    """Check rasters by their headers and a few small windows.

    Parameters
    ----------
    rasters
        The rasters by name.
    built_up
        The built-up area, in the town's CRS; ``None`` if it is not known.
    named
        Rasters that were named but cannot be read.

    Returns
    -------
    list of Finding
        What is wrong with them.

    Examples
    --------
    >>> raster_findings({}, built_up=None)
    []
    """
    known = raster_standard().rasters
    values = {"known": ", ".join(known)}
    found = [Finding("raster_unknown", name, values=values) for name in rasters if name not in known]
    heads: dict[str, dict[Path, RasterHead]] = {}
    for name in (name for name in known if name in rasters):
        raster = rasters[name]
        heads[name], more = _heads(name, raster)
        found += [*more, *_band_findings(name, raster, heads[name]), *_date_findings(name, raster)]
        found += _quality_findings(name, raster, heads[name])
        found += _place_findings(name, raster, heads[name], built_up)
        found += number_findings(name, raster, heads[name])
    for before in (name for name in known if name.endswith("_before")):
        found += _pair_findings(before, before.removesuffix("before") + "after", rasters, heads, named)
    return found


def raster_text(raster: RasterFile) -> str:
    """Write a raster as a text that changes with all that is stated of it or written in its files.

    Parameters
    ----------
    raster
        The raster.

    Returns
    -------
    str
        What is stated of it, and the digest and the place of each file.

    Raises
    ------
    OSError
        If one of its files is no longer there.
    """
    bands = {**raster.bands, **({"": raster.quality} if raster.quality else {})}
    files = {path: _file_text(path) for path in dict.fromkeys(band.path for band in bands.values())}
    stated = [(name, of.index, of.scale, of.offset, of.nodata, files[of.path]) for name, of in bands.items()]
    crs = None if raster.crs is None else raster.crs.to_wkt()
    return f"{raster.date} {raster.sensor} {crs} {raster.quality_rules} {stated}"


def _file_text(path: Path) -> str:
    """Digest a file in small pieces; what lies beside it may move it, so its header counts too."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    head, _ = read_head(path, layer="")
    return digest if head is None else f"{digest} {head.transform} {head.crs} {head.nodata}"


def _heads(name: str, raster: RasterFile) -> tuple[dict[Path, RasterHead], list[Finding]]:
    """Read the header of each of a raster's files once."""
    bands = [*raster.bands.values(), *([raster.quality] if raster.quality else [])]
    read = {path: read_head(path, layer=name) for path in dict.fromkeys(band.path for band in bands)}
    heads = {path: head for path, (head, _) in read.items() if head is not None}
    return heads, [finding for _, found in read.values() for finding in found]


def _band_findings(name: str, raster: RasterFile, heads: Mapping[Path, RasterHead]) -> list[Finding]:
    kind = raster_standard().kind(name)
    missing = [band for band in kind.required if band not in raster.bands]
    unknown = [band for band in raster.bands if band not in kind.bands]
    values = {"there": ", ".join(raster.bands), "known": ", ".join(kind.bands)}
    found = []
    if missing:
        values["bands"] = ", ".join(missing)
        found.append(Finding("raster_band_missing", name, column="bands", values=values))
    elif unknown:
        values["bands"] = ", ".join(unknown)
        found.append(Finding("raster_band_unknown", name, column="bands", values=values))
    numbered = [*raster.bands.items(), *([("quality", raster.quality)] if raster.quality else [])]
    return found + [
        Finding(
            "raster_band_beyond",
            name,
            column=band,
            values={"file": of.path.name, "index": of.index, "count": heads[of.path].count},
        )
        for band, of in numbered
        if of.path in heads and not 1 <= of.index <= heads[of.path].count
    ]


def _day(raster: RasterFile) -> date | None:
    try:
        return datetime.fromisoformat(raster.date).date()
    except ValueError:
        return None


def _date_findings(name: str, raster: RasterFile) -> list[Finding]:
    codes = {"required": "raster_date_missing", "wanted": "raster_date_wanted"}
    wanted = raster_standard().kind(name).date
    values = {"name": name, "date": raster.date}
    if not raster.date:
        return [Finding(codes[wanted], name, column="date", values=values)] if wanted else []
    unread = Finding("raster_date_unreadable", name, column="date", values=values)
    return [unread] if _day(raster) is None else []


def _quality_findings(name: str, raster: RasterFile, heads: Mapping[Path, RasterHead]) -> list[Finding]:
    """Say why bits cannot be looked at, or a rule can never hold."""
    band = raster.quality
    if band is None:
        return []
    if not raster.quality_rules:
        return [Finding("raster_quality_form", name, column="quality")]
    found = [
        Finding("raster_rule_never", name, column="quality", values={"mask": rule.mask, "value": rule.value})
        for rule in raster.quality_rules
        if rule.value & ~rule.mask
    ]
    head = heads.get(band.path)
    if head is None or not 1 <= band.index <= head.count or "float" not in head.dtypes[band.index - 1]:
        return found
    values = {"file": band.path.name, "type": head.dtypes[band.index - 1]}
    return [*found, Finding("raster_quality_type", name, column="quality", values=values)]


def _place_findings(
    name: str, raster: RasterFile, heads: Mapping[Path, RasterHead], built_up: gpd.GeoSeries | None
) -> list[Finding]:
    """Check where the pixels lie: upright, in a known CRS, on the town, and of every band alike."""
    own = [
        heads[path] for path in dict.fromkeys(band.path for band in raster.bands.values()) if path in heads
    ]
    if not own:
        return []
    other = [head for head in own[1:] if not own[0].is_same_grid(head)]
    found = [finding for head in (own[0], *other) for finding in _file_place(name, raster, head, built_up)]
    if other:
        values = {"file": own[0].path.name, "other": ", ".join(head.path.name for head in other)}
        found.append(Finding("raster_files_differ", name, column="paths", values=values))
    return found


def _file_place(
    name: str, raster: RasterFile, head: RasterHead, built_up: gpd.GeoSeries | None
) -> list[Finding]:
    crs = raster.crs or head.crs
    faults = grid_findings(head, layer=name) or _crs_faults(name, raster, head, built_up)
    if faults or crs is None or built_up is None:
        return faults
    return _ground_findings(name, head, crs, built_up)


def _crs_faults(
    name: str, raster: RasterFile, head: RasterHead, built_up: gpd.GeoSeries | None
) -> list[Finding]:
    """Say why a raster's CRS cannot be used, if it cannot."""
    crs = raster.crs or head.crs
    values = {"name": name, "file": head.path.name, "crs": crs_name(crs)}
    if crs is None:
        looks = fitting_crs(head, built_up)
        code = "raster_crs_missing" if looks else "raster_crs_missing_unknown"
        values |= {"looks": " / ".join(looks), "x": f"{head.transform.c:.9g}", "y": f"{head.transform.f:.9g}"}
        return [Finding(code, name, column="crs", values=values)]
    if raster.crs is not None and head.crs is not None and not _is_same(raster.crs, head.crs):
        values["own"] = crs_name(head.crs)
        return [Finding("raster_crs_contradicted", name, column="crs", values=values)]
    if old_datum(crs):
        return [Finding("crs_old_datum", name, column="crs", values=values)]
    if not (crs.is_geographic or crs.is_projected):
        return [Finding("raster_crs_unusable", name, column="crs", values=values)]
    return []


def _is_same(one: CRS, other: CRS) -> bool:
    return one.equals(other, ignore_axis_order=True)


def _ground_findings(name: str, head: RasterHead, crs: CRS, built_up: gpd.GeoSeries) -> list[Finding]:
    """Say how much of the built-up area lies outside a raster."""
    share = covered_share(head, built_up, crs=crs)
    values = {"name": name, "file": head.path.name, "crs": crs_name(crs), "share": f"{share:.1%}"}
    if share > 0:
        return [Finding("raster_partly", name, values=values)] if share < 1 - _ROUNDING else []
    looks = [known for known in fitting_crs(head, built_up) if known != crs_name(crs)]
    values["looks"] = " / ".join(looks)
    return [Finding("raster_elsewhere_looks" if looks else "raster_elsewhere", name, values=values)]


def _pair_findings(
    before: str,
    after: str,
    rasters: Mapping[str, RasterFile],
    heads: Mapping[str, Mapping[Path, RasterHead]],
    named: Collection[str],
) -> list[Finding]:
    """Check the two dates of one raster together."""
    there = [name for name in (before, after) if name in rasters]
    if len(there) < 2:
        absent = after if before in there else before
        values = {"absent": absent}
        alone = there and absent not in named
        return [Finding("raster_alone", there[0], values=values)] if alone else []
    found = []
    days = [_day(rasters[name]) for name in there]
    if days[0] and days[1] and days[0] > days[1]:
        values = {"after": after, "date": str(days[0]), "date_after": str(days[1])}
        found.append(Finding("raster_dates_swapped", before, column="date", values=values))
    grids = [_grid(rasters[name], heads[name]) for name in there]
    if grids[0] and grids[1]:
        found += _grid_pair(before, after, grids[0], grids[1])
    return found


def _grid(raster: RasterFile, heads: Mapping[Path, RasterHead]) -> tuple[RasterHead, CRS] | None:
    head = next((heads[band.path] for band in raster.bands.values() if band.path in heads), None)
    crs = None if head is None else raster.crs or head.crs
    if head is None or crs is None or grid_findings(head, layer=""):
        return None
    return head, crs


def _grid_pair(
    before: str, after: str, one: tuple[RasterHead, CRS], other: tuple[RasterHead, CRS]
) -> list[Finding]:
    """Say in what the pixels of two dates differ: coordinate system, size, or a part of a pixel."""
    (first, crs), (second, crs_after) = one, other
    if not _is_same(crs, crs_after):
        values = {"after": after, "crs": crs_name(crs), "crs_after": crs_name(crs_after)}
        return [Finding("raster_pair_crs", before, values=values)]
    at, to = first.transform, second.transform
    sizes = (at.a, -at.e), (to.a, -to.e)
    if max(abs(size / size_after - 1) for size, size_after in zip(*sizes, strict=True)) > _ROUNDING:
        shown = [f"{width:.6g} x {height:.6g}" for width, height in sizes]
        values = {"after": after, "size": shown[0], "size_after": shown[1]}
        return [Finding("raster_resolution", before, values=values)]
    steps = (to.c - at.c) / at.a, (to.f - at.f) / at.e
    parts = [abs(step - round(step)) for step in steps]
    if max(parts) > raster_standard().figures["shift_share"].value:
        values = {"after": after, "east": f"{parts[0]:.2f}", "north": f"{parts[1]:.2f}"}
        return [Finding("raster_shifted", before, values=values)]
    return []
