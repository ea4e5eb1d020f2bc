"""What a raster's numbers tell of themselves: nodata that nobody declared, saturation, a scale not stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fengmao_geo.findings import Finding
from fengmao_geo.geo.raster_check import sample_numbers
from fengmao_geo.standards.rasters import raster_standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.geo.raster_check import RasterHead, Sample
    from fengmao_geo.geo.raster_file import RasterBand, RasterFile
    from fengmao_geo.standards.rasters import RasterKind

__all__ = ["number_findings"]

#: Numbers that programs write where nothing was measured, and that nothing measured has.
_SENTINELS = (-9999.0, -32768.0, -32767.0, -99999.0, -999.0, float(np.finfo("float32").min))

#: A few pixels may be anything; this percentile of them is looked at.
_PERCENT = 99.0


@dataclass(frozen=True, eq=False)
class _Band:
    """One band's sample, and what is known of its numbers."""

    name: str
    numbers: NDArray[Any]
    declared: float | None
    scale: float
    offset: float

    @property
    def top(self) -> float | None:
        """The greatest number its type can hold; ``None`` for floats."""
        return float(np.iinfo(self.numbers.dtype).max) if self.numbers.dtype.kind in "iu" else None

    @property
    def nodata(self) -> float | None:
        """The number declared as nodata, if its type can hold it."""
        if self.declared is None or self.top is None:
            return self.declared
        lowest = float(np.iinfo(self.numbers.dtype).min)
        return self.declared if lowest <= self.declared <= self.top and self.declared % 1 == 0 else None

    @property
    def is_stated(self) -> NDArray[np.bool_]:
        """Where the number is not nodata, as declared."""
        is_number: NDArray[np.bool_] = ~np.isnan(self.numbers)
        return is_number if self.nodata is None else is_number & (self.numbers != self.nodata)


def number_findings(name: str, raster: RasterFile, heads: Mapping[Path, RasterHead]) -> list[Finding]:
    """Look at a few of a raster's pixels.

    Parameters
    ----------
    name
        The raster's name.
    raster
        The raster.
    heads
        Headers of those of its files that can be read.

    Returns
    -------
    list of Finding
        What its numbers look like; all is looked at as stored, nothing is changed.
    """
    kind = raster_standard().kind(name)
    found: list[Finding] = []
    for path, head in heads.items():
        bands = {
            band: of
            for band, of in raster.bands.items()
            if of.path == path and band in kind.bands and 1 <= of.index <= head.count
        }
        if bands:
            is_flagged = any(rule.cause == "nodata" for rule in raster.quality_rules)
            found += _file_findings(name, head, bands, kind, is_flagged=is_flagged)
    return found


def _file_findings(
    name: str, head: RasterHead, bands: Mapping[str, RasterBand], kind: RasterKind, *, is_flagged: bool
) -> list[Finding]:
    try:
        sample = sample_numbers(head, [of.index for of in bands.values()])
    except OSError as reason:
        return [Finding("file_broken", name, values={"file": head.path.name, "reason": str(reason)})]
    known = [
        _band(head, band, of, row) for (band, of), row in zip(bands.items(), sample.numbers, strict=True)
    ]
    odd = [fault for band in known if (fault := _odd_nodata(name, band, head.path.name))]
    undeclared = _sentinels(known)
    if not is_flagged and all(band.nodata is None for band in known):
        undeclared |= _edge_values(known, sample, kind)
    found = odd + [
        _finding("raster_nodata_undeclared", name, of, value=_shown(value), name=name)
        for value, of in undeclared.items()
    ]
    found += _saturated(name, known, undeclared)
    return found + _implausible(name, known, undeclared, kind)


def _band(head: RasterHead, name: str, of: RasterBand, numbers: NDArray[Any]) -> _Band:
    at = of.index - 1
    return _Band(
        name,
        numbers,
        declared=head.nodata[at] if of.nodata is None else of.nodata,
        scale=head.scales[at] if of.scale is None else of.scale,
        offset=head.offsets[at] if of.offset is None else of.offset,
    )


def _finding(code: str, layer: str, bands: Iterable[str], **values: object) -> Finding:
    return Finding(code, layer, column=", ".join(bands), values=values)


def _shown(value: float) -> str:
    return f"{value:.9g}"


def _odd_nodata(name: str, band: _Band, file: str) -> Finding | None:
    """Say that a band's type cannot hold its nodata, if it cannot."""
    if band.declared is None or band.nodata is not None:
        return None
    values = {"file": file, "value": _shown(band.declared), "type": str(band.numbers.dtype)}
    return _finding("raster_nodata_range", name, [band.name], **values)


def _sentinels(bands: Sequence[_Band]) -> dict[float, list[str]]:
    """Find numbers that stand for nothing measured and are not declared, with the bands they occur in."""
    found: dict[float, list[str]] = {}
    for band in bands:
        for value in _SENTINELS:
            if value != band.nodata and (band.numbers == value).any():
                found.setdefault(value, []).append(band.name)
    if blank := [band.name for band in bands if band.nodata is None and np.isnan(band.numbers).any()]:
        found[np.nan] = blank
    return found


def _edge_values(bands: Sequence[_Band], sample: Sample, kind: RasterKind) -> dict[float, list[str]]:
    """Find 0 or the type's maximum in every band of many of the outermost pixels."""
    top = bands[0].top
    tried = ([0.0] if kind.is_zero_empty else []) + ([] if top is None else [top])
    shares = {value: (sample.numbers == value).all(axis=0)[sample.is_edge] for value in tried}
    least = raster_standard().figures["edge_share"].value
    names = [band.name for band in bands]
    return {value: names for value, is_empty in shares.items() if len(is_empty) and is_empty.mean() >= least}


def _saturated(name: str, bands: Sequence[_Band], undeclared: Mapping[float, object]) -> list[Finding]:
    """Report bands of which many pixels stand at the greatest number their type can hold."""
    least = raster_standard().figures["saturated_share"].value
    found = []
    for band in bands:
        stated = band.numbers[band.is_stated]
        if band.top is None or band.top in undeclared or not len(stated):
            continue
        share = float((stated == band.top).mean())
        if share >= least:
            values = {"value": _shown(band.top), "share": f"{share:.1%}"}
            found.append(_finding("raster_saturated", name, [band.name], **values))
    return found


def _implausible(
    name: str, bands: Sequence[_Band], undeclared: Mapping[float, object], kind: RasterKind
) -> list[Finding]:
    """Report values beyond what can be, as integers without their scale are, and bands without values."""
    tops: dict[str, float] = {}
    empty = []
    for band in bands:
        is_value = band.is_stated & ~np.isin(band.numbers, list(undeclared))
        values = band.numbers[is_value].astype(float) * band.scale + band.offset
        if len(values):
            tops[band.name] = float(np.percentile(values, _PERCENT))
        else:
            empty.append(band.name)
    found = [_finding("raster_no_values", name, empty)] if empty else []
    if kind.value_max is None:
        return found
    most = kind.value_max.value
    high = [band for band, top in tops.items() if top > most]
    if high:
        shown = {"value": f"{max(tops.values()):.6g}", "most": f"{most:g}", "name": name}
        found.append(_finding("raster_unscaled", name, high, **shown))
    return found
