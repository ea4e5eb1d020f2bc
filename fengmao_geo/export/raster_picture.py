"""Grids of classes as pictures that a map page carries: on the map's own projection, as small PNG."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from affine import Affine
    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.export.map_geometry import Frame

__all__ = ["Sheet", "classes_of", "grid_transform", "png", "sheet_of"]

# What web maps draw on; it measures nothing here.
_PAGE_CRS = "EPSG:3857"
# More than this no screen shows.
_MOST_PIXELS = 1400
_LEAST_PIXELS = 700
# Stands for what no source pixel reaches, and is always see-through.
_NOTHING = 255


def png(codes: NDArray[np.uint8], colours: Sequence[str]) -> bytes:
    r"""Write a grid of classes as a PNG with a palette.

    Parameters
    ----------
    codes
        The number of a colour for each pixel, shape ``(rows, columns)``; a number beyond the colours is
        see-through.
    colours
        Such as ``#1b7837``.

    Returns
    -------
    bytes
        The PNG; the same bytes for the same grid.

    Examples
    --------
    >>> png(np.zeros((2, 2), dtype=np.uint8), ["#ff0000"])[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    rows, columns = codes.shape
    shown = np.where(codes < len(colours), codes + 1, 0).astype(np.uint8)
    # Each line begins with the number of its filter, which is none.
    lines = np.concatenate([np.zeros((rows, 1), dtype=np.uint8), shown], axis=1)
    palette = bytes(3) + b"".join(bytes.fromhex(colour.removeprefix("#")) for colour in colours)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", bytes(1)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def grid_transform(bounds: tuple[float, float, float, float], shape: tuple[int, int]) -> Affine:
    """Say where the pixels of a grid lie.

    Parameters
    ----------
    bounds
        Left, bottom, right and top of the grid.
    shape
        Its rows and columns.

    Returns
    -------
    Affine
        From column and row to coordinates.

    Examples
    --------
    >>> grid_transform((0, 0, 8, 3), (3, 4)).a
    2.0
    """
    from affine import Affine  # noqa: PLC0415  comes with rasterio

    left, bottom, right, top = bounds
    return Affine((right - left) / shape[1], 0.0, left, 0.0, (bottom - top) / shape[0], top)


class Sheet:
    """The pixels of a page's window on the projection of web maps.

    Parameters
    ----------
    frame
        What part of the town is shown.
    pixel_m
        How large a pixel of the source is, in metres: the sheet is not finer than it needs to be.
    """

    def __init__(self, frame: Frame, pixel_m: float) -> None:
        from rasterio.warp import transform_bounds  # noqa: PLC0415  heavy

        west, south, east, north = transform_bounds(frame.crs, _PAGE_CRS, *frame.bounds, densify_pts=21)
        width_m, height_m = (frame.bounds[2] - frame.bounds[0]), (frame.bounds[3] - frame.bounds[1])
        # Half a source pixel keeps its edges where they are; large ones are not to lie off by half of them.
        longest_m = max(width_m, height_m)
        step_m = max(min(pixel_m / 2, longest_m / _LEAST_PIXELS), longest_m / _MOST_PIXELS)
        self.shape = (max(1, round(height_m / step_m)), max(1, round(width_m / step_m)))
        self.transform = grid_transform((west, south, east, north), self.shape)
        left, bottom, right, top = transform_bounds(_PAGE_CRS, "EPSG:4326", west, south, east, north)
        #: South-west and north-east corner as latitude and longitude.
        self.corners = [[round(bottom, 7), round(left, 7)], [round(top, 7), round(right, 7)]]

    def codes(self, source: NDArray[np.uint8], transform: Affine, crs: CRS) -> NDArray[np.uint8]:
        """Bring a grid of classes onto the sheet, each pixel the class it lies in.

        Parameters
        ----------
        source
            Classes, shape ``(rows, columns)``.
        transform
            Where the grid lies.
        crs
            Its coordinate system.

        Returns
        -------
        array of uint8, shape ``self.shape``
            Classes; 255 where the grid does not reach.
        """
        from rasterio.warp import Resampling, reproject  # noqa: PLC0415  heavy

        made = np.full(self.shape, _NOTHING, dtype=np.uint8)
        reproject(
            np.ascontiguousarray(source),
            made,
            src_transform=transform,
            src_crs=crs.to_wkt(),
            dst_transform=self.transform,
            dst_crs=_PAGE_CRS,
            resampling=Resampling.nearest,
            src_nodata=_NOTHING,
            dst_nodata=_NOTHING,
        )
        return made

    def covered(self, shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
        """Say which pixels lie in shapes.

        Parameters
        ----------
        shapes
            Polygons of any coordinate system.

        Returns
        -------
        array of bool, shape ``self.shape``
            True where any of them covers the middle of the pixel.
        """
        from rasterio.features import geometry_mask  # noqa: PLC0415  heavy

        placed = [shape for shape in shapes.to_crs(_PAGE_CRS) if not shape.is_empty]
        if not placed:
            return np.zeros(self.shape, dtype=np.bool_)
        return np.asarray(geometry_mask(placed, self.shape, self.transform, invert=True))


def sheet_of(codes: NDArray[np.uint8], colours: Sequence[str]) -> str | None:
    """Write a sheet as an address that holds the picture itself.

    Parameters
    ----------
    codes
        Classes of each pixel.
    colours
        The colours of the classes.

    Returns
    -------
    str or None
        A data-URI; ``None`` where nothing would be seen.
    """
    if not (codes < len(colours)).any():
        return None
    return "data:image/png;base64," + base64.b64encode(png(codes, colours)).decode("ascii")


def classes_of(values: NDArray[Any], bounds: Sequence[float]) -> NDArray[np.uint8]:
    """Sort values into classes; what is not known is in none.

    Parameters
    ----------
    values
        Numbers, NaN where unknown.
    bounds
        Where the next class begins, ascending.

    Returns
    -------
    array of uint8
        Number of the class, 255 where the value is not known.

    Examples
    --------
    >>> classes_of(np.array([0.1, 0.5, np.nan]), [0.2, 0.4]).tolist()
    [0, 2, 255]
    """
    known = np.isfinite(values)
    found = np.full(values.shape, _NOTHING, dtype=np.uint8)
    found[known] = np.searchsorted(np.asarray(bounds), values[known], side="right").astype(np.uint8)
    return found
