"""What images tell of areas: gains with their intervals, and what is said where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.green.rows import boundary_words
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.green.picture import GreenPicture
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Numbers = NDArray[np.float64]

__all__ = ["Change", "ImageGains", "gain_table", "images_there", "in_town", "lost_findings", "nothing_seen"]


@dataclass(frozen=True, repr=False, eq=False)
class ImageGains:
    """What images tell of green, as frozen tables.

    Parameters
    ----------
    gains
        Area by indicator, before, after, gain and its interval: the table ``green_gains``.
    transitions
        Square metres by class before and after: the table ``transitions``.
    cover
        Which shares of the areas the images show, and why not the rest: the table ``image_cover``.
    picture
        Vegetation cover for maps; ``None`` without images.
    findings
        What was done to the images, and what could not be known.
    """

    gains: pd.DataFrame
    transitions: pd.DataFrame
    cover: pd.DataFrame
    picture: GreenPicture | None
    findings: pd.DataFrame

    def __repr__(self) -> str:
        known = int(self.gains["gain"].notna().sum())
        return (
            f"<ImageGains: {len(self.cover):,} areas, {known:,} gains known, {len(self.findings)} findings>"
        )


class Change:
    """An indicator before and after, one value for each area.

    Parameters
    ----------
    before, after
        Its values; ``None`` where a date tells nothing of it.
    error
        Half the width of the interval around the gain; ``None`` if it is not known.
    gain
        What was gained, where it is no difference of two values.
    skew
        What of the gain may be noise that always has its sign: the interval reaches further by it towards
        zero.
    astride
        By how much the gain may be less, and by how much more, as the changes of cells astride an outline lie
        on one side of it or the other.
    """

    def __init__(
        self,
        before: Numbers | None,
        after: Numbers | None,
        error: Numbers | None = None,
        *,
        gain: Numbers | None = None,
        skew: Numbers | None = None,
        astride: tuple[Numbers, Numbers] | None = None,
    ) -> None:
        self.before, self.after, self.error, self.skew = before, after, error, skew
        self.astride = astride
        if gain is None and before is not None and after is not None:
            gain = after - before
        self.gain = gain

    def columns(self, count: int) -> dict[str, Numbers]:
        """Give the columns ``before, after, gain, low, high``."""
        unknown = np.full(count, np.nan)
        gain, error = (unknown if one is None else one for one in (self.gain, self.error))
        skew = np.zeros(count) if self.skew is None else self.skew
        less, more = (0.0, 0.0) if self.astride is None else self.astride
        return {
            "before": unknown if self.before is None else self.before,
            "after": unknown if self.after is None else self.after,
            "gain": gain,
            "low": gain - error - np.where(gain > 0, skew, 0) - less,
            "high": gain + error + np.where(gain < 0, skew, 0) + more,
        }


def gain_table(
    town: Town, areas: gpd.GeoDataFrame, changes: dict[str, Change], *, basis: str
) -> pd.DataFrame:
    """Write changes as the table ``green_gains``.

    Parameters
    ----------
    town
        The town, whose boundary's basis every row prints.
    areas
        The areas: ``area_kind, area_id, area_name``.
    changes
        By indicator.
    basis
        ``image`` or ``height``.

    Returns
    -------
    DataFrame
        One row for each area and indicator, areas in their order.
    """
    named = pd.DataFrame(areas[["area_kind", "area_id", "area_name"]]).reset_index(drop=True)
    rows = [
        named.assign(
            indicator=indicator,
            rule_set="",
            by="",
            **change.columns(len(named)),
            basis=basis,
            boundary=boundary_words(town),
            place=np.arange(len(named)),
        )
        for indicator, change in changes.items()
    ]
    table = pd.concat(rows, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    return RESULTS["green_gains"].check(table.drop(columns="place"))


def in_town(town: Town, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give areas in the town's coordinate system.

    Parameters
    ----------
    town
        The town.
    areas
        The areas.

    Returns
    -------
    GeoDataFrame
        The same areas.

    Raises
    ------
    UsageError
        If the areas have no coordinate system.
    """
    if areas.crs is None:
        raise UsageError("raster_polygons_crs", crs="?", grid=town.crs.to_string())
    return areas if areas.crs == town.crs else areas.to_crs(town.crs)


def images_there(
    town: Town, rasters: Mapping[str, str], *, bands: tuple[str, ...]
) -> tuple[dict[str, str], list[Finding]]:
    """List the rasters that a town has and that have the bands wanted.

    Parameters
    ----------
    town
        The town.
    rasters
        The rasters' names by date.
    bands
        The bands wanted.

    Returns
    -------
    names : dict
        Those there are.
    findings : list of Finding
        Those that are missing or lack a band.
    """
    names = {
        when: name
        for when, name in rasters.items()
        if name in town.rasters and set(bands) <= set(town.rasters[name].bands)
    }
    found = []
    for name in rasters.values():
        if name not in town.rasters:
            found.append(Finding("image_absent", name))
        elif missing := [band for band in bands if band not in town.rasters[name].bands]:
            there = ", ".join(town.rasters[name].bands)
            found.append(
                Finding("image_band_absent", name, values={"bands": ", ".join(missing), "there": there})
            )
    return names, found


def nothing_seen(
    town: Town, areas: gpd.GeoDataFrame, indicators: tuple[str, ...], found: list[Finding], *, basis: str
) -> ImageGains:
    """Write that nothing is known of areas.

    Parameters
    ----------
    town
        The town.
    areas
        The areas.
    indicators
        What is unknown.
    found
        Why.
    basis
        ``image`` or ``height``.

    Returns
    -------
    ImageGains
        Rows without values.
    """
    return ImageGains(
        gain_table(town, areas, {name: Change(None, None) for name in indicators}, basis=basis),
        pd.DataFrame(columns=list(RESULTS["transitions"].names)),
        pd.DataFrame(columns=list(RESULTS["image_cover"].names)),
        None,
        findings_table(found),
    )


def lost_findings(cover: pd.DataFrame, layer: str, standard: GreenStandard) -> list[Finding]:
    """Warn of areas of which much is not seen, though it should be.

    Parameters
    ----------
    cover
        The table ``image_cover``.
    layer
        The raster the finding is of.
    standard
        How much is much.

    Returns
    -------
    list of Finding
        One for all such areas, or none.
    """
    causes = ("outside_share", "nodata_share", "cloud_share", "shadow_share")
    # Parts are pieces of areas that are told of themselves.
    cover = cover[cover["area_kind"] != "part"]
    lost = cover[list(causes)].sum(axis=1)
    is_lost = lost > standard.figure("lost_share")
    if not is_lost.any():
        return []
    worst = cover["area_name"].iloc[int(lost.to_numpy().argmax())]
    values = {"count": int(is_lost.sum()), "share": f"{lost.max():.0%}", "worst": worst}
    return [Finding("image_lost", layer, values=values)]
