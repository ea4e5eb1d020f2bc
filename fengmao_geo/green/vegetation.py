"""Vegetation seen from above: NDVI and fractional vegetation cover of two dates, and what was gained."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.green.cover_scale import cover_scale
from fengmao_geo.green.image_rows import (
    Change,
    ImageGains,
    gain_table,
    images_there,
    in_town,
    lost_findings,
    nothing_seen,
)
from fengmao_geo.green.picture import GreenPicture, PictureSums
from fengmao_geo.green.pixels import AreaSums, crop_shapes, open_images
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.green.cover_scale import CoverScale
    from fengmao_geo.green.pixels import Images
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Values = NDArray[np.floating]
    Numbers = NDArray[np.float64]

__all__ = ["GreenPicture", "ImageGains", "image_gains"]

_CLASSES = ("bare", "sparse", "dense")
_RASTERS = {"before": "imagery_before", "after": "imagery_after"}
_INDICATORS = (
    "measured_ndvi",
    "mean_ndvi",
    "veg_cover_share",
    "vegetated_m2",
    "gross_gain_m2",
    "gross_loss_m2",
)
_YEAR_DAYS = 365.25
# Changes below this are the rounding of single precision.
_ROUNDING = 1e-6
# What clips a normal spread at its middle moves the mean by this many deviations of it; half the cells at a
# bound are clipped, and one date has the root of a half of the spread of a difference.
_CLIPPED = 2 / np.sqrt(2 * np.pi) / np.sqrt(2)


def image_gains(
    town: Town, areas: gpd.GeoDataFrame, *, standard: str | Path | GreenStandard | None = None
) -> ImageGains:
    """Measure how much greener areas became from imagery of two dates.

    NDVI = (NIR - R) / (NIR + R) becomes fractional vegetation cover (never the green cover of the standards,
    which is drawn): ``clip((NDVI - soil) / (plant - soil), 0, 1)``. Soil and plant are percentiles of the
    earlier image over the built-up area, frozen for both dates. The later image's NDVI is first brought to
    the earlier one's by the line on which unchanged ground lies (see `line_between`), so that another sensor,
    sun or season is no gain; ``measured_ndvi`` alone is as measured. Both images come to the coarser pixels
    of the two. Crops, permanent basic farmland, water, clouds, shadows and what has no data are left out and
    reported; square metres are of what is left. Cells count by the share of them that lies in the area.

    The interval holds the noise of unchanged ground with the confidence that ``interval_multiple`` of the
    standard gives: the scatter of means of as many pixels as the area has (see `noise_of`, pixels err
    together), that of the ground on which zero was set, what clipping at 0 and 1 does to noise, how much
    the gain would differ with soil and plants at other percentiles, and that the changes of cells astride an
    outline may lie on either side of it.

    Parameters
    ----------
    town
        The town, with the rasters ``imagery_before`` and ``imagery_after``, or one of them.
    areas
        Polygons, which may overlap: ``area_kind, area_id, area_name, geometry``.
    standard
        What is measured: a file of the user's own, or a standard; by default the shipped one.

    Returns
    -------
    ImageGains
        ``gains`` has the indicators ``measured_ndvi``, ``mean_ndvi``, ``veg_cover_share``, ``vegetated_m2``
        (vegetation cover times area) and, of the changes beyond the noise of a pixel, ``gross_gain_m2`` and,
        below zero, ``gross_loss_m2``. With one date alone the gain is missing, with none everything is.

    Raises
    ------
    StandardError
        If the user's file is wrong.
    UsageError
        If a raster cannot be read to its end, or it or the areas have no coordinate system.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_town
    >>> town = sample_town()
    >>> areas = town["blocks"].assign(area_kind="block", area_id=town["blocks"]["id"], area_name="")
    >>> sorted(image_gains(town, areas).gains["indicator"].unique())[-2:]
    ['veg_cover_share', 'vegetated_m2']
    """
    read, areas = green_standard(standard), in_town(town, areas)
    names, found = images_there(town, _RASTERS, bands=("red", "nir"))
    if not names:
        return nothing_seen(town, areas, _INDICATORS, found, basis="image")
    found += _date_findings(town, names, read)
    with open_images(town, areas, names=names, bands=("red", "nir"), measure=_ndvi, standard=read) as images:
        if images is None:
            found.append(Finding("images_apart", "imagery_before"))
            return nothing_seen(town, areas, _INDICATORS, found, basis="image")
        found += [Finding("image_raw", names[at]) for at, one in images.readers.items() if one.is_raw]
        if not crop_shapes(town)[1]:
            found.append(Finding("crops_unmasked", "parcels", column="land_code"))
        dates = [_date(town, when) or date.max for when in names]
        # The earlier image is kept as it is, whichever comes first: swapped images give the negative.
        scale, about = cover_scale(images, read, at=dates.index(min(dates)))
        days = {when: _day(town, when) for when in names}
        sums, picture = _summed(areas, images, scale, standard=read, days=days)
    cover = sums.cover("image")
    found += [*about, *lost_findings(cover, "imagery_after" if len(names) == 2 else names.popitem()[1], read)]
    changes = _changes(sums, scale, tuple(days), standard=read)
    gains = gain_table(town, areas, changes, basis="image")
    return ImageGains(gains, _transitions(sums), cover, picture, findings_table(found))


def _ndvi(bands: Mapping[str, Values]) -> Values:
    """Work out NDVI; where reflectance is not positive, and beyond -1 to 1, there is none."""
    red, nir = bands["red"], bands["nir"]
    total = nir + red
    ndvi = nir - red
    with np.errstate(divide="ignore", invalid="ignore"):
        ndvi /= total
        ndvi[~((total > 0) & (np.abs(ndvi) <= 1))] = np.nan
    return np.asarray(ndvi)


def _day(town: Town, when: str) -> str:
    return town.rasters[_RASTERS[when]].date


def _date(town: Town, when: str) -> date | None:
    try:
        return date.fromisoformat(_day(town, when))
    except ValueError:
        return None


def _date_findings(town: Town, names: Mapping[str, str], standard: GreenStandard) -> list[Finding]:
    """Warn of images of different seasons or sensors, and of dates not known."""
    days = [_date(town, when) for when in names]
    found = [
        Finding("image_date_absent", name) for day, name in zip(days, names.values(), strict=True) if not day
    ]
    sensors = [town.rasters[name].sensor for name in names.values()]
    if len(set(sensors)) == 2 and all(sensors):
        found.append(Finding("image_sensors", "imagery_after", values=dict(zip(names, sensors, strict=True))))
    known = [day for day in days if day is not None]
    if len(known) < 2:
        return found
    first, last = known
    apart = abs(first.timetuple().tm_yday - last.timetuple().tm_yday)
    gap = round(min(apart, _YEAR_DAYS - apart))
    if gap > standard.figure("season_gap_days"):
        dates = {"before": first.isoformat(), "after": last.isoformat(), "days": gap}
        found.append(Finding("image_season", "imagery_after", values=dates))
    return found


def _summed(
    areas: gpd.GeoDataFrame,
    images: Images,
    scale: CoverScale,
    *,
    standard: GreenStandard,
    days: dict[str, str],
) -> tuple[AreaSums, GreenPicture]:
    """Read all windows once: sums over the areas, and the picture."""
    sums, drawn = AreaSums(areas, images.grid), PictureSums(images.grid, tuple(days))
    work, classes = _work(scale, standard), None
    if len(days) == 2:
        classes = _class_pairs(scale, standard)
    for seen in images.windows():
        drawn.add(seen.window, tuple(scale.cover(one) for one in scale.ndvi(seen.dates)))
        sums.add(seen, work, classes=classes, class_count=len(_CLASSES) ** 2, astride=("more", "less"))
    return sums, drawn.picture(days)


def _work(scale: CoverScale, standard: GreenStandard) -> Callable[[tuple[Values, ...]], dict[str, Values]]:
    """Make what is summed of the NDVI of cells."""
    noise = scale.cover_noise
    limit = _ROUNDING
    if noise is not None:
        limit = max(standard.figure("noise_multiple") * noise.pixel_spread, _ROUNDING)

    def work(values: tuple[Values, ...]) -> dict[str, Values]:
        ndvi = scale.ndvi(values)
        covers = [scale.cover(one) for one in ndvi]
        found = {f"measured_{at}": one for at, one in enumerate(values)}
        found |= {f"cover_{at}": one for at, one in enumerate(covers)}
        if len(covers) < 2:
            return found
        change = covers[1] - covers[0]
        is_more, is_less = change > limit, change < -limit
        ends = [(one <= 0).astype(np.float32) - (one >= 1) for one in covers]
        return found | {
            "more": np.where(is_more, change, 0),
            "less": np.where(is_less, change, 0),
            "more_cells": is_more,
            "less_cells": is_less,
            "ends": ends[1] - ends[0],
        }

    return work


def _class_pairs(
    scale: CoverScale, standard: GreenStandard
) -> Callable[[tuple[Values, ...]], NDArray[np.int8]]:
    """Make one number of a cell's class before and after."""
    bounds = [standard.figure("sparse_cover_share"), standard.figure("dense_cover_share")]

    def pairs(values: tuple[Values, ...]) -> NDArray[np.int8]:
        covers = [scale.cover(one) for one in scale.ndvi(values)]
        before, after = (np.sum([one >= bound for bound in bounds], axis=0, dtype=np.int8) for one in covers)
        return np.asarray(before * np.int8(len(_CLASSES)) + after)

    return pairs


def _changes(
    sums: AreaSums, scale: CoverScale, dates: tuple[str, ...], *, standard: GreenStandard
) -> dict[str, Change]:
    """Write sums as indicators before and after, with the error of their gains."""
    with np.errstate(divide="ignore"):
        each = 1 / sums.cells
    means = {
        name: [sums.total(f"{name}_{at}") * each for at in range(len(dates))]
        for name in ("measured", "cover")
    }
    means["ndvi"] = [
        line.slope * one + line.shift for line, one in zip(scale.lines, means["measured"], strict=True)
    ]
    means["m2"] = [one * sums.cells * sums.cell_m2 for one in means["cover"]]
    errors: dict[str, Numbers | None] = dict.fromkeys(means)
    times = standard.figure("interval_multiple")
    if scale.ndvi_noise is not None:
        errors["ndvi"] = times * scale.ndvi_noise.spread(sums.cells)
    if scale.cover_noise is not None:
        clipped = _CLIPPED * scale.cover_noise.pixel_spread * np.abs(sums.total("ends")) * each
        error = times * scale.cover_noise.spread(sums.cells) + clipped
        if len(dates) == 2:
            error = error + scale.choice * np.abs(means["cover"][1] - means["cover"][0])
        errors |= {"cover": error, "m2": error * sums.cells * sums.cell_m2}
    more, less = (
        (_gross(sums, scale, name, times) for name in ("more", "less"))
        if len(dates) == 2
        else (Change(None, None), Change(None, None))
    )

    astride = _astride(sums, ("more", "less")) if len(dates) == 2 else None

    def change(name: str, *, gain: Numbers | None = None, by: Numbers | None = None) -> Change:
        found = dict(zip(dates, means[name], strict=True))
        reach = None if astride is None or by is None else (astride[0] * by, astride[1] * by)
        return Change(found.get("before"), found.get("after"), errors[name], gain=gain, astride=reach)

    return {
        "measured_ndvi": change("measured", gain=np.full(len(each), np.nan)),
        "mean_ndvi": change("ndvi"),
        "veg_cover_share": change("cover", by=each),
        "vegetated_m2": change("m2", by=sums.cell_m2),
        "gross_gain_m2": more,
        "gross_loss_m2": less,
    }


def _astride(sums: AreaSums, names: tuple[str, ...]) -> tuple[Numbers, Numbers]:
    """Say by how much less and more an area may hold, of the changes of cells astride its outline."""
    less, more = np.zeros(len(sums.cells)), np.zeros(len(sums.cells))
    for name in names:
        within, beyond = sums.total(f"{name}_within"), sums.total(f"{name}_beyond")
        # Of what was gained, that within may lie beyond, and that beyond within; of losses the other way.
        less += np.maximum(within, 0) - np.minimum(beyond, 0)
        more += np.maximum(beyond, 0) - np.minimum(within, 0)
    return less, more


def _gross(sums: AreaSums, scale: CoverScale, name: str, times: float) -> Change:
    """Sum the changes of one sign; noise beyond the limit is of that sign too."""
    gain = sums.total(name) * sums.cell_m2
    less, more = _astride(sums, (name,))
    astride = less * sums.cell_m2, more * sums.cell_m2
    if scale.cover_noise is None:
        return Change(None, None, gain=gain)
    changed = sums.total(f"{name}_cells")
    error = np.where(changed > 0, times * scale.cover_noise.spread(changed) * changed, 0) * sums.cell_m2
    return Change(None, None, error, gain=gain, skew=scale.skew * sums.cells * sums.cell_m2, astride=astride)


def _transitions(sums: AreaSums) -> pd.DataFrame:
    """Write the square metres of each pair of classes before and after, of those there are."""
    table = RESULTS["transitions"]
    if sums.classes is None:
        return pd.DataFrame(columns=list(table.names))
    area_m2 = sums.classes * sums.cell_m2[:, None]
    row, pair = np.nonzero(sums.classes > 0)
    names = np.array(_CLASSES, dtype=object)
    found = sums.named().iloc[row].reset_index(drop=True)
    return table.check(
        found.assign(
            before_class=names[pair // len(names)],
            after_class=names[pair % len(names)],
            area_m2=area_m2[row, pair],
        )
    )
