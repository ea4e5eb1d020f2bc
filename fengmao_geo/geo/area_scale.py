"""How much too large or too small areas come out in a projection, at the place of a town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Proj

from fengmao_geo.findings import Finding
from fengmao_geo.geo.zones import central_meridian_deg, crs_name, origin_deg, suggested_crs, transformer
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from fengmao_geo.geo.zones import Box

__all__ = ["area_scale_findings", "area_scale_ppm"]

_LONLAT = CRS.from_epsg(4326)


def area_scale_ppm(crs: CRS, *, lon: float, lat: float) -> float:
    """Measure by how much areas come out too large in a projection, in parts per million.

    Parameters
    ----------
    crs
        A projected CRS.
    lon, lat
        The place.

    Returns
    -------
    float
        Parts per million; negative where areas come out too small.

    Examples
    --------
    >>> round(area_scale_ppm(CRS.from_epsg(4549), lon=120.75, lat=30.75))
    127
    """
    return float(Proj(crs).get_factors(lon, lat).areal_scale - 1) * 1e6


def area_scale_findings(box: Box, *, crs: CRS) -> list[Finding]:
    """Warn where the town's projection is of another zone, or falsifies areas, and name a better one.

    Parameters
    ----------
    box
        West, south, east, north of the town in its CRS.
    crs
        The town's CRS.

    Returns
    -------
    list of Finding
        One warning, or none: none where no better CRS is known.

    Examples
    --------
    >>> area_scale_findings((572_000.0, 3_402_000.0, 574_000.0, 3_404_000.0), crs=CRS.from_epsg(4549))
    []
    """
    place = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    lon, lat = transformer(crs, _LONLAT).transform(*place)
    figure = figure_standard("coordinates").figure
    limit, edge_deg = figure("area_scale_ppm"), figure("zone_edge_deg")
    if not np.isfinite([lon, lat]).all():
        return []
    better, origin = suggested_crs(lon, lat), origin_deg(crs)
    away_deg = 0.0 if origin is None else abs(lon - origin)
    ppm, better_ppm = (area_scale_ppm(known, lon=lon, lat=lat) for known in (crs, better))
    is_of_other_zone = central_meridian_deg(crs) is not None and away_deg > edge_deg
    if not (is_of_other_zone or abs(ppm) > limit) or abs(better_ppm) >= abs(ppm):
        return []
    values = {
        "crs": crs_name(crs),
        "away": f"{away_deg:.2f}",
        "percent": f"{ppm / 1e4:+.2f}",
        "ppm": f"{ppm:+.0f}",
        "suggestion": crs_name(better),
        "better": f"{better_ppm:+.0f}",
        "limit": f"{limit:g}",
        "edge": f"{edge_deg:g}",
    }
    return [Finding("town_crs_area_scale", "town", values=values)]
