"""Canopy seen by its height: how much ground it covers, how much room it fills, and what was gained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.green.image_rows import (
    Change,
    ImageGains,
    gain_table,
    images_there,
    in_town,
    lost_findings,
    nothing_seen,
)
from fengmao_geo.green.pixels import AreaSums, open_images
from fengmao_geo.green.unchanged import is_near, noise_of
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.green.pixels import Images
    from fengmao_geo.green.unchanged import Noise
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Values = NDArray[np.floating]
    Numbers = NDArray[np.float64]

__all__ = ["canopy_gains"]

_RASTERS = {"before": "canopy_height_before", "after": "canopy_height_after"}
_INDICATORS = ("canopy_share", "canopy_m3")


def canopy_gains(
    town: Town, areas: gpd.GeoDataFrame, *, standard: str | Path | GreenStandard | None = None
) -> ImageGains:
    """Measure how much more canopy areas have, from canopy heights of two dates.

    Canopy is what is higher than ``canopy_height_m`` of the standard. Its cover is the share of cells with
    canopy, its volume the sum of height times area over them. Heights no plant can have (an undeclared -9999)
    are no data and are reported; those a little below the ground are 0. Crops and water are left out as they
    are of images. Heights are not brought to one another: where all unchanged ground is higher or lower at
    one date, the interval is wider by that.

    The interval holds the scatter of unchanged ground: the user's layer ``unchanged_ground``, else the
    built-up cells whose heights differ no more than most that are canopy at both dates do (see `noise_of`).

    Parameters
    ----------
    town
        The town, with the rasters ``canopy_height_before`` and ``canopy_height_after``, or one of them.
    areas
        Polygons, which may overlap: ``area_kind, area_id, area_name, geometry``.
    standard
        What is measured: a file of the user's own, or a standard; by default the shipped one.

    Returns
    -------
    ImageGains
        ``gains`` has the indicators ``canopy_share`` and ``canopy_m3``; there are neither transitions nor a
        picture. With one date alone the gain is missing, with none everything is.

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
    >>> sorted(canopy_gains(town, areas).gains["indicator"].unique())
    ['canopy_m3', 'canopy_share']
    """
    read, areas = green_standard(standard), in_town(town, areas)
    names, found = images_there(town, _RASTERS, bands=("height",))
    if not names:
        return nothing_seen(town, areas, _INDICATORS, found, basis="height")
    heights = _Heights(read)
    with open_images(
        town, areas, names=names, bands=("height",), measure=heights.checked, standard=read
    ) as images:
        if images is None:
            found.append(Finding("images_apart", _RASTERS["before"]))
            return nothing_seen(town, areas, _INDICATORS, found, basis="height")
        noise, about = _noise(images, heights, read) if len(names) == 2 else ((None, None), [])
        sums, refused = AreaSums(areas, images.grid), heights.refused
        for seen in images.windows():
            sums.add(seen, heights.work)
    last = names[max(names, key=list(_RASTERS).index)]
    if count := heights.refused - refused:
        limits = {"lowest": f"{heights.lowest:g}", "highest": f"{heights.highest:g}"}
        found.append(Finding("heights_refused", last, values={"count": count} | limits))
    found += about
    cover = sums.cover("height")
    found += lost_findings(cover, last, read)
    changes = _changes(sums, noise, tuple(names), times=read.figure("interval_multiple"))
    gains = gain_table(town, areas, changes, basis="height")
    none = pd.DataFrame(columns=list(RESULTS["transitions"].names))
    return ImageGains(gains, none, cover, None, findings_table(found))


class _Heights:
    """What is a height, what is canopy, and how many heights were refused."""

    def __init__(self, standard: GreenStandard) -> None:
        self.lowest = -standard.figure("height_below_m")
        self.highest = standard.figure("height_most_m")
        self._canopy = standard.figure("canopy_height_m")
        self.refused = 0

    def checked(self, bands: Mapping[str, Values]) -> Values:
        """Take heights that can be; others are NaN and counted."""
        heights = bands["height"]
        is_odd = (heights < self.lowest) | (heights > self.highest)
        self.refused += int(is_odd.sum())
        heights = np.maximum(heights, 0)
        heights[is_odd] = np.nan
        return heights

    def is_canopy(self, heights: Values) -> NDArray[np.bool_]:
        return np.asarray(heights > self._canopy)

    def work(self, values: tuple[Values, ...]) -> dict[str, Values]:
        """Make what is summed of the heights of cells."""
        found: dict[str, Values] = {}
        for at, heights in enumerate(values):
            is_canopy = self.is_canopy(heights)
            found |= {
                f"share_{at}": is_canopy.astype(np.float64),
                f"m3_{at}": np.where(is_canopy, heights, 0),
            }
        return found


def _noise(
    images: Images, heights: _Heights, standard: GreenStandard
) -> tuple[tuple[Noise | None, Noise | None], list[Finding]]:
    """Measure the noise of canopy cover and of height over unchanged ground."""
    pieces = list(images.samples())
    values = [seen.dates for seen, _, _ in pieces]
    built = [is_built for _, is_built, _ in pieces]
    given = [is_same for *_, is_same in pieces if is_same is not None]
    found = []
    if given:
        count = sum(int((mask & ~np.isnan(one[0])).sum()) for one, mask in zip(values, given, strict=True))
        if count < standard.figure("unchanged_min_count"):
            found.append(Finding("unchanged_ground_small", "unchanged_ground", values={"count": count}))
            given = []
    masks = given or _unchanged(values, built, heights)
    differences: dict[str, list[Values]] = {"share": [], "m3": []}
    for one, mask in zip(values, masks, strict=True):
        worked = heights.work(one)
        is_known = mask & ~np.isnan(one[0])
        for name, parts in differences.items():
            parts.append(np.where(is_known, worked[f"{name}_1"] - worked[f"{name}_0"], np.nan))
    noise = noise_of(differences["share"]), noise_of(differences["m3"])
    if noise[0] is None:
        count = sum(int((~np.isnan(part)).sum()) for part in differences["share"])
        found.append(Finding("image_noise_unknown", _RASTERS["after"], values={"count": count}))
    return noise, found


def _unchanged(
    values: list[tuple[Values, ...]], masks: list[NDArray[np.bool_]], heights: _Heights
) -> list[NDArray[np.bool_]]:
    """Choose cells whose heights differ no more than those of most that are canopy at both dates."""
    if not values:
        return masks
    away = [np.where(mask, one[1] - one[0], np.nan) for one, mask in zip(values, masks, strict=True)]
    both = [heights.is_canopy(one[0]) & heights.is_canopy(one[1]) for one in values]
    grown = np.concatenate([piece[mask] for piece, mask in zip(away, both, strict=True)])
    near = is_near(grown)
    limit = float(np.abs(grown[near]).max()) if near.any() else 0.0
    return [np.asarray(np.abs(piece) <= limit) for piece in away]


def _changes(
    sums: AreaSums, noise: tuple[Noise | None, Noise | None], dates: tuple[str, ...], *, times: float
) -> dict[str, Change]:
    """Write sums as indicators before and after, with the error of their gains."""

    def change(name: str, by: Numbers, error: Callable[[Noise], Numbers], of: Noise | None) -> Change:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {when: sums.total(f"{name}_{at}") * by for at, when in enumerate(dates)}
        return Change(found.get("before"), found.get("after"), None if of is None else error(of))

    with np.errstate(divide="ignore"):
        each = 1 / sums.cells
    return {
        "canopy_share": change("share", each, lambda one: times * one.spread(sums.cells), noise[0]),
        "canopy_m3": change(
            "m3",
            sums.cell_m2,
            lambda one: times * one.spread(sums.cells) * sums.cells * sums.cell_m2,
            noise[1],
        ),
    }
