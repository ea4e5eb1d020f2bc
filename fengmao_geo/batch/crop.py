"""Rasters of many towns cropped to one: the same pixels, on the same grid."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import shapely
from pyproj import CRS

from fengmao_geo.findings import Finding
from fengmao_geo.geo.raster_file import use_own_projections
from fengmao_geo.geo.raster_whole import driver_of
from fengmao_geo.geo.zones import transformer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fengmao_geo.geo.raster_file import RasterBand, RasterFile

__all__ = ["cropped"]

#: Pixels kept around what is asked for, so that neighbours of the last one are there.
_EDGE = 2
_LINES = 1024
_PROFILE = {"driver": "GTiff", "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}


def cropped(
    rasters: Mapping[str, RasterFile], grounds: Mapping[str, shapely.Geometry], *, crs: CRS, folder: Path
) -> tuple[dict[str, RasterFile], list[Finding]]:
    """Write what of each raster lies around one town.

    Parameters
    ----------
    rasters
        The rasters by name.
    grounds
        The ground that is kept of each.
    crs
        The CRS of the grounds.
    folder
        Where to write.

    Returns
    -------
    dict
        The rasters that reach the town, in their new files.
    list
        Those that do not.
    """
    made, found = {}, []
    for name, raster in rasters.items():
        bands = {**raster.bands, **({"": raster.quality} if raster.quality else {})}
        paths = list(dict.fromkeys(band.path for band in bands.values()))
        targets = {
            path: folder / (f"{name}.tif" if len(paths) == 1 else f"{name}_{at}.tif")
            for at, path in enumerate(paths, start=1)
        }
        is_there = [_crop(path, targets[path], grounds[name], crs=crs, stated=raster.crs) for path in paths]
        if not all(is_there):
            found.append(Finding("split_raster_away", name))
            continue
        moved: dict[str, RasterBand] = {
            band: replace(of, path=targets[of.path]) for band, of in raster.bands.items()
        }
        quality = raster.quality and replace(raster.quality, path=targets[raster.quality.path])
        made[name] = replace(raster, bands=moved, quality=quality)
    return made, found


def _crop(path: Path, target: Path, ground: shapely.Geometry, *, crs: CRS, stated: CRS | None) -> bool:
    """Copy the pixels around a ground; say whether there are any."""
    import rasterio  # noqa: PLC0415  heavy
    from affine import Affine  # noqa: PLC0415  beside its use

    use_own_projections()
    with rasterio.open(path.resolve(), driver=driver_of(path)) as source:
        own = stated or CRS.from_wkt(source.crs.to_wkt())
        west, south, east, north = shapely.bounds(ground)
        bounds = transformer(crs, own).transform_bounds(west, south, east, north)
        window = _window(source, bounds)
        if window is None:
            return False
        profile = {
            **{key: source.profile[key] for key in ("dtype", "count", "crs", "nodata")},
            **_PROFILE,
            "width": window.width,
            "height": window.height,
            "transform": source.transform @ Affine.translation(window.col_off, window.row_off),
        }
        with rasterio.open(target, "w", **profile) as made:
            _copy(source, made, window)
    return True


def _window(source: Any, bounds: tuple[float, ...]) -> Any:  # noqa: ANN401  rasterio is untyped
    """Find the pixels that touch some bounds; ``None`` if there are none."""
    from rasterio.windows import Window  # noqa: PLC0415  heavy

    inverse = ~source.transform
    corners = [inverse @ (x, y) for x in bounds[::2] for y in bounds[1::2]]
    columns, rows = zip(*corners, strict=True)
    left, right = max(0, floor(min(columns)) - _EDGE), min(source.width, ceil(max(columns)) + _EDGE)
    top, bottom = max(0, floor(min(rows)) - _EDGE), min(source.height, ceil(max(rows)) + _EDGE)
    if left >= right or top >= bottom:
        return None
    return Window(left, top, right - left, bottom - top)


def _copy(source: Any, made: Any, window: Any) -> None:  # noqa: ANN401  rasterio is untyped
    """Copy some lines at a time, and what the file says of its bands."""
    from rasterio.windows import Window  # noqa: PLC0415  heavy

    for start in range(0, window.height, _LINES):
        lines = min(_LINES, window.height - start)
        part = Window(window.col_off, window.row_off + start, window.width, lines)
        made.write(source.read(window=part), window=Window(0, start, window.width, lines))
    made.scales, made.offsets = source.scales, source.offsets
    for at, name in enumerate(source.descriptions, start=1):
        if name:
            made.set_band_description(at, name)
    made.update_tags(**source.tags())
